//! Reads. Each function expects that no batch is applied meanwhile, and shows nothing newer than the durable revision.

use tiphys_storage::{
    Bytes, Change, ChangePage, KeyValue, RangePage, RangeRequest, Result, Revision,
    history::{LogId, Undo, readable},
};

use crate::{
    Meta, Place,
    entry::{
        Entry, INDEX_END, LOG_END, META, from_chunk_key, from_index_key, id_from_bytes, index_key,
        log_key,
    },
};

pub(crate) fn meta(place: &Place, tree: &sled::Tree) -> Result<Meta> {
    let found = tree.get(META).map_err(|e| place.error("reading", &e))?;
    found
        .and_then(|bytes| Meta::from_bytes(&bytes))
        .ok_or_else(|| place.corrupted("sled opened it without its newest revision"))
}

pub(crate) fn get(
    place: &Place,
    tree: &sled::Tree,
    durable: Revision,
    key: &[u8],
) -> Result<Option<KeyValue>> {
    let newest = undo(place, tree, durable)?.entry(key);
    let id = match newest {
        Some(LogId::NONE) => None,
        Some(id) => Some(id),
        None => newest_id(place, tree, key)?,
    };
    match id {
        Some(id) => entry(place, tree, id).map(Entry::into_key_value),
        None => Ok(None),
    }
}

/// The newest entry of a key that exists, durable or not.
pub(crate) fn newest_id(place: &Place, tree: &sled::Tree, key: &[u8]) -> Result<Option<LogId>> {
    tree.get(index_key(key))
        .map_err(|e| place.error("reading a key", &e))?
        .map(|id| id_of(place, &id))
        .transpose()
}

fn id_of(place: &Place, bytes: &[u8]) -> Result<LogId> {
    id_from_bytes(bytes).ok_or_else(|| place.corrupted("an entry of the index has a wrong length"))
}

pub(crate) fn entry(place: &Place, tree: &sled::Tree, id: LogId) -> Result<Entry> {
    let mut bytes = Vec::new();
    for chunk in tree.scan_prefix(log_key(id)).values() {
        bytes.extend_from_slice(&chunk.map_err(|e| place.error("reading an entry", &e))?);
    }
    whole(place, id, &bytes)
}

fn whole(place: &Place, id: LogId, bytes: &[u8]) -> Result<Entry> {
    Entry::from_bytes(id, bytes).ok_or_else(|| {
        place.corrupted(format!(
            "an entry of revision {} is missing or not what was written",
            id.revision()
        ))
    })
}

/// The entries from one on, in order.
pub(crate) fn log<'t>(
    place: &'t Place,
    tree: &'t sled::Tree,
    from: LogId,
) -> impl Iterator<Item = Result<Entry>> + 't {
    let mut chunks = tree.range(log_key(from)..LOG_END.to_vec()).peekable();
    std::iter::from_fn(move || {
        let mut found: Option<(LogId, Vec<u8>)> = None;
        loop {
            let next = chunks.next_if(|chunk| match (chunk, &found) {
                (Ok((key, _)), Some((id, _))) => from_chunk_key(key) == Some(*id),
                _ => true,
            });
            match (next, &mut found) {
                (None, None) => return None,
                (None, Some((id, bytes))) => return Some(whole(place, *id, bytes)),
                (Some(Err(e)), _) => return Some(Err(place.error("reading history", &e))),
                (Some(Ok((_, chunk))), Some((_, bytes))) => bytes.extend_from_slice(&chunk),
                (Some(Ok((key, chunk))), None) => {
                    let id = from_chunk_key(&key).unwrap_or(LogId::NONE);
                    found = Some((id, chunk.to_vec()));
                }
            }
        }
    })
}

/// What has to be undone to see the state at a revision.
fn undo(place: &Place, tree: &sled::Tree, revision: Revision) -> Result<Undo> {
    let mut undo = Undo::default();
    for entry in log(place, tree, LogId::first_of(revision + 1)) {
        let entry = entry?;
        undo.add(entry.key, entry.previous);
    }
    Ok(undo)
}

pub(crate) fn index<'t>(
    place: &'t Place,
    tree: &'t sled::Tree,
    request: &RangeRequest,
) -> impl Iterator<Item = Result<(Bytes, LogId)>> + 't {
    let start = index_key(&request.start);
    let end = match &request.end {
        Some(end) => index_key(end),
        None => INDEX_END.to_vec(),
    };
    // sled panics on a range that ends before it starts.
    let end = end.max(start.clone());
    tree.range(start..end).map(move |found| {
        let (key, id) = found.map_err(|e| place.error("reading a range", &e))?;
        Ok((from_index_key(&key).unwrap_or_default(), id_of(place, &id)?))
    })
}

pub(crate) fn range(
    place: &Place,
    tree: &sled::Tree,
    durable: Revision,
    request: &RangeRequest,
) -> Result<RangePage> {
    let compacted = meta(place, tree)?.compacted;
    let revision = readable(request.revision, compacted, durable)?;
    let undo = undo(place, tree, revision)?;
    undo.page(request, revision, index(place, tree, request), |id| {
        entry(place, tree, id)?
            .into_key_value()
            .ok_or_else(|| place.corrupted(format!("revision {} lost a value", id.revision())))
    })
}

pub(crate) fn changes(
    place: &Place,
    tree: &sled::Tree,
    durable: Revision,
    after: Revision,
    limit: usize,
) -> Result<ChangePage> {
    readable(Some(after), meta(place, tree)?.compacted, durable)?;
    let mut page = ChangePage {
        changes: Vec::new(),
        through: durable,
        current: durable,
    };
    let mut last = after;
    for entry in log(place, tree, LogId::first_of(after + 1)) {
        let entry = entry?;
        let revision = entry.id.revision();
        if revision > durable {
            break;
        }
        if revision != last && !page.changes.is_empty() && page.changes.len() >= limit {
            page.through = last;
            break;
        }
        last = revision;
        page.changes.push(Change {
            revision,
            key: entry.key.clone(),
            current: entry.into_key_value(),
        });
    }
    Ok(page)
}
