//! Quoted Go strings and characters.

use super::{decode_rune, is_print};

/// `strconv.Quote`: a double-quoted Go string.
#[must_use]
pub fn quote(text: &[u8]) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    quote_into(&mut out, text, '"', false);
    out
}

/// `strconv.QuoteToASCII`.
#[must_use]
pub fn quote_to_ascii(text: &[u8]) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    quote_into(&mut out, text, '"', true);
    out
}

/// `strconv.QuoteRune`.
#[must_use]
pub fn quote_rune(rune: char) -> String {
    let mut buffer = [0; 4];
    let mut out = String::new();
    quote_into(
        &mut out,
        rune.encode_utf8(&mut buffer).as_bytes(),
        '\'',
        false,
    );
    out
}

/// `strconv.QuoteRuneToASCII`.
#[must_use]
pub fn quote_rune_to_ascii(rune: char) -> String {
    let mut buffer = [0; 4];
    let mut out = String::new();
    quote_into(
        &mut out,
        rune.encode_utf8(&mut buffer).as_bytes(),
        '\'',
        true,
    );
    out
}

/// `strconv.CanBackquote`: whether the text can stand between backquotes, on one line and without control characters.
#[must_use]
pub fn can_backquote(text: &[u8]) -> bool {
    std::str::from_utf8(text).is_ok_and(|text| {
        text.chars().all(|rune| match rune {
            '\t' => true,
            '\0'..='\u{1f}' | '`' | '\u{7f}' | '\u{feff}' => false,
            _ => true,
        })
    })
}

fn quote_into(out: &mut String, mut text: &[u8], mark: char, ascii: bool) {
    // Most texts stay as they are.
    let as_it_is =
        |byte: &u8| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\'' | b'\\' | b'`');
    out.reserve(text.len() + 2);
    out.push(mark);
    while let Some(&first) = text.first() {
        let usual = text.iter().take_while(|byte| as_it_is(byte)).count();
        if usual > 0 {
            out.push_str(&String::from_utf8_lossy(&text[..usual]));
            text = &text[usual..];
            continue;
        }
        let (rune, width) = decode_rune(text);
        text = &text[width..];
        if first >= 0x80 && width == 1 {
            out.push_str(&format!("\\x{first:02x}"));
        } else {
            escape_into(out, rune, mark, ascii);
        }
    }
    out.push(mark);
}

fn escape_into(out: &mut String, rune: char, mark: char, ascii: bool) {
    if rune == mark || rune == '\\' {
        out.push('\\');
        out.push(rune);
    } else if is_print(rune) && (rune.is_ascii() || !ascii) {
        out.push(rune);
    } else {
        match rune {
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{b}' => out.push_str("\\v"),
            '\0'..='\u{1f}' | '\u{7f}' => out.push_str(&format!("\\x{:02x}", u32::from(rune))),
            '\0'..='\u{ffff}' => out.push_str(&format!("\\u{:04x}", u32::from(rune))),
            _ => out.push_str(&format!("\\U{:08x}", u32::from(rune))),
        }
    }
}

/// `strconv.Unquote`: what a Go string in double quotes or backquotes means (a character in single quotes gives that
/// character). `None` is Go's "invalid syntax".
#[must_use]
pub fn unquote(quoted: &[u8]) -> Option<Vec<u8>> {
    let (&mark, rest) = quoted.split_first()?;
    let (&last, inner) = rest.split_last()?;
    if last != mark {
        return None;
    }
    match mark {
        b'`' if inner.contains(&b'`') => None,
        b'`' => Some(
            inner
                .iter()
                .copied()
                .filter(|&byte| byte != b'\r')
                .collect(),
        ),
        b'"' if inner.iter().all(is_plain) => Some(inner.to_vec()),
        b'"' | b'\'' => unquote_inner(inner, mark),
        _ => None,
    }
}

/// Whether a byte between double quotes means itself.
fn is_plain(byte: &u8) -> bool {
    matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\')
}

fn unquote_inner(mut inner: &[u8], mark: u8) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(inner.len());
    let mut count = 0;
    while let Some(&first) = inner.first() {
        if first == b'\n' {
            return None;
        }
        if first >= 0x80 {
            // Invalid bytes become U+FFFD, as Go makes of them in a quoted string.
            let (rune, width) = decode_rune(inner);
            out.extend_from_slice(rune.encode_utf8(&mut [0; 4]).as_bytes());
            inner = &inner[width..];
        } else {
            let (code, is_rune, tail) = unquote_char(inner, mark)?;
            if is_rune {
                let rune = char::from_u32(code)?;
                out.extend_from_slice(rune.encode_utf8(&mut [0; 4]).as_bytes());
            } else if mark == b'\'' {
                // An escaped byte as a character is the character of that code.
                let rune = char::from_u32(code)?;
                out.extend_from_slice(rune.encode_utf8(&mut [0; 4]).as_bytes());
            } else {
                out.push(u8::try_from(code).ok()?);
            }
            inner = tail;
        }
        count += 1;
    }
    (mark == b'"' || count == 1).then_some(out)
}

/// `strconv.UnquoteChar`: the first character or escape of a text between quotes: its code, whether it is a character beyond
/// one byte (and not a byte given as `\x` or octal), and the rest. `None` is Go's "invalid syntax".
pub(crate) fn unquote_char(text: &[u8], mark: u8) -> Option<(u32, bool, &[u8])> {
    let (&first, rest) = text.split_first()?;
    if first == mark && (mark == b'\'' || mark == b'"') {
        return None;
    }
    if first >= 0x80 {
        let (rune, width) = decode_rune(text);
        return Some((u32::from(rune), true, &text[width..]));
    }
    if first != b'\\' {
        return Some((u32::from(first), false, rest));
    }
    let (&escape, rest) = rest.split_first()?;
    let code = match escape {
        b'a' => 7,
        b'b' => 8,
        b'f' => 12,
        b'n' => 10,
        b'r' => 13,
        b't' => 9,
        b'v' => 11,
        b'\\' => 92,
        b'\'' | b'"' if escape == mark => u32::from(escape),
        b'x' => return digits(rest, 2, 16).map(|(code, tail)| (code, false, tail)),
        b'u' | b'U' => {
            let (code, tail) = digits(rest, if escape == b'u' { 4 } else { 8 }, 16)?;
            char::from_u32(code)?;
            return Some((code, true, tail));
        }
        b'0'..=b'7' => {
            let (low, tail) = digits(rest, 2, 8)?;
            let code = u32::from(escape - b'0') * 64 + low;
            return (code <= 255).then_some((code, false, tail));
        }
        _ => return None,
    };
    Some((code, false, rest))
}

fn digits(text: &[u8], count: usize, radix: u32) -> Option<(u32, &[u8])> {
    let (digits, tail) = text.split_at_checked(count)?;
    let mut code = 0u32;
    for &digit in digits {
        code = code.checked_mul(radix)? + char::from(digit).to_digit(radix)?;
    }
    Some((code, tail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_as_go() {
        for (text, quoted) in [
            (&b"a\"b\\"[..], r#""a\"b\\""#),
            (
                b"\x07\x08\x0c\n\r\t\x0b\x00\x7f",
                r#""\a\b\f\n\r\t\v\x00\x7f""#,
            ),
            (
                "é\u{a0}\u{1f600}\u{e000}".as_bytes(),
                "\"é\\u00a0😀\\ue000\"",
            ),
            (b"\xffx\xc3", r#""\xffx\xc3""#),
        ] {
            assert_eq!(quote(text), quoted);
        }
        assert_eq!(quote_to_ascii("é😀".as_bytes()), r#""\u00e9\U0001f600""#);
        assert_eq!(quote_rune('\''), r"'\''");
        assert_eq!(quote_rune('"'), "'\"'");
    }

    #[test]
    fn unquotes_as_go() {
        for (quoted, text) in [
            (&br#""a\x41\101\u00e9\U0001F600\'""#[..], None),
            (
                br#""a\x41\101\u00e9\U0001F600\"""#,
                Some("aAAé😀\"".as_bytes()),
            ),
            (br#""\xff""#, Some(b"\xff")),
            (b"`a\r\nb`", Some(b"a\nb")),
            (b"`a`b`", None),
            (b"\"a\nb\"", None),
            (br#""\400""#, None),
            (br#""\ud800""#, None),
            (br"'a'", Some(b"a")),
            (br"'ab'", None),
            (b"\"", None),
            (b"", None),
        ] {
            assert_eq!(
                unquote(quoted).as_deref(),
                text,
                "{}",
                quoted.escape_ascii()
            );
        }
    }
}
