//! What a scalar stands for. The rules are those of go-yaml 2, which `sigs.k8s.io/yaml` builds on.

use saphyr_parser::Tag;
use serde_json::{Number, Value};

/// The value of a scalar. Quoted and block scalars are text; plain ones are resolved unless a tag says what they are.
pub fn resolve(text: &str, plain: bool, tag: Option<&Tag>) -> Result<Value, String> {
    match tag
        .filter(|tag| tag.is_yaml_core_schema())
        .map(|tag| tag.suffix.as_str())
    {
        Some("str") => Ok(Value::String(text.to_owned())),
        // Kubernetes keeps binary data in base64 itself; the decoded text is what Go sees.
        Some("binary") => {
            Err("!!binary is not supported: write the base64 text as a string".to_owned())
        }
        Some(kind @ ("int" | "float" | "bool" | "null")) => {
            let value = implicit(text)?;
            let fits = match kind {
                "int" => value.is_i64() || value.is_u64(),
                "float" => value.is_number(),
                "bool" => value.is_boolean(),
                _ => value.is_null(),
            };
            if fits {
                Ok(value)
            } else {
                Err(format!("{text:?} is no !!{kind}"))
            }
        }
        _ if plain => implicit(text),
        _ => Ok(Value::String(text.to_owned())),
    }
}

/// The text of a key. Booleans and numbers become what Go prints for them.
pub fn key(value: Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text),
        Value::Bool(value) => Ok(value.to_string()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Null => Ok("null".to_owned()),
        Value::Array(_) | Value::Object(_) => Err("a key has to be a text".to_owned()),
    }
}

fn implicit(text: &str) -> Result<Value, String> {
    let text_value = || Ok(Value::String(text.to_owned()));
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Ok(Value::Null),
        "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => {
            return Ok(Value::Bool(true));
        }
        "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => {
            return Ok(Value::Bool(false));
        }
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" | "-.inf" | "-.Inf" | "-.INF"
        | ".nan" | ".NaN" | ".NAN" => {
            return Err(format!(
                "{text} has no form in JSON: quote it if it is a text"
            ));
        }
        _ => {}
    }
    let first = text.as_bytes().first().copied().unwrap_or_default();
    if !(first.is_ascii_digit() || matches!(first, b'+' | b'-' | b'.')) {
        return text_value();
    }
    let digits = text.replace('_', "");
    if let Some(number) = integer(&digits) {
        return Ok(Value::Number(number));
    }
    if is_float(&digits)
        && let Ok(number) = digits.parse::<f64>()
        && let Some(number) = Number::from_f64(number)
    {
        // A float without fraction is printed without it, as Go's JSON does.
        if number
            .as_f64()
            .is_some_and(|value| value.fract() == 0.0 && value.abs() < 1e15)
        {
            #[expect(clippy::cast_possible_truncation, reason = "bounded by the line above")]
            return Ok(Value::Number(
                (number.as_f64().unwrap_or_default() as i64).into(),
            ));
        }
        return Ok(Value::Number(number));
    }
    text_value()
}

/// Decimal, `0x`, `0b`, `0o` and the octal of a leading zero.
fn integer(text: &str) -> Option<Number> {
    let (negative, magnitude) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    if !magnitude.as_bytes().first()?.is_ascii_digit() {
        return None;
    }
    let (radix, digits) = match magnitude.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &magnitude[2..]),
        [b'0', b'b' | b'B', ..] => (2, &magnitude[2..]),
        [b'0', b'o' | b'O', ..] => (8, &magnitude[2..]),
        [b'0', _, ..] => (8, &magnitude[1..]),
        _ => (10, magnitude),
    };
    if digits.starts_with(['+', '-']) {
        return None;
    }
    let value = u64::from_str_radix(digits, radix).ok()?;
    if negative {
        let value = 0_i64.checked_sub_unsigned(value)?;
        Some(value.into())
    } else {
        Some(value.into())
    }
}

fn is_float(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => (&unsigned[..at], Some(&unsigned[at + 1..])),
        None => (unsigned, None),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    digits(whole)
        && digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && exponent.is_none_or(|exponent| {
            let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            !exponent.is_empty() && digits(exponent)
        })
}
