//! YAML as Go's libraries write it: byte for byte what `sigs.k8s.io/yaml` (over go-yaml 2) and go-yaml 3 make of a value.
//!
//! The rules were read off the behaviour of both libraries: which strings are quoted and how, where long lines are folded,
//! how far lists are indented, in which order keys come, and how numbers look.

use serde_json::Value;

use super::resolve::Dialect;

mod emit;
mod from_json;
mod order;
mod style;

pub use from_json::{Unwritable, readable_as_yaml};

/// A value that can be written.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A whole number beyond `i64`.
    Uint(u64),
    /// A number with a fraction, or beyond the whole ones.
    Float(f64),
    /// A text.
    Text(String),
    /// Something that is written as it stands, such as a point in time.
    Plain(String),
    /// Bytes that are no text; they become `!!binary` in base64.
    Binary(Vec<u8>),
    /// A list.
    List(Vec<Node>),
    /// A mapping; the writer puts the keys into Go's order.
    Map(Vec<(Key, Node)>),
}

/// A key of a mapping.
#[derive(Clone, Debug, PartialEq)]
pub enum Key {
    /// A text.
    Text(String),
    /// A whole number.
    Int(i64),
    /// A number.
    Float(f64),
    /// `true` or `false`.
    Bool(bool),
}

impl From<&str> for Key {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<&Value> for Node {
    fn from(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(*value),
            Value::Number(number) => {
                if let Some(number) = number.as_i64() {
                    Self::Int(number)
                } else if let Some(number) = number.as_u64() {
                    Self::Uint(number)
                } else {
                    Self::Float(number.as_f64().unwrap_or_default())
                }
            }
            Value::String(text) => Self::Text(text.clone()),
            Value::Array(items) => Self::List(items.iter().map(Self::from).collect()),
            Value::Object(entries) => Self::Map(
                entries
                    .iter()
                    .map(|(key, value)| (Key::Text(key.clone()), Self::from(value)))
                    .collect(),
            ),
        }
    }
}

/// How a document is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Whose rules decide on quoting and on the order of keys.
    pub dialect: Dialect,
    /// Column after which a line is folded at the next single space; none: never.
    pub fold: Option<usize>,
    /// Columns of one level.
    pub indent: usize,
    /// Whether the `-` of a list stands under the first letter of its key.
    pub flush_lists: bool,
}

impl Layout {
    /// What `sigs.k8s.io/yaml` writes, and Helm's `toYaml` with it.
    pub const KUBERNETES: Self = Self {
        dialect: Dialect::Two,
        fold: Some(80),
        indent: 2,
        flush_lists: true,
    };
    /// What Helm's `toYamlPretty` writes: go-yaml 3 with two columns.
    pub const PRETTY: Self = Self {
        dialect: Dialect::Three,
        fold: None,
        indent: 2,
        flush_lists: false,
    };
    /// go-yaml 3 as it is used when nothing is set: four columns.
    pub const GO_YAML_3: Self = Self {
        dialect: Dialect::Three,
        fold: None,
        indent: 4,
        flush_lists: false,
    };
    /// What kustomize's `kyaml` writes: go-yaml 3 with two columns and flush lists.
    pub const KYAML: Self = Self {
        dialect: Dialect::Three,
        fold: None,
        indent: 2,
        flush_lists: true,
    };
}

pub use emit::kept::{write as write_kept, write_piece};

/// Writes one document; it ends with a line break.
#[must_use]
pub fn write(node: &Node, layout: Layout) -> String {
    emit::Emitter::new(layout).document(node)
}

/// Writes a JSON value as `sigs.k8s.io/yaml` does; it ends with a line break.
///
/// # Errors
/// When the value has a text or key that the library cannot read back from its own JSON.
pub fn to_yaml(value: &Value) -> Result<String, Unwritable> {
    let node = readable_as_yaml(Node::from(value))?;
    Ok(write(&node, Layout::KUBERNETES))
}

#[cfg(test)]
mod tests;
