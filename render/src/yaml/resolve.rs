//! What go-yaml takes a plain scalar for. The writer asks, to know which texts have to be quoted.

use crate::go_time;

/// Which of Go's two YAML libraries decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// go-yaml 2: YAML 1.1 booleans.
    Two,
    /// go-yaml 3.
    Three,
}

/// What a plain scalar is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `null`, `~`, nothing.
    Null,
    /// A boolean.
    Bool,
    /// A whole number.
    Int,
    /// Another number.
    Float,
    /// A point in time.
    Timestamp,
    /// Anything else.
    Text,
}

const NULLS: [&str; 5] = ["", "~", "null", "Null", "NULL"];
const BOOLS: [&str; 6] = ["true", "True", "TRUE", "false", "False", "FALSE"];
const OLD_BOOLS: [&str; 16] = [
    "y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "n", "N", "no", "No", "NO", "off", "Off",
    "OFF",
];
const NAMED_FLOATS: [&str; 12] = [
    ".nan", ".NaN", ".NAN", ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf",
    "-.INF",
];
/// The forms of a point in time, as Go's layouts.
const TIMESTAMPS: [&str; 4] = [
    "2006-1-2T15:4:5.999999999Z07:00",
    "2006-1-2t15:4:5.999999999Z07:00",
    "2006-1-2 15:4:5.999999999",
    "2006-1-2",
];

/// What a plain scalar is taken for.
#[must_use]
pub fn kind_of(text: &str, dialect: Dialect) -> Kind {
    if NULLS.contains(&text) {
        return Kind::Null;
    }
    if BOOLS.contains(&text) || dialect == Dialect::Two && is_old_bool(text) {
        return Kind::Bool;
    }
    if NAMED_FLOATS.contains(&text) {
        return Kind::Float;
    }
    match text.as_bytes()[0] {
        b'.' if is_float(text) => Kind::Float,
        b'0'..=b'9' | b'+' | b'-' => number(text),
        _ => Kind::Text,
    }
}

fn number(text: &str) -> Kind {
    if is_timestamp(text) {
        return Kind::Timestamp;
    }
    let digits = text.replace('_', "");
    if is_integer(&digits) {
        Kind::Int
    } else if is_float(&digits) {
        Kind::Float
    } else {
        Kind::Text
    }
}

/// Whether a text is a boolean of YAML 1.1 that later versions dropped.
#[must_use]
pub fn is_old_bool(text: &str) -> bool {
    OLD_BOOLS.contains(&text)
}

/// Whether a text is a number of base 60, such as `190:20:30`.
#[must_use]
pub fn is_base60(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let filler = |text: &str| {
        text.bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'_')
    };
    let mut parts = whole.split(':');
    let first = parts.next().unwrap_or_default();
    let mut count = 0;
    let rest = parts.all(|part| {
        count += 1;
        let bytes = part.as_bytes();
        match bytes {
            [one] => one.is_ascii_digit(),
            [b'0'..=b'5', two] => two.is_ascii_digit(),
            _ => false,
        }
    });
    first.starts_with(|c: char| c.is_ascii_digit())
        && filler(first)
        && filler(fraction)
        && rest
        && count > 0
}

/// Whether Go reads a text as a whole number of at most 64 bits: decimal, `0x`, `0b`, `0o` or the octal of a leading zero.
fn is_integer(text: &str) -> bool {
    let (negative, magnitude) = match text.as_bytes() {
        [b'-', ..] => (true, &text[1..]),
        [b'+', ..] => (false, &text[1..]),
        _ => (false, text),
    };
    let lower = magnitude.to_ascii_lowercase();
    let (radix, digits) = if let Some(digits) = lower.strip_prefix("0x") {
        (16, digits)
    } else if let Some(digits) = lower.strip_prefix("0b") {
        (2, digits)
    } else if let Some(digits) = lower.strip_prefix("0o") {
        (8, digits)
    } else if lower.len() > 1 && lower.starts_with('0') {
        (8, &lower[1..])
    } else {
        (10, lower.as_str())
    };
    if digits.starts_with(['+', '-']) {
        return false;
    }
    match u64::from_str_radix(digits, radix) {
        Ok(value) if negative => value <= 1 << 63,
        // An explicit plus is read by the signed parser alone.
        Ok(value) if text.starts_with('+') => value < 1 << 63,
        Ok(_) => true,
        Err(_) => false,
    }
}

/// Whether Go reads a text as a float that fits into 64 bits.
fn is_float(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => (&unsigned[..at], Some(&unsigned[at + 1..])),
        None => (unsigned, None),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let mantissa_fits = if whole.is_empty() {
        fraction.is_some_and(|fraction| !fraction.is_empty() && digits(fraction))
    } else {
        digits(whole) && fraction.is_none_or(digits)
    };
    mantissa_fits
        && exponent.is_none_or(|exponent| {
            let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            !exponent.is_empty() && digits(exponent)
        })
        && text.parse::<f64>().is_ok_and(f64::is_finite)
}

fn is_timestamp(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() > 4
        && bytes[..4].iter().all(u8::is_ascii_digit)
        && bytes[4] == b'-'
        && TIMESTAMPS
            .iter()
            .any(|layout| go_time::parse(layout, text, &go_time::Zone::utc()).is_ok())
}
