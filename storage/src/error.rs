//! What can go wrong with a store, as outcomes that a caller acts on. Every message says what, where, and what next.

use std::{io, path::PathBuf, sync::Arc};

use bytes::Bytes;

use crate::types::Revision;

pub type Result<T, E = StoreError> = std::result::Result<T, E>;

/// Why the store did not do what it was asked. Cheap to clone, because one failed commit answers every transaction in it.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    #[error(
        "the data directory {path} is in use by another process; stop that process, or give this one its own directory"
    )]
    Locked { path: PathBuf },

    #[error(
        "the store in {path} was written by the backend '{found}', not '{wanted}'; start with `--store {found}`, or move the data with `store export` and `store import`"
    )]
    OtherBackend {
        path: PathBuf,
        found: String,
        wanted: &'static str,
    },

    #[error(
        "the store in {path} has format version {found}, and this program knows versions up to {supported}; use the newer program that wrote it, nothing was changed"
    )]
    NewerFormat {
        path: PathBuf,
        found: u32,
        supported: u32,
    },

    #[error(
        "the store in {path} is damaged: {detail}; nothing was changed, so restore the directory from a backup, or move it away to start empty"
    )]
    Corrupted { path: PathBuf, detail: String },

    #[error(
        "{path} cannot be written ({source}); give the user that runs this process permission to write there, or choose another directory"
    )]
    ReadOnly {
        path: PathBuf,
        source: Arc<io::Error>,
    },

    #[error(
        "the disk that holds {path} is full ({detail}); free some space and try again, what was acknowledged before is safe"
    )]
    DiskFull { path: PathBuf, detail: String },

    #[error(
        "{path} is not a data directory ({detail}); give an empty directory or one that this program made"
    )]
    NotADataDirectory { path: PathBuf, detail: String },

    #[error("{doing} failed at {path}: {source}; check the disk and the system's log")]
    Io {
        path: PathBuf,
        /// What was being done, as a noun phrase: "reading the format marker".
        doing: &'static str,
        source: Arc<io::Error>,
    },

    #[error("{doing} failed in the store at {path}: {detail}; check the disk and the system's log")]
    Backend {
        path: PathBuf,
        doing: &'static str,
        detail: String,
    },

    #[error(
        "the store at {path} takes no more writes because an earlier one failed ({detail}); check the disk, then restart: what was acknowledged is read again from there"
    )]
    Failed { path: PathBuf, detail: String },

    #[error("the store is shut down; nothing was written")]
    Closed,

    #[error(
        "revision {requested} is gone: history is kept from revision {compacted} on; read the current state and go on from its revision"
    )]
    Compacted {
        requested: Revision,
        compacted: Revision,
    },

    #[error("revision {requested} does not exist yet; the store is at revision {current}")]
    FutureRevision {
        requested: Revision,
        current: Revision,
    },

    #[error("a transaction of {count} operations is over the limit of {limit}; split it")]
    TooManyOperations { count: usize, limit: usize },

    #[error(
        "a transaction of {bytes} bytes is over the limit of {limit} bytes; make the record smaller"
    )]
    TooLarge { bytes: usize, limit: usize },

    #[error("a transaction writes the key '{}' twice; write it once", .key.escape_ascii())]
    DuplicateKey { key: Bytes },

    #[error("a key is empty; every key needs at least one byte")]
    EmptyKey,

    #[error("the record '{}' exists already", .key.escape_ascii())]
    AlreadyExists { key: Bytes },

    #[error("there is no record '{}'", .key.escape_ascii())]
    NotFound { key: Bytes },

    #[error(
        "the record '{}' was changed by somebody else (now at revision {current}); read it again and repeat the change", .key.escape_ascii()
    )]
    Conflict { key: Bytes, current: Revision },

    #[error(
        "the record '{}' cannot be read as {expected}: {detail}; it was written by another version of this program, or damaged", .key.escape_ascii()
    )]
    Decode {
        key: Bytes,
        expected: &'static str,
        detail: String,
    },

    #[error("the record '{}' cannot be written as JSON: {detail}", .key.escape_ascii())]
    Encode { key: Bytes, detail: String },
}

impl StoreError {
    /// Sorts an operating system's error into the outcome it means for a store.
    pub fn from_io(path: impl Into<PathBuf>, doing: &'static str, source: io::Error) -> Self {
        let path = path.into();
        match source.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                StoreError::ReadOnly {
                    path,
                    source: Arc::new(source),
                }
            }
            io::ErrorKind::StorageFull
            | io::ErrorKind::QuotaExceeded
            | io::ErrorKind::FileTooLarge => StoreError::DiskFull {
                path,
                detail: source.to_string(),
            },
            _ => StoreError::Io {
                path,
                doing,
                source: Arc::new(source),
            },
        }
    }

    /// Whether the same request may succeed later without anybody changing it.
    pub fn is_conflict(&self) -> bool {
        matches!(
            self,
            StoreError::Conflict { .. } | StoreError::AlreadyExists { .. }
        )
    }
}
