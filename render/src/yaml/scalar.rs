//! What a scalar stands for. The rules are those of go-yaml 2, which `sigs.k8s.io/yaml` builds on.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use saphyr_parser::Tag;
use serde_json::{Number, Value};

use super::{Dialect, Numbers, Reading};

pub mod folded;
mod moment;

/// A scalar as go-yaml resolves it, before JSON has its say.
enum Resolved {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Float(f64),
    Text,
}

/// The value of a scalar. Quoted and block scalars are text; plain ones are resolved unless a tag says what they are.
pub fn resolve(
    text: &str,
    plain: bool,
    tag: Option<&Tag>,
    reading: Reading,
) -> Result<Value, String> {
    let core = tag
        .filter(|tag| tag.is_yaml_core_schema())
        .map(|tag| tag.suffix.as_str());
    let resolved = match (tag, core) {
        (_, Some("binary")) => return binary(text),
        (_, Some("int" | "float" | "bool" | "null" | "timestamp")) => {
            tagged(text, core.unwrap_or_default())?
        }
        (None, _) if plain && reading.dialect == Dialect::Kyaml => {
            if let Some(moment) = moment::rfc3339(text) {
                return Ok(Value::String(moment));
            }
            match implicit(text) {
                Resolved::Bool(_) if !is_json_bool(text) => Resolved::Text,
                found => found,
            }
        }
        (None, _) if plain => implicit(text),
        // A tag that is not of YAML's own kinds says nothing about the text.
        _ => Resolved::Text,
    };
    json(resolved, text, reading.numbers)
}

/// What [`resolve`] gives for a plain text without a tag by the rules of go-yaml 2, if it gives anything.
pub fn plain_value(text: &str, numbers: Numbers) -> Option<Value> {
    json(implicit(text), text, numbers).ok()
}

/// Whether there is a [`plain_value`].
pub fn has_value(text: &str) -> bool {
    !text.starts_with(['.', '+', '-']) || named_float(text).is_none()
}

/// Whether a tag says that a key is a merge key.
pub fn is_merge(tag: &Tag) -> bool {
    tag.is_yaml_core_schema() && tag.suffix == "merge"
}

/// The booleans of YAML 1.2.
fn is_json_bool(text: &str) -> bool {
    ["true", "True", "TRUE", "false", "False", "FALSE"].contains(&text)
}

/// Base64 as text. Bytes that are no UTF-8 are replaced, which is what Go's JSON does with them.
fn binary(text: &str) -> Result<Value, String> {
    let compact: String = text
        .chars()
        .filter(|character| !matches!(character, '\n' | '\r'))
        .collect();
    let bytes = STANDARD
        .decode(compact)
        .map_err(|_| "!!binary value contains invalid base64 data".to_owned())?;
    Ok(Value::String(String::from_utf8_lossy(&bytes).into_owned()))
}

fn tagged(text: &str, kind: &str) -> Result<Resolved, String> {
    let resolved = implicit(text);
    match (kind, resolved) {
        ("float", Resolved::Int(value)) =>
        {
            #[expect(clippy::cast_precision_loss, reason = "this is what the tag asks for")]
            Ok(Resolved::Float(value as f64))
        }
        ("int", found @ (Resolved::Int(_) | Resolved::Uint(_)))
        | ("float", found @ Resolved::Float(_))
        | ("bool", found @ Resolved::Bool(_))
        | ("null", found @ Resolved::Null) => Ok(found),
        ("timestamp", Resolved::Text) => Ok(Resolved::Text),
        _ => Err(format!("{text:?} is no !!{kind}")),
    }
}

fn json(resolved: Resolved, text: &str, numbers: Numbers) -> Result<Value, String> {
    Ok(match resolved {
        Resolved::Null => Value::Null,
        Resolved::Bool(value) => Value::Bool(value),
        Resolved::Text => Value::String(text.to_owned()),
        #[expect(
            clippy::cast_precision_loss,
            reason = "Helm's values are float64, whatever was written"
        )]
        Resolved::Int(value) if numbers == Numbers::Floats => float(value as f64, text)?,
        #[expect(
            clippy::cast_precision_loss,
            reason = "Helm's values are float64, whatever was written"
        )]
        Resolved::Uint(value) if numbers == Numbers::Floats => float(value as f64, text)?,
        Resolved::Int(value) => Value::from(value),
        Resolved::Uint(value) => Value::from(value),
        Resolved::Float(value) if numbers == Numbers::Json && value.fract() == 0.0 => {
            // Go's JSON prints the shortest digits, without exponent below 1e21, and they are read as an integer again.
            match format!("{value}").parse::<i64>() {
                Ok(whole) => Value::from(whole),
                Err(_) => float(value, text)?,
            }
        }
        Resolved::Float(value) => float(value, text)?,
    })
}

fn float(value: f64, text: &str) -> Result<Value, String> {
    Number::from_f64(value)
        .map(Value::Number)
        .ok_or_else(|| format!("{text} has no form in JSON: quote it if it is a text"))
}

/// The text of a key. Booleans and numbers become what Go prints for them.
pub fn key(value: Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text),
        Value::Bool(value) => Ok(value.to_string()),
        Value::Number(number) => Ok(number_text(&number)),
        Value::Null => Err("a key cannot be null: quote it if it is a text".to_owned()),
        Value::Array(_) | Value::Object(_) => Err("a key has to be a text".to_owned()),
    }
}

/// The text of a plain key as go-yaml 2 resolves it, if there may be such a key.
pub fn plain_key(text: &str, numbers: Numbers) -> Option<Cow<'_, str>> {
    match implicit(text) {
        Resolved::Text => Some(Cow::Borrowed(text)),
        resolved => {
            let value = json(resolved, text, numbers).ok()?;
            key(value).ok().map(Cow::Owned)
        }
    }
}

/// A number as text where Go wants one: floats in the shortest form that a float32 needs (the rule of `sigs.k8s.io/yaml`).
pub fn number_text(number: &Number) -> String {
    match number.as_f64() {
        Some(value) if number.is_f64() => short_float(value),
        _ => number.to_string(),
    }
}

/// Go's `strconv.FormatFloat(value, 'g', -1, 32)`.
fn short_float(value: f64) -> String {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the rule rounds to float32"
    )]
    let value = value as f32;
    if value == 0.0 {
        return if value.is_sign_negative() { "-0" } else { "0" }.to_owned();
    }
    let scientific = format!("{value:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..6).contains(&exponent) {
        return format!("{value}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}

fn implicit(text: &str) -> Resolved {
    match text.as_bytes().first() {
        None => Resolved::Null,
        Some(b'0'..=b'9' | b'+' | b'-' | b'.') => number(text),
        // Only these begin a word, and none is longer.
        Some(b'~' | b'N' | b'n' | b'Y' | b'y' | b'T' | b't' | b'F' | b'f' | b'O' | b'o')
            if text.len() <= 5 =>
        {
            word(text)
        }
        Some(_) => Resolved::Text,
    }
}

fn word(text: &str) -> Resolved {
    match text {
        "~" | "null" | "Null" | "NULL" => Resolved::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            Resolved::Bool(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Resolved::Bool(false)
        }
        _ => Resolved::Text,
    }
}

/// What begins as a number does.
fn number(text: &str) -> Resolved {
    if let Some(value) = named_float(text) {
        return Resolved::Float(value);
    }
    if text.starts_with('.') {
        // go-yaml gives this one to strconv.ParseFloat as it is, which takes digits with underscores only in hexadecimal.
        return if is_float(text) {
            text.parse().map_or(Resolved::Text, finite)
        } else {
            Resolved::Text
        };
    }
    if is_timestamp(text) {
        return Resolved::Text;
    }
    let digits = if text.contains('_') {
        Cow::Owned(text.replace('_', ""))
    } else {
        Cow::Borrowed(text)
    };
    if let Some(number) = integer(&digits) {
        return number;
    }
    if is_float(&digits) {
        return digits.parse().map_or(Resolved::Text, finite);
    }
    Resolved::Text
}

/// The floats that have names. They alone have no form in JSON.
fn named_float(text: &str) -> Option<f64> {
    match text {
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Some(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Some(f64::NEG_INFINITY),
        ".nan" | ".NaN" | ".NAN" => Some(f64::NAN),
        _ => None,
    }
}

/// A number beyond float64 stays a text, because Go's parser reports it as out of range.
fn finite(value: f64) -> Resolved {
    if value.is_finite() {
        Resolved::Float(value)
    } else {
        Resolved::Text
    }
}

/// Dates are texts for JSON; they are told apart because `2020_01` is a number and `2020-01-02` is none.
fn is_timestamp(text: &str) -> bool {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    digits == 4 && text.as_bytes().get(4) == Some(&b'-')
}

/// Decimal, `0x`, `0b`, `0o` and the octal of a leading zero.
fn integer(text: &str) -> Option<Resolved> {
    let (signed, negative, magnitude) = match text.as_bytes().first()? {
        b'-' => (true, true, &text[1..]),
        b'+' => (true, false, &text[1..]),
        _ => (false, false, text),
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
        return 0_i64.checked_sub_unsigned(value).map(Resolved::Int);
    }
    match i64::try_from(value) {
        Ok(value) => Some(Resolved::Int(value)),
        // Go's ParseUint takes no sign.
        Err(_) if !signed => Some(Resolved::Uint(value)),
        Err(_) => None,
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
