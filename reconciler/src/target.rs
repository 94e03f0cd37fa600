//! What an application should be: its manifests, ready to be compared and applied.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::Value;
use tiphys_engine::admission::sources_of;
use tiphys_engine::compare_options::{COMPARE_OPTIONS, CompareOptions};
use tiphys_engine::health::Health;
use tiphys_engine::ignore::IgnoreRules;
use tiphys_engine::object::{self, Gvk};
use tiphys_engine::schema::Schemas;
use tiphys_engine::sync::{self, Options};
use tiphys_engine::tracking::Tracking;
use tiphys_engine::{diff, project, window};
use tiphys_model::{
    AppProject, Application, ApplicationSource, ApplicationSpec, HealthStatusCode, ResourceKey,
    SyncWindow,
};
use tiphys_render::Manifest;

use crate::cluster::{Cluster, ClusterError, MANAGER};
use crate::execute::is_compared;
use crate::records::Records;
use crate::{Customs, IN_CLUSTER, Reconciler, Rendered};

/// Something that keeps an application from being compared or synchronised, or a warning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// `ComparisonError`, `InvalidSpecError`, …
    pub kind: &'static str,
    /// What, where, what next.
    pub message: String,
}

impl Condition {
    pub(crate) fn new(kind: &'static str, message: impl ToString) -> Self {
        Self {
            kind,
            message: message.to_string(),
        }
    }
}

/// One object that should be live.
pub(crate) struct Wanted {
    pub key: ResourceKey,
    pub gvk: Gvk,
    pub object: Value,
}

/// What its project permits an application to have in its cluster.
#[derive(Clone)]
pub(crate) struct Permission {
    records: Arc<Records>,
    project: String,
    server: String,
    name: String,
    namespace: String,
}

impl Permission {
    fn destination(&self) -> project::Destination<'_> {
        project::Destination {
            server: &self.server,
            name: &self.name,
            namespace: &self.namespace,
        }
    }

    /// Whether the application may have anything in a namespace.
    pub fn reaches(&self, namespace: &str) -> bool {
        let destination = project::Destination {
            namespace,
            ..self.destination()
        };
        let project = self.records.projects.get(&self.project);
        namespace.is_empty()
            || namespace == self.namespace
            || project.is_none_or(|project| project::permits_destination(project, destination))
    }

    /// Whether a live object may be the application's. Without its project, which cannot be deleted before it, everything may.
    pub fn covers(&self, live: &ResourceKey) -> bool {
        let project = self.records.projects.get(&self.project);
        project.is_none_or(|project| {
            let namespaced = !live.namespace.is_empty();
            project::refusal(project, self.destination(), live, namespaced).is_none()
        })
    }
}

/// What an application should be, and where.
pub(crate) struct Target {
    pub cluster: Cluster,
    /// Commit or chart version; empty when there are several sources.
    pub revision: String,
    /// The source; without content when there are several.
    pub source: ApplicationSource,
    /// Commit or chart version of each of several sources.
    pub revisions: Vec<String>,
    /// Several sources; none when there is one.
    pub sources: Vec<ApplicationSource>,
    /// Type of each source.
    pub types: Vec<String>,
    /// Charts that the sources depend on, as `name version`.
    pub dependencies: Vec<String>,
    pub wanted: Vec<Wanted>,
    /// Kinds that definitions in the source itself bring.
    pub defined: HashMap<(String, String), bool>,
    /// Group and kind of the wanted objects that the cluster serves.
    pub served: HashSet<(String, String)>,
    /// The application itself, and those that render it, as objects: their health is not its own, and it never removes them.
    pub lineage: Vec<ResourceKey>,
    /// Wanted objects that are live as those of another application, and its name.
    pub shared: Vec<(ResourceKey, String)>,
    /// What the user does not want to see as drift.
    pub rules: IgnoreRules,
    /// Everything of the application and its cluster that comparisons follow from, as texts.
    pub rules_text: Vec<String>,
    /// What the user defined for kinds.
    pub customs: Arc<Customs>,
    /// What the application says of its comparison.
    pub compare_options: CompareOptions,
    /// What the application says of its synchronisation.
    pub sync_options: Options,
    /// How objects are tracked.
    pub tracking: Arc<Tracking>,
    /// The cluster's own schemas of the wanted objects, where they are compared.
    pub schemas: Schemas,
    /// What the project permits; live objects that it does not are none of the application's, whatever they say.
    pub permission: Permission,
    /// Objects that the project forbids: their result, and why.
    pub forbidden: Vec<(ResourceKey, Gvk, String)>,
    pub warnings: Vec<Condition>,
}

impl Target {
    /// How its objects are compared.
    pub(crate) fn diff_options(&self) -> diff::Options<'_> {
        diff::Options {
            ignore: (!self.rules.is_empty()).then_some(&self.rules),
            schemas: Some(&self.schemas),
            known_types: Some(&self.customs.known_types),
            status: self.customs.uncounted.status,
            ignore_aggregated_roles: self.customs.uncounted.aggregated_roles,
            ..diff::Options::new(MANAGER)
        }
    }

    /// What the application and an object say of its synchronisation.
    pub(crate) fn options_of(&self, wanted: &Wanted) -> Options {
        self.sync_options
            .with(&Options::of_object(&wanted.object).0)
    }

    /// How an object is compared, with what [`Target::options_of`] says of it: where the fields of earlier managers are not to be
    /// taken over, they are not ours; where objects are replaced, no record tells what the API server dropped.
    pub(crate) fn diff_options_with<'a>(&'a self, stated: &'a Options) -> diff::Options<'a> {
        let options = diff::Options {
            ignore_dropped: stated.replace == Some(true),
            ..self.diff_options()
        };
        if stated.client_side_apply_migration == Some(false) {
            return diff::Options {
                legacy: &[],
                ..options
            };
        }
        diff::Options {
            also: stated.client_side_apply_migration_manager.as_deref(),
            ..options
        }
    }

    /// The commit or chart version of each source.
    pub(crate) fn commits(&self) -> &[String] {
        if self.sources.is_empty() {
            std::slice::from_ref(&self.revision)
        } else {
            &self.revisions
        }
    }

    /// The objects that take part in the comparison.
    pub(crate) fn compared(&self) -> impl Iterator<Item = &Wanted> {
        self.wanted
            .iter()
            .filter(|wanted| is_compared(&wanted.object))
    }
}

/// Which revision of which source.
#[derive(Clone, Copy, Default)]
pub(crate) struct Choice<'a> {
    pub revision: Option<&'a str>,
    pub source: Option<&'a ApplicationSource>,
    /// The options of the operation, when there is one.
    pub options: Option<&'a [String]>,
    /// For an application with several sources.
    pub revisions: &'a [String],
    pub sources: &'a [ApplicationSource],
}

impl Choice<'_> {
    /// Whether objects are compared: always but in an operation, where only few options ask for it.
    fn compares(&self) -> bool {
        self.options.is_none_or(|options| {
            let options = Options::of_application_leniently(options);
            options.apply_out_of_sync_only == Some(true)
                || options.respect_ignore_differences == Some(true)
        })
    }
}

impl Reconciler {
    /// The cluster of an application's destination.
    pub(crate) fn destination(
        &self,
        application: &Application,
    ) -> Result<(String, Cluster), Condition> {
        let destination = &application.spec.destination;
        let server = if destination.server.is_empty() {
            self.records().server(&destination.name).map_err(invalid)?
        } else {
            destination.server.trim_end_matches('/').to_owned()
        };
        let cluster = self.inner.clusters.get(&server).ok_or_else(|| {
            Condition::new(
                "InvalidSpecError",
                format!(
                    "cluster \"{server}\" is not registered; register it with POST /api/v1/clusters"
                ),
            )
        })?;
        Ok((server, cluster))
    }

    /// What its project permits an application to have in its cluster, which is `server`.
    pub(crate) fn permission(&self, application: &Application, server: String) -> Permission {
        let destination = &application.spec.destination;
        Permission {
            records: self.records(),
            project: application.spec.project.clone(),
            name: if server == IN_CLUSTER {
                "in-cluster".to_owned()
            } else {
                destination.name.clone()
            },
            server,
            namespace: destination.namespace.clone(),
        }
    }

    /// The sync windows of its project that concern an application.
    #[must_use]
    pub fn windows(&self, application: &Application) -> Vec<SyncWindow> {
        let records = self.records();
        let Some(project) = records.projects.get(&application.spec.project) else {
            return Vec::new();
        };
        let destination = &application.spec.destination;
        let destination = project::Destination {
            server: &destination.server,
            name: &destination.name,
            namespace: &destination.namespace,
        };
        window::matching(
            &project.spec.sync_windows,
            &application.metadata.name,
            destination,
        )
        .cloned()
        .collect()
    }

    /// What an application renders to, as it is before tracking and destination. `revision` stands for the target revision of a single
    /// source; `positions`, from 1, say which of several sources `revisions` are of.
    ///
    /// # Errors
    /// Why it cannot be rendered.
    pub async fn manifests(
        &self,
        application: &Application,
        revision: Option<&str>,
        positions: &[usize],
        revisions: &[String],
    ) -> Result<Rendered, Condition> {
        let sources = sources_of(&application.spec);
        let mut chosen = vec![String::new(); sources.len()];
        if let (Some(revision), [first, ..]) = (revision, chosen.as_mut_slice()) {
            revision.clone_into(first);
        }
        for (position, revision) in positions.iter().zip(revisions) {
            let at = position.checked_sub(1).and_then(|at| chosen.get_mut(at));
            let at = at.ok_or_else(|| {
                Condition::new(
                    "InvalidSpecError",
                    format!("sourcePositions: there is no source {position}"),
                )
            })?;
            at.clone_from(revision);
        }
        self.render(application, sources, &chosen).await
    }

    /// Everything that an application should be.
    pub(crate) async fn target(
        &self,
        application: &Application,
        choice: Choice<'_>,
    ) -> Result<Target, Condition> {
        let records = self.records();
        let name = &application.spec.project;
        let project = records.projects.get(name).ok_or_else(|| {
            invalid(format!(
                "Application referencing project {name} which does not exist"
            ))
        })?;
        let (server, cluster) = self.destination(application)?;
        let (sources, revisions) = chosen(&application.spec, choice)?;
        let permission = self.permission(application, server);
        let urls: Vec<&str> = sources
            .iter()
            .map(|source| source.repo_url.as_str())
            .collect();
        let violations = project::violations(project, &urls, permission.destination());
        if !violations.is_empty() {
            return Err(invalid(violations.join("; ")));
        }
        let rendered = self.render(application, &sources, &revisions).await?;
        let manifests = Arc::clone(&rendered.manifests);
        let mut target = self.empty_target(application, cluster, permission);
        target.defined = definitions(&manifests);
        target.note_sources(application, sources, rendered);
        target.note_rules(application);
        target.want(application, project, &manifests).await?;
        let namespace = made_namespace(application, choice.options);
        let namespace = namespace.filter(|_| target.needs_namespace(application));
        target.follow(application, namespace.as_ref()).await?;
        target.note_lineage(&application.metadata.name);
        target.note_shared(&application.metadata.name);
        if choice.compares() {
            target.load_schemas().await;
        }
        Ok(target)
    }

    /// A target of which only the place and the rules are known.
    fn empty_target(
        &self,
        application: &Application,
        cluster: Cluster,
        permission: Permission,
    ) -> Target {
        let policy = application.spec.sync_policy.as_ref();
        let annotations = &application.metadata.annotations;
        Target {
            cluster,
            revision: String::new(),
            source: ApplicationSource::default(),
            revisions: Vec::new(),
            sources: Vec::new(),
            types: Vec::new(),
            dependencies: Vec::new(),
            wanted: Vec::new(),
            defined: HashMap::new(),
            served: HashSet::new(),
            lineage: Vec::new(),
            shared: Vec::new(),
            rules: IgnoreRules::default(),
            rules_text: rules_text(application),
            customs: Arc::clone(&self.inner.customs),
            compare_options: annotations
                .get(COMPARE_OPTIONS)
                .map_or_else(CompareOptions::default, |text| CompareOptions::parse(text)),
            sync_options: policy.map_or_else(Options::default, |policy| {
                Options::of_application_leniently(&policy.sync_options)
            }),
            tracking: Arc::clone(self.inner.clusters.tracking()),
            schemas: Schemas::default(),
            permission,
            forbidden: Vec::new(),
            warnings: Vec::new(),
        }
    }
}

/// The key of an object in the destination of an application.
fn key_in(application: &Application, manifest: &Manifest) -> ResourceKey {
    let mut key = object::key(&manifest.object);
    if key.namespace.is_empty() {
        key.namespace
            .clone_from(&application.spec.destination.namespace);
    }
    key
}

/// The objects of the last comparison, and their versions.
pub(crate) fn compared_before(
    application: &Application,
) -> impl Iterator<Item = (ResourceKey, &str)> {
    let rows = application
        .status
        .iter()
        .flat_map(|status| &status.resources);
    rows.map(|row| (ResourceKey::from(row), row.version.as_str()))
}

fn invalid(message: String) -> Condition {
    Condition::new("InvalidSpecError", message)
}

fn unreachable(error: ClusterError) -> Condition {
    Condition::new(
        "ComparisonError",
        format!("Failed to load live state: {error}"),
    )
}

/// The sources and revisions that a choice means; there is at least one source.
fn chosen(
    spec: &ApplicationSpec,
    choice: Choice<'_>,
) -> Result<(Vec<ApplicationSource>, Vec<String>), Condition> {
    let own = sources_of(spec);
    if own.is_empty() {
        return Err(invalid("spec.source is empty".to_owned()));
    }
    let sources = match (choice.source, choice.sources) {
        (_, several) if !several.is_empty() => several.to_vec(),
        (Some(source), _) => vec![source.clone()],
        (None, _) => own.to_vec(),
    };
    let revisions = match choice.revision {
        Some(revision) if choice.revisions.is_empty() => vec![revision.to_owned()],
        _ => choice.revisions.to_vec(),
    };
    Ok((sources, revisions))
}

impl Target {
    fn note_sources(
        &mut self,
        application: &Application,
        sources: Vec<ApplicationSource>,
        rendered: Rendered,
    ) {
        self.types = rendered
            .types
            .iter()
            .map(|kind| kind.map(|kind| kind.to_string()).unwrap_or_default())
            .collect();
        self.dependencies = rendered.dependencies;
        // What a client wrote under `sources` stays there, also when it is one.
        if application.spec.sources.is_empty() && sources.len() == 1 {
            self.source = sources.into_iter().next().unwrap_or_default();
            self.revision = rendered.revisions.into_iter().next().unwrap_or_default();
        } else {
            self.sources = sources;
            self.revisions = rendered.revisions;
        }
    }

    fn note_rules(&mut self, application: &Application) {
        let own = &application.spec.ignore_differences;
        let (rules, errors) = IgnoreRules::compile(self.customs.ignore.iter().chain(own));
        self.rules = rules;
        let errors = errors.iter().map(ToString::to_string).collect();
        self.warn("ComparisonError", errors);
        let place = format!("application {}", application.metadata.name);
        let unknown = self.compare_options.warnings(&place);
        self.warn("CompareOptionWarning", unknown);
    }

    fn warn(&mut self, kind: &'static str, messages: Vec<String>) {
        let conditions = messages
            .into_iter()
            .map(|message| Condition::new(kind, message));
        self.warnings.extend(conditions);
    }

    /// Takes the manifests, ready to be applied; what the project does not permit is only noted.
    async fn want(
        &mut self,
        application: &Application,
        project: &AppProject,
        manifests: &[Manifest],
    ) -> Result<(), Condition> {
        let permission = self.permission.clone();
        let tracking = Arc::clone(&self.tracking);
        let mut places: HashMap<ResourceKey, usize> = HashMap::new();
        self.wanted.reserve(manifests.len());
        for manifest in manifests {
            let gvk = object::gvk(&manifest.object);
            let kind = (gvk.group.clone(), gvk.kind.clone());
            let namespaced = match self.scope(application, manifest, &gvk).await? {
                Some(namespaced) => {
                    self.served.insert(kind);
                    namespaced
                }
                None => self.defined.get(&kind).copied().unwrap_or(true),
            };
            let ignored_status = self.customs.uncounted.status;
            let mut wanted = prepare(
                &manifest.object,
                gvk,
                namespaced,
                application,
                &tracking,
                ignored_status,
            );
            wanted.object = self.cluster.normalised(wanted.object);
            let destination = permission.destination();
            if let Some(reason) = project::refusal(project, destination, &wanted.key, namespaced) {
                self.forbidden.push((wanted.key, wanted.gvk, reason));
                continue;
            }
            self.warn("SyncOptionWarning", sync::warnings(&wanted.object));
            let unknown = CompareOptions::of(&wanted.object).warnings(&wanted.key);
            self.warn("CompareOptionWarning", unknown);
            match places.get(&wanted.key) {
                // A hook without a name gets another for every attempt.
                _ if wanted.key.name.is_empty() => self.wanted.push(wanted),
                Some(&at) => {
                    let message = format!(
                        "Resource {} appeared 2 times among application resources.",
                        wanted.key
                    );
                    self.warn("RepeatedResourceWarning", vec![message]);
                    self.wanted[at] = wanted;
                }
                None => {
                    places.insert(wanted.key.clone(), self.wanted.len());
                    self.wanted.push(wanted);
                }
            }
        }
        Ok(())
    }

    /// Whether objects of a manifest's kind live in namespaces; none when the cluster does not serve it.
    async fn scope(
        &self,
        application: &Application,
        manifest: &Manifest,
        gvk: &Gvk,
    ) -> Result<Option<bool>, Condition> {
        if self.cluster.keeps(&key_in(application, manifest)) {
            return Ok(Some(true));
        }
        let served = self.cluster.kind(gvk).await.map_err(unreachable)?;
        Ok(served.map(|served| served.namespaced))
    }

    /// Follows the kinds that are wanted or were there before, and makes sure that what is wanted is known as it is.
    async fn follow(
        &self,
        application: &Application,
        namespace: Option<&ResourceKey>,
    ) -> Result<(), Condition> {
        let before: Vec<(ResourceKey, &str)> = compared_before(application).collect();
        let before = before.iter().map(|(key, version)| (key, *version));
        let wanted = self.wanted.iter();
        let wanted = wanted.map(|wanted| (&wanted.key, wanted.gvk.version.as_str()));
        let namespace_there = namespace.map(|key| (key, "v1"));
        let all = wanted.chain(before).chain(namespace_there);
        self.cluster.watch_objects(all).await.map_err(unreachable)?;
        let keys: Vec<&ResourceKey> = self
            .wanted
            .iter()
            .map(|wanted| &wanted.key)
            .filter(|key| !key.name.is_empty())
            .chain(namespace)
            .collect();
        let name = &application.metadata.name;
        self.cluster.load(name, &keys).await.map_err(unreachable)
    }

    /// Loads the schemas of what is compared.
    async fn load_schemas(&mut self) {
        let name = |gvk: &Gvk| {
            if gvk.group.is_empty() {
                gvk.version.clone()
            } else {
                format!("{}/{}", gvk.group, gvk.version)
            }
        };
        let served = |wanted: &&Wanted| {
            let kind = (wanted.gvk.group.clone(), wanted.gvk.kind.clone());
            self.served.contains(&kind)
        };
        let mut names = BTreeSet::new();
        let of_api = |wanted: &&Wanted| !self.cluster.keeps(&wanted.key);
        for wanted in self.compared().filter(served).filter(of_api) {
            names.insert(name(&wanted.gvk));
            if self.customs.known_types.has(&wanted.gvk) {
                names.insert("v1".to_owned());
            }
        }
        let loaded = self.cluster.schemas(names.into_iter().collect()).await;
        self.schemas = loaded.schemas;
        self.rules_text.extend(loaded.addresses);
        self.warnings.extend(
            loaded
                .problems
                .into_iter()
                .map(|problem| Condition::new("ComparisonError", problem)),
        );
    }

    /// Whether something that is applied to the cluster lies in the destination's namespace.
    pub(crate) fn needs_namespace(&self, application: &Application) -> bool {
        let namespace = &application.spec.destination.namespace;
        let mut there = self.wanted.iter().map(|wanted| &wanted.key);
        there.any(|key| key.namespace == *namespace && !self.cluster.keeps(key))
    }

    /// How well a live object of the application is. Those above it wait for it, and not the other way round. One that it renders is judged
    /// by what it says itself, but not before that is about what it is now.
    pub(crate) fn health(
        &self,
        key: &ResourceKey,
        live: &Value,
        at: DateTime<Utc>,
    ) -> Option<Health> {
        if self.lineage.contains(key) {
            return None;
        }
        if self.cluster.keeps(key) && is_behind(live) {
            return Some(Health {
                status: HealthStatusCode::Progressing,
                message: "Waiting for the application to be compared and synchronised".to_owned(),
            });
        }
        self.customs.checks.assess(live, at)
    }

    /// Notes which applications are above this one, and whether it renders one of them, too.
    fn note_lineage(&mut self, application: &str) {
        self.lineage = self.cluster.lineage(application);
        let above = self.lineage.get(1..).unwrap_or_default();
        let circles: Vec<String> = self
            .wanted
            .iter()
            .filter(|wanted| above.contains(&wanted.key))
            .map(|wanted| {
                format!(
                    "{}/{} is rendered by this application, and renders it: remove one from the source of the other",
                    wanted.key.kind, wanted.key.name
                )
            })
            .collect();
        if !circles.is_empty() {
            let lineage = self.lineage.iter().map(ToString::to_string);
            self.rules_text.extend(lineage);
        }
        self.warn("ApplicationCycleWarning", circles);
    }

    /// Notes wanted objects that are those of another application.
    fn note_shared(&mut self, application: &str) {
        for wanted in &self.wanted {
            let owner = self.cluster.owner(&wanted.key);
            if let Some(other) = owner.filter(|other| **other != *application) {
                self.warnings.push(Condition::new(
                    "SharedResourceWarning",
                    format!(
                        "{}/{} is part of applications {application} and {other}",
                        wanted.key.kind, wanted.key.name
                    ),
                ));
                self.shared.push((wanted.key.clone(), other.to_string()));
            }
        }
    }
}

/// Whether what an application says of itself is about another specification than it has, or an operation is about to change it.
fn is_behind(application: &Value) -> bool {
    let (spec, status) = (&application["spec"], &application["status"]);
    let compared = &status["sync"]["comparedTo"];
    let is_compared = ["source", "sources", "destination"]
        .iter()
        .all(|part| compared[part] == spec[part]);
    let operates =
        !application["operation"].is_null() || status["operationState"]["phase"] == "Running";
    application["kind"] == "Application" && (operates || !is_compared)
}

/// What of an application decides how its objects are compared.
fn rules_text(application: &Application) -> Vec<String> {
    let policy = application.spec.sync_policy.as_ref();
    let mut texts: Vec<String> = policy
        .map(|policy| policy.sync_options.clone())
        .unwrap_or_default();
    texts.extend(
        application
            .spec
            .ignore_differences
            .iter()
            .map(|rule| serde_json::to_string(rule).unwrap_or_default()),
    );
    texts
}

/// The namespace that an operation with these options makes, when it is missing.
fn made_namespace(application: &Application, options: Option<&[String]>) -> Option<ResourceKey> {
    let name = &application.spec.destination.namespace;
    let wanted = Options::of_application_leniently(options?).create_namespace == Some(true);
    (wanted && !name.is_empty()).then(|| ResourceKey {
        group: String::new(),
        kind: "Namespace".to_owned(),
        namespace: String::new(),
        name: name.clone(),
    })
}

/// Gives an object its namespace, and what says to which application it belongs.
fn prepare(
    manifest: &Value,
    gvk: Gvk,
    namespaced: bool,
    application: &Application,
    tracking: &Tracking,
    status: diff::IgnoreStatus,
) -> Wanted {
    let mut object = manifest.clone();
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        let empty = metadata
            .get("namespace")
            .and_then(Value::as_str)
            .is_none_or(str::is_empty);
        if !namespaced {
            metadata.remove("namespace");
        } else if empty {
            metadata.insert(
                "namespace".to_owned(),
                application.spec.destination.namespace.clone().into(),
            );
        }
        // What only a server writes would be refused by it.
        for field in [
            "managedFields",
            "creationTimestamp",
            "resourceVersion",
            "uid",
        ] {
            metadata.remove(field);
        }
    }
    if let Some(map) = object.as_object_mut().filter(|_| !status.counts(&gvk)) {
        map.remove("status");
    }
    let key = object::key(&object);
    tracking.track(&mut object, &application.metadata.name, &key);
    Wanted { key, gvk, object }
}

/// Group and kind of each definition in the source, and whether its objects live in namespaces.
fn definitions(manifests: &[Manifest]) -> HashMap<(String, String), bool> {
    manifests
        .iter()
        .map(|manifest| &manifest.object)
        .filter(|object| object["kind"] == "CustomResourceDefinition")
        .filter_map(|object| {
            let spec = &object["spec"];
            let id = (
                spec["group"].as_str()?.to_owned(),
                spec["names"]["kind"].as_str()?.to_owned(),
            );
            Some((id, spec["scope"] == "Namespaced"))
        })
        .collect()
}

impl Reconciler {
    /// The commit that a revision of a source stands for now, read with the registered credentials.
    ///
    /// # Errors
    /// Why it cannot be told.
    pub async fn resolve(
        &self,
        project: &str,
        source: &ApplicationSource,
        revision: &str,
    ) -> Result<String, crate::source::SourceError> {
        let repo = self.records().repo(&source.repo_url, project);
        if source.chart.is_empty() {
            self.inner.sources.resolve_now(&repo, revision).await
        } else {
            let sources = &self.inner.sources;
            sources.chart_version(&repo, &source.chart, revision).await
        }
    }
}
