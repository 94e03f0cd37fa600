//! The comparison of what should be with what is, as the status of an application.

mod seen;

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::Value;
use tiphys_engine::compare_options::CompareOptions;
use tiphys_engine::health::aggregate::{self, Member};
use tiphys_engine::sync::options::Removal;
use tiphys_engine::sync::{Options, hook};
use tiphys_engine::{health, object, order};
use tiphys_model::*;

use crate::cluster::version;
use crate::now;
use crate::target::{Condition, Target, Wanted};
use crate::verdict::Answers;

use seen::{Finding, outline};
pub(crate) use seen::{Memory, Seen};

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
    /// Whether it is the application itself, or one that renders it.
    is_above: bool,
}

fn row(key: &ResourceKey, version: &str, status: Option<SyncStatusCode>) -> ResourceStatus {
    ResourceStatus {
        group: key.group.clone(),
        version: version.to_owned(),
        kind: key.kind.clone(),
        namespace: key.namespace.clone(),
        name: key.name.clone(),
        status,
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
    /// Live objects of the application that the source does not have. Hooks are among them.
    fn not_wanted(&self, application: &str) -> Vec<Arc<Value>> {
        let wanted: HashSet<&ResourceKey> = self
            .wanted
            .iter()
            .filter(|wanted| !hook::is_hook(&wanted.object))
            .map(|wanted| &wanted.key)
            .chain(self.forbidden.iter().map(|entry| &entry.0))
            .collect();
        let tracked = self.cluster.tracked_keys(application);
        let mut left: Vec<&Arc<ResourceKey>> = tracked
            .iter()
            .filter(|key| !wanted.contains(key.as_ref()) && self.permission.covers(key))
            .filter(|key| !self.lineage.contains(key))
            .collect();
        left.sort();
        let hooks: HashSet<&ResourceKey> = self
            .wanted
            .iter()
            .filter(|wanted| hook::is_hook(&wanted.object))
            .map(|wanted| &wanted.key)
            .collect();
        left.into_iter()
            .filter_map(|key| {
                let live = self.cluster.live(key)?;
                // What was an ordinary object and is a hook in the source now is left to the hook.
                (hook::is_hook(&live) || !hooks.contains(key.as_ref())).then_some(live)
            })
            .collect()
    }

    /// The same without hooks: a hook is no part of the application, and goes by its own policy.
    pub(crate) fn left(&self, application: &str) -> Vec<Arc<Value>> {
        let mut left = self.not_wanted(application);
        left.retain(|live| !hook::is_hook(live));
        left
    }

    /// Compares with what is live.
    pub(crate) fn compare(
        &self,
        application: &str,
        answers: &Answers,
        memory: &mut Memory<'_>,
    ) -> Comparison {
        let mut gathered = Gathered {
            time: chrono::Utc::now(),
            target: self,
            resources: Vec::new(),
            found: Vec::new(),
            warnings: Vec::new(),
            images: HashSet::new(),
        };
        let mut order: Vec<_> = self
            .wanted
            .iter()
            .filter(|wanted| !hook::is_hook(&wanted.object))
            .collect();
        order.sort_by(|a, b| order::compare(&a.object, &b.object).then_with(|| a.key.cmp(&b.key)));
        for wanted in order {
            gathered.wanted(wanted, answers, memory);
        }
        for (key, gvk, _) in &self.forbidden {
            let status = Some(SyncStatusCode::OutOfSync);
            gathered.resources.push(row(key, &gvk.version, status));
        }
        for live in self.not_wanted(application) {
            gathered.not_wanted(live);
        }
        gathered.finish()
    }
}

/// What a comparison has gathered so far.
struct Gathered<'t> {
    time: chrono::DateTime<chrono::Utc>,
    target: &'t Target,
    resources: Vec<ResourceStatus>,
    found: Vec<Found<'t>>,
    warnings: Vec<Condition>,
    images: HashSet<String>,
}

impl<'t> Gathered<'t> {
    /// An object of the source, which is known from before when nothing changed.
    fn wanted(&mut self, wanted: &'t Wanted, answers: &Answers, memory: &mut Memory<'_>) {
        let target = self.target;
        let place = match memory.look_up(target, wanted) {
            Some(Ok(known)) => {
                let known = known.clone();
                self.take(known, wanted);
                return;
            }
            Some(Err(place)) => Some(place),
            None => None,
        };
        let live = target.cluster.live(&wanted.key);
        let finding = self.find(wanted, live.as_deref(), answers);
        let timeless = !target
            .customs
            .checks
            .is_defined(&wanted.gvk.group, &wanted.gvk.kind);
        if let (Some(place), Some(live), true) = (place, &live, timeless) {
            let kept = Finding {
                outline: outline(live),
                ..finding.clone()
            };
            memory.note(&place, &wanted.key, version(live), kept);
        }
        self.warnings.extend(finding.warnings);
        self.images.extend(finding.images);
        self.found.push(Found {
            target: Some(&wanted.object),
            live,
            health: finding.health,
            is_above: target.lineage.contains(&wanted.key),
        });
        self.resources.push(finding.row);
    }

    /// Takes what is known from before.
    fn take(&mut self, known: Finding, wanted: &'t Wanted) {
        self.warnings.extend(known.warnings);
        self.images.extend(known.images);
        self.found.push(Found {
            target: Some(&wanted.object),
            live: Some(Arc::new(known.outline)),
            health: known.health,
            is_above: self.target.lineage.contains(&wanted.key),
        });
        self.resources.push(known.row);
    }

    /// Judges an object of the source. One that is never applied has no verdict.
    fn find(&self, wanted: &Wanted, live: Option<&Value>, answers: &Answers) -> Finding {
        let target = self.target;
        let skipped = hook::is_skipped(&wanted.object);
        let mut finding = Finding {
            row: row(&wanted.key, &wanted.gvk.version, None),
            health: None,
            images: Vec::new(),
            warnings: Vec::new(),
            outline: Value::Null,
        };
        finding.row.sync_wave = stated_wave(&wanted.object);
        finding.row.requires_deletion_confirmation = confirms(&wanted.object);
        if skipped {
            return finding;
        }
        let Some(live) = live else {
            finding.row.status = Some(SyncStatusCode::OutOfSync);
            finding.row.health = Some(HealthStatus {
                status: Some(HealthStatusCode::Missing),
                ..HealthStatus::default()
            });
            return finding;
        };
        let verdict = target.verdict(wanted, live, answers, false);
        finding.warnings = verdict
            .problems(&wanted.key)
            .into_iter()
            .map(|problem| Condition::new("ComparisonError", problem))
            .collect();
        finding.row.status = Some(match verdict.drifted() {
            Some(true) => SyncStatusCode::OutOfSync,
            Some(false) => SyncStatusCode::Synced,
            None => SyncStatusCode::Unknown,
        });
        finding.images = object::images(live);
        if let Some(health) = target.health(&wanted.key, live, self.time) {
            finding.health = Some(health.status);
            finding.row.health = Some(wire(health));
        }
        finding
    }

    /// A live object that the source does not have. A hook has neither verdict nor health.
    fn not_wanted(&mut self, live: Arc<Value>) {
        let is_hook = hook::is_hook(&live);
        let extraneous = CompareOptions::of(&live).ignore_extraneous;
        let status = match (is_hook, extraneous) {
            (true, _) => None,
            (false, true) => Some(SyncStatusCode::Synced),
            (false, false) => Some(SyncStatusCode::OutOfSync),
        };
        let mut row = row(&object::key(&live), &object::gvk(&live).version, status);
        row.hook = is_hook;
        row.requires_pruning = !extraneous;
        row.requires_deletion_confirmation = confirms(&live);
        row.sync_wave = stated_wave(&live);
        if !is_hook {
            let verdict = self.target.health(&object::key(&live), &live, self.time);
            self.found.push(Found {
                target: None,
                live: Some(live),
                health: verdict.as_ref().map(|health| health.status),
                is_above: false,
            });
            row.health = verdict.map(wire);
        }
        self.resources.push(row);
    }

    fn finish(self) -> Comparison {
        let any = |status| self.resources.iter().any(|row| row.status == Some(status));
        let sync = if any(SyncStatusCode::Unknown) {
            SyncStatusCode::Unknown
        } else if any(SyncStatusCode::OutOfSync) {
            SyncStatusCode::OutOfSync
        } else {
            SyncStatusCode::Synced
        };
        let mut images: Vec<String> = self.images.into_iter().collect();
        images.sort();
        Comparison {
            sync,
            health: aggregate::application(self.found.iter().map(|found| Member {
                target: found.target,
                live: found.live.as_deref(),
                health: found.health,
                is_application_itself: found.is_above,
            })),
            resources: self.resources,
            warnings: self.warnings,
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
