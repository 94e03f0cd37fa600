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
    let run = |stretch: &[T]| stretch.iter().map(&work).collect::<Vec<R>>();
    let stretches = shares(workers, items, weight);
    let (mut made, others) = beside(&stretches, run, run);
    for (stretch, other) in stretches.iter().skip(1).zip(others) {
        made.extend(other.unwrap_or_else(|| run(stretch)));
    }
    made
}

/// The items cut into one stretch for each worker, or into fewer where that is not worth while; at least one.
pub fn shares<T>(workers: NonZeroUsize, items: &[T], weight: impl Fn(&T) -> usize) -> Vec<&[T]> {
    let total: usize = items.iter().map(&weight).sum();
    let workers = workers.get().min(total / WORTHWHILE + 1);
    if workers == 1 {
        return vec![items];
    }
    let mut found = stretches(items, total.div_ceil(workers), weight);
    if found.is_empty() {
        found.push(items);
    }
    found
}

/// What `own` makes of the first stretch on this thread, and `other` of each of the others, each on a thread of its own meanwhile; none for one
/// for which no further thread is to be had.
pub fn beside<T: Sync, A, R: Send>(
    stretches: &[&[T]],
    own: impl FnOnce(&[T]) -> A,
    other: impl Fn(&[T]) -> R + Sync,
) -> (A, Vec<Option<R>>) {
    let (first, rest) = stretches
        .split_first()
        .map_or((&[][..], &[][..]), |(first, rest)| (*first, rest));
    if rest.is_empty() {
        return (own(first), Vec::new());
    }
    let other = &other;
    thread::scope(|scope| {
        let others: Vec<_> = rest
            .iter()
            .map(|stretch| thread::Builder::new().spawn_scoped(scope, move || other(stretch)))
            .collect();
        let made = own(first);
        let others = others
            .into_iter()
            .map(|thread| match thread.ok()?.join() {
                Ok(made) => Some(made),
                Err(panic) => std::panic::resume_unwind(panic),
            })
            .collect();
        (made, others)
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
