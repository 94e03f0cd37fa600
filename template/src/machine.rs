//! What all templates of one rendering share: the limits and what is left of them, and the caller's context.

use std::any::Any;
use std::rc::Rc;

use crate::limits::Limits;

/// The state of a rendering that outlives a single template.
pub(crate) struct Machine {
    pub(crate) limits: Limits,
    pub(crate) context: Rc<dyn Any>,
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
