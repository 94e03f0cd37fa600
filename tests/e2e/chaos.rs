//! What a cluster does to an operation at the worst moment: each fault is caused for real.

mod admission;
mod api_server;
mod clock;
mod crash;
mod definitions;
mod hostile;
mod writers;

use anyhow::Result;
use serde_json::{Value, json};
use tiphys_testbed::wait_for;
use tiphys_testbed::web::Request;
use tiphys_tests::{PATIENCE, World};

fn phase(application: &Value) -> &Value {
    &application["status"]["operationState"]["phase"]
}

/// The row of an object in the result of the last operation; null when it has none.
fn row_of<'a>(application: &'a Value, name: &str) -> &'a Value {
    application["status"]["operationState"]["syncResult"]["resources"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|row| row["name"] == name)
        .unwrap_or(&Value::Null)
}

/// Creates an application of the world's repository in a folder and a namespace of its own, with what `change` makes of it;
/// answers its path in the API.
fn beside(world: &World, folder: &str, change: impl FnOnce(&mut Value)) -> Result<String> {
    let name = format!("{}-{folder}", world.namespace);
    let mut application = world.application(&json!({"syncOptions": ["CreateNamespace=true"]}));
    application["metadata"]["name"] = json!(name);
    application["spec"]["source"]["path"] = json!(folder);
    application["spec"]["destination"]["namespace"] = json!(name);
    change(&mut application);
    world
        .client
        .post("/api/v1/applications", &application)?
        .ok()?;
    Ok(format!("/api/v1/applications/{name}"))
}

/// Waits until `condition` holds for the application at a path.
fn until(
    world: &World,
    path: &str,
    what: &str,
    condition: impl Fn(&Value) -> bool,
) -> Result<Value> {
    wait_for(what, PATIENCE, || {
        let application = world.client.get(path)?.ok()?;
        Ok(if condition(&application) {
            Ok(application)
        } else {
            Err(application.to_string())
        })
    })
}

/// What a request changes in the cluster, and how: an apply is another write than a patch of the same object.
fn write_of(request: &Request) -> Option<String> {
    let writes = request.method != "GET" && !request.target.contains("dryRun");
    let name = request.target.split('?').next()?.rsplit('/').next()?;
    let what = match request.header("content-type") {
        "application/apply-patch+yaml" => "apply",
        "application/merge-patch+json" => "patch",
        _ => &request.method,
    };
    writes.then(|| format!("{what} {name}"))
}

fn is_synced(application: &Value) -> bool {
    application["operation"].is_null()
        && application["status"]["sync"]["status"] == "Synced"
        && phase(application) == "Succeeded"
}

/// Another application, in the folder `other`, is synchronised while one has its trouble; answers its path in the API.
fn another_syncs(world: &World) -> Result<String> {
    let path = beside(world, "other", |_| {})?;
    world
        .client
        .post(&format!("{path}/sync"), &json!({}))?
        .ok()?;
    until(world, &path, "the other application", is_synced)?;
    Ok(path)
}
