//! `cargo xtask spec`: everything that follows from `spec/openapi.yaml`.

mod api;
mod client;
mod compare;
mod document;
mod lower;
mod names;
mod types;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

/// Options of `cargo xtask spec`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Change nothing; fail when a generated file is stale, or when the document that Dropshot emits disagrees with the
    /// checked-in one
    #[arg(long)]
    check: bool,
}

/// Checks what is generated, and the document against the contract.
pub fn check() -> Result<()> {
    run(&Args { check: true })
}

/// Generates, or checks what is generated.
pub fn run(args: &Args) -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .context("xtask lives in the workspace")?;
    let yaml = std::fs::read_to_string(root.join("spec/openapi.yaml"))
        .context("cannot read spec/openapi.yaml")?;
    let document = document::Document::parse(&yaml).context("spec/openapi.yaml")?;
    let lowered = lower::lower(&document.json).context("spec/openapi.yaml")?;
    let mut served = document.json.clone();
    strip_extensions(&mut served);
    let files = [
        ("model/src/wire.rs", rustfmt(&types::generate(&document))?),
        ("api/src/generated.rs", rustfmt(&api::generate(&document)?)?),
        (
            "api/src/openapi.json",
            serde_json::to_string_pretty(&served)? + "\n",
        ),
        (
            "client/src/generated.rs",
            rustfmt(&client::generate(&lowered)?)?,
        ),
    ];
    let mut stale = Vec::new();
    for (name, content) in &files {
        let path: PathBuf = root.join(name);
        if std::fs::read_to_string(&path).ok().as_ref() == Some(content) {
            continue;
        }
        if args.check {
            stale.push(*name);
        } else {
            std::fs::write(&path, content).with_context(|| format!("cannot write {name}"))?;
            eprintln!("wrote {name}");
        }
    }
    if !stale.is_empty() {
        bail!(
            "stale: {}\nRun `cargo xtask spec` and commit the result.",
            stale.join(", ")
        );
    }
    if args.check {
        compare::contract(root, &document.json)?;
        compare::emitted(root, &lowered)?;
        eprintln!("spec: everything generated is current, and Dropshot's document agrees");
    }
    Ok(())
}

/// The document as clients see it: without what only the generators read.
fn strip_extensions(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Object(object) => {
            object.retain(|key, _| !key.starts_with("x-tiphys-"));
            object.values_mut().for_each(strip_extensions);
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(strip_extensions),
        _ => {}
    }
}

fn rustfmt(source: &str) -> Result<String> {
    let mut child = Command::new("rustfmt")
        .args(["--edition", "2024", "--emit", "stdout"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start rustfmt; install it with `rustup component add rustfmt`")?;
    child
        .stdin
        .take()
        .context("rustfmt has a standard input")?
        .write_all(source.as_bytes())?;
    let output = child.wait_with_output()?;
    if !output.status.success() {
        bail!("rustfmt refused generated source");
    }
    Ok(String::from_utf8(output.stdout)?)
}
