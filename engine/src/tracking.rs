//! Which application an object belongs to.
//!
//! By default the annotation `argocd.argoproj.io/tracking-id` tells, whose value is `application:group/kind:namespace/name`. An
//! object whose annotation names another object than itself was copied, with its annotations, by somebody else, and belongs to
//! nobody. By label, the value is the application's name, and a copy cannot be told from its original.

use std::borrow::Cow;

use serde_json::{Map, Value};
use tiphys_model::ResourceKey;

use crate::{managed_fields, object};

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

    /// How the setting is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Annotation => "annotation",
            Self::Label => "label",
            Self::AnnotationAndLabel => "annotation+label",
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

    /// The application of which a live object is a part by itself, and not because a controller copied a label to what it made.
    ///
    /// An annotation names its object, so a copy is known by it. A label does not: what is owned by another object, and the
    /// Endpoints that Kubernetes makes for a Service with all its labels, are no parts of their own.
    #[must_use]
    pub fn part_of<'v>(&self, live: &'v Value, owned: bool) -> Option<&'v str> {
        let copied = self.method == Method::Label
            && (owned || (live["kind"] == "Endpoints" && live["apiVersion"] == "v1"));
        self.application_of(live).filter(|_| !copied)
    }

    /// Whether an annotation or a label, by its name, has a part in all this.
    #[must_use]
    pub fn reads(&self, name: &str) -> bool {
        name == TRACKING_ID || name == INSTALLATION_ID || name == self.label
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

/// Whether a live object is a claim that a StatefulSet made from a template, with the labels of the template. Kubernetes names no owner in
/// it, because its data shall outlive the set; the record of field managers tells who wrote it. `manager` is our own.
#[must_use]
pub fn is_made_from_template(live: &Value, manager: &str) -> bool {
    let is_claim = live["kind"] == "PersistentVolumeClaim" && live["apiVersion"] == "v1";
    let mut by_controller = false;
    for entry in managed_fields::entries(live).filter(|_| is_claim) {
        if entry.manager == manager || managed_fields::LEGACY_MANAGERS.contains(&entry.manager) {
            return false;
        }
        by_controller |=
            entry.manager == "kube-controller-manager" && entry.fields.contains_key("f:spec");
    }
    by_controller
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

    fn track(object: &mut Value, application: &str, key: &ResourceKey) {
        Tracking::default().track(object, application, key);
    }

    fn application_of(object: &Value) -> Option<String> {
        Tracking::default()
            .application_of(object)
            .map(str::to_owned)
    }

    #[test]
    fn what_is_tracked_is_found() {
        let mut object = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}});
        let key = crate::object::key(&object);
        track(&mut object, "front", &key);
        assert_eq!(
            crate::object::annotation(&object, TRACKING_ID),
            Some("front:apps/Deployment:shop/web")
        );
        assert_eq!(application_of(&object).as_deref(), Some("front"));
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
        assert_eq!(application_of(&object).as_deref(), Some("front"));
    }

    #[test]
    fn what_is_no_tracking_id_is_none() {
        for id in ["", "a", "a:b", "a:b:c", ":/ConfigMap:s/x"] {
            let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x", "namespace": "s",
                "annotations": {TRACKING_ID: id}}});
            assert_eq!(application_of(&object), None, "{id}");
        }
    }

    fn key() -> ResourceKey {
        ResourceKey {
            group: "apps".into(),
            kind: "Deployment".into(),
            namespace: "shop".into(),
            name: "web".into(),
        }
    }

    fn deployment() -> Value {
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}})
    }

    fn tracking(method: &str, installation: &str) -> Tracking {
        Tracking {
            method: Method::parse(method).expect("a method"),
            installation: installation.into(),
            ..Tracking::default()
        }
    }

    #[test]
    fn every_method_writes_reads_and_takes_out_its_own() {
        let id = "front:apps/Deployment:shop/web";
        for (method, annotations, labels) in [
            ("annotation", json!({TRACKING_ID: id}), json!(null)),
            ("label", json!(null), json!({INSTANCE_LABEL: "front"})),
            (
                "annotation+label",
                json!({TRACKING_ID: id}),
                json!({INSTANCE_LABEL: "front"}),
            ),
        ] {
            let tracking = tracking(method, "");
            let mut object = deployment();
            tracking.track(&mut object, "front", &key());
            assert_eq!(object["metadata"]["annotations"], annotations, "{method}");
            assert_eq!(object["metadata"]["labels"], labels, "{method}");
            assert_eq!(
                tracking.ownership(&object, "front"),
                Ownership::Owned,
                "{method}"
            );
            let other = Ownership::OwnedByOther("front".into());
            assert_eq!(tracking.ownership(&object, "back"), other, "{method}");
            tracking.untrack(&mut object);
            assert_eq!(
                tracking.ownership(&object, "front"),
                Ownership::Free,
                "{method}"
            );
        }
        assert_eq!(Method::parse("labels"), None);
    }

    #[test]
    fn an_installation_knows_only_its_own() {
        let (one, two) = (tracking("annotation", "one"), tracking("annotation", "two"));
        let mut object = deployment();
        one.track(&mut object, "front", &key());
        assert_eq!(object::annotation(&object, INSTALLATION_ID), Some("one"));
        assert_eq!(one.ownership(&object, "front"), Ownership::Owned);
        assert_eq!(two.ownership(&object, "front"), Ownership::Free);
        // Without an installation, the one of before is taken out.
        tracking("annotation", "").track(&mut object, "front", &key());
        assert_eq!(object::annotation(&object, INSTALLATION_ID), None);
        assert_eq!(one.ownership(&object, "front"), Ownership::Free);
    }

    #[test]
    fn the_label_has_the_key_of_the_installation_and_the_length_that_a_label_may_have() {
        let long = format!("{}.-_tail", "a".repeat(61));
        let tracking = Tracking {
            method: Method::AnnotationAndLabel,
            label: "example.com/app".into(),
            ..Tracking::default()
        };
        let mut object = deployment();
        tracking.track(&mut object, &long, &key());
        assert_eq!(
            object["metadata"]["labels"],
            json!({"example.com/app": "a".repeat(61)})
        );
        assert_eq!(tracking.ownership(&object, &long), Ownership::Owned);
        for (name, expected) in [
            ("short", "short"),
            (&"b".repeat(64), &*"b".repeat(63)),
            (&"-".repeat(70), ""),
        ] {
            assert_eq!(label_value(name), expected);
        }
        assert_eq!(label_value(&"ä".repeat(40)), "");
    }

    #[test]
    fn what_was_tracked_by_label_is_no_drift_by_annotation() {
        let tracking = tracking("annotation", "");
        let mut target = deployment();
        tracking.track(&mut target, "front", &key());
        let mut live = deployment();
        live["metadata"]["labels"] = json!({INSTANCE_LABEL: "front"});
        let migrated = tracking.migrated(&target, &live);
        assert_eq!(
            object::annotation(&migrated, TRACKING_ID),
            Some("front:apps/Deployment:shop/web")
        );
        assert_eq!(migrated["metadata"]["labels"], json!({}));
        // One that is tracked as another's is.
        live["metadata"]["annotations"] = json!({TRACKING_ID: "back:apps/Deployment:shop/web"});
        let migrated = tracking.migrated(&target, &live);
        assert_eq!(
            object::annotation(&migrated, TRACKING_ID),
            Some("back:apps/Deployment:shop/web")
        );
        // Nothing to do.
        assert!(matches!(
            tracking.migrated(&target, &target),
            Cow::Borrowed(_)
        ));
    }

    #[test]
    fn by_label_what_controllers_made_is_no_part_of_its_own() {
        let labelled = |kind: &str| {
            json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": "x", "namespace": "s",
            "labels": {INSTANCE_LABEL: "front"}}})
        };
        let by_label = tracking("label", "");
        for (kind, owned, expected) in [
            ("ConfigMap", false, Some("front")),
            ("Pod", true, None),
            ("Endpoints", false, None),
        ] {
            assert_eq!(by_label.part_of(&labelled(kind), owned), expected, "{kind}");
        }
        // An annotation names its object, so an owner says nothing.
        let by_annotation = tracking("annotation", "");
        let mut object = labelled("ConfigMap");
        let key = object::key(&object);
        by_annotation.track(&mut object, "front", &key);
        assert_eq!(by_annotation.part_of(&object, true), Some("front"));
    }

    #[test]
    fn claims_that_a_set_made_are_known_by_who_wrote_them() {
        let claim = |managers: &[&str]| {
            let entries: Vec<Value> = managers
                .iter()
                .map(|name| json!({"manager": name, "operation": "Update", "fieldsV1": {"f:spec": {"f:volumeMode": {}}}}))
                .collect();
            json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data-db-0", "managedFields": entries}})
        };
        for (managers, expected) in [
            (&["kube-controller-manager"][..], true),
            (&["kube-controller-manager", "kubectl-edit"], true),
            (&["kube-controller-manager", "tiphys"], false),
            (&["tiphys"], false),
            (&["kubectl-client-side-apply"], false),
            (&[], false),
        ] {
            let made = is_made_from_template(&claim(managers), "tiphys");
            assert_eq!(made, expected, "{managers:?}");
        }
        let mut other = claim(&["kube-controller-manager"]);
        other["kind"] = json!("ConfigMap");
        assert!(!is_made_from_template(&other, "tiphys"));
    }

    #[test]
    fn a_method_is_written_as_it_is_read() {
        for text in ["annotation", "label", "annotation+label"] {
            assert_eq!(Method::parse(text).map(Method::as_str), Some(text));
        }
    }
}
