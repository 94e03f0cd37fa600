//! The table `[customizations]` of the configuration file: what users define for kinds of objects.
//!
//! The keys are Argo CD's, with or without `resource.customizations.` before them, and the values may be pasted as they stand in its
//! ConfigMap (Lua or YAML as text) or be written in TOML:
//!
//! ```toml
//! [customizations]
//! "health.example.com_Ship" = "…"                  # health.lua
//! "health.example.com_Boat" = { current = "…" }    # expressions in CEL, as Flux's healthCheckExprs: current, inProgress, failed
//! "actions.example.com_Ship" = "…"                 # discovery.lua, definitions, mergeBuiltinActions
//! "ignoreDifferences.all" = { jsonPointers = ["/spec/replicas"] }
//! "knownTypeFields.example.com_Ship" = [{ field = "spec.crew", type = "core/v1/PodSpec" }]
//! ```

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tiphys_engine::actions::{self, Actions};
use tiphys_engine::health::{self, Check, Checks};
use tiphys_engine::ignore::{IgnoreRules, system_rule};
use tiphys_engine::known_types::KnownTypes;
use tiphys_model::ResourceIgnoreDifferences;
use tiphys_reconciler::Customs;
use tiphys_render::{Limits, yaml};

#[cfg(test)]
mod tests;

/// What the keys of Argo CD's ConfigMap begin with.
const PREFIX: &str = "resource.customizations.";

/// Reads the table.
///
/// # Errors
/// When a key is unknown or its value cannot be used; the message names the key.
pub fn read(table: &toml::Table) -> Result<Customs> {
    let mut customs = Customs::default();
    let mut checks = Vec::new();
    let mut definitions = Vec::new();
    for (key, value) in table {
        let short = key.strip_prefix(PREFIX).unwrap_or(key);
        let (what, kind) = short.split_once('.').unwrap_or((short, ""));
        one(
            what,
            kind,
            value,
            &mut customs,
            &mut checks,
            &mut definitions,
        )
        .with_context(|| format!("customizations.\"{key}\""))?;
    }
    customs.checks = Checks::new(checks);
    customs.actions = Actions::new(definitions);
    Ok(customs)
}

fn one(
    what: &str,
    kind: &str,
    value: &toml::Value,
    customs: &mut Customs,
    checks: &mut Vec<health::Definition>,
    definitions: &mut Vec<actions::Definition>,
) -> Result<()> {
    if !["health", "actions", "ignoreDifferences", "knownTypeFields"].contains(&what) {
        bail!(
            "unknown key; there are health, actions, ignoreDifferences and knownTypeFields, each followed by .<group>_<kind>"
        );
    }
    if kind.is_empty() || (kind == "all" && what != "ignoreDifferences") {
        bail!(
            "the kind is missing: write {what}.<group>_<kind>, or {what}.<kind> for the core group"
        );
    }
    match what {
        "health" => {
            let definition = health::Definition {
                key: kind.to_owned(),
                check: check(value)?,
            };
            // What is wrong is told now, and under the key that the user wrote.
            if let Some(error) = Checks::new([definition.clone()]).errors().first() {
                bail!("{}", error.message);
            }
            checks.push(definition);
        }
        "actions" => {
            let definition = action(kind, value)?;
            if let Some(error) = Actions::new([definition.clone()]).errors().first() {
                bail!("{}: {}", error.script, error.error);
            }
            definitions.push(definition);
        }
        "ignoreDifferences" => {
            let parts: Parts = written(value)?;
            let rule = system_rule(kind, parts.into());
            let (_, errors) = IgnoreRules::compile([&rule]);
            if let Some(error) = errors.first() {
                bail!("{error}");
            }
            customs.ignore.push(rule);
        }
        _ => known_types(kind, value, &mut customs.known_types)?,
    }
    Ok(())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Expressions {
    current: String,
    in_progress: Option<String>,
    failed: Option<String>,
}

/// A text is Lua; a table holds expressions.
fn check(value: &toml::Value) -> Result<Check> {
    if let toml::Value::String(script) = value {
        return Ok(Check::Lua(script.clone()));
    }
    let expressions: Expressions = written(value)?;
    Ok(Check::Cel {
        current: expressions.current,
        in_progress: expressions.in_progress,
        failed: expressions.failed,
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ActionsSetting {
    #[serde(rename = "discovery.lua")]
    discovery: String,
    #[serde(default)]
    definitions: Vec<ActionSetting>,
    #[serde(rename = "mergeBuiltinActions", default)]
    merge_builtin: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ActionSetting {
    name: String,
    #[serde(rename = "action.lua")]
    script: String,
}

fn action(kind: &str, value: &toml::Value) -> Result<actions::Definition> {
    let setting: ActionsSetting = written(value)?;
    Ok(actions::Definition {
        key: kind.to_owned(),
        discovery: setting.discovery,
        actions: setting
            .definitions
            .into_iter()
            .map(|action| actions::ActionDefinition {
                name: action.name,
                script: action.script,
            })
            .collect(),
        merge_builtin: setting.merge_builtin,
    })
}

/// The lists of `ignoreDifferences`.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
struct Parts {
    json_pointers: Vec<String>,
    jq_path_expressions: Vec<String>,
    managed_fields_managers: Vec<String>,
}

impl From<Parts> for ResourceIgnoreDifferences {
    fn from(parts: Parts) -> Self {
        Self {
            json_pointers: parts.json_pointers,
            jq_path_expressions: parts.jq_path_expressions,
            managed_fields_managers: parts.managed_fields_managers,
            ..Self::default()
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KnownField {
    field: String,
    #[serde(rename = "type")]
    type_name: String,
}

fn known_types(kind: &str, value: &toml::Value, known: &mut KnownTypes) -> Result<()> {
    let (group, kind) = kind.split_once('_').unwrap_or(("", kind));
    let fields: Vec<KnownField> = written(value)?;
    for KnownField { field, type_name } in fields {
        known.add(group, kind, &field, &type_name)?;
    }
    Ok(())
}

/// A value in TOML, or in YAML when it is a text.
fn written<T: DeserializeOwned>(value: &toml::Value) -> Result<T> {
    let value = match value {
        toml::Value::String(text) => yaml::first(
            text.as_bytes(),
            &Limits::default(),
            yaml::Reading::default(),
        )
        .context("not valid YAML")?
        .map_or(Value::Null, |document| document.value),
        value => serde_json::to_value(value)?,
    };
    Ok(serde_json::from_value(value)?)
}
