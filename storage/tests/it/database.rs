//! The asynchronous handle: grouped commits, watches, closing, bounded history.

use std::{sync::Arc, time::Duration};

use tiphys_storage::{
    Change, Database, DatabaseOptions, MemoryStore, RangePage, RangeRequest, Result, Revision,
    Store, StoreError, Txn, TxnOutcome,
};

const DEADLINE: Duration = Duration::from_secs(20);

async fn within<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, work)
        .await
        .expect("it happens within the deadline")
}

async fn put(database: &Database, key: &str, value: &str) -> Revision {
    let txn = Txn::new().put(key.to_owned(), value.to_owned().into_bytes());
    match within(database.commit(txn)).await.expect("it commits") {
        TxnOutcome::Committed(revision) => revision,
        conflict @ TxnOutcome::Conflict { .. } => panic!("{conflict:?}"),
    }
}

fn told(changes: &[Change]) -> Vec<(Revision, String)> {
    let key = |change: &Change| String::from_utf8_lossy(&change.key).into_owned();
    changes.iter().map(|c| (c.revision, key(c))).collect()
}

async fn collect(
    database: &Database,
    prefix: &'static str,
    after: Revision,
    until: Revision,
) -> Vec<(Revision, String)> {
    let mut watch = database.watch(prefix, after);
    let mut all = Vec::new();
    while all.last().is_none_or(|(revision, _)| *revision < until) {
        all.extend(told(&within(watch.next()).await.expect("it follows")));
    }
    all
}

#[tokio::test]
async fn a_watch_replays_and_then_follows_its_prefix_only() {
    let store = Arc::new(MemoryStore::new());
    store.commit(vec![
        Txn::new().put("/a/1", "x"),
        Txn::new().put("/b/1", "x"),
    ]);
    let database = Database::new(store).expect("it starts");
    let mut watch = database.watch("/a/", 0);
    let first = within(watch.next()).await.expect("it replays");
    assert_eq!(told(&first), [(1, "/a/1".to_owned())]);
    let follower = tokio::spawn(async move {
        let next = within(watch.next()).await.expect("it follows");
        (told(&next), watch.revision())
    });
    put(&database, "/b/2", "x").await;
    put(&database, "/a/2", "x").await;
    let (next, revision) = follower.await.expect("it does not panic");
    assert_eq!(next, [(4, "/a/2".to_owned())]);
    assert_eq!(revision, 4);
    within(database.wait_for(4)).await.expect("it is reached");
    assert_eq!(database.revision(), 4);
}

#[tokio::test]
async fn a_watch_that_falls_behind_memory_reads_the_store_and_beyond_history_is_told() {
    let options = DatabaseOptions {
        retain_revisions: 0,
        recent_bytes: 2000,
    };
    let database =
        Database::with_options(Arc::new(MemoryStore::new()), options).expect("it starts");
    for n in 0..100 {
        put(&database, &format!("/k/{n:03}"), &"x".repeat(100)).await;
    }
    let all = collect(&database, "/k/", 0, 100).await;
    let revisions: Vec<Revision> = all.iter().map(|(revision, _)| *revision).collect();
    assert_eq!(revisions, (1..=100).collect::<Vec<_>>());
    within(database.compact(50)).await.expect("it compacts");
    let mut behind = database.watch("/k/", 49);
    let gone = within(behind.next()).await;
    assert!(
        matches!(
            gone,
            Err(StoreError::Compacted {
                requested: 49,
                compacted: 50
            })
        ),
        "{gone:?}"
    );
    assert_eq!(collect(&database, "/k/", 50, 100).await.len(), 50);
}

#[tokio::test]
async fn old_history_is_compacted_by_itself() {
    let options = DatabaseOptions {
        retain_revisions: 20,
        recent_bytes: 1000,
    };
    let store = Arc::new(MemoryStore::new());
    let database = Database::with_options(store.clone(), options).expect("it starts");
    for n in 0..100 {
        put(&database, "/k", &n.to_string()).await;
    }
    within(async {
        while store.compacted().expect("it reads") < 70 {
            put(&database, "/k", "again").await;
        }
    })
    .await;
    let now = store.revision().expect("it reads");
    let kept = now - store.compacted().expect("it reads");
    assert!(kept >= 20, "{kept} revisions are kept");
}

#[tokio::test]
async fn a_closed_database_has_carried_out_what_it_took_and_ends_its_watches() {
    let database = Database::in_memory().expect("it starts");
    let mut watch = database.watch("/", 0);
    put(&database, "/a", "x").await;
    within(database.close()).await;
    let refused = within(database.commit(Txn::new().put("/b", "x"))).await;
    assert!(matches!(refused, Err(StoreError::Closed)));
    let last = within(watch.next()).await.expect("it tells what was done");
    assert_eq!(told(&last), [(1, "/a".to_owned())]);
    assert!(matches!(
        within(watch.next()).await,
        Err(StoreError::Closed)
    ));
    assert!(
        within(database.get("/a"))
            .await
            .expect("it reads")
            .is_some()
    );
    let never = within(database.wait_for(2)).await;
    assert!(matches!(never, Err(StoreError::Closed)));
}

/// A store whose disk is slow: what waits meanwhile shall be one batch.
struct Slow {
    store: MemoryStore,
    batches: std::sync::Mutex<Vec<usize>>,
    release: std::sync::Mutex<std::sync::mpsc::Receiver<()>>,
}

impl Store for Slow {
    fn get(&self, key: &[u8]) -> Result<Option<tiphys_storage::KeyValue>> {
        self.store.get(key)
    }
    fn range(&self, request: &RangeRequest) -> Result<RangePage> {
        self.store.range(request)
    }
    fn commit(&self, batch: Vec<Txn>) -> Vec<Result<TxnOutcome>> {
        self.release
            .lock()
            .expect("one writer")
            .recv_timeout(DEADLINE)
            .expect("the test releases every batch");
        self.batches.lock().expect("one writer").push(batch.len());
        self.store.commit(batch)
    }
    fn changes(&self, after: Revision, limit: usize) -> Result<tiphys_storage::ChangePage> {
        self.store.changes(after, limit)
    }
    fn compact(&self, revision: Revision) -> Result<()> {
        self.store.compact(revision)
    }
    fn revision(&self) -> Result<Revision> {
        self.store.revision()
    }
    fn compacted(&self) -> Result<Revision> {
        self.store.compacted()
    }
}

#[tokio::test]
async fn what_waits_for_the_disk_becomes_one_commit() {
    let (release, released) = std::sync::mpsc::channel();
    let store = Arc::new(Slow {
        store: MemoryStore::new(),
        batches: std::sync::Mutex::default(),
        release: std::sync::Mutex::new(released),
    });
    let database = Database::new(store.clone()).expect("it starts");
    let mut commits = tokio::task::JoinSet::new();
    for n in 0..50 {
        let database = database.clone();
        commits.spawn(async move {
            database
                .commit(Txn::new().put(format!("/k/{n}"), "x"))
                .await
        });
    }
    // Every commit is polled once, and so waits, before this task goes on.
    tokio::task::yield_now().await;
    for _ in 0..50 {
        release.send(()).expect("the store waits");
    }
    while let Some(done) = within(commits.join_next()).await {
        assert!(matches!(
            done.expect("it does not panic"),
            Ok(TxnOutcome::Committed(_))
        ));
    }
    let batches = store.batches.lock().expect("it is done").clone();
    assert_eq!(batches.iter().sum::<usize>(), 50);
    assert!(batches.len() <= 3, "{batches:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whoever_is_answered_sees_the_revision_of_the_answer() {
    let database = Database::new(Arc::new(MemoryStore::new())).expect("it starts");
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..8 {
        let database = database.clone();
        writers.spawn(async move {
            for n in 0..500 {
                let answer = database
                    .commit(Txn::new().put(format!("/k/{writer}/{n}"), "x"))
                    .await;
                let Ok(TxnOutcome::Committed(revision)) = answer else {
                    panic!("{answer:?}");
                };
                let seen = database.revision();
                assert!(seen >= revision, "{seen} after {revision} was answered");
            }
        });
    }
    while let Some(done) = within(writers.join_next()).await {
        done.expect("it does not panic");
    }
}
