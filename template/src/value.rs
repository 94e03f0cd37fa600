//! The values that templates work on, with the distinctions that Go makes visible.

mod list;
mod map;
mod object;
mod reclaim;
mod text;
mod watch;

pub use list::List;
pub use map::Map;
pub use object::{Object, Underlying};
pub use reclaim::CycleGuard;
pub use text::Text;
pub use watch::{take_change, watch};

use std::rc::Rc;

use crate::types::{Kind, Type};

/// A value. Cloning is cheap: strings, lists, maps and objects are shared, and lists and maps are shared *and changeable*, as
/// in Go. A rendering runs on one thread; values do not leave it.
#[derive(Clone, Debug, Default)]
pub enum Value {
    /// `nil`.
    #[default]
    Nil,
    /// `bool`.
    Bool(bool),
    /// `int`: what integer literals of a template and most functions give.
    Int(i64),
    /// `int32`.
    Int32(i32),
    /// `int64`: what `--set` and many Sprig functions give.
    Int64(i64),
    /// `uint`.
    Uint(u64),
    /// `uint8`: a byte, as indexing of a string gives.
    Uint8(u8),
    /// `uint32`.
    Uint32(u32),
    /// `uint64`.
    Uint64(u64),
    /// `float64`: every number of a YAML or JSON document.
    Float64(f64),
    /// `complex128`: real and imaginary part.
    Complex128(f64, f64),
    /// `string`: bytes, not always UTF-8.
    String(Text),
    /// `[]byte`. (Never a [`List`] of `uint8`.)
    Bytes(Text),
    /// A slice.
    List(List),
    /// A map with string keys.
    Map(Map),
    /// A value with fields or methods, or of a type with a name.
    Object(Rc<dyn Object>),
}

impl Value {
    /// A string.
    #[must_use]
    pub fn string(text: impl Into<Text>) -> Self {
        Self::String(text.into())
    }

    /// A list of type `[]interface {}`.
    #[must_use]
    pub fn list(items: Vec<Self>) -> Self {
        Self::List(List::new(Type::LIST, items))
    }

    /// A list of type `[]string`.
    #[must_use]
    pub fn strings<T: Into<Text>>(items: impl IntoIterator<Item = T>) -> Self {
        let items = items.into_iter().map(Self::string).collect();
        Self::List(List::new(Type::STRINGS, items))
    }

    /// A map of type `map[string]interface {}`.
    #[must_use]
    pub fn map<K: Into<Text>>(entries: impl IntoIterator<Item = (K, Self)>) -> Self {
        Self::Map(Map::new(
            Type::MAP,
            entries
                .into_iter()
                .map(|(key, value)| (key.into(), value))
                .collect(),
        ))
    }

    /// An object.
    #[must_use]
    pub fn object(object: impl Object + 'static) -> Self {
        Self::Object(Rc::new(object))
    }

    /// The type of the value; [`Type::Interface`] for nil.
    #[must_use]
    pub fn go_type(&self) -> Type {
        match self {
            Self::Nil => Type::Interface,
            Self::Bool(_) => Type::Bool,
            Self::Int(_) => Type::Int,
            Self::Int32(_) => Type::Int32,
            Self::Int64(_) => Type::Int64,
            Self::Uint(_) => Type::Uint,
            Self::Uint8(_) => Type::Uint8,
            Self::Uint32(_) => Type::Uint32,
            Self::Uint64(_) => Type::Uint64,
            Self::Float64(_) => Type::Float64,
            Self::Complex128(..) => Type::Complex128,
            Self::String(_) => Type::String,
            Self::Bytes(_) => Type::BYTES,
            Self::List(list) => list.go_type(),
            Self::Map(map) => map.go_type(),
            Self::Object(object) => object.go_type(),
        }
    }

    /// The kind of the value; [`Kind::Invalid`] for nil, as `reflect.ValueOf(nil).Kind()`.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Nil => Kind::Invalid,
            other => other.go_type().kind(),
        }
    }

    /// Whether the value is nil, or a nil list or a nil map.
    #[must_use]
    pub fn is_nil(&self) -> bool {
        match self {
            Self::Nil => true,
            Self::List(list) => list.is_nil(),
            Self::Map(map) => map.is_nil(),
            _ => false,
        }
    }

    /// Truth in the sense of `if`: false for nil, false, 0, and empty strings, lists and maps. Structs are true.
    #[must_use]
    pub fn is_true(&self) -> bool {
        match self {
            Self::Nil => false,
            Self::Bool(value) => *value,
            Self::Int(value) | Self::Int64(value) => *value != 0,
            Self::Int32(value) => *value != 0,
            Self::Uint(value) | Self::Uint64(value) => *value != 0,
            Self::Uint8(value) => *value != 0,
            Self::Uint32(value) => *value != 0,
            Self::Float64(value) => *value != 0.0,
            Self::Complex128(real, imaginary) => *real != 0.0 || *imaginary != 0.0,
            Self::String(text) | Self::Bytes(text) => !text.is_empty(),
            Self::List(list) => !list.is_empty(),
            Self::Map(map) => !map.is_empty(),
            Self::Object(object) => match object.underlying() {
                Underlying::Struct(_) => true,
                Underlying::Value(value) => value.is_true(),
            },
        }
    }

    /// The zero value of a type: what a missing key of a map gives under `missingkey=zero`.
    #[must_use]
    pub fn zero(ty: Type) -> Self {
        match ty {
            Type::Bool => Self::Bool(false),
            Type::Int => Self::Int(0),
            Type::Int32 => Self::Int32(0),
            Type::Int64 => Self::Int64(0),
            Type::Uint => Self::Uint(0),
            Type::Uint8 => Self::Uint8(0),
            Type::Uint32 => Self::Uint32(0),
            Type::Uint64 => Self::Uint64(0),
            Type::Float64 => Self::Float64(0.0),
            Type::Complex128 => Self::Complex128(0.0, 0.0),
            Type::String => Self::String(Text::default()),
            _ => match ty.underlying() {
                Type::Slice(Type::Uint8) => Self::Bytes(Text::default()),
                Type::Slice(_) => Self::List(List::nil(ty)),
                Type::Map(_) => Self::Map(Map::nil(ty)),
                _ => Self::Nil,
            },
        }
    }

    /// The value that a named type is made of, and every other value itself.
    #[must_use]
    pub fn plain(&self) -> Self {
        match self {
            Self::Object(object) => match object.underlying() {
                Underlying::Value(value) => value,
                Underlying::Struct(_) => self.clone(),
            },
            other => other.clone(),
        }
    }

    /// The text, when the value is of kind string.
    #[must_use]
    pub fn as_text(&self) -> Option<&Text> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The list, when it is one.
    #[must_use]
    pub fn as_list(&self) -> Option<&List> {
        match self {
            Self::List(list) => Some(list),
            _ => None,
        }
    }

    /// The map, when it is one.
    #[must_use]
    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The object of a Rust type, when it is one.
    #[must_use]
    pub fn as_object<T: Object + 'static>(&self) -> Option<&T> {
        match self {
            Self::Object(object) => object.as_any().downcast_ref(),
            _ => None,
        }
    }

    /// The integer, when the value is of a signed or unsigned integer kind and fits.
    #[must_use]
    pub fn as_integer(&self) -> Option<i64> {
        match self {
            Self::Int(value) | Self::Int64(value) => Some(*value),
            Self::Int32(value) => Some(i64::from(*value)),
            Self::Uint(value) | Self::Uint64(value) => i64::try_from(*value).ok(),
            Self::Uint8(value) => Some(i64::from(*value)),
            Self::Uint32(value) => Some(i64::from(*value)),
            Self::Object(object) => match object.underlying() {
                Underlying::Value(value) => value.as_integer(),
                Underlying::Struct(_) => None,
            },
            _ => None,
        }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Float64(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::string(value)
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::string(value)
    }
}

impl From<Text> for Value {
    fn from(value: Text) -> Self {
        Self::String(value)
    }
}

impl From<List> for Value {
    fn from(value: List) -> Self {
        Self::List(value)
    }
}

impl From<Map> for Value {
    fn from(value: Map) -> Self {
        Self::Map(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn truth_is_that_of_if() {
        for (value, truth) in [
            (Value::Nil, false),
            (Value::Float64(-0.0), false),
            (Value::Int(-1), true),
            (Value::string(""), false),
            (Value::string("false"), true),
            (Value::list(vec![]), false),
            (Value::list(vec![Value::Nil]), true),
            (Value::map([("a", Value::Nil)]), true),
        ] {
            assert_eq!(value.is_true(), truth, "{value:?}");
        }
    }

    #[test]
    fn maps_are_shared() {
        let map = Value::map([("a", Value::Int(1))]);
        let other = map.clone();
        if let Value::Map(map) = &map {
            map.insert("b", Value::Int(2));
        }
        assert_eq!(other.as_map().map(Map::len), Some(2));
    }
}
