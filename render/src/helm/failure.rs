//! From Go's error texts to places in the user's chart.

use std::collections::HashMap;
use std::sync::Arc;

use tiphys_template::{ExecError, Functions, ParseError, Templates};

use super::advice;
use super::chart::ChartFile;
use crate::RenderError;
use crate::error::{TemplateError, TemplateFrame};

/// A template that cannot be parsed.
pub fn parsing(error: &ParseError, file: &ChartFile, functions: &Functions) -> RenderError {
    // template: NAME:LINE[:COLUMN]: MESSAGE
    let text = error.to_string();
    let mut tokens = text.split(": ").skip(1);
    let location = tokens.next().unwrap_or_default();
    let last = text.rsplit(": ").next().unwrap_or(&text);
    let (_, line, column) = place(location);
    let mut found = TemplateError {
        file: file.origin.to_string(),
        line,
        column,
        message: text
            .split_once(&format!("{location}: "))
            .map_or(last, |(_, rest)| rest)
            .to_owned(),
        text: format!("parse error at ({location}): {last}"),
        ..TemplateError::default()
    };
    let content = file.data.to_string_lossy();
    found.advice = advice::on_parsing(&found, &content, functions.names());
    RenderError::Template(Box::new(found))
}

/// One execution on the way to what went wrong.
struct Step<'a> {
    name: &'a str,
    line: usize,
    column: usize,
    template: &'a str,
    expression: &'a str,
    message: &'a str,
}

/// A template that failed. `files` are the paths of the templates in the tree.
pub fn executing(
    error: &ExecError,
    files: &HashMap<Arc<str>, Arc<str>>,
    templates: &Templates,
) -> RenderError {
    let chain = error.chain();
    let steps: Vec<Step<'_>> = chain.iter().filter_map(|text| step(text)).collect();
    let Some(innermost) = steps.last() else {
        return RenderError::Template(Box::new(TemplateError {
            message: error.text().to_owned(),
            text: error.text().to_owned(),
            ..TemplateError::default()
        }));
    };
    let cause = chain.last().copied().filter(|text| step(text).is_none());
    let stopped = ["fail", "required"].iter().any(|name| {
        innermost
            .message
            .starts_with(&format!("error calling {name}: "))
    });
    // A text that was given to `tpl` has no file: the place is where it was given.
    let file_of = |name: &str| files.get(name).map(|file| file.to_string());
    let at = steps
        .iter()
        .rposition(|step| files.contains_key(step.name))
        .unwrap_or(steps.len() - 1);
    let place = &steps[at];
    let mut message = match cause {
        Some(cause) if stopped => cause.to_owned(),
        _ => innermost.message.to_owned(),
    };
    if at + 1 < steps.len() {
        message = format!(
            "line {} of the text given to tpl: {message}",
            innermost.line
        );
    }
    let mut frames: Vec<TemplateFrame> = Vec::new();
    for step in &steps[..at] {
        let frame = TemplateFrame {
            file: file_of(step.name).unwrap_or_else(|| step.name.to_owned()),
            line: step.line,
            column: step.column,
            template: step.template.to_owned(),
        };
        let is_here =
            step.name == place.name && step.line == place.line && step.column == place.column;
        if frames.last() != Some(&frame) && !is_here {
            frames.push(frame);
        }
    }
    RenderError::Template(Box::new(TemplateError {
        file: file_of(place.name).unwrap_or_else(|| place.name.to_owned()),
        line: place.line,
        column: place.column,
        message,
        expression: if stopped {
            String::new()
        } else {
            innermost.expression.to_owned()
        },
        chain: shortened(frames),
        advice: if stopped {
            String::new()
        } else {
            advice::on_executing(innermost.message, innermost.expression, templates.names())
        },
        text: helm_text(error, &chain, cause.filter(|_| stopped)),
    }))
}

/// Endless recursion has a thousand steps: the first and the last tell enough.
fn shortened(mut frames: Vec<TemplateFrame>) -> Vec<TemplateFrame> {
    const SHOWN: usize = 20;
    if frames.len() > SHOWN {
        frames.drain(SHOWN / 2..frames.len() - SHOWN / 2);
    }
    frames
}

/// The text that Helm would print.
fn helm_text(error: &ExecError, chain: &[&str], stopped: Option<&str>) -> String {
    let location = error
        .text()
        .strip_prefix("template: ")
        .and_then(|rest| rest.split(": ").next())
        .unwrap_or_default();
    if let Some(message) = stopped {
        return format!("execution error at ({location}): {message}");
    }
    let mut text = String::new();
    let mut last = None;
    for part in chain {
        let Some(rest) = part.strip_prefix("template: ") else {
            return error.text().to_owned();
        };
        let first = |message: &str| {
            let first = message.split(" template:").next();
            first.unwrap_or(message).to_owned()
        };
        let lines = match step(part) {
            _ if rest.starts_with("no template ") => format!("{part}\n"),
            Some(step) => format!(
                "{}:{}:{}\n  executing {:?} at <{}>:\n    {}\n",
                step.name,
                step.line,
                step.column,
                step.template,
                step.expression,
                first(step.message)
            ),
            None => match rest.rsplit_once(": ") {
                Some((location, message)) => format!("{location}\n  {}\n", first(message)),
                None => return error.text().to_owned(),
            },
        };
        if last.as_ref() != Some(&lines) {
            text.push_str(&lines);
        }
        last = Some(lines);
    }
    text.trim().to_owned()
}

/// Takes apart `template: NAME:LINE:COLUMN: executing "TEMPLATE" at <EXPRESSION>: MESSAGE`.
fn step(text: &str) -> Option<Step<'_>> {
    // What `tpl` says around an error is followed by that error in the chain.
    let rest = text.strip_prefix("template: ")?;
    let (location, rest) = rest.split_once(": executing \"")?;
    let (name, line, column) = place(location);
    let (template, rest) = rest.split_once("\" at <")?;
    let (expression, message) = rest.split_once(">: ")?;
    Some(Step {
        name,
        line,
        column,
        template,
        expression,
        message,
    })
}

/// `NAME:LINE:COLUMN` or `NAME:LINE`.
fn place(location: &str) -> (&str, usize, usize) {
    let number = |text: &str| text.parse::<usize>().ok();
    let Some((head, last)) = location.rsplit_once(':') else {
        return (location, 0, 0);
    };
    let Some(last) = number(last) else {
        return (location, 0, 0);
    };
    match head
        .rsplit_once(':')
        .and_then(|(name, line)| Some((name, number(line)?)))
    {
        Some((name, line)) => (name, line, last),
        None => (head, last, 0),
    }
}
