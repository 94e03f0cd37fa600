//! Overlays of `tests/overlays`, object by object and in order against `kustomize build`; where it fails, ours has to fail.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tiphys_render::tree::TreePath;
use tiphys_render::{Limits, MemoryTree, NoSupply, RenderError, kustomize, yaml};
use tiphys_tests::{helm_case, overlay_case};

/// Where the overlays are.
const OVERLAYS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/overlays");
/// Where those are that name charts.
const CHART_OVERLAYS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/chart-overlays");

/// All files below a folder, in a tree.
fn tree(root: &Path) -> MemoryTree {
    let mut tree = MemoryTree::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let below = path.strip_prefix(root).unwrap().to_str().unwrap();
            let at = TreePath::new(below).unwrap();
            tree = tree.file(&at, std::fs::read(&path).unwrap());
        }
    }
    tree
}

/// The folders that have a kustomization, relative to the root.
fn overlays(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if kustomize::FILE_NAMES.contains(&path.file_name().unwrap().to_str().unwrap()) {
                found.push(folder.strip_prefix(root).unwrap().to_owned());
            }
        }
    }
    found.sort();
    found.dedup();
    found
}

fn ours(tree: &MemoryTree, overlay: &Path) -> Result<Vec<Value>, RenderError> {
    let path = TreePath::new(overlay.to_str().unwrap()).unwrap();
    let rendered = kustomize::render(
        tree,
        &path,
        &kustomize::Options::default(),
        &NoSupply,
        &Limits::default(),
    )?;
    Ok(rendered
        .into_iter()
        .map(|manifest| manifest.object)
        .collect())
}

fn theirs(overlay: &Path) -> Result<Vec<Value>, String> {
    let output = Command::new(&super::peers().kustomize)
        .args(["build", "."])
        .current_dir(overlay)
        .output()
        .unwrap();
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let documents = yaml::documents(&output.stdout, &Limits::default()).unwrap();
    Ok(documents
        .into_iter()
        .map(|document| document.value)
        .collect())
}

#[test]
fn overlays_are_built_as_kustomize_builds_them() {
    let root = Path::new(OVERLAYS);
    let tree = tree(root);
    let overlays = overlays(root);
    assert!(overlays.len() > 45, "the overlays are there");
    let mut differences = Vec::new();
    let (mut same, mut failed) = (0, 0);
    for overlay in &overlays {
        let shown = overlay.display();
        match (ours(&tree, overlay), theirs(&root.join(overlay))) {
            (Ok(ours), Ok(theirs)) if ours == theirs => same += 1,
            (Err(_), Err(_)) => failed += 1,
            (Ok(ours), Ok(theirs)) => {
                let at = ours
                    .iter()
                    .zip(&theirs)
                    .position(|(ours, theirs)| ours != theirs)
                    .unwrap_or(ours.len().min(theirs.len()));
                differences.push(format!(
                    "{shown}: object {at}:\n  ours   {}\n  theirs {}",
                    ours.get(at).unwrap_or(&Value::Null),
                    theirs.get(at).unwrap_or(&Value::Null)
                ));
            }
            (Err(error), Ok(_)) => differences.push(format!("{shown}: only ours fails: {error}")),
            (Ok(_), Err(error)) => differences.push(format!("{shown}: only theirs fails: {error}")),
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    assert!(
        same > 15 && failed > 15,
        "{same} rendered, {failed} refused by both"
    );
}

/// Overlays that name charts, `home/` put into each as its `charts/`.
#[test]
fn charts_of_overlays_are_rendered_as_by_kustomize_and_helm() {
    let given = tree_of(CHART_OVERLAYS);
    let folder = tempfile::tempdir().unwrap();
    let mut tree = MemoryTree::new();
    let mut overlays = Vec::new();
    for (path, content) in &given {
        let (overlay, rest) = path.split_once('/').unwrap();
        if overlay == "home" {
            continue;
        }
        if rest == "kustomization.yaml" {
            overlays.push(overlay.to_owned());
            for (path, content) in &given {
                if let Some(rest) = path.strip_prefix("home/") {
                    let at = format!("{overlay}/charts/{rest}");
                    tree = put(tree, folder.path(), &at, content);
                }
            }
        }
        tree = put(tree, folder.path(), path, content);
    }
    let mut rendered = 0;
    let mut differences = Vec::new();
    for overlay in &overlays {
        let theirs =
            overlay_case::by_kustomize(super::peers(), &folder.path().join(overlay)).unwrap();
        let ours = overlay_case::by_tiphys(&tree, Path::new(overlay)).unwrap();
        rendered += usize::from(ours.is_ok());
        if let Some(difference) = helm_case::difference(&theirs, &ours) {
            differences.push(format!("{overlay}: {difference}"));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    assert!(
        rendered >= 7 && overlays.len() - rendered >= 3,
        "{rendered} of {}",
        overlays.len()
    );
}

/// The files below a folder by their paths.
fn tree_of(root: &str) -> Vec<(String, Vec<u8>)> {
    let root = Path::new(root);
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let below = path.strip_prefix(root).unwrap().to_str().unwrap();
            found.push((below.to_owned(), std::fs::read(&path).unwrap()));
        }
    }
    found.sort();
    found
}

/// A file on the disk and in the tree.
fn put(tree: MemoryTree, folder: &Path, at: &str, content: &[u8]) -> MemoryTree {
    let path = folder.join(at);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, content).unwrap();
    tree.file(&TreePath::new(at).unwrap(), content)
}
