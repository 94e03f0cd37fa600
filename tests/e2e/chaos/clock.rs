//! A clock that was set back. No test may set the machine's: instead, what the server wrote down is moved into the future, which is the
//! same for a server that starts then.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use chrono::{DateTime, SecondsFormat, TimeDelta};
use serde_json::{Value, json};
use tiphys_storage::{Collection, Database};
use tiphys_storage_sqlite::SqliteStore;
use tiphys_tests::{World, annotated, message, phase};

/// Adds a day to every time below a value.
fn postpone(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Ok(at) = DateTime::parse_from_rfc3339(text) {
                let later = at.to_utc() + TimeDelta::days(1);
                *text = later.to_rfc3339_opts(SecondsFormat::AutoSi, true);
            }
        }
        Value::Array(values) => values.iter_mut().for_each(postpone),
        Value::Object(fields) => fields.values_mut().for_each(postpone),
        _ => {}
    }
}

/// Stops the server, and starts it again a day before what it wrote down of its operation.
fn set_back(world: &mut World) -> Result<()> {
    world.tiphys.kill();
    let store = SqliteStore::open(&world.tiphys.options().data_dir)?;
    let database = Database::new(Arc::new(store))?;
    let records = Collection::<Value>::new(database.clone(), "/records/");
    let id = format!("argocd/{}", world.namespace);
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let mut record = records.get(&id).await?.context("a record")?.value;
        let before = record.clone();
        postpone(&mut record);
        assert_ne!(record, before);
        records.put(&id, &record).await?;
        database.close().await;
        anyhow::Ok(())
    })?;
    drop((records, database));
    world.tiphys.start_again()?;
    world.client = world.tiphys.admin()?;
    Ok(())
}

#[test]
fn an_operation_waits_no_longer_although_the_clock_was_set_back() -> Result<()> {
    let mut world = World::start_with_health("setback", "sqlite")?;
    world
        .repository
        .write("app/a.yaml", annotated("a", "Progressing", &[]))?
        .write("app/b.yaml", annotated("b", "1", &[("sync-wave", "1")]))?;
    world.repository.commit("one")?;
    let policy = json!({"syncOptions": ["CreateNamespace=true"], "deadlines": {"wave": "8s"}});
    world
        .client
        .post("/api/v1/applications", &world.application(&policy))?
        .ok()?;
    world.sync(&json!({}))?;
    let waits = "waiting for healthy state of /ConfigMap/a";
    world.until("the first wave", |app| message(app).contains(waits))?;
    set_back(&mut world)?;
    let ended = world.until_ended()?;
    assert_eq!(phase(&ended), "Failed");
    let late = "ConfigMap/setback/a: not healthy within the wave's deadline of 8s";
    assert!(message(&ended).contains(late), "{}", message(&ended));

    // A retry, which would begin in an hour, begins at once rather than in a day and an hour.
    let bad = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"a b": "1"}});
    world.repository.write("app/a.yaml", bad.to_string())?;
    world.repository.commit("two")?;
    let retry =
        json!({"limit": 9, "backoff": {"duration": "1h", "factor": 1, "maxDuration": "1h"}});
    world.sync(&json!({"retryStrategy": retry}))?;
    world.until("the first failure", |app| {
        app["status"]["operationState"]["retryCount"] == 1
    })?;
    set_back(&mut world)?;
    world.until("the second failure", |app| {
        app["status"]["operationState"]["retryCount"] == 2
    })?;
    Ok(())
}
