//! Changes to a cluster: apply and delete. Every request has a deadline, and its answer is known as live at once.

use std::time::{Duration, Instant};

use kube::api::{
    Api, DeleteParams, DynamicObject, Patch, PatchParams, PostParams, Preconditions,
    PropagationPolicy, ValidationDirective,
};
use serde_json::Value;
use tiphys_engine::object::{self, Gvk};

use super::path::segment;
use super::{Cluster, ClusterError, Kind, MANAGER, REQUEST};

/// Options of an apply.
#[derive(Clone, Copy, Debug, Default)]
pub struct Apply {
    /// Ask the API server what would happen, and change nothing.
    pub dry_run: bool,
    /// When a field cannot be changed: delete the object and make it anew.
    pub force: bool,
    /// Replace the object, or make it, instead of applying it.
    pub replace: bool,
    /// Leave it to the API server to drop fields that it does not know (`Validate=false`).
    pub unchecked: bool,
}

/// The forms of a patch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PatchKind {
    /// RFC 7386.
    Merge,
    /// Strategic merge, for Kubernetes' own kinds.
    Strategic,
    /// RFC 6902.
    Json,
}

impl PatchKind {
    /// Reads a media type; an empty one is a merge patch. None for what is unknown.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "" | "merge" | "application/merge-patch+json" => Some(Self::Merge),
            "strategic" | "application/strategic-merge-patch+json" => Some(Self::Strategic),
            "json" | "application/json-patch+json" => Some(Self::Json),
            _ => None,
        }
    }
}

/// Asks once more when the connection broke before the answer came, for what may be done twice.
async fn again<T, F>(request: impl Fn() -> F) -> Result<T, ClusterError>
where
    F: Future<Output = Result<T, ClusterError>>,
{
    match request().await {
        Err(error) if error.is_broken() => request().await,
        outcome => outcome,
    }
}

impl Cluster {
    pub(super) async fn api(
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
        let name = segment(name)?;
        let request = async {
            let request = kube::core::Request::new(api.resource_url())
                .get(&name, &kube::api::GetParams::default())
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
        if let Some(own) = self.keeper(&object::key(target)) {
            // Boxed, because the futures of all callers would be as large as this one.
            return Box::pin(self.apply_own(own, target, options)).await;
        }
        let (name, namespace) = (object::name(target), object::namespace(target));
        let (api, _) = self.api(&object::gvk(target), namespace).await?;
        let path = segment(name)?;
        if options.replace {
            return again(|| self.put(&api, target, options)).await;
        }
        let mut params = PatchParams::apply(MANAGER).force();
        params.dry_run = options.dry_run;
        if options.unchecked {
            params.field_validation = Some(ValidationDirective::Ignore);
        }
        let patch = Patch::Apply(target);
        let request = async || {
            let request = kube::core::Request::new(api.resource_url())
                .patch(&path, &params, &patch)
                .map_err(kube::Error::BuildRequest)?;
            api.clone().into_client().request::<Value>(request).await
        };
        let send = || again(|| self.timed(request()));
        let mut result = send().await;
        if options.force
            && !options.dry_run
            && let Err(error) = &result
            && error.is_immutable()
        {
            let live = self.get(&api, name).await?;
            self.delete(&live, PropagationPolicy::Foreground, false)
                .await?;
            self.wait_gone(&api, name).await?;
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

    /// Replaces an object by exactly what is stated, or makes it. With force it is deleted first when it cannot be changed.
    async fn put(
        &self,
        api: &Api<DynamicObject>,
        target: &Value,
        options: Apply,
    ) -> Result<Value, ClusterError> {
        let name = object::name(target);
        let params = PostParams {
            dry_run: options.dry_run,
            field_manager: Some(MANAGER.to_owned()),
        };
        let make = || {
            kube::core::Request::new(api.resource_url())
                .create(&params, target.to_string().into_bytes())
                .map_err(kube::Error::BuildRequest)
        };
        let live = match self.get(api, name).await {
            Ok(live) => live,
            Err(error) if error.is_not_found() => {
                return self.send(target, api, make(), options.dry_run).await;
            }
            Err(error) => return Err(error),
        };
        let mut whole = target.clone();
        // Many kinds refuse an update that does not name the version it replaces.
        whole["metadata"]["resourceVersion"] = live["metadata"]["resourceVersion"].clone();
        let request = kube::core::Request::new(api.resource_url())
            .replace(&segment(name)?, &params, whole.to_string().into_bytes())
            .map_err(kube::Error::BuildRequest);
        match self.send(target, api, request, options.dry_run).await {
            Err(error) if error.is_immutable() && options.force && !options.dry_run => {
                self.delete(&live, PropagationPolicy::Foreground, false)
                    .await?;
                self.wait_gone(api, name).await?;
                self.send(target, api, make(), false).await
            }
            outcome => outcome,
        }
    }

    async fn wait_gone(&self, api: &Api<DynamicObject>, name: &str) -> Result<(), ClusterError> {
        let end = Instant::now() + REQUEST;
        let name = segment(name)?;
        while self.timed(api.get_metadata_opt(&name)).await?.is_some() {
            if Instant::now() > end {
                return Err(ClusterError::timeout(&self.inner.server, REQUEST));
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Ok(())
    }

    /// Patches a live object. The answer is known as live at once.
    ///
    /// # Errors
    /// What the API server refused; a message about a Secret repeats no value.
    pub async fn patch(
        &self,
        live: &Value,
        patch: &Value,
        kind: PatchKind,
    ) -> Result<Value, ClusterError> {
        let key = object::key(live);
        if let Some(own) = self.keeper(&key) {
            return Box::pin(self.patch_own(own, &key, patch, kind)).await;
        }
        let (api, _) = self
            .api(&object::gvk(live), object::namespace(live))
            .await?;
        let params = PatchParams {
            field_manager: Some(MANAGER.to_owned()),
            ..PatchParams::default()
        };
        let invalid = |error: serde_json::Error| ClusterError::Refused {
            code: 400,
            reason: "BadRequest".to_owned(),
            message: format!("the patch is no list of operations as RFC 6902 has them: {error}"),
        };
        let patch: Patch<Value> = match kind {
            PatchKind::Merge => Patch::Merge(patch.clone()),
            PatchKind::Strategic => Patch::Strategic(patch.clone()),
            PatchKind::Json => Patch::Json(serde_json::from_value(patch.clone()).map_err(invalid)?),
        };
        let request = kube::core::Request::new(api.resource_url())
            .patch(&segment(object::name(live))?, &params, &patch)
            .map_err(kube::Error::BuildRequest);
        self.write(live, &api, request).await
    }

    /// Patches the status of a live object through its subresource; the object itself where the kind has none.
    ///
    /// # Errors
    /// What the API server refused.
    pub async fn patch_status(&self, live: &Value, patch: &Value) -> Result<Value, ClusterError> {
        let (api, _) = self
            .api(&object::gvk(live), object::namespace(live))
            .await?;
        let params = PatchParams {
            field_manager: Some(MANAGER.to_owned()),
            ..PatchParams::default()
        };
        let merge = Patch::Merge(patch);
        let request = kube::core::Request::new(api.resource_url())
            .patch_subresource("status", &segment(object::name(live))?, &params, &merge)
            .map_err(kube::Error::BuildRequest);
        match self.write(live, &api, request).await {
            Err(error) if error.is_not_found() => self.patch(live, patch, PatchKind::Merge).await,
            outcome => outcome,
        }
    }

    /// Makes an object that must not exist yet.
    ///
    /// # Errors
    /// What the API server refused.
    pub async fn create(&self, object: &Value) -> Result<Value, ClusterError> {
        let (api, _) = self
            .api(&object::gvk(object), object::namespace(object))
            .await?;
        let params = PostParams {
            field_manager: Some(MANAGER.to_owned()),
            ..PostParams::default()
        };
        let request = kube::core::Request::new(api.resource_url())
            .create(&params, object.to_string().into_bytes())
            .map_err(kube::Error::BuildRequest);
        self.write(object, &api, request).await
    }

    /// Sends a change of an object. The answer is known as live at once; a refusal about a Secret repeats no value.
    async fn write(
        &self,
        object: &Value,
        api: &Api<DynamicObject>,
        request: Result<http::Request<Vec<u8>>, kube::Error>,
    ) -> Result<Value, ClusterError> {
        self.send(object, api, request, false).await
    }

    async fn send(
        &self,
        object: &Value,
        api: &Api<DynamicObject>,
        request: Result<http::Request<Vec<u8>>, kube::Error>,
        dry_run: bool,
    ) -> Result<Value, ClusterError> {
        let send = async { api.clone().into_client().request::<Value>(request?).await };
        let value = self.timed(send).await.map_err(|error| {
            if object::is_secret(object) {
                error.without_values()
            } else {
                error
            }
        })?;
        if !dry_run {
            self.remember(&value);
        }
        Ok(value)
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
        self.delete_by(
            live,
            DeleteParams {
                dry_run,
                propagation_policy: Some(propagation),
                ..DeleteParams::default()
            },
        )
        .await
    }

    /// The same, with the seconds that the object has to end.
    ///
    /// # Errors
    /// What the API server refused.
    pub async fn delete_within(
        &self,
        live: &Value,
        propagation: PropagationPolicy,
        seconds: Option<u32>,
    ) -> Result<bool, ClusterError> {
        self.delete_by(
            live,
            DeleteParams {
                grace_period_seconds: seconds,
                propagation_policy: Some(propagation),
                ..DeleteParams::default()
            },
        )
        .await
    }

    async fn delete_by(&self, live: &Value, params: DeleteParams) -> Result<bool, ClusterError> {
        let dry_run = params.dry_run;
        if let Some(own) = self.keeper(&object::key(live)) {
            return Box::pin(self.delete_own(own, live, dry_run)).await;
        }
        let (api, _) = self
            .api(&object::gvk(live), object::namespace(live))
            .await?;
        let uid = live["metadata"]["uid"].as_str().unwrap_or_default();
        let params = DeleteParams {
            preconditions: (!uid.is_empty()).then(|| Preconditions {
                uid: Some(uid.to_owned()),
                resource_version: None,
            }),
            ..params
        };
        let name = segment(object::name(live))?;
        let delete = || self.timed(api.delete(&name, &params));
        match again(delete).await {
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
