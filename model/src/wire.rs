//! Types of the wire. Generated from spec/openapi.yaml: change that, then run `cargo xtask spec`.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::lenient;
use crate::write_only::WriteOnly;

/// How the live objects compare with the source. `Unknown` means that the comparison could not be made; the conditions say why.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum SyncStatusCode {
    Synced,
    OutOfSync,
    #[default]
    Unknown,
}

impl SyncStatusCode {
    /// The name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Synced => "Synced",
            Self::OutOfSync => "OutOfSync",
            Self::Unknown => "Unknown",
        }
    }
}

impl std::fmt::Display for SyncStatusCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How well an object, or the worst object of an application, is doing.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum HealthStatusCode {
    Healthy,
    Progressing,
    Degraded,
    Suspended,
    Missing,
    #[default]
    Unknown,
}

impl HealthStatusCode {
    /// The name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "Healthy",
            Self::Progressing => "Progressing",
            Self::Degraded => "Degraded",
            Self::Suspended => "Suspended",
            Self::Missing => "Missing",
            Self::Unknown => "Unknown",
        }
    }
}

impl std::fmt::Display for HealthStatusCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where an operation stands. `Running` and `Terminating` are under way, the others are final.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum OperationPhase {
    #[default]
    Running,
    Terminating,
    Succeeded,
    Failed,
    Error,
}

impl OperationPhase {
    /// The name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "Running",
            Self::Terminating => "Terminating",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
            Self::Error => "Error",
        }
    }
}

impl std::fmt::Display for OperationPhase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Identity and bookkeeping of a stored object, in the shape of Kubernetes metadata. Keys that are not listed here are ignored when written.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ObjectMeta {
    /// Name of the object, a lowercase DNS subdomain of at most 253 characters.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub name: String,
    /// Namespace of the object. Applications live in the control-plane namespace unless other namespaces are enabled.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub namespace: String,
    /// Prefix for a name that the server completes with a random suffix when `name` is empty.
    #[serde(
        rename = "generateName",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub generate_name: String,
    /// Unique identity, given by the server at creation and never used again.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub uid: String,
    /// Store revision of the last change, a decimal number that only grows.
    #[serde(
        rename = "resourceVersion",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub resource_version: String,
    /// Counts the changes of the specification.
    #[serde(
        default,
        deserialize_with = "lenient::optional_integer",
        skip_serializing_if = "Option::is_none"
    )]
    pub generation: Option<i64>,
    /// When the object was created.
    #[serde(
        rename = "creationTimestamp",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub creation_timestamp: Option<DateTime<Utc>>,
    /// When deletion was requested. The object stays until its finalizers are done.
    #[serde(
        rename = "deletionTimestamp",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub deletion_timestamp: Option<DateTime<Utc>>,
    /// Keys and values to select objects by.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub labels: BTreeMap<String, String>,
    /// Keys and values for tools and people.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub annotations: BTreeMap<String, String>,
    /// What must happen before the object goes away.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub finalizers: Vec<String>,
}

impl crate::body::Body for ObjectMeta {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// Bookkeeping of a list.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ListMeta {
    /// Store revision at which the list was read.
    #[serde(
        rename = "resourceVersion",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub resource_version: String,
}

impl crate::body::Body for ListMeta {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// An application: manifests from a source, kept live at a destination.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Application {
    /// `argoproj.io/v1alpha1` when given.
    #[serde(
        rename = "apiVersion",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub api_version: String,
    /// `Application` when given.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub kind: String,
    /// Identity and bookkeeping.
    pub metadata: ObjectMeta,
    /// What should be live, and where.
    pub spec: ApplicationSpec,
    /// What was observed. Ignored when written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<ApplicationStatus>,
    /// The operation that is queued or under way. Ignored when written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<Operation>,
}

impl crate::body::Body for Application {
    const STRICT: bool = true;
    const IGNORED: &'static [&'static str] = &["status", "operation"];
}

/// Applications, sorted by name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ApplicationList {
    /// Bookkeeping of the list.
    pub metadata: ListMeta,
    /// The applications.
    pub items: Vec<Application>,
}

impl crate::body::Body for ApplicationList {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// What should be live, where, and how it gets there.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ApplicationSpec {
    /// Where the manifests come from. Required unless `sources` is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<ApplicationSource>,
    /// Several places that manifests come from; takes precedence over `source`.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub sources: Vec<ApplicationSource>,
    /// Cluster and namespace.
    pub destination: ApplicationDestination,
    /// Project that the application belongs to, `default` when empty.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub project: String,
    /// When and how the application is synchronised.
    #[serde(
        rename = "syncPolicy",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub sync_policy: Option<SyncPolicy>,
    /// Fields that do not count as drift.
    #[serde(
        rename = "ignoreDifferences",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub ignore_differences: Vec<ResourceIgnoreDifferences>,
    /// Facts for people, such as links.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub info: Vec<Info>,
    /// How many deployments the history keeps, 10 when absent.
    #[serde(
        rename = "revisionHistoryLimit",
        default,
        deserialize_with = "lenient::optional_integer",
        skip_serializing_if = "Option::is_none"
    )]
    pub revision_history_limit: Option<i64>,
    /// Hydrated manifests on a branch of their own.
    #[serde(
        rename = "sourceHydrator",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub source_hydrator: Option<SourceHydrator>,
    /// Applications, as `name` or `namespace/name`, that have to be Synced and Healthy at their current revision before this one is synchronised.
    #[serde(
        rename = "dependsOn",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub depends_on: Vec<String>,
}

impl crate::body::Body for ApplicationSpec {
    const STRICT: bool = true;
    const IGNORED: &'static [&'static str] = &[];
}

/// One place that manifests come from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ApplicationSource {
    /// URL of the repository: HTTPS, SSH (`ssh://` or `user@host:path`), or `file://` where the server allows it.
    #[serde(rename = "repoURL")]
    pub repo_url: String,
    /// Folder within the repository.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub path: String,
    /// Branch, tag, commit (whole or abbreviated) or semantic version constraint; `HEAD` when empty.
    #[serde(
        rename = "targetRevision",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub target_revision: String,
    /// Name of a chart, when the repository is a Helm repository.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub chart: String,
    /// Name under which other sources refer to files of this one.
    #[serde(
        rename = "ref",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub ref_: String,
    /// Name of this source, unique within the application.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub name: String,
    /// Prefix that a tag must carry to take part in a version constraint.
    #[serde(
        rename = "tagPrefix",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub tag_prefix: String,
    /// Options for Helm charts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub helm: Option<ApplicationSourceHelm>,
    /// Options for Kustomize overlays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kustomize: Option<ApplicationSourceKustomize>,
    /// Options for directories of plain manifests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory: Option<ApplicationSourceDirectory>,
    /// Options for a config management plugin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plugin: Option<ApplicationSourcePlugin>,
}

impl crate::body::Body for ApplicationSource {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// Options for a directory of plain manifests.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ApplicationSourceDirectory {
    /// Whether folders below the path are read as well.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "lenient::is_false"
    )]
    pub recurse: bool,
    /// Glob of the files to read, several in braces: `{a*.yaml,b*.yaml}`.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub include: String,
    /// Glob of the files to leave out; wins over `include`.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub exclude: String,
    /// Whether files with other extensions than YAML and JSON are read.
    #[serde(
        rename = "disableExtensionFilter",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "lenient::is_false"
    )]
    pub disable_extension_filter: bool,
    /// Options for Jsonnet files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jsonnet: Option<ApplicationSourceJsonnet>,
}

impl crate::body::Body for ApplicationSourceDirectory {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// Options for Jsonnet files.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ApplicationSourceJsonnet {
    /// External variables.
    #[serde(
        rename = "extVars",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub ext_vars: Vec<JsonnetVar>,
    /// Top-level arguments.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub tlas: Vec<JsonnetVar>,
    /// Library folders.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub libs: Vec<String>,
}

impl crate::body::Body for ApplicationSourceJsonnet {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// A Jsonnet variable.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct JsonnetVar {
    /// Name of the variable.
    pub name: String,
    /// Value of the variable.
    pub value: String,
    /// Whether the value is Jsonnet code instead of a string.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "lenient::is_false"
    )]
    pub code: bool,
}

impl crate::body::Body for JsonnetVar {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// Options for Helm charts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ApplicationSourceHelm {
    /// Name of the release, the name of the application when empty.
    #[serde(
        rename = "releaseName",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub release_name: String,
    /// Value files, later ones win.
    #[serde(
        rename = "valueFiles",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub value_files: Vec<String>,
    /// Values as a YAML document.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub values: String,
    /// Values as an object; takes precedence over `values`.
    #[serde(
        rename = "valuesObject",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub values_object: Option<serde_json::Value>,
    /// Single values, as with `--set`.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub parameters: Vec<HelmParameter>,
    /// Single values from files, as with `--set-file`.
    #[serde(
        rename = "fileParameters",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub file_parameters: Vec<HelmFileParameter>,
    /// Whether a value file that does not exist is passed over.
    #[serde(
        rename = "ignoreMissingValueFiles",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "lenient::is_false"
    )]
    pub ignore_missing_value_files: bool,
    /// Whether the chart's `crds` folder is left out.
    #[serde(
        rename = "skipCrds",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "lenient::is_false"
    )]
    pub skip_crds: bool,
    /// Whether test hooks are left out.
    #[serde(
        rename = "skipTests",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "lenient::is_false"
    )]
    pub skip_tests: bool,
    /// Whether the values are not checked against the chart's schema.
    #[serde(
        rename = "skipSchemaValidation",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "lenient::is_false"
    )]
    pub skip_schema_validation: bool,
    /// Whether credentials are sent to every host that the chart comes from.
    #[serde(
        rename = "passCredentials",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "lenient::is_false"
    )]
    pub pass_credentials: bool,
    /// Helm version, kept for compatibility and not used.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub version: String,
    /// Kubernetes version that the chart is told, that of the destination when empty.
    #[serde(
        rename = "kubeVersion",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub kube_version: String,
    /// API versions that the chart is told, those of the destination when empty.
    #[serde(
        rename = "apiVersions",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub api_versions: Vec<String>,
    /// Namespace that the chart is told, that of the destination when empty.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub namespace: String,
}

impl crate::body::Body for ApplicationSourceHelm {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// A single Helm value.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HelmParameter {
    /// Path of the value.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub name: String,
    /// The value.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub value: String,
    /// Whether the value is a string whatever it looks like.
    #[serde(
        rename = "forceString",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "lenient::is_false"
    )]
    pub force_string: bool,
}

impl crate::body::Body for HelmParameter {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// A single Helm value from a file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HelmFileParameter {
    /// Path of the value.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub name: String,
    /// File within the repository.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub path: String,
}

impl crate::body::Body for HelmFileParameter {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// Overrides on top of a Kustomize overlay.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ApplicationSourceKustomize {
    /// Text before every name.
    #[serde(
        rename = "namePrefix",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub name_prefix: String,
    /// Text after every name.
    #[serde(
        rename = "nameSuffix",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub name_suffix: String,
    /// Namespace of every object.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub namespace: String,
    /// Images as `name=new-name:tag` or `name:tag`.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub images: Vec<String>,
    /// Labels for every object.
    #[serde(
        rename = "commonLabels",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub common_labels: BTreeMap<String, String>,
    /// Annotations for every object.
    #[serde(
        rename = "commonAnnotations",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub common_annotations: BTreeMap<String, String>,
    /// Whether existing labels are replaced.
    #[serde(
        rename = "forceCommonLabels",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "lenient::is_false"
    )]
    pub force_common_labels: bool,
    /// Whether existing annotations are replaced.
    #[serde(
        rename = "forceCommonAnnotations",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "lenient::is_false"
    )]
    pub force_common_annotations: bool,
    /// Whether variables in annotation values are filled in.
    #[serde(
        rename = "commonAnnotationsEnvsubst",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "lenient::is_false"
    )]
    pub common_annotations_envsubst: bool,
    /// Whether selectors stay without the common labels.
    #[serde(
        rename = "labelWithoutSelector",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "lenient::is_false"
    )]
    pub label_without_selector: bool,
    /// Whether templates get the common labels.
    #[serde(
        rename = "labelIncludeTemplates",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "lenient::is_false"
    )]
    pub label_include_templates: bool,
    /// Components to add.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub components: Vec<String>,
    /// Whether a component that does not exist is passed over.
    #[serde(
        rename = "ignoreMissingComponents",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "lenient::is_false"
    )]
    pub ignore_missing_components: bool,
    /// Patches to add.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub patches: Vec<KustomizePatch>,
    /// Replica counts by name.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub replicas: Vec<KustomizeReplica>,
    /// Kustomize version, kept for compatibility and not used.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub version: String,
    /// Kubernetes version for charts within the overlay.
    #[serde(
        rename = "kubeVersion",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub kube_version: String,
    /// API versions for charts within the overlay.
    #[serde(
        rename = "apiVersions",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub api_versions: Vec<String>,
}

impl crate::body::Body for ApplicationSourceKustomize {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// A patch, inline or from a file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct KustomizePatch {
    /// File with the patch.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub path: String,
    /// The patch itself.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub patch: String,
    /// Which objects it changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<KustomizeSelector>,
    /// Switches such as `allowNameChange`.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub options: BTreeMap<String, bool>,
}

impl crate::body::Body for KustomizePatch {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// Selects objects.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct KustomizeSelector {
    /// API group.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub group: String,
    /// API version.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub version: String,
    /// Kind.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub kind: String,
    /// Name, a regular expression.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub name: String,
    /// Namespace, a regular expression.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub namespace: String,
    /// Annotation selector.
    #[serde(
        rename = "annotationSelector",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub annotation_selector: String,
    /// Label selector.
    #[serde(
        rename = "labelSelector",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub label_selector: String,
}

impl crate::body::Body for KustomizeSelector {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// A replica count.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct KustomizeReplica {
    /// Name of the object.
    pub name: String,
    /// Number of replicas, a number or a numeric string.
    pub count: serde_json::Value,
}

impl crate::body::Body for KustomizeReplica {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// Options for a config management plugin.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ApplicationSourcePlugin {
    /// Name of the plugin.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub name: String,
    /// Environment of the plugin.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub env: Vec<EnvEntry>,
    /// Parameters of the plugin.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub parameters: Vec<ApplicationSourcePluginParameter>,
}

impl crate::body::Body for ApplicationSourcePlugin {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// An environment variable.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EnvEntry {
    /// Name of the variable.
    pub name: String,
    /// Value of the variable.
    pub value: String,
}

impl crate::body::Body for EnvEntry {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// A plugin parameter: a string, a list or a map.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ApplicationSourcePluginParameter {
    /// Name of the parameter.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub name: String,
    /// Value, when it is a string.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub string: Option<String>,
    /// Value, when it is a list.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub array: Vec<String>,
    /// Value, when it is a map.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub map: BTreeMap<String, String>,
}

impl crate::body::Body for ApplicationSourcePluginParameter {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// A cluster, by URL or by name, and a namespace.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ApplicationDestination {
    /// URL of the cluster's API server. `https://kubernetes.default.svc` is the cluster that the server itself uses.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub server: String,
    /// Name of the cluster, instead of `server`.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub name: String,
    /// Namespace for objects that name none.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub namespace: String,
}

impl crate::body::Body for ApplicationDestination {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// When and how an application is synchronised.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SyncPolicy {
    /// Automatic synchronisation; absent means by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub automated: Option<SyncPolicyAutomated>,
    /// Options as `Name=value`, for example `CreateNamespace=true`.
    #[serde(
        rename = "syncOptions",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub sync_options: Vec<String>,
    /// How a failed synchronisation is tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<RetryStrategy>,
    /// Labels and annotations of a namespace that `CreateNamespace` makes.
    #[serde(
        rename = "managedNamespaceMetadata",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub managed_namespace_metadata: Option<ManagedNamespaceMetadata>,
    /// How long a synchronisation or deletion may take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadlines: Option<SyncDeadlines>,
    /// Brings the deployment before back when a new one does not become healthy; absent means that nothing is brought back.
    #[serde(
        rename = "rollbackOnFailure",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub rollback_on_failure: Option<RollbackOnFailure>,
}

impl crate::body::Body for SyncPolicy {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// Automatic synchronisation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SyncPolicyAutomated {
    /// Whether objects that left the source are deleted.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "lenient::is_false"
    )]
    pub prune: bool,
    /// Whether live changes are undone.
    #[serde(
        rename = "selfHeal",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "lenient::is_false"
    )]
    pub self_heal: bool,
    /// Whether a source without any object may delete everything.
    #[serde(
        rename = "allowEmpty",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "lenient::is_false"
    )]
    pub allow_empty: bool,
    /// Whether automation is on; absent means that it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Whether a newer commit ends an automated synchronisation that is under way, and is synchronised instead.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "lenient::is_false"
    )]
    pub supersede: bool,
}

impl crate::body::Body for SyncPolicyAutomated {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// How long a synchronisation or deletion may take; what takes longer fails. Each is a duration such as `10m`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SyncDeadlines {
    /// For the objects of a wave to become healthy, or to be gone; `30m` when empty.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub wave: String,
    /// For a hook to complete, or to be gone; `2h` when empty.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub hook: String,
    /// For an attempt of an operation, with what it waits for before it begins; `6h` when empty.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub operation: String,
}

impl crate::body::Body for SyncDeadlines {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// When a new deployment is taken back.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RollbackOnFailure {
    /// How long after the synchronisation the application may take to become healthy, for example `5m`; that is the default.
    #[serde(
        rename = "healthDeadline",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub health_deadline: String,
}

impl crate::body::Body for RollbackOnFailure {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// How a failed operation is tried again.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RetryStrategy {
    /// How often, -1 for without end. 0 and absent mean not at all.
    #[serde(
        default,
        deserialize_with = "lenient::optional_integer",
        skip_serializing_if = "Option::is_none"
    )]
    pub limit: Option<i64>,
    /// How long to wait in between.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backoff: Option<Backoff>,
    /// Whether a retry uses the newest revision instead of the one it began with.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "lenient::is_false"
    )]
    pub refresh: bool,
}

impl crate::body::Body for RetryStrategy {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// Growing pauses.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Backoff {
    /// First pause, for example `5s`; a number alone is seconds.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub duration: String,
    /// What each pause is multiplied by to get the next, 2 when absent.
    #[serde(
        default,
        deserialize_with = "lenient::optional_integer",
        skip_serializing_if = "Option::is_none"
    )]
    pub factor: Option<i64>,
    /// Longest pause, for example `3m`.
    #[serde(
        rename = "maxDuration",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub max_duration: String,
}

impl crate::body::Body for Backoff {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// Labels and annotations of a managed namespace.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ManagedNamespaceMetadata {
    /// Labels.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub labels: BTreeMap<String, String>,
    /// Annotations.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub annotations: BTreeMap<String, String>,
}

impl crate::body::Body for ManagedNamespaceMetadata {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// Fields of certain objects that do not count as drift.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ResourceIgnoreDifferences {
    /// API group, `*` for any.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub group: String,
    /// Kind, `*` for any.
    pub kind: String,
    /// Name, any when empty.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub name: String,
    /// Namespace, any when empty.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub namespace: String,
    /// RFC 6901 pointers to the fields.
    #[serde(
        rename = "jsonPointers",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub json_pointers: Vec<String>,
    /// jq path expressions to the fields.
    #[serde(
        rename = "jqPathExpressions",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub jq_path_expressions: Vec<String>,
    /// Field managers whose fields are left alone.
    #[serde(
        rename = "managedFieldsManagers",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub managed_fields_managers: Vec<String>,
}

impl crate::body::Body for ResourceIgnoreDifferences {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// A fact for people.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Info {
    /// What it is.
    pub name: String,
    /// Its value, often a link.
    pub value: String,
}

impl crate::body::Body for Info {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// Where hydrated manifests come from and go to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SourceHydrator {
    /// Where the manifests are rendered from.
    #[serde(rename = "drySource")]
    pub dry_source: DrySource,
    /// Where the rendered manifests are synchronised from.
    #[serde(rename = "syncSource")]
    pub sync_source: SyncSource,
    /// A branch in between, for changes that wait for review.
    #[serde(rename = "hydrateTo", default, skip_serializing_if = "Option::is_none")]
    pub hydrate_to: Option<HydrateTo>,
}

impl crate::body::Body for SourceHydrator {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// Where manifests are rendered from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DrySource {
    /// URL of the repository.
    #[serde(rename = "repoURL")]
    pub repo_url: String,
    /// Revision to render.
    #[serde(rename = "targetRevision")]
    pub target_revision: String,
    /// Folder within the repository.
    pub path: String,
    /// Options for Helm charts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub helm: Option<ApplicationSourceHelm>,
    /// Options for Kustomize overlays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kustomize: Option<ApplicationSourceKustomize>,
    /// Options for directories of plain manifests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory: Option<ApplicationSourceDirectory>,
    /// Options for a config management plugin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plugin: Option<ApplicationSourcePlugin>,
}

impl crate::body::Body for DrySource {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// Where rendered manifests are synchronised from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SyncSource {
    /// Branch with the rendered manifests.
    #[serde(rename = "targetBranch")]
    pub target_branch: String,
    /// Folder within the branch.
    pub path: String,
    /// URL of the repository, that of the dry source when empty.
    #[serde(
        rename = "repoURL",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub repo_url: String,
}

impl crate::body::Body for SyncSource {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// A branch that rendered manifests are written to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HydrateTo {
    /// The branch.
    #[serde(rename = "targetBranch")]
    pub target_branch: String,
}

impl crate::body::Body for HydrateTo {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// What was observed of an application.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ApplicationStatus {
    /// Every object of the application, in the source or live.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub resources: Vec<ResourceStatus>,
    /// How live objects compare with the source.
    pub sync: SyncStatus,
    /// The worst health among the objects.
    pub health: HealthStatus,
    /// Deployments, oldest first.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub history: Vec<RevisionHistory>,
    /// What is wrong, or noteworthy.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub conditions: Vec<ApplicationCondition>,
    /// When the comparison was last made.
    #[serde(
        rename = "reconciledAt",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub reconciled_at: Option<DateTime<Utc>>,
    /// Kept for compatibility.
    #[serde(
        rename = "observedAt",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub observed_at: Option<DateTime<Utc>>,
    /// The operation under way, or the last one.
    #[serde(
        rename = "operationState",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub operation_state: Option<OperationState>,
    /// Kind of source: `Directory`, `Helm`, `Kustomize` or `Plugin`.
    #[serde(
        rename = "sourceType",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub source_type: String,
    /// Kinds of source, one each, for several sources.
    #[serde(
        rename = "sourceTypes",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub source_types: Vec<String>,
    /// Images and links.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<ApplicationSummary>,
    /// Where the health of single objects is kept, `inline` or `appTree`.
    #[serde(
        rename = "resourceHealthSource",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub resource_health_source: String,
    /// Namespace of the control plane that looks after the application.
    #[serde(
        rename = "controllerNamespace",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub controller_namespace: String,
    /// Keeps automation away from a revision that was rolled back, until the source has moved past it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pin: Option<ApplicationPin>,
}

impl crate::body::Body for ApplicationStatus {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// What keeps automation away from a revision that was rolled back.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ApplicationPin {
    /// The commits that are bad, one for each source.
    #[serde(rename = "awayFrom")]
    pub away_from: Vec<String>,
    /// The deployment that was brought back.
    #[serde(rename = "historyId", deserialize_with = "lenient::integer")]
    pub history_id: i64,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Who rolled back, or what failed.
    pub reason: String,
    /// SHA-256 of what the bad commits render to: a commit that changes nothing of it is no way past it.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub digest: String,
}

impl crate::body::Body for ApplicationPin {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// An object of an application.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ResourceStatus {
    /// API group, empty for the core group.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub group: String,
    /// API version.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub version: String,
    /// Kind.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub kind: String,
    /// Namespace, empty for cluster-scoped objects.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub namespace: String,
    /// Name.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub name: String,
    /// How it compares with the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<SyncStatusCode>,
    /// How well it is doing; absent for kinds without health.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health: Option<HealthStatus>,
    /// Whether it is a hook.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "lenient::is_false"
    )]
    pub hook: bool,
    /// Whether it is live but no longer in the source.
    #[serde(
        rename = "requiresPruning",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "lenient::is_false"
    )]
    pub requires_pruning: bool,
    /// Whether its deletion has to be confirmed.
    #[serde(
        rename = "requiresDeletionConfirmation",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "lenient::is_false"
    )]
    pub requires_deletion_confirmation: bool,
    /// Sync wave.
    #[serde(
        rename = "syncWave",
        default,
        deserialize_with = "lenient::optional_integer",
        skip_serializing_if = "Option::is_none"
    )]
    pub sync_wave: Option<i64>,
}

impl crate::body::Body for ResourceStatus {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// How the live objects compare with the source.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SyncStatus {
    /// The verdict.
    pub status: SyncStatusCode,
    /// What the comparison was made with.
    #[serde(
        rename = "comparedTo",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub compared_to: Option<ComparedTo>,
    /// Commit that was compared.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub revision: String,
    /// Commits that were compared, for several sources.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub revisions: Vec<String>,
}

impl crate::body::Body for SyncStatus {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// What a comparison was made with.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ComparedTo {
    /// The source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<ApplicationSource>,
    /// The sources.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub sources: Vec<ApplicationSource>,
    /// The destination.
    pub destination: ApplicationDestination,
    /// Fields that did not count.
    #[serde(
        rename = "ignoreDifferences",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub ignore_differences: Vec<ResourceIgnoreDifferences>,
}

impl crate::body::Body for ComparedTo {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// How well something is doing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HealthStatus {
    /// The verdict.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<HealthStatusCode>,
    /// Why.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub message: String,
    /// When the verdict last changed.
    #[serde(
        rename = "lastTransitionTime",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub last_transition_time: Option<DateTime<Utc>>,
}

impl crate::body::Body for HealthStatus {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// Something that is wrong, or noteworthy.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ApplicationCondition {
    /// Kind of condition, for example `ComparisonError`.
    #[serde(rename = "type")]
    pub type_: String,
    /// What, where, and what to do.
    pub message: String,
    /// When it was first seen.
    #[serde(
        rename = "lastTransitionTime",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub last_transition_time: Option<DateTime<Utc>>,
}

impl crate::body::Body for ApplicationCondition {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// Images and links of an application.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ApplicationSummary {
    /// Container images in use.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub images: Vec<String>,
    /// Addresses under which it is reached.
    #[serde(
        rename = "externalURLs",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub external_urls: Vec<String>,
    /// Whether it contains other applications.
    #[serde(
        rename = "isAppOfApps",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "lenient::is_false"
    )]
    pub is_app_of_apps: bool,
}

impl crate::body::Body for ApplicationSummary {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// A deployment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RevisionHistory {
    /// Number of the deployment, starting at 0 and never used again.
    #[serde(deserialize_with = "lenient::integer")]
    pub id: i64,
    /// Commit that was deployed.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub revision: String,
    /// Commits that were deployed, for several sources.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub revisions: Vec<String>,
    /// When the deployment was complete.
    #[serde(rename = "deployedAt")]
    pub deployed_at: DateTime<Utc>,
    /// When it began.
    #[serde(
        rename = "deployStartedAt",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub deploy_started_at: Option<DateTime<Utc>>,
    /// What was deployed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<ApplicationSource>,
    /// What was deployed, for several sources.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub sources: Vec<ApplicationSource>,
    /// Who asked for it.
    #[serde(rename = "initiatedBy")]
    pub initiated_by: OperationInitiator,
}

impl crate::body::Body for RevisionHistory {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// What is to be done with an application.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Operation {
    /// A synchronisation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sync: Option<SyncOperation>,
    /// Who asked for it.
    #[serde(
        rename = "initiatedBy",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub initiated_by: Option<OperationInitiator>,
    /// Facts that came with the request.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub info: Vec<Info>,
    /// How it is tried again when it fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<RetryStrategy>,
}

impl crate::body::Body for Operation {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// Who asked for an operation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OperationInitiator {
    /// Account that asked.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub username: String,
    /// Whether it was automation.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "lenient::is_false"
    )]
    pub automated: bool,
}

impl crate::body::Body for OperationInitiator {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// A synchronisation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SyncOperation {
    /// Commit to apply.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub revision: String,
    /// Commits to apply, for several sources.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub revisions: Vec<String>,
    /// Whether objects that left the source are deleted.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "lenient::is_false"
    )]
    pub prune: bool,
    /// Whether nothing is changed.
    #[serde(
        rename = "dryRun",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "lenient::is_false"
    )]
    pub dry_run: bool,
    /// How objects are applied.
    #[serde(
        rename = "syncStrategy",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub sync_strategy: Option<SyncStrategy>,
    /// Objects to apply; empty means all.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub resources: Vec<SyncOperationResource>,
    /// Source to apply instead of the application's own, in a rollback.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<ApplicationSource>,
    /// Sources to apply instead of the application's own, in a rollback.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub sources: Vec<ApplicationSource>,
    /// Manifests that came with the request.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub manifests: Vec<String>,
    /// Options as `Name=value`.
    #[serde(
        rename = "syncOptions",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub sync_options: Vec<String>,
    /// How often self-heal has tried this revision.
    #[serde(
        rename = "autoHealAttemptsCount",
        default,
        deserialize_with = "lenient::optional_integer",
        skip_serializing_if = "Option::is_none"
    )]
    pub auto_heal_attempts_count: Option<i64>,
}

impl crate::body::Body for SyncOperation {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// How objects are applied.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SyncStrategy {
    /// Without hooks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub apply: Option<SyncStrategyApply>,
    /// With hooks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hook: Option<SyncStrategyHook>,
}

impl crate::body::Body for SyncStrategy {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// Application without hooks.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SyncStrategyApply {
    /// Whether an object that cannot be changed is deleted and made again.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "lenient::is_false"
    )]
    pub force: bool,
}

impl crate::body::Body for SyncStrategyApply {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// Application with hooks.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SyncStrategyHook {
    /// Whether an object that cannot be changed is deleted and made again.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "lenient::is_false"
    )]
    pub force: bool,
}

impl crate::body::Body for SyncStrategyHook {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// Names an object.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SyncOperationResource {
    /// API group.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub group: String,
    /// Kind.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub kind: String,
    /// Name.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub name: String,
    /// Namespace, any when empty.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub namespace: String,
}

impl crate::body::Body for SyncOperationResource {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// An operation that is under way or over.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OperationState {
    /// What was asked for.
    pub operation: Operation,
    /// Where it stands.
    pub phase: OperationPhase,
    /// What happened.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub message: String,
    /// Result by object.
    #[serde(
        rename = "syncResult",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub sync_result: Option<SyncOperationResult>,
    /// When it began.
    #[serde(rename = "startedAt")]
    pub started_at: DateTime<Utc>,
    /// When it ended, or when the last attempt ended.
    #[serde(
        rename = "finishedAt",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub finished_at: Option<DateTime<Utc>>,
    /// How often it was tried again.
    #[serde(
        rename = "retryCount",
        default,
        deserialize_with = "lenient::optional_integer",
        skip_serializing_if = "Option::is_none"
    )]
    pub retry_count: Option<i64>,
}

impl crate::body::Body for OperationState {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// What a synchronisation did.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SyncOperationResult {
    /// Result by object.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub resources: Vec<ResourceResult>,
    /// Commit that was applied.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub revision: String,
    /// Commits that were applied, for several sources.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub revisions: Vec<String>,
    /// What was applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<ApplicationSource>,
    /// What was applied, for several sources.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub sources: Vec<ApplicationSource>,
    /// Metadata of the namespace.
    #[serde(
        rename = "managedNamespaceMetadata",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub managed_namespace_metadata: Option<ManagedNamespaceMetadata>,
    /// Charts that were fetched beside the sources because those depend on them, as `name version`.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub dependencies: Vec<String>,
}

impl crate::body::Body for SyncOperationResult {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// What a synchronisation did with one object.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ResourceResult {
    /// API group.
    pub group: String,
    /// API version.
    pub version: String,
    /// Kind.
    pub kind: String,
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// `Synced`, `SyncFailed`, `Pruned` or `PruneSkipped`.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub status: String,
    /// What happened.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub message: String,
    /// Type of hook, when it is one.
    #[serde(
        rename = "hookType",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub hook_type: String,
    /// Where the object or hook stands.
    #[serde(
        rename = "hookPhase",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub hook_phase: String,
    /// Phase of the synchronisation that the object belongs to.
    #[serde(
        rename = "syncPhase",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub sync_phase: String,
    /// Container images of the object.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub images: Vec<String>,
}

impl crate::body::Body for ResourceResult {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// Asks for a synchronisation. An empty request synchronises everything to the target revision.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SyncRequest {
    /// Name of the application, repeated.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub name: String,
    /// Namespace of the application.
    #[serde(
        rename = "appNamespace",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub app_namespace: String,
    /// Project of the application.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub project: String,
    /// Revision to apply, the target revision when empty.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub revision: String,
    /// Revisions to apply, for several sources.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub revisions: Vec<String>,
    /// Which sources `revisions` belong to, counted from 1.
    #[serde(
        rename = "sourcePositions",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub source_positions: Vec<serde_json::Value>,
    /// Whether nothing is changed.
    #[serde(
        rename = "dryRun",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "lenient::is_false"
    )]
    pub dry_run: bool,
    /// Whether objects that left the source are deleted.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "lenient::is_false"
    )]
    pub prune: bool,
    /// How objects are applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strategy: Option<SyncStrategy>,
    /// Objects to apply; empty means all.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub resources: Vec<SyncOperationResource>,
    /// Options instead of those of the application.
    #[serde(
        rename = "syncOptions",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub sync_options: Option<SyncOptions>,
    /// Facts to keep with the operation.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub infos: Vec<Info>,
    /// How a failure is tried again, instead of the application's own strategy.
    #[serde(
        rename = "retryStrategy",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub retry_strategy: Option<RetryStrategy>,
    /// Manifests to apply instead of those of the source.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub manifests: Vec<String>,
}

impl crate::body::Body for SyncRequest {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// Options of a synchronisation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SyncOptions {
    /// Options as `Name=value`.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub items: Vec<String>,
}

impl crate::body::Body for SyncOptions {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// Asks for an earlier deployment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RollbackRequest {
    /// Number of the deployment in the history.
    #[serde(deserialize_with = "lenient::integer")]
    pub id: i64,
    /// Whether objects that the earlier deployment did not have are deleted.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "lenient::is_false"
    )]
    pub prune: bool,
    /// Whether nothing is changed.
    #[serde(
        rename = "dryRun",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "lenient::is_false"
    )]
    pub dry_run: bool,
    /// Name of the application, repeated.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub name: String,
    /// Namespace of the application.
    #[serde(
        rename = "appNamespace",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub app_namespace: String,
    /// Project of the application.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub project: String,
}

impl crate::body::Body for RollbackRequest {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// A patch of an application.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ApplicationPatchRequest {
    /// The patch, as a JSON document in a string.
    pub patch: String,
    /// `json` (RFC 6902, the default) or `merge` (RFC 7386).
    #[serde(
        rename = "patchType",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub patch_type: String,
    /// Name of the application, repeated.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub name: String,
    /// Namespace of the application.
    #[serde(
        rename = "appNamespace",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub app_namespace: String,
    /// Project of the application.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub project: String,
}

impl crate::body::Body for ApplicationPatchRequest {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// A project: what its applications may use, and where they may go.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AppProject {
    /// `argoproj.io/v1alpha1` when given.
    #[serde(
        rename = "apiVersion",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub api_version: String,
    /// `AppProject` when given.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub kind: String,
    /// Identity and bookkeeping.
    pub metadata: ObjectMeta,
    /// What is permitted.
    pub spec: AppProjectSpec,
    /// What was observed. Ignored when written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<AppProjectStatus>,
}

impl crate::body::Body for AppProject {
    const STRICT: bool = true;
    const IGNORED: &'static [&'static str] = &["status"];
}

/// What a project permits.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AppProjectSpec {
    /// What the project is for.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub description: String,
    /// Repositories, as globs; `!` before a glob denies.
    #[serde(
        rename = "sourceRepos",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub source_repos: Vec<String>,
    /// Namespaces that applications of the project may live in.
    #[serde(
        rename = "sourceNamespaces",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub source_namespaces: Vec<String>,
    /// Clusters and namespaces, as globs; `!` before a glob denies.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub destinations: Vec<ApplicationDestination>,
    /// Service accounts to act as.
    #[serde(
        rename = "destinationServiceAccounts",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub destination_service_accounts: Vec<ApplicationDestinationServiceAccount>,
    /// Cluster-scoped kinds that are permitted; none when empty.
    #[serde(
        rename = "clusterResourceWhitelist",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub cluster_resource_whitelist: Vec<ClusterResourceRestrictionItem>,
    /// Cluster-scoped kinds that are denied.
    #[serde(
        rename = "clusterResourceBlacklist",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub cluster_resource_blacklist: Vec<ClusterResourceRestrictionItem>,
    /// Namespaced kinds that are permitted; all when empty.
    #[serde(
        rename = "namespaceResourceWhitelist",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub namespace_resource_whitelist: Vec<GroupKind>,
    /// Namespaced kinds that are denied.
    #[serde(
        rename = "namespaceResourceBlacklist",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub namespace_resource_blacklist: Vec<GroupKind>,
    /// Roles and what they may do.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub roles: Vec<ProjectRole>,
    /// When synchronisation is allowed or denied.
    #[serde(
        rename = "syncWindows",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub sync_windows: Vec<SyncWindow>,
    /// Whether objects that nobody manages are reported.
    #[serde(
        rename = "orphanedResources",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub orphaned_resources: Option<OrphanedResourcesMonitorSettings>,
    /// Keys that commits must be signed with.
    #[serde(
        rename = "signatureKeys",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub signature_keys: Vec<SignatureKey>,
    /// How commits are verified.
    #[serde(
        rename = "sourceIntegrity",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub source_integrity: Option<serde_json::Value>,
    /// Whether only clusters of the project itself are permitted.
    #[serde(
        rename = "permitOnlyProjectScopedClusters",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "lenient::is_false"
    )]
    pub permit_only_project_scoped_clusters: bool,
}

impl crate::body::Body for AppProjectSpec {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// What was observed of a project.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AppProjectStatus {
    /// Tokens of the project's roles.
    #[serde(
        rename = "jwtTokensByRole",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub jwt_tokens_by_role: BTreeMap<String, serde_json::Value>,
}

impl crate::body::Body for AppProjectStatus {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// A service account for a destination.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ApplicationDestinationServiceAccount {
    /// Cluster, a glob.
    pub server: String,
    /// Namespace, a glob.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub namespace: String,
    /// Service account as `name` or `namespace:name`.
    #[serde(rename = "defaultServiceAccount")]
    pub default_service_account: String,
}

impl crate::body::Body for ApplicationDestinationServiceAccount {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// Names cluster-scoped objects.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ClusterResourceRestrictionItem {
    /// API group, a glob.
    pub group: String,
    /// Kind, a glob.
    pub kind: String,
    /// Name, a glob; any when empty.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub name: String,
}

impl crate::body::Body for ClusterResourceRestrictionItem {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// Names a kind.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GroupKind {
    /// API group, a glob.
    pub group: String,
    /// Kind, a glob.
    pub kind: String,
}

impl crate::body::Body for GroupKind {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// A role of a project.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ProjectRole {
    /// Name of the role.
    pub name: String,
    /// What the role is for.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub description: String,
    /// Rules in the form `p, proj:PROJECT:ROLE, resource, action, object, effect`.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub policies: Vec<String>,
    /// Groups that have the role.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub groups: Vec<String>,
    /// Tokens of the role.
    #[serde(
        rename = "jwtTokens",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub jwt_tokens: Vec<JwtToken>,
}

impl crate::body::Body for ProjectRole {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// A token of a project role, without the token itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct JwtToken {
    /// When it was issued, in seconds since 1970.
    #[serde(deserialize_with = "lenient::integer")]
    pub iat: i64,
    /// When it ends, in seconds since 1970.
    #[serde(
        default,
        deserialize_with = "lenient::optional_integer",
        skip_serializing_if = "Option::is_none"
    )]
    pub exp: Option<i64>,
    /// Its identity.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub id: String,
}

impl crate::body::Body for JwtToken {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// A key that signs commits.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SignatureKey {
    /// Long identity of the key.
    #[serde(rename = "keyID")]
    pub key_id: String,
}

impl crate::body::Body for SignatureKey {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// Whether objects that nobody manages are reported.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OrphanedResourcesMonitorSettings {
    /// Whether a condition is set on the applications.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warn: Option<bool>,
    /// Objects that are not reported.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub ignore: Vec<OrphanedResourceKey>,
}

impl crate::body::Body for OrphanedResourcesMonitorSettings {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// Names objects.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OrphanedResourceKey {
    /// API group, a glob.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub group: String,
    /// Kind, a glob.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub kind: String,
    /// Name, a glob.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub name: String,
}

impl crate::body::Body for OrphanedResourceKey {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// A time in which synchronisation is allowed or denied.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SyncWindow {
    /// `allow` or `deny`.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub kind: String,
    /// When it begins, in cron format.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub schedule: String,
    /// How long it lasts, for example `1h`.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub duration: String,
    /// Applications, as globs.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub applications: Vec<String>,
    /// Destination namespaces, as globs.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub namespaces: Vec<String>,
    /// Destination clusters, as globs.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub clusters: Vec<String>,
    /// Whether synchronisation by hand is allowed in a window that denies.
    #[serde(
        rename = "manualSync",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "lenient::is_false"
    )]
    pub manual_sync: bool,
    /// Time zone of the schedule, UTC when empty.
    #[serde(
        rename = "timeZone",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub time_zone: String,
    /// Whether all of applications, namespaces and clusters must match, instead of any.
    #[serde(
        rename = "andOperator",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "lenient::is_false"
    )]
    pub and_operator: bool,
    /// What the window is for.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub description: String,
    /// Whether a synchronisation that is under way may go on past the end.
    #[serde(
        rename = "syncOverrun",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "lenient::is_false"
    )]
    pub sync_overrun: bool,
}

impl crate::body::Body for SyncWindow {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// Projects, sorted by name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ProjectList {
    /// Bookkeeping of the list.
    pub metadata: ListMeta,
    /// The projects.
    pub items: Vec<AppProject>,
}

impl crate::body::Body for ProjectList {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// A project to write: the project itself, or wrapped under `project`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ProjectRequest {
    /// `argoproj.io/v1alpha1` when given.
    #[serde(
        rename = "apiVersion",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub api_version: String,
    /// `AppProject` when given.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub kind: String,
    /// Identity and bookkeeping, when not wrapped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<ObjectMeta>,
    /// What is permitted, when not wrapped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spec: Option<AppProjectSpec>,
    /// Ignored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<serde_json::Value>,
    /// The project, when wrapped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<AppProject>,
    /// Whether an existing project is replaced.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "lenient::is_false"
    )]
    pub upsert: bool,
}

impl crate::body::Body for ProjectRequest {
    const STRICT: bool = true;
    const IGNORED: &'static [&'static str] = &["status"];
}

/// A repository that sources come from. Credentials can be written, and are never returned.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Repository {
    /// URL of the repository.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub repo: String,
    /// `git` (the default), `helm` or `oci`.
    #[serde(
        rename = "type",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub type_: String,
    /// Name for people.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub name: String,
    /// Project that the repository is limited to.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub project: String,
    /// User for HTTPS.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub username: String,
    /// Password or token for HTTPS. Never returned.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "WriteOnly::is_empty"
    )]
    pub password: WriteOnly,
    /// Bearer token for HTTPS. Never returned.
    #[serde(
        rename = "bearerToken",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "WriteOnly::is_empty"
    )]
    pub bearer_token: WriteOnly,
    /// Private key for SSH, PEM. Never returned.
    #[serde(
        rename = "sshPrivateKey",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "WriteOnly::is_empty"
    )]
    pub ssh_private_key: WriteOnly,
    /// Whether certificates and host keys are not verified.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "lenient::is_false"
    )]
    pub insecure: bool,
    /// Whether the SSH host key is not verified.
    #[serde(
        rename = "insecureIgnoreHostKey",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "lenient::is_false"
    )]
    pub insecure_ignore_host_key: bool,
    /// Client certificate for HTTPS, PEM.
    #[serde(
        rename = "tlsClientCertData",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub tls_client_cert_data: String,
    /// Key of the client certificate, PEM. Never returned.
    #[serde(
        rename = "tlsClientCertKey",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "WriteOnly::is_empty"
    )]
    pub tls_client_cert_key: WriteOnly,
    /// Identity of a GitHub App.
    #[serde(
        rename = "githubAppID",
        default,
        deserialize_with = "lenient::optional_integer",
        skip_serializing_if = "Option::is_none"
    )]
    pub github_app_id: Option<i64>,
    /// Identity of the installation of the GitHub App.
    #[serde(
        rename = "githubAppInstallationID",
        default,
        deserialize_with = "lenient::optional_integer",
        skip_serializing_if = "Option::is_none"
    )]
    pub github_app_installation_id: Option<i64>,
    /// Private key of the GitHub App, PEM. Never returned.
    #[serde(
        rename = "githubAppPrivateKey",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "WriteOnly::is_empty"
    )]
    pub github_app_private_key: WriteOnly,
    /// API address of a GitHub Enterprise server.
    #[serde(
        rename = "githubAppEnterpriseBaseUrl",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub github_app_enterprise_base_url: String,
    /// Whether large files are fetched.
    #[serde(
        rename = "enableLfs",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "lenient::is_false"
    )]
    pub enable_lfs: bool,
    /// Whether the Helm repository is an OCI registry.
    #[serde(
        rename = "enableOCI",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "lenient::is_false"
    )]
    pub enable_oci: bool,
    /// Whether an OCI registry is reached over plain HTTP.
    #[serde(
        rename = "insecureOCIForceHttp",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "lenient::is_false"
    )]
    pub insecure_oci_force_http: bool,
    /// Whether credentials are sent without being asked for.
    #[serde(
        rename = "forceHttpBasicAuth",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "lenient::is_false"
    )]
    pub force_http_basic_auth: bool,
    /// Whether the credentials come from a template.
    #[serde(
        rename = "inheritedCreds",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "lenient::is_false"
    )]
    pub inherited_creds: bool,
    /// Proxy to reach the repository through.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub proxy: String,
    /// Hosts that are reached without the proxy.
    #[serde(
        rename = "noProxy",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub no_proxy: String,
    /// How much history is fetched; the server chooses when absent.
    #[serde(
        default,
        deserialize_with = "lenient::optional_integer",
        skip_serializing_if = "Option::is_none"
    )]
    pub depth: Option<i64>,
    /// Google service account key. Never returned.
    #[serde(
        rename = "gcpServiceAccountKey",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "WriteOnly::is_empty"
    )]
    pub gcp_service_account_key: WriteOnly,
    /// Azure client identity.
    #[serde(
        rename = "azureServicePrincipalClientId",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub azure_service_principal_client_id: String,
    /// Azure client secret. Never returned.
    #[serde(
        rename = "azureServicePrincipalClientSecret",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "WriteOnly::is_empty"
    )]
    pub azure_service_principal_client_secret: WriteOnly,
    /// Azure tenant.
    #[serde(
        rename = "azureServicePrincipalTenantId",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub azure_service_principal_tenant_id: String,
    /// Azure sign-in address.
    #[serde(
        rename = "azureActiveDirectoryEndpoint",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub azure_active_directory_endpoint: String,
    /// Whether the pod's Azure identity is used.
    #[serde(
        rename = "useAzureWorkloadIdentity",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "lenient::is_false"
    )]
    pub use_azure_workload_identity: bool,
    /// Kept for compatibility.
    #[serde(
        rename = "webhookManifestCacheWarmDisabled",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "lenient::is_false"
    )]
    pub webhook_manifest_cache_warm_disabled: bool,
    /// What the last connection test saw. Ignored when written.
    #[serde(
        rename = "connectionState",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub connection_state: Option<ConnectionState>,
}

impl crate::body::Body for Repository {
    const STRICT: bool = true;
    const IGNORED: &'static [&'static str] = &["connectionState"];
}

/// A repository that sources come from. Credentials can be written, and are never returned. This is what is sent: there is no field for a secret.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "RepositoryOutput"))]
pub struct RepositoryOutput {
    /// URL of the repository.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub repo: String,
    /// `git` (the default), `helm` or `oci`.
    #[serde(
        rename = "type",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub type_: String,
    /// Name for people.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub name: String,
    /// Project that the repository is limited to.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub project: String,
    /// User for HTTPS.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub username: String,
    /// Whether certificates and host keys are not verified.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "lenient::is_false"
    )]
    pub insecure: bool,
    /// Whether the SSH host key is not verified.
    #[serde(
        rename = "insecureIgnoreHostKey",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "lenient::is_false"
    )]
    pub insecure_ignore_host_key: bool,
    /// Client certificate for HTTPS, PEM.
    #[serde(
        rename = "tlsClientCertData",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub tls_client_cert_data: String,
    /// Identity of a GitHub App.
    #[serde(
        rename = "githubAppID",
        default,
        deserialize_with = "lenient::optional_integer",
        skip_serializing_if = "Option::is_none"
    )]
    pub github_app_id: Option<i64>,
    /// Identity of the installation of the GitHub App.
    #[serde(
        rename = "githubAppInstallationID",
        default,
        deserialize_with = "lenient::optional_integer",
        skip_serializing_if = "Option::is_none"
    )]
    pub github_app_installation_id: Option<i64>,
    /// API address of a GitHub Enterprise server.
    #[serde(
        rename = "githubAppEnterpriseBaseUrl",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub github_app_enterprise_base_url: String,
    /// Whether large files are fetched.
    #[serde(
        rename = "enableLfs",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "lenient::is_false"
    )]
    pub enable_lfs: bool,
    /// Whether the Helm repository is an OCI registry.
    #[serde(
        rename = "enableOCI",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "lenient::is_false"
    )]
    pub enable_oci: bool,
    /// Whether an OCI registry is reached over plain HTTP.
    #[serde(
        rename = "insecureOCIForceHttp",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "lenient::is_false"
    )]
    pub insecure_oci_force_http: bool,
    /// Whether credentials are sent without being asked for.
    #[serde(
        rename = "forceHttpBasicAuth",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "lenient::is_false"
    )]
    pub force_http_basic_auth: bool,
    /// Whether the credentials come from a template.
    #[serde(
        rename = "inheritedCreds",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "lenient::is_false"
    )]
    pub inherited_creds: bool,
    /// Proxy to reach the repository through.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub proxy: String,
    /// Hosts that are reached without the proxy.
    #[serde(
        rename = "noProxy",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub no_proxy: String,
    /// How much history is fetched; the server chooses when absent.
    #[serde(
        default,
        deserialize_with = "lenient::optional_integer",
        skip_serializing_if = "Option::is_none"
    )]
    pub depth: Option<i64>,
    /// Azure client identity.
    #[serde(
        rename = "azureServicePrincipalClientId",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub azure_service_principal_client_id: String,
    /// Azure tenant.
    #[serde(
        rename = "azureServicePrincipalTenantId",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub azure_service_principal_tenant_id: String,
    /// Azure sign-in address.
    #[serde(
        rename = "azureActiveDirectoryEndpoint",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub azure_active_directory_endpoint: String,
    /// Whether the pod's Azure identity is used.
    #[serde(
        rename = "useAzureWorkloadIdentity",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "lenient::is_false"
    )]
    pub use_azure_workload_identity: bool,
    /// Kept for compatibility.
    #[serde(
        rename = "webhookManifestCacheWarmDisabled",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "lenient::is_false"
    )]
    pub webhook_manifest_cache_warm_disabled: bool,
    /// What the last connection test saw. Ignored when written.
    #[serde(
        rename = "connectionState",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub connection_state: Option<ConnectionState>,
}

/// What a connection test saw.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ConnectionState {
    /// `Successful`, `Failed` or `Unknown`.
    pub status: String,
    /// Why it failed.
    pub message: String,
    /// When the test was made.
    #[serde(
        rename = "attemptedAt",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub attempted_at: Option<DateTime<Utc>>,
}

impl crate::body::Body for ConnectionState {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// Repositories, sorted by project and URL.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RepositoryList {
    /// Bookkeeping of the list.
    pub metadata: ListMeta,
    /// The repositories.
    pub items: Vec<Repository>,
}

impl crate::body::Body for RepositoryList {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// Repositories, sorted by project and URL. This is what is sent: there is no field for a secret.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "RepositoryListOutput"))]
pub struct RepositoryListOutput {
    /// Bookkeeping of the list.
    pub metadata: ListMeta,
    /// The repositories.
    pub items: Vec<RepositoryOutput>,
}

/// A cluster that applications are deployed to. Credentials can be written, and are never returned.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Cluster {
    /// URL of the API server.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub server: String,
    /// Name of the cluster.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub name: String,
    /// How to connect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<ClusterConfig>,
    /// Namespaces that are looked at; all when empty.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub namespaces: Vec<String>,
    /// Whether cluster-scoped objects are managed when `namespaces` is given.
    #[serde(
        rename = "clusterResources",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "lenient::is_false"
    )]
    pub cluster_resources: bool,
    /// Project that the cluster is limited to.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub project: String,
    /// Labels.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub labels: BTreeMap<String, String>,
    /// Annotations.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub annotations: BTreeMap<String, String>,
    /// Kept for compatibility.
    #[serde(
        default,
        deserialize_with = "lenient::optional_integer",
        skip_serializing_if = "Option::is_none"
    )]
    pub shard: Option<i64>,
    /// Kept for compatibility.
    #[serde(
        rename = "refreshRequestedAt",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub refresh_requested_at: Option<DateTime<Utc>>,
    /// Copy of `info.connectionState`. Ignored when written.
    #[serde(
        rename = "connectionState",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub connection_state: Option<ConnectionState>,
    /// Copy of `info.serverVersion`. Ignored when written.
    #[serde(
        rename = "serverVersion",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub server_version: String,
    /// What was observed. Ignored when written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub info: Option<ClusterInfo>,
}

impl crate::body::Body for Cluster {
    const STRICT: bool = true;
    const IGNORED: &'static [&'static str] = &["connectionState", "serverVersion", "info"];
}

/// A cluster that applications are deployed to. Credentials can be written, and are never returned. This is what is sent: there is no field for a secret.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "ClusterOutput"))]
pub struct ClusterOutput {
    /// URL of the API server.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub server: String,
    /// Name of the cluster.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub name: String,
    /// How to connect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<ClusterConfigOutput>,
    /// Namespaces that are looked at; all when empty.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub namespaces: Vec<String>,
    /// Whether cluster-scoped objects are managed when `namespaces` is given.
    #[serde(
        rename = "clusterResources",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "lenient::is_false"
    )]
    pub cluster_resources: bool,
    /// Project that the cluster is limited to.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub project: String,
    /// Labels.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub labels: BTreeMap<String, String>,
    /// Annotations.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub annotations: BTreeMap<String, String>,
    /// Kept for compatibility.
    #[serde(
        default,
        deserialize_with = "lenient::optional_integer",
        skip_serializing_if = "Option::is_none"
    )]
    pub shard: Option<i64>,
    /// Kept for compatibility.
    #[serde(
        rename = "refreshRequestedAt",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub refresh_requested_at: Option<DateTime<Utc>>,
    /// Copy of `info.connectionState`. Ignored when written.
    #[serde(
        rename = "connectionState",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub connection_state: Option<ConnectionState>,
    /// Copy of `info.serverVersion`. Ignored when written.
    #[serde(
        rename = "serverVersion",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub server_version: String,
    /// What was observed. Ignored when written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub info: Option<ClusterInfo>,
}

/// How to connect to a cluster.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ClusterConfig {
    /// User for basic authentication.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub username: String,
    /// Password for basic authentication. Never returned.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "WriteOnly::is_empty"
    )]
    pub password: WriteOnly,
    /// Token of a service account. Never returned.
    #[serde(
        rename = "bearerToken",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "WriteOnly::is_empty"
    )]
    pub bearer_token: WriteOnly,
    /// Certificates.
    #[serde(
        rename = "tlsClientConfig",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub tls_client_config: Option<TlsClientConfig>,
    /// Proxy to reach the API server through.
    #[serde(
        rename = "proxyUrl",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub proxy_url: String,
    /// Whether responses are not compressed.
    #[serde(
        rename = "disableCompression",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "lenient::is_false"
    )]
    pub disable_compression: bool,
    /// AWS authentication.
    #[serde(
        rename = "awsAuthConfig",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub aws_auth_config: Option<serde_json::Value>,
    /// Credential program.
    #[serde(
        rename = "execProviderConfig",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub exec_provider_config: Option<serde_json::Value>,
}

impl crate::body::Body for ClusterConfig {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// How to connect to a cluster. This is what is sent: there is no field for a secret.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "ClusterConfigOutput"))]
pub struct ClusterConfigOutput {
    /// User for basic authentication.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub username: String,
    /// Certificates.
    #[serde(
        rename = "tlsClientConfig",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub tls_client_config: Option<TlsClientConfigOutput>,
    /// Proxy to reach the API server through.
    #[serde(
        rename = "proxyUrl",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub proxy_url: String,
    /// Whether responses are not compressed.
    #[serde(
        rename = "disableCompression",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "lenient::is_false"
    )]
    pub disable_compression: bool,
    /// AWS authentication.
    #[serde(
        rename = "awsAuthConfig",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub aws_auth_config: Option<serde_json::Value>,
    /// Credential program.
    #[serde(
        rename = "execProviderConfig",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub exec_provider_config: Option<serde_json::Value>,
}

/// Certificates for a connection.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TlsClientConfig {
    /// Whether the server's certificate is not verified.
    pub insecure: bool,
    /// Name to verify the certificate for, that of the URL when empty.
    #[serde(
        rename = "serverName",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub server_name: String,
    /// Authority that the server's certificate is verified with: PEM, base64.
    #[serde(
        rename = "caData",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub ca_data: String,
    /// Client certificate: PEM, base64. Never returned.
    #[serde(
        rename = "certData",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "WriteOnly::is_empty"
    )]
    pub cert_data: WriteOnly,
    /// Key of the client certificate: PEM, base64. Never returned.
    #[serde(
        rename = "keyData",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "WriteOnly::is_empty"
    )]
    pub key_data: WriteOnly,
}

impl crate::body::Body for TlsClientConfig {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// Certificates for a connection. This is what is sent: there is no field for a secret.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "TlsClientConfigOutput"))]
pub struct TlsClientConfigOutput {
    /// Whether the server's certificate is not verified.
    pub insecure: bool,
    /// Name to verify the certificate for, that of the URL when empty.
    #[serde(
        rename = "serverName",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub server_name: String,
    /// Authority that the server's certificate is verified with: PEM, base64.
    #[serde(
        rename = "caData",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub ca_data: String,
}

/// What was observed of a cluster.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ClusterInfo {
    /// What the last connection saw.
    #[serde(rename = "connectionState")]
    pub connection_state: ConnectionState,
    /// Kubernetes version.
    #[serde(
        rename = "serverVersion",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub server_version: String,
    /// How much is being watched.
    #[serde(rename = "cacheInfo")]
    pub cache_info: ClusterCacheInfo,
    /// How many applications are deployed to the cluster.
    #[serde(rename = "applicationsCount", deserialize_with = "lenient::integer")]
    pub applications_count: i64,
    /// API versions that the cluster serves.
    #[serde(
        rename = "apiVersions",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub api_versions: Vec<String>,
}

impl crate::body::Body for ClusterInfo {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// How much of a cluster is being watched.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ClusterCacheInfo {
    /// Objects.
    #[serde(
        rename = "resourcesCount",
        default,
        deserialize_with = "lenient::optional_integer",
        skip_serializing_if = "Option::is_none"
    )]
    pub resources_count: Option<i64>,
    /// Kinds.
    #[serde(
        rename = "apisCount",
        default,
        deserialize_with = "lenient::optional_integer",
        skip_serializing_if = "Option::is_none"
    )]
    pub apis_count: Option<i64>,
    /// When the watches were last complete.
    #[serde(
        rename = "lastCacheSyncTime",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub last_cache_sync_time: Option<DateTime<Utc>>,
}

impl crate::body::Body for ClusterCacheInfo {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// Clusters, sorted by name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ClusterList {
    /// Bookkeeping of the list.
    pub metadata: ListMeta,
    /// The clusters.
    pub items: Vec<Cluster>,
}

impl crate::body::Body for ClusterList {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// Clusters, sorted by name. This is what is sent: there is no field for a secret.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "ClusterListOutput"))]
pub struct ClusterListOutput {
    /// Bookkeeping of the list.
    pub metadata: ListMeta,
    /// The clusters.
    pub items: Vec<ClusterOutput>,
}

/// A log-in.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CreateSessionRequest {
    /// Name of the account.
    pub username: String,
    /// Password of the account.
    pub password: WriteOnly,
    /// Not accepted.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "WriteOnly::is_empty"
    )]
    pub token: WriteOnly,
}

impl crate::body::Body for CreateSessionRequest {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// A session.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SessionResponse {
    /// Bearer token for further calls.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub token: String,
}

impl crate::body::Body for SessionResponse {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// Who is logged in.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UserInfo {
    /// Whether anybody is.
    #[serde(
        rename = "loggedIn",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "lenient::is_false"
    )]
    pub logged_in: bool,
    /// Name of the account.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub username: String,
    /// Who issued the token.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub iss: String,
    /// Groups of the account.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub groups: Vec<String>,
}

impl crate::body::Body for UserInfo {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// A change of password.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UpdatePasswordRequest {
    /// Account to change, the caller's own when empty.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub name: String,
    /// Current password of the caller.
    #[serde(rename = "currentPassword")]
    pub current_password: WriteOnly,
    /// New password.
    #[serde(rename = "newPassword")]
    pub new_password: WriteOnly,
}

impl crate::body::Body for UpdatePasswordRequest {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// What this server is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct VersionMessage {
    /// Semantic version.
    #[serde(rename = "Version")]
    pub version: String,
    /// When it was built.
    #[serde(
        rename = "BuildDate",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub build_date: String,
    /// Commit it was built from.
    #[serde(
        rename = "GitCommit",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub git_commit: String,
    /// Tag it was built from.
    #[serde(
        rename = "GitTag",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub git_tag: String,
    /// Whether the tree was clean.
    #[serde(
        rename = "GitTreeState",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub git_tree_state: String,
    /// Kept for compatibility: the compiler's version.
    #[serde(
        rename = "GoVersion",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub go_version: String,
    /// The compiler.
    #[serde(
        rename = "Compiler",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub compiler: String,
    /// Operating system and architecture.
    #[serde(
        rename = "Platform",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub platform: String,
    /// Version of the Kustomize language that is understood.
    #[serde(
        rename = "KustomizeVersion",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub kustomize_version: String,
    /// Version of the Helm language that is understood.
    #[serde(
        rename = "HelmVersion",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub helm_version: String,
    /// Version of the Kubernetes client library.
    #[serde(
        rename = "KubectlVersion",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub kubectl_version: String,
    /// Version of Jsonnet.
    #[serde(
        rename = "JsonnetVersion",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub jsonnet_version: String,
}

impl crate::body::Body for VersionMessage {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// Configuration that clients need. Some of it is for callers who are logged in.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Settings {
    /// Address under which people reach the server.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub url: String,
    /// More such addresses.
    #[serde(
        rename = "additionalUrls",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub additional_urls: Vec<String>,
    /// Whether status badges are served.
    #[serde(
        rename = "statusBadgeEnabled",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "lenient::is_false"
    )]
    pub status_badge_enabled: bool,
    /// Address of the badges, when it differs.
    #[serde(
        rename = "statusBadgeRootUrl",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub status_badge_root_url: String,
    /// Usage statistics.
    #[serde(rename = "googleAnalytics")]
    pub google_analytics: GoogleAnalyticsConfig,
    /// Where people find help.
    pub help: Help,
    /// Sign-in through Dex.
    #[serde(rename = "dexConfig", default, skip_serializing_if = "Option::is_none")]
    pub dex_config: Option<DexConfig>,
    /// Sign-in through OpenID Connect.
    #[serde(
        rename = "oidcConfig",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub oidc_config: Option<OidcConfig>,
    /// Whether nobody can log in with a password.
    #[serde(
        rename = "userLoginsDisabled",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "lenient::is_false"
    )]
    pub user_logins_disabled: bool,
    /// Label that names an object's application.
    #[serde(
        rename = "appLabelKey",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub app_label_key: String,
    /// How an object's application is recorded.
    #[serde(
        rename = "trackingMethod",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub tracking_method: String,
    /// Identity of this installation.
    #[serde(
        rename = "installationID",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub installation_id: String,
    /// Namespace of the control plane. Only when logged in.
    #[serde(
        rename = "controllerNamespace",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub controller_namespace: String,
    /// Regular expression that passwords must match. Only when logged in.
    #[serde(
        rename = "passwordPattern",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub password_pattern: String,
    /// Customisation by kind. Only when logged in.
    #[serde(
        rename = "resourceOverrides",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub resource_overrides: BTreeMap<String, serde_json::Value>,
    /// Kept for compatibility.
    #[serde(
        rename = "kustomizeVersions",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub kustomize_versions: Vec<String>,
    /// Kept for compatibility.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub plugins: Vec<serde_json::Value>,
    /// Style sheet of the web client.
    #[serde(
        rename = "uiCssURL",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub ui_css_url: String,
    /// Banner of the web client. Only when logged in.
    #[serde(
        rename = "uiBannerContent",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub ui_banner_content: String,
    /// Link of the banner. Only when logged in.
    #[serde(
        rename = "uiBannerURL",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub ui_banner_url: String,
    /// Whether the banner stays. Only when logged in.
    #[serde(
        rename = "uiBannerPermanent",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "lenient::is_false"
    )]
    pub ui_banner_permanent: bool,
    /// Where the banner is. Only when logged in.
    #[serde(
        rename = "uiBannerPosition",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub ui_banner_position: String,
    /// Text of the sign-in button.
    #[serde(
        rename = "uiLoginButtonText",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub ui_login_button_text: String,
    /// Whether a terminal into pods is offered.
    #[serde(
        rename = "execEnabled",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "lenient::is_false"
    )]
    pub exec_enabled: bool,
    /// Whether applications may live in other namespaces.
    #[serde(
        rename = "appsInAnyNamespaceEnabled",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "lenient::is_false"
    )]
    pub apps_in_any_namespace_enabled: bool,
    /// Whether hydration is offered.
    #[serde(
        rename = "hydratorEnabled",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "lenient::is_false"
    )]
    pub hydrator_enabled: bool,
    /// Whether service accounts are acted as.
    #[serde(
        rename = "impersonationEnabled",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "lenient::is_false"
    )]
    pub impersonation_enabled: bool,
    /// Whether the view of all objects is offered.
    #[serde(
        rename = "resourceViewEnabled",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "lenient::is_false"
    )]
    pub resource_view_enabled: bool,
    /// Whether `Replace=true` is permitted.
    #[serde(
        rename = "syncWithReplaceAllowed",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "lenient::is_false"
    )]
    pub sync_with_replace_allowed: bool,
}

impl crate::body::Body for Settings {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// Usage statistics.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GoogleAnalyticsConfig {
    /// Identity of the property.
    #[serde(
        rename = "trackingID",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub tracking_id: String,
    /// Whether users are anonymous.
    #[serde(
        rename = "anonymizeUsers",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "lenient::is_false"
    )]
    pub anonymize_users: bool,
}

impl crate::body::Body for GoogleAnalyticsConfig {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// Where people find help.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Help {
    /// Address of a chat.
    #[serde(
        rename = "chatUrl",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub chat_url: String,
    /// Text of the link to the chat.
    #[serde(
        rename = "chatText",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub chat_text: String,
    /// Addresses of command-line clients by platform.
    #[serde(
        rename = "binaryUrls",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub binary_urls: BTreeMap<String, String>,
}

impl crate::body::Body for Help {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// Sign-in through Dex.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DexConfig {
    /// Ways to sign in.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub connectors: Vec<DexConnector>,
}

impl crate::body::Body for DexConfig {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// A way to sign in.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DexConnector {
    /// Name for people.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub name: String,
    /// Kind of identity provider.
    #[serde(
        rename = "type",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub type_: String,
}

impl crate::body::Body for DexConnector {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// Sign-in through OpenID Connect.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OidcConfig {
    /// Name for people.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub name: String,
    /// Address of the identity provider.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub issuer: String,
    /// Client identity of the web client.
    #[serde(
        rename = "clientID",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub client_id: String,
    /// Client identity of the command-line client.
    #[serde(
        rename = "cliClientID",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub cli_client_id: String,
    /// Scopes to ask for.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub scopes: Vec<String>,
    /// Whether PKCE is used.
    #[serde(
        rename = "enablePKCEAuthentication",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "lenient::is_false"
    )]
    pub enable_pkce_authentication: bool,
}

impl crate::body::Body for OidcConfig {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// Nothing: an empty object.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Empty {}

impl crate::body::Body for Empty {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// What went wrong.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Error {
    /// The message.
    pub error: String,
    /// Status code of gRPC.
    #[serde(deserialize_with = "lenient::integer")]
    pub code: i64,
    /// The message again.
    pub message: String,
}

impl crate::body::Body for Error {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// Rendered manifests.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ManifestResponse {
    /// One JSON text an object.
    pub manifests: Vec<String>,
    /// Namespace of the destination.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub namespace: String,
    /// Cluster of the destination.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub server: String,
    /// Commit or chart version that was rendered.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub revision: String,
    /// `Directory`, `Helm` or `Kustomize`.
    #[serde(
        rename = "sourceType",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub source_type: String,
}

impl crate::body::Body for ManifestResponse {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// Names a live object.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ResourceRef {
    /// API group.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub group: String,
    /// API version.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub version: String,
    /// Kind.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub kind: String,
    /// Namespace.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub namespace: String,
    /// Name.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub name: String,
    /// Identity in the cluster.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub uid: String,
}

impl crate::body::Body for ResourceRef {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// A fact for people.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct InfoItem {
    /// What it is.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub name: String,
    /// Its value.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub value: String,
}

impl crate::body::Body for InfoItem {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// How an object takes part in traffic.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ResourceNetworkingInfo {
    /// Labels of the pods that it sends traffic to.
    #[serde(
        rename = "targetLabels",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub target_labels: BTreeMap<String, String>,
    /// Objects that it sends traffic to.
    #[serde(
        rename = "targetRefs",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub target_refs: Vec<ResourceRef>,
    /// Its own labels, by which others send traffic to it.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub labels: BTreeMap<String, String>,
    /// Addresses at which it is reached from outside.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub ingress: Vec<serde_json::Value>,
    /// URLs at which it is reached from outside.
    #[serde(
        rename = "externalURLs",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub external_urls: Vec<String>,
}

impl crate::body::Body for ResourceNetworkingInfo {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// A live object in the tree of an application.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ResourceNode {
    /// API group.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub group: String,
    /// API version.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub version: String,
    /// Kind.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub kind: String,
    /// Namespace.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub namespace: String,
    /// Name.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub name: String,
    /// Identity in the cluster.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub uid: String,
    /// Objects that it belongs to.
    #[serde(
        rename = "parentRefs",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub parent_refs: Vec<ResourceRef>,
    /// Facts for people.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub info: Vec<InfoItem>,
    /// How it takes part in traffic.
    #[serde(
        rename = "networkingInfo",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub networking_info: Option<ResourceNetworkingInfo>,
    /// Version of the object.
    #[serde(
        rename = "resourceVersion",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub resource_version: String,
    /// Container images.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub images: Vec<String>,
    /// How well it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health: Option<HealthStatus>,
    /// When it was made.
    #[serde(rename = "createdAt", default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<DateTime<Utc>>,
}

impl crate::body::Body for ResourceNode {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// What the pods of an application take of a node.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HostResourceInfo {
    /// `cpu` or `memory`.
    #[serde(
        rename = "resourceName",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub resource_name: String,
    /// What pods of the application ask for: thousandths of a core, or thousandths of a byte.
    #[serde(
        rename = "requestedByApp",
        default,
        deserialize_with = "lenient::optional_integer",
        skip_serializing_if = "Option::is_none"
    )]
    pub requested_by_app: Option<i64>,
    /// What other pods ask for.
    #[serde(
        rename = "requestedByNeighbors",
        default,
        deserialize_with = "lenient::optional_integer",
        skip_serializing_if = "Option::is_none"
    )]
    pub requested_by_neighbors: Option<i64>,
    /// What the node has.
    #[serde(
        default,
        deserialize_with = "lenient::optional_integer",
        skip_serializing_if = "Option::is_none"
    )]
    pub capacity: Option<i64>,
}

impl crate::body::Body for HostResourceInfo {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// A node with pods of an application.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HostInfo {
    /// Name of the node.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub name: String,
    /// What its pods take.
    #[serde(
        rename = "resourcesInfo",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub resources_info: Vec<HostResourceInfo>,
    /// What the node says about itself.
    #[serde(
        rename = "systemInfo",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub system_info: Option<serde_json::Value>,
    /// Labels of the node.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub labels: BTreeMap<String, String>,
}

impl crate::body::Body for HostInfo {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// The live objects of an application.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ApplicationTree {
    /// Objects of the application, and what they own.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub nodes: Vec<ResourceNode>,
    /// Objects in the namespace of the application that belong to none.
    #[serde(
        rename = "orphanedNodes",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub orphaned_nodes: Vec<ResourceNode>,
    /// Nodes with pods of the application.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub hosts: Vec<HostInfo>,
    /// Always absent.
    #[serde(
        rename = "shardsCount",
        default,
        deserialize_with = "lenient::optional_integer",
        skip_serializing_if = "Option::is_none"
    )]
    pub shards_count: Option<i64>,
}

impl crate::body::Body for ApplicationTree {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// A field in which a live object differs from Git.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FieldDifference {
    /// Path to the field, for example `spec.template.spec.containers[name=web].image`.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub path: String,
    /// Why it counts.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub reason: String,
    /// What Git states; absent when Git does not state the field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub desired: Option<serde_json::Value>,
    /// What is live; absent when nothing is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub live: Option<serde_json::Value>,
    /// Field managers that own the live field.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub managers: Vec<String>,
}

impl crate::body::Body for FieldDifference {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// Target and live state of an object.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ResourceDiff {
    /// API group.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub group: String,
    /// Kind.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub kind: String,
    /// Namespace.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub namespace: String,
    /// Name.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub name: String,
    /// What Git states, as a JSON text.
    #[serde(
        rename = "targetState",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub target_state: String,
    /// What is live, as a JSON text; `null` when nothing is.
    #[serde(
        rename = "liveState",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub live_state: String,
    /// Always absent.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub diff: String,
    /// Whether it is a hook.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "lenient::is_false"
    )]
    pub hook: bool,
    /// The live object without what does not count, as a JSON text.
    #[serde(
        rename = "normalizedLiveState",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub normalized_live_state: String,
    /// The live object after a sync, as a JSON text.
    #[serde(
        rename = "predictedLiveState",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub predicted_live_state: String,
    /// Version of the live object.
    #[serde(
        rename = "resourceVersion",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub resource_version: String,
    /// Whether it is out of sync.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "lenient::is_false"
    )]
    pub modified: bool,
    /// The fields that make it out of sync, each with its reason.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub differences: Vec<FieldDifference>,
}

impl crate::body::Body for ResourceDiff {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// Target and live state of the objects of an application.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ManagedResourcesResponse {
    /// The objects.
    pub items: Vec<ResourceDiff>,
}

impl crate::body::Body for ManagedResourcesResponse {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// A live object.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ApplicationResourceResponse {
    /// The object, as a JSON text.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub manifest: String,
}

impl crate::body::Body for ApplicationResourceResponse {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// A parameter of an action.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ResourceActionParam {
    /// Name.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub name: String,
    /// Value.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub value: String,
    /// Type.
    #[serde(
        rename = "type",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub type_: String,
    /// Value when none is given.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub default: String,
}

impl crate::body::Body for ResourceActionParam {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// Something that can be done with an object.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ResourceAction {
    /// Name.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub name: String,
    /// Parameters.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub params: Vec<ResourceActionParam>,
    /// Whether it cannot be done in the present state of the object.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "lenient::is_false"
    )]
    pub disabled: bool,
    /// Style of an icon.
    #[serde(
        rename = "iconClass",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub icon_class: String,
    /// Name for people.
    #[serde(
        rename = "displayName",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub display_name: String,
}

impl crate::body::Body for ResourceAction {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// Actions for an object.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ResourceActionsListResponse {
    /// The actions.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub actions: Vec<ResourceAction>,
}

impl crate::body::Body for ResourceActionsListResponse {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// An action to run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ResourceActionRunRequest {
    /// Name of the application; the path wins.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub name: String,
    /// Namespace of the object.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub namespace: String,
    /// Name of the object.
    #[serde(
        rename = "resourceName",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub resource_name: String,
    /// API version of the object.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub version: String,
    /// API group of the object.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub group: String,
    /// Kind of the object.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub kind: String,
    /// Name of the action.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub action: String,
    /// Namespace of the application.
    #[serde(
        rename = "appNamespace",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub app_namespace: String,
    /// Project that the application must belong to.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub project: String,
    /// Values of the parameters.
    #[serde(
        rename = "resourceActionParameters",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub resource_action_parameters: Vec<ResourceActionParam>,
}

impl crate::body::Body for ResourceActionRunRequest {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// A window of a project.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ApplicationSyncWindow {
    /// `allow` or `deny`.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub kind: String,
    /// When it begins, in the form of cron.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub schedule: String,
    /// How long it lasts.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub duration: String,
    /// Whether people may synchronise outside it.
    #[serde(
        rename = "manualSync",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "lenient::is_false"
    )]
    pub manual_sync: bool,
}

impl crate::body::Body for ApplicationSyncWindow {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// Sync windows of an application.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ApplicationSyncWindowsResponse {
    /// Windows that are open now.
    #[serde(
        rename = "activeWindows",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub active_windows: Vec<ApplicationSyncWindow>,
    /// Windows that concern the application.
    #[serde(
        rename = "assignedWindows",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub assigned_windows: Vec<ApplicationSyncWindow>,
    /// Whether it may be synchronised now by hand.
    #[serde(
        rename = "canSync",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "lenient::is_false"
    )]
    pub can_sync: bool,
}

impl crate::body::Body for ApplicationSyncWindowsResponse {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// Who made a commit, when, and why.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RevisionMetadata {
    /// Author, with address.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub author: String,
    /// When it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<DateTime<Utc>>,
    /// Tags on it.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub tags: Vec<String>,
    /// Its message.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub message: String,
    /// What is known of its signature.
    #[serde(
        rename = "signatureInfo",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub signature_info: String,
}

impl crate::body::Body for RevisionMetadata {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// An operation that has ended.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OperationRecord {
    /// Number; it only grows.
    #[serde(deserialize_with = "lenient::integer")]
    pub id: i64,
    /// What was asked, and how it ended.
    pub state: OperationState,
    /// Hash of what was applied, by object: SHA-256 of the manifest.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub applied: BTreeMap<String, String>,
}

impl crate::body::Body for OperationRecord {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// Operations of an application, newest first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OperationRecordList {
    /// The operations.
    pub items: Vec<OperationRecord>,
}

impl crate::body::Body for OperationRecordList {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// A source to look at.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RepoAppDetailsQuery {
    /// The source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<ApplicationSource>,
    /// Name that the application would have.
    #[serde(
        rename = "appName",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub app_name: String,
    /// Project that the application would have.
    #[serde(
        rename = "appProject",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub app_project: String,
    /// Position of the source, from 0.
    #[serde(
        rename = "sourceIndex",
        default,
        deserialize_with = "lenient::optional_integer",
        skip_serializing_if = "Option::is_none"
    )]
    pub source_index: Option<i64>,
    /// Number in the history.
    #[serde(
        rename = "versionId",
        default,
        deserialize_with = "lenient::optional_integer",
        skip_serializing_if = "Option::is_none"
    )]
    pub version_id: Option<i64>,
}

impl crate::body::Body for RepoAppDetailsQuery {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// A Helm chart as a source.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HelmAppDetails {
    /// Name of the chart.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub name: String,
    /// Files in its folder that look like values.
    #[serde(
        rename = "valueFiles",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub value_files: Vec<String>,
    /// Its `values.yaml`.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub values: String,
    /// Its values, one a parameter.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub parameters: Vec<HelmParameter>,
    /// Parameters that are read from files.
    #[serde(
        rename = "fileParameters",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub file_parameters: Vec<HelmFileParameter>,
}

impl crate::body::Body for HelmAppDetails {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// A Kustomize overlay as a source.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct KustomizeAppDetails {
    /// Images of its objects.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub images: Vec<String>,
    /// Namespace that it sets.
    #[serde(
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub namespace: String,
    /// Prefix that it sets.
    #[serde(
        rename = "namePrefix",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub name_prefix: String,
    /// Suffix that it sets.
    #[serde(
        rename = "nameSuffix",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub name_suffix: String,
}

impl crate::body::Body for KustomizeAppDetails {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}

/// What lies at a path of a repository.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RepoAppDetailsResponse {
    /// `Directory`, `Helm` or `Kustomize`.
    #[serde(
        rename = "type",
        default,
        deserialize_with = "lenient::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub type_: String,
    /// What a chart takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub helm: Option<HelmAppDetails>,
    /// What an overlay takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kustomize: Option<KustomizeAppDetails>,
    /// Always absent or empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory: Option<serde_json::Value>,
}

impl crate::body::Body for RepoAppDetailsResponse {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}
