//! What a chart's author can do about a template that failed: Go's messages say what went wrong, seldom why.

use tiphys_template::Text;

use crate::RenderError;
use crate::error::TemplateError;

/// How many alike names are shown.
const ALIKE: usize = 3;

/// What can be told of a template that cannot be parsed, from its message and its text.
pub fn on_parsing<'a>(
    error: &TemplateError,
    text: &str,
    functions: impl Iterator<Item = &'a str>,
) -> String {
    let message = error.message.as_str();
    if let Some(opened) = open_action(text, error.line) {
        return format!("the action that begins on line {opened} is not closed with }}}}");
    }
    if let Some(name) = quoted(message, "function ", " not defined") {
        return guess(name, functions, "no function of Helm has this name");
    }
    if message == "unexpected EOF" {
        return match open_block(text) {
            Some((line, keyword)) => {
                format!("the {{{{ {keyword} }}}} on line {line} has no {{{{ end }}}}")
            }
            None => String::new(),
        };
    }
    if message.starts_with("unexpected {{end}}") || message.starts_with("unexpected {{else}}") {
        return "nothing is open here that it could belong to".to_owned();
    }
    if message.starts_with("bad character U+002D") {
        return "a key with `-` in it is read with index: {{ index .Values \"some-key\" }}"
            .to_owned();
    }
    String::new()
}

/// What can be told of an execution that failed, from its message and the expression.
pub fn on_executing<'a>(
    message: &str,
    expression: &str,
    templates: impl Iterator<Item = &'a str>,
) -> String {
    if let Some((_, field)) = message.split_once("nil pointer evaluating interface {}.") {
        let before = before(expression, field);
        return match known(before) {
            Some(name) => format!("`{before}` is nothing; did you mean `{name}`?"),
            None if before.is_empty() => String::new(),
            None => {
                format!("`{before}` is not set: set it, or ask for it with `if` or `with` before")
            }
        };
    }
    if let Some((_, rest)) = message.split_once("can't evaluate field ")
        && let Some((field, kind)) = rest.split_once(" in type ")
    {
        let before = before(expression, field);
        return match kind {
            _ if before.is_empty() => String::new(),
            "interface {}" => format!("`{before}` is no mapping"),
            _ => format!("`{before}` has no field of this name"),
        };
    }
    if let Some(name) = quoted(message, "no template ", " associated with") {
        return guess(
            name,
            templates,
            "no file of the chart or of its subcharts defines it",
        );
    }
    if let Some((_, kinds)) = message.split_once("wrong type for value; expected ")
        && let Some((wanted, given)) = kinds.split_once("; got ")
    {
        return match (plain(wanted), plain(given)) {
            (Some(wanted), Some(given)) => format!("it is {given}, and {wanted} is wanted"),
            _ => String::new(),
        };
    }
    if message.contains("range can't iterate over") {
        return "range goes over lists, mappings and whole numbers".to_owned();
    }
    if message.contains("incompatible types for comparison") {
        return "make both the same kind, as with `int` or `toString`".to_owned();
    }
    String::new()
}

/// The error of a printed text, with the line of the template that prints it if only one can, and what is wrong there if that is usual.
pub fn on_printed<'a>(
    error: RenderError,
    template: impl FnOnce(&str) -> Option<&'a Text>,
) -> RenderError {
    let RenderError::Printed {
        file,
        line,
        column,
        message,
        excerpt,
        ..
    } = error
    else {
        return error;
    };
    let text = template(&file).map(|text| text.to_string_lossy());
    let printed = text.as_ref().and_then(|text| printed_by(text, &excerpt));
    let advice = printed.map_or_else(String::new, |(number, content)| {
        let trims = content.contains("{{-") && content.contains("indent ");
        if trims && !content.contains("nindent") {
            format!(
                "; line {number} of the template prints it: `{{{{-` takes away the line break before it, which nindent puts there again"
            )
        } else {
            format!("; line {number} of the template prints it")
        }
    });
    RenderError::Printed {
        file,
        line,
        column,
        message,
        excerpt,
        advice,
    }
}

/// The only line of a template that can have printed a line: one that is the same, or begins with the same key.
fn printed_by<'a>(text: &'a str, printed: &str) -> Option<(usize, &'a str)> {
    let only = |is_it: &dyn Fn(&str) -> bool| {
        let mut found = (1..).zip(text.lines()).filter(|(_, line)| is_it(line));
        let first = found.next()?;
        found.next().is_none().then_some(first)
    };
    let (key, rest) = printed.split_once(':')?;
    let key = format!("{key}:");
    let (number, line) = only(&|line| line.trim() == printed)
        .or_else(|| only(&|line| line.trim_start().starts_with(&key)))?;
    // What a key alone prints came from the line below that has no line break of its own.
    let below = text.lines().nth(number);
    let joined = line.trim() == key && !rest.trim().is_empty();
    match below.filter(|below| joined && below.contains("{{-")) {
        Some(below) => Some((number + 1, below)),
        None => Some((number, line)),
    }
}

/// What stands in quotes between two texts.
fn quoted<'a>(message: &'a str, before: &str, behind: &str) -> Option<&'a str> {
    let (_, rest) = message.split_once(&format!("{before}\""))?;
    Some(rest.split_once(&format!("\"{behind}"))?.0)
}

/// Asks whether one of the names was meant that differ from one by little, the nearest first; `none` when there is none.
fn guess<'a>(name: &str, names: impl Iterator<Item = &'a str>, none: &str) -> String {
    let most = (name.len() / 4).max(1);
    let name = name.to_lowercase();
    let mut alike: Vec<(usize, &str)> = names
        .map(|other| (strsim::osa_distance(&name, &other.to_lowercase()), other))
        .filter(|(distance, _)| *distance <= most)
        .collect();
    if alike.is_empty() {
        return none.to_owned();
    }
    alike.sort_unstable();
    let alike = alike.iter().take(ALIKE);
    let alike: Vec<String> = alike.map(|(_, name)| format!("`{name}`")).collect();
    format!("did you mean {}?", alike.join(" or "))
}

/// The part of a chain of fields that stands before one of them: `.Values.a` of `.Values.a.b` before `b`.
fn before<'a>(expression: &'a str, field: &str) -> &'a str {
    let mut at = 0;
    while let Some(found) = expression[at..].find(&format!(".{field}")) {
        let start = at + found;
        let end = start + 1 + field.len();
        let goes_on = |next: char| next.is_alphanumeric() || next == '_';
        if !expression[end..].starts_with(goes_on) {
            let chain = &expression[..start];
            if chain.ends_with(')') {
                return "";
            }
            let starts = chain.rfind(|c: char| c.is_whitespace() || c == '(');
            return &chain[starts.map_or(0, |at| at + 1)..];
        }
        at = end;
    }
    ""
}

/// The name that was meant by one in the wrong case.
fn known(written: &str) -> Option<&'static str> {
    let names = [
        ".Values",
        ".Release",
        ".Chart",
        ".Capabilities",
        ".Files",
        ".Template",
        ".Subcharts",
    ];
    let mut names = names.into_iter();
    names.find(|name| name.eq_ignore_ascii_case(written) && *name != written)
}

/// A type of Go in the words of YAML.
fn plain(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "string" => "a text",
        "bool" => "true or false",
        "int" | "int64" | "float64" => "a number",
        "[]interface {}" | "[]string" => "a list",
        "map[string]interface {}" => "a mapping",
        _ => return None,
    })
}

/// The line on which an action begins that reaches into another, up to a line, which tells that it is not closed.
fn open_action(text: &str, line: usize) -> Option<usize> {
    let mut opened = None;
    let mut rest = text;
    let mut number = 1;
    while let Some(character) = rest.chars().next() {
        let mut width = character.len_utf8();
        if rest.starts_with("{{") {
            if opened.is_some() {
                return opened;
            }
            opened = Some(number);
            width = 2;
        } else if rest.starts_with("}}") {
            opened = None;
            width = 2;
        } else if opened.is_some() && matches!(character, '"' | '`') {
            // A text in quotes may have braces.
            width += rest[width..].find(character).map_or(0, |end| end + 1);
        }
        number += rest[..width].matches('\n').count();
        if number > line && opened.is_none() {
            return None;
        }
        rest = &rest[width..];
    }
    opened
}

/// The innermost block that is open at the end of a text: its line and its keyword.
fn open_block(text: &str) -> Option<(usize, &str)> {
    let mut open = Vec::new();
    let mut at = 0;
    while let Some(found) = text[at..].find("{{") {
        let start = at + found + 2;
        let action = text[start..].trim_start_matches('-').trim_start();
        let end = if action.starts_with("/*") {
            text[start..].find("*/")
        } else {
            text[start..].find("}}")
        };
        let word = action.split(|c: char| !c.is_ascii_alphabetic()).next();
        match word.unwrap_or_default() {
            keyword @ ("if" | "range" | "with" | "define" | "block") => {
                open.push((text[..start].lines().count(), keyword));
            }
            "end" => {
                open.pop();
            }
            _ => {}
        }
        at = start + end.unwrap_or(text.len() - start);
    }
    open.pop()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsing(message: &str, line: usize, text: &str) -> String {
        let error = TemplateError {
            message: message.to_owned(),
            line,
            ..TemplateError::default()
        };
        let functions = ["toYaml", "toJson", "include", "nindent"];
        on_parsing(&error, text, functions.into_iter())
    }

    #[test]
    fn what_cannot_be_parsed() {
        for (message, line, text, advice) in [
            (
                "function \"toYamll\" not defined",
                1,
                "{{ toYamll .a }}",
                "did you mean `toYaml`?",
            ),
            (
                "function \"toyaml\" not defined",
                1,
                "{{ toyaml .a }}",
                "did you mean `toYaml`?",
            ),
            (
                "function \"lookfor\" not defined",
                1,
                "{{ lookfor }}",
                "no function of Helm has this name",
            ),
            (
                "function \"y\" not defined",
                2,
                "x: {{ .a\n  y: {{ .b }}\n",
                "the action that begins on line 1 is not closed with }}",
            ),
            (
                "unexpected EOF",
                5,
                "{{ if .a }}\n{{- range .b }}{{/* end */}}\n{{ end }}\na: 1\n",
                "the {{ if }} on line 1 has no {{ end }}",
            ),
            (
                "unexpected EOF",
                3,
                "a: 1\n{{- with .b }}\n",
                "the {{ with }} on line 2 has no {{ end }}",
            ),
            (
                "function \"b\" not defined",
                2,
                "a: {{ .x\nb: c\n",
                "the action that begins on line 1 is not closed with }}",
            ),
            (
                "function \"low\" not defined",
                2,
                "{{ .a\n| low \"{{\" }}{{ .b }}",
                "no function of Helm has this name",
            ),
            (
                "unexpected {{end}}",
                1,
                "{{ end }}",
                "nothing is open here that it could belong to",
            ),
            (
                "bad character U+002D '-'",
                1,
                "{{ .Values.a-b }}",
                "a key with `-` in it is read with index: {{ index .Values \"some-key\" }}",
            ),
        ] {
            assert_eq!(parsing(message, line, text), advice, "{message}");
        }
    }

    #[test]
    fn what_fails() {
        let names = ["shop.labels", "shop.name", "shop/templates/a.yaml"];
        for (message, expression, advice) in [
            (
                "nil pointer evaluating interface {}.host",
                ".Values.ingress.host.name",
                "`.Values.ingress` is not set: set it, or ask for it with `if` or `with` before",
            ),
            (
                "nil pointer evaluating interface {}.name",
                "(index .Values.names 1).name.names",
                "",
            ),
            (
                "nil pointer evaluating interface {}.color",
                ".values.color",
                "`.values` is nothing; did you mean `.Values`?",
            ),
            (
                "can't evaluate field name in type interface {}",
                ".Values.color.name",
                "`.Values.color` is no mapping",
            ),
            (
                "error calling include: template: no template \"shop.label\" associated with template \"gotpl\"",
                "include \"shop.label\" .",
                "did you mean `shop.labels`?",
            ),
            (
                "no template \"elsewhere\" associated with template \"gotpl\"",
                "",
                "no file of the chart or of its subcharts defines it",
            ),
            (
                "wrong type for value; expected string; got []interface {}",
                ".Values.list",
                "it is a list, and a text is wanted",
            ),
        ] {
            let found = on_executing(message, expression, names.into_iter());
            assert_eq!(found, advice, "{message}");
        }
    }

    #[test]
    fn lines_that_print_what_is_wrong() {
        let text = "data:\n  labels:\n    {{- toYaml .Values.a | indent 4 }}\n  x: {{ .b }}\n   y: 1\n  z: 1\n  z: 2\n";
        for (printed, line) in [
            ("labels:    name: nginx", Some(3)),
            ("x: a: b", Some(4)),
            ("y: 1", Some(5)),
            ("z: 2", Some(7)),
            ("z: 3", None),
            ("nothing", None),
        ] {
            let found = printed_by(text, printed).map(|(line, _)| line);
            assert_eq!(found, line, "{printed}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_ends(text: String, line in 0_usize..9) {
            let _ = open_action(&text, line);
            let _ = open_block(&text);
            let _ = before(&text, "a");
            let _ = printed_by(&text, &text);
            let _ = on_executing(&text, &text, [text.as_str()].into_iter());
        }
    }
}
