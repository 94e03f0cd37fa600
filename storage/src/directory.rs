//! The data directory as every embedded backend uses it: its lock, the marker of backend and format, and the progress file.
//!
//! ```text
//! <data-dir>/store.lock       locked by the process that uses the store; empty
//! <data-dir>/store/FORMAT     one line: `tiphys-store <backend> <format version>`
//! <data-dir>/store/PROGRESS   the last acknowledged revision, and how the store was left (see `progress`)
//! <data-dir>/store/…          the backend's own files
//! <data-dir>/store.new/       a store that is being made; it becomes `store` by one rename, so that a half-made
//!                             store never bears that name. Left behind by a crash, it is removed at the next start.
//! ```

mod progress;

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

pub use progress::{LeftAs, Progress, ProgressFile};

use crate::error::{Result, StoreError};

const LOCK: &str = "store.lock";
const STORE: &str = "store";
const NEW_STORE: &str = "store.new";
const FORMAT: &str = "FORMAT";
const MAGIC: &str = "tiphys-store";
/// How long to wait for another process to give up the lock: a predecessor that is just ending, or a program that a
/// process with an open store is starting, which shares the lock from its fork until it is replaced.
const LOCK_PATIENCE: Duration = Duration::from_secs(2);
const LOCK_PAUSE: Duration = Duration::from_millis(10);

/// Which backend writes a directory, and the version of its disk format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Format {
    /// As given to `--store`.
    pub backend: &'static str,
    pub version: u32,
}

/// A data directory that this process holds the lock of, with a store of the right format in it. The lock is released
/// when this is dropped, and by the operating system when the process dies.
#[derive(Debug)]
pub struct StoreDirectory {
    path: PathBuf,
    _lock: File,
}

impl StoreDirectory {
    /// Locks the data directory, makes it and an empty store in it if there is none, and checks the marker.
    ///
    /// `make` fills an empty directory with an empty store, durably, and closes it again.
    ///
    /// # Errors
    /// `Locked`, `OtherBackend`, `NewerFormat`, `Corrupted` (no readable marker), `NotADataDirectory`, `ReadOnly`, `DiskFull`, `Io`,
    /// and what `make` answers.
    pub fn open(
        data_dir: &Path,
        format: Format,
        make: impl FnOnce(&Path) -> Result<()>,
    ) -> Result<Self> {
        make_private_directory(data_dir)?;
        let lock = lock(data_dir)?;
        let path = data_dir.join(STORE);
        if !exists(&path)? {
            make_store(data_dir, &path, format, make)?;
        }
        check_format(&path, format)?;
        Ok(StoreDirectory { path, _lock: lock })
    }

    /// The directory of the store's own files.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Makes the entries of a directory durable: files made in it, renamed into it or removed from it.
///
/// # Errors
/// `Io`, and what [`StoreError::from_io`] makes of it.
pub fn sync_directory(path: &Path) -> Result<()> {
    File::open(path)
        .and_then(|directory| directory.sync_all())
        .map_err(|e| StoreError::from_io(path, "making a directory durable", e))
}

fn make_private_directory(path: &Path) -> Result<()> {
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => return Ok(()),
        Ok(_) => {
            return Err(StoreError::NotADataDirectory {
                path: path.to_owned(),
                detail: "it is a file".to_owned(),
            });
        }
        Err(e) if e.kind() == io::ErrorKind::NotFound => {}
        Err(e) => return Err(StoreError::from_io(path, "reading the data directory", e)),
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(path)
        .map_err(|e| StoreError::from_io(path, "making the data directory", e))
}

fn lock(data_dir: &Path) -> Result<File> {
    let path = data_dir.join(LOCK);
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(|e| StoreError::from_io(&path, "opening the lock file", e))?;
    let patience = Instant::now() + LOCK_PATIENCE;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if Instant::now() < patience => {
                thread::sleep(LOCK_PAUSE);
            }
            Err(TryLockError::WouldBlock) => {
                return Err(StoreError::Locked {
                    path: data_dir.to_owned(),
                });
            }
            Err(TryLockError::Error(e)) => {
                return Err(StoreError::from_io(&path, "locking the data directory", e));
            }
        }
    }
}

fn exists(path: &Path) -> Result<bool> {
    path.try_exists()
        .map_err(|e| StoreError::from_io(path, "looking for the store", e))
}

fn make_store(
    data_dir: &Path,
    path: &Path,
    format: Format,
    make: impl FnOnce(&Path) -> Result<()>,
) -> Result<()> {
    let new = data_dir.join(NEW_STORE);
    if exists(&new)? {
        fs::remove_dir_all(&new)
            .map_err(|e| StoreError::from_io(&new, "removing a half-made store", e))?;
    }
    make_private_directory(&new)?;
    make(&new)?;
    ProgressFile::make(&new)?;
    let marker = new.join(FORMAT);
    let line = format!("{MAGIC} {} {}\n", format.backend, format.version);
    write_durably(&marker, line.as_bytes())?;
    sync_directory(&new)?;
    fs::rename(&new, path).map_err(|e| StoreError::from_io(path, "naming the new store", e))?;
    sync_directory(data_dir)
}

fn write_durably(path: &Path, content: &[u8]) -> Result<()> {
    let write = || {
        let mut file = File::create(path)?;
        io::Write::write_all(&mut file, content)?;
        file.sync_all()
    };
    write().map_err(|e| StoreError::from_io(path, "writing a file of the store", e))
}

fn check_format(store: &Path, format: Format) -> Result<()> {
    let marker = store.join(FORMAT);
    let damaged = |detail: &str| StoreError::Corrupted {
        path: store.to_owned(),
        detail: format!("the file {FORMAT} {detail}"),
    };
    let line = match fs::read(&marker) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Err(damaged("is missing")),
        Err(e) => return Err(StoreError::from_io(marker, "reading the format marker", e)),
    };
    let words: Vec<&str> = line.split_whitespace().collect();
    let [MAGIC, backend, version] = words[..] else {
        return Err(damaged("does not say which backend wrote the store"));
    };
    if backend != format.backend {
        return Err(StoreError::OtherBackend {
            path: store.to_owned(),
            found: backend.to_owned(),
            wanted: format.backend,
        });
    }
    let version: u32 = version
        .parse()
        .ok()
        .filter(|version| *version > 0)
        .ok_or_else(|| damaged("has no format version"))?;
    if version > format.version {
        return Err(StoreError::NewerFormat {
            path: store.to_owned(),
            found: version,
            supported: format.version,
        });
    }
    Ok(())
}
