//! The transformers of a kustomization's fields, each over all objects.

use std::collections::BTreeMap;

use regex::Regex;
use serde_json::Value;

use super::field_spec::{Create, FieldSpec, apply_all};
use super::id::{Gvk, ResId};
use super::resmap::ResMap;
use super::resource::Resource;
use super::types::{Image, Replica};

/// Where `namespace` writes below a role binding.
const SUBJECTS_NAMESPACE: &str = "subjects/namespace";

/// Which subjects of role bindings `namespace` changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Subjects {
    /// Those named `default`.
    #[default]
    Default,
    /// Those of kind `ServiceAccount`.
    ServiceAccounts,
    /// None.
    None,
}

/// `namespace`, and the plugin's options.
pub(super) struct Namespace<'a> {
    /// The namespace.
    pub namespace: &'a str,
    /// Further fields.
    pub specs: &'a [FieldSpec],
    /// Whether only fields without a value are set.
    pub unset_only: bool,
    /// Which subjects are changed.
    pub subjects: Subjects,
}

impl Namespace<'_> {
    /// Sets the namespace of all objects that have one.
    ///
    /// # Errors
    /// When two objects get the same id, or a field is no text.
    pub fn apply(&self, map: &mut ResMap) -> Result<(), String> {
        if self.namespace.is_empty() {
            return Ok(());
        }
        for resource in &mut map.resources {
            if resource.is_empty() || resource.helm_generated {
                continue;
            }
            resource.store_id();
            self.apply_to(resource)
                .map_err(|error| format!("namespace transformation failed: {error}"))?;
        }
        map.check_unique()
            .map_err(|error| format!("namespace transformation produces ID conflict: {error}"))
    }

    /// Sets the namespace of one object.
    ///
    /// # Errors
    /// When a field is no text.
    pub fn apply_to(&self, resource: &mut Resource) -> Result<(), String> {
        let gvk = resource.gvk();
        if !gvk.is_cluster_scoped()
            && let Some(metadata) = resource.metadata_mut()
        {
            let field = metadata.entry("namespace").or_insert(Value::Null);
            self.set(field)?;
        }
        let is_binding = matches!(gvk.kind.as_str(), "RoleBinding" | "ClusterRoleBinding");
        if is_binding {
            self.subjects(&mut resource.object)?;
        }
        let api_version = resource.api_version().to_owned();
        for spec in self.specs {
            let handled = spec.path == "metadata/namespace"
                || (spec.path == "metadata/name" && api_version != "v1")
                || (is_binding
                    && spec.path == SUBJECTS_NAMESPACE
                    && matches!(spec.gvk.kind.as_str(), "RoleBinding" | "ClusterRoleBinding"));
            if !handled && spec.selects(&gvk) {
                spec.apply_to_selected(&mut resource.object, Create::Scalar, &mut |field| {
                    self.set(field)
                })?;
            }
        }
        Ok(())
    }

    fn set(&self, field: &mut Value) -> Result<(), String> {
        match field {
            Value::Array(_) | Value::Object(_) => {
                Err("namespace field specs must target scalar nodes".to_owned())
            }
            Value::String(text) if self.unset_only && !text.is_empty() => Ok(()),
            _ => {
                *field = self.namespace.into();
                Ok(())
            }
        }
    }

    fn subjects(&self, object: &mut Value) -> Result<(), String> {
        let (field, wanted) = match self.subjects {
            Subjects::None => return Ok(()),
            Subjects::Default => ("name", "default"),
            Subjects::ServiceAccounts => ("kind", "ServiceAccount"),
        };
        let subjects = match object.get_mut("subjects") {
            None | Some(Value::Null) => return Ok(()),
            Some(Value::Array(subjects)) => subjects,
            Some(_) => {
                return Err(
                    "setting namespace on (cluster)role binding subjects: not a list".to_owned(),
                );
            }
        };
        for subject in subjects {
            if subject.get(field).and_then(Value::as_str) != Some(wanted) {
                continue;
            }
            if let Some(subject) = subject.as_object_mut() {
                self.set(subject.entry("namespace").or_insert(Value::Null))?;
            }
        }
        Ok(())
    }
}

/// Which side of a name is added to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// `namePrefix`.
    Prefix,
    /// `nameSuffix`.
    Suffix,
}

/// `namePrefix` or `nameSuffix`: names of objects, except those of definitions, API services and namespaces.
///
/// # Errors
/// When a field is no text.
pub(super) fn affix(
    map: &mut ResMap,
    side: Side,
    text: &str,
    specs: &[FieldSpec],
) -> Result<(), String> {
    for resource in &mut map.resources {
        let original = resource.original_id().gvk;
        if keeps_name(&original) {
            continue;
        }
        for spec in specs {
            if !original.is_selected(&spec.gvk) {
                continue;
            }
            if spec.path == "metadata/name" && !text.is_empty() {
                match side {
                    Side::Prefix => resource.prefixes.push(text.to_owned()),
                    Side::Suffix => resource.suffixes.push(text.to_owned()),
                }
                resource.store_id();
            }
            let texts = resource.spelling.texts(&resource.object);
            spec.apply(&mut resource.object, Create::Scalar, &mut |field| {
                let value = match field {
                    Value::Null => String::new(),
                    Value::Array(_) | Value::Object(_) => return Err("expected a text".to_owned()),
                    _ => texts.text(field),
                };
                *field = match side {
                    Side::Prefix => format!("{text}{value}"),
                    Side::Suffix => format!("{value}{text}"),
                }
                .into();
                Ok(())
            })?;
        }
    }
    Ok(())
}

fn keeps_name(gvk: &Gvk) -> bool {
    match gvk.kind.as_str() {
        "CustomResourceDefinition" | "Namespace" => true,
        "APIService" => gvk.group == "apiregistration.k8s.io",
        _ => false,
    }
}

/// The text of a scalar; null is empty.
pub(super) fn scalar_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Null => Some(String::new()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::Array(_) | Value::Object(_) => None,
    }
}

/// Labels or annotations: entries of mappings.
///
/// # Errors
/// When a field is no mapping.
pub(super) fn entries(
    map: &mut ResMap,
    pairs: &BTreeMap<String, String>,
    specs: &[FieldSpec],
) -> Result<(), String> {
    if pairs.is_empty() {
        return Ok(());
    }
    for resource in &mut map.resources {
        apply_all(specs, &mut resource.object, Create::Mapping, &mut |field| {
            let Value::Object(fields) = field else {
                return Err("wrong node kind: expected a mapping".to_owned());
            };
            for (key, value) in pairs {
                fields.insert(key.clone(), value.clone().into());
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// One entry of `replicas`.
///
/// # Errors
/// When no object has the name, or a field is no scalar.
pub(super) fn replicas(
    map: &mut ResMap,
    replica: &Replica,
    specs: &[FieldSpec],
) -> Result<(), String> {
    let mut found = false;
    for spec in specs {
        let selected = |id: &ResId| id.name == replica.name && id.gvk.is_selected(&spec.gvk);
        for resource in &mut map.resources {
            if resource.is_empty() || !resource.all_ids().iter().any(selected) {
                continue;
            }
            found = true;
            spec.apply(&mut resource.object, Create::Scalar, &mut |field| {
                if field.is_array() || field.is_object() {
                    return Err("wrong node kind: expected a scalar".to_owned());
                }
                *field = replica.count.into();
                Ok(())
            })?;
        }
    }
    if found {
        return Ok(());
    }
    let kinds: Vec<_> = specs.iter().map(|spec| spec.gvk.to_string()).collect();
    Err(format!(
        "resource with name {} does not match a config with the following GVK [{}]",
        replica.name,
        kinds.join(" ")
    ))
}

/// One entry of `images`: every `image` below `containers` and `initContainers`, wherever they are, and the fields of the specs.
///
/// # Errors
/// When a field is no scalar.
pub(super) fn images(map: &mut ResMap, image: &Image, specs: &[FieldSpec]) -> Result<(), String> {
    let change = ImageChange::new(image);
    for resource in &mut map.resources {
        if resource.kind() == "CustomResourceDefinition" {
            continue;
        }
        change.walk(&mut resource.object)?;
        apply_all(specs, &mut resource.object, Create::Never, &mut |field| {
            change.set(field)
        })?;
    }
    Ok(())
}

struct ImageChange<'a> {
    image: &'a Image,
    /// The name is a regular expression to upstream; only one with signs beyond the dot needs to be compiled.
    pattern: Option<Regex>,
    is_plain: bool,
}

impl<'a> ImageChange<'a> {
    fn new(image: &'a Image) -> Self {
        let is_plain = image
            .name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-/:@".contains(&byte));
        Self {
            image,
            pattern: if is_plain {
                None
            } else {
                Regex::new(&format!(
                    "^(?:{}(:[a-zA-Z0-9_.{{}}-]*)?(@sha256:[a-zA-Z0-9_.{{}}-]*)?)$",
                    image.name
                ))
                .ok()
            },
            is_plain,
        }
    }

    fn walk(&self, value: &mut Value) -> Result<(), String> {
        match value {
            Value::Object(fields) => {
                for (key, value) in fields {
                    self.walk(value)?;
                    if (key == "containers" || key == "initContainers")
                        && let Value::Array(containers) = value
                    {
                        for container in containers {
                            if let Some(image) = container.get_mut("image") {
                                self.set(image)?;
                            }
                        }
                    }
                }
                Ok(())
            }
            Value::Array(items) => items.iter_mut().try_for_each(|item| self.walk(item)),
            _ => Ok(()),
        }
    }

    fn set(&self, field: &mut Value) -> Result<(), String> {
        let text = match field {
            Value::String(text) => text,
            Value::Array(_) | Value::Object(_) => {
                return Err("wrong node kind: expected a scalar as image".to_owned());
            }
            _ => return Ok(()),
        };
        if let Some(changed) = self.changed(text) {
            *field = changed.into();
        }
        Ok(())
    }

    fn matches(&self, text: &str) -> bool {
        if !self.is_plain {
            return self
                .pattern
                .as_ref()
                .is_some_and(|pattern| pattern.is_match(text));
        }
        let name = self.image.name.as_bytes();
        let bytes = text.as_bytes();
        bytes.len() >= name.len()
            && name
                .iter()
                .zip(bytes)
                .all(|(wanted, found)| wanted == found || (*wanted == b'.' && *found != b'\n'))
            && text.get(name.len()..).is_some_and(is_tag_and_digest)
    }

    fn changed(&self, text: &str) -> Option<String> {
        if !self.matches(text) {
            return None;
        }
        let (mut name, mut tag, mut digest) = split_image(text);
        let image = self.image;
        let suffixed;
        if !image.new_name.is_empty() {
            name = &image.new_name;
        }
        if !image.new_tag.is_empty() {
            (tag, digest) = (&image.new_tag, &image.digest);
        } else if !image.digest.is_empty() {
            (tag, digest) = ("", &image.digest);
        } else if !image.tag_suffix.is_empty() {
            suffixed = format!("{tag}{}", image.tag_suffix);
            (tag, digest) = (&suffixed, "");
        }
        let mut changed = name.to_owned();
        if !tag.is_empty() {
            changed.push(':');
            changed.push_str(tag);
        }
        if !digest.is_empty() {
            changed.push('@');
            changed.push_str(digest);
        }
        Some(changed)
    }
}

/// Whether a text is `:tag`, `@sha256:digest`, both or nothing.
fn is_tag_and_digest(text: &str) -> bool {
    let sign = |text: &str| {
        text.bytes()
            .take_while(|byte| byte.is_ascii_alphanumeric() || b"_.{}-".contains(byte))
            .count()
    };
    let mut rest = text;
    if let Some(tag) = rest.strip_prefix(':') {
        rest = &tag[sign(tag)..];
    }
    if let Some(digest) = rest.strip_prefix("@sha256:") {
        rest = &digest[sign(digest)..];
    }
    rest.is_empty()
}

/// Name, tag and digest of an image; a colon before the first slash belongs to the host.
pub(super) fn split_image(image: &str) -> (&str, &str, &str) {
    let from = image.find('/').unwrap_or(0);
    let searched = &image[from..];
    let (at, colon) = (
        searched.find('@').map(|at| at + from),
        searched.find(':').map(|at| at + from),
    );
    match (at, colon) {
        (None, None) => (image, "", ""),
        (Some(at), Some(colon)) if colon < at => {
            (&image[..colon], &image[colon + 1..at], &image[at + 1..])
        }
        (Some(at), _) => (&image[..at], "", &image[at + 1..]),
        (None, Some(colon)) => (&image[..colon], &image[colon + 1..], ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_changed_as_upstream_does() {
        let check = |image: Image, before: &str, after: Option<&str>| {
            let change = ImageChange::new(&image);
            assert_eq!(change.changed(before).as_deref(), after, "{before}");
        };
        let to = |name: &str, new_name: &str, new_tag: &str, digest: &str| Image {
            name: name.into(),
            new_name: new_name.into(),
            new_tag: new_tag.into(),
            digest: digest.into(),
            tag_suffix: String::new(),
        };
        check(to("nginx", "", "2", ""), "nginx", Some("nginx:2"));
        check(
            to("nginx", "", "2", ""),
            "nginx:1@sha256:ab",
            Some("nginx:2"),
        );
        check(
            to("nginx", "", "", "sha256:ab"),
            "nginx:1",
            Some("nginx@sha256:ab"),
        );
        check(to("nginx", "x/y", "", ""), "nginx:1", Some("x/y:1"));
        check(to("nginx", "x", "", ""), "nginx2:1", None);
        check(to("nginx", "x", "", ""), "a/nginx:1", None);
        check(to("a.b:5000/c", "x", "", ""), "aXb:5000/c:1", Some("x:1"));
        check(to("ngin[xy]", "x", "", ""), "nginy:1", Some("x:1"));
        let suffix = Image {
            name: "nginx".into(),
            tag_suffix: "-a".into(),
            ..Image::default()
        };
        check(suffix, "nginx:1@sha256:ab", Some("nginx:1-a"));
    }
}
