//! The archives of charts: from the disk, or from the server and then on disk.

use std::sync::Arc;
use std::time::Instant;

use reqwest::Url;
use tiphys_render::tree::TreePath;

use super::archives::{ArchiveTree, sha256};
use super::index::Listed;
use super::registry::Registry;
use super::{Chart, beside, failed, identity, is_same_server, stranger, version};
use crate::source::{Repo, SourceError, Sources, helm, http};

impl Sources {
    /// A chart of a registry, by version or digest.
    pub(super) async fn registry_chart(
        &self,
        repo: &Repo,
        chart: &str,
        version: &str,
        insecure_http: bool,
    ) -> Result<Chart, SourceError> {
        let charts = &self.inner.charts;
        let timeout = self.inner.options.fetch_timeout;
        let registry = Registry::new(
            repo,
            chart,
            insecure_http,
            &charts.tokens,
            timeout,
            self.inner.options.archive.packed_bytes,
        )?;
        let place = charts
            .digests
            .get(&format!("{} {chart} {version}", identity(repo)));
        // One fetch at a time for a chart: whoever waited finds it.
        let mut slot = place.lock().await;
        let age = self.inner.options.poll * 2;
        let known = match slot.as_ref() {
            // A digest never changes what it stands for; a tag may.
            Some((at, Ok(digest))) if at.elapsed() < age || version.starts_with("sha256:") => {
                Some(Arc::clone(digest))
            }
            _ => None,
        };
        let digest = match known {
            Some(digest) => digest,
            None => {
                let digest = Arc::new(registry.archive(&version::tag(version)).await?);
                *slot = Some((Instant::now(), Ok(Arc::clone(&digest))));
                digest
            }
        };
        let content = match self.kept(repo, &digest).await? {
            Some(content) => content,
            None => {
                let _turn = self.turn(repo).await?;
                let content = registry.blob(&digest).await?;
                self.keep(repo, &digest, content).await?
            }
        };
        self.unpacked(repo, version, &digest, content).await
    }

    /// A chart of a Helm repository, by its entry in the index.
    pub(super) async fn repository_chart(
        &self,
        repo: &Repo,
        chart: &str,
        listed: Listed,
    ) -> Result<Chart, SourceError> {
        let Some(reference) = listed.urls.first() else {
            let version = &listed.version;
            return Err(failed(
                repo,
                format!("chart '{chart}' {version} has no URL to download it from"),
            ));
        };
        let url = beside(repo, reference)?;
        if url.scheme() == "oci" {
            return self.linked(repo, chart, &listed, &url).await;
        }
        // An entry that says something else is another archive, whatever its version.
        let entry = format!(
            "{} {url} {} {}",
            listed.version, listed.digest, listed.created
        );
        let place = self.inner.charts.digests.get(&format!(
            "{} {}",
            identity(repo),
            sha256(entry.as_bytes())
        ));
        // One fetch at a time for a chart: whoever waited finds it.
        let mut slot = place.lock().await;
        let known = match slot.as_ref() {
            Some((_, Ok(digest))) => Some(digest.as_str().to_owned()),
            _ if !listed.digest.is_empty() => Some(listed.digest.clone()),
            _ => None,
        };
        if let Some(digest) = &known
            && let Some(content) = self.kept(repo, digest).await?
        {
            return self.unpacked(repo, &listed.version, digest, content).await;
        }
        let content = {
            let _turn = self.turn(repo).await?;
            self.download(repo, url).await?
        };
        let digest = if listed.digest.is_empty() {
            sha256(&content)
        } else {
            listed.digest.clone()
        };
        let content = self.keep(repo, &digest, content).await?;
        *slot = Some((Instant::now(), Ok(Arc::new(digest.clone()))));
        self.unpacked(repo, &listed.version, &digest, content).await
    }

    /// A chart whose index sends to a registry: `oci://host/path:tag`.
    async fn linked(
        &self,
        repo: &Repo,
        chart: &str,
        listed: &Listed,
        url: &Url,
    ) -> Result<Chart, SourceError> {
        let text = url.as_str();
        let tagged = text.rfind(':').filter(|at| text[*at..].find('/').is_none());
        let (place, tag) = match tagged {
            Some(at) => (&text[..at], &text[at + 1..]),
            None => (text, listed.version.as_str()),
        };
        let other = stranger(repo, place);
        let mut found = self.registry_chart(&other, "", tag, false).await?;
        if !listed.digest.is_empty() && listed.digest != found.digest {
            return Err(mismatch(repo, chart, &found.digest, &listed.digest));
        }
        found.version.clone_from(&listed.version);
        Ok(found)
    }

    async fn download(&self, repo: &Repo, url: Url) -> Result<Vec<u8>, SourceError> {
        if !matches!(url.scheme(), "http" | "https") {
            let scheme = url.scheme();
            return Err(failed(
                repo,
                format!("the index sends to a URL with {scheme}://, which is not read"),
            ));
        }
        let timeout = self.inner.options.fetch_timeout;
        let other;
        let asked = if is_same_server(repo, &url) || repo.pass_credentials {
            repo
        } else {
            other = stranger(repo, url.as_str());
            &other
        };
        let client = http::client(asked, timeout)?;
        let response = helm::authorised(client.get(url), asked)
            .send()
            .await
            .map_err(|error| http::failed(asked, error))?;
        if !response.status().is_success() {
            return Err(helm::refused(asked, response.status()));
        }
        http::body(
            repo,
            response,
            self.inner.options.archive.packed_bytes,
            "the chart's archive",
        )
        .await
    }

    async fn turn(&self, repo: &Repo) -> Result<tokio::sync::SemaphorePermit<'_>, SourceError> {
        self.inner
            .charts
            .downloads
            .acquire()
            .await
            .map_err(|error| failed(repo, error))
    }

    async fn kept(&self, repo: &Repo, digest: &str) -> Result<Option<Vec<u8>>, SourceError> {
        let (archives, digest) = (self.inner.charts.archives.clone(), digest.to_owned());
        let deadline = self.inner.options.list_timeout;
        self.blocking(repo, "an archive was read", deadline, move |_| {
            Ok(archives.get(&digest))
        })
        .await
    }

    /// Puts an archive on disk that is what it should be.
    async fn keep(
        &self,
        repo: &Repo,
        digest: &str,
        content: Vec<u8>,
    ) -> Result<Vec<u8>, SourceError> {
        let (archives, digest) = (self.inner.charts.archives.clone(), digest.to_owned());
        let owned = repo.clone();
        let deadline = self.inner.options.list_timeout;
        self.blocking(repo, "an archive was written", deadline, move |_| {
            let found = sha256(&content);
            if found != digest {
                return Err(mismatch(&owned, "", &found, &digest));
            }
            archives
                .put(&digest, &content)
                .map_err(|error| failed(&owned, format!("an archive cannot be kept: {error}")))?;
            Ok(content)
        })
        .await
    }

    async fn unpacked(
        &self,
        repo: &Repo,
        version: &str,
        digest: &str,
        content: Vec<u8>,
    ) -> Result<Chart, SourceError> {
        let (owned, known) = (repo.clone(), digest.to_owned());
        let deadline = self.inner.options.list_timeout;
        let limits = self.inner.options.archive;
        let tree = self
            .blocking(repo, "an archive was unpacked", deadline, move |_| {
                ArchiveTree::unpack(&content, &known, &limits)
                    .map_err(|error| failed(&owned, error))
            })
            .await?;
        Ok(Chart {
            version: version.to_owned(),
            digest: digest.to_owned(),
            tree,
            path: TreePath::root(),
        })
    }
}

fn mismatch(repo: &Repo, chart: &str, found: &str, promised: &str) -> SourceError {
    let of = if chart.is_empty() {
        String::new()
    } else {
        format!(" of '{chart}'")
    };
    failed(
        repo,
        format!(
            "the archive{of} has the digest sha256:{found}, and sha256:{promised} was promised"
        ),
    )
}
