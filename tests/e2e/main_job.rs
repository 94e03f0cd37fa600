//! Create, sync, commit, roll back, delete.

use anyhow::Result;
use serde_json::{Value, json};
use tiphys_tests::{PATIENCE, World, config_map};

const WEB: &str = "---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: 'registry.k8s.io/pause:3.10', ports: [{containerPort: 80}]}]}
";

fn main_job(name: &str, store: &str) -> Result<()> {
    let world = World::start(name, store)?;
    world.git.require("robot", "s3cr3t-of-the-robot");
    let registered = world
        .client
        .post(
            "/api/v1/repositories",
            &json!({"repo": world.url(), "username": "robot", "password": "s3cr3t-of-the-robot"}),
        )?
        .ok()?;
    assert_eq!(
        registered["connectionState"]["status"], "Successful",
        "{registered}"
    );
    world.repository.write(
        "app/all.yaml",
        format!("{WEB}{}", config_map("settings", "blue")),
    )?;
    let first = world.repository.commit("one")?;
    world.create(&Value::Null)?;
    world.until("OutOfSync and Missing", |app| {
        app["status"]["sync"]["status"] == "OutOfSync"
            && app["status"]["health"]["status"] == "Missing"
    })?;

    world.sync(&json!({"dryRun": true}))?;
    let tried = world.until_ended()?;
    assert_eq!(
        tried["status"]["operationState"]["phase"], "Succeeded",
        "{tried}"
    );
    assert!(
        world.kubernetes.get(&world.map("settings"))?.is_none(),
        "a dry run changed the cluster"
    );
    assert!(
        tried["status"]["history"].is_null(),
        "a dry run is no deployment"
    );

    let accepted = world.sync(&json!({}))?;
    assert_eq!(accepted["operation"]["sync"]["revision"], first.as_str());
    assert_eq!(accepted["operation"]["initiatedBy"]["username"], "admin");
    let done = world.until_synced(&first)?;
    let state = &done["status"]["operationState"];
    assert_eq!(state["message"], "successfully synced (all tasks run)");
    let messages: Vec<&str> = state["syncResult"]["resources"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|row| row["message"].as_str())
        .collect();
    assert_eq!(
        messages,
        [
            &format!("namespace/{name} created"),
            "configmap/settings created",
            "service/web created",
            "deployment.apps/web created"
        ]
    );
    assert_eq!(done["status"]["history"][0]["id"], 0);
    let live = world
        .kubernetes
        .get(&world.map("settings"))?
        .unwrap_or_default();
    assert_eq!(live["data"]["value"], "blue");
    assert_eq!(
        live["metadata"]["annotations"]["argocd.argoproj.io/tracking-id"],
        format!("{name}:/ConfigMap:{name}/settings")
    );

    world.repository.write(
        "app/all.yaml",
        format!("{WEB}{}", config_map("settings", "green")),
    )?;
    let second = world.repository.commit("two")?;
    world.until("the second commit", |app| {
        app["status"]["sync"]["status"] == "OutOfSync"
            && app["status"]["sync"]["revision"] == second.as_str()
    })?;
    world.sync(&json!({}))?;
    world.until_synced(&second)?;
    world
        .kubernetes
        .wait(&world.map("settings"), PATIENCE, |live| {
            live["data"]["value"] == "green"
        })?;

    let unknown = world
        .client
        .post(&world.path("/rollback"), &json!({"id": 77}))?;
    assert_eq!(unknown.status, 400);
    world
        .client
        .post(&world.path("/rollback"), &json!({"id": 0}))?
        .ok()?;
    world
        .kubernetes
        .wait(&world.map("settings"), PATIENCE, |live| {
            live["data"]["value"] == "blue"
        })?;
    world.until("the rolled back state", |app| {
        app["operation"].is_null()
            && app["status"]["sync"]["status"] == "OutOfSync"
            && app["status"]["history"]
                .as_array()
                .is_some_and(|history| history.len() == 3)
    })?;

    world
        .client
        .delete(&world.path("?propagationPolicy=Background"))?
        .ok()?;
    world
        .kubernetes
        .wait_gone(&world.map("settings"), PATIENCE)?;
    world.until_gone()?;

    let everything = [
        world.client.get("/api/v1/repositories")?.text,
        std::fs::read_to_string(world.tiphys.log())?,
    ];
    assert!(
        everything
            .iter()
            .all(|text| !text.contains("s3cr3t-of-the-robot")),
        "the password is shown"
    );
    Ok(())
}

#[test]
fn main_job_on_sqlite() -> Result<()> {
    main_job("main-sqlite", "sqlite")
}

#[test]
fn main_job_on_sled() -> Result<()> {
    main_job("main-sled", "sled")
}

#[test]
fn pruning_is_asked_for() -> Result<()> {
    let world = World::start("pruning", "sqlite")?;
    world
        .repository
        .write("app/a.yaml", config_map("a", "1"))?
        .write("app/b.yaml", config_map("b", "1"))?;
    let first = world.repository.commit("one")?;
    world.create(&Value::Null)?;
    world.sync(&json!({}))?;
    world.until_synced(&first)?;
    let foreign = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "foreign"}});
    world
        .kubernetes
        .create(world.map("").trim_end_matches('/'), &foreign)?;
    world.repository.remove("app/b.yaml")?;
    let second = world.repository.commit("two")?;
    let out = world.until("b to need pruning", |app| {
        app["status"]["sync"]["revision"] == second.as_str()
    })?;
    assert_eq!(out["status"]["sync"]["status"], "OutOfSync");
    world.sync(&json!({}))?;
    let kept = world.until_ended()?;
    assert!(
        kept["status"]["operationState"]["syncResult"]
            .to_string()
            .contains("ignored (requires pruning)"),
        "{kept}"
    );
    assert!(world.kubernetes.get(&world.map("b"))?.is_some());
    world.sync(&json!({"prune": true}))?;
    world.kubernetes.wait_gone(&world.map("b"), PATIENCE)?;
    world.until_synced(&second)?;
    assert!(
        world.kubernetes.get(&world.map("foreign"))?.is_some(),
        "an unmanaged object was pruned"
    );
    Ok(())
}

#[test]
fn a_partial_sync_touches_only_what_is_named() -> Result<()> {
    let world = World::start("partial", "sqlite")?;
    world
        .repository
        .write("app/a.yaml", config_map("a", "1") + &config_map("b", "1"))?;
    world.repository.commit("one")?;
    world.create(&Value::Null)?;
    world.sync(&json!({"resources": [{"group": "", "kind": "ConfigMap", "name": "b"}]}))?;
    let done = world.until_ended()?;
    assert_eq!(
        done["status"]["operationState"]["phase"], "Succeeded",
        "{done}"
    );
    assert!(world.kubernetes.get(&world.map("b"))?.is_some());
    assert!(world.kubernetes.get(&world.map("a"))?.is_none());
    assert!(done["status"]["history"].is_null());
    Ok(())
}

#[test]
fn definitions_come_before_their_instances() -> Result<()> {
    let world = World::start("definitions", "sqlite")?;
    world.repository.write(
        "app/all.yaml",
        "apiVersion: argonauts.example.com/v1
kind: Oar
metadata: {name: left}
spec: {length: 3}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: oars.argonauts.example.com}
spec:
  group: argonauts.example.com
  names: {kind: Oar, plural: oars}
  scope: Namespaced
  versions:
  - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}
",
    )?;
    let commit = world.repository.commit("one")?;
    world.create(&Value::Null)?;
    world.sync(&json!({}))?;
    world.until_synced(&commit)?;
    world.client.delete(&world.path(""))?.ok()?;
    let oar = format!(
        "/apis/argonauts.example.com/v1/namespaces/{}/oars/left",
        world.namespace
    );
    world.kubernetes.wait_gone(&oar, PATIENCE)?;
    // The definition stays, as with Argo CD: the objects of others would go with it.
    let definition =
        "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/oars.argonauts.example.com";
    world.until_gone()?;
    let left = world.kubernetes.get(definition)?.unwrap_or_default();
    assert!(left["metadata"]["deletionTimestamp"].is_null(), "{left}");
    world.kubernetes.delete(definition)
}
