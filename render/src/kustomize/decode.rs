//! Reads a value into a type as Go's `encoding/json` does: field names in any case, null is nothing, unknown fields refused
//! where that is asked for; an error says at which field.

use std::fmt;

use serde::de::value::StringDeserializer;
use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess,
    Visitor,
};
use serde_json::{Map, Value};

/// Why a value does not fit, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeError {
    /// The field, as `images[0].newTag`; empty for the whole value.
    pub field: String,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.field.is_empty() {
            f.write_str(&self.message)
        } else {
            write!(f, "{}: {}", self.field, self.message)
        }
    }
}

impl std::error::Error for DecodeError {}

impl de::Error for DecodeError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self {
            field: String::new(),
            message: message.to_string(),
        }
    }
}

/// Reads a value; a field that the type does not have is an error.
pub fn strict<T: DeserializeOwned>(value: &Value) -> Result<T, DecodeError> {
    T::deserialize(Reader {
        value,
        strict: true,
    })
}

/// Reads a value; fields that the type does not have are left out.
pub fn lenient<T: DeserializeOwned>(value: &Value) -> Result<T, DecodeError> {
    T::deserialize(Reader {
        value,
        strict: false,
    })
}

#[derive(Clone, Copy)]
struct Reader<'a> {
    value: &'a Value,
    strict: bool,
}

impl Reader<'_> {
    fn mismatch(&self, wanted: &str) -> DecodeError {
        let found = match self.value {
            Value::Null => "null",
            Value::Bool(_) => "bool",
            Value::Number(_) => "number",
            Value::String(_) => "string",
            Value::Array(_) => "list",
            Value::Object(_) => "mapping",
        };
        de::Error::custom(format!("expected {wanted}, found {found}"))
    }
}

fn inside(error: DecodeError, step: &str) -> DecodeError {
    let field = if error.field.is_empty() || error.field.starts_with('[') {
        format!("{step}{}", error.field)
    } else {
        format!("{step}.{}", error.field)
    };
    DecodeError { field, ..error }
}

impl<'de> Deserializer<'de> for Reader<'_> {
    type Error = DecodeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Number(number) => {
                if let Some(value) = number.as_i64() {
                    visitor.visit_i64(value)
                } else if let Some(value) = number.as_u64() {
                    visitor.visit_u64(value)
                } else {
                    visitor.visit_f64(number.as_f64().unwrap_or_default())
                }
            }
            Value::String(text) => visitor.visit_str(text),
            Value::Array(items) => visitor.visit_seq(Items {
                items: items.iter(),
                at: 0,
                strict: self.strict,
            }),
            Value::Object(entries) => visitor.visit_map(Entries::of(entries, self.strict)),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.value {
            Value::Bool(value) => visitor.visit_bool(*value),
            _ => Err(self.mismatch("bool")),
        }
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.value.as_i64() {
            Some(value) => visitor.visit_i64(value),
            None => Err(self.mismatch("integer")),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.value {
            Value::String(text) => visitor.visit_str(text),
            _ => Err(self.mismatch("string")),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.deserialize_string(visitor)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.value {
            Value::Array(_) => self.deserialize_any(visitor),
            _ => Err(self.mismatch("list")),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.value {
            Value::Object(_) => self.deserialize_any(visitor),
            _ => Err(self.mismatch("mapping")),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.value {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        let Value::Object(object) = self.value else {
            return Err(self.mismatch("mapping"));
        };
        let mut known: Vec<(&'static str, &Value)> = Vec::with_capacity(object.len());
        for (key, value) in object {
            let field = fields
                .iter()
                .find(|field| **field == key)
                .or_else(|| fields.iter().find(|field| field.eq_ignore_ascii_case(key)));
            match field {
                Some(field) if !value.is_null() => match known.iter_mut().find(|k| k.0 == *field) {
                    // The exact name comes last: it wins.
                    Some(twice) if *field == key => twice.1 = value,
                    Some(_) => {}
                    None => known.push((field, value)),
                },
                Some(_) => {}
                None if self.strict => {
                    return Err(de::Error::custom(format!("unknown field {key:?}")));
                }
                None => {}
            }
        }
        visitor.visit_map(Known {
            fields: known.into_iter(),
            next: None,
            strict: self.strict,
        })
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        visitor.visit_newtype_struct(self)
    }

    serde::forward_to_deserialize_any! {
        i8 i16 i32 u8 u16 u32 u64 f32 f64 char bytes byte_buf unit unit_struct tuple
        tuple_struct enum identifier ignored_any
    }
}

struct Items<'a> {
    items: std::slice::Iter<'a, Value>,
    at: usize,
    strict: bool,
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = DecodeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, DecodeError> {
        let Some(value) = self.items.next() else {
            return Ok(None);
        };
        let step = format!("[{}]", self.at);
        self.at += 1;
        seed.deserialize(Reader {
            value,
            strict: self.strict,
        })
        .map(Some)
        .map_err(|error| inside(error, &step))
    }
}

struct Known<'a> {
    fields: std::vec::IntoIter<(&'static str, &'a Value)>,
    next: Option<(&'static str, &'a Value)>,
    strict: bool,
}

impl<'de> MapAccess<'de> for Known<'_> {
    type Error = DecodeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, DecodeError> {
        self.next = self.fields.next();
        match self.next {
            Some((field, _)) => seed.deserialize(field.into_deserializer()).map(Some),
            None => Ok(None),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(
        &mut self,
        seed: V,
    ) -> Result<V::Value, DecodeError> {
        let (field, value) = self.next.take().unwrap_or(("", &Value::Null));
        seed.deserialize(Reader {
            value,
            strict: self.strict,
        })
        .map_err(|error| inside(error, field))
    }
}

/// A mapping that is no struct: its keys stay as they are.
struct Entries<'a> {
    entries: serde_json::map::Iter<'a>,
    next: Option<(&'a String, &'a Value)>,
    strict: bool,
}

impl<'a> Entries<'a> {
    fn of(entries: &'a Map<String, Value>, strict: bool) -> Self {
        Self {
            entries: entries.iter(),
            next: None,
            strict,
        }
    }
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = DecodeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, DecodeError> {
        self.next = self.entries.next();
        match self.next {
            Some((key, _)) => {
                let key: StringDeserializer<DecodeError> = key.clone().into_deserializer();
                seed.deserialize(key).map(Some)
            }
            None => Ok(None),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(
        &mut self,
        seed: V,
    ) -> Result<V::Value, DecodeError> {
        let (key, value) = match self.next.take() {
            Some((key, value)) => (key.as_str(), value),
            None => ("", &Value::Null),
        };
        seed.deserialize(Reader {
            value,
            strict: self.strict,
        })
        .map_err(|error| inside(error, key))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default, rename_all = "camelCase")]
    struct Item {
        new_tag: String,
        count: i64,
    }

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default, rename_all = "camelCase")]
    struct Outer {
        name_prefix: String,
        images: Vec<Item>,
        labels: BTreeMap<String, String>,
        any: Option<Value>,
    }

    #[test]
    fn names_fit_in_any_case_and_null_is_nothing() {
        let read: Outer = strict(&json!({
            "NAMEPREFIX": "a-", "images": [{"newtag": "1", "count": null}], "labels": {"A": "b"},
            "any": {"x": [1, 2.5, "t"]}
        }))
        .unwrap();
        assert_eq!(read.name_prefix, "a-");
        assert_eq!(read.images[0].new_tag, "1");
        assert_eq!(read.labels["A"], "b");
        assert_eq!(read.any, Some(json!({"x": [1, 2.5, "t"]})));
    }

    #[test]
    fn errors_name_the_field() {
        let of = |value: Value| strict::<Outer>(&value).unwrap_err().to_string();
        assert_eq!(
            of(json!({"images": [{}, {"newTag": 1}]})),
            "images[1].newTag: expected string, found number"
        );
        assert_eq!(of(json!({"imgs": 1})), "unknown field \"imgs\"");
        assert_eq!(
            of(json!({"images": [{"tag": 1}]})),
            "images[0]: unknown field \"tag\""
        );
        assert_eq!(
            lenient::<Outer>(&json!({"imgs": 1})).unwrap(),
            Outer::default()
        );
    }
}
