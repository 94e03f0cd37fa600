//! Target and live state of an application's objects, side by side, and why they differ.

use std::sync::Arc;

use serde_json::Value;
use tiphys_engine::diff::{self, Outcome};
use tiphys_engine::{mask, object, order};
use tiphys_model::*;

use super::{Filter, SECRET_ANNOTATIONS, ViewError};
use crate::Reconciler;
use crate::target::{Choice, Target, Wanted};
use crate::verdict::{Answers, Verdict};

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
        let name = &application.metadata.name;
        let answers = if self.asks_server(&target) {
            self.answers(name, &target).await
        } else {
            Answers::default()
        };
        let mut items = Vec::new();
        for (wanted, live) in sides(&target, name) {
            let gvk = match (wanted, &live) {
                (Some(wanted), _) => wanted.gvk.clone(),
                (None, Some(live)) => object::gvk(live),
                (None, None) => continue,
            };
            let key = match (wanted, &live) {
                (Some(wanted), _) => wanted.key.clone(),
                (None, live) => live.as_deref().map(object::key).unwrap_or_default(),
            };
            if filter.selects(&key, &gvk.version) {
                items.push(side_by_side(&target, key, &gvk, (wanted, live), &answers));
            }
        }
        Ok(ManagedResourcesResponse { items })
    }
}

fn side_by_side(
    target: &Target,
    key: ResourceKey,
    gvk: &object::Gvk,
    (wanted, live): (Option<&Wanted>, Option<Arc<Value>>),
    answers: &Answers,
) -> ResourceDiff {
    let own = |wanted: &Wanted, live: &Value| {
        let stated = target.options_of(wanted);
        let options = target.diff_options_with(&stated);
        let live = target.as_tracked(wanted, live);
        (
            diff::normalized_live(&live, &options),
            diff::predicted_live(&wanted.object, &live, &options),
            diff::compare(&wanted.object, &live, &options),
        )
    };
    let (mut normalized, mut predicted, outcome) = match (wanted, &live) {
        (Some(wanted), Some(live)) => match target.verdict(wanted, live, answers, true) {
            Verdict::Server(compared) => (
                compared.normalized_live,
                compared.predicted_live,
                compared.outcome,
            ),
            Verdict::Own(_) | Verdict::Failed(_) => own(wanted, live),
        },
        (Some(wanted), None) => (Value::Null, wanted.object.clone(), Outcome::default()),
        (None, live) => (
            live.as_deref().map_or(Value::Null, |live| {
                diff::normalized_live(live, &target.diff_options())
            }),
            Value::Null,
            Outcome::default(),
        ),
    };
    let modified = outcome.drifted() || wanted.is_some() != live.is_some();
    let resource_version = live
        .as_ref()
        .map_or("", |live| crate::cluster::version(live))
        .to_owned();
    let mut wanted = wanted.map_or(Value::Null, |wanted| wanted.object.clone());
    let mut live = live.map_or(Value::Null, |live| Value::clone(&live));
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

/// What the source has of an object, and what is live of it.
type Sides<'t> = (Option<&'t Wanted>, Option<Arc<Value>>);

/// Every object of either side, in the order in which kinds are applied; those that left Git come last.
fn sides<'t>(target: &'t Target, application: &str) -> Vec<Sides<'t>> {
    let mut wanted: Vec<&Wanted> = target.compared().collect();
    wanted.sort_by(|a, b| order::compare(&a.object, &b.object));
    let left = target.left(application).into_iter();
    wanted
        .into_iter()
        .map(|wanted| (Some(wanted), target.cluster.live(&wanted.key)))
        .chain(left.map(|live| (None, Some(live))))
        .collect()
}
