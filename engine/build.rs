//! Makes tables of the data files of `src/health/kinds` and `src/actions/kinds`, so that a start reads none of them: each is
//! JSON in the program's text, found by its kind, and parsed when an object of that kind is first seen.
//!
//! A file is `<group>/<Kind>.yaml`; `_` stands for any text, and `core` for the group without a name. `also` lists further
//! kinds (`group/Kind`) that a file is for. Cases (`<Kind>.cases.yaml`) belong to the tests.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

fn main() -> Result<(), Box<dyn Error>> {
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    let shared = read_shared(Path::new("src/health/shared"))?;
    for (folder, table) in [
        ("src/health/kinds", "health_kinds.rs"),
        ("src/actions/kinds", "action_kinds.rs"),
    ] {
        println!("cargo::rerun-if-changed={folder}");
        let mut entries = Vec::new();
        for group in sorted(Path::new(folder))? {
            for file in sorted(&group)? {
                let name = file_name(&file)?;
                if name.ends_with(".cases.yaml") {
                    continue;
                }
                let kind = name
                    .strip_suffix(".yaml")
                    .ok_or_else(|| format!("{} is no .yaml", file.display()))?;
                read(&file, &file_name(&group)?, kind, &shared, &mut entries)
                    .map_err(|error| format!("{}: {error}", file.display()))?;
            }
        }
        entries.sort();
        if let Some(twice) = entries.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(format!("two files are for {:?}", twice[0].0).into());
        }
        let mut code = String::from("&[\n");
        for ((group, kind), text) in &entries {
            writeln!(
                code,
                "    Entry {{ group: {group:?}, kind: {kind:?}, text: {text:?} }},"
            )?;
        }
        code.push_str("]\n");
        fs::write(out.join(table), code)?;
    }
    println!("cargo::rerun-if-changed=src/health/shared");
    println!("cargo::rerun-if-changed=build.rs");
    Ok(())
}

fn file_name(path: &Path) -> Result<String, String> {
    path.file_name()
        .and_then(|name| name.to_str())
        .map(str::to_owned)
        .ok_or_else(|| format!("{} has no readable name", path.display()))
}

fn sorted(folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut paths = fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()?;
    paths.sort();
    Ok(paths)
}

fn parse(path: &Path) -> Result<Value, Box<dyn Error>> {
    serde_saphyr::from_str(&fs::read_to_string(path)?)
        .map_err(|error| format!("{}: {error}", path.display()).into())
}

/// Rules by name.
type Shared = Vec<(String, Vec<Value>)>;

fn read_shared(folder: &Path) -> Result<Shared, Box<dyn Error>> {
    let mut shared = Vec::new();
    for path in sorted(folder)? {
        let name = file_name(&path)?.trim_end_matches(".yaml").to_owned();
        let rules = parse(&path)?["rules"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        shared.push((name, rules));
    }
    Ok(shared)
}

type Entry = ((String, String), String);

fn read(
    file: &Path,
    group: &str,
    kind: &str,
    shared: &Shared,
    entries: &mut Vec<Entry>,
) -> Result<(), Box<dyn Error>> {
    let mut content = parse(file)?;
    let object = content.as_object_mut().ok_or("it is no map")?;
    let also = object.remove("also").unwrap_or_default();
    if let Some(Value::Array(rules)) = object.get_mut("rules") {
        let mut all = Vec::new();
        for rule in std::mem::take(rules) {
            match rule.get("use").and_then(Value::as_str) {
                None => all.push(rule),
                Some(name) => {
                    let (_, rules) = shared
                        .iter()
                        .find(|(known, _)| known == name)
                        .ok_or_else(|| format!("there are no shared rules called {name}"))?;
                    all.extend(rules.iter().cloned());
                }
            }
        }
        *rules = all;
    }
    let text = content.to_string();
    let group = if group == "core" { "" } else { group };
    entries.push((
        (group.replace('_', "*"), kind.replace('_', "*")),
        text.clone(),
    ));
    for other in also.as_array().into_iter().flatten() {
        let (group, kind) = other
            .as_str()
            .and_then(|name| name.rsplit_once('/'))
            .ok_or("`also` lists group/Kind")?;
        entries.push(((group.to_owned(), kind.to_owned()), text.clone()));
    }
    Ok(())
}
