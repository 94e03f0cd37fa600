//! What an operation has done so far: the only memory of a synchronisation, written durably after every wave.

use std::collections::HashMap;

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
    /// When the attempt began. Names of generated hooks and deadlines follow from it.
    pub started_at: DateTime<Utc>,
    /// The commit.
    pub revision: String,
    /// The commit of each of several sources.
    #[serde(default)]
    pub revisions: Vec<String>,
    /// Everything that was begun.
    #[serde(default)]
    pub tasks: Vec<TaskRecord>,
}

impl Record {
    /// An attempt that has done nothing yet.
    #[must_use]
    pub fn new(revision: &str, started_at: DateTime<Utc>) -> Self {
        Self {
            started_at,
            revision: revision.to_owned(),
            revisions: Vec::new(),
            tasks: Vec::new(),
        }
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
