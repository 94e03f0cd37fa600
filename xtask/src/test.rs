//! `cargo xtask test`: every check, in the order in which they are quickest to fail.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};

/// Options of `cargo xtask test`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Run the tests alone, without the checks of form
    #[arg(long)]
    tests_only: bool,
}

/// What a machine needs, and what to do where it is missing.
const NEEDS: [(&str, &str); 6] = [
    ("cargo", "install Rust from https://rustup.rs"),
    ("rustfmt", "run `rustup component add rustfmt`"),
    ("cargo-clippy", "run `rustup component add clippy`"),
    ("git", "install Git, for example with `apt-get install git`"),
    (
        "python3",
        "install Python 3 with venv, for example with `apt-get install python3-venv`",
    ),
    (
        "go",
        "install Go from https://go.dev/dl, or set KUBEBUILDER_ASSETS to the folder with etcd and kube-apiserver",
    ),
];

/// Runs every check; the first that fails ends the run.
pub fn run(args: &Args) -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .context("xtask lives in the workspace")?;
    preflight()?;
    let started = Instant::now();
    let mut passed = 0;
    if !args.tests_only {
        passed += step(root, "formatting", &["fmt", "--all", "--check"])?;
        passed += step(
            root,
            "lints",
            &[
                "clippy",
                "--workspace",
                "--all-targets",
                "--all-features",
                "--",
                "-D",
                "warnings",
            ],
        )?;
        // A workspace of its own, which nothing above builds: its lock file goes out of date without a sign.
        passed += step(
            root,
            "lock file of the fuzz targets",
            &[
                "tree",
                "--locked",
                "--depth=0",
                "--manifest-path=fuzz/Cargo.toml",
            ],
        )?;
        eprintln!("==> the document and what is generated from it");
        super::spec::check()?;
        passed += 1;
    }
    // Apart from xtask, which switches a feature of a common crate on (the order of JSON objects) that the product does not have.
    passed += step(
        root,
        "tests",
        &[
            "test",
            "--workspace",
            "--all-features",
            "--exclude",
            "xtask",
        ],
    )?;
    passed += step(root, "tests of xtask", &["test", "-p", "xtask"])?;
    eprintln!(
        "{passed} steps passed in {:.0} s",
        started.elapsed().as_secs_f64()
    );
    Ok(())
}

fn preflight() -> Result<()> {
    let missing: Vec<String> = NEEDS
        .iter()
        .filter(|(tool, _)| *tool != "go" || tiphys_testbed::control_plane::may_need_go())
        .filter(|(tool, _)| Command::new(tool).arg("--version").output().is_err())
        .map(|(tool, advice)| format!("  {tool}: {advice}"))
        .collect();
    if !missing.is_empty() {
        bail!("this machine lacks:\n{}", missing.join("\n"));
    }
    Ok(())
}

fn step(root: &Path, name: &str, arguments: &[&str]) -> Result<usize> {
    eprintln!("==> {name}: cargo {}", arguments.join(" "));
    let status = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(arguments)
        // The same cases in every run: what fails by chance tells nothing about a change. `cargo test` explores.
        .env("PROPTEST_RNG_SEED", "20261125")
        .current_dir(root)
        .status()
        .context("cannot start cargo")?;
    if !status.success() {
        bail!("{name} failed; the output above says why");
    }
    Ok(1)
}
