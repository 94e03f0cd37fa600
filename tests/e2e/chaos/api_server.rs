//! An API server that dies.

use anyhow::Result;
use serde_json::{Value, json};
use tiphys_testbed::control_plane::ControlPlane;
use tiphys_tests::{HEALTH_OF_MAPS, World, annotated, message};

use super::phase;

#[test]
fn an_operation_goes_on_after_its_api_server_was_killed() -> Result<()> {
    let mut plane = ControlPlane::start("chaos", &mut |line: &str| eprintln!("{line}"))?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("tiphys.toml");
    std::fs::write(&file, HEALTH_OF_MAPS)?;
    let world = World::start_on(plane.kubeconfig(), "apikilled", |options| {
        options
            .arguments
            .extend(["--config".to_owned(), file.display().to_string()]);
    })?;
    world
        .repository
        .write(
            "app/h.yaml",
            annotated("h", "Progressing", &[("hook", "PreSync")]),
        )?
        .write("app/a.yaml", annotated("a", "1", &[]))?
        .write("app/b.yaml", annotated("b", "1", &[("sync-wave", "1")]))?;
    let commit = world.repository.commit("one")?;
    world.create(&Value::Null)?;
    world.sync(&json!({}))?;
    world.until("the hook", |app| {
        message(app) == "waiting for completion of hook /ConfigMap/h"
    })?;
    let hook = world.kubernetes.get(&world.map("h"))?.unwrap_or_default();
    plane.kill("kube-apiserver")?;
    world.until("the lost cluster", |app| {
        message(app).contains("Failed to load live state")
    })?;
    plane.start_again("kube-apiserver")?;
    // The hook of before is still there: it was not run a second time.
    let after = world
        .kubernetes
        .merge(&world.map("h"), &json!({"data": {"value": "done"}}))?;
    assert_eq!(after["metadata"]["uid"], hook["metadata"]["uid"]);
    let done = world.until_synced(&commit)?;
    assert_eq!(phase(&done), "Succeeded");
    let rows = done["status"]["operationState"]["syncResult"]["resources"].to_string();
    for name in ["h", "a", "b"] {
        assert!(rows.contains(&format!("\"name\":\"{name}\"")), "{rows}");
    }
    let last = world.kubernetes.get(&world.map("h"))?.unwrap_or_default();
    assert_eq!(last["metadata"]["uid"], hook["metadata"]["uid"]);
    Ok(())
}
