//! Hooks, waves and sync options on a real control plane.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use tiphys_tests::{PATIENCE, World, annotated, config_map, message, phase};

/// The rows of the last operation: phase, name, result, where it stands.
fn rows(application: &Value) -> Vec<String> {
    let text = |row: &Value, field: &str| row[field].as_str().unwrap_or_default().to_owned();
    application["status"]["operationState"]["syncResult"]["resources"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|row| row["kind"] != "Namespace")
        .map(|row| {
            let fields = ["syncPhase", "name", "status", "hookPhase"];
            fields.map(|field| text(row, field)).join(" ")
        })
        .collect()
}

/// Creates the application with a policy.
fn create(world: &World, options: &[&str]) -> Result<Value> {
    let mut all = vec!["CreateNamespace=true"];
    all.extend(options);
    let application = world.application(&json!({"syncOptions": all}));
    world
        .client
        .post("/api/v1/applications", &application)?
        .ok()
}

/// Synchronises and waits for the end.
fn run(world: &World, request: &Value) -> Result<Value> {
    world.sync(request)?;
    world.until_ended()
}

/// What names a live object and no other.
fn identity(world: &World, name: &str) -> Result<Value> {
    let live = world.kubernetes.get(&world.map(name))?;
    let live = live.with_context(|| format!("{name} is not live"))?;
    Ok(live["metadata"]["uid"].clone())
}

#[test]
fn prune_last_prunes_after_everything_else() -> Result<()> {
    let world = World::start("prunelast", "sqlite")?;
    world
        .repository
        .write(
            "app/old.yaml",
            annotated("old", "1", &[("sync-wave", "-5")]),
        )?
        .write("app/a.yaml", annotated("a", "1", &[]))?;
    let first = world.repository.commit("one")?;
    create(&world, &["PruneLast=true"])?;
    run(&world, &json!({}))?;
    world.until_synced(&first)?;
    world.repository.remove("app/old.yaml")?.write(
        "app/late.yaml",
        annotated("late", "1", &[("sync-wave", "3")]),
    )?;
    world.repository.commit("two")?;
    let ended = run(&world, &json!({"prune": true}))?;
    assert_eq!(phase(&ended), "Succeeded");
    assert_eq!(
        rows(&ended),
        [
            "Sync a Synced Succeeded",
            "Sync late Synced Succeeded",
            "Sync old Pruned Succeeded"
        ]
    );
    world.kubernetes.wait_gone(&world.map("old"), PATIENCE)
}

#[test]
fn pruning_goes_in_waves_from_last_to_first() -> Result<()> {
    let world = World::start("prunewaves", "sqlite")?;
    let held = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "late",
        "annotations": {"argocd.argoproj.io/sync-wave": "2"}, "finalizers": ["tests.tiphys.io/held"]}});
    world
        .repository
        .write(
            "app/early.yaml",
            annotated("early", "1", &[("sync-wave", "1")]),
        )?
        .write("app/late.yaml", held.to_string())?
        .write("app/stays.yaml", config_map("stays", "1"))?;
    let first = world.repository.commit("one")?;
    create(&world, &[])?;
    run(&world, &json!({}))?;
    world.until_synced(&first)?;
    world
        .repository
        .remove("app/early.yaml")?
        .remove("app/late.yaml")?;
    world.repository.commit("two")?;
    world.sync(&json!({"prune": true}))?;
    world.until("the deletion that is held", |app| {
        message(app) == "waiting for deletion of /ConfigMap/late"
    })?;
    assert!(world.kubernetes.get(&world.map("early"))?.is_some());
    world.kubernetes.merge(
        &world.map("late"),
        &json!({"metadata": {"finalizers": null}}),
    )?;
    let ended = world.until_ended()?;
    let pruned: Vec<String> = rows(&ended)
        .into_iter()
        .filter(|row| row.contains("Pruned"))
        .collect();
    assert_eq!(
        pruned,
        ["Sync late Pruned Succeeded", "Sync early Pruned Succeeded"]
    );
    world.kubernetes.wait_gone(&world.map("early"), PATIENCE)
}

#[test]
fn pruning_waits_for_a_confirmation_given_since_the_operation_began() -> Result<()> {
    let world = World::start("pruneconfirm", "sqlite")?;
    world
        .repository
        .write("app/a.yaml", config_map("a", "1"))?
        .write(
            "app/held.yaml",
            annotated("held", "1", &[("sync-options", "Prune=confirm")]),
        )?;
    let first = world.repository.commit("one")?;
    create(&world, &[])?;
    let approve = |at: &str| {
        let patch =
            json!({"metadata": {"annotations": {"argocd.argoproj.io/deletion-approved": at}}});
        let request = json!({"patchType": "merge", "patch": patch.to_string()});
        world.client.patch(&world.path(""), &request)?.ok()
    };
    // A confirmation from before confirms nothing.
    approve("2020-01-01T00:00:00Z")?;
    run(&world, &json!({}))?;
    world.until_synced(&first)?;
    world.repository.remove("app/held.yaml")?;
    world.repository.commit("two")?;
    world.sync(&json!({"prune": true}))?;
    world.until("the question", |app| {
        message(app) == "waiting for pruning confirmation of /ConfigMap/held"
            && phase(app) == "Running"
    })?;
    assert!(world.kubernetes.get(&world.map("held"))?.is_some());
    let now = chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    approve(&now)?;
    let ended = world.until_ended()?;
    assert_eq!(phase(&ended), "Succeeded");
    world.kubernetes.wait_gone(&world.map("held"), PATIENCE)
}

#[test]
fn replace_drops_what_others_added_and_force_makes_anew_what_cannot_change() -> Result<()> {
    let world = World::start("replaced", "sqlite")?;
    let fixed = |value: &str, options: &str| {
        json!({"apiVersion": "v1", "kind": "ConfigMap", "immutable": true, "data": {"value": value},
            "metadata": {"name": "fixed", "annotations": {"argocd.argoproj.io/sync-options": options}}})
        .to_string()
    };
    world
        .repository
        .write(
            "app/r.yaml",
            annotated("r", "1", &[("sync-options", "Replace=true")]),
        )?
        .write("app/plain.yaml", config_map("plain", "1"))?
        .write("app/fixed.yaml", fixed("1", "Validate=true"))?;
    let first = world.repository.commit("one")?;
    create(&world, &[])?;
    run(&world, &json!({}))?;
    world.until_synced(&first)?;
    let before = (identity(&world, "r")?, identity(&world, "fixed")?);
    for name in ["r", "plain"] {
        world
            .kubernetes
            .merge(&world.map(name), &json!({"data": {"extra": "theirs"}}))?;
    }
    world
        .repository
        .write(
            "app/r.yaml",
            annotated("r", "2", &[("sync-options", "Replace=true")]),
        )?
        .write("app/fixed.yaml", fixed("2", "Validate=true"))?;
    world.repository.commit("two")?;
    let failed = run(&world, &json!({}))?;
    assert_eq!(phase(&failed), "Failed");
    assert!(
        message(&failed).contains("immutable"),
        "{}",
        message(&failed)
    );
    world
        .repository
        .write("app/fixed.yaml", fixed("2", "Force=true"))?;
    let third = world.repository.commit("three")?;
    run(&world, &json!({}))?;
    world.until_synced(&third)?;
    let data = |name: &str| -> Result<Value> {
        Ok(world.kubernetes.get(&world.map(name))?.unwrap_or_default()["data"].clone())
    };
    assert_eq!(data("r")?, json!({"value": "2"}));
    assert_eq!(data("plain")?, json!({"value": "1", "extra": "theirs"}));
    assert_eq!(data("fixed")?, json!({"value": "2"}));
    // Replaced in place, and deleted and made anew.
    assert_eq!(identity(&world, "r")?, before.0);
    assert_ne!(identity(&world, "fixed")?, before.1);
    Ok(())
}

#[test]
fn a_failed_hook_stops_the_sync_and_hooks_go_by_their_policies() -> Result<()> {
    let world = World::start_with_health("hookfailed", "sqlite")?;
    let hook = |phase: &'static str, policy: &'static str| {
        [("hook", phase), ("hook-delete-policy", policy)]
    };
    world
        .repository
        .write(
            "app/bad.yaml",
            annotated("bad", "Degraded", &hook("PreSync", "HookFailed")),
        )?
        .write(
            "app/kept.yaml",
            annotated("kept", "1", &hook("PreSync", "HookSucceeded")),
        )?
        .write("app/a.yaml", config_map("a", "1"))?
        .write(
            "app/fail.yaml",
            annotated("fail", "1", &hook("SyncFail", "HookSucceeded")),
        )?
        .write(
            "app/after.yaml",
            annotated("after", "1", &hook("PostSync", "BeforeHookCreation")),
        )?;
    world.repository.commit("one")?;
    create(&world, &[])?;
    let failed = run(&world, &json!({}))?;
    assert_eq!(phase(&failed), "Failed");
    assert!(
        message(&failed).contains("as its value says"),
        "{}",
        message(&failed)
    );
    assert_eq!(
        rows(&failed),
        [
            "PreSync bad Synced Failed",
            "PreSync kept Synced Succeeded",
            "SyncFail fail Synced Succeeded"
        ]
    );
    // HookFailed is about the synchronisation's failure, HookSucceeded about its success.
    world.kubernetes.wait_gone(&world.map("bad"), PATIENCE)?;
    for name in ["a", "after"] {
        assert!(world.kubernetes.get(&world.map(name))?.is_none(), "{name}");
    }
    world.repository.write(
        "app/bad.yaml",
        annotated("bad", "1", &hook("PreSync", "HookFailed")),
    )?;
    let mended = world.repository.commit("mended")?;
    run(&world, &json!({}))?;
    let done = world.until_synced(&mended)?;
    assert_eq!(phase(&done), "Succeeded");
    world.kubernetes.wait_gone(&world.map("kept"), PATIENCE)?;
    let first = (identity(&world, "bad")?, identity(&world, "after")?);
    let again = run(&world, &json!({}))?;
    assert_eq!(phase(&again), "Succeeded");
    // Only BeforeHookCreation makes a new one of what is there.
    assert_eq!(identity(&world, "bad")?, first.0);
    assert_ne!(identity(&world, "after")?, first.1);
    Ok(())
}

#[test]
fn a_hook_with_generate_name_is_another_object_every_time() -> Result<()> {
    let world = World::start("generated", "sqlite")?;
    let hook = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "run-",
        "annotations": {"argocd.argoproj.io/hook": "PreSync"}}});
    world
        .repository
        .write("app/hook.yaml", hook.to_string())?
        .write("app/a.yaml", config_map("a", "1"))?;
    let commit = world.repository.commit("one")?;
    create(&world, &[])?;
    let mut names = Vec::new();
    for round in 1..=2 {
        run(&world, &json!({}))?;
        let done = world.until_synced(&commit)?;
        let row = rows(&done)
            .into_iter()
            .find(|row| row.starts_with("PreSync"))
            .unwrap_or_default();
        let name = row.split(' ').nth(1).unwrap_or_default().to_owned();
        assert!(
            name.starts_with(&format!("run-{}-presync-", &commit[..7])),
            "{round}: {name}"
        );
        names.push(name);
        // The name has the second in which the attempt began.
        let second = chrono::Utc::now().timestamp();
        tiphys_testbed::wait_for("the next second", PATIENCE, || {
            Ok(if chrono::Utc::now().timestamp() > second {
                Ok(())
            } else {
                Err(String::new())
            })
        })?;
    }
    assert_ne!(names[0], names[1]);
    for name in &names {
        assert!(world.kubernetes.get(&world.map(name))?.is_some(), "{name}");
    }
    Ok(())
}

#[test]
fn helm_hooks_tell_an_installation_from_an_upgrade() -> Result<()> {
    let world = World::start("helmhooks", "sqlite")?;
    let hook = |name: &str, types: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n  annotations:\n    helm.sh/hook: {types}\n    helm.sh/hook-weight: \"-1\"\n"
        )
    };
    world
        .repository
        .write(
            "app/Chart.yaml",
            "apiVersion: v2\nname: shop\nversion: 1.0.0\n",
        )?
        .write("app/templates/a.yaml", config_map("a", "1"))?
        .write("app/templates/install.yaml", hook("install", "pre-install"))?
        .write(
            "app/templates/upgrade.yaml",
            hook("upgrade", "pre-upgrade,post-upgrade"),
        )?
        .write("app/templates/delete.yaml", hook("delete", "pre-delete"))?
        .write("app/templates/test.yaml", hook("test", "test"))?;
    let commit = world.repository.commit("one")?;
    create(&world, &[])?;
    run(&world, &json!({}))?;
    let installed = world.until_synced(&commit)?;
    assert_eq!(
        rows(&installed),
        [
            "PreSync install Synced Succeeded",
            "Sync a Synced Succeeded"
        ]
    );
    let upgraded = run(&world, &json!({}))?;
    assert_eq!(
        rows(&upgraded),
        [
            "PreSync upgrade Synced Succeeded",
            "Sync a Synced Succeeded",
            "PostSync upgrade Synced Succeeded"
        ]
    );
    Ok(())
}

#[test]
fn a_hook_that_deletes_itself_hangs_nothing() -> Result<()> {
    let world = World::start("ttl", "sqlite")?;
    let job = json!({"apiVersion": "batch/v1", "kind": "Job",
        "metadata": {"name": "once", "annotations": {"argocd.argoproj.io/hook": "PreSync"}},
        "spec": {"ttlSecondsAfterFinished": 0, "template": {"spec": {"restartPolicy": "Never",
            "containers": [{"name": "c", "image": "example.com/none:1"}]}}}});
    world
        .repository
        .write("app/job.yaml", job.to_string())?
        .write("app/a.yaml", config_map("a", "1"))?;
    let commit = world.repository.commit("one")?;
    create(&world, &[])?;
    run(&world, &json!({}))?;
    let done = world.until_synced(&commit)?;
    assert_eq!(
        rows(&done),
        ["PreSync once Synced Succeeded", "Sync a Synced Succeeded"]
    );
    let path = format!("/apis/batch/v1/namespaces/{}/jobs/once", world.namespace);
    world.kubernetes.wait_gone(&path, PATIENCE)
}

/// The server is killed at every boundary: while a wave is waited for, and as soon as something of the next is live.
#[test]
fn a_crash_at_every_wave_boundary_changes_nothing() -> Result<()> {
    let mut world = World::start_with_health("boundaries", "sqlite")?;
    let order = [
        ("before", vec![("hook", "PreSync")]),
        ("first", vec![("sync-wave", "-1")]),
        ("second", vec![]),
        ("along", vec![("hook", "Sync"), ("sync-wave", "1")]),
        ("third", vec![("sync-wave", "2")]),
        ("after", vec![("hook", "PostSync")]),
    ];
    for (name, annotations) in &order {
        let file = format!("app/{name}.yaml");
        world
            .repository
            .write(&file, annotated(name, "Progressing", annotations))?;
    }
    world.repository.commit("one")?;
    create(&world, &[])?;
    world.sync(&json!({}))?;
    let mut seen: Vec<(&str, Value)> = Vec::new();
    for (name, annotations) in &order {
        world
            .kubernetes
            .wait(&world.map(name), PATIENCE, |_| true)?;
        world.crash()?;
        let is_hook = annotations.iter().any(|(name, _)| *name == "hook");
        let what = if is_hook {
            "completion of hook"
        } else {
            "healthy state of"
        };
        let expected = format!("waiting for {what} /ConfigMap/{name}");
        world.until("the wave", |app| message(app) == expected)?;
        seen.push((name, identity(&world, name)?));
        world.crash()?;
        world.until("the same wave", |app| message(app) == expected)?;
        for (name, before) in &seen {
            assert_eq!(identity(&world, name)?, *before, "{name} was made again");
        }
        world
            .kubernetes
            .merge(&world.map(name), &json!({"data": {"value": "done"}}))?;
    }
    let ended = world.until_ended()?;
    assert_eq!(phase(&ended), "Succeeded", "{}", message(&ended));
    let expected: Vec<String> = [
        "PreSync before",
        "Sync first",
        "Sync second",
        "Sync along",
        "Sync third",
        "PostSync after",
    ]
    .iter()
    .map(|row| format!("{row} Synced Succeeded"))
    .collect();
    assert_eq!(rows(&ended), expected);
    for (name, before) in &seen {
        let live = world.kubernetes.get(&world.map(name))?.unwrap_or_default();
        assert_eq!(live["metadata"]["uid"], *before);
        // Nothing was applied again over what came after.
        assert_eq!(live["data"]["value"], "done", "{name}");
    }
    Ok(())
}
