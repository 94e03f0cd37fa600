//! The live objects of an application and everything that they own.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use futures::StreamExt as _;
use serde_json::Value;
use tiphys_engine::{object, project, tree};
use tiphys_model::*;

use super::{Filter, ViewError};
use crate::Reconciler;
use crate::cluster::Cluster;
use crate::target::Permission;

/// Nodes of the cluster that are described; an application on more of them is shown without the rest.
const HOSTS: usize = 50;
/// Objects that are looked for because workloads refer to them.
const REFERENCES: usize = 200;
/// Requests to a cluster for one tree at a time.
const CONCURRENCY: usize = 8;

impl Reconciler {
    /// The tree of an application: what is live, what it owns, and what is missing.
    ///
    /// # Errors
    /// When its cluster cannot be read.
    pub async fn tree(
        &self,
        application: &Application,
        filter: &Filter,
    ) -> Result<ApplicationTree, ViewError> {
        let (cluster, permission, family) = self.family(application).await?;
        let mut nodes: Vec<ResourceNode> = family
            .iter()
            .filter(|live| filter.selects(&object::key(live), &object::gvk(live).version))
            .map(|live| tree::node(live))
            .collect();
        nodes.extend(missing(application, &family, filter));
        nodes.extend(referred(&cluster, &permission, &family, filter).await);
        Ok(ApplicationTree {
            nodes,
            orphaned_nodes: self.orphans(application, &cluster, &family).await?,
            hosts: hosts(&cluster, &family).await,
            ..ApplicationTree::default()
        })
    }

    /// Objects in the namespace of the destination that belong to nothing, when the project wants to see them.
    async fn orphans(
        &self,
        application: &Application,
        cluster: &Cluster,
        family: &[Arc<Value>],
    ) -> Result<Vec<ResourceNode>, ViewError> {
        let records = self.records();
        let project = records.projects.get(&application.spec.project);
        let Some(settings) = project.and_then(|project| project.spec.orphaned_resources.as_ref())
        else {
            return Ok(Vec::new());
        };
        let known: HashSet<ResourceKey> = family.iter().map(|live| object::key(live)).collect();
        let ignored = |key: &ResourceKey| {
            settings.ignore.iter().any(|entry| {
                let fits = |pattern: &str, is: &str| {
                    pattern.is_empty() || project::matches_glob(pattern, is)
                };
                fits(&entry.group, &key.group)
                    && fits(&entry.kind, &key.kind)
                    && fits(&entry.name, &key.name)
            })
        };
        let namespace = &application.spec.destination.namespace;
        let found = cluster.unowned(namespace).await?;
        Ok(found
            .iter()
            .filter(|live| {
                let key = object::key(live);
                !known.contains(&key) && !ignored(&key) && !is_of_the_cluster(&key)
            })
            .map(tree::node)
            .collect())
    }
}

/// What every namespace has without anybody's doing.
fn is_of_the_cluster(key: &ResourceKey) -> bool {
    matches!(
        (key.kind.as_str(), key.name.as_str()),
        ("ServiceAccount", "default") | ("ConfigMap", "kube-root-ca.crt")
    ) || (key.kind == "Endpoints" && key.group.is_empty())
}

/// Objects that Git states and that are not live, as the last comparison saw them.
fn missing(application: &Application, family: &[Arc<Value>], filter: &Filter) -> Vec<ResourceNode> {
    let live: HashSet<ResourceKey> = family.iter().map(|live| object::key(live)).collect();
    let rows = application
        .status
        .iter()
        .flat_map(|status| &status.resources);
    rows.filter_map(|row| {
        let key = ResourceKey::from(row);
        let shown = !live.contains(&key) && filter.selects(&key, &row.version);
        shown.then(|| ResourceNode {
            group: key.group,
            version: row.version.clone(),
            kind: key.kind,
            namespace: key.namespace,
            name: key.name,
            health: row.health.clone(),
            ..ResourceNode::default()
        })
    })
    .collect()
}

/// ConfigMaps, Secrets and claims that the workloads refer to and that are none of the application's: each below the first object that
/// refers to it. One that is missing keeps pods from starting, and is shown for that.
async fn referred(
    cluster: &Cluster,
    permission: &Permission,
    family: &[Arc<Value>],
    filter: &Filter,
) -> Vec<ResourceNode> {
    let mut met: HashSet<ResourceKey> = family.iter().map(|live| object::key(live)).collect();
    let mut parents: HashMap<ResourceKey, (&Value, bool)> = HashMap::new();
    let mut keys = Vec::new();
    for live in family {
        for (key, optional) in tree::references(live) {
            let shown = permission.covers(&key) && filter.selects(&key, "v1");
            if met.insert(key.clone()) && shown && keys.len() < REFERENCES {
                parents.insert(key.clone(), (live, optional));
                keys.push(key);
            }
        }
    }
    let found = cluster.outlines(keys).await;
    found
        .into_iter()
        .filter_map(|(key, outline)| {
            let (parent, optional) = parents.get(&key)?;
            let mut node = match outline {
                Some(outline) => tree::node(&outline),
                None if *optional => return None,
                None => lost(&key, parent),
            };
            // What it is worth is not known: only its name was read.
            node.health = node
                .health
                .filter(|health| health.status == Some(HealthStatusCode::Missing));
            node.parent_refs = vec![reference(parent)];
            Some(node)
        })
        .collect()
}

/// The node of an object that is referred to and not there.
fn lost(key: &ResourceKey, parent: &Value) -> ResourceNode {
    let by = object::key(parent);
    ResourceNode {
        version: "v1".to_owned(),
        kind: key.kind.clone(),
        namespace: key.namespace.clone(),
        name: key.name.clone(),
        health: Some(HealthStatus {
            status: Some(HealthStatusCode::Missing),
            message: format!("{} {} refers to it", by.kind, by.name),
            last_transition_time: None,
        }),
        ..ResourceNode::default()
    }
}

fn reference(live: &Value) -> ResourceRef {
    let (key, gvk) = (object::key(live), object::gvk(live));
    ResourceRef {
        group: key.group,
        version: gvk.version,
        kind: key.kind,
        namespace: key.namespace,
        name: key.name,
        uid: live["metadata"]["uid"]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
    }
}

/// The nodes of the cluster that run pods of the application.
async fn hosts(cluster: &Cluster, family: &[Arc<Value>]) -> Vec<HostInfo> {
    let mut own: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for pod in family
        .iter()
        .filter(|live| live["kind"] == "Pod" && live["apiVersion"] == "v1")
    {
        if let Some(name) = pod["spec"]["nodeName"].as_str() {
            own.entry(name).or_default().push(pod);
        }
    }
    let looks = own.into_iter().take(HOSTS);
    // Collected, because a closure with these lifetimes cannot live across an await.
    let looks: Vec<_> = looks
        .map(|(name, pods)| host(cluster, name, pods))
        .collect();
    let looks = futures::stream::iter(looks);
    looks.buffered(CONCURRENCY).collect().await
}

/// A node and what is asked of it: by these pods, and by all others. One that is gone, or that we may not read, is shown by its name.
async fn host(cluster: &Cluster, name: &str, pods: Vec<&Value>) -> HostInfo {
    let node = cluster.node(name).await.unwrap_or_default();
    let all = cluster.pods_on(name).await;
    let labels = node["metadata"]["labels"].as_object();
    let by = |pods: &mut dyn Iterator<Item = &Value>, resource: &str| {
        pods.map(|pod| tree::requested(pod, resource))
            .fold(0, i64::saturating_add)
    };
    let is_own = |pod: &&Value| {
        let uid = &pod["metadata"]["uid"];
        pods.iter().any(|own| own["metadata"]["uid"] == *uid)
    };
    HostInfo {
        name: name.to_owned(),
        resources_info: ["cpu", "memory"]
            .into_iter()
            .map(|resource| HostResourceInfo {
                resource_name: resource.to_owned(),
                requested_by_app: Some(by(&mut pods.iter().copied(), resource)),
                requested_by_neighbors: all.as_ref().ok().map(|all| {
                    let mut others = all.iter().filter(|pod| !is_own(pod));
                    by(&mut others, resource)
                }),
                capacity: Some(tree::thousandths(&node["status"]["capacity"][resource])),
            })
            .collect(),
        system_info: Some(node["status"]["nodeInfo"].clone()).filter(|info| !info.is_null()),
        labels: labels
            .into_iter()
            .flatten()
            .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
            .collect(),
    }
}
