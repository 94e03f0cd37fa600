//! Questions to a cluster that the watches do not answer.

use futures::StreamExt as _;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, GetParams, ListParams};
use kube::core::Request;
use serde::Deserialize;
use serde_json::Value;
use tiphys_engine::object;
use tiphys_model::ResourceKey;

use super::path::segment;
use super::{Cluster, ClusterError, Kind};

/// Kinds that are listed at a time.
const CONCURRENCY: usize = 8;
/// Objects of one kind that are looked at.
const MOST: u32 = 1000;

#[derive(Deserialize)]
struct List {
    items: Vec<Value>,
}

impl Cluster {
    /// An object as it is now; none when it is gone.
    ///
    /// # Errors
    /// What the API server refused.
    pub async fn fetch(&self, live: &Value) -> Result<Option<Value>, ClusterError> {
        let key = object::key(live);
        if let Some(own) = self.keeper(&key) {
            return Box::pin(self.fetch_own(own, &key)).await;
        }
        let (api, _) = self
            .api(&object::gvk(live), object::namespace(live))
            .await?;
        match self.get(&api, object::name(live)).await {
            Ok(found) => Ok(Some(found)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// An object, or the list of a kind's objects when there is no name; an empty mapping for an object that is not there.
    ///
    /// # Errors
    /// What the API server refused.
    pub async fn look_up(
        &self,
        kind: &Kind,
        namespace: &str,
        name: &str,
    ) -> Result<Value, ClusterError> {
        let api = self.api_of(kind, namespace).await?;
        if !name.is_empty() {
            return match self.get(&api, name).await {
                Err(error) if error.is_not_found() => Ok(serde_json::json!({})),
                outcome => outcome,
            };
        }
        let request = Request::new(api.resource_url())
            .list(&ListParams::default().limit(MOST))
            .map_err(kube::Error::BuildRequest)
            .map_err(|error| ClusterError::new(&self.inner.server, error))?;
        self.timed(self.client().await?.request(request)).await
    }

    /// A node of the cluster.
    ///
    /// # Errors
    /// What the API server refused.
    pub async fn node(&self, name: &str) -> Result<Value, ClusterError> {
        let path = format!("/api/v1/nodes/{}", segment(name)?);
        self.timed(self.client().await?.request(get(&path)?)).await
    }

    /// The pods on a node that have not ended.
    ///
    /// # Errors
    /// What the API server refused.
    pub async fn pods_on(&self, node: &str) -> Result<Vec<Value>, ClusterError> {
        let running = "status.phase!=Succeeded,status.phase!=Failed";
        let parameters = ListParams::default()
            .fields(&format!("spec.nodeName={node},{running}"))
            .limit(MOST);
        let request = Request::new("/api/v1/pods")
            .list(&parameters)
            .map_err(kube::Error::BuildRequest)
            .map_err(|error| ClusterError::new(&self.inner.server, error))?;
        let list: List = self.timed(self.client().await?.request(request)).await?;
        Ok(list.items)
    }

    /// What is known of these objects without their content, each with its key; none for one that is not there. Those that cannot be asked
    /// for are left out.
    pub async fn outlines(&self, keys: Vec<ResourceKey>) -> Vec<(ResourceKey, Option<Value>)> {
        let looks = keys.into_iter().map(|key| async move {
            let found = self.outline(&key).await;
            match found {
                Ok(found) => Some((key, found)),
                Err(error) => {
                    tracing::debug!(%error, %key, "an object that is referred to cannot be read");
                    None
                }
            }
        });
        // Collected, because a closure with these lifetimes cannot live across an await.
        let looks: Vec<_> = looks.collect();
        let found: Vec<_> = futures::stream::iter(looks)
            .buffered(CONCURRENCY)
            .collect()
            .await;
        found.into_iter().flatten().collect()
    }

    async fn outline(&self, key: &ResourceKey) -> Result<Option<Value>, ClusterError> {
        let kinds = self.discover(super::FRESH).await?;
        let Some(kind) = kinds.any(&key.group, &key.kind).cloned() else {
            return Ok(None);
        };
        drop(kinds);
        let api = self.api_of(&kind, &key.namespace).await?;
        let request = Request::new(api.resource_url())
            .get_metadata(&segment(&key.name)?, &GetParams::default())
            .map_err(kube::Error::BuildRequest)
            .map_err(|error| ClusterError::new(&self.inner.server, error))?;
        match self
            .timed(self.client().await?.request::<Value>(request))
            .await
        {
            Ok(mut found) => {
                kind.label(&mut found);
                Ok(Some(found))
            }
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The events of an object, as an event list.
    ///
    /// # Errors
    /// What the API server refused.
    pub async fn events(&self, live: &Value) -> Result<Value, ClusterError> {
        let uid = live["metadata"]["uid"].as_str().unwrap_or_default();
        let namespace = match object::namespace(live) {
            "" => "default",
            namespace => namespace,
        };
        let parameters = ListParams::default()
            .fields(&format!("involvedObject.uid={uid}"))
            .limit(MOST);
        let request = Request::new(format!("/api/v1/namespaces/{namespace}/events"))
            .list(&parameters)
            .map_err(kube::Error::BuildRequest)
            .map_err(|error| ClusterError::new(&self.inner.server, error))?;
        self.timed(self.client().await?.request(request)).await
    }

    /// The pods of a namespace, for their logs.
    ///
    /// # Errors
    /// When there is no connection.
    pub async fn pods(&self, namespace: &str) -> Result<Api<Pod>, ClusterError> {
        Ok(Api::namespaced(self.client().await?, namespace))
    }

    /// Metadata of the objects in a namespace that no application tracks and nothing owns, but for events and leases.
    ///
    /// # Errors
    /// When there is no connection; kinds that may not be listed are left out.
    pub async fn unowned(&self, namespace: &str) -> Result<Vec<Value>, ClusterError> {
        if namespace.is_empty() {
            return Ok(Vec::new());
        }
        let kinds = self.discover(super::FRESH).await?.watchable();
        let looks = kinds
            .into_iter()
            .filter(|kind| kind.namespaced && !super::survey::is_never(kind))
            .map(|kind| self.unowned_of(kind, namespace));
        let found: Vec<Vec<Value>> = futures::stream::iter(looks)
            .buffer_unordered(CONCURRENCY)
            .collect()
            .await;
        let mut all: Vec<Value> = found.into_iter().flatten().collect();
        all.sort_by_key(object::key);
        Ok(all)
    }

    async fn unowned_of(&self, kind: Kind, namespace: &str) -> Vec<Value> {
        match self.metadata_of(&kind, namespace).await {
            Ok(items) => items
                .into_iter()
                .filter(|item| {
                    self.inner.tracking.application_of(item).is_none()
                        && item["metadata"]["ownerReferences"]
                            .as_array()
                            .is_none_or(Vec::is_empty)
                })
                .collect(),
            Err(error) => {
                tracing::debug!(%error, kind = kind.resource.kind, "a kind cannot be looked through");
                Vec::new()
            }
        }
    }

    async fn metadata_of(&self, kind: &Kind, namespace: &str) -> Result<Vec<Value>, ClusterError> {
        let request = Request::new(kind.url(Some(namespace)))
            .list_metadata(&ListParams::default().limit(MOST))
            .map_err(kube::Error::BuildRequest)
            .map_err(|error| ClusterError::new(&self.inner.server, error))?;
        let list: List = self.timed(self.client().await?.request(request)).await?;
        Ok(list
            .items
            .into_iter()
            .map(|mut item| {
                kind.label(&mut item);
                item
            })
            .collect())
    }
}

fn get(path: &str) -> Result<http::Request<Vec<u8>>, ClusterError> {
    http::Request::get(path)
        .body(Vec::new())
        .map_err(|error| ClusterError::Misconfigured {
            server: String::new(),
            message: error.to_string(),
        })
}
