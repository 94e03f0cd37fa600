//! Field specs: paths to fields of objects of certain kinds, and a function applied at every place that matches.
//!
//! The path syntax and what is created where are those of Kustomize's field spec filter: parts are separated by `/`, a slash
//! inside a part is written `\/`, lists are walked without being named, and `[]` behind a part only says that a list is expected.

use serde_json::{Map, Value};

use super::id::Gvk;

/// Parts of the longest path. Objects that are read are no deeper, and what is made on the way must not be much deeper either:
/// every walk through an object goes down its levels.
const PATH_PARTS: usize = 128;

/// Refuses a path that is too long.
///
/// # Errors
/// When it is.
pub(super) fn bounded(parts: &[String]) -> Result<(), String> {
    if parts.len() > PATH_PARTS {
        return Err(format!("the path has more than {PATH_PARTS} parts"));
    }
    Ok(())
}

/// Levels of the deepest object that steps may leave.
const LEVELS: usize = 256;

/// Refuses an object that has become too deep.
///
/// # Errors
/// When it has.
pub(super) fn shallow(object: &Value) -> Result<(), String> {
    fn fits(value: &Value, levels: usize) -> bool {
        let fits = |value| levels > 0 && fits(value, levels - 1);
        match value {
            Value::Array(elements) => elements.iter().all(fits),
            Value::Object(fields) => fields.values().all(fits),
            _ => true,
        }
    }
    if fits(object, LEVELS) {
        Ok(())
    } else {
        Err(format!("an object would be deeper than {LEVELS} levels"))
    }
}

/// A field of the objects of certain kinds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldSpec {
    /// Kinds that have the field; empty parts match everything.
    pub gvk: Gvk,
    /// Path as it is written.
    pub path: String,
    /// Whether the field is made where it is missing.
    pub create: bool,
}

/// What is made where a field is missing and may be created.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Create {
    /// Nothing, whatever the spec says.
    Never,
    /// An empty text.
    Scalar,
    /// An empty mapping.
    Mapping,
    /// An empty list.
    Sequence,
}

impl Create {
    fn empty(self) -> Option<Value> {
        match self {
            Self::Never => None,
            Self::Scalar => Some(Value::String(String::new())),
            Self::Mapping => Some(Value::Object(Map::new())),
            Self::Sequence => Some(Value::Array(Vec::new())),
        }
    }
}

impl FieldSpec {
    /// Whether objects of a kind have the field.
    #[must_use]
    pub fn selects(&self, gvk: &Gvk) -> bool {
        gvk.is_selected(&self.gvk)
    }

    /// Calls a function with every value at the path, if the object is of a matching kind.
    ///
    /// # Errors
    /// When the path leads through something that is neither list nor mapping, or the function fails.
    pub fn apply(
        &self,
        object: &mut Value,
        create: Create,
        set: &mut dyn FnMut(&mut Value) -> Result<(), String>,
    ) -> Result<(), String> {
        let text = |field: &str| {
            object
                .get(field)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        let gvk = Gvk::of(text("apiVersion"), text("kind"));
        if self.selects(&gvk) {
            self.apply_to_selected(object, create, set)
        } else {
            Ok(())
        }
    }

    /// [`FieldSpec::apply`] for an object that [`FieldSpec::selects`] holds for.
    ///
    /// # Errors
    /// See [`FieldSpec::apply`].
    pub fn apply_to_selected(
        &self,
        object: &mut Value,
        create: Create,
        set: &mut dyn FnMut(&mut Value) -> Result<(), String>,
    ) -> Result<(), String> {
        let parts = split_path(&self.path, '/');
        bounded(&parts)?;
        let walk = Walk {
            create: if self.create { create } else { Create::Never },
        };
        walk.visit(object, &parts, set)
            .map_err(|error| format!("considering field '{}': {error}", self.path))
    }

    fn effectively_equals(&self, other: &Self) -> bool {
        self.path == other.path && self.gvk.is_selected(&other.gvk)
    }
}

/// Applies a function at the places of each spec in turn.
///
/// # Errors
/// See [`FieldSpec::apply`].
pub fn apply_all(
    specs: &[FieldSpec],
    object: &mut Value,
    create: Create,
    set: &mut dyn FnMut(&mut Value) -> Result<(), String>,
) -> Result<(), String> {
    let gvk = gvk_of(object);
    specs
        .iter()
        .filter(|spec| spec.selects(&gvk))
        .try_for_each(|spec| spec.apply_to_selected(object, create, set))
}

fn gvk_of(object: &Value) -> Gvk {
    let text = |field: &str| {
        object
            .get(field)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    Gvk::of(text("apiVersion"), text("kind"))
}

/// Adds specs to a list; what is there already is left out.
///
/// # Errors
/// When a spec is there, but says otherwise whether the field is created.
pub fn merge(specs: &mut Vec<FieldSpec>, added: &[FieldSpec]) -> Result<(), String> {
    for spec in added {
        match specs.iter().find(|known| known.effectively_equals(spec)) {
            Some(known) if known.create != spec.create => {
                return Err(format!(
                    "conflicting fieldspecs: {} is there with create: {}",
                    spec.path, known.create
                ));
            }
            Some(_) => {}
            None => specs.push(spec.clone()),
        }
    }
    Ok(())
}

/// Splits a path at a separator; a backslash before one keeps it as a part of the name. One separator in front is allowed.
#[must_use]
pub fn split_path(path: &str, separator: char) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    let mut pieces = path.split(separator);
    if let Some(first) = pieces.next()
        && (!first.is_empty() || !path.contains(separator))
    {
        parts.push(first.to_owned());
    }
    for piece in pieces {
        match parts.last_mut() {
            Some(last) if last.ends_with('\\') => {
                last.pop();
                last.push(separator);
                last.push_str(piece);
            }
            _ => parts.push(piece.to_owned()),
        }
    }
    parts
}

struct Walk {
    create: Create,
}

impl Walk {
    fn visit(
        &self,
        value: &mut Value,
        parts: &[String],
        set: &mut dyn FnMut(&mut Value) -> Result<(), String>,
    ) -> Result<(), String> {
        let Some((part, rest)) = parts.split_first() else {
            return set(value);
        };
        match value {
            Value::Null => Ok(()),
            Value::Array(elements) => elements
                .iter_mut()
                .try_for_each(|element| self.visit(element, parts, set)),
            Value::Object(fields) => self.field(fields, part, rest, set),
            _ => Err("expected sequence or mapping node".to_owned()),
        }
    }

    fn field(
        &self,
        fields: &mut Map<String, Value>,
        part: &str,
        rest: &[String],
        set: &mut dyn FnMut(&mut Value) -> Result<(), String>,
    ) -> Result<(), String> {
        let (name, is_list) = match part.strip_suffix("[]") {
            Some(name) => (name, true),
            None => (part, false),
        };
        check_name(name)?;
        // What the field becomes when it is null, and, unless a list is expected, when it is missing.
        let made = if is_list {
            Some(Value::Array(Vec::new()))
        } else if self.create != Create::Never && !rest.is_empty() {
            Some(Value::Object(Map::new()))
        } else {
            self.create.empty()
        };
        if !fields.contains_key(name) {
            match &made {
                Some(made) if !is_list => fields.insert(name.to_owned(), made.clone()),
                _ => return Ok(()),
            };
        }
        let Some(field) = fields.get_mut(name) else {
            return Ok(());
        };
        if field.is_null()
            && let Some(made) = made
        {
            *field = made;
        }
        self.visit(field, rest, set)
    }
}

/// Refuses names that upstream reads as places in a list.
fn check_name(name: &str) -> Result<(), String> {
    if name.is_empty() {
        Err("cannot set or create an empty field name".to_owned())
    } else if name == "*" {
        Err("wildcard is not supported in field specs".to_owned())
    } else if name == "-"
        || name.parse::<i64>().is_ok()
        || (name.starts_with('[') && name.ends_with(']'))
    {
        Err(format!(
            "fieldName: {name}: expected a list, but found a mapping"
        ))
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(path: &str, create: Option<Create>, before: Value, after: Result<Value, &str>) {
        let spec = FieldSpec {
            gvk: Gvk::default(),
            path: path.to_owned(),
            create: create.is_some(),
        };
        let mut object = before;
        let result = spec.apply(
            &mut object,
            create.unwrap_or(Create::Scalar),
            &mut |value| {
                *value = json!("set");
                Ok(())
            },
        );
        match after {
            Ok(after) => assert_eq!((result, object), (Ok(()), after), "{path}"),
            Err(message) => {
                let error = result.expect_err(path);
                assert!(error.contains(message), "{path}: {error}");
            }
        }
    }

    #[test]
    fn a_path_is_bounded() {
        let parts = |count| vec!["a".to_owned(); count];
        assert!(bounded(&parts(PATH_PARTS)).is_ok());
        assert!(bounded(&parts(PATH_PARTS + 1)).is_err());
        let path = vec!["a"; 200_000].join("/");
        let refused = Err("more than 128 parts");
        check(&path, Some(Create::Scalar), json!({}), refused);
    }

    #[test]
    fn paths_are_split() {
        let check = |path: &str, parts: &[&str]| assert_eq!(split_path(path, '/'), parts, "{path}");
        check("a/b", &["a", "b"]);
        check("/a/b", &["a", "b"]);
        check("a", &["a"]);
        check("", &[""]);
        check(
            r"metadata/annotations/x.io\/y",
            &["metadata", "annotations", "x.io/y"],
        );
        check("a//b", &["a", "", "b"]);
    }

    #[test]
    fn lists_are_walked() {
        let before =
            json!({"spec": {"containers": [{"image": "a"}, {"name": "b"}, {"image": "c"}]}});
        let after =
            json!({"spec": {"containers": [{"image": "set"}, {"name": "b"}, {"image": "set"}]}});
        check(
            "spec/containers[]/image",
            None,
            before.clone(),
            Ok(after.clone()),
        );
        check("spec/containers/image", None, before, Ok(after));
    }

    #[test]
    fn fields_are_created_but_lists_are_not() {
        check(
            "spec/template/name",
            Some(Create::Scalar),
            json!({}),
            Ok(json!({"spec": {"template": {"name": "set"}}})),
        );
        check(
            "spec/list[]/name",
            Some(Create::Scalar),
            json!({}),
            Ok(json!({"spec": {}})),
        );
        check(
            "spec/list[]/name",
            Some(Create::Scalar),
            json!({"spec": {"list": [{}]}}),
            Ok(json!({"spec": {"list": [{"name": "set"}]}})),
        );
        check(
            "spec/name",
            None,
            json!({"spec": {}}),
            Ok(json!({"spec": {}})),
        );
    }

    #[test]
    fn null_becomes_what_is_expected() {
        check(
            "spec/list[]/name",
            None,
            json!({"spec": {"list": null}}),
            Ok(json!({"spec": {"list": []}})),
        );
        check(
            "spec/name",
            None,
            json!({"spec": null}),
            Ok(json!({"spec": null})),
        );
        check(
            "spec/name",
            Some(Create::Scalar),
            json!({"spec": null}),
            Ok(json!({"spec": {"name": "set"}})),
        );
    }

    #[test]
    fn scalars_on_the_way_are_errors() {
        check(
            "spec/name",
            None,
            json!({"spec": 1}),
            Err("expected sequence or mapping node"),
        );
        check(
            "spec//name",
            None,
            json!({"spec": {}}),
            Err("empty field name"),
        );
        check("spec/0", None, json!({"spec": {}}), Err("expected a list"));
    }

    #[test]
    fn specs_are_merged() {
        let spec = |kind: &str, create| FieldSpec {
            gvk: Gvk::of("", kind),
            path: "a".to_owned(),
            create,
        };
        let mut specs = vec![spec("K", true)];
        assert_eq!(
            merge(&mut specs, &[spec("K", true), spec("L", false)]),
            Ok(())
        );
        assert_eq!(specs.len(), 2);
        assert!(merge(&mut specs, &[spec("K", false)]).is_err());
    }
}
