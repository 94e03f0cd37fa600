//! Many applications at once: how long until all are synchronised, what it costs, and what one commit costs then.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde_json::json;
use tiphys_testbed::git::{HttpServer as GitServer, Repository};
use tiphys_testbed::kubernetes::Kubernetes;
use tiphys_testbed::rest::Client;
use tiphys_testbed::tiphys::{Options, Tiphys};
use tiphys_tests::config_map;

use crate::http::Connection;
use crate::kubernetes::Cluster;
use crate::measure::{Row, milliseconds, resident};

/// Clients that create applications at the same time.
const CLIENTS: usize = 4;
/// How long everything may take.
const PATIENCE: Duration = Duration::from_secs(600);

/// Texts of one size of the measurement.
struct Texts {
    synced: &'static str,
    synced_aim: &'static str,
    memory: &'static str,
    memory_aim: &'static str,
    commit: &'static str,
}

const THOUSAND: Texts = Texts {
    synced: "1,000 one-ConfigMap applications, created by 4 clients: all Synced",
    synced_aim: "< 5 s",
    memory: "memory with 1,000 applications",
    memory_aim: "< 100 MB",
    commit: "a commit to one of 1,000 folders: live",
};

const TEN_THOUSAND: Texts = Texts {
    synced: "10,000 one-ConfigMap applications, created by 4 clients: all Synced",
    synced_aim: "< 60 s",
    memory: "memory with 10,000 applications",
    memory_aim: "< 400 MB",
    commit: "a commit to one of 10,000 folders: live",
};

/// Measures with 1,000 applications, and with 10,000 when asked to.
pub fn many(cluster: &Cluster, binary: &Path, folder: &Path, full: bool) -> Result<Vec<Row>> {
    let mut rows = measure(cluster, binary, &folder.join("thousand"), 1000, &THOUSAND)?;
    if full {
        let folder = folder.join("ten-thousand");
        rows.extend(measure(cluster, binary, &folder, 10_000, &TEN_THOUSAND)?);
    }
    Ok(rows)
}

fn plain(what: &'static str, measured: String, aim: &'static str) -> Row {
    Row {
        what,
        measured,
        beside: String::new(),
        ratio: String::new(),
        aim,
    }
}

fn measure(
    cluster: &Cluster,
    binary: &Path,
    folder: &Path,
    count: usize,
    texts: &Texts,
) -> Result<Vec<Row>> {
    let root = folder.join("git");
    let repository = Repository::init(&root, "many")?;
    let git = GitServer::start(&root)?;
    for n in 0..count {
        repository.write(
            &format!("app-{n}/a.yaml"),
            config_map(&format!("m{n}"), "1"),
        )?;
    }
    repository.commit("everything")?;
    let url = git.url(&repository.path());
    let namespace = cluster.namespace(&format!("many-{count}"))?;
    let beside = cluster.namespace(&format!("many-{count}-bare"))?;
    let mut best = f64::MAX;
    for concurrency in [16, 32] {
        best = best.min(cluster.bare(&beside, &format!("c{concurrency}"), count, concurrency)?);
    }
    let mut options = Options::new(binary, &folder.join("data"));
    options.kubeconfig = Some(cluster.kubeconfig().to_owned());
    let mut tiphys = Tiphys::start(options)?;
    let client = tiphys.admin()?;
    let from = Instant::now();
    create(&tiphys, &client, &url, &namespace, count)?;
    let created = from.elapsed().as_secs_f64();
    until_synced(&client, count)?;
    let synced = from.elapsed().as_secs_f64();
    let mut rows = vec![Row {
        what: texts.synced,
        measured: format!("{synced:.1} s ({created:.1} s of it creating)"),
        beside: format!("{:.1} s, bare kube client", best / 1000.0),
        ratio: format!("{:.1}", synced * 1000.0 / best),
        aim: texts.synced_aim,
    }];
    rows.push(plain(
        texts.memory,
        format!("{:.0} MB", resident(tiphys.id())?),
        texts.memory_aim,
    ));
    let idle = share_of_a_core(tiphys.id())?;
    let spent = committed(cluster.kubernetes(), &repository, &namespace)?;
    rows.push(plain(texts.commit, format!("{spent:.2} s"), "< 2 s"));
    rows.push(plain(
        "share of a core in steady state, with as many",
        format!("{:.1} %", idle * 100.0),
        "< 5 %",
    ));
    if count == 1000 {
        rows.push(unrelated(cluster, &tiphys)?);
    }
    tiphys.stop().context("the server does not stop")?;
    cluster.forget(&[&namespace, &beside])?;
    Ok(rows)
}

fn create(
    tiphys: &Tiphys,
    client: &Client,
    url: &str,
    namespace: &str,
    count: usize,
) -> Result<()> {
    let token = client.token().unwrap_or_default();
    let address = tiphys.url();
    let port: u16 = address.rsplit(':').next().context("no port")?.parse()?;
    std::thread::scope(|scope| -> Result<()> {
        let threads: Vec<_> = (0..CLIENTS)
            .map(|thread| {
                scope.spawn(move || -> Result<()> {
                    let mut connection = Connection::open(port, token)?;
                    for n in (thread..count).step_by(CLIENTS) {
                        let body = json!({
                            "metadata": {"name": format!("app-{n}")},
                            "spec": {
                                "project": "default",
                                "source": {"repoURL": url, "path": format!("app-{n}"), "targetRevision": "main"},
                                "destination": {"server": "https://kubernetes.default.svc", "namespace": namespace},
                                "syncPolicy": {"automated": {}},
                            },
                        });
                        connection.send("POST", "/api/v1/applications", &body.to_string())?;
                    }
                    Ok(())
                })
            })
            .collect();
        threads.into_iter().try_for_each(|thread| {
            thread
                .join()
                .map_err(|_| anyhow::anyhow!("a client ended"))?
        })
    })
}

fn until_synced(client: &Client, count: usize) -> Result<()> {
    let from = Instant::now();
    loop {
        let list = client.get("/api/v1/applications")?.ok()?;
        let items = list["items"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        let synced = items
            .iter()
            .filter(|app| app["operation"].is_null() && app["status"]["sync"]["status"] == "Synced")
            .count();
        if synced == count {
            return Ok(());
        }
        anyhow::ensure!(
            from.elapsed() < PATIENCE,
            "{synced} of {count} are synchronised; the first that is not: {:?}",
            items
                .iter()
                .find(|app| app["status"]["sync"]["status"] != "Synced")
        );
        // The list is not what is measured: it is asked for seldom.
        std::thread::sleep(Duration::from_millis(if count > 2000 { 1000 } else { 100 }));
    }
}

/// Processor time of the server over some seconds in which nothing happens.
fn share_of_a_core(id: u32) -> Result<f64> {
    let ticks = || -> Result<f64> {
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat"))?;
        let fields: Vec<&str> = stat
            .rsplit(") ")
            .next()
            .context("no fields")?
            .split(' ')
            .collect();
        let time = |at: usize| fields.get(at).and_then(|text| text.parse::<f64>().ok());
        Ok(time(11).context("no user time")? + time(12).context("no system time")?)
    };
    // What the last change brought about is over by then.
    std::thread::sleep(Duration::from_secs(3));
    let (from, before) = (Instant::now(), ticks()?);
    std::thread::sleep(Duration::from_secs(10));
    // The kernel counts in hundredths of a second.
    Ok((ticks()? - before) / 100.0 / from.elapsed().as_secs_f64())
}

/// Seconds from a push that touches one folder to its object being live.
fn committed(kubernetes: &Kubernetes, repository: &Repository, namespace: &str) -> Result<f64> {
    let path = format!("/api/v1/namespaces/{namespace}/configmaps/m7");
    let mut times = Vec::new();
    for n in 2..7 {
        let value = n.to_string();
        repository.write("app-7/a.yaml", config_map("m7", &value))?;
        repository.commit(&value)?;
        let from = Instant::now();
        kubernetes.wait(&path, PATIENCE, |map| {
            map["data"]["value"] == value.as_str()
        })?;
        times.push(milliseconds(from) / 1000.0);
    }
    Ok(crate::measure::median(times))
}

/// What 20,000 objects of a kind in use cost that belong to nobody.
fn unrelated(cluster: &Cluster, tiphys: &Tiphys) -> Result<Row> {
    let before = resident(tiphys.id())?;
    let beside = cluster.namespace("unrelated")?;
    cluster.bare(&beside, "u", 20_000, 32)?;
    std::thread::sleep(Duration::from_secs(5));
    let after = resident(tiphys.id())?;
    cluster.forget(&[&beside])?;
    Ok(plain(
        "20,000 unrelated objects of a kind in use add",
        format!("{:.1} MB", after - before),
        "≤ 10 MB",
    ))
}
