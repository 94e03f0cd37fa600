//! Comparison: `eq`, `ne`, `lt`, `le`, `gt`, `ge`.

use super::operand::Operand;
use crate::error::FunctionError;
use crate::format;
use crate::limits::Limits;
use crate::types::Kind;
use crate::value::Value;

type Outcome = Result<bool, FunctionError>;

/// The basic kinds, which alone have an order.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Basic {
    Bool(bool),
    Int(i64),
    Uint(u64),
    Float(f64),
    Complex(f64, f64),
    Other,
}

fn basic(value: &Value) -> Basic {
    match value {
        Value::Bool(value) => Basic::Bool(*value),
        Value::Int(value) | Value::Int64(value) => Basic::Int(*value),
        Value::Int32(value) => Basic::Int(i64::from(*value)),
        Value::Uint(value) | Value::Uint64(value) => Basic::Uint(*value),
        Value::Uint8(value) => Basic::Uint(u64::from(*value)),
        Value::Uint32(value) => Basic::Uint(u64::from(*value)),
        Value::Float64(value) => Basic::Float(*value),
        Value::Complex128(real, imaginary) => Basic::Complex(*real, *imaginary),
        _ => Basic::Other,
    }
}

/// Whether the first equals one of the others.
pub(super) fn equal(first: &Operand, others: &[Operand], limits: &Limits) -> Outcome {
    if others.is_empty() {
        return Err(FunctionError::new("missing argument for comparison"));
    }
    for other in others {
        if equal_pair(&first.value, &other.value, limits)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn equal_pair(left: &Value, right: &Value, limits: &Limits) -> Outcome {
    let (plain_left, plain_right) = (left.plain(), right.plain());
    if let (Value::String(left), Value::String(right)) = (&plain_left, &plain_right) {
        return Ok(left == right);
    }
    match (basic(&plain_left), basic(&plain_right)) {
        (Basic::Bool(left), Basic::Bool(right)) => Ok(left == right),
        (Basic::Int(left), Basic::Int(right)) => Ok(left == right),
        (Basic::Uint(left), Basic::Uint(right)) => Ok(left == right),
        (Basic::Float(left), Basic::Float(right)) => Ok(left == right),
        (Basic::Complex(a, b), Basic::Complex(c, d)) => Ok(a == c && b == d),
        (Basic::Int(signed), Basic::Uint(unsigned)) | (Basic::Uint(unsigned), Basic::Int(signed)) => {
            Ok(u64::try_from(signed) == Ok(unsigned))
        }
        (Basic::Other, Basic::Other)
            if !matches!(plain_left, Value::String(_))
                && !matches!(plain_right, Value::String(_)) =>
        {
            equal_others(left, right, limits)
        }
        _ if matches!(left, Value::Nil) || matches!(right, Value::Nil) => Ok(false),
        _ => Err(incompatible(left, right)),
    }
}

/// Values that are no numbers, strings or booleans: equal when both are nil; lists and maps cannot be compared.
fn equal_others(left: &Value, right: &Value, limits: &Limits) -> Outcome {
    let (left_kind, right_kind) = (left.kind(), right.kind());
    let no_value = left_kind == Kind::Invalid || right_kind == Kind::Invalid;
    if left_kind != right_kind && !no_value {
        return Err(FunctionError::new(format!(
            "non-comparable types {}: {}, {}: {}",
            format::describe(left, 's', limits),
            left.go_type(),
            right.go_type(),
            format::describe(right, 'v', limits),
        )));
    }
    if left.is_nil() || right.is_nil() {
        return Ok(left.is_nil() == right.is_nil());
    }
    match (left, right) {
        (Value::Object(left), Value::Object(right)) => {
            let equals = if std::rc::Rc::ptr_eq(left, right) && right_kind == Kind::Pointer {
                Some(true)
            } else {
                left.equals(&**right)
            };
            equals.ok_or_else(|| not_comparable(&Value::Object(right.clone()), limits))
        }
        _ => Err(not_comparable(right, limits)),
    }
}

fn not_comparable(value: &Value, limits: &Limits) -> FunctionError {
    FunctionError::new(format!(
        "non-comparable type {}: {}",
        format::describe(value, 's', limits),
        value.go_type()
    ))
}

fn incompatible(left: &Value, right: &Value) -> FunctionError {
    FunctionError::new(format!(
        "incompatible types for comparison: {} and {}",
        left.go_type(),
        right.go_type()
    ))
}

/// Whether the first is less.
pub(super) fn less(left: &Operand, right: &Operand) -> Outcome {
    let bad = || FunctionError::new("invalid type for comparison");
    let (plain_left, plain_right) = (left.value.plain(), right.value.plain());
    if let (Value::String(left), Value::String(right)) = (&plain_left, &plain_right) {
        return Ok(left.as_bytes() < right.as_bytes());
    }
    let has_kind =
        |value: &Value| matches!(value, Value::String(_)) || basic(value) != Basic::Other;
    if !has_kind(&plain_left) || !has_kind(&plain_right) {
        return Err(bad());
    }
    match (basic(&plain_left), basic(&plain_right)) {
        (Basic::Int(left), Basic::Int(right)) => Ok(left < right),
        (Basic::Uint(left), Basic::Uint(right)) => Ok(left < right),
        (Basic::Float(left), Basic::Float(right)) => Ok(left < right),
        (Basic::Int(left), Basic::Uint(right)) => {
            Ok(u64::try_from(left).map_or(true, |left| left < right))
        }
        (Basic::Uint(left), Basic::Int(right)) => {
            Ok(u64::try_from(right).is_ok_and(|right| left < right))
        }
        (Basic::Bool(_), Basic::Bool(_)) | (Basic::Complex(..), Basic::Complex(..)) => Err(bad()),
        _ => Err(incompatible(&left.value, &right.value)),
    }
}

/// Whether the first is less or equal.
pub(super) fn less_or_equal(left: &Operand, right: &Operand, limits: &Limits) -> Outcome {
    Ok(less(left, right)? || equal_pair(&left.value, &right.value, limits)?)
}
