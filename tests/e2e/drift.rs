//! Differential cases of drift: `tests/drift/*.json` has objects of many kinds, what their source says then, and what somebody else did
//! to them. Whether each is OutOfSync is compared with what a dry run of the API server would change.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Map, Value, json};
use tiphys_testbed::wait_for;
use tiphys_tests::{PATIENCE, World};

const FILES: [&str; 5] = ["workloads", "core", "network", "policy", "custom"];
/// The group of the kind that `definition.json` defines.
const GROUP: &str = "drift.example.com";

/// One case.
struct Case {
    title: String,
    name: String,
    /// What is synchronised first.
    before: Value,
    /// What the source says then.
    desired: Value,
    /// What somebody else writes, a merge patch.
    foreign: Value,
    /// Why our verdict is another than the API server's.
    except: String,
}

fn read(name: &str) -> Result<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("drift/{name}.json"));
    let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    serde_json::from_str(&text).with_context(|| path.display().to_string())
}

/// Carries out a JSON merge patch (RFC 7386).
fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    for (name, value) in patch {
        if value.is_null() {
            if let Some(target) = target.as_object_mut() {
                target.remove(name);
            }
        } else {
            merge(&mut target[name], value);
        }
    }
}

fn cases() -> Result<Vec<Case>> {
    let mut all = Vec::new();
    for file in FILES {
        for (kind, entry) in read(file)?.as_object().context("a map of kinds")? {
            for (at, case) in entry["cases"].as_array().into_iter().flatten().enumerate() {
                let name = format!("{}-{at}", kind.to_lowercase());
                let mut before = entry["object"].clone();
                merge(&mut before, case.get("object").unwrap_or(&json!({})));
                before["metadata"]["name"] = json!(name);
                let mut desired = before.clone();
                merge(&mut desired, case.get("desired").unwrap_or(&json!({})));
                all.push(Case {
                    title: format!("{kind}: {}", case["case"].as_str().context("a title")?),
                    name,
                    before,
                    desired,
                    foreign: case["foreign"].clone(),
                    except: case["except"].as_str().unwrap_or_default().to_owned(),
                });
            }
        }
    }
    Ok(all)
}

fn plural(kind: &str) -> String {
    let lower = kind.to_lowercase();
    match lower.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None if lower.ends_with('s') => format!("{lower}es"),
        None => format!("{lower}s"),
    }
}

/// Path of an object in the cluster.
fn path(world: &World, object: &Value, name: &str) -> String {
    let version = object["apiVersion"].as_str().unwrap_or_default();
    let kind = object["kind"].as_str().unwrap_or_default();
    let root = if version.contains('/') { "apis" } else { "api" };
    let cluster_wide = ["PriorityClass", "ValidatingWebhookConfiguration"].contains(&kind);
    let scope = if cluster_wide {
        String::new()
    } else {
        format!("namespaces/{}/", world.namespace)
    };
    format!("/{root}/{version}/{scope}{}/{name}", plural(kind))
}

/// An object without what every write changes, and what nobody states.
fn stable(mut object: Value) -> Value {
    if let Some(metadata) = object["metadata"].as_object_mut() {
        for field in ["managedFields", "resourceVersion", "generation"] {
            metadata.remove(field);
        }
    }
    if let Some(object) = object.as_object_mut() {
        object.remove("status");
    }
    object
}

/// What a synchronisation would change, as the API server says: none when nothing.
fn would_change(world: &World, case: &Case, live: &Value) -> Result<Option<String>> {
    let mut desired = case.desired.clone();
    // The server of this test tracks by annotation, which is there since the first synchronisation.
    let id = &live["metadata"]["annotations"]["argocd.argoproj.io/tracking-id"];
    ensure!(id.is_string(), "{} is not tracked: {live}", case.title);
    desired["metadata"]["annotations"]["argocd.argoproj.io/tracking-id"] = id.clone();
    desired["metadata"]["namespace"] = live["metadata"]["namespace"].clone();
    let query = "dryRun=All&fieldManager=tiphys&force=true";
    let answer = world.kubernetes.client().send(
        "PATCH",
        &format!("{}?{query}", path(world, &desired, &case.name)),
        &[("content-type", "application/apply-patch+yaml")],
        Some(desired.to_string().as_bytes()),
    )?;
    ensure!(answer.status == 200, "{}: {}", case.title, answer.text);
    let (before, after) = (stable(live.clone()), stable(answer.body));
    Ok((before != after).then(|| format!("before {before}\nafter  {after}")))
}

/// How our verdict on a case is another than the API server's, other than the case says.
fn disagreement(world: &World, case: &Case) -> Result<Option<String>> {
    // Controllers write too: both sides have to see the same object.
    let (live, change) = wait_for("one version on both sides", PATIENCE, || {
        let path = path(world, &case.desired, &case.name);
        let live = world.kubernetes.get(&path)?.context("the object")?;
        let change = would_change(world, case, &live)?;
        let again = world.kubernetes.get(&path)?.context("the object")?;
        let same = live["metadata"]["resourceVersion"] == again["metadata"]["resourceVersion"];
        Ok(if same {
            Ok((live, change))
        } else {
            Err("it changes".to_owned())
        })
    })?;
    let kind = case.desired["kind"].as_str().unwrap_or_default();
    let query = format!("/managed-resources?kind={kind}&resourceName={}", case.name);
    let managed = world.client.get(&world.path(&query))?.ok()?;
    let item = &managed["items"][0];
    let ours = item["modified"] == true;
    if ours == (change.is_some() == case.except.is_empty()) {
        return Ok(None);
    }
    Ok(Some(format!(
        "{}: modified {ours}, {}\n{}\nowned {}\n\n",
        case.title,
        item["differences"],
        change.unwrap_or_default(),
        live["metadata"]["managedFields"]
    )))
}

fn rows(application: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    application["status"]["resources"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|row| (text(&row["name"]), text(&row["status"])))
        .collect()
}

fn definition(world: &World) -> Result<String> {
    let collection = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    let definition = read("definition")?;
    world.kubernetes.create(collection, &definition)?;
    let path = format!("{collection}/vessels.{GROUP}");
    world.kubernetes.wait(&path, PATIENCE, |live| {
        let conditions = live["status"]["conditions"].as_array();
        conditions
            .into_iter()
            .flatten()
            .any(|condition| condition["type"] == "Established" && condition["status"] == "True")
    })?;
    Ok(path)
}

#[test]
fn what_is_out_of_sync_is_what_the_api_server_would_change() -> Result<()> {
    let world = World::start("drifting", "sqlite")?;
    let defined = definition(&world)?;
    let cases = cases()?;
    ensure!(cases.len() > 100, "{} cases", cases.len());
    for case in &cases {
        let file = format!("app/{}.json", case.name);
        world.repository.write(&file, case.before.to_string())?;
    }
    let first = world.repository.commit("before")?;
    world.create(&Value::Null)?;
    world.sync(&json!({}))?;
    let ended = world.until_ended()?;
    let state = &ended["status"]["operationState"];
    ensure!(state["phase"] == "Succeeded", "{state}");

    // After a synchronisation, nothing is out of sync, whatever it is; the schema of a new kind takes the API server a moment.
    world.until("everything to be in sync", |app| {
        let rows = rows(app);
        app["status"]["sync"]["revision"] == first
            && rows.len() == cases.len()
            && rows.iter().all(|(_, status)| status == "Synced")
    })?;

    for case in &cases {
        if !case.foreign.is_null() {
            let path = path(&world, &case.before, &case.name);
            world
                .kubernetes
                .merge(&path, &case.foreign)
                .with_context(|| case.title.clone())?;
        }
        let file = format!("app/{}.json", case.name);
        world.repository.write(&file, case.desired.to_string())?;
    }
    let second = world.repository.commit("desired")?;
    world.until("the comparison", |app| {
        app["status"]["sync"]["revision"] == second
    })?;

    let mut wrong = String::new();
    for case in &cases {
        wrong.extend(disagreement(&world, case)?);
    }
    ensure!(wrong.is_empty(), "{wrong}");

    // And what is out of sync is in sync after another synchronisation.
    world.sync(&json!({}))?;
    world.until("the second synchronisation", |app| {
        app["operation"].is_null()
            && rows(app).iter().all(|(_, status)| status == "Synced")
            && app["status"]["sync"]["revision"] == second
    })?;
    world.client.delete(&world.path(""))?.ok()?;
    world.kubernetes.delete(&defined)?;
    Ok(())
}
