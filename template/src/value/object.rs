//! Values with fields and methods: what Helm and Sprig give to templates as Go structs and named types.

use std::any::Any;
use std::fmt;

use super::{Text, Value};
use crate::call::{Arguments, Call};
use crate::error::FunctionError;
use crate::function::Signature;
use crate::types::Type;

/// A Go value of a type with a name (`.Files`, `.Capabilities`, `time.Time`, `*semver.Version`), or any struct.
///
/// What an object holds may change only through its methods.
pub trait Object {
    /// The type: a [`Type::Named`], or a pointer to one.
    fn go_type(&self) -> Type;

    /// What the type is made of, for `range`, `index`, `len`, comparison and printing.
    fn underlying(&self) -> Underlying;

    /// A field of the struct. The default looks through [`Object::underlying`].
    fn field(&self, name: &str) -> Option<Value> {
        match self.underlying() {
            Underlying::Struct(fields) => fields
                .into_iter()
                .find_map(|(field, value)| (field == name).then_some(value)),
            Underlying::Value(_) => None,
        }
    }

    /// Parameters and result of a method, when the type has it. Methods come before fields and map keys.
    fn method(&self, name: &str) -> Option<&'static Signature> {
        let _ = name;
        None
    }

    /// Calls a method. The arguments already match its signature.
    ///
    /// # Errors
    /// What the method says.
    fn call(
        &self,
        call: &mut Call<'_>,
        name: &str,
        arguments: Arguments<'_>,
    ) -> Result<Value, FunctionError> {
        let _ = (call, arguments);
        Err(FunctionError::new(format!("there is no method {name}")))
    }

    /// What `String()` or `Error()` gives when the type itself has such a method.
    fn string(&self) -> Option<Text> {
        None
    }

    /// What `String()` gives when the method may also be one of the pointer: used where a template prints the value directly
    /// (`{{ .Capabilities.KubeVersion }}`), not where it is an argument (`printf "%v" .Capabilities.KubeVersion`).
    fn string_of_pointer(&self) -> Option<Text> {
        self.string()
    }

    /// Whether it equals another object of the same type by `==`; `None` when the type is not comparable.
    fn equals(&self, other: &dyn Object) -> Option<bool> {
        let _ = other;
        None
    }

    /// The object itself, for [`Value::as_object`].
    fn as_any(&self) -> &dyn Any;
}

/// What a named type is made of.
pub enum Underlying {
    /// A struct, with its fields in the order of declaration. Fields in lower case are printed but cannot be evaluated; leave
    /// their names as they are in Go.
    Struct(Vec<(&'static str, Value)>),
    /// A plain value: a list, a map, a number or a string.
    Value(Value),
}

impl fmt::Debug for dyn Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.go_type())
    }
}
