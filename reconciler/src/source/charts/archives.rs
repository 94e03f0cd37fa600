//! Archives of charts on disk, by their digest, within a budget of bytes; what was used longest ago goes first.

use std::borrow::Cow;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use sha2::{Digest as _, Sha256};
use tiphys_render::MemoryTree;
use tiphys_render::archive::{self, ArchiveError, ArchiveLimits};
use tiphys_render::tree::{Entry, EntryKind, Tree, TreeError, TreePath};

/// Where archives are kept.
#[derive(Clone, Debug)]
pub struct Archives {
    folder: PathBuf,
    budget: u64,
}

/// SHA-256 in hexadecimal digits.
#[must_use]
pub fn sha256(content: &[u8]) -> String {
    crate::hexadecimal(&Sha256::digest(content))
}

impl Archives {
    /// Keeps at most `budget` bytes in a folder, the archive that came last excepted.
    #[must_use]
    pub fn new(folder: PathBuf, budget: u64) -> Self {
        Self { folder, budget }
    }

    fn path(&self, digest: &str) -> PathBuf {
        self.folder.join(format!("{digest}.tgz"))
    }

    /// An archive; nothing when it is not here, or is no longer what it was.
    #[must_use]
    pub fn get(&self, digest: &str) -> Option<Vec<u8>> {
        let path = self.path(digest);
        let content = std::fs::read(&path).ok()?;
        if sha256(&content) != digest {
            let _gone = std::fs::remove_file(&path);
            return None;
        }
        let touched = std::fs::File::options().append(true).open(&path);
        // The order of removal suffers, nothing else.
        let _touched = touched.and_then(|file| file.set_modified(SystemTime::now()));
        Some(content)
    }

    /// Keeps an archive, and removes others to make room.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn put(&self, digest: &str, content: &[u8]) -> std::io::Result<()> {
        std::fs::create_dir_all(&self.folder)?;
        let path = self.path(digest);
        let fresh = path.with_extension(format!("{}.new", std::process::id()));
        let mut file = std::fs::File::create(&fresh)?;
        file.write_all(content)?;
        drop(file);
        std::fs::rename(&fresh, &path)?;
        make_room(&self.folder, self.budget, &path);
        Ok(())
    }
}

/// Removes the files of a folder that were used longest ago until the rest is within a budget.
pub fn make_room(folder: &Path, budget: u64, keep: &Path) {
    let mut files: Vec<(SystemTime, u64, PathBuf)> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let metadata = entry.metadata().ok()?;
            let used = metadata.modified().ok()?;
            metadata
                .is_file()
                .then(|| (used, metadata.len(), entry.path()))
        })
        .collect();
    files.sort();
    let mut total: u64 = files.iter().map(|(_, size, _)| size).sum();
    for (_, size, path) in files {
        if total <= budget {
            break;
        }
        if path != keep && std::fs::remove_file(&path).is_ok() {
            total = total.saturating_sub(size);
        }
    }
}

/// The files of an archive. Everything in it is known by the archive's digest.
pub struct ArchiveTree {
    files: MemoryTree,
    digest: String,
}

impl ArchiveTree {
    /// Unpacks an archive into memory.
    ///
    /// # Errors
    /// When it breaks a rule or is beyond the limits.
    pub fn unpack(
        content: &[u8],
        digest: &str,
        limits: &ArchiveLimits,
    ) -> Result<Arc<dyn Tree>, ArchiveError> {
        Ok(Arc::new(Self {
            files: archive::tree(content, limits)?,
            digest: digest.to_owned(),
        }))
    }
}

impl Tree for ArchiveTree {
    fn kind(&self, path: &TreePath) -> Result<EntryKind, TreeError> {
        self.files.kind(path)
    }

    fn list(&self, path: &TreePath) -> Result<Vec<Entry>, TreeError> {
        self.files.list(path)
    }

    fn read(&self, path: &TreePath, limit: u64) -> Result<Cow<'_, [u8]>, TreeError> {
        self.files.read(path, limit)
    }

    fn link(&self, path: &TreePath) -> Result<String, TreeError> {
        self.files.link(path)
    }

    fn id(&self, path: &TreePath) -> Result<Option<String>, TreeError> {
        self.files.kind(path)?;
        Ok(Some(format!("sha256:{}/{path}", self.digest)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_used_longest_ago_goes_first() {
        let folder = tempfile::tempdir().unwrap();
        let archives = Archives::new(folder.path().join("archives"), 250);
        let content = |n: u8| vec![n; 100];
        let digest = |n: u8| sha256(&content(n));
        let aged = |n: u8, seconds: u64| {
            let file = std::fs::File::options()
                .append(true)
                .open(archives.path(&digest(n)))
                .unwrap();
            file.set_modified(SystemTime::now() - std::time::Duration::from_secs(seconds))
                .unwrap();
        };
        archives.put(&digest(1), &content(1)).unwrap();
        archives.put(&digest(2), &content(2)).unwrap();
        aged(1, 500);
        aged(2, 200);
        assert_eq!(
            archives.get(&digest(1)),
            Some(content(1)),
            "and is young again"
        );
        archives.put(&digest(3), &content(3)).unwrap();
        assert_eq!(archives.get(&digest(2)), None);
        assert!(archives.get(&digest(1)).is_some() && archives.get(&digest(3)).is_some());
        // One that is larger than the budget stays until the next comes.
        let large = vec![9; 400];
        archives.put(&sha256(&large), &large).unwrap();
        assert_eq!(archives.get(&sha256(&large)), Some(large));
    }

    #[test]
    fn what_changed_on_disk_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let archives = Archives::new(folder.path().to_owned(), 1000);
        let digest = sha256(b"chart");
        archives.put(&digest, b"chart").unwrap();
        std::fs::write(archives.path(&digest), b"other").unwrap();
        assert_eq!(archives.get(&digest), None);
        assert!(!archives.path(&digest).exists());
    }
}
