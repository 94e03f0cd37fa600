//! The files of a chart's folder, as Helm walks it: links followed, `.helmignore` applied.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use tiphys_template::{Parsed, Text};

use super::chart::{ChartFile, Loader, chart_fault, too_much};
use super::engine;
use super::ignore::Rules;
use crate::tree::{EntryKind, Tree, TreePath};
use crate::{Limits, RenderError, parallel, yaml};

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
    let (limits, most) = (loader.limits(), loader.file_limit());
    let workers = limits.workers.for_bytes(found.len() * USUAL);
    let ahead = workers
        .are_several()
        .then(|| Ahead::new(tree, &found, limits, most))
        .flatten();
    // What is too much ends the reading on all threads.
    let total = AtomicU64::new(0);
    let read = |(at, name): &(TreePath, String)| {
        if total.load(Relaxed) > limits.total_bytes {
            return None;
        }
        Some(tree.read(at, most).map(|data| {
            let bytes = data.len() as u64;
            total.fetch_add(bytes, Relaxed);
            let data = Text::from(data.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&data));
            let file = ChartFile {
                parsed: ahead.as_ref().and_then(|ahead| ahead.parse(name, &data)),
                name: name.clone(),
                data,
                origin: Arc::from(path.child(name).to_string()),
            };
            (bytes, file)
        }))
    };
    let files = parallel::map(workers, &found, read);
    let mut all = Vec::with_capacity(files.len());
    for (file, (_, name)) in files.into_iter().zip(&found) {
        let Some(file) = file else {
            let shown = path.child(name).to_string();
            return Err(too_much(&shown, limits.total_bytes, "bytes in all files"));
        };
        let (bytes, file) = file?;
        loader.bytes(&file.origin, bytes)?;
        all.push(file);
    }
    Ok(all)
}

/// Parses templates while files are read: when there are threads for it, and the chart says its name.
struct Ahead(String);

impl Ahead {
    fn new(
        tree: &dyn Tree,
        files: &[(TreePath, String)],
        limits: &Limits,
        most: u64,
    ) -> Option<Self> {
        let (at, _) = files.iter().find(|(_, name)| name == "Chart.yaml")?;
        let text = tree.read(at, most).ok()?;
        let document = yaml::first(&text, limits, yaml::Reading::default()).ok()??;
        Some(Self(document.value.get("name")?.as_str()?.to_owned()))
    }

    fn parse(&self, file: &str, text: &Text) -> Option<Parsed> {
        let is_template = file.starts_with("templates/");
        is_template.then(|| engine::parse(&self.0, file, text))?
    }
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
                [below, "/", &entry.name].concat()
            };
            let shown = &self.shown;
            self.loader.entry(|| shown.child(&name).to_string())?;
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
