//! Passwords: argon2id, hashed and verified off the runtime's threads, a few at a time.

use argon2::Argon2;
use argon2::password_hash::{PasswordHash, PasswordHasher as _, PasswordVerifier as _, SaltString};
use rand::Rng as _;
use tokio::sync::Semaphore;

/// Each hash takes 19 MiB for tens of milliseconds; more at one time only make each other wait.
static HASHING: Semaphore = Semaphore::const_new(2);

const SHORTEST: usize = 8;
const LONGEST: usize = 128;

/// A password that nobody guesses.
pub(super) fn random() -> String {
    let mut random = rand::rng();
    (0..20)
        .map(|_| char::from(random.sample(rand::distr::Alphanumeric)))
        .collect()
}

/// Whether a new password is suitable.
pub(super) fn check(password: &str) -> Result<(), String> {
    if (SHORTEST..=LONGEST).contains(&password.chars().count()) {
        Ok(())
    } else {
        Err(format!(
            "the new password needs {SHORTEST} to {LONGEST} characters"
        ))
    }
}

/// The argon2id hash of a password.
pub(super) async fn hash(password: String) -> anyhow::Result<String> {
    let _turn = HASHING.acquire().await?;
    tokio::task::spawn_blocking(move || hash_now(&password)).await?
}

fn hash_now(password: &str) -> anyhow::Result<String> {
    let bytes: [u8; 16] = rand::random();
    let salt =
        SaltString::encode_b64(&bytes).map_err(|error| anyhow::anyhow!("no salt: {error}"))?;
    let hash = Argon2::default()
        .hash_password(password.as_bytes(), &salt)
        .map_err(|error| anyhow::anyhow!("no hash: {error}"))?;
    Ok(hash.to_string())
}

/// Whether the password belongs to the hash. Without a hash it takes as long, and the answer is no.
pub(super) async fn verify(hash: Option<String>, password: String) -> bool {
    let Ok(_turn) = HASHING.acquire().await else {
        return false;
    };
    tokio::task::spawn_blocking(move || match hash {
        Some(hash) => PasswordHash::new(&hash).is_ok_and(|parsed| {
            Argon2::default()
                .verify_password(password.as_bytes(), &parsed)
                .is_ok()
        }),
        None => {
            // Its result is of no use; its time is.
            drop(hash_now(&password));
            false
        }
    })
    .await
    .unwrap_or(false)
}
