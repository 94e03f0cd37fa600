//! Writes the types of the wire: `model/src/wire.rs`.

use std::fmt::Write as _;

use super::document::{Document, Kind, Property, Schema, Shape};
use super::names;

/// The source of the module.
pub fn generate(document: &Document) -> String {
    let mut out = String::from(
        "//! Types of the wire. Generated from spec/openapi.yaml: change that, then run `cargo xtask spec`.\n\n\
         use std::collections::BTreeMap;\n\nuse chrono::{DateTime, Utc};\nuse serde::{Deserialize, Serialize};\n\n\
         use crate::lenient;\nuse crate::write_only::WriteOnly;\n\n",
    );
    for schema in &document.schemas {
        match &schema.shape {
            Shape::Enumeration(values) => enumeration(&mut out, schema, values),
            Shape::Object {
                properties,
                written,
                ignored_on_write,
            } => {
                structure(&mut out, document, schema, properties, false);
                body(&mut out, schema, *written, ignored_on_write);
                if document.holds_secret(&Kind::Named(schema.name.clone()))
                    && is_sent(document, &schema.name)
                {
                    structure(&mut out, document, schema, properties, true);
                }
            }
        }
    }
    out
}

/// Whether some response holds this schema.
fn is_sent(document: &Document, name: &str) -> bool {
    fn reaches(document: &Document, kind: &Kind, name: &str) -> bool {
        match kind {
            Kind::List(inner) | Kind::Map(inner) => reaches(document, inner, name),
            Kind::Named(other) if other == name => true,
            Kind::Named(other) => match document.schema(other).map(|schema| &schema.shape) {
                Ok(Shape::Object { properties, .. }) => properties
                    .iter()
                    .any(|property| reaches(document, &property.kind, name)),
                _ => false,
            },
            _ => false,
        }
    }
    document
        .operations
        .iter()
        .any(|operation| reaches(document, &operation.response, name))
}

/// The Rust type of a kind. `output` takes the variant without secrets where there is one.
pub fn rust_type(document: &Document, kind: &Kind, output: bool) -> String {
    match kind {
        Kind::Any => "serde_json::Value".into(),
        Kind::Text => "String".into(),
        Kind::Time => "DateTime<Utc>".into(),
        Kind::Integer => "i64".into(),
        Kind::Flag => "bool".into(),
        Kind::List(inner) => format!("Vec<{}>", rust_type(document, inner, output)),
        Kind::Map(inner) => format!("BTreeMap<String, {}>", rust_type(document, inner, output)),
        Kind::Named(name) if output && document.holds_secret(kind) => format!("{name}Output"),
        Kind::Named(name) => name.clone(),
    }
}

fn doc(out: &mut String, indent: &str, text: &str) {
    let _ = writeln!(out, "{indent}/// {text}");
}

fn enumeration(out: &mut String, schema: &Schema, values: &[String]) {
    doc(out, "", &schema.description);
    out.push_str(
        "#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]\n\
         #[cfg_attr(feature = \"schema\", derive(schemars::JsonSchema))]\n",
    );
    let default = values
        .iter()
        .position(|value| value == "Unknown")
        .unwrap_or(0);
    let _ = writeln!(out, "pub enum {} {{", schema.name);
    for (index, value) in values.iter().enumerate() {
        if index == default {
            out.push_str("    #[default]\n");
        }
        let _ = writeln!(out, "    {value},");
    }
    out.push_str("}\n\n");
    let _ = writeln!(
        out,
        "impl {0} {{\n    /// The name on the wire.\n    #[must_use]\n    pub fn as_str(self) -> &'static str {{\n        match self {{",
        schema.name
    );
    for value in values {
        let _ = writeln!(out, "            Self::{value} => \"{value}\",");
    }
    out.push_str("        }\n    }\n}\n\n");
    let _ = writeln!(
        out,
        "impl std::fmt::Display for {} {{\n    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {{\n        f.write_str(self.as_str())\n    }}\n}}\n",
        schema.name
    );
}

fn structure(
    out: &mut String,
    document: &Document,
    schema: &Schema,
    properties: &[Property],
    output: bool,
) {
    let suffix = if output { "Output" } else { "" };
    if output {
        doc(
            out,
            "",
            &format!(
                "{} This is what is sent: there is no field for a secret.",
                schema.description
            ),
        );
    } else {
        doc(out, "", &schema.description);
    }
    out.push_str(
        "#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]\n\
         #[cfg_attr(feature = \"schema\", derive(schemars::JsonSchema))]\n",
    );
    if output {
        let _ = writeln!(
            out,
            "#[cfg_attr(feature = \"schema\", schemars(rename = \"{}Output\"))]",
            schema.name
        );
    }
    let _ = writeln!(out, "pub struct {}{suffix} {{", schema.name);
    for property in properties {
        if output && property.write_only {
            continue;
        }
        doc(out, "    ", &property.description);
        let (type_, attributes) = field(document, property, output);
        let name = names::field(&property.name);
        let mut serde = Vec::new();
        if name != property.name {
            serde.push(format!("rename = \"{}\"", property.name));
        }
        serde.extend(attributes);
        if !serde.is_empty() {
            let _ = writeln!(out, "    #[serde({})]", serde.join(", "));
        }
        let _ = writeln!(out, "    pub {name}: {type_},");
    }
    out.push_str("}\n\n");
}

/// The type of a field and its serde attributes. Go's `omitempty` is the rule of this wire: a zero value is absent, and
/// `null` is a zero value.
fn field(document: &Document, property: &Property, output: bool) -> (String, Vec<String>) {
    let plain = if property.write_only {
        "WriteOnly".to_owned()
    } else {
        rust_type(document, &property.kind, output)
    };
    if property.required {
        let attributes = match property.kind {
            Kind::Integer => vec!["deserialize_with = \"lenient::integer\"".to_owned()],
            _ => Vec::new(),
        };
        return (plain, attributes);
    }
    let null = || "deserialize_with = \"lenient::null_is_default\"".to_owned();
    let skip = |check: &str| format!("skip_serializing_if = \"{check}\"");
    let default = || "default".to_owned();
    match &property.kind {
        _ if property.write_only => (plain, vec![default(), null(), skip("WriteOnly::is_empty")]),
        Kind::Text | Kind::Flag if property.presence => (
            format!("Option<{plain}>"),
            vec![default(), skip("Option::is_none")],
        ),
        Kind::Text => (plain, vec![default(), null(), skip("String::is_empty")]),
        Kind::Flag => (plain, vec![default(), null(), skip("lenient::is_false")]),
        Kind::Integer => (
            "Option<i64>".to_owned(),
            vec![
                default(),
                "deserialize_with = \"lenient::optional_integer\"".to_owned(),
                skip("Option::is_none"),
            ],
        ),
        Kind::List(_) => (plain, vec![default(), null(), skip("Vec::is_empty")]),
        Kind::Map(_) => (plain, vec![default(), null(), skip("BTreeMap::is_empty")]),
        Kind::Any | Kind::Time | Kind::Named(_) => (
            format!("Option<{plain}>"),
            vec![default(), skip("Option::is_none")],
        ),
    }
}

fn body(out: &mut String, schema: &Schema, written: bool, ignored: &[String]) {
    let list = ignored
        .iter()
        .map(|name| format!("\"{name}\""))
        .collect::<Vec<_>>()
        .join(", ");
    let _ = writeln!(
        out,
        "impl crate::body::Body for {} {{\n    const STRICT: bool = {written};\n    const IGNORED: &'static [&'static str] = &[{list}];\n}}\n",
        schema.name
    );
}
