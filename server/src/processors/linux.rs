//! Threads that move by what Linux lets them run on.

use std::num::NonZeroUsize;
use std::sync::OnceLock;
use std::thread::available_parallelism;

use rustix::thread::{sched_getaffinity, sched_getcpu, sched_setaffinity};
use tiphys_render::Processors;

/// The processors, as far as quotas of control groups let them be used.
pub struct Linux(OnceLock<NonZeroUsize>);

impl Linux {
    pub const fn new() -> Self {
        Self(OnceLock::new())
    }
}

impl Processors for Linux {
    fn count(&self) -> NonZeroUsize {
        let count = || available_parallelism().unwrap_or(NonZeroUsize::MIN);
        *self.0.get_or_init(count)
    }

    fn current(&self) -> usize {
        sched_getcpu()
    }

    /// Where that is not allowed, the thread runs on as it would have.
    fn leave(&self, processor: usize) {
        let Ok(allowed) = sched_getaffinity(None) else {
            return;
        };
        let mut others = allowed;
        others.unset(processor);
        if sched_setaffinity(None, &others).is_ok() {
            let _restored = sched_setaffinity(None, &allowed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_leaves_a_processor_and_may_come_back() {
        let linux = Linux::new();
        let allowed = sched_getaffinity(None).expect("processors");
        for processor in (0..allowed.count() as usize).cycle().take(4) {
            linux.leave(processor);
            assert_eq!(sched_getaffinity(None).expect("processors"), allowed);
        }
        assert!(allowed.is_set(linux.current()));
        assert!(linux.count().get() <= allowed.count() as usize);
    }
}
