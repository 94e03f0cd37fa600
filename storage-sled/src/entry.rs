//! The keys of the tree, and one entry of the log with its checksum.
//!
//! An entry is `previous, created, version` (8 bytes each, big-endian), `checksum, length of the key, length of the value` (4 bytes each),
//! the key, the value. The checksum is CRC-32 over the log id and all the rest.

use tiphys_storage::{Bytes, KeyValue, Revision, history::LogId};

pub(crate) const META: &[u8] = b"m";
const KEY: u8 = b'k';
const LOG: u8 = b'l';
const CHUNK: usize = 4096;
const HEADER: usize = 36;

pub(crate) struct Entry {
    pub id: LogId,
    pub key: Bytes,
    pub previous: LogId,
    pub created: Revision,
    /// 0 for a deletion.
    pub version: u64,
    pub value: Bytes,
}

impl Entry {
    /// The pairs of the tree that hold this entry.
    pub(crate) fn chunks(&self) -> impl Iterator<Item = (Vec<u8>, Vec<u8>)> {
        let bytes = self.to_bytes();
        let chunks: Vec<_> = bytes
            .chunks(CHUNK)
            .enumerate()
            .map(|(number, chunk)| (chunk_key(self.id, number), chunk.to_vec()))
            .collect();
        chunks.into_iter()
    }

    /// How many chunks the entry has.
    pub(crate) fn chunk_count(&self) -> usize {
        (HEADER + self.key.len() + self.value.len()).div_ceil(CHUNK)
    }

    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER + self.key.len() + self.value.len());
        for number in [self.previous.to_u64(), self.created, self.version] {
            bytes.extend_from_slice(&number.to_be_bytes());
        }
        for number in [self.checksum(), length(&self.key), length(&self.value)] {
            bytes.extend_from_slice(&number.to_be_bytes());
        }
        bytes.extend_from_slice(&self.key);
        bytes.extend_from_slice(&self.value);
        bytes
    }

    /// `None` if the bytes are not what was written.
    pub(crate) fn from_bytes(id: LogId, bytes: &[u8]) -> Option<Entry> {
        let (header, content) = bytes.split_at_checked(HEADER)?;
        let wide = |at: usize| -> Option<u64> {
            Some(u64::from_be_bytes(header.get(at..at + 8)?.try_into().ok()?))
        };
        let narrow = |at: usize| -> Option<u32> {
            Some(u32::from_be_bytes(header.get(at..at + 4)?.try_into().ok()?))
        };
        let (key, value) = content.split_at_checked(usize::try_from(narrow(28)?).ok()?)?;
        let entry = Entry {
            id,
            key: Bytes::copy_from_slice(key),
            previous: LogId::from_u64(wide(0)?),
            created: wide(8)?,
            version: wide(16)?,
            value: Bytes::copy_from_slice(value),
        };
        let whole = narrow(32)? == length(value) && narrow(24)? == entry.checksum();
        whole.then_some(entry)
    }

    fn checksum(&self) -> u32 {
        let mut sum = crc32fast::Hasher::new();
        for number in [
            self.id.to_u64(),
            self.previous.to_u64(),
            self.created,
            self.version,
        ] {
            sum.update(&number.to_be_bytes());
        }
        sum.update(&length(&self.key).to_be_bytes());
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

/// Keys and values are within one transaction's 1.5 MiB.
fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}

pub(crate) fn index_key(key: &[u8]) -> Vec<u8> {
    [&[KEY], key].concat()
}

/// The key of the store in a key of the index.
pub(crate) fn from_index_key(key: &[u8]) -> Option<Bytes> {
    key.strip_prefix(&[KEY]).map(Bytes::copy_from_slice)
}

pub(crate) const INDEX_END: &[u8] = &[KEY + 1];
pub(crate) const LOG_END: &[u8] = &[LOG + 1];

pub(crate) fn log_key(id: LogId) -> Vec<u8> {
    [&[LOG][..], &id.to_u64().to_be_bytes()].concat()
}

pub(crate) fn chunk_key(id: LogId, number: usize) -> Vec<u8> {
    let mut key = log_key(id);
    key.extend_from_slice(&u16::try_from(number).unwrap_or(u16::MAX).to_be_bytes());
    key
}

/// The entry that a chunk belongs to.
pub(crate) fn from_chunk_key(key: &[u8]) -> Option<LogId> {
    let id = key.strip_prefix(&[LOG])?.first_chunk::<8>()?;
    Some(LogId::from_u64(u64::from_be_bytes(*id)))
}

pub(crate) fn id_to_bytes(id: LogId) -> [u8; 8] {
    id.to_u64().to_be_bytes()
}

pub(crate) fn id_from_bytes(bytes: &[u8]) -> Option<LogId> {
    Some(LogId::from_u64(u64::from_be_bytes(bytes.try_into().ok()?)))
}
