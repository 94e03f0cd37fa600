//! What a user chooses for a chart, and what the world says.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map as JsonMap, Value as Json};

use super::capabilities::KubeVersion;
use super::chart::{syntax, too_much};
use super::functions::Lookup;
use super::set;
use super::values::{self, Frozen};
use crate::supply::{Missing, Supplied, Supply};
use crate::tree::{EntryKind, Tree, TreeError, TreePath, TreePathError};
use crate::{Limits, RenderError};

/// The longest name of a release, in bytes.
const RELEASE_NAME_BYTES: usize = 53;

/// Options of a chart, as in `spec.source.helm` and on the command line of `helm template`.
#[derive(Clone, Debug)]
pub struct Options {
    /// Name of the release.
    pub release_name: String,
    /// Namespace of the release.
    pub namespace: String,
    /// Values in order: later ones win.
    pub values: Vec<ValueSource>,
    /// Whether a values file that is not there is passed over.
    pub ignore_missing_value_files: bool,
    /// Lines as of `--set`, applied after `values`.
    pub sets: Vec<String>,
    /// Lines as of `--set-string`, applied after `sets`.
    pub string_sets: Vec<String>,
    /// Values that are the content of a file, applied last.
    pub file_parameters: Vec<FileParameter>,
    /// Whether what is in `crds/` is left out.
    pub skip_crds: bool,
    /// Whether hooks that only `helm test` runs are left out.
    pub skip_tests: bool,
    /// Whether values are not checked against schemas.
    pub skip_schema_validation: bool,
    /// Whether the release exists already.
    pub is_upgrade: bool,
    /// Kubernetes version instead of the cluster's.
    pub kube_version: Option<String>,
    /// API versions instead of the cluster's, beside those that Helm assumes.
    pub api_versions: Vec<String>,
    /// The other sources of the application, for `$name/path`.
    pub references: References,
}

/// Trees by the names by which `$name/path` refers to them. The path of an entry is the root that absolute paths start from.
pub type References = BTreeMap<String, Reference>;

/// A tree that value files can be taken from.
#[derive(Clone)]
pub struct Reference(pub Supplied);

impl std::fmt::Debug for Reference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Reference({})", self.0.path)
    }
}

/// Where values come from.
#[derive(Clone, Debug, PartialEq)]
pub enum ValueSource {
    /// A file: relative to the chart, from the root of the tree when it begins with `/`, of another source when it begins with
    /// `$name/`, or a URL.
    File(String),
    /// A text that the user wrote, and what to call it in errors.
    Text {
        /// Its name.
        name: String,
        /// YAML.
        text: String,
    },
    /// A mapping.
    Object(JsonMap<String, Json>),
}

/// A value that is the content of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileParameter {
    /// Where it goes, in the language of `--set`.
    pub name: String,
    /// Path, as for [`ValueSource::File`]; or the content itself.
    pub content: FileContent,
}

/// See [`FileParameter`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileContent {
    /// Path, as for [`ValueSource::File`].
    Path(String),
    /// The content.
    Text(String),
}

impl Default for Options {
    /// What `helm template` does without flags, but with `crds/` (which Argo CD adds).
    fn default() -> Self {
        Self {
            release_name: "release-name".to_owned(),
            namespace: "default".to_owned(),
            values: Vec::new(),
            ignore_missing_value_files: false,
            sets: Vec::new(),
            string_sets: Vec::new(),
            file_parameters: Vec::new(),
            skip_crds: false,
            skip_tests: false,
            skip_schema_validation: false,
            is_upgrade: false,
            kube_version: None,
            api_versions: Vec::new(),
            references: BTreeMap::new(),
        }
    }
}

/// What the world says: nothing of it is looked up while rendering.
#[derive(Clone)]
pub struct Facts {
    /// Kubernetes version of the cluster.
    pub kube_version: Option<String>,
    /// API versions of the cluster.
    pub api_versions: Vec<String>,
    /// The current time: seconds since 1970, and nanoseconds.
    pub now: (i64, u32),
    /// What random values follow from. It is a secret when they are to be secrets.
    pub seed: [u8; 32],
    /// What `lookup` finds; nothing when it is off.
    pub lookup: Option<Arc<dyn Lookup + Send + Sync>>,
}

impl Default for Facts {
    /// No cluster, the beginning of 1970, and a seed that everybody knows.
    fn default() -> Self {
        Self {
            kube_version: None,
            api_versions: Vec::new(),
            now: (0, 0),
            seed: [0; 32],
            lookup: None,
        }
    }
}

/// Values of a user, read and merged.
#[derive(Clone, Debug, PartialEq)]
pub struct UserValues(pub(super) Frozen);

impl UserValues {
    /// Takes over a mapping whose numbers are as they should be: integers as `--set` gives them, everything else a float.
    #[must_use]
    pub fn new(values: &JsonMap<String, Json>) -> Self {
        Self(Frozen::map(values))
    }
}

/// The line of `--set` or `--set-string` for a parameter of an application. As in Argo CD, commas belong to the value unless it
/// is a list in braces.
#[must_use]
pub fn parameter_line(name: &str, value: &str) -> String {
    if value.starts_with('{') && value.ends_with('}') {
        return format!("{name}={value}");
    }
    let mut line = format!("{name}=");
    let mut before = None;
    for character in value.chars() {
        if character == ',' && before != Some('\\') {
            line.push('\\');
        }
        line.push(character);
        before = Some(character);
    }
    line
}

/// Checks a release's name by Helm's rule.
pub(super) fn check_release_name(name: &str) -> Result<(), RenderError> {
    if name.is_empty() {
        return Err(RenderError::Options("no name provided".to_owned()));
    }
    let label = |label: &str| {
        let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(inner)
    };
    if name.len() > RELEASE_NAME_BYTES || !name.split('.').all(label) {
        return Err(RenderError::Options(format!(
            "release name {name:?}: invalid release name, must match regex ^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$ and the length must not be longer than {RELEASE_NAME_BYTES}"
        )));
    }
    Ok(())
}

/// The Kubernetes version that counts.
pub(super) fn kube_version(options: &Options, facts: &Facts) -> Result<KubeVersion, RenderError> {
    match options
        .kube_version
        .as_ref()
        .or(facts.kube_version.as_ref())
    {
        None => Ok(KubeVersion::default()),
        Some(text) => KubeVersion::parse(text).map_err(|error| {
            RenderError::Options(format!("invalid kube version '{text}': {error}"))
        }),
    }
}

/// Reads and merges what a user gives, in Helm's order.
///
/// # Errors
/// When a file is not there or no YAML, or a line of `--set` is none; [`RenderError::Missing`] names files to be fetched.
pub fn read_values(
    tree: &dyn Tree,
    path: &TreePath,
    options: &Options,
    supply: &dyn Supply,
    limits: &Limits,
) -> Result<UserValues, RenderError> {
    let reader = Reader {
        tree,
        path,
        options,
        supply,
        limits,
    };
    let mut merged = JsonMap::new();
    let mut total = 0;
    for source in &options.values {
        let (name, text) = match source {
            ValueSource::File(file) => match reader.file(file) {
                Err(error) if options.ignore_missing_value_files && is_missing(&error) => continue,
                found => (file.as_str(), found?),
            },
            ValueSource::Text { name, text } => (name.as_str(), text.clone().into_bytes()),
            ValueSource::Object(entries) => {
                values::merge(&mut merged, as_floats(entries));
                continue;
            }
        };
        total += text.len() as u64;
        if total > limits.total_bytes {
            return Err(too_much(
                name,
                limits.total_bytes,
                "bytes in all values files",
            ));
        }
        let read = values::load(&text, limits).map_err(|error| syntax(name, error))?;
        values::merge(&mut merged, read);
    }
    for line in &options.sets {
        set::typed(line, &mut merged).map_err(|error| fault("--set", &error))?;
    }
    for line in &options.string_sets {
        set::strings(line, &mut merged).map_err(|error| fault("--set-string", &error))?;
    }
    for parameter in &options.file_parameters {
        let text = match &parameter.content {
            FileContent::Text(text) => text.clone(),
            FileContent::Path(file) => String::from_utf8(reader.file(file)?).map_err(|_| {
                RenderError::Options(format!("{file} is no text, which a value has to be"))
            })?,
        };
        let line = format!("{}=file", parameter.name);
        set::with(&line, &mut merged, &mut |_| Ok(Json::String(text.clone())))
            .map_err(|error| fault("--set-file", &error))?;
    }
    Ok(UserValues::new(&merged))
}

fn fault(flag: &str, error: &set::SetError) -> RenderError {
    RenderError::Options(format!("failed parsing {flag} data: {error}"))
}

fn is_missing(error: &RenderError) -> bool {
    matches!(
        error,
        RenderError::Path(TreePathError::Tree(TreeError::NotFound(_)))
    )
}

/// Numbers as a YAML file gives them.
fn as_floats(entries: &JsonMap<String, Json>) -> JsonMap<String, Json> {
    fn value(json: &Json) -> Json {
        match json {
            Json::Number(number) => number
                .as_f64()
                .and_then(serde_json::Number::from_f64)
                .map_or(Json::Null, Json::Number),
            Json::Array(items) => Json::Array(items.iter().map(value).collect()),
            Json::Object(entries) => Json::Object(as_floats(entries)),
            other => other.clone(),
        }
    }
    entries
        .iter()
        .map(|(key, json)| (key.clone(), value(json)))
        .collect()
}

struct Reader<'a> {
    tree: &'a dyn Tree,
    path: &'a TreePath,
    options: &'a Options,
    supply: &'a dyn Supply,
    limits: &'a Limits,
}

impl Reader<'_> {
    fn file(&self, file: &str) -> Result<Vec<u8>, RenderError> {
        if file.starts_with("http://") || file.starts_with("https://") {
            let missing = Missing::File {
                url: file.to_owned(),
            };
            let Some(found) = self.supply.get(&missing) else {
                return Err(RenderError::Missing(vec![missing]));
            };
            return self.read(&*found.tree, &found.path);
        }
        if let Some((name, below)) = file.strip_prefix('$').and_then(|rest| rest.split_once('/'))
            && let Some(Reference(found)) = self.options.references.get(name)
        {
            return self.read(&*found.tree, &found.path.join(below)?);
        }
        let at = match file.strip_prefix('/') {
            Some(from_root) => TreePath::new(from_root.trim_start_matches('/'))?,
            None => self.path.join(file)?,
        };
        self.read(self.tree, &at)
    }

    fn read(&self, tree: &dyn Tree, at: &TreePath) -> Result<Vec<u8>, RenderError> {
        match at.follow(tree)? {
            (target, EntryKind::File) => {
                Ok(tree.read(&target, self.limits.file_bytes)?.into_owned())
            }
            _ => Err(TreeError::WrongKind {
                path: at.clone(),
                wanted: "file",
            }
            .into()),
        }
    }
}
