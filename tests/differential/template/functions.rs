//! The functions that the cases call: those of `tests/peers/gotemplate/functions.go`.

use std::sync::{Arc, OnceLock};

use tiphys_template::{
    Arguments, FunctionError, Functions, Signature, Text, Type, Value, define_nested, format,
};

/// The registry.
pub fn functions() -> Arc<Functions> {
    static FUNCTIONS: OnceLock<Arc<Functions>> = OnceLock::new();
    Arc::clone(FUNCTIONS.get_or_init(|| {
        let mut functions = Functions::new();
        scalars(&mut functions);
        containers(&mut functions);
        define_nested(&mut functions);
        // Helm's `tpl` takes "<no value>" out; the other side here does not.
        functions.define(
            "tpl",
            Signature::new(&[Type::String, Type::Interface], Type::String),
            |call, arguments| {
                call.evaluate(arguments.text(0)?, arguments.value(1))
                    .map(Value::String)
            },
        );
        Arc::new(functions)
    }))
}

fn scalars(functions: &mut Functions) {
    use Type::{Bool, Float64, Int, Int64, Interface, String, Uint64};
    functions.define("str", Signature::new(&[String], String), |_, arguments| {
        let mut text = b"s:".to_vec();
        text.extend_from_slice(arguments.text(0)?);
        Ok(Value::String(Text::from(text)))
    });
    functions.define("num", Signature::new(&[Int], Int), |_, arguments| {
        Ok(Value::Int(arguments.integer(0)?.wrapping_add(1)))
    });
    functions.define("num64", Signature::new(&[Int64], Int64), |_, arguments| {
        Ok(Value::Int64(arguments.integer(0)?.wrapping_add(1)))
    });
    functions.define(
        "unum",
        Signature::new(&[Uint64], Uint64),
        |_, arguments| match arguments.value(0) {
            Value::Uint64(value) => Ok(Value::Uint64(value.wrapping_add(1))),
            other => Err(FunctionError::new(other.go_type().to_string())),
        },
    );
    functions.define(
        "flt",
        Signature::new(&[Float64], Float64),
        |_, arguments| Ok(Value::Float64(arguments.float(0)? / 2.0)),
    );
    functions.define("boolean", Signature::new(&[Bool], Bool), |_, arguments| {
        Ok(Value::Bool(!arguments.boolean(0)?))
    });
    functions.define(
        "any",
        Signature::new(&[Interface], Interface),
        |_, arguments| Ok(arguments.value(0).clone()),
    );
    functions.define("nothing", Signature::new(&[], Interface), |_, _| {
        Ok(Value::Nil)
    });
    functions.define("answer", Signature::new(&[], Int), |_, _| {
        Ok(Value::Int(42))
    });
    functions.define("continueX", Signature::new(&[], String), |_, _| {
        Ok(Value::string("x"))
    });
    functions.define(
        "fails",
        Signature::new(&[String], String),
        |_, arguments| Err(FunctionError::new(arguments.text(0)?.to_string())),
    );
    functions.define(
        "typeof",
        Signature::new(&[Interface], String),
        |call, arguments| {
            let text = format::sprintf(b"%T", &arguments[..1], call.limits())?;
            Ok(Value::String(Text::from(text)))
        },
    );
}

fn containers(functions: &mut Functions) {
    use Type::{Int, Interface, String};
    functions.define(
        "items",
        Signature::new(&[Type::LIST], Int),
        |_, arguments| Ok(Value::Int(arguments.list(0)?.len() as i64)),
    );
    functions.define(
        "words",
        Signature::new(&[Type::STRINGS], String),
        |_, arguments| {
            let items = arguments.list(0)?.to_vec();
            let words: Vec<&[u8]> = items
                .iter()
                .filter_map(|item| item.as_text().map(|text| &text[..]))
                .collect();
            Ok(Value::String(Text::from(words.join(&b'+'))))
        },
    );
    functions.define(
        "entries",
        Signature::new(&[Type::MAP], Int),
        |_, arguments| Ok(Value::Int(arguments.map(0)?.len() as i64)),
    );
    functions.define(
        "many",
        Signature::variadic(&[String], Interface, String),
        |_, arguments| {
            let mut text = arguments.text(0)?.to_vec();
            text.extend_from_slice(arguments.rest(1).len().to_string().as_bytes());
            Ok(Value::String(Text::from(text)))
        },
    );
    functions.define(
        "manyint",
        Signature::variadic(&[], Int, Int),
        |_, arguments| Ok(Value::Int(arguments.len() as i64)),
    );
    functions.define(
        "list",
        Signature::variadic(&[], Interface, Type::LIST),
        |_, arguments| Ok(Value::list(arguments.to_vec())),
    );
    functions.define(
        "dict",
        Signature::variadic(&[], Interface, Type::MAP),
        |call, arguments| {
            let mut entries = Vec::new();
            for pair in arguments.chunks_exact(2) {
                let key = format::sprint(&pair[..1], call.limits())?;
                entries.push((Text::from(key), pair[1].clone()));
            }
            Ok(Value::map(entries))
        },
    );
    functions.define(
        "set",
        Signature::new(&[Type::MAP, String, Interface], Type::MAP),
        set,
    );
    functions.define(
        "sorted",
        Signature::new(&[Type::STRINGS], Type::STRINGS),
        |_, arguments| {
            let list = arguments.list(0)?;
            let mut items = list.to_vec();
            items.sort_by(|left, right| left.as_text().cmp(&right.as_text()));
            list.replace(items);
            Ok(Value::List(list.clone()))
        },
    );
}

fn set(
    _: &mut tiphys_template::Call<'_>,
    arguments: Arguments<'_>,
) -> Result<Value, FunctionError> {
    let map = arguments.map(0)?;
    if !map.insert(arguments.text(1)?, arguments.value(2).clone()) {
        return Err(FunctionError::new("assignment to entry in nil map"));
    }
    Ok(Value::Map(map.clone()))
}
