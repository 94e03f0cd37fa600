//! Defaults, emptiness, and questions about types.

use tiphys_template::{Functions, Kind, Signature, Underlying, Value};

use super::equal::deep_equal;
use super::{ANY, BOOL, STRING};

pub fn define(functions: &mut Functions) {
    functions.define("default", Signature::variadic(&[ANY], ANY, ANY), |_, a| {
        Ok(match a.get(1) {
            Some(given) if !is_empty(given) => given.clone(),
            _ => a.value(0).clone(),
        })
    });
    functions.define("empty", Signature::new(&[ANY], BOOL), |_, a| {
        Ok(is_empty(a.value(0)).into())
    });
    functions.define("coalesce", Signature::variadic(&[], ANY, ANY), |_, a| {
        Ok(a.iter()
            .find(|value| !is_empty(value))
            .cloned()
            .unwrap_or_default())
    });
    functions.define("all", Signature::variadic(&[], ANY, BOOL), |_, a| {
        Ok((!a.iter().any(is_empty)).into())
    });
    functions.define("any", Signature::variadic(&[], ANY, BOOL), |_, a| {
        Ok(a.iter().any(|value| !is_empty(value)).into())
    });
    functions.define("ternary", Signature::new(&[ANY, ANY, BOOL], ANY), |_, a| {
        Ok(a.value(usize::from(!a.boolean(2)?)).clone())
    });
    functions.define("typeOf", Signature::new(&[ANY], STRING), |_, a| {
        Ok(type_of(a.value(0)).into())
    });
    functions.define("typeIs", Signature::new(&[STRING, ANY], BOOL), |_, a| {
        Ok((*a.text(0)? == *type_of(a.value(1))).into())
    });
    functions.define(
        "typeIsLike",
        Signature::new(&[STRING, ANY], BOOL),
        |_, a| {
            let found = type_of(a.value(1));
            let wanted = a.text(0)?;
            Ok((*wanted == *found
                || found
                    .strip_prefix('*')
                    .is_some_and(|found| *wanted == *found))
            .into())
        },
    );
    functions.define("kindOf", Signature::new(&[ANY], STRING), |_, a| {
        Ok(kind_of(a.value(0)).into())
    });
    functions.define("kindIs", Signature::new(&[STRING, ANY], BOOL), |_, a| {
        Ok((*a.text(0)? == *kind_of(a.value(1))).into())
    });
    functions.define("deepEqual", Signature::new(&[ANY, ANY], BOOL), |call, a| {
        Ok(deep_equal(call, a.value(0), a.value(1))?.into())
    });
}

/// Sprig's emptiness: nil, false, 0, and what has no items. Structs never are.
pub fn is_empty(value: &Value) -> bool {
    match value {
        Value::Object(object) if object.go_type().kind() != Kind::Pointer => {
            match object.underlying() {
                Underlying::Value(value) => is_empty(&value),
                Underlying::Struct(_) => false,
            }
        }
        Value::Object(_) => false,
        other => !other.is_true(),
    }
}

fn type_of(value: &Value) -> String {
    match value {
        Value::Nil => "<nil>".to_owned(),
        other => other.go_type().to_string(),
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Nil => "invalid",
        other => other.go_type().kind_name(),
    }
}
