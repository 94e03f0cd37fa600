//! What a written application or project has to satisfy by itself, before anything else is looked at.
//!
//! It is the same whoever writes: a client of the API, or an application that renders others.

use std::collections::HashSet;

use tiphys_model::*;

use crate::automation::rollback;
use crate::ignore::IgnoreRules;
use crate::retry;
use crate::sync::{Deadlines, Options};
use crate::text::shorten;
use crate::window::Window;

/// Longest name of an object, in bytes, as Kubernetes has it.
const LONGEST_NAME: usize = 253;

/// Checks a name as Kubernetes does: a lowercase DNS subdomain. `kind` is for the message.
///
/// # Errors
/// What is wrong with it.
pub fn name(kind: &str, name: &str) -> Result<(), String> {
    if name.is_empty() {
        return Err(format!(
            "{kind}: metadata.name is empty; give the object a name"
        ));
    }
    let label = |label: &str| {
        let bytes = label.as_bytes();
        let inner = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        bytes.first().is_some_and(inner)
            && bytes.last().is_some_and(inner)
            && bytes.iter().all(|byte| inner(byte) || *byte == b'-')
    };
    if name.len() <= LONGEST_NAME && name.split('.').all(label) {
        return Ok(());
    }
    Err(format!(
        "{kind} \"{}\" is invalid: metadata.name: a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', must start and end with an alphanumeric character, and has at most {LONGEST_NAME} characters",
        shorten(name)
    ))
}

/// The sources of an application; `sources` wins over `source`, as in Argo CD.
#[must_use]
pub fn sources_of(spec: &ApplicationSpec) -> &[ApplicationSource] {
    match &spec.source {
        Some(source) if spec.sources.is_empty() => std::slice::from_ref(source),
        _ => &spec.sources,
    }
}

/// Drops blocks that say nothing, and fills in the project.
pub fn normalise(spec: &mut ApplicationSpec) {
    if spec.project.is_empty() {
        spec.project = "default".to_owned();
    }
    for source in spec.sources.iter_mut().chain(spec.source.as_mut()) {
        source
            .helm
            .take_if(|helm| *helm == ApplicationSourceHelm::default());
        source
            .kustomize
            .take_if(|kustomize| *kustomize == ApplicationSourceKustomize::default());
        source
            .directory
            .take_if(|directory| *directory == ApplicationSourceDirectory::default());
    }
    spec.sync_policy
        .take_if(|policy| *policy == SyncPolicy::default());
}

/// Checks sources, options, retries and rules of an application: what could not be carried out later is refused.
///
/// # Errors
/// The field and what is wrong with it.
pub fn application(spec: &ApplicationSpec) -> Result<(), String> {
    check_sources(spec)?;
    check_policy(spec)
}

fn check_sources(spec: &ApplicationSpec) -> Result<(), String> {
    let mut names = HashSet::new();
    let mut any = false;
    for source in sources_of(spec) {
        any = true;
        if source.repo_url.trim().is_empty() {
            return Err("spec.source.repoURL is empty; give the URL of a repository".to_owned());
        }
        if source.path.is_empty() && source.chart.is_empty() && source.ref_.is_empty() {
            return Err("spec.source.path or spec.source.chart is required".to_owned());
        }
        if source.path.split('/').any(|part| part == "..")
            || source.path.starts_with('/')
            || source.path.contains('\0')
        {
            return Err(format!(
                "spec.source.path: `{}` leaves the repository; give a path below its root",
                shorten(&source.path)
            ));
        }
        if !source.name.is_empty() && !names.insert(&source.name) {
            return Err(format!(
                "application contains duplicate source name: {}",
                shorten(&source.name)
            ));
        }
    }
    if any {
        Ok(())
    } else {
        Err("spec.source or spec.sources is required".to_owned())
    }
}

fn check_policy(spec: &ApplicationSpec) -> Result<(), String> {
    let policy = spec.sync_policy.as_ref();
    if let Some(policy) = policy {
        Options::of_application(&policy.sync_options)
            .map_err(|error| format!("spec.syncPolicy.syncOptions: {error}"))?;
        if let Some(strategy) = &policy.retry {
            retry::check(strategy).map_err(|error| format!("spec.syncPolicy.retry: {error}"))?;
        }
        let in_policy = |error| format!("spec.syncPolicy.{error}");
        if let Some(own) = &policy.deadlines {
            Deadlines::read(&own.wave, &own.hook, &own.operation).map_err(in_policy)?;
        }
        if let Some(own) = &policy.rollback_on_failure {
            rollback::health_deadline(&own.health_deadline).map_err(in_policy)?;
        }
    }
    match IgnoreRules::compile(&spec.ignore_differences).1.first() {
        Some(error) => Err(format!("spec.ignoreDifferences: {error}")),
        None => Ok(()),
    }
}

/// Checks the policies and sync windows of a project: what could not be read later is refused.
///
/// # Errors
/// The field and what is wrong with it.
pub fn project(project: &AppProject) -> Result<(), String> {
    check_policies(project)?;
    for (at, window) in project.spec.sync_windows.iter().enumerate() {
        Window::new(window).map_err(|error| format!("spec.syncWindows[{at}]: {error}"))?;
    }
    Ok(())
}

/// A role's rule has six parts, begins with `p` and speaks of this role.
fn check_policies(project: &AppProject) -> Result<(), String> {
    for role in &project.spec.roles {
        for policy in &role.policies {
            let parts: Vec<&str> = policy.split(',').map(str::trim).collect();
            let subject = format!("proj:{}:{}", project.metadata.name, role.name);
            let good = parts.len() == 6
                && parts[0] == "p"
                && parts[1] == subject
                && matches!(parts[5], "allow" | "deny");
            if !good {
                return Err(format!(
                    "policy syntax error: `{}`: write `p, {subject}, RESOURCE, ACTION, OBJECT, allow|deny`",
                    shorten(policy)
                ));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn spec(source: Value) -> ApplicationSpec {
        serde_json::from_value(json!({"source": source, "destination": {}})).expect("a spec")
    }

    #[test]
    fn names_are_those_of_kubernetes() {
        for good in ["a", "a-b.c", &"a".repeat(253)] {
            assert_eq!(name("Application", good), Ok(()), "{good}");
        }
        for bad in ["", "A", "-a", "a-", "a..b", "a_b", "a/b", &"a".repeat(254)] {
            assert!(name("Application", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn sources_are_below_their_repository() {
        let good = json!({"repoURL": "https://git.example.com/a", "path": "a/b"});
        assert_eq!(application(&spec(good)), Ok(()));
        for (source, word) in [
            (json!({"repoURL": " ", "path": "a"}), "repoURL"),
            (json!({"repoURL": "https://git.example.com/a"}), "required"),
            (
                json!({"repoURL": "https://git.example.com/a", "path": "../a"}),
                "leaves",
            ),
            (
                json!({"repoURL": "https://git.example.com/a", "path": "/a"}),
                "leaves",
            ),
        ] {
            let error = application(&spec(source)).expect_err(word);
            assert!(error.contains(word), "{error}");
        }
    }

    #[test]
    fn blocks_that_say_nothing_go() {
        let mut given =
            spec(json!({"repoURL": "https://git.example.com/a", "path": "a", "helm": {}}));
        given.sync_policy = Some(SyncPolicy::default());
        normalise(&mut given);
        let source = given.source.as_ref().expect("a source");
        assert!(source.helm.is_none() && given.sync_policy.is_none());
        assert_eq!(given.project, "default");
    }

    #[test]
    fn windows_and_policies_of_projects_are_read() {
        let of = |spec: Value| -> AppProject {
            serde_json::from_value(json!({"metadata": {"name": "team"}, "spec": spec}))
                .expect("a project")
        };
        assert_eq!(project(&of(json!({}))), Ok(()));
        let window =
            project(&of(json!({"syncWindows": [{"kind": "maybe"}]}))).expect_err("a window");
        assert!(window.starts_with("spec.syncWindows[0]: "), "{window}");
        let role = json!({"roles": [{"name": "ci", "policies": ["p, proj:other:ci, applications, get, *, allow"]}]});
        let policy = project(&of(role)).expect_err("a policy");
        assert!(policy.contains("proj:team:ci"), "{policy}");
    }
}
