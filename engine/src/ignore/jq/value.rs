//! The order of jq's values, and what else it says of them.

use std::cmp::Ordering;

use serde_json::{Number, Value};

/// Name of a value's type.
pub(super) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// The bit of a value's type.
pub(super) fn type_bit(value: &Value) -> u8 {
    use super::types::{ARRAY, BOOLEAN, NULL, NUMBER, OBJECT, STRING};
    match value {
        Value::Null => NULL,
        Value::Bool(_) => BOOLEAN,
        Value::Number(_) => NUMBER,
        Value::String(_) => STRING,
        Value::Array(_) => ARRAY,
        Value::Object(_) => OBJECT,
    }
}

/// Everything is true but `null` and `false`.
pub(super) fn truth(value: &Value) -> bool {
    !matches!(value, Value::Null | Value::Bool(false))
}

fn rank(value: &Value) -> u8 {
    match value {
        Value::Null => 0,
        Value::Bool(false) => 1,
        Value::Bool(true) => 2,
        Value::Number(_) => 3,
        Value::String(_) => 4,
        Value::Array(_) => 5,
        Value::Object(_) => 6,
    }
}

fn numbers(a: &Number, b: &Number) -> Ordering {
    match (a.as_i64(), b.as_i64()) {
        (Some(a), Some(b)) => a.cmp(&b),
        _ => a
            .as_f64()
            .unwrap_or_default()
            .total_cmp(&b.as_f64().unwrap_or_default()),
    }
}

/// The order of the jq manual (`sort`): null, false, true, numbers, texts, lists, maps by their sorted keys and then their values.
pub(super) fn order(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => numbers(a, b),
        (Value::String(a), Value::String(b)) => a.cmp(b),
        (Value::Array(a), Value::Array(b)) => a
            .iter()
            .zip(b)
            .map(|(a, b)| order(a, b))
            .find(|order| order.is_ne())
            .unwrap_or_else(|| a.len().cmp(&b.len())),
        (Value::Object(a), Value::Object(b)) => {
            let keys = |map: &serde_json::Map<String, Value>| {
                let mut keys: Vec<String> = map.keys().cloned().collect();
                keys.sort();
                keys
            };
            let (a_keys, b_keys) = (keys(a), keys(b));
            a_keys.cmp(&b_keys).then_with(|| {
                a_keys
                    .iter()
                    .map(|key| order(&a[key.as_str()], &b[key.as_str()]))
                    .find(|order| order.is_ne())
                    .unwrap_or(Ordering::Equal)
            })
        }
        _ => rank(a).cmp(&rank(b)),
    }
}

/// jq's `contains`: texts by their parts, lists and maps by what they hold. Each comparison takes one from `fuel`; none when it is used up.
pub(super) fn contains(a: &Value, b: &Value, fuel: &mut u64) -> Option<bool> {
    *fuel = fuel.checked_sub(1)?;
    Some(match (a, b) {
        (Value::String(a), Value::String(b)) => {
            *fuel = fuel.checked_sub(a.len() as u64 / 4)?;
            a.contains(b.as_str())
        }
        (Value::Array(a), Value::Array(b)) => {
            for wanted in b {
                let mut found = false;
                for item in a {
                    found = type_name(item) == type_name(wanted) && contains(item, wanted, fuel)?;
                    if found {
                        break;
                    }
                    *fuel = fuel.checked_sub(1)?;
                }
                if !found {
                    return Some(false);
                }
            }
            true
        }
        (Value::Object(a), Value::Object(b)) => {
            for (name, wanted) in b {
                let holds = match a.get(name) {
                    Some(item) if type_name(item) == type_name(wanted) => {
                        contains(item, wanted, fuel)?
                    }
                    _ => false,
                };
                if !holds {
                    return Some(false);
                }
            }
            true
        }
        (a, b) => order(a, b).is_eq(),
    })
}

/// How many values there are in a value, and how much text, as fuel. Stops counting at `limit`.
pub(super) fn size(value: &Value, limit: u64) -> u64 {
    let mut stack = vec![value];
    let mut total = 0;
    while let Some(next) = stack.pop() {
        total += 1;
        if total > limit {
            break;
        }
        match next {
            Value::String(text) => total += text.len() as u64 / 4,
            Value::Array(items) => stack.extend(items),
            Value::Object(map) => {
                total += map.keys().map(|key| key.len() as u64 / 4).sum::<u64>();
                stack.extend(map.values());
            }
            _ => {}
        }
    }
    total
}
