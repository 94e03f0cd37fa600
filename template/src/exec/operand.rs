//! A value as the execution holds it.

use crate::types::Type;
use crate::value::Value;

/// A value with what Go's `reflect.Value` knows besides: whether there is one at all, and whether it is seen through
/// `interface {}`, which error texts show.
#[derive(Clone, Debug)]
pub(crate) struct Operand {
    pub(crate) value: Value,
    form: Form,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// No value: a missing key, or what was nil.
    Invalid,
    /// A value of type `interface {}`, which may hold nil.
    Boxed,
    /// A value of its own type.
    Concrete,
}

impl Operand {
    /// No value.
    pub(crate) fn invalid() -> Self {
        Self {
            value: Value::Nil,
            form: Form::Invalid,
        }
    }

    /// A value of its own type; nil is no value.
    pub(crate) fn concrete(value: Value) -> Self {
        let form = match value {
            Value::Nil => Form::Invalid,
            _ => Form::Concrete,
        };
        Self { value, form }
    }

    /// A value of type `interface {}`.
    pub(crate) fn boxed(value: Value) -> Self {
        Self {
            value,
            form: Form::Boxed,
        }
    }

    /// An element of a list or map whose elements are of type `interface {}`, or not.
    pub(crate) fn of_element(value: Value, boxed: bool) -> Self {
        if boxed {
            Self::boxed(value)
        } else {
            Self::concrete(value)
        }
    }

    /// What is inside of an `interface {}`.
    pub(crate) fn unboxed(self) -> Self {
        match self.form {
            Form::Boxed => Self::concrete(self.value),
            _ => self,
        }
    }

    /// Whether there is no value.
    pub(crate) fn is_invalid(&self) -> bool {
        self.form == Form::Invalid
    }

    /// Whether it is seen through `interface {}`.
    pub(crate) fn is_boxed(&self) -> bool {
        self.form == Form::Boxed
    }

    /// Whether it is an `interface {}` that holds nil.
    pub(crate) fn is_boxed_nil(&self) -> bool {
        self.form == Form::Boxed && matches!(self.value, Value::Nil)
    }

    /// The type by which it is seen.
    pub(crate) fn go_type(&self) -> Type {
        match self.form {
            Form::Boxed => Type::Interface,
            _ => self.value.go_type(),
        }
    }
}
