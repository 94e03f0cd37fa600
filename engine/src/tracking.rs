//! Which application an object belongs to: the annotation `argocd.argoproj.io/tracking-id`.
//!
//! Its value is `application:group/kind:namespace/name`. An object whose annotation names another object than itself was
//! copied, with its annotations, by somebody else, and belongs to nobody.

use serde_json::{Map, Value};
use tiphys_model::ResourceKey;

/// The annotation.
pub const TRACKING_ID: &str = "argocd.argoproj.io/tracking-id";

/// The value of the annotation for an object of an application.
#[must_use]
pub fn tracking_id(application: &str, key: &ResourceKey) -> String {
    format!(
        "{application}:{}/{}:{}/{}",
        key.group, key.kind, key.namespace, key.name
    )
}

/// Writes the annotation. `key` has the namespace that the object goes to.
pub fn track(object: &mut Value, application: &str, key: &ResourceKey) {
    let id = tracking_id(application, key);
    let Some(object) = object.as_object_mut() else {
        return;
    };
    let metadata = child(object, "metadata");
    child(metadata, "annotations").insert(TRACKING_ID.to_owned(), Value::String(id));
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

/// The application that an object belongs to.
///
/// `object` is a live object: its namespace is the one it lives in.
#[must_use]
pub fn application_of(object: &Value) -> Option<&str> {
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
