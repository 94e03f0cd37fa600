//! The functions of the language.

use super::compare;
use super::escape;
use super::operand::Operand;
use crate::error::FunctionError;
use crate::format;
use crate::function::Signature;
use crate::limits::Limits;
use crate::node::Builtin;
use crate::types::{Kind, Type};
use crate::value::{List, Text, Underlying, Value};

type Outcome = Result<Operand, FunctionError>;

/// Parameters and results, as the functions are declared in Go.
pub(super) fn signature(builtin: Builtin) -> Signature {
    const ONE: &[Type] = &[Type::Reflect];
    const TWO: &[Type] = &[Type::Reflect, Type::Reflect];
    match builtin {
        Builtin::And | Builtin::Or | Builtin::Call | Builtin::Index | Builtin::Slice => {
            Signature::variadic(ONE, Type::Reflect, Type::Reflect)
        }
        Builtin::Not => Signature::new(ONE, Type::Bool),
        Builtin::Len => Signature::new(ONE, Type::Int),
        Builtin::Html | Builtin::Js | Builtin::UrlQuery | Builtin::Print | Builtin::Println => {
            Signature::variadic(&[], Type::Interface, Type::String)
        }
        Builtin::Printf => Signature::variadic(&[Type::String], Type::Interface, Type::String),
        Builtin::Eq => Signature::variadic(ONE, Type::Reflect, Type::Bool),
        Builtin::Ne | Builtin::Lt | Builtin::Le | Builtin::Gt | Builtin::Ge => {
            Signature::new(TWO, Type::Bool)
        }
    }
}

/// Runs a function with arguments that match its signature. `callee` is the text of the first argument of `call`.
pub(super) fn run(
    builtin: Builtin,
    callee: &str,
    arguments: Vec<Operand>,
    limits: &Limits,
) -> Outcome {
    let boolean = |value: Result<bool, FunctionError>| {
        value.map(|value| Operand::concrete(Value::Bool(value)))
    };
    let none = Operand::invalid();
    let first = arguments.first().unwrap_or(&none);
    let second = arguments.get(1).unwrap_or(&none);
    match builtin {
        Builtin::And | Builtin::Or => Ok(none),
        Builtin::Not => boolean(Ok(!first.value.is_true())),
        Builtin::Call => call(callee, first),
        Builtin::Index => index(first, arguments.get(1..).unwrap_or_default()),
        Builtin::Slice => slice(first, arguments.get(1..).unwrap_or_default()),
        Builtin::Len => length(first),
        Builtin::Eq => boolean(compare::equal(
            first,
            arguments.get(1..).unwrap_or_default(),
            limits,
        )),
        Builtin::Ne => {
            boolean(compare::equal(first, std::slice::from_ref(second), limits).map(|equal| !equal))
        }
        Builtin::Lt => boolean(compare::less(first, second)),
        Builtin::Le => boolean(compare::less_or_equal(first, second, limits)),
        Builtin::Gt => {
            boolean(compare::less_or_equal(first, second, limits).map(|less_or_equal| !less_or_equal))
        }
        Builtin::Ge => boolean(compare::less(first, second).map(|less| !less)),
        Builtin::Print
        | Builtin::Printf
        | Builtin::Println
        | Builtin::Html
        | Builtin::Js
        | Builtin::UrlQuery => {
            let values: Vec<Value> = arguments.into_iter().map(|operand| operand.value).collect();
            print(builtin, values, limits)
        }
    }
}

fn print(builtin: Builtin, values: Vec<Value>, limits: &Limits) -> Outcome {
    let text = match builtin {
        Builtin::Print => format::sprint(&values, limits)?,
        Builtin::Println => format::sprintln(&values, limits)?,
        Builtin::Printf => match values.split_first() {
            Some((Value::String(format), rest)) => format::sprintf(format, rest, limits)?,
            _ => Vec::new(),
        },
        escaping => {
            let text = plain_text(values, limits)?;
            match escaping {
                Builtin::Html => escape::html(&text),
                Builtin::Js => escape::javascript(&text),
                _ => escape::url_query(&text),
            }
        }
    };
    Ok(Operand::concrete(Value::String(Text::from(text))))
}

/// The text that is escaped: each value as an action prints it.
fn plain_text(values: Vec<Value>, limits: &Limits) -> Result<Vec<u8>, FunctionError> {
    if let [Value::String(text)] = &values[..] {
        return Ok(text.to_vec());
    }
    let shown: Vec<Value> = values
        .into_iter()
        .map(|value| match value {
            Value::Nil => Value::string("<no value>"),
            other => other,
        })
        .collect();
    Ok(format::sprint(&shown, limits)?)
}

fn call(callee: &str, function: &Operand) -> Outcome {
    Err(FunctionError::new(match &function.value {
        Value::Nil => "call of nil".to_owned(),
        other => format!("non-function {callee} of type {}", other.go_type()),
    }))
}

/// The value that is indexed, sliced or measured: pointers and names are looked through.
fn container(value: &Value) -> Value {
    match value {
        Value::Object(object) => match object.underlying() {
            Underlying::Value(value) => value,
            Underlying::Struct(_) => value.clone(),
        },
        other => other.clone(),
    }
}

fn index(item: &Operand, indexes: &[Operand]) -> Outcome {
    if matches!(item.value, Value::Nil) {
        return Err(FunctionError::new("index of untyped nil"));
    }
    let mut item = item.clone().unboxed();
    for index in indexes {
        if matches!(item.value, Value::Nil) {
            return Err(FunctionError::new("index of nil pointer"));
        }
        item = match container(&item.value) {
            Value::List(list) => {
                let boxed = list.element_type().kind() == Kind::Interface;
                let place = index_of(&index.value, list.len())?;
                let element = list
                    .get(place)
                    .ok_or("reflect: slice index out of range")?;
                Operand::of_element(element, boxed)
            }
            Value::Bytes(text) => {
                let place = index_of(&index.value, text.len())?;
                let byte = text.get(place).ok_or("reflect: slice index out of range")?;
                Operand::concrete(Value::Uint8(*byte))
            }
            Value::String(text) => {
                let place = index_of(&index.value, text.len())?;
                let byte = text
                    .get(place)
                    .ok_or("reflect: string index out of range")?;
                Operand::concrete(Value::Uint8(*byte))
            }
            Value::Map(map) => {
                let Value::String(key) = index.value.plain() else {
                    return Err(FunctionError::new(match &index.value {
                        Value::Nil => "value is nil; should be of type string".to_owned(),
                        other => format!("value has type {}; should be string", other.go_type()),
                    }));
                };
                let boxed = map.element_type().kind() == Kind::Interface;
                let element = map
                    .get(key)
                    .unwrap_or_else(|| Value::zero(map.element_type()));
                Operand::of_element(element, boxed)
            }
            other => {
                return Err(FunctionError::new(format!(
                    "can't index item of type {}",
                    other.go_type()
                )));
            }
        };
    }
    Ok(item)
}

/// An index from 0 up to a length, that length included.
fn index_of(index: &Value, length: usize) -> Result<usize, FunctionError> {
    let number = match index {
        Value::Nil => {
            return Err(FunctionError::new("cannot index slice/array with nil"));
        }
        // Beyond an int64 Go's conversion is negative.
        Value::Uint(number) | Value::Uint64(number) => *number as i64,
        other => other.as_integer().ok_or_else(|| {
            FunctionError::new(format!(
                "cannot index slice/array with type {}",
                other.go_type()
            ))
        })?,
    };
    usize::try_from(number)
        .ok()
        .filter(|place| *place <= length)
        .ok_or_else(|| FunctionError::new(format!("index out of range: {number}")))
}

fn slice(item: &Operand, indexes: &[Operand]) -> Outcome {
    if matches!(item.value, Value::Nil) {
        return Err(FunctionError::new("slice of untyped nil"));
    }
    if indexes.len() > 3 {
        return Err(FunctionError::new(format!(
            "too many slice indexes: {}",
            indexes.len()
        )));
    }
    let sliced = container(&item.value);
    let length = match &sliced {
        Value::String(_) if indexes.len() == 3 => {
            return Err(FunctionError::new("cannot 3-index slice a string"));
        }
        Value::String(text) | Value::Bytes(text) => text.len(),
        Value::List(list) => list.len(),
        other => {
            return Err(FunctionError::new(format!(
                "can't slice item of type {}",
                other.go_type()
            )));
        }
    };
    let mut bounds = [0, length, length];
    for (bound, index) in bounds.iter_mut().zip(indexes) {
        *bound = index_of(&index.value, length)?;
    }
    let [from, to, end] = bounds;
    for (low, high) in [(from, to), (to, end)] {
        if low > high {
            return Err(FunctionError::new(format!(
                "invalid slice index: {low} > {high}"
            )));
        }
    }
    Ok(Operand::concrete(match sliced {
        Value::String(text) => Value::String(Text::from(&text[from..to])),
        Value::Bytes(text) => Value::Bytes(Text::from(&text[from..to])),
        Value::List(list) => {
            let items = list.items()[from..to].to_vec();
            Value::List(List::new(list.go_type(), items))
        }
        other => other,
    }))
}

fn length(item: &Operand) -> Outcome {
    if item.is_boxed_nil() {
        return Err(FunctionError::new("len of nil pointer"));
    }
    let length = match container(&item.value) {
        Value::Nil => {
            return Err(FunctionError::new(
                "reflect: call of reflect.Value.Type on zero Value",
            ));
        }
        Value::String(text) | Value::Bytes(text) => text.len(),
        Value::List(list) => list.len(),
        Value::Map(map) => map.len(),
        _ => {
            return Err(FunctionError::new(format!(
                "len of type {}",
                item.value.go_type()
            )));
        }
    };
    Ok(Operand::concrete(Value::Int(length as i64)))
}
