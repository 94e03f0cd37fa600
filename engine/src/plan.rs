//! What a synchronisation does, in which order: a plan is a value, and making one never waits.
//!
//! A plan has waves. The executor carries out one wave, all its tasks at once, and goes on with the next when every task of it is done. Namespaces
//! come before what lives in them, definitions before their instances, and what is pruned goes last, in reverse order.

use std::fmt;

use serde_json::Value;
use tiphys_model::ResourceKey;

use crate::{object, order};

/// The annotation with options for one object.
pub const SYNC_OPTIONS: &str = "argocd.argoproj.io/sync-options";
/// The annotation that makes an object a hook.
pub const HOOK: &str = "argocd.argoproj.io/hook";

/// An object of the source, and what is live of it.
#[derive(Clone, Debug)]
pub struct Desired {
    /// The key under which it is live.
    pub key: ResourceKey,
    /// What is applied.
    pub target: Value,
    /// Whether it is live now.
    pub exists: bool,
}

/// What the caller asked for.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Whether objects that left the source are deleted.
    pub prune: bool,
    /// Only these objects; none means all.
    pub selected: Vec<Selector>,
    /// Namespace to make first, with the manifest, unless it exists.
    pub create_namespace: Option<Value>,
}

/// Names objects of a partial synchronisation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selector {
    /// API group.
    pub group: String,
    /// Kind.
    pub kind: String,
    /// Namespace, any when empty.
    pub namespace: String,
    /// Name.
    pub name: String,
}

impl Selector {
    fn selects(&self, key: &ResourceKey) -> bool {
        self.group == key.group
            && self.kind == key.kind
            && self.name == key.name
            && (self.namespace.is_empty() || self.namespace == key.namespace)
    }
}

/// Something to do with one object.
#[derive(Clone, Debug, PartialEq)]
pub enum Task {
    /// Apply this manifest.
    Apply {
        /// The object.
        key: ResourceKey,
        /// What is applied.
        target: Value,
        /// Whether it is the destination's namespace, made because `CreateNamespace` asks for it.
        namespace: bool,
    },
    /// Delete the object.
    Prune {
        /// The object.
        key: ResourceKey,
        /// Its API version.
        version: String,
    },
    /// Leave the object alone, and say why.
    Skip {
        /// The object.
        key: ResourceKey,
        /// Its API version.
        version: String,
        /// Why.
        reason: SkipReason,
    },
}

/// Why an object is left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SkipReason {
    /// It left the source, and pruning was not asked for.
    PruneNotRequested,
    /// It left the source, and its own annotation forbids pruning.
    PruneForbidden,
}

impl Task {
    /// The object.
    #[must_use]
    pub fn key(&self) -> &ResourceKey {
        match self {
            Self::Apply { key, .. } | Self::Prune { key, .. } | Self::Skip { key, .. } => key,
        }
    }
}

/// Waves of tasks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// The waves, first to last.
    pub waves: Vec<Vec<Task>>,
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, wave) in self.waves.iter().enumerate() {
            writeln!(f, "wave {}", index + 1)?;
            for task in wave {
                let verb = match task {
                    Task::Apply { .. } => "apply",
                    Task::Prune { .. } => "prune",
                    Task::Skip { .. } => "skip ",
                };
                writeln!(f, "  {verb} {}", task.key())?;
            }
        }
        Ok(())
    }
}

/// Whether an object is a hook, which is no part of the comparison.
#[must_use]
pub fn is_hook(target: &Value) -> bool {
    object::annotation(target, HOOK).is_some()
        || object::annotation(target, "helm.sh/hook").is_some()
}

/// Makes the plan. `left` are live objects of the application that the source no longer has.
#[must_use]
pub fn plan(desired: &[Desired], left: &[Value], request: &Request) -> Plan {
    let selected = |key: &ResourceKey| {
        request.selected.is_empty()
            || request
                .selected
                .iter()
                .any(|selector| selector.selects(key))
    };
    let mut stages: [Vec<&Desired>; 3] = Default::default();
    for entry in desired
        .iter()
        .filter(|entry| selected(&entry.key) && !is_hook(&entry.target))
    {
        let stage = match entry.key.kind.as_str() {
            "Namespace" if entry.key.group.is_empty() => 0,
            "CustomResourceDefinition" => 1,
            _ => 2,
        };
        stages[stage].push(entry);
    }
    let mut waves: Vec<Vec<Task>> = Vec::new();
    if let Some(namespace) = &request.create_namespace {
        let key = object::key(namespace);
        if !stages[0].iter().any(|entry| entry.key == key) {
            waves.push(vec![Task::Apply {
                key,
                target: namespace.clone(),
                namespace: true,
            }]);
        }
    }
    for stage in &mut stages {
        stage.sort_by(|a, b| order::compare(&a.target, &b.target));
        // Objects of one rank do not need each other; those of the next may need them.
        for ranks in stage.chunk_by(|a, b| order::rank(&a.key.kind) == order::rank(&b.key.kind)) {
            waves.push(
                ranks
                    .iter()
                    .map(|entry| Task::Apply {
                        key: entry.key.clone(),
                        target: entry.target.clone(),
                        namespace: false,
                    })
                    .collect(),
            );
        }
    }
    let mut left: Vec<&Value> = left
        .iter()
        .filter(|live| selected(&object::key(live)))
        .collect();
    left.sort_by(|a, b| order::compare(b, a));
    let pruned: Vec<Task> = left
        .into_iter()
        .map(|live| prune(live, request.prune))
        .collect();
    if !pruned.is_empty() {
        waves.push(pruned);
    }
    Plan { waves }
}

fn prune(live: &Value, requested: bool) -> Task {
    let key = object::key(live);
    let version = object::gvk(live).version;
    if !requested {
        Task::Skip {
            key,
            version,
            reason: SkipReason::PruneNotRequested,
        }
    } else if object::has_option(live, SYNC_OPTIONS, "Prune=false") {
        Task::Skip {
            key,
            version,
            reason: SkipReason::PruneForbidden,
        }
    } else {
        Task::Prune { key, version }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn entry(api_version: &str, kind: &str, namespace: &str, name: &str) -> Desired {
        let target = json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": name, "namespace": namespace}});
        Desired {
            key: object::key(&target),
            target,
            exists: false,
        }
    }

    fn live(kind: &str, name: &str, annotations: Value) -> Value {
        json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": "shop", "annotations": annotations}})
    }

    #[test]
    fn what_others_need_comes_in_an_earlier_wave() {
        let desired = [
            entry("apps/v1", "Deployment", "shop", "web"),
            entry("example.com/v1", "Widget", "shop", "w"),
            entry("v1", "ConfigMap", "shop", "b"),
            entry("v1", "ConfigMap", "shop", "a"),
            entry(
                "apiextensions.k8s.io/v1",
                "CustomResourceDefinition",
                "",
                "widgets.example.com",
            ),
            entry("v1", "Namespace", "", "shop"),
        ];
        assert_eq!(
            plan(&desired, &[], &Request::default()).to_string(),
            "wave 1\n  apply /Namespace//shop\n\
             wave 2\n  apply apiextensions.k8s.io/CustomResourceDefinition//widgets.example.com\n\
             wave 3\n  apply /ConfigMap/shop/a\n  apply /ConfigMap/shop/b\n\
             wave 4\n  apply apps/Deployment/shop/web\n\
             wave 5\n  apply example.com/Widget/shop/w\n"
        );
    }

    #[test]
    fn pruning_is_asked_for_comes_last_and_can_be_forbidden() {
        let left = [
            live("ConfigMap", "a", json!({})),
            live("Service", "b", json!({})),
            live(
                "ConfigMap",
                "keep",
                json!({SYNC_OPTIONS: "Validate=false, Prune=false"}),
            ),
        ];
        let desired = [entry("v1", "ConfigMap", "shop", "x")];
        let request = Request {
            prune: true,
            ..Request::default()
        };
        assert_eq!(
            plan(&desired, &left, &request).to_string(),
            "wave 1\n  apply /ConfigMap/shop/x\nwave 2\n  prune /Service/shop/b\n  skip  /ConfigMap/shop/keep\n  prune /ConfigMap/shop/a\n"
        );
        let unasked = plan(&desired, &left, &Request::default());
        assert!(unasked.waves[1].iter().all(|task| matches!(
            task,
            Task::Skip {
                reason: SkipReason::PruneNotRequested,
                ..
            }
        )));
    }

    #[test]
    fn a_partial_synchronisation_touches_nothing_else() {
        let request = Request {
            selected: vec![Selector {
                kind: "ConfigMap".into(),
                name: "a".into(),
                ..Selector::default()
            }],
            prune: true,
            ..Request::default()
        };
        let desired = [
            entry("v1", "ConfigMap", "shop", "a"),
            entry("v1", "ConfigMap", "shop", "b"),
        ];
        assert_eq!(
            plan(&desired, &[live("ConfigMap", "c", json!({}))], &request).to_string(),
            "wave 1\n  apply /ConfigMap/shop/a\n"
        );
    }

    #[test]
    fn the_namespace_is_made_first_and_once() {
        let namespace =
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}});
        let request = Request {
            create_namespace: Some(namespace),
            ..Request::default()
        };
        let made = plan(&[entry("v1", "ConfigMap", "shop", "a")], &[], &request);
        assert_eq!(
            made.to_string(),
            "wave 1\n  apply /Namespace//shop\nwave 2\n  apply /ConfigMap/shop/a\n"
        );
        let stated = plan(&[entry("v1", "Namespace", "", "shop")], &[], &request);
        assert_eq!(stated.to_string(), "wave 1\n  apply /Namespace//shop\n");
    }

    #[test]
    fn hooks_are_no_part_of_it() {
        let mut hook = entry("batch/v1", "Job", "shop", "migrate");
        hook.target["metadata"]["annotations"] = json!({HOOK: "PreSync"});
        assert_eq!(plan(&[hook], &[], &Request::default()), Plan::default());
    }
}
