//! What of the schemas of objects takes part in a strategic merge: which lists are merged, by which keys.
//!
//! The schemas of Kubernetes' own kinds are in `schema_table.txt`, made by `cargo xtask schema` and read on first use;
//! a kustomization can bring an OpenAPI document of its own instead (`openapi.path`).

use std::collections::HashMap;
use std::sync::LazyLock;

use serde_json::{Map, Value};

/// References that are followed from one schema before it counts as circular.
const MAX_REFERENCES: usize = 64;

/// The schemas of a set of kinds.
#[derive(Clone, Debug, Default)]
pub struct Schema {
    definitions: Vec<Field>,
    /// By `apiVersion` and kind, see [`kind_key`].
    kinds: HashMap<String, Field>,
    /// Whether the kinds that paths of the API are about live in namespaces.
    namespaced: HashMap<String, bool>,
}

/// The schema of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Field {
    /// Number of a definition.
    Reference(usize),
    /// A mapping.
    Mapping {
        /// Schemas of its fields.
        fields: HashMap<String, Field>,
        /// Schema of the fields that are not named.
        others: Option<Box<Field>>,
    },
    /// A list that is merged: by the keys of its elements, or by their values when there is no key.
    Merged {
        /// Keys, in order.
        keys: Vec<String>,
        /// Schema of the elements.
        elements: Option<Box<Field>>,
    },
    /// Something that is known and takes no part.
    Other,
}

static BUILT_IN: LazyLock<Schema> = LazyLock::new(|| read_table(include_str!("schema_table.txt")));

fn kind_key(api_version: &str, kind: &str) -> String {
    format!("{api_version} {kind}")
}

impl Schema {
    /// The schemas that Kustomize 5.8 has built in; read once for the process, on first use.
    #[must_use]
    pub fn built_in() -> &'static Self {
        &BUILT_IN
    }

    /// Reads an OpenAPI 2 document: the file of `openapi.path`.
    ///
    /// # Errors
    /// When the document is no mapping, or its definitions are none.
    pub fn from_openapi(document: &Value) -> Result<Self, String> {
        let Value::Object(document) = document else {
            return Err("invalid schema file: not a mapping".to_owned());
        };
        let none = Map::new();
        let definitions = match document.get("definitions") {
            None | Some(Value::Null) => &none,
            Some(Value::Object(definitions)) => definitions,
            Some(_) => return Err("invalid schema file: definitions is no mapping".to_owned()),
        };
        let places: HashMap<&str, usize> = definitions
            .keys()
            .enumerate()
            .map(|(place, name)| (name.as_str(), place))
            .collect();
        let mut schema = Self::default();
        for (place, definition) in definitions.values().enumerate() {
            schema
                .definitions
                .push(lower(definition, &places).unwrap_or(Field::Other));
            if let Some(Value::Array(kinds)) = definition.get("x-kubernetes-group-version-kind") {
                for key in kinds.iter().filter_map(openapi_kind) {
                    schema.kinds.insert(key, Field::Reference(place));
                }
            }
        }
        if let Some(Value::Object(paths)) = document.get("paths") {
            for (path, operations) in paths {
                let Some(key) = operations
                    .get("get")
                    .and_then(|get| get.get("x-kubernetes-group-version-kind"))
                    .and_then(openapi_kind)
                else {
                    continue;
                };
                if path.contains("namespaces/{namespace}") {
                    schema.namespaced.insert(key, true);
                } else {
                    schema.namespaced.entry(key).or_insert(false);
                }
            }
        }
        Ok(schema)
    }

    /// The schema of a kind.
    #[must_use]
    pub fn kind(&self, api_version: &str, kind: &str) -> Option<&Field> {
        self.kinds.get(&kind_key(api_version, kind))
    }

    /// Whether objects of a kind live in namespaces, as the paths of an OpenAPI document say; `None` when they say nothing.
    #[must_use]
    pub fn is_namespaced(&self, api_version: &str, kind: &str) -> Option<bool> {
        self.namespaced.get(&kind_key(api_version, kind)).copied()
    }

    /// The schema behind references; `None` when they lead nowhere.
    #[must_use]
    pub fn resolve<'a>(&'a self, mut field: &'a Field) -> Option<&'a Field> {
        for _ in 0..MAX_REFERENCES {
            match field {
                Field::Reference(place) => field = self.definitions.get(*place)?,
                _ => return Some(field),
            }
        }
        None
    }

    /// The schema of a field of a mapping.
    #[must_use]
    pub fn field<'a>(&'a self, of: &'a Field, name: &str) -> Option<&'a Field> {
        match self.resolve(of)? {
            Field::Mapping { fields, others } => {
                self.resolve(fields.get(name).or(others.as_deref())?)
            }
            _ => None,
        }
    }
}

fn openapi_kind(kind: &Value) -> Option<String> {
    let text = |field: &str| kind.get(field).and_then(Value::as_str).unwrap_or_default();
    let api_version = if text("group").is_empty() {
        text("version").to_owned()
    } else {
        format!("{}/{}", text("group"), text("version"))
    };
    kind.is_object()
        .then(|| kind_key(&api_version, text("kind")))
}

/// Reads the schema of a definition or field; `None` for a reference that leads nowhere.
fn lower(schema: &Value, places: &HashMap<&str, usize>) -> Option<Field> {
    let text = |field: &str| schema.get(field).and_then(Value::as_str);
    if let Some(reference) = text("$ref") {
        let name = reference.strip_prefix("#/definitions/")?;
        return places.get(name).map(|place| Field::Reference(*place));
    }
    let merges = text("x-kubernetes-patch-strategy")
        .is_some_and(|strategies| strategies.split(',').any(|strategy| strategy == "merge"));
    if merges {
        let keys = match schema.get("x-kubernetes-list-map-keys") {
            Some(Value::Array(keys)) => keys
                .iter()
                .filter_map(|key| key.as_str().map(str::to_owned))
                .collect(),
            _ => text("x-kubernetes-patch-merge-key")
                .map(str::to_owned)
                .into_iter()
                .collect(),
        };
        return Some(Field::Merged {
            keys,
            elements: schema
                .get("items")
                .filter(|_| text("type") == Some("array"))
                .and_then(|items| lower(items, places))
                .map(Box::new),
        });
    }
    let others = schema
        .get("additionalProperties")
        .filter(|others| others.is_object())
        .and_then(|others| lower(others, places))
        .map(Box::new);
    let fields: HashMap<String, Field> = match schema.get("properties") {
        Some(Value::Object(properties)) => properties
            .iter()
            .filter_map(|(name, schema)| Some((name.clone(), lower(schema, places)?)))
            .collect(),
        _ => HashMap::new(),
    };
    Some(if fields.is_empty() && others.is_none() {
        Field::Other
    } else {
        Field::Mapping { fields, others }
    })
}

/// Reads `schema_table.txt`; its syntax is written at its top.
fn read_table(table: &str) -> Schema {
    let mut schema = Schema::default();
    let mut lines = table.lines().filter(|line| !line.starts_with('#'));
    for line in lines.by_ref().take_while(|line| *line != "--") {
        let fields = line
            .split(' ')
            .filter_map(|field| field.split_once('='))
            .map(|(name, kind)| (name.to_owned(), read_type(kind)))
            .collect();
        schema.definitions.push(Field::Mapping {
            fields,
            others: None,
        });
    }
    for line in lines {
        if let Some((kind, place)) = line.rsplit_once(' ') {
            schema.kinds.insert(kind.to_owned(), read_type(place));
        }
    }
    schema
}

fn read_type(text: &str) -> Field {
    if let Some(values) = text.strip_prefix("{}") {
        return Field::Mapping {
            fields: HashMap::new(),
            others: Some(Box::new(read_type(values))),
        };
    }
    if let Some((keys, elements)) = text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return Field::Merged {
            keys: keys
                .split(',')
                .filter(|key| !key.is_empty())
                .map(str::to_owned)
                .collect(),
            elements: (!elements.is_empty()).then(|| Box::new(read_type(elements))),
        };
    }
    text.parse().map_or(Field::Other, Field::Reference)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn keys(schema: &Schema, api_version: &str, kind: &str, path: &str) -> Option<Vec<String>> {
        let mut field = schema.kind(api_version, kind)?;
        for part in path.split('.') {
            field = match schema.resolve(field)? {
                Field::Merged { elements, .. } if part == "[]" => elements.as_deref()?,
                _ => schema.field(field, part)?,
            };
        }
        match field {
            Field::Merged { keys, .. } => Some(keys.clone()),
            _ => None,
        }
    }

    #[test]
    fn the_table_knows_the_lists_of_kubernetes() {
        let schema = Schema::built_in();
        let check = |api_version, kind, path: &str, expected: Option<&[&str]>| {
            assert_eq!(
                keys(schema, api_version, kind, path),
                expected.map(|keys| keys.iter().map(ToString::to_string).collect()),
                "{kind} {path}"
            );
        };
        check("v1", "Pod", "spec.containers", Some(&["name"]));
        check("v1", "Pod", "spec.containers.[].env", Some(&["name"]));
        check("v1", "Pod", "spec.containers.[].args", None);
        check(
            "v1",
            "Pod",
            "spec.containers.[].ports",
            Some(&["containerPort", "protocol"]),
        );
        check("apps/v1", "Deployment", "metadata.finalizers", Some(&[]));
        check("v1", "Service", "spec.ports", Some(&["port", "protocol"]));
        check(
            "batch/v1beta1",
            "CronJob",
            "spec.jobTemplate.spec.template.spec.volumes",
            Some(&["name"]),
        );
        check("networking.k8s.io/v1", "Ingress", "spec.rules", None);
        check("example.com/v1", "Pod", "spec.containers", None);
        check(
            "rbac.authorization.k8s.io/v1alpha1",
            "Role",
            "metadata.finalizers",
            None,
        );
    }

    #[test]
    fn documents_are_read() {
        let schema = Schema::from_openapi(&json!({
            "definitions": {
                "Widget": {
                    "x-kubernetes-group-version-kind": [{"group": "example.com", "version": "v1", "kind": "Widget"}],
                    "properties": {
                        "spec": {"properties": {"parts": {
                            "type": "array", "items": {"$ref": "#/definitions/Part"},
                            "x-kubernetes-patch-strategy": "merge", "x-kubernetes-patch-merge-key": "id"}}},
                        "loop": {"$ref": "#/definitions/Loop"},
                    }
                },
                "Part": {"additionalProperties": {"type": "array",
                    "x-kubernetes-patch-strategy": "merge,retainKeys", "x-kubernetes-list-map-keys": ["a", "b"]}},
                "Loop": {"$ref": "#/definitions/Loop"},
            },
            "paths": {"/apis/example.com/v1/widgets": {"get": {
                "x-kubernetes-group-version-kind": {"group": "example.com", "version": "v1", "kind": "Widget"}}}},
        }))
        .expect("a document");
        let check = |path, expected: Option<&[&str]>| {
            assert_eq!(
                keys(&schema, "example.com/v1", "Widget", path),
                expected.map(|keys| keys.iter().map(ToString::to_string).collect()),
                "{path}"
            );
        };
        check("spec.parts", Some(&["id"]));
        check("spec.parts.[].any", Some(&["a", "b"]));
        check("loop.x", None);
        assert_eq!(
            schema.is_namespaced("example.com/v1", "Widget"),
            Some(false)
        );
        assert_eq!(schema.is_namespaced("v1", "Pod"), None);
        assert!(Schema::from_openapi(&json!([])).is_err());
    }
}
