//! Identities: group, version and kind, and the id of an object in a resource map.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

/// Namespace that stands for "this kind has none" in comparisons and in ids that were stored.
pub const NOT_NAMESPACED: &str = "_non_namespaceable_";
/// Namespace of namespaced objects that name none.
pub const DEFAULT_NAMESPACE: &str = "default";

/// Group, version and kind. In selectors, empty parts match everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Gvk {
    /// API group, empty for the core group.
    pub group: String,
    /// Version.
    pub version: String,
    /// Kind.
    pub kind: String,
    /// What a schema of the build says about the kind.
    pub scope: CustomScope,
}

/// Whether the build's own schema says that a kind lives outside namespaces. It takes no part in comparisons: the kind is the
/// same, whoever asks.
#[derive(Clone, Copy, Debug, Default)]
pub struct CustomScope {
    /// It says so.
    pub is_cluster: bool,
}

impl PartialEq for CustomScope {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for CustomScope {}

impl Hash for CustomScope {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

impl PartialOrd for CustomScope {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for CustomScope {
    fn cmp(&self, _: &Self) -> Ordering {
        Ordering::Equal
    }
}

impl Gvk {
    /// From the fields of an object; `apiVersion` is split at its first slash.
    #[must_use]
    pub fn of(api_version: &str, kind: &str) -> Self {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        Self {
            group: group.to_owned(),
            version: version.to_owned(),
            kind: kind.to_owned(),
            scope: CustomScope::default(),
        }
    }

    /// `group/version`, or the version alone in the core group.
    #[must_use]
    pub fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.clone()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    /// Whether each part of the selector is empty or equal to ours.
    #[must_use]
    pub fn is_selected(&self, selector: &Self) -> bool {
        let part = |wanted: &str, own: &str| wanted.is_empty() || wanted == own;
        part(&selector.group, &self.group)
            && part(&selector.version, &self.version)
            && part(&selector.kind, &self.kind)
    }

    /// Whether objects of this kind certainly live outside namespaces; kinds that neither Kubernetes nor a schema of the build
    /// define count as namespaced.
    #[must_use]
    pub fn is_cluster_scoped(&self) -> bool {
        self.scope.is_cluster
            || CLUSTER_SCOPED.iter().any(|(group, versions, kinds)| {
                *group == self.group
                    && versions.contains(&self.version.as_str())
                    && kinds.contains(&self.kind.as_str())
            })
    }
}

impl fmt::Display for Gvk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let or = |text: &str, none: &'static str| {
            if text.is_empty() {
                none.to_owned()
            } else {
                text.to_owned()
            }
        };
        write!(
            f,
            "{}.{}.{}",
            or(&self.kind, "[noKind]"),
            or(&self.version, "[noVer]"),
            or(&self.group, "[noGrp]")
        )
    }
}

/// Kinds outside namespaces, by group; the versions are those that the default schema of Kustomize 5.8 knows.
const CLUSTER_SCOPED: &[(&str, &[&str], &[&str])] = &[
    (
        "",
        &["v1"],
        &[
            "ComponentStatus",
            "Namespace",
            "Node",
            "NodeProxyOptions",
            "PersistentVolume",
        ],
    ),
    (
        "admissionregistration.k8s.io",
        &["v1", "v1beta1"],
        &[
            "MutatingWebhookConfiguration",
            "ValidatingWebhookConfiguration",
        ],
    ),
    (
        "apiextensions.k8s.io",
        &["v1", "v1beta1"],
        &["CustomResourceDefinition"],
    ),
    (
        "apiregistration.k8s.io",
        &["v1", "v1beta1"],
        &["APIService"],
    ),
    (
        "certificates.k8s.io",
        &["v1", "v1beta1"],
        &["CertificateSigningRequest"],
    ),
    (
        "flowcontrol.apiserver.k8s.io",
        &["v1beta1"],
        &["FlowSchema", "PriorityLevelConfiguration"],
    ),
    ("networking.k8s.io", &["v1", "v1beta1"], &["IngressClass"]),
    ("node.k8s.io", &["v1", "v1beta1"], &["RuntimeClass"]),
    ("policy", &["v1beta1"], &["PodSecurityPolicy"]),
    (
        "rbac.authorization.k8s.io",
        &["v1", "v1beta1"],
        &["ClusterRole", "ClusterRoleBinding"],
    ),
    ("scheduling.k8s.io", &["v1", "v1beta1"], &["PriorityClass"]),
    (
        "storage.k8s.io",
        &["v1", "v1beta1"],
        &["CSIDriver", "CSINode", "StorageClass", "VolumeAttachment"],
    ),
];

/// The id of an object at one moment of a build.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResId {
    /// Its kind.
    pub gvk: Gvk,
    /// `metadata.name`.
    pub name: String,
    /// `metadata.namespace` as it is written; empty for none. Stored earlier ids hold the effective namespace.
    pub namespace: String,
}

impl ResId {
    /// Namespace for comparisons: [`NOT_NAMESPACED`] outside namespaces, [`DEFAULT_NAMESPACE`] for none.
    #[must_use]
    pub fn effective_namespace(&self) -> &str {
        effective_namespace(&self.gvk, &self.namespace)
    }

    /// Equal kind, name and effective namespace.
    #[must_use]
    pub fn matches(&self, other: &Self) -> bool {
        self.name == other.name
            && self.gvk == other.gvk
            && self.effective_namespace() == other.effective_namespace()
    }

    /// Equal kind and name, in whatever namespace.
    #[must_use]
    pub fn matches_in_any_namespace(&self, other: &Self) -> bool {
        self.name == other.name && self.gvk == other.gvk
    }

    /// Whether each part of the selector is empty or equal to ours; namespaces are compared by what they effectively are.
    #[must_use]
    pub fn is_selected(&self, selector: &Self) -> bool {
        (selector.name.is_empty() || selector.name == self.name)
            && (selector.namespace.is_empty()
                || selector.effective_namespace() == self.effective_namespace())
            && self.gvk.is_selected(&selector.gvk)
    }
}

fn effective_namespace<'a>(gvk: &Gvk, namespace: &'a str) -> &'a str {
    if gvk.is_cluster_scoped() {
        NOT_NAMESPACED
    } else if namespace.is_empty() {
        DEFAULT_NAMESPACE
    } else {
        namespace
    }
}

impl fmt::Display for ResId {
    /// `Kind.version.group/name.namespace` with marks for what is empty, as in the messages of Kustomize.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let or = |text: &str, none: &'static str| {
            if text.is_empty() {
                none.to_owned()
            } else {
                text.to_owned()
            }
        };
        write!(
            f,
            "{}/{}.{}",
            self.gvk,
            or(&self.name, "[noName]"),
            or(&self.namespace, "[noNs]")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_compare_by_effective_namespace() {
        let id = |kind: &str, namespace: &str| ResId {
            gvk: Gvk::of("v1", kind),
            name: "a".to_owned(),
            namespace: namespace.to_owned(),
        };
        assert!(id("Service", "").matches(&id("Service", "default")));
        assert!(!id("Service", "").matches(&id("Service", "other")));
        assert!(id("Namespace", "x").matches(&id("Namespace", "y")));
        assert!(id("Service", "x").matches_in_any_namespace(&id("Service", "y")));
        assert_eq!(id("Service", "").to_string(), "Service.v1.[noGrp]/a.[noNs]");
    }
}
