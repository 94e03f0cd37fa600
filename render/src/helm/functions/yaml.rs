//! `toYaml`, `toYamlPretty` and `fromYaml`.

use tiphys_template::{FunctionError, Text, Value};

use super::shape::{Format, from_serde, shape, to_node};
use crate::Limits;
use crate::yaml::write::{Layout, Unwritable, readable_as_yaml, write};
use crate::yaml::{Duplicates, Numbers, Reading, first};

/// What `toYaml` writes, without the last line break; the inner error is one that Helm swallows.
pub fn to_yaml(value: &Value) -> Result<Result<String, String>, FunctionError> {
    let node = match to_node(value) {
        Ok(node) => node,
        Err(error) if error.is_limit() => return Err(error),
        Err(error) => return Ok(Err(format!("error marshaling into JSON: {error}"))),
    };
    let node = match readable_as_yaml(node) {
        Ok(node) => node,
        Err(error @ Unwritable::Number(_)) => {
            return Ok(Err(format!("error marshaling into JSON: {error}")));
        }
        Err(error) => return Ok(Err(error.to_string())),
    };
    Ok(Ok(without_break(write(&node, Layout::KUBERNETES))))
}

/// What `toYamlPretty` writes.
pub fn to_yaml_pretty(value: &Value) -> Result<String, FunctionError> {
    let node = shape(value, Format::Yaml)?;
    Ok(without_break(write(&node, Layout::PRETTY)))
}

fn without_break(mut text: String) -> String {
    if text.ends_with('\n') {
        text.pop();
    }
    text
}

/// The first document of a YAML text, numbers as floats; the error's text is close to Go's.
pub fn from_yaml(text: &Text) -> Result<Value, String> {
    let limits = Limits {
        depth: super::DEPTH,
        ..Limits::default()
    };
    let reading = Reading {
        duplicates: Duplicates::LastWins,
        numbers: Numbers::Floats,
        ..Reading::default()
    };
    let first = first(text.as_bytes(), &limits, reading).map_err(|error| {
        format!(
            "error converting YAML to JSON: yaml: line {}: {}",
            error.line, error.message
        )
    })?;
    Ok(first.map_or(Value::Nil, |first| from_serde(&first.value)))
}
