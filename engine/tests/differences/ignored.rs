//! Rules of `ignoreDifferences`: what is refused, what is told, and what is applied with `RespectIgnoreDifferences`.

use serde_json::{Value, json};
use tiphys_engine::diff::{self, Options};
use tiphys_engine::ignore::{IgnoreRules, system_rule};
use tiphys_model::ResourceIgnoreDifferences;

use crate::{cluster, rules};

fn deployment(spec: Value) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}, "spec": spec})
}

#[test]
fn a_rule_that_cannot_be_used_is_named_and_the_others_go_on() {
    let stated = [ResourceIgnoreDifferences {
        group: "apps".into(),
        kind: "Deployment".into(),
        json_pointers: vec!["spec".into(), "/spec/replicas".into()],
        jq_path_expressions: vec![".spec | while(true; .)".into(), ".spec.[".into()],
        ..Default::default()
    }];
    let (compiled, errors) = IgnoreRules::compile(&stated);
    let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(errors.len(), 3, "{errors:?}");
    assert!(
        errors[0].contains("\"spec\"") && errors[0].contains("apps/Deployment"),
        "{errors:?}"
    );
    assert!(
        errors[1].contains("while(true; .)")
            && errors[1].contains("the function while/2 is not supported"),
        "{errors:?}"
    );
    assert!(errors[2].contains("no jq expression"), "{errors:?}");
    let options = Options {
        ignore: Some(&compiled),
        ..Options::new("tiphys")
    };
    let (target, live) = (
        deployment(json!({"replicas": 1})),
        deployment(json!({"replicas": 2})),
    );
    assert_eq!(diff::compare(&target, &live, &options).differences, []);
}

#[test]
fn an_expression_that_takes_too_long_is_told_and_ignores_nothing() {
    let slow = ". as $all | .. | select(any($all | ..; any($all | ..; . == 1)))";
    let rules = rules(
        &[json!({"group": "*", "kind": "*", "jqPathExpressions": [slow]})],
        &json!(null),
    );
    let options = Options {
        ignore: Some(&rules),
        ..Options::new("tiphys")
    };
    let many: Vec<u32> = (100..400).collect();
    let (target, live) = (
        deployment(json!({"x": many, "a": 2})),
        deployment(json!({"x": many, "a": 3})),
    );
    let outcome = diff::compare(&target, &live, &options);
    assert_eq!(outcome.differences.len(), 1);
    assert_eq!(outcome.warnings.len(), 1, "{:?}", outcome.warnings);
    let warning = outcome.warnings[0].to_string();
    assert!(
        warning.contains("any($all") && warning.contains("1000000 steps"),
        "{warning}"
    );
}

#[test]
fn system_settings_name_groups_and_kinds() {
    for (key, group, kind) in [
        (
            "resource.customizations.ignoreDifferences.apps_Deployment",
            "apps",
            "Deployment",
        ),
        ("all", "*", "*"),
        ("resource.customizations.ignoreDifferences.all", "*", "*"),
        ("*.example.com_*", "*.example.com", "*"),
        ("ConfigMap", "", "ConfigMap"),
    ] {
        let rule = system_rule(key, ResourceIgnoreDifferences::default());
        assert_eq!(
            (rule.group.as_str(), rule.kind.as_str()),
            (group, kind),
            "{key}"
        );
    }
}

/// Applies the rules to a target, as `RespectIgnoreDifferences` does.
fn respected(rule: Value, target: &Value, live: &Value) -> Value {
    let schemas = cluster();
    let rules = rules(&[rule], &json!(null));
    let options = Options {
        ignore: Some(&rules),
        schemas: Some(&schemas),
        ..Options::new("tiphys")
    };
    rules.respected(target, live, &options).into_owned()
}

#[test]
fn ignored_fields_are_applied_as_they_are_live() {
    let pointer =
        json!({"group": "apps", "kind": "Deployment", "jsonPointers": ["/spec/replicas"]});
    let (target, live) = (
        deployment(json!({"replicas": 1, "paused": true})),
        deployment(json!({"replicas": 7})),
    );
    assert_eq!(
        respected(pointer.clone(), &target, &live)["spec"],
        json!({"replicas": 7, "paused": true})
    );
    // Nothing live: applying does not bring it back.
    let live = deployment(json!({"minReadySeconds": 1}));
    assert_eq!(
        respected(pointer.clone(), &target, &live)["spec"],
        json!({"paused": true})
    );
    // Not live at all: all of the target is made.
    assert_eq!(respected(pointer.clone(), &target, &Value::Null), target);
    // Ours from before, and no longer stated: without it, applying would take it away.
    let mut live = deployment(json!({"replicas": 7}));
    live["metadata"]["managedFields"] = json!([{"manager": "tiphys", "operation": "Apply", "fieldsV1": {"f:spec": {"f:replicas": {}}}}]);
    let target = deployment(json!({"paused": true}));
    assert_eq!(
        respected(pointer.clone(), &target, &live)["spec"],
        json!({"replicas": 7, "paused": true})
    );
    // Of another manager: it stays its own.
    live["metadata"]["managedFields"][0]["manager"] = json!("hpa");
    assert_eq!(respected(pointer, &target, &live), target);
}

#[test]
fn elements_are_found_by_their_keys_when_live_values_are_taken() {
    let rule = json!({"group": "apps", "kind": "Deployment", "jqPathExpressions": [".spec.template.spec.containers[].image"]});
    let pod =
        |containers: Value| deployment(json!({"template": {"spec": {"containers": containers}}}));
    let target = pod(
        json!([{"name": "a", "image": "1"}, {"name": "b", "image": "1"}, {"name": "new", "image": "1"}]),
    );
    let live = pod(
        json!([{"name": "side", "image": "9"}, {"name": "b", "image": "8"}, {"name": "a", "image": "7"}]),
    );
    assert_eq!(
        respected(rule, &target, &live)["spec"]["template"]["spec"]["containers"],
        json!([{"name": "a", "image": "7"}, {"name": "b", "image": "8"}, {"name": "new"}])
    );
}

#[test]
fn fields_of_trusted_managers_are_applied_as_they_are_live() {
    let rule = json!({"group": "apps", "kind": "Deployment", "managedFieldsManagers": ["hpa"]});
    let mut live = deployment(json!({"replicas": 7, "paused": false}));
    live["metadata"]["managedFields"] = json!([{"manager": "hpa", "operation": "Update", "fieldsV1": {"f:spec": {"f:replicas": {}}}}]);
    let target = deployment(json!({"replicas": 1, "paused": true}));
    assert_eq!(
        respected(rule, &target, &live)["spec"],
        json!({"replicas": 7, "paused": true})
    );
}
