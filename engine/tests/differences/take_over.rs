//! Taking over the fields of earlier managers: once, all of them, guarded.

use serde_json::{Value, json};
use tiphys_engine::managed_fields::{LAST_APPLIED, LEGACY_MANAGERS};
use tiphys_engine::take_over::patch;

fn entry(manager: &str, operation: &str, version: &str, fields: Value) -> Value {
    json!({"manager": manager, "operation": operation, "apiVersion": version, "fieldsType": "FieldsV1", "time": "t", "fieldsV1": fields})
}

fn live(entries: Value) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "x", "resourceVersion": "42", "managedFields": entries}})
}

/// Carries out a patch, as far as these patches go.
fn carried_out(object: &Value, patch: &Value) -> Value {
    let mut object = object.clone();
    for operation in patch.as_array().expect("a list") {
        let path = operation["path"].as_str().expect("a path");
        let (parent, last) = path.rsplit_once('/').expect("a path");
        let last = last.replace("~1", "/");
        let parent = object
            .pointer_mut(parent)
            .and_then(Value::as_object_mut)
            .expect("a map");
        match operation["op"].as_str() {
            Some("replace") => {
                assert!(parent.contains_key(&last), "{path}");
                parent.insert(last, operation["value"].clone());
            }
            Some("remove") => assert!(parent.remove(&last).is_some(), "{path}"),
            other => panic!("{other:?}"),
        }
    }
    object
}

fn check(entries: Value, expected: Value) {
    let object = live(entries);
    let made =
        patch(&object, "tiphys", &LEGACY_MANAGERS, false).expect("there is something to take over");
    let operations = made.as_array().expect("a list");
    assert_eq!(
        operations.last(),
        Some(&json!({"op": "replace", "path": "/metadata/resourceVersion", "value": "42"}))
    );
    let after = carried_out(&object, &made);
    assert_eq!(after["metadata"]["managedFields"], expected);
    assert_eq!(
        patch(&after, "tiphys", &LEGACY_MANAGERS, false),
        None,
        "once is enough"
    );
}

#[test]
fn one_record_becomes_ours() {
    let theirs = json!({"f:spec": {"f:replicas": {}}});
    check(
        json!([
            entry(
                "kubectl-client-side-apply",
                "Update",
                "apps/v1",
                theirs.clone()
            ),
            entry("hpa", "Update", "apps/v1", json!({"f:spec": {"f:x": {}}}))
        ]),
        json!([
            entry("tiphys", "Apply", "apps/v1", theirs),
            entry("hpa", "Update", "apps/v1", json!({"f:spec": {"f:x": {}}}))
        ]),
    );
}

#[test]
fn several_records_are_joined_with_ours() {
    check(
        json!([
            entry(
                "kubectl-client-side-apply",
                "Update",
                "apps/v1",
                json!({"f:metadata": {"f:annotations": {".": {}, (format!("f:{LAST_APPLIED}")): {}, "f:n": {}}}, "f:spec": {"f:a": {}, "f:list": {"k:{\"name\":\"x\"}": {".": {}, "f:image": {}}}}})
            ),
            entry(
                "tiphys",
                "Apply",
                "apps/v1",
                json!({"f:spec": {"f:b": {}, "f:list": {"k:{\"name\":\"x\"}": {"f:tty": {}}}}})
            ),
            entry(
                "argocd-controller",
                "Apply",
                "apps/v1",
                json!({"f:spec": {"f:c": {}}, "f:status": {"f:x": {}}})
            ),
        ]),
        json!([entry(
            "tiphys",
            "Apply",
            "apps/v1",
            json!({
                "f:metadata": {"f:annotations": {".": {}, "f:n": {}}},
                "f:spec": {"f:a": {}, "f:b": {}, "f:c": {}, "f:list": {"k:{\"name\":\"x\"}": {".": {}, "f:image": {}, "f:tty": {}}}},
            })
        )]),
    );
}

#[test]
fn records_of_another_version_are_dropped_and_those_of_subresources_stay() {
    let mut scale = entry(
        "argocd-controller",
        "Update",
        "apps/v1",
        json!({"f:spec": {"f:replicas": {}}}),
    );
    scale["subresource"] = json!("scale");
    check(
        json!([
            entry(
                "argocd-controller",
                "Update",
                "apps/v1",
                json!({"f:spec": {"f:a": {}}})
            ),
            entry(
                "kubectl-client-side-apply",
                "Update",
                "extensions/v1beta1",
                json!({"f:spec": {"f:old": {}}})
            ),
            scale,
        ]),
        json!([
            entry("tiphys", "Apply", "apps/v1", json!({"f:spec": {"f:a": {}}})),
            scale
        ]),
    );
}

#[test]
fn an_atomic_field_stays_whole() {
    check(
        json!([
            entry(
                "tiphys",
                "Apply",
                "v1",
                json!({"f:spec": {"f:selector": {}, "f:other": {"f:x": {}}}})
            ),
            entry(
                "argocd-controller",
                "Apply",
                "v1",
                json!({"f:spec": {"f:selector": {"f:app": {}}, "f:other": {}}})
            ),
        ]),
        json!([entry(
            "tiphys",
            "Apply",
            "v1",
            json!({"f:spec": {"f:selector": {}, "f:other": {}}})
        )]),
    );
}

#[test]
fn the_only_annotation_was_the_record_of_client_side_apply() {
    let fields = json!({"f:metadata": {"f:annotations": {(format!("f:{LAST_APPLIED}")): {}}}});
    check(
        json!([entry("kubectl-client-side-apply", "Update", "v1", fields)]),
        json!([entry(
            "tiphys",
            "Apply",
            "v1",
            json!({"f:metadata": {"f:annotations": {".": {}}}})
        )]),
    );
}

#[test]
fn the_annotation_goes_when_that_is_asked_for() {
    let mut object = live(json!([entry(
        "tiphys",
        "Apply",
        "v1",
        json!({"f:spec": {}})
    )]));
    object["metadata"]["annotations"] = json!({LAST_APPLIED: "{}", "other": "1"});
    assert_eq!(patch(&object, "tiphys", &LEGACY_MANAGERS, false), None);
    let made = patch(&object, "tiphys", &LEGACY_MANAGERS, true).expect("the annotation is there");
    let after = carried_out(&object, &made);
    assert_eq!(after["metadata"]["annotations"], json!({"other": "1"}));
    assert_eq!(patch(&after, "tiphys", &LEGACY_MANAGERS, true), None);
}

#[test]
fn there_may_be_nothing_to_take_over_and_nothing_to_guard_with() {
    for object in [
        json!(null),
        json!({"metadata": {"resourceVersion": "1"}}),
        json!({"metadata": {"managedFields": [entry("argocd-controller", "Apply", "v1", json!({}))]}}),
        live(json!([entry("someone", "Update", "v1", json!({}))])),
        live(json!("text")),
        live(json!([7, null])),
    ] {
        assert_eq!(
            patch(&object, "tiphys", &LEGACY_MANAGERS, true),
            None,
            "{object}"
        );
    }
}
