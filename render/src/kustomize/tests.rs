//! Builds of whole overlays: what the comparison with `kustomize build` cannot see, because it has no such thing.

use std::sync::Mutex;

use serde_json::Value;

use super::{Options, Overrides, render, types};
use crate::supply::{Missing, Needed, Supplied, Supply};
use crate::tree::TreePath;
use crate::{Limits, MemoryTree, NoSupply, RenderError};

fn path(text: &str) -> TreePath {
    TreePath::new(text).unwrap()
}

fn tree(files: &[(&str, &str)]) -> MemoryTree {
    files.iter().fold(MemoryTree::new(), |tree, (name, text)| {
        tree.file(&path(name), *text)
    })
}

fn build(files: &[(&str, &str)], at: &str) -> Result<Vec<Value>, RenderError> {
    build_with(
        files,
        at,
        &Options::default(),
        &NoSupply,
        &Limits::default(),
    )
}

fn build_with(
    files: &[(&str, &str)],
    at: &str,
    options: &Options,
    supply: &dyn Supply,
    limits: &Limits,
) -> Result<Vec<Value>, RenderError> {
    let rendered = render(&tree(files), &path(at), options, supply, limits)?;
    Ok(rendered.into_iter().map(|it| it.object).collect())
}

fn refused(files: &[(&str, &str)], at: &str) -> String {
    build(files, at).unwrap_err().to_string()
}

const MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";
const DEPLOYMENT: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    spec:
      containers: [{name: web, image: nginx}]
";

#[test]
fn errors_name_file_line_field_and_chain() {
    let base = ("base/kustomization.yaml", "resources: [a.yaml]\n");
    let top = ("top/kustomization.yaml", "# c\nresources:\n- ../base\n");
    assert_eq!(
        refused(&[base, top, ("base/a.yaml", "a: [\n")], "top")
            .split(": MalformedYAMLError")
            .next(),
        Some("base/a.yaml:2:1")
    );
    let error = refused(&[base, top, ("base/a.yaml", "kind: x\n")], "top");
    assert!(
        error.starts_with("base/a.yaml:1: missing metadata.name"),
        "{error}"
    );
    assert!(
        error.ends_with("required by base/kustomization.yaml:1:13 resources[0]; required by top/kustomization.yaml:3:3 resources[0]"),
        "{error}"
    );
    let error = refused(
        &[("kustomization.yaml", "images:\n- name: a\n  tag: b\n")],
        "",
    );
    assert_eq!(
        error,
        "kustomization.yaml:3:3: images[0]: invalid Kustomization: unknown field \"tag\""
    );
    let error = refused(
        &[(
            "kustomization.yaml",
            "configMapGenerator:\n- name: a\n- name: b\n  files: [none]\n",
        )],
        "",
    );
    assert!(
        error.starts_with("kustomization.yaml:3:3: configMapGenerator[1]: files[0]: none"),
        "{error}"
    );
}

#[test]
fn files_outside_the_root_and_links_out_of_the_tree_are_refused() {
    for (resource, expected) in [
        ("../secret.yaml", "is not in or below"),
        ("../../../etc/passwd", "leads out of the source"),
        ("/etc/passwd", "absolute"),
        ("link.yaml", "leads out of the source"),
        ("inside.yaml", "is not in or below"),
    ] {
        let tree = tree(&[
            ("secret.yaml", MAP),
            (
                "app/kustomization.yaml",
                &format!("resources: [{resource}]"),
            ),
        ])
        .symlink(&path("app/link.yaml"), "../../../etc/passwd")
        .symlink(&path("app/inside.yaml"), "../secret.yaml");
        let error = render(
            &tree,
            &path("app"),
            &Options::default(),
            &NoSupply,
            &Limits::default(),
        )
        .unwrap_err()
        .to_string();
        assert!(error.contains(expected), "{resource}: {error}");
    }
}

#[test]
fn hostile_overlays_end_within_their_limits() {
    let small = Limits {
        total_bytes: 4096,
        entries: 50,
        objects: 20,
        depth: 16,
        ..Limits::default()
    };
    let refused = |files: &[(&str, &str)], at: &str| {
        build_with(files, at, &Options::default(), &NoSupply, &small)
            .unwrap_err()
            .to_string()
    };
    // A chain of bases.
    let chain: Vec<(String, String)> = (0..40)
        .map(|n| {
            (
                format!("{n}/kustomization.yaml"),
                format!("resources: [../{}]", n + 1),
            )
        })
        .collect();
    let chain: Vec<_> = chain
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect();
    assert!(refused(&chain, "0").contains("more than 16 levels of bases"));
    // A tree of bases that doubles at each level.
    let doubling: Vec<(String, String)> = (0..12)
        .map(|n| {
            let next = n + 1;
            (
                format!("{n}/kustomization.yaml"),
                format!("resources: [../{next}, ../{next}]\nnamePrefix: a"),
            )
        })
        .chain([(
            "12/kustomization.yaml".to_owned(),
            "namePrefix: a".to_owned(),
        )])
        .collect();
    let doubling: Vec<_> = doubling
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect();
    assert!(refused(&doubling, "0").contains("more than 50 files"));
    // Text that every object gets.
    let many: String = (0..19)
        .map(|n| format!("---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a{n}}}\n"))
        .collect();
    let prefix = format!("resources: [a.yaml]\nnamePrefix: {}\n", "x".repeat(2500));
    assert!(
        refused(&[("kustomization.yaml", &prefix), ("a.yaml", &many)], "")
            .contains("bytes added by transformers")
    );
    // Objects.
    let more = many.repeat(2);
    assert!(
        refused(
            &[
                ("kustomization.yaml", "resources: [a.yaml]"),
                ("a.yaml", &more)
            ],
            ""
        )
        .contains("more than 20 objects")
    );
}

#[test]
fn the_environment_takes_no_part() {
    let built = build(
        &[
            ("kustomization.yaml", "configMapGenerator:\n- {name: a, envs: [e], options: {disableNameSuffixHash: true}}\n"),
            ("e", "PATH\nHOME=$HOME\n"),
        ],
        "",
    )
    .unwrap();
    assert_eq!(
        built[0]["data"],
        serde_json::json!({"PATH": "", "HOME": "$HOME"})
    );
}

/// Has one base and one file, and remembers what it was asked for.
struct Remote(Mutex<Vec<Missing>>);

impl Supply for Remote {
    fn get(&self, missing: &Missing) -> Option<Supplied> {
        self.0.lock().unwrap().push(missing.clone());
        match missing {
            Missing::Base { url } if url == "github.com/org/repo//app?ref=v1" => Some(Supplied {
                tree: std::sync::Arc::new(tree(&[
                    ("app/kustomization.yaml", "resources: [../maps]"),
                    ("maps/kustomization.yaml", "resources: [a.yaml]"),
                    ("maps/a.yaml", MAP),
                ])),
                path: path("app"),
            }),
            Missing::File { url } if url.ends_with("/web.yaml") => {
                Some(Supplied::file(&path("web.yaml"), DEPLOYMENT))
            }
            _ => None,
        }
    }
}

#[test]
fn what_is_remote_is_named_at_once_and_taken_from_the_supply() {
    let files = [(
        "kustomization.yaml",
        "namePrefix: p-\nresources:\n- github.com/org/repo//app?ref=v1\n- https://example.org/web.yaml\n",
    )];
    let Err(RenderError::Missing(missing)) = build(&files, "") else {
        panic!("nothing is there yet");
    };
    let by: Vec<_> = missing.iter().map(|needed| needed.by.as_str()).collect();
    assert_eq!(
        by,
        [
            "kustomization.yaml:3:3 resources[0]",
            "kustomization.yaml:4:3 resources[1]"
        ]
    );
    let remote = Remote(Mutex::new(Vec::new()));
    let built = build_with(&files, "", &Options::default(), &remote, &Limits::default()).unwrap();
    let names: Vec<_> = built
        .iter()
        .map(|it| it["metadata"]["name"].as_str())
        .collect();
    assert_eq!(names, [Some("p-a"), Some("p-web")]);
}

#[test]
fn an_application_overrides_its_kustomization() {
    let files = [
        (
            "kustomization.yaml",
            "namePrefix: old-\nresources: [a.yaml, web.yaml]\nimages: [{name: nginx, newTag: '1'}]\ncommonLabels: {own: 'yes'}\n",
        ),
        ("a.yaml", MAP),
        ("web.yaml", DEPLOYMENT),
        (
            "component/kustomization.yaml",
            "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\ncommonAnnotations: {component: 'on'}\n",
        ),
    ];
    let overrides = Overrides {
        name_prefix: "new-".into(),
        namespace: "target".into(),
        images: vec!["nginx=mirror/nginx:2".into()],
        common_labels: [("app".to_owned(), "shop".to_owned())].into(),
        label_without_selector: true,
        common_annotations: [("note".to_owned(), "x".to_owned())].into(),
        replicas: vec![types::Replica {
            name: "web".into(),
            count: 4,
        }],
        patches: vec![types::Patch {
            patch: "- {op: add, path: /spec/paused, value: true}".into(),
            target: Some(types::Selector {
                kind: "Deployment".into(),
                ..types::Selector::default()
            }),
            ..types::Patch::default()
        }],
        components: vec!["component".into(), "absent".into()],
        ignore_missing_components: true,
        ..Overrides::default()
    };
    let with = |overrides: Overrides| {
        build_with(
            &files,
            "",
            &Options {
                overrides,
                ..Options::default()
            },
            &NoSupply,
            &Limits::default(),
        )
    };
    let built = with(overrides).unwrap();
    assert_eq!(
        built[1],
        serde_json::json!({
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {
                "name": "new-web",
                "namespace": "target",
                "labels": {"app": "shop", "own": "yes"},
                "annotations": {"component": "on", "note": "x"},
            },
            "spec": {
                "paused": true,
                "replicas": 4,
                "selector": {"matchLabels": {"own": "yes"}},
                "template": {
                    "metadata": {"labels": {"own": "yes"}, "annotations": {"component": "on", "note": "x"}},
                    "spec": {"containers": [{"name": "web", "image": "mirror/nginx:2"}]},
                }
            }
        })
    );
    for (overrides, expected) in [
        (
            Overrides {
                common_labels: [("own".to_owned(), "no".to_owned())].into(),
                ..Overrides::default()
            },
            "label own already in kustomization file",
        ),
        (
            Overrides {
                images: vec!["nginx".into()],
                ..Overrides::default()
            },
            "kustomize.images: invalid format",
        ),
        (
            Overrides {
                components: vec!["absent".into()],
                ..Overrides::default()
            },
            "components[0]",
        ),
    ] {
        let error = with(overrides).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

/// Prints what it was asked for, as an object.
#[derive(Debug)]
struct Echo;

impl super::Charts for Echo {
    fn render(&self, request: &super::ChartRequest<'_>) -> Result<Vec<u8>, RenderError> {
        let values: Vec<_> = request
            .values
            .iter()
            .map(|values| String::from_utf8_lossy(values).into_owned())
            .collect();
        Ok(serde_json::json!({
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": request.chart.release_name, "namespace": "of-the-chart"},
            "data": {"path": request.path.as_str(), "namespace": request.namespace, "values": values},
        })
        .to_string()
        .into_bytes())
    }
}

#[test]
fn charts_are_rendered_only_where_that_is_switched_on() {
    let files = [
        (
            "kustomization.yaml",
            "namespace: shop\nnamePrefix: p-\nhelmCharts:\n- {name: app, releaseName: r, valuesInline: {a: 2}}\n- {name: far, version: 1.0.0, repo: oci://example.org, releaseName: f}\n",
        ),
        ("charts/app/values.yaml", "a: 1\nb: 1\n"),
    ];
    assert!(refused(&files, "").contains("must specify --enable-helm"));
    let options = Options {
        charts: Some(std::sync::Arc::new(Echo)),
        ..Options::default()
    };
    let with =
        |files: &[(&str, &str)]| build_with(files, "", &options, &NoSupply, &Limits::default());
    assert_eq!(
        with(&files),
        Err(RenderError::Missing(vec![Needed {
            what: Missing::Chart {
                repository: "oci://example.org".into(),
                name: "far".into(),
                version: "1.0.0".into(),
            },
            by: "kustomization.yaml:5:3 helmCharts[1]".into(),
        }]))
    );
    let local = files[0].1.split_once("- {name: far").unwrap().0;
    let built = with(&[("kustomization.yaml", local), files[1]]).unwrap();
    assert_eq!(
        built,
        [serde_json::json!({
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "p-r", "namespace": "of-the-chart"},
            "data": {"path": "charts/app", "namespace": "shop", "values": ["{\"a\":2,\"b\":1}"]},
        })]
    );
}
