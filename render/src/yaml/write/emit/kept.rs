//! Writes a document as it was written: styles, the order of keys, anchors, tags and comments stay, spaces and empty lines become the
//! library's.

use super::super::super::kept::{
    Content, Flow, KeptDocument, Piece, ScalarStyle, TEXT_TAG, tag_of,
};
use super::super::Layout;
use super::super::style::{Context, Style, analyse, is_break, select};
use super::{Emitter, SIMPLE_KEY_BYTES};
use crate::yaml::resolve::Dialect;

/// Writes a document by kyaml's rules.
#[must_use]
pub fn write(document: &KeptDocument) -> String {
    let mut writer = Writer::new();
    writer.pending.head.clone_from(&document.head);
    if !document.head.is_empty() {
        writer.head();
        writer.out.put_break('\n');
    }
    writer.root(&document.root);
    writer.end(&document.foot)
}

/// Writes a node as if it were a document.
#[must_use]
pub fn write_piece(piece: &Piece) -> String {
    let mut writer = Writer::new();
    writer.root(piece);
    writer.end("")
}

/// Comments that have not been written yet.
#[derive(Default)]
struct Pending {
    head: String,
    line: String,
    foot: String,
    /// What stands below the entry before.
    tail: String,
    /// Behind the colon of a key.
    key: String,
}

/// What a node stands in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Parent {
    Root,
    /// A list on lines of its own.
    Item,
    /// A mapping on lines of its own.
    Entry,
    /// Something in brackets.
    Flow,
}

struct Writer {
    out: Emitter,
    pending: Pending,
    indent: Option<usize>,
    flow_level: usize,
}

/// A tag as it is written: a handle and what follows it; without a handle, in `!<>`.
fn handle_and_suffix(tag: &str) -> (&'static str, String) {
    if let Some(suffix) = tag.strip_prefix("!!") {
        return ("!!", suffix.to_owned());
    }
    match tag.strip_prefix('!') {
        Some(suffix) => ("!", suffix.to_owned()),
        None => ("", tag.to_owned()),
    }
}

/// The letters of a tag; others in their bytes.
fn escaped(suffix: &str) -> String {
    let mut text = String::new();
    for byte in suffix.bytes() {
        let is_kept = byte.is_ascii_alphanumeric() || b"_-;/?:@&=+$,.~*'()[]".contains(&byte);
        if is_kept {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

/// The tag that has to be written before a node, and whether its text has to be quoted instead.
fn shown_tag(piece: &Piece) -> (&str, bool) {
    if piece.tag.is_empty() || piece.is_tagged {
        return (&piece.tag, false);
    }
    let own = match &piece.content {
        Content::Scalar(_, style) if piece.tag == TEXT_TAG && *style != ScalarStyle::Plain => {
            return ("", false);
        }
        Content::Scalar(text, _) => tag_of(text),
        Content::List(..) => "!!seq",
        Content::Map(..) => "!!map",
        Content::Alias(_) => return ("", false),
    };
    if own == piece.tag {
        ("", false)
    } else if matches!(piece.content, Content::Scalar(..)) && piece.tag == TEXT_TAG {
        ("", true)
    } else {
        (&piece.tag, false)
    }
}

fn is_empty(content: &Content) -> bool {
    match content {
        Content::List(items, _) => items.is_empty(),
        Content::Map(entries, _) => entries.is_empty(),
        Content::Scalar(..) | Content::Alias(_) => false,
    }
}

/// Whether a key needs no `?` before it.
fn is_simple_key(key: &Piece) -> bool {
    let (handle, suffix) = match shown_tag(key).0 {
        "" => ("", String::new()),
        tag => handle_and_suffix(tag),
    };
    let around = key.anchor.len() + handle.len() + suffix.len();
    let length = match &key.content {
        Content::Alias(name) => name.len(),
        Content::Scalar(text, _) if text.contains(is_break) => return false,
        Content::Scalar(text, _) => around + text.len(),
        content if is_empty(content) => around,
        _ => return false,
    };
    length <= SIMPLE_KEY_BYTES
}

impl Writer {
    fn new() -> Self {
        Self {
            out: Emitter::new(Layout::KYAML),
            pending: Pending::default(),
            indent: None,
            flow_level: 0,
        }
    }

    fn root(&mut self, root: &Piece) {
        self.begins(root, "");
        self.head();
        self.opening(root, Parent::Root, false);
        self.line();
        self.foot();
        self.inside(root, Parent::Root);
    }

    fn end(mut self, foot: &str) -> String {
        self.comes(&Pending {
            foot: foot.to_owned(),
            ..Pending::default()
        });
        self.out.foot_indent = Some(0);
        self.foot();
        self.out.foot_indent = None;
        self.write_indent();
        self.out.out
    }

    /// Comments of what comes next; those that wait stay unless it has others.
    fn comes(&mut self, comments: &Pending) {
        for (waiting, new) in [
            (&mut self.pending.head, &comments.head),
            (&mut self.pending.line, &comments.line),
            (&mut self.pending.foot, &comments.foot),
            (&mut self.pending.tail, &comments.tail),
        ] {
            if !new.is_empty() {
                waiting.clone_from(new);
            }
        }
    }

    /// Comments of a node that begins; collections have those behind and below them at their end.
    fn begins(&mut self, piece: &Piece, tail: &str) {
        let (mut line, mut foot) = (String::new(), String::new());
        let mut tail = tail.to_owned();
        match &piece.content {
            Content::List(..) => tail.clear(),
            Content::Map(..) => {}
            Content::Alias(_) => {
                tail.clear();
                (line, foot) = (piece.line.clone(), piece.foot.clone());
            }
            Content::Scalar(..) => (line, foot) = (piece.line.clone(), piece.foot.clone()),
        }
        self.comes(&Pending {
            head: piece.head.clone(),
            line,
            foot,
            tail,
            key: String::new(),
        });
    }

    fn ends(&mut self, piece: &Piece, tail: &str) {
        self.comes(&Pending {
            line: piece.line.clone(),
            foot: piece.foot.clone(),
            tail: tail.to_owned(),
            ..Pending::default()
        });
    }

    /// Whether a comma has to come before the comments that wait.
    fn has_comments(&self) -> bool {
        let Pending {
            line, foot, tail, ..
        } = &self.pending;
        !(line.is_empty() && foot.is_empty() && tail.is_empty())
    }

    fn write_indent(&mut self) {
        self.out.write_indent(self.indent.unwrap_or(0));
    }

    fn comment(&mut self, comment: &str) {
        let mut breaks = false;
        for character in comment.chars() {
            if is_break(character) {
                self.out.put_break(character);
                breaks = true;
            } else {
                if breaks {
                    self.write_indent();
                }
                self.out.put(character);
                self.out.indention = false;
                breaks = false;
            }
        }
        if !breaks {
            self.out.put_break('\n');
        }
        self.out.whitespace = true;
    }

    fn head(&mut self) {
        let tail = std::mem::take(&mut self.pending.tail);
        if !tail.is_empty() {
            self.write_indent();
            self.comment(&tail);
            self.out.foot_indent = Some(self.indent.unwrap_or(0));
        }
        let head = std::mem::take(&mut self.pending.head);
        if !head.is_empty() {
            self.write_indent();
            self.comment(&head);
        }
    }

    fn line(&mut self) {
        let line = std::mem::take(&mut self.pending.line);
        if !line.is_empty() {
            if !self.out.whitespace {
                self.out.put(' ');
            }
            self.comment(&line);
        }
    }

    fn foot(&mut self) {
        let foot = std::mem::take(&mut self.pending.foot);
        if !foot.is_empty() {
            self.write_indent();
            self.comment(&foot);
            self.out.foot_indent = Some(self.indent.unwrap_or(0));
        }
    }

    /// The indent one level further in.
    fn deeper(&self, parent: Parent) -> usize {
        let step = self.out.layout.indent;
        match (self.indent, parent) {
            (None, _) => 0,
            (Some(indent), Parent::Item) => indent + 2,
            (Some(indent), _) => step * ((indent + step) / step),
        }
    }

    /// What stands before the entries of a collection, or a scalar whole.
    fn opening(&mut self, piece: &Piece, parent: Parent, is_key: bool) {
        if let Content::Alias(name) = &piece.content {
            return self.out.indicator(&format!("*{name}"), true, false, false);
        }
        let (tag, quoted) = shown_tag(piece);
        if !piece.anchor.is_empty() {
            let anchor = format!("&{}", piece.anchor);
            self.out.indicator(&anchor, true, false, false);
        }
        if !tag.is_empty() {
            let written = match handle_and_suffix(tag) {
                ("", suffix) => format!("!<{}>", escaped(&suffix)),
                (handle, suffix) => format!("{handle}{}", escaped(&suffix)),
            };
            self.out.indicator(&written, true, false, false);
        }
        if let Content::Scalar(text, style) = &piece.content {
            let style = match style {
                ScalarStyle::Plain if text.contains('\n') => Style::Literal,
                ScalarStyle::Plain if quoted => Style::Double,
                ScalarStyle::Plain => Style::Plain,
                ScalarStyle::SingleQuoted => Style::Single,
                ScalarStyle::DoubleQuoted => Style::Double,
                ScalarStyle::Literal => Style::Literal,
                ScalarStyle::Folded => Style::Folded,
            };
            self.scalar(text, style, parent, is_key);
        }
    }

    fn scalar(&mut self, text: &str, style: Style, parent: Parent, is_key: bool) {
        let characters: Vec<char> = text.chars().collect();
        let analysis = analyse(&characters, Dialect::Three);
        let context = Context {
            simple_key: is_key,
            flow: self.flow_level > 0,
        };
        let indent = match self.indent {
            None => self.out.layout.indent,
            Some(_) => self.deeper(parent),
        };
        match select(style, &characters, &analysis, context) {
            Style::Plain => self.out.plain(&characters, indent, !is_key),
            Style::Single => self.out.single(&characters, indent, !is_key),
            Style::Double => self.out.double(&characters, indent, !is_key),
            Style::Literal => {
                self.block_header("|", &characters, indent);
                self.out.literal_lines(&characters, indent);
            }
            Style::Folded => {
                self.block_header(">", &characters, indent);
                self.folded_lines(&characters, indent);
            }
        }
    }

    /// The line before a block, with the comment behind it.
    fn block_header(&mut self, indicator: &str, text: &[char], indent: usize) {
        self.out.block_indicators(indicator, text);
        if self.pending.line.is_empty() {
            self.out.put_break('\n');
        } else {
            let outer = self.indent.replace(indent);
            self.line();
            self.indent = outer;
        }
        self.out.whitespace = true;
    }

    /// The lines of a folded block, which may be as long as they like.
    fn folded_lines(&mut self, text: &[char], indent: usize) {
        let first = text.iter().copied().find(|character| !is_break(*character));
        let is_set_in = first.is_none_or(|first| matches!(first, ' ' | '\t'));
        let (mut breaks, mut leading_spaces) = (true, true);
        for character in text.iter().copied() {
            if is_break(character) {
                if !breaks && !leading_spaces && character == '\n' && !is_set_in {
                    self.out.put_break('\n');
                }
                self.out.put_break(character);
                breaks = true;
            } else {
                if breaks {
                    self.out.write_indent(indent);
                    leading_spaces = matches!(character, ' ' | '\t');
                }
                self.out.put(character);
                self.out.indention = false;
                breaks = false;
            }
        }
    }

    /// The entries of a collection.
    fn inside(&mut self, piece: &Piece, parent: Parent) {
        let in_brackets =
            |flow: Flow| self.flow_level > 0 || flow == Flow::Inline || is_empty(&piece.content);
        match &piece.content {
            Content::Scalar(..) | Content::Alias(_) => {}
            Content::List(items, flow) if in_brackets(*flow) => {
                self.flow_list(piece, items, parent);
            }
            Content::Map(entries, flow) if in_brackets(*flow) => {
                self.flow_map(piece, entries, parent);
            }
            Content::List(items, _) => self.block_list(piece, items, parent),
            Content::Map(entries, _) => self.block_map(piece, entries, parent),
        }
    }

    fn block_list(&mut self, piece: &Piece, items: &[Piece], parent: Parent) {
        let is_flush = parent == Parent::Entry && (self.out.column == 0 || !self.out.indention);
        let inner = match self.indent {
            Some(_) if is_flush => self.deeper(parent).saturating_sub(2),
            _ => self.deeper(parent),
        };
        let outer = self.indent.replace(inner);
        for item in items {
            self.begins(item, "");
            self.head();
            self.write_indent();
            self.out.indicator("-", true, false, true);
            self.opening(item, Parent::Item, false);
            self.line();
            self.foot();
            self.inside(item, Parent::Item);
        }
        self.ends(piece, "");
        self.indent = outer;
    }

    fn block_map(&mut self, piece: &Piece, entries: &[(Piece, Piece)], parent: Parent) {
        let inner = self.deeper(parent);
        let outer = self.indent.replace(inner);
        let mut tail = "";
        for (key, value) in entries {
            self.begins_key(key, tail);
            tail = &key.foot;
            self.head();
            self.write_indent();
            if !self.pending.line.is_empty() {
                self.pending.key = std::mem::take(&mut self.pending.line);
            }
            let is_simple = is_simple_key(key);
            if !is_simple {
                self.out.indicator("?", true, false, true);
            }
            self.opening(key, Parent::Entry, is_simple);
            self.inside(key, Parent::Entry);
            self.begins(value, "");
            if is_simple {
                self.out.indicator(":", false, false, false);
            } else {
                self.write_indent();
                self.out.indicator(":", true, false, true);
            }
            self.behind_colon(value);
            self.opening(value, Parent::Entry, false);
            self.line();
            self.foot();
            self.inside(value, Parent::Entry);
        }
        self.ends(piece, tail);
        self.head();
        self.indent = outer;
    }

    /// Comments of a key; what is below the entry waits for the next key.
    fn begins_key(&mut self, key: &Piece, tail: &str) {
        if key.foot.is_empty() {
            self.begins(key, tail);
        } else {
            let key = Piece {
                foot: String::new(),
                ..key.clone()
            };
            self.begins(&key, tail);
        }
    }

    /// A comment behind the colon is written before a block, and goes behind a scalar that has none.
    fn behind_colon(&mut self, value: &Piece) {
        if self.pending.key.is_empty() {
            return;
        }
        match &value.content {
            Content::Scalar(..) if self.pending.line.is_empty() => {
                self.pending.line = std::mem::take(&mut self.pending.key);
            }
            Content::List(_, Flow::Block) | Content::Map(_, Flow::Block) => {
                let waiting = std::mem::take(&mut self.pending.line);
                self.pending.line = std::mem::take(&mut self.pending.key);
                self.line();
                self.pending.line = waiting;
            }
            _ => {}
        }
    }

    fn opens_brackets(&mut self, bracket: &str, parent: Parent) -> Option<usize> {
        self.out.indicator(bracket, true, true, false);
        let inner = match self.indent {
            None => self.out.layout.indent,
            Some(_) => self.deeper(parent),
        };
        self.flow_level += 1;
        self.indent.replace(inner)
    }

    fn closes_brackets(&mut self, bracket: &str) {
        self.out.indicator(bracket, false, false, false);
        self.line();
        self.foot();
    }

    fn comma(&mut self) {
        self.out.indicator(",", false, false, false);
    }

    /// The value or item that comes now: its comments stand behind the comma, which is said to be there.
    fn in_brackets(&mut self, piece: &Piece) -> bool {
        let has_comma = self.has_comments();
        self.opening(piece, Parent::Flow, false);
        if self.has_comments() {
            self.comma();
        }
        self.line();
        self.foot();
        self.inside(piece, Parent::Flow);
        has_comma
    }

    fn flow_list(&mut self, piece: &Piece, items: &[Piece], parent: Parent) {
        let mut outer = None;
        let mut has_comma = true;
        for (at, item) in items.iter().enumerate() {
            self.begins(item, "");
            if at == 0 {
                outer = Some(self.opens_brackets("[", parent));
            }
            if !has_comma {
                self.comma();
            }
            self.head();
            if self.out.column == 0 {
                self.write_indent();
            }
            has_comma = self.in_brackets(item);
        }
        self.ends(piece, "");
        let outer = outer.unwrap_or_else(|| self.opens_brackets("[", parent));
        self.flow_level -= 1;
        self.indent = outer;
        if self.out.column == 0 {
            self.write_indent();
        }
        self.closes_brackets("]");
    }

    fn flow_map(&mut self, piece: &Piece, entries: &[(Piece, Piece)], parent: Parent) {
        let mut outer = None;
        let mut has_comma = true;
        let mut tail = "";
        for (at, (key, value)) in entries.iter().enumerate() {
            self.begins_key(key, tail);
            tail = &key.foot;
            if at == 0 {
                outer = Some(self.opens_brackets("{", parent));
            }
            if !has_comma {
                self.comma();
            }
            self.head();
            if self.out.column == 0 {
                self.write_indent();
            }
            let is_simple = is_simple_key(key);
            if !is_simple {
                self.out.indicator("?", true, false, false);
            }
            self.opening(key, Parent::Flow, is_simple);
            self.inside(key, Parent::Flow);
            self.begins(value, "");
            self.out.indicator(":", !is_simple, false, false);
            has_comma = self.in_brackets(value);
        }
        self.ends(piece, tail);
        let outer = outer.unwrap_or_else(|| self.opens_brackets("{", parent));
        let Pending {
            head, foot, tail, ..
        } = &self.pending;
        let has_comments = [head, foot, tail].iter().any(|text| !text.is_empty());
        if has_comments && !has_comma {
            self.comma();
        }
        self.head();
        self.flow_level -= 1;
        self.indent = outer;
        self.closes_brackets("}");
    }
}
