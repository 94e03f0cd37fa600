//! jq path expressions: what they name, and what is refused. The same expressions are put to jaq's own interpreter.

use jaq_core::load::{Arena, File, Loader};
use jaq_core::{Compiler, Ctx, Vars, data, unwrap_valr};
use proptest::prelude::*;
use serde_json::{Value, json};
use tiphys_engine::diff::Options;
use tiphys_engine::ignore::IgnoreRules;
use tiphys_engine::ignore::jq::{Expression, JqError};
use tiphys_model::ResourceIgnoreDifferences;

fn ignoring(expression: &str) -> IgnoreRules {
    let (rules, errors) = IgnoreRules::compile(&[ResourceIgnoreDifferences {
        group: "*".into(),
        kind: "*".into(),
        jq_path_expressions: vec![expression.into()],
        ..Default::default()
    }]);
    assert_eq!(errors, [], "{expression}");
    rules
}

/// jaq writes a null where a path leads through a field that there is not; jq and this project do not.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(map) => map
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name, without_nulls(value)))
            .collect(),
        Value::Array(items) => items.into_iter().map(without_nulls).collect(),
        other => other,
    }
}

/// `del(expression)` by this project.
fn ours(expression: &str, input: &Value) -> Value {
    let mut warnings = Vec::new();
    let rules = ignoring(expression);
    let options = Options::new("tiphys");
    let left = rules.without_ignored(input, input, &options, &mut warnings);
    assert_eq!(warnings, [], "{expression}");
    without_nulls(left.into_owned())
}

/// `del(expression)` by jaq; the input itself when that fails, as Argo CD treats an expression that fails.
fn theirs(expression: &str, input: &Value) -> Value {
    let arena = Arena::default();
    let program = format!("del({expression})");
    let defs = jaq_core::defs()
        .chain(jaq_std::defs())
        .chain(jaq_json::defs());
    let modules = Loader::new(defs)
        .load(
            &arena,
            File {
                code: program.as_str(),
                path: (),
            },
        )
        .expect("jaq reads it");
    let funs = jaq_core::funs()
        .chain(jaq_std::funs())
        .chain(jaq_json::funs());
    let filter = Compiler::default()
        .with_funs(funs)
        .compile(modules)
        .expect("jaq compiles it");
    let ctx = Ctx::<data::JustLut<jaq_json::Val>>::new(&filter.lut, Vars::new([]));
    let value = jaq_json::read::parse_single(input.to_string().as_bytes()).expect("JSON");
    match filter.id.run((ctx, value)).map(unwrap_valr).next() {
        Some(Ok(value)) => without_nulls(serde_json::from_str(&value.to_string()).expect("JSON")),
        _ => without_nulls(input.clone()),
    }
}

const EXPRESSIONS: [&str; 42] = [
    ".spec.replicas",
    ".spec[\"replicas\"]",
    ".spec.\"replicas\"",
    ".spec?",
    ".metadata.annotations[\"a/b\"]",
    ".spec.containers[].image",
    ".spec.containers[]?.image?",
    ".spec.containers[0]",
    ".spec.containers[-1]",
    ".spec.containers[0, 1].image",
    ".spec.containers[] | select(.name == \"a\") | .image",
    ".spec.containers[] | select(.name != \"a\" and (.image | test(\"^x\")))",
    ".spec.containers[] | select(.name | startswith(\"b\")) | .env[] | select(.name == \"X\").value",
    ".spec.containers[].env[]? | select(.value | . == \"1\" or . == \"2\")",
    ".spec.containers | map(.name) | length",
    ".spec.containers[] | select(any(.env[]?; .name == \"X\"))",
    ".spec.containers[] | select(all(.env[]?; .name == \"X\"))",
    ".spec.containers[] | select([.env[]?.name] | any(. == \"X\"))",
    ".. | .image?",
    ".. | select(type == \"string\")",
    "recurse | .name?",
    ".spec.nothing",
    ".spec.nothing[]",
    ".spec.nothing[]?",
    ".spec.nothing.x.y",
    ".spec.replicas.x",
    ".spec.nothing // .spec.replicas",
    ".spec.replicas // .spec.nothing",
    "if .spec.replicas > 1 then .spec.replicas else .metadata end",
    "if .spec.replicas < 1 then .spec.replicas elif .kind == \"X\" then .kind else .metadata end",
    // With the question mark, because jaq deletes nothing at all when one of several paths leads through a field that there is not.
    "(.spec.replicas?, .metadata.name)",
    ".spec as $s | .spec.containers[] | select(.name == $s.name)",
    ".spec.containers | first.image",
    "getpath([\"spec\", \"containers\", 0, \"image\"])",
    ".spec.containers[] | select(has(\"env\"))",
    ".spec.containers[] | select(.env | length > 1)",
    ".spec.containers[] | select(.image | contains(\"x\") or endswith(\"2\"))",
    ".spec.containers[] | select(.name | ascii_upcase | ltrimstr(\"A\") == \"\")",
    ".spec.containers[] | select(.name | not)",
    ".metadata.annotations | select(to_entries | any(.value == \"1\"))",
    ".spec.containers[] | strings, objects.name",
    "empty",
];

fn example() -> Value {
    json!({"kind": "X", "metadata": {"name": "x", "annotations": {"a/b": "1", "c": "2"}}, "spec": {"replicas": 3, "name": "b", "containers": [
        {"name": "a", "image": "x:1", "env": [{"name": "X", "value": "1"}, {"name": "Y", "value": "2"}]},
        {"name": "b", "image": "y:2", "env": [{"name": "X", "value": "3"}]},
        {"name": "c", "image": "x:3"},
    ]}})
}

#[test]
fn expressions_name_what_jaq_says() {
    let mut changed = 0;
    for expression in EXPRESSIONS {
        let left = ours(expression, &example());
        assert_eq!(left, theirs(expression, &example()), "{expression}");
        changed += usize::from(left != example());
    }
    assert!(changed > 28, "{changed} of the expressions name something");
}

#[test]
fn first_and_last_of_many_are_paths() {
    for (expression, place) in [
        ("first(.spec.containers[]).image", 0),
        ("last(.spec.containers[]).image", 2),
    ] {
        let mut expected = example();
        expected["spec"]["containers"][place]
            .as_object_mut()
            .expect("a map")
            .remove("image");
        assert_eq!(ours(expression, &example()), expected, "{expression}");
    }
}

#[test]
fn in_is_offered_although_jaq_has_none() {
    let left = ours(
        ".spec.containers[] | select(.name | IN(\"a\", \"c\"))",
        &example(),
    );
    let names: Vec<&Value> = left["spec"]["containers"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|container| &container["name"])
        .collect();
    assert_eq!(names, ["b"]);
}

fn any_object() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (0..4_i32).prop_map(Value::from),
        "[abXx12]{0,2}".prop_map(Value::from),
    ];
    let name = prop_oneof![
        Just("spec"),
        Just("containers"),
        Just("name"),
        Just("image"),
        Just("env"),
        Just("value"),
        Just("replicas"),
        Just("metadata"),
        Just("annotations"),
        Just("nothing"),
    ];
    leaf.prop_recursive(5, 40, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(name.clone().prop_map(str::to_owned), inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn on_any_object_they_name_what_jaq_says(place in 0..EXPRESSIONS.len(), object in any_object()) {
        let mut object = object;
        if !object.is_object() {
            object = json!({"spec": object});
        }
        let expression = EXPRESSIONS[place];
        prop_assert_eq!(ours(expression, &object), theirs(expression, &object), "{} on {}", expression, object);
    }

    #[test]
    fn no_text_makes_the_reader_fail(text in "[\\[\\](){}.|,;:$@\"'a-z0-9 ?+*/<>=!\\\\-]{0,60}") {
        if let Ok(expression) = Expression::parse(&text) {
            prop_assert_eq!(expression.to_string(), text);
        }
    }
}

#[test]
fn what_is_not_offered_is_refused_by_name() {
    for (expression, what) in [
        ("def f: f; f", "defining a function"),
        ("range(1000000000)", "the function range/1"),
        ("limit(1; repeat(.))", "the function limit/2"),
        ("until(false; .)", "the function until/2"),
        ("recurse(.)", "the function recurse/1"),
        ("reduce .[] as $x (0; . + $x)", "reduce"),
        ("foreach .[] as $x (0; . + $x)", "foreach"),
        ("label $f | break $f", "label and break"),
        (".a = 1", "an assignment"),
        (".a |= 1", "an assignment"),
        ("{a: 1}", "making an object"),
        (".[1:2]", "a slice"),
        ("env", "the function env/0"),
        ("input", "the function input/0"),
        ("$ENV", "the variable $ENV"),
        ("@base64", "the function @base64/0"),
        ("\"\\(.a)\"", "a text with an expression in it"),
        (".a | test(.b)", "test with a pattern that is no plain text"),
        (". as [$a] | $a", "taking a value apart"),
    ] {
        match Expression::parse(expression) {
            Err(JqError::Unsupported(found)) => assert_eq!(found, what, "{expression}"),
            other => panic!("{expression}: {other:?}"),
        }
    }
}

#[test]
fn large_expressions_and_patterns_are_refused() {
    let nested = format!("{}.{}", "(".repeat(100), ")".repeat(100));
    let long = ".a".repeat(5000);
    let many = vec![".a"; 600].join("|");
    let negated = format!("{}1", "-".repeat(3000));
    for (expression, limit) in [
        (nested, "32 nested brackets"),
        (long, "4096 bytes"),
        (many, "512 tokens"),
        (negated, "512 tokens"),
    ] {
        let refused = Expression::parse(&expression).expect_err("it is too large");
        assert!(refused.to_string().contains(limit), "{refused}");
    }
    for pattern in ["(a{1000}){1000}", "(", "(?=a)"] {
        let refused =
            Expression::parse(&format!(".a | test({})", json!(pattern))).expect_err("no pattern");
        assert!(matches!(refused, JqError::Pattern { .. }), "{refused}");
    }
    let long = json!("a".repeat(2000));
    let refused = Expression::parse(&format!(".a | test({long})")).expect_err("too long");
    assert!(refused.to_string().contains("1024 bytes"), "{refused}");
}
