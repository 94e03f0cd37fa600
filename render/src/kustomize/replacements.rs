//! `replacements`: values copied from a field of one object into fields of others.

use std::borrow::Cow;

use serde_json::Value;

use super::decode;
use super::fault::Fault;
use super::field_path::{self, Made, lookup, plain, text};
use super::field_spec::shallow;
use super::id::{CustomScope, Gvk, ResId};
use super::json_patch::size;
use super::loader::Loader;
use super::resmap::ResMap;
use super::resource::Resource;
use super::selector::Selector;
use super::spelling::Places;
use super::structured;
use super::types::{FieldOptions, ReplacementField, SourceSelector, TargetSelector};
use crate::yaml::{self, Written};

/// Field that is read or written when none is named.
const DEFAULT_FIELD: &str = "metadata.name";

/// What is copied: the value, and the text of a scalar as it was written.
pub(super) struct Copied {
    pub value: Value,
    pub text: String,
    /// What was written in a mapping or list, or as a number, with its place in the value.
    pub written: Vec<Written>,
    /// Whether it has no type of its own: it stands in the replacement itself.
    pub untyped: bool,
}

/// A replacement, and the place of its entry.
type Loaded<'a> = (usize, Cow<'a, ReplacementField>);

/// Reads the files among the entries of `replacements`. Each replacement, and each error, comes with the place of its entry.
///
/// # Errors
/// When an entry has both a file and a replacement, or a file cannot be read.
pub(super) fn load<'a>(
    loader: &Loader<'_>,
    entries: &'a [ReplacementField],
) -> Result<Vec<Loaded<'a>>, (usize, Fault)> {
    let mut replacements = Vec::with_capacity(entries.len());
    for (place, entry) in entries.iter().enumerate() {
        if entry.path.is_empty() {
            replacements.push((place, Cow::Borrowed(entry)));
        } else {
            let list = load_file(loader, entry).map_err(|fault| (place, fault))?;
            replacements.extend(list.into_iter().map(|of| (place, Cow::Owned(of))));
        }
    }
    Ok(replacements)
}

fn load_file(
    loader: &Loader<'_>,
    entry: &ReplacementField,
) -> Result<Vec<ReplacementField>, Fault> {
    if entry.source.is_some() || entry.targets.as_ref().is_some_and(|it| !it.is_empty()) {
        return Err("cannot specify both path and inline replacement"
            .to_owned()
            .into());
    }
    let loaded = loader.load(&entry.path)?;
    let fault = |place, message| Fault::Place {
        file: loaded.file.to_string(),
        place,
        message,
    };
    let documents = yaml::documents(&loaded.content, loader.context.limits)
        .map_err(|error| fault(Some((&error).into()), error.message))?;
    let list = match documents.into_iter().next().map(|document| document.value) {
        Some(Value::Array(list)) => list,
        Some(value @ Value::Object(_)) => vec![value],
        _ => {
            return Err(fault(
                None,
                "unsupported replacement type encountered within replacement path".to_owned(),
            ));
        }
    };
    list.iter()
        .map(|value| {
            let of: ReplacementField = decode::lenient(value)
                .map_err(|error| fault(None, format!("{}: {}", error.field, error.message)))?;
            Ok(ReplacementField {
                path: String::new(),
                ..of
            })
        })
        .collect()
}

/// Applies one replacement.
///
/// # Errors
/// When it is incomplete, its source is not there or not alone, or a field of a target is not there.
pub(super) fn apply(
    loader: &Loader<'_>,
    file: &str,
    map: &mut ResMap,
    replacement: &ReplacementField,
) -> Result<(), Fault> {
    let targets = replacement.targets.as_deref().unwrap_or_default();
    if targets.is_empty() || (replacement.source.is_none() && replacement.source_value.is_none()) {
        return Err("replacements must specify a source and at least one target"
            .to_owned()
            .into());
    };
    let value = value(map, replacement)?;
    let bytes = size(&value.value);
    for target in targets {
        let written = write(map, &value, target)?;
        loader.context.adds(file, bytes, written)?;
    }
    map.drop_empty();
    Ok(())
}

fn value(map: &ResMap, replacement: &ReplacementField) -> Result<Copied, String> {
    let source = match (&replacement.source_value, &replacement.source) {
        (Some(_), Some(_)) => {
            return Err("value and resource selectors are mutually exclusive".to_owned());
        }
        (Some(value), None) => {
            return Ok(Copied {
                value: plain(value),
                text: value.clone(),
                written: Vec::new(),
                untyped: true,
            });
        }
        (None, Some(source)) => source,
        (None, None) => {
            return Err("replacements must specify a source and at least one target".to_owned());
        }
    };
    let selector = ResId {
        gvk: Gvk {
            group: source.group.clone(),
            version: source.version.clone(),
            kind: source.kind.clone(),
            scope: CustomScope::default(),
        },
        name: source.name.clone(),
        namespace: source.namespace.clone(),
    };
    let found = map.places(|resource| {
        resource.id().is_selected(&selector)
            || resource.earlier_ids().any(|id| id.is_selected(&selector))
    });
    let place = match found.as_slice() {
        [place] => *place,
        [] => return Err(format!("nothing selected by {}", shown(&selector, source))),
        _ => {
            return Err(format!(
                "multiple matches for selector {}",
                shown(&selector, source)
            ));
        }
    };
    let path = or_default(&source.field_path);
    let object = &map.resources[place].object;
    let value = lookup(object, &field_path::split(path))
        .map_err(|error| format!("error looking up replacement source: {error}"))?
        .filter(|value| !is_nothing(value))
        .ok_or_else(|| {
            format!("fieldPath `{path}` is missing for replacement source {selector}")
        })?;
    let spelling = &map.resources[place].spelling;
    let whole = spelling.texts(object).text(value);
    let mut copied = refined(value, whole, source.options.as_ref())?;
    if is_scalar(value) {
        copied.written = spelled(&copied);
    } else {
        copied.written = spelling.below(object, value);
    }
    Ok(copied)
}

/// How a number or boolean was spelled.
fn spelled(copied: &Copied) -> Vec<Written> {
    match copied.value {
        Value::Number(_) | Value::Bool(_) => vec![Written {
            pointer: String::new(),
            text: copied.text.clone(),
            inline: false,
        }],
        _ => Vec::new(),
    }
}

fn shown(selector: &ResId, source: &SourceSelector) -> String {
    if source.field_path.is_empty() {
        selector.to_string()
    } else {
        format!("{selector}:{}", source.field_path)
    }
}

fn or_default(path: &str) -> &str {
    if path.is_empty() { DEFAULT_FIELD } else { path }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(fields) => fields.is_empty(),
        Value::Array(elements) => elements.is_empty(),
        _ => false,
    }
}

pub(super) fn is_scalar(value: &Value) -> bool {
    !value.is_object() && !value.is_array()
}

/// The part of a value that the options ask for.
fn refined(value: &Value, whole: String, options: Option<&FieldOptions>) -> Result<Copied, String> {
    let Some(options) = options.filter(|options| !options.delimiter.is_empty()) else {
        return Ok(Copied {
            value: value.clone(),
            text: whole,
            written: Vec::new(),
            untyped: false,
        });
    };
    if !is_scalar(value) {
        return Err("delimiter option can only be used with scalar nodes".to_owned());
    }
    let part = usize::try_from(options.index)
        .ok()
        .and_then(|index| whole.split(options.delimiter.as_str()).nth(index))
        .ok_or_else(|| {
            format!(
                "options.index {} is out of bounds for value {whole}",
                options.index
            )
        })?;
    with_text(value, part).map(|value| Copied {
        value,
        text: part.to_owned(),
        written: Vec::new(),
        untyped: false,
    })
}

/// Writes the value into the fields of the objects that a target selects, and says into how many.
fn write(map: &mut ResMap, value: &Copied, target: &TargetSelector) -> Result<usize, String> {
    let Some(select) = &target.select else {
        return Err("target must specify resources to select".to_owned());
    };
    let fault = |error| format!("error creating target selector: {error}");
    let select = Selector::new(select).map_err(fault)?;
    let reject = target
        .reject
        .iter()
        .map(Selector::new)
        .collect::<Result<Vec<_>, _>>()
        .map_err(fault)?;
    let default = [DEFAULT_FIELD.to_owned()];
    let paths = if target.field_paths.is_empty() {
        &default[..]
    } else {
        &target.field_paths
    };
    let mut written = 0;
    for resource in &mut map.resources {
        if !is_target(resource, &select, &reject) {
            continue;
        }
        for path in paths {
            written += write_field(resource, value, path, target.options.as_ref())?;
        }
    }
    Ok(written)
}

fn is_target(resource: &Resource, select: &Selector, reject: &[Selector]) -> bool {
    if !select.selects_labels(resource)
        || reject
            .iter()
            .any(|reject| !reject.is_without_labels() && reject.selects_labels(resource))
    {
        return false;
    }
    let ids = resource.all_ids();
    let any = |selector: &Selector| {
        ids.iter()
            .any(|id| selector.selects_id(&id.gvk, &id.name, &id.namespace))
    };
    !reject
        .iter()
        .any(|reject| !reject.is_without_id() && any(reject))
        && any(select)
}

fn write_field(
    resource: &mut Resource,
    value: &Copied,
    path: &str,
    options: Option<&FieldOptions>,
) -> Result<usize, String> {
    let create = options.is_some_and(|options| options.create);
    let made = if create {
        Made::for_value(&value.value)
    } else {
        Made::Nothing
    };
    let parts = field_path::split(path);
    if let Some(count) = structured::write(&mut resource.object, value, &parts, made) {
        return Ok(count);
    }
    let missing = || {
        let or_create = if create { " or create" } else { "" };
        format!("unable to find{or_create} field \"{path}\" in replacement target")
    };
    let id = resource.id();
    let mut refused = None;
    let mut places = Places::default();
    let visited = field_path::visit(&mut resource.object, &parts, made, &mut |field, new| {
        places.note(field);
        set(field, new, value, options).inspect_err(|error| refused = Some(error.clone()))
    });
    let count = visited.map_err(|error| match refused {
        Some(refused) => format!("field \"{path}\" of {id}: {refused}"),
        None => format!("{}: {error} (in {id})", missing()),
    })?;
    if count == 0 {
        return Err(format!("{} {id}", missing()));
    }
    if !is_scalar(&value.value) {
        shallow(&resource.object)?;
    }
    let (spelling, object) = (&mut resource.spelling, &resource.object);
    spelling.copied(object, &places, &value.written);
    Ok(count)
}

fn set(
    field: &mut Value,
    new: bool,
    value: &Copied,
    options: Option<&FieldOptions>,
) -> Result<(), String> {
    let joined = match options.filter(|options| !options.delimiter.is_empty()) {
        None => None,
        Some(_) if !is_scalar(field) => {
            return Err("delimiter option can only be used with scalar nodes".to_owned());
        }
        Some(options) => Some(joined(&text(field), &value.text, options)),
    };
    *field = match (is_scalar(field), joined) {
        (true, joined) => {
            let joined = joined.unwrap_or_else(|| value.text.clone());
            if new {
                plain(&joined)
            } else {
                with_text(field, &joined)?
            }
        }
        (false, _) => value.value.clone(),
    };
    Ok(())
}

/// Puts a part into a text: before all, behind all, or in place of one.
fn joined(whole: &str, part: &str, options: &FieldOptions) -> String {
    let mut parts: Vec<&str> = whole.split(options.delimiter.as_str()).collect();
    match usize::try_from(options.index) {
        Err(_) => parts.insert(0, part),
        Ok(index) => match parts.get_mut(index) {
            Some(old) => *old = part,
            None => parts.push(part),
        },
    }
    parts.join(&options.delimiter)
}

/// A scalar with another text. Its type stays, so that a text that fits none but text is an error for a number or a boolean.
pub(super) fn with_text(old: &Value, text: &str) -> Result<Value, String> {
    let value = match old {
        Value::Number(_) | Value::Bool(_) => plain(text),
        _ => return Ok(text.into()),
    };
    let fits = match (old, &value) {
        (Value::Bool(_), Value::Bool(_)) => true,
        (Value::Number(old), Value::Number(new)) => old.is_f64() || !new.is_f64(),
        _ => false,
    };
    if fits {
        Ok(value)
    } else {
        Err(format!("cannot decode `{text}` as the type of {old}"))
    }
}
