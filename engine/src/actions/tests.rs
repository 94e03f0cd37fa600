//! The cases beside the data files, and actions that users define.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde_json::json;

use super::builtin::TABLE;
use super::*;

/// A case: which actions there are, or what one of them does.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    object: Map<String, Value>,
    /// Every action that there is; `disabled` or `enabled`.
    discover: Option<BTreeMap<String, String>>,
    run: Option<String>,
    #[serde(default, rename = "with")]
    parameters: BTreeMap<String, Value>,
    patch: Option<Value>,
    status: Option<Value>,
    create: Option<Value>,
    error: Option<String>,
}

fn now() -> DateTime<Utc> {
    DateTime::parse_from_rfc3339("2026-01-02T03:04:05Z")
        .unwrap()
        .to_utc()
}

fn check(case: &Case, live: &Value) -> Result<(), String> {
    let actions = Actions::default();
    if let Some(expected) = &case.discover {
        let found: BTreeMap<String, String> = actions
            .discover(live, now())
            .unwrap()
            .into_iter()
            .map(|action| {
                (
                    action.name,
                    if action.disabled {
                        "disabled"
                    } else {
                        "enabled"
                    }
                    .to_owned(),
                )
            })
            .collect();
        if &found != expected {
            return Err(format!("found {found:?}"));
        }
    }
    let Some(name) = &case.run else {
        return if case.discover.is_some() {
            Ok(())
        } else {
            Err("a case without a question".to_owned())
        };
    };
    let parameters: Vec<_> = case.parameters.clone().into_iter().collect();
    let found = actions.run(live, name, &parameters, now());
    let expected = match (&case.error, &case.create) {
        (Some(error), _) => {
            let found = found.map_err(|error| error.to_string());
            return if found.as_ref().err() == Some(error) {
                Ok(())
            } else {
                Err(format!("found {found:?}"))
            };
        }
        (None, Some(create)) => vec![Change::Create(create.clone())],
        (None, None) if case.patch.is_none() && case.status.is_none() => Vec::new(),
        (None, None) => vec![Change::Patch {
            key: object::key(live),
            patch: case.patch.clone().unwrap_or_else(|| json!({})),
            status: case.status.clone(),
        }],
    };
    if found.as_ref() == Ok(&expected) {
        Ok(())
    } else {
        Err(format!("wanted {expected:?}\n  found {found:?}"))
    }
}

#[test]
fn every_kind_has_cases_and_they_hold() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/actions/kinds");
    let (mut kinds, mut wrong) = (0, Vec::new());
    for group in fs::read_dir(root).unwrap() {
        let group = group.unwrap().path();
        for file in fs::read_dir(&group).unwrap() {
            let file = file.unwrap().path();
            if file.to_string_lossy().ends_with(".cases.yaml") {
                continue;
            }
            kinds += 1;
            let kind = file.file_stem().unwrap().to_str().unwrap();
            let group = group.file_name().unwrap().to_str().unwrap();
            let text = fs::read_to_string(file.with_extension("cases.yaml")).unwrap_or_default();
            let cases: Vec<Case> = serde_saphyr::from_str(&text)
                .unwrap_or_else(|error| panic!("{group}/{kind}: {error}"));
            assert!(!cases.is_empty(), "{group}/{kind} has no cases");
            for case in cases {
                let mut object = case.object.clone();
                let version = if group == "core" {
                    "v1".to_owned()
                } else {
                    format!("{group}/v1")
                };
                object.entry("apiVersion").or_insert(version.into());
                object.entry("kind").or_insert(kind.into());
                let metadata = object.entry("metadata").or_insert(json!({}));
                metadata["name"] = "it".into();
                metadata["namespace"] = "here".into();
                let live = Value::Object(object);
                if let Err(message) = check(&case, &live) {
                    wrong.push(format!(
                        "{group}/{kind} {:?}: {live}\n  {message}",
                        case.run
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(kinds >= 30, "only {kinds} kinds");
    for entry in TABLE.entries() {
        assert!(
            TABLE.get(entry.group, entry.kind).unwrap().is_ok(),
            "{}/{}: {:?}",
            entry.group,
            entry.kind,
            TABLE.get(entry.group, entry.kind)
        );
    }
}

fn thing() -> Value {
    json!({"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": "it", "labels": {}}, "spec": {"size": 1, "old": true}})
}

fn custom(discovery: &str, script: &str) -> Actions {
    Actions::new([Definition {
        key: "example.com_Thing".to_owned(),
        discovery: discovery.to_owned(),
        actions: vec![ActionDefinition {
            name: "grow".to_owned(),
            script: script.to_owned(),
        }],
        merge_builtin: false,
    }])
}

const DISCOVERY: &str = "return {grow = {iconClass = 'fa fa-plus', params = {{name = 'by', default = '1'}}}, shrink = {disabled = obj.spec.size < 2}, plain = {}}";

#[test]
fn actions_in_lua() {
    let actions = custom(
        DISCOVERY,
        "obj.spec.size = obj.spec.size + tonumber(actionParams['by']) obj.spec.old = nil obj.status = {phase = 'Growing'} return obj",
    );
    let found = actions.discover(&thing(), now()).unwrap();
    let names: Vec<_> = found
        .iter()
        .map(|action| (action.name.as_str(), action.disabled))
        .collect();
    assert_eq!(names, [("grow", false), ("plain", false), ("shrink", true)]);
    assert_eq!(
        found[0].parameters,
        [Parameter {
            name: "by".to_owned(),
            default: "1".to_owned()
        }]
    );
    let by = [("by".to_owned(), Value::from("2"))];
    let changes = actions.run(&thing(), "grow", &by, now()).unwrap();
    assert_eq!(
        changes,
        [Change::Patch {
            key: object::key(&thing()),
            patch: json!({"spec": {"size": 3, "old": null}}),
            status: Some(json!({"status": {"phase": "Growing"}})),
        }]
    );
    assert_eq!(
        actions.run(&thing(), "shrink", &[], now()),
        Err(RunError::Disabled("shrink".to_owned()))
    );
    assert_eq!(
        actions.run(&thing(), "burn", &[], now()),
        Err(RunError::Unknown("burn".to_owned()))
    );
}

#[test]
fn actions_in_lua_that_create() {
    let script = "local os = require('os') return {{operation = 'create', resource = {apiVersion = 'v1', kind = 'ConfigMap', metadata = {name = obj.metadata.name .. os.date('!-%H%M')}}}}";
    let changes = custom(DISCOVERY, script)
        .run(&thing(), "grow", &[], now())
        .unwrap();
    assert_eq!(
        changes,
        [Change::Create(
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "it-0304"}})
        )]
    );
    let changes = custom(DISCOVERY, "return {{operation = 'patch', resource = obj}}").run(
        &thing(),
        "grow",
        &[],
        now(),
    );
    assert_eq!(
        changes,
        Ok(Vec::new()),
        "an empty map that Lua gives back as a list is no change"
    );
}

#[test]
fn actions_in_lua_that_fail() {
    for (script, expected) in [
        ("while true do end", "stopped after 200000 steps"),
        ("error('no room', 0)", "no room"),
        ("return 1", "neither an object nor a list"),
        ("obj.metadata.name = 'other' return obj", "another object"),
        (
            "return {{operation = 'delete', resource = obj}}",
            "`create` or `patch`",
        ),
        ("return {", "cannot be compiled"),
    ] {
        let error = custom(DISCOVERY, script)
            .run(&thing(), "grow", &[], now())
            .unwrap_err()
            .to_string();
        assert!(error.contains(expected), "{script}: {error}");
    }
    let actions = custom("return {", "return obj");
    assert_eq!(actions.errors().len(), 1);
    assert!(actions.discover(&thing(), now()).is_err());
    let deployment = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "it"}, "spec": {}});
    assert_eq!(actions.discover(&deployment, now()).unwrap().len(), 4);
}

#[test]
fn a_users_action_comes_before_ours() {
    let definition = Definition {
        key: "apps/Deployment".to_owned(),
        discovery: "return {restart = {displayName = 'Mine'}}".to_owned(),
        actions: vec![ActionDefinition {
            name: "restart".to_owned(),
            script: "obj.spec.mine = true return obj".to_owned(),
        }],
        merge_builtin: true,
    };
    let actions = Actions::new([definition]);
    let deployment = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "it"}, "spec": {"replicas": 1}});
    let names: Vec<_> = actions
        .discover(&deployment, now())
        .unwrap()
        .into_iter()
        .map(|action| action.name)
        .collect();
    assert_eq!(names, ["pause", "restart", "resume", "scale"]);
    let Change::Patch { patch, .. } = &actions.run(&deployment, "restart", &[], now()).unwrap()[0]
    else {
        panic!()
    };
    assert_eq!(patch, &json!({"spec": {"mine": true}}));
    assert_eq!(
        actions.run(&deployment, "pause", &[], now()).unwrap().len(),
        1
    );
}
