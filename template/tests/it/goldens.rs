//! Templates with output and error text as recorded from Go 1.26 with `tests/peers/gotemplate`. (The thousands of other cases
//! are compared with Go itself, in `tests/differential/template`.)

use std::rc::Rc;
use std::sync::Arc;

use tiphys_template::MissingKey::{self, Error, Invalid, Zero};
use tiphys_template::{Functions, Limits, Map, Session, Templates, Text, Type, Value};

/// Option, template, output, error.
const GOLDENS: &[(MissingKey, &str, &str, &str)] = &[
    (Invalid, "{{- 3}} {{- \"x\" -}} y", "3xy", ""),
    (
        Invalid,
        "{{.map}} {{.list}} {{.nothing}} {{.missing}}",
        "map[a:1 b:2 c:map[d:deep]] [a b] <no value> <no value>",
        "",
    ),
    (
        Invalid,
        "{{range $k, $v := .map}}{{$k}}={{$v}};{{end}}",
        "a=1;b=2;c=map[d:deep];",
        "",
    ),
    (
        Invalid,
        "{{range 3}}{{.}}{{end}}{{range .none}}x{{else}}none{{end}}",
        "012none",
        "",
    ),
    (
        Invalid,
        "{{range .list}}{{if eq . \"b\"}}{{break}}{{end}}{{.}}{{end}}",
        "a",
        "",
    ),
    (
        Invalid,
        "{{with .map.c}}{{.d}}{{else with .name}}{{.}}{{end}}",
        "deep",
        "",
    ),
    (
        Invalid,
        "{{$x := 1}}{{range .list}}{{$x = .}}{{end}}{{$x}}",
        "b",
        "",
    ),
    (
        Invalid,
        "{{.map.c.d.e}}",
        "",
        "template: t:1:6: executing \"t\" at <.map.c.d.e>: can't evaluate field e in type interface {}",
    ),
    (Invalid, "{{.map.zz.y}}", "<no value>", ""),
    (
        Invalid,
        "{{.name.x}}",
        "",
        "template: t:1:7: executing \"t\" at <.name.x>: can't evaluate field x in type interface {}",
    ),
    (Invalid, "{{.missing.x.y}}", "<no value>", ""),
    (
        Invalid,
        "{{$x := .name}}{{$x.y}}",
        "",
        "template: t:1:19: executing \"t\" at <$x.y>: can't evaluate field y in type string",
    ),
    (
        Invalid,
        "{{len .missing}}",
        "",
        "template: t:1:2: executing \"t\" at <len .missing>: error calling len: reflect: call of reflect.Value.Type on zero Value",
    ),
    (
        Invalid,
        "{{index .list 5}}",
        "",
        "template: t:1:2: executing \"t\" at <index .list 5>: error calling index: index out of range: 5",
    ),
    (
        Invalid,
        "{{index .list 2}}",
        "",
        "template: t:1:2: executing \"t\" at <index .list 2>: error calling index: reflect: slice index out of range",
    ),
    (
        Invalid,
        "{{index .map \"zz\"}}|{{index .labels \"zz\"}}",
        "<no value>|",
        "",
    ),
    (
        Invalid,
        "{{slice .name 1 9}}",
        "",
        "template: t:1:2: executing \"t\" at <slice .name 1 9>: error calling slice: index out of range: 9",
    ),
    (
        Invalid,
        "{{eq 1 1.0}}",
        "",
        "template: t:1:2: executing \"t\" at <eq 1 1.0>: error calling eq: incompatible types for comparison: int and float64",
    ),
    (
        Invalid,
        "{{eq .list .list}}",
        "",
        "template: t:1:2: executing \"t\" at <eq .list .list>: error calling eq: non-comparable type [a b]: []interface {}",
    ),
    (
        Invalid,
        "{{lt .nothing 1}}",
        "",
        "template: t:1:2: executing \"t\" at <lt .nothing 1>: error calling lt: invalid type for comparison",
    ),
    (
        Invalid,
        "{{and .zero (index .list 9)}}{{or .name .missing}}",
        "0web",
        "",
    ),
    (
        Invalid,
        "{{printf \"%d %s %v %5.2f %q %T\" .int \"s\" .map 1.5 \"q\" .int64}}",
        "7 s map[a:1 b:2 c:map[d:deep]]  1.50 \"q\" int64",
        "",
    ),
    (
        Invalid,
        "{{printf \"%d\" .zero}}{{printf \"%!\"}}",
        "%!d(float64=0)%!!(MISSING)",
        "",
    ),
    (
        Invalid,
        "{{print 1 2 \"a\" nil}}|{{println .list}}",
        "1 2a<nil>|[a b]\n",
        "",
    ),
    (
        Invalid,
        "{{template \"nope\" .}}",
        "",
        "template: t:1:11: executing \"t\" at <{{template \"nope\" .}}>: template \"nope\" not defined",
    ),
    (
        Invalid,
        "{{define \"u\"}}[{{.}}]{{end}}{{template \"u\" .list}}{{template \"u\"}}",
        "[[a b]][<no value>]",
        "",
    ),
    (
        Invalid,
        "{{define \"u\"}}{{.x.y}}{{end}}{{template \"u\" .name}}",
        "",
        "template: t:1:18: executing \"u\" at <.x.y>: can't evaluate field x in type string",
    ),
    (
        Invalid,
        "{{nope 1}}",
        "",
        "template: t:1: function \"nope\" not defined",
    ),
    (Invalid, "{{if .name}}", "", "template: t:1: unexpected EOF"),
    (Invalid, "{{.name", "", "template: t:1: unclosed action"),
    (
        Invalid,
        "{{(.map).a.b}}",
        "",
        "template: t:1:3: executing \"t\" at <.map>: can't evaluate field b in type interface {}",
    ),
    (
        Invalid,
        "{{\"a\" | printf \"%s %s\"}}",
        "a %!s(MISSING)",
        "",
    ),
    (
        Invalid,
        "{{1 | 2}}",
        "",
        "template: t:1: non executable command in pipeline stage 2",
    ),
    (
        Invalid,
        "{{$y}}",
        "",
        "template: t:1: undefined variable \"$y\"",
    ),
    (
        Invalid,
        "{{break}}",
        "",
        "template: t:1: {{break}} outside {{range}}",
    ),
    (
        Invalid,
        "{{'a'}} {{0x1f}} {{1e3}} {{1_000}} {{1i}}",
        "97 31 1000 1000 (0+1i)",
        "",
    ),
    (
        Invalid,
        "{{html \"<a>\"}} {{js \"it's\"}} {{urlquery \"a b&c\"}}",
        "&lt;a&gt; it\\'s a+b%26c",
        "",
    ),
    (
        Invalid,
        "{{printf \"%q %x\" .bad .bad}}",
        "\"\\xffA\" ff41",
        "",
    ),
    (
        Invalid,
        "{{not .zero}} {{len .map}} {{.int64}} {{.labels.app}}",
        "true 3 -9 web",
        "",
    ),
    (Invalid, "{{block \"b\" .map}}{{.a}}{{end}}", "1", ""),
    (
        Invalid,
        "{{range .name}}{{end}}",
        "",
        "template: t:1:8: executing \"t\" at <.name>: range can't iterate over web",
    ),
    (
        Invalid,
        "{{range $i, $j := 3}}{{end}}",
        "",
        "template: t:1:18: executing \"t\" at <3>: can't use 3 to iterate over more than one variable",
    ),
    (
        Invalid,
        "{{call .name}}",
        "",
        "template: t:1:2: executing \"t\" at <call .name>: error calling call: non-function .name of type string",
    ),
    (
        Invalid,
        "{{.map.a 1}}",
        "",
        "template: t:1:6: executing \"t\" at <.map.a>: a is not a method but has arguments",
    ),
    (
        Invalid,
        "{{nil}}",
        "",
        "template: t:1:2: executing \"t\" at <nil>: nil is not a command",
    ),
    (Invalid, "{{print (print 1 | print) -}}  z", "1z", ""),
    (Invalid, "{{/* c */ -}}", "", ""),
    (Invalid, " x", " x", ""),
    (Zero, "{{.missing}}|{{.labels.no}}", "<no value>|", ""),
    (
        Zero,
        "{{.missing.x}}",
        "",
        "template: t:1:10: executing \"t\" at <.missing.x>: nil pointer evaluating interface {}.x",
    ),
    (
        Zero,
        "{{.map.zz.y}}",
        "",
        "template: t:1:6: executing \"t\" at <.map.zz.y>: nil pointer evaluating interface {}.y",
    ),
    (
        Error,
        "{{.missing}}",
        "",
        "template: t:1:2: executing \"t\" at <.missing>: map has no entry for key \"missing\"",
    ),
    (
        Error,
        "{{.nothing.x}}",
        "",
        "template: t:1:10: executing \"t\" at <.nothing.x>: nil pointer evaluating interface {}.x",
    ),
];

fn data() -> Value {
    Value::map([
        ("name", Value::string("web")),
        ("zero", Value::Float64(0.0)),
        (
            "list",
            Value::list(vec![Value::string("a"), Value::string("b")]),
        ),
        (
            "map",
            Value::map([
                ("b", Value::Float64(2.0)),
                ("a", Value::Float64(1.0)),
                ("c", Value::map([("d", Value::string("deep"))])),
            ]),
        ),
        ("nothing", Value::Nil),
        ("int", Value::Int(7)),
        ("int64", Value::Int64(-9)),
        (
            "labels",
            Value::Map(Map::new(
                Type::STRING_MAP,
                [(Text::from("app"), Value::string("web"))].into(),
            )),
        ),
        ("bad", Value::string(&b"\xffA"[..])),
    ])
}

#[test]
fn output_and_errors_are_those_of_go() {
    for &(missing_key, text, output, error) in GOLDENS {
        let mut set =
            Templates::new("root", Arc::new(Functions::new())).with_missing_key(missing_key);
        let mut out = Vec::new();
        let result = match set.parse("t", text) {
            Err(error) => error.to_string(),
            Ok(()) => Session::new(Arc::new(set), Limits::default(), Rc::new(()))
                .execute_into("t", &data(), &mut out)
                .err()
                .map(|error| error.to_string())
                .unwrap_or_default(),
        };
        assert_eq!(
            (&*String::from_utf8_lossy(&out), &*result),
            (output, error),
            "{text}"
        );
    }
}
