//! Checks that users define, by kind.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::Value;
use tiphys_model::HealthStatusCode as Code;

use super::{CelCheck, CelError, Health};
use crate::glob;
use crate::lua::{Limits, LuaError, Script};

/// A check as a user writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Check {
    /// `health.lua`: reads the global `obj`, returns a table with `status` and `message`; nothing, or an empty table, is no
    /// opinion.
    Lua(String),
    /// Expressions as in Flux's `healthCheckExprs`.
    Cel {
        /// True when the object is well.
        current: String,
        /// True while it is on its way.
        in_progress: Option<String>,
        /// True when it has failed.
        failed: Option<String>,
    },
}

/// A check for a kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    /// For which kinds, as in `resource.customizations`: `group/Kind`, `Kind` alone for the core group, globs as in
    /// `*.example.com/*`; or as in the keys `resource.customizations.health.<group>_<kind>`: `group_Kind`.
    pub key: String,
    /// The check.
    pub check: Check,
}

/// A definition that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the health check for {key} cannot be used: {message}")]
pub struct DefinitionError {
    /// The key of the definition.
    pub key: String,
    /// What is wrong with it.
    pub message: String,
}

#[derive(Clone, Debug)]
pub(super) enum Compiled {
    Lua(Arc<Script>),
    Cel(Arc<CelCheck>),
    /// Objects of the kind are `Unknown`, with what is wrong.
    Wrong(String),
}

/// The checks of a user, compiled. One that is wrong makes the objects of its kind `Unknown` and concerns no other.
#[derive(Debug, Default)]
pub struct Checks {
    exact: HashMap<String, Compiled>,
    /// In the order in which they were given; the first that matches counts.
    globs: Vec<(String, Compiled)>,
    errors: Vec<DefinitionError>,
}

impl Checks {
    /// Compiles checks; definitions with the same text share what is compiled. A kind that is defined twice has the later one.
    #[must_use]
    pub fn new(definitions: impl IntoIterator<Item = Definition>) -> Self {
        let mut checks = Self::default();
        let mut scripts: HashMap<String, Arc<Script>> = HashMap::new();
        for Definition { key, check } in definitions {
            let key = canonical(&key);
            let compiled = compile(&check, &mut scripts).unwrap_or_else(|message| {
                let error = DefinitionError {
                    key: key.clone(),
                    message,
                };
                let text = error.to_string();
                checks.errors.push(error);
                Compiled::Wrong(text)
            });
            if key.contains(['*', '?']) {
                checks.globs.push((key, compiled));
            } else {
                checks.exact.insert(key, compiled);
            }
        }
        checks
    }

    /// What is wrong with the definitions.
    #[must_use]
    pub fn errors(&self) -> &[DefinitionError] {
        &self.errors
    }

    pub(super) fn find(&self, group: &str, kind: &str) -> Option<&Compiled> {
        if self.exact.is_empty() && self.globs.is_empty() {
            return None;
        }
        let key = if group.is_empty() {
            kind.to_owned()
        } else {
            format!("{group}/{kind}")
        };
        self.exact.get(&key).or_else(|| {
            self.globs
                .iter()
                .find(|(pattern, _)| glob::matches(pattern, &key))
                .map(|(_, check)| check)
        })
    }
}

/// `group_Kind` becomes `group/Kind`; a key without a group is the kind. Neither groups nor kinds hold `_`.
pub(crate) fn canonical(key: &str) -> String {
    let key = match key.split_once('_') {
        Some((group, kind)) if !key.contains('/') => format!("{group}/{kind}"),
        _ => key.to_owned(),
    };
    match key.strip_prefix('/') {
        Some(kind) => kind.to_owned(),
        None => key,
    }
}

fn compile(check: &Check, scripts: &mut HashMap<String, Arc<Script>>) -> Result<Compiled, String> {
    match check {
        Check::Lua(text) => {
            if let Some(script) = scripts.get(text) {
                return Ok(Compiled::Lua(script.clone()));
            }
            let script = Script::compile(text, Limits::default())
                .map(Arc::new)
                .map_err(|error: LuaError| error.to_string())?;
            scripts.insert(text.clone(), script.clone());
            Ok(Compiled::Lua(script))
        }
        Check::Cel {
            current,
            in_progress,
            failed,
        } => CelCheck::compile(current, in_progress.as_deref(), failed.as_deref())
            .map(|check| Compiled::Cel(Arc::new(check)))
            .map_err(|error: CelError| error.to_string()),
    }
}

impl Compiled {
    pub(super) fn assess(&self, live: &Value, now: DateTime<Utc>) -> Option<Health> {
        match self {
            Self::Lua(script) => match script.run(live, &[], now) {
                Ok(result) => verdict(&result),
                Err(error) => Some(Health::new(Code::Unknown, error.to_string())),
            },
            Self::Cel(check) => Some(check.assess(live)),
            Self::Wrong(message) => Some(Health::new(Code::Unknown, message.as_str())),
        }
    }
}

/// What a `health.lua` returned.
fn verdict(result: &Value) -> Option<Health> {
    let unknown = |message: &str| Some(Health::new(Code::Unknown, message));
    match result {
        Value::Null => None,
        Value::Array(list) if list.is_empty() => None,
        Value::Object(map) => {
            let status = match map.get("status").and_then(Value::as_str) {
                Some("Healthy") => Code::Healthy,
                Some("Progressing") => Code::Progressing,
                Some("Degraded") => Code::Degraded,
                Some("Suspended") => Code::Suspended,
                Some("Missing") => Code::Missing,
                Some("Unknown") => Code::Unknown,
                _ => return unknown("Lua returned an invalid health status"),
            };
            let message = match map.get("message") {
                None | Some(Value::Null) => String::new(),
                Some(Value::String(text)) => text.clone(),
                Some(other) => other.to_string(),
            };
            Some(Health::new(status, message))
        }
        _ => unknown("the Lua script returned no table with a status and a message"),
    }
}
