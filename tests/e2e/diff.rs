//! What counts as drift on a real control plane: schemas of custom resources, dry runs of the API server, and whose objects are whose.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use tiphys_testbed::rest::Answer;
use tiphys_testbed::wait_for;
use tiphys_tests::{PATIENCE, World, config_map};

/// A definition of a kind in a group of its own, whose `spec` has these properties.
fn definition(group: &str, properties: &Value) -> Value {
    json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("ships.{group}")},
        "spec": {"group": group, "scope": "Namespaced",
            "names": {"kind": "Ship", "listKind": "ShipList", "plural": "ships", "singular": "ship"},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {
                "type": "object", "properties": {"spec": {"type": "object", "properties": properties},
                    "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}}}}]}})
}

fn ship(group: &str, name: &str, spec: &Value) -> Value {
    json!({"apiVersion": format!("{group}/v1"), "kind": "Ship", "metadata": {"name": name}, "spec": spec})
}

fn ship_path(world: &World, group: &str, name: &str) -> String {
    format!(
        "/apis/{group}/v1/namespaces/{}/ships/{name}",
        world.namespace
    )
}

const DEFINITIONS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

/// A definition that goes with the test.
struct Defined<'w> {
    world: &'w World,
    path: String,
}

impl<'w> Defined<'w> {
    fn new(world: &'w World, definition: &Value) -> Result<Self> {
        let name = definition["metadata"]["name"].as_str().context("a name")?;
        let path = format!("{DEFINITIONS}/{name}");
        world.kubernetes.create(DEFINITIONS, definition)?;
        let group = definition["spec"]["group"].as_str().context("a group")?;
        wait_for("the kind to be served", PATIENCE, || {
            let answer = world
                .kubernetes
                .client()
                .get(&format!("/apis/{group}/v1"))?;
            Ok(if answer.status == 200 {
                Ok(())
            } else {
                Err(answer.text)
            })
        })?;
        Ok(Self { world, path })
    }
}

impl Drop for Defined<'_> {
    fn drop(&mut self) {
        let _ = self.world.kubernetes.delete(&self.path);
    }
}

fn status_of<'a>(application: &'a Value, name: &str) -> &'a Value {
    application["status"]["resources"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|row| row["name"] == name)
        .map_or(&Value::Null, |row| &row["status"])
}

fn conditions(application: &Value, kind: &str) -> Vec<String> {
    application["status"]["conditions"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|condition| condition["type"] == kind)
        .map(|condition| condition["message"].as_str().unwrap_or_default().to_owned())
        .collect()
}

/// What the server says of an object, once it has seen this version of it.
fn seen(world: &World, live: &Value) -> Result<Value> {
    let metadata = &live["metadata"];
    let name = metadata["name"].as_str().context("a name")?;
    let path = world.path(&format!("/managed-resources?resourceName={name}"));
    wait_for("the version to be seen", PATIENCE, || {
        let item = world.client.get(&path)?.ok()?["items"][0].clone();
        let same = item["resourceVersion"] == metadata["resourceVersion"];
        Ok(if same {
            Ok(item)
        } else {
            Err(item.to_string())
        })
    })
}

#[test]
fn lists_of_custom_resources_are_compared_as_their_definition_says() -> Result<()> {
    let known = "\"knownTypeFields.shipyard.example.com_Ship\" = [{field = \"spec.hold\", type = \"core/Quantity\"}, {field = \"spec.crane\", type = \"core/v1/PodSpec\"}]";
    let world = configured("shipyard", &format!("[customizations]\n{known}\n"))?;
    let group = "shipyard.example.com";
    let list = |kind: &str| json!({"type": "array", "x-kubernetes-list-type": kind, "items": {"type": "string"}});
    let crew = json!({"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["berth", "watch"],
        "items": {"type": "object", "required": ["berth"], "properties": {
            "berth": {"type": "integer"}, "watch": {"type": "string", "default": "day"}, "rank": {"type": "string"}}}});
    let wanted = definition(
        group,
        &json!({"crew": crew, "flags": list("atomic"),
        "hold": {"type": "string"}, "crane": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}),
    );
    let defined = Defined::new(&world, &wanted)?;
    let spec = json!({"crew": [{"berth": 1, "rank": "mate"}, {"berth": 2, "rank": "cook"}], "flags": ["a", "b"],
        "hold": "1000m", "crane": {"overhead": {"cpu": "1000m"}}});
    world
        .repository
        .write("app/ship.yaml", ship(group, "argo", &spec).to_string())?;
    // With a fleet around it, what does not change is known from the comparison before.
    for n in 0..5 {
        let name = format!("consort-{n}");
        let file = format!("app/{name}.yaml");
        world
            .repository
            .write(&file, ship(group, &name, &json!({})).to_string())?;
    }
    let commit = world.repository.commit("one")?;
    world.create(&Value::Null)?;
    world.sync(&json!({}))?;
    world.until_synced(&commit)?;

    // Somebody else brings a third man aboard, and first. He is not ours, and the order says nothing.
    let path = ship_path(&world, group, "argo");
    let crew = json!([{"berth": 3, "rank": "boy"}, {"berth": 2, "watch": "day", "rank": "cook"}, {"berth": 1, "watch": "day", "rank": "mate"}]);
    let live = world
        .kubernetes
        .merge(&path, &json!({"spec": {"crew": crew}}))?;
    let item = seen(&world, &live)?;
    ensure!(item["modified"] != true, "{item}");

    // The configuration says what these hold; the definition does not.
    let other = json!({"spec": {"hold": "1", "crane": {"overhead": {"cpu": "1"}}}});
    let live = world.kubernetes.merge(&path, &other)?;
    let item = seen(&world, &live)?;
    ensure!(item["modified"] != true, "{item}");

    // The order of a list without keys counts, until its definition says that it is a set.
    world
        .kubernetes
        .merge(&path, &json!({"spec": {"flags": ["b", "a"]}}))?;
    world.until("the order to count", |app| {
        status_of(app, "argo") == "OutOfSync"
    })?;
    let mut changed = wanted;
    changed["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]
        ["flags"] = list("set");
    world
        .kubernetes
        .merge(&defined.path, &json!({"spec": changed["spec"]}))?;
    world.until("the new definition to be known", |app| {
        status_of(app, "argo") == "Synced"
    })?;
    Ok(())
}

#[test]
fn a_definition_that_cannot_be_used_is_a_condition_of_who_uses_it() -> Result<()> {
    let world = World::start("deepsea", "sqlite")?;
    let group = "deepsea.example.com";
    let mut deep = json!({"type": "string"});
    for _ in 0..105 {
        deep = json!({"type": "object", "properties": {"x": deep}});
    }
    let _defined = Defined::new(&world, &definition(group, &json!({"deep": deep})))?;
    let spec = json!({"deep": {"x": {}}});
    world
        .repository
        .write("app/ship.yaml", ship(group, "argo", &spec).to_string())?
        .write("other/map.yaml", config_map("plain", "1"))?;
    let commit = world.repository.commit("one")?;
    world.create(&json!({}))?;
    let mut other =
        world.application(&json!({"automated": {}, "syncOptions": ["CreateNamespace=true"]}));
    other["metadata"]["name"] = json!("deepsea-other");
    other["spec"]["source"]["path"] = json!("other");
    world.client.post("/api/v1/applications", &other)?.ok()?;
    world.until_synced(&commit)?;
    let app = world.until("the condition", |app| {
        conditions(app, "ComparisonError").iter().any(|message| {
            message.contains("deepsea.example.com/v1") && message.contains("nested deeper")
        })
    })?;
    assert_eq!(status_of(&app, "argo"), "Synced");
    let other = world
        .client
        .get("/api/v1/applications/deepsea-other")?
        .ok()?;
    ensure!(conditions(&other, "ComparisonError").is_empty(), "{other}");
    Ok(())
}

#[test]
fn what_is_known_from_before_holds_for_the_rules_of_before_only() -> Result<()> {
    let world = World::start("remembered", "sqlite")?;
    let names = ["a", "b", "c", "d", "e"];
    for name in names {
        let file = format!("app/{name}.yaml");
        world.repository.write(&file, config_map(name, "1"))?;
    }
    let first = world.repository.commit("one")?;
    world.create(&Value::Null)?;
    world.sync(&json!({}))?;
    world.until_synced(&first)?;
    let statuses = |app: &Value| names.map(|name| status_of(app, name) == "OutOfSync");
    let drift = json!({"data": {"value": "theirs"}});
    for name in ["b", "d"] {
        world.kubernetes.merge(&world.map(name), &drift)?;
    }
    world.until("two that drifted", |app| {
        statuses(app) == [false, true, false, true, false]
    })?;
    // Another rule, with every object as it was.
    let mut spec = world.get()?["spec"].clone();
    spec["ignoreDifferences"] =
        json!([{"kind": "ConfigMap", "name": "b", "jsonPointers": ["/data/value"]}]);
    world.client.put(&world.path("/spec"), &spec)?.ok()?;
    world.until("the rule to count", |app| {
        statuses(app) == [false, false, false, true, false]
    })?;
    // Another manifest, with every live object as it was.
    world
        .repository
        .write("app/d.yaml", config_map("d", "theirs"))?;
    let second = world.repository.commit("two")?;
    world.until_synced(&second)?;
    // Another live object of the same name.
    world.kubernetes.delete(&world.map("a"))?;
    world.until("one that is missing", |app| statuses(app)[0])?;
    Ok(())
}

#[test]
fn a_status_counts_where_that_is_said() -> Result<()> {
    let group = "statuses.example.com";
    let text = "[resource.compareoptions]\nignoreResourceStatusField = \"none\"\n";
    let world = configured("statuses", text)?;
    let _defined = Defined::new(&world, &definition(group, &json!({})))?;
    let mut manifest = ship(group, "argo", &json!({}));
    manifest["status"] = json!({"port": "Iolkos"});
    world
        .repository
        .write("app/ship.yaml", manifest.to_string())?;
    let commit = world.repository.commit("one")?;
    world.create(&Value::Null)?;
    world.sync(&json!({}))?;
    world.until_synced(&commit)?;
    let path = ship_path(&world, group, "argo");
    let live = world.kubernetes.get(&path)?.context("the ship")?;
    assert_eq!(live["status"]["port"], "Iolkos");
    let elsewhere = json!({"status": {"port": "Lemnos"}});
    let live = world.kubernetes.merge(&path, &elsewhere)?;
    let item = seen(&world, &live)?;
    assert_eq!(item["differences"][0]["path"], "status.port", "{item}");
    Ok(())
}

/// A policy of admission that goes with the guard.
struct Policy<'w> {
    world: &'w World,
    paths: Vec<String>,
}

impl<'w> Policy<'w> {
    /// A policy for the pod templates in the test's namespace, and its binding.
    fn new(world: &'w World, kind: &str, rule: &Value) -> Result<Self> {
        let name = format!("{}-{}", world.namespace, kind.to_lowercase());
        let version = "admissionregistration.k8s.io/v1";
        let base = format!(
            "/apis/{version}/{}",
            format!("{kind}Policies").to_lowercase()
        );
        let mut policy = json!({"apiVersion": version, "kind": format!("{kind}Policy"), "metadata": {"name": name},
            "spec": {"failurePolicy": "Fail", "matchConstraints": {
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": world.namespace}},
                "resourceRules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": ["podtemplates"]}]}}});
        for (field, value) in rule.as_object().into_iter().flatten() {
            policy["spec"][field] = value.clone();
        }
        let bindings = format!(
            "/apis/{version}/{}",
            format!("{kind}PolicyBindings").to_lowercase()
        );
        let mut binding = json!({"apiVersion": version, "kind": format!("{kind}PolicyBinding"),
            "metadata": {"name": name}, "spec": {"policyName": name}});
        if kind == "ValidatingAdmission" {
            binding["spec"]["validationActions"] = json!(["Deny"]);
        }
        let mut made = Self {
            world,
            paths: Vec::new(),
        };
        for (base, object) in [(base, policy), (bindings, binding)] {
            world.kubernetes.create(&base, &object)?;
            made.paths.push(format!("{base}/{name}"));
        }
        Ok(made)
    }
}

impl Drop for Policy<'_> {
    fn drop(&mut self) {
        for path in &self.paths {
            let _ = self.world.kubernetes.delete(path);
        }
    }
}

/// How many dry runs of a resource the API server has carried out.
fn dry_runs(world: &World, resource: &str) -> Result<f64> {
    let metrics = world.kubernetes.client().get("/metrics")?.text;
    let marks = [
        "apiserver_request_total{".to_owned(),
        "dry_run=\"All\"".to_owned(),
        format!("resource=\"{resource}\""),
    ];
    let counts = metrics
        .lines()
        .filter(|line| marks.iter().all(|mark| line.contains(mark)))
        .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok());
    Ok(counts.sum())
}

fn pod_template(name: &str, annotations: &Value) -> Value {
    json!({"apiVersion": "v1", "kind": "PodTemplate", "metadata": {"name": name, "annotations": annotations},
        "template": {"spec": {"containers": [{"name": "c", "image": "example.com/c:1"}]}}})
}

const COMPARE: &str = "argocd.argoproj.io/compare-options";

/// An application for which the API server is asked, with two of its three objects, of which the second counts what admission changes.
fn asking(name: &str, object: impl Fn(&str, &Value) -> Value) -> Result<World> {
    let world = World::start(name, "sqlite")?;
    let included = json!({COMPARE: "IncludeMutationWebhook=true"});
    let own = json!({COMPARE: "ServerSideDiff=false"});
    for (name, annotations) in [("plain", json!({})), ("included", included), ("own", own)] {
        let file = format!("app/{name}.yaml");
        world
            .repository
            .write(&file, object(name, &annotations).to_string())?;
    }
    let commit = world.repository.commit("one")?;
    let mut application = world.application(&json!({"syncOptions": ["CreateNamespace=true"]}));
    application["metadata"]["annotations"] = json!({COMPARE: "ServerSideDiff=true"});
    world
        .client
        .post("/api/v1/applications", &application)?
        .ok()?;
    world.sync(&json!({}))?;
    world.until_synced(&commit)?;
    Ok(world)
}

/// A kind of which no other test asks anything.
fn controller(name: &str, annotations: &Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ReplicationController", "metadata": {"name": name, "annotations": annotations},
        "spec": {"replicas": 0, "selector": {"app": name}, "template": {"metadata": {"labels": {"app": name}},
            "spec": {"containers": [{"name": "c", "image": "example.com/c:1"}]}}}})
}

#[test]
fn an_api_server_that_is_asked_is_not_asked_twice() -> Result<()> {
    let world = asking("asked", controller)?;
    let kind = "replicationcontrollers";
    let refresh = || world.client.get(&world.path("?refresh=hard"))?.ok();
    refresh()?;
    let before = dry_runs(&world, kind)?;
    ensure!(before >= 2.0, "the API server was not asked: {before}");
    for _ in 0..3 {
        refresh()?;
    }
    world.client.get(&world.path("/managed-resources"))?.ok()?;
    assert_eq!(dry_runs(&world, kind)?, before, "asked again");
    let plain = format!("/api/v1/namespaces/asked/{kind}/plain");
    world
        .kubernetes
        .merge(&plain, &json!({"metadata": {"annotations": {"new": "1"}}}))?;
    wait_for("a question about the new version", PATIENCE, || {
        let now = dry_runs(&world, kind)?;
        Ok(if now > before {
            Ok(())
        } else {
            Err(now.to_string())
        })
    })?;
    Ok(())
}

fn template(world: &World, name: &str) -> String {
    format!("/api/v1/namespaces/{}/podtemplates/{name}", world.namespace)
}

/// A dry run of somebody else; policies that act on dry runs answer to it.
fn rehearse(world: &World) -> Result<Answer> {
    let headers = [("content-type", "application/merge-patch+json")];
    let patch = "{\"metadata\": {\"annotations\": {\"tried\": \"yes\"}}}";
    let path = format!("{}?dryRun=All", template(world, "own"));
    let client = world.kubernetes.client();
    client.send("PATCH", &path, &headers, Some(patch.as_bytes()))
}

/// Changes the objects that the API server is asked about, so that it is asked anew.
fn touch(world: &World, mark: &str) -> Result<()> {
    for name in ["plain", "included"] {
        let patch = json!({"metadata": {"annotations": {"touched": mark}}});
        world.kubernetes.merge(&template(world, name), &patch)?;
    }
    Ok(())
}

#[test]
fn what_admission_changes_counts_where_that_is_asked_for() -> Result<()> {
    let world = asking("admission", pod_template)?;
    let on_dry_runs = json!([{"name": "dry", "expression": "request.dryRun"}]);
    let stamp = "Object{metadata: Object.metadata{labels: {\"stamped\": \"yes\"}}}";
    let mutating = Policy::new(
        &world,
        "MutatingAdmission",
        &json!({"matchConditions": on_dry_runs, "reinvocationPolicy": "Never",
            "mutations": [{"patchType": "ApplyConfiguration", "applyConfiguration": {"expression": stamp}}]}),
    )?;
    wait_for("the policy to act", PATIENCE, || {
        let answer = rehearse(&world)?;
        let stamped = answer.body["metadata"]["labels"]["stamped"].is_string();
        Ok(if stamped { Ok(()) } else { Err(answer.text) })
    })?;
    touch(&world, "once")?;
    let app = world.until("the mutation to count", |app| {
        status_of(app, "included") == "OutOfSync"
    })?;
    assert_eq!(status_of(&app, "plain"), "Synced", "{app}");
    assert_eq!(status_of(&app, "own"), "Synced", "{app}");
    let query = "/managed-resources?resourceName=included";
    let managed = world.client.get(&world.path(query))?;
    let item = &managed.body["items"][0];
    assert_eq!(
        item["differences"][0]["path"], "metadata.labels.stamped",
        "{item}"
    );
    drop(mutating);

    // Who does not answer what would change leaves it unknown, and nothing is synchronised for it.
    let rejecting = Policy::new(
        &world,
        "ValidatingAdmission",
        &json!({"matchConditions": on_dry_runs, "validations": [{"expression": "false", "message": "no rehearsals here"}]}),
    )?;
    wait_for("the policy to act", PATIENCE, || {
        let answer = rehearse(&world)?;
        Ok(if answer.status == 422 {
            Ok(())
        } else {
            Err(answer.text)
        })
    })?;
    touch(&world, "twice")?;
    let app = world.until("the refusal", |app| status_of(app, "plain") == "Unknown")?;
    assert_eq!(app["status"]["sync"]["status"], "Unknown");
    assert_eq!(status_of(&app, "own"), "Synced");
    let told = conditions(&app, "ComparisonError").join(" ");
    ensure!(
        told.contains("PodTemplate/admission/plain") && told.contains("no rehearsals here"),
        "{told}"
    );
    drop(rejecting);
    world.until("the answer", |app| {
        app["status"]["sync"]["status"] == "Synced"
    })?;
    Ok(())
}

/// Starts a server with a configuration file.
fn configured(name: &str, text: &str) -> Result<World> {
    World::start_with(name, |options| {
        let file = options.data_dir.with_extension("toml");
        // The folder is there: it holds the repository by now.
        if std::fs::write(&file, text).is_ok() {
            options
                .arguments
                .extend(["--config".to_owned(), file.display().to_string()]);
        }
    })
}

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

/// A StatefulSet whose claims are labelled as objects of an application.
fn set_with_claims(application: &str) -> String {
    json!({"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "db"}, "spec": {
        "replicas": 1, "serviceName": "db", "selector": {"matchLabels": {"app": "db"}},
        "template": {"metadata": {"labels": {"app": "db"}}, "spec": {"containers": [{"name": "c", "image": "registry.k8s.io/pause:3.10"}]}},
        "volumeClaimTemplates": [{"metadata": {"name": "data", "labels": {"example.com/app": application}},
            "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}]}})
    .to_string()
}

#[test]
fn objects_are_known_by_their_label_where_that_is_the_method() -> Result<()> {
    let text = "installationID = \"blue\"\n[application]\nresourceTrackingMethod = \"label\"\ninstanceLabelKey = \"example.com/app\"\n";
    let world = configured("labelled", text)?;
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

    // Neither is the claim that a set made from a template with the label: its data outlives the application.
    another(&world, "labelled-db", "db", &[])?;
    sync_of(&world, "labelled-db")?;
    let claim = format!(
        "/api/v1/namespaces/{}/persistentvolumeclaims/data-db-0",
        world.namespace
    );
    let made = world.kubernetes.wait(&claim, PATIENCE, |_| true)?;
    assert_eq!(made["metadata"]["labels"]["example.com/app"], "labelled-db");
    let path = "/api/v1/applications/labelled-db";
    let app = world.client.get(&format!("{path}?refresh=normal"))?.ok()?;
    let rows = app["status"]["resources"].as_array().map(Vec::len);
    assert_eq!(rows, Some(1), "{app}");
    world.client.delete(path)?.ok()?;
    let set = format!(
        "/apis/apps/v1/namespaces/{}/statefulsets/db",
        world.namespace
    );
    world.kubernetes.wait_gone(&set, PATIENCE)?;
    let kept = world.kubernetes.get(&claim)?.context("the claim")?;
    ensure!(kept["metadata"]["deletionTimestamp"].is_null(), "{kept}");

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
    let world = configured("both", text)?;
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

#[test]
fn options_that_nobody_knows_are_told_with_their_object() -> Result<()> {
    let world = World::start("unknown", "sled")?;
    let annotated = |name: &str, annotation: &str, value: &str| {
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "annotations": {annotation: value}}}).to_string()
    };
    world
        .repository
        .write(
            "app/a.yaml",
            annotated(
                "a",
                "argocd.argoproj.io/sync-options",
                "Prune=false,Colour=blue",
            ),
        )?
        .write(
            "app/b.yaml",
            annotated("b", COMPARE, "IgnoreExtraneous,Guess=1"),
        )?;
    let commit = world.repository.commit("one")?;
    let mut application =
        world.application(&json!({"automated": {}, "syncOptions": ["CreateNamespace=true"]}));
    application["metadata"]["annotations"] = json!({COMPARE: "ServerSideDif=true"});
    world
        .client
        .post("/api/v1/applications", &application)?
        .ok()?;
    let app = world.until_synced(&commit)?;
    assert_eq!(
        conditions(&app, "SyncOptionWarning"),
        ["/ConfigMap/unknown/a: unknown sync option \"Colour=blue\""]
    );
    assert_eq!(
        conditions(&app, "CompareOptionWarning"),
        [
            "application unknown: annotation argocd.argoproj.io/compare-options has the unknown value \"ServerSideDif=true\"",
            "/ConfigMap/unknown/b: annotation argocd.argoproj.io/compare-options has the unknown value \"Guess=1\"",
        ]
    );
    let refused = |policy: Value| {
        let mut changed = world.get()?;
        changed["spec"]["syncPolicy"] = policy;
        let answer = world.client.put(&world.path("/spec"), &changed["spec"])?;
        ensure!(
            answer.status == 400 && answer.message().contains("Colour=blue"),
            "{}",
            answer.text
        );
        Ok(())
    };
    refused(json!({"syncOptions": ["Colour=blue"]}))?;
    let answer = world.client.post(
        &world.path("/sync"),
        &json!({"syncOptions": {"items": ["Colour=blue"]}}),
    )?;
    ensure!(
        answer.status == 400 && answer.message().contains("Colour=blue"),
        "{}",
        answer.text
    );
    Ok(())
}

/// The answer of `tiphys diff`: exit code, output, errors.
fn diff_command(world: &World, token: &str, arguments: &[&str]) -> Result<(i32, String, String)> {
    let output = std::process::Command::new(tiphys_tests::binary()?)
        .arg("diff")
        .args(arguments)
        .args(["--server", world.client.base()])
        .env("TIPHYS_TOKEN", token)
        .output()?;
    Ok((
        output.status.code().context("it ends by itself")?,
        String::from_utf8(output.stdout)?,
        String::from_utf8(output.stderr)?,
    ))
}

#[test]
fn the_command_line_tells_why_an_application_is_out_of_sync() -> Result<()> {
    let world = World::start("commandline", "sqlite")?;
    let secret = "---\napiVersion: v1\nkind: Secret\nmetadata: {name: hidden}\nstringData: {password: hunter2-hunter2}\n";
    world.repository.write(
        "app/all.yaml",
        format!(
            "{secret}{}{}",
            config_map("settings", "blue"),
            config_map("gone", "1")
        ),
    )?;
    let commit = world.repository.commit("one")?;
    world.create(&Value::Null)?;
    world.sync(&json!({}))?;
    world.until_synced(&commit)?;
    let token = world.client.token().context("a token")?.to_owned();
    let name = world.namespace.as_str();
    let (code, out, err) = diff_command(&world, &token, &[name])?;
    assert_eq!((code, out.as_str(), err.as_str()), (0, "", ""));

    world
        .kubernetes
        .merge(&world.map("settings"), &json!({"data": {"value": "green"}}))?;
    world.kubernetes.delete(&world.map("gone"))?;
    let hidden = format!("/api/v1/namespaces/{name}/secrets/hidden");
    world.kubernetes.merge(
        &hidden,
        &json!({"stringData": {"password": "other-secret"}}),
    )?;
    world.until("three that differ", |app| {
        ["settings", "gone", "hidden"]
            .iter()
            .all(|name| status_of(app, name) == "OutOfSync")
    })?;
    let (code, out, _) = diff_command(&world, &token, &[name, "--refresh"])?;
    assert_eq!(code, 1, "{out}");
    for part in [
        "===== /ConfigMap commandline/settings ======\ndata.value has another value (owned by ",
        "< \"green\"\n> \"blue\"\n",
        "===== /ConfigMap commandline/gone ======\nis in the source, and not live\n",
        "===== /Secret commandline/hidden ======\ndata.password has another value",
    ] {
        ensure!(out.contains(part), "{part}\nis not in\n{out}");
    }
    let (_, json, _) = diff_command(&world, &token, &[name, "-o", "json"])?;
    let (code, quiet, _) = diff_command(&world, &token, &[name, "--exit-code", "false"])?;
    assert_eq!((code, &quiet), (0, &out));
    for text in [&out, &json] {
        ensure!(
            !text.contains("hunter2")
                && !text.contains("aHVudGVyMi1odW50ZXIy")
                && !text.contains("other-secret"),
            "a value of a Secret is shown"
        );
    }
    let listed: Value = serde_json::from_str(&json)?;
    let states: Vec<(&Value, &Value)> = listed
        .as_array()
        .into_iter()
        .flatten()
        .map(|object| (&object["name"], &object["state"]))
        .collect();
    assert_eq!(
        states,
        [
            (&json!("hidden"), &json!("Changed")),
            (&json!("gone"), &json!("Missing")),
            (&json!("settings"), &json!("Changed")),
        ]
    );
    for (token, arguments, said) in [
        ("wrong", vec![name], "TIPHYS_TOKEN"),
        (&token, vec!["nobody"], "nobody"),
    ] {
        let (code, out, err) = diff_command(&world, token, &arguments)?;
        ensure!(
            code == 2 && out.is_empty() && err.contains(said),
            "{code} {err}"
        );
    }
    Ok(())
}
