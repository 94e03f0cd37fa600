//! JSON as Go's `encoding/json` writes and reads it, error texts included.

use tiphys_template::{FunctionError, Value};

use super::shape::to_node;
use crate::go_float;
use crate::yaml::write::{Key, Node};

mod read;

pub use read::{read, read_leniently};

/// How JSON is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Whether `<`, `>` and `&` are escaped.
    pub html: bool,
    /// Whether there are line breaks and two columns a level.
    pub pretty: bool,
}

/// What `toJson` writes.
pub const COMPACT: Style = Style {
    html: true,
    pretty: false,
};

/// A value as Helm's `toJson` writes it.
///
/// # Errors
/// When the value has no form in JSON; the text is Go's.
pub fn to_json(value: &Value) -> Result<String, FunctionError> {
    write(value, COMPACT)
}

/// A JSON text as Go's `json.Unmarshal` reads it into `any`: numbers are floats.
///
/// # Errors
/// When the text is no JSON; the text is Go's.
pub fn from_json(text: &[u8]) -> Result<Value, String> {
    read(text)
}

/// Writes a value.
pub fn write(value: &Value, style: Style) -> Result<String, FunctionError> {
    let mut out = String::new();
    write_node(&mut out, &to_node(value)?, style, 0)?;
    Ok(out)
}

fn write_node(
    out: &mut String,
    node: &Node,
    style: Style,
    level: usize,
) -> Result<(), FunctionError> {
    match node {
        Node::Null => out.push_str("null"),
        Node::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Node::Int(number) => out.push_str(&number.to_string()),
        Node::Uint(number) => out.push_str(&number.to_string()),
        Node::Float(number) => {
            out.push_str(&go_float::json(*number).ok_or_else(|| {
                format!("json: unsupported value: {}", go_float::shortest(*number))
            })?)
        }
        Node::Text(text) | Node::Plain(text) => write_text(out, text, style),
        Node::Binary(bytes) => write_text(out, &String::from_utf8_lossy(bytes), style),
        Node::List(items) if items.is_empty() => out.push_str("[]"),
        Node::List(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                separate(out, index, style, level + 1);
                write_node(out, item, style, level + 1)?;
            }
            break_line(out, style, level);
            out.push(']');
        }
        Node::Map(entries) if entries.is_empty() => out.push_str("{}"),
        Node::Map(entries) => {
            out.push('{');
            for (index, (key, item)) in entries.iter().enumerate() {
                separate(out, index, style, level + 1);
                if let Key::Text(key) = key {
                    write_text(out, key, style);
                }
                out.push_str(if style.pretty { ": " } else { ":" });
                write_node(out, item, style, level + 1)?;
            }
            break_line(out, style, level);
            out.push('}');
        }
    }
    Ok(())
}

fn separate(out: &mut String, index: usize, style: Style, level: usize) {
    if index > 0 {
        out.push(',');
    }
    break_line(out, style, level);
}

fn break_line(out: &mut String, style: Style, level: usize) {
    if style.pretty {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", level));
    }
}

fn write_text(out: &mut String, text: &str, style: Style) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '<' | '>' | '&' if !style.html => out.push(character),
            '\0'..='\u{1f}' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                out.push_str(&format!("\\u{:04x}", u32::from(character)));
            }
            other => out.push(other),
        }
    }
    out.push('"');
}
