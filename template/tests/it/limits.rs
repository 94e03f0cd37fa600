//! Every rendering ends within its limits, with an error that names the limit.

use std::rc::Rc;
use std::sync::Arc;

use tiphys_template::{
    CycleGuard, ExecError, Functions, Limits, Session, Signature, Templates, Type, Value,
    define_nested,
};

fn run(text: &str, limits: Limits) -> Result<Vec<u8>, ExecError> {
    let _guard = CycleGuard::new();
    let mut functions = Functions::new();
    define_nested(&mut functions);
    functions.define(
        "list",
        Signature::variadic(&[], Type::Interface, Type::LIST),
        |_, arguments| Ok(Value::list(arguments.to_vec())),
    );
    let mut set = Templates::new("root", Arc::new(functions));
    if let Err(error) = set.parse("t", text) {
        panic!("{error}");
    }
    let data = Value::map([("self", Value::string("{{tpl .self .}}"))]);
    Session::new(Arc::new(set), limits, Rc::new(())).execute("t", &data)
}

fn fails_with(text: &str, limits: Limits, wanted: &str) {
    match run(text, limits) {
        Ok(output) => panic!("{text} gave {} bytes", output.len()),
        Err(error) => {
            assert!(error.is_limit(), "{error}");
            assert!(error.text().contains(wanted), "{error}");
        }
    }
}

#[test]
fn steps() {
    let limits = Limits {
        steps: 100_000,
        ..Limits::default()
    };
    for text in [
        "{{range 9223372036854775807}}{{end}}",
        "{{range 1000000}}{{range 1000000}}{{.}}{{end}}{{end}}",
        "{{define \"a\"}}{{template \"b\"}}{{template \"b\"}}{{end}}{{define \"b\"}}{{range 99999}}{{end}}{{end}}{{template \"a\"}}",
    ] {
        fails_with(text, limits, "(limit steps)");
    }
}

#[test]
fn bytes() {
    let limits = Limits {
        bytes: 1 << 20,
        value_bytes: 1 << 16,
        ..Limits::default()
    };
    fails_with(
        "{{range 100}}{{printf \"%65536d\" .}}{{end}}",
        limits,
        "(limit value_bytes)",
    );
    fails_with(
        "{{range 100}}{{$x := printf \"%65536d\" .}}{{end}}",
        limits,
        "(limit bytes)",
    );
    fails_with(
        "{{$s := \"x\"}}{{range 60}}{{$s = print $s $s}}{{end}}",
        limits,
        "(limit value_bytes)",
    );
    fails_with(
        "{{range 1000000}}some text of a template{{end}}",
        limits,
        "(limit value_bytes)",
    );
}

#[test]
fn templates_within_templates() {
    let recursive = "{{define \"r\"}}{{template \"r\"}}{{end}}{{template \"r\"}}";
    fails_with(
        recursive,
        Limits::default(),
        "exceeded maximum template depth (100000)",
    );
    let limits = Limits {
        template_depth: 10,
        ..Limits::default()
    };
    fails_with(recursive, limits, "exceeded maximum template depth (10)");
    let counted = "{{define \"r\"}}{{if .}}x{{template \"r\" slice . 1}}{{end}}{{end}}{{template \"r\" \"12345678\"}}";
    assert_eq!(run(counted, limits).ok().as_deref(), Some(&b"xxxxxxxx"[..]));
}

#[test]
fn texts_that_evaluate_themselves() {
    fails_with("{{tpl .self .}}", Limits::default(), "(limit nested_depth)");
}

#[test]
fn includes_of_one_template_within_itself() {
    let error = run(
        "{{define \"r\"}}{{include \"r\" .}}{{end}}{{include \"r\" .}}",
        Limits::default(),
    );
    let text = error
        .err()
        .map(|error| error.to_string())
        .unwrap_or_default();
    let wanted = "rendering template has a nested reference name: r: unable to execute template";
    assert!(text.ends_with(wanted), "{text}");
}

#[test]
fn values_within_values() {
    let text = "{{$x := list}}{{range 200000}}{{$x = list $x}}{{end}}";
    assert!(run(text, Limits::default()).is_ok(), "made and freed");
    fails_with(
        &format!("{text}{{{{$x}}}}"),
        Limits::default(),
        "(limit value_depth)",
    );
}

#[test]
fn nesting_of_the_text() {
    for (open, close) in [
        ("{{if 1}}", "{{end}}"),
        ("{{range 1}}", "{{end}}"),
        ("{{block \"a\" 1}}", "{{end}}"),
        ("{{define \"a\"}}", "{{end}}"),
    ] {
        let text = |depth: usize| open.repeat(depth) + &close.repeat(depth);
        let mut set = Templates::new("root", Arc::new(Functions::new()));
        let error = set
            .parse("t", text(1_000_000))
            .map_err(|error| error.to_string());
        assert!(
            error.is_err_and(|error| error.contains("nested more than 1000 deep")
                || error.contains("unexpected <define> in command")),
            "{open}"
        );
    }
    let text = |depth: usize| format!("{{{{{}1{}}}}}", "(".repeat(depth), ")".repeat(depth));
    let mut set = Templates::new("root", Arc::new(Functions::new()));
    assert!(set.parse("t", text(999)).is_ok());
    assert!(set.parse("t", text(1_000_000)).is_err());
    let mut session = Session::new(Arc::new(set), Limits::default(), Rc::new(()));
    assert_eq!(session.execute("t", &Value::Nil).ok(), Some(b"1".to_vec()));
}
