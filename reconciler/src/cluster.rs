//! Kubernetes: what is live, and how it is changed.
//!
//! A [`Cluster`] connects when it is first needed. It watches the kinds that somebody asked for and holds their objects; the answers
//! to its own writes go into the same place, so that nobody waits for a watch to see what was just applied.

mod access;
mod error;
mod live;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

use futures::{StreamExt as _, TryStreamExt as _};
use kube::api::{
    Api, ApiResource, DeleteParams, DynamicObject, Patch, PatchParams, PropagationPolicy,
};
use kube::runtime::{WatchStreamExt as _, watcher};
use serde_json::Value;
use tiphys_engine::object::{self, Gvk};
use tiphys_model::ResourceKey;
use tokio::sync::{broadcast, watch};

pub use access::Access;
pub use error::ClusterError;
use live::Live;

/// Our field manager.
pub const MANAGER: &str = "tiphys";
const CONNECT: Duration = Duration::from_secs(10);
const REQUEST: Duration = Duration::from_secs(60);
const FIRST_LIST: Duration = Duration::from_secs(30);
/// How long a failed connection is not tried again.
const PAUSE: Duration = Duration::from_secs(5);

/// A live object changed that belongs, or belonged, to these applications.
#[derive(Clone, Debug)]
pub struct LiveChange {
    /// Names of the applications.
    pub applications: Vec<String>,
}

/// A kind as a cluster serves it.
#[derive(Clone, Debug)]
pub struct Kind {
    /// How it is addressed.
    pub resource: ApiResource,
    /// Whether its objects live in namespaces.
    pub namespaced: bool,
    watchable: bool,
}

/// What is known of the connection.
#[derive(Clone, Debug, Default)]
pub struct Info {
    /// Version of the API server, for example `v1.36.3`; empty when unknown.
    pub version: String,
    /// Why the last attempt failed; none when it did not, or there was none.
    pub error: Option<String>,
    /// Whether there was an attempt.
    pub tried: bool,
    /// Objects held.
    pub objects: usize,
    /// Kinds served.
    pub kinds: usize,
}

struct Connected {
    client: kube::Client,
    version: String,
}

/// A connection, or when and why there was none.
type Attempt = Result<Arc<Connected>, (Instant, ClusterError)>;

#[derive(Default)]
struct Kinds {
    /// By group, version and kind.
    served: HashMap<(String, String, String), Kind>,
    read: Option<Instant>,
}

type Watches = HashMap<(String, String), watch::Receiver<Option<Result<(), ClusterError>>>>;

struct Inner {
    server: String,
    access: Access,
    connection: tokio::sync::Mutex<Option<Attempt>>,
    info: Mutex<Info>,
    kinds: tokio::sync::RwLock<Kinds>,
    live: RwLock<Live>,
    watches: Mutex<Watches>,
    tasks: Mutex<tokio::task::JoinSet<()>>,
    changes: broadcast::Sender<LiveChange>,
}

/// One cluster. Cheap to clone; its watches end with its last clone.
#[derive(Clone)]
pub struct Cluster {
    inner: Arc<Inner>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Options of an apply.
#[derive(Clone, Copy, Debug, Default)]
pub struct Apply {
    /// Ask the API server what would happen, and change nothing.
    pub dry_run: bool,
    /// When a field cannot be changed: delete the object and make it anew.
    pub force: bool,
}

impl Cluster {
    /// A cluster that connects when it is first needed.
    #[must_use]
    pub fn new(server: &str, access: Access, changes: broadcast::Sender<LiveChange>) -> Self {
        Self {
            inner: Arc::new(Inner {
                server: server.to_owned(),
                access,
                connection: tokio::sync::Mutex::default(),
                info: Mutex::default(),
                kinds: tokio::sync::RwLock::default(),
                live: RwLock::default(),
                watches: Mutex::default(),
                tasks: Mutex::default(),
                changes,
            }),
        }
    }

    /// Contacts the cluster now; answers its version.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub async fn test(server: &str, access: &Access) -> Result<String, ClusterError> {
        connect(server, access)
            .await
            .map(|connected| connected.version.clone())
    }

    /// What is known without contacting it.
    #[must_use]
    pub fn info(&self) -> Info {
        let mut info = locked(&self.inner.info).clone();
        info.objects = self.read_live().len();
        info
    }

    fn read_live(&self) -> std::sync::RwLockReadGuard<'_, Live> {
        self.inner
            .live
            .read()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn write_live(&self) -> std::sync::RwLockWriteGuard<'_, Live> {
        self.inner
            .live
            .write()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Connects unless it is connected. A failure is remembered for a while.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub async fn ready(&self) -> Result<(), ClusterError> {
        self.connected().await.map(|_| ())
    }

    async fn connected(&self) -> Result<Arc<Connected>, ClusterError> {
        let mut slot = self.inner.connection.lock().await;
        match slot.as_ref() {
            Some(Ok(connected)) => return Ok(Arc::clone(connected)),
            Some(Err((at, error))) if at.elapsed() < PAUSE => return Err(error.clone()),
            _ => {}
        }
        let result = connect(&self.inner.server, &self.inner.access)
            .await
            .map(Arc::new);
        let mut info = locked(&self.inner.info);
        info.tried = true;
        info.error = result.as_ref().err().map(ToString::to_string);
        if let Ok(connected) = &result {
            info.version.clone_from(&connected.version);
        }
        *slot = Some(result.clone().map_err(|error| (Instant::now(), error)));
        result
    }

    /// How a kind is served; none when the cluster does not know it.
    ///
    /// # Errors
    /// When the cluster cannot be asked.
    pub async fn kind(&self, gvk: &Gvk) -> Result<Option<Kind>, ClusterError> {
        let id = (gvk.group.clone(), gvk.version.clone(), gvk.kind.clone());
        {
            let kinds = self.inner.kinds.read().await;
            if let Some(kind) = kinds.served.get(&id) {
                return Ok(Some(kind.clone()));
            }
        }
        let mut kinds = self.inner.kinds.write().await;
        let recent = kinds
            .read
            .is_some_and(|at| at.elapsed() < Duration::from_secs(1));
        if !recent {
            let client = self.connected().await?.client.clone();
            let server = &self.inner.server;
            let discovery =
                tokio::time::timeout(REQUEST, kube::Discovery::new(client).run_aggregated())
                    .await
                    .map_err(|_| ClusterError::Timeout {
                        server: server.clone(),
                        seconds: REQUEST.as_secs(),
                    })?
                    .map_err(|error| ClusterError::new(server, error))?;
            kinds.served.clear();
            for group in discovery.groups() {
                for version in group.versions() {
                    for (resource, capabilities) in group.versioned_resources(version) {
                        let id = (
                            resource.group.clone(),
                            resource.version.clone(),
                            resource.kind.clone(),
                        );
                        let namespaced = capabilities.scope == kube::discovery::Scope::Namespaced;
                        let watchable =
                            capabilities.supports_operation(kube::discovery::verbs::WATCH);
                        kinds.served.insert(
                            id,
                            Kind {
                                resource,
                                namespaced,
                                watchable,
                            },
                        );
                    }
                }
            }
            kinds.read = Some(Instant::now());
            locked(&self.inner.info).kinds = kinds.served.len();
        }
        Ok(kinds.served.get(&id).cloned())
    }

    /// Watches these kinds, and returns when all their objects are known. Kinds that the cluster does not serve are left out.
    ///
    /// # Errors
    /// When a kind may not be listed, or its objects do not arrive in time.
    pub async fn watch_kinds(
        &self,
        kinds: impl IntoIterator<Item = Gvk>,
    ) -> Result<(), ClusterError> {
        let mut waiting = Vec::new();
        for gvk in kinds.into_iter().collect::<HashSet<_>>() {
            let known = locked(&self.inner.watches)
                .get(&(gvk.group.clone(), gvk.kind.clone()))
                .cloned();
            let state = match known {
                Some(state) => state,
                None => {
                    let Some(kind) = self.kind(&gvk).await?.filter(|kind| kind.watchable) else {
                        continue;
                    };
                    let client = self.connected().await?.client.clone();
                    self.start_watch(kind, client)
                }
            };
            waiting.push(state);
        }
        for mut state in waiting {
            let ready = tokio::time::timeout(FIRST_LIST, state.wait_for(Option::is_some)).await;
            let timeout = || ClusterError::Timeout {
                server: self.inner.server.clone(),
                seconds: FIRST_LIST.as_secs(),
            };
            match ready {
                Ok(Ok(result)) => result.clone().unwrap_or(Ok(()))?,
                Ok(Err(_)) | Err(_) => return Err(timeout()),
            }
        }
        Ok(())
    }

    fn start_watch(
        &self,
        kind: Kind,
        client: kube::Client,
    ) -> watch::Receiver<Option<Result<(), ClusterError>>> {
        let id = (kind.resource.group.clone(), kind.resource.kind.clone());
        let mut watches = locked(&self.inner.watches);
        if let Some(state) = watches.get(&id) {
            return state.clone();
        }
        let (announce, state) = watch::channel(None);
        watches.insert(id, state.clone());
        let inner = Arc::downgrade(&self.inner);
        locked(&self.inner.tasks).spawn(async move {
            let api: Api<DynamicObject> = Api::all_with(client, &kind.resource);
            let mut stream = watcher(api, watcher::Config::default())
                .default_backoff()
                .boxed();
            let (group, name) = (kind.resource.group.clone(), kind.resource.kind.clone());
            let mut left = HashSet::new();
            loop {
                let event = stream.try_next().await;
                let Some(inner) = inner.upgrade() else { return };
                let cluster = Cluster { inner };
                match event {
                    Ok(Some(watcher::Event::Init)) => {
                        left = cluster.read_live().of_kind(&group, &name)
                    }
                    Ok(Some(watcher::Event::InitApply(object))) => {
                        if let Some(key) = cluster.take(&kind.resource, object) {
                            left.remove(&key);
                        }
                    }
                    Ok(Some(watcher::Event::InitDone)) => {
                        for key in left.drain() {
                            cluster.gone(&key);
                        }
                        announce.send_replace(Some(Ok(())));
                    }
                    Ok(Some(watcher::Event::Apply(object))) => {
                        cluster.take(&kind.resource, object);
                    }
                    Ok(Some(watcher::Event::Delete(object))) => {
                        if let Some(value) = plain(&kind.resource, object) {
                            cluster.gone(&object::key(&value));
                        }
                    }
                    Ok(None) => return,
                    Err(error) => {
                        tracing::debug!(%error, kind = name, "a watch was interrupted");
                        let refused = match &error {
                            watcher::Error::InitialListFailed(error)
                            | watcher::Error::WatchStartFailed(error) => refusal(error),
                            _ => None,
                        };
                        if let Some(error) = refused {
                            announce.send_replace(Some(Err(error)));
                        }
                    }
                }
            }
        });
        state
    }

    fn take(&self, resource: &ApiResource, object: DynamicObject) -> Option<ResourceKey> {
        let value = plain(resource, object)?;
        let (key, applications) = self.write_live().put(value);
        self.announce(applications);
        Some(key)
    }

    fn gone(&self, key: &ResourceKey) {
        let applications = self.write_live().remove(key);
        self.announce(applications);
    }

    fn announce(&self, applications: Vec<String>) {
        if !applications.is_empty() {
            // Nobody listens before the reconciler starts.
            let _listeners = self.inner.changes.send(LiveChange { applications });
        }
    }

    /// A live object of a watched kind.
    #[must_use]
    pub fn live(&self, key: &ResourceKey) -> Option<Arc<Value>> {
        self.read_live().get(key)
    }

    /// The live objects of an application, among the watched kinds.
    #[must_use]
    pub fn tracked(&self, application: &str) -> Vec<Arc<Value>> {
        self.read_live().tracked(application)
    }

    async fn api(
        &self,
        gvk: &Gvk,
        namespace: &str,
    ) -> Result<(Api<DynamicObject>, Kind), ClusterError> {
        let kind = self
            .kind(gvk)
            .await?
            .ok_or_else(|| ClusterError::UnknownKind {
                group: if gvk.group.is_empty() {
                    gvk.version.clone()
                } else {
                    format!("{}/{}", gvk.group, gvk.version)
                },
                kind: gvk.kind.clone(),
            })?;
        let client = self.connected().await?.client.clone();
        let api = if kind.namespaced && !namespace.is_empty() {
            Api::namespaced_with(client, namespace, &kind.resource)
        } else {
            Api::all_with(client, &kind.resource)
        };
        Ok((api, kind))
    }

    async fn timed<T>(
        &self,
        request: impl Future<Output = kube::Result<T>>,
    ) -> Result<T, ClusterError> {
        let server = &self.inner.server;
        tokio::time::timeout(REQUEST, request)
            .await
            .map_err(|_| ClusterError::Timeout {
                server: server.clone(),
                seconds: REQUEST.as_secs(),
            })?
            .map_err(|error| ClusterError::new(server, error))
    }

    /// Server-side apply under our field manager; what Git states wins. The answer is known as live at once.
    ///
    /// # Errors
    /// What the API server refused.
    pub async fn apply(&self, target: &Value, options: Apply) -> Result<Value, ClusterError> {
        let (name, namespace) = (
            object::name(target).to_owned(),
            object::namespace(target).to_owned(),
        );
        let (api, _) = self.api(&object::gvk(target), &namespace).await?;
        let mut params = PatchParams::apply(MANAGER).force();
        params.dry_run = options.dry_run;
        let patch = Patch::Apply(target);
        // The answer is read as plain JSON at once: a typed object in between would double the work.
        let send = async || {
            let request = kube::core::Request::new(api.resource_url())
                .patch(&name, &params, &patch)
                .map_err(kube::Error::BuildRequest)?;
            api.clone().into_client().request::<Value>(request).await
        };
        let mut result = self.timed(send()).await;
        if options.force
            && !options.dry_run
            && let Err(error) = &result
            && error.is_immutable()
        {
            self.delete(target, PropagationPolicy::Foreground, false)
                .await?;
            self.wait_gone(&api, &name).await?;
            result = self.timed(send()).await;
        }
        let value = result.map_err(|error| {
            if object::gvk(target).kind == "Secret" {
                error.without_values()
            } else {
                error
            }
        })?;
        if !options.dry_run {
            let (_, applications) = self.write_live().put(value.clone());
            self.announce(applications);
        }
        Ok(value)
    }

    /// Whether an object of this name is there, asked directly.
    ///
    /// # Errors
    /// What the API server refused.
    pub async fn exists(&self, target: &Value) -> Result<bool, ClusterError> {
        let (api, _) = self
            .api(&object::gvk(target), object::namespace(target))
            .await?;
        Ok(self
            .timed(api.get_metadata_opt(object::name(target)))
            .await?
            .is_some())
    }

    async fn wait_gone(&self, api: &Api<DynamicObject>, name: &str) -> Result<(), ClusterError> {
        let end = Instant::now() + REQUEST;
        while self.timed(api.get_opt(name)).await?.is_some() {
            if Instant::now() > end {
                return Err(ClusterError::Timeout {
                    server: self.inner.server.clone(),
                    seconds: REQUEST.as_secs(),
                });
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Ok(())
    }

    /// Deletes an object; answers whether it was there. An object that was replaced by another of its name is left alone.
    ///
    /// # Errors
    /// What the API server refused.
    pub async fn delete(
        &self,
        live: &Value,
        propagation: PropagationPolicy,
        dry_run: bool,
    ) -> Result<bool, ClusterError> {
        let (api, _) = self
            .api(&object::gvk(live), object::namespace(live))
            .await?;
        let uid = live["metadata"]["uid"].as_str().map(str::to_owned);
        let params = DeleteParams {
            dry_run,
            propagation_policy: Some(propagation),
            preconditions: uid.map(|uid| kube::api::Preconditions {
                uid: Some(uid),
                resource_version: None,
            }),
            ..DeleteParams::default()
        };
        match self.timed(api.delete(object::name(live), &params)).await {
            Ok(either) => {
                // A finished deletion is answered with a status; an object that waits for finalizers, with the object.
                if either.is_right() && !dry_run {
                    self.gone(&object::key(live));
                }
                Ok(true)
            }
            Err(error) if error.is_not_found() => {
                self.gone(&object::key(live));
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }
}

fn refusal(error: &kube::Error) -> Option<ClusterError> {
    match error {
        kube::Error::Api(status) if status.code == 403 => Some(ClusterError::Refused {
            code: 403,
            reason: status.reason.clone(),
            message: status.message.clone(),
        }),
        _ => None,
    }
}

/// The object as JSON, with its kind, which lists leave out.
fn plain(resource: &ApiResource, object: DynamicObject) -> Option<Value> {
    let mut value = serde_json::to_value(object).ok()?;
    let map = value.as_object_mut()?;
    map.insert("apiVersion".to_owned(), resource.api_version.clone().into());
    map.insert("kind".to_owned(), resource.kind.clone().into());
    Some(value)
}

async fn connect(server: &str, access: &Access) -> Result<Connected, ClusterError> {
    let mut config = access.config(server).await?;
    config.connect_timeout = Some(CONNECT);
    // Watches are longer than any request; requests have deadlines of their own.
    config.read_timeout = None;
    let client =
        kube::Client::try_from(config).map_err(|error| ClusterError::new(server, error))?;
    let version = tokio::time::timeout(CONNECT, client.apiserver_version())
        .await
        .map_err(|_| ClusterError::Timeout {
            server: server.to_owned(),
            seconds: CONNECT.as_secs(),
        })?
        .map_err(|error| ClusterError::new(server, error))?;
    Ok(Connected {
        client,
        version: version.git_version,
    })
}

/// All clusters, by server URL.
#[derive(Clone)]
pub struct Clusters {
    clusters: Arc<RwLock<HashMap<String, Cluster>>>,
    changes: broadcast::Sender<LiveChange>,
}

impl Default for Clusters {
    fn default() -> Self {
        Self {
            clusters: Arc::default(),
            changes: broadcast::channel(65_536).0,
        }
    }
}

impl Clusters {
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
            Cluster::new(server, access, self.changes.clone()),
        );
    }

    /// Forgets all clusters but these.
    pub fn retain(&self, keep: impl Fn(&str) -> bool) {
        self.clusters
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|server, _| keep(server));
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
