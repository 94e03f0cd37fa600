//! What the planner needs to know, put together from the target, the live state and the operation.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use chrono::Utc;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tiphys_engine::health::Health;
use tiphys_engine::object;
use tiphys_engine::sync::hook::Occasion;
use tiphys_engine::sync::options::{DELETION_APPROVED, is_deletion_approved};
use tiphys_engine::sync::{
    self, Deadlines, Desired, Left, Live, Options, Record, Request, ResultCode, Selector,
    Situation, TaskRecord, Wave,
};
use tiphys_model::*;

use crate::gate::deadlines;
use crate::target::Target;
use crate::verdict::Answers;

/// What stays the same for all steps of an attempt.
pub(super) struct Attempt<'a> {
    pub request: Request,
    pub options: Options,
    /// The destination's namespace, when it is to be made or changed.
    pub namespace: Option<Value>,
    deadlines: Deadlines,
    refused: Vec<ResourceResult>,
    /// What the API server says of drift, where that matters and is left to it.
    pub answers: Answers,
    /// Kinds that the cluster serves now.
    served: &'a HashSet<(String, String)>,
}

impl<'a> Attempt<'a> {
    pub fn new(application: &Application, sync: &SyncOperation, target: &'a Target) -> Self {
        // A confirmation counts for all attempts of the operation.
        let since = application
            .status
            .as_ref()
            .and_then(|status| status.operation_state.as_ref())
            .map_or_else(Utc::now, |state| state.started_at);
        let options = Options::of_application_leniently(&sync.sync_options);
        let approved = application
            .metadata
            .annotations
            .get(DELETION_APPROVED)
            .map(String::as_str);
        let strategy = sync.sync_strategy.as_ref();
        let apply = strategy.and_then(|strategy| strategy.apply.as_ref());
        let hook = strategy.and_then(|strategy| strategy.hook.as_ref());
        let refused: Vec<_> = target
            .forbidden
            .iter()
            .filter(|_| sync.resources.is_empty())
            .map(|(key, gvk, reason)| (key.clone(), gvk.version.clone(), reason.clone()))
            .collect();
        Self {
            namespace: namespace(application, &options, target),
            deadlines: deadlines(application),
            refused: refused.iter().map(row).collect(),
            answers: Answers::default(),
            served: &target.served,
            request: Request {
                prune: sync.prune,
                dry_run: sync.dry_run,
                force: apply.is_some_and(|apply| apply.force)
                    || hook.is_some_and(|hook| hook.force),
                skip_hooks: apply.is_some() && hook.is_none(),
                selected: sync.resources.iter().map(selector).collect(),
                occasion: occasion(application, sync),
                confirmed: is_deletion_approved(approved, since),
                terminate: None,
                refused,
                shared: target.shared.clone(),
            },
            options,
        }
    }

    /// Whether only what drifted is applied.
    pub fn only_drifted(&self) -> bool {
        self.options.apply_out_of_sync_only == Some(true)
    }

    pub fn situation<'s>(
        &'s self,
        desired: &'s [Desired<'s>],
        left: &'s [Left<'s>],
        live: &'s dyn Fn(&ResourceKey) -> Option<Live<'s>>,
        record: &'s Record,
    ) -> Situation<'s> {
        Situation {
            desired,
            left,
            live,
            namespace: self.namespace.as_ref(),
            request: &self.request,
            options: &self.options,
            record,
            deadlines: self.deadlines,
            now: Utc::now(),
        }
    }

    /// What is recorded of a wave before it begins.
    pub fn intentions(&self, wave: &Wave<'_>) -> Vec<TaskRecord> {
        if self.request.dry_run {
            return Vec::new();
        }
        let (tasks, now) = (wave.stages.iter().flatten(), Utc::now());
        tasks.filter_map(|task| task.intention(now)).collect()
    }

    /// The operation's result as it stands.
    pub fn outcome(
        &self,
        target: &Target,
        sync: &SyncOperation,
        record: &Record,
    ) -> SyncOperationResult {
        let images: HashMap<&ResourceKey, &Value> = target
            .wanted
            .iter()
            .map(|wanted| (&wanted.key, &wanted.object))
            .collect();
        let mut resources = self.refused.clone();
        resources.extend(record.tasks.iter().map(|task| {
            let mut row = task.result();
            if let Some(object) = images.get(&task.key) {
                row.images = object::images(object);
            }
            row
        }));
        SyncOperationResult {
            resources,
            revision: target.revision.clone(),
            revisions: target.revisions.clone(),
            source: Some(sync.source.clone().unwrap_or_else(|| target.source.clone()))
                .filter(|_| target.sources.is_empty()),
            sources: target.sources.clone(),
            dependencies: target.dependencies.clone(),
            ..SyncOperationResult::default()
        }
    }
}

fn row((key, version, reason): &(ResourceKey, String, String)) -> ResourceResult {
    ResourceResult {
        group: key.group.clone(),
        version: version.clone(),
        kind: key.kind.clone(),
        namespace: key.namespace.clone(),
        name: key.name.clone(),
        status: ResultCode::SyncFailed.as_str().to_owned(),
        message: reason.clone(),
        hook_phase: "Failed".to_owned(),
        sync_phase: "Sync".to_owned(),
        ..ResourceResult::default()
    }
}

fn selector(resource: &SyncOperationResource) -> Selector {
    Selector {
        group: resource.group.clone(),
        kind: resource.kind.clone(),
        namespace: resource.namespace.clone(),
        name: resource.name.clone(),
    }
}

/// What the synchronisation is to Helm's hooks: the first is an installation, one that brings back what was deployed before the
/// last deployment is a rollback.
pub(crate) fn occasion(application: &Application, sync: &SyncOperation) -> Occasion {
    let history = application
        .status
        .as_ref()
        .map(|status| status.history.as_slice())
        .unwrap_or_default();
    match history {
        [] => Occasion::Install,
        [earlier @ .., last] => {
            let is = |deployment: &RevisionHistory| {
                !(sync.revision.is_empty() && sync.revisions.is_empty())
                    && deployment.revision == sync.revision
                    && deployment.revisions == sync.revisions
                    && deployment.source == sync.source
                    && deployment.sources == sync.sources
            };
            if !is(last) && earlier.iter().any(is) {
                Occasion::Rollback
            } else {
                Occasion::Upgrade
            }
        }
    }
}

/// The destination's namespace, when `CreateNamespace` is wanted and it is missing, or metadata for it is stated.
fn namespace(application: &Application, options: &Options, target: &Target) -> Option<Value> {
    let spec = &application.spec;
    let name = &spec.destination.namespace;
    let is_used = target.needs_namespace(application);
    if options.create_namespace != Some(true) || name.is_empty() || !is_used {
        return None;
    }
    let metadata = spec
        .sync_policy
        .as_ref()
        .and_then(|policy| policy.managed_namespace_metadata.as_ref());
    let object = sync::situation::namespace(name, metadata);
    let is_there = target.cluster.live(&object::key(&object)).is_some();
    (!is_there || metadata.is_some()).then_some(object)
}

/// A live object and its health.
struct Seen {
    object: Arc<Value>,
    health: Option<Health>,
}

/// What is live, for one step.
pub(super) struct Scene {
    seen: HashMap<ResourceKey, Seen>,
    left: Vec<ResourceKey>,
}

impl Scene {
    pub fn new(
        application: &Application,
        target: &Target,
        attempt: &Attempt<'_>,
        record: &Record,
    ) -> Self {
        let now = Utc::now();
        let mut seen = HashMap::new();
        let mut see = |key: &ResourceKey, object: Arc<Value>| {
            let health = target.health(key, &object, now);
            seen.insert(key.clone(), Seen { object, health });
        };
        // Hooks with generated names are among them.
        let tracked = target.cluster.tracked(&application.metadata.name);
        for whole in &tracked {
            see(&whole.key, Arc::clone(&whole.object));
        }
        let known: HashSet<&ResourceKey> = tracked.iter().map(|whole| whole.key.as_ref()).collect();
        let namespace = attempt.namespace.as_ref().map(object::key);
        let keys = target
            .wanted
            .iter()
            .map(|wanted| &wanted.key)
            .chain(record.tasks.iter().map(|task| &task.key))
            .chain(&namespace);
        for key in keys
            .filter(|key| !known.contains(*key))
            .collect::<HashSet<_>>()
        {
            if let Some(object) = target.cluster.live(key) {
                see(key, object);
            }
        }
        let left = target
            .left(&application.metadata.name)
            .iter()
            .map(|live| object::key(live))
            .collect();
        Self { seen, left }
    }

    pub fn live(&self, key: &ResourceKey) -> Option<Live<'_>> {
        self.seen.get(key).map(|seen| Live {
            object: &seen.object,
            health: seen.health.as_ref().map(|health| health.status),
            message: seen
                .health
                .as_ref()
                .map(|health| health.message.as_str())
                .unwrap_or_default(),
        })
    }

    /// The objects of the source. Whether they drifted is told only where it matters.
    pub fn desired<'s>(&self, target: &'s Target, attempt: &Attempt<'_>) -> Vec<Desired<'s>> {
        target
            .wanted
            .iter()
            .map(|wanted| Desired {
                key: wanted.key.clone(),
                target: &wanted.object,
                drifted: !attempt.only_drifted()
                    || self.seen.get(&wanted.key).is_none_or(|seen| {
                        let verdict = target.verdict(wanted, &seen.object, &attempt.answers, false);
                        // What is not known is applied.
                        verdict.drifted() != Some(false)
                    }),
                served: attempt
                    .served
                    .contains(&(wanted.gvk.group.clone(), wanted.gvk.kind.clone())),
            })
            .collect()
    }

    pub fn left(&self) -> Vec<Left<'_>> {
        self.left
            .iter()
            .filter_map(|key| {
                Some(Left {
                    key: key.clone(),
                    live: self.live(key)?,
                })
            })
            .collect()
    }
}

/// SHA-256 of the manifest of each object that was applied, by its key.
pub(super) fn applied(target: &Target, record: &Record, dry_run: bool) -> BTreeMap<String, String> {
    let applied: HashSet<&ResourceKey> = record
        .tasks
        .iter()
        .filter(|task| task.code == ResultCode::Synced && !dry_run)
        .map(|task| &task.key)
        .collect();
    target
        .wanted
        .iter()
        .filter(|wanted| applied.contains(&wanted.key))
        .map(|wanted| {
            let hash = Sha256::digest(wanted.object.to_string());
            (wanted.key.to_string(), crate::hexadecimal(&hash))
        })
        .collect()
}
