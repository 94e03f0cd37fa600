//! Synchronisation on a real control plane: waves, hooks, options, pruning, and what is kept of operations.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use tiphys_tests::{PATIENCE, World, annotated, phase, row_of};

/// The rows of an operation's result: phase, name, status.
fn rows(application: &Value) -> Vec<(String, String, String)> {
    let text = |row: &Value, field: &str| row[field].as_str().unwrap_or_default().to_owned();
    application["status"]["operationState"]["syncResult"]["resources"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|row| row["kind"] != "Namespace")
        .map(|row| {
            (
                text(row, "syncPhase"),
                text(row, "name"),
                text(row, "status"),
            )
        })
        .collect()
}

fn row(phase: &str, name: &str, status: &str) -> (String, String, String) {
    (phase.to_owned(), name.to_owned(), status.to_owned())
}

#[test]
fn phases_and_waves_run_in_order_and_the_operation_is_recorded() -> Result<()> {
    let world = World::start("waves", "sled")?;
    world
        .repository
        .write(
            "app/late.yaml",
            annotated("late", "1", &[("sync-wave", "2")]),
        )?
        .write(
            "app/early.yaml",
            annotated("early", "1", &[("sync-wave", "-1")]),
        )?
        .write("app/plain.yaml", annotated("plain", "1", &[]))?
        .write(
            "app/before.yaml",
            annotated(
                "before",
                "1",
                &[("hook", "PreSync"), ("hook-delete-policy", "HookSucceeded")],
            ),
        )?
        .write(
            "app/after.yaml",
            annotated("after", "1", &[("hook", "PostSync")]),
        )?
        .write(
            "app/failure.yaml",
            annotated("failure", "1", &[("hook", "SyncFail")]),
        )?;
    let commit = world.repository.commit("one")?;
    world.create(&json!({}))?;
    let done = world.until_synced(&commit)?;
    assert_eq!(
        rows(&done),
        [
            row("PreSync", "before", "Synced"),
            row("Sync", "early", "Synced"),
            row("Sync", "plain", "Synced"),
            row("Sync", "late", "Synced"),
            row("PostSync", "after", "Synced"),
        ]
    );
    world.kubernetes.wait_gone(&world.map("before"), PATIENCE)?;
    let after = world
        .kubernetes
        .get(&world.map("after"))?
        .context("the hook stays")?;
    assert!(after["metadata"]["finalizers"].is_null(), "{after}");
    assert!(world.kubernetes.get(&world.map("failure"))?.is_none());
    // A hook that is there has a row, but no verdict and no health.
    let listed: Vec<(&Value, &Value, &Value)> = done["status"]["resources"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|row| (&row["name"], &row["hook"], &row["status"]))
        .collect();
    let none = &Value::Null;
    let synced = &json!("Synced");
    assert_eq!(
        listed,
        [
            (&json!("early"), none, synced),
            (&json!("late"), none, synced),
            (&json!("plain"), none, synced),
            (&json!("after"), &json!(true), none),
        ]
    );
    let managed = world.client.get(&world.path("/managed-resources"))?;
    let items = managed.body["items"].as_array().context("items")?;
    assert_eq!(items.len(), 3, "hooks are not compared: {items:?}");

    let listed = world.client.get(&world.path("/operations"))?;
    let records = listed.body["items"].as_array().context("records")?.clone();
    assert_eq!(records.len(), 1, "{records:?}");
    assert_eq!(records[0]["state"]["phase"], "Succeeded");
    let key = format!("/ConfigMap/{}/early", world.namespace);
    assert_eq!(
        records[0]["applied"][&key].as_str().map(str::len),
        Some(64),
        "{records:?}"
    );
    Ok(())
}

#[test]
fn a_failure_runs_sync_fail_hooks_and_nothing_after_it() -> Result<()> {
    let world = World::start("syncfail", "sqlite")?;
    // The API server refuses the name of the key.
    let bad = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "bad"}, "data": {"a b": "1"}});
    world
        .repository
        .write("app/bad.yaml", bad.to_string())?
        .write(
            "app/late.yaml",
            annotated("late", "1", &[("sync-wave", "1")]),
        )?
        .write(
            "app/after.yaml",
            annotated("after", "1", &[("hook", "PostSync")]),
        )?
        .write(
            "app/failure.yaml",
            annotated("failure", "1", &[("hook", "SyncFail")]),
        )?;
    world.repository.commit("one")?;
    world.create(&Value::Null)?;
    world.sync(&json!({}))?;
    let ended = world.until_ended()?;
    assert_eq!(ended["status"]["operationState"]["phase"], "Failed");
    assert_eq!(
        rows(&ended),
        [
            row("Sync", "bad", "SyncFailed"),
            row("SyncFail", "failure", "Synced")
        ]
    );
    assert!(world.kubernetes.get(&world.map("late"))?.is_none());
    assert!(world.kubernetes.get(&world.map("after"))?.is_none());
    Ok(())
}

#[test]
fn ignored_differences_are_no_drift_and_are_respected() -> Result<()> {
    let world = World::start("ignored", "sqlite")?;
    world
        .repository
        .write("app/a.yaml", annotated("a", "1", &[]))?;
    let first = world.repository.commit("one")?;
    let mut application = world.application(&json!({
        "automated": {"selfHeal": true},
        "syncOptions": ["CreateNamespace=true", "RespectIgnoreDifferences=true"],
    }));
    application["spec"]["ignoreDifferences"] =
        json!([{"kind": "ConfigMap", "jsonPointers": ["/data/value"]}]);
    let made = world.client.post("/api/v1/applications", &application)?;
    assert_eq!(made.status, 200, "{}", made.message());
    world.until_synced(&first)?;
    world
        .kubernetes
        .merge(&world.map("a"), &json!({"data": {"value": "theirs"}}))?;
    world
        .repository
        .write("app/b.yaml", annotated("b", "1", &[]))?;
    let second = world.repository.commit("two")?;
    world.until_synced(&second)?;
    let live = world.kubernetes.get(&world.map("a"))?.context("a")?;
    assert_eq!(live["data"]["value"], "theirs");
    Ok(())
}

#[test]
fn pruning_obeys_what_objects_say() -> Result<()> {
    let world = World::start("prunes", "sled")?;
    world
        .repository
        .write("app/keep.yaml", annotated("keep", "1", &[]))?
        .write("app/gone.yaml", annotated("gone", "1", &[]))?
        .write(
            "app/held.yaml",
            annotated("held", "1", &[("sync-options", "Prune=false")]),
        )?;
    let first = world.repository.commit("one")?;
    world.create(&json!({}))?;
    world.until_synced(&first)?;
    world
        .repository
        .remove("app/gone.yaml")?
        .remove("app/held.yaml")?;
    world.repository.commit("two")?;
    world.until("two that left", |app| {
        let rows = app["status"]["resources"].as_array();
        rows.is_some_and(|rows| {
            rows.iter()
                .filter(|row| row["requiresPruning"] == true)
                .count()
                == 2
        })
    })?;
    world.sync(&json!({"prune": true}))?;
    let ended = world.until("the end", |app| {
        app["operation"].is_null() && rows(app).iter().any(|row| row.2 == "Pruned")
    })?;
    assert_eq!(ended["status"]["operationState"]["phase"], "Succeeded");
    world.kubernetes.wait_gone(&world.map("gone"), PATIENCE)?;
    assert!(world.kubernetes.get(&world.map("held"))?.is_some());
    Ok(())
}

/// A Job that never completes: no node runs its pod.
fn stuck(name: &str) -> String {
    json!({"apiVersion": "batch/v1", "kind": "Job",
        "metadata": {"name": name, "annotations": {"argocd.argoproj.io/hook": "PreSync"}},
        "spec": {"suspend": false, "template": {"spec": {"restartPolicy": "Never",
            "nodeSelector": {"tiphys.io/nowhere": "true"},
            "containers": [{"name": "c", "image": "example.com/none:1"}]}}}})
    .to_string()
}

#[test]
fn a_hook_is_waited_for_over_a_crash_and_can_be_terminated() -> Result<()> {
    let mut world = World::start("waiting", "sqlite")?;
    world
        .repository
        .write("app/job.yaml", stuck("job"))?
        .write("app/a.yaml", annotated("a", "1", &[]))?;
    world.repository.commit("one")?;
    world.create(&Value::Null)?;
    world.sync(&json!({}))?;
    let waits = |app: &Value| {
        app["status"]["operationState"]["message"]
            .as_str()
            .is_some_and(|message| message.contains("waiting for completion of hook batch/Job/job"))
    };
    world.until("the hook", waits)?;
    let job = format!("/apis/batch/v1/namespaces/{}/jobs/job", world.namespace);
    let before = world.kubernetes.get(&job)?.context("the hook")?;
    world.tiphys.kill();
    world.tiphys.start_again()?;
    world.client = world.tiphys.admin()?;
    world.until("the hook again", waits)?;
    let after = world.kubernetes.get(&job)?.context("the hook")?;
    assert_eq!(before["metadata"]["uid"], after["metadata"]["uid"]);
    world.terminate()?;
    world.kubernetes.wait_gone(&job, PATIENCE)?;
    assert!(world.kubernetes.get(&world.map("a"))?.is_none());
    Ok(())
}

#[test]
fn a_window_that_denies_holds_back_and_what_cannot_be_is_refused() -> Result<()> {
    let world = World::start("windows", "sqlite")?;
    world
        .repository
        .write("app/a.yaml", annotated("a", "1", &[]))?;
    world.repository.commit("one")?;
    let mut project = world.client.get("/api/v1/projects/default")?.ok()?;
    let window =
        json!({"kind": "deny", "schedule": "* * * * *", "duration": "1h", "applications": ["*"]});
    project["spec"]["syncWindows"] = json!([window]);
    let path = "/api/v1/projects/default";
    world.client.put(path, &json!({"project": project}))?.ok()?;
    world.create(&json!({}))?;
    world.until("the comparison", |app| {
        app["status"]["sync"]["status"] == "OutOfSync"
    })?;
    let refused = world.client.post(&world.path("/sync"), &json!({}))?;
    assert_eq!(
        (refused.status, refused.message()),
        (403, "cannot sync: blocked by sync window")
    );
    let app = world.get()?;
    assert!(
        app["operation"].is_null() && app["status"]["operationState"].is_null(),
        "{app}"
    );

    project["spec"]["syncWindows"][0]["schedule"] = json!("whenever");
    let bad = world.client.put(path, &json!({"project": project}))?;
    assert!(
        bad.status == 400 && bad.message().contains("syncWindows[0]"),
        "{}",
        bad.text
    );
    for (policy, ignored, field) in [
        (
            json!({"syncOptions": ["Colour=blue"]}),
            json!([]),
            "Colour=blue",
        ),
        (
            json!({"retry": {"backoff": {"duration": "soon"}}}),
            json!([]),
            "syncPolicy.retry",
        ),
        (
            json!({}),
            json!([{"kind": "Pod", "jsonPointers": ["x"]}]),
            "ignoreDifferences",
        ),
    ] {
        let mut application = world.application(&policy);
        application["metadata"]["name"] = json!("bad");
        application["spec"]["ignoreDifferences"] = ignored;
        let bad = world.client.post("/api/v1/applications", &application)?;
        assert!(
            bad.status == 400 && bad.message().contains(field),
            "{}",
            bad.text
        );
    }
    Ok(())
}

/// Kubernetes takes names of roles that no URL takes as they are; what no path may hold is refused before anything is sent.
#[test]
fn names_are_sent_as_they_are_or_refused_with_the_reason() -> Result<()> {
    let world = World::start("names", "sqlite")?;
    let role = |name: &str| {
        format!(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata:\n  name: '{name}'\n"
        )
    };
    world
        .repository
        .write("app/a.yaml", role("read pods?"))?
        .write("app/b.yaml", role("read:nothing"))?;
    let commit = world.repository.commit("one")?;
    world.create(&Value::Null)?;
    world.sync(&json!({}))?;
    let done = world.until_synced(&commit)?;
    assert_eq!(phase(&done), "Succeeded");
    world.repository.remove("app/a.yaml")?;
    let commit = world.repository.commit("two")?;
    world.sync(&json!({"prune": true}))?;
    let done = world.until_synced(&commit)?;
    assert_eq!(row_of(&done, "read pods?")["status"], "Pruned", "{done}");
    for name in ["../secrets/b", "b/status", "b%2Fstatus", ".."] {
        world.repository.write("app/a.yaml", role(name))?;
        world.repository.commit(name)?;
        world.sync(&json!({}))?;
        let ended = world.until_ended()?;
        assert_eq!(phase(&ended), "Failed", "{name}");
        let told = row_of(&ended, name)["message"].to_string();
        assert!(told.contains("is no name"), "{name}: {ended}");
        assert_eq!(row_of(&ended, "read:nothing")["status"], "Synced");
    }
    Ok(())
}
