//! `helmCharts`: charts that a kustomization renders, if whoever calls has switched that on.

use std::fmt;

use serde_json::Value;

use super::fault::Fault;
use super::loader::Loader;
use super::merge::merge;
use super::read;
use super::resource::Resource;
use super::schema::Schema;
use super::spelling::Spelling;
use super::types::{HelmChart, HelmGlobals};
use crate::supply::{Missing, Supply};
use crate::tree::{Tree, TreePath};
use crate::{Limits, RenderError};

/// Folder of charts, where `helmGlobals.chartHome` says nothing.
const CHART_HOME: &str = "charts";

/// Renders the charts of `helmCharts`. Giving one in [`super::Options`] is what `--enable-helm` is upstream.
pub trait Charts: fmt::Debug + Send + Sync {
    /// The manifests of a chart, as the YAML text that `helm template` prints: Kustomize reads it by its own rules, by which `yes` is no
    /// boolean, so that what Helm has read of it would be something else.
    ///
    /// # Errors
    /// When the chart cannot be rendered; [`RenderError::Missing`] when it needs charts that have not been fetched.
    fn render(&self, request: &ChartRequest<'_>) -> Result<Vec<u8>, RenderError>;
}

/// One chart to render.
pub struct ChartRequest<'a> {
    /// Tree that the chart is in.
    pub tree: &'a dyn Tree,
    /// Its folder.
    pub path: TreePath,
    /// What the kustomization says: release, versions, what is left out. Its values are in `values` already.
    pub chart: &'a HelmChart,
    /// Namespace of the release; empty if neither the chart nor a kustomization says one.
    pub namespace: &'a str,
    /// Files of values, YAML or JSON, in order: later ones win.
    pub values: Vec<Vec<u8>>,
    /// Answers what lies outside the tree: dependencies of the chart.
    pub supply: &'a dyn Supply,
    /// Limits.
    pub limits: &'a Limits,
}

/// Renders one entry of `helmCharts`.
///
/// # Errors
/// When charts are not switched on, the chart or a file of values is not there, or the chart cannot be rendered.
pub(super) fn render(
    charts: Option<&dyn Charts>,
    loader: &Loader<'_>,
    globals: Option<&HelmGlobals>,
    chart: &HelmChart,
    namespace: &str,
) -> Result<Vec<Resource>, Fault> {
    let Some(charts) = charts else {
        return Err(
            "must specify --enable-helm: rendering charts is switched off for overlays"
                .to_owned()
                .into(),
        );
    };
    if chart.name.is_empty() {
        return Err("chart name cannot be empty".to_owned().into());
    }
    let home = globals
        .map(|globals| globals.chart_home.as_str())
        .filter(|home| !home.is_empty())
        .unwrap_or(CHART_HOME);
    let home = if chart.version.is_empty() || chart.repo.is_empty() {
        home.to_owned()
    } else {
        format!("{home}/{}-{}", chart.name, chart.version)
    };
    let below = format!("{home}/{}", chart.name);
    let supplied;
    let (tree, path) = match loader.local_folder(&below)? {
        Some(found) => found,
        None if chart.repo.is_empty() => {
            return Err(format!("no repo specified for pull, no chart found at '{below}'").into());
        }
        None => {
            let missing = Missing::Chart {
                repository: chart.repo.clone(),
                name: chart.name.clone(),
                version: chart.version.clone(),
            };
            supplied = loader
                .context
                .supply
                .get(&missing)
                .ok_or_else(|| RenderError::Missing(vec![missing.into()]))?;
            (supplied.tree.as_ref(), supplied.path)
        }
    };
    let own = if chart.values_file.is_empty() {
        let (file, _) = path
            .child("values.yaml")
            .follow(tree)
            .map_err(|error| Fault::Field(error.to_string()))?;
        tree.read(&file, loader.context.limits.file_bytes)
            .map_err(RenderError::from)?
            .into_owned()
    } else {
        loader.load(&chart.values_file)?.content.into_owned()
    };
    let mut values = vec![merged(loader, chart, own)?];
    for file in &chart.additional_values_files {
        values.push(loader.load(file)?.content.into_owned());
    }
    let text = charts.render(&ChartRequest {
        tree,
        path,
        chart,
        namespace: if chart.namespace.is_empty() {
            namespace
        } else {
            &chart.namespace
        },
        values,
        supply: loader.context.supply,
        limits: loader.context.limits,
    })?;
    let file = format!("chart {}", chart.name).into();
    let mut resources = read::objects(&text, &file, loader.context)?;
    for resource in &mut resources {
        resource.helm_generated = true;
        resource.fill_blanks();
    }
    Ok(resources)
}

/// `valuesInline` and the file of values, the way that `valuesMerge` says.
fn merged(loader: &Loader<'_>, chart: &HelmChart, own: Vec<u8>) -> Result<Vec<u8>, Fault> {
    let how = match chart.values_merge.as_str() {
        "" => "override",
        given @ ("merge" | "override" | "replace") => given,
        _ => {
            return Err("valuesMerge must be one of [merge override replace]"
                .to_owned()
                .into());
        }
    };
    if chart.values_inline.is_empty() {
        return Ok(own);
    }
    let inline = Value::Object(chart.values_inline.clone());
    if how == "replace" {
        return Ok(inline.to_string().into_bytes());
    }
    let own = read::documents(&own, "values of the chart", loader.context.limits)?
        .into_iter()
        .next()
        .map_or_else(|| Value::Object(serde_json::Map::new()), |it| it.value);
    // The one that is laid over the other wins.
    let (mut below, above) = if how == "override" {
        (own, inline)
    } else {
        (inline, own)
    };
    merge(
        &mut below,
        above,
        &Schema::default(),
        &Spelling::default(),
        &Spelling::default(),
    )
    .map_err(|error| Fault::Field(format!("could not merge values: {error}")))?;
    Ok(below.to_string().into_bytes())
}
