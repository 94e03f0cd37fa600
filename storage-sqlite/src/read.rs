//! Reads. Each function expects to run inside one read transaction.

use rusqlite::{Connection, OptionalExtension, params};
use tiphys_storage::{
    Bytes, Change, ChangePage, KeyValue, RangePage, RangeRequest, Result, Revision,
    history::{LogId, Undo, readable},
};

use crate::{
    Place, from_sql, id_from_sql, id_to_sql,
    row::{COLUMNS, Entry},
};

pub(crate) fn compacted(place: &Place, connection: &Connection) -> Result<Revision> {
    connection
        .prepare_cached("SELECT value FROM meta WHERE name = 'compacted'")
        .and_then(|mut select| select.query_row([], |row| row.get(0)))
        .map(from_sql)
        .map_err(|e| place.error("reading the last compaction", &e))
}

/// The newest revision: of the last entry of the log, unless a compaction has removed that.
pub(crate) fn newest(place: &Place, connection: &Connection) -> Result<Revision> {
    let last: Option<i64> = connection
        .prepare_cached("SELECT max(id) FROM log")
        .and_then(|mut select| select.query_row([], |row| row.get(0)))
        .map_err(|e| place.error("reading the newest revision", &e))?;
    let last = last.map_or(0, |id| id_from_sql(id).revision());
    Ok(last.max(compacted(place, connection)?))
}

pub(crate) fn get(place: &Place, connection: &Connection, key: &[u8]) -> Result<Option<KeyValue>> {
    match newest_id(place, connection, key)? {
        Some(id) => entry(place, connection, id).map(Entry::into_key_value),
        None => Ok(None),
    }
}

pub(crate) fn newest_id(
    place: &Place,
    connection: &Connection,
    key: &[u8],
) -> Result<Option<LogId>> {
    connection
        .prepare_cached("SELECT id FROM kv WHERE key = ?1")
        .and_then(|mut select| select.query_row([key], |row| row.get(0)).optional())
        .map(|id| id.map(id_from_sql))
        .map_err(|e| place.error("reading a key", &e))
}

pub(crate) fn entry(place: &Place, connection: &Connection, id: LogId) -> Result<Entry> {
    let error = |e: rusqlite::Error| place.error("reading an entry", &e);
    let mut select = connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM log WHERE id = ?1"))
        .map_err(error)?;
    let mut rows = select.query([id_to_sql(id)]).map_err(error)?;
    match rows.next().map_err(error)? {
        Some(row) => Entry::read(place, row),
        None => Err(place.corrupted(format!("an entry of revision {} is missing", id.revision()))),
    }
}

pub(crate) fn range(
    place: &Place,
    connection: &Connection,
    request: &RangeRequest,
) -> Result<RangePage> {
    let current = newest(place, connection)?;
    let revision = readable(request.revision, compacted(place, connection)?, current)?;
    let undo = undo(place, connection, revision)?;
    let error = |e: rusqlite::Error| place.error("reading a range", &e);
    let (sql, end) = match &request.end {
        Some(end) => (
            "SELECT key, id FROM kv WHERE key >= ?1 AND key < ?2 ORDER BY key",
            end.as_ref(),
        ),
        None => (
            "SELECT key, id FROM kv WHERE key >= ?1 AND ?2 = x'' ORDER BY key",
            &[][..],
        ),
    };
    let mut select = connection.prepare_cached(sql).map_err(error)?;
    let newest = select
        .query_map(params![request.start.as_ref(), end], |row| {
            let key = Bytes::copy_from_slice(row.get_ref(0)?.as_blob()?);
            Ok((key, id_from_sql(row.get(1)?)))
        })
        .map_err(error)?
        .map(|found| found.map_err(error));
    undo.page(request, revision, newest, |id| {
        entry(place, connection, id)?
            .into_key_value()
            .ok_or_else(|| place.corrupted(format!("revision {} lost a value", id.revision())))
    })
}

/// What has to be undone to see the state at a revision.
fn undo(place: &Place, connection: &Connection, revision: Revision) -> Result<Undo> {
    let error = |e: rusqlite::Error| place.error("reading history", &e);
    let mut undo = Undo::default();
    let mut select = connection
        .prepare_cached("SELECT key, previous FROM log WHERE id >= ?1 ORDER BY id")
        .map_err(error)?;
    let mut rows = select
        .query([id_to_sql(LogId::first_of(revision + 1))])
        .map_err(error)?;
    while let Some(row) = rows.next().map_err(error)? {
        let key = row
            .get_ref(0)
            .and_then(|key| key.as_blob().map_err(Into::into))
            .map_err(error)?;
        let previous = row.get(1).map_err(error)?;
        undo.add(Bytes::copy_from_slice(key), id_from_sql(previous));
    }
    Ok(undo)
}

pub(crate) fn changes(
    place: &Place,
    connection: &Connection,
    after: Revision,
    limit: usize,
) -> Result<ChangePage> {
    let error = |e: rusqlite::Error| place.error("reading changes", &e);
    let current = newest(place, connection)?;
    readable(Some(after), compacted(place, connection)?, current)?;
    let mut page = ChangePage {
        changes: Vec::new(),
        through: current,
        current,
    };
    let mut select = connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM log WHERE id >= ?1 ORDER BY id"
        ))
        .map_err(error)?;
    let mut rows = select
        .query([id_to_sql(LogId::first_of(after + 1))])
        .map_err(error)?;
    let mut last = after;
    while let Some(row) = rows.next().map_err(error)? {
        let entry = Entry::read(place, row)?;
        let revision = entry.id.revision();
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
