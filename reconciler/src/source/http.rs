//! How repositories are reached over HTTP: certificates, proxies and time-outs, for Git, Helm repositories and registries alike.

use std::time::Duration;

use super::{Repo, SourceError};

const CONNECT: Duration = Duration::from_secs(20);
/// Redirects that one request follows.
const REDIRECTS: usize = 10;

/// Follows redirects, but never from HTTPS to HTTP. Credentials are left behind when the host changes: the library does that.
fn redirects() -> reqwest::redirect::Policy {
    reqwest::redirect::Policy::custom(|attempt| {
        let secure = attempt
            .previous()
            .last()
            .is_some_and(|url| url.scheme() == "https");
        if attempt.previous().len() > REDIRECTS {
            attempt.error(format!("more than {REDIRECTS} redirects"))
        } else if secure && attempt.url().scheme() != "https" {
            attempt.error("the server redirects from https to another scheme")
        } else {
            attempt.follow()
        }
    })
}

fn wrong(repo: &Repo, field: &str, message: impl std::fmt::Display) -> SourceError {
    SourceError::Misconfigured {
        url: repo.shown(),
        message: format!("{field}: {message}"),
    }
}

/// The client certificate with its key, when the repository has one.
fn identity(repo: &Repo) -> Result<Option<reqwest::Identity>, SourceError> {
    let key = &repo.credentials.tls_client_cert_key;
    match (repo.tls_client_cert.is_empty(), key.is_empty()) {
        (true, true) => Ok(None),
        (false, false) => {
            // One text with both: the key may be PKCS#8, PKCS#1 or SEC1.
            let pem = format!("{}\n{key}\n", repo.tls_client_cert);
            reqwest::Identity::from_pem(pem.as_bytes())
                .map(Some)
                .map_err(|_| {
                    wrong(
                        repo,
                        "tlsClientCertData",
                        "the certificate and its key are no PEM that can be read",
                    )
                })
        }
        (true, false) => Err(wrong(
            repo,
            "tlsClientCertData",
            "the certificate of tlsClientCertKey is missing",
        )),
        (false, true) => Err(wrong(
            repo,
            "tlsClientCertKey",
            "the key of tlsClientCertData is missing",
        )),
    }
}

fn proxy(repo: &Repo) -> Result<Option<reqwest::Proxy>, SourceError> {
    if repo.proxy.is_empty() {
        return Ok(None);
    }
    let proxy =
        reqwest::Proxy::all(&repo.proxy).map_err(|_| wrong(repo, "proxy", "no URL of a proxy"))?;
    Ok(Some(
        proxy.no_proxy(reqwest::NoProxy::from_string(&repo.no_proxy)),
    ))
}

fn authorities(repo: &Repo) -> Result<Vec<reqwest::Certificate>, SourceError> {
    if repo.ca.is_empty() {
        return Ok(Vec::new());
    }
    reqwest::Certificate::from_pem_bundle(repo.ca.as_bytes()).map_err(|_| {
        wrong(
            repo,
            "certificates",
            "the trusted certificates of the host are no PEM that can be read",
        )
    })
}

/// The settings of a connection, checked: a closure would have nobody to tell what is wrong.
pub struct Settings {
    insecure: bool,
    identity: Option<reqwest::Identity>,
    proxy: Option<reqwest::Proxy>,
    authorities: Vec<reqwest::Certificate>,
}

impl Settings {
    /// Reads what a repository says about its connection.
    ///
    /// # Errors
    /// When a certificate, a key or a proxy is not usable; the message names the field and no secret.
    pub fn new(repo: &Repo) -> Result<Self, SourceError> {
        Ok(Self {
            insecure: repo.insecure,
            identity: identity(repo)?,
            proxy: proxy(repo)?,
            authorities: authorities(repo)?,
        })
    }

    /// For gix, which makes its own blocking client.
    pub fn blocking(
        &self,
        mut builder: reqwest::blocking::ClientBuilder,
    ) -> reqwest::blocking::ClientBuilder {
        if self.insecure {
            builder = builder
                .tls_danger_accept_invalid_certs(true)
                .tls_danger_accept_invalid_hostnames(true);
        }
        if let Some(identity) = &self.identity {
            builder = builder.identity(identity.clone());
        }
        if let Some(proxy) = &self.proxy {
            builder = builder.proxy(proxy.clone());
        }
        for authority in &self.authorities {
            builder = builder.add_root_certificate(authority.clone());
        }
        builder
    }

    /// A client for everything that is not Git.
    ///
    /// # Errors
    /// When the parts do not fit together.
    pub fn client(&self, repo: &Repo, timeout: Duration) -> Result<reqwest::Client, SourceError> {
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("tiphys/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT)
            .redirect(redirects())
            .timeout(timeout);
        if self.insecure {
            builder = builder
                .tls_danger_accept_invalid_certs(true)
                .tls_danger_accept_invalid_hostnames(true);
        }
        if let Some(identity) = &self.identity {
            builder = builder.identity(identity.clone());
        }
        if let Some(proxy) = &self.proxy {
            builder = builder.proxy(proxy.clone());
        }
        for authority in &self.authorities {
            builder = builder.add_root_certificate(authority.clone());
        }
        builder.build().map_err(|_| {
            wrong(
                repo,
                "tlsClientCertData",
                "the certificate does not fit its key",
            )
        })
    }
}

/// A client for a repository.
///
/// # Errors
/// When what it says about its connection is not usable.
pub fn client(repo: &Repo, timeout: Duration) -> Result<reqwest::Client, SourceError> {
    Settings::new(repo)?.client(repo, timeout)
}

/// Turns a failed request into our error: without the URL, which may hold a token.
pub fn failed(repo: &Repo, error: reqwest::Error) -> SourceError {
    let error = error.without_url();
    SourceError::Failed {
        url: repo.shown(),
        message: repo.without_secrets(&crate::with_causes(&error)),
    }
}

/// The body of an answer, of at most `limit` bytes.
///
/// # Errors
/// When it is longer, which is found out before it is read where the server says its length, or breaks off.
pub async fn body(
    repo: &Repo,
    mut response: reqwest::Response,
    limit: u64,
    what: &str,
) -> Result<Vec<u8>, SourceError> {
    let too_large = || SourceError::Failed {
        url: repo.shown(),
        message: format!("{what} has more than {limit} bytes"),
    };
    if response
        .content_length()
        .is_some_and(|length| length > limit)
    {
        return Err(too_large());
    }
    let mut content = Vec::new();
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(|error| failed(repo, error))?
    {
        if (content.len() + chunk.len()) as u64 > limit {
            return Err(too_large());
        }
        content.extend_from_slice(&chunk);
    }
    Ok(content)
}
