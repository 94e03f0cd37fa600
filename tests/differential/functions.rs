//! The functions of templates against Helm's: some hundreds of expressions, their results compared byte by byte, their
//! errors by text.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::rc::Rc;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tempfile::TempDir;
use tiphys_render::go_time::{Moment, Zone};
use tiphys_render::helm::functions::{Environment, Seeded, from_serde, functions};
use tiphys_render::yaml;
use tiphys_template::{Limits, Map, Named, Session, Templates, Type, Value, define_nested};

mod documents;

const EXPRESSIONS: &str = include_str!("functions/expressions.txt");
const VALUES: &str = include_str!("functions/values.yaml");
const CHART: &str = "apiVersion: v2\nname: expressions\nversion: 1.0.0\n";
const HELPERS: &str = "{{ define \"helper\" }}helped {{ .Values.text }}{{ end }}";
const COMMON_VALUES: Type = Type::Named(&Named {
    name: "common.Values",
    underlying: Type::MAP,
});

/// One line of the file.
#[derive(Clone, Copy)]
struct Case<'a> {
    expression: &'a str,
    fails: bool,
}

fn cases() -> Vec<Case<'static>> {
    EXPRESSIONS
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| Case {
            expression: line.strip_prefix('!').unwrap_or(line),
            fails: line.starts_with('!'),
        })
        .collect()
}

/// What shows a value: its type, Go's `%v`, and JSON.
fn shown(expression: &str) -> String {
    format!("{{{{ $x := {expression} }}}}{{{{ printf \"%T|%v|%s\" $x $x (toJson $x) }}}}")
}

/// Our rendering of a template.
fn ours(template: &str) -> Result<Vec<u8>, String> {
    let mut all = functions();
    define_nested(&mut all);
    let mut templates = Templates::new("gotpl", Arc::new(all));
    for (name, text) in [("helpers", HELPERS), ("case", template)] {
        templates
            .parse(name, text)
            .map_err(|error| error.to_string())?;
    }
    let values = yaml::documents(VALUES.as_bytes(), &tiphys_render::Limits::default())
        .expect("the values are YAML");
    let Value::Map(values) = from_serde(&values[0].value) else {
        panic!("the values are a map");
    };
    let values = Map::new(COMMON_VALUES, values.to_vec().into_iter().collect());
    let data = Value::map([("Values", Value::Map(values))]);
    let now = Moment::from_unix(1_700_000_000, 0, Zone::local());
    let environment = Rc::new(Environment::new(now, Seeded::new([7; 32])));
    Session::new(Arc::new(templates), Limits::default(), environment)
        .execute("case", &data)
        .map_err(|error| error.to_string())
}

/// Helm's rendering of a chart with one template; the error is what it prints.
fn helms(helm: &Path, template: &str) -> Result<String, String> {
    let folder = TempDir::new().expect("a folder");
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, text).expect("a file");
    };
    write("Chart.yaml", CHART);
    write("values.yaml", VALUES);
    write("templates/_helpers.tpl", HELPERS);
    write("templates/case.yaml", template);
    let output = Command::new(helm)
        .args(["template", "x"])
        .arg(folder.path())
        .env("TZ", "UTC")
        .output()
        .expect("helm starts");
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

/// A manifest that holds what each expression shows, in base 64.
fn manifest(expressions: &[&str]) -> String {
    let mut text = String::from("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata:\n");
    for (index, expression) in expressions.iter().enumerate() {
        let shown = shown(expression).replace("(toJson $x) }}", "(toJson $x) | b64enc }}");
        text.push_str(&format!("  c{index}: \"{shown}\"\n"));
    }
    text
}

/// What the expressions of a manifest show, by index.
fn results(output: &str) -> Vec<String> {
    output
        .lines()
        .filter_map(|line| line.strip_prefix("  c")?.split_once(": \""))
        .map(|(_, text)| {
            let bytes = STANDARD
                .decode(text.trim_end_matches('"'))
                .expect("base 64");
            String::from_utf8_lossy(&bytes).into_owned()
        })
        .collect()
}

/// Compares the results of expressions that have to succeed; returns the differences.
fn compare(helm: &Path, expressions: &[&str]) -> Vec<String> {
    let expected = match helms(helm, &manifest(expressions)) {
        Ok(output) => results(&output),
        Err(error) if expressions.len() == 1 => {
            return vec![format!("{}\n  helm fails: {error}", expressions[0])];
        }
        // One of them fails: find it.
        Err(_) => {
            let (left, right) = expressions.split_at(expressions.len() / 2);
            return [compare(helm, left), compare(helm, right)].concat();
        }
    };
    assert_eq!(
        expected.len(),
        expressions.len(),
        "one result an expression"
    );
    let mut differences = Vec::new();
    for (expression, expected) in expressions.iter().zip(expected) {
        let found = match ours(&shown(expression)) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) => format!("error: {error}"),
        };
        if found != expected {
            differences.push(format!(
                "{expression}\n  helm: {expected:?}\n  ours: {found:?}"
            ));
        }
    }
    differences
}

/// The last part of an error: what the innermost function, or the language, said.
fn reason(error: &str) -> &str {
    let error = error.trim();
    let called = error
        .rsplit_once("error calling ")
        .and_then(|(_, rest)| rest.split_once(": "));
    called
        .or_else(|| error.rsplit_once(">: "))
        .map_or(error, |(_, reason)| reason)
}

#[test]
fn expressions_give_what_helm_gives() {
    let expressions: Vec<&str> = cases()
        .iter()
        .filter(|case| !case.fails)
        .map(|case| case.expression)
        .collect();
    let differences = compare(&crate::peers().helm, &expressions);
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn expressions_fail_as_they_do_in_helm() {
    let helm = &crate::peers().helm;
    let mut differences = Vec::new();
    for case in cases().iter().filter(|case| case.fails) {
        let template = shown(case.expression);
        match (helms(helm, &template), ours(&template)) {
            (Err(expected), Err(found)) if expected.contains(reason(&found)) => {}
            (expected, found) => differences.push(format!(
                "{}\n  helm: {expected:?}\n  ours: {:?}",
                case.expression,
                found.map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            )),
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
