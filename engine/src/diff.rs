//! Whether a live object drifted from its target, where, and who made it so.
//!
//! Ownership decides: a field counts because the target states it, or because our field manager owns it in the cluster
//! although the target no longer states it. Defaults that the API server fills in, and fields of other managers, are no drift.
//! What an object holds of the metadata counts only as far as people state it: labels, annotations, finalizers, owners.

use std::borrow::Cow;
use std::fmt;

use serde::Serialize;
use serde_json::Value;

use crate::ignore::{IgnoreRules, Warning};
use crate::known_types::KnownTypes;
use crate::managed_fields::{self, Manager};
use crate::object::{self, Gvk};
use crate::schema::Schemas;

pub(crate) mod index;
mod left;
pub(crate) mod normalise;
pub(crate) mod path;
pub(crate) mod scalar;
pub(crate) mod shape;
mod walk;

pub(crate) use index::same_key;
use shape::Shape;
pub(crate) use walk::{METADATA, Walker};

/// Most differences of one object that are reported. An object that differs in more places differs.
pub const MAX_DIFFERENCES: usize = 500;

/// A field that differs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// Path to the field, for example `spec.template.spec.containers[name=web].image`.
    pub path: String,
    /// Why it counts.
    pub reason: Reason,
    /// What the source states, none when it states nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub desired: Option<Value>,
    /// What is live, none when nothing is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub live: Option<Value>,
    /// Field managers that own the live field, or parts of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub managers: Vec<Manager>,
}

/// Why a field counts as drift.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Reason {
    /// The target states it, and nothing is live.
    Missing,
    /// The target states another value.
    Changed,
    /// It is live and ours, and the target no longer states it.
    Left,
    /// It is live inside a field that has one owner for all of it, and the target does not state it.
    Added,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "is not live",
            Self::Changed => "has another value",
            Self::Left => "is live but no longer in the source",
            Self::Added => "is live but not in the source",
        })
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.path, self.reason)
    }
}

impl Difference {
    /// The difference with its values and owners, in one line: `path reason: desired 1, live 2 (kubectl-edit)`.
    ///
    /// It repeats values: mask what is secret first.
    #[must_use]
    pub fn explain(&self) -> String {
        let mut text = self.to_string();
        let values = [("desired", &self.desired), ("live", &self.live)];
        let mut separator = ": ";
        for (name, value) in values {
            if let Some(value) = value {
                text.push_str(separator);
                text.push_str(name);
                text.push(' ');
                text.extend(value.to_string().chars().take(200));
                separator = ", ";
            }
        }
        if !self.managers.is_empty() {
            let names: Vec<&str> = self
                .managers
                .iter()
                .map(|manager| manager.name.as_str())
                .collect();
            text.push_str(&format!(" ({})", names.join(", ")));
        }
        text
    }
}

/// Whose `status` does not count (`ignoreResourceStatusField`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IgnoreStatus {
    /// That of every object.
    #[default]
    All,
    /// That of CustomResourceDefinitions.
    Crd,
    /// Of none: a status that the target states counts.
    None,
}

impl IgnoreStatus {
    /// Reads the setting; none for what Argo CD does not know.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "" | "all" => Some(Self::All),
            "crd" => Some(Self::Crd),
            "none" | "off" | "false" => Some(Self::None),
            _ => None,
        }
    }

    /// Whether the status of a kind counts.
    #[must_use]
    pub fn counts(self, gvk: &Gvk) -> bool {
        match self {
            Self::All => false,
            Self::Crd => {
                gvk.kind != "CustomResourceDefinition" || gvk.group != "apiextensions.k8s.io"
            }
            Self::None => true,
        }
    }
}

/// How objects are compared.
#[derive(Clone, Copy)]
pub struct Options<'a> {
    /// Our field manager.
    pub manager: &'a str,
    /// Managers whose fields are ours from before.
    pub legacy: &'a [&'a str],
    /// One more of them, which the user names.
    pub also: Option<&'a str>,
    /// The cluster's schemas.
    pub schemas: Option<&'a Schemas>,
    /// What the user does not want to see.
    pub ignore: Option<&'a IgnoreRules>,
    /// Types of fields of custom resources.
    pub known_types: Option<&'a KnownTypes>,
    /// Whether a stated `false`, 0 or empty text that is not live never counts: where objects are replaced, no record tells what the API
    /// server dropped.
    pub ignore_dropped: bool,
    /// Whose status does not count.
    pub status: IgnoreStatus,
    /// Whether the rules of an aggregated ClusterRole do not count; the cluster writes them.
    pub ignore_aggregated_roles: bool,
}

impl<'a> Options<'a> {
    /// The usual ones, for a field manager.
    #[must_use]
    pub fn new(manager: &'a str) -> Self {
        Self {
            manager,
            legacy: &managed_fields::LEGACY_MANAGERS,
            also: None,
            schemas: None,
            ignore: None,
            known_types: None,
            ignore_dropped: false,
            status: IgnoreStatus::All,
            ignore_aggregated_roles: true,
        }
    }

    pub(crate) fn shape(&self, gvk: &Gvk) -> Shape<'a> {
        let known = self.known_types.and_then(|known| known.of(gvk));
        Shape::of(gvk, self.schemas, known)
    }

    /// Whether fields of a manager are ours.
    pub(crate) fn is_ours(&self, manager: &str) -> bool {
        manager == self.manager || self.legacy.contains(&manager) || self.also == Some(manager)
    }

    /// Whether a field at the top of an object counts.
    pub(crate) fn counts(&self, name: &str, gvk: &Gvk, object: &Value) -> bool {
        match name {
            "apiVersion" | "kind" => false,
            "status" => self.status.counts(gvk),
            "rules" => {
                !(self.ignore_aggregated_roles
                    && gvk.kind == "ClusterRole"
                    && object.get("aggregationRule").is_some_and(Value::is_object))
            }
            _ => true,
        }
    }
}

/// The outcome of a comparison.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// The fields that differ, at most [`MAX_DIFFERENCES`].
    pub differences: Vec<Difference>,
    /// Whether there are more.
    pub truncated: bool,
    /// Rules that could not be carried out.
    pub warnings: Vec<Warning>,
}

impl Outcome {
    /// Whether the object drifted.
    #[must_use]
    pub fn drifted(&self) -> bool {
        !self.differences.is_empty()
    }
}

/// The fields in which `live` drifted from `target`. `manager` is our field manager.
#[must_use]
pub fn differences(target: &Value, live: &Value, manager: &str) -> Vec<Difference> {
    compare(target, live, &Options::new(manager)).differences
}

/// Whether `live` drifted from `target`.
#[must_use]
pub fn drifted(target: &Value, live: &Value, manager: &str) -> bool {
    is_out_of_sync(target, live, &Options::new(manager)).0
}

/// Compares an object with its target.
#[must_use]
pub fn compare(target: &Value, live: &Value, options: &Options<'_>) -> Outcome {
    run(target, live, options, MAX_DIFFERENCES)
}

/// Whether `live` drifted from `target`, and the rules that could not be carried out. Ends at the first difference.
#[must_use]
pub fn is_out_of_sync(target: &Value, live: &Value, options: &Options<'_>) -> (bool, Vec<Warning>) {
    let outcome = first(target, live, options);
    (outcome.drifted(), outcome.warnings)
}

/// Compares an object with its target, and ends at the first difference.
#[must_use]
pub fn first(target: &Value, live: &Value, options: &Options<'_>) -> Outcome {
    run(target, live, options, 1)
}

fn run(target: &Value, live: &Value, options: &Options<'_>, limit: usize) -> Outcome {
    let gvk = object::gvk(target);
    let mut warnings = Vec::new();
    let mut target = normalise::target(target);
    let mut compared = Cow::Borrowed(live);
    if let Some(rules) = options.ignore {
        rules.remove_from(&mut target, &mut compared, options, &mut warnings);
    }
    let mut walker = Walker::new(live, options, limit);
    walker.object(&target, &compared, &gvk);
    let (differences, truncated) = walker.finish();
    Outcome {
        differences,
        truncated,
        warnings,
    }
}

/// A field of the target that another manager owns with another value: applying takes it away from that manager.
///
/// Applying with force does so wherever the source states the field; this says from whom.
#[must_use]
pub fn conflicts(target: &Value, live: &Value, options: &Options<'_>) -> Vec<Difference> {
    let mut found = compare(target, live, options).differences;
    found.retain_mut(|difference| {
        difference
            .managers
            .retain(|manager| !options.is_ours(&manager.name));
        difference.reason == Reason::Changed && !difference.managers.is_empty()
    });
    found
}

/// The live state as it is compared: without what is ignored and without the records of field managers.
#[must_use]
pub fn normalized_live(live: &Value, options: &Options<'_>) -> Value {
    let mut nothing = Cow::Owned(Value::Null);
    let mut shown = Cow::Borrowed(live);
    if let Some(rules) = options.ignore {
        rules.remove_from(&mut nothing, &mut shown, options, &mut Vec::new());
    }
    normalise::shown(shown.into_owned())
}

/// What would be live after the target is applied, as far as it is known without asking: equal to [`normalized_live`] exactly when
/// nothing differs.
#[must_use]
pub fn predicted_live(target: &Value, live: &Value, options: &Options<'_>) -> Value {
    let gvk = object::gvk(target);
    let mut target = normalise::target(target);
    let mut shown = Cow::Borrowed(live);
    if let Some(rules) = options.ignore {
        rules.remove_from(&mut target, &mut shown, options, &mut Vec::new());
    }
    let mut predicted = shown.clone().into_owned();
    walk::overlay(&target, &mut predicted, &gvk, live, options);
    normalise::shown(predicted)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Map, json};

    use super::*;

    fn check(target: Value, live: Value, expected: &[&str]) {
        let found: Vec<String> = differences(&target, &live, "tiphys")
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn defaults_are_no_drift() {
        check(
            json!({"kind": "Deployment", "spec": {"template": {"spec": {"containers": [{"name": "a", "image": "x", "ports": [{"containerPort": 80}]}]}}}}),
            json!({"kind": "Deployment", "spec": {"replicas": 1, "template": {"spec": {"restartPolicy": "Always", "containers": [{"name": "a", "image": "x",
                "imagePullPolicy": "Always", "ports": [{"containerPort": 80, "protocol": "TCP"}]}]}}}, "status": {}}),
            &[],
        );
    }

    #[test]
    fn a_stated_field_that_changed_is_drift() {
        check(
            json!({"spec": {"replicas": 2, "template": {"spec": {"containers": [{"name": "a", "image": "x"}]}}}}),
            json!({"spec": {"replicas": 3, "template": {"spec": {"containers": [{"name": "sidecar"}, {"name": "a", "image": "y"}]}}}}),
            &[
                "spec.replicas has another value",
                "spec.template.spec.containers[name=a].image has another value",
            ],
        );
    }

    #[test]
    fn a_stated_field_that_is_missing_is_drift() {
        check(
            json!({"data": {"a": "1"}}),
            json!({"data": {}}),
            &["data.a is not live"],
        );
        check(
            json!({"metadata": {"labels": {"a": "1"}}}),
            json!({"metadata": {}}),
            &["metadata.labels.a is not live"],
        );
    }

    #[test]
    fn quantities_are_compared_by_value() {
        check(
            json!({"spec": {"resources": {"limits": {"cpu": "1000m", "memory": "1024Mi"}}, "port": "80"}}),
            json!({"spec": {"resources": {"limits": {"cpu": 1, "memory": "1Gi"}}, "port": 80}}),
            &[],
        );
    }

    #[test]
    fn string_data_is_data() {
        let target = json!({"kind": "Secret", "stringData": {"a": "hello!", "b": "x", "c": "ab"}});
        check(
            target.clone(),
            json!({"kind": "Secret", "data": {"a": "aGVsbG8h", "b": "eA==", "c": "YWI="}}),
            &[],
        );
        check(
            target,
            json!({"kind": "Secret", "data": {"a": "aGVsbG8h", "b": "eQ==", "c": "YWI="}}),
            &["data.b has another value"],
        );
    }

    #[test]
    fn what_we_own_and_no_longer_want_is_drift() {
        let live = json!({
            "metadata": {"labels": {"ours": "1", "theirs": "2"}, "managedFields": [
                {"manager": "tiphys", "operation": "Apply", "fieldsV1": {
                    "f:metadata": {"f:labels": {"f:ours": {}}},
                    "f:data": {"f:a": {}, "f:b": {}},
                    "f:spec": {"f:containers": {"k:{\"name\":\"a\"}": {".": {}, "f:name": {}, "f:tty": {}}, "k:{\"name\":\"b\"}": {".": {}, "f:name": {}}}}}},
                {"manager": "someone", "operation": "Update", "fieldsV1": {"f:metadata": {"f:labels": {"f:theirs": {}}}}},
            ]},
            "data": {"a": "1", "b": "2", "c": "3"},
            "spec": {"containers": [{"name": "a", "tty": true}, {"name": "b"}]},
        });
        let target =
            json!({"metadata": {}, "data": {"a": "1"}, "spec": {"containers": [{"name": "a"}]}});
        let mut found: Vec<String> = differences(&target, &live, "tiphys")
            .iter()
            .map(ToString::to_string)
            .collect();
        found.sort();
        assert_eq!(
            found,
            [
                "data.b is live but no longer in the source",
                "metadata.labels.ours is live but no longer in the source",
                "spec.containers[name=a].tty is live but no longer in the source",
                "spec.containers[name=b] is live but no longer in the source",
            ]
        );
    }

    fn json_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            "[a-z]{0,6}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[a-z]{1,4}", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    /// Adds fields that the API server might default, to every object.
    fn with_defaults(value: &Value) -> Value {
        match value {
            Value::Object(map) => {
                let mut map: Map<String, Value> = map
                    .iter()
                    .map(|(key, value)| (key.clone(), with_defaults(value)))
                    .collect();
                map.insert("DEFAULTED".into(), json!("by the server"));
                Value::Object(map)
            }
            Value::Array(items) => Value::Array(items.iter().map(with_defaults).collect()),
            other => other.clone(),
        }
    }

    proptest! {
        #[test]
        fn an_object_never_drifts_from_itself_with_defaults(spec in json_value()) {
            let target = json!({"spec": spec});
            prop_assert_eq!(differences(&target, &with_defaults(&target), "tiphys"), vec![]);
        }

        #[test]
        fn a_changed_leaf_is_always_drift(before in "[a-z]{1,6}", after in "[A-Z]{1,6}", path in prop::collection::vec("[a-z]{1,4}", 1..5)) {
            let nest = |leaf: &str| path.iter().rev().fold(json!(leaf), |value, name| json!({ name: value }));
            let (target, live) = (json!({"spec": nest(&before)}), json!({"spec": nest(&after)}));
            prop_assert!(drifted(&target, &live, "tiphys"));
        }
    }
}
