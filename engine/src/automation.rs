//! When an application is synchronised, healed or rolled back without anybody asking.
//!
//! Everything is decided from state: an automated synchronisation is made once for every revision and source, and again only to
//! heal. Where time is the reason to wait, the decision says until when.

use std::time::Duration;

use chrono::{DateTime, Utc};
use tiphys_model::{
    Application, ApplicationPin as Pin, Operation, OperationInitiator, OperationPhase,
    OperationState, ResourceStatus, RetryStrategy, SyncOperation, SyncOperationResource,
    SyncStatusCode,
};

use crate::depends::Gate;
use crate::duration::after;
use crate::window::Verdict;

pub mod rollback;

/// The annotation that stops comparing and synchronising an application while it is `true`.
pub const SKIP_RECONCILE: &str = "argocd.argoproj.io/skip-reconcile";
/// How often an automated synchronisation is tried again unless the policy says otherwise.
const RETRIES: i64 = 5;

/// How self-healing backs off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HealBackoff {
    /// Pause after the first attempt of a series.
    pub first: Duration,
    /// What each pause is multiplied by to get the next.
    pub factor: u32,
    /// Longest pause.
    pub longest: Duration,
    /// Quiet that ends a series.
    pub quiet: Duration,
}

impl Default for HealBackoff {
    /// 2 s, 6 s, 18 s, … at most 5 minutes, as Argo CD does; 5 quiet minutes end a series.
    fn default() -> Self {
        Self {
            first: Duration::from_secs(2),
            factor: 3,
            longest: Duration::from_secs(300),
            quiet: Duration::from_secs(300),
        }
    }
}

impl HealBackoff {
    fn pause(&self, attempts: i64) -> Duration {
        if attempts < 1 {
            return Duration::ZERO;
        }
        let steps = u32::try_from(attempts).unwrap_or(u32::MAX);
        self.first
            .saturating_mul(self.factor.saturating_pow(steps - 1))
            .min(self.longest)
    }
}

/// Everything that automation follows from.
#[derive(Clone, Copy, Debug)]
pub struct Inputs<'a> {
    /// The application as it is stored.
    pub application: &'a Application,
    /// How it compares.
    pub sync: SyncStatusCode,
    /// How its objects compare.
    pub resources: &'a [ResourceStatus],
    /// The commits that were compared, one for each source.
    pub revisions: &'a [String],
    /// Charts that the sources depend on, as they came.
    pub dependencies: &'a [String],
    /// What its project's windows say.
    pub windows: &'a Verdict,
    /// What its dependencies say.
    pub gate: &'a Gate,
    /// What a rollback left behind.
    pub pin: Option<&'a Pin>,
    /// Digest of what the commits render to; it is looked at only where there is a pin.
    pub digest: &'a str,
    /// How self-healing backs off.
    pub backoff: HealBackoff,
    /// The time.
    pub now: DateTime<Utc>,
}

/// What automation does.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decision {
    /// The operation that begins.
    pub operation: Option<Operation>,
    /// A condition of the application: what keeps it from being synchronised and needs somebody.
    pub error: Option<String>,
    /// Why nothing begins, for people.
    pub reason: String,
    /// When it is worth looking again although nothing else changed.
    pub again_at: Option<DateTime<Utc>>,
    /// What it depends on and waits for, which keeps an operation from beginning.
    pub waiting: Vec<String>,
    /// Whether the pin is gone, because Git has moved past the bad revision.
    pub unpin: bool,
}

fn waits(reason: impl Into<String>) -> Decision {
    Decision {
        reason: reason.into(),
        ..Decision::default()
    }
}

fn refused(message: String) -> Decision {
    Decision {
        reason: message.clone(),
        error: Some(message),
        ..Decision::default()
    }
}

/// Whether an application asks not to be reconciled.
#[must_use]
pub fn skips_reconcile(application: &Application) -> bool {
    application
        .metadata
        .annotations
        .get(SKIP_RECONCILE)
        .is_some_and(|value| value == "true")
}

/// Whether an application is synchronised without anybody asking.
#[must_use]
pub fn is_automated(application: &Application) -> bool {
    let policy = application.spec.sync_policy.as_ref();
    policy
        .and_then(|policy| policy.automated.as_ref())
        .is_some_and(|automated| automated.enabled.unwrap_or(true))
}

/// Decides.
#[must_use]
pub fn decide(inputs: &Inputs<'_>) -> Decision {
    let unpin = inputs
        .pin
        .is_some_and(|pin| rollback::is_past(pin, inputs.revisions, inputs.digest));
    let mut decision = decide_on_operation(inputs, unpin);
    decision.unpin = unpin;
    if decision.operation.is_none() {
        return decision;
    }
    // Only what would begin now is held back, so that the reasons above are seen first.
    if let Gate::Waiting(reasons) = inputs.gate {
        return Decision {
            unpin,
            waiting: reasons.clone(),
            ..waits(reasons.join("; "))
        };
    }
    if !inputs.windows.automated {
        return Decision {
            unpin,
            again_at: inputs.windows.changes_at,
            ..waits(format!(
                "Cannot sync: Blocked by sync window: {}",
                inputs.windows.reason
            ))
        };
    }
    decision
}

fn decide_on_operation(inputs: &Inputs<'_>, unpin: bool) -> Decision {
    let Inputs {
        application,
        resources,
        revisions,
        ..
    } = *inputs;
    let policy = application.spec.sync_policy.as_ref();
    let Some(automated) = policy
        .and_then(|policy| policy.automated.as_ref())
        .filter(|_| is_automated(application))
    else {
        return waits("automated sync is not enabled");
    };
    if skips_reconcile(application) {
        return waits(format!("the annotation {SKIP_RECONCILE} is true"));
    }
    if application.metadata.deletion_timestamp.is_some() {
        return waits("the application is being deleted");
    }
    if application.operation.is_some() {
        return waits("another operation is in progress");
    }
    if inputs.sync != SyncStatusCode::OutOfSync {
        return waits(format!("application status is {}", inputs.sync.as_str()));
    }
    if let Some(pin) = inputs.pin.filter(|_| !unpin) {
        return waits(format!(
            "pinned away from {} by a rollback ({}) until the source moves past it",
            pin.away_from.join(", "),
            pin.reason
        ));
    }
    let only_prune = resources
        .iter()
        .all(|row| row.status == Some(SyncStatusCode::Synced) || row.requires_pruning);
    if !automated.prune && only_prune {
        return waits("need to prune extra resources only but automated prune is disabled");
    }
    let mut operation = operation(application, revisions, automated.prune);
    if let Some(state) = attempted(application, revisions, inputs.dependencies) {
        if state.phase != OperationPhase::Succeeded {
            return refused(format!(
                "Failed last sync attempt to [{}]: {}",
                revisions.join(", "),
                state.message
            ));
        }
        if !automated.self_heal {
            return waits(format!(
                "most recent sync already to {}",
                revisions.join(", ")
            ));
        }
        match heal(inputs, state, automated.prune, &mut operation) {
            Ok(()) => {}
            Err(again_at) => {
                return Decision {
                    again_at: Some(again_at),
                    ..waits("self-heal backs off")
                };
            }
        }
    }
    let wipes = !resources.is_empty() && resources.iter().all(|row| row.requires_pruning);
    if automated.prune && !automated.allow_empty && wipes {
        return refused(format!(
            "Skipping sync attempt to [{}]: auto-sync will wipe out all resources; set allowEmpty if that is wanted",
            revisions.join(", ")
        ));
    }
    Decision {
        operation: Some(operation),
        ..Decision::default()
    }
}

fn operation(application: &Application, revisions: &[String], prune: bool) -> Operation {
    let spec = &application.spec;
    let policy = spec.sync_policy.clone().unwrap_or_default();
    let several = !spec.sources.is_empty();
    Operation {
        sync: Some(SyncOperation {
            revision: if several {
                String::new()
            } else {
                revisions.first().cloned().unwrap_or_default()
            },
            revisions: if several {
                revisions.to_vec()
            } else {
                Vec::new()
            },
            prune,
            sync_options: policy.sync_options,
            source: spec.source.clone().filter(|_| !several),
            sources: spec.sources.clone(),
            ..SyncOperation::default()
        }),
        initiated_by: Some(OperationInitiator {
            username: String::new(),
            automated: true,
        }),
        info: Vec::new(),
        retry: Some(policy.retry.unwrap_or_else(|| RetryStrategy {
            limit: Some(RETRIES),
            ..RetryStrategy::default()
        })),
    }
}

/// The last operation, when it tried the same revisions of the same sources, with the same charts, as a whole, or healed them.
fn attempted<'a>(
    application: &'a Application,
    revisions: &[String],
    dependencies: &[String],
) -> Option<&'a OperationState> {
    let state = application.status.as_ref()?.operation_state.as_ref()?;
    let sync = state.operation.sync.as_ref()?;
    let heals = sync.auto_heal_attempts_count.unwrap_or(0) > 0;
    if sync.dry_run || (!sync.resources.is_empty() && !heals) {
        return None;
    }
    let result = state.sync_result.as_ref();
    // The same commit with a newer chart in it has not been tried yet.
    if result.is_some_and(|result| result.dependencies != dependencies) {
        return None;
    }
    let spec = &application.spec;
    let same = if spec.sources.is_empty() {
        let revision = result.map_or(&sync.revision, |result| &result.revision);
        let source = result
            .and_then(|result| result.source.as_ref())
            .or(sync.source.as_ref());
        revisions == std::slice::from_ref(revision) && source == spec.source.as_ref()
    } else {
        let (tried, sources) = match result {
            Some(result) => (&result.revisions, &result.sources),
            None => (&sync.revisions, &sync.sources),
        };
        revisions == tried.as_slice() && *sources == spec.sources
    };
    same.then_some(state)
}

/// Makes the operation one that heals what drifted.
///
/// # Errors
/// When it is too early: the time from which it is not.
fn heal(
    inputs: &Inputs<'_>,
    last: &OperationState,
    prune: bool,
    operation: &mut Operation,
) -> Result<(), DateTime<Utc>> {
    let backoff = inputs.backoff;
    let finished = last.finished_at.unwrap_or(last.started_at);
    let before = last
        .operation
        .sync
        .as_ref()
        .and_then(|sync| sync.auto_heal_attempts_count)
        .unwrap_or(0);
    let attempts = if after(finished, backoff.quiet) < inputs.now {
        0
    } else {
        before
    };
    let due = after(finished, backoff.pause(attempts));
    // An end that has not come yet is from before the clock was set back: nothing is waited for by it.
    if due > inputs.now && finished <= inputs.now {
        return Err(due);
    }
    if let Some(sync) = &mut operation.sync {
        sync.auto_heal_attempts_count = Some(attempts.saturating_add(1));
        sync.resources = inputs
            .resources
            .iter()
            .filter(|row| {
                row.status == Some(SyncStatusCode::OutOfSync) && (prune || !row.requires_pruning)
            })
            .map(|row| SyncOperationResource {
                group: row.group.clone(),
                kind: row.kind.clone(),
                name: row.name.clone(),
                namespace: row.namespace.clone(),
            })
            .collect();
    }
    Ok(())
}

/// The commits that a synchronisation is of, one for each source.
#[must_use]
pub fn commits(sync: &SyncOperation) -> &[String] {
    if sync.sources.is_empty() {
        std::slice::from_ref(&sync.revision)
    } else {
        &sync.revisions
    }
}

/// The commits that an application was compared at, one for each source.
#[must_use]
pub fn compared(application: &Application) -> &[String] {
    let Some(status) = &application.status else {
        return &[];
    };
    if application.spec.sources.is_empty() {
        std::slice::from_ref(&status.sync.revision)
    } else {
        &status.sync.revisions
    }
}

/// Whether a running operation gives way to a newer commit: only automated ones do, when that was asked for, and not for the
/// commit that they are at or that a pin keeps away from.
#[must_use]
pub fn supersedes(asked: bool, running: &Operation, newest: &[String], pin: Option<&Pin>) -> bool {
    let automated = running.initiated_by.as_ref().is_some_and(|by| by.automated);
    let Some(sync) = &running.sync else {
        return false;
    };
    let at = if sync.revisions.is_empty() {
        std::slice::from_ref(&sync.revision)
    } else {
        &sync.revisions
    };
    asked
        && automated
        && !newest.is_empty()
        && newest.iter().all(|revision| !revision.is_empty())
        && at != newest
        && pin.is_none_or(|pin| pin.away_from != newest)
}

#[cfg(test)]
#[path = "automation/tests.rs"]
mod tests;
