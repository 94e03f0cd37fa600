//! The short cut beside the whole parser.

use proptest::prelude::*;

use super::*;
use crate::yaml::Dialect;
use crate::yaml::{Numbers, attempt};

/// The short cut is not taken for others.
const DIALECTS: [Dialect; 1] = [Dialect::GoYaml2];

fn readings() -> impl Iterator<Item = Reading> {
    DIALECTS.into_iter().flat_map(|dialect| {
        [Duplicates::Refuse, Duplicates::LastWins]
            .into_iter()
            .flat_map(move |duplicates| {
                [Numbers::Json, Numbers::Written, Numbers::Floats].map(|numbers| Reading {
                    dialect,
                    duplicates,
                    numbers,
                })
            })
    })
}

/// Whether the short cut was taken; fails where it gives anything else than the whole parser.
fn agrees(text: &str) -> bool {
    let limits = Limits::default();
    let mut taken = false;
    for reading in readings() {
        for first_only in [false, true] {
            if let Some(found) = read(text, &limits, reading, first_only) {
                let whole = attempt(text, &limits, reading, first_only).ok();
                assert_eq!(Some(found), whole, "{text:?} {reading:?}");
                taken = true;
            }
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
    (prop::collection::vec(line, 1..9), any::<bool>())
        .prop_map(|(lines, ends)| lines.join("\n") + if ends { "\n" } else { "" })
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
}
