//! Operations: a durable record, carried out wave by wave.
//!
//! The planner (`tiphys_engine::sync`) says the next step; here it is carried out, and what came of it goes into the record of the
//! attempt, which lies beside the application in the store. Whoever has the record, also after a crash, goes on with the same step.
//! What is waited for ends the pass: a live change or the deadline brings the next.

mod attempt;
mod end;
mod stage;
mod task;

use std::time::Duration;

use chrono::Utc;
use futures::FutureExt as _;
use tiphys_engine::sync::{self, Record, Step, Wave, hook};
use tiphys_engine::{duration, retry};
use tiphys_model::*;
use tiphys_storage::{StoreError, Stored};

use crate::gate::deadlines;
use crate::target::{Choice, Target};
use crate::{Reconciler, judging, now};

pub(crate) use attempt::occasion;
use attempt::{Attempt, Scene};
use end::{End, Progress, failed};
pub(crate) use stage::{Lost, Stage};
pub(crate) use task::{delete_hook, identity, policy, release};

/// When an attempt that has begun and has lost its cluster or its source is carried on.
const RECONNECT: Duration = Duration::from_secs(5);
/// What was applied and stays unobserved counts as gone after 30 seconds; then the next step is due at the latest.
const UNSEEN: Duration = Duration::from_secs(31);
const TERMINATED: &str = "Operation terminated";

impl Reconciler {
    pub(crate) async fn operate(
        &self,
        id: &str,
        stored: Stored<Application>,
    ) -> Result<(), StoreError> {
        let Some(operation) = stored.value.operation.clone() else {
            return Ok(());
        };
        let running = stored
            .value
            .status
            .as_ref()
            .and_then(|status| status.operation_state.as_ref())
            .filter(|state| state.finished_at.is_none() && state.operation == operation);
        let mut terminate = running
            .filter(|state| state.phase == OperationPhase::Terminating)
            .map(|_| TERMINATED.to_owned());
        let known = match running {
            Some(_) => self.inner.attempts.get(id).await?,
            None => None,
        };
        if let (None, Some(known)) = (&terminate, &known) {
            terminate = self
                .superseded(&stored.value, &operation, &known.value)
                .await;
        }
        let begun = known.as_ref().is_some_and(|known| known.value.has_begun());
        if let Some(reason) = terminate.as_ref().filter(|_| !begun) {
            let result = running.and_then(|state| state.sync_result.clone());
            let end = End {
                result,
                ..failed(OperationPhase::Failed, reason)
            };
            return self.finish(id, &operation, end).await;
        }
        let is_new = running.is_none();
        let mut application = stored.value;
        let mut record = match known {
            Some(known) => known.value,
            None => {
                let record = record_of(&operation);
                if is_new {
                    begin(&mut application, &operation);
                }
                self.write(id, &application, stored.mod_revision, Some(&record))
                    .await?;
                record
            }
        };
        let now = Utc::now();
        // A retry is an attempt that begins later.
        let early = record.early(pause(&application, &operation), now);
        if let (None, Some(early)) = (&terminate, early) {
            self.again(id, early);
            return Ok(());
        }
        if record.begin(now) {
            self.progress(id, &operation, &record, None).await?;
        }
        if terminate.is_none() && self.hold(id, &application, &operation, &record).await? {
            return Ok(());
        }
        match self
            .carry_out(id, &application, &operation, record, terminate)
            .await?
        {
            Some(end) => self.conclude(id, &application, &operation, end).await,
            None => Ok(()),
        }
    }

    /// Waits, when something holds the operation back; answers whether that is so. Nothing is waited for longer than an attempt may take.
    async fn hold(
        &self,
        id: &str,
        application: &Application,
        operation: &Operation,
        record: &Record,
    ) -> Result<bool, StoreError> {
        let begun = record.has_begun();
        let Some(hold) = self.held(application, operation, begun).await? else {
            return Ok(false);
        };
        let limit = deadlines(application).operation;
        let deadline = duration::after(record.begun(), limit);
        if Utc::now() >= deadline {
            if begun {
                // The next step ends it, and cleans up.
                return Ok(false);
            }
            let message = format!(
                "{}: the operation did not begin within its deadline of {}",
                hold.reason,
                duration::show(limit)
            );
            let end = failed(OperationPhase::Failed, &message);
            self.finish(id, operation, end).await?;
            return Ok(true);
        }
        if is_news(application, &hold.reason) {
            self.note(id, operation, &hold.reason).await?;
        }
        self.at(id, hold.until.map_or(deadline, |until| until.min(deadline)));
        Ok(true)
    }

    /// Takes steps until the operation has ended, which is the answer, or something has to be waited for.
    async fn carry_out(
        &self,
        id: &str,
        application: &Application,
        operation: &Operation,
        mut record: Record,
        terminate: Option<String>,
    ) -> Result<Option<End>, StoreError> {
        let Some(sync) = &operation.sync else {
            return Ok(Some(failed(
                OperationPhase::Error,
                "the operation is of a kind that this version does not know",
            )));
        };
        let revisions = record.revisions.clone();
        let choice = Choice {
            revision: Some(record.revision.as_str())
                .filter(|revision| !revision.is_empty() && sync.sources.is_empty()),
            source: sync.source.as_ref(),
            revisions: &revisions,
            sources: &sync.sources,
            options: Some(&sync.sync_options),
        };
        let target = match self.target(application, choice).await {
            Ok(target) => target,
            Err(condition) => {
                let message = format!("{}: {}", condition.kind, condition.message);
                return self
                    .without_target(id, application, operation, &record, (terminate, message))
                    .await;
            }
        };
        if record.revision.is_empty() {
            record.revision = target.commits().first().cloned().unwrap_or_default();
        }
        if record.revisions.is_empty() {
            record.revisions.clone_from(&target.revisions);
        }
        let mut attempt = Attempt::new(application, sync, &target);
        if attempt.only_drifted() && self.asks_server(&target) {
            attempt.answers = self.answers(&application.metadata.name, &target).await;
        }
        attempt.request.terminate = terminate;
        let mut saved = true;
        loop {
            let known = record.clone();
            let objects = target.wanted.len();
            let scene = judging(objects, || {
                Scene::new(application, &target, &attempt, &record)
            });
            let desired = judging(objects, || scene.desired(&target, &attempt));
            let left = scene.left();
            let look = |key: &ResourceKey| scene.live(key);
            let decision = sync::step(&attempt.situation(&desired, &left, &look, &known));
            saved &= decision.observed.is_empty();
            record.merge(decision.observed);
            match decision.step {
                Step::Done(done) => {
                    return Ok(Some(End {
                        phase: done.phase,
                        message: done.message,
                        result: Some(attempt.outcome(&target, sync, &record)),
                        applied: attempt::applied(&target, &record, sync.dry_run),
                        is_final: attempt.request.terminate.is_some(),
                    }));
                }
                Step::Wait(wait) => {
                    let message = wait.to_string();
                    let result = attempt.outcome(&target, sync, &record);
                    let noted = Some((message.as_str(), result));
                    if !saved || is_news(application, &message) {
                        self.progress(id, operation, &record, noted).await?;
                    }
                    let due = (wait.deadline - Utc::now()).to_std().unwrap_or_default();
                    self.again(id, due.min(UNSEEN));
                    return Ok(None);
                }
                Step::Run(wave) => {
                    // What an earlier wave did is durable before the next begins; so are the names of generated hooks, and what is
                    // about to be pruned.
                    let intended = attempt.intentions(&wave);
                    let begun = (!intended.is_empty()).then(|| {
                        let mut begun = record.clone();
                        begun.merge(intended);
                        begun
                    });
                    let names = wave.stages.iter().flatten().any(|task| task.hook);
                    if !saved || begun.is_some() || (names && known.tasks.is_empty()) {
                        let result = attempt.outcome(&target, sync, &record);
                        let noted = Some(("", result));
                        let begun = begun.as_ref().unwrap_or(&record);
                        match self.progress(id, operation, begun, noted).await? {
                            Progress::Running => {}
                            Progress::Terminating if attempt.request.terminate.is_none() => {
                                attempt.request.terminate = Some(TERMINATED.to_owned());
                                saved = true;
                                continue;
                            }
                            Progress::Terminating => {}
                            Progress::Gone => return Ok(None),
                        }
                    }
                    // Somebody who waits for the end must not wait for the cluster.
                    let limit = deadlines(application).operation;
                    let ends = attempt.request.terminate.is_some()
                        || Utc::now() >= duration::after(record.begun(), limit);
                    let lost = if attempt.request.dry_run || ends {
                        Lost::Fails
                    } else {
                        Lost::Waits
                    };
                    let stage = run_wave(&target, &attempt, wave, &record, lost).await;
                    if let Some(error) = stage.lost {
                        // What was about to be pruned and got no answer may be gone.
                        record = begun.unwrap_or(record);
                        record.merge(stage.done);
                        record.interrupted = true;
                        let noted = (error.to_string(), attempt.outcome(&target, sync, &record));
                        self.reconnect(id, operation, &record, noted).await?;
                        return Ok(None);
                    }
                    record.merge(stage.done);
                    saved = false;
                }
            }
        }
    }

    /// Notes why an operation that has begun cannot go on now, and comes again.
    async fn reconnect(
        &self,
        id: &str,
        operation: &Operation,
        record: &Record,
        (message, result): (String, SyncOperationResult),
    ) -> Result<(), StoreError> {
        self.progress(id, operation, record, Some((&message, result)))
            .await?;
        self.again(id, RECONNECT);
        Ok(())
    }

    /// What becomes of an operation whose target cannot be told: one that has begun goes on when it can be told again.
    async fn without_target(
        &self,
        id: &str,
        application: &Application,
        operation: &Operation,
        record: &Record,
        (terminate, message): (Option<String>, String),
    ) -> Result<Option<End>, StoreError> {
        if let Some(reason) = terminate {
            return Ok(Some(End {
                is_final: true,
                ..failed(OperationPhase::Failed, &reason)
            }));
        }
        if !record.has_begun() {
            return Ok(Some(failed(OperationPhase::Error, &message)));
        }
        let limit = deadlines(application).operation;
        let end = duration::after(record.begun(), limit);
        if Utc::now() >= end {
            let message = format!(
                "{message}: the operation did not end within its deadline of {}",
                duration::show(limit)
            );
            return Ok(Some(failed(OperationPhase::Error, &message)));
        }
        let result = SyncOperationResult {
            resources: record.results(),
            revision: record.revision.clone(),
            ..SyncOperationResult::default()
        };
        self.reconnect(id, operation, record, (message, result))
            .await?;
        Ok(None)
    }
}

/// Carries out the stages of a wave, one after the other; after a failure the later ones are not begun.
async fn run_wave(
    target: &Target,
    attempt: &Attempt<'_>,
    wave: Wave<'_>,
    record: &Record,
    lost: Lost,
) -> Stage {
    let made: Vec<String> = wave
        .stages
        .iter()
        .flatten()
        .map(|task| &task.key)
        .chain(record.tasks.iter().map(|task| &task.key))
        .filter(|key| key.kind == "Namespace")
        .map(|key| key.name.clone())
        .collect();
    let how = (lost, attempt.request.dry_run);
    let mut all = Stage::default();
    for stage in &wave.stages {
        let perform = |task| task::perform(target, attempt, task, record, &made).boxed();
        if !all.run(&target.cluster, stage, how, perform).await {
            break;
        }
    }
    all
}

/// The record of a first attempt.
fn record_of(operation: &Operation) -> Record {
    let now = Utc::now();
    let mut record = Record::new("", now);
    record.begin(now);
    if let Some(sync) = &operation.sync {
        record.revision.clone_from(&sync.revision);
        record.revisions.clone_from(&sync.revisions);
    }
    record
}

/// The longest that the attempt that is next may have to wait.
fn pause(application: &Application, operation: &Operation) -> Duration {
    let status = application.status.as_ref();
    let state = status.and_then(|status| status.operation_state.as_ref());
    let attempt = state.and_then(|state| state.retry_count).unwrap_or(0);
    retry::longest_wait(&operation.retry.clone().unwrap_or_default(), attempt)
}

/// Writes into an application that its operation runs.
fn begin(application: &mut Application, operation: &Operation) {
    let status = application.status.get_or_insert_default();
    status.operation_state = Some(OperationState {
        operation: operation.clone(),
        phase: OperationPhase::Running,
        started_at: now(),
        ..OperationState::default()
    });
}

/// Whether the operation's message is another than the one that is stored.
fn is_news(application: &Application, message: &str) -> bool {
    application
        .status
        .as_ref()
        .and_then(|status| status.operation_state.as_ref())
        .is_none_or(|state| state.message != message)
}

/// Whether an object of the source takes part in the comparison: hooks and what is skipped do not.
pub(crate) fn is_compared(object: &serde_json::Value) -> bool {
    !hook::is_hook(object) && !hook::is_skipped(object)
}
