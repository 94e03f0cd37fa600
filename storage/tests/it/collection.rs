//! Typed records.

use serde::{Deserialize, Serialize};
use tiphys_storage::{Collection, Database, StoreError, Txn};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Ship {
    crew: u32,
}

fn ships() -> Collection<Ship> {
    Collection::new(Database::in_memory().expect("it starts"), "/ships/")
}

#[tokio::test]
async fn records_are_created_listed_replaced_and_deleted() {
    let ships = ships();
    let created = ships.create("argo", &Ship { crew: 50 }).await.expect("new");
    let again = ships.create("argo", &Ship { crew: 1 }).await;
    assert!(matches!(again, Err(StoreError::AlreadyExists { .. })));
    ships
        .put("greece/other", &Ship { crew: 2 })
        .await
        .expect("it is put");
    let replaced = ships
        .replace("argo", &Ship { crew: 49 }, created)
        .await
        .expect("nobody interfered");
    let late = ships.replace("argo", &Ship { crew: 48 }, created).await;
    assert!(
        matches!(late, Err(StoreError::Conflict { current, .. }) if current == replaced),
        "{late:?}"
    );
    let list = ships.list().await.expect("it lists");
    let seen: Vec<_> = list
        .items
        .iter()
        .map(|ship| (ships.id(&ship.key).expect("it is ours"), ship.value.crew))
        .collect();
    assert_eq!(seen, [("argo", 49), ("greece/other", 2)]);
    assert_eq!(list.revision, 3);
    let under = ships.list_under("greece/").await.expect("it lists");
    assert_eq!(under.items.len(), 1);
    let old = ships.delete("argo", Some(created)).await;
    assert!(matches!(old, Err(StoreError::Conflict { .. })));
    assert!(ships.delete("argo", None).await.expect("it deletes"));
    assert!(!ships.delete("argo", None).await.expect("it is gone"));
    assert_eq!(ships.get("argo").await.expect("it reads"), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_updates_are_all_kept_and_an_update_without_change_writes_nothing() {
    let ships = ships();
    ships.create("argo", &Ship { crew: 0 }).await.expect("new");
    let mut updates = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let ships = ships.clone();
        updates.spawn(async move {
            ships
                .update::<StoreError, _>("argo", |ship| {
                    ship.crew += 1;
                    Ok(())
                })
                .await
        });
    }
    while let Some(done) = updates.join_next().await {
        done.expect("it does not panic").expect("it is kept");
    }
    let before = ships.get("argo").await.expect("it reads").expect("there");
    assert_eq!((before.value.crew, before.mod_revision), (20, 21));
    let after = ships.update::<StoreError, _>("argo", |_| Ok(())).await;
    assert_eq!(after.expect("it changes nothing"), before);
    let missing = ships.update::<StoreError, _>("other", |_| Ok(())).await;
    assert!(matches!(missing, Err(StoreError::NotFound { .. })));
}

#[tokio::test]
async fn a_record_that_is_no_such_type_is_an_error_that_names_it() {
    let ships = ships();
    let txn = Txn::new().put("/ships/wreck", "{\"crew\":\"none\"}");
    ships.database().commit(txn).await.expect("it commits");
    let error = ships.get("wreck").await.expect_err("it cannot be read");
    let said = error.to_string();
    assert!(
        said.contains("/ships/wreck") && said.contains("Ship"),
        "{said}"
    );
}
