//! What a kustomization and its bases have brought together so far.

use std::borrow::Cow;

use super::resmap::ResMap;
use super::transformer_config::TransformerConfig;
use super::types::Var;

/// Objects, the fields that transformers reach, and variables.
#[derive(Default)]
pub(super) struct Accumulator {
    /// The objects.
    pub map: ResMap,
    /// The fields; `None` before any kustomization has said anything.
    pub config: Option<Cow<'static, TransformerConfig>>,
    /// The variables, in order of their names.
    pub vars: Vec<Var>,
}

impl Accumulator {
    /// Adds fields. The defaults are shared and added only once.
    ///
    /// # Errors
    /// When two configurations contradict each other.
    pub fn merge_config(&mut self, added: Cow<'static, TransformerConfig>) -> Result<(), String> {
        match (&mut self.config, added) {
            (None, added) => self.config = Some(added),
            (Some(Cow::Borrowed(own)), Cow::Borrowed(added)) if std::ptr::eq(*own, added) => {}
            (Some(own), added) => own.to_mut().merge(&added)?,
        }
        Ok(())
    }

    /// Adds what a base has brought together.
    ///
    /// # Errors
    /// When two objects have the same id, or two variables the same name.
    pub fn merge(&mut self, other: Self) -> Result<(), String> {
        if self.map.resources.is_empty() {
            self.map = other.map;
        } else {
            self.map.append_all(other.map.resources)?;
        }
        if let Some(config) = other.config {
            self.merge_config(config)?;
        }
        for var in other.vars {
            self.add_var(var)?;
        }
        Ok(())
    }

    /// Adds a variable.
    ///
    /// # Errors
    /// When there is one of its name.
    pub fn add_var(&mut self, var: Var) -> Result<(), String> {
        match self
            .vars
            .binary_search_by(|known| known.name.cmp(&var.name))
        {
            Ok(_) => Err(format!("var '{}' already encountered", var.name)),
            Err(place) => {
                self.vars.insert(place, var);
                Ok(())
            }
        }
    }
}
