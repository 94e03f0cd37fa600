//! Generators and transformers that are configured by an object: the kinds that Kustomize has built in, and no others.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::accumulator::Accumulator;
use super::charts;
use super::decode;
use super::fault::Fault;
use super::field_spec::FieldSpec;
use super::generate;
use super::hash;
use super::patches;
use super::replacements;
use super::resmap::ResMap;
use super::resource::Resource;
use super::target::Target;
use super::transform::{self, Namespace, Side, Subjects};
use super::types::{self, GeneratorArgs, HelmChart, HelmGlobals, Image, ObjectMeta, Replica};
use super::value_add::ValueAdd;

/// Label by which a validator says that it has looked.
const VALIDATED_BY: &str = "validated-by";

/// The object without the mark of a validator.
pub(super) fn without_mark(resource: &Resource) -> Resource {
    let mut resource = resource.clone();
    if resource
        .labels()
        .is_some_and(|labels| labels.contains_key(VALIDATED_BY))
        && let Some(metadata) = resource.metadata_mut()
        && let Some(Value::Object(labels)) = metadata.get_mut("labels")
    {
        labels.remove(VALIDATED_BY);
        if labels.is_empty() {
            metadata.remove("labels");
        }
    }
    resource
}

/// The kind of a plugin that is built in.
fn built_in(plugin: &Resource) -> Result<&str, Fault> {
    if plugin.api_version() == "builtin" {
        Ok(plugin.kind())
    } else {
        Err(format!(
            "external plugins disabled; unable to load external plugin '{}': exec plugins and containers are never run, only the built-in kinds (apiVersion: builtin) are",
            plugin.kind()
        )
        .into())
    }
}

fn config<T: DeserializeOwned>(plugin: &Resource) -> Result<T, Fault> {
    decode::lenient(&plugin.object).map_err(|error| {
        Fault::Field(format!(
            "plugin {} fails configuration: {error}",
            plugin.id()
        ))
    })
}

fn specs(of: &[types::FieldSpec]) -> Vec<FieldSpec> {
    of.iter().map(FieldSpec::from).collect()
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WithMetadata {
    metadata: ObjectMeta,
}

/// What a generator makes.
///
/// # Errors
/// When the kind is not built in or no generator, or its configuration is wrong.
pub(super) fn generate(target: &Target<'_>, plugin: &Resource) -> Result<Vec<Resource>, Fault> {
    match built_in(plugin)? {
        kind @ ("ConfigMapGenerator" | "SecretGenerator") => {
            let mut args: GeneratorArgs = config(plugin)?;
            let WithMetadata { metadata } = config(plugin)?;
            if args.name.is_empty() {
                args.name = metadata.name;
            }
            if args.namespace.is_empty() {
                args.namespace = metadata.namespace;
            }
            let options = args.options.clone().unwrap_or_default();
            let made = if kind == "SecretGenerator" {
                generate::secret(target.loader, &args, &options, &target.file)?
            } else {
                generate::config_map(target.loader, &args, &options, &target.file)?
            };
            Ok(vec![made])
        }
        "HelmChartInflationGenerator" => {
            let (globals, chart): (HelmGlobals, HelmChart) = (config(plugin)?, config(plugin)?);
            let context = target.loader.context;
            charts::render(context.charts, target.loader, Some(&globals), &chart, "")
        }
        "IAMPolicyGenerator" => {
            let args: IamPolicy = config(plugin)?;
            Ok(vec![args.resource(target)?])
        }
        kind => Err(format!("plugin {} not a generator ({kind})", plugin.id()).into()),
    }
}

/// A service account of Kubernetes for one of Google's cloud.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct IamPolicy {
    cloud: String,
    kubernetes_service: NameAndNamespace,
    service_account: NameAndProject,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct NameAndNamespace {
    name: String,
    namespace: String,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct NameAndProject {
    name: String,
    project_id: String,
}

impl IamPolicy {
    fn resource(&self, target: &Target<'_>) -> Result<Resource, Fault> {
        if self.cloud != "gke" {
            return Err(format!("cloud provider {} not supported yet", self.cloud).into());
        }
        let account = format!(
            "{}@{}.iam.gserviceaccount.com",
            self.service_account.name, self.service_account.project_id
        );
        let mut object = json!({
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {
                "annotations": {"iam.gke.io/gcp-service-account": account},
                "name": self.kubernetes_service.name,
            }
        });
        if !self.kubernetes_service.namespace.is_empty() {
            object["metadata"]["namespace"] = self.kubernetes_service.namespace.clone().into();
        }
        Ok(Resource::new(object, &target.file, 1))
    }
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Entries {
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
    field_specs: Vec<types::FieldSpec>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct NamespaceConfig {
    metadata: ObjectMeta,
    field_specs: Vec<types::FieldSpec>,
    unset_only: bool,
    set_role_binding_subjects: String,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Affix {
    prefix: String,
    suffix: String,
    field_specs: Option<Vec<types::FieldSpec>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ImageConfig {
    image_tag: Image,
    field_specs: Vec<types::FieldSpec>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ReplicaConfig {
    replica: Replica,
    field_specs: Vec<types::FieldSpec>,
}

/// Configuration of a `PatchStrategicMergeTransformer`.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct StrategicMergeConfig {
    paths: Vec<String>,
    patches: String,
}

/// Configuration of a `PatchJson6902Transformer`.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct JsonPatchConfig {
    target: Option<types::Selector>,
    path: String,
    json_op: String,
}

/// Configuration of a `ReplacementTransformer`.
#[derive(Default, Deserialize)]
#[serde(default)]
struct ReplacementConfig {
    replacements: Vec<types::ReplacementField>,
}

fn strategic_merge(target: &Target<'_>, map: &mut ResMap, plugin: &Resource) -> Result<(), Fault> {
    let of: StrategicMergeConfig = config(plugin)?;
    if of.paths.is_empty() && of.patches.is_empty() {
        return Err("empty file path and empty patch content".to_owned().into());
    }
    let inline = (!of.patches.is_empty()).then_some(&of.patches);
    for entry in of.paths.iter().chain(inline) {
        patches::apply_strategic(target.loader, &plugin.file, map, entry)?;
    }
    Ok(())
}

/// Applies a transformer.
///
/// # Errors
/// When the kind is not built in or no transformer, its configuration is wrong, or it fails.
pub(super) fn transform(
    target: &Target<'_>,
    acc: &mut Accumulator,
    plugin: &Resource,
) -> Result<(), Fault> {
    let map = &mut acc.map;
    let size = plugin.object.to_string().len();
    target
        .loader
        .context
        .adds(&target.file, size, map.resources.len())?;
    match built_in(plugin)? {
        "AnnotationsTransformer" => {
            let of: Entries = config(plugin)?;
            transform::entries(map, &of.annotations, &specs(&of.field_specs))?;
        }
        "LabelTransformer" => {
            let of: Entries = config(plugin)?;
            transform::entries(map, &of.labels, &specs(&of.field_specs))?;
        }
        "NamespaceTransformer" => namespace(map, &config(plugin)?)?,
        "PrefixTransformer" => affix(map, &config(plugin)?, &[Side::Prefix])?,
        "SuffixTransformer" => affix(map, &config(plugin)?, &[Side::Suffix])?,
        "PrefixSuffixTransformer" => affix(map, &config(plugin)?, &[Side::Prefix, Side::Suffix])?,
        "ImageTagTransformer" => {
            let of: ImageConfig = config(plugin)?;
            transform::images(map, &of.image_tag, &specs(&of.field_specs))?;
        }
        "ReplicaCountTransformer" => {
            let of: ReplicaConfig = config(plugin)?;
            transform::replicas(map, &of.replica, &specs(&of.field_specs))?;
        }
        "ValueAddTransformer" => {
            let of: ValueAdd = config(plugin)?;
            of.apply(map, target.loader, |path| target.document(path))?;
        }
        "HashTransformer" => add_hashes(map)?,
        "PatchTransformer" => {
            patches::apply(target.loader, &plugin.file, map, &config(plugin)?)?;
        }
        "PatchStrategicMergeTransformer" => strategic_merge(target, map, plugin)?,
        "PatchJson6902Transformer" => {
            let of: JsonPatchConfig = config(plugin)?;
            let entry = types::Patch {
                path: of.path,
                patch: of.json_op,
                target: of.target,
                options: None,
            };
            patches::apply_json6902(target.loader, &plugin.file, map, &entry)?;
        }
        "ReplacementTransformer" => {
            let of: ReplacementConfig = config(plugin)?;
            let loaded =
                replacements::load(target.loader, &of.replacements).map_err(|(_, fault)| fault)?;
            for (_, replacement) in loaded {
                replacements::apply(target.loader, &plugin.file, map, &replacement)?;
            }
        }
        _ => return Err(format!("plugin {} not a transformer", plugin.id()).into()),
    }
    Ok(())
}

fn namespace(map: &mut ResMap, of: &NamespaceConfig) -> Result<(), String> {
    let subjects = match of.set_role_binding_subjects.as_str() {
        "" | "defaultOnly" => Subjects::Default,
        "allServiceAccounts" => Subjects::ServiceAccounts,
        "none" => Subjects::None,
        other => {
            return Err(format!(
                "invalid value {other:?} for setRoleBindingSubjects: must be one of \"defaultOnly\", \"none\" or \"allServiceAccounts\""
            ));
        }
    };
    Namespace {
        namespace: &of.metadata.namespace,
        specs: &specs(&of.field_specs),
        unset_only: of.unset_only,
        subjects,
    }
    .apply(map)
}

fn affix(map: &mut ResMap, of: &Affix, sides: &[Side]) -> Result<(), String> {
    let Some(specs) = &of.field_specs else {
        return Err("fieldSpecs is not expected to be nil".to_owned());
    };
    let specs: Vec<FieldSpec> = specs.iter().map(FieldSpec::from).collect();
    for side in sides {
        let text = match side {
            Side::Prefix => &of.prefix,
            Side::Suffix => &of.suffix,
        };
        transform::affix(map, *side, text, &specs)?;
    }
    Ok(())
}

/// Appends a hash of their content to the names of generated objects.
///
/// # Errors
/// When an object is of a kind that has no hash.
pub(super) fn add_hashes(map: &mut ResMap) -> Result<(), String> {
    for resource in &mut map.resources {
        if resource.needs_hash {
            let hash = hash::of(resource)?;
            resource.store_id();
            let name = format!("{}-{hash}", resource.name());
            resource.set_name(&name);
        }
    }
    Ok(())
}
