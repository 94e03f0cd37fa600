//! How well an object is doing, by kind, as Argo CD judges it.
//!
//! Who judges, in this order: what the user defined for the kind ([`Checks`]), our data file for it (`health/kinds`), the
//! conventions of kstatus for a kind that nobody described (`health/kstatus.rs`). An object that is being deleted is
//! progressing, whatever its kind.

pub mod aggregate;
mod builtin;
mod cel;
mod checks;
mod code;
mod kstatus;
mod rules;

use chrono::{DateTime, Utc};
use serde_json::Value;
use tiphys_model::HealthStatusCode as Code;

pub use aggregate::worst;
pub use cel::{CelCheck, CelError};
pub(crate) use checks::canonical as canonical_key;
pub use checks::{Check, Checks, Definition, DefinitionError};

/// A verdict, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// The verdict.
    pub status: Code,
    /// Why, empty when there is nothing to say.
    pub message: String,
}

impl Health {
    fn new(status: Code, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
        }
    }
}

/// The finalizer that keeps a hook until its operation has seen its end; such an object is judged although it is being deleted.
const HOOK_FINALIZER: &str = "argocd.argoproj.io/hook-finalizer";

/// The health of a live object by the checks that come with Tiphys; none for kinds without health.
#[must_use]
pub fn assess(live: &Value) -> Option<Health> {
    deletion(live).or_else(|| undeleted(live))
}

/// The verdict on an object that is being deleted.
fn deletion(live: &Value) -> Option<Health> {
    let metadata = &live["metadata"];
    let deleting = metadata["deletionTimestamp"].is_string();
    let held = metadata["finalizers"]
        .as_array()
        .is_some_and(|list| list.iter().any(|name| name == HOOK_FINALIZER));
    (deleting && !held).then(|| Health::new(Code::Progressing, "Pending deletion"))
}

fn undeleted(live: &Value) -> Option<Health> {
    let (group, kind) = group_kind(live);
    match builtin::find(group, kind) {
        Some(assessor) => assessor.assess(live),
        None => kstatus::assess(live),
    }
}

fn group_kind(live: &Value) -> (&str, &str) {
    let version = live["apiVersion"].as_str().unwrap_or_default();
    let group = version.split_once('/').map_or("", |(group, _)| group);
    (group, live["kind"].as_str().unwrap_or_default())
}

impl Checks {
    /// Whether users defined a check for a kind, which may read the time. The other verdicts follow from the object alone.
    #[must_use]
    pub fn is_defined(&self, group: &str, kind: &str) -> bool {
        self.find(group, kind).is_some()
    }

    /// The health of a live object: by the user's check for its kind when there is one, else as [`assess`] does. `now` is what
    /// a check in Lua reads as the time. A check that fails makes the object `Unknown`, with the reason.
    #[must_use]
    pub fn assess(&self, live: &Value, now: DateTime<Utc>) -> Option<Health> {
        if let Some(health) = deletion(live) {
            return Some(health);
        }
        let (group, kind) = group_kind(live);
        match self.find(group, kind) {
            Some(check) => check.assess(live, now),
            None => undeleted(live),
        }
    }
}

#[cfg(test)]
mod tests;
