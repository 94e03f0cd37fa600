//! Cases written by hand.

mod texts;

use serde_json::{Value as Json, json};
use tiphys_template::MissingKey;

use super::Case;
use super::data::{float, typed};
use texts::{
    BUILTINS, CALLS, COMPARISONS, CONTROL, FIELDS, NUMBERS, PRINTF, SETS, SYNTAX, TEMPLATES, TEXTS,
    VARIABLES,
};

/// Data that most cases share.
pub fn data() -> Json {
    let mut data = plain();
    if let (Some(data), Json::Object(typed)) = (data.as_object_mut(), of_go_types()) {
        data.extend(typed);
    }
    data
}

fn plain() -> Json {
    json!({
        "name": "web",
        "empty": "",
        "zero": 0,
        "one": 1,
        "float": 1.5,
        "big": 12345678,
        "yes": true,
        "no": false,
        "nothing": null,
        "list": ["a", "b", "c"],
        "numbers": [3, 1, 2.5],
        "none": [],
        "map": {"b": 2, "a": 1, "c": {"d": {"e": "deep"}, "n": null}},
        "emptymap": {},
        "mixed": [1, "x", null, true, {"k": "v"}, [1, 2]],
    })
}

fn of_go_types() -> Json {
    json!({
        "int": typed("int", json!("7")),
        "int64": typed("int64", json!("-9")),
        "int32": typed("int32", json!("5")),
        "uint": typed("uint", json!("3")),
        "uint8": typed("uint8", json!("200")),
        "uint64": typed("uint64", json!("18446744073709551615")),
        "strings": typed("strings", json!(["z", "y", "x"])),
        "ints": typed("ints", json!([1, 2, 3])),
        "set": typed("set", json!(["one", "two"])),
        "span": typed("span", json!("90")),
        "labels": typed("stringmap", json!({"app": "web", "tier": "front"})),
        "counts": typed("intmap", json!({"x": 1, "y": 0})),
        "values": typed("values", json!({"inner": {"k": "v"}, "s": "t"})),
        "nillist": typed("nil", json!("list")),
        "nilstrings": typed("nil", json!("strings")),
        "nilmap": typed("nil", json!("map")),
        "bytes": typed("bytes", json!("00ff41")),
        "bad": typed("string", json!("ff41c3")),
        "html": "<a href=\"x\">O'Neil & co</a>\u{0}",
        "unicode": "h\u{e9}llo \u{4e16}\u{754c} \u{1f600}",
        "sample": typed("sample", json!({"Name": "bob", "Count": 3, "Any": {"k": [1]}})),
        "pointer": typed("samplepointer", json!({"Name": "ann", "Count": 4, "Any": null})),
        "spoken": typed("spoken", json!("word")),
        "nan": float(f64::NAN),
        "inf": float(f64::INFINITY),
        "tpl": "{{.name}}-{{include \"inner\" .}}{{define \"inner\"}}in{{end}}",
        "loop": "{{.missing.x}}",
    })
}

fn all_keys() -> [MissingKey; 3] {
    [MissingKey::Invalid, MissingKey::Zero, MissingKey::Error]
}

/// Every case but those of formats.
pub fn all() -> Vec<Case> {
    let mut cases = Vec::new();
    for text in [
        TEXTS,
        NUMBERS,
        VARIABLES,
        CONTROL,
        FIELDS,
        CALLS,
        BUILTINS,
        COMPARISONS,
        TEMPLATES,
        SYNTAX,
    ]
    .concat()
    {
        cases.push(Case::new(text, data()));
    }
    for text in FIELDS {
        for missing_key in all_keys() {
            cases.push(Case::new(text, data()).with_missing_key(missing_key));
        }
    }
    for (index, templates) in SETS.iter().enumerate() {
        for missing_key in all_keys() {
            let templates: Vec<(String, Vec<u8>)> = templates
                .iter()
                .map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec()))
                .collect();
            cases.push(Case {
                execute: if index % 2 == 0 { "main" } else { "other" }.to_owned(),
                templates,
                data: data(),
                missing_key,
            });
        }
    }
    for dot in [
        json!(null),
        json!("text"),
        json!(3.5),
        json!([1, 2]),
        json!(true),
        typed("sample", json!({"Name": "n", "Count": 0, "Any": null})),
        typed("spoken", json!("w")),
        typed("int64", json!("8")),
    ] {
        for text in [
            "{{.}}",
            "{{.x}}",
            "{{.x.y}}",
            "{{$.x}}",
            "{{with .}}{{.x}}{{else}}none{{end}}",
            "{{range .}}<{{.}}>{{else}}none{{end}}",
            "{{range $i, $e := .}}{{$i}}={{$e}} {{end}}",
            "{{len .}}",
            "{{index . 0}}",
            "{{printf \"%v %T\" . .}}",
            "{{. | print}}",
            "{{not .}}{{and . 1}}{{or . 2}}",
            "{{eq . .}}",
            "{{lt . .}}",
            "{{.Name}}",
        ] {
            cases.push(Case::new(text, dot.clone()));
        }
    }
    cases
}

/// Every verb and some flags with every kind of value.
pub fn formats() -> Vec<Case> {
    let data = data();
    let mut names: Vec<String> = data
        .as_object()
        .map(|data| data.keys().cloned().collect())
        .unwrap_or_default();
    // The addresses of Go's pointers are not ours.
    names.retain(|name| name != "pointer");
    let mut cases = Vec::new();
    for verb in "vTtbcdoOqxXUeEfFgGsw!z世".chars() {
        for flags in [
            "", "+", "#", "-8", "08", " ", "8.3", ".0", "+.2", "#10.4", "-#", "# ", ".30",
        ] {
            for name in &names {
                cases.push(Case::new(
                    format!("{{{{printf \"<%{flags}{verb}>\" .{name}}}}}"),
                    data.clone(),
                ));
            }
        }
    }
    for format in PRINTF {
        cases.push(Case::new(
            format!("{{{{printf {format:?} 1 \"two\" 3.5 nil true .list}}}}"),
            data.clone(),
        ));
        cases.push(Case::new(
            format!("{{{{printf {format:?} .int 5 -3 2000000}}}}"),
            data.clone(),
        ));
        cases.push(Case::new(
            format!("{{{{printf {format:?}}}}}"),
            data.clone(),
        ));
    }
    for number in [
        0.0,
        -0.0,
        1.0,
        0.1,
        0.5,
        1.5,
        2.5,
        1e5,
        123_456.0,
        1e6,
        1e20,
        1e21,
        1e22,
        1e-4,
        1e-5,
        1e100,
        5e-324,
        2.2250738585072014e-308,
        f64::MAX,
        f64::MIN,
        3.0000000000000004,
        1234.5678,
        99.995,
        0.000_123_456,
        1e15,
        123_456_789.0,
        4_294_967_296.0,
        f64::NEG_INFINITY,
    ] {
        for format in [
            "%v", "%g", "%G", "%e", "%f", "%b", "%x", "%X", "%.0f", "%.1f", "%.3g", "%.10g",
            "%.2e", "%.5x", "%.0x", "%#g", "%#v", "%#.3g", "%+g", "% g", "%012.3f", "%-12g|",
            "%.25f", "%#x", "%8.1f", "%.0e", "%#.0f", "%#e", "%d", "%s", "%.17g", "%.40e",
        ] {
            cases.push(Case::new(
                format!("{{{{printf {format:?} .}}}}"),
                float(number),
            ));
        }
        cases.push(Case::new("{{.}} {{print .}}", float(number)));
    }
    cases
}
