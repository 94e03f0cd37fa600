//! The short cut beside the whole parser.

use proptest::prelude::*;

use super::*;
use crate::yaml::Dialect;
use crate::yaml::{Numbers, attempt};

/// The short cut is not taken for others.
const DIALECTS: [Dialect; 1] = [Dialect::GoYaml2];

fn readings() -> impl Iterator<Item = Reading> {
    let all = DIALECTS.into_iter().flat_map(|dialect| {
        [Duplicates::Refuse, Duplicates::LastWins]
            .into_iter()
            .flat_map(move |duplicates| {
                [Numbers::Json, Numbers::Written, Numbers::Floats].map(|numbers| Reading {
                    dialect,
                    duplicates,
                    numbers,
                    ..Reading::default()
                })
            })
    });
    all.flat_map(|reading| {
        [false, true].map(|break_follows| Reading {
            break_follows,
            ..reading
        })
    })
}

/// Whether the short cut was taken; fails where it gives anything else than the whole parser.
fn agrees(text: &str) -> bool {
    agrees_within(text, &Limits::default())
}

fn agrees_within(text: &str, limits: &Limits) -> bool {
    let mut taken = false;
    for reading in readings() {
        for first_only in [false, true] {
            if let Some(found) = read(text, limits, reading, first_only) {
                let line_break = if reading.break_follows { "\n" } else { "" };
                let text = format!("{text}{line_break}");
                let whole = attempt(&text, limits, reading, first_only).ok();
                assert_eq!(Some(found), whole, "{text:?} {reading:?} {limits:?}");
                taken |= !reading.break_follows;
            }
        }
    }
    taken
}

/// What has to be kept of [`lines`] and [`heads`].
const OUTLINES: [Outline; 3] = [
    Outline::Shape,
    Outline::Fields(&[("a", Outline::Whole), ("k", Outline::Shape)]),
    Outline::Fields(&[
        ("a", Outline::Shape),
        ("b", Outline::Fields(&[("a", Outline::Whole), ("k", B)])),
        ("k", B),
    ]),
];
const B: Outline = Outline::Fields(&[("l", Outline::Whole), ("m", Outline::Fields(&[]))]);

/// What an outline says that has to be kept of a value.
fn outlined(value: &Value, outline: &Outline) -> Value {
    match (outline, value) {
        (Outline::Whole, _) => value.clone(),
        (_, Value::Array(_)) => Value::Array(Vec::new()),
        (Outline::Shape, Value::Object(_)) => Value::Object(Map::new()),
        (Outline::Shape, _) => Value::Null,
        (Outline::Fields(fields), Value::Object(entries)) => {
            let wanted = fields.iter().filter_map(|(name, outline)| {
                let value = outlined(entries.get(*name)?, outline);
                let is_there = *outline != Outline::Shape || !value.is_null();
                is_there.then(|| ((*name).to_owned(), value))
            });
            Value::Object(wanted.collect())
        }
        (Outline::Fields(_), _) => value.clone(),
    }
}

/// Whether the short cut was taken; fails where it is taken for an outline and not for the whole value, or the other way round, and
/// where the outline is not that of the value.
fn outlines_agree(text: &str, limits: &Limits) -> bool {
    let mut taken = false;
    for whole in readings() {
        for outline in OUTLINES {
            let reading = Reading { outline, ..whole };
            let shapes = |reading: Reading| {
                let found = read(text, limits, reading, false)?;
                let shape = |document: Document| {
                    // Where a repeated key is an error there is more than what is wanted.
                    let is_exact = reading.duplicates == Duplicates::LastWins
                        && reading.outline != Outline::Whole;
                    let value = outlined(&document.value, &outline);
                    assert!(!is_exact || value == document.value, "{text:?} {reading:?}");
                    (value, document.line)
                };
                Some(found.into_iter().map(shape).collect::<Vec<_>>())
            };
            let expected = shapes(whole);
            assert_eq!(shapes(reading), expected, "{text:?} {reading:?} {limits:?}");
            taken |= expected.is_some();
        }
    }
    taken
}

#[test]
fn usual_manifests_take_it() {
    for text in [
        "a: 1\n",
        "a: 1",
        "# a comment\n\na: b # another\nc:\n  d: 'e'\n",
        "a:\n- b: 1\n  c: |\n    x\n\n     y\n    # z\n\n- d\n-\n  - e\n- - f\n  - g\nh:\n",
        "a: {b: 1, \"c\": [d, 'e', {}], f: nginx:1.2}\ng: []\n",
        "a: \"b\\n\\\"c\\\\ \\t\"\nd: |-\n  e\tf\n",
        "---\na: 1\n---\n# nothing\n---\n- 2\n",
        "a: yes\n1: x\ntrue: 0x10\nb: 2020-01-02\nc: ~\nd: -1.5e3\ne: 1_000\nf: -x\n",
        "  a:\n    b: ä – c\n  d: http://x:80/y?z#a\n",
        "a: b\na: c\n",
    ] {
        assert!(agrees(text), "{text:?}");
        assert!(outlines_agree(text, &Limits::default()), "{text:?}");
    }
}

#[test]
fn what_is_unusual_is_left_to_the_whole_parser() {
    for text in [
        "a: &x 1\nb: *x\n",
        "<<: {a: 1}\n",
        "a: b\n  c\n",
        "a: >\n  b\n",
        "a: |+\n  b\n",
        "a: |\n  b",
        "a: |\n   \n  b\n",
        "a: !!str 1\n",
        "a:\tb\n",
        "a: b\t\n",
        "a: b\u{7f}\n",
        "a: b: c\n",
        "a: {b: 1,\n  c: 2}\n",
        "a: \"b\n  c\"\n",
        "? a\n: b\n",
        "a\n",
        "a: 1\n- b\n",
        "- a\nb: 1\n",
        "a: [b: c]\n",
        "a: 'b''c'\n",
        "%YAML 1.2\n---\na: 1\n",
        "a: 1\n...\n",
        "--- a\n",
        "a: \"\\x41\"\n",
        "a: b\r\n",
    ] {
        assert!(!agrees(text), "{text:?}");
        outlines_agree(text, &Limits::default());
    }
}

#[test]
fn a_line_break_that_follows_ends_a_block() {
    let reading = |break_follows| Reading {
        break_follows,
        ..Reading::default()
    };
    let first = |text, break_follows| {
        let found = read(text, &Limits::default(), reading(break_follows), true)?;
        found.first().map(|document| document.value.to_string())
    };
    let text = "a: |\n  b";
    assert_eq!(first(text, false), None);
    assert_eq!(first(text, true).as_deref(), Some(r#"{"a":"b\n"}"#));
}

#[test]
fn of_a_repeated_key_the_last_one_is_kept() {
    let reading = Reading {
        duplicates: Duplicates::LastWins,
        outline: Outline::Fields(&[("a", Outline::Shape), ("b", Outline::Whole)]),
        ..Reading::default()
    };
    let text = "a: [1]\nc: .5\nb: 1\na: d\nb: {e: 2}\n";
    let found = read(text, &Limits::default(), reading, true).and_then(|mut found| found.pop());
    let value = found.map(|document| document.value.to_string());
    assert_eq!(value.as_deref(), Some(r#"{"b":{"e":2}}"#));
}

#[test]
fn what_is_not_kept_is_checked() {
    for text in [
        "z: .inf\n",
        "z: [.nan]\n",
        "z: {y: -.INF}\n",
        "z: {~: 1}\n",
        "z:\n  null: 1\n",
        "z: \"\\x41\"\n",
        "z: |+\n  a\n",
        "z:\n- a: b: c\n",
    ] {
        assert!(!outlines_agree(text, &Limits::default()), "{text:?}");
    }
}

/// Lines of which most texts are nearly right: every piece is one that the short cut knows, at depths that may not fit.
fn lines() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "a: 1",
        "b:",
        "- c",
        "-",
        "- d: x",
        "- - e",
        "f: |",
        "g: |-",
        "# h",
        "",
        "\"i\": 'j'",
        "k: {l: 1, m: [n, o]}",
        "- {}",
        "p: q # r",
        "s: t: u",
        "---",
        "a: yes",
        "- |",
        "v: \"w\\n\"",
        "x",
        "y: -",
        "- z: |",
        "- :",
        ":",
        "aa: #",
        "bb: #c",
        "cc: d#e",
        "dd: 'e' #f",
        "ee: 'f'#g",
        "ff : g",
        "gg:h",
        "'hh' : i",
        "- 'jj'",
        "- 'kk': 1",
        "- [ll]",
        "mm: [nn ]",
        "oo: {pp: }",
        "qq: [rr, ]",
        "ss: {tt}",
        "uu: [v:w, x: y]",
        "ww: ''",
        "xx: 1 2",
        "- 1 #",
        "true: 1",
        "1: 2",
        "...",
        "--- # a",
        "- - - a",
        "-  - b",
        "zz:  c  ",
        "a-b/c.d: -1",
        "- -1",
        "- --- ",
        "e: \u{e4}",
    ]);
    let line = (0_usize..4, piece, prop::sample::select(vec!["", " ", "  "]))
        .prop_map(|(depth, piece, end)| format!("{}{piece}{end}", " ".repeat(depth)));
    crate::generated::text(line, 1..9)
}

/// Mappings of few keys, so that they are repeated and outlines find them.
fn heads() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "a:",
        "b:",
        "k:",
        "a: x",
        "a: 1",
        "k: .inf",
        "k: .5",
        "b: ~",
        "a: []",
        "k: {l: [a], m: {a: 1}}",
        "b: {k: {}, l: x, m: 2}",
        "m: {l: 1, l: 2}",
        "l: \"x\\ny\"",
        "- a: x",
        "- k:",
        "m: |",
        "m: |-",
        "a",
        "z: .nan",
        "z: [1, {b: -.inf}]",
        "~: 1",
        "'a': y",
        "1_0: \u{e4}",
    ]);
    let line =
        (0_usize..4, piece).prop_map(|(depth, piece)| format!("{}{piece}", "  ".repeat(depth)));
    crate::generated::text(line, 1..9)
}

/// Limits that small texts reach.
fn narrow() -> impl Strategy<Value = Limits> {
    (1_usize..20, 1_usize..5).prop_map(|(values, depth)| Limits {
        values,
        depth,
        ..Limits::default()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn it_never_disagrees_about_lines(text in lines()) {
        agrees(&text);
    }

    #[test]
    fn it_never_disagrees_about_characters(text in "[a-c:\\- \n\"'\\[\\]{},#|>&*!?%\\\\\t1~.=@]{0,40}") {
        agrees(&text);
    }

    #[test]
    fn outlines_never_disagree(text in prop_oneof![lines(), heads()], narrow in narrow()) {
        outlines_agree(&text, &Limits::default());
        outlines_agree(&text, &narrow);
    }

    #[test]
    fn outlines_never_disagree_about_characters(text in "[akbl:\\- \n\"'\\[\\]{},#|\\\\\t1~.]{0,40}") {
        outlines_agree(&text, &Limits::default());
    }

    #[test]
    fn it_never_disagrees_about_limits(text in prop_oneof![lines(), heads()], narrow in narrow()) {
        agrees_within(&text, &narrow);
    }

    #[test]
    fn a_line_break_that_follows_is_as_one_in_the_text(text in prop_oneof![lines(), heads()]) {
        let with_break = format!("{text}\n");
        for reading in readings().filter(|reading| reading.break_follows) {
            let inside = Reading { break_follows: false, ..reading };
            for first_only in [false, true] {
                let found = read(&text, &Limits::default(), reading, first_only);
                let expected = read(&with_break, &Limits::default(), inside, first_only);
                assert_eq!(found, expected, "{text:?} {reading:?}");
            }
        }
    }

    #[test]
    fn what_is_not_kept_has_a_value_where_it_would_be_kept(text in "[-+.0-9xeinfNaA~_]{1,6}") {
        for reading in readings() {
            let value = scalar::resolve(&text, true, None, reading);
            assert_eq!(scalar::has_value(&text), value.is_ok(), "{text:?}");
            let plain = scalar::plain_value(&text, reading.numbers);
            assert_eq!(plain.as_ref(), value.as_ref().ok(), "{text:?} {reading:?}");
            let key = value.and_then(scalar::key).ok();
            let plain = scalar::plain_key(&text, reading.numbers);
            assert_eq!(plain.as_deref(), key.as_deref(), "{text:?} {reading:?}");
        }
    }
}
