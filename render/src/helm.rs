//! Helm charts, rendered as `helm template` renders them: object for object, in its order, with its failures.
//!
//! [`render`] reads a chart from a tree and renders it once. Whoever renders the same chart often loads a [`Chart`] and calls
//! [`Chart::render`]: loading, parsing and the schema are then paid for once.

mod advice;
mod capabilities;
mod chart;
mod dependencies;
mod documents;
mod engine;
mod failure;
mod files;
mod folder;
pub mod functions;
mod glob;
mod ignore;
mod lock;
mod metadata;
mod options;
mod pattern;
mod range;
mod schema;
mod set;
mod values;
mod working;

use std::sync::Arc;

pub use capabilities::{HELM_VERSION, KubeVersion};
pub use documents::{Document, Printed, printed};
pub use engine::release_name;
pub use functions::{Entropy, Lookup, NoLookup, Seeded, Used};
pub use options::{
    Facts, FileContent, FileParameter, Options, Reference, References, UserValues, ValueSource,
    parameter_line, read_values,
};

use tiphys_template::Map;

use crate::object::Collector;
use crate::tree::{Tree, TreePath};
use crate::{Limits, Manifest, RenderError, Supply};
use chart::{ChartData, Loader};
use documents::{Kept, Output, Outputs, Reader};
use engine::{Engine, Scope};
use working::Node;

/// A chart that was loaded with everything it needs, to be rendered any number of times, on any thread.
pub struct Chart {
    data: Arc<ChartData>,
    engine: Engine,
    limits: Limits,
}

/// What a rendering gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Rendered {
    /// The documents in the order in which `helm template` prints them: custom resource definitions, manifests, hooks. Documents
    /// of comments alone are among them.
    pub documents: Vec<Document>,
    /// What of the world took part, so that the result depends on it.
    pub used: Used,
}

impl Chart {
    /// Loads the chart at a path, with its subcharts.
    ///
    /// # Errors
    /// When there is no chart, something in it is wrong, or a limit is reached; [`RenderError::Missing`] names dependencies that
    /// have to be fetched first.
    pub fn load(
        tree: &dyn Tree,
        path: &TreePath,
        supply: &dyn Supply,
        limits: &Limits,
    ) -> Result<Self, RenderError> {
        let mut loader = Loader::new(limits);
        let data = loader.folder(tree, path)?;
        let data = dependencies::complete(data, tree, path, supply, &mut loader)?;
        Ok(Self {
            data,
            engine: Engine::new(),
            limits: *limits,
        })
    }

    /// Name of the chart.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.data.metadata.name
    }

    /// Version of the chart.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.data.metadata.version
    }

    /// About how many bytes the chart takes while it is kept, with its templates parsed.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.data.memory()
    }

    /// Renders the chart with values that were read already.
    ///
    /// # Errors
    /// Where `helm template` fails, and when a limit is reached.
    pub fn render(
        &self,
        options: &Options,
        facts: &Facts,
        values: &UserValues,
    ) -> Result<Rendered, RenderError> {
        let reader = Reader::new(&self.limits);
        let (mut documents, outputs, used) = self.execute((options, facts, values), &reader)?;
        let sorted = reader
            .sorted(outputs)
            .map_err(|error| self.advised(error))?;
        let sorted = sorted.into_iter();
        documents.extend(sorted.filter(|document| !(options.skip_tests && document.is_test)));
        Ok(Rendered { documents, used })
    }

    /// Renders the chart to the text that `helm template` prints: what [`printed`] makes of the documents, for less.
    ///
    /// # Errors
    /// As [`Chart::render`].
    pub fn print(
        &self,
        options: &Options,
        facts: &Facts,
        values: &UserValues,
    ) -> Result<Printed, RenderError> {
        let reader = Reader::new(&self.limits);
        let (definitions, outputs, _) = self.execute((options, facts, values), &reader)?;
        reader
            .print(definitions, outputs, options.skip_tests)
            .map_err(|error| self.advised(error))
    }

    /// An error of what a template printed, with what the template tells about it.
    fn advised(&self, error: RenderError) -> RenderError {
        advice::on_printed(error, |file| self.data.template(file))
    }

    /// Executes the templates: custom resource definitions, printed texts with their documents, and what of the world took part.
    fn execute<K: Kept>(
        &self,
        (options, facts, values): (&Options, &Facts, &UserValues),
        reader: &Reader<'_>,
    ) -> Result<(Vec<Document>, Outputs<K>, Used), RenderError> {
        options::check_release_name(&options.release_name)?;
        let metadata = &self.data.metadata;
        let at = &self.data.origin;
        if !matches!(metadata.kind.as_str(), "" | "application") {
            return Err(chart::chart_fault(
                at,
                format!("{} charts are not installable", metadata.kind),
            ));
        }
        let kube_version = options::kube_version(options, facts)?;
        let _guard = tiphys_template::CycleGuard::new();
        let worked_off = || self.worked_off(values).map_err(RenderError::Options);
        let (root, given) = worked_off()?;
        if !options.skip_schema_validation {
            schema::validate(&root, &given).map_err(RenderError::Options)?;
        }
        if !metadata.kube_version.is_empty()
            && !range::compatible(&metadata.kube_version, &kube_version.normalized)
        {
            return Err(chart::chart_fault(
                at,
                format!(
                    "chart requires kubeVersion: {} which is incompatible with Kubernetes {}",
                    metadata.kube_version, kube_version.version
                ),
            ));
        }
        let scope = Scope {
            options,
            facts,
            kube_version: &kube_version,
            limits: &self.limits,
        };
        let read = |output: &Output| reader.look(output);
        let own = (&root, &given);
        let (outputs, used) = self.engine.render(&scope, own, worked_off, read)?;
        let definitions = if options.skip_crds {
            Vec::new()
        } else {
            dependencies::definitions(&root, &self.limits, K::OUTLINE)?
        };
        Ok((definitions, outputs, used))
    }

    /// The chart with what of its subcharts is on, and its values, for the values of a user.
    fn worked_off(&self, values: &UserValues) -> Result<(Node, Map), String> {
        let given = values.0.thaw_map();
        let mut root = Node::new(&self.data, true);
        root.process_dependencies(&given)?;
        values::coalesce(&root, &given, false)?;
        Ok((root, given))
    }
}

/// The objects of a chart in Helm's install order, hooks among them with their annotations.
///
/// # Errors
/// Where `helm template` fails, when a document is no object of Kubernetes, and when a limit is reached;
/// [`RenderError::Missing`] names what has to be fetched first.
pub fn render(
    tree: &dyn Tree,
    path: &TreePath,
    options: &Options,
    facts: &Facts,
    supply: &dyn Supply,
    limits: &Limits,
) -> Result<Vec<Manifest>, RenderError> {
    let chart = Chart::load(tree, path, supply, limits)?;
    let values = read_values(tree, path, options, supply, limits)?;
    manifests(chart.render(options, facts, &values)?.documents, limits)
}

/// The objects of documents; those of comments alone are left out and lists are taken apart.
///
/// # Errors
/// When a document is no object of Kubernetes.
pub fn manifests(documents: Vec<Document>, limits: &Limits) -> Result<Vec<Manifest>, RenderError> {
    let mut collector = Collector::new(limits);
    for document in documents {
        if !document.value.is_null() {
            collector.add(document.value, &document.file, document.line)?;
        }
    }
    Ok(collector.manifests)
}

#[cfg(test)]
mod tests;
