//! The deletion of an application with its objects.

use std::time::Duration;

use kube::api::PropagationPolicy;
use tiphys_engine::object::{self, Gvk};
use tiphys_engine::sync::options::SYNC_OPTIONS;
use tiphys_model::Application;
use tiphys_storage::{StoreError, Stored};

use crate::Reconciler;
use crate::cluster::Whole;
use crate::compare::conditions;
use crate::target::Condition;

const FINALIZER: &str = "resources-finalizer.argocd.argoproj.io";
/// When a deletion that waits is looked at again; the watches bring it earlier.
const AGAIN: Duration = Duration::from_secs(2);

impl Reconciler {
    pub(crate) async fn delete(
        &self,
        id: &str,
        stored: Stored<Application>,
    ) -> Result<(), StoreError> {
        let application = &stored.value;
        let finalizer = application
            .metadata
            .finalizers
            .iter()
            .find(|finalizer| finalizer.starts_with(FINALIZER));
        if let Some(finalizer) = finalizer {
            let propagation = if finalizer.ends_with("/background") {
                PropagationPolicy::Background
            } else {
                PropagationPolicy::Foreground
            };
            match self.delete_objects(application, propagation).await {
                Ok(true) => {}
                Ok(false) => {
                    self.again(id, AGAIN);
                    return Ok(());
                }
                Err(condition) => {
                    self.again(id, AGAIN);
                    let mut after = application.clone();
                    let status = after.status.get_or_insert_default();
                    status.conditions = conditions(&[condition], &status.conditions);
                    if after != *application {
                        self.inner
                            .applications
                            .replace(id, &after, stored.mod_revision)
                            .await?;
                    }
                    return Ok(());
                }
            }
        }
        self.inner.attempts.delete(id, None).await?;
        self.inner
            .applications
            .delete(id, Some(stored.mod_revision))
            .await?;
        Ok(())
    }

    /// Deletes what the application has in its cluster; answers whether everything is gone.
    async fn delete_objects(
        &self,
        application: &Application,
        propagation: PropagationPolicy,
    ) -> Result<bool, Condition> {
        // Without its cluster there is nothing left that could be deleted.
        let Ok((_, cluster)) = self.destination(application) else {
            return Ok(true);
        };
        let failed = |error: crate::cluster::ClusterError| Condition::new("DeletionError", error);
        let kinds: Vec<Gvk> = application
            .status
            .iter()
            .flat_map(|status| {
                let applied = status
                    .operation_state
                    .iter()
                    .filter_map(|state| state.sync_result.as_ref())
                    .flat_map(|result| &result.resources);
                status
                    .resources
                    .iter()
                    .map(|row| Gvk {
                        group: row.group.clone(),
                        version: row.version.clone(),
                        kind: row.kind.clone(),
                    })
                    .chain(applied.map(|row| Gvk {
                        group: row.group.clone(),
                        version: row.version.clone(),
                        kind: row.kind.clone(),
                    }))
            })
            .collect();
        if kinds.is_empty() {
            return Ok(true);
        }
        cluster.ready().await.map_err(failed)?;
        cluster.watch_kinds(kinds).await.map_err(failed)?;
        let mut gone = true;
        for Whole { object: live, .. } in cluster.tracked(&application.metadata.name) {
            if object::has_option(&live, SYNC_OPTIONS, "Delete=false") {
                continue;
            }
            gone = false;
            // A hook has a finalizer of ours until its operation has seen its end; there is no operation any more.
            crate::execute::release(&cluster, &object::key(&live), "")
                .await
                .map_err(failed)?;
            if !live["metadata"]["deletionTimestamp"].is_string() {
                cluster
                    .delete(&live, propagation.clone(), false)
                    .await
                    .map_err(failed)?;
            }
        }
        // What was deleted at once is no longer tracked.
        Ok(gone || cluster.tracked(&application.metadata.name).is_empty())
    }
}
