use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::parallel::Workers;
use crate::supply::{Missing, Needed, NoSupply, Supplied};
use crate::tree::MemoryTree;

const CHART: &str = "apiVersion: v2\nname: web\nversion: 1.0.0\n";

fn path(text: &str) -> TreePath {
    TreePath::new(text).unwrap()
}

fn tree(files: &[(&str, &str)]) -> MemoryTree {
    let mut tree = MemoryTree::new().file(&path("web/Chart.yaml"), CHART);
    for (name, text) in files {
        tree = tree.file(&path(&format!("web/{name}")), *text);
    }
    tree
}

fn render_with(tree: &MemoryTree, options: &Options) -> Result<Vec<Manifest>, RenderError> {
    render(
        tree,
        &path("web"),
        options,
        &Facts::default(),
        &NoSupply,
        &Limits::default(),
    )
}

fn map(data: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata: {{{data}}}\n")
}

fn data(files: &[(&str, &str)], options: &Options) -> Value {
    let manifests = render_with(&tree(files), options).unwrap_or_else(|error| panic!("{error}"));
    manifests[0].object["data"].clone()
}

fn failure(files: &[(&str, &str)]) -> RenderError {
    render_with(&tree(files), &Options::default()).expect_err("a failure")
}

#[test]
fn values_have_the_order_of_the_application() {
    let template = map("v: '{{ toJson .Values }}'");
    let files = [
        ("templates/a.yaml", template.as_str()),
        ("values.yaml", "a: 1\nb: 1\nc: 1\nd: 1\ne: 1\n"),
        ("more.yaml", "b: 2\nc: 2\nd: 2\ne: 2\n"),
    ];
    let options = Options {
        values: vec![
            ValueSource::File("more.yaml".into()),
            ValueSource::Text {
                name: "values".into(),
                text: "c: 3\nd: 3\ne: 3".into(),
            },
            ValueSource::Object(json!({"d": 4, "e": 4}).as_object().unwrap().clone()),
        ],
        sets: vec![parameter_line("e", "x,y"), parameter_line("f", "{1,2}")],
        string_sets: vec![parameter_line("g", "5")],
        file_parameters: vec![FileParameter {
            name: "h".into(),
            content: FileContent::Path("/web/more.yaml".into()),
        }],
        ..Options::default()
    };
    let found: Value = serde_json::from_str(data(&files, &options)["v"].as_str().unwrap()).unwrap();
    assert_eq!(
        found,
        json!({"a": 1, "b": 2, "c": 3, "d": 4, "e": "x,y", "f": [1, 2], "g": "5",
               "h": "b: 2\nc: 2\nd: 2\ne: 2\n"})
    );
}

#[test]
fn value_files_come_from_the_tree_other_sources_and_the_supply() {
    let template = map("v: '{{ toJson .Values }}'");
    let tree = tree(&[("templates/a.yaml", &template)]).file(&path("env/a.yaml"), "a: 1");
    let other = MemoryTree::new().file(&path("deep/b.yaml"), "b: 2");
    let mut options = Options {
        values: vec![
            ValueSource::File("../env/a.yaml".into()),
            ValueSource::File("$other/deep/b.yaml".into()),
            ValueSource::File("absent.yaml".into()),
        ],
        ignore_missing_value_files: true,
        ..Options::default()
    };
    options.references.insert(
        "other".into(),
        Reference(Supplied {
            tree: Arc::new(other),
            path: TreePath::root(),
        }),
    );
    let found = render_with(&tree, &options).unwrap();
    assert_eq!(found[0].object["data"]["v"], json!(r#"{"a":1,"b":2}"#));
    options.ignore_missing_value_files = false;
    let error = render_with(&tree, &options).unwrap_err().to_string();
    assert!(error.contains("web/absent.yaml"), "{error}");
    for outside in ["../../etc/passwd", "$other/../../x"] {
        options.values = vec![ValueSource::File(outside.into())];
        let error = render_with(&tree, &options).unwrap_err();
        assert!(matches!(error, RenderError::Path(_)), "{error}");
    }
    let url = "https://example.com/values.yaml".to_owned();
    options.values = vec![ValueSource::File(url.clone())];
    assert_eq!(
        render_with(&tree, &options),
        Err(RenderError::Missing(vec![Missing::File { url }.into()]))
    );
}

struct Charts(MemoryTree);

impl Supply for Charts {
    fn get(&self, missing: &Missing) -> Option<Supplied> {
        let Missing::Chart { name, version, .. } = missing else {
            return None;
        };
        let path = TreePath::new(&format!("{name}-{version}")).ok()?;
        self.0.kind(&path).ok()?;
        Some(Supplied {
            tree: Arc::new(self.0.clone()),
            path,
        })
    }
}

#[test]
fn dependencies_are_named_and_then_supplied() {
    let needs = format!(
        "{CHART}dependencies:\n- {{name: db, version: '>=1.0.0', repository: 'https://example.com'}}\n\
         - {{name: local, version: 1.x, repository: 'file://../local'}}\n"
    );
    let template = map("v: '{{ include \"local.name\" . }} {{ .Values.db.port }}'");
    let tree = MemoryTree::new()
        .file(&path("web/Chart.yaml"), needs)
        .file(&path("web/templates/a.yaml"), template)
        .file(
            &path("local/Chart.yaml"),
            "apiVersion: v2\nname: local\nversion: 1.2.0\ntype: library\n",
        )
        .file(
            &path("local/templates/_a.tpl"),
            "{{ define \"local.name\" }}local{{ end }}",
        );
    let missing = |version: &str| {
        Err(RenderError::Missing(vec![Needed {
            what: Missing::Chart {
                repository: "https://example.com".into(),
                name: "db".into(),
                version: version.into(),
            },
            by: "web/Chart.yaml:5:3".into(),
        }]))
    };
    assert_eq!(render_with(&tree, &Options::default()), missing(">=1.0.0"));
    // The digest is what Helm computes for these dependencies.
    let lock = "dependencies:\n- {name: db, version: 1.4.2, repository: 'https://example.com'}\n- {name: local, version: 1.2.0, repository: 'file://../local'}\ndigest: sha256:6e081342b4f16c203d9905b71b83b6e9ea7e0775101e923b1dc0576e85762297\n";
    let tree = tree.file(&path("web/Chart.lock"), lock);
    assert_eq!(render_with(&tree, &Options::default()), missing("1.4.2"));
    let supply = Charts(
        MemoryTree::new()
            .file(
                &path("db-1.4.2/Chart.yaml"),
                "apiVersion: v2\nname: db\nversion: 1.4.2\n",
            )
            .file(&path("db-1.4.2/values.yaml"), "port: 5432\n"),
    );
    let found = render(
        &tree,
        &path("web"),
        &Options::default(),
        &Facts::default(),
        &supply,
        &Limits::default(),
    )
    .unwrap();
    assert_eq!(found[0].object["data"]["v"], json!("local 5432"));
    let stale = "dependencies:\n- {name: db, version: 0.9.0, repository: 'https://example.com'}\n";
    let tree = tree.file(&path("web/Chart.lock"), stale);
    let error = render_with(&tree, &Options::default())
        .unwrap_err()
        .to_string();
    assert!(error.contains("out of sync"), "{error}");
}

#[test]
fn errors_name_file_line_column_chain_and_value() {
    let files = [
        (
            "templates/_a.tpl",
            "{{ define \"outer\" }}\n{{ include \"inner\" .Values }}{{ end }}\n{{ define \"inner\" }}\n\n  {{ .text.broken }}{{ end }}",
        ),
        ("templates/a.yaml", "a: 1\nb: {{ include \"outer\" . }}\n"),
        ("values.yaml", "text: some\n"),
    ];
    let RenderError::Template(error) = failure(&files) else {
        panic!("not a template's");
    };
    assert_eq!(
        (error.file.as_str(), error.line, error.column),
        ("web/templates/_a.tpl", 5, 10)
    );
    assert_eq!(error.expression, ".text.broken");
    let chain: Vec<_> = error
        .chain
        .iter()
        .map(|frame| format!("{}:{} {}", frame.file, frame.line, frame.template))
        .collect();
    assert_eq!(
        chain,
        [
            "web/templates/a.yaml:2 web/templates/a.yaml",
            "web/templates/_a.tpl:2 outer"
        ]
    );
    assert!(
        error
            .message
            .contains("can't evaluate field broken in type"),
        "{error}"
    );
    let text = error.to_string();
    assert!(
        text.contains("called from web/templates/a.yaml:2"),
        "{text}"
    );
}

#[test]
fn required_and_fail_say_what_the_chart_says() {
    for (template, message) in [
        ("{{ required \"give a name\" .Values.name }}", "give a name"),
        ("{{ fail \"never\" }}", "never"),
    ] {
        let RenderError::Template(error) = failure(&[("templates/a.yaml", template)]) else {
            panic!("not a template's");
        };
        assert_eq!(error.message, message);
        assert!(
            error
                .text
                .starts_with("execution error at (web/templates/a.yaml:1:"),
            "{}",
            error.text
        );
    }
    let RenderError::Template(error) = failure(&[("templates/a.yaml", "a: 1\n{{ .Values.x")])
    else {
        panic!("not a template's");
    };
    assert_eq!(
        (error.file.as_str(), error.line),
        ("web/templates/a.yaml", 2)
    );
}

#[test]
fn faults_in_printed_text_and_values_have_places() {
    let error = failure(&[("templates/a.yaml", "a: 1\n---\nb: c: d\n")]);
    assert!(
        matches!(&error, RenderError::Printed { file, line: 3, .. } if file == "web/templates/a.yaml"),
        "{error}"
    );
    let error = failure(&[("values.yaml", "a: 1\nb: [\n")]);
    assert!(
        matches!(&error, RenderError::Syntax { file, .. } if file == "web/values.yaml"),
        "{error}"
    );
}

#[test]
fn a_block_at_the_end_has_its_line_break() {
    let template = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  v: |\n    text";
    let found = data(&[("templates/a.yaml", template)], &Options::default());
    assert_eq!(found["v"], "text\n");
}

#[test]
fn the_world_is_an_argument() {
    struct Live;
    impl Lookup for Live {
        fn lookup(
            &self,
            version: &str,
            kind: &str,
            namespace: &str,
            name: &str,
        ) -> Result<Value, String> {
            Ok(json!({"metadata": {"name": format!("{version} {kind} {namespace} {name}")}}))
        }
    }
    let template = map(
        "now: '{{ now | unixEpoch }}', live: '{{ (lookup \"v1\" \"Pod\" \"ns\" \"x\").metadata.name }}', \
         random: '{{ randAlphaNum 8 }}', env: '{{ .Release.IsUpgrade }}'",
    );
    let tree = tree(&[("templates/a.yaml", &template)]);
    let facts = Facts {
        now: (1_700_000_000, 0),
        lookup: Some(Arc::new(Live)),
        ..Facts::default()
    };
    let chart = Chart::load(&tree, &path("web"), &NoSupply, &Limits::default()).unwrap();
    let options = Options {
        is_upgrade: true,
        ..Options::default()
    };
    let values = read_values(&tree, &path("web"), &options, &NoSupply, &Limits::default()).unwrap();
    let one = chart.render(&options, &facts, &values).unwrap();
    assert_eq!(one, chart.render(&options, &facts, &values).unwrap());
    let data = &one.documents[0].value["data"];
    assert_eq!(data["now"], "1700000000");
    assert_eq!(data["live"], "v1 Pod ns x");
    assert_eq!(data["env"], "true");
    assert!(one.used.clock && one.used.entropy && one.used.lookup);
    for name in ["env", "expandenv"] {
        let template = format!("{{{{ {name} \"HOME\" }}}}");
        let error = failure(&[("templates/a.yaml", &template)]).to_string();
        assert!(error.contains("not defined"), "{error}");
    }
}

#[test]
fn what_is_printed_is_what_is_rendered() {
    let definition = "kind: CustomResourceDefinition\nmetadata: {name: c}\nspec: |\n  a\n";
    let hook =
        "kind: Pod\nmetadata:\n  name: t\n  annotations:\n    helm.sh/hook: test\nspec: |-\n  b";
    let folded = "kind: Zebra\nmetadata: {name: z}\na: >\n  b\n---\nkind: Job\n";
    let cases = [
        (definition, hook, true),
        (definition, folded, true),
        (definition, "# nothing\n", true),
        ("kind: [", hook, false),
        ("a: {b: .inf}", hook, false),
        (definition, "kind: {}", false),
        (definition, "metadata:\n  annotations:\n    a: [b]\n", false),
        (definition, "a: |\n  b\n---\nspec:\n  a: [.nan]\n", false),
    ];
    for (definition, template, is_right) in cases {
        let tree = tree(&[("crds/c.yaml", definition), ("templates/a.yaml", template)]);
        let (limits, facts) = (Limits::default(), Facts::default());
        let chart = Chart::load(&tree, &path("web"), &NoSupply, &limits).unwrap();
        for skip_tests in [false, true] {
            let options = Options {
                skip_tests,
                ..Options::default()
            };
            let values = read_values(&tree, &path("web"), &options, &NoSupply, &limits).unwrap();
            let rendered = chart.render(&options, &facts, &values);
            let expected = rendered.map(|rendered| printed(&rendered.documents));
            assert_eq!(expected.is_ok(), is_right, "{template}: {expected:?}");
            let text = chart.print(&options, &facts, &values);
            assert_eq!(text.map(|text| text.to_string()), expected);
        }
    }
}

/// Hundreds of templates of a few hundred bytes; the fault, if any, is in the middle.
fn rendered_by(workers: usize, fault: &str, limits: &Limits) -> Result<Rendered, RenderError> {
    let mut tree = tree(&[
        (
            "templates/_a.tpl",
            "{{ define \"a\" }}{{ .Release.Name }}{{ end }}",
        ),
        ("values.yaml", "list: [{k: v}]"),
    ]);
    for number in 0..400 {
        let fault = if matches!(number, 100 | 200 | 300) {
            fault
        } else {
            ""
        };
        let text = map(&format!(
            "v: '{{{{ include \"a\" . }}}}{}', w: {fault}",
            "x".repeat(300)
        ));
        let kind = ["ConfigMap", "Service", "Pod"][number % 3];
        let text = text.replace("ConfigMap", kind);
        tree = tree.file(&path(&format!("web/templates/{number:03}.yaml")), text);
    }
    let facts = Facts::default();
    let workers = Workers::new(NonZeroUsize::new(workers).unwrap());
    let limits = &Limits { workers, ..*limits };
    let chart = Chart::load(&tree, &path("web"), &NoSupply, limits)?;
    let options = Options::default();
    let values = read_values(&tree, &path("web"), &options, &NoSupply, limits)?;
    let rendered = chart.render(&options, &facts, &values);
    let text = rendered
        .clone()
        .map(|rendered| printed(&rendered.documents));
    let pieces = chart.print(&options, &facts, &values);
    assert_eq!(pieces.map(|pieces| pieces.to_string()), text);
    rendered
}

#[test]
fn any_number_of_workers_renders_the_same() {
    let few = Limits {
        objects: 250,
        ..Limits::default()
    };
    // What one rendering takes, and a little less.
    let steps = |steps| Limits {
        steps,
        ..Limits::default()
    };
    let takes = (0..32)
        .map(|bits| 1 << bits)
        .find(|most| rendered_by(1, "", &steps(*most)).is_ok());
    let half = steps(takes.unwrap() / 2);
    let counts =
        r#"{{ $_ := set .Values "count" (add1 (.Values.count | default 0)) }}{{ .Values.count }}"#;
    let nested = r#"{{ $_ := set (index .Values.list 0) "k" (.Values.other | default "none") }}{{ $_ := set $ "other" "x" }}{{ .Values.list | toJson | quote }}"#;
    let own = r#"{{ $own := dict "a" 1 }}{{ $_ := set $own "a" 2 }}{{ $own.a }}"#;
    let random = "{{ randAlphaNum 8 }}";
    for (fault, limits, fails) in [
        ("", Limits::default(), false),
        ("", half, true),
        (counts, Limits::default(), false),
        (nested, Limits::default(), false),
        (own, Limits::default(), false),
        (random, Limits::default(), false),
        ("{{ nothing }}", Limits::default(), true),
        ("{{ fail \"so\" }}", Limits::default(), true),
        ("a: b: c", Limits::default(), true),
        ("a: b: c", few, true),
        ("", few, true),
    ] {
        let one = rendered_by(1, fault, &limits);
        assert_eq!(one.is_err(), fails, "{fault}");
        for workers in [2, 3, 16] {
            assert_eq!(rendered_by(workers, fault, &limits), one, "{fault}");
        }
    }
}

#[test]
fn a_chart_is_shared_between_threads() {
    let template = map("v: '{{ .Values.v }}'");
    let tree = tree(&[("templates/a.yaml", &template)]);
    let chart = Chart::load(&tree, &path("web"), &NoSupply, &Limits::default()).unwrap();
    std::thread::scope(|scope| {
        for number in 0..4 {
            let chart = &chart;
            scope.spawn(move || {
                let options = Options::default();
                let values = UserValues::new(json!({"v": number.to_string()}).as_object().unwrap());
                for _ in 0..20 {
                    let rendered = chart.render(&options, &Facts::default(), &values).unwrap();
                    assert_eq!(rendered.documents[0].value["data"]["v"], number.to_string());
                }
            });
        }
    });
}

#[test]
fn hostile_charts_end_within_limits() {
    let endless = "{{ define \"a\" }}{{ include \"a\" . }}{{ end }}{{ include \"a\" . }}";
    let template_loop = "{{ define \"a\" }}{{ template \"a\" . }}{{ end }}{{ template \"a\" . }}";
    let cases = [
        endless,
        template_loop,
        "{{ tpl .Values.t . }}",
        "{{ range until 1000000 }}{{ range until 1000000 }}{{ end }}{{ end }}",
        "{{ range 9223372036854775807 }}{{ end }}",
        "{{ $x := \"x\" }}{{ range until 60 }}{{ $x = print $x $x }}{{ end }}{{ $x }}",
        "{{ repeat 1000000000 \"x\" }}",
        "{{ $m := dict }}{{ $_ := set $m \"m\" $m }}{{ toYaml $m }}{{ toJson $m }}{{ print $m }}",
        "{{ .Files.Glob (repeat 1000 \"{a,\") }}{{ genPrivateKey \"none\" }}",
    ];
    for template in cases {
        let start = Instant::now();
        let values = "t: '{{ tpl .Values.t . }}'\n";
        let _ = failure(&[("templates/a.yaml", template), ("values.yaml", values)]);
        assert!(start.elapsed() < Duration::from_secs(30), "{template}");
    }
}

#[test]
fn links_are_followed_inside_the_tree_only() {
    let template = map("v: linked");
    let base = tree(&[]).file(&path("shared/a.yaml"), template);
    let inside = base.clone().symlink(&path("web/templates"), "../shared");
    assert_eq!(render_with(&inside, &Options::default()).unwrap().len(), 1);
    for target in ["/etc", "../../outside", "../nowhere"] {
        let outside = base.clone().symlink(&path("web/templates"), target);
        assert!(
            render_with(&outside, &Options::default()).is_err(),
            "{target}"
        );
    }
    let circle = base.symlink(&path("web/templates"), "../web");
    let error = render_with(&circle, &Options::default()).unwrap_err();
    assert!(matches!(error, RenderError::TooMuch { .. }), "{error}");
}

#[test]
fn schemas_fetch_nothing_and_end() {
    let remote = r#"{"$ref": "https://example.com/schema.json"}"#;
    let file = r#"{"$ref": "file:///etc/passwd"}"#;
    let pattern = r#"{"properties": {"a": {"pattern": "(a|a|aa)*{1000}{1000}"}}}"#;
    for schema in [remote, file, pattern] {
        let error = failure(&[("values.schema.json", schema), ("values.yaml", "a: aaaa\n")]);
        assert!(matches!(error, RenderError::Options(_)), "{error}");
    }
    let circle =
        r##"{"$ref": "#/definitions/a", "definitions": {"a": {"$ref": "#/definitions/a"}}}"##;
    let _ = render_with(
        &tree(&[("values.schema.json", circle)]),
        &Options::default(),
    );
    let deep = format!("{}1{}", "{\"not\": ".repeat(5000), "}".repeat(5000));
    let _ = render_with(&tree(&[("values.schema.json", &deep)]), &Options::default());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_chart_ends(
        template in "(\\{\\{-? ?|[a-z.]{1,8}|\\}\\}|\\$|:=|\"|[ \n:-]|range|if|end|include|\\.Values|\\||[0-9]){0,40}",
        values in "([a-c]: |\\[|\\]|\\{|\\}|&a |\\*a |[ \n]|- |[0-9]){0,30}",
        ignore in "[*?!/a-c\\[\\]\n-]{0,20}",
    ) {
        let files = [
            ("templates/a.yaml", template.as_str()),
            ("values.yaml", values.as_str()),
            (".helmignore", ignore.as_str()),
            ("Chart.yaml", CHART),
        ];
        let _ = render_with(&tree(&files), &Options::default());
    }
}

#[test]
fn the_bytes_of_all_files_count_to_the_last_one() {
    let tree = tree(&[
        ("templates/a.yaml", "\u{feff}a: b\n"),
        ("templates/b.yaml", ""),
    ]);
    let bytes = CHART.len() as u64 + 8;
    for workers in [1, 2] {
        let load = |total_bytes| {
            let limits = Limits {
                total_bytes,
                workers: Workers::new(NonZeroUsize::new(workers).unwrap()),
                ..Limits::default()
            };
            Chart::load(&tree, &path("web"), &NoSupply, &limits).map(drop)
        };
        assert_eq!(load(bytes), Ok(()), "an empty file takes nothing");
        let error = load(bytes - 1);
        assert!(
            matches!(error, Err(RenderError::TooMuch { .. })),
            "{error:?}"
        );
    }
}
