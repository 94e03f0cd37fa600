//! One pass over an application: operation, comparison, status, automation.

use std::collections::BTreeSet;
use std::time::Duration;

use tiphys_engine::automation::skips_reconcile;
use tiphys_engine::sync::Phase;
use tiphys_engine::sync::delete::{POST_DELETE_FINALIZER, PRE_DELETE_FINALIZER};
use tiphys_engine::sync::hook::{self, Occasion, Role};
use tiphys_model::*;
use tiphys_storage::{StoreError, Stored};
use tokio::time::Instant;

use crate::compare::{Comparison, fill};
use crate::target::{Choice, Target};
use crate::verdict::Answers;
use crate::{Reconciler, judging, now};

/// The annotation that asks for a new comparison; it is gone when that is done.
const REFRESH: &str = "argocd.argoproj.io/refresh";
/// When an application that cannot be compared is looked at again, with jitter: a repository that comes back is announced by its poll.
const AGAIN: Duration = Duration::from_secs(10);
/// The longest sleep before an application is looked at again: what it waits for follows from the clock, which may be set meanwhile, or
/// the machine may have slept.
const LONGEST: Duration = Duration::from_secs(300);
/// When an application comes again that found too many others waiting for dry runs.
const TURN: Duration = Duration::from_secs(1);

/// Marks with finalizers, as Argo CD does, that hooks run when the application is deleted: only then does its deletion need the source.
fn note_deletion_hooks<'a>(
    finalizers: &mut Vec<String>,
    objects: impl Iterator<Item = &'a serde_json::Value>,
) {
    let roles: Vec<Role> = objects
        .map(|object| hook::role(object, Occasion::Upgrade))
        .filter(|role| matches!(role, Role::Hook(_)))
        .collect();
    for (phase, finalizer) in [
        (Phase::PreDelete, PRE_DELETE_FINALIZER),
        (Phase::PostDelete, POST_DELETE_FINALIZER),
    ] {
        let runs = roles
            .iter()
            .any(|role| matches!(role, Role::Hook(phases) if phases.contains(&phase)));
        let is_noted = finalizers.iter().any(|known| known == finalizer);
        if runs && !is_noted {
            finalizers.push(finalizer.to_owned());
        } else if !runs && is_noted {
            finalizers.retain(|known| known != finalizer);
        }
    }
}

impl Reconciler {
    pub(crate) async fn pass(&self, id: &str) {
        match self.try_pass(id).await {
            Ok(()) | Err(StoreError::Closed | StoreError::NotFound { .. }) => {}
            // Somebody wrote meanwhile: the feed brings the application again, but not for a change before this pass began.
            Err(StoreError::Conflict { .. }) => self.again(id, Duration::ZERO),
            Err(error) => {
                tracing::error!(application = id, %error, "the store failed; the application is looked at again");
                self.again(id, AGAIN);
            }
        }
    }

    pub(crate) fn again(&self, id: &str, after: Duration) {
        let at = Instant::now() + after.min(LONGEST);
        self.inner.queue.add_at(id.to_owned(), "", at);
    }

    async fn try_pass(&self, id: &str) -> Result<(), StoreError> {
        let Some(stored) = self.inner.applications.get(id).await? else {
            let name = id.rsplit('/').next().unwrap_or(id);
            self.forget_rendering(name);
            self.inner.needs.set(name, BTreeSet::new());
            self.inner.predictions.retain(name, |_| false);
            self.inner.seen.take(name);
            self.inner.clusters.forget(name);
            return Ok(());
        };
        // Boxed, because each of these is large, and whatever awaits them would be as large as all of them.
        if stored.value.metadata.deletion_timestamp.is_some() {
            return Box::pin(self.delete(id, stored)).await;
        }
        if stored.value.operation.is_none() {
            return Box::pin(self.reconcile(id, stored)).await;
        }
        Box::pin(self.operate(id, stored)).await?;
        // What an operation waits for may take hours, in which the comparison is wanted all the same.
        match self.inner.applications.get(id).await? {
            Some(stored) if stored.value.operation.is_some() => {
                Box::pin(self.reconcile(id, stored)).await
            }
            _ => Ok(()),
        }
    }

    /// Compares, and writes the status when it differs.
    pub(crate) async fn reconcile(
        &self,
        id: &str,
        stored: Stored<Application>,
    ) -> Result<(), StoreError> {
        let before = &stored.value;
        let mut after = before.clone();
        if skips_reconcile(before) {
            // Whoever waits for a refresh is not kept waiting.
            if after.metadata.annotations.remove(REFRESH).is_some() {
                self.inner
                    .applications
                    .replace(id, &after, stored.mod_revision)
                    .await?;
            }
            return Ok(());
        }
        let refresh = after.metadata.annotations.remove(REFRESH);
        if let Some(kind) = &refresh {
            self.look_again(before, kind).await;
        }
        let target = self.target(before, Choice::default()).await;
        let name = &before.metadata.name;
        let asks = target.as_ref().is_ok_and(|target| self.asks_server(target));
        let answers = match &target {
            Ok(target) if asks => {
                let Some(_turn) = self.inner.predictions.turn() else {
                    self.again(id, TURN);
                    return Ok(());
                };
                let answers = self.answers(name, target).await;
                if answers.any_failed() {
                    self.again(id, AGAIN.mul_f64(rand::random_range(1.0..2.0)));
                }
                answers
            }
            _ => Answers::default(),
        };
        match &target {
            Ok(target) => {
                let seen = &self.inner.seen;
                let mut memory = seen.begin(target, seen.take(name), asks);
                let comparison = judging(target.wanted.len(), || {
                    target.compare(name, &answers, &mut memory)
                });
                seen.put(name, memory.end());
                self.judge(id, before, &mut after, (target, &comparison))
                    .await?;
            }
            Err(condition) => {
                let status = after.status.get_or_insert_default();
                fill(status, &before.spec, &Err(condition.clone()), &[]);
                self.again(id, AGAIN.mul_f64(rand::random_range(1.0..2.0)));
            }
        }
        if refresh.is_none() && after == *before {
            return Ok(());
        }
        if let Some(status) = &mut after.status {
            status.reconciled_at = Some(now());
        }
        self.inner
            .applications
            .replace(id, &after, stored.mod_revision)
            .await?;
        Ok(())
    }

    /// Forgets what is known of the sources, and with `hard` what they rendered to.
    async fn look_again(&self, application: &Application, kind: &str) {
        let records = self.records();
        let spec = &application.spec;
        for source in spec.source.iter().chain(&spec.sources) {
            let repo = records.repo(&source.repo_url, &spec.project);
            self.inner.sources.forget(&repo).await;
        }
        for url in self.inner.needs.of(&application.metadata.name) {
            let repo = records.repo(&url, &spec.project).for_charts();
            self.inner.sources.forget(&repo).await;
        }
        if kind == "hard" {
            self.forget_rendering(&application.metadata.name);
        }
    }

    /// Writes into an application what a comparison says, and the operation that follows from it.
    async fn judge(
        &self,
        id: &str,
        before: &Application,
        after: &mut Application,
        (target, comparison): (&Target, &Comparison),
    ) -> Result<(), StoreError> {
        let decision = self.automate(id, before, target, comparison).await?;
        if before.operation.is_none() {
            after.operation = decision.operation;
        }
        let objects = target.wanted.iter().map(|wanted| &wanted.object);
        note_deletion_hooks(&mut after.metadata.finalizers, objects);
        let status = after.status.get_or_insert_default();
        status.pin = decision.pin;
        let outcome = Ok((target, comparison));
        fill(status, &before.spec, &outcome, &decision.conditions);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn hooks_of_deletions_are_noted_and_forgotten() {
        let hook = |annotation: &str, types: &str| json!({"metadata": {"annotations": {annotation: types}}});
        let objects = [
            json!({"metadata": {"name": "a"}}),
            hook(hook::HOOK, "PreSync,PreDelete"),
            hook(hook::HELM_HOOK, "post-delete"),
        ];
        let mut finalizers = vec!["theirs".to_owned()];
        note_deletion_hooks(&mut finalizers, objects.iter());
        assert_eq!(
            finalizers,
            ["theirs", PRE_DELETE_FINALIZER, POST_DELETE_FINALIZER]
        );
        let before = finalizers.clone();
        note_deletion_hooks(&mut finalizers, objects.iter());
        assert_eq!(finalizers, before);
        note_deletion_hooks(&mut finalizers, objects[..2].iter());
        assert_eq!(finalizers, ["theirs", PRE_DELETE_FINALIZER]);
        note_deletion_hooks(&mut finalizers, objects[..1].iter());
        assert_eq!(finalizers, ["theirs"]);
    }
}
