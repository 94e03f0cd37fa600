//! A short cut for what most manifests are made of: block mappings and sequences, scalars of one line, literal blocks and
//! collections in brackets on one line. It builds the value while it reads, several times as fast as by events, and of the value only
//! what is wanted: what is not kept is checked as the rest is.
//!
//! It takes nothing that it is not sure of: whatever is unusual or wrong makes it give up, and the text is read by the whole
//! parser, which alone reports faults and knows kyaml's dialect. Where it does give a value, that is the value of the whole parser.

use std::borrow::Cow;

use memchr::memchr;
use serde_json::{Map, Value};

use super::{Document, Duplicates, Outline, Reading, scalar};
use crate::Limits;

mod flow;

/// The longest key that is taken; longer ones may be no keys.
const KEY_BYTES: usize = 128;
/// So much of a text is looked at in one go.
const CHUNK: usize = 1024;

/// The documents of a text, or only the first one; `None` when the text has to be read by the whole parser.
pub(super) fn read(
    text: &str,
    limits: &Limits,
    reading: Reading,
    first_only: bool,
) -> Option<Vec<Document>> {
    let mut reader = Reader {
        left: text,
        line: 0,
        current: None,
        is_usual: text.as_bytes().chunks(CHUNK).all(is_usual_ascii),
        limits,
        reading,
        values: 0,
        depth: 0,
    };
    let mut documents = Vec::new();
    loop {
        if reader.separator()? && first_only {
            return None;
        }
        let Some(line) = reader.peek()? else {
            return Some(documents);
        };
        reader.values = 0;
        let value = reader.block(line, &reading.outline)?;
        documents.push(Document {
            value,
            line: line.number,
            written: Vec::new(),
        });
        match reader.peek()? {
            None => return Some(documents),
            Some(line) if !first_only && line.is_separator() => {}
            Some(_) => return None,
        }
    }
}

/// What is left of a line that is neither empty nor a comment.
#[derive(Clone, Copy)]
struct Line<'a> {
    /// Column of the first character.
    indent: usize,
    /// From there to the line break.
    rest: &'a str,
    /// From 1.
    number: usize,
}

impl Line<'_> {
    fn is_separator(self) -> bool {
        self.indent == 0 && self.rest.starts_with("---")
    }

    fn is_item(self) -> bool {
        is_item(self.rest)
    }
}

struct Reader<'a> {
    /// The text from the next line on.
    left: &'a str,
    /// Lines before that.
    line: usize,
    /// The line under way, until it is used up.
    current: Option<Line<'a>>,
    /// Whether all of the text is of usual characters without tabs; else each line has to be looked at.
    is_usual: bool,
    limits: &'a Limits,
    reading: Reading,
    /// Values of the document so far, keys among them.
    values: usize,
    depth: usize,
}

impl<'a> Reader<'a> {
    /// The next line as it is.
    fn raw(&self) -> Option<&'a str> {
        if self.left.is_empty() {
            return None;
        }
        let end = memchr(b'\n', self.left.as_bytes());
        Some(end.map_or(self.left, |end| &self.left[..end]))
    }

    fn skip_raw(&mut self, line: &str) {
        self.left = self.left.get(line.len() + 1..).unwrap_or_default();
        self.line += 1;
    }

    /// The next line that says something. The outer `None` gives up.
    #[expect(
        clippy::option_option,
        reason = "giving up and the end of the text are two things"
    )]
    #[inline]
    fn peek(&mut self) -> Option<Option<Line<'a>>> {
        if self.current.is_none() {
            self.advance()?;
        }
        Some(self.current)
    }

    /// Goes to the next line that says something, if there is one. Apart from [`Reader::peek`], which is asked more often.
    #[inline(never)]
    fn advance(&mut self) -> Option<()> {
        while let Some(line) = self.raw() {
            self.skip_raw(line);
            let rest = unindented(line);
            if !self.is_usual && !is_usual(rest, false) {
                return None;
            }
            if !rest.is_empty() && !rest.starts_with('#') {
                self.current = Some(Line {
                    indent: line.len() - rest.len(),
                    rest,
                    number: self.line,
                });
                break;
            }
        }
        Some(())
    }

    /// Leaves separators of documents behind; whether there was one.
    fn separator(&mut self) -> Option<bool> {
        let mut found = false;
        while let Some(line) = self.peek()? {
            if !line.is_separator() {
                break;
            }
            if !is_over(&line.rest[3..]) {
                return None;
            }
            self.current = None;
            found = true;
        }
        Some(found)
    }

    fn count(&mut self) -> Option<()> {
        self.values += 1;
        (self.values <= self.limits.values).then_some(())
    }

    fn deeper(&mut self) -> Option<()> {
        self.count()?;
        self.depth += 1;
        (self.depth <= self.limits.depth).then_some(())
    }

    /// The mapping or sequence that begins with a line.
    fn block(&mut self, line: Line<'a>, outline: &Outline) -> Option<Value> {
        self.deeper()?;
        let value = if line.is_item() {
            self.sequence(line.indent, outline)?
        } else {
            self.mapping(line.indent, outline)?
        };
        self.depth -= 1;
        Some(value)
    }

    fn sequence(&mut self, indent: usize, outline: &Outline) -> Option<Value> {
        let mut items = Vec::new();
        let wanted = outline.item();
        let inside = wanted.unwrap_or(&Outline::Shape);
        while let Some(line) = self.peek()? {
            if line.indent < indent || line.indent == indent && !line.is_item() {
                break;
            }
            if line.indent > indent || line.is_separator() {
                return None;
            }
            let content = unindented(&line.rest[1..]);
            let inner = Line {
                indent: line.indent + line.rest.len() - content.len(),
                rest: content,
                ..line
            };
            let item = if is_item(content) || split_key(content).is_some() {
                self.current = Some(inner);
                self.block(inner, inside)?
            } else {
                self.current = None;
                self.value(content, indent, false, inside)?
            };
            if wanted.is_some() {
                items.push(item);
            }
        }
        Some(Value::Array(items))
    }

    fn mapping(&mut self, indent: usize, outline: &Outline) -> Option<Value> {
        let mut entries = Map::new();
        while let Some(line) = self.peek()? {
            if line.indent < indent || line.is_separator() {
                break;
            }
            if line.indent > indent || line.is_item() {
                return None;
            }
            let (key, quoted, content) = split_key(line.rest)?;
            let key = self.key(key, quoted)?;
            self.current = None;
            let wanted = outline.field(&key);
            let inside = wanted.unwrap_or(&Outline::Shape);
            let value = self.value(content, indent, true, inside)?;
            if wanted.is_some() || self.needs_keys() {
                self.enter(&mut entries, key, value, wanted)?;
            }
        }
        Some(Value::Object(entries))
    }

    fn key<'k>(&mut self, key: &'k str, quoted: bool) -> Option<Cow<'k, str>> {
        self.count()?;
        if quoted {
            return Some(Cow::Borrowed(key));
        }
        scalar::plain_key(key, self.reading.numbers)
    }

    /// Whether the keys of values are needed that are not: where a repeated key is an error.
    fn needs_keys(&self) -> bool {
        self.reading.duplicates == Duplicates::Refuse
    }

    /// Puts a value into its mapping.
    fn enter(
        &self,
        entries: &mut Map<String, Value>,
        key: Cow<'_, str>,
        value: Value,
        wanted: Option<&Outline>,
    ) -> Option<()> {
        let refuses = self.needs_keys();
        // Of a scalar only that it is neither list nor mapping is wanted: that is true also of what is not there.
        if !refuses && value.is_null() && wanted == Some(&Outline::Shape) {
            entries.remove(&*key);
            return Some(());
        }
        let before = entries.insert(key.into_owned(), value);
        (before.is_none() || !refuses).then_some(())
    }

    /// What follows a key or the dash of an item, on its line or below. The items of a sequence may stand as far left as the key
    /// that they belong to.
    fn value(
        &mut self,
        content: &str,
        indent: usize,
        after_key: bool,
        outline: &Outline,
    ) -> Option<Value> {
        let content = unindented(content);
        let Some(first) = content.bytes().next().filter(|first| *first != b'#') else {
            if let Some(line) = self.peek()?
                && !line.is_separator()
                && (line.indent > indent || after_key && line.indent == indent && line.is_item())
            {
                return self.block(line, outline);
            }
            self.count()?;
            return Some(Value::Null);
        };
        match first {
            b'"' | b'\'' => {
                let (text, rest) = flow::quoted(content)?;
                self.count()?;
                is_over(rest).then(|| kept(text, outline))
            }
            b'[' | b'{' => {
                let (value, rest) = self.flow(content, outline)?;
                is_over(rest).then_some(value)
            }
            b'|' => {
                self.count()?;
                self.literal(content, indent, outline)
            }
            b',' | b']' | b'}' | b'&' | b'*' | b'!' | b'>' | b'%' | b'@' | b'`' | b'?' | b':' => {
                None
            }
            b'-' if is_item(content) => None,
            _ => {
                self.count()?;
                self.plain(before_comment(content)?, outline)
            }
        }
    }

    /// What a plain scalar stands for.
    fn plain(&self, text: &str, outline: &Outline) -> Option<Value> {
        if outline.has_scalars() {
            scalar::plain_value(text, self.reading.numbers)
        } else {
            scalar::has_value(text).then_some(Value::Null)
        }
    }

    /// A literal block that keeps one line break at its end, or none.
    fn literal(&mut self, header: &str, indent: usize, outline: &Outline) -> Option<Value> {
        let keeps_break = match header {
            "|" => true,
            "|-" => false,
            _ => return None,
        };
        let mut text = String::new();
        let mut margin = None;
        // Line breaks that count if another line follows.
        let mut breaks = 0;
        while let Some(line) = self.raw() {
            let content = unindented(line);
            let blanks = line.len() - content.len();
            if content.is_empty() {
                if blanks > margin.unwrap_or(0) {
                    return None;
                }
                breaks += 1;
                self.skip_raw(line);
                continue;
            }
            let column = *margin.get_or_insert(blanks);
            if column <= indent {
                return None;
            }
            if blanks < column {
                if content.starts_with('#') && blanks > indent {
                    return None;
                }
                break;
            }
            let has_break = line.len() < self.left.len() || self.reading.break_follows;
            let usual = self.is_usual || is_usual(content, true);
            if !has_break || !usual || blanks == column && content.starts_with('\t') {
                return None;
            }
            if outline.has_scalars() {
                text.extend(std::iter::repeat_n('\n', breaks));
                text.push_str(&line[column..]);
            }
            breaks = 1;
            self.skip_raw(line);
        }
        // Without a line there was nothing to take the margin from.
        margin?;
        if outline.has_scalars() && keeps_break {
            text.push('\n');
        }
        Some(kept(Cow::Owned(text), outline))
    }
}

/// A text, if it is kept.
fn kept(text: Cow<'_, str>, outline: &Outline) -> Value {
    if outline.has_scalars() {
        Value::String(text.into_owned())
    } else {
        Value::Null
    }
}

/// A line without the spaces before it.
fn unindented(line: &str) -> &str {
    let end = line.bytes().position(|byte| byte != b' ');
    &line[end.unwrap_or(line.len())..]
}

/// A plain scalar without the comment behind it, unless it may be a mapping.
fn before_comment(content: &str) -> Option<&str> {
    let bytes = content.as_bytes();
    let mut end = bytes.len();
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b':' if matches!(bytes.get(at + 1), None | Some(b' ')) => return None,
            b'#' if at > 0 && bytes[at - 1] == b' ' => {
                end = at;
                break;
            }
            _ => {}
        }
    }
    Some(content[..end].trim_end_matches(' '))
}

/// Whether a line begins an item of a sequence.
fn is_item(rest: &str) -> bool {
    rest == "-" || rest.starts_with("- ")
}

/// Whether nothing follows but white space and a comment.
fn is_over(rest: &str) -> bool {
    let content = unindented(rest);
    content.is_empty() || content.len() < rest.len() && content.starts_with('#')
}

/// Takes apart `key: rest`; also says whether the key is quoted.
fn split_key(line: &str) -> Option<(&str, bool, &str)> {
    let bytes = line.as_bytes();
    let (key, quoted, after) = match bytes.first()? {
        quote @ (b'"' | b'\'') => {
            let end = memchr(*quote, &bytes[1..])? + 1;
            let key = &line[1..end];
            if key.contains('\\') {
                return None;
            }
            (key, true, &line[end + 1..])
        }
        b'-' => return None,
        _ => {
            let end = bytes.iter().position(|byte| !is_plain_key(*byte))?;
            (&line[..end], false, &line[end..])
        }
    };
    let rest = after.strip_prefix(':')?;
    let usual = !key.is_empty() && key.len() <= KEY_BYTES;
    (usual && (rest.is_empty() || rest.starts_with(' '))).then_some((key, quoted, rest))
}

/// Whether a byte means nothing but itself in a plain scalar, wherever it stands behind the first.
pub(super) fn is_plain_key(byte: u8) -> bool {
    const PLAIN: [bool; 256] = {
        let mut plain = [false; 256];
        let mut byte = 0_u8;
        while byte < 128 {
            plain[byte as usize] =
                byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'/' | b'-');
            byte += 1;
        }
        plain
    };
    PLAIN[usize::from(byte)]
}

/// Whether a part of a text has only characters of ASCII that are shown, spaces and line breaks.
fn is_usual_ascii(bytes: &[u8]) -> bool {
    // Without an end before the end: many are compared at once.
    let is_usual = |byte: &u8| matches!(byte, b' '..=b'~' | b'\n');
    bytes.iter().fold(true, |all, byte| all & is_usual(byte))
}

/// Whether all characters of a line are such that no parser has its own ideas about them.
fn is_usual(line: &str, tabs: bool) -> bool {
    let allowed = |character: char| match character {
        ' '..='~' => true,
        '\t' => tabs,
        '\u{2028}' | '\u{2029}' | '\u{e000}'.. => false,
        other => other >= '\u{a0}',
    };
    line.chars().all(allowed)
}

#[cfg(test)]
mod tests;
