//! The writer thread: takes everything that waits, commits it as one batch, answers, and tells the watches.

use std::{
    sync::{Arc, mpsc::SyncSender},
    thread::{Builder, JoinHandle},
};

use tokio::sync::mpsc::Receiver;

use super::{Waiting, recent::Recent};
use crate::{
    error::{Result, StoreError},
    store::Store,
    types::{Txn, TxnOutcome},
};

/// The most transactions, and the most bytes, of one batch: larger ones would only delay the answers of their first.
const BATCH: usize = 256;
const BATCH_BYTES: usize = 8 * 1024 * 1024;

pub(super) fn start(
    store: Arc<dyn Store>,
    recent: Arc<Recent>,
    waiting: Receiver<Waiting>,
    wake_housekeeper: SyncSender<()>,
) -> Result<JoinHandle<()>> {
    Builder::new()
        .name("store-writer".to_owned())
        .spawn(move || run(store.as_ref(), &recent, waiting, &wake_housekeeper))
        .map_err(|e| StoreError::from_io("the store", "starting the writer thread", e))
}

fn run(
    store: &dyn Store,
    recent: &Recent,
    mut waiting: Receiver<Waiting>,
    wake_housekeeper: &SyncSender<()>,
) {
    // Closing also when a backend panics: watches must end rather than wait for a writer that is gone.
    let _closing = Closing(recent);
    while let Some(first) = waiting.blocking_recv() {
        let (txns, answers) = take_batch(first, &mut waiting);
        let results = store.commit(txns);
        let newest = results.iter().filter_map(|result| match result {
            Ok(TxnOutcome::Committed(revision)) => Some(*revision),
            _ => None,
        });
        recent.committing(newest.max().unwrap_or_default());
        for (answer, result) in answers.into_iter().zip(results) {
            // Whoever asked may have gone away; the transaction stands all the same.
            let _gone = answer.send(result);
        }
        recent.advance(store);
        // A full channel means that the housekeeper has been woken and will look.
        let _busy = wake_housekeeper.try_send(());
    }
}

struct Closing<'a>(&'a Recent);

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        self.0.close();
    }
}

type Answer = tokio::sync::oneshot::Sender<Result<TxnOutcome>>;

fn take_batch(first: Waiting, waiting: &mut Receiver<Waiting>) -> (Vec<Txn>, Vec<Answer>) {
    let mut bytes = first.txn.size();
    let mut txns = vec![first.txn];
    let mut answers = vec![first.answer];
    while txns.len() < BATCH && bytes < BATCH_BYTES {
        let Ok(next) = waiting.try_recv() else { break };
        bytes += next.txn.size();
        txns.push(next.txn);
        answers.push(next.answer);
    }
    (txns, answers)
}
