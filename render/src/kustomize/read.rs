//! Objects in a text, as Kustomize reads them: YAML or JSON, several documents, lists taken apart.

use std::collections::VecDeque;
use std::sync::Arc;

use serde_json::Value;

use super::fault::Fault;
use super::loader::Context;
use super::resource::{Behavior, Resource};
use super::spelling::Spelling;
use crate::Limits;
use crate::yaml::locate::Place;
use crate::yaml::{self, Dialect, Document, Reading, Written};

/// Annotation by which upstream remembers what a generated object does; honoured on any object, as there.
const BEHAVIOR: &str = "internal.config.kubernetes.io/generatorBehavior";
/// Annotation by which upstream remembers that a name gets a hash; honoured on any object, as there.
const NEEDS_HASH: &str = "internal.config.kubernetes.io/needsHashSuffix";

/// The objects of a text. Those inside lists come after all others, as upstream takes lists apart last; a single document of
/// kind `List` is taken apart where it stands.
///
/// # Errors
/// When the text is no YAML, or a document has no kind or name.
pub(super) fn objects(
    content: &[u8],
    file: &Arc<str>,
    context: &Context<'_>,
) -> Result<Vec<Resource>, Fault> {
    let limits = context.limits;
    let place = |line: usize, message: String| Fault::Place {
        file: file.to_string(),
        place: Some(line.into()),
        message,
    };
    let mut documents: VecDeque<Document> = documents(content, file, limits)?.into();
    if documents.len() == 1 {
        unwrap_single(&mut documents);
    }
    let mut resources = Vec::with_capacity(documents.len());
    while let Some(document) = documents.pop_front() {
        let Document {
            mut value,
            line,
            written,
        } = document;
        if is_empty(&value) {
            continue;
        }
        let spelling = Spelling::of(&mut value, written.clone());
        validate(&value).map_err(|message| place(line, message))?;
        let is_list = value
            .get("kind")
            .and_then(Value::as_str)
            .is_some_and(|kind| kind.ends_with("List"));
        match value.get_mut("items").map(Value::take) {
            Some(Value::Array(items)) if is_list => {
                documents.extend(taken_apart(items, line, &written));
                continue;
            }
            Some(Value::Null) if is_list => continue,
            Some(_) if is_list => {
                return Err(place(line, "expected a list in items".to_owned()));
            }
            Some(items) => value["items"] = items,
            None => {}
        }
        if resources.len() >= limits.objects {
            return Err(place(line, format!("more than {} objects", limits.objects)));
        }
        let mut resource = Resource::new(value, file, line);
        resource.spelling = spelling;
        context.set_scope(&mut resource);
        resources.push(with_marks(resource));
    }
    Ok(resources)
}

/// The documents of a text by kyaml's rules.
///
/// # Errors
/// When the text is no YAML.
pub(super) fn documents(
    content: &[u8],
    file: &str,
    limits: &Limits,
) -> Result<Vec<Document>, Fault> {
    separators(content, file)?;
    let reading = Reading {
        dialect: Dialect::Kyaml,
        ..Reading::default()
    };
    yaml::read(content, limits, reading).map_err(|error| Fault::Place {
        file: file.to_owned(),
        place: Some((&error).into()),
        message: format!("MalformedYAMLError: {}", error.message),
    })
}

/// Behind a separator of documents, only a comment may stand on its line.
fn separators(content: &[u8], file: &str) -> Result<(), Fault> {
    for (number, line) in content.split(|byte| *byte == b'\n').enumerate().skip(1) {
        let Some(rest) = line.strip_prefix(b"---") else {
            continue;
        };
        let rest = rest.trim_ascii();
        if !rest.is_empty() && rest[0] != b'#' {
            return Err(Fault::Place {
                file: file.to_owned(),
                place: Some(Place::from(number + 1)),
                message: format!(
                    "invalid document separator: {}",
                    String::from_utf8_lossy(line)
                ),
            });
        }
    }
    Ok(())
}

fn unwrap_single(documents: &mut VecDeque<Document>) {
    let Some(document) = documents.front_mut() else {
        return;
    };
    let kind = document.value.get("kind").and_then(Value::as_str);
    if !matches!(kind, Some("List" | "ResourceList")) {
        return;
    }
    let line = document.line;
    let written = std::mem::take(&mut document.written);
    match document.value.get_mut("items").map(Value::take) {
        Some(Value::Array(items)) => {
            documents.clear();
            documents.extend(taken_apart(items, line, &written));
        }
        Some(_) => documents.clear(),
        None => {}
    }
}

/// The elements of a list of objects, as documents.
fn taken_apart(
    items: Vec<Value>,
    line: usize,
    written: &[Written],
) -> impl Iterator<Item = Document> {
    items
        .into_iter()
        .enumerate()
        .map(move |(place, value)| Document {
            value,
            line,
            written: Spelling::of_item(written, place),
        })
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(fields) => fields.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::String(text) => text.is_empty(),
        _ => false,
    }
}

/// Checks that an object has a kind and, unless it is a list, a name.
fn validate(value: &Value) -> Result<(), String> {
    let Value::Object(fields) = value else {
        return Err(
            "wrong node kind: expected a mapping with apiVersion, kind and metadata".into(),
        );
    };
    let kind = match fields.get("kind") {
        Some(Value::String(kind)) if !kind.is_empty() => kind,
        _ => return Err("missing kind in object".into()),
    };
    if kind.ends_with("List") {
        return Ok(());
    }
    match fields.get("metadata").and_then(|it| it.get("name")) {
        Some(Value::String(name)) if !name.is_empty() => Ok(()),
        _ => Err(format!("missing metadata.name in object of kind {kind}")),
    }
}

/// Reads the marks that upstream keeps in annotations.
fn with_marks(mut resource: Resource) -> Resource {
    let mark = |key: &str| resource.annotations()?.get(key)?.as_str();
    let behavior = mark(BEHAVIOR).map(behavior_of);
    let needs_hash = mark(NEEDS_HASH) == Some("enabled");
    resource.behavior = behavior.unwrap_or_default();
    resource.needs_hash = needs_hash;
    resource
}

/// Reads a behaviour; anything else is unspecified, as upstream has it.
#[must_use]
pub(super) fn behavior_of(text: &str) -> Behavior {
    match text {
        "create" => Behavior::Create,
        "replace" => Behavior::Replace,
        "merge" => Behavior::Merge,
        _ => Behavior::Unspecified,
    }
}
