//! The next step of a synchronisation: a wave to carry out, something to wait for, or the end.
//!
//! The rules are those of Argo CD's sync engine, with three additions: everything that is waited for has a deadline, what
//! was observed of an earlier generation does not count, and a failure does not wait for objects that are still progressing.

use std::borrow::Cow;
use std::collections::HashSet;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tiphys_model::{OperationPhase, ResourceKey};

use super::build::{Candidate, build, defined_kind, is_still_to_prune};
use super::hook;
use super::observe::{is_same, observe};
use super::order;
use super::phase::Phase;
use super::plan::{Decision, Done, Plan, Step, Wait, WaitFor, Wave};
use super::record::{ResultCode, TaskRecord, TaskState};
use super::situation::{Live, Situation};
use super::task::{Action, PRUNED, TERMINATED};
use crate::duration::{self, after};

/// The next step.
#[must_use]
pub fn step<'a>(situation: &Situation<'a>) -> Decision<'a> {
    let mut planner = Planner {
        situation: *situation,
        tasks: build(situation),
        observed: Vec::new(),
    };
    let step = planner.next();
    Decision {
        observed: planner.observed,
        step,
    }
}

/// Everything that remains to be done if nothing fails, and what is done if something does.
#[must_use]
pub fn plan<'a>(situation: &Situation<'a>) -> Plan<'a> {
    let tasks = build(situation);
    let pending: Vec<&Candidate<'a>> = tasks
        .iter()
        .filter(|task| is_due(situation, task))
        .collect();
    let mut plan = Plan::default();
    for group in pending.chunk_by(|a, b| a.place() == b.place()) {
        let wave = wave_of(situation, group);
        if wave.phase == Phase::SyncFail {
            plan.on_failure.push(wave);
        } else {
            plan.waves.push(wave);
        }
    }
    plan
}

/// Whether a task is still to be begun.
fn is_due(situation: &Situation<'_>, task: &Candidate<'_>) -> bool {
    let left_alone = situation.options.apply_out_of_sync_only == Some(true)
        && !task.hook
        && !task.is_prune()
        && task.live.is_some()
        && !task.drifted;
    task.is_pending() && !left_alone
}

fn wave_of<'a>(situation: &Situation<'a>, tasks: &[&Candidate<'a>]) -> Wave<'a> {
    let (phase, wave) = tasks.first().map(|task| task.place()).unwrap_or_default();
    let rank = |task: &Candidate<'_>| {
        (
            task.is_prune(),
            if task.is_prune() {
                0
            } else {
                order::rank_of(&task.key.group, &task.key.kind)
            },
        )
    };
    let stages = tasks
        .chunk_by(|a, b| rank(a) == rank(b))
        .map(|stage| {
            stage
                .iter()
                .map(|task| task.task(task.action(situation.request)))
                .collect()
        })
        .collect();
    Wave {
        phase,
        wave,
        stages,
    }
}

struct Planner<'a> {
    situation: Situation<'a>,
    tasks: Vec<Candidate<'a>>,
    observed: Vec<TaskRecord>,
}

impl<'a> Planner<'a> {
    fn next(&mut self) -> Step<'a> {
        let situation = self.situation;
        if let Some(reason) = &situation.request.terminate {
            return self.terminate(reason);
        }
        if situation.record.tasks.is_empty()
            && let Some(reason) = self.invalid()
        {
            return failed(reason);
        }
        if situation.request.dry_run {
            return self.advance();
        }
        self.observe();
        if situation.now < self.operation_deadline() {
            return self.advance();
        }
        // What it would wait for is why it is late.
        let awaited = match self.advance() {
            Step::Wait(wait) => format!("{wait}: "),
            Step::Run(_) => String::new(),
            Step::Done(done) if done.phase == OperationPhase::Succeeded => return Step::Done(done),
            // The hooks that were late are gone by now, which is not why it failed.
            Step::Done(done) => match self.terminated() {
                Some(hooks) => hooks,
                None => return Step::Done(done),
            },
        };
        self.terminate(&format!(
            "{awaited}the operation did not end within its deadline of {}",
            duration::show(situation.deadlines.operation)
        ))
    }

    /// The hooks that had to be ended, as the beginning of a message.
    fn terminated(&self) -> Option<String> {
        let hooks: Vec<String> = self
            .tasks
            .iter()
            .filter(|task| {
                let record = task.record.as_deref();
                task.hook && record.is_some_and(|record| record.message == TERMINATED)
            })
            .map(|task| format!("hook {}", task.key))
            .collect();
        (!hooks.is_empty()).then(|| format!("{} had to be terminated: ", join(&hooks, ", ")))
    }

    /// The step from what is recorded and observed.
    fn advance(&mut self) -> Step<'a> {
        let situation = self.situation;
        if !situation.request.dry_run
            && let Some(step) = self.release()
        {
            return step;
        }
        if self.has_failed() {
            return self.fail();
        }
        let pending: Vec<usize> = (0..self.tasks.len())
            .filter(|at| {
                self.tasks[*at].phase != Phase::SyncFail && is_due(&situation, &self.tasks[*at])
            })
            .collect();
        let next = pending.first().map(|at| self.tasks[*at].place());
        if let Some(step) = self.wait_for_running(next) {
            return step;
        }
        let Some(&first) = pending.first() else {
            return self.succeed();
        };
        let place = self.tasks[first].place();
        if let Some(step) = self.wait_for_pruned(place) {
            return step;
        }
        let wave: Vec<usize> = pending
            .into_iter()
            .filter(|at| self.tasks[*at].place() == place)
            .collect();
        self.run(&wave)
    }

    fn operation_deadline(&self) -> DateTime<Utc> {
        after(
            self.situation.record.begun(),
            self.situation.deadlines.operation,
        )
    }

    /// Why the operation cannot begin, when it cannot.
    fn invalid(&self) -> Option<String> {
        let request = self.situation.request;
        if self.situation.options.fail_on_shared_resource == Some(true)
            && let Some((key, other)) = request.shared.first()
        {
            return Some(format!(
                "Shared resource found: {key} is managed by application {other}"
            ));
        }
        let defined: HashSet<(String, String)> = self
            .tasks
            .iter()
            .filter_map(|task| defined_kind(task.target?))
            .collect();
        let mut reasons: Vec<String> = request
            .refused
            .iter()
            .map(|(_, _, reason)| reason.clone())
            .collect();
        for task in self.tasks.iter().filter(|task| !task.served) {
            let comes = defined.contains(&(task.key.group.clone(), task.key.kind.clone()));
            let skip = task.options.skip_dry_run_on_missing_resource == Some(true);
            if !comes && !skip && is_due(&self.situation, task) {
                reasons.push(format!(
                    "The Kubernetes API could not find {}/{} for requested resource {}/{}. Make sure the \"{}\" CRD is installed on the destination cluster.",
                    task.key.group, task.key.kind, task.key.namespace, task.key.name, task.key.kind
                ));
            }
        }
        reasons.sort_unstable();
        reasons.dedup();
        (!reasons.is_empty()).then(|| {
            format!(
                "one or more synchronization tasks are not valid: {}",
                join(&reasons, "; ")
            )
        })
    }

    /// Takes what the live state says about tasks that run.
    fn observe(&mut self) {
        let Situation { now, record, .. } = self.situation;
        self.observe_prunes();
        for task in self.tasks.iter_mut().filter(|task| task.hook) {
            if let Some(adopted) = task.adopt(record, now) {
                self.observed.push(adopted.clone());
                task.record = Some(Cow::Owned(adopted));
            }
        }
        for task in self.tasks.iter_mut().filter(|task| task.is_running()) {
            let Some(record) = &task.record else { continue };
            let mut after = TaskRecord::clone(record);
            observe(&mut after, task.live, now);
            if after != **record {
                self.observed.push(after.clone());
                task.record = Some(Cow::Owned(after));
            }
        }
    }

    /// What was about to be pruned before a crash, and is gone or going, was pruned.
    fn observe_prunes(&mut self) {
        let Situation { record, live, .. } = self.situation;
        let intended = record.tasks.iter().filter(|task| task.is_intended_prune());
        for intended in intended.filter(|task| !is_still_to_prune(task, live(&task.key))) {
            let mut pruned = intended.clone();
            pruned.state = TaskState::Succeeded;
            PRUNED.clone_into(&mut pruned.message);
            self.settle(pruned);
        }
    }

    /// Takes what is known now of an object into its task, if it still has one, and into what was observed.
    fn settle(&mut self, record: TaskRecord) {
        let task = self
            .tasks
            .iter_mut()
            .find(|task| task.phase == record.phase && task.key == record.key);
        if let Some(task) = task {
            task.record = Some(Cow::Owned(record.clone()));
        }
        self.observed.push(record);
    }

    fn has_failed(&self) -> bool {
        self.tasks
            .iter()
            .any(|task| task.phase != Phase::SyncFail && task.is_failed())
    }

    /// Lets go of hooks whose end is recorded, so that what deletes them can.
    fn release(&self) -> Option<Step<'a>> {
        self.clean_up(Action::ReleaseHook, |task, record, live| {
            task.hook && !task.is_running() && !record.released && live.has_hook_finalizer()
        })
    }

    /// One step that releases or deletes hooks, when there are such.
    fn clean_up(
        &self,
        action: Action<'a>,
        is_meant: impl Fn(&Candidate<'a>, &TaskRecord, Live<'a>) -> bool,
    ) -> Option<Step<'a>> {
        let tasks: Vec<&Candidate<'a>> = self
            .tasks
            .iter()
            .filter(|task| match (&task.record, task.live) {
                (Some(record), Some(live)) => is_same(record, live) && is_meant(task, record, live),
                _ => false,
            })
            .collect();
        let (phase, wave) = tasks.first()?.place();
        Some(Step::Run(Wave {
            phase,
            wave,
            stages: vec![
                tasks
                    .into_iter()
                    .map(|task| task.task(action.clone()))
                    .collect(),
            ],
        }))
    }

    /// Waits for hooks; for other objects only if something comes after them, or hooks run beside them. What runs in the wave
    /// that is next is not waited for: a crash left that wave half begun.
    fn wait_for_running(&mut self, next: Option<(Phase, i64)>) -> Option<Step<'a>> {
        let hooks = self.tasks.iter().any(|task| task.hook && task.is_running());
        let first = self
            .tasks
            .iter()
            .find(|task| task.phase != Phase::SyncFail)
            .map(Candidate::place);
        let several = self
            .tasks
            .iter()
            .any(|task| task.phase != Phase::SyncFail && Some(task.place()) != first);
        let all = next.is_some() || (hooks && several);
        self.wait(|task| {
            task.is_running() && (task.hook || all) && next.is_none_or(|next| task.place() < next)
        })
    }

    /// Waits for what runs; what has run for too long fails.
    fn wait(&mut self, is_awaited: impl Fn(&Candidate<'a>) -> bool) -> Option<Step<'a>> {
        let Situation { deadlines, now, .. } = self.situation;
        let mut deadline = self.operation_deadline();
        let mut keys: Vec<ResourceKey> = Vec::new();
        let mut hooks: Vec<ResourceKey> = Vec::new();
        let mut expired = false;
        for task in self.tasks.iter_mut().filter(|task| is_awaited(task)) {
            let Some(record) = &task.record else { continue };
            let (limit, name) = if task.hook {
                (deadlines.hook, "hook's")
            } else {
                (deadlines.wave, "wave's")
            };
            let due = after(record.started_at, limit);
            if due > now {
                deadline = deadline.min(due);
                if task.hook {
                    hooks.push(task.key.clone());
                } else {
                    keys.push(task.key.clone());
                }
                continue;
            }
            expired = true;
            let mut late = TaskRecord::clone(record);
            late.state = TaskState::Failed;
            let end = if task.hook { "complete" } else { "healthy" };
            late.message = format!(
                "{}: not {end} within the {name} deadline of {}{}",
                late.key,
                duration::show(limit),
                if late.message.is_empty() {
                    String::new()
                } else {
                    format!(" ({})", late.message)
                }
            );
            self.observed.push(late.clone());
            task.record = Some(Cow::Owned(late));
        }
        if expired {
            return Some(self.fail());
        }
        let what = if hooks.is_empty() {
            WaitFor::Health
        } else {
            WaitFor::Hook
        };
        let count = hooks.len();
        hooks.append(&mut keys);
        (!hooks.is_empty()).then_some(Step::Wait(Wait {
            what,
            keys: hooks,
            hooks: count,
            deadline,
        }))
    }

    /// Waits until what was pruned is gone, but for what is of the wave that is next: a crash left that wave half begun.
    fn wait_for_pruned(&mut self, next: (Phase, i64)) -> Option<Step<'a>> {
        let limit = self.situation.deadlines.wave;
        let mut keys = Vec::new();
        let mut late = Vec::new();
        let mut deadline = self.operation_deadline();
        for task in self.tasks.iter().filter(|task| task.place() < next) {
            if let (Some(record), Some(live)) = (&task.record, task.live)
                && record.code == ResultCode::Pruned
                && is_same(record, live)
                && !self.situation.request.dry_run
            {
                let due = after(record.started_at, limit);
                if due > self.situation.now {
                    deadline = deadline.min(due);
                    keys.push(task.key.clone());
                } else {
                    late.push(still_there(record, limit, "wave's"));
                }
            }
        }
        if !late.is_empty() {
            return Some(self.fail_with(late));
        }
        (!keys.is_empty()).then_some(Step::Wait(Wait {
            what: WaitFor::Deletion,
            keys,
            hooks: 0,
            deadline,
        }))
    }

    /// Begins a wave: old hooks go first, and pruning may need a confirmation.
    fn run(&mut self, wave: &[usize]) -> Step<'a> {
        let situation = self.situation;
        let tasks: Vec<&Candidate<'a>> = wave.iter().map(|at| &self.tasks[*at]).collect();
        if !situation.request.confirmed && !situation.request.dry_run {
            let keys: Vec<ResourceKey> = tasks
                .iter()
                .filter(|task| task.needs_confirmation(situation.request))
                .map(|task| task.key.clone())
                .collect();
            if !keys.is_empty() {
                return Step::Wait(Wait {
                    what: WaitFor::Confirmation,
                    keys,
                    hooks: 0,
                    deadline: self.operation_deadline(),
                });
            }
        }
        if !situation.request.dry_run {
            match self.remove_old_hooks(&tasks) {
                Ok(None) => {}
                Ok(Some(step)) => return step,
                Err(late) => return self.fail_with(late),
            }
        }
        Step::Run(wave_of(&situation, &tasks))
    }

    /// Deletes hooks of an earlier synchronisation, and waits until they are gone.
    fn remove_old_hooks(
        &self,
        tasks: &[&Candidate<'a>],
    ) -> Result<Option<Step<'a>>, Vec<TaskRecord>> {
        let Situation { deadlines, now, .. } = self.situation;
        let mut old = Vec::new();
        let mut going = Vec::new();
        let mut late = Vec::new();
        let mut deadline = self.operation_deadline();
        for task in tasks.iter().filter(|task| task.hook) {
            let Some(live) = task.live else { continue };
            match live.deleted_at() {
                Some(_) if live.has_hook_finalizer() => old.push(task.task(Action::DeleteHook)),
                Some(at) => {
                    // Time runs from when this synchronisation could first have seen it.
                    let due = after(at.max(self.situation.record.begun()), deadlines.hook);
                    if due > now {
                        deadline = deadline.min(due);
                        going.push(task.key.clone());
                    } else if let Some(mut record) = task.task(Action::ReleaseHook).result(
                        super::task::Outcome::Failed(String::new()),
                        false,
                        now,
                    ) {
                        record = still_there(&record, deadlines.hook, "hook's");
                        late.push(record);
                    }
                }
                None if hook::delete_policy(task.object()).before_creation => {
                    old.push(task.task(Action::DeleteHook));
                }
                None => {}
            }
        }
        if !late.is_empty() {
            return Err(late);
        }
        if let Some((phase, wave)) = tasks.first().map(|task| task.place())
            && !old.is_empty()
        {
            return Ok(Some(Step::Run(Wave {
                phase,
                wave,
                stages: vec![old],
            })));
        }
        Ok((!going.is_empty()).then_some(Step::Wait(Wait {
            what: WaitFor::HookDeletion,
            hooks: going.len(),
            keys: going,
            deadline,
        })))
    }

    fn fail_with(&mut self, late: Vec<TaskRecord>) -> Step<'a> {
        for record in late {
            self.settle(record);
        }
        self.fail()
    }

    /// After a failure: hooks that run on failure, then what still runs, then the hooks that are deleted, then the end.
    fn fail(&mut self) -> Step<'a> {
        let situation = self.situation;
        let hooks_fail = self
            .tasks
            .iter()
            .any(|task| task.phase == Phase::SyncFail && task.is_failed());
        let pending: Vec<usize> = (0..self.tasks.len())
            .filter(|at| {
                self.tasks[*at].phase == Phase::SyncFail && is_due(&situation, &self.tasks[*at])
            })
            .collect();
        if !hooks_fail && let Some(&first) = pending.first() {
            let running = |task: &Candidate<'_>| task.phase == Phase::SyncFail && task.is_running();
            if self.tasks.iter().any(running)
                && let Some(step) = self.wait(running)
            {
                return step;
            }
            let place = self.tasks[first].place();
            let wave: Vec<usize> = pending
                .into_iter()
                .filter(|at| self.tasks[*at].place() == place)
                .collect();
            return self.run(&wave);
        }
        if let Some(step) = self.wait(|task| task.hook && task.is_running()) {
            return step;
        }
        if !situation.request.dry_run
            && let Some(step) = self.clean_up(Action::DeleteHook, |task, record, _| {
                task.hook && !record.cleaned && hook::delete_policy(task.object()).failed
            })
        {
            return step;
        }
        failed(self.failure())
    }

    /// Why it failed.
    fn failure(&self) -> String {
        let reasons = |is_meant: &dyn Fn(&Candidate<'_>, &TaskRecord) -> bool| -> Vec<String> {
            let mut reasons: Vec<String> = Vec::new();
            for task in &self.tasks {
                if let Some(record) = &task.record
                    && record.is_failed()
                    && is_meant(task, record)
                    && !reasons.contains(&record.message)
                    && !record.message.is_empty()
                {
                    reasons.push(record.message.clone());
                }
            }
            reasons
        };
        let not_applied = reasons(&|task, record| {
            task.phase != Phase::SyncFail && record.code == ResultCode::SyncFailed
        });
        let unwell = reasons(&|task, record| {
            task.phase != Phase::SyncFail && record.code != ResultCode::SyncFailed
        });
        let in_hooks = reasons(&|task, _| task.phase == Phase::SyncFail);
        let with = |text: &str, reasons: &[String]| match reasons {
            [] => text.to_owned(),
            reasons => format!("{text}, reason: {}", join(reasons, ",")),
        };
        let mut message = if not_applied.is_empty() {
            with(
                "one or more synchronization tasks completed unsuccessfully",
                &unwell,
            )
        } else {
            with("one or more objects failed to apply", &not_applied)
        };
        if !in_hooks.is_empty() {
            message.push('\n');
            message.push_str(&with("one or more SyncFail hooks failed", &in_hooks));
        }
        message
    }

    fn succeed(&self) -> Step<'a> {
        if !self.situation.request.dry_run
            && let Some(step) = self.clean_up(Action::DeleteHook, |task, record, _| {
                task.hook && !record.cleaned && hook::delete_policy(task.object()).succeeded
            })
        {
            return step;
        }
        let ran = self
            .tasks
            .iter()
            .filter(|task| !task.is_pending())
            .max_by_key(|task| task.place());
        let all = ran.is_some_and(|task| !task.hook);
        Step::Done(Done {
            phase: OperationPhase::Succeeded,
            message: format!(
                "successfully synced ({})",
                if all {
                    "all tasks run"
                } else {
                    "no more tasks"
                }
            ),
        })
    }

    /// Ends now: hooks that run are deleted, those that have ended are let go.
    fn terminate(&self, reason: &str) -> Step<'a> {
        let release = self.release();
        let delete = self.clean_up(Action::DeleteHook, |task, record, _| {
            task.hook && task.is_running() && !record.cleaned
        });
        release
            .or(delete)
            .unwrap_or_else(|| failed(reason.to_owned()))
    }
}

fn failed(message: String) -> Step<'static> {
    Step::Done(Done {
        phase: OperationPhase::Failed,
        message,
    })
}

/// Joins reasons; many are cut, because the message of an operation is for people.
fn join(reasons: &[String], separator: &str) -> String {
    const MOST: usize = 20;
    let shown = reasons[..reasons.len().min(MOST)].join(separator);
    match reasons.len().saturating_sub(MOST) {
        0 => shown,
        more => format!("{shown}{separator}and {more} more"),
    }
}

fn still_there(record: &TaskRecord, limit: Duration, whose: &str) -> TaskRecord {
    let mut late = record.clone();
    late.code = ResultCode::SyncFailed;
    late.state = TaskState::Failed;
    late.message = format!(
        "{} is still being deleted after the {whose} deadline of {}; its finalizers say what holds it",
        late.key,
        duration::show(limit)
    );
    late
}
