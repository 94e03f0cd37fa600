//! Automated synchronisation: new commits, healing, pruning, and what it refuses.

use anyhow::Result;
use serde_json::json;
use tiphys_tests::{PATIENCE, World, config_map};

#[test]
fn commits_go_live_by_themselves_and_drift_is_healed() -> Result<()> {
    let world = World::start("automated", "sqlite")?;
    world
        .repository
        .write("app/a.yaml", config_map("a", "1"))?
        .write("app/b.yaml", config_map("b", "1"))?;
    let first = world.repository.commit("one")?;
    world.create(&json!({"prune": true, "selfHeal": true}))?;
    let done = world.until_synced(&first)?;
    assert_eq!(
        done["status"]["operationState"]["operation"]["initiatedBy"]["automated"],
        true
    );

    world
        .kubernetes
        .merge(&world.map("a"), &json!({"data": {"value": "drifted"}}))?;
    world.kubernetes.wait(&world.map("a"), PATIENCE, |live| {
        live["data"]["value"] == "1"
    })?;
    world.kubernetes.delete(&world.map("b"))?;
    world.kubernetes.wait(&world.map("b"), PATIENCE, |_| true)?;

    world
        .repository
        .remove("app/b.yaml")?
        .write("app/a.yaml", config_map("a", "2"))?;
    let second = world.repository.commit("two")?;
    world.kubernetes.wait(&world.map("a"), PATIENCE, |live| {
        live["data"]["value"] == "2"
    })?;
    world.kubernetes.wait_gone(&world.map("b"), PATIENCE)?;
    world.until_synced(&second)?;

    // Everything gone from the source is more often a mistake than a wish.
    world
        .repository
        .remove("app/a.yaml")?
        .write("app/readme.txt", "nothing here")?;
    world.repository.commit("three")?;
    world.until("the refusal", |app| {
        app["status"]["conditions"]
            .to_string()
            .contains("wipe out all resources")
    })?;
    assert!(world.kubernetes.get(&world.map("a"))?.is_some());
    Ok(())
}

#[test]
fn without_self_heal_a_revision_is_synchronised_once() -> Result<()> {
    let world = World::start("once", "sqlite")?;
    world.repository.write("app/a.yaml", config_map("a", "1"))?;
    let first = world.repository.commit("one")?;
    world.create(&json!({}))?;
    world.until_synced(&first)?;
    world
        .kubernetes
        .merge(&world.map("a"), &json!({"data": {"value": "drifted"}}))?;
    let out = world.until("the drift", |app| {
        app["status"]["sync"]["status"] == "OutOfSync"
    })?;
    assert!(out["operation"].is_null());
    assert_eq!(out["status"]["history"].as_array().map(Vec::len), Some(1));
    Ok(())
}
