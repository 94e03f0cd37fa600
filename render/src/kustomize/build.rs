//! A whole build: the kustomization of a folder and everything below it, names fixed, sorted, and without the memory of the build.

use serde_json::Value;

use super::accumulator::Accumulator;
use super::loader::{Context, Loader};
use super::origin;
use super::plugins;
use super::resource::Resource;
use super::sort;
use super::target::Target;
use super::transformer_config::TransformerConfig;
use super::types::Kustomization;
use super::vars;
use super::{Options, names};
use crate::supply::Supply;
use crate::tree::{Tree, TreePath};
use crate::{Limits, Manifest, RenderError, source};

/// Annotation of objects that stay out of the output.
const LOCAL_CONFIG: &str = "config.kubernetes.io/local-config";
const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
/// What Kustomize 5.8.1 calls itself.
const MANAGER: &str = "kustomize-v5.8.1";

/// Annotations that upstream strips at the end, whoever wrote them.
const STRIPPED: [&str; 20] = [
    "internal.config.kubernetes.io/previousKinds",
    "internal.config.kubernetes.io/previousNames",
    "internal.config.kubernetes.io/prefixes",
    "internal.config.kubernetes.io/suffixes",
    "internal.config.kubernetes.io/previousNamespaces",
    "internal.config.kubernetes.io/allowNameChange",
    "internal.config.kubernetes.io/allowKindChange",
    "internal.config.kubernetes.io/refBy",
    "internal.config.kubernetes.io/generatorBehavior",
    "internal.config.kubernetes.io/needsHashSuffix",
    "internal.config.kubernetes.io/path",
    "internal.config.kubernetes.io/index",
    "internal.config.kubernetes.io/seqindent",
    "internal.config.kubernetes.io/id",
    "internal.config.kubernetes.io/annotations-migration-resource-id",
    "internal.config.kubernetes.io/helm-generated",
    "config.kubernetes.io/path",
    "config.kubernetes.io/index",
    "config.k8s.io/id",
    "config.kubernetes.io/id",
];

/// Renders the overlay in a folder of a tree; see [`super::render`].
///
/// # Errors
/// See [`super::render`].
pub(super) fn render(
    tree: &dyn Tree,
    path: &TreePath,
    options: &Options,
    supply: &dyn Supply,
    limits: &Limits,
) -> Result<Vec<Manifest>, RenderError> {
    let context = Context::new(supply, limits, options.charts.as_deref());
    let root = source::folder(tree, path)?;
    let loader = Loader::new(&context, tree, root);
    let mut target = Target::read(&loader)?;
    options.overrides.apply(&mut target)?;
    target.schema(true)?;
    if !target.kustomization.build_metadata.is_empty() {
        target.origin = Some(super::resource::Origin::default());
    }
    let mut acc = target.accumulate(Accumulator::default())?;
    plugins::add_hashes(&mut acc.map)
        .map_err(|message| target.fault(message, "generatorOptions", None))?;
    let Accumulator { map, config, .. } = &mut acc;
    if let Some(config) = config {
        names::fix(map, config).map_err(|message| target.fault(message, "", None))?;
    }
    let var_reference = &acc
        .config
        .as_deref()
        .unwrap_or(TransformerConfig::defaults())
        .var_reference;
    vars::expand(&mut acc.map, &acc.vars, var_reference, limits.total_bytes)
        .map_err(|message| target.fault(message, "vars", None))?;
    let mut map = acc.map;
    map.resources
        .retain(|resource| !resource.is_empty() && !is_local(resource));
    sort::sort(&mut map, target.kustomization.sort_options.as_ref())
        .map_err(|message| target.fault(message, "sortOptions", None))?;
    Ok(map
        .resources
        .into_iter()
        .map(|resource| finished(resource, &target.kustomization))
        .collect())
}

fn is_local(resource: &Resource) -> bool {
    resource
        .annotations()
        .and_then(|annotations| annotations.get(LOCAL_CONFIG))
        .is_some_and(|value| value.as_str() != Some("false"))
}

/// The object as it comes out: annotations are texts, those of the build are gone.
fn finished(mut resource: Resource, of: &Kustomization) -> Manifest {
    let wants = |what: &str| of.build_metadata.iter().any(|option| option == what);
    if wants("managedByLabel")
        && let Some(metadata) = resource.metadata_mut()
    {
        let labels = metadata
            .entry("labels")
            .or_insert_with(|| Value::Object(serde_json::Map::new()));
        if labels.is_null() {
            *labels = Value::Object(serde_json::Map::new());
        }
        if let Some(labels) = labels.as_object_mut() {
            labels.insert(MANAGED_BY.to_owned(), MANAGER.into());
        }
    }
    strip(&mut resource);
    if wants("originAnnotations")
        && let Some(of) = &resource.origin
    {
        let text = origin::origin_text(of);
        resource.set_annotation(origin::ORIGIN, &text);
    }
    if wants("transformerAnnotations") && !resource.transformations.is_empty() {
        let text = origin::transformations_text(&resource.transformations);
        resource.set_annotation(origin::TRANSFORMATIONS, &text);
    }
    Manifest {
        object: resource.object,
        file: resource.file.to_string(),
        line: resource.line,
    }
}

fn strip(resource: &mut Resource) {
    let texts = resource.spelling.texts(&resource.object);
    let Some(Value::Object(metadata)) = resource.object.get_mut("metadata") else {
        return;
    };
    resource.spelling.restore_metadata(metadata);
    let Some(annotations) = metadata.get_mut("annotations") else {
        return;
    };
    if let Value::Object(entries) = annotations {
        for value in entries.values_mut() {
            if value.is_null() {
                *value = String::new().into();
            } else if value.is_number() || value.is_boolean() {
                *value = texts.text(value).into();
            }
        }
        entries.retain(|key, _| {
            key != origin::ORIGIN
                && key != origin::TRANSFORMATIONS
                && !STRIPPED.contains(&key.as_str())
        });
    }
    if annotations.is_null()
        || annotations
            .as_object()
            .is_some_and(serde_json::Map::is_empty)
    {
        metadata.remove("annotations");
    }
}
