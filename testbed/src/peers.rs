//! The programs whose output ours is compared with: Helm, Kustomize, and a small program around Go's `text/template`. They are
//! built from the Go module `tests/peers` and never needed to run Tiphys.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::{
    cache,
    control_plane::Progress,
    go_programs::{self, GoProgram},
};

/// The folder with the Go module, in the checkout that this was compiled from.
const MODULE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/peers");

/// Where each program is.
#[derive(Debug, Clone)]
pub struct Peers {
    /// `helm`.
    pub helm: PathBuf,
    /// `kustomize`.
    pub kustomize: PathBuf,
    /// The program of `tests/peers/gotemplate`: one case a line, one answer a line.
    pub gotemplate: PathBuf,
}

impl Peers {
    /// Finds the programs in the cache, or builds them.
    ///
    /// # Errors
    /// When a build is needed and Go is missing, or the build fails.
    pub fn resolve(progress: Progress<'_>) -> Result<Self> {
        Ok(Self {
            helm: helm(progress)?,
            kustomize: kustomize(progress)?,
            gotemplate: gotemplate(progress)?,
        })
    }
}

/// `helm` alone.
///
/// # Errors
/// When a build is needed and Go is missing, or the build fails.
pub fn helm(progress: Progress<'_>) -> Result<PathBuf> {
    // Helm has its version from the linker, and templates can see it.
    let linker_flags = format!(
        "-s -w -X helm.sh/helm/v4/internal/version.version={}",
        version("helm.sh/helm/v4")?
    );
    resolve(
        GoProgram {
            name: "helm",
            package: "helm.sh/helm/v4/cmd/helm",
            linker_flags,
        },
        &[],
        "about 2 minutes on 2 cores",
        progress,
    )
}

/// `kustomize` alone.
///
/// # Errors
/// When a build is needed and Go is missing, or the build fails.
pub fn kustomize(progress: Progress<'_>) -> Result<PathBuf> {
    resolve(
        GoProgram {
            name: "kustomize",
            package: "sigs.k8s.io/kustomize/kustomize/v5",
            linker_flags: "-s -w".to_owned(),
        },
        &[],
        "about 1 minute on 2 cores",
        progress,
    )
}

/// The program around `text/template` alone.
///
/// # Errors
/// When a build is needed and Go is missing, or the build fails.
pub fn gotemplate(progress: Progress<'_>) -> Result<PathBuf> {
    resolve(
        GoProgram {
            name: "gotemplate",
            package: "tiphys/peers/gotemplate",
            linker_flags: "-s -w".to_owned(),
        },
        &["gotemplate"],
        "a few seconds",
        progress,
    )
}

fn resolve(
    program: GoProgram,
    sources: &[&str],
    cost: &str,
    progress: Progress<'_>,
) -> Result<PathBuf> {
    let module = Path::new(MODULE);
    let mut all = vec!["go.mod", "go.sum"];
    all.extend(sources);
    let name = program.name;
    let folder = cache::folder()?
        .join("peers")
        .join(format!("{name}-{}", go_programs::key(module, &all)?));
    go_programs::build(module, &folder, &[program], (name, cost), progress)?;
    Ok(folder.join(name))
}

/// The version of a module that `go.mod` names.
fn version(module: &str) -> Result<String> {
    go_programs::required_version(&Path::new(MODULE).join("go.mod"), module)
}
