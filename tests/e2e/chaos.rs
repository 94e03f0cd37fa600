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
use tiphys_testbed::web::Request;
use tiphys_tests::{World, phase};

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
    world.until_at(&path, "the other application", is_synced)?;
    Ok(path)
}
