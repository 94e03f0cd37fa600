//! The read-only file tree that sources are rendered from.

use std::borrow::Cow;

mod memory;
mod path;
mod recording;

pub use memory::MemoryTree;
pub use path::{TreePath, TreePathError};
pub use recording::{Question, Reads, RecordingTree};

/// What an entry of a folder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EntryKind {
    /// A folder.
    Folder,
    /// A regular file, executable or not.
    File,
    /// A symbolic link; its target is read with [`Tree::link`].
    Link,
    /// A Git submodule: another repository, which is not part of the tree.
    Submodule,
}

/// One entry of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Name without folder. Names that are not UTF-8 are shown with replacement characters and cannot be opened.
    pub name: String,
    /// What it is.
    pub kind: EntryKind,
}

/// Why something in the tree could not be read. The path is that of the tree's root, with `/` between names.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TreeError {
    /// Nothing is there.
    #[error("{0}: no such file or folder in the source")]
    NotFound(TreePath),
    /// A folder was wanted and something else is there, or the other way round.
    #[error("{path}: expected a {wanted}")]
    WrongKind {
        /// What was looked at.
        path: TreePath,
        /// What was expected: `file`, `folder` or `symbolic link`.
        wanted: &'static str,
    },
    /// The file is larger than the reader allows.
    #[error("{path}: {size} bytes, at most {limit} are read")]
    TooLarge {
        /// The file.
        path: TreePath,
        /// Its size in bytes.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// The tree's own storage failed.
    #[error("{path}: {message}")]
    Failed {
        /// What was being read.
        path: TreePath,
        /// Why.
        message: String,
    },
}

/// A read-only file tree, for example one commit of a repository. Paths are resolved as they are: following links is the
/// reader's business, see [`TreePath::follow`].
pub trait Tree: Send + Sync {
    /// What is at the path; the empty path is the root folder.
    ///
    /// # Errors
    /// [`TreeError::NotFound`], or [`TreeError::Failed`].
    fn kind(&self, path: &TreePath) -> Result<EntryKind, TreeError>;

    /// The entries of a folder, ordered by the bytes of their names.
    ///
    /// # Errors
    /// When there is no folder at the path.
    fn list(&self, path: &TreePath) -> Result<Vec<Entry>, TreeError>;

    /// The content of a regular file of at most `limit` bytes.
    ///
    /// # Errors
    /// When there is no file at the path or it is larger, which is found out before it is read.
    fn read(&self, path: &TreePath, limit: u64) -> Result<Cow<'_, [u8]>, TreeError>;

    /// The target of a symbolic link, as it is written in it.
    ///
    /// # Errors
    /// When there is no link at the path.
    fn link(&self, path: &TreePath) -> Result<String, TreeError>;

    /// An identity of the content of the file or folder at the path: equal identities mean equal content.
    /// `None` when the tree has no such thing.
    ///
    /// # Errors
    /// [`TreeError::NotFound`], or [`TreeError::Failed`].
    fn id(&self, path: &TreePath) -> Result<Option<String>, TreeError>;
}
