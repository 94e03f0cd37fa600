//! `ServerSideDiff=true`: the answer of a dry run, compared with what is live.

use serde_json::{Value, json};
use tiphys_engine::diff::Options;
use tiphys_engine::server_side;

use crate::{cluster, rules, texts};

fn owned(spec: &Value) -> Value {
    json!([{"manager": "tiphys", "operation": "Apply", "apiVersion": "apps/v1", "fieldsV1": {"f:spec": spec}}])
}

fn pod(spec: Value, fields: &Value) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "managedFields": owned(&json!({"f:template": {"f:spec": fields}}))},
        "spec": {"template": {"spec": spec}}})
}

fn check(
    predicted: &Value,
    live: &Value,
    webhooks: bool,
    expected: &[&str],
) -> server_side::ServerSide {
    let schemas = cluster();
    let options = Options {
        schemas: Some(&schemas),
        ..Options::new("tiphys")
    };
    let compared = server_side::compare(predicted, live, webhooks, &options);
    assert_eq!(
        texts(&compared.outcome.differences),
        expected,
        "{}",
        compared.predicted_live
    );
    assert_eq!(
        compared.predicted_live == compared.normalized_live,
        expected.is_empty(),
        "{}\n{}",
        compared.predicted_live,
        compared.normalized_live
    );
    compared
}

#[test]
fn everything_the_server_says_counts_once_webhooks_are_included() {
    let live = pod(
        json!({"hostNetwork": true, "containers": [{"name": "a", "image": "x"}]}),
        &json!({}),
    );
    let predicted = pod(
        json!({"restartPolicy": "Always", "containers": [{"name": "a", "image": "y", "tty": true}, {"name": "injected"}]}),
        &json!({}),
    );
    check(
        &predicted,
        &live,
        true,
        &[
            "spec.template.spec.containers[name=a].image has another value",
            "spec.template.spec.containers[name=a].tty is not live",
            "spec.template.spec.containers[name=injected] is not live",
            "spec.template.spec.restartPolicy is not live",
            "spec.template.spec.hostNetwork is live but no longer in the source",
        ],
    );
}

#[test]
fn what_webhooks_put_in_does_not_count_unless_asked_for() {
    let fields =
        json!({"f:containers": {"k:{\"name\":\"a\"}": {".": {}, "f:name": {}, "f:image": {}}}});
    let live = pod(
        json!({"containers": [{"name": "a", "image": "x"}]}),
        &fields,
    );
    let predicted = pod(
        json!({"restartPolicy": "Always", "containers": [{"name": "a", "image": "x", "tty": true}, {"name": "injected", "image": "s"}]}),
        &fields,
    );
    check(&predicted, &live, false, &[]);
    let mut changed = predicted.clone();
    changed["spec"]["template"]["spec"]["containers"][0]["image"] = json!("y");
    let compared = check(
        &changed,
        &live,
        false,
        &["spec.template.spec.containers[name=a].image has another value"],
    );
    assert_eq!(
        compared.predicted_live["spec"]["template"]["spec"],
        json!({"containers": [{"name": "a", "image": "y"}]})
    );
}

#[test]
fn what_we_no_longer_state_goes_and_what_a_webhook_takes_out_stays() {
    let before = json!({"f:hostNetwork": {}, "f:containers": {"k:{\"name\":\"a\"}": {".": {}, "f:name": {}}, "k:{\"name\":\"b\"}": {".": {}, "f:name": {}}}});
    let after = json!({"f:containers": {"k:{\"name\":\"a\"}": {".": {}, "f:name": {}}}});
    let live = pod(
        json!({"hostNetwork": true, "restartPolicy": "Always", "containers": [{"name": "a"}, {"name": "b"}]}),
        &before,
    );
    let predicted = pod(json!({"containers": [{"name": "a"}]}), &after);
    check(
        &predicted,
        &live,
        false,
        &[
            "spec.template.spec.containers[name=b] is live but no longer in the source",
            "spec.template.spec.hostNetwork is live but no longer in the source",
        ],
    );
}

#[test]
fn a_new_element_has_its_keys_whoever_owns_them() {
    let fields = |ports: Value| json!({"f:containers": {"k:{\"name\":\"a\"}": {".": {}, "f:name": {}, "f:ports": ports}}});
    let live = pod(
        json!({"containers": [{"name": "a", "ports": []}]}),
        &fields(json!({})),
    );
    let predicted = pod(
        json!({"containers": [{"name": "a", "ports": [{"containerPort": 80, "protocol": "TCP", "name": "http", "hostPort": 1}]}]}),
        &fields(
            json!({"k:{\"containerPort\":80,\"protocol\":\"TCP\"}": {".": {}, "f:containerPort": {}, "f:name": {}}}),
        ),
    );
    let compared = check(
        &predicted,
        &live,
        false,
        &["spec.template.spec.containers[name=a].ports[containerPort=80,protocol=TCP] is not live"],
    );
    assert_eq!(
        compared.predicted_live["spec"]["template"]["spec"]["containers"][0]["ports"],
        json!([{"containerPort": 80, "protocol": "TCP", "name": "http"}])
    );
}

#[test]
fn stamps_records_and_what_is_ignored_do_not_count() {
    let mut live = pod(
        json!({"restartPolicy": "Always"}),
        &json!({"f:restartPolicy": {}}),
    );
    live["metadata"]["resourceVersion"] = json!("1");
    live["metadata"]["generation"] = json!(1);
    let mut predicted = pod(
        json!({"restartPolicy": "Never"}),
        &json!({"f:restartPolicy": {}}),
    );
    predicted["metadata"]["resourceVersion"] = json!("2");
    predicted["metadata"]["generation"] = json!(2);
    let schemas = cluster();
    let rules = rules(
        &[
            json!({"group": "apps", "kind": "Deployment", "jsonPointers": ["/spec/template/spec/restartPolicy"]}),
        ],
        &json!(null),
    );
    let options = Options {
        schemas: Some(&schemas),
        ignore: Some(&rules),
        ..Options::new("tiphys")
    };
    let compared = server_side::compare(&predicted, &live, false, &options);
    assert_eq!(texts(&compared.outcome.differences), Vec::<String>::new());
    assert_eq!(compared.predicted_live, compared.normalized_live);
}

#[test]
fn labels_and_annotations_of_the_answer_count() {
    let object = |labels: Value| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "labels": labels}});
    check(
        &object(json!({"a": "1", "b": ""})),
        &object(json!({"a": "2", "c": "3"})),
        true,
        &[
            "metadata.labels.a has another value",
            "metadata.labels.b is not live",
            "metadata.labels.c is live but no longer in the source",
        ],
    );
}
