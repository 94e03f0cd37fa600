//! The bare repository in which the commits of one repository are kept.
//!
//! A commit is fetched without its history, so nothing that was fetched refers to anything else, and Git's own collection of
//! garbage would find nothing to join. Instead the repository is made anew after a number of commits: what is still needed is fetched again.
//!
//! ```text
//! <data>/git/<hash of the URL>/<generation>/   the bare repository; only the newest generation is used
//! ```

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::{Repo, SourceError, git};

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
        })
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
