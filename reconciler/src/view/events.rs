//! What Kubernetes says happened to an application's objects.

use serde_json::{Value, json};
use tiphys_engine::object;
use tiphys_model::{Application, ResourceKey};

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
        let (cluster, family) = self.family(application).await?;
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

    /// The events of the application itself: the operations that are known of it.
    #[must_use]
    pub fn own_events(application: &Application) -> Value {
        let metadata = &application.metadata;
        let state = application
            .status
            .as_ref()
            .and_then(|status| status.operation_state.as_ref());
        let event = |reason: &str, message: String, kind: &str, at: String| {
            json!({
                "metadata": {"name": format!("{}.{}", metadata.name, reason.to_lowercase()), "namespace": crate::NAMESPACE},
                "involvedObject": {"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "name": metadata.name,
                    "namespace": crate::NAMESPACE, "uid": metadata.uid},
                "reason": reason, "message": message, "type": kind, "count": 1,
                "firstTimestamp": at, "lastTimestamp": at, "source": {"component": "tiphys"},
            })
        };
        let mut items = Vec::new();
        if let Some(state) = state {
            let who = match &state.operation.initiated_by {
                Some(by) if !by.automated && !by.username.is_empty() => by.username.as_str(),
                _ => "automated sync policy",
            };
            let revision = state
                .operation
                .sync
                .as_ref()
                .map_or("", |sync| sync.revision.as_str());
            let at = |time: &chrono::DateTime<chrono::Utc>| {
                time.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
            };
            items.push(event(
                "OperationStarted",
                format!("{who} initiated sync to {revision}"),
                "Normal",
                at(&state.started_at),
            ));
            if let Some(end) = &state.finished_at {
                let failed = state.phase != tiphys_model::OperationPhase::Succeeded;
                items.push(event(
                    "OperationCompleted",
                    format!(
                        "Sync operation to {revision} {}: {}",
                        state.phase.as_str().to_lowercase(),
                        state.message
                    ),
                    if failed { "Warning" } else { "Normal" },
                    at(end),
                ));
            }
        }
        json!({"metadata": {"resourceVersion": metadata.resource_version}, "items": items})
    }
}
