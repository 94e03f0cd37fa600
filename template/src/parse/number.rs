//! Numeric constants: a value under every type that can hold it, as Go's untyped constants.

use crate::lex::TokenKind;
use crate::node::Number;
use crate::strconv::{self, parse_float, parse_int, parse_uint, quote};

/// Reads a number, a character or a complex constant; the error is Go's text.
pub(super) fn read(text: &[u8], kind: TokenKind) -> Result<Number, String> {
    match kind {
        TokenKind::CharConstant => character(text),
        TokenKind::Complex => complex(text),
        _ => match text.split_last() {
            Some((b'i', digits)) => match parse_float(digits) {
                Ok(imaginary) => Ok(simplified(text, 0.0, imaginary)),
                Err(_) => plain(text),
            },
            _ => plain(text),
        },
    }
}

fn empty(text: &[u8]) -> Number {
    Number {
        text: Box::from(String::from_utf8_lossy(text)),
        ..Number::default()
    }
}

fn character(text: &[u8]) -> Result<Number, String> {
    let (mark, inner) = text.split_first().ok_or("invalid syntax")?;
    let (code, _, tail) = strconv::unquote_char(inner, *mark).ok_or("invalid syntax")?;
    if tail != b"'" {
        return Err(format!(
            "malformed character constant: {}",
            String::from_utf8_lossy(text)
        ));
    }
    Ok(Number {
        int: Some(i64::from(code)),
        uint: Some(u64::from(code)),
        float: Some(f64::from(code)),
        ..empty(text)
    })
}

fn complex(text: &[u8]) -> Result<Number, String> {
    // The sign of the imaginary part is the last one that follows a digit, and not the letter of an exponent.
    let hexadecimal = text.iter().any(|byte| matches!(byte, b'x' | b'X'));
    let split = (1..text.len()).rev().find(|&index| {
        matches!(text[index], b'+' | b'-')
            && !matches!(text[index - 1], b'p' | b'P')
            && (hexadecimal || !matches!(text[index - 1], b'e' | b'E'))
    });
    let parts = split.and_then(|split| {
        let (real, imaginary) = text.split_at(split);
        Some((real, imaginary.strip_suffix(b"i")?))
    });
    let (real, imaginary) = parts.ok_or("syntax error scanning complex number")?;
    let part = |text: &[u8]| {
        parse_float(text)
            .map_err(|error| format!("strconv.ParseFloat: parsing {}: {error}", quote(text)))
    };
    Ok(simplified(text, part(real)?, part(imaginary)?))
}

/// A complex number is also a real one when its imaginary part is zero.
fn simplified(text: &[u8], real: f64, imaginary: f64) -> Number {
    let mut number = Number {
        complex: Some((real, imaginary)),
        ..empty(text)
    };
    if imaginary == 0.0 {
        number.float = Some(real);
        number.int = whole(real);
        number.uint = whole_unsigned(real);
    }
    number
}

fn plain(text: &[u8]) -> Result<Number, String> {
    let mut number = empty(text);
    number.uint = parse_uint(text, 0).ok();
    number.int = parse_int(text, 0).ok();
    if number.int == Some(0) {
        // Also -0.
        number.uint = Some(0);
    }
    if let Some(value) = number.int {
        number.float = Some(value as f64);
    } else if let Some(value) = number.uint {
        number.float = Some(value as f64);
    } else if let Ok(value) = parse_float(text) {
        if !text.iter().any(|byte| b".eEpP".contains(byte)) {
            return Err(format!("integer overflow: {}", quote(text)));
        }
        number.float = Some(value);
        number.int = whole(value);
        number.uint = whole_unsigned(value);
    }
    if number.int.is_none() && number.uint.is_none() && number.float.is_none() {
        return Err(format!("illegal number syntax: {}", quote(text)));
    }
    Ok(number)
}

/// The integer that a float is, if it is one.
fn whole(value: f64) -> Option<i64> {
    (value.trunc() == value
        && (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&value))
    .then_some(value as i64)
}

fn whole_unsigned(value: f64) -> Option<u64> {
    (value.trunc() == value && (0.0..18_446_744_073_709_551_616.0).contains(&value))
        .then_some(value as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<(Option<i64>, Option<f64>), String> {
        read(text.as_bytes(), TokenKind::Number).map(|number| (number.int, number.float))
    }

    #[test]
    fn numbers_hold_every_type_that_can() {
        assert_eq!(of("0x10"), Ok((Some(16), Some(16.0))));
        assert_eq!(of("1e3"), Ok((Some(1000), Some(1000.0))));
        assert_eq!(of("1.5"), Ok((None, Some(1.5))));
        assert_eq!(of("18446744073709551615").map(|(int, _)| int), Ok(None));
        assert_eq!(
            of("18446744073709551616"),
            Err("integer overflow: \"18446744073709551616\"".to_owned())
        );
        assert_eq!(of("089"), Err("integer overflow: \"089\"".to_owned()));
        assert_eq!(of("0x"), Err("illegal number syntax: \"0x\"".to_owned()));
        let rune = read("'\\n'".as_bytes(), TokenKind::CharConstant).map(|number| number.int);
        assert_eq!(rune, Ok(Some(10)));
        let complex = read(b"1e+2-2i", TokenKind::Complex).map(|number| number.complex);
        assert_eq!(complex, Ok(Some((100.0, -2.0))));
    }
}
