//! `merge` and `mergeOverwrite`: what is missing or empty in a map is taken from another, maps within maps likewise.

use std::collections::BTreeMap;

use tiphys_template::{Call, FunctionError, Map, Underlying, Value};

use super::{DEPTH, MAP, too_deep};

/// Merges a map into another, which is changed; a nil one gives a new map.
pub fn merge(
    call: &mut Call<'_>,
    target: Map,
    source: &Map,
    overwrite: bool,
) -> Result<Map, FunctionError> {
    let target = if target.is_nil() && !source.is_nil() {
        Map::new(MAP, BTreeMap::new())
    } else {
        target
    };
    merge_into(call, &target, source, overwrite, 0)?;
    Ok(target)
}

fn merge_into(
    call: &mut Call<'_>,
    target: &Map,
    source: &Map,
    overwrite: bool,
    depth: usize,
) -> Result<(), FunctionError> {
    if depth > DEPTH {
        return Err(too_deep());
    }
    if target.is_nil() {
        return Ok(());
    }
    for (key, value) in source.to_vec() {
        call.spend(1)?;
        let present = target.get(&key);
        if matches!(value, Value::Nil) {
            if overwrite {
                target.insert(key, value);
            }
            continue;
        }
        let kept = present.as_ref().is_some_and(|present| !is_empty(present));
        match (&value, &present) {
            (Value::Map(source), Some(Value::Map(target))) => {
                merge_into(call, target, source, overwrite, depth + 1)?;
                // Two maps that are still empty: the source's takes the place.
                if !target.is_empty() {
                    continue;
                }
            }
            (Value::List(_) | Value::Bytes(_), Some(_)) if kept => {
                // A list takes the place of anything when it may, and of nothing otherwise.
                if overwrite {
                    target.insert(key, value);
                }
                continue;
            }
            _ => {}
        }
        if overwrite || !kept {
            target.insert(key, value);
        }
    }
    Ok(())
}

/// Emptiness in the sense of the library: as Go's JSON has it, through pointers.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Object(object) => match object.underlying() {
            Underlying::Value(value) => is_empty(&value),
            Underlying::Struct(_) => false,
        },
        other => !other.is_true(),
    }
}
