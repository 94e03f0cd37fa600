//! Objects that are large, deep or malicious: bounded time, and no failure.

use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};
use tiphys_engine::diff::{self, MAX_DIFFERENCES, Options};
use tiphys_engine::{server_side, take_over};

use crate::{cluster, rules};

/// In a debug build on a busy machine; what is quadratic takes minutes here.
const SOON: Duration = Duration::from_secs(60);

fn deployment(containers: Vec<Value>) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "x"}, "spec": {"template": {"spec": {"containers": containers}}}})
}

#[test]
fn a_list_of_twenty_thousand_elements() {
    let elements = |image: &str| -> Vec<Value> {
        (0..20_000)
            .map(|place| json!({"name": format!("c{place}"), "image": image}))
            .collect()
    };
    let target = deployment(elements("x"));
    let mut live = deployment(elements("y"));
    let fields: Map<String, Value> = (0..20_000)
        .map(|place| {
            (
                format!("k:{{\"name\":\"c{place}\"}}"),
                json!({".": {}, "f:image": {}}),
            )
        })
        .collect();
    live["metadata"]["managedFields"] = json!([{"manager": "tiphys", "operation": "Apply", "fieldsV1": {"f:spec": {"f:template": {"f:spec": {"f:containers": fields}}}}}]);
    let schemas = cluster();
    let options = Options {
        schemas: Some(&schemas),
        ..Options::new("tiphys")
    };
    let started = Instant::now();
    let outcome = diff::compare(&target, &target, &options);
    assert!(!outcome.drifted());
    let mut same = target.clone();
    same["metadata"] = live["metadata"].clone();
    let outcome = diff::compare(&target, &same, &options);
    assert!(!outcome.drifted());
    let (drifted, _) = diff::is_out_of_sync(&target, &live, &options);
    assert!(drifted);
    let nothing = deployment(Vec::new());
    let outcome = diff::compare(&nothing, &target, &options);
    assert!(!outcome.drifted());
    assert!(started.elapsed() < SOON, "{:?}", started.elapsed());
}

#[test]
fn differences_are_counted_up_to_a_limit() {
    let object = |value: u32| {
        let data: Map<String, Value> = (0..2000)
            .map(|place| (format!("k{place}"), json!(value.to_string())))
            .collect();
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": data})
    };
    let outcome = diff::compare(&object(1), &object(2), &Options::new("tiphys"));
    assert_eq!(outcome.differences.len(), MAX_DIFFERENCES);
    assert!(outcome.truncated);
}

#[test]
fn deep_objects_are_compared_too() {
    let deep = |leaf: u32| {
        let mut value = json!(leaf);
        for _ in 0..1000 {
            value = json!({"x": value});
        }
        json!({"apiVersion": "unknown.io/v1", "kind": "X", "metadata": {"name": "d"}, "spec": value})
    };
    let options = Options::new("tiphys");
    assert!(!diff::compare(&deep(1), &deep(1), &options).drifted());
    assert!(diff::compare(&deep(1), &deep(2), &options).drifted());
    let _ = server_side::compare(&deep(1), &deep(2), false, &options);
    let rules = rules(
        &[json!({"group": "*", "kind": "*", "jqPathExpressions": [".. | select(. == 1)"]})],
        &json!(null),
    );
    let ignoring = Options {
        ignore: Some(&rules),
        ..options
    };
    let _ = diff::compare(&deep(1), &deep(2), &ignoring);
    let mut records = json!({});
    for _ in 0..1000 {
        records = json!({"f:x": records});
    }
    let mut live = deep(1);
    live["metadata"]["resourceVersion"] = json!("1");
    live["metadata"]["managedFields"] = json!([
        {"manager": "tiphys", "operation": "Apply", "fieldsV1": {"f:spec": records}},
        {"manager": "argocd-controller", "operation": "Apply", "fieldsV1": {"f:spec": records}},
    ]);
    let _ = diff::compare(
        &json!({"apiVersion": "unknown.io/v1", "kind": "X"}),
        &live,
        &Options::new("tiphys"),
    );
    assert!(take_over::patch(&live, "tiphys", &["argocd-controller"], false).is_some());
}

#[test]
fn expressions_and_patterns_on_ten_megabytes() {
    let long = "a".repeat(10_000_000);
    let many: Vec<Value> = (0..300_000).map(Value::from).collect();
    let object = json!({"apiVersion": "unknown.io/v1", "kind": "X", "metadata": {"name": "d"}, "long": long, "many": many});
    let started = Instant::now();
    for expression in [
        ".long | select(test(\"(a*)*b\"))",
        ".many[] | select(. == 1)",
        ".. | select(any(..; any(..; . == 1)))",
        ".many | select(contains([-1]))",
        ".many[] as $a | .many[] as $b | select($a == $b)",
        "(.long + .long) as $x | ($x + $x) as $y | select($y + $y == .)",
        "[.many, .many] | [., .] | [., .] | [., .]",
    ] {
        let rules = rules(
            &[json!({"group": "*", "kind": "*", "jqPathExpressions": [expression]})],
            &json!(null),
        );
        let options = Options {
            ignore: Some(&rules),
            ..Options::new("tiphys")
        };
        let _ = diff::compare(&object, &object, &options);
    }
    assert!(started.elapsed() < 3 * SOON, "{:?}", started.elapsed());
}
