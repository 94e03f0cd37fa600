//! The writer itself: columns, indents and the four scalar styles.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::common::is_plain_key;
use super::super::resolve::Dialect;
use super::style::{Context, Style, analyse, is_break, is_printable, select, wanted};
use super::{Key, Layout, Node, order};
use crate::go_float;

pub mod kept;

/// Bytes of the longest key that is written without `?`.
const SIMPLE_KEY_BYTES: usize = 128;
/// Letters on one line of `!!binary`.
const BINARY_LINE: usize = 70;
/// What stands before a scalar whose bytes are no text.
const BINARY_TAG: &str = "!!binary";

/// Where a node stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Root,
    Item,
    Value,
    /// A key that stands before its `:`.
    SimpleKey,
    /// A key that stands after `?`.
    LongKey,
}

/// Writes one document.
pub struct Emitter {
    layout: Layout,
    out: String,
    /// Characters since the last line break.
    column: usize,
    /// Whether white space (or the beginning) was written last.
    whitespace: bool,
    /// Whether the line has had nothing but indents and indicators.
    indention: bool,
    /// Column of the comments that an entry has behind it, if they were written last.
    foot_indent: Option<usize>,
}

impl Emitter {
    pub fn new(layout: Layout) -> Self {
        Self {
            layout,
            out: String::new(),
            column: 0,
            whitespace: true,
            indention: true,
            foot_indent: None,
        }
    }

    pub fn document(mut self, node: &Node) -> String {
        self.node(node, None, Place::Root);
        self.write_indent(0);
        self.out
    }

    fn node(&mut self, node: &Node, indent: Option<usize>, place: Place) {
        match node {
            Node::Null => self.scalar("null", Style::Plain, indent, place),
            Node::Bool(value) => self.scalar(bool_text(*value), Style::Plain, indent, place),
            Node::Int(number) => self.scalar(&number.to_string(), Style::Plain, indent, place),
            Node::Uint(number) => self.scalar(&number.to_string(), Style::Plain, indent, place),
            Node::Float(number) => self.scalar(&float_text(*number), Style::Plain, indent, place),
            Node::Plain(text) => self.scalar(text, Style::Plain, indent, place),
            Node::Text(text) => {
                self.scalar(text, wanted(text, self.layout.dialect), indent, place);
            }
            Node::Binary(bytes) => {
                let text = binary_text(bytes);
                self.indicator(BINARY_TAG, true, false, false);
                let style = if text.contains('\n') {
                    Style::Literal
                } else {
                    Style::Plain
                };
                self.scalar(&text, style, indent, place);
            }
            Node::List(items) if items.is_empty() => self.indicator("[]", true, false, false),
            Node::List(items) => self.list(items, indent, place),
            Node::Map(entries) if entries.is_empty() => self.indicator("{}", true, false, false),
            Node::Map(entries) => self.map(entries, indent, place),
        }
    }

    /// The indent of what stands inside a collection at `indent`.
    fn deeper(&self, indent: Option<usize>, place: Place) -> usize {
        let Some(indent) = indent else { return 0 };
        if self.layout.dialect == Dialect::Two {
            return indent + self.layout.indent;
        }
        if place == Place::Item {
            return indent + 2;
        }
        self.layout.indent * ((indent + self.layout.indent) / self.layout.indent)
    }

    /// Where the items of a list stand.
    fn list_indent(&self, indent: Option<usize>, place: Place) -> usize {
        let in_mapping = matches!(place, Place::Value | Place::LongKey);
        let flush = self.layout.flush_lists && in_mapping;
        match self.layout.dialect {
            Dialect::Two if flush && !self.indention => indent.unwrap_or(0),
            Dialect::Three
                if flush && indent.is_some() && (self.column == 0 || !self.indention) =>
            {
                self.deeper(indent, place).saturating_sub(2)
            }
            _ => self.deeper(indent, place),
        }
    }

    fn list(&mut self, items: &[Node], indent: Option<usize>, place: Place) {
        let inner = self.list_indent(indent, place);
        for item in items {
            self.write_indent(inner);
            self.indicator("-", true, false, true);
            self.node(item, Some(inner), Place::Item);
        }
    }

    fn map(&mut self, entries: &[(Key, Node)], indent: Option<usize>, place: Place) {
        let inner = self.deeper(indent, place);
        for index in order::sorted(entries, self.layout.dialect) {
            let (key, value) = &entries[index];
            self.write_indent(inner);
            let (text, style) = self.key_text(key);
            if text.len() <= SIMPLE_KEY_BYTES && !text.contains(is_break) {
                self.scalar(&text, style, Some(inner), Place::SimpleKey);
                self.indicator(":", false, false, false);
            } else {
                self.indicator("?", true, false, true);
                self.scalar(&text, style, Some(inner), Place::LongKey);
                self.write_indent(inner);
                self.indicator(":", true, false, true);
            }
            self.node(value, Some(inner), Place::Value);
        }
    }

    fn key_text(&self, key: &Key) -> (String, Style) {
        match key {
            Key::Text(text) => (text.clone(), wanted(text, self.layout.dialect)),
            Key::Int(number) => (number.to_string(), Style::Plain),
            Key::Float(number) => (float_text(*number), Style::Plain),
            Key::Bool(value) => (bool_text(*value).to_owned(), Style::Plain),
        }
    }

    fn scalar(&mut self, text: &str, style: Style, indent: Option<usize>, place: Place) {
        if style == Style::Plain && is_word(text) {
            return self.word(text);
        }
        let characters: Vec<char> = text.chars().collect();
        let analysis = analyse(&characters, self.layout.dialect);
        let simple_key = place == Place::SimpleKey;
        let indent = match indent {
            None => self.layout.indent,
            some => self.deeper(some, place),
        };
        let context = Context {
            simple_key,
            flow: false,
        };
        match select(style, &characters, &analysis, context) {
            Style::Plain => self.plain(&characters, indent, !simple_key),
            Style::Single => self.single(&characters, indent, !simple_key),
            Style::Double => self.double(&characters, indent, !simple_key),
            // No value of its own is ever folded.
            Style::Literal | Style::Folded => self.literal(&characters, indent),
        }
    }

    /// Writes a text as [`Emitter::plain`] does, for less.
    fn word(&mut self, text: &str) {
        if !self.whitespace {
            self.put(' ');
        }
        self.out.push_str(text);
        self.column += text.len();
        self.whitespace = false;
        self.indention = false;
    }

    fn put(&mut self, character: char) {
        self.out.push(character);
        self.column += 1;
    }

    fn put_break(&mut self, character: char) {
        self.out.push(character);
        self.column = 0;
        self.indention = true;
    }

    fn write_indent(&mut self, indent: usize) {
        if !self.indention || self.column > indent || self.column == indent && !self.whitespace {
            self.put_break('\n');
        }
        if self.foot_indent.take() == Some(indent) {
            self.put_break('\n');
        }
        while self.column < indent {
            self.put(' ');
        }
        self.whitespace = true;
        self.indention = true;
    }

    fn indicator(&mut self, text: &str, needs_space: bool, is_space: bool, is_indention: bool) {
        if needs_space && !self.whitespace {
            self.put(' ');
        }
        text.chars().for_each(|character| self.put(character));
        self.whitespace = is_space;
        self.indention = self.indention && is_indention;
    }

    fn folds(&self) -> bool {
        self.layout.fold.is_some_and(|width| self.column > width)
    }

    fn plain(&mut self, text: &[char], indent: usize, breaks_allowed: bool) {
        if !(self.whitespace || text.is_empty() && self.layout.dialect == Dialect::Three) {
            self.put(' ');
        }
        let mut spaces = false;
        for (at, character) in text.iter().copied().enumerate() {
            let is_space = character == ' ';
            if is_space
                && breaks_allowed
                && !spaces
                && self.folds()
                && text.get(at + 1) != Some(&' ')
            {
                self.write_indent(indent);
            } else {
                self.put(character);
                self.indention &= is_space;
            }
            spaces = is_space;
        }
        self.whitespace &= text.is_empty() && self.layout.dialect == Dialect::Three;
        self.indention = false;
    }

    fn single(&mut self, text: &[char], indent: usize, breaks_allowed: bool) {
        self.indicator("'", true, false, false);
        let (mut spaces, mut breaks) = (false, false);
        for (at, character) in text.iter().copied().enumerate() {
            if character == ' ' {
                if breaks_allowed
                    && !spaces
                    && self.folds()
                    && at > 0
                    && at + 1 < text.len()
                    && text[at + 1] != ' '
                {
                    self.write_indent(indent);
                } else {
                    self.put(' ');
                }
                spaces = true;
            } else if is_break(character) {
                if !breaks && character == '\n' {
                    self.put_break('\n');
                }
                self.put_break(character);
                breaks = true;
            } else {
                if breaks {
                    self.write_indent(indent);
                }
                if character == '\'' {
                    self.put('\'');
                }
                self.put(character);
                self.indention = false;
                (spaces, breaks) = (false, false);
            }
        }
        self.indicator("'", false, false, false);
        self.whitespace = false;
        self.indention = false;
    }

    fn double(&mut self, text: &[char], indent: usize, breaks_allowed: bool) {
        self.indicator("\"", true, false, false);
        // The library asks whether the text begins with a byte order mark where it means the character: all are escaped then.
        let all = text.first() == Some(&'\u{feff}');
        let mut spaces = false;
        for (at, character) in text.iter().copied().enumerate() {
            if all
                || !is_printable(character)
                || is_break(character)
                || matches!(character, '"' | '\\')
            {
                self.escaped(character);
                spaces = false;
            } else if character == ' ' {
                if breaks_allowed && !spaces && self.folds() && at > 0 && at + 1 < text.len() {
                    self.write_indent(indent);
                    if text[at + 1] == ' ' {
                        self.put('\\');
                    }
                } else {
                    self.put(' ');
                }
                spaces = true;
            } else {
                self.put(character);
                spaces = false;
            }
        }
        self.indicator("\"", false, false, false);
        self.whitespace = false;
        self.indention = false;
    }

    fn escaped(&mut self, character: char) {
        self.put('\\');
        let letter = match character {
            '\0' => '0',
            '\u{7}' => 'a',
            '\u{8}' => 'b',
            '\t' => 't',
            '\n' => 'n',
            '\u{b}' => 'v',
            '\u{c}' => 'f',
            '\r' => 'r',
            '\u{1b}' => 'e',
            '"' => '"',
            '\\' => '\\',
            '\u{85}' => 'N',
            '\u{a0}' => '_',
            '\u{2028}' => 'L',
            '\u{2029}' => 'P',
            other => {
                let code = u32::from(other);
                let digits = match code {
                    0..=0xff => format!("x{code:02X}"),
                    0x100..=0xffff => format!("u{code:04X}"),
                    _ => format!("U{code:08X}"),
                };
                return digits.chars().for_each(|digit| self.put(digit));
            }
        };
        self.put(letter);
    }

    fn literal(&mut self, text: &[char], indent: usize) {
        self.block_indicators("|", text);
        self.put_break('\n');
        self.whitespace = true;
        self.literal_lines(text, indent);
    }

    fn literal_lines(&mut self, text: &[char], indent: usize) {
        let mut breaks = true;
        for character in text.iter().copied() {
            if is_break(character) {
                self.put_break(character);
                breaks = true;
            } else {
                if breaks {
                    self.write_indent(indent);
                }
                self.put(character);
                self.indention = false;
                breaks = false;
            }
        }
    }

    /// What stands before a block: where it begins, and what becomes of the line breaks at its end.
    fn block_indicators(&mut self, indicator: &str, text: &[char]) {
        self.indicator(indicator, true, false, false);
        if text
            .first()
            .is_some_and(|first| *first == ' ' || is_break(*first))
        {
            let hint = self.layout.indent.to_string();
            self.indicator(&hint, false, false, false);
        }
        let breaks_at_end = text
            .iter()
            .rev()
            .take(2)
            .take_while(|c| is_break(**c))
            .count();
        match breaks_at_end {
            0 => self.indicator("-", false, false, false),
            1 if text.len() > 1 => {}
            _ => self.indicator("+", false, false, false),
        }
    }
}

/// Whether a text has nothing that is looked at when it stands plain.
fn is_word(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.first().is_some_and(u8::is_ascii_alphanumeric)
        && bytes.iter().all(|byte| is_plain_key(*byte))
}

fn bool_text(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}

/// A float in Go's shortest form, infinities and not-a-number in YAML's words.
fn float_text(number: f64) -> String {
    if number.is_nan() {
        ".nan".to_owned()
    } else if number.is_infinite() {
        if number > 0.0 { ".inf" } else { "-.inf" }.to_owned()
    } else {
        go_float::shortest(number)
    }
}

fn binary_text(bytes: &[u8]) -> String {
    let text = STANDARD.encode(bytes);
    if text.len() < BINARY_LINE {
        return text;
    }
    let mut lines = String::new();
    for (at, letter) in text.chars().enumerate() {
        lines.push(letter);
        if (at + 1) % BINARY_LINE == 0 {
            lines.push('\n');
        }
    }
    if !lines.ends_with('\n') {
        lines.push('\n');
    }
    lines
}
