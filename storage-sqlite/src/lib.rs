//! The store in SQLite: one file in WAL mode, the default backend.
//!
//! # Disk format, version 1
//!
//! `<data-dir>/store/store.db` (and SQLite's own `store.db-wal`, `store.db-shm` beside it while the store is open), with
//! `application_id` 0x54697068, `user_version` 1 and three tables:
//!
//! ```text
//! log   id INTEGER PRIMARY KEY   revision << 8 | number of the write within its transaction
//!       key BLOB
//!       previous INTEGER         id of the entry that this key had before; 0 if it did not exist
//!       created INTEGER          the revision that created the key
//!       version INTEGER          how often the key was written since then; 0 in the entry of a deletion
//!       checksum INTEGER         CRC-32 of all the other columns, see `row`
//!       value BLOB               last, so that reading the others does not touch its pages; empty for a deletion
//! kv    key BLOB PRIMARY KEY     every key that exists now
//!       id INTEGER               its newest entry in the log
//! meta  name TEXT, value INTEGER 'compacted': the revision of the last compaction
//! ```
//!
//! A value is stored once, in the log: a commit writes the tail of the log and one small index entry a key. The newest revision
//! is that of the last entry of the log, or the last compaction if that is later. Compaction to revision C removes, for each entry
//! at or before C, the entry it replaced, and deletions themselves.
//!
//! # Durability
//! `synchronous=FULL`: each commit ends with a sync of the WAL. The housekeeper moves the WAL into the database file, so
//! that no commit pays for it. SQLite does not notice a WAL that was cut off, nor a changed byte in a value: the progress file
//! and the checksums do.

mod checks;
mod commit;
mod read;
mod row;

use std::{
    path::{Path, PathBuf},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use rusqlite::{Connection, OpenFlags, config::DbConfig};
use tiphys_storage::{
    ChangePage, KeyValue, RangePage, RangeRequest, Result, Revision, Store, StoreError, Txn,
    TxnOutcome,
    directory::{Format, LeftAs, Progress, ProgressFile, StoreDirectory, sync_directory},
    history::LogId,
};

/// What `--store` and the directory's marker call this backend.
pub const BACKEND: &str = "sqlite";

const FORMAT: Format = Format {
    backend: BACKEND,
    version: 1,
};
const FILE: &str = "store.db";
/// "Tiph", so that `file` and SQLite's own tools know whose database it is.
const APPLICATION_ID: i64 = 0x5469_7068;

/// Read connections kept for the next reader; more are opened when more read at once, and closed after.
const IDLE_READERS: usize = 4;
/// How many bytes are written before the housekeeper moves the WAL into the database. Small, because a sync of a WAL that
/// grows costs twice as much as one of a WAL that is written over: the file's length is synced, too.
const CHECKPOINT_BYTES: u64 = 2 * 1024 * 1024;
/// About what a commit writes beside its values: pages are written whole.
const COMMIT_OVERHEAD: u64 = 12 * 1024;
/// How many revisions are compacted in one step, between which commits get their turn.
const COMPACT_STEP: Revision = 256;

const SCHEMA: &str = "
    CREATE TABLE log (
        id INTEGER PRIMARY KEY, key BLOB NOT NULL, previous INTEGER NOT NULL, created INTEGER NOT NULL,
        version INTEGER NOT NULL, checksum INTEGER NOT NULL, value BLOB NOT NULL
    ) STRICT;
    CREATE TABLE kv (key BLOB PRIMARY KEY NOT NULL, id INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE meta (name TEXT PRIMARY KEY NOT NULL, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    INSERT INTO meta VALUES ('compacted', 0);
";

/// A [`Store`] in a SQLite file. Holds the lock of its data directory until it is dropped.
#[derive(Debug)]
pub struct SqliteStore {
    // In the order they must be dropped: readers before the writer, whose closing then empties the WAL; the lock last.
    readers: Mutex<Vec<Connection>>,
    writer: Mutex<Writer>,
    checkpointer: Mutex<Option<Connection>>,
    uncheckpointed: AtomicU64,
    /// What the writer has made durable, for those who only ask and shall not wait for it.
    revision: AtomicU64,
    compacted: AtomicU64,
    place: Place,
    progress: ProgressFile,
    _directory: StoreDirectory,
}

#[derive(Debug)]
struct Writer {
    /// `None` only while the store is being closed.
    connection: Option<Connection>,
    revision: Revision,
    /// Why the store takes no more writes.
    failed: Option<String>,
}

/// Where the database is, and what its errors mean.
#[derive(Debug, Clone)]
struct Place {
    file: PathBuf,
}

impl SqliteStore {
    /// Opens the store in a data directory, and makes it if there is none.
    ///
    /// # Errors
    /// Everything that [`StoreDirectory::open`] answers; `Corrupted` if the database is damaged or holds less than was
    /// acknowledged. A store that is not opened is not changed.
    pub fn open(data_dir: &Path) -> Result<Self> {
        let directory = StoreDirectory::open(data_dir, FORMAT, make)?;
        let place = Place {
            file: directory.path().join(FILE),
        };
        let (progress, left) = ProgressFile::open(directory.path())?;
        checks::before_opening(&place)?;
        let connection = place.connect(OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        // Until the database is known to be whole, closing it must leave the WAL as it is.
        place.leave_wal(&connection, true)?;
        let revision = checks::after_opening(&place, &connection, left.revision)?;
        let compacted = read::compacted(&place, &connection)?;
        progress.note_durably(Progress {
            revision,
            left_as: LeftAs::Open,
        })?;
        place.leave_wal(&connection, false)?;
        Ok(SqliteStore {
            readers: Mutex::new(Vec::new()),
            writer: Mutex::new(Writer {
                connection: Some(connection),
                revision,
                failed: None,
            }),
            checkpointer: Mutex::new(None),
            uncheckpointed: AtomicU64::new(0),
            revision: AtomicU64::new(revision),
            compacted: AtomicU64::new(compacted),
            place,
            progress,
            _directory: directory,
        })
    }

    /// Runs `read` inside one read transaction, so that everything in it sees one state.
    fn read<T>(&self, read: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let idle = lock(&self.readers).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => self.place.connect(OpenFlags::SQLITE_OPEN_READ_ONLY)?,
        };
        let run = |sql| {
            connection
                .prepare_cached(sql)
                .and_then(|mut statement| statement.execute([]))
                .map_err(|e| self.place.error("reading", &e))
        };
        run("BEGIN")?;
        let answer = read(&connection);
        run("COMMIT")?;
        let mut readers = lock(&self.readers);
        if readers.len() < IDLE_READERS {
            readers.push(connection);
        }
        answer
    }

    /// Moves what the WAL holds into the database file, most of it while commits go on. They wait for the rest, because
    /// only a WAL that was moved whole is written over from its start; else it would grow for as long as commits come.
    fn checkpoint(&self) -> Result<()> {
        let error = |e: rusqlite::Error| self.place.error("moving the log into the database", &e);
        let mut kept = lock(&self.checkpointer);
        let connection = match kept.take() {
            Some(connection) => connection,
            None => self.place.connect(OpenFlags::SQLITE_OPEN_READ_WRITE)?,
        };
        let run = || {
            connection
                .query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
                .map_err(error)
        };
        run()?;
        let stopped = lock(&self.writer);
        run()?;
        drop(stopped);
        *kept = Some(connection);
        Ok(())
    }
}

impl Store for SqliteStore {
    fn get(&self, key: &[u8]) -> Result<Option<KeyValue>> {
        self.read(|connection| read::get(&self.place, connection, key))
    }

    fn gets_at_once(&self) -> bool {
        true
    }

    fn range(&self, request: &RangeRequest) -> Result<RangePage> {
        self.read(|connection| read::range(&self.place, connection, request))
    }

    fn commit(&self, batch: Vec<Txn>) -> Vec<Result<TxnOutcome>> {
        let bytes: usize = batch.iter().map(Txn::size).sum();
        let mut writer = lock(&self.writer);
        let results = writer.commit(&self.place, &self.progress, batch);
        self.revision.store(writer.revision, Ordering::Release);
        drop(writer);
        self.uncheckpointed
            .fetch_add(bytes as u64 + COMMIT_OVERHEAD, Ordering::Relaxed);
        results
    }

    fn changes(&self, after: Revision, limit: usize) -> Result<ChangePage> {
        self.read(|connection| read::changes(&self.place, connection, after, limit))
    }

    fn compact(&self, revision: Revision) -> Result<()> {
        let current = self.revision()?;
        if revision > current {
            return Err(StoreError::FutureRevision {
                requested: revision,
                current,
            });
        }
        loop {
            let mut writer = lock(&self.writer);
            let done = self.compacted()?;
            if done >= revision {
                return Ok(());
            }
            let step = revision.min(done + COMPACT_STEP);
            writer.compact(&self.place, done, step)?;
            self.compacted.store(step, Ordering::Release);
        }
    }

    fn revision(&self) -> Result<Revision> {
        Ok(self.revision.load(Ordering::Acquire))
    }

    fn compacted(&self) -> Result<Revision> {
        Ok(self.compacted.load(Ordering::Acquire))
    }

    fn maintain(&self) -> Result<()> {
        if self.uncheckpointed.load(Ordering::Relaxed) < CHECKPOINT_BYTES {
            return Ok(());
        }
        self.uncheckpointed.store(0, Ordering::Relaxed);
        self.checkpoint()
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        lock(&self.readers).clear();
        lock(&self.checkpointer).take();
        let mut writer = lock(&self.writer);
        let revision = writer.revision;
        let failed = writer.failed.is_some();
        if let Some(connection) = writer.connection.take()
            && let Err((_, error)) = connection.close()
        {
            tracing::warn!(%error, "the store could not be closed in order; it is whole, and the next start reads its log");
            return;
        }
        let left_as = LeftAs::Shut {
            bytes: 0,
            digest: 0,
        };
        if !failed && let Err(error) = self.progress.note_durably(Progress { revision, left_as }) {
            tracing::warn!(%error, "the store was closed, but not marked so");
        }
    }
}

fn make(directory: &Path) -> Result<()> {
    let place = Place {
        file: directory.join(FILE),
    };
    let connection =
        place.connect(OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
    let error = |e: rusqlite::Error| place.error("making the database", &e);
    connection
        .pragma_update(None, "application_id", APPLICATION_ID)
        .and_then(|()| connection.pragma_update(None, "user_version", FORMAT.version))
        .and_then(|()| connection.execute_batch(&format!("BEGIN;{SCHEMA}COMMIT")))
        .map_err(error)?;
    connection.close().map_err(|(_, e)| error(e))?;
    sync_directory(directory)
}

impl Place {
    fn connect(&self, flags: OpenFlags) -> Result<Connection> {
        let open = || -> rusqlite::Result<Connection> {
            let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let connection = Connection::open_with_flags(&self.file, flags)?;
            connection.busy_timeout(Duration::from_secs(10))?;
            // Answers a row, hence not `pragma_update`. The mode is kept in the file; only its maker really sets it.
            if flags.contains(OpenFlags::SQLITE_OPEN_READ_WRITE) {
                connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
                connection.pragma_update(None, "synchronous", "FULL")?;
                connection.pragma_update_and_check(None, "wal_autocheckpoint", 0, |_| Ok(()))?;
            }
            connection.pragma_update(None, "cell_size_check", true)?;
            connection.set_prepared_statement_cache_capacity(32);
            Ok(connection)
        };
        open().map_err(|e| self.error("opening the database", &e))
    }

    fn leave_wal(&self, connection: &Connection, leave: bool) -> Result<()> {
        connection
            .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, leave)
            .map(|_| ())
            .map_err(|e| self.error("opening the database", &e))
    }

    fn directory(&self) -> PathBuf {
        self.file.parent().unwrap_or(&self.file).to_owned()
    }

    fn corrupted(&self, detail: impl Into<String>) -> StoreError {
        StoreError::Corrupted {
            path: self.directory(),
            detail: detail.into(),
        }
    }

    /// Sorts SQLite's errors into the outcomes they mean.
    fn error(&self, doing: &'static str, error: &rusqlite::Error) -> StoreError {
        use rusqlite::ErrorCode;
        let path = self.directory();
        let detail = error.to_string();
        // A row that must be there is not, or holds what was never written: only damage does that.
        if matches!(
            error,
            rusqlite::Error::QueryReturnedNoRows
                | rusqlite::Error::InvalidColumnType(..)
                | rusqlite::Error::FromSqlConversionFailure(..)
        ) {
            return self.corrupted(format!("{FILE}: {doing}: {detail}"));
        }
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => StoreError::DiskFull { path, detail },
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                self.corrupted(format!("{FILE}: {detail}"))
            }
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
                StoreError::from_io(
                    &self.file,
                    doing,
                    std::io::Error::new(std::io::ErrorKind::PermissionDenied, detail),
                )
            }
            _ => StoreError::Backend {
                path,
                doing,
                detail,
            },
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// SQLite's integers are signed; ids and revisions stay below 2^63 for longer than any store lives.
fn to_sql(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn from_sql(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

fn id_to_sql(id: LogId) -> i64 {
    to_sql(id.to_u64())
}

fn id_from_sql(id: i64) -> LogId {
    LogId::from_u64(from_sql(id))
}
