//! Values as text: what Go's `%v`, `%q` and Sprig's `toString` make of them.

use std::borrow::Cow;

pub use tiphys_template::strconv::quote as quoted;
use tiphys_template::{FunctionError, Text, Underlying, Value};

use super::{DEPTH, too_deep};
use crate::go_float;

/// Sprig's `strval`: a string as it is, `%v` of everything else.
pub fn plain(value: &Value) -> Result<Text, FunctionError> {
    match value {
        Value::String(text) | Value::Bytes(text) => Ok(text.clone()),
        other => display(other),
    }
}

/// Go's `%v`.
pub fn display(value: &Value) -> Result<Text, FunctionError> {
    let mut out = Vec::new();
    write(&mut out, value, 0)?;
    Ok(Text::from(out))
}

fn write(out: &mut Vec<u8>, value: &Value, depth: usize) -> Result<(), FunctionError> {
    if depth > DEPTH {
        return Err(too_deep());
    }
    match value {
        Value::Nil => out.extend_from_slice(b"<nil>"),
        Value::Bool(value) => out.extend_from_slice(value.to_string().as_bytes()),
        Value::Float64(number) => out.extend_from_slice(go_float::shortest(*number).as_bytes()),
        Value::Uint(number) | Value::Uint64(number) => {
            out.extend_from_slice(number.to_string().as_bytes());
        }
        Value::Complex128(real, imaginary) => {
            let sign = if imaginary.is_sign_negative() {
                ""
            } else {
                "+"
            };
            let (real, imaginary) = (go_float::shortest(*real), go_float::shortest(*imaginary));
            out.extend_from_slice(format!("({real}{sign}{imaginary}i)").as_bytes());
        }
        Value::String(text) => out.extend_from_slice(text),
        Value::Bytes(bytes) => {
            let numbers: Vec<String> = bytes.iter().map(u8::to_string).collect();
            out.extend_from_slice(format!("[{}]", numbers.join(" ")).as_bytes());
        }
        Value::List(list) => {
            out.push(b'[');
            for (index, item) in list.to_vec().iter().enumerate() {
                if index > 0 {
                    out.push(b' ');
                }
                write(out, item, depth + 1)?;
            }
            out.push(b']');
        }
        Value::Map(map) => {
            out.extend_from_slice(b"map[");
            for (index, (key, item)) in map.to_vec().iter().enumerate() {
                if index > 0 {
                    out.push(b' ');
                }
                out.extend_from_slice(key);
                out.push(b':');
                write(out, item, depth + 1)?;
            }
            out.push(b']');
        }
        Value::Object(object) => match (object.string(), object.underlying()) {
            (Some(text), _) => out.extend_from_slice(&text),
            (None, Underlying::Value(value)) => write(out, &value, depth + 1)?,
            (None, Underlying::Struct(fields)) => {
                out.push(b'{');
                for (index, (_, field)) in fields.iter().enumerate() {
                    if index > 0 {
                        out.push(b' ');
                    }
                    write(out, field, depth + 1)?;
                }
                out.push(b'}');
            }
        },
        whole => {
            let number = whole.as_integer().unwrap_or_default();
            out.extend_from_slice(number.to_string().as_bytes());
        }
    }
    Ok(())
}

/// The text of a string argument, invalid bytes shown as U+FFFD.
pub fn lossy(text: &Text) -> Cow<'_, str> {
    text.to_string_lossy()
}

/// Go's upper case of one character.
pub fn upper(character: char) -> char {
    let mut mapped = character.to_uppercase();
    match (mapped.next(), mapped.next()) {
        (Some(one), None) => one,
        _ => character,
    }
}

/// Go's lower case of one character.
pub fn lower(character: char) -> char {
    character.to_lowercase().next().unwrap_or(character)
}

/// Maps every character; invalid bytes become U+FFFD.
pub fn map_characters(text: &Text, change: impl Fn(char) -> char) -> Value {
    Value::string(lossy(text).chars().map(change).collect::<String>())
}
