//! Applications: listing, reading, writing and deleting them.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tiphys_api::{
    ApiError, Code, DeleteApplicationQuery, Encoded, GetApplicationQuery, ListApplicationsQuery,
};
use tiphys_engine::admission::{self, sources_of};
use tiphys_engine::depends;
use tiphys_model::*;

use super::index::{Entry, list, with_revision};
use super::selector::Selector;
use super::{App, NAMESPACE, UpdateError, fault, new_metadata, now};

/// The annotation that asks for a new comparison; it is gone when that is done.
pub(super) const REFRESH: &str = "argocd.argoproj.io/refresh";
/// The finalizer that makes a deletion wait for the objects in the cluster.
pub(super) const FINALIZER: &str = "resources-finalizer.argocd.argoproj.io";
/// How long a read waits for a refresh.
const REFRESH_DEADLINE: Duration = Duration::from_secs(60);

/// Which application is meant, and where the caller expects it.
pub(super) struct Place {
    pub(super) name: String,
    namespace: Option<String>,
    project: Option<String>,
}

impl Place {
    pub(super) fn new(name: &str, namespace: Option<String>, project: Option<String>) -> Self {
        Self {
            name: name.to_owned(),
            namespace,
            project,
        }
    }

    /// Id in the store.
    pub(super) fn id(&self) -> String {
        id(&self.name)
    }

    /// The answer when there is no such application here.
    pub(super) fn not_found(&self) -> ApiError {
        ApiError::not_found(format!(
            "applications.argoproj.io \"{}\" not found",
            tiphys_api::body::shorten(&self.name)
        ))
    }

    /// Refuses an application that is not where the caller expects it.
    pub(super) fn check(&self, application: &Application) -> Result<(), ApiError> {
        let namespace = self
            .namespace
            .as_deref()
            .is_none_or(|namespace| namespace == NAMESPACE);
        let project = self
            .project
            .as_deref()
            .is_none_or(|project| project == application.spec.project);
        if namespace && project {
            Ok(())
        } else {
            Err(self.not_found())
        }
    }
}

pub(super) fn id(name: &str) -> String {
    format!("{NAMESPACE}/{name}")
}

impl App {
    pub(super) async fn list_applications(
        &self,
        query: ListApplicationsQuery,
    ) -> Result<Encoded<ApplicationList>, ApiError> {
        let selector = Selector::parse(query.selector.as_deref().unwrap_or_default())
            .map_err(ApiError::invalid)?;
        let mut projects = query.projects;
        projects.extend(query.project);
        if query.selector.as_deref().is_none_or(str::is_empty)
            && projects.is_empty()
            && [
                &query.name,
                &query.namespace,
                &query.app_namespace,
                &query.repo,
            ]
            .iter()
            .all(|filter| filter.is_none())
        {
            return self.index.whole().await.map(Encoded::new).map_err(no_json);
        }
        let (revision, entries) = self.index.current().await;
        let matches = |entry: &Entry| {
            let application = &entry.application;
            let spec = &application.spec;
            let is = |wanted: &Option<String>, value: &str| {
                wanted.as_deref().is_none_or(|wanted| wanted == value)
            };
            (projects.is_empty() || projects.contains(&spec.project))
                && is(&query.name, &application.metadata.name)
                && is(&query.namespace, &spec.destination.namespace)
                && is(&query.app_namespace, &application.metadata.namespace)
                && query.repo.as_deref().is_none_or(|repo| {
                    sources_of(spec)
                        .iter()
                        .any(|source| same_repository(&source.repo_url, repo))
                })
                && selector.matches(&application.metadata.labels)
        };
        list(revision, entries.values().filter(|entry| matches(entry)))
            .map(Encoded::new)
            .map_err(no_json)
    }

    pub(super) async fn get_application(
        &self,
        name: &str,
        query: GetApplicationQuery,
    ) -> Result<Encoded<Application>, ApiError> {
        let place = Place::new(name, query.app_namespace, query.project);
        if let Some(refresh) = query.refresh {
            self.refresh(&place, &refresh).await?;
        }
        let (_, entries) = self.index.current().await;
        let entry = entries.get(&place.id()).ok_or_else(|| place.not_found())?;
        place.check(&entry.application)?;
        Ok(Encoded::new(Arc::clone(&entry.json)))
    }

    /// Asks for a new comparison, and waits until it is done.
    async fn refresh(&self, place: &Place, kind: &str) -> Result<(), ApiError> {
        let kind = if kind == "hard" { "hard" } else { "normal" };
        let stored = self
            .change(place, |application| {
                application
                    .metadata
                    .annotations
                    .insert(REFRESH.to_owned(), kind.to_owned());
                Ok(())
            })
            .await?;
        let revision = stored.metadata.resource_version.parse().unwrap_or_default();
        let mut feed = self.applications.watch(revision);
        let key = self.applications.key(&place.id());
        let done = async {
            loop {
                for change in feed.next().await.map_err(fault)? {
                    if change.key != key {
                        continue;
                    }
                    let Some(current) = &change.current else {
                        return Err(place.not_found());
                    };
                    let now = tiphys_storage::Collection::<Application>::decode(current)
                        .map_err(fault)?;
                    if !now.value.metadata.annotations.contains_key(REFRESH) {
                        return Ok(());
                    }
                }
            }
        };
        match tokio::time::timeout(REFRESH_DEADLINE, done).await {
            Ok(result) => result,
            Err(_) => Err(ApiError::new(
                Code::DeadlineExceeded,
                format!(
                    "application refresh deadline exceeded: no comparison of {} within {} s; read it without `refresh` for the last state",
                    place.name,
                    REFRESH_DEADLINE.as_secs()
                ),
            )),
        }
    }

    /// Changes a stored application, again until nobody interferes.
    pub(super) async fn change(
        &self,
        place: &Place,
        mut change: impl FnMut(&mut Application) -> Result<(), ApiError>,
    ) -> Result<Application, ApiError> {
        let stored = self
            .applications
            .update(&place.id(), |application| {
                place.check(application).map_err(UpdateError::Refused)?;
                change(application).map_err(UpdateError::Refused)
            })
            .await
            .map_err(|error: UpdateError| error.into_api(|| place.not_found()))?;
        Ok(with_revision(stored.value, stored.mod_revision))
    }

    pub(super) async fn create_application(
        &self,
        mut application: Application,
        upsert: bool,
        validate: bool,
    ) -> Result<Application, ApiError> {
        admission::name("Application.argoproj.io", &application.metadata.name)
            .map_err(ApiError::invalid)?;
        check_namespace(&application.metadata.namespace)?;
        admission::normalise(&mut application.spec);
        let _turn = self.dependency_turn(&application.spec).await;
        self.check_application(&application, validate).await?;
        let place = Place::new(&application.metadata.name, None, None);
        new_metadata(&mut application.metadata);
        application.status = Some(ApplicationStatus::default());
        application.operation = None;
        match self.applications.create(&place.id(), &application).await {
            Ok(revision) => Ok(with_revision(application, revision)),
            Err(tiphys_storage::StoreError::AlreadyExists { .. }) => {
                let stored = self
                    .applications
                    .get(&place.id())
                    .await
                    .map_err(fault)?
                    .ok_or_else(|| place.not_found())?;
                self.create_again(place, stored, application, upsert).await
            }
            Err(error) => Err(fault(error)),
        }
    }

    /// Creating what exists: the same is no error, something else needs `upsert`.
    async fn create_again(
        &self,
        place: Place,
        stored: tiphys_storage::Stored<Application>,
        new: Application,
        upsert: bool,
    ) -> Result<Application, ApiError> {
        let old = &stored.value;
        let same = old.spec == new.spec
            && old.metadata.labels == new.metadata.labels
            && old.metadata.annotations == new.metadata.annotations
            && stated(&old.metadata.finalizers) == stated(&new.metadata.finalizers);
        if same {
            return Ok(with_revision(stored.value, stored.mod_revision));
        }
        if !upsert {
            return Err(ApiError::invalid(
                "existing application spec is different, use upsert flag to force update",
            ));
        }
        self.change(&place, |application| {
            replace_spec(application, new.spec.clone());
            application
                .metadata
                .labels
                .extend(new.metadata.labels.clone());
            application
                .metadata
                .annotations
                .extend(new.metadata.annotations.clone());
            application
                .metadata
                .finalizers
                .clone_from(&new.metadata.finalizers);
            Ok(())
        })
        .await
    }

    pub(super) async fn update_application(
        &self,
        place: Place,
        mut new: Application,
        validate: bool,
    ) -> Result<Application, ApiError> {
        admission::normalise(&mut new.spec);
        let _turn = self.dependency_turn(&new.spec).await;
        let stored = self
            .applications
            .get(&place.id())
            .await
            .map_err(fault)?
            .ok_or_else(|| place.not_found())?;
        // What is being deleted can be confirmed and let go, also when its source or project is gone.
        let is_deleting = stored.value.metadata.deletion_timestamp.is_some();
        if !is_deleting || stored.value.spec != new.spec {
            self.check_application(&new, validate).await?;
        }
        self.change(&place, |application| {
            replace_spec(application, new.spec.clone());
            application.metadata.labels.clone_from(&new.metadata.labels);
            application
                .metadata
                .annotations
                .clone_from(&new.metadata.annotations);
            application
                .metadata
                .finalizers
                .clone_from(&new.metadata.finalizers);
            Ok(())
        })
        .await
    }

    pub(super) async fn update_application_spec(
        &self,
        place: Place,
        mut spec: ApplicationSpec,
        validate: bool,
    ) -> Result<ApplicationSpec, ApiError> {
        admission::normalise(&mut spec);
        let _turn = self.dependency_turn(&spec).await;
        let stored = self
            .applications
            .get(&place.id())
            .await
            .map_err(fault)?
            .ok_or_else(|| place.not_found())?;
        let mut candidate = stored.value;
        candidate.spec = spec.clone();
        self.check_application(&candidate, validate).await?;
        let changed = self
            .change(&place, |application| {
                replace_spec(application, spec.clone());
                Ok(())
            })
            .await?;
        Ok(changed.spec)
    }

    pub(super) async fn patch_application(
        &self,
        name: &str,
        request: ApplicationPatchRequest,
    ) -> Result<Application, ApiError> {
        let place = Place::new(name, some(request.app_namespace), some(request.project));
        let stored = self
            .applications
            .get(&place.id())
            .await
            .map_err(fault)?
            .ok_or_else(|| place.not_found())?;
        place.check(&stored.value)?;
        let mut document = serde_json::to_value(&stored.value)
            .map_err(|_| ApiError::new(Code::Internal, "the stored application has no JSON"))?;
        patch(&mut document, &request.patch_type, &request.patch)?;
        // The result is read as strictly as any written application.
        let text = document.to_string();
        let mut new: Application = tiphys_api::body::parse(text.as_bytes())?;
        new.metadata.name = name.to_owned();
        self.update_application(place, new, true).await
    }

    pub(super) async fn delete_application(
        &self,
        name: &str,
        query: DeleteApplicationQuery,
    ) -> Result<Empty, ApiError> {
        let place = Place::new(name, query.app_namespace, query.project);
        let policy = query
            .propagation_policy
            .map(|policy| policy.to_ascii_lowercase());
        let mut cascade = query.cascade.unwrap_or(true);
        let finalizer = match policy.as_deref() {
            None => FINALIZER.to_owned(),
            Some(_) if !cascade => {
                return Err(ApiError::invalid(
                    "cannot set propagation policy when cascading is disabled",
                ));
            }
            Some("orphan") => {
                cascade = false;
                String::new()
            }
            Some(policy @ ("foreground" | "background")) => format!("{FINALIZER}/{policy}"),
            Some(other) => {
                return Err(ApiError::invalid(format!(
                    "invalid propagation policy: {}; use foreground, background or orphan",
                    tiphys_api::body::shorten(other)
                )));
            }
        };
        let marked = self
            .change(&place, |application| {
                let metadata = &mut application.metadata;
                metadata
                    .finalizers
                    .retain(|finalizer| !finalizer.starts_with(FINALIZER));
                if cascade {
                    metadata.finalizers.push(finalizer.clone());
                }
                metadata.deletion_timestamp.get_or_insert_with(now);
                Ok(())
            })
            .await?;
        if marked.metadata.finalizers.is_empty() {
            self.applications
                .delete(&place.id(), None)
                .await
                .map_err(fault)?;
        }
        Ok(Empty::default())
    }

    /// Project, destination and sources, as behaviour.md orders them; with `validate` the sources are read, too.
    async fn check_application(
        &self,
        application: &Application,
        validate: bool,
    ) -> Result<(), ApiError> {
        let (name, spec) = (&application.metadata.name, &application.spec);
        let project = self
            .projects
            .get(&spec.project)
            .await
            .map_err(fault)?
            .ok_or_else(|| {
                ApiError::invalid(format!(
                    "app is not allowed in project \"{}\", or the project does not exist",
                    tiphys_api::body::shorten(&spec.project)
                ))
            })?;
        let resolved = self.resolve_destination(name, &spec.destination).await?;
        let invalid = |reason: String| {
            ApiError::invalid(format!(
                "application spec for {name} is invalid: InvalidSpecError: {reason}"
            ))
        };
        admission::application(spec).map_err(invalid)?;
        self.check_dependencies(name, spec).await.map_err(invalid)?;
        let urls: Vec<&str> = sources_of(spec)
            .iter()
            .map(|source| source.repo_url.as_str())
            .collect();
        let destination = tiphys_engine::project::Destination {
            server: &resolved.server,
            name: &resolved.name,
            namespace: &spec.destination.namespace,
        };
        let violations = tiphys_engine::project::violations(&project.value, &urls, destination);
        if !violations.is_empty() {
            return Err(invalid(violations.join("; ")));
        }
        if validate {
            self.outside
                .check_sources(application)
                .await
                .map_err(invalid)?;
        }
        Ok(())
    }
}

impl App {
    /// The turn to write an application that depends on others, when it does.
    async fn dependency_turn(
        &self,
        spec: &ApplicationSpec,
    ) -> Option<tokio::sync::MutexGuard<'_, ()>> {
        if spec.depends_on.is_empty() {
            return None;
        }
        Some(self.view.dependency_turn().await)
    }

    /// Refuses dependencies that lead back to the application.
    async fn check_dependencies(&self, name: &str, spec: &ApplicationSpec) -> Result<(), String> {
        if spec.depends_on.is_empty() {
            return Ok(());
        }
        let (_, entries) = self.index.current().await;
        let all = entries.values().map(|entry| &entry.application);
        depends::check_among(all, name, &spec.depends_on, NAMESPACE)
            .map_err(|error| format!("spec.{error}"))
    }
}

/// Whether two URLs name one repository.
pub(super) fn same_repository(a: &str, b: &str) -> bool {
    a == b || super::repositories::normalise_url(a) == super::repositories::normalise_url(b)
}

/// The finalizers that somebody wrote, without those that note hooks of the deletion.
fn stated(finalizers: &[String]) -> Vec<&String> {
    use tiphys_engine::sync::delete::{POST_DELETE_FINALIZER, PRE_DELETE_FINALIZER};
    let noted = [PRE_DELETE_FINALIZER, POST_DELETE_FINALIZER];
    let all = finalizers.iter();
    all.filter(|one| !noted.contains(&one.as_str())).collect()
}

fn replace_spec(application: &mut Application, spec: ApplicationSpec) {
    if application.spec != spec {
        application.spec = spec;
        application.metadata.generation = application
            .metadata
            .generation
            .map(|generation| generation + 1);
    }
}

fn check_namespace(namespace: &str) -> Result<(), ApiError> {
    if namespace.is_empty() || namespace == NAMESPACE {
        return Ok(());
    }
    Err(ApiError::new(
        Code::PermissionDenied,
        format!(
            "namespace '{}' is not permitted: applications live in '{NAMESPACE}'",
            tiphys_api::body::shorten(namespace)
        ),
    ))
}

fn patch(document: &mut Value, patch_type: &str, text: &str) -> Result<(), ApiError> {
    let invalid = |error: &dyn std::fmt::Display| {
        ApiError::invalid(format!(
            "patch: {}",
            tiphys_api::body::shorten(&error.to_string())
        ))
    };
    match patch_type {
        "" | "json" => {
            let patch: json_patch::Patch =
                serde_json::from_str(text).map_err(|error| invalid(&error))?;
            json_patch::patch(document, &patch).map_err(|error| invalid(&error))
        }
        "merge" => {
            let patch: Value = serde_json::from_str(text).map_err(|error| invalid(&error))?;
            json_patch::merge(document, &patch);
            Ok(())
        }
        other => Err(ApiError::invalid(format!(
            "patchType: `{}` is unknown; use json or merge",
            tiphys_api::body::shorten(other)
        ))),
    }
}

pub(super) fn some(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

fn no_json(error: serde_json::Error) -> ApiError {
    tracing::error!(%error, "an application in memory has no JSON");
    ApiError::new(Code::Internal, "an application in memory has no JSON")
}
