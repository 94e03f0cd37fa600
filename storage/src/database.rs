//! The asynchronous handle on a store: commits are grouped by one writer thread, reads run on the blocking pool, watches follow
//! the feed, and a housekeeper keeps the history bounded.
//!
//! ```text
//!   commit(txn) ──► bounded queue ──► writer thread ──► Store::commit(batch) ──► answers
//!                                          │                   one sync for all that was waiting
//!                                          ├──► recent changes in memory, new revision announced ──► watches
//!                                          └──► housekeeper thread: Store::maintain, Store::compact
//! ```

mod housekeeper;
mod recent;
mod watch;
mod writer;

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};

use crate::{
    error::{Result, StoreError},
    store::Store,
    types::{KeyValue, RangePage, RangeRequest, Revision, Txn, TxnOutcome},
};
use recent::Recent;
pub use watch::Watch;

/// How many transactions may wait for the writer before `commit` waits for room in the queue.
const QUEUE: usize = 1024;

/// How many keys one page of [`Database::range_all`] holds.
const PAGE: usize = 1000;

/// What a [`Database`] does beyond passing requests on.
#[derive(Debug, Clone)]
pub struct DatabaseOptions {
    /// How many revisions of history stay readable, for watches that resume and for pages of a long list. Older history
    /// is compacted in the background; 0 keeps everything.
    pub retain_revisions: Revision,
    /// How many bytes of recent changes are kept in memory, so that watches that keep up do not read the store.
    pub recent_bytes: usize,
}

impl Default for DatabaseOptions {
    fn default() -> Self {
        DatabaseOptions {
            retain_revisions: 10_000,
            recent_bytes: 4 * 1024 * 1024,
        }
    }
}

/// A shared handle on one store. Cloning is cheap; the store is released when the last clone is gone, or after
/// [`close`](Database::close).
#[derive(Clone)]
pub struct Database {
    shared: Arc<Shared>,
}

struct Shared {
    store: Arc<dyn Store>,
    queue: Mutex<Option<mpsc::Sender<Waiting>>>,
    recent: Arc<Recent>,
    threads: Mutex<Vec<std::thread::JoinHandle<()>>>,
}

/// A transaction on its way to the writer, and where its answer goes.
struct Waiting {
    txn: Txn,
    answer: oneshot::Sender<Result<TxnOutcome>>,
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database")
            .field("revision", &self.revision())
            .finish_non_exhaustive()
    }
}

impl Database {
    /// Starts the writer and the housekeeper over a store.
    ///
    /// # Errors
    /// What the store answers when asked for its revision, or `Io` when a thread cannot be started.
    pub fn new(store: Arc<dyn Store>) -> Result<Self> {
        Database::with_options(store, DatabaseOptions::default())
    }

    /// Like [`new`](Database::new), with other bounds.
    ///
    /// # Errors
    /// As [`new`](Database::new).
    pub fn with_options(store: Arc<dyn Store>, options: DatabaseOptions) -> Result<Self> {
        let recent = Arc::new(Recent::new(store.revision()?, options.recent_bytes));
        let (queue, waiting) = mpsc::channel(QUEUE);
        let (wake, woken) = std::sync::mpsc::sync_channel(1);
        let housekeeper = housekeeper::start(store.clone(), options.retain_revisions, woken)?;
        let writer = writer::start(store.clone(), recent.clone(), waiting, wake)?;
        Ok(Database {
            shared: Arc::new(Shared {
                store,
                queue: Mutex::new(Some(queue)),
                recent,
                threads: Mutex::new(vec![writer, housekeeper]),
            }),
        })
    }

    /// A database in memory, for tests.
    pub fn in_memory() -> Result<Self> {
        Database::new(Arc::new(crate::memory::MemoryStore::new()))
    }

    /// The newest value of a key.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn get(&self, key: impl Into<Bytes>) -> Result<Option<KeyValue>> {
        let key = key.into();
        if self.shared.store.gets_at_once() {
            return self.shared.store.get(&key);
        }
        self.blocking(move |store| store.get(&key)).await
    }

    /// One page of a range; [`RangeRequest::following`] makes the request for the next.
    ///
    /// # Errors
    /// `Compacted` or `FutureRevision` if the request names a revision that the store cannot answer for.
    pub async fn range(&self, request: RangeRequest) -> Result<RangePage> {
        self.blocking(move |store| store.range(&request)).await
    }

    /// Every key under a prefix, at one revision: the one to [`watch`](Database::watch) from.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn range_all(&self, prefix: impl Into<Bytes>) -> Result<(Revision, Vec<KeyValue>)> {
        let prefix = prefix.into();
        self.blocking(move |store| read_all(store, &prefix)).await
    }

    /// Commits a transaction: it is durable, and visible to every read, when this returns `Committed`.
    ///
    /// Dropping the future does not undo the transaction: once it waits for the writer it will be carried out.
    ///
    /// # Errors
    /// What [`Txn::check`] refuses, and what the store answers. `Closed` after [`close`](Database::close).
    pub async fn commit(&self, txn: Txn) -> Result<TxnOutcome> {
        txn.check()?;
        let queue = self.queue().ok_or(StoreError::Closed)?;
        let (answer, answered) = oneshot::channel();
        queue
            .send(Waiting { txn, answer })
            .await
            .map_err(|_| StoreError::Closed)?;
        drop(queue);
        answered.await.map_err(|_| StoreError::Closed)?
    }

    /// Follows the changes under a prefix after a revision: first what is history by now, then what comes.
    pub fn watch(&self, prefix: impl Into<Bytes>, after: Revision) -> Watch {
        Watch::new(
            self.shared.store.clone(),
            self.shared.recent.clone(),
            prefix.into(),
            after,
        )
    }

    /// The newest revision that anybody knows to be committed: at least that of every transaction that was answered. Watches reach it
    /// a moment later.
    pub fn revision(&self) -> Revision {
        self.shared.recent.revision()
    }

    /// Waits until the store has reached a revision.
    ///
    /// # Errors
    /// `Closed` if the database is closed before that.
    pub async fn wait_for(&self, revision: Revision) -> Result<()> {
        self.shared.recent.wait_for(revision).await
    }

    /// Forgets the history up to and including a revision. The housekeeper does this by itself; see [`DatabaseOptions`].
    ///
    /// # Errors
    /// What the store answers.
    pub async fn compact(&self, revision: Revision) -> Result<()> {
        self.blocking(move |store| store.compact(revision)).await
    }

    /// Carries out what is waiting, refuses what comes later, ends the watches, and stops the threads. The store's files
    /// are released when the last clone of this handle, and the last watch, are dropped too.
    pub async fn close(&self) {
        let queue = lock(&self.shared.queue).take();
        drop(queue);
        let threads = std::mem::take(&mut *lock(&self.shared.threads));
        let joined = tokio::task::spawn_blocking(move || {
            for thread in threads {
                if thread.join().is_err() {
                    tracing::error!("a thread of the store had panicked");
                }
            }
        });
        if joined.await.is_err() {
            tracing::error!("waiting for the store's threads was cancelled");
        }
    }

    fn queue(&self) -> Option<mpsc::Sender<Waiting>> {
        lock(&self.shared.queue).clone()
    }

    async fn blocking<T: Send + 'static>(
        &self,
        read: impl FnOnce(&dyn Store) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let store = self.shared.store.clone();
        tokio::task::spawn_blocking(move || read(store.as_ref()))
            .await
            .map_err(|_| StoreError::Closed)?
    }
}

/// Reads a prefix in pages of one revision, and starts again if a compaction overtakes it.
fn read_all(store: &dyn Store, prefix: &Bytes) -> Result<(Revision, Vec<KeyValue>)> {
    let mut attempts = 0;
    loop {
        attempts += 1;
        match read_pages(store, prefix) {
            Err(StoreError::Compacted { .. }) if attempts < 5 => {}
            answer => return answer,
        }
    }
}

fn read_pages(store: &dyn Store, prefix: &Bytes) -> Result<(Revision, Vec<KeyValue>)> {
    let mut request = RangeRequest::prefix(prefix.clone()).limit(PAGE);
    let mut kvs = Vec::new();
    loop {
        let page = store.range(&request)?;
        let following = request.following(&page);
        kvs.extend(page.kvs);
        match following {
            Some(next) => request = next,
            None => return Ok((page.revision, kvs)),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
