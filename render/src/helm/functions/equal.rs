//! Go's `reflect.DeepEqual`.

use tiphys_template::{Call, FunctionError, Underlying, Value};

use super::{DEPTH, too_deep};

/// Whether two values are of the same type and the same all the way down.
pub fn deep_equal(call: &mut Call<'_>, a: &Value, b: &Value) -> Result<bool, FunctionError> {
    equal(call, a, b, 0)
}

fn equal(call: &mut Call<'_>, a: &Value, b: &Value, depth: usize) -> Result<bool, FunctionError> {
    if depth > DEPTH {
        return Err(too_deep());
    }
    call.spend(1)?;
    if a.go_type() != b.go_type() {
        return Ok(false);
    }
    Ok(match (a, b) {
        (Value::Nil, Value::Nil) => true,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Float64(a), Value::Float64(b)) => a == b,
        (Value::Uint(a), Value::Uint(b)) | (Value::Uint64(a), Value::Uint64(b)) => a == b,
        (Value::Complex128(a, c), Value::Complex128(b, d)) => a == b && c == d,
        (Value::String(a), Value::String(b)) | (Value::Bytes(a), Value::Bytes(b)) => a == b,
        (Value::List(a), Value::List(b)) => {
            if a.same(b) {
                return Ok(true);
            }
            if a.is_nil() != b.is_nil() || a.len() != b.len() {
                return Ok(false);
            }
            for (a, b) in a.to_vec().iter().zip(&b.to_vec()) {
                if !equal(call, a, b, depth + 1)? {
                    return Ok(false);
                }
            }
            true
        }
        (Value::Map(a), Value::Map(b)) => {
            if a.same(b) {
                return Ok(true);
            }
            if a.is_nil() != b.is_nil() || a.len() != b.len() {
                return Ok(false);
            }
            for ((key, a), (other, b)) in a.to_vec().iter().zip(&b.to_vec()) {
                if key != other || !equal(call, a, b, depth + 1)? {
                    return Ok(false);
                }
            }
            true
        }
        (Value::Object(a), Value::Object(b)) => match (a.underlying(), b.underlying()) {
            (Underlying::Value(a), Underlying::Value(b)) => equal(call, &a, &b, depth + 1)?,
            (Underlying::Struct(a), Underlying::Struct(b)) => {
                for ((_, a), (_, b)) in a.iter().zip(&b) {
                    if !equal(call, a, b, depth + 1)? {
                        return Ok(false);
                    }
                }
                true
            }
            _ => false,
        },
        (a, b) => a.as_integer() == b.as_integer(),
    })
}
