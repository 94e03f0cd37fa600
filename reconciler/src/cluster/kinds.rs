//! The kinds that a cluster serves.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use kube::Resource as _;
use kube::api::{ApiResource, DynamicObject};
use kube::discovery::{Scope, verbs};
use serde_json::Value;
use tiphys_engine::object::Gvk;

/// A kind as a cluster serves it.
#[derive(Clone, Debug)]
pub struct Kind {
    /// How it is addressed.
    pub resource: ApiResource,
    /// Group and version, shared by all its objects.
    pub api_version: Arc<str>,
    /// Whether its objects live in namespaces.
    pub namespaced: bool,
    /// Whether its objects can be listed and watched.
    pub watchable: bool,
}

impl Kind {
    /// Where its objects are listed: in a namespace, or everywhere.
    #[must_use]
    pub fn url(&self, namespace: Option<&str>) -> String {
        DynamicObject::url_path(&self.resource, namespace)
    }

    /// Says what an item of a metadata list is: it only says itself that it is metadata, not what of.
    pub fn label(&self, item: &mut Value) {
        item["apiVersion"] = Value::String(self.resource.api_version.clone());
        item["kind"] = Value::String(self.resource.kind.clone());
    }
}

/// What discovery said last.
#[derive(Default)]
pub struct Kinds {
    served: HashMap<Gvk, Kind>,
    /// The version that the cluster prefers, by group and kind.
    preferred: HashMap<(String, String), Gvk>,
    /// When it was asked.
    pub read: Option<Instant>,
}

impl Kinds {
    /// What discovery says now.
    pub fn new(discovery: &kube::Discovery) -> Self {
        let mut kinds = Self {
            read: Some(Instant::now()),
            ..Self::default()
        };
        for group in discovery.groups() {
            for version in group.versions() {
                for (resource, capabilities) in group.versioned_resources(version) {
                    let gvk = Gvk {
                        group: resource.group.clone(),
                        version: resource.version.clone(),
                        kind: resource.kind.clone(),
                    };
                    let kind = Kind {
                        api_version: Arc::from(resource.api_version.as_str()),
                        namespaced: capabilities.scope == Scope::Namespaced,
                        watchable: capabilities.supports_operation(verbs::LIST)
                            && capabilities.supports_operation(verbs::WATCH),
                        resource,
                    };
                    if version == group.preferred_version_or_latest() {
                        kinds
                            .preferred
                            .insert((gvk.group.clone(), gvk.kind.clone()), gvk.clone());
                    }
                    kinds.served.insert(gvk, kind);
                }
            }
        }
        kinds
    }

    /// How a kind is served.
    pub fn get(&self, gvk: &Gvk) -> Option<&Kind> {
        self.served.get(gvk)
    }

    /// How a kind is served in the version that the cluster prefers, else in any.
    pub fn any(&self, group: &str, kind: &str) -> Option<&Kind> {
        self.preferred
            .get(&(group.to_owned(), kind.to_owned()))
            .and_then(|gvk| self.served.get(gvk))
            .or_else(|| {
                self.served
                    .iter()
                    .find(|(gvk, _)| gvk.group == group && gvk.kind == kind)
                    .map(|(_, kind)| kind)
            })
    }

    /// Every kind whose objects can be watched, each once.
    pub fn watchable(&self) -> Vec<Kind> {
        let mut all: Vec<Kind> = Vec::new();
        let mut met = std::collections::HashSet::new();
        let mut gvks: Vec<&Gvk> = self.served.keys().collect();
        gvks.sort();
        for gvk in gvks {
            if met.insert((&gvk.group, &gvk.kind))
                && let Some(kind) = self
                    .any(&gvk.group, &gvk.kind)
                    .filter(|kind| kind.watchable)
            {
                all.push(kind.clone());
            }
        }
        all
    }

    /// Group, version and kind of everything that is served, as `apps/v1/Deployment`, and the versions themselves, as `apps/v1`: what
    /// Helm's `.Capabilities.APIVersions` holds.
    pub fn api_versions(&self) -> Vec<String> {
        let mut all: Vec<String> = Vec::new();
        for (gvk, kind) in &self.served {
            all.push(kind.api_version.to_string());
            all.push(format!("{}/{}", kind.api_version, gvk.kind));
        }
        all.sort();
        all.dedup();
        all
    }

    /// Kinds served.
    pub fn len(&self) -> usize {
        self.served.len()
    }
}

/// Groups and kinds.
type Pairs = &'static [(&'static str, &'static str)];

/// Which kinds the controllers of Kubernetes itself make objects of for objects of a kind. Children of other kinds are found by the survey.
const CHILDREN: [(&str, &str, Pairs); 7] = [
    ("apps", "Deployment", &[("apps", "ReplicaSet"), ("", "Pod")]),
    ("apps", "ReplicaSet", &[("", "Pod")]),
    (
        "apps",
        "StatefulSet",
        &[
            ("", "Pod"),
            ("apps", "ControllerRevision"),
            ("", "PersistentVolumeClaim"),
        ],
    ),
    (
        "apps",
        "DaemonSet",
        &[("", "Pod"), ("apps", "ControllerRevision")],
    ),
    ("batch", "Job", &[("", "Pod")]),
    ("batch", "CronJob", &[("batch", "Job"), ("", "Pod")]),
    (
        "",
        "Service",
        &[("discovery.k8s.io", "EndpointSlice"), ("", "Endpoints")],
    ),
];

/// The kinds of children that objects of these kinds have.
pub fn children(kinds: &[(String, String)]) -> Vec<(&'static str, &'static str)> {
    let mut found: Vec<(&str, &str)> = CHILDREN
        .iter()
        .filter(|(group, kind, _)| {
            kinds
                .iter()
                .any(|known| known.0 == *group && known.1 == *kind)
        })
        .flat_map(|(_, _, children)| children.iter().copied())
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}
