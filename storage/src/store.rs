//! The trait a backend implements.

use crate::{
    error::Result,
    types::{ChangePage, KeyValue, RangePage, RangeRequest, Revision, Txn, TxnOutcome},
};

/// A small etcd: everything here can be answered by a real one, and nothing wider belongs here.
///
/// Guarantees, which `conformance` tests:
/// - **Durable.** When [`commit`](Store::commit) returns, what it committed survives the death of the process and of the
///   machine's power.
/// - **Atomic.** All writes of a transaction appear together, to readers and after a crash.
/// - **Ordered.** Every transaction that changes something gets the next [`Revision`], without gaps; readers never see a
///   revision before the ones under it.
/// - **Consistent reads.** A page is one revision's state. Pages read at the first page's revision
///   ([`RangeRequest::following`]) are together one revision's state, or the answer is `Compacted`.
/// - **Reads do not wait for writes**, and may run on many threads.
///
/// The methods block; [`Database`](crate::Database) is the asynchronous handle.
pub trait Store: Send + Sync + 'static {
    /// The newest value of a key.
    fn get(&self, key: &[u8]) -> Result<Option<KeyValue>>;

    /// Whether [`get`](Store::get) is a matter of microseconds, so that it may be called where nothing should block: the way to
    /// another thread and back takes longer. A store that is reached over a network says no, which is the default.
    fn gets_at_once(&self) -> bool {
        false
    }

    /// The keys of a range in byte order, at one revision.
    ///
    /// # Errors
    /// `Compacted` or `FutureRevision` if the store cannot answer for the revision asked for.
    fn range(&self, request: &RangeRequest) -> Result<RangePage>;

    /// Carries out transactions in order, each for itself atomic and with its own revision, and makes them durable
    /// together: one sync for the whole batch. Answers one result for each, in order.
    ///
    /// A transaction that fails [`Txn::check`] fails alone. A failing disk fails every transaction of the batch, and
    /// none of them is visible afterwards.
    fn commit(&self, batch: Vec<Txn>) -> Vec<Result<TxnOutcome>>;

    /// The changes after revision `after`: whole revisions, at least one if there is any, and no further revision once
    /// there are `limit` changes.
    ///
    /// # Errors
    /// `Compacted` if some of them are gone, `FutureRevision` if the store has not reached `after`.
    fn changes(&self, after: Revision, limit: usize) -> Result<ChangePage>;

    /// Forgets the history up to and including `revision`: what was overwritten or deleted by then. The state at
    /// `revision` and after it, and the changes after it, stay readable. Compacting to an older revision does nothing.
    /// Works in small steps, so that a commit never waits for more than one of them.
    ///
    /// # Errors
    /// `FutureRevision` if the store has not reached `revision`.
    fn compact(&self, revision: Revision) -> Result<()>;

    /// The newest revision.
    fn revision(&self) -> Result<Revision>;

    /// The revision of the last compaction; 0 if there was none.
    fn compacted(&self) -> Result<Revision>;

    /// Work that a backend wants done now and then, off the path of commits (SQLite: moving its log into the database).
    /// The housekeeper calls it after batches of commits; calling it never is correct, only slow or large.
    fn maintain(&self) -> Result<()> {
        Ok(())
    }
}
