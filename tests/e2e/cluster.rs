//! What a cluster does to us: it goes away and comes back, and holds objects of kinds that nobody names any more.

use anyhow::Result;
use serde_json::{Value, json};
use tiphys_testbed::wait_for;
use tiphys_tests::{PATIENCE, World, config_map};

const LIMITS: &str = "---\napiVersion: v1\nkind: LimitRange\nmetadata: {name: limits}\nspec: {limits: [{type: Pod, max: {cpu: '2'}}]}\n";

#[test]
fn a_cluster_that_goes_away_is_seen_and_comes_back() -> Result<()> {
    let (world, way) = World::start_behind("cutoff")?;
    world.repository.write("app/a.yaml", config_map("a", "1"))?;
    let first = world.repository.commit("one")?;
    world.create(&json!({"selfHeal": true}))?;
    world.until_synced(&first)?;
    let state = || -> Result<Value> {
        let clusters = world.client.get("/api/v1/clusters?name=in-cluster")?.ok()?;
        Ok(clusters["items"][0]["info"]["connectionState"].clone())
    };
    assert_eq!(state()?["status"], "Successful");
    way.cut();
    wait_for("the lost connection", PATIENCE, || {
        let state = state()?;
        Ok(
            if state["status"] == "Failed" && state["message"].to_string().len() > 2 {
                Ok(())
            } else {
                Err(state.to_string())
            },
        )
    })?;
    world.until("the condition", |app| {
        app["status"]["conditions"]
            .to_string()
            .contains("cannot be reached")
    })?;
    // What happens meanwhile is seen afterwards, without anybody's help.
    world.kubernetes.delete(&world.map("a"))?;
    way.mend();
    world.until("Synced again", |app| {
        app["status"]["conditions"].is_null() && app["status"]["sync"]["status"] == "Synced"
    })?;
    world.kubernetes.wait(&world.map("a"), PATIENCE, |_| true)?;
    assert_eq!(state()?["status"], "Successful");
    Ok(())
}

#[test]
fn objects_of_kinds_that_left_the_source_are_found() -> Result<()> {
    let world = World::start("leftkinds", "sqlite")?;
    world
        .repository
        .write("app/a.yaml", format!("{}{LIMITS}", config_map("a", "1")))?;
    let first = world.repository.commit("one")?;
    world.create(&Value::Null)?;
    world.sync(&json!({}))?;
    world.until_synced(&first)?;
    world.client.delete(&world.path("?cascade=false"))?.ok()?;
    world.repository.write("app/a.yaml", config_map("a", "1"))?;
    let second = world.repository.commit("no limits")?;
    // A new application of the name, in a server that never saw the kind.
    let again = world.in_another_server()?;
    again.create(&Value::Null)?;
    again.until("the object that was left", |app| {
        app["status"]["resources"]
            .as_array()
            .into_iter()
            .flatten()
            .any(|row| row["kind"] == "LimitRange" && row["requiresPruning"] == true)
    })?;
    again.sync(&json!({"prune": true}))?;
    again.until_synced(&second)?;
    let path = format!("/api/v1/namespaces/{}/limitranges/limits", again.namespace);
    again.kubernetes.wait_gone(&path, PATIENCE)
}

#[test]
fn an_object_of_somebody_else_is_compared_and_taken_over_only_by_a_sync() -> Result<()> {
    let world = World::start("foreign", "sqlite")?;
    world.kubernetes.create(
        "/api/v1/namespaces",
        &json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": world.namespace}}),
    )?;
    let maps = format!("/api/v1/namespaces/{}/configmaps", world.namespace);
    let foreign = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"theirs": "1"}});
    world.kubernetes.create(&maps, &foreign)?;
    let other = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "other"}, "data": {"theirs": "1"}});
    world.kubernetes.create(&maps, &other)?;
    world.repository.write("app/a.yaml", config_map("a", "1"))?;
    let first = world.repository.commit("one")?;
    world.create(&Value::Null)?;
    // It is there, so it is not missing; it differs, so it is out of sync.
    let seen = world.until("OutOfSync", |app| {
        app["status"]["sync"]["status"] == "OutOfSync"
    })?;
    assert_ne!(
        seen["status"]["resources"][0]["health"]["status"], "Missing",
        "{seen}"
    );
    world.sync(&json!({"prune": true}))?;
    world.until_synced(&first)?;
    let merged = world.kubernetes.get(&world.map("a"))?.unwrap_or_default();
    assert_eq!(
        merged["data"]["theirs"], "1",
        "a field that Git does not state stays"
    );
    assert!(world.kubernetes.get(&world.map("other"))?.is_some());
    Ok(())
}
