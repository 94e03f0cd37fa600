//! The comparison of what should be with what is, as the status of an application.

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::Value;
use tiphys_engine::{diff, health, object, order, plan};
use tiphys_model::*;

use crate::cluster::MANAGER;
use crate::now;
use crate::target::{Condition, Target};

/// The outcome of a comparison.
pub(crate) struct Comparison {
    pub resources: Vec<ResourceStatus>,
    pub sync: SyncStatusCode,
    pub health: HealthStatusCode,
    pub images: Vec<String>,
    /// Live objects of the application that the source no longer has.
    pub left: Vec<Arc<Value>>,
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
        left.retain(|live| !wanted.contains(live.key.as_ref()));
        left.sort_by(|a, b| a.key.cmp(&b.key));
        left.into_iter().map(|live| live.object).collect()
    }

    pub(crate) fn compare(&self, application: &str) -> Comparison {
        let mut order: Vec<_> = self
            .wanted
            .iter()
            .filter(|wanted| !plan::is_hook(&wanted.object))
            .collect();
        order.sort_by(|a, b| order::compare(&a.object, &b.object).then_with(|| a.key.cmp(&b.key)));
        let mut resources = Vec::with_capacity(order.len());
        let mut verdicts = Vec::new();
        let mut images: HashSet<String> = HashSet::new();
        for wanted in order {
            let live = self.cluster.live(&wanted.key);
            let drifted = live
                .as_ref()
                .is_none_or(|live| diff::drifted(&wanted.object, live, MANAGER));
            let mut status = row(
                &wanted.key,
                &wanted.gvk.version,
                if drifted {
                    SyncStatusCode::OutOfSync
                } else {
                    SyncStatusCode::Synced
                },
            );
            match &live {
                None => {
                    status.health = Some(HealthStatus {
                        status: Some(HealthStatusCode::Missing),
                        ..HealthStatus::default()
                    });
                    verdicts.push(HealthStatusCode::Missing);
                }
                Some(live) => {
                    images.extend(object::images(live));
                    if let Some(verdict) = health::assess(live) {
                        verdicts.push(verdict.status);
                        status.health = Some(wire(verdict));
                    }
                }
            }
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
            status.requires_pruning = true;
            status.health = health::assess(live).map(wire);
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
            health: health::worst(verdicts),
            images,
            left,
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
    let (sync, health) = match outcome {
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
            (comparison.sync, comparison.health)
        }
        Err(condition) => {
            all.push(condition.clone());
            (
                SyncStatusCode::Unknown,
                status.health.status.unwrap_or(HealthStatusCode::Unknown),
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
    status.conditions = conditions(&all, &status.conditions);
    "appTree".clone_into(&mut status.resource_health_source);
    crate::NAMESPACE.clone_into(&mut status.controller_namespace);
}
