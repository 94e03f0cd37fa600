//! An object on its way through a build, with what the build has to remember about it.
//!
//! Upstream keeps this memory in annotations of the object and strips them at the end; here it is fields.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::id::{CustomScope, Gvk, ResId};
use super::spelling::Spelling;

/// What a generated ConfigMap or Secret does when its id exists already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Behavior {
    /// It is not generated.
    #[default]
    NotGenerated,
    /// Nothing was asked for: it must not exist.
    Unspecified,
    /// It must not exist.
    Create,
    /// It replaces the data of the one that must exist.
    Replace,
    /// It is laid over the one that must exist.
    Merge,
}

/// Where an object, or a change of it, comes from: `config.kubernetes.io/origin`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// Path from the folder that is built, or from the root of the remote repository.
    pub path: String,
    /// Remote repository; empty for a local one.
    pub repo: String,
    /// Ref of the remote repository.
    pub reference: String,
    /// File of the generator or transformer.
    pub configured_in: String,
    /// The generator or transformer.
    pub configured_by: Option<ConfiguredBy>,
}

/// A generator or transformer, in an [`Origin`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfiguredBy {
    /// `builtin` for a field of a kustomization.
    pub api_version: String,
    /// Kind.
    pub kind: String,
    /// Name, if the plugin was written as an object.
    pub name: String,
    /// Namespace, if the plugin was written as an object.
    pub namespace: String,
}

/// A name, effective namespace and kind that an object had before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Earlier {
    /// Effective namespace, see [`ResId::effective_namespace`].
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Kind; group and version never change.
    pub kind: String,
}

/// An object on its way through a build.
#[derive(Clone, Debug, PartialEq)]
pub struct Resource {
    /// The object: a mapping; [`Value::Null`] once a patch has deleted it.
    pub object: Value,
    /// Earlier ids, oldest first.
    pub earlier: Vec<Earlier>,
    /// Prefixes that were put before its name, in order.
    pub prefixes: Vec<String>,
    /// Suffixes that were put behind its name, in order.
    pub suffixes: Vec<String>,
    /// For generated objects.
    pub behavior: Behavior,
    /// Whether a hash of the content is appended to the name at the end.
    pub needs_hash: bool,
    /// For patches: the name of the target may change.
    pub allow_name_change: bool,
    /// For patches: the kind of the target may change.
    pub allow_kind_change: bool,
    /// Whether a chart made it, so that `namespace` leaves it alone.
    pub helm_generated: bool,
    /// Names of `vars` that take their value from this object.
    pub var_names: Vec<String>,
    /// Kept when `buildMetadata` asks for anything.
    pub origin: Option<Origin>,
    /// Changes, in order; kept when `buildMetadata` asks for anything.
    pub transformations: Vec<Origin>,
    /// What its text says and its JSON does not.
    pub spelling: Spelling,
    /// What a schema of the build says about its kind.
    pub scope: CustomScope,
    /// File that it was read from, or the kustomization that generates it.
    pub file: Arc<str>,
    /// Line in the file, from 1.
    pub line: usize,
}

impl Resource {
    /// Makes empty texts of keys in braces with nothing behind them.
    pub fn fill_blanks(&mut self) {
        self.spelling.fill_blanks(&mut self.object);
    }

    /// A fresh object.
    #[must_use]
    pub fn new(object: Value, file: &Arc<str>, line: usize) -> Self {
        Self {
            object,
            earlier: Vec::new(),
            prefixes: Vec::new(),
            suffixes: Vec::new(),
            behavior: Behavior::default(),
            needs_hash: false,
            allow_name_change: false,
            allow_kind_change: false,
            helm_generated: false,
            var_names: Vec::new(),
            origin: None,
            transformations: Vec::new(),
            spelling: Spelling::default(),
            scope: CustomScope::default(),
            file: Arc::clone(file),
            line,
        }
    }

    /// Whether a patch has deleted it, or it has no field.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.object.as_object().is_none_or(Map::is_empty)
    }

    /// A text field at the top; empty if it is not there.
    fn text(&self, field: &str) -> &str {
        self.object
            .get(field)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    fn metadata(&self, field: &str) -> Option<&Value> {
        self.object.get("metadata")?.get(field)
    }

    /// `apiVersion`, or empty.
    #[must_use]
    pub fn api_version(&self) -> &str {
        self.text("apiVersion")
    }

    /// `kind`, or empty.
    #[must_use]
    pub fn kind(&self) -> &str {
        self.text("kind")
    }

    /// `metadata.name`, or empty.
    #[must_use]
    pub fn name(&self) -> &str {
        self.metadata("name")
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// `metadata.namespace`, or empty.
    #[must_use]
    pub fn namespace(&self) -> &str {
        self.metadata("namespace")
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// Group, version and kind as they are now.
    #[must_use]
    pub fn gvk(&self) -> Gvk {
        self.scoped(Gvk::of(self.api_version(), self.kind()))
    }

    fn scoped(&self, gvk: Gvk) -> Gvk {
        Gvk {
            scope: self.scope,
            ..gvk
        }
    }

    /// The id as it is now.
    #[must_use]
    pub fn id(&self) -> ResId {
        ResId {
            gvk: self.gvk(),
            name: self.name().to_owned(),
            namespace: self.namespace().to_owned(),
        }
    }

    /// The ids that it had, oldest first.
    pub fn earlier_ids(&self) -> impl Iterator<Item = ResId> + '_ {
        self.earlier.iter().map(|earlier| ResId {
            gvk: self.scoped(Gvk::of(self.api_version(), &earlier.kind)),
            name: earlier.name.clone(),
            namespace: earlier.namespace.clone(),
        })
    }

    /// The first id that it had; the one of now if it never changed.
    #[must_use]
    pub fn original_id(&self) -> ResId {
        self.earlier_ids().next().unwrap_or_else(|| self.id())
    }

    /// All ids that it had, oldest first, and the one of now at the end.
    #[must_use]
    pub fn all_ids(&self) -> Vec<ResId> {
        let mut ids: Vec<_> = self.earlier_ids().collect();
        ids.push(self.id());
        ids
    }

    /// Remembers the id of now, before it changes.
    pub fn store_id(&mut self) {
        let id = self.id();
        self.earlier.push(Earlier {
            namespace: id.effective_namespace().to_owned(),
            name: id.name,
            kind: id.gvk.kind,
        });
    }

    /// Whether the build remembers something of it: upstream, it has annotations then.
    #[must_use]
    pub fn is_remembered(&self) -> bool {
        !(self.earlier.is_empty() && self.prefixes.is_empty() && self.suffixes.is_empty())
            || self.needs_hash
            || self.behavior != Behavior::NotGenerated
            || self.origin.is_some()
    }

    /// The mapping `metadata`, made if it is not there; `None` when the object is no mapping.
    pub fn metadata_mut(&mut self) -> Option<&mut Map<String, Value>> {
        let metadata = self
            .object
            .as_object_mut()?
            .entry("metadata")
            .or_insert_with(|| Value::Object(Map::new()));
        if metadata.is_null() {
            *metadata = Value::Object(Map::new());
        }
        metadata.as_object_mut()
    }

    /// Sets `kind`.
    pub fn set_kind(&mut self, kind: &str) {
        if let Some(object) = self.object.as_object_mut() {
            object.insert("kind".to_owned(), kind.into());
        }
    }

    /// Sets `metadata.name`.
    pub fn set_name(&mut self, name: &str) {
        if let Some(metadata) = self.metadata_mut() {
            metadata.insert("name".to_owned(), name.into());
        }
    }

    /// Sets `metadata.namespace`; an empty one is removed.
    pub fn set_namespace(&mut self, namespace: &str) {
        if namespace.is_empty() {
            if let Some(Value::Object(metadata)) = self.object.get_mut("metadata") {
                metadata.remove("namespace");
            }
        } else if let Some(metadata) = self.metadata_mut() {
            metadata.insert("namespace".to_owned(), namespace.into());
        }
    }

    /// `metadata.labels`, if there are any.
    #[must_use]
    pub fn labels(&self) -> Option<&Map<String, Value>> {
        self.metadata("labels")?.as_object()
    }

    /// `metadata.annotations`, if there are any.
    #[must_use]
    pub fn annotations(&self) -> Option<&Map<String, Value>> {
        self.metadata("annotations")?.as_object()
    }

    /// Sets an annotation.
    pub fn set_annotation(&mut self, key: &str, value: &str) {
        let Some(metadata) = self.metadata_mut() else {
            return;
        };
        let annotations = metadata
            .entry("annotations")
            .or_insert_with(|| Value::Object(Map::new()));
        if !annotations.is_object() {
            *annotations = Value::Object(Map::new());
        }
        if let Some(annotations) = annotations.as_object_mut() {
            annotations.insert(key.to_owned(), value.into());
        }
    }

    /// Takes labels, annotations, name, namespace and memory from the object that this one replaces or is merged into; own
    /// labels and annotations win.
    pub fn lay_over_metadata(&mut self, old: &Self) {
        for field in ["labels", "annotations"] {
            let mut merged = match old.metadata(field) {
                Some(Value::Object(entries)) => entries.clone(),
                _ => Map::new(),
            };
            if let Some(Value::Object(own)) = self.metadata(field) {
                merged.extend(own.clone());
            }
            let Some(metadata) = self.metadata_mut() else {
                continue;
            };
            if merged.is_empty() {
                metadata.remove(field);
            } else {
                metadata.insert(field.to_owned(), Value::Object(merged));
            }
        }
        let (name, namespace) = (old.name().to_owned(), old.namespace().to_owned());
        self.set_name(&name);
        self.set_namespace(&namespace);
        self.earlier.clone_from(&old.earlier);
        self.prefixes.clone_from(&old.prefixes);
        self.suffixes.clone_from(&old.suffixes);
        self.transformations.clone_from(&old.transformations);
        self.var_names.clone_from(&old.var_names);
        self.behavior = old.behavior;
        self.needs_hash &= old.needs_hash;
        if self.origin.is_none() {
            self.origin.clone_from(&old.origin);
        }
    }

    /// Adds the entries of a map of the other object that this one does not have.
    pub fn lay_over_data(&mut self, old: &Self, field: &str) {
        let entries = match old.object.get(field) {
            Some(Value::Object(entries)) if !entries.is_empty() => entries,
            _ => return,
        };
        let Some(object) = self.object.as_object_mut() else {
            return;
        };
        let own = object
            .entry(field)
            .or_insert_with(|| Value::Object(Map::new()));
        if let Some(own) = own.as_object_mut() {
            for (key, value) in entries {
                own.entry(key.clone()).or_insert_with(|| value.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_object_remembers_its_ids() {
        let mut resource = Resource::new(
            json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}}),
            &Arc::from("a.yaml"),
            1,
        );
        resource.store_id();
        resource.set_name("b");
        resource.set_namespace("n");
        let ids: Vec<_> = resource.all_ids().iter().map(ToString::to_string).collect();
        assert_eq!(
            ids,
            ["Deployment.v1.apps/a.default", "Deployment.v1.apps/b.n"]
        );
        assert_eq!(resource.original_id().name, "a");
    }
}
