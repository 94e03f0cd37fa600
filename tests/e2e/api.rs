//! Rules of the API that need no cluster: sessions, written objects, credentials.

use anyhow::{Context as _, Result};
use serde_json::json;
use tempfile::TempDir;
use tiphys_testbed::tiphys::{Options, PASSWORD, Tiphys};
use tiphys_tests::{World, binary};

fn alone() -> Result<(Tiphys, TempDir)> {
    let folder = tempfile::tempdir()?;
    let tiphys = Tiphys::start(Options::new(&binary()?, &folder.path().join("data")))?;
    Ok((tiphys, folder))
}

#[test]
fn without_a_cluster_it_serves_and_says_why_there_is_none() -> Result<()> {
    let (tiphys, _folder) = alone()?;
    let clusters = tiphys.admin()?.get("/api/v1/clusters")?.ok()?;
    let state = &clusters["items"][0]["connectionState"];
    assert_eq!(state["status"], "Failed", "{clusters}");
    assert!(
        state["message"]
            .as_str()
            .unwrap_or_default()
            .contains("no cluster is configured"),
        "{state}"
    );
    Ok(())
}

#[test]
fn a_token_ends_for_good() -> Result<()> {
    let (mut tiphys, _folder) = alone()?;
    let anonymous = tiphys.anonymous();
    assert_eq!(anonymous.get("/api/v1/applications")?.status, 401);
    assert_eq!(
        anonymous
            .with_token("nonsense")
            .get("/api/v1/applications")?
            .status,
        401
    );
    let first = tiphys.admin()?;
    let second = tiphys.admin()?;
    first.delete("/api/v1/session")?.ok()?;
    assert_eq!(first.get("/api/v1/applications")?.status, 401);
    tiphys.kill();
    tiphys.start_again()?;
    assert_eq!(
        first.get("/api/v1/applications")?.status,
        401,
        "a revoked token lives again after a restart"
    );
    second.get("/api/v1/applications")?.ok()?;
    second.put("/api/v1/account/password", &json!({"name": "admin", "currentPassword": PASSWORD, "newPassword": "another-long-password"}))?.ok()?;
    assert_eq!(
        second.get("/api/v1/applications")?.status,
        401,
        "a token outlives its password"
    );
    tiphys
        .login("admin", "another-long-password")?
        .get("/api/v1/applications")?
        .ok()?;
    Ok(())
}

#[test]
fn failed_logins_are_limited_also_after_a_restart() -> Result<()> {
    let (mut tiphys, _folder) = alone()?;
    let wrong = json!({"username": "admin", "password": "wrong"});
    for _ in 0..5 {
        assert_eq!(
            tiphys.anonymous().post("/api/v1/session", &wrong)?.status,
            401
        );
    }
    assert!(
        tiphys.admin().is_err(),
        "the right password is accepted after five wrong ones"
    );
    tiphys.kill();
    tiphys.start_again()?;
    assert!(
        tiphys.admin().is_err(),
        "the limit is forgotten at a restart"
    );
    Ok(())
}

#[test]
fn nothing_that_is_written_is_dropped_in_silence() -> Result<()> {
    let (tiphys, _folder) = alone()?;
    let client = tiphys.admin()?;
    let spec = json!({"destination": {"server": "https://kubernetes.default.svc"}, "source": {"repoURL": "https://127.0.0.1:9/x.git", "path": "a"}});
    let with = |pointer: &str, value: serde_json::Value| {
        let mut object = json!({"metadata": {"name": "a"}, "spec": spec});
        let (parent, key) = pointer.rsplit_once('/').unwrap_or_default();
        if let Some(parent) = object.pointer_mut(parent) {
            parent[key] = value;
        }
        object
    };
    let path = "/api/v1/applications?validate=false";
    for (pointer, value, named) in [
        ("/sepc", json!({}), "sepc"),
        ("/spec/destnation", json!({}), "destnation"),
        ("/spec/source/pth", json!("x"), "pth"),
        ("/spec/source/path", json!("../../etc"), "path"),
        ("/metadata/name", json!("Not_A_Name"), "name"),
        ("/metadata/name", json!("x".repeat(300)), "name"),
        ("/spec/project", json!("nobody"), "nobody"),
        (
            "/spec/destination/server",
            json!("https://elsewhere"),
            "elsewhere",
        ),
        ("/spec/source/path", json!(7), "path"),
    ] {
        let answer = client.post(path, &with(pointer, value))?;
        assert_eq!(answer.status, 400, "{pointer}: {}", answer.text);
        assert!(
            answer.message().contains(named),
            "{pointer}: {}",
            answer.text
        );
    }
    for known in [
        with("/status", json!({"anything": 1})),
        with("/metadata/unknown", json!(1)),
    ] {
        client.post(path, &known)?.ok()?;
    }
    for body in [&b"{"[..], b"\xff\xfe", b"[]", b"null"] {
        let headers = [("content-type", "application/json")];
        assert_eq!(
            client.send("POST", path, &headers, Some(body))?.status,
            400,
            "{body:?}"
        );
    }
    let deep = "[".repeat(100_000);
    assert_eq!(
        client
            .send(
                "POST",
                path,
                &[("content-type", "application/json")],
                Some(deep.as_bytes())
            )?
            .status,
        400
    );
    assert_eq!(
        client
            .send("POST", path, &[("content-type", "text/plain")], Some(b"{}"))?
            .status,
        415
    );
    assert_eq!(
        client
            .get("/api/v1/applications/..%2F..%2Fetc%2Fpasswd")?
            .status,
        404
    );
    Ok(())
}

#[test]
fn projects_permit_and_refuse() -> Result<()> {
    let (tiphys, _folder) = alone()?;
    let client = tiphys.admin()?;
    let project = json!({"project": {"metadata": {"name": "team"}, "spec": {
        "sourceRepos": ["https://git.example.com/team/*"],
        "destinations": [{"server": "https://kubernetes.default.svc", "namespace": "team-*"}],
    }}});
    client.post("/api/v1/projects", &project)?.ok()?;
    let application = |url: &str, namespace: &str| {
        json!({"metadata": {"name": "a"}, "spec": {
            "project": "team",
            "destination": {"server": "https://kubernetes.default.svc", "namespace": namespace},
            "source": {"repoURL": url, "path": "a"},
        }})
    };
    let path = "/api/v1/applications?validate=false";
    let refused = client.post(path, &application("https://evil.example.com/x", "team-a"))?;
    assert!(
        refused.status == 400
            && refused
                .message()
                .contains("is not permitted in project 'team'"),
        "{}",
        refused.text
    );
    let refused = client.post(
        path,
        &application("https://git.example.com/team/x", "kube-system"),
    )?;
    assert!(
        refused.status == 400 && refused.message().contains("kube-system"),
        "{}",
        refused.text
    );
    client
        .post(
            path,
            &application("https://git.example.com/team/x", "team-a"),
        )?
        .ok()?;
    let used = client.delete("/api/v1/projects/team")?;
    assert_eq!(used.status, 400, "{}", used.text);
    assert_ne!(client.delete("/api/v1/projects/default")?.status, 200);
    let listed = client
        .get("/api/v1/applications?projects=team&projects=other")?
        .ok()?;
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(1));
    let listed = client.get("/api/v1/applications?projects=other")?.ok()?;
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(0));
    Ok(())
}

#[test]
fn a_registered_cluster_is_used_and_its_token_never_shown() -> Result<()> {
    let world = World::start("registered", "sqlite")?;
    let token = world.kubernetes.admin_token("tiphys-registered")?;
    let access = world.kubernetes.access();
    let server = access.server.replace("127.0.0.1", "localhost");
    let mut cluster = json!({"server": server, "name": "second", "config": {"bearerToken": token, "tlsClientConfig": {"insecure": true}}});
    let made = world.client.post("/api/v1/clusters", &cluster)?.ok()?;
    assert_eq!(made["connectionState"]["status"], "Successful", "{made}");
    cluster["config"]["bearerToken"] = json!("wrong-token-of-nobody");
    cluster["name"] = json!("third");
    let refused = world
        .client
        .post("/api/v1/clusters?upsert=true", &cluster)?;
    assert_eq!(refused.status, 400, "{}", refused.text);
    assert!(!refused.text.contains("wrong-token-of-nobody"));

    world
        .repository
        .write("app/a.yaml", tiphys_tests::config_map("a", "1"))?;
    let commit = world.repository.commit("one")?;
    let mut application = world.application(&json!({"syncOptions": ["CreateNamespace=true"]}));
    application["spec"]["destination"] = json!({"name": "second", "namespace": world.namespace});
    world
        .client
        .post("/api/v1/applications", &application)?
        .ok()?;
    world.sync(&json!({}))?;
    world.until_synced(&commit)?;
    let shown = [
        world.client.get("/api/v1/clusters")?.text,
        std::fs::read_to_string(world.tiphys.log())?,
    ];
    assert!(
        shown.iter().all(|text| !text.contains(&token)),
        "the token is shown"
    );
    let data = &world.tiphys.options().data_dir;
    for entry in std::fs::read_dir(data)? {
        let path = entry?.path();
        if path.is_file() {
            let bytes = std::fs::read(&path)?;
            let found = bytes
                .windows(token.len())
                .any(|window| window == token.as_bytes());
            assert!(!found, "{} holds the token", path.display());
        }
    }
    Ok(())
}

#[test]
fn concurrent_writers_lose_nothing() -> Result<()> {
    let (tiphys, _folder) = alone()?;
    let client = tiphys.admin()?;
    let object = json!({"metadata": {"name": "shared"}, "spec": {"destination": {"server": "https://kubernetes.default.svc"}, "source": {"repoURL": "https://127.0.0.1:9/x.git", "path": "a"}}});
    client
        .post("/api/v1/applications?validate=false", &object)?
        .ok()?;
    std::thread::scope(|scope| -> Result<()> {
        let client = &client;
        let threads: Vec<_> = (0..8)
            .map(|writer| {
                scope.spawn(move || -> Result<()> {
                    for n in 0..5 {
                        let mut object = json!({"upsert": true, "metadata": {"name": format!("w{writer}-{n}")}});
                        object["spec"] = json!({"destination": {"server": "https://kubernetes.default.svc"}, "source": {"repoURL": "https://127.0.0.1:9/x.git", "path": "a"}});
                        object.as_object_mut().context("an object")?.remove("upsert");
                        client.post("/api/v1/applications?validate=false", &object)?.ok()?;
                        let labels = json!({"metadata": {"name": "shared", "labels": {format!("w{writer}"): n.to_string()}}, "spec": object["spec"]});
                        client.post("/api/v1/applications?validate=false&upsert=true", &labels)?.ok()?;
                    }
                    Ok(())
                })
            })
            .collect();
        threads.into_iter().try_for_each(|thread| {
            thread
                .join()
                .map_err(|_| anyhow::anyhow!("a writer ended"))?
        })
    })?;
    let listed = client.get("/api/v1/applications")?.ok()?;
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(41));
    let shared = client.get("/api/v1/applications/shared")?.ok()?;
    let labels = shared["metadata"]["labels"]
        .as_object()
        .map(|labels| labels.values().filter(|value| *value == "4").count());
    assert_eq!(labels, Some(8), "{shared}");
    Ok(())
}
