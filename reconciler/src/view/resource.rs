//! One live object of an application: read, changed, deleted.

use kube::api::PropagationPolicy;
use serde_json::Value;
use tiphys_engine::{mask, object};
use tiphys_model::{Application, ResourceKey};

use super::{SECRET_ANNOTATIONS, ViewError, not_part};
use crate::Reconciler;
use crate::cluster::{Cluster, PatchKind};

/// How an object is deleted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Removal {
    /// At once, without a grace period.
    pub force: bool,
    /// What it owns stays.
    pub orphan: bool,
}

impl Reconciler {
    /// An object of the application or one that its objects own, as the cluster has it now.
    ///
    /// # Errors
    /// When it is none of the application's, or the cluster does not answer.
    pub async fn resource(
        &self,
        application: &Application,
        key: &ResourceKey,
    ) -> Result<(Cluster, Value), ViewError> {
        let name = &application.metadata.name;
        let (cluster, _, family) = self.family(application).await?;
        let mine = family
            .into_iter()
            .find(|live| object::key(live) == *key)
            .ok_or_else(|| not_part(name, key))?;
        let now = cluster
            .fetch(&mine)
            .await?
            .ok_or_else(|| not_part(name, key))?;
        Ok((cluster, now))
    }

    /// The same as text, with the values of a Secret masked.
    ///
    /// # Errors
    /// As [`Reconciler::resource`].
    pub async fn resource_text(
        &self,
        application: &Application,
        key: &ResourceKey,
    ) -> Result<String, ViewError> {
        let (_, live) = self.resource(application, key).await?;
        Ok(masked(live))
    }

    /// Patches an object of the application. Answers it as text.
    ///
    /// # Errors
    /// As [`Reconciler::resource`], and what the cluster refuses; a message about a Secret repeats no value.
    pub async fn patch_resource(
        &self,
        application: &Application,
        key: &ResourceKey,
        patch: &str,
        patch_type: &str,
    ) -> Result<String, ViewError> {
        let kind = PatchKind::parse(patch_type).ok_or_else(|| {
            ViewError::Invalid(format!(
                "patchType: \"{patch_type}\" is unknown; use application/merge-patch+json, application/strategic-merge-patch+json or application/json-patch+json"
            ))
        })?;
        let patch: Value = serde_json::from_str(patch)
            .map_err(|error| ViewError::Invalid(format!("the patch is no JSON: {error}")))?;
        let (cluster, live) = self.resource(application, key).await?;
        Ok(masked(cluster.patch(&live, &patch, kind).await?))
    }

    /// Deletes an object of the application or one that its objects own.
    ///
    /// # Errors
    /// As [`Reconciler::resource`], and what the cluster refuses.
    pub async fn delete_resource(
        &self,
        application: &Application,
        key: &ResourceKey,
        removal: Removal,
    ) -> Result<(), ViewError> {
        let (cluster, live) = self.resource(application, key).await?;
        let propagation = match removal {
            Removal { orphan: true, .. } => PropagationPolicy::Orphan,
            Removal { force: true, .. } => PropagationPolicy::Background,
            Removal { .. } => PropagationPolicy::Foreground,
        };
        cluster
            .delete_within(&live, propagation, removal.force.then_some(0))
            .await?;
        Ok(())
    }
}

fn masked(mut live: Value) -> String {
    let gvk = object::gvk(&live);
    mask::mask_secrets(&gvk, &mut [&mut live], &SECRET_ANNOTATIONS);
    live.to_string()
}
