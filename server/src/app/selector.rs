//! Label selectors, as `kubectl` writes them: `a=b,c!=d,e in (f,g),h notin (i),j,!k`.

use std::collections::BTreeMap;

/// A selector: every requirement has to hold.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Selector(Vec<Requirement>);

#[derive(Debug, PartialEq, Eq)]
enum Requirement {
    In(String, Vec<String>),
    NotIn(String, Vec<String>),
    Exists(String),
    Absent(String),
}

impl Selector {
    /// Reads a selector; the error says what is wrong with which part.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        split(text)
            .into_iter()
            .filter(|part| !part.trim().is_empty())
            .map(|part| requirement(part.trim()))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    pub(super) fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        self.0.iter().all(|requirement| match requirement {
            Requirement::In(key, values) => {
                labels.get(key).is_some_and(|value| values.contains(value))
            }
            Requirement::NotIn(key, values) => {
                labels.get(key).is_none_or(|value| !values.contains(value))
            }
            Requirement::Exists(key) => labels.contains_key(key),
            Requirement::Absent(key) => !labels.contains_key(key),
        })
    }
}

/// Splits at commas outside parentheses.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut start) = (Vec::new(), 0_usize, 0);
    for (index, character) in text.char_indices() {
        match character {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(&text[start..index]);
                start = index + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

fn requirement(part: &str) -> Result<Requirement, String> {
    if let Some(key) = part.strip_prefix('!') {
        return Ok(Requirement::Absent(check_key(key.trim())?));
    }
    if let Some((head, rest)) = part.split_once('(') {
        let values = rest
            .strip_suffix(')')
            .ok_or_else(|| format!("selector `{part}`: the parenthesis is not closed"))?
            .split(',')
            .map(|value| value.trim().to_owned())
            .collect();
        let mut words = head.split_whitespace();
        return match (words.next(), words.next(), words.next()) {
            (Some(key), Some("in"), None) => Ok(Requirement::In(check_key(key)?, values)),
            (Some(key), Some("notin"), None) => Ok(Requirement::NotIn(check_key(key)?, values)),
            _ => Err(format!(
                "selector `{part}`: write `key in (a,b)` or `key notin (a,b)`"
            )),
        };
    }
    for (operator, negated) in [("!=", true), ("==", false), ("=", false)] {
        if let Some((key, value)) = part.split_once(operator) {
            let (key, values) = (check_key(key.trim())?, vec![value.trim().to_owned()]);
            return Ok(if negated {
                Requirement::NotIn(key, values)
            } else {
                Requirement::In(key, values)
            });
        }
    }
    Ok(Requirement::Exists(check_key(part)?))
}

fn check_key(key: &str) -> Result<String, String> {
    let good = !key.is_empty()
        && key.chars().all(|character| {
            character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.' | '/')
        });
    if good {
        Ok(key.to_owned())
    } else {
        Err(format!("selector: `{key}` is no label key"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_select() {
        let labels = BTreeMap::from([
            ("team".to_owned(), "a".to_owned()),
            ("tier".to_owned(), "web".to_owned()),
        ]);
        for (text, expected) in [
            ("", true),
            ("team=a", true),
            ("team==a,tier=web", true),
            ("team=b", false),
            ("team!=b", true),
            ("none!=b", true),
            ("team in (a, b)", true),
            ("team notin (a,b)", false),
            ("tier", true),
            ("!tier", false),
            ("!none,team in (a)", true),
        ] {
            assert_eq!(
                Selector::parse(text).expect(text).matches(&labels),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_selector_is_refused() {
        for text in ["a in (b", "a of (b)", "=b", "a b", "in (a)", "!"] {
            assert!(Selector::parse(text).is_err(), "{text}");
        }
    }
}
