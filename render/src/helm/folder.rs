//! The files of a chart's folder, as Helm walks it: links followed, `.helmignore` applied.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use tiphys_template::Text;

use super::chart::{ChartFile, Loader, chart_fault, too_much};
use super::ignore::Rules;
use crate::tree::{EntryKind, Tree, TreeError, TreePath};
use crate::{RenderError, parallel};

/// Bytes that a file of a chart is taken to have before it is read.
const USUAL: usize = 1 << 10;
/// How deep folders may be nested; links to a folder above end here.
const DEPTH: usize = 100;

/// All files of the chart at a path that `.helmignore` leaves in, in lexical order.
///
/// # Errors
/// When a link leads nowhere or out of the tree, `.helmignore` is wrong, or a limit is reached.
pub fn files(
    tree: &dyn Tree,
    path: &TreePath,
    loader: &mut Loader<'_>,
) -> Result<Vec<ChartFile>, RenderError> {
    let root = crate::source::folder(tree, path)?;
    let rules = rules(tree, &root, loader)?;
    let mut walk = Walk {
        tree,
        rules,
        shown: path.clone(),
        loader,
        found: Vec::new(),
    };
    walk.folder(&root, "", 0)?;
    let found = walk.found;
    let contents = read(tree, &found, loader);
    let files = found.into_iter().zip(contents);
    files
        .map(|((at, name), content)| {
            let shown = path.child(&name).to_string();
            let data = content.unwrap_or_else(|| tree.read(&at, loader.file_limit()))?;
            loader.bytes(&shown, data.len() as u64)?;
            let data: &[u8] = data.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&data);
            Ok(ChartFile {
                name,
                data: Text::from(data),
                origin: Arc::from(shown),
            })
        })
        .collect()
}

/// The contents of files; none of those that are not needed any more, because the ones before are too much already.
fn read<'t>(
    tree: &'t dyn Tree,
    files: &[(TreePath, String)],
    loader: &Loader<'_>,
) -> Vec<Option<Result<Cow<'t, [u8]>, TreeError>>> {
    let limits = loader.limits();
    let left = AtomicU64::new(limits.total_bytes);
    let read = |(at, _): &(TreePath, String)| {
        if left.load(Relaxed) == 0 {
            return None;
        }
        let content = tree.read(at, loader.file_limit());
        if let Ok(content) = &content {
            let take = |left: u64| Some(left.saturating_sub(content.len() as u64));
            let _before = left.fetch_update(Relaxed, Relaxed, take);
        }
        Some(content)
    };
    parallel::map(limits.workers, files, |_| USUAL, read)
}

fn rules(tree: &dyn Tree, root: &TreePath, loader: &Loader<'_>) -> Result<Rules, RenderError> {
    let file = root.child(".helmignore");
    let text = match file.follow(tree) {
        Ok((at, EntryKind::File)) => {
            let text = tree.read(&at, loader.file_limit())?;
            String::from_utf8_lossy(&text).into_owned()
        }
        _ => String::new(),
    };
    Rules::parse(&text)
        .map_err(|(line, error)| chart_fault(&format!("{file}:{line}"), error.to_string()))
}

struct Walk<'a, 'l, 'm> {
    tree: &'a dyn Tree,
    rules: Rules,
    /// The chart's path as the user knows it.
    shown: TreePath,
    loader: &'m mut Loader<'l>,
    /// Where files are, and their paths from the chart on.
    found: Vec<(TreePath, String)>,
}

impl Walk<'_, '_, '_> {
    /// Walks a folder; `below` is its path from the chart on, links not followed.
    fn folder(&mut self, at: &TreePath, below: &str, depth: usize) -> Result<(), RenderError> {
        if depth > DEPTH {
            return Err(too_much(
                &self.show(below),
                DEPTH as u64,
                "folders inside each other",
            ));
        }
        for entry in self.tree.list(at)? {
            let name = if below.is_empty() {
                entry.name.clone()
            } else {
                format!("{below}/{}", entry.name)
            };
            self.loader.entry(&self.show(&name))?;
            let path = at.child(&entry.name);
            let (target, kind) = match entry.kind {
                EntryKind::Link => path.follow(self.tree)?,
                kind => (path, kind),
            };
            let is_folder = kind != EntryKind::File;
            if self.rules.ignore(&name, is_folder) {
                continue;
            }
            match kind {
                EntryKind::Folder => self.folder(&target, &name, depth + 1)?,
                EntryKind::File => self.found.push((target, name)),
                // A submodule that is not checked out is an empty folder to Helm.
                EntryKind::Submodule | EntryKind::Link => {}
            }
        }
        Ok(())
    }

    fn show(&self, name: &str) -> String {
        self.shown.child(name).to_string()
    }
}
