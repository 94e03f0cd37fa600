//! Definitions of kinds that appear while a sync runs, or that cannot be, and resources that their definition does not allow.

use anyhow::Result;
use serde_json::{Value, json};
use tiphys_tests::{PATIENCE, World, annotated, config_map, message, phase, row_of};

use super::{another_syncs, beside};

const DEFINITIONS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

/// A definition of the kind `Ship` in a group of its own, whose `spec` has this schema.
fn definition(group: &str, spec: &Value) -> Value {
    json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("ships.{group}")},
        "spec": {"group": group, "scope": "Namespaced", "names": {"kind": "Ship", "plural": "ships"},
            "versions": [{"name": "v1", "served": true, "storage": true,
                "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": spec}}}}]}})
}

fn ship(group: &str, annotations: &Value, spec: &Value) -> String {
    json!({"apiVersion": format!("{group}/v1"), "kind": "Ship",
        "metadata": {"name": "argo", "annotations": annotations}, "spec": spec})
    .to_string()
}

#[test]
fn a_kind_that_appears_in_mid_sync_is_applied() -> Result<()> {
    let world = World::start_with_health("appears", "sqlite")?;
    let group = "appears.example.com";
    let oars = json!({"oars": 50});
    let late = json!({"argocd.argoproj.io/sync-wave": "1",
        "argocd.argoproj.io/sync-options": "SkipDryRunOnMissingResource=true"});
    world
        .repository
        .write("app/h.yaml", annotated("h", "Progressing", &[]))?
        .write("app/ship.yaml", ship(group, &late, &oars))?
        .write("early/ship.yaml", ship(group, &json!({}), &oars))?
        .write("other/a.yaml", config_map("a", "1"))?;
    let commit = world.repository.commit("one")?;
    world.create(&Value::Null)?;
    world.sync(&json!({}))?;
    world.until("the first wave", |app| {
        message(app).contains("waiting for healthy state of /ConfigMap/h")
    })?;
    // One that needs the kind at once is tried again until it is there.
    let early = beside(&world, "early", |_| {})?;
    let retry = json!({"limit": 100, "backoff": {"duration": "1s", "factor": 1}});
    world
        .client
        .post(&format!("{early}/sync"), &json!({"retryStrategy": retry}))?
        .ok()?;
    let failed = world.until_at(&early, "a failed attempt", |app| {
        app["status"]["operationState"]["retryCount"].is_number()
    })?;
    let missing = format!("could not find {group}/Ship");
    assert!(message(&failed).contains(&missing), "{}", message(&failed));
    another_syncs(&world)?;

    let schema = json!({"type": "object", "properties": {"oars": {"type": "integer"}}});
    let _lent = world
        .kubernetes
        .lend(DEFINITIONS, &definition(group, &schema))?;
    let done = world.until_at(&early, "the end of the operation", |app| {
        app["operation"].is_null()
    })?;
    assert_eq!(phase(&done), "Succeeded", "{}", message(&done));
    world
        .kubernetes
        .merge(&world.map("h"), &json!({"data": {"value": "done"}}))?;
    let ended = world.until_ended()?;
    assert_eq!(phase(&ended), "Succeeded", "{}", message(&ended));
    assert_eq!(row_of(&ended, "argo")["status"], "Synced");
    assert_eq!(ended["status"]["sync"]["revision"], commit.as_str());
    let path = format!("/apis/{group}/v1/namespaces/{}/ships/argo", world.namespace);
    world
        .kubernetes
        .wait(&path, PATIENCE, |live| live["spec"]["oars"] == 50)?;
    Ok(())
}

#[test]
fn what_a_definition_forbids_fails_its_application_and_no_other() -> Result<()> {
    let world = World::start("forbidden", "sqlite")?;
    let group = "forbidden.example.com";
    let schema =
        json!({"type": "object", "properties": {"oars": {"type": "integer", "maximum": 100}}});
    let _lent = world
        .kubernetes
        .lend(DEFINITIONS, &definition(group, &schema))?;
    let bad = definition("broken.example.com", &json!({"type": "nonsense"}));
    world
        .repository
        .write("app/definition.yaml", bad.to_string())?
        .write("app/a.yaml", config_map("a", "1"))?
        .write(
            "wrong/ship.yaml",
            ship(group, &json!({}), &json!({"oars": 5000})),
        )?
        .write("wrong/a.yaml", config_map("a", "1"))?
        .write("other/a.yaml", config_map("a", "1"))?;
    world.repository.commit("one")?;
    world.create(&Value::Null)?;
    world.sync(&json!({}))?;
    let wrong = beside(&world, "wrong", |_| {})?;
    world
        .client
        .post(&format!("{wrong}/sync"), &json!({}))?
        .ok()?;
    another_syncs(&world)?;
    let refused = [
        (world.path(""), "ships.broken.example.com", "nonsense"),
        (wrong, "argo", "should be less than or equal to 100"),
    ];
    for (path, name, expected) in refused {
        let ended = world.until_at(&path, "the end of the operation", |app| {
            app["status"]["operationState"]["finishedAt"].is_string()
        })?;
        assert_eq!(phase(&ended), "Failed", "{ended}");
        let row = row_of(&ended, name);
        assert_eq!(row["status"], "SyncFailed", "{ended}");
        assert!(row["message"].to_string().contains(expected), "{row}");
    }
    Ok(())
}
