//! One commit of a repository as a tree for rendering.

use std::borrow::Cow;
use std::sync::Arc;

use gix::object::tree::EntryKind as GitKind;
use tiphys_render::tree::{Entry, EntryKind, Tree, TreeError, TreePath};

use super::store::Store;

/// The files of one commit, read from the object database without a checkout.
#[derive(Clone)]
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
        let mut at = (GitKind::Tree, self.root);
        for name in path.names() {
            if at.0 != GitKind::Tree {
                return Err(TreeError::NotFound(path.clone()));
            }
            let folder = self
                .store
                .folder(repository, at.1)
                .map_err(|error| failed(path, error))?;
            at = folder
                .find(name)
                .ok_or_else(|| TreeError::NotFound(path.clone()))?;
        }
        Ok(at)
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
        let folder = self
            .store
            .folder(&repository, id)
            .map_err(|error| failed(path, error))?;
        Ok(folder
            .entries()
            .map(|(name, found)| Entry {
                name: name.to_owned(),
                kind: kind(found),
            })
            .collect())
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

/// Paths that are compared before two commits count as different everywhere.
const CHANGES: usize = 20_000;

/// The paths in which two commits of a repository differ; nothing when there are too many, or something cannot be read.
pub fn changed(before: &GitTree, after: &GitTree) -> Option<Vec<TreePath>> {
    let sides = (
        before.store.repository.to_thread_local(),
        after.store.repository.to_thread_local(),
    );
    let mut changed = Vec::new();
    let folder = (GitKind::Tree, before.root);
    let mut open = vec![(
        TreePath::root(),
        Some(folder),
        Some((GitKind::Tree, after.root)),
    )];
    while let Some((path, old, new)) = open.pop() {
        if old == new {
            continue;
        }
        if !path.is_root() {
            changed.push(path.clone());
        }
        if changed.len() > CHANGES {
            return None;
        }
        let read = |tree: &GitTree, repository, side: Option<(GitKind, gix::ObjectId)>| match side {
            Some((GitKind::Tree, id)) => tree.store.folder(repository, id).map(Some),
            _ => Ok(None),
        };
        let old = read(before, &sides.0, old).ok()?;
        let new = read(after, &sides.1, new).ok()?;
        let names: std::collections::BTreeSet<&str> = [&old, &new]
            .into_iter()
            .flatten()
            .flat_map(|folder| folder.entries().map(|(name, _)| name))
            .collect();
        for name in names {
            let find = |folder: &Option<Arc<super::store::Folder>>| {
                folder.as_ref().and_then(|folder| folder.find(name))
            };
            open.push((path.child(name), find(&old), find(&new)));
        }
    }
    Some(changed)
}
