//! The target as the API server will store it, where that is known without asking, and a live object as it is shown.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::scalar::encode;
use crate::managed_fields::LAST_APPLIED;
use crate::object;

/// The target: `stringData` of a Secret becomes `data`. What the API would refuse is left, so that applying it fails.
pub(crate) fn target(target: &Value) -> Cow<'_, Value> {
    if target.get("stringData").is_none() || !object::is_secret(target) {
        return Cow::Borrowed(target);
    }
    let mut target = target.clone();
    move_string_data(&mut target);
    Cow::Owned(target)
}

/// Writes `stringData` into `data`, over what is there, as the API server does.
pub(crate) fn move_string_data(secret: &mut Value) {
    let Some(object) = secret.as_object_mut() else {
        return;
    };
    match object.remove("stringData") {
        Some(Value::Object(plain)) => {
            let data = object
                .entry("data")
                .or_insert_with(|| Value::Object(Map::new()));
            if data.is_null() {
                *data = Value::Object(Map::new());
            }
            if let Value::Object(data) = data {
                for (name, value) in plain {
                    let value = match value {
                        Value::String(text) => Value::String(encode(text.as_bytes())),
                        other => other,
                    };
                    data.insert(name, value);
                }
            }
        }
        // It was empty, or is nothing that the API takes.
        Some(Value::Null) | None => {}
        Some(other) => {
            object.insert("stringData".to_owned(), other);
        }
    }
}

/// A live or predicted object as it is shown: without the records of field managers and of client-side apply.
pub(crate) fn shown(mut object: Value) -> Value {
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("managedFields");
        if metadata
            .get("creationTimestamp")
            .is_some_and(Value::is_null)
        {
            metadata.remove("creationTimestamp");
        }
        if let Some(annotations) = metadata
            .get_mut("annotations")
            .and_then(Value::as_object_mut)
            && annotations.remove(LAST_APPLIED).is_some()
            && annotations.is_empty()
        {
            metadata.remove("annotations");
        }
    }
    object
}
