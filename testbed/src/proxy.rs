//! A reverse proxy before an API server that answers in its place where a test wants it to: an API server that is overloaded, or has
//! forgotten its history, which a real one cannot be told to.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use http::Response;
use http_body_util::{BodyExt as _, Full, combinators::BoxBody};
use hyper::{client, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio_rustls::TlsConnector;

use crate::kubernetes::Access;
use crate::web::{Answer, Request};
use crate::{ports, tls};

/// What becomes of a request.
pub enum Choice {
    /// The API server answers it.
    PassOn,
    /// The test answers it.
    Answer(Answer),
    /// The API server carries it out, and its answer is lost with the connection.
    LoseAnswer,
    /// The connection ends before the API server hears of it.
    HangUp,
    /// Nobody hears of it, and nobody tells: the connection stays.
    Hang,
}

impl From<Option<Answer>> for Choice {
    fn from(answer: Option<Answer>) -> Self {
        answer.map_or(Self::PassOn, Self::Answer)
    }
}

type Choose = dyn Fn(&Request) -> Choice + Send + Sync;
type Body = BoxBody<Bytes, hyper::Error>;

struct Shared {
    connector: TlsConnector,
    target: String,
    choose: Box<Choose>,
    requests: Mutex<Vec<Request>>,
    hung_up: watch::Sender<()>,
}

impl Shared {
    fn requests(&self) -> MutexGuard<'_, Vec<Request>> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A running proxy, which speaks plain HTTP and lends its own client certificate to whoever asks. Dropping it ends its connections.
pub struct Proxy {
    port: u16,
    shared: Arc<Shared>,
    runtime: Option<Runtime>,
}

impl Proxy {
    /// Does with each request what `choose` says; it may also say just what it answers, if it does.
    ///
    /// # Errors
    /// When no port is free, or the API server is not reached by HTTPS and a certificate.
    pub fn start<C: Into<Choice>>(
        access: &Access,
        choose: impl Fn(&Request) -> C + Send + Sync + 'static,
    ) -> Result<Self> {
        let target = access.server.strip_prefix("https://");
        let shared = Arc::new(Shared {
            connector: tls::connector(access)?,
            target: target.context("the API server speaks HTTPS")?.to_owned(),
            choose: Box::new(move |request| choose(request).into()),
            requests: Mutex::default(),
            hung_up: watch::Sender::new(()),
        });
        let (runtime, listener, port) = ports::listen()?;
        runtime.spawn(accept(listener, Arc::clone(&shared)));
        Ok(Self {
            port,
            shared,
            runtime: Some(runtime),
        })
    }

    /// `http://127.0.0.1:<port>`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Ends every connection that there is, watches above all.
    pub fn hang_up(&self) {
        self.shared.hung_up.send_replace(());
    }

    /// The requests so far.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.shared.requests().clone()
    }

    /// How many of the requests so far are such.
    #[must_use]
    pub fn count(&self, such: impl Fn(&Request) -> bool) -> usize {
        let requests = self.shared.requests();
        requests.iter().filter(|request| such(request)).count()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        let shared = Arc::clone(&shared);
        let mut hung_up = shared.hung_up.subscribe();
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                let shared = Arc::clone(&shared);
                async move { answer(&shared, request).await }
            });
            let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            tokio::select! {
                // A client that goes away ends its own connection only.
                _client_left = connection => {}
                _hung_up = hung_up.changed() => {}
            }
        });
    }
}

/// # Errors
/// To end the connection without an answer.
async fn answer(
    shared: &Shared,
    request: http::Request<hyper::body::Incoming>,
) -> Result<Response<Body>> {
    let request = Request::read(request).await;
    shared.requests().push(request.clone());
    let choice = (shared.choose)(&request);
    match choice {
        Choice::Answer(given) => return Ok(given.into_response().map(whole)),
        Choice::HangUp => bail!("the connection is lost"),
        Choice::Hang => std::future::pending().await,
        Choice::PassOn | Choice::LoseAnswer => {}
    }
    let passed = pass_on(shared, request).await;
    if matches!(choice, Choice::LoseAnswer) {
        bail!("the answer is lost");
    }
    Ok(match passed {
        Ok(response) => response.map(|body| body.boxed()),
        Err(error) => Answer::new(502, format!("{error:#}"))
            .into_response()
            .map(whole),
    })
}

fn whole(body: Full<Bytes>) -> Body {
    body.map_err(|never| match never {}).boxed()
}

/// Asks the API server on a connection of this request's own, which ends with the answer's body.
async fn pass_on(shared: &Shared, request: Request) -> Result<Response<hyper::body::Incoming>> {
    let stream = TcpStream::connect(&shared.target).await?;
    let host = shared.target.rsplit_once(':').map_or("", |(host, _)| host);
    let name = ServerName::try_from(host.to_owned())?;
    let stream = shared.connector.connect(name, stream).await?;
    let (mut sender, connection) = client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let mut passed = http::Request::builder()
        .method(request.method.as_str())
        .uri(&request.target)
        .header("host", &shared.target);
    let kept = |name: &str| !matches!(name, "host" | "connection" | "content-length");
    for (name, value) in request.headers.iter().filter(|(name, _)| kept(name)) {
        passed = passed.header(name, value);
    }
    let body = Full::new(Bytes::from(request.body));
    Ok(sender.send_request(passed.body(body)?).await?)
}
