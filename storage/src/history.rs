//! Reading the past from a log with back pointers: the plan that the embedded backends share.
//!
//! They keep the newest version of each key in an index `key → log id`, and every version in a log ordered by id, where each
//! entry names the entry that the same key had before (`previous`). To read the state at an older revision, the newest state is
//! taken and the writes after that revision are undone: the first write to a key after the revision says, by its back pointer,
//! which entry was the key's then. The work grows with what was written since, not with the store; and no second index is
//! kept, which every commit would have to pay for.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::{
    error::{Result, StoreError},
    types::{KeyValue, RangePage, RangeRequest, Revision},
};

/// The place of one write in history: the revision, then the number of the write within it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LogId(u64);

impl LogId {
    /// Of no write: what the back pointer says when the key did not exist.
    pub const NONE: LogId = LogId(0);

    /// `number` is below [`MAX_TXN_OPS`](crate::MAX_TXN_OPS), so it fits the low 8 bits.
    pub fn new(revision: Revision, number: usize) -> Self {
        LogId((revision << 8) | (number as u64 & 0xff))
    }

    /// The first possible write of a revision.
    pub fn first_of(revision: Revision) -> Self {
        LogId::new(revision, 0)
    }

    pub fn revision(self) -> Revision {
        self.0 >> 8
    }

    pub fn to_u64(self) -> u64 {
        self.0
    }

    pub fn from_u64(id: u64) -> Self {
        LogId(id)
    }
}

/// The keys written after a revision, each with the log entry it had at that revision.
#[derive(Debug, Default)]
pub struct Undo {
    entries: BTreeMap<Bytes, LogId>,
}

impl Undo {
    /// To be called for the writes after the revision, oldest first.
    pub fn add(&mut self, key: Bytes, previous: LogId) {
        self.entries.entry(key).or_insert(previous);
    }

    /// The entry a key had at the revision; `None` if the key was not written since.
    pub fn entry(&self, key: &[u8]) -> Option<LogId> {
        self.entries.get(key).copied()
    }

    /// Merges the newest state with what is to be undone into one page.
    ///
    /// `newest` are the keys of the range in order with their newest entries; `fetch` reads an entry.
    ///
    /// # Errors
    /// Whatever `newest` and `fetch` answer.
    pub fn page(
        self,
        request: &RangeRequest,
        revision: Revision,
        newest: impl Iterator<Item = Result<(Bytes, LogId)>>,
        mut fetch: impl FnMut(LogId) -> Result<KeyValue>,
    ) -> Result<RangePage> {
        let mut newest = newest.peekable();
        let mut undone = self
            .entries
            .into_iter()
            .filter(|(key, _)| request.contains(key))
            .peekable();
        let mut page = RangePage {
            revision,
            kvs: Vec::new(),
            more: false,
        };
        loop {
            // An error compares as the smallest, so that it is taken out and returned.
            let newest_first = match (newest.peek(), undone.peek()) {
                (None, None) => return Ok(page),
                (None, Some(_)) => false,
                (Some(_), None) | (Some(Err(_)), _) => true,
                (Some(Ok((key, _))), Some((older, _))) if key == older => {
                    newest.next();
                    continue;
                }
                (Some(Ok((key, _))), Some((older, _))) => key < older,
            };
            let next = if newest_first {
                newest.next()
            } else {
                undone.next().map(Ok)
            };
            let Some((_, id)) = next.transpose()? else {
                return Ok(page);
            };
            if id == LogId::NONE {
                continue;
            }
            if request.limit > 0 && page.kvs.len() == request.limit {
                page.more = true;
                return Ok(page);
            }
            page.kvs.push(fetch(id)?);
        }
    }
}

/// The revision that a request is to be answered for.
///
/// # Errors
/// `FutureRevision` or `Compacted`.
pub fn readable(
    requested: Option<Revision>,
    compacted: Revision,
    current: Revision,
) -> Result<Revision> {
    let Some(requested) = requested else {
        return Ok(current);
    };
    if requested > current {
        return Err(StoreError::FutureRevision { requested, current });
    }
    if requested < compacted {
        return Err(StoreError::Compacted {
            requested,
            compacted,
        });
    }
    Ok(requested)
}
