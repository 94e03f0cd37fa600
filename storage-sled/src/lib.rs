//! The store in sled 0.34.7, by choice (`--store sled`).
//!
//! # Disk format, version 1
//!
//! `<data-dir>/store/sled/` is a sled database with one tree, whose keys begin with a letter:
//!
//! ```text
//! k <key>                     → log id (8 bytes, big-endian) of the newest entry of every key that exists
//! l <log id> <chunk (2 bytes, big-endian)>
//!                             → a piece of at most 4096 bytes of the entry (`entry`); log id is revision << 8 | number
//! m                           → revision, last compaction, number of keys (8 bytes each, big-endian)
//! ```
//!
//! Every group of commits is one sled batch, atomic after a crash as well. A value is stored once, in the log. Entries are
//! cut into pieces because sled moves what is larger than a quarter of a segment into files of its own, without syncing them.
//!
//! # What sled does not do, and is done here
//! - On Linux `flush` ends with `sync_file_range`, which neither empties the disk's cache nor writes the file's size: every
//!   acknowledgement waits for an `fdatasync` of the database file after it.
//! - What is applied is visible before it is durable: readers are shown the last durable revision.
//! - A cut or overwritten file may open with less in it, or empty, and be rewritten. A store that was closed in order is
//!   opened only if its files have the digest noted then. In every other case a copy is opened first and read from end to end:
//!   checksums, gapless revisions, no fewer keys and no older revision than noted. The original is not touched until then.
//! - Without room on the disk sled stops working: a batch is refused while there is still room.

mod checks;
mod entry;
mod files;
mod read;
mod write;

use std::{
    fs::File,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{
        Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tiphys_storage::{
    ChangePage, KeyValue, RangePage, RangeRequest, Result, Revision, Store, StoreError, Txn,
    TxnOutcome,
    directory::{Format, LeftAs, Progress, ProgressFile, StoreDirectory, sync_directory},
};

/// What `--store` and the directory's marker call this backend.
pub const BACKEND: &str = "sled";

const FORMAT: Format = Format {
    backend: BACKEND,
    version: 1,
};
/// sled's directory within the store's.
const DATABASE: &str = "sled";
const COPY: &str = "sled.copy";
/// How much sled may keep in memory.
const CACHE_BYTES: u64 = 32 * 1024 * 1024;
/// How long to wait for sled to give up its own lock: after a database is dropped its threads may hold it for a moment.
const LOCK_PATIENCE: Duration = Duration::from_secs(5);

/// A [`Store`] in a sled database. Holds the lock of its data directory until it is dropped.
#[derive(Debug)]
pub struct SledStore {
    /// `None` only while the store is being dropped.
    tree: Option<sled::Db>,
    writer: Mutex<Writer>,
    /// Held for writing while a batch is applied in memory, and for reading by whoever reads more than one key.
    /// Not held while the disk works.
    gate: RwLock<()>,
    /// The newest revision that is on disk: what readers see.
    durable: AtomicU64,
    /// The last compaction, for those who only ask.
    compacted: AtomicU64,
    /// The database file, once more, for syncs.
    file: File,
    place: Place,
    progress: ProgressFile,
    _directory: StoreDirectory,
}

#[derive(Debug)]
struct Writer {
    meta: Meta,
    /// Why the store takes no more writes.
    failed: Option<String>,
}

/// The content of the key `m`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Meta {
    revision: Revision,
    compacted: Revision,
    keys: u64,
}

/// Where the database is, and what its errors mean.
#[derive(Debug, Clone)]
struct Place {
    store: PathBuf,
}

impl SledStore {
    /// Opens the store in a data directory, and makes it if there is none.
    ///
    /// # Errors
    /// Everything that [`StoreDirectory::open`] answers; `Corrupted` if the database is damaged or holds less than was
    /// acknowledged. A store that is not opened is not changed.
    pub fn open(data_dir: &Path) -> Result<Self> {
        let directory = StoreDirectory::open(data_dir, FORMAT, make)?;
        let place = Place {
            store: directory.path().to_owned(),
        };
        let (progress, left) = ProgressFile::open(directory.path())?;
        checks::before_opening(&place, &left)?;
        let tree = place.open(&place.database())?;
        let meta = read::meta(&place, &tree)?;
        if meta.revision < left.revision {
            return Err(checks::lost(&place, meta.revision, left.revision));
        }
        let file = files::open_for_sync(&place)?;
        progress.note_durably(Progress {
            revision: meta.revision,
            left_as: LeftAs::Open,
        })?;
        Ok(SledStore {
            tree: Some(tree),
            writer: Mutex::new(Writer { meta, failed: None }),
            gate: RwLock::new(()),
            durable: AtomicU64::new(meta.revision),
            compacted: AtomicU64::new(meta.compacted),
            file,
            place,
            progress,
            _directory: directory,
        })
    }

    /// Runs `read` while no batch is being applied. `read` gets the newest durable revision.
    fn read<T>(&self, read: impl FnOnce(&Place, &sled::Tree, Revision) -> Result<T>) -> Result<T> {
        let tree = self.tree.as_ref().ok_or(StoreError::Closed)?;
        let _gate = self.gate.read().unwrap_or_else(PoisonError::into_inner);
        let durable = self.durable.load(Ordering::Acquire);
        self.place
            .no_panic("reading", || read(&self.place, tree, durable))
    }
}

impl Store for SledStore {
    fn get(&self, key: &[u8]) -> Result<Option<KeyValue>> {
        self.read(|place, tree, durable| read::get(place, tree, durable, key))
    }

    fn gets_at_once(&self) -> bool {
        true
    }

    fn range(&self, request: &RangeRequest) -> Result<RangePage> {
        self.read(|place, tree, durable| read::range(place, tree, durable, request))
    }

    fn commit(&self, batch: Vec<Txn>) -> Vec<Result<TxnOutcome>> {
        let count = batch.len();
        self.try_commit(batch)
            .unwrap_or_else(|error| vec![Err(error); count])
    }

    fn changes(&self, after: Revision, limit: usize) -> Result<ChangePage> {
        self.read(|place, tree, durable| read::changes(place, tree, durable, after, limit))
    }

    fn compact(&self, revision: Revision) -> Result<()> {
        let current = self.revision()?;
        if revision > current {
            return Err(StoreError::FutureRevision {
                requested: revision,
                current,
            });
        }
        while self.compact_step(revision)? {}
        Ok(())
    }

    fn revision(&self) -> Result<Revision> {
        Ok(self.durable.load(Ordering::Acquire))
    }

    fn compacted(&self) -> Result<Revision> {
        Ok(self.compacted.load(Ordering::Acquire))
    }
}

impl Drop for SledStore {
    fn drop(&mut self) {
        let Some(tree) = self.tree.take() else { return };
        let failed = lock(&self.writer).failed.is_some();
        let closed = self.place.no_panic("closing", || {
            let flushed = tree.flush().map_err(|e| self.place.error("closing", &e));
            drop(tree);
            flushed
        });
        let shut = || -> Result<()> {
            closed?;
            files::sync(&self.place, &self.file)?;
            let digest = files::digest(&self.place)?;
            self.progress.note_durably(Progress {
                revision: self.durable.load(Ordering::Acquire),
                left_as: LeftAs::Shut {
                    bytes: digest.bytes,
                    digest: digest.sum,
                },
            })
        };
        if !failed && let Err(error) = shut() {
            tracing::warn!(%error, "the store could not be closed in order; the next start checks a copy of it first");
        }
    }
}

fn make(directory: &Path) -> Result<()> {
    let place = Place {
        store: directory.to_owned(),
    };
    let tree = place.open(&place.database())?;
    tree.insert(entry::META, &Meta::default().to_bytes()[..])
        .and_then(|_| tree.flush())
        .map_err(|e| place.error("making the database", &e))?;
    drop(tree);
    files::sync(&place, &files::open_for_sync(&place)?)?;
    sync_directory(&place.database())
}

impl Place {
    fn database(&self) -> PathBuf {
        self.store.join(DATABASE)
    }

    /// Opens a sled database, which may panic on a damaged one.
    fn open(&self, path: &Path) -> Result<sled::Db> {
        let deadline = Instant::now() + LOCK_PATIENCE;
        loop {
            let config = sled::Config::new()
                .path(path)
                .cache_capacity(CACHE_BYTES)
                .flush_every_ms(None);
            let opened = self.no_panic("opening the database", || Ok(config.open()))?;
            match opened {
                Err(sled::Error::Io(e))
                    if e.to_string().contains("lock") && Instant::now() < deadline =>
                {
                    std::thread::sleep(Duration::from_millis(5));
                }
                opened => return opened.map_err(|e| self.error("opening the database", &e)),
            }
        }
    }

    /// sled answers some damage and some failures of the disk with a panic; here that is an error.
    fn no_panic<T>(&self, doing: &'static str, work: impl FnOnce() -> Result<T>) -> Result<T> {
        catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
            let said = panic
                .downcast_ref::<String>()
                .map(String::as_str)
                .or_else(|| panic.downcast_ref::<&str>().copied())
                .unwrap_or("without a message");
            Err(self.corrupted(format!("{doing} made sled panic ({said})")))
        })
    }

    fn corrupted(&self, detail: impl Into<String>) -> StoreError {
        StoreError::Corrupted {
            path: self.store.clone(),
            detail: detail.into(),
        }
    }

    /// Sorts sled's errors into the outcomes they mean.
    fn error(&self, doing: &'static str, error: &sled::Error) -> StoreError {
        match error {
            sled::Error::Io(e) => StoreError::from_io(
                self.database(),
                doing,
                match e.raw_os_error() {
                    Some(code) => std::io::Error::from_raw_os_error(code),
                    None => std::io::Error::new(e.kind(), e.to_string()),
                },
            ),
            sled::Error::Corruption { .. } => self.corrupted(error.to_string()),
            error => StoreError::Backend {
                path: self.store.clone(),
                doing,
                detail: error.to_string(),
            },
        }
    }
}

impl Meta {
    fn to_bytes(self) -> [u8; 24] {
        let mut bytes = [0; 24];
        for (at, number) in [self.revision, self.compacted, self.keys]
            .into_iter()
            .enumerate()
        {
            bytes[at * 8..at * 8 + 8].copy_from_slice(&number.to_be_bytes());
        }
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Option<Meta> {
        let (numbers, []) = bytes.as_chunks::<8>() else {
            return None;
        };
        let [revision, compacted, keys] = numbers else {
            return None;
        };
        Some(Meta {
            revision: u64::from_be_bytes(*revision),
            compacted: u64::from_be_bytes(*compacted),
            keys: u64::from_be_bytes(*keys),
        })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
