//! Data of the cases: plain JSON, and objects with one key `$type` for what JSON cannot say. `tests/peers/gotemplate/data.go`
//! reads the same.

use std::any::Any;

use serde_json::{Value as Json, json};
use tiphys_template::{
    Arguments, Call, FunctionError, List, Map, Named, Object, Signature, Text, Type, Underlying,
    Value,
};

const VALUES: Type = Type::Named(&Named {
    name: "main.values",
    underlying: Type::MAP,
});
const SAMPLE: Type = Type::Named(&Named {
    name: "main.sample",
    underlying: Type::Struct("struct"),
});
const SPOKEN: Type = Type::Named(&Named {
    name: "main.spoken",
    underlying: Type::Struct("struct"),
});
const SET: Type = Type::Named(&Named {
    name: "main.set",
    underlying: Type::STRINGS,
});
const SPAN: Type = Type::Named(&Named {
    name: "main.span",
    underlying: Type::Int64,
});

/// A value of JSON, as `{"$int": "1"}`.
pub fn typed(name: &str, value: Json) -> Json {
    json!({ format!("${name}"): value })
}

/// A float by its bits, for those that JSON does not have.
pub fn float(value: f64) -> Json {
    typed("float", json!(format!("{:x}", value.to_bits())))
}

/// The value that a JSON stands for.
pub fn decode(json: &Json) -> Value {
    match json {
        Json::Null => Value::Nil,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => Value::Float64(number.as_f64().unwrap_or(f64::NAN)),
        Json::String(text) => Value::string(text),
        Json::Array(items) => Value::list(items.iter().map(decode).collect()),
        Json::Object(entries) => {
            if let Some((key, inner)) = entries.iter().next()
                && entries.len() == 1
                && let Some(name) = key.strip_prefix('$').filter(|name| !name.is_empty())
            {
                return decode_typed(name, inner);
            }
            Value::map(entries.iter().map(|(key, value)| (key, decode(value))))
        }
    }
}

fn decode_typed(name: &str, inner: &Json) -> Value {
    let text = inner.as_str().unwrap_or_default();
    let signed = || text.parse::<i64>().unwrap_or_default();
    let unsigned = || text.parse::<u64>().unwrap_or_default();
    let hex = || -> Text {
        let digits: Vec<u8> = (0..text.len() / 2)
            .filter_map(|index| u8::from_str_radix(&text[2 * index..2 * index + 2], 16).ok())
            .collect();
        Text::from(digits)
    };
    match name {
        "int" => Value::Int(signed()),
        "int32" => Value::Int32(signed() as i32),
        "int64" => Value::Int64(signed()),
        "uint" => Value::Uint(unsigned()),
        "uint8" => Value::Uint8(unsigned() as u8),
        "uint32" => Value::Uint32(unsigned() as u32),
        "uint64" => Value::Uint64(unsigned()),
        "float" => Value::Float64(f64::from_bits(
            u64::from_str_radix(text, 16).unwrap_or_default(),
        )),
        "span" => Value::object(Span(signed())),
        "string" => Value::String(hex()),
        "bytes" => Value::Bytes(hex()),
        "spoken" => Value::object(Spoken(Text::from(text))),
        "sample" | "samplepointer" => Value::object(Sample {
            name: Text::from(inner["Name"].as_str().unwrap_or_default()),
            count: inner["Count"].as_i64().unwrap_or_default(),
            any: decode(&inner["Any"]),
            pointer: name == "samplepointer",
        }),
        _ => decode_container(name, inner),
    }
}

fn decode_container(name: &str, inner: &Json) -> Value {
    let items = || inner.as_array().cloned().unwrap_or_default();
    let entries = || inner.as_object().cloned().unwrap_or_default();
    let int = |value: &Json| Value::Int(value.as_f64().unwrap_or_default() as i64);
    match (name, inner.as_str()) {
        ("strings", _) => Value::List(List::new(
            Type::STRINGS,
            items().iter().map(decode).collect(),
        )),
        ("set", _) => Value::object(Set(List::new(SET, items().iter().map(decode).collect()))),
        ("ints", _) => Value::List(List::new(
            Type::Slice(&Type::Int),
            items().iter().map(int).collect(),
        )),
        ("stringmap", _) => Value::Map(Map::new(
            Type::STRING_MAP,
            entries()
                .iter()
                .map(|(key, value)| (Text::from(key), decode(value)))
                .collect(),
        )),
        ("intmap", _) => Value::Map(Map::new(
            Type::Map(&Type::Int),
            entries()
                .iter()
                .map(|(key, value)| (Text::from(key), int(value)))
                .collect(),
        )),
        ("values", _) => Value::Map(Map::new(
            VALUES,
            entries()
                .iter()
                .map(|(key, value)| (Text::from(key), decode(value)))
                .collect(),
        )),
        ("nil", Some("list")) => Value::List(List::nil(Type::LIST)),
        ("nil", Some("strings")) => Value::List(List::nil(Type::STRINGS)),
        ("nil", Some("map")) => Value::Map(Map::nil(Type::MAP)),
        _ => panic!("unknown type {name}"),
    }
}

struct Sample {
    name: Text,
    count: i64,
    any: Value,
    pointer: bool,
}

impl Object for Sample {
    fn go_type(&self) -> Type {
        if self.pointer {
            Type::Pointer(&SAMPLE)
        } else {
            SAMPLE
        }
    }

    fn underlying(&self) -> Underlying {
        Underlying::Struct(vec![
            ("Name", Value::String(self.name.clone())),
            ("Count", Value::Int(self.count)),
            ("Tags", Value::strings(["a", "b"])),
            ("Any", self.any.clone()),
            ("hidden", Value::Int(0)),
        ])
    }

    fn method(&self, name: &str) -> Option<&'static Signature> {
        const GREET: Signature = Signature::new(&[Type::String], Type::String);
        const SUM: Signature = Signature::variadic(&[Type::Int], Type::Int, Type::Int);
        const FAIL: Signature = Signature::new(&[], Type::String);
        match name {
            "Greet" => Some(&GREET),
            "Sum" => Some(&SUM),
            "Fail" => Some(&FAIL),
            _ => None,
        }
    }

    fn call(
        &self,
        _: &mut Call<'_>,
        name: &str,
        arguments: Arguments<'_>,
    ) -> Result<Value, FunctionError> {
        match name {
            "Greet" => Ok(Value::string(format!(
                "{} greets {}",
                self.name,
                arguments.text(0)?
            ))),
            "Sum" => {
                let mut sum = 0;
                for index in 0..arguments.len() {
                    sum += arguments.integer(index)?;
                }
                Ok(Value::Int(sum))
            }
            _ => Err(FunctionError::new(format!("{} fails", self.name))),
        }
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

struct Spoken(Text);

impl Object for Spoken {
    fn go_type(&self) -> Type {
        SPOKEN
    }

    fn underlying(&self) -> Underlying {
        Underlying::Struct(vec![("Word", Value::String(self.0.clone()))])
    }

    fn method(&self, name: &str) -> Option<&'static Signature> {
        const STRING: Signature = Signature::new(&[], Type::String);
        (name == "String").then_some(&STRING)
    }

    fn call(&self, _: &mut Call<'_>, _: &str, _: Arguments<'_>) -> Result<Value, FunctionError> {
        Ok(self.string().map_or(Value::Nil, Value::String))
    }

    fn string(&self) -> Option<Text> {
        Some(Text::from(format!("<{}>", self.0)))
    }

    fn equals(&self, other: &dyn Object) -> Option<bool> {
        let other = other.as_any().downcast_ref::<Self>();
        Some(other.is_some_and(|other| other.0 == self.0))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

struct Set(List);

impl Object for Set {
    fn go_type(&self) -> Type {
        SET
    }

    fn underlying(&self) -> Underlying {
        Underlying::Value(Value::List(self.0.clone()))
    }

    fn method(&self, name: &str) -> Option<&'static Signature> {
        const HAS: Signature = Signature::new(&[Type::String], Type::Bool);
        (name == "Has").then_some(&HAS)
    }

    fn call(
        &self,
        _: &mut Call<'_>,
        _: &str,
        arguments: Arguments<'_>,
    ) -> Result<Value, FunctionError> {
        let wanted = arguments.text(0)?;
        let has = self
            .0
            .items()
            .iter()
            .any(|item| item.as_text() == Some(wanted));
        Ok(Value::Bool(has))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

struct Span(i64);

impl Object for Span {
    fn go_type(&self) -> Type {
        SPAN
    }

    fn underlying(&self) -> Underlying {
        Underlying::Value(Value::Int64(self.0))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
