//! The scanner's four kinds of scalars: blocks, quoted in two ways, and plain.

use super::{
    Mark, ScalarStyle, Scanned, Scanner, TokenKind, is_blank, is_blank_or_end, is_break,
    is_break_or_end,
};

/// What becomes of the line breaks at the end of a block.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Chomping {
    Clip,
    Strip,
    Keep,
}

/// White space between two words that are read.
#[derive(Default)]
struct Gap {
    spaces: String,
    first_break: Option<char>,
    breaks: String,
    /// Whether a line break was met.
    is_line: bool,
}

impl Gap {
    /// Adds what the white space becomes: one line break a space, and of more one less.
    fn fold_into(&mut self, text: &mut String) {
        if self.is_line {
            match self.first_break {
                Some('\n') if self.breaks.is_empty() => text.push(' '),
                Some('\n') => {}
                other => text.extend(other),
            }
            text.push_str(&self.breaks);
        } else {
            text.push_str(&self.spaces);
        }
        *self = Self::default();
    }
}

impl Scanner {
    pub(super) fn block_scalar(&mut self, is_literal: bool) -> Scanned<()> {
        self.forget_key()?;
        self.simple_key_allowed = true;
        let start = self.mark;
        self.skip();
        let (chomping, increment) = self.block_header(start)?;
        let mut indent = match increment {
            0 => 0,
            increment => self.indent.max(0).cast_unsigned() + increment,
        };
        let mut breaks = self.block_breaks(&mut indent, start)?;
        let mut text = String::new();
        let mut line_break = None;
        let mut leading_blank = false;
        while self.mark.column == indent && self.current() != '\0' {
            let trailing_blank = is_blank(self.current());
            if !is_literal && !leading_blank && !trailing_blank && line_break == Some('\n') {
                if breaks.is_empty() {
                    text.push(' ');
                }
                line_break = None;
            }
            text.extend(line_break.take());
            text.push_str(&breaks);
            leading_blank = trailing_blank;
            while !is_break_or_end(self.current()) {
                text.push(self.take());
            }
            line_break = self.take_break();
            breaks = self.block_breaks(&mut indent, start)?;
        }
        if chomping != Chomping::Strip {
            text.extend(line_break);
        }
        if chomping == Chomping::Keep {
            text.push_str(&breaks);
        }
        let style = if is_literal {
            ScalarStyle::Literal
        } else {
            ScalarStyle::Folded
        };
        self.push(TokenKind::Scalar(text, style), start);
        Ok(())
    }

    /// The rest of the line that a block begins on: what becomes of the line breaks at its end, and how far in it stands.
    fn block_header(&mut self, start: Mark) -> Scanned<(Chomping, usize)> {
        let (mut chomping, mut increment) = (None, None);
        for _ in 0..2 {
            match self.current() {
                '+' if chomping.is_none() => chomping = Some(Chomping::Keep),
                '-' if chomping.is_none() => chomping = Some(Chomping::Strip),
                '0' if increment.is_none() => {
                    return self.fault(start, "a block with an indent of 0");
                }
                digit @ '1'..='9' if increment.is_none() => increment = digit.to_digit(10),
                _ => break,
            }
            self.skip();
        }
        self.skip_blanks();
        if self.current() == '#' {
            self.line_comment(start);
            while !is_break_or_end(self.current()) {
                self.skip();
            }
        }
        if !is_break_or_end(self.current()) {
            return self.fault(start, "something behind `|` or `>`");
        }
        self.take_break();
        let increment = increment.unwrap_or_default() as usize;
        Ok((chomping.unwrap_or(Chomping::Clip), increment))
    }

    /// Goes beyond empty lines and the indent of the next line, and finds how far in the block stands if that is not known.
    fn block_breaks(&mut self, indent: &mut usize, start: Mark) -> Scanned<String> {
        let mut breaks = String::new();
        let mut most = 0;
        loop {
            let is_before = |at: &Self| *indent == 0 || at.mark.column < *indent;
            while is_before(self) && self.current() == ' ' {
                self.skip();
            }
            most = most.max(self.mark.column);
            if is_before(self) && self.current() == '\t' {
                return self.fault(start, "a tab in the indent of a block");
            }
            match self.take_break() {
                Some(line_break) => breaks.push(line_break),
                None => break,
            }
        }
        if *indent == 0 {
            *indent = most.max((self.indent + 1).max(1).cast_unsigned());
        }
        Ok(breaks)
    }

    pub(super) fn quoted_scalar(&mut self, is_single: bool) -> Scanned<()> {
        self.note_key()?;
        self.simple_key_allowed = false;
        let start = self.mark;
        let quote = self.take();
        let mut text = String::new();
        loop {
            if self.document_indicator().is_some() {
                return self.fault(start, "a document that begins inside quotes");
            }
            if self.current() == '\0' {
                return self.fault(start, "quotes that are not closed");
            }
            let mut gap = Gap::default();
            while !is_blank_or_end(self.current()) {
                let next = self.current();
                if is_single && next == '\'' && self.at(1) == '\'' {
                    self.skip();
                    text.push(self.take());
                } else if next == quote {
                    break;
                } else if !is_single && next == '\\' && is_break(self.at(1)) {
                    self.skip();
                    self.take_break();
                    gap.is_line = true;
                    break;
                } else if !is_single && next == '\\' {
                    text.push(self.escape(start)?);
                } else {
                    text.push(self.take());
                }
            }
            if self.current() == quote {
                break;
            }
            while self.one_of_gap(&mut gap) {}
            gap.fold_into(&mut text);
        }
        self.skip();
        let style = if is_single {
            ScalarStyle::SingleQuoted
        } else {
            ScalarStyle::DoubleQuoted
        };
        self.push(TokenKind::Scalar(text, style), start);
        Ok(())
    }

    /// Goes beyond a space or line break; whether there was one.
    fn one_of_gap(&mut self, gap: &mut Gap) -> bool {
        if is_blank(self.current()) {
            let space = self.take();
            if !gap.is_line {
                gap.spaces.push(space);
            }
        } else if let Some(line_break) = self.take_break() {
            if gap.is_line {
                gap.breaks.push(line_break);
            } else {
                gap.first_break = Some(line_break);
                gap.is_line = true;
            }
        } else {
            return false;
        }
        true
    }

    fn escape(&mut self, start: Mark) -> Scanned<char> {
        self.skip();
        let digits = match self.current() {
            'x' => 2,
            'u' => 4,
            'U' => 8,
            _ => 0,
        };
        if digits == 0 {
            let letter = self.current();
            self.skip();
            return match letter {
                '0' => Ok('\0'),
                'a' => Ok('\u{7}'),
                'b' => Ok('\u{8}'),
                't' | '\t' => Ok('\t'),
                'n' => Ok('\n'),
                'v' => Ok('\u{b}'),
                'f' => Ok('\u{c}'),
                'r' => Ok('\r'),
                'e' => Ok('\u{1b}'),
                ' ' | '"' | '\'' | '\\' => Ok(letter),
                'N' => Ok('\u{85}'),
                '_' => Ok('\u{a0}'),
                'L' => Ok('\u{2028}'),
                'P' => Ok('\u{2029}'),
                _ => self.fault(start, "an unknown escape"),
            };
        }
        self.skip();
        let mut code: u32 = 0;
        for _ in 0..digits {
            match self.current().to_digit(16) {
                Some(digit) => code = code << 4 | digit,
                None => return self.fault(start, "an escape that is no number"),
            }
            self.skip();
        }
        match char::from_u32(code) {
            Some(character) => Ok(character),
            None => self.fault(start, "an escape that is no character"),
        }
    }

    pub(super) fn plain_scalar(&mut self) -> Scanned<()> {
        self.note_key()?;
        self.simple_key_allowed = false;
        let start = self.mark;
        let least = (self.indent + 1).cast_unsigned();
        let mut text = String::new();
        let mut gap = Gap::default();
        loop {
            if self.document_indicator().is_some() || self.current() == '#' {
                break;
            }
            while !is_blank_or_end(self.current()) {
                let next = self.current();
                if next == ':' && is_blank_or_end(self.at(1))
                    || self.flow_level > 0 && matches!(next, ',' | '?' | '[' | ']' | '{' | '}')
                {
                    break;
                }
                gap.fold_into(&mut text);
                text.push(self.take());
            }
            if !is_blank(self.current()) && !is_break(self.current()) {
                break;
            }
            loop {
                if gap.is_line && self.mark.column < least && self.current() == '\t' {
                    return self.fault(start, "a tab in an indent");
                }
                if !self.one_of_gap(&mut gap) {
                    break;
                }
            }
            if self.flow_level == 0 && self.mark.column < least {
                break;
            }
        }
        if gap.is_line {
            self.simple_key_allowed = true;
        }
        self.push(TokenKind::Scalar(text, ScalarStyle::Plain), start);
        Ok(())
    }
}
