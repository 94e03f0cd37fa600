//! Commits and compaction: everything that writes.

use rusqlite::{Connection, Transaction, TransactionBehavior, ffi, params};
use tiphys_storage::{
    Bytes, Op, Result, Revision, StoreError, Txn, TxnOutcome, directory::ProgressFile,
    history::LogId,
};

use crate::{Place, Writer, id_to_sql, read, row::Entry, to_sql};

impl Writer {
    /// One SQLite transaction for the whole batch. A transaction of ours compares before it writes, so one that
    /// conflicts has written nothing and needs no savepoint.
    pub(crate) fn commit(
        &mut self,
        place: &Place,
        progress: &ProgressFile,
        batch: Vec<Txn>,
    ) -> Vec<Result<TxnOutcome>> {
        let count = batch.len();
        match self.try_commit(place, progress, batch) {
            Ok(results) => results,
            Err(error) => vec![Err(error); count],
        }
    }

    fn try_commit(
        &mut self,
        place: &Place,
        progress: &ProgressFile,
        batch: Vec<Txn>,
    ) -> Result<Vec<Result<TxnOutcome>>> {
        let mut revision = self.revision;
        let results = self.transaction(place, |sql| {
            let mut results = Vec::with_capacity(batch.len());
            for txn in batch {
                results.push(match txn.check() {
                    Ok(()) => Ok(carry_out(place, sql, &mut revision, txn)?),
                    Err(refused) => Err(refused),
                });
            }
            Ok(results)
        })?;
        if revision > self.revision {
            self.revision = revision;
            if let Err(error) = progress.note(revision) {
                // The commit is durable; only the next start would know less about it.
                tracing::warn!(%error, "the progress file was not written");
            }
        }
        Ok(results)
    }

    /// Forgets the history of the revisions after `from` up to and including `to`.
    pub(crate) fn compact(&mut self, place: &Place, from: Revision, to: Revision) -> Result<()> {
        let error = |e: rusqlite::Error| place.error("compacting history", &e);
        let first = id_to_sql(LogId::first_of(from + 1));
        let end = id_to_sql(LogId::first_of(to + 1));
        self.transaction(place, |sql| {
            sql.prepare_cached(
                "DELETE FROM log WHERE id IN
                 (SELECT previous FROM log WHERE id >= ?1 AND id < ?2 AND previous > 0)",
            )
            .and_then(|mut delete| delete.execute([first, end]))
            .map_err(error)?;
            sql.prepare_cached("DELETE FROM log WHERE id >= ?1 AND id < ?2 AND version = 0")
                .and_then(|mut delete| delete.execute([first, end]))
                .map_err(error)?;
            sql.prepare_cached("UPDATE meta SET value = ?1 WHERE name = 'compacted'")
                .and_then(|mut update| update.execute([to_sql(to)]))
                .map_err(error)?;
            Ok(())
        })
    }

    fn transaction<T>(
        &mut self,
        place: &Place,
        write: impl FnOnce(&Transaction<'_>) -> Result<T>,
    ) -> Result<T> {
        let path = place.directory();
        if let Some(detail) = self.failed.clone() {
            return Err(StoreError::Failed { path, detail });
        }
        let connection = self.connection.as_mut().ok_or(StoreError::Closed)?;
        let sql = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(|e| place.error("starting a commit", &e))?;
        let answer = write(&sql)?;
        if let Err(error) = sql.commit() {
            // After a failed sync nobody knows what is on disk: going on could acknowledge on top of a hole.
            let unknown = error
                .sqlite_error()
                .is_some_and(|e| e.extended_code == ffi::SQLITE_IOERR_FSYNC);
            if unknown || !connection.is_autocommit() {
                self.failed = Some(error.to_string());
            }
            return Err(place.error("committing", &error));
        }
        Ok(answer)
    }
}

fn carry_out(
    place: &Place,
    sql: &Connection,
    revision: &mut Revision,
    txn: Txn,
) -> Result<TxnOutcome> {
    for compare in txn.compares {
        let current = read::newest_id(place, sql, &compare.key)?.map_or(0, LogId::revision);
        if current != compare.mod_revision {
            return Ok(TxnOutcome::Conflict {
                key: compare.key,
                current,
            });
        }
    }
    let next = *revision + 1;
    let mut number = 0;
    for op in txn.ops {
        let (key, value) = match op {
            Op::Put { key, value } => (key, Some(value)),
            Op::Delete { key } => (key, None),
        };
        if write(place, sql, LogId::new(next, number), key, value)? {
            number += 1;
        }
    }
    if number > 0 {
        *revision = next;
    }
    Ok(TxnOutcome::Committed(*revision))
}

/// Writes one entry. Answers whether there was anything to write.
fn write(
    place: &Place,
    sql: &Connection,
    id: LogId,
    key: Bytes,
    value: Option<Bytes>,
) -> Result<bool> {
    let error = |e: rusqlite::Error| place.error("writing", &e);
    let previous = read::newest_id(place, sql, &key)?;
    if previous.is_none() && value.is_none() {
        return Ok(false);
    }
    let before = previous.map(|id| life(place, sql, id)).transpose()?;
    let deleted = value.is_none();
    let (created, version) = match before {
        Some((created, _)) if deleted => (created, 0),
        Some((created, version)) => (created, version + 1),
        None => (id.revision(), 1),
    };
    let entry = Entry {
        id,
        key,
        previous: previous.unwrap_or(LogId::NONE),
        created,
        version,
        value: value.unwrap_or_default(),
    };
    sql.prepare_cached("INSERT INTO log VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")
        .and_then(|mut insert| {
            insert.execute(params![
                id_to_sql(entry.id),
                entry.key.as_ref(),
                id_to_sql(entry.previous),
                to_sql(entry.created),
                to_sql(entry.version),
                entry.checksum(),
                entry.value.as_ref(),
            ])
        })
        .map_err(error)?;
    let index = if deleted {
        sql.prepare_cached("DELETE FROM kv WHERE key = ?1")
            .and_then(|mut delete| delete.execute([entry.key.as_ref()]))
    } else {
        sql.prepare_cached("INSERT INTO kv VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET id = ?2")
            .and_then(|mut upsert| upsert.execute(params![entry.key.as_ref(), id_to_sql(id)]))
    };
    index.map_err(error)?;
    Ok(true)
}

/// When the key of an entry was created, and how often it had been written by then.
fn life(place: &Place, sql: &Connection, id: LogId) -> Result<(Revision, u64)> {
    sql.prepare_cached("SELECT created, version FROM log WHERE id = ?1")
        .and_then(|mut select| {
            select.query_row([id_to_sql(id)], |row| Ok((row.get(0)?, row.get(1)?)))
        })
        .map(|(created, version): (i64, i64)| (crate::from_sql(created), crate::from_sql(version)))
        .map_err(|e| place.error("reading an entry", &e))
}
