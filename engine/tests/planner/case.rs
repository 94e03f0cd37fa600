//! Cases as text: one line an object, an option or a part of the request.

use serde_json::{Map, Value, json};
use tiphys_engine::object;
use tiphys_engine::sync::hook::Occasion;
use tiphys_engine::sync::{Deadlines, Options, Request, Selector};
use tiphys_model::ResourceKey;

/// An object, and how it behaves in the simulated cluster.
#[derive(Clone, Debug)]
pub struct Object {
    pub key: ResourceKey,
    pub manifest: Value,
    /// Whether it is live when the operation begins.
    pub live: bool,
    pub drifted: bool,
    pub served: bool,
    /// Health after it was applied and something was waited for; `gone` when it disappears, `none` for no health.
    pub becomes: String,
    /// What the API server says to an apply instead of taking it.
    pub fails: Option<String>,
    /// Whether it is degraded when the operation begins.
    pub ill: bool,
    /// Whether its deletion never ends.
    pub stuck: bool,
}

#[derive(Clone, Debug, Default)]
pub struct Case {
    pub desired: Vec<Object>,
    pub left: Vec<Object>,
    pub request: Request,
    pub options: Options,
    pub deadlines: Deadlines,
    /// Ask to terminate after this many steps.
    pub terminate_after: Option<usize>,
    pub namespace: Option<Value>,
    /// Finalizers of an application that is deleted.
    pub finalizers: Vec<String>,
}

pub fn parse(text: &str) -> Case {
    let mut case = Case::default();
    let mut options: Vec<String> = Vec::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.split_first() {
            None => {}
            Some((word, _)) if word.starts_with('#') => {}
            Some((&"desired", rest)) => case.desired.push(parse_object(rest)),
            Some((&"left", rest)) => case.left.push(parse_object(rest)),
            Some((&"finalizer", [finalizer])) => case.finalizers.push((*finalizer).to_owned()),
            Some((&"option", [option])) => options.push((*option).to_owned()),
            Some((&"deadlines", rest)) => {
                let of = |name: &str| {
                    let mut all = rest.iter().filter_map(|word| word.split_once('='));
                    all.find(|(known, _)| *known == name)
                        .map_or("", |(_, value)| value)
                };
                case.deadlines =
                    Deadlines::read(of("wave"), of("hook"), of("operation")).expect("deadlines");
            }
            Some((&"namespace", [name])) => {
                case.namespace = Some(tiphys_engine::sync::situation::namespace(name, None));
            }
            Some((&"request", rest)) => rest.iter().for_each(|word| parse_request(word, &mut case)),
            _ => panic!("no line of a case: {line}"),
        }
    }
    case.options = Options::of_application(&options).expect("options");
    case
}

fn parse_request(word: &str, case: &mut Case) {
    let request = &mut case.request;
    match word.split_once('=').unwrap_or((word, "")) {
        ("prune", _) => request.prune = true,
        ("dry-run", _) => request.dry_run = true,
        ("skip-hooks", _) => request.skip_hooks = true,
        ("confirmed", _) => request.confirmed = true,
        ("install", _) => request.occasion = Occasion::Install,
        ("rollback", _) => request.occasion = Occasion::Rollback,
        ("terminate-after", steps) => case.terminate_after = Some(steps.parse().expect("steps")),
        ("select", key) => {
            let parts: Vec<&str> = key.split('/').collect();
            request.selected.push(Selector {
                group: parts[0].into(),
                kind: parts[1].into(),
                namespace: parts[2].into(),
                name: parts[3].into(),
            });
        }
        ("shared", application) => request
            .shared
            .push((case.desired[0].key.clone(), application.to_owned())),
        ("refused", reason) => request.refused.push((
            case.desired[0].key.clone(),
            "v1".to_owned(),
            reason.replace('_', " "),
        )),
        _ => panic!("no part of a request: {word}"),
    }
}

pub fn parse_object(words: &[&str]) -> Object {
    let [api_version, kind, place, attributes @ ..] = words else {
        panic!("an object needs apiVersion, kind and namespace/name: {words:?}");
    };
    let (namespace, name) = place.split_once('/').expect("namespace/name");
    let mut metadata = Map::new();
    if let Some(prefix) = name.strip_suffix('*') {
        metadata.insert("generateName".into(), json!(prefix));
    } else {
        metadata.insert("name".into(), json!(name));
    }
    if !namespace.is_empty() {
        metadata.insert("namespace".into(), json!(namespace));
    }
    let mut object = Object {
        key: ResourceKey::default(),
        manifest: json!({"apiVersion": api_version, "kind": kind}),
        live: false,
        drifted: true,
        served: true,
        becomes: if *kind == "ConfigMap" {
            "none"
        } else {
            "Healthy"
        }
        .to_owned(),
        fails: None,
        ill: false,
        stuck: false,
    };
    let mut annotations = Map::new();
    for attribute in attributes {
        let (name, value) = attribute.split_once('=').unwrap_or((attribute, ""));
        let annotation = match name {
            "hook" => "argocd.argoproj.io/hook",
            "wave" => "argocd.argoproj.io/sync-wave",
            "policy" => "argocd.argoproj.io/hook-delete-policy",
            "options" => "argocd.argoproj.io/sync-options",
            "helm" => "helm.sh/hook",
            "weight" => "helm.sh/hook-weight",
            "helm-policy" => "helm.sh/hook-delete-policy",
            "helm-resource-policy" => "helm.sh/resource-policy",
            _ => {
                match name {
                    "live" => object.live = true,
                    "synced" => (object.live, object.drifted) = (true, false),
                    "unserved" => object.served = false,
                    "ill" => object.ill = true,
                    "stuck" => object.stuck = true,
                    "becomes" => object.becomes = value.to_owned(),
                    "fails" => object.fails = Some(value.replace('_', " ")),
                    "defines" => {
                        let (group, kind) = value.split_once('/').expect("group/kind");
                        object.manifest["spec"] = json!({"group": group, "names": {"kind": kind}});
                    }
                    _ => panic!("no attribute of an object: {attribute}"),
                }
                continue;
            }
        };
        annotations.insert(annotation.to_owned(), json!(value));
    }
    metadata.insert("annotations".into(), Value::Object(annotations));
    object.manifest["metadata"] = Value::Object(metadata);
    object.key = object::key(&object.manifest);
    object
}
