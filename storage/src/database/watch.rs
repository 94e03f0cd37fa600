//! A watch: the changes under a prefix after a revision, first from history and then as they come.

use std::sync::Arc;

use bytes::Bytes;

use super::recent::{Announced, Recent};
use crate::{
    error::{Result, StoreError},
    store::Store,
    types::{Change, Revision},
};

/// How many changes a watch reads from the store at a time when it replays history.
const PAGE: usize = 1024;

/// Follows the changes under one prefix. Made by [`Database::watch`](super::Database::watch).
pub struct Watch {
    store: Arc<dyn Store>,
    recent: Arc<Recent>,
    announced: tokio::sync::watch::Receiver<Announced>,
    prefix: Bytes,
    /// Everything up to here has been told.
    told: Revision,
}

impl std::fmt::Debug for Watch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watch")
            .field("prefix", &self.prefix)
            .field("told", &self.told)
            .finish_non_exhaustive()
    }
}

impl Watch {
    pub(super) fn new(
        store: Arc<dyn Store>,
        recent: Arc<Recent>,
        prefix: Bytes,
        after: Revision,
    ) -> Self {
        Watch {
            store,
            announced: recent.subscribe(),
            recent,
            prefix,
            told: after,
        }
    }

    /// The next changes under the prefix, at least one, whole revisions in order. Waits until there are any. Dropping the
    /// future loses nothing.
    ///
    /// # Errors
    /// `Compacted` when history that has not been told is gone: read the state again and watch from its revision.
    /// `Closed` when the database is closed and everything committed has been told.
    pub async fn next(&mut self) -> Result<Vec<Change>> {
        loop {
            let now = *self.announced.borrow_and_update();
            if now.revision > self.told {
                let (changes, through) = self.read().await?;
                self.told = through;
                if !changes.is_empty() {
                    return Ok(changes);
                }
                continue;
            }
            if now.closed || self.announced.changed().await.is_err() {
                return Err(StoreError::Closed);
            }
        }
    }

    /// Everything up to this revision has been told by [`next`](Watch::next) or lies outside the prefix.
    pub fn revision(&self) -> Revision {
        self.told
    }

    async fn read(&self) -> Result<(Vec<Change>, Revision)> {
        if let Some(found) = self.recent.after(self.told, &self.prefix) {
            return Ok(found);
        }
        let store = self.store.clone();
        let told = self.told;
        let mut page = tokio::task::spawn_blocking(move || store.changes(told, PAGE))
            .await
            .map_err(|_| StoreError::Closed)??;
        page.changes
            .retain(|change| change.key.starts_with(&self.prefix));
        Ok((page.changes, page.through))
    }
}
