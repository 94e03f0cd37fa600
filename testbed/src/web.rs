//! A small HTTP server on loopback whose answers a test chooses: what stands in for the services that no machine of ours has.

use std::{
    convert::Infallible,
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use anyhow::Result;
use bytes::Bytes;
use http::Response;
use http_body_util::{BodyExt as _, Full};
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpListener, runtime::Runtime};

use crate::ports;

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
}

/// A running server. Dropping it stops it.
pub struct Web {
    port: u16,
    requests: Arc<AtomicU64>,
    runtime: Option<Runtime>,
}

impl Web {
    /// Answers every request by the function.
    ///
    /// # Errors
    /// When no port is free.
    pub fn start(answer: impl Fn(Request) -> Answer + Send + Sync + 'static) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?;
        let port = ports::free()?;
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, port)))?;
        let requests = Arc::new(AtomicU64::new(0));
        runtime.spawn(accept(listener, Arc::new(answer), Arc::clone(&requests)));
        Ok(Self {
            port,
            requests,
            runtime: Some(runtime),
        })
    }

    /// `http://127.0.0.1:<port>`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
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

async fn accept<F>(listener: TcpListener, answer: Arc<F>, requests: Arc<AtomicU64>)
where
    F: Fn(Request) -> Answer + Send + Sync + 'static,
{
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        let (answer, requests) = (Arc::clone(&answer), Arc::clone(&requests));
        tokio::spawn(async move {
            let service = service_fn(move |request: http::Request<hyper::body::Incoming>| {
                let (answer, requests) = (Arc::clone(&answer), Arc::clone(&requests));
                async move {
                    requests.fetch_add(1, Ordering::Relaxed);
                    let (parts, body) = request.into_parts();
                    let body = body.collect().await.map(|body| body.to_bytes().to_vec());
                    let authorization = parts.headers.get("authorization");
                    let given = answer(Request {
                        method: parts.method.to_string(),
                        target: parts.uri.to_string(),
                        authorization: authorization
                            .and_then(|value| value.to_str().ok())
                            .unwrap_or_default()
                            .to_owned(),
                        headers: parts
                            .headers
                            .iter()
                            .map(|(name, value)| {
                                let value = String::from_utf8_lossy(value.as_bytes());
                                (name.to_string(), value.into_owned())
                            })
                            .collect(),
                        body: body.unwrap_or_default(),
                    });
                    let mut response = Response::builder().status(given.status);
                    for (name, value) in &given.headers {
                        response = response.header(name, value);
                    }
                    let body = Full::new(Bytes::from(given.body));
                    Ok::<_, Infallible>(response.body(body).unwrap_or_default())
                }
            });
            // A client that goes away ends its own connection only.
            let _client_left = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}
