//! URLs of remote bases and files: what counts as one, by the rules of Kustomize 5.8.

/// The parts of the URL of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepoUrl {
    /// What Git clones.
    pub clone: String,
    /// Folder in the repository; empty for its root.
    pub path: String,
    /// Branch, tag or commit; empty for the default branch.
    pub reference: String,
}

/// Whether the text is read over HTTP before anything else is tried.
#[must_use]
pub fn is_http(text: &str) -> bool {
    text.split_once("://").is_some_and(|(scheme, _)| {
        scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")
    })
}

/// Whether an HTTP URL looks like one file rather than a repository. Upstream finds out by asking the server; here it shows
/// in the name.
#[must_use]
pub fn is_file(text: &str) -> bool {
    let path = text.split(['?', '#']).next().unwrap_or_default();
    let name = path.rsplit('/').next().unwrap_or_default();
    is_http(text)
        && ([".yaml", ".yml", ".json", ".txt", ".env"]
            .iter()
            .any(|ending| name.ends_with(ending))
            || path.contains("://raw.githubusercontent.com/")
            || parse(text).is_none())
}

/// Reads the URL of a repository; `None` when the text is none, and so a local path.
#[must_use]
pub fn parse(text: &str) -> Option<RepoUrl> {
    if text.starts_with('/') {
        return None;
    }
    let (address, query) = text.split_once('?').unwrap_or((text, ""));
    let (host, rest) = host(address)?;
    let (repository, path) = if host == "file://" {
        split_marked(&rest).unwrap_or_else(|| (rest.clone(), String::new()))
    } else {
        split_marked(&rest).or_else(|| {
            let mut parts = rest.splitn(3, '/');
            let (owner, name) = (parts.next()?, parts.next()?);
            Some((
                format!("{owner}/{name}"),
                parts.next().unwrap_or_default().to_owned(),
            ))
        })?
    };
    if repository.is_empty() || leaves(&path) {
        return None;
    }
    Some(RepoUrl {
        clone: format!("{host}{repository}"),
        path: path.strip_prefix('/').unwrap_or(&path).to_owned(),
        reference: parameter(query, "ref")
            .or_else(|| parameter(query, "version"))
            .unwrap_or_default(),
    })
}

/// Splits at an explicit mark: the name behind `_git/`, `//`, or `.git`.
fn split_marked(text: &str) -> Option<(String, String)> {
    if let Some(at) = text.find("_git/") {
        let behind = &text[at + 5..];
        let (name, path) = behind.split_once('/').unwrap_or((behind, ""));
        return Some((format!("{}{name}", &text[..at + 5]), path.to_owned()));
    }
    if let Some((repository, path)) = text.split_once("//") {
        return Some((repository.to_owned(), path.to_owned()));
    }
    let end = text.find(".git")? + 4;
    Some((text[..end].to_owned(), text[end..].to_owned()))
}

/// Whether a path goes above the root of its repository.
fn leaves(path: &str) -> bool {
    let mut depth = 0_i32;
    for name in path.split('/') {
        match name {
            "" | "." => {}
            ".." => depth -= 1,
            _ => depth += 1,
        }
        if depth < 0 {
            return true;
        }
    }
    false
}

fn parameter(query: &str, name: &str) -> Option<String> {
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find(|(key, value)| *key == name && !value.is_empty())
        .map(|(_, value)| value.to_owned())
}

/// Scheme, user and host as they are cloned, and the rest.
fn host(text: &str) -> Option<(String, String)> {
    let strip = |text: &str, prefix: &str| -> Option<String> {
        let head = text.get(..prefix.len())?;
        head.eq_ignore_ascii_case(prefix)
            .then(|| text[prefix.len()..].to_owned())
    };
    let text = strip(text, "git::").unwrap_or_else(|| text.to_owned());
    let (scheme, text) = ["ssh://", "https://", "http://", "file://"]
        .iter()
        .find_map(|scheme| Some((*scheme, strip(&text, scheme)?)))
        .unwrap_or(("", text));
    let (user, text) = match text.split_once('@') {
        Some((user, rest)) if is_user(user) => (format!("{user}@"), rest.to_owned()),
        _ => (String::new(), text),
    };
    let lower = text.to_ascii_lowercase();
    let is_github = lower.starts_with("github.com/") || lower.starts_with("github.com:");
    let scp = scheme.is_empty() && (!user.is_empty() || is_github);
    if scheme.is_empty() && !scp {
        return None;
    }
    if scheme == "file://" {
        return Some((scheme.to_owned(), format!("{user}{text}")));
    }
    let slash = text.find('/');
    let at = match text.find(':') {
        Some(colon) if scp && (slash.is_none() || (colon > 0 && Some(colon) < slash)) => {
            Some(colon)
        }
        _ => slash,
    };
    let (host, rest) = at.map_or((text.as_str(), ""), |at| text.split_at(at + 1));
    if host.is_empty() {
        return None;
    }
    let host = match (is_github, scheme == "ssh://" || !user.is_empty()) {
        (true, true) => format!("{user}github.com:"),
        (true, false) => "https://github.com/".to_owned(),
        (false, _) => format!("{scheme}{user}{host}"),
    };
    Some((host, rest.to_owned()))
}

fn is_user(text: &str) -> bool {
    text.as_bytes().first().is_some_and(u8::is_ascii_alphabetic)
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_of_repositories_are_taken_apart() {
        for (text, expected) in [
            (
                "github.com/org/repo//path/to?ref=v1",
                Some(("https://github.com/org/repo", "path/to", "v1")),
            ),
            (
                "https://github.com/org/repo/path?version=main",
                Some(("https://github.com/org/repo", "path", "main")),
            ),
            (
                "git@github.com:org/repo.git/path",
                Some(("git@github.com:org/repo.git", "path", "")),
            ),
            (
                "ssh://git@example.com/a/b/c.git//d?ref=x",
                Some(("ssh://git@example.com/a/b/c.git", "d", "x")),
            ),
            (
                "https://dev.example.com/org/project/_git/repo/path",
                Some(("https://dev.example.com/org/project/_git/repo", "path", "")),
            ),
            (
                "file:///srv/repo//path",
                Some(("file:///srv/repo", "path", "")),
            ),
            ("../base", None),
            ("github.com", None),
            ("example.com/org/repo", None),
            ("https://github.com/org/repo//../x", None),
            ("/absolute", None),
        ] {
            let found = parse(text);
            let found = found.as_ref().map(|url| {
                (
                    url.clone.as_str(),
                    url.path.as_str(),
                    url.reference.as_str(),
                )
            });
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn files_are_told_from_repositories() {
        for (text, expected) in [
            ("https://example.com/a/b/install.yaml", true),
            (
                "https://github.com/org/repo/releases/download/v1/x.yaml",
                true,
            ),
            ("https://github.com/org/repo//path?ref=v1", false),
            ("https://example.com/x", true),
            ("github.com/org/repo", false),
        ] {
            assert_eq!(is_file(text), expected, "{text}");
        }
    }
}
