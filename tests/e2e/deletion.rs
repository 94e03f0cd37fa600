//! The deletion of applications: hooks, waves, what stays, what has to be confirmed, how dependents go.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use tiphys_testbed::git::Mode;
use tiphys_tests::{PATIENCE, World, annotated, config_map};

/// Creates the application with a policy, synchronises it, and waits until its finalizers are as many as expected.
fn deploy(world: &World, finalizers: usize) -> Result<()> {
    let commit = world.repository.commit("one")?;
    world.create(&Value::Null)?;
    world.sync(&json!({}))?;
    world.until_synced(&commit)?;
    world.until("the finalizers", |app| {
        app["metadata"]["finalizers"].as_array().map_or(0, Vec::len) == finalizers
    })?;
    Ok(())
}

/// Waits for a condition of the application that is being deleted.
fn until_condition(world: &World, kind: &str, text: &str) -> Result<Value> {
    world.until(text, |app| {
        let conditions = app["status"]["conditions"].as_array();
        conditions.into_iter().flatten().any(|condition| {
            condition["type"] == kind
                && condition["message"]
                    .as_str()
                    .is_some_and(|message| message.contains(text))
        })
    })
}

/// A ConfigMap that stays until somebody takes its finalizer away.
fn held(name: &str, wave: &str) -> String {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name,
        "annotations": {"argocd.argoproj.io/sync-wave": wave}, "finalizers": ["tests.tiphys.io/held"]}})
    .to_string()
}

fn let_go(world: &World, name: &str) -> Result<()> {
    let none = json!({"metadata": {"finalizers": null}});
    world.kubernetes.merge(&world.map(name), &none)?;
    world.kubernetes.wait_gone(&world.map(name), PATIENCE)
}

fn is_deleting(live: &Value) -> bool {
    live["metadata"]["deletionTimestamp"].is_string()
}

#[test]
fn hooks_run_before_and_after_and_waves_go_from_last_to_first() -> Result<()> {
    let mut world = World::start_with_health("undone", "sqlite")?;
    world
        .repository
        .write(
            "app/before.yaml",
            annotated("before", "Progressing", &[("hook", "PreDelete")]),
        )?
        .write("app/early.yaml", held("early", "-1"))?
        .write("app/late.yaml", held("late", "4"))?
        .write(
            "app/after.yaml",
            annotated(
                "after",
                "Progressing",
                &[
                    ("hook", "PostDelete"),
                    ("hook-delete-policy", "HookSucceeded"),
                ],
            ),
        )?;
    deploy(&world, 2)?;
    for name in ["before", "after"] {
        assert!(world.kubernetes.get(&world.map(name))?.is_none(), "{name}");
    }
    world.client.delete(&world.path(""))?.ok()?;
    until_condition(
        &world,
        "DeletionProgress",
        "waiting for completion of hook /ConfigMap/before",
    )?;
    let before = world
        .kubernetes
        .get(&world.map("before"))?
        .context("the hook")?;
    assert!(!is_deleting(
        &world.kubernetes.get(&world.map("late"))?.context("late")?
    ));
    // A crash runs no hook twice.
    world.crash()?;
    until_condition(
        &world,
        "DeletionProgress",
        "waiting for completion of hook /ConfigMap/before",
    )?;
    let again = world
        .kubernetes
        .get(&world.map("before"))?
        .context("the hook")?;
    assert_eq!(before["metadata"]["uid"], again["metadata"]["uid"]);
    world
        .kubernetes
        .merge(&world.map("before"), &json!({"data": {"value": "done"}}))?;
    world
        .kubernetes
        .wait(&world.map("late"), PATIENCE, is_deleting)?;
    assert!(!is_deleting(
        &world
            .kubernetes
            .get(&world.map("early"))?
            .context("early")?
    ));
    let_go(&world, "late")?;
    world
        .kubernetes
        .wait(&world.map("early"), PATIENCE, is_deleting)?;
    assert!(world.kubernetes.get(&world.map("after"))?.is_none());
    let_go(&world, "early")?;
    until_condition(
        &world,
        "DeletionProgress",
        "waiting for completion of hook /ConfigMap/after",
    )?;
    world.crash()?;
    world
        .kubernetes
        .merge(&world.map("after"), &json!({"data": {"value": "done"}}))?;
    world.until_gone()?;
    world.kubernetes.wait_gone(&world.map("after"), PATIENCE)?;
    world.kubernetes.wait_gone(&world.map("before"), PATIENCE)
}

#[test]
fn a_hook_that_fails_keeps_the_application_until_it_is_mended() -> Result<()> {
    let world = World::start_with_health("undeletable", "sqlite")?;
    let hook = |value| annotated("check", value, &[("hook", "PreDelete")]);
    world
        .repository
        .write("app/a.yaml", config_map("a", "1"))?
        .write("app/check.yaml", hook("Degraded"))?;
    deploy(&world, 1)?;
    world.client.delete(&world.path(""))?.ok()?;
    until_condition(
        &world,
        "DeletionError",
        "PreDelete hook(s) failed: as its value says",
    )?;
    assert!(!is_deleting(
        &world.kubernetes.get(&world.map("a"))?.context("a")?
    ));
    world.repository.write("app/check.yaml", hook("1"))?;
    world.repository.commit("mended")?;
    world.until_gone()?;
    world.kubernetes.wait_gone(&world.map("a"), PATIENCE)
}

#[test]
fn what_is_to_stay_stays_and_what_has_to_be_confirmed_waits() -> Result<()> {
    let world = World::start("kept", "sqlite")?;
    world
        .repository
        .write("app/a.yaml", config_map("a", "1"))?
        .write(
            "app/kept.yaml",
            annotated("kept", "1", &[("sync-options", "Delete=false")]),
        )?
        .write(
            "app/asked.yaml",
            annotated("asked", "1", &[("sync-options", "Delete=confirm")]),
        )?;
    deploy(&world, 0)?;
    world.client.delete(&world.path(""))?.ok()?;
    until_condition(
        &world,
        "DeletionProgress",
        "waiting for deletion confirmation of /ConfigMap/asked",
    )?;
    // Nothing of the wave goes before it is confirmed.
    assert!(!is_deleting(
        &world.kubernetes.get(&world.map("a"))?.context("a")?
    ));
    let now = chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    let patch = json!({"metadata": {"annotations": {"argocd.argoproj.io/deletion-approved": now}}});
    let request = json!({"patchType": "merge", "patch": patch.to_string()});
    world.client.patch(&world.path(""), &request)?.ok()?;
    world.until_gone()?;
    for name in ["a", "asked"] {
        world.kubernetes.wait_gone(&world.map(name), PATIENCE)?;
    }
    assert!(!is_deleting(
        &world.kubernetes.get(&world.map("kept"))?.context("kept")?
    ));
    Ok(())
}

#[test]
fn dependents_go_before_or_after_their_owner() -> Result<()> {
    for (policy, waits) in [("foreground", true), ("background", false)] {
        let world = World::start(&format!("propagated-{policy}"), "sqlite")?;
        world
            .repository
            .write("app/owner.yaml", config_map("owner", "1"))?;
        deploy(&world, 0)?;
        let owner = world
            .kubernetes
            .get(&world.map("owner"))?
            .context("the owner")?;
        let reference = json!({"apiVersion": "v1", "kind": "ConfigMap", "name": "owner",
            "uid": owner["metadata"]["uid"], "blockOwnerDeletion": true});
        let dependent = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "dependent",
            "ownerReferences": [reference], "finalizers": ["tests.tiphys.io/held"]}});
        let folder = format!("/api/v1/namespaces/{}/configmaps", world.namespace);
        world.kubernetes.create(&folder, &dependent)?;
        let path = world.path(&format!("?propagationPolicy={policy}"));
        world.client.delete(&path)?.ok()?;
        world
            .kubernetes
            .wait(&world.map("dependent"), PATIENCE, is_deleting)?;
        if waits {
            let owner = world
                .kubernetes
                .get(&world.map("owner"))?
                .context("the owner waits")?;
            assert_eq!(
                owner["metadata"]["finalizers"],
                json!(["foregroundDeletion"])
            );
        } else {
            world.until_gone()?;
        }
        let_go(&world, "dependent")?;
        world.until_gone()?;
        world.kubernetes.wait_gone(&world.map("owner"), PATIENCE)?;
    }
    Ok(())
}

#[test]
fn what_cannot_run_its_hooks_can_be_let_go() -> Result<()> {
    let world = World::start("letgo", "sqlite")?;
    world
        .repository
        .write("app/a.yaml", config_map("a", "1"))?
        .write("app/h.yaml", annotated("h", "1", &[("hook", "PostDelete")]))?;
    deploy(&world, 1)?;
    // The same application, sent again, is the same: the finalizer is not what somebody wrote.
    world.create(&Value::Null)?;
    world.git.set_mode(Mode::Gone);
    until_condition(&world, "ComparisonError", "repository not found")?;
    world.client.delete(&world.path(""))?.ok()?;
    until_condition(&world, "DeletionError", "the hooks of the deletion: ")?;
    assert!(!is_deleting(
        &world.kubernetes.get(&world.map("a"))?.context("a")?
    ));
    let patch = json!({"metadata": {"finalizers": null}}).to_string();
    let request = json!({"patchType": "merge", "patch": patch});
    world.client.patch(&world.path(""), &request)?.ok()?;
    world.until_gone()?;
    assert!(world.kubernetes.get(&world.map("a"))?.is_some());
    Ok(())
}

#[test]
fn claims_of_a_stateful_set_stay_although_they_have_copied_its_labels() -> Result<()> {
    let text = "[application]\nresourceTrackingMethod = \"label\"\ninstanceLabelKey = \"example.com/app\"\n";
    let world = World::start_with("claims", |options| {
        let file = options.data_dir.with_extension("toml");
        // The folder is there: it holds the repository by now.
        if std::fs::write(&file, text).is_ok() {
            options
                .arguments
                .extend(["--config".to_owned(), file.display().to_string()]);
        }
    })?;
    let labels = json!({"example.com/app": "claims"});
    let set = json!({"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "db"}, "spec": {
        "serviceName": "db", "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": "example.com/none:1"}]}},
        "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": {
            "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}]}});
    let own = json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "own"}, "spec": {
        "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}});
    world
        .repository
        .write("app/db.yaml", set.to_string())?
        .write("app/own.yaml", own.to_string())?;
    world.repository.commit("one")?;
    world.create(&Value::Null)?;
    world.sync(&json!({}))?;
    let claim = format!(
        "/api/v1/namespaces/{}/persistentvolumeclaims/data-db-0",
        world.namespace
    );
    world.kubernetes.wait(&claim, PATIENCE, |live| {
        live["metadata"]["labels"] == labels
    })?;
    world.until_ended()?;
    world.client.delete(&world.path(""))?.ok()?;
    world.until_gone()?;
    let set = format!(
        "/apis/apps/v1/namespaces/{}/statefulsets/db",
        world.namespace
    );
    world.kubernetes.wait_gone(&set, PATIENCE)?;
    world
        .kubernetes
        .wait_gone(&claim.replace("data-db-0", "own"), PATIENCE)?;
    let live = world.kubernetes.get(&claim)?.context("the claim")?;
    assert!(!is_deleting(&live), "{live}");
    Ok(())
}
