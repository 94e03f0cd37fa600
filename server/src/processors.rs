//! The processors of this machine, for threads that render.

#[cfg(target_os = "linux")]
mod linux;

use tiphys_render::Workers;

/// A thread for each processor that this process may use.
#[cfg(target_os = "linux")]
pub fn workers() -> Workers {
    static LINUX: linux::Linux = linux::Linux::new();
    Workers::on(&LINUX)
}

/// A thread for each processor that this process may use.
#[cfg(not(target_os = "linux"))]
pub fn workers() -> Workers {
    let count = std::thread::available_parallelism();
    Workers::new(count.unwrap_or(std::num::NonZeroUsize::MIN))
}
