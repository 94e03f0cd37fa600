//! Everything that happens by itself: repositories and clusters are watched, applications compared, operations carried out.
//!
//! [`Reconciler::run`] follows the store's feed, the repositories and the clusters; each puts applications into a queue. A worker
//! makes a *pass* over one application: it takes no input but state, so that recovery after a crash is the ordinary path.

mod automation;
pub mod cluster;
mod compare;
mod delete;
mod execute;
mod follow;
mod gate;
mod pass;
mod queue;
mod records;
mod rendering;
pub mod source;
mod target;
mod verdict;
pub mod view;

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use tiphys_model::stored::{ClusterRecord, RepositoryRecord};
use tiphys_model::{Application, ObjectMeta};
use tiphys_render::Limits;
use tiphys_secrets::Sealer;
use tiphys_storage::{Collection, Database, Revision};

use cluster::{Access, Clusters};
use records::Records;
pub use rendering::Rendered;
use source::Sources;
pub use target::Condition;

/// Namespace in which applications live.
pub const NAMESPACE: &str = "argocd";
/// How long a question waits for what was committed before it.
const CATCHING_UP: std::time::Duration = std::time::Duration::from_secs(5);
/// URL of the cluster that the server itself uses.
pub const IN_CLUSTER: &str = "https://kubernetes.default.svc";

/// Sets what the control plane knows of a new application or project.
pub fn new_metadata(metadata: &mut ObjectMeta) {
    metadata.namespace = NAMESPACE.to_owned();
    metadata.uid = uuid::Uuid::new_v4().to_string();
    metadata.creation_timestamp = Some(now());
    metadata.generation = Some(1);
    metadata.resource_version = String::new();
    metadata.deletion_timestamp = None;
}

/// Where the records of operations that have ended lie in the store: `/operations/<namespace>/<application>/<number>`, newest first.
pub const OPERATIONS: &str = "/operations/";

/// The id of such a record, below [`OPERATIONS`]: numbers count down in keys, so that the newest comes first.
#[must_use]
pub fn operation_id(application: &str, number: i64) -> String {
    format!("{application}/{:020}", i64::MAX - number)
}

/// What the reconciler works with.
pub struct Parts {
    /// The store.
    pub database: Database,
    /// Opens sealed credentials.
    pub sealer: Sealer,
    /// Where renderings are kept across restarts; sealed.
    pub rendered: std::path::PathBuf,
    /// Repositories.
    pub sources: Sources,
    /// Clusters.
    pub clusters: Clusters,
    /// How the server's own cluster is reached.
    pub local: Access,
    /// What users define for their kinds.
    pub customs: Customs,
    /// Whether API servers are asked how objects differ where nobody says otherwise.
    pub server_side_diff: bool,
    /// What one rendering may cost.
    pub limits: Limits,
    /// The turn of whoever writes dependencies between applications: two at a time could make a cycle that neither sees.
    pub dependencies: Arc<tokio::sync::Mutex<()>>,
}

/// What users define for kinds of objects.
#[derive(Default)]
pub struct Customs {
    /// Checks of health.
    pub checks: tiphys_engine::health::Checks,
    /// Actions.
    pub actions: tiphys_engine::actions::Actions,
    /// Differences that do not count for any application; they come before an application's own.
    pub ignore: Vec<tiphys_model::ResourceIgnoreDifferences>,
    /// Types of fields of custom resources.
    pub known_types: tiphys_engine::known_types::KnownTypes,
    /// What of objects does not count.
    pub uncounted: Uncounted,
}

/// Parts of objects that do not count when they are compared.
#[derive(Clone, Copy, Debug)]
pub struct Uncounted {
    /// Whose status.
    pub status: tiphys_engine::diff::IgnoreStatus,
    /// Whether the rules of aggregated ClusterRoles.
    pub aggregated_roles: bool,
}

impl Default for Uncounted {
    fn default() -> Self {
        Self {
            status: tiphys_engine::diff::IgnoreStatus::default(),
            aggregated_roles: true,
        }
    }
}

struct Inner {
    database: Database,
    applications: Collection<Application>,
    projects: Collection<tiphys_model::AppProject>,
    repositories: Collection<RepositoryRecord>,
    registered: Collection<ClusterRecord>,
    /// What running operations have done so far.
    attempts: Collection<tiphys_engine::sync::Record>,
    /// What deletions under way have done so far.
    deletions: Collection<tiphys_engine::sync::Record>,
    /// Operations that have ended.
    operations: Collection<tiphys_model::OperationRecord>,
    sealer: Arc<Sealer>,
    sources: Sources,
    clusters: Clusters,
    local: Access,
    customs: Arc<Customs>,
    limits: Limits,
    dependencies: Arc<tokio::sync::Mutex<()>>,
    server_side_diff: bool,
    predictions: verdict::Predictions,
    seen: compare::Seen,
    records: RwLock<Arc<Records>>,
    /// Everything up to this revision of the store is known here.
    followed: tokio::sync::watch::Sender<Revision>,
    queue: queue::WorkQueue<String>,
    rendered: rendering::Cache,
    /// Repositories of charts that sources need beside themselves.
    needs: rendering::Needs,
}

/// The reconciler. Cheap to clone.
#[derive(Clone)]
pub struct Reconciler {
    inner: Arc<Inner>,
}

impl Reconciler {
    /// Puts the parts together; nothing happens before [`Reconciler::run`].
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let database = parts.database;
        let sealer = Arc::new(parts.sealer);
        Self {
            inner: Arc::new(Inner {
                applications: Collection::new(database.clone(), "/applications/"),
                projects: Collection::new(database.clone(), "/projects/"),
                repositories: Collection::new(database.clone(), "/repositories/"),
                registered: Collection::new(database.clone(), "/clusters/"),
                attempts: Collection::new(database.clone(), "/records/"),
                deletions: Collection::new(database.clone(), "/deletions/"),
                operations: Collection::new(database.clone(), OPERATIONS),
                database,
                rendered: rendering::Cache::new(Some(parts.rendered), Arc::clone(&sealer)),
                needs: rendering::Needs::default(),
                sealer,
                sources: parts.sources,
                clusters: parts.clusters,
                local: parts.local,
                customs: Arc::new(parts.customs),
                limits: parts.limits,
                dependencies: parts.dependencies,
                server_side_diff: parts.server_side_diff,
                predictions: verdict::Predictions::default(),
                seen: compare::Seen::default(),
                records: RwLock::default(),
                followed: tokio::sync::watch::Sender::new(0),
                queue: queue::WorkQueue::new(),
            }),
        }
    }

    /// How objects of applications are tracked.
    #[must_use]
    pub fn tracking(&self) -> &tiphys_engine::tracking::Tracking {
        self.inner.clusters.tracking()
    }

    /// The turn to write dependencies between applications.
    pub async fn dependency_turn(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.inner.dependencies.lock().await
    }

    /// Waits until what was committed before this call is known here: who has registered a repository uses it at once.
    pub async fn caught_up(&self) {
        let wanted = self.inner.database.revision();
        let mut followed = self.inner.followed.subscribe();
        // Without the newest record there is an answer, too.
        let _late = tokio::time::timeout(CATCHING_UP, followed.wait_for(|at| *at >= wanted)).await;
    }

    fn records(&self) -> Arc<Records> {
        Arc::clone(
            &self
                .inner
                .records
                .read()
                .unwrap_or_else(PoisonError::into_inner),
        )
    }
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Objects that are judged between two requests without anybody noticing.
const FEW: usize = 64;

/// Judges so many objects. When they are many, the thread's other tasks go elsewhere meanwhile: no application keeps others waiting.
fn judging<T>(objects: usize, work: impl FnOnce() -> T) -> T {
    if objects > FEW {
        tokio::task::block_in_place(work)
    } else {
        work()
    }
}

/// Hexadecimal digits.
fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An error with its causes, without those that it repeats itself.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let text = inner.to_string();
        if !message.contains(&text) {
            message = format!("{message}: {text}");
        }
        cause = inner.source();
    }
    message
}

/// The present second: what goes over the wire has no fractions.
fn now() -> chrono::DateTime<chrono::Utc> {
    use chrono::SubsecRound as _;
    chrono::Utc::now().trunc_subsecs(0)
}
