//! Which parts of a tree took part in a rendering, so that a later tree can be asked whether anything of it changed.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, Mutex, PoisonError};

use super::{Entry, EntryKind, Tree, TreeError, TreePath};

/// A question to a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Question {
    /// What is there.
    Kind,
    /// What is in a folder: names and kinds, not contents.
    List,
    /// The content of a file.
    Content,
    /// Where a link leads.
    Link,
}

/// The questions that were asked, and a short form of each answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reads(BTreeMap<(TreePath, Question), String>);

impl Reads {
    /// Whether another tree gives the same answers.
    #[must_use]
    pub fn hold_in(&self, tree: &dyn Tree) -> bool {
        self.0
            .iter()
            .all(|((path, question), known)| answer(tree, path, *question) == *known)
    }

    /// Whether a change of these paths can concern what was read. A path that came, went or changed is named itself, and so are
    /// the folders on its way whose identity changed with it.
    #[must_use]
    pub fn concerned_by(&self, changed: &[TreePath]) -> bool {
        changed.iter().any(|path| {
            let asked = |path: &TreePath| {
                let key = (path.clone(), Question::Kind);
                self.0
                    .range(key..)
                    .next()
                    .is_some_and(|((read, _), _)| read == path)
            };
            asked(path) || (!path.is_root() && asked(&path.parent()))
        })
    }

    /// The paths that were looked at, with what was asked, and the answers.
    pub fn iter(&self) -> impl Iterator<Item = (&TreePath, Question, &str)> {
        self.0
            .iter()
            .map(|((path, question), known)| (path, *question, known.as_str()))
    }

    /// Questions and answers that were kept elsewhere.
    pub fn insert(&mut self, path: TreePath, question: Question, answer: String) {
        self.0.insert((path, question), answer);
    }

    /// How many questions.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing was asked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The short form of an answer. Failures are answers, too: what is missing may come.
fn answer(tree: &dyn Tree, path: &TreePath, question: Question) -> String {
    let shown = match question {
        Question::Kind => tree.kind(path).map(|kind| format!("{kind:?}")),
        Question::List => tree.list(path).map(|entries| digest(&entries)),
        Question::Content => content(tree, path),
        Question::Link => tree.link(path),
    };
    shown.unwrap_or_else(|error| match error {
        TreeError::NotFound(_) => "-".to_owned(),
        other => other.to_string(),
    })
}

/// The identity of a file; that of its bytes when the tree has none.
fn content(tree: &dyn Tree, path: &TreePath) -> Result<String, TreeError> {
    if let Some(id) = tree.id(path)? {
        return Ok(id);
    }
    let mut hasher = DefaultHasher::new();
    tree.read(path, u64::MAX)?.hash(&mut hasher);
    Ok(format!("{:016x}", hasher.finish()))
}

fn digest(entries: &[Entry]) -> String {
    let mut hasher = DefaultHasher::new();
    for entry in entries {
        entry.name.hash(&mut hasher);
        (entry.kind as u8).hash(&mut hasher);
    }
    format!("{:016x}", hasher.finish())
}

/// A tree that remembers what it was asked. A tree whose files have no identity cannot be remembered.
pub struct RecordingTree {
    tree: Arc<dyn Tree>,
    reads: Mutex<Reads>,
}

impl RecordingTree {
    /// Watches over a tree.
    #[must_use]
    pub fn new(tree: Arc<dyn Tree>) -> Self {
        Self {
            tree,
            reads: Mutex::default(),
        }
    }

    /// What was asked so far.
    #[must_use]
    pub fn reads(&self) -> Reads {
        self.reads
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The tree itself, for questions that are not to be remembered.
    #[must_use]
    pub fn unwatched(&self) -> &dyn Tree {
        self.tree.as_ref()
    }

    /// Remembers questions and answers as if they had been asked here: for work that was done before on the same files.
    pub fn note_all(&self, other: &Reads) {
        let mut reads = self.reads.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, answer) in &other.0 {
            reads.0.entry(key.clone()).or_insert_with(|| answer.clone());
        }
    }

    fn note(&self, path: &TreePath, question: Question, answer: impl FnOnce() -> String) {
        let mut reads = self.reads.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (path.clone(), question);
        reads.0.entry(key).or_insert_with(answer);
    }
}

fn failed(error: &TreeError) -> String {
    match error {
        TreeError::NotFound(_) => "-".to_owned(),
        other => other.to_string(),
    }
}

impl Tree for RecordingTree {
    fn kind(&self, path: &TreePath) -> Result<EntryKind, TreeError> {
        let found = self.tree.kind(path);
        self.note(path, Question::Kind, || match &found {
            Ok(kind) => format!("{kind:?}"),
            Err(error) => failed(error),
        });
        found
    }

    fn list(&self, path: &TreePath) -> Result<Vec<Entry>, TreeError> {
        let found = self.tree.list(path);
        self.note(path, Question::List, || match &found {
            Ok(entries) => digest(entries),
            Err(error) => failed(error),
        });
        found
    }

    fn read(&self, path: &TreePath, limit: u64) -> Result<Cow<'_, [u8]>, TreeError> {
        self.note(path, Question::Content, || {
            answer(self.tree.as_ref(), path, Question::Content)
        });
        self.tree.read(path, limit)
    }

    fn link(&self, path: &TreePath) -> Result<String, TreeError> {
        let found = self.tree.link(path);
        self.note(path, Question::Link, || match &found {
            Ok(target) => target.clone(),
            Err(error) => failed(error),
        });
        found
    }

    fn id(&self, path: &TreePath) -> Result<Option<String>, TreeError> {
        self.note(path, Question::Content, || {
            answer(self.tree.as_ref(), path, Question::Content)
        });
        self.tree.id(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Limits, MemoryTree, directory};

    fn path(text: &str) -> TreePath {
        TreePath::new(text).unwrap()
    }

    fn map(name: &str) -> String {
        format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\n")
    }

    fn tree(extra: &[(&str, &str)]) -> MemoryTree {
        let mut tree = MemoryTree::new()
            .file(&path("app/a.yaml"), map("a"))
            .file(&path("app/sub/b.yaml"), map("b"))
            .file(&path("other/c.yaml"), map("c"));
        for (at, content) in extra {
            tree = tree.file(&path(at), *content);
        }
        tree
    }

    fn reads() -> Reads {
        let recording = RecordingTree::new(Arc::new(tree(&[])));
        let options = directory::Options::default();
        directory::render(&recording, &path("app"), &options, &Limits::default()).unwrap();
        recording.reads()
    }

    #[test]
    fn only_what_was_read_matters() {
        let reads = reads();
        assert!(reads.hold_in(&tree(&[])));
        assert!(reads.hold_in(&tree(&[("other/c.yaml", "changed: true")])));
        assert!(
            reads.hold_in(&tree(&[("app/sub/b.yaml", "changed: true")])),
            "the folder below was not read"
        );
        assert!(!reads.hold_in(&tree(&[("app/a.yaml", "changed: true")])));
        assert!(!reads.hold_in(&tree(&[("app/new.yaml", "new: true")])));
        assert!(!reads.hold_in(&MemoryTree::new()));
    }

    #[test]
    fn changes_are_told_by_their_paths() {
        let reads = reads();
        for (changed, expected) in [
            ("app/a.yaml", true),
            ("app/new.yaml", true),
            ("other/c.yaml", false),
            ("app/sub/b.yaml", false),
            ("app/sub", true),
        ] {
            assert_eq!(reads.concerned_by(&[path(changed)]), expected, "{changed}");
        }
    }
}
