//! Which objects are hooks, when they run, in which wave, and when they are deleted: Argo CD's and Helm's annotations.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::phase::Phase;
use crate::object;

/// Makes an object a hook: a comma-separated list of phases, or `Skip`.
pub const HOOK: &str = "argocd.argoproj.io/hook";
/// When a hook is deleted.
pub const HOOK_DELETE_POLICY: &str = "argocd.argoproj.io/hook-delete-policy";
/// The wave of an object within its phase, a whole number.
pub const SYNC_WAVE: &str = "argocd.argoproj.io/sync-wave";
/// The finalizer that keeps a hook until its end has been written into the record, whatever deletes it.
pub const HOOK_FINALIZER: &str = "argocd.argoproj.io/hook-finalizer";
/// Tells which attempt of which phase made a hook, so that one that was made just before a crash is not run twice.
pub const HOOK_RUN: &str = "tiphys.io/hook-run";
/// Helm's hook types.
pub const HELM_HOOK: &str = "helm.sh/hook";
/// Helm's wave of a hook.
pub const HELM_WEIGHT: &str = "helm.sh/hook-weight";
/// Helm's delete policy of a hook.
pub const HELM_DELETE_POLICY: &str = "helm.sh/hook-delete-policy";
/// Helm's way to keep an object that left the chart.
pub const HELM_RESOURCE_POLICY: &str = "helm.sh/resource-policy";

/// Warnings of one object beyond this number are not listed.
const WARNINGS: usize = 10;

/// What a synchronisation is in Helm's words, which has hooks for each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Occasion {
    /// The application has never been synchronised with success.
    Install,
    /// It has.
    #[default]
    Upgrade,
    /// An earlier deployment is brought back.
    Rollback,
}

/// What an object is to a synchronisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// An ordinary object.
    Resource,
    /// An object that is never applied: `argocd.argoproj.io/hook: Skip`.
    Skipped,
    /// A hook, with the phases in which it runs on this occasion: none when it belongs to another occasion, is a Helm test,
    /// or has no type that is known.
    Hook(Vec<Phase>),
}

/// Values of a comma-separated annotation, trimmed, without empty ones.
pub fn list<'a>(object: &'a Value, name: &str) -> impl Iterator<Item = &'a str> {
    object::annotation(object, name)
        .unwrap_or_default()
        .split(',')
        .map(str::trim)
        .filter(|entry| !entry.is_empty())
}

/// Whether an object is a hook, on whatever occasion. Hooks are no part of the comparison and are not pruned.
#[must_use]
pub fn is_hook(object: &Value) -> bool {
    match object::annotation(object, HOOK) {
        Some(_) => !is_skipped(object),
        // Helm marks old-style definitions in the same way, but they are no hooks.
        None => object::annotation(object, HELM_HOOK).is_some_and(|types| types != "crd-install"),
    }
}

/// Whether an object asks never to be applied.
#[must_use]
pub fn is_skipped(object: &Value) -> bool {
    let mut known = list(object, HOOK).filter(|name| *name == "Skip" || is_known(name));
    known.next() == Some("Skip") && known.all(|name| name == "Skip")
}

fn is_known(name: &str) -> bool {
    Phase::of_hook(name).is_some()
}

/// What an object is on an occasion.
#[must_use]
pub fn role(object: &Value, occasion: Occasion) -> Role {
    if !object["metadata"]["annotations"].is_object() {
        return Role::Resource;
    }
    if is_skipped(object) {
        return Role::Skipped;
    }
    if !is_hook(object) {
        return Role::Resource;
    }
    let mut phases: Vec<Phase> = list(object, HOOK).filter_map(Phase::of_hook).collect();
    // Argo CD's own types, when there are any, are the whole truth.
    if phases.is_empty() {
        phases = list(object, HELM_HOOK)
            .filter_map(|name| helm_phase(name, occasion))
            .collect();
    }
    phases.sort_unstable();
    phases.dedup();
    Role::Hook(phases)
}

/// The phase of a Helm hook type. Installing and upgrading are told apart, as Helm does and Argo CD does not.
fn helm_phase(name: &str, occasion: Occasion) -> Option<Phase> {
    let (phase, only) = match name {
        "pre-install" => (Phase::PreSync, Occasion::Install),
        "pre-upgrade" => (Phase::PreSync, Occasion::Upgrade),
        "pre-rollback" => (Phase::PreSync, Occasion::Rollback),
        "post-install" => (Phase::PostSync, Occasion::Install),
        "post-upgrade" => (Phase::PostSync, Occasion::Upgrade),
        "post-rollback" => (Phase::PostSync, Occasion::Rollback),
        "pre-delete" => return Some(Phase::PreDelete),
        "post-delete" => return Some(Phase::PostDelete),
        _ => return None,
    };
    (occasion == only).then_some(phase)
}

/// Warns of annotations of an object that say nothing that is known.
#[must_use]
pub fn warnings(object: &Value) -> Vec<String> {
    let mut warnings = Vec::new();
    let mut unknown = |annotation: &str, value: &str| {
        if warnings.len() >= WARNINGS {
            return;
        }
        warnings.push(format!(
            "{}: annotation {annotation} has the unknown value \"{}\"",
            object::key(object),
            value.chars().take(80).collect::<String>()
        ));
    };
    for name in list(object, HOOK).filter(|name| *name != "Skip" && !is_known(name)) {
        unknown(HOOK, name);
    }
    for name in list(object, HOOK_DELETE_POLICY) {
        if !["HookSucceeded", "HookFailed", "BeforeHookCreation"].contains(&name) {
            unknown(HOOK_DELETE_POLICY, name);
        }
    }
    if let Some(text) = object::annotation(object, SYNC_WAVE)
        && text.parse::<i64>().is_err()
    {
        unknown(SYNC_WAVE, text);
    }
    warnings
}

/// The wave of an object: its own, else Helm's weight, else 0. What is no number counts as absent.
#[must_use]
pub fn wave(object: &Value) -> i64 {
    let number = |name| object::annotation(object, name).and_then(|text| text.parse().ok());
    number(SYNC_WAVE)
        .or_else(|| number(HELM_WEIGHT))
        .unwrap_or(0)
}

/// When a hook is deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeletePolicy {
    /// Before a new one is made. The default.
    pub before_creation: bool,
    /// After the synchronisation succeeded.
    pub succeeded: bool,
    /// After the synchronisation failed.
    pub failed: bool,
}

/// The delete policy of a hook.
#[must_use]
pub fn delete_policy(object: &Value) -> DeletePolicy {
    let mut policy = DeletePolicy::default();
    let names = list(object, HOOK_DELETE_POLICY).chain(list(object, HELM_DELETE_POLICY));
    for name in names {
        match name {
            "BeforeHookCreation" | "before-hook-creation" => policy.before_creation = true,
            "HookSucceeded" | "hook-succeeded" => policy.succeeded = true,
            "HookFailed" | "hook-failed" => policy.failed = true,
            _ => {}
        }
    }
    if policy == DeletePolicy::default() {
        policy.before_creation = true;
    }
    policy
}

/// The name of a hook that has only `metadata.generateName`: it follows from the record, so that it is the same after a restart.
#[must_use]
pub fn generated_name(
    generate_name: &str,
    revision: &str,
    phase: Phase,
    started_at: DateTime<Utc>,
) -> String {
    let revision = match revision.char_indices().nth(7) {
        Some((at, _)) => &revision[..at],
        None => revision,
    };
    let suffix = format!("{revision}-{phase}-{}", started_at.timestamp());
    format!("{generate_name}{}", suffix.to_lowercase())
}

/// The value of [`HOOK_RUN`] for a phase of an attempt that began at that time.
#[must_use]
pub fn run(phase: Phase, started_at: DateTime<Utc>) -> String {
    let at = started_at.to_rfc3339_opts(chrono::SecondsFormat::Nanos, true);
    format!("{phase}/{at}")
}

/// Whether Helm's policy keeps an object that would be pruned or deleted.
#[must_use]
pub fn is_kept_by_helm(object: &Value) -> bool {
    list(object, HELM_RESOURCE_POLICY).any(|policy| policy == "keep")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    type Annotations = [(&'static str, &'static str)];

    fn annotated(pairs: &Annotations) -> Value {
        let annotations: serde_json::Map<String, Value> = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), json!(value)))
            .collect();
        json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "j", "annotations": annotations}})
    }

    #[test]
    fn roles_follow_the_annotations() {
        use Occasion::{Install, Rollback, Upgrade};
        use Phase::{PostDelete, PostSync, PreDelete, PreSync, Sync, SyncFail};
        let cases: [(&Annotations, Occasion, Role); 18] = [
            (&[], Upgrade, Role::Resource),
            (&[(HOOK, "PreSync")], Upgrade, Role::Hook(vec![PreSync])),
            (
                &[(HOOK, "PostSync, PreSync,PreSync")],
                Upgrade,
                Role::Hook(vec![PreSync, PostSync]),
            ),
            (&[(HOOK, "Sync")], Install, Role::Hook(vec![Sync])),
            (
                &[(HOOK, "SyncFail,PostDelete,PreDelete")],
                Upgrade,
                Role::Hook(vec![SyncFail, PreDelete, PostDelete]),
            ),
            (&[(HOOK, "Skip")], Upgrade, Role::Skipped),
            (
                &[(HOOK, "Skip,PreSync")],
                Upgrade,
                Role::Hook(vec![PreSync]),
            ),
            (&[(HOOK, "Sometimes")], Upgrade, Role::Hook(vec![])),
            (
                &[(HOOK, "PostSync"), (HELM_HOOK, "pre-install")],
                Install,
                Role::Hook(vec![PostSync]),
            ),
            (
                &[(HELM_HOOK, "pre-install")],
                Install,
                Role::Hook(vec![PreSync]),
            ),
            (&[(HELM_HOOK, "pre-install")], Upgrade, Role::Hook(vec![])),
            (&[(HELM_HOOK, "post-upgrade")], Install, Role::Hook(vec![])),
            (
                &[(HELM_HOOK, "pre-install,pre-upgrade,post-upgrade")],
                Upgrade,
                Role::Hook(vec![PreSync, PostSync]),
            ),
            (
                &[(HELM_HOOK, "pre-rollback,post-upgrade")],
                Rollback,
                Role::Hook(vec![PreSync]),
            ),
            (
                &[(HELM_HOOK, "pre-delete,post-delete")],
                Upgrade,
                Role::Hook(vec![PreDelete, PostDelete]),
            ),
            (&[(HELM_HOOK, "test")], Upgrade, Role::Hook(vec![])),
            (&[(HELM_HOOK, "test-success")], Upgrade, Role::Hook(vec![])),
            (&[(HELM_HOOK, "crd-install")], Upgrade, Role::Resource),
        ];
        for (annotations, occasion, expected) in cases {
            assert_eq!(
                role(&annotated(annotations), occasion),
                expected,
                "{annotations:?} {occasion:?}"
            );
        }
    }

    #[test]
    fn waves_are_numbers() {
        for (annotations, expected) in [
            (&[][..], 0),
            (&[(SYNC_WAVE, "-5")][..], -5),
            (&[(SYNC_WAVE, "+5")][..], 5),
            (&[(SYNC_WAVE, "two")][..], 0),
            (&[(SYNC_WAVE, "two"), (HELM_WEIGHT, "7")][..], 7),
            (&[(SYNC_WAVE, "3"), (HELM_WEIGHT, "7")][..], 3),
            (&[(SYNC_WAVE, "99999999999999999999999")][..], 0),
        ] {
            assert_eq!(wave(&annotated(annotations)), expected, "{annotations:?}");
        }
        assert_eq!(warnings(&annotated(&[(SYNC_WAVE, "two")])).len(), 1);
        assert!(warnings(&annotated(&[(HOOK, "Sometimes")]))[0].contains("\"Sometimes\""));
        assert!(warnings(&annotated(&[(HOOK_DELETE_POLICY, "Never")]))[0].contains("\"Never\""));
        assert!(warnings(&annotated(&[(HOOK, "Skip"), (SYNC_WAVE, "1")])).is_empty());
    }

    #[test]
    fn delete_policies_add_up() {
        let policy = |before_creation, succeeded, failed| DeletePolicy {
            before_creation,
            succeeded,
            failed,
        };
        for (annotations, expected) in [
            (&[][..], policy(true, false, false)),
            (
                &[(HOOK_DELETE_POLICY, "HookSucceeded")][..],
                policy(false, true, false),
            ),
            (
                &[(HELM_DELETE_POLICY, "before-hook-creation, hook-failed")][..],
                policy(true, false, true),
            ),
            (
                &[
                    (HOOK_DELETE_POLICY, "HookSucceeded"),
                    (HELM_DELETE_POLICY, "hook-failed"),
                ][..],
                policy(false, true, true),
            ),
            (
                &[(HOOK_DELETE_POLICY, "Never")][..],
                policy(true, false, false),
            ),
        ] {
            assert_eq!(
                delete_policy(&annotated(annotations)),
                expected,
                "{annotations:?}"
            );
        }
    }

    #[test]
    fn generated_names_follow_from_the_record() {
        let at = DateTime::from_timestamp(1_700_000_000, 0).unwrap_or_default();
        assert_eq!(
            generated_name("migrate-", "0123456789abcdef", Phase::PreSync, at),
            "migrate-0123456-presync-1700000000"
        );
        assert_eq!(
            generated_name("m-", "v1", Phase::PostSync, at),
            "m-v1-postsync-1700000000"
        );
    }
}
