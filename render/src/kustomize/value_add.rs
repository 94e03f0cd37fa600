//! The built-in `ValueAddTransformer`: writes one value into fields, or as one part of paths in them.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::decode;
use super::fault::Fault;
use super::field_spec::{bounded, split_path};
use super::loader::Loader;
use super::resmap::ResMap;
use super::selector::Selector;
use super::transform::{Namespace, Subjects, scalar_text};
use super::types;

/// Its configuration.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct ValueAdd {
    /// The value; the name of the kustomization's folder if empty.
    value: String,
    /// Where it goes.
    targets: Vec<Target>,
    /// File of further targets.
    target_file_path: String,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Target {
    selector: Option<types::Selector>,
    field_path: String,
    file_path_position: i64,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Targets {
    targets: Vec<Target>,
}

impl ValueAdd {
    /// Writes the value; `document` reads a file.
    ///
    /// # Errors
    /// When there is no target, or a field is no scalar.
    pub fn apply(
        mut self,
        map: &mut ResMap,
        loader: &Loader<'_>,
        document: impl Fn(&str) -> Result<Value, Fault>,
    ) -> Result<(), Fault> {
        let value = match self.value.trim() {
            "" => loader.root_name().to_owned(),
            value => value.to_owned(),
        };
        if !self.target_file_path.is_empty() {
            let more: Targets = decode::lenient(&document(&self.target_file_path)?)
                .map_err(|error| Fault::Field(error.to_string()))?;
            self.targets.extend(more.targets);
        }
        if self.targets.is_empty() {
            return Err("must specify at least one target".to_owned().into());
        }
        for target in &self.targets {
            target.apply(map, &value)?;
        }
        Ok(())
    }
}

impl Target {
    fn apply(&self, map: &mut ResMap, value: &str) -> Result<(), String> {
        if self.field_path.is_empty() {
            return Err("fieldPath cannot be empty".to_owned());
        }
        let position = usize::try_from(self.file_path_position).map_err(|_| {
            format!(
                "value of FilePathPosition ({}) cannot be negative",
                self.file_path_position
            )
        })?;
        let selector = self.selector.as_ref().map(Selector::new).transpose()?;
        for resource in &mut map.resources {
            if selector
                .as_ref()
                .is_some_and(|selector| !selector.selects(resource))
            {
                continue;
            }
            if self.field_path == "metadata/namespace" {
                Namespace {
                    namespace: value,
                    specs: &[],
                    unset_only: false,
                    subjects: Subjects::Default,
                }
                .apply_to(resource)?;
                continue;
            }
            let parts = split_path(&self.field_path, '/');
            bounded(&parts)?;
            let field = field(&mut resource.object, &parts)?;
            let Some(before) = scalar_text(field) else {
                return Err(format!("{}: expected a scalar", self.field_path));
            };
            *field = match position {
                0 => value.to_owned(),
                position => with_part(&before, position - 1, value),
            }
            .into();
        }
        Ok(())
    }
}

/// The field at a path, made if it is not there.
fn field<'a>(mut value: &'a mut Value, parts: &[String]) -> Result<&'a mut Value, String> {
    for part in parts {
        if value.is_null() {
            *value = Value::Object(Map::new());
        }
        value = match value {
            Value::Object(fields) => fields.entry(part.clone()).or_insert(Value::Null),
            Value::Array(items) => {
                let place: usize = part
                    .parse()
                    .map_err(|_| format!("{part:?} is no place in a list"))?;
                items
                    .get_mut(place)
                    .ok_or_else(|| format!("the list has no place {place}"))?
            }
            _ => return Err(format!("{part:?} leads through a scalar")),
        };
    }
    Ok(value)
}

/// A path with one more name in it, at a position or at its end.
fn with_part(path: &str, position: usize, part: &str) -> String {
    let (root, rest) = match path.strip_prefix('/') {
        Some(rest) => ("/", rest),
        None => ("", path),
    };
    let mut names: Vec<&str> = rest.split('/').filter(|name| !name.is_empty()).collect();
    names.insert(position.min(names.len()), part);
    format!("{root}{}", names.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_put_into_paths() {
        assert_eq!(with_part("a/b/c", 0, "x"), "x/a/b/c");
        assert_eq!(with_part("/a/b/c", 2, "x"), "/a/b/x/c");
        assert_eq!(with_part("a", 9, "x"), "a/x");
        assert_eq!(with_part("", 1, "x"), "x");
    }
}
