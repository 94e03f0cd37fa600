//! Comments, as the scanner meets them: before, behind or below something.

use super::{Mark, Scanner, TokenKind, is_blank, is_break, is_break_or_end};

/// How many characters the library looks ahead for the next line of a comment.
const LOOK_AHEAD: usize = 512;

/// A comment, and where it stands. Of its three texts one is not empty until the parser has taken it.
#[derive(Clone, Debug, Default)]
pub struct Comment {
    /// Where the search for the token behind it began.
    pub scanned: Mark,
    /// The token that it belongs to: that or the first behind it takes the comment.
    pub token: Mark,
    /// Where it begins; the column counts from 1 for comments on lines of their own.
    pub start: Mark,
    /// Where it ends.
    pub end: Mark,
    /// It stands before something.
    pub head: String,
    /// It stands behind something on the same line.
    pub line: String,
    /// It stands below something.
    pub foot: String,
}

/// Lines of comments that are being read, and what was met since they began.
struct Group {
    scanned: Mark,
    token: Mark,
    start: Mark,
    text: String,
    /// Column, from 0, of the block that is open.
    least: usize,
    /// Line where a comment has to begin to stand below what is before.
    foot_line: Option<usize>,
    /// Whether no empty line was met.
    first_empty: bool,
    /// Whether an empty line was met last.
    after_empty: bool,
    line: usize,
    column: usize,
}

impl Group {
    fn here(&self, index: usize) -> Mark {
        Mark {
            index,
            line: self.line,
            column: self.column,
        }
    }
}

impl Scanner {
    /// The comment of an item that has nothing else on its line stands before what the item holds.
    pub(super) fn lift_comment(&mut self) {
        let [.., before, last] = self.tokens.as_slice() else {
            return;
        };
        let is_first_entry = before.kind == TokenKind::BlockSequenceStart
            && last.kind == TokenKind::BlockEntry
            && !is_break(self.current());
        let mark = self.mark;
        if let Some(comment) = self.comments.last_mut()
            && is_first_entry
            && !comment.line.is_empty()
        {
            comment.head = std::mem::take(&mut comment.line);
            if comment.start.line + 1 == mark.line {
                comment.token = mark;
            }
        }
    }

    /// A comment behind a token, on its line.
    pub(super) fn line_comment(&mut self, token: Mark) {
        if self.newlines > 0 {
            return;
        }
        let Some(blanks) = (0..LOOK_AHEAD).find(|offset| !is_blank(self.at(*offset))) else {
            return;
        };
        if self.at(blanks) != '#' {
            return;
        }
        (0..blanks).for_each(|_| self.skip());
        let start = self.mark;
        let line = self.rest_of_line();
        self.comments.push(Comment {
            token,
            start,
            line,
            ..Comment::default()
        });
    }

    fn rest_of_line(&mut self) -> String {
        let mut text = String::new();
        while !is_break_or_end(self.current()) {
            text.push(self.take());
        }
        text
    }

    fn foot(&mut self, group: &mut Group, end: Mark) {
        self.comments.push(Comment {
            scanned: group.scanned,
            token: group.token,
            start: group.start,
            end,
            foot: std::mem::take(&mut group.text),
            ..Comment::default()
        });
        group.scanned = end;
        group.token = end;
    }

    fn group(&self, scanned: Mark) -> Group {
        let last = self.tokens.len() - 1;
        let token = match self.tokens[last].kind {
            TokenKind::FlowEntry if last > 0 => &self.tokens[last - 1],
            _ => &self.tokens[last],
        };
        let Mark { line, column, .. } = self.mark;
        let may_follow = scanned.line > 0 && token.kind != TokenKind::Value;
        let foot_line = may_follow.then(|| {
            let same_line = self.newlines == 0 && column > 1;
            (line + 1 + usize::from(same_line)).saturating_sub(self.newlines)
        });
        Group {
            scanned,
            token: token.start,
            start: Mark::default(),
            text: String::new(),
            least: self.indent.max(0).cast_unsigned(),
            foot_line,
            first_empty: self.newlines <= 1,
            after_empty: false,
            line,
            column,
        }
    }

    /// Comments on lines of their own, up to the next token. Those that an empty line or a smaller column divides from what follows
    /// belong to what is before.
    pub(super) fn comments(&mut self, scanned: Mark) {
        let mut group = self.group(scanned);
        let mut ahead = 0;
        while ahead < LOOK_AHEAD {
            group.column += 1;
            let character = self.at(ahead);
            if is_blank(character) {
                ahead += 1;
                continue;
            }
            let here = group.here(self.mark.index + ahead);
            let closes = self.flow_level > 0 && matches!(character, ']' | '}');
            if closes || is_break_or_end(character) {
                self.line_ends(&mut group, here, character);
                if !is_break(character) {
                    break;
                }
                (group.first_empty, group.after_empty) = (false, true);
                group.column = 0;
                group.line += 1;
                ahead += 1;
                continue;
            }
            let is_further_out = here.column < group.least + 1 && here.column != group.start.column;
            if !group.text.is_empty() && is_further_out {
                self.foot(&mut group, here);
            }
            if character != '#' {
                break;
            }
            self.comment_of(&mut group, here);
            // The line break itself is not looked at.
            ahead = 1;
        }
        if !group.text.is_empty() {
            let end = group.here((self.mark.index + ahead).saturating_sub(1));
            self.comments.push(Comment {
                scanned: group.scanned,
                token: group.start,
                start: group.start,
                end,
                head: group.text,
                ..Comment::default()
            });
        }
    }

    /// An empty line, the end of the text, or the end of something in brackets.
    fn line_ends(&mut self, group: &mut Group, here: Mark, character: char) {
        let closes = !is_break_or_end(character);
        if group.text.is_empty() || group.after_empty && !closes {
            return;
        }
        let is_dedented = group.start.column < group.least + 1;
        let is_below = group.foot_line == Some(group.start.line);
        if closes || group.first_empty && (is_below || is_dedented) {
            if is_dedented {
                group.token = group.start;
            }
            self.foot(group, here);
        } else if character != '\0' {
            group.text.push('\n');
        }
    }

    /// Reads a comment that begins at a place further on.
    fn comment_of(&mut self, group: &mut Group, here: Mark) {
        if group.text.is_empty() {
            group.start = here;
        } else {
            group.text.push('\n');
        }
        group.after_empty = false;
        while self.mark.index < here.index {
            if self.take_break().is_none() {
                self.skip();
            }
        }
        group.text.push_str(&self.rest_of_line());
        (group.line, group.column) = (self.mark.line, 0);
        group.least = self.indent.max(0).cast_unsigned();
    }
}
