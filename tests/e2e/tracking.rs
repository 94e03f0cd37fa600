//! How objects are known as an application's: by annotation, by label or by both, and several control planes on one cluster.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use tiphys_testbed::wait_for;
use tiphys_tests::{PATIENCE, World, conditions, config_map};

/// Another application of a world, with a folder of its own.
fn another(world: &World, name: &str, folder: &str, options: &[&str]) -> Result<Value> {
    let mut application = world.application(&json!({"syncOptions": options}));
    application["metadata"]["name"] = json!(name);
    application["spec"]["source"]["path"] = json!(folder);
    world
        .client
        .post("/api/v1/applications", &application)?
        .ok()
}

fn sync_of(world: &World, name: &str) -> Result<Value> {
    let path = format!("/api/v1/applications/{name}");
    world
        .client
        .post(&format!("{path}/sync"), &json!({}))?
        .ok()?;
    wait_for("the end of the operation", PATIENCE, || {
        let application = world.client.get(&path)?.ok()?;
        let ended = application["operation"].is_null()
            && application["status"]["operationState"]["finishedAt"].is_string();
        Ok(if ended {
            Ok(application)
        } else {
            Err(application.to_string())
        })
    })
}

const LABELLED: &str = "---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {app: web}, ports: [{port: 80}]}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  replicas: 1\n  selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web, example.com/app: labelled}}\n    spec: {containers: [{name: web, image: 'registry.k8s.io/pause:3.10', ports: [{containerPort: 80}]}]}\n";

/// A StatefulSet whose claims are labelled as objects of an application, and a claim that is one.
fn set_with_claims(application: &str) -> String {
    let spec =
        json!({"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}});
    let set = json!({"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "db"}, "spec": {
        "replicas": 1, "serviceName": "db", "selector": {"matchLabels": {"app": "db"}},
        "template": {"metadata": {"labels": {"app": "db"}}, "spec": {"containers": [{"name": "c", "image": "registry.k8s.io/pause:3.10"}]}},
        "volumeClaimTemplates": [{"metadata": {"name": "data", "labels": {"example.com/app": application}}, "spec": spec}]}});
    let own = json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "own"}, "spec": spec});
    format!("{set}\n---\n{own}\n")
}

/// The claim that a set made from a template with the label is no part of its application: its data outlives that.
fn claims_of_templates_are_left_alone(world: &World) -> Result<()> {
    another(world, "labelled-db", "db", &[])?;
    sync_of(world, "labelled-db")?;
    let claim = format!(
        "/api/v1/namespaces/{}/persistentvolumeclaims/data-db-0",
        world.namespace
    );
    let made = world.kubernetes.wait(&claim, PATIENCE, |_| true)?;
    assert_eq!(made["metadata"]["labels"]["example.com/app"], "labelled-db");
    // The claim of its own came later than that one, over the same watch.
    let own = format!(
        "/api/v1/namespaces/{}/persistentvolumeclaims/own",
        world.namespace
    );
    let mark = json!({"metadata": {"annotations": {"mark": "1"}}});
    world.seen("labelled-db", &world.kubernetes.merge(&own, &mark)?)?;
    let path = "/api/v1/applications/labelled-db";
    let app = world.client.get(&format!("{path}?refresh=normal"))?.ok()?;
    let rows = app["status"]["resources"].as_array().map(Vec::len);
    assert_eq!(rows, Some(2), "{app}");
    world.client.delete(path)?.ok()?;
    let set = format!(
        "/apis/apps/v1/namespaces/{}/statefulsets/db",
        world.namespace
    );
    world.kubernetes.wait_gone(&set, PATIENCE)?;
    let kept = world.kubernetes.get(&claim)?.context("the claim")?;
    ensure!(kept["metadata"]["deletionTimestamp"].is_null(), "{kept}");
    Ok(())
}

#[test]
fn objects_are_known_by_their_label_where_that_is_the_method() -> Result<()> {
    let text = "installationID = \"blue\"\n[application]\nresourceTrackingMethod = \"label\"\ninstanceLabelKey = \"example.com/app\"\n";
    let world = World::start_configured("labelled", "sqlite", text)?;
    let settings = world.client.get("/api/v1/settings")?.ok()?;
    assert_eq!(settings["trackingMethod"], "label");
    assert_eq!(settings["appLabelKey"], "example.com/app");
    let long = format!("long-{}", "x".repeat(64));
    world
        .repository
        .write("app/web.yaml", LABELLED)?
        .write("db/set.yaml", set_with_claims("labelled-db"))?
        .write("app/keep.yaml", config_map("keep", "1"))?
        .write("app/gone.yaml", config_map("gone", "1"))?
        .write("shared/keep.yaml", config_map("keep", "1"))?
        .write("long/map.yaml", config_map("long", "1"))?;
    let first = world.repository.commit("one")?;
    world.create(&json!({"prune": true}))?;
    world.until_synced(&first)?;
    let live = world.kubernetes.get(&world.map("keep"))?.context("keep")?;
    assert_eq!(live["metadata"]["labels"]["example.com/app"], "labelled");
    ensure!(live["metadata"]["annotations"].is_null(), "{live}");

    // What controllers made with the same label is no part of the application, and is never pruned.
    let pods = format!(
        "/api/v1/namespaces/{}/pods?labelSelector=example.com/app%3Dlabelled",
        world.namespace
    );
    let pods = world.kubernetes.client().get(&pods)?.ok()?;
    ensure!(
        pods["items"]
            .as_array()
            .is_some_and(|items| !items.is_empty()),
        "{pods}"
    );
    let app = world.client.get(&world.path("?refresh=normal"))?.ok()?;
    let mut names: Vec<&str> = app["status"]["resources"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|row| row["name"].as_str())
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["gone", "keep", "web", "web"], "{app}");
    world.repository.remove("app/gone.yaml")?;
    let second = world.repository.commit("two")?;
    world.until_synced(&second)?;
    world.kubernetes.wait_gone(&world.map("gone"), PATIENCE)?;

    claims_of_templates_are_left_alone(&world)?;

    // An object of two applications is told to both, and refused where that is wanted.
    another(
        &world,
        "labelled-other",
        "shared",
        &["FailOnSharedResource=true"],
    )?;
    let ended = sync_of(&world, "labelled-other")?;
    assert_eq!(
        ended["status"]["operationState"]["phase"], "Failed",
        "{ended}"
    );
    let other = world
        .client
        .get("/api/v1/applications/labelled-other?refresh=normal")?
        .ok()?;
    assert_eq!(
        conditions(&other, "SharedResourceWarning"),
        ["ConfigMap/keep is part of applications labelled-other and labelled"]
    );

    // A label is not cut: an application must not be taken for another.
    another(&world, &long, "long", &[])?;
    let ended = sync_of(&world, &long)?;
    let message = ended["status"]["operationState"]["syncResult"]["resources"].to_string();
    ensure!(message.contains("must be no more than 63"), "{ended}");
    Ok(())
}

#[test]
fn annotation_and_label_together_and_installations_apart() -> Result<()> {
    let text =
        "installationID = \"blue\"\n[application]\nresourceTrackingMethod = \"annotation+label\"\n";
    let world = World::start_configured("both", "sqlite", text)?;
    let long = format!("long-{}", "x".repeat(64));
    world
        .repository
        .write("app/a.yaml", config_map("a", "1"))?
        .write("shared/a.yaml", config_map("a", "1"))?
        .write("long/map.yaml", config_map("long", "1"))?;
    let commit = world.repository.commit("one")?;
    world.create(&json!({}))?;
    world.until_synced(&commit)?;
    let live = world.kubernetes.get(&world.map("a"))?.context("a")?;
    let metadata = &live["metadata"];
    assert_eq!(metadata["labels"]["app.kubernetes.io/instance"], "both");
    assert_eq!(
        metadata["annotations"]["argocd.argoproj.io/tracking-id"],
        "both:/ConfigMap:both/a"
    );
    assert_eq!(
        metadata["annotations"]["argocd.argoproj.io/installation-id"],
        "blue"
    );

    another(&world, &long, "long", &[])?;
    let ended = sync_of(&world, &long)?;
    assert_eq!(
        ended["status"]["operationState"]["phase"], "Succeeded",
        "{ended}"
    );
    let live = world.kubernetes.get(&world.map("long"))?.context("long")?;
    assert_eq!(
        live["metadata"]["labels"]["app.kubernetes.io/instance"],
        long[..63]
    );

    another(&world, "both-other", "shared", &[])?;
    let shared = || {
        world
            .client
            .get("/api/v1/applications/both-other?refresh=normal")?
            .ok()
    };
    assert_eq!(
        conditions(&shared()?, "SharedResourceWarning"),
        ["ConfigMap/a is part of applications both-other and both"]
    );
    // What another installation tracks is nobody's here.
    let foreign =
        json!({"metadata": {"annotations": {"argocd.argoproj.io/installation-id": "green"}}});
    world.kubernetes.merge(&world.map("a"), &foreign)?;
    wait_for("the other installation to count", PATIENCE, || {
        let other = shared()?;
        Ok(
            match conditions(&other, "SharedResourceWarning").as_slice() {
                [] => Ok(()),
                told => Err(told.join(" ")),
            },
        )
    })?;
    Ok(())
}
