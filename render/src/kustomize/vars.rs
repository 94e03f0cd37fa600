//! The deprecated `vars`: values of fields, put in place of `$(NAME)` in the fields that `varReference` names.

use std::collections::HashMap;

use serde_json::Value;

use super::field_path::{lookup, split};
use super::field_spec::{self, Create, FieldSpec};
use super::id::{CustomScope, Gvk, ResId};
use super::resmap::ResMap;
use super::types::Var;

/// Field that a variable takes its value from when none is named.
const DEFAULT_FIELD: &str = "metadata.name";

/// Marks the object that a variable takes its value from, if it is there by now.
///
/// # Errors
/// When more than one object fits.
pub(super) fn mark(map: &mut ResMap, var: &Var) -> Result<(), String> {
    let of = &var.objref;
    // More than one slash, and `apiVersion` says nothing.
    let (group, version) = match of.api_version.split_once('/') {
        None if of.api_version.is_empty() => (of.group.as_str(), of.version.as_str()),
        None => (of.group.as_str(), of.api_version.as_str()),
        Some((_, version)) if version.contains('/') => (of.group.as_str(), of.version.as_str()),
        Some(both) => both,
    };
    let gvk = Gvk {
        group: group.to_owned(),
        version: version.to_owned(),
        kind: of.kind.clone(),
        scope: CustomScope::default(),
    };
    let id = ResId {
        gvk,
        name: of.name.clone(),
        namespace: of.namespace.clone(),
    };
    // Without a namespace, objects in all of them fit.
    let exactly = !id.namespace.is_empty() || id.gvk.is_cluster_scoped();
    let fits = |own: &ResId| {
        if exactly {
            own.matches(&id)
        } else {
            own.matches_in_any_namespace(&id)
        }
    };
    let found = map.places(|resource| {
        !resource.is_empty() && (fits(&resource.id()) || resource.earlier_ids().any(|id| fits(&id)))
    });
    match found.as_slice() {
        [] => Ok(()),
        [place] => {
            map.resources[*place].var_names.push(var.name.clone());
            Ok(())
        }
        many => Err(format!(
            "found {} resId matches for var {} (unable to disambiguate)",
            many.len(),
            var.name
        )),
    }
}

/// Puts the values of variables in place; `max_bytes` bounds what that adds.
///
/// # Errors
/// When the object or field of a variable is not there, or a field that is to hold variables is neither text nor texts.
pub(super) fn expand(
    map: &mut ResMap,
    vars: &[Var],
    specs: &[FieldSpec],
    max_bytes: u64,
) -> Result<(), String> {
    if vars.is_empty() {
        return Ok(());
    }
    let mut values: HashMap<&str, Value> = HashMap::with_capacity(vars.len());
    for var in vars {
        values.insert(&var.name, value(map, var)?);
    }
    let mut expansion = Expansion {
        values,
        left: max_bytes,
    };
    for resource in &mut map.resources {
        field_spec::apply_all(specs, &mut resource.object, Create::Never, &mut |field| {
            expansion.field(field)
        })
        .map_err(|error| format!("{}: {error}", resource.id()))?;
    }
    Ok(())
}

fn value(map: &ResMap, var: &Var) -> Result<Value, String> {
    let path = if var.fieldref.field_path.is_empty() {
        DEFAULT_FIELD
    } else {
        &var.fieldref.field_path
    };
    let source = map
        .resources
        .iter()
        .find(|resource| resource.var_names.contains(&var.name))
        .ok_or_else(|| {
            format!(
                "var '{}' cannot be mapped to a field in the set of known resources",
                var.name
            )
        })?;
    let parts: Vec<String> = split(path).into_iter().flat_map(indexed).collect();
    match lookup(&source.object, &parts) {
        Ok(Some(value)) => Ok(value.clone()),
        Ok(None) | Err(_) => Err(format!(
            "field specified in var '{}' not found in corresponding resource: {path}",
            var.name
        )),
    }
}

/// `ports[0]` is the field and the place in it.
fn indexed(part: String) -> Vec<String> {
    match part
        .strip_suffix(']')
        .and_then(|inner| inner.rsplit_once('['))
    {
        Some((name, index))
            if !index.is_empty() && index.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            [name, index]
                .into_iter()
                .filter(|part| !part.is_empty())
                .map(str::to_owned)
                .collect()
        }
        _ => vec![part],
    }
}

struct Expansion<'a> {
    values: HashMap<&'a str, Value>,
    /// Bytes that may still be put in.
    left: u64,
}

impl Expansion<'_> {
    fn field(&mut self, field: &mut Value) -> Result<(), String> {
        match field {
            Value::String(text) => {
                if let Some(value) = self.text(text)? {
                    *field = value;
                }
            }
            Value::Object(fields) => {
                for value in fields.values_mut() {
                    if let Value::String(text) = value
                        && let Some(expanded) = self.text(text)?
                    {
                        *value = expanded;
                    }
                }
            }
            Value::Array(elements) => {
                for element in elements {
                    let Value::String(text) = element else {
                        return Err("invalid value type expect a string".to_owned());
                    };
                    if let Some(expanded) = self.text(text)? {
                        *element = expanded;
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
        Ok(())
    }

    /// A text with its variables expanded; `None` if it has none. A text that is one variable takes the value as it is.
    fn text(&mut self, text: &str) -> Result<Option<Value>, String> {
        if !text.contains('$') {
            return Ok(None);
        }
        let mut expanded = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(place) = rest.find('$') {
            let after = &rest[place + 1..];
            expanded.push_str(&rest[..place]);
            rest = match after.chars().next() {
                // A lonely operator at the end stays.
                None => {
                    expanded.push('$');
                    after
                }
                Some('$') => {
                    expanded.push('$');
                    &after[1..]
                }
                Some('(') => match after.find(')') {
                    Some(end) => {
                        let name = &after[1..end];
                        let value = self.values.get(name).filter(|value| {
                            !(value.is_null() || value.is_object() || value.is_array())
                        });
                        match value {
                            Some(value) if end + 2 == text.len() => return Ok(Some(value.clone())),
                            Some(value) => {
                                let shown = match value {
                                    Value::String(text) => text.clone(),
                                    other => other.to_string(),
                                };
                                self.left =
                                    self.left.checked_sub(shown.len() as u64).ok_or_else(|| {
                                        "variables add too many bytes to the objects".to_owned()
                                    })?;
                                expanded.push_str(&shown);
                            }
                            None => {
                                expanded.push_str("$(");
                                expanded.push_str(name);
                                expanded.push(')');
                            }
                        }
                        &after[end + 1..]
                    }
                    None => {
                        expanded.push_str("$(");
                        &after[1..]
                    }
                },
                Some(other) => {
                    expanded.push('$');
                    expanded.push(other);
                    &after[other.len_utf8()..]
                }
            };
        }
        expanded.push_str(rest);
        Ok(Some(expanded.into()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn variables_are_expanded() {
        let mut expansion = Expansion {
            values: HashMap::from([
                ("A", json!("x")),
                ("N", json!(80)),
                ("M", json!({"no": "scalar"})),
            ]),
            left: 100,
        };
        for (text, expected) in [
            ("$(A)", json!("x")),
            ("$(N)", json!(80)),
            ("p$(N)", json!("p80")),
            ("$(A)$(A)", json!("xx")),
            ("$$(A)", json!("$(A)")),
            ("$(B) $(M)", json!("$(B) $(M)")),
            ("$(A", json!("$(A")),
            ("a$", json!("a$")),
            ("$x$(A)", json!("$xx")),
        ] {
            assert_eq!(expansion.text(text), Ok(Some(expected)), "{text}");
        }
        assert_eq!(expansion.text("plain"), Ok(None));
        expansion.left = 3;
        assert!(expansion.text("-$(A)$(A)$(A)$(A)").is_err());
        assert!(expansion.field(&mut json!([1])).is_err());
    }

    #[test]
    fn places_in_lists_are_parts() {
        assert_eq!(indexed("ports[0]".to_owned()), ["ports", "0"]);
        assert_eq!(indexed("[0]".to_owned()), ["0"]);
        assert_eq!(indexed("[name=x]".to_owned()), ["[name=x]"]);
    }
}
