//! When an application is synchronised or rolled back without anybody asking: the decision is the engine's, what it follows from is
//! gathered here.

use chrono::Utc;
use sha2::{Digest as _, Sha256};
use tiphys_engine::automation::rollback::{self, Rollback};
use tiphys_engine::automation::{self, HealBackoff, Inputs};
use tiphys_engine::depends::{self, Dependency};
use tiphys_model::*;
use tiphys_storage::StoreError;

use crate::Reconciler;
use crate::compare::Comparison;
use crate::target::{Condition, Target};

#[derive(Default)]
pub(crate) struct Decision {
    pub operation: Option<Operation>,
    pub conditions: Vec<Condition>,
    /// What keeps automation away from a revision from now on.
    pub pin: Option<ApplicationPin>,
}

impl Reconciler {
    /// Once for every revision and specification; again only to heal, or to go back.
    pub(crate) async fn automate(
        &self,
        id: &str,
        application: &Application,
        target: &Target,
        comparison: &Comparison,
    ) -> Result<Decision, StoreError> {
        let dependencies = self.dependencies(application).await?;
        let status = application.status.as_ref();
        let mut pin = status.and_then(|status| status.pin.clone());
        let digest = pin.as_ref().map(|_| digest(target)).unwrap_or_default();
        let decision = automation::decide(&Inputs {
            application,
            sync: comparison.sync,
            resources: &comparison.resources,
            revisions: target.commits(),
            dependencies: &target.dependencies,
            windows: &self.verdict(application, None),
            gate: &depends::gate(&dependencies),
            pin: pin.as_ref(),
            digest: &digest,
            backoff: HealBackoff::default(),
            now: Utc::now(),
        });
        if let Some(at) = decision.again_at {
            self.at(id, at);
        }
        if decision.unpin {
            pin = None;
        }
        if let Some(pin) = &mut pin
            && pin.digest.is_empty()
            && pin.away_from == target.commits()
        {
            pin.digest = digest;
        }
        if decision.operation.is_none() {
            tracing::debug!(
                application = id,
                reason = decision.reason,
                "no automated sync"
            );
        }
        let error = decision
            .error
            .iter()
            .map(|message| Condition::new("SyncError", message));
        let mut decided = Decision {
            conditions: error.chain(waits(&decision, &dependencies)).collect(),
            operation: decision.operation,
            pin,
        };
        if decided.operation.is_none() {
            self.roll_back(id, application, target, comparison, &mut decided);
        }
        Ok(decided)
    }

    /// Brings the deployment before back, when the policy says so and the last one has not become healthy in time.
    fn roll_back(
        &self,
        id: &str,
        application: &Application,
        target: &Target,
        comparison: &Comparison,
        decided: &mut Decision,
    ) {
        let policy = application.spec.sync_policy.as_ref();
        let Some(policy) = policy.and_then(|policy| policy.rollback_on_failure.as_ref()) else {
            return;
        };
        let Ok(deadline) = rollback::health_deadline(&policy.health_deadline) else {
            return;
        };
        let health = comparison.health.status;
        match rollback::rollback(application, health, deadline, crate::now()) {
            Rollback::No => {}
            Rollback::Watch(at) => self.at(id, at),
            Rollback::To { mut pin, .. } => {
                if pin.away_from == target.commits() {
                    pin.digest = digest(target);
                }
                tracing::info!(
                    application = id,
                    deployment = pin.history_id,
                    reason = pin.reason,
                    "a deployment is rolled back"
                );
                decided.operation = rollback::automatic(application, &pin);
                decided.pin = Some(pin);
            }
        }
    }

    /// Asks for another pass at a time.
    pub(crate) fn at(&self, id: &str, at: chrono::DateTime<Utc>) {
        self.again(id, (at - Utc::now()).to_std().unwrap_or_default());
    }
}

/// What an application waits for, and the dependencies that are not there, as conditions.
fn waits(decision: &automation::Decision, dependencies: &[Dependency]) -> Vec<Condition> {
    let warning = |message: String| Condition::new("DependencyWarning", message);
    if !decision.waiting.is_empty() {
        return decision.waiting.iter().cloned().map(warning).collect();
    }
    dependencies
        .iter()
        .filter(|dependency| dependency.state.is_none())
        .map(|dependency| {
            warning(format!(
                "application {}, which this one depends on, does not exist",
                dependency.name
            ))
        })
        .collect()
}

/// SHA-256 of everything that should be live.
fn digest(target: &Target) -> String {
    let mut hash = Sha256::new();
    for wanted in &target.wanted {
        hash.update(wanted.object.to_string());
        hash.update([0]);
    }
    crate::hexadecimal(&hash.finalize())
}
