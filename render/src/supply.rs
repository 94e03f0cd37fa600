//! What a rendering needs beyond its tree, and how it gets it.
//!
//! Rendering fetches nothing. What is missing is named in [`RenderError::Missing`](crate::RenderError::Missing); the caller
//! fetches it, puts it into its [`Supply`], and renders again.

use std::fmt;
use std::sync::Arc;

use crate::tree::{MemoryTree, Tree, TreePath};

/// Something that lies outside the tree.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Missing {
    /// A chart of a Helm or OCI repository: a dependency, or an entry of Kustomize's `helmCharts`.
    Chart {
        /// URL of the repository as it is written, `oci://` included.
        repository: String,
        /// Name of the chart.
        name: String,
        /// Version or version constraint as it is written; empty means the newest.
        version: String,
    },
    /// A remote base of Kustomize: the root of another repository, as it is written (`github.com/org/repo//path?ref=v1`).
    Base {
        /// The URL as it is written.
        url: String,
    },
    /// One remote file of Kustomize, as it is written.
    File {
        /// The URL as it is written.
        url: String,
    },
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Chart {
                repository,
                name,
                version,
            } => write!(f, "chart {name} {version} of {repository}"),
            Self::Base { url } => write!(f, "base {url}"),
            Self::File { url } => write!(f, "file {url}"),
        }
    }
}

/// Something that is missing, and what asks for it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Needed {
    /// What is missing.
    pub what: Missing,
    /// The file that asks for it, with line and column where they are known; empty for what the caller himself named.
    pub by: String,
}

impl From<Missing> for Needed {
    fn from(what: Missing) -> Self {
        let by = String::new();
        Self { what, by }
    }
}

impl fmt::Display for Needed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.what.fmt(f)?;
        if !self.by.is_empty() {
            write!(f, " (wanted by {})", self.by)?;
        }
        Ok(())
    }
}

/// A tree and the folder in it that was asked for.
#[derive(Clone)]
pub struct Supplied {
    /// The tree, read-only.
    pub tree: Arc<dyn Tree>,
    /// The folder (or, for [`Missing::File`], the file) in it.
    pub path: TreePath,
}

/// Answers what lies outside the tree.
pub trait Supply: Send + Sync {
    /// What was fetched for it; `None` when it has not been fetched yet.
    fn get(&self, missing: &Missing) -> Option<Supplied>;
}

/// A supply that has nothing: everything beyond the tree is missing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoSupply;

impl Supply for NoSupply {
    fn get(&self, _missing: &Missing) -> Option<Supplied> {
        None
    }
}

impl Supplied {
    /// One file, as the answer to [`Missing::File`].
    #[must_use]
    pub fn file(name: &TreePath, content: impl Into<Vec<u8>>) -> Self {
        Self {
            tree: Arc::new(MemoryTree::new().file(name, content)),
            path: name.clone(),
        }
    }
}
