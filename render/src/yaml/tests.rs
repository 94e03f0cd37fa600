use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Duplicates, Numbers, Reading, YamlError, documents};
use crate::Limits;

fn one(text: &str) -> Value {
    let mut all = documents(text.as_bytes(), &Limits::default()).unwrap();
    assert_eq!(all.len(), 1, "{text}");
    all.remove(0).value
}

fn error(text: &str) -> YamlError {
    documents(text.as_bytes(), &Limits::default()).unwrap_err()
}

#[test]
fn scalars_are_yaml_1_1() {
    let cases = [
        ("yes", json!(true)),
        ("Off", json!(false)),
        ("y", json!(true)),
        ("N", json!(false)),
        ("0777", json!(511)),
        ("0o17", json!(15)),
        ("08", json!(8)),
        ("0x1F", json!(31)),
        ("0b101", json!(5)),
        ("1_000", json!(1000)),
        ("-12", json!(-12)),
        ("1.5", json!(1.5)),
        ("5.0", json!(5)),
        (
            "1.2345678901234567e18",
            json!(1_234_567_890_123_456_800_i64),
        ),
        ("!!binary aGVsbG8=", json!("hello")),
        ("!custom 1", json!("1")),
        ("2020-01-02T03:04:05Z", json!("2020-01-02T03:04:05Z")),
        (".5", json!(0.5)),
        ("1e999", json!("1e999")),
        ("1e3", json!(1000)),
        ("1.2.3", json!("1.2.3")),
        ("~", Value::Null),
        ("'yes'", json!("yes")),
        ("\"1\"", json!("1")),
        ("!!str 1", json!("1")),
        ("2020-01-02", json!("2020-01-02")),
        ("18446744073709551615", json!(u64::MAX)),
        ("1.2.3-alpha", json!("1.2.3-alpha")),
        ("12e", json!("12e")),
    ];
    for (text, expected) in cases {
        assert_eq!(one(&format!("a: {text}"))["a"], expected, "{text}");
    }
}

#[test]
fn keys_are_text() {
    assert_eq!(
        one("1: a\ntrue: b\n1.50: c"),
        json!({"1": "a", "true": "b", "1.5": "c"})
    );
    assert!(error("null: c").message.contains("null"));
    assert!(error("? [a]\n: b").message.contains("key has to be a text"));
}

#[test]
fn anchors_and_merge_keys() {
    assert_eq!(
        one("base: &b {x: 1, z: 2}\nmine:\n  x: 5\n  <<: *b\n  z: 3\nlist: [*b]"),
        json!({"base": {"x": 1, "z": 2}, "mine": {"x": 1, "z": 3}, "list": [{"x": 1, "z": 2}]})
    );
    assert_eq!(
        one("a: {<<: [{x: 1}, {x: 2, z: 2}]}"),
        json!({"a": {"x": 1, "z": 2}})
    );
    assert_eq!(
        one("base: &b {x: 1}\nmine:\n  !!merge <<: *b\n"),
        json!({"base": {"x": 1}, "mine": {"x": 1}})
    );
    assert!(error("a: {<<: 1}").message.contains("<<"));
    assert!(!error("a: *nobody").message.is_empty());
}

#[test]
fn documents_of_a_stream_have_lines() {
    let text = b"\xef\xbb\xbf# first\r\na: 1\r\n---\r\n---\r\n# only a comment\r\n---\r\nb: 2\r\n";
    let all = documents(text, &Limits::default()).unwrap();
    let found: Vec<_> = all.iter().map(|d| (d.line, d.value.clone())).collect();
    assert_eq!(found, [(2, json!({"a": 1})), (7, json!({"b": 2}))]);
}

#[test]
fn faults_say_where() {
    let duplicate = error("a: 1\nb: 2\na: 3\n");
    assert_eq!(duplicate.line, 3);
    assert!(duplicate.message.contains("line 1"), "{duplicate}");
    assert_eq!(error("a: b: c").line, 1);
    let binary = documents(b"a: 1\nb: \xff", &Limits::default()).unwrap_err();
    assert_eq!((binary.line, binary.column), (2, 4));
    assert!(error("a: .inf").message.contains("JSON"));
}

#[test]
fn a_reading_may_let_the_last_key_win_and_keep_floats() {
    let read = |numbers| {
        let reading = Reading {
            duplicates: Duplicates::LastWins,
            numbers,
            ..Reading::default()
        };
        super::read(b"a: 1\na: 2.0\nb: 3", &Limits::default(), reading).unwrap()[0]
            .value
            .to_string()
    };
    assert_eq!(read(Numbers::Json), r#"{"a":2,"b":3}"#);
    assert_eq!(read(Numbers::Written), r#"{"a":2.0,"b":3}"#);
    assert_eq!(read(Numbers::Floats), r#"{"a":2.0,"b":3.0}"#);
}

#[test]
fn bombs_end_quickly() {
    let mut laughs = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_owned();
    for n in 1..12 {
        let m = n - 1;
        laughs += &format!("a{n}: &a{n} [*a{m},*a{m},*a{m},*a{m},*a{m},*a{m},*a{m},*a{m},*a{m}]\n");
    }
    assert!(error(&laughs).message.contains("aliases"));
    for open in ["[", "{", "- ", "[ {a: "] {
        assert!(!error(&open.repeat(100_000)).message.is_empty(), "{open}");
    }
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[ -~]{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map("[a-z]{1,6}", inner, 0..5)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn json_is_yaml(value in values()) {
        let read = documents(serde_json::to_string_pretty(&value).unwrap().as_bytes(), &Limits::default()).unwrap();
        let read = read.into_iter().next().map_or(Value::Null, |document| document.value);
        prop_assert_eq!(read, value);
    }

    #[test]
    fn any_text_ends(text in "[\\[\\]{}:,\\-?&*!|>'\"%#a-c0-9 \n\t.<~]{0,200}") {
        let _ = documents(text.as_bytes(), &Limits::default());
    }
}

#[test]
fn a_block_at_an_open_end_has_no_break() {
    for (text, expected) in [
        ("a: |\n  x", "x"),
        ("a: |\n  x\n", "x\n"),
        ("a: >\n  x\n  y", "x y"),
        ("a: |\n  x\nb: y", "x\n"),
        ("a: |+\n  x", "x"),
        ("a: |\n  ü\n\n  x", "ü\n\nx"),
    ] {
        let read = documents(text.as_bytes(), &Limits::default()).unwrap();
        assert_eq!(read[0].value["a"], expected, "{text:?}");
    }
}

#[test]
fn brackets_and_quotes_may_go_on_at_any_column() {
    for (text, expected) in [
        (
            "a:\n  b: [\n  1,\n2\n  ]\n  c: x",
            json!({"b": [1, 2], "c": "x"}),
        ),
        (
            "a:\n  b: {\nx: w,\nz: [\n]\n}\n  c: x",
            json!({"b": {"x": "w", "z": []}, "c": "x"}),
        ),
        (
            "a:\n  b: \"one\ntwo\n\n three\"\n  c: x",
            json!({"b": "one two\nthree", "c": "x"}),
        ),
        (
            "a:\n  b: 'it''s\n\"one''s\n'\n  c: x",
            json!({"b": "it's \"one's ", "c": "x"}),
        ),
    ] {
        let read = documents(text.as_bytes(), &Limits::default()).unwrap();
        assert_eq!(read[0].value["a"], expected, "{text:?}");
    }
    let error = documents(b"a:\n  b: [\nx: [,\n", &Limits::default()).unwrap_err();
    assert_eq!(error.line, 3, "{error}");
    assert!(error.column < 8, "{error}");
    let many = format!("a:\n b: [\n{}]", "x,\n".repeat(1100));
    let error = documents(many.as_bytes(), &Limits::default()).unwrap_err();
    assert!(error.message.contains("indentation"), "{error}");
}
