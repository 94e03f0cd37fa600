//! The work queue: which applications need a pass, each at most once.
//!
//! A key that is added while it waits is not added twice; a key that is added while a worker holds it is handed out
//! again when that worker is done. Keys are taken in turn from *lanes* (a cluster and project), so that ten thousand
//! applications of one project cannot keep another project's single application waiting. A key can be added with a
//! delay; the earliest due time wins.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::time::Instant;

/// A deduplicating queue of keys `K`, fair across lanes. Cheap to clone; all clones are one queue.
#[derive(Debug)]
pub struct WorkQueue<K> {
    shared: Arc<Shared<K>>,
}

impl<K> Clone for WorkQueue<K> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
        }
    }
}

#[derive(Debug)]
struct Shared<K> {
    state: Mutex<State<K>>,
    wake: Notify,
}

#[derive(Debug)]
struct State<K> {
    /// Lanes with waiting keys, in the order in which they are served.
    turns: VecDeque<String>,
    lanes: HashMap<String, VecDeque<K>>,
    /// Every key that waits in a lane.
    waiting: HashSet<K>,
    /// Keys that a worker holds; `Some(lane)` when the key was added again meanwhile.
    held: HashMap<K, Option<String>>,
    /// Keys with a due time, and the reverse index.
    delayed: BTreeMap<(Instant, u64), (K, String)>,
    due: HashMap<K, (Instant, u64)>,
    sequence: u64,
}

impl<K> Default for State<K> {
    fn default() -> Self {
        Self {
            turns: VecDeque::new(),
            lanes: HashMap::new(),
            waiting: HashSet::new(),
            held: HashMap::new(),
            delayed: BTreeMap::new(),
            due: HashMap::new(),
            sequence: 0,
        }
    }
}

impl<K: Clone + Eq + Hash> State<K> {
    fn add(&mut self, key: K, lane: &str) -> bool {
        if let Some(again) = self.held.get_mut(&key) {
            *again = Some(lane.to_owned());
            return false;
        }
        if !self.waiting.insert(key.clone()) {
            return false;
        }
        let queue = self.lanes.entry(lane.to_owned()).or_default();
        if queue.is_empty() {
            self.turns.push_back(lane.to_owned());
        }
        queue.push_back(key);
        true
    }

    /// Moves every key whose time has come into its lane; answers when the next one is due.
    fn promote(&mut self, now: Instant) -> Option<Instant> {
        while let Some((&(at, sequence), _)) = self.delayed.first_key_value() {
            if at > now {
                return Some(at);
            }
            if let Some((key, lane)) = self.delayed.remove(&(at, sequence)) {
                self.due.remove(&key);
                self.add(key, &lane);
            }
        }
        None
    }

    fn take(&mut self) -> Option<K> {
        let lane = self.turns.pop_front()?;
        let queue = self.lanes.get_mut(&lane)?;
        let key = queue.pop_front()?;
        if queue.is_empty() {
            self.lanes.remove(&lane);
        } else {
            self.turns.push_back(lane);
        }
        self.waiting.remove(&key);
        self.held.insert(key.clone(), None);
        Some(key)
    }
}

impl<K: Clone + Eq + Hash> Default for WorkQueue<K> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: Clone + Eq + Hash> WorkQueue<K> {
    /// An empty queue.
    #[must_use]
    pub fn new() -> Self {
        Self {
            shared: Arc::new(Shared {
                state: Mutex::new(State::default()),
                wake: Notify::new(),
            }),
        }
    }

    fn state(&self) -> MutexGuard<'_, State<K>> {
        // Every critical section leaves the state whole, so a panic elsewhere cannot have broken it.
        self.shared
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks for a pass over `key` as soon as a worker is free.
    pub fn add(&self, key: K, lane: &str) {
        if self.state().add(key, lane) {
            self.shared.wake.notify_one();
        }
    }

    /// Asks for a pass over `key` at `at`. An earlier request for the same key is kept, a later one is replaced.
    pub fn add_at(&self, key: K, lane: &str, at: Instant) {
        let mut state = self.state();
        if let Some(&existing) = state.due.get(&key) {
            if existing.0 <= at {
                return;
            }
            state.delayed.remove(&existing);
        }
        state.sequence += 1;
        let slot = (at, state.sequence);
        state.due.insert(key.clone(), slot);
        state.delayed.insert(slot, (key, lane.to_owned()));
        drop(state);
        self.shared.wake.notify_one();
    }

    /// Waits for the next key. The caller holds it until [`WorkQueue::done`].
    pub async fn next(&self) -> K {
        loop {
            let woken = self.shared.wake.notified();
            let next_due = {
                let mut state = self.state();
                let next_due = state.promote(Instant::now());
                if let Some(key) = state.take() {
                    let more = !state.turns.is_empty();
                    drop(state);
                    if more {
                        self.shared.wake.notify_one();
                    }
                    return key;
                }
                next_due
            };
            match next_due {
                Some(at) => tokio::select! {
                    () = woken => {}
                    () = tokio::time::sleep_until(at) => {}
                },
                None => woken.await,
            }
        }
    }

    /// Gives a key back after its pass; it is queued again when it was added meanwhile.
    pub fn done(&self, key: &K) {
        let mut state = self.state();
        if let Some(Some(lane)) = state.held.remove(key)
            && state.add(key.clone(), &lane)
        {
            drop(state);
            self.shared.wake.notify_one();
        }
    }

    /// How many keys wait, without those that are delayed or held.
    #[must_use]
    #[cfg(test)]
    pub fn waiting(&self) -> usize {
        self.state().waiting.len()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    async fn drain(queue: &WorkQueue<&'static str>, count: usize) -> Vec<&'static str> {
        let mut taken = Vec::new();
        for _ in 0..count {
            let key = queue.next().await;
            queue.done(&key);
            taken.push(key);
        }
        taken
    }

    #[tokio::test]
    async fn a_key_waits_once() {
        let queue = WorkQueue::new();
        queue.add("a", "lane");
        queue.add("a", "lane");
        assert_eq!(queue.waiting(), 1);
        assert_eq!(drain(&queue, 1).await, ["a"]);
        assert_eq!(queue.waiting(), 0);
    }

    #[tokio::test]
    async fn a_key_added_while_held_comes_again_after_done() {
        let queue = WorkQueue::new();
        queue.add("a", "lane");
        let key = queue.next().await;
        queue.add("a", "lane");
        queue.add("a", "lane");
        assert_eq!(
            queue.waiting(),
            0,
            "one worker at a time works on an application"
        );
        queue.done(&key);
        assert_eq!(drain(&queue, 1).await, ["a"]);
        assert_eq!(queue.waiting(), 0);
    }

    #[tokio::test]
    async fn lanes_take_turns() {
        let queue = WorkQueue::new();
        for key in ["a1", "a2", "a3"] {
            queue.add(key, "a");
        }
        queue.add("b1", "b");
        assert_eq!(drain(&queue, 4).await, ["a1", "b1", "a2", "a3"]);
    }

    #[tokio::test(start_paused = true)]
    async fn the_earliest_due_time_wins() {
        let queue = WorkQueue::new();
        let start = Instant::now();
        queue.add_at("a", "lane", start + Duration::from_secs(60));
        queue.add_at("a", "lane", start + Duration::from_secs(5));
        queue.add_at("a", "lane", start + Duration::from_secs(30));
        assert_eq!(drain(&queue, 1).await, ["a"]);
        assert_eq!(start.elapsed().as_secs(), 5);
        let second = tokio::time::timeout(Duration::from_secs(300), queue.next()).await;
        assert!(second.is_err(), "the later requests were replaced");
    }

    #[tokio::test]
    async fn every_waiting_worker_gets_work() {
        let queue = WorkQueue::new();
        let workers: Vec<_> = (0..4)
            .map(|_| {
                let queue = queue.clone();
                tokio::spawn(async move { queue.next().await })
            })
            .collect();
        tokio::task::yield_now().await;
        for key in ["a", "b", "c", "d"] {
            queue.add(key, "lane");
        }
        let mut taken = Vec::new();
        for worker in workers {
            taken.push(worker.await.expect("a worker does not panic"));
        }
        taken.sort_unstable();
        assert_eq!(taken, ["a", "b", "c", "d"]);
    }
}
