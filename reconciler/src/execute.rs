//! Operations: a durable record, carried out wave by wave.
//!
//! The planner (`tiphys_engine::sync`) says the next step; here it is carried out, and what came of it goes into the record of the
//! attempt, which lies beside the application in the store. Whoever has the record, also after a crash, goes on with the same step.
//! What is waited for ends the pass: a live change or the deadline brings the next.

mod attempt;
mod end;
mod task;

use std::time::Duration;

use chrono::Utc;
use futures::StreamExt as _;
use tiphys_engine::sync::{self, Deadlines, Record, Step, TaskRecord, Wave, hook};
use tiphys_model::*;
use tiphys_storage::{StoreError, Stored};

use crate::target::{Choice, Target};
use crate::{Reconciler, now};

use attempt::{Attempt, Scene};
use end::{End, Progress, failed};
pub(crate) use task::release;

/// Requests to one cluster for one stage at a time.
const CONCURRENCY: usize = 32;
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
        let terminating = running.is_some_and(|state| state.phase == OperationPhase::Terminating);
        let known = match running {
            Some(_) => self.inner.attempts.get(id).await?,
            None => None,
        };
        let begun = known
            .as_ref()
            .is_some_and(|known| !known.value.tasks.is_empty());
        if terminating && !begun {
            let result = running.and_then(|state| state.sync_result.clone());
            let end = End {
                result,
                ..failed(OperationPhase::Failed, TERMINATED)
            };
            return self.finish(id, &operation, end).await;
        }
        let is_new = running.is_none();
        let mut application = stored.value;
        let record = match known {
            Some(known) => known.value,
            None => {
                let revision = operation
                    .sync
                    .as_ref()
                    .map(|sync| sync.revision.as_str())
                    .unwrap_or_default();
                let record = Record::new(revision, Utc::now());
                if is_new {
                    begin(&mut application, &operation);
                }
                self.write(id, &application, stored.mod_revision, Some(&record))
                    .await?;
                record
            }
        };
        // A retry is an attempt that begins later.
        let early = record.started_at - Utc::now();
        if !terminating && let Ok(early) = early.to_std() {
            self.again(id, early);
            return Ok(());
        }
        match self
            .carry_out(id, &application, &operation, record, terminating)
            .await?
        {
            Some(end) => self.conclude(id, &application, &operation, end).await,
            None => Ok(()),
        }
    }

    /// Takes steps until the operation has ended, which is the answer, or something has to be waited for.
    async fn carry_out(
        &self,
        id: &str,
        application: &Application,
        operation: &Operation,
        mut record: Record,
        terminating: bool,
    ) -> Result<Option<End>, StoreError> {
        let Some(sync) = &operation.sync else {
            return Ok(Some(failed(
                OperationPhase::Error,
                "the operation is of a kind that this version does not know",
            )));
        };
        let choice = Choice {
            revision: Some(record.revision.as_str())
                .filter(|revision| !revision.is_empty() && sync.sources.is_empty()),
            source: sync.source.as_ref(),
            revisions: &sync.revisions,
            sources: &sync.sources,
            options: Some(&sync.sync_options),
        };
        let target = match self.target(application, choice).await {
            Ok(target) => target,
            Err(condition) => {
                let message = format!("{}: {}", condition.kind, condition.message);
                return self
                    .without_target(id, operation, &record, terminating, message)
                    .await;
            }
        };
        if record.revision.is_empty() {
            record.revision = target.commits().first().cloned().unwrap_or_default();
        }
        let mut attempt = Attempt::new(application, sync, &target, record.started_at);
        if attempt.only_drifted() && self.asks_server(&target) {
            attempt.answers = self.answers(&application.metadata.name, &target).await;
        }
        if terminating {
            attempt.request.terminate = Some(TERMINATED.to_owned());
        }
        let mut saved = true;
        loop {
            let scene = Scene::new(self, application, &target, &attempt, &record);
            let known = record.clone();
            let desired = scene.desired(&target, &attempt);
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
                    // What an earlier wave did is durable before the next begins; so are the names of generated hooks.
                    let names = wave.stages.iter().flatten().any(|task| task.hook);
                    if !saved || (names && known.tasks.is_empty()) {
                        let result = attempt.outcome(&target, sync, &record);
                        let noted = Some(("", result));
                        match self.progress(id, operation, &record, noted).await? {
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
                    let done = self.run_wave(&target, &attempt, wave, &record).await;
                    record.merge(done);
                    saved = false;
                }
            }
        }
    }

    /// What becomes of an operation whose target cannot be told: one that has begun goes on when it can be told again.
    async fn without_target(
        &self,
        id: &str,
        operation: &Operation,
        record: &Record,
        terminating: bool,
        message: String,
    ) -> Result<Option<End>, StoreError> {
        if terminating {
            return Ok(Some(failed(OperationPhase::Failed, TERMINATED)));
        }
        let end = tiphys_engine::duration::after(record.started_at, Deadlines::default().operation);
        if record.tasks.is_empty() || Utc::now() >= end {
            return Ok(Some(failed(OperationPhase::Error, &message)));
        }
        let result = SyncOperationResult {
            resources: record.results(),
            revision: record.revision.clone(),
            ..SyncOperationResult::default()
        };
        self.progress(id, operation, record, Some((&message, result)))
            .await?;
        self.again(id, RECONNECT);
        Ok(None)
    }

    /// Carries out the stages of a wave, one after the other; after a failure the later ones are not begun.
    async fn run_wave(
        &self,
        target: &Target,
        attempt: &Attempt<'_>,
        wave: Wave<'_>,
        record: &Record,
    ) -> Vec<TaskRecord> {
        let made: Vec<String> = wave
            .stages
            .iter()
            .flatten()
            .map(|task| &task.key)
            .chain(record.tasks.iter().map(|task| &task.key))
            .filter(|key| key.kind == "Namespace")
            .map(|key| key.name.clone())
            .collect();
        let dry_run = attempt.request.dry_run;
        let mut done: Vec<TaskRecord> = Vec::new();
        for stage in wave.stages {
            // Collected, because a closure with these lifetimes cannot live across an await.
            let tasks = stage.into_iter().enumerate().map(|(at, task)| {
                let made = &made;
                async move {
                    let begun = Utc::now();
                    let outcome = task::perform(target, attempt, &task, record, made).await;
                    (at, task.result(outcome, dry_run, begun))
                }
            });
            // Unordered, so that a slow object does not hold the others back; the record has the plan's order.
            let tasks: Vec<_> = tasks.collect();
            let mut results: Vec<(usize, Option<TaskRecord>)> = futures::stream::iter(tasks)
                .buffer_unordered(CONCURRENCY)
                .collect()
                .await;
            results.sort_by_key(|(at, _)| *at);
            let results = results.into_iter().filter_map(|(_, result)| result);
            let before = done.len();
            done.extend(results);
            if done[before..].iter().any(TaskRecord::is_failed) {
                break;
            }
        }
        done
    }
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
