//! The pure planner: objects compared with what a real API server makes of them, and the first step of their synchronisation.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use chrono::Utc;
use http::Request;
use serde_json::{Value, json};
use tiphys_engine::diff::{self, Options as DiffOptions};
use tiphys_engine::object;
use tiphys_engine::schema::{Document, Schemas};
use tiphys_engine::sync::{
    self, Deadlines, Desired, Live, Options, Record, Request as Asked, Situation, Step,
};
use tiphys_engine::tracking::Tracking;
use tiphys_model::ResourceKey;

use crate::measure::{Row, median, milliseconds};

const OBJECTS: usize = 5000;
const RUNS: usize = 15;
const MANAGER: &str = "tiphys";
/// The places of OpenAPI documents, and of the objects below.
const DOCUMENTS: [(&str, &str); 3] = [
    ("v1", "/openapi/v3/api/v1"),
    ("apps/v1", "/openapi/v3/apis/apps/v1"),
    (
        "networking.k8s.io/v1",
        "/openapi/v3/apis/networking.k8s.io/v1",
    ),
];

/// The path of a kind's objects, and one of them.
fn samples() -> [(&'static str, Value); 5] {
    let container = |name: &str| {
        json!({"name": name, "image": format!("registry.example.com/{name}:1.2.3"), "ports": [{"containerPort": 8080, "name": "http"}],
            "env": [{"name": "MODE", "value": "production"}, {"name": "LEVEL", "value": "info"}],
            "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}},
            "readinessProbe": {"httpGet": {"path": "/ready", "port": "http"}}})
    };
    [
        (
            "/apis/apps/v1/namespaces/default/deployments",
            json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"labels": {"app": "web"}}, "spec": {"replicas": 2,
                "selector": {"matchLabels": {"app": "web"}}, "template": {"metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [container("web"), container("proxy")]}}}}),
        ),
        (
            "/api/v1/namespaces/default/services",
            json!({"apiVersion": "v1", "kind": "Service", "metadata": {"labels": {"app": "web"}},
                "spec": {"selector": {"app": "web"}, "ports": [{"name": "http", "port": 80, "targetPort": "http"}]}}),
        ),
        (
            "/api/v1/namespaces/default/configmaps",
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {}, "data": {"a": "1", "b": "2", "config.yaml": "x: 1\ny: 2\n"}}),
        ),
        (
            "/api/v1/namespaces/default/serviceaccounts",
            json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {}}),
        ),
        (
            "/apis/networking.k8s.io/v1/namespaces/default/ingresses",
            json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {}, "spec": {"rules": [{"host": "web.example.com",
                "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "web", "port": {"name": "http"}}}}]}}]}}),
        ),
    ]
}

struct Pair {
    key: ResourceKey,
    target: Value,
    live: Value,
}

/// Objects as they are wanted and as an API server has them; every tenth has drifted.
async fn pairs(client: &kube::Client) -> Result<Vec<Pair>> {
    let tracking = Tracking::default();
    let mut pairs = Vec::with_capacity(OBJECTS);
    for (path, sample) in samples() {
        for n in 0..OBJECTS / samples().len() {
            let mut target = sample.clone();
            target["metadata"]["name"] = json!(format!("object-{n}"));
            target["metadata"]["namespace"] = json!("default");
            let key = object::key(&target);
            tracking.track(&mut target, "planner", &key);
            pairs.push(Pair {
                key,
                target,
                live: Value::Null,
            });
        }
        let begin = pairs.len() - OBJECTS / samples().len();
        let first = &pairs[begin];
        let address = format!(
            "{path}/{}?fieldManager={MANAGER}&dryRun=All&force=true",
            first.key.name
        );
        let request = Request::patch(address)
            .header("content-type", "application/apply-patch+yaml")
            .body(first.target.to_string().into_bytes())?;
        let made: Value = client.request(request).await?;
        for (n, pair) in pairs[begin..].iter_mut().enumerate() {
            pair.live = made.clone();
            pair.live["metadata"]["name"] = json!(pair.key.name);
            pair.live["metadata"]["annotations"] = pair.target["metadata"]["annotations"].clone();
            pair.live["metadata"]["uid"] = json!(format!("{}-{n}", pair.key.kind));
            if n % 10 == 0 {
                pair.live["metadata"]["annotations"] = json!({});
            }
        }
    }
    Ok(pairs)
}

async fn schemas(client: &kube::Client) -> Result<Schemas> {
    let mut schemas = Schemas::default();
    for (name, path) in DOCUMENTS {
        let text = client
            .request_text(Request::get(path).body(Vec::new())?)
            .await?;
        schemas.insert(name, Arc::new(Document::from_openapi(&text)?));
    }
    Ok(schemas)
}

/// Compares everything, and plans the first step; answers how much of it is applied.
fn plan(pairs: &[Pair], schemas: &Schemas) -> usize {
    let options = DiffOptions {
        schemas: Some(schemas),
        ..DiffOptions::new(MANAGER)
    };
    let desired: Vec<Desired<'_>> = pairs
        .iter()
        .map(|pair| Desired {
            key: pair.key.clone(),
            target: &pair.target,
            drifted: diff::first(&pair.target, &pair.live, &options).drifted(),
            served: true,
        })
        .collect();
    let by_key: HashMap<&ResourceKey, &Value> =
        pairs.iter().map(|pair| (&pair.key, &pair.live)).collect();
    let live = |key: &ResourceKey| {
        by_key.get(key).map(|object| Live {
            object,
            health: None,
            message: "",
        })
    };
    let (request, record) = (Asked::default(), Record::new("a", Utc::now()));
    let only_drifted = Options {
        apply_out_of_sync_only: Some(true),
        ..Options::default()
    };
    let decision = sync::step(&Situation {
        desired: &desired,
        left: &[],
        live: &live,
        namespace: None,
        request: &request,
        options: &only_drifted,
        record: &record,
        deadlines: Deadlines::default(),
        now: Utc::now(),
    });
    match decision.step {
        Step::Run(wave) => wave.stages.iter().map(Vec::len).sum(),
        _ => 0,
    }
}

pub fn row(client: &kube::Client, runtime: &tokio::runtime::Runtime) -> Result<Row> {
    let (pairs, schemas) = runtime.block_on(async {
        let pairs = pairs(client).await.context("objects of an API server")?;
        anyhow::Ok((pairs, schemas(client).await?))
    })?;
    ensure!(
        plan(&pairs, &schemas) == OBJECTS / 10,
        "every tenth object has drifted"
    );
    let times = (0..RUNS).map(|_| {
        let from = Instant::now();
        let applied = plan(&pairs, &schemas);
        assert_eq!(applied, OBJECTS / 10);
        milliseconds(from)
    });
    Ok(Row {
        what: "5,000 objects compared and their sync planned, one core",
        measured: format!("{:.0} ms", median(times.collect())),
        beside: String::new(),
        ratio: String::new(),
        aim: "< 50 ms",
    })
}
