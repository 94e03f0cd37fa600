//! The log lines of an application's pods, as one stream.

use chrono::{DateTime, Utc};
use futures::AsyncBufReadExt as _;
use futures::TryStreamExt as _;
use kube::api::LogParams;
use serde_json::Value;
use std::sync::Arc;
use tiphys_engine::object;
use tiphys_model::{Application, ResourceKey};
use tokio::sync::mpsc;

use super::{ViewError, not_part};
use crate::Reconciler;

/// Pods that one stream follows.
const PODS: usize = 10;
/// Lines that wait for a slow client, for all pods together; then the pods wait.
const BUFFER: usize = 256;
/// Bytes of one line; the rest of a longer one is left out.
const LINE: usize = 64 << 10;

/// Which lines of which pods.
#[derive(Clone, Debug, Default)]
pub struct LogRequest {
    /// The object whose pods are read; without a kind every pod of the application.
    pub object: ResourceKey,
    /// Only the pod of this name.
    pub pod: String,
    /// Container; the first when empty.
    pub container: String,
    /// Whether the stream goes on.
    pub follow: bool,
    /// Whether the container before the last restart is read.
    pub previous: bool,
    /// Only lines of the last seconds.
    pub since_seconds: Option<i64>,
    /// Only lines since this time.
    pub since_time: Option<DateTime<Utc>>,
    /// The stream ends at this time.
    pub until_time: Option<DateTime<Utc>>,
    /// Only so many lines from the end, of each container.
    pub tail_lines: Option<i64>,
    /// Only lines that hold this text; `!` before it turns that round.
    pub filter: String,
    /// Whether the filter distinguishes upper and lower case.
    pub match_case: bool,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// The pod.
    pub pod: String,
    /// When it was written, as the node says.
    pub time: Option<DateTime<Utc>>,
    /// The line.
    pub content: String,
}

/// Lines, or why a pod cannot be read. Dropping it ends the requests behind it.
pub type Lines = mpsc::Receiver<Result<LogLine, String>>;

impl Reconciler {
    /// Opens the stream.
    ///
    /// # Errors
    /// When the object is none of the application's, has too many pods, or the cluster does not answer.
    pub async fn logs(
        &self,
        application: &Application,
        request: LogRequest,
    ) -> Result<Lines, ViewError> {
        let (cluster, _, family) = self.family(application).await?;
        let pods = pods(&family, &request, &application.metadata.name)?;
        if pods.len() > PODS {
            return Err(ViewError::Invalid(format!(
                "{} pods would be read, at most {PODS} are; name one with podName",
                pods.len()
            )));
        }
        let (send, receive) = mpsc::channel(BUFFER);
        let request = Arc::new(request);
        for pod in pods {
            let api = cluster.pods(object::namespace(&pod)).await?;
            let (send, request) = (send.clone(), Arc::clone(&request));
            tokio::spawn(async move {
                let name = object::name(&pod).to_owned();
                let container = container(&pod, &request);
                if let Err(error) = read(&api, &name, container, &request, &send).await {
                    // Nobody listens any more when this fails.
                    let _listener = send.send(Err(format!("pod {name}: {error}"))).await;
                }
            });
        }
        Ok(receive)
    }
}

fn container(pod: &Value, request: &LogRequest) -> Option<String> {
    if !request.container.is_empty() {
        return Some(request.container.clone());
    }
    pod["spec"]["containers"][0]["name"]
        .as_str()
        .map(str::to_owned)
}

/// The pods that a request means.
fn pods(
    family: &[Arc<Value>],
    request: &LogRequest,
    application: &str,
) -> Result<Vec<Arc<Value>>, ViewError> {
    let is_pod = |live: &Value| live["kind"] == "Pod" && live["apiVersion"] == "v1";
    let wanted = &request.object;
    let mut uids: Vec<&str> = Vec::new();
    if !wanted.kind.is_empty() {
        let fits = |live: &Value| {
            let key = object::key(live);
            key.group == wanted.group
                && key.kind == wanted.kind
                && (wanted.name.is_empty() || key.name == wanted.name)
                && (wanted.namespace.is_empty() || key.namespace == wanted.namespace)
        };
        uids = family
            .iter()
            .filter(|live| fits(live))
            .filter_map(|live| live["metadata"]["uid"].as_str())
            .collect();
        if uids.is_empty() {
            return Err(not_part(application, wanted));
        }
        // The family has parents before children, so one walk finds everything below.
        for live in family {
            let owners = live["metadata"]["ownerReferences"].as_array();
            let below = owners
                .into_iter()
                .flatten()
                .filter_map(|owner| owner["uid"].as_str())
                .any(|owner| uids.contains(&owner));
            if below && let Some(uid) = live["metadata"]["uid"].as_str() {
                uids.push(uid);
            }
        }
    }
    let chosen = family.iter().filter(|live| {
        is_pod(live)
            && (request.pod.is_empty() || object::name(live) == request.pod)
            && (wanted.kind.is_empty()
                || live["metadata"]["uid"]
                    .as_str()
                    .is_some_and(|uid| uids.contains(&uid)))
            && (wanted.namespace.is_empty() || object::namespace(live) == wanted.namespace)
    });
    let chosen: Vec<Arc<Value>> = chosen.cloned().collect();
    if chosen.is_empty() && !request.pod.is_empty() {
        let key = ResourceKey {
            kind: "Pod".to_owned(),
            name: request.pod.clone(),
            ..ResourceKey::default()
        };
        return Err(not_part(application, &key));
    }
    Ok(chosen)
}

async fn read(
    api: &kube::Api<k8s_openapi::api::core::v1::Pod>,
    pod: &str,
    container: Option<String>,
    request: &LogRequest,
    send: &mpsc::Sender<Result<LogLine, String>>,
) -> Result<(), kube::Error> {
    let parameters = LogParams {
        container,
        follow: request.follow,
        previous: request.previous,
        since_seconds: request.since_seconds,
        since_time: request
            .since_time
            .and_then(|time| time.to_rfc3339().parse().ok()),
        tail_lines: request.tail_lines,
        timestamps: true,
        ..LogParams::default()
    };
    let mut lines = api.log_stream(pod, &parameters).await?.lines();
    loop {
        let next = async { lines.try_next().await };
        let line = tokio::select! {
            // Whoever asked has gone: the request to the cluster goes, too.
            () = send.closed() => return Ok(()),
            line = next => line,
        };
        // A connection that ends in the middle of a line ends the stream.
        let Ok(Some(line)) = line else { return Ok(()) };
        let line = parse(pod, &line);
        if request
            .until_time
            .is_some_and(|until| line.time.is_some_and(|time| time > until))
        {
            return Ok(());
        }
        if passes(&line.content, request) && send.send(Ok(line)).await.is_err() {
            return Ok(());
        }
    }
}

fn parse(pod: &str, line: &str) -> LogLine {
    let (time, rest) = line.split_once(' ').unwrap_or((line, ""));
    let parsed = DateTime::parse_from_rfc3339(time).ok();
    let content = if parsed.is_some() { rest } else { line };
    let mut end = content.len().min(LINE);
    while !content.is_char_boundary(end) {
        end -= 1;
    }
    LogLine {
        pod: pod.to_owned(),
        time: parsed.map(|time| time.with_timezone(&Utc)),
        content: content[..end].trim_end_matches('\r').to_owned(),
    }
}

fn passes(content: &str, request: &LogRequest) -> bool {
    let (wanted, negated) = match request.filter.strip_prefix('!') {
        Some(rest) => (rest, true),
        None => (request.filter.as_str(), false),
    };
    if wanted.is_empty() {
        return true;
    }
    let holds = if request.match_case {
        content.contains(wanted)
    } else {
        content.to_lowercase().contains(&wanted.to_lowercase())
    };
    holds != negated
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lines_have_a_time_and_a_bound() {
        let line = parse("p", "2026-01-02T03:04:05.6Z hello\r");
        assert_eq!(line.content, "hello");
        assert_eq!(line.time.map(|time| time.timestamp()), Some(1_767_323_045));
        assert_eq!(parse("p", "no time here").content, "no time here");
        let long = format!("2026-01-02T03:04:05Z {}", "é".repeat(LINE));
        assert!(parse("p", &long).content.len() <= LINE);
    }

    #[test]
    fn filters_can_be_turned_round() {
        let request = |filter: &str, match_case| LogRequest {
            filter: filter.into(),
            match_case,
            ..LogRequest::default()
        };
        assert!(passes("An Error", &request("error", false)));
        assert!(!passes("An Error", &request("error", true)));
        assert!(!passes("An Error", &request("!Error", true)));
        assert!(passes("fine", &request("!error", false)) && passes("fine", &request("", true)));
    }

    #[test]
    fn the_pods_of_an_object_are_those_below_it() {
        let family: Vec<Arc<Value>> = [
            json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "n", "uid": "1"}}),
            json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": "web-1", "namespace": "n", "uid": "2", "ownerReferences": [{"uid": "1"}]}}),
            json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "namespace": "n", "uid": "3", "ownerReferences": [{"uid": "2"}]}}),
            json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "b", "namespace": "n", "uid": "4"}}),
        ].into_iter().map(Arc::new).collect();
        let names = |request: &LogRequest| -> Result<Vec<String>, String> {
            pods(&family, request, "app")
                .map(|pods| {
                    pods.iter()
                        .map(|pod| object::name(pod).to_owned())
                        .collect()
                })
                .map_err(|error| error.to_string())
        };
        let deployment = ResourceKey {
            group: "apps".into(),
            kind: "Deployment".into(),
            name: "web".into(),
            namespace: "n".into(),
        };
        assert_eq!(
            names(&LogRequest {
                object: deployment,
                ..LogRequest::default()
            }),
            Ok(vec!["a".into()])
        );
        assert_eq!(
            names(&LogRequest::default()),
            Ok(vec!["a".into(), "b".into()])
        );
        assert!(
            names(&LogRequest {
                pod: "z".into(),
                ..LogRequest::default()
            })
            .is_err()
        );
    }
}
