//! What an application looks like in its cluster, for people: its tree, its differences, one object, its events and its logs.
//!
//! Nothing here changes what the reconciler decides. Values of Secrets are masked, by the kind that the server knows, before anything leaves.

mod actions;
mod events;
mod logs;
mod managed;
mod resource;
mod revision;
mod tree;

pub use logs::{Lines, LogLine, LogRequest};
pub use resource::Removal;

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::Value;
use tiphys_engine::object;
use tiphys_model::{Application, ResourceKey};

use crate::Reconciler;
use crate::cluster::{Cluster, ClusterError};
use crate::target::{Condition, Permission};

/// Annotations that never hold a secret are shown; there is none whose value is always one.
const SECRET_ANNOTATIONS: [&str; 0] = [];

/// Why something of an application cannot be shown or done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ViewError {
    /// The application itself is at fault.
    #[error("{}", .0.message)]
    Application(Condition),
    /// The object does not belong to the application.
    #[error("{kind} {group} {name} not found as part of application {application}")]
    NotPart {
        /// Kind of the object.
        kind: String,
        /// Its group.
        group: String,
        /// Its name.
        name: String,
        /// The application.
        application: String,
    },
    /// What was asked for makes no sense.
    #[error("{0}")]
    Invalid(String),
    /// The cluster did not do it.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
}

impl From<Condition> for ViewError {
    fn from(condition: Condition) -> Self {
        Self::Application(condition)
    }
}

/// Which objects are meant; an empty field means any.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// API group.
    pub group: String,
    /// API version.
    pub version: String,
    /// Kind.
    pub kind: String,
}

impl Filter {
    fn selects(&self, key: &ResourceKey, version: &str) -> bool {
        let fits = |wanted: &str, is: &str| wanted.is_empty() || wanted == is;
        fits(&self.namespace, &key.namespace)
            && fits(&self.name, &key.name)
            && fits(&self.group, &key.group)
            && fits(&self.kind, &key.kind)
            && fits(&self.version, version)
    }
}

impl Reconciler {
    /// The live objects of an application and everything below them, as far as its project permits it to have them: what an object
    /// says of itself opens nothing to those who see the application.
    async fn family(
        &self,
        application: &Application,
    ) -> Result<(Cluster, Permission, Vec<Arc<Value>>), ViewError> {
        let name = &application.metadata.name;
        let (server, cluster) = self.destination(application)?;
        let permission = self.permission(application, server);
        let mut family = cluster.family(name).await?;
        let tracked = cluster.tracked_keys(name);
        let tracked: HashSet<&ResourceKey> = tracked.iter().map(AsRef::as_ref).collect();
        family.retain(|live| {
            let key = object::key(live);
            permission.reaches(&key.namespace)
                && (!tracked.contains(&key) || permission.covers(&key))
        });
        Ok((cluster, permission, family))
    }
}

fn not_part(application: &str, key: &ResourceKey) -> ViewError {
    ViewError::NotPart {
        kind: key.kind.clone(),
        group: key.group.clone(),
        name: key.name.clone(),
        application: application.to_owned(),
    }
}
