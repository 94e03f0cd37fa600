//! Admission webhooks that hang or reject.

use std::net::TcpListener;

use anyhow::Result;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use tiphys_testbed::certificates::Authority;
use tiphys_testbed::kubernetes::Lent;
use tiphys_testbed::wait_for;
use tiphys_testbed::web::{Answer, Request, Web};
use tiphys_tests::{PATIENCE, World, config_map, phase, row_of};

use super::another_syncs;

/// Has the API server ask the webhook for every ConfigMap of the world's namespace.
fn configure(world: &World, name: &str, client: &Value) -> Result<Lent> {
    let labels = json!({"kubernetes.io/metadata.name": world.namespace});
    world.kubernetes.lend(
        "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations",
        &json!({
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "ValidatingWebhookConfiguration",
            "metadata": {"name": name},
            "webhooks": [{
                "name": format!("{name}.tests.tiphys.io"),
                "admissionReviewVersions": ["v1"],
                "sideEffects": "None",
                "timeoutSeconds": 1,
                "failurePolicy": "Fail",
                "namespaceSelector": {"matchLabels": labels},
                "clientConfig": client,
                "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": ["configmaps"]}],
            }],
        }),
    )
}

/// Creates the application and synchronises it, which fails while another one is synchronised; answers it.
fn fails_beside_another(world: &World) -> Result<Value> {
    world.create(&Value::Null)?;
    world.sync(&json!({}))?;
    another_syncs(world)?;
    let ended = world.until_ended()?;
    assert_eq!(phase(&ended), "Failed");
    Ok(ended)
}

/// After the webhook has gone, a sync ends well. The API server may call it for a moment longer.
fn heals(world: &World, commit: &str) -> Result<()> {
    let retry = json!({"limit": 20, "backoff": {"duration": "1s", "factor": 1}});
    world.sync(&json!({"retryStrategy": retry}))?;
    let done = world.until_synced(commit)?;
    assert_eq!(phase(&done), "Succeeded");
    Ok(())
}

#[test]
fn a_webhook_that_hangs_fails_its_application_and_no_other() -> Result<()> {
    let world = World::start("hanging", "sqlite")?;
    // The kernel completes connections that nobody accepts: the handshake of TLS never gets an answer.
    let silent = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("https://{}/", silent.local_addr()?);
    let configured = configure(&world, "hanging", &json!({"url": url}))?;
    world
        .repository
        .write("app/a.yaml", config_map("a", "1"))?
        .write("other/a.yaml", config_map("a", "1"))?;
    let commit = world.repository.commit("one")?;
    let ended = fails_beside_another(&world)?;
    let state = ended["status"]["operationState"].to_string();
    assert!(state.contains("hanging.tests.tiphys.io"), "{state}");
    drop(configured);
    heals(&world, &commit)
}

/// Denies what is named `bad`, as the API server's `AdmissionReview` wants to be answered.
fn review(request: &Request) -> Answer {
    let asked: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let mut response = json!({"uid": asked["request"]["uid"], "allowed": true});
    if asked["request"]["name"] == "bad" {
        response["allowed"] = json!(false);
        response["status"] = json!({"message": "no map of this name sails with us", "code": 403});
    }
    let review = json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response});
    Answer::ok(review.to_string()).with("content-type", "application/json")
}

#[test]
fn a_webhook_that_rejects_fails_its_object_and_no_other() -> Result<()> {
    let world = World::start("rejecting", "sqlite")?;
    let authority = Authority::new("rejecting")?;
    let webhook = Web::start_tls(&authority.server(&[])?, |request| review(&request))?;
    let bundle = BASE64_STANDARD.encode(authority.certificate());
    let client = json!({"url": webhook.url(), "caBundle": bundle});
    let configured = configure(&world, "rejecting", &client)?;
    // The API server hears of its webhooks a moment later.
    let namespace =
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": world.namespace}});
    world.kubernetes.create("/api/v1/namespaces", &namespace)?;
    let bad = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "bad"}});
    let maps = format!(
        "/api/v1/namespaces/{}/configmaps?dryRun=All",
        world.namespace
    );
    wait_for("the webhook to be asked", PATIENCE, || {
        let answer = world.kubernetes.client().post(&maps, &bad)?;
        Ok(if answer.status == 403 {
            Ok(())
        } else {
            Err(answer.text)
        })
    })?;
    world
        .repository
        .write("app/a.yaml", config_map("a", "1"))?
        .write("app/bad.yaml", config_map("bad", "1"))?
        .write("app/c.yaml", config_map("c", "1"))?
        .write("other/a.yaml", config_map("a", "1"))?;
    let commit = world.repository.commit("one")?;
    let ended = fails_beside_another(&world)?;
    let row = row_of(&ended, "bad");
    assert_eq!(row["status"], "SyncFailed");
    let text = row["message"].to_string();
    assert!(text.contains("rejecting.tests.tiphys.io"), "{text}");
    assert!(text.contains("no map of this name sails with us"), "{text}");
    for name in ["a", "c"] {
        assert_eq!(row_of(&ended, name)["status"], "Synced", "{ended}");
        world
            .kubernetes
            .wait(&world.map(name), PATIENCE, |_| true)?;
    }
    assert!(world.kubernetes.get(&world.map("bad"))?.is_none());
    drop(configured);
    heals(&world, &commit)
}
