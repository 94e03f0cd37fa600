//! What can be done to an object beside applying it: restart, scale, pause, run now. Which actions there are for a live object,
//! and what each of them changes.
//!
//! Actions come from data files (`actions/kinds`), and from Lua that users define as in Argo CD (`discovery.lua` and
//! `action.lua`). Nothing here changes a cluster: the result is a list of changes for the caller to carry out.

mod builtin;
mod custom;
mod tree;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use tiphys_model::ResourceKey;

pub use custom::{ActionDefinition, ActionError as DefinitionError, Definition};

use crate::lua::LuaError;
use crate::object;

/// A parameter of an action.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// What a form shows at first; empty when there is nothing to propose.
    pub default: String,
}

/// An action that there is for an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Action {
    /// Its name, which runs it.
    pub name: String,
    /// What a person reads; empty when the name says it.
    pub display_name: String,
    /// A Font Awesome class, as Argo CD's interface shows it; may be empty.
    pub icon_class: String,
    /// It exists and cannot be run now.
    pub disabled: bool,
    /// What it wants to be told.
    pub parameters: Vec<Parameter>,
}

/// A change that an action makes.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// A JSON merge patch (RFC 7386) on the object that the action was run on. What lies in `status` is apart, because it is
    /// patched through the subresource where the kind has one.
    Patch {
        /// The object.
        key: ResourceKey,
        /// All but `status`; an empty object when only the status changes.
        patch: Value,
        /// `{"status": …}`, when the status changes.
        status: Option<Value>,
    },
    /// A new object.
    Create(Value),
}

/// Why an action was not run.
#[derive(Debug, thiserror::Error, Clone, PartialEq, Eq)]
pub enum RunError {
    /// There is no such action for the object.
    #[error("there is no action {0} for this object")]
    Unknown(String),
    /// The action exists and cannot be run now.
    #[error("the action {0} cannot be run on this object now")]
    Disabled(String),
    /// A parameter is missing or wrong.
    #[error("{0}")]
    Parameter(String),
    /// The user's script failed or was stopped.
    #[error(transparent)]
    Script(#[from] LuaError),
    /// The user's script returned what is no change.
    #[error("the action {action} returned what is no change: {message}")]
    Result {
        /// The action.
        action: String,
        /// What is wrong.
        message: String,
    },
}

/// The actions of users, compiled, over those that come with Tiphys.
#[derive(Debug, Default)]
pub struct Actions {
    custom: custom::Customs,
}

impl Actions {
    /// Compiles the actions of users.
    #[must_use]
    pub fn new(definitions: impl IntoIterator<Item = Definition>) -> Self {
        Self {
            custom: custom::Customs::new(definitions),
        }
    }

    /// What is wrong with the definitions. Such an action fails when it is run; nothing else is touched.
    #[must_use]
    pub fn errors(&self) -> &[DefinitionError] {
        self.custom.errors()
    }

    /// The actions that there are for a live object, by name.
    ///
    /// # Errors
    /// When the user's discovery script fails.
    pub fn discover(&self, live: &Value, now: DateTime<Utc>) -> Result<Vec<Action>, LuaError> {
        let mut actions = Vec::new();
        let mut with_builtin = true;
        if let Some(custom) = self.custom.find(live) {
            actions = custom.discover(live, now)?;
            with_builtin = custom.merges_builtin();
        }
        if with_builtin {
            for action in builtin::discover(live) {
                if !actions.iter().any(|known| known.name == action.name) {
                    actions.push(action);
                }
            }
        }
        actions.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(actions)
    }

    /// What an action changes. A user's action comes before one of the same name that comes with Tiphys.
    ///
    /// # Errors
    /// When there is no such action for the object now, a parameter is wrong, or the user's script fails.
    pub fn run(
        &self,
        live: &Value,
        name: &str,
        parameters: &[(String, Value)],
        now: DateTime<Utc>,
    ) -> Result<Vec<Change>, RunError> {
        let found = self.discover(live, now)?;
        let action = found
            .iter()
            .find(|action| action.name == name)
            .ok_or_else(|| RunError::Unknown(name.to_owned()))?;
        if action.disabled {
            return Err(RunError::Disabled(name.to_owned()));
        }
        if let Some(script) = self
            .custom
            .find(live)
            .and_then(|custom| custom.script(name))
        {
            return custom::run(script, live, name, parameters, now);
        }
        builtin::run(live, name, parameters, now)
    }
}

/// A patch, with the status apart; none when it changes nothing.
fn patch(live: &Value, patch: Value) -> Option<Change> {
    let Value::Object(mut map) = patch else {
        return None;
    };
    let status = map
        .remove("status")
        .map(|status| Value::Object(Map::from_iter([("status".to_owned(), status)])));
    if map.is_empty() && status.is_none() {
        return None;
    }
    Some(Change::Patch {
        key: object::key(live),
        patch: Value::Object(map),
        status,
    })
}

/// The merge patch that makes `old` into `new`; none when they are equal.
fn difference(old: &Value, new: &Value) -> Option<Value> {
    if old == new {
        return None;
    }
    let (Value::Object(before), Value::Object(after)) = (old, new) else {
        return Some(new.clone());
    };
    let mut patch = Map::new();
    for (key, value) in after {
        match before.get(key) {
            Some(old) => {
                if let Some(change) = difference(old, value) {
                    patch.insert(key.clone(), change);
                }
            }
            None => {
                patch.insert(key.clone(), value.clone());
            }
        }
    }
    for key in before.keys().filter(|key| !after.contains_key(*key)) {
        patch.insert(key.clone(), Value::Null);
    }
    Some(Value::Object(patch))
}

#[cfg(test)]
mod tests;
