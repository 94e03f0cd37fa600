//! Lists. Most functions come twice: the plain one panics in Go, the `must` one returns the error; templates see the same text.

use tiphys_template::{
    Arguments, Call, FunctionError, Functions, List, Signature, Type, Underlying, Value,
};

use super::convert::{int64, truncated};
use super::equal::deep_equal;
use super::logic::is_empty;
use super::{ANY, Answer, BOOL, INT, LIST, NIL_POINTER};

const LISTS: Type = Type::Slice(&Type::LIST);

pub fn define(functions: &mut Functions) {
    for name in ["list", "tuple"] {
        functions.define(name, Signature::variadic(&[], ANY, LIST), |call, a| {
            fresh(call, a.to_vec())
        });
    }
    ends(functions);
    changes(functions);
    for name in ["has", "mustHas"] {
        functions.define(name, Signature::new(&[ANY, ANY], BOOL), |call, a| {
            if matches!(a.value(1), Value::Nil) {
                return Ok(false.into());
            }
            let items = wanted(a.value(1), "Cannot find has on type")?;
            Ok(is_in(call, &items, a.value(0))?.into())
        });
    }
    for name in ["slice", "mustSlice"] {
        functions.define(name, Signature::variadic(&[ANY], ANY, ANY), slice);
    }
    for name in ["chunk", "mustChunk"] {
        functions.define(name, Signature::new(&[INT, ANY], LISTS), chunk);
    }
    functions.define("concat", Signature::variadic(&[], ANY, ANY), |call, a| {
        let mut all = Vec::new();
        for list in a.iter() {
            let Some(items) = items(list) else {
                return Err(match list {
                    Value::Nil => FunctionError::new(NIL_POINTER),
                    other => FunctionError::new(format!(
                        "Cannot concat type {} as list",
                        other.go_type().kind_name()
                    )),
                });
            };
            all.extend(items);
        }
        if all.is_empty() {
            return Ok(Value::List(List::nil(LIST)));
        }
        fresh(call, all)
    });
}

/// First, last and the rest.
fn ends(functions: &mut Functions) {
    const ITEM: Signature = Signature::new(&[ANY], ANY);
    const REST: Signature = Signature::new(&[ANY], LIST);
    for name in ["first", "mustFirst"] {
        functions.define(name, ITEM, |_, a| {
            let items = wanted(a.value(0), "Cannot find first on type")?;
            Ok(items.into_iter().next().unwrap_or_default())
        });
    }
    for name in ["last", "mustLast"] {
        functions.define(name, ITEM, |_, a| {
            let items = wanted(a.value(0), "Cannot find last on type")?;
            Ok(items.into_iter().next_back().unwrap_or_default())
        });
    }
    for name in ["rest", "mustRest"] {
        functions.define(name, REST, |call, a| {
            let items = wanted(a.value(0), "Cannot find rest on type")?;
            match items.split_first() {
                Some((_, rest)) => fresh(call, rest.to_vec()),
                None => Ok(Value::List(List::nil(LIST))),
            }
        });
    }
    for name in ["initial", "mustInitial"] {
        functions.define(name, REST, |call, a| {
            let items = wanted(a.value(0), "Cannot find initial on type")?;
            match items.split_last() {
                Some((_, rest)) => fresh(call, rest.to_vec()),
                None => Ok(Value::List(List::nil(LIST))),
            }
        });
    }
}

/// Lists made of others.
fn changes(functions: &mut Functions) {
    const WITH: Signature = Signature::new(&[ANY, ANY], LIST);
    const ONE: Signature = Signature::new(&[ANY], LIST);
    for name in ["append", "push", "mustAppend", "mustPush"] {
        functions.define(name, WITH, |call, a| {
            let mut items = wanted(a.value(0), "Cannot push on type")?;
            items.push(a.value(1).clone());
            fresh(call, items)
        });
    }
    for name in ["prepend", "mustPrepend"] {
        functions.define(name, WITH, |call, a| {
            let mut items = wanted(a.value(0), "Cannot prepend on type")?;
            items.insert(0, a.value(1).clone());
            fresh(call, items)
        });
    }
    for name in ["reverse", "mustReverse"] {
        functions.define(name, ONE, |call, a| {
            let mut items = wanted(a.value(0), "Cannot find reverse on type")?;
            items.reverse();
            fresh(call, items)
        });
    }
    for name in ["compact", "mustCompact"] {
        functions.define(name, ONE, |call, a| {
            let mut items = wanted(a.value(0), "Cannot compact on type")?;
            items.retain(|item| !is_empty(item));
            fresh(call, items)
        });
    }
    for name in ["uniq", "mustUniq"] {
        functions.define(name, ONE, |call, a| {
            let mut kept: Vec<Value> = Vec::new();
            for item in wanted(a.value(0), "Cannot find uniq on type")? {
                if !is_in(call, &kept, &item)? {
                    kept.push(item);
                }
            }
            fresh(call, kept)
        });
    }
    for name in ["without", "mustWithout"] {
        functions.define(name, Signature::variadic(&[ANY], ANY, LIST), |call, a| {
            let mut kept = Vec::new();
            for item in wanted(a.value(0), "Cannot find without on type")? {
                if !is_in(call, a.rest(1), &item)? {
                    kept.push(item);
                }
            }
            fresh(call, kept)
        });
    }
}

/// The items of a list; none when it is no list.
pub fn items(value: &Value) -> Option<Vec<Value>> {
    match value {
        Value::List(list) => Some(list.to_vec()),
        Value::Bytes(bytes) => Some(bytes.iter().copied().map(Value::Uint8).collect()),
        Value::Object(object) => match object.underlying() {
            Underlying::Value(value) => items(&value),
            Underlying::Struct(_) => None,
        },
        _ => None,
    }
}

/// The items of a list, or the error that names the type.
fn wanted(value: &Value, complaint: &str) -> Result<Vec<Value>, FunctionError> {
    if matches!(value, Value::Nil) {
        return Err(FunctionError::new(NIL_POINTER));
    }
    items(value)
        .ok_or_else(|| FunctionError::new(format!("{complaint} {}", value.go_type().kind_name())))
}

/// A new list, counted.
fn fresh(call: &mut Call<'_>, items: Vec<Value>) -> Answer {
    call.spend(items.len() as u64)?;
    Ok(Value::list(items))
}

fn is_in(call: &mut Call<'_>, items: &[Value], wanted: &Value) -> Result<bool, FunctionError> {
    for item in items {
        if deep_equal(call, wanted, item)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn slice(call: &mut Call<'_>, a: Arguments<'_>) -> Answer {
    let items = wanted(a.value(0), "list should be type of slice or array but")?;
    if items.is_empty() {
        return Ok(Value::Nil);
    }
    let index = |at: usize, otherwise: usize| match a.get(at) {
        Some(value) => usize::try_from(int64(value)).ok(),
        None => Some(otherwise),
    };
    let range = index(1, 0).zip(index(2, items.len()));
    let Some((start, end)) = range.filter(|(start, end)| start <= end && *end <= items.len())
    else {
        return Err(FunctionError::new(
            "reflect.Value.Slice: slice index out of bounds",
        ));
    };
    call.spend((end - start) as u64)?;
    let part = items[start..end].to_vec();
    Ok(match a.value(0) {
        Value::List(list) => Value::List(List::new(list.go_type(), part)),
        Value::Bytes(bytes) => Value::Bytes(bytes[start..end].into()),
        _ => Value::list(part),
    })
}

fn chunk(call: &mut Call<'_>, a: Arguments<'_>) -> Answer {
    let size = a.integer(0)?;
    let items = wanted(a.value(1), "Cannot chunk type")?;
    call.spend(items.len() as u64)?;
    // The number of chunks is reckoned in floats, which decides what sizes of 0 and below give.
    #[expect(clippy::cast_precision_loss, reason = "Go reckons so, too")]
    let (length, step) = (items.len() as f64, size as f64);
    let chunks = truncated(((length - 1.0) / step).floor() + 1.0);
    let Ok(chunks) = usize::try_from(chunks) else {
        return Err(FunctionError::new(
            "runtime error: makeslice: len out of range",
        ));
    };
    let size = match usize::try_from(size) {
        Ok(size) => size,
        // One chunk of what is left over; no chunk when nothing is.
        Err(_) if chunks == 1 => items.len(),
        Err(_) => items.len().max(1),
    };
    let lists = items
        .chunks(size.max(1))
        .take(chunks)
        .map(|chunk| Value::list(chunk.to_vec()))
        .collect();
    Ok(Value::List(List::new(LISTS, lists)))
}
