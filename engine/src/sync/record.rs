//! What an operation has done so far: the only memory of a synchronisation, written durably after every wave.

use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tiphys_model::{ResourceKey, ResourceResult};

use super::phase::Phase;

/// What came of a task, in the words of results.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ResultCode {
    /// It was applied.
    Synced,
    /// It could not be applied or deleted.
    SyncFailed,
    /// It was deleted.
    Pruned,
    /// It was left alone although it left the source.
    PruneSkipped,
}

impl ResultCode {
    /// The name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Synced => "Synced",
            Self::SyncFailed => "SyncFailed",
            Self::Pruned => "Pruned",
            Self::PruneSkipped => "PruneSkipped",
        }
    }
}

/// Where an object or hook stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TaskState {
    /// It is applied, and not yet healthy or complete.
    Running,
    /// It is done.
    Succeeded,
    /// It is applied, and came to a bad end.
    Failed,
    /// Something went wrong around it.
    Error,
}

impl TaskState {
    /// The name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "Running",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
            Self::Error => "Error",
        }
    }
}

/// What has become of one object in one phase.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskRecord {
    /// The object, with the name that was generated for it.
    pub key: ResourceKey,
    /// Its API version, without the group.
    pub version: String,
    /// The phase; an object that is a hook of several has a record for each.
    pub phase: Phase,
    /// The wave.
    pub wave: i64,
    /// The wave that the object itself states: pruning reverses waves, and stays as it began when objects are gone.
    #[serde(default)]
    pub stated_wave: i64,
    /// Whether it was pruned after everything else because `PruneLast` asks for it.
    #[serde(default)]
    pub prune_last: bool,
    /// Whether it is a hook.
    pub hook: bool,
    /// What came of the request.
    pub code: ResultCode,
    /// Where it stands.
    pub state: TaskState,
    /// Why, for people.
    pub message: String,
    /// UID of the object that was applied or deleted, empty when unknown: another object of that name is not ours.
    #[serde(default)]
    pub uid: String,
    /// Generation that was applied: what is observed of an earlier one says nothing.
    #[serde(default)]
    pub generation: Option<i64>,
    /// When it was applied or deleted.
    pub started_at: DateTime<Utc>,
    /// Whether the applied object has been observed since: only then does its absence mean that it is gone.
    #[serde(default)]
    pub seen: bool,
    /// Whether the hook's finalizer was removed after its end.
    #[serde(default)]
    pub released: bool,
    /// Whether the hook's deletion after the end was requested; it is requested once, whatever comes of it.
    #[serde(default)]
    pub cleaned: bool,
}

impl TaskRecord {
    /// Whether it has ended badly.
    #[must_use]
    pub fn is_failed(&self) -> bool {
        matches!(self.state, TaskState::Failed | TaskState::Error)
    }

    /// Whether it is a deletion that was about to be asked for when the server crashed.
    #[must_use]
    pub fn is_intended_prune(&self) -> bool {
        self.code == ResultCode::Pruned && self.state == TaskState::Running
    }

    /// The row of the operation's result.
    #[must_use]
    pub fn result(&self) -> ResourceResult {
        ResourceResult {
            group: self.key.group.clone(),
            version: self.version.clone(),
            kind: self.key.kind.clone(),
            namespace: self.key.namespace.clone(),
            name: self.key.name.clone(),
            status: self.code.as_str().to_owned(),
            message: self.message.clone(),
            hook_type: if self.hook {
                self.phase.as_str().to_owned()
            } else {
                String::new()
            },
            hook_phase: self.state.as_str().to_owned(),
            sync_phase: self.phase.as_str().to_owned(),
            ..ResourceResult::default()
        }
    }
}

/// What one attempt of an operation has done so far, in the order in which it was done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// When the attempt began, or will begin. Names and marks of hooks follow from it, so that it stays as it is.
    pub started_at: DateTime<Utc>,
    /// From when deadlines count, once the attempt has begun: earlier than [`Record::started_at`] when the clock was
    /// set back meanwhile.
    #[serde(default)]
    pub begun_at: Option<DateTime<Utc>>,
    /// The commit.
    pub revision: String,
    /// The commit of each of several sources.
    #[serde(default)]
    pub revisions: Vec<String>,
    /// Everything that was begun.
    #[serde(default)]
    pub tasks: Vec<TaskRecord>,
    /// Whether the cluster was lost while something was carried out. It may have been done, and is not among the tasks.
    #[serde(default)]
    pub interrupted: bool,
}

impl Record {
    /// An attempt that has done nothing yet.
    #[must_use]
    pub fn new(revision: &str, started_at: DateTime<Utc>) -> Self {
        Self {
            started_at,
            begun_at: None,
            revision: revision.to_owned(),
            revisions: Vec::new(),
            tasks: Vec::new(),
            interrupted: false,
        }
    }

    /// Whether anything was done, or may have been done.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.interrupted || !self.tasks.is_empty()
    }

    /// Whether there are hooks in it.
    #[must_use]
    pub fn has_hooks(&self) -> bool {
        self.tasks.iter().any(|task| task.hook)
    }

    /// From when the deadlines of the attempt count.
    #[must_use]
    pub fn begun(&self) -> DateTime<Utc> {
        self.begun_at.unwrap_or(self.started_at)
    }

    /// How long an attempt that has not begun waits for its time, which is never longer than `pause`: what seems longer is a clock that
    /// was set back.
    #[must_use]
    pub fn early(&self, pause: Duration, now: DateTime<Utc>) -> Option<Duration> {
        let waits = self.begun_at.is_none() && self.tasks.is_empty();
        let early = (self.started_at - now).to_std().ok();
        early.filter(|early| waits && !early.is_zero() && *early <= pause)
    }

    /// Begins the attempt, or goes on with it. Times that have not come yet are from before the clock was set back, and count as now:
    /// no deadline may move away by the time that the clock has lost. Answers whether anything changed.
    pub fn begin(&mut self, now: DateTime<Utc>) -> bool {
        let begun = Some(self.begun().min(now));
        let mut changed = self.begun_at != begun;
        self.begun_at = begun;
        for task in self.tasks.iter_mut().filter(|task| task.started_at > now) {
            task.started_at = now;
            changed = true;
        }
        changed
    }

    /// Takes over what was observed or done: replaces what is known of an object in a phase, and adds what is new at the end.
    pub fn merge(&mut self, changes: Vec<TaskRecord>) {
        let places: HashMap<(Phase, &ResourceKey), usize> = self
            .tasks
            .iter()
            .enumerate()
            .map(|(at, task)| ((task.phase, &task.key), at))
            .collect();
        let placed: Vec<(Option<usize>, TaskRecord)> = changes
            .into_iter()
            .map(|change| (places.get(&(change.phase, &change.key)).copied(), change))
            .collect();
        // One change may follow another of the same new task.
        let mut new: HashMap<(Phase, ResourceKey), usize> = HashMap::new();
        for (place, change) in placed {
            let key = (change.phase, change.key.clone());
            let place = place.or_else(|| new.get(&key).copied());
            match place.and_then(|at| self.tasks.get_mut(at)) {
                Some(task) => *task = change,
                None => {
                    new.insert(key, self.tasks.len());
                    self.tasks.push(change);
                }
            }
        }
    }

    /// The rows of the operation's result.
    #[must_use]
    pub fn results(&self) -> Vec<ResourceResult> {
        self.tasks.iter().map(TaskRecord::result).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000 + seconds, 0).unwrap_or_default()
    }

    #[test]
    fn a_retry_waits_for_its_time_and_no_longer_than_its_pause() {
        let mut record = Record::new("", at(60));
        let pause = Duration::from_secs(60);
        for (now, expected) in [(0, Some(60)), (59, Some(1)), (60, None), (61, None)] {
            let early = record.early(pause, at(now));
            assert_eq!(early, expected.map(Duration::from_secs), "{now}");
        }
        // The clock was set back by a day: the attempt begins at once, and goes on.
        let yesterday = at(-86_400);
        assert_eq!(record.early(pause, yesterday), None);
        assert!(record.begin(yesterday));
        assert_eq!((record.begun(), record.started_at), (yesterday, at(60)));
        assert_eq!(record.early(pause, at(30)), None, "it has begun");
        assert!(!record.begin(at(30)));
    }

    #[test]
    fn a_clock_that_was_set_back_moves_no_deadline_away() {
        let mut record = Record::new("", at(0));
        assert!(record.begin(at(0)) && !record.begin(at(10)));
        assert_eq!(record.begun(), at(0));
        assert!(record.begin(at(-3600)));
        assert_eq!((record.begun(), record.started_at), (at(-3600), at(0)));
        // One that was set forward and back again leaves the earliest beginning.
        assert!(!record.begin(at(86_400)) && !record.begin(at(0)));
        assert_eq!(record.begun(), at(-3600));
    }
}
