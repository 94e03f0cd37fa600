//! The writer against what Go's libraries print; the differential suite does the same on generated documents.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Layout, Node, to_yaml, write};
use crate::Limits;
use crate::yaml::documents;

fn check(value: &Value, expected: &str) {
    assert_eq!(to_yaml(value).expect("writable"), expected, "{value}");
}

#[test]
fn collections() {
    check(
        &json!({"b": [1, {"c": 2, "d": []}], "a": {}}),
        "a: {}\nb:\n- 1\n- c: 2\n  d: []\n",
    );
    check(&json!([[1, 2], [], {}]), "- - 1\n  - 2\n- []\n- {}\n");
    check(
        &json!({"a10": 1, "a9": 2, "ab": 3, "a-b": 4}),
        "a-b: 4\na9: 2\na10: 1\nab: 3\n",
    );
    check(&json!(null), "null\n");
}

#[test]
fn scalars() {
    check(
        &json!([
            "yes", "1", "1.5", "null", "~", "", "a: b", "- a", "#a", "a #b"
        ]),
        "- \"yes\"\n- \"1\"\n- \"1.5\"\n- \"null\"\n- \"~\"\n- \"\"\n- 'a: b'\n- '- a'\n- '#a'\n- 'a #b'\n",
    );
    check(
        &json!([
            " a",
            "it's",
            "'it's'",
            "a\tb",
            "é",
            "😀",
            "12:30:00",
            "0x1F",
            "2001-01-01"
        ]),
        "- ' a'\n- it's\n- '''it''s'''\n- \"a\\tb\"\n- é\n- \"\\U0001F600\"\n- \"12:30:00\"\n- \"0x1F\"\n- \"2001-01-01\"\n",
    );
    check(
        &json!([1.0, 1e21, 1.5, 1e-7, -0.0, 123_456_789.5]),
        "- 1\n- 1e+21\n- 1.5\n- 1e-07\n- 0\n- 1.234567895e+08\n",
    );
}

#[test]
fn blocks_and_folds() {
    check(
        &json!({"a": "x\ny\n", "b": "x\ny", "c": "x\n\n", "d": " x\ny"}),
        "a: |\n  x\n  y\nb: |-\n  x\n  y\nc: |+\n  x\n\nd: |2-\n   x\n  y\n",
    );
    let words = "word ".repeat(30);
    check(
        &json!({"a": words.trim()}),
        &format!(
            "a: {}\n  {}\n",
            "word ".repeat(16).trim(),
            "word ".repeat(14).trim()
        ),
    );
}

#[test]
fn the_pretty_layout() {
    let node = Node::from(&json!({"a": ["x", {"b": ["y"]}], "on": "on"}));
    assert_eq!(
        write(&node, Layout::PRETTY),
        "a:\n  - x\n  - b:\n      - \"y\"\n\"on\": \"on\"\n"
    );
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e6..1e6_f64).prop_map(Value::from),
        "[ -~]{0,100}".prop_map(Value::from),
        "[ \n\t:#a-é'\"-]{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map("[a-z0-9:# -]{0,12}", inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    /// What is written reads back as the same value.
    #[test]
    fn round_trip(value in any_json()) {
        for layout in [Layout::KUBERNETES, Layout::PRETTY, Layout::KYAML] {
            let text = write(&Node::from(&value), layout);
            let read = documents(text.as_bytes(), &Limits::default());
            let read = read.map(|documents| documents.first().map_or(Value::Null, |d| d.value.clone()));
            prop_assert_eq!(read.as_ref().map(as_floats), Ok(as_floats(&value)), "{}", text);
        }
    }
}

/// Numbers as floats: the reader takes 1.0 for 1.
fn as_floats(value: &Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64()),
        Value::Array(items) => items.iter().map(as_floats).collect(),
        Value::Object(entries) => entries
            .iter()
            .map(|(key, value)| (key.clone(), as_floats(value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        other => other.clone(),
    }
}
