//! Server-side apply for objects that the control plane keeps itself, where no API server merges.
//!
//! The rules are those of Kubernetes for an object without a schema: maps are merged field by field, a list has one owner for all of it,
//! finalizers are a set. A field that was applied before and is no longer stated goes; what others wrote beside it stays.

use serde_json::{Map, Value};

/// What an apply may say of the metadata; the rest is the server's own.
const METADATA: [&str; 3] = ["labels", "annotations", "finalizers"];

/// What a manifest states, as a tree of `FieldsV1`.
#[must_use]
pub fn fields(manifest: &Value) -> Map<String, Value> {
    let mut tree = Map::new();
    for (name, value) in manifest.as_object().into_iter().flatten() {
        match name.as_str() {
            "apiVersion" | "kind" => {}
            "metadata" => {
                let stated = value.as_object().into_iter().flatten();
                let stated = stated.filter(|(name, _)| METADATA.contains(&name.as_str()));
                let tree_of = |(name, value): (&String, &Value)| (field(name), owned(name, value));
                let metadata: Map<String, Value> = stated.map(tree_of).collect();
                tree.insert(field("metadata"), Value::Object(metadata));
            }
            _ => {
                tree.insert(field(name), owned(name, value));
            }
        }
    }
    tree
}

fn field(name: &str) -> String {
    format!("f:{name}")
}

/// The tree below a field.
fn owned(name: &str, value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let inner = map
                .iter()
                .map(|(name, value)| (field(name), owned(name, value)));
            Value::Object(inner.collect())
        }
        Value::Array(members) if name == "finalizers" => {
            let members = members.iter();
            let inner = members.map(|member| (format!("v:{member}"), Value::Object(Map::new())));
            Value::Object(inner.collect())
        }
        _ => Value::Object(Map::new()),
    }
}

/// The object after an apply. `before` are the fields of the apply before it.
#[must_use]
pub fn apply(live: &Value, before: &Map<String, Value>, manifest: &Value) -> Value {
    let mut merged = live.clone();
    if let Value::Object(map) = &mut merged {
        drop_left(map, before, Some(manifest));
    }
    for (name, value) in manifest.as_object().into_iter().flatten() {
        if name == "metadata" {
            for part in METADATA {
                if let Some(stated) = value.get(part) {
                    merge(part, &mut merged["metadata"][part], stated);
                }
            }
        } else {
            merge(name, &mut merged[name.as_str()], value);
        }
    }
    merged
}

/// Removes what was applied before and is no longer stated.
fn drop_left(live: &mut Map<String, Value>, before: &Map<String, Value>, stated: Option<&Value>) {
    for (name, inner) in before {
        let Some(name) = name.strip_prefix("f:") else {
            continue;
        };
        let stated = stated.and_then(|stated| stated.get(name));
        let inner = inner.as_object().filter(|inner| !inner.is_empty());
        match (live.get_mut(name), inner) {
            (Some(Value::Object(below)), Some(inner)) => {
                drop_left(below, inner, stated);
                if below.is_empty() && stated.is_none() {
                    live.remove(name);
                }
            }
            (Some(Value::Array(members)), Some(inner)) => {
                let kept = stated.and_then(Value::as_array);
                members.retain(|member| {
                    kept.is_some_and(|kept| kept.contains(member))
                        || !inner.contains_key(&format!("v:{member}"))
                });
            }
            _ if stated.is_none() => {
                live.remove(name);
            }
            _ => {}
        }
    }
}

fn merge(name: &str, live: &mut Value, stated: &Value) {
    match (live, stated) {
        (Value::Object(live), Value::Object(stated)) => {
            for (name, value) in stated {
                merge(name, live.entry(name.clone()).or_insert(Value::Null), value);
            }
        }
        (Value::Array(live), Value::Array(stated)) if name == "finalizers" => {
            for member in stated {
                if !live.contains(member) {
                    live.push(member.clone());
                }
            }
        }
        (live, stated) => live.clone_from(stated),
    }
}

/// Stated fields that a typed object does not have: `typed` is what became of `stated` on the way through its type, which leaves out
/// what is empty. Paths, in their order.
#[must_use]
pub fn unknown(stated: &Value, typed: &Value) -> Vec<String> {
    let mut paths = Vec::new();
    find_unknown(stated, Some(typed), "", &mut paths);
    paths
}

fn find_unknown(stated: &Value, typed: Option<&Value>, path: &str, paths: &mut Vec<String>) {
    match (stated, typed) {
        (Value::Object(stated), typed) => {
            for (name, value) in stated {
                let typed = typed.and_then(|typed| typed.get(name));
                find_unknown(value, typed, &format!("{path}.{name}"), paths);
            }
        }
        (Value::Array(stated), Some(Value::Array(typed))) => {
            for (at, value) in stated.iter().enumerate() {
                find_unknown(value, typed.get(at), &format!("{path}[{at}]"), paths);
            }
        }
        (stated, None) if !is_empty(stated) => paths.push(path.to_owned()),
        _ => {}
    }
}

/// Whether a value says nothing, so that a typed object leaves it out.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(value) => !value,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(members) => members.iter().all(is_empty),
        Value::Object(map) => map.values().all(is_empty),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::diff;

    fn applied(live: &Value, last: &Value, next: &Value) -> Value {
        apply(live, &fields(last), next)
    }

    #[test]
    fn what_is_no_longer_stated_goes_and_what_others_wrote_stays() {
        let last = json!({"metadata": {"name": "a", "labels": {"x": "1", "y": "2"}, "finalizers": ["ours"]},
            "spec": {"source": {"path": "a", "helm": {"parameters": [1]}}, "project": "p"}});
        let mut live = last.clone();
        live["metadata"]["labels"]["theirs"] = json!("3");
        live["metadata"]["finalizers"] = json!(["theirs", "ours"]);
        live["spec"]["source"]["targetRevision"] = json!("main");
        live["status"] = json!({"phase": "x"});
        let next = json!({"metadata": {"name": "a", "labels": {"x": "9"}}, "spec": {"source": {"path": "b"}, "project": "p"}});
        assert_eq!(
            applied(&live, &last, &next),
            json!({"metadata": {"name": "a", "labels": {"x": "9", "theirs": "3"}, "finalizers": ["theirs"]},
                "spec": {"source": {"path": "b", "targetRevision": "main"}, "project": "p"}, "status": {"phase": "x"}})
        );
    }

    #[test]
    fn a_block_goes_with_its_last_field() {
        let last = json!({"spec": {"source": {"path": "a"}}});
        let next = json!({"spec": {"sources": [{"path": "a"}]}});
        assert_eq!(applied(&last, &last, &next), next);
    }

    #[test]
    fn after_an_apply_nothing_differs() {
        let manifest = json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Application",
            "metadata": {"name": "a", "namespace": "argocd", "labels": {"x": "1"}, "finalizers": ["f"]},
            "spec": {"source": {"path": "a", "helm": {"values": "a: 1"}}, "ignoreDifferences": [{"kind": "A"}, {"kind": "B"}]}});
        let other = json!({"metadata": {"finalizers": ["g"]}, "spec": {"source": {"path": "z", "chart": "c"}, "info": []}});
        for (live, last) in [
            (json!({}), json!({})),
            (manifest.clone(), manifest.clone()),
            (other.clone(), other),
        ] {
            let mut after = apply(&live, &fields(&last), &manifest);
            after["metadata"]["managedFields"] =
                json!([{"manager": "m", "operation": "Apply", "fieldsV1": fields(&manifest)}]);
            let outcome = diff::compare(&manifest, &after, &diff::Options::new("m"));
            assert!(!outcome.drifted(), "{:?}", outcome.differences);
            let again = apply(&after, &fields(&manifest), &manifest);
            assert_eq!(again, after, "an apply again changes nothing");
        }
    }

    #[test]
    fn unknown_fields_are_told_and_empty_ones_are_none() {
        let stated = json!({"spec": {"a": {"deep": 1, "zero": 0, "none": {}}, "list": [{"x": 1, "typo": true}], "odd": "x"}});
        let typed = json!({"spec": {"a": {}, "list": [{"x": 1}]}});
        assert_eq!(
            unknown(&stated, &typed),
            [".spec.a.deep", ".spec.list[0].typo", ".spec.odd"]
        );
    }
}
