//! A small HTTP server on loopback whose answers a test chooses: what stands in for the services that no machine of ours has.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use anyhow::Result;
use bytes::Bytes;
use http::Response;
use http_body_util::{BodyExt as _, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
    runtime::Runtime,
};
use tokio_rustls::TlsAcceptor;

use crate::{certificates::Identity, ports, tls};

/// A request as a test sees it.
#[derive(Clone, Debug)]
pub struct Request {
    /// Method.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// The `Authorization` header, empty when there is none.
    pub authorization: String,
    /// All headers; names in lower case.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
}

impl Request {
    /// Reads a request whole. A body that ends early is taken for none.
    pub(crate) async fn read(request: http::Request<Incoming>) -> Self {
        let (parts, body) = request.into_parts();
        let body = body.collect().await.map(|body| body.to_bytes().to_vec());
        let text =
            |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        Self {
            method: parts.method.to_string(),
            target: parts.uri.to_string(),
            authorization: parts
                .headers
                .get("authorization")
                .map(text)
                .unwrap_or_default(),
            headers: parts
                .headers
                .iter()
                .map(|(name, value)| (name.to_string(), text(value)))
                .collect(),
            body: body.unwrap_or_default(),
        }
    }

    /// A header by its name in lower case; empty when there is none.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map_or("", |(_, value)| value.as_str())
    }
}

/// An answer: status, headers, body.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// Status.
    pub status: u16,
    /// Headers.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
}

impl Answer {
    /// 200 with a body.
    #[must_use]
    pub fn ok(body: impl Into<Vec<u8>>) -> Self {
        Self::new(200, body)
    }

    /// A status with a body.
    #[must_use]
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: body.into(),
        }
    }

    /// The same with a header.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn into_response(self) -> Response<Full<Bytes>> {
        let mut response = Response::builder().status(self.status);
        for (name, value) in &self.headers {
            response = response.header(name, value);
        }
        response
            .body(Full::new(Bytes::from(self.body)))
            .unwrap_or_default()
    }
}

/// A running server. Dropping it stops it.
pub struct Web {
    port: u16,
    scheme: &'static str,
    requests: Arc<AtomicU64>,
    runtime: Option<Runtime>,
}

impl Web {
    /// Answers every request by the function.
    ///
    /// # Errors
    /// When no port is free.
    pub fn start(answer: impl Fn(Request) -> Answer + Send + Sync + 'static) -> Result<Self> {
        Self::launch(None, answer)
    }

    /// The same over TLS, with a certificate for 127.0.0.1.
    ///
    /// # Errors
    /// When no port is free or the certificate is not usable.
    pub fn start_tls(
        identity: &Identity,
        answer: impl Fn(Request) -> Answer + Send + Sync + 'static,
    ) -> Result<Self> {
        Self::launch(Some(tls::acceptor(identity, None)?), answer)
    }

    fn launch(
        tls: Option<TlsAcceptor>,
        answer: impl Fn(Request) -> Answer + Send + Sync + 'static,
    ) -> Result<Self> {
        let (runtime, listener, port) = ports::listen()?;
        let requests = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&requests);
        let scheme = if tls.is_some() { "https" } else { "http" };
        let answer = Arc::new(move |request| {
            counted.fetch_add(1, Ordering::Relaxed);
            answer(request)
        });
        runtime.spawn(accept(listener, tls, answer));
        Ok(Self {
            port,
            scheme,
            requests,
            runtime: Some(runtime),
        })
    }

    /// `http://127.0.0.1:<port>`, or `https` with TLS.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}://127.0.0.1:{}", self.scheme, self.port)
    }

    /// How many requests came.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }
}

impl Drop for Web {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn accept<F>(listener: TcpListener, tls: Option<TlsAcceptor>, answer: Arc<F>)
where
    F: Fn(Request) -> Answer + Send + Sync + 'static,
{
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        let (tls, answer) = (tls.clone(), Arc::clone(&answer));
        tokio::spawn(async move {
            match tls {
                Some(tls) => {
                    if let Ok(stream) = tls.accept(stream).await {
                        serve(stream, answer).await;
                    }
                }
                None => serve(stream, answer).await,
            }
        });
    }
}

async fn serve<S, F>(stream: S, answer: Arc<F>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    F: Fn(Request) -> Answer + Send + Sync + 'static,
{
    let service = service_fn(move |request| {
        let answer = Arc::clone(&answer);
        async move { Ok::<_, Infallible>(answer(Request::read(request).await).into_response()) }
    });
    // A client that goes away ends its own connection only.
    let _client_left = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}
