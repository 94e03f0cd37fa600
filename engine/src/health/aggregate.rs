//! The health of an application, from the health of its resources.

use serde_json::Value;
use tiphys_model::HealthStatusCode as Code;

use crate::object;

/// Set to `"true"` on a resource, its health does not count for the application.
pub const IGNORE_HEALTHCHECK: &str = "argocd.argoproj.io/ignore-healthcheck";

/// How many causes a message names.
const CAUSES: usize = 3;

/// From best to worst.
fn severity(status: Code) -> u8 {
    match status {
        Code::Healthy => 0,
        Code::Suspended => 1,
        Code::Progressing => 2,
        Code::Missing => 3,
        Code::Degraded => 4,
        Code::Unknown => 5,
    }
}

/// The worst of several verdicts; healthy when there are none.
#[must_use]
pub fn worst(statuses: impl IntoIterator<Item = Code>) -> Code {
    statuses
        .into_iter()
        .max_by_key(|&status| severity(status))
        .unwrap_or(Code::Healthy)
}

/// A resource of an application, for its health.
#[derive(Clone, Copy, Debug)]
pub struct Member<'a> {
    /// What the source says; none for what the source no longer has.
    pub target: Option<&'a Value>,
    /// What the cluster has; none when it is missing.
    pub live: Option<&'a Value>,
    /// The verdict on the live object; none for kinds without health.
    pub health: Option<Code>,
    /// It is the application's own record: an application that manages itself does not judge itself.
    pub is_application_itself: bool,
}

/// The health of an application and why it is not healthy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApplicationHealth {
    /// The worst that counts.
    pub status: Code,
    /// The resources that made it so, the first few by name; empty when healthy or missing as a whole.
    pub message: String,
}

/// The health of an application (Argo CD's `setApplicationHealth`):
///
/// - hooks, skipped and ignored resources do not count; neither does one with [`IGNORE_HEALTHCHECK`];
/// - a missing resource does not count, because the application is out of sync for it, but an application of which nothing is
///   there is `Missing`;
/// - a child `Application` that is missing or unknown does not count;
/// - an application without resources is healthy.
#[must_use]
pub fn application<'a>(members: impl IntoIterator<Item = Member<'a>>) -> ApplicationHealth {
    let mut status = Code::Healthy;
    let mut causes: Vec<&Value> = Vec::new();
    let (mut any, mut any_live) = (false, false);
    for member in members {
        if member.target.is_some_and(is_skipped) || member.live.is_some_and(is_hook) {
            continue;
        }
        // Before it exists, a hook is known by what the source says.
        if member.live.is_none() && member.target.is_some_and(is_hook) {
            continue;
        }
        any = true;
        let Some(live) = member.live else {
            continue;
        };
        any_live = true;
        if member.is_application_itself
            || object::annotation(live, IGNORE_HEALTHCHECK) == Some("true")
        {
            continue;
        }
        let Some(health) = member.health else {
            continue;
        };
        let is_application = super::group_kind(live) == ("argoproj.io", "Application");
        if is_application && matches!(health, Code::Missing | Code::Unknown) {
            continue;
        }
        if severity(health) > severity(status) {
            status = health;
            causes = vec![live];
        } else if health == status && status != Code::Healthy {
            causes.push(live);
        }
    }
    if any && !any_live && severity(Code::Missing) > severity(status) {
        status = Code::Missing;
        causes.clear();
    }
    ApplicationHealth {
        status,
        message: message(&causes),
    }
}

fn message(causes: &[&Value]) -> String {
    if causes.is_empty() {
        return String::new();
    }
    let names: Vec<String> = causes
        .iter()
        .take(CAUSES)
        .map(|live| {
            let key = object::key(live);
            let part = |text: &str| {
                if text.is_empty() {
                    String::new()
                } else {
                    format!("{text}/")
                }
            };
            format!(
                "{}{}:{}{}",
                part(&key.group),
                key.kind,
                part(&key.namespace),
                key.name
            )
        })
        .collect();
    let more = causes.len().saturating_sub(CAUSES);
    let rest = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    format!("Caused by {}{rest}", names.join(", "))
}

const HOOK: &str = "argocd.argoproj.io/hook";

fn hooks(object: &Value) -> impl Iterator<Item = &str> {
    object::annotation(object, HOOK)
        .unwrap_or_default()
        .split(',')
        .map(str::trim)
}

fn is_skipped(object: &Value) -> bool {
    hooks(object).any(|hook| hook == "Skip")
}

fn is_hook(object: &Value) -> bool {
    hooks(object).any(|hook| {
        matches!(
            hook,
            "PreSync" | "Sync" | "PostSync" | "SyncFail" | "Skip" | "PreDelete" | "PostDelete"
        )
    }) || (object::annotation(object, HOOK).is_none()
        && object::annotation(object, "helm.sh/hook").is_some_and(|names| {
            names
                .split(',')
                .any(|name| !matches!(name.trim(), "" | "crd-install"))
        }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn live(name: &str, annotations: &Value) -> Value {
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": "shop", "annotations": annotations}})
    }

    fn check(members: &[(Option<Value>, Option<Code>)], status: Code, message: &str) {
        let target = live("target", &json!({}));
        let health = application(members.iter().map(|(live, health)| Member {
            target: Some(&target),
            live: live.as_ref(),
            health: *health,
            is_application_itself: false,
        }));
        assert_eq!((health.status, health.message.as_str()), (status, message));
    }

    #[test]
    fn the_worst_counts() {
        assert_eq!(worst([]), Code::Healthy);
        assert_eq!(
            worst([Code::Healthy, Code::Progressing, Code::Suspended]),
            Code::Progressing
        );
        assert_eq!(
            worst([Code::Missing, Code::Degraded, Code::Progressing]),
            Code::Degraded
        );
        let plain = |name| Some(live(name, &json!({})));
        check(&[], Code::Healthy, "");
        check(&[(plain("a"), None)], Code::Healthy, "");
        check(
            &[
                (plain("a"), Some(Code::Progressing)),
                (plain("b"), Some(Code::Degraded)),
                (plain("c"), Some(Code::Suspended)),
            ],
            Code::Degraded,
            "Caused by apps/Deployment:shop/b",
        );
        let five: Vec<_> = ["a", "b", "c", "d", "e"]
            .map(|name| (plain(name), Some(Code::Progressing)))
            .into();
        check(
            &five,
            Code::Progressing,
            "Caused by apps/Deployment:shop/a, apps/Deployment:shop/b, apps/Deployment:shop/c and 2 more",
        );
    }

    #[test]
    fn what_is_missing() {
        let there = Some(live("a", &json!({})));
        check(&[(None, None), (None, None)], Code::Missing, "");
        check(
            &[(there, Some(Code::Healthy)), (None, None)],
            Code::Healthy,
            "",
        );
    }

    #[test]
    fn what_does_not_count() {
        let ignored = live("a", &json!({IGNORE_HEALTHCHECK: "true"}));
        check(&[(Some(ignored), Some(Code::Degraded))], Code::Healthy, "");
        for annotations in [
            json!({"argocd.argoproj.io/hook": "PreSync"}),
            json!({"argocd.argoproj.io/hook": "Skip"}),
            json!({"helm.sh/hook": "pre-install,post-upgrade"}),
        ] {
            let hook = live("a", &annotations);
            check(&[(Some(hook), Some(Code::Degraded))], Code::Healthy, "");
        }
        let child = json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": {"name": "child"}});
        check(
            &[(Some(child.clone()), Some(Code::Unknown))],
            Code::Healthy,
            "",
        );
        check(
            &[(Some(child.clone()), Some(Code::Degraded))],
            Code::Degraded,
            "Caused by argoproj.io/Application:child",
        );
        let own = Member {
            target: None,
            live: Some(&child),
            health: Some(Code::Degraded),
            is_application_itself: true,
        };
        assert_eq!(application([own]).status, Code::Healthy);
        let skipped = live("a", &json!({"argocd.argoproj.io/hook": "Skip"}));
        let absent = Member {
            target: Some(&skipped),
            live: None,
            health: None,
            is_application_itself: false,
        };
        assert_eq!(application([absent]).status, Code::Healthy);
    }
}
