//! Reads files for a kustomization: below its root only, links followed inside the tree only, remote ones from the supply.

use std::borrow::Cow;
use std::cell::{Cell, OnceCell};
use std::sync::Arc;

use serde_json::Value;

use super::charts::Charts;
use super::fault::Fault;
use super::id::CustomScope;
use super::remote;
use super::resource::Resource;
use super::schema::Schema;
use crate::supply::{Missing, Supply};
use crate::tree::{EntryKind, Tree, TreeError, TreePath, TreePathError};
use crate::{Limits, RenderError};

/// What a build may use, and what it has used.
pub(super) struct Context<'a> {
    /// Answers what lies outside the tree.
    pub supply: &'a dyn Supply,
    /// Limits.
    pub limits: &'a Limits,
    /// Renders charts, if that is switched on.
    pub charts: Option<&'a dyn Charts>,
    files: Cell<usize>,
    bytes: Cell<u64>,
    added: Cell<u64>,
    trees: Cell<usize>,
    schema: OnceCell<Schema>,
}

/// Bytes that transformers may add in all: eight times what may be read.
const ADDED: u64 = 8;

impl<'a> Context<'a> {
    pub fn new(supply: &'a dyn Supply, limits: &'a Limits, charts: Option<&'a dyn Charts>) -> Self {
        Self {
            supply,
            limits,
            charts,
            files: Cell::new(0),
            bytes: Cell::new(0),
            added: Cell::new(0),
            trees: Cell::new(0),
            schema: OnceCell::new(),
        }
    }

    /// Whether a kustomization has brought a schema.
    pub fn has_schema(&self) -> bool {
        self.schema.get().is_some()
    }

    /// The schema of strategic merges for the whole build.
    pub fn schema(&self) -> &Schema {
        match self.schema.get() {
            Some(schema) => schema,
            None => Schema::built_in(),
        }
    }

    /// Takes an OpenAPI document; the first one holds.
    ///
    /// # Errors
    /// When it is none.
    pub fn set_schema(&self, document: &Value) -> Result<(), String> {
        let schema = Schema::from_openapi(document)?;
        // A second one is left alone on purpose.
        let _ = self.schema.set(schema);
        Ok(())
    }

    /// Says of an object what the build's own schema says about its kind.
    pub fn set_scope(&self, resource: &mut Resource) {
        if let Some(schema) = self.schema.get() {
            let (api_version, kind) = (resource.api_version(), resource.kind());
            let is_cluster = schema.is_namespaced(api_version, kind) == Some(false);
            resource.scope = CustomScope { is_cluster };
        }
    }

    /// Counts a file.
    fn read(&self, at: &str, bytes: usize) -> Result<(), RenderError> {
        self.files.set(self.files.get() + 1);
        self.bytes.set(self.bytes.get() + bytes as u64);
        let limit = |limit: u64, what| RenderError::TooMuch {
            at: at.to_owned(),
            limit,
            what,
        };
        if self.files.get() > self.limits.entries {
            return Err(limit(
                self.limits.entries as u64,
                "files read for one overlay",
            ));
        }
        if self.bytes.get() > self.limits.total_bytes {
            return Err(limit(self.limits.total_bytes, "bytes in all files"));
        }
        Ok(())
    }

    /// Counts text that a transformer adds to objects: hostile prefixes and labels end here.
    pub fn adds(&self, at: &str, bytes: usize, objects: usize) -> Result<(), RenderError> {
        let limit = self.limits.total_bytes.saturating_mul(ADDED);
        let added = (bytes as u64).saturating_mul(objects as u64);
        self.added.set(self.added.get().saturating_add(added));
        if self.added.get() > limit {
            return Err(RenderError::TooMuch {
                at: at.to_owned(),
                limit,
                what: "bytes added by transformers",
            });
        }
        Ok(())
    }

    /// Checks the number of objects.
    pub fn objects(&self, at: &str, objects: usize) -> Result<(), RenderError> {
        if objects > self.limits.objects {
            return Err(RenderError::TooMuch {
                at: at.to_owned(),
                limit: self.limits.objects as u64,
                what: "objects",
            });
        }
        Ok(())
    }
}

/// A tree that is lent, or one that the supply shares.
enum Source<'a> {
    Lent(&'a dyn Tree),
    Shared(Arc<dyn Tree>),
}

impl Source<'_> {
    fn tree(&self) -> &dyn Tree {
        match self {
            Self::Lent(tree) => *tree,
            Self::Shared(tree) => tree.as_ref(),
        }
    }
}

/// Reads files for the kustomization in one folder.
pub(super) struct Loader<'a> {
    /// What the build may use.
    pub context: &'a Context<'a>,
    source: Source<'a>,
    /// Tells trees apart.
    tree_id: usize,
    /// The folder, links followed.
    root: TreePath,
    /// URL of the remote base that the tree came from, as it is written; empty for the tree that is built.
    url: String,
    parent: Option<&'a Loader<'a>>,
    depth: usize,
}

/// What was read.
pub(super) struct Loaded<'a> {
    /// Content.
    pub content: Cow<'a, [u8]>,
    /// Name for messages.
    pub file: Arc<str>,
}

/// What an entry of `resources` leads to.
pub(super) enum Entry<'a> {
    /// One file.
    File(Loaded<'a>),
    /// Another kustomization.
    Folder(Loader<'a>),
}

impl<'a> Loader<'a> {
    /// For the kustomization that is built.
    pub fn new(context: &'a Context<'a>, tree: &'a dyn Tree, root: TreePath) -> Self {
        Self {
            context,
            source: Source::Lent(tree),
            tree_id: 0,
            root,
            url: String::new(),
            parent: None,
            depth: 0,
        }
    }

    /// The folder, for messages.
    pub fn shown_root(&self) -> String {
        self.shown(&self.root)
    }

    /// The last name of the folder.
    pub fn root_name(&self) -> &str {
        self.root.name()
    }

    fn shown(&self, path: &TreePath) -> String {
        match (self.url.is_empty(), path.is_root()) {
            (true, true) => ".".to_owned(),
            (true, false) => path.to_string(),
            (false, _) => format!("{} {path}", self.url).trim_end().to_owned(),
        }
    }

    /// Reads a file that the kustomization names: below its folder, or an HTTP URL.
    pub fn load(&self, path: &str) -> Result<Loaded<'_>, Fault> {
        if remote::is_http(path) {
            return self.load_remote(path);
        }
        let at = self.inside(path)?;
        let (target, kind) = self.follow(&at)?;
        if kind != EntryKind::File {
            return Err(format!("'{at}' must resolve to a file").into());
        }
        if !is_below(&target, &self.root) {
            return Err(format!(
                "security; file '{target}' is not in or below '{}'",
                self.shown_root()
            )
            .into());
        }
        self.read(&target, self.shown(&at))
    }

    /// Reads the first of the files that is there; none of them being there is no error.
    pub fn load_if_there(&self, name: &str) -> Result<Option<Loaded<'_>>, Fault> {
        let at = self.root.child(name);
        match at.follow(self.source.tree()) {
            Ok((_, EntryKind::File)) => self.load(name).map(Some),
            Ok(_) => Ok(None),
            Err(TreePathError::Tree(TreeError::NotFound(_))) => Ok(None),
            Err(error) => Err(RenderError::from(error).into()),
        }
    }

    fn read(&self, target: &TreePath, shown: String) -> Result<Loaded<'_>, Fault> {
        let content = self
            .source
            .tree()
            .read(target, self.context.limits.file_bytes)
            .map_err(RenderError::from)?;
        self.context.read(&shown, content.len())?;
        Ok(Loaded {
            content,
            file: shown.into(),
        })
    }

    fn load_remote(&self, url: &str) -> Result<Loaded<'_>, Fault> {
        let missing = Missing::File {
            url: url.to_owned(),
        };
        let Some(supplied) = self.context.supply.get(&missing) else {
            return Err(RenderError::Missing(vec![missing.into()]).into());
        };
        let content = supplied
            .tree
            .read(&supplied.path, self.context.limits.file_bytes)
            .map_err(RenderError::from)?
            .into_owned();
        self.context.read(url, content.len())?;
        Ok(Loaded {
            content: Cow::Owned(content),
            file: url.into(),
        })
    }

    /// What an entry of `resources` leads to.
    pub fn entry<'b>(&'b self, path: &str) -> Result<Entry<'b>, Fault>
    where
        'a: 'b,
    {
        if path.is_empty() {
            return Err("a resource cannot be empty".to_owned().into());
        }
        if remote::is_file(path) {
            let base = Missing::Base {
                url: path.to_owned(),
            };
            if remote::parse(path).is_none() || self.context.supply.get(&base).is_none() {
                return self.load_remote(path).map(Entry::File);
            }
        }
        if remote::parse(path).is_none() && self.follow(&self.inside(path)?)?.1 != EntryKind::Folder
        {
            return self.load(path).map(Entry::File);
        }
        self.folder(path).map(Entry::Folder)
    }

    /// Another kustomization: a folder anywhere in the tree, or a remote base.
    pub fn folder<'b>(&'b self, path: &str) -> Result<Loader<'b>, Fault>
    where
        'a: 'b,
    {
        if self.depth >= self.context.limits.depth {
            return Err(RenderError::TooMuch {
                at: self.shown_root(),
                limit: self.context.limits.depth as u64,
                what: "levels of bases",
            }
            .into());
        }
        if path.is_empty() {
            return Err("new root cannot be empty".to_owned().into());
        }
        if remote::parse(path).is_some() {
            return self.remote_folder(path);
        }
        let at = self.inside(path)?;
        let (root, kind) = self.follow(&at)?;
        if kind != EntryKind::Folder {
            return Err(
                format!("'{at}' must be a directory so that it can be a build root").into(),
            );
        }
        self.refuse_cycle(self.tree_id, &root)?;
        Ok(Loader {
            context: self.context,
            source: match &self.source {
                Source::Lent(tree) => Source::Lent(*tree),
                Source::Shared(tree) => Source::Shared(Arc::clone(tree)),
            },
            tree_id: self.tree_id,
            root,
            url: self.url.clone(),
            parent: Some(self),
            depth: self.depth + 1,
        })
    }

    /// Whether there is a folder, or a remote base that has been fetched.
    pub fn is_folder(&self, path: &str) -> bool {
        remote::parse(path).is_some()
            || self
                .inside(path)
                .and_then(|at| self.follow(&at))
                .is_ok_and(|(_, kind)| kind == EntryKind::Folder)
    }

    /// A folder of the tree, if it is there.
    pub fn local_folder(&self, path: &str) -> Result<Option<(&dyn Tree, TreePath)>, Fault> {
        let at = self.inside(path)?;
        match at.follow(self.source.tree()) {
            Ok((folder, EntryKind::Folder)) => Ok(Some((self.source.tree(), folder))),
            Ok(_) | Err(TreePathError::Tree(TreeError::NotFound(_))) => Ok(None),
            Err(error) => Err(Fault::Field(error.to_string())),
        }
    }

    fn remote_folder<'b>(&'b self, url: &str) -> Result<Loader<'b>, Fault>
    where
        'a: 'b,
    {
        let mut at = Some(self);
        while let Some(loader) = at {
            if !loader.url.is_empty() && loader.url.starts_with(url) {
                return Err(format!(
                    "cycle detected: URI '{url}' referenced by previous URI '{}'",
                    loader.url
                )
                .into());
            }
            at = loader.parent;
        }
        let missing = Missing::Base {
            url: url.to_owned(),
        };
        let Some(supplied) = self.context.supply.get(&missing) else {
            return Err(RenderError::Missing(vec![missing.into()]).into());
        };
        let (root, kind) = supplied
            .path
            .follow(supplied.tree.as_ref())
            .map_err(RenderError::from)?;
        if kind != EntryKind::Folder {
            return Err(format!("'{url}' refers to file '{root}'; expecting directory").into());
        }
        self.context.trees.set(self.context.trees.get() + 1);
        Ok(Loader {
            context: self.context,
            source: Source::Shared(supplied.tree),
            tree_id: self.context.trees.get(),
            root,
            url: url.to_owned(),
            parent: Some(self),
            depth: self.depth + 1,
        })
    }

    fn inside(&self, path: &str) -> Result<TreePath, Fault> {
        self.root
            .join(path)
            .map_err(|error| Fault::Field(error.to_string()))
    }

    fn follow(&self, path: &TreePath) -> Result<(TreePath, EntryKind), Fault> {
        path.follow(self.source.tree())
            .map_err(|error| Fault::Field(error.to_string()))
    }

    /// A base that holds a folder which led to it would be built forever.
    fn refuse_cycle(&self, tree_id: usize, root: &TreePath) -> Result<(), Fault> {
        let mut at = Some(self);
        while let Some(loader) = at {
            if loader.tree_id == tree_id && is_below(&loader.root, root) {
                return Err(format!(
                    "cycle detected: candidate root '{}' contains visited root '{}'",
                    self.shown(root),
                    loader.shown_root()
                )
                .into());
            }
            at = loader.parent;
        }
        Ok(())
    }
}

/// Whether a path is a folder or lies in it.
fn is_below(path: &TreePath, folder: &TreePath) -> bool {
    let (path, folder) = (path.as_str(), folder.as_str());
    folder.is_empty()
        || path
            .strip_prefix(folder)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
