//! Go's syntax of regular expressions, written anew in that of the `regex` crate.
//!
//! They differ in the classes `\d`, `\s`, `\w` and `\b`, which are ASCII in Go; in `\Q…\E`; in braces that are no repetition; in
//! what brackets may hold; and in what is an error.

/// Depth of groups.
const DEPTH: usize = 200;
/// The highest number in a repetition.
const REPEAT: u32 = 1_000;

/// Translates an expression.
///
/// # Errors
/// Go's complaint: what is wrong and, between backquotes, where.
pub fn translate(expression: &str) -> Result<String, String> {
    let mut translator = Translator {
        whole: expression,
        rest: expression,
        out: String::new(),
        groups: 0,
        last_repeat: None,
        repeatable: false,
        names: Vec::new(),
    };
    while !translator.rest.is_empty() {
        translator.step()?;
    }
    if translator.groups > 0 {
        return Err(complaint("missing closing )", expression));
    }
    Ok(translator.out)
}

fn complaint(what: &str, at: &str) -> String {
    format!("{what}: `{at}`")
}

struct Translator<'a> {
    whole: &'a str,
    rest: &'a str,
    out: String,
    groups: usize,
    /// Where the repetition that was just read began.
    last_repeat: Option<&'a str>,
    /// Whether there is something that can be repeated.
    repeatable: bool,
    names: Vec<&'a str>,
}

/// A class that a letter stands for.
fn letter_class(letter: char) -> Option<&'static str> {
    Some(match letter {
        'd' => "[0-9]",
        'D' => "[^0-9]",
        's' => r"[\t\n\x0C\r ]",
        'S' => r"[^\t\n\x0C\r ]",
        'w' => "[0-9A-Za-z_]",
        'W' => "[^0-9A-Za-z_]",
        _ => return None,
    })
}

impl<'a> Translator<'a> {
    fn step(&mut self) -> Result<(), String> {
        let before = self.rest;
        let Some(first) = before.chars().next() else {
            return Ok(());
        };
        let last_repeat = self.last_repeat.take();
        match first {
            '(' => self.open()?,
            ')' => {
                if self.groups == 0 {
                    return Err(complaint("unexpected )", self.whole));
                }
                self.groups -= 1;
                self.take(1);
                self.out.push(')');
                self.repeatable = true;
            }
            '|' => {
                self.take(1);
                self.out.push('|');
                self.repeatable = false;
            }
            '*' | '+' | '?' => {
                self.take(1);
                self.repeat(before, last_repeat, &before[..1])?;
            }
            '{' => match repetition(before) {
                Some((length, low, high)) => {
                    let text = &before[..length];
                    let too_many =
                        low > REPEAT || high.is_some_and(|high| high > REPEAT || high < low);
                    if too_many {
                        return Err(complaint("invalid repeat count", text));
                    }
                    self.take(length);
                    self.repeat(before, last_repeat, text)?;
                }
                None => self.literal('{'),
            },
            '[' => self.class()?,
            '\\' => self.escape()?,
            '.' | '^' | '$' => {
                self.take(1);
                self.out.push(first);
                self.repeatable = true;
            }
            other => self.literal(other),
        }
        Ok(())
    }

    fn take(&mut self, bytes: usize) {
        self.rest = &self.rest[bytes..];
    }

    fn literal(&mut self, character: char) {
        self.take(character.len_utf8());
        push_literal(&mut self.out, character);
        self.repeatable = true;
    }

    fn repeat(&mut self, before: &'a str, last: Option<&'a str>, text: &str) -> Result<(), String> {
        if !self.repeatable && last.is_none() {
            return Err(complaint("missing argument to repetition operator", text));
        }
        self.out.push_str(text);
        if self.rest.starts_with('?') {
            self.take(1);
            self.out.push('?');
        }
        if let Some(last) = last {
            let consumed = last.len() - self.rest.len();
            return Err(complaint(
                "invalid nested repetition operator",
                &last[..consumed],
            ));
        }
        self.last_repeat = Some(before);
        Ok(())
    }

    /// A group: plain, named, or with flags.
    fn open(&mut self) -> Result<(), String> {
        let text = self.rest;
        let opened = |translator: &mut Self| {
            translator.groups += 1;
            translator.repeatable = false;
            if translator.groups > DEPTH {
                return Err(complaint("expression nests too deeply", translator.whole));
            }
            Ok(())
        };
        let Some(after) = text.strip_prefix("(?") else {
            self.take(1);
            self.out.push('(');
            return opened(self);
        };
        let named = after.strip_prefix("P<").or_else(|| after.strip_prefix('<'));
        if let Some(named) = named {
            let Some(end) = named.find('>') else {
                return Err(complaint("invalid named capture", text));
            };
            let name = &named[..end];
            let consumed = text.len() - named.len() + end + 1;
            let fine = |c: char| c.is_alphanumeric() || c == '_';
            if name.is_empty() || !name.chars().all(fine) {
                return Err(complaint("invalid named capture", &text[..consumed]));
            }
            // A name that comes again names the first group alone.
            let opening = if self.names.contains(&name) {
                "(".to_owned()
            } else {
                format!("(?P<{name}>")
            };
            self.names.push(name);
            self.take(consumed);
            self.out.push_str(&opening);
            return opened(self);
        }
        self.flags(text, after)?;
        if self.out.ends_with(':') {
            return opened(self);
        }
        self.repeatable = false;
        Ok(())
    }

    fn flags(&mut self, text: &'a str, after: &'a str) -> Result<(), String> {
        let (mut negative, mut seen) = (false, false);
        for (at, character) in after.char_indices() {
            let consumed = 2 + at + character.len_utf8();
            match character {
                'i' | 'm' | 's' | 'U' => seen = true,
                '-' if !negative => {
                    negative = true;
                    seen = false;
                }
                ':' | ')' if !negative || seen => {
                    self.out.push_str(&text[..consumed]);
                    if &text[..consumed] == "(?)" {
                        // Nothing is set.
                        self.out.truncate(self.out.len() - 3);
                    }
                    self.take(consumed);
                    return Ok(());
                }
                _ => {
                    return Err(complaint(
                        "invalid or unsupported Perl syntax",
                        &text[..consumed],
                    ));
                }
            }
        }
        Err(complaint("missing closing )", self.whole))
    }

    fn escape(&mut self) -> Result<(), String> {
        let text = self.rest;
        let after = &text[1..];
        let Some(letter) = after.chars().next() else {
            return Err(complaint("trailing backslash at end of expression", ""));
        };
        self.repeatable = true;
        match letter {
            'A' | 'z' => {
                self.take(2);
                self.out.push_str(&text[..2]);
            }
            'b' | 'B' => {
                self.take(2);
                self.out.push_str(&format!("(?-u:\\{letter})"));
            }
            'Q' => {
                let quoted = &after[1..];
                let (inner, end) = match quoted.find("\\E") {
                    Some(at) => (&quoted[..at], at + 2),
                    None => (quoted, quoted.len()),
                };
                inner.chars().for_each(|c| push_literal(&mut self.out, c));
                self.take(2 + end);
            }
            'p' | 'P' => {
                let (class, length) = unicode_class(text)?;
                self.out.push_str(&class);
                self.take(length);
            }
            letter => {
                if let Some(class) = letter_class(letter) {
                    self.take(2);
                    self.out.push_str(class);
                } else {
                    let (character, length) = escaped(text)?;
                    self.take(length);
                    push_literal(&mut self.out, character);
                }
            }
        }
        Ok(())
    }

    /// A class in brackets.
    fn class(&mut self) -> Result<(), String> {
        let whole = self.rest;
        let unclosed = || complaint("missing closing ]", whole);
        let mut rest = &whole[1..];
        let mut out = String::from("[");
        if let Some(after) = rest.strip_prefix('^') {
            out.push('^');
            rest = after;
        }
        let mut first = true;
        loop {
            if rest.is_empty() {
                return Err(unclosed());
            }
            if rest.starts_with(']') && !first {
                break;
            }
            first = false;
            if let Some((class, length)) = named_class(rest)? {
                out.push_str(&class);
                rest = &rest[length..];
                continue;
            }
            let before = rest;
            let (low, length) = class_character(rest).ok_or_else(unclosed)??;
            rest = &rest[length..];
            push_in_class(&mut out, low);
            if rest.starts_with('-') && !rest.starts_with("-]") && rest.len() > 1 {
                let (high, length) = class_character(&rest[1..]).ok_or_else(unclosed)??;
                rest = &rest[1 + length..];
                if high < low {
                    let bad = &before[..before.len() - rest.len()];
                    return Err(complaint("invalid character class range", bad));
                }
                out.push('-');
                push_in_class(&mut out, high);
            }
        }
        out.push(']');
        self.rest = &rest[1..];
        self.out.push_str(&out);
        self.repeatable = true;
        Ok(())
    }
}

/// `{2}`, `{2,}` or `{2,5}` at the beginning of a text: its length and numbers.
fn repetition(text: &str) -> Option<(usize, u32, Option<u32>)> {
    let end = text.find('}')?;
    let inner = &text[1..end];
    let number = |digits: &str| {
        let fine = !digits.is_empty()
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && (digits.len() == 1 || !digits.starts_with('0'));
        fine.then(|| digits.parse().unwrap_or(u32::MAX))
    };
    let (low, high) = match inner.split_once(',') {
        None => {
            let low = number(inner)?;
            (low, Some(low))
        }
        Some((low, "")) => (number(low)?, None),
        Some((low, high)) => (number(low)?, Some(number(high)?)),
    };
    Some((end + 1, low, high))
}

fn push_literal(out: &mut String, character: char) {
    if r"\.+*?()|[]{}^$#&-~".contains(character) {
        out.push('\\');
    }
    out.push(character);
}

fn push_in_class(out: &mut String, character: char) {
    if character.is_ascii_alphanumeric() || !character.is_ascii() {
        out.push(character);
    } else {
        out.push_str(&format!("\\x{:02X}", u32::from(character)));
    }
}

/// `[:alpha:]`, `\d` or `\pL` at the beginning of a text within brackets.
fn named_class(text: &str) -> Result<Option<(String, usize)>, String> {
    if text.starts_with("[:")
        && let Some(end) = text.find(":]")
    {
        const NAMES: [&str; 14] = [
            "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print",
            "punct", "space", "upper", "word", "xdigit",
        ];
        let name = text[2..end].trim_start_matches('^');
        if !NAMES.contains(&name) || end < 2 {
            return Err(complaint("invalid character class range", &text[..end + 2]));
        }
        return Ok(Some((text[..end + 2].to_owned(), end + 2)));
    }
    let Some(after) = text.strip_prefix('\\') else {
        return Ok(None);
    };
    match after.chars().next() {
        Some('p' | 'P') => unicode_class(text).map(Some),
        Some(letter) => Ok(letter_class(letter).map(|class| (class.to_owned(), 2))),
        None => Ok(None),
    }
}

/// One character within brackets, and its length; none at the end of the text.
fn class_character(text: &str) -> Option<Result<(char, usize), String>> {
    let first = text.chars().next()?;
    Some(if first == '\\' {
        if text.len() == 1 {
            Err(complaint("trailing backslash at end of expression", ""))
        } else {
            escaped(text)
        }
    } else {
        Ok((first, first.len_utf8()))
    })
}

/// The character that an escape stands for, and its length.
fn escaped(text: &str) -> Result<(char, usize), String> {
    let mut characters = text[1..].chars();
    let first = characters.next().unwrap_or('\\');
    let length = 1 + first.len_utf8();
    let wrong = |length: usize| {
        complaint(
            "invalid escape sequence",
            text.get(..length).unwrap_or(text),
        )
    };
    let rest = &text[length..];
    match first {
        '1'..='7' if !rest.starts_with(|c: char| c.is_digit(8)) => Err(wrong(2)),
        '0'..='7' => {
            let digits = text[1..]
                .bytes()
                .take(3)
                .take_while(|byte| matches!(byte, b'0'..=b'7'))
                .count();
            let code = u32::from_str_radix(&text[1..=digits], 8).unwrap_or(0);
            Ok((char::from_u32(code).unwrap_or('\0'), 1 + digits))
        }
        'x' => hexadecimal(text).map_err(wrong),
        'a' => Ok(('\u{7}', 2)),
        'f' => Ok(('\u{c}', 2)),
        'n' => Ok(('\n', 2)),
        'r' => Ok(('\r', 2)),
        't' => Ok(('\t', 2)),
        'v' => Ok(('\u{b}', 2)),
        other if other.is_ascii() && !other.is_ascii_alphanumeric() => Ok((other, length)),
        _ => Err(wrong(length)),
    }
}

/// `\x7F` or `\x{10FFFF}`; the error is how far it was read.
fn hexadecimal(text: &str) -> Result<(char, usize), usize> {
    let braced = text[2..].starts_with('{');
    let mut at = if braced { 3 } else { 2 };
    let (mut code, mut count) = (0, 0);
    while let Some(character) = text[at..].chars().next() {
        at += character.len_utf8();
        if braced && character == '}' && count > 0 {
            break;
        }
        code = code * 16 + character.to_digit(16).ok_or(at)?;
        count += 1;
        if code > 0x0010_ffff {
            return Err(at);
        }
        if !braced && count == 2 {
            break;
        }
    }
    let complete = if braced {
        text[..at].ends_with('}')
    } else {
        count == 2
    };
    if !complete {
        return Err(at);
    }
    char::from_u32(code)
        .map(|character| (character, at))
        .ok_or(at)
}

/// `\pL`, `\p{Greek}`, `\P{^Lu}`: the class and its length.
fn unicode_class(text: &str) -> Result<(String, usize), String> {
    let after = &text[2..];
    let unclosed = || complaint("invalid character class range", text);
    let (name, length) = match after.strip_prefix('{') {
        Some(inner) => {
            let end = inner.find('}').ok_or_else(unclosed)?;
            (&inner[..end], 2 + end + 2)
        }
        None => {
            let one = after.chars().next().ok_or_else(unclosed)?;
            (&after[..one.len_utf8()], 2 + one.len_utf8())
        }
    };
    let (name, inverted) = match name.strip_prefix('^') {
        Some(name) => (name, true),
        None => (name, false),
    };
    let negative = text.starts_with("\\P") != inverted;
    let class = format!("\\{}{{{name}}}", if negative { 'P' } else { 'p' });
    let known =
        regex::Regex::new(&class).is_ok() && name.starts_with(|c: char| c.is_ascii_uppercase());
    if !known {
        return Err(complaint("invalid character class range", &text[..length]));
    }
    Ok((class, length))
}
