//! `lookup` in charts: live objects, for an application that switches it on, and only what its project permits.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tiphys_engine::object::{self, Gvk};
use tiphys_engine::project::{self, Destination};
use tiphys_model::{AppProject, Application};
use tiphys_render::helm::Lookup;

use crate::Reconciler;
use crate::cluster::Cluster;
use crate::target::Condition;

/// The annotation that switches it on.
const ALLOW: &str = "tiphys.io/allow-lookup";
/// How long one question may take.
const DEADLINE: Duration = Duration::from_secs(10);

struct Live {
    cluster: Cluster,
    project: AppProject,
    server: String,
    name: String,
    runtime: tokio::runtime::Handle,
}

impl Reconciler {
    /// What `lookup` finds for a source; nothing when it is off.
    pub(super) fn lookup(
        &self,
        application: &Application,
    ) -> Result<Option<Arc<dyn Lookup + Send + Sync>>, Condition> {
        if application
            .metadata
            .annotations
            .get(ALLOW)
            .map(String::as_str)
            != Some("true")
        {
            return Ok(None);
        }
        let records = self.records();
        let Some(project) = records.projects.get(&application.spec.project) else {
            return Ok(None);
        };
        let (server, cluster) = self.destination(application)?;
        Ok(Some(Arc::new(Live {
            cluster,
            project: project.clone(),
            server,
            name: application.spec.destination.name.clone(),
            runtime: tokio::runtime::Handle::current(),
        })))
    }
}

impl Lookup for Live {
    fn lookup(
        &self,
        api_version: &str,
        kind: &str,
        namespace: &str,
        name: &str,
    ) -> Result<Value, String> {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let gvk = Gvk {
            group: group.to_owned(),
            version: version.to_owned(),
            kind: kind.to_owned(),
        };
        let ask = async {
            let Some(served) = self.cluster.kind(&gvk).await? else {
                return Ok(json!({}));
            };
            let permitted =
                project::permits_kind(&self.project, group, kind, name, served.namespaced)
                    && (!served.namespaced
                        || project::permits_destination(
                            &self.project,
                            Destination {
                                server: &self.server,
                                name: &self.name,
                                namespace,
                            },
                        ));
            if !permitted {
                // The same as for what is not there: a template cannot find out what others have.
                return Ok(json!({}));
            }
            self.cluster.look_up(&served, namespace, name).await
        };
        let asked = async { tokio::time::timeout(DEADLINE, ask).await };
        match self.runtime.block_on(asked) {
            Ok(Ok(found)) => Ok(found),
            Ok(Err(error)) if error.is_not_found() => Ok(json!({})),
            Ok(Err(error)) => Err(format!("lookup {}: {error}", shown(&gvk, namespace, name))),
            Err(_) => Err(format!(
                "lookup {}: no answer in time",
                shown(&gvk, namespace, name)
            )),
        }
    }
}

fn shown(gvk: &Gvk, namespace: &str, name: &str) -> String {
    let object = json!({"apiVersion": if gvk.group.is_empty() { gvk.version.clone() } else { format!("{}/{}", gvk.group, gvk.version) },
        "kind": gvk.kind, "metadata": {"name": name, "namespace": namespace}});
    object::key(&object).to_string()
}
