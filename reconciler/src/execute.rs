//! Operations: a durable record, carried out wave by wave.
//!
//! The record stays in the application until the operation has ended, so that a restart carries it on; server-side apply makes a second
//! application of the same object harmless.

use std::time::Duration;

use futures::StreamExt as _;
use kube::api::PropagationPolicy;
use serde_json::Value;
use tiphys_engine::object;
use tiphys_engine::plan::{self, Desired, Request, Selector, SkipReason, Task};
use tiphys_model::*;
use tiphys_storage::{StoreError, Stored};
use tokio::time::Instant;

use crate::cluster::{Apply, Cluster, ClusterError};
use crate::target::{Choice, Target};
use crate::{Reconciler, locked, now};

/// Requests to one cluster for one wave at a time.
const CONCURRENCY: usize = 32;
/// How long a definition may take to be served.
const DEFINITION: Duration = Duration::from_secs(20);
/// History entries that are kept when the specification does not say.
const HISTORY: i64 = 10;
const TERMINATED: &str = "Operation terminated";

/// How an operation ended.
struct End {
    phase: OperationPhase,
    message: String,
    result: Option<SyncOperationResult>,
}

impl Reconciler {
    pub(crate) async fn operate(
        &self,
        id: &str,
        stored: Stored<Application>,
    ) -> Result<(), StoreError> {
        let mut application = stored.value;
        let Some(operation) = application.operation.clone() else {
            return Ok(());
        };
        let status = application.status.get_or_insert_default();
        let running = status
            .operation_state
            .as_ref()
            .filter(|state| state.finished_at.is_none() && state.operation == operation);
        if running.is_some_and(|state| state.phase == OperationPhase::Terminating) {
            let result = running.and_then(|state| state.sync_result.clone());
            return self
                .finish(
                    id,
                    &operation,
                    End {
                        phase: OperationPhase::Failed,
                        message: TERMINATED.to_owned(),
                        result,
                    },
                )
                .await;
        }
        let due = locked(&self.inner.retries).get(id).copied();
        if running.is_some()
            && let Some(due) = due.filter(|due| *due > Instant::now())
        {
            self.inner.queue.add_at(id.to_owned(), "", due);
            return Ok(());
        }
        if running.is_none() {
            status.operation_state = Some(OperationState {
                operation: operation.clone(),
                phase: OperationPhase::Running,
                started_at: now(),
                ..OperationState::default()
            });
            self.inner
                .applications
                .replace(id, &application, stored.mod_revision)
                .await?;
        }
        let end = self.carry_out(id, &application, &operation).await?;
        let attempts = application
            .status
            .as_ref()
            .and_then(|status| status.operation_state.as_ref())
            .and_then(|state| state.retry_count)
            .unwrap_or(0);
        let retry = operation.retry.clone().unwrap_or_default();
        let limit = retry.limit.unwrap_or(0);
        let dry_run = operation.sync.as_ref().is_some_and(|sync| sync.dry_run);
        if end.phase != OperationPhase::Succeeded
            && end.message != TERMINATED
            && !dry_run
            && (limit < 0 || attempts < limit)
        {
            return self.retry(id, &operation, end, attempts, &retry).await;
        }
        self.finish(id, &operation, end).await
    }

    /// Notes a failed attempt, and when the next one is.
    async fn retry(
        &self,
        id: &str,
        operation: &Operation,
        end: End,
        attempts: i64,
        strategy: &RetryStrategy,
    ) -> Result<(), StoreError> {
        let pause = pause(strategy, attempts);
        let due = Instant::now() + pause;
        locked(&self.inner.retries).insert(id.to_owned(), due);
        let message = format!(
            "{} Retrying attempt #{} in {} s.",
            end.message,
            attempts + 1,
            pause.as_secs()
        );
        self.inner
            .applications
            .update(id, |application| -> Result<(), StoreError> {
                if let Some(state) = application
                    .status
                    .as_mut()
                    .and_then(|status| status.operation_state.as_mut())
                    && application.operation.as_ref() == Some(operation)
                {
                    message.clone_into(&mut state.message);
                    state.retry_count = Some(attempts + 1);
                    state.sync_result.clone_from(&end.result);
                }
                Ok(())
            })
            .await?;
        self.inner.queue.add_at(id.to_owned(), "", due);
        Ok(())
    }

    /// Replaces the operation by its result, in one transaction.
    async fn finish(&self, id: &str, operation: &Operation, end: End) -> Result<(), StoreError> {
        locked(&self.inner.retries).remove(id);
        tracing::info!(
            application = id,
            phase = end.phase.as_str(),
            message = end.message,
            "an operation ended"
        );
        self.inner
            .applications
            .update(id, |application| -> Result<(), StoreError> {
                if application.operation.as_ref() != Some(operation) {
                    return Ok(());
                }
                application.operation = None;
                let limit = application
                    .spec
                    .revision_history_limit
                    .unwrap_or(HISTORY)
                    .max(0);
                let status = application.status.get_or_insert_default();
                let state = status
                    .operation_state
                    .get_or_insert_with(|| OperationState {
                        started_at: now(),
                        ..OperationState::default()
                    });
                state.operation.clone_from(operation);
                state.phase = end.phase;
                state.message.clone_from(&end.message);
                state.sync_result.clone_from(&end.result);
                state.finished_at = Some(now());
                let sync = operation.sync.clone().unwrap_or_default();
                if end.phase == OperationPhase::Succeeded
                    && !sync.dry_run
                    && sync.resources.is_empty()
                    && let Some(result) = &end.result
                {
                    status.history.push(RevisionHistory {
                        id: status.history.last().map_or(0, |last| last.id + 1),
                        revision: result.revision.clone(),
                        revisions: result.revisions.clone(),
                        deployed_at: now(),
                        deploy_started_at: Some(state.started_at),
                        source: result.source.clone(),
                        sources: result.sources.clone(),
                        initiated_by: operation.initiated_by.clone().unwrap_or_default(),
                    });
                    // The last entry stays: its number goes on.
                    let keep = usize::try_from(limit).unwrap_or(usize::MAX).max(1);
                    let excess = status.history.len().saturating_sub(keep);
                    status.history.drain(..excess);
                }
                Ok(())
            })
            .await?;
        Ok(())
    }

    async fn carry_out(
        &self,
        id: &str,
        application: &Application,
        operation: &Operation,
    ) -> Result<End, StoreError> {
        let failed = |message: String| End {
            phase: OperationPhase::Error,
            message,
            result: None,
        };
        let Some(sync) = &operation.sync else {
            return Ok(failed(
                "the operation is of a kind that this version does not know".to_owned(),
            ));
        };
        let choice = Choice {
            revision: Some(sync.revision.as_str()).filter(|revision| !revision.is_empty()),
            source: sync.source.as_ref(),
            revisions: &sync.revisions,
            sources: &sync.sources,
        };
        let target = match self.target(application, choice).await {
            Ok(target) => target,
            Err(condition) => {
                return Ok(failed(format!("{}: {}", condition.kind, condition.message)));
            }
        };
        let plan = plan::plan(
            &desired(&target),
            &left(&target, application),
            &request(&target, application, sync),
        );
        let mut results: Vec<ResourceResult> = target
            .forbidden
            .iter()
            .filter(|_| sync.resources.is_empty())
            .map(|(key, gvk, reason)| row(key, &gvk.version, "SyncFailed", reason))
            .collect();
        let force = sync.sync_strategy.as_ref().is_some_and(|strategy| {
            strategy.apply.as_ref().is_some_and(|apply| apply.force)
                || strategy.hook.as_ref().is_some_and(|hook| hook.force)
        });
        let options = Apply {
            dry_run: sync.dry_run,
            force,
        };
        let made: Vec<String> = plan
            .waves
            .iter()
            .flatten()
            .filter(|task| task.key().kind == "Namespace")
            .map(|task| task.key().name.clone())
            .collect();
        let mut broken = !results.is_empty();
        for (index, wave) in plan.waves.into_iter().enumerate() {
            if broken {
                break;
            }
            if index > 0 && self.is_terminated(id, operation).await? {
                let result = outcome(&target, sync, results);
                return Ok(End {
                    phase: OperationPhase::Failed,
                    message: TERMINATED.to_owned(),
                    result: Some(result),
                });
            }
            let tasks = wave.into_iter().enumerate().map(|(at, task)| {
                let work = run(&target, task, options, &made);
                async move { (at, work.await) }
            });
            // Unordered, so that a slow object does not hold the others back; the result has the plan's order.
            let mut done: Vec<(usize, ResourceResult)> = futures::stream::iter(tasks)
                .buffer_unordered(CONCURRENCY)
                .collect()
                .await;
            done.sort_by_key(|(at, _)| *at);
            let done: Vec<ResourceResult> = done.into_iter().map(|(_, row)| row).collect();
            broken = done.iter().any(|row| row.status == "SyncFailed");
            results.extend(done);
        }
        let failures: Vec<&str> = results
            .iter()
            .filter(|row| row.status == "SyncFailed")
            .map(|row| row.message.as_str())
            .collect();
        let (phase, message) = if failures.is_empty() {
            (
                OperationPhase::Succeeded,
                "successfully synced (all tasks run)".to_owned(),
            )
        } else {
            (
                OperationPhase::Failed,
                format!(
                    "one or more objects failed to apply, reason: {}",
                    failures.join(",")
                ),
            )
        };
        Ok(End {
            phase,
            message,
            result: Some(outcome(&target, sync, results)),
        })
    }

    async fn is_terminated(&self, id: &str, operation: &Operation) -> Result<bool, StoreError> {
        let Some(stored) = self.inner.applications.get(id).await? else {
            return Ok(true);
        };
        let state = stored
            .value
            .status
            .as_ref()
            .and_then(|status| status.operation_state.as_ref());
        Ok(stored.value.operation.as_ref() != Some(operation)
            || state.is_some_and(|state| state.phase == OperationPhase::Terminating))
    }
}

/// How long to wait before the next attempt: 5 s, doubled each time, at most 3 minutes, unless the strategy says otherwise.
fn pause(strategy: &RetryStrategy, attempts: i64) -> Duration {
    let backoff = strategy.backoff.clone().unwrap_or_default();
    let base = duration(&backoff.duration).unwrap_or(Duration::from_secs(5));
    let most = duration(&backoff.max_duration).unwrap_or(Duration::from_secs(180));
    let factor = u32::try_from(backoff.factor.unwrap_or(2).clamp(1, 100)).unwrap_or(2);
    let exponent = u32::try_from(attempts.clamp(0, 30)).unwrap_or(30);
    base.saturating_mul(factor.saturating_pow(exponent))
        .min(most)
}

/// Reads a duration as Go writes it (`1m30s`, `500ms`), or a number of seconds.
fn duration(text: &str) -> Option<Duration> {
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let mut total = 0.0;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .filter(|at| *at > 0)?;
        let number: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let unit = rest
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(rest.len());
        total += number
            * match &rest[..unit] {
                "h" => 3600.0,
                "m" => 60.0,
                "s" => 1.0,
                "ms" => 0.001,
                _ => return None,
            };
        rest = &rest[unit..];
    }
    Duration::try_from_secs_f64(total)
        .ok()
        .filter(|_| !text.is_empty())
}

fn desired(target: &Target) -> Vec<Desired> {
    target
        .wanted
        .iter()
        .map(|wanted| Desired {
            key: wanted.key.clone(),
            target: wanted.object.clone(),
            exists: target.cluster.live(&wanted.key).is_some(),
        })
        .collect()
}

fn left(target: &Target, application: &Application) -> Vec<Value> {
    target
        .left(&application.metadata.name)
        .iter()
        .map(|live| Value::clone(live))
        .collect()
}

fn request(target: &Target, application: &Application, sync: &SyncOperation) -> Request {
    let spec = &application.spec;
    let option = |wanted: &str| sync.sync_options.iter().any(|option| option == wanted);
    let namespace = &spec.destination.namespace;
    let namespaced = target
        .wanted
        .iter()
        .any(|wanted| wanted.key.namespace == *namespace);
    let create = option("CreateNamespace=true") && !namespace.is_empty() && namespaced;
    let metadata = spec
        .sync_policy
        .as_ref()
        .and_then(|policy| policy.managed_namespace_metadata.as_ref());
    Request {
        prune: sync.prune,
        selected: sync
            .resources
            .iter()
            .map(|resource| Selector {
                group: resource.group.clone(),
                kind: resource.kind.clone(),
                namespace: resource.namespace.clone(),
                name: resource.name.clone(),
            })
            .collect(),
        create_namespace: create.then(|| {
            let mut object = serde_json::json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}});
            if let Some(metadata) = metadata {
                object["metadata"]["labels"] = serde_json::json!(metadata.labels);
                object["metadata"]["annotations"] = serde_json::json!(metadata.annotations);
            }
            object
        }),
    }
}

fn row(key: &ResourceKey, version: &str, status: &str, message: &str) -> ResourceResult {
    ResourceResult {
        group: key.group.clone(),
        version: version.to_owned(),
        kind: key.kind.clone(),
        namespace: key.namespace.clone(),
        name: key.name.clone(),
        status: status.to_owned(),
        message: message.to_owned(),
        hook_phase: if status == "SyncFailed" {
            "Failed"
        } else {
            "Running"
        }
        .to_owned(),
        sync_phase: "Sync".to_owned(),
        ..ResourceResult::default()
    }
}

fn outcome(
    target: &Target,
    sync: &SyncOperation,
    resources: Vec<ResourceResult>,
) -> SyncOperationResult {
    SyncOperationResult {
        resources,
        revision: target.revision.clone(),
        revisions: target.revisions.clone(),
        source: Some(sync.source.clone().unwrap_or_else(|| target.source.clone()))
            .filter(|_| target.sources.is_empty()),
        sources: target.sources.clone(),
        ..SyncOperationResult::default()
    }
}

async fn run(target: &Target, task: Task, options: Apply, made: &[String]) -> ResourceResult {
    match task {
        Task::Skip {
            key,
            version,
            reason,
        } => {
            let message = match reason {
                SkipReason::PruneNotRequested => "ignored (requires pruning)",
                SkipReason::PruneForbidden => "ignored (no prune)",
            };
            row(&key, &version, "PruneSkipped", message)
        }
        Task::Prune { key, version } => {
            let Some(live) = target.cluster.live(&key) else {
                return row(&key, &version, "Pruned", "pruned");
            };
            match target
                .cluster
                .delete(&live, PropagationPolicy::Foreground, options.dry_run)
                .await
            {
                Ok(_) => row(
                    &key,
                    &version,
                    "Pruned",
                    if options.dry_run {
                        "pruned (dry run)"
                    } else {
                        "pruned"
                    },
                ),
                Err(error) => row(&key, &version, "SyncFailed", &error.to_string()),
            }
        }
        Task::Apply {
            key,
            target: wanted,
            namespace,
        } => {
            let gvk = object::gvk(&wanted);
            let before = target.cluster.live(&key);
            if namespace && before.is_none() && exists(&target.cluster, &wanted).await {
                return row(
                    &key,
                    &gvk.version,
                    "Synced",
                    &format!("{} unchanged", shown(&key)),
                );
            }
            let result = apply(target, &wanted, options).await;
            let mut done = match result {
                Ok(after) => {
                    let verb = match before {
                        None => "created",
                        Some(before)
                            if before["metadata"]["resourceVersion"]
                                == after["metadata"]["resourceVersion"] =>
                        {
                            "unchanged"
                        }
                        Some(_) => "configured",
                    };
                    let dry = if options.dry_run { " (dry run)" } else { "" };
                    row(
                        &key,
                        &gvk.version,
                        "Synced",
                        &format!("{} {verb}{dry}", shown(&key)),
                    )
                }
                // What a dry run cannot know: the namespace or the definition would be there by then.
                Err(ClusterError::UnknownKind { .. })
                    if options.dry_run
                        && target
                            .defined
                            .contains_key(&(gvk.group.clone(), gvk.kind.clone())) =>
                {
                    row(
                        &key,
                        &gvk.version,
                        "Synced",
                        &format!("{} created (dry run)", shown(&key)),
                    )
                }
                Err(error)
                    if options.dry_run && error.is_not_found() && made.contains(&key.namespace) =>
                {
                    row(
                        &key,
                        &gvk.version,
                        "Synced",
                        &format!("{} created (dry run)", shown(&key)),
                    )
                }
                Err(error) => row(&key, &gvk.version, "SyncFailed", &error.to_string()),
            };
            done.images = object::images(&wanted);
            if namespace {
                "PreSync".clone_into(&mut done.sync_phase);
            }
            done
        }
    }
}

/// Whether a namespace is there: one that somebody else made is left as it is.
async fn exists(cluster: &Cluster, namespace: &Value) -> bool {
    cluster.exists(namespace).await.unwrap_or(false)
}

/// Applies; a kind whose definition was applied just before is waited for.
async fn apply(target: &Target, wanted: &Value, options: Apply) -> Result<Value, ClusterError> {
    let gvk = object::gvk(wanted);
    let defined = target
        .defined
        .contains_key(&(gvk.group.clone(), gvk.kind.clone()));
    let end = Instant::now() + DEFINITION;
    loop {
        let result = target.cluster.apply(wanted, options).await;
        let early = match &result {
            Err(ClusterError::UnknownKind { .. }) => defined && !options.dry_run,
            Err(error) => defined && !options.dry_run && error.is_not_found(),
            Ok(_) => false,
        };
        if !early || Instant::now() > end {
            return result;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// `deployment.apps/web`, as kubectl shows it.
fn shown(key: &ResourceKey) -> String {
    let kind = key.kind.to_lowercase();
    if key.group.is_empty() {
        format!("{kind}/{}", key.name)
    } else {
        format!("{kind}.{}/{}", key.group, key.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_gos() {
        for (text, milliseconds) in [
            ("5s", Some(5000)),
            ("1m30s", Some(90_000)),
            ("500ms", Some(500)),
            ("2h", Some(7_200_000)),
            ("7", Some(7000)),
            ("", None),
            ("5 apples", None),
            ("s", None),
        ] {
            assert_eq!(
                duration(text),
                milliseconds.map(Duration::from_millis),
                "{text}"
            );
        }
    }

    #[test]
    fn pauses_grow_to_their_limit() {
        let strategy = RetryStrategy {
            backoff: Some(Backoff {
                duration: "1s".into(),
                factor: Some(3),
                max_duration: "10s".into(),
            }),
            ..RetryStrategy::default()
        };
        let pauses: Vec<u64> = (0..4)
            .map(|attempts| pause(&strategy, attempts).as_secs())
            .collect();
        assert_eq!(pauses, [1, 3, 9, 10]);
        assert_eq!(pause(&RetryStrategy::default(), 0), Duration::from_secs(5));
    }
}
