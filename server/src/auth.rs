//! Accounts and sessions.
//!
//! Everything that must outlive a crash is in the store: the account with its argon2id hash, the sealed signing key, revoked
//! tokens until they expire, and failed log-ins until they are forgotten.

mod password;
pub mod token;

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderValue, header};
use serde::{Deserialize, Serialize};
use tiphys_api::{ApiError, Caller, Session};
use tiphys_secrets::Sealer;
use tiphys_storage::{Collection, Database, StoreError};
use tokio::sync::Semaphore;

use token::{Claims, ISSUER, Signer};

/// The account that every server has.
pub const ADMIN: &str = "admin";
/// How long a session lasts, in seconds.
const SESSION_SECONDS: i64 = 24 * 60 * 60;
/// A session that ends within this many seconds is renewed.
const RENEW_SECONDS: i64 = 5 * 60;
/// So many failed log-ins of one account within [`FAILURE_SECONDS`] close it to every log-in.
const MOST_FAILURES: usize = 5;
const FAILURE_SECONDS: i64 = 300;
/// How many names failed log-ins are remembered for.
const MOST_FAILED_NAMES: usize = 10_000;
/// How many log-ins are looked at at one time; more are refused.
const MOST_LOGINS: usize = 50;
/// The longest name of an account, in bytes.
const LONGEST_NAME: usize = 32;
/// The cookie that web clients use.
const COOKIE: &str = "argocd.token";

/// One text for every reason, so that none can be told from another.
const REFUSED: &str = "Invalid username or password";

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Account {
    password_hash: String,
    /// Counts the passwords; a token names the one it was issued under.
    password_generation: u64,
    enabled: bool,
}

#[derive(Serialize, Deserialize)]
struct SigningKey {
    sealed: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Revoked {
    exp: i64,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Failures {
    /// When log-ins failed, in seconds since 1970.
    at: Vec<i64>,
}

/// What the first start leaves to show.
#[derive(Debug, PartialEq, Eq)]
pub enum FirstPassword {
    /// The account existed.
    Existing,
    /// The password was given.
    Given,
    /// The password was made; show it once.
    Made(String),
}

/// Accounts and sessions over one store.
pub struct Accounts {
    accounts: Collection<Account>,
    revoked: Collection<Revoked>,
    failures: Collection<Failures>,
    signer: Signer,
    /// Tokens that are dead, with their end. Small: a session lasts a day.
    dead: Mutex<HashMap<String, i64>>,
    failed: Mutex<HashMap<String, Failures>>,
    logins: Semaphore,
    secure_cookies: bool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Every critical section leaves its map whole.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A fault of the store, as a client sees it. The log has the details.
pub fn store_fault(error: &StoreError) -> ApiError {
    tracing::error!(%error, "the store failed");
    ApiError::new(
        tiphys_api::Code::Internal,
        "the store failed; the server's log says why",
    )
}

/// Whether a failed log-in still counts. What lies further ahead is from before the clock was set back.
fn is_recent(at: i64, now: i64) -> bool {
    at.abs_diff(now) < FAILURE_SECONDS.unsigned_abs()
}

impl Accounts {
    /// Reads the accounts, and makes what a first start needs. `first_password` counts only when there is no account yet.
    ///
    /// # Errors
    /// When the store fails, or the signing key cannot be opened.
    pub async fn start(
        database: &Database,
        sealer: &Sealer,
        first_password: Option<String>,
        secure_cookies: bool,
        now: i64,
    ) -> anyhow::Result<(Self, FirstPassword)> {
        let accounts: Collection<Account> = Collection::new(database.clone(), "/accounts/");
        let revoked: Collection<Revoked> = Collection::new(database.clone(), "/revoked-tokens/");
        let failures: Collection<Failures> = Collection::new(database.clone(), "/login-failures/");
        let signer = Signer::new(&signing_key(database, sealer).await?);
        let mut dead = HashMap::new();
        for stored in revoked.list().await?.items {
            let Some(id) = revoked.id(&stored.key).map(str::to_owned) else {
                continue;
            };
            if stored.value.exp > now {
                dead.insert(id, stored.value.exp);
            } else {
                revoked.delete(&id, None).await?;
            }
        }
        let mut failed = HashMap::new();
        for stored in failures.list().await?.items {
            if let Some(id) = failures.id(&stored.key) {
                failed.insert(id.to_owned(), stored.value);
            }
        }
        let this = Self {
            accounts,
            revoked,
            failures,
            signer,
            dead: Mutex::new(dead),
            failed: Mutex::new(failed),
            logins: Semaphore::new(MOST_LOGINS),
            secure_cookies,
        };
        let first = this.first_account(first_password).await?;
        Ok((this, first))
    }

    async fn first_account(&self, given: Option<String>) -> anyhow::Result<FirstPassword> {
        if self.accounts.get(ADMIN).await?.is_some() {
            return Ok(FirstPassword::Existing);
        }
        let (text, first) = match given {
            Some(text) => (text, FirstPassword::Given),
            None => {
                let text = password::random();
                (text.clone(), FirstPassword::Made(text))
            }
        };
        let account = Account {
            password_hash: password::hash(text).await?,
            password_generation: 1,
            enabled: true,
        };
        self.accounts.create(ADMIN, &account).await?;
        Ok(first)
    }

    /// Exchanges name and password for a token.
    ///
    /// # Errors
    /// 401 with one text for every reason; 400 for a name that is too long.
    pub async fn login(
        &self,
        username: &str,
        password: &str,
        now: i64,
    ) -> Result<String, ApiError> {
        if username.is_empty() || password.is_empty() {
            return Err(ApiError::unauthenticated("no credentials supplied"));
        }
        if username.len() > LONGEST_NAME {
            return Err(ApiError::invalid(format!(
                "the username is longer than {LONGEST_NAME} bytes"
            )));
        }
        let Ok(_place) = self.logins.try_acquire() else {
            return Err(ApiError::unauthenticated(REFUSED));
        };
        let account = self
            .accounts
            .get(username)
            .await
            .map_err(|error| store_fault(&error))?
            .map(|stored| stored.value);
        // An unknown name costs what a wrong password costs.
        let hash = account
            .as_ref()
            .map(|account| account.password_hash.clone());
        let right = password::verify(hash, password.to_owned()).await;
        if self.is_closed(username, now) {
            return Err(ApiError::unauthenticated(REFUSED));
        }
        let Some(account) = account.filter(|_| right) else {
            self.record_failure(username, now).await?;
            return Err(ApiError::unauthenticated(REFUSED));
        };
        if !account.enabled {
            return Err(ApiError::unauthenticated(format!(
                "Account {username} is disabled"
            )));
        }
        self.forget_failures(username).await?;
        self.issue(username, account.password_generation, now)
    }

    fn issue(&self, username: &str, generation: u64, now: i64) -> Result<String, ApiError> {
        let claims = Claims {
            iss: ISSUER.to_owned(),
            sub: format!("{username}:login"),
            jti: uuid::Uuid::new_v4().to_string(),
            iat: now,
            nbf: now,
            exp: now + SESSION_SECONDS,
            pwd: generation,
        };
        self.signer
            .sign(&claims)
            .map_err(|_| ApiError::new(tiphys_api::Code::Internal, "the token could not be signed"))
    }

    fn is_closed(&self, username: &str, now: i64) -> bool {
        lock(&self.failed).get(username).is_some_and(|failures| {
            failures.at.iter().filter(|&&at| is_recent(at, now)).count() >= MOST_FAILURES
        })
    }

    async fn record_failure(&self, username: &str, now: i64) -> Result<(), ApiError> {
        let (record, evicted) = {
            let mut failed = lock(&self.failed);
            let mut evicted = None;
            if !failed.contains_key(username) && failed.len() >= MOST_FAILED_NAMES {
                // The one whose last failure is oldest goes; the administrator's never does.
                evicted = failed
                    .iter()
                    .filter(|(name, _)| *name != ADMIN)
                    .min_by_key(|(_, failures)| failures.at.last().copied())
                    .map(|(name, _)| name.clone());
                if let Some(name) = &evicted {
                    failed.remove(name);
                }
            }
            let record = failed.entry(username.to_owned()).or_default();
            record.at.retain(|&at| is_recent(at, now));
            record.at.push(now);
            (record.clone(), evicted)
        };
        if let Some(name) = evicted {
            self.failures
                .delete(&name, None)
                .await
                .map_err(|error| store_fault(&error))?;
        }
        self.failures
            .put(username, &record)
            .await
            .map_err(|error| store_fault(&error))?;
        Ok(())
    }

    async fn forget_failures(&self, username: &str) -> Result<(), ApiError> {
        if lock(&self.failed).remove(username).is_some() {
            self.failures
                .delete(username, None)
                .await
                .map_err(|error| store_fault(&error))?;
        }
        Ok(())
    }

    /// The session of a request: bearer token first, then the cookie. A bearer token that is no token at all is passed over.
    ///
    /// # Errors
    /// 401.
    pub async fn authenticate(&self, headers: &HeaderMap, now: i64) -> Result<Session, ApiError> {
        let Some(token) = presented(headers) else {
            return Err(ApiError::unauthenticated("no session information"));
        };
        let (claims, username) = self.verify(&token, now).await?;
        let mut cookies = Vec::new();
        if claims.exp - now < RENEW_SECONDS {
            cookies.extend(self.cookie(&self.issue(&username, claims.pwd, now)?));
        }
        let caller = Caller {
            username,
            issuer: claims.iss,
            groups: Vec::new(),
            token_id: claims.jti,
        };
        Ok(Session::new(caller, cookies))
    }

    async fn verify(&self, token: &str, now: i64) -> Result<(Claims, String), ApiError> {
        let claims = self
            .signer
            .read(token, now)
            .map_err(ApiError::unauthenticated)?;
        if lock(&self.dead).contains_key(&claims.jti) {
            return Err(ApiError::unauthenticated(
                "invalid session: the token is revoked; log in again",
            ));
        }
        let refused = || {
            ApiError::unauthenticated(
                "invalid session: the account does not accept this token; log in again",
            )
        };
        let username = claims
            .sub
            .strip_suffix(":login")
            .ok_or_else(refused)?
            .to_owned();
        let account = self
            .accounts
            .get(&username)
            .await
            .map_err(|error| store_fault(&error))?
            .ok_or_else(refused)?
            .value;
        if !account.enabled || account.password_generation != claims.pwd {
            return Err(refused());
        }
        Ok((claims, username))
    }

    /// Revokes the presented token, for good. One that is dead already is no error.
    ///
    /// # Errors
    /// 401 when no token is presented at all.
    pub async fn logout(&self, headers: &HeaderMap, now: i64) -> Result<(), ApiError> {
        let Some(token) = presented(headers) else {
            return Err(ApiError::unauthenticated("no session information"));
        };
        let Ok(claims) = self.signer.read(&token, now) else {
            return Ok(());
        };
        self.revoked
            .put(&claims.jti, &Revoked { exp: claims.exp })
            .await
            .map_err(|error| store_fault(&error))?;
        let expired: HashSet<String> = {
            let mut dead = lock(&self.dead);
            dead.insert(claims.jti, claims.exp);
            let expired = dead
                .iter()
                .filter(|(_, exp)| **exp <= now)
                .map(|(jti, _)| jti.clone())
                .collect();
            dead.retain(|_, exp| *exp > now);
            expired
        };
        for jti in expired {
            self.revoked
                .delete(&jti, None)
                .await
                .map_err(|error| store_fault(&error))?;
        }
        Ok(())
    }

    /// Changes the password of an account; every older token of it dies.
    ///
    /// # Errors
    /// 400 for a wrong current password or an unsuitable new one, 404 for an unknown account.
    pub async fn change_password(
        &self,
        caller: &Caller,
        name: &str,
        current: &str,
        new: &str,
    ) -> Result<(), ApiError> {
        let own = self
            .accounts
            .get(&caller.username)
            .await
            .map_err(|error| store_fault(&error))?;
        let hash = own.map(|stored| stored.value.password_hash);
        if !password::verify(hash, current.to_owned()).await {
            return Err(ApiError::invalid("current password does not match"));
        }
        password::check(new).map_err(ApiError::invalid)?;
        let target = if name.is_empty() {
            &caller.username
        } else {
            name
        };
        let hash = password::hash(new.to_owned()).await.map_err(|_| {
            ApiError::new(
                tiphys_api::Code::Internal,
                "the password could not be hashed",
            )
        })?;
        let changed: Result<_, StoreError> = self
            .accounts
            .update(target, |account| {
                account.password_hash.clone_from(&hash);
                account.password_generation += 1;
                Ok(())
            })
            .await;
        match changed {
            Ok(_) => Ok(()),
            Err(StoreError::NotFound { .. }) => Err(ApiError::not_found(format!(
                "account '{target}' does not exist"
            ))),
            Err(error) => Err(store_fault(&error)),
        }
    }

    /// The cookie that carries a token; an empty token blanks it.
    pub fn cookie(&self, token: &str) -> Option<HeaderValue> {
        let secure = if self.secure_cookies { "; Secure" } else { "" };
        let ends = if token.is_empty() { "; Max-Age=0" } else { "" };
        HeaderValue::from_str(&format!(
            "{COOKIE}={token}; path=/; SameSite=lax; httpOnly{secure}{ends}"
        ))
        .ok()
    }
}

async fn signing_key(database: &Database, sealer: &Sealer) -> anyhow::Result<Vec<u8>> {
    const PLACE: &str = "/settings/signing-key";
    let keys: Collection<SigningKey> = Collection::new(database.clone(), "/settings/");
    let stored = match keys.get("signing-key").await? {
        Some(stored) => stored.value.sealed,
        None => {
            let bytes: [u8; 32] = rand::random();
            let sealed = sealer.seal(PLACE, &STANDARD.encode(bytes))?;
            keys.create(
                "signing-key",
                &SigningKey {
                    sealed: sealed.clone(),
                },
            )
            .await?;
            sealed
        }
    };
    Ok(STANDARD.decode(sealer.open(PLACE, &stored)?.expose())?)
}

/// The token that a request presents, not verified.
fn presented(headers: &HeaderMap) -> Option<String> {
    // Three parts make it a token; whether a good one is for the signer to say.
    if let Some(token) =
        tiphys_api::session::bearer(headers).filter(|token| token.split('.').count() == 3)
    {
        return Some(token.to_owned());
    }
    let cookies: HashMap<&str, &str> = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .collect();
    let first = cookies.get(COOKIE)?;
    // A long token comes in parts: `argocd.token=COUNT:FIRST`, `argocd.token-1=SECOND`, …
    if let Some((count, part)) = first.split_once(':')
        && let Ok(count) = count.parse::<usize>()
    {
        let mut token = part.to_owned();
        for index in 1..count.min(32) {
            token.push_str(cookies.get(format!("{COOKIE}-{index}").as_str())?);
        }
        return Some(token);
    }
    (!first.is_empty()).then(|| (*first).to_owned())
}

#[cfg(test)]
mod tests;
