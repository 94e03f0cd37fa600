//! Git over smart HTTP on loopback: `git http-backend` behind a small CGI server, with or without a password and TLS.

use std::{
    convert::Infallible,
    path::{Path, PathBuf},
    process::Stdio,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use anyhow::{Context, Result};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt as _},
    net::TcpListener,
    runtime::Runtime,
};
use tokio_rustls::TlsAcceptor;

use super::command;
use crate::{
    certificates::{Authority, Identity},
    ports,
    tls::acceptor,
};

/// How the server answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// As a Git server.
    Serving,
    /// With 404 for everything: the repository has vanished.
    Gone,
    /// With 500 for everything.
    Broken,
    /// Not at all: requests wait until the mode changes or the client gives up.
    Silent,
}

struct Shared {
    root: PathBuf,
    /// The `Authorization` header that is asked for.
    authorization: Mutex<Option<String>>,
    mode: tokio::sync::watch::Sender<Mode>,
    ref_listings: AtomicU64,
}

/// A running server. Dropping it stops it.
pub struct HttpServer {
    shared: Arc<Shared>,
    port: u16,
    scheme: &'static str,
    runtime: Option<Runtime>,
}

impl HttpServer {
    /// Serves every repository under `root`.
    ///
    /// # Errors
    /// When no port is free.
    pub fn start(root: &Path) -> Result<Self> {
        Self::launch(root, None)
    }

    /// The same over TLS, with a certificate for 127.0.0.1.
    ///
    /// # Errors
    /// When no port is free or the certificate is not usable.
    pub fn start_tls(root: &Path, identity: &Identity) -> Result<Self> {
        Self::launch(root, Some(acceptor(identity, None)?))
    }

    /// The same, for clients that show a certificate of the authority.
    ///
    /// # Errors
    /// When no port is free or a certificate is not usable.
    pub fn start_mutual_tls(root: &Path, identity: &Identity, clients: &Authority) -> Result<Self> {
        Self::launch(root, Some(acceptor(identity, Some(clients))?))
    }

    fn launch(root: &Path, tls: Option<TlsAcceptor>) -> Result<Self> {
        let shared = Arc::new(Shared {
            root: root.to_owned(),
            authorization: Mutex::new(None),
            mode: tokio::sync::watch::Sender::new(Mode::Serving),
            ref_listings: AtomicU64::new(0),
        });
        let (runtime, listener, port) = ports::listen()?;
        let scheme = if tls.is_some() { "https" } else { "http" };
        runtime.spawn(accept(listener, tls, shared.clone()));
        Ok(Self {
            shared,
            port,
            scheme,
            runtime: Some(runtime),
        })
    }

    /// The URL of the repository at `path` below the root.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}://127.0.0.1:{}/{path}", self.scheme, self.port)
    }

    /// From now on asks for this name and password.
    pub fn require(&self, user: &str, password: &str) {
        let value = format!(
            "Basic {}",
            BASE64_STANDARD.encode(format!("{user}:{password}"))
        );
        *self
            .shared
            .authorization
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(value);
    }

    /// Changes how it answers.
    pub fn set_mode(&self, mode: Mode) {
        self.shared.mode.send_replace(mode);
    }

    /// How often a client has asked for a repository's references since the start.
    #[must_use]
    pub fn ref_listings(&self) -> u64 {
        self.shared.ref_listings.load(Ordering::Relaxed)
    }
}

impl Drop for HttpServer {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, shared: Arc<Shared>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        let (tls, shared) = (tls.clone(), shared.clone());
        tokio::spawn(async move {
            match tls {
                Some(tls) => {
                    if let Ok(stream) = tls.accept(stream).await {
                        serve(stream, shared).await;
                    }
                }
                None => serve(stream, shared).await,
            }
        });
    }
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(stream: S, shared: Arc<Shared>) {
    let service = service_fn(move |request| {
        let shared = shared.clone();
        async move { Ok::<_, Infallible>(answer(request, &shared).await) }
    });
    // A client that goes away ends its own connection only.
    let _client_left = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn answer(request: Request<Incoming>, shared: &Shared) -> Response<Full<Bytes>> {
    let mut mode = shared.mode.subscribe();
    if mode.wait_for(|mode| *mode != Mode::Silent).await.is_err() {
        return plain(StatusCode::SERVICE_UNAVAILABLE, "stopping");
    }
    let now = *mode.borrow();
    match now {
        Mode::Gone => return plain(StatusCode::NOT_FOUND, "not found"),
        Mode::Broken => return plain(StatusCode::INTERNAL_SERVER_ERROR, "broken"),
        Mode::Serving | Mode::Silent => {}
    }
    let wanted = shared
        .authorization
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone();
    let given = request
        .headers()
        .get("authorization")
        .and_then(|value| value.to_str().ok());
    if wanted.is_some() && wanted.as_deref() != given {
        let mut response = plain(StatusCode::UNAUTHORIZED, "authentication required");
        response.headers_mut().insert(
            "www-authenticate",
            http::HeaderValue::from_static("Basic realm=\"git\""),
        );
        return response;
    }
    if request.uri().path().ends_with("/info/refs") {
        shared.ref_listings.fetch_add(1, Ordering::Relaxed);
    }
    match backend(request, &shared.root).await {
        Ok(response) => response,
        Err(error) => plain(StatusCode::INTERNAL_SERVER_ERROR, &format!("{error:#}")),
    }
}

fn plain(status: StatusCode, text: &str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::copy_from_slice(text.as_bytes())));
    *response.status_mut() = status;
    response
}

/// One CGI call (RFC 3875) of `git http-backend`.
async fn backend(request: Request<Incoming>, root: &Path) -> Result<Response<Full<Bytes>>> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    let header = |name: &str| {
        parts
            .headers
            .get(name)
            .and_then(|v| v.to_str().ok())
            .unwrap_or_default()
            .to_owned()
    };
    let mut command = tokio::process::Command::from(command(root));
    command
        .arg("http-backend")
        .env("GIT_PROJECT_ROOT", root)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("REQUEST_METHOD", parts.method.as_str())
        .env("PATH_INFO", parts.uri.path())
        .env("QUERY_STRING", parts.uri.query().unwrap_or_default())
        .env("CONTENT_TYPE", header("content-type"))
        .env("CONTENT_LENGTH", body.len().to_string())
        .env("HTTP_CONTENT_ENCODING", header("content-encoding"))
        .env("GIT_PROTOCOL", header("git-protocol"))
        .env("REMOTE_ADDR", "127.0.0.1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    let mut child = command.spawn().context("cannot run git http-backend")?;
    let mut input = child.stdin.take().context("no standard input")?;
    let feed = tokio::spawn(async move {
        // The backend may answer without reading all of it.
        let _closed_early = input.write_all(&body).await;
    });
    let output = child.wait_with_output().await?;
    feed.await?;
    cgi_response(&output.stdout)
}

fn cgi_response(output: &[u8]) -> Result<Response<Full<Bytes>>> {
    let end = output
        .windows(4)
        .position(|w| w == b"\r\n\r\n")
        .context("git http-backend sent no header")?;
    let mut response = Response::builder();
    for line in std::str::from_utf8(&output[..end])?.split("\r\n") {
        let (name, value) = line
            .split_once(':')
            .context("git http-backend sent a bad header")?;
        let value = value.trim();
        response = if name.eq_ignore_ascii_case("status") {
            response.status(value.split(' ').next().unwrap_or_default())
        } else {
            response.header(name, value)
        };
    }
    Ok(response.body(Full::new(Bytes::copy_from_slice(&output[end + 4..])))?)
}
