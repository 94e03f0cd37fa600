//! The applications in memory, in name order, each with its JSON: lists are answered from here.
//!
//! The index follows the store's feed. A reader waits until the index has reached the store's revision, and so sees its own writes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use serde_json::value::RawValue;
use tiphys_model::Application;
use tiphys_storage::{Collection, Database, Revision, StoreError};
use tokio::sync::watch;

/// An application, and its JSON as it is sent.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) application: Application,
    pub(super) json: Arc<RawValue>,
}

/// All applications, by `NAMESPACE/NAME`.
pub(super) type Entries = BTreeMap<String, Arc<Entry>>;

pub(super) struct Index {
    database: Database,
    entries: Arc<RwLock<Arc<Entries>>>,
    /// The last whole list, and its revision.
    whole: Mutex<Option<(Revision, Arc<RawValue>)>>,
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
            whole: Mutex::new(None),
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
        let entries = Arc::clone(&self.entries.read().unwrap_or_else(PoisonError::into_inner));
        (wanted, entries)
    }

    /// The whole list as it is sent. It is written once for every revision of the store.
    pub(super) async fn whole(&self) -> Result<Arc<RawValue>, serde_json::Error> {
        let (revision, entries) = self.current().await;
        let mut whole = self.whole.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, list)) = whole.as_ref()
            && *at == revision
        {
            return Ok(Arc::clone(list));
        }
        let list: Arc<RawValue> = list(revision, entries.values())?.into();
        *whole = Some((revision, Arc::clone(&list)));
        Ok(list)
    }
}

/// A list of applications; their JSON is copied as it is.
pub(super) fn list<'a>(
    revision: Revision,
    entries: impl Iterator<Item = &'a Arc<Entry>>,
) -> Result<Box<RawValue>, serde_json::Error> {
    #[derive(serde::Serialize)]
    struct Metadata {
        #[serde(rename = "resourceVersion")]
        resource_version: String,
    }
    #[derive(serde::Serialize)]
    struct List<'a> {
        metadata: Metadata,
        items: Vec<&'a RawValue>,
    }
    serde_json::value::to_raw_value(&List {
        metadata: Metadata {
            resource_version: revision.to_string(),
        },
        items: entries.map(|entry| entry.json.as_ref()).collect(),
    })
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
    *shared.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(entries);
    announce.send_replace(Some(listing.revision));
    // The whole feed, so that a revision that changed something else is reached, too.
    let mut feed = applications.database().watch("", listing.revision);
    loop {
        let changes = feed.next().await?;
        let mut news = Vec::new();
        for change in &changes {
            if !change.key.starts_with(applications.prefix()) {
                continue;
            }
            let Some(id) = applications.id(&change.key) else {
                continue;
            };
            let current = change.current.as_ref();
            let stored = current.map(Collection::<Application>::decode).transpose()?;
            let entry =
                stored.map(|stored| entry(with_revision(stored.value, stored.mod_revision)));
            news.push((id.to_owned(), entry));
        }
        if !news.is_empty() {
            publish(shared, news);
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
    Arc::new(Entry {
        application,
        json: json.into(),
    })
}

/// Applies changes in place; the map is copied only when a reader holds it at this moment.
fn publish(shared: &RwLock<Arc<Entries>>, changes: Vec<(String, Option<Arc<Entry>>)>) {
    let mut slot = shared.write().unwrap_or_else(PoisonError::into_inner);
    let entries = Arc::make_mut(&mut *slot);
    for (id, entry) in changes {
        match entry {
            Some(entry) => entries.insert(id, entry),
            None => entries.remove(&id),
        };
    }
}
