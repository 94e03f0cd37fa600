//! Clusters. Credentials are sealed before they are stored, and no answer has a field for them.

use tiphys_api::{ApiError, Code, ListClustersQuery, UpdateClusterQuery};
use tiphys_model::stored::{ClusterCredentials, ClusterRecord};
use tiphys_model::*;

use super::{App, fault, url_id};

/// URL of the cluster that the server itself uses.
pub(super) const IN_CLUSTER: &str = "https://kubernetes.default.svc";
/// Name of that cluster.
pub(super) const IN_CLUSTER_NAME: &str = "in-cluster";

fn not_found(what: &str) -> ApiError {
    ApiError::not_found(format!(
        "cluster \"{}\" not found",
        tiphys_api::body::shorten(what)
    ))
}

fn split(body: Cluster) -> Result<(ClusterOutput, ClusterCredentials), ApiError> {
    let config = body.config.unwrap_or_default();
    if config.exec_provider_config.is_some() || config.aws_auth_config.is_some() {
        return Err(ApiError::new(
            Code::InvalidArgument,
            "config: credential programs are not run; use a bearer token or a client certificate",
        ));
    }
    let tls = config.tls_client_config.unwrap_or_default();
    let credentials = ClusterCredentials {
        password: config.password.to_string(),
        bearer_token: config.bearer_token.to_string(),
        cert_data: tls.cert_data.to_string(),
        key_data: tls.key_data.to_string(),
    };
    let shown = ClusterOutput {
        server: body.server.trim_end_matches('/').to_owned(),
        name: body.name,
        config: Some(ClusterConfigOutput {
            username: config.username,
            tls_client_config: Some(TlsClientConfigOutput {
                insecure: tls.insecure,
                server_name: tls.server_name,
                ca_data: tls.ca_data,
            }),
            proxy_url: config.proxy_url,
            disable_compression: config.disable_compression,
            ..ClusterConfigOutput::default()
        }),
        namespaces: body.namespaces,
        cluster_resources: body.cluster_resources,
        project: body.project,
        labels: body.labels,
        annotations: body.annotations,
        ..ClusterOutput::default()
    };
    Ok((shown, credentials))
}

impl App {
    pub(super) async fn stored_clusters(&self) -> Result<Vec<ClusterRecord>, ApiError> {
        let listing = self.clusters.list().await.map_err(fault)?;
        Ok(listing
            .items
            .into_iter()
            .map(|stored| stored.value)
            .collect())
    }

    fn in_cluster() -> ClusterOutput {
        ClusterOutput {
            server: IN_CLUSTER.to_owned(),
            name: IN_CLUSTER_NAME.to_owned(),
            config: Some(ClusterConfigOutput {
                tls_client_config: Some(TlsClientConfigOutput::default()),
                ..ClusterConfigOutput::default()
            }),
            ..ClusterOutput::default()
        }
    }

    /// The cluster with what is known of it.
    async fn observed(&self, mut cluster: ClusterOutput) -> ClusterOutput {
        let mut info = self.outside.cluster_info(&cluster.server).await;
        let (_, entries) = self.index.current().await;
        let here = entries.values().filter(|entry| {
            let destination = &entry.application.spec.destination;
            destination.server.trim_end_matches('/') == cluster.server
                || (!cluster.name.is_empty() && destination.name == cluster.name)
        });
        info.applications_count = i64::try_from(here.count()).unwrap_or(i64::MAX);
        cluster.server_version.clone_from(&info.server_version);
        cluster.connection_state = Some(info.connection_state.clone());
        cluster.info = Some(info);
        cluster
    }

    pub(super) async fn list_clusters(
        &self,
        query: ListClustersQuery,
    ) -> Result<ClusterListOutput, ApiError> {
        let mut all: Vec<ClusterOutput> = self
            .stored_clusters()
            .await?
            .into_iter()
            .map(|record| record.cluster)
            .collect();
        if !all.iter().any(|cluster| cluster.server == IN_CLUSTER) {
            all.push(Self::in_cluster());
        }
        all.sort_by(|a, b| (&a.name, &a.server).cmp(&(&b.name, &b.server)));
        let mut items = Vec::new();
        for cluster in all {
            let is = |wanted: &Option<String>, value: &str| {
                wanted.as_deref().is_none_or(|wanted| wanted == value)
            };
            let by_id = query
                .id_value
                .as_deref()
                .is_none_or(|value| named(&cluster, value, query.id_type.as_deref()));
            if is(&query.server, &cluster.server) && is(&query.name, &cluster.name) && by_id {
                items.push(self.observed(cluster).await);
            }
        }
        Ok(ClusterListOutput {
            metadata: ListMeta::default(),
            items,
        })
    }

    async fn find_cluster(
        &self,
        value: &str,
        kind: Option<&str>,
    ) -> Result<ClusterRecord, ApiError> {
        self.stored_clusters()
            .await?
            .into_iter()
            .find(|record| named(&record.cluster, value, kind))
            .ok_or_else(|| not_found(value))
    }

    pub(super) async fn get_cluster(
        &self,
        value: &str,
        kind: Option<&str>,
    ) -> Result<ClusterOutput, ApiError> {
        let cluster = match self.find_cluster(value, kind).await {
            Ok(record) => record.cluster,
            Err(_) if named(&Self::in_cluster(), value, kind) => Self::in_cluster(),
            Err(error) => return Err(error),
        };
        Ok(self.observed(cluster).await)
    }

    pub(super) async fn create_cluster(
        &self,
        body: Cluster,
        upsert: bool,
    ) -> Result<ClusterOutput, ApiError> {
        let (cluster, credentials) = split(body)?;
        check(&cluster)?;
        let id = url_id(&cluster.server);
        if let Some(stored) = self.clusters.get(&id).await.map_err(fault)? {
            if stored.value.cluster == cluster
                && self.open_cluster(&id, &stored.value)? == credentials
            {
                return Ok(self.observed(stored.value.cluster).await);
            }
            if !upsert {
                return Err(ApiError::invalid(
                    "existing cluster spec is different; use upsert flag to force update",
                ));
            }
        }
        self.store_cluster(&id, cluster, credentials).await
    }

    /// Contacts the cluster, and stores it only when it answers.
    async fn store_cluster(
        &self,
        id: &str,
        cluster: ClusterOutput,
        credentials: ClusterCredentials,
    ) -> Result<ClusterOutput, ApiError> {
        let version = self
            .outside
            .test_cluster(&cluster, &credentials)
            .await
            .map_err(|reason| {
                ApiError::invalid(format!(
                    "cluster {} cannot be reached: {reason}",
                    cluster.server
                ))
            })?;
        let sealed = if credentials.is_empty() {
            String::new()
        } else {
            let text = serde_json::to_string(&credentials)
                .map_err(|_| ApiError::new(Code::Internal, "the credentials have no JSON"))?;
            self.sealer
                .seal(&format!("/clusters/{id}"), &text)
                .map_err(|error| ApiError::new(Code::Internal, error.to_string()))?
        };
        let record = ClusterRecord {
            cluster,
            credentials: sealed,
        };
        self.clusters.put(id, &record).await.map_err(fault)?;
        let mut shown = self.observed(record.cluster).await;
        // The test was a moment ago; whoever watches the cluster may not know of it yet.
        let tested = ConnectionState {
            status: "Successful".to_owned(),
            message: String::new(),
            attempted_at: Some(super::now()),
        };
        let version = version.trim_start_matches('v');
        version.clone_into(&mut shown.server_version);
        if let Some(info) = &mut shown.info {
            version.clone_into(&mut info.server_version);
            info.connection_state = tested.clone();
        }
        shown.connection_state = Some(tested);
        Ok(shown)
    }

    fn open_cluster(
        &self,
        id: &str,
        record: &ClusterRecord,
    ) -> Result<ClusterCredentials, ApiError> {
        if record.credentials.is_empty() {
            return Ok(ClusterCredentials::default());
        }
        let opened = self
            .sealer
            .open(&format!("/clusters/{id}"), &record.credentials)
            .map_err(|error| ApiError::new(Code::Internal, error.to_string()))?;
        serde_json::from_str(opened.expose()).map_err(|_| {
            ApiError::new(
                Code::Internal,
                "the sealed credentials of the cluster are damaged; register it again",
            )
        })
    }

    pub(super) async fn update_cluster(
        &self,
        value: &str,
        query: UpdateClusterQuery,
        body: Cluster,
    ) -> Result<ClusterOutput, ApiError> {
        let record = self.find_cluster(value, query.id_type.as_deref()).await?;
        let id = url_id(&record.cluster.server);
        let (given, mut credentials) = split(body)?;
        let mut cluster = record.cluster.clone();
        let fields = &query.updated_fields;
        let wanted = |field: &str| fields.is_empty() || fields.iter().any(|name| name == field);
        for field in fields {
            if ![
                "name",
                "namespaces",
                "config",
                "clusterResources",
                "labels",
                "annotations",
                "project",
            ]
            .contains(&field.as_str())
            {
                return Err(ApiError::invalid(format!(
                    "updatedFields: `{}` cannot be updated",
                    tiphys_api::body::shorten(field)
                )));
            }
        }
        if wanted("name") {
            cluster.name = given.name;
        }
        if wanted("namespaces") {
            cluster.namespaces = given.namespaces;
        }
        if wanted("clusterResources") {
            cluster.cluster_resources = given.cluster_resources;
        }
        if wanted("labels") {
            cluster.labels = given.labels;
        }
        if wanted("annotations") {
            cluster.annotations = given.annotations;
        }
        if wanted("project") {
            cluster.project = given.project;
        }
        if wanted("config") {
            cluster.config = given.config;
        }
        if !wanted("config") || credentials.is_empty() {
            credentials = self.open_cluster(&id, &record)?;
        }
        self.store_cluster(&id, cluster, credentials).await
    }

    pub(super) async fn delete_cluster(
        &self,
        value: &str,
        kind: Option<&str>,
    ) -> Result<Empty, ApiError> {
        let record = self.find_cluster(value, kind).await?;
        self.clusters
            .delete(&url_id(&record.cluster.server), None)
            .await
            .map_err(fault)?;
        Ok(Empty::default())
    }
}

/// Whether a value names the cluster.
fn named(cluster: &ClusterOutput, value: &str, kind: Option<&str>) -> bool {
    match kind {
        Some("name") => cluster.name == value,
        // The name is percent-encoded once more than the path.
        Some("name_escaped") => cluster.name == value.replace("%2F", "/").replace("%2f", "/"),
        _ => cluster.server == value.trim_end_matches('/'),
    }
}

fn check(cluster: &ClusterOutput) -> Result<(), ApiError> {
    let rest = cluster
        .server
        .strip_prefix("https://")
        .or_else(|| cluster.server.strip_prefix("http://"));
    match rest {
        Some(rest)
            if !rest.is_empty()
                && !rest.contains(|character: char| {
                    character.is_whitespace() || character.is_control() || character == '@'
                }) =>
        {
            Ok(())
        }
        _ => Err(ApiError::invalid(
            "server: give the URL of the API server, such as https://10.0.0.1:6443, without credentials",
        )),
    }
}
