//! A small blocking JSON client: one request, one answer with its status, whatever that is.

use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use ureq::Agent;

/// An answer, read whole.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status code.
    pub status: u16,
    /// The response headers.
    pub headers: http::HeaderMap,
    /// The body as text.
    pub text: String,
    /// The body as JSON; null when it is none.
    pub body: Value,
}

impl Answer {
    /// The body when the status is 200.
    ///
    /// # Errors
    /// With status and body when it is not.
    pub fn ok(self) -> Result<Value> {
        if self.status == 200 || self.status == 201 {
            return Ok(self.body);
        }
        Err(anyhow!(
            "the server answered {}: {}",
            self.status,
            self.text
        ))
    }

    /// The `message` of an error body, or an empty text.
    #[must_use]
    pub fn message(&self) -> &str {
        self.body["message"].as_str().unwrap_or_default()
    }
}

/// A client of one server.
#[derive(Clone)]
pub struct Client {
    agent: Agent,
    base: String,
    token: Option<String>,
}

impl Client {
    /// A client that sends to `base`, a URL without a slash at its end.
    #[must_use]
    pub fn new(base: &str) -> Self {
        Self::with_tls(base, None)
    }

    /// The same, with the given trust and client certificate.
    #[must_use]
    pub fn with_tls(base: &str, tls: Option<ureq::tls::TlsConfig>) -> Self {
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .timeout_global(Some(Duration::from_secs(60)));
        if let Some(tls) = tls {
            config = config.tls_config(tls);
        }
        Self {
            agent: config.build().into(),
            base: base.to_owned(),
            token: None,
        }
    }

    /// The same client with a bearer token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self {
            token: Some(token.to_owned()),
            ..self.clone()
        }
    }

    /// The same client without any token.
    #[must_use]
    pub fn without_token(&self) -> Self {
        Self {
            token: None,
            ..self.clone()
        }
    }

    /// The URL that this client sends to.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The bearer token in use.
    #[must_use]
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// GET.
    ///
    /// # Errors
    /// When no answer came; a status is never an error here.
    pub fn get(&self, path: &str) -> Result<Answer> {
        self.send("GET", path, &[], None)
    }

    /// POST with a JSON body.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub fn post(&self, path: &str, body: &Value) -> Result<Answer> {
        self.json("POST", path, body)
    }

    /// PUT with a JSON body.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub fn put(&self, path: &str, body: &Value) -> Result<Answer> {
        self.json("PUT", path, body)
    }

    /// PATCH with a JSON body.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub fn patch(&self, path: &str, body: &Value) -> Result<Answer> {
        self.json("PATCH", path, body)
    }

    /// DELETE without a body.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub fn delete(&self, path: &str) -> Result<Answer> {
        self.send(
            "DELETE",
            path,
            &[("content-type", "application/json")],
            None,
        )
    }

    fn json(&self, method: &str, path: &str, body: &Value) -> Result<Answer> {
        self.send(
            method,
            path,
            &[("content-type", "application/json")],
            Some(body.to_string().as_bytes()),
        )
    }

    /// Any request.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Result<Answer> {
        let url = format!("{}{path}", self.base);
        let mut request = http::Request::builder().method(method).uri(&url);
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let context = || format!("{method} {url}");
        let mut response = match body {
            Some(body) => self.agent.run(request.body(body).with_context(context)?),
            None => self.agent.run(request.body(()).with_context(context)?),
        }
        .with_context(context)?;
        let bytes = response
            .body_mut()
            .with_config()
            .limit(1 << 30)
            .read_to_vec()
            .with_context(context)?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Ok(Answer {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: serde_json::from_str(&text).unwrap_or(Value::Null),
            text,
        })
    }
}

/// `text` with everything percent-encoded that may not stand in a path segment.
#[must_use]
pub fn escape(text: &str) -> String {
    const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
        .remove(b'-')
        .remove(b'.')
        .remove(b'_')
        .remove(b'~');
    utf8_percent_encode(text, RESERVED).to_string()
}
