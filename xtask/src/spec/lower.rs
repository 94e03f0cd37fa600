//! Lowers the document to OpenAPI 3.0.3, for the tools that know nothing newer.

use anyhow::{Result, bail};
use serde_json::{Map, Value, json};

use super::names;

/// The document in OpenAPI 3.0.3, with whole paths.
///
/// What differs: `$ref` stands alone, an error has one schema whatever its code, path variables are identifiers, and
/// the vendor extensions are gone.
pub fn lower(document: &Value) -> Result<Value> {
    let mut lowered = document.clone();
    lowered["openapi"] = json!("3.0.3");
    let base = document["servers"][0]["url"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let mut paths = Map::new();
    if let Some(items) = document["paths"].as_object() {
        for (path, item) in items {
            let mut item = item.clone();
            let own = item.as_object_mut().and_then(|item| item.remove("servers"));
            let prefix = if own.is_some() { "" } else { base.as_str() };
            for operation in item
                .as_object_mut()
                .into_iter()
                .flat_map(|item| item.values_mut())
            {
                let parameters = operation
                    .get_mut("parameters")
                    .and_then(Value::as_array_mut);
                for parameter in parameters.into_iter().flatten() {
                    if parameter["in"] == "path" {
                        parameter["name"] =
                            json!(names::snake(parameter["name"].as_str().unwrap_or_default()));
                    }
                }
            }
            paths.insert(format!("{prefix}{}", super::api::dropshot_path(path)), item);
        }
    }
    lowered["paths"] = Value::Object(paths);
    walk(&mut lowered, "")?;
    Ok(lowered)
}

fn walk(value: &mut Value, place: &str) -> Result<()> {
    match value {
        Value::Object(object) => {
            object.retain(|key, _| !key.starts_with("x-tiphys-"));
            if object.contains_key("$ref") {
                object.retain(|key, _| key == "$ref");
            }
            for newer in [
                "const",
                "prefixItems",
                "$defs",
                "if",
                "then",
                "else",
                "examples",
            ] {
                // A property may be called so; a keyword may not be used.
                if !place.ends_with("/properties") && object.contains_key(newer) {
                    bail!("{place}: `{newer}` has no form in OpenAPI 3.0");
                }
            }
            for (key, inner) in object.iter_mut() {
                walk(inner, &format!("{place}/{key}"))?;
            }
        }
        Value::Array(items) => {
            for item in items {
                walk(item, place)?;
            }
        }
        _ => {}
    }
    Ok(())
}
