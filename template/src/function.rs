//! The functions that templates call: how they are declared, and the registry that a parser and an execution share.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use crate::call::{Arguments, Call};
use crate::error::FunctionError;
use crate::types::Type;
use crate::value::Value;

/// Parameters and result of a function or method, as Go's reflection sees them. Number and types of the arguments are checked
/// against it before the function runs, with Go's error texts, and literals take the type of their parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature {
    /// Types of the fixed parameters.
    pub parameters: &'static [Type],
    /// Type of each further argument, when there may be more (`...string` has `Some(Type::String)`).
    pub variadic: Option<Type>,
    /// Type of the result. A result of type [`Type::Interface`] may be anything.
    pub result: Type,
}

impl Signature {
    /// A function with a fixed number of parameters.
    #[must_use]
    pub const fn new(parameters: &'static [Type], result: Type) -> Self {
        Self {
            parameters,
            variadic: None,
            result,
        }
    }

    /// A function that takes any number of arguments of type `rest` after the fixed ones.
    #[must_use]
    pub const fn variadic(parameters: &'static [Type], rest: Type, result: Type) -> Self {
        Self {
            parameters,
            variadic: Some(rest),
            result,
        }
    }
}

/// What a function does. State of one rendering (a clock, a source of randomness, facts) is found through
/// [`Call::context`]; the function itself is shared by all renderings of the process.
pub type Body = dyn Fn(&mut Call<'_>, Arguments<'_>) -> Result<Value, FunctionError> + Send + Sync;

/// A declared function.
pub struct Function {
    /// Its name in templates.
    pub name: Arc<str>,
    /// Its parameters and result.
    pub signature: Signature,
    /// What it does.
    pub body: Box<Body>,
}

/// The functions of a set of templates, by name. The built-in functions of the language need not be declared; a function of
/// the same name replaces them.
#[derive(Default)]
pub struct Functions {
    functions: Vec<Function>,
    by_name: HashMap<Arc<str>, usize>,
}

impl Functions {
    /// A registry with no functions but the built-in ones.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same, with room for a number of functions.
    #[must_use]
    pub fn with_capacity(count: usize) -> Self {
        Self {
            functions: Vec::with_capacity(count),
            by_name: HashMap::with_capacity(count),
        }
    }

    /// Declares a function, or replaces the one of that name.
    pub fn define(
        &mut self,
        name: &str,
        signature: Signature,
        body: impl Fn(&mut Call<'_>, Arguments<'_>) -> Result<Value, FunctionError>
        + Send
        + Sync
        + 'static,
    ) {
        let name: Arc<str> = Arc::from(name);
        let function = Function {
            name: Arc::clone(&name),
            signature,
            body: Box::new(body),
        };
        match self.by_name.get(&name) {
            Some(&index) => self.functions[index] = function,
            None => {
                self.by_name.insert(name, self.functions.len());
                self.functions.push(function);
            }
        }
    }

    /// The function of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Function> {
        self.by_name.get(name).map(|&index| &self.functions[index])
    }

    /// The names, in the order of declaration.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.functions.iter().map(|function| &*function.name)
    }

    /// Where the function of a name is, for the parser.
    pub(crate) fn find(&self, name: &str) -> Option<u32> {
        let index = *self.by_name.get(name)?;
        u32::try_from(index).ok()
    }

    /// The function at the place that [`Functions::find`] gave.
    pub(crate) fn at(&self, index: u32) -> Option<&Function> {
        self.functions.get(index as usize)
    }
}

impl fmt::Debug for Functions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}
