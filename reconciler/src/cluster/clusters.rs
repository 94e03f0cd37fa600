//! All clusters, by server URL.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use tiphys_engine::tracking::Tracking;
use tokio::sync::broadcast;

use super::{Access, Cluster, LiveChange, OwnObjects};

/// Changes that the listener may be behind; then it looks at everything once. Every place is allocated, and keeps its last change.
const CHANGES: usize = 4096;

/// All clusters, by server URL.
#[derive(Clone)]
pub struct Clusters {
    clusters: Arc<RwLock<HashMap<String, Cluster>>>,
    tracking: Arc<Tracking>,
    own: Option<OwnObjects>,
    changes: broadcast::Sender<LiveChange>,
}

impl Clusters {
    /// None yet; `tracking` says which of their objects belong to which application. `own` are objects of the control plane's own cluster
    /// that it keeps itself.
    #[must_use]
    pub fn new(tracking: Tracking, own: Option<OwnObjects>) -> Self {
        Self {
            clusters: Arc::default(),
            tracking: Arc::new(tracking),
            own,
            changes: broadcast::channel(CHANGES).0,
        }
    }

    /// How objects are tracked.
    pub(crate) fn tracking(&self) -> &Arc<Tracking> {
        &self.tracking
    }

    /// Makes a cluster known; one that is reached in another way than before is connected anew.
    pub fn set(&self, server: &str, access: Access) {
        let mut clusters = self
            .clusters
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        if clusters
            .get(server)
            .is_some_and(|cluster| cluster.inner.access == access)
        {
            return;
        }
        clusters.insert(
            server.to_owned(),
            Cluster::new(
                server,
                access,
                Arc::clone(&self.tracking),
                self.own.clone().filter(|_| server == crate::IN_CLUSTER),
                self.changes.clone(),
            ),
        );
    }

    /// Forgets all clusters but these.
    pub fn retain(&self, keep: impl Fn(&str) -> bool) {
        self.clusters
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|server, _| keep(server));
    }

    /// Forgets what an application that is no more waited for.
    pub fn forget(&self, application: &str) {
        let clusters = self.clusters.read();
        for cluster in clusters.unwrap_or_else(PoisonError::into_inner).values() {
            cluster.forget(application);
        }
    }

    /// A cluster that is known.
    #[must_use]
    pub fn get(&self, server: &str) -> Option<Cluster> {
        self.clusters
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(server)
            .cloned()
    }

    /// What happens to objects of applications, in all clusters.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<LiveChange> {
        self.changes.subscribe()
    }
}
