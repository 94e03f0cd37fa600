//! Answers: JSON with cookies, and JSON that is encoded already.

use std::marker::PhantomData;
use std::sync::Arc;

use dropshot::{Body, HttpResponseHeaders, HttpResponseOk};
use http::{HeaderValue, Response, header};
use schemars::JsonSchema;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::session::Session;

/// A JSON answer, with headers.
pub type Reply<T> = HttpResponseHeaders<HttpResponseOk<T>>;

/// Answers, and renews the session where that is due.
pub fn reply<T>(body: T, session: Option<&Session>) -> Reply<T>
where
    T: JsonSchema + Serialize + Send + Sync + 'static,
{
    with_cookies(body, session.map(Session::cookies).unwrap_or_default())
}

fn with_cookies<T>(body: T, cookies: &[HeaderValue]) -> Reply<T>
where
    T: JsonSchema + Serialize + Send + Sync + 'static,
{
    let mut reply = HttpResponseHeaders::new_unnamed(HttpResponseOk(body));
    for cookie in cookies {
        reply
            .headers_mut()
            .append(header::SET_COOKIE, cookie.clone());
    }
    reply
}

/// An answer with cookies.
#[derive(Debug)]
pub struct WithCookies<T> {
    body: T,
    cookies: Vec<HeaderValue>,
}

impl<T: JsonSchema + Serialize + Send + Sync + 'static> WithCookies<T> {
    /// An answer that sets these values of `Set-Cookie`.
    pub fn new(body: T, cookies: Vec<HeaderValue>) -> Self {
        Self { body, cookies }
    }

    /// The answer for Dropshot.
    pub fn into_reply(self) -> Reply<T> {
        with_cookies(self.body, &self.cookies)
    }
}

/// The JSON text of a `T`, encoded before.
#[derive(Debug)]
pub struct Encoded<T> {
    json: Arc<RawValue>,
    of: PhantomData<fn() -> T>,
}

impl<T> Encoded<T> {
    /// The text of a `T`.
    #[must_use]
    pub fn new(json: impl Into<Arc<RawValue>>) -> Self {
        Self {
            json: json.into(),
            of: PhantomData,
        }
    }

    /// Encodes a value now.
    ///
    /// # Errors
    /// When the value cannot be written as JSON.
    pub fn of(value: &T) -> Result<Self, serde_json::Error>
    where
        T: Serialize,
    {
        Ok(Self::new(serde_json::value::to_raw_value(value)?))
    }
}

impl<T> Serialize for Encoded<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.json.serialize(serializer)
    }
}

impl<T: JsonSchema> JsonSchema for Encoded<T> {
    fn schema_name() -> String {
        T::schema_name()
    }

    fn json_schema(generator: &mut schemars::r#gen::SchemaGenerator) -> schemars::schema::Schema {
        T::json_schema(generator)
    }

    fn is_referenceable() -> bool {
        T::is_referenceable()
    }
}

/// An answer in plain text.
pub fn text(body: String) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    response
}
