//! Which application an object belongs to.
//!
//! By default the annotation `argocd.argoproj.io/tracking-id` tells, whose value is `application:group/kind:namespace/name`. An
//! object whose annotation names another object than itself was copied, with its annotations, by somebody else, and belongs to
//! nobody. By label, the value is the application's name, and a copy cannot be told from its original.

use std::borrow::Cow;

use serde_json::{Map, Value};
use tiphys_model::ResourceKey;

use crate::object;

/// The annotation.
pub const TRACKING_ID: &str = "argocd.argoproj.io/tracking-id";
/// The annotation that tells control planes apart that work on one cluster.
pub const INSTALLATION_ID: &str = "argocd.argoproj.io/installation-id";
/// The label, unless `application.instanceLabelKey` names another.
pub const INSTANCE_LABEL: &str = "app.kubernetes.io/instance";
/// Longest value of a label, in bytes (Kubernetes documentation, "Labels and Selectors").
pub const MAX_LABEL: usize = 63;

/// How objects are tracked (`application.resourceTrackingMethod`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Method {
    /// By the annotation.
    #[default]
    Annotation,
    /// By the label.
    Label,
    /// By the annotation; the label is there for people and other tools, cut to the length that a label may have.
    AnnotationAndLabel,
}

impl Method {
    /// Reads the setting; empty is the default. None for what Argo CD does not know.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "" | "annotation" => Some(Self::Annotation),
            "label" => Some(Self::Label),
            "annotation+label" => Some(Self::AnnotationAndLabel),
            _ => None,
        }
    }
}

/// How this installation tracks objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tracking {
    /// By what.
    pub method: Method,
    /// The label's key.
    pub label: String,
    /// The installation (`installationID`), empty for none.
    pub installation: String,
}

impl Default for Tracking {
    fn default() -> Self {
        Self {
            method: Method::default(),
            label: INSTANCE_LABEL.to_owned(),
            installation: String::new(),
        }
    }
}

/// To whom a live object belongs, seen from one application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ownership {
    /// To the application.
    Owned,
    /// To no application.
    Free,
    /// To this other one: the object is shared.
    OwnedByOther(String),
}

impl Tracking {
    /// Writes what tells that an object belongs to an application. `key` has the namespace that the object goes to.
    ///
    /// By label alone the name is not cut, as Argo CD does not: an application whose name is longer than [`MAX_LABEL`] is refused by the
    /// API server rather than taken for another.
    pub fn track(&self, object: &mut Value, application: &str, key: &ResourceKey) {
        let Some(object) = object.as_object_mut() else {
            return;
        };
        let metadata = child(object, "metadata");
        if self.method != Method::Label {
            let annotations = child(metadata, "annotations");
            let id = tracking_id(application, key);
            annotations.insert(TRACKING_ID.to_owned(), Value::String(id));
            if self.installation.is_empty() {
                annotations.remove(INSTALLATION_ID);
            } else {
                let installation = Value::String(self.installation.clone());
                annotations.insert(INSTALLATION_ID.to_owned(), installation);
            }
        }
        let value = match self.method {
            Method::Annotation => return,
            Method::Label => application,
            Method::AnnotationAndLabel => label_value(application),
        };
        child(metadata, "labels").insert(self.label.clone(), Value::from(value));
    }

    /// Takes it out again.
    pub fn untrack(&self, object: &mut Value) {
        let Some(metadata) = object.get_mut("metadata") else {
            return;
        };
        if self.method != Method::Label
            && let Some(annotations) = metadata
                .get_mut("annotations")
                .and_then(Value::as_object_mut)
        {
            annotations.remove(TRACKING_ID);
            annotations.remove(INSTALLATION_ID);
        }
        if self.method != Method::Annotation
            && let Some(labels) = metadata.get_mut("labels").and_then(Value::as_object_mut)
        {
            labels.remove(&self.label);
        }
    }

    /// The application that a live object belongs to. The object's namespace is the one it lives in.
    #[must_use]
    pub fn application_of<'v>(&self, live: &'v Value) -> Option<&'v str> {
        if self.method == Method::Label {
            return label(live, &self.label).filter(|name| !name.is_empty());
        }
        if !self.installation.is_empty()
            && object::annotation(live, INSTALLATION_ID) != Some(self.installation.as_str())
        {
            return None;
        }
        by_annotation(live)
    }

    /// To whom a live object belongs, seen from an application.
    #[must_use]
    pub fn ownership(&self, live: &Value, application: &str) -> Ownership {
        match self.application_of(live) {
            None => Ownership::Free,
            Some(name) if name == application => Ownership::Owned,
            Some(name) => Ownership::OwnedByOther(name.to_owned()),
        }
    }

    /// The live object as it would be had it always been tracked as it is now: an object that was tracked by label is no drift for
    /// want of the annotation, nor for the label that is no longer written.
    #[must_use]
    pub fn migrated<'v>(&self, target: &Value, live: &'v Value) -> Cow<'v, Value> {
        let labelled = label(live, &self.label).is_some_and(|name| !name.is_empty());
        let wanted = object::annotation(target, TRACKING_ID);
        if self.method == Method::Label || !labelled {
            return Cow::Borrowed(live);
        }
        let fill = wanted.filter(|_| object::annotation(live, TRACKING_ID).is_none());
        let unlabel = label(target, &self.label).is_none();
        if fill.is_none() && !unlabel {
            return Cow::Borrowed(live);
        }
        let mut live = live.clone();
        if let Some(object) = live.as_object_mut() {
            let metadata = child(object, "metadata");
            if let Some(id) = fill {
                child(metadata, "annotations").insert(TRACKING_ID.to_owned(), Value::from(id));
            }
            if unlabel {
                child(metadata, "labels").remove(&self.label);
            }
        }
        Cow::Owned(live)
    }
}

fn label<'v>(object: &'v Value, key: &str) -> Option<&'v str> {
    object.get("metadata")?.get("labels")?.get(key)?.as_str()
}

/// A name cut to what a label may have, ending in a letter or digit.
#[must_use]
pub fn label_value(name: &str) -> &str {
    if name.len() <= MAX_LABEL {
        return name;
    }
    let mut end = MAX_LABEL;
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    name[..end].trim_end_matches(|character: char| !character.is_ascii_alphanumeric())
}

/// The value of the annotation for an object of an application.
#[must_use]
pub fn tracking_id(application: &str, key: &ResourceKey) -> String {
    format!(
        "{application}:{}/{}:{}/{}",
        key.group, key.kind, key.namespace, key.name
    )
}

/// Writes the annotation, as the default [`Tracking`] does. `key` has the namespace that the object goes to.
pub fn track(object: &mut Value, application: &str, key: &ResourceKey) {
    Tracking::default().track(object, application, key);
}

fn child<'a>(object: &'a mut Map<String, Value>, name: &str) -> &'a mut Map<String, Value> {
    let value = object.entry(name).or_insert(Value::Null);
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    match value {
        Value::Object(map) => map,
        _ => unreachable!("it was made an object above"),
    }
}

/// The application that an object belongs to, as the default [`Tracking`] says.
///
/// `object` is a live object: its namespace is the one it lives in.
#[must_use]
pub fn application_of(object: &Value) -> Option<&str> {
    by_annotation(object)
}

fn by_annotation(object: &Value) -> Option<&str> {
    let id = crate::object::annotation(object, TRACKING_ID)?;
    let mut parts = id.splitn(3, ':');
    let (application, kind, name) = (parts.next()?, parts.next()?, parts.next()?);
    let own = crate::object::key(object);
    let (group, kind) = kind.split_once('/')?;
    let (namespace, name) = name.split_once('/')?;
    // A cluster-scoped object may have been tracked with the destination's namespace, as Argo CD does.
    let same = own.group == group
        && own.kind == kind
        && own.name == name
        && (own.namespace == namespace || own.namespace.is_empty());
    (same && !application.is_empty()).then_some(application)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_tracked_is_found() {
        let mut object = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}});
        let key = crate::object::key(&object);
        track(&mut object, "front", &key);
        assert_eq!(
            crate::object::annotation(&object, TRACKING_ID),
            Some("front:apps/Deployment:shop/web")
        );
        assert_eq!(application_of(&object), Some("front"));
    }

    #[test]
    fn a_copy_belongs_to_nobody() {
        let copy = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "copy", "namespace": "shop",
            "annotations": {TRACKING_ID: "front:/ConfigMap:shop/original"}}});
        assert_eq!(application_of(&copy), None);
    }

    #[test]
    fn null_annotations_are_replaced() {
        let mut object = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "n", "annotations": null}});
        let key = crate::object::key(&object);
        track(&mut object, "front", &key);
        assert_eq!(application_of(&object), Some("front"));
    }

    #[test]
    fn what_is_no_tracking_id_is_none() {
        for id in ["", "a", "a:b", "a:b:c", ":/ConfigMap:s/x"] {
            let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x", "namespace": "s",
                "annotations": {TRACKING_ID: id}}});
            assert_eq!(application_of(&object), None, "{id}");
        }
    }
}
