//! What a source renders to, and what it takes.

use serde_json::Value;
use tiphys_api::*;
use tiphys_engine::{mask, object, tracking};
use tiphys_model::*;

use super::App;

impl App {
    /// The manifests of an application, tracked and masked, as they would be applied.
    pub(super) async fn manifests(
        &self,
        name: &str,
        query: GetApplicationManifestsQuery,
    ) -> Result<ManifestResponse, ApiError> {
        let application = self
            .placed(name, query.app_namespace, query.project)
            .await?;
        let refused = |message: String| ApiError::new(Code::FailedPrecondition, message);
        let rendered = self
            .view
            .manifests(
                &application,
                query.revision.as_deref(),
                &query.source_positions,
                &query.revisions,
            )
            .await
            .map_err(|condition| refused(condition.message))?;
        let manifests = rendered
            .manifests
            .iter()
            .map(|manifest| {
                let mut object = manifest.clone();
                let key = object::key(&object);
                tracking::track(&mut object, name, &key);
                let gvk = object::gvk(&object);
                mask::mask_secrets(&gvk, &mut [&mut object], &[]);
                object.to_string()
            })
            .collect();
        Ok(ManifestResponse {
            manifests,
            revision: rendered.revision,
            source_type: rendered.source_type,
            namespace: application.spec.destination.namespace.clone(),
            server: application.spec.destination.server.clone(),
        })
    }
}
