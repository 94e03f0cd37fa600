//! The progress file: what the store must hold at least when it is opened again.
//!
//! A database file that was cut short or overwritten can open as if nothing had happened, with less in it: SQLite takes a cut
//! log for one that was never longer, and sled 0.34 opens some cut files empty. The backend therefore notes the revision
//! here before it acknowledges a commit. The note is one small write without a sync, because the commit itself is durable
//! without it: after a power failure the note may be older than the store, never newer.
//!
//! One line of fixed length, overwritten in place:
//! `tiphys-progress <open|shut> revision=<20 digits> bytes=<20 digits> digest=<16 hex> check=<16 hex>\n`.
//! `shut` says that the store was closed in order and that its files had this length and digest then, which the next
//! start compares where the backend wants it. `check` is over the rest of the line.

use std::{
    fs::{File, OpenOptions},
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

use crate::{
    error::{Result, StoreError},
    types::Revision,
};

const NAME: &str = "PROGRESS";
const MAGIC: &str = "tiphys-progress";

/// How a store was left by the process that used it last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeftAs {
    /// It was not closed: the process died, or still runs.
    Open,
    /// It was closed in order, and its files were `bytes` long together with this digest (0 and 0 if the backend does
    /// not note them).
    Shut { bytes: u64, digest: u64 },
}

/// What the progress file says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The store holds at least this revision.
    pub revision: Revision,
    pub left_as: LeftAs,
}

impl Progress {
    const START: Progress = Progress {
        revision: 0,
        left_as: LeftAs::Open,
    };

    fn to_line(self) -> String {
        let (word, bytes, digest) = match self.left_as {
            LeftAs::Open => ("open", 0, 0),
            LeftAs::Shut { bytes, digest } => ("shut", bytes, digest),
        };
        let revision = self.revision;
        let said = format!(
            "{MAGIC} {word} revision={revision:020} bytes={bytes:020} digest={digest:016x}"
        );
        format!("{said} check={:016x}\n", check(&said))
    }

    fn from_line(line: &str) -> Option<Progress> {
        let (said, sum) = line.strip_suffix('\n')?.rsplit_once(" check=")?;
        if u64::from_str_radix(sum, 16).ok()? != check(said) {
            return None;
        }
        let words: Vec<&str> = said.split(' ').collect();
        let [MAGIC, word, revision, bytes, digest] = words[..] else {
            return None;
        };
        let bytes = bytes.strip_prefix("bytes=")?.parse().ok()?;
        let digest = u64::from_str_radix(digest.strip_prefix("digest=")?, 16).ok()?;
        Some(Progress {
            revision: revision.strip_prefix("revision=")?.parse().ok()?,
            left_as: match word {
                "open" => LeftAs::Open,
                "shut" => LeftAs::Shut { bytes, digest },
                _ => return None,
            },
        })
    }
}

fn check(said: &str) -> u64 {
    let digest = Sha256::digest(said.as_bytes());
    digest[..8]
        .iter()
        .fold(0, |sum, byte| (sum << 8) | u64::from(*byte))
}

/// The progress file of a store that this process has locked.
#[derive(Debug)]
pub struct ProgressFile {
    path: PathBuf,
    file: File,
}

impl ProgressFile {
    pub(super) fn make(store: &Path) -> Result<()> {
        super::write_durably(&store.join(NAME), Progress::START.to_line().as_bytes())
    }

    /// Opens the file and reads what the last process left in it. Changes nothing.
    ///
    /// # Errors
    /// `Corrupted` if it is missing or unreadable.
    pub fn open(store: &Path) -> Result<(Self, Progress)> {
        let path = store.join(NAME);
        let damaged = |detail: String| StoreError::Corrupted {
            path: store.to_owned(),
            detail,
        };
        let line = match std::fs::read(&path) {
            Ok(line) => line,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                return Err(damaged(format!("the file {NAME} is missing")));
            }
            Err(e) => return Err(StoreError::from_io(path, "reading the progress file", e)),
        };
        let progress = std::str::from_utf8(&line)
            .ok()
            .and_then(Progress::from_line)
            .ok_or_else(|| damaged(format!("the file {NAME} is not what was written there")))?;
        let file = OpenOptions::new()
            .write(true)
            .open(&path)
            .map_err(|e| StoreError::from_io(&path, "opening the progress file", e))?;
        Ok((ProgressFile { path, file }, progress))
    }

    /// Notes a revision that is durable in the store. Costs a system call, no sync.
    ///
    /// # Errors
    /// What [`StoreError::from_io`] makes of a failed write.
    pub fn note(&self, revision: Revision) -> Result<()> {
        self.write(Progress {
            revision,
            left_as: LeftAs::Open,
        })
    }

    /// Notes, durably, how the store is left: `Open` before the first write to it, `Shut` after the last.
    ///
    /// # Errors
    /// What [`StoreError::from_io`] makes of a failed write.
    pub fn note_durably(&self, progress: Progress) -> Result<()> {
        self.write(progress)?;
        self.file
            .sync_all()
            .map_err(|e| StoreError::from_io(&self.path, "making the progress file durable", e))
    }

    fn write(&self, progress: Progress) -> Result<()> {
        let line = progress.to_line();
        write_at_start(&self.file, line.as_bytes())
            .map_err(|e| StoreError::from_io(&self.path, "writing the progress file", e))
    }
}

#[cfg(unix)]
fn write_at_start(file: &File, line: &[u8]) -> std::io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, line, 0)
}

#[cfg(not(unix))]
fn write_at_start(mut file: &File, line: &[u8]) -> std::io::Result<()> {
    use std::io::{Seek, SeekFrom, Write};
    file.seek(SeekFrom::Start(0))?;
    file.write_all(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_reads_back_and_any_changed_byte_is_noticed() {
        for progress in [
            Progress::START,
            Progress {
                revision: u64::MAX,
                left_as: LeftAs::Shut {
                    bytes: 7,
                    digest: u64::MAX,
                },
            },
        ] {
            let line = progress.to_line();
            assert_eq!(Progress::from_line(&line), Some(progress));
            assert_eq!(line.len(), Progress::START.to_line().len());
            for at in 0..line.len() {
                let mut bytes = line.clone().into_bytes();
                bytes[at] ^= 1;
                let changed =
                    String::from_utf8(bytes).expect("ASCII with its lowest bit changed is ASCII");
                assert_eq!(Progress::from_line(&changed), None, "byte {at}");
            }
        }
    }
}
