//! How many syncs are behind an acknowledgement. A killed process cannot show a missing sync, because the kernel still
//! writes; so the calls are counted, by a small library in front of the C library's.

use std::{fs, io::Write, path::Path, process::Command};

use super::{Open, child, directory};
use crate::{Txn, TxnOutcome};

const SHIM: &str = include_str!("syncs/shim.c");
const LOG_VARIABLE: &str = "TIPHYS_SYNC_LOG";
const SINGLE: usize = 20;
const GROUP: usize = 50;

/// Each single commit has a sync of the store's data behind it before it is acknowledged, and a group of 50 has no
/// more than a single one.
pub fn every_acknowledgement_is_behind_a_sync(open: Open, test: &str) {
    const WHAT: &str = "counting the syncs behind each acknowledgement";
    if let Some(place) = child::directory() {
        write_and_mark(open, &place);
        return;
    }
    let place = directory();
    let shim = place.path().join("shim.so");
    if let Err(reason) = compile(&place.path().join("shim.c"), &shim) {
        child::skip(WHAT, &reason);
        return;
    }
    let log = place.path().join("syncs");
    let mut command = child::command(&[], test, place.path());
    command.env("LD_PRELOAD", &shim).env(LOG_VARIABLE, &log);
    if child::run(command, WHAT).is_none() {
        return;
    }
    let log = fs::read_to_string(log).expect("the child wrote it");
    let mut syncs = 0;
    let mut behind = Vec::new();
    for line in log.lines() {
        if line == "acknowledged" {
            behind.push(syncs);
            syncs = 0;
        } else if line.contains("/store/") && !line.ends_with("/PROGRESS") {
            syncs += 1;
        }
    }
    // The first is what opening synced. The second may also make the log's file, which has to be synced into its directory.
    assert_eq!(behind.len(), SINGLE + 2, "{log}");
    for (number, syncs) in behind.iter().enumerate().skip(1) {
        let most = if number == 1 { 4 } else { 1 };
        assert!(
            (1..=most).contains(syncs),
            "acknowledgement {number} had {syncs} syncs behind it:\n{log}"
        );
    }
}

fn compile(source: &Path, library: &Path) -> Result<(), String> {
    if cfg!(not(target_os = "linux")) {
        return Err("it is done on Linux only".to_owned());
    }
    fs::write(source, SHIM).map_err(|e| e.to_string())?;
    let compiled = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-o"])
        .args([library, source])
        .arg("-ldl")
        .output()
        .map_err(|e| format!("no C compiler (cc): {e}"))?;
    if compiled.status.success() {
        Ok(())
    } else {
        Err(String::from_utf8_lossy(&compiled.stderr).into_owned())
    }
}

/// The child: commits, and marks each acknowledgement in the log that the library writes the syncs to.
fn write_and_mark(open: Open, place: &Path) {
    let log = std::env::var_os(LOG_VARIABLE).expect("the parent sets it");
    let mut log = fs::OpenOptions::new()
        .append(true)
        .create(true)
        .open(log)
        .expect("the log opens");
    let mut mark = || {
        log.write_all(b"acknowledged\n")
            .expect("the log is written")
    };
    let store = open(&place.join("data")).expect("it opens");
    mark();
    let txn = |n: usize| Txn::new().put(format!("k{n}"), vec![b'x'; 2048]);
    let committed = |results: Vec<crate::Result<TxnOutcome>>| {
        results
            .iter()
            .all(|result| matches!(result, Ok(TxnOutcome::Committed(_))))
    };
    for n in 0..SINGLE {
        assert!(committed(store.commit(vec![txn(n)])));
        mark();
    }
    assert!(committed(store.commit((0..GROUP).map(txn).collect())));
    mark();
    child::say("done");
}
