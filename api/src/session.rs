//! Who calls.

use std::future::Future;

use dropshot::RequestInfo;
use http::{HeaderMap, HeaderValue};

use crate::error::ApiError;

/// Somebody whose token has been verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Account, or `proj:PROJECT:ROLE`.
    pub username: String,
    /// Who issued the token.
    pub issuer: String,
    /// Groups of the account.
    pub groups: Vec<String>,
    /// Identity of the token.
    pub token_id: String,
}

/// A verified caller, with the cookies to set when the session was renewed.
#[derive(Debug)]
pub struct Session {
    caller: Caller,
    cookies: Vec<HeaderValue>,
}

impl Session {
    /// A session; `cookies` are sent with the answer.
    #[must_use]
    pub fn new(caller: Caller, cookies: Vec<HeaderValue>) -> Self {
        Self { caller, cookies }
    }

    /// Who calls.
    #[must_use]
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// Values of `Set-Cookie`.
    #[must_use]
    pub fn cookies(&self) -> &[HeaderValue] {
        &self.cookies
    }
}

/// Establishes who calls from the headers of a request.
pub trait Authenticate {
    /// Verifies the token of a request.
    ///
    /// # Errors
    /// 401 without a token, or with one that is not valid.
    fn authenticate(
        &self,
        headers: &HeaderMap,
    ) -> impl Future<Output = Result<Session, ApiError>> + Send;
}

/// The caller of an operation for which one has to be logged in.
///
/// # Errors
/// 401.
pub async fn authenticate<C: Authenticate>(
    plane: &C,
    request: &RequestInfo,
) -> Result<Session, ApiError> {
    plane.authenticate(request.headers()).await
}

/// The caller of an operation that everybody may call; a token that is not valid counts as none.
pub async fn identify<C: Authenticate>(plane: &C, request: &RequestInfo) -> Option<Session> {
    plane.authenticate(request.headers()).await.ok()
}

/// The bearer token of a request, not verified.
#[must_use]
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(http::header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}
