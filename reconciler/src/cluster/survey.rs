//! A look at the kinds that nobody follows, for objects that belong to applications or that their objects own.
//!
//! An application may have left objects of a kind that its source no longer names, and controllers make objects of kinds that no source
//! ever named. Only metadata is listed; a kind in which something is found is followed from then on.

use std::sync::{Arc, Weak};
use std::time::Duration;

use futures::StreamExt as _;
use futures::future::BoxFuture;
use kube::api::ListParams;
use kube::core::Request;
use serde::Deserialize;
use serde_json::Value;

use super::{Cluster, ClusterError, Inner, Kind, locked};

/// Time between two surveys, before jitter.
const EVERY: Duration = Duration::from_secs(600);
/// Time after which a survey that failed is tried again.
const AGAIN: Duration = Duration::from_secs(30);
/// Kinds that are listed at a time: a survey is never urgent.
const CONCURRENCY: usize = 4;
const PAGE: u32 = 500;
/// Kinds that are many, short-lived, and never part of an application.
const NEVER: [(&str, &str); 3] = [
    ("", "Event"),
    ("events.k8s.io", "Event"),
    ("coordination.k8s.io", "Lease"),
];

/// Whether objects of a kind are never part of an application.
pub fn is_never(kind: &Kind) -> bool {
    NEVER.contains(&(kind.resource.group.as_str(), kind.resource.kind.as_str()))
}

#[derive(Deserialize)]
struct List {
    metadata: Continuation,
    items: Vec<Value>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Continuation {
    #[serde(rename = "continue")]
    continue_: Option<String>,
}

/// Surveys a cluster now and then, until it is dropped.
pub fn survey(cluster: Weak<Inner>) -> BoxFuture<'static, ()> {
    Box::pin(async move {
        loop {
            let Some(inner) = cluster.upgrade() else {
                return;
            };
            let this = Cluster { inner };
            let outcome = once(&this).await;
            drop(this);
            let pause = match outcome {
                Ok(()) => EVERY,
                Err(error) => {
                    tracing::debug!(%error, "a survey was interrupted");
                    AGAIN
                }
            };
            tokio::time::sleep(pause.mul_f64(rand::random_range(0.8..1.2))).await;
        }
    })
}

async fn once(cluster: &Cluster) -> Result<(), ClusterError> {
    let kinds = cluster.discover(EVERY / 2).await?.watchable();
    let unknown: Vec<Kind> = {
        let followed = locked(&cluster.inner.followed);
        kinds
            .into_iter()
            .filter(|kind| {
                let id = (kind.resource.group.clone(), kind.resource.kind.clone());
                !followed.contains_key(&id) && !is_never(kind)
            })
            .collect()
    };
    cluster.ready().await?;
    let looks = unknown.into_iter().map(|kind| async move {
        match concerns(cluster, &kind).await {
            Ok(true) => {
                cluster.follow(kind);
            }
            Ok(false) => {}
            // A kind that may not be listed holds nothing that could be synchronised.
            Err(error) => tracing::debug!(%error, kind = kind.resource.kind, "a kind is left out of the survey"),
        }
    });
    futures::stream::iter(looks)
        .buffer_unordered(CONCURRENCY)
        .collect::<Vec<()>>()
        .await;
    locked(&cluster.inner.info).synced_at = Some(crate::now());
    Ok(())
}

/// Whether an application has an object of this kind, or owns one.
async fn concerns(cluster: &Cluster, kind: &Kind) -> Result<bool, ClusterError> {
    let request = Request::new(kind.url(None));
    let mut token = None;
    loop {
        let mut params = ListParams::default().limit(PAGE);
        params.continue_token = token.take();
        let request = request
            .list_metadata(&params)
            .map_err(kube::Error::BuildRequest)
            .map_err(|error| ClusterError::new(&cluster.inner.server, error))?;
        let client = cluster.client().await?;
        let list: List = cluster.timed(client.request(request)).await?;
        for mut item in list.items {
            kind.label(&mut item);
            if cluster.inner.tracking.application_of(&item).is_some() || owned(cluster, &item) {
                return Ok(true);
            }
        }
        token = list.metadata.continue_.filter(|token| !token.is_empty());
        if token.is_none() {
            return Ok(false);
        }
    }
}

fn owned(cluster: &Cluster, item: &Value) -> bool {
    let owners = item["metadata"]["ownerReferences"].as_array();
    let owners: Vec<Arc<str>> = owners
        .into_iter()
        .flatten()
        .filter_map(|owner| owner["uid"].as_str().map(Arc::from))
        .collect();
    !owners.is_empty() && cluster.read_live().belongs(&owners)
}
