//! Strategic merge patches as Kustomize applies them.
//!
//! Kustomize does not use the strategic merge of the API server but one of its own. What it does with `$patch`, with lists whose
//! elements lack their key, with duplicate keys and with null is followed here, oddities included: mappings are merged field by
//! field, null removes, lists are merged where the schema says so (elements of the patch come first), and replaced elsewhere.
//! `$setElementOrder`, `$retainKeys` and `$deleteFromPrimitiveList` mean nothing to it: they are fields like others.

use serde_json::{Map, Value};

use super::schema::{Field, Schema};
use super::spelling::{Spelling, Texts};

mod list;
#[cfg(test)]
mod tests;

/// Levels that patches and objects may have; the reader of YAML allows fewer.
const MAX_DEPTH: usize = 256;
const DIRECTIVE: &str = "$patch";

/// What became of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Merged {
    /// It was changed.
    Kept,
    /// The patch deletes it.
    Deleted,
}

/// Applies a patch to an object.
///
/// # Errors
/// When a directive is unknown, the two differ in whether a field is a mapping, a list or a scalar, or a list is too long. The
/// message names the field; the object may be half changed.
pub fn merge(
    object: &mut Value,
    mut patch: Value,
    schema: &Schema,
    spelling: &Spelling,
    patch_spelling: &Spelling,
) -> Result<Merged, String> {
    let mut merger = Merger {
        schema,
        old_texts: spelling.texts(object),
        texts: patch_spelling.texts(&patch),
        path: Vec::new(),
    };
    let outcome =
        merger
            .walk(Some(object), Some(&mut patch), None)
            .map_err(|message| match merger.path.as_slice() {
                [] => message,
                path => format!("{}: {message}", path.join(".")),
            })?;
    // An object that is replaced as a whole stays what it was: upstream drops the replacement.
    Ok(match outcome {
        Outcome::Object | Outcome::Patch => Merged::Kept,
        Outcome::Nothing => Merged::Deleted,
    })
}

/// Drops keys that have nothing behind them, where a merge comes by: below mappings, and in lists that are merged.
pub fn drop_blanks(object: &mut Value, pointers: &[String], schema: &Schema) {
    for pointer in pointers {
        let mut steps: Vec<String> = pointer
            .split('/')
            .skip(1)
            .map(|step| step.replace("~1", "/").replace("~0", "~"))
            .collect();
        let Some(last) = steps.pop() else { continue };
        if let Some(Value::Object(fields)) = reached(object, &steps, schema)
            && fields
                .get(&last)
                .is_some_and(|value| value.is_null() || value == "")
        {
            fields.remove(&last);
        }
    }
}

/// The value behind steps, if a merge walks there.
fn reached<'v>(object: &'v mut Value, steps: &[String], schema: &Schema) -> Option<&'v mut Value> {
    let (mut at, mut field) = (object, None);
    for step in steps {
        let of = field.or_else(|| own_schema(schema, Some(at)));
        (at, field) = match at {
            Value::Object(fields) => (
                fields.get_mut(step)?,
                of.and_then(|of| schema.field(of, step)),
            ),
            Value::Array(elements) => match of {
                Some(Field::Merged { elements: of, .. }) => (
                    elements.get_mut(step.parse::<usize>().ok()?)?,
                    of.as_deref().and_then(|of| schema.resolve(of)),
                ),
                _ => return None,
            },
            _ => return None,
        };
    }
    Some(at)
}

/// Where the result of a merge of two values lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// In the object's value, which was changed in place.
    Object,
    /// In the patch's value.
    Patch,
    /// Nowhere: the value is removed.
    Nothing,
}

/// `$patch` of a mapping or list.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Directive {
    Merge,
    Replace,
    Delete,
}

struct Merger<'a> {
    schema: &'a Schema,
    /// Which texts of the object were quoted.
    old_texts: Texts,
    /// How the patch spells its numbers.
    texts: Texts,
    /// Names of the fields down to where an error occurred.
    path: Vec<String>,
}

/// The kinds of values that merging tells apart.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Mapping,
    List,
    Scalar,
}

impl Shape {
    /// `None` for null.
    fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Null => None,
            Value::Object(_) => Some(Self::Mapping),
            Value::Array(_) => Some(Self::List),
            Value::Bool(_) | Value::Number(_) | Value::String(_) => Some(Self::Scalar),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Mapping => "MappingNode",
            Self::List => "SequenceNode",
            Self::Scalar => "ScalarNode",
        }
    }
}

impl<'a> Merger<'a> {
    /// Merges two values, one of which may be missing.
    fn walk(
        &mut self,
        object: Option<&mut Value>,
        patch: Option<&mut Value>,
        field: Option<&'a Field>,
    ) -> Result<Outcome, String> {
        if self.path.len() > MAX_DEPTH {
            return Err(format!("more than {MAX_DEPTH} levels"));
        }
        let shapes = [&object, &patch].map(|value| value.as_deref().and_then(Shape::of));
        if let [Some(object), Some(patch)] = shapes
            && object != patch
        {
            return Err(format!(
                "wrong node kind: expected {} but got {}",
                object.name(),
                patch.name()
            ));
        }
        let field = field
            .or_else(|| own_schema(self.schema, object.as_deref()))
            .or_else(|| own_schema(self.schema, patch.as_deref()));
        match shapes[0].or(shapes[1]) {
            Some(Shape::Mapping) | None => self.mapping(object, patch, field),
            Some(Shape::List) => match field {
                Some(Field::Merged { keys, elements }) => {
                    let elements = elements.as_deref().and_then(|it| self.schema.resolve(it));
                    self.list(object, patch, keys, elements)
                }
                _ => Ok(overridden(patch.is_some())),
            },
            Some(Shape::Scalar) => Ok(overridden(patch.is_some())),
        }
    }

    /// Walks a value that is object and patch at once: one that was added whole, so that null and directives in it take effect.
    fn walk_added(
        &mut self,
        value: &mut Value,
        field: Option<&'a Field>,
    ) -> Result<Outcome, String> {
        if self.path.len() > MAX_DEPTH {
            return Err(format!("more than {MAX_DEPTH} levels"));
        }
        let field = field.or_else(|| own_schema(self.schema, Some(value)));
        match value {
            Value::Null => Ok(Outcome::Nothing),
            Value::Object(fields) => {
                if take_directive(fields)? == Directive::Delete {
                    return Ok(Outcome::Nothing);
                }
                self.added_fields(fields, field)?;
                Ok(Outcome::Object)
            }
            Value::Array(elements) => {
                if let Some(Field::Merged { keys, elements: of }) = field {
                    if take_list_directive(elements)? == Directive::Delete {
                        return Ok(Outcome::Nothing);
                    }
                    let of = of.as_deref().and_then(|it| self.schema.resolve(it));
                    self.added_list(elements, keys, of)?;
                }
                Ok(Outcome::Object)
            }
            _ => Ok(Outcome::Object),
        }
    }

    fn mapping(
        &mut self,
        object: Option<&mut Value>,
        patch: Option<&mut Value>,
        field: Option<&'a Field>,
    ) -> Result<Outcome, String> {
        let Some(Value::Object(fields)) = object else {
            return match patch {
                // A null that nobody touches stays.
                None => Ok(match object {
                    Some(_) => Outcome::Object,
                    None => Outcome::Nothing,
                }),
                Some(Value::Object(added)) => {
                    // An unknown directive is no error where there is nothing to apply it to.
                    if take_directive(added) == Ok(Directive::Delete) {
                        return Ok(Outcome::Nothing);
                    }
                    self.added_fields(added, field)?;
                    Ok(Outcome::Patch)
                }
                Some(_) => Ok(Outcome::Nothing),
            };
        };
        let changes = match patch {
            None => None,
            Some(Value::Object(changes)) => Some(changes),
            Some(_) => return Ok(Outcome::Nothing),
        };
        let Some(changes) = changes else {
            self.untouched_fields(fields, None, field)?;
            return Ok(Outcome::Object);
        };
        match take_directive(changes)? {
            Directive::Delete => Ok(Outcome::Nothing),
            Directive::Replace => {
                self.added_fields(changes, field)?;
                Ok(Outcome::Patch)
            }
            Directive::Merge => {
                self.untouched_fields(fields, Some(changes), field)?;
                for (name, change) in changes {
                    self.change_field(fields, name, change, field)?;
                }
                Ok(Outcome::Object)
            }
        }
    }

    fn change_field(
        &mut self,
        fields: &mut Map<String, Value>,
        name: &str,
        change: &mut Value,
        of: Option<&'a Field>,
    ) -> Result<(), String> {
        let field = of.and_then(|of| self.schema.field(of, name));
        self.path.push(name.to_owned());
        let outcome = self.walk(fields.get_mut(name), Some(change), field)?;
        self.path.pop();
        match outcome {
            Outcome::Object => {}
            Outcome::Patch if !change.is_null() => {
                let value = match (fields.get(name), &*change) {
                    // A scalar keeps the quotes of the one that it replaces, and so becomes a text.
                    (Some(old @ Value::String(_)), Value::Number(_) | Value::Bool(_))
                        if self.old_texts.is_quoted(old) =>
                    {
                        self.texts.text(change).into()
                    }
                    _ => change.take(),
                };
                fields.insert(name.to_owned(), value);
            }
            Outcome::Patch | Outcome::Nothing => {
                fields.remove(name);
            }
        }
        Ok(())
    }

    /// Walks the fields that the patch does not have: their lists, too, are put in order.
    fn untouched_fields(
        &mut self,
        fields: &mut Map<String, Value>,
        changes: Option<&Map<String, Value>>,
        of: Option<&'a Field>,
    ) -> Result<(), String> {
        for (name, value) in fields {
            if changes.is_some_and(|changes| changes.contains_key(name))
                || !(value.is_object() || value.is_array())
            {
                continue;
            }
            let field = of.and_then(|of| self.schema.field(of, name));
            if field.is_none() && value.is_array() {
                continue;
            }
            self.path.push(name.clone());
            self.walk(Some(value), None, field)?;
            self.path.pop();
        }
        Ok(())
    }

    fn added_fields(
        &mut self,
        fields: &mut Map<String, Value>,
        of: Option<&'a Field>,
    ) -> Result<(), String> {
        let mut removed = Vec::new();
        for (name, value) in fields.iter_mut() {
            let field = of.and_then(|of| self.schema.field(of, name));
            self.path.push(name.clone());
            if self.walk_added(value, field)? == Outcome::Nothing {
                removed.push(name.clone());
            }
            self.path.pop();
        }
        for name in removed {
            fields.remove(&name);
        }
        Ok(())
    }
}

/// The schema of a value that says what it is, wherever it stands.
fn own_schema<'a>(schema: &'a Schema, value: Option<&Value>) -> Option<&'a Field> {
    let fields = value?.as_object()?;
    let text = |name: &str| {
        fields
            .get(name)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
    };
    let field = schema.kind(text("apiVersion")?, text("kind")?)?;
    schema.resolve(field)
}

fn overridden(by_patch: bool) -> Outcome {
    if by_patch {
        Outcome::Patch
    } else {
        Outcome::Object
    }
}

/// The text of a scalar, as it is compared; empty for mappings and lists.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "null".to_owned(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::Array(_) | Value::Object(_) => String::new(),
    }
}

fn directive(value: &Value) -> Result<Directive, String> {
    match text(value).as_str() {
        "delete" => Ok(Directive::Delete),
        "replace" => Ok(Directive::Replace),
        "merge" => Ok(Directive::Merge),
        other => Err(format!("unknown patch strategy '{other}'")),
    }
}

/// The directive of a mapping, which is removed from it.
fn take_directive(fields: &mut Map<String, Value>) -> Result<Directive, String> {
    let Some(value) = fields.get(DIRECTIVE) else {
        return Ok(Directive::Merge);
    };
    let directive = directive(value)?;
    fields.remove(DIRECTIVE);
    Ok(directive)
}

/// The directive of a list: that of its first element with one, if that has nothing else. All elements with the same directive are
/// removed.
fn take_list_directive(elements: &mut Vec<Value>) -> Result<Directive, String> {
    let Some(fields) = elements
        .iter()
        .filter_map(Value::as_object)
        .find(|fields| fields.contains_key(DIRECTIVE))
    else {
        return Ok(Directive::Merge);
    };
    let (Some(value), 1) = (fields.get(DIRECTIVE), fields.len()) else {
        return Ok(Directive::Merge);
    };
    let directive = directive(value)?;
    let word = text(value);
    elements.retain(|element| match element {
        Value::Null => false,
        Value::Object(fields) => {
            !fields.is_empty()
                && fields
                    .get(DIRECTIVE)
                    .is_none_or(|value| text(value) != word)
        }
        _ => true,
    });
    Ok(directive)
}
