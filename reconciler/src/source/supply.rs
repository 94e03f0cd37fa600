//! Brings what a rendering lacks: charts of repositories, and Kustomize's remote bases and files.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures::{StreamExt as _, TryStreamExt as _};
use tiphys_render::kustomize::remote;
use tiphys_render::tree::TreePath;
use tiphys_render::{Missing, Needed, Supplied};

use super::{Kind, Repo, SourceError, Sources, helm, http};

/// Things that are fetched at once for one rendering.
const AT_ONCE: usize = 4;
/// Bytes of one remote file.
const FILE_BYTES: u64 = 10 << 20;
/// Bytes of all remote files that are remembered.
const FILES_BYTES: usize = 64 << 20;

/// Finds a repository and its credentials by URL.
pub type Finder<'a> = &'a (dyn Fn(&str) -> Repo + Send + Sync);

/// A file, and when it was read.
type Known = (Instant, Arc<Vec<u8>>);

/// Remote files, until they are old.
#[derive(Default)]
pub(super) struct Files(Mutex<HashMap<String, Known>>);

impl Files {
    fn get(&self, id: &str, age: Duration) -> Option<Arc<Vec<u8>>> {
        let known = crate::locked(&self.0);
        let (at, content) = known.get(id)?;
        (at.elapsed() < age).then(|| Arc::clone(content))
    }

    fn put(&self, id: String, content: Arc<Vec<u8>>, age: Duration) {
        let mut known = crate::locked(&self.0);
        known.retain(|_, (at, _)| at.elapsed() < age);
        let total: usize = known.values().map(|(_, content)| content.len()).sum();
        if total + content.len() > FILES_BYTES {
            known.clear();
        }
        known.insert(id, (Instant::now(), content));
    }
}

/// What was fetched.
pub struct Found {
    /// The files.
    pub supplied: Supplied,
    /// The exact version of a chart; empty for anything else.
    pub version: String,
}

impl From<Supplied> for Found {
    fn from(supplied: Supplied) -> Self {
        let version = String::new();
        Self { supplied, version }
    }
}

/// What a rendering lacks and cannot have.
#[derive(Debug)]
pub struct Unsupplied {
    /// What is missing, and what asks for it.
    pub needed: Needed,
    /// Why it cannot be had.
    pub error: SourceError,
}

impl fmt::Display for Unsupplied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { needed, error } = self;
        if !needed.by.is_empty() {
            write!(f, "{}: ", needed.by)?;
        }
        let Missing::Chart { name, version, .. } = &needed.what else {
            return error.fmt(f);
        };
        let space = if version.is_empty() { "" } else { " " };
        write!(f, "the chart {name}{space}{version} is needed: {error}")?;
        match error {
            SourceError::NoChartVersion { .. } => f.write_str(
                "; ask for a version that is there, and renew the lock file if there is one (`helm dependency update`)",
            ),
            SourceError::UnknownChart { .. } => {
                f.write_str("; check the name of the chart and the URL of its repository")
            }
            SourceError::Authentication { .. } => {
                f.write_str("; register the repository with a name and password that may read it")
            }
            _ => Ok(()),
        }
    }
}

impl std::error::Error for Unsupplied {}

impl Sources {
    /// Fetches what a rendering lacks, with the credentials that `repo_of` knows for each URL. A URL that looked like a file and
    /// turns out to be a repository is answered as [`Missing::Base`] of the same URL.
    ///
    /// # Errors
    /// When one of them cannot be had.
    pub async fn supply(
        &self,
        needed: &[Needed],
        repo_of: Finder<'_>,
    ) -> Result<HashMap<Missing, Found>, Unsupplied> {
        let mut asked = Vec::new();
        for needed in needed {
            asked.push(async move {
                let found = self.supply_one(&needed.what, repo_of).await;
                found.map_err(|error| Unsupplied {
                    needed: needed.clone(),
                    error,
                })
            });
        }
        futures::stream::iter(asked)
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await
    }

    async fn supply_one(
        &self,
        missing: &Missing,
        repo_of: Finder<'_>,
    ) -> Result<(Missing, Found), SourceError> {
        match missing {
            Missing::Chart {
                repository,
                name,
                version,
            } => {
                let repo = chart_repository(repository, repo_of)?;
                let chart = self.chart(&repo, name, version).await?;
                let supplied = Supplied {
                    tree: chart.tree,
                    path: chart.path,
                };
                let version = chart.version;
                Ok((missing.clone(), Found { supplied, version }))
            }
            Missing::Base { url } => Ok((missing.clone(), self.base(url, repo_of).await?.into())),
            Missing::File { url } => match self.file(url, repo_of).await {
                Ok(supplied) => Ok((missing.clone(), supplied.into())),
                Err(error) if remote::parse(url).is_none() => Err(error),
                Err(error) => {
                    let base = Missing::Base { url: url.clone() };
                    let supplied = self.base(url, repo_of).await.map_err(|_| error)?;
                    Ok((base, supplied.into()))
                }
            },
        }
    }

    /// The folder of a Git repository that a remote base of Kustomize names.
    async fn base(&self, url: &str, repo_of: Finder<'_>) -> Result<Supplied, SourceError> {
        let found = remote::parse(url)
            .ok_or_else(|| SourceError::BadUrl(Repo::anonymous(without_query(url)).shown()))?;
        let mut repo = repo_of(&found.clone);
        repo.kind = Kind::Git;
        let path = TreePath::new(&found.path).map_err(|error| SourceError::Failed {
            url: repo.shown(),
            message: error.to_string(),
        })?;
        let fetch = async {
            let commit = self.resolve(&repo, &found.reference).await?;
            self.tree(&repo, &commit).await
        };
        let ours = self.inner.options.list_timeout + self.inner.options.fetch_timeout;
        let deadline = timeout(url).map_or(ours, |theirs| theirs.min(ours));
        let tree = tokio::time::timeout(deadline, fetch)
            .await
            .unwrap_or_else(|_| {
                Err(SourceError::Timeout {
                    url: repo.shown(),
                    doing: "a remote base was fetched",
                    seconds: deadline.as_secs(),
                })
            })?;
        Ok(Supplied {
            tree: Arc::new(tree),
            path,
        })
    }

    /// One file over HTTP.
    async fn file(&self, url: &str, repo_of: Finder<'_>) -> Result<Supplied, SourceError> {
        let repo = repo_of(url);
        let wrong = |message: &str| SourceError::Failed {
            url: Repo::anonymous(without_query(url)).shown(),
            message: message.to_owned(),
        };
        if !remote::is_http(url) {
            return Err(wrong("files are read over https:// and http:// only"));
        }
        let path = url.split(['?', '#']).next().unwrap_or_default();
        let name = path.rsplit('/').next().filter(|name| !name.is_empty());
        let name = TreePath::new(name.unwrap_or("file")).map_err(|e| wrong(&e.to_string()))?;
        let id = format!("{} {url}", super::charts::identity(&repo));
        let age = self.inner.options.poll * 2;
        if let Some(content) = self.inner.files.get(&id, age) {
            return Ok(Supplied::file(&name, content.as_slice()));
        }
        let client = http::client(&repo, self.inner.options.list_timeout)?;
        let response = helm::authorised(client.get(url), &repo)
            .send()
            .await
            .map_err(|error| hidden(http::failed(&repo, error), url))?;
        if !response.status().is_success() {
            return Err(hidden(helm::refused(&repo, response.status()), url));
        }
        let content = http::body(&repo, response, FILE_BYTES, "the file")
            .await
            .map_err(|error| hidden(error, url))?;
        let content = Arc::new(content);
        self.inner.files.put(id, Arc::clone(&content), age);
        Ok(Supplied::file(&name, content.as_slice()))
    }
}

/// The name of a repository that is written in place of its URL.
pub fn name_of_repository(text: &str) -> Option<&str> {
    text.strip_prefix('@')
        .or_else(|| text.strip_prefix("alias:"))
}

/// The repository of a chart; a name stands for the Helm repository that is registered with it.
fn chart_repository(repository: &str, repo_of: Finder<'_>) -> Result<Repo, SourceError> {
    let mut repo = repo_of(repository);
    if let Some(name) = name_of_repository(&repo.url) {
        return Err(SourceError::Misconfigured {
            url: repository.to_owned(),
            message: format!(
                "no Helm repository is registered with the name '{name}' that stands in place of a URL; register it, or write the URL"
            ),
        });
    }
    // What the chart writes decides; whether a registry has TLS is known of a registered one only.
    match repo.kind {
        Kind::Registry { .. } => {}
        _ if repo.url.starts_with("oci://") => {
            repo.kind = Kind::Registry {
                insecure_http: false,
            };
        }
        _ => repo.kind = Kind::Helm,
    }
    Ok(repo)
}

fn without_query(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or_default()
}

/// The error with a URL whose query, which may hold a token, is not shown.
fn hidden(error: SourceError, url: &str) -> SourceError {
    let shown = Repo::anonymous(without_query(url)).shown();
    match error {
        SourceError::NotFound { message, .. } => SourceError::NotFound {
            url: shown,
            message,
        },
        SourceError::Authentication { message, .. } => SourceError::Authentication {
            url: shown,
            message,
        },
        SourceError::Failed { message, .. } => SourceError::Failed {
            url: shown,
            message,
        },
        other => other,
    }
}

/// The `timeout` of a remote base: whole seconds, or a duration such as `1m30s`.
fn timeout(url: &str) -> Option<Duration> {
    let (_, query) = url.split_once('?')?;
    let text = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("timeout="))?;
    if let Ok(seconds) = text.parse::<u64>() {
        return (seconds > 0).then(|| Duration::from_secs(seconds));
    }
    let mut total = Duration::ZERO;
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..end].parse().ok()?;
        rest = &rest[end..];
        let end = rest
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(rest.len());
        let unit = match &rest[..end] {
            "ms" => 0.001,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            _ => return None,
        };
        rest = &rest[end..];
        total = total.checked_add(Duration::try_from_secs_f64(number * unit).ok()?)?;
    }
    (!total.is_zero()).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_of_bases() {
        for (query, expected) in [
            ("?timeout=30", Some(30_000)),
            ("?ref=x&timeout=1m30s", Some(90_000)),
            ("?timeout=250ms", Some(250)),
            ("?timeout=1.5s", Some(1500)),
            ("?timeout=0", None),
            ("?timeout=soon", None),
            ("?timeout=1e99h", None),
            ("", None),
        ] {
            let found = timeout(&format!("github.com/a/b{query}"));
            assert_eq!(found.map(|time| time.as_millis()), expected, "{query}");
        }
    }

    #[test]
    fn a_name_that_is_not_registered_is_refused_and_a_url_finds_its_credentials() {
        let finder = |url: &str| {
            let mut repo = Repo::anonymous(url);
            repo.username = format!("user of {url}");
            repo
        };
        for alias in ["@stable", "alias:stable"] {
            let error = chart_repository(alias, &finder).err().unwrap();
            assert!(error.to_string().contains("'stable'"), "{error}");
        }
        let repo = chart_repository("oci://example.com/charts", &finder)
            .ok()
            .unwrap();
        assert!(
            repo.kind
                == Kind::Registry {
                    insecure_http: false
                }
        );
        let repo = chart_repository("https://example.com/charts", &finder)
            .ok()
            .unwrap();
        assert!(repo.kind == Kind::Helm);
        assert_eq!(repo.username, "user of https://example.com/charts");
    }

    #[test]
    fn files_are_remembered_within_a_budget() {
        let files = Files::default();
        let age = Duration::from_secs(60);
        let large = Arc::new(vec![0; FILES_BYTES / 2 + 1]);
        files.put("a".to_owned(), Arc::clone(&large), age);
        assert!(files.get("a", age).is_some());
        assert!(files.get("a", Duration::ZERO).is_none());
        files.put("b".to_owned(), large, age);
        assert!(files.get("a", age).is_none() && files.get("b", age).is_some());
    }
}
