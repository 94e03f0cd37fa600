//! The form for everybody else: `{"repository": "<URL>", "revision": "<optional>"}`.
//!
//! It is signed as GitHub's events are, with `X-Hub-Signature-256`, or carries the secret itself as a bearer token. The revision is
//! for people who read logs there; it is not used.

use super::{Sender, proof};

pub(super) const GENERIC: Sender = Sender {
    name: "generic",
    marks: &[],
    proven: |headers, body, secrets| {
        let secret = secrets.generic.as_ref()?;
        Some(match proof::authorization(headers, "bearer") {
            Some(token) if proof::same(token.as_bytes(), secret) => Ok(()),
            Some(_) => Err("the bearer token is not the configured secret".to_owned()),
            None => proof::signed(headers, &["x-hub-signature-256"], body, secret),
        })
    },
    is_push: |_, _| true,
    urls: &["/repository"],
};
