//! The conformance suite: what every backend must do, as public functions that its tests call.
//!
//! [`conformance_tests!`](crate::conformance_tests) makes a test of each function that needs no disk, and
//! [`durable_conformance_tests!`](crate::durable_conformance_tests) of each that does. A failed expectation panics.
//!
//! Some functions run a part in a child process: the test binary itself, started again for one test with an environment
//! variable set. Where the machine lacks what a check needs (a C compiler, the right to mount or to change the user), it
//! says on standard error that it was skipped, and why.

mod child;
mod contract;
mod crash;
mod damage;
mod limits;
mod model;
mod syncs;

use std::{path::Path, sync::Arc};

use bytes::Bytes;

use crate::{Result, Revision, Store, Txn, TxnOutcome};

pub use contract::{
    changes_are_replayed_in_order, compaction_forgets_and_keeps, compares_decide,
    concurrent_writers_make_every_revision_once, keys_are_written_read_and_deleted,
    pages_are_one_revision, transactions_are_atomic, what_is_refused_changes_nothing,
};
pub use crash::{a_killed_writer_loses_nothing_acknowledged, everything_is_there_after_reopening};
pub use damage::{
    a_damaged_store_is_not_opened_and_not_touched, a_locked_directory_is_refused,
    a_newer_format_and_another_backend_are_refused, a_store_that_was_not_closed_and_cut_is_refused,
};
pub use limits::{a_full_disk_is_an_error_and_passes, a_read_only_directory_is_an_error};
pub use model::random_operations_agree_with_a_map;
pub use syncs::every_acknowledgement_is_behind_a_sync;

/// Opens a store in a data directory. A backend without a disk ignores the directory.
pub type Open = fn(&Path) -> Result<Arc<dyn Store>>;

/// Makes tests of everything that a store does while it is open.
#[macro_export]
macro_rules! conformance_tests {
    ($open:expr) => {
        $crate::conformance_tests!(@each $open;
            keys_are_written_read_and_deleted, compares_decide, transactions_are_atomic,
            what_is_refused_changes_nothing, pages_are_one_revision, changes_are_replayed_in_order,
            compaction_forgets_and_keeps, concurrent_writers_make_every_revision_once,
            random_operations_agree_with_a_map);
    };
    (@each $open:expr; $($name:ident),+) => {
        $(#[test] fn $name() { $crate::conformance::$name($open); })+
    };
}

/// Makes tests of everything that a store on a disk does beyond that. `$reexecuted` is the path of the module that the
/// macro is used in, as the test binary names it (empty, or ending with `::`).
#[macro_export]
macro_rules! durable_conformance_tests {
    ($open:expr, $module:literal) => {
        $crate::conformance_tests!(@each $open;
            everything_is_there_after_reopening, a_locked_directory_is_refused,
            a_newer_format_and_another_backend_are_refused, a_damaged_store_is_not_opened_and_not_touched,
            a_store_that_was_not_closed_and_cut_is_refused);
        $crate::durable_conformance_tests!(@child $open, $module;
            a_killed_writer_loses_nothing_acknowledged, every_acknowledgement_is_behind_a_sync,
            a_read_only_directory_is_an_error, a_full_disk_is_an_error_and_passes);
    };
    (@child $open:expr, $module:literal; $($name:ident),+) => {
        $(#[test] fn $name() { $crate::conformance::$name($open, concat!($module, stringify!($name))); })+
    };
}

/// Commits one transaction that must be accepted, and answers its revision.
fn commit(store: &dyn Store, txn: Txn) -> Revision {
    match try_commit(store, txn).expect("the store commits") {
        TxnOutcome::Committed(revision) => revision,
        conflict @ TxnOutcome::Conflict { .. } => panic!("{conflict:?}"),
    }
}

fn try_commit(store: &dyn Store, txn: Txn) -> Result<TxnOutcome> {
    store.commit(vec![txn]).pop().expect("one result for each")
}

fn put(store: &dyn Store, key: &str, value: &str) -> Revision {
    commit(
        store,
        Txn::new().put(key.to_owned(), value.as_bytes().to_vec()),
    )
}

fn value(store: &dyn Store, key: &str) -> Option<Bytes> {
    let found = store.get(key.as_bytes()).expect("the store reads");
    found.map(|kv| kv.value)
}

fn directory() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary directory")
}
