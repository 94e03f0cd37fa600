//! Numbers read from text.

/// Why a text is no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// It is not written as one.
    #[error("invalid syntax")]
    Syntax,
    /// It is one that does not fit.
    #[error("value out of range")]
    Range,
}

/// `strconv.ParseUint(text, base, 64)`. Base 0 takes the base from the prefix (`0x`, `0o`, `0b`, `0`) and allows underscores.
///
/// # Errors
/// When it is no such number, or does not fit.
pub fn parse_uint(text: &[u8], base: u32) -> Result<u64, NumberError> {
    let (radix, digits) = match base {
        0 if text.contains(&b'_') && !underscores_are_well_placed(text) => {
            return Err(NumberError::Syntax);
        }
        0 => split_prefix(text),
        2..=36 => (base, text),
        _ => return Err(NumberError::Syntax),
    };
    let (mut value, mut any, mut overflow) = (0u64, false, false);
    for &digit in digits {
        if digit == b'_' && base == 0 {
            continue;
        }
        let digit = char::from(digit)
            .to_digit(radix)
            .ok_or(NumberError::Syntax)?;
        any = true;
        match value
            .checked_mul(u64::from(radix))
            .and_then(|value| value.checked_add(u64::from(digit)))
        {
            Some(next) => value = next,
            None => overflow = true,
        }
    }
    match (any, overflow) {
        (false, _) => Err(NumberError::Syntax),
        (_, true) => Err(NumberError::Range),
        _ => Ok(value),
    }
}

/// `strconv.ParseInt(text, base, 64)`, see [`parse_uint`].
///
/// # Errors
/// When it is no such number, or does not fit.
pub fn parse_int(text: &[u8], base: u32) -> Result<i64, NumberError> {
    let (negative, digits) = split_sign(text);
    let value = parse_uint(digits, base)?;
    if negative {
        0i64.checked_sub_unsigned(value)
    } else {
        i64::try_from(value).ok()
    }
    .ok_or(NumberError::Range)
}

/// `strconv.ParseFloat(text, 64)`: decimal and hexadecimal floats, `inf`, `infinity` and `nan` in any case.
///
/// # Errors
/// When it is no such number, or too large.
pub fn parse_float(text: &[u8]) -> Result<f64, NumberError> {
    let (negative, rest) = split_sign(text);
    let value = if rest.eq_ignore_ascii_case(b"inf") || rest.eq_ignore_ascii_case(b"infinity") {
        f64::INFINITY
    } else if text.eq_ignore_ascii_case(b"nan") {
        return Ok(f64::NAN);
    } else {
        if rest.contains(&b'_') && !underscores_are_well_placed(rest) {
            return Err(NumberError::Syntax);
        }
        let digits: Vec<u8> = rest.iter().copied().filter(|&byte| byte != b'_').collect();
        if matches!(digits.get(..2), Some(b"0x" | b"0X")) {
            parse_hexadecimal(&digits[2..])?
        } else if rest.contains(&b'_') {
            // Underscores need a base prefix, and of those a float has only 0x.
            return Err(NumberError::Syntax);
        } else {
            parse_decimal(&digits)?
        }
    };
    Ok(if negative { -value } else { value })
}

fn parse_decimal(digits: &[u8]) -> Result<f64, NumberError> {
    let plain = |byte: &u8| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-');
    let text = std::str::from_utf8(digits).map_err(|_| NumberError::Syntax)?;
    if !digits.iter().all(plain)
        || digits
            .first()
            .is_some_and(|byte| matches!(byte, b'+' | b'-'))
    {
        return Err(NumberError::Syntax);
    }
    let value: f64 = text.parse().map_err(|_| NumberError::Syntax)?;
    if value.is_infinite() {
        return Err(NumberError::Range);
    }
    Ok(value)
}

/// The digits after `0x`; the exponent is of two, and must be there.
fn parse_hexadecimal(text: &[u8]) -> Result<f64, NumberError> {
    let end = text
        .iter()
        .position(|byte| matches!(byte, b'p' | b'P'))
        .ok_or(NumberError::Syntax)?;
    let (mut mantissa, mut exponent, mut sticky) = (0u64, 0i64, false);
    let (mut point, mut any) = (false, false);
    for &byte in &text[..end] {
        if byte == b'.' && !point {
            point = true;
            continue;
        }
        let digit = char::from(byte).to_digit(16).ok_or(NumberError::Syntax)?;
        any = true;
        if mantissa >> 60 == 0 {
            mantissa = mantissa << 4 | u64::from(digit);
            exponent -= if point { 4 } else { 0 };
        } else {
            sticky |= digit != 0;
            exponent += if point { 0 } else { 4 };
        }
    }
    let (negative, digits) = split_sign(&text[end + 1..]);
    if !any || digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(NumberError::Syntax);
    }
    let power = digits.iter().fold(0i64, |power, digit| {
        (power * 10 + i64::from(digit - b'0')).min(100_000)
    });
    exponent += if negative { -power } else { power };
    scale(mantissa, sticky, exponent)
}

/// `mantissa × 2^exponent`, rounded to nearest, ties to even; `sticky` says that the mantissa is a little larger.
fn scale(mantissa: u64, sticky: bool, exponent: i64) -> Result<f64, NumberError> {
    if mantissa == 0 {
        return Ok(0.0);
    }
    let zeros = mantissa.leading_zeros();
    let mantissa = mantissa << zeros;
    let leading = exponent - i64::from(zeros) + 63;
    if leading > 1023 {
        return Err(NumberError::Range);
    }
    let keep = if leading >= -1022 {
        53
    } else {
        53 - (-1022 - leading)
    };
    if keep < 0 {
        return Ok(0.0);
    }
    let mantissa = u128::from(mantissa) << 1 | u128::from(sticky);
    let shift = 65 - keep;
    let (mut kept, rest) = (mantissa >> shift, mantissa & ((1 << shift) - 1));
    let half = 1u128 << (shift - 1);
    if rest > half || rest == half && kept & 1 == 1 {
        kept += 1;
    }
    let power = leading - keep + 1;
    let power = if power >= -1022 {
        f64::from_bits(((power + 1023) as u64) << 52)
    } else {
        f64::from_bits(1 << (power + 1074))
    };
    let value = kept as f64 * power;
    if value.is_infinite() {
        return Err(NumberError::Range);
    }
    Ok(value)
}

fn split_sign(text: &[u8]) -> (bool, &[u8]) {
    match text.split_first() {
        Some((b'+', rest)) => (false, rest),
        Some((b'-', rest)) => (true, rest),
        _ => (false, text),
    }
}

/// The base that a prefix says, and the digits after it.
fn split_prefix(text: &[u8]) -> (u32, &[u8]) {
    match text {
        [b'0', b'x' | b'X', rest @ ..] if !rest.is_empty() => (16, rest),
        [b'0', b'o' | b'O', rest @ ..] if !rest.is_empty() => (8, rest),
        [b'0', b'b' | b'B', rest @ ..] if !rest.is_empty() => (2, rest),
        [b'0', rest @ ..] if !rest.is_empty() => (8, rest),
        _ => (10, text),
    }
}

/// Whether underscores stand only between digits, or between a base prefix and a digit, as in Go's literals.
fn underscores_are_well_placed(text: &[u8]) -> bool {
    let (_, text) = split_sign(text);
    let (mut after_digit, mut after_underscore) = (false, false);
    let mut rest = text;
    let mut hexadecimal = false;
    if let [b'0', prefix, tail @ ..] = text {
        if matches!(prefix.to_ascii_lowercase(), b'x' | b'o' | b'b') {
            hexadecimal = prefix.eq_ignore_ascii_case(&b'x');
            after_digit = true;
            rest = tail;
        }
    }
    for &byte in rest {
        let digit = byte.is_ascii_digit() || hexadecimal && byte.is_ascii_hexdigit();
        if byte == b'_' {
            if !after_digit {
                return false;
            }
        } else if after_underscore && !digit {
            return false;
        }
        after_underscore = byte == b'_';
        after_digit = digit;
    }
    !after_underscore
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_as_go() {
        for (text, value) in [
            ("0", Ok(0)),
            ("-0", Ok(0)),
            ("+5", Ok(5)),
            ("0x1F", Ok(31)),
            ("-0b11", Ok(-3)),
            ("0o17", Ok(15)),
            ("017", Ok(15)),
            ("09", Err(NumberError::Syntax)),
            ("1_000", Ok(1000)),
            ("0x_1", Ok(1)),
            ("_1", Err(NumberError::Syntax)),
            ("1__0", Err(NumberError::Syntax)),
            ("1_", Err(NumberError::Syntax)),
            ("0x", Err(NumberError::Syntax)),
            ("", Err(NumberError::Syntax)),
            ("9223372036854775808", Err(NumberError::Range)),
            ("-9223372036854775808", Ok(i64::MIN)),
        ] {
            assert_eq!(parse_int(text.as_bytes(), 0), value, "{text}");
        }
        assert_eq!(parse_int(b"1_0", 10), Err(NumberError::Syntax));
        assert_eq!(parse_int(b"010", 10), Ok(10));
    }

    #[test]
    fn floats_as_go() {
        for (text, value) in [
            ("1.5", Ok(1.5)),
            (".5", Ok(0.5)),
            ("5.", Ok(5.0)),
            ("-1e3", Ok(-1000.0)),
            ("0x1p-2", Ok(0.25)),
            ("0x1.8p1", Ok(3.0)),
            ("0x1.8", Err(NumberError::Syntax)),
            ("0x_1p4", Ok(16.0)),
            ("1_0.5", Err(NumberError::Syntax)),
            ("1e400", Err(NumberError::Range)),
            ("0x1p1024", Err(NumberError::Range)),
            ("0x1p-1074", Ok(f64::from_bits(1))),
            ("0x1p-1075", Ok(0.0)),
            ("0x1.8p-1075", Ok(f64::from_bits(1))),
            ("Inf", Ok(f64::INFINITY)),
            ("-infinity", Ok(f64::NEG_INFINITY)),
            ("e5", Err(NumberError::Syntax)),
            ("1e", Err(NumberError::Syntax)),
            ("", Err(NumberError::Syntax)),
        ] {
            assert_eq!(parse_float(text.as_bytes()), value, "{text}");
        }
        assert!(parse_float(b"NaN").is_ok_and(f64::is_nan));
    }
}
