//! The data directory as a person handles it: a clear error and exit code, and nothing destroyed.

use std::process::Command;

use anyhow::Result;
use serde_json::json;
use tiphys_testbed::tiphys::{Options, Tiphys};
use tiphys_tests::binary;

#[test]
fn a_directory_is_opened_by_one_server_of_its_backend() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let options = Options::new(&binary()?, &folder.path().join("data"));
    let mut tiphys = Tiphys::start(options.clone())?;
    let (status, log) = Tiphys::refused(&options)?;
    assert_eq!(status.code(), Some(3), "{log}");
    tiphys.stop();
    let mut other = options.clone();
    "sled".clone_into(&mut other.store);
    let (status, log) = Tiphys::refused(&other)?;
    assert_eq!(status.code(), Some(4), "{log}");
    tiphys.start_again()?;
    tiphys.admin()?;
    Ok(())
}

#[test]
fn everything_moves_to_the_other_backend() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let program = binary()?;
    let mut tiphys = Tiphys::start(Options::new(&program, &folder.path().join("first")))?;
    let object = json!({"metadata": {"name": "moved"}, "spec": {"destination": {"server": "https://kubernetes.default.svc"}, "source": {"repoURL": "https://127.0.0.1:9/x.git", "path": "a"}}});
    tiphys
        .admin()?
        .post("/api/v1/applications?validate=false", &object)?
        .ok()?;
    tiphys.stop();
    let file = folder.path().join("export");
    let run = |arguments: &[&str], data: &str| -> Result<()> {
        let output = Command::new(&program)
            .args(arguments)
            .arg("--data-dir")
            .arg(folder.path().join(data))
            .arg(&file)
            .output()?;
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(())
    };
    run(&["store", "export"], "first")?;
    run(&["store", "import", "--store", "sled"], "second")?;
    std::fs::copy(
        folder.path().join("first/seal.key"),
        folder.path().join("second/seal.key"),
    )?;
    let mut options = Options::new(&program, &folder.path().join("second"));
    "sled".clone_into(&mut options.store);
    let moved = Tiphys::start(options)?;
    moved.admin()?.get("/api/v1/applications/moved")?.ok()?;
    Ok(())
}
