//! Charts that were loaded, so that a rendering with other values neither reads nor parses them again.
//!
//! A chart is found by the folder that it lies in, and taken when everything that its loading read gives the same answers: the folder
//! itself, what links and `file://` dependencies lead to, and the charts that were fetched for it.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

use tiphys_render::helm::Chart;
use tiphys_render::tree::{Reads, RecordingTree, TreePath};
use tiphys_render::{Limits, Missing, RenderError};

use super::Fetched;
use crate::locked;

/// Bytes of charts that are kept.
const BUDGET: usize = 64 << 20;

/// Path of a chart, and the identity of what lies there.
type Key = (TreePath, String);

/// The charts that are kept.
#[derive(Default)]
pub struct Charts(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    charts: HashMap<Key, Loaded>,
    bytes: usize,
    clock: u64,
}

#[derive(Clone)]
struct Loaded {
    chart: Arc<Chart>,
    /// What loading read of the source.
    own: Reads,
    /// What it read of what had been fetched.
    fetched: BTreeMap<Missing, Reads>,
    used: u64,
}

impl Charts {
    /// The chart at a path. The trees note what its loading reads, also when it was loaded before; they must not have noted
    /// anything yet.
    ///
    /// # Errors
    /// As [`Chart::load`].
    pub(super) fn load(
        &self,
        tree: &RecordingTree,
        path: &TreePath,
        fetched: &Fetched,
        limits: &Limits,
    ) -> Result<Arc<Chart>, RenderError> {
        // A tree without identities would have to be read whole to see whether it is the same.
        let Some(id) = tree.unwatched().id(path).ok().flatten() else {
            return Chart::load(tree, path, fetched, limits).map(Arc::new);
        };
        let key = (path.clone(), id);
        if let Some(loaded) = self.known(&key)
            && loaded.holds(tree, fetched)
        {
            loaded.note(tree, fetched);
            return Ok(loaded.chart);
        }
        let chart = Arc::new(Chart::load(tree, path, fetched, limits)?);
        let loaded = Loaded {
            chart: Arc::clone(&chart),
            own: tree.reads(),
            fetched: fetched
                .0
                .iter()
                .map(|(missing, (tree, _))| (missing.clone(), tree.reads()))
                .filter(|(_, reads)| !reads.is_empty())
                .collect(),
            used: 0,
        };
        locked(&self.0).insert(key, loaded);
        Ok(chart)
    }

    fn known(&self, key: &Key) -> Option<Loaded> {
        let mut kept = locked(&self.0);
        kept.clock += 1;
        let clock = kept.clock;
        let loaded = kept.charts.get_mut(key)?;
        loaded.used = clock;
        Some(loaded.clone())
    }
}

impl Kept {
    fn insert(&mut self, key: Key, mut loaded: Loaded) {
        self.clock += 1;
        loaded.used = self.clock;
        self.bytes += loaded.chart.memory();
        if let Some(old) = self.charts.insert(key, loaded) {
            self.bytes -= old.chart.memory();
        }
        while self.bytes > BUDGET {
            let oldest = self.charts.iter().min_by_key(|(_, loaded)| loaded.used);
            let Some(key) = oldest.map(|(key, _)| key.clone()) else {
                return;
            };
            if let Some(old) = self.charts.remove(&key) {
                self.bytes -= old.chart.memory();
            }
        }
    }
}

impl Loaded {
    fn holds(&self, tree: &RecordingTree, fetched: &Fetched) -> bool {
        self.own.hold_in(tree.unwatched())
            && self.fetched.iter().all(|(missing, reads)| {
                fetched
                    .0
                    .get(missing)
                    .is_some_and(|(tree, _)| reads.hold_in(tree.unwatched()))
            })
    }

    /// A rendering depends on what its chart was loaded from, whoever loaded it.
    fn note(&self, tree: &RecordingTree, fetched: &Fetched) {
        tree.note_all(&self.own);
        for (missing, reads) in &self.fetched {
            if let Some((tree, _)) = fetched.0.get(missing) {
                tree.note_all(reads);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};

    use tiphys_render::MemoryTree;
    use tiphys_render::tree::{Entry, EntryKind, Tree, TreeError};

    use super::*;

    /// Files with identities, as those of a commit.
    struct Commit(MemoryTree);

    impl Tree for Commit {
        fn kind(&self, path: &TreePath) -> Result<EntryKind, TreeError> {
            self.0.kind(path)
        }

        fn list(&self, path: &TreePath) -> Result<Vec<Entry>, TreeError> {
            self.0.list(path)
        }

        fn read(&self, path: &TreePath, limit: u64) -> Result<Cow<'_, [u8]>, TreeError> {
            self.0.read(path, limit)
        }

        fn link(&self, path: &TreePath) -> Result<String, TreeError> {
            self.0.link(path)
        }

        fn id(&self, path: &TreePath) -> Result<Option<String>, TreeError> {
            let mut hasher = DefaultHasher::new();
            if self.0.kind(path)? == EntryKind::File {
                self.0.read(path, u64::MAX)?.hash(&mut hasher);
            } else {
                for entry in self.0.list(path)? {
                    let id = self.id(&path.child(&entry.name))?;
                    (entry.name, id).hash(&mut hasher);
                }
            }
            Ok(Some(hasher.finish().to_string()))
        }
    }

    fn path(text: &str) -> TreePath {
        TreePath::new(text).unwrap()
    }

    /// A chart beside another one that it depends on.
    fn commit(own: &str, beside: &str) -> RecordingTree {
        let tree = MemoryTree::new()
            .file(
                &path("web/Chart.yaml"),
                "apiVersion: v2\nname: web\nversion: 1.0.0\ndependencies:\n- name: base\n  version: 1.0.0\n  repository: file://../base\n",
            )
            .file(&path("web/templates/a.yaml"), format!("a: {own}\n"))
            .file(&path("base/Chart.yaml"), "apiVersion: v2\nname: base\nversion: 1.0.0\n")
            .file(&path("base/templates/b.yaml"), format!("b: {beside}\n"))
            .file(&path("other.yaml"), own);
        RecordingTree::new(Arc::new(Commit(tree)))
    }

    #[test]
    fn a_chart_is_loaded_once_until_something_of_it_changes() {
        let charts = Charts::default();
        let load = |tree: &RecordingTree| {
            let none = Fetched::default();
            charts
                .load(tree, &path("web"), &none, &Limits::default())
                .unwrap()
        };
        let first = commit("1", "1");
        let chart = load(&first);
        let again = commit("1", "1");
        assert!(Arc::ptr_eq(&chart, &load(&again)));
        assert!(!first.reads().is_empty());
        assert_eq!(
            first.reads(),
            again.reads(),
            "a rendering depends on its chart"
        );
        assert!(!Arc::ptr_eq(&chart, &load(&commit("2", "1"))));
        // The folder of the chart is as it was, and its dependency is not.
        assert!(!Arc::ptr_eq(&chart, &load(&commit("1", "2"))));
    }

    #[test]
    fn charts_have_a_budget() {
        let charts = Charts::default();
        let large = "x".repeat(2 << 20);
        for number in 0..16 {
            let tree = commit(&format!("{number}{large}"), "1");
            charts
                .load(&tree, &path("web"), &Fetched::default(), &Limits::default())
                .unwrap();
        }
        let kept = locked(&charts.0);
        assert!(kept.bytes <= BUDGET && !kept.charts.is_empty());
        assert!(kept.charts.len() < 16);
    }
}
