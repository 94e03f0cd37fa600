//! The hash of the content of a ConfigMap or Secret that is appended to its name.

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::resource::Resource;

/// The hash of an object, ten characters.
///
/// # Errors
/// When the object is neither ConfigMap nor Secret: upstream hashes its parser's memory of other kinds.
pub(super) fn of(resource: &Resource) -> Result<String, String> {
    let fields: &[&str] = match resource.kind() {
        "ConfigMap" => &["data", "binaryData"],
        "Secret" => &["data", "stringData"],
        kind => return Err(format!("no name hash of kind {kind}")),
    };
    let mut content = Map::new();
    content.insert("kind".into(), resource.kind().into());
    // Upstream looks for a field called `metadata/name`, and so hashes an empty name.
    content.insert("name".into(), "".into());
    if resource.kind() == "Secret" {
        content.insert("type".into(), field(resource, "type"));
    }
    for name in fields {
        let value = field(resource, name);
        // The second field takes part only if it is there.
        if *name == "data" || value.is_object() {
            content.insert((*name).to_owned(), value);
        }
    }
    let mut text = String::new();
    write(&Value::Object(content), &mut text);
    let digest = Sha256::digest(text.as_bytes());
    Ok(encode(&digest[..5]))
}

fn field(resource: &Resource, name: &str) -> Value {
    match resource.object.get(name) {
        None | Some(Value::Null) => Value::String(String::new()),
        Some(value) => value.clone(),
    }
}

/// Hexadecimal digits, without those that could spell words or look alike.
fn encode(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| char::from(b"gh2k456789mbcdtf"[usize::from(digit)]))
        .collect()
}

/// JSON as Go writes it: keys in order of their bytes, `<`, `>`, `&` and the line separators of Unicode escaped.
fn write(value: &Value, out: &mut String) {
    match value {
        Value::Object(entries) => {
            let mut entries: Vec<_> = entries.iter().collect();
            entries.sort_by_key(|(key, _)| key.as_bytes());
            out.push('{');
            for (place, (key, value)) in entries.into_iter().enumerate() {
                if place > 0 {
                    out.push(',');
                }
                quote(key, out);
                out.push(':');
                write(value, out);
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for (place, item) in items.iter().enumerate() {
                if place > 0 {
                    out.push(',');
                }
                write(item, out);
            }
            out.push(']');
        }
        Value::String(text) => quote(text, out),
        other => out.push_str(&other.to_string()),
    }
}

fn quote(text: &str, out: &mut String) {
    for character in Value::from(text).to_string().chars() {
        match character {
            '<' => out.push_str("\\u003c"),
            '>' => out.push_str("\\u003e"),
            '&' => out.push_str("\\u0026"),
            '\u{2028}' => out.push_str("\\u2028"),
            '\u{2029}' => out.push_str("\\u2029"),
            other => out.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;

    #[test]
    fn hashes_are_those_of_kustomize() {
        let of = |object: Value| of(&Resource::new(object, &Arc::from(""), 1));
        let map =
            |data: Value| json!({"kind": "ConfigMap", "metadata": {"name": "a"}, "data": data});
        assert_eq!(of(map(json!({"a": "b"}))).unwrap(), "4h2mbtbbt6");
        assert!(of(json!({"kind": "Pod"})).is_err());
    }
}
