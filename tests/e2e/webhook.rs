//! Events of Git servers make a commit live at once, and the customisations of the configuration file are in use.

use std::time::{Duration, Instant};

use anyhow::Result;
use hmac::{Hmac, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use tiphys_testbed::rest::Answer;
use tiphys_testbed::tiphys::{Options, Tiphys};
use tiphys_tests::{PATIENCE, World, config_map};

const SECRET: &str = "sown teeth";
/// From the event to the live object.
const AT_ONCE: Duration = Duration::from_secs(2);

fn signature(body: &[u8], secret: &str) -> Result<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes())?;
    mac.update(body);
    let digits = mac.finalize().into_bytes();
    Ok(digits.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Sends an event; nobody is logged in.
fn send(world: &World, headers: &[(&str, &str)], body: &[u8]) -> Result<Answer> {
    let client = world.tiphys.anonymous();
    client.send("POST", "/api/webhook", headers, Some(body))
}

/// The repository as a server names it that is reached otherwise: by SSH, at another port, in capitals.
fn push(world: &World) -> Value {
    let path = world.repository.path().to_uppercase();
    json!({"ref": "refs/heads/main", "repository": {
        "html_url": null, "ssh_url": format!("ssh://git@127.0.0.1:2222/{path}"),
    }})
}

#[test]
fn a_signed_push_is_live_at_once() -> Result<()> {
    let world = World::start_with("webhook", |options| {
        options.poll_interval = 600;
        options
            .environment
            .push(("TIPHYS_WEBHOOK_GITHUB_SECRET".into(), SECRET.into()));
        options
            .arguments
            .extend(["--webhook-generic-secret".into(), SECRET.into()]);
    })?;
    world.repository.write("app/a.yaml", config_map("a", "1"))?;
    let first = world.repository.commit("one")?;
    world.create(&json!({}))?;
    world.until_synced(&first)?;

    // What nobody has proved does nothing.
    world.repository.write("app/a.yaml", config_map("a", "2"))?;
    world.repository.commit("two")?;
    let listings = world.git.ref_listings();
    let body = push(&world).to_string().into_bytes();
    let wrong = format!("sha256={}", signature(&body, "another")?);
    for headers in [
        &[("x-github-event", "push")][..],
        &[("x-github-event", "push"), ("x-hub-signature-256", &wrong)],
        &[("x-github-event", "push"), ("x-hub-signature", &wrong)],
        &[],
    ] {
        let answer = send(&world, headers, &body)?;
        assert_eq!((answer.status, &answer.body["code"]), (401, &json!(16)));
        assert!(!answer.text.contains(SECRET));
    }
    assert_eq!(world.git.ref_listings(), listings);

    let right = format!("sha256={}", signature(&body, SECRET)?);
    let start = Instant::now();
    let headers = [
        ("content-type", "application/json"),
        ("x-github-event", "push"),
        ("x-hub-signature-256", &right),
    ];
    let answer = send(&world, &headers, &body)?;
    assert_eq!((answer.status, &answer.body), (200, &json!({})));
    world.kubernetes.wait(&world.map("a"), PATIENCE, |live| {
        live["data"]["value"] == "2"
    })?;
    let took = start.elapsed();
    assert!(took < AT_ONCE, "the object was live after {took:?}");

    // The same in the form for everybody.
    world.repository.write("app/a.yaml", config_map("a", "3"))?;
    let third = world.repository.commit("three")?;
    let body = json!({"repository": world.url(), "revision": third}).to_string();
    let bearer = format!("Bearer {SECRET}");
    let answer = send(&world, &[("authorization", &bearer)], body.as_bytes())?;
    assert_eq!(answer.status, 200);
    world.until_synced(&third)?;
    Ok(())
}

#[test]
fn without_a_secret_an_event_is_heard_seldom() -> Result<()> {
    let world = World::start_with("hearsay", |options| options.poll_interval = 600)?;
    world.repository.write("app/a.yaml", config_map("a", "1"))?;
    let first = world.repository.commit("one")?;
    world.create(&json!({}))?;
    world.until_synced(&first)?;
    world.repository.write("app/a.yaml", config_map("a", "2"))?;
    let second = world.repository.commit("two")?;
    let listings = world.git.ref_listings();
    let start = Instant::now();
    // What it says of revisions is not believed: this commit is nowhere.
    let mut event = push(&world);
    event["after"] = json!("0123456789012345678901234567890123456789");
    for _ in 0..50 {
        let body = event.to_string().into_bytes();
        let answer = send(&world, &[("x-gitea-event", "push")], &body)?;
        assert_eq!((answer.status, &answer.body), (200, &json!({})));
    }
    world.until_synced(&second)?;
    // One at once, one every ten seconds after it.
    let most = 2 + start.elapsed().as_secs() / 10;
    let asked = world.git.ref_listings() - listings;
    assert!(asked <= most, "{asked} listings for 50 events");

    let big = vec![b' '; (1 << 20) + 1];
    for (headers, body, says) in [
        (
            &[("x-gitea-event", "push")][..],
            &b"{"[..],
            "not valid JSON",
        ),
        (&[("x-gitea-event", "push")], b"{}", "names no repository"),
        (&[], b"{}", "unknown sender"),
        (&[], b"", "not valid JSON"),
        (&[], &big, "1048576 bytes"),
    ] {
        let answer = send(&world, headers, body)?;
        assert_eq!((answer.status, &answer.body["code"]), (400, &json!(3)));
        assert!(answer.message().contains(says), "{}", answer.text);
    }
    Ok(())
}

#[test]
fn customisations_of_the_file_are_in_use() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let config = folder.path().join("tiphys.toml");
    std::fs::write(
        &config,
        r#"
[customizations]
"actions.ConfigMap" = '''
discovery.lua: |
  return {["empty"] = {}}
definitions:
- name: empty
  action.lua: |
    obj.data.value = ""
    return obj
'''
"#,
    )?;
    let with = |options: &mut Options| {
        options.arguments = vec!["--config".into(), config.display().to_string()];
    };
    let world = World::start_with("customised", with)?;
    world.repository.write("app/a.yaml", config_map("a", "1"))?;
    let first = world.repository.commit("one")?;
    world.create(&json!({}))?;
    world.until_synced(&first)?;
    let query = format!(
        "/resource/actions?kind=ConfigMap&version=v1&resourceName=a&namespace={}",
        world.namespace
    );
    let actions = world.client.get(&world.path(&query))?.ok()?;
    assert_eq!(actions["actions"][0]["name"], "empty", "{actions}");

    // A mistake in it ends the start, and is named.
    std::fs::write(
        &config,
        "[customizations]\n\"health.example.com_Ship\" = \"return {\"\n",
    )?;
    let mut options = world.tiphys.options().clone();
    options.data_dir = folder.path().join("data");
    let (status, log) = Tiphys::refused(&options)?;
    assert!(!status.success());
    assert!(
        log.contains("customizations.\"health.example.com_Ship\""),
        "{log}"
    );
    Ok(())
}
