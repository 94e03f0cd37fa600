//! Charts and overlays that want to read what they may not, or to never end. Each is refused, or ends within its limits.

use serde_json::Value;
use tiphys_render::helm::{self, Facts, Options, ValueSource};
use tiphys_render::kustomize;
use tiphys_render::tree::TreePath;
use tiphys_render::{Limits, MemoryTree, NoSupply, RenderError};

const CHART: &str = "apiVersion: v2\nname: c\nversion: 1.0.0\n";

fn tree(files: &[(&str, &str)]) -> MemoryTree {
    files
        .iter()
        .fold(MemoryTree::new(), |tree, (path, content)| {
            tree.file(&TreePath::new(path).expect("a path"), *content)
        })
}

/// Few steps and little output, so that a case ends soon also in a debug build.
fn limits() -> Limits {
    Limits {
        steps: 300_000,
        output_bytes: 4 << 20,
        ..Limits::default()
    }
}

fn chart(files: &[(&str, &str)], options: &Options) -> Result<Vec<Value>, RenderError> {
    let below: Vec<(String, &str)> = [("Chart.yaml", CHART)]
        .iter()
        .chain(files)
        .map(|(path, content)| (format!("web/{path}"), *content))
        .collect();
    let below: Vec<(&str, &str)> = below
        .iter()
        .map(|(path, it)| (path.as_str(), *it))
        .collect();
    let tree = tree(&below).file(
        &TreePath::new("secret.txt").expect("a path"),
        "SECRET: outside",
    );
    let path = TreePath::new("web").expect("a path");
    let limits = limits();
    let chart = helm::Chart::load(&tree, &path, &NoSupply, &limits)?;
    let values = helm::read_values(&tree, &path, options, &NoSupply, &limits)?;
    let rendered = chart.render(options, &Facts::default(), &values)?;
    let manifests = helm::manifests(rendered.documents, &limits)?;
    Ok(manifests.into_iter().map(|it| it.object).collect())
}

fn template(expression: &str) -> Result<String, RenderError> {
    let text = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata:\n  v: {{{{ {expression} | toString | quote }}}}\n"
    );
    let objects = chart(&[("templates/a.yaml", &text)], &Options::default())?;
    Ok(objects[0]["data"]["v"]
        .as_str()
        .unwrap_or_default()
        .to_owned())
}

fn refused(template: &str, values: &str) -> String {
    let files = [("templates/a.yaml", template), ("values.yaml", values)];
    match chart(&files, &Options::default()) {
        Ok(objects) => panic!("{template} gives {objects:?}"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn the_environment_and_the_network_are_not_there() {
    for call in ["env \"HOME\"", "expandenv \"$HOME\""] {
        let error = template(call).expect_err(call).to_string();
        let name = call.split(' ').next().unwrap_or_default();
        assert!(
            error.contains(&format!("function \"{name}\" not defined")),
            "{error}"
        );
    }
    assert_eq!(template("getHostByName \"localhost\"").expect("empty"), "");
    assert_eq!(
        template("lookup \"v1\" \"Secret\" \"default\" \"x\" | toJson").expect("empty"),
        "{}"
    );
}

#[test]
fn nothing_outside_the_chart_is_read() {
    for path in [
        "../secret.txt",
        "/etc/passwd",
        "a/../../secret.txt",
        "..//secret.txt",
    ] {
        assert_eq!(
            template(&format!(".Files.Get \"{path}\"")).expect("empty"),
            ""
        );
    }
    assert_eq!(
        template("(.Files.Glob \"../*\").AsConfig").expect("empty"),
        "{}"
    );
    for path in [
        "../../outside.yaml",
        "/../../etc/passwd",
        "https://example.com/v.yaml",
    ] {
        let options = Options {
            values: vec![ValueSource::File(path.to_owned())],
            ..Options::default()
        };
        assert!(chart(&[], &options).is_err(), "{path}");
    }
}

#[test]
fn what_would_never_end_meets_a_limit() {
    let nested = "{{ range until 1000 }}".repeat(8) + &"{{ end }}".repeat(8);
    let deep = "{{ if true }}".repeat(20_000) + &"{{ end }}".repeat(20_000);
    let parentheses = format!("{{{{ {}1{} }}}}", "(".repeat(50_000), ")".repeat(50_000));
    let cases = [
        nested.as_str(),
        &deep,
        &parentheses,
        "{{ until 9223372036854775807 }}",
        "{{ untilStep 0 9223372036854775807 1 }}",
        "{{ untilStep 9223372036854775807 0 -1 }}",
        "{{ repeat 9223372036854775807 \"x\" }}",
        "{{ indent 2147483647 \"x\" }}",
        "{{ nindent 2147483647 \"x\" }}",
        "{{ printf \"%2147483647d\" 1 }}",
        "{{ randAlphaNum 2147483647 }}",
        "{{ randBytes 2147483647 }}",
        "{{ regexReplaceAll \"\" (repeat 100000 \"x\") (repeat 100000 \"y\") }}",
        "{{ replace \"\" (repeat 100000 \"x\") (repeat 100000 \"y\") }}",
        "{{ join (repeat 100000 \"x\") (until 100000) }}",
        "{{ $l := list 1 }}{{ range until 60 }}{{ $l = concat $l $l }}{{ end }}",
        "{{ $d := dict }}{{ range until 60 }}{{ $d = dict \"a\" $d \"b\" $d }}{{ end }}{{ mustToYaml $d }}{{ mustToJson $d }}",
        "{{ $d := dict }}{{ range until 60 }}{{ $d = dict \"a\" $d \"b\" $d }}{{ end }}{{ deepCopy $d }}",
        "{{ fromYaml \"a: &a [x,x,x,x,x,x,x,x,x]\\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\\ng: [*f,*f,*f,*f,*f,*f,*f,*f,*f]\" | toYaml | fail }}",
    ];
    for case in cases {
        refused(case, "");
    }
}

#[test]
fn patterns_take_time_in_proportion() {
    for (pattern, text) in [
        (
            "^(a+)+$",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!",
        ),
        (
            "(x+x+)+y",
            "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        ),
    ] {
        let call = format!("regexMatch {pattern:?} {text:?}");
        assert_eq!(template(&call).expect("a result"), "false");
    }
    let error = template("regexMatch \"((a{1000}){1000}){1000}\" \"a\"").expect_err("too large");
    assert!(error.to_string().contains("regex"), "{error}");
}

#[test]
fn bombs_of_aliases_end() {
    let mut bomb = "a0: &a0 [x, x]\n".to_owned();
    for level in 1..40 {
        let below = level - 1;
        bomb.push_str(&format!("a{level}: &a{level} [*a{below}, *a{below}]\n"));
    }
    let error = refused("{{ .Values.a39 }}", &bomb);
    assert!(error.contains("aliases"), "{error}");
    let files = [
        ("kustomization.yaml", "resources: [a.yaml]\n"),
        ("a.yaml", &bomb),
    ];
    let error = overlay(&files).expect_err("a bomb").to_string();
    assert!(error.contains("aliases"), "{error}");
}

#[test]
fn bombs_of_schemas_end() {
    // Every level is checked twice: 2^40 checks of one value.
    let mut definitions = "\"d40\": {\"type\": \"integer\"}".to_owned();
    for level in 0..40 {
        let below = level + 1;
        definitions.push_str(&format!(
            ", \"d{level}\": {{\"allOf\": [{{\"$ref\": \"#/definitions/d{below}\"}}, {{\"$ref\": \"#/definitions/d{below}\"}}]}}"
        ));
    }
    let schema = format!("{{\"$ref\": \"#/definitions/d0\", \"definitions\": {{{definitions}}}}}");
    let files = [
        ("values.schema.json", schema.as_str()),
        ("values.yaml", "a: 1\n"),
    ];
    assert!(chart(&files, &Options::default()).is_err());
    // Every element against every other one.
    let items: Vec<String> = (0..20_000).map(|n| format!("{{n: {n}}}")).collect();
    let values = format!("a: [{}]\n", items.join(", "));
    let unique =
        r#"{"properties": {"a": {"uniqueItems": true, "items": {"not": {"required": ["m"]}}}}}"#;
    let files = [("values.schema.json", unique), ("values.yaml", &values)];
    assert!(chart(&files, &Options::default()).is_ok());
    let backtracking = r#"{"properties": {"a": {"pattern": "^(a+)+$"}}}"#;
    let long = format!("a: {}!\n", "a".repeat(64));
    let files = [("values.schema.json", backtracking), ("values.yaml", &long)];
    assert!(chart(&files, &Options::default()).is_err());
}

fn overlay(files: &[(&str, &str)]) -> Result<Vec<Value>, RenderError> {
    let rendered = kustomize::render(
        &tree(files),
        &TreePath::root(),
        &kustomize::Options::default(),
        &NoSupply,
        &limits(),
    )?;
    Ok(rendered.into_iter().map(|it| it.object).collect())
}

#[test]
fn overlays_do_not_leave_their_tree_or_run_anything() {
    let function = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: f\n  annotations:\n    config.kubernetes.io/function: |\n      container: {image: example.com/f}\n";
    let exec = function.replace(
        "container: {image: example.com/f}",
        "exec: {path: ./run.sh}",
    );
    for (kustomization, expected) in [
        ("resources: [../../../etc/passwd]\n", "leads out of"),
        ("resources: [/etc/passwd]\n", "/etc/passwd"),
        (
            "configMapGenerator: [{name: a, files: [../../x]}]\n",
            "leads out of",
        ),
        (
            "patches: [{path: /etc/shadow, target: {kind: A}}]\n",
            "/etc/shadow",
        ),
        ("generators: [f.yaml]\n", "never run"),
        ("transformers: [exec.yaml]\n", "never run"),
        ("validators: [f.yaml]\n", "never run"),
        (
            "helmCharts: [{name: a, repo: 'https://example.com'}]\n",
            "enable-helm",
        ),
        ("resources: [.]\n", "cycle"),
        ("components: [../]\n", ""),
    ] {
        let files = [
            ("kustomization.yaml", kustomization),
            ("f.yaml", function),
            ("exec.yaml", exec.as_str()),
        ];
        let error = overlay(&files).expect_err(kustomization).to_string();
        assert!(error.contains(expected), "{kustomization}: {error}");
    }
}
