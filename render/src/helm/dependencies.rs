//! Charts that a chart needs and does not have: taken from the tree (`file://`) or from the supply. And what is in `crds/`.

use std::sync::Arc;

use super::chart::{ChartData, Loader, chart_fault};
use super::documents::{self, Document};
use super::metadata::Dependency;
use super::range;
use super::working::Node;
use crate::supply::{Missing, Supply};
use crate::tree::{Tree, TreePath};
use crate::yaml::{self, Duplicates, Numbers, Reading};
use crate::{Limits, RenderError};

/// Adds the charts that are named in `dependencies` and not in `charts/`. As `helm dependency build`, it looks at the chart itself
/// and not at its subcharts, and takes the versions of the lock file.
pub fn complete(
    data: Arc<ChartData>,
    tree: &dyn Tree,
    path: &TreePath,
    supply: &dyn Supply,
    loader: &mut Loader<'_>,
) -> Result<Arc<ChartData>, RenderError> {
    let absent: Vec<Dependency> = data
        .metadata
        .dependencies
        .iter()
        .flatten()
        .filter(|wanted| {
            !data
                .children
                .iter()
                .any(|child| child.metadata.name == wanted.name)
        })
        .cloned()
        .collect();
    if absent.is_empty() {
        return Ok(data);
    }
    up_to_date(&data)?;
    let mut children = data.children.clone();
    let mut missing = Vec::new();
    for dependency in absent {
        let child = if let Some(below) = dependency.repository.strip_prefix("file://") {
            Some(local(&data, &dependency, below, tree, path, loader)?)
        } else {
            remote(&data, &dependency, supply, loader, &mut missing)?
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

fn local(
    data: &ChartData,
    dependency: &Dependency,
    below: &str,
    tree: &dyn Tree,
    path: &TreePath,
    loader: &mut Loader<'_>,
) -> Result<Arc<ChartData>, RenderError> {
    let at = path.join(below)?;
    let child = loader.folder(tree, &at)?;
    if !range::compatible(&dependency.version, &child.metadata.version) {
        return Err(chart_fault(
            &data.origin,
            format!(
                "can't get a valid version for dependency {}: {} has version {}, wanted is {}",
                dependency.name, child.origin, child.metadata.version, dependency.version
            ),
        ));
    }
    Ok(child)
}

fn remote(
    data: &ChartData,
    dependency: &Dependency,
    supply: &dyn Supply,
    loader: &mut Loader<'_>,
    missing: &mut Vec<Missing>,
) -> Result<Option<Arc<ChartData>>, RenderError> {
    if dependency.repository.is_empty() {
        return Err(chart_fault(
            &data.origin,
            format!(
                "found in Chart.yaml, but missing in charts/ directory: {}",
                dependency.name
            ),
        ));
    }
    let version = match &data.lock {
        None => dependency.version.clone(),
        Some(lock) => match lock.version(dependency) {
            Some(version) if range::compatible(&dependency.version, version) => version.to_owned(),
            _ => {
                return Err(chart_fault(
                    &data.origin,
                    format!(
                        "the lock file is out of sync with the dependencies: {} {} is not in it",
                        dependency.name, dependency.version
                    ),
                ));
            }
        },
    };
    let wanted = Missing::Chart {
        repository: dependency.repository.clone(),
        name: dependency.name.clone(),
        version,
    };
    match supply.get(&wanted) {
        Some(found) => loader.folder(&*found.tree, &found.path).map(Some),
        None => {
            if !missing.contains(&wanted) {
                missing.push(wanted);
            }
            Ok(None)
        }
    }
}

/// The documents in `crds/` of a chart and its subcharts. They are no templates.
pub fn definitions(root: &Node, limits: &Limits) -> Result<Vec<Document>, RenderError> {
    let mut found = Vec::new();
    collect(root, &root.name, limits, &mut found)?;
    Ok(found)
}

fn collect(
    node: &Node,
    full_path: &str,
    limits: &Limits,
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
            let reading = Reading {
                duplicates: Duplicates::LastWins,
                numbers: Numbers::Json,
                ..Reading::default()
            };
            let value = yaml::first(format!("{text}\n").as_bytes(), limits, reading)
                .map_err(|mut error| {
                    error.line += line - 1;
                    super::chart::syntax(&file.origin, error)
                })?
                .map_or(serde_json::Value::Null, |document| document.value);
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
        collect(child, &below, limits, found)?;
    }
    Ok(())
}
