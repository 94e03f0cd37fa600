//! What goes wrong, and how it recovers.

use anyhow::Result;
use serde_json::{Value, json};
use tiphys_testbed::git::Mode;
use tiphys_tests::{PATIENCE, World, config_map};

#[test]
fn an_operation_survives_kill_9_at_any_moment() -> Result<()> {
    let mut world = World::start("killed", "sqlite")?;
    // Killed right after the answer, at the first object, in the middle, near the end, and at a moment that nobody chose.
    for (round, seen) in [None, Some(0), Some(100), Some(198), None]
        .into_iter()
        .enumerate()
    {
        let value = round.to_string();
        let maps: String = (0..200)
            .map(|n| config_map(&format!("m{n}"), &value))
            .collect();
        world.repository.write("app/all.yaml", maps)?;
        let commit = world.repository.commit(&value)?;
        if round == 0 {
            world.create(&Value::Null)?;
        }
        world.sync(&json!({}))?;
        match seen {
            Some(n) => {
                world
                    .kubernetes
                    .wait(&world.map(&format!("m{n}")), PATIENCE, |map| {
                        map["data"]["value"] == value.as_str()
                    })?;
            }
            None if round > 0 => std::thread::sleep(std::time::Duration::from_millis(7)),
            None => {}
        }
        world.tiphys.kill();
        world.tiphys.start_again()?;
        world.client = world.tiphys.admin()?;
        let done = world.until_synced(&commit)?;
        assert_eq!(done["status"]["operationState"]["phase"], "Succeeded");
        for n in [0, 100, 199] {
            let map = world.kubernetes.get(&world.map(&format!("m{n}")))?;
            assert_eq!(map.unwrap_or_default()["data"]["value"], value.as_str());
        }
    }
    Ok(())
}

#[test]
fn faults_of_a_repository_are_conditions_and_heal() -> Result<()> {
    let world = World::start("conditions", "sqlite")?;
    world.repository.write("app/a.yaml", config_map("a", "1"))?;
    world.repository.commit("one")?;
    world.create(&Value::Null)?;
    let condition = |text: &'static str| {
        move |app: &Value| app["status"]["conditions"].to_string().contains(text)
    };

    world.repository.write("app/a.yaml", "a: [\n")?;
    world.repository.commit("broken")?;
    let broken = world.until("the syntax error", condition("app/a.yaml:"))?;
    assert_eq!(broken["status"]["sync"]["status"], "Unknown");
    assert_eq!(broken["status"]["conditions"][0]["type"], "ComparisonError");

    world
        .repository
        .remove("app")?
        .write("other/a.yaml", config_map("a", "1"))?;
    world.repository.commit("moved away")?;
    world.until("the missing path", condition("app path does not exist"))?;

    world.git.set_mode(Mode::Gone);
    world.until("the vanished repository", condition("repository not found"))?;
    world.git.set_mode(Mode::Serving);

    world.repository.write("app/a.yaml", config_map("a", "2"))?;
    // The branch is moved by force: its history is another one.
    let mended = world.repository.amend("mended")?;
    let healed = world.until("recovery", |app| {
        app["status"]["sync"]["revision"] == mended.as_str()
            && app["status"]["conditions"].is_null()
    })?;
    assert_eq!(healed["status"]["sync"]["status"], "OutOfSync");
    Ok(())
}

#[test]
fn a_failed_sync_says_which_object_and_why() -> Result<()> {
    let world = World::start("refused", "sqlite")?;
    world.repository.write(
        "app/a.yaml",
        "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{port: 99999}]}\n",
    )?;
    world.repository.commit("one")?;
    world.create(&Value::Null)?;
    world.sync(&json!({}))?;
    let failed = world.until_ended()?;
    let state = &failed["status"]["operationState"];
    assert_eq!(state["phase"], "Failed");
    assert!(
        state["message"]
            .as_str()
            .unwrap_or_default()
            .contains("99999"),
        "{state}"
    );
    Ok(())
}

#[test]
fn a_waiting_retry_is_terminated() -> Result<()> {
    let world = World::start("terminated", "sqlite")?;
    world.repository.write(
        "app/a.yaml",
        "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{port: 99999}]}\n",
    )?;
    world.repository.commit("one")?;
    world.create(&Value::Null)?;
    world.sync(
        &json!({"retryStrategy": {"limit": 5, "backoff": {"duration": "1h", "maxDuration": "1h"}}}),
    )?;
    world.until("the first failure", |app| {
        app["status"]["operationState"]["retryCount"] == 1
    })?;
    let busy = world.client.post(&world.path("/sync"), &json!({}))?;
    assert_eq!(busy.status, 400, "{}", busy.text);
    world.terminate()?;
    Ok(())
}
