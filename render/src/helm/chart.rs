//! Charts as they are loaded: from a folder of a tree, from an archive, with their subcharts.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use serde_json::{Map as JsonMap, Value as Json};
use tiphys_template::{Parsed, Text};

use super::folder;
use super::lock::Lock;
use super::metadata::{Fault, Metadata};
use super::range;
use super::schema::Schema;
use super::values::{self, Frozen};
use crate::archive::{self, ArchiveLimits};
use crate::tree::{Tree, TreePath};
use crate::yaml::locate::{nearest, steps};
use crate::yaml::{self, Duplicates, Numbers, Reading, YamlError};
use crate::{Limits, RenderError};

/// The largest file of a chart, in bytes; the number is Helm's.
pub const FILE_BYTES: u64 = 5 << 20;
/// How deep charts may lie in charts.
const NESTING: usize = 32;

/// A file of a chart.
#[derive(Clone, Debug)]
pub struct ChartFile {
    /// Path below the chart.
    pub name: String,
    /// Content without byte order mark.
    pub data: Text,
    /// Path in the tree; for a file of an archive, the path of the archive and the path inside.
    pub origin: Arc<str>,
    /// The template in it, when it was parsed while files were read.
    pub parsed: Option<Parsed>,
}

/// A loaded chart. Nothing in it changes, so that one can be rendered many times and on many threads.
#[derive(Debug)]
pub struct ChartData {
    /// `Chart.yaml`.
    pub metadata: Metadata,
    /// The lock file, if there is one.
    pub lock: Option<Lock>,
    /// `values.yaml`.
    pub values: Frozen,
    /// `values.schema.json`, if there is one.
    pub schema: Option<ChartFile>,
    /// `schema`, compiled when it is first needed.
    pub compiled_schema: OnceLock<Result<Schema, String>>,
    /// The files in `templates/`.
    pub templates: Vec<ChartFile>,
    /// All other files.
    pub files: Vec<ChartFile>,
    /// The charts in `charts/`, in the order of their file names.
    pub children: Vec<Arc<ChartData>>,
    /// Path of `Chart.yaml` in the tree.
    pub origin: Arc<str>,
}

/// A template takes so many times the bytes of its text, source and parsed form together: measured with charts of 20 and 400 objects.
const PARSED: usize = 5;
/// A schema takes so many times the bytes of its text when it is compiled.
const COMPILED: usize = 10;
/// What a file or a chart takes beside its content.
const ENTRY: usize = 1024;

impl ChartData {
    /// The text of a template by its path in the tree, of this chart or of a subchart.
    #[must_use]
    pub fn template(&self, origin: &str) -> Option<&Text> {
        let own = self.templates.iter().find(|file| *file.origin == *origin);
        own.map(|file| &file.data).or_else(|| {
            let mut children = self.children.iter();
            children.find_map(|child| child.template(origin))
        })
    }

    /// About how many bytes it takes in memory, with its subcharts and with its templates parsed.
    #[must_use]
    pub fn memory(&self) -> usize {
        let templates = self.templates.iter().map(|file| file.data.len() * PARSED);
        let files = self.files.iter().map(|file| file.data.len());
        let schema = self.schema.iter().map(|file| file.data.len() * COMPILED);
        let count = 1 + self.templates.len() + self.files.len();
        let children = self.children.iter().map(|child| child.memory());
        templates
            .chain(files)
            .chain(schema)
            .chain(children)
            .sum::<usize>()
            + count * ENTRY
    }
}

/// Reads charts and counts what they cost.
pub struct Loader<'a> {
    limits: &'a Limits,
    bytes: u64,
    entries: usize,
}

impl<'a> Loader<'a> {
    /// A loader that has read nothing.
    #[must_use]
    pub fn new(limits: &'a Limits) -> Self {
        Self {
            limits,
            bytes: 0,
            entries: 0,
        }
    }

    /// The chart in a folder of a tree; `.helmignore` counts.
    ///
    /// # Errors
    /// When there is no chart, something in it is wrong, or a limit is reached.
    pub fn folder(
        &mut self,
        tree: &dyn Tree,
        path: &TreePath,
    ) -> Result<Arc<ChartData>, RenderError> {
        let files = folder::files(tree, path, self)?;
        let origin = path.child("Chart.yaml").to_string();
        let description = files.iter().find(|file| file.name == "Chart.yaml").cloned();
        let chart = self.chart(files, &origin, 0)?;
        // Of subcharts, Helm does not ask.
        let is_known = matches!(chart.metadata.api_version.as_str(), "v1" | "v2");
        if let Some(file) = description.filter(|_| !is_known) {
            return Err(fault_in(&file, unknown_version(&chart.metadata)));
        }
        Ok(Arc::new(chart))
    }

    /// Counts one entry.
    pub(super) fn entry(&mut self, at: impl FnOnce() -> String) -> Result<(), RenderError> {
        self.entries += 1;
        if self.entries > self.limits.entries {
            return Err(too_much(
                &at(),
                self.limits.entries as u64,
                "files and folders",
            ));
        }
        Ok(())
    }

    /// Counts the bytes of one file.
    pub(super) fn bytes(&mut self, at: &str, bytes: u64) -> Result<(), RenderError> {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes > self.limits.total_bytes {
            return Err(too_much(at, self.limits.total_bytes, "bytes in all files"));
        }
        Ok(())
    }

    /// What it may cost.
    pub(super) fn limits(&self) -> &'a Limits {
        self.limits
    }

    /// Bytes that one file may have.
    pub(super) fn file_limit(&self) -> u64 {
        self.limits.file_bytes.min(FILE_BYTES)
    }

    fn chart(
        &mut self,
        files: Vec<ChartFile>,
        origin: &str,
        depth: usize,
    ) -> Result<ChartData, RenderError> {
        if depth > NESTING {
            return Err(too_much(origin, NESTING as u64, "charts inside each other"));
        }
        let mut parts = Parts::default();
        for file in &files {
            if file.name == "Chart.yaml" {
                let document = self.document(file)?;
                let metadata = parts.metadata.get_or_insert_default();
                metadata
                    .read(&document)
                    .map_err(|fault| fault_in(file, fault))?;
                if metadata.api_version.is_empty() {
                    metadata.api_version = "v1".to_owned();
                }
                parts.description = Some(file.clone());
            }
        }
        for file in files {
            self.file(file, &mut parts)?;
        }
        let Some(mut metadata) = parts.metadata else {
            return Err(chart_fault(origin, "Chart.yaml file is missing".to_owned()));
        };
        let description = parts.description.unwrap_or_else(|| ChartFile {
            name: "Chart.yaml".to_owned(),
            data: Text::from(""),
            origin: Arc::from(origin),
            parsed: None,
        });
        let checked = if metadata.api_version == "v3" {
            Err(unknown_version(&metadata))
        } else {
            metadata.validate(range::is_version)
        };
        checked.map_err(|fault| fault_in(&description, fault))?;
        let origin = description.origin;
        let mut children = Vec::new();
        for (name, files) in parts.subcharts {
            children.extend(self.subchart(&name, files, depth)?.map(Arc::new));
        }
        Ok(ChartData {
            metadata,
            lock: parts.lock,
            values: Frozen::map(&parts.values),
            schema: parts.schema,
            compiled_schema: OnceLock::new(),
            templates: parts.templates,
            files: parts.files,
            children,
            origin,
        })
    }

    /// Puts one file where it belongs.
    fn file(&self, file: ChartFile, parts: &mut Parts) -> Result<(), RenderError> {
        let old_format = |parts: &Parts| {
            parts
                .metadata
                .as_ref()
                .is_some_and(|metadata| metadata.api_version == "v1")
        };
        match file.name.as_str() {
            "Chart.yaml" => {}
            "Chart.lock" | "requirements.lock" => {
                let document = self.document(&file)?;
                let lock = Lock::read(&document).map_err(|fault| fault_in(&file, fault))?;
                parts.lock = Some(lock);
                if file.name == "requirements.lock" && old_format(parts) {
                    parts.files.push(file);
                }
            }
            "requirements.yaml" => {
                let document = self.document(&file)?;
                parts
                    .metadata
                    .get_or_insert_default()
                    .read(&document)
                    .map_err(|fault| fault_in(&file, fault))?;
                if old_format(parts) {
                    parts.files.push(file);
                }
            }
            "values.yaml" => {
                parts.values = values::load(&file.data, self.limits)
                    .map_err(|error| syntax(&file.origin, error))?;
            }
            "values.schema.json" => parts.schema = Some(file),
            name if name.starts_with("templates/") => parts.templates.push(file),
            name if name.starts_with("charts/") => {
                if name.ends_with(".prov") {
                    parts.files.push(file);
                } else {
                    let below = &name["charts/".len()..];
                    let chart = below.split('/').next().unwrap_or(below).to_owned();
                    let file = ChartFile {
                        name: below.to_owned(),
                        ..file
                    };
                    parts.subcharts.entry(chart).or_default().push(file);
                }
            }
            _ => parts.files.push(file),
        }
        Ok(())
    }

    /// A chart in `charts/`; hidden names and names that begin with `_` are none.
    fn subchart(
        &mut self,
        name: &str,
        files: Vec<ChartFile>,
        depth: usize,
    ) -> Result<Option<ChartData>, RenderError> {
        if name.starts_with(['_', '.']) {
            return Ok(None);
        }
        let Some(first) = files.first() else {
            return Ok(None);
        };
        if name.ends_with(".tgz") {
            if first.name != name {
                return Err(chart_fault(
                    &first.origin,
                    format!(
                        "error unpacking subchart tar: expected {name}, got {}",
                        first.name
                    ),
                ));
            }
            let origin = Arc::clone(&first.origin);
            let files = self.unpack(&first.data, &origin)?;
            return self.chart(files, &origin, depth + 1).map(Some);
        }
        let origin = first.origin.strip_suffix(&first.name).map_or_else(
            || first.origin.to_string(),
            |above| format!("{above}{name}"),
        );
        let files = files
            .into_iter()
            .filter_map(|file| {
                let name = file.name.split_once('/')?.1.to_owned();
                Some(ChartFile { name, ..file })
            })
            .collect();
        self.chart(files, &origin, depth + 1).map(Some)
    }

    /// The files of a packed chart.
    fn unpack(&mut self, packed: &[u8], origin: &str) -> Result<Vec<ChartFile>, RenderError> {
        let limits = ArchiveLimits {
            total_bytes: self.limits.total_bytes.saturating_sub(self.bytes),
            file_bytes: self.file_limit(),
            entries: self.limits.entries.saturating_sub(self.entries),
            ..self.limits.archive
        };
        let files = archive::files(packed, &limits).map_err(|error| {
            chart_fault(origin, format!("unable to load chart archive: {error}"))
        })?;
        let mut found = Vec::with_capacity(files.len());
        for file in files {
            self.entry(|| origin.to_owned())?;
            self.bytes(origin, file.data.len() as u64)?;
            found.push(ChartFile {
                origin: Arc::from(format!("{origin}/{}", file.name)),
                data: Text::from(file.data),
                name: file.name,
                parsed: None,
            });
        }
        Ok(found)
    }

    /// The first document of a file that describes a chart.
    fn document(&self, file: &ChartFile) -> Result<Json, RenderError> {
        let reading = Reading {
            duplicates: Duplicates::LastWins,
            numbers: Numbers::Written,
            ..Reading::default()
        };
        let document = yaml::first(&file.data, self.limits, reading)
            .map_err(|error| syntax(&file.origin, error))?;
        Ok(document.map_or(Json::Null, |document| document.value))
    }
}

/// What the files of one chart have given so far.
#[derive(Default)]
struct Parts {
    metadata: Option<Metadata>,
    description: Option<ChartFile>,
    lock: Option<Lock>,
    values: JsonMap<String, Json>,
    schema: Option<ChartFile>,
    templates: Vec<ChartFile>,
    files: Vec<ChartFile>,
    subcharts: BTreeMap<String, Vec<ChartFile>>,
}

/// The error of a file that describes a chart, with the place of the field if it is there.
fn fault_in(file: &ChartFile, fault: Fault) -> RenderError {
    let place = nearest(file.data.as_bytes(), &steps(&fault.field));
    chart_fault(
        &place.map_or_else(
            || file.origin.to_string(),
            |place| format!("{}:{place}", file.origin),
        ),
        fault.message,
    )
}

fn unknown_version(metadata: &Metadata) -> Fault {
    Fault::of(
        "apiVersion",
        format!(
            "charts with apiVersion {:?} are not known: v1 and v2 are",
            metadata.api_version
        ),
    )
}

pub(super) fn chart_fault(at: &str, message: String) -> RenderError {
    RenderError::Chart {
        at: at.to_owned(),
        message,
    }
}

pub(super) fn syntax(file: &str, error: YamlError) -> RenderError {
    RenderError::Syntax {
        file: file.to_owned(),
        line: error.line,
        column: error.column,
        message: error.message,
    }
}

pub(super) fn too_much(at: &str, limit: u64, what: &'static str) -> RenderError {
    RenderError::TooMuch {
        at: at.to_owned(),
        limit,
        what,
    }
}
