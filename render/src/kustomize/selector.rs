//! Selectors of objects: anchored regular expressions for kind, name and namespace, and selectors of labels and annotations.

use regex::Regex;
use serde_json::{Map, Value};

use super::id::Gvk;
use super::resource::Resource;
use super::transform::scalar_text;
use super::types;

/// Bytes that one compiled expression may take.
const MAX_REGEX_BYTES: usize = 1 << 20;

/// A selector whose expressions are compiled.
#[derive(Debug)]
pub struct Selector {
    group: Option<Regex>,
    version: Option<Regex>,
    kind: Option<Regex>,
    name: Option<Regex>,
    namespace: Option<Regex>,
    labels: Requirements,
    annotations: Requirements,
}

impl Selector {
    /// Compiles a selector.
    ///
    /// # Errors
    /// When an expression or a selector of labels is none.
    pub fn new(selector: &types::Selector) -> Result<Self, String> {
        Ok(Self {
            group: anchored(&selector.group)?,
            version: anchored(&selector.version)?,
            kind: anchored(&selector.kind)?,
            name: anchored(&selector.name)?,
            namespace: anchored(&selector.namespace)?,
            labels: Requirements::parse(&selector.label_selector)?,
            annotations: Requirements::parse(&selector.annotation_selector)?,
        })
    }

    /// Whether it says nothing about kind, name and namespace.
    #[must_use]
    pub fn is_without_id(&self) -> bool {
        self.group.is_none()
            && self.version.is_none()
            && self.kind.is_none()
            && self.name.is_none()
            && self.namespace.is_none()
    }

    /// Whether it says nothing about labels and annotations.
    #[must_use]
    pub fn is_without_labels(&self) -> bool {
        self.labels.0.is_empty() && self.annotations.0.is_empty()
    }

    /// Whether it selects an object by the id of now or the first one, in effective namespaces, and by labels and annotations:
    /// the rule of patches.
    #[must_use]
    pub fn selects(&self, resource: &Resource) -> bool {
        let (current, original) = (resource.id(), resource.original_id());
        let either = |regex: &Option<Regex>, a: &str, b: &str| {
            regex
                .as_ref()
                .is_none_or(|regex| regex.is_match(a) || regex.is_match(b))
        };
        either(
            &self.namespace,
            original.effective_namespace(),
            current.effective_namespace(),
        ) && either(&self.name, &original.name, &current.name)
            && self.selects_kind(&current.gvk)
            && self.selects_labels(resource)
    }

    /// Whether it selects a kind.
    #[must_use]
    pub fn selects_kind(&self, gvk: &Gvk) -> bool {
        matches(&self.group, &gvk.group)
            && matches(&self.version, &gvk.version)
            && matches(&self.kind, &gvk.kind)
    }

    /// Whether it selects one id, with the namespace as it is written: the rule of replacements.
    #[must_use]
    pub fn selects_id(&self, gvk: &Gvk, name: &str, namespace: &str) -> bool {
        self.selects_kind(gvk) && matches(&self.name, name) && matches(&self.namespace, namespace)
    }

    /// Whether it selects an object's labels and annotations.
    #[must_use]
    pub fn selects_labels(&self, resource: &Resource) -> bool {
        self.labels.hold(resource.labels()) && self.annotations.hold(resource.annotations())
    }
}

fn matches(regex: &Option<Regex>, text: &str) -> bool {
    regex.as_ref().is_none_or(|regex| regex.is_match(text))
}

fn anchored(pattern: &str) -> Result<Option<Regex>, String> {
    if pattern.is_empty() {
        return Ok(None);
    }
    // Compiled alone first: a pattern such as `a)(b` must not close our group.
    regex(pattern)?;
    regex(&format!("^(?:{pattern})$")).map(Some)
}

/// Compiles a regular expression of a user.
///
/// # Errors
/// When it is none, or too large.
pub fn regex(pattern: &str) -> Result<Regex, String> {
    regex::RegexBuilder::new(pattern)
        .size_limit(MAX_REGEX_BYTES)
        .build()
        .map_err(|error| format!("error parsing regexp {pattern:?}: {error}"))
}

/// What a selector of labels asks for; all of it has to hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Requirements(Vec<Requirement>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Requirement {
    key: String,
    test: Test,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Test {
    Exists,
    Absent,
    In(Vec<String>),
    NotIn(Vec<String>),
    Greater(i64),
    Less(i64),
}

impl Requirements {
    fn parse(text: &str) -> Result<Self, String> {
        let mut tokens = Tokens::new(text)?;
        let mut requirements = Vec::new();
        if tokens.peek().is_none() {
            return Ok(Self::default());
        }
        loop {
            requirements.push(tokens.requirement().map_err(|message| {
                format!("unable to parse requirement of the selector {text:?}: {message}")
            })?);
            match tokens.next().as_deref() {
                None => return Ok(Self(requirements)),
                Some(",") => {}
                Some(other) => {
                    return Err(format!(
                        "unable to parse the selector {text:?}: found '{other}', expected: ',' or end"
                    ));
                }
            }
        }
    }

    fn hold(&self, labels: Option<&Map<String, Value>>) -> bool {
        self.0.iter().all(|Requirement { key, test }| {
            let value = labels
                .and_then(|labels| labels.get(key))
                .map(|value| scalar_text(value).unwrap_or_default());
            let number = |value: &Option<String>| value.as_ref()?.parse::<i64>().ok();
            match test {
                Test::Exists => value.is_some(),
                Test::Absent => value.is_none(),
                Test::In(values) => value.is_some_and(|value| values.contains(&value)),
                Test::NotIn(values) => value.is_none_or(|value| !values.contains(&value)),
                Test::Greater(limit) => number(&value).is_some_and(|value| value > *limit),
                Test::Less(limit) => number(&value).is_some_and(|value| value < *limit),
            }
        })
    }
}

/// Words and signs of a selector of labels.
struct Tokens {
    /// In reverse, so that the next is the last.
    rest: Vec<String>,
}

impl Tokens {
    fn new(text: &str) -> Result<Self, String> {
        let mut tokens: Vec<String> = Vec::new();
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            match character {
                ' ' | '\t' | '\n' | '\r' => {}
                '=' | '!' | '<' | '>' => {
                    let mut token = character.to_string();
                    if matches!(character, '=' | '!') && characters.peek() == Some(&'=') {
                        characters.next();
                        token.push('=');
                    }
                    tokens.push(token);
                }
                ',' | '(' | ')' => tokens.push(character.to_string()),
                _ => {
                    let mut word = character.to_string();
                    while let Some(next) = characters.peek() {
                        if " \t\n\r=!<>,()".contains(*next) {
                            break;
                        }
                        word.push(*next);
                        characters.next();
                    }
                    tokens.push(word);
                }
            }
        }
        if tokens.len() > 1000 {
            return Err("a selector of labels has more than 1000 words".to_owned());
        }
        tokens.reverse();
        Ok(Self { rest: tokens })
    }

    fn peek(&self) -> Option<&str> {
        self.rest.last().map(String::as_str)
    }

    fn next(&mut self) -> Option<String> {
        self.rest.pop()
    }

    fn requirement(&mut self) -> Result<Requirement, String> {
        let negated = self.peek() == Some("!");
        if negated {
            self.next();
        }
        let key = self.next().ok_or("found '', expected: identifier")?;
        check_key(&key)?;
        if negated {
            return Ok(Requirement {
                key,
                test: Test::Absent,
            });
        }
        let Some(operator) = self.peek().filter(|next| *next != ",") else {
            return Ok(Requirement {
                key,
                test: Test::Exists,
            });
        };
        let operator = operator.to_owned();
        self.next();
        let test = match operator.as_str() {
            "=" | "==" => Test::In(vec![self.value()?]),
            "!=" => Test::NotIn(vec![self.value()?]),
            "in" => Test::In(self.values()?),
            "notin" => Test::NotIn(self.values()?),
            "<" | ">" => {
                let value = self.value()?;
                let number = value
                    .parse()
                    .map_err(|_| format!("'{value}' has to be an integer"))?;
                if operator == "<" {
                    Test::Less(number)
                } else {
                    Test::Greater(number)
                }
            }
            other => {
                return Err(format!(
                    "found '{other}', expected: in, notin, =, ==, !=, < or >"
                ));
            }
        };
        Ok(Requirement { key, test })
    }

    /// One value, which may be empty.
    fn value(&mut self) -> Result<String, String> {
        match self.peek() {
            None | Some(",") => Ok(String::new()),
            Some(_) => {
                let value = self.next().unwrap_or_default();
                check_value(&value)?;
                Ok(value)
            }
        }
    }

    /// Values in parentheses, separated by commas.
    fn values(&mut self) -> Result<Vec<String>, String> {
        if self.next().as_deref() != Some("(") {
            return Err("expected: '('".to_owned());
        }
        let mut values = Vec::new();
        let mut word = String::new();
        loop {
            match self.next().as_deref() {
                Some(")") => {
                    values.push(word);
                    return Ok(values);
                }
                Some(",") => values.push(std::mem::take(&mut word)),
                Some(next) if word.is_empty() => {
                    check_value(next)?;
                    next.clone_into(&mut word);
                }
                Some(next) => return Err(format!("found '{next}', expected: ',' or ')'")),
                None => return Err("expected: ')'".to_owned()),
            }
        }
    }
}

/// Checks the key of a label: an optional DNS name with a slash, and a name.
fn check_key(key: &str) -> Result<(), String> {
    let (prefix, name) = match key.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, key),
    };
    let dns = |prefix: &str| {
        prefix.len() <= 253
            && prefix.split('.').all(|part| {
                is_framed(part, |byte| {
                    byte.is_ascii_lowercase() || byte.is_ascii_digit()
                }) && part
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
            })
    };
    if !name.is_empty() && is_label_text(name) && prefix.is_none_or(dns) {
        Ok(())
    } else {
        Err(format!("Invalid value: {key:?}: no key of a label"))
    }
}

fn check_value(value: &str) -> Result<(), String> {
    if is_label_text(value) {
        Ok(())
    } else {
        Err(format!("Invalid value: {value:?}: no value of a label"))
    }
}

fn is_label_text(text: &str) -> bool {
    text.is_empty()
        || text.len() <= 63
            && is_framed(text, |byte| byte.is_ascii_alphanumeric())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

fn is_framed(text: &str, allowed: impl Fn(u8) -> bool) -> bool {
    matches!((text.bytes().next(), text.bytes().last()), (Some(first), Some(last)) if allowed(first) && allowed(last))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;

    fn check(selector: &types::Selector, expected: bool) {
        let mut resource = Resource::new(
            json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {
                "name": "web", "labels": {"app": "web", "tier": "1"}}}),
            &Arc::from("a.yaml"),
            1,
        );
        resource.store_id();
        resource.set_name("my-web");
        let compiled = Selector::new(selector).expect("a selector");
        assert_eq!(compiled.selects(&resource), expected, "{selector:?}");
    }

    #[test]
    fn expressions_are_anchored_and_either_name_counts() {
        let of = |name: &str, kind: &str, namespace: &str| types::Selector {
            name: name.to_owned(),
            kind: kind.to_owned(),
            namespace: namespace.to_owned(),
            ..types::Selector::default()
        };
        check(&of("web", "", ""), true);
        check(&of("my-.*", "Deploy.*", "default"), true);
        check(&of("we", "", ""), false);
        check(&of("", "Stateful|Deployment", ""), true);
        check(&of("", "Deploy", ""), false);
        check(&of("", "", "other"), false);
        assert!(Selector::new(&of("(", "", "")).is_err());
        assert!(Selector::new(&of("a)(b", "", "")).is_err());
    }

    #[test]
    fn labels_are_selected() {
        for (selector, expected) in [
            ("app=web", true),
            ("app==web, tier in (1,2)", true),
            ("app!=web", false),
            ("none!=x", true),
            ("!app", false),
            ("!none", true),
            ("tier", true),
            ("tier notin (2)", true),
            ("tier>0", true),
            ("tier < 1", false),
            ("app=", false),
        ] {
            check(
                &types::Selector {
                    label_selector: selector.to_owned(),
                    ..types::Selector::default()
                },
                expected,
            );
        }
        for wrong in [
            "app=web,", "=x", "a in 1", "a in (1", "a b", "a=b c", "-a", "a=-", "tier>x",
        ] {
            assert!(Requirements::parse(wrong).is_err(), "{wrong}");
        }
    }
}
