//! How well an object is doing, by kind, as Argo CD judges it.

use serde_json::Value;
use tiphys_model::HealthStatusCode as Code;

use crate::object;

/// A verdict, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// The verdict.
    pub status: Code,
    /// Why, empty when there is nothing to say.
    pub message: String,
}

fn health(status: Code, message: impl Into<String>) -> Health {
    Health {
        status,
        message: message.into(),
    }
}

/// The health of a live object; none for kinds without health.
#[must_use]
pub fn assess(live: &Value) -> Option<Health> {
    if live["metadata"]["deletionTimestamp"].is_string() {
        return Some(health(Code::Progressing, "Pending deletion"));
    }
    let gvk = object::gvk(live);
    Some(match (gvk.group.as_str(), gvk.kind.as_str()) {
        ("apps", "Deployment") => deployment(live),
        ("apps", "StatefulSet") => stateful_set(live),
        ("apps", "DaemonSet") => daemon_set(live),
        ("apps", "ReplicaSet") => replica_set(live),
        ("", "Pod") => pod(live),
        ("batch", "Job") => job(live),
        ("", "Service") => service(live),
        ("", "PersistentVolumeClaim") => claim(live),
        ("networking.k8s.io" | "extensions", "Ingress") => ingress(live),
        ("apiregistration.k8s.io", "APIService") => {
            condition_health(live, "Available", "Waiting to be processed")
        }
        ("apiextensions.k8s.io", "CustomResourceDefinition") => definition(live),
        ("autoscaling", "HorizontalPodAutoscaler") => autoscaler(live),
        _ => return None,
    })
}

/// From best to worst.
fn severity(status: Code) -> u8 {
    match status {
        Code::Healthy => 0,
        Code::Suspended => 1,
        Code::Progressing => 2,
        Code::Missing => 3,
        Code::Degraded => 4,
        Code::Unknown => 5,
    }
}

/// The worst of several verdicts; healthy when there are none.
#[must_use]
pub fn worst(statuses: impl IntoIterator<Item = Code>) -> Code {
    statuses
        .into_iter()
        .max_by_key(|&status| severity(status))
        .unwrap_or(Code::Healthy)
}

fn number(value: &Value) -> Option<i64> {
    value.as_i64()
}

fn observed(live: &Value) -> bool {
    match number(&live["metadata"]["generation"]) {
        Some(generation) => {
            number(&live["status"]["observedGeneration"]).unwrap_or(0) >= generation
        }
        None => true,
    }
}

fn condition<'a>(live: &'a Value, name: &str) -> Option<&'a Value> {
    live["status"]["conditions"]
        .as_array()?
        .iter()
        .find(|condition| condition["type"] == name)
}

fn message(condition: &Value) -> String {
    condition["message"].as_str().unwrap_or_default().to_owned()
}

fn deployment(live: &Value) -> Health {
    if live["spec"]["paused"] == true {
        return health(Code::Suspended, "Deployment is paused");
    }
    if !observed(live) {
        return health(
            Code::Progressing,
            "Waiting for rollout to finish: observed deployment generation less than desired generation",
        );
    }
    let status = &live["status"];
    let name = object::name(live);
    if let Some(progressing) = condition(live, "Progressing")
        && progressing["reason"] == "ProgressDeadlineExceeded"
    {
        return health(
            Code::Degraded,
            format!("Deployment \"{name}\" exceeded its progress deadline"),
        );
    }
    let wanted = number(&live["spec"]["replicas"]).unwrap_or(1);
    let updated = number(&status["updatedReplicas"]).unwrap_or(0);
    let replicas = number(&status["replicas"]).unwrap_or(0);
    let available = number(&status["availableReplicas"]).unwrap_or(0);
    if updated < wanted {
        health(
            Code::Progressing,
            format!(
                "Waiting for rollout to finish: {updated} out of {wanted} new replicas have been updated..."
            ),
        )
    } else if replicas > updated {
        health(
            Code::Progressing,
            format!(
                "Waiting for rollout to finish: {} old replicas are pending termination...",
                replicas - updated
            ),
        )
    } else if available < updated {
        health(
            Code::Progressing,
            format!(
                "Waiting for rollout to finish: {available} of {updated} updated replicas are available..."
            ),
        )
    } else {
        health(Code::Healthy, "")
    }
}

fn stateful_set(live: &Value) -> Health {
    if !observed(live) {
        return health(
            Code::Progressing,
            "Waiting for statefulset spec update to be observed...",
        );
    }
    let status = &live["status"];
    let wanted = number(&live["spec"]["replicas"]).unwrap_or(1);
    let ready = number(&status["readyReplicas"]).unwrap_or(0);
    if ready < wanted {
        return health(
            Code::Progressing,
            format!("Waiting for {} pods to be ready...", wanted - ready),
        );
    }
    let strategy = &live["spec"]["updateStrategy"];
    if strategy["type"] == "OnDelete" {
        return health(Code::Healthy, format!("statefulset has {ready} ready pods"));
    }
    if let Some(partition) =
        number(&strategy["rollingUpdate"]["partition"]).filter(|&partition| partition > 0)
    {
        let updated = number(&status["updatedReplicas"]).unwrap_or(0);
        if updated < wanted - partition {
            return health(
                Code::Progressing,
                format!(
                    "Waiting for partitioned roll out to finish: {updated} out of {} new pods have been updated...",
                    wanted - partition
                ),
            );
        }
        return health(
            Code::Healthy,
            format!("partitioned roll out complete: {updated} new pods have been updated..."),
        );
    }
    if status["updateRevision"] != status["currentRevision"] {
        let updated = number(&status["updatedReplicas"]).unwrap_or(0);
        return health(
            Code::Progressing,
            format!(
                "waiting for statefulset rolling update to complete {updated} pods at revision {}...",
                status["updateRevision"].as_str().unwrap_or_default()
            ),
        );
    }
    health(Code::Healthy, "")
}

fn daemon_set(live: &Value) -> Health {
    if !observed(live) {
        return health(
            Code::Progressing,
            "Waiting for rollout to finish: observed daemon set generation less than desired generation",
        );
    }
    if live["spec"]["updateStrategy"]["type"] == "OnDelete" {
        return health(Code::Healthy, "");
    }
    let status = &live["status"];
    let wanted = number(&status["desiredNumberScheduled"]).unwrap_or(0);
    let updated = number(&status["updatedNumberScheduled"]).unwrap_or(0);
    let available = number(&status["numberAvailable"]).unwrap_or(0);
    if updated < wanted {
        health(
            Code::Progressing,
            format!(
                "Waiting for daemon set rollout to finish: {updated} out of {wanted} new pods have been updated..."
            ),
        )
    } else if available < wanted {
        health(
            Code::Progressing,
            format!(
                "Waiting for daemon set rollout to finish: {available} of {wanted} updated pods are available..."
            ),
        )
    } else {
        health(Code::Healthy, "")
    }
}

fn replica_set(live: &Value) -> Health {
    if !observed(live) {
        return health(
            Code::Progressing,
            "Waiting for rollout to finish: observed replica set generation less than desired generation",
        );
    }
    if let Some(failure) =
        condition(live, "ReplicaFailure").filter(|condition| condition["status"] == "True")
    {
        return health(Code::Degraded, message(failure));
    }
    let wanted = number(&live["spec"]["replicas"]).unwrap_or(1);
    let available = number(&live["status"]["availableReplicas"]).unwrap_or(0);
    if available < wanted {
        health(
            Code::Progressing,
            format!(
                "Waiting for rollout to finish: {available} out of {wanted} new replicas are available..."
            ),
        )
    } else {
        health(Code::Healthy, "")
    }
}

fn pod(live: &Value) -> Health {
    let status = &live["status"];
    for container in status["containerStatuses"].as_array().into_iter().flatten() {
        let waiting = &container["state"]["waiting"];
        let reason = waiting["reason"].as_str().unwrap_or_default();
        if reason.starts_with("Err") || reason.ends_with("Error") || reason.ends_with("BackOff") {
            return health(Code::Degraded, message(waiting));
        }
    }
    let text = || status["message"].as_str().unwrap_or_default().to_owned();
    match status["phase"].as_str() {
        Some("Pending") => health(Code::Progressing, text()),
        Some("Succeeded") => health(Code::Healthy, text()),
        Some("Failed") => health(Code::Degraded, text()),
        Some("Running") => {
            let ready =
                condition(live, "Ready").is_some_and(|condition| condition["status"] == "True");
            let restarts = live["spec"]["restartPolicy"].as_str().unwrap_or("Always") == "Always";
            match (restarts, ready) {
                (true, true) => health(Code::Healthy, text()),
                _ => health(Code::Progressing, text()),
            }
        }
        _ => health(Code::Unknown, text()),
    }
}

fn job(live: &Value) -> Health {
    let is_true =
        |name: &str| condition(live, name).filter(|condition| condition["status"] == "True");
    if let Some(failed) = is_true("Failed") {
        health(Code::Degraded, message(failed))
    } else if let Some(complete) = is_true("Complete") {
        health(Code::Healthy, message(complete))
    } else if let Some(suspended) = is_true("Suspended") {
        health(Code::Suspended, message(suspended))
    } else {
        health(Code::Progressing, "")
    }
}

fn service(live: &Value) -> Health {
    let waiting = live["spec"]["type"] == "LoadBalancer"
        && live["status"]["loadBalancer"]["ingress"]
            .as_array()
            .is_none_or(Vec::is_empty);
    if waiting {
        health(Code::Progressing, "Waiting for a load balancer address")
    } else {
        health(Code::Healthy, "")
    }
}

fn ingress(live: &Value) -> Health {
    if live["status"]["loadBalancer"]["ingress"]
        .as_array()
        .is_none_or(Vec::is_empty)
    {
        health(Code::Progressing, "Waiting for a load balancer address")
    } else {
        health(Code::Healthy, "")
    }
}

fn claim(live: &Value) -> Health {
    match live["status"]["phase"].as_str() {
        Some("Lost") => health(Code::Degraded, ""),
        Some("Pending") => health(Code::Progressing, ""),
        Some("Bound") => health(Code::Healthy, ""),
        _ => health(Code::Unknown, ""),
    }
}

fn condition_health(live: &Value, name: &str, waiting: &str) -> Health {
    match condition(live, name) {
        Some(condition) if condition["status"] == "True" => health(Code::Healthy, ""),
        Some(condition) => health(Code::Progressing, message(condition)),
        None => health(Code::Progressing, waiting),
    }
}

fn definition(live: &Value) -> Health {
    if let Some(condition) =
        condition(live, "NamesAccepted").filter(|condition| condition["status"] == "False")
    {
        return health(Code::Degraded, message(condition));
    }
    condition_health(live, "Established", "Status conditions not found")
}

fn autoscaler(live: &Value) -> Health {
    let failed = ["AbleToScale", "ScalingActive"]
        .into_iter()
        .filter_map(|name| condition(live, name))
        .find(|condition| {
            condition["status"] == "False"
                && condition["reason"]
                    .as_str()
                    .is_some_and(|reason| reason.starts_with("Failed"))
        });
    match failed {
        Some(condition) => health(Code::Degraded, message(condition)),
        None if live["status"]["conditions"].is_array() => health(Code::Healthy, ""),
        None => health(Code::Progressing, "Waiting to autoscale"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(live: Value, expected: Option<Code>) {
        assert_eq!(
            assess(&live).map(|health| health.status),
            expected,
            "{live}"
        );
    }

    fn deployment_with(spec: Value, status: Value) -> Value {
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "generation": 2}, "spec": spec, "status": status})
    }

    #[test]
    fn deployments() {
        let done = json!({"observedGeneration": 2, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2});
        check(
            deployment_with(json!({"replicas": 2}), done.clone()),
            Some(Code::Healthy),
        );
        check(
            deployment_with(json!({"replicas": 3}), done.clone()),
            Some(Code::Progressing),
        );
        check(
            deployment_with(json!({"replicas": 2, "paused": true}), done),
            Some(Code::Suspended),
        );
        check(
            deployment_with(json!({"replicas": 2}), json!({"observedGeneration": 1})),
            Some(Code::Progressing),
        );
        check(
            deployment_with(
                json!({"replicas": 2}),
                json!({"observedGeneration": 2, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 1}),
            ),
            Some(Code::Progressing),
        );
        check(
            deployment_with(
                json!({"replicas": 2}),
                json!({"observedGeneration": 2, "conditions": [{"type": "Progressing", "reason": "ProgressDeadlineExceeded"}]}),
            ),
            Some(Code::Degraded),
        );
        check(
            deployment_with(json!({"replicas": 0}), json!({"observedGeneration": 2})),
            Some(Code::Healthy),
        );
    }

    #[test]
    fn other_kinds() {
        check(json!({"apiVersion": "v1", "kind": "ConfigMap"}), None);
        check(
            json!({"apiVersion": "v1", "kind": "Service", "spec": {"type": "ClusterIP"}}),
            Some(Code::Healthy),
        );
        check(
            json!({"apiVersion": "v1", "kind": "Service", "spec": {"type": "LoadBalancer"}}),
            Some(Code::Progressing),
        );
        check(
            json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "status": {"phase": "Lost"}}),
            Some(Code::Degraded),
        );
        check(
            json!({"apiVersion": "batch/v1", "kind": "Job", "status": {"conditions": [{"type": "Failed", "status": "True"}]}}),
            Some(Code::Degraded),
        );
        check(
            json!({"apiVersion": "batch/v1", "kind": "Job", "status": {}}),
            Some(Code::Progressing),
        );
        check(
            json!({"apiVersion": "v1", "kind": "Pod", "status": {"phase": "Running", "containerStatuses": [{"state": {"waiting": {"reason": "CrashLoopBackOff"}}}]}}),
            Some(Code::Degraded),
        );
        check(
            json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}}),
            Some(Code::Progressing),
        );
        check(
            json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "status": {"conditions": [{"type": "Established", "status": "True"}]}}),
            Some(Code::Healthy),
        );
    }

    #[test]
    fn the_worst_counts() {
        assert_eq!(worst([]), Code::Healthy);
        assert_eq!(
            worst([Code::Healthy, Code::Progressing, Code::Suspended]),
            Code::Progressing
        );
        assert_eq!(
            worst([Code::Missing, Code::Degraded, Code::Progressing]),
            Code::Degraded
        );
    }
}
