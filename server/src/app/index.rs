//! The applications in memory, in name order, each with its JSON: lists are answered from here.
//!
//! The index follows the store's feed. A reader waits until the index has reached the store's revision, and so sees its own writes.

use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};

use serde_json::value::RawValue;
use tiphys_model::Application;
use tiphys_storage::{Collection, Database, Revision, StoreError};
use tokio::sync::watch;

/// An application, and its JSON as it is sent.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) application: Application,
    pub(super) json: Box<RawValue>,
}

/// All applications, by `NAMESPACE/NAME`.
pub(super) type Entries = BTreeMap<String, Arc<Entry>>;

pub(super) struct Index {
    database: Database,
    entries: Arc<RwLock<Arc<Entries>>>,
    reached: watch::Receiver<Option<Revision>>,
    follower: tokio::task::JoinHandle<()>,
}

impl Drop for Index {
    fn drop(&mut self) {
        self.follower.abort();
    }
}

/// The application as it is sent: with the revision of its last write.
pub(super) fn with_revision(mut application: Application, revision: Revision) -> Application {
    application.metadata.resource_version = revision.to_string();
    application
}

impl Index {
    pub(super) fn start(database: &Database, applications: &Collection<Application>) -> Self {
        let entries = Arc::new(RwLock::new(Arc::new(Entries::new())));
        let (announce, reached) = watch::channel(None);
        let follower = tokio::spawn(follow(applications.clone(), Arc::clone(&entries), announce));
        Self {
            database: database.clone(),
            entries,
            reached,
            follower,
        }
    }

    /// Whether everything that was stored at the start has been read.
    pub(super) fn is_ready(&self) -> bool {
        self.reached.borrow().is_some()
    }

    /// Everything, at least as new as the store when the call was made, and the revision that it was read at.
    pub(super) async fn current(&self) -> (Revision, Arc<Entries>) {
        let wanted = self.database.revision();
        let mut reached = self.reached.clone();
        // An error means that the follower ended with the store; what is there is the last that was known.
        let _ended = reached
            .wait_for(|reached| reached.is_some_and(|reached| reached >= wanted))
            .await
            .is_err();
        let entries = match self.entries.read() {
            Ok(entries) => Arc::clone(&entries),
            Err(poisoned) => Arc::clone(&poisoned.into_inner()),
        };
        (wanted, entries)
    }
}

async fn follow(
    applications: Collection<Application>,
    shared: Arc<RwLock<Arc<Entries>>>,
    announce: watch::Sender<Option<Revision>>,
) {
    loop {
        match follow_once(&applications, &shared, &announce).await {
            Err(StoreError::Closed) => return,
            Err(StoreError::Compacted { .. }) => {}
            Err(error) => {
                tracing::error!(%error, "the index of applications lost the feed; it reads everything again");
                tokio::time::sleep(std::time::Duration::from_secs(1)).await;
            }
            Ok(()) => return,
        }
    }
}

async fn follow_once(
    applications: &Collection<Application>,
    shared: &RwLock<Arc<Entries>>,
    announce: &watch::Sender<Option<Revision>>,
) -> Result<(), StoreError> {
    let listing = applications.list().await?;
    let mut entries = Entries::new();
    for stored in listing.items {
        if let Some(id) = applications.id(&stored.key) {
            entries.insert(
                id.to_owned(),
                entry(with_revision(stored.value, stored.mod_revision)),
            );
        }
    }
    publish(shared, entries.clone());
    announce.send_replace(Some(listing.revision));
    // The whole feed, so that a revision that changed something else is reached, too.
    let mut feed = applications.database().watch("", listing.revision);
    loop {
        let changes = feed.next().await?;
        let mut touched = false;
        for change in &changes {
            if !change.key.starts_with(applications.prefix()) {
                continue;
            }
            let Some(id) = applications.id(&change.key) else {
                continue;
            };
            touched = true;
            match &change.current {
                Some(current) => {
                    let stored = Collection::<Application>::decode(current)?;
                    entries.insert(
                        id.to_owned(),
                        entry(with_revision(stored.value, stored.mod_revision)),
                    );
                }
                None => {
                    entries.remove(id);
                }
            }
        }
        if touched {
            publish(shared, entries.clone());
        }
        if let Some(last) = changes.last() {
            announce.send_replace(Some(last.revision));
        }
    }
}

fn entry(application: Application) -> Arc<Entry> {
    let json = serde_json::value::to_raw_value(&application).unwrap_or_else(|error| {
        // A type that came from JSON can be written as JSON; the log tells if that ever changes.
        tracing::error!(%error, name = application.metadata.name, "an application has no JSON");
        RawValue::NULL.to_owned()
    });
    Arc::new(Entry { application, json })
}

fn publish(shared: &RwLock<Arc<Entries>>, entries: Entries) {
    let entries = Arc::new(entries);
    match shared.write() {
        Ok(mut slot) => *slot = entries,
        Err(poisoned) => *poisoned.into_inner() = entries,
    }
}
