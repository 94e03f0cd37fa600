//! What all templates of one rendering share: the limits and what is left of them, and the caller's context.

use std::any::Any;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use crate::exec::Operand;
use crate::limits::Limits;
use crate::node::VariableId;
use crate::templates::Parsed;
use crate::value::Text;

/// How much text that `tpl` evaluates is kept parsed; parsed, it takes a few times its length.
const REMEMBERED_BYTES: usize = 1 << 20;

/// The state of a rendering that outlives a single template.
pub(crate) struct Machine {
    pub(crate) limits: Limits,
    pub(crate) context: Rc<dyn Any>,
    /// The variables of all templates under way; each knows where its own begin.
    pub(crate) variables: Vec<(VariableId, Operand)>,
    /// How many templates are under way, one in another.
    pub(crate) depth: usize,
    /// How many executions are under way, one in another through functions.
    pub(crate) executions: usize,
    /// The templates that are under way through `include`, outer before inner.
    pub(crate) includes: Vec<Arc<str>>,
    /// The texts that `tpl` has evaluated, up to [`REMEMBERED_BYTES`] of them.
    pub(crate) parsed: HashMap<Text, Rc<Parsed>>,
    parsed_bytes: usize,
    steps_left: u64,
    bytes_left: u64,
}

impl Machine {
    pub(crate) fn new(limits: Limits, context: Rc<dyn Any>) -> Self {
        Self {
            steps_left: limits.steps,
            bytes_left: limits.bytes,
            limits,
            context,
            variables: Vec::new(),
            depth: 0,
            executions: 0,
            includes: Vec::new(),
            parsed: HashMap::new(),
            parsed_bytes: 0,
        }
    }

    pub(crate) fn steps_left(&self) -> u64 {
        self.steps_left
    }

    pub(crate) fn bytes_left(&self) -> u64 {
        self.bytes_left
    }

    /// Keeps a parsed text for the next time, while there is room.
    pub(crate) fn remember(&mut self, text: &Text, parsed: &Rc<Parsed>) {
        let bytes = self.parsed_bytes + text.len() + 64;
        if bytes <= REMEMBERED_BYTES {
            self.parsed_bytes = bytes;
            self.parsed.insert(text.clone(), Rc::clone(parsed));
        }
    }

    /// Takes steps; the error is the text of the limit.
    pub(crate) fn spend(&mut self, steps: u64) -> Result<(), String> {
        match self.steps_left.checked_sub(steps) {
            Some(left) => {
                self.steps_left = left;
                Ok(())
            }
            None => Err(format!(
                "the rendering takes more than {} steps (limit steps)",
                self.limits.steps
            )),
        }
    }

    /// Takes bytes that were made; the error is the text of the limit.
    pub(crate) fn take_bytes(&mut self, bytes: usize) -> Result<(), String> {
        self.check_size(bytes)?;
        self.bytes_left -= bytes as u64;
        Ok(())
    }

    /// Whether so many bytes may be made; the error is the text of the limit.
    pub(crate) fn check_size(&self, bytes: usize) -> Result<(), String> {
        if bytes > self.limits.value_bytes {
            return Err(format!(
                "a string of {bytes} bytes is longer than {} bytes (limit value_bytes)",
                self.limits.value_bytes
            ));
        }
        if bytes as u64 > self.bytes_left {
            return Err(format!(
                "the rendering makes more than {} bytes of text (limit bytes)",
                self.limits.bytes
            ));
        }
        Ok(())
    }
}
