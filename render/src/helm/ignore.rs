//! `.helmignore`: which files of a chart's folder are no part of the chart. The rules are Helm's own, not Git's.

use super::pattern::{Pattern, PatternError};

/// Helm leaves out hidden files in `templates/`, whatever `.helmignore` says.
const DEFAULT_RULE: &str = "templates/.?*";

/// Why a `.helmignore` cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IgnoreError {
    /// `**` has no meaning there.
    #[error("double-star (**) syntax is not supported")]
    DoubleStar,
    /// A pattern is none.
    #[error(transparent)]
    Pattern(#[from] PatternError),
}

struct Rule {
    pattern: Pattern,
    /// `!`: what does not match is left out.
    negated: bool,
    /// A trailing `/`: only folders match.
    folders_only: bool,
    /// Without `/` inside, the last name alone is compared.
    name_only: bool,
}

/// The rules of one chart folder.
pub struct Rules(Vec<Rule>);

impl Rules {
    /// Reads a `.helmignore`; the built-in rule is added at the end. Errors carry the line, from 1.
    ///
    /// # Errors
    /// When a line is no pattern that Helm accepts.
    pub fn parse(text: &str) -> Result<Self, (usize, IgnoreError)> {
        let mut rules = Vec::new();
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        for (index, line) in text.lines().enumerate() {
            rules.extend(rule(line).map_err(|error| (index + 1, error))?);
        }
        rules.extend(rule(DEFAULT_RULE).map_err(|error| (0, error))?);
        Ok(Self(rules))
    }

    /// Whether a file or folder is left out; `path` is relative to the chart.
    #[must_use]
    pub fn ignore(&self, path: &str, is_folder: bool) -> bool {
        for rule in &self.0 {
            let subject = if rule.name_only {
                path.rsplit('/').next().unwrap_or(path)
            } else {
                path
            };
            if rule.negated {
                // Not a mistake here but Helm's own rule: a negated pattern leaves out everything that it does not name.
                if (rule.folders_only && !is_folder) || !rule.pattern.matches(subject) {
                    return true;
                }
            } else if (is_folder || !rule.folders_only) && rule.pattern.matches(subject) {
                return true;
            }
        }
        false
    }
}

fn rule(line: &str) -> Result<Option<Rule>, IgnoreError> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    if line.contains("**") {
        return Err(IgnoreError::DoubleStar);
    }
    // Helm checks the line as it is written.
    Pattern::parse(line)?;
    let (negated, line) = match line.strip_prefix('!') {
        Some(rest) => (true, rest),
        None => (false, line),
    };
    let (folders_only, line) = match line.strip_suffix('/') {
        Some(rest) => (true, rest),
        None => (false, line),
    };
    let (name_only, line) = match line.strip_prefix('/') {
        Some(rest) => (false, rest),
        None => (!line.contains('/'), line),
    };
    Ok(Some(Rule {
        pattern: Pattern::parse(line)?,
        negated,
        folders_only,
        name_only,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_helms() {
        let cases = [
            // rules, path, folder, left out
            ("*.txt", "a/b/c.txt", false, true),
            ("*.txt", "a/b/c.md", false, false),
            ("/a.txt", "a.txt", false, true),
            ("/a.txt", "b/a.txt", false, false),
            ("a/*.txt", "a/b.txt", false, true),
            ("a/*.txt", "x/a/b.txt", false, false),
            ("docs/", "docs", true, true),
            ("docs/", "docs", false, false),
            ("docs/", "a/docs", true, true),
            ("# a\n\n  *.md  ", "x.md", false, true),
            ("!keep.txt", "other.txt", false, true),
            ("!keep.txt", "keep.txt", false, false),
            ("", "templates/.hidden", false, true),
            ("", "templates/a.yaml", false, false),
            ("[ab].txt", "a.txt", false, true),
            ("[^ab].txt", "a.txt", false, false),
            ("a?c", "abc", false, true),
        ];
        for (rules, path, folder, expected) in cases {
            let found =
                Rules::parse(rules).unwrap_or_else(|(line, error)| panic!("{line}: {error}"));
            assert_eq!(found.ignore(path, folder), expected, "{rules:?} {path}");
        }
    }

    #[test]
    fn bad_lines_are_named() {
        assert_eq!(
            Rules::parse("a\n**/b").err(),
            Some((2, IgnoreError::DoubleStar))
        );
        assert_eq!(
            Rules::parse("[a").err(),
            Some((1, IgnoreError::Pattern(PatternError)))
        );
    }
}
