//! What the comparison before found of each object, for the version of it that was live then.
//!
//! One object of an application changes, and all are compared again. Most of them are as they were: reading their live state once
//! more, and judging it, would be most of the work.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Mutex, PoisonError};

use serde_json::{Map, Value, json};
use tiphys_model::{HealthStatusCode, ResourceKey, ResourceStatus};

use crate::target::{Condition, Target, Wanted};

/// Applications with fewer objects are compared as fast without memory.
const FEWEST: usize = 4;

/// What a finding follows from; as long as it is the same, so is the finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Basis {
    /// The rules and options of the application, and the schemas of its cluster.
    rules: u64,
    target: u64,
    /// Version of the live object, which no other object of the cluster has.
    version: u64,
}

/// What was found of a live object.
#[derive(Clone)]
pub(super) struct Finding {
    pub row: ResourceStatus,
    pub health: Option<HealthStatusCode>,
    pub images: Vec<String>,
    pub warnings: Vec<Condition>,
    /// As much of the object as the health of its application needs.
    pub outline: Value,
}

/// The findings of one application.
#[derive(Default)]
pub(crate) struct Findings(HashMap<ResourceKey, (Basis, Finding)>);

/// The findings of all applications, by their names.
#[derive(Default)]
pub(crate) struct Seen {
    findings: Mutex<HashMap<String, Findings>>,
    hasher: RandomState,
}

/// The name and the annotations of a live object.
pub(super) fn outline(live: &Value) -> Value {
    let metadata = &live["metadata"];
    let annotations: Map<String, Value> = metadata["annotations"]
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(name, _)| name.starts_with("argocd.argoproj.io/") || name.starts_with("helm.sh/"))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    json!({"apiVersion": live["apiVersion"], "kind": live["kind"], "metadata":
        {"name": metadata["name"], "namespace": metadata["namespace"], "annotations": annotations}})
}

impl Seen {
    /// Takes what is known of an application, to be given back after the comparison.
    pub fn take(&self, application: &str) -> Findings {
        let mut all = self.findings.lock().unwrap_or_else(PoisonError::into_inner);
        all.remove(application).unwrap_or_default()
    }

    pub fn put(&self, application: &str, findings: Findings) {
        if findings.0.is_empty() {
            return;
        }
        let mut all = self.findings.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(application.to_owned(), findings);
    }

    /// What a comparison of a target looks up and notes; nothing where an API server decides, or where it would not pay.
    pub fn begin<'s>(&'s self, target: &Target, before: Findings, asks: bool) -> Memory<'s> {
        let pays = !asks && target.wanted.len() >= FEWEST;
        Memory {
            rules: self
                .hasher
                .hash_one((target.cluster.server(), &target.rules_text)),
            hasher: &self.hasher,
            before: if pays { before } else { Findings::default() },
            after: Findings::default(),
            pays,
        }
    }
}

/// The findings before and after one comparison.
pub(crate) struct Memory<'s> {
    rules: u64,
    hasher: &'s RandomState,
    before: Findings,
    after: Findings,
    pays: bool,
}

/// The place of a finding that is to be noted.
pub(super) struct Place(Basis);

impl Memory<'_> {
    /// What is known of a live object in this version, and where to note it when nothing is.
    pub(super) fn look_up(
        &mut self,
        target: &Target,
        wanted: &Wanted,
    ) -> Option<Result<&Finding, Place>> {
        if !self.pays {
            return None;
        }
        let version = target.cluster.version_of(&wanted.key)?;
        let basis = Basis {
            rules: self.rules,
            target: self.hasher.hash_one(&wanted.object),
            version,
        };
        match self.before.0.remove(&wanted.key) {
            Some((known, finding)) if known == basis => {
                let kept = self.after.0.entry(wanted.key.clone());
                Some(Ok(&kept.insert_entry((basis, finding)).into_mut().1))
            }
            _ => Some(Err(Place(basis))),
        }
    }

    /// Notes what was found of a live object, if that is still the version that was looked up.
    pub(super) fn note(
        &mut self,
        place: &Place,
        key: &ResourceKey,
        version: &str,
        finding: Finding,
    ) {
        if version.parse() == Ok(place.0.version) {
            self.after.0.insert(key.clone(), (place.0, finding));
        }
    }

    /// What is known after the comparison.
    pub fn end(self) -> Findings {
        self.after
    }
}
