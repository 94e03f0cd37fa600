//! Where the programs of a control plane come from: `KUBEBUILDER_ASSETS`, else a build of the Go module
//! `tests/control-plane`, kept in the cache under the hash of `go.mod` and `go.sum`.

use std::{
    env,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};

use super::Progress;
use crate::{
    cache,
    go_programs::{self, GoProgram},
};

/// The programs in the order of building, with the Go package of each.
const PACKAGES: [(&str, &str); 5] = [
    ("etcd", "go.etcd.io/etcd/server/v3"),
    ("kwok", "sigs.k8s.io/kwok/cmd/kwok"),
    ("kube-apiserver", "k8s.io/kubernetes/cmd/kube-apiserver"),
    ("kube-scheduler", "k8s.io/kubernetes/cmd/kube-scheduler"),
    (
        "kube-controller-manager",
        "k8s.io/kubernetes/cmd/kube-controller-manager",
    ),
];

/// The folder with the Go module, in the checkout that this was compiled from.
const MODULE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/control-plane");

/// Where each program is.
pub struct Programs {
    assets: Option<PathBuf>,
    built: Option<PathBuf>,
}

/// Whether a start would have to build, which needs Go.
#[must_use]
pub fn may_need_go() -> bool {
    let assets = assets();
    let built = build_folder().ok().filter(|folder| folder.is_dir());
    built.is_none()
        && !PACKAGES
            .iter()
            .all(|(name, _)| in_folder(assets.as_deref(), name).is_some())
}

impl Programs {
    /// Finds the programs, and builds them when neither `KUBEBUILDER_ASSETS` nor the cache has them all. (The usual envtest
    /// assets hold etcd and the API server only; the other programs then come from the build.)
    ///
    /// # Errors
    /// When a build is needed and Go is missing, or the build fails.
    pub fn resolve(progress: Progress<'_>) -> Result<Self> {
        let assets = assets();
        if PACKAGES
            .iter()
            .all(|(name, _)| in_folder(assets.as_deref(), name).is_some())
        {
            return Ok(Self {
                assets,
                built: None,
            });
        }
        Ok(Self {
            assets,
            built: Some(build(progress)?),
        })
    }

    /// The path of one program.
    ///
    /// # Errors
    /// When it is in neither folder.
    pub fn path(&self, name: &str) -> Result<PathBuf> {
        in_folder(self.assets.as_deref(), name)
            .or_else(|| in_folder(self.built.as_deref(), name))
            .with_context(|| format!("the control plane's program {name} is missing: remove the cache folder and try again"))
    }
}

fn assets() -> Option<PathBuf> {
    env::var_os("KUBEBUILDER_ASSETS")
        .filter(|v| !v.is_empty())
        .map(PathBuf::from)
}

fn in_folder(folder: Option<&Path>, name: &str) -> Option<PathBuf> {
    folder
        .map(|folder| folder.join(name))
        .filter(|path| path.is_file())
}

fn build_folder() -> Result<PathBuf> {
    let key = go_programs::key(Path::new(MODULE), &["go.mod", "go.sum"])?;
    Ok(cache::folder()?.join("control-plane").join(key))
}

fn build(progress: Progress<'_>) -> Result<PathBuf> {
    let folder = build_folder()?;
    if folder.is_dir() {
        return Ok(folder);
    }
    let version =
        go_programs::required_version(&Path::new(MODULE).join("go.mod"), "k8s.io/kubernetes")?;
    let programs: Vec<GoProgram> = PACKAGES
        .iter()
        .map(|(name, package)| GoProgram {
            name,
            package,
            linker_flags: linker_flags(&version),
        })
        .collect();
    go_programs::build(
        Path::new(MODULE),
        &folder,
        &programs,
        (
            "the control plane",
            "about 4 minutes on 2 cores, 400 MB in the cache",
        ),
        progress,
    )?;
    Ok(folder)
}

/// Kubernetes takes its version from the linker; without it the API server calls itself v0.0.0-master.
fn linker_flags(version: &str) -> String {
    let mut parts = version.trim_start_matches('v').split('.');
    let (major, minor) = (
        parts.next().unwrap_or_default(),
        parts.next().unwrap_or_default(),
    );
    let mut flags = "-s -w".to_owned();
    for (key, value) in [
        ("gitVersion", version),
        ("gitMajor", major),
        ("gitMinor", minor),
        ("gitTreeState", "clean"),
        ("buildDate", "1970-01-01T00:00:00Z"),
    ] {
        flags.push_str(&format!(" -X k8s.io/component-base/version.{key}={value}"));
    }
    flags
}
