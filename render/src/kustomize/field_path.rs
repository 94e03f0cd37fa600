//! Paths of fields in replacements and variables: `spec.containers.[name=web].image`, `data.[a.b]`, `spec.ports.0`, `items.*.x`.

use serde_json::{Map, Value};

use super::field_spec::{bounded, split_path};
use super::selector::regex;
use crate::Limits;
use crate::yaml::{self, Dialect, Reading};

/// Splits a path at its dots. A part in brackets keeps its dots: `[a=b.c]` stays what it is, `[a.b]` is the name `a.b`.
#[must_use]
pub fn split(path: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let mut pieces = split_path(path, '.').into_iter();
    while let Some(piece) = pieces.next() {
        if !piece.starts_with('[') || piece.ends_with(']') {
            parts.push(piece);
            continue;
        }
        let mut bracketed = piece;
        for piece in pieces.by_ref() {
            bracketed.push('.');
            bracketed.push_str(&piece);
            if piece.ends_with(']') {
                break;
            }
        }
        if bracketed.contains('=') {
            parts.push(bracketed);
        } else {
            parts.push(bracketed.trim_matches(['[', ']']).to_owned());
        }
    }
    parts
}

/// The text of a scalar; empty for mappings and lists.
#[must_use]
pub fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "null".to_owned(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::Array(_) | Value::Object(_) => String::new(),
    }
}

/// What a text means where it stands without quotes: a number, a boolean, or itself.
#[must_use]
pub fn plain(text: &str) -> Value {
    let reading = Reading {
        dialect: Dialect::Kyaml,
        ..Reading::default()
    };
    let is_one_word = !text.contains(|character: char| {
        character.is_whitespace() || "\"'#&*!|>%@`".contains(character)
    });
    if is_one_word
        && let Ok(documents) = yaml::read(text.as_bytes(), &Limits::default(), reading)
        && let [document] = documents.as_slice()
        && (document.value.is_number() || document.value.is_boolean())
    {
        return document.value.clone();
    }
    text.into()
}

pub(super) fn is_index(part: &str) -> bool {
    part.parse::<i64>().is_ok_and(|index| index >= 0)
}

pub(super) fn is_list_part(part: &str) -> bool {
    part.starts_with('[') && part.ends_with(']')
}

/// `[key=value]` taken apart.
pub(super) fn key_and_value(part: &str) -> Result<(&str, &str), String> {
    let inner = part.strip_suffix(']').unwrap_or(part);
    let inner = inner.strip_prefix('[').unwrap_or(inner);
    inner.split_once('=').ok_or_else(|| {
        "list path element must contain fieldName=fieldValue for element to match".to_owned()
    })
}

fn elements(value: &Value) -> Result<&[Value], String> {
    match value {
        Value::Array(elements) => Ok(elements),
        Value::Null => Ok(&[]),
        _ => Err("wrong node kind: expected SequenceNode".to_owned()),
    }
}

/// The value at a path; `None` when it is not there.
///
/// # Errors
/// When the path takes a list for a mapping, or the other way round, or has a wildcard.
pub fn lookup<'a>(value: &'a Value, parts: &[String]) -> Result<Option<&'a Value>, String> {
    let mut at = value;
    for part in parts.iter().map(|part| part.trim()) {
        if part.is_empty() {
            continue;
        }
        let found = if let Ok(index) = part.parse::<i64>() {
            let index = usize::try_from(index)
                .map_err(|_| format!("array index {index} cannot be negative"))?;
            elements(at)?.get(index)
        } else if part == "-" {
            elements(at)?.last()
        } else if part == "*" {
            return Err("wildcard is not supported in PathGetter".to_owned());
        } else if is_list_part(part) {
            let (key, value) = key_and_value(part)?;
            elements(at)?.iter().find(|element| {
                if key.is_empty() {
                    text(element) == value
                } else {
                    element.get(key).is_some_and(|own| text(own) == value)
                }
            })
        } else {
            match at {
                Value::Object(fields) => fields.get(part),
                Value::Null => None,
                _ => return Err("wrong node kind: expected MappingNode".to_owned()),
            }
        };
        match found {
            Some(found) => at = found,
            None => return Ok(None),
        }
    }
    Ok(Some(at))
}

/// [`lookup`] for changing the value; the path must be free of wildcards.
pub fn lookup_mut<'a>(value: &'a mut Value, parts: &[String]) -> Option<&'a mut Value> {
    let mut at = value;
    for part in parts.iter().map(|part| part.trim()) {
        if part.is_empty() {
            continue;
        }
        at = if let Ok(index) = part.parse::<usize>() {
            at.as_array_mut()?.get_mut(index)?
        } else if part == "-" {
            at.as_array_mut()?.last_mut()?
        } else if is_list_part(part) {
            let (key, value) = key_and_value(part).ok()?;
            at.as_array_mut()?.iter_mut().find(|element| {
                if key.is_empty() {
                    text(element) == value
                } else {
                    element.get(key).is_some_and(|own| text(own) == value)
                }
            })?
        } else {
            at.as_object_mut()?.get_mut(part)?
        };
    }
    Some(at)
}

/// What is made where a path leads nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Made {
    /// Nothing.
    Nothing,
    /// A scalar.
    Scalar,
    /// A mapping.
    Mapping,
    /// A list.
    List,
}

impl Made {
    /// What is made for a value to be put in.
    #[must_use]
    pub fn for_value(value: &Value) -> Self {
        match value {
            Value::Object(_) => Self::Mapping,
            Value::Array(_) => Self::List,
            _ => Self::Scalar,
        }
    }

    fn empty(self) -> Value {
        match self {
            Self::Nothing => Value::Null,
            Self::Scalar => String::new().into(),
            Self::Mapping => Value::Object(Map::new()),
            Self::List => Value::Array(Vec::new()),
        }
    }

    /// What the value before the next part of the path has to be.
    pub(super) fn before(self, next: Option<&String>) -> Self {
        match next {
            None => self,
            Some(next) if is_list_part(next) || is_index(next) => Self::List,
            Some(next) if next.is_empty() => self,
            Some(_) => Self::Mapping,
        }
    }
}

/// Called with each value that a path leads to, and whether it was made just now.
pub type Visit<'a> = &'a mut dyn FnMut(&mut Value, bool) -> Result<(), String>;

/// Calls a function with every value at a path, and says how many there are. Values in brackets are regular expressions that may
/// match anywhere, and `*` stands for every element of a list.
///
/// # Errors
/// When the path does not fit the value, or the function fails.
pub fn visit(
    value: &mut Value,
    parts: &[String],
    made: Made,
    visit: Visit<'_>,
) -> Result<usize, String> {
    bounded(parts)?;
    Visitor { made, visit }.at(value, parts, false)
}

struct Visitor<'a> {
    made: Made,
    visit: Visit<'a>,
}

impl Visitor<'_> {
    fn at(&mut self, value: &mut Value, parts: &[String], new: bool) -> Result<usize, String> {
        let Some((part, rest)) = parts.split_first() else {
            (self.visit)(value, new)?;
            return Ok(1);
        };
        if is_index(part) {
            self.index(value, part, rest)
        } else if is_list_part(part) {
            self.matching(value, part, rest)
        } else if part == "*" {
            match value {
                Value::Array(elements) => {
                    let mut count = 0;
                    for element in elements {
                        count += self.at(element, rest, false)?;
                    }
                    Ok(count)
                }
                Value::Null => Ok(0),
                _ => Err("wrong node kind: expected SequenceNode".to_owned()),
            }
        } else {
            self.field(value, part, rest)
        }
    }

    fn field(&mut self, value: &mut Value, part: &str, rest: &[String]) -> Result<usize, String> {
        let fields = match value {
            Value::Object(fields) => fields,
            Value::Null if self.made == Made::Nothing => return Ok(0),
            Value::Null => {
                return Err(format!("cannot make the field {part} of null"));
            }
            _ => return Err("wrong node kind: expected MappingNode".to_owned()),
        };
        let mut new = false;
        if !fields.contains_key(part) {
            if self.made == Made::Nothing {
                return Ok(0);
            }
            fields.insert(part.to_owned(), self.made.before(rest.first()).empty());
            new = true;
        }
        match fields.get_mut(part) {
            Some(field) => self.at(field, rest, new),
            None => Ok(0),
        }
    }

    fn index(&mut self, value: &mut Value, part: &str, rest: &[String]) -> Result<usize, String> {
        let elements = match value {
            Value::Array(elements) => elements,
            Value::Null => {
                return Err(format!("index {part} specified but only 0 elements found"));
            }
            _ => return Err("wrong node kind: expected SequenceNode".to_owned()),
        };
        let index: usize = part
            .parse()
            .map_err(|_| format!("index {part} is out of range"))?;
        let mut new = false;
        if elements.len() == index && self.made != Made::Nothing {
            elements.push(self.made.before(rest.first()).empty());
            new = true;
        }
        let count = elements.len();
        let element = elements
            .get_mut(index)
            .ok_or_else(|| format!("index {index} specified but only {count} elements found"))?;
        self.at(element, rest, new)
    }

    fn matching(
        &mut self,
        value: &mut Value,
        part: &str,
        rest: &[String],
    ) -> Result<usize, String> {
        let (key, pattern) = key_and_value(part)?;
        let regex = regex(pattern)?;
        let elements = match value {
            Value::Array(elements) => elements,
            Value::Null if self.made == Made::Nothing => return Ok(0),
            Value::Null => return Err(format!("failed to create element for \"{part}\"")),
            _ => return Err("wrong node kind: expected SequenceNode".to_owned()),
        };
        let mut count = 0;
        for element in elements.iter_mut() {
            if key.is_empty() {
                if regex.is_match(text(element).trim()) {
                    (self.visit)(element, false)?;
                    count += 1;
                }
            } else if element
                .get(key)
                .is_some_and(|own| regex.is_match(text(own).trim()))
            {
                count += self.at(element, rest, false)?;
            }
        }
        if count > 0 || self.made == Made::Nothing {
            return Ok(count);
        }
        if !regex.is_match(pattern) {
            return Err(format!(
                "cannot create an element for \"{part}\": the expression does not match itself"
            ));
        }
        let mut element = if key.is_empty() {
            plain(pattern)
        } else {
            Value::Object(Map::from_iter([(key.to_owned(), plain(pattern))]))
        };
        if key.is_empty() {
            (self.visit)(&mut element, true)?;
            count = 1;
        } else {
            count = self.at(&mut element, rest, false)?;
        }
        elements.push(element);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_are_split() {
        for (path, expected) in [
            ("a.b", vec!["a", "b"]),
            ("a.[b.c].d", vec!["a", "b.c", "d"]),
            ("a.[n=b.c].d", vec!["a", "[n=b.c]", "d"]),
            (r"a.b\.c", vec!["a", "b.c"]),
            ("a.[n=b]", vec!["a", "[n=b]"]),
            ("a.[b", vec!["a", "b"]),
        ] {
            assert_eq!(split(path), expected, "{path}");
        }
    }

    #[test]
    fn values_are_found() {
        let value = json!({"a": [{"n": "x", "v": 1}, {"n": "y", "v": 2}], "b": ["p", "q"]});
        for (path, expected) in [
            ("a.[n=y].v", Some(json!(2))),
            ("a.0.v", Some(json!(1))),
            ("a.-.v", Some(json!(2))),
            ("b.[=q]", Some(json!("q"))),
            ("a.9", None),
            ("c.d", None),
        ] {
            assert_eq!(
                lookup(&value, &split(path)),
                Ok(expected.as_ref()),
                "{path}"
            );
        }
        for path in ["a.n", "a.*.v", "b.[x]", "a.-1"] {
            assert!(lookup(&value, &split(path)).is_err(), "{path}");
        }
    }

    #[test]
    fn fields_are_visited_and_made() {
        let check = |path: &str, made: Made, expected: Result<Value, &str>| {
            let mut value = json!({"a": [{"n": "x1", "v": 1}, {"n": "x2"}], "s": "t"});
            let result = visit(&mut value, &split(path), made, &mut |value, _| {
                *value = json!("set");
                Ok(())
            });
            match expected {
                Ok(expected) => assert_eq!((result.is_ok(), value), (true, expected), "{path}"),
                Err(message) => {
                    let error = result.expect_err(path);
                    assert!(error.contains(message), "{path}: {error}");
                }
            }
        };
        check(
            "a.*.v",
            Made::Nothing,
            Ok(json!({"a": [{"n": "x1", "v": "set"}, {"n": "x2"}], "s": "t"})),
        );
        check(
            "a.[n=x].v",
            Made::Scalar,
            Ok(json!({"a": [{"n": "x1", "v": "set"}, {"n": "x2", "v": "set"}], "s": "t"})),
        );
        check(
            "a.[n=z].v",
            Made::Scalar,
            Ok(json!({"a": [{"n": "x1", "v": 1}, {"n": "x2"}, {"n": "z", "v": "set"}], "s": "t"})),
        );
        check(
            "m.0.k",
            Made::Scalar,
            Ok(json!({"a": [{"n": "x1", "v": 1}, {"n": "x2"}], "s": "t", "m": [{"k": "set"}]})),
        );
        check("a.5.v", Made::Nothing, Err("only 2 elements"));
        check("a.[n=^z+$].v", Made::Scalar, Err("does not match itself"));
        check("a.v", Made::Nothing, Err("expected MappingNode"));
    }

    #[test]
    fn plain_texts_are_typed() {
        for (text, expected) in [
            ("5", json!(5)),
            ("true", json!(true)),
            ("yes", json!("yes")),
            ("a: b", json!("a: b")),
            ("null", json!("null")),
            ("1.5", json!(1.5)),
        ] {
            assert_eq!(plain(text), expected, "{text}");
        }
    }
}
