//! The language of `--set`, `--set-string` and `--set-file`: `a.b[0]=x,c={1,2}`.

use serde_json::{Map, Value};

/// The largest index of a list.
const MAX_INDEX: usize = 65_536;
/// How deep names may be nested.
const MAX_NESTING: usize = 30;

/// Characters of a key that a message shows.
const SHOWN: usize = 120;

/// Why a line cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{key:?}: {message}")]
pub struct SetError {
    /// The key whose value was to be set.
    pub key: String,
    /// What is wrong, in Helm's words.
    pub message: String,
}

enum Stop {
    /// The end of the line: what was read so far stays.
    End,
    Fault(String),
}

type Step<T> = Result<T, Stop>;

/// How the text after `=` becomes a value.
type Reader<'a> = dyn FnMut(String) -> Result<Value, String> + 'a;

/// Applies a `--set` line: `true`, `false`, `null` and integers are typed.
///
/// # Errors
/// When the line is none that Helm accepts.
pub fn typed(line: &str, values: &mut Map<String, Value>) -> Result<(), SetError> {
    with(line, values, &mut |text| Ok(typed_value(text)))
}

/// Applies a `--set-string` line: every value is a text.
///
/// # Errors
/// When the line is none that Helm accepts.
pub fn strings(line: &str, values: &mut Map<String, Value>) -> Result<(), SetError> {
    with(line, values, &mut |text| Ok(Value::String(text)))
}

/// Applies a line whose values are read by the caller, as `--set-file` does.
///
/// # Errors
/// When the line is none that Helm accepts, or the reader fails.
pub fn with(
    line: &str,
    values: &mut Map<String, Value>,
    reader: &mut Reader<'_>,
) -> Result<(), SetError> {
    let mut parser = Parser {
        text: line.chars().collect(),
        at: 0,
        reader,
    };
    loop {
        let from = parser.at;
        match parser.key(values, 0) {
            Ok(()) => {}
            Err(Stop::End) => return Ok(()),
            Err(Stop::Fault(message)) => {
                // What follows the sign may be a secret.
                let key = parser.text[from..].iter().take_while(|it| **it != '=');
                return Err(SetError {
                    key: key.take(SHOWN).collect(),
                    message,
                });
            }
        }
    }
}

/// A value of a `--set` line. Integers are int64 there, while those of files are float64.
fn typed_value(text: String) -> Value {
    for (word, value) in [
        ("true", Value::Bool(true)),
        ("false", Value::Bool(false)),
        ("null", Value::Null),
    ] {
        if text.eq_ignore_ascii_case(word) {
            return value;
        }
    }
    if text == "0" {
        return Value::from(0_i64);
    }
    if !text.starts_with('0')
        && let Ok(number) = text.parse::<i64>()
    {
        return Value::from(number);
    }
    Value::String(text)
}

struct Parser<'a, 'r> {
    text: Vec<char>,
    at: usize,
    reader: &'a mut Reader<'r>,
}

impl Parser<'_, '_> {
    fn next(&mut self) -> Option<char> {
        let character = self.text.get(self.at).copied()?;
        self.at += 1;
        Some(character)
    }

    /// The characters up to one of `stops`, a backslash taking the next one as it is; the stop is `None` at the end.
    fn until(&mut self, stops: &[char]) -> (String, Option<char>) {
        let mut text = String::new();
        while let Some(character) = self.next() {
            if stops.contains(&character) {
                return (text, Some(character));
            }
            if character == '\\' {
                match self.next() {
                    Some(escaped) => text.push(escaped),
                    None => return (text, None),
                }
            } else {
                text.push(character);
            }
        }
        (text, None)
    }

    fn key(&mut self, data: &mut Map<String, Value>, nesting: usize) -> Step<()> {
        let (key, stop) = self.until(&['=', '[', ',', '.']);
        match stop {
            None if key.is_empty() => Err(Stop::End),
            None => Err(Stop::Fault(format!("key {key:?} has no value"))),
            Some('[') => {
                let index = self.index()?;
                let mut list = match data.get(&key) {
                    None => Vec::new(),
                    Some(Value::Array(list)) => list.clone(),
                    Some(other) => return Err(wrong_kind("key", "[]interface {}", other)),
                };
                let result = self.item(&mut list, index, nesting);
                set(data, key, Value::Array(list));
                result
            }
            Some('=') => match self.value()? {
                Read::End => {
                    set(data, key, Value::String(String::new()));
                    Err(Stop::End)
                }
                Read::Value(value) => {
                    set(data, key, value);
                    Ok(())
                }
            },
            Some(',') => Err(Stop::Fault(format!(
                "key {key:?} has no value (cannot end with ,)"
            ))),
            _ => {
                let nesting = deeper(nesting)?;
                let mut inner = match data.get(&key) {
                    None => Map::new(),
                    Some(Value::Object(inner)) => inner.clone(),
                    Some(other) => {
                        return Err(wrong_kind("key", "map[string]interface {}", other));
                    }
                };
                let result = self.key(&mut inner, nesting);
                if inner.is_empty() {
                    if result.is_ok() {
                        return Err(Stop::Fault(format!("key map {key:?} has no value")));
                    }
                } else {
                    set(data, key, Value::Object(inner));
                }
                result
            }
        }
    }

    /// The number before `]`.
    fn index(&mut self) -> Step<usize> {
        let (text, stop) = self.until(&[']']);
        if stop.is_none() {
            return Err(Stop::Fault("error parsing index: EOF".to_owned()));
        }
        let index: i64 = text.parse().map_err(|_| {
            Stop::Fault(format!(
                "error parsing index: strconv.Atoi: parsing {text:?}: invalid syntax"
            ))
        })?;
        usize::try_from(index)
            .map_err(|_| Stop::Fault(format!("negative {index} index not allowed")))
    }

    /// What follows `]`.
    fn item(&mut self, list: &mut Vec<Value>, index: usize, nesting: usize) -> Step<()> {
        let (text, stop) = self.until(&['[', '.', '=']);
        if !text.is_empty() {
            return Err(Stop::Fault(format!(
                "unexpected data at end of array index: {text:?}"
            )));
        }
        match stop {
            None => Err(Stop::End),
            Some('=') => match self.value()? {
                Read::End => set_index(list, index, Value::String(String::new())),
                Read::Value(value) => set_index(list, index, value),
            },
            Some('[') => {
                let inner_index = self.index()?;
                let mut inner = match list.get(index) {
                    None | Some(Value::Null) => Vec::new(),
                    Some(Value::Array(inner)) => inner.clone(),
                    Some(other) => return Err(wrong_kind("key", "[]interface {}", other)),
                };
                let nesting = deeper(nesting)?;
                self.item(&mut inner, inner_index, nesting)?;
                set_index(list, index, Value::Array(inner))
            }
            _ => {
                let mut inner = match list.get(index) {
                    Some(Value::Object(inner)) => inner.clone(),
                    _ => Map::new(),
                };
                let result = self.key(&mut inner, deeper(nesting)?);
                if let Err(stop) = result {
                    // An object that exists already was changed in place.
                    if let Some(slot) = list.get_mut(index) {
                        *slot = Value::Object(inner);
                    }
                    return Err(stop);
                }
                set_index(list, index, Value::Object(inner))
            }
        }
    }

    /// What follows `=`: a list in braces, or everything up to a comma.
    fn value(&mut self) -> Step<Read> {
        match self.text.get(self.at) {
            None => return Ok(Read::End),
            Some('{') => self.at += 1,
            Some(_) => {
                let (text, _) = self.until(&[',']);
                return (self.reader)(text).map(Read::Value).map_err(Stop::Fault);
            }
        }
        let mut list = Vec::new();
        loop {
            let (text, stop) = self.until(&[',', '}']);
            if stop.is_none() {
                return Err(Stop::Fault("list must terminate with '}'".to_owned()));
            }
            list.push((self.reader)(text).map_err(Stop::Fault)?);
            if stop == Some('}') {
                if self.text.get(self.at) == Some(&',') {
                    self.at += 1;
                }
                return Ok(Read::Value(Value::Array(list)));
            }
        }
    }
}

enum Read {
    End,
    Value(Value),
}

fn deeper(nesting: usize) -> Step<usize> {
    if nesting >= MAX_NESTING {
        return Err(Stop::Fault(format!(
            "value name nested level is greater than maximum supported nested level of {MAX_NESTING}"
        )));
    }
    Ok(nesting + 1)
}

fn set(data: &mut Map<String, Value>, key: String, value: Value) {
    if !key.is_empty() {
        data.insert(key, value);
    }
}

fn set_index(list: &mut Vec<Value>, index: usize, value: Value) -> Step<()> {
    if index > MAX_INDEX {
        return Err(Stop::Fault(format!(
            "index of {index} is greater than maximum supported index of {MAX_INDEX}"
        )));
    }
    if list.len() <= index {
        list.resize(index + 1, Value::Null);
    }
    list[index] = value;
    Ok(())
}

fn wrong_kind(what: &str, wanted: &str, found: &Value) -> Stop {
    let found = match found {
        Value::Null => "nil",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float64",
        Value::Number(_) => "int64",
        Value::String(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
    };
    Stop::Fault(format!(
        "unable to parse {what}: interface conversion: interface {{}} is {found}, not {wanted}"
    ))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn read(line: &str) -> Result<Value, String> {
        let mut values = Map::new();
        typed(line, &mut values).map_err(|error| error.message)?;
        Ok(Value::Object(values))
    }

    /// Recorded from `helm template --set` with a chart that prints `toJson .Values`.
    #[test]
    fn lines_are_read_as_helm_reads_them() {
        let cases = [
            ("a=1", json!({"a": 1})),
            ("a=1,b=two,", json!({"a": 1, "b": "two"})),
            ("a.b.c=true", json!({"a": {"b": {"c": true}}})),
            ("a=", json!({"a": ""})),
            ("a=null", json!({"a": null})),
            ("a=007", json!({"a": "007"})),
            ("a=0", json!({"a": 0})),
            ("a=-5", json!({"a": -5})),
            ("a=1.5", json!({"a": "1.5"})),
            ("a={1,x,true}", json!({"a": [1, "x", true]})),
            ("a={}", json!({"a": [""]})),
            ("a={1,2},b=3", json!({"a": [1, 2], "b": 3})),
            ("a[0]=1,a[2]=3", json!({"a": [1, null, 3]})),
            ("a[0].b=1,a[0].c=2", json!({"a": [{"b": 1, "c": 2}]})),
            ("a[0][1]=x", json!({"a": [[null, "x"]]})),
            ("a\\.b=1", json!({"a.b": 1})),
            ("a=x\\,y", json!({"a": "x,y"})),
            ("a=b=c", json!({"a": "b=c"})),
            ("a.b=1,a.c=2", json!({"a": {"b": 1, "c": 2}})),
            ("", json!({})),
            ("a.", json!({})),
        ];
        for (line, expected) in cases {
            assert_eq!(read(line), Ok(expected), "{line}");
        }
    }

    #[test]
    fn faults_have_helms_words() {
        let cases = [
            ("a", "key \"a\" has no value"),
            ("a,b=1", "key \"a\" has no value (cannot end with ,)"),
            ("a={1", "list must terminate with '}'"),
            ("a[-1]=1", "negative -1 index not allowed"),
            (
                "a[70000]=1",
                "index of 70000 is greater than maximum supported index of 65536",
            ),
            (
                "a[x]=1",
                "error parsing index: strconv.Atoi: parsing \"x\": invalid syntax",
            ),
            (
                "a=1,a.b=2",
                "unable to parse key: interface conversion: interface {} is int64, not map[string]interface {}",
            ),
        ];
        for (line, expected) in cases {
            assert_eq!(read(line), Err(expected.to_owned()), "{line}");
        }
        assert!(
            read(&"a.".repeat(100))
                .unwrap_err()
                .contains("nested level")
        );
        assert!(
            read(&format!("a{}=1", "[0]".repeat(100)))
                .unwrap_err()
                .contains("nested level")
        );
    }

    #[test]
    fn an_error_names_the_key_and_not_the_value() {
        let error = typed("ok=1,list[x].a=secret", &mut Map::new()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "\"list[x].a\": error parsing index: strconv.Atoi: parsing \"x\": invalid syntax"
        );
    }

    proptest! {
        #[test]
        fn any_line_ends(line in "[a-c.=,\\[\\]{}\\\\0-9]{0,60}") {
            let _ = read(&line);
        }
    }
}
