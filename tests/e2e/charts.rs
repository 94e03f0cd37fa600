//! Charts from a Helm repository and from a registry, live in a cluster: by themselves, as dependencies, and with values from Git.

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use tiphys_testbed::charts::{ChartRegistry, HelmRepository, sha256};
use tiphys_tests::World;

const TEMPLATE: &str = "apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Chart.Name }}
data:
  version: {{ .Chart.Version | quote }}
  color: {{ .Values.color | quote }}
";

/// Files of a chart that prints its version and a color.
const FILES: [(&str, &str); 2] = [
    ("values.yaml", "color: red\n"),
    ("templates/map.yaml", TEMPLATE),
];

fn helm_repository(world: &World) -> Result<HelmRepository> {
    let server = HelmRepository::start("robot", "s3cret")?;
    let repository = json!({"type": "helm", "name": "charts", "repo": server.url(), "username": "robot", "password": "s3cret"});
    world
        .client
        .post("/api/v1/repositories", &repository)?
        .ok()?;
    Ok(server)
}

fn registry(world: &World) -> Result<ChartRegistry> {
    let server = ChartRegistry::start("robot", "s3cret")?;
    let repository = json!({"type": "helm", "enableOCI": true, "insecureOCIForceHttp": true, "repo": server.url(),
        "username": "robot", "password": "s3cret"});
    world
        .client
        .post("/api/v1/repositories", &repository)?
        .ok()?;
    Ok(server)
}

/// Creates the world's application with other sources: one, or a list.
fn create(world: &World, sources: Value, automated: bool) -> Result<()> {
    let mut policy = json!({"syncOptions": ["CreateNamespace=true"]});
    if automated {
        policy["automated"] = json!({});
    }
    let mut application = world.application(&policy);
    let spec = &mut application["spec"];
    if sources.is_array() {
        spec["source"] = Value::Null;
        spec["sources"] = sources;
    } else {
        spec["source"] = sources;
    }
    world
        .client
        .post("/api/v1/applications", &application)?
        .ok()?;
    Ok(())
}

fn data(world: &World, name: &str) -> Result<Value> {
    let live = world.kubernetes.get(&world.map(name))?;
    Ok(live.unwrap_or_default()["data"].clone())
}

/// A chart within `1.x`: the newest is live, and when a newer one appears, that; what does not fit or is no release never is.
fn follows_its_constraint(
    world: &World,
    url: &str,
    publish: &dyn Fn(&str) -> Result<()>,
) -> Result<()> {
    publish("1.0.0")?;
    publish("2.0.0")?;
    let source = json!({"repoURL": url, "chart": "web", "targetRevision": "1.x", "helm": {"parameters": [{"name": "color", "value": "blue"}]}});
    create(world, source, true)?;
    let done = world.until_synced("1.0.0")?;
    assert_eq!(done["status"]["sourceType"], "Helm");
    assert_eq!(
        data(world, "web")?,
        json!({"version": "1.0.0", "color": "blue"})
    );
    for (published, live) in [("1.1.0", "1.1.0"), ("1.1.1+build.7", "1.1.1+build.7")] {
        publish("2.1.0")?;
        publish("1.9.0-rc.1")?;
        publish(published)?;
        let done = world.until_synced(live)?;
        let history = done["status"]["history"].as_array().map(Vec::as_slice);
        let last = history.and_then(<[Value]>::last).cloned();
        assert_eq!(last.unwrap_or_default()["revision"], live);
        assert_eq!(data(world, "web")?["version"], live);
    }
    // An exact version is what it says, and older ones stay reachable.
    let mut application = world.get()?;
    application["spec"]["source"]["targetRevision"] = json!("1.0.0");
    world.client.put(&world.path(""), &application)?.ok()?;
    world.until_synced("1.0.0")?;
    assert_eq!(data(world, "web")?["version"], "1.0.0");
    Ok(())
}

#[test]
fn a_chart_of_a_helm_repository_goes_live_and_follows_its_constraint() -> Result<()> {
    let world = World::start("helmrepository", "sqlite")?;
    let server = helm_repository(&world)?;
    follows_its_constraint(&world, &server.url(), &|version| {
        server.publish("web", version, &FILES)
    })?;
    // Whoever is not known there sees nothing of it.
    let stranger = HelmRepository::start("somebody", "else")?;
    stranger.publish("web", "1.0.0", &FILES)?;
    let mut application = world.get()?;
    application["spec"]["source"]["repoURL"] = json!(stranger.url());
    let answer = world.client.put(&world.path(""), &application)?;
    ensure!(
        answer.status == 400 && answer.message().contains("authentication"),
        "{} {}",
        answer.status,
        answer.text
    );
    Ok(())
}

#[test]
fn what_was_registered_a_moment_ago_is_used_at_once() -> Result<()> {
    let world = World::start("registered", "sqlite")?;
    for number in 0..10 {
        let server = helm_repository(&world)?;
        server.publish("web", "1.0.0", &FILES)?;
        let mut application = world.application(&json!({}));
        application["metadata"]["name"] = json!(format!("registered-{number}"));
        application["spec"]["source"] =
            json!({"repoURL": server.url(), "chart": "web", "targetRevision": "1.0.0"});
        world
            .client
            .post("/api/v1/applications", &application)?
            .ok()?;
    }
    Ok(())
}

#[test]
fn a_chart_of_a_registry_goes_live_and_follows_its_constraint() -> Result<()> {
    let world = World::start("registry", "sled")?;
    let server = registry(&world)?;
    follows_its_constraint(&world, &server.url(), &|version| {
        server.publish("web", version, &FILES)
    })?;
    // Registries have more than charts.
    server.publish_other("proxy", "1.0.0", "application/vnd.oci.image.config.v1+json");
    let mut application = world.get()?;
    application["spec"]["source"]["chart"] = json!("proxy");
    let answer = world.client.put(&world.path(""), &application)?;
    ensure!(
        answer.status == 400
            && answer
                .message()
                .contains("'1.0.0' is no Helm chart but a container image"),
        "{} {}",
        answer.status,
        answer.text
    );
    Ok(())
}

#[test]
fn dependencies_of_a_chart_in_git_are_fetched() -> Result<()> {
    let world = World::start("dependencies", "sqlite")?;
    let (helm, oci) = (helm_repository(&world)?, registry(&world)?);
    helm.publish("queue", "1.2.0", &FILES)?;
    helm.publish("queue", "2.0.0", &FILES)?;
    oci.publish("cache", "0.3.1", &FILES)?;
    oci.publish("cache", "0.3.9", &FILES)?;
    let wanted = |queue: &str| {
        format!(
            "apiVersion: v2\nname: shop\nversion: 1.0.0\ndependencies:\n- {{name: queue, version: {queue:?}, repository: {:?}}}\n\
             - {{name: cache, version: ~0.3.0, repository: {:?}, condition: cache.enabled}}\n",
            helm.url(),
            oci.url()
        )
    };
    world.repository.write("app/Chart.yaml", wanted("^1.0.0"))?;
    world.repository.write(
        "app/values.yaml",
        "color: green\nqueue: {color: yellow}\ncache: {enabled: true}\n",
    )?;
    world.repository.write("app/templates/map.yaml", TEMPLATE)?;
    let first = world.repository.commit("one")?;
    world.create(&json!({}))?;
    world.until_synced(&first)?;
    assert_eq!(
        data(&world, "shop")?,
        json!({"version": "1.0.0", "color": "green"})
    );
    assert_eq!(
        data(&world, "queue")?,
        json!({"version": "1.2.0", "color": "yellow"})
    );
    assert_eq!(
        data(&world, "cache")?,
        json!({"version": "0.3.9", "color": "red"})
    );

    world.repository.write("app/Chart.yaml", wanted("^2.0.0"))?;
    let second = world.repository.commit("two")?;
    world.until_synced(&second)?;
    assert_eq!(data(&world, "queue")?["version"], "2.0.0");

    world.repository.write("app/Chart.yaml", wanted("^3.0.0"))?;
    world.repository.commit("three")?;
    let broken = world.until("the condition", |app| {
        app["status"]["conditions"].to_string().contains("^3.0.0")
    })?;
    let message = broken["status"]["conditions"].to_string();
    for part in [
        "app/Chart.yaml:5:3: the chart queue ^3.0.0 is needed",
        "there are 2.0.0, 1.2.0",
        "ask for a version that is there",
    ] {
        ensure!(message.contains(part), "{part}: {message}");
    }
    ensure!(!message.contains("s3cret"), "{message}");
    // What is published later is found without another commit.
    helm.publish("queue", "3.0.0", &FILES)?;
    world.until("Synced with the new chart", |app| {
        app["status"]["sync"]["status"] == "Synced"
            && app["status"]["operationState"]["syncResult"]["dependencies"]
                == json!(["cache 0.3.9", "queue 3.0.0"])
    })?;
    assert_eq!(data(&world, "queue")?["version"], "3.0.0");
    Ok(())
}

/// Charts that lie in Git and depend on charts elsewhere: with a lock file nothing moves, without one the newest that fits is live, of
/// either kind of repository, and without healing.
#[test]
fn a_chart_in_git_follows_its_dependencies() -> Result<()> {
    let world = World::start("dependenciesmove", "sqlite")?;
    let (helm, oci) = (helm_repository(&world)?, registry(&world)?);
    helm.publish("queue", "1.2.0", &FILES)?;
    oci.publish("cache", "0.3.1", &FILES)?;
    // One names its repository, as it is registered here.
    let description = format!(
        "apiVersion: v2\nname: shop\nversion: 1.0.0\ndependencies:\n- {{name: queue, version: ^1.2.0, repository: '@charts'}}\n\
         - {{name: cache, version: ~0.3.0, repository: {:?}}}\n",
        oci.url()
    );
    world.repository.write("app/Chart.yaml", &description)?;
    world
        .repository
        .write("app/values.yaml", "color: green\n")?;
    world.repository.write("app/templates/map.yaml", TEMPLATE)?;
    let first = world.repository.commit("one")?;
    create(
        &world,
        json!({"repoURL": world.url(), "path": "app", "targetRevision": "main"}),
        true,
    )?;
    world.until_synced(&first)?;
    let versions = || -> Result<[Value; 2]> {
        let (queue, cache) = (data(&world, "queue")?, data(&world, "cache")?);
        Ok([queue["version"].clone(), cache["version"].clone()])
    };
    assert_eq!(versions()?, ["1.2.0", "0.3.1"]);
    let live_with = |dependencies: [&str; 2]| {
        let dependencies = json!(dependencies);
        world.until("Synced with other charts", |app| {
            let status = &app["status"];
            app["operation"].is_null()
                && status["sync"]["status"] == "Synced"
                && status["sync"]["revision"] == first
                && status["operationState"]["syncResult"]["dependencies"] == dependencies
        })
    };
    helm.publish("queue", "2.0.0", &FILES)?;
    helm.publish("queue", "1.3.0", &FILES)?;
    live_with(["cache 0.3.1", "queue 1.3.0"])?;
    assert_eq!(versions()?, ["1.3.0", "0.3.1"]);
    oci.publish("cache", "0.3.2", &FILES)?;
    live_with(["cache 0.3.2", "queue 1.3.0"])?;
    assert_eq!(versions()?, ["1.3.0", "0.3.2"]);

    let locked = format!(
        "dependencies:\n- name: queue\n  repository: {}\n  version: 1.2.0\n- name: cache\n  repository: {}\n  version: 0.3.1\n",
        helm.url(),
        oci.url()
    );
    let digest = digest(&helm.url(), &oci.url());
    world
        .repository
        .write("app/Chart.lock", format!("{locked}digest: {digest}\n"))?;
    let second = world.repository.commit("two")?;
    world.until_synced(&second)?;
    assert_eq!(versions()?, ["1.2.0", "0.3.1"]);
    helm.publish("queue", "1.4.0", &FILES)?;
    oci.publish("cache", "0.3.3", &FILES)?;
    // A commit after that is live, and with it everything that was published before would be.
    world.repository.write("app/values.yaml", "color: blue\n")?;
    let third = world.repository.commit("three")?;
    world
        .client
        .get(&format!("{}?refresh=hard", world.path("")))?
        .ok()?;
    world.until_synced(&third)?;
    assert_eq!(data(&world, "shop")?["color"], "blue");
    assert_eq!(versions()?, ["1.2.0", "0.3.1"]);
    Ok(())
}

/// What Helm writes as digest into the lock file of the chart above.
fn digest(helm: &str, oci: &str) -> String {
    let dependency = |name: &str, version: &str, repository: &str| {
        format!(r#"{{"name":"{name}","version":"{version}","repository":"{repository}"}}"#)
    };
    let text = format!(
        "[[{},{}],[{},{}]]",
        dependency("queue", "^1.2.0", helm),
        dependency("cache", "~0.3.0", oci),
        dependency("queue", "1.2.0", helm),
        dependency("cache", "0.3.1", oci),
    );
    format!("sha256:{}", sha256(text.as_bytes()))
}

#[test]
fn a_chart_of_a_repository_takes_values_from_git() -> Result<()> {
    let world = World::start("valuesingit", "sqlite")?;
    let server = helm_repository(&world)?;
    server.publish("web", "1.0.0", &FILES)?;
    world
        .repository
        .write("environments/prod.yaml", "color: black\n")?;
    let first = world.repository.commit("one")?;
    let sources = json!([
        {"repoURL": server.url(), "chart": "web", "targetRevision": "^1.0.0", "helm": {"valueFiles": ["$values/environments/prod.yaml"]}},
        {"repoURL": world.url(), "targetRevision": "main", "ref": "values"},
    ]);
    create(&world, sources, true)?;
    let live_at = |version: &str, commit: &str| {
        let revisions = json!([version, commit]);
        world.until("Synced at both revisions", |app| {
            let sync = &app["status"]["sync"];
            app["operation"].is_null()
                && sync["status"] == "Synced"
                && sync["revisions"] == revisions
        })
    };
    live_at("1.0.0", &first)?;
    assert_eq!(
        data(&world, "web")?,
        json!({"version": "1.0.0", "color": "black"})
    );

    // Either source may move alone.
    world
        .repository
        .write("environments/prod.yaml", "color: white\n")?;
    let second = world.repository.commit("two")?;
    live_at("1.0.0", &second)?;
    assert_eq!(data(&world, "web")?["color"], "white");
    server.publish("web", "1.1.0", &FILES)?;
    live_at("1.1.0", &second)?;
    assert_eq!(
        data(&world, "web")?,
        json!({"version": "1.1.0", "color": "white"})
    );

    // Nobody should, but some do: the same version with another content.
    let other = format!("{TEMPLATE}  more: \"1\"\n");
    server.publish("web", "1.1.0", &[FILES[0], ("templates/map.yaml", &other)])?;
    world.until("OutOfSync", |app| {
        app["status"]["sync"]["status"] == "OutOfSync"
    })?;
    world.sync(&json!({}))?;
    live_at("1.1.0", &second)?;
    assert_eq!(data(&world, "web")?["more"], "1");
    Ok(())
}
