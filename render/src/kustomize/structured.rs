//! Replacements inside a text: JSON or YAML that a field holds, as `data.config\\.json.a.b`.

use serde_json::{Map, Value};

use super::field_path::{self, Made, lookup, lookup_mut, plain};
use super::replacements::{Copied, is_scalar, with_text};
use crate::yaml::kept::{self, Content, Piece};
use crate::yaml::write::write_kept;
use crate::yaml::{self, Dialect, Reading};

/// Stands in a scalar that is replaced, while its place in the text is looked for.
const MARK: &str = "\u{0}replaced";

/// Writes a value into the text of a field. `None` when the path leads into no such text.
///
/// # Errors
/// When the value does not fit, or the text has something that would be lost.
pub(super) fn write(
    object: &mut Value,
    value: &Copied,
    parts: &[String],
    made: Made,
) -> Result<Option<usize>, String> {
    let reading = Reading {
        dialect: Dialect::Kyaml,
        ..Reading::default()
    };
    for length in 1..parts.len() {
        let (head, tail) = parts.split_at(length);
        let Ok(Some(Value::String(whole))) = lookup(object, head) else {
            continue;
        };
        let Ok(documents) = yaml::read(whole.as_bytes(), &crate::Limits::default(), reading) else {
            continue;
        };
        let Some(structured) = documents.into_iter().next().map(|document| document.value) else {
            return Ok(None);
        };
        let is_json = whole.trim_start().starts_with(['{', '[']);
        let written = if is_json {
            in_json(structured, whole, value, tail, made)?
        } else {
            in_yaml(structured, whole, value, tail, made)
                .map_err(|error| format!("{} holds YAML: {error}", head.join(".")))?
        };
        let Some((text, count)) = written else {
            return Ok(None);
        };
        if let Some(field) = lookup_mut(object, head) {
            *field = text.into();
        }
        return Ok(Some(count));
    }
    Ok(None)
}

/// The new text and how many fields were written; nothing when the path leads to none.
type Written = Option<(String, usize)>;

fn in_json(
    mut structured: Value,
    whole: &str,
    value: &Copied,
    path: &[String],
    made: Made,
) -> Result<Written, String> {
    let count = field_path::visit(&mut structured, path, made, &mut |field, new| {
        *field = match (is_scalar(field), new) {
            (true, true) => plain(&value.text),
            (true, false) => with_text(field, &value.text)?,
            (false, _) => value.value.clone(),
        };
        Ok(())
    });
    let Ok(count @ 1..) = count else {
        return Ok(None);
    };
    let pretty = whole.contains('\n') && whole.contains("  ");
    Ok(Some((json_text(&structured, pretty)?, count)))
}

fn in_yaml(
    mut structured: Value,
    whole: &str,
    value: &Copied,
    path: &[String],
    made: Made,
) -> Result<Written, String> {
    let before = structured.clone();
    let count = field_path::visit(&mut structured, path, made, &mut |field, _| {
        *field = MARK.into();
        Ok(())
    });
    let Ok(count @ 1..) = count else {
        return Ok(None);
    };
    if !is_scalar(&value.value) {
        return Err("only a scalar can be put into it".to_owned());
    }
    let mut document = kept::read(whole)?;
    replace(&mut document.root, &before, &structured, &value.text)?;
    Ok(Some((write_kept(&document).trim().to_owned(), count)))
}

/// Puts the text where the mark is, and adds what is new.
fn replace(piece: &mut Piece, before: &Value, after: &Value, text: &str) -> Result<(), String> {
    if after == MARK {
        piece.set(text);
        return Ok(());
    }
    match (&mut piece.content, before, after) {
        (Content::List(items, _), Value::Array(before), Value::Array(after)) => {
            for (at, after) in after.iter().enumerate() {
                match (items.get_mut(at), before.get(at)) {
                    (Some(item), Some(before)) => replace(item, before, after, text)?,
                    _ => items.push(made_piece(after, text)?),
                }
            }
            Ok(())
        }
        (Content::Map(entries, _), Value::Object(before), Value::Object(after)) => {
            in_mapping(entries, before, after, text)
        }
        _ if before == after => Ok(()),
        _ => Err("the way to the field is not written in it".to_owned()),
    }
}

fn in_mapping(
    entries: &mut Vec<(Piece, Piece)>,
    before: &Map<String, Value>,
    after: &Map<String, Value>,
    text: &str,
) -> Result<(), String> {
    for (key, after) in after {
        let is_here =
            |piece: &Piece| matches!(&piece.content, Content::Scalar(name, _) if name == key);
        let entry = entries.iter_mut().find(|(name, _)| is_here(name));
        match (entry, before.get(key)) {
            (Some((_, value)), Some(before)) => replace(value, before, after, text)?,
            // Merged from an anchor, for example.
            (None, Some(before)) if before == after => {}
            (None, None) => {
                let name = Content::Scalar(key.clone(), kept::ScalarStyle::Plain);
                entries.push((Piece::new(name), made_piece(after, text)?));
            }
            _ => return Err(format!("the key {key:?} is not written in it")),
        }
    }
    Ok(())
}

/// What was made on the way to the field.
fn made_piece(value: &Value, text: &str) -> Result<Piece, String> {
    use kept::{Flow, ScalarStyle};
    Ok(Piece::new(match value {
        Value::String(mark) if mark == MARK => Content::Scalar(text.to_owned(), ScalarStyle::Plain),
        Value::Array(items) => {
            let items = items.iter().map(|item| made_piece(item, text));
            Content::List(items.collect::<Result<_, _>>()?, Flow::Block)
        }
        Value::Object(entries) => {
            let mut pieces = Vec::new();
            in_mapping(&mut pieces, &Map::new(), entries, text)?;
            Content::Map(pieces, Flow::Block)
        }
        _ => return Err("a list cannot be made longer than by one".to_owned()),
    }))
}

/// JSON as Go writes it: keys in order, the signs of HTML escaped.
fn json_text(value: &Value, pretty: bool) -> Result<String, String> {
    let text = if pretty {
        serde_json::to_string_pretty(value)
    } else {
        serde_json::to_string(value)
    }
    .map_err(|error| error.to_string())?;
    Ok(text
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029"))
}
