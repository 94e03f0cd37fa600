//! What an application should be: its manifests, ready to be compared and applied.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde_json::Value;
use tiphys_engine::ignore::IgnoreRules;
use tiphys_engine::object::{self, Gvk};
use tiphys_engine::sync::{self, Options};
use tiphys_engine::tracking::{Ownership, Tracking};
use tiphys_engine::{diff, project, tracking, window};
use tiphys_model::{
    Application, ApplicationSource, RepoAppDetailsResponse, ResourceKey, SyncWindow,
};
use tiphys_render::{Limits, Manifest, Tree as _, directory, tree::TreePath};

use crate::cluster::{Cluster, ClusterError, MANAGER};
use crate::execute::is_compared;
use crate::{IN_CLUSTER, Reconciler, locked};

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

/// What an application should be, and where.
pub(crate) struct Target {
    pub cluster: Cluster,
    pub revision: String,
    pub source: ApplicationSource,
    pub wanted: Vec<Wanted>,
    /// Kinds that definitions in the source itself bring.
    pub defined: HashMap<(String, String), bool>,
    /// Group and kind of the wanted objects that the cluster serves.
    pub served: HashSet<(String, String)>,
    /// Wanted objects that are live as those of another application, and its name.
    pub shared: Vec<(ResourceKey, String)>,
    /// What the user does not want to see as drift.
    pub rules: IgnoreRules,
    /// Objects that the project forbids: their result, and why.
    pub forbidden: Vec<(ResourceKey, Gvk, String)>,
    pub warnings: Vec<Condition>,
}

impl Target {
    /// How its objects are compared.
    pub(crate) fn diff_options(&self) -> diff::Options<'_> {
        diff::Options {
            ignore: (!self.rules.is_empty()).then_some(&self.rules),
            ..diff::Options::new(MANAGER)
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
}

impl Reconciler {
    /// The cluster of an application's destination.
    pub(crate) fn destination(
        &self,
        application: &Application,
    ) -> Result<(String, Cluster), Condition> {
        let destination = &application.spec.destination;
        let server = if destination.server.is_empty() {
            self.records()
                .server(&destination.name)
                .map_err(|reason| Condition::new("InvalidSpecError", reason))?
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

    /// Reads and renders a source; answers the commit and the manifests.
    ///
    /// # Errors
    /// Why not, as a condition of the application.
    pub async fn render(
        &self,
        application: &Application,
        source: &ApplicationSource,
        revision: Option<&str>,
    ) -> Result<(String, Arc<Vec<Manifest>>), Condition> {
        let failed = |error: &dyn std::fmt::Display| {
            Condition::new(
                "ComparisonError",
                format!(
                    "Failed to load target state: failed to generate manifest for source 1 of 1: {error}"
                ),
            )
        };
        if !source.chart.is_empty() {
            return Err(failed(
                &"Helm charts from chart repositories are not rendered by this version",
            ));
        }
        let repo = self
            .records()
            .repo(&source.repo_url, &application.spec.project);
        let revision = revision.unwrap_or(&source.target_revision);
        let commit = self
            .inner
            .sources
            .resolve(&repo, revision)
            .await
            .map_err(|error| failed(&error))?;
        let tree = self
            .inner
            .sources
            .tree(&repo, &commit)
            .await
            .map_err(|error| failed(&error))?;
        let options = source.directory.clone().unwrap_or_default();
        let id = application.metadata.name.clone();
        let known = locked(&self.inner.rendered).get(&id).cloned();
        let source_path = source.path.clone();
        let work = move || -> Result<(String, Arc<Vec<Manifest>>), tiphys_render::RenderError> {
            let path = TreePath::new(&source_path)?;
            let options = directory::Options {
                recurse: options.recurse,
                include: options.include,
                exclude: options.exclude,
            };
            // Links can lead out of the folder, so the whole tree is the input unless the folder alone is the same.
            let root = tree.id(&TreePath::root())?.unwrap_or_default();
            let made_from = format!("{root}:{path}:{options:?}");
            if let Some((before, manifests)) = known
                && before == made_from
            {
                return Ok((made_from, manifests));
            }
            directory::render(&tree, &path, &options, &Limits::default())
                .map(|manifests| (made_from, Arc::new(manifests)))
        };
        let rendered = tokio::task::spawn_blocking(work)
            .await
            .map_err(|_| failed(&"rendering failed unexpectedly"))?
            .map_err(|error| failed(&error))?;
        let manifests = Arc::clone(&rendered.1);
        locked(&self.inner.rendered).insert(id, rendered);
        Ok((commit, manifests))
    }

    /// The manifests of an application, as they are before tracking and destination.
    ///
    /// # Errors
    /// Why they cannot be rendered.
    pub async fn manifests(
        &self,
        application: &Application,
        revision: Option<&str>,
    ) -> Result<(String, Vec<Value>), Condition> {
        let source = application
            .spec
            .source
            .as_ref()
            .ok_or_else(|| Condition::new("InvalidSpecError", "spec.source is empty"))?;
        let (revision, manifests) = self.render(application, source, revision).await?;
        let objects = manifests.iter().map(|manifest| manifest.object.clone());
        Ok((revision, objects.collect()))
    }

    /// What lies at the path of a source.
    ///
    /// # Errors
    /// Why it cannot be told.
    pub async fn details(
        &self,
        project: &str,
        source: &ApplicationSource,
    ) -> Result<RepoAppDetailsResponse, Condition> {
        let failed = |error: &dyn std::fmt::Display| Condition::new("ComparisonError", error);
        let repo = self.records().repo(&source.repo_url, project);
        let commit = self.inner.sources.resolve(&repo, &source.target_revision);
        let commit = commit.await.map_err(|error| failed(&error))?;
        let tree = self.inner.sources.tree(&repo, &commit);
        let tree = tree.await.map_err(|error| failed(&error))?;
        let path = TreePath::new(&source.path).map_err(|error| failed(&error))?;
        let (source_type, _) =
            tiphys_render::detect(&tree, &path).map_err(|error| failed(&error))?;
        Ok(RepoAppDetailsResponse {
            type_: source_type.to_string(),
            ..RepoAppDetailsResponse::default()
        })
    }

    /// Everything that an application should be.
    pub(crate) async fn target(
        &self,
        application: &Application,
        choice: Choice<'_>,
    ) -> Result<Target, Condition> {
        let records = self.records();
        let spec = &application.spec;
        let invalid = |message: String| Condition::new("InvalidSpecError", message);
        let project = records.projects.get(&spec.project).ok_or_else(|| {
            invalid(format!(
                "Application referencing project {} which does not exist",
                spec.project
            ))
        })?;
        let (server, cluster) = self.destination(application)?;
        let own = match (&spec.source, spec.sources.as_slice()) {
            (_, [only]) => only,
            (Some(source), []) => source,
            (None, []) => return Err(invalid("spec.source is empty".to_owned())),
            _ => return Err(invalid("applications with several sources are not synchronised by this version; use one source".to_owned())),
        };
        let source = choice.source.unwrap_or(own);
        let destination = project::Destination {
            server: &server,
            name: if server == IN_CLUSTER {
                "in-cluster"
            } else {
                &spec.destination.name
            },
            namespace: &spec.destination.namespace,
        };
        let violations = project::violations(project, &[&source.repo_url], destination);
        if !violations.is_empty() {
            return Err(invalid(violations.join("; ")));
        }
        let (revision, manifests) = self.render(application, source, choice.revision).await?;
        let unreachable = |error: ClusterError| {
            Condition::new(
                "ComparisonError",
                format!("Failed to load live state: {error}"),
            )
        };
        cluster.ready().await.map_err(unreachable)?;
        let mut target = Target {
            cluster,
            revision,
            source: source.clone(),
            wanted: Vec::with_capacity(manifests.len()),
            defined: definitions(&manifests),
            served: HashSet::new(),
            shared: Vec::new(),
            rules: IgnoreRules::default(),
            forbidden: Vec::new(),
            warnings: Vec::new(),
        };
        let (rules, errors) = IgnoreRules::compile(&spec.ignore_differences);
        target.rules = rules;
        target.warnings.extend(
            errors
                .iter()
                .map(|error| Condition::new("ComparisonError", error)),
        );
        let mut places: HashMap<ResourceKey, usize> = HashMap::new();
        for manifest in manifests.iter() {
            let gvk = object::gvk(&manifest.object);
            let served = target.cluster.kind(&gvk).await.map_err(unreachable)?;
            if served.is_some() {
                target.served.insert((gvk.group.clone(), gvk.kind.clone()));
            }
            let namespaced = served.map_or_else(
                || {
                    target
                        .defined
                        .get(&(gvk.group.clone(), gvk.kind.clone()))
                        .copied()
                        .unwrap_or(true)
                },
                |kind| kind.namespaced,
            );
            let wanted = prepare(&manifest.object, gvk, namespaced, application);
            if !project::permits_kind(
                project,
                &wanted.gvk.group,
                &wanted.gvk.kind,
                &wanted.key.name,
                namespaced,
            ) {
                let reason = format!(
                    "resource {}:{} is not permitted in project {}",
                    wanted.gvk.group, wanted.gvk.kind, spec.project
                );
                target.forbidden.push((wanted.key, wanted.gvk, reason));
                continue;
            }
            target.warnings.extend(
                sync::warnings(&wanted.object)
                    .into_iter()
                    .map(|warning| Condition::new("SyncOptionWarning", warning)),
            );
            match places.get(&wanted.key) {
                // A hook without a name gets another for every attempt.
                _ if wanted.key.name.is_empty() => target.wanted.push(wanted),
                Some(&at) => {
                    target.warnings.push(Condition::new(
                        "RepeatedResourceWarning",
                        format!(
                            "Resource {} appeared 2 times among application resources.",
                            wanted.key
                        ),
                    ));
                    target.wanted[at] = wanted;
                }
                None => {
                    places.insert(wanted.key.clone(), target.wanted.len());
                    target.wanted.push(wanted);
                }
            }
        }
        let before = application
            .status
            .iter()
            .flat_map(|status| &status.resources)
            .map(|resource| Gvk {
                group: resource.group.clone(),
                version: resource.version.clone(),
                kind: resource.kind.clone(),
            });
        let namespace = made_namespace(application, choice.options);
        let kinds = target
            .wanted
            .iter()
            .map(|wanted| wanted.gvk.clone())
            .chain(before)
            .chain(namespace.iter().map(|key| Gvk {
                group: String::new(),
                version: "v1".to_owned(),
                kind: key.kind.clone(),
            }))
            .collect::<Vec<_>>();
        target
            .cluster
            .watch_kinds(kinds)
            .await
            .map_err(unreachable)?;
        let keys: Vec<&ResourceKey> = target
            .wanted
            .iter()
            .map(|wanted| &wanted.key)
            .filter(|key| !key.name.is_empty())
            .chain(&namespace)
            .collect();
        target
            .cluster
            .load(&application.metadata.name, &keys)
            .await
            .map_err(unreachable)?;
        target.note_shared(&application.metadata.name);
        Ok(target)
    }
}

impl Target {
    /// Notes wanted objects that are those of another application.
    fn note_shared(&mut self, application: &str) {
        let tracking = Tracking::default();
        for wanted in &self.wanted {
            let Some(live) = self.cluster.live(&wanted.key) else {
                continue;
            };
            if tracking.ownership(&live, application) == Ownership::Owned {
                continue;
            }
            if let Some(other) = tracking
                .application_of(&live)
                .filter(|other| *other != application)
            {
                self.warnings.push(Condition::new(
                    "SharedResourceWarning",
                    format!(
                        "{}/{} is part of applications {application} and {other}",
                        wanted.key.kind, wanted.key.name
                    ),
                ));
                self.shared.push((wanted.key.clone(), other.to_owned()));
            }
        }
    }
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

/// Gives an object its namespace and its tracking annotation.
fn prepare(manifest: &Value, gvk: Gvk, namespaced: bool, application: &Application) -> Wanted {
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
    if let Some(map) = object.as_object_mut() {
        map.remove("status");
    }
    let key = object::key(&object);
    tracking::track(&mut object, &application.metadata.name, &key);
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
        self.inner
            .sources
            .resolve_now(&self.records().repo(&source.repo_url, project), revision)
            .await
    }
}
