//! `tiphys render`: the manifests of a folder on the disk, without server or cluster.

use std::fmt::Display;
use std::io::{BufWriter, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use tiphys_render::helm::{self, Facts, FileContent, FileParameter, ValueSource};
use tiphys_render::kustomize::{self, Charts, HelmCharts, Overrides};
use tiphys_render::tree::TreePath;
use tiphys_render::{Limits, Manifest, NoSupply, RenderError, SourceType, detect, directory, yaml};
use tiphys_server::limits::LimitsFile;

use crate::folder_tree::FolderTree;
use crate::processors;

/// Bytes that are printed at a time: what a pipe holds.
const PIECE: usize = 64 << 10;

/// Options of `tiphys render`. What is not given is as `helm template` and `kustomize build` have it.
#[derive(Args)]
pub struct Render {
    /// Folder with a Helm chart, a Kustomize overlay, or plain YAML and JSON
    path: PathBuf,
    /// Name of the release (Helm)
    #[arg(long, value_name = "NAME", default_value = "release-name")]
    release_name: String,
    /// Namespace of the release (Helm)
    #[arg(long, short, value_name = "NAMESPACE", default_value = "default")]
    namespace: String,
    /// File with values; may be given more than once, later ones win (Helm)
    #[arg(long, short = 'f', value_name = "FILE")]
    values: Vec<PathBuf>,
    /// A value, as a.b[0]=x (Helm)
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// A value that stays a text (Helm)
    #[arg(long, value_name = "KEY=VALUE")]
    set_string: Vec<String>,
    /// A value that is the content of a file (Helm)
    #[arg(long, value_name = "KEY=FILE")]
    set_file: Vec<String>,
    /// Kubernetes version that the chart is told (Helm)
    #[arg(long, value_name = "VERSION")]
    kube_version: Option<String>,
    /// API versions that the chart is told, beside the usual ones; separated by commas or given more than once (Helm)
    #[arg(long, short, value_name = "VERSION", value_delimiter = ',')]
    api_versions: Vec<String>,
    /// Print what is in crds/, too (Helm)
    #[arg(long)]
    include_crds: bool,
    /// Leave out what only `helm test` runs (Helm)
    #[arg(long)]
    skip_tests: bool,
    /// Do not check values against values.schema.json (Helm)
    #[arg(long)]
    skip_schema_validation: bool,
    /// Tell the chart that the release is there already (Helm)
    #[arg(long)]
    is_upgrade: bool,
    /// Another image, as NAME=NEWNAME:TAG or NAME:TAG (Kustomize)
    #[arg(long, value_name = "IMAGE")]
    images: Vec<String>,
    /// Render the charts of helmCharts, too (Kustomize)
    #[arg(long)]
    enable_helm: bool,
    /// Read folders below, too (plain YAML and JSON)
    #[arg(long)]
    recurse: bool,
    /// Folder that files are read from, at most [default: the Git repository around PATH, or else PATH]
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
    #[command(flatten)]
    limits: LimitsFile,
}

/// Prints the manifests.
///
/// # Errors
/// What is wrong with the options or the source, for a person.
pub fn run(options: &Render) -> Result<()> {
    let at = options
        .path
        .canonicalize()
        .with_context(|| format!("cannot read {}", options.path.display()))?;
    if !at.is_dir() {
        bail!(
            "{} is a file: name the folder of a chart, of an overlay or of manifests",
            options.path.display()
        );
    }
    let root = match &options.root {
        Some(root) => root
            .canonicalize()
            .with_context(|| format!("cannot read {}", root.display()))?,
        None => repository_around(&at).unwrap_or_else(|| at.clone()),
    };
    let below = at
        .strip_prefix(&root)
        .with_context(|| format!("{} is not inside {}", at.display(), root.display()))?;
    let below = below.to_str().context("the path is not UTF-8")?;
    let path = TreePath::new(below)?;
    let tree = FolderTree::open(&root)?;
    print(&tree, &path, options)
}

/// Prints manifests in large pieces.
fn put(manifests: &impl Display) -> Result<()> {
    let mut out = BufWriter::with_capacity(PIECE, std::io::stdout().lock());
    match write!(out, "{manifests}").and_then(|()| out.flush()) {
        // Whoever reads has seen enough: `tiphys render … | head`.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other.context("cannot print the manifests"),
    }
}

/// The one place where the type of a source decides who renders it.
fn print(tree: &FolderTree, path: &TreePath, options: &Render) -> Result<()> {
    let limits = Limits {
        workers: processors::workers(),
        ..options.limits.limits(&LimitsFile::default())
    };
    let (source_type, _) = detect(tree, path)?;
    if source_type != SourceType::Kustomize && !options.images.is_empty() {
        bail!("--images is for Kustomize overlays, and this is a {source_type} source");
    }
    match source_type {
        SourceType::Helm => print_chart(tree, path, options, &limits),
        SourceType::Kustomize => {
            let options = kustomize::Options {
                charts: options
                    .enable_helm
                    .then(|| Arc::new(HelmCharts::new(chart_facts(options))) as Arc<dyn Charts>),
                overrides: Overrides {
                    images: options.images.clone(),
                    ..Overrides::default()
                },
            };
            let rendered = kustomize::render(tree, path, &options, &NoSupply, &limits);
            put(&stream(&rendered.map_err(advise)?)?)
        }
        SourceType::Directory => {
            let options = directory::Options {
                recurse: options.recurse,
                ..directory::Options::default()
            };
            put(&stream(&directory::render(tree, path, &options, &limits)?)?)
        }
    }
}

/// Prints the documents of a chart as `helm template` does.
fn print_chart(
    tree: &FolderTree,
    path: &TreePath,
    options: &Render,
    limits: &Limits,
) -> Result<()> {
    let helm_options = helm_options(options)?;
    let chart = helm::Chart::load(tree, path, &NoSupply, limits).map_err(advise)?;
    let values = helm::read_values(tree, path, &helm_options, &NoSupply, limits)?;
    let text = chart.print(&helm_options, &facts(), &values)?;
    put(&text)?;
    // The process ends here: to take a large chart apart value by value would only make it end later.
    std::mem::forget((chart, values, text));
    Ok(())
}

/// What the world says to charts: the time, and a seed of this call.
fn facts() -> Facts {
    Facts {
        now: now(),
        seed: rand::random(),
        ..Facts::default()
    }
}

/// The same for the charts of an overlay; the versions that were asked for come before those of the kustomization.
fn chart_facts(options: &Render) -> Facts {
    Facts {
        kube_version: options.kube_version.clone(),
        api_versions: options.api_versions.clone(),
        ..facts()
    }
}

/// What a person can do about something that is not there.
fn advise(error: RenderError) -> anyhow::Error {
    match error {
        RenderError::Missing(_) => anyhow::Error::new(error).context(
            "`tiphys render` fetches nothing: put charts into the folder that they are looked for in first (`helm dependency build`)",
        ),
        other => other.into(),
    }
}

fn helm_options(options: &Render) -> Result<helm::Options> {
    let read = |file: &Path| {
        std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
    };
    Ok(helm::Options {
        release_name: options.release_name.clone(),
        namespace: options.namespace.clone(),
        values: options
            .values
            .iter()
            .map(|file| {
                Ok(ValueSource::Text {
                    name: file.display().to_string(),
                    text: read(file)?,
                })
            })
            .collect::<Result<_>>()?,
        sets: options.set.clone(),
        string_sets: options.set_string.clone(),
        file_parameters: options
            .set_file
            .iter()
            .map(|line| {
                let (name, file) = line
                    .split_once('=')
                    .with_context(|| format!("--set-file {line}: KEY=FILE is wanted"))?;
                Ok(FileParameter {
                    name: name.to_owned(),
                    content: FileContent::Text(read(Path::new(file))?),
                })
            })
            .collect::<Result<_>>()?,
        skip_crds: !options.include_crds,
        skip_tests: options.skip_tests,
        skip_schema_validation: options.skip_schema_validation,
        is_upgrade: options.is_upgrade,
        kube_version: options.kube_version.clone(),
        api_versions: options.api_versions.clone(),
        ..helm::Options::default()
    })
}

/// Objects as one stream of YAML.
fn stream(manifests: &[Manifest]) -> Result<String> {
    let mut text = String::new();
    for (index, manifest) in manifests.iter().enumerate() {
        if index > 0 {
            text.push_str("---\n");
        }
        text.push_str(&yaml::write::to_yaml(&manifest.object)?);
    }
    Ok(text)
}

/// The folder above (or at) a path that has `.git`.
fn repository_around(path: &Path) -> Option<PathBuf> {
    path.ancestors()
        .find(|folder| folder.join(".git").exists())
        .map(Path::to_owned)
}

fn now() -> (i64, u32) {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or((0, 0), |now| {
            (
                i64::try_from(now.as_secs()).unwrap_or(i64::MAX),
                now.subsec_nanos(),
            )
        })
}
