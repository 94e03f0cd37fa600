//! `toYaml`, `toYamlPretty`, `toJson` and `toToml` of generated documents, byte by byte.

use std::fs;
use std::process::Command;

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, TestRunner};
use serde_json::Value;
use tempfile::TempDir;
use tiphys_render::helm::functions::{from_serde, functions};
use tiphys_template::{Limits, Session, Templates};

const DOCUMENTS: usize = 400;
/// What is made of each document.
const WRITERS: [&str; 4] = ["toYaml", "toYamlPretty", "toJson", "toPrettyJson"];

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{0,8}",
        "[ -~]{0,12}",
        "[ -~]{70,170}",
        "([a-z]{1,12} ){0,40}",
        "[ \n\tab:#'\"-]{0,10}",
        "[+-]?[0-9][0-9_.:eExobT-]{0,9}",
        "(y|n|yes|no|on|off|true|null|~|<<|=|[.](inf|nan)|0x[0-9a-f]{1,3})",
        "\\PC{0,6}",
        any::<String>(),
    ]
}

fn any_document() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-1_000_i64..1_000).prop_map(Value::from),
        any::<f64>()
            .prop_filter("finite", |number| number.is_finite())
            .prop_map(Value::from),
        any_text().prop_map(Value::from),
        any_text().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 60, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            prop::collection::btree_map(any_text(), inner, 0..8)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// A template that shows what each writer makes of a JSON text.
fn template(document: &Value) -> String {
    let json = document.to_string();
    let quoted = json
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\u{feff}', "\\uFEFF");
    let mut text = format!("{{{{ $x := (mustFromJson \"{quoted}\") }}}}");
    for writer in WRITERS {
        text.push_str(&format!("{{{{ {writer} $x | b64enc }}}}|"));
    }
    text
}

#[test]
fn generated_documents_are_written_as_helm_writes_them() {
    let mut runner = TestRunner::new_with_rng(
        Config::default(),
        prop::test_runner::TestRng::deterministic_rng(prop::test_runner::RngAlgorithm::ChaCha),
    );
    let documents: Vec<Value> = (0..DOCUMENTS)
        .map(|_| {
            any_document()
                .new_tree(&mut runner)
                .expect("a document")
                .current()
        })
        .collect();
    let mut manifest =
        String::from("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata:\n");
    for (index, document) in documents.iter().enumerate() {
        manifest.push_str(&format!("  c{index}: \"{}\"\n", template(document)));
    }
    let folder = TempDir::new().expect("a folder");
    fs::create_dir(folder.path().join("templates")).expect("a folder");
    fs::write(folder.path().join("Chart.yaml"), super::CHART).expect("a file");
    fs::write(folder.path().join("templates/all.yaml"), manifest).expect("a file");
    let output = Command::new(&crate::peers().helm)
        .args(["template", "x"])
        .arg(folder.path())
        .output()
        .expect("helm starts");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let output = String::from_utf8_lossy(&output.stdout).into_owned();
    let expected: Vec<&str> = output
        .lines()
        .filter_map(|line| line.strip_prefix("  c")?.split_once(": \""))
        .map(|(_, text)| text.trim_end_matches('"'))
        .collect();
    assert_eq!(expected.len(), documents.len());
    let mut differences = Vec::new();
    for (document, expected) in documents.iter().zip(expected) {
        let found = ours(document);
        for ((writer, expected), found) in WRITERS
            .iter()
            .zip(expected.split('|'))
            .zip(found.split('|'))
        {
            if expected != found {
                differences.push(format!(
                    "{writer} {document}\n  helm: {}\n  ours: {}",
                    decoded(expected),
                    decoded(found)
                ));
            }
        }
    }
    let count = differences.len();
    differences.truncate(8);
    assert!(
        count == 0,
        "{count} differences\n{}",
        differences.join("\n")
    );
}

fn decoded(text: &str) -> String {
    use base64::Engine as _;
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(text)
        .unwrap_or_default();
    format!("{:?}", String::from_utf8_lossy(&bytes))
}

fn ours(document: &Value) -> String {
    let mut templates = Templates::new("gotpl", std::sync::Arc::new(functions()));
    let mut text = String::new();
    for writer in WRITERS {
        text.push_str(&format!("{{{{ {writer} . | b64enc }}}}|"));
    }
    templates.parse("case", text).expect("a template");
    let context = std::rc::Rc::new(());
    let result = Session::new(std::sync::Arc::new(templates), Limits::default(), context)
        .execute("case", &from_serde(document));
    match result {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) => error.to_string(),
    }
}
