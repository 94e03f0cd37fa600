//! The order in which kinds are applied: what others need comes first.
//!
//! The order is that of Argo CD and Helm: namespaces and quotas, then configuration, accounts and storage, definitions
//! before their instances, workloads, and last what routes traffic or intercepts requests. Unknown kinds come after all
//! known ones.

use std::cmp::Ordering;

use serde_json::Value;

use crate::object;

const KINDS: [&str; 32] = [
    "Namespace",
    "NetworkPolicy",
    "ResourceQuota",
    "LimitRange",
    "PodSecurityPolicy",
    "PodDisruptionBudget",
    "ServiceAccount",
    "Secret",
    "SecretList",
    "ConfigMap",
    "StorageClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "CustomResourceDefinition",
    "ClusterRole",
    "ClusterRoleBinding",
    "Role",
    "RoleBinding",
    "PriorityClass",
    "Service",
    "DaemonSet",
    "Pod",
    "ReplicationController",
    "ReplicaSet",
    "Deployment",
    "HorizontalPodAutoscaler",
    "StatefulSet",
    "Job",
    "CronJob",
    "IngressClass",
    "Ingress",
    "APIService",
];

/// The place of a kind; larger is later.
#[must_use]
pub fn rank(kind: &str) -> usize {
    KINDS
        .iter()
        .position(|known| *known == kind)
        .unwrap_or(KINDS.len())
}

/// The order of two objects: by kind, then group, kind, namespace and name, so that it is always the same.
#[must_use]
pub fn compare(a: &Value, b: &Value) -> Ordering {
    let (key_a, key_b) = (object::key(a), object::key(b));
    rank(&key_a.kind)
        .cmp(&rank(&key_b.kind))
        .then_with(|| key_a.cmp(&key_b))
}

#[cfg(test)]
mod tests {
    use super::rank;

    #[test]
    fn what_others_need_comes_first() {
        for (first, second) in [
            ("Namespace", "ServiceAccount"),
            ("CustomResourceDefinition", "Gateway"),
            ("ConfigMap", "Deployment"),
            ("Service", "Deployment"),
            ("Deployment", "Ingress"),
            ("ClusterRole", "ClusterRoleBinding"),
        ] {
            assert!(rank(first) < rank(second), "{first} before {second}");
        }
    }
}
