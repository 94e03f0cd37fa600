//! Dependencies between applications: no cycles, and when one may be synchronised.

use std::collections::{BTreeMap, BTreeSet};

use tiphys_model::{Application, HealthStatusCode, SyncStatusCode};

use crate::text::shorten;

/// How many applications one may depend on.
pub const MOST_DEPENDENCIES: usize = 100;

/// What is known of an application that another depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependency {
    /// Its name, as `dependsOn` has it.
    pub name: String,
    /// Its state, none when there is no such application.
    pub state: Option<State>,
}

/// The state of an application that another depends on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// How its live objects compare.
    pub sync: SyncStatusCode,
    /// How well it is.
    pub health: HealthStatusCode,
    /// The commits that were compared.
    pub compared: Vec<String>,
    /// The commits that its sources are at now; empty when that is not known.
    pub newest: Vec<String>,
    /// Whether the comparison is of the specification as it is now.
    pub observed: bool,
    /// Whether an operation is under way.
    pub operating: bool,
}

/// Whether an application may be synchronised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gate {
    /// It may.
    Open,
    /// It waits, for these reasons.
    Waiting(Vec<String>),
}

/// Reads `dependsOn`: each entry is `name` or `namespace/name`. Answers the names, each once, in the order given.
///
/// # Errors
/// A message that names the entry: for an empty name, and for another namespace than that in which applications live.
pub fn names(entries: &[String], namespace: &str) -> Result<Vec<String>, String> {
    let mut names: Vec<String> = Vec::with_capacity(entries.len());
    for entry in entries {
        let name = match entry.split_once('/') {
            None => entry.as_str(),
            Some((place, name)) if place == namespace => name,
            Some(_) => {
                return Err(format!(
                    "dependsOn: \"{}\": applications live in the namespace {namespace}",
                    shorten(entry)
                ));
            }
        };
        if name.is_empty() || name.contains('/') || name.len() > 253 {
            return Err(format!(
                "dependsOn: \"{}\" is no name of an application; write name or {namespace}/name",
                shorten(entry)
            ));
        }
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    Ok(names)
}

/// The first cycle among `dependsOn`, as a path that ends where it begins; none when there is no cycle.
///
/// `graph` has, for every application, those that it depends on. What depends on an application that is not in it is no cycle.
#[must_use]
pub fn cycle(graph: &BTreeMap<String, Vec<String>>) -> Option<Vec<String>> {
    graph
        .keys()
        .scan(BTreeSet::new(), |done, start| {
            Some(cycle_from(graph, start, done))
        })
        .flatten()
        .next()
}

/// Depth first without recursion, so that a long chain cannot exhaust the stack.
fn cycle_from<'a>(
    graph: &'a BTreeMap<String, Vec<String>>,
    start: &'a str,
    done: &mut BTreeSet<&'a str>,
) -> Option<Vec<String>> {
    let mut path: Vec<(&str, usize)> = vec![(start, 0)];
    let mut on_path: BTreeSet<&str> = BTreeSet::from([start]);
    if done.contains(start) {
        return None;
    }
    while let Some((name, at)) = path.last_mut() {
        let name: &'a str = name;
        let Some(next) = graph.get(name).and_then(|all| all.get(*at)) else {
            path.pop();
            on_path.remove(name);
            done.insert(name);
            continue;
        };
        *at += 1;
        if on_path.contains(next.as_str()) {
            let from = path.iter().position(|(name, _)| name == next)?;
            let mut cycle: Vec<String> = path[from..]
                .iter()
                .map(|(name, _)| (*name).to_owned())
                .collect();
            cycle.push(next.clone());
            return Some(cycle);
        }
        if !done.contains(next.as_str()) && graph.contains_key(next) {
            path.push((next, 0));
            on_path.insert(next);
        }
    }
    None
}

/// Checks what an application would depend on among all others, before it is stored. `entries` are those of its `dependsOn`.
///
/// # Errors
/// A message that shows the cycle, the entry that is none, or the limit that is exceeded.
pub fn check_among<'a>(
    applications: impl IntoIterator<Item = &'a Application>,
    application: &str,
    entries: &[String],
    namespace: &str,
) -> Result<(), String> {
    let depends_on = names(entries, namespace)?;
    let others = applications.into_iter();
    let graph = others
        .filter(|other| !other.spec.depends_on.is_empty())
        .filter_map(|other| {
            let names = names(&other.spec.depends_on, namespace).ok()?;
            Some((other.metadata.name.clone(), names))
        })
        .collect();
    check(&graph, application, &depends_on)
}

fn check(
    graph: &BTreeMap<String, Vec<String>>,
    application: &str,
    depends_on: &[String],
) -> Result<(), String> {
    if depends_on.len() > MOST_DEPENDENCIES {
        return Err(format!(
            "dependsOn: {} entries; at most {MOST_DEPENDENCIES} are allowed",
            depends_on.len()
        ));
    }
    let mut graph = graph.clone();
    graph.insert(application.to_owned(), depends_on.to_vec());
    // Only a cycle through this application can be new.
    match cycle_from(&graph, application, &mut BTreeSet::new()) {
        Some(cycle) => Err(format!("dependsOn: cycle {}", cycle.join(" -> "))),
        None => Ok(()),
    }
}

/// Whether an application may be synchronised: when all that it depends on are Synced and Healthy at their current revision.
#[must_use]
pub fn gate(dependencies: &[Dependency]) -> Gate {
    let reasons: Vec<String> = dependencies
        .iter()
        .filter_map(|dependency| {
            let reason = match &dependency.state {
                None => "does not exist".to_owned(),
                Some(state) => unready(state)?,
            };
            Some(format!(
                "waiting for application {}: it {reason}",
                dependency.name
            ))
        })
        .collect();
    if reasons.is_empty() {
        Gate::Open
    } else {
        Gate::Waiting(reasons)
    }
}

fn unready(state: &State) -> Option<String> {
    if !state.observed || (!state.newest.is_empty() && state.newest != state.compared) {
        Some("has not been compared at its current revision".to_owned())
    } else if state.operating {
        Some("is being synchronised".to_owned())
    } else if state.sync != SyncStatusCode::Synced {
        Some(format!("is {}", state.sync.as_str()))
    } else if state.health != HealthStatusCode::Healthy {
        Some(format!("is {}", state.health.as_str()))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn graph(edges: &[(&str, &[&str])]) -> BTreeMap<String, Vec<String>> {
        edges
            .iter()
            .map(|(name, to)| {
                let to = to.iter().map(|name| (*name).to_owned()).collect();
                ((*name).to_owned(), to)
            })
            .collect()
    }

    #[test]
    fn cycles_are_found_and_shown() {
        for (edges, expected) in [
            (&[("a", &["b"][..]), ("b", &[][..])][..], None),
            (&[("a", &["a"][..])][..], Some("a -> a")),
            (
                &[
                    ("a", &["b", "c"][..]),
                    ("b", &["d"][..]),
                    ("c", &["d"][..]),
                    ("d", &[][..]),
                ][..],
                None,
            ),
            (
                &[("a", &["b"][..]), ("b", &["x", "c"][..]), ("c", &["b"][..])][..],
                Some("b -> c -> b"),
            ),
            (&[("a", &["missing"][..])][..], None),
        ] {
            assert_eq!(
                cycle(&graph(edges))
                    .map(|path| path.join(" -> "))
                    .as_deref(),
                expected
            );
        }
        let before = graph(&[("b", &["c"]), ("c", &["a"])]);
        assert_eq!(
            check(&before, "a", &["b".to_owned()]),
            Err("dependsOn: cycle a -> b -> c -> a".to_owned())
        );
        assert_eq!(check(&before, "d", &["b".to_owned()]), Ok(()));
        assert!(check(&before, "d", &vec!["b".to_owned(); 101]).is_err());
    }

    #[test]
    fn names_are_read() {
        let read = |entries: &[&str]| {
            let entries: Vec<String> = entries.iter().map(|entry| (*entry).to_owned()).collect();
            names(&entries, "argocd")
        };
        assert_eq!(
            read(&["db", "argocd/cache", "argocd/db"]),
            Ok(vec!["db".to_owned(), "cache".to_owned()])
        );
        for (entry, part) in [
            ("", "is no name"),
            ("argocd/", "is no name"),
            ("argocd/a/b", "is no name"),
            ("team/db", "live in the namespace argocd"),
        ] {
            assert!(
                read(&[entry]).is_err_and(|error| error.contains(part)),
                "{entry}"
            );
        }
    }

    #[test]
    fn a_long_chain_is_no_problem() {
        let chain: BTreeMap<String, Vec<String>> = (0..50_000)
            .map(|at| (at.to_string(), vec![(at + 1).to_string()]))
            .collect();
        assert_eq!(cycle(&chain), None);
    }

    proptest! {
        /// Edges that only go up have no cycle; one that goes back along a path has.
        #[test]
        fn cycles_are_cycles(edges in prop::collection::vec((0u8..12, 0u8..12), 0..40)) {
            let mut graph: BTreeMap<String, Vec<String>> = BTreeMap::new();
            for (from, to) in edges.iter().filter(|(from, to)| from < to) {
                graph.entry(from.to_string()).or_default().push(to.to_string());
            }
            prop_assert_eq!(cycle(&graph), None);
            for (from, to) in &edges {
                graph.entry(from.to_string()).or_default().push(to.to_string());
            }
            if let Some(path) = cycle(&graph) {
                prop_assert_eq!(path.first(), path.last());
                for pair in path.windows(2) {
                    prop_assert!(graph[&pair[0]].contains(&pair[1]));
                }
            } else {
                prop_assert!(edges.iter().all(|(from, to)| from != to));
            }
        }
    }

    #[test]
    fn the_gate_opens_when_all_are_well() {
        let well = State {
            sync: SyncStatusCode::Synced,
            health: HealthStatusCode::Healthy,
            compared: vec!["1".into()],
            newest: vec!["1".into()],
            observed: true,
            operating: false,
        };
        let of = |state: Option<State>| {
            gate(&[
                Dependency {
                    name: "base".into(),
                    state: Some(well.clone()),
                },
                Dependency {
                    name: "db".into(),
                    state,
                },
            ])
        };
        assert_eq!(of(Some(well.clone())), Gate::Open);
        assert_eq!(
            of(Some(State {
                newest: vec![],
                ..well.clone()
            })),
            Gate::Open
        );
        for (state, reason) in [
            (None, "does not exist"),
            (
                Some(State {
                    newest: vec!["2".into()],
                    ..well.clone()
                }),
                "has not been compared at its current revision",
            ),
            (
                Some(State {
                    observed: false,
                    ..well.clone()
                }),
                "has not been compared at its current revision",
            ),
            (
                Some(State {
                    operating: true,
                    ..well.clone()
                }),
                "is being synchronised",
            ),
            (
                Some(State {
                    sync: SyncStatusCode::OutOfSync,
                    ..well.clone()
                }),
                "is OutOfSync",
            ),
            (
                Some(State {
                    health: HealthStatusCode::Degraded,
                    ..well.clone()
                }),
                "is Degraded",
            ),
        ] {
            assert_eq!(
                of(state),
                Gate::Waiting(vec![format!("waiting for application db: it {reason}")])
            );
        }
        assert_eq!(gate(&[]), Gate::Open);
    }
}
