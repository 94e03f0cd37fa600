//! Chart archives (`.tgz`): unpacked into memory, within limits, and never outside their one folder.
//!
//! The rules are Helm's: the first name of every path is dropped, whatever it is; absolute paths, `..`, drive letters and a
//! `Chart.yaml` beside the folder are refused. Beyond Helm, links and special files are refused and the ratio is limited.

use std::io::Read;

use flate2::read::MultiGzDecoder;
use tar::{Archive, EntryType};

use crate::tree::{MemoryTree, TreePath};

/// What one archive may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArchiveLimits {
    /// Bytes of the archive itself.
    pub packed_bytes: u64,
    /// Bytes of all files.
    pub total_bytes: u64,
    /// Bytes of one file.
    pub file_bytes: u64,
    /// Entries, folders and extension headers included.
    pub entries: usize,
    /// Unpacked bytes for one packed byte, above [`FREE_BYTES`].
    pub ratio: u64,
    /// Characters of one path.
    pub path_length: usize,
}

/// Up to this size the ratio is not looked at: small archives of repeated text are harmless.
pub const FREE_BYTES: u64 = 1 << 20;

impl Default for ArchiveLimits {
    /// 100 MiB in all and 5 MiB a file as in Helm; 20,000 entries, 1:200, paths of 1,024 characters.
    fn default() -> Self {
        Self {
            packed_bytes: 20 << 20,
            total_bytes: 100 << 20,
            file_bytes: 5 << 20,
            entries: 20_000,
            ratio: 200,
            path_length: 1024,
        }
    }
}

/// Why an archive cannot be used. Messages that Helm has, too, have Helm's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArchiveError {
    /// It is no gzip stream or no tar stream.
    #[error("this is no gzipped chart archive: {0}")]
    Format(String),
    /// An absolute path.
    #[error("chart illegally contains absolute paths")]
    Absolute,
    /// A path that is the base folder or beside it.
    #[error("chart illegally contains content outside the base directory: {0:?}")]
    OutsideBase(String),
    /// A path with `..`.
    #[error("chart illegally references parent directory")]
    Parent,
    /// A path like `c:/x`.
    #[error("chart contains illegally named files")]
    Name,
    /// `Chart.yaml` at the top.
    #[error("chart yaml not in base directory")]
    ChartBesideBase,
    /// A link, device or pipe.
    #[error("{0:?} is a link or a special file, which a chart archive may not have")]
    Special(String),
    /// More than a limit allows.
    #[error("the archive has more than {limit} {what}")]
    TooMuch {
        /// The limit.
        limit: u64,
        /// What was counted.
        what: &'static str,
    },
    /// Nothing inside.
    #[error("no files in chart archive")]
    Empty,
}

/// One file of an archive, in archive order; the name is relative to the archive's base folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchiveFile {
    /// Path below the base folder.
    pub name: String,
    /// Content, without a byte order mark.
    pub data: Vec<u8>,
}

/// The files of a gzipped tar.
///
/// # Errors
/// When it is none, breaks a rule or is beyond the limits.
pub fn files(packed: &[u8], limits: &ArchiveLimits) -> Result<Vec<ArchiveFile>, ArchiveError> {
    if packed.len() as u64 > limits.packed_bytes {
        return Err(too_much(limits.packed_bytes, "bytes"));
    }
    // The stream as a whole is bounded as well, so that headers and padding cannot go on for ever.
    let allowed = limits
        .total_bytes
        .min(FREE_BYTES.max(limits.ratio.saturating_mul(packed.len() as u64)));
    let overhead = (limits.entries as u64).saturating_mul(4 * 512);
    let stream = MultiGzDecoder::new(packed).take(allowed.saturating_add(overhead));
    let mut archive = Archive::new(stream);
    let format = |error: std::io::Error| ArchiveError::Format(error.to_string());
    let mut found = Vec::new();
    let mut remaining = allowed;
    for (count, entry) in archive.entries().map_err(format)?.enumerate() {
        if count >= limits.entries {
            return Err(too_much(limits.entries as u64, "entries"));
        }
        let entry = entry.map_err(format)?;
        let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        match entry.header().entry_type() {
            EntryType::Directory | EntryType::XGlobalHeader | EntryType::XHeader => continue,
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {}
            _ => return Err(ArchiveError::Special(path)),
        }
        // An old habit of tar: a name that ends in a slash is a folder.
        if path.ends_with('/') {
            continue;
        }
        let name = below_base(&path, limits.path_length)?;
        let size = entry.header().size().map_err(format)?.max(entry.size());
        if size > limits.file_bytes {
            return Err(too_much(limits.file_bytes, "bytes in one file"));
        }
        if size > remaining {
            return Err(if allowed < limits.total_bytes {
                too_much(limits.ratio, "unpacked bytes for each packed one")
            } else {
                too_much(limits.total_bytes, "unpacked bytes")
            });
        }
        let mut data = Vec::new();
        entry
            .take(limits.file_bytes.saturating_add(1))
            .read_to_end(&mut data)
            .map_err(format)?;
        if (data.len() as u64) < size {
            return Err(ArchiveError::Format(format!("{path} ends too early")));
        }
        remaining = remaining.saturating_sub(data.len() as u64);
        if data.starts_with(b"\xef\xbb\xbf") {
            data.drain(..3);
        }
        found.push(ArchiveFile { name, data });
    }
    if found.is_empty() {
        return Err(ArchiveError::Empty);
    }
    Ok(found)
}

/// The files of a gzipped tar as a tree whose root is the archive's base folder.
///
/// # Errors
/// As [`files`].
pub fn tree(packed: &[u8], limits: &ArchiveLimits) -> Result<MemoryTree, ArchiveError> {
    let mut tree = MemoryTree::new();
    for file in files(packed, limits)? {
        let path = TreePath::new(&file.name).map_err(|_| ArchiveError::Parent)?;
        tree = tree.file(&path, file.data);
    }
    Ok(tree)
}

fn too_much(limit: u64, what: &'static str) -> ArchiveError {
    ArchiveError::TooMuch { limit, what }
}

/// The path without its first name, checked as Helm checks it.
fn below_base(path: &str, length: usize) -> Result<String, ArchiveError> {
    if path.len() > length {
        return Err(too_much(length as u64, "characters in one path"));
    }
    if path.contains('\0') {
        return Err(ArchiveError::Name);
    }
    let separator = if path.contains('\\') { '\\' } else { '/' };
    let (base, rest) = path.split_once(separator).unwrap_or((path, ""));
    let rest = rest.replace(separator, "/");
    if rest.starts_with('/') {
        return Err(ArchiveError::Absolute);
    }
    let mut names: Vec<&str> = Vec::new();
    for name in rest.split('/') {
        match name {
            "" | "." => {}
            ".." => {
                names.pop().ok_or(ArchiveError::Parent)?;
            }
            name => names.push(name),
        }
    }
    if base == "Chart.yaml" {
        return Err(ArchiveError::ChartBesideBase);
    }
    let Some(first) = names.first() else {
        return Err(ArchiveError::OutsideBase(path.to_owned()));
    };
    if first.starts_with("..") {
        return Err(ArchiveError::Parent);
    }
    let mut start = first.chars();
    if names.len() > 1
        && start
            .next()
            .is_some_and(|letter| letter.is_ascii_alphabetic())
        && start.as_str() == ":"
    {
        return Err(ArchiveError::Name);
    }
    Ok(names.join("/"))
}

#[cfg(test)]
mod tests;
