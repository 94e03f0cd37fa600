//! What puts applications into the queue: the store's feed, the repositories, the clusters.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::Duration;

use tiphys_engine::depends;
use tiphys_model::Application;
use tiphys_storage::{Collection, StoreError};
use tokio::sync::broadcast::error::RecvError;
use tokio::task::JoinSet;

use crate::cluster::{Change, LiveChange};
use crate::source::{Kind, Repo, normalize};
use crate::{NAMESPACE, Reconciler};

/// Passes at a time. Most of a pass waits.
const WORKERS: usize = 32;

/// How each repository in use is polled: with the credentials of the first project that used it.
type Repos = HashMap<String, (String, Repo)>;

/// Which application uses which repository, and depends on which other application.
#[derive(Default)]
struct Uses {
    by_application: HashMap<String, Use>,
    by_repository: HashMap<String, HashSet<String>>,
    /// The applications that depend on one, which need not exist.
    dependents: HashMap<String, HashSet<String>>,
}

/// What one application uses.
struct Use {
    project: String,
    repositories: HashSet<String>,
    /// Ids of the applications that it depends on.
    depends_on: Vec<String>,
}

impl Uses {
    /// Notes what an application uses, with the repositories that its sources need beside themselves; answers whether the set of
    /// repositories changed.
    fn set(&mut self, id: &str, application: Option<&Application>, needs: &[Repo]) -> bool {
        let mut changed = false;
        if let Some(before) = self.by_application.remove(id) {
            for other in before.depends_on {
                if let Some(dependents) = self.dependents.get_mut(&other) {
                    dependents.remove(id);
                    if dependents.is_empty() {
                        self.dependents.remove(&other);
                    }
                }
            }
            for url in before.repositories {
                if let Some(users) = self.by_repository.get_mut(&url) {
                    users.remove(id);
                    if users.is_empty() {
                        self.by_repository.remove(&url);
                        changed = true;
                    }
                }
            }
        }
        let Some(application) = application else {
            return changed;
        };
        let spec = &application.spec;
        let urls: HashSet<String> = spec
            .source
            .iter()
            .chain(&spec.sources)
            .map(|source| normalize(&source.repo_url))
            .chain(needs.iter().map(|repo| normalize(&repo.url)))
            .collect();
        for url in &urls {
            let users = self.by_repository.entry(url.clone()).or_default();
            changed |= users.is_empty();
            users.insert(id.to_owned());
        }
        let names = depends::names(&spec.depends_on, NAMESPACE).unwrap_or_default();
        let depends_on: Vec<String> = names
            .into_iter()
            .map(|name| format!("{NAMESPACE}/{name}"))
            .collect();
        for other in &depends_on {
            let dependents = self.dependents.entry(other.clone()).or_default();
            dependents.insert(id.to_owned());
        }
        self.by_application.insert(
            id.to_owned(),
            Use {
                project: spec.project.clone(),
                repositories: urls,
                depends_on,
            },
        );
        changed
    }
}

impl Reconciler {
    /// Works until the store is closed, or the future is dropped.
    pub async fn run(self) {
        let mut workers = JoinSet::new();
        workers.spawn(self.inner.sources.clone().tidy());
        for _ in 0..WORKERS {
            let this = self.clone();
            workers.spawn(async move {
                loop {
                    let id = this.inner.queue.next().await;
                    this.pass(&id).await;
                    this.inner.queue.done(&id);
                }
            });
        }
        loop {
            match self.follow().await {
                Ok(()) | Err(StoreError::Closed) => return,
                Err(StoreError::Compacted { .. }) => {}
                Err(error) => {
                    tracing::error!(%error, "the reconciler lost the feed; it reads everything again");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
    }

    async fn follow(&self) -> Result<(), StoreError> {
        let inner = &self.inner;
        let mut repositories = inner.sources.subscribe();
        let mut live = inner.clusters.subscribe();
        let listing = inner.applications.list().await?;
        let mut feed = inner.database.watch("", listing.revision);
        self.load_records().await?;
        inner.followed.send_replace(listing.revision);
        let mut uses = Uses::default();
        let mut repos: Repos = HashMap::new();
        for stored in &listing.items {
            if let Some(id) = inner.applications.id(&stored.key) {
                let needs = self.remember(&mut repos, &stored.value);
                uses.set(id, Some(&stored.value), &needs);
                inner.queue.add(id.to_owned(), &stored.value.spec.project);
            }
        }
        self.poll(&uses, &repos);
        loop {
            tokio::select! {
                changes = feed.next() => {
                    let changes = changes?;
                    let registered = changes.iter().any(|change| [&b"/projects/"[..], b"/repositories/", b"/clusters/"].iter().any(|prefix| change.key.starts_with(prefix)));
                    if registered {
                        self.load_records().await?;
                    }
                    let mut polled = registered;
                    for change in &changes {
                        let Some(id) = change.key.starts_with(inner.applications.prefix()).then(|| inner.applications.id(&change.key)).flatten() else { continue };
                        let application = change.current.as_ref().map(Collection::<Application>::decode).transpose()?;
                        let application = application.as_ref().map(|stored| &stored.value);
                        let needs = application.map(|application| self.remember(&mut repos, application));
                        polled |= uses.set(id, application, &needs.unwrap_or_default());
                        inner.queue.add(id.to_owned(), application.map_or("", |application| application.spec.project.as_str()));
                        if let Some(dependents) = uses.dependents.get(id) {
                            self.enqueue(dependents.iter(), &uses);
                        }
                    }
                    if registered {
                        let records = self.records();
                        for (project, repo) in repos.values_mut() {
                            let again = records.repo(&repo.url, project);
                            *repo = if repo.kind == Kind::Git { again } else { again.for_charts() };
                        }
                        self.everything(&uses);
                    }
                    if polled {
                        self.poll(&uses, &repos);
                    }
                    inner.followed.send_replace(feed.revision());
                }
                names = inner.needs.changed() => {
                    let mut polled = false;
                    for name in names {
                        let id = format!("{NAMESPACE}/{name}");
                        match inner.applications.get(&id).await? {
                            Some(stored) => {
                                let needs = self.remember(&mut repos, &stored.value);
                                polled |= uses.set(&id, Some(&stored.value), &needs);
                            }
                            // It was only asked what it would be.
                            None => inner.needs.set(&name, BTreeSet::new()),
                        }
                    }
                    if polled {
                        self.poll(&uses, &repos);
                    }
                }
                changed = repositories.recv() => match changed {
                    Ok(url) => {
                        let users: Vec<String> = uses.by_repository.get(&url).into_iter().flatten().cloned().collect();
                        self.moved(url, users, &uses);
                    }
                    Err(RecvError::Lagged(_)) => self.everything(&uses),
                    Err(RecvError::Closed) => return Ok(()),
                },
                changed = live.recv() => match changed {
                    Ok(LiveChange { what: Change::Objects(names), .. }) => {
                        let ids: Vec<String> = names.iter().map(|name| format!("{NAMESPACE}/{name}")).collect();
                        self.enqueue(ids.iter().filter(|id| uses.by_application.contains_key(*id)), &uses);
                    }
                    // What an application's objects own does not decide whether it is synchronised.
                    Ok(LiveChange { what: Change::Descendants(_), .. }) => {}
                    Ok(LiveChange { what: Change::Connection | Change::Schemas, .. }) => self.everything(&uses),
                    Err(RecvError::Lagged(_)) => self.everything(&uses),
                    Err(RecvError::Closed) => return Ok(()),
                },
            }
        }
    }

    /// Notes how the repositories of an application are polled; answers those that its sources need beside themselves.
    fn remember(&self, repos: &mut Repos, application: &Application) -> Vec<Repo> {
        let records = self.records();
        let spec = &application.spec;
        for source in spec.source.iter().chain(&spec.sources) {
            repos.entry(normalize(&source.repo_url)).or_insert_with(|| {
                let repo = records.repo(&source.repo_url, &spec.project);
                let repo = if source.chart.is_empty() {
                    repo
                } else {
                    repo.for_charts()
                };
                (spec.project.clone(), repo)
            });
        }
        let needs = self.inner.needs.of(&application.metadata.name);
        let needs = needs
            .iter()
            .map(|url| records.repo(url, &spec.project).for_charts());
        let needs: Vec<Repo> = needs.collect();
        for repo in &needs {
            repos
                .entry(normalize(&repo.url))
                .or_insert_with(|| (spec.project.clone(), repo.clone()));
        }
        needs
    }

    fn poll(&self, uses: &Uses, repos: &Repos) {
        self.inner.sources.watch(
            uses.by_repository
                .keys()
                .filter_map(|url| repos.get(url).map(|(_, repo)| repo.clone()))
                .collect(),
        );
    }

    /// A repository moved: puts the applications into the queue that read something of it that changed. That may have to fetch the
    /// new commit first, so it happens beside.
    fn moved(&self, url: String, users: Vec<String>, uses: &Uses) {
        let lanes: HashMap<String, String> = users
            .iter()
            .filter_map(|id| {
                let uses = uses.by_application.get(id)?;
                Some((id.clone(), uses.project.clone()))
            })
            .collect();
        let this = self.clone();
        tokio::spawn(async move {
            for id in this.concerned(&url, users).await {
                let lane = lanes.get(&id).map_or("", String::as_str);
                this.inner.queue.add(id.clone(), lane);
            }
        });
    }

    fn enqueue<'a>(&self, ids: impl Iterator<Item = &'a String>, uses: &Uses) {
        for id in ids {
            let lane = uses
                .by_application
                .get(id)
                .map_or("", |uses| uses.project.as_str());
            self.inner.queue.add(id.clone(), lane);
        }
    }

    fn everything(&self, uses: &Uses) {
        self.enqueue(uses.by_application.keys(), uses);
    }
}
