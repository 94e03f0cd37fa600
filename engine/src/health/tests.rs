//! The cases beside the data files, and checks that users define.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Map, json};

use super::builtin::{Assessor, TABLE};
use super::*;

/// A case of a data file: an object (its `apiVersion`, `kind` and name are filled in) and the verdict on it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    object: Map<String, Value>,
    is: String,
    #[serde(default)]
    say: String,
}

fn kind_files() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/health/kinds");
    let list = |folder: &Path| -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect()
    };
    let mut files: Vec<PathBuf> = list(&root).iter().flat_map(|group| list(group)).collect();
    files.sort();
    files
}

fn fill(object: &mut Map<String, Value>, group: &str, kind: &str) {
    let group = group.replace('_', "example");
    let version = if group == "core" {
        "v1".to_owned()
    } else {
        format!("{group}/v1")
    };
    object.entry("apiVersion").or_insert(version.into());
    object
        .entry("kind")
        .or_insert(kind.replace('_', "Thing").into());
    let metadata = object.entry("metadata").or_insert(json!({}));
    if metadata.get("name").is_none() {
        metadata["name"] = "it".into();
    }
}

#[test]
fn every_kind_has_cases_and_they_hold() {
    let files = kind_files();
    let (mut kinds, mut cases, mut wrong) = (0, 0, Vec::new());
    for file in files
        .iter()
        .filter(|file| !file.to_string_lossy().ends_with(".cases.yaml"))
    {
        kinds += 1;
        let kind = file.file_stem().unwrap().to_str().unwrap();
        let group = file
            .parent()
            .unwrap()
            .file_name()
            .unwrap()
            .to_str()
            .unwrap();
        let text = fs::read_to_string(file.with_extension("cases.yaml")).unwrap_or_default();
        let list: Vec<Case> = serde_saphyr::from_str(&text)
            .unwrap_or_else(|error| panic!("the cases of {group}/{kind}: {error}"));
        assert!(!list.is_empty(), "{group}/{kind} has no cases");
        let mut seen = BTreeSet::new();
        for mut case in list {
            cases += 1;
            fill(&mut case.object, group, kind);
            let live = Value::Object(case.object);
            let found = assess(&live).map_or(("None".to_owned(), String::new()), |health| {
                (health.status.to_string(), health.message)
            });
            seen.insert(case.is.clone());
            if found != (case.is.clone(), case.say.clone()) {
                wrong.push(format!(
                    "{group}/{kind}: {live}\n  wanted {} {:?}\n  found  {} {:?}",
                    case.is, case.say, found.0, found.1
                ));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {cases} cases:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(kinds >= 150, "only {kinds} kinds");
}

#[test]
fn every_data_file_is_right() {
    for entry in TABLE.entries() {
        let group = entry.group.replace('*', "example");
        let kind = entry.kind.replace('*', "Thing");
        let assessor = TABLE.get(&group, &kind).unwrap();
        assert!(
            !matches!(assessor, Assessor::Wrong(_)),
            "{group}/{kind}: {assessor:?}"
        );
    }
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop::sample::select(vec![
            "", "True", "False", "Unknown", "Ready", "Running", "x"
        ])
        .prop_map(Value::from),
        "[\\PC]{0,8}".prop_map(Value::String),
    ];
    let key = prop::sample::select(vec![
        "status",
        "spec",
        "metadata",
        "conditions",
        "type",
        "reason",
        "message",
        "phase",
        "replicas",
        "observedGeneration",
        "generation",
        "parents",
        "listeners",
        "containerStatuses",
        "state",
        "waiting",
        "annotations",
        "strategy",
        "readyReplicas",
        "updateStrategy",
        "rollingUpdate",
        "partition",
        "nodeSets",
        "count",
        "health",
        "suspend",
        "paused",
    ]);
    leaf.prop_recursive(6, 96, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::Array),
            prop::collection::vec((key.clone(), inner), 0..6).prop_map(|list| Value::Object(
                list.into_iter()
                    .map(|(key, value)| (key.to_owned(), value))
                    .collect()
            )),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever a cluster answers, every check gives an answer.
    #[test]
    fn no_object_is_too_strange(status in json_value(), spec in json_value(), metadata in json_value(), whole in json_value()) {
        let _ = assess(&whole);
        for entry in TABLE.entries() {
            let version = format!("{}/v1", entry.group.replace('*', "example"));
            let live = json!({
                "apiVersion": version.trim_start_matches('/'), "kind": entry.kind.replace('*', "Thing"),
                "metadata": metadata, "spec": spec, "status": status,
            });
            let _ = assess(&live);
        }
    }
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000, 0).unwrap()
}

fn lua(key: &str, text: &str) -> Definition {
    Definition {
        key: key.to_owned(),
        check: Check::Lua(text.to_owned()),
    }
}

fn thing(group: &str, kind: &str) -> Value {
    let version = if group.is_empty() {
        "v1".to_owned()
    } else {
        format!("{group}/v1")
    };
    json!({"apiVersion": version, "kind": kind, "metadata": {"name": "it"}, "status": {"phase": "Broken"}})
}

#[test]
fn keys_of_definitions() {
    let says = |message: &str| format!("return {{status = 'Healthy', message = '{message}'}}");
    let checks = Checks::new([
        lua("*/*", &says("any")),
        lua("*.example.com/*", &says("group")),
        lua("apps_Deployment", &says("exact")),
        lua("argoproj.io/Rollout", &says("slash")),
        lua("Pod", &says("core")),
    ]);
    assert!(checks.errors().is_empty());
    for (group, kind, expected) in [
        ("apps", "Deployment", Some("exact")),
        ("argoproj.io", "Rollout", Some("slash")),
        ("", "Pod", Some("core")),
        ("a.example.com", "Thing", Some("any")),
        // A pattern with a slash does not match the core group, whose keys have none.
        ("", "Thing", None),
    ] {
        let found = checks
            .assess(&thing(group, kind), now())
            .map(|health| health.message);
        assert_eq!(found.as_deref(), expected, "{group}/{kind}");
    }
}

#[test]
fn results_of_scripts() {
    let check = |text: &str, expected: Option<(Code, &str)>| {
        let checks = Checks::new([lua("example.com_Thing", text)]);
        let found = checks.assess(&thing("example.com", "Thing"), now());
        let found = found
            .as_ref()
            .map(|health| (health.status, health.message.as_str()));
        assert_eq!(found, expected, "{text}");
    };
    check(
        "hs = {} if obj.status.phase == 'Broken' then hs.status = 'Degraded' hs.message = obj.metadata.name end return hs",
        Some((Code::Degraded, "it")),
    );
    check("return {status = 'Healthy'}", Some((Code::Healthy, "")));
    check("return {}", None);
    check("return nil", None);
    check("local x = 1", None);
    check(
        "return {status = 'Fine'}",
        Some((Code::Unknown, "Lua returned an invalid health status")),
    );
    check(
        "return 'Healthy'",
        Some((
            Code::Unknown,
            "the Lua script returned no table with a status and a message",
        )),
    );
    check(
        "return {status = 'Healthy', message = os.date('!%Y-%m-%dT%XZ')}",
        Some((Code::Healthy, "2023-11-14T22:13:20Z")),
    );
    check(
        "return obj.spec.replicas.x",
        Some((
            Code::Unknown,
            "the Lua script failed: script:1: attempt to index field 'spec' (a nil value)",
        )),
    );
}

#[test]
fn a_broken_check_concerns_its_own_kind_only() {
    let checks = Checks::new([
        lua("example.com_Loop", "while true do end"),
        lua("example.com_Syntax", "return {"),
        lua(
            "example.com_Memory",
            "local t = 'x' while true do t = t .. t end",
        ),
        Definition {
            key: "example.com_Cel".to_owned(),
            check: Check::Cel {
                current: "status.phase ==".to_owned(),
                in_progress: None,
                failed: None,
            },
        },
        Definition {
            key: "example.com_Good".to_owned(),
            check: Check::Cel {
                current: "status.phase == 'Fine'".to_owned(),
                in_progress: None,
                failed: Some("status.phase == 'Broken'".to_owned()),
            },
        },
    ]);
    assert_eq!(checks.errors().len(), 2);
    for (kind, status, message) in [
        ("Loop", Code::Unknown, "stopped after 200000 steps"),
        ("Syntax", Code::Unknown, "cannot be compiled"),
        ("Memory", Code::Unknown, "allocated more than 2097152 bytes"),
        ("Cel", Code::Unknown, "`current` is wrong"),
        ("Good", Code::Degraded, "`failed` is true"),
    ] {
        for _ in 0..2 {
            let health = checks.assess(&thing("example.com", kind), now()).unwrap();
            assert_eq!(health.status, status, "{kind}: {}", health.message);
            assert!(
                health.message.contains(message),
                "{kind}: {}",
                health.message
            );
        }
    }
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "status": {"phase": "Pending"}});
    assert_eq!(
        checks.assess(&pod, now()).map(|health| health.status),
        Some(Code::Progressing)
    );
}

#[test]
fn an_object_that_is_being_deleted_is_progressing() {
    let mut live = thing("example.com", "Thing");
    live["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z".into();
    let checks = Checks::new([lua("*/*", "return {status = 'Healthy'}")]);
    let pending = Some(Health::new(Code::Progressing, "Pending deletion"));
    assert_eq!(checks.assess(&live, now()), pending);
    assert_eq!(assess(&live), pending);
    live["metadata"]["finalizers"] = json!(["argocd.argoproj.io/hook-finalizer"]);
    assert_eq!(
        checks.assess(&live, now()).map(|health| health.status),
        Some(Code::Healthy)
    );
    assert_eq!(assess(&live), None);
}

#[test]
fn conventions_for_kinds_that_nobody_described() {
    let check = |status: Value, expected: Option<(Code, &str)>| {
        let live = json!({"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"generation": 2}, "status": status});
        let found = assess(&live);
        let found = found
            .as_ref()
            .map(|health| (health.status, health.message.as_str()));
        assert_eq!(found, expected, "{live}");
    };
    let ready = |status: &str| json!({"conditions": [{"type": "Ready", "status": status, "message": "why"}]});
    check(json!(null), None);
    check(json!({}), None);
    check(json!({"phase": "Active"}), None);
    check(
        json!({"conditions": [{"type": "Other", "status": "True"}]}),
        None,
    );
    check(ready("True"), Some((Code::Healthy, "why")));
    check(ready("False"), Some((Code::Progressing, "why")));
    check(json!({"observedGeneration": 2}), Some((Code::Healthy, "")));
    check(
        json!({"observedGeneration": 1}),
        Some((
            Code::Progressing,
            "the controller has seen generation 1 of 2",
        )),
    );
    check(
        json!({"observedGeneration": 2, "conditions": [{"type": "Reconciling", "status": "True", "reason": "NewGeneration"}]}),
        Some((Code::Progressing, "NewGeneration")),
    );
    check(
        json!({"conditions": [{"type": "Stalled", "status": "True", "message": "no access"}, {"type": "Ready", "status": "False"}]}),
        Some((Code::Degraded, "no access")),
    );
    for (version, kind) in [
        ("v1", "ConfigMap"),
        ("v1", "Secret"),
        ("rbac.authorization.k8s.io/v1", "Role"),
    ] {
        assert_eq!(
            assess(&json!({"apiVersion": version, "kind": kind, "data": {}})),
            None
        );
    }
}
