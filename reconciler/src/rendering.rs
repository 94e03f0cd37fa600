//! From the sources of an application to manifests.
//!
//! ```text
//!  source ──► resolve (commit, chart version) ──► tree ──► cache: do the answers that the last rendering got still hold?
//!                                                            yes ─► its manifests
//!                                                            no ──► render, fetching what it says it lacks, and keep what it read
//! ```
//!
//! Everything that takes part is either in the key of the cache (parameters, cluster version, install or upgrade) or among the recorded
//! reads (Git object ids, digests of charts). What happened elsewhere in a repository is neither, and re-renders nothing.

mod asked;
mod cache;
mod charts;
mod lookup;
mod options;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use tiphys_engine::admission::sources_of;
use tiphys_model::{Application, ApplicationSource, RepoAppDetailsResponse};
use tiphys_render::tree::{RecordingTree, TreePath};
use tiphys_render::{
    Limits, Manifest, Missing, Needed, RenderError, SourceType, Supplied, Supply, Tree, directory,
    helm, kustomize,
};

use asked::Asked;
pub(crate) use asked::Needs;
pub(crate) use cache::Cache;
use cache::{Entry, Part};
use charts::Charts;

use crate::Reconciler;
use crate::source::{Unsupplied, normalize};
use crate::target::Condition;

/// How often a rendering may say that it lacks something: a chart that needs a chart that needs a chart.
const ROUNDS: usize = 8;

/// The annotation that lets the overlays of an application have `helmCharts`, as `--enable-helm` does upstream.
const ENABLE_HELM: &str = "tiphys.io/kustomize-enable-helm";

/// A source with its files.
#[derive(Clone)]
struct Origin {
    /// Commit, or version of the chart.
    revision: String,
    tree: Arc<dyn Tree>,
    path: TreePath,
}

/// What the sources of an application render to.
#[derive(Clone)]
pub struct Rendered {
    /// Commit or chart version of each source.
    pub revisions: Vec<String>,
    /// Type of each source; a source that others only refer to has none.
    pub types: Vec<Option<SourceType>>,
    /// The charts that were fetched for them, as `name version`.
    pub dependencies: Vec<String>,
    /// The manifests of all sources, in order.
    pub manifests: Arc<Vec<Manifest>>,
}

/// What was fetched for one rendering, watched over like the source itself.
#[derive(Default)]
struct Fetched(HashMap<Missing, (Arc<RecordingTree>, TreePath)>);

impl Supply for Fetched {
    fn get(&self, missing: &Missing) -> Option<Supplied> {
        let (tree, path) = self.0.get(missing)?;
        Some(Supplied {
            tree: Arc::clone(tree) as Arc<dyn Tree>,
            path: path.clone(),
        })
    }
}

fn failed(place: (usize, usize), error: &dyn std::fmt::Display) -> Condition {
    let (position, all) = place;
    Condition::new(
        "ComparisonError",
        format!(
            "Failed to load target state: failed to generate manifest for source {} of {all}: {error}",
            position + 1
        ),
    )
}

impl Reconciler {
    /// Resolves and renders sources of an application. `revisions` are taken instead of the target revisions where they are not empty.
    ///
    /// # Errors
    /// Why not, as a condition of the application.
    pub async fn render(
        &self,
        application: &Application,
        sources: &[ApplicationSource],
        revisions: &[String],
    ) -> Result<Rendered, Condition> {
        let asked = Asked::default();
        let rendered = self.render_all(application, sources, revisions, &asked);
        let rendered = rendered.await;
        // What another revision needs is not watched.
        if revisions.iter().all(String::is_empty) {
            let needs = &self.inner.needs;
            needs.set(&application.metadata.name, asked.repositories());
        }
        rendered
    }

    async fn render_all(
        &self,
        application: &Application,
        sources: &[ApplicationSource],
        revisions: &[String],
        asked: &Asked,
    ) -> Result<Rendered, Condition> {
        let all = sources.len();
        let mut origins = Vec::with_capacity(all);
        for (position, source) in sources.iter().enumerate() {
            let revision = revisions
                .get(position)
                .filter(|revision| !revision.is_empty());
            let origin = self
                .origin(application, source, revision)
                .await
                .map_err(|error| failed((position, all), &error))?;
            origins.push(origin);
        }
        let mut rendered = Rendered {
            revisions: origins
                .iter()
                .map(|origin| origin.revision.clone())
                .collect(),
            types: Vec::with_capacity(all),
            dependencies: Vec::new(),
            manifests: Arc::default(),
        };
        let mut parts: Vec<Arc<Vec<Manifest>>> = Vec::new();
        for (position, source) in sources.iter().enumerate() {
            if is_reference_only(source) {
                rendered.types.push(None);
                continue;
            }
            let (source_type, manifests) = self
                .render_one(application, sources, &origins, (position, asked))
                .await
                .map_err(|error| failed((position, all), &error))?;
            rendered.types.push(Some(source_type));
            parts.push(manifests);
        }
        rendered.dependencies = asked.dependencies();
        rendered.manifests = match parts.as_slice() {
            [only] => Arc::clone(only),
            several => Arc::new(
                several
                    .iter()
                    .flat_map(|part| part.iter().cloned())
                    .collect(),
            ),
        };
        Ok(rendered)
    }

    /// Where the files of a source are.
    async fn origin(
        &self,
        application: &Application,
        source: &ApplicationSource,
        revision: Option<&String>,
    ) -> Result<Origin, Box<dyn std::error::Error + Send + Sync>> {
        let records = self.records();
        let mut repo = records.repo(&source.repo_url, &application.spec.project);
        repo.pass_credentials = source
            .helm
            .as_ref()
            .is_some_and(|helm| helm.pass_credentials);
        let wanted = revision.unwrap_or(&source.target_revision);
        if !source.chart.is_empty() {
            let chart = self
                .inner
                .sources
                .chart(&repo, &source.chart, wanted)
                .await?;
            return Ok(Origin {
                revision: chart.version,
                tree: chart.tree,
                path: chart.path,
            });
        }
        let commit = self.inner.sources.resolve(&repo, wanted).await?;
        let tree = self.inner.sources.tree(&repo, &commit).await?;
        Ok(Origin {
            revision: commit,
            tree: Arc::new(tree),
            path: TreePath::new(&source.path)?,
        })
    }

    async fn render_one(
        &self,
        application: &Application,
        sources: &[ApplicationSource],
        origins: &[Origin],
        (position, asked): (usize, &Asked),
    ) -> Result<(SourceType, Arc<Vec<Manifest>>), Box<dyn std::error::Error + Send + Sync>> {
        let (source, origin) = (&sources[position], &origins[position]);
        let source_type = source_type(source, origin)?;
        let job = self
            .job(application, sources, origins, position, source_type)
            .await?;
        let name = application.metadata.name.clone();
        if let Some(entry) = self.inner.rendered.get(&job.key) {
            let trees = Trees { origins, position };
            if entry
                .owner
                .as_ref()
                .is_none_or(|owner| *owner == identity(application))
                && self.holds(application, &entry, &trees, asked).await
            {
                self.inner.rendered.used(&name, position, &entry);
                return Ok((source_type, entry.manifests()));
            }
        }
        asked.restart(position);
        let trees = Trees { origins, position };
        let (entry, manifests) = self.fresh(application, job, &trees, asked).await?;
        self.inner.rendered.put(&name, position, entry);
        Ok((source_type, manifests))
    }

    /// Whether everything that a rendering read is as it was.
    async fn holds(
        &self,
        application: &Application,
        entry: &Entry,
        trees: &Trees<'_>,
        asked: &Asked,
    ) -> bool {
        for (part, reads) in &entry.reads {
            let holds = match part {
                Part::Source => reads.hold_in(trees.origins[trees.position].tree.as_ref()),
                Part::Reference(position) => trees
                    .origins
                    .get(*position)
                    .is_some_and(|origin| reads.hold_in(origin.tree.as_ref())),
                Part::Supplied(missing) => {
                    let ask = [missing.clone().into()];
                    match self
                        .supply(application, &ask, (trees.position, asked))
                        .await
                    {
                        Ok(found) => found
                            .get(missing)
                            .is_some_and(|supplied| reads.hold_in(supplied.tree.as_ref())),
                        Err(_) => false,
                    }
                }
            };
            if !holds {
                return false;
            }
        }
        true
    }

    /// Fetches what the rendering of a source lacks, with the credentials that are registered for it.
    async fn supply(
        &self,
        application: &Application,
        needed: &[Needed],
        (position, asked): (usize, &Asked),
    ) -> Result<HashMap<Missing, Supplied>, Unsupplied> {
        let records = self.records();
        let project = &application.spec.project;
        for needed in needed {
            asked.ask(position, &needed.what);
        }
        let repo_of = |url: &str| records.repo(url, project);
        let found = self.inner.sources.supply(needed, &repo_of).await?;
        let found = found.into_iter().map(|(missing, found)| {
            asked.got(position, &missing, &found.version);
            (missing, found.supplied)
        });
        Ok(found.collect())
    }

    /// Renders now, and fetches what is missing until nothing is.
    async fn fresh(
        &self,
        application: &Application,
        job: Job,
        trees: &Trees<'_>,
        asked: &Asked,
    ) -> Result<(Entry, Arc<Vec<Manifest>>), Box<dyn std::error::Error + Send + Sync>> {
        let Trees { origins, position } = *trees;
        let origin = &origins[position];
        let job = Arc::new(job);
        let mut known: HashMap<Missing, Supplied> = HashMap::new();
        for _ in 0..ROUNDS {
            let fetched: HashMap<Missing, (Arc<RecordingTree>, TreePath)> = known
                .iter()
                .map(|(missing, supplied)| {
                    let tree = Arc::new(RecordingTree::new(Arc::clone(&supplied.tree)));
                    (missing.clone(), (tree, supplied.path.clone()))
                })
                .collect();
            let fetched = Arc::new(Fetched(fetched));
            let tree = Arc::new(RecordingTree::new(Arc::clone(&origin.tree)));
            let references: BTreeMap<usize, Arc<RecordingTree>> = job
                .references
                .values()
                .map(|position| {
                    let tree = Arc::clone(&origins[*position].tree);
                    (*position, Arc::new(RecordingTree::new(tree)))
                })
                .collect();
            let work = {
                let (job, tree, fetched, references, path) = (
                    Arc::clone(&job),
                    Arc::clone(&tree),
                    Arc::clone(&fetched),
                    references.clone(),
                    origin.path.clone(),
                );
                let charts = Arc::clone(&self.inner.rendered.charts);
                move || job.run(&tree, &path, &references, &fetched, &charts)
            };
            let outcome = tokio::task::spawn_blocking(work)
                .await
                .map_err(|_| "rendering failed unexpectedly")?;
            match outcome {
                Err(RenderError::Missing(missing)) => {
                    let asked = (position, asked);
                    let found = self.supply(application, &missing, asked).await?;
                    if found.is_empty() {
                        return Err(RenderError::Missing(missing).into());
                    }
                    known.extend(found);
                }
                Err(error) => return Err(error.into()),
                Ok((manifests, used)) => {
                    let mut reads = vec![(Part::Source, tree.reads())];
                    for (position, tree) in &references {
                        reads.push((Part::Reference(*position), tree.reads()));
                    }
                    for (missing, (tree, _)) in &fetched.0 {
                        reads.push((Part::Supplied(missing.clone()), tree.reads()));
                    }
                    // What follows from an application's own randomness or from live objects is nobody else's.
                    let owner = (used.entropy || used.lookup).then(|| identity(application));
                    let manifests = Arc::new(manifests);
                    let entry = Entry::new(job.key, owner, !used.lookup, reads, &manifests);
                    return Ok((entry, manifests));
                }
            }
        }
        Err("the source needs more and more charts or bases: there may be a circle".into())
    }

    /// Puts together what a rendering needs beside its files.
    async fn job(
        &self,
        application: &Application,
        sources: &[ApplicationSource],
        origins: &[Origin],
        position: usize,
        source_type: SourceType,
    ) -> Result<Job, Box<dyn std::error::Error + Send + Sync>> {
        let source = &sources[position];
        let mut references = BTreeMap::new();
        for (at, other) in sources.iter().enumerate() {
            if !other.ref_.is_empty() {
                references.insert(other.ref_.clone(), at);
            }
        }
        let mut facts = helm::Facts::default();
        let mut is_upgrade = false;
        if source_type == SourceType::Helm || source_type == SourceType::Kustomize {
            let (cluster_version, api_versions) = self.capabilities(application).await;
            facts.kube_version = cluster_version;
            facts.api_versions = api_versions;
            facts.now = {
                let now = chrono::Utc::now();
                (now.timestamp(), now.timestamp_subsec_nanos())
            };
            let identity = identity(application);
            facts.seed = self.inner.sealer.derive(&format!("render {identity}"));
            is_upgrade = upgrades(application, source, position, &origins[position].revision);
            facts.lookup = self
                .lookup(application)
                .map_err(|condition| condition.message)?;
        }
        let annotations = &application.metadata.annotations;
        let enable_helm = annotations
            .get(ENABLE_HELM)
            .is_some_and(|value| value == "true");
        let environment =
            options::Environment::new(application, source, &origins[position].revision);
        let parameters =
            options::Parameters::new(application, source, source_type, is_upgrade, &environment)?;
        let mut hash = Sha256::new();
        for text in [
            serde_json::to_string(&parameters.key)?,
            format!("{source_type} {} {}", origins[position].path, source.chart),
            format!("{:?} {}", facts.kube_version, facts.api_versions.join(",")),
            format!("{references:?} {is_upgrade} {enable_helm}"),
        ] {
            hash.update(text.len().to_le_bytes());
            hash.update(text);
        }
        Ok(Job {
            key: hash.finalize().into(),
            source_type,
            parameters,
            facts,
            references,
            enable_helm,
            limits: self.inner.limits,
        })
    }

    /// Version and API versions of the cluster that an application goes to; nothing when it does not answer.
    async fn capabilities(&self, application: &Application) -> (Option<String>, Vec<String>) {
        let Ok((_, cluster)) = self.destination(application) else {
            return (None, Vec::new());
        };
        match cluster.capabilities().await {
            Ok((version, versions)) => (Some(version), versions),
            Err(_) => (None, Vec::new()),
        }
    }

    /// What lies at the path of a source, and what it takes.
    ///
    /// # Errors
    /// Why it cannot be told.
    pub async fn details(
        &self,
        project: &str,
        source: &ApplicationSource,
    ) -> Result<RepoAppDetailsResponse, Condition> {
        let mut application = Application::default();
        project.clone_into(&mut application.spec.project);
        let fault = |error: &dyn std::fmt::Display| Condition::new("ComparisonError", error);
        let origin = self
            .origin(&application, source, None)
            .await
            .map_err(|error| fault(&error))?;
        let source_type = source_type(source, &origin).map_err(|error| fault(&error))?;
        let source = source.clone();
        let limits = self.inner.limits;
        tokio::task::spawn_blocking(move || {
            let tree = origin.tree.as_ref();
            options::details(tree, &origin.path, &source, source_type, &limits)
        })
        .await
        .map_err(|_| fault(&"reading the source failed unexpectedly"))?
        .map_err(|error| fault(&error))
    }

    /// Forgets the rendering of an application: the next one reads everything again.
    pub(crate) fn forget_rendering(&self, name: &str) {
        self.inner.rendered.forget(name);
    }

    /// Which of the applications that use a repository are concerned by what happened to it.
    ///
    /// Applications whose last rendering is known, and read nothing that changed since, are left out; they learn of the new commit when
    /// they are compared next.
    pub(crate) async fn concerned(&self, url: &str, applications: Vec<String>) -> Vec<String> {
        let mut concerned = Vec::new();
        let mut changes: HashMap<(String, String), Option<Arc<Vec<TreePath>>>> = HashMap::new();
        for id in applications {
            let stored = self.inner.applications.get(&id).await;
            let Ok(Some(stored)) = stored else {
                concerned.push(id);
                continue;
            };
            let application = stored.value;
            if self
                .is_concerned(url, &application, &mut changes)
                .await
                .unwrap_or(true)
            {
                concerned.push(id);
            }
        }
        concerned
    }

    /// Whether an application has to be compared; nothing when that cannot be told.
    async fn is_concerned(
        &self,
        url: &str,
        application: &Application,
        changes: &mut HashMap<(String, String), Option<Arc<Vec<TreePath>>>>,
    ) -> Option<bool> {
        let status = application.status.as_ref()?;
        if !status.conditions.is_empty() {
            return None;
        }
        let sources = sources_of(&application.spec);
        let before = if application.spec.sources.is_empty() {
            std::slice::from_ref(&status.sync.revision)
        } else {
            status.sync.revisions.as_slice()
        };
        let records = self.records();
        for (position, source) in sources.iter().enumerate() {
            if normalize(&source.repo_url) != url {
                if !is_reference_only(source)
                    && self.needs_newer(url, application, position).await?
                {
                    return Some(true);
                }
                continue;
            }
            let repo = records.repo(&source.repo_url, &application.spec.project);
            if !source.chart.is_empty() {
                let wanted = &source.target_revision;
                let sources = &self.inner.sources;
                let chart = sources.chart(&repo, &source.chart, wanted).await.ok()?;
                let (name, tree) = (&application.metadata.name, chart.tree.as_ref());
                if chart.version != *before.get(position)?
                    || !self.inner.rendered.last_holds_in(name, position, tree)
                {
                    return Some(true);
                }
                continue;
            }
            let now = self
                .inner
                .sources
                .resolve(&repo, &source.target_revision)
                .await
                .ok()?;
            let last = self.inner.rendered.last(
                &application.metadata.name,
                position,
                before.get(position)?,
            )?;
            if last.revision == now {
                continue;
            }
            let pair = (last.revision.clone(), now.clone());
            let changed = match changes.get(&pair) {
                Some(known) => known.clone(),
                None => {
                    let found = self.inner.sources.changed(&repo, &pair.0, &pair.1).await;
                    changes.insert(pair, found.clone());
                    found
                }
            };
            if last.reads.iter().any(|reads| {
                changed
                    .as_ref()
                    .is_none_or(|paths| reads.concerned_by(paths))
            }) {
                return Some(true);
            }
        }
        Some(false)
    }

    /// Whether a repository has another chart now for what a source needs of it beside its own files; nothing when that cannot be
    /// told.
    async fn needs_newer(
        &self,
        url: &str,
        application: &Application,
        position: usize,
    ) -> Option<bool> {
        let (name, project) = (&application.metadata.name, &application.spec.project);
        let records = self.records();
        for (missing, reads) in self.inner.rendered.charts_of(name, position)? {
            let Missing::Chart { repository, .. } = &missing else {
                continue;
            };
            if normalize(&records.repo(repository, project).url) != url {
                continue;
            }
            let asked = Asked::default();
            let ask = [missing.clone().into()];
            let found = self.supply(application, &ask, (position, &asked)).await;
            let found = found.ok()?;
            if !reads.hold_in(found.get(&missing)?.tree.as_ref()) {
                return Some(true);
            }
        }
        Some(false)
    }
}

/// What tells an application from every other, also from one of its name that was before it or is only being checked.
fn identity(application: &Application) -> String {
    format!("{} {}", application.metadata.name, application.metadata.uid)
}

/// Whether a rendering is an upgrade: something else than this was deployed before. What was installed first stays an installation
/// until it changes, or every chart that asks would differ from what it has just installed.
fn upgrades(
    application: &Application,
    source: &ApplicationSource,
    position: usize,
    revision: &str,
) -> bool {
    let history = application.status.iter().flat_map(|status| &status.history);
    history.into_iter().any(|entry| {
        let (deployed, was) = match entry.sources.get(position) {
            Some(source) => (Some(source), entry.revisions.get(position)),
            None => (entry.source.as_ref(), Some(&entry.revision)),
        };
        deployed != Some(source) || was.is_none_or(|was| was != revision)
    })
}

/// The trees that a kept rendering is held against.
struct Trees<'a> {
    origins: &'a [Origin],
    position: usize,
}

/// Whether a source has nothing to render and only lends its files to others.
fn is_reference_only(source: &ApplicationSource) -> bool {
    !source.ref_.is_empty() && source.path.is_empty() && source.chart.is_empty()
}

/// The type that the application says, else what lies there.
fn source_type(source: &ApplicationSource, origin: &Origin) -> Result<SourceType, RenderError> {
    if source.plugin.is_some() {
        return Err(RenderError::Options(
            "config management plugins are not run by this server; render to plain YAML and commit that".to_owned(),
        ));
    }
    let stated: Vec<SourceType> = [
        (source.helm.is_some(), SourceType::Helm),
        (source.kustomize.is_some(), SourceType::Kustomize),
        (source.directory.is_some(), SourceType::Directory),
    ]
    .into_iter()
    .filter_map(|(stated, kind)| stated.then_some(kind))
    .collect();
    match stated.as_slice() {
        [only] => Ok(*only),
        [] if !source.chart.is_empty() => Ok(SourceType::Helm),
        [] => Ok(tiphys_render::detect(origin.tree.as_ref(), &origin.path)?.0),
        several => Err(RenderError::Options(format!(
            "multiple application sources defined: {}; keep one of helm, kustomize and directory",
            several
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(",")
        ))),
    }
}

/// A rendering that can be carried out on any thread.
struct Job {
    key: [u8; 32],
    source_type: SourceType,
    parameters: options::Parameters,
    facts: helm::Facts,
    /// Positions of the sources that others refer to, by name.
    references: BTreeMap<String, usize>,
    /// Whether an overlay may have charts.
    enable_helm: bool,
    limits: Limits,
}

impl Job {
    fn run(
        &self,
        tree: &RecordingTree,
        path: &TreePath,
        references: &BTreeMap<usize, Arc<RecordingTree>>,
        supply: &Fetched,
        charts: &Charts,
    ) -> Result<(Vec<Manifest>, helm::Used), RenderError> {
        let limits = self.limits;
        match self.source_type {
            SourceType::Directory => {
                let manifests = directory::render(tree, path, &self.parameters.directory, &limits)?;
                Ok((manifests, helm::Used::default()))
            }
            SourceType::Kustomize => {
                let charts = self
                    .enable_helm
                    .then(|| Arc::new(kustomize::HelmCharts::new(self.facts.clone())));
                let options = kustomize::Options {
                    overrides: self.parameters.overrides.clone(),
                    charts: charts
                        .clone()
                        .map(|charts| charts as Arc<dyn kustomize::Charts>),
                };
                let manifests = kustomize::render(tree, path, &options, supply, &limits)?;
                let used = charts.map(|charts| charts.used()).unwrap_or_default();
                Ok((manifests, used))
            }
            SourceType::Helm => {
                let mut options = self.parameters.helm.clone();
                for (name, position) in &self.references {
                    if let Some(tree) = references.get(position) {
                        let supplied = Supplied {
                            tree: Arc::clone(tree) as Arc<dyn Tree>,
                            path: TreePath::root(),
                        };
                        options
                            .references
                            .insert(name.clone(), helm::Reference(supplied));
                    }
                }
                let chart = charts.load(tree, path, supply, &limits)?;
                let values = helm::read_values(tree, path, &options, supply, &limits)?;
                let rendered = chart.render(&options, &self.facts, &values)?;
                Ok((helm::manifests(rendered.documents, &limits)?, rendered.used))
            }
        }
    }
}

/// What is known of the last rendering of a source of an application.
pub(crate) struct Last {
    /// Its commit.
    pub revision: String,
    /// What it read of the repository.
    pub reads: Vec<tiphys_render::tree::Reads>,
}
