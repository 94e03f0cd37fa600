//! The fields of a `kustomization.yaml`, as Kustomize 5.8 knows them, and of the configurations of its built-in plugins.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

pub use super::id::{CustomScope, Gvk};

/// `apiVersion` of an overlay.
pub const KUSTOMIZATION_VERSION: &str = "kustomize.config.k8s.io/v1beta1";
/// `apiVersion` of a component.
pub const COMPONENT_VERSION: &str = "kustomize.config.k8s.io/v1alpha1";

/// A whole `kustomization.yaml`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Kustomization {
    /// Kind: `Kustomization` or `Component`.
    pub kind: String,
    /// API version.
    pub api_version: String,
    /// Metadata, which changes nothing.
    pub metadata: Option<ObjectMeta>,
    /// `path` of a schema, or `version` of a built-in one.
    pub openapi: BTreeMap<String, String>,
    /// Put before names.
    pub name_prefix: String,
    /// Put behind names.
    pub name_suffix: String,
    /// Namespace of all objects.
    pub namespace: String,
    /// Labels, selectors included. Deprecated.
    pub common_labels: BTreeMap<String, String>,
    /// Labels.
    pub labels: Vec<Label>,
    /// Annotations.
    pub common_annotations: BTreeMap<String, String>,
    /// Strategic merge patches, inline or file names. Deprecated.
    pub patches_strategic_merge: Vec<String>,
    /// JSON patches. Deprecated.
    #[serde(rename = "patchesJson6902")]
    pub patches_json6902: Vec<Patch>,
    /// Patches of both kinds.
    pub patches: Vec<Patch>,
    /// Changes of images.
    pub images: Vec<Image>,
    /// Former name of `images`.
    pub image_tags: Vec<Image>,
    /// Values copied between fields.
    pub replacements: Vec<ReplacementField>,
    /// Replica counts by name.
    pub replicas: Vec<Replica>,
    /// Variables. Deprecated.
    pub vars: Vec<Var>,
    /// Order of the output.
    pub sort_options: Option<SortOptions>,
    /// Files, folders and URLs.
    pub resources: Vec<String>,
    /// Folders and URLs of components.
    pub components: Vec<String>,
    /// Files of OpenAPI definitions of custom resources.
    pub crds: Vec<String>,
    /// Former part of `resources`.
    pub bases: Vec<String>,
    /// ConfigMaps to generate.
    pub config_map_generator: Vec<GeneratorArgs>,
    /// Secrets to generate.
    pub secret_generator: Vec<GeneratorArgs>,
    /// Where charts are.
    pub helm_globals: Option<HelmGlobals>,
    /// Charts to render.
    pub helm_charts: Vec<HelmChart>,
    /// Former form of `helmCharts`.
    pub helm_chart_inflation_generator: Vec<HelmChartArgs>,
    /// Options of all generators.
    pub generator_options: Option<GeneratorOptions>,
    /// Files of field specs.
    pub configurations: Vec<String>,
    /// Generator plugins, inline or files.
    pub generators: Vec<String>,
    /// Transformer plugins, inline or files.
    pub transformers: Vec<String>,
    /// Validator plugins, inline or files.
    pub validators: Vec<String>,
    /// `originAnnotations`, `transformerAnnotations`, `managedByLabel`.
    pub build_metadata: Vec<String>,
}

/// Metadata of a kustomization or of a plugin's configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ObjectMeta {
    /// Name.
    pub name: String,
    /// Namespace.
    pub namespace: String,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// Annotations.
    pub annotations: BTreeMap<String, String>,
}

/// Which objects, and which field in them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct FieldSpec {
    /// Group; empty for all.
    pub group: String,
    /// Version; empty for all.
    pub version: String,
    /// Kind; empty for all.
    pub kind: String,
    /// Path of the field, names separated by `/`.
    pub path: String,
    /// Whether the field is made if it is not there.
    pub create: bool,
}

impl From<&FieldSpec> for super::field_spec::FieldSpec {
    fn from(spec: &FieldSpec) -> Self {
        Self {
            gvk: Gvk {
                group: spec.group.clone(),
                version: spec.version.clone(),
                kind: spec.kind.clone(),
                scope: CustomScope::default(),
            },
            path: spec.path.clone(),
            create: spec.create,
        }
    }
}

/// One entry of `labels`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Label {
    /// The labels.
    pub pairs: BTreeMap<String, String>,
    /// Whether selectors get them, too.
    pub include_selectors: bool,
    /// Whether pod templates get them, too.
    pub include_templates: bool,
    /// Further fields.
    pub fields: Vec<FieldSpec>,
}

/// One entry of `patches` or `patchesJson6902`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Patch {
    /// File of the patch.
    pub path: String,
    /// The patch itself.
    pub patch: String,
    /// What it applies to.
    pub target: Option<Selector>,
    /// What it may change.
    pub options: Option<PatchArgs>,
}

/// What a patch may change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PatchArgs {
    /// The name.
    pub allow_name_change: bool,
    /// The kind.
    pub allow_kind_change: bool,
}

/// Selects objects; the texts are regular expressions anchored at both ends.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Selector {
    /// Group.
    pub group: String,
    /// Version.
    pub version: String,
    /// Kind.
    pub kind: String,
    /// Name.
    pub name: String,
    /// Namespace.
    pub namespace: String,
    /// Selector of annotations in the syntax of label selectors.
    pub annotation_selector: String,
    /// Selector of labels.
    pub label_selector: String,
}

/// One entry of `images`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Image {
    /// Name without tag.
    pub name: String,
    /// New name.
    pub new_name: String,
    /// Put behind the tag.
    pub tag_suffix: String,
    /// New tag.
    pub new_tag: String,
    /// New digest.
    pub digest: String,
}

/// One entry of `replicas`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Replica {
    /// Name of the object.
    pub name: String,
    /// Count.
    pub count: i64,
}

/// One entry of `replacements`: a file, or a replacement.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ReplacementField {
    /// File of one replacement or of a list of them.
    pub path: String,
    /// Where the value comes from.
    pub source: Option<SourceSelector>,
    /// The value itself.
    pub source_value: Option<String>,
    /// Where it goes.
    pub targets: Option<Vec<TargetSelector>>,
}

/// Where a replacement's value comes from.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct SourceSelector {
    /// Group.
    pub group: String,
    /// Version.
    pub version: String,
    /// Kind.
    pub kind: String,
    /// Name.
    pub name: String,
    /// Namespace.
    pub namespace: String,
    /// Field, names separated by dots.
    pub field_path: String,
    /// How the value is taken apart.
    pub options: Option<FieldOptions>,
}

/// How a value is taken apart and put together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct FieldOptions {
    /// Separates parts.
    pub delimiter: String,
    /// Which part.
    pub index: i64,
    /// Encoding of the value.
    pub encoding: String,
    /// Whether the field is made.
    pub create: bool,
}

/// Where a replacement's value goes.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct TargetSelector {
    /// Objects that get it.
    pub select: Option<Selector>,
    /// Objects that do not.
    pub reject: Vec<Selector>,
    /// Fields, names separated by dots.
    pub field_paths: Vec<String>,
    /// How it is put in.
    pub options: Option<FieldOptions>,
}

/// One entry of `vars`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Var {
    /// Name, used as `$(NAME)`.
    pub name: String,
    /// Object.
    pub objref: Target,
    /// Field of it.
    pub fieldref: FieldSelector,
}

/// Object of a variable.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Target {
    /// `apiVersion`, in place of group and version.
    pub api_version: String,
    /// Group.
    pub group: String,
    /// Version.
    pub version: String,
    /// Kind.
    pub kind: String,
    /// Name.
    pub name: String,
    /// Namespace.
    pub namespace: String,
}

/// Field of a variable.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct FieldSelector {
    /// Path, names separated by dots; empty for `metadata.name`.
    pub field_path: String,
}

/// Order of the output.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct SortOptions {
    /// `fifo` or `legacy`.
    pub order: String,
    /// Kinds for `legacy`.
    pub legacy_sort_options: Option<LegacySortOptions>,
}

/// Kinds that come first and last.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct LegacySortOptions {
    /// First.
    pub order_first: Vec<String>,
    /// Last.
    pub order_last: Vec<String>,
}

/// One entry of `configMapGenerator` or `secretGenerator`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct GeneratorArgs {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// `create`, `replace` or `merge`.
    pub behavior: String,
    /// `key=value`.
    pub literals: Vec<String>,
    /// `key=path` or `path`.
    pub files: Vec<String>,
    /// Files of lines `key=value`.
    pub envs: Vec<String>,
    /// Former form of `envs`.
    pub env: String,
    /// Options.
    pub options: Option<GeneratorOptions>,
    /// Type; for Secrets only.
    #[serde(rename = "type")]
    pub secret_type: String,
}

/// Options of generators.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct GeneratorOptions {
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// Annotations.
    pub annotations: BTreeMap<String, String>,
    /// Whether the name stays without hash.
    pub disable_name_suffix_hash: bool,
    /// Whether the object is immutable.
    pub immutable: bool,
}

/// Where charts are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct HelmGlobals {
    /// Folder of charts; `charts` if empty.
    pub chart_home: String,
    /// Helm's own folder, which an in-process renderer has no use for.
    pub config_home: String,
}

/// One entry of `helmCharts`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct HelmChart {
    /// Name of the chart.
    pub name: String,
    /// Version.
    pub version: String,
    /// Repository.
    pub repo: String,
    /// Name of the release.
    pub release_name: String,
    /// Namespace of the release.
    pub namespace: String,
    /// Further files of values.
    pub additional_values_files: Vec<String>,
    /// File of values in place of the chart's own.
    pub values_file: String,
    /// Values.
    pub values_inline: Map<String, Value>,
    /// `merge`, `override` or `replace`.
    pub values_merge: String,
    /// Whether `crds/` is part of the output.
    #[serde(rename = "includeCRDs")]
    pub include_crds: bool,
    /// Whether hooks are left out.
    pub skip_hooks: bool,
    /// API versions of the cluster.
    pub api_versions: Vec<String>,
    /// Version of the cluster.
    pub kube_version: String,
    /// Template of the release's name.
    pub name_template: String,
    /// Whether tests are left out.
    pub skip_tests: bool,
    /// Changes nothing here.
    pub debug: bool,
    /// Whether pre-releases count.
    pub devel: bool,
}

/// One entry of `helmChartInflationGenerator`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct HelmChartArgs {
    /// Name of the chart.
    pub chart_name: String,
    /// Version.
    pub chart_version: String,
    /// Repository.
    pub chart_repo_url: String,
    /// Folder of charts.
    pub chart_home: String,
    /// Unused.
    pub chart_repo_name: String,
    /// Unused.
    pub helm_bin: String,
    /// Helm's own folder.
    pub helm_home: String,
    /// File of values.
    pub values: String,
    /// Values.
    pub values_local: Map<String, Value>,
    /// `merge`, `override` or `replace`.
    pub values_merge: String,
    /// Name of the release.
    pub release_name: String,
    /// Unused.
    pub release_namespace: String,
    /// Unused.
    pub extra_args: Vec<String>,
}
