//! Programs that are built from a Go module of this checkout, once, and kept in the cache under a hash of what they are made
//! of.

use std::{fs, path::Path, process::Command, time::Instant};

use anyhow::{Context, Result, bail};
use sha2::{Digest as _, Sha256};

use crate::{control_plane::Progress, process, tool::Tool};

/// A program of a module.
#[derive(Debug, Clone)]
pub struct GoProgram {
    /// What the binary is called.
    pub name: &'static str,
    /// Its Go package.
    pub package: &'static str,
    /// Flags for the linker.
    pub linker_flags: String,
}

/// The hash of some files and of the files directly in some folders of a module, all by their path in it: what a build
/// depends on.
///
/// # Errors
/// When one cannot be read.
pub fn key(module: &Path, sources: &[&str]) -> Result<String> {
    let mut files = Vec::new();
    for source in sources {
        let path = module.join(source);
        if path.is_dir() {
            for entry in
                fs::read_dir(&path).with_context(|| format!("cannot read {}", path.display()))?
            {
                files.push(entry?.path());
            }
        } else {
            files.push(path);
        }
    }
    files.sort();
    let mut hash = Sha256::new();
    for path in files {
        hash.update(fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?);
    }
    let hash = hash.finalize();
    Ok(hash
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect())
}

/// Builds programs of a module into `folder`, unless it is there already. When several processes want the same, one builds
/// and the others wait. `what` names the programs, `cost` says what a build takes.
///
/// # Errors
/// When Go is missing or a build fails; the log of the build is beside the folder.
pub fn build(
    module: &Path,
    folder: &Path,
    programs: &[GoProgram],
    (what, cost): (&str, &str),
    progress: Progress<'_>,
) -> Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let go = Tool::Go.find().with_context(|| Tool::Go.advice())?;
    let parent = folder.parent().context("the cache folder has no parent")?;
    fs::create_dir_all(parent)?;
    let lock = fs::File::create(folder.with_extension("lock"))?;
    if lock.try_lock().is_err() {
        progress(&format!(
            "another process is building {what}; waiting for it"
        ));
        lock.lock()?;
    }
    if folder.is_dir() {
        return Ok(());
    }
    progress(&format!("building {what} from Go sources: once, {cost}"));
    let unfinished = tempfile::Builder::new()
        .prefix("unfinished-")
        .tempdir_in(parent)?;
    let log = folder.with_extension("log");
    for (index, program) in programs.iter().enumerate() {
        let start = Instant::now();
        let place = format!("  {} of {}: {}", index + 1, programs.len(), program.name);
        progress(&place);
        build_one(
            &go,
            module,
            program,
            &unfinished.path().join(program.name),
            &log,
        )?;
        progress(&format!("{place} built in {} s", start.elapsed().as_secs()));
    }
    fs::rename(unfinished.keep(), folder)?;
    Ok(())
}

fn build_one(
    go: &Path,
    module: &Path,
    program: &GoProgram,
    output: &Path,
    log: &Path,
) -> Result<()> {
    let log_file = fs::File::create(log)?;
    let status = Command::new(go)
        .current_dir(module)
        .env("CGO_ENABLED", "0")
        .env_remove("GOFLAGS")
        .env("GOWORK", "off")
        .args([
            "build",
            "-trimpath",
            "-buildvcs=false",
            "-mod=readonly",
            "-ldflags",
            &program.linker_flags,
            "-o",
        ])
        .arg(output)
        .arg(program.package)
        .stdout(log_file.try_clone()?)
        .stderr(log_file)
        .status()?;
    if !status.success() {
        bail!(
            "go build {} failed ({status}):\n{}",
            program.package,
            process::tail(log, 4096)
        );
    }
    Ok(())
}

/// The version of a module that a `go.mod` requires.
///
/// # Errors
/// When the file names none.
pub fn required_version(go_mod: &Path, module: &str) -> Result<String> {
    let text =
        fs::read_to_string(go_mod).with_context(|| format!("cannot read {}", go_mod.display()))?;
    text.lines()
        .filter_map(|line| {
            line.trim()
                .strip_prefix(module)?
                .strip_prefix(' ')?
                .split_whitespace()
                .next()
        })
        .map(str::to_owned)
        .next()
        .with_context(|| format!("{} names no version of {module}", go_mod.display()))
}
