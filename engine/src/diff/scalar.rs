//! Whether two scalars are the same to the API server, although they may be written differently.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::shape::Text;
use crate::quantity;

/// Longest text that is read as JSON in order to compare it, in bytes.
const MAX_JSON: usize = 256 * 1024;

/// Whether two values are the same, read in the way of their place.
pub(crate) fn same(a: &Value, b: &Value, text: Text) -> bool {
    if a == b {
        return true;
    }
    match (a, b) {
        (Value::Number(a), Value::Number(b)) if text != Text::Quantity => {
            match (a.as_i64(), b.as_i64()) {
                (Some(a), Some(b)) => a == b,
                _ => a.as_f64() == b.as_f64(),
            }
        }
        (Value::String(a), Value::String(b)) => same_text(a, b, text),
        (Value::Number(_) | Value::String(_), Value::Number(_) | Value::String(_)) => {
            let (a, b) = (super::path::plain(a), super::path::plain(b));
            a == b || same_text(&a, &b, text)
        }
        // An entry of a Secret that says nothing is an empty one.
        (Value::Null, Value::String(text_of)) | (Value::String(text_of), Value::Null)
            if text == Text::Base64 =>
        {
            text_of.is_empty()
        }
        _ => false,
    }
}

fn same_text(a: &str, b: &str, text: Text) -> bool {
    match text {
        Text::Exact => false,
        Text::Quantity => {
            matches!((quantity::nanos(a), quantity::nanos(b)), (Some(a), Some(b)) if a == b)
        }
        Text::Duration => matches!((duration(a), duration(b)), (Some(a), Some(b)) if a == b),
        Text::Base64 | Text::CaBundle => match (decode(a), decode(b)) {
            (Some(a), Some(b)) => a == b,
            _ => false,
        },
        Text::Json => same_json(a, b),
    }
}

/// The bytes of base64; white space in it has no meaning.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    if text.bytes().any(|byte| byte.is_ascii_whitespace()) {
        let dense: String = text.split_ascii_whitespace().collect();
        return STANDARD.decode(dense).ok();
    }
    STANDARD.decode(text).ok()
}

/// Base64 of bytes, as the API server writes it.
pub(crate) fn encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Whether a bundle of certificates is only the place for one: empty, or white space, or what no base64 is.
pub(crate) fn is_placeholder(bundle: &Value) -> bool {
    match bundle {
        Value::Null => true,
        Value::String(text) => {
            text.trim().is_empty()
                || decode(text).is_some_and(|bytes| bytes.iter().all(u8::is_ascii_whitespace))
        }
        _ => false,
    }
}

/// Go's durations (`1h30m`, `1.5s`), in nanoseconds.
fn duration(text: &str) -> Option<i128> {
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(0);
    }
    let mut total: i128 = 0;
    if rest.is_empty() || rest.len() > 64 {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest
            .find(|character: char| !character.is_ascii_digit() && character != '.')
            .unwrap_or(rest.len());
        let (number, after) = rest.split_at(digits);
        let unit = after
            .find(|character: char| character.is_ascii_digit() || character == '.')
            .unwrap_or(after.len());
        let (unit, after) = after.split_at(unit);
        let scale: i128 = match unit {
            "ns" => 1,
            "us" | "µs" | "μs" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            _ => return None,
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if (whole.is_empty() && fraction.is_empty()) || whole.len() > 18 || fraction.len() > 12 {
            return None;
        }
        if !whole.is_empty() {
            total = total.checked_add(whole.parse::<i128>().ok()?.checked_mul(scale)?)?;
        }
        if !fraction.is_empty() {
            let denominator = 10_i128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
            total += fraction.parse::<i128>().ok()?.checked_mul(scale)? / denominator;
        }
        rest = after;
    }
    Some(if negative { -total } else { total })
}

fn same_json(a: &str, b: &str) -> bool {
    if a.len() > MAX_JSON || b.len() > MAX_JSON {
        return false;
    }
    let (Ok(mut a), Ok(mut b)) = (
        serde_json::from_str::<Value>(a),
        serde_json::from_str::<Value>(b),
    ) else {
        return false;
    };
    sort_lists(&mut a);
    sort_lists(&mut b);
    a == b
}

fn sort_lists(value: &mut Value) {
    match value {
        Value::Array(items) => {
            items.iter_mut().for_each(sort_lists);
            items.sort_by_cached_key(Value::to_string);
        }
        Value::Object(map) => map.values_mut().for_each(sort_lists),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn scalars_as_the_server_reads_them() {
        for (a, b, text, expected) in [
            (json!(1), json!(1.0), Text::Exact, true),
            (json!(80), json!("80"), Text::Exact, true),
            (json!("1000m"), json!("1"), Text::Exact, false),
            (json!("1000m"), json!("1"), Text::Quantity, true),
            (json!("1e3"), json!("1k"), Text::Quantity, true),
            (json!(1), json!("1000m"), Text::Quantity, true),
            (json!(0.5), json!("500m"), Text::Quantity, true),
            (json!("x"), json!("y"), Text::Quantity, false),
            (json!("60s"), json!("1m0s"), Text::Duration, true),
            (json!("1.5h"), json!("90m"), Text::Duration, true),
            (json!("-1s"), json!("1s"), Text::Duration, false),
            (json!("1x"), json!("1m"), Text::Duration, false),
            (json!("aGVs\nbG8=\n"), json!("aGVsbG8="), Text::Base64, true),
            (json!("aGVsbG8="), json!("aGVsbG9="), Text::Base64, false),
            (json!(null), json!(""), Text::Base64, true),
            (json!("!"), json!("?"), Text::Base64, false),
            (
                json!("[1,{\"a\":1}]"),
                json!("[{\"a\": 1}, 1]"),
                Text::Json,
                true,
            ),
            (json!("[1]"), json!("[2]"), Text::Json, false),
            (json!(true), json!("true"), Text::Exact, false),
        ] {
            assert_eq!(same(&a, &b, text), expected, "{a} and {b}");
            assert_eq!(same(&b, &a, text), expected, "{b} and {a}");
        }
    }

    #[test]
    fn placeholders() {
        for (text, expected) in [
            ("", true),
            ("Cg==", true),
            ("\n", true),
            ("aGVsbG8=", false),
            ("?", false),
        ] {
            assert_eq!(is_placeholder(&json!(text)), expected, "{text}");
        }
    }
}
