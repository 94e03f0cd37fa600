//! What is done with one object, what is sent for it, and what is recorded of it.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use tiphys_model::ResourceKey;

use super::hook::{self, HOOK_FINALIZER};
use super::options::{Options, Propagation};
use super::phase::Phase;
use super::record::{Record, ResultCode, TaskRecord, TaskState};
use crate::tracking::TRACKING_ID;

/// What is recorded of a hook that was ended before it was complete.
pub(super) const TERMINATED: &str = "Terminated";

/// What is recorded of an object that was deleted.
pub(super) const PRUNED: &str = "pruned";

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
            // What tells whose object it is was written before the name was known.
            if let Some(id) = annotations[TRACKING_ID]
                .as_str()
                .filter(|id| id.ends_with('/'))
            {
                annotations[TRACKING_ID] = json!(format!("{id}{}", self.key.name));
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
                format!("{PRUNED}{suffix}"),
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
        let mut record = self.record(code, state, now);
        record.message = message;
        record.uid = uid;
        record.generation = generation;
        Some(record)
    }

    /// What is recorded of a deletion before it is asked for: after a crash, nothing else tells that what is gone was pruned.
    #[must_use]
    pub fn intention(&self, now: DateTime<Utc>) -> Option<TaskRecord> {
        matches!(self.action, Action::Prune { .. })
            .then(|| self.record(ResultCode::Pruned, TaskState::Running, now))
    }

    fn record(&self, code: ResultCode, state: TaskState, now: DateTime<Utc>) -> TaskRecord {
        TaskRecord {
            key: self.key.clone(),
            version: self.version.clone(),
            phase: self.phase,
            wave: self.wave,
            stated_wave: self.stated_wave,
            prune_last: self.prune_last,
            hook: self.hook,
            code,
            state,
            message: String::new(),
            uid: self.uid.clone(),
            generation: None,
            started_at: now,
            seen: false,
            released: false,
            cleaned: false,
        }
    }

    /// What is recorded of a hook that was released or deleted after its end.
    fn ended(&self, outcome: Outcome) -> Option<TaskRecord> {
        let mut record = self.before.clone()?;
        record.released = true;
        record.cleaned |= self.action == Action::DeleteHook;
        if record.state == TaskState::Running {
            record.state = TaskState::Failed;
            TERMINATED.clone_into(&mut record.message);
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

#[cfg(test)]
mod tests {
    use tiphys_model::HealthStatusCode;

    use super::super::situation::Live;
    use super::*;
    use crate::object;

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
        let mut tracked = target.clone();
        tracked["metadata"]["annotations"] = json!({TRACKING_ID: "web:batch/Job:shop/"});
        task.action = Action::Apply {
            target: &tracked,
            options: Options::default(),
            served: true,
        };
        let sent = task
            .manifest(&record)
            .map(Cow::into_owned)
            .unwrap_or_default();
        assert_eq!(
            sent["metadata"]["annotations"][TRACKING_ID],
            "web:batch/Job:shop/m-1"
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
