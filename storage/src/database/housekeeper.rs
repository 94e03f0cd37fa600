//! The housekeeper thread: maintenance of the backend and compaction of old history, off the path of commits.

use std::{
    sync::{Arc, mpsc::Receiver},
    thread::{Builder, JoinHandle},
};

use crate::{
    error::{Result, StoreError},
    store::Store,
    types::Revision,
};

/// `retain` is how many revisions stay readable; 0 keeps all.
pub(super) fn start(
    store: Arc<dyn Store>,
    retain: Revision,
    woken: Receiver<()>,
) -> Result<JoinHandle<()>> {
    Builder::new()
        .name("store-housekeeper".to_owned())
        .spawn(move || {
            while woken.recv().is_ok() {
                if let Err(error) = keep_house(store.as_ref(), retain) {
                    tracing::warn!(%error, "the store's housekeeping failed; it is tried again after the next commit");
                }
            }
        })
        .map_err(|e| StoreError::from_io("the store", "starting the housekeeper thread", e))
}

fn keep_house(store: &dyn Store, retain: Revision) -> Result<()> {
    store.maintain()?;
    if retain == 0 {
        return Ok(());
    }
    // Compaction waits until a tenth of the allowance has gathered, so that it is one piece of work and not one a commit.
    let keep_from = store.revision()?.saturating_sub(retain);
    if keep_from > store.compacted()? + retain / 10 {
        store.compact(keep_from)?;
    }
    Ok(())
}
