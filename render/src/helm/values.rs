//! Values: how files are read, how two sets are merged, and how a chart and its subcharts get theirs.
//!
//! Merging works on the shared, changeable maps of the template language, because in Helm, too, the maps of `global` are shared
//! between charts while they are merged.

use std::collections::BTreeMap;

use serde_json::{Map as JsonMap, Number, Value as Json};
use tiphys_template::{Map, Text, Type, Value};

use super::working::Node;
use crate::Limits;
use crate::yaml::{self, Duplicates, Numbers, Reading, YamlError};

/// The key whose entries every subchart sees.
pub const GLOBAL: &str = "global";

/// Values that can be kept and shared between threads; every rendering gets its own copy.
#[derive(Clone, Debug, PartialEq)]
pub enum Frozen {
    /// `null`.
    Nil,
    /// A boolean.
    Bool(bool),
    /// An integer of `--set`.
    Int64(i64),
    /// A number of a file.
    Float64(f64),
    /// A text.
    Text(Text),
    /// A list.
    List(Vec<Frozen>),
    /// A mapping, in the order of its keys.
    Map(Vec<(Text, Frozen)>),
}

impl Frozen {
    /// Takes over JSON. Integers stay int64, everything else with digits is float64.
    #[must_use]
    pub fn new(json: &Json) -> Self {
        match json {
            Json::Null => Self::Nil,
            Json::Bool(value) => Self::Bool(*value),
            Json::Number(number) => number.as_i64().filter(|_| !number.is_f64()).map_or_else(
                || Self::Float64(number.as_f64().unwrap_or_default()),
                Self::Int64,
            ),
            Json::String(text) => Self::Text(Text::from(text)),
            Json::Array(items) => Self::List(items.iter().map(Self::new).collect()),
            Json::Object(entries) => Self::map(entries),
        }
    }

    /// Takes over a mapping.
    #[must_use]
    pub fn map(entries: &JsonMap<String, Json>) -> Self {
        let mut found: Vec<_> = entries
            .iter()
            .map(|(key, value)| (Text::from(key), Self::new(value)))
            .collect();
        found.sort_by(|one, other| one.0.cmp(&other.0));
        Self::Map(found)
    }

    /// A copy for one rendering.
    #[must_use]
    pub fn thaw(&self) -> Value {
        match self {
            Self::Nil => Value::Nil,
            Self::Bool(value) => Value::Bool(*value),
            Self::Int64(value) => Value::Int64(*value),
            Self::Float64(value) => Value::Float64(*value),
            Self::Text(text) => Value::String(text.clone()),
            Self::List(items) => Value::list(items.iter().map(Self::thaw).collect()),
            Self::Map(_) => Value::Map(self.thaw_map()),
        }
    }

    /// A copy for one rendering of what is a mapping; anything else gives an empty one.
    #[must_use]
    pub fn thaw_map(&self) -> Map {
        let entries: BTreeMap<Text, Value> = match self {
            Self::Map(entries) => entries
                .iter()
                .map(|(key, value)| (key.clone(), value.thaw()))
                .collect(),
            _ => BTreeMap::new(),
        };
        Map::new(Type::MAP, entries)
    }
}

/// An empty mapping.
#[must_use]
pub fn empty() -> Map {
    Map::new(Type::MAP, BTreeMap::new())
}

/// Reads a values file: its documents are merged, later ones win.
///
/// # Errors
/// When it is no YAML, or a document is no mapping.
pub fn load(text: &[u8], limits: &Limits) -> Result<JsonMap<String, Json>, YamlError> {
    let mut values = JsonMap::new();
    for (line, document) in split(text)? {
        let reading = Reading {
            duplicates: Duplicates::LastWins,
            numbers: Numbers::Floats,
            ..Reading::default()
        };
        let read = yaml::first(&document, limits, reading).map_err(|mut error| {
            error.line += line;
            error
        })?;
        match read {
            None => {}
            Some(yaml::Document {
                value: Json::Object(entries),
                ..
            }) => merge(&mut values, entries),
            Some(other) => {
                return Err(YamlError {
                    line: other.line + line,
                    column: 1,
                    message: "values have to be a mapping".to_owned(),
                });
            }
        }
    }
    Ok(values)
}

/// The documents of a values file with the number of lines before each. A line that begins with `---` separates.
fn split(text: &[u8]) -> Result<Vec<(usize, Vec<u8>)>, YamlError> {
    let mut found = Vec::new();
    let mut current = Vec::new();
    let mut start = 0;
    for (index, line) in text.split(|byte| *byte == b'\n').enumerate() {
        if let Some(rest) = line.strip_prefix(b"---") {
            let rest = rest.trim_ascii();
            if !rest.is_empty() && !rest.starts_with(b"#") {
                return Err(YamlError {
                    line: index + 1,
                    column: 4,
                    message: format!(
                        "invalid Yaml document separator: {}",
                        String::from_utf8_lossy(rest)
                    ),
                });
            }
            if !current.is_empty() {
                found.push((start, std::mem::take(&mut current)));
            }
            start = index + 1;
            continue;
        }
        current.extend_from_slice(line.strip_suffix(b"\r").unwrap_or(line));
        current.push(b'\n');
    }
    if !current.is_empty() {
        found.push((start, current));
    }
    Ok(found)
}

/// Merges values over others: mappings are merged, everything else is replaced.
pub fn merge(into: &mut JsonMap<String, Json>, from: JsonMap<String, Json>) {
    for (key, value) in from {
        match (into.get_mut(&key), value) {
            (Some(Json::Object(below)), Json::Object(above)) => merge(below, above),
            (_, value) => {
                into.insert(key, value);
            }
        }
    }
}

/// A copy that shares nothing.
#[must_use]
pub fn deep_copy(map: &Map) -> Map {
    let entries = map
        .entries()
        .iter()
        .map(|(key, value)| (key.clone(), deep_copy_value(value)))
        .collect();
    Map::new(map.go_type(), entries)
}

fn deep_copy_value(value: &Value) -> Value {
    match value {
        Value::Map(map) => Value::Map(deep_copy(map)),
        Value::List(list) => Value::list(list.items().iter().map(deep_copy_value).collect()),
        other => other.clone(),
    }
}

/// The values as JSON, whole floats as integers: what a schema is asked about.
#[must_use]
pub fn to_json(value: &Value) -> Json {
    match value {
        Value::Bool(value) => Json::Bool(*value),
        Value::Int(value) | Value::Int64(value) => Json::from(*value),
        Value::Float64(value) if value.fract() == 0.0 && value.abs() < 9e15 =>
        {
            #[expect(clippy::cast_possible_truncation, reason = "whole and small enough")]
            Json::from(*value as i64)
        }
        Value::Float64(value) => Number::from_f64(*value).map_or(Json::Null, Json::Number),
        Value::String(text) => Json::String(text.to_string_lossy().into_owned()),
        Value::List(list) => Json::Array(list.items().iter().map(to_json).collect()),
        Value::Map(map) => Json::Object(
            map.entries()
                .iter()
                .map(|(key, value)| (key.to_string_lossy().into_owned(), to_json(value)))
                .collect(),
        ),
        _ => Json::Null,
    }
}

/// The table at a path of names; `None` when there is none.
#[must_use]
pub fn table(values: &Map, path: &str) -> Option<Map> {
    let mut at = values.clone();
    for name in path.split('.') {
        at = match at.get(name)? {
            Value::Map(inner) => inner,
            _ => return None,
        };
    }
    Some(at)
}

/// The value at a path of names that is no table.
#[must_use]
pub fn path_value(values: &Map, path: &str) -> Option<Value> {
    let (holder, key) = match path.rsplit_once('.') {
        Some((above, key)) => (table(values, above)?, key),
        None => (values.clone(), path),
    };
    holder
        .get(key)
        .filter(|value| !matches!(value, Value::Map(_)))
}

/// Puts a chart's own values, and those of its subcharts, under what is given; what is given wins. With `keep_nulls`, nulls are
/// kept for a later pass; otherwise a null that is given removes the chart's entry.
///
/// # Errors
/// When something that is no mapping is given under the name of a subchart.
pub fn coalesce(node: &Node, given: &Map, keep_nulls: bool) -> Result<(), String> {
    coalesce_own(node, given, keep_nulls);
    for child in &node.children {
        let name = &child.name;
        let inner = match given.get(name) {
            None => {
                let inner = empty();
                given.insert(name.as_str(), Value::Map(inner.clone()));
                inner
            }
            Some(Value::Map(inner)) => inner,
            Some(other) => {
                return Err(format!(
                    "type mismatch on {name}: a subchart's values have to be a mapping, not {}",
                    other.go_type()
                ));
            }
        };
        coalesce_globals(&inner, given);
        coalesce(child, &inner, keep_nulls)?;
    }
    Ok(())
}

fn coalesce_globals(into: &Map, from: &Map) {
    let globals = |map: &Map| match map.get(GLOBAL) {
        None => Some(empty()),
        Some(Value::Map(found)) => Some(found),
        // Helm warns and goes on.
        Some(_) => None,
    };
    let (Some(below), Some(above)) = (globals(into), globals(from)) else {
        return;
    };
    for (key, value) in above.to_vec() {
        let present = below.get(&*key);
        match (value, present) {
            (Value::Map(value), present) => {
                // A copy of the first level only: deeper maps are shared, as in Helm.
                let copy = Map::new(Type::MAP, value.entries().clone());
                match present {
                    None => {
                        below.insert(key, Value::Map(copy));
                    }
                    Some(Value::Map(present)) => {
                        coalesce_tables(&copy, &present, true);
                        below.insert(key, Value::Map(copy));
                    }
                    Some(_) => {}
                }
            }
            (_, Some(Value::Map(_))) => {}
            (value, _) => {
                below.insert(key, value);
            }
        }
    }
    into.insert(GLOBAL, Value::Map(below));
}

fn coalesce_own(node: &Node, given: &Map, keep_nulls: bool) {
    for (key, default) in node.values_copy().to_vec() {
        match given.get(&*key) {
            Some(Value::Nil) if !keep_nulls => {
                given.remove(&*key);
            }
            Some(Value::Map(present)) => {
                if let Value::Map(default) = default {
                    let keep_nulls = keep_nulls
                        || node
                            .children
                            .iter()
                            .any(|child| *key == *child.name.as_bytes());
                    if !keep_nulls {
                        clean_nulls(&default);
                    }
                    coalesce_tables(&present, &default, keep_nulls);
                }
            }
            Some(_) => {}
            None => {
                if !keep_nulls {
                    match &default {
                        Value::Nil => continue,
                        Value::Map(default) => clean_nulls(default),
                        _ => {}
                    }
                }
                given.insert(key, default);
            }
        }
    }
}

/// Puts the entries of `from` under those of `into`; `into` wins.
pub fn coalesce_tables(into: &Map, from: &Map, keep_nulls: bool) {
    let defaults = from.to_vec();
    for (key, value) in into.to_vec() {
        if matches!(value, Value::Nil) {
            from.insert(key, Value::Nil);
        }
    }
    let was_set = |key: &Text| {
        defaults
            .binary_search_by(|(other, _)| other.cmp(key))
            .is_ok_and(|index| !matches!(defaults[index].1, Value::Nil))
    };
    for (key, value) in from.to_vec() {
        match into.get(&*key) {
            Some(Value::Nil) if !keep_nulls && was_set(&key) => {
                into.remove(&*key);
            }
            None => {
                into.insert(key, value);
            }
            Some(Value::Map(present)) => {
                if let Value::Map(value) = value {
                    coalesce_tables(&present, &value, keep_nulls);
                }
            }
            Some(_) => {}
        }
    }
}

fn clean_nulls(map: &Map) {
    for (key, value) in map.to_vec() {
        match value {
            Value::Nil => {
                map.remove(&*key);
            }
            Value::Map(inner) => clean_nulls(&inner),
            _ => {}
        }
    }
}
