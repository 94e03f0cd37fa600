//! Directories that must not be opened: in use, of another format, damaged. Nothing in them may be changed by the attempt.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use super::{Open, directory, put};
use crate::{RangePage, RangeRequest, Store, StoreError};

/// A second opening is refused while the first one lasts, and only then.
pub fn a_locked_directory_is_refused(open: Open) {
    let place = directory();
    let store = open(place.path()).expect("it opens");
    put(&*store, "a", "1");
    let second = open(place.path()).map(drop);
    assert!(
        matches!(second, Err(StoreError::Locked { .. })),
        "{second:?}"
    );
    assert_eq!(put(&*store, "a", "2"), 2);
    drop(store);
    let store = open(place.path()).expect("it opens when it is free");
    assert_eq!(store.revision().expect("it reads"), 2);
}

/// The marker decides before any other file is touched.
pub fn a_newer_format_and_another_backend_are_refused(open: Open) {
    let place = directory();
    put(&*open(place.path()).expect("it opens"), "a", "1");
    let marker = place.path().join("store/FORMAT");
    let ours = fs::read_to_string(&marker).expect("the marker is there");
    let check = |content: &str, expected: fn(&StoreError) -> bool| {
        fs::write(&marker, content).expect("it is writable");
        let before = files(place.path());
        let error = open(place.path()).map(drop).expect_err("it is refused");
        assert!(expected(&error), "{content:?}: {error}");
        assert_eq!(files(place.path()), before, "{content:?}");
    };
    check(&ours.replace(" 1", " 2"), |e| {
        matches!(
            e,
            StoreError::NewerFormat {
                found: 2,
                supported: 1,
                ..
            }
        )
    });
    check(
        "tiphys-store other 1\n",
        |e| matches!(e, StoreError::OtherBackend { found, .. } if found == "other"),
    );
    for content in ["", "tiphys-store", "something else\n", "tiphys-store x y z"] {
        check(content, |e| matches!(e, StoreError::Corrupted { .. }));
    }
    fs::write(&marker, ours).expect("it is writable");
    let store = open(place.path()).expect("it opens as before");
    assert_eq!(store.revision().expect("it reads"), 1);
}

/// Every file of a closed store, cut and overwritten in turn: it is refused and left alone, or opens with everything.
pub fn a_damaged_store_is_not_opened_and_not_touched(open: Open) {
    let place = directory();
    let store = open(place.path()).expect("it opens");
    fill(&*store);
    let whole = everything(&*store);
    drop(store);
    let refused = damage_each(open, place.path(), &whole);
    assert!(refused >= 8, "only {refused} damages were noticed");
}

/// The same for the files of a store that was not closed: the log that a crash leaves must not be taken for a shorter one.
pub fn a_store_that_was_not_closed_and_cut_is_refused(open: Open) {
    let place = directory();
    let store = open(place.path()).expect("it opens");
    fill(&*store);
    let whole = everything(&*store);
    let crashed = directory();
    copy(place.path(), crashed.path());
    let opened = open(crashed.path()).expect("what a crash leaves opens");
    assert_eq!(everything(&*opened), whole);
    drop(opened);
    let crashed = directory();
    copy(place.path(), crashed.path());
    let refused = damage_each(open, crashed.path(), &whole);
    assert!(refused >= 8, "only {refused} damages were noticed");
}

fn fill(store: &dyn Store) {
    for n in 0..200 {
        let value = format!("{n} ").repeat(700);
        put(store, &format!("/key/{n:03}"), &value);
    }
}

fn everything(store: &dyn Store) -> RangePage {
    store.range(&RangeRequest::all()).expect("it reads")
}

/// Damages each file of `original` in several ways, each in a copy. Answers how many of them were refused.
fn damage_each(open: Open, original: &Path, whole: &RangePage) -> usize {
    let mut refused = 0;
    for (path, content) in files(original) {
        // The lock has no content; SQLite's shared memory is made anew by whoever opens.
        if content.is_empty() || path.to_string_lossy().ends_with("-shm") {
            continue;
        }
        for (how, damaged) in damages(&content) {
            let place = directory();
            copy(original, place.path());
            fs::write(place.path().join(&path), damaged).expect("it is writable");
            let before = files(place.path());
            let what = format!("{} {how}", path.display());
            match open(place.path()).and_then(|store| store.range(&RangeRequest::all())) {
                Ok(page) => assert!(&page == whole, "{what}: it opened with less in it"),
                Err(StoreError::Corrupted { .. } | StoreError::NewerFormat { .. }) => {
                    refused += 1;
                    assert!(files(place.path()) == before, "{what}: it was changed");
                }
                Err(error) => panic!("{what}: {error}"),
            }
        }
    }
    refused
}

fn damages(content: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let cut = |length: usize| content[..length].to_vec();
    let overwritten = |at: usize| {
        let mut content = content.to_vec();
        for (n, byte) in content.iter_mut().skip(at).take(4096).enumerate() {
            *byte = (n as u8).wrapping_mul(151).wrapping_add(17);
        }
        content
    };
    vec![
        ("emptied", Vec::new()),
        ("cut to half", cut(content.len() / 2)),
        ("cut by one byte", cut(content.len() - 1)),
        ("overwritten at the start", overwritten(0)),
        ("overwritten in the middle", overwritten(content.len() / 2)),
    ]
}

/// Every file under a directory with its content, but for what opening makes anew.
fn files(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut directories = vec![root.to_owned()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).expect("it is readable") {
            let path = entry.expect("it is readable").path();
            if path.is_dir() {
                directories.push(path);
            } else if !path.to_string_lossy().ends_with("-shm") {
                let name = path.strip_prefix(root).expect("it is under the root");
                let content = fs::read(&path).expect("it is readable");
                if !(content.is_empty() && name.to_string_lossy().ends_with("-wal")) {
                    found.insert(name.to_owned(), content);
                }
            }
        }
    }
    found
}

fn copy(from: &Path, to: &Path) {
    for (path, content) in files(from) {
        let target = to.join(path);
        fs::create_dir_all(target.parent().expect("it has one")).expect("it is writable");
        fs::write(target, content).expect("it is writable");
    }
    for missing in ["store/sled/blobs"] {
        if from.join(missing).is_dir() {
            fs::create_dir_all(to.join(missing)).expect("it is writable");
        }
    }
}
