//! Cases made by a grammar of templates, and by mutation of others.

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use tiphys_template::MissingKey;

use super::Case;
use super::cases::data;

/// Names of the data, and some that are missing.
const FIELDS: &[&str] = &[
    "name", "empty", "zero", "one", "float", "big", "yes", "no", "nothing", "list", "numbers",
    "none", "map", "emptymap", "mixed", "int", "int64", "uint", "strings", "ints", "set", "labels",
    "counts", "values", "nillist", "nilmap", "bytes", "html", "unicode", "sample", "spoken",
    "missing", "a", "c", "d", "k", "Name", "Any",
];

const FUNCTIONS: &[&str] = &[
    "print", "printf", "println", "len", "index", "slice", "and", "or", "not", "eq", "ne", "lt",
    "le", "gt", "ge", "html", "js", "urlquery", "str", "num", "num64", "flt", "boolean", "items",
    "words", "entries", "many", "manyint", "any", "nothing", "answer", "fails", "list", "dict",
    "set", "typeof", "include", "tpl", "call",
];

const CONSTANTS: &[&str] = &[
    "0",
    "1",
    "2",
    "-1",
    "1.5",
    "0x1f",
    "'a'",
    "1e3",
    "1i",
    "\"\"",
    "\"a\"",
    "\"app\"",
    "\"%v|%d\"",
    "`raw`",
    "true",
    "false",
    "nil",
    "\"part\"",
    "\"{{.name}}\"",
    "\"{{.x.y}}{{template `part` .}}\"",
];

fn field() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(FIELDS), 1..4)
        .prop_map(|names| names.iter().map(|name| format!(".{name}")).collect())
}

fn operand() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        3 => field(),
        3 => prop::sample::select(CONSTANTS).prop_map(str::to_owned),
        1 => Just(".".to_owned()),
        1 => Just("$".to_owned()),
        1 => field().prop_map(|field| format!("${field}")),
        1 => prop::sample::select(&["$x", "$y", "$i"][..]).prop_map(str::to_owned),
        1 => prop::sample::select(&["$x", "$y"][..]).prop_flat_map(|name| field().prop_map(move |field| format!("{name}{field}"))),
        1 => prop::sample::select(FUNCTIONS).prop_map(str::to_owned),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            pipeline_of(inner.clone()).prop_map(|pipe| format!("({pipe})")),
            (pipeline_of(inner), field()).prop_map(|(pipe, field)| format!("({pipe}){field}")),
        ]
    })
}

fn pipeline_of(operand: impl Strategy<Value = String> + Clone) -> impl Strategy<Value = String> {
    let call = (
        prop::sample::select(FUNCTIONS),
        prop::collection::vec(operand.clone(), 0..4),
    )
        .prop_map(|(name, words)| {
            let mut call = name.to_owned();
            for word in words {
                call.push(' ');
                call.push_str(&word);
            }
            call
        });
    let command = prop_oneof![3 => call, 2 => operand];
    prop::collection::vec(command, 1..3).prop_map(|commands| commands.join(" | "))
}

fn space() -> impl Strategy<Value = (&'static str, &'static str)> {
    prop::sample::select(
        &[
            ("{{", "}}"),
            ("{{- ", " -}}"),
            ("{{ ", " }}"),
            ("{{-\n", "}}"),
        ][..],
    )
}

fn action() -> impl Strategy<Value = String> {
    let pipe = || pipeline_of(operand().boxed());
    prop_oneof![
        5 => (space(), pipe()).prop_map(|((open, close), pipe)| format!("{open}{pipe}{close}")),
        1 => pipe().prop_map(|pipe| format!("{{{{$x := {pipe}}}}}")),
        1 => pipe().prop_map(|pipe| format!("{{{{$x = {pipe}}}}}")),
        1 => pipe().prop_map(|pipe| format!("{{{{template \"part\" {pipe}}}}}")),
        1 => prop::sample::select(&["text ", "\n", "é", " a\n b ", "}}"][..]).prop_map(str::to_owned),
    ]
}

fn body() -> impl Strategy<Value = String> {
    let pipe = || pipeline_of(operand().boxed());
    let leaf = prop::collection::vec(action(), 0..3).prop_map(|actions| actions.concat());
    leaf.prop_recursive(3, 16, 3, move |inner| {
        prop_oneof![
            (pipe(), inner.clone(), inner.clone())
                .prop_map(|(pipe, a, b)| format!("{{{{if {pipe}}}}}{a}{{{{else}}}}{b}{{{{end}}}}")),
            (pipe(), inner.clone(), inner.clone())
                .prop_map(|(pipe, a, b)| format!("{{{{with $y := {pipe}}}}}{a}{{{{else}}}}{b}{{{{end}}}}")),
            (field(), inner.clone(), inner.clone())
                .prop_map(|(field, a, b)| format!("{{{{range $i, $x := {field}}}}}{a}{{{{if $i}}}}{{{{break}}}}{{{{end}}}}{{{{else}}}}{b}{{{{end}}}}")),
            (field(), inner.clone())
                .prop_map(|(field, a)| format!("{{{{range {field}}}}}{a}{{{{continue}}}}x{{{{end}}}}")),
            prop::collection::vec(inner, 1..3).prop_map(|parts| parts.concat()),
        ]
    })
}

/// Templates by the grammar.
pub fn templates(count: usize) -> Vec<Case> {
    let mut runner = TestRunner::deterministic();
    let strategy = (
        body(),
        body(),
        prop::sample::select(&[MissingKey::Invalid, MissingKey::Zero, MissingKey::Error][..]),
    );
    let mut cases = Vec::new();
    while cases.len() < count {
        let Ok(tree) = strategy.new_tree(&mut runner) else {
            continue;
        };
        let (main, part, missing_key) = tree.current();
        // The part must not invoke itself without end.
        let part = part
            .replace("template \"part\"", "print")
            .replace("`part`", "`none`")
            .replace("\"part\"", "\"none\"");
        cases.push(Case {
            templates: vec![
                (
                    "t".to_owned(),
                    format!("{{{{$x := 1}}}}{{{{$y := .}}}}{{{{$i := 0}}}}{main}").into_bytes(),
                ),
                (
                    "part".to_owned(),
                    format!("{{{{$x := 1}}}}{{{{$y := .}}}}{{{{$i := 0}}}}{part}").into_bytes(),
                ),
            ],
            execute: "t".to_owned(),
            data: data(),
            missing_key,
        });
    }
    cases
}

/// Cases with a piece of their text removed, doubled, or replaced by a piece of another.
pub fn mutations(cases: &[Case], times: usize) -> Vec<Case> {
    let mut runner = TestRunner::deterministic();
    let strategy = (
        any::<prop::sample::Index>(),
        any::<prop::sample::Index>(),
        any::<prop::sample::Index>(),
        0..4u8,
        1..6usize,
    );
    let mut mutated = Vec::new();
    for case in cases.iter().cycle().take(cases.len() * times) {
        let (Ok(tree), Some((_, text))) = (strategy.new_tree(&mut runner), case.templates.last())
        else {
            continue;
        };
        let (place, other, from, kind, length) = tree.current();
        if text.is_empty() {
            continue;
        }
        let start = place.index(text.len());
        let end = (start + length).min(text.len());
        let mut changed = text[..start].to_vec();
        match kind {
            0 => {}
            1 => {
                changed.extend_from_slice(&text[start..end]);
                changed.extend_from_slice(&text[start..end]);
            }
            _ => {
                let donor = &cases[other.index(cases.len())].templates[0].1;
                if !donor.is_empty() {
                    let from = from.index(donor.len());
                    changed.extend_from_slice(&donor[from..(from + length).min(donor.len())]);
                }
            }
        }
        changed.extend_from_slice(&text[end..]);
        let mut case = case.clone();
        if let Some(last) = case.templates.last_mut() {
            last.1 = changed;
        }
        mutated.push(case);
    }
    mutated
}
