//! At every request that would change the cluster, the server is killed, or its connection is lost.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};
use tiphys_testbed::proxy::{Choice, Proxy};
use tiphys_testbed::wait_for;
use tiphys_testbed::web::Answer;
use tiphys_tests::{PATIENCE, World, annotated, config_map, message, phase, row_of};

use super::write_of;

/// Every fault takes some seconds to get over.
const END: Duration = PATIENCE.saturating_mul(4);

/// What happens at a write.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// The server is killed, and started again.
    Crash,
    /// The connection to the cluster is lost, and stays away until that is noticed.
    Cut,
}

/// What the proxy and the test say to each other.
struct Trouble {
    fault: Fault,
    armed: Arc<AtomicBool>,
    cut: Arc<AtomicBool>,
    wanted: Receiver<()>,
    done: Sender<()>,
    count: usize,
}

impl Trouble {
    /// A world in which the fault happens at each write, after the API server has heard of it and before the server hears of that; at
    /// each deletion also before the API server has heard of it, when what was to be deleted is still there.
    fn world(name: &str, fault: Fault) -> Result<(World, Proxy, Self)> {
        let (want, wanted) = mpsc::channel();
        let (done, is_done) = mpsc::channel();
        let is_done = Mutex::new(is_done);
        let (armed, cut) = (Arc::new(AtomicBool::new(false)), Arc::default());
        let (is_armed, is_cut) = (Arc::clone(&armed), Arc::<AtomicBool>::clone(&cut));
        let seen: Mutex<HashMap<String, usize>> = Mutex::default();
        let (world, proxy) = World::start_through(name, move |request| {
            if is_cut.load(Ordering::SeqCst) {
                return Choice::HangUp;
            }
            let Some(write) = write_of(request).filter(|_| is_armed.load(Ordering::SeqCst)) else {
                return Choice::PassOn;
            };
            let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
            let times = seen.entry(write).or_default();
            *times += 1;
            let faults = if request.method == "DELETE" { 2 } else { 1 };
            if *times > faults {
                return Choice::PassOn;
            }
            is_cut.store(fault == Fault::Cut, Ordering::SeqCst);
            if want.send(()).is_err() {
                return Choice::PassOn;
            }
            let is_heard = *times == faults;
            match fault {
                Fault::Cut if is_heard => Choice::LoseAnswer,
                Fault::Cut => Choice::HangUp,
                Fault::Crash => {
                    // Until the test has killed it; when the test has ended, nobody does.
                    let is_done = is_done.lock().unwrap_or_else(PoisonError::into_inner);
                    match is_done.recv() {
                        Ok(()) if !is_heard => Choice::Answer(Answer::new(503, "")),
                        _ => Choice::PassOn,
                    }
                }
            }
        })?;
        let trouble = Self {
            fault,
            armed,
            cut,
            wanted,
            done,
            count: 0,
        };
        Ok((world, proxy, trouble))
    }

    /// Does what the fault asks for, and mends it.
    fn attend(&mut self, world: &mut World, proxy: &Proxy) -> Result<()> {
        if self.wanted.try_recv().is_err() {
            return Ok(());
        }
        self.count += 1;
        match self.fault {
            Fault::Crash => {
                world.tiphys.kill();
                self.done.send(())?;
                world.tiphys.start_again()?;
                world.client = world.tiphys.admin()?;
            }
            Fault::Cut => {
                proxy.hang_up();
                world.until("the lost cluster", |app| {
                    let conditions = app["status"]["conditions"].to_string();
                    let told = [message(app), &conditions];
                    told.iter().any(|text| text.contains("cannot be reached"))
                })?;
                self.cut.store(false, Ordering::SeqCst);
            }
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
    synchronises("everywrite", Fault::Crash)
}

#[test]
fn a_connection_that_is_lost_at_every_write_changes_nothing() -> Result<()> {
    synchronises("everycut", Fault::Cut)
}

fn synchronises(name: &str, fault: Fault) -> Result<()> {
    let (mut world, proxy, mut trouble) = Trouble::world(name, fault)?;
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
    trouble.armed.store(true, Ordering::SeqCst);
    world.sync(&json!({"prune": true}))?;
    let ended = wait_for("the end of the operation", END, || {
        trouble.attend(&mut world, &proxy)?;
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
    assert_eq!(trouble.count, WRITES.len() + 2);
    let after = world.kubernetes.get(&world.map("foreign"))?;
    assert_eq!(after, Some(foreign));
    Ok(())
}

#[test]
fn a_crash_at_every_write_of_a_deletion_changes_nothing() -> Result<()> {
    deletes("everydeletion", Fault::Crash)
}

#[test]
fn a_connection_that_is_lost_at_every_write_of_a_deletion_changes_nothing() -> Result<()> {
    deletes("everydeletioncut", Fault::Cut)
}

fn deletes(name: &str, fault: Fault) -> Result<()> {
    let (mut world, proxy, mut trouble) = Trouble::world(name, fault)?;
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
    trouble.armed.store(true, Ordering::SeqCst);
    world.client.delete(&world.path(""))?.ok()?;
    wait_for("the end of the application", END, || {
        trouble.attend(&mut world, &proxy)?;
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
    assert_eq!(trouble.count, writes.len() + 3);
    // After the fault in which it was made, a hook is asked for once more; from then on it is known to be complete.
    for hook in ["apply before", "apply after"] {
        let asked = proxy.count(|request| write_of(request).as_deref() == Some(hook));
        // A connection that was lost is tried once more before, which may be heard.
        let most = if fault == Fault::Cut { 3 } else { 2 };
        assert!((2..=most).contains(&asked), "{hook}: {asked}");
    }
    let after = world.kubernetes.get(&world.map("foreign"))?;
    assert_eq!(after, Some(foreign));
    Ok(())
}
