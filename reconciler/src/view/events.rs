//! What Kubernetes says happened to an application's objects.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};
use tiphys_engine::object;
use tiphys_model::{
    Application, ObjectMeta, OperationPhase, OperationRecord, OperationState, ResourceKey,
};

use super::{ViewError, not_part};
use crate::Reconciler;

impl Reconciler {
    /// The events of one object of the application, named by its identity, as the cluster keeps them.
    ///
    /// # Errors
    /// When the object is none of the application's, or the cluster does not answer.
    pub async fn events(
        &self,
        application: &Application,
        namespace: &str,
        name: &str,
        uid: &str,
    ) -> Result<Value, ViewError> {
        let (cluster, _, family) = self.family(application).await?;
        let mine = family
            .iter()
            .find(|live| {
                let fits = |wanted: &str, is: &str| wanted.is_empty() || wanted == is;
                fits(uid, live["metadata"]["uid"].as_str().unwrap_or_default())
                    && fits(name, object::name(live))
                    && fits(namespace, object::namespace(live))
            })
            .ok_or_else(|| {
                let key = ResourceKey {
                    name: name.to_owned(),
                    namespace: namespace.to_owned(),
                    ..ResourceKey::default()
                };
                not_part(&application.metadata.name, &key)
            })?;
        Ok(cluster.events(mine).await?)
    }

    /// The events of the application itself, oldest first: its operations, of which `ended` are those that have ended, newest first.
    #[must_use]
    pub fn own_events(application: &Application, ended: &[OperationRecord]) -> Value {
        let metadata = &application.metadata;
        let running = application
            .status
            .as_ref()
            .and_then(|status| status.operation_state.as_ref())
            .filter(|state| state.finished_at.is_none());
        let states = ended.iter().rev().map(|record| &record.state);
        let items: Vec<Value> = states
            .chain(running)
            .flat_map(operation)
            .enumerate()
            .map(|(at, event)| event.show(metadata, at))
            .collect();
        json!({"metadata": {"resourceVersion": metadata.resource_version}, "items": items})
    }
}

/// Something that happened to an application.
struct Event {
    reason: &'static str,
    message: String,
    is_warning: bool,
    at: DateTime<Utc>,
}

impl Event {
    /// As Kubernetes would show it; `number` tells events of one application apart.
    fn show(self, metadata: &ObjectMeta, number: usize) -> Value {
        let at = self.at.to_rfc3339_opts(SecondsFormat::Secs, true);
        let name = format!("{}.{}.{number}", metadata.name, self.reason.to_lowercase());
        json!({
            "metadata": {"name": name, "namespace": crate::NAMESPACE},
            "involvedObject": {"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "name": metadata.name,
                "namespace": crate::NAMESPACE, "uid": metadata.uid},
            "reason": self.reason, "message": self.message, "type": if self.is_warning { "Warning" } else { "Normal" }, "count": 1,
            "firstTimestamp": at, "lastTimestamp": at, "source": {"component": "tiphys"},
        })
    }
}

/// The beginning of an operation, and its end when it has one.
fn operation(state: &OperationState) -> Vec<Event> {
    let who = match &state.operation.initiated_by {
        Some(by) if !by.automated && !by.username.is_empty() => by.username.as_str(),
        _ => "automated sync policy",
    };
    let sync = state.operation.sync.as_ref();
    let revision = sync.map_or("", |sync| sync.revision.as_str());
    let mut events = vec![Event {
        reason: "OperationStarted",
        message: format!("{who} initiated sync to {revision}"),
        is_warning: false,
        at: state.started_at,
    }];
    if let Some(end) = state.finished_at {
        let phase = state.phase.as_str().to_lowercase();
        events.push(Event {
            reason: "OperationCompleted",
            message: format!("Sync operation to {revision} {phase}: {}", state.message),
            is_warning: state.phase != OperationPhase::Succeeded,
            at: end,
        });
    }
    events
}
