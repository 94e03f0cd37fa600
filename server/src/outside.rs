//! What a handler may ask of the world outside the store: whether a repository or a cluster answers, and what is in it.
//!
//! A write is validated before it is acknowledged, so handlers have questions. They never ask the reconciler to do anything: they write a
//! record, and the feed tells it. The one wish that they have is that a repository is looked at sooner.

use async_trait::async_trait;
use tiphys_model::stored::{ClusterCredentials, RepositoryCredentials};
use tiphys_model::{Application, ApplicationSource, ClusterInfo, ClusterOutput, RepositoryOutput};

/// Answers questions about repositories and clusters. Errors are messages for the client, without secrets.
#[async_trait]
pub trait Outside: Send + Sync + 'static {
    /// Whether the repository answers with these credentials.
    async fn test_repository(
        &self,
        repository: &RepositoryOutput,
        credentials: &RepositoryCredentials,
    ) -> Result<(), String>;

    /// The commit that a revision of the source stands for now, for an application of a project.
    async fn resolve(
        &self,
        project: &str,
        source: &ApplicationSource,
        revision: &str,
    ) -> Result<String, String>;

    /// Reads and renders the sources of an application, and keeps nothing.
    async fn check_sources(&self, application: &Application) -> Result<(), String>;

    /// Contacts a cluster; answers its version.
    async fn test_cluster(
        &self,
        cluster: &ClusterOutput,
        credentials: &ClusterCredentials,
    ) -> Result<String, String>;

    /// What is known of a cluster without contacting it.
    async fn cluster_info(&self, server: &str) -> ClusterInfo;

    /// Looks soon at those of the repositories in use that these URLs name, however they are written, and answers at once how many that
    /// are. Whoever is not trusted is heard seldom.
    fn look(&self, urls: &[String], trusted: bool) -> usize;
}
