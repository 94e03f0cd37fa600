//! The order of kinds, for objects and for field specs: namespaces and what others refer to first, webhooks last.

use std::cmp::Ordering;

use super::id::Gvk;

/// Kinds that come before the others, in this order.
pub const FIRST: [&str; 22] = [
    "Namespace",
    "ResourceQuota",
    "StorageClass",
    "CustomResourceDefinition",
    "ServiceAccount",
    "PodSecurityPolicy",
    "Role",
    "ClusterRole",
    "RoleBinding",
    "ClusterRoleBinding",
    "ConfigMap",
    "Secret",
    "Endpoints",
    "Service",
    "LimitRange",
    "PriorityClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Deployment",
    "StatefulSet",
    "CronJob",
    "PodDisruptionBudget",
];
/// Kinds that come after the others, in this order.
pub const LAST: [&str; 2] = [
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
];

/// The order in which kinds are sorted in field specs.
#[must_use]
pub fn compare(a: &Gvk, b: &Gvk) -> Ordering {
    rank(&a.kind)
        .cmp(&rank(&b.kind))
        .then_with(|| text(a).cmp(&text(b)))
}

fn rank(kind: &str) -> usize {
    let place = |list: &[&str]| list.iter().position(|known| *known == kind);
    place(&FIRST)
        .or_else(|| place(&LAST).map(|place| FIRST.len() + 1 + place))
        .unwrap_or(FIRST.len())
}

/// A kind as the text that decides among kinds of the same rank.
#[must_use]
pub fn text(gvk: &Gvk) -> String {
    format!(
        "{}_{}_{}",
        or(&gvk.group, "~G"),
        or(&gvk.version, "~V"),
        or(&gvk.kind, "~K")
    )
}

/// A text, or what stands for an empty one.
#[must_use]
pub fn or<'a>(text: &'a str, none: &'a str) -> &'a str {
    if text.is_empty() { none } else { text }
}
