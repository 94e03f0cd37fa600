//! Floats as Go prints them: the shortest digits that read back to the same number.

/// Go's `strconv` format `g` with the shortest digits, which `%v` uses: `1e+06`, `0.1`, `1.5e-07`.
/// Infinities and not-a-number are `+Inf`, `-Inf`, `NaN`.
#[must_use]
pub fn shortest(number: f64) -> String {
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let (digits, exponent) = scientific(number);
    if number != 0.0 && !(-4..6).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{digits}e{sign}{:02}", exponent.abs());
    }
    format!("{number}")
}

/// The form of `encoding/json`: an exponent below `1e-6` and from `1e21` on; none for what JSON cannot hold.
#[must_use]
pub fn json(number: f64) -> Option<String> {
    if !number.is_finite() {
        return None;
    }
    let magnitude = number.abs();
    if magnitude != 0.0 && !(1e-6..1e21).contains(&magnitude) {
        let (digits, exponent) = scientific(number);
        let sign = if exponent < 0 { '-' } else { '+' };
        return Some(format!("{digits}e{sign}{}", exponent.abs()));
    }
    Some(format!("{number}"))
}

/// The shortest digits with one before the point, and the power of ten.
fn scientific(number: f64) -> (String, i32) {
    let text = format!("{number:e}");
    match text.split_once('e') {
        Some((digits, exponent)) => (digits.to_owned(), exponent.parse().unwrap_or(0)),
        None => (text, 0),
    }
}
