//! Why a source could not be rendered.

use crate::source::SourceType;
use crate::supply::Missing;
use crate::tree::{TreeError, TreePathError};

/// Why a source could not be rendered. Messages name the file, and the line where there is one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// The path of the source is not in the tree.
    #[error("{0}: app path does not exist")]
    NoSuchPath(String),
    /// The path of the source is not a folder.
    #[error("{0}: app path is not a directory")]
    NotAFolder(String),
    /// The path of the source lies in another repository.
    #[error(
        "{0} is a Git submodule, which is not read: make an application of that repository instead"
    )]
    Submodule(String),
    /// A path or link is not usable.
    #[error(transparent)]
    Path(#[from] TreePathError),
    /// The source is of a type that cannot be rendered yet.
    #[error(
        "{file}: {source_type} sources are not rendered by this version; render to plain YAML and commit that"
    )]
    Unsupported {
        /// The type.
        source_type: SourceType,
        /// The file that shows it.
        file: String,
    },
    /// A file is not readable as YAML or JSON.
    #[error("{file}:{line}:{column}: {message}")]
    Syntax {
        /// The file.
        file: String,
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What is wrong.
        message: String,
    },
    /// A document is no object of Kubernetes.
    #[error("{file}:{line}: {message}")]
    Object {
        /// The file.
        file: String,
        /// Line of the document, from 1.
        line: usize,
        /// What is wrong.
        message: String,
    },
    /// An `include` or `exclude` pattern is none.
    #[error("{field} {pattern:?}: {message}")]
    Pattern {
        /// `include` or `exclude`.
        field: &'static str,
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        message: String,
    },
    /// An overlay cannot be built.
    #[error(transparent)]
    Overlay(Box<crate::kustomize::OverlayError>),
    /// Something outside the tree is needed: fetch it, put it into the supply and render again.
    #[error("not fetched: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))]
    Missing(Vec<Missing>),
    /// The source is larger than it may be.
    #[error("{at}: more than {limit} {what}")]
    TooMuch {
        /// File or folder where the limit was met.
        at: String,
        /// The limit.
        limit: u64,
        /// What was counted.
        what: &'static str,
    },
}

impl From<TreeError> for RenderError {
    fn from(error: TreeError) -> Self {
        Self::Path(error.into())
    }
}
