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

#[test]
fn the_served_document_holds() -> Result<()> {
    let program = program()?;
    let world = World::start("schemathesis", "sqlite")?;
    let folder = tempfile::tempdir()?;
    let output = Command::new(program)
        .arg("--config-file")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("schemathesis.toml"))
        .args(["run", &format!("{}/openapi.json", world.tiphys.url())])
        .args([
            "--header",
            &format!(
                "Authorization: Bearer {}",
                world.client.token().unwrap_or_default()
            ),
        ])
        .args([
            "--phases",
            "examples,coverage,fuzzing",
            "--max-examples",
            "5",
            "--request-timeout",
            "30",
            "--continue-on-failure",
            "--seed",
            "1",
            "--no-color",
        ])
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
