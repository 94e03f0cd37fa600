//! The deletion of an application's objects: hooks before, the objects in waves from last to first, hooks after.

use chrono::{DateTime, Utc};
use tiphys_model::{HealthStatusCode, OperationPhase, ResourceKey};

use super::build::hook_key;
use super::hook::{self, Occasion, Role};
use super::observe::{is_same, observe};
use super::options::{Options, Propagation, Removal};
use super::order;
use super::phase::Phase;
use super::plan::{Decision, Done, Step, Wait, WaitFor, Wave};
use super::record::{Record, ResultCode, TaskRecord, TaskState};
use super::situation::{Deadlines, Desired, Left, Live};
use super::task::{Action, Task};
use crate::duration::after;
use crate::{duration, object};

/// The finalizer that makes a deletion take the objects along; `/background` and `/foreground` may follow.
pub const RESOURCES_FINALIZER: &str = "resources-finalizer.argocd.argoproj.io";
/// The finalizer with which Argo CD marks that hooks run before the deletion; `/cleanup` may follow.
pub const PRE_DELETE_FINALIZER: &str = "pre-delete-finalizer.argocd.argoproj.io";
/// The finalizer with which Argo CD marks that hooks run after the deletion; `/cleanup` may follow.
pub const POST_DELETE_FINALIZER: &str = "post-delete-finalizer.argocd.argoproj.io";

/// What the finalizers of an application ask for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cascade {
    /// Whether its objects are deleted.
    pub objects: bool,
    /// How their dependents go.
    pub propagation: Propagation,
    /// Whether hooks run although the objects stay.
    pub hooks: bool,
}

/// Reads the finalizers of an application.
#[must_use]
pub fn cascade<S: AsRef<str>>(finalizers: &[S]) -> Cascade {
    let mut cascade = Cascade::default();
    for finalizer in finalizers {
        let finalizer = finalizer.as_ref();
        let (name, suffix) = finalizer.split_once('/').unwrap_or((finalizer, ""));
        match name {
            RESOURCES_FINALIZER => {
                cascade.objects = true;
                if suffix == "background" {
                    cascade.propagation = Propagation::Background;
                }
            }
            PRE_DELETE_FINALIZER | POST_DELETE_FINALIZER => cascade.hooks = true,
            _ => {}
        }
    }
    cascade
}

/// Everything that a step of a deletion follows from.
#[derive(Clone, Copy)]
pub struct Deletion<'a> {
    /// Objects of the source, of which only hooks count; empty when the source cannot be read.
    pub desired: &'a [Desired<'a>],
    /// Live objects that the application has.
    pub tracked: &'a [Left<'a>],
    /// What is live under a key.
    pub live: &'a dyn Fn(&ResourceKey) -> Option<Live<'a>>,
    /// What the finalizers ask for.
    pub cascade: Cascade,
    /// Options of the application.
    pub options: &'a Options,
    /// Whether deletions that have to be confirmed were confirmed since the deletion began.
    pub confirmed: bool,
    /// The application itself, and those that render it: they are not deleted by it when they are among its objects.
    pub lineage: &'a [ResourceKey],
    /// What has been done.
    pub record: &'a Record,
    /// How long things may take.
    pub deadlines: Deadlines,
    /// The time.
    pub now: DateTime<Utc>,
}

/// The next step of a deletion. `Done` with `Succeeded` means that the application can go.
#[must_use]
pub fn step<'a>(deletion: &Deletion<'a>) -> Decision<'a> {
    let mut planner = Planner {
        deletion: *deletion,
        record: deletion.record.clone(),
        observed: Vec::new(),
    };
    planner.observe();
    let deadline = after(deletion.record.begun(), deletion.deadlines.operation);
    let step = match planner.next(deadline) {
        Step::Wait(wait) if deletion.now >= deadline => failed(format!(
            "{wait}: the deletion did not end within its deadline of {}",
            duration::show(deletion.deadlines.operation)
        )),
        step => step,
    };
    Decision {
        observed: planner.observed,
        step,
    }
}

/// Whether an object is deleted with its application. Definitions stay, because all objects of their kind would go with them.
#[must_use]
pub fn is_deleted(object: &serde_json::Value, options: &Options) -> bool {
    let own = Options::of_object(object).0;
    object["kind"] != "CustomResourceDefinition"
        && options.with(&own).delete != Some(Removal::Forbidden)
        && !hook::is_kept_by_helm(object)
}

fn failed<'a>(message: String) -> Step<'a> {
    Step::Done(Done {
        phase: OperationPhase::Failed,
        message,
    })
}

struct Planner<'a> {
    deletion: Deletion<'a>,
    /// The record with what was observed.
    record: Record,
    observed: Vec<TaskRecord>,
}

impl<'a> Planner<'a> {
    fn observe(&mut self) {
        let Deletion { live, now, .. } = self.deletion;
        for task in &mut self.record.tasks {
            if task.state != TaskState::Running {
                continue;
            }
            let before = task.clone();
            observe(task, live(&task.key), now);
            if *task != before {
                self.observed.push(task.clone());
            }
        }
    }

    fn next(&mut self, deadline: DateTime<Utc>) -> Step<'a> {
        let cascade = self.deletion.cascade;
        let hooks = cascade.objects || cascade.hooks;
        if hooks && let Some(step) = self.hooks(Phase::PreDelete, deadline) {
            return step;
        }
        if cascade.objects
            && let Some(step) = self.objects(deadline)
        {
            return step;
        }
        if hooks && let Some(step) = self.hooks(Phase::PostDelete, deadline) {
            return step;
        }
        if let Some(step) = self.clean_up() {
            return step;
        }
        Step::Done(Done {
            phase: OperationPhase::Succeeded,
            message: "successfully deleted".to_owned(),
        })
    }

    fn recorded(&self, phase: Phase, key: &ResourceKey) -> Option<&TaskRecord> {
        self.record
            .tasks
            .iter()
            .find(|task| task.phase == phase && task.key == *key)
    }

    /// Hooks of a phase, in order.
    fn hooks_of(&self, phase: Phase) -> Vec<(i64, ResourceKey, &'a Desired<'a>)> {
        let mut hooks: Vec<(i64, ResourceKey, &'a Desired<'a>)> = self
            .deletion
            .desired
            .iter()
            .filter(|desired| {
                matches!(hook::role(desired.target, Occasion::Upgrade), Role::Hook(phases) if phases.contains(&phase))
            })
            .map(|desired| {
                let key = hook_key(desired, phase, &self.record);
                (hook::wave(desired.target), key, desired)
            })
            .collect();
        hooks.sort_by(|a, b| {
            let rank = |key: &ResourceKey| order::rank_of(&key.group, &key.kind);
            a.0.cmp(&b.0)
                .then_with(|| rank(&a.1).cmp(&rank(&b.1)))
                .then_with(|| a.1.cmp(&b.1))
        });
        hooks
    }

    /// Runs the hooks of a phase; none when all are complete.
    fn hooks(&mut self, phase: Phase, deadline: DateTime<Utc>) -> Option<Step<'a>> {
        let hooks = self.hooks_of(phase);
        let Deletion { now, deadlines, .. } = self.deletion;
        let mut running = Vec::new();
        let mut soonest = deadline;
        for (_, key, _) in &hooks {
            let Some(record) = self.recorded(phase, key) else {
                continue;
            };
            let due = after(record.started_at, deadlines.hook);
            if record.is_failed() {
                return Some(failed(format!(
                    "{phase} hook(s) failed: {}",
                    record.message
                )));
            }
            if record.state == TaskState::Running && due <= now {
                return Some(failed(format!(
                    "{phase} hook {key} did not complete within its deadline of {}",
                    duration::show(deadlines.hook)
                )));
            }
            if record.state == TaskState::Running {
                soonest = soonest.min(due);
                running.push(key.clone());
            }
        }
        if !running.is_empty() {
            return Some(Step::Wait(Wait {
                what: WaitFor::Hook,
                hooks: running.len(),
                keys: running,
                deadline: soonest,
            }));
        }
        let wave = hooks
            .iter()
            .find(|(_, key, _)| self.recorded(phase, key).is_none())?
            .0;
        let due: Vec<_> = hooks
            .into_iter()
            .filter(|(of, key, _)| *of == wave && self.recorded(phase, key).is_none())
            .collect();
        Some(self.begin(phase, wave, due, deadline))
    }

    /// Begins a wave of hooks; those of an earlier attempt go first.
    fn begin(
        &self,
        phase: Phase,
        wave: i64,
        due: Vec<(i64, ResourceKey, &'a Desired<'a>)>,
        deadline: DateTime<Utc>,
    ) -> Step<'a> {
        let mut old = Vec::new();
        let mut going = Vec::new();
        let mut new = Vec::new();
        for (_, key, desired) in due {
            let live = (self.deletion.live)(&key);
            let ours = live.is_some_and(|live| {
                object::annotation(live.object, hook::HOOK_RUN)
                    == Some(hook::run(phase, self.record.started_at).as_str())
            });
            let task = |action| Task {
                key: key.clone(),
                version: object::gvk(desired.target).version,
                phase,
                wave,
                stated_wave: wave,
                prune_last: false,
                hook: true,
                uid: live.map(|live| live.uid().to_owned()).unwrap_or_default(),
                before: None,
                action,
            };
            match live {
                Some(live) if live.deleted_at().is_some() && !live.has_hook_finalizer() => {
                    going.push(key.clone());
                }
                Some(live)
                    if !ours
                        && (live.deleted_at().is_some()
                            // One that failed would fail again at once.
                            || live.health == Some(HealthStatusCode::Degraded)
                            || hook::delete_policy(desired.target).before_creation) =>
                {
                    old.push(task(Action::DeleteHook));
                }
                // Applying it again changes nothing when this attempt made it already.
                _ => new.push(task(Action::Apply {
                    target: desired.target,
                    options: self.deletion.options.clone(),
                    served: desired.served,
                })),
            }
        }
        let run = |tasks| {
            Step::Run(Wave {
                phase,
                wave,
                stages: vec![tasks],
            })
        };
        if !old.is_empty() {
            run(old)
        } else if !going.is_empty() {
            Step::Wait(Wait {
                what: WaitFor::HookDeletion,
                hooks: going.len(),
                keys: going,
                deadline,
            })
        } else {
            run(new)
        }
    }

    /// Deletes the objects of the last wave that still has some; none when all are gone.
    fn objects(&mut self, deadline: DateTime<Utc>) -> Option<Step<'a>> {
        let Deletion {
            options,
            tracked,
            lineage,
            ..
        } = self.deletion;
        let after_hooks: Vec<ResourceKey> = self
            .hooks_of(Phase::PostDelete)
            .into_iter()
            .map(|(_, key, _)| key)
            .collect();
        let mut due: Vec<(i64, &Left<'a>)> = tracked
            .iter()
            .filter(|left| {
                is_deleted(left.live.object, options)
                    && !lineage.contains(&left.key)
                    && !after_hooks.contains(&left.key)
            })
            .map(|left| (hook::wave(left.live.object), left))
            .collect();
        due.sort_by(|a, b| {
            let rank = |left: &Left<'_>| order::rank_of(&left.key.group, &left.key.kind);
            b.0.cmp(&a.0)
                .then_with(|| rank(b.1).cmp(&rank(a.1)))
                .then_with(|| a.1.key.cmp(&b.1.key))
        });
        let wave = due.first()?.0;
        due.retain(|(of, _)| *of == wave);
        let effective = |left: &Left<'_>| options.with(&Options::of_object(left.live.object).0);
        if !self.deletion.confirmed {
            let keys: Vec<ResourceKey> = due
                .iter()
                .filter(|(_, left)| effective(left).delete == Some(Removal::Confirm))
                .map(|(_, left)| left.key.clone())
                .collect();
            if !keys.is_empty() {
                return Some(Step::Wait(Wait {
                    what: WaitFor::DeletionConfirmation,
                    keys,
                    hooks: 0,
                    deadline,
                }));
            }
        }
        Some(self.delete_wave(wave, &due, deadline))
    }

    fn delete_wave(
        &self,
        wave: i64,
        due: &[(i64, &Left<'a>)],
        deadline: DateTime<Utc>,
    ) -> Step<'a> {
        let Deletion {
            cascade,
            now,
            deadlines,
            ..
        } = self.deletion;
        let mut tasks = Vec::new();
        let mut going = Vec::new();
        let mut soonest = deadline;
        for (_, left) in due {
            let record = self.recorded(Phase::Delete, &left.key);
            if let Some(record) = record.filter(|record| record.code == ResultCode::SyncFailed) {
                return failed(format!(
                    "{} could not be deleted: {}",
                    left.key, record.message
                ));
            }
            let begun = record
                .filter(|record| is_same(record, left.live))
                .map(|record| record.started_at);
            let held = left.live.has_hook_finalizer();
            match begun.or(left.live.deleted_at().map(|at| at.max(self.record.begun()))) {
                Some(at) if !held => {
                    let late = after(at, deadlines.wave);
                    if late <= now {
                        return failed(format!(
                            "{} is still being deleted after the wave's deadline of {}; its finalizers say what holds it",
                            left.key,
                            duration::show(deadlines.wave)
                        ));
                    }
                    soonest = soonest.min(late);
                    going.push(left.key.clone());
                }
                _ => tasks.push(Task {
                    key: left.key.clone(),
                    version: object::gvk(left.live.object).version,
                    phase: Phase::Delete,
                    wave,
                    stated_wave: wave,
                    prune_last: false,
                    hook: hook::is_hook(left.live.object),
                    uid: left.live.uid().to_owned(),
                    before: None,
                    action: if held {
                        Action::DeleteHook
                    } else {
                        Action::Prune {
                            propagation: cascade.propagation,
                        }
                    },
                }),
            }
        }
        if tasks.is_empty() {
            return Step::Wait(Wait {
                what: WaitFor::Deletion,
                keys: going,
                hooks: 0,
                deadline: soonest,
            });
        }
        Step::Run(Wave {
            phase: Phase::Delete,
            wave,
            stages: vec![tasks],
        })
    }

    /// After the end: hooks that are deleted after success, and the finalizers of those that stay.
    fn clean_up(&self) -> Option<Step<'a>> {
        let mut tasks = Vec::new();
        for phase in [Phase::PreDelete, Phase::PostDelete] {
            for (wave, key, desired) in self.hooks_of(phase) {
                let (Some(record), Some(live)) =
                    (self.recorded(phase, &key), (self.deletion.live)(&key))
                else {
                    continue;
                };
                let deletes = hook::delete_policy(desired.target).succeeded;
                let is_well = live
                    .health
                    .is_none_or(|health| health == HealthStatusCode::Healthy);
                let action = if deletes && is_well && !record.cleaned {
                    Action::DeleteHook
                } else if !record.released && live.has_hook_finalizer() {
                    Action::ReleaseHook
                } else {
                    continue;
                };
                if is_same(record, live) {
                    tasks.push(Task {
                        version: record.version.clone(),
                        phase,
                        wave,
                        stated_wave: wave,
                        prune_last: false,
                        hook: true,
                        uid: live.uid().to_owned(),
                        before: Some(record.clone()),
                        action,
                        key,
                    });
                }
            }
        }
        let first = tasks.first()?;
        Some(Step::Run(Wave {
            phase: first.phase,
            wave: first.wave,
            stages: vec![tasks],
        }))
    }
}
