//! Replacements inside a text: JSON or YAML that a field holds, as `data.config\\.json.a.b`.

use serde_json::Value;

use super::field_path::{Made, lookup, lookup_mut};
use super::replacements::Copied;
use super::written_path;
use crate::yaml::kept::{self, Content, Flow, KeptDocument, Piece, ScalarStyle};
use crate::yaml::write::write_kept;
use crate::yaml::{self, Dialect, Reading};

/// Writes a value into the text of a field, and says into how many places of it. `None` when the path leads into no such text.
///
/// A value that the text cannot be read with again leaves it as it is, as Kustomize does.
pub(super) fn write(
    object: &mut Value,
    value: &Copied,
    parts: &[String],
    made: Made,
) -> Option<usize> {
    for length in 1..parts.len() {
        let (head, tail) = parts.split_at(length);
        let Ok(Some(Value::String(whole))) = lookup(object, head) else {
            continue;
        };
        let Ok(document) = kept::read(whole) else {
            continue;
        };
        let mut document = document?;
        let count = written_path::visit(&mut document.root, tail, made, &mut |place| {
            put(place, value);
        });
        let Ok(count @ 1..) = count else {
            return None;
        };
        let text = if whole.trim_start().starts_with(['{', '[']) {
            let pretty = whole.contains('\n') && whole.contains("  ");
            json_text(&document, pretty)
        } else {
            Some(write_kept(&document).trim().to_owned())
        };
        if let (Some(text), Some(field)) = (text, lookup_mut(object, head)) {
            *field = text.into();
        }
        return Some(count);
    }
    None
}

/// Puts a value where a path leads. A scalar keeps its type and style; anything else is replaced whole.
fn put(piece: &mut Piece, value: &Copied) {
    match &mut piece.content {
        Content::Scalar(text, _) => text.clone_from(&value.text),
        _ => {
            *piece = copied(&value.value, &value.text);
            if value.untyped {
                piece.tag.clear();
            }
        }
    }
}

/// A value as a node. The order of its keys is not that of its file.
fn copied(value: &Value, text: &str) -> Piece {
    let content = match value {
        Value::Array(items) => {
            let items = items.iter().map(|item| copied(item, &written(item)));
            Content::List(items.collect(), Flow::Block)
        }
        Value::Object(entries) => {
            let entries = entries.iter().map(|(key, value)| {
                let key = copied(&Value::String(key.clone()), key);
                (key, copied(value, &written(value)))
            });
            Content::Map(entries.collect(), Flow::Block)
        }
        _ => Content::Scalar(text.to_owned(), ScalarStyle::Plain),
    };
    let mut piece = Piece::new(content);
    if value.is_string() {
        kept::TEXT_TAG.clone_into(&mut piece.tag);
    }
    piece
}

fn written(value: &Value) -> String {
    super::field_path::text(value)
}

/// The document as JSON; nothing when it cannot be read.
fn json_text(document: &KeptDocument, pretty: bool) -> Option<String> {
    let reading = Reading {
        dialect: Dialect::Kyaml,
        ..Reading::default()
    };
    let text = write_kept(document);
    let limits = crate::Limits::default();
    let value = match yaml::first(text.as_bytes(), &limits, reading) {
        Ok(Some(document)) => document.value,
        Ok(None) => Value::Null,
        Err(_) => return None,
    };
    written_json(&value, pretty).ok()
}

/// JSON as Go writes it: keys in order, the signs of HTML escaped.
fn written_json(value: &Value, pretty: bool) -> Result<String, serde_json::Error> {
    let text = if pretty {
        serde_json::to_string_pretty(value)
    } else {
        serde_json::to_string(value)
    }?;
    Ok(text
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029"))
}
