//! Charts that a chart needs and does not have: taken from the tree (`file://`) or from the supply. And what is in `crds/`.

use std::sync::Arc;

use super::chart::{ChartData, Loader, chart_fault};
use super::documents::{self, Document};
use super::lock::Lock;
use super::metadata::Dependency;
use super::range;
use super::working::Node;
use crate::supply::{Missing, Needed, Supply};
use crate::tree::{Tree, TreePath};
use crate::yaml::Outline;
use crate::yaml::locate::{Step, nearest};
use crate::{Limits, RenderError};

/// A dependency that is not in `charts/`, and where it is written.
struct Absent {
    dependency: Dependency,
    by: String,
}

/// Adds the charts that are named in `dependencies` and not in `charts/`. As `helm dependency build`, it looks at the chart itself
/// and not at its subcharts, and takes the versions of the lock file.
pub fn complete(
    data: Arc<ChartData>,
    tree: &dyn Tree,
    path: &TreePath,
    supply: &dyn Supply,
    loader: &mut Loader<'_>,
) -> Result<Arc<ChartData>, RenderError> {
    let wanted = data.metadata.dependencies.as_deref().unwrap_or_default();
    let is_absent = |wanted: &Dependency| {
        let mut children = data.children.iter();
        !children.any(|child| child.metadata.name == wanted.name)
    };
    if !wanted.iter().any(is_absent) {
        return Ok(data);
    }
    up_to_date(&data)?;
    let resolved = match &data.lock {
        Some(lock) => lock.resolved(wanted),
        None => wanted.to_vec(),
    };
    let absent: Vec<Absent> = resolved
        .into_iter()
        .enumerate()
        .filter(|(_, dependency)| is_absent(dependency))
        .map(|(element, dependency)| Absent {
            by: place(&data, tree, path, element, loader.file_limit()),
            dependency,
        })
        .collect();
    let mut children = data.children.clone();
    let mut missing = Vec::new();
    for dependency in absent {
        let child = if let Some(below) = dependency.dependency.repository.strip_prefix("file://") {
            Some(local(&dependency, below, tree, path, loader)?)
        } else {
            remote(data.lock.as_ref(), dependency, supply, loader, &mut missing)?
        };
        if let Some(child) = child {
            let known = children.iter().any(|other: &Arc<ChartData>| {
                other.metadata.name == child.metadata.name
                    && other.metadata.version == child.metadata.version
            });
            if !known {
                children.push(child);
            }
        }
    }
    if !missing.is_empty() {
        return Err(RenderError::Missing(missing));
    }
    let mut whole = Arc::try_unwrap(data).map_err(|shared| {
        chart_fault(
            &shared.origin,
            "the chart is in use while it is loaded".to_owned(),
        )
    })?;
    whole.children = children;
    Ok(Arc::new(whole))
}

/// Refuses a lock file that was made for other dependencies, as `helm dependency build` does.
fn up_to_date(data: &ChartData) -> Result<(), RenderError> {
    let Some(lock) = &data.lock else {
        return Ok(());
    };
    let is_old_chart = data.metadata.api_version == "v1";
    let dependencies = data.metadata.dependencies.as_deref().unwrap_or_default();
    match lock.is_of(dependencies, is_old_chart) {
        Ok(true) => Ok(()),
        Ok(false) => Err(chart_fault(
            &data.origin,
            format!(
                "{} is out of sync: it was made for other dependencies than those that are here now; run `helm dependency update` and commit it",
                if is_old_chart {
                    "requirements.lock"
                } else {
                    "Chart.lock"
                }
            ),
        )),
        Err(error) => Err(chart_fault(&data.origin, error.to_string())),
    }
}

/// Where a dependency is written: the file, and the place in it if it can be found.
fn place(data: &ChartData, tree: &dyn Tree, path: &TreePath, element: usize, limit: u64) -> String {
    let steps = [Step::Key("dependencies"), Step::Item(element)];
    // Charts of the first version have a file of their own for them.
    let own = (data.metadata.api_version == "v1").then(|| path.child("requirements.yaml"));
    for file in own.into_iter().chain([path.child("Chart.yaml")]) {
        let text = tree.read(&file, limit).unwrap_or_default();
        if let Some(place) = nearest(&text, &steps) {
            return format!("{file}:{place}");
        }
    }
    data.origin.to_string()
}

fn local(
    wanted: &Absent,
    below: &str,
    tree: &dyn Tree,
    path: &TreePath,
    loader: &mut Loader<'_>,
) -> Result<Arc<ChartData>, RenderError> {
    let dependency = &wanted.dependency;
    let at = path.join(below)?;
    let child = loader.folder(tree, &at)?;
    if !range::compatible(&dependency.version, &child.metadata.version) {
        return Err(chart_fault(
            &wanted.by,
            format!(
                "can't get a valid version for dependency {}: {} has version {}, wanted is {}",
                dependency.name, child.origin, child.metadata.version, dependency.version
            ),
        ));
    }
    Ok(child)
}

fn remote(
    lock: Option<&Lock>,
    wanted: Absent,
    supply: &dyn Supply,
    loader: &mut Loader<'_>,
    missing: &mut Vec<Needed>,
) -> Result<Option<Arc<ChartData>>, RenderError> {
    let Absent { dependency, by } = wanted;
    if dependency.repository.is_empty() {
        return Err(chart_fault(
            &by,
            format!(
                "found in Chart.yaml, but missing in charts/ directory: {}; put the chart there, or write the repository that has it",
                dependency.name
            ),
        ));
    }
    let version = match lock {
        None => dependency.version.clone(),
        Some(lock) => match lock.version(&dependency) {
            Some(version) if range::compatible(&dependency.version, version) => version.to_owned(),
            _ => {
                return Err(chart_fault(
                    &by,
                    format!(
                        "the lock file is out of sync with the dependencies: {} {} is not in it; run `helm dependency update` and commit it",
                        dependency.name, dependency.version
                    ),
                ));
            }
        },
    };
    let what = Missing::Chart {
        repository: dependency.repository.clone(),
        name: dependency.name.clone(),
        version,
    };
    match supply.get(&what) {
        Some(found) => loader.folder(&*found.tree, &found.path).map(Some),
        None => {
            if missing.iter().all(|needed| needed.what != what) {
                missing.push(Needed { what, by });
            }
            Ok(None)
        }
    }
}

/// The documents in `crds/` of a chart and its subcharts, with at least an outline of what they say. They are no templates.
pub fn definitions(
    root: &Node,
    limits: &Limits,
    outline: Outline,
) -> Result<Vec<Document>, RenderError> {
    let mut found = Vec::new();
    collect(root, &root.name, (limits, outline), &mut found)?;
    Ok(found)
}

fn collect(
    node: &Node,
    full_path: &str,
    (limits, outline): (&Limits, Outline),
    found: &mut Vec<Document>,
) -> Result<(), RenderError> {
    let is_manifest = |name: &str| {
        name.rsplit_once('.').is_some_and(|(_, extension)| {
            ["yaml", "yml", "json"]
                .iter()
                .any(|known| extension.eq_ignore_ascii_case(known))
        })
    };
    for file in &node.data.files {
        if !file.name.starts_with("crds/") || !is_manifest(&file.name) {
            continue;
        }
        let source: Arc<str> = Arc::from(format!("{full_path}/{}", file.name));
        let text = file.data.to_string_lossy();
        for (line, at) in documents::split(&text) {
            let text = &text[at];
            let value = documents::value(text, limits, outline).map_err(|mut error| {
                error.line += line - 1;
                super::chart::syntax(&file.origin, error)
            })?;
            found.push(Document {
                source: Arc::clone(&source),
                file: Arc::clone(&file.origin),
                line,
                text: text.to_owned(),
                value,
                is_hook: false,
                is_test: false,
            });
        }
    }
    for child in &node.children {
        let below = format!("{full_path}/charts/{}", child.name);
        collect(child, &below, (limits, outline), found)?;
    }
    Ok(())
}
