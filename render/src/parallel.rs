//! Work on many items, on as many threads as the caller has to spare. What comes out is the same for any number of them.

use std::fmt;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

/// Work on fewer bytes is over before another thread has started.
const WORTHWHILE: usize = 48 << 10;
/// Which part of what is left is taken from the end at a time.
const SHARE: usize = 6;

/// The threads that work may take.
#[derive(Clone, Copy)]
pub struct Workers {
    most: NonZeroUsize,
    processors: Option<&'static dyn Processors>,
}

/// The processors that threads run on. Some kernels, of virtual machines above all, leave a new thread on the processor of the one that
/// began it until their next tick, which comes every few milliseconds: most work is over by then.
pub trait Processors: Sync {
    /// How many there are to be had; asked for only when there is work for several.
    fn count(&self) -> NonZeroUsize;

    /// The one that this thread runs on.
    fn current(&self) -> usize;

    /// Moves this thread to any other that it may run on.
    fn leave(&self, processor: usize);
}

impl Workers {
    /// The caller's thread alone.
    pub const ONE: Self = Self {
        most: NonZeroUsize::MIN,
        processors: None,
    };

    /// So many threads, the caller's among them, wherever they run.
    #[must_use]
    pub fn new(most: NonZeroUsize) -> Self {
        Self { most, ..Self::ONE }
    }

    /// A thread for each processor.
    #[must_use]
    pub fn on(processors: &'static dyn Processors) -> Self {
        Self {
            most: NonZeroUsize::MAX,
            processors: Some(processors),
        }
    }

    /// As many as are worth while for so many bytes.
    pub(crate) fn for_bytes(self, bytes: usize) -> Self {
        let wanted = NonZeroUsize::MIN.saturating_add(bytes / WORTHWHILE);
        let most = match self.processors {
            Some(processors) if wanted > NonZeroUsize::MIN => self.most.min(processors.count()),
            _ => self.most,
        };
        Self {
            most: most.min(wanted),
            ..self
        }
    }

    /// Whether there is a thread beside the caller's.
    pub(crate) fn are_several(self) -> bool {
        self.most > NonZeroUsize::MIN
    }
}

impl fmt::Debug for Workers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at most {} workers", self.most)
    }
}

/// What `work` makes of each item, in their order.
pub fn map<T: Sync, R: Send>(
    workers: Workers,
    items: &[T],
    work: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    if !workers.are_several() {
        return items.iter().map(work).collect();
    }
    // Whoever is free takes the next one: a thread that starts late has less to do.
    let next = AtomicUsize::new(0);
    let take = || {
        let mut made = Vec::with_capacity(items.len() / workers.most);
        loop {
            let at = next.fetch_add(1, Relaxed);
            let Some(item) = items.get(at) else {
                return made;
            };
            made.push((at, work(item)));
        }
    };
    let (mut made, others) = beside(workers, take, take);
    made.extend(others.into_iter().flatten());
    made.sort_unstable_by_key(|(at, _)| *at);
    made.into_iter().map(|(_, result)| result).collect()
}

/// What `own` does on this thread, and `other` on as many more as there are to be had meanwhile.
pub fn beside<A, R: Send>(
    workers: Workers,
    own: impl FnOnce() -> A,
    other: impl Fn() -> R + Sync,
) -> (A, Vec<R>) {
    let processors = workers.processors.map(|all| (all, all.current()));
    let others = Mutex::new(Vec::new());
    let other = &|| {
        if let Some((all, parent)) = processors
            && all.current() == parent
        {
            all.leave(parent);
        }
        let made = other();
        locked(&others).push(made);
    };
    // What they made is taken without waiting for the threads to be taken apart.
    let own = thread::scope(|scope| {
        let spawn = |_: &usize| thread::Builder::new().spawn_scoped(scope, other).is_ok();
        let begun = (1..workers.most.get()).take_while(spawn).count();
        if processors.is_some() && begun > 0 {
            // Whoever is still on this processor comes to run, and leaves it.
            thread::yield_now();
        }
        own()
    });
    let others = others.into_inner();
    (own, others.unwrap_or_else(PoisonError::into_inner))
}

fn locked<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Places that are taken from both ends, each once.
pub struct Ends(Mutex<Range<usize>>);

impl Ends {
    /// All of them.
    pub fn new(count: usize) -> Self {
        Self(Mutex::new(0..count))
    }

    /// The first that is left.
    pub fn first(&self) -> Option<usize> {
        self.left().next()
    }

    /// Some of the last that are left: fewer, the fewer there are.
    pub fn last(&self) -> Range<usize> {
        let mut left = self.left();
        let taken = left.end - left.len().div_ceil(SHARE)..left.end;
        left.end = taken.start;
        taken
    }

    /// Leaves none.
    pub fn close(&self) {
        let mut left = self.left();
        left.end = left.start;
    }

    fn left(&self) -> MutexGuard<'_, Range<usize>> {
        locked(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workers(count: usize) -> Workers {
        Workers::new(NonZeroUsize::new(count).expect("a number"))
    }

    #[test]
    fn results_are_in_order_for_any_number_of_workers() {
        let sizes = [0, 1, 7, WORTHWHILE, 3, 5 * WORTHWHILE, 2, WORTHWHILE / 2, 1];
        for length in 0..=sizes.len() {
            let items = &sizes[..length];
            let expected: Vec<usize> = items.iter().map(|size| size + 1).collect();
            for count in 1..6 {
                let workers = workers(count).for_bytes(items.iter().sum());
                let found = map(workers, items, |size| size + 1);
                assert_eq!(found, expected, "{length} items, {count} workers");
            }
        }
    }

    #[test]
    fn little_is_done_at_once_and_much_by_others() {
        let for_bytes = |bytes| workers(4).for_bytes(bytes).most.get();
        assert_eq!(for_bytes(WORTHWHILE - 1), 1);
        assert_eq!(for_bytes(WORTHWHILE * 2), 3);
        assert_eq!(for_bytes(WORTHWHILE * 9), 4);
        // Both have to be there before either goes on.
        let both = std::sync::Barrier::new(2);
        let id = || {
            both.wait();
            thread::current().id()
        };
        let (own, others) = beside(workers(2), id, id);
        assert!(own == thread::current().id() && others.len() == 1 && others[0] != own);
    }

    /// Three processors, of which all threads run on the same one. Counts how often they are counted, and left.
    #[derive(Default)]
    struct Crowded {
        counted: AtomicUsize,
        left: AtomicUsize,
    }

    impl Processors for Crowded {
        fn count(&self) -> NonZeroUsize {
            self.counted.fetch_add(1, Relaxed);
            NonZeroUsize::MIN.saturating_add(2)
        }
        fn current(&self) -> usize {
            7
        }
        fn leave(&self, processor: usize) {
            self.left.fetch_add(processor, Relaxed);
        }
    }

    #[test]
    fn a_thread_that_begins_where_its_parent_runs_leaves() {
        let crowded: &'static Crowded = Box::leak(Box::default());
        let workers = Workers::on(crowded).for_bytes(9 * WORTHWHILE);
        beside(workers, || (), || ());
        assert_eq!(crowded.left.load(Relaxed), 2 * 7);
    }

    #[test]
    fn processors_are_counted_only_when_there_is_work_for_several() {
        let crowded: &'static Crowded = Box::leak(Box::default());
        assert!(!Workers::on(crowded).for_bytes(WORTHWHILE - 1).are_several());
        assert_eq!(crowded.counted.load(Relaxed), 0);
        assert_eq!(Workers::on(crowded).for_bytes(WORTHWHILE).most.get(), 2);
        assert_eq!(Workers::on(crowded).for_bytes(9 * WORTHWHILE).most.get(), 3);
        assert_eq!(crowded.counted.load(Relaxed), 2);
    }

    #[test]
    fn every_place_is_taken_once() {
        let ends = Ends::new(100);
        let (front, back) = beside(
            workers(3),
            || std::iter::from_fn(|| ends.first()).collect::<Vec<_>>(),
            || {
                let last = || Some(ends.last()).filter(|taken| !taken.is_empty());
                std::iter::from_fn(last).flatten().collect::<Vec<_>>()
            },
        );
        let mut all: Vec<usize> = front
            .into_iter()
            .chain(back.into_iter().flatten())
            .collect();
        all.sort_unstable();
        assert!(all.into_iter().eq(0..100));
        let ends = Ends::new(3);
        assert_eq!(ends.first(), Some(0));
        ends.close();
        assert_eq!(ends.first(), None);
        assert!(ends.last().is_empty());
    }
}
