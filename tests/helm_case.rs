//! One chart with one set of flags, rendered by Helm and by Tiphys.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use tiphys_render::helm::{self, Facts, FileContent, FileParameter, Options, ValueSource};
use tiphys_render::tree::TreePath;
use tiphys_render::yaml::{self, Dialect, Duplicates, Numbers, Reading};
use tiphys_render::{Limits, MemoryTree, NoSupply, RenderError};

/// What a rendering gave: objects in order, or why it failed.
pub type Outcome = std::result::Result<Vec<Value>, String>;

/// Flags of `helm template`, and what they are in Tiphys.
#[derive(Debug, Clone)]
pub struct Flags {
    arguments: Vec<String>,
    options: Options,
}

impl Flags {
    /// Reads a line of flags. Files are relative to `folder`; `-` is a line without flags.
    ///
    /// # Errors
    /// When a flag is not known or a file is not readable.
    pub fn parse(line: &str, folder: &Path) -> Result<Self> {
        let mut flags = Self {
            arguments: Vec::new(),
            options: Options {
                skip_crds: true,
                ..Options::default()
            },
        };
        let mut words = line.split_whitespace().filter(|word| *word != "-");
        while let Some(flag) = words.next() {
            flags.flag(flag, &mut words, folder)?;
        }
        Ok(flags)
    }

    fn flag<'a>(
        &mut self,
        flag: &str,
        words: &mut impl Iterator<Item = &'a str>,
        folder: &Path,
    ) -> Result<()> {
        let options = &mut self.options;
        let mut value = || {
            words
                .next()
                .map(str::to_owned)
                .with_context(|| format!("{flag} needs a value"))
        };
        let taken = match flag {
            "--include-crds" => {
                options.skip_crds = false;
                None
            }
            "--skip-tests" => {
                options.skip_tests = true;
                None
            }
            "--skip-schema-validation" => {
                options.skip_schema_validation = true;
                None
            }
            "--is-upgrade" => {
                options.is_upgrade = true;
                None
            }
            "--name" => {
                options.release_name = value()?;
                self.arguments
                    .insert(0, format!("--name-template={}", options.release_name));
                return Ok(());
            }
            "--namespace" => Some(&mut options.namespace).map(|field| {
                let value = value()?;
                field.clone_from(&value);
                anyhow::Ok(value)
            }),
            "--kube-version" => {
                Some(value().inspect(|value| options.kube_version = Some(value.clone())))
            }
            "--api-versions" => {
                Some(value().inspect(|value| options.api_versions.push(value.clone())))
            }
            "--set" => Some(value().inspect(|value| options.sets.push(value.clone()))),
            "--set-string" => {
                Some(value().inspect(|value| options.string_sets.push(value.clone())))
            }
            "-f" => {
                let file = folder.join(value()?);
                let text = std::fs::read_to_string(&file)
                    .with_context(|| file.display().to_string())
                    .ok();
                let name = file.display().to_string();
                options.values.push(match text {
                    Some(text) => ValueSource::Text {
                        name: name.clone(),
                        text,
                    },
                    // A file that is in no tree either.
                    None => ValueSource::File("no/such/file".to_owned()),
                });
                Some(Ok(name))
            }
            "--set-file" => {
                let line = value()?;
                let (name, file) = line.split_once('=').context("--set-file name=path")?;
                let file = folder.join(file);
                options.file_parameters.push(FileParameter {
                    name: name.to_owned(),
                    content: FileContent::Text(std::fs::read_to_string(&file)?),
                });
                Some(Ok(format!("{name}={}", file.display())))
            }
            other => bail!("{other} is no flag that a case may have"),
        };
        self.arguments.push(flag.to_owned());
        if let Some(value) = taken {
            self.arguments.push(value?);
        }
        Ok(())
    }
}

/// What Helm makes of a chart.
///
/// # Errors
/// When Helm cannot be started or prints what is no YAML.
pub fn by_helm(program: &Path, chart: &Path, flags: &Flags) -> Result<Outcome> {
    let output = Command::new(program)
        .arg("template")
        .args(&flags.arguments)
        .arg(chart)
        // Nothing of the machine's own configuration, and no cluster.
        .env_clear()
        .env("HOME", "/nonexistent")
        .env("PATH", "/usr/bin:/bin")
        .output()
        .with_context(|| format!("cannot start {}", program.display()))?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr);
        let from = text.find("Error: ").unwrap_or(0);
        return Ok(Err(text[from..].trim().to_owned()));
    }
    objects(&output.stdout).map(Ok)
}

/// The objects of a stream of documents, lists taken apart.
fn objects(stream: &[u8]) -> Result<Vec<Value>> {
    let reading = Reading {
        dialect: Dialect::GoYaml2,
        duplicates: Duplicates::LastWins,
        numbers: Numbers::Json,
        ..Reading::default()
    };
    let documents = yaml::read(stream, &limits(), reading)?;
    let mut found = Vec::new();
    for document in documents {
        flatten(document.value, &mut found);
    }
    Ok(found)
}

fn flatten(value: Value, found: &mut Vec<Value>) {
    let is_list = value["kind"]
        .as_str()
        .is_some_and(|kind| kind.ends_with("List"));
    match value {
        Value::Object(mut fields)
            if is_list && fields.get("items").is_some_and(Value::is_array) =>
        {
            if let Some(Value::Array(items)) = fields.remove("items") {
                for item in items {
                    flatten(item, found);
                }
            }
        }
        Value::Null => {}
        value => found.push(value),
    }
}

/// What Tiphys makes of a chart; what it says of a template that failed is in Helm's words.
///
/// # Errors
/// When the folder cannot be read.
pub fn by_tiphys(chart: &Path, flags: &Flags) -> Result<Outcome> {
    Ok(in_tree(&folder_tree(chart)?, &TreePath::root(), flags))
}

/// The same, of a chart in a tree, in which links may lead out of the chart.
pub fn in_tree(tree: &MemoryTree, chart: &TreePath, flags: &Flags) -> Outcome {
    documents(tree, chart, &flags.options).map_err(|error| match error {
        RenderError::Template(error) => error.text,
        other => other.to_string(),
    })
}

/// What is printed, whether it is an object of Kubernetes or not; Helm does not ask either.
fn documents(
    tree: &MemoryTree,
    path: &TreePath,
    options: &Options,
) -> std::result::Result<Vec<Value>, RenderError> {
    let limits = limits();
    let chart = helm::Chart::load(tree, path, &NoSupply, &limits)?;
    let values = helm::read_values(tree, path, options, &NoSupply, &limits)?;
    let mut found = Vec::new();
    for document in chart.render(options, &facts(), &values)?.documents {
        flatten(document.value, &mut found);
    }
    Ok(found)
}

fn limits() -> Limits {
    Limits::default()
}

fn facts() -> Facts {
    Facts {
        now: std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or((0, 0), |now| {
                (
                    i64::try_from(now.as_secs()).unwrap_or(0),
                    now.subsec_nanos(),
                )
            }),
        ..Facts::default()
    }
}

/// A folder of the disk as a tree in memory; links stay links.
///
/// # Errors
/// When something in it cannot be read.
pub fn folder_tree(folder: &Path) -> Result<MemoryTree> {
    let mut tree = MemoryTree::new();
    let mut waiting = vec![(folder.to_owned(), TreePath::root())];
    while let Some((folder, at)) = waiting.pop() {
        for entry in std::fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = at.child(&name);
            let kind = entry.file_type()?;
            if kind.is_dir() {
                waiting.push((entry.path(), path));
            } else if kind.is_symlink() {
                let target = std::fs::read_link(entry.path())?;
                tree = tree.symlink(&path, &target.to_string_lossy());
            } else {
                tree = tree.file(&path, std::fs::read(entry.path())?);
            }
        }
    }
    Ok(tree)
}

/// Stands for a value that Helm does not give twice.
const RANDOM: &str = "(random)";

/// What Helm gave, without what it did not give a second time.
pub fn masked(once: &Outcome, again: &Outcome) -> Outcome {
    let (Ok(once), Ok(again)) = (once, again) else {
        return once.clone();
    };
    let mut masked = once.clone();
    for (value, again) in masked.iter_mut().zip(again) {
        mask(value, again);
    }
    Ok(masked)
}

/// The same values left out of what Tiphys gave.
pub fn masked_like(tiphys: &Outcome, masked: &Outcome) -> Outcome {
    let (Ok(tiphys), Ok(masked)) = (tiphys, masked) else {
        return tiphys.clone();
    };
    let mut result = tiphys.clone();
    for (value, like) in result.iter_mut().zip(masked) {
        blank(value, like);
    }
    Ok(result)
}

/// Puts the mark where two renderings of Helm have different texts or numbers.
fn mask(value: &mut Value, again: &Value) {
    match (value, again) {
        (Value::Object(one), Value::Object(other)) => {
            for (key, value) in one {
                if let Some(again) = other.get(key) {
                    mask(value, again);
                }
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            for (value, again) in one.iter_mut().zip(other) {
                mask(value, again);
            }
        }
        (value, again) => {
            // Numbers, too: what a chart takes first of the keys of a mapping is another each time with Helm.
            let is_scalar = |value: &Value| value.is_string() || value.is_number();
            if value != again && is_scalar(value) && is_scalar(again) {
                *value = Value::from(RANDOM);
            }
        }
    }
}

/// Puts the mark where it is in another value, if there is a text or a number.
fn blank(value: &mut Value, like: &Value) {
    match (value, like) {
        (Value::Object(one), Value::Object(other)) => {
            for (key, value) in one {
                if let Some(like) = other.get(key) {
                    blank(value, like);
                }
            }
        }
        (Value::Array(one), Value::Array(other)) => {
            for (value, like) in one.iter_mut().zip(other) {
                blank(value, like);
            }
        }
        (value, like) => {
            if like == RANDOM && (value.is_string() || value.is_number()) {
                *value = Value::from(RANDOM);
            }
        }
    }
}

/// Whether Helm says what Tiphys says in Helm's words; how the lines are broken does not count.
#[must_use]
pub fn says(helm: &str, tiphys: &str) -> bool {
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    words(helm).contains(&words(tiphys))
}

/// The first difference between two outcomes; `None` when they are the same. Failures are equal to each other.
#[must_use]
pub fn difference(helm: &Outcome, tiphys: &Outcome) -> Option<String> {
    match (helm, tiphys) {
        (Err(_), Err(_)) => None,
        (Ok(_), Err(error)) => Some(format!("only Tiphys fails: {error}")),
        (Err(error), Ok(_)) => Some(format!("only Helm fails: {error}")),
        (Ok(helm), Ok(tiphys)) => objects_differ(helm, tiphys),
    }
}

fn objects_differ(helm: &[Value], tiphys: &[Value]) -> Option<String> {
    for (index, pair) in helm.iter().zip(tiphys).enumerate() {
        let (helm, tiphys) = pair;
        let name = format!(
            "object {index} ({} {})",
            helm["kind"].as_str().unwrap_or("?"),
            helm["metadata"]["name"].as_str().unwrap_or("?")
        );
        if let Some(found) = value_differs(helm, tiphys, &name) {
            return Some(found);
        }
    }
    (helm.len() != tiphys.len()).then(|| {
        let names = |objects: &[Value]| -> BTreeMap<String, usize> {
            let mut names = BTreeMap::new();
            for object in objects {
                let name = format!("{} {}", object["kind"], object["metadata"]["name"]);
                *names.entry(name).or_default() += 1;
            }
            names
        };
        format!(
            "{} objects by Helm, {} by Tiphys: {:?} and {:?}",
            helm.len(),
            tiphys.len(),
            names(helm),
            names(tiphys)
        )
    })
}

fn value_differs(helm: &Value, tiphys: &Value, at: &str) -> Option<String> {
    match (helm, tiphys) {
        (Value::Object(one), Value::Object(other)) => {
            let mut keys: Vec<&String> = one.keys().chain(other.keys()).collect();
            keys.sort();
            keys.dedup();
            keys.into_iter().find_map(|key| {
                let at = format!("{at}.{key}");
                match (one.get(key), other.get(key)) {
                    (Some(one), Some(other)) => value_differs(one, other, &at),
                    (one, other) => Some(format!("{at}: {one:?} by Helm, {other:?} by Tiphys")),
                }
            })
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => one
            .iter()
            .zip(other)
            .enumerate()
            .find_map(|(index, (one, other))| value_differs(one, other, &format!("{at}[{index}]"))),
        (one, other) if one == other => None,
        (one, other) => Some(format!("{at}: {one} by Helm, {other} by Tiphys")),
    }
}

/// The folders below a folder that hold a `Chart.yaml` and are not inside another chart.
///
/// # Errors
/// When a folder cannot be read.
pub fn charts_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(folder) = waiting.pop() {
        if folder.join("Chart.yaml").is_file() {
            found.push(folder);
            continue;
        }
        for entry in std::fs::read_dir(&folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() && entry.file_name() != ".git" {
                waiting.push(entry.path());
            }
        }
    }
    found.sort();
    Ok(found)
}
