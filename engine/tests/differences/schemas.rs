//! Reading schemas: what cannot be used is refused, and what is read is found.

use std::sync::Arc;

use serde_json::{Value, json};
use tiphys_engine::object::Gvk;
use tiphys_engine::schema::{Document, MAX_DEPTH, SchemaError, Schemas, with_defaults};

fn gvk(group: &str, version: &str, kind: &str) -> Gvk {
    Gvk {
        group: group.into(),
        version: version.into(),
        kind: kind.into(),
    }
}

#[test]
fn kinds_are_found_by_group_version_and_kind() {
    let mut schemas = crate::cluster();
    let widget = gvk("example.com", "v1", "Widget");
    assert!(schemas.knows(&widget));
    assert!(schemas.knows(&gvk("", "v1", "Service")));
    assert!(!schemas.knows(&gvk("", "v1", "Deployment")));
    assert!(!schemas.knows(&gvk("example.com", "v2", "Widget")));
    schemas.remove("widgets.example.com");
    assert!(!schemas.knows(&widget));
}

#[test]
fn a_document_takes_the_place_of_the_one_before() {
    let definition = |default: u32| {
        json!({"spec": {"group": "g", "names": {"kind": "K"}, "versions": [{"name": "v1", "schema": {"openAPIV3Schema":
            {"type": "object", "properties": {"size": {"type": "integer", "default": default}}}}}]}})
    };
    let mut schemas = Schemas::default();
    for default in [1, 2] {
        let document = Document::from_crd(&definition(default)).expect("a definition");
        schemas.insert("k.g", Arc::new(document));
    }
    let object = with_defaults(&schemas, &json!({"apiVersion": "g/v1", "kind": "K"}));
    assert_eq!(object["size"], 2);
}

#[test]
fn what_is_no_schema_is_refused() {
    for document in [
        json!(null),
        json!({}),
        json!({"components": {"schemas": []}}),
        json!("text"),
    ] {
        assert!(
            Document::from_openapi(&document.to_string()).is_err(),
            "{document}"
        );
        assert!(Document::from_crd(&document).is_err(), "{document}");
    }
    let mut deep = json!({"type": "string"});
    for _ in 0..=MAX_DEPTH {
        deep = json!({"type": "object", "properties": {"x": deep}});
    }
    let document = json!({"components": {"schemas": {"Deep": deep}}});
    let refused = Document::from_openapi(&document.to_string()).expect_err("it is too deep");
    assert!(matches!(refused, SchemaError::TooDeep { .. }), "{refused}");
    assert!(refused.to_string().contains("100"), "{refused}");
}

#[test]
fn schemas_may_refer_to_themselves_and_to_nothing() {
    let document = json!({"components": {"schemas": {
        "A": {"type": "object", "properties": {"a": {"$ref": "#/components/schemas/A"}, "list": {"type": "array", "items": {"$ref": "#/components/schemas/B"}}},
              "x-kubernetes-group-version-kind": [{"group": "", "version": "v1", "kind": "A"}]},
        "B": {"$ref": "#/components/schemas/B"},
        "C": {"$ref": "#/components/schemas/missing"},
        "D": {"type": "array"},
        "E": {"properties": 7, "x-kubernetes-list-map-keys": "x"},
    }}});
    let document = Document::from_openapi(&document.to_string()).expect("odd, but harmless");
    let mut schemas = Schemas::default();
    schemas.insert("v1", Arc::new(document));
    let object: Value =
        json!({"apiVersion": "v1", "kind": "A", "a": {"a": {"a": {}}}, "list": [{"x": 1}]});
    assert_eq!(with_defaults(&schemas, &object), object);
}
