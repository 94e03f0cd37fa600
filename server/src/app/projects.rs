//! Projects.

use tiphys_api::{ApiError, Code};
use tiphys_engine::admission::{self, sources_of};
use tiphys_engine::project::{Destination, permits_destination, permits_source};
use tiphys_model::*;
use tiphys_storage::{Collection, StoreError};

use super::{App, UpdateError, fault, new_metadata};

/// The project of applications that name none. It always exists.
const DEFAULT: &str = "default";

/// Makes the project `default`, which permits everything, unless it exists.
pub(super) async fn ensure_default(projects: &Collection<AppProject>) -> Result<(), StoreError> {
    let mut project = AppProject {
        metadata: ObjectMeta {
            name: DEFAULT.to_owned(),
            ..ObjectMeta::default()
        },
        spec: AppProjectSpec {
            source_repos: vec!["*".to_owned()],
            destinations: vec![ApplicationDestination {
                server: "*".into(),
                namespace: "*".into(),
                name: String::new(),
            }],
            cluster_resource_whitelist: vec![ClusterResourceRestrictionItem {
                group: "*".into(),
                kind: "*".into(),
                name: String::new(),
            }],
            ..AppProjectSpec::default()
        },
        ..AppProject::default()
    };
    new_metadata(&mut project.metadata);
    match projects.create(DEFAULT, &project).await {
        Ok(_) | Err(StoreError::AlreadyExists { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}

/// The project of a request, wrapped or not.
pub(super) fn unwrap(request: ProjectRequest) -> Result<AppProject, ApiError> {
    if let Some(project) = request.project {
        return Ok(project);
    }
    Ok(AppProject {
        api_version: request.api_version,
        kind: request.kind,
        metadata: request.metadata.ok_or_else(|| {
            ApiError::invalid("metadata: missing; send a project, or one under `project`")
        })?,
        spec: request.spec.ok_or_else(|| {
            ApiError::invalid("spec: missing; send a project, or one under `project`")
        })?,
        status: None,
    })
}

fn not_found(name: &str) -> ApiError {
    ApiError::not_found(format!(
        "appprojects.argoproj.io \"{}\" not found",
        tiphys_api::body::shorten(name)
    ))
}

fn with_revision(mut project: AppProject, revision: u64) -> AppProject {
    project.metadata.resource_version = revision.to_string();
    project
}

impl App {
    pub(super) async fn list_projects(&self) -> Result<ProjectList, ApiError> {
        let listing = self.projects.list().await.map_err(fault)?;
        Ok(ProjectList {
            metadata: ListMeta {
                resource_version: listing.revision.to_string(),
            },
            items: listing
                .items
                .into_iter()
                .map(|stored| with_revision(stored.value, stored.mod_revision))
                .collect(),
        })
    }

    pub(super) async fn get_project(&self, name: &str) -> Result<AppProject, ApiError> {
        let stored = self
            .projects
            .get(name)
            .await
            .map_err(fault)?
            .ok_or_else(|| not_found(name))?;
        Ok(with_revision(stored.value, stored.mod_revision))
    }

    pub(super) async fn create_project(
        &self,
        mut project: AppProject,
        upsert: bool,
    ) -> Result<AppProject, ApiError> {
        let name = project.metadata.name.clone();
        admission::name("AppProject.argoproj.io", &name).map_err(ApiError::invalid)?;
        admission::project(&project).map_err(ApiError::invalid)?;
        if let Some(stored) = self.projects.get(&name).await.map_err(fault)? {
            if stored.value.spec == project.spec {
                return Ok(with_revision(stored.value, stored.mod_revision));
            }
            if !upsert {
                return Err(ApiError::invalid(format!(
                    "existing project spec is different; use upsert flag to force update; difference in keys \"{}\"",
                    differing_keys(&stored.value.spec, &project.spec)
                )));
            }
            project.metadata.resource_version.clear();
            return self.update_project(&name, project).await;
        }
        new_metadata(&mut project.metadata);
        project.status = None;
        let revision =
            self.projects
                .create(&name, &project)
                .await
                .map_err(|error| match error {
                    StoreError::AlreadyExists { .. } => ApiError::new(
                        Code::AlreadyExists,
                        format!("appprojects.argoproj.io \"{name}\" already exists"),
                    ),
                    error => fault(error),
                })?;
        Ok(with_revision(project, revision))
    }

    pub(super) async fn update_project(
        &self,
        name: &str,
        project: AppProject,
    ) -> Result<AppProject, ApiError> {
        admission::project(&project).map_err(ApiError::invalid)?;
        let stored = self
            .projects
            .get(name)
            .await
            .map_err(fault)?
            .ok_or_else(|| not_found(name))?;
        let expected = &project.metadata.resource_version;
        if !expected.is_empty() && *expected != stored.mod_revision.to_string() {
            return Err(ApiError::new(
                Code::Aborted,
                format!(
                    "the project \"{name}\" has been modified; read the latest version and try again"
                ),
            ));
        }
        self.refuse_orphans(name, &stored.value, &project).await?;
        let changed = self
            .projects
            .update(name, |current| {
                current.spec = project.spec.clone();
                current.metadata.labels.clone_from(&project.metadata.labels);
                current
                    .metadata
                    .annotations
                    .clone_from(&project.metadata.annotations);
                current.metadata.generation =
                    current.metadata.generation.map(|generation| generation + 1);
                Ok(())
            })
            .await
            .map_err(|error: UpdateError| error.into_api(|| not_found(name)))?;
        Ok(with_revision(changed.value, changed.mod_revision))
    }

    /// An update must not take away what an application relies on.
    async fn refuse_orphans(
        &self,
        name: &str,
        old: &AppProject,
        new: &AppProject,
    ) -> Result<(), ApiError> {
        let (_, entries) = self.index.current().await;
        let (mut no_source, mut no_destination) = (0, 0);
        for entry in entries
            .values()
            .filter(|entry| entry.application.spec.project == name)
        {
            let spec = &entry.application.spec;
            let permitted = |project: &AppProject| {
                sources_of(spec)
                    .iter()
                    .all(|source| permits_source(project, &source.repo_url))
            };
            if permitted(old) && !permitted(new) {
                no_source += 1;
            }
            let Ok(resolved) = self
                .resolve_destination(&entry.application.metadata.name, &spec.destination)
                .await
            else {
                continue;
            };
            let destination = Destination {
                server: &resolved.server,
                name: &resolved.name,
                namespace: &spec.destination.namespace,
            };
            if permits_destination(old, destination) && !permits_destination(new, destination) {
                no_destination += 1;
            }
        }
        if no_source + no_destination == 0 {
            return Ok(());
        }
        Err(ApiError::invalid(format!(
            "as a result of project update {no_source} applications source became invalid and {no_destination} applications destination became invalid"
        )))
    }

    pub(super) async fn delete_project(&self, name: &str) -> Result<Empty, ApiError> {
        if name == DEFAULT {
            return Err(ApiError::invalid(
                "name 'default' is reserved and cannot be deleted",
            ));
        }
        self.projects
            .get(name)
            .await
            .map_err(fault)?
            .ok_or_else(|| not_found(name))?;
        let (_, entries) = self.index.current().await;
        let users = entries
            .values()
            .filter(|entry| entry.application.spec.project == name)
            .count();
        if users > 0 {
            return Err(ApiError::invalid(format!(
                "project is referenced by {users} applications"
            )));
        }
        self.projects.delete(name, None).await.map_err(fault)?;
        Ok(Empty::default())
    }
}

fn differing_keys(a: &AppProjectSpec, b: &AppProjectSpec) -> String {
    let (a, b) = (
        serde_json::to_value(a).unwrap_or_default(),
        serde_json::to_value(b).unwrap_or_default(),
    );
    let keys: std::collections::BTreeSet<&String> = [&a, &b]
        .into_iter()
        .filter_map(|value| value.as_object())
        .flat_map(|object| object.keys())
        .collect();
    keys.into_iter()
        .filter(|key| a.get(*key) != b.get(*key))
        .cloned()
        .collect::<Vec<_>>()
        .join(",")
}
