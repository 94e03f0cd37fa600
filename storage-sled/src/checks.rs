//! What is checked before sled may touch the database: it rewrites some damaged ones, and opens them with less in them.

use tiphys_storage::{
    RangeRequest, Result, Revision, StoreError,
    directory::{LeftAs, Progress},
    history::LogId,
};

use crate::{COPY, Place, files, read};

/// Answers at once if the files are as they were left; otherwise opens and reads a copy from end to end.
pub(crate) fn before_opening(place: &Place, left: &Progress) -> Result<()> {
    match std::fs::metadata(place.database().join("db")) {
        Ok(found) if found.is_file() => {}
        Ok(_) => return Err(place.corrupted("sled/db is not a file")),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            return Err(place.corrupted("sled/db is missing"));
        }
        Err(e) => {
            let path = place.database();
            return Err(StoreError::from_io(path, "reading the database", e));
        }
    }
    if let LeftAs::Shut { bytes, digest } = left.left_as {
        let now = files::digest(place)?;
        if now.bytes == bytes && now.sum == digest {
            return Ok(());
        }
    }
    let copy = place.store.join(COPY);
    files::copy(place, &copy)?;
    let checked = place
        .open(&copy)
        .and_then(|tree| place.no_panic("checking", || check(place, &tree, left.revision)));
    files::remove_copy(place, &copy)?;
    checked.map_err(|error| match error {
        error @ (StoreError::DiskFull { .. } | StoreError::ReadOnly { .. }) => error,
        error @ StoreError::Corrupted { .. } => error,
        error => place.corrupted(error.to_string()),
    })
}

pub(crate) fn lost(place: &Place, found: Revision, noted: Revision) -> StoreError {
    place.corrupted(format!(
        "it holds revision {found}, but revision {noted} was acknowledged; a file was cut, removed or changed"
    ))
}

/// Reads everything: the revision noted, each key's value, and the log without gaps.
fn check(place: &Place, tree: &sled::Tree, noted: Revision) -> Result<()> {
    let meta = read::meta(place, tree)?;
    if meta.revision < noted {
        return Err(lost(place, meta.revision, noted));
    }
    let mut keys = 0;
    for found in read::index(place, tree, &RangeRequest::all()) {
        let (key, id) = found?;
        let entry = read::entry(place, tree, id)?;
        if entry.key != key || entry.version == 0 {
            return Err(place.corrupted(format!(
                "the index leads from '{}' to another key's value",
                key.escape_ascii()
            )));
        }
        keys += 1;
    }
    if keys != meta.keys {
        return Err(place.corrupted(format!("it holds {keys} keys of {}", meta.keys)));
    }
    let mut last = meta.compacted;
    for entry in read::log(place, tree, LogId::first_of(meta.compacted + 1)) {
        let revision = entry?.id.revision();
        if revision > last + 1 {
            return Err(place.corrupted(format!("revision {} is missing", last + 1)));
        }
        last = revision;
    }
    if last != meta.revision {
        return Err(place.corrupted(format!("revision {} is missing", last + 1)));
    }
    Ok(())
}
