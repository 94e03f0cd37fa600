//! A throw-away but real Kubernetes on loopback: etcd, API server, controller manager, scheduler, and kwok for one node, so
//! that pods become Ready.
//!
//! A control plane is a folder with a `state.json` (what runs, where the kubeconfig is), its certificates, etcd's data and
//! one log a program. One that belongs to a process ([`ControlPlane::start`]) ends with it; a named one
//! ([`ControlPlane::up`]) stays until [`down`]. Ones whose owner was killed are swept away by the next start.

mod programs;
mod start;

use std::{
    env, fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

pub use programs::{Programs, may_need_go};

use crate::{
    cache,
    process::{self, Process},
};

/// Where progress is told: one line a call.
pub type Progress<'a> = &'a mut dyn FnMut(&str);

const STATE: &str = "state.json";

/// What is written down about a running control plane.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct State {
    /// Its name, which is its folder's.
    pub name: String,
    /// The API server's URL.
    pub server: String,
    /// The kubeconfig of its administrator.
    pub kubeconfig: PathBuf,
    /// The version that the API server gives.
    pub version: String,
    /// The process that it ends with; none for one that stays.
    pub owner: Option<u32>,
    /// What runs.
    pub processes: Vec<Running>,
}

/// One program of a control plane.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Running {
    /// The program's name.
    pub name: String,
    /// Its process id.
    pub id: u32,
}

impl State {
    /// Whether every program still runs.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        !self.processes.is_empty()
            && self
                .processes
                .iter()
                .all(|p| process::runs_with(p.id, self.mark()))
    }

    /// What every program of this control plane, and none of another, has in its command line.
    fn mark(&self) -> String {
        mark(&self.name)
    }
}

fn mark(name: &str) -> String {
    format!("tiphys/clusters/{name}/")
}

/// A control plane of this process. Dropping it stops the programs and removes the folder, unless it is one that stays.
pub struct ControlPlane {
    state: State,
    folder: PathBuf,
    processes: Vec<Process>,
    stays: bool,
}

impl ControlPlane {
    /// Starts a control plane that ends with this process.
    ///
    /// # Errors
    /// When the programs are neither given nor can be built, or one of them does not start.
    pub fn start(purpose: &str, progress: Progress<'_>) -> Result<Self> {
        let name = format!("{purpose}-{}", std::process::id());
        start::start(&name, Some(std::process::id()), progress)
    }

    /// Starts the control plane `name`, which stays until [`down`], or finds it running.
    ///
    /// # Errors
    /// As [`ControlPlane::start`], and when `name` is not made of lower-case letters, digits and dashes.
    pub fn up(name: &str, progress: Progress<'_>) -> Result<State> {
        check_name(name)?;
        let lock = lock(name)?;
        if let Some(state) = read(&clusters()?.join(name)) {
            if state.is_alive() {
                progress(&format!("control plane {name} is running already"));
                return Ok(state);
            }
            remove(&state)?;
        }
        let plane = start::start(name, None, progress)?;
        drop(lock);
        Ok(plane.state.clone())
    }

    /// The kubeconfig of its administrator.
    #[must_use]
    pub fn kubeconfig(&self) -> &Path {
        &self.state.kubeconfig
    }

    /// What is written down about it.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }
}

impl Drop for ControlPlane {
    fn drop(&mut self) {
        if self.stays {
            return;
        }
        for process in self.processes.iter_mut().rev() {
            process.kill();
        }
        // What is left is swept away by the next start.
        let _swept_later = fs::remove_dir_all(&self.folder);
    }
}

/// Every control plane that is written down, running or not, by name.
///
/// # Errors
/// When the cache folder cannot be read.
pub fn list() -> Result<Vec<State>> {
    let mut states: Vec<State> = fs::read_dir(clusters()?)?
        .filter_map(|entry| read(&entry.ok()?.path()))
        .collect();
    states.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(states)
}

/// Stops the control plane `name` and removes its folder. False when there is none.
///
/// # Errors
/// When the folder cannot be removed.
pub fn down(name: &str) -> Result<bool> {
    check_name(name)?;
    let _lock = lock(name)?;
    match read(&clusters()?.join(name)) {
        Some(state) => remove(&state).map(|()| true),
        None => Ok(false),
    }
}

/// Stops what was left by processes that were killed before they could.
fn sweep() -> Result<()> {
    for state in list()? {
        if state
            .owner
            .is_some_and(|owner| !Path::new(&format!("/proc/{owner}")).exists())
        {
            remove(&state)?;
        }
    }
    Ok(())
}

fn remove(state: &State) -> Result<()> {
    let mark = state.mark();
    for running in state.processes.iter().rev() {
        process::end(running.id, &mark, Duration::from_secs(2));
    }
    let folder = clusters()?.join(&state.name);
    fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))
}

fn read(folder: &Path) -> Option<State> {
    serde_json::from_slice(&fs::read(folder.join(STATE)).ok()?).ok()
}

fn clusters() -> Result<PathBuf> {
    let folder = cache::folder()?.join("clusters");
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

fn lock(name: &str) -> Result<fs::File> {
    let file = fs::File::create(clusters()?.join(format!("{name}.lock")))?;
    file.lock()?;
    Ok(file)
}

fn check_name(name: &str) -> Result<()> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty() || name.len() > 40 || !name.chars().all(fits) {
        bail!(
            "{name:?} is no name for a control plane: use up to 40 lower-case letters, digits and dashes"
        );
    }
    Ok(())
}

/// A cluster to work with: the one of a kubeconfig given by flag, else a control plane of this process. The ambient
/// kubeconfig is never used: a test must not touch a person's cluster.
pub enum Cluster {
    /// Given by the user; left as it is.
    Given(PathBuf),
    /// Started here; ends with this value.
    Own(ControlPlane),
}

impl Cluster {
    /// Chooses and, if need be, starts.
    ///
    /// # Errors
    /// As [`ControlPlane::start`].
    pub fn resolve(
        kubeconfig: Option<&Path>,
        purpose: &str,
        progress: Progress<'_>,
    ) -> Result<Self> {
        match kubeconfig {
            Some(path) => {
                let path = env::current_dir()?.join(path);
                if !path.is_file() {
                    bail!("there is no kubeconfig at {}", path.display());
                }
                Ok(Self::Given(path))
            }
            None => ControlPlane::start(purpose, progress).map(Self::Own),
        }
    }

    /// The kubeconfig to use.
    #[must_use]
    pub fn kubeconfig(&self) -> &Path {
        match self {
            Self::Given(path) => path,
            Self::Own(plane) => plane.kubeconfig(),
        }
    }
}
