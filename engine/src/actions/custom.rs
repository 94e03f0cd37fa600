//! Actions that users define in Lua, as in Argo CD's `resource.customizations.actions.<group>_<kind>`.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::{Action, Change, Parameter, RunError, difference, patch};
use crate::lua::{Limits, LuaError, Script, restore_empty_maps};
use crate::object;

/// The actions of a user for a kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Definition {
    /// `group/Kind` or `group_Kind`; `Kind` alone for the core group.
    pub key: String,
    /// `discovery.lua`: returns a table with an entry for each action.
    pub discovery: String,
    /// The actions.
    pub actions: Vec<ActionDefinition>,
    /// Whether the actions that come with Tiphys are there as well.
    pub merge_builtin: bool,
}

/// An action of a user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActionDefinition {
    /// Its name.
    pub name: String,
    /// `action.lua`: returns the changed object, or a list of `{operation, resource}`.
    pub script: String,
}

/// A script that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the script {script} of the actions for {key} cannot be used: {error}")]
pub struct ActionError {
    /// The key of the definition.
    pub key: String,
    /// `discovery.lua`, or the name of the action.
    pub script: String,
    /// What is wrong with it.
    pub error: LuaError,
}

type Compiled = Result<Script, LuaError>;

#[derive(Debug)]
pub(super) struct Custom {
    discovery: Compiled,
    actions: HashMap<String, Compiled>,
    merge_builtin: bool,
}

#[derive(Debug, Default)]
pub(super) struct Customs {
    by_kind: HashMap<String, Custom>,
    errors: Vec<ActionError>,
}

impl Customs {
    pub(super) fn new(definitions: impl IntoIterator<Item = Definition>) -> Self {
        let mut customs = Self::default();
        for definition in definitions {
            let key = crate::health::canonical_key(&definition.key);
            let mut compile = |name: &str, text: &str| {
                let compiled = Script::compile(text, Limits::default());
                if let Err(error) = &compiled {
                    customs.errors.push(ActionError {
                        key: key.clone(),
                        script: name.to_owned(),
                        error: error.clone(),
                    });
                }
                compiled
            };
            let custom = Custom {
                discovery: compile("discovery.lua", &definition.discovery),
                actions: definition
                    .actions
                    .iter()
                    .map(|action| (action.name.clone(), compile(&action.name, &action.script)))
                    .collect(),
                merge_builtin: definition.merge_builtin,
            };
            customs.by_kind.insert(key, custom);
        }
        customs
    }

    pub(super) fn errors(&self) -> &[ActionError] {
        &self.errors
    }

    pub(super) fn find(&self, live: &Value) -> Option<&Custom> {
        if self.by_kind.is_empty() {
            return None;
        }
        let gvk = object::gvk(live);
        let key = if gvk.group.is_empty() {
            gvk.kind
        } else {
            format!("{}/{}", gvk.group, gvk.kind)
        };
        self.by_kind.get(&key)
    }
}

impl Custom {
    pub(super) fn merges_builtin(&self) -> bool {
        self.merge_builtin
    }

    pub(super) fn script(&self, name: &str) -> Option<&Compiled> {
        self.actions.get(name)
    }

    /// What `discovery.lua` returned: by name, a table with `disabled`, `displayName`, `iconClass` and `params`, which may be
    /// empty.
    pub(super) fn discover(
        &self,
        live: &Value,
        now: DateTime<Utc>,
    ) -> Result<Vec<Action>, LuaError> {
        let script = self.discovery.as_ref().map_err(Clone::clone)?;
        match script.run(live, &[], now)? {
            Value::Array(list) if list.is_empty() => Ok(Vec::new()),
            Value::Object(map) => Ok(map
                .iter()
                .map(|(name, entry)| action(name, entry))
                .collect()),
            _ => Err(LuaError::Result(
                "discovery.lua returns a table with an entry for each action".to_owned(),
            )),
        }
    }
}

fn action(name: &str, entry: &Value) -> Action {
    let text = |value: &Value| match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    Action {
        name: name.to_owned(),
        display_name: text(&entry["displayName"]),
        icon_class: text(&entry["iconClass"]),
        disabled: entry["disabled"] == true,
        parameters: entry["params"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|parameter| Parameter {
                name: text(&parameter["name"]),
                default: text(&parameter["default"]),
            })
            .collect(),
    }
}

/// Runs a user's script and reads the changes from what it returned.
pub(super) fn run(
    script: &Compiled,
    live: &Value,
    name: &str,
    parameters: &[(String, Value)],
    now: DateTime<Utc>,
) -> Result<Vec<Change>, RunError> {
    let script = script.as_ref().map_err(Clone::clone)?;
    let wrong = |message: &str| RunError::Result {
        action: name.to_owned(),
        message: message.to_owned(),
    };
    match script.run(live, parameters, now)? {
        changed @ Value::Object(_) => changed_object(live, changed, &wrong),
        Value::Array(list) => {
            let mut changes = Vec::new();
            for mut entry in list {
                let resource = entry["resource"].take();
                if !resource.is_object() {
                    return Err(wrong("an entry has no resource"));
                }
                match entry["operation"].as_str() {
                    Some("create") => changes.push(Change::Create(resource)),
                    Some("patch") => changes.extend(changed_object(live, resource, &wrong)?),
                    _ => return Err(wrong("an operation is `create` or `patch`")),
                }
            }
            Ok(changes)
        }
        _ => Err(wrong("it is neither an object nor a list of operations")),
    }
}

fn changed_object(
    live: &Value,
    mut changed: Value,
    wrong: &dyn Fn(&str) -> RunError,
) -> Result<Vec<Change>, RunError> {
    if object::key(&changed) != object::key(live) {
        return Err(wrong(
            "it patches another object than the one it was run on",
        ));
    }
    restore_empty_maps(&mut changed, live);
    Ok(difference(live, &changed)
        .and_then(|difference| patch(live, difference))
        .into_iter()
        .collect())
}
