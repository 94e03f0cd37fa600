//! Git repositories for tests, and the servers that a client reaches them through.
//!
//! A [`Repository`] is a bare repository to serve and a work tree to commit in. Git runs without the person's configuration.

mod http;
mod ssh;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};

pub use self::{
    http::{HttpServer, Mode},
    ssh::SshServer,
};

/// A repository: `<root>/<name>.git` is served, `<root>/<name>` is where commits are made.
#[derive(Debug)]
pub struct Repository {
    name: String,
    bare: PathBuf,
    work: PathBuf,
}

impl Repository {
    /// Makes an empty repository, without any commit, under `root`.
    ///
    /// # Errors
    /// When git is missing or fails.
    pub fn init(root: &Path, name: &str) -> Result<Self> {
        let repository = Self {
            name: name.to_owned(),
            bare: root.join(format!("{name}.git")),
            work: root.join(name),
        };
        fs::create_dir_all(root)?;
        git(
            root,
            &["init", "-q", "--bare", "-b", "main", &format!("{name}.git")],
        )?;
        git(root, &["init", "-q", "-b", "main", name])?;
        Ok(repository)
    }

    /// Its name on the servers: the path below their root.
    #[must_use]
    pub fn path(&self) -> String {
        format!("{}.git", self.name)
    }

    /// The folder of the served, bare repository.
    #[must_use]
    pub fn bare(&self) -> &Path {
        &self.bare
    }

    /// The folder in which commits are made.
    #[must_use]
    pub fn work(&self) -> &Path {
        &self.work
    }

    /// Writes a file into the work tree.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn write(&self, path: &str, content: impl AsRef<[u8]>) -> Result<&Self> {
        let file = self.work.join(path);
        fs::create_dir_all(file.parent().context("a file has a folder")?)?;
        fs::write(file, content)?;
        Ok(self)
    }

    /// Removes a file or folder from the work tree.
    ///
    /// # Errors
    /// When it is not there.
    pub fn remove(&self, path: &str) -> Result<&Self> {
        let file = self.work.join(path);
        if file.is_dir() {
            fs::remove_dir_all(file)?;
        } else {
            fs::remove_file(file)?;
        }
        Ok(self)
    }

    /// Commits the whole work tree to its branch and pushes it. Returns the commit.
    ///
    /// # Errors
    /// When git fails.
    pub fn commit(&self, message: &str) -> Result<String> {
        self.git(&["add", "--all"])?;
        self.git(&["commit", "-q", "--allow-empty", "-m", message])?;
        self.push()
    }

    /// Replaces the last commit of the branch by the work tree as it is, and pushes by force. Returns the new commit.
    ///
    /// # Errors
    /// When git fails.
    pub fn amend(&self, message: &str) -> Result<String> {
        self.git(&["add", "--all"])?;
        self.git(&["commit", "-q", "--amend", "-m", message])?;
        self.push()
    }

    /// Tags the current commit and pushes the tag.
    ///
    /// # Errors
    /// When git fails.
    pub fn tag(&self, name: &str) -> Result<()> {
        self.git(&["tag", "-f", "-a", name, "-m", name])?;
        self.push().map(drop)
    }

    /// Runs git in the work tree and returns what it printed.
    ///
    /// # Errors
    /// When git fails.
    pub fn git(&self, arguments: &[&str]) -> Result<String> {
        git(&self.work, arguments)
    }

    fn push(&self) -> Result<String> {
        self.git(&[
            "push",
            "-q",
            "--force",
            "--tags",
            &self.bare.display().to_string(),
            "HEAD",
        ])?;
        Ok(self.git(&["rev-parse", "HEAD"])?.trim().to_owned())
    }
}

fn git(folder: &Path, arguments: &[&str]) -> Result<String> {
    let output = command(folder)
        .args(arguments)
        .output()
        .context("cannot run git")?;
    if !output.status.success() {
        bail!(
            "git {}: {}",
            arguments.join(" "),
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Git, independent of whose machine this is.
fn command(folder: &Path) -> Command {
    let mut command = Command::new("git");
    command
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env_remove("GIT_DIR")
        .env_remove("GIT_WORK_TREE")
        .env_remove("GIT_INDEX_FILE");
    for role in ["AUTHOR", "COMMITTER"] {
        command
            .env(format!("GIT_{role}_NAME"), "Lynceus")
            .env(format!("GIT_{role}_EMAIL"), "lynceus@example.com");
    }
    command
}
