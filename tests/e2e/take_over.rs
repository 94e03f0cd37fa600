//! Objects that were made with kubectl or Argo CD become those of an application: once, whole, and without a fight.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use tiphys_tests::{PATIENCE, World};

const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// A Deployment; `more` is an environment variable besides its own.
fn deployment(name: &str, labels: &Value, more: Option<&str>) -> Value {
    let mut env = vec![json!({"name": "OURS", "value": "1"})];
    env.extend(more.map(|name| json!({"name": name, "value": "1"})));
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "labels": labels},
        "spec": {"replicas": 1, "selector": {"matchLabels": {"app": name}}, "template": {
            "metadata": {"labels": {"app": name}},
            "spec": {"containers": [{"name": "c", "image": "registry.k8s.io/pause:3.10", "env": env}]}}}})
}

/// Writes an object as `kubectl apply` without `--server-side` does.
fn kubectl_apply(world: &World, collection: &str, object: &Value) -> Result<()> {
    let mut whole = object.clone();
    whole["metadata"]["annotations"][LAST_APPLIED] = json!(object.to_string());
    let query = format!("{collection}?fieldManager=kubectl-client-side-apply");
    world.kubernetes.create(&query, &whole)?;
    Ok(())
}

/// Writes an object by server-side apply under the name of a field manager.
fn apply_as(world: &World, manager: &str, path: &str, object: &Value) -> Result<()> {
    let answer = world.kubernetes.client().send(
        "PATCH",
        &format!("{path}?fieldManager={manager}&force=true"),
        &[("content-type", "application/apply-patch+yaml")],
        Some(object.to_string().as_bytes()),
    )?;
    answer.ok().map(drop)
}

/// Managers of an object and what they did, without those of its status.
fn managers(live: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut all: Vec<(String, String)> = live["metadata"]["managedFields"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|entry| entry["subresource"].is_null())
        .map(|entry| (text(&entry["manager"]), text(&entry["operation"])))
        .collect();
    all.sort();
    all
}

fn row(application: &Value, name: &str) -> Value {
    application["status"]["resources"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|row| row["name"] == name)
        .map_or(Value::Null, |row| row["status"].clone())
}

#[test]
fn objects_of_kubectl_and_argo_cd_are_taken_over_once() -> Result<()> {
    let world = World::start("adopted", "sqlite")?;
    let ns = &world.namespace;
    world
        .kubernetes
        .create("/api/v1/namespaces", &json!({"metadata": {"name": ns}}))?;
    let deployments = format!("/apis/apps/v1/namespaces/{ns}/deployments");
    let plain = json!({"app": "x"});
    kubectl_apply(
        &world,
        &deployments,
        &deployment("kubectl", &json!({"app": "x", "old": "1"}), Some("OLD")),
    )?;
    let by_argo = deployment("argo", &json!({"app": "x", "old": "1"}), Some("OLD"));
    let argo = format!("{deployments}/argo");
    apply_as(&world, "argocd-controller", &argo, &by_argo)?;
    // Somebody else has a part, too, and keeps it.
    let theirs = json!({"metadata": {"annotations": {"theirs": "1"}}});
    for name in ["kubectl", "argo"] {
        let path = format!("{deployments}/{name}?fieldManager=somebody");
        world.kubernetes.merge(&path, &theirs)?;
    }

    for name in ["kubectl", "argo"] {
        let file = format!("app/{name}.json");
        world
            .repository
            .write(&file, deployment(name, &plain, None).to_string())?;
    }
    let commit = world.repository.commit("one")?;
    world.create(&Value::Null)?;
    let app = world.until("what is left of before", |app| {
        row(app, "argo") == "OutOfSync"
    })?;
    assert_eq!(row(&app, "kubectl"), "OutOfSync");
    let managed = world
        .client
        .get(&world.path("/managed-resources?resourceName=argo"))?;
    let told = managed.body["items"][0]["differences"].to_string();
    ensure!(
        told.contains("metadata.labels.old") && told.contains("env[name=OLD]"),
        "{told}"
    );

    world.sync(&json!({}))?;
    world.until_synced(&commit)?;
    let mut versions = Vec::new();
    for name in ["kubectl", "argo"] {
        let live = world
            .kubernetes
            .get(&format!("{deployments}/{name}"))?
            .context("it stays")?;
        let env = &live["spec"]["template"]["spec"]["containers"][0]["env"];
        assert_eq!(*env, json!([{"name": "OURS", "value": "1"}]), "{name}");
        let metadata = &live["metadata"];
        assert_eq!(metadata["labels"], plain, "{name}");
        assert_eq!(metadata["annotations"]["theirs"], "1", "{name}");
        ensure!(
            metadata["annotations"][LAST_APPLIED].is_null(),
            "{name}: {metadata}"
        );
        let ours = [("somebody", "Update"), ("tiphys", "Apply")];
        let ours = ours.map(|(name, verb)| (name.to_owned(), verb.to_owned()));
        assert_eq!(managers(&live), ours, "{name}");
        versions.push((
            name,
            metadata["generation"].clone(),
            metadata["managedFields"].clone(),
        ));
    }

    // Another synchronisation finds nothing to take over, and nothing to write.
    world.sync(&json!({}))?;
    let again = world.until("the end", |app| {
        app["operation"].is_null() && app["status"]["history"].as_array().map(Vec::len) == Some(2)
    })?;
    let results = &again["status"]["operationState"]["syncResult"]["resources"];
    for result in results.as_array().into_iter().flatten() {
        ensure!(
            result["message"]
                .as_str()
                .is_some_and(|message| message.ends_with("unchanged")),
            "{results}"
        );
    }
    let entries = |fields: &Value| -> Vec<Value> {
        let ours = |entry: &&Value| entry["subresource"].is_null();
        fields
            .as_array()
            .into_iter()
            .flatten()
            .filter(ours)
            .cloned()
            .collect()
    };
    for (name, generation, fields) in versions {
        let path = format!("{deployments}/{name}");
        let live = world.kubernetes.get(&path)?.context("it stays")?;
        assert_eq!(live["metadata"]["generation"], generation, "{name}");
        assert_eq!(
            entries(&live["metadata"]["managedFields"]),
            entries(&fields),
            "{name}"
        );
    }

    // Who applied before and does so again is seen as drift like anybody, and heard once: the field goes back to the source.
    apply_as(
        &world,
        "argocd-controller",
        &argo,
        &json!({"apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "argo", "labels": {"app": "y"}}}),
    )?;
    world.until("the drift", |app| row(app, "argo") == "OutOfSync")?;
    world.sync(&json!({}))?;
    world.until_synced(&commit)?;
    let live = world
        .kubernetes
        .wait(&argo, PATIENCE, |live| live["metadata"]["labels"] == plain)?;
    ensure!(
        !managers(&live)
            .iter()
            .any(|(name, _)| name == "argocd-controller"),
        "{live}"
    );
    Ok(())
}

#[test]
fn a_manager_of_ones_own_is_taken_over_when_it_is_named() -> Result<()> {
    let world = World::start("migrated", "sled")?;
    let ns = &world.namespace;
    world
        .kubernetes
        .create("/api/v1/namespaces", &json!({"metadata": {"name": ns}}))?;
    let map = |data: &Value| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": data});
    apply_as(
        &world,
        "deployer",
        &world.map("a"),
        &map(&json!({"keep": "1", "old": "1"})),
    )?;
    world
        .repository
        .write("app/a.json", map(&json!({"keep": "1"})).to_string())?;
    let commit = world.repository.commit("one")?;
    let options = ["ClientSideApplyMigrationManager=deployer"];
    let application = world.application(&json!({"syncOptions": options}));
    world
        .client
        .post("/api/v1/applications", &application)?
        .ok()?;
    world.sync(&json!({}))?;
    world.until_synced(&commit)?;
    let live = world.kubernetes.get(&world.map("a"))?.context("a")?;
    assert_eq!(live["data"], json!({"keep": "1"}), "{live}");
    assert_eq!(managers(&live), [("tiphys".to_owned(), "Apply".to_owned())]);
    Ok(())
}
