//! Commits and compaction: everything that writes.

use std::{
    collections::HashMap,
    sync::{PoisonError, atomic::Ordering},
};

use tiphys_storage::{Bytes, Op, Result, Revision, StoreError, Txn, TxnOutcome, history::LogId};

use crate::{
    Meta, Place, SledStore, Writer,
    entry::{Entry, META, chunk_key, id_to_bytes, index_key},
    files, lock, read,
};

/// Room that has to be left on the disk beside a batch: sled writes whole segments, and does not survive a full disk.
const ROOM: u64 = 8 * 1024 * 1024;
/// How many revisions are compacted in one step, between which commits get their turn.
const COMPACT_STEP: Revision = 256;
/// How much larger than its values a batch may become on disk, at the most.
const ROOM_FACTOR: u64 = 4;

impl SledStore {
    pub(crate) fn try_commit(&self, batch: Vec<Txn>) -> Result<Vec<Result<TxnOutcome>>> {
        let mut writer = lock(&self.writer);
        writer.usable(&self.place)?;
        let bytes: usize = batch.iter().map(Txn::size).sum();
        self.check_room(bytes as u64)?;
        let tree = self.tree.as_ref().ok_or(StoreError::Closed)?;
        let mut group = Group {
            place: &self.place,
            tree,
            meta: writer.meta,
            lives: HashMap::new(),
            batch: sled::Batch::default(),
        };
        let mut results = Vec::with_capacity(batch.len());
        for txn in batch {
            results.push(match txn.check() {
                Ok(()) => Ok(group.carry_out(txn)?),
                Err(refused) => Err(refused),
            });
        }
        let Group { meta, batch, .. } = group;
        if meta.revision > writer.meta.revision {
            self.apply(&mut writer, tree, meta, batch)?;
            self.make_durable(&mut writer, tree)?;
        }
        Ok(results)
    }

    fn check_room(&self, bytes: u64) -> Result<()> {
        let free = fs2::available_space(&self.place.store)
            .map_err(|e| StoreError::from_io(&self.place.store, "asking for free space", e))?;
        let needed = ROOM + bytes * ROOM_FACTOR;
        if free < needed {
            return Err(StoreError::DiskFull {
                path: self.place.store.clone(),
                detail: format!("{free} bytes are free, and sled needs {needed} to write safely"),
            });
        }
        Ok(())
    }

    /// Changes the database in memory. What was applied and does not become durable stays unseen, and ends the writing.
    fn apply(
        &self,
        writer: &mut Writer,
        tree: &sled::Tree,
        mut meta: Meta,
        mut batch: sled::Batch,
    ) -> Result<()> {
        meta.compacted = meta.compacted.max(writer.meta.compacted);
        batch.insert(META, &meta.to_bytes()[..]);
        let _gate = self.gate.write().unwrap_or_else(PoisonError::into_inner);
        let applied = self.place.no_panic("writing", || {
            tree.apply_batch(batch)
                .map_err(|e| self.place.error("writing", &e))
        });
        match applied {
            Ok(()) => {
                writer.meta = meta;
                self.compacted.store(meta.compacted, Ordering::Release);
                Ok(())
            }
            Err(error) => Err(writer.fail(error)),
        }
    }

    fn make_durable(&self, writer: &mut Writer, tree: &sled::Tree) -> Result<()> {
        let synced = self.place.no_panic("committing", || {
            tree.flush()
                .map_err(|e| self.place.error("committing", &e))?;
            files::sync(&self.place, &self.file)
        });
        if let Err(error) = synced {
            return Err(writer.fail(error));
        }
        let revision = writer.meta.revision;
        if let Err(error) = self.progress.note(revision) {
            // The commit is durable; only the next start would know less about it.
            tracing::warn!(%error, "the progress file was not written");
        }
        self.durable.store(revision, Ordering::Release);
        Ok(())
    }

    /// Forgets some of the history up to and including `revision`, and answers whether there is more to forget. Becomes
    /// durable with the next commit.
    pub(crate) fn compact_step(&self, revision: Revision) -> Result<bool> {
        let mut writer = lock(&self.writer);
        writer.usable(&self.place)?;
        let from = writer.meta.compacted;
        if from >= revision {
            return Ok(false);
        }
        let to = revision.min(from + COMPACT_STEP);
        let tree = self.tree.as_ref().ok_or(StoreError::Closed)?;
        let mut batch = sled::Batch::default();
        let mut forget = |entry: &Entry| {
            for number in 0..entry.chunk_count() {
                batch.remove(chunk_key(entry.id, number));
            }
        };
        for entry in read::log(&self.place, tree, LogId::first_of(from + 1)) {
            let entry = entry?;
            if entry.id.revision() > to {
                break;
            }
            if entry.previous != LogId::NONE {
                forget(&read::entry(&self.place, tree, entry.previous)?);
            }
            if entry.version == 0 {
                forget(&entry);
            }
        }
        let meta = Meta {
            compacted: to,
            ..writer.meta
        };
        self.apply(&mut writer, tree, meta, batch)?;
        Ok(true)
    }
}

impl Writer {
    fn usable(&self, place: &Place) -> Result<()> {
        match &self.failed {
            None => Ok(()),
            Some(detail) => Err(StoreError::Failed {
                path: place.store.clone(),
                detail: detail.clone(),
            }),
        }
    }

    fn fail(&mut self, error: StoreError) -> StoreError {
        self.failed = Some(error.to_string());
        error
    }
}

/// Transactions on their way into one batch. Later ones see what earlier ones will have written.
struct Group<'s> {
    place: &'s Place,
    tree: &'s sled::Tree,
    meta: Meta,
    lives: HashMap<Bytes, Option<Life>>,
    batch: sled::Batch,
}

/// What a write has to know about the key it writes.
#[derive(Clone, Copy)]
struct Life {
    newest: LogId,
    created: Revision,
    version: u64,
}

impl Group<'_> {
    fn carry_out(&mut self, txn: Txn) -> Result<TxnOutcome> {
        for compare in txn.compares {
            let current = self
                .life(&compare.key)?
                .map_or(0, |life| life.newest.revision());
            if current != compare.mod_revision {
                return Ok(TxnOutcome::Conflict {
                    key: compare.key,
                    current,
                });
            }
        }
        let next = self.meta.revision + 1;
        let mut number = 0;
        for op in txn.ops {
            let (key, value) = match op {
                Op::Put { key, value } => (key, Some(value)),
                Op::Delete { key } => (key, None),
            };
            if self.write(LogId::new(next, number), key, value)? {
                number += 1;
            }
        }
        if number > 0 {
            self.meta.revision = next;
        }
        Ok(TxnOutcome::Committed(self.meta.revision))
    }

    /// Adds one entry to the batch. Answers whether there was anything to write.
    fn write(&mut self, id: LogId, key: Bytes, value: Option<Bytes>) -> Result<bool> {
        let before = self.life(&key)?;
        let life = match (&value, before) {
            (None, None) => return Ok(false),
            (None, Some(_)) => None,
            (Some(_), None) => Some(Life {
                newest: id,
                created: id.revision(),
                version: 1,
            }),
            (Some(_), Some(before)) => Some(Life {
                newest: id,
                created: before.created,
                version: before.version + 1,
            }),
        };
        let entry = Entry {
            id,
            key: key.clone(),
            previous: before.map_or(LogId::NONE, |before| before.newest),
            created: life.or(before).map_or(0, |life| life.created),
            version: life.map_or(0, |life| life.version),
            value: value.unwrap_or_default(),
        };
        for (chunk_key, chunk) in entry.chunks() {
            self.batch.insert(chunk_key, chunk);
        }
        match life {
            Some(_) => self.batch.insert(index_key(&key), &id_to_bytes(id)[..]),
            None => self.batch.remove(index_key(&key)),
        }
        match (before, life) {
            (None, Some(_)) => self.meta.keys += 1,
            (Some(_), None) => self.meta.keys -= 1,
            _ => {}
        }
        self.lives.insert(key, life);
        Ok(true)
    }

    fn life(&self, key: &Bytes) -> Result<Option<Life>> {
        if let Some(life) = self.lives.get(key) {
            return Ok(*life);
        }
        let Some(newest) = read::newest_id(self.place, self.tree, key)? else {
            return Ok(None);
        };
        let entry = read::entry(self.place, self.tree, newest)?;
        Ok(Some(Life {
            newest,
            created: entry.created,
            version: entry.version,
        }))
    }
}
