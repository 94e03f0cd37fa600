//! When an application is synchronised without anybody asking: the decision is the engine's, what it follows from is gathered here.

use chrono::Utc;
use tiphys_engine::automation::{self, HealBackoff, Inputs};
use tiphys_engine::depends::Gate;
use tiphys_engine::window::{self, Verdict, Window};
use tiphys_model::*;

use crate::Reconciler;
use crate::compare::Comparison;
use crate::target::{Condition, Target};

#[derive(Default)]
pub(crate) struct Decision {
    pub operation: Option<Operation>,
    pub conditions: Vec<Condition>,
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
        let decision = automation::decide(&Inputs {
            application,
            sync: comparison.sync,
            resources: &comparison.resources,
            revisions: target.commits(),
            windows: &self.verdict(application),
            gate: &Gate::Open,
            pin: None,
            backoff: HealBackoff::default(),
            now: Utc::now(),
        });
        if let Some(at) = decision.again_at {
            self.again(id, (at - Utc::now()).to_std().unwrap_or_default());
        }
        if decision.operation.is_none() {
            tracing::debug!(
                application = id,
                reason = decision.reason,
                "no automated sync"
            );
        }
        Decision {
            operation: decision.operation,
            conditions: decision
                .error
                .iter()
                .map(|message| Condition::new("SyncError", message))
                .collect(),
        }
    }

    /// What the sync windows of its project say about an application now. Windows that cannot be read, which were stored before
    /// they were checked, say nothing.
    fn verdict(&self, application: &Application) -> Verdict {
        let windows: Vec<Window> = self
            .windows(application)
            .iter()
            .filter_map(|window| Window::new(window).ok())
            .collect();
        window::verdict(&windows, Utc::now(), None)
    }
}
