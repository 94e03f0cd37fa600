//! `cargo xtask bench`: measures the release binary and writes the table into the README.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use tiphys_testbed::control_plane::Cluster;

/// Options of `cargo xtask bench`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Use this cluster instead of a throw-away one
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
    /// Put the table into README.md
    #[arg(long)]
    write: bool,
    /// Measure with 10,000 applications, too (some minutes more)
    #[arg(long)]
    full: bool,
}

const BEGIN: &str = "<!-- bench -->\n";
const END: &str = "<!-- /bench -->";

/// Runs the measurements.
pub fn run(args: &Args) -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .context("xtask lives in the workspace")?;
    eprintln!("building the release binary (some minutes the first time)");
    let binary = crate::binary::release(root)?;
    let cluster = Cluster::resolve(
        args.kubeconfig.as_deref(),
        "bench",
        &mut crate::cluster::tell,
    )?;
    // Not in /tmp, which may be memory: commits have to reach a disk.
    let folder = tempfile::tempdir_in(binary.parent().context("the binary lies in a folder")?)?;
    eprintln!("measuring (some minutes)");
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args([
            "run",
            "--quiet",
            "--release",
            "-p",
            "tiphys-tests",
            "--bin",
            "bench",
            "--",
        ])
        .arg(&binary)
        .arg("--kubeconfig")
        .arg(cluster.kubeconfig())
        .arg("--folder")
        .arg(folder.path())
        .args(args.full.then_some("--full"))
        .current_dir(root)
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start cargo")?;
    if !output.status.success() {
        bail!("the measurements failed; the output above says why");
    }
    let table = String::from_utf8(output.stdout)?;
    print!("{table}");
    if args.write {
        let path = root.join("README.md");
        let readme = std::fs::read_to_string(&path)?;
        let (before, rest) = readme
            .split_once(BEGIN)
            .context("README.md has no place for the table")?;
        let (_, after) = rest
            .split_once(END)
            .context("README.md has no place for the table")?;
        std::fs::write(&path, format!("{before}{BEGIN}{table}{END}{after}"))?;
    }
    Ok(())
}
