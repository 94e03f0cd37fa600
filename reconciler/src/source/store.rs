//! The bare repository in which the commits of one repository are kept.
//!
//! A commit is fetched without its history, so nothing that was fetched refers to anything else, and Git's own collection of
//! garbage would find nothing to join. Instead the repository is made anew after a number of commits: what is still needed is fetched again.
//!
//! ```text
//! <data>/git/<hash of the URL>/<generation>/   the bare repository; only the newest generation is used
//! <data>/git/<hash of the URL>.gone/           a repository that nobody uses, while it is removed
//! ```

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use gix::object::tree::EntryKind as GitKind;

use super::{Repo, SourceError, git};

/// Entries of folders that are kept decoded.
const ENTRIES: usize = 400_000;

/// A folder of a commit, decoded.
pub struct Folder(Vec<(Box<str>, GitKind, gix::ObjectId)>);

impl Folder {
    /// What has a name.
    pub fn find(&self, name: &str) -> Option<(GitKind, gix::ObjectId)> {
        let at = self
            .0
            .binary_search_by(|(known, _, _)| known.as_ref().cmp(name))
            .ok()?;
        let (_, kind, id) = &self.0[at];
        Some((*kind, *id))
    }

    /// Names and kinds, ordered by name.
    pub fn entries(&self) -> impl Iterator<Item = (&str, GitKind)> {
        self.0.iter().map(|(name, kind, _)| (name.as_ref(), *kind))
    }
}

/// Folders that were read, by their identity: commits have most of them in common.
#[derive(Default)]
struct Folders {
    known: HashMap<gix::ObjectId, Arc<Folder>>,
    entries: usize,
}

/// Commits that one generation holds.
const COMMITS: usize = 64;

/// One generation. Its folder is removed with the last user, once it is retired.
pub struct Store {
    /// The repository.
    pub repository: gix::ThreadSafeRepository,
    folder: PathBuf,
    generation: u64,
    commits: AtomicUsize,
    retired: AtomicBool,
    folders: Mutex<Folders>,
}

impl Store {
    /// Opens the newest generation below a folder, or makes the first. Older ones, which a crash left, are removed.
    ///
    /// # Errors
    /// When the folder cannot be used.
    pub fn open(folder: &Path, repo: &Repo) -> Result<Self, SourceError> {
        let mut generations: Vec<u64> = std::fs::read_dir(folder)
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .collect();
        generations.sort_unstable();
        let generation = generations.pop().unwrap_or(0);
        for old in generations {
            let _gone = std::fs::remove_dir_all(folder.join(old.to_string()));
        }
        Self::at(folder, generation, repo)
    }

    fn at(folder: &Path, generation: u64, repo: &Repo) -> Result<Self, SourceError> {
        let repository = git::open(&folder.join(generation.to_string()), repo)?;
        let commits = git::kept(&repository);
        Ok(Self {
            repository,
            folder: folder.to_owned(),
            generation,
            commits: AtomicUsize::new(commits),
            retired: AtomicBool::new(false),
            folders: Mutex::default(),
        })
    }

    /// A folder, from memory when it was read before.
    ///
    /// # Errors
    /// When the object is missing or no folder.
    pub fn folder(
        &self,
        repository: &gix::Repository,
        id: gix::ObjectId,
    ) -> Result<Arc<Folder>, Box<dyn std::error::Error + Send + Sync>> {
        if let Some(known) = crate::locked(&self.folders).known.get(&id) {
            return Ok(Arc::clone(known));
        }
        let tree = repository.find_object(id)?.try_into_tree()?;
        let mut entries = Vec::new();
        for entry in tree.iter() {
            let entry = entry?;
            let name = entry.filename().to_string().into_boxed_str();
            entries.push((name, entry.mode().kind(), entry.object_id()));
        }
        // Git orders folders as if their names ended in a slash.
        entries.sort_by(|a, b| a.0.cmp(&b.0));
        let folder = Arc::new(Folder(entries));
        let mut folders = crate::locked(&self.folders);
        if folders.entries > ENTRIES {
            *folders = Folders::default();
        }
        folders.entries += folder.0.len() + 1;
        folders.known.insert(id, Arc::clone(&folder));
        Ok(folder)
    }

    /// Whether it holds as many commits as it should.
    pub fn is_full(&self) -> bool {
        self.commits.load(Ordering::Relaxed) >= COMMITS
    }

    /// Notes that a commit was fetched.
    pub fn count(&self) {
        self.commits.fetch_add(1, Ordering::Relaxed);
    }

    /// Begins the next generation, and retires this one.
    ///
    /// # Errors
    /// When its folder cannot be made.
    pub fn renew(&self, repo: &Repo) -> Result<Self, SourceError> {
        let next = Self::at(&self.folder, self.generation + 1, repo)?;
        self.retire();
        Ok(next)
    }

    /// Lets the folder go with the last user.
    pub fn retire(&self) {
        self.retired.store(true, Ordering::Relaxed);
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        if self.retired.load(Ordering::Relaxed) {
            let _gone = std::fs::remove_dir_all(self.folder.join(self.generation.to_string()));
            // Only when no other generation is in it.
            let _empty = std::fs::remove_dir(&self.folder);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generation_goes_with_its_last_user() {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path().join("repo");
        let repo = Repo::anonymous("https://example.com/a.git");
        let first = Store::open(&base, &repo).unwrap();
        assert!(!first.is_full());
        for _ in 0..COMMITS {
            first.count();
        }
        assert!(first.is_full());
        let second = first.renew(&repo).unwrap();
        assert!(base.join("0").exists() && base.join("1").exists());
        drop(first);
        assert!(!base.join("0").exists() && base.join("1").exists());
        std::fs::create_dir(base.join("0")).unwrap();
        drop(second);
        let reopened = Store::open(&base, &repo).unwrap();
        assert_eq!(reopened.generation, 1);
        assert!(!base.join("0").exists(), "what a crash left is removed");
        reopened.retire();
        drop(reopened);
        assert!(!base.exists());
    }
}
