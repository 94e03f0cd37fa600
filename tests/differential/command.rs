//! `tiphys render` as a program against `helm template` and `kustomize build` as programs: each flag changes what is printed, and
//! changes it in the same way.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use tempfile::TempDir;
use tiphys_render::Limits;
use tiphys_render::yaml::{self, Dialect, Duplicates, Numbers, Reading};
use tiphys_testbed::charts::HelmRepository;

use crate::peers;

const CHART: [(&str, &str); 8] = [
    (
        "chart/Chart.yaml",
        "apiVersion: v2\nname: shop\nversion: 1.2.3\n",
    ),
    (
        "chart/values.yaml",
        "color: red\nsizes: [1, 2]\nnote: none\n",
    ),
    (
        "chart/values.schema.json",
        r#"{"properties": {"color": {"enum": ["red", "blue", "green", "007"]}}}"#,
    ),
    (
        "chart/templates/map.yaml",
        r#"apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}
  namespace: {{ .Release.Namespace }}
data:
  color: {{ .Values.color | quote }}
  kind-of-color: {{ kindOf .Values.color }}
  sizes: {{ .Values.sizes | toJson | quote }}
  note: {{ .Values.note | quote }}
  kubernetes: {{ .Capabilities.KubeVersion | toString | quote }}
  monitored: {{ .Capabilities.APIVersions.Has "monitoring.coreos.com/v1/ServiceMonitor" | quote }}
  certified: {{ .Capabilities.APIVersions.Has "cert-manager.io/v1" | quote }}
  first: {{ .Release.IsInstall | quote }}
"#,
    ),
    (
        "chart/templates/tests/probe.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: probe\n  annotations: {helm.sh/hook: test}\n",
    ),
    (
        "chart/crds/ships.yaml",
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: ships.example.com}\n",
    ),
    ("blue.yaml", "color: blue\nsizes: [3]\n"),
    ("green.yaml", "color: green\n"),
];

const OVERLAY: [(&str, &str); 5] = [
    (
        "overlay/kustomization.yaml",
        "resources: [web.yaml]\nhelmCharts:\n- name: shop\n  releaseName: own\n  namespace: own\n  skipTests: true\n",
    ),
    (
        "overlay/web.yaml",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  template:\n    spec:\n      containers:\n      - {name: web, image: 'nginx:1'}\n      - {name: side, image: 'registry.example.com/side@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef'}\n",
    ),
    (
        "overlay/charts/shop/Chart.yaml",
        "apiVersion: v2\nname: shop\nversion: 1.2.3\n",
    ),
    ("overlay/charts/shop/values.yaml", "color: red\n"),
    ("overlay/charts/shop/templates/map.yaml", CHART[3].1),
];

fn written(files: &[(&str, &str)]) -> Result<TempDir> {
    let folder = tempfile::tempdir()?;
    for (path, text) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().context("a folder")?)?;
        std::fs::write(path, text)?;
    }
    Ok(folder)
}

/// What a program prints in a folder, or what it says when it fails.
fn output(program: &Path, folder: &Path, arguments: &[&str]) -> Result<Result<String, String>> {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("HOME", "/nonexistent")
        .env("PATH", "/nonexistent")
        .output()
        .with_context(|| format!("cannot start {}", program.display()))?;
    Ok(if output.status.success() {
        Ok(String::from_utf8(output.stdout)?)
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    })
}

/// The lines that are not empty: Helm prints one more behind hooks.
fn filled(text: &str) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
    lines.join("\n")
}

fn tiphys() -> Result<PathBuf> {
    tiphys_tests::binary()
}

#[test]
fn each_flag_for_charts_prints_what_helm_prints() -> Result<()> {
    let folder = written(&CHART)?;
    let both = |flags: &[&str]| -> Result<String> {
        // Helm takes the name of the release as an argument.
        let own = [&["render", "chart"], flags].concat();
        let mut theirs = vec!["template"];
        let mut flags = flags.iter();
        while let Some(flag) = flags.next() {
            match *flag {
                "--release-name" => theirs.insert(1, flags.next().context("a name")?),
                other => theirs.push(other),
            }
        }
        theirs.push("chart");
        let helm = output(&peers().helm, folder.path(), &theirs)?;
        let tiphys = output(&tiphys()?, folder.path(), &own)?;
        let helm = helm.map_err(|error| anyhow::anyhow!("helm {theirs:?}: {error}"))?;
        let tiphys = tiphys.map_err(|error| anyhow::anyhow!("{own:?}: {error}"))?;
        let (helm, tiphys) = (filled(&helm), filled(&tiphys));
        ensure!(tiphys == helm, "{own:?}: {tiphys:?}, and by Helm {helm:?}");
        Ok(helm)
    };
    let plain = both(&[])?;
    for flags in [
        &["--release-name", "blue"][..],
        &["--namespace", "elsewhere"],
        &["-n", "elsewhere"],
        &["--values", "blue.yaml"],
        &["-f", "blue.yaml", "-f", "green.yaml"],
        &["--set", "color=blue,sizes={7,8}"],
        &["--set", "note=a\\,b"],
        &["--set", "sizes[1]=null", "--values", "blue.yaml"],
        &["--set-string", "color=007"],
        &["--set-file", "note=green.yaml"],
        &["--kube-version", "1.29.4"],
        &["--api-versions", "cert-manager.io/v1"],
        &[
            "--api-versions",
            "cert-manager.io/v1,monitoring.coreos.com/v1/ServiceMonitor",
        ],
        &[
            "-a",
            "cert-manager.io/v1",
            "-a",
            "monitoring.coreos.com/v1/ServiceMonitor",
        ],
        &["--include-crds"],
        &["--skip-tests"],
        &["--set", "color=none", "--skip-schema-validation"],
        &["--is-upgrade"],
    ] {
        let changed = both(flags)?;
        ensure!(changed != plain, "{flags:?} changes nothing");
    }
    Ok(())
}

#[test]
fn where_helm_refuses_a_flag_so_does_the_command() -> Result<()> {
    let folder = written(&CHART)?;
    for (flags, named) in [
        (&["--values", "none.yaml"][..], "none.yaml"),
        (&["--set", "color"], "color"),
        (&["--set", "color=none"], "/color"),
        (&["--set", "sizes[x]=1"], "sizes"),
        (&["--set-file", "note=none.txt"], "none.txt"),
        (&["--kube-version", "latest"], "latest"),
        (&["--namespace"], "--namespace"),
    ] {
        let helm = output(
            &peers().helm,
            folder.path(),
            &[&["template", "chart"], flags].concat(),
        )?;
        ensure!(helm.is_err(), "{flags:?}: {helm:?}");
        let tiphys = output(
            &tiphys()?,
            folder.path(),
            &[&["render", "chart"], flags].concat(),
        )?;
        let message = tiphys.err().with_context(|| format!("{flags:?}"))?;
        ensure!(message.contains(named), "{flags:?}: {message}");
    }
    Ok(())
}

/// Lock files that Helm made, and dependencies that were changed since: `helm dependency build` says which are out of date.
#[test]
fn a_lock_file_that_is_out_of_date_is_refused_where_helm_refuses_it() -> Result<()> {
    let description = |version: &str, api: &str, dependency: &str| {
        format!("apiVersion: {api}\nname: top\nversion: {version}\n{dependency}")
    };
    let made_for = "dependencies:\n- {name: sub, version: '>=1.0.0 <2', repository: 'file://sub', condition: a.b, tags: [x, 'y&z'], alias: other, import-values: [data, {child: default, parent: a}]}\n";
    let folder = written(&[
        ("top/Chart.yaml", &description("1.0.0", "v2", made_for)),
        (
            "top/sub/Chart.yaml",
            &description("1.2.0", "v2", "").replace("top", "sub"),
        ),
        (
            "top/sub/templates/a.yaml",
            "kind: ConfigMap\napiVersion: v1\nmetadata: {name: sub}\n",
        ),
    ])?;
    let at = |path: &str| folder.path().join(path);
    let helm = |command: &str| -> Result<bool> {
        let output = Command::new(&peers().helm)
            .args(["dependency", command, "top"])
            .current_dir(folder.path())
            .env_clear()
            .env("HOME", folder.path())
            .output()?;
        Ok(output.status.success())
    };
    ensure!(helm("update")?, "no lock file");
    let lock = std::fs::read_to_string(at("top/Chart.lock"))?;
    let digest = lock.lines().find(|line| line.starts_with("digest:"));
    let other = lock.replace(digest.context("a digest")?, "digest: sha256:00");
    for (dependencies, lock, is_valid) in [
        (made_for.to_owned(), &lock, true),
        (made_for.replace("a.b", "a.c"), &lock, false),
        (made_for.replace("<2", "<3"), &lock, false),
        (made_for.replace("y&z", "z"), &lock, false),
        (made_for.replace("default", "data"), &lock, false),
        (made_for.replace(", alias: other", ""), &lock, false),
        (made_for.to_owned(), &other, false),
        (made_for.to_owned(), &lock.replace("1.2.0", "1.2.1"), false),
    ] {
        std::fs::write(
            at("top/Chart.yaml"),
            description("2.0.0", "v2", &dependencies),
        )?;
        std::fs::write(at("top/Chart.lock"), lock)?;
        if at("top/charts").exists() {
            std::fs::remove_dir_all(at("top/charts"))?;
        }
        let tiphys = output(&tiphys()?, folder.path(), &["render", "top"])?;
        ensure!(helm("build")? == is_valid, "helm: {dependencies} {lock}");
        ensure!(
            tiphys.is_ok() == is_valid,
            "{dependencies} {lock}: {tiphys:?}"
        );
        if let Err(message) = tiphys {
            ensure!(
                message.contains("out of sync") && message.contains("helm dependency update"),
                "{message}"
            );
        }
    }
    Ok(())
}

/// Dependencies that name their repository: Helm puts the URL that it knows into the lock file and into its digest.
#[test]
fn a_lock_file_is_of_the_repository_that_a_name_stood_for() -> Result<()> {
    let server = HelmRepository::start("robot", "s3cret")?;
    server.publish("queue", "1.2.0", &[("values.yaml", "size: 1\n")])?;
    let url = server.url();
    for (name, version) in [("@stable", "v2"), ("alias:stable", "v2"), ("@stable", "v1")] {
        let (list, lock) = match version {
            "v1" => ("requirements.yaml", "requirements.lock"),
            _ => ("Chart.yaml", "Chart.lock"),
        };
        let wanted = |range: &str| {
            let text = format!(
                "dependencies:\n- {{name: queue, version: {range:?}, repository: {name:?}}}\n"
            );
            match version {
                "v1" => text,
                _ => format!("apiVersion: v2\nname: top\nversion: 1.0.0\n{text}"),
            }
        };
        let folder = written(&[(
            "top/Chart.yaml",
            "apiVersion: v1\nname: top\nversion: 1.0.0\n",
        )])?;
        let at = |path: &str| folder.path().join("top").join(path);
        let helm = |arguments: &[&str]| -> Result<bool> {
            let output = Command::new(&peers().helm)
                .args(arguments)
                .current_dir(folder.path())
                .env_clear()
                .env("HOME", folder.path())
                .output()?;
            Ok(output.status.success())
        };
        let add = [
            "repo",
            "add",
            "stable",
            &url,
            "--username",
            "robot",
            "--password",
            "s3cret",
        ];
        ensure!(helm(&add)?, "the repository is not known to helm");
        std::fs::write(at(list), wanted("^1.0.0"))?;
        ensure!(helm(&["dependency", "update", "top"])?, "no lock file");
        let made = std::fs::read_to_string(at(lock))?;
        ensure!(made.contains(&url), "{made}");
        for (range, made, is_valid) in [
            ("^1.0.0", made.clone(), true),
            ("^1.1.0", made.clone(), false),
            ("^1.0.0", made.replace(&url, "http://127.0.0.1:1"), false),
            ("^1.0.0", made.replace("1.2.0", "1.3.0"), false),
        ] {
            std::fs::write(at(list), wanted(range))?;
            std::fs::write(at(lock), &made)?;
            std::fs::create_dir_all(at("charts"))?;
            ensure!(
                helm(&["dependency", "build", "top"])? == is_valid,
                "helm: {name} {version} {range} {made}"
            );
            std::fs::remove_dir_all(at("charts"))?;
            // The command fetches nothing: what it asks for shows that the lock file holds.
            let message = output(&tiphys()?, folder.path(), &["render", "top"])?;
            let message = message.err().context("a chart out of nowhere")?;
            let says = if is_valid {
                &format!("queue 1.2.0 of {url}")
            } else {
                "out of sync"
            };
            ensure!(
                message.contains(says),
                "{name} {version} {range}: {message}"
            );
        }
    }
    Ok(())
}

fn objects(text: &str) -> Result<Vec<Value>> {
    let reading = Reading {
        dialect: Dialect::Kyaml,
        duplicates: Duplicates::LastWins,
        numbers: Numbers::default(),
        ..Reading::default()
    };
    let documents = yaml::read(text.as_bytes(), &Limits::default(), reading)?;
    Ok(documents.into_iter().map(|it| it.value).collect())
}

/// What `kustomize build --enable-helm` makes of the overlay after `kustomize edit set image`, and what the command does with the
/// same images, and the flags that reach the charts.
fn overlays(images: &[&str], flags: &[&str], theirs: &[&str]) -> Result<Vec<Value>> {
    let folder = written(&OVERLAY)?;
    let mut own = vec!["render", "overlay", "--enable-helm"];
    for image in images {
        own.extend(["--images", image]);
    }
    own.extend(flags);
    let tiphys = output(&tiphys()?, folder.path(), &own)?;
    if !images.is_empty() {
        let edit = [&["edit", "set", "image"], images].concat();
        let edited = output(&peers().kustomize, &folder.path().join("overlay"), &edit)?;
        ensure!(edited.is_ok(), "{edit:?}: {edited:?}");
    }
    let helm = peers().helm.display().to_string();
    let build = [
        &["build", "overlay", "--enable-helm", "--helm-command", &helm],
        theirs,
    ]
    .concat();
    let kustomize = output(&peers().kustomize, folder.path(), &build)?
        .map_err(|error| anyhow::anyhow!("{build:?}: {error}"))?;
    let tiphys = tiphys.map_err(|error| anyhow::anyhow!("{own:?}: {error}"))?;
    let (tiphys, kustomize) = (objects(&tiphys)?, objects(&kustomize)?);
    ensure!(
        tiphys == kustomize,
        "{own:?}: {tiphys:?}, and by Kustomize {kustomize:?}"
    );
    Ok(kustomize)
}

#[test]
fn each_flag_for_overlays_prints_what_kustomize_prints() -> Result<()> {
    let plain = overlays(&[], &[], &[])?;
    ensure!(plain.len() == 2, "{plain:?}");
    for images in [
        &["nginx:2"][..],
        &["nginx=registry.example.com/nginx"],
        &["nginx=registry.example.com:5000/nginx:2"],
        &[
            "registry.example.com/side@sha256:fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210",
        ],
        &["nginx=other@sha256:fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"],
        &["nginx:2", "registry.example.com/side=side:3"],
    ] {
        ensure!(overlays(images, &[], &[])? != plain, "{images:?}");
    }
    for (flags, theirs) in [
        (
            &["--kube-version", "1.29.4"][..],
            &["--helm-kube-version", "1.29.4"][..],
        ),
        (
            &["--api-versions", "cert-manager.io/v1"],
            &["--helm-api-versions", "cert-manager.io/v1"],
        ),
    ] {
        ensure!(overlays(&[], flags, theirs)? != plain, "{flags:?}");
    }
    Ok(())
}

#[test]
fn charts_of_overlays_are_rendered_only_on_demand() -> Result<()> {
    let folder = written(&OVERLAY)?;
    let kustomize = output(&peers().kustomize, folder.path(), &["build", "overlay"])?;
    let message = kustomize.expect_err("kustomize refuses");
    assert!(message.contains("--enable-helm"), "{message}");
    let tiphys = output(&tiphys()?, folder.path(), &["render", "overlay"])?;
    let message = tiphys.expect_err("so does the command");
    assert!(
        message.contains("kustomization.yaml:3:3: helmCharts[0]"),
        "{message}"
    );
    assert!(message.contains("--enable-helm"), "{message}");
    Ok(())
}

#[test]
fn whoever_reads_may_stop_before_the_end() -> Result<()> {
    // More than a pipe holds, so that something is left to be written when it is closed.
    let text = format!(
        "kind: ConfigMap\napiVersion: v1\nmetadata: {{name: a}}\ndata: {{a: {}}}\n",
        "x".repeat(1 << 20)
    );
    let folder = written(&[("plain/a.yaml", &text)])?;
    let mut child = Command::new(tiphys()?)
        .args(["render", "plain"])
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    drop(child.stdout.take());
    let output = child.wait_with_output()?;
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && errors.is_empty(), "{errors}");
    Ok(())
}

#[test]
fn a_folder_of_manifests_is_printed_as_it_is() -> Result<()> {
    let folder = written(&[
        (
            "plain/a.yaml",
            "kind: ConfigMap\napiVersion: v1\nmetadata: {name: a}\n",
        ),
        (
            "plain/below/b.json",
            r#"{"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "b"}}"#,
        ),
    ])?;
    let names = |flags: &[&str]| -> Result<Vec<Value>> {
        let text = output(
            &tiphys()?,
            folder.path(),
            &[&["render", "plain"], flags].concat(),
        )?;
        let objects = objects(&text.map_err(anyhow::Error::msg)?)?;
        Ok(objects
            .iter()
            .map(|it| it["metadata"]["name"].clone())
            .collect())
    };
    assert_eq!(names(&[])?, [json!("a")]);
    assert_eq!(names(&["--recurse"])?, [json!("a"), json!("b")]);
    let images = output(
        &tiphys()?,
        folder.path(),
        &["render", "plain", "--images", "nginx:2"],
    )?;
    let message = images.expect_err("a folder has no images to change");
    assert!(message.contains("--images"), "{message}");
    Ok(())
}
