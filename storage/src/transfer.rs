//! Export of a whole store to one file, and import of it into an empty one: how data moves between backends, and a backup.
//!
//! # File format, version 1
//! Lines of JSON, in UTF-8:
//! - a header `{"format":"tiphys-store-export","version":1,"revision":…,"count":…,"sealKeyId":…}`: the revision that was
//!   exported, how many records follow, and the id of the key that the credentials in it are sealed with (null if none);
//! - one record a line `{"key":…,"value":…}` in the order of their keys, both in base64;
//! - a trailer `{"sha256":…}`, in hexadecimal over every byte before it.
//!
//! Records get new revisions where they are imported; history is not carried over.

use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    error::StoreError,
    store::Store,
    types::{MAX_TXN_BYTES, MAX_TXN_OPS, RangePage, RangeRequest, Revision, Txn, TxnOutcome},
};

const FORMAT: &str = "tiphys-store-export";
const VERSION: u32 = 1;
const PAGE: usize = 1000;
/// A record of the store in base64 with its JSON around it is shorter; what is longer is no export.
const MAX_LINE: u64 = 4 * 1024 * 1024;

/// The first line of an export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Header {
    pub format: String,
    pub version: u32,
    /// The revision of the store that was exported.
    pub revision: Revision,
    /// How many records follow.
    pub count: u64,
    /// Which key opens the sealed credentials in the records.
    pub seal_key_id: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Record {
    key: String,
    value: String,
}

#[derive(Serialize, Deserialize)]
struct Trailer {
    sha256: String,
}

/// Why an export or import did not happen.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    #[error(
        "the target store is not empty (it holds '{}'); import into a new data directory", .key.escape_ascii()
    )]
    NotEmpty { key: Bytes },

    #[error("line {line} of the export cannot be used: {detail}; nothing was imported")]
    Invalid { line: u64, detail: String },

    #[error(
        "the export has format version {found}, and this program knows versions up to {VERSION}; use the newer program that wrote it"
    )]
    NewerFormat { found: u32 },

    #[error("the export cannot be read or written: {0}")]
    Io(#[from] io::Error),

    #[error(transparent)]
    Store(#[from] StoreError),
}

type Result<T> = std::result::Result<T, TransferError>;

/// Writes everything the store holds at its newest revision. Commits may go on meanwhile.
///
/// # Errors
/// `Io` from the writer; `Store`, among them `Compacted` if history is compacted faster than the export reads it.
pub fn export(
    store: &dyn Store,
    seal_key_id: Option<&str>,
    writer: &mut dyn Write,
) -> Result<Header> {
    let mut revision = None;
    let mut count = 0;
    pages(store, store.revision()?, &mut |page| {
        revision = Some(page.revision);
        count += page.kvs.len() as u64;
        Ok(())
    })?;
    let header = Header {
        format: FORMAT.to_owned(),
        version: VERSION,
        revision: revision.unwrap_or_default(),
        count,
        seal_key_id: seal_key_id.map(str::to_owned),
    };
    let mut output = Hashing {
        writer,
        digest: Sha256::new(),
    };
    output.line(&header)?;
    pages(store, header.revision, &mut |page| {
        for kv in &page.kvs {
            output.line(&Record {
                key: BASE64.encode(&kv.key),
                value: BASE64.encode(&kv.value),
            })?;
        }
        Ok(())
    })?;
    let sha256 = hex(&output.digest.clone().finalize());
    output.line(&Trailer { sha256 })?;
    output.writer.flush()?;
    Ok(header)
}

fn pages(
    store: &dyn Store,
    revision: Revision,
    each: &mut dyn FnMut(&RangePage) -> Result<()>,
) -> Result<()> {
    let mut request = RangeRequest::all().limit(PAGE).at(revision);
    loop {
        let page = store.range(&request)?;
        each(&page)?;
        match request.following(&page) {
            Some(next) => request = next,
            None => return Ok(()),
        }
    }
}

/// Reads an export into an empty store. The whole file is checked before the first record is written.
///
/// # Errors
/// `NotEmpty`; `Invalid` or `NewerFormat` if the file is not a whole export; `Io`; `Store`: if that happens in the middle (a
/// full disk), the target holds a part, and is to be thrown away.
pub fn import(reader: &mut (impl Read + Seek), store: &dyn Store) -> Result<Header> {
    if let Some(first) = store.range(&RangeRequest::all().limit(1))?.kvs.first() {
        return Err(TransferError::NotEmpty {
            key: first.key.clone(),
        });
    }
    let start = reader.stream_position()?;
    let header = read(reader, &mut |_, _| Ok(()))?;
    reader.seek(SeekFrom::Start(start))?;
    let mut target = Target {
        store,
        batch: Vec::new(),
        bytes: 0,
    };
    read(reader, &mut |key, value| target.add(key, value))?;
    target.commit()?;
    Ok(header)
}

/// Reads and checks a whole export, one record at a time.
fn read(
    reader: &mut impl Read,
    each: &mut dyn FnMut(Bytes, Bytes) -> Result<()>,
) -> Result<Header> {
    let mut lines = Lines {
        reader: BufReader::new(reader),
        digest: Sha256::new(),
        number: 0,
    };
    let header: Header = lines.next()?;
    if header.format != FORMAT {
        return Err(lines.invalid("it is no export of this program"));
    }
    if header.version > VERSION {
        return Err(TransferError::NewerFormat {
            found: header.version,
        });
    }
    let mut last = Bytes::new();
    for _ in 0..header.count {
        let record: Record = lines.next()?;
        let key = lines.decode(&record.key)?;
        let value = lines.decode(&record.value)?;
        if key <= last {
            return Err(lines.invalid("its key is not after the one before"));
        }
        last = key.clone();
        each(key, value)?;
    }
    let expected = hex(&lines.digest.clone().finalize());
    let trailer: Trailer = lines.next()?;
    if trailer.sha256 != expected {
        return Err(lines.invalid("the checksum differs, so the file was changed or damaged"));
    }
    if !lines.reader.fill_buf()?.is_empty() {
        lines.number += 1;
        return Err(lines.invalid("there is something after the end"));
    }
    Ok(header)
}

struct Target<'s> {
    store: &'s dyn Store,
    batch: Vec<Txn>,
    bytes: usize,
}

impl Target<'_> {
    /// How many bytes are committed together, in several transactions.
    const BATCH_BYTES: usize = 8 * 1024 * 1024;

    fn add(&mut self, key: Bytes, value: Bytes) -> Result<()> {
        let size = key.len() + value.len();
        let full = self
            .batch
            .last()
            .is_none_or(|txn| txn.ops.len() == MAX_TXN_OPS || txn.size() + size > MAX_TXN_BYTES);
        if full {
            if self.bytes > Self::BATCH_BYTES {
                self.commit()?;
            }
            self.batch.push(Txn::new());
        }
        if let Some(txn) = self.batch.last_mut() {
            *txn = std::mem::take(txn).put(key, value);
        }
        self.bytes += size;
        Ok(())
    }

    fn commit(&mut self) -> Result<()> {
        self.bytes = 0;
        for result in self.store.commit(std::mem::take(&mut self.batch)) {
            if let TxnOutcome::Conflict { key, .. } = result? {
                return Err(TransferError::NotEmpty { key });
            }
        }
        Ok(())
    }
}

struct Hashing<'w> {
    writer: &'w mut dyn Write,
    digest: Sha256,
}

impl Hashing<'_> {
    fn line(&mut self, content: &impl Serialize) -> Result<()> {
        let mut line = serde_json::to_vec(content).map_err(io::Error::from)?;
        line.push(b'\n');
        self.digest.update(&line);
        self.writer.write_all(&line)?;
        Ok(())
    }
}

struct Lines<R> {
    reader: BufReader<R>,
    /// Over every line read before the current one is asked for.
    digest: Sha256,
    number: u64,
}

impl<R: Read> Lines<R> {
    fn next<T: for<'de> Deserialize<'de>>(&mut self) -> Result<T> {
        self.number += 1;
        let mut line = Vec::new();
        let length = (&mut self.reader)
            .take(MAX_LINE)
            .read_until(b'\n', &mut line)?;
        if length == 0 {
            return Err(self.invalid("the file ends before it, so it was cut off"));
        }
        if line.last() != Some(&b'\n') {
            return Err(self.invalid("it does not end, so the file was cut off"));
        }
        self.digest.update(&line);
        serde_json::from_slice(&line).map_err(|e| self.invalid(e.to_string()))
    }

    fn decode(&self, text: &str) -> Result<Bytes> {
        BASE64
            .decode(text)
            .map(Bytes::from)
            .map_err(|e| self.invalid(e.to_string()))
    }

    fn invalid(&self, detail: impl Into<String>) -> TransferError {
        TransferError::Invalid {
            line: self.number,
            detail: detail.into(),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::MemoryStore;

    fn filled() -> MemoryStore {
        let store = MemoryStore::new();
        for n in 0..2500_u32 {
            let txn = Txn::new().put(format!("/k/{n:05}"), n.to_le_bytes().repeat(3).to_vec());
            store.commit(vec![txn])[0].as_ref().expect("memory commits");
        }
        store.commit(vec![Txn::new().delete("/k/00007")])[0]
            .as_ref()
            .expect("memory commits");
        store
    }

    fn exported(store: &dyn Store) -> Vec<u8> {
        let mut file = Vec::new();
        export(store, Some("key-1"), &mut file).expect("memory exports");
        file
    }

    fn values(store: &dyn Store) -> Vec<(Bytes, Bytes)> {
        let page = store.range(&RangeRequest::all()).expect("memory reads");
        page.kvs.into_iter().map(|kv| (kv.key, kv.value)).collect()
    }

    #[test]
    fn everything_arrives_and_the_header_says_which_key_it_needs() {
        let source = filled();
        let target = MemoryStore::new();
        let header = import(&mut Cursor::new(exported(&source)), &target).expect("it is whole");
        assert_eq!(header.count, 2499);
        assert_eq!(header.revision, 2501);
        assert_eq!(header.seal_key_id.as_deref(), Some("key-1"));
        assert_eq!(values(&target), values(&source));
    }

    #[test]
    fn an_empty_store_moves_too() {
        let target = MemoryStore::new();
        let file = exported(&MemoryStore::new());
        let header = import(&mut Cursor::new(file), &target).expect("it is whole");
        assert_eq!((header.count, values(&target).len()), (0, 0));
    }

    #[test]
    fn a_target_with_records_is_left_alone() {
        let target = MemoryStore::new();
        target.commit(vec![Txn::new().put("a", "mine")]);
        let refused = import(&mut Cursor::new(exported(&filled())), &target);
        assert!(matches!(refused, Err(TransferError::NotEmpty { .. })));
        assert_eq!(values(&target), [("a".into(), "mine".into())]);
    }

    #[test]
    fn a_cut_or_changed_file_imports_nothing() {
        let whole = exported(&filled());
        let check = |file: Vec<u8>, what: &str| {
            let target = MemoryStore::new();
            let answer = import(&mut Cursor::new(file), &target);
            assert!(answer.is_err(), "{what}");
            assert_eq!(values(&target), [], "{what}");
        };
        for length in [0, 10, whole.len() / 2, whole.len() - 100, whole.len() - 1] {
            check(whole[..length].to_vec(), "cut");
        }
        for at in [20, whole.len() / 3, whole.len() - 10] {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            check(changed, "changed");
        }
        check([whole.clone(), b"{}\n".to_vec()].concat(), "longer");
        let newer = String::from_utf8(whole).expect("JSON is UTF-8").replacen(
            "\"version\":1",
            "\"version\":2",
            1,
        );
        check(newer.into_bytes(), "newer");
    }
}
