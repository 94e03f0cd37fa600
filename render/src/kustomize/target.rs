//! One kustomization: reads what it names, and changes it in the order of upstream.

use std::borrow::Cow;
use std::sync::Arc;

use super::accumulator::Accumulator;
use super::charts;
use super::fault::{Fault, led_by};
use super::field_spec::{self, FieldSpec};
use super::generate;
use super::kustomization;
use super::loader::{Context, Entry, Loader};
use super::origin;
use super::patches;
use super::plugins;
use super::read;
use super::replacements;
use super::resmap::ResMap;
use super::resource::{Origin, Resource};
use super::transform::{self, Namespace, Side, Subjects};
use super::transformer_config::TransformerConfig;
use super::types::{GeneratorArgs, GeneratorOptions, Kustomization};
use super::vars;
use crate::RenderError;
use crate::yaml;
use crate::yaml::locate::{nearest, steps};

/// The version of Kubernetes' OpenAPI document that Kustomize 5.8 has built in.
const BUILT_IN_OPENAPI: &str = "v1.21.2";

/// One kustomization on its way.
pub(super) struct Target<'a> {
    /// Reads its files.
    pub loader: &'a Loader<'a>,
    /// What it says.
    pub kustomization: Kustomization,
    /// Its file, for messages.
    pub file: Arc<str>,
    /// Its file's name.
    name: &'static str,
    text: Vec<u8>,
    /// Where it comes from, when `buildMetadata` asks for anything.
    pub origin: Option<Origin>,
    /// Namespace of charts that say none, from the kustomizations that led here.
    helm_namespace: String,
}

impl<'a> Target<'a> {
    /// Reads the kustomization of the loader's folder.
    ///
    /// # Errors
    /// See [`kustomization::read`].
    pub fn read(loader: &'a Loader<'a>) -> Result<Self, RenderError> {
        let read = kustomization::read(loader)?;
        Ok(Self {
            loader,
            kustomization: read.kustomization,
            file: read.file,
            name: read.name,
            text: read.text,
            origin: None,
            helm_namespace: String::new(),
        })
    }

    fn context(&self) -> &'a Context<'a> {
        self.loader.context
    }

    /// The error of a field, or of one of its elements.
    pub fn fault(&self, fault: impl Into<Fault>, field: &str, place: Option<usize>) -> RenderError {
        let shown = shown(field, place);
        fault
            .into()
            .at(&self.file, nearest(&self.text, &steps(&shown)), &shown)
    }

    /// Everything that the kustomization makes, names not yet fixed.
    ///
    /// # Errors
    /// When anything in it, or in what it names, is wrong.
    pub fn accumulate(&self, mut acc: Accumulator) -> Result<Accumulator, RenderError> {
        let of = &self.kustomization;
        self.resources(&mut acc, "resources", &of.resources)?;
        self.configure(&mut acc)?;
        self.generate(&mut acc)?;
        for (place, path) in of.components.iter().enumerate() {
            self.component(&mut acc, path)
                .map_err(|error| self.led(error, "components", Some(place)))?;
        }
        self.transform(&mut acc)?;
        self.validate(&mut acc)?;
        for (place, var) in of.vars.iter().enumerate() {
            vars::mark(&mut acc.map, var)
                .and_then(|()| acc.add_var(var.clone()))
                .map_err(|message| self.fault(message, "vars", Some(place)))?;
        }
        Ok(acc)
    }

    /// Files and folders. What is missing is collected, so that it can be fetched at once.
    fn resources(
        &self,
        acc: &mut Accumulator,
        field: &str,
        paths: &[String],
    ) -> Result<(), RenderError> {
        let mut missing = Vec::new();
        for (place, path) in paths.iter().enumerate() {
            match self.resource(acc, path, field, place) {
                Ok(()) => {}
                Err(RenderError::Missing(more)) => missing.extend(more),
                // Later errors may come from what is missing.
                Err(_) if !missing.is_empty() => {}
                Err(error) => return Err(error),
            }
        }
        if missing.is_empty() {
            Ok(())
        } else {
            missing.sort();
            missing.dedup();
            Err(RenderError::Missing(missing))
        }
    }

    fn resource(
        &self,
        acc: &mut Accumulator,
        path: &str,
        field: &str,
        place: usize,
    ) -> Result<(), RenderError> {
        let fault = |fault: Fault| self.fault(fault, field, Some(place));
        match self.loader.entry(path).map_err(fault)? {
            Entry::File(loaded) => {
                let mut resources =
                    read::objects(&loaded.content, &loaded.file, self.context()).map_err(fault)?;
                resources.iter_mut().for_each(Resource::fill_blanks);
                if let Some(origin) = &self.origin {
                    let origin = origin.append(path);
                    for resource in &mut resources {
                        resource.origin = Some(origin.clone());
                    }
                }
                acc.map
                    .append_all(resources)
                    .map_err(|message| fault(message.into()))?;
            }
            Entry::Folder(loader) => {
                let origin = self.origin.as_ref().map(|origin| origin.append(path));
                let base = self
                    .base(&loader, origin, false)
                    .and_then(|target| target.accumulate(Accumulator::default()))
                    .map_err(|error| self.led(error, field, Some(place)))?;
                acc.merge(base).map_err(|message| fault(message.into()))?;
            }
        }
        self.context().objects(&self.file, acc.map.resources.len())
    }

    fn component(&self, acc: &mut Accumulator, path: &str) -> Result<(), RenderError> {
        let loader = self
            .loader
            .folder(path)
            .map_err(|fault| self.fault(fault, "components", None))?;
        let origin = self.origin.as_ref().map(|origin| origin.append(path));
        let target = self.base(&loader, origin, true)?;
        // A component changes what is there; nothing is added to an accumulator of its own.
        *acc = target.accumulate(std::mem::take(acc))?;
        Ok(())
    }

    fn base<'b>(
        &self,
        loader: &'b Loader<'b>,
        origin: Option<Origin>,
        is_component: bool,
    ) -> Result<Target<'b>, RenderError> {
        let mut target = Target::read(loader)?;
        target.kustomization.build_metadata = self.kustomization.build_metadata.clone();
        target.origin = origin;
        target.helm_namespace = if self.kustomization.namespace.is_empty() {
            self.helm_namespace.clone()
        } else {
            self.kustomization.namespace.clone()
        };
        target.schema(false)?;
        if is_component != (target.kustomization.kind == "Component") {
            let (sign, found) = if is_component {
                ("", format!(" but got '{}'", target.kustomization.kind))
            } else {
                ("!= ", String::new())
            };
            return Err(target.fault(
                format!(
                    "expected kind {sign}'Component' for path '{}'{found}",
                    loader.shown_root()
                ),
                "kind",
                None,
            ));
        }
        Ok(target)
    }

    fn led(&self, error: RenderError, field: &str, place: Option<usize>) -> RenderError {
        let shown = shown(field, place);
        led_by(
            error,
            &self.file,
            nearest(&self.text, &steps(&shown)),
            &shown,
        )
    }

    /// Reads `openapi`; the first kustomization that says something holds for the whole build.
    ///
    /// # Errors
    /// When the document cannot be read, or the version is not built in.
    pub fn schema(&self, is_top: bool) -> Result<(), RenderError> {
        let openapi = &self.kustomization.openapi;
        if openapi.is_empty() || (!is_top && self.context().has_schema()) {
            return Ok(());
        }
        let fault = |fault: Fault| self.fault(fault, "openapi", None);
        match (openapi.get("path"), openapi.get("version")) {
            (Some(_), Some(_)) => Err(fault(
                "builtin version and custom schema provided, cannot use both"
                    .to_owned()
                    .into(),
            )),
            (Some(path), None) => {
                let document = self.document(path).map_err(fault)?;
                self.context()
                    .set_schema(&document)
                    .map_err(|message| fault(message.into()))
            }
            (None, Some(version)) if version == BUILT_IN_OPENAPI || version.is_empty() => Ok(()),
            (None, Some(_)) => Err(fault(
                format!(
                    "the specified OpenAPI version is not built in (only {BUILT_IN_OPENAPI} is)"
                )
                .into(),
            )),
            (None, None) => Ok(()),
        }
    }

    /// The first document of a file, as `sigs.k8s.io/yaml` reads it.
    pub fn document(&self, path: &str) -> Result<serde_json::Value, Fault> {
        let loaded = self.loader.load(path)?;
        let documents =
            yaml::documents(&loaded.content, self.context().limits).map_err(|error| {
                Fault::Place {
                    file: loaded.file.to_string(),
                    place: Some((&error).into()),
                    message: error.message,
                }
            })?;
        Ok(documents
            .into_iter()
            .next()
            .map(|document| document.value)
            .unwrap_or_default())
    }

    fn configure(&self, acc: &mut Accumulator) -> Result<(), RenderError> {
        let of = &self.kustomization;
        let mut config = Cow::Borrowed(TransformerConfig::defaults());
        for (field, paths) in [("configurations", &of.configurations), ("crds", &of.crds)] {
            for (place, path) in paths.iter().enumerate() {
                let fault = |fault: Fault| self.fault(fault, field, Some(place));
                let document = self.document(path).map_err(fault)?;
                let added = if field == "crds" {
                    TransformerConfig::from_crds(&document)
                } else {
                    TransformerConfig::from_value(&document)
                };
                added
                    .and_then(|added| config.to_mut().merge(&added))
                    .map_err(|message| fault(format!("{path}: {message}").into()))?;
            }
        }
        acc.merge_config(config)
            .map_err(|message| self.fault(message, "configurations", None))
    }

    fn builtin(&self, kind: &str) -> Option<Origin> {
        self.origin
            .as_ref()
            .map(|origin| origin.builtin(self.name, kind))
    }

    fn generate(&self, acc: &mut Accumulator) -> Result<(), RenderError> {
        let of = &self.kustomization;
        let global = of.generator_options.as_ref();
        type Make = fn(
            &Loader<'_>,
            &GeneratorArgs,
            &GeneratorOptions,
            &Arc<str>,
        ) -> Result<Resource, Fault>;
        let makers: [(Make, &str, &str, &[GeneratorArgs]); 2] = [
            (
                generate::config_map,
                "ConfigMapGenerator",
                "configMapGenerator",
                &of.config_map_generator,
            ),
            (
                generate::secret,
                "SecretGenerator",
                "secretGenerator",
                &of.secret_generator,
            ),
        ];
        for (make, kind, field, list) in makers {
            for (place, args) in list.iter().enumerate() {
                let options = generate::merged_options(args.options.as_ref(), global);
                let made = make(self.loader, args, &options, &self.file)
                    .map_err(|fault| self.fault(fault, field, Some(place)))?;
                self.absorb(acc, vec![made], self.builtin(kind))
                    .map_err(|message| self.fault(message, field, Some(place)))?;
            }
        }
        let mut missing = Vec::new();
        for (place, chart) in of.helm_charts.iter().enumerate() {
            let fault = |fault: Fault| self.fault(fault, "helmCharts", Some(place));
            let globals = of.helm_globals.as_ref();
            let namespace = if of.namespace.is_empty() {
                &self.helm_namespace
            } else {
                &of.namespace
            };
            let made = charts::render(
                self.context().charts,
                self.loader,
                globals,
                chart,
                namespace,
            );
            match made.map_err(fault) {
                Ok(made) => self
                    .absorb(acc, made, self.builtin("HelmChartInflationGenerator"))
                    .map_err(|message| fault(message.into()))?,
                Err(RenderError::Missing(more)) => missing.extend(more),
                Err(error) => return Err(error),
            }
        }
        if !missing.is_empty() {
            return Err(RenderError::Missing(missing));
        }
        for (plugin, place) in self.plugins("generators", &of.generators)? {
            let fault = |fault: Fault| self.fault(fault, "generators", place);
            let made = plugins::generate(self, &plugin).map_err(fault)?;
            self.absorb(acc, made, Origin::plugin(&plugin))
                .map_err(|message| fault(message.into()))?;
        }
        self.context().objects(&self.file, acc.map.resources.len())
    }

    fn absorb(
        &self,
        acc: &mut Accumulator,
        mut made: Vec<Resource>,
        origin: Option<Origin>,
    ) -> Result<(), String> {
        for resource in &mut made {
            if resource.origin.is_none() {
                resource.origin.clone_from(&origin);
            }
        }
        acc.map.absorb(made)
    }

    /// The objects that configure plugins: written inline, or in files and folders; with the place in the field, where it is known.
    fn plugins(
        &self,
        field: &str,
        entries: &[String],
    ) -> Result<Vec<(Resource, Option<usize>)>, RenderError> {
        let mut acc = Accumulator::default();
        let mut places = Vec::new();
        let mut paths = Vec::new();
        for (place, entry) in entries.iter().enumerate() {
            let inline = read::objects(entry.as_bytes(), &self.file, self.context());
            let Ok(mut inline) = inline else {
                paths.push((place, entry));
                continue;
            };
            for resource in &mut inline {
                resource.origin = self.origin.as_ref().map(|origin| origin.append(self.name));
            }
            acc.map
                .append_all(inline)
                .map_err(|message| self.fault(message, field, Some(place)))?;
            places.resize(acc.map.resources.len(), Some(place));
        }
        for (place, path) in paths {
            self.resource(&mut acc, path, field, place)?;
            places.resize(acc.map.resources.len(), Some(place));
        }
        Ok(acc.map.resources.into_iter().zip(places).collect())
    }

    fn transform(&self, acc: &mut Accumulator) -> Result<(), RenderError> {
        self.transform_by_fields(acc)?;
        for (plugin, place) in self.plugins("transformers", &self.kustomization.transformers)? {
            plugins::transform(self, acc, &plugin)
                .map_err(|fault| self.fault(fault, "transformers", place))?;
            self.transformed(&mut acc.map, Origin::plugin(&plugin));
        }
        Ok(())
    }

    /// Notes a change and drops what it has deleted.
    fn transformed(&self, map: &mut ResMap, by: Option<Origin>) {
        if let Some(by) = by {
            origin::transformed(map, &by);
        }
        map.drop_empty();
    }

    /// The fields of the kustomization, in upstream's order.
    fn transform_by_fields(&self, acc: &mut Accumulator) -> Result<(), RenderError> {
        self.patch(acc)?;
        self.rename(acc)?;
        self.label(acc)?;
        self.patch_json6902(acc)?;
        self.count_and_tag(acc)?;
        self.replace(acc)
    }

    /// `patchesStrategicMerge` and `patches`.
    fn patch(&self, acc: &mut Accumulator) -> Result<(), RenderError> {
        let of = &self.kustomization;
        let map = &mut acc.map;
        for (place, entry) in of.patches_strategic_merge.iter().enumerate() {
            patches::apply_strategic(self.loader, &self.file, map, entry)
                .map_err(|fault| self.fault(fault, "patchesStrategicMerge", Some(place)))?;
            self.transformed(map, self.builtin("PatchStrategicMergeTransformer"));
        }
        for (place, entry) in of.patches.iter().enumerate() {
            patches::apply(self.loader, &self.file, map, entry)
                .map_err(|fault| self.fault(fault, "patches", Some(place)))?;
            self.transformed(map, self.builtin("PatchTransformer"));
        }
        Ok(())
    }

    /// `patchesJson6902`.
    fn patch_json6902(&self, acc: &mut Accumulator) -> Result<(), RenderError> {
        for (place, entry) in self.kustomization.patches_json6902.iter().enumerate() {
            patches::apply_json6902(self.loader, &self.file, &mut acc.map, entry)
                .map_err(|fault| self.fault(fault, "patchesJson6902", Some(place)))?;
            self.transformed(&mut acc.map, self.builtin("PatchJson6902Transformer"));
        }
        Ok(())
    }

    /// `replacements`.
    fn replace(&self, acc: &mut Accumulator) -> Result<(), RenderError> {
        let entries = &self.kustomization.replacements;
        if entries.is_empty() {
            return Ok(());
        }
        let fault = |place, fault| self.fault(fault, "replacements", Some(place));
        let loaded = replacements::load(self.loader, entries)
            .map_err(|(place, error)| fault(place, error))?;
        for (place, replacement) in loaded {
            replacements::apply(self.loader, &self.file, &mut acc.map, &replacement)
                .map_err(|error| fault(place, error))?;
        }
        self.transformed(&mut acc.map, self.builtin("ReplacementTransformer"));
        Ok(())
    }

    /// `namespace`, `namePrefix`, `nameSuffix`.
    fn rename(&self, acc: &mut Accumulator) -> Result<(), RenderError> {
        let of = &self.kustomization;
        let Accumulator { map, config, .. } = acc;
        let config = config.as_deref().unwrap_or(TransformerConfig::defaults());
        if !of.namespace.is_empty() {
            self.adds(&of.namespace, map)?;
            Namespace {
                namespace: &of.namespace,
                specs: &config.namespace,
                unset_only: false,
                subjects: Subjects::Default,
            }
            .apply(map)
            .map_err(|message| self.fault(message, "namespace", None))?;
            self.transformed(map, self.builtin("NamespaceTransformer"));
        }
        for (side, field, text, specs, kind) in [
            (
                Side::Prefix,
                "namePrefix",
                &of.name_prefix,
                &config.name_prefix,
                "PrefixTransformer",
            ),
            (
                Side::Suffix,
                "nameSuffix",
                &of.name_suffix,
                &config.name_suffix,
                "SuffixTransformer",
            ),
        ] {
            if text.is_empty() {
                continue;
            }
            self.adds(text, map)?;
            transform::affix(map, side, text, specs)
                .map_err(|message| self.fault(message, field, None))?;
            self.transformed(map, self.builtin(kind));
        }
        Ok(())
    }

    /// Counts text that is added to every object.
    fn adds(&self, text: &str, map: &ResMap) -> Result<(), RenderError> {
        self.context()
            .adds(&self.file, text.len(), map.resources.len())
    }

    /// `labels`, `commonLabels`, `commonAnnotations`.
    fn label(&self, acc: &mut Accumulator) -> Result<(), RenderError> {
        let of = &self.kustomization;
        let Accumulator { map, config, .. } = acc;
        let config = config.as_deref().unwrap_or(TransformerConfig::defaults());
        for (place, label) in of.labels.iter().enumerate() {
            let fault = |message: String| self.fault(message, "labels", Some(place));
            let specs = label_specs(label, config).map_err(fault)?;
            for (key, value) in &label.pairs {
                self.adds(key, map)?;
                self.adds(value, map)?;
            }
            transform::entries(map, &label.pairs, &specs).map_err(fault)?;
            self.transformed(map, self.builtin("LabelTransformer"));
        }
        for (field, pairs, specs, kind, always) in [
            (
                "commonLabels",
                &of.common_labels,
                &config.common_labels,
                "LabelTransformer",
                !of.labels.is_empty(),
            ),
            (
                "commonAnnotations",
                &of.common_annotations,
                &config.common_annotations,
                "AnnotationsTransformer",
                false,
            ),
        ] {
            if pairs.is_empty() && !always {
                continue;
            }
            for (key, value) in pairs {
                self.adds(key, map)?;
                self.adds(value, map)?;
            }
            transform::entries(map, pairs, specs)
                .map_err(|message| self.fault(message, field, None))?;
            self.transformed(map, self.builtin(kind));
        }
        Ok(())
    }

    /// `replicas`, `images`.
    fn count_and_tag(&self, acc: &mut Accumulator) -> Result<(), RenderError> {
        let of = &self.kustomization;
        let Accumulator { map, config, .. } = acc;
        let config = config.as_deref().unwrap_or(TransformerConfig::defaults());
        for (place, replica) in of.replicas.iter().enumerate() {
            transform::replicas(map, replica, &config.replicas)
                .map_err(|message| self.fault(message, "replicas", Some(place)))?;
            self.transformed(map, self.builtin("ReplicaCountTransformer"));
        }
        for (place, image) in of.images.iter().enumerate() {
            for text in [
                &image.new_name,
                &image.new_tag,
                &image.digest,
                &image.tag_suffix,
            ] {
                self.adds(text, map)?;
            }
            transform::images(map, image, &config.images)
                .map_err(|message| self.fault(message, "images", Some(place)))?;
            self.transformed(map, self.builtin("ImageTagTransformer"));
        }
        Ok(())
    }

    /// Validators are transformers that must not change anything but a mark.
    fn validate(&self, acc: &mut Accumulator) -> Result<(), RenderError> {
        for (plugin, place) in self.plugins("validators", &self.kustomization.validators)? {
            let fault = |fault: Fault| self.fault(fault, "validators", place);
            let before = acc.map.clone();
            plugins::transform(self, acc, &plugin).map_err(fault)?;
            let same = before.resources.len() == acc.map.resources.len()
                && before
                    .resources
                    .iter()
                    .zip(&acc.map.resources)
                    .all(|(before, after)| *before == plugins::without_mark(after));
            if !same {
                return Err(fault(
                    "validator shouldn't modify the resource map"
                        .to_owned()
                        .into(),
                ));
            }
        }
        Ok(())
    }
}

fn shown(field: &str, place: Option<usize>) -> String {
    match place {
        Some(place) => format!("{field}[{place}]"),
        None => field.to_owned(),
    }
}

/// The fields that one entry of `labels` reaches.
fn label_specs(
    label: &super::types::Label,
    config: &TransformerConfig,
) -> Result<Vec<FieldSpec>, String> {
    let mut specs: Vec<FieldSpec> = label.fields.iter().map(FieldSpec::from).collect();
    let merged = |specs: &mut Vec<FieldSpec>, added: &[FieldSpec]| {
        field_spec::merge(specs, added).map_err(|error| format!("failed to merge labels: {error}"))
    };
    merged(&mut specs, &config.labels)?;
    if label.include_selectors {
        merged(&mut specs, &config.common_labels)?;
    } else {
        if label.include_templates {
            merged(&mut specs, &config.template_labels)?;
        }
        merged(
            &mut specs,
            &[FieldSpec {
                path: "metadata/labels".to_owned(),
                create: true,
                ..FieldSpec::default()
            }],
        )?;
    }
    Ok(specs)
}
