//! When an application is synchronised without anybody asking.

use std::time::Duration;

use tiphys_model::*;

use crate::Reconciler;
use crate::compare::Comparison;
use crate::target::{Condition, Target};

#[derive(Default)]
pub(crate) struct Decision {
    pub operation: Option<Operation>,
    pub conditions: Vec<Condition>,
}

fn refused(message: String) -> Decision {
    Decision {
        operation: None,
        conditions: vec![Condition::new("SyncError", message)],
    }
}

/// How long self-healing waits after its n-th attempt in a row: 2 s, 6 s, 18 s, … at most 5 minutes, as Argo CD does.
fn heal_pause(attempts: i64) -> Duration {
    let exponent = u32::try_from(attempts.clamp(0, 10)).unwrap_or(0);
    Duration::from_secs(2 * 3_u64.saturating_pow(exponent)).min(Duration::from_secs(300))
}

impl Reconciler {
    /// Once for every revision and specification; again only to heal.
    pub(crate) fn automate(
        &self,
        id: &str,
        application: &Application,
        target: &Target,
        comparison: &Comparison,
    ) -> Decision {
        let Some(policy) = &application.spec.sync_policy else {
            return Decision::default();
        };
        let Some(automated) = policy
            .automated
            .as_ref()
            .filter(|automated| automated.enabled.unwrap_or(true))
        else {
            return Decision::default();
        };
        if comparison.sync != SyncStatusCode::OutOfSync || application.operation.is_some() {
            return Decision::default();
        }
        let only_prune = comparison
            .resources
            .iter()
            .all(|row| row.status == Some(SyncStatusCode::Synced) || row.requires_pruning);
        if only_prune && !automated.prune {
            return Decision::default();
        }
        if automated.prune
            && !automated.allow_empty
            && target.wanted.is_empty()
            && !comparison.left.is_empty()
        {
            return refused(format!(
                "Skipping sync attempt to {}: auto-sync will wipe out all resources; set allowEmpty if that is wanted",
                target.revision
            ));
        }
        let mut operation = Operation {
            sync: Some(SyncOperation {
                revision: target.revision.clone(),
                prune: automated.prune,
                sync_options: policy.sync_options.clone(),
                source: Some(target.source.clone()).filter(|_| target.sources.is_empty()),
                sources: target.sources.clone(),
                revisions: target.revisions.clone(),
                ..SyncOperation::default()
            }),
            initiated_by: Some(OperationInitiator {
                username: String::new(),
                automated: true,
            }),
            info: Vec::new(),
            retry: Some(policy.retry.clone().unwrap_or_else(|| RetryStrategy {
                limit: Some(5),
                ..RetryStrategy::default()
            })),
        };
        let last = application
            .status
            .as_ref()
            .and_then(|status| status.operation_state.as_ref());
        if let Some(state) = last
            && let Some(sync) = &state.operation.sync
            && !sync.dry_run
            && sync.resources.is_empty() | (sync.auto_heal_attempts_count.unwrap_or(0) > 0)
            && sync.revision == target.revision
            && sync.revisions == target.revisions
            && sync.sources == target.sources
            && (!target.sources.is_empty() || sync.source.as_ref() == Some(&target.source))
        {
            if state.phase != OperationPhase::Succeeded {
                return refused(format!(
                    "Failed last sync attempt to [{}]: {}",
                    target.revision, state.message
                ));
            }
            if !automated.self_heal {
                return Decision::default();
            }
            let attempts = sync.auto_heal_attempts_count.unwrap_or(0);
            let since = state.finished_at.map_or(Duration::MAX, |at| {
                (chrono::Utc::now() - at).to_std().unwrap_or_default()
            });
            // Long quiet begins a new series.
            let attempts = if since > Duration::from_secs(300) {
                0
            } else {
                attempts
            };
            if attempts > 0 && since < heal_pause(attempts) {
                self.again(id, heal_pause(attempts) - since);
                return Decision::default();
            }
            if let Some(sync) = &mut operation.sync {
                sync.auto_heal_attempts_count = Some(attempts + 1);
                sync.resources = drifted(comparison, automated.prune);
            }
        }
        Decision {
            operation: Some(operation),
            conditions: Vec::new(),
        }
    }
}

fn drifted(comparison: &Comparison, prune: bool) -> Vec<SyncOperationResource> {
    comparison
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
        .collect()
}
