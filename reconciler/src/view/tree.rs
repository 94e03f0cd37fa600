//! The live objects of an application and everything that they own.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use serde_json::Value;
use tiphys_engine::{object, project, tree};
use tiphys_model::*;

use super::{Filter, ViewError};
use crate::Reconciler;
use crate::cluster::Cluster;

/// Nodes of the cluster that are described; an application on more of them is shown without the rest.
const HOSTS: usize = 50;

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
        let (cluster, family) = self.family(application).await?;
        let mut nodes: Vec<ResourceNode> = family
            .iter()
            .filter(|live| filter.selects(&object::key(live), &object::gvk(live).version))
            .map(|live| tree::node(live))
            .collect();
        nodes.extend(missing(application, &family, filter));
        Ok(ApplicationTree {
            nodes,
            orphaned_nodes: self.orphans(application, &cluster, &family).await?,
            hosts: hosts(&cluster, &family).await?,
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
        let key = ResourceKey {
            group: row.group.clone(),
            kind: row.kind.clone(),
            namespace: row.namespace.clone(),
            name: row.name.clone(),
        };
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

/// The nodes of the cluster that run pods of the application.
async fn hosts(cluster: &Cluster, family: &[Arc<Value>]) -> Result<Vec<HostInfo>, ViewError> {
    let mut requests: BTreeMap<&str, HashMap<&str, i64>> = BTreeMap::new();
    for pod in family
        .iter()
        .filter(|live| live["kind"] == "Pod" && live["apiVersion"] == "v1")
    {
        let Some(name) = pod["spec"]["nodeName"].as_str() else {
            continue;
        };
        let node = requests.entry(name).or_default();
        for container in pod["spec"]["containers"].as_array().into_iter().flatten() {
            for resource in ["cpu", "memory"] {
                let asked = &container["resources"]["requests"][resource];
                *node.entry(resource).or_default() += tree::thousandths(asked);
            }
        }
    }
    let mut hosts = Vec::new();
    for (name, requested) in requests.into_iter().take(HOSTS) {
        // A node that is gone, or that we may not read, is shown by its name.
        let node = cluster.node(name).await.unwrap_or_default();
        let labels = node["metadata"]["labels"].as_object();
        hosts.push(HostInfo {
            name: name.to_owned(),
            resources_info: ["cpu", "memory"]
                .into_iter()
                .map(|resource| HostResourceInfo {
                    resource_name: resource.to_owned(),
                    requested_by_app: requested.get(resource).copied(),
                    requested_by_neighbors: None,
                    capacity: Some(tree::thousandths(&node["status"]["capacity"][resource])),
                })
                .collect(),
            system_info: Some(node["status"]["nodeInfo"].clone()).filter(|info| !info.is_null()),
            labels: labels
                .into_iter()
                .flatten()
                .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
                .collect(),
        });
    }
    Ok(hosts)
}
