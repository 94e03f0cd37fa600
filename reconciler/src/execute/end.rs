//! What is written about an operation: progress, another attempt, the end.

use std::collections::BTreeMap;

use chrono::Utc;
use tiphys_engine::automation::rollback;
use tiphys_engine::retry;
use tiphys_engine::sync::Record;
use tiphys_model::*;
use tiphys_storage::{Op, Revision, StoreError, Txn, TxnOutcome};

use crate::{Reconciler, now, operation_id};

/// History entries that are kept when the specification does not say.
const HISTORY: i64 = 10;
/// How often a write is tried again when others write the application meanwhile.
const WRITES: usize = 64;

/// How an operation ended.
pub(super) struct End {
    pub phase: OperationPhase,
    pub message: String,
    pub result: Option<SyncOperationResult>,
    /// Hash of what was applied, by object.
    pub applied: BTreeMap<String, String>,
    /// Whether it is not tried again, because somebody or a newer commit ended it.
    pub is_final: bool,
}

/// An end without a result.
pub(super) fn failed(phase: OperationPhase, message: &str) -> End {
    End {
        phase,
        message: message.to_owned(),
        result: None,
        applied: BTreeMap::new(),
        is_final: false,
    }
}

/// What has become of the operation while it was carried out.
pub(super) enum Progress {
    /// It goes on.
    Running,
    /// Somebody wants it to end.
    Terminating,
    /// The application has it no more.
    Gone,
}

impl Reconciler {
    /// Writes an application and the record of its attempt together; without a record, an earlier one goes.
    pub(super) async fn write(
        &self,
        id: &str,
        application: &Application,
        mod_revision: Revision,
        record: Option<&Record>,
    ) -> Result<(), StoreError> {
        let record = match record {
            Some(record) => self.inner.attempts.put_op(id, record)?,
            None => self.inner.attempts.delete_op(id),
        };
        self.commit(id, application, mod_revision, vec![record])
            .await
    }

    async fn commit(
        &self,
        id: &str,
        application: &Application,
        mod_revision: Revision,
        more: Vec<Op>,
    ) -> Result<(), StoreError> {
        let applications = &self.inner.applications;
        let mut txn = Txn {
            compares: vec![applications.compare(id, mod_revision)],
            ops: vec![applications.put_op(id, application)?],
        };
        let alone = txn.clone();
        txn.ops.extend(more);
        if txn.check().is_err() {
            // Thousands of objects do not fit into one transaction: the application decides, the rest follows.
            let rest = txn.ops.split_off(1);
            txn = alone;
            for op in rest {
                let own = Txn {
                    compares: Vec::new(),
                    ops: vec![op],
                };
                if let Err(error) = self.inner.database.commit(own).await {
                    tracing::warn!(application = id, %error, "the record of an operation could not be written");
                }
            }
        }
        match self.inner.database.commit(txn).await? {
            TxnOutcome::Committed(_) => Ok(()),
            TxnOutcome::Conflict { current, .. } => Err(StoreError::Conflict {
                key: applications.key(id),
                current,
            }),
        }
    }

    /// Reads the application, changes it and writes it with the operations that `change` answers, until nobody interferes. Without
    /// an answer nothing is written.
    async fn change(
        &self,
        id: &str,
        mut change: impl FnMut(&mut Application, Revision) -> Result<Option<Vec<Op>>, StoreError>,
    ) -> Result<(), StoreError> {
        let mut outcome = Ok(());
        for _ in 0..WRITES {
            let Some(stored) = self.inner.applications.get(id).await? else {
                return Ok(());
            };
            let mut application = stored.value;
            let Some(more) = change(&mut application, stored.mod_revision)? else {
                return Ok(());
            };
            outcome = self
                .commit(id, &application, stored.mod_revision, more)
                .await;
            if !matches!(outcome, Err(StoreError::Conflict { .. })) {
                break;
            }
        }
        outcome
    }

    /// Writes how far an operation has come.
    pub(super) async fn progress(
        &self,
        id: &str,
        operation: &Operation,
        record: &Record,
        noted: Option<(&str, SyncOperationResult)>,
    ) -> Result<Progress, StoreError> {
        let mut progress = Progress::Gone;
        self.change(id, |application, _| {
            if application.operation.as_ref() != Some(operation) {
                progress = Progress::Gone;
                return Ok(None);
            }
            progress = Progress::Running;
            let status = application.status.get_or_insert_default();
            if let Some(state) = &mut status.operation_state {
                let terminating = state.phase == OperationPhase::Terminating;
                if terminating {
                    progress = Progress::Terminating;
                }
                if let Some((message, result)) = &noted {
                    if !terminating {
                        (*message).clone_into(&mut state.message);
                    }
                    state.sync_result = Some(result.clone());
                }
            }
            Ok(Some(vec![self.inner.attempts.put_op(id, record)?]))
        })
        .await?;
        Ok(progress)
    }

    /// Writes what an operation waits for before it begins.
    pub(super) async fn note(
        &self,
        id: &str,
        operation: &Operation,
        message: &str,
    ) -> Result<(), StoreError> {
        self.change(id, |application, _| {
            if application.operation.as_ref() != Some(operation) {
                return Ok(None);
            }
            let status = application.status.get_or_insert_default();
            match &mut status.operation_state {
                Some(state) if state.phase == OperationPhase::Running => {
                    message.clone_into(&mut state.message);
                    Ok(Some(Vec::new()))
                }
                _ => Ok(None),
            }
        })
        .await
    }

    /// Tries again what failed, if that is wanted, or ends the operation.
    pub(super) async fn conclude(
        &self,
        id: &str,
        application: &Application,
        operation: &Operation,
        mut end: End,
    ) -> Result<(), StoreError> {
        let attempts = application
            .status
            .as_ref()
            .and_then(|status| status.operation_state.as_ref())
            .and_then(|state| state.retry_count)
            .unwrap_or(0);
        let dry_run = operation.sync.as_ref().is_some_and(|sync| sync.dry_run);
        if end.phase != OperationPhase::Succeeded && !end.is_final && !dry_run {
            let strategy = operation.retry.clone().unwrap_or_default();
            match retry::next(&strategy, attempts, Utc::now()) {
                Ok(Some(next))
                    if !rollback::ends_retries(application, end.result.as_ref(), next.at) =>
                {
                    return self.retry(id, operation, end, &next).await;
                }
                Ok(_) => {}
                Err(reason) => end.message = format!("{} ({reason})", end.message),
            }
        }
        self.finish(id, operation, end).await
    }

    /// Notes a failed attempt, and begins the next one at its time.
    async fn retry(
        &self,
        id: &str,
        operation: &Operation,
        end: End,
        next: &retry::Retry,
    ) -> Result<(), StoreError> {
        let pause = (next.at - Utc::now()).to_std().unwrap_or_default();
        let message = format!(
            "{} Retrying attempt #{} in {} s.",
            end.message,
            next.attempt,
            pause.as_secs_f64().round()
        );
        let mut record = Record::new("", next.at);
        if let Some(sync) = operation.sync.as_ref().filter(|_| !next.refresh) {
            record.revision.clone_from(&sync.revision);
            record.revisions.clone_from(&sync.revisions);
        }
        self.change(id, |application, _| {
            if application.operation.as_ref() != Some(operation) {
                return Ok(None);
            }
            let status = application.status.get_or_insert_default();
            if let Some(state) = &mut status.operation_state {
                message.clone_into(&mut state.message);
                state.retry_count = Some(next.attempt);
                state.sync_result.clone_from(&end.result);
            }
            Ok(Some(vec![self.inner.attempts.put_op(id, &record)?]))
        })
        .await?;
        self.again(id, pause);
        Ok(())
    }

    /// Replaces the operation by its result, and adds it to the operations that have ended, in one transaction.
    pub(super) async fn finish(
        &self,
        id: &str,
        operation: &Operation,
        end: End,
    ) -> Result<(), StoreError> {
        tracing::info!(
            application = id,
            phase = end.phase.as_str(),
            message = end.message,
            "an operation ended"
        );
        self.change(id, |application, revision| {
            if application.operation.as_ref() != Some(operation) {
                return Ok(None);
            }
            let state = conclude(application, operation, &end);
            // Every write of an application has a later revision.
            let number = i64::try_from(revision).unwrap_or(i64::MAX);
            let record = OperationRecord {
                id: number,
                state,
                applied: end.applied.clone(),
            };
            let place = operation_id(id, number);
            Ok(Some(vec![
                self.inner.attempts.delete_op(id),
                self.inner.operations.put_op(&place, &record)?,
            ]))
        })
        .await
    }
}

/// Writes the end of its operation into an application; answers the state that was written.
fn conclude(application: &mut Application, operation: &Operation, end: &End) -> OperationState {
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
    let state = state.clone();
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
    state
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use chrono::DateTime;
    use sha2::{Digest as _, Sha256};
    use tiphys_engine::sync::{Phase, ResultCode, TaskRecord, TaskState};
    use tiphys_storage::{Collection, Database, MemoryStore};

    use super::*;

    const OBJECTS: usize = 5000;

    /// Something that nothing can compress, as identities and hashes are.
    fn hex(of: usize, digits: usize) -> String {
        let hash = Sha256::digest(of.to_be_bytes());
        crate::hexadecimal(&hash)[..digits].to_owned()
    }

    fn task(at: usize) -> TaskRecord {
        TaskRecord {
            key: ResourceKey {
                group: "apps".to_owned(),
                kind: "Deployment".to_owned(),
                namespace: format!("team-{}", at % 50),
                name: format!("service-{}-{at}", hex(at, 8)),
            },
            version: "v1".to_owned(),
            phase: Phase::Sync,
            wave: 0,
            stated_wave: 0,
            prune_last: false,
            hook: false,
            code: ResultCode::Synced,
            state: TaskState::Running,
            message: format!("deployment.apps/service-{}-{at} configured", hex(at, 8)),
            uid: hex(at, 32),
            generation: Some(1),
            started_at: DateTime::UNIX_EPOCH,
            seen: true,
            released: false,
            cleaned: false,
        }
    }

    /// The application and the record of an attempt that thousands of objects make.
    fn large() -> (Application, Record, OperationRecord) {
        let mut record = Record::new(&hex(0, 40), DateTime::UNIX_EPOCH);
        record.tasks = (0..OBJECTS).map(task).collect();
        let rows = record.tasks.iter().map(|task| ResourceStatus {
            group: task.key.group.clone(),
            version: task.version.clone(),
            kind: task.key.kind.clone(),
            namespace: task.key.namespace.clone(),
            name: task.key.name.clone(),
            status: Some(SyncStatusCode::Synced),
            health: Some(HealthStatus {
                status: Some(HealthStatusCode::Progressing),
                message: "Waiting for rollout to finish: 0 of 1 updated replicas are available..."
                    .to_owned(),
                last_transition_time: None,
            }),
            ..ResourceStatus::default()
        });
        let state = OperationState {
            sync_result: Some(SyncOperationResult {
                resources: record.results(),
                ..SyncOperationResult::default()
            }),
            ..OperationState::default()
        };
        let application = Application {
            status: Some(ApplicationStatus {
                resources: rows.collect(),
                operation_state: Some(state.clone()),
                ..ApplicationStatus::default()
            }),
            ..Application::default()
        };
        let ended = OperationRecord {
            id: 1,
            state,
            applied: record
                .tasks
                .iter()
                .enumerate()
                .map(|(at, task)| (task.key.to_string(), hex(at, 64)))
                .collect(),
        };
        (application, record, ended)
    }

    #[tokio::test]
    async fn five_thousand_objects_fit_into_one_transaction() {
        let database = Database::new(Arc::new(MemoryStore::new())).expect("a store");
        let applications = Collection::<Application>::new(database.clone(), "/applications/");
        let attempts = Collection::<Record>::new(database.clone(), "/records/");
        let operations = Collection::<OperationRecord>::new(database.clone(), "/operations/");
        let (application, record, ended) = large();
        let plain = serde_json::to_vec(&record).expect("JSON").len();
        assert!(
            plain > tiphys_storage::MAX_TXN_BYTES,
            "{plain} bytes are no test"
        );
        let put = applications.put_op("large", &application).expect("a write");
        let steps = [
            vec![
                put.clone(),
                attempts.put_op("large", &record).expect("a write"),
            ],
            vec![put, operations.put_op("large/1", &ended).expect("a write")],
        ];
        for ops in steps {
            let txn = Txn {
                compares: Vec::new(),
                ops,
            };
            let outcome = database.commit(txn).await;
            assert!(
                matches!(outcome, Ok(TxnOutcome::Committed(_))),
                "{outcome:?}"
            );
        }
        let read = attempts.get("large").await.expect("the store");
        assert_eq!(read.map(|stored| stored.value), Some(record));
        let read = applications.get("large").await.expect("the store");
        assert_eq!(read.map(|stored| stored.value), Some(application));
        let read = operations.get("large/1").await.expect("the store");
        assert_eq!(read.map(|stored| stored.value), Some(ended));
    }
}
