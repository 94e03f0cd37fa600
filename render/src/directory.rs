//! Directories of plain YAML and JSON.

use std::collections::HashSet;

use globset::{GlobBuilder, GlobMatcher};
use serde_json::Value;

use crate::object::Collector;
use crate::source::{self, folder};
use crate::tree::{EntryKind, Tree, TreePath};
use crate::{Limits, Manifest, RenderError, SourceType, yaml};

/// A file with this text anywhere is left out; the mark is Argo CD's.
const SKIP_MARK: &str = "+argocd:skip-file-rendering";

/// Options of a directory, as in `spec.source.directory`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Options {
    /// Whether folders below are read, too.
    pub recurse: bool,
    /// Only files whose path below the source's matches this glob; empty for all.
    pub include: String,
    /// No file whose path below the source's matches this glob; it wins over `include`.
    pub exclude: String,
}

/// The objects of the files `*.yaml`, `*.yml` and `*.json` in a folder, in order of file names and as written in each. Lists are
/// taken apart.
///
/// # Errors
/// When there is no folder at the path, it is a chart or an overlay, or a file is Jsonnet, not readable, invalid, or beyond the limits.
pub fn render(
    tree: &dyn Tree,
    path: &TreePath,
    options: &Options,
    limits: &Limits,
) -> Result<Vec<Manifest>, RenderError> {
    if let (source_type @ (SourceType::Helm | SourceType::Kustomize), file) =
        source::detect(tree, path)?
    {
        return Err(RenderError::Unsupported {
            source_type,
            file: file.unwrap_or_default().to_string(),
        });
    }
    let mut reader = Reader {
        tree,
        root: folder(tree, path)?,
        recurse: options.recurse,
        include: pattern("include", &options.include)?,
        exclude: pattern("exclude", &options.exclude)?,
        limits,
        folders: HashSet::new(),
        entries: 0,
        bytes: 0,
        collector: Collector::strict(limits),
    };
    let root = reader.root.clone();
    reader.folder(&root, "")?;
    Ok(reader.collector.manifests)
}

fn pattern(field: &'static str, text: &str) -> Result<Option<GlobMatcher>, RenderError> {
    if text.is_empty() {
        return Ok(None);
    }
    GlobBuilder::new(text)
        .literal_separator(true)
        .backslash_escape(true)
        .empty_alternates(true)
        .build()
        .map(|glob| Some(glob.compile_matcher()))
        .map_err(|error| RenderError::Pattern {
            field,
            pattern: text.to_owned(),
            message: error.kind().to_string(),
        })
}

struct Reader<'a> {
    tree: &'a dyn Tree,
    root: TreePath,
    recurse: bool,
    include: Option<GlobMatcher>,
    exclude: Option<GlobMatcher>,
    limits: &'a Limits,
    /// Folders that were read, so that links cannot lead in circles.
    folders: HashSet<TreePath>,
    entries: usize,
    bytes: u64,
    collector: Collector<'a>,
}

impl Reader<'_> {
    /// Reads a folder; `below` is its path as a user sees it from the source's, links not followed.
    fn folder(&mut self, path: &TreePath, below: &str) -> Result<(), RenderError> {
        if !self.folders.insert(path.clone()) {
            return Ok(());
        }
        for entry in self.tree.list(path)? {
            self.entries += 1;
            if self.entries > self.limits.entries {
                return Err(self.too_much(path, self.limits.entries as u64, "files and folders"));
            }
            let at = path.child(&entry.name);
            let shown = if below.is_empty() {
                entry.name.clone()
            } else {
                format!("{below}/{}", entry.name)
            };
            if entry.name.ends_with(".jsonnet")
                && entry.kind == EntryKind::File
                && self.wanted(&shown)
            {
                let file = at.to_string();
                return Err(RenderError::Jsonnet { file });
            }
            let is_manifest = is_manifest(&entry.name);
            if entry.kind == EntryKind::Submodule
                || (!is_manifest && entry.kind == EntryKind::File)
                || (!is_manifest && !self.recurse)
                || (is_manifest && !self.wanted(&shown))
            {
                continue;
            }
            match at.follow(self.tree)? {
                (target, EntryKind::Folder) if self.recurse => self.folder(&target, &shown)?,
                (target, EntryKind::File) if is_manifest => self.file(&target, &at)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn wanted(&self, below: &str) -> bool {
        self.include
            .as_ref()
            .is_none_or(|glob| glob.is_match(below))
            && self
                .exclude
                .as_ref()
                .is_none_or(|glob| !glob.is_match(below))
    }

    fn file(&mut self, path: &TreePath, shown: &TreePath) -> Result<(), RenderError> {
        let content = self.tree.read(path, self.limits.file_bytes)?;
        self.bytes += content.len() as u64;
        if self.bytes > self.limits.total_bytes {
            return Err(self.too_much(shown, self.limits.total_bytes, "bytes in all files"));
        }
        if content
            .windows(SKIP_MARK.len())
            .any(|window| window == SKIP_MARK.as_bytes())
        {
            return Ok(());
        }
        let file = shown.to_string();
        let documents = if shown.name().ends_with(".json") {
            json(&content, &file)?
        } else {
            yaml::documents(&content, self.limits).map_err(|error| RenderError::Syntax {
                file: file.clone(),
                line: error.line,
                column: error.column,
                message: error.message,
            })?
        };
        for document in documents {
            self.collector.add(document.value, &file, document.line)?;
        }
        Ok(())
    }

    fn too_much(&self, at: &TreePath, limit: u64, what: &'static str) -> RenderError {
        RenderError::TooMuch {
            at: at.to_string(),
            limit,
            what,
        }
    }
}

fn is_manifest(name: &str) -> bool {
    [".yaml", ".yml", ".json"]
        .iter()
        .any(|ending| name.ends_with(ending))
}

fn json(content: &[u8], file: &str) -> Result<Vec<yaml::Document>, RenderError> {
    let content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
    let mut stream = serde_json::Deserializer::from_slice(content).into_iter::<Value>();
    let mut documents = Vec::new();
    let mut before = 0;
    while let Some(value) = stream.next() {
        let value = value.map_err(|error| RenderError::Syntax {
            file: file.to_owned(),
            line: error.line(),
            column: error.column(),
            message: error.to_string(),
        })?;
        let start = content[before..]
            .iter()
            .position(|byte| !byte.is_ascii_whitespace())
            .unwrap_or(0)
            + before;
        let line = content[..start]
            .iter()
            .filter(|byte| **byte == b'\n')
            .count()
            + 1;
        before = stream.byte_offset();
        if !value.is_null() {
            documents.push(yaml::Document {
                value,
                line,
                written: Vec::new(),
            });
        }
    }
    Ok(documents)
}

#[cfg(test)]
mod tests;
