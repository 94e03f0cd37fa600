//! Whether a sender knows a secret. Every comparison takes the same time wherever the first difference is.

use hmac::{Hmac, Mac as _};
use http::HeaderMap;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use tiphys_secrets::Secret;

/// Whether the first of these headers that is there holds the HMAC-SHA256 of the body in hexadecimal digits, after `sha256=` or alone.
pub(super) fn signed(
    headers: &HeaderMap,
    names: &[&str],
    body: &[u8],
    secret: &Secret,
) -> Result<(), String> {
    let Some((name, value)) = names
        .iter()
        .find_map(|name| Some((*name, headers.get(*name)?)))
    else {
        return Err(format!(
            "a secret is configured, and the event has no signature; the header {} is missing",
            names.join(" or ")
        ));
    };
    let text = value.to_str().unwrap_or_default().trim();
    let digits = text.strip_prefix("sha256=").unwrap_or(text);
    let wrong = || {
        format!(
            "the signature in {name} does not fit: the secret there and the one here are not the same, or the event was changed"
        )
    };
    let signature = hexadecimal(digits).ok_or_else(wrong)?;
    // A key of HMAC may have any length.
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).map_err(|_| wrong())?;
    mac.update(body);
    mac.verify_slice(&signature).map_err(|_| wrong())
}

/// Whether a text is the secret.
pub(super) fn same(given: &[u8], secret: &Secret) -> bool {
    // Of what has the same length whatever was given.
    let given = Sha256::digest(given);
    let wanted = Sha256::digest(secret.expose().as_bytes());
    given.ct_eq(&wanted).into()
}

/// What follows the scheme in `Authorization`.
pub(super) fn authorization<'h>(headers: &'h HeaderMap, scheme: &str) -> Option<&'h str> {
    let value = headers.get(http::header::AUTHORIZATION)?.to_str().ok()?;
    let (given, rest) = value.split_once(' ')?;
    given.eq_ignore_ascii_case(scheme).then(|| rest.trim())
}

fn hexadecimal(digits: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    if digits.len() != 64 {
        return None;
    }
    digits
        .as_bytes()
        .chunks_exact(2)
        .map(|pair| u8::try_from(digit(pair[0])? * 16 + digit(pair[1])?).ok())
        .collect()
}
