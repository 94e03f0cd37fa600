//! Many applications at once: how long until all are synchronised, what it costs, and what one commit costs then.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use tiphys_testbed::git::{HttpServer as GitServer, Repository};
use tiphys_testbed::kubernetes::Kubernetes;
use tiphys_testbed::rest::Client;
use tiphys_testbed::tiphys::{Options, Tiphys};
use tiphys_tests::config_map;

use crate::http::Connection;
use crate::kubernetes::{Cluster, Placed};
use crate::measure::{Row, milliseconds, resident};

/// Clients that create applications at the same time.
const CLIENTS: usize = 4;
/// How long everything may take.
const PATIENCE: Duration = Duration::from_secs(600);

/// One size of the measurement.
struct Load {
    name: &'static str,
    count: usize,
    /// The objects of one application, each with where it lies in a namespace.
    objects: fn(usize) -> Vec<(&'static str, Value)>,
    synced: &'static str,
    synced_aim: &'static str,
    memory: &'static str,
    memory_aim: &'static str,
    /// Whether a commit and the time afterwards are measured, too.
    commit: Option<&'static str>,
}

const THOUSAND: Load = Load {
    name: "thousand",
    count: 1000,
    objects: one_map,
    synced: "1,000 one-ConfigMap applications, created by 4 clients: all Synced",
    synced_aim: "< 5 s",
    memory: "memory with 1,000 applications",
    memory_aim: "< 100 MB",
    commit: Some("a commit to one of 1,000 folders: live"),
};

const HANDFUL: Load = Load {
    name: "handful",
    count: 1000,
    objects: handful,
    synced: "1,000 applications of 5 objects, created by 4 clients: all Synced and Healthy, without the creating",
    synced_aim: "≤ 2",
    memory: "memory with 1,000 applications of 5 objects",
    memory_aim: "< 250 MB",
    commit: None,
};

const TEN_THOUSAND: Load = Load {
    name: "ten-thousand",
    count: 10_000,
    objects: one_map,
    synced: "10,000 one-ConfigMap applications, created by 4 clients: all Synced",
    synced_aim: "< 60 s",
    memory: "memory with 10,000 applications",
    memory_aim: "< 400 MB",
    commit: Some("a commit to one of 10,000 folders: live"),
};

fn one_map(n: usize) -> Vec<(&'static str, Value)> {
    let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": format!("m{n}")}, "data": {"value": "1"}});
    vec![("api/v1/configmaps", map)]
}

fn handful(n: usize) -> Vec<(&'static str, Value)> {
    const RBAC: &str = "rbac.authorization.k8s.io/v1";
    let object = |api_version: &str, kind: &str, rest: Value| {
        let mut object =
            json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": format!("m{n}")}});
        for (name, value) in rest.as_object().into_iter().flatten() {
            object[name] = value.clone();
        }
        object
    };
    let rules = json!([{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "list"]}]);
    let role =
        json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": format!("m{n}")});
    let subjects = json!([{"kind": "ServiceAccount", "name": format!("m{n}")}]);
    let pods = json!({"podSelector": {"matchLabels": {"app": format!("m{n}")}}, "policyTypes": ["Ingress"]});
    let account = object("v1", "ServiceAccount", Value::Null);
    let binding = json!({"roleRef": role, "subjects": subjects});
    let policy = object(
        "networking.k8s.io/v1",
        "NetworkPolicy",
        json!({"spec": pods}),
    );
    let mut objects = one_map(n);
    objects.extend([
        ("api/v1/serviceaccounts", account),
        (
            "apis/rbac.authorization.k8s.io/v1/roles",
            object(RBAC, "Role", json!({"rules": rules})),
        ),
        (
            "apis/rbac.authorization.k8s.io/v1/rolebindings",
            object(RBAC, "RoleBinding", binding),
        ),
        ("apis/networking.k8s.io/v1/networkpolicies", policy),
    ]);
    objects
}

impl Load {
    /// All objects, as a bare client applies them.
    fn placed(&self, namespace: &str, prefix: &str) -> Vec<Placed> {
        let place = |(collection, mut object): (&'static str, Value)| {
            let name = format!(
                "{prefix}-{}",
                object["metadata"]["name"].as_str().unwrap_or_default()
            );
            object["metadata"]["name"] = json!(name);
            let (api, kind) = collection.rsplit_once('/').unwrap_or(("", collection));
            (
                format!("/{api}/namespaces/{namespace}/{kind}/{name}"),
                object,
            )
        };
        (0..self.count).flat_map(self.objects).map(place).collect()
    }
}

/// Measures with 1,000 applications, small ones and larger ones, and with 10,000 when asked to.
pub fn many(cluster: &Cluster, binary: &Path, folder: &Path, full: bool) -> Result<Vec<Row>> {
    let mut rows = measure(cluster, binary, folder, &THOUSAND)?;
    rows.extend(measure(cluster, binary, folder, &HANDFUL)?);
    if full {
        rows.extend(measure(cluster, binary, folder, &TEN_THOUSAND)?);
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

fn measure(cluster: &Cluster, binary: &Path, folder: &Path, load: &Load) -> Result<Vec<Row>> {
    let folder = folder.join(load.name);
    let count = load.count;
    let root = folder.join("git");
    let repository = Repository::init(&root, "many")?;
    let git = GitServer::start(&root)?;
    for n in 0..count {
        let objects = (load.objects)(n);
        let text: String = objects
            .iter()
            .map(|(_, object)| format!("---\n{object}\n"))
            .collect();
        repository.write(&format!("app-{n}/a.yaml"), text)?;
    }
    repository.commit("everything")?;
    let url = git.url(&repository.path());
    let namespace = cluster.namespace(load.name)?;
    let beside = cluster.namespace(&format!("{}-bare", load.name))?;
    let mut best = f64::MAX;
    for concurrency in [16, 32] {
        let objects = load.placed(&beside, &format!("c{concurrency}"));
        best = best.min(cluster.bare_all(objects, concurrency)?);
    }
    let mut options = Options::new(binary, &folder.join("data"));
    options.kubeconfig = Some(cluster.kubeconfig().to_owned());
    let mut tiphys = Tiphys::start(options)?;
    let client = tiphys.admin()?;
    let from = Instant::now();
    create(
        &tiphys,
        &client,
        &url,
        &namespace,
        count,
        &json!({"automated": {}}),
    )?;
    let created = from.elapsed().as_secs_f64();
    until_synced(&client, count)?;
    let synced = from.elapsed().as_secs_f64();
    // Creating goes on beside the first syncs: what it takes alone is not theirs.
    let is_alone = load.commit.is_none();
    let alone = if is_alone {
        created_alone(cluster, binary, &folder, &url, count)?
    } else {
        0.0
    };
    let mut rows = vec![Row {
        what: load.synced,
        measured: format!("{:.1} s ({created:.1} s until created)", synced - alone),
        beside: format!("{:.1} s, bare kube client", best / 1000.0),
        ratio: format!("{:.1}", (synced - alone) * 1000.0 / best),
        aim: load.synced_aim,
    }];
    rows.push(plain(
        load.memory,
        format!("{:.0} MB", resident(tiphys.id())?),
        load.memory_aim,
    ));
    if let Some(commit) = load.commit {
        let idle = share_of_a_core(tiphys.id())?;
        let spent = committed(cluster.kubernetes(), &repository, &namespace)?;
        rows.push(plain(commit, format!("{spent:.2} s"), "< 2 s"));
        rows.push(plain(
            "share of a core in steady state, with as many",
            format!("{:.1} %", idle * 100.0),
            "< 5 %",
        ));
    }
    if load.name == THOUSAND.name {
        rows.push(unrelated(cluster, &tiphys)?);
    }
    tiphys.stop().context("the server does not stop")?;
    cluster.forget(&[&namespace, &beside])?;
    Ok(rows)
}

/// Seconds for creating as many applications when nothing is synchronised.
fn created_alone(
    cluster: &Cluster,
    binary: &Path,
    folder: &Path,
    url: &str,
    count: usize,
) -> Result<f64> {
    let mut options = Options::new(binary, &folder.join("alone"));
    options.kubeconfig = Some(cluster.kubeconfig().to_owned());
    let mut tiphys = Tiphys::start(options)?;
    let client = tiphys.admin()?;
    let from = Instant::now();
    create(&tiphys, &client, url, "default", count, &Value::Null)?;
    let spent = from.elapsed().as_secs_f64();
    tiphys.stop().context("the server does not stop")?;
    Ok(spent)
}

fn create(
    tiphys: &Tiphys,
    client: &Client,
    url: &str,
    namespace: &str,
    count: usize,
    policy: &Value,
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
                                "syncPolicy": policy,
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

fn is_well(application: &Value) -> bool {
    let status = &application["status"];
    application["operation"].is_null()
        && status["sync"]["status"] == "Synced"
        && status["health"]["status"] == "Healthy"
}

fn until_synced(client: &Client, count: usize) -> Result<()> {
    let from = Instant::now();
    loop {
        let list = client.get("/api/v1/applications")?.ok()?;
        let items = list["items"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        let synced = items.iter().filter(|app| is_well(app)).count();
        if synced == count {
            return Ok(());
        }
        anyhow::ensure!(
            from.elapsed() < PATIENCE,
            "{synced} of {count} are synchronised; the first that is not: {:?}",
            items.iter().find(|app| !is_well(app))
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
