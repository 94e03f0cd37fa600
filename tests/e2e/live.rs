//! What an application looks like in its cluster: tree, differences, one object, actions, events, logs.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use tiphys_testbed::wait_for;
use tiphys_tests::{PATIENCE, World, config_map};

const WEB: &str = "---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {app: web}, ports: [{port: 80}]}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  replicas: 2\n  selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n    spec: {containers: [{name: web, image: 'registry.k8s.io/pause:3.10', ports: [{containerPort: 80}]}]}\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: hidden}\nstringData: {password: hunter2-hunter2}\n";

fn world(name: &str) -> Result<World> {
    let world = World::start(name, "sqlite")?;
    world.repository.write(
        "app/all.yaml",
        format!("{WEB}{}", config_map("settings", "blue")),
    )?;
    let commit = world.repository.commit("one")?;
    world.create(&Value::Null)?;
    world.sync(&json!({}))?;
    world.until_synced(&commit)?;
    Ok(world)
}

fn kinds(tree: &Value, kind: &str) -> Vec<Value> {
    let nodes = tree["nodes"].as_array().into_iter().flatten();
    nodes.filter(|node| node["kind"] == kind).cloned().collect()
}

fn get(world: &World, rest: &str) -> Result<Value> {
    world.client.get(&world.path(rest))?.ok()
}

#[test]
fn a_tree_has_what_the_objects_own() -> Result<()> {
    let world = world("treeview")?;
    let tree = get(&world, "/resource-tree")?;
    let (sets, pods) = (kinds(&tree, "ReplicaSet"), kinds(&tree, "Pod"));
    ensure!(sets.len() == 1 && pods.len() == 2, "{tree}");
    assert_eq!(sets[0]["parentRefs"][0]["kind"], "Deployment");
    assert_eq!(pods[0]["parentRefs"][0]["uid"], sets[0]["uid"]);
    assert_eq!(pods[0]["health"]["status"], "Healthy");
    assert_eq!(pods[0]["images"][0], "registry.k8s.io/pause:3.10");
    assert_eq!(
        kinds(&tree, "Service")[0]["networkingInfo"]["targetLabels"]["app"],
        "web"
    );
    ensure!(tree["hosts"][0]["name"].is_string(), "{tree}");
    let narrow = get(&world, "/resource-tree?kind=Pod")?;
    assert_eq!(narrow["nodes"].as_array().map(Vec::len), Some(2));
    Ok(())
}

#[test]
fn a_tree_has_what_workloads_refer_to_and_what_neighbours_take() -> Result<()> {
    let world = World::start("references", "sqlite")?;
    let pod = |name: &str, cpu: &str, rest: Value| {
        let mut spec = json!({"containers": [{"name": "a", "image": "registry.k8s.io/pause:3.10",
            "resources": {"requests": {"cpu": cpu, "memory": "1Mi"}}}]});
        for (field, value) in rest.as_object().into_iter().flatten() {
            spec[field] = value.clone();
        }
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec})
    };
    let volumes = json!({"volumes": [
        {"name": "own", "configMap": {"name": "settings"}},
        {"name": "theirs", "configMap": {"name": "theirs"}},
        {"name": "lost", "secret": {"secretName": "lost"}},
        {"name": "none", "secret": {"secretName": "none", "optional": true}},
    ]});
    world
        .repository
        .write("app/pod.yaml", pod("own", "30m", volumes).to_string())?
        .write("app/map.yaml", config_map("settings", "blue"))?;
    world.repository.commit("one")?;
    let place = &world.namespace;
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": place}});
    world.kubernetes.create("/api/v1/namespaces", &namespace)?;
    let theirs = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "theirs"}, "data": {"secret": "hunter2"}});
    let maps = format!("/api/v1/namespaces/{place}/configmaps");
    world.kubernetes.create(&maps, &theirs)?;
    world.create(&Value::Null)?;
    world.sync(&json!({}))?;
    world.until_ended()?;

    let path = format!("/api/v1/namespaces/{place}/pods");
    let own = world
        .kubernetes
        .wait(&format!("{path}/own"), PATIENCE, |pod| {
            pod["spec"]["nodeName"].is_string()
        })?;
    // On the same node, whichever that is.
    let mut other = pod("other", "50m", json!({"nodeName": own["spec"]["nodeName"]}));
    other["metadata"]["namespace"] = json!(place);
    world.kubernetes.create(&path, &other)?;
    let tree = wait_for("the neighbour", PATIENCE, || {
        let tree = get(&world, "/resource-tree")?;
        let cpu = &tree["hosts"][0]["resourcesInfo"][0];
        let there = cpu["requestedByNeighbors"].as_i64() >= Some(50);
        Ok(if there {
            Ok(tree)
        } else {
            Err(tree.to_string())
        })
    })?;
    let cpu = &tree["hosts"][0]["resourcesInfo"][0];
    assert_eq!(cpu["requestedByApp"], 30, "{cpu}");
    ensure!(!tree.to_string().contains("hunter2"), "a value is shown");
    let nodes = tree["nodes"].as_array().context("nodes")?;
    let named = |name: &str| {
        nodes
            .iter()
            .filter(|node| node["name"] == name)
            .collect::<Vec<_>>()
    };
    assert_eq!(named("settings").len(), 1);
    assert!(named("settings")[0]["parentRefs"].is_null());
    let theirs = named("theirs");
    assert_eq!(theirs[0]["parentRefs"][0]["name"], "own", "{theirs:?}");
    let lost = named("lost");
    assert_eq!(lost[0]["health"]["status"], "Missing", "{lost:?}");
    assert_eq!(lost[0]["health"]["message"], "Pod own refers to it");
    assert!(named("none").is_empty());
    Ok(())
}

#[test]
fn each_differing_field_has_a_reason_and_secrets_are_masked() -> Result<()> {
    let world = world("differences")?;
    world
        .kubernetes
        .merge(&world.map("settings"), &json!({"data": {"value": "green"}}))?;
    let secret = format!("/api/v1/namespaces/{}/secrets/hidden", world.namespace);
    world.kubernetes.merge(
        &secret,
        &json!({"stringData": {"password": "other-secret"}}),
    )?;
    world.until("OutOfSync", |app| {
        app["status"]["sync"]["status"] == "OutOfSync"
    })?;
    let managed = get(&world, "/managed-resources")?;
    let text = managed.to_string();
    ensure!(
        !text.contains("hunter2")
            && !text.contains("aHVudGVyMi1odW50ZXIy")
            && !text.contains("other-secret"),
        "a value of a Secret is shown"
    );
    let item = |kind: &str| {
        managed["items"]
            .as_array()
            .into_iter()
            .flatten()
            .find(|item| item["kind"] == kind)
            .cloned()
            .context("no such item")
    };
    let map = item("ConfigMap")?;
    assert_eq!(map["modified"], true);
    let difference = &map["differences"][0];
    assert_eq!(difference["path"], "data.value");
    assert_eq!(difference["desired"], "blue");
    assert_eq!(difference["live"], "green");
    ensure!(difference["managers"][0].is_string(), "{difference}");
    let hidden = item("Secret")?;
    assert_eq!(hidden["modified"], true);
    ensure!(
        hidden["targetState"].to_string().contains("++++"),
        "{hidden}"
    );
    assert_ne!(item("Deployment")?["modified"], true);
    Ok(())
}

#[test]
fn one_object_is_read_changed_and_deleted() -> Result<()> {
    let world = world("oneobject")?;
    let object = |kind: &str, group: &str, name: &str| {
        format!(
            "/resource?namespace={}&resourceName={name}&kind={kind}&group={group}&version=v1",
            world.namespace
        )
    };
    let read = get(&world, &object("Secret", "", "hidden"))?;
    ensure!(
        read["manifest"].to_string().contains("++++")
            && !read["manifest"].to_string().contains("aHVudGVy"),
        "{read}"
    );
    let foreign = world
        .client
        .get(&world.path(&object("ConfigMap", "", "kube-root-ca.crt")))?;
    ensure!(
        foreign.status == 400
            && foreign
                .message()
                .contains("not found as part of application"),
        "{}",
        foreign.text
    );
    let patched = world
        .client
        .post(
            &world.path(&format!(
                "{}&patchType=application/merge-patch%2Bjson",
                object("ConfigMap", "", "settings")
            )),
            &json!("{\"data\":{\"more\":\"1\"}}"),
        )?
        .ok()?;
    ensure!(
        patched["manifest"].to_string().contains("more"),
        "{patched}"
    );
    let wrong = world.client.post(
        &world.path(&object("ConfigMap", "", "settings")),
        &json!("no json"),
    )?;
    assert_eq!(wrong.status, 400, "{}", wrong.text);

    let actions = get(
        &world,
        &object("Deployment", "apps", "web").replace("/resource?", "/resource/actions?"),
    )?;
    ensure!(actions.to_string().contains("restart"), "{actions}");
    let run = json!({"namespace": world.namespace, "resourceName": "web", "kind": "Deployment", "group": "apps", "version": "v1", "action": "restart"});
    world
        .client
        .post(&world.path("/resource/actions/v2"), &run)?
        .ok()?;
    let path = format!(
        "/apis/apps/v1/namespaces/{}/deployments/web",
        world.namespace
    );
    let live = world.kubernetes.get(&path)?.unwrap_or_default();
    ensure!(
        live["spec"]["template"]["metadata"]["annotations"]["kubectl.kubernetes.io/restartedAt"]
            .is_string(),
        "{live}"
    );
    let mut unknown = run.clone();
    unknown["action"] = json!("fly");
    let refused = world
        .client
        .post(&world.path("/resource/actions/v2"), &unknown)?;
    assert_eq!(refused.status, 400, "{}", refused.text);

    world
        .client
        .delete(&world.path(&object("ConfigMap", "", "settings")))?
        .ok()?;
    world
        .kubernetes
        .wait_gone(&world.map("settings"), tiphys_tests::PATIENCE)?;
    Ok(())
}

#[test]
fn revisions_events_and_windows_are_told() -> Result<()> {
    let world = world("told")?;
    let app = world.get()?;
    let revision = app["status"]["sync"]["revision"]
        .as_str()
        .unwrap_or_default();
    let metadata = get(&world, &format!("/revisions/{revision}/metadata"))?;
    assert_eq!(metadata["message"], "one");
    ensure!(
        metadata["date"].is_string() && metadata["author"].to_string().contains('@'),
        "{metadata}"
    );
    world.sync(&json!({}))?;
    world.until_ended()?;
    let events = get(&world, "/events")?;
    let told: Vec<&Value> = events["items"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|event| &event["reason"])
        .collect();
    let once = ["OperationStarted", "OperationCompleted"];
    assert_eq!(told, [once, once].concat(), "{events}");
    let tree = get(&world, "/resource-tree?kind=ReplicaSet")?;
    let node = &tree["nodes"][0];
    let of = get(
        &world,
        &format!(
            "/events?resourceUID={}&resourceName={}&resourceNamespace={}",
            node["uid"].as_str().unwrap_or_default(),
            node["name"].as_str().unwrap_or_default(),
            world.namespace
        ),
    )?;
    ensure!(of["items"].is_array(), "{of}");
    assert_eq!(get(&world, "/syncwindows")?["canSync"], true);
    // The nodes here have no kubelet: that is said in the stream, which then ends.
    let logs = world.client.get(&world.path(&format!(
        "/logs?namespace={}&kind=Deployment&group=apps&resourceName=web&tailLines=10",
        world.namespace
    )))?;
    assert_eq!(logs.status, 200);
    ensure!(
        logs.text
            .lines()
            .last()
            .unwrap_or_default()
            .contains("\"last\":true"),
        "{}",
        logs.text
    );
    Ok(())
}
