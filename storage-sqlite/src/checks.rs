//! What is checked before a database is used: SQLite itself opens some that lost a part.

use std::{fs, io};

use rusqlite::Connection;
use tiphys_storage::{Result, Revision, StoreError};

use crate::{APPLICATION_ID, FORMAT, Place, read};

/// Databases up to this size have their structure checked at every start. 10,000 records of 2 KB open in 18 ms with it.
const CHECKED_BYTES: i64 = 128 * 1024 * 1024;

/// What can be seen without SQLite, which would make a missing file and accept an empty one.
pub(crate) fn before_opening(place: &Place) -> Result<()> {
    match fs::metadata(&place.file) {
        Ok(found) if found.len() == 0 => Err(place.corrupted("store.db is empty")),
        Ok(_) => Ok(()),
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            Err(place.corrupted("store.db is missing"))
        }
        Err(e) => Err(StoreError::from_io(&place.file, "reading the database", e)),
    }
}

/// Checks that the database is ours, whole, and holds at least the revision noted in the progress file. Answers its
/// newest revision.
pub(crate) fn after_opening(
    place: &Place,
    connection: &Connection,
    noted: Revision,
) -> Result<Revision> {
    let pragma = |name: &str| {
        connection
            .pragma_query_value(None, name, |row| row.get::<_, i64>(0))
            .map_err(|e| place.error("checking the database", &e))
    };
    if pragma("application_id")? != APPLICATION_ID {
        return Err(place.corrupted("store.db is another program's database"));
    }
    let version = pragma("user_version")?;
    if version > i64::from(FORMAT.version) {
        return Err(StoreError::NewerFormat {
            path: place.directory(),
            found: u32::try_from(version).unwrap_or(u32::MAX),
            supported: FORMAT.version,
        });
    }
    let revision = read::newest(place, connection)?;
    if revision < noted {
        return Err(place.corrupted(format!(
            "it holds revision {revision}, but revision {noted} was acknowledged; its log (store.db-wal) was cut, removed or changed"
        )));
    }
    if pragma("page_count")? * pragma("page_size")? <= CHECKED_BYTES {
        let verdict = connection
            .pragma_query_value(None, "quick_check", |row| row.get::<_, String>(0))
            .map_err(|e| place.error("checking the database", &e))?;
        if verdict != "ok" {
            return Err(place.corrupted(format!("store.db: {verdict}")));
        }
    }
    Ok(revision)
}
