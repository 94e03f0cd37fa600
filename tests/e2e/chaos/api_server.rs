//! An API server that dies, forgets, or has too much to do.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::{Value, json};
use tiphys_testbed::control_plane::ControlPlane;
use tiphys_testbed::proxy::Choice;
use tiphys_testbed::wait_for;
use tiphys_testbed::web::{Answer, Request};
use tiphys_tests::{HEALTH_OF_MAPS, PATIENCE, World, annotated, message, phase, row_of, status_of};

use super::write_of;

/// Commits two ConfigMaps, one after the other; answers the commit.
fn in_two_waves(world: &World) -> Result<String> {
    let files = world
        .repository
        .write("app/a.yaml", annotated("a", "1", &[]))?;
    files
        .write("app/b.yaml", annotated("b", "1", &[("sync-wave", "1")]))?
        .commit("one")
}

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
    world.repository.write(
        "app/h.yaml",
        annotated("h", "Progressing", &[("hook", "PreSync")]),
    )?;
    let commit = in_two_waves(&world)?;
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

/// The API server's own words for what is refused.
fn status(code: u16, reason: &str) -> String {
    json!({"apiVersion": "v1", "kind": "Status", "metadata": {}, "status": "Failure", "message": "as the test wants it",
        "reason": reason, "code": code})
    .to_string()
}

fn is_watch(request: &Request) -> bool {
    request.target.starts_with("/api/v1/configmaps?") && request.target.contains("watch=true")
}

fn is_list(request: &Request) -> bool {
    request.target.starts_with("/api/v1/configmaps?") && !request.target.contains("watch=true")
}

/// The history that a watch wants to go on from is gone, which an API server says in one of two ways.
#[test]
fn live_state_heals_when_the_history_of_a_watch_is_gone() -> Result<()> {
    let expired = Arc::new(AtomicBool::new(false));
    let is_expired = Arc::clone(&expired);
    let told = AtomicUsize::new(0);
    let (world, proxy) = World::start_through("expired", move |request| {
        if !is_expired.load(Ordering::SeqCst) || !is_watch(request) {
            return None;
        }
        let gone = status(410, "Expired");
        Some(if told.fetch_add(1, Ordering::SeqCst).is_multiple_of(2) {
            Answer::ok(format!("{{\"type\":\"ERROR\",\"object\":{gone}}}\n"))
        } else {
            Answer::new(410, gone)
        })
    })?;
    world
        .repository
        .write("app/a.yaml", annotated("a", "1", &[]))?
        .write("app/b.yaml", annotated("b", "1", &[]))?;
    let commit = world.repository.commit("one")?;
    world.create(&Value::Null)?;
    world.sync(&json!({}))?;
    world.until_synced(&commit)?;

    expired.store(true, Ordering::SeqCst);
    proxy.hang_up();
    // Nothing but a list can tell of it.
    world.kubernetes.delete(&world.map("a"))?;
    world.until("the object that is missing", |app| {
        status_of(app, "a") == "OutOfSync"
    })?;
    // One list follows each watch that is refused, and they become rarer: three more refusals cost three pauses, which no busy
    // machine makes shorter.
    let (refused, listed) = (proxy.count(is_watch), proxy.count(is_list));
    let start = Instant::now();
    wait_for("three more refusals", PATIENCE, || {
        let more = proxy.count(is_watch) - refused;
        Ok(if more >= 3 {
            Ok(())
        } else {
            Err(more.to_string())
        })
    })?;
    let lasted = start.elapsed();
    assert!(lasted >= Duration::from_secs(1), "{lasted:?}");
    assert!(proxy.count(is_list) - listed <= proxy.count(is_watch) - refused + 1);

    expired.store(false, Ordering::SeqCst);
    world.sync(&json!({}))?;
    let done = world.until_synced(&commit)?;
    assert_eq!(phase(&done), "Succeeded");
    // From then on a watch tells again.
    world
        .kubernetes
        .merge(&world.map("b"), &json!({"data": {"value": "theirs"}}))?;
    world.until("the drift", |app| status_of(app, "b") == "OutOfSync")?;
    Ok(())
}

/// An API server with too much to do says when to come again.
#[test]
fn an_operation_goes_on_when_its_api_server_throttles() -> Result<()> {
    let applies =
        |request: &Request| request.method == "PATCH" && request.target.contains("/configmaps/a?");
    let (lists, patches) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let (world, proxy) = World::start_through("throttled", move |request| {
        let nth = match request {
            request if is_list(request) => lists.fetch_add(1, Ordering::SeqCst),
            request if applies(request) => patches.fetch_add(1, Ordering::SeqCst),
            _ => return None,
        };
        let busy = Answer::new(429, status(429, "TooManyRequests"));
        (nth < 2).then(|| busy.with("retry-after", "1"))
    })?;
    let commit = in_two_waves(&world)?;
    world.create(&Value::Null)?;
    world.sync(&json!({}))?;
    let done = world.until_synced(&commit)?;
    assert_eq!(phase(&done), "Succeeded", "{}", message(&done));
    assert!(
        done["status"]["operationState"]["retryCount"].is_null(),
        "the operation was not begun again"
    );
    assert_eq!((proxy.count(is_list), proxy.count(applies)), (3, 3));
    Ok(())
}

/// A network that loses connections without telling anybody: what was watched on them is watched on others.
#[test]
fn live_state_heals_when_connections_go_silent() -> Result<()> {
    let (world, way) = World::start_behind("silent")?;
    world
        .repository
        .write("app/a.yaml", annotated("a", "1", &[]))?;
    let commit = world.repository.commit("one")?;
    world.create(&Value::Null)?;
    world.sync(&json!({}))?;
    world.until_synced(&commit)?;
    way.silence();
    world.until("the lost cluster", |app| {
        app["status"]["conditions"]
            .to_string()
            .contains("did not answer within")
    })?;
    way.mend();
    world
        .kubernetes
        .merge(&world.map("a"), &json!({"data": {"value": "theirs"}}))?;
    world.until("the drift", |app| status_of(app, "a") == "OutOfSync")?;
    Ok(())
}

/// What changes an object is carried out, and the first answer is lost with its connection: it is asked for again, and that changes
/// nothing.
#[test]
fn an_operation_goes_on_although_every_answer_is_lost() -> Result<()> {
    let armed = Arc::new(AtomicBool::new(false));
    let (is_armed, lost) = (Arc::clone(&armed), Mutex::new(BTreeSet::new()));
    let (world, proxy) = World::start_through("unanswered", move |request| {
        // What was to be made and is there is replaced, which is the second try.
        let is_first = is_armed.load(Ordering::SeqCst) && request.method != "PUT";
        let write = write_of(request).filter(|_| is_first);
        let mut lost = lost.lock().unwrap_or_else(PoisonError::into_inner);
        if write.is_some_and(|write| lost.insert(write)) {
            Choice::LoseAnswer
        } else {
            Choice::PassOn
        }
    })?;
    world
        .repository
        .write("app/old.yaml", annotated("old", "1", &[]))?
        .write("app/a.yaml", annotated("a", "1", &[]))?;
    let first = world.repository.commit("one")?;
    world.create(&Value::Null)?;
    world.sync(&json!({}))?;
    world.until_synced(&first)?;
    let once = ("hook-delete-policy", "HookSucceeded");
    let replaced = ("sync-options", "Replace=true");
    world
        .repository
        .remove("app/old.yaml")?
        .write("app/a.yaml", annotated("a", "2", &[]))?
        .write(
            "app/hook.yaml",
            annotated("hook", "1", &[("hook", "PreSync"), once]),
        )?
        .write("app/made.yaml", annotated("made", "1", &[replaced]))?;
    let second = world.repository.commit("two")?;
    armed.store(true, Ordering::SeqCst);
    world.sync(&json!({"prune": true}))?;
    let done = world.until_ended()?;
    assert_eq!(phase(&done), "Succeeded", "{}", message(&done));
    world.until_synced(&second)?;
    for (name, expected) in [
        ("a", "Synced"),
        ("hook", "Synced"),
        ("made", "Synced"),
        ("old", "Pruned"),
    ] {
        assert_eq!(row_of(&done, name)["status"], expected, "{name}: {done}");
    }
    for write in ["apply a", "apply hook", "DELETE hook", "DELETE old"] {
        let asked = proxy.count(|request| write_of(request).as_deref() == Some(write));
        assert!(asked >= 2, "{write}: {asked}");
    }
    Ok(())
}

/// The first request that changes anything never gets an answer, and neither does any other until the network is mended.
#[test]
fn an_operation_ends_or_goes_on_although_its_connection_goes_silent_in_an_apply() -> Result<()> {
    let (armed, silent) = (AtomicBool::new(false), AtomicBool::new(false));
    let way = Arc::new((armed, silent));
    let is = Arc::clone(&way);
    let (world, proxy) = World::start_through("silentapply", move |request| {
        let (armed, silent) = &*is;
        if write_of(request).is_some() && armed.swap(false, Ordering::SeqCst) {
            silent.store(true, Ordering::SeqCst);
        }
        if silent.load(Ordering::SeqCst) {
            Choice::Hang
        } else {
            Choice::PassOn
        }
    })?;
    let (armed, silent) = &*way;
    let mend = || {
        silent.store(false, Ordering::SeqCst);
        proxy.hang_up();
        world.until("the cluster", |app| app["status"]["conditions"].is_null())
    };
    let lose = || -> Result<()> {
        armed.store(true, Ordering::SeqCst);
        world.sync(&json!({}))?;
        wait_for("the silence", PATIENCE, || {
            let is_silent = silent.load(Ordering::SeqCst);
            Ok(is_silent.then_some(()).ok_or_else(String::new))
        })
    };
    let commit = in_two_waves(&world)?;
    world.create(&Value::Null)?;
    world.until("the comparison", |app| status_of(app, "a") == "OutOfSync")?;

    // Whoever ends it does not wait for the network.
    lose()?;
    world.terminate()?;
    mend()?;

    // Its deadline holds.
    let spec = world.get()?["spec"].clone();
    let mut hurried = spec.clone();
    hurried["syncPolicy"]["deadlines"] = json!({"operation": "5s"});
    world.client.put(&world.path("/spec"), &hurried)?.ok()?;
    lose()?;
    let ended = world.until_ended()?;
    assert!(
        message(&ended).contains("within its deadline of 5s"),
        "{}",
        message(&ended)
    );
    assert!(["Failed", "Error"].contains(&phase(&ended).as_str().unwrap_or_default()));
    mend()?;

    // And it goes on by itself, nothing being known of what it did.
    world.client.put(&world.path("/spec"), &spec)?.ok()?;
    lose()?;
    let waits = world.until("the lost cluster", |app| {
        message(app).contains("did not answer within")
    })?;
    assert_eq!(phase(&waits), "Running");
    mend()?;
    let done = world.until_synced(&commit)?;
    assert_eq!(phase(&done), "Succeeded", "{}", message(&done));
    assert!(done["status"]["operationState"]["retryCount"].is_null());
    for name in ["a", "b"] {
        assert_eq!(row_of(&done, name)["status"], "Synced", "{name}: {done}");
    }
    Ok(())
}
