//! Typed records: values of one type as JSON under one prefix, large ones gzipped.

use std::marker::PhantomData;

use bytes::Bytes;
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    database::{Database, Watch},
    error::{Result, StoreError},
    types::{Compare, KeyValue, Op, Revision, Txn, TxnOutcome},
    value,
};

/// How often [`Collection::update`] repeats a change that others keep overtaking, before it answers `Conflict`.
const UPDATE_ATTEMPTS: usize = 64;

/// The records of type `T` whose keys are `prefix` followed by an id, such as `/applications/argocd/guestbook`.
pub struct Collection<T> {
    database: Database,
    prefix: Bytes,
    record: PhantomData<fn() -> T>,
}

impl<T> Clone for Collection<T> {
    fn clone(&self) -> Self {
        Collection {
            database: self.database.clone(),
            prefix: self.prefix.clone(),
            record: PhantomData,
        }
    }
}

impl<T> std::fmt::Debug for Collection<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Collection").field(&self.prefix).finish()
    }
}

/// A record with its place in the store's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored<T> {
    pub value: T,
    pub key: Bytes,
    pub create_revision: Revision,
    /// The revision of the last write: what an update is compared with, and what clients see as `resourceVersion`.
    pub mod_revision: Revision,
    pub version: u64,
}

/// Records read at one revision, in the order of their keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing<T> {
    /// Watch from here to hear of everything that is not in the list.
    pub revision: Revision,
    pub items: Vec<Stored<T>>,
}

impl<T: Serialize + DeserializeOwned> Collection<T> {
    /// `prefix` ends with `/`, or the collection would also hold its neighbours' keys.
    pub fn new(database: Database, prefix: &str) -> Self {
        Collection {
            database,
            prefix: Bytes::copy_from_slice(prefix.as_bytes()),
            record: PhantomData,
        }
    }

    pub fn database(&self) -> &Database {
        &self.database
    }

    pub fn prefix(&self) -> &Bytes {
        &self.prefix
    }

    /// The store's key of a record.
    pub fn key(&self, id: &str) -> Bytes {
        [self.prefix.as_ref(), id.as_bytes()].concat().into()
    }

    /// The id in a store's key; `None` if the key is of another collection or not UTF-8.
    pub fn id<'k>(&self, key: &'k [u8]) -> Option<&'k str> {
        std::str::from_utf8(key.strip_prefix(self.prefix.as_ref())?).ok()
    }

    /// # Errors
    /// `Decode` if the stored bytes are no `T`; what the store answers.
    pub async fn get(&self, id: &str) -> Result<Option<Stored<T>>> {
        let found = self.database.get(self.key(id)).await?;
        found.as_ref().map(Self::decode).transpose()
    }

    /// Every record, at one revision.
    ///
    /// # Errors
    /// `Decode`, naming the key, if one of them is no `T`; what the store answers.
    pub async fn list(&self) -> Result<Listing<T>> {
        self.list_under("").await
    }

    /// The records whose id begins with `id_prefix`, at one revision.
    ///
    /// # Errors
    /// As [`list`](Collection::list).
    pub async fn list_under(&self, id_prefix: &str) -> Result<Listing<T>> {
        let (revision, kvs) = self.database.range_all(self.key(id_prefix)).await?;
        let items = kvs.iter().map(Self::decode).collect::<Result<_>>()?;
        Ok(Listing { revision, items })
    }

    /// Writes a record that must not exist yet.
    ///
    /// # Errors
    /// `AlreadyExists`; what the store answers.
    pub async fn create(&self, id: &str, value: &T) -> Result<Revision> {
        match self.replace(id, value, 0).await {
            Err(StoreError::Conflict { key, .. }) => Err(StoreError::AlreadyExists { key }),
            answer => answer,
        }
    }

    /// Writes a record, whatever is there.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn put(&self, id: &str, value: &T) -> Result<Revision> {
        let op = self.put_op(id, value)?;
        self.carry_out(Txn {
            compares: Vec::new(),
            ops: vec![op],
        })
        .await
    }

    /// Writes a record if its last write was at `mod_revision` (0: if it does not exist).
    ///
    /// # Errors
    /// `Conflict`; what the store answers.
    pub async fn replace(&self, id: &str, value: &T, mod_revision: Revision) -> Result<Revision> {
        let op = self.put_op(id, value)?;
        self.carry_out(Txn {
            compares: vec![self.compare(id, mod_revision)],
            ops: vec![op],
        })
        .await
    }

    /// Reads a record, changes it and writes it back, again and again until nobody interferes. Nothing is written if the
    /// change changes nothing. `change` may run several times, each time on a fresh value; its error ends the update.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` if others were faster 64 times; the error of `change`; what the store answers.
    pub async fn update<E, F>(&self, id: &str, mut change: F) -> Result<Stored<T>, E>
    where
        E: From<StoreError>,
        F: FnMut(&mut T) -> Result<(), E>,
    {
        let key = self.key(id);
        let mut current = 0;
        for _ in 0..UPDATE_ATTEMPTS {
            let Some(found) = self.database.get(key.clone()).await? else {
                return Err(StoreError::NotFound { key }.into());
            };
            let mut stored = Self::decode(&found)?;
            change(&mut stored.value)?;
            let value = Self::encode(&key, &stored.value)?;
            if value == found.value {
                return Ok(stored);
            }
            let txn = Txn::new()
                .when(key.clone(), found.mod_revision)
                .put(key.clone(), value);
            match self.database.commit(txn).await? {
                TxnOutcome::Committed(revision) => {
                    stored.mod_revision = revision;
                    stored.version += 1;
                    return Ok(stored);
                }
                TxnOutcome::Conflict { current: now, .. } => current = now,
            }
        }
        Err(StoreError::Conflict { key, current }.into())
    }

    /// Deletes a record; with `mod_revision`, only if that was its last write. Answers whether there was one to delete.
    ///
    /// # Errors
    /// `Conflict` if the record was written after `mod_revision`; what the store answers.
    pub async fn delete(&self, id: &str, mod_revision: Option<Revision>) -> Result<bool> {
        let key = self.key(id);
        loop {
            let expected = match mod_revision {
                Some(revision) => revision,
                None => match self.database.get(key.clone()).await? {
                    Some(found) => found.mod_revision,
                    None => return Ok(false),
                },
            };
            let txn = Txn::new().when(key.clone(), expected).delete(key.clone());
            match self.carry_out(txn).await {
                Ok(_) => return Ok(true),
                Err(StoreError::Conflict { current: 0, .. }) => return Ok(false),
                Err(StoreError::Conflict { .. }) if mod_revision.is_none() => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// The raw changes of this collection after a revision; [`decode`](Collection::decode) reads their values.
    pub fn watch(&self, after: Revision) -> Watch {
        self.database.watch(self.prefix.clone(), after)
    }

    /// The write of a record as part of a larger transaction.
    ///
    /// # Errors
    /// `Encode` if the value cannot be JSON.
    pub fn put_op(&self, id: &str, value: &T) -> Result<Op> {
        let key = self.key(id);
        let value = Self::encode(&key, value)?;
        Ok(Op::Put { key, value })
    }

    pub fn delete_op(&self, id: &str) -> Op {
        Op::Delete { key: self.key(id) }
    }

    /// The condition of a transaction that a record was last written at `mod_revision` (0: does not exist).
    pub fn compare(&self, id: &str, mod_revision: Revision) -> Compare {
        Compare {
            key: self.key(id),
            mod_revision,
        }
    }

    /// # Errors
    /// `Decode`, naming the key, if the value is no `T`.
    pub fn decode(found: &KeyValue) -> Result<Stored<T>> {
        let wrong = |detail: String| StoreError::Decode {
            key: found.key.clone(),
            expected: short_type_name::<T>(),
            detail,
        };
        let unpacked = value::unpack(&found.value).map_err(|e| wrong(e.to_string()))?;
        let json = unpacked.as_deref().unwrap_or(&found.value);
        let value = serde_json::from_slice(json).map_err(|e| wrong(e.to_string()))?;
        Ok(Stored {
            value,
            key: found.key.clone(),
            create_revision: found.create_revision,
            mod_revision: found.mod_revision,
            version: found.version,
        })
    }

    fn encode(key: &Bytes, value: &T) -> Result<Bytes> {
        let wrong = |detail: String| StoreError::Encode {
            key: key.clone(),
            detail,
        };
        let json = serde_json::to_vec(value).map_err(|e| wrong(e.to_string()))?;
        let stored = value::pack(json).map_err(|e| wrong(e.to_string()))?;
        Ok(Bytes::from(stored))
    }

    async fn carry_out(&self, txn: Txn) -> Result<Revision> {
        match self.database.commit(txn).await? {
            TxnOutcome::Committed(revision) => Ok(revision),
            TxnOutcome::Conflict { key, current } => Err(StoreError::Conflict { key, current }),
        }
    }
}

fn short_type_name<T>() -> &'static str {
    let name = std::any::type_name::<T>();
    let end = name.find('<').unwrap_or(name.len());
    name[..end].rfind("::").map_or(name, |at| &name[at + 2..])
}
