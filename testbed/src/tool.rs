//! Programs of the machine that the tests and the demo need, and what to say when one is missing.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

/// A program that something here runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    /// Git, with its `http-backend`.
    Git,
    /// The Go toolchain that builds the control plane.
    Go,
    /// Python 3 with `venv`, for schemathesis.
    Python,
    /// The OpenSSH server, for Git over SSH.
    Sshd,
    /// The OpenSSH client, which gix starts for `ssh://`.
    Ssh,
    /// cmake and a C compiler, for the cryptography library.
    Cmake,
    /// A C compiler.
    Cc,
}

impl Tool {
    /// The program's name.
    #[must_use]
    pub fn program(self) -> &'static str {
        match self {
            Self::Git => "git",
            Self::Go => "go",
            Self::Python => "python3",
            Self::Sshd => "sshd",
            Self::Ssh => "ssh",
            Self::Cmake => "cmake",
            Self::Cc => "cc",
        }
    }

    /// One line that says what is missing and what brings it.
    #[must_use]
    pub fn advice(self) -> &'static str {
        match self {
            Self::Git => {
                "git with its http-backend is missing: install git (Debian: apt-get install git)"
            }
            Self::Go => {
                "Go is missing: install Go 1.26 or newer, which builds the throw-away control plane, or give a cluster with --kubeconfig FILE"
            }
            Self::Python => {
                "Python 3 with venv is missing: it runs schemathesis (Debian: apt-get install python3 python3-venv)"
            }
            Self::Sshd => {
                "sshd is missing: it serves Git over SSH to the tests (Debian: apt-get install openssh-server)"
            }
            Self::Ssh => {
                "ssh is missing: Git over SSH goes through it (Debian: apt-get install openssh-client)"
            }
            Self::Cmake => {
                "cmake is missing: the cryptography library is built with it (Debian: apt-get install cmake)"
            }
            Self::Cc => "a C compiler is missing (Debian: apt-get install gcc libc6-dev)",
        }
    }

    /// Where the program is, if it is there and works.
    #[must_use]
    pub fn find(self) -> Option<PathBuf> {
        let path = on_path(self.program())?;
        let works = match self {
            Self::Git => runs(&path, &["http-backend", "--help"]) || exec_path(&path).is_some(),
            Self::Python => runs(&path, &["-c", "import venv, ensurepip"]),
            Self::Go => runs(&path, &["version"]),
            Self::Sshd | Self::Ssh | Self::Cmake | Self::Cc => true,
        };
        works.then_some(path)
    }
}

/// The tools of `wanted` that this machine lacks.
#[must_use]
pub fn missing(wanted: &[Tool]) -> Vec<Tool> {
    wanted
        .iter()
        .copied()
        .filter(|tool| tool.find().is_none())
        .collect()
}

fn on_path(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain([
            PathBuf::from("/usr/sbin"),
            PathBuf::from("/usr/local/go/bin"),
        ])
        .map(|folder| folder.join(program))
        .find(|candidate| candidate.is_file())
}

fn runs(program: &Path, arguments: &[&str]) -> bool {
    Command::new(program)
        .args(arguments)
        .output()
        .is_ok_and(|output| output.status.success())
}

fn exec_path(git: &Path) -> Option<PathBuf> {
    let output = Command::new(git).arg("--exec-path").output().ok()?;
    let backend = Path::new(String::from_utf8(output.stdout).ok()?.trim()).join("git-http-backend");
    backend.is_file().then_some(backend)
}
