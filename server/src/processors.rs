//! The processors of this machine, for threads that render.

#[cfg(target_os = "linux")]
mod linux;

use std::num::NonZeroUsize;
use std::thread::available_parallelism;

use tiphys_render::{Processors, Workers};

/// A thread for each processor that this process may use.
pub fn workers() -> Workers {
    Workers {
        processors: processors(),
        ..Workers::new(available_parallelism().unwrap_or(NonZeroUsize::MIN))
    }
}

#[cfg(target_os = "linux")]
fn processors() -> Option<&'static dyn Processors> {
    Some(&linux::Affinity)
}

#[cfg(not(target_os = "linux"))]
fn processors() -> Option<&'static dyn Processors> {
    None
}
