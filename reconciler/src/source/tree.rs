//! One commit of a repository as a tree for rendering.

use std::borrow::Cow;
use std::sync::Arc;

use super::store::Store;
use gix::object::tree::EntryKind as GitKind;
use tiphys_render::tree::{Entry, EntryKind, Tree, TreeError, TreePath};

/// The files of one commit, read from the object database without a checkout.
pub struct GitTree {
    pub(super) store: Arc<Store>,
    pub(super) root: gix::ObjectId,
}

fn failed(path: &TreePath, error: impl std::fmt::Display) -> TreeError {
    TreeError::Failed {
        path: path.clone(),
        message: error.to_string(),
    }
}

fn kind(mode: GitKind) -> EntryKind {
    match mode {
        GitKind::Tree => EntryKind::Folder,
        GitKind::Blob | GitKind::BlobExecutable => EntryKind::File,
        GitKind::Link => EntryKind::Link,
        GitKind::Commit => EntryKind::Submodule,
    }
}

impl GitTree {
    fn entry(
        &self,
        repository: &gix::Repository,
        path: &TreePath,
    ) -> Result<(GitKind, gix::ObjectId), TreeError> {
        if path.is_root() {
            return Ok((GitKind::Tree, self.root));
        }
        let root = repository
            .find_object(self.root)
            .map_err(|error| failed(path, error))?
            .into_tree();
        let entry = root
            .lookup_entry(path.names())
            .map_err(|error| failed(path, error))?
            .ok_or_else(|| TreeError::NotFound(path.clone()))?;
        Ok((entry.mode().kind(), entry.object_id()))
    }

    fn blob(&self, path: &TreePath, limit: u64, links: bool) -> Result<Vec<u8>, TreeError> {
        let repository = self.store.repository.to_thread_local();
        let (found, id) = self.entry(&repository, path)?;
        let fits = if links {
            found == GitKind::Link
        } else {
            matches!(found, GitKind::Blob | GitKind::BlobExecutable)
        };
        if !fits {
            return Err(TreeError::WrongKind {
                path: path.clone(),
                wanted: if links { "symbolic link" } else { "file" },
            });
        }
        let size = repository
            .find_header(id)
            .map_err(|error| failed(path, error))?
            .size();
        if size > limit {
            return Err(TreeError::TooLarge {
                path: path.clone(),
                size,
                limit,
            });
        }
        let mut object = repository
            .find_object(id)
            .map_err(|error| failed(path, error))?;
        Ok(std::mem::take(&mut object.data))
    }
}

impl Tree for GitTree {
    fn kind(&self, path: &TreePath) -> Result<EntryKind, TreeError> {
        Ok(kind(
            self.entry(&self.store.repository.to_thread_local(), path)?
                .0,
        ))
    }

    fn list(&self, path: &TreePath) -> Result<Vec<Entry>, TreeError> {
        let repository = self.store.repository.to_thread_local();
        let (GitKind::Tree, id) = self.entry(&repository, path)? else {
            return Err(TreeError::WrongKind {
                path: path.clone(),
                wanted: "folder",
            });
        };
        let tree = repository
            .find_object(id)
            .map_err(|error| failed(path, error))?
            .into_tree();
        let mut entries = Vec::new();
        for entry in tree.iter() {
            let entry = entry.map_err(|error| failed(path, error))?;
            entries.push(Entry {
                name: entry.filename().to_string(),
                kind: kind(entry.mode().kind()),
            });
        }
        // Git orders folders as if their names ended in a slash.
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    fn read(&self, path: &TreePath, limit: u64) -> Result<Cow<'_, [u8]>, TreeError> {
        self.blob(path, limit, false).map(Cow::Owned)
    }

    fn link(&self, path: &TreePath) -> Result<String, TreeError> {
        let target = self.blob(path, 4096, true)?;
        String::from_utf8(target).map_err(|_| failed(path, "the target of the link is not UTF-8"))
    }

    fn id(&self, path: &TreePath) -> Result<Option<String>, TreeError> {
        Ok(Some(
            self.entry(&self.store.repository.to_thread_local(), path)?
                .1
                .to_string(),
        ))
    }
}
