//! Why a source could not be rendered.

use crate::source::SourceType;
use crate::supply::Needed;
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
    /// The folder was to be read as plain YAML and JSON, and is something else.
    #[error(
        "{file}: this is a {source_type} source, not a folder of plain manifests; leave `directory` out of the source to have it rendered"
    )]
    Unsupported {
        /// The type.
        source_type: SourceType,
        /// The file that shows it.
        file: String,
    },
    /// A directory has a file of a language that is not rendered; to leave it out in silence would look like an empty directory.
    #[error(
        "{file}: Jsonnet is not rendered by this server; commit what it renders to, or leave the file out with spec.source.directory.exclude"
    )]
    Jsonnet {
        /// The file.
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
    /// A chart is not as Helm wants it.
    #[error("{at}: {message}")]
    Chart {
        /// The file, and the line where one is known.
        at: String,
        /// What is wrong.
        message: String,
    },
    /// The options of a chart, or its values, are not usable.
    #[error("{0}")]
    Options(String),
    /// A template failed.
    #[error(transparent)]
    Template(Box<TemplateError>),
    /// What a template printed is no YAML, or no manifest. Line and column are those of the printed text.
    #[error(
        "{file}: the printed text is wrong at line {line}, column {column}: {message} ({excerpt:?}){advice}"
    )]
    Printed {
        /// The template.
        file: String,
        /// Line of the printed text, from 1.
        line: usize,
        /// Column of the printed text, from 1.
        column: usize,
        /// What is wrong.
        message: String,
        /// The line itself, cut.
        excerpt: String,
        /// Which line of the template prints it, and what can be done, where that can be told; with what separates it.
        advice: String,
    },
    /// An overlay cannot be built.
    #[error(transparent)]
    Overlay(Box<crate::kustomize::OverlayError>),
    /// Something outside the tree is needed: fetch it, put it into the supply and render again.
    #[error("not fetched: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))]
    Missing(Vec<Needed>),
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

/// Why a template of a chart failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TemplateError {
    /// Path of the template in the tree.
    pub file: String,
    /// Line, from 1; 0 when it is not known.
    pub line: usize,
    /// Column, from 1; 0 when it is not known.
    pub column: usize,
    /// What went wrong.
    pub message: String,
    /// What was being evaluated, as it is written (`.Values.a.b`), if known.
    pub expression: String,
    /// The way from the outermost template to the place above: one entry for each `include`, `template` or `tpl`.
    pub chain: Vec<TemplateFrame>,
    /// What can be done about it, where that can be told.
    pub advice: String,
    /// Helm's own text for it.
    pub text: String,
}

/// One step on the way to a fault in a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateFrame {
    /// Path of the template in the tree.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1; 0 when it is not known.
    pub column: usize,
    /// Name of the template that was executed, which is the file's or that of a `define`.
    pub template: String,
}

impl std::fmt::Display for TemplateError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.file)?;
        for number in [self.line, self.column] {
            if number > 0 {
                write!(f, ":{number}")?;
            }
        }
        write!(f, ": {}", self.message)?;
        if !self.expression.is_empty() {
            write!(f, " (at <{}>)", self.expression)?;
        }
        for frame in self.chain.iter().rev() {
            write!(f, ", called from {}:{}", frame.file, frame.line)?;
            if frame.column > 0 {
                write!(f, ":{}", frame.column)?;
            }
        }
        if !self.advice.is_empty() {
            write!(f, "; {}", self.advice)?;
        }
        Ok(())
    }
}

impl std::error::Error for TemplateError {}
