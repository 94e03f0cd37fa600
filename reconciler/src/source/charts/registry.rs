//! A registry that speaks the OCI distribution API: tags, manifests and blobs of Helm charts, read only.
//!
//! The rules are those of the OCI distribution specification 1.1 and of Helm's media types. The client of the repository is used,
//! with its certificates and proxy, which is why no crate for registries is.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderValue, LINK, WWW_AUTHENTICATE};
use reqwest::{Response, StatusCode, Url};
use serde::Deserialize;

use super::archives::sha256;
use crate::source::{Repo, SourceError, helm, http};

pub const CONFIG: &str = "application/vnd.cncf.helm.config.v1+json";
pub const CHART: &str = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";
const OLD_CHART: &str = "application/tar+gzip";
const MANIFESTS: &str = "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.v2+json";
/// Pages of one list of tags, and tags in it.
const PAGES: usize = 1000;
const TAGS: usize = 200_000;
/// Bytes of a page of tags.
const PAGE_BYTES: u64 = 8 << 20;
/// Bytes of a manifest, as registries bound it themselves.
const MANIFEST_BYTES: u64 = 4 << 20;
/// Bytes of an answer with a token.
const TOKEN_BYTES: u64 = 1 << 20;
/// Tokens that are kept.
const TOKENS: usize = 1000;

/// Tokens of registries, until they expire.
#[derive(Default)]
pub struct Tokens(Mutex<HashMap<String, (Instant, HeaderValue)>>);

impl Tokens {
    fn get(&self, id: &str) -> Option<HeaderValue> {
        let known = crate::locked(&self.0);
        let (until, value) = known.get(id)?;
        (*until > Instant::now()).then(|| value.clone())
    }

    fn put(&self, id: String, lifetime: Duration, value: HeaderValue) {
        let mut known = crate::locked(&self.0);
        if known.len() >= TOKENS {
            known.retain(|_, (until, _)| *until > Instant::now());
        }
        if known.len() < TOKENS {
            known.insert(id, (Instant::now() + lifetime, value));
        }
    }
}

/// A chart in a registry.
pub struct Registry<'a> {
    repo: &'a Repo,
    client: reqwest::Client,
    base: Url,
    /// Name of the repository in the registry.
    name: String,
    tokens: &'a Tokens,
    /// What tokens are kept under.
    id: String,
    /// Bytes that an archive may have.
    packed_bytes: u64,
}

#[derive(Deserialize)]
struct Descriptor {
    #[serde(rename = "mediaType", default)]
    media_type: String,
    #[serde(default)]
    digest: String,
    #[serde(default)]
    size: u64,
    #[serde(rename = "artifactType", default)]
    artifact_type: String,
}

#[derive(Deserialize)]
struct Manifest {
    #[serde(rename = "artifactType", default)]
    artifact_type: String,
    config: Option<Descriptor>,
    #[serde(default)]
    layers: Vec<Descriptor>,
    #[serde(default)]
    manifests: Vec<Descriptor>,
}

#[derive(Deserialize)]
struct Tags {
    tags: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Token {
    token: Option<String>,
    access_token: Option<String>,
    expires_in: Option<u64>,
}

/// Host and name of a chart: `oci://host/path` and `chart` make `path/chart`.
fn location(repo: &Repo, chart: &str) -> Option<(String, String)> {
    let rest = repo.url.strip_prefix("oci://").unwrap_or(&repo.url);
    let rest = rest.split_once("://").map_or(rest, |(_, rest)| rest);
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = host.rsplit('@').next().unwrap_or_default();
    let host = match host {
        "docker.io" | "index.docker.io" => "registry-1.docker.io",
        other => other,
    };
    let name = [path.trim_matches('/'), chart.trim_matches('/')]
        .into_iter()
        .filter(|part| !part.is_empty() && *part != ".")
        .collect::<Vec<_>>()
        .join("/");
    let fits = name.len() <= 255
        && name.split('/').all(|part| {
            part.starts_with(|first: char| first.is_ascii_alphanumeric())
                && part
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
        });
    (fits && !host.is_empty()).then(|| (host.to_owned(), name))
}

impl<'a> Registry<'a> {
    /// The registry of a repository, and the chart in it.
    ///
    /// # Errors
    /// When the URL or the connection's settings are not usable.
    pub fn new(
        repo: &'a Repo,
        chart: &str,
        insecure_http: bool,
        tokens: &'a Tokens,
        timeout: Duration,
        packed_bytes: u64,
    ) -> Result<Self, SourceError> {
        let bad = || SourceError::Misconfigured {
            url: repo.shown(),
            message: format!("'{chart}' with this URL is no name of a chart in a registry"),
        };
        let (host, name) = location(repo, chart).ok_or_else(bad)?;
        let scheme = if insecure_http { "http" } else { "https" };
        let base = Url::parse(&format!("{scheme}://{host}/v2/")).map_err(|_| bad())?;
        Ok(Self {
            packed_bytes,
            id: format!("{} {name}", super::identity(repo)),
            client: http::client(repo, timeout)?,
            repo,
            base,
            name,
            tokens,
        })
    }

    fn failed(&self, message: impl std::fmt::Display) -> SourceError {
        SourceError::Failed {
            url: self.repo.shown(),
            message: self.repo.without_secrets(&message.to_string()),
        }
    }

    fn url(&self, rest: &str) -> Result<Url, SourceError> {
        self.base
            .join(&format!("{}/{rest}", self.name))
            .map_err(|error| self.failed(error))
    }

    /// Asks, and once more with a token when the registry wants one.
    async fn get(&self, url: Url, accept: &str) -> Result<Response, SourceError> {
        let send = async |authorization: Option<HeaderValue>| {
            let mut request = self.client.get(url.clone());
            if !accept.is_empty() {
                request = request.header(ACCEPT, accept);
            }
            if let Some(value) = authorization {
                request = request.header(AUTHORIZATION, value);
            }
            request
                .send()
                .await
                .map_err(|error| http::failed(self.repo, error))
        };
        let mut response = send(self.tokens.get(&self.id)).await?;
        if response.status() == StatusCode::UNAUTHORIZED {
            let challenge = response
                .headers()
                .get(WWW_AUTHENTICATE)
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default()
                .to_owned();
            if let Some(authorization) = self.authorise(&challenge).await? {
                response = send(Some(authorization)).await?;
            }
        }
        if response.status().is_success() {
            Ok(response)
        } else {
            Err(helm::refused(self.repo, response.status()))
        }
    }

    /// What a challenge is answered with; nothing when there is nothing to answer with.
    async fn authorise(&self, challenge: &str) -> Result<Option<HeaderValue>, SourceError> {
        let credentials = &self.repo.credentials;
        let Some((realm, mut parameters)) = helm::token_request(challenge) else {
            let request = helm::authorised(self.client.get(self.base.clone()), self.repo);
            let value = request
                .build()
                .map_err(|error| http::failed(self.repo, error))?
                .headers()
                .get(AUTHORIZATION)
                .cloned();
            if let Some(value) = &value {
                let hour = Duration::from_secs(3600);
                self.tokens.put(self.id.clone(), hour, value.clone());
            }
            return Ok(value);
        };
        if !credentials.bearer_token.is_empty() {
            return self.bearer(&credentials.bearer_token).map(Some);
        }
        let realm = Url::parse(&realm).map_err(|_| self.failed("the token service has no URL"))?;
        if self.base.scheme() == "https" && realm.scheme() != "https" {
            return Err(self.failed("the registry sends to a token service without https"));
        }
        if !parameters.iter().any(|(name, _)| name == "scope") {
            let scope = format!("repository:{}:pull", self.name);
            parameters.push(("scope".to_owned(), scope));
        }
        let request = self.client.get(realm).query(&parameters);
        let response = helm::authorised(request, self.repo)
            .send()
            .await
            .map_err(|error| http::failed(self.repo, error))?;
        if !response.status().is_success() {
            return Err(helm::refused(self.repo, response.status()));
        }
        let body = http::body(self.repo, response, TOKEN_BYTES, "the token").await?;
        let answer: Token = serde_json::from_slice(&body)
            .map_err(|_| self.failed("the token service's answer is no token"))?;
        let token = [answer.token, answer.access_token]
            .into_iter()
            .flatten()
            .find(|token| !token.is_empty())
            .ok_or_else(|| self.failed("the token service's answer has no token"))?;
        let value = self.bearer(&token)?;
        // The distribution specification's default is a minute; the margin is for the clocks.
        let lifetime = answer.expires_in.unwrap_or(60).clamp(10, 3600) - 5;
        let lifetime = Duration::from_secs(lifetime);
        self.tokens.put(self.id.clone(), lifetime, value.clone());
        Ok(Some(value))
    }

    fn bearer(&self, token: &str) -> Result<HeaderValue, SourceError> {
        let mut value = HeaderValue::from_str(&format!("Bearer {token}"))
            .map_err(|_| self.failed("the token is no text for a header"))?;
        value.set_sensitive(true);
        Ok(value)
    }

    /// All tags, page after page.
    ///
    /// # Errors
    /// When the registry does not answer, or with too many.
    pub async fn tags(&self) -> Result<Vec<String>, SourceError> {
        let mut next = Some(self.url("tags/list?n=1000")?);
        let mut tags = Vec::new();
        let mut pages = 0;
        while let Some(url) = next.take() {
            pages += 1;
            if pages > PAGES {
                return Err(self.failed(format!("more than {PAGES} pages of tags")));
            }
            let response = self.get(url.clone(), "").await?;
            next = self.next_page(&url, &response)?;
            let body = http::body(self.repo, response, PAGE_BYTES, "the list of tags").await?;
            let page: Tags = serde_json::from_slice(&body)
                .map_err(|_| self.failed("the registry's answer is no list of tags"))?;
            tags.extend(page.tags.unwrap_or_default());
            if tags.len() > TAGS {
                return Err(self.failed(format!("more than {TAGS} tags")));
            }
        }
        Ok(tags)
    }

    /// Where the next page is: at the same server, or credentials would go elsewhere.
    fn next_page(&self, page: &Url, response: &Response) -> Result<Option<Url>, SourceError> {
        let Some(link) = response.headers().get(LINK).and_then(|v| v.to_str().ok()) else {
            return Ok(None);
        };
        let Some(target) = next_link(link) else {
            return Ok(None);
        };
        let next = page
            .join(target)
            .map_err(|_| self.failed("the link to the next page of tags is no URL"))?;
        if next.origin() != self.base.origin() {
            return Err(self.failed("the next page of tags is on another server"));
        }
        Ok(Some(next))
    }

    async fn manifest(&self, reference: &str) -> Result<Manifest, SourceError> {
        let url = self.url(&format!("manifests/{reference}"))?;
        let response = self.get(url, MANIFESTS).await?;
        let stated = response
            .headers()
            .get("docker-content-digest")
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .to_owned();
        let body = http::body(self.repo, response, MANIFEST_BYTES, "the manifest").await?;
        let found = format!("sha256:{}", sha256(&body));
        for wanted in [reference, &stated] {
            if wanted.starts_with("sha256:") && wanted != found {
                return Err(self.failed(format!(
                    "the manifest's digest is {found}, and {wanted} was promised"
                )));
            }
        }
        serde_json::from_slice(&body)
            .map_err(|error| self.failed(format!("the manifest of '{reference}': {error}")))
    }

    /// SHA-256 of a chart's archive, by tag or digest (`sha256:…`) of its manifest.
    ///
    /// # Errors
    /// When there is no such manifest, or it is of no chart.
    pub async fn archive(&self, reference: &str) -> Result<String, SourceError> {
        let no_chart = |found: &str| {
            self.failed(format!(
                "'{reference}' is no Helm chart: its manifest has {found}"
            ))
        };
        let mut manifest = self.manifest(reference).await?;
        if manifest.config.is_none() && !manifest.manifests.is_empty() {
            // An index of manifests: the one that says it is a chart, or the only one.
            let charts = |entry: &&Descriptor| entry.artifact_type == CONFIG;
            let entry = match manifest.manifests.as_slice() {
                [only] => only,
                several => several
                    .iter()
                    .find(charts)
                    .ok_or_else(|| no_chart("several manifests and none of a chart"))?,
            };
            let digest = self.digest(&entry.digest)?;
            manifest = self.manifest(&format!("sha256:{digest}")).await?;
        }
        let config = manifest.config.map_or_else(String::new, |c| c.media_type);
        if config != CONFIG {
            return Err(self.failed(format!(
                "'{reference}' is no Helm chart but {}; a chart has a configuration of type '{CONFIG}': check repoURL, chart and targetRevision",
                artefact(&manifest.artifact_type, &config)
            )));
        }
        let layer = manifest
            .layers
            .iter()
            .find(|layer| layer.media_type == CHART)
            .or_else(|| manifest.layers.iter().find(|l| l.media_type == OLD_CHART))
            .ok_or_else(|| no_chart(&format!("no layer of type '{CHART}'")))?;
        let limit = self.packed_bytes;
        if layer.size > limit {
            let size = layer.size;
            return Err(self.failed(format!(
                "the chart's archive has {size} bytes, at most {limit} are read"
            )));
        }
        self.digest(&layer.digest)
    }

    fn digest(&self, text: &str) -> Result<String, SourceError> {
        text.strip_prefix("sha256:")
            .filter(|digest| super::is_sha256(digest))
            .map(str::to_owned)
            .ok_or_else(|| self.failed(format!("'{text}' is no sha256 digest")))
    }

    /// The content of an archive; the caller compares its digest.
    ///
    /// # Errors
    /// When it cannot be read or is too large.
    pub async fn blob(&self, digest: &str) -> Result<Vec<u8>, SourceError> {
        let url = self.url(&format!("blobs/sha256:{digest}"))?;
        let response = self.get(url, "").await?;
        let limit = self.packed_bytes;
        http::body(self.repo, response, limit, "the chart's archive").await
    }
}

/// What a manifest is of, by its own type or that of its configuration.
fn artefact(artifact_type: &str, config: &str) -> String {
    /// The configuration of what has none.
    const EMPTY: &str = "application/vnd.oci.empty.v1+json";
    /// The types of configurations that a person knows by another name.
    const NAMES: [(&str, &str); 5] = [
        (
            "application/vnd.oci.image.config.v1+json",
            "a container image",
        ),
        (
            "application/vnd.docker.container.image.v1+json",
            "a container image",
        ),
        (
            "application/vnd.cncf.flux.config.v1+json",
            "an artefact of Flux",
        ),
        (
            "application/vnd.wasm.config.v0+json",
            "a WebAssembly module",
        ),
        (
            "application/vnd.dev.cosign.artifact.sig.v1+json",
            "a signature",
        ),
    ];
    let kind = match (artifact_type, config) {
        ("", "" | EMPTY) => return "an artefact that does not say of which type".to_owned(),
        ("", config) => config,
        (of, _) => of,
    };
    let name = NAMES.iter().find(|(known, _)| *known == kind);
    let name = name.map_or("an artefact", |(_, name)| name);
    format!("{name} (type '{}')", shortened(kind))
}

/// A text of somebody else, as much of it as a message may have.
fn shortened(text: &str) -> String {
    text.chars().take(120).collect()
}

/// The target of `<…>; rel="next"`.
fn next_link(header: &str) -> Option<&str> {
    header.split(",<").find_map(|link| {
        let (target, parameters) = link.trim().trim_start_matches('<').split_once('>')?;
        let is_next = parameters
            .split(';')
            .any(|parameter| matches!(parameter.trim(), "rel=\"next\"" | "rel=next"));
        is_next.then_some(target)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn charts_have_names_in_a_registry() {
        for (url, chart, expected) in [
            (
                "oci://example.com/charts",
                "nginx",
                Some(("example.com", "charts/nginx")),
            ),
            (
                "example.com:5000",
                "a/nginx",
                Some(("example.com:5000", "a/nginx")),
            ),
            (
                "oci://example.com/charts/nginx/",
                "",
                Some(("example.com", "charts/nginx")),
            ),
            (
                "docker.io/some",
                "x",
                Some(("registry-1.docker.io", "some/x")),
            ),
            (
                "oci://u:p@example.com/charts",
                "x",
                Some(("example.com", "charts/x")),
            ),
            ("oci://example.com/charts", "../x", None),
            ("oci://example.com/charts", "x?y=z", None),
            ("oci://example.com/charts", "x#y", None),
            ("oci://example.com", "", None),
            ("oci://", "x", None),
        ] {
            let found = location(&Repo::anonymous(url), chart);
            let found = found
                .as_ref()
                .map(|(host, name)| (host.as_str(), name.as_str()));
            assert_eq!(found, expected, "{url} {chart}");
        }
    }

    #[test]
    fn what_is_no_chart_is_called_what_it_is() {
        for (of, config, expected) in [
            (
                "",
                "application/vnd.oci.image.config.v1+json",
                "a container image (type 'application/vnd.oci.image.config.v1+json')",
            ),
            (
                "application/vnd.example.policy",
                "application/vnd.oci.empty.v1+json",
                "an artefact (type 'application/vnd.example.policy')",
            ),
            (
                "",
                "application/vnd.oci.empty.v1+json",
                "an artefact that does not say of which type",
            ),
            ("", "", "an artefact that does not say of which type"),
        ] {
            assert_eq!(artefact(of, config), expected);
        }
    }

    #[test]
    fn links_to_the_next_page() {
        assert_eq!(
            next_link("</v2/a/tags/list?last=b&n=2>; rel=\"next\""),
            Some("/v2/a/tags/list?last=b&n=2")
        );
        assert_eq!(next_link("</x>; rel=\"prev\",</y>; rel=next"), Some("/y"));
        assert_eq!(next_link("</x>; rel=\"prev\""), None);
        assert_eq!(next_link("nothing"), None);
    }
}
