//! What is read and written again. The expected texts are what go-yaml 3 makes of them; the differential suite compares many more.

use super::*;
use crate::yaml::write::write_kept;

fn written(text: &str) -> Result<Option<String>, String> {
    read(text).map(|document| document.as_ref().map(write_kept))
}

fn check(text: &str, expected: &str) {
    assert_eq!(written(text), Ok(Some(expected.to_owned())), "{text}");
}

#[test]
fn what_is_in_the_librarys_form_stays_as_it_is() {
    for text in [
        "a: 1\n",
        "# top\n\n# of a\na: 1 # one\nb:\n  # of c\n  c: 'x'\n  # behind c\nd:\n- 1 # first\n# of the second\n- \"y\"\n# end\n",
        "a: {b: [1, 2], c: {}}\nd: |\n  text\n    more # no comment\ne: >-\n  one two\nf:\n",
        "a: # why\n  b: 1\n  # behind b\n# of c\nc: 2\n\n# end\n",
        "- a: 1\n  b: 2\n- - 1\n  - 2\n",
        "a: &x\n  b: 1\nc: *x\nd: !!str 5\ne: !own {f: *x}\n",
        "? |\n  long\n: 1\n",
    ] {
        check(text, text);
    }
}

#[test]
fn spaces_and_empty_lines_become_the_librarys() {
    check(
        "a:\n    b:   1   # one\n\n    c:\n        - x\n        -   y: [ 1,2 ]\n",
        "a:\n  b: 1 # one\n  c:\n  - x\n  - y: [1, 2]\n",
    );
}

#[test]
fn comments_go_where_the_library_takes_them() {
    check("a: 1\n\n# lonely\n\nb: 2\n", "a: 1\n# lonely\nb: 2\n");
    check(
        "a:\n  b: 1\n\n  # below b\n\n# of c\nc: 2\n",
        "a:\n  b: 1\n  # below b\n# of c\nc: 2\n",
    );
    check("a: [1, # one\n  2]\n", "a: [1, # one\n  2]\n");
    check("- # item\n  a: 1\n", "- # item\n  a: 1\n");
}

#[test]
fn only_the_first_document_is_read() {
    check("a: 1\n---\nb: [\n", "a: 1\n");
    check("# above\n---\na: 1\n", "# above\na: 1\n");
    check("a: &x 1\nb:\n  <<: *x\n", "a: &x 1\nb:\n  !!merge <<: *x\n");
    assert_eq!(written("# nothing\n"), Ok(None));
}

#[test]
fn what_is_no_yaml_is_refused_with_its_line() {
    for (text, expected) in [
        ("a: 1\nb: [1\nc: 2\n", "line 3"),
        ("a: *x\n", "line 1: an alias without an anchor"),
        ("a: 1\n b: 2\n", "line 2"),
        ("a: 'x\n", "line 1: quotes that are not closed"),
        ("a: !x!y 1\n", "line 1: a tag with an unknown handle"),
        ("a: \u{1}\n", "line 1: a control character"),
        ("%YAML 1.3\n---\na: 1\n", "line 1: %YAML is not 1.1"),
    ] {
        let error = written(text).unwrap_err();
        assert!(error.contains(expected), "{text}: {error}");
    }
    let deep = "[".repeat(1000) + &"]".repeat(1000);
    assert!(written(&deep).is_err());
}

proptest::proptest! {
    #[test]
    fn any_text_ends(text in "([a-c#:'\"|>{}\\[\\],&*!? %-]|\n|\n  |\n---){0,60}") {
        let _ = written(&text);
    }
}
