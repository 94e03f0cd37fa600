//! What a live object shows of itself in the tree of an application: facts for people, and its part in traffic.
//!
//! The facts and their names are those of Argo CD's `resource-tree`; the status of a pod is what kubectl prints for it.

mod references;

use std::collections::BTreeMap;

use serde_json::Value;
use tiphys_model::{InfoItem, ResourceNetworkingInfo, ResourceNode, ResourceRef};

use crate::{health, object, quantity};

pub use references::references;

/// The annotation with the number of a Deployment's revision.
const REVISION: &str = "deployment.kubernetes.io/revision";

/// The node of a live object.
#[must_use]
pub fn node(live: &Value) -> ResourceNode {
    let gvk = object::gvk(live);
    let metadata = &live["metadata"];
    let health = health::assess(live).map(|verdict| tiphys_model::HealthStatus {
        status: Some(verdict.status),
        message: verdict.message,
        last_transition_time: None,
    });
    ResourceNode {
        info: info(live),
        networking_info: networking(live),
        images: object::images(live),
        health,
        parent_refs: parents(live),
        uid: text(&metadata["uid"]),
        resource_version: text(&metadata["resourceVersion"]),
        created_at: metadata["creationTimestamp"]
            .as_str()
            .and_then(|time| time.parse().ok()),
        name: object::name(live).to_owned(),
        namespace: object::namespace(live).to_owned(),
        group: gvk.group,
        version: gvk.version,
        kind: gvk.kind,
    }
}

/// A quantity in thousandths of its unit, rounded down; 0 for what is none or does not fit.
#[must_use]
pub fn thousandths(value: &Value) -> i64 {
    let nanos = match value {
        Value::String(text) => quantity::nanos(text),
        Value::Number(number) => quantity::nanos(&number.to_string()),
        _ => None,
    };
    nanos
        .and_then(|nanos| i64::try_from(nanos / 1_000_000).ok())
        .unwrap_or(0)
}

/// What the containers of a pod ask for of a resource, in thousandths of its unit.
#[must_use]
pub fn requested(pod: &Value, resource: &str) -> i64 {
    let containers = pod["spec"]["containers"].as_array();
    let all = containers.into_iter().flatten();
    all.map(|container| thousandths(&container["resources"]["requests"][resource]))
        .fold(0, i64::saturating_add)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn parents(live: &Value) -> Vec<ResourceRef> {
    let owners = live["metadata"]["ownerReferences"].as_array();
    owners
        .into_iter()
        .flatten()
        .map(|owner| {
            let api_version = owner["apiVersion"].as_str().unwrap_or_default();
            let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
            ResourceRef {
                group: group.to_owned(),
                version: version.to_owned(),
                kind: text(&owner["kind"]),
                namespace: object::namespace(live).to_owned(),
                name: text(&owner["name"]),
                uid: text(&owner["uid"]),
            }
        })
        .collect()
}

fn item(name: &str, value: impl ToString) -> InfoItem {
    InfoItem {
        name: name.to_owned(),
        value: value.to_string(),
    }
}

fn info(live: &Value) -> Vec<InfoItem> {
    let gvk = object::gvk(live);
    match (gvk.group.as_str(), gvk.kind.as_str()) {
        ("", "Pod") => pod(live),
        ("apps", "ReplicaSet") => object::annotation(live, REVISION)
            .map(|revision| item("Revision", format!("Rev:{revision}")))
            .into_iter()
            .collect(),
        ("", "Node") => {
            let system = &live["status"]["nodeInfo"];
            [
                ("Kernel Version", "kernelVersion"),
                ("OS/Arch", "architecture"),
            ]
            .into_iter()
            .map(|(name, field)| item(name, text(&system[field])))
            .collect()
        }
        _ => Vec::new(),
    }
}

fn pod(live: &Value) -> Vec<InfoItem> {
    let status = &live["status"];
    let containers = live["spec"]["containers"].as_array().map_or(0, Vec::len);
    let statuses = || status["containerStatuses"].as_array().into_iter().flatten();
    let ready = statuses()
        .filter(|container| container["ready"] == true)
        .count();
    let restarts: i64 = statuses()
        .filter_map(|container| container["restartCount"].as_i64())
        .sum();
    let mut facts = vec![item("Status Reason", reason(live))];
    if let Some(node) = live["spec"]["nodeName"].as_str() {
        facts.push(item("Node", node));
    }
    facts.push(item("Containers", format!("{ready}/{containers}")));
    if restarts > 0 {
        facts.push(item("Restart Count", restarts));
    }
    facts
}

/// Why a pod is as it is, in one word or two.
fn reason(live: &Value) -> String {
    let status = &live["status"];
    if live["metadata"]["deletionTimestamp"].is_string() {
        let lost = status["reason"] == "NodeLost";
        return if lost { "Unknown" } else { "Terminating" }.to_owned();
    }
    if let Some(waiting) = initialising(live) {
        return waiting;
    }
    let mut reason = match status["reason"].as_str() {
        Some(reason) if !reason.is_empty() => reason.to_owned(),
        _ => text(&status["phase"]),
    };
    let mut running = false;
    let containers = status["containerStatuses"].as_array();
    for container in containers.into_iter().flatten().rev() {
        let state = &container["state"];
        if let Some(waiting) = state["waiting"]["reason"]
            .as_str()
            .filter(|reason| !reason.is_empty())
        {
            waiting.clone_into(&mut reason);
        } else if state["terminated"].is_object() {
            reason = terminated(&state["terminated"]);
        } else if container["ready"] == true && state["running"].is_object() {
            running = true;
        }
    }
    if reason == "Completed" && running {
        return "Running".to_owned();
    }
    reason
}

fn terminated(state: &Value) -> String {
    match state["reason"].as_str() {
        Some(reason) if !reason.is_empty() => reason.to_owned(),
        _ => match state["signal"].as_i64() {
            Some(signal) if signal != 0 => format!("Signal:{signal}"),
            _ => format!("ExitCode:{}", state["exitCode"].as_i64().unwrap_or(0)),
        },
    }
}

/// The first initialising container that has not succeeded.
fn initialising(live: &Value) -> Option<String> {
    let all = live["spec"]["initContainers"]
        .as_array()
        .map_or(0, Vec::len);
    let statuses = live["status"]["initContainerStatuses"].as_array()?;
    for (index, container) in statuses.iter().enumerate() {
        let state = &container["state"];
        if state["terminated"].is_object() {
            if state["terminated"]["exitCode"] == 0 {
                continue;
            }
            return Some(format!("Init:{}", terminated(&state["terminated"])));
        }
        // A sidecar goes on; it is done with initialising once it has started.
        if container["started"] == true {
            continue;
        }
        let waiting = state["waiting"]["reason"].as_str().unwrap_or_default();
        return Some(if waiting.is_empty() || waiting == "PodInitializing" {
            format!("Init:{index}/{all}")
        } else {
            format!("Init:{waiting}")
        });
    }
    None
}

fn labels(value: &Value) -> BTreeMap<String, String> {
    let map = value.as_object();
    map.into_iter()
        .flatten()
        .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
        .collect()
}

fn networking(live: &Value) -> Option<ResourceNetworkingInfo> {
    let gvk = object::gvk(live);
    match (gvk.group.as_str(), gvk.kind.as_str()) {
        ("", "Pod") => Some(ResourceNetworkingInfo {
            labels: labels(&live["metadata"]["labels"]),
            ..ResourceNetworkingInfo::default()
        }),
        ("", "Service") => Some(ResourceNetworkingInfo {
            target_labels: labels(&live["spec"]["selector"]),
            ingress: addresses(live),
            ..ResourceNetworkingInfo::default()
        }),
        ("networking.k8s.io" | "extensions", "Ingress") => Some(ingress(live)),
        _ => None,
    }
}

fn addresses(live: &Value) -> Vec<Value> {
    live["status"]["loadBalancer"]["ingress"]
        .as_array()
        .cloned()
        .unwrap_or_default()
}

fn ingress(live: &Value) -> ResourceNetworkingInfo {
    let spec = &live["spec"];
    let secure: Vec<&str> = spec["tls"]
        .as_array()
        .into_iter()
        .flatten()
        .flat_map(|entry| entry["hosts"].as_array().into_iter().flatten())
        .filter_map(Value::as_str)
        .collect();
    let addresses = addresses(live);
    let default_host = addresses
        .first()
        .and_then(|address| address["hostname"].as_str().or(address["ip"].as_str()));
    let mut services: Vec<String> = Vec::new();
    let mut urls: Vec<String> = Vec::new();
    let backend = |backend: &Value, services: &mut Vec<String>| {
        let name = backend["service"]["name"]
            .as_str()
            .or(backend["serviceName"].as_str());
        if let Some(name) = name
            && !services.iter().any(|known| known == name)
        {
            services.push(name.to_owned());
        }
    };
    backend(&spec["defaultBackend"], &mut services);
    for rule in spec["rules"].as_array().into_iter().flatten() {
        let host = rule["host"].as_str().filter(|host| !host.is_empty());
        for path in rule["http"]["paths"].as_array().into_iter().flatten() {
            backend(&path["backend"], &mut services);
            if let Some(host) = host.or(default_host) {
                let scheme = if secure.contains(&host) {
                    "https"
                } else {
                    "http"
                };
                let path = path["path"].as_str().unwrap_or_default();
                let url = format!("{scheme}://{host}{}", path.trim_end_matches(['*', '/']));
                if !urls.contains(&url) {
                    urls.push(url);
                }
            }
        }
    }
    ResourceNetworkingInfo {
        target_refs: services
            .into_iter()
            .map(|name| ResourceRef {
                kind: "Service".to_owned(),
                namespace: object::namespace(live).to_owned(),
                name,
                ..ResourceRef::default()
            })
            .collect(),
        ingress: addresses,
        external_urls: urls,
        ..ResourceNetworkingInfo::default()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn facts(live: &Value) -> Vec<(String, String)> {
        node(live)
            .info
            .into_iter()
            .map(|item| (item.name, item.value))
            .collect()
    }

    fn pod_with(status: Value) -> Value {
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "n", "labels": {"app": "web"},
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "r", "uid": "u"}]},
            "spec": {"nodeName": "one", "containers": [{"name": "a", "image": "x"}], "initContainers": [{"name": "i"}]}, "status": status})
    }

    #[test]
    fn a_pod_says_why_it_is_as_it_is() {
        for (status, expected) in [
            (
                json!({"phase": "Running", "containerStatuses": [{"ready": true, "state": {"running": {}}}]}),
                "Running",
            ),
            (
                json!({"phase": "Pending", "containerStatuses": [{"state": {"waiting": {"reason": "ImagePullBackOff"}}}]}),
                "ImagePullBackOff",
            ),
            (
                json!({"phase": "Failed", "containerStatuses": [{"state": {"terminated": {"exitCode": 3}}}]}),
                "ExitCode:3",
            ),
            (
                json!({"phase": "Failed", "containerStatuses": [{"state": {"terminated": {"signal": 9}}}]}),
                "Signal:9",
            ),
            (
                json!({"phase": "Pending", "initContainerStatuses": [{"state": {"running": {}}}]}),
                "Init:0/1",
            ),
            (
                json!({"phase": "Pending", "initContainerStatuses": [{"state": {"terminated": {"exitCode": 1, "reason": "Error"}}}]}),
                "Init:Error",
            ),
            (json!({"phase": "Failed", "reason": "Evicted"}), "Evicted"),
        ] {
            let facts = facts(&pod_with(status));
            assert_eq!(facts[0], ("Status Reason".to_owned(), expected.to_owned()));
        }
    }

    #[test]
    fn a_pod_has_parents_and_labels() {
        let pod = pod_with(
            json!({"phase": "Running", "containerStatuses": [{"ready": true, "restartCount": 2, "state": {"running": {}}}]}),
        );
        let shown = node(&pod);
        assert_eq!(shown.parent_refs[0].kind, "ReplicaSet");
        assert_eq!(
            shown.networking_info.unwrap_or_default().labels["app"],
            "web"
        );
        assert_eq!(
            facts(&pod)[1..],
            [
                ("Node".into(), "one".into()),
                ("Containers".into(), "1/1".into()),
                ("Restart Count".into(), "2".into())
            ]
        );
    }

    #[test]
    fn an_ingress_leads_to_services_and_has_urls() {
        let live = json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "i", "namespace": "n"},
            "spec": {"tls": [{"hosts": ["a.example.com"]}], "rules": [
                {"host": "a.example.com", "http": {"paths": [{"path": "/", "backend": {"service": {"name": "web"}}}]}},
                {"http": {"paths": [{"path": "/api/*", "backend": {"service": {"name": "api"}}}]}}]},
            "status": {"loadBalancer": {"ingress": [{"ip": "10.0.0.1"}]}}});
        let shown = node(&live).networking_info.unwrap_or_default();
        assert_eq!(
            shown.external_urls,
            ["https://a.example.com", "http://10.0.0.1/api"]
        );
        assert_eq!(
            shown
                .target_refs
                .iter()
                .map(|r| r.name.as_str())
                .collect::<Vec<_>>(),
            ["web", "api"]
        );
    }

    #[test]
    fn quantities_in_thousandths() {
        for (value, expected) in [
            (json!("250m"), 250),
            (json!(2), 2000),
            (json!("1Ki"), 1_024_000),
            (json!("x"), 0),
            (json!(null), 0),
        ] {
            assert_eq!(thousandths(&value), expected, "{value}");
        }
    }

    #[test]
    fn anything_at_all_has_a_node() {
        for live in [
            json!(null),
            json!({}),
            json!({"kind": "Pod", "status": []}),
            json!({"kind": "Ingress", "apiVersion": "networking.k8s.io/v1", "spec": {"rules": 7}}),
        ] {
            let _shown = node(&live);
        }
    }
}
