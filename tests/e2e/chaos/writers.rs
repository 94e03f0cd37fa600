//! Others who write the same object, again and again.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use tiphys_testbed::wait_for;
use tiphys_tests::{PATIENCE, World, annotated, phase, row_of};

/// Forces a field of the map `a` to its own value, and has another that is nobody else's.
fn force(world: &World, manager: &str, round: usize) -> Result<()> {
    let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"},
        "data": {"value": format!("{manager} {round}"), manager: "theirs"}});
    let path = format!("{}?fieldManager={manager}&force=true", world.map("a"));
    let answer = world.kubernetes.client().send(
        "PATCH",
        &path,
        &[("content-type", "application/apply-patch+yaml")],
        Some(object.to_string().as_bytes()),
    )?;
    // Rivals are in each other's way, too.
    ensure!(matches!(answer.status, 200 | 201 | 409), "{}", answer.text);
    Ok(())
}

/// Ends the rivals also when the test fails.
struct Peace<'f>(&'f AtomicBool);

impl Drop for Peace<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

const RIVALS: [&str; 3] = ["rival-1", "rival-2", "rival-3"];

#[test]
fn a_sync_ends_although_others_force_the_same_field() -> Result<()> {
    let world = World::start("rivals", "sqlite")?;
    let namespace =
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": world.namespace}});
    world.kubernetes.create("/api/v1/namespaces", &namespace)?;
    world
        .repository
        .write("app/a.yaml", annotated("a", "ours", &[]))?
        .write("app/b.yaml", annotated("b", "1", &[("sync-wave", "1")]))?;
    let commit = world.repository.commit("one")?;
    let (peace, written) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| -> Result<()> {
        let ends = Peace(&peace);
        let rivals = RIVALS.map(|manager| {
            let (world, peace, written) = (&world, &peace, &written);
            scope.spawn(move || -> Result<()> {
                while !peace.load(Ordering::SeqCst) {
                    force(world, manager, written.fetch_add(1, Ordering::SeqCst))?;
                }
                Ok(())
            })
        });
        wait_for("the rivals", PATIENCE, || {
            let written = written.load(Ordering::SeqCst);
            Ok(if written > 30 {
                Ok(())
            } else {
                Err(written.to_string())
            })
        })?;
        world.create(&Value::Null)?;
        world.sync(&json!({}))?;
        let ended = world.until_ended()?;
        assert_eq!(phase(&ended), "Succeeded", "{ended}");
        for name in ["a", "b"] {
            assert_eq!(row_of(&ended, name)["status"], "Synced", "{ended}");
        }
        wait_for("the owner of the difference", PATIENCE, || {
            let managed = world
                .client
                .get(&world.path("/managed-resources?resourceName=a"))?
                .ok()?;
            let difference = &managed["items"][0]["differences"][0];
            let owner = difference["managers"].to_string();
            Ok(
                if difference["path"] == "data.value" && RIVALS.iter().any(|r| owner.contains(r)) {
                    Ok(())
                } else {
                    Err(managed.to_string())
                },
            )
        })?;
        let mut spec = ended["spec"].clone();
        spec["syncPolicy"]["automated"] = json!({"selfHeal": true});
        world.client.put(&world.path("/spec"), &spec)?.ok()?;
        world.until("the attempt to heal", |app| {
            let sync = &app["status"]["operationState"]["operation"]["sync"];
            sync["autoHealAttemptsCount"].is_number() && app["operation"].is_null()
        })?;
        drop(ends);
        for rival in rivals {
            rival
                .join()
                .map_err(|_| anyhow::anyhow!("a rival panicked"))??;
        }
        Ok(())
    })?;
    // In peace it heals, and what only the others state stays.
    let done = world.until_synced(&commit)?;
    assert_eq!(phase(&done), "Succeeded");
    let live = world.kubernetes.get(&world.map("a"))?.unwrap_or_default();
    assert_eq!(live["data"]["value"], "ours");
    for rival in RIVALS {
        assert_eq!(live["data"][rival], "theirs", "{live}");
    }
    let listed = world.client.get(&world.path("/operations"))?.ok()?;
    let phases = listed["items"].as_array().into_iter().flatten();
    for record in phases {
        assert_eq!(record["state"]["phase"], "Succeeded", "{record}");
    }
    Ok(())
}
