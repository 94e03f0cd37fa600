//! A path inside a tree, which cannot leave it.

use std::fmt;

use super::{EntryKind, Tree, TreeError};

/// How many symbolic links one path may go through, as on Linux.
const LINKS: usize = 40;

/// A path relative to the root of a tree: names without `.`, `..`, empty parts or NUL. The empty path is the root.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TreePath(String);

/// Why a text is no path inside a tree.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TreePathError {
    /// The path goes above the root.
    #[error("{0:?} leads out of the source: use a path inside the repository")]
    Outside(String),
    /// The path begins with `/`.
    #[error("{0:?} is absolute: use a path relative to the root of the repository")]
    Absolute(String),
    /// The path has a character that no name can have.
    #[error("{0:?} is no path: it has a NUL character")]
    Nul(String),
    /// Links that lead to each other.
    #[error("{0}: more than {LINKS} symbolic links")]
    Loop(TreePath),
    /// The tree could not be read.
    #[error(transparent)]
    Tree(#[from] TreeError),
}

impl TreePath {
    /// The root.
    #[must_use]
    pub fn root() -> Self {
        Self::default()
    }

    /// Reads a path relative to the root; `.` and the empty text are the root.
    ///
    /// # Errors
    /// When it is absolute, goes above the root or has a NUL.
    pub fn new(text: &str) -> Result<Self, TreePathError> {
        Self::root().join(text)
    }

    /// Reads a path relative to this folder; `..` may go up as far as the root.
    ///
    /// # Errors
    /// When it is absolute, goes above the root or has a NUL.
    pub fn join(&self, text: &str) -> Result<Self, TreePathError> {
        if text.contains('\0') {
            return Err(TreePathError::Nul(text.to_owned()));
        }
        if text.starts_with('/') {
            return Err(TreePathError::Absolute(text.to_owned()));
        }
        let mut names: Vec<&str> = self.names().collect();
        for name in text.split('/') {
            match name {
                "" | "." => {}
                ".." => {
                    names
                        .pop()
                        .ok_or_else(|| TreePathError::Outside(text.to_owned()))?;
                }
                name => names.push(name),
            }
        }
        Ok(Self(names.join("/")))
    }

    /// This folder's entry of a name that came from a listing.
    #[must_use]
    pub fn child(&self, name: &str) -> Self {
        Self(if self.0.is_empty() {
            name.to_owned()
        } else {
            format!("{}/{name}", self.0)
        })
    }

    /// The folder that holds it; that of the root is the root.
    #[must_use]
    pub fn parent(&self) -> Self {
        Self(
            self.0
                .rsplit_once('/')
                .map_or_else(String::new, |(parent, _)| parent.to_owned()),
        )
    }

    /// The last name; empty for the root.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    /// Whether it is the root.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The names from the root on.
    pub fn names(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.split('/').filter(|name| !name.is_empty())
    }

    /// The text, with `/` between names.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The path with every symbolic link on the way replaced by what it leads to, and what is there.
    ///
    /// # Errors
    /// When a link leads out of the tree or in a circle, or nothing is at its end.
    pub fn follow(&self, tree: &dyn Tree) -> Result<(Self, EntryKind), TreePathError> {
        let mut waiting: Vec<String> = self.names().rev().map(str::to_owned).collect();
        let mut at = Self::root();
        let mut kind = EntryKind::Folder;
        let mut links = 0;
        while let Some(name) = waiting.pop() {
            match name.as_str() {
                "" | "." => continue,
                ".." => {
                    if at.is_root() {
                        return Err(TreePathError::Outside(self.0.clone()));
                    }
                    at = at.parent();
                    kind = EntryKind::Folder;
                    continue;
                }
                name => {
                    let next = at.child(name);
                    kind = tree.kind(&next)?;
                    if kind != EntryKind::Link {
                        at = next;
                        continue;
                    }
                    links += 1;
                    if links > LINKS {
                        return Err(TreePathError::Loop(self.clone()));
                    }
                    let target = tree.link(&next)?;
                    if target.starts_with('/') || target.contains('\0') {
                        return Err(TreePathError::Outside(format!("{next} -> {target}")));
                    }
                    kind = EntryKind::Folder;
                    waiting.extend(target.split('/').rev().map(str::to_owned));
                }
            }
        }
        Ok((at, kind))
    }
}

impl fmt::Display for TreePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "." } else { &self.0 })
    }
}
