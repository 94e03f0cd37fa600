//! Resource actions: restart, scale, pause, and what users define.

use serde_json::Value;
use tiphys_engine::actions::{Action, Change, RunError};
use tiphys_engine::object;
use tiphys_model::{Application, ResourceKey};

use super::ViewError;
use crate::Reconciler;
use crate::cluster::PatchKind;

impl Reconciler {
    /// What can be done with an object of the application.
    ///
    /// # Errors
    /// When the object is none of the application's, or a script of the user's fails.
    pub async fn actions(
        &self,
        application: &Application,
        key: &ResourceKey,
    ) -> Result<Vec<Action>, ViewError> {
        let (_, live) = self.resource(application, key).await?;
        self.inner
            .customs
            .actions
            .discover(&live, chrono::Utc::now())
            .map_err(|error| ViewError::Invalid(error.to_string()))
    }

    /// Runs an action, and carries out what it changes.
    ///
    /// # Errors
    /// When there is no such action now, a parameter is wrong, or the cluster refuses.
    pub async fn act(
        &self,
        application: &Application,
        key: &ResourceKey,
        action: &str,
        parameters: &[(String, Value)],
    ) -> Result<(), ViewError> {
        let (cluster, live) = self.resource(application, key).await?;
        let changes = self
            .inner
            .customs
            .actions
            .run(&live, action, parameters, chrono::Utc::now())
            .map_err(|error: RunError| ViewError::Invalid(error.to_string()))?;
        for change in changes {
            match change {
                Change::Patch { patch, status, .. } => {
                    if patch.as_object().is_some_and(|patch| !patch.is_empty()) {
                        cluster.patch(&live, &patch, PatchKind::Merge).await?;
                    }
                    if let Some(status) = status {
                        cluster.patch_status(&live, &status).await?;
                    }
                }
                Change::Create(object) => {
                    if object::namespace(&object) != object::namespace(&live) {
                        return Err(ViewError::Invalid(format!(
                            "the action {action} makes an object in another namespace, which is not permitted"
                        )));
                    }
                    cluster.create(&object).await?;
                }
            }
        }
        Ok(())
    }
}
