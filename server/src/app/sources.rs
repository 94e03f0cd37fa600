//! What a source renders to, and what it takes.

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
        let (revision, objects) = self
            .view
            .manifests(&application, query.revision.as_deref())
            .await
            .map_err(|condition| refused(condition.message))?;
        let manifests = objects
            .into_iter()
            .map(|mut object| {
                let key = object::key(&object);
                tracking::track(&mut object, name, &key);
                let gvk = object::gvk(&object);
                mask::mask_secrets(&gvk, &mut [&mut object], &[]);
                object.to_string()
            })
            .collect();
        Ok(ManifestResponse {
            manifests,
            revision,
            namespace: application.spec.destination.namespace.clone(),
            server: application.spec.destination.server.clone(),
            ..ManifestResponse::default()
        })
    }
}

impl App {
    /// What lies at a path of a repository, and the parameters that it takes.
    pub(super) async fn app_details(
        &self,
        repo: &str,
        query: RepoAppDetailsQuery,
    ) -> Result<RepoAppDetailsResponse, ApiError> {
        let mut source = query
            .source
            .ok_or_else(|| ApiError::invalid("source: say which path of the repository"))?;
        repo.clone_into(&mut source.repo_url);
        let project = if query.app_project.is_empty() {
            "default"
        } else {
            &query.app_project
        };
        self.view
            .details(project, &source)
            .await
            .map_err(|condition| ApiError::new(Code::FailedPrecondition, condition.message))
    }
}
