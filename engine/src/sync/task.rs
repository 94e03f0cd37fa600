//! The tasks of a synchronisation: one for each object and phase, in order, with what is live and what has been done.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use tiphys_model::{HealthStatusCode, ManagedNamespaceMetadata, ResourceKey};

use super::hook::{self, HOOK_FINALIZER, Occasion, Role};
use super::options::{Options, Propagation, Removal};
use super::order;
use super::phase::Phase;
use super::record::{Record, ResultCode, TaskRecord, TaskState};
use crate::{duration, object};

/// A live object and how well it is.
#[derive(Clone, Copy, Debug)]
pub struct Live<'a> {
    /// The object.
    pub object: &'a Value,
    /// Its health, none for a kind without health.
    pub health: Option<HealthStatusCode>,
    /// Why.
    pub message: &'a str,
}

impl Live<'_> {
    pub(super) fn uid(&self) -> &str {
        self.object["metadata"]["uid"].as_str().unwrap_or_default()
    }

    pub(super) fn deleted_at(&self) -> Option<DateTime<Utc>> {
        let text = self.object["metadata"]["deletionTimestamp"].as_str()?;
        // A time that cannot be read is still a deletion, of long ago.
        Some(DateTime::parse_from_rfc3339(text).map_or(DateTime::UNIX_EPOCH, |at| at.to_utc()))
    }

    pub(super) fn has_hook_finalizer(&self) -> bool {
        self.object["metadata"]["finalizers"]
            .as_array()
            .is_some_and(|all| all.iter().any(|entry| entry == HOOK_FINALIZER))
    }
}

/// An object of the source, hooks included.
#[derive(Clone, Debug)]
pub struct Desired<'a> {
    /// The key under which it is live; the name is empty when only `generateName` is given.
    pub key: ResourceKey,
    /// What is applied.
    pub target: &'a Value,
    /// Whether the live object differs from it.
    pub drifted: bool,
    /// Whether the cluster serves its kind.
    pub served: bool,
}

/// A live object of the application that its source no longer has.
#[derive(Clone, Debug)]
pub struct Left<'a> {
    /// Its key.
    pub key: ResourceKey,
    /// It.
    pub live: Live<'a>,
}

/// Names objects of a partial synchronisation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selector {
    /// API group.
    pub group: String,
    /// Kind.
    pub kind: String,
    /// Namespace, any when empty.
    pub namespace: String,
    /// Name.
    pub name: String,
}

impl Selector {
    fn selects(&self, key: &ResourceKey) -> bool {
        self.group == key.group
            && self.kind == key.kind
            && self.name == key.name
            && (self.namespace.is_empty() || self.namespace == key.namespace)
    }
}

/// What was asked for.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Whether objects that left the source are deleted.
    pub prune: bool,
    /// Whether nothing is changed.
    pub dry_run: bool,
    /// Whether objects that cannot be changed are deleted and made again.
    pub force: bool,
    /// Whether hooks are left out: the strategy `apply`. A partial synchronisation leaves them out too.
    pub skip_hooks: bool,
    /// Only these objects; none means all.
    pub selected: Vec<Selector>,
    /// What the synchronisation is to Helm's hooks.
    pub occasion: Occasion,
    /// Whether pruning that has to be confirmed was confirmed since the operation began.
    pub confirmed: bool,
    /// Why the operation is to end now, when it is.
    pub terminate: Option<String>,
    /// Objects that cannot be synchronised whatever is done, for example because the project forbids them: key, version, why.
    pub refused: Vec<(ResourceKey, String, String)>,
    /// Objects that other applications manage: key, name of the other.
    pub shared: Vec<(ResourceKey, String)>,
}

/// How long things may take. A synchronisation cannot hang: everything that it waits for ends with one of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadlines {
    /// For the objects of a wave to become healthy or to be gone, 30 minutes.
    pub wave: Duration,
    /// For a hook to complete or to be gone, 2 hours.
    pub hook: Duration,
    /// For an attempt of the operation, 6 hours.
    pub operation: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            wave: Duration::from_secs(30 * 60),
            hook: Duration::from_secs(2 * 3600),
            operation: Duration::from_secs(6 * 3600),
        }
    }
}

impl Deadlines {
    /// Reads the deadlines of a policy, each as its text; an empty text is the default.
    ///
    /// # Errors
    /// A message that names the field: for what is no duration, or less than a second.
    pub fn read(wave: &str, hook: &str, operation: &str) -> Result<Self, String> {
        let read = |field: &str, text: &str, otherwise: Duration| {
            if text.is_empty() {
                return Ok(otherwise);
            }
            let limit =
                duration::parse(text).map_err(|error| format!("deadlines.{field}: {error}"))?;
            if limit < Duration::from_secs(1) {
                return Err(format!("deadlines.{field}: \"{text}\" is less than 1s"));
            }
            Ok(limit)
        };
        let default = Self::default();
        Ok(Self {
            wave: read("wave", wave, default.wave)?,
            hook: read("hook", hook, default.hook)?,
            operation: read("operation", operation, default.operation)?,
        })
    }
}

/// Everything that a step follows from.
#[derive(Clone, Copy)]
pub struct Situation<'a> {
    /// Objects of the source.
    pub desired: &'a [Desired<'a>],
    /// Objects that left it.
    pub left: &'a [Left<'a>],
    /// What is live under a key.
    pub live: &'a dyn Fn(&ResourceKey) -> Option<Live<'a>>,
    /// The destination's namespace with the metadata that it should have, when `CreateNamespace` is wanted and it is missing or differs.
    pub namespace: Option<&'a Value>,
    /// What was asked for.
    pub request: &'a Request,
    /// Options of the application.
    pub options: &'a Options,
    /// What has been done.
    pub record: &'a Record,
    /// How long things may take.
    pub deadlines: Deadlines,
    /// The time.
    pub now: DateTime<Utc>,
}

/// The manifest of a namespace that `CreateNamespace` makes.
#[must_use]
pub fn namespace(name: &str, metadata: Option<&ManagedNamespaceMetadata>) -> Value {
    let mut object = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
    if let Some(metadata) = metadata {
        if !metadata.labels.is_empty() {
            object["metadata"]["labels"] = json!(metadata.labels);
        }
        if !metadata.annotations.is_empty() {
            object["metadata"]["annotations"] = json!(metadata.annotations);
        }
    }
    object
}

/// Why an object that left the source is left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SkipReason {
    /// Pruning was not asked for.
    NotRequested,
    /// An option forbids it.
    Forbidden,
}

impl SkipReason {
    /// As results say it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotRequested => "ignored (requires pruning)",
            Self::Forbidden => "ignored (no prune)",
        }
    }
}

/// What is done with an object.
#[derive(Clone, Debug, PartialEq)]
pub enum Action<'a> {
    /// Apply it.
    Apply {
        /// The manifest of the source; [`Task::manifest`] is what is sent.
        target: &'a Value,
        /// How.
        options: Options,
        /// Whether the kind is served now. If it is not, its definition comes with this synchronisation.
        served: bool,
    },
    /// Delete it.
    Prune {
        /// How its dependents go.
        propagation: Propagation,
    },
    /// Leave it alone.
    SkipPrune(SkipReason),
    /// Remove the hook finalizer, and delete the hook.
    DeleteHook,
    /// Remove the hook finalizer: its end is in the record.
    ReleaseHook,
}

/// Something to do with one object now.
#[derive(Clone, Debug, PartialEq)]
pub struct Task<'a> {
    /// The object.
    pub key: ResourceKey,
    /// Its API version, without the group.
    pub version: String,
    /// The phase.
    pub phase: Phase,
    /// The wave.
    pub wave: i64,
    /// The wave that the object itself states.
    pub stated_wave: i64,
    /// Whether it is pruned after everything else because `PruneLast` asks for it.
    pub prune_last: bool,
    /// Whether it is a hook.
    pub hook: bool,
    /// UID of what is live, empty when nothing is: a deletion must name it as its precondition.
    pub uid: String,
    /// What is done.
    pub action: Action<'a>,
    /// What has been recorded before, for hooks that are released or deleted after their end.
    pub before: Option<TaskRecord>,
}

/// What came of carrying out a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The object was applied; it has this UID and generation now.
    Applied {
        /// UID.
        uid: String,
        /// Generation, none for kinds without.
        generation: Option<i64>,
        /// For example `deployment.apps/web configured`.
        message: String,
    },
    /// It was deleted or left alone, as the task said, or was gone already.
    Done,
    /// The request failed.
    Failed(String),
}

impl<'a> Task<'a> {
    /// The manifest that is sent: a hook gets its generated name, its finalizer, and the mark of the attempt in `record`.
    #[must_use]
    pub fn manifest(&self, record: &Record) -> Option<Cow<'a, Value>> {
        let Action::Apply { target, .. } = &self.action else {
            return None;
        };
        if !self.hook {
            return Some(Cow::Borrowed(target));
        }
        let mut manifest = Value::clone(target);
        if let Some(metadata) = manifest["metadata"].as_object_mut() {
            if metadata.get("name") != Some(&json!(self.key.name)) {
                metadata.remove("generateName");
                metadata.insert("name".to_owned(), json!(self.key.name));
            }
            let annotations = metadata.entry("annotations").or_insert(Value::Null);
            if !annotations.is_object() {
                *annotations = json!({});
            }
            annotations[hook::HOOK_RUN] = json!(hook::run(self.phase, record.started_at));
            let finalizers = metadata.entry("finalizers").or_insert(Value::Null);
            match finalizers.as_array_mut() {
                Some(all) if all.iter().any(|entry| entry == HOOK_FINALIZER) => {}
                Some(all) => all.push(json!(HOOK_FINALIZER)),
                None => *finalizers = json!([HOOK_FINALIZER]),
            }
        }
        Some(Cow::Owned(manifest))
    }

    /// What is recorded of the task; none when nothing has to be, because an old hook was deleted before a new one is made.
    #[must_use]
    pub fn result(
        &self,
        outcome: Outcome,
        dry_run: bool,
        now: DateTime<Utc>,
    ) -> Option<TaskRecord> {
        if matches!(self.action, Action::DeleteHook | Action::ReleaseHook)
            && !matches!((&self.before, &outcome), (None, Outcome::Failed(_)))
        {
            return self.ended(outcome);
        }
        let suffix = if dry_run { " (dry run)" } else { "" };
        let (code, state, message) = match (&self.action, &outcome) {
            (_, Outcome::Failed(reason)) => {
                (ResultCode::SyncFailed, TaskState::Failed, reason.clone())
            }
            (Action::Prune { .. }, _) => (
                ResultCode::Pruned,
                TaskState::Succeeded,
                format!("pruned{suffix}"),
            ),
            (Action::SkipPrune(reason), _) => (
                ResultCode::PruneSkipped,
                TaskState::Succeeded,
                reason.as_str().to_owned(),
            ),
            (_, Outcome::Applied { message, .. }) => (
                ResultCode::Synced,
                if dry_run {
                    TaskState::Succeeded
                } else {
                    TaskState::Running
                },
                format!("{message}{suffix}"),
            ),
            (_, Outcome::Done) => (ResultCode::Synced, TaskState::Succeeded, String::new()),
        };
        let (uid, generation) = match outcome {
            Outcome::Applied {
                uid, generation, ..
            } => (uid, generation),
            Outcome::Done | Outcome::Failed(_) => (self.uid.clone(), None),
        };
        Some(TaskRecord {
            key: self.key.clone(),
            version: self.version.clone(),
            phase: self.phase,
            wave: self.wave,
            stated_wave: self.stated_wave,
            prune_last: self.prune_last,
            hook: self.hook,
            code,
            state,
            message,
            uid,
            generation,
            started_at: now,
            seen: false,
            released: false,
            cleaned: false,
        })
    }

    /// What is recorded of a hook that was released or deleted after its end.
    fn ended(&self, outcome: Outcome) -> Option<TaskRecord> {
        let mut record = self.before.clone()?;
        record.released = true;
        record.cleaned |= self.action == Action::DeleteHook;
        if record.state == TaskState::Running {
            record.state = TaskState::Failed;
            "Terminated".clone_into(&mut record.message);
        }
        if let Outcome::Failed(reason) = outcome {
            let what = match self.action {
                Action::DeleteHook => "deleted",
                _ => "released",
            };
            record.message = format!("{}; the hook could not be {what}: {reason}", record.message);
        }
        Some(record)
    }
}

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
    if object::annotation(object, super::options::SYNC_OPTIONS).is_none() {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deadlines_are_read() {
        let deadlines = Deadlines::read("10m", "", "90").expect("deadlines");
        assert_eq!(deadlines.wave, Duration::from_secs(600));
        assert_eq!(deadlines.hook, Deadlines::default().hook);
        assert_eq!(deadlines.operation, Duration::from_secs(90));
        for (wave, hook, operation, message) in [
            ("0s", "", "", "deadlines.wave: \"0s\" is less than 1s"),
            ("", "soon", "", "deadlines.hook: \"soon\" is no duration"),
            ("", "", "-1s", "deadlines.operation: \"-1s\" is no duration"),
        ] {
            let error = Deadlines::read(wave, hook, operation);
            assert!(error.is_err_and(|error| error.starts_with(message)));
        }
    }

    #[test]
    fn a_hook_is_sent_with_its_name_its_mark_and_its_finalizer() {
        let target = json!({"apiVersion": "batch/v1", "kind": "Job", "metadata":
            {"generateName": "m-", "namespace": "shop", "annotations": null, "finalizers": ["example.com/f"]}});
        let record = Record::new("0123456789", DateTime::UNIX_EPOCH);
        let mut task = Task {
            key: ResourceKey {
                name: "m-1".to_owned(),
                ..object::key(&target)
            },
            version: "v1".to_owned(),
            phase: Phase::PreSync,
            wave: 0,
            stated_wave: 0,
            prune_last: false,
            hook: true,
            uid: String::new(),
            action: Action::Apply {
                target: &target,
                options: Options::default(),
                served: true,
            },
            before: None,
        };
        let sent = task.manifest(&record).map(Cow::into_owned);
        assert_eq!(
            sent,
            Some(
                json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {
                    "name": "m-1",
                    "namespace": "shop",
                    "annotations": {hook::HOOK_RUN: "PreSync/1970-01-01T00:00:00.000000000Z"},
                    "finalizers": ["example.com/f", HOOK_FINALIZER],
                }})
            )
        );
        task.hook = false;
        assert!(matches!(task.manifest(&record), Some(Cow::Borrowed(_))));
        task.action = Action::SkipPrune(SkipReason::Forbidden);
        assert_eq!(task.manifest(&record), None);
    }

    #[test]
    fn an_observation_of_another_object_or_of_before_does_not_count() {
        let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap_or_default();
        let record = TaskRecord {
            key: ResourceKey::default(),
            version: "v1".to_owned(),
            phase: Phase::Sync,
            wave: 0,
            stated_wave: 0,
            prune_last: false,
            hook: true,
            code: ResultCode::Synced,
            state: TaskState::Running,
            message: String::new(),
            uid: "mine".to_owned(),
            generation: Some(2),
            started_at: at(0),
            seen: false,
            released: false,
            cleaned: false,
        };
        let see = |uid: &str, generation: i64, seconds: i64| {
            let object = json!({"metadata": {"uid": uid, "generation": generation}});
            let live = Live {
                object: &object,
                health: Some(HealthStatusCode::Healthy),
                message: "",
            };
            let mut after = record.clone();
            super::super::observe::observe(&mut after, Some(live), at(seconds));
            (after.state, after.seen)
        };
        assert_eq!(see("mine", 2, 1), (TaskState::Succeeded, true));
        // The watch shows what was there before the object was applied or made anew.
        assert_eq!(see("mine", 1, 1), (TaskState::Running, false));
        assert_eq!(see("other", 2, 1), (TaskState::Running, false));
        // After a while, another object in its place means that it is gone.
        assert_eq!(see("other", 2, 31), (TaskState::Error, false));
    }
}
