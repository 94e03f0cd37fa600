//! Repositories. Credentials are sealed before they are stored, and no answer has a field for them.

use tiphys_api::{ApiError, Code, ListRepositoriesQuery};
use tiphys_model::stored::{RepositoryCredentials, RepositoryRecord};
use tiphys_model::*;
use tiphys_storage::StoreError;

use super::{App, fault, now, url_id};

/// The URL without what does not tell repositories apart: case of the host, `.git`, a trailing slash, and whether SSH is
/// written as a URL or in the form of scp.
pub(super) fn normalise_url(url: &str) -> String {
    let url = url.trim().trim_end_matches('/');
    let url = url.strip_suffix(".git").unwrap_or(url);
    let (scheme, rest) = match url.split_once("://") {
        Some((scheme, rest)) => (scheme.to_ascii_lowercase(), rest.to_owned()),
        None => match url.split_once(':') {
            Some((host, path)) if !host.contains('/') => (
                "ssh".to_owned(),
                format!("{host}/{}", path.trim_start_matches('/')),
            ),
            _ => return url.to_owned(),
        },
    };
    let (host, path) = rest.split_once('/').unwrap_or((&rest, ""));
    format!("{scheme}://{}/{path}", host.to_ascii_lowercase())
}

fn id(project: &str, url: &str) -> String {
    format!("{project}/{}", url_id(&normalise_url(url)))
}

fn not_found(url: &str) -> ApiError {
    ApiError::not_found(format!(
        "repository \"{}\" not found",
        tiphys_api::body::shorten(url)
    ))
}

/// Splits what a client wrote into what may be shown and what is sealed.
fn split(body: Repository) -> Result<(RepositoryOutput, RepositoryCredentials), ApiError> {
    for (field, given) in [
        (
            "gcpServiceAccountKey",
            !body.gcp_service_account_key.is_empty(),
        ),
        (
            "azureServicePrincipalClientSecret",
            !body.azure_service_principal_client_secret.is_empty(),
        ),
    ] {
        if given {
            return Err(ApiError::new(
                Code::InvalidArgument,
                format!(
                    "{field}: this kind of credential is not supported; use a token, a password or an SSH key"
                ),
            ));
        }
    }
    let credentials = RepositoryCredentials {
        password: body.password.to_string(),
        bearer_token: body.bearer_token.to_string(),
        ssh_private_key: body.ssh_private_key.to_string(),
        tls_client_cert_key: body.tls_client_cert_key.to_string(),
        github_app_private_key: body.github_app_private_key.to_string(),
    };
    let shown = RepositoryOutput {
        type_: if body.type_.is_empty() {
            if body.repo.starts_with("oci://") {
                "oci".to_owned()
            } else {
                "git".to_owned()
            }
        } else {
            body.type_
        },
        repo: body.repo,
        name: body.name,
        project: body.project,
        username: body.username,
        insecure: body.insecure,
        insecure_ignore_host_key: body.insecure_ignore_host_key,
        tls_client_cert_data: body.tls_client_cert_data,
        github_app_id: body.github_app_id,
        github_app_installation_id: body.github_app_installation_id,
        github_app_enterprise_base_url: body.github_app_enterprise_base_url,
        enable_lfs: body.enable_lfs,
        enable_oci: body.enable_oci,
        insecure_oci_force_http: body.insecure_oci_force_http,
        force_http_basic_auth: body.force_http_basic_auth,
        proxy: body.proxy,
        no_proxy: body.no_proxy,
        depth: body.depth,
        ..RepositoryOutput::default()
    };
    Ok((shown, credentials))
}

fn check(repository: &RepositoryOutput) -> Result<(), ApiError> {
    let url = &repository.repo;
    if url.trim().is_empty() {
        return Err(ApiError::invalid(
            "repo: empty; give the URL of the repository",
        ));
    }
    if url
        .chars()
        .any(|character| character.is_control() || character.is_whitespace())
    {
        return Err(ApiError::invalid(
            "repo: the URL holds spaces or control characters",
        ));
    }
    let user = url.split_once("://").and_then(|(_, rest)| {
        let authority = rest.split('/').next().unwrap_or_default();
        authority.rsplit_once('@').map(|(user, _)| user)
    });
    if user.is_some_and(|user| user.contains(':')) {
        return Err(ApiError::invalid(
            "repo: the URL holds a password; send it as `password`, where it is sealed",
        ));
    }
    match repository.type_.as_str() {
        "git" | "helm" | "oci" => Ok(()),
        other => Err(ApiError::invalid(format!(
            "type: `{}` is unknown; use git, helm or oci",
            tiphys_api::body::shorten(other)
        ))),
    }
}

impl App {
    async fn find_repository(
        &self,
        url: &str,
        project: Option<String>,
    ) -> Result<(String, RepositoryRecord), ApiError> {
        let wanted = normalise_url(url);
        let listing = self.repositories.list().await.map_err(fault)?;
        let mut found = listing.items.into_iter().filter(|stored| {
            let repository = &stored.value.repository;
            normalise_url(&repository.repo) == wanted
                && project
                    .as_deref()
                    .is_none_or(|project| project == repository.project)
        });
        match (found.next(), found.next()) {
            (None, _) => Err(not_found(url)),
            (Some(stored), None) => Ok((
                id(
                    &stored.value.repository.project,
                    &stored.value.repository.repo,
                ),
                stored.value,
            )),
            _ => Err(ApiError::invalid(
                "several repositories have this URL; name the project with `appProject`",
            )),
        }
    }

    fn open_repository(
        &self,
        id: &str,
        record: &RepositoryRecord,
    ) -> Result<RepositoryCredentials, ApiError> {
        if record.credentials.is_empty() {
            return Ok(RepositoryCredentials::default());
        }
        let opened = self
            .sealer
            .open(&format!("/repositories/{id}"), &record.credentials)
            .map_err(|error| ApiError::new(Code::Internal, error.to_string()))?;
        serde_json::from_str(opened.expose()).map_err(|_| {
            ApiError::new(
                Code::Internal,
                "the sealed credentials of the repository are damaged; register it again",
            )
        })
    }

    fn seal_repository(
        &self,
        id: &str,
        credentials: &RepositoryCredentials,
    ) -> Result<String, ApiError> {
        if credentials.is_empty() {
            return Ok(String::new());
        }
        let text = serde_json::to_string(credentials)
            .map_err(|_| ApiError::new(Code::Internal, "the credentials have no JSON"))?;
        self.sealer
            .seal(&format!("/repositories/{id}"), &text)
            .map_err(|error| ApiError::new(Code::Internal, error.to_string()))
    }

    /// Tests the connection now.
    async fn tested(
        &self,
        repository: &RepositoryOutput,
        credentials: &RepositoryCredentials,
    ) -> ConnectionState {
        let result = self.outside.test_repository(repository, credentials).await;
        ConnectionState {
            status: if result.is_ok() {
                "Successful"
            } else {
                "Failed"
            }
            .to_owned(),
            message: result.err().unwrap_or_default(),
            attempted_at: Some(now()),
        }
    }

    pub(super) async fn list_repositories(
        &self,
        query: ListRepositoriesQuery,
    ) -> Result<RepositoryListOutput, ApiError> {
        let listing = self.repositories.list().await.map_err(fault)?;
        let mut items = Vec::new();
        for stored in listing.items {
            let repository = &stored.value.repository;
            let wanted = query
                .repo
                .as_deref()
                .is_none_or(|url| normalise_url(url) == normalise_url(&repository.repo))
                && query
                    .app_project
                    .as_deref()
                    .is_none_or(|project| project == repository.project);
            if !wanted {
                continue;
            }
            let mut shown = repository.clone();
            if query.force_refresh.unwrap_or(false) {
                let id = id(&shown.project, &shown.repo);
                shown = self.test_stored(&id, &stored.value).await?;
            }
            items.push(shown);
        }
        items.sort_by(|a, b| (&a.project, &a.repo).cmp(&(&b.project, &b.repo)));
        Ok(RepositoryListOutput {
            metadata: ListMeta {
                resource_version: listing.revision.to_string(),
            },
            items,
        })
    }

    /// Tests a stored repository, and keeps what the test saw.
    async fn test_stored(
        &self,
        id: &str,
        record: &RepositoryRecord,
    ) -> Result<RepositoryOutput, ApiError> {
        let credentials = self.open_repository(id, record)?;
        let state = self.tested(&record.repository, &credentials).await;
        let mut shown = record.repository.clone();
        shown.connection_state = Some(state.clone());
        let kept: Result<_, StoreError> = self
            .repositories
            .update(id, |record| {
                record.repository.connection_state = Some(state.clone());
                Ok(())
            })
            .await;
        match kept {
            Ok(_) | Err(StoreError::NotFound { .. }) => Ok(shown),
            Err(error) => Err(fault(error)),
        }
    }

    pub(super) async fn get_repository(
        &self,
        url: &str,
        project: Option<String>,
        refresh: bool,
    ) -> Result<RepositoryOutput, ApiError> {
        let (id, record) = self.find_repository(url, project).await?;
        if refresh {
            self.test_stored(&id, &record).await
        } else {
            Ok(record.repository)
        }
    }

    pub(super) async fn create_repository(
        &self,
        body: Repository,
        upsert: bool,
    ) -> Result<RepositoryOutput, ApiError> {
        let (repository, credentials) = split(body)?;
        check(&repository)?;
        let id = id(&repository.project, &repository.repo);
        if let Some(stored) = self.repositories.get(&id).await.map_err(fault)? {
            let mut old = stored.value.repository.clone();
            old.connection_state = None;
            if old == repository && self.open_repository(&id, &stored.value)? == credentials {
                return Ok(brief(&repository));
            }
            if !upsert {
                return Err(ApiError::invalid(
                    "existing repository spec is different; use upsert flag to force update",
                ));
            }
        }
        self.store_repository(&id, repository, credentials).await
    }

    /// Tests the connection, and stores the repository only when it answers.
    async fn store_repository(
        &self,
        id: &str,
        mut repository: RepositoryOutput,
        credentials: RepositoryCredentials,
    ) -> Result<RepositoryOutput, ApiError> {
        let state = self.tested(&repository, &credentials).await;
        if state.status != "Successful" {
            return Err(ApiError::invalid(format!(
                "error testing repository connectivity: {}",
                state.message
            )));
        }
        repository.connection_state = Some(state);
        let record = RepositoryRecord {
            credentials: self.seal_repository(id, &credentials)?,
            repository,
        };
        self.repositories.put(id, &record).await.map_err(fault)?;
        Ok(brief(&record.repository))
    }

    pub(super) async fn update_repository(
        &self,
        url: &str,
        project: Option<String>,
        body: Repository,
    ) -> Result<RepositoryOutput, ApiError> {
        let (id, record) = self.find_repository(url, project).await?;
        let (mut repository, mut credentials) = split(body)?;
        repository.repo.clone_from(&record.repository.repo);
        repository.project.clone_from(&record.repository.project);
        check(&repository)?;
        if credentials.is_empty() {
            credentials = self.open_repository(&id, &record)?;
        }
        self.store_repository(&id, repository, credentials).await
    }

    pub(super) async fn delete_repository(
        &self,
        url: &str,
        project: Option<String>,
    ) -> Result<Empty, ApiError> {
        let (id, _) = self.find_repository(url, project).await?;
        self.repositories.delete(&id, None).await.map_err(fault)?;
        Ok(Empty::default())
    }
}

/// What a write answers: enough to know which repository it was.
fn brief(repository: &RepositoryOutput) -> RepositoryOutput {
    RepositoryOutput {
        repo: repository.repo.clone(),
        type_: repository.type_.clone(),
        name: repository.name.clone(),
        project: repository.project.clone(),
        connection_state: repository.connection_state.clone(),
        ..RepositoryOutput::default()
    }
}
