//! What a cluster does to an operation at the worst moment: each fault is caused for real.

use std::net::TcpListener;

use anyhow::Result;
use serde_json::{Value, json};
use tiphys_testbed::control_plane::ControlPlane;
use tiphys_testbed::kubernetes::Kubernetes;
use tiphys_tests::{HEALTH_OF_MAPS, PATIENCE, World, annotated, config_map, message};

fn phase(application: &Value) -> &Value {
    &application["status"]["operationState"]["phase"]
}

/// Creates a second application of the world, in another folder and namespace, and waits until it is synced.
fn another_syncs(world: &World) -> Result<()> {
    let name = format!("{}-other", world.namespace);
    let mut application = world.application(&json!({"syncOptions": ["CreateNamespace=true"]}));
    application["metadata"]["name"] = json!(name);
    application["spec"]["source"]["path"] = json!("other");
    application["spec"]["destination"]["namespace"] = json!(name);
    world
        .client
        .post("/api/v1/applications", &application)?
        .ok()?;
    let path = format!("/api/v1/applications/{name}");
    world
        .client
        .post(&format!("{path}/sync"), &json!({}))?
        .ok()?;
    tiphys_testbed::wait_for("the other application", PATIENCE, || {
        let application = world.client.get(&path)?.ok()?;
        let done = application["status"]["sync"]["status"] == "Synced"
            && phase(&application) == "Succeeded";
        Ok(if done {
            Ok(())
        } else {
            Err(application.to_string())
        })
    })
}

#[test]
fn an_operation_goes_on_after_its_api_server_was_killed() -> Result<()> {
    let mut plane = ControlPlane::start("chaos", &mut |line: &str| eprintln!("{line}"))?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("tiphys.toml");
    std::fs::write(&file, HEALTH_OF_MAPS)?;
    let mut world = World::start_with("apikilled", |options| {
        options.kubeconfig = Some(plane.kubeconfig().to_owned());
        options
            .arguments
            .extend(["--config".to_owned(), file.display().to_string()]);
    })?;
    world.kubernetes = Kubernetes::from_kubeconfig(plane.kubeconfig())?;
    world
        .repository
        .write(
            "app/h.yaml",
            annotated("h", "Progressing", &[("hook", "PreSync")]),
        )?
        .write("app/a.yaml", annotated("a", "1", &[]))?
        .write("app/b.yaml", annotated("b", "1", &[("sync-wave", "1")]))?;
    let commit = world.repository.commit("one")?;
    world.create(&Value::Null)?;
    world.sync(&json!({}))?;
    world.until("the hook", |app| {
        message(app) == "waiting for completion of hook /ConfigMap/h"
    })?;
    let hook = world.kubernetes.get(&world.map("h"))?.unwrap_or_default();
    plane.kill("kube-apiserver")?;
    world.until("the lost cluster", |app| {
        message(app).contains("Failed to load live state")
    })?;
    plane.start_again("kube-apiserver")?;
    // The hook of before is still there: it was not run a second time.
    let after = world
        .kubernetes
        .merge(&world.map("h"), &json!({"data": {"value": "done"}}))?;
    assert_eq!(after["metadata"]["uid"], hook["metadata"]["uid"]);
    let done = world.until_synced(&commit)?;
    assert_eq!(phase(&done), "Succeeded");
    let rows = done["status"]["operationState"]["syncResult"]["resources"].to_string();
    for name in ["h", "a", "b"] {
        assert!(rows.contains(&format!("\"name\":\"{name}\"")), "{rows}");
    }
    let last = world.kubernetes.get(&world.map("h"))?.unwrap_or_default();
    assert_eq!(last["metadata"]["uid"], hook["metadata"]["uid"]);
    Ok(())
}

#[test]
fn a_webhook_that_hangs_fails_its_application_and_no_other() -> Result<()> {
    let world = World::start("hanging", "sqlite")?;
    // The kernel completes connections that nobody accepts: the handshake of TLS never gets an answer.
    let silent = TcpListener::bind("127.0.0.1:0")?;
    let hooks = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations";
    let labels = json!({"kubernetes.io/metadata.name": world.namespace});
    world.kubernetes.create(
        hooks,
        &json!({
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "ValidatingWebhookConfiguration",
            "metadata": {"name": "hanging"},
            "webhooks": [{
                "name": "hanging.tests.tiphys.io",
                "admissionReviewVersions": ["v1"],
                "sideEffects": "None",
                "timeoutSeconds": 1,
                "failurePolicy": "Fail",
                "namespaceSelector": {"matchLabels": labels},
                "clientConfig": {"url": format!("https://{}/", silent.local_addr()?)},
                "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": ["configmaps"]}],
            }],
        }),
    )?;
    world
        .repository
        .write("app/a.yaml", config_map("a", "1"))?
        .write("other/a.yaml", config_map("a", "1"))?;
    let commit = world.repository.commit("one")?;
    world.create(&Value::Null)?;
    world.sync(&json!({}))?;
    another_syncs(&world)?;
    let ended = world.until_ended()?;
    assert_eq!(phase(&ended), "Failed");
    let state = ended["status"]["operationState"].to_string();
    assert!(state.contains("hanging.tests.tiphys.io"), "{state}");
    world.kubernetes.delete(&format!("{hooks}/hanging"))?;
    // The API server may call the webhook for a moment longer.
    let retry = json!({"limit": 20, "backoff": {"duration": "1s", "factor": 1}});
    world.sync(&json!({"retryStrategy": retry}))?;
    let done = world.until_synced(&commit)?;
    assert_eq!(phase(&done), "Succeeded");
    Ok(())
}
