//! Bad input of every kind: schemathesis against the served document.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use tiphys_tests::World;

const VERSION: &str = "4.32.5";

/// The program, in a virtual environment of its own that is kept in the cache.
fn program() -> Result<PathBuf> {
    let folder = tiphys_testbed::cache::folder()?.join(format!("schemathesis-{VERSION}"));
    let program = folder.join("bin/schemathesis");
    // The mark is written last: an interrupted installation is made anew.
    let mark = folder.join("complete");
    if mark.exists() {
        return Ok(program);
    }
    let run = |command: &mut Command| -> Result<()> {
        let output = command
            .output()
            .context("python3 with venv is needed, for example from the package python3-venv")?;
        ensure!(
            output.status.success(),
            "{command:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(())
    };
    run(Command::new("python3")
        .args(["-m", "venv", "--clear"])
        .arg(&folder))?;
    run(Command::new(folder.join("bin/python")).args([
        "-m",
        "pip",
        "install",
        "--quiet",
        &format!("schemathesis=={VERSION}"),
    ]))?;
    std::fs::write(mark, VERSION)?;
    Ok(program)
}

/// Runs it over a document, with some arguments of its own.
fn run(world: &World, document: &str, arguments: &[&str]) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let token = world.client.token().unwrap_or_default();
    let output = Command::new(program()?)
        .arg("--config-file")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("schemathesis.toml"))
        .args(["run", document])
        .args(["--header", &format!("Authorization: Bearer {token}")])
        .args(["--phases", "examples,coverage,fuzzing"])
        .args(["--max-examples", "5"])
        .args(["--request-timeout", "30"])
        .args(["--continue-on-failure", "--seed", "1", "--no-color"])
        .args(arguments)
        .current_dir(folder.path())
        .output()?;
    let log = std::fs::read_to_string(world.tiphys.log())?;
    assert!(!log.contains("panicked"), "{log}");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
    Ok(())
}

#[test]
fn the_served_document_holds() -> Result<()> {
    let world = World::start("schemathesis", "sqlite")?;
    run(&world, &format!("{}/openapi.json", world.tiphys.url()), &[])
}

#[test]
fn the_operations_of_one_cluster_hold() -> Result<()> {
    let world = World::start("schemacluster", "sqlite")?;
    let served = world.client.get("/openapi.json")?.ok()?;
    let mut document = served.clone();
    let paths = document["paths"]
        .as_object_mut()
        .context("a document has paths")?;
    paths.retain(|path, _| path.contains("{id.value}"));
    ensure!(!paths.is_empty(), "no operation has this parameter");
    let text = document
        .to_string()
        .replace("{id.value}", "{id_value}")
        .replace(
            "\"in\":\"path\",\"name\":\"id.value\"",
            "\"in\":\"path\",\"name\":\"id_value\"",
        );
    ensure!(
        text.contains("\"name\":\"id_value\""),
        "the parameter keeps its name"
    );
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("clusters.json");
    std::fs::write(&file, text)?;
    let base = format!("{}/api/v1", world.tiphys.url());
    run(
        &world,
        file.to_str().context("a path in UTF-8")?,
        &["--url", &base],
    )
}
