//! The cluster's own schemas of its kinds, read when they are first needed, one document a group version.
//!
//! The API server says with every document's address which content it has. While documents are kept, the heartbeat reads the list
//! of addresses: a document whose address is another, because a definition changed or an API server was added, is read anew, and whoever
//! compared with it compares again. What cannot be had is remembered too, so that nobody waits for it at every comparison.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, Weak};
use std::time::Duration;

use futures::future::BoxFuture;
use serde::Deserialize;
use tiphys_engine::schema::{Document, Schemas};

use super::{Change, Cluster, ClusterError, Inner};

/// Most schema nodes that are kept of one cluster, in all documents together; Kubernetes itself has some 20,000. Beyond it, the
/// documents that were not used for the longest time go.
const MAX_NODES: usize = 250_000;
/// How long a comparison waits for one document.
const WAIT: Duration = Duration::from_secs(10);

/// When a schema that a cluster did not have is looked for again, each time after the one before.
const LOOKS: [Duration; 4] = [
    Duration::from_millis(250),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
];

/// A group version as API servers name it: `v1`, `apps/v1`.
type Name = String;

/// What is known of one group version.
#[derive(Clone)]
struct Known {
    /// Where its document is, which changes with its content; empty when the cluster has none.
    address: String,
    document: Result<Arc<Document>, Problem>,
    /// When it was last used, counted in comparisons.
    used: Arc<AtomicU64>,
}

/// Why a group version has no document.
#[derive(Clone)]
enum Problem {
    /// The cluster did not answer, or has none.
    Absent,
    /// It makes no sense.
    Unusable(String),
}

/// Schemas of some group versions.
#[derive(Default)]
pub struct Loaded {
    /// The documents.
    pub schemas: Schemas,
    /// Where each is, which changes with its content.
    pub addresses: Vec<String>,
    /// What is wrong with those that cannot be used.
    pub problems: Vec<String>,
}

/// The documents of a cluster.
#[derive(Default)]
pub struct Cache {
    known: RwLock<HashMap<Name, Known>>,
    /// Held by who reads documents, so that nobody reads the same one twice.
    reading: tokio::sync::Mutex<()>,
    comparisons: AtomicU64,
}

#[derive(Deserialize)]
struct Addresses {
    paths: BTreeMap<String, Place>,
}

#[derive(Deserialize)]
struct Place {
    #[serde(rename = "serverRelativeURL")]
    address: String,
}

impl Addresses {
    fn of(&self, name: &str) -> &str {
        let path = if name.contains('/') {
            format!("apis/{name}")
        } else {
            format!("api/{name}")
        };
        self.paths
            .get(&path)
            .map_or("", |place| place.address.as_str())
    }
}

impl Cache {
    /// What is known of these group versions; none when one of them was never asked for.
    fn get(&self, names: &[Name]) -> Option<Vec<Known>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let now = self.comparisons.fetch_add(1, Ordering::Relaxed);
        names
            .iter()
            .map(|name| {
                let entry = known.get(name)?;
                entry.used.store(now, Ordering::Relaxed);
                Some(entry.clone())
            })
            .collect()
    }

    fn put(&self, name: Name, entry: Known) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(name, entry);
        evict(&mut known);
    }

    /// Forgets what has another address by now; answers whether there was something.
    fn forget_changed(&self, addresses: &Addresses) -> bool {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let before = known.len();
        known.retain(|name, entry| entry.address == addresses.of(name));
        known.len() < before
    }

    /// Group versions without a document.
    fn absent(&self) -> usize {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known
            .values()
            .filter(|entry| matches!(entry.document, Err(Problem::Absent)))
            .count()
    }

    fn is_empty(&self) -> bool {
        self.known
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .is_empty()
    }
}

/// Lets the documents go that were not used for the longest time, down to [`MAX_NODES`]. One document alone may have as many.
fn evict(known: &mut HashMap<Name, Known>) {
    let nodes = |entry: &Known| {
        entry
            .document
            .as_ref()
            .map_or(0, |document| document.nodes())
    };
    let mut total: usize = known.values().map(nodes).sum();
    while total > MAX_NODES && known.len() > 1 {
        let oldest = known
            .iter()
            .filter(|(_, entry)| nodes(entry) > 0)
            .min_by_key(|(_, entry)| entry.used.load(Ordering::Relaxed))
            .map(|(name, _)| name.clone());
        let Some(gone) = oldest.and_then(|name| known.remove(&name)) else {
            return;
        };
        total -= nodes(&gone);
    }
}

impl Cluster {
    /// The schemas of these group versions, as far as the cluster has them.
    pub async fn schemas(&self, names: Vec<Name>) -> Loaded {
        let cache = &self.inner.schemas;
        let mut found = cache.get(&names);
        if found.is_none() {
            let _turn = cache.reading.lock().await;
            found = cache.get(&names);
            if found.is_none() {
                found = Some(self.read_schemas(&names).await);
            }
        }
        let mut loaded = Loaded::default();
        for (name, known) in names.into_iter().zip(found.into_iter().flatten()) {
            loaded.addresses.push(known.address);
            match known.document {
                Ok(document) => loaded.schemas.insert(name, document),
                Err(Problem::Absent) => {}
                Err(Problem::Unusable(reason)) => loaded.problems.push(format!(
                    "the schema that the cluster has for {name} cannot be used, and lists of its kinds are compared without it: \
                     {reason}; correct the CustomResourceDefinition"
                )),
            }
        }
        loaded
    }

    async fn read_schemas(&self, names: &[Name]) -> Vec<Known> {
        let cache = &self.inner.schemas;
        let before = cache.absent();
        let addresses = self.addresses().await;
        let mut all = Vec::with_capacity(names.len());
        for name in names {
            if let Some(known) = cache.get(std::slice::from_ref(name)) {
                all.extend(known);
                continue;
            }
            let address = addresses
                .as_ref()
                .map_or("", |addresses| addresses.of(name))
                .to_owned();
            let mut entry = Known {
                document: self.read_schema(&address).await,
                address,
                used: Arc::new(AtomicU64::new(cache.comparisons.load(Ordering::Relaxed))),
            };
            if matches!(entry.document, Err(Problem::Absent)) {
                // The next heartbeat finds that it has an address, and it is tried again.
                entry.address.clear();
            }
            cache.put(name.clone(), entry.clone());
            all.push(entry);
        }
        if cache.absent() > before {
            self.spawn(look_again(Arc::downgrade(&self.inner)));
        }
        all
    }

    async fn read_schema(&self, address: &str) -> Result<Arc<Document>, Problem> {
        if address.is_empty() {
            return Err(Problem::Absent);
        }
        let json = self.text(address).await.map_err(|error| {
            tracing::debug!(%error, address, "a schema cannot be read");
            Problem::Absent
        })?;
        // The largest documents take some milliseconds.
        let read = tokio::task::spawn_blocking(move || Document::from_openapi(&json)).await;
        match read {
            Ok(Ok(document)) => Ok(Arc::new(document)),
            Ok(Err(error)) => Err(Problem::Unusable(error.to_string())),
            Err(error) => Err(Problem::Unusable(error.to_string())),
        }
    }

    async fn addresses(&self) -> Option<Addresses> {
        let text = match self.text("/openapi/v3").await {
            Ok(text) => text,
            Err(error) => {
                tracing::debug!(%error, "the schemas of a cluster cannot be listed");
                return None;
            }
        };
        serde_json::from_str(&text).ok()
    }

    async fn text(&self, path: &str) -> Result<String, ClusterError> {
        let server = &self.inner.server;
        let request = http::Request::get(path).body(Vec::new()).map_err(|error| {
            ClusterError::Misconfigured {
                server: server.to_string(),
                message: error.to_string(),
            }
        })?;
        let client = self.client().await?;
        tokio::time::timeout(WAIT, client.request_text(request))
            .await
            .map_err(|_| ClusterError::timeout(server, WAIT))?
            .map_err(|error| ClusterError::new(server, error))
    }

    /// Looks whether the cluster has other schemas than those that are kept.
    pub(super) async fn renew_schemas(&self) {
        if self.inner.schemas.is_empty() {
            return;
        }
        if let Some(addresses) = self.addresses().await
            && self.inner.schemas.forget_changed(&addresses)
        {
            self.tell(Change::Schemas);
        }
    }
}

/// Looks for what was absent a few times sooner than the heartbeat does: an API server serves a new kind a moment before it has its schema.
fn look_again(cluster: Weak<Inner>) -> BoxFuture<'static, ()> {
    Box::pin(async move {
        for pause in LOOKS {
            tokio::time::sleep(pause).await;
            let Some(inner) = cluster.upgrade() else {
                return;
            };
            let this = Cluster { inner };
            if this.inner.schemas.absent() == 0 {
                return;
            }
            this.renew_schemas().await;
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(address: &str, used: u64) -> Known {
        let properties: Vec<String> = (0..MAX_NODES / 2)
            .map(|at| format!("\"f{at}\": {{\"type\": \"string\"}}"))
            .collect();
        let json = format!(
            "{{\"components\": {{\"schemas\": {{\"a\": {{\"type\": \"object\", \"properties\": {{{}}}}}}}}}}}",
            properties.join(",")
        );
        Known {
            address: address.to_owned(),
            document: Document::from_openapi(&json)
                .map(Arc::new)
                .map_err(|error| Problem::Unusable(error.to_string())),
            used: Arc::new(AtomicU64::new(used)),
        }
    }

    #[test]
    fn what_was_not_used_for_the_longest_time_goes() {
        let cache = Cache::default();
        for (name, used) in [("a/v1", 3), ("b/v1", 1), ("c/v1", 2)] {
            cache.put(name.to_owned(), known("/x", used));
        }
        let there: Vec<bool> = ["a/v1", "b/v1", "c/v1"]
            .map(|name| cache.get(&[name.to_owned()]).is_some())
            .to_vec();
        assert_eq!(there, [true, false, false]);
    }

    #[test]
    fn what_has_another_address_is_forgotten() {
        let cache = Cache::default();
        let small = |address: &str| Known {
            address: address.to_owned(),
            document: Err(Problem::Absent),
            used: Arc::default(),
        };
        cache.put("v1".to_owned(), small("/openapi/v3/api/v1?hash=1"));
        cache.put(
            "apps/v1".to_owned(),
            small("/openapi/v3/apis/apps/v1?hash=1"),
        );
        cache.put("new/v1".to_owned(), small(""));
        let addresses: Addresses = serde_json::from_value(serde_json::json!({"paths": {
            "api/v1": {"serverRelativeURL": "/openapi/v3/api/v1?hash=1"},
            "apis/apps/v1": {"serverRelativeURL": "/openapi/v3/apis/apps/v1?hash=2"},
            "apis/new/v1": {"serverRelativeURL": "/openapi/v3/apis/new/v1?hash=1"},
        }}))
        .unwrap();
        assert!(cache.forget_changed(&addresses));
        assert!(cache.get(&["v1".to_owned()]).is_some());
        for gone in ["apps/v1", "new/v1"] {
            assert!(cache.get(&[gone.to_owned()]).is_none(), "{gone}");
        }
        assert!(!cache.forget_changed(&addresses));
        assert_eq!(cache.absent(), 1);
    }
}
