//! One rendering: templates executed one after another under common limits.

use std::any::Any;
use std::rc::Rc;
use std::sync::Arc;

use crate::error::ExecError;
use crate::exec;
use crate::limits::Limits;
use crate::machine::Machine;
use crate::templates::{Scope, Templates};
use crate::value::Value;

/// The most bytes that there is room for at first in the output of a template.
const EXPECTED: usize = 64 << 10;

/// A rendering of a set of templates. All executions of a session share its limits, and the context of its functions.
pub struct Session {
    machine: Machine,
    scope: Rc<Scope>,
}

impl Session {
    /// Starts a rendering. Functions find the context by [`crate::Call::context`].
    #[must_use]
    pub fn new(templates: Arc<Templates>, limits: Limits, context: Rc<dyn Any>) -> Self {
        Self {
            machine: Machine::new(limits, context),
            scope: Scope::new(templates),
        }
    }

    /// Executes a template and returns what it wrote.
    ///
    /// # Errors
    /// When there is no such template, it fails, or a limit is reached.
    pub fn execute(&mut self, name: &str, data: &Value) -> Result<Vec<u8>, ExecError> {
        // About as long as the text of the template.
        let expected = self
            .scope
            .lookup(name)
            .map_or(0, |tree| tree.source.text.len());
        let mut out = Vec::with_capacity(expected.min(EXPECTED));
        self.execute_into(name, data, &mut out)?;
        Ok(out)
    }

    /// The same, into a buffer; on an error it holds what was written until then.
    ///
    /// # Errors
    /// As [`Session::execute`].
    pub fn execute_into(
        &mut self,
        name: &str,
        data: &Value,
        out: &mut Vec<u8>,
    ) -> Result<(), ExecError> {
        let tree = self.scope.find(name)?;
        exec::execute(&mut self.machine, &self.scope, tree, data, out)
    }

    /// Steps that are left.
    #[must_use]
    pub fn steps_left(&self) -> u64 {
        self.machine.steps_left()
    }

    /// Bytes of text that may still be made.
    #[must_use]
    pub fn bytes_left(&self) -> u64 {
        self.machine.bytes_left()
    }
}
