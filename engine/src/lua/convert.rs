//! Objects as Lua tables and back.

use mlua::Lua;
use serde_json::{Map, Value};

use super::LuaError;

/// Deepest nesting of an object or a result.
const DEEPEST: usize = 64;
/// Most values in a result: what a script may return is an object, or a few of them.
const MOST: usize = 200_000;

/// About how long an object is as JSON, in bytes.
pub(super) fn size(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 8,
        Value::String(text) => text.len() + 8,
        Value::Array(list) => 8 + list.iter().map(size).sum::<usize>(),
        Value::Object(map) => {
            8 + map
                .iter()
                .map(|(key, value)| key.len() + 8 + size(value))
                .sum::<usize>()
        }
    }
}

/// A JSON value in Lua: numbers are doubles, null is nil.
pub(super) fn to_lua(lua: &Lua, value: &Value, depth: usize) -> mlua::Result<mlua::Value> {
    if depth > DEEPEST {
        return Err(mlua::Error::runtime(format!(
            "the object is nested deeper than {DEEPEST}"
        )));
    }
    Ok(match value {
        Value::Null => mlua::Value::Nil,
        Value::Bool(value) => mlua::Value::Boolean(*value),
        Value::Number(number) => mlua::Value::Number(number.as_f64().unwrap_or(f64::NAN)),
        Value::String(text) => mlua::Value::String(lua.create_string(text)?),
        Value::Array(list) => {
            let table = lua.create_table_with_capacity(list.len(), 0)?;
            for (index, element) in list.iter().enumerate() {
                table.raw_set(index + 1, to_lua(lua, element, depth + 1)?)?;
            }
            mlua::Value::Table(table)
        }
        Value::Object(map) => {
            let table = lua.create_table_with_capacity(0, map.len())?;
            for (key, element) in map {
                table.raw_set(key.as_str(), to_lua(lua, element, depth + 1)?)?;
            }
            mlua::Value::Table(table)
        }
    })
}

/// A Lua value as JSON: a table with the keys 1 to n is a list, an empty one too, every other is an object.
pub(super) fn to_json(value: &mlua::Value) -> Result<Value, LuaError> {
    let mut left = MOST;
    json(value, 0, &mut left)
}

fn json(value: &mlua::Value, depth: usize, left: &mut usize) -> Result<Value, LuaError> {
    if depth > DEEPEST {
        return Err(LuaError::Result(format!(
            "it is nested deeper than {DEEPEST}"
        )));
    }
    *left = left
        .checked_sub(1)
        .ok_or_else(|| LuaError::Result(format!("it has more than {MOST} values")))?;
    match value {
        mlua::Value::Nil => Ok(Value::Null),
        mlua::Value::Boolean(value) => Ok(Value::Bool(*value)),
        mlua::Value::Integer(value) => Ok((*value).into()),
        mlua::Value::Number(value) => number(*value),
        mlua::Value::String(text) => Ok(Value::String(text.to_string_lossy())),
        mlua::Value::Table(table) => table_json(table, depth, left),
        other => Err(LuaError::Result(format!(
            "a {} is no JSON value",
            other.type_name()
        ))),
    }
}

fn table_json(table: &mlua::Table, depth: usize, left: &mut usize) -> Result<Value, LuaError> {
    let unreadable = |error: mlua::Error| LuaError::Result(error.to_string());
    let length = table.raw_len();
    let mut map = Map::new();
    let mut list = Vec::new();
    if length > 0 {
        for index in 1..=length {
            let element: mlua::Value = table.raw_get(index).map_err(unreadable)?;
            list.push(json(&element, depth + 1, left)?);
        }
        return Ok(Value::Array(list));
    }
    for pair in table.pairs::<mlua::Value, mlua::Value>() {
        let (key, element) = pair.map_err(unreadable)?;
        let mlua::Value::String(key) = &key else {
            return Err(LuaError::Result(format!(
                "a table with a {} as key is neither a list nor an object",
                key.type_name()
            )));
        };
        map.insert(key.to_string_lossy(), json(&element, depth + 1, left)?);
    }
    if map.is_empty() {
        return Ok(Value::Array(list));
    }
    Ok(Value::Object(map))
}

fn number(value: f64) -> Result<Value, LuaError> {
    if value.fract() == 0.0 && value.abs() < 9_007_199_254_740_992.0 {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "an integer below 2^53 fits exactly"
        )]
        return Ok(Value::from(value as i64));
    }
    serde_json::Number::from_f64(value)
        .map(Value::Number)
        .ok_or_else(|| LuaError::Result(format!("{value} is no JSON number")))
}

/// Gives back to a result what Lua cannot tell apart: where the object had a map and the script returned an empty list, the
/// empty map is meant.
pub(crate) fn restore_empty_maps(new: &mut Value, old: &Value) {
    match (new, old) {
        (Value::Object(new), Value::Object(old)) => {
            for (key, value) in new {
                if let Some(before) = old.get(key) {
                    restore_empty_maps(value, before);
                }
            }
        }
        (Value::Array(new), Value::Array(old)) => {
            for (value, before) in new.iter_mut().zip(old) {
                restore_empty_maps(value, before);
            }
        }
        (new @ Value::Array(_), Value::Object(_)) if new.as_array().is_some_and(Vec::is_empty) => {
            *new = Value::Object(Map::new());
        }
        _ => {}
    }
}
