//! Charts of Helm repositories and of registries: which version a constraint stands for, and its files.
//!
//! An index is asked for at most once per poll interval and repository, whoever wants it, and kept on disk; so are archives, by
//! their digest. A version that an index names does not change: what is pinned and here is used without asking.
//!
//! ```text
//! <data>/charts/index/…       what indexes say, see `catalogue`
//! <data>/charts/archives/…    archives by digest
//! ```

mod archives;
mod catalogue;
mod fetch;
mod index;
mod registry;
mod version;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use reqwest::Url;
use reqwest::header::{ETAG, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED};
use tiphys_render::tree::{Tree, TreePath};
use tokio::io::AsyncWriteExt as _;

use super::{Kind, Repo, SourceError, Sources, helm, http, normalize};
use archives::Archives;
use catalogue::{Catalogue, Validators};
use index::{IndexLimits, Listed};
use registry::{Registry, Tokens};

/// Bytes of all archives on disk, and of all catalogues.
const BUDGET: u64 = 1 << 30;
/// Places that are remembered before the unused ones are forgotten.
const PLACES: usize = 10_000;
/// Archives that are downloaded at once: each is in memory.
const DOWNLOADS: usize = 4;

/// A chart, fetched.
#[derive(Clone)]
pub struct Chart {
    /// Its version, as the repository names it; for a digest, the digest.
    pub version: String,
    /// SHA-256 of its archive, hexadecimal.
    pub digest: String,
    /// The files.
    pub tree: Arc<dyn Tree>,
    /// The chart's folder in them.
    pub path: TreePath,
}

/// A chart of a repository and its versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChartVersions {
    /// Name.
    pub name: String,
    /// Versions, in the order of the repository.
    pub versions: Vec<String>,
}

type Answer<T> = Option<(Instant, Result<Arc<T>, SourceError>)>;

/// The last answer of a server to one question. Held while it is asked, so that everybody waits for one answer.
type Place<T> = Arc<tokio::sync::Mutex<Answer<T>>>;

struct Places<T>(Mutex<HashMap<String, Place<T>>>);

impl<T> Default for Places<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> Places<T> {
    fn get(&self, id: &str) -> Place<T> {
        let mut places = crate::locked(&self.0);
        if places.len() >= PLACES && !places.contains_key(id) {
            places.retain(|_, place| Arc::strong_count(place) > 1);
        }
        Arc::clone(places.entry(id.to_owned()).or_default())
    }

    fn of(&self, prefix: &str) -> Vec<(String, Place<T>)> {
        crate::locked(&self.0)
            .iter()
            .filter(|(id, _)| id.starts_with(prefix))
            .map(|(id, place)| (id.clone(), Arc::clone(place)))
            .collect()
    }
}

/// What is kept of charts.
pub(super) struct Charts {
    folder: PathBuf,
    archives: Archives,
    indexes: Places<Catalogue>,
    tags: Places<Vec<String>>,
    /// Digests of archives by repository, chart and reference, where the index names none, and of tags.
    digests: Places<String>,
    tokens: Tokens,
    downloads: tokio::sync::Semaphore,
    limits: IndexLimits,
}

impl Charts {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self {
            archives: Archives::new(folder.join("archives"), BUDGET),
            folder,
            indexes: Places::default(),
            tags: Places::default(),
            digests: Places::default(),
            tokens: Tokens::default(),
            downloads: tokio::sync::Semaphore::new(DOWNLOADS),
            limits: IndexLimits::default(),
        }
    }
}

fn is_sha256(text: &str) -> bool {
    text.len() == 64
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

/// One identity for a repository with its credentials: what one of them may read, another may not. It shows no secret.
pub(super) fn identity(repo: &Repo) -> String {
    use sha2::Digest as _;
    let mut hash = sha2::Sha256::new();
    for part in [
        repo.url.trim_end_matches('/'),
        &repo.username,
        &repo.credentials.password,
        &repo.credentials.bearer_token,
        &repo.credentials.tls_client_cert_key,
    ] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    crate::hexadecimal(&hash.finalize()[..16])
}

/// A URL relative to the repository's, as Helm joins them: the repository's query goes along.
fn beside(repo: &Repo, reference: &str) -> Result<Url, SourceError> {
    let bad = || SourceError::Failed {
        url: repo.shown(),
        message: "the URL of the repository or of a file in it is no URL".to_owned(),
    };
    if let Ok(absolute) = Url::parse(reference) {
        return Ok(absolute);
    }
    let mut base = Url::parse(&repo.url).map_err(|_| bad())?;
    if !matches!(base.scheme(), "http" | "https") {
        return Err(SourceError::BadUrl(repo.shown()));
    }
    let path = format!("{}/", base.path().trim_end_matches('/'));
    base.set_path(&path);
    let mut joined = base.join(reference).map_err(|_| bad())?;
    if base.query().is_some() {
        joined.set_query(base.query());
    }
    Ok(joined)
}

/// Whether a URL is on the repository's own server: scheme, host and port.
fn is_same_server(repo: &Repo, url: &Url) -> bool {
    Url::parse(&repo.url).is_ok_and(|own| own.origin() == url.origin())
}

/// The repository without what it is known by, for another server.
fn stranger(repo: &Repo, url: &str) -> Repo {
    let mut other = repo.clone();
    url.clone_into(&mut other.url);
    other.username.clear();
    other.credentials = tiphys_model::stored::RepositoryCredentials::default();
    other.tls_client_cert.clear();
    other
}

fn failed(repo: &Repo, message: impl std::fmt::Display) -> SourceError {
    SourceError::Failed {
        url: repo.shown(),
        message: repo.without_secrets(&message.to_string()),
    }
}

/// The versions that are chosen from, for an error message: the newest, and how many more there are.
fn hint<'a>(versions: impl Iterator<Item = &'a str>) -> String {
    const SHOWN: usize = 5;
    let mut versions: Vec<&str> = versions.collect();
    version::newest_first(&mut versions);
    let some = versions.get(..SHOWN).unwrap_or(&versions).join(", ");
    match versions.len().saturating_sub(SHOWN) {
        _ if versions.is_empty() => "; there is none".to_owned(),
        0 => format!("; there are {some}"),
        more => format!("; there are {some} and {more} older ones"),
    }
}

/// How a repository of charts is spoken to. A URL without scheme, and `oci://`, is a registry's.
fn speaks(repo: &Repo) -> Result<Kind, SourceError> {
    match repo.kind {
        registry @ Kind::Registry { .. } => Ok(registry),
        _ if repo.url.starts_with("oci://") || !repo.url.contains("://") => Ok(Kind::Registry {
            insecure_http: false,
        }),
        _ if repo.url.starts_with("https://") || repo.url.starts_with("http://") => Ok(Kind::Helm),
        _ => Err(SourceError::BadUrl(repo.shown())),
    }
}

impl Repo {
    /// The same repository as a source of charts: what nobody registered is a Helm repository or a registry by its URL.
    #[must_use]
    pub fn for_charts(mut self) -> Self {
        if let Ok(kind) = speaks(&self) {
            self.kind = kind;
        }
        self
    }
}

impl Sources {
    /// The chart of a repository in the version that a constraint stands for (empty: the newest; for registries also
    /// `sha256:…`), fetched when it is not here.
    ///
    /// # Errors
    /// When the repository does not answer, has no such chart or version, or the archive is refused.
    pub async fn chart(
        &self,
        repo: &Repo,
        chart: &str,
        constraint: &str,
    ) -> Result<Chart, SourceError> {
        self.timely(repo, "the chart was fetched", async {
            match speaks(repo)? {
                Kind::Registry { insecure_http } => {
                    let version = self.chart_version(repo, chart, constraint).await?;
                    self.registry_chart(repo, chart, &version, insecure_http)
                        .await
                }
                _ => {
                    let listed = self.listed(repo, chart, constraint).await?;
                    self.repository_chart(repo, chart, listed).await
                }
            }
        })
        .await
    }

    /// The version alone, which is what a look at a repository needs.
    ///
    /// # Errors
    /// When the repository does not answer, or has no such chart or version.
    pub async fn chart_version(
        &self,
        repo: &Repo,
        chart: &str,
        constraint: &str,
    ) -> Result<String, SourceError> {
        let Kind::Registry { insecure_http } = speaks(repo)? else {
            return Ok(self.listed(repo, chart, constraint).await?.version);
        };
        let wanted = constraint.trim();
        if let Some(digest) = wanted.strip_prefix("sha256:") {
            return if is_sha256(digest) {
                Ok(wanted.to_owned())
            } else {
                Err(failed(repo, format!("'{wanted}' is no sha256 digest")))
            };
        }
        if version::is_pinned(wanted) {
            return Ok(wanted.to_owned());
        }
        let age = self.inner.options.poll * 2;
        let tags = self.tags(repo, chart, insecure_http, age).await?;
        let versions: Vec<String> = tags.iter().filter_map(|tag| version::of_tag(tag)).collect();
        let chosen = version::choose(versions.iter().map(String::as_str), wanted)
            .map_err(|error| failed(repo, error))?;
        chosen
            .and_then(|at| versions.get(at).cloned())
            .ok_or_else(|| SourceError::NoChartVersion {
                url: repo.shown(),
                chart: chart.to_owned(),
                constraint: wanted.to_owned(),
                hint: hint(versions.iter().map(String::as_str)),
            })
    }

    /// All charts of a Helm repository with their versions; of a registry, which cannot be listed, the one at its own URL.
    ///
    /// # Errors
    /// When the repository does not answer.
    pub async fn charts(&self, repo: &Repo) -> Result<Vec<ChartVersions>, SourceError> {
        let age = self.inner.options.poll * 2;
        if let Kind::Registry { insecure_http } = speaks(repo)? {
            let tags = self.tags(repo, "", insecure_http, age).await?;
            let url = repo.url.trim_end_matches('/');
            return Ok(vec![ChartVersions {
                name: url.rsplit('/').next().unwrap_or_default().to_owned(),
                versions: tags.iter().filter_map(|tag| version::of_tag(tag)).collect(),
            }]);
        }
        let catalogue = self.catalogue(repo, age).await?;
        let owned = repo.clone();
        let deadline = self.inner.options.fetch_timeout;
        self.blocking(repo, "its index was read", deadline, move |_| {
            catalogue
                .names()
                .map(|name| {
                    let versions = catalogue.versions(name).map_err(|e| failed(&owned, e))?;
                    Ok(ChartVersions {
                        name: name.to_owned(),
                        versions: versions
                            .unwrap_or_default()
                            .into_iter()
                            .map(|listed| listed.version)
                            .collect(),
                    })
                })
                .collect()
        })
        .await
    }

    /// Looks again at what is known of a repository of charts, and tells who listens when it changed.
    pub(super) async fn look_at_charts(&self, repo: &Repo) -> Result<(), SourceError> {
        let Kind::Registry { insecure_http } = speaks(repo)? else {
            return self.catalogue(repo, Duration::ZERO).await.map(|_| ());
        };
        let prefix = format!("{} ", identity(repo));
        let mut outcome = Ok(());
        for (id, _) in self.inner.charts.tags.of(&prefix) {
            let chart = id.strip_prefix(&prefix).unwrap_or_default();
            let found = self.tags(repo, chart, insecure_http, Duration::ZERO).await;
            outcome = outcome.and(found.map(|_| ()));
        }
        outcome
    }

    /// The last answers of a repository of charts are asked for again.
    pub(super) async fn forget_charts(&self, repo: &Repo) {
        let id = identity(repo);
        *self.inner.charts.indexes.get(&id).lock().await = None;
        for (_, place) in self.inner.charts.tags.of(&format!("{id} ")) {
            *place.lock().await = None;
        }
        for (_, place) in self.inner.charts.digests.of(&format!("{id} ")) {
            *place.lock().await = None;
        }
    }

    async fn timely<T>(
        &self,
        repo: &Repo,
        doing: &'static str,
        work: impl Future<Output = Result<T, SourceError>>,
    ) -> Result<T, SourceError> {
        let deadline = self.inner.options.fetch_timeout;
        tokio::time::timeout(deadline, work)
            .await
            .unwrap_or_else(|_| {
                Err(SourceError::Timeout {
                    url: repo.shown(),
                    doing,
                    seconds: deadline.as_secs(),
                })
            })
    }

    /// The entry of a Helm repository's index.
    async fn listed(
        &self,
        repo: &Repo,
        chart: &str,
        constraint: &str,
    ) -> Result<Listed, SourceError> {
        let wanted = constraint.trim();
        if version::is_pinned(wanted)
            && let Some(known) = self.known(repo).await
            && let Some(listed) = self
                .versions(repo, known, chart)
                .await?
                .and_then(|versions| versions.into_iter().find(|known| known.version == wanted))
        {
            return Ok(listed);
        }
        let catalogue = self.catalogue(repo, self.inner.options.poll * 2).await?;
        let mut versions = self
            .versions(repo, catalogue, chart)
            .await?
            .ok_or_else(|| SourceError::UnknownChart {
                url: repo.shown(),
                chart: chart.to_owned(),
            })?;
        let texts = versions.iter().map(|listed| listed.version.as_str());
        match version::choose(texts.clone(), wanted).map_err(|error| failed(repo, error))? {
            Some(at) => Ok(versions.swap_remove(at)),
            None => Err(SourceError::NoChartVersion {
                url: repo.shown(),
                chart: chart.to_owned(),
                constraint: wanted.to_owned(),
                hint: hint(texts),
            }),
        }
    }

    async fn versions(
        &self,
        repo: &Repo,
        catalogue: Arc<Catalogue>,
        chart: &str,
    ) -> Result<Option<Vec<Listed>>, SourceError> {
        let (owned, chart) = (repo.clone(), chart.to_owned());
        let deadline = self.inner.options.list_timeout;
        self.blocking(repo, "its index was looked up", deadline, move |_| {
            catalogue
                .versions(&chart)
                .map_err(|error| failed(&owned, error))
        })
        .await
    }

    fn catalogue_path(&self, repo: &Repo) -> PathBuf {
        self.inner.charts.folder.join("index").join(identity(repo))
    }

    /// The catalogue that is here, however old; nothing when there is none.
    async fn known(&self, repo: &Repo) -> Option<Arc<Catalogue>> {
        let place = self.inner.charts.indexes.get(&identity(repo));
        let mut slot = place.lock().await;
        if let Some((_, answer)) = slot.as_ref() {
            return answer.as_ref().ok().map(Arc::clone);
        }
        let opened = self.opened(repo).await?;
        // Young enough to be used for what is pinned, and too old for anything else.
        let past = Instant::now().checked_sub(self.inner.options.poll * 2 + Duration::from_secs(1));
        if let Some(past) = past {
            *slot = Some((past, Ok(Arc::clone(&opened))));
        }
        Some(opened)
    }

    async fn opened(&self, repo: &Repo) -> Option<Arc<Catalogue>> {
        let path = self.catalogue_path(repo);
        tokio::task::spawn_blocking(move || Catalogue::open(&path).map(Arc::new))
            .await
            .ok()?
    }

    /// The catalogue of a Helm repository, from the last answer when that is young.
    async fn catalogue(&self, repo: &Repo, age: Duration) -> Result<Arc<Catalogue>, SourceError> {
        let place = self.inner.charts.indexes.get(&identity(repo));
        let mut slot = place.lock().await;
        if let Some((at, answer)) = slot.as_ref()
            && at.elapsed() < age
        {
            return answer.clone();
        }
        let before = match slot.as_ref() {
            Some((_, answer)) => answer.as_ref().ok().map(Arc::clone),
            None => None,
        };
        let before = match before {
            Some(before) => Some(before),
            None => self.opened(repo).await,
        };
        let found = self
            .timely(repo, "its index was read", self.ask_index(repo, before))
            .await;
        let said = |answer: &Result<Arc<Catalogue>, SourceError>| {
            answer
                .as_ref()
                .map(|known| known.identity)
                .map_err(Clone::clone)
        };
        let earlier = slot.as_ref().map(|(_, answer)| said(answer));
        if earlier.is_some_and(|earlier| earlier != said(&found)) {
            // Nobody listens before the reconciler starts.
            let _listeners = self.inner.changes.send(normalize(&repo.url));
        }
        *slot = Some((Instant::now(), found.clone()));
        found
    }

    async fn ask_index(
        &self,
        repo: &Repo,
        before: Option<Arc<Catalogue>>,
    ) -> Result<Arc<Catalogue>, SourceError> {
        let url = beside(repo, "index.yaml")?;
        let client = http::client(repo, self.inner.options.fetch_timeout)?;
        let mut request = helm::authorised(client.get(url), repo);
        if let Some(before) = &before {
            let known = &before.validators;
            for (name, value) in [
                (IF_NONE_MATCH, &known.etag),
                (IF_MODIFIED_SINCE, &known.modified),
            ] {
                if !value.is_empty() {
                    request = request.header(name, value);
                }
            }
        }
        let response = request
            .send()
            .await
            .map_err(|error| http::failed(repo, error))?;
        if response.status() == reqwest::StatusCode::NOT_MODIFIED
            && let Some(before) = before
        {
            return Ok(before);
        }
        if !response.status().is_success() {
            return Err(helm::refused(repo, response.status()));
        }
        let header = |name| {
            let value = response.headers().get(name)?;
            value.to_str().ok().map(str::to_owned)
        };
        let validators = Validators {
            etag: header(ETAG).unwrap_or_default(),
            modified: header(LAST_MODIFIED).unwrap_or_default(),
        };
        let path = self.catalogue_path(repo);
        let part = Temporary(path.with_extension(format!("{}.part", uuid::Uuid::new_v4())));
        let limits = self.inner.charts.limits;
        save(repo, response, &part.0, limits.bytes).await?;
        let owned = repo.clone();
        let deadline = self.inner.options.fetch_timeout;
        self.blocking(repo, "its index was read", deadline, move |stop| {
            let built = Catalogue::build(&part.0, &path, validators, limits, stop)
                .map_err(|error| failed(&owned, error))?;
            if let Some(folder) = path.parent() {
                archives::make_room(folder, BUDGET, &path);
            }
            Ok(Arc::new(built))
        })
        .await
    }

    /// The tags of a chart in a registry, from the last answer when that is young.
    async fn tags(
        &self,
        repo: &Repo,
        chart: &str,
        insecure_http: bool,
        age: Duration,
    ) -> Result<Arc<Vec<String>>, SourceError> {
        let id = format!("{} {chart}", identity(repo));
        let place = self.inner.charts.tags.get(&id);
        let mut slot = place.lock().await;
        if let Some((at, answer)) = slot.as_ref()
            && at.elapsed() < age
        {
            return answer.clone();
        }
        let ask = async {
            let timeout = self.inner.options.list_timeout;
            let tokens = &self.inner.charts.tokens;
            let registry = Registry::new(
                repo,
                chart,
                insecure_http,
                tokens,
                timeout,
                self.inner.options.archive.packed_bytes,
            )?;
            registry.tags().await.map(Arc::new)
        };
        let found = self.timely(repo, "its tags were read", ask).await;
        let before = slot.replace((Instant::now(), found.clone()));
        if before.is_some_and(|(_, before)| before != found) {
            // Nobody listens before the reconciler starts.
            let _listeners = self.inner.changes.send(normalize(&repo.url));
        }
        found
    }
}

/// A file that goes with whoever holds it.
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        let _gone = std::fs::remove_file(&self.0);
    }
}

/// Writes an answer to a file as it comes, up to a limit.
async fn save(
    repo: &Repo,
    mut response: reqwest::Response,
    path: &std::path::Path,
    limit: u64,
) -> Result<(), SourceError> {
    let disk = |error: std::io::Error| failed(repo, format!("index.yaml cannot be kept: {error}"));
    if let Some(folder) = path.parent() {
        tokio::fs::create_dir_all(folder).await.map_err(disk)?;
    }
    let mut file = tokio::fs::File::create(path).await.map_err(disk)?;
    let mut written: u64 = 0;
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(|error| http::failed(repo, error))?
    {
        written += chunk.len() as u64;
        if written > limit {
            return Err(failed(
                repo,
                format!("index.yaml has more than {limit} bytes"),
            ));
        }
        file.write_all(&chunk).await.map_err(disk)?;
    }
    file.flush().await.map_err(disk)
}

#[cfg(test)]
mod tests;
