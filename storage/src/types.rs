//! The nouns of the store: revisions, keys with values, transactions, ranges and changes.

use bytes::Bytes;

use crate::error::{Result, StoreError};

/// A point in the store's history. An empty store is at revision 0; every committed transaction that changes something
/// makes the next revision, without gaps. What etcd calls the store revision.
pub type Revision = u64;

/// The most compares, and the most operations, of one transaction (etcd's default `--max-txn-ops`).
pub const MAX_TXN_OPS: usize = 128;

/// The most bytes of keys and values in one transaction (etcd's default `--max-request-bytes`, 1.5 MiB).
pub const MAX_TXN_BYTES: usize = 3 * 512 * 1024;

/// A stored key with its value, as it was at some revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyValue {
    pub key: Bytes,
    pub value: Bytes,
    /// The revision that created the key (again, if it had been deleted).
    pub create_revision: Revision,
    /// The revision of the last write to the key.
    pub mod_revision: Revision,
    /// How often the key was written since it was created; 1 right after the creation.
    pub version: u64,
}

/// A condition of a transaction: the key was last written at exactly this revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compare {
    pub key: Bytes,
    /// The expected revision of the last write; 0 means that the key must not exist.
    pub mod_revision: Revision,
}

/// One write of a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Op {
    Put {
        key: Bytes,
        value: Bytes,
    },
    /// Deleting a key that does not exist changes nothing and is not an error.
    Delete {
        key: Bytes,
    },
}

impl Op {
    pub fn key(&self) -> &Bytes {
        match self {
            Op::Put { key, .. } | Op::Delete { key } => key,
        }
    }
}

/// Conditions and writes that happen all together or not at all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Txn {
    pub compares: Vec<Compare>,
    pub ops: Vec<Op>,
}

impl Txn {
    pub fn new() -> Self {
        Txn::default()
    }

    /// Adds the condition that `key` was last written at `mod_revision` (0: does not exist).
    #[must_use]
    pub fn when(mut self, key: impl Into<Bytes>, mod_revision: Revision) -> Self {
        self.compares.push(Compare {
            key: key.into(),
            mod_revision,
        });
        self
    }

    #[must_use]
    pub fn put(mut self, key: impl Into<Bytes>, value: impl Into<Bytes>) -> Self {
        self.ops.push(Op::Put {
            key: key.into(),
            value: value.into(),
        });
        self
    }

    #[must_use]
    pub fn delete(mut self, key: impl Into<Bytes>) -> Self {
        self.ops.push(Op::Delete { key: key.into() });
        self
    }

    /// The bytes of all keys and values, which [`MAX_TXN_BYTES`] limits.
    pub fn size(&self) -> usize {
        let compares: usize = self.compares.iter().map(|c| c.key.len()).sum();
        let ops: usize = self
            .ops
            .iter()
            .map(|op| match op {
                Op::Put { key, value } => key.len() + value.len(),
                Op::Delete { key } => key.len(),
            })
            .sum();
        compares + ops
    }

    /// Refuses what no backend may accept, because etcd would not: too many operations, too many bytes, an empty key, or
    /// two writes of one key.
    ///
    /// # Errors
    /// [`StoreError::TooManyOperations`], [`StoreError::TooLarge`], [`StoreError::EmptyKey`] or [`StoreError::DuplicateKey`].
    pub fn check(&self) -> Result<()> {
        let operations = self.ops.len().max(self.compares.len());
        if operations > MAX_TXN_OPS {
            return Err(StoreError::TooManyOperations {
                count: operations,
                limit: MAX_TXN_OPS,
            });
        }
        let bytes = self.size();
        if bytes > MAX_TXN_BYTES {
            return Err(StoreError::TooLarge {
                bytes,
                limit: MAX_TXN_BYTES,
            });
        }
        let mut written = std::collections::HashSet::with_capacity(self.ops.len());
        for op in &self.ops {
            if op.key().is_empty() {
                return Err(StoreError::EmptyKey);
            }
            if !written.insert(op.key()) {
                return Err(StoreError::DuplicateKey {
                    key: op.key().clone(),
                });
            }
        }
        if self.compares.iter().any(|c| c.key.is_empty()) {
            return Err(StoreError::EmptyKey);
        }
        Ok(())
    }
}

/// What became of a transaction that was carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TxnOutcome {
    /// Every compare held and every write is durable, at this revision. A transaction that changed nothing (no
    /// operations, or only deletes of absent keys) made no revision and answers the current one.
    Committed(Revision),
    /// A compare failed and nothing was written. `current` is the key's last write now, 0 if it does not exist.
    Conflict { key: Bytes, current: Revision },
}

/// Which keys to read: `start <= key < end`, in byte order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RangeRequest {
    pub start: Bytes,
    /// Exclusive; `None` reads to the last key.
    pub end: Option<Bytes>,
    /// The most keys of one page; 0 means no limit.
    pub limit: usize,
    /// Reads the keys as they were at this revision; `None` reads the newest.
    pub revision: Option<Revision>,
}

impl RangeRequest {
    /// Every key.
    pub fn all() -> Self {
        RangeRequest::default()
    }

    /// Every key that begins with `prefix`.
    pub fn prefix(prefix: impl Into<Bytes>) -> Self {
        let start: Bytes = prefix.into();
        RangeRequest {
            end: prefix_end(&start),
            start,
            ..RangeRequest::default()
        }
    }

    #[must_use]
    pub fn limit(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }

    #[must_use]
    pub fn at(mut self, revision: Revision) -> Self {
        self.revision = Some(revision);
        self
    }

    /// Whether the range holds this key.
    pub fn contains(&self, key: &[u8]) -> bool {
        key >= self.start.as_ref() && self.end.as_ref().is_none_or(|end| key < end.as_ref())
    }

    /// The request for the page after `page`, at the first page's revision; `None` after the last page.
    pub fn following(&self, page: &RangePage) -> Option<RangeRequest> {
        let last = page.kvs.last().filter(|_| page.more)?;
        let mut start = Vec::with_capacity(last.key.len() + 1);
        start.extend_from_slice(&last.key);
        start.push(0);
        Some(RangeRequest {
            start: start.into(),
            end: self.end.clone(),
            limit: self.limit,
            revision: Some(page.revision),
        })
    }
}

/// The keys of a range, or the first `limit` of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RangePage {
    /// The revision the page was read at: the one asked for, else the newest at that moment.
    pub revision: Revision,
    pub kvs: Vec<KeyValue>,
    /// Whether the range goes on after the last key of this page.
    pub more: bool,
}

/// One write in the store's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub revision: Revision,
    pub key: Bytes,
    /// What the key holds from this revision on; `None` when it was deleted.
    pub current: Option<KeyValue>,
}

/// Consecutive changes, whole revisions only, in order of revision and, within one, of the transaction's operations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangePage {
    pub changes: Vec<Change>,
    /// Everything up to and including this revision has been told: ask for the changes after it next.
    pub through: Revision,
    /// The newest revision of the store when the page was read. The page is the last for now if `through` equals it.
    pub current: Revision,
}

/// The first key after every key that begins with `prefix`; `None` if there is none (an empty prefix, or all 0xff).
pub fn prefix_end(prefix: &[u8]) -> Option<Bytes> {
    let last = prefix.iter().rposition(|byte| *byte != 0xff)?;
    let mut end = prefix[..=last].to_vec();
    end[last] += 1;
    Some(end.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_prefix_is_the_next_key_that_does_not_have_it() {
        let check = |prefix: &[u8], end: Option<&[u8]>| {
            assert_eq!(prefix_end(prefix).as_deref(), end, "{prefix:?}");
        };
        check(b"/a/", Some(b"/a0"));
        check(b"a\xff", Some(b"b"));
        check(b"\xff\xff", None);
        check(b"", None);
    }

    #[test]
    fn a_transaction_beyond_the_limits_of_etcd_is_refused() {
        let many = (0..=MAX_TXN_OPS).fold(Txn::new(), |txn, n| txn.put(format!("k{n}"), "v"));
        assert!(matches!(
            many.check(),
            Err(StoreError::TooManyOperations {
                count: 129,
                limit: 128
            })
        ));
        let large = Txn::new().put("k", vec![0; MAX_TXN_BYTES]);
        assert!(matches!(large.check(), Err(StoreError::TooLarge { .. })));
        let largest = Txn::new().put("k", vec![0; MAX_TXN_BYTES - 1]);
        assert!(largest.check().is_ok());
        let twice = Txn::new().put("k", "1").delete("k");
        assert!(matches!(
            twice.check(),
            Err(StoreError::DuplicateKey { .. })
        ));
        assert!(matches!(
            Txn::new().put("", "v").check(),
            Err(StoreError::EmptyKey)
        ));
    }
}
