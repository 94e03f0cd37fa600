//! What a project permits.

use tiphys_model::{AppProject, ApplicationDestination, ResourceKey};

use crate::glob;

/// The cluster that an application goes to, with every way to name it.
#[derive(Clone, Copy, Debug)]
pub struct Destination<'a> {
    /// URL of the API server.
    pub server: &'a str,
    /// Name of the cluster, empty when it has none.
    pub name: &'a str,
    /// Namespace, empty for none.
    pub namespace: &'a str,
}

/// Whether a text matches a glob as projects write them: `*` is any text, `?` any one character.
#[must_use]
pub fn matches_glob(pattern: &str, text: &str) -> bool {
    glob::matches(pattern, text)
}

/// Whether the project permits a repository.
#[must_use]
pub fn permits_source(project: &AppProject, repo_url: &str) -> bool {
    let url = normalise(repo_url);
    let mut permitted = false;
    for pattern in &project.spec.source_repos {
        match pattern.strip_prefix('!') {
            Some(denied) if glob::matches(&normalise(denied), &url) => return false,
            Some(_) => {}
            None => permitted |= pattern == "*" || glob::matches(&normalise(pattern), &url),
        }
    }
    permitted
}

/// The part of a URL that says which repository it is: case of the host and a trailing `.git` or `/` do not.
fn normalise(url: &str) -> String {
    let url = url.trim().trim_end_matches('/');
    let url = url.strip_suffix(".git").unwrap_or(url);
    match url.split_once("://") {
        Some((scheme, rest)) => {
            let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
            format!(
                "{}://{}/{path}",
                scheme.to_ascii_lowercase(),
                host.to_ascii_lowercase()
            )
        }
        None => url.to_owned(),
    }
}

/// Whether the project permits a destination.
#[must_use]
pub fn permits_destination(project: &AppProject, destination: Destination<'_>) -> bool {
    let mut permitted = false;
    for entry in &project.spec.destinations {
        match matches_destination(entry, destination) {
            Match::Denied => return false,
            Match::Permitted => permitted = true,
            Match::None => {}
        }
    }
    permitted
}

enum Match {
    Permitted,
    Denied,
    None,
}

fn matches_destination(entry: &ApplicationDestination, destination: Destination<'_>) -> Match {
    // A pattern with `!` denies when everything else of its entry matches.
    let test = |pattern: &str, text: &str| match pattern.strip_prefix('!') {
        Some(denied) => (glob::matches(denied, text), true),
        None => (glob::matches(pattern, text), false),
    };
    let cluster = if entry.server.is_empty() {
        test(&entry.name, destination.name)
    } else {
        test(&entry.server, destination.server)
    };
    let namespace = test(&entry.namespace, destination.namespace);
    match (cluster, namespace) {
        ((true, true), (true, _)) | ((true, _), (true, true)) => Match::Denied,
        ((true, false), (true, false)) => Match::Permitted,
        _ => Match::None,
    }
}

/// Whether the project permits an object of this kind.
#[must_use]
pub fn permits_kind(
    project: &AppProject,
    group: &str,
    kind: &str,
    name: &str,
    namespaced: bool,
) -> bool {
    let spec = &project.spec;
    if namespaced {
        let listed = |list: &[tiphys_model::GroupKind]| {
            list.iter()
                .any(|entry| glob::matches(&entry.group, group) && glob::matches(&entry.kind, kind))
        };
        let white = spec.namespace_resource_whitelist.is_empty()
            || listed(&spec.namespace_resource_whitelist);
        return white && !listed(&spec.namespace_resource_blacklist);
    }
    let listed = |list: &[tiphys_model::ClusterResourceRestrictionItem]| {
        list.iter().any(|entry| {
            glob::matches(&entry.group, group)
                && glob::matches(&entry.kind, kind)
                && (entry.name.is_empty() || glob::matches(&entry.name, name))
        })
    };
    listed(&spec.cluster_resource_whitelist) && !listed(&spec.cluster_resource_blacklist)
}

/// Why a project does not permit an object at a place of the destination's cluster; none when it does. An application may only have
/// objects where it could have its destination: a manifest that states another namespace is no way around that.
#[must_use]
pub fn refusal(
    project: &AppProject,
    destination: Destination<'_>,
    key: &ResourceKey,
    namespaced: bool,
) -> Option<String> {
    let name = &project.metadata.name;
    if !permits_kind(project, &key.group, &key.kind, &key.name, namespaced) {
        return Some(format!(
            "resource {}:{} is not permitted in project {name}",
            key.group, key.kind
        ));
    }
    // The destination's own namespace has been checked with the destination.
    if !namespaced || key.namespace == destination.namespace {
        return None;
    }
    let there = Destination {
        namespace: &key.namespace,
        ..destination
    };
    (!permits_destination(project, there)).then(|| {
        format!(
            "namespace {} is not permitted in project '{name}'",
            key.namespace
        )
    })
}

/// Everything in an application's specification that its project does not permit, as messages for its conditions.
#[must_use]
pub fn violations(
    project: &AppProject,
    sources: &[&str],
    destination: Destination<'_>,
) -> Vec<String> {
    let name = &project.metadata.name;
    let mut found: Vec<String> = sources
        .iter()
        .filter(|url| !permits_source(project, url))
        .map(|url| format!("application repo {url} is not permitted in project '{name}'"))
        .collect();
    if !permits_destination(project, destination) {
        found.push(format!(
            "application destination server '{}' and namespace '{}' do not match any of the allowed destinations in project '{name}'",
            destination.server, destination.namespace
        ));
    }
    found
}

#[cfg(test)]
mod tests {
    use tiphys_model::{AppProjectSpec, ClusterResourceRestrictionItem, GroupKind};

    use super::*;

    fn project(spec: AppProjectSpec) -> AppProject {
        AppProject {
            spec,
            ..AppProject::default()
        }
    }

    fn sources(patterns: &[&str]) -> AppProject {
        project(AppProjectSpec {
            source_repos: patterns.iter().map(|&pattern| pattern.to_owned()).collect(),
            ..AppProjectSpec::default()
        })
    }

    #[test]
    fn a_manifest_that_states_another_namespace_leaves_no_project() {
        let project = project(AppProjectSpec {
            destinations: vec![ApplicationDestination {
                server: "https://c".into(),
                name: String::new(),
                namespace: "team-*".into(),
            }],
            namespace_resource_blacklist: vec![GroupKind {
                group: String::new(),
                kind: "Secret".into(),
            }],
            ..AppProjectSpec::default()
        });
        let destination = Destination {
            server: "https://c",
            name: "prod",
            namespace: "team-a",
        };
        let ask = |kind: &str, namespace: &str, namespaced: bool| {
            let key = ResourceKey {
                kind: kind.into(),
                namespace: namespace.into(),
                name: "x".into(),
                ..ResourceKey::default()
            };
            refusal(&project, destination, &key, namespaced).unwrap_or_default()
        };
        assert_eq!(ask("ConfigMap", "team-a", true), "");
        assert_eq!(ask("ConfigMap", "team-b", true), "");
        assert_eq!(
            ask("ConfigMap", "kube-system", true),
            "namespace kube-system is not permitted in project ''"
        );
        assert!(ask("Secret", "team-a", true).starts_with("resource :Secret is not permitted"));
        assert!(ask("Namespace", "", false).starts_with("resource :Namespace is not permitted"));
    }

    #[test]
    fn repositories() {
        for (patterns, url, expected) in [
            (&["*"][..], "https://a/b", true),
            (&[][..], "https://a/b", false),
            (
                &["https://A.example/b.git"][..],
                "https://a.example/b",
                true,
            ),
            (&["https://a/*"][..], "https://b/a", false),
            (
                &["*", "!https://a/secret"][..],
                "https://a/secret.git",
                false,
            ),
            (&["!https://a/secret", "*"][..], "https://a/other", true),
            (&["git@host:org/*"][..], "git@host:org/repo", true),
        ] {
            assert_eq!(
                permits_source(&sources(patterns), url),
                expected,
                "{patterns:?} {url}"
            );
        }
    }

    #[test]
    fn destinations() {
        let entry = |server: &str, name: &str, namespace: &str| ApplicationDestination {
            server: server.into(),
            name: name.into(),
            namespace: namespace.into(),
        };
        let destination = Destination {
            server: "https://c",
            name: "prod",
            namespace: "shop",
        };
        for (entries, expected) in [
            (vec![entry("*", "", "*")], true),
            (vec![], false),
            (vec![entry("https://c", "", "shop")], true),
            (vec![entry("https://c", "", "other")], false),
            (vec![entry("", "prod", "sh*")], true),
            (vec![entry("*", "", "*"), entry("*", "", "!shop")], false),
            (
                vec![entry("*", "", "*"), entry("!https://c", "", "*")],
                false,
            ),
            (
                vec![entry("*", "", "*"), entry("!https://d", "", "*")],
                true,
            ),
        ] {
            let project = project(AppProjectSpec {
                destinations: entries.clone(),
                ..AppProjectSpec::default()
            });
            assert_eq!(
                permits_destination(&project, destination),
                expected,
                "{entries:?}"
            );
        }
    }

    #[test]
    fn kinds() {
        let project = project(AppProjectSpec {
            cluster_resource_whitelist: vec![ClusterResourceRestrictionItem {
                group: "*".into(),
                kind: "Namespace".into(),
                name: "team-*".into(),
            }],
            namespace_resource_blacklist: vec![GroupKind {
                group: String::new(),
                kind: "Secret".into(),
            }],
            ..AppProjectSpec::default()
        });
        for (group, kind, name, namespaced, expected) in [
            ("", "Namespace", "team-a", false, true),
            ("", "Namespace", "kube-system", false, false),
            ("", "Node", "team-a", false, false),
            ("", "Secret", "x", true, false),
            ("apps", "Deployment", "x", true, true),
        ] {
            assert_eq!(
                permits_kind(&project, group, kind, name, namespaced),
                expected,
                "{group}/{kind}/{name}"
            );
        }
    }
}
