//! What an index says, in a form that is looked up on disk: only the names of the charts are in memory.
//!
//! ```text
//! <data>/charts/index/<hash of URL and credentials>
//!     {"etag":"…","modified":"…"}                       what the server wants to be asked with
//!     "nginx"                                           a chart
//!     {"version":"1.2.3","digest":"…","urls":["…"],…}   its versions, in the order of the index
//! ```

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::index::{self, IndexError, IndexLimits, Listed, Sink};

/// What a server answered beside an index, to ask whether there is a newer one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Validators {
    /// `ETag`; empty when there was none.
    pub etag: String,
    /// `Last-Modified`; empty when there was none.
    pub modified: String,
}

/// The index of one repository.
pub struct Catalogue {
    /// What to ask the server with.
    pub validators: Validators,
    /// SHA-256 of what it says: equal for equal indexes.
    pub identity: [u8; 32],
    file: Mutex<File>,
    /// Where the versions of each chart begin, and their length in bytes.
    charts: BTreeMap<String, (u64, u64)>,
}

struct Writer<W> {
    out: W,
    hash: Sha256,
    at: u64,
    charts: BTreeMap<String, (u64, u64)>,
    name: Option<(String, u64)>,
}

impl<W: Write> Writer<W> {
    fn line(&mut self, value: &impl Serialize, counts: bool) -> Result<(), IndexError> {
        let mut line = serde_json::to_vec(value).map_err(std::io::Error::other)?;
        line.push(b'\n');
        if counts {
            self.hash.update(&line);
        }
        self.at += line.len() as u64;
        self.out.write_all(&line)?;
        Ok(())
    }

    fn close(&mut self) {
        if let Some((name, begin)) = self.name.take() {
            self.charts.insert(name, (begin, self.at - begin));
        }
    }
}

impl<W: Write> Sink for Writer<W> {
    fn chart(&mut self, name: &str) -> Result<(), IndexError> {
        self.close();
        self.line(&name, true)?;
        self.name = Some((name.to_owned(), self.at));
        Ok(())
    }

    fn version(&mut self, listed: Listed) -> Result<(), IndexError> {
        self.line(&listed, true)
    }
}

impl Catalogue {
    /// Reads an index into the file of a catalogue, which is there whole or not at all.
    ///
    /// # Errors
    /// When the index is none or beyond a limit, or the disk fails.
    pub fn build(
        index: &Path,
        path: &Path,
        validators: Validators,
        limits: IndexLimits,
        stop: &AtomicBool,
    ) -> Result<Self, IndexError> {
        let fresh = index.with_extension("new");
        let file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(&fresh)?;
        let mut writer = Writer {
            out: BufWriter::new(file),
            hash: Sha256::new(),
            at: 0,
            charts: BTreeMap::new(),
            name: None,
        };
        writer.line(&validators, false)?;
        if let Err(error) = index::read(File::open(index)?, limits, stop, &mut writer) {
            let _gone = std::fs::remove_file(&fresh);
            return Err(error);
        }
        writer.close();
        writer.out.flush()?;
        let file = writer
            .out
            .into_inner()
            .map_err(std::io::IntoInnerError::into_error)?;
        file.sync_data()?;
        std::fs::rename(&fresh, path)?;
        Ok(Self {
            validators,
            identity: writer.hash.finalize().into(),
            file: Mutex::new(file),
            charts: writer.charts,
        })
    }

    /// Opens one that was built before; nothing when there is none that can be read.
    pub fn open(path: &Path) -> Option<Self> {
        let file = File::open(path).ok()?;
        let mut reader = BufReader::new(file);
        let mut line = Vec::new();
        let mut at = reader.read_until(b'\n', &mut line).ok()? as u64;
        let validators = serde_json::from_slice(&line).ok()?;
        let mut charts = BTreeMap::new();
        let mut hash = Sha256::new();
        let mut name: Option<(String, u64)> = None;
        loop {
            line.clear();
            let read = reader.read_until(b'\n', &mut line).ok()? as u64;
            if read == 0 || line.first() == Some(&b'"') {
                if let Some((name, begin)) = name.take() {
                    charts.insert(name, (begin, at - begin));
                }
                if read == 0 {
                    break;
                }
                name = Some((serde_json::from_slice(&line).ok()?, at + read));
            }
            hash.update(&line);
            at += read;
        }
        Some(Self {
            validators,
            identity: hash.finalize().into(),
            file: Mutex::new(reader.into_inner()),
            charts,
        })
    }

    /// Names of the charts, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.charts.keys().map(String::as_str)
    }

    /// Versions of a chart in the order of the index; nothing when there is no such chart.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn versions(&self, chart: &str) -> Result<Option<Vec<Listed>>, IndexError> {
        let Some((begin, length)) = self.charts.get(chart).copied() else {
            return Ok(None);
        };
        let mut text = Vec::new();
        {
            let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
            file.seek(SeekFrom::Start(begin))?;
            (&*file).take(length).read_to_end(&mut text)?;
        }
        text.split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
            .map(|line| serde_json::from_slice(line).map_err(|error| IndexError::Io(error.into())))
            .collect::<Result<_, _>>()
            .map(Some)
    }
}
