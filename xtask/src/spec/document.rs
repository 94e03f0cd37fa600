//! The checked-in document, read into the few notions that the generators need.
//!
//! What the generators do not understand is an error here, so that nothing in the document is silently without effect.

use anyhow::{Context as _, Result, bail};
use serde_json::{Map, Value};

/// The document, and what the generators take from it.
pub struct Document {
    /// The document as it is.
    pub json: Value,
    /// Named schemas, in the order of the document.
    pub schemas: Vec<Schema>,
    /// Operations, in the order of the document.
    pub operations: Vec<Operation>,
}

/// A named schema.
pub struct Schema {
    pub name: String,
    pub description: String,
    pub shape: Shape,
}

/// What a named schema looks like.
pub enum Shape {
    Object {
        properties: Vec<Property>,
        /// Written by users: an unknown field is an error instead of being ignored.
        written: bool,
        /// Top-level fields that are taken out of a written body before it is read.
        ignored_on_write: Vec<String>,
    },
    Enumeration(Vec<String>),
}

/// A property of an object.
pub struct Property {
    pub name: String,
    pub description: String,
    pub kind: Kind,
    pub required: bool,
    /// Whether absence differs from the zero value.
    pub presence: bool,
    /// A secret that is never sent to a client.
    pub write_only: bool,
}

/// The type of a property, parameter or element.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Kind {
    Any,
    Text,
    Time,
    Integer,
    Flag,
    List(Box<Kind>),
    Map(Box<Kind>),
    Named(String),
}

/// Who may call an operation.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// Only who is logged in.
    Required,
    /// Everybody; who is logged in gets more.
    Optional,
    /// Everybody.
    None,
}

/// How an operation answers, beyond plain JSON.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    Json,
    /// JSON that the handler has encoded already.
    Encoded,
    /// JSON, and cookies to set.
    Cookies,
    /// Plain text.
    Text,
    /// A stream that the handler writes: lines or events, as the client accepts.
    Stream,
}

/// An operation.
pub struct Operation {
    pub id: String,
    pub method: String,
    /// Whole path, with the base.
    pub path: String,
    pub tag: String,
    pub summary: String,
    pub description: String,
    pub security: Security,
    pub path_parameters: Vec<Parameter>,
    pub query_parameters: Vec<Parameter>,
    /// Name of the body's schema, and whether a body must be there.
    pub body: Option<(String, bool)>,
    /// Whether the handler takes the body as the bytes that came, because it checks their signature.
    pub raw_body: bool,
    pub response: Kind,
    pub answer: Answer,
    /// Whether the handler sees the request's headers, because it deals with credentials itself.
    pub sees_headers: bool,
}

/// A parameter in the path or the query.
pub struct Parameter {
    pub name: String,
    pub description: String,
    pub kind: Kind,
}

impl Document {
    /// Reads the document from YAML.
    pub fn parse(yaml: &str) -> Result<Self> {
        let json: Value = serde_norway::from_str(yaml).context("spec/openapi.yaml is not YAML")?;
        if text(&json, "openapi")? != "3.1.0" {
            bail!("spec/openapi.yaml: `openapi` has to be 3.1.0");
        }
        let schemas = object(&json["components"], "schemas")?
            .iter()
            .map(|(name, schema)| {
                read_schema(name, schema).with_context(|| format!("schema {name}"))
            })
            .collect::<Result<Vec<_>>>()?;
        let mut operations = Vec::new();
        for (path, item) in object(&json, "paths")? {
            for (method, operation) in item.as_object().context("a path item is an object")? {
                if method == "servers" {
                    continue;
                }
                operations.push(
                    read_operation(&json, path, item, method, operation)
                        .with_context(|| format!("{method} {path}"))?,
                );
            }
        }
        Ok(Self {
            json,
            schemas,
            operations,
        })
    }

    /// The named schema.
    pub fn schema(&self, name: &str) -> Result<&Schema> {
        self.schemas
            .iter()
            .find(|schema| schema.name == name)
            .with_context(|| format!("no schema is named {name}"))
    }

    /// Whether a value of this kind can hold a secret that must not be sent.
    pub fn holds_secret(&self, kind: &Kind) -> bool {
        match kind {
            Kind::List(inner) | Kind::Map(inner) => self.holds_secret(inner),
            Kind::Named(name) => match self.schema(name).map(|schema| &schema.shape) {
                Ok(Shape::Object { properties, .. }) => properties
                    .iter()
                    .any(|property| property.write_only || self.holds_secret(&property.kind)),
                _ => false,
            },
            _ => false,
        }
    }
}

fn text<'a>(value: &'a Value, key: &str) -> Result<&'a str> {
    value[key]
        .as_str()
        .with_context(|| format!("`{key}` is missing or not a string"))
}

fn object<'a>(value: &'a Value, key: &str) -> Result<&'a Map<String, Value>> {
    value[key]
        .as_object()
        .with_context(|| format!("`{key}` is missing or not an object"))
}

fn strings(value: &Value) -> Vec<String> {
    value
        .as_array()
        .map(|items| {
            items
                .iter()
                .filter_map(|item| item.as_str().map(str::to_owned))
                .collect()
        })
        .unwrap_or_default()
}

fn read_schema(name: &str, schema: &Value) -> Result<Schema> {
    let description = text(schema, "description")?.to_owned();
    let shape = match text(schema, "type")? {
        "string" => Shape::Enumeration(strings(&schema["enum"])),
        "object" => {
            let required = strings(&schema["required"]);
            let properties = match &schema["properties"] {
                Value::Object(properties) => properties
                    .iter()
                    .map(|(name, property)| {
                        read_property(name, property, required.contains(name))
                            .with_context(|| format!("property {name}"))
                    })
                    .collect::<Result<Vec<_>>>()?,
                _ => Vec::new(),
            };
            Shape::Object {
                properties,
                written: schema["x-tiphys-written-object"] == true,
                ignored_on_write: strings(&schema["x-tiphys-ignored-on-write"]),
            }
        }
        other => bail!("a named schema is an object or an enumeration, not {other}"),
    };
    Ok(Schema {
        name: name.to_owned(),
        description,
        shape,
    })
}

fn read_property(name: &str, property: &Value, required: bool) -> Result<Property> {
    Ok(Property {
        name: name.to_owned(),
        description: text(property, "description")?.to_owned(),
        kind: read_kind(property)?,
        required,
        presence: property["x-tiphys-presence"] == true,
        write_only: property["writeOnly"] == true,
    })
}

fn read_kind(schema: &Value) -> Result<Kind> {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = reference
            .strip_prefix("#/components/schemas/")
            .with_context(|| format!("{reference} does not name a schema of this document"))?;
        return Ok(Kind::Named(name.to_owned()));
    }
    Ok(match schema["type"].as_str() {
        None => Kind::Any,
        Some("string") if schema["format"] == "date-time" => Kind::Time,
        Some("string") if schema.get("enum").is_none() => Kind::Text,
        Some("integer") => Kind::Integer,
        Some("boolean") => Kind::Flag,
        Some("array") => Kind::List(Box::new(read_kind(&schema["items"])?)),
        Some("object") if schema.get("additionalProperties").is_some() => {
            Kind::Map(Box::new(read_kind(&schema["additionalProperties"])?))
        }
        Some(other) => bail!("give this {other} a name under components/schemas, and refer to it"),
    })
}

fn read_operation(
    document: &Value,
    path: &str,
    item: &Value,
    method: &str,
    operation: &Value,
) -> Result<Operation> {
    let servers = item.get("servers").unwrap_or(&document["servers"]);
    let base = text(&servers[0], "url")?.trim_end_matches('/');
    let security = match operation.get("security").and_then(Value::as_array) {
        None => Security::Required,
        Some(rules) if rules.is_empty() => Security::None,
        Some(rules)
            if rules
                .iter()
                .any(|rule| rule.as_object().is_some_and(Map::is_empty)) =>
        {
            Security::Optional
        }
        Some(_) => Security::Required,
    };
    let mut path_parameters = Vec::new();
    let mut query_parameters = Vec::new();
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        let read = Parameter {
            name: text(parameter, "name")?.to_owned(),
            description: text(parameter, "description")?.to_owned(),
            kind: read_kind(&parameter["schema"])?,
        };
        match text(parameter, "in")? {
            "path" => path_parameters.push(read),
            "query" => query_parameters.push(read),
            other => bail!("parameters in `{other}` are not supported"),
        }
    }
    let raw_body = match operation["x-tiphys-body"].as_str() {
        None => false,
        Some("raw") => true,
        Some(other) => bail!("x-tiphys-body: {other} is unknown"),
    };
    let body = match operation.get("requestBody") {
        None if raw_body => bail!("`x-tiphys-body: raw` needs a requestBody"),
        None => None,
        Some(_) if raw_body => None,
        Some(body) => match read_kind(&body["content"]["application/json"]["schema"])? {
            Kind::Named(name) => Some((name, body["required"] == true)),
            Kind::Text => Some(("String".to_owned(), body["required"] == true)),
            _ => bail!("a request body has a named schema, or is a string"),
        },
    };
    let content = object(&operation["responses"]["200"], "content")?;
    let extension = operation["x-tiphys-response"].as_str();
    let (response, answer) = match content.get("application/json") {
        None if extension == Some("stream") => (Kind::Text, Answer::Stream),
        None => (Kind::Text, Answer::Text),
        Some(media) => (
            read_kind(&media["schema"])?,
            match extension {
                Some("encoded") => Answer::Encoded,
                Some("cookies" | "session") => Answer::Cookies,
                Some(other) => bail!("x-tiphys-response: {other} is unknown"),
                None => Answer::Json,
            },
        ),
    };
    Ok(Operation {
        id: text(operation, "operationId")?.to_owned(),
        method: method.to_uppercase(),
        path: format!("{base}{path}"),
        tag: strings(&operation["tags"])
            .into_iter()
            .next()
            .context("an operation has a tag")?,
        summary: text(operation, "summary")?.to_owned(),
        description: text(operation, "description")?.to_owned(),
        // Logging out looks at the token itself: a token that is dead already is no error.
        security: if extension == Some("session") {
            Security::None
        } else {
            security
        },
        path_parameters,
        query_parameters,
        body,
        raw_body,
        response,
        answer,
        sees_headers: raw_body || matches!(extension, Some("session" | "stream")),
    })
}
