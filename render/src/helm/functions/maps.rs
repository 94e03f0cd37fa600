//! Dictionaries.

use tiphys_template::{
    Arguments, Call, FunctionError, Functions, List, Map, Signature, Type, Value,
};

use super::merge::merge;
use super::text::plain;
use super::{ANY, Answer, BOOL, DEPTH, LIST, MAP, STRING, STRINGS, ZERO_VALUE, too_deep};

pub fn define(functions: &mut Functions) {
    selections(functions);
    functions.define("dict", Signature::variadic(&[], ANY, MAP), |call, a| {
        call.spend(a.len() as u64)?;
        let map = Map::new(MAP, std::collections::BTreeMap::new());
        for pair in a.chunks(2) {
            let value = pair.get(1).cloned().unwrap_or_else(|| "".into());
            map.insert(plain(&pair[0])?, value);
        }
        Ok(map.into())
    });
    functions.define("get", Signature::new(&[MAP, STRING], ANY), |_, a| {
        Ok(a.map(0)?.get(a.text(1)?).unwrap_or_else(|| "".into()))
    });
    functions.define("set", Signature::new(&[MAP, STRING, ANY], MAP), |_, a| {
        if a.map(0)?.insert(a.text(1)?, a.value(2).clone()) {
            Ok(a.value(0).clone())
        } else {
            Err(FunctionError::new("assignment to entry in nil map"))
        }
    });
    functions.define("unset", Signature::new(&[MAP, STRING], MAP), |_, a| {
        a.map(0)?.remove(a.text(1)?);
        Ok(a.value(0).clone())
    });
    functions.define("hasKey", Signature::new(&[MAP, STRING], BOOL), |_, a| {
        Ok(a.map(0)?.contains_key(a.text(1)?).into())
    });
    functions.define(
        "pluck",
        Signature::variadic(&[STRING], MAP, LIST),
        |_, a| {
            let maps = (1..a.len())
                .map(|at| a.map(at))
                .collect::<Result<Vec<_>, _>>()?;
            let key = a.text(0)?;
            Ok(Value::list(
                maps.iter().filter_map(|map| map.get(key)).collect(),
            ))
        },
    );
}

/// What is in maps, and maps made of others.
fn selections(functions: &mut Functions) {
    functions.define("keys", Signature::variadic(&[], MAP, STRINGS), |call, a| {
        let mut keys = Vec::new();
        for at in 0..a.len() {
            keys.extend(a.map(at)?.keys());
        }
        call.spend(keys.len() as u64)?;
        Ok(Value::List(super::strings::string_list(keys)))
    });
    functions.define("values", Signature::new(&[MAP], LIST), |call, a| {
        let values: Vec<Value> = a.map(0)?.entries().values().cloned().collect();
        call.spend(values.len() as u64)?;
        Ok(Value::list(values))
    });
    functions.define("pick", Signature::variadic(&[MAP], STRING, MAP), |_, a| {
        let picked = (1..a.len())
            .filter_map(|at| {
                let key = a.text(at).ok()?;
                Some((key, a.map(0).ok()?.get(key)?))
            })
            .collect::<Vec<_>>();
        Ok(Value::map(picked))
    });
    functions.define(
        "omit",
        Signature::variadic(&[MAP], STRING, MAP),
        |call, a| {
            let entries = a.map(0)?.to_vec();
            call.spend(entries.len() as u64)?;
            let omitted: std::collections::HashSet<&[u8]> = a
                .rest(1)
                .iter()
                .filter_map(|key| key.as_text().map(|key| key.as_bytes()))
                .collect();
            Ok(Value::map(
                entries
                    .into_iter()
                    .filter(|(key, _)| !omitted.contains(key.as_bytes())),
            ))
        },
    );
    for (name, overwrite) in [
        ("merge", false),
        ("mustMerge", false),
        ("mergeOverwrite", true),
        ("mustMergeOverwrite", true),
    ] {
        functions.define(
            name,
            Signature::variadic(&[MAP], MAP, ANY),
            move |call, a| {
                let mut target = a.map(0)?.clone();
                for at in 1..a.len() {
                    target = merge(call, target, a.map(at)?, overwrite)?;
                }
                Ok(target.into())
            },
        );
    }
    for name in ["deepCopy", "mustDeepCopy"] {
        functions.define(name, Signature::new(&[ANY], ANY), |call, a| {
            deep_copy(call, a.value(0), 0)
        });
    }
    functions.define("dig", Signature::variadic(&[], ANY, ANY), dig);
}

/// A copy that shares no list and no map.
fn deep_copy(call: &mut Call<'_>, value: &Value, depth: usize) -> Answer {
    if depth > DEPTH {
        return Err(too_deep());
    }
    if depth == 0 && matches!(value, Value::Nil) {
        return Err(FunctionError::new(ZERO_VALUE));
    }
    call.spend(1)?;
    Ok(match value {
        Value::List(list) if list.is_nil() => Value::List(List::nil(list.go_type())),
        Value::List(list) => {
            let items = list
                .to_vec()
                .iter()
                .map(|item| deep_copy(call, item, depth + 1))
                .collect::<Result<_, _>>()?;
            Value::List(List::new(list.go_type(), items))
        }
        Value::Map(map) if map.is_nil() => Value::Map(Map::nil(map.go_type())),
        Value::Map(map) => {
            let entries = map
                .to_vec()
                .into_iter()
                .map(|(key, item)| Ok((key, deep_copy(call, &item, depth + 1)?)))
                .collect::<Result<_, FunctionError>>()?;
            Value::Map(Map::new(map.go_type(), entries))
        }
        other => other.clone(),
    })
}

/// Go's complaint about a value that is of another type than it was taken for.
fn conversion(value: &Value, wanted: Type) -> FunctionError {
    let found = match value {
        Value::Nil => "nil".to_owned(),
        other => other.go_type().to_string(),
    };
    FunctionError::new(format!(
        "interface conversion: interface {{}} is {found}, not {wanted}"
    ))
}

fn dig(_: &mut Call<'_>, a: Arguments<'_>) -> Answer {
    let [keys @ .., default, last] = &*a else {
        return Err(FunctionError::new("dig needs at least three arguments"));
    };
    if keys.is_empty() {
        return Err(FunctionError::new("dig needs at least three arguments"));
    }
    let mut step = last.clone();
    let dictionary = |value: &Value| match value {
        Value::Map(map) if map.go_type() == MAP => Ok(map.clone()),
        other => Err(conversion(other, MAP)),
    };
    // All keys are looked at before the first is used.
    dictionary(last)?;
    let keys = keys
        .iter()
        .map(|key| key.as_text().ok_or_else(|| conversion(key, STRING)))
        .collect::<Result<Vec<_>, _>>()?;
    for key in keys {
        match dictionary(&step)?.get(key) {
            Some(next) => step = next,
            None => return Ok(default.clone()),
        }
    }
    Ok(step)
}
