//! `patches`, and the deprecated `patchesStrategicMerge` and `patchesJson6902`: which objects a patch applies to, and how.

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::fault::Fault;
use super::json_patch::{self, Operation, size};
use super::loader::{Context, Loader};
use super::merge::{self, Merged};
use super::read;
use super::resmap::ResMap;
use super::resource::Resource;
use super::selector::Selector;
use super::spelling::Spelling;
use super::types;
use crate::Limits;
use crate::yaml;

const ANNOTATIONS: &str = "annotations";

/// The text of a patch, and where it stands.
struct Source {
    text: Vec<u8>,
    file: Arc<str>,
    /// How messages name it.
    shown: String,
}

/// Applies one entry of `patches`. What it deletes stays as an empty object, or is dropped.
///
/// # Errors
/// When the entry or its patch is wrong, or the patch finds no object or does not apply.
pub(super) fn apply(
    loader: &Loader<'_>,
    file: &Arc<str>,
    map: &mut ResMap,
    entry: &types::Patch,
) -> Result<(), Fault> {
    let source = source(loader, file, entry)?;
    let limits = loader.context.limits;
    let strategic = read::objects(&source.text, &source.file, loader.context);
    let json = json_operations(&source.text, limits);
    match (strategic, json) {
        (Ok(patches), Ok(steps)) if !patches.is_empty() && !steps.is_empty() => Err(format!(
            "illegally qualifies as both an SM and JSON patch: {}",
            source.shown
        )
        .into()),
        (Ok(mut patches), _) => {
            let options = entry.options.unwrap_or_default();
            for patch in &mut patches {
                patch.allow_name_change = options.allow_name_change;
                patch.allow_kind_change = options.allow_kind_change;
            }
            strategic_merge(loader.context, map, patches, entry.target.as_ref(), &source)
        }
        (Err(_), Ok(steps)) => {
            let Some(target) = &entry.target else {
                return Err(
                    format!("must specify a target for JSON patch {}", source.shown).into(),
                );
            };
            let selected = select(map, target)?;
            json_patch_all(loader.context, &source, map, &steps, &selected, true)
        }
        // Of the two readings, the one that the text looks like explains more.
        (Err(strategic), Err(json)) => {
            let looks_like_steps = source
                .text
                .trim_ascii_start()
                .first()
                .is_some_and(|byte| b"-[".contains(byte));
            let reason = if looks_like_steps {
                json
            } else {
                strategic.into_message()
            };
            Err(format!(
                "unable to parse SM or JSON patch from {}: {reason}",
                source.shown
            )
            .into())
        }
    }
}

/// Applies one entry of `patchesStrategicMerge`: patches themselves, or a file of them.
///
/// # Errors
/// See [`apply`].
pub(super) fn apply_strategic(
    loader: &Loader<'_>,
    file: &Arc<str>,
    map: &mut ResMap,
    entry: &str,
) -> Result<(), Fault> {
    let (patches, source) = match read::objects(entry.as_bytes(), file, loader.context) {
        Ok(patches) => (patches, inline(entry, file)),
        Err(_) => {
            let loaded = loader.load(entry)?;
            let source = Source {
                shown: format!("[path: {entry:?}]"),
                text: loaded.content.into_owned(),
                file: loaded.file,
            };
            (
                read::objects(&source.text, &source.file, loader.context)?,
                source,
            )
        }
    };
    for patch in patches {
        let at = unique(map, &patch)?;
        let selected = HashSet::from([map.resources[at].id()]);
        patch_all(loader.context, &source, map, &patch, &selected)?;
    }
    Ok(())
}

/// Applies one entry of `patchesJson6902`.
///
/// # Errors
/// See [`apply`].
pub(super) fn apply_json6902(
    loader: &Loader<'_>,
    file: &Arc<str>,
    map: &mut ResMap,
    entry: &types::Patch,
) -> Result<(), Fault> {
    let target = entry.target.clone().unwrap_or_default();
    if target.name.is_empty() {
        return Err("must specify the target name".to_owned().into());
    }
    let source = source(loader, file, entry)?;
    let steps = json_operations(&source.text, loader.context.limits)?;
    if steps.is_empty() {
        return Err(format!("patch appears to be empty; {}", source.shown).into());
    }
    let selected = select(map, &target)?;
    json_patch_all(loader.context, &source, map, &steps, &selected, false)
}

fn inline(text: &str, file: &Arc<str>) -> Source {
    const SHOWN: usize = 200;
    let shown: String = text.chars().take(SHOWN).collect();
    Source {
        text: text.as_bytes().to_vec(),
        file: Arc::clone(file),
        shown: format!("[patch: {shown:?}]"),
    }
}

fn source(loader: &Loader<'_>, file: &Arc<str>, entry: &types::Patch) -> Result<Source, Fault> {
    match (entry.patch.trim(), entry.path.as_str()) {
        ("", "") => Err("must specify one of patch and path".to_owned().into()),
        (patch, "") => Ok(inline(patch, file)),
        ("", path) => {
            let loaded = loader.load(path)?;
            Ok(Source {
                shown: format!("[path: {path:?}]"),
                text: loaded.content.into_owned(),
                file: loaded.file,
            })
        }
        _ => Err("patch and path can't be set at the same time"
            .to_owned()
            .into()),
    }
}

/// Reads the steps of a JSON patch; in YAML, only the first document counts.
fn json_operations(text: &[u8], limits: &Limits) -> Result<Vec<Operation>, String> {
    if text.is_empty() {
        return Err("empty json patch operations".to_owned());
    }
    let value = if text.starts_with(b"[") {
        let mut value = serde_json::from_slice(text).map_err(|error| error.to_string())?;
        whole_numbers(&mut value);
        value
    } else {
        let documents = yaml::documents(text, limits).map_err(|error| error.to_string())?;
        documents
            .into_iter()
            .next()
            .map_or(Value::Null, |document| document.value)
    };
    json_patch::decode(&value)
}

/// Makes integers of floats without fraction, as the reader of YAML does.
fn whole_numbers(value: &mut Value) {
    /// Beyond it, floats are no longer exact.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match value {
        Value::Number(number) => {
            if let Some(float) = number.as_f64().filter(|_| number.is_f64())
                && float.fract() == 0.0
                && float.abs() < EXACT
            {
                *value = Value::from(float as i64);
            }
        }
        Value::Array(elements) => elements.iter_mut().for_each(whole_numbers),
        Value::Object(fields) => fields.values_mut().for_each(whole_numbers),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

/// Places of the objects that a target selects.
fn select(map: &ResMap, target: &types::Selector) -> Result<Vec<usize>, String> {
    let selector = Selector::new(target)?;
    Ok(map.places(|resource| selector.selects(resource)))
}

/// The place of the one object that a patch without a target is for.
fn unique(map: &ResMap, patch: &Resource) -> Result<usize, String> {
    let id = patch.original_id();
    let found = match map.by_any_id(&id).as_slice() {
        [at] => return Ok(*at),
        [] => "no matches",
        _ => "multiple matches",
    };
    Err(format!(
        "no resource matches strategic merge patch \"{id}\": {found} for Id {id}; failed to find unique target for patch {id}"
    ))
}

fn strategic_merge(
    context: &Context<'_>,
    map: &mut ResMap,
    patches: Vec<Resource>,
    target: Option<&types::Selector>,
    source: &Source,
) -> Result<(), Fault> {
    let Some(target) = target else {
        for patch in patches {
            let at = unique(map, &patch)?;
            let object = patch.object.clone();
            patch_one(context, &mut map.resources[at], &patch, object)?;
        }
        return Ok(());
    };
    match patches.as_slice() {
        [] => Ok(()),
        [patch] => {
            let selected = select(map, target)?
                .into_iter()
                .map(|place| map.resources[place].id())
                .collect();
            patch_all(context, source, map, patch, &selected)
        }
        _ => Err(format!(
            "Multiple Strategic-Merge Patches in one `patches` entry is not allowed to set `patches.target` field: {}",
            source.shown
        )
        .into()),
    }
}

/// Applies a patch to the objects with some ids.
fn patch_all(
    context: &Context<'_>,
    source: &Source,
    map: &mut ResMap,
    patch: &Resource,
    selected: &HashSet<super::id::ResId>,
) -> Result<(), Fault> {
    context.adds(&source.file, size(&patch.object), selected.len())?;
    let mut common = patch.object.clone();
    for field in ["labels", "annotations"] {
        texts(&mut common, field, &patch.spelling);
    }
    for resource in &mut map.resources {
        if !selected.contains(&resource.id()) {
            continue;
        }
        let mut object = common.clone();
        if let Some(fields) = object.as_object_mut() {
            fields.insert("apiVersion".to_owned(), resource.api_version().into());
        }
        patch_one(context, resource, patch, object)?;
    }
    map.drop_empty();
    map.check_unique()?;
    Ok(())
}

/// Makes texts of all values of the labels or annotations of a patch, null included; without any, the field goes.
fn texts(object: &mut Value, field: &str, spelling: &Spelling) {
    let spelled = spelling.texts(object);
    let Some(Value::Object(metadata)) = object.get_mut("metadata") else {
        return;
    };
    match metadata.remove(field) {
        Some(Value::Object(mut entries)) if !entries.is_empty() => {
            for (key, value) in &mut entries {
                let text = if spelling.is_blank(&format!("/metadata/{field}/{key}")) {
                    String::new()
                } else {
                    spelled.text(value)
                };
                *value = text.into();
            }
            metadata.insert(field.to_owned(), Value::Object(entries));
        }
        _ => {}
    }
}

fn patch_one(
    context: &Context<'_>,
    resource: &mut Resource,
    patch: &Resource,
    object: Value,
) -> Result<(), Fault> {
    if patch.allow_name_change || patch.allow_kind_change {
        resource.store_id();
    }
    let id = resource.id();
    let blanks = resource.spelling.take_blanks();
    merge::drop_blanks(&mut resource.object, &blanks, context.schema());
    let merged = merge::merge(
        &mut resource.object,
        object,
        context.schema(),
        &resource.spelling,
        &patch.spelling,
    )
    .map_err(|message| format!("{id}: {message}"))?;
    null_annotations(&mut resource.object);
    if merged == Merged::Deleted {
        resource.object = Value::Null;
    }
    if resource.is_empty() {
        return Ok(());
    }
    if !patch.allow_kind_change {
        resource.set_kind(&id.gvk.kind);
    }
    if !patch.allow_name_change {
        resource.set_name(&id.name);
    }
    resource.set_namespace(&id.namespace);
    resource.spelling.patched_by(&patch.spelling);
    context.set_scope(resource);
    Ok(())
}

/// A written `null` that a merge came by is a scalar of no type, which is a text where texts are expected.
fn null_annotations(object: &mut Value) {
    if let Some(Value::Object(annotations)) = object.pointer_mut("/metadata/annotations") {
        for value in annotations.values_mut().filter(|value| value.is_null()) {
            *value = "null".into();
        }
    }
}

/// Runs steps that find annotations where upstream has some of its own, which it takes away in the end.
fn with_annotations(
    object: &mut Value,
    has_some: bool,
    steps: impl FnOnce(&mut Value) -> Result<(), String>,
) -> Result<(), String> {
    let metadata = object.get_mut("metadata").and_then(Value::as_object_mut);
    if let Some(metadata) = metadata
        && has_some
    {
        metadata
            .entry(ANNOTATIONS)
            .or_insert_with(|| Value::Object(Map::new()));
    }
    steps(object)?;
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut)
        && has_some
        && metadata.get(ANNOTATIONS).is_some_and(is_empty_mapping)
    {
        metadata.remove(ANNOTATIONS);
    }
    Ok(())
}

fn is_empty_mapping(value: &Value) -> bool {
    value.as_object().is_some_and(Map::is_empty)
}

fn json_patch_all(
    context: &Context<'_>,
    source: &Source,
    map: &mut ResMap,
    steps: &[Operation],
    selected: &[usize],
    remember: bool,
) -> Result<(), Fault> {
    context.adds(&source.file, source.text.len(), selected.len())?;
    let max_bytes = usize::try_from(context.limits.file_bytes).unwrap_or(usize::MAX);
    for place in selected {
        let resource = &mut map.resources[*place];
        let id = resource.id();
        if remember {
            resource.store_id();
        }
        let is_remembered = resource.is_remembered();
        with_annotations(&mut resource.object, is_remembered, |object| {
            json_patch::apply(object, steps, max_bytes)
        })
        .map_err(|message| format!("{id}: {message}"))?;
        resource.spelling.forget();
    }
    Ok(())
}
