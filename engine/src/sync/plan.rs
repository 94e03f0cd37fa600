//! Steps and plans as values, and as text for people.

use std::fmt;

use chrono::{DateTime, Utc};
use tiphys_model::{OperationPhase, ResourceKey};

use super::phase::Phase;
use super::record::TaskRecord;
use super::task::{Action, Task};

/// What to do now.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision<'a> {
    /// What the live state says about what was done: belongs into the record before the step is carried out.
    pub observed: Vec<TaskRecord>,
    /// The step.
    pub step: Step<'a>,
}

/// The next step.
#[derive(Clone, Debug, PartialEq)]
pub enum Step<'a> {
    /// Carry out these tasks, record what came of them, and plan again.
    Run(Wave<'a>),
    /// Plan again when something changed, and at the deadline.
    Wait(Wait),
    /// It is over.
    Done(Done),
}

/// Tasks that are carried out together.
#[derive(Clone, Debug, PartialEq)]
pub struct Wave<'a> {
    /// Their phase.
    pub phase: Phase,
    /// Their wave.
    pub wave: i64,
    /// Stages, one after the other; the tasks of one stage do not need each other.
    pub stages: Vec<Vec<Task<'a>>>,
}

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitFor {
    /// Objects to become healthy.
    Health,
    /// Hooks to complete.
    Hook,
    /// Pruned objects to be gone.
    Deletion,
    /// Old hooks to be gone.
    HookDeletion,
    /// Somebody to confirm pruning.
    Confirmation,
    /// Somebody to confirm deletion.
    DeletionConfirmation,
}

/// Something to wait for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wait {
    /// What.
    pub what: WaitFor,
    /// The objects, hooks first.
    pub keys: Vec<ResourceKey>,
    /// How many of them are hooks.
    pub hooks: usize,
    /// When it has failed. Planning again at this time or later gives another step.
    pub deadline: DateTime<Utc>,
}

impl fmt::Display for Wait {
    /// As the operation's message says it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reason = match self.what {
            WaitFor::Health => "healthy state of",
            WaitFor::Hook => "completion of hook",
            WaitFor::Deletion => "deletion of",
            WaitFor::HookDeletion => "deletion of hook",
            WaitFor::Confirmation => "pruning confirmation of",
            WaitFor::DeletionConfirmation => "deletion confirmation of",
        };
        let kind = if self.hooks == self.keys.len() {
            "hooks"
        } else {
            "resources"
        };
        write!(f, "waiting for {reason}")?;
        if let Some(first) = self.keys.first() {
            write!(f, " {}/{}/{}", first.group, first.kind, first.name)?;
        }
        match self.keys.len() {
            0 | 1 => Ok(()),
            more => write!(f, " and {} more {kind}", more - 1),
        }
    }
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// `Succeeded`, `Failed` or `Error`.
    pub phase: OperationPhase,
    /// Why, for people.
    pub message: String,
}

/// Everything that remains to be done, for people.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan<'a> {
    /// The waves, first to last.
    pub waves: Vec<Wave<'a>>,
    /// The waves that run only after a failure.
    pub on_failure: Vec<Wave<'a>>,
}

impl fmt::Display for Wave<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} wave {}", self.phase, self.wave)?;
        for (at, stage) in self.stages.iter().enumerate() {
            if at > 0 {
                writeln!(f, "  then")?;
            }
            for task in stage {
                let verb = match task.action {
                    Action::Apply { .. } => "apply",
                    Action::Prune { .. } => "prune",
                    Action::SkipPrune(_) => "skip",
                    Action::DeleteHook => "delete",
                    Action::ReleaseHook => "release",
                };
                let hook = if task.hook { " (hook)" } else { "" };
                writeln!(f, "  {verb} {}{hook}", task.key)?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Plan<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for wave in &self.waves {
            write!(f, "{wave}")?;
        }
        for wave in &self.on_failure {
            write!(f, "on failure: {wave}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Step<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Run(wave) => write!(f, "run {wave}"),
            Self::Wait(wait) => writeln!(f, "{wait}"),
            Self::Done(done) => writeln!(f, "{}: {}", done.phase.as_str(), done.message),
        }
    }
}
