//! GitHub Apps: a short-lived token for an installation, made with the app's private key.
//!
//! <https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app>: a JWT of at most ten minutes, signed with
//! RS256, is exchanged for a token of one hour, which Git takes as the password of `x-access-token`.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{Repo, SourceError, http};

const TIMEOUT: Duration = Duration::from_secs(20);
/// A token is not used when it is about to end.
const MARGIN: chrono::TimeDelta = chrono::TimeDelta::minutes(5);

#[derive(Serialize)]
struct Claims {
    iat: i64,
    exp: i64,
    iss: String,
}

#[derive(Deserialize)]
struct Token {
    token: String,
    expires_at: DateTime<Utc>,
}

#[derive(Deserialize)]
struct Installation {
    id: i64,
}

/// What a token was made for.
type Owner = (String, i64, i64, [u8; 32]);

/// A token, and until when it is used.
struct Known {
    token: String,
    expires_at: DateTime<Utc>,
    /// The same by a clock that nobody sets; that one may stand still while the machine sleeps.
    until: Instant,
}

impl Known {
    fn new(token: String, expires_at: DateTime<Utc>, now: (DateTime<Utc>, Instant)) -> Self {
        let left = (expires_at - now.0 - MARGIN).to_std().unwrap_or_default();
        Self {
            token,
            expires_at,
            until: now.1 + left,
        }
    }

    fn is_good(&self, now: (DateTime<Utc>, Instant)) -> bool {
        self.expires_at > now.0 + MARGIN && self.until > now.1
    }
}

/// Tokens that are still good.
#[derive(Default)]
pub struct Tokens(tokio::sync::Mutex<HashMap<Owner, Known>>);

impl Tokens {
    /// The repository with a token in the place of the app's key; as it is when it has no app.
    ///
    /// # Errors
    /// When the key is none, or GitHub refuses it.
    pub async fn authorise(&self, repo: &Repo) -> Result<Repo, SourceError> {
        let key = &repo.credentials.github_app_private_key;
        if key.is_empty() {
            return Ok(repo.clone());
        }
        let owner = (
            api(repo),
            repo.github_app_id,
            repo.github_app_installation_id,
            Sha256::digest(key.as_bytes()).into(),
        );
        // Held while a token is asked for, so that everybody waits for one answer.
        let mut known = self.0.lock().await;
        let now = (Utc::now(), Instant::now());
        known.retain(|_, known| known.is_good(now));
        let token = match known.get(&owner) {
            Some(known) => known.token.clone(),
            None => {
                let made = request(repo).await?;
                known.insert(owner, Known::new(made.token.clone(), made.expires_at, now));
                made.token
            }
        };
        let mut authorised = repo.clone();
        "x-access-token".clone_into(&mut authorised.username);
        authorised.credentials.password = token;
        authorised.credentials.github_app_private_key.clear();
        Ok(authorised)
    }
}

/// The address of the API: that of an enterprise's own server when there is one.
fn api(repo: &Repo) -> String {
    let base = repo.github_app_enterprise_base_url.trim_end_matches('/');
    if base.is_empty() {
        "https://api.github.com".to_owned()
    } else {
        base.to_owned()
    }
}

fn refused(repo: &Repo, message: impl std::fmt::Display) -> SourceError {
    SourceError::Authentication {
        url: repo.shown(),
        message: format!("GitHub App {}: {message}", repo.github_app_id),
    }
}

async fn request(repo: &Repo) -> Result<Token, SourceError> {
    let now = Utc::now().timestamp();
    let claims = Claims {
        // GitHub allows for clocks that are a minute off, when the token is from before.
        iat: now - 60,
        exp: now + 540,
        iss: repo.github_app_id.to_string(),
    };
    let key = EncodingKey::from_rsa_pem(repo.credentials.github_app_private_key.as_bytes())
        .map_err(|_| refused(repo, "the private key is no RSA key in PEM"))?;
    let assertion = jsonwebtoken::encode(&Header::new(Algorithm::RS256), &claims, &key)
        .map_err(|_| refused(repo, "the private key cannot sign"))?;
    let client = http::client(repo, TIMEOUT)?;
    let installation = match repo.github_app_installation_id {
        0 => find(repo, &client, &assertion).await?,
        id => id,
    };
    let url = format!(
        "{}/app/installations/{installation}/access_tokens",
        api(repo)
    );
    ask(repo, client.post(url), &assertion).await
}

/// The installation of the app that has the repository.
async fn find(repo: &Repo, client: &reqwest::Client, assertion: &str) -> Result<i64, SourceError> {
    let path = super::normalize(&repo.url);
    let mut parts = path.rsplit('/');
    let (Some(name), Some(organisation)) = (parts.next(), parts.next()) else {
        return Err(refused(
            repo,
            "the repository has no owner; give githubAppInstallationID",
        ));
    };
    let url = format!("{}/repos/{organisation}/{name}/installation", api(repo));
    let found: Installation = ask(repo, client.get(url), assertion).await?;
    Ok(found.id)
}

async fn ask<T: serde::de::DeserializeOwned>(
    repo: &Repo,
    request: reqwest::RequestBuilder,
    assertion: &str,
) -> Result<T, SourceError> {
    let response = request
        .bearer_auth(assertion)
        .header("Accept", "application/vnd.github+json")
        .send()
        .await
        .map_err(|error| http::failed(repo, error))?;
    let status = response.status();
    if !status.is_success() {
        return Err(refused(
            repo,
            format!(
                "{} answered {status}; check the app's id, its installation and its key",
                api(repo)
            ),
        ));
    }
    response
        .json()
        .await
        .map_err(|error| http::failed(repo, error))
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn a_token_ends_by_whichever_clock_is_first() {
        let (wall, steady) = (DateTime::UNIX_EPOCH, Instant::now());
        let known = Known::new(String::new(), wall + TimeDelta::hours(1), (wall, steady));
        for (minutes, passed, expected) in [
            (0, 0, true),
            (54, 54, true),
            (55, 55, false),
            // The clock was set back, or forward, or the machine slept.
            (-600, 54, true),
            (-600, 55, false),
            (55, 0, false),
        ] {
            let at = steady + Duration::from_secs(passed * 60);
            let good = known.is_good((wall + TimeDelta::minutes(minutes), at));
            assert_eq!(good, expected, "{minutes} {passed}");
        }
    }
}
