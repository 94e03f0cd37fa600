//! Reading a Kubernetes object that is a JSON value.

use serde_json::Value;
use tiphys_model::ResourceKey;

/// Group, version and kind of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Gvk {
    /// API group, empty for the core group.
    pub group: String,
    /// API version.
    pub version: String,
    /// Kind.
    pub kind: String,
}

/// Group, version and kind of an object; parts that are missing are empty.
#[must_use]
pub fn gvk(object: &Value) -> Gvk {
    let api_version = object["apiVersion"].as_str().unwrap_or_default();
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    Gvk {
        group: group.to_owned(),
        version: version.to_owned(),
        kind: object["kind"].as_str().unwrap_or_default().to_owned(),
    }
}

/// `metadata.name`, empty when missing.
#[must_use]
pub fn name(object: &Value) -> &str {
    object["metadata"]["name"].as_str().unwrap_or_default()
}

/// `metadata.namespace`, empty when missing.
#[must_use]
pub fn namespace(object: &Value) -> &str {
    object["metadata"]["namespace"].as_str().unwrap_or_default()
}

/// The key of an object, with the namespace that it states.
#[must_use]
pub fn key(object: &Value) -> ResourceKey {
    let gvk = gvk(object);
    ResourceKey {
        group: gvk.group,
        kind: gvk.kind,
        namespace: namespace(object).to_owned(),
        name: name(object).to_owned(),
    }
}

/// An annotation.
#[must_use]
pub fn annotation<'a>(object: &'a Value, name: &str) -> Option<&'a str> {
    object["metadata"]["annotations"].get(name)?.as_str()
}

/// Whether a comma-separated annotation holds an option, for example `Prune=false` in
/// `argocd.argoproj.io/sync-options`.
#[must_use]
pub fn has_option(object: &Value, annotation_name: &str, option: &str) -> bool {
    annotation(object, annotation_name)
        .is_some_and(|text| text.split(',').any(|entry| entry.trim() == option))
}

/// Whether an object is a Secret of the core group.
#[must_use]
pub fn is_secret(object: &Value) -> bool {
    object.get("kind").and_then(Value::as_str) == Some("Secret")
        && object
            .get("apiVersion")
            .and_then(Value::as_str)
            .is_none_or(|version| !version.contains('/'))
}

/// Whether two values are equal, at any depth without recursion.
pub(crate) fn equal(a: &Value, b: &Value) -> bool {
    let mut stack = vec![(a, b)];
    while let Some((a, b)) = stack.pop() {
        match (a, b) {
            (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
                stack.extend(a.iter().zip(b))
            }
            (Value::Object(a), Value::Object(b)) if a.len() == b.len() => {
                for (name, value) in a {
                    match b.get(name) {
                        Some(other) => stack.push((value, other)),
                        None => return false,
                    }
                }
            }
            (Value::Array(_) | Value::Object(_), _) | (_, Value::Array(_) | Value::Object(_)) => {
                return false;
            }
            (a, b) if a == b => {}
            _ => return false,
        }
    }
    true
}

/// Container images of a workload, in order, each once.
#[must_use]
pub fn images(object: &Value) -> Vec<String> {
    let spec = &object["spec"];
    let pod = [
        spec,
        &spec["template"]["spec"],
        &spec["jobTemplate"]["spec"]["template"]["spec"],
    ];
    let mut images: Vec<String> = Vec::new();
    for pod in pod {
        for list in ["initContainers", "containers"] {
            for container in pod[list].as_array().into_iter().flatten() {
                if let Some(image) = container["image"].as_str()
                    && !images.iter().any(|known| known == image)
                {
                    images.push(image.to_owned());
                }
            }
        }
    }
    images
}
