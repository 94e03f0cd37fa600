//! From what a specification says of its destination to one cluster.

use tiphys_api::ApiError;
use tiphys_model::ApplicationDestination;

use super::App;
use super::clusters::{IN_CLUSTER, IN_CLUSTER_NAME};

/// A cluster, with both its names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Resolved {
    pub(super) server: String,
    pub(super) name: String,
}

impl App {
    /// The cluster that a destination means.
    pub(super) async fn resolve_destination(
        &self,
        application: &str,
        destination: &ApplicationDestination,
    ) -> Result<Resolved, ApiError> {
        let refused = |reason: String| {
            ApiError::invalid(format!(
                "application destination spec for {application} is invalid: {reason}"
            ))
        };
        match (destination.server.is_empty(), destination.name.is_empty()) {
            (true, true) => {
                return Err(refused(
                    "destination.server and destination.name are both empty; give one of them"
                        .into(),
                ));
            }
            (false, false) => {
                return Err(refused(format!(
                    "can't have both name and server defined: {} {}",
                    destination.name, destination.server
                )));
            }
            _ => {}
        }
        if destination.server.trim_end_matches('/') == IN_CLUSTER
            || destination.name == IN_CLUSTER_NAME
        {
            return Ok(Resolved {
                server: IN_CLUSTER.to_owned(),
                name: IN_CLUSTER_NAME.to_owned(),
            });
        }
        let clusters = self.stored_clusters().await?;
        let mut found = clusters
            .iter()
            .map(|record| &record.cluster)
            .filter(|cluster| {
                if destination.server.is_empty() {
                    cluster.name == destination.name
                } else {
                    cluster.server.trim_end_matches('/') == destination.server.trim_end_matches('/')
                }
            });
        match (found.next(), found.next()) {
            (Some(cluster), None) => Ok(Resolved {
                server: cluster.server.clone(),
                name: cluster.name.clone(),
            }),
            (Some(_), Some(_)) => Err(refused(format!(
                "there are several clusters with the name \"{}\"; use destination.server",
                destination.name
            ))),
            (None, _) if destination.server.is_empty() => Err(refused(format!(
                "there are no clusters with this name: {}",
                destination.name
            ))),
            (None, _) => Err(refused(format!(
                "error getting cluster by server \"{0}\": cluster \"{0}\" not found; register it with POST /api/v1/clusters",
                destination.server
            ))),
        }
    }
}
