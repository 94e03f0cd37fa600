//! YAML as `sigs.k8s.io/yaml` reads it: YAML 1.1 scalars, merge keys, string keys; JSON values come out.

use std::borrow::Cow;
use std::collections::HashMap;

use indent::Indented;
use saphyr_parser::{Event, Parser, ScanError, Span};
use serde_json::{Map, Value};

use crate::Limits;

mod common;
mod indent;
pub mod kept;
pub mod locate;
mod outline;
pub mod resolve;
mod scalar;
pub mod write;
mod written;

pub use outline::Outline;
pub(crate) use scalar::number_text as scalar_number_text;
pub use written::Written;
pub(crate) use written::add_step;

/// One document of a stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// Its value.
    pub value: Value,
    /// Line where it begins, from 1.
    pub line: usize,
    /// What the value does not hold of the text; filled for [`Dialect::Kyaml`].
    pub written: Vec<Written>,
}

/// What a repeated key in one mapping means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Duplicates {
    /// It is an error: for what a user wrote himself.
    #[default]
    Refuse,
    /// The last one wins, as where Go reads it: for Helm's values and for what templates print.
    LastWins,
}

/// How numbers come out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Numbers {
    /// As Go's JSON carries them into an object of Kubernetes: a float without fraction becomes an integer.
    #[default]
    Json,
    /// Integers and floats are told apart as they were written.
    Written,
    /// Everything is a float64, as in Helm's values.
    Floats,
}

/// Which library's rules plain scalars, keys and merges follow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    /// go-yaml 2, below `sigs.k8s.io/yaml`: YAML 1.1, `yes` is a boolean, keys are resolved, merged keys act where they stand.
    #[default]
    GoYaml2,
    /// kyaml, below Kustomize's objects: `yes` is a text, a date is a moment, keys are their text, own keys win over merged ones.
    Kyaml,
}

/// How a text is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// Whose rules hold.
    pub dialect: Dialect,
    /// What a repeated key means.
    pub duplicates: Duplicates,
    /// How numbers come out.
    pub numbers: Numbers,
    /// What has to be kept of each document; more may be.
    pub outline: Outline,
    /// Whether a line break follows that is not in the text. A block at the end of a text that has none gets its own from there.
    pub break_follows: bool,
}

/// Why a text is no YAML that can be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct YamlError {
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
}

impl YamlError {
    fn at(span: Span, message: impl Into<String>) -> Self {
        Self {
            line: span.start.line(),
            column: span.start.col() + 1,
            message: message.into(),
        }
    }
}

/// A mapping or sequence whose end has not come.
enum Open {
    Sequence {
        anchor: usize,
        items: Vec<Value>,
    },
    Mapping {
        anchor: usize,
        entries: Map<String, Value>,
        /// Whether it is written in braces.
        inline: bool,
        /// Lines of the keys, to name both places of a duplicate.
        lines: HashMap<String, usize>,
        key: Option<Key>,
    },
}

enum Key {
    Merge,
    Text(String),
}

struct Composer<'a> {
    limits: &'a Limits,
    reading: Reading,
    open: Vec<Open>,
    anchors: HashMap<usize, (Value, usize)>,
    /// Values of the document so far, those behind aliases included.
    values: usize,
    root: Option<Value>,
    line: usize,
    written: Vec<Written>,
    documents: Vec<Document>,
    /// Length of the text in characters, if it ends without a line break.
    open_end: Option<usize>,
}

/// Reads the documents of a text; empty ones are left out.
///
/// # Errors
/// When the text is not UTF-8 or no YAML, has a duplicate key, a value that JSON cannot hold, or is beyond the limits.
pub fn documents(text: &[u8], limits: &Limits) -> Result<Vec<Document>, YamlError> {
    read(text, limits, Reading::default())
}

/// Reads the documents of a text in a given way; empty ones are left out.
///
/// # Errors
/// As [`documents`], but a repeated key is an error only where the reading says so.
pub fn read(text: &[u8], limits: &Limits, reading: Reading) -> Result<Vec<Document>, YamlError> {
    compose(text, limits, reading, false)
}

fn compose(
    text: &[u8],
    limits: &Limits,
    reading: Reading,
    first_only: bool,
) -> Result<Vec<Document>, YamlError> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let text = std::str::from_utf8(text).map_err(|error| {
        let before = &text[..error.valid_up_to()];
        YamlError {
            line: before.iter().filter(|byte| **byte == b'\n').count() + 1,
            column: before
                .iter()
                .rev()
                .take_while(|byte| **byte != b'\n')
                .count()
                + 1,
            message: "this is not UTF-8 text".to_owned(),
        }
    })?;
    // The short cut does not tell how a scalar was written, which kyaml's readers have to know.
    if reading.dialect == Dialect::GoYaml2
        && let Some(documents) = common::read(text, limits, reading, first_only)
    {
        return Ok(documents);
    }
    nesting(text, limits)?;
    let mut indented = Indented::default();
    let mut text = if reading.break_follows {
        Cow::Owned(format!("{text}\n"))
    } else {
        Cow::Borrowed(text)
    };
    loop {
        match attempt(&text, limits, reading, first_only) {
            Ok(documents) => return Ok(documents),
            Err(Stopped::Scanner(error)) => match indented.repair(&text, &error) {
                Some(repaired) => text = Cow::Owned(repaired),
                None => {
                    let line = error.marker().line();
                    return Err(YamlError {
                        line,
                        column: indented.column(line, error.marker().col() + 1),
                        message: error.info().to_owned(),
                    });
                }
            },
            Err(Stopped::Composer(mut error)) => {
                error.column = indented.column(error.line, error.column);
                return Err(error);
            }
        }
    }
}

/// Who found a fault: only what the scanner does not like can be mended.
enum Stopped {
    Scanner(ScanError),
    Composer(YamlError),
}

impl From<ScanError> for Stopped {
    fn from(error: ScanError) -> Self {
        Self::Scanner(error)
    }
}

impl From<YamlError> for Stopped {
    fn from(error: YamlError) -> Self {
        Self::Composer(error)
    }
}

fn attempt(
    text: &str,
    limits: &Limits,
    reading: Reading,
    first_only: bool,
) -> Result<Vec<Document>, Stopped> {
    let mut composer = Composer {
        limits,
        reading,
        open: Vec::new(),
        anchors: HashMap::new(),
        values: 0,
        root: None,
        line: 1,
        written: Vec::new(),
        documents: Vec::new(),
        open_end: (!text.ends_with('\n')).then(|| text.chars().count()),
    };
    for event in Parser::new_from_str(text) {
        let (event, span) = event?;
        let is_end = matches!(event, Event::DocumentEnd);
        composer.event(event, span)?;
        if first_only && is_end {
            break;
        }
    }
    Ok(composer.documents)
}

/// Reads the first document of a text and nothing behind it; `None` when it is empty.
///
/// # Errors
/// As [`read`].
pub fn first(
    text: &[u8],
    limits: &Limits,
    reading: Reading,
) -> Result<Option<Document>, YamlError> {
    compose(text, limits, reading, true).map(|documents| documents.into_iter().next())
}

/// The scanner keeps a state for every open bracket and recurses on some of them: hostile nesting is refused before it starts.
fn nesting(text: &str, limits: &Limits) -> Result<(), YamlError> {
    let mut run = 0;
    for (index, byte) in text.bytes().enumerate() {
        match byte {
            b'[' | b'{' => run += 1,
            b' ' | b'\n' | b'\r' | b'\t' => {}
            _ => run = 0,
        }
        if run > limits.depth {
            return Err(YamlError {
                line: text[..index].bytes().filter(|byte| *byte == b'\n').count() + 1,
                column: 1,
                message: format!("nested deeper than {} levels", limits.depth),
            });
        }
    }
    Ok(())
}

impl Composer<'_> {
    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), YamlError> {
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd => Ok(()),
            Event::DocumentStart(_) => {
                self.root = None;
                self.values = 0;
                self.anchors.clear();
                self.written.clear();
                self.line = 0;
                Ok(())
            }
            Event::DocumentEnd => {
                if let Some(value) = self.root.take().filter(|value| !value.is_null()) {
                    self.documents.push(Document {
                        value,
                        line: self.line.max(1),
                        written: std::mem::take(&mut self.written),
                    });
                }
                Ok(())
            }
            Event::Alias(anchor) => {
                let Some((value, size)) = self.anchors.get(&anchor) else {
                    return Err(YamlError::at(
                        span,
                        "an alias inside the value that it stands for",
                    ));
                };
                // Counted before it is copied: a bomb ends here.
                self.values += size;
                self.bounded(span)?;
                let value = value.clone();
                self.value(value, 0, span)
            }
            Event::Scalar(text, style, anchor, tag) => {
                self.begins(span);
                self.values += 1;
                self.bounded(span)?;
                let plain = style == saphyr_parser::ScalarStyle::Plain;
                let text = self.without_added_break(text, style, span);
                if let Some(Open::Mapping {
                    key: key @ None, ..
                }) = self.open.last_mut()
                    && plain
                    && tag.as_deref().is_none_or(scalar::is_merge)
                    && text == "<<"
                {
                    *key = Some(Key::Merge);
                    return Ok(());
                }
                let is_key = matches!(self.open.last(), Some(Open::Mapping { key: None, .. }));
                let spelled = self.reading.dialect == Dialect::Kyaml && !is_key && tag.is_none();
                let text = &text;
                let value = if is_key && self.reading.dialect == Dialect::Kyaml {
                    Value::String(text.clone().into_owned())
                } else if style == saphyr_parser::ScalarStyle::Folded
                    && self.reading.dialect == Dialect::Kyaml
                    && !is_annotation(&self.open)
                {
                    Value::String(scalar::folded::rewritten(text))
                } else {
                    scalar::resolve(text, plain, tag.as_deref(), self.reading)
                        .map_err(|message| YamlError::at(span, message))?
                };
                if spelled {
                    self.written
                        .extend(written::of(&self.open, text, plain, &value));
                }
                self.value(value, anchor, span)
            }
            Event::SequenceStart(anchor, _) => self.opens(
                Open::Sequence {
                    anchor,
                    items: Vec::new(),
                },
                span,
            ),
            Event::MappingStart(anchor, _) => self.opens(
                Open::Mapping {
                    anchor,
                    entries: Map::new(),
                    // A mapping on lines of its own begins without a sign.
                    inline: !span.is_empty(),
                    lines: HashMap::new(),
                    key: None,
                },
                span,
            ),
            Event::SequenceEnd | Event::MappingEnd => self.closes(span),
        }
    }

    /// A block scalar at the end of a text without a last line break has none either: go-yaml keeps what is there, our parser
    /// adds one.
    fn without_added_break<'b>(
        &self,
        text: Cow<'b, str>,
        style: saphyr_parser::ScalarStyle,
        span: Span,
    ) -> Cow<'b, str> {
        use saphyr_parser::ScalarStyle::{Folded, Literal};
        let at_end = self.open_end.is_some_and(|end| span.end.index() >= end);
        match text.strip_suffix('\n') {
            Some(without) if at_end && matches!(style, Folded | Literal) => {
                Cow::Owned(without.to_owned())
            }
            _ => text,
        }
    }

    fn begins(&mut self, span: Span) {
        if self.line == 0 {
            self.line = span.start.line();
        }
    }

    fn bounded(&self, span: Span) -> Result<(), YamlError> {
        if self.values > self.limits.values {
            return Err(YamlError::at(
                span,
                format!(
                    "the document has more than {} values, counting those behind aliases",
                    self.limits.values
                ),
            ));
        }
        Ok(())
    }

    fn opens(&mut self, open: Open, span: Span) -> Result<(), YamlError> {
        self.begins(span);
        self.values += 1;
        self.bounded(span)?;
        if self.open.len() >= self.limits.depth {
            return Err(YamlError::at(
                span,
                format!("nested deeper than {} levels", self.limits.depth),
            ));
        }
        if let Some(Open::Mapping { key: None, .. }) = self.open.last() {
            return Err(YamlError::at(
                span,
                "a key has to be a text, not a list or a mapping (a template such as {{ … }} is no YAML before it is rendered)",
            ));
        }
        self.open.push(open);
        Ok(())
    }

    fn closes(&mut self, span: Span) -> Result<(), YamlError> {
        let Some(open) = self.open.pop() else {
            return Ok(());
        };
        match open {
            Open::Sequence { anchor, items } => self.value(Value::Array(items), anchor, span),
            Open::Mapping {
                anchor, entries, ..
            } => self.value(Value::Object(entries), anchor, span),
        }
    }

    /// Puts a finished value where it belongs.
    fn value(&mut self, value: Value, anchor: usize, span: Span) -> Result<(), YamlError> {
        if anchor > 0 {
            let size = count(&value);
            self.anchors.insert(anchor, (value.clone(), size));
        }
        match self.open.last_mut() {
            None => self.root = Some(value),
            Some(Open::Sequence { items, .. }) => items.push(value),
            Some(Open::Mapping {
                entries,
                lines,
                key,
                ..
            }) => match key.take() {
                Some(Key::Merge) => merge(entries, value, self.reading.dialect, span)?,
                Some(Key::Text(key)) => {
                    entries.insert(key, value);
                }
                None => {
                    let text =
                        scalar::key(value).map_err(|message| YamlError::at(span, message))?;
                    if self.reading.duplicates == Duplicates::Refuse
                        && let Some(first) = lines.insert(text.clone(), span.start.line())
                    {
                        return Err(YamlError::at(
                            span,
                            format!("the key {text:?} is already set on line {first}"),
                        ));
                    }
                    *key = Some(Key::Text(text));
                }
            },
        }
        Ok(())
    }
}

/// Whether a value is an annotation of an object, or of one in a list of them. Kustomize writes those anew when it takes away its own,
/// and their style is lost before it could do harm.
fn is_annotation(open: &[Open]) -> bool {
    let is_in = |open: &Open, name: &str| matches!(open, Open::Mapping { key: Some(Key::Text(key)), .. } if key == name);
    let [outer @ .., metadata, annotations, Open::Mapping { .. }] = open else {
        return false;
    };
    let is_object = match outer {
        [] => true,
        [items, Open::Sequence { .. }] => is_in(items, "items"),
        _ => false,
    };
    is_object && is_in(metadata, "metadata") && is_in(annotations, "annotations")
}

/// Adds the entries of a merge key where it stands: in go-yaml 2 they replace the keys before it, and the keys after it replace
/// them; in kyaml, own keys and earlier merges win.
fn merge(
    entries: &mut Map<String, Value>,
    value: Value,
    dialect: Dialect,
    span: Span,
) -> Result<(), YamlError> {
    match value {
        Value::Object(other) if dialect == Dialect::Kyaml => {
            for (key, value) in other {
                entries.entry(key).or_insert(value);
            }
            Ok(())
        }
        Value::Object(other) => {
            entries.extend(other);
            Ok(())
        }
        Value::Array(list) if list.iter().all(Value::is_object) => {
            let mut list = list;
            if dialect == Dialect::GoYaml2 {
                // Backwards: earlier ones win.
                list.reverse();
            }
            list.into_iter()
                .try_for_each(|value| merge(entries, value, dialect, span))
        }
        _ => Err(YamlError::at(
            span,
            "<< takes a mapping or a list of mappings",
        )),
    }
}

fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(entries) => entries.values().map(|value| 1 + count(value)).sum(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests;
