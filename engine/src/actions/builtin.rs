//! The actions that come with Tiphys: one data file a kind under `actions/kinds`.
//!
//! ```yaml
//! actions:
//!   scale:
//!     title: Scale                    # what a person reads; a template
//!     icon: fa fa-fw fa-plus-circle
//!     if: exists(spec.replicas)       # whether the action exists for the object
//!     disabled: spec.paused           # whether it cannot be run now
//!     parameters: [{name: replicas, default: "{spec.replicas}"}]
//!     require: [{that: number(params.replicas) >= 0, say: "…"}]
//!     patch: {spec: {replicas: {$: number(params.replicas)}}}    # or create: a new object
//! ```
//!
//! Beside the object's own fields, the trees and `require` see `params` and `now`: `now.time` (RFC 3339), `now.minute`
//! (`yymmddHHMM`) and `now.long` (`yyyymmddHHMM`), all in UTC.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::tree::{Tree, without_nulls};
use super::{Action, Change, Parameter, RunError, patch};
use crate::expression::{Expression, ExpressionError, Template};
use crate::kinds::{Entry, Table};
use crate::object;

const ENTRIES: &[Entry] = include!(concat!(env!("OUT_DIR"), "/action_kinds.rs"));
static PARSED: [OnceLock<Kind>; ENTRIES.len()] = [const { OnceLock::new() }; ENTRIES.len()];
pub(super) static TABLE: Table<Kind> = Table::new(ENTRIES, &PARSED, parse);

/// The actions of a kind; an error when the data file is wrong, which the tests do not let pass.
pub(super) type Kind = Result<BTreeMap<String, Parsed>, String>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    actions: BTreeMap<String, ActionText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ActionText {
    #[serde(default)]
    title: String,
    #[serde(default)]
    icon: String,
    #[serde(rename = "if")]
    exists: Option<String>,
    disabled: Option<String>,
    #[serde(default)]
    parameters: Vec<ParameterText>,
    #[serde(default)]
    require: Vec<RequireText>,
    patch: Option<Value>,
    create: Option<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ParameterText {
    name: String,
    #[serde(default)]
    default: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RequireText {
    that: String,
    say: String,
}

#[derive(Debug)]
pub(super) struct Parsed {
    title: Template,
    icon: String,
    exists: Option<Expression>,
    disabled: Option<Expression>,
    parameters: Vec<(String, Template)>,
    require: Vec<(Expression, Template)>,
    effect: Effect,
}

#[derive(Debug)]
enum Effect {
    Patch(Tree),
    Create(Tree),
}

fn parse(text: &str) -> Kind {
    let file: File = serde_json::from_str(text).map_err(|error| error.to_string())?;
    file.actions
        .into_iter()
        .map(|(name, action)| {
            let parsed = action.parse().map_err(|error| format!("{name}: {error}"))?;
            Ok((name, parsed))
        })
        .collect()
}

/// What is wrong with an action of a data file.
#[derive(Debug, thiserror::Error)]
enum ActionTextError {
    #[error(transparent)]
    Expression(#[from] ExpressionError),
    #[error("an action either patches or creates")]
    Effect,
}

impl ActionText {
    fn parse(self) -> Result<Parsed, ActionTextError> {
        let question = |text: Option<String>| text.as_deref().map(Expression::parse).transpose();
        Ok(Parsed {
            title: Template::parse(&self.title)?,
            icon: self.icon,
            exists: question(self.exists)?,
            disabled: question(self.disabled)?,
            parameters: self
                .parameters
                .into_iter()
                .map(|parameter| Ok((parameter.name, Template::parse(&parameter.default)?)))
                .collect::<Result<_, ExpressionError>>()?,
            require: self
                .require
                .iter()
                .map(|rule| Ok((Expression::parse(&rule.that)?, Template::parse(&rule.say)?)))
                .collect::<Result<_, ExpressionError>>()?,
            effect: match (self.patch, self.create) {
                (Some(patch), None) => Effect::Patch(Tree::parse(&patch)?),
                (None, Some(create)) => Effect::Create(Tree::parse(&create)?),
                _ => return Err(ActionTextError::Effect),
            },
        })
    }
}

fn kind(live: &Value) -> Option<&'static BTreeMap<String, Parsed>> {
    let gvk = object::gvk(live);
    TABLE.get(&gvk.group, &gvk.kind)?.as_ref().ok()
}

pub(super) fn discover(live: &Value) -> Vec<Action> {
    let holds =
        |question: &Option<Expression>| question.as_ref().map(|question| question.holds(live));
    kind(live)
        .into_iter()
        .flatten()
        .filter(|(_, action)| holds(&action.exists) != Some(false))
        .map(|(name, action)| Action {
            name: name.clone(),
            display_name: action.title.render(live),
            icon_class: action.icon.clone(),
            disabled: holds(&action.disabled) == Some(true),
            parameters: action
                .parameters
                .iter()
                .map(|(name, default)| Parameter {
                    name: name.clone(),
                    default: default.render(live),
                })
                .collect(),
        })
        .collect()
}

pub(super) fn run(
    live: &Value,
    name: &str,
    parameters: &[(String, Value)],
    now: DateTime<Utc>,
) -> Result<Vec<Change>, RunError> {
    let action = kind(live)
        .and_then(|actions| actions.get(name))
        .ok_or_else(|| RunError::Unknown(name.to_owned()))?;
    let mut values = Map::new();
    for (known, default) in &action.parameters {
        let given = parameters.iter().find(|(name, _)| name == known);
        let value = match given {
            Some((_, value)) => value.clone(),
            None => Value::String(default.render(live)),
        };
        values.insert(known.clone(), value);
    }
    let mut scope = live.clone();
    if let Value::Object(map) = &mut scope {
        map.insert("params".to_owned(), Value::Object(values));
        map.insert(
            "now".to_owned(),
            json!({
                "time": now.to_rfc3339_opts(SecondsFormat::Secs, true),
                "minute": now.format("%y%m%d%H%M").to_string(),
                "long": now.format("%Y%m%d%H%M").to_string(),
            }),
        );
    }
    if let Some((_, message)) = action.require.iter().find(|(rule, _)| !rule.holds(&scope)) {
        return Err(RunError::Parameter(message.render(&scope)));
    }
    Ok(match &action.effect {
        Effect::Patch(tree) => patch(live, tree.fill(&scope)).into_iter().collect(),
        Effect::Create(tree) => vec![Change::Create(without_nulls(tree.fill(&scope)))],
    })
}
