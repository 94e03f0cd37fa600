//! What becomes of a value on its way through JSON, which `sigs.k8s.io/yaml` writes first and then reads as YAML.

use super::{Key, Node};
use crate::go_float;

/// Characters between the quote that opens a key in JSON and its colon.
const KEY_CHARACTERS: usize = 1024;

/// A value that the library cannot read back from its own JSON.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unwritable {
    /// A text has a character that YAML does not allow.
    #[error("yaml: control characters are not allowed")]
    Control,
    /// A key is longer than a simple key of YAML may be.
    #[error("yaml: did not find expected ',' or '}}'")]
    LongKey,
    /// A number has no form in JSON.
    #[error("json: unsupported value: {0}")]
    Number(String),
}

/// The value as it is after it was written as JSON and read as YAML: whole floats are whole numbers, bytes that are no
/// text are replaced, a next-line character is folded away.
///
/// # Errors
/// When it cannot be written or not read back.
pub fn readable_as_yaml(node: Node) -> Result<Node, Unwritable> {
    Ok(match node {
        Node::Float(number) => whole(number)?,
        Node::Text(text) | Node::Plain(text) => Node::Text(readable(text)?),
        Node::Binary(bytes) => Node::Text(readable(String::from_utf8_lossy(&bytes).into_owned())?),
        Node::List(items) => Node::List(
            items
                .into_iter()
                .map(readable_as_yaml)
                .collect::<Result<_, _>>()?,
        ),
        Node::Map(entries) => Node::Map(
            entries
                .into_iter()
                .map(|(key, value)| Ok((readable_key(key)?, readable_as_yaml(value)?)))
                .collect::<Result<_, Unwritable>>()?,
        ),
        other => other,
    })
}

fn whole(number: f64) -> Result<Node, Unwritable> {
    let text =
        go_float::json(number).ok_or_else(|| Unwritable::Number(go_float::shortest(number)))?;
    if let Ok(number) = text.parse::<i64>() {
        return Ok(Node::Int(number));
    }
    Ok(match text.parse::<u64>() {
        Ok(number) => Node::Uint(number),
        Err(_) => Node::Float(number),
    })
}

fn readable_key(key: Key) -> Result<Key, Unwritable> {
    let Key::Text(text) = key else { return Ok(key) };
    let written: usize = 2 + text.chars().map(json_length).sum::<usize>();
    if written > KEY_CHARACTERS {
        return Err(Unwritable::LongKey);
    }
    Ok(Key::Text(readable(text)?))
}

/// Characters that one character takes in Go's JSON.
fn json_length(character: char) -> usize {
    match character {
        '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
        '\0'..='\u{1f}' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => 6,
        _ => 1,
    }
}

fn readable(text: String) -> Result<String, Unwritable> {
    let forbidden = |character: char| {
        matches!(character,
            '\u{7f}'..='\u{84}' | '\u{86}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}')
    };
    if text.is_ascii() && !text.contains('\u{7f}') {
        return Ok(text);
    }
    if text.contains(forbidden) {
        return Err(Unwritable::Control);
    }
    Ok(if text.contains('\u{85}') {
        folded(&text)
    } else {
        text
    })
}

/// Folds next-line characters as a double-quoted scalar does: one becomes a space, several lose the first, and the
/// blanks around them go.
fn folded(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('\u{85}') {
        out.push_str(rest[..at].trim_end_matches(' '));
        let after = &rest[at..];
        let end = after
            .find(|character: char| !matches!(character, '\u{85}' | ' '))
            .unwrap_or(after.len());
        match after[..end].matches('\u{85}').count() {
            1 => out.push(' '),
            count => out.extend(std::iter::repeat_n('\n', count - 1)),
        }
        rest = &after[end..];
    }
    out.push_str(rest);
    out
}
