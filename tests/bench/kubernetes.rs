//! What needs a cluster: syncs beside a bare client, and the way from a push to a live object.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use dropshot::{
    ApiDescription, ConfigDropshot, HttpError, HttpServer, RequestContext, ServerBuilder, endpoint,
};
use futures::StreamExt as _;
use http::Response;
use kube::config::{KubeConfigOptions, Kubeconfig};
use serde_json::{Value, json};
use tiphys_testbed::git::{HttpServer as GitServer, Repository};
use tiphys_testbed::kubernetes::Kubernetes;
use tiphys_testbed::rest::Client;
use tiphys_testbed::tiphys::{Options, Tiphys};
use tiphys_tests::config_map;

use crate::measure::{Row, median, milliseconds, resident};

const PATIENCE: Duration = Duration::from_secs(60);

#[endpoint { method = GET, path = "/list" }]
async fn list(
    context: RequestContext<bytes::Bytes>,
) -> Result<Response<dropshot::Body>, HttpError> {
    if !context.request.headers().contains_key("authorization") {
        return Err(HttpError::for_client_error(
            None,
            dropshot::ClientErrorStatusCode::UNAUTHORIZED,
            "no token".to_owned(),
        ));
    }
    Response::builder()
        .header("content-type", "application/json")
        .body(dropshot::Body::from(context.context().clone()))
        .map_err(|error| HttpError::for_internal_error(error.to_string()))
}

/// Serves so many bytes until standard input ends; the port is printed.
pub fn serve_prebuilt(size: usize) -> Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    let server = runtime.block_on(async { prebuilt(size) })?;
    println!("{}", server.local_addr().port());
    std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink())?;
    Ok(())
}

/// A server that sends so many bytes.
fn prebuilt(size: usize) -> Result<HttpServer<bytes::Bytes>> {
    let mut api = ApiDescription::new();
    api.register(list)?;
    let config = ConfigDropshot {
        bind_address: "127.0.0.1:0".parse()?,
        ..ConfigDropshot::default()
    };
    let log = slog::Logger::root(slog::Discard, slog::o!());
    ServerBuilder::new(api, bytes::Bytes::from(vec![b' '; size]), log)
        .config(config)
        .start()
        .map_err(|error| anyhow::anyhow!("{error}"))
}

fn until<T>(what: &str, probe: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    until_every(Duration::from_millis(2), what, probe)
}

fn until_every<T>(
    pause: Duration,
    what: &str,
    mut probe: impl FnMut() -> Result<Option<T>>,
) -> Result<T> {
    let from = Instant::now();
    loop {
        if let Some(found) = probe()? {
            return Ok(found);
        }
        anyhow::ensure!(from.elapsed() < PATIENCE, "waited too long for {what}");
        std::thread::sleep(pause);
    }
}

/// Where an object lies, and it.
pub type Placed = (String, Value);

/// A ConfigMap, as [`Cluster::bare_all`] takes it.
pub fn placed_map(namespace: &str, name: &str) -> Placed {
    let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"value": "1"}});
    (
        format!("/api/v1/namespaces/{namespace}/configmaps/{name}"),
        object,
    )
}

/// Milliseconds for one server-side apply of each object, at a concurrency.
async fn bare(client: &kube::Client, objects: Vec<Placed>, concurrency: usize) -> Result<f64> {
    let from = Instant::now();
    let requests = objects.into_iter().map(|(path, object)| async move {
        let request = http::Request::patch(format!("{path}?fieldManager=bare&force=true"))
            .header("content-type", "application/apply-patch+yaml")
            .body(object.to_string().into_bytes())?;
        anyhow::Ok(client.request::<Value>(request).await?)
    });
    let results: Vec<_> = futures::stream::iter(requests)
        .buffer_unordered(concurrency)
        .collect()
        .await;
    results.into_iter().collect::<Result<Vec<_>>>()?;
    Ok(milliseconds(from))
}

/// Milliseconds from sending the request, and from its answer, to the end of the operation. `pause` is between two looks: who looks
/// all the time takes the cores from what is measured.
fn sync(client: &Client, name: &str, pause: Duration) -> Result<(f64, f64)> {
    let from = Instant::now();
    client
        .post(&format!("/api/v1/applications/{name}/sync"), &json!({}))?
        .ok()?;
    let accepted = Instant::now();
    until_every(pause, "the sync", || {
        let application = client.get(&format!("/api/v1/applications/{name}"))?.ok()?;
        let state = &application["status"]["operationState"];
        anyhow::ensure!(
            state["phase"] != "Failed" && state["phase"] != "Error",
            "{state}"
        );
        Ok((application["operation"].is_null() && state["phase"] == "Succeeded").then_some(()))
    })?;
    Ok((milliseconds(from), milliseconds(accepted)))
}

fn application(name: &str, url: &str, path: &str, namespace: &str, policy: &Value) -> Value {
    json!({
        "metadata": {"name": name},
        "spec": {
            "project": "default",
            "source": {"repoURL": url, "path": path, "targetRevision": "main"},
            "destination": {"server": "https://kubernetes.default.svc", "namespace": namespace},
            "syncPolicy": policy,
        },
    })
}

/// The cluster of the measurements, and a bare client beside it.
pub struct Cluster {
    runtime: tokio::runtime::Runtime,
    client: kube::Client,
    kubernetes: Kubernetes,
}

impl Cluster {
    /// Connects.
    pub fn connect(kubeconfig: &Path) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()?;
        let config = runtime.block_on(kube::Config::from_custom_kubeconfig(
            Kubeconfig::read_from(kubeconfig)?,
            &KubeConfigOptions::default(),
        ))?;
        let client = runtime.block_on(async { kube::Client::try_from(config) })?;
        Ok(Self {
            runtime,
            client,
            kubernetes: Kubernetes::from_kubeconfig(kubeconfig)?,
        })
    }

    /// A client of it.
    pub fn client(&self) -> &kube::Client {
        &self.client
    }

    /// Where the client works.
    pub fn runtime(&self) -> &tokio::runtime::Runtime {
        &self.runtime
    }

    /// How it is reached.
    pub fn kubeconfig(&self) -> &Path {
        self.kubernetes.kubeconfig()
    }

    /// A look into it.
    pub fn kubernetes(&self) -> &Kubernetes {
        &self.kubernetes
    }

    /// A new namespace.
    pub fn namespace(&self, what: &str) -> Result<String> {
        let name = format!("bench-{}-{what}", std::process::id());
        self.kubernetes.create(
            "/api/v1/namespaces",
            &json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}),
        )?;
        Ok(name)
    }

    /// Deletes namespaces; nobody waits for it.
    pub fn forget(&self, namespaces: &[&String]) -> Result<()> {
        for name in namespaces {
            self.kubernetes
                .delete(&format!("/api/v1/namespaces/{name}"))?;
        }
        Ok(())
    }

    /// Milliseconds for one server-side apply of each of `count` ConfigMaps, at a concurrency.
    pub fn bare(
        &self,
        namespace: &str,
        prefix: &str,
        count: usize,
        concurrency: usize,
    ) -> Result<f64> {
        let maps = (0..count).map(|n| placed_map(namespace, &format!("{prefix}-{n}")));
        self.bare_all(maps.collect(), concurrency)
    }

    /// Milliseconds for one server-side apply of each object, at a concurrency.
    pub fn bare_all(&self, objects: Vec<Placed>, concurrency: usize) -> Result<f64> {
        self.runtime
            .block_on(bare(&self.client, objects, concurrency))
    }
}

/// Syncs of some sizes, and a push.
pub fn with_cluster(cluster: &Cluster, binary: &Path, folder: &Path) -> Result<Vec<Row>> {
    let kubernetes = cluster.kubernetes();
    let root = folder.join("git");
    let repository = Repository::init(&root, "bench")?;
    let git = GitServer::start(&root)?;
    let url = git.url(&repository.path());
    let hundred: String = (0..100)
        .map(|n| config_map(&format!("m{n}"), "1"))
        .collect();
    repository.write("hundred/all.yaml", hundred)?;
    repository.write("two/all.yaml", config_map("a", "1") + &config_map("b", "1"))?;
    repository.write("live/all.yaml", config_map("pushed", "0"))?;
    repository.commit("everything")?;
    let mut options = Options::new(binary, &folder.join("cluster"));
    options.kubeconfig = Some(cluster.kubeconfig().to_owned());
    let mut tiphys = Tiphys::start(options)?;
    let client = tiphys.admin()?;
    let mut rows = Vec::new();
    for (path, what, count, aim) in [
        (
            "hundred",
            "sync of 100 objects, POST accepted to Succeeded",
            100,
            "≤ 1.5",
        ),
        ("two", "sync of 2 objects, POST to Succeeded", 2, "< 40 ms"),
    ] {
        let mut ours = Vec::new();
        let mut theirs: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
        let pause = Duration::from_millis(if count > 2 { 5 } else { 1 });
        for run in 0..9 {
            let place = cluster.namespace(&format!("{path}-{run}"))?;
            let beside = cluster.namespace(&format!("{path}-{run}-bare"))?;
            let name = format!("{path}-{run}");
            client
                .post(
                    "/api/v1/applications",
                    &application(&name, &url, path, &place, &Value::Null),
                )?
                .ok()?;
            until("the comparison", || {
                let application = client.get(&format!("/api/v1/applications/{name}"))?.ok()?;
                Ok((application["status"]["sync"]["status"] == "OutOfSync").then_some(()))
            })?;
            let (whole, carried_out) = sync(&client, &name, pause)?;
            // Looking at the repository belongs to the request of a small sync; a large one is about carrying it out.
            ours.push(if count > 2 { carried_out } else { whole });
            for concurrency in [8, 16, 32, 64] {
                let prefix = format!("c{concurrency}");
                let took = cluster.bare(&beside, &prefix, count, concurrency)?;
                theirs.entry(concurrency).or_default().push(took);
            }
            cluster.forget(&[&place, &beside])?;
        }
        let theirs = theirs.into_values().map(median).fold(f64::MAX, f64::min);
        let ours = median(ours);
        rows.push(Row {
            what,
            measured: format!("{ours:.0} ms"),
            beside: format!("{theirs:.0} ms, bare kube client at its best concurrency"),
            ratio: format!("{:.2}", ours / theirs),
            aim,
        });
    }
    let live = cluster.namespace("live")?;
    rows.push(push_to_live(&client, kubernetes, &repository, &url, &live)?);
    rows.push(Row {
        what: "memory after these syncs",
        measured: format!("{:.1} MB", resident(tiphys.id())?),
        beside: String::new(),
        ratio: String::new(),
        aim: "",
    });
    tiphys.stop().context("the server does not stop")?;
    cluster.forget(&[&live])?;
    Ok(rows)
}

fn push_to_live(
    client: &Client,
    kubernetes: &Kubernetes,
    repository: &Repository,
    url: &str,
    namespace: &str,
) -> Result<Row> {
    let policy = json!({"automated": {}});
    client
        .post(
            "/api/v1/applications",
            &application("live", url, "live", namespace, &policy),
        )?
        .ok()?;
    let path = format!("/api/v1/namespaces/{namespace}/configmaps/pushed");
    until("the first value", || {
        Ok(kubernetes
            .get(&path)?
            .filter(|live| live["data"]["value"] == "0"))
    })?;
    let mut times = Vec::new();
    for n in 1..=20 {
        let value = n.to_string();
        repository.write("live/all.yaml", config_map("pushed", &value))?;
        repository.commit(&value)?;
        let from = Instant::now();
        until("the pushed value", || {
            Ok(kubernetes
                .get(&path)?
                .filter(|live| live["data"]["value"] == value.as_str()))
        })?;
        times.push(from.elapsed().as_secs_f64());
    }
    times.sort_by(f64::total_cmp);
    Ok(Row {
        what: "git push to live object, 1 s poll",
        measured: format!("{:.2} s at p95, {:.2} s median", times[18], times[10]),
        beside: String::new(),
        ratio: String::new(),
        aim: "< 3 s at p95",
    })
}
