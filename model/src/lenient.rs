//! What the wire's JSON allows beyond the letter: `null` is a zero value, and a 64-bit integer may be a string, as in the
//! JSON form of protocol buffers that existing clients write.

use serde::de::{Deserializer, Error, Unexpected};
use serde::{Deserialize, de::DeserializeOwned};

/// Reads `null` as the type's default.
///
/// # Errors
/// When the value is neither `null` nor a `T`.
pub fn null_is_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned + Default,
{
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Integer {
    Number(i64),
    Text(String),
    Other(serde_json::Value),
}

fn to_integer<E: Error>(integer: Integer) -> Result<i64, E> {
    match integer {
        Integer::Number(number) => Ok(number),
        Integer::Text(text) => text
            .parse()
            .map_err(|_| E::invalid_value(Unexpected::Str(&text), &"an integer")),
        Integer::Other(value) => Err(E::custom(format_args!(
            "invalid type: {value}, expected an integer of 64 bits"
        ))),
    }
}

/// Reads an integer, also from a string.
///
/// # Errors
/// When the value is no integer of 64 bits.
pub fn integer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    to_integer(Integer::deserialize(deserializer)?)
}

/// Reads an integer, also from a string; `null` is none.
///
/// # Errors
/// When the value is no integer of 64 bits.
pub fn optional_integer<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<i64>, D::Error> {
    Option::<Integer>::deserialize(deserializer)?
        .map(to_integer)
        .transpose()
}

/// Whether a flag is off, and so absent from the wire.
#[must_use]
pub fn is_false(flag: &bool) -> bool {
    !*flag
}

#[cfg(test)]
mod tests {
    use crate::{RetryStrategy, RollbackRequest};

    #[test]
    fn integers_may_be_strings_and_null_is_none() {
        let retry: RetryStrategy =
            serde_json::from_str(r#"{"limit":"5","backoff":{"duration":null,"factor":null}}"#)
                .expect("a lenient reading");
        assert_eq!(retry.limit, Some(5));
        assert_eq!(retry.backoff.expect("a backoff").factor, None);
    }

    #[test]
    fn other_values_are_no_integers() {
        for body in [r#"{"id":1.5}"#, r#"{"id":"x"}"#, r#"{"id":null}"#, "{}"] {
            assert!(
                serde_json::from_str::<RollbackRequest>(body).is_err(),
                "{body}"
            );
        }
    }
}
