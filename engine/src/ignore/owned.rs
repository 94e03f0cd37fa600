//! The parts of an object that a field manager owns.

use serde_json::{Map, Value};

use super::{ConcretePath, Key};
use crate::diff::index::Places;
use crate::diff::shape::Shape;
use crate::diff::{METADATA, Options};
use crate::managed_fields::{is_leaf, parse_keys};
use crate::object;
use crate::schema::MapKey;

/// Deepest level of a record that is read.
const MAX_DEPTH: usize = 100;
/// Most sets of keys that one list is searched by.
const MAX_KEY_SETS: usize = 4;

/// Adds the paths of `object` that a record says are owned. What names the object, and what names an element of a list, stays.
pub(super) fn paths(
    fields: &Map<String, Value>,
    object: &Value,
    options: &Options<'_>,
    found: &mut Vec<ConcretePath>,
) {
    let shape = options.shape(&object::gvk(object));
    let mut path = Vec::new();
    for (name, inner) in fields {
        let Some(field) = name.strip_prefix("f:") else {
            continue;
        };
        if field == "metadata" {
            let (Some(inner), Some(metadata)) = (inner.as_object(), object.get(field)) else {
                continue;
            };
            path.push(Key::Field(field.to_owned()));
            for part in METADATA {
                if let Some(part_fields) = inner.get(&format!("f:{part}")) {
                    field_paths(
                        part,
                        part_fields,
                        metadata,
                        &shape.field(field),
                        &mut path,
                        found,
                    );
                }
            }
            path.pop();
        } else {
            field_paths(field, inner, object, &shape, &mut path, found);
        }
    }
}

fn field_paths(
    field: &str,
    inner: &Value,
    holder: &Value,
    shape: &Shape<'_>,
    path: &mut ConcretePath,
    found: &mut Vec<ConcretePath>,
) {
    let Some(value) = holder.get(field) else {
        return;
    };
    path.push(Key::Field(field.to_owned()));
    match inner.as_object() {
        Some(inner) if !is_leaf(inner) => below(inner, value, &shape.field(field), path, found),
        // Only the map itself is owned, and what is in it belongs to others.
        Some(inner) if inner.contains_key(".") => {}
        _ => found.push(path.clone()),
    }
    path.pop();
}

fn below(
    fields: &Map<String, Value>,
    value: &Value,
    shape: &Shape<'_>,
    path: &mut ConcretePath,
    found: &mut Vec<ConcretePath>,
) {
    if path.len() > MAX_DEPTH {
        return;
    }
    let list = value.as_array();
    let mut places: Vec<(Vec<MapKey>, Places)> = Vec::new();
    for (name, inner) in fields {
        if let Some(field) = name.strip_prefix("f:") {
            field_paths(field, inner, value, shape, path, found);
        } else if let (Some(keys), Some(list)) = (parse_keys(name), list) {
            let Some(inner) = inner.as_object() else {
                continue;
            };
            let stated = Value::Object(keys);
            let Some(place) = find(&stated, list, shape, &mut places) else {
                continue;
            };
            path.push(Key::Index(place));
            let rest: Map<String, Value> = inner
                .iter()
                .filter(|(name, _)| {
                    name.strip_prefix("f:")
                        .is_some_and(|field| stated.get(field).is_none())
                })
                .map(|(name, inner)| (name.clone(), inner.clone()))
                .collect();
            below(&rest, &list[place], &shape.element(), path, found);
            path.pop();
        } else if let (Some(text), Some(list)) = (name.strip_prefix("v:"), list) {
            let member = serde_json::from_str::<Value>(text).ok();
            if let Some(place) = list.iter().position(|item| Some(item) == member.as_ref()) {
                path.push(Key::Index(place));
                found.push(path.clone());
                path.pop();
            }
        }
    }
}

fn find(
    stated: &Value,
    list: &[Value],
    shape: &Shape<'_>,
    places: &mut Vec<(Vec<MapKey>, Places)>,
) -> Option<usize> {
    let names = stated.as_object()?;
    let known = places.iter().position(|(keys, _)| {
        keys.len() == names.len() && keys.iter().all(|key| names.contains_key(&*key.name))
    });
    let known = match known {
        Some(known) => known,
        None if places.len() >= MAX_KEY_SETS => return None,
        None => {
            let keys = shape.keys_named(names.keys());
            let table = Places::new(list, &keys);
            places.push((keys, table));
            places.len() - 1
        }
    };
    let (keys, table) = places.get(known)?;
    table.find(list, stated, keys)
}
