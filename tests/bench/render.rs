//! Rendering beside the upstream tools: whole processes, and a loaded chart whose values change. The charts and the overlay are
//! made here, so that their sizes are known.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use serde_json::json;
use tiphys_render::helm::{Chart, Facts, Options, UserValues};
use tiphys_render::tree::TreePath;
use tiphys_render::{Limits, NoSupply};
use tiphys_testbed::peers::Peers;
use tiphys_tests::helm_case::folder_tree;

use crate::measure::{Row, median, milliseconds, resident};

/// Objects of the two charts.
const SMALL: usize = 2;
const LARGE: usize = 400;
/// Overlays on top of one another, and Deployments at the bottom.
const DEEP: usize = 8;
const DEPLOYMENTS: usize = 20;
/// Turns of two programs, and runs of each in a turn.
const TURNS: usize = 4;
const RUNS: usize = 9;
/// Charts rendered one after another for the memory row.
const APPLICATIONS: usize = 1000;

/// All rows about rendering.
pub fn rows(binary: &Path, folder: &Path) -> Result<Vec<Row>> {
    let peers = Peers::resolve(&mut |line: &str| eprintln!("{line}"))?;
    let small = chart(&folder.join("small"), SMALL)?;
    let large = chart(&folder.join("large"), LARGE)?;
    let overlay = overlay(&folder.join("overlays"))?;
    let render = |path: &Path| {
        let mut command = Command::new(binary);
        command.arg("render").arg(path).arg("--root").arg(folder);
        command
    };
    let template = |path: &Path| {
        let mut command = Command::new(&peers.helm);
        command.arg("template").arg(path);
        command
    };
    let build = |path: &Path| {
        let mut command = Command::new(&peers.kustomize);
        command.arg("build").arg(path);
        command
    };
    let whole = |path: &Path| in_turn(|| process(render(path)), || process(template(path)));
    let overlays = in_turn(|| process(render(&overlay)), || process(build(&overlay)))?;
    let in_process = |path: &Path| in_turn(loaded_rendering(path)?, || process(template(path)));
    Ok(vec![
        row(
            "`tiphys render`, chart of 2 objects",
            whole(&small)?,
            "helm template",
            "≥ 10",
        ),
        row(
            "`tiphys render`, chart of 400 objects",
            whole(&large)?,
            "helm template",
            "≥ 10",
        ),
        row(
            "`tiphys render`, 8 overlays over 20 Deployments",
            overlays,
            "kustomize build",
            "≥ 5",
        ),
        row(
            "chart of 2 objects in process, values changed",
            in_process(&small)?,
            "helm template",
            "≥ 100",
        ),
        row(
            "chart of 400 objects in process, values changed",
            in_process(&large)?,
            "helm template",
            "≥ 20",
        ),
        memory(&large)?,
    ])
}

fn row(what: &'static str, (ours, theirs): (f64, f64), who: &str, aim: &'static str) -> Row {
    Row {
        what,
        measured: format!("{ours:.2} ms"),
        beside: format!("{theirs:.1} ms, `{who}`"),
        ratio: format!("{:.0}", theirs / ours),
        aim,
    }
}

/// Median times of two programs, in milliseconds. They take turns, so that what else the machine does meets both, and run a few times
/// each: what they need is in memory then, as with a tool that is used again and again.
fn in_turn(
    mut one: impl FnMut() -> Result<f64>,
    mut other: impl FnMut() -> Result<f64>,
) -> Result<(f64, f64)> {
    let mut times = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        for _ in 0..RUNS {
            times.0.push(one()?);
        }
        for _ in 0..RUNS {
            times.1.push(other()?);
        }
    }
    Ok((median(times.0), median(times.1)))
}

/// Time of a process, in milliseconds.
fn process(mut command: Command) -> Result<f64> {
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let from = Instant::now();
    let status = command.status().context("a renderer does not start")?;
    let time = milliseconds(from);
    ensure!(status.success(), "{command:?} fails");
    Ok(time)
}

fn loaded(path: &Path) -> Result<Chart> {
    let tree = folder_tree(path)?;
    Ok(Chart::load(
        &tree,
        &TreePath::root(),
        &NoSupply,
        &Limits::default(),
    )?)
}

fn values(round: usize) -> Result<UserValues> {
    let values = json!({"round": format!("r{round}"), "labels": {"of": "bench"}});
    Ok(UserValues::new(values.as_object().context("a mapping")?))
}

/// Times of renderings of a chart that is loaded, in milliseconds, each with other values.
fn loaded_rendering(path: &Path) -> Result<impl FnMut() -> Result<f64>> {
    let chart = loaded(path)?;
    let mut round = 0;
    Ok(move || {
        round += 1;
        let values = values(round)?;
        let from = Instant::now();
        let rendered = chart.render(&Options::default(), &Facts::default(), &values)?;
        let time = milliseconds(from);
        ensure!(!rendered.documents.is_empty(), "nothing was rendered");
        Ok(time)
    })
}

/// Memory after a tenth of the applications, and after all.
fn memory(path: &Path) -> Result<Row> {
    let mut early = 0.0;
    for round in 0..APPLICATIONS {
        if round == APPLICATIONS / 10 {
            early = resident(std::process::id())?;
        }
        let chart = loaded(path)?;
        let options = Options {
            release_name: format!("application-{round}"),
            ..Options::default()
        };
        chart.render(&options, &Facts::default(), &values(round)?)?;
    }
    let late = resident(std::process::id())?;
    Ok(Row {
        what: "memory after 1,000 charts of 400 objects",
        measured: format!("{late:.1} MB"),
        beside: format!("{early:.1} MB after the first 100"),
        ratio: format!("{:.2}", late / early),
        aim: "≤ 1.1",
    })
}

/// A chart with a helper, a loop and a condition in each template; two objects to a file.
fn chart(folder: &Path, objects: usize) -> Result<PathBuf> {
    let templates = folder.join("templates");
    std::fs::create_dir_all(&templates)?;
    std::fs::write(
        folder.join("Chart.yaml"),
        "apiVersion: v2\nname: bench\nversion: 1.0.0\n",
    )?;
    std::fs::write(
        folder.join("values.yaml"),
        "round: none\nreplicas: 2\nlabels: {team: shipwrights}\nports: {http: 8080, metrics: 9090}\nresources: {limits: {cpu: 1, memory: 64Mi}}\n",
    )?;
    std::fs::write(
        templates.join("_helpers.tpl"),
        "{{ define \"bench.labels\" -}}\napp: {{ .Chart.Name }}\nrelease: {{ .Release.Name | trunc 63 | trimSuffix \"-\" }}\n{{- range $key, $value := .Values.labels }}\n{{ $key }}: {{ $value | quote }}\n{{- end }}\n{{- end }}\n",
    )?;
    for number in 0..objects / 2 {
        std::fs::write(
            templates.join(format!("pair-{number:03}.yaml")),
            PAIR.replace("NUMBER", &number.to_string()),
        )?;
    }
    Ok(folder.to_owned())
}

const PAIR: &str = r#"apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-NUMBER
  labels: {{- include "bench.labels" . | nindent 4 }}
data:
  round: {{ .Values.round | quote }}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ printf "%s-%d" .Release.Name NUMBER }}
  labels: {{- include "bench.labels" . | nindent 4 }}
spec:
  replicas: {{ .Values.replicas | default 1 }}
  selector:
    matchLabels: {{- include "bench.labels" . | nindent 6 }}
  template:
    metadata:
      labels: {{- include "bench.labels" . | nindent 8 }}
    spec:
      containers:
      - name: main
        image: "example.org/main:{{ .Chart.Version }}"
        {{- if .Values.ports }}
        ports:
        {{- range $name, $port := .Values.ports }}
        - {name: {{ $name }}, containerPort: {{ int $port }}}
        {{- end }}
        {{- end }}
        {{- with .Values.resources }}
        resources: {{- toYaml . | nindent 10 }}
        {{- end }}
"#;

/// Overlays on top of one another; the path of the topmost.
fn overlay(folder: &Path) -> Result<PathBuf> {
    let base = folder.join("level-0");
    std::fs::create_dir_all(&base)?;
    let mut objects = String::new();
    for number in 0..DEPLOYMENTS {
        write!(
            objects,
            "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: d{number}}}\nspec:\n  selector: {{matchLabels: {{app: d{number}}}}}\n  template:\n    metadata: {{labels: {{app: d{number}}}}}\n    spec:\n      containers:\n      - name: main\n        image: main:1\n        envFrom: [{{configMapRef: {{name: settings}}}}]\n"
        )?;
    }
    std::fs::write(base.join("objects.yaml"), objects)?;
    std::fs::write(
        base.join("kustomization.yaml"),
        "resources: [objects.yaml]\nconfigMapGenerator: [{name: settings, literals: [a=0]}]\n",
    )?;
    for level in 1..=DEEP {
        let at = folder.join(format!("level-{level}"));
        std::fs::create_dir_all(&at)?;
        let below = level - 1;
        std::fs::write(
            at.join("kustomization.yaml"),
            format!(
                "resources: [../level-{below}]\nnamePrefix: l{level}-\nlabels: [{{pairs: {{level-{level}: here}}}}]\nimages: [{{name: main, newTag: \"{level}\"}}]\nconfigMapGenerator: [{{name: settings, behavior: merge, literals: [k{level}=v]}}]\npatches:\n- target: {{kind: Deployment}}\n  patch: |-\n    - op: add\n      path: /spec/replicas\n      value: {level}\n- patch: |\n    apiVersion: apps/v1\n    kind: Deployment\n    metadata: {{name: {}d1}}\n    spec: {{template: {{spec: {{containers: [{{name: main, env: [{{name: L{level}, value: x}}]}}]}}}}}}\n",
                (1..level)
                    .rev()
                    .map(|level| format!("l{level}-"))
                    .collect::<String>(),
            ),
        )?;
    }
    Ok(folder.join(format!("level-{DEEP}")))
}
