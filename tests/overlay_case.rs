//! One overlay, built by Kustomize and by Tiphys.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use tiphys_render::helm::Facts;
use tiphys_render::kustomize::{self, HelmCharts};
use tiphys_render::tree::TreePath;
use tiphys_render::yaml::{self, Dialect, Duplicates, Numbers, Reading};
use tiphys_render::{Limits, MemoryTree, NoSupply, RenderError};
use tiphys_testbed::peers::Peers;

use crate::helm_case::Outcome;

/// What `kustomize build --enable-helm` makes of a folder. Remote bases are not reachable: there is no `git` for it.
///
/// # Errors
/// When Kustomize cannot be started or prints what is no YAML.
pub fn by_kustomize(peers: &Peers, overlay: &Path) -> Result<Outcome> {
    let output = Command::new(&peers.kustomize)
        .args(["build", "--enable-helm", "--helm-command"])
        .arg(&peers.helm)
        .arg(overlay)
        .env_clear()
        .env("HOME", "/nonexistent")
        .env("PATH", "/nonexistent")
        // A file behind a URL is not fetched.
        .env("HTTPS_PROXY", "http://127.0.0.1:9")
        .env("HTTP_PROXY", "http://127.0.0.1:9")
        .output()
        .with_context(|| format!("cannot start {}", peers.kustomize.display()))?;
    if !output.status.success() {
        return Ok(Err(String::from_utf8_lossy(&output.stderr)
            .trim()
            .to_owned()));
    }
    let reading = Reading {
        dialect: Dialect::Kyaml,
        duplicates: Duplicates::LastWins,
        numbers: Numbers::default(),
        ..Reading::default()
    };
    let documents = yaml::read(&output.stdout, &Limits::default(), reading)?;
    Ok(Ok(documents
        .into_iter()
        .map(|document| document.value)
        .collect()))
}

/// What Tiphys makes of a folder of a tree, `below` its root. It can read nothing but the tree.
///
/// # Errors
/// When the path is not UTF-8.
pub fn by_tiphys(tree: &MemoryTree, below: &Path) -> Result<Outcome> {
    let below = below.to_str().context("not UTF-8")?;
    let options = kustomize::Options {
        charts: Some(Arc::new(HelmCharts::new(Facts::default()))),
        ..kustomize::Options::default()
    };
    let limits = Limits::default();
    let rendered: std::result::Result<_, RenderError> = TreePath::new(below)
        .map_err(|error| RenderError::Options(error.to_string()))
        .and_then(|path| kustomize::render(tree, &path, &options, &NoSupply, &limits));
    Ok(match rendered {
        Ok(manifests) => Ok(manifests.into_iter().map(|it| it.object).collect()),
        Err(error) => Err(error.to_string()),
    })
}

/// The folders below a folder that have a kustomization and lie in no chart.
///
/// # Errors
/// When a folder cannot be read.
pub fn overlays_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(folder) = waiting.pop() {
        if folder.join("Chart.yaml").is_file() {
            continue;
        }
        for entry in std::fs::read_dir(&folder)? {
            let entry = entry?;
            let name = entry.file_name();
            if entry.file_type()?.is_dir() {
                if name != ".git" {
                    waiting.push(entry.path());
                }
            } else if name
                .to_str()
                .is_some_and(|name| kustomize::FILE_NAMES.contains(&name))
            {
                found.push(folder.clone());
            }
        }
    }
    found.sort();
    found.dedup();
    Ok(found)
}
