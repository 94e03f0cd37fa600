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

/// Whether a group is one of Kubernetes' own: their names have no dot, or end in `k8s.io`.
fn is_built_in(group: &str) -> bool {
    !group.contains('.') || group.ends_with(".k8s.io")
}

/// The place of a group's kind. A custom kind comes after all known ones, also when its name is that of a built-in one:
/// Knative's `Service` needs its definition first.
#[must_use]
pub fn rank_of(group: &str, kind: &str) -> usize {
    if is_built_in(group) {
        rank(kind)
    } else {
        KINDS.len()
    }
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
    use super::{rank, rank_of};

    #[test]
    fn custom_kinds_come_last_whatever_their_name() {
        let definition = rank_of("apiextensions.k8s.io", "CustomResourceDefinition");
        assert!(definition < rank_of("serving.knative.dev", "Service"));
        assert!(definition < rank_of("crd.projectcalico.org", "NetworkPolicy"));
        assert!(rank_of("networking.k8s.io", "NetworkPolicy") < definition);
        assert!(rank_of("apps", "Deployment") < rank_of("networking.k8s.io", "Ingress"));
    }

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
