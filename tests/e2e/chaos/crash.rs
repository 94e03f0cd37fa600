//! The server is killed at every request that would change the cluster.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use serde_json::{Value, json};
use tiphys_testbed::proxy::Proxy;
use tiphys_testbed::wait_for;
use tiphys_testbed::web::Answer;
use tiphys_tests::{PATIENCE, World, annotated, config_map, phase, row_of};

use super::write_of;

/// What the proxy and the test say to each other.
struct Killer {
    armed: Arc<AtomicBool>,
    wanted: Receiver<()>,
    done: Sender<()>,
    kills: usize,
}

impl Killer {
    /// A world whose server dies at each write, after the API server has heard of it and before the server hears of that; at each
    /// deletion also before the API server has heard of it, when what was to be deleted is still there.
    fn world(name: &str) -> Result<(World, Proxy, Self)> {
        let (want, wanted) = mpsc::channel();
        let (done, is_done) = mpsc::channel();
        let is_done = Mutex::new(is_done);
        let armed = Arc::new(AtomicBool::new(false));
        let is_armed = Arc::clone(&armed);
        let seen: Mutex<HashMap<String, usize>> = Mutex::default();
        let (world, proxy) = World::start_through(name, move |request| {
            let write = write_of(request).filter(|_| is_armed.load(Ordering::SeqCst))?;
            let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
            let times = seen.entry(write).or_default();
            *times += 1;
            let deaths = if request.method == "DELETE" { 2 } else { 1 };
            if *times > deaths {
                return None;
            }
            // Until the test has killed it; when the test has ended, nobody does.
            want.send(()).ok()?;
            let is_done = is_done.lock().unwrap_or_else(PoisonError::into_inner);
            is_done.recv().ok()?;
            (*times < deaths).then(|| Answer::new(503, ""))
        })?;
        let killer = Self {
            armed,
            wanted,
            done,
            kills: 0,
        };
        Ok((world, proxy, killer))
    }

    /// Kills when that is wanted, and starts again.
    fn attend(&mut self, world: &mut World) -> Result<()> {
        if self.wanted.try_recv().is_ok() {
            world.tiphys.kill();
            self.done.send(())?;
            self.kills += 1;
            world.tiphys.start_again()?;
            world.client = world.tiphys.admin()?;
        }
        Ok(())
    }
}

/// Nothing was sent but this, and whatever was sent again was the same.
fn only_these(proxy: &Proxy, before: usize, expected: &[&str]) {
    let mut sent: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for request in proxy.requests().into_iter().skip(before) {
        if let Some(write) = write_of(&request) {
            let mut body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
            if request.method == "DELETE" {
                // How dependents go is no matter for what has none.
                body["propagationPolicy"] = Value::Null;
            }
            sent.entry(write).or_default().insert(body.to_string());
        }
    }
    let writes: Vec<&str> = sent.keys().map(String::as_str).collect();
    assert_eq!(writes, expected);
    assert!(sent.values().all(|bodies| bodies.len() == 1), "{sent:?}");
}

/// All that the synchronisation changes.
const WRITES: [&str; 11] = [
    "DELETE along",
    "DELETE old",
    "apply a",
    "apply after",
    "apply along",
    "apply before",
    "apply first",
    "apply last",
    "patch after",
    "patch along",
    "patch before",
];

#[test]
fn a_crash_at_every_write_changes_nothing() -> Result<()> {
    let (mut world, proxy, mut killer) = Killer::world("everywrite")?;
    world
        .repository
        .write("app/old.yaml", annotated("old", "1", &[("sync-wave", "1")]))?
        .write("app/a.yaml", config_map("a", "1"))?;
    let commit = world.repository.commit("one")?;
    world.create(&Value::Null)?;
    world.sync(&json!({}))?;
    world.until_synced(&commit)?;
    let maps = world.map("");
    let maps = maps.trim_end_matches('/');
    let foreign = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "foreign"}});
    let foreign = world.kubernetes.create(maps, &foreign)?;

    let once = ("hook-delete-policy", "HookSucceeded");
    let order = [
        ("before", vec![("hook", "PreSync")]),
        ("first", vec![("sync-wave", "-1")]),
        ("a", vec![]),
        ("along", vec![("hook", "Sync"), ("sync-wave", "1"), once]),
        ("last", vec![("sync-wave", "2")]),
        ("after", vec![("hook", "PostSync")]),
    ];
    for (name, annotations) in &order {
        let file = format!("app/{name}.yaml");
        world
            .repository
            .write(&file, annotated(name, "2", annotations))?;
    }
    world.repository.remove("app/old.yaml")?;
    world.repository.commit("two")?;
    let before = proxy.requests().len();
    killer.armed.store(true, Ordering::SeqCst);
    world.sync(&json!({"prune": true}))?;
    let ended = wait_for("the end of the operation", PATIENCE * 3, || {
        killer.attend(&mut world)?;
        let application = world.get()?;
        let is_over = application["operation"].is_null();
        Ok(if is_over {
            Ok(application)
        } else {
            Err(application.to_string())
        })
    })?;
    assert_eq!(phase(&ended), "Succeeded", "{ended}");
    assert!(ended["status"]["operationState"]["retryCount"].is_null());
    for (name, _) in &order {
        assert_eq!(row_of(&ended, name)["status"], "Synced", "{name}: {ended}");
    }
    assert_eq!(row_of(&ended, "old")["status"], "Pruned", "{ended}");
    let records = world.client.get(&world.path("/operations"))?.ok()?;
    assert_eq!(records["items"].as_array().map(Vec::len), Some(2));

    only_these(&proxy, before, &WRITES);
    assert_eq!(killer.kills, WRITES.len() + 2);
    let after = world.kubernetes.get(&world.map("foreign"))?;
    assert_eq!(after, Some(foreign));
    Ok(())
}

#[test]
fn a_crash_at_every_write_of_a_deletion_changes_nothing() -> Result<()> {
    let (mut world, proxy, mut killer) = Killer::world("everydeletion")?;
    let order = [
        ("first", vec![("sync-wave", "-1")]),
        ("last", vec![("sync-wave", "2")]),
        ("before", vec![("hook", "PreDelete")]),
        ("after", vec![("hook", "PostDelete")]),
    ];
    for (name, annotations) in &order {
        let file = format!("app/{name}.yaml");
        world
            .repository
            .write(&file, annotated(name, "1", annotations))?;
    }
    let commit = world.repository.commit("one")?;
    world.create(&Value::Null)?;
    world.sync(&json!({}))?;
    world.until_synced(&commit)?;
    world.until("the finalizers of the hooks", |app| {
        app["metadata"]["finalizers"].as_array().map_or(0, Vec::len) == 2
    })?;
    let maps = world.map("");
    let foreign = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "foreign"}});
    let foreign = world
        .kubernetes
        .create(maps.trim_end_matches('/'), &foreign)?;
    let before = proxy.requests().len();
    killer.armed.store(true, Ordering::SeqCst);
    world.client.delete(&world.path(""))?.ok()?;
    wait_for("the end of the application", PATIENCE * 3, || {
        killer.attend(&mut world)?;
        let answer = world.client.get(&world.path(""))?;
        Ok(if answer.status == 404 {
            Ok(())
        } else {
            Err(answer.text)
        })
    })?;
    // The hook after it states no policy, and stays.
    let writes = [
        "DELETE before",
        "DELETE first",
        "DELETE last",
        "apply after",
        "apply before",
        "patch after",
        "patch before",
    ];
    only_these(&proxy, before, &writes);
    assert_eq!(killer.kills, writes.len() + 3);
    // After the crash in which it was made, a hook is asked for once more; from then on it is known to be complete.
    for hook in ["apply before", "apply after"] {
        let asked = proxy.count(|request| write_of(request).as_deref() == Some(hook));
        assert_eq!(asked, 2, "{hook}");
    }
    let after = world.kubernetes.get(&world.map("foreign"))?;
    assert_eq!(after, Some(foreign));
    Ok(())
}
