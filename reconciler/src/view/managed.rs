//! Target and live state of an application's objects, side by side, and why they differ.

use serde_json::Value;
use tiphys_engine::{diff, mask, object, order};
use tiphys_model::*;

use super::{Filter, SECRET_ANNOTATIONS, ViewError};
use crate::Reconciler;
use crate::target::{Choice, Target};

impl Reconciler {
    /// What Git states and what is live, for each object of an application that is no hook.
    ///
    /// # Errors
    /// When the source cannot be rendered or the cluster cannot be read.
    pub async fn managed(
        &self,
        application: &Application,
        filter: &Filter,
    ) -> Result<ManagedResourcesResponse, ViewError> {
        let target = self.target(application, Choice::default()).await?;
        let mut items = Vec::new();
        for (wanted, live) in sides(&target, &application.metadata.name) {
            let either = wanted.as_ref().or(live.as_ref());
            let Some(either) = either else { continue };
            let gvk = object::gvk(either);
            let key = object::key(either);
            if filter.selects(&key, &gvk.version) {
                items.push(self.side_by_side(&target, key, &gvk, wanted, live));
            }
        }
        Ok(ManagedResourcesResponse { items })
    }

    fn side_by_side(
        &self,
        target: &Target,
        key: ResourceKey,
        gvk: &object::Gvk,
        wanted: Option<Value>,
        live: Option<Value>,
    ) -> ResourceDiff {
        let options = target.diff_options();
        let outcome = match (&wanted, &live) {
            (Some(wanted), Some(live)) => diff::compare(wanted, live, &options),
            _ => diff::Outcome::default(),
        };
        let mut normalized = live
            .as_ref()
            .map_or(Value::Null, |live| diff::normalized_live(live, &options));
        let mut predicted = match (&wanted, &live) {
            (Some(wanted), Some(live)) => diff::predicted_live(wanted, live, &options),
            (Some(wanted), None) => wanted.clone(),
            (None, _) => Value::Null,
        };
        let modified = outcome.drifted() || wanted.is_some() != live.is_some();
        let resource_version = live
            .as_ref()
            .map_or("", |live| crate::cluster::version(live))
            .to_owned();
        let (mut wanted, mut live) = (wanted.unwrap_or_default(), live.unwrap_or_default());
        let mut differences = outcome.differences;
        mask::mask_differences(gvk, &mut differences, &SECRET_ANNOTATIONS);
        mask::mask_secrets(
            gvk,
            &mut [&mut wanted, &mut live, &mut normalized, &mut predicted],
            &SECRET_ANNOTATIONS,
        );
        ResourceDiff {
            group: key.group,
            kind: key.kind,
            namespace: key.namespace,
            name: key.name,
            target_state: wanted.to_string(),
            live_state: live.to_string(),
            normalized_live_state: normalized.to_string(),
            predicted_live_state: predicted.to_string(),
            resource_version,
            modified,
            differences: differences.into_iter().map(wire).collect(),
            ..ResourceDiff::default()
        }
    }
}

fn wire(difference: diff::Difference) -> FieldDifference {
    FieldDifference {
        reason: difference.reason.to_string(),
        managers: difference
            .managers
            .iter()
            .map(|manager| manager.name.clone())
            .collect(),
        path: difference.path,
        desired: difference.desired,
        live: difference.live,
    }
}

/// Every object of either side, in the order in which kinds are applied; those that left Git come last.
fn sides(target: &Target, application: &str) -> Vec<(Option<Value>, Option<Value>)> {
    let mut wanted: Vec<&crate::target::Wanted> = target.compared().collect();
    wanted.sort_by(|a, b| order::compare(&a.object, &b.object));
    let mut all: Vec<(Option<Value>, Option<Value>)> = wanted
        .into_iter()
        .map(|wanted| {
            let live = target.cluster.live(&wanted.key);
            (
                Some(wanted.object.clone()),
                live.map(|live| Value::clone(&live)),
            )
        })
        .collect();
    let left = target.left(application);
    all.extend(left.iter().map(|live| (None, Some(Value::clone(live)))));
    all
}
