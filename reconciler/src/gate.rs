//! What holds an operation back, or ends it early: dependencies, sync windows, a newer commit.

use chrono::{DateTime, Utc};
use tiphys_engine::admission::sources_of;
use tiphys_engine::automation::{self, compared};
use tiphys_engine::depends::{self, Dependency, Gate, State};
use tiphys_engine::sync::hook::Occasion;
use tiphys_engine::sync::{Deadlines, Record};
use tiphys_engine::window::{self, Verdict, Window};
use tiphys_model::*;
use tiphys_storage::StoreError;

use crate::{NAMESPACE, Reconciler};

/// Why an operation does not begin or go on now.
pub(crate) struct Hold {
    /// As its message says it.
    pub reason: String,
    /// When it is worth looking again although nothing else changed.
    pub until: Option<DateTime<Utc>>,
}

/// How long things may take for an application. What cannot be read, because it was stored before it was checked, is the default.
pub(crate) fn deadlines(application: &Application) -> Deadlines {
    application
        .spec
        .sync_policy
        .as_ref()
        .and_then(|policy| policy.deadlines.as_ref())
        .and_then(|own| Deadlines::read(&own.wave, &own.hook, &own.operation).ok())
        .unwrap_or_default()
}

/// Whether the comparison in the status is of the specification as it is now.
fn is_observed(application: &Application) -> bool {
    let spec = &application.spec;
    application
        .status
        .as_ref()
        .and_then(|status| status.sync.compared_to.as_ref())
        .is_some_and(|to| {
            to.source == spec.source
                && to.sources == spec.sources
                && to.destination == spec.destination
                && to.ignore_differences == spec.ignore_differences
        })
}

/// Whether an operation brings an earlier deployment back, or the last one after a newer one failed.
fn brings_back(application: &Application, sync: &SyncOperation) -> bool {
    let pin = application
        .status
        .as_ref()
        .and_then(|status| status.pin.as_ref());
    let is_other = |pin: &ApplicationPin| pin.away_from != automation::commits(sync);
    crate::execute::occasion(application, sync) == Occasion::Rollback || pin.is_some_and(is_other)
}

impl Reconciler {
    /// What the sync windows of its project say about an application now. Windows that cannot be read, which were stored before
    /// they were checked, say nothing.
    pub(crate) fn verdict(
        &self,
        application: &Application,
        started_at: Option<DateTime<Utc>>,
    ) -> Verdict {
        let windows: Vec<Window> = self
            .windows(application)
            .iter()
            .filter_map(|window| Window::new(window).ok())
            .collect();
        window::verdict(&windows, Utc::now(), started_at)
    }

    /// What is known of the applications that one depends on.
    pub(crate) async fn dependencies(
        &self,
        application: &Application,
    ) -> Result<Vec<Dependency>, StoreError> {
        let names = depends::names(&application.spec.depends_on, NAMESPACE).unwrap_or_default();
        let mut dependencies = Vec::with_capacity(names.len());
        for name in names {
            let id = format!("{NAMESPACE}/{name}");
            let state = match self.inner.applications.get(&id).await? {
                Some(stored) => Some(self.state(&id, &stored.value).await),
                None => None,
            };
            dependencies.push(Dependency { name, state });
        }
        Ok(dependencies)
    }

    /// The state of an application that another depends on. One that has not been compared at its newest commit is compared soon,
    /// also when the commit concerns nothing that it reads.
    async fn state(&self, id: &str, application: &Application) -> State {
        let status = application.status.clone().unwrap_or_default();
        let compared = compared(application).to_vec();
        let newest = self.newest(application).await.unwrap_or_default();
        if !newest.is_empty() && newest != compared {
            self.inner
                .queue
                .add(id.to_owned(), &application.spec.project);
        }
        State {
            sync: status.sync.status,
            health: status.health.status.unwrap_or_default(),
            compared,
            newest,
            observed: is_observed(application),
            operating: application.operation.is_some(),
        }
    }

    /// The commit or chart version that each source is at, as far as that is known; nothing when one of them cannot be told.
    async fn newest(&self, application: &Application) -> Option<Vec<String>> {
        let records = self.records();
        let sources = &self.inner.sources;
        let mut newest = Vec::new();
        for source in sources_of(&application.spec) {
            let repo = records.repo(&source.repo_url, &application.spec.project);
            let revision = &source.target_revision;
            newest.push(if source.chart.is_empty() {
                sources.resolve(&repo, revision).await.ok()?
            } else {
                let chart = &source.chart;
                sources.chart_version(&repo, chart, revision).await.ok()?
            });
        }
        Some(newest)
    }

    /// What holds an operation back now. `begun` says whether it has changed anything yet: what has begun does not wait for
    /// dependencies any more. What brings an earlier deployment back does not either, because it may be what repairs them.
    pub(crate) async fn held(
        &self,
        application: &Application,
        operation: &Operation,
        begun: bool,
    ) -> Result<Option<Hold>, StoreError> {
        let Some(sync) = operation.sync.as_ref().filter(|sync| !sync.dry_run) else {
            return Ok(None);
        };
        let started_at = application
            .status
            .as_ref()
            .and_then(|status| status.operation_state.as_ref())
            .map(|state| state.started_at);
        let automated = operation
            .initiated_by
            .as_ref()
            .is_some_and(|by| by.automated);
        let verdict = self.verdict(application, started_at);
        let permitted = if automated {
            verdict.automated
        } else {
            verdict.manual
        };
        if !permitted {
            return Ok(Some(Hold {
                reason: format!("waiting for a sync window: {}", verdict.reason),
                until: verdict.changes_at,
            }));
        }
        if begun || brings_back(application, sync) || application.spec.depends_on.is_empty() {
            return Ok(None);
        }
        let gate = depends::gate(&self.dependencies(application).await?);
        Ok(match gate {
            Gate::Open => None,
            Gate::Waiting(reasons) => Some(Hold {
                reason: reasons.join("; "),
                until: None,
            }),
        })
    }

    /// Why a running operation gives way to a newer commit, when it does. A commit that changes nothing of what the application
    /// renders to is no reason.
    pub(crate) async fn superseded(
        &self,
        application: &Application,
        operation: &Operation,
        record: &Record,
    ) -> Option<String> {
        let policy = application.spec.sync_policy.as_ref()?;
        let asked = policy.automated.as_ref()?.supersede && automation::is_automated(application);
        if !asked {
            return None;
        }
        let pin = application.status.as_ref()?.pin.as_ref();
        let newest = self.newest(application).await?;
        let sync = operation.sync.as_ref()?;
        // A retry may have taken the newer commit by itself.
        let (sources, revisions) = if sync.sources.is_empty() {
            (
                sync.source.as_slice(),
                std::slice::from_ref(&record.revision),
            )
        } else {
            (sync.sources.as_slice(), record.revisions.as_slice())
        };
        if newest == revisions || !automation::supersedes(asked, operation, &newest, pin) {
            return None;
        }
        let own = sources_of(&application.spec);
        let running = self.render(application, sources, revisions).await.ok()?;
        // What cannot be rendered would end something that works for something that does not.
        let next = self.render(application, own, &newest).await.ok()?;
        let same = {
            let [running, next] = [&running, &next]
                .map(|rendered| rendered.manifests.iter().map(|manifest| &manifest.object));
            running.eq(next)
        };
        if same {
            return None;
        }
        let short: Vec<&str> = newest
            .iter()
            .map(|commit| commit.get(..7).unwrap_or(commit))
            .collect();
        Some(format!("superseded by {}", short.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn application(status: serde_json::Value) -> Application {
        serde_json::from_value(json!({
            "metadata": {"name": "web"},
            "spec": {"source": {"repoURL": "https://git.example.com/a.git", "path": "web"},
                "destination": {"namespace": "shop"},
                "syncPolicy": {"deadlines": {"wave": "90s"}}},
            "status": {"health": {}, "sync": status},
        }))
        .expect("an application")
    }

    #[test]
    fn a_comparison_counts_for_the_specification_that_it_was_made_of() {
        let to = json!({"source": {"repoURL": "https://git.example.com/a.git", "path": "web"},
            "destination": {"namespace": "shop"}});
        let mut one = application(json!({"status": "Synced", "revision": "r1", "comparedTo": to}));
        assert_eq!(compared(&one), ["r1"]);
        assert!(is_observed(&one));
        one.spec.destination.namespace = "other".to_owned();
        assert!(!is_observed(&one));
        let source = one.spec.source.take().unwrap_or_default();
        one.spec.sources = vec![source.clone(), source];
        assert!(compared(&one).is_empty());
        assert!(!is_observed(&application(json!({"status": "Unknown"}))));
    }

    #[test]
    fn a_rollback_is_known_by_history_and_pin() {
        let mut one = application(json!({"status": "Synced"}));
        let to = |revision: &str| SyncOperation {
            revision: revision.to_owned(),
            ..SyncOperation::default()
        };
        let status = one.status.get_or_insert_default();
        status.history = ["r1", "r2"]
            .map(|revision| RevisionHistory {
                revision: revision.to_owned(),
                ..RevisionHistory::default()
            })
            .to_vec();
        assert!(brings_back(&one, &to("r1")));
        assert!(!brings_back(&one, &to("r2")) && !brings_back(&one, &to("r3")));
        // What failed half way is not in the history; the last deployment comes back.
        one.status.get_or_insert_default().pin = Some(ApplicationPin {
            away_from: vec!["r3".to_owned()],
            ..ApplicationPin::default()
        });
        assert!(brings_back(&one, &to("r2")) && !brings_back(&one, &to("r3")));
    }

    #[test]
    fn deadlines_that_cannot_be_read_are_the_default() {
        let mut one = application(json!({"status": "Synced"}));
        assert_eq!(deadlines(&one).wave.as_secs(), 90);
        let policy = one.spec.sync_policy.get_or_insert_default();
        policy.deadlines.get_or_insert_default().hook = "soon".to_owned();
        assert_eq!(deadlines(&one), Deadlines::default());
    }
}
