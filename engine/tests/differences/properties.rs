//! Properties of comparison that hold for any object.

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use tiphys_engine::diff::{self, Options};
use tiphys_engine::ignore::IgnoreRules;
use tiphys_engine::schema::with_defaults;
use tiphys_engine::{mask, object, server_side, take_over, tracking};

use crate::{cluster, rules};

/// Any JSON value, with names that mean something to the rules.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[a-z0-9=+/]{0,6}".prop_map(Value::from),
    ];
    let name = prop_oneof![
        "[a-z]{1,4}",
        prop::sample::select(vec![
            "metadata",
            "labels",
            "annotations",
            "finalizers",
            "ownerReferences",
            "managedFields",
            "manager",
            "operation",
            "fieldsV1",
            "spec",
            "template",
            "containers",
            "name",
            "ports",
            "port",
            "protocol",
            "data",
            "stringData",
            "rules",
            "tags",
            "selector",
            "status",
            "f:spec",
            "f:metadata",
            "f:labels",
            "k:{\"name\":\"a\"}",
            "v:1",
            ".",
            "resourceVersion",
            "limits",
            "caBundle",
        ])
        .prop_map(str::to_owned),
    ];
    leaf.prop_recursive(6, 60, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(name.clone(), inner, 0..5)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn any_kind() -> impl Strategy<Value = (&'static str, &'static str)> {
    prop::sample::select(vec![
        ("apps/v1", "Deployment"),
        ("v1", "Service"),
        ("v1", "Secret"),
        ("v1", "ConfigMap"),
        ("v1", "Endpoints"),
        ("example.com/v1", "Widget"),
        ("autoscaling/v2", "HorizontalPodAutoscaler"),
        ("rbac.authorization.k8s.io/v1", "ClusterRole"),
        (
            "admissionregistration.k8s.io/v1",
            "ValidatingWebhookConfiguration",
        ),
        ("unknown.io/v1", "X"),
    ])
}

fn any_object() -> impl Strategy<Value = Value> {
    (any_kind(), any_json(), any_json()).prop_map(|((version, kind), mut body, metadata)| {
        if !body.is_object() {
            body = json!({"spec": body});
        }
        body["apiVersion"] = json!(version);
        body["kind"] = json!(kind);
        if metadata.is_object() {
            body["metadata"] = metadata;
        }
        body
    })
}

/// Takes out what field managers recorded: their records say that something was ours once.
fn unmanaged(mut object: Value) -> Value {
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("managedFields");
    }
    object
}

/// Adds fields that a server might fill in, to every object.
fn filled(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut map: Map<String, Value> = map
                .iter()
                .map(|(key, value)| (key.clone(), filled(value)))
                .collect();
            map.insert("filledIn".into(), json!("by the server"));
            Value::Object(map)
        }
        Value::Array(items) => Value::Array(items.iter().map(filled).collect()),
        other => other.clone(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn an_object_never_differs_from_itself_with_defaults(object in any_object()) {
        let schemas = cluster();
        let options = Options { schemas: Some(&schemas), ..Options::new("tiphys") };
        let mut object = unmanaged(object);
        if let Some(map) = object.as_object_mut() {
            // It is never live.
            map.remove("stringData");
        }
        prop_assert_eq!(diff::compare(&object, &object, &options).differences, vec![]);
        let defaulted = with_defaults(&schemas, &object);
        prop_assert_eq!(diff::compare(&object, &defaulted, &options).differences, vec![]);
        // And what only states defaults is what states nothing.
        prop_assert_eq!(diff::compare(&defaulted, &defaulted, &options).differences, vec![]);
    }

    #[test]
    fn what_a_server_fills_in_is_no_drift(spec in any_json()) {
        let target = json!({"apiVersion": "unknown.io/v1", "kind": "X", "spec": spec});
        let live = json!({"apiVersion": "unknown.io/v1", "kind": "X", "spec": filled(&spec)});
        prop_assert_eq!(diff::differences(&target, &live, "tiphys"), vec![]);
    }

    #[test]
    fn ignoring_everything_leaves_no_difference(target in any_object(), live in any_json()) {
        let mut live = if live.is_object() { live } else { json!({}) };
        live["apiVersion"] = target["apiVersion"].clone();
        live["kind"] = target["kind"].clone();
        let rules = rules(&[json!({"group": "*", "kind": "*", "jqPathExpressions": [".[]"]})], &json!(null));
        let options = Options { ignore: Some(&rules), ..Options::new("tiphys") };
        prop_assert_eq!(diff::compare(&target, &live, &options).differences, vec![]);
    }

    #[test]
    fn ignoring_twice_is_ignoring_once(object in any_object()) {
        let rules = some_rules();
        let options = Options::new("tiphys");
        let mut told = Vec::new();
        let once = rules.without_ignored(&object, &object, &options, &mut told).into_owned();
        let twice = rules.without_ignored(&once, &object, &options, &mut told).into_owned();
        prop_assert_eq!(once, twice);
    }

    #[test]
    fn what_is_ignored_never_makes_more_differ(target in any_object(), live in any_object()) {
        let schemas = cluster();
        let mut live = unmanaged(live);
        live["apiVersion"] = target["apiVersion"].clone();
        live["kind"] = target["kind"].clone();
        let plain = Options { schemas: Some(&schemas), ..Options::new("tiphys") };
        let rules = rules(&[json!({"group": "*", "kind": "*", "jsonPointers": ["/spec", "/data", "/metadata/labels"]})], &json!(null));
        let ignoring = Options { ignore: Some(&rules), ..plain };
        let all = diff::compare(&target, &live, &plain).differences;
        for difference in diff::compare(&target, &live, &ignoring).differences {
            prop_assert!(all.contains(&difference), "{}", difference);
        }
    }

    #[test]
    fn predicted_and_live_are_equal_exactly_when_nothing_differs(target in any_object(), live in any_object()) {
        let schemas = cluster();
        let (mut target, mut live) = (target, live);
        // An object that a cluster has or takes has metadata.
        for object in [&mut target, &mut live] {
            if !object["metadata"].is_object() {
                object["metadata"] = json!({});
            }
        }
        live["apiVersion"] = target["apiVersion"].clone();
        live["kind"] = target["kind"].clone();
        let options = Options { schemas: Some(&schemas), ..Options::new("tiphys") };
        let (drifted, _) = diff::is_out_of_sync(&target, &live, &options);
        let predicted = diff::predicted_live(&target, &live, &options);
        let shown = diff::normalized_live(&live, &options);
        if !drifted {
            prop_assert_eq!(predicted, shown);
        } else {
            prop_assert_ne!(predicted, shown);
        }
    }

    #[test]
    fn nothing_that_is_json_makes_anything_fail(target in any_json(), live in any_json()) {
        let schemas = cluster();
        let rules = some_rules();
        let options = Options { schemas: Some(&schemas), ignore: Some(&rules), ..Options::new("tiphys") };
        let _ = diff::compare(&target, &live, &options);
        let _ = diff::conflicts(&target, &live, &options);
        let _ = diff::predicted_live(&target, &live, &options);
        let _ = server_side::compare(&target, &live, false, &options);
        let _ = take_over::patch(&live, "tiphys", &["argocd-controller"], true);
        let _ = rules.respected(&target, &live, &options);
        let _ = tracking::Tracking::default().ownership(&live, "a");
        let (mut target, mut live) = (target, live);
        mask::mask_secrets(&object::gvk(&live), &mut [&mut target, &mut live], &["a"]);
    }
}

fn some_rules() -> IgnoreRules {
    rules(
        &[json!({"group": "*", "kind": "*",
            "jsonPointers": ["/spec/template", "/metadata/labels/a"],
            "jqPathExpressions": [".spec.containers[]? | select(.name == \"a\")", ".. | .image?"],
            "managedFieldsManagers": ["a", "b"]})],
        &json!(null),
    )
}
