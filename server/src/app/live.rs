//! The live objects of an application: tree, differences, one object, events, logs.

use std::time::Duration;

use dropshot::Body;
use http::{HeaderMap, HeaderValue, Response, header};
use http_body_util::StreamBody;
use hyper::body::Frame;
use serde_json::{Value, json};
use tiphys_api::*;
use tiphys_model::*;
use tiphys_reconciler::Reconciler;
use tiphys_reconciler::cluster::ClusterError;
use tiphys_reconciler::view::{Filter, Lines, LogLine, LogRequest, Removal, ViewError};
use tokio_stream::wrappers::ReceiverStream;

use super::App;
use super::applications::Place;

/// Time between two signs of life in a stream of events.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// Operations that are events of an application.
const OPERATIONS: usize = 50;

/// The fault of a view as the API shows it.
pub(super) fn view_fault(error: ViewError) -> ApiError {
    let message = error.to_string();
    let code = match &error {
        ViewError::NotPart { .. } | ViewError::Invalid(_) => Code::InvalidArgument,
        ViewError::Application(_) => Code::FailedPrecondition,
        ViewError::Cluster(ClusterError::Refused { code, .. }) => match code {
            403 => Code::PermissionDenied,
            404 => Code::NotFound,
            409 => Code::Aborted,
            400..=499 => Code::InvalidArgument,
            _ => Code::Internal,
        },
        ViewError::Cluster(ClusterError::Timeout { .. }) => Code::DeadlineExceeded,
        ViewError::Cluster(ClusterError::UnknownKind { .. }) => Code::InvalidArgument,
        ViewError::Cluster(_) => Code::Unavailable,
    };
    ApiError::new(code, message)
}

fn some(text: Option<String>) -> String {
    text.unwrap_or_default()
}

/// A whole number in a query.
pub(super) fn number(name: &str, text: Option<&str>) -> Result<Option<i64>, ApiError> {
    text.map(|text| {
        text.parse().map_err(|_| {
            ApiError::invalid(format!(
                "query parameter `{name}`: expected a whole number, not `{}`",
                tiphys_api::body::shorten(text)
            ))
        })
    })
    .transpose()
}

fn time(name: &str, text: Option<&str>) -> Result<Option<chrono::DateTime<chrono::Utc>>, ApiError> {
    text.map(|text| {
        chrono::DateTime::parse_from_rfc3339(text)
            .map(|time| time.with_timezone(&chrono::Utc))
            .map_err(|_| {
                ApiError::invalid(format!(
                    "query parameter `{name}`: expected a time such as 2026-01-02T03:04:05Z, not `{}`",
                    tiphys_api::body::shorten(text)
                ))
            })
    })
    .transpose()
}

/// The object that a query names. Which version it has does not tell objects apart.
pub(super) fn key(
    group: Option<String>,
    kind: Option<String>,
    namespace: Option<String>,
    name: Option<String>,
) -> Result<ResourceKey, ApiError> {
    let key = ResourceKey {
        group: some(group),
        kind: some(kind),
        namespace: some(namespace),
        name: some(name),
    };
    if key.kind.is_empty() || key.name.is_empty() {
        return Err(ApiError::invalid(
            "kind and resourceName: name the object, with its group and namespace",
        ));
    }
    Ok(key)
}

impl App {
    /// The application that a request is about.
    pub(super) async fn placed(
        &self,
        name: &str,
        namespace: Option<String>,
        project: Option<String>,
    ) -> Result<Application, ApiError> {
        let place = Place::new(name, namespace, project);
        let stored = self
            .applications
            .get(&place.id())
            .await
            .map_err(super::fault)?;
        let application = stored.ok_or_else(|| place.not_found())?.value;
        place.check(&application)?;
        Ok(application)
    }

    pub(super) async fn resource_tree(
        &self,
        name: &str,
        query: GetApplicationResourceTreeQuery,
    ) -> Result<ApplicationTree, ApiError> {
        let application = self
            .placed(name, query.app_namespace, query.project)
            .await?;
        let filter = Filter {
            namespace: some(query.namespace),
            name: some(query.resource_name),
            group: some(query.group),
            version: some(query.version),
            kind: some(query.kind),
        };
        self.view
            .tree(&application, &filter)
            .await
            .map_err(view_fault)
    }

    pub(super) async fn managed_resources(
        &self,
        name: &str,
        query: ListManagedResourcesQuery,
    ) -> Result<ManagedResourcesResponse, ApiError> {
        let application = self
            .placed(name, query.app_namespace, query.project)
            .await?;
        let filter = Filter {
            namespace: some(query.namespace),
            name: some(query.resource_name),
            group: some(query.group),
            version: some(query.version),
            kind: some(query.kind),
        };
        self.view
            .managed(&application, &filter)
            .await
            .map_err(view_fault)
    }

    pub(super) async fn read_resource(
        &self,
        name: &str,
        query: GetApplicationResourceQuery,
    ) -> Result<ApplicationResourceResponse, ApiError> {
        let key = key(
            query.group,
            query.kind,
            query.namespace,
            query.resource_name,
        )?;
        let application = self
            .placed(name, query.app_namespace, query.project)
            .await?;
        let manifest = self
            .view
            .resource_text(&application, &key)
            .await
            .map_err(view_fault)?;
        Ok(ApplicationResourceResponse { manifest })
    }

    pub(super) async fn patch_resource(
        &self,
        name: &str,
        query: PatchApplicationResourceQuery,
        patch: &str,
    ) -> Result<ApplicationResourceResponse, ApiError> {
        let key = key(
            query.group,
            query.kind,
            query.namespace,
            query.resource_name,
        )?;
        let application = self
            .placed(name, query.app_namespace, query.project)
            .await?;
        let kind = some(query.patch_type);
        let manifest = self
            .view
            .patch_resource(&application, &key, patch, &kind)
            .await
            .map_err(view_fault)?;
        Ok(ApplicationResourceResponse { manifest })
    }

    pub(super) async fn delete_resource(
        &self,
        name: &str,
        query: DeleteApplicationResourceQuery,
    ) -> Result<Empty, ApiError> {
        let key = key(
            query.group,
            query.kind,
            query.namespace,
            query.resource_name,
        )?;
        let application = self
            .placed(name, query.app_namespace, query.project)
            .await?;
        let removal = Removal {
            force: query.force.unwrap_or(false),
            orphan: query.orphan.unwrap_or(false),
        };
        self.view
            .delete_resource(&application, &key, removal)
            .await
            .map_err(view_fault)?;
        Ok(Empty::default())
    }

    pub(super) async fn events(
        &self,
        name: &str,
        query: ListApplicationEventsQuery,
    ) -> Result<Value, ApiError> {
        let application = self
            .placed(name, query.app_namespace, query.project)
            .await?;
        let (namespace, object, uid) = (
            some(query.resource_namespace),
            some(query.resource_name),
            some(query.resource_uid),
        );
        if object.is_empty() && uid.is_empty() {
            let name = &application.metadata.name;
            let ended = self.ended_operations(name, i64::MAX, OPERATIONS).await?;
            return Ok(Reconciler::own_events(&application, &ended));
        }
        self.view
            .events(&application, &namespace, &object, &uid)
            .await
            .map_err(view_fault)
    }

    pub(super) async fn revision_metadata(
        &self,
        path: GetRevisionMetadataPath,
        query: GetRevisionMetadataQuery,
    ) -> Result<RevisionMetadata, ApiError> {
        let application = self
            .placed(&path.name, query.app_namespace, query.project)
            .await?;
        let index = number("sourceIndex", query.source_index.as_deref())?.unwrap_or(0);
        let version = number("versionId", query.version_id.as_deref())?;
        let history = application.status.iter().flat_map(|status| &status.history);
        let deployed = history.into_iter().find(|entry| Some(entry.id) == version);
        let (single, several) = match deployed {
            Some(entry) => (entry.source.clone(), entry.sources.clone()),
            None => (
                application.spec.source.clone(),
                application.spec.sources.clone(),
            ),
        };
        let position = usize::try_from(index).unwrap_or(usize::MAX);
        let source = match several.get(position) {
            Some(source) => Some(source.clone()),
            None => single.filter(|_| several.is_empty() && position == 0),
        };
        let source = source.ok_or_else(|| {
            ApiError::invalid(format!(
                "sourceIndex: the application has no source {index}"
            ))
        })?;
        self.view
            .revision_metadata(&application.spec.project, &source, &path.revision)
            .await
            .map_err(|error| ApiError::new(Code::FailedPrecondition, error.to_string()))
    }
}

impl App {
    pub(super) async fn resource_actions(
        &self,
        name: &str,
        query: ListResourceActionsQuery,
    ) -> Result<ResourceActionsListResponse, ApiError> {
        let key = key(
            query.group,
            query.kind,
            query.namespace,
            query.resource_name,
        )?;
        let application = self
            .placed(name, query.app_namespace, query.project)
            .await?;
        let found = self
            .view
            .actions(&application, &key)
            .await
            .map_err(view_fault)?;
        let actions = found
            .into_iter()
            .map(|action| ResourceAction {
                name: action.name,
                display_name: action.display_name,
                icon_class: action.icon_class,
                disabled: action.disabled,
                params: action
                    .parameters
                    .into_iter()
                    .map(|parameter| ResourceActionParam {
                        name: parameter.name,
                        default: parameter.default,
                        ..ResourceActionParam::default()
                    })
                    .collect(),
            })
            .collect();
        Ok(ResourceActionsListResponse { actions })
    }

    pub(super) async fn act(
        &self,
        name: &str,
        request: ResourceActionRunRequest,
    ) -> Result<Empty, ApiError> {
        let filled = |text: String| Some(text).filter(|text| !text.is_empty());
        let key = key(
            filled(request.group),
            filled(request.kind),
            filled(request.namespace),
            filled(request.resource_name),
        )?;
        let application = self
            .placed(name, filled(request.app_namespace), filled(request.project))
            .await?;
        let parameters: Vec<(String, Value)> = request
            .resource_action_parameters
            .into_iter()
            .map(|parameter| (parameter.name, Value::String(parameter.value)))
            .collect();
        self.view
            .act(&application, &key, &request.action, &parameters)
            .await
            .map_err(view_fault)?;
        Ok(Empty::default())
    }
}

/// What a client wants of the logs, whichever of the two operations it calls.
pub(super) struct LogQuery {
    pub name: String,
    pub namespace: Option<String>,
    pub project: Option<String>,
    pub request: LogRequest,
    pub download: bool,
}

/// Reads the query of either operation; both have the same parameters.
macro_rules! log_query {
    ($name:expr, $pod:expr, $query:expr) => {{
        let query = $query;
        let request = LogRequest {
            object: ResourceKey {
                group: query.group.unwrap_or_default(),
                kind: query.kind.unwrap_or_default(),
                namespace: query.namespace.unwrap_or_default(),
                name: query.resource_name.unwrap_or_default(),
            },
            pod: $pod.unwrap_or_default(),
            container: query.container.unwrap_or_default(),
            follow: query.follow.unwrap_or(false),
            previous: query.previous.unwrap_or(false),
            // Clients send 0 when they mean nothing.
            since_seconds: number("sinceSeconds", query.since_seconds.as_deref())?
                .filter(|seconds| *seconds > 0),
            since_time: time("sinceTime", query.since_time.as_deref())?,
            until_time: time("untilTime", query.until_time.as_deref())?,
            tail_lines: number("tailLines", query.tail_lines.as_deref())?
                .filter(|lines| *lines > 0),
            filter: query.filter.unwrap_or_default(),
            match_case: query.match_case.unwrap_or(false),
        };
        LogQuery {
            name: $name,
            namespace: query.app_namespace,
            project: query.project,
            request,
            download: query.download.unwrap_or(false),
        }
    }};
}

/// What the operation for an application asks for.
pub(super) fn application_logs(
    name: String,
    mut query: GetApplicationLogsQuery,
) -> Result<LogQuery, ApiError> {
    let pod = query.pod_name.take();
    Ok(log_query!(name, pod, query))
}

/// What the operation for a pod asks for.
pub(super) fn pod_logs(path: GetPodLogsPath, query: GetPodLogsQuery) -> Result<LogQuery, ApiError> {
    Ok(log_query!(path.name, Some(path.pod_name), query))
}

/// How the lines are written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// One JSON object a line.
    Lines,
    /// Events, as browsers read them.
    Events,
    /// The lines alone.
    Text,
}

impl App {
    pub(super) async fn logs(
        &self,
        headers: &HeaderMap,
        query: LogQuery,
    ) -> Result<Response<Body>, ApiError> {
        let application = self
            .placed(&query.name, query.namespace, query.project)
            .await?;
        let accepts = headers
            .get(header::ACCEPT)
            .and_then(|value| value.to_str().ok());
        let form = match accepts {
            _ if query.download => Form::Text,
            Some(types) if types.contains("text/event-stream") => Form::Events,
            _ => Form::Lines,
        };
        let lines = self
            .view
            .logs(&application, query.request)
            .await
            .map_err(view_fault)?;
        let (send, receive) = tokio::sync::mpsc::channel(64);
        tokio::spawn(relay(lines, form, send));
        let body = Body::wrap(StreamBody::new(ReceiverStream::new(receive)));
        let mut response = Response::new(body);
        let media = match form {
            Form::Lines => "application/json",
            Form::Events => "text/event-stream",
            Form::Text => "text/plain; charset=utf-8",
        };
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        if form == Form::Text {
            headers.insert(
                header::CONTENT_DISPOSITION,
                HeaderValue::from_static("attachment; filename=\"logs.txt\""),
            );
        }
        Ok(response)
    }
}

/// What goes to the client.
type Part = Result<Frame<bytes::Bytes>, std::convert::Infallible>;

/// Passes lines on until they end or the client goes away.
async fn relay(mut lines: Lines, form: Form, send: tokio::sync::mpsc::Sender<Part>) {
    let part = |text: String| Ok(Frame::data(bytes::Bytes::from(text)));
    loop {
        let next = match tokio::time::timeout(KEEP_ALIVE, lines.recv()).await {
            Ok(next) => next,
            // A sign of life, which is also how it is noticed that the client has gone.
            Err(_) if form == Form::Events => {
                if send.send(part(":\n\n".to_owned())).await.is_err() {
                    return;
                }
                continue;
            }
            Err(_) if send.is_closed() => return,
            Err(_) => continue,
        };
        let is_last = next.is_none();
        if send.send(part(write(form, next))).await.is_err() || is_last {
            return;
        }
    }
}

/// One line as a client reads it; none is the last.
fn write(form: Form, line: Option<Result<LogLine, String>>) -> String {
    let is_last = line.is_none();
    let line = match line {
        Some(Ok(line)) => line,
        Some(Err(message)) => LogLine {
            pod: String::new(),
            time: None,
            content: message,
        },
        None => LogLine {
            pod: String::new(),
            time: Some(chrono::Utc::now()),
            content: String::new(),
        },
    };
    if form == Form::Text {
        return if is_last {
            String::new()
        } else {
            format!("{}\n", line.content)
        };
    }
    let exact = line.time.map_or_else(
        || "0001-01-01T00:00:00Z".to_owned(),
        |time| time.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true),
    );
    let entry = json!({"result": {
        "content": line.content,
        "timeStamp": line.time.map(|time| time.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)),
        "last": is_last,
        "timeStampStr": exact,
        "podName": line.pod,
    }});
    match form {
        Form::Events => format!("data: {entry}\n\n"),
        _ => format!("{entry}\n"),
    }
}
