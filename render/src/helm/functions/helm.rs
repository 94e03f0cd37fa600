//! Helm's own functions: documents in and out, `required`, `fail`, `lookup`; and Sprig's JSON.

use tiphys_template::{
    Arguments, Call, FunctionError, Functions, Kind, List, Map, Signature, Type, Value,
};

use super::environment::environment;
use super::json::{COMPACT, Style, read, read_leniently, write};
use super::yaml::{from_yaml, to_yaml, to_yaml_pretty};
use super::{ANY, Answer, LIST, MAP, STRING, ZERO_VALUE, toml};

const WRITE: Signature = Signature::new(&[ANY], STRING);
const TO_MAP: Signature = Signature::new(&[STRING], MAP);
const TO_LIST: Signature = Signature::new(&[STRING], LIST);

pub fn define(functions: &mut Functions) {
    writers(functions);
    readers(functions);
    functions.define("fail", Signature::new(&[STRING], STRING), |_, a| {
        Err(FunctionError::new(a.text(0)?.to_string()))
    });
    functions.define("required", Signature::new(&[STRING, ANY], ANY), |_, a| {
        let missing = match a.value(1) {
            Value::Nil => true,
            Value::String(text) => text.is_empty(),
            _ => false,
        };
        if missing {
            return Err(FunctionError::new(a.text(0)?.to_string()));
        }
        Ok(a.value(1).clone())
    });
    functions.define("lookup", Signature::new(&[STRING; 4], MAP), |call, a| {
        let texts = (0..4)
            .map(|at| Ok(a.text(at)?.to_string()))
            .collect::<Result<Vec<_>, FunctionError>>()?;
        let [api_version, kind, namespace, name] = &texts[..] else {
            return Ok(Value::map::<&str>([]));
        };
        match environment(call)?.look_up([api_version, kind, namespace, name])? {
            Value::Nil => Ok(Value::map::<&str>([])),
            found => Ok(found),
        }
    });
}

fn writers(functions: &mut Functions) {
    functions.define("toYaml", WRITE, |_, a| {
        Ok(to_yaml(a.value(0))?.unwrap_or_default().into())
    });
    functions.define("mustToYaml", WRITE, |_, a| Ok(to_yaml(a.value(0))??.into()));
    functions.define("toYamlPretty", WRITE, |_, a| {
        Ok(to_yaml_pretty(a.value(0))?.into())
    });
    functions.define("toToml", WRITE, |_, a| {
        Ok(swallowed(toml::write(not_nil(a.value(0))?))?.into())
    });
    functions.define("mustToToml", WRITE, |_, a| {
        Ok(toml::write(not_nil(a.value(0))?)?.into())
    });
    let pretty = Style {
        html: true,
        pretty: true,
    };
    let raw = Style {
        html: false,
        pretty: false,
    };
    for (quiet, strict, style) in [
        ("toJson", "mustToJson", COMPACT),
        ("toPrettyJson", "mustToPrettyJson", pretty),
    ] {
        functions.define(quiet, WRITE, move |_, a| match write(a.value(0), style) {
            Err(error) if !error.is_limit() => Ok("".into()),
            other => Ok(other?.into()),
        });
        functions.define(strict, WRITE, move |_, a| {
            Ok(write(a.value(0), style)?.into())
        });
    }
    for name in ["toRawJson", "mustToRawJson"] {
        functions.define(name, WRITE, move |_, a| Ok(write(a.value(0), raw)?.into()));
    }
}

/// Nil is not even looked at by the TOML library.
fn not_nil(value: &Value) -> Result<&Value, FunctionError> {
    match value {
        Value::Nil => Err(ZERO_VALUE.into()),
        value => Ok(value),
    }
}

/// The text of an error in place of the result, but for limits.
fn swallowed(result: Result<String, FunctionError>) -> Result<String, FunctionError> {
    result.or_else(|error| {
        if error.is_limit() {
            Err(error)
        } else {
            Ok(error.text().to_owned())
        }
    })
}

fn readers(functions: &mut Functions) {
    functions.define("fromYaml", TO_MAP, |call, a| {
        document_map(call, a, from_yaml, true)
    });
    functions.define("fromYamlArray", TO_LIST, |call, a| {
        document_list(call, a, from_yaml, true)
    });
    functions.define("fromJson", TO_MAP, |call, a| {
        document_map(call, a, partial, false)
    });
    functions.define("fromJsonArray", TO_LIST, |call, a| {
        document_list(call, a, |text| read(text), false)
    });
    functions.define("fromToml", TO_MAP, |call, a| {
        call.spend(a.text(0)?.len() as u64)?;
        Ok(toml::read(a.text(0)?).unwrap_or_else(|error| Value::map([("Error", error.into())])))
    });
    functions.define("mustFromJson", Signature::new(&[STRING], ANY), |call, a| {
        call.spend(a.text(0)?.len() as u64)?;
        Ok(read(a.text(0)?)?)
    });
}

/// A JSON text; a map that has a number too large for a float says so itself.
fn partial(text: &tiphys_template::Text) -> Result<Value, String> {
    match read_leniently(text)? {
        (Value::Map(map), Some(error)) => {
            map.insert("Error", error.into());
            Ok(Value::Map(map))
        }
        (_, Some(error)) => Err(error),
        (value, None) => Ok(value),
    }
}

type Read = fn(&tiphys_template::Text) -> Result<Value, String>;

/// A document that has to be a map; what is wrong with it becomes the entry `Error`.
fn document_map(call: &mut Call<'_>, a: Arguments<'_>, read: Read, yaml: bool) -> Answer {
    call.spend(a.text(0)?.len() as u64)?;
    let wrong = |error: String| Ok(Value::map([("Error", error.into())]));
    match read(a.text(0)?) {
        Ok(Value::Nil) if yaml => Ok(Value::map::<&str>([])),
        Ok(Value::Nil) => Ok(Value::Map(Map::nil(MAP))),
        Ok(value @ Value::Map(_)) => Ok(value),
        Ok(other) => wrong(unfit(&other, MAP, yaml)),
        Err(error) => wrong(error),
    }
}

/// A document that has to be a list; what is wrong with it becomes the only item.
fn document_list(call: &mut Call<'_>, a: Arguments<'_>, read: Read, yaml: bool) -> Answer {
    call.spend(a.text(0)?.len() as u64)?;
    let wrong = |error: String| Ok(Value::list(vec![error.into()]));
    match read(a.text(0)?) {
        Ok(Value::Nil) if yaml => Ok(Value::list(Vec::new())),
        Ok(Value::Nil) => Ok(Value::List(List::nil(LIST))),
        Ok(value @ Value::List(_)) => Ok(value),
        Ok(other) => wrong(unfit(&other, LIST, yaml)),
        Err(error) => wrong(error),
    }
}

/// Go's complaint about a document of another kind.
fn unfit(value: &Value, wanted: Type, yaml: bool) -> String {
    let found = match value.kind() {
        Kind::Bool => "bool",
        Kind::Float => "number",
        Kind::String => "string",
        Kind::Slice => "array",
        _ => "object",
    };
    let before = if yaml {
        "error unmarshaling JSON: while decoding JSON: "
    } else {
        ""
    };
    format!("{before}json: cannot unmarshal {found} into Go value of type {wanted}")
}
