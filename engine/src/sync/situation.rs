//! Everything that a step of a synchronisation follows from.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use tiphys_model::{HealthStatusCode, ManagedNamespaceMetadata, ResourceKey};

use super::hook::{HOOK_FINALIZER, Occasion};
use super::options::Options;
use super::record::Record;
use crate::duration;

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
    pub(super) fn selects(&self, key: &ResourceKey) -> bool {
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
}
