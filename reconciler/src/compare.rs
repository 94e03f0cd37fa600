//! The comparison of what should be with what is, as the status of an application.

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::Value;
use tiphys_engine::compare_options::CompareOptions;
use tiphys_engine::health::aggregate::{self, Member};
use tiphys_engine::sync::options::Removal;
use tiphys_engine::sync::{Options, hook};
use tiphys_engine::{diff, health, object, order};
use tiphys_model::*;

use crate::now;
use crate::target::{Condition, Target};

/// The outcome of a comparison.
pub(crate) struct Comparison {
    pub resources: Vec<ResourceStatus>,
    pub sync: SyncStatusCode,
    pub health: aggregate::ApplicationHealth,
    /// What could not be carried out of the user's rules.
    pub warnings: Vec<Condition>,
    pub images: Vec<String>,
}

/// What the health of the application follows from.
struct Found<'a> {
    target: Option<&'a Value>,
    live: Option<Arc<Value>>,
    health: Option<HealthStatusCode>,
}

fn row(key: &ResourceKey, version: &str, status: SyncStatusCode) -> ResourceStatus {
    ResourceStatus {
        group: key.group.clone(),
        version: version.to_owned(),
        kind: key.kind.clone(),
        namespace: key.namespace.clone(),
        name: key.name.clone(),
        status: Some(status),
        ..ResourceStatus::default()
    }
}

/// The wave that an object states; 0 is not worth saying.
fn stated_wave(object: &Value) -> Option<i64> {
    Some(hook::wave(object)).filter(|wave| *wave != 0)
}

/// Whether somebody has to confirm before an object is deleted.
fn confirms(object: &Value) -> bool {
    let own = Options::of_object(object).0;
    own.prune == Some(Removal::Confirm) || own.delete == Some(Removal::Confirm)
}

fn wire(verdict: health::Health) -> HealthStatus {
    HealthStatus {
        status: Some(verdict.status),
        message: verdict.message,
        last_transition_time: None,
    }
}

impl Target {
    /// Live objects of the application that the source does not have.
    pub(crate) fn left(&self, application: &str) -> Vec<Arc<Value>> {
        let wanted: HashSet<&ResourceKey> = self
            .wanted
            .iter()
            .map(|wanted| &wanted.key)
            .chain(self.forbidden.iter().map(|entry| &entry.0))
            .collect();
        let mut left = self.cluster.tracked(application);
        // A hook is no part of the application: it goes by its own policy.
        left.retain(|live| {
            !wanted.contains(live.key.as_ref())
                && !hook::is_hook(&live.object)
                && self.permission.covers(&live.key)
        });
        left.sort_by(|a, b| a.key.cmp(&b.key));
        left.into_iter().map(|live| live.object).collect()
    }

    /// Compares with what is live. `checks` are what the user defined for the health of kinds.
    pub(crate) fn compare(&self, application: &str, checks: &health::Checks) -> Comparison {
        let time = chrono::Utc::now();
        let options = self.diff_options();
        let mut warnings: Vec<Condition> = Vec::new();
        let mut order: Vec<_> = self.compared().collect();
        order.sort_by(|a, b| order::compare(&a.object, &b.object).then_with(|| a.key.cmp(&b.key)));
        let mut resources = Vec::with_capacity(order.len());
        let mut found: Vec<Found<'_>> = Vec::new();
        let mut images: HashSet<String> = HashSet::new();
        for wanted in order {
            let live = self.cluster.live(&wanted.key);
            let drifted = live.as_ref().is_none_or(|live| {
                let (drifted, failed) = diff::is_out_of_sync(&wanted.object, live, &options);
                warnings.extend(
                    failed
                        .into_iter()
                        .map(|warning| Condition::new("ComparisonError", warning.message)),
                );
                drifted
            });
            let mut status = row(
                &wanted.key,
                &wanted.gvk.version,
                if drifted {
                    SyncStatusCode::OutOfSync
                } else {
                    SyncStatusCode::Synced
                },
            );
            status.sync_wave = stated_wave(&wanted.object);
            status.requires_deletion_confirmation = confirms(&wanted.object);
            let mut verdict = None;
            match &live {
                None => {
                    status.health = Some(HealthStatus {
                        status: Some(HealthStatusCode::Missing),
                        ..HealthStatus::default()
                    });
                }
                Some(live) => {
                    images.extend(object::images(live));
                    if let Some(health) = checks.assess(live, time) {
                        verdict = Some(health.status);
                        status.health = Some(wire(health));
                    }
                }
            }
            found.push(Found {
                target: Some(&wanted.object),
                live,
                health: verdict,
            });
            resources.push(status);
        }
        for (key, gvk, _) in &self.forbidden {
            resources.push(row(key, &gvk.version, SyncStatusCode::OutOfSync));
        }
        let left = self.left(application);
        for live in &left {
            let mut status = row(
                &object::key(live),
                &object::gvk(live).version,
                SyncStatusCode::OutOfSync,
            );
            let extraneous = CompareOptions::of(live).ignore_extraneous;
            if extraneous {
                status.status = Some(SyncStatusCode::Synced);
            }
            status.requires_pruning = !extraneous;
            status.requires_deletion_confirmation = confirms(live);
            status.sync_wave = stated_wave(live);
            let verdict = checks.assess(live, time);
            found.push(Found {
                target: None,
                live: Some(Arc::clone(live)),
                health: verdict.as_ref().map(|health| health.status),
            });
            status.health = verdict.map(wire);
            resources.push(status);
        }
        let out = resources
            .iter()
            .any(|row| row.status == Some(SyncStatusCode::OutOfSync));
        let mut images: Vec<String> = images.into_iter().collect();
        images.sort();
        Comparison {
            resources,
            sync: if out {
                SyncStatusCode::OutOfSync
            } else {
                SyncStatusCode::Synced
            },
            health: aggregate::application(found.iter().map(|found| Member {
                target: found.target,
                live: found.live.as_deref(),
                health: found.health,
                is_application_itself: false,
            })),
            warnings,
            images,
        }
    }
}

/// The conditions as they are sent; one that was there before keeps its time.
pub(crate) fn conditions(
    new: &[Condition],
    old: &[ApplicationCondition],
) -> Vec<ApplicationCondition> {
    new.iter()
        .map(|condition| {
            let known = old
                .iter()
                .find(|known| known.type_ == condition.kind && known.message == condition.message);
            ApplicationCondition {
                type_: condition.kind.to_owned(),
                message: condition.message.clone(),
                last_transition_time: known
                    .and_then(|known| known.last_transition_time)
                    .or_else(|| Some(now())),
            }
        })
        .collect()
}

/// Writes a comparison, or the reason why there is none, into a status.
pub(crate) fn fill(
    status: &mut ApplicationStatus,
    application: &ApplicationSpec,
    outcome: &Result<(&Target, &Comparison), Condition>,
    more: &[Condition],
) {
    let mut all: Vec<Condition> = Vec::new();
    let (sync, health, message) = match outcome {
        Ok((target, comparison)) => {
            all.extend(target.warnings.iter().cloned());
            status.resources.clone_from(&comparison.resources);
            status.sync.revision.clone_from(&target.revision);
            status.sync.revisions.clone_from(&target.revisions);
            if target.sources.is_empty() {
                status.source_type = target.types.first().cloned().unwrap_or_default();
                status.source_types.clear();
            } else {
                status.source_type.clear();
                status.source_types.clone_from(&target.types);
            }
            status.summary = Some(ApplicationSummary {
                images: comparison.images.clone(),
                ..ApplicationSummary::default()
            });
            all.extend(comparison.warnings.iter().cloned());
            (
                comparison.sync,
                comparison.health.status,
                comparison.health.message.clone(),
            )
        }
        Err(condition) => {
            all.push(condition.clone());
            (
                SyncStatusCode::Unknown,
                status.health.status.unwrap_or(HealthStatusCode::Unknown),
                status.health.message.clone(),
            )
        }
    };
    all.extend(more.iter().cloned());
    status.sync.status = sync;
    status.sync.compared_to = Some(ComparedTo {
        source: application.source.clone(),
        sources: application.sources.clone(),
        destination: application.destination.clone(),
        ignore_differences: application.ignore_differences.clone(),
    });
    if status.health.status != Some(health) {
        status.health = HealthStatus {
            status: Some(health),
            message: String::new(),
            last_transition_time: Some(now()),
        };
    }
    status.health.message = message;
    status.conditions = conditions(&all, &status.conditions);
    "appTree".clone_into(&mut status.resource_health_source);
    crate::NAMESPACE.clone_into(&mut status.controller_namespace);
}
