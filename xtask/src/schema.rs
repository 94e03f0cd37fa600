//! `cargo xtask schema`: the table of patch strategies and merge keys that strategic merge patches of Kustomize overlays need.
//!
//! Kustomize 5.8 carries the OpenAPI document of Kubernetes 1.21.2 and a small one of its own kinds; the table holds what of them
//! takes part in a merge: the lists that are merged, and the fields that lead to them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Map, Value};

/// Where the table lies in the repository.
const TABLE: &str = "render/src/kustomize/schema_table.txt";
/// Modules and paths of the documents, in the versions that Kustomize 5.8.1 is built from.
const DOCUMENTS: [(&str, &str); 2] = [
    ("k8s.io/kubernetes@v1.21.2", "api/openapi-spec/swagger.json"),
    (
        "sigs.k8s.io/kustomize/kyaml@v0.21.1",
        "openapi/kustomizationapi/swagger.json",
    ),
];
/// Kinds that the document of a running API server with default features does not have, or that are no objects.
const LEFT_OUT: [&str; 3] = ["DeleteOptions", "EphemeralContainers", "WatchEvent"];

/// Arguments of `cargo xtask schema`.
#[derive(clap::Args)]
pub struct Args {
    /// OpenAPI 2 documents instead of those of the Go modules that Kustomize is built from
    documents: Vec<PathBuf>,
    /// Only compare: fail when the committed table is stale
    #[arg(long)]
    check: bool,
}

/// Writes the table, or compares it.
pub fn run(args: &Args) -> Result<()> {
    let documents = if args.documents.is_empty() {
        DOCUMENTS
            .iter()
            .map(|(module, path)| Ok(module_folder(module)?.join(path)))
            .collect::<Result<Vec<_>>>()?
    } else {
        args.documents.clone()
    };
    let mut definitions = BTreeMap::new();
    for path in &documents {
        let text = fs::read(path).with_context(|| path.display().to_string())?;
        let document: Value =
            serde_json::from_slice(&text).with_context(|| path.display().to_string())?;
        let Some(Value::Object(found)) = document.get("definitions") else {
            bail!("{}: no definitions", path.display());
        };
        definitions.extend(found.clone());
    }
    let table = table(&definitions);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(TABLE);
    if args.check {
        let committed = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        ensure!(
            committed == table,
            "{TABLE} is stale: run `cargo xtask schema`"
        );
    } else {
        fs::write(&path, table).with_context(|| path.display().to_string())?;
    }
    Ok(())
}

/// The folder of a Go module, downloaded if need be.
fn module_folder(module: &str) -> Result<PathBuf> {
    let output = Command::new("go")
        .args(["mod", "download", "-json", module])
        .output()
        .context("go")?;
    let answer: Value = serde_json::from_slice(&output.stdout)
        .with_context(|| String::from_utf8_lossy(&output.stderr).into_owned())?;
    answer
        .get("Dir")
        .and_then(Value::as_str)
        .map(PathBuf::from)
        .with_context(|| format!("go mod download {module}: {answer}"))
}

/// The fields of a definition that take part in a merge: name and type as it is written in the table.
type Fields<'a> = Vec<(&'a str, String)>;

fn table(definitions: &BTreeMap<String, Value>) -> String {
    let useful = useful(definitions);
    let places: BTreeMap<&str, usize> = useful
        .iter()
        .enumerate()
        .map(|(place, name)| (*name, place))
        .collect();
    let mut table = String::from(
        "# Made by `cargo xtask schema` from the OpenAPI documents that Kustomize 5.8.1 carries; do not edit.\n\
         # First the definitions, numbered from 0, a line each: field=type …\n\
         # Types: N is definition N, {}type a map of them, [key,…]type a list that is merged by its keys, [] one that is merged by\n\
         # its values, . an object of any kind.\n\
         # Behind the line -- the kinds: apiVersion kind N\n",
    );
    for name in &useful {
        let fields: Vec<_> = fields(&definitions[*name], &places)
            .into_iter()
            .map(|(name, kind)| format!("{name}={kind}"))
            .collect();
        let _ = writeln!(table, "{}", fields.join(" "));
    }
    table.push_str("--\n");
    for (kind, name) in kinds(definitions) {
        if let Some(place) = places.get(name) {
            let _ = writeln!(table, "{kind} {place}");
        }
    }
    table
}

/// The definitions that lead to a list that is merged.
fn useful(definitions: &BTreeMap<String, Value>) -> BTreeSet<&str> {
    let mut useful = BTreeSet::new();
    loop {
        let places = useful.iter().map(|name| (*name, 0)).collect();
        let before = useful.len();
        for (name, definition) in definitions {
            if !fields(definition, &places).is_empty() {
                useful.insert(name.as_str());
            }
        }
        if useful.len() == before {
            return useful;
        }
    }
}

fn fields<'a>(definition: &'a Value, places: &BTreeMap<&str, usize>) -> Fields<'a> {
    let Some(Value::Object(properties)) = definition.get("properties") else {
        return Vec::new();
    };
    let mut fields: Fields<'a> = properties
        .iter()
        .filter_map(|(name, schema)| Some((name.as_str(), field_type(schema, places)?)))
        .collect();
    fields.sort();
    fields
}

fn field_type(schema: &Value, places: &BTreeMap<&str, usize>) -> Option<String> {
    let text = |field: &str| schema.get(field).and_then(Value::as_str);
    if let Some(reference) = text("$ref") {
        let name = reference.strip_prefix("#/definitions/")?;
        if name.ends_with(".RawExtension") {
            return Some(".".to_owned());
        }
        return places.get(name).map(ToString::to_string);
    }
    if let Some(values) = schema.get("additionalProperties").filter(|v| v.is_object()) {
        return Some(format!("{{}}{}", field_type(values, places)?));
    }
    if text("type") != Some("array")
        || !text("x-kubernetes-patch-strategy")?
            .split(',')
            .any(|strategy| strategy == "merge")
    {
        return None;
    }
    let keys: Vec<&str> = match schema.get("x-kubernetes-list-map-keys") {
        Some(Value::Array(keys)) => keys.iter().filter_map(Value::as_str).collect(),
        _ => text("x-kubernetes-patch-merge-key").into_iter().collect(),
    };
    let elements = schema
        .get("items")
        .and_then(|items| field_type(items, places))
        .unwrap_or_default();
    Some(format!("[{}]{elements}", keys.join(",")))
}

/// `apiVersion kind` of every kind, with its definition.
fn kinds(definitions: &BTreeMap<String, Value>) -> Vec<(String, &str)> {
    let mut kinds = Vec::new();
    for (name, definition) in definitions {
        let Some(Value::Array(found)) = definition.get("x-kubernetes-group-version-kind") else {
            continue;
        };
        for kind in found.iter().filter_map(Value::as_object) {
            let text = |kind: &Map<String, Value>, field: &str| {
                kind.get(field)
                    .and_then(Value::as_str)
                    .unwrap_or_default()
                    .to_owned()
            };
            let (group, version) = (text(kind, "group"), text(kind, "version"));
            let kind = text(kind, "kind");
            if version.contains("alpha") || LEFT_OUT.contains(&kind.as_str()) {
                continue;
            }
            let api_version = if group.is_empty() {
                version
            } else {
                format!("{group}/{version}")
            };
            kinds.push((format!("{api_version} {kind}"), name.as_str()));
        }
    }
    kinds.sort();
    kinds
}
