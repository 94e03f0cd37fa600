//! The newest changes in memory, shared by all watches, and the announcement of the newest revision.

use std::sync::atomic::{AtomicU64, Ordering};
use std::{
    collections::VecDeque,
    sync::{PoisonError, RwLock},
};

use bytes::Bytes;
use tokio::sync::watch;

use crate::{
    error::{Result, StoreError},
    store::Store,
    types::{Change, Revision},
};

/// How many changes are read from the store at a time.
const PAGE: usize = 1024;

pub(super) struct Recent {
    limit_bytes: usize,
    window: RwLock<Window>,
    announced: watch::Sender<Announced>,
    /// The newest revision that somebody may have been told is committed. It is ahead of what is announced for a moment.
    committed: AtomicU64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Announced {
    pub revision: Revision,
    pub closed: bool,
}

/// Every change with `after < revision <= through`, oldest first.
struct Window {
    after: Revision,
    through: Revision,
    bytes: usize,
    changes: VecDeque<Change>,
}

impl Recent {
    pub(super) fn new(revision: Revision, limit_bytes: usize) -> Self {
        Recent {
            limit_bytes,
            window: RwLock::new(Window {
                after: revision,
                through: revision,
                bytes: 0,
                changes: VecDeque::new(),
            }),
            announced: watch::Sender::new(Announced {
                revision,
                closed: false,
            }),
            committed: AtomicU64::new(revision),
        }
    }

    /// The newest revision that anybody knows to be committed.
    pub(super) fn revision(&self) -> Revision {
        let committed = self.committed.load(Ordering::Acquire);
        committed.max(self.announced.borrow().revision)
    }

    /// Notes what is about to be acknowledged: whoever hears of it and asks for the revision must not get an older one. Only the
    /// writer calls this.
    pub(super) fn committing(&self, revision: Revision) {
        self.committed.fetch_max(revision, Ordering::Release);
    }

    pub(super) fn subscribe(&self) -> watch::Receiver<Announced> {
        self.announced.subscribe()
    }

    pub(super) fn close(&self) {
        self.announced.send_modify(|now| now.closed = true);
    }

    pub(super) async fn wait_for(&self, revision: Revision) -> Result<()> {
        let mut announced = self.subscribe();
        let now = announced
            .wait_for(|now| now.closed || now.revision >= revision)
            .await
            .map_err(|_| StoreError::Closed)?;
        if now.revision >= revision {
            Ok(())
        } else {
            Err(StoreError::Closed)
        }
    }

    /// Takes over what was committed since the last call, and announces it. Only the writer calls this.
    pub(super) fn advance(&self, store: &dyn Store) {
        let mut through = self.read().through;
        loop {
            match store.changes(through, PAGE) {
                Ok(page) => {
                    let last = page.through == page.current;
                    through = page.through;
                    self.write()
                        .push(page.changes, page.through, self.limit_bytes);
                    if last {
                        break;
                    }
                }
                Err(error) => {
                    // Watches then read the store themselves, and get its error themselves.
                    tracing::warn!(%error, "the changes just committed could not be read back");
                    through = store.revision().unwrap_or(through);
                    self.write().restart(through);
                    break;
                }
            }
        }
        self.announced.send_if_modified(|now| {
            let newer = now.revision < through;
            now.revision = through;
            newer
        });
    }

    /// The changes after a revision under a prefix and the revision they reach, if they are all still in memory.
    pub(super) fn after(&self, after: Revision, prefix: &Bytes) -> Option<(Vec<Change>, Revision)> {
        let window = self.read();
        if after < window.after || after > window.through {
            return None;
        }
        let first = window
            .changes
            .partition_point(|change| change.revision <= after);
        let changes = window
            .changes
            .range(first..)
            .filter(|change| change.key.starts_with(prefix))
            .cloned()
            .collect();
        Some((changes, window.through))
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Window> {
        self.window.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, Window> {
        self.window.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Window {
    fn push(&mut self, changes: Vec<Change>, through: Revision, limit_bytes: usize) {
        self.bytes += changes.iter().map(size).sum::<usize>();
        self.changes.extend(changes);
        self.through = through;
        while self.bytes > limit_bytes {
            let Some(oldest) = self.changes.pop_front() else {
                break;
            };
            self.bytes -= size(&oldest);
            self.after = oldest.revision;
        }
        // Whole revisions only: the rest of a revision whose beginning was dropped goes too.
        while let Some(rest) = self
            .changes
            .pop_front_if(|change| change.revision <= self.after)
        {
            self.bytes -= size(&rest);
        }
    }

    fn restart(&mut self, revision: Revision) {
        self.changes.clear();
        self.bytes = 0;
        self.after = revision;
        self.through = revision;
    }
}

fn size(change: &Change) -> usize {
    let value = change.current.as_ref().map_or(0, |kv| kv.value.len());
    size_of::<Change>() + change.key.len() + value
}
