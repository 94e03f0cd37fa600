//! `ignoreDifferences`: parts of objects that do not count, for the application and for the system.
//!
//! A rule names objects by group, kind, name and namespace (globs), and parts of them by JSON pointers (RFC 6901), by jq path
//! expressions, or as what a field manager owns. What is ignored is taken out of both sides before they are compared, rule after
//! rule. A rule that fits an object but names nothing in it does nothing.

use std::borrow::Cow;
use std::fmt;

use serde::Serialize;
use serde_json::Value;
use tiphys_model::ResourceIgnoreDifferences;

use crate::diff::Options;
use crate::object::{self, Gvk};
use crate::{glob, managed_fields};

pub mod jq;
mod owned;
mod respect;

use jq::{Expression, JqError};

/// Prefix of the system-wide settings; what follows is `<group>_<kind>`, `<kind>` for the core group, or `all`.
pub const SYSTEM_PREFIX: &str = "resource.customizations.ignoreDifferences.";

/// A step of a path in a value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Key {
    Field(String),
    Index(usize),
}

/// A path in a value, first step first.
pub(crate) type ConcretePath = Vec<Key>;

/// Why a rule cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// A pointer is none of RFC 6901.
    #[error("the JSON pointer {pointer:?} of ignoreDifferences for {place} does not start with /")]
    Pointer {
        /// The pointer.
        pointer: String,
        /// Group and kind of the rule.
        place: String,
    },
    /// An expression cannot be used.
    #[error(
        "the jq path expression {expression:?} of ignoreDifferences for {place} cannot be used: {source}"
    )]
    Expression {
        /// The expression.
        expression: String,
        /// Group and kind of the rule.
        place: String,
        /// Why not.
        source: JqError,
    },
}

/// A rule that could not be carried out on an object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// What happened, naming the expression.
    pub message: String,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// What a rule names in an object.
#[derive(Clone, Debug, PartialEq)]
enum Part {
    Pointer(Vec<String>),
    Expression(Expression),
    /// Everything that this field manager owns.
    Manager(String),
}

#[derive(Clone, Debug, PartialEq)]
struct Rule {
    group: String,
    kind: String,
    name: String,
    namespace: String,
    parts: Vec<Part>,
}

impl Rule {
    fn fits(&self, gvk: &Gvk, object: &Value) -> bool {
        glob::matches(&self.kind, &gvk.kind)
            && glob::matches(&self.group, &gvk.group)
            && (self.name.is_empty() || glob::matches(&self.name, object::name(object)))
            && (self.namespace.is_empty()
                || glob::matches(&self.namespace, object::namespace(object)))
    }
}

/// Rules, ready to be carried out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct IgnoreRules {
    rules: Vec<Rule>,
}

/// A system-wide setting as a rule like an application's. `key` is the setting's name with or without [`SYSTEM_PREFIX`]; `parts` are
/// the lists that the setting states.
#[must_use]
pub fn system_rule(key: &str, parts: ResourceIgnoreDifferences) -> ResourceIgnoreDifferences {
    let key = key.strip_prefix(SYSTEM_PREFIX).unwrap_or(key);
    let (group, kind) = match key {
        "all" => ("*", "*"),
        _ => key.split_once('_').unwrap_or(("", key)),
    };
    ResourceIgnoreDifferences {
        group: group.to_owned(),
        kind: kind.to_owned(),
        name: String::new(),
        namespace: String::new(),
        ..parts
    }
}

impl IgnoreRules {
    /// Reads the rules of the system and of an application; a part that repeats an earlier one is read once. What cannot be used is
    /// left out and told.
    #[must_use]
    pub fn compile<'r>(
        rules: impl IntoIterator<Item = &'r ResourceIgnoreDifferences>,
    ) -> (Self, Vec<RuleError>) {
        let mut compiled: Vec<Rule> = Vec::new();
        let mut errors = Vec::new();
        for rule in rules {
            let place = if rule.group.is_empty() {
                rule.kind.clone()
            } else {
                format!("{}/{}", rule.group, rule.kind)
            };
            let mut parts = Vec::new();
            for manager in &rule.managed_fields_managers {
                parts.push(Part::Manager(manager.clone()));
            }
            for text in &rule.json_pointers {
                match pointer(text) {
                    Some(steps) => parts.push(Part::Pointer(steps)),
                    None => errors.push(RuleError::Pointer {
                        pointer: text.clone(),
                        place: place.clone(),
                    }),
                }
            }
            for text in &rule.jq_path_expressions {
                match Expression::parse(text) {
                    Ok(expression) => parts.push(Part::Expression(expression)),
                    Err(source) => errors.push(RuleError::Expression {
                        expression: text.clone(),
                        place: place.clone(),
                        source,
                    }),
                }
            }
            let rule = Rule {
                group: rule.group.clone(),
                kind: rule.kind.clone(),
                name: rule.name.clone(),
                namespace: rule.namespace.clone(),
                parts,
            };
            if !rule.parts.is_empty() && !compiled.contains(&rule) {
                compiled.push(rule);
            }
        }
        // The trusted managers go first: their records describe the objects before anything is taken out.
        for rule in &mut compiled {
            rule.parts
                .sort_by_key(|part| !matches!(part, Part::Manager(_)));
        }
        (Self { rules: compiled }, errors)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// The parts of all rules that fit, trusted managers first.
    fn parts(&self, object: &Value) -> Vec<&Part> {
        let gvk = object::gvk(object);
        let mut parts: Vec<&Part> = Vec::new();
        for rule in self.rules.iter().filter(|rule| rule.fits(&gvk, object)) {
            for part in &rule.parts {
                if !parts.contains(&part) {
                    parts.push(part);
                }
            }
        }
        parts.sort_by_key(|part| !matches!(part, Part::Manager(_)));
        parts
    }

    /// An object without what is ignored in it. `live` tells what field managers own; it may be the object itself.
    #[must_use]
    pub fn without_ignored<'v>(
        &self,
        object: &'v Value,
        live: &Value,
        options: &Options<'_>,
        warnings: &mut Vec<Warning>,
    ) -> Cow<'v, Value> {
        let mut object = Cow::Borrowed(object);
        self.remove(&mut object, live, options, warnings);
        object
    }

    /// Takes what is ignored out of both sides.
    pub(crate) fn remove_from(
        &self,
        target: &mut Cow<'_, Value>,
        live: &mut Cow<'_, Value>,
        options: &Options<'_>,
        warnings: &mut Vec<Warning>,
    ) {
        if self.rules.is_empty() {
            return;
        }
        // The records of field managers stay in the live object, so that one copy of it is enough.
        let origin: Option<Value> = match live {
            Cow::Borrowed(_) => None,
            Cow::Owned(live) => Some(live.clone()),
        };
        let borrowed = match (&origin, &*live) {
            (Some(origin), _) => origin,
            (None, Cow::Borrowed(live)) => *live,
            (None, Cow::Owned(_)) => return,
        };
        self.remove(target, borrowed, options, warnings);
        self.remove(live, borrowed, options, warnings);
    }

    fn remove(
        &self,
        object: &mut Cow<'_, Value>,
        live: &Value,
        options: &Options<'_>,
        warnings: &mut Vec<Warning>,
    ) {
        // The live object knows its namespace, which a target may leave out.
        let named = if live.is_object() { live } else { &**object };
        for part in self.parts(named) {
            let paths = part.paths(object, live, options, warnings);
            if !paths.is_empty() {
                remove_paths(object.to_mut(), &paths);
            }
        }
    }

    /// The target as it is applied with `RespectIgnoreDifferences`: what is ignored has its live value, so that applying changes
    /// nothing of it, and takes nothing away.
    #[must_use]
    pub fn respected<'v>(
        &self,
        target: &'v Value,
        live: &Value,
        options: &Options<'_>,
    ) -> Cow<'v, Value> {
        respect::respected(self, target, live, options)
    }
}

impl Part {
    /// What the part names in an object.
    fn paths(
        &self,
        object: &Value,
        live: &Value,
        options: &Options<'_>,
        warnings: &mut Vec<Warning>,
    ) -> Vec<ConcretePath> {
        match self {
            Self::Pointer(steps) => concrete(steps, object).into_iter().collect(),
            Self::Expression(expression) => match expression.paths(object) {
                Ok(paths) => paths
                    .into_iter()
                    .filter(|path| !path.is_empty() && reaches(path, object))
                    .collect(),
                // As in jq, an object of another form than the expression expects has no such part.
                Err(JqError::Types(_)) => Vec::new(),
                Err(error) => {
                    let warning = Warning {
                        message: format!(
                            "the jq path expression {:?} was not carried out: {error}",
                            expression.to_string()
                        ),
                    };
                    if !warnings.contains(&warning) {
                        warnings.push(warning);
                    }
                    Vec::new()
                }
            },
            Self::Manager(manager) => {
                let mut paths = Vec::new();
                for entry in managed_fields::entries(live) {
                    if entry.manager == manager {
                        owned::paths(entry.fields, object, options, &mut paths);
                    }
                }
                paths.sort();
                paths.dedup();
                paths
            }
        }
    }
}

/// The steps of a JSON pointer.
fn pointer(text: &str) -> Option<Vec<String>> {
    let steps = text.strip_prefix('/')?.split('/');
    Some(
        steps
            .map(|step| step.replace("~1", "/").replace("~0", "~"))
            .collect(),
    )
}

/// The path of a pointer in a value; none when it leads nowhere. A negative index counts from the end, as in Argo CD.
fn concrete(steps: &[String], value: &Value) -> Option<ConcretePath> {
    let mut path = Vec::with_capacity(steps.len());
    let mut here = value;
    for step in steps {
        let key = match here {
            Value::Object(_) => Key::Field(step.clone()),
            Value::Array(list) => {
                let place: i64 = step.parse().ok()?;
                let from_end = i64::try_from(list.len()).ok()?;
                let place = if place < 0 { place + from_end } else { place };
                Key::Index(usize::try_from(place).ok()?)
            }
            _ => return None,
        };
        here = step_into(here, &key)?;
        path.push(key);
    }
    Some(path)
}

fn step_into<'v>(value: &'v Value, key: &Key) -> Option<&'v Value> {
    match key {
        Key::Field(name) => value.get(name),
        Key::Index(place) => value.get(place),
    }
}

fn reaches(path: &[Key], value: &Value) -> bool {
    path.iter()
        .try_fold(value, |value, key| step_into(value, key))
        .is_some()
}

/// Takes paths out. They are sorted, so going backwards no index moves before it is used.
fn remove_paths(object: &mut Value, paths: &[ConcretePath]) {
    for path in paths.iter().rev() {
        let Some((last, parents)) = path.split_last() else {
            continue;
        };
        let parent = parents
            .iter()
            .try_fold(&mut *object, |value, key| match key {
                Key::Field(name) => value.get_mut(name),
                Key::Index(place) => value.get_mut(place),
            });
        match (parent, last) {
            (Some(Value::Object(map)), Key::Field(name)) => {
                map.remove(name);
            }
            (Some(Value::Array(list)), Key::Index(place)) if *place < list.len() => {
                list.remove(*place);
            }
            _ => {}
        }
    }
}
