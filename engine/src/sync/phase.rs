//! The phases of a synchronisation and of a deletion, in their order.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A phase; the order of the variants is the order in which they run.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum Phase {
    /// Hooks before anything is applied.
    PreSync,
    /// Everything that is no hook, and hooks that run along with it.
    #[default]
    Sync,
    /// Hooks after everything is healthy.
    PostSync,
    /// Hooks after a synchronisation failed.
    SyncFail,
    /// Hooks before an application's objects are deleted.
    PreDelete,
    /// The deletion of an application's objects.
    Delete,
    /// Hooks after an application's objects are gone.
    PostDelete,
}

impl Phase {
    /// The name, as annotations and results have it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PreSync => "PreSync",
            Self::Sync => "Sync",
            Self::PostSync => "PostSync",
            Self::SyncFail => "SyncFail",
            Self::PreDelete => "PreDelete",
            Self::Delete => "Delete",
            Self::PostDelete => "PostDelete",
        }
    }

    /// The phase of a hook type as `argocd.argoproj.io/hook` names it; none for what is no phase of a hook.
    #[must_use]
    pub fn of_hook(name: &str) -> Option<Self> {
        [
            Self::PreSync,
            Self::Sync,
            Self::PostSync,
            Self::SyncFail,
            Self::PreDelete,
            Self::PostDelete,
        ]
        .into_iter()
        .find(|phase| phase.as_str() == name)
    }

    /// Whether it is a phase of a synchronisation rather than of a deletion.
    #[must_use]
    pub fn is_of_sync(self) -> bool {
        self <= Self::SyncFail
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
