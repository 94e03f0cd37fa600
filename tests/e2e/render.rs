//! Helm charts and Kustomize overlays from Git, live in a cluster.

use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};
use tiphys_tests::{PATIENCE, World, config_map};

const CHART: &str = "apiVersion: v2\nname: shop\nversion: 1.0.0\n";
const TEMPLATE: &str = r#"apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-{{ .Values.suffix }}
data:
  color: {{ .Values.color | quote }}
  first: {{ ternary "install" "upgrade" .Release.IsInstall }}
  version: {{ .Capabilities.KubeVersion.Version }}
  deployments: {{ .Capabilities.APIVersions.Has "apps/v1/Deployment" | quote }}
  secret: {{ randAlphaNum 12 | quote }}
"#;

fn chart(world: &World) -> Result<()> {
    world.repository.write("app/Chart.yaml", CHART)?;
    world
        .repository
        .write("app/values.yaml", "suffix: settings\ncolor: red\n")?;
    world
        .repository
        .write("app/values-blue.yaml", "color: blue\n")?;
    world.repository.write("app/templates/map.yaml", TEMPLATE)?;
    Ok(())
}

fn create(world: &World, source: Value) -> Result<()> {
    let mut application = world.application(&json!({"syncOptions": ["CreateNamespace=true"]}));
    let own = &mut application["spec"]["source"];
    for (name, value) in source.as_object().into_iter().flatten() {
        own[name] = value.clone();
    }
    world
        .client
        .post("/api/v1/applications", &application)?
        .ok()?;
    Ok(())
}

#[test]
fn a_helm_chart_goes_live() -> Result<()> {
    let world = World::start("helmchart", "sqlite")?;
    chart(&world)?;
    let first = world.repository.commit("one")?;
    let helm = json!({"valueFiles": ["values-blue.yaml"], "parameters": [{"name": "suffix", "value": "$ARGOCD_APP_NAME"}]});
    create(&world, json!({"helm": helm}))?;
    world.sync(&json!({}))?;
    let done = world.until_synced(&first)?;
    assert_eq!(done["status"]["sourceType"], "Helm");
    let path = world.map("helmchart-helmchart");
    let data = world.kubernetes.get(&path)?.unwrap_or_default()["data"].clone();
    assert_eq!(data["color"], "blue");
    assert_eq!(data["first"], "install");
    assert_eq!(data["deployments"], "true");
    assert!(data["version"].to_string().contains("v1."), "{data}");
    let secret = data["secret"].clone();
    assert_eq!(secret.as_str().map(str::len), Some(12));

    world
        .repository
        .write("app/values-blue.yaml", "color: green\n")?;
    let second = world.repository.commit("two")?;
    world.until("OutOfSync", |app| {
        app["status"]["sync"]["status"] == "OutOfSync"
    })?;
    world.sync(&json!({}))?;
    world.until_synced(&second)?;
    let data = world.kubernetes.get(&path)?.unwrap_or_default()["data"].clone();
    assert_eq!(data["color"], "green");
    assert_eq!(data["first"], "upgrade");
    assert_eq!(
        data["secret"], secret,
        "what is random stays, as long as the application does"
    );

    let manifests = world.client.get(&world.path("/manifests"))?.ok()?;
    assert_eq!(manifests["manifests"].as_array().map(Vec::len), Some(1));
    assert_eq!(manifests["sourceType"], "Helm");
    let repo = tiphys_testbed::rest::escape(&world.url());
    let details = world
        .client
        .post(
            &format!("/api/v1/repositories/{repo}/appdetails"),
            &json!({"source": {"repoURL": world.url(), "path": "app"}}),
        )?
        .ok()?;
    assert_eq!(details["type"], "Helm");
    assert_eq!(
        details["helm"]["valueFiles"],
        json!(["values-blue.yaml", "values.yaml"])
    );
    assert_eq!(
        details["helm"]["parameters"][0],
        json!({"name": "color", "value": "red"})
    );

    world
        .repository
        .write("app/templates/map.yaml", "{{ .Values.color.deep.er }}")?;
    world.repository.commit("broken")?;
    let broken = world.until("the condition", |app| {
        app["status"]["conditions"].to_string().contains("map.yaml")
    })?;
    let message = broken["status"]["conditions"][0]["message"].to_string();
    assert!(message.contains("map.yaml:1"), "{message}");
    Ok(())
}

#[test]
fn a_kustomize_overlay_goes_live_with_the_applications_overrides() -> Result<()> {
    let world = World::start("overlay", "sqlite")?;
    let base = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n    spec: {containers: [{name: web, image: 'registry.k8s.io/pause:3.9'}]}\n";
    world.repository.write("base/web.yaml", base)?;
    world.repository.write(
        "base/kustomization.yaml",
        "resources: [web.yaml]\nconfigMapGenerator: [{name: settings, literals: [a=1]}]\n",
    )?;
    world.repository.write(
        "app/kustomization.yaml",
        "resources: [../base]\nnamePrefix: blue-\n",
    )?;
    let first = world.repository.commit("one")?;
    let kustomize = json!({"images": ["registry.k8s.io/pause:3.10"], "replicas": [{"name": "web", "count": 2}],
        "commonLabels": {"team": "shop"}});
    create(&world, json!({"kustomize": kustomize}))?;
    world.sync(&json!({}))?;
    let done = world.until_synced(&first)?;
    assert_eq!(done["status"]["sourceType"], "Kustomize");
    let path = format!(
        "/apis/apps/v1/namespaces/{}/deployments/blue-web",
        world.namespace
    );
    let live = world.kubernetes.get(&path)?.unwrap_or_default();
    assert_eq!(live["spec"]["replicas"], 2);
    assert_eq!(live["metadata"]["labels"]["team"], "shop");
    assert_eq!(
        live["spec"]["template"]["spec"]["containers"][0]["image"],
        "registry.k8s.io/pause:3.10"
    );
    Ok(())
}

#[test]
fn several_sources_are_one_application() -> Result<()> {
    let world = World::start("several", "sqlite")?;
    chart(&world)?;
    world
        .repository
        .write("plain/a.yaml", config_map("plain", "1"))?;
    world
        .repository
        .write("values/prod.yaml", "color: from-elsewhere\n")?;
    let commit = world.repository.commit("one")?;
    let mut application = world.application(&json!({"syncOptions": ["CreateNamespace=true"]}));
    let url = world.url();
    let spec = &mut application["spec"];
    spec["source"] = Value::Null;
    spec["sources"] = json!([
        {"repoURL": url, "path": "app", "targetRevision": "main", "helm": {"valueFiles": ["$values/values/prod.yaml"]}},
        {"repoURL": url, "path": "plain", "targetRevision": "main"},
        {"repoURL": url, "targetRevision": "main", "ref": "values"},
    ]);
    world
        .client
        .post("/api/v1/applications", &application)?
        .ok()?;
    world.sync(&json!({}))?;
    let done = world.until("Synced", |app| {
        app["operation"].is_null() && app["status"]["sync"]["status"] == "Synced"
    })?;
    assert_eq!(
        done["status"]["sync"]["revisions"],
        json!([commit, commit, commit])
    );
    assert_eq!(
        done["status"]["history"][0]["revisions"][1],
        commit.as_str()
    );
    let live = world.kubernetes.get(&world.map("several-settings"))?;
    assert_eq!(live.unwrap_or_default()["data"]["color"], "from-elsewhere");
    assert!(world.kubernetes.get(&world.map("plain"))?.is_some());
    Ok(())
}

#[test]
fn a_commit_elsewhere_in_the_repository_concerns_nobody() -> Result<()> {
    let world = World::start("monorepo", "sqlite")?;
    world.repository.write("app/a.yaml", config_map("a", "1"))?;
    let first = world.repository.commit("one")?;
    world.create(&json!({"prune": true}))?;
    let before = world.until_synced(&first)?;
    world
        .repository
        .write("elsewhere/b.yaml", config_map("b", "1"))?;
    world.repository.commit("elsewhere")?;
    // Several polls later nothing has happened to the application.
    std::thread::sleep(Duration::from_secs(4));
    let after = world.get()?;
    assert_eq!(
        before["metadata"]["resourceVersion"],
        after["metadata"]["resourceVersion"]
    );
    // What it reads is noticed as before.
    world.repository.write("app/a.yaml", config_map("a", "2"))?;
    let third = world.repository.commit("here")?;
    world.until_synced(&third)?;
    world
        .repository
        .write("app/new.yaml", config_map("new", "1"))?;
    let fourth = world.repository.commit("a new file")?;
    world.until_synced(&fourth)?;
    world
        .kubernetes
        .wait(&world.map("new"), PATIENCE, |_| true)?;
    Ok(())
}

#[test]
fn templates_see_live_objects_only_where_that_is_switched_on() -> Result<()> {
    let world = World::start("lookups", "sqlite")?;
    world.repository.write("app/Chart.yaml", CHART)?;
    world.repository.write(
        "app/templates/map.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: seen}\ndata:\n  uid: {{ (lookup \"v1\" \"Namespace\" \"\" \"kube-system\").metadata | default dict | dig \"uid\" \"nothing\" | quote }}\n",
    )?;
    let first = world.repository.commit("one")?;
    create(&world, json!({}))?;
    world.sync(&json!({}))?;
    world.until_synced(&first)?;
    let seen = || -> Result<Value> {
        let map = world.kubernetes.get(&world.map("seen"))?;
        Ok(map.unwrap_or_default()["data"]["uid"].clone())
    };
    assert_eq!(seen()?, "nothing");
    let mut application = world.get()?;
    application["metadata"]["annotations"]["tiphys.io/allow-lookup"] = json!("true");
    world.client.put(&world.path(""), &application)?.ok()?;
    world.client.get(&world.path("?refresh=hard"))?.ok()?;
    world.sync(&json!({}))?;
    world.until_synced(&first)?;
    assert_eq!(seen()?.as_str().map(str::len), Some(36));
    Ok(())
}
