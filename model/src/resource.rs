//! How an object in a cluster is named.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{ResourceResult, ResourceStatus};

/// Names one object in a cluster, whatever the version of its kind. Ordered by group, kind, namespace and name.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ResourceKey {
    /// API group, empty for the core group.
    pub group: String,
    /// Kind.
    pub kind: String,
    /// Namespace, empty for cluster-scoped objects.
    pub namespace: String,
    /// Name.
    pub name: String,
}

impl From<&ResourceStatus> for ResourceKey {
    fn from(row: &ResourceStatus) -> Self {
        Self {
            group: row.group.clone(),
            kind: row.kind.clone(),
            namespace: row.namespace.clone(),
            name: row.name.clone(),
        }
    }
}

impl From<&ResourceResult> for ResourceKey {
    fn from(row: &ResourceResult) -> Self {
        Self {
            group: row.group.clone(),
            kind: row.kind.clone(),
            namespace: row.namespace.clone(),
            name: row.name.clone(),
        }
    }
}

impl fmt::Display for ResourceKey {
    /// `group/kind/namespace/name`, the form that web clients use as identity.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}/{}/{}/{}",
            self.group, self.kind, self.namespace, self.name
        )
    }
}
