//! Kubernetes: what is live, and how it is changed.
//!
//! A [`Cluster`] connects when it is first needed, and is asked for its version from then on, so that what is shown of the connection
//! is true. It follows the kinds that somebody asked for, and surveys the others for objects of applications; the answers
//! to its own writes go into the same index, so that nobody waits for a watch to see what was just applied.

mod access;
mod clusters;
mod error;
mod follow;
mod kinds;
mod live;
mod own;
mod path;
mod read;
mod schemas;
mod survey;
mod write;

use std::collections::{HashMap, HashSet};
use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, Weak,
};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use futures::StreamExt as _;
use futures::future::BoxFuture;
use kube::api::{Api, DynamicObject};
use serde_json::Value;
use tiphys_engine::object::Gvk;
use tiphys_engine::tracking::Tracking;
use tiphys_model::ResourceKey;
use tokio::sync::{broadcast, watch};

pub use access::Access;
pub use clusters::Clusters;
pub use error::ClusterError;
pub use kinds::Kind;
use kinds::Kinds;
use live::{Arrived, Concerned, GroupKind, Live};
pub use live::{Whole, version};
pub use own::OwnObjects;
pub(crate) use own::forget_applied;
pub use write::{Apply, PatchKind};

/// Our field manager.
pub const MANAGER: &str = "tiphys";
const CONNECT: Duration = Duration::from_secs(10);
const REQUEST: Duration = Duration::from_secs(60);
/// From when an answer is late, so that it matters whether the connection is lost.
const SOON: Duration = Duration::from_secs(1);
const FIRST_LIST: Duration = Duration::from_secs(30);
/// How long a failed connection is not tried again.
const PAUSE: Duration = Duration::from_secs(5);
/// Time between two looks at a cluster in use, before jitter.
const HEARTBEAT: Duration = Duration::from_secs(10);
/// How old the list of kinds may be where a new kind is not urgent.
const FRESH: Duration = Duration::from_secs(600);
/// Objects that are read at a time because they were known by name only.
const READS: usize = 16;

/// Something changed in a cluster that concerns applications.
#[derive(Clone, Debug)]
pub struct LiveChange {
    /// The cluster.
    pub server: Arc<str>,
    /// What happened.
    pub what: Change,
}

/// What happened in a cluster.
#[derive(Clone, Debug)]
pub enum Change {
    /// An object changed that belongs, or belonged, to these applications, or that they wait for.
    Objects(Vec<String>),
    /// An object changed that something of these applications owns.
    Descendants(Vec<String>),
    /// The connection was lost or is back.
    Connection,
    /// Kinds have other fields than before.
    Schemas,
}

/// What is known of the connection.
#[derive(Clone, Debug, Default)]
pub struct Info {
    /// Version of the API server, for example `v1.36.3`; empty when unknown.
    pub version: String,
    /// Why the last attempt failed; none when it did not, or there was none.
    pub error: Option<String>,
    /// When the cluster was last asked; none when it was not.
    pub attempted_at: Option<DateTime<Utc>>,
    /// Objects known.
    pub objects: usize,
    /// Kinds served.
    pub kinds: usize,
    /// When all objects of a kind were last listed.
    pub synced_at: Option<DateTime<Utc>>,
}

struct Connected {
    client: kube::Client,
    version: String,
}

/// A connection, or when and why there was none.
type Attempt = Result<Arc<Connected>, (Instant, ClusterError)>;

struct Inner {
    server: Arc<str>,
    access: Access,
    tracking: Arc<Tracking>,
    connection: tokio::sync::Mutex<Option<Attempt>>,
    /// The client of the connection, for those that are longer than a request.
    clients: watch::Sender<Option<kube::Client>>,
    info: Mutex<Info>,
    kinds: tokio::sync::RwLock<Kinds>,
    live: RwLock<Live>,
    /// The objects that the control plane keeps itself, when it is a part of this cluster.
    own: Option<own::Own>,
    schemas: schemas::Cache,
    followed: Mutex<HashMap<GroupKind, watch::Receiver<follow::State>>>,
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

impl Cluster {
    /// A cluster that connects when it is first needed.
    #[must_use]
    pub fn new(
        server: &str,
        access: Access,
        tracking: Arc<Tracking>,
        own: Option<OwnObjects>,
        changes: broadcast::Sender<LiveChange>,
    ) -> Self {
        Self {
            inner: Arc::new(Inner {
                server: Arc::from(server),
                access,
                connection: tokio::sync::Mutex::default(),
                clients: watch::Sender::default(),
                info: Mutex::default(),
                kinds: tokio::sync::RwLock::default(),
                live: RwLock::new(Live::new(Arc::clone(&tracking))),
                own: own.map(|objects| own::Own::new(objects, Arc::clone(&tracking))),
                schemas: schemas::Cache::default(),
                tracking,
                followed: Mutex::default(),
                tasks: Mutex::default(),
                changes,
            }),
        }
    }

    /// Contacts a cluster now; answers its version.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub async fn test(server: &str, access: &Access) -> Result<String, ClusterError> {
        connect(server, access)
            .await
            .map(|connected| connected.version)
    }

    /// Its URL.
    #[must_use]
    pub fn server(&self) -> &str {
        &self.inner.server
    }

    /// What is known without contacting it.
    #[must_use]
    pub fn info(&self) -> Info {
        let mut info = locked(&self.inner.info).clone();
        info.objects = self.read_live().len();
        info
    }

    fn read_live(&self) -> RwLockReadGuard<'_, Live> {
        self.inner
            .live
            .read()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn write_live(&self) -> RwLockWriteGuard<'_, Live> {
        self.inner
            .live
            .write()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = locked(&self.inner.tasks);
        // What has ended is let go.
        while tasks.try_join_next().is_some() {}
        tasks.spawn(task);
    }

    /// Connects unless it is connected. A failure is remembered for a while.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub async fn ready(&self) -> Result<(), ClusterError> {
        self.connected().await.map(|_| ())
    }

    /// The connection. When the cluster stopped answering, the reason; it is tried again in the background.
    async fn connected(&self) -> Result<Arc<Connected>, ClusterError> {
        let mut slot = self.inner.connection.lock().await;
        match slot.as_ref() {
            Some(Ok(connected)) => return Ok(Arc::clone(connected)),
            Some(Err((at, error))) if at.elapsed() < PAUSE => return Err(error.clone()),
            _ => {}
        }
        let first = slot.is_none();
        let result = connect(&self.inner.server, &self.inner.access)
            .await
            .map(Arc::new);
        self.note(result.as_ref().map(|connected| connected.version.as_str()));
        self.use_from_now(result.as_ref().ok());
        *slot = Some(result.clone().map_err(|error| (Instant::now(), error)));
        if first {
            self.spawn(heartbeat(Arc::downgrade(&self.inner)));
            self.spawn(survey::survey(Arc::downgrade(&self.inner)));
        }
        result
    }

    /// Lets those who follow kinds use a new connection, or wait for one.
    fn use_from_now(&self, connected: Option<&Arc<Connected>>) {
        let client = connected.map(|connected| connected.client.clone());
        self.inner.clients.send_replace(client);
    }

    /// Notes the outcome of an attempt; answers whether the cluster went away or came back by it.
    fn note(&self, outcome: Result<&str, &ClusterError>) -> bool {
        let mut info = locked(&self.inner.info);
        let was_lost = info.error.is_some();
        let was_asked = info.attempted_at.replace(crate::now()).is_some();
        match outcome {
            Ok(version) => {
                version.clone_into(&mut info.version);
                info.error = None;
            }
            Err(error) => info.error = Some(error.to_string()),
        }
        was_asked && was_lost != info.error.is_some()
    }

    async fn client(&self) -> Result<kube::Client, ClusterError> {
        Ok(self.connected().await?.client.clone())
    }

    /// Asks the cluster which kinds it serves, unless it was asked within the given time.
    async fn discover(
        &self,
        age: Duration,
    ) -> Result<tokio::sync::RwLockReadGuard<'_, Kinds>, ClusterError> {
        {
            let kinds = self.inner.kinds.read().await;
            if kinds.read.is_some_and(|at| at.elapsed() < age) {
                return Ok(kinds);
            }
        }
        let mut kinds = self.inner.kinds.write().await;
        if kinds.read.is_none_or(|at| at.elapsed() >= age) {
            let client = self.client().await?;
            let server = &self.inner.server;
            let discovery =
                tokio::time::timeout(REQUEST, kube::Discovery::new(client).run_aggregated())
                    .await
                    .map_err(|_| ClusterError::timeout(server, REQUEST))?
                    .map_err(|error| ClusterError::new(server, error))?;
            *kinds = Kinds::new(&discovery);
            locked(&self.inner.info).kinds = kinds.len();
        }
        Ok(kinds.downgrade())
    }

    /// How a kind is served; none when the cluster does not know it.
    ///
    /// # Errors
    /// When the cluster cannot be asked.
    pub async fn kind(&self, gvk: &Gvk) -> Result<Option<Kind>, ClusterError> {
        if let Some(kind) = self.inner.kinds.read().await.get(gvk) {
            return Ok(Some(kind.clone()));
        }
        Ok(self
            .discover(Duration::from_secs(1))
            .await?
            .get(gvk)
            .cloned())
    }

    /// What Helm's `.Capabilities.APIVersions` holds for this cluster, and its version.
    ///
    /// # Errors
    /// When the cluster cannot be asked.
    pub async fn capabilities(&self) -> Result<(String, Vec<String>), ClusterError> {
        let versions = self.discover(FRESH).await?.api_versions();
        Ok((self.connected().await?.version.clone(), versions))
    }

    /// Follows the kinds of these objects, and returns when all of their kinds are known. Kinds that the cluster does not serve are left
    /// out. Where there is nothing but what the control plane keeps itself, there need not be a cluster.
    ///
    /// # Errors
    /// When the cluster is lost, a kind may not be listed, or its objects do not arrive in time.
    pub async fn watch_objects<'k>(
        &self,
        objects: impl IntoIterator<Item = (&'k ResourceKey, &'k str)>,
    ) -> Result<(), ClusterError> {
        let mut kinds = HashSet::new();
        let mut keeper = None;
        for (key, version) in objects {
            match self.keeper(key) {
                Some(own) => keeper = Some(own),
                None => {
                    kinds.insert(Gvk {
                        group: key.group.clone(),
                        version: version.to_owned(),
                        kind: key.kind.clone(),
                    });
                }
            }
        }
        if let Some(own) = keeper {
            self.watch_own(own).await?;
            if kinds.is_empty() {
                return Ok(());
            }
        }
        self.ready().await?;
        self.watch_kinds(kinds).await
    }

    /// Follows these kinds, and returns when all their objects are known. Kinds that the cluster does not serve are left out.
    async fn watch_kinds(&self, kinds: impl IntoIterator<Item = Gvk>) -> Result<(), ClusterError> {
        let mut waiting = Vec::new();
        for gvk in kinds.into_iter().collect::<HashSet<_>>() {
            let known = locked(&self.inner.followed)
                .get(&(gvk.group.clone(), gvk.kind.clone()))
                .cloned();
            let state = match known {
                Some(state) => state,
                None => {
                    let Some(kind) = self.kind(&gvk).await?.filter(|kind| kind.watchable) else {
                        continue;
                    };
                    self.follow(kind)
                }
            };
            waiting.push(state);
        }
        for mut state in waiting {
            let ready = tokio::time::timeout(FIRST_LIST, state.wait_for(Option::is_some)).await;
            match ready {
                Ok(Ok(result)) => result.clone().unwrap_or(Ok(()))?,
                Ok(Err(_)) | Err(_) => {
                    return Err(ClusterError::timeout(&self.inner.server, FIRST_LIST));
                }
            }
        }
        Ok(())
    }

    fn follow(&self, kind: Kind) -> watch::Receiver<follow::State> {
        let id = (kind.resource.group.clone(), kind.resource.kind.clone());
        let mut followed = locked(&self.inner.followed);
        if let Some(state) = followed.get(&id) {
            return state.clone();
        }
        let (announce, state) = watch::channel(None);
        followed.insert(id, state.clone());
        self.spawn(follow::follow(
            Arc::downgrade(&self.inner),
            self.inner.clients.subscribe(),
            kind,
            announce,
        ));
        state
    }

    fn stop_following(&self, id: &GroupKind) {
        locked(&self.inner.followed).remove(id);
        let gone = self.read_live().of_kind(id);
        for key in gone {
            self.gone(&key);
        }
    }

    fn take(&self, arrived: &Arrived<'_>) -> Option<ResourceKey> {
        // Objects of these kinds may be in the cluster, too; what is there is not what counts.
        if self.inner.own.is_some()
            && arrived.group == own::GROUP
            && live::identity_of(arrived).is_some_and(|(key, _)| self.keeps(&key))
        {
            return None;
        }
        let (key, concerned) = self.write_live().put(arrived)?;
        self.announce(concerned);
        Some(key)
    }

    /// An object that a list no longer has.
    fn gone(&self, key: &ResourceKey) {
        let concerned = self.write_live().remove(key);
        self.announce(concerned);
    }

    /// An object that was deleted.
    fn deleted(&self, key: &ResourceKey, uid: &str) {
        let concerned = self.write_live().bury(key, uid);
        self.announce(concerned);
    }

    fn announce(&self, concerned: Concerned) {
        if !concerned.applications.is_empty() {
            self.tell(Change::Objects(concerned.applications));
        }
        if !concerned.descendants.is_empty() {
            self.tell(Change::Descendants(concerned.descendants));
        }
    }

    fn tell(&self, what: Change) {
        let server = Arc::clone(&self.inner.server);
        // Nobody listens before the reconciler starts.
        let _listeners = self.inner.changes.send(LiveChange { server, what });
    }

    /// A live object: one of an application, or one that was loaded.
    #[must_use]
    pub fn live(&self, key: &ResourceKey) -> Option<Arc<Value>> {
        self.index(key).get(key)
    }

    /// Where an object is known.
    fn index(&self, key: &ResourceKey) -> RwLockReadGuard<'_, Live> {
        self.keeper(key)
            .map_or_else(|| self.read_live(), own::Own::read_live)
    }

    /// Everything where objects are known.
    fn indexes(&self) -> impl Iterator<Item = RwLockReadGuard<'_, Live>> {
        let own = self.inner.own.as_ref().map(own::Own::read_live);
        own.into_iter()
            .chain(std::iter::once_with(|| self.read_live()))
    }

    /// The version of what [`Cluster::live`] answers.
    #[must_use]
    pub fn version_of(&self, key: &ResourceKey) -> Option<u64> {
        self.index(key).version_of(key)
    }

    /// The application of which a live object is a part.
    #[must_use]
    pub fn owner(&self, key: &ResourceKey) -> Option<Arc<str>> {
        self.index(key).owner(key)
    }

    /// The keys of an application's live objects, among the kinds that are followed.
    #[must_use]
    pub fn tracked_keys(&self, application: &str) -> Vec<Arc<ResourceKey>> {
        let all = self.indexes();
        all.flat_map(|live| live.tracked_keys(application))
            .collect()
    }

    /// The live objects of an application, among the kinds that are followed.
    #[must_use]
    pub fn tracked(&self, application: &str) -> Vec<Whole> {
        let all = self.indexes();
        all.flat_map(|live| live.tracked(application)).collect()
    }

    /// Makes sure that [`Cluster::live`] knows these objects, also those of others, and that the application hears of them. The
    /// kinds are those that are followed already.
    ///
    /// # Errors
    /// When one cannot be read.
    pub async fn load(&self, application: &str, keys: &[&ResourceKey]) -> Result<(), ClusterError> {
        let (own, others): (Vec<_>, Vec<_>) = keys.iter().partition(|key| self.keeps(key));
        let note = |live: &mut Live, keys: &[&ResourceKey]| {
            live.unwant(application);
            for key in keys {
                live.want(application, key);
            }
            live.unread(keys)
        };
        if let Some(keeper) = &self.inner.own {
            let unread = note(&mut keeper.write_live(), &own);
            for key in &unread {
                Box::pin(self.read_own(keeper, key)).await?;
            }
        }
        let unread = note(&mut self.write_live(), &others);
        self.read(unread).await
    }

    /// Forgets what an application waited for.
    fn forget(&self, application: &str) {
        if let Some(own) = &self.inner.own {
            own.write_live().unwant(application);
        }
        self.write_live().unwant(application);
    }

    /// The objects of an application and everything below them, whole, parents first. The kinds of children are followed from then on.
    ///
    /// # Errors
    /// When one cannot be read.
    pub async fn family(&self, application: &str) -> Result<Vec<Arc<Value>>, ClusterError> {
        let own = self.inner.own.iter();
        let own = own.flat_map(|own| own.read_live().family(application));
        let mut all: Vec<Arc<Value>> = own.filter_map(|(_, object)| object).collect();
        let followed: Vec<GroupKind> = locked(&self.inner.followed).keys().cloned().collect();
        // Without anything in it, there need not be a cluster.
        if followed.is_empty() {
            return Ok(all);
        }
        let children: Vec<Gvk> = {
            let kinds = self.discover(FRESH).await?;
            kinds::children(&followed)
                .into_iter()
                .filter_map(|(group, kind)| kinds.any(group, kind))
                .map(|kind| Gvk {
                    group: kind.resource.group.clone(),
                    version: kind.resource.version.clone(),
                    kind: kind.resource.kind.clone(),
                })
                .collect()
        };
        self.watch_kinds(children).await?;
        let unread: Vec<ResourceKey> = self
            .read_live()
            .family(application)
            .into_iter()
            .filter(|(_, object)| object.is_none())
            .map(|(key, _)| ResourceKey::clone(&key))
            .collect();
        self.read(unread).await?;
        let family = self.read_live().family(application);
        all.extend(family.into_iter().filter_map(|(_, object)| object));
        Ok(all)
    }

    /// Reads objects that were not kept.
    async fn read(&self, keys: Vec<ResourceKey>) -> Result<(), ClusterError> {
        let reads = keys
            .into_iter()
            .map(|key| async move { self.read_one(&key).await });
        let outcomes: Vec<Result<(), ClusterError>> = futures::stream::iter(reads)
            .buffer_unordered(READS)
            .collect()
            .await;
        outcomes.into_iter().collect()
    }

    async fn read_one(&self, key: &ResourceKey) -> Result<(), ClusterError> {
        let Some(kind) = self
            .discover(FRESH)
            .await?
            .any(&key.group, &key.kind)
            .cloned()
        else {
            return Ok(());
        };
        let api = self.api_of(&kind, &key.namespace).await?;
        match self.get(&api, &key.name).await {
            Ok(object) => {
                self.remember(&object);
                Ok(())
            }
            Err(error) if error.is_not_found() => {
                self.gone(key);
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Takes an object that was the answer to a request.
    fn remember(&self, object: &Value) {
        let api_version: Arc<str> = Arc::from(object["apiVersion"].as_str().unwrap_or_default());
        let json = object.to_string();
        self.take(&Arrived {
            group: live::group_of(&api_version),
            kind: object["kind"].as_str().unwrap_or_default(),
            api_version: &api_version,
            json: &json,
        });
    }

    async fn api_of(
        &self,
        kind: &Kind,
        namespace: &str,
    ) -> Result<Api<DynamicObject>, ClusterError> {
        let client = self.client().await?;
        Ok(if kind.namespaced && !namespace.is_empty() {
            Api::namespaced_with(client, &path::segment(namespace)?, &kind.resource)
        } else {
            Api::all_with(client, &kind.resource)
        })
    }

    async fn timed<T>(
        &self,
        request: impl Future<Output = kube::Result<T>>,
    ) -> Result<T, ClusterError> {
        let server = &self.inner.server;
        let mut request = std::pin::pin!(tokio::time::timeout(REQUEST, request));
        // Most are answered at once.
        let answered = tokio::time::timeout(SOON, &mut request).await;
        let outcome = if let Ok(outcome) = answered {
            outcome
        } else {
            let mut clients = self.inner.clients.subscribe();
            tokio::select! {
                biased;
                outcome = request => outcome,
                // Nobody has to wait for the answer of a connection that is known to be lost.
                _lost = clients.wait_for(Option::is_none) => return Err(ClusterError::lost(server)),
            }
        };
        outcome
            .map_err(|_| ClusterError::timeout(server, REQUEST))?
            .map_err(|error| ClusterError::new(server, error))
    }

    /// Asks the cluster for its version now, so that what is known of the connection is true.
    ///
    /// # Errors
    /// Why it does not answer.
    pub async fn look(&self) -> Result<(), ClusterError> {
        let known = match self.inner.connection.lock().await.as_ref() {
            Some(Ok(connected)) => Some(Arc::clone(connected)),
            _ => None,
        };
        // A connection that was lost is made anew: the credentials may have changed on the disk, or the address.
        let outcome = match &known {
            Some(known) => {
                let client = known.client.clone();
                let version = answer(&self.inner.server, &client).await;
                version.map(|version| Connected { client, version })
            }
            None => connect(&self.inner.server, &self.inner.access).await,
        }
        .map(Arc::new);
        let mut slot = self.inner.connection.lock().await;
        // Another look was faster.
        if let (Some(Ok(current)), Err(_)) = (slot.as_ref(), &outcome)
            && !known.is_some_and(|known| Arc::ptr_eq(&known, current))
        {
            return Ok(());
        }
        let changed = self.note(outcome.as_ref().map(|connected| connected.version.as_str()));
        if outcome.is_err() || !matches!(slot.as_ref(), Some(Ok(_))) {
            self.use_from_now(outcome.as_ref().ok());
        }
        let error = outcome.as_ref().err().cloned();
        *slot = Some(outcome.map_err(|error| (Instant::now(), error)));
        drop(slot);
        if changed {
            self.tell(Change::Connection);
        }
        error.map_or(Ok(()), Err)
    }
}

/// Asks the cluster for its version, again and again, so that the state of the connection is known, and whoever waits for it hears of it.
fn heartbeat(cluster: Weak<Inner>) -> BoxFuture<'static, ()> {
    Box::pin(async move {
        loop {
            tokio::time::sleep(HEARTBEAT.mul_f64(rand::random_range(0.8..1.2))).await;
            let Some(inner) = cluster.upgrade() else {
                return;
            };
            let this = Cluster { inner };
            if let Err(error) = this.look().await {
                tracing::warn!(server = %this.inner.server, %error, "a cluster does not answer");
            }
            this.renew_schemas().await;
        }
    })
}

async fn answer(server: &str, client: &kube::Client) -> Result<String, ClusterError> {
    tokio::time::timeout(CONNECT, client.apiserver_version())
        .await
        .map_err(|_| ClusterError::timeout(server, CONNECT))?
        .map(|version| version.git_version)
        .map_err(|error| ClusterError::new(server, error))
}

async fn connect(server: &str, access: &Access) -> Result<Connected, ClusterError> {
    let mut config = access.config(server).await?;
    config.connect_timeout = Some(CONNECT);
    // Watches are longer than any request; requests have deadlines of their own.
    config.read_timeout = None;
    let client =
        kube::Client::try_from(config).map_err(|error| ClusterError::new(server, error))?;
    let version = answer(server, &client).await?;
    Ok(Connected { client, version })
}
