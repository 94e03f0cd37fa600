//! A short cut for what most manifests are made of: block mappings and sequences, scalars of one line, literal blocks and
//! collections in brackets on one line. It builds the value while it reads, several times as fast as by events.
//!
//! It takes nothing that it is not sure of: whatever is unusual or wrong makes it give up, and the text is read by the whole
//! parser, which alone reports faults and knows kyaml's dialect. Where it does give a value, that is the value of the whole parser.

use memchr::{memchr, memmem};
use serde_json::{Map, Value};

use super::{Document, Duplicates, Reading, scalar};
use crate::Limits;

mod flow;

/// The longest key that is taken; longer ones may be no keys.
const KEY_BYTES: usize = 128;

/// The documents of a text, or only the first one; `None` when the text has to be read by the whole parser.
pub(super) fn read(
    text: &str,
    limits: &Limits,
    reading: Reading,
    first_only: bool,
) -> Option<Vec<Document>> {
    let mut reader = Reader {
        text,
        at: 0,
        line: 0,
        current: None,
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
        let value = reader.block(line)?;
        documents.push(Document {
            value,
            line: line.number,
            written: Vec::new(),
        });
        match reader.peek()? {
            None => return Some(documents),
            Some(line) if !first_only && reader.is_separator(line) => {}
            Some(_) => return None,
        }
    }
}

/// What is left of a line that is neither empty nor a comment.
#[derive(Clone, Copy)]
struct Line {
    /// Column of the first character.
    indent: usize,
    /// Where that is in the text.
    start: usize,
    /// Where the line ends, before its line break.
    end: usize,
    /// From 1.
    number: usize,
}

struct Reader<'a> {
    text: &'a str,
    /// Where the next line begins.
    at: usize,
    /// Lines before that.
    line: usize,
    /// The line under way, until it is used up.
    current: Option<Line>,
    limits: &'a Limits,
    reading: Reading,
    /// Values of the document so far, keys among them.
    values: usize,
    depth: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self, line: Line) -> &'a str {
        &self.text[line.start..line.end]
    }

    /// The next line as it is, and where it begins.
    fn raw(&self) -> Option<(usize, &'a str)> {
        let rest = self.text.get(self.at..).filter(|rest| !rest.is_empty())?;
        let end = memchr(b'\n', rest.as_bytes()).unwrap_or(rest.len());
        Some((self.at, &rest[..end]))
    }

    fn skip_raw(&mut self, line: &str) {
        self.at += line.len() + 1;
        self.line += 1;
    }

    /// The next line that says something. The outer `None` gives up.
    #[expect(
        clippy::option_option,
        reason = "giving up and the end of the text are two things"
    )]
    fn peek(&mut self) -> Option<Option<Line>> {
        while self.current.is_none() {
            let Some((start, line)) = self.raw() else {
                return Some(None);
            };
            self.skip_raw(line);
            let content = line.trim_start_matches(' ');
            if !is_usual(content, false) {
                return None;
            }
            if !content.is_empty() && !content.starts_with('#') {
                let indent = line.len() - content.len();
                self.current = Some(Line {
                    indent,
                    start: start + indent,
                    end: start + line.len(),
                    number: self.line,
                });
            }
        }
        Some(self.current)
    }

    fn is_separator(&self, line: Line) -> bool {
        line.indent == 0 && self.rest(line).starts_with("---")
    }

    /// Leaves separators of documents behind; whether there was one.
    fn separator(&mut self) -> Option<bool> {
        let mut found = false;
        while let Some(line) = self.peek()? {
            if !self.is_separator(line) {
                break;
            }
            if !is_over(&self.rest(line)[3..]) {
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
    fn block(&mut self, line: Line) -> Option<Value> {
        self.deeper()?;
        let value = if is_item(self.rest(line)) {
            self.sequence(line.indent)?
        } else {
            self.mapping(line.indent)?
        };
        self.depth -= 1;
        Some(value)
    }

    fn sequence(&mut self, indent: usize) -> Option<Value> {
        let mut items = Vec::new();
        while let Some(line) = self.peek()? {
            let rest = self.rest(line);
            if line.indent < indent || line.indent == indent && !is_item(rest) {
                break;
            }
            if line.indent > indent || self.is_separator(line) {
                return None;
            }
            let content = rest[1..].trim_start_matches(' ');
            let before = rest.len() - content.len();
            let inner = Line {
                indent: line.indent + before,
                start: line.start + before,
                ..line
            };
            items.push(if is_item(content) || split_key(content).is_some() {
                self.current = Some(inner);
                self.block(inner)?
            } else {
                self.current = None;
                self.value(content, indent, false)?
            });
        }
        Some(Value::Array(items))
    }

    fn mapping(&mut self, indent: usize) -> Option<Value> {
        let mut entries = Map::new();
        while let Some(line) = self.peek()? {
            if line.indent < indent || self.is_separator(line) {
                break;
            }
            let rest = self.rest(line);
            if line.indent > indent || is_item(rest) {
                return None;
            }
            let (key, quoted, content) = split_key(rest)?;
            let key = self.key(key, quoted)?;
            if self.reading.duplicates == Duplicates::Refuse && entries.contains_key(&key) {
                return None;
            }
            self.current = None;
            let value = self.value(content, indent, true)?;
            entries.insert(key, value);
        }
        Some(Value::Object(entries))
    }

    fn key(&mut self, key: &str, quoted: bool) -> Option<String> {
        self.count()?;
        if quoted {
            return Some(key.to_owned());
        }
        scalar::key(scalar::resolve(key, true, None, self.reading).ok()?).ok()
    }

    /// What follows a key or the dash of an item, on its line or below. The items of a sequence may stand as far left as the key
    /// that they belong to.
    fn value(&mut self, content: &str, indent: usize, after_key: bool) -> Option<Value> {
        let content = content.trim_start_matches(' ');
        if is_over(content) || content.starts_with('#') {
            if let Some(line) = self.peek()?
                && !self.is_separator(line)
                && (line.indent > indent
                    || after_key && line.indent == indent && is_item(self.rest(line)))
            {
                return self.block(line);
            }
            self.count()?;
            return Some(Value::Null);
        }
        match content.as_bytes()[0] {
            b'"' | b'\'' => {
                let (text, rest) = flow::quoted(content)?;
                self.count()?;
                is_over(rest).then(|| Value::String(text.into_owned()))
            }
            b'[' | b'{' => {
                let (value, rest) = self.flow(content)?;
                is_over(rest).then_some(value)
            }
            b'|' => {
                self.count()?;
                self.literal(content, indent).map(Value::String)
            }
            b',' | b']' | b'}' | b'#' | b'&' | b'*' | b'!' | b'>' | b'%' | b'@' | b'`' | b'?'
            | b':' => None,
            b'-' if is_item(content) => None,
            _ => {
                self.count()?;
                let text = match memmem::find(content.as_bytes(), b" #") {
                    Some(comment) => &content[..comment],
                    None => content,
                }
                .trim_end_matches(' ');
                if text.ends_with(':') || memmem::find(text.as_bytes(), b": ").is_some() {
                    return None;
                }
                scalar::resolve(text, true, None, self.reading).ok()
            }
        }
    }

    /// A literal block that keeps one line break at its end, or none.
    fn literal(&mut self, header: &str, indent: usize) -> Option<String> {
        let keeps_break = match header {
            "|" => true,
            "|-" => false,
            _ => return None,
        };
        let mut text = String::new();
        let mut margin = None;
        // Line breaks that count if another line follows.
        let mut breaks = 0;
        while let Some((start, line)) = self.raw() {
            let content = line.trim_start_matches(' ');
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
            let at_end = start + line.len() == self.text.len();
            if at_end || !is_usual(content, true) || blanks == column && content.starts_with('\t') {
                return None;
            }
            text.extend(std::iter::repeat_n('\n', breaks));
            text.push_str(&line[column..]);
            breaks = 1;
            self.skip_raw(line);
        }
        if text.is_empty() {
            return None;
        }
        if keeps_break {
            text.push('\n');
        }
        Some(text)
    }
}

/// Whether a line begins an item of a sequence.
fn is_item(rest: &str) -> bool {
    rest == "-" || rest.starts_with("- ")
}

/// Whether nothing follows but white space and a comment.
fn is_over(rest: &str) -> bool {
    let content = rest.trim_start_matches(' ');
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

fn is_plain_key(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'/' | b'-')
}

/// Whether all characters of a line are such that no parser has its own ideas about them.
fn is_usual(line: &str, tabs: bool) -> bool {
    let bytes = line.as_bytes();
    if bytes
        .iter()
        .all(|byte| matches!(byte, b' '..=b'~') || tabs && *byte == b'\t')
    {
        return true;
    }
    let allowed = |character: char| match character {
        '\t' => tabs,
        ' '..='~' => true,
        '\u{2028}' | '\u{2029}' | '\u{e000}'.. => false,
        other => other >= '\u{a0}',
    };
    line.chars().all(allowed)
}

#[cfg(test)]
mod tests;
