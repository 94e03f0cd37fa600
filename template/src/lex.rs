//! The text of a template as tokens.

use memchr::{memchr, memchr_iter};

use crate::strconv::{decode_rune, is_digit, is_letter, quote};

/// What a token is. The order of declaration has no meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    Error,
    Bool,
    Char,
    CharConstant,
    Complex,
    Assign,
    Declare,
    Eof,
    Field,
    Identifier,
    LeftDelimiter,
    LeftParenthesis,
    Number,
    Pipe,
    RawString,
    RightDelimiter,
    RightParenthesis,
    Space,
    String,
    Text,
    Variable,
    Block,
    Break,
    Continue,
    Dot,
    Define,
    Else,
    End,
    If,
    Nil,
    Range,
    Template,
    With,
}

impl TokenKind {
    fn is_keyword(self) -> bool {
        matches!(
            self,
            Self::Block
                | Self::Break
                | Self::Continue
                | Self::Dot
                | Self::Define
                | Self::Else
                | Self::End
                | Self::If
                | Self::Nil
                | Self::Range
                | Self::Template
                | Self::With
        )
    }
}

/// A token: a stretch of the text, or an error. Small enough to be copied: the parser looks at each a few times.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token<'t> {
    pub(crate) kind: TokenKind,
    /// The number of an error.
    pub(crate) fault: u32,
    /// Where it starts, in bytes.
    pub(crate) position: usize,
    pub(crate) text: &'t [u8],
}

impl Token<'_> {
    /// As parse errors show it, unless it is an error itself.
    pub(crate) fn describe(&self) -> String {
        match self.kind {
            TokenKind::Eof => "EOF".to_owned(),
            kind if kind.is_keyword() => {
                format!("<{}>", String::from_utf8_lossy(self.text))
            }
            _ if self.text.len() > 10 => {
                let mut end = 0;
                for _ in 0..10 {
                    end += decode_rune(&self.text[end..]).1;
                }
                format!("{}...", quote(&self.text[..end]))
            }
            _ => quote(self.text),
        }
    }
}

/// The opening and closing marks of actions.
#[derive(Clone, Debug)]
pub(crate) struct Delimiters {
    pub(crate) left: Vec<u8>,
    pub(crate) right: Vec<u8>,
}

impl Delimiters {
    /// About how many actions a text has.
    pub(crate) fn about(&self, text: &[u8]) -> usize {
        let first = self.left.first().copied().unwrap_or_default();
        memchr_iter(first, text).count() / self.left.len().max(1)
    }
}

impl Default for Delimiters {
    fn default() -> Self {
        Self {
            left: b"{{".to_vec(),
            right: b"}}".to_vec(),
        }
    }
}

/// Gives the tokens of a text one by one. After an error there is nothing but errors or the end.
pub(crate) struct Lexer<'t, 'd> {
    input: &'t [u8],
    delimiters: &'d Delimiters,
    /// `break` and `continue` are functions, not keywords.
    break_is_function: bool,
    continue_is_function: bool,
    position: usize,
    start: usize,
    parentheses: i64,
    inside_action: bool,
    /// What was wrong, in the order of the error tokens.
    errors: Vec<String>,
}

/// Spaces that trim markers remove.
fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

fn is_alphanumeric(rune: char) -> bool {
    rune == '_' || is_letter(rune) || is_digit(rune)
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    let (&first, _) = wanted.split_first()?;
    let mut from = 0;
    loop {
        from += memchr(first, text.get(from..)?)?;
        if text[from..].starts_with(wanted) {
            return Some(from);
        }
        from += 1;
    }
}

impl<'t, 'd> Lexer<'t, 'd> {
    pub(crate) fn new(
        input: &'t [u8],
        delimiters: &'d Delimiters,
        break_is_function: bool,
        continue_is_function: bool,
    ) -> Self {
        Self {
            input,
            delimiters,
            break_is_function,
            continue_is_function,
            position: 0,
            start: 0,
            parentheses: 0,
            inside_action: false,
            errors: Vec::new(),
        }
    }

    /// What is wrong, for an error token.
    pub(crate) fn fault(&self, token: &Token<'_>) -> Option<&str> {
        (token.kind == TokenKind::Error)
            .then(|| self.errors.get(token.fault as usize).map(String::as_str))
            .flatten()
    }

    /// The next token.
    pub(crate) fn next_token(&mut self) -> Token<'t> {
        if self.inside_action {
            self.action()
        } else {
            self.text()
        }
    }

    fn rest(&self) -> &'t [u8] {
        &self.input[self.position..]
    }

    fn peek(&self) -> Option<char> {
        (self.position < self.input.len()).then(|| decode_rune(self.rest()).0)
    }

    fn advance(&mut self) -> Option<char> {
        if self.position >= self.input.len() {
            return None;
        }
        let (rune, width) = match self.input[self.position] {
            byte @ ..0x80 => (char::from(byte), 1),
            _ => decode_rune(self.rest()),
        };
        self.position += width;
        Some(rune)
    }

    fn accept(&mut self, valid: &[u8]) -> bool {
        let accepted = self.rest().first().is_some_and(|byte| valid.contains(byte));
        if accepted {
            self.position += 1;
        }
        accepted
    }

    fn accept_run(&mut self, valid: &[u8]) {
        while self.accept(valid) {}
    }

    /// The token from the last one's end to here.
    fn token(&mut self, kind: TokenKind) -> Token<'t> {
        let token = Token {
            kind,
            fault: 0,
            position: self.start,
            text: &self.input[self.start..self.position],
        };
        self.start = self.position;
        token
    }

    /// Passes over what lies between the last token's end and here.
    fn skip(&mut self) {
        self.start = self.position;
    }

    fn error(&mut self, text: String) -> Token<'t> {
        let token = Token {
            kind: TokenKind::Error,
            fault: self.errors.len() as u32,
            position: self.start,
            text: &[],
        };
        self.errors.push(text);
        self.position = self.start;
        self.input = &self.input[..self.start];
        token
    }

    /// Text up to an action; trim markers are applied here.
    fn text(&mut self) -> Token<'t> {
        loop {
            let Some(found) = find(self.rest(), &self.delimiters.left) else {
                self.position = self.input.len();
                let kind = if self.position > self.start {
                    TokenKind::Text
                } else {
                    TokenKind::Eof
                };
                return self.token(kind);
            };
            if found > 0 {
                let delimiter = self.position + found;
                let after = &self.input[delimiter + self.delimiters.left.len()..];
                let mut end = delimiter;
                if has_left_trim_marker(after) {
                    while end > self.start && is_space(self.input[end - 1]) {
                        end -= 1;
                    }
                }
                self.position = end;
                let text = self.token(TokenKind::Text);
                self.position = delimiter;
                self.skip();
                if !text.text.is_empty() {
                    return text;
                }
            }
            if let Some(token) = self.left_delimiter() {
                return token;
            }
        }
    }

    /// The opening of an action; nothing when it was a comment.
    fn left_delimiter(&mut self) -> Option<Token<'t>> {
        self.position += self.delimiters.left.len();
        let marker = if has_left_trim_marker(self.rest()) {
            2
        } else {
            0
        };
        if self.rest()[marker..].starts_with(b"/*") {
            self.position += marker;
            self.skip();
            return self.comment();
        }
        let token = self.token(TokenKind::LeftDelimiter);
        self.inside_action = true;
        self.position += marker;
        self.skip();
        self.parentheses = 0;
        Some(token)
    }

    fn comment(&mut self) -> Option<Token<'t>> {
        self.position += 2;
        let Some(found) = find(self.rest(), b"*/") else {
            return Some(self.error("unclosed comment".to_owned()));
        };
        self.position += found + 2;
        let Some(trim) = self.at_right_delimiter() else {
            return Some(self.error("comment ends before closing delimiter".to_owned()));
        };
        self.skip();
        if trim {
            self.position += 2;
        }
        self.position += self.delimiters.right.len();
        if trim {
            self.skip_spaces();
        }
        self.skip();
        None
    }

    fn skip_spaces(&mut self) {
        while self.rest().first().copied().is_some_and(is_space) {
            self.position += 1;
        }
    }

    /// Whether a text begins with the closing mark.
    fn is_right(&self, text: &[u8]) -> bool {
        let right = &self.delimiters.right;
        text.first() == right.first() && text.starts_with(right)
    }

    /// Whether an action closes here, and whether with a trim marker.
    fn at_right_delimiter(&self) -> Option<bool> {
        let rest = self.rest();
        let first = rest.first()?;
        if !is_space(*first) && self.delimiters.right.first() != Some(first) {
            return None;
        }
        if has_right_trim_marker(rest) && self.is_right(&rest[2..]) {
            return Some(true);
        }
        self.is_right(rest).then_some(false)
    }

    fn right_delimiter(&mut self, trim: bool) -> Token<'t> {
        if trim {
            self.position += 2;
            self.skip();
        }
        self.position += self.delimiters.right.len();
        let token = self.token(TokenKind::RightDelimiter);
        if trim {
            self.skip_spaces();
            self.skip();
        }
        self.inside_action = false;
        token
    }

    /// A token inside of an action.
    fn action(&mut self) -> Token<'t> {
        if let Some(trim) = self.at_right_delimiter() {
            return if self.parentheses == 0 {
                self.right_delimiter(trim)
            } else {
                self.error("unclosed left paren".to_owned())
            };
        }
        if self.rest().first().copied().is_some_and(is_space) {
            return self.space();
        }
        let before = self.position;
        match self.advance() {
            None => self.error("unclosed action".to_owned()),
            Some('=') => self.token(TokenKind::Assign),
            Some(':') => {
                if self.advance() == Some('=') {
                    self.token(TokenKind::Declare)
                } else {
                    self.error("expected :=".to_owned())
                }
            }
            Some('|') => self.token(TokenKind::Pipe),
            Some('"') => self.quoted(b'"', TokenKind::String, "unterminated quoted string"),
            Some('\'') => self.quoted(
                b'\'',
                TokenKind::CharConstant,
                "unterminated character constant",
            ),
            Some('`') => self.raw_string(),
            Some('$') => self.name(TokenKind::Variable),
            Some('.')
                if !self.rest().first().is_some_and(u8::is_ascii_digit)
                    && !self.rest().is_empty() =>
            {
                self.name(TokenKind::Field)
            }
            Some('.' | '+' | '-' | '0'..='9') => {
                self.position = before;
                self.number()
            }
            Some('(') => {
                self.parentheses += 1;
                self.token(TokenKind::LeftParenthesis)
            }
            Some(')') => {
                self.parentheses -= 1;
                if self.parentheses < 0 {
                    return self.error("unexpected right paren".to_owned());
                }
                self.token(TokenKind::RightParenthesis)
            }
            Some(rune) if is_alphanumeric(rune) => self.identifier(),
            Some(' '..='~') => self.token(TokenKind::Char),
            Some(rune) => self.error(format!(
                "unrecognized character in action: {}",
                unicode_name(Some(rune))
            )),
        }
    }

    /// A run of spaces; the last one may belong to a closing trim marker.
    fn space(&mut self) -> Token<'t> {
        let rest = self.rest();
        let end = rest.iter().position(|byte| !is_space(*byte));
        let count = end.unwrap_or(rest.len());
        self.position += count;
        let last = &self.input[self.position - 1..];
        if has_right_trim_marker(last) && self.is_right(&last[2..]) {
            self.position -= 1;
            if count == 1 {
                return self.right_delimiter(true);
            }
        }
        self.token(TokenKind::Space)
    }

    fn identifier(&mut self) -> Token<'t> {
        self.alphanumerics();
        if !self.at_terminator() {
            let rune = self.peek();
            return self.error(format!("bad character {}", unicode_name(rune)));
        }
        let kind = match &self.input[self.start..self.position] {
            b"block" => TokenKind::Block,
            b"break" if !self.break_is_function => TokenKind::Break,
            b"continue" if !self.continue_is_function => TokenKind::Continue,
            b"define" => TokenKind::Define,
            b"else" => TokenKind::Else,
            b"end" => TokenKind::End,
            b"if" => TokenKind::If,
            b"range" => TokenKind::Range,
            b"nil" => TokenKind::Nil,
            b"template" => TokenKind::Template,
            b"with" => TokenKind::With,
            b"true" | b"false" => TokenKind::Bool,
            _ => TokenKind::Identifier,
        };
        self.token(kind)
    }

    /// Passes over letters, digits and underscores.
    fn alphanumerics(&mut self) {
        loop {
            let rest = self.rest();
            let plain = rest
                .iter()
                .position(|&byte| byte != b'_' && !byte.is_ascii_alphanumeric())
                .unwrap_or(rest.len());
            self.position += plain;
            if rest.get(plain).is_none_or(u8::is_ascii) {
                return;
            }
            let (rune, width) = decode_rune(&rest[plain..]);
            if !is_alphanumeric(rune) {
                return;
            }
            self.position += width;
        }
    }

    /// A field or a variable, of which the first character is past.
    fn name(&mut self, kind: TokenKind) -> Token<'t> {
        if self.at_terminator() {
            return self.token(match kind {
                TokenKind::Field => TokenKind::Dot,
                other => other,
            });
        }
        self.alphanumerics();
        if !self.at_terminator() {
            let rune = self.peek();
            return self.error(format!("bad character {}", unicode_name(rune)));
        }
        self.token(kind)
    }

    /// Whether what stands here may follow a name.
    fn at_terminator(&self) -> bool {
        match self.rest().first() {
            None => true,
            Some(b' ' | b'\t' | b'\r' | b'\n' | b'.' | b',' | b'|' | b':' | b')' | b'(') => true,
            _ => self.is_right(self.rest()),
        }
    }

    fn quoted(&mut self, mark: u8, kind: TokenKind, unterminated: &str) -> Token<'t> {
        loop {
            let rest = self.rest();
            let special = |byte: &u8| matches!(*byte, b'\\' | b'\n') || *byte == mark;
            let Some(plain) = rest.iter().position(special) else {
                return self.error(unterminated.to_owned());
            };
            self.position += plain + 1;
            match rest[plain] {
                b'\\' => {
                    if matches!(self.advance(), None | Some('\n')) {
                        return self.error(unterminated.to_owned());
                    }
                }
                b'\n' => return self.error(unterminated.to_owned()),
                _ => return self.token(kind),
            }
        }
    }

    fn raw_string(&mut self) -> Token<'t> {
        match memchr(b'`', self.rest()) {
            Some(end) => {
                self.position += end + 1;
                self.token(TokenKind::RawString)
            }
            None => self.error("unterminated raw quoted string".to_owned()),
        }
    }

    fn number(&mut self) -> Token<'t> {
        if !self.scan_number() {
            return self.bad_number();
        }
        if !matches!(self.peek(), Some('+' | '-')) {
            return self.token(TokenKind::Number);
        }
        // A complex constant: 1+2i, without spaces.
        if !self.scan_number() || self.input[self.position - 1] != b'i' {
            return self.bad_number();
        }
        self.token(TokenKind::Complex)
    }

    fn bad_number(&mut self) -> Token<'t> {
        let text = quote(&self.input[self.start..self.position]);
        self.error(format!("bad number syntax: {text}"))
    }

    fn scan_number(&mut self) -> bool {
        self.accept(b"+-");
        let mut digits: &[u8] = b"0123456789_";
        if self.accept(b"0") {
            if self.accept(b"xX") {
                digits = b"0123456789abcdefABCDEF_";
            } else if self.accept(b"oO") {
                digits = b"01234567_";
            } else if self.accept(b"bB") {
                digits = b"01_";
            }
        }
        self.accept_run(digits);
        if self.accept(b".") {
            self.accept_run(digits);
        }
        let exponent: &[u8] = match digits.len() {
            11 => b"eE",
            23 => b"pP",
            _ => b"",
        };
        if self.accept(exponent) {
            self.accept(b"+-");
            self.accept_run(b"0123456789_");
        }
        self.accept(b"i");
        if self.peek().is_some_and(is_alphanumeric) {
            self.advance();
            return false;
        }
        true
    }
}

fn has_left_trim_marker(text: &[u8]) -> bool {
    matches!(text, [b'-', space, ..] if is_space(*space))
}

fn has_right_trim_marker(text: &[u8]) -> bool {
    matches!(text, [space, b'-', ..] if is_space(*space))
}

/// A character as `fmt` shows it with `%#U`; the end of the text is the number -1.
fn unicode_name(rune: Option<char>) -> String {
    match rune {
        None => "U+FFFFFFFFFFFFFFFF".to_owned(),
        Some(rune) if crate::strconv::is_print(rune) => {
            format!("U+{:04X} '{rune}'", u32::from(rune))
        }
        Some(rune) => format!("U+{:04X}", u32::from(rune)),
    }
}
