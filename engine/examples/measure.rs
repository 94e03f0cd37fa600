//! Measures comparison: 5,000 Deployments with their records, once as they are and once drifted. Run it in release.
//!
//! `cargo run --release -p tiphys-engine --example measure [OpenAPI documents…]`: with the documents of an API server
//! (`/openapi/v3/apis/apps/v1`), their schemas are used.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tiphys_engine::diff::{self, Options};
use tiphys_engine::ignore::IgnoreRules;
use tiphys_engine::schema::{Document, Schemas};
use tiphys_model::ResourceIgnoreDifferences;

const OBJECTS: usize = 5000;

fn target(place: usize) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": format!("web-{place}"), "namespace": "shop", "labels": {"app": "web", "tier": "front"},
            "annotations": {"argocd.argoproj.io/tracking-id": format!("front:apps/Deployment:shop/web-{place}")}},
        "spec": {"replicas": 3, "selector": {"matchLabels": {"app": "web"}},
            "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"serviceAccountName": "web", "containers": [
                {"name": "web", "image": "example.com/web:1", "args": ["--serve", "--port=8080"], "ports": [{"containerPort": 8080, "name": "http"}],
                 "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}, {"name": "C", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}],
                 "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "0.25Gi"}},
                 "livenessProbe": {"httpGet": {"path": "/", "port": "http"}}, "volumeMounts": [{"name": "data", "mountPath": "/data"}]},
                {"name": "side", "image": "example.com/side:1"}],
              "volumes": [{"name": "data", "emptyDir": {}}]}}}})
}

/// What the source states, as the API server records it.
fn fields() -> Value {
    json!({"f:metadata": {"f:labels": {"f:app": {}, "f:tier": {}}, "f:annotations": {"f:argocd.argoproj.io/tracking-id": {}}},
        "f:spec": {"f:replicas": {}, "f:selector": {}, "f:template": {"f:metadata": {"f:labels": {"f:app": {}}}, "f:spec": {"f:serviceAccountName": {},
            "f:containers": {
                "k:{\"name\":\"web\"}": {".": {}, "f:name": {}, "f:image": {}, "f:args": {}, "f:ports": {"k:{\"containerPort\":8080,\"protocol\":\"TCP\"}": {".": {}, "f:containerPort": {}, "f:name": {}}},
                    "f:env": {"k:{\"name\":\"A\"}": {".": {}, "f:name": {}, "f:value": {}}, "k:{\"name\":\"B\"}": {".": {}, "f:name": {}, "f:value": {}}, "k:{\"name\":\"C\"}": {".": {}, "f:name": {}, "f:valueFrom": {"f:secretKeyRef": {}}}},
                    "f:resources": {"f:requests": {"f:cpu": {}, "f:memory": {}}, "f:limits": {"f:memory": {}}},
                    "f:livenessProbe": {"f:httpGet": {"f:path": {}, "f:port": {}}}, "f:volumeMounts": {"k:{\"mountPath\":\"/data\"}": {".": {}, "f:mountPath": {}, "f:name": {}}}},
                "k:{\"name\":\"side\"}": {".": {}, "f:name": {}, "f:image": {}}},
            "f:volumes": {"k:{\"name\":\"data\"}": {".": {}, "f:name": {}, "f:emptyDir": {}}}}}}})
}

fn live(place: usize) -> Value {
    let mut live = target(place);
    live["metadata"]["managedFields"] = json!([
        {"manager": "tiphys", "operation": "Apply", "apiVersion": "apps/v1", "fieldsType": "FieldsV1", "fieldsV1": fields()},
        {"manager": "kube-controller-manager", "operation": "Update", "subresource": "status", "fieldsType": "FieldsV1", "fieldsV1": {"f:status": {"f:replicas": {}}}}]);
    live["metadata"]["uid"] = json!("00000000-0000-0000-0000-000000000000");
    let spec = &mut live["spec"];
    spec["revisionHistoryLimit"] = json!(10);
    let pod = &mut spec["template"]["spec"];
    pod["restartPolicy"] = json!("Always");
    pod["dnsPolicy"] = json!("ClusterFirst");
    pod["containers"][0]["resources"]["limits"]["memory"] = json!("256Mi");
    pod["containers"][0]["ports"][0]["protocol"] = json!("TCP");
    pod["containers"][0]["terminationMessagePath"] = json!("/dev/termination-log");
    live["status"] = json!({"replicas": 3, "readyReplicas": 3, "conditions": [{"type": "Available", "status": "True"}]});
    live
}

/// Time that this thread spent on a processor, where the system tells it; other programs do not count.
fn processor_time() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds = text.split_whitespace().next()?.parse().ok()?;
    Some(Duration::from_nanos(nanoseconds))
}

fn measure(name: &str, work: impl Fn() -> usize) {
    let best = (0..7)
        .map(|_| {
            let (started, processor) = (Instant::now(), processor_time());
            black_box(work());
            match (processor, processor_time()) {
                (Some(before), Some(after)) => after.saturating_sub(before),
                _ => started.elapsed(),
            }
        })
        .min()
        .unwrap_or_default();
    println!("{name}: {OBJECTS} objects in {best:?}");
}

fn main() {
    let targets: Vec<Value> = (0..OBJECTS).map(target).collect();
    let lives: Vec<Value> = (0..OBJECTS).map(live).collect();
    let mut schemas = Schemas::default();
    for path in std::env::args().skip(1) {
        let started = Instant::now();
        let Ok(document) = std::fs::read_to_string(&path) else {
            eprintln!("{path} cannot be read");
            continue;
        };
        match Document::from_openapi(&document) {
            Ok(document) => {
                println!(
                    "{path}: {} nodes in {:?}",
                    document.nodes(),
                    started.elapsed()
                );
                schemas.insert(path, Arc::new(document));
            }
            Err(error) => eprintln!("{path}: {error}"),
        }
    }
    let (rules, _) = IgnoreRules::compile(&[ResourceIgnoreDifferences {
        group: "apps".into(),
        kind: "Deployment".into(),
        json_pointers: vec!["/spec/replicas".into()],
        jq_path_expressions: vec![
            ".spec.template.spec.containers[] | select(.name == \"side\")".into(),
        ],
        ..Default::default()
    }]);
    let mut drifted = lives.clone();
    for live in &mut drifted {
        live["spec"]["replicas"] = json!(7);
    }
    let plain = Options {
        schemas: Some(&schemas),
        ..Options::new("tiphys")
    };
    let ignoring = Options {
        ignore: Some(&rules),
        ..plain
    };
    let count = |lives: &[Value], options: &Options<'_>| {
        let pairs = targets.iter().zip(lives);
        pairs
            .filter(|(target, live)| diff::is_out_of_sync(target, live, options).0)
            .count()
    };
    for (name, lives, options) in [
        ("nothing drifted", &lives, &plain),
        ("everything drifted", &drifted, &plain),
        ("two ignored parts", &drifted, &ignoring),
    ] {
        println!("{name}: {} drifted", count(lives, options));
        measure(name, || count(lives, options));
    }
    measure("with all differences", || {
        targets
            .iter()
            .zip(&drifted)
            .map(|(target, live)| diff::compare(target, live, &plain).differences.len())
            .sum()
    });
}
