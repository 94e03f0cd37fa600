//! What was written where the JSON of an object does not say it: keys with nothing behind them, numbers as they were spelled.
//!
//! Upstream carries the text of every scalar through a build. Here it is kept apart, for the few scalars where it matters: a
//! strategic merge drops a key with nothing behind it and keeps a written `null`, and a number that becomes a text becomes the
//! one that was written (`1.10`, `0x10`).

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

use super::field_path::plain;
use crate::yaml::{Written, add_step};

/// What was written in one object.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Spelling {
    list: Vec<Written>,
    /// `metadata.name` and `metadata.namespace` if they were no texts, with the texts that stand for them meanwhile.
    metadata: Vec<(&'static str, String, Value)>,
}

/// The texts of scalars by their places in memory, while nothing in the object is moved.
#[derive(Debug, Default)]
pub struct Texts(HashMap<usize, String>);

/// Places in memory of values in an object in which nothing is moved meanwhile.
#[derive(Debug, Default)]
pub struct Places(HashSet<usize>);

impl Places {
    /// Notes where a value is.
    pub fn note(&mut self, value: &Value) {
        self.0.insert(address(value));
    }

    /// Calls back with the pointer of each value that was noted.
    fn pointers(&self, at: &Value, pointer: &mut String, found: &mut dyn FnMut(&str)) {
        if self.0.contains(&address(at)) {
            found(pointer);
        }
        let length = pointer.len();
        let mut step = |name: &str, value: &Value| {
            add_step(pointer, name);
            self.pointers(value, pointer, found);
            pointer.truncate(length);
        };
        match at {
            Value::Array(items) => {
                (items.iter().enumerate()).for_each(|(place, item)| step(&place.to_string(), item))
            }
            Value::Object(entries) => entries.iter().for_each(|(key, value)| step(key, value)),
            _ => {}
        }
    }
}

impl Spelling {
    /// Of a document; a name or namespace that is a number or boolean becomes a text in the object.
    #[must_use]
    pub fn of(object: &mut Value, list: Vec<Written>) -> Self {
        let mut spelling = Self {
            list,
            metadata: Vec::new(),
        };
        for field in ["name", "namespace"] {
            let texts = spelling.texts(object);
            let Some(value) = object.get_mut("metadata").and_then(|it| it.get_mut(field)) else {
                continue;
            };
            if value.is_number() || value.is_boolean() {
                let text = texts.text(value);
                let value = std::mem::replace(value, text.clone().into());
                spelling.metadata.push((field, text, value));
            }
        }
        spelling
    }

    /// What was written in a value of an object, with places in that value.
    #[must_use]
    pub fn below(&self, object: &Value, value: &Value) -> Vec<Written> {
        let mut places = Places::default();
        places.note(value);
        let mut found = Vec::new();
        if self.list.is_empty() {
            return found;
        }
        places.pointers(object, &mut String::new(), &mut |pointer| {
            let prefix = format!("{pointer}/");
            found.extend(self.list.iter().filter_map(|written| {
                let rest = written.pointer.strip_prefix(&prefix)?;
                Some(Written {
                    pointer: format!("/{rest}"),
                    ..written.clone()
                })
            }));
        });
        found
    }

    /// Takes over what was written in a value that was copied to these places.
    pub fn copied(&mut self, object: &Value, places: &Places, written: &[Written]) {
        if written.is_empty() {
            return;
        }
        let mut pointers = HashSet::new();
        places.pointers(object, &mut String::new(), &mut |pointer| {
            pointers.insert(pointer.to_owned());
        });
        self.list.retain(|own| {
            let ends = own.pointer.match_indices('/').map(|(end, _)| end);
            let mut ways = ends.chain([own.pointer.len()]);
            !ways.any(|end| pointers.contains(&own.pointer[..end]))
        });
        for pointer in pointers {
            self.list.extend(written.iter().map(|written| Written {
                pointer: format!("{pointer}{}", written.pointer),
                ..written.clone()
            }));
        }
    }

    /// What was written in one element of `items`.
    #[must_use]
    pub fn of_item(list: &[Written], place: usize) -> Vec<Written> {
        let prefix = format!("/items/{place}/");
        list.iter()
            .filter_map(|written| {
                Some(Written {
                    pointer: format!("/{}", written.pointer.strip_prefix(&prefix)?),
                    ..written.clone()
                })
            })
            .collect()
    }

    /// The texts of the scalars of an object.
    #[must_use]
    pub fn texts(&self, object: &Value) -> Texts {
        Texts(
            self.list
                .iter()
                .filter(|written| !written.is_blank())
                .filter_map(|written| {
                    // Another value may have come to this place since.
                    let value = object.pointer(&written.pointer)?;
                    let is_it = match value {
                        Value::String(text) => *text == written.text,
                        value => plain(&written.text) == *value,
                    };
                    is_it.then(|| (address(value), written.text.clone()))
                })
                .collect(),
        )
    }

    /// Whether nothing was written at a place.
    #[must_use]
    pub fn is_blank(&self, pointer: &str) -> bool {
        self.list
            .iter()
            .any(|written| written.is_blank() && written.pointer == pointer)
    }

    /// Makes empty texts of what is not there behind keys in braces: so upstream reads them. A merge leaves them out all the same.
    pub fn fill_blanks(&self, object: &mut Value) {
        for written in self.list.iter().filter(|it| it.inline && it.is_blank()) {
            if let Some(value) = object.pointer_mut(&written.pointer)
                && value.is_null()
            {
                *value = Value::String(String::new());
            }
        }
    }

    /// Takes the keys that had nothing behind them.
    pub fn take_blanks(&mut self) -> Vec<String> {
        let (blanks, rest) = std::mem::take(&mut self.list)
            .into_iter()
            .partition(Written::is_blank);
        self.list = rest;
        blanks
            .into_iter()
            .map(|written: Written| written.pointer)
            .collect()
    }

    /// Takes over what a patch has written.
    pub fn patched_by(&mut self, patch: &Self) {
        for written in patch.list.iter().filter(|written| !written.is_blank()) {
            self.list.retain(|own| own.pointer != written.pointer);
            self.list.push(written.clone());
        }
    }

    /// The object has become JSON: nothing of its text is left.
    pub fn forget(&mut self) {
        self.list.clear();
    }

    /// Puts back a name or namespace that is still what it was.
    pub fn restore_metadata(&self, metadata: &mut Map<String, Value>) {
        for (field, text, value) in &self.metadata {
            if let Some(now) = metadata.get_mut(*field)
                && now.as_str() == Some(text)
            {
                *now = value.clone();
            }
        }
    }
}

impl Texts {
    /// Whether a text was written with quotes, or would have needed them.
    #[must_use]
    pub fn is_quoted(&self, value: &Value) -> bool {
        let Value::String(text) = value else {
            return false;
        };
        needs_quotes(text) || self.0.get(&address(value)) == Some(text)
    }

    /// The text of a scalar as it was written; empty for mappings and lists.
    #[must_use]
    pub fn text(&self, value: &Value) -> String {
        match value {
            Value::Bool(_) | Value::Number(_) => self
                .0
                .get(&address(value))
                .cloned()
                .unwrap_or_else(|| super::field_path::text(value)),
            _ => super::field_path::text(value),
        }
    }
}

/// Whether a text would be read as something else if it were written without quotes.
fn needs_quotes(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL") || !plain(text).is_string()
}

fn address(value: &Value) -> usize {
    std::ptr::from_ref(value).addr()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn written(pointer: &str, text: &str) -> Written {
        Written {
            pointer: pointer.to_owned(),
            text: text.to_owned(),
            inline: false,
        }
    }

    #[test]
    fn a_number_has_its_text_while_it_stays() {
        let mut object = json!({"a": 1.1, "b": 1.1, "metadata": {"name": 16}});
        let list = vec![written("/a", "1.10"), written("/metadata/name", "0x10")];
        let spelling = Spelling::of(&mut object, list);
        assert_eq!(spelling.texts(&object).text(&object["a"]), "1.10");
        assert_eq!(spelling.texts(&object).text(&object["b"]), "1.1");
        assert_eq!(object["metadata"]["name"], "0x10");
        object["a"] = 2.into();
        assert_eq!(spelling.texts(&object).text(&object["a"]), "2");
        let metadata = object["metadata"].as_object_mut().unwrap();
        spelling.restore_metadata(metadata);
        assert_eq!(metadata["name"], 16);
    }
}
