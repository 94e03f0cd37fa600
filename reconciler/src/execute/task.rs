//! One task: what is sent to the cluster for it.

use std::borrow::Cow;
use std::time::Duration;

use kube::api::PropagationPolicy;
use serde_json::{Value, json};
use tiphys_engine::managed_fields::LEGACY_MANAGERS;
use tiphys_engine::sync::hook::HOOK_FINALIZER;
use tiphys_engine::sync::task::Outcome;
use tiphys_engine::sync::{Action, Options, Propagation, Record, Task};
use tiphys_engine::{object, take_over};
use tiphys_model::ResourceKey;
use tokio::time::Instant;

use super::attempt::Attempt;
use crate::cluster::{Apply, Cluster, ClusterError, MANAGER, PatchKind};
use crate::target::Target;

/// How long a definition may take to be served.
const DEFINITION: Duration = Duration::from_secs(20);

/// Carries out a task. `made` are namespaces that come with this synchronisation, which a dry run cannot know.
///
/// # Errors
/// Why it was not done, or is not known to have been done.
pub(super) async fn perform(
    target: &Target,
    attempt: &Attempt<'_>,
    task: &Task<'_>,
    record: &Record,
    made: &[String],
) -> Result<Outcome, ClusterError> {
    let dry_run = attempt.request.dry_run;
    match &task.action {
        Action::SkipPrune(_) => {}
        Action::Prune { propagation } => {
            let propagation = policy(*propagation);
            let meant = identity(task);
            target.cluster.delete(&meant, propagation, dry_run).await?;
        }
        Action::ReleaseHook => release(&target.cluster, &task.key, &task.uid).await?,
        Action::DeleteHook => delete_hook(&target.cluster, task).await?,
        Action::Apply { options, .. } => {
            if let Some(manifest) = task.manifest(record) {
                return apply(target, attempt, task, &manifest, options, made).await;
            }
        }
    }
    Ok(Outcome::Done)
}

/// The API's name of how dependents go.
pub(crate) fn policy(propagation: Propagation) -> PropagationPolicy {
    match propagation {
        Propagation::Foreground => PropagationPolicy::Foreground,
        Propagation::Background => PropagationPolicy::Background,
        Propagation::Orphan => PropagationPolicy::Orphan,
    }
}

/// What names a task's live object and no other.
pub(crate) fn identity(task: &Task<'_>) -> Value {
    let key = &task.key;
    let api_version = if key.group.is_empty() {
        task.version.clone()
    } else {
        format!("{}/{}", key.group, task.version)
    };
    json!({"apiVersion": api_version, "kind": key.kind,
        "metadata": {"name": key.name, "namespace": key.namespace, "uid": task.uid}})
}

/// Removes the finalizer that keeps a hook until its end is recorded.
pub(crate) async fn release(
    cluster: &Cluster,
    key: &ResourceKey,
    uid: &str,
) -> Result<(), ClusterError> {
    let Some(live) = cluster.live(key) else {
        return Ok(());
    };
    let Some(patch) = without_finalizer(&live, uid) else {
        return Ok(());
    };
    match cluster.patch(&live, &patch, PatchKind::Merge).await {
        Err(error) if error.is_not_found() => Ok(()),
        Err(error) if error.is_conflict() || error.is_unanswered() => {
            // Controllers write the status of hooks all the time; the newest version is asked for once.
            let newest = cluster.fetch(&live).await?;
            let patch = newest
                .as_ref()
                .and_then(|newest| without_finalizer(newest, uid));
            let (Some(newest), Some(patch)) = (newest, patch) else {
                return Ok(());
            };
            let patched = cluster.patch(&newest, &patch, PatchKind::Merge).await;
            patched.map(|_| ())
        }
        outcome => outcome.map(|_| ()),
    }
}

/// The patch that removes the finalizer; none when there is nothing to remove. The identity and the version keep it from another
/// object, and from finalizers that came meanwhile.
fn without_finalizer(live: &Value, uid: &str) -> Option<Value> {
    let metadata = &live["metadata"];
    let finalizers = metadata["finalizers"].as_array()?;
    let rest: Vec<&Value> = finalizers
        .iter()
        .filter(|finalizer| *finalizer != HOOK_FINALIZER)
        .collect();
    if rest.len() == finalizers.len() {
        return None;
    }
    let mut patch = json!({"finalizers": rest, "resourceVersion": metadata["resourceVersion"]});
    if !uid.is_empty() {
        patch["uid"] = json!(uid);
    }
    Some(json!({"metadata": patch}))
}

/// Lets a hook go, and deletes it.
pub(crate) async fn delete_hook(cluster: &Cluster, task: &Task<'_>) -> Result<(), ClusterError> {
    release(cluster, &task.key, &task.uid).await?;
    cluster
        .delete(&identity(task), PropagationPolicy::Background, false)
        .await
        .map(|_| ())
}

async fn apply(
    target: &Target,
    attempt: &Attempt<'_>,
    task: &Task<'_>,
    manifest: &Value,
    options: &Options,
    made: &[String],
) -> Result<Outcome, ClusterError> {
    let dry_run = attempt.request.dry_run;
    let before = target.cluster.live(&task.key);
    let mut sent = Cow::Borrowed(manifest);
    if let Some(before) = &before {
        if attempt.options.respect_ignore_differences == Some(true) && !task.hook {
            let respected = target
                .rules
                .respected(manifest, before, &target.diff_options());
            sent = Cow::Owned(respected.into_owned());
        }
        if !dry_run {
            adopt(&target.cluster, before, options).await;
        }
    }
    let how = Apply {
        dry_run,
        force: options.force == Some(true),
        replace: options.replace == Some(true) && !task.hook,
        unchecked: options.validate == Some(false),
    };
    let kind = &task.key;
    let comes = |group: &str, kind: &str| {
        target
            .defined
            .contains_key(&(group.to_owned(), kind.to_owned()))
    };
    match send(target, &sent, how).await {
        Ok(after) => {
            let verb = match &before {
                None => "created",
                Some(before)
                    if before["metadata"]["resourceVersion"]
                        == after["metadata"]["resourceVersion"] =>
                {
                    "unchanged"
                }
                Some(_) => "configured",
            };
            Ok(Outcome::Applied {
                uid: after["metadata"]["uid"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned(),
                generation: after["metadata"]["generation"].as_i64(),
                message: format!("{} {verb}", shown(&task.key)),
            })
        }
        // What a dry run cannot know: the namespace or the definition would be there by then.
        Err(error)
            if dry_run
                && (matches!(error, ClusterError::UnknownKind { .. })
                    && comes(&kind.group, &kind.kind)
                    || error.is_not_found() && made.contains(&kind.namespace)) =>
        {
            Ok(Outcome::Applied {
                uid: String::new(),
                generation: None,
                message: format!("{} created", shown(&task.key)),
            })
        }
        Err(error) => Err(error),
    }
}

/// Takes over, once, what earlier managers own. A failure is no reason not to apply: the next synchronisation tries again.
async fn adopt(cluster: &Cluster, live: &Value, options: &Options) {
    if options.client_side_apply_migration == Some(false) || options.replace == Some(true) {
        return;
    }
    let mut managers: Vec<&str> = LEGACY_MANAGERS.to_vec();
    managers.extend(options.client_side_apply_migration_manager.as_deref());
    let Some(patch) = take_over::patch(live, MANAGER, &managers, true) else {
        return;
    };
    if let Err(error) = cluster.patch(live, &patch, PatchKind::Json).await {
        tracing::debug!(object = %object::key(live), %error, "the fields of earlier managers were not taken over");
    }
}

/// Applies; a kind whose definition was applied just before is waited for.
async fn send(target: &Target, wanted: &Value, how: Apply) -> Result<Value, ClusterError> {
    let gvk = object::gvk(wanted);
    let defined = target.defined.contains_key(&(gvk.group, gvk.kind));
    let end = Instant::now() + DEFINITION;
    loop {
        let result = target.cluster.apply(wanted, how).await;
        let early = match &result {
            Err(ClusterError::UnknownKind { .. }) => defined && !how.dry_run,
            Err(error) => defined && !how.dry_run && error.is_not_found(),
            Ok(_) => false,
        };
        if !early || Instant::now() > end {
            return result;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// `deployment.apps/web`, as kubectl shows it.
fn shown(key: &ResourceKey) -> String {
    let kind = key.kind.to_lowercase();
    if key.group.is_empty() {
        format!("{kind}/{}", key.name)
    } else {
        format!("{kind}.{}/{}", key.group, key.name)
    }
}
