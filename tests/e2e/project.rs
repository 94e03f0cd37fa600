//! What a project permits holds for every object, whatever manifests and live objects say of themselves.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use tiphys_tests::{PATIENCE, World, config_map};

#[test]
fn no_manifest_and_no_live_object_leads_out_of_a_project() -> Result<()> {
    let world = World::start("boxed", "sqlite")?;
    let everything = json!([{"group": "*", "kind": "*"}]);
    let project = json!({"metadata": {"name": "box"}, "spec": {
        "sourceRepos": ["*"], "clusterResourceWhitelist": everything,
        "destinations": [{"server": "*", "namespace": "boxed"}]}});
    world
        .client
        .post("/api/v1/projects", &json!({"project": project}))?
        .ok()?;
    let outside = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "outside", "namespace": "default"}});
    world
        .repository
        .write("app/a.yaml", config_map("a", "1"))?
        .write("app/outside.yaml", outside.to_string())?;
    world.repository.commit("one")?;
    let mut application = world.application(&json!({"syncOptions": ["CreateNamespace=true"]}));
    application["spec"]["project"] = json!("box");
    world
        .client
        .post("/api/v1/applications", &application)?
        .ok()?;
    world.sync(&json!({}))?;
    let failed = world.until_ended()?;
    let state = &failed["status"]["operationState"];
    assert_eq!(state["phase"], "Failed");
    let message = "namespace default is not permitted in project 'box'";
    assert!(
        state["message"]
            .as_str()
            .unwrap_or_default()
            .contains(message),
        "{state}"
    );
    let map = |name: &str| format!("/api/v1/namespaces/default/configmaps/{name}");
    assert!(world.kubernetes.get(&map("outside"))?.is_none());

    // Somebody says of another's object that it is ours.
    let id = "boxed:/ConfigMap:default/stray";
    let stray = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "stray",
        "annotations": {"argocd.argoproj.io/tracking-id": id}}});
    world
        .kubernetes
        .create("/api/v1/namespaces/default/configmaps", &stray)?;
    world.repository.remove("app/outside.yaml")?;
    let second = world.repository.commit("two")?;
    world.sync(&json!({"prune": true}))?;
    let done = world.until_synced(&second)?;
    let rows = done["status"]["resources"].as_array().context("rows")?;
    let names: Vec<&Value> = rows.iter().map(|row| &row["name"]).collect();
    assert_eq!(names, ["a"]);
    // Nor can it be read or changed through the application.
    let tree = world.client.get(&world.path("/resource-tree"))?.ok()?;
    assert!(!tree.to_string().contains("stray"), "{tree}");
    let query = "?version=v1&kind=ConfigMap&namespace=default&resourceName=stray";
    let path = world.path(&format!("/resource{query}"));
    for answer in [world.client.get(&path)?, world.client.delete(&path)?] {
        assert!(answer.status >= 400, "{}", answer.text);
        assert!(
            answer.message().contains("not found as part of"),
            "{}",
            answer.text
        );
    }
    world.client.delete(&world.path(""))?.ok()?;
    world.until_gone()?;
    world.kubernetes.wait_gone(&world.map("a"), PATIENCE)?;
    let stray = world.kubernetes.get(&map("stray"))?.context("the stray")?;
    assert!(stray["metadata"]["deletionTimestamp"].is_null());
    world.kubernetes.delete(&map("stray"))
}
