//! What a store does while it is open: reads, transactions, pages, changes, compaction.

use std::sync::Arc;

use super::{Open, commit, directory, put, try_commit, value};
use crate::{
    KeyValue, MAX_TXN_BYTES, MAX_TXN_OPS, RangeRequest, Store, StoreError, Txn, TxnOutcome,
};

fn keys(store: &dyn Store, request: &RangeRequest) -> Vec<String> {
    let page = store.range(request).expect("the store reads");
    page.kvs.iter().map(text).collect()
}

fn text(kv: &KeyValue) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!("{}={}", text(&kv.key), text(&kv.value))
}

/// Values, revisions and versions of single keys.
pub fn keys_are_written_read_and_deleted(open: Open) {
    let place = directory();
    let store = open(place.path()).expect("it opens");
    assert_eq!(store.revision().expect("it reads"), 0);
    assert_eq!(value(&*store, "a"), None);
    assert_eq!(put(&*store, "a", "1"), 1);
    assert_eq!(put(&*store, "a", "2"), 2);
    assert_eq!(put(&*store, "b", ""), 3);
    let found = store.get(b"a").expect("it reads").expect("it is there");
    assert_eq!(
        (
            found.create_revision,
            found.mod_revision,
            found.version,
            &found.value[..]
        ),
        (1, 2, 2, &b"2"[..])
    );
    assert_eq!(value(&*store, "b").as_deref(), Some(&b""[..]));
    assert_eq!(commit(&*store, Txn::new().delete("a")), 4);
    assert_eq!(value(&*store, "a"), None);
    assert_eq!(
        commit(&*store, Txn::new().delete("a")),
        4,
        "deleting nothing makes no revision"
    );
    assert_eq!(put(&*store, "a", "3"), 5);
    let again = store.get(b"a").expect("it reads").expect("it is there");
    assert_eq!((again.create_revision, again.version), (5, 1));
    let binary: Vec<u8> = (0..=255).collect();
    let key = [&[0, 255, b'/'], &binary[..]].concat();
    commit(&*store, Txn::new().put(key.clone(), binary.repeat(5000)));
    let large = store.get(&key).expect("it reads").expect("it is there");
    assert_eq!(large.value, binary.repeat(5000), "1.28 MB come back");
}

/// Compare on the last write or on absence.
pub fn compares_decide(open: Open) {
    let place = directory();
    let store = open(place.path()).expect("it opens");
    let attempt = |expected, value: &str| {
        let txn = Txn::new()
            .when("k", expected)
            .put("k", value.to_owned().into_bytes());
        try_commit(&*store, txn).expect("it commits")
    };
    let conflict = |current| TxnOutcome::Conflict {
        key: "k".into(),
        current,
    };
    assert_eq!(attempt(7, "x"), conflict(0));
    assert_eq!(attempt(0, "1"), TxnOutcome::Committed(1));
    assert_eq!(attempt(0, "2"), conflict(1));
    assert_eq!(attempt(1, "2"), TxnOutcome::Committed(2));
    assert_eq!(value(&*store, "k").as_deref(), Some(&b"2"[..]));
    assert_eq!(store.revision().expect("it reads"), 2);
    let only_compare = Txn::new().when("k", 2);
    assert_eq!(commit(&*store, only_compare), 2);
}

/// Several keys together, and several transactions in one batch.
pub fn transactions_are_atomic(open: Open) {
    let place = directory();
    let store = open(place.path()).expect("it opens");
    put(&*store, "gone", "x");
    let several = Txn::new()
        .when("gone", 1)
        .put("b", "1")
        .put("a", "1")
        .delete("gone");
    assert_eq!(commit(&*store, several), 2);
    assert_eq!(keys(&*store, &RangeRequest::all()), ["a=1", "b=1"]);
    let refused = Txn::new()
        .when("a", 2)
        .when("b", 99)
        .put("a", "2")
        .put("c", "2");
    let outcome = try_commit(&*store, refused).expect("it commits");
    assert_eq!(
        outcome,
        TxnOutcome::Conflict {
            key: "b".into(),
            current: 2
        }
    );
    assert_eq!(keys(&*store, &RangeRequest::all()), ["a=1", "b=1"]);
    let batch = vec![
        Txn::new().when("a", 2).put("a", "first"),
        Txn::new().when("a", 2).put("a", "too late"),
        Txn::new().when("a", 3).put("a", "third"),
        Txn::new().put("", "refused"),
        Txn::new().delete("b"),
    ];
    let results = store.commit(batch);
    assert!(matches!(results[0], Ok(TxnOutcome::Committed(3))));
    assert!(matches!(
        results[1],
        Ok(TxnOutcome::Conflict { current: 3, .. })
    ));
    assert!(matches!(results[2], Ok(TxnOutcome::Committed(4))));
    assert!(matches!(results[3], Err(StoreError::EmptyKey)));
    assert!(matches!(results[4], Ok(TxnOutcome::Committed(5))));
    assert_eq!(keys(&*store, &RangeRequest::all()), ["a=third"]);
}

/// The limits of etcd, and requests for revisions that do not exist.
pub fn what_is_refused_changes_nothing(open: Open) {
    let place = directory();
    let store = open(place.path()).expect("it opens");
    put(&*store, "a", "1");
    let many = (0..=MAX_TXN_OPS).fold(Txn::new(), |txn, n| txn.put(format!("k{n}"), "v"));
    let refused = try_commit(&*store, many);
    assert!(matches!(refused, Err(StoreError::TooManyOperations { .. })));
    let large = Txn::new().put("k", vec![0; MAX_TXN_BYTES]);
    let refused = try_commit(&*store, large);
    assert!(matches!(refused, Err(StoreError::TooLarge { .. })));
    let future = StoreError::FutureRevision {
        requested: 2,
        current: 1,
    }
    .to_string();
    let said = |answer: Result<(), StoreError>| answer.expect_err("it is refused").to_string();
    assert_eq!(
        said(store.range(&RangeRequest::all().at(2)).map(drop)),
        future
    );
    assert_eq!(said(store.changes(2, 10).map(drop)), future);
    assert_eq!(said(store.compact(2)), future);
    assert_eq!(keys(&*store, &RangeRequest::all()), ["a=1"]);
    let most = (0..MAX_TXN_OPS).fold(Txn::new(), |txn, n| txn.put(format!("k{n:03}"), "v"));
    assert_eq!(commit(&*store, most), 2);
    assert_eq!(keys(&*store, &RangeRequest::prefix("k")).len(), MAX_TXN_OPS);
}

/// Ranges, limits, and pages that stay at the first page's revision while others write.
pub fn pages_are_one_revision(open: Open) {
    let place = directory();
    let store = open(place.path()).expect("it opens");
    for key in ["/a/1", "/a/3", "/a/5", "/a/7", "/a", "/b/1"] {
        put(&*store, key, "old");
    }
    let request = RangeRequest::prefix("/a/").limit(2);
    let first = store.range(&request).expect("it reads");
    assert_eq!((first.revision, first.more), (6, true));
    let later = Txn::new()
        .put("/a/2", "new")
        .delete("/a/5")
        .put("/a/6", "new")
        .put("/a/7", "new");
    commit(&*store, later);
    put(&*store, "/a/7", "newer");
    commit(&*store, Txn::new().delete("/a/1"));
    let next = request.following(&first).expect("there is more");
    let second = store.range(&next).expect("it reads");
    let read: Vec<String> = first.kvs.iter().chain(&second.kvs).map(text).collect();
    assert_eq!(read, ["/a/1=old", "/a/3=old", "/a/5=old", "/a/7=old"]);
    assert_eq!((second.revision, second.more), (6, false));
    assert_eq!(next.following(&second), None);
    assert_eq!(
        keys(&*store, &RangeRequest::prefix("/a/")),
        ["/a/2=new", "/a/3=old", "/a/6=new", "/a/7=newer"]
    );
    assert_eq!(
        keys(&*store, &RangeRequest::prefix("/a/").at(7)),
        ["/a/1=old", "/a/2=new", "/a/3=old", "/a/6=new", "/a/7=new"]
    );
    assert_eq!(keys(&*store, &RangeRequest::all().at(1)), ["/a/1=old"]);
    assert_eq!(keys(&*store, &RangeRequest::all().at(0)), [""; 0]);
    assert_eq!(keys(&*store, &RangeRequest::prefix("/c")), [""; 0]);
    store.compact(8).expect("it compacts");
    let gone = store.range(&next);
    assert!(
        matches!(
            gone,
            Err(StoreError::Compacted {
                requested: 6,
                compacted: 8
            })
        ),
        "{gone:?}"
    );
}

/// The feed: order, whole revisions, continuation, deletions.
pub fn changes_are_replayed_in_order(open: Open) {
    let place = directory();
    let store = open(place.path()).expect("it opens");
    put(&*store, "a", "1");
    commit(&*store, Txn::new().put("c", "2").put("b", "2").delete("a"));
    put(&*store, "b", "3");
    let told = |after, limit| {
        let page = store.changes(after, limit).expect("it reads");
        let changes: Vec<String> = page
            .changes
            .iter()
            .map(|change| match &change.current {
                Some(kv) => format!("{} {} v{}", change.revision, text(kv), kv.version),
                None => format!(
                    "{} {} deleted",
                    change.revision,
                    String::from_utf8_lossy(&change.key)
                ),
            })
            .collect();
        (changes, page.through, page.current)
    };
    let all = [
        "1 a=1 v1",
        "2 c=2 v1",
        "2 b=2 v1",
        "2 a deleted",
        "3 b=3 v2",
    ];
    let lines = |lines: &[&str]| -> Vec<String> { lines.iter().map(|l| (*l).to_owned()).collect() };
    assert_eq!(told(0, 100), (lines(&all), 3, 3));
    assert_eq!(told(0, 1), (lines(&all[..1]), 1, 3));
    assert_eq!(
        told(1, 1),
        (lines(&all[1..4]), 2, 3),
        "a revision is not split"
    );
    assert_eq!(told(0, 2), (lines(&all[..4]), 2, 3));
    assert_eq!(told(3, 1), (Vec::new(), 3, 3));
}

/// Compaction removes what was overwritten or deleted by then, and nothing else.
pub fn compaction_forgets_and_keeps(open: Open) {
    let place = directory();
    let store = open(place.path()).expect("it opens");
    put(&*store, "kept", "1");
    put(&*store, "changed", "2");
    put(&*store, "changed", "3");
    put(&*store, "deleted", "4");
    commit(&*store, Txn::new().delete("deleted"));
    put(&*store, "changed", "6");
    put(&*store, "changed", "7");
    assert_eq!(store.compacted().expect("it reads"), 0);
    store.compact(5).expect("it compacts");
    store.compact(3).expect("an older compaction does nothing");
    assert_eq!(store.compacted().expect("it reads"), 5);
    assert_eq!(
        keys(&*store, &RangeRequest::all().at(5)),
        ["changed=3", "kept=1"]
    );
    assert_eq!(
        keys(&*store, &RangeRequest::all().at(6)),
        ["changed=6", "kept=1"]
    );
    assert_eq!(keys(&*store, &RangeRequest::all()), ["changed=7", "kept=1"]);
    let read = store.range(&RangeRequest::all().at(4));
    assert!(matches!(read, Err(StoreError::Compacted { .. })));
    assert!(matches!(
        store.changes(4, 10),
        Err(StoreError::Compacted {
            requested: 4,
            compacted: 5
        })
    ));
    assert_eq!(store.changes(5, 10).expect("it reads").changes.len(), 2);
    commit(&*store, Txn::new().delete("changed"));
    store
        .compact(8)
        .expect("it compacts to its newest revision");
    assert_eq!(store.revision().expect("it reads"), 8);
    assert_eq!(put(&*store, "changed", "9"), 9);
    let found = store
        .get(b"changed")
        .expect("it reads")
        .expect("it is there");
    assert_eq!((found.create_revision, found.version), (9, 1));
    assert_eq!(keys(&*store, &RangeRequest::all().at(8)), ["kept=1"]);
}

/// Threads that compare and write one counter, and keys of their own; readers meanwhile.
pub fn concurrent_writers_make_every_revision_once(open: Open) {
    const WRITERS: u64 = 4;
    const WRITES: u64 = 25;
    let place = directory();
    let store: Arc<dyn Store> = open(place.path()).expect("it opens");
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let store = store.clone();
            scope.spawn(move || {
                for n in 0..WRITES {
                    add_one(&*store, &format!("writer-{writer}-{n:03}"));
                }
            });
        }
        scope.spawn(|| {
            let mut last = 0;
            while last < WRITERS * WRITES {
                let page = store.range(&RangeRequest::all()).expect("it reads");
                assert!(page.revision >= last, "revisions do not go back");
                last = page.revision;
                assert_eq!(
                    page.kvs.len() as u64,
                    if last == 0 { 0 } else { last + 1 },
                    "a page is one revision's state"
                );
            }
        });
    });
    let page = store.changes(0, usize::MAX).expect("it reads");
    let revisions: Vec<u64> = page.changes.iter().map(|change| change.revision).collect();
    let expected: Vec<u64> = (1..=WRITERS * WRITES).flat_map(|n| [n, n]).collect();
    assert_eq!(revisions, expected);
    assert_eq!(
        value(&*store, "counter").as_deref(),
        Some((WRITERS * WRITES).to_string().as_bytes())
    );
}

/// Adds 1 to the counter and writes a key with it, however often others are faster.
fn add_one(store: &dyn Store, key: &str) {
    loop {
        let found = store.get(b"counter").expect("it reads");
        let (count, revision) = found.map_or((0, 0), |kv| {
            let text = String::from_utf8(kv.value.to_vec()).expect("a number");
            (text.parse::<u64>().expect("a number"), kv.mod_revision)
        });
        let txn = Txn::new()
            .when("counter", revision)
            .put("counter", (count + 1).to_string().into_bytes())
            .put(key.to_owned(), "x");
        if let TxnOutcome::Committed(_) = try_commit(store, txn).expect("it commits") {
            return;
        }
    }
}
