//! Reads bodies: content type, size, JSON, types and unknown fields, each with an error that says where.

use async_trait::async_trait;
use dropshot::{
    ApiEndpointBodyContentType, ExclusiveExtractor, ExtractorMetadata, HttpError, RequestContext,
    RequestInfo, ServerContext,
};
use http_body_util::{BodyExt, Limited};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::ApiError;

/// The largest body that is read, in bytes. An application of 1 MiB is the most that etcd takes, too.
pub const MAX_BYTES: usize = 4 * 1024 * 1024;

/// The largest body that is taken as it came, in bytes: an event of a Git server names a few hundred commits at most.
pub const MAX_RAW_BYTES: usize = 1024 * 1024;

/// How many unknown fields an error names at most.
const NAMED_UNKNOWN_FIELDS: usize = 5;

/// A body that has not been read yet: who calls is established first.
#[derive(Debug)]
pub struct Body<T> {
    body: dropshot::Body,
    shape: std::marker::PhantomData<fn() -> T>,
}

#[async_trait]
impl<T> ExclusiveExtractor for Body<T>
where
    T: JsonSchema + DeserializeOwned + Send + Sync + 'static,
{
    async fn from_request<Context: ServerContext>(
        _rqctx: &RequestContext<Context>,
        request: hyper::Request<dropshot::Body>,
    ) -> Result<Self, HttpError> {
        Ok(Self {
            body: request.into_body(),
            shape: std::marker::PhantomData,
        })
    }

    fn metadata(body_content_type: ApiEndpointBodyContentType) -> ExtractorMetadata {
        dropshot::TypedBody::<T>::metadata(body_content_type)
    }
}

impl<T> Body<T>
where
    T: tiphys_model::body::Body + DeserializeOwned,
{
    /// Reads a body that has to be there.
    ///
    /// # Errors
    /// 415 for another content type, 400 for everything else.
    pub async fn read(self, request: &RequestInfo) -> Result<T, ApiError> {
        require_json(request, false)?;
        let bytes = collect(self.body).await?;
        if bytes.is_empty() {
            return Err(ApiError::invalid(
                "the request has no body; send a JSON object",
            ));
        }
        parse(&bytes)
    }

    /// Reads a body that may be absent.
    ///
    /// # Errors
    /// As [`Body::read`].
    pub async fn read_optional(self, request: &RequestInfo) -> Result<Option<T>, ApiError> {
        let bytes = collect(self.body).await?;
        require_json(request, bytes.is_empty())?;
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Ok(None);
        }
        parse(&bytes).map(Some)
    }
}

/// A body that is taken as the bytes that came, whatever its content type says: a signature is over exactly those.
#[derive(Debug)]
pub struct Raw {
    body: dropshot::Body,
}

#[async_trait]
impl ExclusiveExtractor for Raw {
    async fn from_request<Context: ServerContext>(
        _rqctx: &RequestContext<Context>,
        request: hyper::Request<dropshot::Body>,
    ) -> Result<Self, HttpError> {
        Ok(Self {
            body: request.into_body(),
        })
    }

    fn metadata(body_content_type: ApiEndpointBodyContentType) -> ExtractorMetadata {
        dropshot::UntypedBody::metadata(body_content_type)
    }
}

impl Raw {
    /// Reads the body, at most [`MAX_RAW_BYTES`].
    ///
    /// # Errors
    /// 400 when it is larger, or ended early.
    pub async fn read(self) -> Result<bytes::Bytes, ApiError> {
        collect_within(self.body, MAX_RAW_BYTES).await
    }
}

async fn collect(body: dropshot::Body) -> Result<bytes::Bytes, ApiError> {
    collect_within(body, MAX_BYTES).await
}

async fn collect_within(body: dropshot::Body, most: usize) -> Result<bytes::Bytes, ApiError> {
    match Limited::new(body, most).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => {
            Err(ApiError::invalid(format!(
                "the body is larger than {most} bytes, which is the most that this server reads"
            )))
        }
        Err(_) => Err(ApiError::invalid("the body ended before it was complete")),
    }
}

/// Insists on `application/json`. A request without a body needs no content type when it carries a bearer token, which no
/// browser adds on behalf of another site.
///
/// # Errors
/// 415.
pub fn require_json(request: &RequestInfo, without_body: bool) -> Result<(), ApiError> {
    let headers = request.headers();
    match headers.get(http::header::CONTENT_TYPE) {
        Some(value) => {
            let media = value.to_str().unwrap_or_default();
            let media = media.split(';').next().unwrap_or_default().trim();
            if media.eq_ignore_ascii_case("application/json") {
                return Ok(());
            }
        }
        None if without_body && crate::session::bearer(headers).is_some() => return Ok(()),
        None => {}
    }
    Err(ApiError::unsupported_media_type(
        "Invalid content type: send `Content-Type: application/json`",
    ))
}

/// Reads JSON into a type.
///
/// # Errors
/// 400 with the place of the fault: line and column for what is no JSON, the path of the field otherwise.
pub fn parse<T>(bytes: &[u8]) -> Result<T, ApiError>
where
    T: tiphys_model::body::Body + DeserializeOwned,
{
    let text = std::str::from_utf8(bytes).map_err(|error| {
        ApiError::invalid(format!(
            "the body is not UTF-8: byte {} begins no character",
            error.valid_up_to()
        ))
    })?;
    let mut value: Value = serde_json::from_str(text)
        .map_err(|error| ApiError::invalid(format!("the body is not valid JSON: {error}")))?;
    if let Value::Object(object) = &mut value {
        for name in T::IGNORED {
            object.remove(*name);
        }
    }
    let mut unknown = Vec::new();
    let mut track = serde_path_to_error::Track::new();
    let tracked = serde_path_to_error::Deserializer::new(value, &mut track);
    let read = serde_ignored::deserialize(tracked, |path| {
        let path = path.to_string();
        if T::STRICT && !path.starts_with("metadata.") && !path.contains(".metadata.") {
            unknown.push(path);
        }
    });
    match read {
        Err(error) => {
            let path = track.path().to_string();
            let message = shorten(&error.to_string()).into_owned();
            Err(ApiError::invalid(if path == "." {
                format!("the body is not as expected: {message}")
            } else {
                format!("{path}: {message}")
            }))
        }
        Ok(_) if !unknown.is_empty() => Err(ApiError::invalid(unknown_fields(&unknown))),
        Ok(value) => Ok(value),
    }
}

fn unknown_fields(paths: &[String]) -> String {
    let shown: Vec<_> = paths
        .iter()
        .take(NAMED_UNKNOWN_FIELDS)
        // An optional field adds a `?` to the path of what it holds.
        .map(|path| format!("`{}`", shorten(&path.replace(".?", ""))))
        .collect();
    let more = paths.len().saturating_sub(NAMED_UNKNOWN_FIELDS);
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    format!(
        "unknown field{} {}{more}: nothing was written, so that a misspelt field is not lost silently",
        if paths.len() == 1 { "" } else { "s" },
        shown.join(", ")
    )
}

/// Keeps what a client sent from making a message long.
#[must_use]
pub fn shorten(text: &str) -> std::borrow::Cow<'_, str> {
    const MOST: usize = 300;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]).into(),
        None => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use tiphys_model::{Application, SyncRequest};

    use super::*;

    fn refused(body: &str) -> String {
        parse::<Application>(body.as_bytes())
            .expect_err("a body that must be refused")
            .message
    }

    const DESTINATION: &str = r#""destination":{"server":"https://kubernetes.default.svc"}"#;

    #[test]
    fn a_wrong_type_names_its_path() {
        let body = format!(
            r#"{{"metadata":{{"name":"a"}},"spec":{{{DESTINATION},"syncPolicy":{{"automated":{{"prune":"yes"}}}}}}}}"#
        );
        let message = refused(&body);
        assert!(
            message.starts_with("spec.syncPolicy.automated.prune: "),
            "{message}"
        );
    }

    #[test]
    fn an_unknown_field_names_its_path() {
        let body = format!(
            r#"{{"metadata":{{"name":"a"}},"spec":{{{DESTINATION},"syncPolicy":{{"automatic":{{}}}},"sources":[{{"repoURL":"r","pth":"x"}}]}}}}"#
        );
        let message = refused(&body);
        assert!(message.contains("`spec.syncPolicy.automatic`"), "{message}");
        assert!(message.contains("`spec.sources.0.pth`"), "{message}");
    }

    #[test]
    fn status_and_unknown_metadata_are_ignored() {
        let body = format!(
            r#"{{"metadata":{{"name":"a","managedFields":[{{}}],"later":1}},"spec":{{{DESTINATION}}},"status":{{"sync":{{"status":""}}}},"operation":7}}"#
        );
        let application: Application = parse(body.as_bytes()).expect("a body that is accepted");
        assert_eq!(application.metadata.name, "a");
        assert!(application.operation.is_none());
    }

    #[test]
    fn what_is_no_json_names_line_and_column() {
        assert!(refused("{\"metadata\":").contains("line 1 column 12"));
        assert!(refused(&"[".repeat(100_000)).contains("recursion limit"));
        let invalid = parse::<Application>(b"{\"a\":\"\xff\"}").expect_err("no UTF-8");
        assert!(invalid.message.contains("byte 6"), "{}", invalid.message);
    }

    #[test]
    fn requests_ignore_what_they_do_not_know() {
        let request: SyncRequest = parse(br#"{"appNames":["x"],"prune":true,"resources":null}"#)
            .expect("a lenient reading");
        assert!(request.prune);
    }

    #[test]
    fn a_message_stays_short() {
        let body = format!(r#"{{"metadata":{{"name":"{}"#, "x".repeat(1_000_000));
        assert!(refused(&body).len() < 1_000);
    }
}
