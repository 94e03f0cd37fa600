//! What a source renders to, and what it takes.

use tiphys_api::*;
use tiphys_engine::{mask, object};
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
        let mut positions = Vec::with_capacity(query.source_positions.len());
        for text in &query.source_positions {
            let position = super::live::number("sourcePositions", Some(text))?;
            positions.extend(position.and_then(|position| usize::try_from(position).ok()));
        }
        if positions.len() != query.revisions.len() {
            return Err(ApiError::invalid(
                "sourcePositions and revisions: give as many of the one as of the other",
            ));
        }
        let rendered = self
            .view
            .manifests(
                &application,
                query.revision.as_deref(),
                &positions,
                &query.revisions,
            )
            .await
            .map_err(|condition| refused(condition.message))?;
        let source_type = rendered.types.iter().flatten().next();
        let source_type = source_type.map(ToString::to_string).unwrap_or_default();
        let revision = rendered.revisions.first().cloned().unwrap_or_default();
        let manifests = rendered
            .manifests
            .iter()
            .map(|manifest| manifest.object.clone())
            .map(|mut object| {
                let key = object::key(&object);
                self.view.tracking().track(&mut object, name, &key);
                let gvk = object::gvk(&object);
                mask::mask_secrets(&gvk, &mut [&mut object], &[]);
                object.to_string()
            })
            .collect();
        Ok(ManifestResponse {
            manifests,
            revision,
            source_type,
            namespace: application.spec.destination.namespace.clone(),
            server: application.spec.destination.server.clone(),
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
        self.view.caught_up().await;
        self.view
            .details(project, &source)
            .await
            .map_err(|condition| ApiError::new(Code::FailedPrecondition, condition.message))
    }
}
