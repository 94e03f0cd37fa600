//! Patches and new objects of a data file: JSON in which texts are templates, and `{$: expression}` is a value.
//!
//! `{$: expression, more: …}` is a map with more fields; `{$append: {to: path, item: …}}` is the list at the path with one more element. What comes out null in a new object is left
//! out; in a patch it removes the field.

use serde_json::{Map, Value};

use crate::expression::{Expression, ExpressionError, Template};

/// A parsed tree.
#[derive(Debug)]
pub(super) enum Tree {
    Literal(Value),
    Text(Template),
    Value(Expression),
    Extend(Expression, Box<Tree>),
    Append(Expression, Box<Tree>),
    List(Vec<Tree>),
    Map(Vec<(Template, Tree)>),
}

impl Tree {
    pub(super) fn parse(value: &Value) -> Result<Self, ExpressionError> {
        Ok(match value {
            Value::String(text) => Self::Text(Template::parse(text)?),
            Value::Array(list) => {
                Self::List(list.iter().map(Self::parse).collect::<Result<_, _>>()?)
            }
            Value::Object(map) => match (map.get("$"), map.get("$append")) {
                (Some(Value::String(text)), _) if map.len() == 1 => {
                    Self::Value(Expression::parse(text)?)
                }
                (Some(Value::String(text)), _) => {
                    let mut rest = map.clone();
                    rest.remove("$");
                    Self::Extend(
                        Expression::parse(text)?,
                        Box::new(Self::parse(&Value::Object(rest))?),
                    )
                }
                (_, Some(append)) => Self::Append(
                    Expression::parse(append["to"].as_str().unwrap_or_default())?,
                    Box::new(Self::parse(&append["item"])?),
                ),
                _ => Self::Map(
                    map.iter()
                        .map(|(key, value)| Ok((Template::parse(key)?, Self::parse(value)?)))
                        .collect::<Result<_, ExpressionError>>()?,
                ),
            },
            other => Self::Literal(other.clone()),
        })
    }

    /// The tree for an object.
    pub(super) fn fill(&self, object: &Value) -> Value {
        match self {
            Self::Literal(value) => value.clone(),
            Self::Text(template) => Value::String(template.render(object)),
            Self::Value(expression) => expression.value(object),
            Self::Extend(base, rest) => match (base.value(object), rest.fill(object)) {
                (Value::Object(mut map), Value::Object(rest)) => {
                    map.extend(rest);
                    Value::Object(map)
                }
                (_, rest) => rest,
            },
            Self::Append(list, item) => {
                let mut list = match list.value(object) {
                    Value::Array(list) => list,
                    _ => Vec::new(),
                };
                list.push(item.fill(object));
                Value::Array(list)
            }
            Self::List(list) => list.iter().map(|tree| tree.fill(object)).collect(),
            Self::Map(map) => Value::Object(
                map.iter()
                    .map(|(key, tree)| (key.render(object), tree.fill(object)))
                    .collect::<Map<_, _>>(),
            ),
        }
    }
}

/// Leaves out what is null, and maps that are empty without it.
pub(super) fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(map) => Value::Object(
            map.into_iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(key, value)| (key, without_nulls(value)))
                .collect(),
        ),
        other => other,
    }
}
