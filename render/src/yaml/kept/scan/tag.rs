//! Directives, tags and anchors, as the scanner meets them.

use super::{
    Mark, Scanned, Scanner, TokenKind, is_blank, is_blank_or_end, is_break_or_end, is_word,
};

impl Scanner {
    pub(super) fn directive(&mut self) -> Scanned<()> {
        let start = self.mark;
        self.skip();
        let name = self.word();
        if !is_blank_or_end(self.current()) {
            return self.fault(start, "a directive with a wrong name");
        }
        self.skip_blanks();
        let kind = match name.as_str() {
            "YAML" => {
                let major = self.number(start)?;
                if self.take() != '.' {
                    return self.fault(start, "%YAML without two numbers");
                }
                TokenKind::Version(major, self.number(start)?)
            }
            "TAG" => {
                let handle = self.handle(start, true)?;
                if !is_blank(self.current()) {
                    return self.fault(start, "%TAG without a space behind the handle");
                }
                self.skip_blanks();
                let prefix = self.uri(start, "")?;
                if !is_blank_or_end(self.current()) {
                    return self.fault(start, "%TAG with something behind the prefix");
                }
                TokenKind::TagDirective(handle, prefix)
            }
            _ => return self.fault(start, "an unknown directive"),
        };
        self.push(kind, start);
        self.skip_blanks();
        if self.current() == '#' {
            while !is_break_or_end(self.current()) {
                self.skip();
            }
        }
        if !is_break_or_end(self.current()) {
            return self.fault(start, "something behind a directive");
        }
        self.take_break();
        Ok(())
    }

    pub(super) fn skip_blanks(&mut self) {
        while is_blank(self.current()) {
            self.skip();
        }
    }

    fn word(&mut self) -> String {
        let mut word = String::new();
        while is_word(self.current()) {
            word.push(self.take());
        }
        word
    }

    fn number(&mut self, start: Mark) -> Scanned<u32> {
        let mut digits = String::new();
        while self.current().is_ascii_digit() && digits.len() < 3 {
            digits.push(self.take());
        }
        match digits.parse() {
            Ok(number) if digits.len() < 3 => Ok(number),
            _ => self.fault(start, "%YAML without a version"),
        }
    }

    pub(super) fn anchor(&mut self, is_alias: bool) -> Scanned<()> {
        self.note_key()?;
        self.simple_key_allowed = false;
        let start = self.mark;
        self.skip();
        let name = self.word();
        let next = self.current();
        let is_over =
            is_blank_or_end(next) || matches!(next, '?' | ':' | ',' | ']' | '}' | '%' | '@' | '`');
        if name.is_empty() || !is_over {
            return self.fault(start, "an anchor or alias without a name of letters");
        }
        let kind = if is_alias {
            TokenKind::Alias(name)
        } else {
            TokenKind::Anchor(name)
        };
        self.push(kind, start);
        Ok(())
    }

    pub(super) fn tag(&mut self) -> Scanned<()> {
        self.note_key()?;
        self.simple_key_allowed = false;
        let start = self.mark;
        let (handle, suffix) = if self.at(1) == '<' {
            self.skip();
            self.skip();
            let suffix = self.uri(start, "")?;
            if self.take() != '>' {
                return self.fault(start, "a tag without `>`");
            }
            (String::new(), suffix)
        } else {
            let handle = self.handle(start, false)?;
            if handle.len() > 1 && handle.ends_with('!') {
                let suffix = self.uri(start, "")?;
                (handle, suffix)
            } else {
                let suffix = self.uri(start, &handle)?;
                if suffix.is_empty() {
                    (suffix, handle)
                } else {
                    ("!".to_owned(), suffix)
                }
            }
        };
        if !is_blank_or_end(self.current()) {
            return self.fault(start, "a tag with something behind it");
        }
        self.push(TokenKind::Tag(handle, suffix), start);
        Ok(())
    }

    fn handle(&mut self, start: Mark, is_directive: bool) -> Scanned<String> {
        if self.current() != '!' {
            return self.fault(start, "a tag without `!`");
        }
        let mut handle = String::from(self.take());
        handle.push_str(&self.word());
        if self.current() == '!' {
            handle.push(self.take());
        } else if is_directive && handle != "!" {
            return self.fault(start, "%TAG with a handle without `!`");
        }
        Ok(handle)
    }

    /// The rest of a tag that begins with `before`, whose `!` is not of it.
    fn uri(&mut self, start: Mark, before: &str) -> Scanned<String> {
        let mut bytes = before.bytes().skip(1).collect::<Vec<u8>>();
        let mut is_there = !before.is_empty();
        loop {
            let next = self.current();
            if next == '%' {
                bytes.push(self.octet(start)?);
            } else if is_word(next) || ";/?:@&=+$,.!~*'()[]".contains(next) {
                bytes.push(u8::try_from(self.take()).unwrap_or_default());
            } else {
                break;
            }
            is_there = true;
        }
        match String::from_utf8(bytes) {
            Ok(uri) if is_there => Ok(uri),
            Ok(_) => self.fault(start, "a tag without a name"),
            Err(_) => self.fault(start, "a tag with a wrong escape"),
        }
    }

    fn octet(&mut self, start: Mark) -> Scanned<u8> {
        let digits = (self.at(1).to_digit(16)).zip(self.at(2).to_digit(16));
        let octet = digits.and_then(|(high, low)| u8::try_from(high * 16 + low).ok());
        match octet {
            Some(octet) => {
                (0..3).for_each(|_| self.skip());
                Ok(octet)
            }
            None => self.fault(start, "a tag with a wrong escape"),
        }
    }
}
