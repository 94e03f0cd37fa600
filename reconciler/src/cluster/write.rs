//! Changes to a cluster: apply and delete. Every request has a deadline, and its answer is known as live at once.

use std::time::{Duration, Instant};

use kube::api::{
    Api, DeleteParams, DynamicObject, Patch, PatchParams, Preconditions, PropagationPolicy,
};
use serde_json::Value;
use tiphys_engine::object::{self, Gvk};

use super::{Cluster, ClusterError, Kind, MANAGER, REQUEST};

/// Options of an apply.
#[derive(Clone, Copy, Debug, Default)]
pub struct Apply {
    /// Ask the API server what would happen, and change nothing.
    pub dry_run: bool,
    /// When a field cannot be changed: delete the object and make it anew.
    pub force: bool,
}

impl Cluster {
    async fn api(
        &self,
        gvk: &Gvk,
        namespace: &str,
    ) -> Result<(Api<DynamicObject>, Kind), ClusterError> {
        let kind = self
            .kind(gvk)
            .await?
            .ok_or_else(|| ClusterError::UnknownKind {
                group: if gvk.group.is_empty() {
                    gvk.version.clone()
                } else {
                    format!("{}/{}", gvk.group, gvk.version)
                },
                kind: gvk.kind.clone(),
            })?;
        Ok((self.api_of(&kind, namespace).await?, kind))
    }

    /// One object as plain JSON: a typed object in between would double the work.
    pub(super) async fn get(
        &self,
        api: &Api<DynamicObject>,
        name: &str,
    ) -> Result<Value, ClusterError> {
        let request = async {
            let request = kube::core::Request::new(api.resource_url())
                .get(name, &kube::api::GetParams::default())
                .map_err(kube::Error::BuildRequest)?;
            api.clone().into_client().request::<Value>(request).await
        };
        self.timed(request).await
    }

    /// Server-side apply under our field manager; what Git states wins. The answer is known as live at once.
    ///
    /// # Errors
    /// What the API server refused.
    pub async fn apply(&self, target: &Value, options: Apply) -> Result<Value, ClusterError> {
        let (name, namespace) = (
            object::name(target).to_owned(),
            object::namespace(target).to_owned(),
        );
        let (api, _) = self.api(&object::gvk(target), &namespace).await?;
        let mut params = PatchParams::apply(MANAGER).force();
        params.dry_run = options.dry_run;
        let patch = Patch::Apply(target);
        let send = async || {
            let request = async {
                let request = kube::core::Request::new(api.resource_url())
                    .patch(&name, &params, &patch)
                    .map_err(kube::Error::BuildRequest)?;
                api.clone().into_client().request::<Value>(request).await
            };
            match self.timed(request).await {
                // The connection broke before the answer came. A second apply of the same object is harmless.
                Err(ClusterError::Unreachable { .. }) => {
                    let request = async {
                        let request = kube::core::Request::new(api.resource_url())
                            .patch(&name, &params, &patch)
                            .map_err(kube::Error::BuildRequest)?;
                        api.clone().into_client().request::<Value>(request).await
                    };
                    self.timed(request).await
                }
                outcome => outcome,
            }
        };
        let mut result = send().await;
        if options.force
            && !options.dry_run
            && let Err(error) = &result
            && error.is_immutable()
        {
            let live = self.get(&api, &name).await?;
            self.delete(&live, PropagationPolicy::Foreground, false)
                .await?;
            self.wait_gone(&api, &name).await?;
            result = send().await;
        }
        let value = result.map_err(|error| {
            if object::gvk(target).kind == "Secret" {
                error.without_values()
            } else {
                error
            }
        })?;
        if !options.dry_run {
            self.remember(&value);
        }
        Ok(value)
    }

    /// Whether an object of this name is there, asked directly.
    ///
    /// # Errors
    /// What the API server refused.
    pub async fn exists(&self, target: &Value) -> Result<bool, ClusterError> {
        let (api, _) = self
            .api(&object::gvk(target), object::namespace(target))
            .await?;
        Ok(self
            .timed(api.get_metadata_opt(object::name(target)))
            .await?
            .is_some())
    }

    async fn wait_gone(&self, api: &Api<DynamicObject>, name: &str) -> Result<(), ClusterError> {
        let end = Instant::now() + REQUEST;
        while self.timed(api.get_metadata_opt(name)).await?.is_some() {
            if Instant::now() > end {
                return Err(ClusterError::timeout(&self.inner.server, REQUEST));
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Ok(())
    }

    /// Deletes an object; answers whether it was there. An object that was replaced by another of its name is left alone.
    ///
    /// # Errors
    /// What the API server refused.
    pub async fn delete(
        &self,
        live: &Value,
        propagation: PropagationPolicy,
        dry_run: bool,
    ) -> Result<bool, ClusterError> {
        let (api, _) = self
            .api(&object::gvk(live), object::namespace(live))
            .await?;
        let uid = live["metadata"]["uid"].as_str().unwrap_or_default();
        let params = DeleteParams {
            dry_run,
            propagation_policy: Some(propagation),
            preconditions: (!uid.is_empty()).then(|| Preconditions {
                uid: Some(uid.to_owned()),
                resource_version: None,
            }),
            ..DeleteParams::default()
        };
        match self.timed(api.delete(object::name(live), &params)).await {
            Ok(either) => {
                // A finished deletion is answered with a status; an object that waits for finalizers, with the object.
                if either.is_right() && !dry_run {
                    self.deleted(&object::key(live), uid);
                }
                Ok(true)
            }
            Err(error) if error.is_not_found() => {
                self.deleted(&object::key(live), uid);
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }
}
