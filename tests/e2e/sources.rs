//! How repositories are reached: certificates, SSH, GitHub Apps, Helm repositories and registries.

use std::process::Command;
use std::sync::{Arc, OnceLock};

use anyhow::{Context as _, Result, ensure};
use base64::Engine as _;
use serde_json::{Value, json};
use tiphys_testbed::certificates::Authority;
use tiphys_testbed::git::{HttpServer, SshServer};
use tiphys_testbed::tool::Tool;
use tiphys_testbed::web::{Answer, Web};
use tiphys_tests::{World, config_map};

/// Synchronises the world's application from another URL of its repository.
fn lives_from(world: &World, url: &str) -> Result<()> {
    world.repository.write("app/a.yaml", config_map("a", "1"))?;
    let commit = world.repository.commit("one")?;
    let mut application = world.application(&json!({"syncOptions": ["CreateNamespace=true"]}));
    application["spec"]["source"]["repoURL"] = json!(url);
    world
        .client
        .post("/api/v1/applications", &application)?
        .ok()?;
    world.sync(&json!({}))?;
    world.until_synced(&commit)?;
    Ok(())
}

fn refused(world: &World, repository: &Value, text: &str) -> Result<()> {
    let answer = world.client.post("/api/v1/repositories", repository)?;
    ensure!(
        answer.status == 400 && answer.message().contains(text),
        "{} {}",
        answer.status,
        answer.text
    );
    Ok(())
}

#[test]
fn git_over_tls_with_a_client_certificate() -> Result<()> {
    let world = World::start("mutual", "sqlite")?;
    let authority = Authority::new("tests")?;
    let root = world
        .repository
        .bare()
        .parent()
        .context("a repository lies in a folder")?;
    let server =
        HttpServer::start_mutual_tls(root, &authority.server(&["localhost"])?, &authority)?;
    let url = server.url(&world.repository.path());
    let client = authority.client("robot", "robots")?;
    refused(&world, &json!({"repo": url}), "certificate")?;
    refused(
        &world,
        &json!({"repo": url, "insecure": true, "tlsClientCertData": client.certificate}),
        "tlsClientCertKey",
    )?;
    refused(
        &world,
        &json!({"repo": url, "insecure": true, "tlsClientCertData": "nothing", "tlsClientCertKey": client.key}),
        "tlsClientCertData",
    )?;
    // Nobody without a certificate gets in.
    let bare = world.client.post(
        "/api/v1/repositories",
        &json!({"repo": url, "insecure": true}),
    )?;
    ensure!(bare.status == 400, "{}", bare.text);
    let registered = world
        .client
        .post(
            "/api/v1/repositories",
            &json!({"repo": url, "insecure": true, "tlsClientCertData": client.certificate, "tlsClientCertKey": client.key}),
        )?
        .ok()?;
    assert_eq!(registered["connectionState"]["status"], "Successful");
    ensure!(!registered.to_string().contains("PRIVATE KEY"));
    lives_from(&world, &url)
}

#[test]
fn git_over_ssh_with_known_hosts() -> Result<()> {
    if Tool::Sshd.find().is_none() || Tool::Ssh.find().is_none() {
        eprintln!("NOT TESTED: Git over SSH. {}", Tool::Sshd.advice());
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let server = SshServer::start(&folder.path().join("ssh"))?;
    let known = folder.path().join("known_hosts");
    std::fs::write(&known, server.known_hosts())?;
    let trusting = World::start_with("overssh", |options| {
        options.environment.push((
            "TIPHYS_GIT_SSH_KNOWN_HOSTS".to_owned(),
            known.display().to_string(),
        ));
    })?;
    let url = server.url(trusting.repository.bare());
    let other = server.url(trusting.repository.bare());
    refused(&trusting, &json!({"repo": other}), "authentication")?;
    trusting
        .client
        .post(
            "/api/v1/repositories",
            &json!({"repo": url, "sshPrivateKey": server.private_key()}),
        )?
        .ok()?;
    lives_from(&trusting, &url)?;
    let strict = World::start("strangers", "sqlite")?;
    refused(
        &strict,
        &json!({"repo": url, "sshPrivateKey": server.private_key()}),
        "ost key verification",
    )
}

#[test]
fn a_github_app_gets_a_token() -> Result<()> {
    let world = World::start("githubapp", "sqlite")?;
    let folder = tempfile::tempdir()?;
    let key = folder.path().join("app");
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", "rsa", "-b", "2048", "-m", "PEM", "-N", "", "-f"])
        .arg(&key)
        .status()?;
    ensure!(made.success(), "ssh-keygen failed");
    let private = std::fs::read_to_string(&key)?;
    let public = Command::new("ssh-keygen")
        .args(["-e", "-m", "PKCS8", "-f"])
        .arg(key.with_extension("pub"))
        .output()?;
    let public = Arc::new(jsonwebtoken::DecodingKey::from_rsa_pem(&public.stdout)?);
    // GitHub itself cannot be had here: this checks the assertion as its documentation says, and hands out a token.
    let github = Web::start(move |request| {
        let assertion = request
            .authorization
            .strip_prefix("Bearer ")
            .unwrap_or_default();
        let mut rules = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::RS256);
        rules.set_required_spec_claims(&["exp", "iss"]);
        rules.set_issuer(&["4711"]);
        let checked = jsonwebtoken::decode::<Value>(assertion, &public, &rules);
        let Ok(claims) = checked else {
            return Answer::new(401, "{}");
        };
        let lifetime = claims.claims["exp"].as_i64().unwrap_or_default()
            - claims.claims["iat"].as_i64().unwrap_or_default();
        if lifetime > 600 {
            return Answer::new(401, "{}");
        }
        match (request.method.as_str(), request.target.as_str()) {
            ("GET", target) if target.ends_with("/installation") => Answer::ok("{\"id\": 12}"),
            ("POST", "/app/installations/12/access_tokens") => {
                Answer::ok("{\"token\": \"ghs_t0ken\", \"expires_at\": \"2099-01-01T00:00:00Z\"}")
            }
            _ => Answer::new(404, "{}"),
        }
    })?;
    world.git.require("x-access-token", "ghs_t0ken");
    let app = |id: i64, key: &str| {
        json!({"repo": world.url(), "githubAppID": id, "githubAppPrivateKey": key,
            "githubAppEnterpriseBaseUrl": github.url()})
    };
    refused(&world, &app(1, &private), "GitHub App 1")?;
    refused(&world, &app(4711, "no key"), "no RSA key")?;
    let registered = world
        .client
        .post("/api/v1/repositories", &app(4711, &private))?
        .ok()?;
    ensure!(
        !registered.to_string().contains("ghs_") && !registered.to_string().contains("PRIVATE"),
        "{registered}"
    );
    let asked = github.requests();
    lives_from(&world, &world.url())?;
    assert!(
        github.requests() <= asked + 2,
        "a token is kept, and not asked for at every poll"
    );
    Ok(())
}

#[test]
fn helm_repositories_and_registries_are_tested() -> Result<()> {
    let world = World::start("charts", "sqlite")?;
    let basic = base64::prelude::BASE64_STANDARD.encode("robot:s3cret");
    let helm = Web::start(move |request| match request.target.as_str() {
        "/stable/index.yaml" => Answer::ok("apiVersion: v1\nentries: {}\n"),
        "/private/index.yaml" if request.authorization == format!("Basic {basic}") => {
            Answer::ok("entries: {}\n")
        }
        "/private/index.yaml" => Answer::new(401, ""),
        "/page/index.yaml" => Answer::ok("<html></html>"),
        _ => Answer::new(404, ""),
    })?;
    let repository = |path: &str| json!({"type": "helm", "name": "charts", "repo": format!("{}{path}", helm.url())});
    let client = &world.client;
    let registered = client
        .post("/api/v1/repositories", &repository("/stable"))?
        .ok()?;
    assert_eq!(registered["type"], "helm");
    assert_eq!(registered["connectionState"]["status"], "Successful");
    refused(&world, &repository("/missing"), "404")?;
    refused(&world, &repository("/page"), "no index")?;
    refused(&world, &repository("/private"), "authentication")?;
    let mut private = repository("/private");
    private["username"] = json!("robot");
    private["password"] = json!("s3cret");
    client.post("/api/v1/repositories", &private)?.ok()?;

    let registry_basic = base64::prelude::BASE64_STANDARD.encode("robot:s3cret");
    let realm: Arc<OnceLock<String>> = Arc::default();
    let own = Arc::clone(&realm);
    let registry = Web::start(move |request| {
        let path = request.target.split('?').next().unwrap_or_default();
        match (path, request.authorization.as_str()) {
            ("/v2/", _) => {
                let url = own.get().map_or("", String::as_str);
                let challenge = format!("Bearer realm=\"{url}/token\",service=\"registry\"");
                Answer::new(401, "").with("WWW-Authenticate", &challenge)
            }
            ("/token", given) if given == format!("Basic {registry_basic}") => {
                Answer::ok("{\"token\": \"t\"}")
            }
            _ => Answer::new(401, ""),
        }
    })?;
    realm.get_or_init(|| registry.url());
    let url = format!("oci://{}/charts", registry.url().replace("http://", ""));
    let registry = |password: &str| json!({"type": "oci", "repo": url, "insecureOCIForceHttp": true, "username": "robot", "password": password});
    refused(&world, &registry("wrong"), "authentication")?;
    client
        .post("/api/v1/repositories", &registry("s3cret"))?
        .ok()?;
    let listed = client.get("/api/v1/repositories")?.ok()?;
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(3));
    Ok(())
}
