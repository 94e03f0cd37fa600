//! Applications and projects as objects of the control plane's own cluster: an application that renders others needs no definitions in it.
//!
//! ```text
//!              Cluster: live · load · apply · patch · delete
//!                        │                       │
//!        Application, AppProject in           everything else
//!        the control-plane namespace             │
//!                        ▼                       ▼
//!                 the store, its feed     the API server, its watches
//! ```
//!
//! What is below does the same for these objects as an API server would: uids, finalizers, server-side apply with its record of fields,
//! resource versions, refusals. Whoever plans and compares does not see a difference.

mod write;

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, Weak};
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use tiphys_engine::object;
use tiphys_engine::tracking::Tracking;
use tiphys_engine::{admission, apply, managed_fields::LAST_APPLIED};
use tiphys_model::{AppProject, Application, ApplicationStatus, ObjectMeta, ResourceKey};
use tiphys_storage::{Collection, Database, KeyValue, Op, Revision, StoreError, Stored};
use tokio::sync::watch;

use super::follow::State;
use super::live::{Arrived, Live};
use super::{Apply, Cluster, ClusterError, FIRST_LIST, Inner, MANAGER, PatchKind, locked};
use crate::NAMESPACE;
use write::Deleted;

pub(super) const GROUP: &str = "argoproj.io";
const API_VERSION: &str = "argoproj.io/v1alpha1";
/// Time after which a feed that failed is read again.
const AGAIN: Duration = Duration::from_secs(1);

/// A kind of objects that the control plane keeps.
trait Record: Serialize + DeserializeOwned + Clone + PartialEq + Send + Sync + 'static {
    const KIND: &'static str;

    /// Id in the store of the object of this name.
    fn id(name: &str) -> String;
    fn metadata(&self) -> &ObjectMeta;
    fn metadata_mut(&mut self) -> &mut ObjectMeta;
    /// Says what it is, and drops what the control plane writes itself and what says nothing.
    fn normalise(&mut self);
    /// What a new one has.
    fn begin(&mut self) {}
    /// What it has to satisfy by itself.
    fn check(&self) -> Result<(), String>;
    /// Where such objects are kept.
    fn collection(own: &OwnObjects) -> &Collection<Self>;
}

impl Record for Application {
    const KIND: &'static str = "Application";

    fn id(name: &str) -> String {
        format!("{NAMESPACE}/{name}")
    }

    fn metadata(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn metadata_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }

    fn normalise(&mut self) {
        API_VERSION.clone_into(&mut self.api_version);
        Self::KIND.clone_into(&mut self.kind);
        self.status = None;
        self.operation = None;
        admission::normalise(&mut self.spec);
    }

    fn begin(&mut self) {
        self.status = Some(ApplicationStatus::default());
    }

    fn check(&self) -> Result<(), String> {
        admission::application(&self.spec)
    }

    fn collection(own: &OwnObjects) -> &Collection<Self> {
        &own.applications
    }
}

impl Record for AppProject {
    const KIND: &'static str = "AppProject";

    fn id(name: &str) -> String {
        name.to_owned()
    }

    fn metadata(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn metadata_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }

    fn normalise(&mut self) {
        API_VERSION.clone_into(&mut self.api_version);
        Self::KIND.clone_into(&mut self.kind);
        self.status = None;
    }

    fn check(&self) -> Result<(), String> {
        admission::project(self)
    }

    fn collection(own: &OwnObjects) -> &Collection<Self> {
        &own.projects
    }
}

/// Where the fields of the last applies lie in the store: `/applied/KIND/id`.
const APPLIED: &str = "/applied/";

/// The fields of the last apply to an object.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
struct Applied {
    /// Identity of the object: another one of its name begins anew.
    uid: String,
    fields: Map<String, Value>,
}

/// The store as a part of the control plane's own cluster. Cheap to clone.
#[derive(Clone)]
pub struct OwnObjects {
    /// The namespace in which manifests name these objects.
    namespace: Arc<str>,
    applications: Collection<Application>,
    projects: Collection<AppProject>,
    /// `KIND/id`.
    applied: Collection<Applied>,
    /// The turn of whoever writes dependencies between applications.
    dependencies: Arc<tokio::sync::Mutex<()>>,
}

impl OwnObjects {
    /// The objects of a store. Manifests name them in `namespace`; `dependencies` is taken while dependencies between applications are
    /// checked and written.
    #[must_use]
    pub fn new(
        database: &Database,
        namespace: &str,
        dependencies: Arc<tokio::sync::Mutex<()>>,
    ) -> Self {
        Self {
            namespace: Arc::from(namespace),
            applications: Collection::new(database.clone(), "/applications/"),
            projects: Collection::new(database.clone(), "/projects/"),
            applied: Collection::new(database.clone(), APPLIED),
            dependencies,
        }
    }

    fn keeps(&self, group: &str, kind: &str, namespace: &str) -> bool {
        group == GROUP
            && matches!(kind, Application::KIND | AppProject::KIND)
            && namespace == &*self.namespace
    }

    /// Id in the store of what was applied to an object.
    fn applied_id<T: Record>(name: &str) -> String {
        format!("{}/{}", T::KIND, T::id(name))
    }

    /// The fields of the last apply to an object.
    async fn applied<T: Record>(&self, metadata: &ObjectMeta) -> Result<Applied, StoreError> {
        let id = Self::applied_id::<T>(&metadata.name);
        let known = self.applied.get(&id).await?;
        Ok(known
            .map(|known| known.value)
            .filter(|applied| applied.uid == metadata.uid)
            .unwrap_or_default())
    }

    /// An object as a cluster would show it.
    fn present<T: Record>(&self, record: &T, revision: Revision, applied: &Applied) -> Value {
        let mut object = serde_json::to_value(record).unwrap_or_default();
        object["apiVersion"] = API_VERSION.into();
        object["kind"] = T::KIND.into();
        let metadata = &mut object["metadata"];
        metadata["namespace"] = Value::from(&*self.namespace);
        metadata["resourceVersion"] = revision.to_string().into();
        if !applied.fields.is_empty() {
            metadata["managedFields"] = json!([{
                "manager": MANAGER, "operation": "Apply", "apiVersion": API_VERSION,
                "fieldsType": "FieldsV1", "fieldsV1": applied.fields,
            }]);
        }
        object
    }

    /// An object as it is now.
    async fn get<T: Record>(&self, name: &str) -> Result<Option<Value>, StoreError> {
        let Some(stored) = T::collection(self).get(&T::id(name)).await? else {
            return Ok(None);
        };
        self.shown(&stored).await.map(Some)
    }

    /// What a change made of an object; its key when it is gone.
    async fn seen<T: Record>(
        &self,
        name: &str,
        current: Option<&KeyValue>,
    ) -> Result<Result<Value, ResourceKey>, StoreError> {
        let Some(current) = current else {
            return Ok(Err(self.key::<T>(name)));
        };
        let stored = Collection::<T>::decode(current)?;
        self.shown(&stored).await.map(Ok)
    }

    fn key<T: Record>(&self, name: &str) -> ResourceKey {
        ResourceKey {
            group: GROUP.to_owned(),
            kind: T::KIND.to_owned(),
            namespace: self.namespace.to_string(),
            name: name.to_owned(),
        }
    }

    async fn shown<T: Record>(&self, stored: &Stored<T>) -> Result<Value, StoreError> {
        let applied = self.applied::<T>(stored.value.metadata()).await?;
        Ok(self.present(&stored.value, stored.mod_revision, &applied))
    }
}

/// A manifest without what the control plane writes itself.
fn without_own(manifest: &Value) -> Value {
    let mut given = manifest.clone();
    let fields = given.as_object_mut().into_iter();
    fields.for_each(|fields| {
        fields.remove("status");
        fields.remove("operation");
        if let Some(annotations) = fields
            .get_mut("metadata")
            .and_then(|own| own.get_mut("annotations"))
        {
            annotations
                .as_object_mut()
                .and_then(|own| own.remove(LAST_APPLIED));
        }
    });
    given
}

/// A manifest as the object that it makes would state it, so that what is merely written in another way is no drift, and its fields that
/// no such object has.
fn typed<T: Record>(manifest: &Value) -> serde_json::Result<(Value, Vec<String>)> {
    let given = without_own(manifest);
    let mut record = T::deserialize(&given)?;
    record.normalise();
    let typed = serde_json::to_value(record)?;
    let unknown = apply::unknown(&given, &typed);
    Ok((typed, unknown))
}

/// The same; none for a manifest that is not quite such an object. Its apply says what is wrong.
fn normalised<T: Record>(manifest: &Value) -> Option<Value> {
    let (typed, unknown) = typed::<T>(manifest).ok()?;
    unknown.is_empty().then_some(typed)
}

/// What a cluster knows of these objects.
pub(super) struct Own {
    objects: OwnObjects,
    live: RwLock<Live>,
    followed: Mutex<Option<watch::Receiver<State>>>,
}

impl Own {
    pub fn new(objects: OwnObjects, tracking: Arc<Tracking>) -> Self {
        Self {
            objects,
            live: RwLock::new(Live::new(tracking)),
            followed: Mutex::default(),
        }
    }

    pub fn read_live(&self) -> RwLockReadGuard<'_, Live> {
        self.live.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn write_live(&self) -> RwLockWriteGuard<'_, Live> {
        self.live.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Forgets what was applied to an application, together with it.
pub(crate) fn forget_applied(application_id: &str) -> Op {
    Op::Delete {
        key: format!("{APPLIED}{}/{application_id}", Application::KIND).into(),
    }
}

impl From<StoreError> for ClusterError {
    fn from(error: StoreError) -> Self {
        Self::Refused {
            code: 500,
            reason: "InternalError".to_owned(),
            message: format!("the store of the control plane failed: {error}"),
        }
    }
}

impl Cluster {
    /// What keeps an object, when that is the control plane itself.
    pub(super) fn keeper(&self, key: &ResourceKey) -> Option<&Own> {
        let own = self.inner.own.as_ref()?;
        let keeps = own.objects.keeps(&key.group, &key.kind, &key.namespace);
        keeps.then_some(own)
    }

    /// Whether the control plane keeps an object itself.
    #[must_use]
    pub fn keeps(&self, key: &ResourceKey) -> bool {
        self.keeper(key).is_some()
    }

    /// An application and those above it: the one that renders it, the one that renders that one, and so on; nothing when the control
    /// plane is no part of this cluster. In a circle, each is there once.
    #[must_use]
    pub fn lineage(&self, application: &str) -> Vec<ResourceKey> {
        let Some(own) = &self.inner.own else {
            return Vec::new();
        };
        let live = own.read_live();
        let mut lineage = vec![own.objects.key::<Application>(application)];
        while let Some(above) = lineage.last().and_then(|last| live.owner(last)) {
            let above = own.objects.key::<Application>(&above);
            if lineage.contains(&above) {
                break;
            }
            lineage.push(above);
        }
        lineage
    }

    /// A manifest as the control plane would keep it; any other stays as it is.
    #[must_use]
    pub fn normalised(&self, manifest: Value) -> Value {
        let key = object::key(&manifest);
        let normalised = match key.kind.as_str() {
            _ if !self.keeps(&key) => None,
            Application::KIND => normalised::<Application>(&manifest),
            _ => normalised::<AppProject>(&manifest),
        };
        normalised.unwrap_or(manifest)
    }

    /// Follows the control plane's own objects, and returns when they are known.
    pub(super) async fn watch_own(&self, own: &Own) -> Result<(), ClusterError> {
        let mut state = {
            let mut followed = locked(&own.followed);
            match &*followed {
                Some(state) => state.clone(),
                None => {
                    let (announce, state) = watch::channel(None);
                    *followed = Some(state.clone());
                    let cluster = Arc::downgrade(&self.inner);
                    self.spawn(follow(cluster, own.objects.clone(), announce));
                    state
                }
            }
        };
        let ready = tokio::time::timeout(FIRST_LIST, state.wait_for(Option::is_some)).await;
        match ready {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(ClusterError::timeout(&self.inner.server, FIRST_LIST)),
        }
    }

    /// Takes one of the control plane's own objects as live.
    fn take_own(&self, own: &Own, object: &Value) {
        let json = object.to_string();
        let arrived = Arrived {
            api_version: &Arc::from(API_VERSION),
            group: GROUP,
            kind: object["kind"].as_str().unwrap_or_default(),
            json: &json,
        };
        let taken = own.write_live().put(&arrived);
        if let Some((_, concerned)) = taken {
            self.announce(concerned);
        }
    }

    fn forget_own(&self, own: &Own, key: &ResourceKey) {
        let concerned = own.write_live().remove(key);
        self.announce(concerned);
    }

    /// Reads one of them that was known by name only.
    pub(super) async fn read_own(&self, own: &Own, key: &ResourceKey) -> Result<(), ClusterError> {
        match self.fetch_own(own, key).await? {
            Some(object) => self.take_own(own, &object),
            None => self.forget_own(own, key),
        }
        Ok(())
    }

    /// One of them as it is now; none when it is gone.
    pub(super) async fn fetch_own(
        &self,
        own: &Own,
        key: &ResourceKey,
    ) -> Result<Option<Value>, ClusterError> {
        Ok(if key.kind == Application::KIND {
            own.objects.get::<Application>(&key.name).await?
        } else {
            own.objects.get::<AppProject>(&key.name).await?
        })
    }

    /// Applies one of them.
    pub(super) async fn apply_own(
        &self,
        own: &Own,
        manifest: &Value,
        how: Apply,
    ) -> Result<Value, ClusterError> {
        let after = own.objects.apply(manifest, how).await?;
        if !how.dry_run {
            self.take_own(own, &after);
        }
        Ok(after)
    }

    /// Patches one of them.
    pub(super) async fn patch_own(
        &self,
        own: &Own,
        key: &ResourceKey,
        patch: &Value,
        kind: PatchKind,
    ) -> Result<Value, ClusterError> {
        let after = own.objects.patch(key, patch, kind).await?;
        self.take_own(own, &after);
        Ok(after)
    }

    /// Deletes one of them; answers whether it was there.
    pub(super) async fn delete_own(
        &self,
        own: &Own,
        live: &Value,
        dry_run: bool,
    ) -> Result<bool, ClusterError> {
        let key = object::key(live);
        let uid = live["metadata"]["uid"].as_str().unwrap_or_default();
        let deleted = own.objects.delete(&key, uid, dry_run).await?;
        match deleted {
            Deleted::Marked => self.read_own(own, &key).await?,
            Deleted::WasGone | Deleted::Gone => {
                let concerned = own.write_live().bury(&key, uid);
                self.announce(concerned);
            }
        }
        Ok(deleted != Deleted::WasGone)
    }

    /// Takes all of them as live; what is not among them is gone.
    fn take_all_own(&self, own: &Own, all: &[Value]) {
        let there: HashSet<ResourceKey> = all.iter().map(object::key).collect();
        let kinds = [Application::KIND, AppProject::KIND];
        let known: Vec<ResourceKey> = {
            let live = own.read_live();
            let of = |kind: &str| live.of_kind(&(GROUP.to_owned(), kind.to_owned()));
            kinds.into_iter().flat_map(of).collect()
        };
        for key in known.iter().filter(|key| !there.contains(*key)) {
            self.forget_own(own, key);
        }
        for object in all {
            self.take_own(own, object);
        }
    }
}

/// Follows the control plane's own objects until their cluster is dropped, or the store is closed.
async fn follow(cluster: Weak<Inner>, objects: OwnObjects, announce: watch::Sender<State>) {
    loop {
        match follow_once(&cluster, &objects, &announce).await {
            Ok(()) | Err(StoreError::Closed) => return,
            Err(StoreError::Compacted { .. }) => {}
            Err(error) => {
                tracing::error!(%error, "the feed of applications was lost; it is read again");
                tokio::time::sleep(AGAIN).await;
            }
        }
    }
}

/// Lists everything that is kept, and follows it from there, until the cluster is dropped.
async fn follow_once(
    cluster: &Weak<Inner>,
    objects: &OwnObjects,
    announce: &watch::Sender<State>,
) -> Result<(), StoreError> {
    let applications = objects.applications.list().await?;
    let projects = objects.projects.list().await?;
    let database = objects.applications.database();
    let mut feed = database.watch("", applications.revision);
    let mut all = Vec::new();
    for stored in &applications.items {
        all.push(objects.shown(stored).await?);
    }
    for stored in &projects.items {
        all.push(objects.shown(stored).await?);
    }
    drop(applications);
    let Some(inner) = cluster.upgrade() else {
        return Ok(());
    };
    let this = Cluster { inner };
    if let Some(own) = &this.inner.own {
        this.take_all_own(own, &all);
    }
    drop((this, all));
    announce.send_replace(Some(Ok(())));
    loop {
        let changes = feed.next().await?;
        let Some(inner) = cluster.upgrade() else {
            return Ok(());
        };
        let this = Cluster { inner };
        let Some(own) = &this.inner.own else {
            return Ok(());
        };
        for change in changes {
            let seen = if let Some(id) = objects.applications.id(&change.key) {
                let name = id.rsplit('/').next().unwrap_or(id);
                objects
                    .seen::<Application>(name, change.current.as_ref())
                    .await?
            } else if let Some(name) = objects.projects.id(&change.key) {
                objects
                    .seen::<AppProject>(name, change.current.as_ref())
                    .await?
            } else {
                continue;
            };
            match seen {
                Ok(object) => this.take_own(own, &object),
                Err(key) => this.forget_own(own, &key),
            }
        }
    }
}
