use super::{Options, render};
use crate::tree::TreePath;
use crate::{Limits, MemoryTree, RenderError};

fn path(text: &str) -> TreePath {
    TreePath::new(text).unwrap()
}

fn map(name: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\n")
}

fn names(tree: &MemoryTree, options: &Options) -> Vec<String> {
    render(tree, &path("app"), options, &Limits::default())
        .unwrap()
        .into_iter()
        .map(|manifest| {
            manifest.object["metadata"]["name"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect()
}

fn fault(tree: &MemoryTree) -> String {
    let options = Options {
        recurse: true,
        ..Options::default()
    };
    render(tree, &path("app"), &options, &Limits::default())
        .unwrap_err()
        .to_string()
}

fn tree() -> MemoryTree {
    MemoryTree::new()
        .file(&path("app/b.yml"), map("b"))
        .file(&path("app/a.yaml"), map("a") + "---\n" + &map("a2"))
        .file(
            &path("app/c.json"),
            r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"}}"#,
        )
        .file(&path("app/readme.md"), "no: manifest")
        .file(&path("app/sub/d.yaml"), map("d"))
        .file(
            &path("app/skipped.yaml"),
            "# +argocd:skip-file-rendering\n{{ no yaml }}",
        )
}

#[test]
fn files_in_order() {
    let recurse = Options {
        recurse: true,
        ..Options::default()
    };
    assert_eq!(names(&tree(), &Options::default()), ["a", "a2", "b", "c"]);
    assert_eq!(names(&tree(), &recurse), ["a", "a2", "b", "c", "d"]);
}

#[test]
fn include_and_exclude() {
    let with = |include: &str, exclude: &str| {
        let options = Options {
            recurse: true,
            include: include.into(),
            exclude: exclude.into(),
        };
        names(&tree(), &options)
    };
    assert_eq!(with("*.yaml", ""), ["a", "a2"]);
    assert_eq!(with("sub/*", ""), ["d"]);
    assert_eq!(with("", "{c.json,sub/*}"), ["a", "a2", "b"]);
    assert_eq!(with("**/*.yaml", "a.yaml"), ["d"]);
    let broken = Options {
        include: "{a".into(),
        ..Options::default()
    };
    assert!(matches!(
        render(&tree(), &path("app"), &broken, &Limits::default()),
        Err(RenderError::Pattern {
            field: "include",
            ..
        })
    ));
}

#[test]
fn lists_are_taken_apart_once() {
    let item = r"{apiVersion: v1, kind: ConfigMap, metadata: {name: x}}";
    let list = MemoryTree::new().file(
        &path("app/l.yaml"),
        format!("apiVersion: v1\nkind: List\nitems: [{item}, {item}]"),
    );
    assert_eq!(names(&list, &Options::default()), ["x", "x"]);
    let nested = MemoryTree::new().file(
        &path("app/l.yaml"),
        format!(
            "apiVersion: v1\nkind: List\nitems: [{{apiVersion: v1, kind: List, items: [{item}]}}]"
        ),
    );
    assert!(fault(&nested).contains("inside a List"));
}

#[test]
fn faults_name_file_and_line() {
    let cases = [
        ("a: 1\n", "app/x.yaml:1: apiVersion is missing"),
        (
            "---\n# c\napiVersion: v1\n",
            "app/x.yaml:3: kind is missing",
        ),
        (
            "apiVersion: v1\nkind: ConfigMap\n",
            "app/x.yaml:1: ConfigMap without a name",
        ),
        ("- 1\n", "app/x.yaml:1: a manifest has to be a mapping"),
        ("a: [\n", "app/x.yaml:"),
        ("a: 1\nb: \0\n", "app/x.yaml:"),
        (
            "apiVersion: v1\nkind: A\nmetadata: {name: x, labels: {a: 1}}",
            "metadata.labels.a has to be a text",
        ),
    ];
    for (content, expected) in cases {
        let shown = fault(&MemoryTree::new().file(&path("app/x.yaml"), content));
        assert!(shown.contains(expected), "{content:?}: {shown}");
    }
    let shown = fault(&MemoryTree::new().file(&path("app/x.json"), "{\n\"a\": }"));
    assert!(shown.starts_with("app/x.json:2:"), "{shown}");
}

#[test]
fn links_stay_inside() {
    let inside = MemoryTree::new()
        .file(&path("base/a.yaml"), map("a"))
        .symlink(&path("app/a.yaml"), "../base/a.yaml")
        .symlink(&path("app/again"), "../app");
    assert_eq!(
        names(
            &inside,
            &Options {
                recurse: true,
                ..Options::default()
            }
        ),
        ["a"]
    );
    for target in ["/etc/passwd", "../../etc/passwd"] {
        let outside = MemoryTree::new().symlink(&path("app/a.yaml"), target);
        assert!(
            fault(&outside).contains("leads out of the source"),
            "{target}"
        );
    }
    let circle = MemoryTree::new()
        .symlink(&path("app/a.yaml"), "b.yaml")
        .symlink(&path("app/b.yaml"), "a.yaml");
    assert!(fault(&circle).contains("symbolic links"));
}

#[test]
fn other_types_are_refused() {
    for (file, expected) in [
        ("app/Chart.yaml", "Helm"),
        ("app/kustomization.yaml", "Kustomize"),
    ] {
        let shown = fault(&MemoryTree::new().file(&path(file), "name: a"));
        assert!(shown.contains(expected) && shown.contains(file), "{shown}");
    }
}

#[test]
fn limits_hold() {
    let limits = |change: fn(&mut Limits)| {
        let mut limits = Limits::default();
        change(&mut limits);
        render(&tree(), &path("app"), &Options::default(), &limits)
            .unwrap_err()
            .to_string()
    };
    assert!(limits(|l| l.file_bytes = 10).contains("at most 10"));
    assert!(limits(|l| l.total_bytes = 100).contains("bytes in all files"));
    assert!(limits(|l| l.entries = 2).contains("files and folders"));
    assert!(limits(|l| l.objects = 2).contains("objects"));
}

#[test]
fn submodules_are_left_out() {
    let tree = MemoryTree::new()
        .file(&path("app/a.yaml"), map("a"))
        .submodule(&path("app/vendored"));
    assert_eq!(
        names(
            &tree,
            &Options {
                recurse: true,
                ..Options::default()
            }
        ),
        ["a"]
    );
}

#[test]
fn jsonnet_is_refused_rather_than_left_out_in_silence() {
    let tree = tree()
        .file(&path("app/sub/main.jsonnet"), "{}")
        .file(&path("app/lib.libsonnet"), "{}");
    assert!(fault(&tree).starts_with("app/sub/main.jsonnet: Jsonnet is not rendered"));
    assert_eq!(names(&tree, &Options::default()), ["a", "a2", "b", "c"]);
    let excluded = Options {
        recurse: true,
        exclude: "**/*.jsonnet".to_owned(),
        ..Options::default()
    };
    assert_eq!(names(&tree, &excluded).len(), 5);
}
