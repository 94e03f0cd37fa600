//! What field managers own: the entries of `metadata.managedFields` and the trees of `FieldsV1` inside them.
//!
//! In a tree, `f:name` is a field, `k:{…}` an element of a list by its keys, `v:…` an element of a set by its value, `i:n` one by
//! its place, and `.` the node itself (Kubernetes API reference, `FieldsV1`).

use serde::Serialize;
use serde_json::{Map, Value};

use crate::diff::path::{Path, Segment, key_value};

/// The annotation in which client-side apply keeps what it applied last.
pub const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Managers whose fields are ours from before: those of Argo CD and of client-side apply.
pub const LEGACY_MANAGERS: [&str; 4] = [
    "argocd-controller",
    "argocd-application-controller",
    "kubectl-client-side-apply",
    "kubectl-last-applied",
];

/// Who owns a field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Manager {
    /// Name of the field manager.
    pub name: String,
    /// `Apply` or `Update`.
    pub operation: String,
    /// The subresource it was written through, empty for the object itself.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub subresource: String,
    /// When it last wrote, as the API server states it; empty when it does not.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub time: String,
}

/// One entry of `managedFields`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry<'a> {
    pub manager: &'a str,
    pub operation: &'a str,
    pub subresource: &'a str,
    pub time: &'a str,
    pub fields: &'a Map<String, Value>,
}

impl Entry<'_> {
    fn manager(&self) -> Manager {
        Manager {
            name: self.manager.to_owned(),
            operation: self.operation.to_owned(),
            subresource: self.subresource.to_owned(),
            time: self.time.to_owned(),
        }
    }
}

/// The entries of a live object. What is no entry is left out.
pub(crate) fn entries(live: &Value) -> impl Iterator<Item = Entry<'_>> {
    live.get("metadata")
        .and_then(|metadata| metadata.get("managedFields"))
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let text = |name: &str| entry.get(name).and_then(Value::as_str).unwrap_or_default();
            Some(Entry {
                manager: text("manager"),
                operation: text("operation"),
                subresource: text("subresource"),
                time: text("time"),
                fields: entry.get("fieldsV1")?.as_object()?,
            })
        })
}

/// Whether a node of a tree has nothing below it. One that is quite empty stands for all that is there; one with only `.` for the
/// map or element itself, whatever others put into it.
pub(crate) fn is_leaf(node: &Map<String, Value>) -> bool {
    node.is_empty() || (node.len() == 1 && node.contains_key("."))
}

/// The children of a node by their step; a child that is no map counts as a leaf.
fn child<'a>(node: &'a Map<String, Value>, segment: &Segment<'_>) -> Option<&'a Value> {
    match segment {
        Segment::Field(name) => node.get(&format!("f:{name}")),
        Segment::Index(index) => node.get(&format!("i:{index}")),
        Segment::Member(value) => node
            .iter()
            .find(|(key, _)| {
                key.strip_prefix("v:")
                    .and_then(|text| serde_json::from_str::<Value>(text).ok())
                    .is_some_and(|member| member == **value)
            })
            .map(|(_, child)| child),
        Segment::Element(keys, element) => node
            .iter()
            .find(|(name, _)| {
                parse_keys(name).is_some_and(|stated| {
                    keys.len() == stated.len()
                        && keys
                            .iter()
                            .all(|key| stated.get(&*key.name) == key_value(element, key))
                })
            })
            .map(|(_, child)| child),
        Segment::Keys(keys) => node
            .iter()
            .find(|(name, _)| parse_keys(name).as_ref() == Some(*keys))
            .map(|(_, child)| child),
    }
}

/// The keys of an element, from `k:{…}`.
pub(crate) fn parse_keys(name: &str) -> Option<Map<String, Value>> {
    match serde_json::from_str(name.strip_prefix("k:")?).ok()? {
        Value::Object(keys) => Some(keys),
        _ => None,
    }
}

/// Whether a tree says that its manager owns the place, or something it holds, or all of something around it.
fn owns(fields: &Map<String, Value>, segments: &[Segment<'_>]) -> bool {
    let mut node = fields;
    for (depth, segment) in segments.iter().enumerate() {
        // A leaf above the place is an atomic field: all of it is owned. The root itself is none.
        if depth > 0 && node.is_empty() {
            return true;
        }
        match child(node, segment) {
            Some(Value::Object(next)) => node = next,
            Some(_) => return true,
            None => return false,
        }
    }
    true
}

/// Who owns a field, or parts of it, in the cluster.
pub(crate) fn owners(live: &Value, path: &Path<'_>) -> Vec<Manager> {
    let segments = path.segments();
    entries(live)
        .filter(|entry| owns(entry.fields, &segments))
        .map(|entry| entry.manager())
        .collect()
}

/// Whether a manager owns a field, or parts of it, by its applies; none when it never applied.
pub(crate) fn applied(live: &Value, manager: &str, path: &Path<'_>) -> Option<bool> {
    let segments = path.segments();
    entries(live)
        .filter(|entry| {
            entry.manager == manager && entry.operation == "Apply" && entry.subresource.is_empty()
        })
        .map(|entry| owns(entry.fields, &segments))
        .reduce(|one, other| one || other)
}

/// Deepest level at which two records are joined; deeper, the first one holds.
const MAX_DEPTH: usize = 100;

/// Adds what the other record owns.
pub(crate) fn unite(fields: &mut Map<String, Value>, other: &Map<String, Value>) {
    unite_at(fields, other, 0);
}

fn unite_at(fields: &mut Map<String, Value>, other: &Map<String, Value>, depth: usize) {
    for (name, theirs) in other {
        match fields.get_mut(name) {
            None => {
                fields.insert(name.clone(), theirs.clone());
            }
            Some(Value::Object(ours)) if depth < MAX_DEPTH => {
                if let Value::Object(theirs) = theirs {
                    // Who owns all of it owns what the other names of it.
                    if theirs.is_empty() {
                        ours.clear();
                    } else if !ours.is_empty() {
                        unite_at(ours, theirs, depth + 1);
                    }
                }
            }
            Some(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn owners_of_fields_elements_and_what_is_atomic() {
        let live = json!({"metadata": {"managedFields": [
            {"manager": "a", "operation": "Apply", "fieldsV1": {"f:spec": {"f:x": {}, "f:list": {"k:{\"name\":\"one\"}": {".": {}, "f:image": {}}}}}},
            {"manager": "b", "operation": "Update", "subresource": "scale", "time": "t", "fieldsV1": {"f:spec": {"f:sel": {}}}},
            {"manager": "broken", "fieldsV1": "text"},
        ]}});
        let keys = [crate::schema::MapKey {
            name: "name".into(),
            default: None,
        }];
        let names = |path: &Path<'_>| -> Vec<String> {
            owners(&live, path).into_iter().map(|m| m.name).collect()
        };
        let spec = Path::root("spec");
        assert_eq!(names(&spec), ["a", "b"]);
        assert_eq!(names(&spec.then(Segment::Field("x"))), ["a"]);
        let list = spec.then(Segment::Field("list"));
        let (one, two) = (json!({"name": "one"}), json!({"name": "two"}));
        let element = list.then(Segment::Element(&keys, &one));
        assert_eq!(names(&element.then(Segment::Field("image"))), ["a"]);
        assert!(names(&element.then(Segment::Field("tty"))).is_empty());
        assert!(names(&list.then(Segment::Element(&keys, &two))).is_empty());
        let selector = spec.then(Segment::Field("sel"));
        assert_eq!(names(&selector.then(Segment::Field("app"))), ["b"]);
    }
}
