//! Operations and deletions while their cluster or their namespace is not to be had.

use anyhow::Result;
use serde_json::{Value, json};
use tiphys_tests::{PATIENCE, World, annotated, config_map, message, phase};

#[test]
fn an_operation_ends_or_goes_on_although_its_cluster_was_lost() -> Result<()> {
    let (world, way) = World::start_behind("lost")?;
    world
        .repository
        .write("app/a.yaml", annotated("a", "1", &[]))?
        .write(
            "app/h.yaml",
            annotated("h", "Progressing", &[("hook", "PreSync")]),
        )?;
    let commit = world.repository.commit("one")?;
    world.create(&Value::Null)?;
    let begin = || -> Result<Value> {
        world.sync(&json!({}))?;
        let waits = "waiting for completion of hook /ConfigMap/h";
        world.until("the hook", |app| message(app) == waits)
    };
    let lose = || -> Result<Value> {
        way.cut();
        world.until("the lost cluster", |app| {
            message(app).contains("Failed to load live state")
        })
    };

    // It can be terminated meanwhile.
    begin()?;
    lose()?;
    world.terminate()?;

    // It goes on by itself when the cluster is back. The hook of before is deleted first.
    way.mend();
    world.until("the cluster", |app| app["status"]["conditions"].is_null())?;
    begin()?;
    lose()?;
    world
        .kubernetes
        .merge(&world.map("h"), &json!({"data": {"value": "done"}}))?;
    way.mend();
    let done = world.until_synced(&commit)?;
    assert_eq!(phase(&done), "Succeeded");

    // Its deadline holds without a cluster, too.
    let mut spec = world.get()?["spec"].clone();
    spec["syncPolicy"]["deadlines"] = json!({"operation": "10s"});
    world.client.put(&world.path("/spec"), &spec)?.ok()?;
    begin()?;
    lose()?;
    let ended = world.until_ended()?;
    assert_eq!(phase(&ended), "Error");
    assert!(
        message(&ended).ends_with("the operation did not end within its deadline of 10s"),
        "{}",
        message(&ended)
    );

    // A deletion says why it waits, and goes on.
    world.client.delete(&world.path(""))?.ok()?;
    world.until("the deletion that waits", |app| {
        app["status"]["conditions"]
            .to_string()
            .contains("DeletionError")
    })?;
    way.mend();
    world.until_gone()?;
    world.kubernetes.wait_gone(&world.map("a"), PATIENCE)
}

#[test]
fn a_namespace_that_is_still_going_fails_syncs_until_it_is_gone() -> Result<()> {
    let world = World::start("terminating", "sqlite")?;
    let namespace =
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": world.namespace}});
    world.kubernetes.create("/api/v1/namespaces", &namespace)?;
    let held = json!({"apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "held", "finalizers": ["tests.tiphys.io/held"]}});
    let maps = format!("/api/v1/namespaces/{}/configmaps", world.namespace);
    world.kubernetes.create(&maps, &held)?;
    let path = format!("/api/v1/namespaces/{}", world.namespace);
    world.kubernetes.delete(&path)?;
    world
        .kubernetes
        .wait(&world.map("held"), PATIENCE, |live| {
            live["metadata"]["deletionTimestamp"].is_string()
        })?;
    world.repository.write("app/a.yaml", config_map("a", "1"))?;
    let commit = world.repository.commit("one")?;
    world.create(&Value::Null)?;
    world.sync(&json!({}))?;
    let ended = world.until_ended()?;
    assert_eq!(phase(&ended), "Failed");
    assert!(
        message(&ended).contains("because it is being terminated"),
        "{}",
        message(&ended)
    );
    let retry = json!({"limit": 100, "backoff": {"duration": "1s", "factor": 1}});
    world.sync(&json!({"retryStrategy": retry}))?;
    let failed = world.until("a failed attempt", |app| {
        app["status"]["operationState"]["retryCount"].is_number()
    })?;
    assert!(
        message(&failed).contains("because it is being terminated"),
        "{}",
        message(&failed)
    );
    let none = json!({"metadata": {"finalizers": null}});
    world.kubernetes.merge(&world.map("held"), &none)?;
    let done = world.until_synced(&commit)?;
    assert_eq!(phase(&done), "Succeeded");
    Ok(())
}
