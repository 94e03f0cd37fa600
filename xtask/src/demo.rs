//! `cargo xtask demo`: the main job, visible.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};
use tiphys_testbed::control_plane::Cluster;
use tiphys_testbed::git::{self, Repository};
use tiphys_testbed::rest::Client;
use tiphys_testbed::tiphys::{Options, PASSWORD, Tiphys};
use tiphys_testbed::wait_for;

/// Options of `cargo xtask demo`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Use this cluster instead of a throw-away one; the demo makes and deletes the namespace `tiphys-demo` in it
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
    /// Stop at the end instead of leaving the server running until Ctrl-C
    #[arg(long)]
    exit: bool,
}

const PATIENCE: Duration = Duration::from_secs(60);

struct Story {
    began: Instant,
    last: Instant,
}

impl Story {
    fn tell(&mut self, line: &str) {
        let now = Instant::now();
        println!(
            "{:7.2} s  {:>8.1} ms  {line}",
            (now - self.began).as_secs_f64(),
            (now - self.last).as_secs_f64() * 1000.0
        );
        self.last = now;
    }
}

/// Runs the demo.
pub fn run(args: &Args) -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .context("xtask lives in the workspace")?;
    eprintln!("building the release binary (some minutes the first time)");
    let binary = crate::binary::release(root)?;
    let cluster = Cluster::resolve(
        args.kubeconfig.as_deref(),
        "demo",
        &mut crate::cluster::tell,
    )?;
    let folder = tempfile::tempdir()?;
    let repository = Repository::init(&folder.path().join("git"), "guestbook")?;
    repository.write("app/all.yaml", manifests("blue"))?;
    let first = repository.commit("a small application")?;
    let server = git::HttpServer::start(&folder.path().join("git"))?;
    let url = server.url(&repository.path());
    println!("   since start      step  what");
    let mut story = Story {
        began: Instant::now(),
        last: Instant::now(),
    };
    let mut options = Options::new(&binary, &folder.path().join("data"));
    options.kubeconfig = Some(cluster.kubeconfig().to_owned());
    let mut tiphys = Tiphys::start(options)?;
    story.tell(&format!("tiphys serves {}", tiphys.url()));
    let client = tiphys.admin()?;
    story.tell("logged in as admin");
    client
        .post("/api/v1/repositories", &json!({"repo": url, "type": "git"}))?
        .ok()?;
    story.tell(&format!("repository {url} registered and reachable"));
    client
        .post("/api/v1/applications", &application(&url))?
        .ok()?;
    story.tell("application guestbook created");
    client
        .post("/api/v1/applications/guestbook/sync", &json!({}))?
        .ok()?;
    story.tell("sync accepted");
    until(&client, &first)?;
    story.tell(&format!("Synced and Healthy at {}", &first[..7]));
    repository.write("app/all.yaml", manifests("green"))?;
    let second = repository.commit("another colour")?;
    story.tell(&format!("commit {} pushed", &second[..7]));
    wait_for("the commit to be seen", PATIENCE, || {
        let application = client.get("/api/v1/applications/guestbook")?.ok()?;
        Ok(
            if application["status"]["sync"]["revision"] == second.as_str() {
                Ok(())
            } else {
                Err(application["status"].to_string())
            },
        )
    })?;
    story.tell("OutOfSync: the commit was seen");
    client
        .post("/api/v1/applications/guestbook/sync", &json!({}))?
        .ok()?;
    until(&client, &second)?;
    story.tell("synced: the commit is live");
    client
        .post("/api/v1/applications/guestbook/rollback", &json!({"id": 0}))?
        .ok()?;
    wait_for("the rollback", PATIENCE, || {
        let application = client.get("/api/v1/applications/guestbook")?.ok()?;
        let state = &application["status"]["operationState"];
        let done = application["operation"].is_null()
            && state["phase"] == "Succeeded"
            && state["syncResult"]["revision"] == first.as_str();
        Ok(if done { Ok(()) } else { Err(state.to_string()) })
    })?;
    story.tell(&format!("rolled back to {}", &first[..7]));
    if !args.exit {
        println!(
            "\nThe server runs until Ctrl-C:\n  URL       {}\n  user      admin\n  password  {PASSWORD}\n  cluster   KUBECONFIG={}",
            tiphys.url(),
            cluster.kubeconfig().display()
        );
        while tiphys.exited()?.is_none() {
            if interrupted()? {
                break;
            }
        }
    }
    client.delete("/api/v1/applications/guestbook")?;
    tiphys.stop();
    Ok(())
}

/// Waits for Ctrl-C for a moment.
fn interrupted() -> Result<bool> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        match tokio::time::timeout(Duration::from_millis(500), tokio::signal::ctrl_c()).await {
            Ok(result) => result.map(|()| true).context("Ctrl-C cannot be watched"),
            Err(_) => Ok(false),
        }
    })
}

fn until(client: &Client, commit: &str) -> Result<()> {
    wait_for("Synced and Healthy", PATIENCE, || {
        let application = client.get("/api/v1/applications/guestbook")?.ok()?;
        let status = &application["status"];
        if application["operation"].is_null()
            && matches!(
                status["operationState"]["phase"].as_str(),
                Some("Failed" | "Error")
            )
        {
            bail!("the sync failed: {}", status["operationState"]["message"]);
        }
        let done = status["sync"]["status"] == "Synced"
            && status["health"]["status"] == "Healthy"
            && status["sync"]["revision"] == commit;
        Ok(if done {
            Ok(())
        } else {
            Err(status.to_string())
        })
    })
}

fn application(url: &str) -> Value {
    json!({
        "metadata": {"name": "guestbook"},
        "spec": {
            "project": "default",
            "source": {"repoURL": url, "path": "app", "targetRevision": "main"},
            "destination": {"server": "https://kubernetes.default.svc", "namespace": "tiphys-demo"},
            "syncPolicy": {"syncOptions": ["CreateNamespace=true"]},
        },
    })
}

fn manifests(colour: &str) -> String {
    [
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {"colour": colour}}),
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]}}),
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {
            "replicas": 1,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "web", "image": "registry.k8s.io/pause:3.10"}]}},
        }}),
    ]
    .iter()
    .map(|object| format!("---\n{object:#}\n"))
    .collect()
}
