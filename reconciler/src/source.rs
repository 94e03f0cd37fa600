//! Where files come from. Git: which commit a revision stands for, and the files of a commit; charts: see `charts`.
//!
//! Every repository is listed once for all applications that use it, and polled while it is in use. Commits are fetched without
//! history into a bare repository of their own under the data directory. All network work has a deadline.

mod charts;
mod error;
mod git;
mod github_app;
mod helm;
mod http;
mod place;
mod revision;
mod store;
mod supply;
mod tree;
mod unused;
mod wake;

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha256};
use tiphys_model::stored::RepositoryCredentials;
use tiphys_model::{RepositoryOutput, RevisionMetadata};
use tiphys_render::archive::ArchiveLimits;
use tiphys_render::tree::TreePath;
use tokio::sync::{Semaphore, broadcast};

pub use charts::{Chart, ChartVersions};
pub use error::SourceError;
pub use place::place;
use revision::{Answer, Refs};
use store::Store;
pub(crate) use supply::name_of_repository;
pub use supply::{Found, Unsupplied};
pub use tree::GitTree;
use wake::Wake;

/// How repositories are read.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where the bare repositories are kept.
    pub folder: PathBuf,
    /// Where indexes of Helm repositories and archives of charts are kept.
    pub charts: PathBuf,
    /// Time between two looks at a repository in use, before jitter.
    pub poll: Duration,
    /// Whether `file://` URLs and plain paths are read.
    pub allow_file: bool,
    /// How long the references may take.
    pub list_timeout: Duration,
    /// How long the objects may take.
    pub fetch_timeout: Duration,
    /// Keys of SSH servers that are trusted, beside those that the user's and the system's own files have.
    pub known_hosts: Option<PathBuf>,
    /// What one archive of a chart may cost.
    pub archive: ArchiveLimits,
}

#[cfg(test)]
impl Options {
    /// Everything below a folder, and nothing polled or given up while a test runs.
    fn of_test(folder: &std::path::Path) -> Self {
        Self {
            folder: folder.join("git"),
            charts: folder.join("charts"),
            poll: Duration::from_secs(600),
            allow_file: true,
            list_timeout: Duration::from_secs(60),
            fetch_timeout: Duration::from_secs(120),
            known_hosts: None,
            archive: ArchiveLimits::default(),
        }
    }
}

/// What a repository is, and speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// Git.
    #[default]
    Git,
    /// A Helm repository: an index and archives over HTTP.
    Helm,
    /// A registry that speaks OCI.
    Registry {
        /// Whether it is reached without TLS.
        insecure_http: bool,
    },
}

/// A repository, and what is needed to connect. It has no `Debug`: it holds secrets.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Repo {
    /// URL as the user wrote it.
    pub url: String,
    /// What it is.
    pub kind: Kind,
    /// Name for HTTPS.
    pub username: String,
    /// Whether certificates go unchecked.
    pub insecure: bool,
    /// Whether the server's SSH key goes unchecked.
    pub insecure_ignore_host_key: bool,
    /// Certificate that is shown to the server, PEM.
    pub tls_client_cert: String,
    /// Certificates that are trusted beside those of the system, PEM.
    pub ca: String,
    /// Proxy for HTTP.
    pub proxy: String,
    /// Hosts that are reached without the proxy, comma-separated.
    pub no_proxy: String,
    /// Whether the credentials of a Helm repository also go to other servers that its index names.
    pub pass_credentials: bool,
    /// GitHub App.
    pub github_app_id: i64,
    /// Its installation; 0 means the one that has the repository.
    pub github_app_installation_id: i64,
    /// API of an enterprise's own GitHub.
    pub github_app_enterprise_base_url: String,
    /// Secrets.
    pub credentials: RepositoryCredentials,
}

impl Repo {
    /// A repository with its registered credentials.
    #[must_use]
    pub fn new(repository: &RepositoryOutput, credentials: RepositoryCredentials) -> Self {
        Self {
            url: repository.repo.clone(),
            kind: match repository.type_.as_str() {
                "oci" => Kind::Registry {
                    insecure_http: repository.insecure_oci_force_http,
                },
                "helm" if repository.enable_oci || repository.repo.starts_with("oci://") => {
                    Kind::Registry {
                        insecure_http: repository.insecure_oci_force_http,
                    }
                }
                "helm" => Kind::Helm,
                _ => Kind::Git,
            },
            username: repository.username.clone(),
            insecure: repository.insecure,
            insecure_ignore_host_key: repository.insecure_ignore_host_key || repository.insecure,
            tls_client_cert: repository.tls_client_cert_data.clone(),
            ca: String::new(),
            proxy: repository.proxy.clone(),
            no_proxy: repository.no_proxy.clone(),
            pass_credentials: false,
            github_app_id: repository.github_app_id.unwrap_or_default(),
            github_app_installation_id: repository.github_app_installation_id.unwrap_or_default(),
            github_app_enterprise_base_url: repository.github_app_enterprise_base_url.clone(),
            credentials,
        }
    }

    /// A repository that needs no credentials.
    #[must_use]
    pub fn anonymous(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            ..Self::default()
        }
    }

    /// The URL without what may be secret in it.
    #[must_use]
    pub fn shown(&self) -> String {
        match self.url.split_once("://") {
            Some((scheme, rest)) => {
                let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
                let host = authority.rsplit('@').next().unwrap_or_default();
                format!("{scheme}://{host}{path}")
            }
            None => self.url.clone(),
        }
    }

    fn is_ssh(&self) -> bool {
        self.url.starts_with("ssh://")
            || (!self.url.contains("://") && self.url.contains(':') && !self.url.starts_with('/'))
    }

    fn is_file(&self) -> bool {
        self.url.starts_with("file:") || (!self.is_ssh() && !self.url.contains("://"))
    }

    fn authorization(&self) -> Option<String> {
        use base64::Engine as _;
        if !self.credentials.bearer_token.is_empty() {
            return Some(format!(
                "Authorization: Bearer {}",
                self.credentials.bearer_token
            ));
        }
        if self.is_ssh() || (self.credentials.password.is_empty() && self.username.is_empty()) {
            return None;
        }
        // Token logins take any name; an empty one is refused by some servers.
        let user = if self.username.is_empty() {
            "x-access-token"
        } else {
            &self.username
        };
        let basic = base64::engine::general_purpose::STANDARD
            .encode(format!("{user}:{}", self.credentials.password));
        Some(format!("Authorization: Basic {basic}"))
    }

    fn without_secrets(&self, text: &str) -> String {
        let credentials = &self.credentials;
        let mut text = text.replace(&self.url, &self.shown());
        for secret in [
            &credentials.password,
            &credentials.bearer_token,
            &credentials.ssh_private_key,
            &credentials.tls_client_cert_key,
            &credentials.github_app_private_key,
        ] {
            if !secret.is_empty() {
                text = text.replace(secret.as_str(), "…");
            }
        }
        text
    }
}

/// One identity for the ways to write a repository's URL: lower-case, without user, `.git` and last slash; scp form as `ssh://`.
#[must_use]
pub fn normalize(url: &str) -> String {
    let url = url.trim();
    let url = if !url.contains("://") && !url.starts_with('/') && url.contains(':') {
        format!("ssh://{}", url.replacen(':', "/", 1))
    } else {
        url.to_owned()
    };
    let url = url.to_lowercase();
    let url = url.trim_end_matches('/');
    let url = url.strip_suffix(".git").unwrap_or(url);
    match url.split_once("://") {
        Some((scheme, rest)) => {
            let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            format!(
                "{scheme}://{}{path}",
                authority.rsplit('@').next().unwrap_or_default()
            )
        }
        None => url.to_owned(),
    }
}

type Listing = Option<(Instant, Result<Arc<Refs>, SourceError>)>;

/// What is kept of one repository.
struct Place {
    folder: PathBuf,
    /// When it was asked for last.
    used: Mutex<Instant>,
    /// Held while the references are asked for, so that everybody waits for one answer.
    listing: tokio::sync::Mutex<Listing>,
    /// Held while objects arrive.
    objects: tokio::sync::Mutex<Option<Arc<Store>>>,
}

/// A repository that is looked at again and again.
struct Poll {
    repo: Repo,
    task: tokio::task::AbortHandle,
    place: Option<String>,
    wake: Arc<Wake>,
}

/// Tells blocking work to stop when nobody waits for it any more.
struct Interrupt(Arc<AtomicBool>);

impl Drop for Interrupt {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

struct Inner {
    options: Options,
    started: Instant,
    places: Mutex<HashMap<String, Arc<Place>>>,
    polls: Mutex<HashMap<String, Poll>>,
    changes: broadcast::Sender<String>,
    /// Bounds the threads that a hanging server can hold.
    threads: Arc<Semaphore>,
    tokens: github_app::Tokens,
    charts: charts::Charts,
    /// Remote files of overlays.
    files: supply::Files,
}

/// All repositories. Cheap to clone.
#[derive(Clone)]
pub struct Sources {
    inner: Arc<Inner>,
}

impl Sources {
    /// Reads repositories into the folder of `options`.
    #[must_use]
    pub fn new(options: Options) -> Self {
        Self {
            inner: Arc::new(Inner {
                charts: charts::Charts::new(options.charts.clone()),
                files: supply::Files::default(),
                options,
                started: Instant::now(),
                places: Mutex::default(),
                polls: Mutex::default(),
                changes: broadcast::channel(1024).0,
                threads: Arc::new(Semaphore::new(16)),
                tokens: github_app::Tokens::default(),
            }),
        }
    }

    /// Normalized URLs of repositories whose references changed, or that went away or came back.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<String> {
        self.inner.changes.subscribe()
    }

    fn place(&self, repo: &Repo) -> Arc<Place> {
        let id = normalize(&repo.url);
        let mut places = self
            .inner
            .places
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let folder = || crate::hexadecimal(&Sha256::digest(id.as_bytes())[..16]);
        let now = Instant::now();
        let place = places.entry(id.clone()).or_insert_with(|| {
            Arc::new(Place {
                folder: self.inner.options.folder.join(folder()),
                used: Mutex::new(now),
                listing: tokio::sync::Mutex::new(None),
                objects: tokio::sync::Mutex::new(None),
            })
        });
        *crate::locked(&place.used) = now;
        Arc::clone(place)
    }

    fn allowed(&self, repo: &Repo) -> Result<(), SourceError> {
        if repo.is_file() && !self.inner.options.allow_file {
            return Err(SourceError::FileNotAllowed(repo.shown()));
        }
        let known = ["https://", "http://", "ssh://", "file://"]
            .iter()
            .any(|scheme| repo.url.starts_with(scheme));
        // A leading dash would become an option of ssh.
        if repo.url.starts_with('-')
            || repo.url.contains("://-")
            || repo.url.contains(['\n', '\0'])
            || (!known && !repo.is_ssh() && !repo.is_file())
        {
            return Err(SourceError::BadUrl(repo.shown()));
        }
        Ok(())
    }

    /// Runs blocking work with a deadline; what hangs longer is told to stop and holds one of a bounded number of threads.
    async fn blocking<T: Send + 'static>(
        &self,
        repo: &Repo,
        doing: &'static str,
        deadline: Duration,
        work: impl FnOnce(&AtomicBool) -> Result<T, SourceError> + Send + 'static,
    ) -> Result<T, SourceError> {
        let timeout = || SourceError::Timeout {
            url: repo.shown(),
            doing,
            seconds: deadline.as_secs(),
        };
        let interrupt = Interrupt(Arc::new(AtomicBool::new(false)));
        let stop = Arc::clone(&interrupt.0);
        let threads = Arc::clone(&self.inner.threads);
        let run = async move {
            let permit = threads.acquire_owned().await;
            tokio::task::spawn_blocking(move || {
                let _permit = permit;
                work(&stop)
            })
            .await
        };
        match tokio::time::timeout(deadline, run).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(SourceError::Failed {
                url: repo.shown(),
                message: "reading the repository failed unexpectedly".to_owned(),
            }),
            Err(_) => Err(timeout()),
        }
    }

    async fn store(&self, place: &Place, repo: &Repo) -> Result<Arc<Store>, SourceError> {
        let mut slot = place.objects.lock().await;
        if let Some(store) = slot.as_ref() {
            return Ok(Arc::clone(store));
        }
        let (folder, owned) = (place.folder.clone(), repo.clone());
        let opened = self
            .blocking(
                repo,
                "opening its folder",
                self.inner.options.list_timeout,
                move |_| Store::open(&folder, &owned),
            )
            .await
            .map(Arc::new)?;
        *slot = Some(Arc::clone(&opened));
        Ok(opened)
    }

    async fn ask(&self, repo: &Repo) -> Result<Arc<Refs>, SourceError> {
        self.allowed(repo)?;
        let place = self.place(repo);
        let store = self.store(&place, repo).await?;
        let owned = self.inner.tokens.authorise(repo).await?;
        let known_hosts = self.inner.options.known_hosts.clone();
        self.blocking(
            repo,
            "its references were read",
            self.inner.options.list_timeout,
            move |_| {
                let link = git::Link {
                    repo: &owned,
                    known_hosts: known_hosts.as_deref(),
                };
                git::list(&store.repository, link)
            },
        )
        .await
        .map(Arc::new)
    }

    /// The references, from the last listing when that is young.
    async fn refs(&self, repo: &Repo, age: Duration) -> Result<Arc<Refs>, SourceError> {
        let place = self.place(repo);
        let mut listing = place.listing.lock().await;
        if let Some((at, known)) = listing.as_ref()
            && at.elapsed() < age
        {
            return known.clone();
        }
        let found = self.ask(repo).await;
        let before = listing.replace((Instant::now(), found.clone()));
        if before.is_none_or(|(_, before)| before != found) {
            // Nobody listens before the reconciler starts.
            let _listeners = self.inner.changes.send(normalize(&repo.url));
        }
        found
    }

    /// Whether the repository answers: asks now.
    ///
    /// # Errors
    /// Why it does not.
    pub async fn test(&self, repo: &Repo) -> Result<(), SourceError> {
        match repo.kind {
            Kind::Git => self.ask(repo).await.map(|_| ()),
            Kind::Helm => helm::test(repo).await,
            Kind::Registry { insecure_http } => helm::test_registry(repo, insecure_http).await,
        }
    }

    /// Forgets the last listing: the next question asks the server.
    pub async fn forget(&self, repo: &Repo) {
        if repo.kind != Kind::Git {
            return self.forget_charts(repo).await;
        }
        *self.place(repo).listing.lock().await = None;
    }

    /// The commit, 40 hexadecimal digits, that a revision stands for now.
    ///
    /// # Errors
    /// When the repository cannot be read or has no such revision.
    pub async fn resolve(&self, repo: &Repo, revision: &str) -> Result<String, SourceError> {
        self.resolve_within(repo, revision, self.inner.options.poll * 2)
            .await
    }

    /// The same, asked of the server now: what was pushed a moment ago counts, and a commit that is nowhere is an error.
    ///
    /// # Errors
    /// When the repository cannot be read or has no such revision.
    pub async fn resolve_now(&self, repo: &Repo, revision: &str) -> Result<String, SourceError> {
        let commit = self.resolve_within(repo, revision, Duration::ZERO).await?;
        if commit.eq_ignore_ascii_case(revision) {
            self.tree(repo, &commit).await?;
        }
        Ok(commit)
    }

    async fn resolve_within(
        &self,
        repo: &Repo,
        revision: &str,
        age: Duration,
    ) -> Result<String, SourceError> {
        let refs = self.refs(repo, age).await?;
        match refs.resolve(revision) {
            Answer::Commit(commit) => Ok(commit),
            Answer::NoVersion => Err(SourceError::NoVersion {
                url: repo.shown(),
                constraint: revision.to_owned(),
            }),
            Answer::Unknown if refs.0.is_empty() => Err(SourceError::Empty(repo.shown())),
            Answer::Unknown => Err(SourceError::UnknownRevision {
                url: repo.shown(),
                revision: revision.to_owned(),
                hint: refs.hint(),
            }),
            Answer::ShortSha(prefix) => self.complete(repo, &refs, &prefix).await,
        }
    }

    async fn complete(
        &self,
        repo: &Repo,
        refs: &Refs,
        prefix: &str,
    ) -> Result<String, SourceError> {
        if let Some(commit) = refs.0.values().find(|commit| commit.starts_with(prefix)) {
            return Ok(commit.clone());
        }
        let place = self.place(repo);
        let store = self.store(&place, repo).await?;
        let unknown = || SourceError::UnknownRevision {
            url: repo.shown(),
            revision: prefix.to_owned(),
            hint: refs.hint(),
        };
        if let Some(commit) = git::complete(&store.repository, prefix) {
            return Ok(commit);
        }
        let (owned, prefix) = (self.inner.tokens.authorise(repo).await?, prefix.to_owned());
        let known_hosts = self.inner.options.known_hosts.clone();
        self.blocking(
            repo,
            "its history was fetched",
            self.inner.options.fetch_timeout,
            move |stop| {
                let link = git::Link {
                    repo: &owned,
                    known_hosts: known_hosts.as_deref(),
                };
                git::fetch(&store.repository, link, None, stop)?;
                Ok(git::complete(&store.repository, &prefix))
            },
        )
        .await?
        .ok_or_else(unknown)
    }

    /// The files of a commit, fetched when they are not here.
    ///
    /// # Errors
    /// When the commit cannot be fetched.
    pub async fn tree(&self, repo: &Repo, commit: &str) -> Result<GitTree, SourceError> {
        self.allowed(repo)?;
        let place = self.place(repo);
        let store = self.store(&place, repo).await?;
        if let Some(root) = git::tree_of(&store.repository, commit) {
            return Ok(GitTree { store, root });
        }
        // One fetch at a time for a repository: whoever waited finds the commit.
        let mut slot = place.objects.lock().await;
        if let Some(store) = slot.as_ref()
            && let Some(root) = git::tree_of(&store.repository, commit)
        {
            return Ok(GitTree {
                store: Arc::clone(store),
                root,
            });
        }
        let wanted = commit.to_owned();
        let owned = self.inner.tokens.authorise(repo).await?;
        let known_hosts = self.inner.options.known_hosts.clone();
        let current = slot.clone().unwrap_or(store);
        let (store, root) = self
            .blocking(
                repo,
                "the commit was fetched",
                self.inner.options.fetch_timeout,
                move |stop| {
                    let link = git::Link {
                        repo: &owned,
                        known_hosts: known_hosts.as_deref(),
                    };
                    let store = if current.is_full() {
                        Arc::new(current.renew(&owned)?)
                    } else {
                        current
                    };
                    git::fetch(&store.repository, link, Some(&wanted), stop)?;
                    store.count();
                    let root = git::tree_of(&store.repository, &wanted).ok_or_else(|| {
                        SourceError::UnknownRevision {
                            url: owned.shown(),
                            revision: wanted.clone(),
                            hint: String::new(),
                        }
                    })?;
                    Ok((store, root))
                },
            )
            .await?;
        *slot = Some(Arc::clone(&store));
        Ok(GitTree { store, root })
    }

    /// The paths in which two commits differ; nothing when that cannot be told.
    pub async fn changed(
        &self,
        repo: &Repo,
        before: &str,
        after: &str,
    ) -> Option<Arc<Vec<TreePath>>> {
        let before = self.tree(repo, before).await.ok()?;
        let after = self.tree(repo, after).await.ok()?;
        tokio::task::spawn_blocking(move || tree::changed(&before, &after))
            .await
            .ok()?
            .map(Arc::new)
    }

    /// Who made a commit, when, and why, and which tags are on it.
    ///
    /// # Errors
    /// When the commit cannot be fetched.
    pub async fn metadata(
        &self,
        repo: &Repo,
        revision: &str,
    ) -> Result<RevisionMetadata, SourceError> {
        let commit = self.resolve(repo, revision).await?;
        let tree = self.tree(repo, &commit).await?;
        let refs = self.refs(repo, self.inner.options.poll * 2).await?;
        let mut metadata =
            git::metadata(&tree.store.repository, &commit).ok_or_else(|| SourceError::Failed {
                url: repo.shown(),
                message: format!("{commit} is no commit that can be read"),
            })?;
        metadata.tags = refs
            .0
            .iter()
            .filter(|(_, tagged)| **tagged == commit)
            .filter_map(|(name, _)| name.strip_prefix("refs/tags/").map(str::to_owned))
            .collect();
        Ok(metadata)
    }

    /// From now on exactly these repositories are polled.
    pub fn watch(&self, repos: Vec<Repo>) {
        let mut polls = self
            .inner
            .polls
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let mut wanted: HashMap<String, Repo> = repos
            .into_iter()
            .map(|repo| (normalize(&repo.url), repo))
            .collect();
        // What was asked for while credentials changed is not forgotten.
        let mut wakes = HashMap::new();
        polls.retain(|id, poll| {
            let stays = wanted.get(id) == Some(&poll.repo);
            if stays {
                wanted.remove(id);
            } else {
                poll.task.abort();
                if wanted.contains_key(id) {
                    wakes.insert(id.clone(), Arc::clone(&poll.wake));
                } else {
                    self.abandon(id);
                }
            }
            stays
        });
        for (id, repo) in wanted {
            let wake = wakes.remove(&id).unwrap_or_default();
            let task =
                tokio::spawn(self.clone().poll(repo.clone(), Arc::clone(&wake))).abort_handle();
            let place = place(&repo.url);
            let poll = Poll {
                repo,
                task,
                place,
                wake,
            };
            polls.insert(id, poll);
        }
    }

    /// Looks soon at those of the repositories in use that these URLs name, however they are written; answers how many that are.
    /// Whoever is not trusted is heard seldom: a look costs the Git server an answer.
    pub fn look(&self, urls: &[String], trusted: bool) -> usize {
        let ids: HashSet<String> = urls.iter().map(|url| normalize(url)).collect();
        let places: HashSet<String> = urls.iter().filter_map(|url| place(url)).collect();
        let polls = self
            .inner
            .polls
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        polls
            .iter()
            .filter(|(id, poll)| {
                ids.contains(*id)
                    || poll
                        .place
                        .as_ref()
                        .is_some_and(|place| places.contains(place))
            })
            .map(|(_, poll)| poll.wake.ask(trusted))
            .count()
    }

    /// Removes what was kept of a repository that nobody uses any more.
    fn abandon(&self, id: &str) {
        let place = self
            .inner
            .places
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(id);
        // Whoever reads it at this moment holds the store; its folder goes with the last of them.
        if let Some(place) = place
            && let Ok(mut slot) = place.objects.try_lock()
            && let Some(store) = slot.take()
        {
            store.retire();
        }
    }

    async fn poll(self, repo: Repo, wake: Arc<Wake>) {
        let mut failures: u32 = 0;
        let mut asked = None;
        loop {
            let factor =
                rand::random_range(0.8..1.2) * f64::from(2_u32.saturating_pow(failures.min(4)));
            wake.wait(self.inner.options.poll.mul_f64(factor), &mut asked)
                .await;
            let looked = match repo.kind {
                Kind::Git => self.refs(&repo, Duration::ZERO).await.map(|_| ()),
                Kind::Helm | Kind::Registry { .. } => self.look_at_charts(&repo).await,
            };
            match looked {
                Ok(()) => failures = 0,
                Err(error) => {
                    if failures == 0 {
                        tracing::warn!(%error, "a repository cannot be read");
                    }
                    failures += 1;
                }
            }
        }
    }
}
