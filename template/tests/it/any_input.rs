//! Text and templates of any kind: parsing and rendering end, with a result or an error.

use std::rc::Rc;
use std::sync::Arc;

use proptest::prelude::*;
use tiphys_template::{
    CycleGuard, Functions, Limits, Session, Signature, Templates, Type, Value, define_nested,
};

/// Pieces of templates, put together in any order.
const PIECES: &[&str] = &[
    "{{",
    "}}",
    "{{- ",
    " -}}",
    "if ",
    "else ",
    "end",
    "range ",
    "with ",
    "define ",
    "template ",
    "block ",
    "break",
    "continue",
    "$x",
    ":=",
    "=",
    "|",
    "(",
    ")",
    ".",
    ".a",
    ".b.c",
    "$",
    ",",
    "\"t\"",
    "\"%v\"",
    "`r`",
    "'c'",
    "1",
    "-2.5",
    "0x1p3",
    "1i",
    "nil",
    "true",
    "print ",
    "printf ",
    "index ",
    "slice ",
    "len ",
    "and ",
    "or ",
    "not ",
    "eq ",
    "lt ",
    "include ",
    "tpl ",
    "set ",
    " ",
    "\n",
    "/* c */",
    "{{end}}",
    "{{range .l}}",
    "{{if .a}}",
    "{{else}}",
    "{{tpl .t .}}",
    "{{include \"t\" .}}",
    "{{$x := .}}",
    "{{set . \"a\" .}}",
    "{{.}}",
    "é",
    "\u{0}",
];

fn render(text: &[u8]) -> bool {
    let _guard = CycleGuard::new();
    let mut functions = Functions::new();
    define_nested(&mut functions);
    functions.define(
        "set",
        Signature::new(&[Type::MAP, Type::String, Type::Interface], Type::MAP),
        |_, arguments| {
            let map = arguments.map(0)?;
            map.insert(arguments.text(1)?, arguments.value(2).clone());
            Ok(Value::Map(map.clone()))
        },
    );
    let mut set = Templates::new("root", Arc::new(functions));
    if set.parse("t", text).is_err() {
        return false;
    }
    let limits = Limits {
        steps: 20_000,
        bytes: 1 << 20,
        value_bytes: 1 << 18,
        template_depth: 2_000,
        include_depth: 100,
        nested_depth: 200,
        value_depth: 100,
    };
    let data = Value::map([
        ("a", Value::map([("b", Value::Float64(1.0))])),
        ("b", Value::map([("c", Value::string("x"))])),
        ("l", Value::list(vec![Value::Int(1), Value::Nil])),
        ("t", Value::string("{{.a}}{{tpl .t .}}")),
    ]);
    let mut session = Session::new(Arc::new(set), limits, Rc::new(()));
    let mut out = Vec::new();
    let result = session.execute_into("t", &data, &mut out);
    assert!(out.len() <= limits.value_bytes + (1 << 18));
    result.is_ok()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes(text in prop::collection::vec(any::<u8>(), 0..200)) {
        render(&text);
    }

    #[test]
    fn any_bytes_in_an_action(text in prop::collection::vec(any::<u8>(), 0..40)) {
        render(&[b"{{", &text[..], b"}}"].concat());
    }

    #[test]
    fn any_pieces(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..40)) {
        render(pieces.concat().as_bytes());
    }

    #[test]
    fn any_pieces_in_actions(actions in prop::collection::vec(prop::collection::vec(prop::sample::select(PIECES), 1..5), 0..12)) {
        let text: String = actions.iter().map(|pieces| format!("{{{{{}}}}}", pieces.join(" "))).collect();
        render(text.as_bytes());
    }
}
