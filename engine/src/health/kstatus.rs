//! The conventions that custom resources share (`sigs.k8s.io/cli-utils`, kstatus), for kinds that nobody described.

use serde_json::Value;
use tiphys_model::HealthStatusCode as Code;

use super::Health;

/// The health of an object whose status follows the conventions: it has an `observedGeneration`, or one of the conditions
/// `Ready`, `Reconciling` and `Stalled`. None for every other object: a status that says nothing about health is no opinion.
pub(super) fn assess(live: &Value) -> Option<Health> {
    let status = live.get("status").filter(|status| status.is_object())?;
    let condition = |name: &str| {
        status["conditions"]
            .as_array()
            .into_iter()
            .flatten()
            .find(|condition| condition["type"] == name)
    };
    let text = |condition: &Value, otherwise: &str| {
        ["message", "reason"]
            .into_iter()
            .filter_map(|field| condition[field].as_str())
            .find(|text| !text.is_empty())
            .unwrap_or(otherwise)
            .to_owned()
    };
    let observed = status["observedGeneration"].as_i64();
    let (ready, reconciling, stalled) = (
        condition("Ready"),
        condition("Reconciling"),
        condition("Stalled"),
    );
    if observed.is_none() && ready.is_none() && reconciling.is_none() && stalled.is_none() {
        return None;
    }
    if let (Some(observed), Some(generation)) = (observed, live["metadata"]["generation"].as_i64())
        && observed != generation
    {
        return Some(Health::new(
            Code::Progressing,
            format!("the controller has seen generation {observed} of {generation}"),
        ));
    }
    let is_true = |condition: &&Value| condition["status"] == "True";
    if let Some(condition) = reconciling.filter(is_true) {
        return Some(Health::new(
            Code::Progressing,
            text(condition, "reconciling"),
        ));
    }
    if let Some(condition) = stalled.filter(is_true) {
        return Some(Health::new(Code::Degraded, text(condition, "stalled")));
    }
    Some(match ready {
        Some(condition) if is_true(&condition) => Health::new(Code::Healthy, text(condition, "")),
        Some(condition) => Health::new(Code::Progressing, text(condition, "not ready")),
        None => Health::new(Code::Healthy, ""),
    })
}
