//! Strategic merges against what `kustomize build` made of the same (`cases.txt`), and bounds on hostile input.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn merged(object: &Value, patch: &Value) -> Result<Value, String> {
    let mut result = object.clone();
    Ok(
        match merge(
            &mut result,
            patch.clone(),
            Schema::built_in(),
            &Spelling::default(),
            &Spelling::default(),
        )? {
            Merged::Kept => result,
            Merged::Deleted => Value::Null,
        },
    )
}

#[test]
fn merges_are_those_of_kustomize() {
    let text = include_str!("cases.txt");
    let mut count = 0;
    for case in text.split("\n\n").skip(1) {
        let mut lines = case.lines();
        let mut line = || lines.next().unwrap_or_default();
        let name = line();
        let [object, patch] = [line(), line()].map(|json| {
            serde_json::from_str::<Value>(json).unwrap_or_else(|error| panic!("{name}: {error}"))
        });
        let result = merged(&object, &patch);
        match line() {
            "error" => assert!(result.is_err(), "{name}: {result:?}"),
            "deleted" => assert_eq!(result, Ok(Value::Null), "{name}"),
            json => assert_eq!(
                result.map(|value| value.to_string()),
                serde_json::from_str::<Value>(json)
                    .map(|value| value.to_string())
                    .map_err(|error| error.to_string()),
                "{name}"
            ),
        }
        count += 1;
    }
    assert!(count >= 32, "{count}");
}

#[test]
fn errors_name_the_field() {
    let pod = |containers: Value| {
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"},
            "spec": {"containers": containers}})
    };
    let error = merged(
        &pod(json!([{"name": "a", "env": {}}])),
        &pod(json!([{"name": "a", "env": []}])),
    );
    assert_eq!(
        error,
        Err(
            "spec.containers.[a].env: wrong node kind: expected MappingNode but got SequenceNode"
                .to_owned()
        )
    );
}

#[test]
fn long_lists_are_fast_or_refused() {
    let service = |ports: Vec<Value>| json!({"apiVersion": "v1", "kind": "Service", "spec": {"ports": ports}});
    let ports = |count: usize| (0..count).map(|port| json!({"port": port})).collect();
    let error = merged(&service(ports(2000)), &service(ports(2000))).expect_err("too long");
    assert!(error.contains("more than 2000 elements"), "{error}");

    let pod = |image: &str| {
        let containers: Vec<Value> = (0..20_000)
            .map(|number| json!({"name": format!("c{number}"), "image": image}))
            .collect();
        json!({"apiVersion": "v1", "kind": "Pod", "spec": {"containers": containers}})
    };
    assert_eq!(merged(&pod("a"), &pod("b")), Ok(pod("b")));
}

/// Values with the words that merging acts on.
fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (0..3_i64).prop_map(Value::from),
        prop::sample::select(vec!["a", "b", "", "delete", "replace"]).prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 4, |inner| {
        let names = prop::sample::select(vec![
            "spec",
            "template",
            "containers",
            "name",
            "ports",
            "containerPort",
            "protocol",
            "env",
            "$patch",
            "metadata",
            "finalizers",
            "volumes",
        ]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(names, inner, 0..4).prop_map(|fields| {
                fields
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value))
                    .collect::<Map<_, _>>()
                    .into()
            }),
        ]
    })
}

proptest! {
    #[test]
    fn any_merge_ends(object in values(), patch in values()) {
        let kind = |value: &Value| {
            let mut fields = value.as_object().cloned().unwrap_or_default();
            fields.insert("apiVersion".to_owned(), "v1".into());
            fields.insert("kind".to_owned(), "Pod".into());
            Value::Object(fields)
        };
        if let Ok(result) = merged(&kind(&object), &kind(&patch)) {
            // A patch that only says what the object is changes nothing more than a merge does to any object.
            prop_assert!(result.is_object() || result.is_null());
        }
    }
}
