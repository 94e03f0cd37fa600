//! `cargo xtask cluster up|down|status`: a throw-away but real Kubernetes on loopback.
//!
//! Progress goes to standard error; the only standard output of `up` is `KUBECONFIG=<path>`, so that
//! `export "$(cargo xtask cluster up)"` works.

use anyhow::Result;
use clap::Subcommand;
use tiphys_testbed::control_plane::{self, ControlPlane};

const NAME: &str = "default";

#[derive(Subcommand)]
pub enum Command {
    /// Start a control plane that stays, or find it running; prints KUBECONFIG=<path>
    Up {
        /// Which one; several run side by side
        #[arg(long, default_value = NAME)]
        name: String,
    },
    /// Stop a control plane and remove what it kept
    Down {
        /// Which one
        #[arg(long, default_value = NAME, conflicts_with = "all")]
        name: String,
        /// Every one, those of running tests and demos included
        #[arg(long)]
        all: bool,
    },
    /// Show the control planes that exist
    Status,
}

pub fn run(command: &Command) -> Result<()> {
    match command {
        Command::Up { name } => {
            let state = ControlPlane::up(name, &mut tell)?;
            println!("KUBECONFIG={}", state.kubeconfig.display());
        }
        Command::Down { name, all: false } => stop(name)?,
        Command::Down { all: true, .. } => {
            for state in control_plane::list()? {
                stop(&state.name)?;
            }
        }
        Command::Status => status()?,
    }
    Ok(())
}

/// Tells progress on standard error.
pub fn tell(line: &str) {
    eprintln!("{line}");
}

fn stop(name: &str) -> Result<()> {
    if control_plane::down(name)? {
        eprintln!("control plane {name} stopped");
    } else {
        eprintln!("there is no control plane {name}");
    }
    Ok(())
}

fn status() -> Result<()> {
    let states = control_plane::list()?;
    if states.is_empty() {
        eprintln!("no control plane; start one with `cargo xtask cluster up`");
    }
    for state in states {
        let health = if state.is_alive() {
            "running"
        } else {
            "not running"
        };
        let keeper = match state.owner {
            Some(owner) => format!("ends with process {owner}"),
            None => "stays until `cluster down`".to_owned(),
        };
        println!(
            "{}\t{health}\t{}\t{}\t{keeper}\tKUBECONFIG={}",
            state.name,
            state.version,
            state.server,
            state.kubeconfig.display()
        );
    }
    Ok(())
}
