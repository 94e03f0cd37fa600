//! What an application says about its sources, as the renderers take it.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tiphys_model::{
    Application, ApplicationSource, ApplicationSourceHelm, ApplicationSourceKustomize,
    HelmAppDetails, HelmParameter as WireParameter, KustomizeAppDetails, KustomizeSelector,
    RepoAppDetailsResponse,
};
use tiphys_render::helm::{self, FileContent, FileParameter, ValueSource};
use tiphys_render::kustomize::types::{Patch, PatchArgs, Replica, Selector};
use tiphys_render::kustomize::{self, Overrides};
use tiphys_render::tree::{EntryKind, TreePath};
use tiphys_render::{Limits, NoSupply, RenderError, SourceType, Tree, directory, yaml};

/// Files of values that are shown to choose from.
const VALUE_FILES: usize = 100;
/// Parameters that are shown.
const PARAMETERS: usize = 2000;

/// The variables that parameters may use, as Argo CD's build environment has them.
pub struct Environment(BTreeMap<&'static str, String>);

impl Environment {
    pub fn new(application: &Application, source: &ApplicationSource, revision: &str) -> Self {
        let short = |length: usize| revision.chars().take(length).collect::<String>();
        Self(BTreeMap::from([
            ("ARGOCD_APP_NAME", application.metadata.name.clone()),
            (
                "ARGOCD_APP_NAMESPACE",
                application.spec.destination.namespace.clone(),
            ),
            ("ARGOCD_APP_PROJECT_NAME", application.spec.project.clone()),
            ("ARGOCD_APP_REVISION", revision.to_owned()),
            ("ARGOCD_APP_REVISION_SHORT", short(7)),
            ("ARGOCD_APP_REVISION_SHORT_8", short(8)),
            ("ARGOCD_APP_SOURCE_PATH", source.path.clone()),
            ("ARGOCD_APP_SOURCE_REPO_URL", source.repo_url.clone()),
            (
                "ARGOCD_APP_SOURCE_TARGET_REVISION",
                source.target_revision.clone(),
            ),
        ]))
    }

    /// Puts values in the place of `$NAME` and `${NAME}`; what is no name of ours stays, and `$$` is a dollar sign.
    fn expand(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            out.push_str(&rest[..at]);
            let after = &rest[at + 1..];
            if let Some(escaped) = after.strip_prefix('$') {
                out.push('$');
                rest = escaped;
                continue;
            }
            let (name, end) = match after
                .strip_prefix('{')
                .and_then(|inner| inner.split_once('}'))
            {
                Some((name, _)) => (name, name.len() + 2),
                None => {
                    let end = after
                        .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                        .unwrap_or(after.len());
                    (&after[..end], end)
                }
            };
            match self.0.get(name) {
                Some(value) => out.push_str(value),
                None => out.push_str(&rest[at..=at + end]),
            }
            rest = &after[end..];
        }
        out.push_str(rest);
        out
    }
}

/// The parameters of a rendering.
pub struct Parameters {
    pub directory: directory::Options,
    pub helm: helm::Options,
    pub overrides: Overrides,
    /// What of it decides what comes out.
    pub key: Value,
}

impl Parameters {
    pub fn new(
        application: &Application,
        source: &ApplicationSource,
        source_type: SourceType,
        is_upgrade: bool,
        environment: &Environment,
    ) -> Result<Self, RenderError> {
        let mut parameters = Self {
            directory: directory::Options::default(),
            helm: helm::Options::default(),
            overrides: Overrides::default(),
            key: Value::Null,
        };
        match source_type {
            SourceType::Directory => {
                let own = source.directory.clone().unwrap_or_default();
                parameters.key = json!(own);
                parameters.directory = directory::Options {
                    recurse: own.recurse,
                    include: own.include,
                    exclude: own.exclude,
                };
            }
            SourceType::Helm => {
                let own = source.helm.clone().unwrap_or_default();
                parameters.helm = helm_options(application, &own, is_upgrade, environment)?;
                let options = &parameters.helm;
                parameters.key = json!([
                    own,
                    options.release_name,
                    options.namespace,
                    options.sets,
                    options.string_sets
                ]);
            }
            SourceType::Kustomize => {
                let own = source.kustomize.clone().unwrap_or_default();
                parameters.overrides = overrides(&own, environment)?;
                parameters.key = json!([own, parameters.overrides.common_annotations]);
            }
        }
        Ok(parameters)
    }
}

fn filled<'a>(first: &'a str, second: &'a str) -> &'a str {
    if first.is_empty() { second } else { first }
}

fn helm_options(
    application: &Application,
    own: &ApplicationSourceHelm,
    is_upgrade: bool,
    environment: &Environment,
) -> Result<helm::Options, RenderError> {
    let mut values: Vec<ValueSource> = own
        .value_files
        .iter()
        .map(|file| ValueSource::File(environment.expand(file)))
        .collect();
    match &own.values_object {
        Some(Value::Object(entries)) => values.push(ValueSource::Object(entries.clone())),
        Some(Value::Null) | None if !own.values.is_empty() => values.push(ValueSource::Text {
            name: "spec.source.helm.values".to_owned(),
            text: own.values.clone(),
        }),
        Some(Value::Null) | None => {}
        Some(_) => {
            return Err(RenderError::Options(
                "spec.source.helm.valuesObject is no mapping".to_owned(),
            ));
        }
    }
    let line = |parameter: &WireParameter| {
        helm::parameter_line(&parameter.name, &environment.expand(&parameter.value))
    };
    let (texts, typed): (Vec<&WireParameter>, Vec<&WireParameter>) = own
        .parameters
        .iter()
        .partition(|parameter| parameter.force_string);
    Ok(helm::Options {
        release_name: filled(&own.release_name, &application.metadata.name).to_owned(),
        namespace: filled(&own.namespace, &application.spec.destination.namespace).to_owned(),
        values,
        ignore_missing_value_files: own.ignore_missing_value_files,
        sets: typed.into_iter().map(line).collect(),
        string_sets: texts.into_iter().map(line).collect(),
        file_parameters: own
            .file_parameters
            .iter()
            .map(|parameter| FileParameter {
                name: parameter.name.clone(),
                content: FileContent::Path(environment.expand(&parameter.path)),
            })
            .collect(),
        skip_crds: own.skip_crds,
        skip_tests: own.skip_tests,
        skip_schema_validation: own.skip_schema_validation,
        is_upgrade,
        kube_version: Some(own.kube_version.clone()).filter(|version| !version.is_empty()),
        api_versions: own.api_versions.clone(),
        references: BTreeMap::new(),
    })
}

fn overrides(
    own: &ApplicationSourceKustomize,
    environment: &Environment,
) -> Result<Overrides, RenderError> {
    let count = |value: &Value| match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    };
    let mut replicas = Vec::with_capacity(own.replicas.len());
    for replica in &own.replicas {
        let count = count(&replica.count).ok_or_else(|| {
            RenderError::Options(format!(
                "spec.source.kustomize.replicas: the count of {} is no number",
                replica.name
            ))
        })?;
        replicas.push(Replica {
            name: replica.name.clone(),
            count,
        });
    }
    let annotation = |value: &String| {
        if own.common_annotations_envsubst {
            environment.expand(value)
        } else {
            value.clone()
        }
    };
    Ok(Overrides {
        name_prefix: own.name_prefix.clone(),
        name_suffix: own.name_suffix.clone(),
        namespace: own.namespace.clone(),
        images: own.images.clone(),
        common_labels: own.common_labels.clone(),
        force_common_labels: own.force_common_labels,
        label_without_selector: own.label_without_selector,
        label_include_templates: own.label_include_templates,
        common_annotations: own
            .common_annotations
            .iter()
            .map(|(name, value)| (name.clone(), annotation(value)))
            .collect(),
        force_common_annotations: own.force_common_annotations,
        replicas,
        patches: own
            .patches
            .iter()
            .map(|patch| Patch {
                path: patch.path.clone(),
                patch: patch.patch.clone(),
                target: patch.target.as_ref().map(selector),
                options: (!patch.options.is_empty()).then(|| PatchArgs {
                    allow_name_change: patch
                        .options
                        .get("allowNameChange")
                        .copied()
                        .unwrap_or(false),
                    allow_kind_change: patch
                        .options
                        .get("allowKindChange")
                        .copied()
                        .unwrap_or(false),
                }),
            })
            .collect(),
        components: own.components.clone(),
        ignore_missing_components: own.ignore_missing_components,
    })
}

fn selector(wire: &KustomizeSelector) -> Selector {
    Selector {
        group: wire.group.clone(),
        version: wire.version.clone(),
        kind: wire.kind.clone(),
        name: wire.name.clone(),
        namespace: wire.namespace.clone(),
        annotation_selector: wire.annotation_selector.clone(),
        label_selector: wire.label_selector.clone(),
    }
}

/// What a source takes, for forms.
pub fn details(
    tree: &dyn Tree,
    path: &TreePath,
    source: &ApplicationSource,
    source_type: SourceType,
    limits: &Limits,
) -> Result<RepoAppDetailsResponse, RenderError> {
    let mut details = RepoAppDetailsResponse {
        type_: source_type.to_string(),
        ..RepoAppDetailsResponse::default()
    };
    match source_type {
        SourceType::Helm => details.helm = Some(chart_details(tree, path, source, limits)?),
        SourceType::Kustomize => {
            let environment = Environment(BTreeMap::new());
            let options = kustomize::Options {
                overrides: overrides(&source.kustomize.clone().unwrap_or_default(), &environment)?,
                ..kustomize::Options::default()
            };
            let objects = kustomize::render(tree, path, &options, &NoSupply, limits)?;
            let mut images: Vec<String> = objects
                .iter()
                .flat_map(|manifest| tiphys_engine::object::images(&manifest.object))
                .collect();
            images.sort();
            images.dedup();
            details.kustomize = Some(KustomizeAppDetails {
                images,
                ..KustomizeAppDetails::default()
            });
        }
        SourceType::Directory => {}
    }
    Ok(details)
}

fn chart_details(
    tree: &dyn Tree,
    path: &TreePath,
    source: &ApplicationSource,
    limits: &Limits,
) -> Result<HelmAppDetails, RenderError> {
    let mut value_files: Vec<String> = tree
        .list(path)?
        .into_iter()
        .filter(|entry| entry.kind == EntryKind::File)
        .map(|entry| entry.name)
        .filter(|name| {
            name.contains("values") && (name.ends_with(".yaml") || name.ends_with(".yml"))
        })
        .collect();
    value_files.sort();
    value_files.truncate(VALUE_FILES);
    let values = match tree.read(&path.child("values.yaml"), limits.file_bytes) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(_) => String::new(),
    };
    let documents = yaml::documents(values.as_bytes(), limits).unwrap_or_default();
    let mut parameters = BTreeMap::new();
    if let Some(document) = documents.first() {
        flatten(&document.value, String::new(), &mut parameters);
    }
    for given in source.helm.iter().flat_map(|helm| &helm.parameters) {
        parameters.insert(given.name.clone(), given.value.clone());
    }
    let name = source
        .helm
        .as_ref()
        .map_or("", |helm| helm.release_name.as_str());
    Ok(HelmAppDetails {
        name: name.to_owned(),
        value_files,
        values,
        parameters: parameters
            .into_iter()
            .take(PARAMETERS)
            .map(|(name, value)| WireParameter {
                name,
                value,
                force_string: false,
            })
            .collect(),
        file_parameters: source
            .helm
            .as_ref()
            .map(|helm| helm.file_parameters.clone())
            .unwrap_or_default(),
    })
}

/// The leaves of values, each by its path.
fn flatten(value: &Value, at: String, leaves: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                let name = name.replace('.', "\\.");
                let below = if at.is_empty() {
                    name
                } else {
                    format!("{at}.{name}")
                };
                flatten(value, below, leaves);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                flatten(value, format!("{at}[{index}]"), leaves);
            }
        }
        Value::Null => {}
        Value::String(text) => drop(leaves.insert(at, text.clone())),
        other => drop(leaves.insert(at, other.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_put_in_and_others_stay() {
        let environment = Environment(BTreeMap::from([("ARGOCD_APP_NAME", "web".to_owned())]));
        for (text, expected) in [
            ("$ARGOCD_APP_NAME", "web"),
            ("a-${ARGOCD_APP_NAME}-b", "a-web-b"),
            ("$ARGOCD_APP_NAME.example.com", "web.example.com"),
            ("$HOME and ${PATH}", "$HOME and ${PATH}"),
            ("100$", "100$"),
            ("$$ARGOCD_APP_NAME", "$ARGOCD_APP_NAME"),
            ("${unclosed", "${unclosed"),
            ("", ""),
        ] {
            assert_eq!(environment.expand(text), expected, "{text}");
        }
    }

    #[test]
    fn leaves_of_values_are_parameters() {
        let mut leaves = BTreeMap::new();
        flatten(
            &json!({"image": {"tag": "v5"}, "hosts": ["a", 2], "on": true, "a.b": 1, "none": null}),
            String::new(),
            &mut leaves,
        );
        let shown: Vec<String> = leaves
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        assert_eq!(
            shown,
            [
                "a\\.b=1",
                "hosts[0]=a",
                "hosts[1]=2",
                "image.tag=v5",
                "on=true"
            ]
        );
    }
}
