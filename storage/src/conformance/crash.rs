//! What is there after a restart, in order or not.

use std::{
    io::{BufRead, BufReader},
    process::Stdio,
};

use super::{Open, child, commit, directory, put, value};
use crate::{RangeRequest, Store, Txn};

/// How often the writer is killed, and after how many acknowledgements.
const ROUNDS: usize = 4;
const ACKNOWLEDGED: usize = 40;

/// Values, revisions, history and compaction survive closing and opening.
pub fn everything_is_there_after_reopening(open: Open) {
    let place = directory();
    let store = open(place.path()).expect("it opens");
    for n in 0..300 {
        put(
            &*store,
            &format!("k{:02}", n % 50),
            &n.to_string().repeat(200),
        );
    }
    commit(&*store, Txn::new().delete("k07"));
    store.compact(120).expect("it compacts");
    let before = (
        store.range(&RangeRequest::all()).expect("it reads"),
        store.range(&RangeRequest::all().at(150)).expect("it reads"),
        store.changes(120, usize::MAX).expect("it reads"),
    );
    drop(store);
    for _ in 0..2 {
        let store = open(place.path()).expect("it opens again");
        assert_eq!(store.revision().expect("it reads"), 301);
        assert_eq!(store.compacted().expect("it reads"), 120);
        let after = (
            store.range(&RangeRequest::all()).expect("it reads"),
            store.range(&RangeRequest::all().at(150)).expect("it reads"),
            store.changes(120, usize::MAX).expect("it reads"),
        );
        assert_eq!(after, before);
    }
    let store = open(place.path()).expect("it opens again");
    assert_eq!(put(&*store, "next", "x"), 302);
}

/// `kill -9` of a writing process, several times on one store: every revision it acknowledged is there, with its value, and
/// the revisions have no gap.
pub fn a_killed_writer_loses_nothing_acknowledged(open: Open, test: &str) {
    if let Some(place) = child::directory() {
        write_until_killed(&*open(&place).expect("it opens"));
    }
    let place = directory();
    let mut acknowledged = Vec::new();
    for round in 0..ROUNDS {
        let mut writer = child::command(&[], test, place.path())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the test binary starts");
        let output = writer.stdout.take().expect("it is piped");
        let mut in_round = 0;
        for line in BufReader::new(output).lines() {
            let line = line.expect("it is text");
            let Some(revision) = child::said(&line) else {
                continue;
            };
            acknowledged.push(revision.parse::<u64>().expect("a revision"));
            in_round += 1;
            // The writer goes on meanwhile: what it says until it is dead is read, too.
            if in_round == ACKNOWLEDGED {
                writer.kill().expect("it runs");
            }
        }
        assert!(in_round >= ACKNOWLEDGED, "the writer stopped by itself");
        writer.wait().expect("it is dead");
        let store = open(place.path()).expect("it opens after a crash");
        for revision in &acknowledged {
            let expected = content(*revision);
            assert_eq!(
                value(&*store, &format!("k{revision}")).as_deref(),
                Some(expected.as_bytes()),
                "revision {revision} was acknowledged in round {round} or before"
            );
        }
        let changes = store.changes(0, usize::MAX).expect("it reads").changes;
        let revisions: Vec<u64> = changes.iter().map(|change| change.revision).collect();
        let newest = store.revision().expect("it reads");
        assert_eq!(revisions, (1..=newest).collect::<Vec<_>>());
        assert!(newest >= *acknowledged.last().expect("some"));
    }
}

fn content(revision: u64) -> String {
    format!("value of {revision} ").repeat(120)
}

fn write_until_killed(store: &dyn Store) -> ! {
    loop {
        let next = store.revision().expect("it reads") + 1;
        let batch: Vec<Txn> = (next..next + 3)
            .map(|n| Txn::new().put(format!("k{n}"), content(n).into_bytes()))
            .collect();
        for result in store.commit(batch) {
            let crate::TxnOutcome::Committed(revision) = result.expect("it commits") else {
                panic!("nothing was compared");
            };
            child::say(&revision.to_string());
        }
    }
}
