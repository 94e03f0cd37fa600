//! From a revision to a commit, by the references of a repository.

use std::collections::BTreeMap;

use semver::{Version, VersionReq};

/// The references of a repository: full name to commit, annotated tags peeled. `HEAD` is among them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refs(pub BTreeMap<String, String>);

/// What a revision stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// This commit.
    Commit(String),
    /// A part of a commit's name; only the objects can tell which.
    ShortSha(String),
    /// A version constraint that no tag fits.
    NoVersion,
    /// Nothing.
    Unknown,
}

impl Refs {
    /// Resolves as Argo CD does: exact names first, then commits, then version constraints over tags. Empty is `HEAD`.
    #[must_use]
    pub fn resolve(&self, revision: &str) -> Answer {
        let revision = if revision.is_empty() {
            "HEAD"
        } else {
            revision
        };
        for name in [
            revision.to_owned(),
            format!("refs/heads/{revision}"),
            format!("refs/tags/{revision}"),
            format!("refs/{revision}"),
        ] {
            if let Some(commit) = self.0.get(&name) {
                return Answer::Commit(commit.clone());
            }
        }
        if revision.len() >= 7 && revision.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            let lower = revision.to_ascii_lowercase();
            if lower.len() == 40 {
                return Answer::Commit(lower);
            }
            if lower.len() < 40 {
                return Answer::ShortSha(lower);
            }
        }
        match constraint(revision) {
            Some(wanted) => self
                .highest(&wanted)
                .map_or(Answer::NoVersion, Answer::Commit),
            None => Answer::Unknown,
        }
    }

    fn highest(&self, wanted: &[VersionReq]) -> Option<String> {
        self.0
            .iter()
            .filter_map(|(name, commit)| {
                let tag = name.strip_prefix("refs/tags/")?;
                let version = Version::parse(tag.strip_prefix('v').unwrap_or(tag)).ok()?;
                wanted
                    .iter()
                    .any(|wanted| wanted.matches(&version))
                    .then_some((version, commit))
            })
            .max_by(|a, b| a.0.cmp(&b.0))
            .map(|(_, commit)| commit.clone())
    }

    /// Names of some branches, for an error message.
    #[must_use]
    pub fn hint(&self) -> String {
        let names: Vec<&str> = self
            .0
            .keys()
            .filter_map(|name| name.strip_prefix("refs/heads/"))
            .take(5)
            .collect();
        if names.is_empty() {
            String::new()
        } else {
            format!("; branches are {}", names.join(", "))
        }
    }
}

/// Reads `1.*`, `^1.2`, `>=1.0.0 <2 || 3.x`: the operators that make a constraint out of a version.
fn constraint(text: &str) -> Option<Vec<VersionReq>> {
    if !text.contains(['^', '~', '*', 'x', 'X', '<', '>', '=', ',', '|', ' ']) {
        return None;
    }
    text.split("||")
        .map(|part| {
            let mut parts: Vec<String> = Vec::new();
            for word in part.split([' ', ',']).filter(|word| !word.is_empty()) {
                match parts.last_mut() {
                    // "> 1.2": the operator stands alone.
                    Some(last) if last.ends_with(['<', '>', '=', '^', '~']) => last.push_str(word),
                    _ => parts.push(word.to_owned()),
                }
            }
            let cleaned: Vec<String> = parts
                .iter()
                .map(|part| {
                    let at = part
                        .find(|c: char| c.is_ascii_alphanumeric() || c == '*')
                        .unwrap_or(0);
                    let version = &part[at..];
                    let version = version
                        .strip_prefix('v')
                        .unwrap_or(version)
                        .replace(['x', 'X'], "*");
                    // A bare "1.2" would mean "^1.2" to the library.
                    let operator = if at == 0 && !version.contains('*') {
                        "="
                    } else {
                        &part[..at]
                    };
                    format!("{operator}{version}")
                })
                .collect();
            VersionReq::parse(&cleaned.join(", ")).ok()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refs() -> Refs {
        let sha = |n: u8| format!("{n:040x}");
        Refs(
            [
                ("HEAD", 1),
                ("refs/heads/main", 1),
                ("refs/heads/1.0", 2),
                ("refs/tags/v1.0.0", 3),
                ("refs/tags/v1.2.0", 4),
                ("refs/tags/2.0.0", 5),
                ("refs/tags/3.0.0-rc.1", 6),
            ]
            .into_iter()
            .map(|(name, n)| (name.to_owned(), sha(n)))
            .collect(),
        )
    }

    #[test]
    fn revisions() {
        let commit = |n: u8| Answer::Commit(format!("{n:040x}"));
        for (revision, expected) in [
            ("", commit(1)),
            ("HEAD", commit(1)),
            ("main", commit(1)),
            ("1.0", commit(2)),
            ("v1.0.0", commit(3)),
            ("refs/tags/2.0.0", commit(5)),
            ("heads/main", commit(1)),
            ("1.*", commit(4)),
            ("v1.x", commit(4)),
            ("^1.0", commit(4)),
            ("~1.0.0", commit(3)),
            (">=1.0.0 <2", commit(4)),
            ("> 1.0.0, < 1.5", commit(4)),
            ("1.0.x || 2.x", commit(5)),
            ("*", commit(5)),
            ("9.x", Answer::NoVersion),
            ("nothing", Answer::Unknown),
            ("abcdef1", Answer::ShortSha("abcdef1".into())),
            (
                "ABCDEF1234ABCDEF1234ABCDEF1234ABCDEF1234",
                Answer::Commit("abcdef1234abcdef1234abcdef1234abcdef1234".into()),
            ),
        ] {
            assert_eq!(refs().resolve(revision), expected, "{revision}");
        }
    }
}
