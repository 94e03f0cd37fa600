//! `include` and `tpl`: what they see, and the chain of their errors.

use std::rc::Rc;
use std::sync::Arc;

use tiphys_template::{
    ExecError, Functions, Limits, Session, Signature, Templates, Type, Value, define_nested,
};

fn run(text: &str) -> Result<String, ExecError> {
    let mut functions = Functions::new();
    define_nested(&mut functions);
    functions.define("clock", Signature::new(&[], Type::Int), |call, _| {
        Ok(Value::Int(call.context::<i64>().copied().unwrap_or(-1)))
    });
    let mut set = Templates::new("gotpl", Arc::new(functions));
    if let Err(error) = set.parse("t", text) {
        panic!("{error}");
    }
    let mut session = Session::new(Arc::new(set), Limits::default(), Rc::new(12i64));
    let data = Value::map([("name", Value::string("web"))]);
    session
        .execute("t", &data)
        .map(|output| String::from_utf8_lossy(&output).into_owned())
}

#[test]
fn functions_find_the_context_of_their_rendering() {
    assert_eq!(run("{{clock}}").ok().as_deref(), Some("12"));
}

#[test]
fn tpl_sees_the_templates_and_defines_its_own() {
    let text = "{{define \"a\"}}A{{end}}{{tpl \"{{include \\\"a\\\" .}}{{include \\\"b\\\" .}}{{define \\\"b\\\"}}B{{end}}{{.none}}{{.name}}\" .}}";
    assert_eq!(run(text).ok().as_deref(), Some("ABweb"));
    let after = format!("{text}{{{{include \"b\" .}}}}");
    let error = run(&after).err().map(|error| error.to_string());
    assert!(
        error.is_some_and(|error| error
            .ends_with("template: no template \"b\" associated with template \"gotpl\"")),
        "the definition is gone afterwards"
    );
}

#[test]
fn errors_tell_the_chain_of_includes() {
    let text = "{{define \"a\"}}{{include \"b\" .}}{{end}}{{define \"b\"}}\n  {{.name.x}}{{end}}{{include \"a\" .}}";
    let Err(error) = run(text) else {
        panic!("no error");
    };
    let innermost = "template: t:2:9: executing \"b\" at <.name.x>: can't evaluate field x in type interface {}";
    let inner = format!(
        "template: t:1:16: executing \"a\" at <include \"b\" .>: error calling include: {innermost}"
    );
    let outer = format!(
        "template: t:2:22: executing \"t\" at <include \"a\" .>: error calling include: {inner}"
    );
    assert_eq!(error.text(), outer);
    assert_eq!(error.chain(), [&outer, &inner, innermost]);
    assert!(!error.is_limit());
}

#[test]
fn one_set_is_rendered_on_many_threads() {
    let mut set = Templates::new("gotpl", Arc::new(Functions::new()));
    assert!(set.parse("t", "{{.}}{{.}}").is_ok());
    let set = Arc::new(set);
    let threads: Vec<_> = (0..4)
        .map(|index| {
            let set = Arc::clone(&set);
            std::thread::spawn(move || {
                Session::new(set, Limits::default(), Rc::new(())).execute("t", &Value::Int(index))
            })
        })
        .collect();
    for (index, thread) in threads.into_iter().enumerate() {
        let output = thread.join().ok().and_then(Result::ok);
        assert_eq!(output, Some(format!("{index}{index}").into_bytes()));
    }
}
