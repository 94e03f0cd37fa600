//! sled's files, handled from outside: synced, copied and digested.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use tiphys_storage::{Result, StoreError, directory::sync_directory};

use crate::Place;

const FILE: &str = "db";
const BLOBS: &str = "blobs";

/// The length of all files together, and a sum over their names and contents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FilesDigest {
    pub bytes: u64,
    pub sum: u64,
}

/// The database file, opened beside sled: a sync of one handle is a sync of the file.
pub(crate) fn open_for_sync(place: &Place) -> Result<File> {
    let path = place.database().join(FILE);
    File::open(&path).map_err(|e| StoreError::from_io(path, "opening the database file", e))
}

/// Makes everything that sled has written durable.
pub(crate) fn sync(place: &Place, file: &File) -> Result<()> {
    let sync = || -> io::Result<()> {
        file.sync_data()?;
        let blobs = place.database().join(BLOBS);
        let mut any = false;
        for blob in fs::read_dir(&blobs)? {
            File::open(blob?.path())?.sync_all()?;
            any = true;
        }
        if any {
            File::open(&blobs)?.sync_all()?;
        }
        Ok(())
    };
    sync().map_err(|e| StoreError::from_io(place.database(), "making a commit durable", e))
}

pub(crate) fn digest(place: &Place) -> Result<FilesDigest> {
    let read = || -> io::Result<FilesDigest> {
        let directory = place.database();
        let mut digest = FilesDigest { bytes: 0, sum: 0 };
        let mut buffer = vec![0; 256 * 1024];
        for path in list(&directory)? {
            let mut sum = crc32fast::Hasher::new();
            sum.update(path.as_os_str().as_encoded_bytes());
            let mut file = File::open(directory.join(&path))?;
            loop {
                let length = file.read(&mut buffer)?;
                if length == 0 {
                    break;
                }
                digest.bytes += length as u64;
                sum.update(&buffer[..length]);
            }
            digest.sum = digest.sum.rotate_left(7) ^ u64::from(sum.finalize());
        }
        Ok(digest)
    };
    read().map_err(|e| StoreError::from_io(place.database(), "reading the store's files", e))
}

/// Copies the database to a directory, which is removed first if it is there.
pub(crate) fn copy(place: &Place, to: &Path) -> Result<()> {
    let copy = || -> io::Result<()> {
        remove(to)?;
        fs::create_dir(to)?;
        fs::create_dir(to.join(BLOBS))?;
        let from = place.database();
        for path in list(&from)? {
            fs::copy(from.join(&path), to.join(&path))?;
        }
        Ok(())
    };
    copy().map_err(|e| StoreError::from_io(to, "copying the store to check it", e))
}

pub(crate) fn remove_copy(place: &Place, copy: &Path) -> Result<()> {
    remove(copy).map_err(|e| StoreError::from_io(copy, "removing the checked copy", e))?;
    sync_directory(&place.store)
}

fn remove(directory: &Path) -> io::Result<()> {
    match fs::remove_dir_all(directory) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
        _ => Ok(()),
    }
}

/// Every file of a sled database, relative to it, in order.
fn list(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for file in fs::read_dir(directory)? {
        let file = file?;
        let name = PathBuf::from(file.file_name());
        if file.file_type()?.is_dir() {
            for blob in fs::read_dir(file.path())? {
                found.push(name.join(blob?.file_name()));
            }
        } else {
            found.push(name);
        }
    }
    found.sort();
    Ok(found)
}
