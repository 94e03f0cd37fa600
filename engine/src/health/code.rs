//! Kinds whose health needs more than rules; their data files name these functions.

use serde_json::Value;
use tiphys_model::HealthStatusCode as Code;

use super::Health;
use crate::object;

/// Judges a live object.
pub(super) type Assess = fn(&Value) -> Health;

/// The function that a data file names.
pub(super) fn find(name: &str) -> Option<Assess> {
    match name {
        "pod" => Some(pod),
        "autoscaler" => Some(autoscaler),
        _ => None,
    }
}

/// A running pod that may end (`restartPolicy` is not `Always`) is progressing; with this annotation, and when it is no hook,
/// it is judged as one that runs for ever.
const IGNORE_RESTART_POLICY: &str = "argocd.argoproj.io/ignore-restart-policy";

fn containers<'a>(pod: &'a Value, list: &str) -> impl Iterator<Item = &'a Value> {
    pod["status"][list].as_array().into_iter().flatten()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn is_hook(object: &Value) -> bool {
    ["argocd.argoproj.io/hook", "helm.sh/hook"]
        .into_iter()
        .any(|name| object::annotation(object, name).is_some_and(|value| !value.is_empty()))
}

fn pod(live: &Value) -> Health {
    let message = || text(&live["status"]["message"]);
    // The API server fills the policy in; an object that never was there has the default.
    let policy = live["spec"]["restartPolicy"].as_str().unwrap_or("Always");
    let runs_for_ever = policy == "Always"
        || (object::annotation(live, IGNORE_RESTART_POLICY) == Some("true") && !is_hook(live));
    // A hook's pod that cannot pull its image yet may still do so: only one that should run for ever is judged by this.
    if runs_for_ever {
        let broken: Vec<String> = containers(live, "containerStatuses")
            .map(|container| &container["state"]["waiting"])
            .filter(|waiting| {
                let reason = waiting["reason"].as_str().unwrap_or_default();
                reason.starts_with("Err")
                    || reason.ends_with("Error")
                    || reason.ends_with("BackOff")
            })
            .map(|waiting| text(&waiting["message"]))
            .collect();
        if !broken.is_empty() {
            return Health::new(Code::Degraded, broken.join(", "));
        }
    }
    match live["status"]["phase"].as_str() {
        Some("Pending") => Health::new(Code::Progressing, message()),
        Some("Succeeded") => Health::new(Code::Healthy, message()),
        Some("Failed") => {
            let own = Some(message()).filter(|message| !message.is_empty());
            let message = own.or_else(|| {
                containers(live, "initContainerStatuses")
                    .chain(containers(live, "containerStatuses"))
                    .find_map(failure)
            });
            Health::new(Code::Degraded, message.unwrap_or_default())
        }
        Some("Running") if runs_for_ever => {
            let ready = live["status"]["conditions"]
                .as_array()
                .into_iter()
                .flatten()
                .any(|condition| condition["type"] == "Ready" && condition["status"] == "True");
            let has_ended = containers(live, "containerStatuses")
                .any(|container| container["lastState"]["terminated"].is_object());
            let status = match (ready, has_ended) {
                (true, _) => Code::Healthy,
                (false, true) => Code::Degraded,
                (false, false) => Code::Progressing,
            };
            Health::new(status, message())
        }
        Some("Running") => Health::new(Code::Progressing, message()),
        _ => Health::new(Code::Unknown, message()),
    }
}

/// Why a container failed; none when it did not.
fn failure(container: &Value) -> Option<String> {
    let terminated = container["state"]["terminated"].as_object()?;
    if let Some(message) = terminated.get("message").and_then(Value::as_str)
        && !message.is_empty()
    {
        return Some(message.to_owned());
    }
    if terminated
        .get("reason")
        .is_some_and(|reason| reason == "OOMKilled")
    {
        return Some("OOMKilled".to_owned());
    }
    let code = terminated
        .get("exitCode")?
        .as_i64()
        .filter(|code| *code != 0)?;
    let name = container["name"].as_str().unwrap_or_default();
    Some(format!("container {name:?} failed with exit code {code}"))
}

/// Reasons for which an autoscaler is degraded, by the type of the condition.
const SCALING_FAILURES: [(&str, &str); 8] = [
    ("AbleToScale", "FailedGetScale"),
    ("AbleToScale", "FailedUpdateScale"),
    ("ScalingActive", "FailedGetResourceMetric"),
    ("ScalingActive", "FailedGetObjectMetric"),
    ("ScalingActive", "FailedGetPodsMetric"),
    ("ScalingActive", "FailedGetExternalMetric"),
    ("ScalingActive", "FailedComputeMetricsReplicas"),
    ("ScalingActive", "InvalidSelector"),
];

/// `autoscaling/v1` keeps its conditions as JSON in an annotation.
fn autoscaler(live: &Value) -> Health {
    let annotation = object::annotation(live, "autoscaling.alpha.kubernetes.io/conditions")
        .map(serde_json::from_str::<Value>);
    let conditions = match &annotation {
        _ if live["status"]["conditions"].is_array() => &live["status"]["conditions"],
        Some(Ok(conditions)) => conditions,
        Some(Err(error)) => {
            return Health::new(
                Code::Unknown,
                format!("the conditions in the annotation are no JSON: {error}"),
            );
        }
        None => &Value::Null,
    };
    let all = || conditions.as_array().into_iter().flatten();
    if let Some(failed) = all().find(|condition| {
        SCALING_FAILURES
            .iter()
            .any(|(kind, reason)| condition["type"] == *kind && condition["reason"] == *reason)
    }) {
        return Health::new(Code::Degraded, text(&failed["message"]));
    }
    let well = all().find(|condition| {
        (condition["type"] == "AbleToScale" || condition["type"] == "ScalingLimited")
            && condition["status"] == "True"
    });
    match well {
        Some(condition) => Health::new(Code::Healthy, text(&condition["message"])),
        None => Health::new(Code::Progressing, "Waiting to Autoscale"),
    }
}
