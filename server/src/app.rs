//! One function for each operation of the API, over the store.
//!
//! `App` implements [`ControlPlane`] by handing every operation to the module of its subject. Application, project, repository and
//! cluster each have a module; what several need is here.

mod applications;
mod clusters;
mod destination;
mod index;
mod live;
mod operations;
mod projects;
mod repositories;
mod selector;
mod session;
mod sources;
mod webhook;

use std::sync::Arc;

use chrono::{DateTime, SubsecRound as _, Utc};
use http::HeaderMap;
use sha2::{Digest as _, Sha256};
use tiphys_api::*;
use tiphys_model::stored::{ClusterRecord, RepositoryRecord};
use tiphys_model::*;
use tiphys_reconciler::{Reconciler, new_metadata};
use tiphys_secrets::Sealer;
use tiphys_storage::{Collection, Database, StoreError};

use crate::auth::{Accounts, store_fault};
use crate::config::SettingsFile;
use crate::outside::Outside;
use crate::webhook::Secrets as WebhookSecrets;

/// Namespace in which applications and projects live.
pub const NAMESPACE: &str = "argocd";
/// The semantic version that clients' feature gates see.
pub const VERSION: &str = concat!("v3.5.0+tiphys.", env!("CARGO_PKG_VERSION"));

/// The implementation of the API.
pub struct App {
    applications: Collection<Application>,
    projects: Collection<AppProject>,
    repositories: Collection<RepositoryRecord>,
    clusters: Collection<ClusterRecord>,
    index: index::Index,
    accounts: Accounts,
    sealer: Sealer,
    outside: Arc<dyn Outside>,
    view: Reconciler,
    operations: Collection<OperationRecord>,
    settings: SettingsFile,
    webhook_secrets: WebhookSecrets,
}

impl App {
    /// Opens the collections, makes the project `default`, and starts to follow the feed.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn start(
        database: &Database,
        accounts: Accounts,
        sealer: Sealer,
        outside: Arc<dyn Outside>,
        view: Reconciler,
        settings: SettingsFile,
        webhook_secrets: WebhookSecrets,
    ) -> anyhow::Result<Self> {
        let applications = Collection::new(database.clone(), "/applications/");
        let projects = Collection::new(database.clone(), "/projects/");
        projects::ensure_default(&projects).await?;
        let index = index::Index::start(database, &applications);
        Ok(Self {
            applications,
            projects,
            repositories: Collection::new(database.clone(), "/repositories/"),
            clusters: Collection::new(database.clone(), "/clusters/"),
            index,
            accounts,
            sealer,
            outside,
            view,
            operations: Collection::new(database.clone(), tiphys_reconciler::OPERATIONS),
            settings,
            webhook_secrets,
        })
    }
}

/// The present second: what goes over the wire has no fractions.
fn now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(0)
}

/// The id of a record that is named by a URL.
fn url_id(url: &str) -> String {
    Sha256::digest(url.as_bytes())[..16]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// A fault of the store as a client sees it.
fn fault(error: StoreError) -> ApiError {
    match error {
        StoreError::Conflict { .. } => ApiError::new(
            Code::Aborted,
            "the object is being changed by others; try again",
        ),
        error => store_fault(&error),
    }
}

/// An error of an update: the store's or the caller's.
enum UpdateError {
    Store(StoreError),
    Refused(ApiError),
}

impl From<StoreError> for UpdateError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl UpdateError {
    fn into_api(self, not_found: impl FnOnce() -> ApiError) -> ApiError {
        match self {
            Self::Refused(error) => error,
            Self::Store(StoreError::NotFound { .. }) => not_found(),
            Self::Store(error) => fault(error),
        }
    }
}

impl Authenticate for App {
    async fn authenticate(&self, headers: &HeaderMap) -> Result<Session, ApiError> {
        self.accounts
            .authenticate(headers, Utc::now().timestamp())
            .await
    }
}

impl ControlPlane for App {
    async fn list_applications(
        &self,
        _caller: &Caller,
        query: ListApplicationsQuery,
    ) -> Result<Encoded<ApplicationList>, ApiError> {
        self.list_applications(query).await
    }

    async fn create_application(
        &self,
        _caller: &Caller,
        query: CreateApplicationQuery,
        body: Application,
    ) -> Result<Application, ApiError> {
        self.create_application(
            body,
            query.upsert.unwrap_or(false),
            query.validate.unwrap_or(true),
        )
        .await
    }

    async fn get_application(
        &self,
        _caller: &Caller,
        path: GetApplicationPath,
        query: GetApplicationQuery,
    ) -> Result<Encoded<Application>, ApiError> {
        self.get_application(&path.name, query).await
    }

    async fn update_application(
        &self,
        _caller: &Caller,
        path: UpdateApplicationPath,
        query: UpdateApplicationQuery,
        mut body: Application,
    ) -> Result<Application, ApiError> {
        let place = applications::Place::new(&path.name, query.app_namespace, query.project);
        body.metadata.name = path.name;
        self.update_application(place, body, query.validate.unwrap_or(true))
            .await
    }

    async fn patch_application(
        &self,
        _caller: &Caller,
        path: PatchApplicationPath,
        body: ApplicationPatchRequest,
    ) -> Result<Application, ApiError> {
        self.patch_application(&path.name, body).await
    }

    async fn delete_application(
        &self,
        _caller: &Caller,
        path: DeleteApplicationPath,
        query: DeleteApplicationQuery,
    ) -> Result<Empty, ApiError> {
        self.delete_application(&path.name, query).await
    }

    async fn update_application_spec(
        &self,
        _caller: &Caller,
        path: UpdateApplicationSpecPath,
        query: UpdateApplicationSpecQuery,
        body: ApplicationSpec,
    ) -> Result<ApplicationSpec, ApiError> {
        let place = applications::Place::new(&path.name, query.app_namespace, query.project);
        self.update_application_spec(place, body, query.validate.unwrap_or(true))
            .await
    }

    async fn sync_application(
        &self,
        caller: &Caller,
        path: SyncApplicationPath,
        body: Option<SyncRequest>,
    ) -> Result<Application, ApiError> {
        self.sync_application(caller, &path.name, body.unwrap_or_default())
            .await
    }

    async fn rollback_application(
        &self,
        caller: &Caller,
        path: RollbackApplicationPath,
        body: Option<RollbackRequest>,
    ) -> Result<Application, ApiError> {
        let body = body.ok_or_else(|| {
            ApiError::invalid("id: missing; give the number of a deployment in the history")
        })?;
        self.rollback_application(caller, &path.name, body).await
    }

    async fn terminate_operation(
        &self,
        _caller: &Caller,
        path: TerminateOperationPath,
        query: TerminateOperationQuery,
    ) -> Result<Empty, ApiError> {
        self.terminate_operation(applications::Place::new(
            &path.name,
            query.app_namespace,
            query.project,
        ))
        .await
    }

    async fn get_application_manifests(
        &self,
        _caller: &Caller,
        path: GetApplicationManifestsPath,
        query: GetApplicationManifestsQuery,
    ) -> Result<ManifestResponse, ApiError> {
        self.manifests(&path.name, query).await
    }

    async fn get_application_resource_tree(
        &self,
        _caller: &Caller,
        path: GetApplicationResourceTreePath,
        query: GetApplicationResourceTreeQuery,
    ) -> Result<ApplicationTree, ApiError> {
        self.resource_tree(&path.name, query).await
    }

    async fn list_managed_resources(
        &self,
        _caller: &Caller,
        path: ListManagedResourcesPath,
        query: ListManagedResourcesQuery,
    ) -> Result<ManagedResourcesResponse, ApiError> {
        self.managed_resources(&path.name, query).await
    }

    async fn get_application_resource(
        &self,
        _caller: &Caller,
        path: GetApplicationResourcePath,
        query: GetApplicationResourceQuery,
    ) -> Result<ApplicationResourceResponse, ApiError> {
        self.read_resource(&path.name, query).await
    }

    async fn patch_application_resource(
        &self,
        _caller: &Caller,
        path: PatchApplicationResourcePath,
        query: PatchApplicationResourceQuery,
        body: String,
    ) -> Result<ApplicationResourceResponse, ApiError> {
        self.patch_resource(&path.name, query, &body).await
    }

    async fn delete_application_resource(
        &self,
        _caller: &Caller,
        path: DeleteApplicationResourcePath,
        query: DeleteApplicationResourceQuery,
    ) -> Result<Empty, ApiError> {
        self.delete_resource(&path.name, query).await
    }

    async fn list_resource_actions(
        &self,
        _caller: &Caller,
        path: ListResourceActionsPath,
        query: ListResourceActionsQuery,
    ) -> Result<ResourceActionsListResponse, ApiError> {
        self.resource_actions(&path.name, query).await
    }

    async fn run_resource_action(
        &self,
        _caller: &Caller,
        path: RunResourceActionPath,
        query: RunResourceActionQuery,
        body: String,
    ) -> Result<Empty, ApiError> {
        let request = ResourceActionRunRequest {
            namespace: query.namespace.unwrap_or_default(),
            resource_name: query.resource_name.unwrap_or_default(),
            version: query.version.unwrap_or_default(),
            group: query.group.unwrap_or_default(),
            kind: query.kind.unwrap_or_default(),
            app_namespace: query.app_namespace.unwrap_or_default(),
            project: query.project.unwrap_or_default(),
            action: body,
            ..ResourceActionRunRequest::default()
        };
        self.act(&path.name, request).await
    }

    async fn run_resource_action_v2(
        &self,
        _caller: &Caller,
        path: RunResourceActionV2Path,
        body: ResourceActionRunRequest,
    ) -> Result<Empty, ApiError> {
        self.act(&path.name, body).await
    }

    async fn list_application_events(
        &self,
        _caller: &Caller,
        path: ListApplicationEventsPath,
        query: ListApplicationEventsQuery,
    ) -> Result<Encoded<serde_json::Value>, ApiError> {
        let events = self.events(&path.name, query).await?;
        Encoded::of(&events)
            .map_err(|_| ApiError::new(Code::Internal, "the events cannot be written as JSON"))
    }

    async fn get_application_logs(
        &self,
        _caller: &Caller,
        headers: &HeaderMap,
        path: GetApplicationLogsPath,
        query: GetApplicationLogsQuery,
    ) -> Result<http::Response<dropshot::Body>, ApiError> {
        self.logs(headers, live::application_logs(path.name, query)?)
            .await
    }

    async fn get_pod_logs(
        &self,
        _caller: &Caller,
        headers: &HeaderMap,
        path: GetPodLogsPath,
        query: GetPodLogsQuery,
    ) -> Result<http::Response<dropshot::Body>, ApiError> {
        self.logs(headers, live::pod_logs(path, query)?).await
    }

    async fn get_application_sync_windows(
        &self,
        _caller: &Caller,
        path: GetApplicationSyncWindowsPath,
        query: GetApplicationSyncWindowsQuery,
    ) -> Result<ApplicationSyncWindowsResponse, ApiError> {
        self.sync_windows(&path.name, query).await
    }

    async fn list_application_operations(
        &self,
        _caller: &Caller,
        path: ListApplicationOperationsPath,
        query: ListApplicationOperationsQuery,
    ) -> Result<OperationRecordList, ApiError> {
        self.list_operations(&path.name, query).await
    }

    async fn get_revision_metadata(
        &self,
        _caller: &Caller,
        path: GetRevisionMetadataPath,
        query: GetRevisionMetadataQuery,
    ) -> Result<RevisionMetadata, ApiError> {
        self.revision_metadata(path, query).await
    }

    async fn get_app_details(
        &self,
        _caller: &Caller,
        path: GetAppDetailsPath,
        body: RepoAppDetailsQuery,
    ) -> Result<RepoAppDetailsResponse, ApiError> {
        self.app_details(&path.repo, body).await
    }

    async fn list_projects(&self, _caller: &Caller) -> Result<ProjectList, ApiError> {
        self.list_projects().await
    }

    async fn create_project(
        &self,
        _caller: &Caller,
        query: CreateProjectQuery,
        body: ProjectRequest,
    ) -> Result<AppProject, ApiError> {
        let upsert = query.upsert.unwrap_or(body.upsert);
        self.create_project(projects::unwrap(body)?, upsert).await
    }

    async fn get_project(
        &self,
        _caller: &Caller,
        path: GetProjectPath,
    ) -> Result<AppProject, ApiError> {
        self.get_project(&path.name).await
    }

    async fn update_project(
        &self,
        _caller: &Caller,
        path: UpdateProjectPath,
        body: ProjectRequest,
    ) -> Result<AppProject, ApiError> {
        self.update_project(&path.name, projects::unwrap(body)?)
            .await
    }

    async fn delete_project(
        &self,
        _caller: &Caller,
        path: DeleteProjectPath,
    ) -> Result<Empty, ApiError> {
        self.delete_project(&path.name).await
    }

    async fn list_repositories(
        &self,
        _caller: &Caller,
        query: ListRepositoriesQuery,
    ) -> Result<RepositoryListOutput, ApiError> {
        self.list_repositories(query).await
    }

    async fn create_repository(
        &self,
        _caller: &Caller,
        query: CreateRepositoryQuery,
        body: Repository,
    ) -> Result<RepositoryOutput, ApiError> {
        self.create_repository(body, query.upsert.unwrap_or(false))
            .await
    }

    async fn get_repository(
        &self,
        _caller: &Caller,
        path: GetRepositoryPath,
        query: GetRepositoryQuery,
    ) -> Result<RepositoryOutput, ApiError> {
        self.get_repository(
            &path.repo,
            query.app_project,
            query.force_refresh.unwrap_or(false),
        )
        .await
    }

    async fn update_repository(
        &self,
        _caller: &Caller,
        path: UpdateRepositoryPath,
        query: UpdateRepositoryQuery,
        body: Repository,
    ) -> Result<RepositoryOutput, ApiError> {
        self.update_repository(&path.repo, query.app_project, body)
            .await
    }

    async fn delete_repository(
        &self,
        _caller: &Caller,
        path: DeleteRepositoryPath,
        query: DeleteRepositoryQuery,
    ) -> Result<Empty, ApiError> {
        self.delete_repository(&path.repo, query.app_project).await
    }

    async fn list_clusters(
        &self,
        _caller: &Caller,
        query: ListClustersQuery,
    ) -> Result<ClusterListOutput, ApiError> {
        self.list_clusters(query).await
    }

    async fn create_cluster(
        &self,
        _caller: &Caller,
        query: CreateClusterQuery,
        body: Cluster,
    ) -> Result<ClusterOutput, ApiError> {
        self.create_cluster(body, query.upsert.unwrap_or(false))
            .await
    }

    async fn get_cluster(
        &self,
        _caller: &Caller,
        path: GetClusterPath,
        query: GetClusterQuery,
    ) -> Result<ClusterOutput, ApiError> {
        self.get_cluster(&path.id_value, query.id_type.as_deref())
            .await
    }

    async fn update_cluster(
        &self,
        _caller: &Caller,
        path: UpdateClusterPath,
        query: UpdateClusterQuery,
        body: Cluster,
    ) -> Result<ClusterOutput, ApiError> {
        self.update_cluster(&path.id_value, query, body).await
    }

    async fn delete_cluster(
        &self,
        _caller: &Caller,
        path: DeleteClusterPath,
        query: DeleteClusterQuery,
    ) -> Result<Empty, ApiError> {
        self.delete_cluster(&path.id_value, query.id_type.as_deref())
            .await
    }

    async fn create_session(
        &self,
        body: CreateSessionRequest,
    ) -> Result<WithCookies<SessionResponse>, ApiError> {
        self.create_session(body).await
    }

    async fn delete_session(&self, headers: &HeaderMap) -> Result<WithCookies<Empty>, ApiError> {
        self.delete_session(headers).await
    }

    async fn get_user_info(&self, caller: Option<&Caller>) -> Result<UserInfo, ApiError> {
        Ok(session::user_info(caller))
    }

    async fn update_password(
        &self,
        caller: &Caller,
        body: UpdatePasswordRequest,
    ) -> Result<Empty, ApiError> {
        self.accounts
            .change_password(
                caller,
                &body.name,
                &body.current_password,
                &body.new_password,
            )
            .await?;
        Ok(Empty::default())
    }

    async fn get_version(&self, caller: Option<&Caller>) -> Result<VersionMessage, ApiError> {
        Ok(session::version(caller))
    }

    async fn get_settings(&self, caller: Option<&Caller>) -> Result<Settings, ApiError> {
        Ok(session::settings(
            &self.settings,
            self.view.tracking(),
            caller,
        ))
    }

    async fn get_api_version(&self, caller: Option<&Caller>) -> Result<VersionMessage, ApiError> {
        Ok(session::version(caller))
    }

    async fn receive_webhook(
        &self,
        headers: &HeaderMap,
        body: bytes::Bytes,
    ) -> Result<Empty, ApiError> {
        webhook::receive(self, headers, &body)
    }

    async fn get_open_api(&self) -> Result<Encoded<serde_json::Value>, ApiError> {
        serde_json::value::RawValue::from_string(OPENAPI.to_owned())
            .map(Encoded::new)
            .map_err(|_| ApiError::new(Code::Internal, "the embedded document is no JSON"))
    }

    async fn get_health(&self) -> Result<String, ApiError> {
        Ok("ok".to_owned())
    }

    async fn get_readiness(&self) -> Result<String, ApiError> {
        if self.index.is_ready() {
            Ok("ok".to_owned())
        } else {
            Err(ApiError::new(
                Code::Unavailable,
                "the applications are still being read from the store",
            ))
        }
    }
}
