//! The tasks of a synchronisation: one for each object and phase, in order, with what is live and what has been done.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use serde_json::Value;
use tiphys_model::ResourceKey;

use super::hook::{self, Role};
use super::observe::is_same;
use super::options::{Options, Removal, SYNC_OPTIONS};
use super::order;
use super::phase::Phase;
use super::record::{Record, ResultCode, TaskRecord, TaskState};
use super::situation::{Desired, Live, Request, Situation};
use super::task::{Action, Outcome, SkipReason, Task};
use crate::object;

/// A task with everything that decides about it.
#[derive(Clone, Debug)]
pub(super) struct Candidate<'a> {
    pub key: ResourceKey,
    pub phase: Phase,
    pub wave: i64,
    pub hook: bool,
    /// None when it is pruned.
    pub target: Option<&'a Value>,
    pub live: Option<Live<'a>>,
    pub options: Cow<'a, Options>,
    pub drifted: bool,
    pub served: bool,
    pub record: Option<Cow<'a, TaskRecord>>,
}

impl<'a> Candidate<'a> {
    pub fn is_prune(&self) -> bool {
        self.target.is_none()
    }

    fn is_prune_last(&self) -> bool {
        self.is_prune() && self.options.prune_last == Some(true)
    }

    pub fn object(&self) -> &'a Value {
        const NOTHING: &Value = &Value::Null;
        self.target
            .or(self.live.map(|live| live.object))
            .unwrap_or(NOTHING)
    }

    pub fn is_pending(&self) -> bool {
        self.record.is_none()
    }

    pub fn is_running(&self) -> bool {
        self.record
            .as_ref()
            .is_some_and(|record| record.state == TaskState::Running)
    }

    pub fn is_failed(&self) -> bool {
        self.record
            .as_ref()
            .is_some_and(|record| record.is_failed())
    }

    pub fn place(&self) -> (Phase, i64) {
        (self.phase, self.wave)
    }

    pub fn task(&self, action: Action<'a>) -> Task<'a> {
        Task {
            key: self.key.clone(),
            version: object::gvk(self.object()).version,
            phase: self.phase,
            wave: self.wave,
            stated_wave: hook::wave(self.object()),
            prune_last: self.is_prune_last(),
            hook: self.hook,
            uid: self
                .live
                .map(|live| live.uid().to_owned())
                .unwrap_or_default(),
            before: match action {
                Action::DeleteHook | Action::ReleaseHook => self.record.as_deref().cloned(),
                _ => None,
            },
            action,
        }
    }

    /// The record of a hook that this attempt made without coming to record it.
    pub fn adopt(&self, record: &Record, now: DateTime<Utc>) -> Option<TaskRecord> {
        let live = self.live.filter(|_| self.hook && self.is_pending())?;
        let run = object::annotation(live.object, hook::HOOK_RUN)?;
        if run != hook::run(self.phase, record.started_at) || live.deleted_at().is_some() {
            return None;
        }
        let created = live.object["metadata"]["creationTimestamp"]
            .as_str()
            .and_then(|at| DateTime::parse_from_rfc3339(at).ok())
            .map_or(now, |at| at.to_utc());
        let outcome = Outcome::Applied {
            uid: live.uid().to_owned(),
            generation: None,
            message: format!("{} created", self.key.name),
        };
        let target = self.target?;
        let action = Action::Apply {
            target,
            options: Options::default(),
            served: true,
        };
        let mut adopted = self.task(action).result(outcome, false, created)?;
        adopted.seen = true;
        Some(adopted)
    }

    /// What is done with it when its turn comes.
    pub fn action(&self, request: &Request) -> Action<'a> {
        match self.target {
            Some(target) => {
                let mut options = Options::clone(&self.options);
                if request.force {
                    options.force = Some(true);
                }
                Action::Apply {
                    target,
                    options,
                    served: self.served,
                }
            }
            None if !request.prune => Action::SkipPrune(SkipReason::NotRequested),
            None if self.options.prune == Some(Removal::Forbidden)
                || hook::is_kept_by_helm(self.object()) =>
            {
                Action::SkipPrune(SkipReason::Forbidden)
            }
            None => Action::Prune {
                propagation: self.options.propagation.unwrap_or_default(),
            },
        }
    }

    /// Whether pruning it waits for somebody who confirms it.
    pub fn needs_confirmation(&self, request: &Request) -> bool {
        self.is_prune()
            && self.options.prune == Some(Removal::Confirm)
            && matches!(self.action(request), Action::Prune { .. })
    }
}

/// All tasks of a synchronisation, in order: phase, wave, pruning, kind, name.
pub(super) fn build<'a>(situation: &Situation<'a>) -> Vec<Candidate<'a>> {
    let request = situation.request;
    let mut tasks = Vec::with_capacity(situation.desired.len() + situation.left.len() + 1);
    let records = index(situation.record);
    for desired in situation.desired {
        add_desired(situation, desired, &mut tasks);
    }
    let known = tasks.len();
    let is_selected = |key: &ResourceKey| is_selected(request, key);
    for left in situation.left {
        if is_selected(&left.key) && !hook::is_hook(left.live.object) {
            tasks.push(Candidate {
                phase: Phase::Sync,
                wave: hook::wave(left.live.object),
                hook: false,
                target: None,
                live: Some(left.live),
                options: effective(situation.options, left.live.object),
                drifted: true,
                served: true,
                record: None,
                key: left.key.clone(),
            });
        }
    }
    reverse_waves(&mut tasks[known..], situation.record);
    prune_last(&mut tasks, situation.record);
    add_namespace(situation, &mut tasks);
    pull_forward(&mut tasks);
    // Only now is every phase final.
    for task in &mut tasks {
        task.record = records
            .get(&(task.phase, &task.key))
            .filter(|record| !is_still_to_prune(record, task.live))
            .map(|record| Cow::Borrowed(*record));
    }
    tasks.sort_by(|a, b| {
        let rank = |task: &Candidate<'_>| order::rank_of(&task.key.group, &task.key.kind);
        a.place()
            .cmp(&b.place())
            .then_with(|| b.is_prune().cmp(&a.is_prune()))
            .then_with(|| {
                let ranks = rank(a).cmp(&rank(b));
                if a.is_prune() { ranks.reverse() } else { ranks }
            })
            .then_with(|| a.key.cmp(&b.key))
    });
    tasks
}

/// Whether a deletion that was about to be asked for did not come to the cluster.
pub(super) fn is_still_to_prune(record: &TaskRecord, live: Option<Live<'_>>) -> bool {
    record.is_intended_prune()
        && live.is_some_and(|live| is_same(record, live) && live.deleted_at().is_none())
}

type Records<'a> = HashMap<(Phase, &'a ResourceKey), &'a TaskRecord>;

fn index(record: &Record) -> Records<'_> {
    record
        .tasks
        .iter()
        .map(|task| ((task.phase, &task.key), task))
        .collect()
}

fn is_selected(request: &Request, key: &ResourceKey) -> bool {
    request.selected.is_empty()
        || request
            .selected
            .iter()
            .any(|selector| selector.selects(key))
}

fn effective<'a>(options: &'a Options, object: &Value) -> Cow<'a, Options> {
    if object::annotation(object, SYNC_OPTIONS).is_none() {
        return Cow::Borrowed(options);
    }
    Cow::Owned(options.with(&Options::of_object(object).0))
}

fn add_desired<'a>(
    situation: &Situation<'a>,
    desired: &'a Desired<'a>,
    tasks: &mut Vec<Candidate<'a>>,
) {
    let request = situation.request;
    let (phases, hook) = match hook::role(desired.target, request.occasion) {
        Role::Skipped => return,
        Role::Resource if is_selected(request, &desired.key) => (vec![Phase::Sync], false),
        Role::Resource => return,
        Role::Hook(_) if request.skip_hooks || !request.selected.is_empty() => return,
        Role::Hook(phases) => (phases, true),
    };
    for phase in phases.into_iter().filter(|phase| phase.is_of_sync()) {
        let key = hook_key(desired, phase, situation.record);
        let live = (situation.live)(&key);
        tasks.push(Candidate {
            phase,
            wave: hook::wave(desired.target),
            hook,
            target: Some(desired.target),
            live,
            options: effective(situation.options, desired.target),
            drifted: desired.drifted,
            served: desired.served,
            record: None,
            key,
        });
    }
}

/// The key of an object in a phase, with the name that is generated for it.
pub(super) fn hook_key(desired: &Desired<'_>, phase: Phase, record: &Record) -> ResourceKey {
    let mut key = desired.key.clone();
    if key.name.is_empty() {
        let generate = desired.target["metadata"]["generateName"]
            .as_str()
            .unwrap_or_default();
        key.name = hook::generated_name(generate, &record.revision, phase, record.started_at);
    }
    key
}

/// What was applied last is pruned first: the waves of pruned objects change places, the first with the last.
///
/// Objects that are gone already count too, so that the places of the others stay.
fn reverse_waves(pruned: &mut [Candidate<'_>], record: &Record) {
    let present: HashSet<&ResourceKey> = pruned.iter().map(|task| &task.key).collect();
    let gone = record
        .tasks
        .iter()
        .filter(|task| task.code == ResultCode::Pruned && !present.contains(&task.key))
        .map(|task| task.stated_wave);
    let mut waves: Vec<i64> = pruned.iter().map(|task| task.wave).chain(gone).collect();
    waves.sort_unstable();
    waves.dedup();
    for task in pruned {
        if let Ok(at) = waves.binary_search(&task.wave) {
            task.wave = waves[waves.len() - 1 - at];
        }
    }
}

/// Objects that are gone already count too, here as well.
fn prune_last(tasks: &mut [Candidate<'_>], record: &Record) {
    let recorded = || record.tasks.iter().filter(|task| task.phase == Phase::Sync);
    let begun = recorded()
        .find(|task| task.prune_last)
        .map(|task| task.wave);
    let wave = begun.unwrap_or_else(|| {
        tasks
            .iter()
            .filter(|task| task.phase == Phase::Sync)
            .map(|task| task.wave)
            .chain(recorded().map(|task| task.wave))
            .fold(0, i64::max)
            .saturating_add(1)
    });
    for task in tasks {
        if task.is_prune_last() {
            task.wave = wave;
        }
    }
}

fn add_namespace<'a>(situation: &Situation<'a>, tasks: &mut Vec<Candidate<'a>>) {
    let Some(namespace) = situation.namespace else {
        return;
    };
    let key = object::key(namespace);
    if situation.desired.iter().any(|desired| desired.key == key) {
        return;
    }
    let live = (situation.live)(&key);
    tasks.push(Candidate {
        phase: Phase::PreSync,
        wave: 0,
        hook: false,
        target: Some(namespace),
        live,
        options: Cow::Borrowed(situation.options),
        drifted: true,
        served: true,
        record: None,
        key,
    });
}

/// Namespaces come no later than what lives in them, definitions no later than their instances.
fn pull_forward(tasks: &mut [Candidate<'_>]) {
    let mut namespaces: HashMap<String, (Phase, i64)> = HashMap::new();
    let mut kinds: HashMap<(String, String), (Phase, i64)> = HashMap::new();
    for task in tasks.iter() {
        if let Some(target) = task.target {
            if is_namespace(&task.key) {
                namespaces.insert(task.key.name.clone(), task.place());
            } else if let Some(defined) = defined_kind(target) {
                kinds.insert(defined, task.place());
            }
        }
    }
    if namespaces.is_empty() && kinds.is_empty() {
        return;
    }
    for task in tasks.iter().filter(|task| !task.is_prune()) {
        let place = task.place();
        if let Some(first) = namespaces.get_mut(&task.key.namespace) {
            *first = place.min(*first);
        }
        // Looking up a pair of owned strings needs one; few synchronisations define kinds.
        if !kinds.is_empty()
            && let Some(first) = kinds.get_mut(&(task.key.group.clone(), task.key.kind.clone()))
        {
            *first = place.min(*first);
        }
    }
    for task in tasks {
        let Some(target) = task.target else { continue };
        let first = if is_namespace(&task.key) {
            namespaces.get(&task.key.name)
        } else {
            defined_kind(target).and_then(|defined| kinds.get(&defined))
        };
        // A hook's phase is part of its identity, and stays.
        if let Some(&(phase, wave)) = first
            && !task.hook
        {
            (task.phase, task.wave) = (phase, wave);
        }
    }
}

fn is_namespace(key: &ResourceKey) -> bool {
    key.group.is_empty() && key.kind == "Namespace"
}

/// Group and kind that a definition defines.
pub(super) fn defined_kind(target: &Value) -> Option<(String, String)> {
    if target["kind"] != "CustomResourceDefinition" {
        return None;
    }
    let spec = &target["spec"];
    Some((
        spec["group"].as_str()?.to_owned(),
        spec["names"]["kind"].as_str()?.to_owned(),
    ))
}
