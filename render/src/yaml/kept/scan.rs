//! The scanner below kept documents: a text becomes tokens, and comments with the tokens that they stand by.
//!
//! It takes what go-yaml 3 takes and looks as far ahead as that does, because what a comment belongs to depends on which token was
//! the last when the comment was met.

use std::collections::HashMap;

use super::ScalarStyle;

mod comments;
mod scalar;
mod tag;

pub use comments::Comment;

/// How far into a line `:` may stand behind its key.
const KEY_CHARACTERS: usize = 1024;

/// A place in the text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// In characters.
    pub index: usize,
    /// From 0.
    pub line: usize,
    /// From 0.
    pub column: usize,
}

/// What a token is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenKind {
    StreamStart,
    StreamEnd,
    /// `%YAML` with its two numbers.
    Version(u32, u32),
    /// `%TAG`: a handle and what it stands for.
    TagDirective(String, String),
    DocumentStart,
    DocumentEnd,
    BlockSequenceStart,
    BlockMappingStart,
    BlockEnd,
    FlowSequenceStart,
    FlowSequenceEnd,
    FlowMappingStart,
    FlowMappingEnd,
    BlockEntry,
    FlowEntry,
    Key,
    Value,
    Alias(String),
    Anchor(String),
    /// A handle and what follows it.
    Tag(String, String),
    Scalar(String, ScalarStyle),
}

/// A token and where it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    pub kind: TokenKind,
    pub start: Mark,
}

/// Where a key without `?` may have begun.
struct SimpleKey {
    possible: bool,
    /// Whether nothing but a key can stand there.
    required: bool,
    /// Number of its token.
    token: usize,
    mark: Mark,
}

/// Reads tokens from a text.
pub struct Scanner {
    text: Vec<char>,
    mark: Mark,
    /// Line breaks since the last character that is not white.
    newlines: usize,
    /// All tokens so far.
    tokens: Vec<Token>,
    /// The first token that was not taken yet.
    head: usize,
    /// Whether enough was read beyond that token.
    is_ready: bool,
    pub(super) comments: Vec<Comment>,
    indent: isize,
    indents: Vec<isize>,
    flow_level: usize,
    simple_key_allowed: bool,
    simple_keys: Vec<SimpleKey>,
    /// Places in `simple_keys` by the number of the token.
    by_token: HashMap<usize, usize>,
}

/// What is wrong, and in which line.
pub type Scanned<T> = Result<T, String>;

pub fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t')
}

pub fn is_break(character: char) -> bool {
    matches!(character, '\r' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

pub fn is_break_or_end(character: char) -> bool {
    character == '\0' || is_break(character)
}

pub fn is_blank_or_end(character: char) -> bool {
    is_blank(character) || is_break_or_end(character)
}

/// Letters of the names of anchors and handles.
pub fn is_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '-')
}

fn is_permitted(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{fffd}' | '\u{10000}'..)
}

impl Scanner {
    /// # Errors
    /// When the text has a character that YAML does not.
    pub fn new(text: &str) -> Scanned<Self> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if let Some(at) = text.find(|character| !is_permitted(character)) {
            let line = text[..at].matches('\n').count() + 1;
            return Err(format!("line {line}: a control character"));
        }
        let mark = Mark::default();
        Ok(Self {
            text: text.chars().collect(),
            mark,
            newlines: 0,
            tokens: vec![Token {
                kind: TokenKind::StreamStart,
                start: mark,
            }],
            head: 0,
            is_ready: false,
            comments: Vec::new(),
            indent: -1,
            indents: Vec::new(),
            flow_level: 0,
            simple_key_allowed: true,
            simple_keys: vec![SimpleKey {
                possible: false,
                required: false,
                token: 0,
                mark,
            }],
            by_token: HashMap::new(),
        })
    }

    /// The next token, which stays the next.
    pub fn peek(&mut self) -> Scanned<&Token> {
        if !self.is_ready {
            self.fetch()?;
            self.is_ready = true;
        }
        Ok(&self.tokens[self.head])
    }

    /// Takes the token that was looked at.
    pub fn skip_token(&mut self) {
        self.is_ready = false;
        self.head += 1;
    }

    fn fault<T>(&self, mark: Mark, what: &str) -> Scanned<T> {
        let line = mark.line.min(self.mark.line) + 1;
        Err(format!("line {line}: {what}"))
    }

    fn at(&self, offset: usize) -> char {
        let at = self.mark.index + offset;
        self.text.get(at).copied().unwrap_or_default()
    }

    fn current(&self) -> char {
        self.at(0)
    }

    fn skip(&mut self) {
        if !is_blank(self.current()) {
            self.newlines = 0;
        }
        self.mark.index += 1;
        self.mark.column += 1;
    }

    /// Goes beyond a character and gives it.
    fn take(&mut self) -> char {
        let character = self.current();
        self.skip();
        character
    }

    /// Goes beyond a line break, and gives what it becomes.
    fn take_break(&mut self) -> Option<char> {
        let character = self.current();
        if !is_break(character) {
            return None;
        }
        let is_pair = character == '\r' && self.at(1) == '\n';
        self.mark = Mark {
            index: self.mark.index + 1 + usize::from(is_pair),
            line: self.mark.line + 1,
            column: 0,
        };
        self.newlines += 1;
        Some(match character {
            '\u{2028}' | '\u{2029}' => character,
            _ => '\n',
        })
    }

    fn push(&mut self, kind: TokenKind, start: Mark) {
        self.tokens.push(Token { kind, start });
    }

    /// Reads until the next token cannot change any more, and two more for the comments behind it.
    fn fetch(&mut self) -> Scanned<()> {
        loop {
            if self.head + 2 < self.tokens.len() {
                let key = self.by_token.get(&self.head).copied();
                let is_open = match key {
                    Some(key) => self.is_valid(key)?,
                    None => false,
                };
                if !is_open {
                    return Ok(());
                }
            }
            self.fetch_next()?;
        }
    }

    fn fetch_next(&mut self) -> Scanned<()> {
        let scanned = self.mark;
        self.skip_to_token()?;
        self.unroll(self.mark.column.cast_signed(), scanned);
        let (start, first) = (self.mark, self.current());
        if first == '\0' {
            return self.stream_end();
        }
        if start.column == 0 {
            if first == '%' {
                self.ends_document()?;
                return self.directive();
            }
            if let Some(kind) = self.document_indicator() {
                self.ends_document()?;
                (0..3).for_each(|_| self.skip());
                self.push(kind, start);
                return Ok(());
            }
        }
        let ends_entry = match self.flow_level {
            0 => first == ':',
            _ => first == ',',
        };
        // What is behind `:` or `,` belongs to what is before.
        let of = match self.tokens.last() {
            Some(token) if ends_entry => token.start,
            _ => start,
        };
        self.token(first)?;
        let is_entry = |token: &Token| token.kind == TokenKind::BlockEntry;
        if !self.tokens.last().is_some_and(is_entry) {
            self.line_comment(of);
        }
        Ok(())
    }

    fn document_indicator(&self) -> Option<TokenKind> {
        if self.mark.column > 0 || !is_blank_or_end(self.at(3)) {
            return None;
        }
        match (self.current(), self.at(1), self.at(2)) {
            ('-', '-', '-') => Some(TokenKind::DocumentStart),
            ('.', '.', '.') => Some(TokenKind::DocumentEnd),
            _ => None,
        }
    }

    fn token(&mut self, first: char) -> Scanned<()> {
        let is_flow = self.flow_level > 0;
        let before_space = is_blank_or_end(self.at(1));
        match first {
            '[' => self.flow_start(TokenKind::FlowSequenceStart),
            '{' => self.flow_start(TokenKind::FlowMappingStart),
            ']' => self.flow_end(TokenKind::FlowSequenceEnd),
            '}' => self.flow_end(TokenKind::FlowMappingEnd),
            ',' => {
                self.forget_key()?;
                self.simple_key_allowed = true;
                self.indicator(TokenKind::FlowEntry);
                Ok(())
            }
            '-' if before_space => self.block_entry(),
            '?' if is_flow || before_space => self.key(),
            ':' if is_flow || before_space => self.value(),
            '*' | '&' => self.anchor(first == '*'),
            '!' => self.tag(),
            '|' | '>' if !is_flow => self.block_scalar(first == '|'),
            '\'' | '"' => self.quoted_scalar(first == '\''),
            '-' if !is_blank(self.at(1)) => self.plain_scalar(),
            '?' | ':' if !is_flow => self.plain_scalar(),
            '\t' | '-' | '?' | ':' | '#' | '|' | '>' | '%' | '@' | '`' => {
                self.fault(self.mark, "a character that nothing can begin with")
            }
            _ => self.plain_scalar(),
        }
    }

    /// A token of one character.
    fn indicator(&mut self, kind: TokenKind) {
        let start = self.mark;
        self.skip();
        self.push(kind, start);
    }

    fn is_valid(&mut self, key: usize) -> Scanned<bool> {
        let SimpleKey {
            possible,
            required,
            mark,
            ..
        } = self.simple_keys[key];
        if !possible {
            return Ok(false);
        }
        if mark.line < self.mark.line || mark.index + KEY_CHARACTERS < self.mark.index {
            if required {
                return self.fault(mark, "a key without `:`");
            }
            self.simple_keys[key].possible = false;
            return Ok(false);
        }
        Ok(true)
    }

    /// Notes that a key may begin here.
    fn note_key(&mut self) -> Scanned<()> {
        if !self.simple_key_allowed {
            return Ok(());
        }
        self.forget_key()?;
        let key = SimpleKey {
            possible: true,
            required: self.flow_level == 0 && self.indent == self.mark.column.cast_signed(),
            token: self.tokens.len(),
            mark: self.mark,
        };
        let last = self.simple_keys.len() - 1;
        self.by_token.insert(key.token, last);
        self.simple_keys[last] = key;
        Ok(())
    }

    fn forget_key(&mut self) -> Scanned<()> {
        let last = self.simple_keys.len() - 1;
        let key = &mut self.simple_keys[last];
        if key.possible {
            let mark = key.mark;
            if key.required {
                return self.fault(mark, "a key without `:`");
            }
            key.possible = false;
            self.by_token.remove(&key.token);
        }
        Ok(())
    }

    /// Opens a block at a column, if it is further in than the last.
    fn roll(&mut self, column: usize, at: Option<usize>, kind: TokenKind, start: Mark) {
        let column = column.cast_signed();
        if self.flow_level > 0 || self.indent >= column {
            return;
        }
        self.indents.push(self.indent);
        self.indent = column;
        let at = at.unwrap_or(self.tokens.len());
        self.tokens.insert(at, Token { kind, start });
    }

    /// Closes the blocks that are further in than a column. An end stands before comments that are no further in than the block.
    fn unroll(&mut self, column: isize, scanned: Mark) {
        if self.flow_level > 0 {
            return;
        }
        let mut start = scanned;
        start.index = start.index.saturating_sub(1);
        while self.indent > column {
            let mut stop = start.index;
            for comment in self.comments.iter().rev() {
                if comment.end.index < stop {
                    break;
                }
                if comment.start.column.cast_signed() == self.indent + 1 {
                    start = comment.start;
                }
                stop = comment.scanned.index;
            }
            self.push(TokenKind::BlockEnd, start);
            self.indent = self.indents.pop().unwrap_or(-1);
        }
    }

    fn stream_end(&mut self) -> Scanned<()> {
        if self.mark.column != 0 {
            self.mark.column = 0;
            self.mark.line += 1;
        }
        self.ends_document()?;
        self.push(TokenKind::StreamEnd, self.mark);
        Ok(())
    }

    fn ends_document(&mut self) -> Scanned<()> {
        self.unroll(-1, self.mark);
        self.forget_key()?;
        self.simple_key_allowed = false;
        Ok(())
    }

    fn flow_start(&mut self, kind: TokenKind) -> Scanned<()> {
        self.note_key()?;
        self.simple_keys.push(SimpleKey {
            possible: false,
            required: false,
            token: self.tokens.len(),
            mark: self.mark,
        });
        self.flow_level += 1;
        self.simple_key_allowed = true;
        self.indicator(kind);
        Ok(())
    }

    fn flow_end(&mut self, kind: TokenKind) -> Scanned<()> {
        self.forget_key()?;
        if self.flow_level > 0 {
            self.flow_level -= 1;
            if let Some(key) = self.simple_keys.pop() {
                self.by_token.remove(&key.token);
            }
        }
        self.simple_key_allowed = false;
        self.indicator(kind);
        Ok(())
    }

    /// Whether something that needs a new line may begin here, and the block that it opens.
    fn opens_block(&mut self, kind: TokenKind, what: &str) -> Scanned<()> {
        if self.flow_level == 0 {
            if !self.simple_key_allowed {
                return self.fault(self.mark, what);
            }
            self.roll(self.mark.column, None, kind, self.mark);
        }
        Ok(())
    }

    fn block_entry(&mut self) -> Scanned<()> {
        self.opens_block(TokenKind::BlockSequenceStart, "`-` where no item can be")?;
        self.forget_key()?;
        self.simple_key_allowed = true;
        self.indicator(TokenKind::BlockEntry);
        Ok(())
    }

    fn key(&mut self) -> Scanned<()> {
        self.opens_block(TokenKind::BlockMappingStart, "`?` where no key can be")?;
        self.forget_key()?;
        self.simple_key_allowed = self.flow_level == 0;
        self.indicator(TokenKind::Key);
        Ok(())
    }

    fn value(&mut self) -> Scanned<()> {
        let last = self.simple_keys.len() - 1;
        if self.is_valid(last)? {
            let SimpleKey { token, mark, .. } = self.simple_keys[last];
            self.tokens.insert(
                token,
                Token {
                    kind: TokenKind::Key,
                    start: mark,
                },
            );
            let kind = TokenKind::BlockMappingStart;
            self.roll(mark.column, Some(token), kind, mark);
            self.simple_keys[last].possible = false;
            self.by_token.remove(&token);
            self.simple_key_allowed = false;
        } else {
            self.opens_block(TokenKind::BlockMappingStart, "`:` where no value can be")?;
            self.simple_key_allowed = self.flow_level == 0;
        }
        self.indicator(TokenKind::Value);
        Ok(())
    }

    /// Goes beyond white space, line breaks and comments on lines of their own.
    fn skip_to_token(&mut self) -> Scanned<()> {
        let scanned = self.mark;
        loop {
            while self.current() == ' '
                || self.current() == '\t' && (self.flow_level > 0 || !self.simple_key_allowed)
            {
                self.skip();
            }
            self.lift_comment();
            if self.current() == '#' {
                self.comments(scanned);
            }
            if self.take_break().is_none() {
                return Ok(());
            }
            if self.flow_level == 0 {
                self.simple_key_allowed = true;
            }
        }
    }
}
