//! Going back: by hand or because a deployment did not become healthy, and what keeps automation away from what was bad.

use std::time::Duration;

use chrono::{DateTime, Utc};
use tiphys_model::{
    Application, ApplicationPin as Pin, HealthStatusCode, Info, Operation, OperationInitiator,
    OperationPhase, OperationState, ResourceResult, RevisionHistory, SyncOperation,
    SyncOperationResult, SyncStrategy, SyncStrategyApply,
};

use super::is_automated;
use crate::duration::{self, after};

/// How long a deployment may take to become healthy, unless the policy says otherwise: 5 minutes.
const HEALTH: Duration = Duration::from_secs(300);

/// What an automatic rollback does.
#[derive(Clone, Debug, PartialEq)]
pub enum Rollback {
    /// Nothing: all is well, or there is nothing to go back to.
    No,
    /// Look again then.
    Watch(DateTime<Utc>),
    /// Bring back the deployment with this number, and pin the application away from what failed.
    To {
        /// Number in the history.
        history_id: i64,
        /// The pin.
        pin: Pin,
    },
}

/// Reads how long a deployment may take to become healthy; an empty text is 5 minutes.
///
/// # Errors
/// A message that names the field: for what is no duration, or less than a second.
pub fn health_deadline(text: &str) -> Result<Duration, String> {
    if text.is_empty() {
        return Ok(HEALTH);
    }
    let limit = duration::parse(text)
        .map_err(|error| format!("rollbackOnFailure.healthDeadline: {error}"))?;
    if limit < Duration::from_secs(1) {
        return Err(format!(
            "rollbackOnFailure.healthDeadline: \"{text}\" is less than 1s"
        ));
    }
    Ok(limit)
}

/// Decides whether the last deployment is rolled back because it has not become healthy within `deadline` after it was applied.
///
/// What was applied in part, because the synchronisation failed, counts as a deployment. Only a deployment is rolled back, not another
/// rollback, and only to one of other commits. What is suspended waits for somebody, and is not unhealthy.
#[must_use]
pub fn rollback(
    application: &Application,
    health: HealthStatusCode,
    deadline: Duration,
    now: DateTime<Utc>,
) -> Rollback {
    let well = [HealthStatusCode::Healthy, HealthStatusCode::Suspended];
    if well.contains(&health) || application.operation.is_some() {
        return Rollback::No;
    }
    let Some(status) = &application.status else {
        return Rollback::No;
    };
    let Some(state) = &status.operation_state else {
        return Rollback::No;
    };
    let Some(finished) = state.finished_at.filter(|_| is_whole(state)) else {
        return Rollback::No;
    };
    let Some((bad, good)) = bad_and_good(&status.history, state, status.pin.as_ref()) else {
        return Rollback::No;
    };
    // A failed operation has been tried again within the deadline.
    let since = if state.phase == OperationPhase::Succeeded {
        finished
    } else {
        state.started_at
    };
    let due = after(since, deadline);
    if due > now {
        return Rollback::Watch(due);
    }
    Rollback::To {
        history_id: good,
        pin: Pin {
            away_from: bad,
            history_id: good,
            since: now,
            reason: format!("{} after {}", health.as_str(), duration::show(deadline)),
            digest: String::new(),
        },
    }
}

/// Whether an operation is not tried again, because what it applied is unhealthy and would be taken back by then.
#[must_use]
pub fn ends_retries(
    application: &Application,
    result: Option<&SyncOperationResult>,
    next: DateTime<Utc>,
) -> bool {
    let policy = application.spec.sync_policy.as_ref();
    let deadline = policy
        .and_then(|policy| policy.rollback_on_failure.as_ref())
        .and_then(|policy| health_deadline(&policy.health_deadline).ok());
    let status = application.status.as_ref();
    let state = status.and_then(|status| status.operation_state.as_ref());
    let (Some(deadline), Some(status), Some(state), Some(result)) =
        (deadline, status, state, result)
    else {
        return false;
    };
    let is_unhealthy = |row: &ResourceResult| {
        row.status == "Synced" && row.hook_type.is_empty() && row.hook_phase == "Failed"
    };
    result.resources.iter().any(is_unhealthy)
        && next > after(state.started_at, deadline)
        && bad_and_good(
            &status.history,
            &OperationState {
                phase: OperationPhase::Failed,
                sync_result: Some(result.clone()),
                ..OperationState::default()
            },
            status.pin.as_ref(),
        )
        .is_some()
}

/// Whether an operation applied everything, rather than to heal or to try.
fn is_whole(state: &OperationState) -> bool {
    state
        .operation
        .sync
        .as_ref()
        .is_some_and(|sync| !sync.dry_run && sync.resources.is_empty())
}

/// The commits that the last operation brought, and the number of the deployment before; none when it brought nothing new.
fn bad_and_good(
    history: &[RevisionHistory],
    state: &OperationState,
    pin: Option<&Pin>,
) -> Option<(Vec<String>, i64)> {
    let (bad, before) = if state.phase == OperationPhase::Succeeded {
        let [before @ .., last] = history else {
            return None;
        };
        // A deployment from before the operation is not what it brought.
        if last.deployed_at < state.started_at {
            return None;
        }
        (commits(last), before)
    } else {
        // Without any object that was applied nothing has changed.
        let result = state.sync_result.as_ref()?;
        let is_applied = |row: &ResourceResult| row.status == "Synced" && row.hook_type.is_empty();
        if !result.resources.iter().any(is_applied) {
            return None;
        }
        let bad = if result.revisions.is_empty() {
            vec![result.revision.clone()]
        } else {
            result.revisions.clone()
        };
        (bad, history)
    };
    let [earlier @ .., good] = before else {
        return None;
    };
    // A short history has forgotten that the last deployment brought an earlier one back.
    if pin.is_some_and(|pin| pin.away_from == commits(good)) {
        return None;
    }
    let is_rollback = earlier.iter().any(|deployment| commits(deployment) == bad);
    (commits(good) != bad && !is_rollback).then_some((bad, good.id))
}

fn commits(deployment: &RevisionHistory) -> Vec<String> {
    if deployment.revisions.is_empty() {
        vec![deployment.revision.clone()]
    } else {
        deployment.revisions.clone()
    }
}

/// Whether commits are past what a pin keeps away from. A commit that changes nothing of what is rendered is not.
pub(super) fn is_past(pin: &Pin, revisions: &[String], digest: &str) -> bool {
    let same = !digest.is_empty() && pin.digest == digest;
    !pin.away_from.is_empty() && pin.away_from != revisions && !same
}

/// The operation that brings a deployment back: what was applied then, without hooks.
#[must_use]
pub fn operation(
    application: &Application,
    deployment: &RevisionHistory,
    by: OperationInitiator,
) -> Operation {
    let policy = application.spec.sync_policy.clone().unwrap_or_default();
    Operation {
        sync: Some(SyncOperation {
            revision: deployment.revision.clone(),
            revisions: deployment.revisions.clone(),
            sync_strategy: Some(SyncStrategy {
                apply: Some(SyncStrategyApply::default()),
                hook: None,
            }),
            source: deployment.source.clone(),
            sources: deployment.sources.clone(),
            sync_options: policy.sync_options,
            ..SyncOperation::default()
        }),
        initiated_by: Some(by),
        info: Vec::new(),
        retry: Some(policy.retry.unwrap_or_default()),
    }
}

/// The operation of an automatic rollback; it prunes when automation does. None when the deployment is not in the history.
#[must_use]
pub fn automatic(application: &Application, pin: &Pin) -> Option<Operation> {
    let history = &application.status.as_ref()?.history;
    let deployment = history
        .iter()
        .find(|deployment| deployment.id == pin.history_id)?;
    let by = OperationInitiator {
        username: String::new(),
        automated: true,
    };
    let mut operation = operation(application, deployment, by);
    operation.info.push(Info {
        name: "Rollback".to_owned(),
        value: pin.reason.clone(),
    });
    if let Some(sync) = &mut operation.sync {
        let policy = application.spec.sync_policy.as_ref();
        sync.prune = policy
            .and_then(|policy| policy.automated.as_ref())
            .is_some_and(|automated| automated.prune);
    }
    Some(operation)
}

/// The pin that a rollback by hand leaves: away from the revision that is current. Without automation, and without rollbacks by
/// themselves, there is nothing to keep away.
#[must_use]
pub fn pin_after_rollback(
    application: &Application,
    history_id: i64,
    current: &[String],
    by: &str,
    now: DateTime<Utc>,
) -> Option<Pin> {
    let target = application
        .status
        .as_ref()?
        .history
        .iter()
        .find(|deployment| deployment.id == history_id)?;
    let policy = application.spec.sync_policy.as_ref();
    let acts = is_automated(application)
        || policy.is_some_and(|policy| policy.rollback_on_failure.is_some());
    (acts && !current.is_empty() && commits(target) != current).then(|| Pin {
        away_from: current.to_vec(),
        history_id,
        since: now,
        reason: format!("rolled back to {history_id} by {by}"),
        digest: String::new(),
    })
}
