//! What handlers ask of repositories and clusters, answered by the reconciler's parts.

use async_trait::async_trait;
use tiphys_model::stored::{ClusterCredentials, RepositoryCredentials};
use tiphys_model::*;
use tiphys_reconciler::Reconciler;
use tiphys_reconciler::cluster::{Access, Cluster, Clusters};
use tiphys_reconciler::source::{Repo, Sources};

use crate::outside::Outside;

/// The answers of the running server.
pub struct World {
    /// Repositories.
    pub sources: Sources,
    /// Clusters.
    pub clusters: Clusters,
    /// Renders, and knows the registered credentials.
    pub reconciler: Reconciler,
}

#[async_trait]
impl Outside for World {
    async fn test_repository(
        &self,
        repository: &RepositoryOutput,
        credentials: &RepositoryCredentials,
    ) -> Result<(), String> {
        self.sources
            .test(&Repo::new(repository, credentials.clone()))
            .await
            .map_err(|error| error.to_string())
    }

    async fn resolve(
        &self,
        project: &str,
        source: &ApplicationSource,
        revision: &str,
    ) -> Result<String, String> {
        self.reconciler.caught_up().await;
        self.reconciler
            .resolve(project, source, revision)
            .await
            .map_err(|error| error.to_string())
    }

    async fn check_sources(&self, application: &Application) -> Result<(), String> {
        let sources = tiphys_engine::admission::sources_of(&application.spec);
        self.reconciler.caught_up().await;
        self.reconciler
            .render(application, sources, &[])
            .await
            .map_err(|condition| condition.message)?;
        Ok(())
    }

    async fn test_cluster(
        &self,
        cluster: &ClusterOutput,
        credentials: &ClusterCredentials,
    ) -> Result<String, String> {
        let access = Access::Registered {
            cluster: Box::new(cluster.clone()),
            credentials: credentials.clone(),
        };
        Cluster::test(&cluster.server, &access)
            .await
            .map_err(|error| error.to_string())
    }

    fn look(&self, urls: &[String], trusted: bool) -> usize {
        self.sources.look(urls, trusted)
    }

    async fn cluster_info(&self, server: &str) -> ClusterInfo {
        let Some(cluster) = self.clusters.get(server.trim_end_matches('/')) else {
            return ClusterInfo {
                connection_state: ConnectionState {
                    status: "Unknown".to_owned(),
                    ..ConnectionState::default()
                },
                ..ClusterInfo::default()
            };
        };
        let mut info = cluster.info();
        if info.attempted_at.is_none() {
            // The state is shown by connecting; the answer is in the information.
            let _state = cluster.ready().await;
            info = cluster.info();
        }
        let (status, message) = match &info.error {
            Some(error) => ("Failed", error.clone()),
            None => ("Successful", String::new()),
        };
        ClusterInfo {
            connection_state: ConnectionState {
                status: status.to_owned(),
                message,
                attempted_at: info.attempted_at,
            },
            server_version: info.version.trim_start_matches('v').to_owned(),
            cache_info: ClusterCacheInfo {
                resources_count: i64::try_from(info.objects).ok(),
                apis_count: i64::try_from(info.kinds).ok(),
                last_cache_sync_time: info.synced_at,
            },
            ..ClusterInfo::default()
        }
    }
}
