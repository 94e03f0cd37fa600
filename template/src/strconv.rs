//! Text and numbers as Go's `strconv` and `unicode` packages turn them into each other.

mod float;
mod number;
mod quote;
mod unicode_tables;

pub use float::format_float;
pub(crate) use float::{Layout, append_float};
pub use number::{NumberError, parse_float, parse_int, parse_uint};
pub(crate) use quote::unquote_char;
pub use quote::{can_backquote, quote, quote_rune, quote_rune_to_ascii, quote_to_ascii, unquote};

use unicode_tables::{DIGITS, LETTERS, PRINTABLE};

/// The character that stands for bytes that are not UTF-8.
pub const RUNE_ERROR: char = '\u{fffd}';

/// The first character of a text with the number of bytes it takes: U+FFFD and 1 when they are not UTF-8, as Go decodes them.
/// The text must not be empty (then: U+FFFD and 0).
#[must_use]
pub fn decode_rune(text: &[u8]) -> (char, usize) {
    let Some(&first) = text.first() else {
        return (RUNE_ERROR, 0);
    };
    if first < 0x80 {
        return (char::from(first), 1);
    }
    for length in 2..=4.min(text.len()) {
        if let Ok(valid) = std::str::from_utf8(&text[..length]) {
            if let Some(rune) = valid.chars().next() {
                return (rune, length);
            }
        }
    }
    (RUNE_ERROR, 1)
}

/// The number of characters of a text as Go counts them: each invalid byte is one.
#[must_use]
pub fn rune_count(text: &[u8]) -> usize {
    if text.is_ascii() {
        return text.len();
    }
    if let Ok(valid) = std::str::from_utf8(text) {
        return valid.chars().count();
    }
    let (mut rest, mut count) = (text, 0);
    while !rest.is_empty() {
        rest = &rest[decode_rune(rest).1..];
        count += 1;
    }
    count
}

/// `strconv.IsPrint`: letters, marks, numbers, punctuation, symbols, and the ASCII space.
#[must_use]
pub fn is_print(rune: char) -> bool {
    match rune {
        ' '..='~' => true,
        '\0'..='\u{a0}' => false,
        _ => contains(PRINTABLE, rune),
    }
}

/// `unicode.IsLetter`.
#[must_use]
pub fn is_letter(rune: char) -> bool {
    rune.is_ascii_alphabetic() || (!rune.is_ascii() && contains(LETTERS, rune))
}

/// `unicode.IsDigit`: decimal digits of all scripts.
#[must_use]
pub fn is_digit(rune: char) -> bool {
    rune.is_ascii_digit() || (!rune.is_ascii() && contains(DIGITS, rune))
}

fn contains(table: &[(u32, u32)], rune: char) -> bool {
    let code = u32::from(rune);
    let after = table.partition_point(|&(first, _)| first <= code);
    after > 0 && table[after - 1].1 >= code
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_no_text_are_one_character_each() {
        assert_eq!(decode_rune(b"\xc3\xa9x"), ('é', 2));
        assert_eq!(decode_rune(b"\xc3"), (RUNE_ERROR, 1));
        assert_eq!(
            decode_rune(b"\xed\xa0\x80"),
            (RUNE_ERROR, 1),
            "half a surrogate pair"
        );
        assert_eq!(rune_count(b"a\xff\xc3\xa9"), 3);
    }

    #[test]
    fn classes_of_characters() {
        assert!(is_print('é') && is_print('€') && is_print('😀'));
        assert!(!is_print('\u{a0}') && !is_print('\u{200b}') && !is_print('\n'));
        assert!(is_letter('ß') && is_letter('語') && !is_letter('1') && !is_letter('\u{345}'));
        assert!(is_digit('٣') && !is_digit('Ⅷ') && !is_digit('a'));
    }
}
