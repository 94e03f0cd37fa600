//! Durations as Go writes them, which is how specifications state them.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

/// The longest duration that is accepted, 100 years: what is longer is a mistake, and would overflow when added to a time.
const MOST: Duration = Duration::from_secs(100 * 366 * 24 * 3600);

/// Reads `1h30m`, `500ms`, `1.5h`, or a number of seconds.
///
/// # Errors
/// A message that names the text, for what is no duration, is negative, or exceeds 100 years.
pub fn parse(text: &str) -> Result<Duration, String> {
    let invalid = || {
        let shown: String = text.chars().take(40).collect();
        format!(
            "\"{shown}\" is no duration; write for example 30s, 5m, 1h30m, or a number of seconds"
        )
    };
    let total = match text.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => units(text).ok_or_else(invalid)?,
    };
    if total > MOST {
        return Err(format!("\"{text}\" is longer than 100 years"));
    }
    Ok(total)
}

fn units(text: &str) -> Option<Duration> {
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    if rest.is_empty() || rest.len() > 64 {
        return None;
    }
    let mut total = 0.0;
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .filter(|at| *at > 0)?;
        let number: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let unit = rest
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(rest.len());
        total += number
            * match &rest[..unit] {
                "h" => 3600.0,
                "m" => 60.0,
                "s" => 1.0,
                "ms" => 1e-3,
                "us" | "µs" | "μs" => 1e-6,
                "ns" => 1e-9,
                _ => return None,
            };
        rest = &rest[unit..];
    }
    Duration::try_from_secs_f64(total).ok()
}

/// A time that much later; the end of time when there is no such.
#[must_use]
pub fn after(at: DateTime<Utc>, by: Duration) -> DateTime<Utc> {
    TimeDelta::from_std(by)
        .ok()
        .and_then(|by| at.checked_add_signed(by))
        .unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// Writes a duration in whole units, the largest first: `1h30m`, `45s`.
#[must_use]
pub fn show(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if seconds == 0 {
        return format!("{}ms", duration.as_millis());
    }
    let mut text = String::new();
    for (unit, of) in [
        ('h', seconds / 3600),
        ('m', seconds / 60 % 60),
        ('s', seconds % 60),
    ] {
        if of > 0 {
            text.push_str(&format!("{of}{unit}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_gos() {
        for (text, milliseconds) in [
            ("5s", Some(5000)),
            ("1m30s", Some(90_000)),
            ("1.5h", Some(5_400_000)),
            ("500ms", Some(500)),
            ("7", Some(7000)),
            ("0", Some(0)),
            ("", None),
            ("-5s", None),
            ("5 apples", None),
            ("s", None),
            ("1d", None),
            ("1.2.3s", None),
            ("9999999999999999999h", None),
        ] {
            assert_eq!(
                parse(text).ok(),
                milliseconds.map(Duration::from_millis),
                "{text}"
            );
        }
        assert_eq!(show(Duration::from_secs(5400)), "1h30m");
        assert_eq!(show(Duration::from_millis(20)), "20ms");
    }
}
