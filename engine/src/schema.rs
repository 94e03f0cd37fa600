//! The cluster's own schema: which lists have keys, which fields are atomic, what the defaults are, and which texts are quantities.
//!
//! It is read from the API server's OpenAPI v3 documents (one a group version, `/openapi/v3/apis/<group>/<version>`) or from the
//! structural schema of a CustomResourceDefinition, and kept in a small form: one arena of nodes a document. The meaning of the
//! `x-kubernetes-…` extensions is that of the Kubernetes documentation ("Server-Side Apply", merge strategy).

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::object::Gvk;

/// Most nodes that one document may have; Kubernetes' largest has about 4,000.
pub const MAX_NODES: usize = 200_000;
/// Deepest nesting of inline schemas in one document.
pub const MAX_DEPTH: usize = 100;

/// Why a schema cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    /// The document is no OpenAPI v3 document, or the object no CustomResourceDefinition.
    #[error("the document has no {0}")]
    Missing(&'static str),
    /// A limit is exceeded.
    #[error("the schema of {place} is nested deeper than {MAX_DEPTH} levels")]
    TooDeep {
        /// The named schema or field where it happened.
        place: String,
    },
    /// A limit is exceeded.
    #[error("the document has more than {MAX_NODES} schema nodes")]
    TooLarge,
}

/// An OpenAPI document as far as it is needed. The schemas stay text until each is read: the whole as values takes many times the
/// memory of what is kept of it.
#[derive(Deserialize)]
struct OpenApi<'t> {
    #[serde(borrow)]
    components: Components<'t>,
}

#[derive(Deserialize)]
struct Components<'t> {
    #[serde(borrow)]
    schemas: BTreeMap<Cow<'t, str>, &'t RawValue>,
}

/// A key of the elements of a list.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct MapKey {
    pub name: Box<str>,
    /// What the key is when an element does not state it.
    pub default: Option<Value>,
}

/// How a list is merged.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ListKind {
    /// As a whole, in its order.
    Atomic,
    /// By its values, in any order.
    Set,
    /// By keys of its elements, in any order.
    Map(Box<[MapKey]>),
}

/// Scalars whose text has a meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scalar {
    Plain,
    Quantity,
    IntOrString,
    Bytes,
    Duration,
}

#[derive(Clone, Debug)]
enum Kind {
    /// Nothing is known of it, or anything may be in it.
    Any,
    Scalar(Scalar),
    Object {
        /// Sorted by name.
        properties: Box<[(Box<str>, u32)]>,
        additional: Option<u32>,
        atomic: bool,
    },
    List {
        element: u32,
        list: ListKind,
    },
    /// Another node, with a default of its own place.
    Same(u32),
}

#[derive(Clone, Debug)]
struct Node {
    kind: Kind,
    default: Option<Value>,
}

/// The schemas of one group version.
#[derive(Clone, Debug, Default)]
pub struct Document {
    nodes: Vec<Node>,
    kinds: HashMap<Gvk, u32>,
    names: HashMap<Box<str>, u32>,
}

impl Document {
    /// Reads the JSON of an OpenAPI v3 document.
    ///
    /// # Errors
    /// It is none, or exceeds [`MAX_NODES`] or [`MAX_DEPTH`].
    pub fn from_openapi(json: &str) -> Result<Self, SchemaError> {
        let document: OpenApi<'_> =
            serde_json::from_str(json).map_err(|_| SchemaError::Missing("components.schemas"))?;
        let schemas = document.components.schemas;
        let mut read = Self::default();
        for name in schemas.keys() {
            let node = read.add(Node::any())?;
            read.names.insert((**name).into(), node);
        }
        for (name, schema) in &schemas {
            let Some(&node) = read.names.get(&**name) else {
                continue;
            };
            // The text is valid JSON: only its depth keeps it from being read.
            let too_deep = |_| SchemaError::TooDeep {
                place: name.to_string(),
            };
            let schema: &Value = &serde_json::from_str(schema.get()).map_err(too_deep)?;
            read.nodes[node as usize] = if name.ends_with(".api.resource.Quantity") {
                Node::scalar(Scalar::Quantity)
            } else if name.ends_with(".util.intstr.IntOrString") {
                Node::scalar(Scalar::IntOrString)
            } else if name.ends_with(".meta.v1.Duration") {
                Node::scalar(Scalar::Duration)
            } else {
                read.node(schema, name, 0)?
            };
            for stated in schema["x-kubernetes-group-version-kind"]
                .as_array()
                .into_iter()
                .flatten()
            {
                let text = |name: &str| stated[name].as_str().unwrap_or_default().to_owned();
                let gvk = Gvk {
                    group: text("group"),
                    version: text("version"),
                    kind: text("kind"),
                };
                read.kinds.insert(gvk, node);
            }
        }
        read.fill_key_defaults();
        read.nodes.shrink_to_fit();
        Ok(read)
    }

    /// Reads the structural schemas of all versions of a CustomResourceDefinition (`apiextensions.k8s.io/v1`).
    ///
    /// # Errors
    /// It is none, or exceeds [`MAX_NODES`] or [`MAX_DEPTH`].
    pub fn from_crd(crd: &Value) -> Result<Self, SchemaError> {
        let spec = &crd["spec"];
        let group = spec["group"]
            .as_str()
            .ok_or(SchemaError::Missing("spec.group"))?;
        let kind = spec["names"]["kind"]
            .as_str()
            .ok_or(SchemaError::Missing("spec.names.kind"))?;
        let versions = spec["versions"]
            .as_array()
            .ok_or(SchemaError::Missing("spec.versions"))?;
        let mut read = Self::default();
        for version in versions {
            let Some(name) = version["name"].as_str() else {
                continue;
            };
            let schema = &version["schema"]["openAPIV3Schema"];
            if schema.is_object() {
                let node = read.node(schema, name, 0)?;
                let node = read.add(node)?;
                let gvk = Gvk {
                    group: group.to_owned(),
                    version: name.to_owned(),
                    kind: kind.to_owned(),
                };
                read.kinds.insert(gvk, node);
            }
        }
        read.fill_key_defaults();
        Ok(read)
    }

    /// The defaults of list keys, once every schema that a list may refer to has been read.
    fn fill_key_defaults(&mut self) {
        for index in 0..self.nodes.len() {
            let Kind::List {
                element,
                list: ListKind::Map(keys),
            } = &self.nodes[index].kind
            else {
                continue;
            };
            let mut keys = keys.clone();
            for key in &mut keys {
                let field = self.at(*element).field(&key.name);
                key.default = field.and_then(|field| field.default().cloned());
            }
            let element = *element;
            self.nodes[index].kind = Kind::List {
                element,
                list: ListKind::Map(keys),
            };
        }
    }

    fn add(&mut self, node: Node) -> Result<u32, SchemaError> {
        let index = u32::try_from(self.nodes.len()).map_err(|_| SchemaError::TooLarge)?;
        if self.nodes.len() >= MAX_NODES {
            return Err(SchemaError::TooLarge);
        }
        self.nodes.push(node);
        Ok(index)
    }

    fn child(&mut self, schema: &Value, place: &str, depth: usize) -> Result<u32, SchemaError> {
        let node = self.node(schema, place, depth + 1)?;
        self.add(node)
    }

    fn node(&mut self, schema: &Value, place: &str, depth: usize) -> Result<Node, SchemaError> {
        if depth > MAX_DEPTH {
            return Err(SchemaError::TooDeep {
                place: place.to_owned(),
            });
        }
        let default = schema
            .get("default")
            .filter(|value| !value.is_null())
            .cloned();
        if let Some(target) = self.reference(schema) {
            return Ok(Node {
                kind: Kind::Same(target),
                default,
            });
        }
        let flag = |name: &str| schema.get(name).and_then(Value::as_bool) == Some(true);
        let text = |name: &str| schema.get(name).and_then(Value::as_str).unwrap_or_default();
        // A quantity of a custom resource is an int-or-string whose pattern knows the suffixes.
        let quantity = text("pattern").contains("[KMGTPE]i");
        let kind = if flag("x-kubernetes-int-or-string") || text("format") == "int-or-string" {
            Kind::Scalar(if quantity {
                Scalar::Quantity
            } else {
                Scalar::IntOrString
            })
        } else {
            match text("type") {
                "array" => self.list(schema, place, depth)?,
                "object" | ""
                    if schema.get("properties").is_some()
                        || schema.get("additionalProperties").is_some() =>
                {
                    self.object(schema, place, depth)?
                }
                "object" | "" => Kind::Any,
                "string" if matches!(text("format"), "byte" | "binary") => {
                    Kind::Scalar(Scalar::Bytes)
                }
                "string" if text("format") == "quantity" => Kind::Scalar(Scalar::Quantity),
                "string" if text("format") == "duration" => Kind::Scalar(Scalar::Duration),
                _ => Kind::Scalar(Scalar::Plain),
            }
        };
        Ok(Node { kind, default })
    }

    /// The schema that another stands for: `$ref`, or `allOf` with one `$ref` in it.
    fn reference(&self, schema: &Value) -> Option<u32> {
        let stated =
            schema
                .get("$ref")
                .or_else(|| match schema.get("allOf")?.as_array()?.as_slice() {
                    [only] => only.get("$ref"),
                    _ => None,
                })?;
        let name = stated.as_str()?.strip_prefix("#/components/schemas/")?;
        self.names.get(name).copied()
    }

    fn object(&mut self, schema: &Value, place: &str, depth: usize) -> Result<Kind, SchemaError> {
        let mut properties: Vec<(Box<str>, u32)> = Vec::new();
        for (name, property) in schema
            .get("properties")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            let node = self.child(property, name, depth)?;
            properties.push((name.as_str().into(), node));
        }
        properties.sort_by(|a, b| a.0.cmp(&b.0));
        let additional = match schema.get("additionalProperties") {
            Some(additional @ Value::Object(_)) => Some(self.child(additional, place, depth)?),
            _ => None,
        };
        Ok(Kind::Object {
            properties: properties.into(),
            additional,
            atomic: schema.get("x-kubernetes-map-type").and_then(Value::as_str) == Some("atomic"),
        })
    }

    fn list(&mut self, schema: &Value, place: &str, depth: usize) -> Result<Kind, SchemaError> {
        let items = schema.get("items").unwrap_or(&Value::Null);
        let element = self.child(items, place, depth)?;
        let keys = |names: Vec<&str>| -> ListKind {
            let key = |name: &str| MapKey {
                name: name.into(),
                default: None,
            };
            ListKind::Map(names.into_iter().map(key).collect())
        };
        let stated: Vec<&str> = schema
            .get("x-kubernetes-list-map-keys")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let text = |name: &str| schema.get(name).and_then(Value::as_str);
        let merges = text("x-kubernetes-patch-strategy").is_some_and(|text| text.contains("merge"));
        let list = match text("x-kubernetes-list-type") {
            Some("set") => ListKind::Set,
            Some("map") if !stated.is_empty() => keys(stated),
            Some(_) => ListKind::Atomic,
            // Older documents only say how a strategic merge patch treats the list.
            None => match text("x-kubernetes-patch-merge-key") {
                Some(key) => keys(vec![key]),
                None if merges => ListKind::Set,
                None => ListKind::Atomic,
            },
        };
        Ok(Kind::List { element, list })
    }

    fn at(&self, node: u32) -> Type<'_> {
        Type {
            document: self,
            node,
        }
    }

    /// Number of nodes, for measurement.
    #[must_use]
    pub fn nodes(&self) -> usize {
        self.nodes.len()
    }
}

impl Node {
    fn any() -> Self {
        Self {
            kind: Kind::Any,
            default: None,
        }
    }

    fn scalar(scalar: Scalar) -> Self {
        Self {
            kind: Kind::Scalar(scalar),
            default: None,
        }
    }
}

/// Schemas of a cluster, by document. A clone shares the documents.
#[derive(Clone, Debug, Default)]
pub struct Schemas {
    documents: BTreeMap<String, Arc<Document>>,
}

impl Schemas {
    /// Puts a document in, in place of the one that had the name. The name is the caller's: a group version such as `apps/v1`, or
    /// the name of a CustomResourceDefinition.
    pub fn insert(&mut self, name: impl Into<String>, document: Arc<Document>) {
        self.documents.insert(name.into(), document);
    }

    /// Takes a document out.
    pub fn remove(&mut self, name: &str) {
        self.documents.remove(name);
    }

    /// Whether the schema of a kind is known.
    #[must_use]
    pub fn knows(&self, gvk: &Gvk) -> bool {
        self.kind(gvk).is_some()
    }

    pub(crate) fn kind(&self, gvk: &Gvk) -> Option<Type<'_>> {
        // The document of the group version by its usual name first, so that hundreds of CRDs cost nothing.
        let usual = if gvk.group.is_empty() {
            gvk.version.clone()
        } else {
            format!("{}/{}", gvk.group, gvk.version)
        };
        let find = |document: &'_ Arc<Document>| document.kinds.get(gvk).copied();
        if let Some(document) = self.documents.get(&usual)
            && let Some(node) = find(document)
        {
            return Some(document.at(node));
        }
        self.documents
            .values()
            .find_map(|document| Some(document.at(find(document)?)))
    }

    pub(crate) fn named(&self, name: &str) -> Option<Type<'_>> {
        self.documents
            .values()
            .find_map(|document| Some(document.at(*document.names.get(name)?)))
    }
}

/// A node of a document.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Type<'a> {
    document: &'a Document,
    node: u32,
}

impl<'a> Type<'a> {
    fn raw(&self) -> &'a Node {
        &self.document.nodes[self.node as usize]
    }

    /// The node behind references. A cycle of bare references, which no server sends, ends in an unknown type.
    fn resolved(&self) -> &'a Kind {
        let mut node = self.raw();
        for _ in 0..16 {
            match node.kind {
                Kind::Same(target) => node = &self.document.nodes[target as usize],
                _ => return &node.kind,
            }
        }
        &Kind::Any
    }

    /// What the server fills in when the field is absent.
    pub(crate) fn default(&self) -> Option<&'a Value> {
        self.raw().default.as_ref()
    }

    pub(crate) fn field(&self, name: &str) -> Option<Type<'a>> {
        match self.resolved() {
            Kind::Object {
                properties,
                additional,
                ..
            } => properties
                .binary_search_by(|entry| (*entry.0).cmp(name))
                .ok()
                .map(|index| properties[index].1)
                .or(*additional)
                .map(|node| self.document.at(node)),
            _ => None,
        }
    }

    pub(crate) fn element(&self) -> Option<Type<'a>> {
        match self.resolved() {
            Kind::List { element, .. } => Some(self.document.at(*element)),
            _ => None,
        }
    }

    pub(crate) fn list(&self) -> Option<&'a ListKind> {
        match self.resolved() {
            Kind::List { list, .. } => Some(list),
            _ => None,
        }
    }

    /// Whether the map is one value, of which nothing is merged.
    pub(crate) fn is_atomic(&self) -> bool {
        matches!(self.resolved(), Kind::Object { atomic: true, .. })
    }

    /// Whether it is a map with keys of the user's choice.
    pub(crate) fn is_free_map(&self) -> bool {
        matches!(self.resolved(), Kind::Object { properties, additional: Some(_), .. } if properties.is_empty())
    }

    pub(crate) fn scalar(&self) -> Option<Scalar> {
        match self.resolved() {
            Kind::Scalar(scalar) => Some(*scalar),
            _ => None,
        }
    }
}

/// Adds what a schema says is absent: each property's default, at every depth that is present. For tests of what a server would do.
#[must_use]
pub fn with_defaults(schemas: &Schemas, object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(kind) = schemas.kind(&crate::object::gvk(&object)) {
        fill(&mut object, kind, 0);
    }
    object
}

fn fill(value: &mut Value, kind: Type<'_>, depth: usize) {
    if depth > MAX_DEPTH {
        return;
    }
    match (value, kind.resolved()) {
        (Value::Object(map), Kind::Object { properties, .. }) => {
            fill_properties(map, properties, kind.document);
            for (name, value) in map {
                if let Some(field) = kind.field(name) {
                    fill(value, field, depth + 1);
                }
            }
        }
        (Value::Array(items), Kind::List { element, .. }) => {
            for item in items {
                fill(item, kind.document.at(*element), depth + 1);
            }
        }
        _ => {}
    }
}

fn fill_properties(
    map: &mut Map<String, Value>,
    properties: &[(Box<str>, u32)],
    document: &Document,
) {
    for (name, node) in properties {
        let default = document.nodes[*node as usize].default.as_ref();
        if let Some(default) = default
            && map.get(&**name).is_none_or(Value::is_null)
        {
            map.insert(name.to_string(), default.clone());
        }
    }
}
