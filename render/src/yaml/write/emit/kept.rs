//! Writes a document as it was written: styles, the order of keys and comments stay, spaces and empty lines become the library's.

use super::super::super::kept::{Content, Flow, KeptDocument, Piece, ScalarStyle};
use super::super::Layout;
use super::super::style::{Style, is_break};
use super::{Emitter, Place};

/// Writes a document by kyaml's rules.
#[must_use]
pub fn write(document: &KeptDocument) -> String {
    let mut emitter = Emitter::new(Layout::KYAML);
    for comment in &document.top {
        emitter.out.push_str(comment);
        emitter.out.push('\n');
    }
    emitter.piece(&document.root, None, Place::Root);
    emitter.write_indent(0);
    // The comments behind the last entry may have brought the empty line.
    let has_line = emitter.out.ends_with("\n\n");
    let skipped = usize::from(has_line && document.foot.first().is_some_and(String::is_empty));
    for comment in &document.foot[skipped..] {
        emitter.out.push_str(comment);
        emitter.out.push('\n');
    }
    emitter.out
}

impl Emitter {
    fn piece(&mut self, piece: &Piece, indent: Option<usize>, place: Place) {
        if !piece.tag.is_empty() {
            self.indicator(piece.tag, true, false, false);
        }
        match &piece.content {
            Content::Scalar(text, style) => self.kept_scalar(text, *style, indent, place),
            Content::List(items, Flow::Inline) => {
                self.indicator("[", true, true, false);
                for (at, item) in items.iter().enumerate() {
                    self.comma(at);
                    self.piece(item, indent, Place::Item);
                }
                self.indicator("]", false, false, false);
            }
            Content::Map(entries, Flow::Inline) => {
                self.indicator("{", true, true, false);
                for (at, (key, value)) in entries.iter().enumerate() {
                    self.comma(at);
                    self.piece(key, indent, Place::SimpleKey);
                    self.indicator(":", false, false, false);
                    self.piece(value, indent, Place::Value);
                }
                self.indicator("}", false, false, false);
            }
            Content::List(items, Flow::Block) => {
                let inner = self.list_indent(indent, place);
                for item in items {
                    self.comments(inner, &item.head);
                    self.write_indent(inner);
                    self.indicator("-", true, false, true);
                    self.piece(item, Some(inner), Place::Item);
                    self.foot(inner, &item.foot);
                }
            }
            Content::Map(entries, Flow::Block) => {
                let inner = self.deeper(indent, place);
                for (key, value) in entries {
                    self.comments(inner, &key.head);
                    self.write_indent(inner);
                    self.piece(key, Some(inner), Place::SimpleKey);
                    self.indicator(":", false, false, false);
                    if !key.line.is_empty() {
                        self.indicator(&key.line, true, false, false);
                    }
                    self.piece(value, Some(inner), Place::Value);
                    self.foot(inner, &key.foot);
                }
            }
        }
        if !piece.line.is_empty() && place != Place::SimpleKey {
            self.indicator(&piece.line, true, false, false);
        }
    }

    fn comma(&mut self, at: usize) {
        if at > 0 {
            self.indicator(",", false, false, false);
        }
    }

    fn comments(&mut self, indent: usize, comments: &[String]) {
        for comment in comments {
            self.comment(indent, comment);
        }
    }

    /// Comments behind an entry: an empty line divides them from an entry at the same column.
    fn foot(&mut self, indent: usize, comments: &[String]) {
        if !comments.is_empty() {
            self.comments(indent, comments);
            self.foot_indent = Some(indent);
        }
    }

    fn comment(&mut self, indent: usize, comment: &str) {
        self.write_indent(indent);
        self.indicator(comment, false, false, false);
    }

    fn kept_scalar(&mut self, text: &str, style: ScalarStyle, indent: Option<usize>, place: Place) {
        let style = match style {
            ScalarStyle::Plain => Style::Plain,
            ScalarStyle::SingleQuoted => Style::Single,
            ScalarStyle::DoubleQuoted => Style::Double,
            ScalarStyle::Literal => Style::Literal,
            ScalarStyle::Folded => {
                return self.folded(text, self.deeper(indent, place));
            }
        };
        self.scalar(text, style, indent, place);
    }

    /// A folded block whose lines may be as long as they like.
    fn folded(&mut self, text: &str, indent: usize) {
        let characters: Vec<char> = text.chars().collect();
        self.block_header(">", &characters);
        let (mut breaks, mut leading_spaces) = (true, true);
        for character in characters.iter().copied() {
            if is_break(character) {
                if !breaks && !leading_spaces && character == '\n' {
                    self.put_break('\n');
                }
                self.put_break(character);
                breaks = true;
            } else {
                if breaks {
                    self.write_indent(indent);
                    leading_spaces = matches!(character, ' ' | '\t');
                }
                self.put(character);
                self.indention = false;
                breaks = false;
            }
        }
    }
}
