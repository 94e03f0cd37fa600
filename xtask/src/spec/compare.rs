//! Holds the checked-in document against the contract, and against what Dropshot emits.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

/// Compares the document with the structural copy of the contract, `spec/contract.json`. Everything that the contract says
/// has to be there, but for the deviations of `spec/deviations.yaml`, each with its reason.
pub fn contract(root: &Path, document: &Value) -> Result<()> {
    let contract: Value = serde_json::from_str(
        &std::fs::read_to_string(root.join("spec/contract.json"))
            .context("cannot read spec/contract.json")?,
    )
    .context("spec/contract.json")?;
    let mut differences = BTreeSet::new();
    let Some(paths) = contract["paths"].as_object() else {
        bail!("spec/contract.json has no paths")
    };
    for (path, item) in paths {
        for (method, operation) in item.as_object().into_iter().flatten() {
            let place = format!("{method} {path}");
            let ours = &document["paths"][path][method];
            if ours.is_null() {
                differences.insert(format!("{place}: missing"));
                continue;
            }
            compare_operation(
                (&contract, operation),
                (document, ours),
                &place,
                &mut differences,
            );
        }
    }
    report(root, "spec/deviations.yaml", "the contract", &differences)
}

fn compare_operation(
    (contract, theirs): (&Value, &Value),
    (document, ours): (&Value, &Value),
    place: &str,
    differences: &mut BTreeSet<String>,
) {
    for key in ["operationId", "security"] {
        if theirs.get(key) != ours.get(key) {
            differences.insert(format!("{place}: {key}"));
        }
    }
    for parameter in theirs["parameters"].as_array().into_iter().flatten() {
        let parameter = resolve(contract, parameter);
        let name = parameter["name"].as_str().unwrap_or_default();
        let found = ours["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|candidate| resolve(document, candidate))
            .find(|candidate| {
                candidate["name"] == parameter["name"] && candidate["in"] == parameter["in"]
            });
        match found {
            None => {
                differences.insert(format!("{place}: parameter {name}"));
            }
            Some(found) => {
                let place = format!("{place}: parameter {name}");
                compare_schema(
                    (contract, &parameter["schema"]),
                    (document, &found["schema"]),
                    &place,
                    differences,
                );
            }
        }
    }
    let media = |operation: &Value| operation["content"]["application/json"]["schema"].clone();
    let body = &theirs["requestBody"];
    if !body.is_null() {
        let place = format!("{place}: body");
        if (body["required"] == true) != (ours["requestBody"]["required"] == true) {
            differences.insert(format!("{place}: required"));
        }
        compare_schema(
            (contract, &media(body)),
            (document, &media(&ours["requestBody"])),
            &place,
            differences,
        );
    }
    for (code, response) in theirs["responses"].as_object().into_iter().flatten() {
        let place = format!("{place}: {code}");
        let found = &ours["responses"][code];
        if found.is_null() {
            differences.insert(format!("{place}: missing"));
        } else if !media(response).is_null() {
            compare_schema(
                (contract, &media(response)),
                (document, &media(found)),
                &place,
                differences,
            );
        }
    }
}

fn resolve<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    match value["$ref"]
        .as_str()
        .and_then(|reference| reference.strip_prefix('#'))
    {
        Some(pointer) => document.pointer(pointer).unwrap_or(value),
        None => value,
    }
}

fn compare_schema(
    (contract, theirs): (&Value, &Value),
    (document, ours): (&Value, &Value),
    place: &str,
    differences: &mut BTreeSet<String>,
) {
    // A difference within a named schema is listed once, under the name.
    let name = theirs["$ref"]
        .as_str()
        .and_then(|reference| reference.rsplit('/').next());
    let place = name.unwrap_or(place);
    let theirs = resolve(contract, theirs);
    let ours = resolve(document, ours);
    for key in ["type", "format", "enum", "default"] {
        let said = theirs.get(key);
        if said.is_some() && said != ours.get(key) {
            differences.insert(format!("{place}: {key}"));
        }
    }
    for name in theirs["required"].as_array().into_iter().flatten() {
        if !ours["required"]
            .as_array()
            .is_some_and(|required| required.contains(name))
        {
            differences.insert(format!(
                "{place}.{}: required",
                name.as_str().unwrap_or_default()
            ));
        }
    }
    for (name, property) in theirs["properties"].as_object().into_iter().flatten() {
        let place = format!("{place}.{name}");
        match ours["properties"].get(name) {
            None => {
                differences.insert(format!("{place}: missing"));
            }
            Some(found) => {
                compare_schema((contract, property), (document, found), &place, differences)
            }
        }
    }
    if let Some(items) = theirs.get("items") {
        compare_schema(
            (contract, items),
            (document, &ours["items"]),
            &format!("{place}[]"),
            differences,
        );
    }
}

/// Compares the document with the one that Dropshot emits from the generated trait.
///
/// Compared are paths, operations, parameters and the properties of bodies and answers with their types. Dropshot cannot say security, error codes,
/// defaults, that a body may be absent, or that a query key repeats; those are not compared here, but generated.
pub fn emitted(root: &Path, lowered: &Value) -> Result<()> {
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args([
            "run",
            "--quiet",
            "--package",
            "tiphys-api",
            "--bin",
            "emit-openapi",
        ])
        .current_dir(root)
        .output()
        .context("cannot start cargo")?;
    if !output.status.success() {
        bail!(
            "Dropshot emits no document:\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    let emitted: Value = serde_json::from_slice(&output.stdout).context("Dropshot's document")?;
    let ours = outline(lowered);
    let theirs = outline(&emitted);
    let mut differences = BTreeSet::new();
    for (place, shape) in &ours {
        if theirs.get(place) != Some(shape) {
            let said = theirs.get(place).map_or("nothing", String::as_str);
            differences.insert(format!("{place}: {shape} here, {said} from Dropshot"));
        }
    }
    for place in theirs.keys().filter(|place| !ours.contains_key(*place)) {
        differences.insert(format!("{place}: only from Dropshot"));
    }
    report(
        root,
        "spec/dropshot.yaml",
        "what Dropshot emits",
        &differences,
    )
}

/// Every place of a document, and what stands there.
fn outline(document: &Value) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for (method, operation) in item.as_object().into_iter().flatten() {
            let place = format!("{method} {path}");
            out.insert(
                place.clone(),
                operation["operationId"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned(),
            );
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                let place = format!("{place} {} {}", parameter["in"], parameter["name"]);
                let kind = parameter["schema"]["type"].as_str().unwrap_or_default();
                // A repeated key is a string to Dropshot.
                out.insert(
                    place,
                    if kind == "array" { "string" } else { kind }.to_owned(),
                );
            }
            let body = &operation["requestBody"]["content"]["application/json"]["schema"];
            shape(document, body, &format!("{place} body"), false, &mut out);
            for media in ["application/json", "text/plain"] {
                let answer = &operation["responses"]["200"]["content"][media]["schema"];
                shape(document, answer, &format!("{place} answer"), true, &mut out);
            }
        }
    }
    out
}

fn shape(
    document: &Value,
    schema: &Value,
    place: &str,
    answer: bool,
    out: &mut BTreeMap<String, String>,
) {
    let mut schema = resolve(document, schema);
    // Dropshot wraps a described or nullable reference.
    while let Some(inner) = schema["allOf"].as_array().and_then(|all| all.first()) {
        schema = resolve(document, inner);
    }
    let Some(kind) = schema["type"].as_str() else {
        return;
    };
    let format = schema["format"]
        .as_str()
        .map(|format| format!(" {format}"))
        .unwrap_or_default();
    out.insert(place.to_owned(), format!("{kind}{format}"));
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        // What is only written has no field in an answer.
        if !(answer && property["writeOnly"] == true) {
            shape(document, property, &format!("{place}.{name}"), answer, out);
        }
    }
    for (key, suffix) in [("items", "[]"), ("additionalProperties", "{}")] {
        if let Some(inner) = schema.get(key) {
            shape(document, inner, &format!("{place}{suffix}"), answer, out);
        }
    }
}

/// Fails unless the differences are exactly those that the file lists with reasons.
fn report(root: &Path, file: &str, other: &str, differences: &BTreeSet<String>) -> Result<()> {
    let text =
        std::fs::read_to_string(root.join(file)).with_context(|| format!("cannot read {file}"))?;
    let listed: Option<BTreeMap<String, String>> =
        serde_norway::from_str(&text).with_context(|| file.to_owned())?;
    let listed = listed.unwrap_or_default();
    let unlisted: Vec<&str> = differences
        .iter()
        .filter(|place| !listed.contains_key(*place))
        .map(String::as_str)
        .collect();
    let gone: Vec<&str> = listed
        .keys()
        .filter(|place| !differences.contains(*place))
        .map(String::as_str)
        .collect();
    if !unlisted.is_empty() {
        bail!(
            "spec/openapi.yaml differs from {other}, and {file} gives no reason:\n  {}",
            unlisted.join("\n  ")
        );
    }
    if !gone.is_empty() {
        bail!(
            "{file} lists what is no difference:\n  {}",
            gone.join("\n  ")
        );
    }
    Ok(())
}
