//! One entry of the log: its columns, and the checksum over them.

use rusqlite::Row;
use tiphys_storage::{Bytes, KeyValue, Result, history::LogId};

use crate::{Place, from_sql, id_from_sql};

/// The columns that [`Entry::read`] expects, in its order.
pub(crate) const COLUMNS: &str = "id, key, previous, created, version, checksum, value";

pub(crate) struct Entry {
    pub id: LogId,
    pub key: Bytes,
    pub previous: LogId,
    pub created: u64,
    /// 0 for a deletion.
    pub version: u64,
    pub value: Bytes,
}

impl Entry {
    /// Reads an entry and checks that it is what was written.
    pub(crate) fn read(place: &Place, row: &Row<'_>) -> Result<Entry> {
        let read = || -> rusqlite::Result<(Entry, i64)> {
            let blob = |column| -> rusqlite::Result<Bytes> {
                Ok(Bytes::copy_from_slice(row.get_ref(column)?.as_blob()?))
            };
            let entry = Entry {
                id: id_from_sql(row.get(0)?),
                key: blob(1)?,
                previous: id_from_sql(row.get(2)?),
                created: from_sql(row.get(3)?),
                version: from_sql(row.get(4)?),
                value: blob(6)?,
            };
            Ok((entry, row.get(5)?))
        };
        let (entry, checksum) = read().map_err(|e| place.error("reading an entry", &e))?;
        if i64::from(entry.checksum()) != checksum {
            return Err(place.corrupted(format!(
                "the entry of '{}' at revision {} is not what was written (its checksum differs)",
                entry.key.escape_ascii(),
                entry.id.revision()
            )));
        }
        Ok(entry)
    }

    pub(crate) fn checksum(&self) -> u32 {
        let mut sum = crc32fast::Hasher::new();
        for number in [
            self.id.to_u64(),
            self.previous.to_u64(),
            self.created,
            self.version,
            self.key.len() as u64,
        ] {
            sum.update(&number.to_le_bytes());
        }
        sum.update(&self.key);
        sum.update(&self.value);
        sum.finalize()
    }

    pub(crate) fn into_key_value(self) -> Option<KeyValue> {
        (self.version > 0).then(|| KeyValue {
            key: self.key,
            value: self.value,
            create_revision: self.created,
            mod_revision: self.id.revision(),
            version: self.version,
        })
    }
}
