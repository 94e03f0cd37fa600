//! The deletion of an application: the steps are the engine's (`sync::delete`), here they are carried out.
//!
//! Hooks are what a deletion has to remember: only where there are some is a record kept, and is the source read. Everything else
//! follows from what is live.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use futures::FutureExt as _;
use serde_json::Value;
use tiphys_engine::health::Health;
use tiphys_engine::sync::delete::{self, Cascade};
use tiphys_engine::sync::options::{DELETION_APPROVED, is_deletion_approved};
use tiphys_engine::sync::task::Outcome;
use tiphys_engine::sync::{
    Action, Desired, Left, Live, Options, Record, Step, Task, Wait, WaitFor, Wave,
};
use tiphys_model::{Application, OperationPhase, ResourceKey};
use tiphys_storage::{StoreError, Stored, Txn, TxnOutcome};

use crate::Reconciler;
use crate::cluster::{Apply, Cluster, ClusterError, Whole, forget_applied};
use crate::compare::conditions;
use crate::execute::{Lost, Stage, delete_hook, identity, policy, release};
use crate::gate::deadlines;
use crate::target::{Choice, Condition, Permission, Target, compared_before};

/// When a deletion that could not go on is tried again.
const AGAIN: Duration = Duration::from_secs(10);
/// When a deletion that waits is looked at again at the latest; the watches bring it earlier.
const UNSEEN: Duration = Duration::from_secs(31);
const ERROR: &str = "DeletionError";
const PROGRESS: &str = "DeletionProgress";

/// What has become of a deletion.
enum Outlook {
    /// Nothing is left but the application.
    Gone,
    /// Something is waited for, until then at the latest.
    Waits(Option<Condition>, Duration),
}

impl Reconciler {
    pub(crate) async fn delete(
        &self,
        id: &str,
        stored: Stored<Application>,
    ) -> Result<(), StoreError> {
        let application = &stored.value;
        let outlook = match self.delete_objects(id, application).await? {
            Ok(outlook) => outlook,
            Err(condition) => Outlook::Waits(Some(condition), AGAIN),
        };
        let (condition, pause) = match outlook {
            Outlook::Waits(condition, pause) => (condition, pause),
            Outlook::Gone => {
                return self.forget(id, &stored).await;
            }
        };
        self.again(id, pause);
        if let Some(condition) = condition {
            let mut after = application.clone();
            let status = after.status.get_or_insert_default();
            status.conditions = conditions(&[condition], &status.conditions);
            if after != *application {
                self.inner
                    .applications
                    .replace(id, &after, stored.mod_revision)
                    .await?;
            }
        }
        Ok(())
    }

    /// Deletes the application and what was kept of its operation and deletion, together: a crash runs no hook again.
    async fn forget(&self, id: &str, stored: &Stored<Application>) -> Result<(), StoreError> {
        let applications = &self.inner.applications;
        let txn = Txn {
            compares: vec![applications.compare(id, stored.mod_revision)],
            ops: vec![
                self.inner.attempts.delete_op(id),
                self.inner.deletions.delete_op(id),
                forget_applied(id),
                applications.delete_op(id),
            ],
        };
        match self.inner.database.commit(txn).await? {
            TxnOutcome::Committed(_) => Ok(()),
            TxnOutcome::Conflict { key, current } => Err(StoreError::Conflict { key, current }),
        }
    }

    /// Takes steps until everything is gone, or something has to be waited for.
    async fn delete_objects(
        &self,
        id: &str,
        application: &Application,
    ) -> Result<Result<Outlook, Condition>, StoreError> {
        let cascade = delete::cascade(&application.metadata.finalizers);
        if !cascade.objects && !cascade.hooks {
            return Ok(Ok(Outlook::Gone));
        }
        // Without its cluster there is nothing left that could be deleted.
        let Ok((server, cluster)) = self.destination(application) else {
            return Ok(Ok(Outlook::Gone));
        };
        let known = if cascade.hooks {
            self.inner.deletions.get(id).await?
        } else {
            None
        };
        let target = match self.prepare(application, cascade, &cluster).await {
            Ok(target) => target,
            Err(condition) => return Ok(Err(condition)),
        };
        let is_known = known.is_some();
        let mut record =
            known.map_or_else(|| begin(application, target.as_ref()), |known| known.value);
        if record.begin(Utc::now()) && is_known {
            self.inner.deletions.put(id, &record).await?;
        }
        let deletion = Deletion {
            application,
            cascade,
            cluster: &cluster,
            permission: self.permission(application, server),
            lineage: cluster.lineage(&application.metadata.name),
            target: target.as_ref(),
        };
        self.take_steps(id, &deletion, record).await.map(Ok)
    }

    /// Knows the live objects; answers what the source holds when there are hooks in it.
    async fn prepare(
        &self,
        application: &Application,
        cascade: Cascade,
        cluster: &Cluster,
    ) -> Result<Option<Target>, Condition> {
        let failed = |error: ClusterError| Condition::new(ERROR, error);
        let target = if cascade.hooks {
            let target = self.target(application, Choice::default()).await;
            Some(target.map_err(|condition| {
                let message = format!("the hooks of the deletion: {}", condition.message);
                Condition::new(ERROR, message)
            })?)
        } else {
            None
        };
        let known = known(application);
        if !known.is_empty() {
            let known = known.iter().map(|(key, version)| (key, *version));
            cluster.watch_objects(known).await.map_err(failed)?;
        }
        Ok(target)
    }

    async fn take_steps(
        &self,
        id: &str,
        deletion: &Deletion<'_>,
        mut record: Record,
    ) -> Result<Outlook, StoreError> {
        let application = deletion.application;
        let policy = application.spec.sync_policy.as_ref();
        let options = policy.map(|policy| policy.sync_options.as_slice());
        let options = Options::of_application_leniently(options.unwrap_or_default());
        let mut saved = true;
        loop {
            let scene = deletion.scene(self, &record);
            let known = record.clone();
            let (desired, tracked) = (deletion.desired(), scene.left());
            let look = |key: &ResourceKey| scene.live(key);
            let decision = delete::step(&delete::Deletion {
                desired: &desired,
                tracked: &tracked,
                live: &look,
                cascade: deletion.cascade,
                options: &options,
                confirmed: deletion.is_confirmed(),
                lineage: &deletion.lineage,
                record: &known,
                deadlines: deadlines(application),
                now: Utc::now(),
            });
            saved &= decision.observed.is_empty();
            record.merge(decision.observed);
            match decision.step {
                Step::Done(done) if done.phase == OperationPhase::Succeeded => {
                    return Ok(Outlook::Gone);
                }
                Step::Done(done) => {
                    // The next try begins anew, with hooks of its own.
                    self.inner.deletions.delete(id, None).await?;
                    let condition = Condition::new(ERROR, done.message);
                    return Ok(Outlook::Waits(Some(condition), AGAIN));
                }
                Step::Wait(wait) => {
                    if record.has_hooks() {
                        self.inner.deletions.put(id, &record).await?;
                    }
                    let due = (wait.deadline - Utc::now()).to_std().unwrap_or_default();
                    return Ok(Outlook::Waits(shown(&wait), due.min(UNSEEN)));
                }
                Step::Run(wave) => {
                    // The names and marks of hooks follow from the record: it is durable before they are made. So is the end of a hook
                    // before anything follows it, or a crash would have it run again when the objects are gone.
                    let makes = |task: &Task<'_>| matches!(task.action, Action::Apply { .. });
                    let begins = wave.stages.iter().flatten().any(makes);
                    if begins || (!saved && record.has_hooks()) {
                        self.inner.deletions.put(id, &record).await?;
                        saved = true;
                    }
                    let Stage { done, lost } = deletion.run(wave, &record).await;
                    saved &= done.is_empty();
                    record.merge(done);
                    if let Some(error) = lost {
                        if record.has_hooks() {
                            self.inner.deletions.put(id, &record).await?;
                        }
                        return Ok(Outlook::Waits(Some(Condition::new(ERROR, error)), AGAIN));
                    }
                }
            }
        }
    }
}

/// A record of a deletion that begins: when it was asked for, or now when an earlier try failed.
fn begin(application: &Application, target: Option<&Target>) -> Record {
    let asked = application.metadata.deletion_timestamp;
    let failed = application
        .status
        .iter()
        .flat_map(|status| &status.conditions)
        .any(|condition| condition.type_ == ERROR);
    let at = asked.filter(|_| !failed).unwrap_or_else(Utc::now);
    let revision = target.and_then(|target| target.commits().first());
    Record::new(revision.map_or("", String::as_str), at)
}

/// What is waited for, when it is not just that objects go.
fn shown(wait: &Wait) -> Option<Condition> {
    (wait.what != WaitFor::Deletion).then(|| Condition::new(PROGRESS, wait))
}

/// Everything that the application has, or has applied, and its versions.
fn known(application: &Application) -> Vec<(ResourceKey, &str)> {
    let status = application.status.iter();
    let applied = status
        .filter_map(|status| status.operation_state.as_ref())
        .filter_map(|state| state.sync_result.as_ref())
        .flat_map(|result| &result.resources)
        .map(|row| (ResourceKey::from(row), row.version.as_str()));
    compared_before(application).chain(applied).collect()
}

/// What stays the same for all steps.
struct Deletion<'a> {
    application: &'a Application,
    cascade: Cascade,
    cluster: &'a Cluster,
    permission: Permission,
    lineage: Vec<ResourceKey>,
    target: Option<&'a Target>,
}

/// What is live, for one step.
struct Scene {
    tracked: Vec<ResourceKey>,
    seen: HashMap<ResourceKey, (Arc<Value>, Option<Health>)>,
}

impl Scene {
    fn live(&self, key: &ResourceKey) -> Option<Live<'_>> {
        self.seen.get(key).map(|(object, health)| Live {
            object,
            health: health.as_ref().map(|health| health.status),
            message: health.as_ref().map_or("", |health| &health.message),
        })
    }

    fn left(&self) -> Vec<Left<'_>> {
        let keys = self.tracked.iter();
        keys.filter_map(|key| {
            Some(Left {
                key: key.clone(),
                live: self.live(key)?,
            })
        })
        .collect()
    }
}

impl Deletion<'_> {
    fn scene(&self, reconciler: &Reconciler, record: &Record) -> Scene {
        let now = Utc::now();
        let checks = &reconciler.inner.customs.checks;
        let mut seen = HashMap::new();
        let mut tracked = Vec::new();
        for Whole { key, object } in self.cluster.tracked(&self.application.metadata.name) {
            if !self.permission.covers(&key) {
                continue;
            }
            let health = checks.assess(&object, now);
            tracked.push(ResourceKey::clone(&key));
            seen.insert(ResourceKey::clone(&key), (object, health));
        }
        let wanted = self.target.iter().flat_map(|target| &target.wanted);
        let keys = wanted
            .map(|wanted| &wanted.key)
            .chain(record.tasks.iter().map(|task| &task.key));
        for key in keys {
            if seen.contains_key(key) {
                continue;
            }
            if let Some(object) = self.cluster.live(key) {
                let health = checks.assess(&object, now);
                seen.insert(key.clone(), (object, health));
            }
        }
        Scene { tracked, seen }
    }

    /// Objects of the source, for the hooks among them.
    fn desired(&self) -> Vec<Desired<'_>> {
        let targets = self.target.iter();
        targets
            .flat_map(|target| {
                target.wanted.iter().map(|wanted| Desired {
                    key: wanted.key.clone(),
                    target: &wanted.object,
                    drifted: true,
                    served: true,
                })
            })
            .collect()
    }

    fn is_confirmed(&self) -> bool {
        let metadata = &self.application.metadata;
        let approved = metadata
            .annotations
            .get(DELETION_APPROVED)
            .map(String::as_str);
        let asked = metadata.deletion_timestamp;
        asked.is_some_and(|since| is_deletion_approved(approved, since))
    }

    /// Carries out a wave.
    async fn run(&self, wave: Wave<'_>, record: &Record) -> Stage {
        let mut all = Stage::default();
        for stage in &wave.stages {
            let perform = |task| self.perform(task, record).boxed();
            // What is not deleted because of a failure stays for the next try; the others go.
            let how = (Lost::Waits, false);
            let _is_done = all.run(self.cluster, stage, how, perform).await;
            if all.lost.is_some() {
                break;
            }
        }
        all
    }

    async fn perform(&self, task: &Task<'_>, record: &Record) -> Result<Outcome, ClusterError> {
        let cluster = self.cluster;
        match &task.action {
            Action::SkipPrune(_) => {}
            Action::Prune { propagation } => {
                let how = policy(*propagation);
                cluster.delete(&identity(task), how, false).await?;
            }
            Action::DeleteHook => delete_hook(cluster, task).await?,
            Action::ReleaseHook => release(cluster, &task.key, &task.uid).await?,
            Action::Apply { .. } => {
                let Some(manifest) = task.manifest(record) else {
                    return Ok(Outcome::Done);
                };
                let after = cluster.apply(&manifest, Apply::default()).await?;
                return Ok(Outcome::Applied {
                    uid: after["metadata"]["uid"]
                        .as_str()
                        .unwrap_or_default()
                        .to_owned(),
                    generation: after["metadata"]["generation"].as_i64(),
                    message: format!("{} created", task.key.name),
                });
            }
        }
        Ok(Outcome::Done)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_deletion_begins_when_it_was_asked_for_and_again_when_it_failed() {
        let mut application: Application = serde_json::from_value(json!({
            "metadata": {"name": "web", "deletionTimestamp": "2020-01-01T00:00:00Z"},
            "spec": {"destination": {}},
            "status": {"health": {}, "sync": {"status": "Synced"}, "conditions": [
                {"type": PROGRESS, "message": "waiting for deletion confirmation of /ConfigMap/a"}]},
        }))
        .expect("an application");
        let asked = application.metadata.deletion_timestamp;
        assert_eq!(Some(begin(&application, None).started_at), asked);
        let status = application.status.get_or_insert_default();
        ERROR.clone_into(&mut status.conditions[0].type_);
        assert!(Some(begin(&application, None).started_at) > asked);
    }

    #[test]
    fn only_what_is_more_than_time_is_shown() {
        let wait = |what| Wait {
            what,
            keys: Vec::new(),
            hooks: 0,
            deadline: chrono::DateTime::UNIX_EPOCH,
        };
        assert_eq!(shown(&wait(WaitFor::Deletion)), None);
        let condition = shown(&wait(WaitFor::DeletionConfirmation));
        assert_eq!(
            condition,
            Some(Condition::new(
                PROGRESS,
                "waiting for deletion confirmation of"
            ))
        );
    }
}
