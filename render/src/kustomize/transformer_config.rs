//! Which fields the transformers reach: the defaults, as tables in `tables/`, and what `configurations` and `crds` add.

use std::sync::LazyLock;

use serde_json::{Map, Value};

use super::field_spec::{FieldSpec, merge};
use super::id::{CustomScope, Gvk};
use super::kind_order;

/// Fields that hold the names of objects of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NameReference {
    /// What is named; empty parts match everything.
    pub gvk: Gvk,
    /// The fields that name it.
    pub referrers: Vec<FieldSpec>,
}

/// Which fields the transformers reach.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TransformerConfig {
    /// Fields that `namePrefix` changes.
    pub name_prefix: Vec<FieldSpec>,
    /// Fields that `nameSuffix` changes.
    pub name_suffix: Vec<FieldSpec>,
    /// Fields that `namespace` sets besides `metadata.namespace`, subjects and webhooks.
    pub namespace: Vec<FieldSpec>,
    /// Fields that `commonLabels` and `labels` with selectors reach.
    pub common_labels: Vec<FieldSpec>,
    /// Fields that `labels` reaches besides `metadata.labels`.
    pub labels: Vec<FieldSpec>,
    /// Fields that `labels` with `includeTemplates` reaches.
    pub template_labels: Vec<FieldSpec>,
    /// Fields that `commonAnnotations` reaches.
    pub common_annotations: Vec<FieldSpec>,
    /// Fields that hold names of other objects.
    pub name_reference: Vec<NameReference>,
    /// Fields in which variables are expanded.
    pub var_reference: Vec<FieldSpec>,
    /// Fields that hold images.
    pub images: Vec<FieldSpec>,
    /// Fields that hold numbers of replicas.
    pub replicas: Vec<FieldSpec>,
}

static DEFAULT: LazyLock<TransformerConfig> = LazyLock::new(|| {
    let mut common_labels = table(include_str!("tables/selector_labels.txt"));
    let template_labels = table(include_str!("tables/template_labels.txt"));
    common_labels.extend(template_labels.iter().cloned());
    let mut config = TransformerConfig {
        name_prefix: table(include_str!("tables/name_prefix.txt")),
        name_suffix: table(include_str!("tables/name_prefix.txt")),
        namespace: table(include_str!("tables/namespace.txt")),
        common_labels,
        labels: Vec::new(),
        template_labels,
        common_annotations: table(include_str!("tables/common_annotations.txt")),
        name_reference: name_references(include_str!("tables/name_reference.txt")),
        var_reference: table(include_str!("tables/var_reference.txt")),
        images: table(include_str!("tables/images.txt")),
        replicas: table(include_str!("tables/replicas.txt")),
    };
    config.sort();
    config
});

impl TransformerConfig {
    /// The defaults of Kustomize 5.8; read once for the process, on first use.
    #[must_use]
    pub fn defaults() -> &'static Self {
        &DEFAULT
    }

    /// Reads a file of `configurations`.
    ///
    /// # Errors
    /// When a field is unknown or of the wrong type.
    pub fn from_value(value: &Value) -> Result<Self, String> {
        let mut config = Self::default();
        let fields = match value {
            Value::Null => return Ok(config),
            Value::Object(fields) => fields,
            _ => return Err("a transformer configuration has to be a mapping".to_owned()),
        };
        for (name, value) in fields {
            match config.list(name) {
                Some(list) => *list = field_specs(name, value)?,
                None if name.eq_ignore_ascii_case("nameReference") => {
                    config.name_reference = back_references(value)?;
                }
                None => return Err(format!("unknown field \"{name}\"")),
            }
        }
        config.sort();
        Ok(config)
    }

    /// Adds another configuration.
    ///
    /// # Errors
    /// When the two say otherwise whether a field is created.
    pub fn merge(&mut self, added: &Self) -> Result<(), String> {
        let mut added = added.clone();
        for name in FIELDS {
            if let (Some(own), Some(added)) = (self.list(name), added.list(name)) {
                merge(own, added)
                    .map_err(|error| format!("failed to merge {name} fieldSpec: {error}"))?;
            }
        }
        for reference in &added.name_reference {
            self.add_name_reference(reference)
                .map_err(|error| format!("failed to merge nameReference fieldSpec: {error}"))?;
        }
        self.sort();
        Ok(())
    }

    fn add_name_reference(&mut self, added: &NameReference) -> Result<(), String> {
        let mut found = false;
        for known in &mut self.name_reference {
            if known.gvk == added.gvk {
                merge(&mut known.referrers, &added.referrers)?;
                found = true;
            }
        }
        if !found {
            self.name_reference.push(added.clone());
        }
        Ok(())
    }

    fn list(&mut self, name: &str) -> Option<&mut Vec<FieldSpec>> {
        let place = FIELDS
            .iter()
            .position(|field| field.eq_ignore_ascii_case(name))?;
        [
            &mut self.name_prefix,
            &mut self.name_suffix,
            &mut self.namespace,
            &mut self.common_labels,
            &mut self.labels,
            &mut self.template_labels,
            &mut self.common_annotations,
            &mut self.var_reference,
            &mut self.images,
            &mut self.replicas,
        ]
        .into_iter()
        .nth(place)
    }

    fn sort(&mut self) {
        for name in FIELDS {
            if let Some(list) = self.list(name) {
                list.sort_by(|a, b| kind_order::compare(&a.gvk, &b.gvk));
            }
        }
        self.name_reference
            .sort_by(|a, b| kind_order::compare(&a.gvk, &b.gvk));
    }

    /// What the schemas of custom resources (`crds`: a mapping from type names to OpenAPI definitions) say about their fields
    /// with `x-kubernetes-annotation`, `-label-selector`, `-identity` and `-object-ref-*`.
    ///
    /// # Errors
    /// When the document is no such mapping.
    pub fn from_crds(document: &Value) -> Result<Self, String> {
        let mut config = Self::default();
        let types = match document {
            Value::Null => return Ok(config),
            Value::Object(types) => types,
            _ => return Err("unable to parse open API definition: not a mapping".to_owned()),
        };
        for name in types.keys() {
            let Some(properties) = properties(types, name) else {
                continue;
            };
            if ["kind", "apiVersion", "metadata"]
                .iter()
                .all(|field| properties.contains_key(*field))
            {
                let kind = name.rsplit('.').next().unwrap_or(name);
                let mut found = Self::default();
                let mut crd = Crd {
                    types,
                    gvk: Gvk::of("", kind),
                    config: &mut found,
                    above: Vec::new(),
                };
                crd.load(name, &mut Vec::new())?;
                config.merge(&found)?;
            }
        }
        Ok(config)
    }
}

const FIELDS: [&str; 10] = [
    "namePrefix",
    "nameSuffix",
    "namespace",
    "commonLabels",
    "labels",
    "templateLabels",
    "commonAnnotations",
    "varReference",
    "images",
    "replicas",
];

fn properties<'a>(types: &'a Map<String, Value>, name: &str) -> Option<&'a Map<String, Value>> {
    types
        .get(name)?
        .get("Schema")?
        .get("properties")?
        .as_object()
}

/// One custom resource whose schema is read.
struct Crd<'a> {
    types: &'a Map<String, Value>,
    gvk: Gvk,
    config: &'a mut TransformerConfig,
    /// Types that are being read, so that recursive ones end.
    above: Vec<String>,
}

impl Crd<'_> {
    fn load(&mut self, type_name: &str, path: &mut Vec<String>) -> Result<(), String> {
        let Some(properties) = properties(self.types, type_name) else {
            return Ok(());
        };
        if self.above.iter().any(|above| above == type_name) {
            return Err(format!("{type_name} contains itself at {}", path.join("/")));
        }
        self.above.push(type_name.to_owned());
        for (name, property) in properties {
            let text = |field: &str| property.get(field).and_then(Value::as_str);
            path.push(name.clone());
            let spec = self.spec(path);
            if text("x-kubernetes-annotation").is_some() {
                merge(
                    &mut self.config.common_annotations,
                    std::slice::from_ref(&spec),
                )?;
            }
            if text("x-kubernetes-label-selector").is_some() {
                merge(&mut self.config.common_labels, std::slice::from_ref(&spec))?;
            }
            if text("x-kubernetes-identity").is_some() {
                merge(&mut self.config.name_prefix, std::slice::from_ref(&spec))?;
            }
            if let (Some(version), Some(kind)) = (
                text("x-kubernetes-object-ref-api-version"),
                text("x-kubernetes-object-ref-kind"),
            ) {
                let key = text("x-kubernetes-object-ref-name-key").unwrap_or("name");
                path.push(key.to_owned());
                let reference = NameReference {
                    gvk: Gvk {
                        group: String::new(),
                        version: version.to_owned(),
                        kind: kind.to_owned(),
                        scope: CustomScope::default(),
                    },
                    referrers: vec![self.spec(path)],
                };
                path.pop();
                self.config.add_name_reference(&reference)?;
            }
            if let Some(below) = text("$ref") {
                self.load(below, path)?;
            }
            path.pop();
        }
        self.above.pop();
        Ok(())
    }

    fn spec(&self, path: &[String]) -> FieldSpec {
        FieldSpec {
            gvk: self.gvk.clone(),
            path: path.join("/"),
            create: false,
        }
    }
}

fn field_specs(list: &str, value: &Value) -> Result<Vec<FieldSpec>, String> {
    let elements = match value {
        Value::Null => return Ok(Vec::new()),
        Value::Array(elements) => elements,
        _ => return Err(format!("{list} has to be a list of field specs")),
    };
    elements
        .iter()
        .map(|element| field_spec(list, element))
        .collect()
}

/// Reads a field spec, as in `configurations` and in the transformers that carry their own.
///
/// # Errors
/// When a field is unknown or of the wrong type.
pub fn field_spec(list: &str, value: &Value) -> Result<FieldSpec, String> {
    let mut spec = FieldSpec::default();
    for (name, value) in mapping(list, value)? {
        match name.to_ascii_lowercase().as_str() {
            "group" => spec.gvk.group = text(list, name, value)?,
            "version" => spec.gvk.version = text(list, name, value)?,
            "kind" => spec.gvk.kind = text(list, name, value)?,
            "path" => spec.path = text(list, name, value)?,
            "create" => {
                spec.create = match value {
                    Value::Null => false,
                    Value::Bool(create) => *create,
                    _ => return Err(format!("{list}: {name} has to be true or false")),
                };
            }
            _ => return Err(format!("{list}: unknown field \"{name}\"")),
        }
    }
    Ok(spec)
}

fn back_references(value: &Value) -> Result<Vec<NameReference>, String> {
    let list = "nameReference";
    let elements = match value {
        Value::Null => return Ok(Vec::new()),
        Value::Array(elements) => elements,
        _ => return Err(format!("{list} has to be a list")),
    };
    let mut references = Vec::with_capacity(elements.len());
    for element in elements {
        let mut reference = NameReference::default();
        for (name, value) in mapping(list, element)? {
            match name.to_ascii_lowercase().as_str() {
                "group" => reference.gvk.group = text(list, name, value)?,
                "version" => reference.gvk.version = text(list, name, value)?,
                "kind" => reference.gvk.kind = text(list, name, value)?,
                "fieldspecs" => reference.referrers = field_specs(list, value)?,
                _ => return Err(format!("{list}: unknown field \"{name}\"")),
            }
        }
        references.push(reference);
    }
    Ok(references)
}

fn mapping<'a>(list: &str, value: &'a Value) -> Result<&'a Map<String, Value>, String> {
    value
        .as_object()
        .ok_or_else(|| format!("{list}: an entry has to be a mapping"))
}

fn text(list: &str, name: &str, value: &Value) -> Result<String, String> {
    match value {
        Value::Null => Ok(String::new()),
        Value::String(text) => Ok(text.clone()),
        _ => Err(format!("{list}: {name} has to be a text")),
    }
}

/// Reads a table of `kind group version path [create]`.
fn table(text: &str) -> Vec<FieldSpec> {
    rows(text).map(|columns| row(&columns)).collect()
}

/// Reads the table of name references.
fn name_references(text: &str) -> Vec<NameReference> {
    let mut references: Vec<NameReference> = Vec::new();
    for columns in rows(text) {
        if let [">", kind, group, version] = columns[..] {
            references.push(NameReference {
                gvk: gvk(kind, group, version),
                referrers: Vec::new(),
            });
        } else if let Some(reference) = references.last_mut() {
            reference.referrers.push(row(&columns));
        }
    }
    references
}

fn rows(text: &str) -> impl Iterator<Item = Vec<&str>> {
    text.lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .map(|line| line.split(' ').collect())
}

fn row(columns: &[&str]) -> FieldSpec {
    let column = |place: usize| columns.get(place).copied().unwrap_or_default();
    FieldSpec {
        gvk: gvk(column(0), column(1), column(2)),
        path: column(3).to_owned(),
        create: column(4) == "create",
    }
}

fn gvk(kind: &str, group: &str, version: &str) -> Gvk {
    let any = |part: &str| {
        if part == "*" {
            String::new()
        } else {
            part.to_owned()
        }
    };
    Gvk {
        group: any(group),
        version: any(version),
        kind: any(kind),
        scope: CustomScope::default(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_tables_are_whole() {
        let config = TransformerConfig::defaults();
        let count = |list: &[FieldSpec]| {
            assert!(list.iter().all(|spec| !spec.path.is_empty()));
            list.len()
        };
        assert_eq!(
            [
                count(&config.name_prefix),
                count(&config.namespace),
                count(&config.common_labels),
                count(&config.template_labels),
                count(&config.common_annotations),
                count(&config.var_reference),
                count(&config.images),
                count(&config.replicas),
            ],
            [1, 3, 32, 10, 9, 72, 6, 4]
        );
        let names: Vec<_> = config
            .name_reference
            .iter()
            .map(|reference| (reference.gvk.kind.as_str(), count(&reference.referrers)))
            .collect();
        assert_eq!(names.len(), 16);
        assert!(names.contains(&("ConfigMap", 52)), "{names:?}");
        assert!(names.contains(&("ServiceAccount", 9)), "{names:?}");
    }

    #[test]
    fn configurations_are_added() {
        let added = TransformerConfig::from_value(&json!({
            "namePrefix": [{"path": "metadata/name"}, {"kind": "Widget", "path": "spec/ref", "create": true}],
            "nameReference": [{"kind": "ConfigMap", "version": "v1", "fieldSpecs": [{"kind": "Widget", "path": "spec/config"}]}],
        }))
        .expect("a configuration");
        let mut config = TransformerConfig::defaults().clone();
        config.merge(&added).expect("no conflict");
        assert_eq!(config.name_prefix.len(), 2);
        assert_eq!(config.name_reference.len(), 16);
        assert!(config.name_reference.iter().any(|reference| {
            reference.gvk.kind == "ConfigMap"
                && reference
                    .referrers
                    .iter()
                    .any(|spec| spec.gvk.kind == "Widget")
        }));
        let conflict = TransformerConfig::from_value(
            &json!({"namePrefix": [{"path": "metadata/name", "create": true}]}),
        )
        .expect("a configuration");
        assert!(config.merge(&conflict).is_err());
        for wrong in [
            json!({"namoPrefix": []}),
            json!({"namePrefix": {}}),
            json!({"namePrefix": [{"pth": "a"}]}),
            json!([]),
        ] {
            assert!(TransformerConfig::from_value(&wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn schemas_of_custom_resources_name_fields() {
        let config = TransformerConfig::from_crds(&json!({
            "example.com/v1.Widget": {"Schema": {"properties": {
                "kind": {}, "apiVersion": {}, "metadata": {},
                "spec": {"$ref": "example.com/v1.WidgetSpec"},
            }}},
            "example.com/v1.WidgetSpec": {"Schema": {"properties": {
                "secretRef": {"x-kubernetes-object-ref-api-version": "v1", "x-kubernetes-object-ref-kind": "Secret"},
                "selector": {"x-kubernetes-label-selector": ""},
            }}},
        }))
        .expect("schemas");
        assert_eq!(config.common_labels[0].path, "spec/selector");
        assert_eq!(config.name_reference[0].gvk, Gvk::of("v1", "Secret"));
        assert_eq!(
            config.name_reference[0].referrers[0].path,
            "spec/secretRef/name"
        );
        assert_eq!(config.name_reference[0].referrers[0].gvk.kind, "Widget");
        let recursive = json!({"W": {"Schema": {"properties": {
            "kind": {}, "apiVersion": {}, "metadata": {}, "w": {"$ref": "W"}}}}});
        assert!(TransformerConfig::from_crds(&recursive).is_err());
    }
}
