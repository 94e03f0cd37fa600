//! Durations as Go writes and reads them: `1h30m0s`, `250ms`.

use std::fmt;

use super::parse::quote;

/// Nanoseconds, at most what 64 bits hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Duration(pub i64);

/// Why a text is no duration. The message is Go's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("time: {what} {}", quote(.value))]
pub struct DurationError {
    what: String,
    value: String,
}

/// The units; micro is written with either of two letters.
const UNITS: [(&str, u64); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];
const LIMIT: u64 = 1 << 63;

impl Duration {
    /// One second.
    pub const SECOND: Self = Self(1_000_000_000);

    /// Reads a duration such as `-1.5h` or `2h45m`.
    ///
    /// # Errors
    /// When the text is none, or beyond what 64 bits of nanoseconds hold.
    pub fn parse(text: &str) -> Result<Self, DurationError> {
        let wrong = |what: &str| DurationError {
            what: what.to_owned(),
            value: text.to_owned(),
        };
        let invalid = || wrong("invalid duration");
        let negative = text.starts_with('-');
        let mut rest = text.strip_prefix(['-', '+']).unwrap_or(text);
        if rest == "0" {
            return Ok(Self(0));
        }
        if rest.is_empty() {
            return Err(invalid());
        }
        let mut sum: u64 = 0;
        while !rest.is_empty() {
            let whole = leading_digits(rest);
            let after = &rest[whole.len()..];
            let fraction = after.strip_prefix('.').map(leading_digits);
            if whole.is_empty() && fraction.is_none_or(str::is_empty) {
                return Err(invalid());
            }
            let consumed = whole.len() + fraction.map_or(0, |digits| 1 + digits.len());
            let after = &rest[consumed..];
            let length = after
                .find(|character: char| character == '.' || character.is_ascii_digit())
                .unwrap_or(after.len());
            if length == 0 {
                return Err(wrong("missing unit in duration"));
            }
            let unit = UNITS
                .iter()
                .find(|(name, _)| *name == &after[..length])
                .ok_or_else(|| {
                    wrong(&format!(
                        "unknown unit {} in duration",
                        quote(&after[..length])
                    ))
                })?
                .1;
            let count: u64 = if whole.is_empty() {
                0
            } else {
                whole.parse().map_err(|_| invalid())?
            };
            let value = count
                .checked_mul(unit)
                .and_then(|value| value.checked_add(share(fraction.unwrap_or(""), unit)))
                .filter(|value| *value <= LIMIT)
                .ok_or_else(invalid)?;
            sum = sum
                .checked_add(value)
                .filter(|sum| *sum <= LIMIT)
                .ok_or_else(invalid)?;
            rest = &after[length..];
        }
        if negative {
            return Ok(Self(0_i64.checked_sub_unsigned(sum).unwrap_or(i64::MIN)));
        }
        i64::try_from(sum).map(Self).map_err(|_| invalid())
    }

    /// Rounded to the nearest multiple of another duration, halves away from zero.
    #[must_use]
    pub fn round(self, to: Self) -> Self {
        if to.0 <= 0 {
            return self;
        }
        let rest = self.0 % to.0;
        let down = self.0 - rest;
        // Twice the rest might overflow.
        if rest.unsigned_abs() < to.0.unsigned_abs() - rest.unsigned_abs() {
            return Self(down);
        }
        let step = if self.0 < 0 { -to.0 } else { to.0 };
        Self(down.saturating_add(step))
    }
}

fn leading_digits(text: &str) -> &str {
    let end = text
        .find(|character: char| !character.is_ascii_digit())
        .unwrap_or(text.len());
    &text[..end]
}

/// The nanoseconds of a fraction of a unit, reckoned in floats as Go does.
fn share(fraction: &str, unit: u64) -> u64 {
    let (mut value, mut scale) = (0_u64, 1.0_f64);
    for digit in fraction.bytes() {
        let Some(next) = value
            .checked_mul(10)
            .and_then(|value| value.checked_add(u64::from(digit - b'0')))
            .filter(|next| *next <= LIMIT)
        else {
            break;
        };
        value = next;
        scale *= 10.0;
    }
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "Go reckons the fraction in floats; it is below one unit"
    )]
    return (value as f64 * (unit as f64 / scale)) as u64;
}

impl fmt::Display for Duration {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let magnitude = self.0.unsigned_abs();
        if self.0 < 0 {
            formatter.write_str("-")?;
        }
        let second = Self::SECOND.0.unsigned_abs();
        if magnitude < second {
            let (unit, name) = match magnitude {
                0 => return formatter.write_str("0s"),
                1..1_000 => (1, "ns"),
                1_000..1_000_000 => (1_000, "µs"),
                _ => (1_000_000, "ms"),
            };
            return write!(formatter, "{}{name}", with_fraction(magnitude, unit));
        }
        let minutes = magnitude / (60 * second);
        if minutes >= 60 {
            write!(formatter, "{}h", minutes / 60)?;
        }
        if minutes > 0 {
            write!(formatter, "{}m", minutes % 60)?;
        }
        write!(
            formatter,
            "{}s",
            with_fraction(magnitude % (60 * second), second)
        )
    }
}

/// A count of units with the digits after the point, zeros at the end left out.
fn with_fraction(value: u64, unit: u64) -> String {
    let digits = unit.ilog10() as usize;
    if value.is_multiple_of(unit) {
        return (value / unit).to_string();
    }
    let fraction = format!("{:0digits$}", value % unit);
    format!("{}.{}", value / unit, fraction.trim_end_matches('0'))
}
