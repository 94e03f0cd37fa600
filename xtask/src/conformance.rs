//! `cargo xtask conformance`: any charts, rendered by Tiphys and by the upstream tools, compared object by object.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

/// Options of `cargo xtask conformance`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Folders with charts and overlays anywhere below
    #[arg(required = true, value_name = "DIR")]
    folders: Vec<PathBuf>,
    /// Kubernetes versions that charts are told; Helm's default when none is given
    #[arg(long, value_name = "VERSION", value_delimiter = ',')]
    kube_version: Vec<String>,
    /// File with values that every chart is rendered with once more, beside its defaults and its own ci/*values.yaml; may be given more
    /// than once
    #[arg(long, value_name = "FILE")]
    values: Vec<PathBuf>,
    /// Flags of `helm template` that every rendering is made with once more, as one text; may be given more than once
    #[arg(long, value_name = "FLAGS", allow_hyphen_values = true)]
    flags: Vec<String>,
    /// Show what is the same and what both refuse, too
    #[arg(long)]
    all: bool,
}

/// Runs the comparison; it fails when something differs.
pub fn run(args: &Args) -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .context("xtask lives in the workspace")?;
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command
        .args(["run", "--quiet", "--release", "-p", "tiphys-tests"])
        .args(["--bin", "conformance", "--"]);
    if args.all {
        command.arg("--all");
    }
    for version in &args.kube_version {
        command.args(["--kube-version", version]);
    }
    let absolute = |path: &PathBuf| {
        path.canonicalize()
            .with_context(|| path.display().to_string())
    };
    for flags in &args.flags {
        command.args(["--flags", flags]);
    }
    for file in &args.values {
        command.arg("--values").arg(absolute(file)?);
    }
    for folder in &args.folders {
        command.arg(absolute(folder)?);
    }
    let status = command
        .current_dir(root)
        .status()
        .context("cannot start cargo")?;
    if !status.success() {
        bail!("something differs; the table above says what");
    }
    Ok(())
}
