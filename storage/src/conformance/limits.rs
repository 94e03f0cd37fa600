//! A directory that cannot be written, and a disk that is full: both met for real, in a child process.

use std::{fs, path::Path};

use super::{Open, child, directory, put, try_commit, value};
use crate::{StoreError, Txn};

/// Nobody, on Debian and most others.
const OTHER_USER: &str = "65534";

/// A directory that another user owns: an error that names it, for a store to be made and for one that is there.
#[cfg(unix)]
pub fn a_read_only_directory_is_an_error(open: Open, test: &str) {
    use std::os::unix::fs::PermissionsExt;
    const WHAT: &str = "opening a read-only directory as another user";
    if let Some(place) = child::directory() {
        for name in ["empty", "filled"] {
            match open(&place.join(name)).map(drop) {
                Err(error @ StoreError::ReadOnly { .. }) => {
                    child::say(&format!("{name}: {error}"));
                }
                other => panic!("{name}: {other:?}"),
            }
        }
        return;
    }
    let place = directory();
    let allow = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("it is ours");
    };
    fs::create_dir(place.path().join("empty")).expect("it is writable");
    put(
        &*open(&place.path().join("filled")).expect("it opens"),
        "a",
        "1",
    );
    allow(place.path(), 0o555);
    for name in ["empty", "filled"] {
        allow(&place.path().join(name), 0o555);
    }
    let other = ["setpriv", "--clear-groups"];
    let (user, group) = (
        format!("--reuid={OTHER_USER}"),
        format!("--regid={OTHER_USER}"),
    );
    let wrapper = [other[0], &user, &group, other[1]];
    let said = child::run(child::command(&wrapper, test, place.path()), WHAT);
    allow(place.path(), 0o755);
    for name in ["empty", "filled"] {
        allow(&place.path().join(name), 0o755);
    }
    let Some(said) = said else { return };
    for (name, line) in ["empty", "filled"].iter().zip(&said) {
        assert!(
            line.contains(name) && line.contains("cannot be written"),
            "{line}"
        );
    }
    let store = open(&place.path().join("filled")).expect("its owner opens it");
    assert_eq!(value(&*store, "a").as_deref(), Some(&b"1"[..]));
}

/// Without users there is nobody else to be.
#[cfg(not(unix))]
pub fn a_read_only_directory_is_an_error(_open: Open, _test: &str) {
    child::skip("opening a read-only directory", "this is no Unix");
}

/// A disk of 48 MB that fills up: `DiskFull`, nothing acknowledged is lost, and commits go on when there is room again.
pub fn a_full_disk_is_an_error_and_passes(open: Open, test: &str) {
    const WHAT: &str = "filling a small disk";
    if let Some(place) = child::directory() {
        fill_the_disk(open, &place);
        return;
    }
    let place = directory();
    let mount = format!(
        "mount -t tmpfs -o size=48m tmpfs '{}' && exec \"$0\" \"$@\"",
        place.path().display()
    );
    let wrapper = [
        "unshare",
        "--map-root-user",
        "--mount",
        "sh",
        "-c",
        mount.as_str(),
    ];
    if let Some(said) = child::run(child::command(&wrapper, test, place.path()), WHAT) {
        assert_eq!(said.last().map(String::as_str), Some("done"));
    }
}

fn fill_the_disk(open: Open, place: &Path) {
    child::say("mounted");
    let ballast = place.join("ballast");
    fs::write(&ballast, vec![0; 16 * 1024 * 1024]).expect("there is room");
    let data = place.join("data");
    let store = open(&data).expect("it opens");
    let content = |n: usize| format!("{n} ").repeat(32 * 1024).into_bytes();
    let attempt = |n: usize| try_commit(&*store, Txn::new().put(format!("k{n}"), content(n)));
    let mut acknowledged = 0;
    let error = loop {
        assert!(acknowledged < 5000, "the disk is never full");
        match attempt(acknowledged) {
            Ok(_) => acknowledged += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, StoreError::DiskFull { .. }), "{error}");
    assert!(acknowledged > 20, "full after {acknowledged} commits");
    child::say(&format!("{acknowledged} commits, then: {error}"));
    let check = |store: &dyn crate::Store, count: usize| {
        assert_eq!(store.revision().expect("it reads"), count as u64);
        for n in 0..count {
            let found = value(store, &format!("k{n}"));
            assert!(found.is_some_and(|found| found == content(n)), "k{n}");
        }
    };
    check(&*store, acknowledged);
    fs::remove_file(&ballast).expect("it is there");
    attempt(acknowledged).expect("there is room again");
    acknowledged += 1;
    drop(store);
    check(&*open(&data).expect("it opens again"), acknowledged);
    child::say("done");
}
