//! Lua's patterns (reference manual of 5.1, section 5.4.1), with a price for every step: a pattern that would backtrack for
//! hours ends the script instead.

use mlua::{Lua, Value};

use super::{Fuel, spend};

/// Most captures of one pattern.
const MOST_CAPTURES: usize = 32;
/// Deepest recursion while matching.
const DEEPEST: usize = 200;

/// A part of the text that a pattern remembers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Capture {
    /// `(` was seen, `)` not yet.
    Open(usize),
    /// From, to.
    Text(usize, usize),
    /// `()`: only where.
    Position(usize),
}

/// A match.
#[derive(Debug)]
pub(super) struct Found {
    pub start: usize,
    pub end: usize,
    pub captures: Vec<Capture>,
}

impl Found {
    /// A capture as a value; the first is the whole match when there are none.
    pub(super) fn value(&self, lua: &Lua, index: usize, text: &[u8]) -> mlua::Result<Value> {
        let (start, end) = match self.captures.get(index) {
            Some(Capture::Text(start, end)) => (*start, *end),
            #[expect(clippy::cast_precision_loss, reason = "no text is that long")]
            Some(Capture::Position(at)) => return Ok(Value::Number((*at + 1) as f64)),
            Some(Capture::Open(_)) => return Err(mlua::Error::runtime("unfinished capture")),
            None if index == 0 => (self.start, self.end),
            None => return Err(mlua::Error::runtime("invalid capture index")),
        };
        Ok(Value::String(lua.create_string(&text[start..end])?))
    }
}

pub(super) struct Matcher<'m> {
    text: &'m [u8],
    pattern: &'m [u8],
    fuel: &'m Fuel,
    captures: Vec<Capture>,
    anchored: bool,
}

type End = mlua::Result<Option<usize>>;

fn malformed<T>(what: &str) -> mlua::Result<T> {
    Err(mlua::Error::runtime(format!("malformed pattern ({what})")))
}

impl<'m> Matcher<'m> {
    pub(super) fn new(text: &'m [u8], pattern: &'m [u8], fuel: &'m Fuel) -> Self {
        let anchored = pattern.first() == Some(&b'^');
        Self {
            text,
            pattern: if anchored { &pattern[1..] } else { pattern },
            fuel,
            captures: Vec::new(),
            anchored,
        }
    }

    /// Whether the pattern matches at the beginning only.
    pub(super) fn is_anchored(&self) -> bool {
        self.anchored
    }

    /// The match that begins exactly here.
    pub(super) fn at(&mut self, start: usize) -> mlua::Result<Option<Found>> {
        self.captures.clear();
        Ok(self.follow(start, 0, 0)?.map(|end| Found {
            start,
            end,
            captures: self.captures.clone(),
        }))
    }

    /// Matches the pattern from `p` on at the text from `s` on; gives where the match ends.
    fn follow(&mut self, mut s: usize, mut p: usize, depth: usize) -> End {
        if depth > DEEPEST {
            return Err(mlua::Error::runtime(format!(
                "the pattern nests deeper than {DEEPEST}"
            )));
        }
        loop {
            spend(self.fuel, 1)?;
            let Some(&byte) = self.pattern.get(p) else {
                return Ok(Some(s));
            };
            match (byte, self.pattern.get(p + 1)) {
                (b'(', Some(b')')) => {
                    return self.capture(Capture::Position(s), s, p + 2, depth);
                }
                (b'(', _) => return self.capture(Capture::Open(s), s, p + 1, depth),
                (b')', _) => return self.close(s, p + 1, depth),
                (b'$', None) => return Ok((s == self.text.len()).then_some(s)),
                (b'%', Some(b'b')) => match self.balanced(s, p + 2)? {
                    Some(end) => (s, p) = (end, p + 4),
                    None => return Ok(None),
                },
                (b'%', Some(b'f')) => {
                    p += 2;
                    if self.pattern.get(p) != Some(&b'[') {
                        return malformed("missing '[' after '%f'");
                    }
                    let end = self.class_end(p)?;
                    let before = s.checked_sub(1).map_or(0, |before| self.text[before]);
                    let here = self.text.get(s).copied().unwrap_or(0);
                    if self.in_set(before, p, end) || !self.in_set(here, p, end) {
                        return Ok(None);
                    }
                    p = end;
                }
                (b'%', Some(digit)) if digit.is_ascii_digit() => match self.again(s, *digit)? {
                    Some(end) => (s, p) = (end, p + 2),
                    None => return Ok(None),
                },
                _ => {
                    let end = self.class_end(p)?;
                    match self.pattern.get(end) {
                        Some(b'?') => {
                            if self.single(s, p, end)
                                && let Some(found) = self.attempt(s + 1, end + 1, depth)?
                            {
                                return Ok(Some(found));
                            }
                            p = end + 1;
                        }
                        Some(b'*') => return self.most(s, (p, end), depth),
                        Some(b'+') => {
                            return if self.single(s, p, end) {
                                self.most(s + 1, (p, end), depth)
                            } else {
                                Ok(None)
                            };
                        }
                        Some(b'-') => return self.least(s, (p, end), depth),
                        _ if self.single(s, p, end) => (s, p) = (s + 1, end),
                        _ => return Ok(None),
                    }
                }
            }
        }
    }

    /// Follows one way; when it leads nowhere, captures are as before.
    fn attempt(&mut self, s: usize, p: usize, depth: usize) -> End {
        let before = self.captures.clone();
        let found = self.follow(s, p, depth + 1)?;
        if found.is_none() {
            self.captures = before;
        }
        Ok(found)
    }

    fn capture(&mut self, capture: Capture, s: usize, p: usize, depth: usize) -> End {
        if self.captures.len() >= MOST_CAPTURES {
            return Err(mlua::Error::runtime(format!(
                "more than {MOST_CAPTURES} captures"
            )));
        }
        let before = self.captures.len();
        self.captures.push(capture);
        let found = self.follow(s, p, depth + 1)?;
        if found.is_none() {
            self.captures.truncate(before);
        }
        Ok(found)
    }

    fn close(&mut self, s: usize, p: usize, depth: usize) -> End {
        let Some((index, start)) =
            self.captures
                .iter()
                .enumerate()
                .rev()
                .find_map(|(index, capture)| match capture {
                    Capture::Open(start) => Some((index, *start)),
                    _ => None,
                })
        else {
            return Err(mlua::Error::runtime("invalid pattern capture"));
        };
        self.captures[index] = Capture::Text(start, s);
        let found = self.follow(s, p, depth + 1)?;
        if found.is_none() {
            self.captures.truncate(index + 1);
            self.captures[index] = Capture::Open(start);
        }
        Ok(found)
    }

    fn most(&mut self, s: usize, (p, end): (usize, usize), depth: usize) -> End {
        let mut count = 0;
        while self.single(s + count, p, end) {
            spend(self.fuel, 1)?;
            count += 1;
        }
        loop {
            if let Some(found) = self.attempt(s + count, end + 1, depth)? {
                return Ok(Some(found));
            }
            if count == 0 {
                return Ok(None);
            }
            count -= 1;
        }
    }

    fn least(&mut self, mut s: usize, (p, end): (usize, usize), depth: usize) -> End {
        loop {
            if let Some(found) = self.attempt(s, end + 1, depth)? {
                return Ok(Some(found));
            }
            if !self.single(s, p, end) {
                return Ok(None);
            }
            s += 1;
        }
    }

    fn balanced(&self, s: usize, p: usize) -> End {
        let (Some(&open), Some(&close)) = (self.pattern.get(p), self.pattern.get(p + 1)) else {
            return malformed("missing arguments to '%b'");
        };
        if self.text.get(s) != Some(&open) {
            return Ok(None);
        }
        let mut depth = 1;
        for (index, &byte) in self.text.iter().enumerate().skip(s + 1) {
            spend(self.fuel, 1)?;
            if byte == close {
                depth -= 1;
                if depth == 0 {
                    return Ok(Some(index + 1));
                }
            } else if byte == open {
                depth += 1;
            }
        }
        Ok(None)
    }

    /// `%1`: the text of a capture again.
    fn again(&self, s: usize, digit: u8) -> End {
        let index = usize::from(digit).checked_sub(usize::from(b'1'));
        let Some(Capture::Text(start, end)) = index.and_then(|index| self.captures.get(index))
        else {
            return Err(mlua::Error::runtime("invalid capture index"));
        };
        let wanted = &self.text[*start..*end];
        spend(
            self.fuel,
            i64::try_from(wanted.len() / 16).unwrap_or(i64::MAX),
        )?;
        Ok(self.text[s..].starts_with(wanted).then(|| s + wanted.len()))
    }

    /// Where the class that begins at `p` ends.
    fn class_end(&self, p: usize) -> mlua::Result<usize> {
        match self.pattern.get(p) {
            Some(b'%') if p + 1 >= self.pattern.len() => malformed("ends with '%'"),
            Some(b'%') => Ok(p + 2),
            Some(b'[') => {
                let mut at = p + 1;
                if self.pattern.get(at) == Some(&b'^') {
                    at += 1;
                }
                // A `]` that comes first is itself.
                loop {
                    match self.pattern.get(at) {
                        None => return malformed("missing ']'"),
                        Some(b'%') => at += 2,
                        Some(_) => at += 1,
                    }
                    if self.pattern.get(at) == Some(&b']') {
                        return Ok(at + 1);
                    }
                }
            }
            _ => Ok(p + 1),
        }
    }

    fn single(&self, s: usize, p: usize, end: usize) -> bool {
        let Some(&byte) = self.text.get(s) else {
            return false;
        };
        match self.pattern[p] {
            b'.' => true,
            b'%' => is_class(byte, self.pattern[p + 1]),
            b'[' => self.in_set(byte, p, end),
            literal => literal == byte,
        }
    }

    /// Whether a byte is in the set between `[` at `p` and behind `]` at `end`.
    fn in_set(&self, byte: u8, p: usize, end: usize) -> bool {
        let mut set = &self.pattern[p + 1..end - 1];
        let negated = set.first() == Some(&b'^');
        if negated {
            set = &set[1..];
        }
        let mut found = false;
        while let Some((&first, rest)) = set.split_first() {
            set = match (first, rest) {
                (b'%', [class, rest @ ..]) => {
                    found |= is_class(byte, *class);
                    rest
                }
                (_, [b'-', last, rest @ ..]) => {
                    found |= (first..=*last).contains(&byte);
                    rest
                }
                _ => {
                    found |= first == byte;
                    rest
                }
            };
        }
        found != negated
    }
}

/// Whether a byte is of the class that a letter names; a class in capitals is its opposite, any other letter is itself.
fn is_class(byte: u8, class: u8) -> bool {
    let found = match class.to_ascii_lowercase() {
        b'a' => byte.is_ascii_alphabetic(),
        b'c' => byte.is_ascii_control(),
        b'd' => byte.is_ascii_digit(),
        b'l' => byte.is_ascii_lowercase(),
        b'p' => byte.is_ascii_punctuation(),
        b's' => byte.is_ascii_whitespace() || byte == 0x0b,
        b'u' => byte.is_ascii_uppercase(),
        b'w' => byte.is_ascii_alphanumeric(),
        b'x' => byte.is_ascii_hexdigit(),
        b'z' => byte == 0,
        _ => return class == byte,
    };
    found != class.is_ascii_uppercase()
}
