//! What becomes of operations over time: deadlines, dependencies, newer commits, going back, windows.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use tiphys_tests::{PATIENCE, World, annotated, config_map, message};

/// The conditions of an application as text.
fn conditions(application: &Value) -> String {
    application["status"]["conditions"].to_string()
}

/// Creates an application of the world's repository with another name and folder.
fn create(world: &World, name: &str, path: &str, spec: &Value) -> Result<Value> {
    let mut application = world.application(&json!({"syncOptions": ["CreateNamespace=true"]}));
    application["metadata"]["name"] = json!(name);
    application["spec"]["source"]["path"] = json!(path);
    for (field, value) in spec.as_object().into_iter().flatten() {
        application["spec"][field] = value.clone();
    }
    let answer = world.client.post("/api/v1/applications", &application)?;
    Ok(json!({"status": answer.status, "message": answer.message()}))
}

#[test]
fn what_takes_too_long_fails_and_says_what() -> Result<()> {
    let world = World::start_with_health("deadlines", "sqlite")?;
    world
        .repository
        .write("app/a.yaml", annotated("a", "Progressing", &[]))?
        .write("app/b.yaml", annotated("b", "1", &[("sync-wave", "1")]))?;
    world.repository.commit("one")?;
    let policy =
        |deadlines: Value| json!({"syncOptions": ["CreateNamespace=true"], "deadlines": deadlines});
    let application = world.application(&policy(json!({"wave": "2s"})));
    world
        .client
        .post("/api/v1/applications", &application)?
        .ok()?;
    world.sync(&json!({}))?;
    let ended = world.until_ended()?;
    assert_eq!(ended["status"]["operationState"]["phase"], "Failed");
    assert!(
        message(&ended)
            .contains("ConfigMap/deadlines/a: not healthy within the wave's deadline of 2s"),
        "{}",
        message(&ended)
    );
    assert!(world.kubernetes.get(&world.map("b"))?.is_none());

    // A hook that never completes, and then an operation as a whole.
    world
        .repository
        .remove("app/b.yaml")?
        .write("app/a.yaml", annotated("a", "1", &[]))?
        .write(
            "app/h.yaml",
            annotated("h", "Progressing", &[("hook", "PostSync")]),
        )?;
    world.repository.commit("two")?;
    for (deadlines, expected) in [
        (
            json!({"hook": "2s"}),
            "ConfigMap/deadlines/h: not complete within the hook's deadline of 2s",
        ),
        (
            json!({"operation": "2s"}),
            "hook /ConfigMap/deadlines/h had to be terminated: the operation did not end within its deadline of 2s",
        ),
    ] {
        let mut spec = application["spec"].clone();
        spec["syncPolicy"] = policy(deadlines);
        world.client.put(&world.path("/spec"), &spec)?.ok()?;
        world.sync(&json!({}))?;
        let ended = world.until_ended()?;
        assert_eq!(ended["status"]["operationState"]["phase"], "Failed");
        assert!(message(&ended).contains(expected), "{}", message(&ended));
    }
    Ok(())
}

#[test]
fn fields_that_cannot_be_are_refused() -> Result<()> {
    let world = World::start("fields", "sqlite")?;
    world.repository.write("app/a.yaml", config_map("a", "1"))?;
    world.repository.commit("one")?;
    for (spec, expected) in [
        (
            json!({"syncPolicy": {"deadlines": {"wave": "soon"}}}),
            "spec.syncPolicy.deadlines.wave: \"soon\" is no duration",
        ),
        (
            json!({"syncPolicy": {"deadlines": {"hook": "10ms"}}}),
            "deadlines.hook: \"10ms\" is less than 1s",
        ),
        (
            json!({"syncPolicy": {"rollbackOnFailure": {"healthDeadline": "-1m"}}}),
            "spec.syncPolicy.rollbackOnFailure.healthDeadline",
        ),
        (
            json!({"dependsOn": ["team/db"]}),
            "spec.dependsOn: \"team/db\": applications live in the namespace argocd",
        ),
        (
            json!({"dependsOn": ["self"]}),
            "spec.dependsOn: cycle self -> self",
        ),
    ] {
        let refused = create(&world, "self", "app", &spec)?;
        assert_eq!(refused["status"], 400, "{refused}");
        let text = refused["message"].as_str().unwrap_or_default();
        assert!(text.contains(expected), "{text}");
    }
    // A cycle is refused in whatever way it would be closed.
    assert_eq!(
        create(&world, "one", "app", &json!({"dependsOn": ["two"]}))?["status"],
        200
    );
    assert_eq!(
        create(
            &world,
            "two",
            "app",
            &json!({"dependsOn": ["argocd/three"]})
        )?["status"],
        200
    );
    let cycle = "cycle three -> one -> two -> three";
    let refused = create(&world, "three", "app", &json!({"dependsOn": ["one"]}))?;
    assert!(refused["message"].to_string().contains(cycle), "{refused}");
    assert_eq!(create(&world, "three", "app", &json!({}))?["status"], 200);
    let three = "/api/v1/applications/three";
    let mut application = world.client.get(three)?.ok()?;
    application["spec"]["dependsOn"] = json!(["one"]);
    let patch =
        json!({"patchType": "merge", "patch": json!({"spec": {"dependsOn": ["one"]}}).to_string()});
    for answer in [
        world.client.put(three, &application)?,
        world
            .client
            .put(&format!("{three}/spec"), &application["spec"])?,
        world.client.patch(three, &patch)?,
    ] {
        assert_eq!(answer.status, 400, "{}", answer.text);
        assert!(answer.message().contains(cycle), "{}", answer.text);
    }
    Ok(())
}

#[test]
fn an_application_waits_for_those_that_it_depends_on() -> Result<()> {
    let world = World::start_with_health("depends", "sqlite")?;
    world
        .repository
        .write("base/base.yaml", config_map("base", "Progressing"))?
        .write("app/a.yaml", config_map("a", "1"))?;
    let first = world.repository.commit("one")?;
    let spec = json!({"dependsOn": ["depends-base"],
        "syncPolicy": {"automated": {}, "syncOptions": ["CreateNamespace=true"]}});
    assert_eq!(create(&world, "depends", "app", &spec)?["status"], 200);
    // It need not exist yet.
    world.until("the missing dependency", |app| {
        conditions(app).contains("waiting for application depends-base: it does not exist")
    })?;
    let automated =
        json!({"syncPolicy": {"automated": {}, "syncOptions": ["CreateNamespace=true"]}});
    assert_eq!(
        create(&world, "depends-base", "base", &automated)?["status"],
        200
    );
    world.until("the unhealthy dependency", |app| {
        conditions(app).contains("waiting for application depends-base: it is Progressing")
    })?;
    // By hand it waits, too, visibly, and can be ended.
    world.sync(&json!({}))?;
    world.until("the waiting operation", |app| {
        message(app) == "waiting for application depends-base: it is Progressing"
            && app["status"]["operationState"]["phase"] == "Running"
    })?;
    world.terminate()?;
    assert!(world.kubernetes.get(&world.map("a"))?.is_none());
    // What was terminated is not tried again by itself; another sync is.
    world.sync(&json!({}))?;
    world.until("the waiting operation", |app| {
        message(app).starts_with("waiting for application")
    })?;
    world
        .kubernetes
        .merge(&world.map("base"), &json!({"data": {"value": "well"}}))?;
    world.until("drift of the dependency", |app| {
        message(app) == "waiting for application depends-base: it is OutOfSync"
    })?;
    world
        .repository
        .write("base/base.yaml", config_map("base", "well"))?;
    let second = world.repository.commit("two")?;
    let done = world.until_synced(&second)?;
    assert_eq!(done["status"]["operationState"]["phase"], "Succeeded");
    assert_ne!(first, second);
    // A commit that the dependency does not read holds nobody back: it is compared at it, and is what it was.
    world.repository.write("app/a.yaml", config_map("a", "2"))?;
    let third = world.repository.commit("three")?;
    world.until_synced(&third)?;
    let base = world
        .client
        .get("/api/v1/applications/depends-base")?
        .ok()?;
    assert_eq!(base["status"]["sync"]["revision"], third.as_str());
    Ok(())
}

#[test]
fn a_newer_commit_supersedes_what_is_under_way() -> Result<()> {
    let world = World::start_with_health("superseded", "sqlite")?;
    world
        .repository
        .write("app/a.yaml", annotated("a", "Progressing", &[]))?
        .write("app/b.yaml", annotated("b", "1", &[("sync-wave", "1")]))?;
    world.repository.commit("stuck")?;
    world.create(&json!({"supersede": true}))?;
    let waits = |app: &Value| message(app).contains("waiting for healthy state of /ConfigMap/a");
    world.until("the first wave", waits)?;
    // What concerns nothing of the application ends nothing.
    world.repository.write("other/readme", "x")?;
    let elsewhere = world.repository.commit("elsewhere")?;
    // The comparison goes on while the operation waits.
    let seen = world.client.get(&world.path("?refresh=normal"))?.ok()?;
    assert!(waits(&seen), "{seen}");
    assert_eq!(seen["status"]["sync"]["revision"], elsewhere.as_str());
    assert_eq!(seen["status"]["health"]["status"], "Progressing");
    world
        .repository
        .write("app/a.yaml", annotated("a", "1", &[]))?;
    let mended = world.repository.commit("mended")?;
    let done = world.until_synced(&mended)?;
    assert_eq!(done["status"]["operationState"]["phase"], "Succeeded");
    let listed = world.client.get(&world.path("/operations"))?.ok()?;
    let phases: Vec<String> = listed["items"]
        .as_array()
        .context("records")?
        .iter()
        .map(|record| {
            format!(
                "{}: {}",
                record["state"]["phase"].as_str().unwrap_or_default(),
                record["state"]["message"].as_str().unwrap_or_default()
            )
        })
        .collect();
    assert_eq!(phases.len(), 2, "{phases:?}");
    assert_eq!(phases[1], format!("Failed: superseded by {}", &mended[..7]));
    Ok(())
}

#[test]
fn what_waits_for_another_attempt_is_superseded_too() -> Result<()> {
    let world = World::start("impatient", "sled")?;
    let bad = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"a b": "1"}});
    world.repository.write("app/a.yaml", bad.to_string())?;
    world.repository.commit("bad")?;
    let retry = json!({"limit": 5, "backoff": {"duration": "1h", "maxDuration": "1h"}});
    let policy = json!({"automated": {"supersede": true}, "retry": retry,
        "syncOptions": ["CreateNamespace=true"]});
    let application = world.application(&policy);
    world
        .client
        .post("/api/v1/applications", &application)?
        .ok()?;
    world.until("the pause", |app| {
        app["status"]["operationState"]["retryCount"] == 1
    })?;
    world.repository.write("app/a.yaml", config_map("a", "1"))?;
    let mended = world.repository.commit("mended")?;
    world.until_synced(&mended)?;
    Ok(())
}

#[test]
fn a_rollback_with_automation_on_stays_until_git_moves_past_it() -> Result<()> {
    let world = World::start("pinned", "sqlite")?;
    world
        .repository
        .write("app/a.yaml", config_map("a", "good"))?;
    let good = world.repository.commit("good")?;
    world.create(&json!({"prune": true, "selfHeal": true}))?;
    world.until_synced(&good)?;
    world
        .repository
        .write("app/a.yaml", config_map("a", "bad"))?;
    let bad = world.repository.commit("bad")?;
    world.until_synced(&bad)?;
    world
        .client
        .post(&world.path("/rollback"), &json!({"id": 0}))?
        .ok()?;
    let is_back = |app: &Value| {
        app["operation"].is_null()
            && app["status"]["history"].as_array().map(Vec::len) == Some(3)
            && app["status"]["sync"]["status"] == "OutOfSync"
            && app["status"]["pin"]["digest"].is_string()
    };
    let back = world.until("the rollback", is_back)?;
    let pin = &back["status"]["pin"];
    assert_eq!(
        (&pin["awayFrom"], &pin["historyId"]),
        (&json!([bad]), &json!(0))
    );
    assert_eq!(pin["reason"], "rolled back to 0 by admin");
    let value = |expected: &'static str| move |live: &Value| live["data"]["value"] == expected;
    world
        .kubernetes
        .wait(&world.map("a"), PATIENCE, value("good"))?;
    // A commit elsewhere is no way past it: after it was seen, nothing has begun.
    world.repository.write("readme", "x")?;
    let elsewhere = world.repository.commit("elsewhere")?;
    let refreshed = world.client.get(&world.path("?refresh=normal"))?.ok()?;
    assert_eq!(refreshed["status"]["sync"]["revision"], elsewhere.as_str());
    assert!(is_back(&refreshed), "{refreshed}");
    world
        .repository
        .write("app/a.yaml", config_map("a", "better"))?;
    let better = world.repository.commit("better")?;
    let done = world.until_synced(&better)?;
    assert!(done["status"]["pin"].is_null(), "{}", done["status"]["pin"]);
    world
        .kubernetes
        .wait(&world.map("a"), PATIENCE, value("better"))?;
    Ok(())
}

#[test]
fn whoever_synchronises_what_was_rolled_back_wants_it() -> Result<()> {
    let world = World::start("unpinned", "sqlite")?;
    world.repository.write("app/a.yaml", config_map("a", "1"))?;
    let first = world.repository.commit("one")?;
    world.create(&json!({}))?;
    world.until_synced(&first)?;
    world.repository.write("app/a.yaml", config_map("a", "2"))?;
    let second = world.repository.commit("two")?;
    world.until_synced(&second)?;
    world
        .client
        .post(&world.path("/rollback"), &json!({"id": 0, "dryRun": true}))?
        .ok()?;
    let tried = world.until_ended()?;
    assert!(
        tried["status"]["pin"].is_null(),
        "a dry run changes nothing"
    );
    world
        .client
        .post(&world.path("/rollback"), &json!({"id": 0}))?
        .ok()?;
    world.until("the rollback", |app| {
        app["operation"].is_null() && app["status"]["sync"]["status"] == "OutOfSync"
    })?;
    world.sync(&json!({}))?;
    let done = world.until_synced(&second)?;
    assert!(done["status"]["pin"].is_null(), "{}", done["status"]["pin"]);
    Ok(())
}

#[test]
fn a_deployment_that_does_not_become_healthy_is_taken_back() -> Result<()> {
    let world = World::start_with_health("takenback", "sqlite")?;
    world
        .repository
        .write("app/a.yaml", config_map("a", "good"))?;
    let good = world.repository.commit("good")?;
    let policy = json!({"automated": {"prune": true}, "syncOptions": ["CreateNamespace=true"],
        "rollbackOnFailure": {"healthDeadline": "1s"}});
    world
        .client
        .post("/api/v1/applications", &world.application(&policy))?
        .ok()?;
    world.until_synced(&good)?;
    // One that is unhealthy at once fails; one that never becomes healthy has succeeded.
    for (health, deployments) in [("Degraded", 2), ("Progressing", 4)] {
        world
            .repository
            .write("app/a.yaml", config_map("a", health))?
            .write("app/new.yaml", config_map("new", health))?;
        let bad = world.repository.commit(health)?;
        let back = world.until("the rollback", |app| {
            let status = &app["status"];
            app["operation"].is_null()
                && status["pin"]["awayFrom"] == json!([bad])
                && status["history"].as_array().map(Vec::len) == Some(deployments)
        })?;
        let status = &back["status"];
        let reason = format!("{health} after 1s");
        assert_eq!(status["pin"]["reason"], reason.as_str());
        let operation = &status["operationState"]["operation"];
        assert_eq!(operation["initiatedBy"]["automated"], true);
        assert_eq!(
            operation["info"],
            json!([{"name": "Rollback", "value": reason}])
        );
        assert_eq!(
            status["history"][deployments - 1]["revision"],
            good.as_str()
        );
        world.kubernetes.wait(&world.map("a"), PATIENCE, |live| {
            live["data"]["value"] == "good"
        })?;
        world.kubernetes.wait_gone(&world.map("new"), PATIENCE)?;
    }
    Ok(())
}

#[test]
fn an_operation_that_waits_obeys_a_window_that_closed_meanwhile() -> Result<()> {
    let world = World::start("closed", "sqlite")?;
    world
        .repository
        .write("base/base.yaml", config_map("base", "1"))?
        .write("app/a.yaml", config_map("a", "1"))?;
    let commit = world.repository.commit("one")?;
    assert_eq!(
        create(&world, "closed-base", "base", &json!({}))?["status"],
        200
    );
    assert_eq!(
        create(
            &world,
            "closed",
            "app",
            &json!({"dependsOn": ["closed-base"]})
        )?["status"],
        200
    );
    world.until("the comparison", |app| {
        app["status"]["sync"]["status"] == "OutOfSync"
    })?;
    world.sync(&json!({}))?;
    world.until("the waiting operation", |app| {
        message(app).starts_with("waiting for application closed-base")
    })?;
    let with = |windows: Value| {
        let path = "/api/v1/projects/default";
        let mut project = world.client.get(path)?.ok()?;
        project["spec"]["syncWindows"] = windows;
        world.client.put(path, &json!({"project": project}))?.ok()
    };
    with(
        json!([{"kind": "deny", "schedule": "* * * * *", "duration": "1h", "applications": ["closed"]}]),
    )?;
    world.until("the closed window", |app| {
        message(app).starts_with("waiting for a sync window: the window deny")
    })?;
    world
        .client
        .post("/api/v1/applications/closed-base/sync", &json!({}))?
        .ok()?;
    world
        .kubernetes
        .wait(&world.map("base"), PATIENCE, |_| true)?;
    assert!(world.kubernetes.get(&world.map("a"))?.is_none());
    with(json!([]))?;
    world.until_synced(&commit)?;
    Ok(())
}

#[test]
fn only_what_drifted_is_healed() -> Result<()> {
    let world = World::start("healed", "sqlite")?;
    world
        .repository
        .write("app/a.yaml", config_map("a", "1"))?
        .write("app/b.yaml", config_map("b", "1"))?;
    let commit = world.repository.commit("one")?;
    world.create(&json!({"selfHeal": true}))?;
    world.until_synced(&commit)?;
    world
        .kubernetes
        .merge(&world.map("a"), &json!({"data": {"value": "drifted"}}))?;
    let healed = world.until("the healing", |app| {
        app["operation"].is_null()
            && app["status"]["operationState"]["operation"]["sync"]["autoHealAttemptsCount"] == 1
    })?;
    let resources = &healed["status"]["operationState"]["operation"]["sync"]["resources"];
    assert_eq!(
        resources,
        &json!([{"kind": "ConfigMap", "name": "a", "namespace": "healed"}])
    );
    let rows = healed["status"]["operationState"]["syncResult"]["resources"]
        .as_array()
        .map(Vec::len);
    assert_eq!(rows, Some(1));
    // The next drift is healed after a pause, which the attempt before and its end say.
    world
        .kubernetes
        .merge(&world.map("a"), &json!({"data": {"value": "again"}}))?;
    let again = world.until("the second healing", |app| {
        app["operation"].is_null()
            && app["status"]["operationState"]["operation"]["sync"]["autoHealAttemptsCount"] == 2
    })?;
    let time = |app: &Value, field: &str| -> Result<i64> {
        let text = app["status"]["operationState"][field]
            .as_str()
            .context("a time")?;
        Ok(chrono::DateTime::parse_from_rfc3339(text)?.timestamp())
    };
    assert!(time(&again, "startedAt")? - time(&healed, "finishedAt")? >= 2);
    Ok(())
}

#[test]
fn retries_and_rollbacks_are_of_all_sources() -> Result<()> {
    let world = World::start("refreshed", "sqlite")?;
    let bad = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"a b": "1"}});
    world
        .repository
        .write("app/a.yaml", bad.to_string())?
        .write("more/b.yaml", config_map("b", "1"))?;
    world.repository.commit("bad")?;
    let mut application = world.application(&json!({"syncOptions": ["CreateNamespace=true"]}));
    let source = application["spec"]["source"].take();
    let mut second = source.clone();
    second["path"] = json!("more");
    application["spec"] = json!({"project": "default", "destination": application["spec"]["destination"],
        "syncPolicy": application["spec"]["syncPolicy"], "sources": [source, second]});
    world
        .client
        .post("/api/v1/applications", &application)?
        .ok()?;
    let retry = json!({"limit": 50, "refresh": true, "backoff": {"duration": "1s", "factor": 1}});
    world.sync(&json!({"retryStrategy": retry}))?;
    world.until("a failed attempt", |app| {
        app["status"]["operationState"]["retryCount"].is_number()
    })?;
    world.repository.write("app/a.yaml", config_map("a", "1"))?;
    let mended = world.repository.commit("mended")?;
    let ended = world.until_ended()?;
    let state = &ended["status"]["operationState"];
    assert_eq!(state["phase"], "Succeeded", "{state}");
    assert_eq!(state["syncResult"]["revisions"], json!([mended, mended]));
    assert_eq!(
        ended["status"]["history"][0]["revisions"],
        json!([mended, mended])
    );
    // And back again, all of them.
    world
        .repository
        .write("app/a.yaml", config_map("a", "2"))?
        .write("more/b.yaml", config_map("b", "2"))?;
    world.repository.commit("newer")?;
    world.sync(&json!({}))?;
    world.until_ended()?;
    let value = |expected: &'static str| move |live: &Value| live["data"]["value"] == expected;
    world
        .kubernetes
        .wait(&world.map("b"), PATIENCE, value("2"))?;
    world
        .client
        .post(&world.path("/rollback"), &json!({"id": 0}))?
        .ok()?;
    let back = world.until_ended()?;
    let revisions = &back["status"]["operationState"]["syncResult"]["revisions"];
    assert_eq!(revisions, &json!([mended, mended]));
    for name in ["a", "b"] {
        world
            .kubernetes
            .wait(&world.map(name), PATIENCE, value("1"))?;
    }
    Ok(())
}

/// More rows than a transaction of the store has room for, in every record that is written of them.
#[test]
fn an_application_of_thousands_of_objects_is_synchronised_and_waited_for() -> Result<()> {
    let mut world = World::start_with_health("thousands", "sqlite")?;
    let maps: String = (0..5000)
        .map(|n| config_map(&format!("a-map-with-a-rather-long-name-{n}"), "1"))
        .collect();
    world.repository.write("app/maps.yaml", maps)?.write(
        "app/h.yaml",
        annotated("h", "Progressing", &[("hook", "PostSync")]),
    )?;
    let commit = world.repository.commit("many")?;
    world.create(&Value::Null)?;
    world.sync(&json!({}))?;
    let waits = |app: &Value| message(app) == "waiting for completion of hook /ConfigMap/h";
    world.until("the hook", waits)?;
    world.crash()?;
    world.until("the hook again", waits)?;
    let done = json!({"data": {"value": "done"}});
    world.kubernetes.merge(&world.map("h"), &done)?;
    let done = world.until_synced(&commit)?;
    let rows = |value: &Value| value.as_array().map_or(0, Vec::len);
    // The hook that is still there is a row of its own.
    assert_eq!(rows(&done["status"]["resources"]), 5001);
    let result = &done["status"]["operationState"]["syncResult"];
    // The namespace and the hook are among them.
    assert_eq!(rows(&result["resources"]), 5002);
    let listed = world.client.get(&world.path("/operations"))?.ok()?;
    let applied = listed["items"][0]["applied"].as_object();
    assert_eq!(applied.map_or(0, serde_json::Map::len), 5001);
    Ok(())
}
