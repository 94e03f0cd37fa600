//! A tree in memory.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::{Entry, EntryKind, Tree, TreeError, TreePath};

#[derive(Clone, Debug)]
enum Node {
    Folder(BTreeMap<String, Node>),
    File(Vec<u8>),
    Link(String),
    Submodule,
}

impl Node {
    fn kind(&self) -> EntryKind {
        match self {
            Self::Folder(_) => EntryKind::Folder,
            Self::File(_) => EntryKind::File,
            Self::Link(_) => EntryKind::Link,
            Self::Submodule => EntryKind::Submodule,
        }
    }
}

/// A tree whose files are in memory, for tests and for small sources.
#[derive(Clone, Debug)]
pub struct MemoryTree {
    root: Node,
}

impl Default for MemoryTree {
    fn default() -> Self {
        Self {
            root: Node::Folder(BTreeMap::new()),
        }
    }
}

impl MemoryTree {
    /// An empty tree.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file, and the folders on its way.
    #[must_use]
    pub fn file(self, path: &TreePath, content: impl Into<Vec<u8>>) -> Self {
        self.with(path, Node::File(content.into()))
    }

    /// Adds a symbolic link.
    #[must_use]
    pub fn symlink(self, path: &TreePath, target: &str) -> Self {
        self.with(path, Node::Link(target.to_owned()))
    }

    /// Adds a submodule.
    #[must_use]
    pub fn submodule(self, path: &TreePath) -> Self {
        self.with(path, Node::Submodule)
    }

    fn with(mut self, path: &TreePath, node: Node) -> Self {
        let mut at = &mut self.root;
        for name in path.names() {
            if !matches!(at, Node::Folder(_)) {
                *at = Node::Folder(BTreeMap::new());
            }
            let Node::Folder(entries) = at else {
                return self;
            };
            at = entries
                .entry(name.to_owned())
                .or_insert_with(|| Node::Folder(BTreeMap::new()));
        }
        *at = node;
        self
    }

    fn node(&self, path: &TreePath) -> Result<&Node, TreeError> {
        let mut at = &self.root;
        for name in path.names() {
            at = match at {
                Node::Folder(entries) => entries.get(name),
                _ => None,
            }
            .ok_or_else(|| TreeError::NotFound(path.clone()))?;
        }
        Ok(at)
    }
}

impl Tree for MemoryTree {
    fn kind(&self, path: &TreePath) -> Result<EntryKind, TreeError> {
        Ok(self.node(path)?.kind())
    }

    fn list(&self, path: &TreePath) -> Result<Vec<Entry>, TreeError> {
        match self.node(path)? {
            Node::Folder(entries) => Ok(entries
                .iter()
                .map(|(name, node)| Entry {
                    name: name.clone(),
                    kind: node.kind(),
                })
                .collect()),
            _ => Err(TreeError::WrongKind {
                path: path.clone(),
                wanted: "folder",
            }),
        }
    }

    fn read(&self, path: &TreePath, limit: u64) -> Result<Cow<'_, [u8]>, TreeError> {
        match self.node(path)? {
            Node::File(content) if content.len() as u64 > limit => Err(TreeError::TooLarge {
                path: path.clone(),
                size: content.len() as u64,
                limit,
            }),
            Node::File(content) => Ok(Cow::Borrowed(content)),
            _ => Err(TreeError::WrongKind {
                path: path.clone(),
                wanted: "file",
            }),
        }
    }

    fn link(&self, path: &TreePath) -> Result<String, TreeError> {
        match self.node(path)? {
            Node::Link(target) => Ok(target.clone()),
            _ => Err(TreeError::WrongKind {
                path: path.clone(),
                wanted: "symbolic link",
            }),
        }
    }

    fn id(&self, path: &TreePath) -> Result<Option<String>, TreeError> {
        self.node(path).map(|_| None)
    }
}
