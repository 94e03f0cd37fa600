//! Conversions to numbers, as the library behind Sprig makes them: what cannot be converted is 0.

use tiphys_template::{Text, Underlying, Value, strconv};

/// An `int64` of anything.
pub fn int64(value: &Value) -> i64 {
    match value {
        Value::Bool(value) => i64::from(*value),
        Value::Float64(number) => truncated(*number),
        #[expect(clippy::cast_possible_wrap, reason = "Go wraps")]
        Value::Uint(number) | Value::Uint64(number) => *number as i64,
        Value::String(text) => text
            .as_str()
            .and_then(|text| parse_int(without_zero_fraction(text), 0).ok())
            .unwrap_or(0),
        Value::Object(object) => match object.underlying() {
            Underlying::Value(value) if is_calendar(&object.go_type().to_string()) => int64(&value),
            _ => 0,
        },
        other => other.as_integer().unwrap_or(0),
    }
}

/// The named integers that the library knows.
fn is_calendar(name: &str) -> bool {
    matches!(name, "time.Month" | "time.Weekday")
}

/// A `float64` of anything.
pub fn float64(value: &Value) -> f64 {
    match value {
        Value::Float64(number) => *number,
        #[expect(clippy::cast_precision_loss, reason = "Go rounds, too")]
        Value::Uint(number) | Value::Uint64(number) => *number as f64,
        Value::String(text) => strconv::parse_float(text).unwrap_or(0.0),
        #[expect(clippy::cast_precision_loss, reason = "Go rounds, too")]
        other => int64(other) as f64,
    }
}

/// Go's conversion of a float to an integer on the usual machines: what does not fit is the least integer.
#[expect(clippy::cast_possible_truncation, reason = "checked before")]
pub fn truncated(number: f64) -> i64 {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if (-LIMIT..LIMIT).contains(&number) {
        number as i64
    } else {
        i64::MIN
    }
}

/// `3.0` and `3.00` without the fraction.
fn without_zero_fraction(text: &str) -> &str {
    let stripped = text.trim_end_matches('0');
    match stripped.strip_suffix('.') {
        Some(whole) if stripped.len() < text.len() => whole,
        _ => text,
    }
}

/// Why a text is no integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntError {
    /// It is none.
    Syntax,
    /// It does not fit; this is the nearest that does.
    Range(i64),
}

/// Go's `strconv.ParseInt`; base 0 takes the base from a prefix and allows underscores between digits.
pub fn parse_int(text: &str, base: u32) -> Result<i64, IntError> {
    let negative = text.starts_with('-');
    let magnitude = text.strip_prefix(['-', '+']).unwrap_or(text);
    let lower = magnitude.to_ascii_lowercase();
    let (radix, digits, prefixed) = if base != 0 {
        (base, lower.as_str(), false)
    } else if let Some(digits) = lower.strip_prefix("0x") {
        (16, digits, true)
    } else if let Some(digits) = lower.strip_prefix("0b") {
        (2, digits, true)
    } else if let Some(digits) = lower.strip_prefix("0o") {
        (8, digits, true)
    } else if lower.len() > 1 && lower.starts_with('0') {
        (8, &lower[1..], true)
    } else {
        (10, lower.as_str(), false)
    };
    let mut plain = digits.to_owned();
    if base == 0 && digits.contains('_') {
        let misplaced =
            digits.ends_with('_') || digits.contains("__") || digits.starts_with('_') && !prefixed;
        if misplaced {
            return Err(IntError::Syntax);
        }
        plain = digits.replace('_', "");
    }
    if plain.is_empty() || !plain.chars().all(|digit| digit.is_digit(radix)) {
        return Err(IntError::Syntax);
    }
    let nearest = if negative { i64::MIN } else { i64::MAX };
    let number = u64::from_str_radix(&plain, radix).map_err(|_| IntError::Range(nearest))?;
    let number = if negative {
        0_i64.checked_sub_unsigned(number)
    } else {
        i64::try_from(number).ok()
    };
    number.ok_or(IntError::Range(nearest))
}

/// Go's `strconv.Atoi` with the error dropped: what does not fit is the nearest that does.
pub fn atoi(text: &Text) -> i64 {
    match text.as_str().map(|text| parse_int(text, 10)) {
        Some(Ok(number) | Err(IntError::Range(number))) => number,
        _ => 0,
    }
}
