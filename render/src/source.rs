//! What lies at a path.

use std::fmt;

use crate::RenderError;
use crate::tree::{EntryKind, Tree, TreeError, TreePath, TreePathError};

/// How a source is rendered; the names are those of the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceType {
    /// Plain YAML and JSON.
    Directory,
    /// A Helm chart.
    Helm,
    /// A Kustomize overlay.
    Kustomize,
}

impl fmt::Display for SourceType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Directory => "Directory",
            Self::Helm => "Helm",
            Self::Kustomize => "Kustomize",
        })
    }
}

/// The folder of a source, with links followed.
pub(crate) fn folder(tree: &dyn Tree, path: &TreePath) -> Result<TreePath, RenderError> {
    match path.follow(tree) {
        Ok((at, EntryKind::Folder)) => Ok(at),
        Ok((at, EntryKind::Submodule)) => Err(RenderError::Submodule(at.to_string())),
        Ok(_) => Err(RenderError::NotAFolder(path.to_string())),
        Err(TreePathError::Tree(TreeError::NotFound(at))) => {
            let mut above = at;
            while !above.is_root() {
                above = above.parent();
                if tree.kind(&above) == Ok(EntryKind::Submodule) {
                    return Err(RenderError::Submodule(above.to_string()));
                }
            }
            Err(RenderError::NoSuchPath(path.to_string()))
        }
        Err(error) => Err(error.into()),
    }
}

/// Says what lies at a path, and the file that shows it: `Chart.yaml` makes a chart, `kustomization.yaml`, `kustomization.yml` or
/// `Kustomization` an overlay, anything else is a directory. The order is Argo CD's.
///
/// # Errors
/// When there is no folder at the path.
pub fn detect(
    tree: &dyn Tree,
    path: &TreePath,
) -> Result<(SourceType, Option<TreePath>), RenderError> {
    let folder = folder(tree, path)?;
    const MARKS: [(&str, SourceType); 4] = [
        ("Chart.yaml", SourceType::Helm),
        ("kustomization.yaml", SourceType::Kustomize),
        ("kustomization.yml", SourceType::Kustomize),
        ("Kustomization", SourceType::Kustomize),
    ];
    for (name, source_type) in MARKS {
        let file = folder.child(name);
        match tree.kind(&file) {
            Ok(EntryKind::File | EntryKind::Link) => return Ok((source_type, Some(file))),
            Ok(_) | Err(TreeError::NotFound(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok((SourceType::Directory, None))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MemoryTree;

    fn path(text: &str) -> TreePath {
        TreePath::new(text).unwrap()
    }

    #[test]
    fn types_are_seen_by_their_files() {
        let tree = MemoryTree::new()
            .file(&path("chart/Chart.yaml"), "name: a")
            .file(&path("overlay/Kustomization"), "")
            .file(&path("plain/a.yaml"), "")
            .submodule(&path("other"));
        let of = |at: &str| detect(&tree, &path(at)).map(|found| found.0);
        assert_eq!(of("chart"), Ok(SourceType::Helm));
        assert_eq!(of("overlay"), Ok(SourceType::Kustomize));
        assert_eq!(of("plain"), Ok(SourceType::Directory));
        assert_eq!(
            of("missing"),
            Err(RenderError::NoSuchPath("missing".into()))
        );
        assert_eq!(
            of("plain/a.yaml"),
            Err(RenderError::NotAFolder("plain/a.yaml".into()))
        );
        assert_eq!(
            of("other/inside"),
            Err(RenderError::Submodule("other".into()))
        );
    }
}
