//! Work on many items, on as many threads as the caller has to spare. What comes out is the same for any number of them.

use std::num::NonZeroUsize;
use std::thread;

/// Work on fewer bytes is over before another thread has started.
const WORTHWHILE: usize = 48 << 10;

/// What `work` makes of each item, in their order. `weight` is about how many bytes an item has.
pub fn map<T: Sync, R: Send>(
    workers: NonZeroUsize,
    items: &[T],
    weight: impl Fn(&T) -> usize,
    work: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let total: usize = items.iter().map(&weight).sum();
    let workers = workers.get().min(total / WORTHWHILE + 1);
    if workers == 1 {
        return items.iter().map(work).collect();
    }
    let mut stretches = stretches(items, total.div_ceil(workers), weight).into_iter();
    let own = stretches.next().unwrap_or_default();
    let work = &work;
    let run = move |stretch: &[T]| stretch.iter().map(work).collect::<Vec<R>>();
    thread::scope(|scope| {
        let others: Vec<_> = stretches
            .map(|stretch| {
                let other = thread::Builder::new().spawn_scoped(scope, move || run(stretch));
                (stretch, other)
            })
            .collect();
        let mut made = run(own);
        for (stretch, other) in others {
            match other.map(thread::ScopedJoinHandle::join) {
                Ok(Ok(results)) => made.extend(results),
                Ok(Err(panic)) => std::panic::resume_unwind(panic),
                // No further thread is to be had.
                Err(_) => made.extend(run(stretch)),
            }
        }
        made
    })
}

/// The items cut into stretches of at least so much weight, but for the last one.
fn stretches<T>(mut items: &[T], share: usize, weight: impl Fn(&T) -> usize) -> Vec<&[T]> {
    let mut found = Vec::new();
    while !items.is_empty() {
        let mut sum = 0;
        let end = items
            .iter()
            .position(|item| {
                sum += weight(item);
                sum >= share
            })
            .map_or(items.len(), |last| last + 1);
        let (stretch, rest) = items.split_at(end);
        found.push(stretch);
        items = rest;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workers(count: usize) -> NonZeroUsize {
        NonZeroUsize::new(count).expect("a number")
    }

    #[test]
    fn results_are_in_order_for_any_number_of_workers() {
        let sizes = [0, 1, 7, WORTHWHILE, 3, 5 * WORTHWHILE, 2, WORTHWHILE / 2, 1];
        for length in 0..=sizes.len() {
            let items = &sizes[..length];
            let expected: Vec<usize> = items.iter().map(|size| size + 1).collect();
            for count in 1..6 {
                let found = map(workers(count), items, |size| *size, |size| size + 1);
                assert_eq!(found, expected, "{length} items, {count} workers");
            }
        }
    }

    #[test]
    fn little_is_done_at_once_and_much_by_others() {
        let own = thread::current().id();
        let by_others = |size: usize| {
            let items = vec![size; 10];
            let done = map(workers(2), &items, |size| *size, |_| thread::current().id());
            done.iter().filter(|id| **id != own).count()
        };
        assert_eq!(by_others(WORTHWHILE / 10 - 1), 0);
        assert_eq!(by_others(WORTHWHILE), 5);
    }
}
