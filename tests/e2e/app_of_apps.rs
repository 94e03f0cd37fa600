//! Applications that render applications and projects: bootstrap, waves, drift, pruning, deletion, circles.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use tiphys_testbed::wait_for;
use tiphys_tests::{PATIENCE, World, conditions, config_map, row_of, status_of};

const FINALIZER: &str = "resources-finalizer.argocd.argoproj.io";

/// An application that renders a folder of the repository into a namespace.
fn child(world: &World, name: &str, folder: &str, namespace: &str, wave: &str) -> Value {
    json!({
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": name, "namespace": "argocd", "finalizers": [FINALIZER],
            "annotations": {"argocd.argoproj.io/sync-wave": wave}},
        "spec": {
            "project": "default",
            "source": {"repoURL": world.url(), "path": folder, "targetRevision": "main"},
            "destination": {"server": "https://kubernetes.default.svc", "namespace": namespace},
            "syncPolicy": {"automated": {"prune": true}, "syncOptions": ["CreateNamespace=true"]},
        },
    })
}

/// The application at the root: the folder `root`, into the namespace of the control plane.
fn plant(world: &World, automated: &Value) -> Result<Value> {
    let mut root = child(world, &world.namespace, "root", "argocd", "0");
    root["metadata"]["annotations"] = Value::Null;
    root["spec"]["syncPolicy"] = json!({"automated": automated});
    world.client.post("/api/v1/applications", &root)?.ok()
}

fn application(world: &World, name: &str) -> Result<Option<Value>> {
    let answer = world.client.get(&format!("/api/v1/applications/{name}"))?;
    if answer.status == 404 {
        return Ok(None);
    }
    answer.ok().map(Some)
}

fn until(world: &World, name: &str, what: &str, is: impl Fn(&Value) -> bool) -> Result<Value> {
    wait_for(what, PATIENCE, || {
        Ok(match application(world, name)? {
            Some(application) if is(&application) => Ok(application),
            other => Err(format!("{other:?}")),
        })
    })
}

fn is_well(application: &Value) -> bool {
    let status = &application["status"];
    application["operation"].is_null()
        && status["sync"]["status"] == "Synced"
        && status["health"]["status"] == "Healthy"
}

#[test]
fn a_root_brings_up_its_applications_in_waves_and_takes_them_down() -> Result<()> {
    let mut world = World::start("kin", "sqlite")?;
    let project = json!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "AppProject",
        "metadata": {"name": "kin-team", "namespace": "argocd", "annotations": {"argocd.argoproj.io/sync-wave": "-1"}},
        "spec": {"sourceRepos": ["*"], "destinations": [{"server": "*", "namespace": "kin-*"}],
            "clusterResourceWhitelist": [{"group": "*", "kind": "*"}]},
    });
    let mut back = child(&world, "kin-back", "back", "kin-back", "0");
    let mut front = child(&world, "kin-front", "front", "kin-front", "1");
    for child in [&mut back, &mut front] {
        child["spec"]["project"] = json!("kin-team");
    }
    world
        .repository
        .write("root/project.yaml", project.to_string())?
        .write("root/back.yaml", back.to_string())?
        .write("root/front.yaml", front.to_string())?
        .write("back/map.yaml", config_map("b", "one"))?
        .write("front/map.yaml", config_map("f", "one"))?;
    let commit = world.repository.commit("one")?;
    plant(&world, &json!({"prune": true}))?;
    world.until_synced(&commit)?;
    // Nothing comes after the last wave, so that the operation does not wait for it.
    let root = world.until("the health of the last wave", |root| {
        let rows = root["status"]["resources"].as_array();
        let is_well = |name: &str| {
            let row = rows.and_then(|rows| rows.iter().find(|row| row["name"] == name));
            row.is_some_and(|row| row["health"]["status"] == "Healthy")
        };
        is_well("kin-back") && is_well("kin-front")
    })?;
    assert_eq!(
        root["status"]["resources"].as_array().map(Vec::len),
        Some(3)
    );
    for name in ["kin-back", "kin-front"] {
        assert_eq!(status_of(&root, name), "Synced");
    }
    let back = application(&world, "kin-back")?.context("kin-back")?;
    let front = application(&world, "kin-front")?.context("kin-front")?;
    assert!(is_well(&back) && is_well(&front));
    // Times are text of one form: a later wave began when the one before was well.
    let ended = back["status"]["operationState"]["finishedAt"].as_str();
    let begun = front["metadata"]["creationTimestamp"].as_str();
    assert!(ended <= begun, "{ended:?} {begun:?}");
    let tree = world.client.get(&world.path("/resource-tree"))?.ok()?;
    let nodes = tree["nodes"].as_array().context("nodes")?;
    let node = nodes.iter().find(|node| node["name"] == "kin-back");
    assert_eq!(node.context("a node")?["health"]["status"], "Healthy");
    let map = "/api/v1/namespaces/kin-back/configmaps/b";
    assert!(world.kubernetes.get(map)?.is_some());

    // After a crash, nothing is begun anew.
    world.crash()?;
    let root = world.until_synced(&commit)?;
    assert_eq!(root["status"]["history"].as_array().map_or(0, Vec::len), 1);

    world.repository.remove("root/front.yaml")?;
    let commit = world.repository.commit("two")?;
    world.until_synced(&commit)?;
    world.until_gone_at("/api/v1/applications/kin-front")?;
    let front = "/api/v1/namespaces/kin-front/configmaps/f";
    world.kubernetes.wait_gone(front, PATIENCE)?;

    world.client.delete(&world.path(""))?.ok()?;
    world.until_gone()?;
    assert!(application(&world, "kin-back")?.is_none());
    assert_eq!(world.client.get("/api/v1/projects/kin-team")?.status, 404);
    assert!(world.kubernetes.get(map)?.is_none());
    Ok(())
}

#[test]
fn what_git_states_of_a_child_is_healed_and_what_others_add_stays() -> Result<()> {
    let world = World::start("heirs", "sled")?;
    let heir = child(&world, "heir", "heir", "heirs", "0");
    world
        .repository
        .write("root/heir.yaml", heir.to_string())?
        .write("heir/map.yaml", config_map("a", "one"))?
        .write("other/map.yaml", config_map("b", "one"))?;
    let commit = world.repository.commit("one")?;
    plant(&world, &json!({}))?;
    world.until_synced(&commit)?;
    let path = "/api/v1/applications/heir";
    let patch = |patch: Value| -> Result<Value> {
        let request = json!({"name": "heir", "patchType": "merge", "patch": patch.to_string()});
        world.client.patch(path, &request)?.ok()
    };
    let item = |what: &str, is: &dyn Fn(&Value) -> bool| -> Result<Value> {
        wait_for(what, PATIENCE, || {
            let path = world.path("/managed-resources?resourceName=heir");
            let item = world.client.get(&path)?.ok()?["items"][0].clone();
            Ok(if is(&item) {
                Ok(item)
            } else {
                Err(item.to_string())
            })
        })
    };
    patch(json!({"metadata": {"labels": {"team": "blue"}},
        "spec": {"info": [{"name": "added", "value": "by hand"}]}}))?;
    let added = item("what was added", &|item| {
        item["liveState"]
            .as_str()
            .is_some_and(|live| live.contains("by hand"))
    })?;
    assert_eq!(added["modified"], Value::Null, "{added}");

    patch(json!({"spec": {"source": {"path": "other"}}}))?;
    let changed = item("what was changed", &|item| item["modified"] == true)?;
    assert_eq!(changed["differences"][0]["path"], "spec.source.path");
    let root = world.until("the drift", |root| status_of(root, "heir") == "OutOfSync")?;
    assert_eq!(root["status"]["sync"]["status"], "OutOfSync");

    let heal = json!({"spec": {"syncPolicy": {"automated": {"selfHeal": true}}}});
    let request = json!({"name": "heirs", "patchType": "merge", "patch": heal.to_string()});
    world.client.patch(&world.path(""), &request)?.ok()?;
    let healed = until(&world, "heir", "the healed child", |heir| {
        heir["spec"]["source"]["path"] == "heir" && is_well(heir)
    })?;
    assert_eq!(healed["metadata"]["labels"]["team"], "blue");
    assert_eq!(healed["spec"]["info"][0]["value"], "by hand");
    world.until_synced(&commit)?;

    // What Git no longer states goes.
    let mut bare = heir;
    bare["spec"]["syncPolicy"]["automated"] = Value::Null;
    world.repository.write("root/heir.yaml", bare.to_string())?;
    let commit = world.repository.commit("two")?;
    let without = |heir: &Value| heir["spec"]["syncPolicy"]["automated"].is_null();
    until(&world, "heir", "the child without automation", without)?;
    world.until_synced(&commit)?;
    Ok(())
}

#[test]
fn a_child_that_is_none_is_a_row_with_the_reason() -> Result<()> {
    let world = World::start("misfits", "sqlite")?;
    let wrong = |name: &str, change: &dyn Fn(&mut Value)| {
        let mut object = child(&world, name, "good", "misfits", "0");
        change(&mut object);
        object.to_string()
    };
    world
        .repository
        .write("good/map.yaml", config_map("a", "one"))?
        .write("root/good.yaml", wrong("misfit-good", &|_| {}))?
        .write(
            "root/field.yaml",
            wrong("misfit-field", &|object| {
                object["spec"]["source"]["pathh"] = json!("x");
            }),
        )?
        .write(
            "root/type.yaml",
            wrong("misfit-type", &|object| {
                object["spec"]["source"]["path"] = json!([1]);
            }),
        )?
        .write(
            "root/option.yaml",
            wrong("misfit-option", &|object| {
                object["spec"]["syncPolicy"]["syncOptions"] = json!(["Prume=true"]);
            }),
        )?
        .write(
            "root/circle.yaml",
            wrong("misfit-circle", &|object| {
                object["spec"]["dependsOn"] = json!(["misfit-circle"]);
            }),
        )?
        .write(
            "root/elsewhere.yaml",
            wrong("misfit-elsewhere", &|object| {
                object["metadata"]["namespace"] = json!("misfits");
            }),
        )?;
    world.repository.commit("one")?;
    plant(&world, &Value::Null)?;
    world.sync(&json!({}))?;
    let root = world.until_ended()?;
    let state = &root["status"]["operationState"];
    assert_eq!(state["phase"], "Failed", "{state}");
    for (name, reason) in [
        ("misfit-field", ".spec.source.pathh"),
        ("misfit-type", "invalid type"),
        ("misfit-option", "Prume=true"),
        ("misfit-circle", "dependsOn"),
        ("misfit-elsewhere", "CustomResourceDefinition"),
    ] {
        let row = row_of(&root, name);
        let message = row["message"].as_str().unwrap_or_default();
        assert_eq!(row["status"], "SyncFailed", "{name}: {row}");
        assert!(message.contains(reason), "{name}: {message}");
        assert!(application(&world, name)?.is_none(), "{name}");
    }
    Ok(())
}

#[test]
fn an_application_may_render_itself() -> Result<()> {
    let world = World::start("ouroboros", "sqlite")?;
    let mut itself = child(&world, "ouroboros", "root", "argocd", "0");
    itself["spec"]["syncPolicy"] = json!({"automated": {"prune": true}});
    let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "ouroboros", "namespace": "default"}});
    world
        .repository
        .write("root/itself.yaml", itself.to_string())?
        .write("root/map.yaml", map.to_string())?;
    let commit = world.repository.commit("one")?;
    plant(&world, &json!({"prune": true}))?;
    let root = world.until_synced(&commit)?;
    assert_eq!(status_of(&root, "ouroboros"), "Synced");

    // It never removes itself.
    world.repository.remove("root/itself.yaml")?;
    let commit = world.repository.commit("two")?;
    let root = world.until_synced(&commit)?;
    assert!(root["metadata"]["deletionTimestamp"].is_null());

    world.client.delete(&world.path(""))?.ok()?;
    world.until_gone()
}

#[test]
fn a_circle_is_told_and_holds_nobody_up() -> Result<()> {
    let world = World::start("mobius", "sled")?;
    let mut one = child(&world, "mobius", "root", "argocd", "0");
    let mut other = child(&world, "mobius-other", "other", "argocd", "0");
    for object in [&mut one, &mut other] {
        object["spec"]["syncPolicy"] = json!({"automated": {}});
    }
    world
        .repository
        .write("root/other.yaml", other.to_string())?
        .write("other/one.yaml", one.to_string())?;
    world.repository.commit("one")?;
    plant(&world, &json!({}))?;
    for name in ["mobius", "mobius-other"] {
        let told = until(&world, name, "the circle", |application| {
            is_well(application) && !conditions(application, "ApplicationCycleWarning").is_empty()
        })?;
        let message = conditions(&told, "ApplicationCycleWarning").join("; ");
        assert!(
            message.contains("is rendered by this application, and renders it"),
            "{message}"
        );
    }
    // Neither takes the other along.
    for name in ["mobius", "mobius-other"] {
        let path = format!("/api/v1/applications/{name}");
        world.client.delete(&path)?.ok()?;
        world.until_gone_at(&path)?;
    }
    Ok(())
}

#[test]
fn switched_off_it_is_left_to_the_cluster() -> Result<()> {
    let world = World::start_configured("orphans", "sqlite", "app_of_apps = \"off\"\n")?;
    let orphan = child(&world, "orphan", "good", "orphans", "0");
    world
        .repository
        .write("root/orphan.yaml", orphan.to_string())?;
    world.repository.commit("one")?;
    plant(&world, &Value::Null)?;
    world.sync(&json!({}))?;
    let root = world.until_ended()?;
    let message = tiphys_tests::message(&root);
    let expected = "The Kubernetes API could not find argoproj.io/Application";
    assert!(message.contains(expected), "{root}");
    assert!(application(&world, "orphan")?.is_none());
    Ok(())
}

#[test]
fn it_needs_no_cluster_and_the_namespace_is_a_setting() -> Result<()> {
    let world = World::start_with("clouds", |options| {
        options.kubeconfig = None;
        let namespace = ["--app-of-apps", "gitops"].map(str::to_owned);
        options.arguments.extend(namespace);
    })?;
    let mut cloud = child(&world, "cloud", "good", "clouds", "0");
    cloud["metadata"]["namespace"] = Value::Null;
    world
        .repository
        .write("root/cloud.yaml", cloud.to_string())?
        .write("good/map.yaml", config_map("a", "one"))?;
    world.repository.commit("one")?;
    let mut root = child(&world, "clouds", "root", "gitops", "0");
    root["spec"]["syncPolicy"] = json!({"automated": {}, "syncOptions": ["CreateNamespace=true"]});
    world.client.post("/api/v1/applications", &root)?.ok()?;
    let cloud = until(&world, "cloud", "the child", |_| true)?;
    assert_eq!(cloud["metadata"]["namespace"], "argocd");
    world.until("its row", |root| status_of(root, "cloud") == "Synced")?;
    Ok(())
}
