//! Whether a live object drifted from its target.
//!
//! Ownership decides: a field counts because the target states it, or because our field manager owns it in the cluster
//! although the target no longer states it. Defaults that the API server fills in, and fields of other managers, are no drift.

use std::fmt;

use serde_json::{Map, Value};

use crate::{object, quantity};

/// A field that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Path to the field, for example `spec.template.spec.containers[name=web].image`.
    pub path: String,
    /// Why it counts.
    pub reason: Reason,
}

/// Why a field counts as drift.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The target states it, and nothing is live.
    Missing,
    /// The target states another value.
    Changed,
    /// It is live and ours, and the target no longer states it.
    Left,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reason = match self.reason {
            Reason::Missing => "is not live",
            Reason::Changed => "has another value",
            Reason::Left => "is live but no longer in the source",
        };
        write!(f, "{} {reason}", self.path)
    }
}

/// Keys that identify the elements of a list of objects, most telling first. They are the merge keys of Kubernetes' own types.
const ELEMENT_KEYS: [&[&str]; 9] = [
    &["name"],
    &["containerPort", "protocol"],
    &["port", "protocol"],
    &["mountPath"],
    &["devicePath"],
    &["topologyKey", "whenUnsatisfiable"],
    &["ip"],
    &["uid"],
    &["type"],
];

/// The fields in which `live` drifted from `target`. `manager` is our field manager.
#[must_use]
pub fn differences(target: &Value, live: &Value, manager: &str) -> Vec<Difference> {
    let target = normalise(target);
    let mut found = Vec::new();
    if let (Some(target), Some(live)) = (target.as_object(), live.as_object()) {
        for (name, wanted) in target {
            match name.as_str() {
                "status" | "apiVersion" | "kind" => {}
                "metadata" => compare_metadata(
                    wanted,
                    &live.get(name).cloned().unwrap_or_default(),
                    &mut found,
                ),
                _ => compare(wanted, live.get(name), name, &mut found),
            }
        }
    }
    for fields in owned_fields(live, manager) {
        left_behind(fields, &target, live, String::new(), &mut found);
    }
    found
}

/// Whether `live` drifted from `target`.
#[must_use]
pub fn drifted(target: &Value, live: &Value, manager: &str) -> bool {
    !differences(target, live, manager).is_empty()
}

/// The target as the API server will store it, where that is known without asking: `stringData` becomes `data`.
fn normalise(target: &Value) -> Value {
    let mut target = target.clone();
    if object::gvk(&target).kind == "Secret"
        && let Some(object) = target.as_object_mut()
        && let Some(Value::Object(plain)) = object.remove("stringData")
    {
        let data = object
            .entry("data")
            .or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(data) = data {
            for (name, value) in plain {
                if let Some(text) = value.as_str() {
                    data.insert(name, Value::String(base64(text.as_bytes())));
                }
            }
        }
    }
    target
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group = chunk
            .iter()
            .fold(0_u32, |sum, &byte| sum << 8 | u32::from(byte))
            << (8 * (3 - chunk.len()));
        for index in 0..4 {
            if index <= chunk.len() {
                out.push(char::from(
                    ALPHABET[(group >> (18 - 6 * index) & 63) as usize],
                ));
            } else {
                out.push('=');
            }
        }
    }
    out
}

/// Only labels, annotations and finalizers of the metadata are wanted; the rest names the object.
fn compare_metadata(wanted: &Value, live: &Value, found: &mut Vec<Difference>) {
    for part in ["labels", "annotations"] {
        for (name, value) in wanted[part].as_object().into_iter().flatten() {
            compare(
                value,
                live[part].get(name),
                &format!("metadata.{part}[{name}]"),
                found,
            );
        }
    }
    for finalizer in wanted["finalizers"].as_array().into_iter().flatten() {
        if !live["finalizers"]
            .as_array()
            .is_some_and(|live| live.contains(finalizer))
        {
            found.push(Difference {
                path: "metadata.finalizers".into(),
                reason: Reason::Missing,
            });
        }
    }
}

/// Whether a value says nothing: what the API server drops when it stores an object.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(map) => map.values().all(is_empty),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

/// Whether a value is the zero of its type, which the API server may drop.
fn is_zero(value: &Value) -> bool {
    match value {
        Value::Bool(flag) => !flag,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        other => is_empty(other),
    }
}

fn compare(wanted: &Value, live: Option<&Value>, path: &str, found: &mut Vec<Difference>) {
    let Some(live) = live else {
        if !is_zero(wanted) {
            found.push(Difference {
                path: path.to_owned(),
                reason: Reason::Missing,
            });
        }
        return;
    };
    match (wanted, live) {
        (Value::Null, _) => {}
        (Value::Object(wanted), Value::Object(live)) => {
            for (name, value) in wanted {
                compare(value, live.get(name), &format!("{path}.{name}"), found);
            }
        }
        (Value::Array(wanted), Value::Array(live)) => compare_list(wanted, live, path, found),
        (wanted, live) if same_scalar(wanted, live) => {}
        _ => found.push(Difference {
            path: path.to_owned(),
            reason: Reason::Changed,
        }),
    }
}

/// Scalars as the API server sees them: quantities by value, numbers that are written as text, a list of resources that
/// became text.
fn same_scalar(a: &Value, b: &Value) -> bool {
    if a == b {
        return true;
    }
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    match (text(a), text(b)) {
        (Some(a), Some(b)) => {
            a == b
                || matches!((quantity::nanos(&a), quantity::nanos(&b)), (Some(a), Some(b)) if a == b)
        }
        _ => false,
    }
}

fn compare_list(wanted: &[Value], live: &[Value], path: &str, found: &mut Vec<Difference>) {
    if let Some(keys) = element_keys(wanted).filter(|keys| element_keys(live) == Some(*keys)) {
        for element in wanted {
            let identity = identity(element, keys);
            let place = format!("{path}[{identity}]");
            match live
                .iter()
                .find(|candidate| self::identity(candidate, keys) == identity)
            {
                Some(live) => compare(element, Some(live), &place, found),
                None => found.push(Difference {
                    path: place,
                    reason: Reason::Missing,
                }),
            }
        }
        return;
    }
    if wanted.len() != live.len() {
        found.push(Difference {
            path: path.to_owned(),
            reason: Reason::Changed,
        });
        return;
    }
    for (index, (wanted, live)) in wanted.iter().zip(live).enumerate() {
        compare(wanted, Some(live), &format!("{path}[{index}]"), found);
    }
}

/// The keys by which every element of the list can be told from every other.
fn element_keys(list: &[Value]) -> Option<&'static [&'static str]> {
    ELEMENT_KEYS.into_iter().find(|keys| {
        let mut seen = std::collections::HashSet::new();
        !list.is_empty()
            && list.iter().all(|element| {
                element
                    .get(keys[0])
                    .is_some_and(|value| !value.is_null() && !value.is_object())
                    && seen.insert(identity(element, keys))
            })
    })
}

fn identity(element: &Value, keys: &[&str]) -> String {
    let parts: Vec<String> = keys
        .iter()
        .map(|key| match element.get(*key) {
            Some(Value::String(text)) => format!("{key}={text}"),
            Some(value) => format!("{key}={value}"),
            // The one key that has a default, and may be left out by the source.
            None if *key == "protocol" => "protocol=TCP".to_owned(),
            None => format!("{key}="),
        })
        .collect();
    parts.join(",")
}

/// What a field manager owns, as the API server records it.
fn owned_fields<'a>(
    live: &'a Value,
    manager: &'a str,
) -> impl Iterator<Item = &'a Map<String, Value>> {
    live["metadata"]["managedFields"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(move |entry| {
            entry["manager"] == manager
                && entry["operation"] == "Apply"
                && entry.get("subresource").is_none()
        })
        .filter_map(|entry| entry["fieldsV1"].as_object())
}

/// Finds what we own and the target no longer states. `fields` is in the form of `FieldsV1`: `f:name` a field, `k:{…}` an
/// element by keys, `v:…` an element by value.
fn left_behind(
    fields: &Map<String, Value>,
    target: &Value,
    live: &Value,
    path: String,
    found: &mut Vec<Difference>,
) {
    for (name, inner) in fields {
        let (place, wanted, present) = if let Some(field) = name.strip_prefix("f:") {
            if path.is_empty() && matches!(field, "status" | "apiVersion" | "kind") {
                continue;
            }
            let place = if path.is_empty() {
                field.to_owned()
            } else {
                format!("{path}.{field}")
            };
            (place, target.get(field), live.get(field))
        } else if let Some(keys) = name.strip_prefix("k:") {
            let Ok(Value::Object(keys)) = serde_json::from_str::<Value>(keys) else {
                continue;
            };
            let find = |list: &Value| -> Option<Value> {
                let element = list.as_array()?.iter().find(|element| {
                    keys.iter().all(|(key, value)| match element.get(key) {
                        Some(present) => same_scalar(present, value),
                        // A key with a default, left out by the source.
                        None => key == "protocol",
                    })
                })?;
                Some(element.clone())
            };
            let shown: Vec<String> = keys
                .iter()
                .map(|(key, value)| {
                    format!(
                        "{key}={}",
                        value
                            .as_str()
                            .map_or_else(|| value.to_string(), str::to_owned)
                    )
                })
                .collect();
            let place = format!("{path}[{}]", shown.join(","));
            let (wanted, present) = (find(target), find(live));
            if let Some(present) = present {
                match (&wanted, inner.as_object()) {
                    (None, _) => found.push(Difference {
                        path: place,
                        reason: Reason::Left,
                    }),
                    (Some(wanted), Some(inner)) => {
                        left_behind(inner, wanted, &present, place, found)
                    }
                    _ => {}
                }
            }
            continue;
        } else if let Some(value) = name.strip_prefix("v:") {
            let Ok(value) = serde_json::from_str::<Value>(value) else {
                continue;
            };
            let holds = |list: &Value| list.as_array().is_some_and(|list| list.contains(&value));
            if holds(live) && !holds(target) {
                found.push(Difference {
                    path: format!("{path}[{value}]"),
                    reason: Reason::Left,
                });
            }
            continue;
        } else {
            continue;
        };
        let Some(present) = present else { continue };
        let inner = inner
            .as_object()
            .filter(|inner| inner.keys().any(|key| key != "."));
        match (wanted, inner) {
            (Some(wanted), Some(inner)) => left_behind(inner, wanted, present, place, found),
            (Some(_), None) => {}
            // The target states nothing here: the parts that we own are left, or the field itself.
            (None, Some(inner)) => left_behind(inner, &Value::Null, present, place, found),
            (None, None) if !is_zero(present) => found.push(Difference {
                path: place,
                reason: Reason::Left,
            }),
            (None, None) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

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
            &["metadata.labels[a] is not live"],
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
