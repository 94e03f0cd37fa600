//! The projects, repositories and clusters that are registered, in memory.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

use tiphys_model::AppProject;
use tiphys_model::stored::{ClusterCredentials, RepositoryCredentials};
use tiphys_storage::StoreError;

use crate::cluster::Access;
use crate::source::{Repo, name_of_repository, normalize};
use crate::{IN_CLUSTER, Reconciler};

#[derive(Default)]
pub struct Records {
    pub projects: HashMap<String, AppProject>,
    /// By normalized URL: the project, empty for all, and how to connect.
    repositories: HashMap<String, Vec<(String, Repo)>>,
    /// Project and URL of the Helm repositories with a name.
    named: HashMap<String, Vec<(String, String)>>,
    /// Server by name, none for names that several have.
    servers: HashMap<String, Option<String>>,
}

impl Records {
    /// How to connect to a repository for an application of a project: its own registration, else the common one. In place of a URL,
    /// `@name` and `alias:name` find the Helm repository that is registered with the name.
    pub fn repo(&self, url: &str, project: &str) -> Repo {
        let url = name_of_repository(url)
            .and_then(|name| self.url(name, project))
            .unwrap_or(url);
        let registered = self.repositories.get(&normalize(url));
        let of = |wanted: &str| {
            registered.and_then(|all| all.iter().find(|(project, _)| project == wanted))
        };
        let mut repo = of(project)
            .or_else(|| of(""))
            .map_or_else(Repo::default, |(_, repo)| repo.clone());
        url.clone_into(&mut repo.url);
        repo
    }

    /// The URL of a Helm repository by its name.
    fn url(&self, name: &str, project: &str) -> Option<&str> {
        let named = self.named.get(name)?;
        let of = |wanted: &str| named.iter().find(|(project, _)| project == wanted);
        of(project).or_else(|| of("")).map(|(_, url)| url.as_str())
    }

    /// The server of a cluster by its name.
    pub fn server(&self, name: &str) -> Result<String, String> {
        match self.servers.get(name) {
            Some(Some(server)) => Ok(server.clone()),
            Some(None) => Err(format!(
                "there are several clusters with the name \"{name}\"; use destination.server"
            )),
            None => Err(format!("there are no clusters with this name: {name}")),
        }
    }
}

impl Reconciler {
    /// Reads everything that is registered again.
    pub(crate) async fn load_records(&self) -> Result<(), StoreError> {
        let inner = &self.inner;
        let mut records = Records::default();
        records
            .servers
            .insert("in-cluster".to_owned(), Some(IN_CLUSTER.to_owned()));
        for stored in inner.projects.list().await?.items {
            records
                .projects
                .insert(stored.value.metadata.name.clone(), stored.value);
        }
        for stored in inner.repositories.list().await?.items {
            let repository = stored.value.repository;
            let place = String::from_utf8_lossy(&stored.key).into_owned();
            let credentials: RepositoryCredentials = self.opened(&place, &stored.value.credentials);
            if repository.type_ == "helm" && !repository.name.is_empty() {
                let named = records.named.entry(repository.name.clone()).or_default();
                named.push((repository.project.clone(), repository.repo.clone()));
            }
            let entry = (
                repository.project.clone(),
                Repo::new(&repository, credentials),
            );
            records
                .repositories
                .entry(normalize(&repository.repo))
                .or_default()
                .push(entry);
        }
        let mut servers = vec![IN_CLUSTER.to_owned()];
        for stored in inner.registered.list().await?.items {
            let cluster = stored.value.cluster;
            let place = String::from_utf8_lossy(&stored.key).into_owned();
            let credentials: ClusterCredentials = self.opened(&place, &stored.value.credentials);
            let server = cluster.server.trim_end_matches('/').to_owned();
            records
                .servers
                .entry(cluster.name.clone())
                .and_modify(|known| {
                    known.take_if(|known| *known != server);
                })
                .or_insert_with(|| Some(server.clone()));
            if server != IN_CLUSTER {
                inner.clusters.set(
                    &server,
                    Access::Registered {
                        cluster: Box::new(cluster),
                        credentials,
                    },
                );
                servers.push(server);
            }
        }
        inner.clusters.set(IN_CLUSTER, inner.local.clone());
        inner
            .clusters
            .retain(|server| servers.iter().any(|known| known == server));
        *inner
            .records
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Arc::new(records);
        Ok(())
    }

    fn opened<T: Default + serde::de::DeserializeOwned>(&self, place: &str, sealed: &str) -> T {
        if sealed.is_empty() {
            return T::default();
        }
        let opened = self.inner.sealer.open(place, sealed);
        let parsed = opened.map_err(|error| error.to_string()).and_then(|text| {
            serde_json::from_str(text.expose()).map_err(|_| "they are damaged".to_owned())
        });
        parsed.unwrap_or_else(|reason| {
            tracing::error!(
                place,
                reason,
                "sealed credentials cannot be used; the record is used without"
            );
            T::default()
        })
    }
}
