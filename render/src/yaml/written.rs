//! What a JSON value does not hold of the text that it was read from: that there was nothing behind a key, and how a number or
//! boolean was spelled.

use serde_json::Value;

use super::{Key, Open};

/// One such value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Where it is in its document, as a JSON pointer.
    pub pointer: String,
    /// What stood there; empty when nothing did. The text of a text says that it was quoted.
    pub text: String,
    /// Whether it stood in a mapping in braces.
    pub inline: bool,
}

impl Written {
    /// Whether nothing was written, which counts as `null`.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.text.is_empty()
    }
}

/// What a scalar that is about to be put into the innermost collection does not tell about its text.
pub(super) fn of(open: &[Open], text: &str, plain: bool, value: &Value) -> Option<Written> {
    let says_all = match value {
        Value::Null => !text.is_empty(),
        // An empty text is always quoted.
        Value::String(_) => plain || text.is_empty(),
        Value::Bool(value) => text == if *value { "true" } else { "false" },
        Value::Number(number) => text == number.to_string(),
        _ => true,
    };
    if says_all {
        return None;
    }
    let mut pointer = String::new();
    let mut inside_braces = false;
    for collection in open {
        match collection {
            Open::Sequence { items, .. } => add_step(&mut pointer, &items.len().to_string()),
            Open::Mapping {
                key: Some(Key::Text(key)),
                inline,
                ..
            } => {
                inside_braces = *inline;
                add_step(&mut pointer, key);
            }
            // What is merged is no longer where it was written.
            Open::Mapping { .. } => return None,
        }
    }
    Some(Written {
        pointer,
        text: text.to_owned(),
        inline: inside_braces,
    })
}

/// Lengthens a JSON pointer.
pub fn add_step(pointer: &mut String, step: &str) {
    pointer.push('/');
    pointer.push_str(&step.replace('~', "~0").replace('/', "~1"));
}
