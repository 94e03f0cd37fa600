//! Functions that execute templates: Helm's `include` and `tpl`.

use std::rc::Rc;
use std::sync::Arc;

use crate::call::Call;
use crate::error::FunctionError;
use crate::exec;
use crate::function::{Functions, Signature};
use crate::strconv::quote;
use crate::templates::{Parsed, Scope};
use crate::types::Type;
use crate::value::{Text, Value};

/// `include` and `tpl` take a text and data, and give a text.
const SIGNATURE: Signature = Signature::new(&[Type::String, Type::Interface], Type::String);

/// Bytes that there is room for at first in the output of a template that is included.
const INCLUDED: usize = 256;

/// Declares `include` and `tpl` as Helm has them.
///
/// `include NAME DATA` executes a template and returns its output; one template may be under way
/// [`Limits::include_depth`](crate::Limits::include_depth) times. `tpl TEXT DATA` evaluates a text that sees all templates, and
/// may define more for what it executes itself; `<no value>` is removed from its output.
pub fn define_nested(functions: &mut Functions) {
    functions.define("include", SIGNATURE, |call, arguments| {
        let name = arguments.text(0)?.to_string_lossy();
        call.include(&name, arguments.value(1)).map(Value::String)
    });
    functions.define("tpl", SIGNATURE, |call, arguments| {
        let output = call.evaluate(arguments.text(0)?, arguments.value(1))?;
        Ok(Value::String(without_no_value(output)))
    });
}

/// Helm takes `<no value>` out of every output.
fn without_no_value(text: Text) -> Text {
    const MARK: &[u8] = b"<no value>";
    if !text.windows(MARK.len()).any(|window| window == MARK) {
        return text;
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest: &[u8] = &text;
    while let Some((&first, tail)) = rest.split_first() {
        match rest.strip_prefix(MARK) {
            Some(after) => rest = after,
            None => {
                out.push(first);
                rest = tail;
            }
        }
    }
    Text::from(out)
}

impl Call<'_> {
    /// Executes a template of the set and returns its output.
    ///
    /// # Errors
    /// When there is no such template, it fails, or it is under way too often.
    pub fn include(&mut self, name: &str, data: &Value) -> Result<Text, FunctionError> {
        let limit = self.machine.limits.include_depth;
        let is_same = |other: &&Arc<str>| ***other == *name;
        if self.machine.includes.iter().filter(is_same).count() > limit {
            return Err(FunctionError::new(format!(
                "rendering template has a nested reference name: {name}: unable to execute template"
            )));
        }
        let tree = self.scope.find(name)?;
        let mut out = Vec::with_capacity(INCLUDED);
        self.machine.includes.push(Arc::clone(&tree.name));
        let result = exec::execute(self.machine, self.scope, tree, data, &mut out);
        self.machine.includes.pop();
        result?;
        Ok(Text::from(out))
    }

    /// Evaluates a text as a template that sees all templates of the set, and returns its output.
    ///
    /// # Errors
    /// When it cannot be parsed, or fails.
    pub fn evaluate(&mut self, text: &Text, data: &Value) -> Result<Text, FunctionError> {
        let parsed = self.parsed(text)?;
        let (scope, tree) = Scope::within(self.scope, &parsed);
        let mut out = Vec::new();
        if let Some(tree) = tree {
            exec::execute(self.machine, &scope, &tree, data, &mut out).map_err(|error| {
                let text = format!(
                    "error during tpl function execution for {}: {error}",
                    quote(text)
                );
                FunctionError::wrapping(text, error.into())
            })?;
        }
        Ok(Text::from(out))
    }

    /// A text, parsed once in a rendering.
    fn parsed(&mut self, text: &Text) -> Result<Rc<Parsed>, FunctionError> {
        if let Some(parsed) = self.machine.parsed.get(text) {
            return Ok(Rc::clone(parsed));
        }
        self.spend(text.len() as u64 / 16)?;
        let set = &self.scope.set;
        let parsed = set.read(set.name(), text).map_err(|error| {
            FunctionError::wrapping(
                format!("cannot parse template {}: {error}", quote(text)),
                FunctionError::new(error.to_string()),
            )
        })?;
        let parsed = Rc::new(parsed);
        self.machine.remember(text, &parsed);
        Ok(parsed)
    }
}
