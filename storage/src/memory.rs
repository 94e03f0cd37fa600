//! The store in memory: for unit tests, and the plainest reading of the contract. Nothing of it survives the process.

use std::{
    collections::BTreeMap,
    ops::Bound,
    sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use bytes::Bytes;

use crate::{
    error::{Result, StoreError},
    store::Store,
    types::{Change, ChangePage, KeyValue, Op, RangePage, RangeRequest, Revision, Txn, TxnOutcome},
};

/// A [`Store`] that keeps every version of every key in two maps.
#[derive(Debug, Default)]
pub struct MemoryStore {
    state: RwLock<State>,
}

#[derive(Debug, Default)]
struct State {
    revision: Revision,
    compacted: Revision,
    /// Every key with its versions, oldest first.
    versions: BTreeMap<Bytes, Vec<Version>>,
    /// The keys written by each revision, in the order of the operations.
    log: BTreeMap<Revision, Vec<Bytes>>,
}

#[derive(Debug)]
struct Version {
    revision: Revision,
    /// `None` is a deletion.
    current: Option<KeyValue>,
}

impl MemoryStore {
    pub fn new() -> Self {
        MemoryStore::default()
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn current(&self, key: &[u8]) -> Option<&KeyValue> {
        self.versions.get(key)?.last()?.current.as_ref()
    }

    fn commit(&mut self, txn: Txn) -> Result<TxnOutcome> {
        txn.check()?;
        for compare in &txn.compares {
            let current = self.current(&compare.key).map_or(0, |kv| kv.mod_revision);
            if current != compare.mod_revision {
                return Ok(TxnOutcome::Conflict {
                    key: compare.key.clone(),
                    current,
                });
            }
        }
        let revision = self.revision + 1;
        let mut written = Vec::with_capacity(txn.ops.len());
        for op in txn.ops {
            let (key, value) = match op {
                Op::Put { key, value } => (key, Some(value)),
                Op::Delete { key } => (key, None),
            };
            let previous = self.current(&key);
            if value.is_none() && previous.is_none() {
                continue;
            }
            let current = value.map(|value| KeyValue {
                key: key.clone(),
                value,
                create_revision: previous.map_or(revision, |kv| kv.create_revision),
                mod_revision: revision,
                version: previous.map_or(1, |kv| kv.version + 1),
            });
            self.versions
                .entry(key.clone())
                .or_default()
                .push(Version { revision, current });
            written.push(key);
        }
        if !written.is_empty() {
            self.revision = revision;
            self.log.insert(revision, written);
        }
        Ok(TxnOutcome::Committed(self.revision))
    }

    fn at(&self, versions: &[Version], revision: Revision) -> Option<KeyValue> {
        let newer = versions.partition_point(|version| version.revision <= revision);
        versions[..newer].last()?.current.clone()
    }
}

impl Store for MemoryStore {
    fn get(&self, key: &[u8]) -> Result<Option<KeyValue>> {
        Ok(self.read().current(key).cloned())
    }

    fn gets_at_once(&self) -> bool {
        true
    }

    fn range(&self, request: &RangeRequest) -> Result<RangePage> {
        let state = self.read();
        let revision = request.revision.unwrap_or(state.revision);
        if revision > state.revision {
            return Err(StoreError::FutureRevision {
                requested: revision,
                current: state.revision,
            });
        }
        if revision < state.compacted {
            return Err(StoreError::Compacted {
                requested: revision,
                compacted: state.compacted,
            });
        }
        let mut page = RangePage {
            revision,
            kvs: Vec::new(),
            more: false,
        };
        let from = Bound::Included(request.start.clone());
        for (key, versions) in state.versions.range((from, Bound::Unbounded)) {
            if !request.contains(key) {
                break;
            }
            let Some(kv) = state.at(versions, revision) else {
                continue;
            };
            if request.limit > 0 && page.kvs.len() == request.limit {
                page.more = true;
                break;
            }
            page.kvs.push(kv);
        }
        Ok(page)
    }

    fn commit(&self, batch: Vec<Txn>) -> Vec<Result<TxnOutcome>> {
        let mut state = self.write();
        batch.into_iter().map(|txn| state.commit(txn)).collect()
    }

    fn changes(&self, after: Revision, limit: usize) -> Result<ChangePage> {
        let state = self.read();
        if after > state.revision {
            return Err(StoreError::FutureRevision {
                requested: after,
                current: state.revision,
            });
        }
        if after < state.compacted {
            return Err(StoreError::Compacted {
                requested: after,
                compacted: state.compacted,
            });
        }
        let mut page = ChangePage {
            changes: Vec::new(),
            through: state.revision,
            current: state.revision,
        };
        for (&revision, keys) in state.log.range(after + 1..) {
            if !page.changes.is_empty() && page.changes.len() >= limit {
                page.through = revision - 1;
                break;
            }
            page.changes.extend(keys.iter().map(|key| {
                Change {
                    revision,
                    key: key.clone(),
                    current: state
                        .versions
                        .get(key)
                        .and_then(|versions| state.at(versions, revision)),
                }
            }));
        }
        Ok(page)
    }

    fn compact(&self, revision: Revision) -> Result<()> {
        let mut state = self.write();
        if revision > state.revision {
            return Err(StoreError::FutureRevision {
                requested: revision,
                current: state.revision,
            });
        }
        if revision <= state.compacted {
            return Ok(());
        }
        state.compacted = revision;
        state.log = state.log.split_off(&(revision + 1));
        state.versions.retain(|_, versions| {
            let newer = versions.partition_point(|version| version.revision <= revision);
            versions.drain(..newer.saturating_sub(1));
            let gone = versions
                .first()
                .is_some_and(|first| first.revision <= revision && first.current.is_none());
            if gone {
                versions.remove(0);
            }
            !versions.is_empty()
        });
        Ok(())
    }

    fn revision(&self) -> Result<Revision> {
        Ok(self.read().revision)
    }

    fn compacted(&self) -> Result<Revision> {
        Ok(self.read().compacted)
    }
}
