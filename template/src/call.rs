//! What a function sees while it runs: its arguments, and the rendering that it is part of.

use std::any::Any;
use std::ops::Deref;
use std::rc::Rc;

use crate::error::FunctionError;
use crate::limits::Limits;
use crate::machine::Machine;
use crate::templates::Scope;
use crate::value::{List, Map, Text, Value};

/// The arguments of a call, already checked against the signature. It is a slice of values with shortcuts for parameters whose
/// type is declared; these fail only when the declaration says something else.
#[derive(Clone, Copy, Debug)]
pub struct Arguments<'a>(&'a [Value]);

impl<'a> Arguments<'a> {
    /// Wraps values.
    #[must_use]
    pub fn new(values: &'a [Value]) -> Self {
        Self(values)
    }

    /// An argument of any type; nil when there is none.
    #[must_use]
    pub fn value(self, index: usize) -> &'a Value {
        const NIL: &Value = &Value::Nil;
        self.0.get(index).unwrap_or(NIL)
    }

    /// The arguments from an index on: those of a variadic parameter.
    #[must_use]
    pub fn rest(self, from: usize) -> &'a [Value] {
        self.0.get(from..).unwrap_or_default()
    }

    /// A `string`.
    ///
    /// # Errors
    /// When the parameter is not declared so.
    pub fn text(self, index: usize) -> Result<&'a Text, FunctionError> {
        match self.value(index) {
            Value::String(text) => Ok(text),
            other => Err(mismatch(index, "string", other)),
        }
    }

    /// A `bool`.
    ///
    /// # Errors
    /// When the parameter is not declared so.
    pub fn boolean(self, index: usize) -> Result<bool, FunctionError> {
        match self.value(index) {
            Value::Bool(value) => Ok(*value),
            other => Err(mismatch(index, "bool", other)),
        }
    }

    /// An integer of any integer type.
    ///
    /// # Errors
    /// When the parameter is not declared so.
    pub fn integer(self, index: usize) -> Result<i64, FunctionError> {
        let value = self.value(index);
        value
            .as_integer()
            .ok_or_else(|| mismatch(index, "integer", value))
    }

    /// A `float64`.
    ///
    /// # Errors
    /// When the parameter is not declared so.
    pub fn float(self, index: usize) -> Result<f64, FunctionError> {
        match self.value(index) {
            Value::Float64(value) => Ok(*value),
            other => Err(mismatch(index, "float64", other)),
        }
    }

    /// A list.
    ///
    /// # Errors
    /// When the parameter is not declared so.
    pub fn list(self, index: usize) -> Result<&'a List, FunctionError> {
        match self.value(index) {
            Value::List(list) => Ok(list),
            other => Err(mismatch(index, "list", other)),
        }
    }

    /// A map.
    ///
    /// # Errors
    /// When the parameter is not declared so.
    pub fn map(self, index: usize) -> Result<&'a Map, FunctionError> {
        match self.value(index) {
            Value::Map(map) => Ok(map),
            other => Err(mismatch(index, "map", other)),
        }
    }
}

impl Deref for Arguments<'_> {
    type Target = [Value];

    fn deref(&self) -> &[Value] {
        self.0
    }
}

fn mismatch(index: usize, wanted: &str, found: &Value) -> FunctionError {
    FunctionError::new(format!(
        "argument {index} is declared as {wanted} and is {}",
        found.go_type()
    ))
}

/// A call under way.
pub struct Call<'a> {
    pub(crate) machine: &'a mut Machine,
    pub(crate) scope: &'a Rc<Scope>,
    pub(crate) name: &'a str,
}

impl Call<'_> {
    /// The name by which the function or method was called.
    #[must_use]
    pub fn name(&self) -> &str {
        self.name
    }

    /// What the caller of the rendering gave for its functions, when it is a `T`.
    #[must_use]
    pub fn context<T: Any>(&self) -> Option<&T> {
        self.machine.context.downcast_ref()
    }

    /// The limits of the rendering.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.machine.limits
    }

    /// Reports work (items looked at, iterations) that the execution cannot see, before it is done.
    ///
    /// # Errors
    /// When the rendering has no steps left.
    pub fn spend(&mut self, steps: u64) -> Result<(), FunctionError> {
        self.machine.spend(steps).map_err(FunctionError::limit)
    }

    /// Reports that a string or list of this many bytes is about to be made. Strings that a function returns are counted
    /// anyway; this is for results that would be large before they are returned (`repeat 1000000000 "x"`).
    ///
    /// # Errors
    /// When one value may not be that large, or the rendering has no bytes left.
    pub fn reserve(&mut self, bytes: usize) -> Result<(), FunctionError> {
        self.machine.check_size(bytes).map_err(FunctionError::limit)
    }
}
