//! The rules of comparison as data: `data/diff/*.json` holds cases (desired, live, options → what differs) that an end-to-end test
//! can also put to a real API server.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};
use tiphys_engine::diff::{self, IgnoreStatus, Options};
use tiphys_engine::ignore::{IgnoreRules, system_rule};
use tiphys_engine::known_types::KnownTypes;
use tiphys_engine::schema::{Document, Schemas};

#[path = "differences/hostile.rs"]
mod hostile;
#[path = "differences/ignored.rs"]
mod ignored;
#[path = "differences/jq.rs"]
mod jq;
#[path = "differences/mask.rs"]
mod mask;
#[path = "differences/properties.rs"]
mod properties;
#[path = "differences/schemas.rs"]
mod schemas;
#[path = "differences/server_side.rs"]
mod server_side;
#[path = "differences/take_over.rs"]
mod take_over;

fn data(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(folder)
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn read(path: &Path) -> Value {
    serde_json::from_str(&text(path)).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The schemas of the cases: two documents in the form of an API server's, and a definition.
pub(crate) fn cluster() -> Schemas {
    let mut schemas = Schemas::default();
    for name in ["apps-v1", "v1"] {
        let document = text(&data("schemas").join(format!("{name}.json")));
        let document = Document::from_openapi(&document).expect("an OpenAPI document");
        schemas.insert(name.replace('-', "/"), Arc::new(document));
    }
    let definition = read(&data("schemas").join("widgets.json"));
    let document = Document::from_crd(&definition).expect("a definition");
    schemas.insert("widgets.example.com", Arc::new(document));
    schemas
}

/// Rules, none of which may be refused.
pub(crate) fn rules(stated: &[Value], system: &Value) -> IgnoreRules {
    let mut all = Vec::new();
    for (key, parts) in system.as_object().into_iter().flatten() {
        let mut parts = parts.clone();
        parts["kind"] = json!("");
        all.push(system_rule(
            key,
            serde_json::from_value(parts).expect("parts of a rule"),
        ));
    }
    for rule in stated {
        all.push(serde_json::from_value(rule.clone()).expect("a rule"));
    }
    let (rules, errors) = IgnoreRules::compile(&all);
    assert_eq!(errors, []);
    rules
}

fn list(case: &Value, name: &str) -> Vec<Value> {
    case[name].as_array().cloned().unwrap_or_default()
}

/// Calls with every case of every file, its name, and the options that it states.
pub(crate) fn for_each_case(check: impl Fn(&str, &Value, &Options<'_>)) {
    let schemas = cluster();
    let mut files: Vec<PathBuf> = fs::read_dir(data("diff"))
        .expect("the folder of cases")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.sort();
    assert!(files.len() >= 9);
    for file in files {
        for case in read(&file).as_array().expect("a list of cases") {
            let rules = rules(&list(case, "ignore"), &case["system"]);
            let mut known = KnownTypes::default();
            for entry in list(case, "known") {
                let text = |place: usize| entry[place].as_str().expect("a text");
                known
                    .add(text(0), text(1), text(2), text(3))
                    .expect("a known type");
            }
            let options = Options {
                schemas: Some(&schemas),
                ignore: Some(&rules),
                known_types: Some(&known),
                status: IgnoreStatus::parse(case["status"].as_str().unwrap_or_default())
                    .expect("a setting"),
                ignore_aggregated_roles: case["aggregated_roles"] != true,
                ..Options::new("tiphys")
            };
            let name = format!("{}: {}", file.display(), case["name"]);
            check(&name, case, &options);
        }
    }
}

fn texts(differences: &[diff::Difference]) -> Vec<String> {
    differences.iter().map(ToString::to_string).collect()
}

#[test]
fn every_rule_of_comparison() {
    for_each_case(|name, case, options| {
        let outcome = diff::compare(&case["desired"], &case["live"], options);
        let expected: Vec<&str> = case["differences"]
            .as_array()
            .expect("a list")
            .iter()
            .filter_map(Value::as_str)
            .collect();
        assert_eq!(texts(&outcome.differences), expected, "{name}");
        assert_eq!(outcome.warnings, [], "{name}");
        let (drifted, _) = diff::is_out_of_sync(&case["desired"], &case["live"], options);
        assert_eq!(drifted, !expected.is_empty(), "{name}");
    });
}

#[test]
fn what_is_predicted_differs_from_what_is_live_exactly_when_something_drifted() {
    for_each_case(|name, case, options| {
        let live = diff::normalized_live(&case["live"], options);
        let predicted = diff::predicted_live(&case["desired"], &case["live"], options);
        let drifted = case["differences"] != json!([]);
        assert_eq!(live != predicted, drifted, "{name}\n{live}\n{predicted}");
        if options.ignore.is_some_and(|rules| !rules.is_empty()) {
            return;
        }
        // What is predicted is what the source wants.
        let mut predicted = predicted;
        predicted["metadata"]["managedFields"] = case["live"]["metadata"]["managedFields"].clone();
        let again = diff::compare(&case["desired"], &predicted, options);
        assert_eq!(texts(&again.differences), Vec::<String>::new(), "{name}");
    });
}

#[test]
fn a_difference_says_who_owns_the_field_and_what_it_holds() {
    let target = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {"replicas": 3}});
    let live = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "managedFields": [
        {"manager": "kubectl-edit", "operation": "Update", "time": "2026-01-02T03:04:05Z", "fieldsV1": {"f:spec": {"f:replicas": {}}}},
        {"manager": "tiphys", "operation": "Apply", "fieldsV1": {"f:spec": {"f:paused": {}}}},
    ]}, "spec": {"replicas": 5, "paused": true}});
    let found = diff::differences(&target, &live, "tiphys");
    assert_eq!(
        serde_json::to_value(&found).expect("it is serialisable"),
        json!([
            {"path": "spec.replicas", "reason": "Changed", "desired": 3, "live": 5,
             "managers": [{"name": "kubectl-edit", "operation": "Update", "time": "2026-01-02T03:04:05Z"}]},
            {"path": "spec.paused", "reason": "Left", "live": true, "managers": [{"name": "tiphys", "operation": "Apply"}]},
        ])
    );
    assert_eq!(
        found[0].explain(),
        "spec.replicas has another value: desired 3, live 5 (kubectl-edit)"
    );
}

#[test]
fn conflicts_name_the_managers_that_lose_a_field() {
    let target = json!({"kind": "X", "spec": {"a": 1, "b": 2, "c": 3, "d": 4}});
    let live = json!({"kind": "X", "metadata": {"managedFields": [
        {"manager": "hpa", "operation": "Update", "fieldsV1": {"f:spec": {"f:a": {}, "f:b": {}}}},
        {"manager": "tiphys", "operation": "Apply", "fieldsV1": {"f:spec": {"f:a": {}, "f:c": {}}}},
        {"manager": "kubectl-client-side-apply", "operation": "Update", "fieldsV1": {"f:spec": {"f:d": {}}}},
    ]}, "spec": {"a": 9, "b": 2, "c": 9, "d": 9}});
    let found = diff::conflicts(&target, &live, &Options::new("tiphys"));
    let found: Vec<(&str, Vec<&str>)> = found
        .iter()
        .map(|entry| {
            let names = entry.managers.iter().map(|manager| manager.name.as_str());
            (entry.path.as_str(), names.collect())
        })
        .collect();
    // `b` has the same value, `c` is ours, `d` is ours from before.
    assert_eq!(found, [("spec.a", vec!["hpa"])]);
}
