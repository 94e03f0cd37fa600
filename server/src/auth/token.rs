//! Tokens: JSON web tokens, signed with HS256.

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};

/// Who issues the tokens; clients look for it.
pub const ISSUER: &str = "argocd";

/// What a token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Issuer, [`ISSUER`].
    pub iss: String,
    /// `ACCOUNT:login`.
    pub sub: String,
    /// Identity of the token.
    pub jti: String,
    /// When it was issued, in seconds since 1970.
    pub iat: i64,
    /// Before when it is not valid, in seconds since 1970.
    pub nbf: i64,
    /// When it ends, in seconds since 1970.
    pub exp: i64,
    /// Which password of the account it was issued under, counted from 1. Seconds are too coarse to tell a token from
    /// before a change of password from one after it.
    pub pwd: u64,
}

/// Signs and reads tokens.
pub struct Signer {
    encoding: EncodingKey,
    decoding: DecodingKey,
}

impl Signer {
    /// A signer with this key.
    #[must_use]
    pub fn new(key: &[u8]) -> Self {
        Self {
            encoding: EncodingKey::from_secret(key),
            decoding: DecodingKey::from_secret(key),
        }
    }

    /// Signs claims.
    ///
    /// # Errors
    /// When the library cannot sign.
    pub fn sign(&self, claims: &Claims) -> Result<String, jsonwebtoken::errors::Error> {
        encode(&Header::new(Algorithm::HS256), claims, &self.encoding)
    }

    /// Reads a token whose signature, algorithm, issuer, `exp`, `nbf` and claims are in order at `now`.
    ///
    /// # Errors
    /// What is not in order, in words for the client.
    pub fn read(&self, token: &str, now: i64) -> Result<Claims, String> {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        validation.set_required_spec_claims(&["exp", "nbf", "iss", "sub"]);
        // Times are compared here, with the clock that the caller gives.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        let claims = decode::<Claims>(token, &self.decoding, &validation)
            .map_err(|error| format!("invalid session: {error}"))?
            .claims;
        if claims.exp <= now {
            return Err("invalid session: the token has expired; log in again".into());
        }
        if claims.nbf > now {
            return Err("invalid session: the token is not valid yet".into());
        }
        if claims.jti.is_empty() {
            return Err("invalid session: the token has no identity".into());
        }
        Ok(claims)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const NOW: i64 = 1_800_000_000;

    fn claims() -> Value {
        json!({"iss": ISSUER, "sub": "admin:login", "jti": "j", "iat": NOW, "nbf": NOW, "exp": NOW + 60, "pwd": 1})
    }

    fn signed(key: &[u8], header: &Header, claims: &Value) -> String {
        encode(header, claims, &EncodingKey::from_secret(key)).expect("a token")
    }

    #[test]
    fn a_good_token_is_read() {
        let signer = Signer::new(b"key");
        let token = signed(b"key", &Header::new(Algorithm::HS256), &claims());
        assert_eq!(signer.read(&token, NOW).expect("claims").sub, "admin:login");
    }

    #[test]
    fn every_claim_is_checked() {
        let signer = Signer::new(b"key");
        for (name, value) in [
            ("iss", json!("somebody")),
            ("iss", Value::Null),
            ("sub", Value::Null),
            ("jti", json!("")),
            ("jti", Value::Null),
            ("iat", Value::Null),
            ("exp", json!(NOW)),
            ("exp", Value::Null),
            ("nbf", json!(NOW + 1)),
            ("nbf", Value::Null),
            ("pwd", Value::Null),
        ] {
            let mut changed = claims();
            if value.is_null() {
                changed.as_object_mut().expect("an object").remove(name);
            } else {
                changed[name] = value.clone();
            }
            let token = signed(b"key", &Header::new(Algorithm::HS256), &changed);
            assert!(signer.read(&token, NOW).is_err(), "{name} = {value}");
        }
    }

    #[test]
    fn another_key_or_algorithm_is_refused() {
        let signer = Signer::new(b"key");
        assert!(
            signer
                .read(
                    &signed(b"other", &Header::new(Algorithm::HS256), &claims()),
                    NOW
                )
                .is_err()
        );
        assert!(
            signer
                .read(
                    &signed(b"key", &Header::new(Algorithm::HS512), &claims()),
                    NOW
                )
                .is_err()
        );
        // {"alg":"none"} with the same claims and no signature.
        let good = signed(b"key", &Header::new(Algorithm::HS256), &claims());
        let body = good.split('.').nth(1).expect("claims");
        assert!(
            signer
                .read(&format!("eyJhbGciOiJub25lIn0.{body}."), NOW)
                .is_err()
        );
        for text in ["", ".", "..", "a.b.c", "\u{1f980}"] {
            assert!(signer.read(text, NOW).is_err(), "{text}");
        }
    }
}
