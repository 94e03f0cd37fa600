//! `values.schema.json`: values are checked against it before anything is rendered.

use std::fmt::{self, Write as _};

use jsonschema::{Draft, PatternOptions, Retrieve, Uri, Validator};
use serde_json::Value as Json;
use tiphys_template::{Map, Value};

use super::chart::ChartData;
use super::values::to_json;
use super::working::Node;

mod cost;

/// Bytes of a schema.
const SCHEMA_BYTES: usize = 1 << 20;
/// Faults that one message lists.
const FAULTS: usize = 50;
/// Bytes that one regular expression of a schema may take when it is compiled.
const PATTERN_BYTES: usize = 1 << 20;

/// A compiled schema.
pub struct Schema {
    document: Json,
    validator: Validator,
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Schema")
    }
}

/// Nothing outside the chart is fetched. As in Helm, a URN that nobody knows permits everything.
struct Nothing;

impl Retrieve for Nothing {
    fn retrieve(
        &self,
        uri: &Uri<String>,
    ) -> Result<Json, Box<dyn std::error::Error + Send + Sync>> {
        if uri.scheme().as_str() == "urn" {
            return Ok(Json::Bool(true));
        }
        Err(format!("{uri} lies outside the chart, and schemas are not fetched: put the definition into the chart's own schema").into())
    }
}

impl Schema {
    fn compile(text: &[u8]) -> Result<Self, String> {
        if text.len() > SCHEMA_BYTES {
            return Err(format!("the schema has more than {SCHEMA_BYTES} bytes"));
        }
        let schema: Json = serde_json::from_slice(text).map_err(|error| error.to_string())?;
        let draft = if schema.get("$schema").is_some() {
            None
        } else {
            Some(Draft::Draft202012)
        };
        let mut options = jsonschema::options()
            .with_retriever(Nothing)
            .with_base_uri("file:///values.schema.json")
            .with_pattern_options(
                PatternOptions::regex()
                    .size_limit(PATTERN_BYTES)
                    .dfa_size_limit(PATTERN_BYTES),
            );
        if let Some(draft) = draft {
            options = options.with_draft(draft);
        }
        options
            .build(&schema)
            .map(|validator| Self {
                document: schema,
                validator,
            })
            .map_err(|error| error.to_string())
    }

    /// What is wrong, a line each.
    fn faults(&self, values: &Json) -> Vec<String> {
        if let Err(message) = cost::bounded(&self.document, values) {
            return vec![message];
        }
        self.validator
            .iter_errors(values)
            .take(FAULTS)
            .map(|error| format!("- at '{}': {error}", error.instance_path()))
            .collect()
    }
}

/// Checks the values of a chart and its subcharts against their schemas.
///
/// # Errors
/// Everything that is wrong, chart by chart, in the form that Helm gives it, and with the file of the schema.
pub fn validate(chart: &Node, values: &Map) -> Result<(), String> {
    let mut text = String::new();
    check(chart, values, &mut text);
    if text.is_empty() {
        return Ok(());
    }
    Err(format!(
        "values don't meet the specifications of the schema(s) in the following chart(s):\n{}",
        text.trim_end()
    ))
}

fn check(chart: &Node, values: &Map, text: &mut String) {
    let faults = own_faults(&chart.data, values);
    if let Some(schema) = &chart.data.schema
        && !faults.is_empty()
    {
        let (name, file) = (&chart.name, &schema.origin);
        let _ = writeln!(text, "{name} ({file}):\n{}", faults.join("\n"));
    }
    for child in &chart.children {
        match values.get(&child.name) {
            None | Some(Value::Nil) => {}
            Some(Value::Map(values)) => check(child, &values, text),
            Some(other) => {
                let _ = writeln!(
                    text,
                    "{}:\ninvalid type for values: expected object (map), got {}",
                    child.name,
                    other.go_type()
                );
            }
        }
    }
}

fn own_faults(chart: &ChartData, values: &Map) -> Vec<String> {
    let Some(file) = &chart.schema else {
        return Vec::new();
    };
    let schema = chart
        .compiled_schema
        .get_or_init(|| Schema::compile(&file.data));
    match schema {
        Ok(schema) => schema.faults(&to_json(&Value::Map(values.clone()))),
        Err(message) => vec![format!("{}: {message}", file.origin)],
    }
}
