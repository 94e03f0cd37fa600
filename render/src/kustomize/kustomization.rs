//! Reads a `kustomization.yaml` and brings deprecated fields into their present form.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::decode;
use super::fault::{Fault, OverlayError};
use super::loader::Loader;
use super::types::{
    COMPONENT_VERSION, HelmChart, HelmChartArgs, HelmGlobals, KUSTOMIZATION_VERSION, Kustomization,
};
use crate::RenderError;
use crate::yaml::locate::{Step, nearest, steps};
use crate::yaml::{self, Duplicates, Reading};

/// The names that a kustomization may have.
pub const FILE_NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// A kustomization and the file that it was read from.
pub(super) struct Read {
    /// The kustomization.
    pub kustomization: Kustomization,
    /// The file, for messages.
    pub file: Arc<str>,
    /// Its name in the folder.
    pub name: &'static str,
    /// Its text, to find lines in.
    pub text: Vec<u8>,
}

/// Reads the kustomization of a folder.
///
/// # Errors
/// When there is none, more than one, or it has an unknown field or a wrong type, kind or version.
pub(super) fn read(loader: &Loader<'_>) -> Result<Read, RenderError> {
    let folder = |message: String| -> RenderError {
        OverlayError {
            file: loader.shown_root(),
            message,
            ..OverlayError::default()
        }
        .into()
    };
    let mut found = None;
    for name in FILE_NAMES {
        let loaded = loader
            .load_if_there(name)
            .map_err(|fault| fault.at(&loader.shown_root(), None, name))?;
        if let Some(loaded) = loaded {
            if found.is_some() {
                return Err(folder("Found multiple kustomization files".to_owned()));
            }
            found = Some((name, loaded));
        }
    }
    let Some((name, loaded)) = found else {
        return Err(folder(format!(
            "unable to find one of '{}', '{}' or '{}'",
            FILE_NAMES[0], FILE_NAMES[1], FILE_NAMES[2]
        )));
    };
    let file = loaded.file;
    let text = loaded.content.into_owned();
    let at = |place, message: String| -> RenderError { Fault::Field(message).at(&file, place, "") };
    let reading = Reading {
        duplicates: Duplicates::LastWins,
        ..Reading::default()
    };
    let value = yaml::read(&text, loader.context.limits, reading)
        .map_err(|error| {
            at(
                Some((&error).into()),
                format!("invalid Kustomization: {}", error.message),
            )
        })?
        .into_iter()
        .next()
        .map_or(Value::Null, |document| document.value);
    let kustomization = decode(&value).map_err(|error| {
        let mut steps = steps(&error.field);
        if let Some(unknown) = error.message.strip_prefix("unknown field \"") {
            steps.push(Step::Key(unknown.trim_end_matches('"')));
        }
        let place = nearest(&text, &steps);
        Fault::Field(format!("invalid Kustomization: {}", error.message)).at(
            &file,
            place,
            &error.field,
        )
    })?;
    let kustomization = fixed(kustomization);
    check(&kustomization, &value).map_err(|message| at(None, message))?;
    Ok(Read {
        kustomization,
        file,
        name,
        text,
    })
}

fn decode(value: &Value) -> Result<Kustomization, decode::DecodeError> {
    if value.is_null() {
        return Ok(Kustomization::default());
    }
    let kustomization: Kustomization = decode::strict(value)?;
    // The two generators share a type, but a ConfigMap has none.
    let typed = kustomization
        .config_map_generator
        .iter()
        .position(|args| !args.secret_type.is_empty());
    match typed {
        Some(place) => Err(decode::DecodeError {
            field: format!("configMapGenerator[{place}]"),
            message: "unknown field \"type\"".to_owned(),
        }),
        None => Ok(kustomization),
    }
}

/// Sets kind and version where they are missing and moves what deprecated fields say to their successors.
fn fixed(mut of: Kustomization) -> Kustomization {
    if of.kind.is_empty() {
        of.kind = "Kustomization".to_owned();
    }
    if of.api_version.is_empty() {
        of.api_version = required_version(&of.kind).to_owned();
    }
    of.resources.append(&mut of.bases);
    of.images.append(&mut of.image_tags);
    for args in of
        .config_map_generator
        .iter_mut()
        .chain(&mut of.secret_generator)
    {
        if !args.env.is_empty() {
            args.envs.push(std::mem::take(&mut args.env));
        }
    }
    let (mut chart_home, mut config_home) = (String::new(), String::new());
    for args in std::mem::take(&mut of.helm_chart_inflation_generator) {
        if !args.chart_home.is_empty() {
            chart_home.clone_from(&args.chart_home);
        }
        if !args.helm_home.is_empty() {
            config_home.clone_from(&args.helm_home);
        }
        of.helm_charts.push(chart(args));
    }
    if of.helm_globals.is_none() && !(chart_home.is_empty() && config_home.is_empty()) {
        of.helm_globals = Some(HelmGlobals {
            chart_home,
            config_home,
        });
    }
    of
}

fn chart(args: HelmChartArgs) -> HelmChart {
    HelmChart {
        name: args.chart_name,
        version: args.chart_version,
        repo: args.chart_repo_url,
        values_file: args.values,
        values_inline: args.values_local,
        values_merge: args.values_merge,
        release_name: args.release_name,
        ..HelmChart::default()
    }
}

fn required_version(kind: &str) -> &'static str {
    if kind == "Component" {
        COMPONENT_VERSION
    } else {
        KUSTOMIZATION_VERSION
    }
}

fn check(of: &Kustomization, value: &Value) -> Result<(), String> {
    if is_empty(value.as_object().unwrap_or(&Map::new())) {
        return Err("kustomization.yaml is empty".to_owned());
    }
    if of.kind != "Kustomization" && of.kind != "Component" {
        return Err("kind should be Kustomization or Component".to_owned());
    }
    let required = required_version(&of.kind);
    if of.api_version != required {
        return Err(format!("apiVersion for {} should be {required}", of.kind));
    }
    Ok(())
}

/// Whether a kustomization says nothing: an empty list or mapping counts as something, except in fields that are moved away.
fn is_empty(fields: &Map<String, Value>) -> bool {
    const MOVED: [&str; 3] = ["bases", "imageTags", "helmChartInflationGenerator"];
    fields.iter().all(|(key, value)| {
        let is = |name: &str| key.eq_ignore_ascii_case(name);
        is("apiVersion")
            || is("kind")
            || match value {
                Value::Null => true,
                Value::String(text) => text.is_empty(),
                Value::Array(items) => items.is_empty() && MOVED.iter().any(|name| is(name)),
                _ => false,
            }
    })
}
