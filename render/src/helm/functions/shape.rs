//! Values on their way into JSON, YAML and TOML, and back.

use serde_json::Value as Json;
use tiphys_template::{FunctionError, Kind, Underlying, Value};

use super::clock::Time;
use super::versions::Version;
use super::{DEPTH, too_deep};
use crate::yaml::write::{Key, Node};

/// How a format sees Go's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `encoding/json`: tags name the fields, nil lists are `null`, bytes are base64.
    Json,
    /// go-yaml 3: fields in small letters, nil lists are empty, bytes are a list.
    Yaml,
    /// TOML: fields as in Go.
    Toml,
}

/// The fields of Helm's structs in JSON; those that are empty are left out.
const TAGS: [(&str, &[(&str, &str)]); 4] = [
    (
        "chart.Metadata",
        &[
            ("Name", "name"),
            ("Home", "home"),
            ("Sources", "sources"),
            ("Version", "version"),
            ("Description", "description"),
            ("Keywords", "keywords"),
            ("Maintainers", "maintainers"),
            ("Icon", "icon"),
            ("APIVersion", "apiVersion"),
            ("Condition", "condition"),
            ("Tags", "tags"),
            ("AppVersion", "appVersion"),
            ("Deprecated", "deprecated"),
            ("Annotations", "annotations"),
            ("KubeVersion", "kubeVersion"),
            ("Dependencies", "dependencies"),
            ("Type", "type"),
        ],
    ),
    (
        "chart.Maintainer",
        &[("Name", "name"), ("Email", "email"), ("URL", "url")],
    ),
    (
        "chart.Dependency",
        &[
            ("Name", "name"),
            ("Version", "version"),
            ("Repository", "repository"),
            ("Condition", "condition"),
            ("Tags", "tags"),
            ("Enabled", "enabled"),
            ("ImportValues", "import-values"),
            ("Alias", "alias"),
        ],
    ),
    (
        "version.BuildInfo",
        &[
            ("Version", "version"),
            ("GitCommit", "git_commit"),
            ("GitTreeState", "git_tree_state"),
            ("GoVersion", "go_version"),
            ("KubeClientVersion", "kube_client_version"),
        ],
    ),
];
/// Fields that are written even when they are empty.
const ALWAYS: [(&str, &str); 3] = [
    ("chart.Dependency", "name"),
    ("chart.Dependency", "repository"),
    ("version.BuildInfo", "kube_client_version"),
];

/// The value of a JSON document: all numbers are floats.
#[must_use]
pub fn from_serde(json: &Json) -> Value {
    match json {
        Json::Null => Value::Nil,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => Value::Float64(number.as_f64().unwrap_or_default()),
        Json::String(text) => Value::string(text.as_str()),
        Json::Array(items) => Value::list(items.iter().map(from_serde).collect()),
        Json::Object(entries) => Value::map(
            entries
                .iter()
                .map(|(key, value)| (key.as_str(), from_serde(value))),
        ),
    }
}

/// A value as `encoding/json` sees it, ready for the YAML writer.
///
/// # Errors
/// When it is nested too deeply (a map may even be part of itself), or has no form.
pub fn to_node(value: &Value) -> Result<Node, FunctionError> {
    shape(value, Format::Json)
}

/// Values of one document that is written. Lists and maps that are shared count wherever they stand.
const VALUES: usize = 1_000_000;

/// A value as a format sees it.
///
/// # Errors
/// When it is nested too deeply, has too many values, or has no form.
pub fn shape(value: &Value, format: Format) -> Result<Node, FunctionError> {
    inner(value, format, 0, &mut 0)
}

fn inner(
    value: &Value,
    format: Format,
    depth: usize,
    values: &mut usize,
) -> Result<Node, FunctionError> {
    if depth > DEPTH {
        return Err(too_deep());
    }
    *values += 1;
    if *values > VALUES {
        return Err(format!("more than {VALUES} values are to be written").into());
    }
    Ok(match value {
        Value::Nil => Node::Null,
        Value::Bool(value) => Node::Bool(*value),
        Value::Uint(number) | Value::Uint64(number) => Node::Uint(*number),
        Value::Float64(number) => Node::Float(*number),
        Value::Complex128(..) => return Err("json: unsupported type: complex128".into()),
        Value::String(text) => match text.as_str() {
            Some(text) => Node::Text(text.to_owned()),
            None if format == Format::Yaml => Node::Binary(text.to_vec()),
            None => Node::Text(text.to_string_lossy().into_owned()),
        },
        Value::Bytes(bytes) if format == Format::Json => Node::Text(super::encoding::base64(bytes)),
        Value::Bytes(bytes) => Node::List(
            bytes
                .iter()
                .map(|byte| Node::Uint(u64::from(*byte)))
                .collect(),
        ),
        Value::List(list) if list.is_nil() && format != Format::Yaml => Node::Null,
        Value::List(list) => Node::List(
            list.to_vec()
                .iter()
                .map(|item| inner(item, format, depth + 1, values))
                .collect::<Result<_, _>>()?,
        ),
        Value::Map(map) if map.is_nil() && format != Format::Yaml => Node::Null,
        Value::Map(map) => Node::Map(
            map.to_vec()
                .iter()
                .map(|(key, item)| {
                    let key = Key::Text(key.to_string_lossy().into_owned());
                    Ok((key, inner(item, format, depth + 1, values)?))
                })
                .collect::<Result<_, FunctionError>>()?,
        ),
        Value::Object(_) => object(value, format, depth, values)?,
        whole => Node::Int(whole.as_integer().unwrap_or_default()),
    })
}

fn object(
    value: &Value,
    format: Format,
    depth: usize,
    values: &mut usize,
) -> Result<Node, FunctionError> {
    if let Some(time) = value.as_object::<Time>() {
        return Ok(Node::Plain(
            time.0.format("2006-01-02T15:04:05.999999999Z07:00"),
        ));
    }
    if let Some(version) = value.as_object::<Version>() {
        return Ok(Node::Text(version.0.to_string()));
    }
    let Value::Object(object) = value else {
        return Ok(Node::Null);
    };
    let fields = match object.underlying() {
        Underlying::Value(value) => return inner(&value, format, depth + 1, values),
        Underlying::Struct(fields) => fields,
    };
    let ty = object.go_type();
    if ty.kind() == Kind::Function {
        return Err(format!("json: unsupported type: {ty}").into());
    }
    let name = ty.to_string();
    let name = name.trim_start_matches('*');
    let tags = TAGS
        .iter()
        .find(|(tagged, _)| *tagged == name)
        .map(|(_, tags)| *tags);
    let mut entries = Vec::new();
    for (field, value) in fields {
        if !field.starts_with(|first: char| first.is_ascii_uppercase()) {
            continue;
        }
        let mut key = match format {
            Format::Yaml => field.to_lowercase(),
            Format::Json | Format::Toml => field.to_owned(),
        };
        if let (Format::Json, Some(tags)) = (format, tags)
            && let Some((_, tag)) = tags.iter().find(|(tagged, _)| *tagged == field)
        {
            if super::logic::is_empty(&value) && !ALWAYS.contains(&(name, tag)) {
                continue;
            }
            (*tag).clone_into(&mut key);
        }
        entries.push((Key::Text(key), inner(&value, format, depth + 1, values)?));
    }
    Ok(Node::Map(entries))
}
