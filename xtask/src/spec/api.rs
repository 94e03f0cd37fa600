//! Writes the API: `api/src/generated.rs`.
//!
//! Three layers come out. `ControlPlane` is what a server implements: plain types, no Dropshot. `Api` is the Dropshot trait,
//! from which Dropshot's own document is emitted. `Adapter` implements the second through the first: it authenticates
//! unless the document says `security: []`, and only then reads query and body. No handler can forget that.

use std::fmt::Write as _;

use anyhow::{Result, bail};

use super::document::{Answer, Document, Kind, Operation, Parameter, Security};
use super::names;
use super::types::rust_type;

/// The source of the module.
pub fn generate(document: &Document) -> Result<String> {
    check_routes(document)?;
    let mut out = String::from(
        "//! The API. Generated from spec/openapi.yaml: change that, then run `cargo xtask spec`.\n\n\
         use std::future::Future;\nuse std::marker::PhantomData;\nuse std::sync::Arc;\n\n\
         use dropshot::{Body as HttpBody, Path, RequestContext};\nuse http::Response;\nuse schemars::JsonSchema;\nuse serde::Deserialize;\n\
         use tiphys_model::*;\n\n\
         use crate::body::{Body, Raw};\nuse crate::error::ApiError;\nuse crate::query::{FromQuery, Pairs, Query};\n\
         use crate::reply::{Encoded, Reply, WithCookies, text};\nuse crate::session::{Authenticate, Caller, Session, authenticate, identify};\n\n",
    );
    for operation in &document.operations {
        parameters(&mut out, operation);
    }
    handlers(&mut out, document);
    dropshot_trait(&mut out, document);
    adapter(&mut out, document);
    Ok(out)
}

/// Dropshot panics at start when a literal stands beside a variable, or two variables at one place have two names. That is
/// found here instead.
fn check_routes(document: &Document) -> Result<()> {
    for one in &document.operations {
        for other in &document.operations {
            for (a, b) in one.path.split('/').zip(other.path.split('/')) {
                if a == b {
                    continue;
                }
                if a.starts_with('{') || b.starts_with('{') {
                    bail!(
                        "{} and {} cannot both be routed: `{a}` stands beside `{b}`",
                        one.path,
                        other.path
                    );
                }
                break;
            }
        }
    }
    Ok(())
}

fn path_type(operation: &Operation) -> Option<String> {
    (!operation.path_parameters.is_empty()).then(|| format!("{}Path", names::pascal(&operation.id)))
}

fn query_type(operation: &Operation) -> Option<String> {
    (!operation.query_parameters.is_empty())
        .then(|| format!("{}Query", names::pascal(&operation.id)))
}

/// The path as Dropshot takes it: variables are identifiers.
pub fn dropshot_path(path: &str) -> String {
    path.split('/')
        .map(|segment| {
            match segment
                .strip_prefix('{')
                .and_then(|rest| rest.strip_suffix('}'))
            {
                Some(name) => format!("{{{}}}", names::snake(name)),
                None => segment.to_owned(),
            }
        })
        .collect::<Vec<_>>()
        .join("/")
}

fn parameters(out: &mut String, operation: &Operation) {
    if let Some(name) = path_type(operation) {
        let _ = writeln!(
            out,
            "/// Path of `{}`.\n#[derive(Clone, Debug, Deserialize, JsonSchema)]\npub struct {name} {{",
            operation.id
        );
        for parameter in &operation.path_parameters {
            let _ = writeln!(
                out,
                "    /// {}\n    pub {}: String,",
                parameter.description,
                names::field(&parameter.name)
            );
        }
        out.push_str("}\n\n");
    }
    let Some(name) = query_type(operation) else {
        return;
    };
    let _ = writeln!(
        out,
        "/// Query of `{}`.\n#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]\npub struct {name} {{",
        operation.id
    );
    for parameter in &operation.query_parameters {
        let field = names::field(&parameter.name);
        let mut attributes = String::new();
        if field != parameter.name {
            let _ = writeln!(attributes, "    #[serde(rename = \"{}\")]", parameter.name);
        }
        if matches!(parameter.kind, Kind::List(_)) {
            attributes.push_str("    #[schemars(with = \"Option<String>\")]\n");
        }
        let _ = writeln!(
            out,
            "    /// {}\n{attributes}    pub {field}: {},",
            parameter.description,
            query_field(parameter)
        );
    }
    let _ = writeln!(
        out,
        "}}\n\nimpl FromQuery for {name} {{\n    fn from_query(pairs: &Pairs) -> Result<Self, ApiError> {{\n        Ok(Self {{"
    );
    for parameter in &operation.query_parameters {
        let read = match parameter.kind {
            Kind::Flag => "flag",
            Kind::List(_) => "list",
            _ => "text",
        };
        let question = if read == "list" { "" } else { "?" };
        let _ = writeln!(
            out,
            "            {}: pairs.{read}(\"{}\"){question},",
            names::field(&parameter.name),
            parameter.name
        );
    }
    out.push_str("        })\n    }\n}\n\n");
}

fn query_field(parameter: &Parameter) -> &'static str {
    match parameter.kind {
        Kind::Flag => "Option<bool>",
        Kind::List(_) => "Vec<String>",
        _ => "Option<String>",
    }
}

/// What a handler answers with.
fn handler_result(document: &Document, operation: &Operation) -> String {
    let response = rust_type(document, &operation.response, true);
    match operation.answer {
        Answer::Encoded => format!("Encoded<{response}>"),
        Answer::Cookies => format!("WithCookies<{response}>"),
        Answer::Text => "String".to_owned(),
        Answer::Stream => "Response<HttpBody>".to_owned(),
        Answer::Json if operation.response == Kind::Any => "Encoded<serde_json::Value>".to_owned(),
        Answer::Json => response,
    }
}

fn handlers(out: &mut String, document: &Document) {
    out.push_str(
        "/// What a control plane does: one function an operation. Who calls has been established, and the request has been read.\n\
         pub trait ControlPlane: Authenticate + Send + Sync + 'static {\n",
    );
    for operation in &document.operations {
        let mut arguments = Vec::new();
        match operation.security {
            Security::Required => arguments.push("caller: &Caller".to_owned()),
            Security::Optional => arguments.push("caller: Option<&Caller>".to_owned()),
            Security::None => {}
        }
        if operation.sees_headers {
            arguments.push("headers: &http::HeaderMap".to_owned());
        }
        if let Some(path) = path_type(operation) {
            arguments.push(format!("path: {path}"));
        }
        if let Some(query) = query_type(operation) {
            arguments.push(format!("query: {query}"));
        }
        match &operation.body {
            Some((name, true)) => arguments.push(format!("body: {name}")),
            Some((name, false)) => arguments.push(format!("body: Option<{name}>")),
            None if operation.raw_body => arguments.push("body: bytes::Bytes".to_owned()),
            None => {}
        }
        let _ = writeln!(
            out,
            "    /// {} {}",
            operation.summary.trim_end_matches('.').to_owned() + ".",
            operation.description
        );
        let _ = writeln!(
            out,
            "    fn {}(&self{}{}) -> impl Future<Output = Result<{}, ApiError>> + Send;",
            names::snake(&operation.id),
            if arguments.is_empty() { "" } else { ", " },
            arguments.join(", "),
            handler_result(document, operation)
        );
    }
    out.push_str("}\n\n");
}

/// What the Dropshot method answers with.
fn dropshot_result(document: &Document, operation: &Operation) -> String {
    match operation.answer {
        Answer::Text | Answer::Stream => "Response<HttpBody>".to_owned(),
        Answer::Json if operation.response == Kind::Any => {
            "Reply<Encoded<serde_json::Value>>".to_owned()
        }
        Answer::Encoded => format!(
            "Reply<Encoded<{}>>",
            rust_type(document, &operation.response, true)
        ),
        _ => format!("Reply<{}>", rust_type(document, &operation.response, true)),
    }
}

fn signature(document: &Document, operation: &Operation) -> String {
    let mut arguments = vec!["rqctx: RequestContext<Self::Context>".to_owned()];
    if let Some(path) = path_type(operation) {
        arguments.push(format!("path: Path<{path}>"));
    }
    if let Some(query) = query_type(operation) {
        arguments.push(format!("query: Query<{query}>"));
    }
    if let Some((name, _)) = &operation.body {
        arguments.push(format!("body: Body<{name}>"));
    } else if operation.raw_body {
        arguments.push("body: Raw".to_owned());
    }
    format!(
        "async fn {}({}) -> Result<{}, ApiError>",
        names::snake(&operation.id),
        arguments.join(", "),
        dropshot_result(document, operation)
    )
}

fn dropshot_trait(out: &mut String, document: &Document) {
    out.push_str("/// The API as Dropshot sees it.\n#[dropshot::api_description { module = \"routes\" }]\npub trait Api {\n    /// What serves the requests.\n    type Context;\n\n");
    for operation in &document.operations {
        let _ = writeln!(
            out,
            "    /// {}\n    ///\n    /// {}",
            operation.summary, operation.description
        );
        let _ = writeln!(
            out,
            "    #[endpoint {{ method = {}, path = \"{}\", operation_id = \"{}\", tags = [\"{}\"]{} }}]",
            operation.method,
            dropshot_path(&operation.path),
            operation.id,
            operation.tag,
            if operation.body.is_some() {
                ", request_body_max_bytes = crate::body::MAX_BYTES"
            } else if operation.raw_body {
                ", request_body_max_bytes = crate::body::MAX_RAW_BYTES"
            } else {
                ""
            }
        );
        let _ = writeln!(out, "    {};\n", signature(document, operation));
    }
    out.push_str("}\n\n");
}

fn adapter(out: &mut String, document: &Document) {
    out.push_str(
        "/// Serves the API through a control plane.\npub struct Adapter<C>(PhantomData<C>);\n\n\
         impl<C: ControlPlane> Api for Adapter<C> {\n    type Context = Arc<C>;\n\n",
    );
    for operation in &document.operations {
        let _ = writeln!(out, "    {} {{", signature(document, operation));
        out.push_str("        let plane = rqctx.context().as_ref();\n");
        let mut arguments = Vec::new();
        match operation.security {
            Security::Required => {
                out.push_str("        let session = authenticate(plane, &rqctx.request).await?;\n");
                arguments.push("session.caller()".to_owned());
            }
            Security::Optional => {
                out.push_str("        let session = identify(plane, &rqctx.request).await;\n");
                arguments.push("session.as_ref().map(Session::caller)".to_owned());
            }
            Security::None => {}
        }
        if operation.body.is_none() && !operation.raw_body && operation.method != "GET" {
            out.push_str("        crate::body::require_json(&rqctx.request, true)?;\n");
        }
        if operation.sees_headers {
            arguments.push("rqctx.request.headers()".to_owned());
        }
        if path_type(operation).is_some() {
            out.push_str("        let path = path.into_inner();\n");
            arguments.push("path".to_owned());
        }
        if query_type(operation).is_some() {
            out.push_str("        let query = query.read()?;\n");
            arguments.push("query".to_owned());
        }
        match &operation.body {
            Some((_, true)) => {
                out.push_str("        let body = body.read(&rqctx.request).await?;\n");
                arguments.push("body".to_owned());
            }
            Some((_, false)) => {
                out.push_str("        let body = body.read_optional(&rqctx.request).await?;\n");
                arguments.push("body".to_owned());
            }
            None if operation.raw_body => {
                out.push_str("        let body = body.read().await?;\n");
                arguments.push("body".to_owned());
            }
            None => {}
        }
        let call = format!(
            "plane.{}({}).await?",
            names::snake(&operation.id),
            arguments.join(", ")
        );
        match operation.answer {
            Answer::Text => {
                let _ = writeln!(out, "        Ok(text({call}))");
            }
            Answer::Stream => {
                let _ = writeln!(out, "        {}", call.trim_end_matches('?'));
            }
            Answer::Cookies => {
                let _ = writeln!(out, "        Ok({call}.into_reply())");
            }
            Answer::Json | Answer::Encoded => {
                let renewed = match operation.security {
                    Security::Required => "Some(&session)",
                    Security::Optional => "session.as_ref()",
                    Security::None => "None",
                };
                let _ = writeln!(out, "        Ok(crate::reply::reply({call}, {renewed}))");
            }
        }
        out.push_str("    }\n\n");
    }
    out.push_str("}\n");
}
