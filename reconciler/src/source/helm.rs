//! Helm repositories: their index over HTTP, and registries that speak OCI.

use std::time::Duration;

use super::{Repo, SourceError, http};

const TIMEOUT: Duration = Duration::from_secs(30);
/// Bytes at the beginning of an index that are looked at to see that it is one.
const LOOK: usize = 64 << 10;

/// What a status that is no success means.
pub fn refused(repo: &Repo, status: reqwest::StatusCode) -> SourceError {
    let (url, message) = (repo.shown(), format!("the server answered {status}"));
    match status.as_u16() {
        401 | 403 => SourceError::Authentication { url, message },
        404 => SourceError::NotFound { url, message },
        _ => SourceError::Failed { url, message },
    }
}

/// The request with the repository's credentials.
pub fn authorised(request: reqwest::RequestBuilder, repo: &Repo) -> reqwest::RequestBuilder {
    if !repo.credentials.bearer_token.is_empty() {
        request.bearer_auth(&repo.credentials.bearer_token)
    } else if repo.username.is_empty() && repo.credentials.password.is_empty() {
        request
    } else {
        request.basic_auth(&repo.username, Some(&repo.credentials.password))
    }
}

/// Whether the repository has an index: its beginning is read, not the whole of it.
///
/// # Errors
/// Why it cannot be used.
pub async fn test(repo: &Repo) -> Result<(), SourceError> {
    let url = format!("{}/index.yaml", repo.url.trim_end_matches('/'));
    let client = http::client(repo, TIMEOUT)?;
    let mut response = authorised(client.get(url), repo)
        .send()
        .await
        .map_err(|error| http::failed(repo, error))?;
    if !response.status().is_success() {
        return Err(refused(repo, response.status()));
    }
    let mut seen: Vec<u8> = Vec::new();
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(|error| http::failed(repo, error))?
    {
        seen.extend_from_slice(&chunk);
        if is_index(&seen) {
            return Ok(());
        }
        if seen.len() > LOOK {
            break;
        }
    }
    Err(SourceError::Failed {
        url: repo.shown(),
        message:
            "index.yaml is no index of a Helm repository: it names neither apiVersion nor entries"
                .to_owned(),
    })
}

/// Whether a key of an index begins a line, in YAML or in JSON.
fn is_index(seen: &[u8]) -> bool {
    String::from_utf8_lossy(seen).lines().any(|line| {
        ["apiVersion:", "entries:"]
            .iter()
            .any(|key| line.starts_with(key))
            || line.contains("\"entries\":")
    })
}

/// Whether the registry speaks OCI and takes the credentials.
///
/// # Errors
/// Why it cannot be used.
pub async fn test_registry(repo: &Repo, insecure_http: bool) -> Result<(), SourceError> {
    let rest = repo.url.strip_prefix("oci://").unwrap_or(&repo.url);
    let host = rest.split('/').next().unwrap_or_default();
    if host.is_empty() {
        return Err(SourceError::BadUrl(repo.shown()));
    }
    let scheme = if insecure_http { "http" } else { "https" };
    let client = http::client(repo, TIMEOUT)?;
    let response = client
        .get(format!("{scheme}://{host}/v2/"))
        .send()
        .await
        .map_err(|error| http::failed(repo, error))?;
    if response.status().is_success() {
        return Ok(());
    }
    let challenge = response
        .headers()
        .get(reqwest::header::WWW_AUTHENTICATE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    if response.status() != reqwest::StatusCode::UNAUTHORIZED || challenge.is_empty() {
        return Err(refused(repo, response.status()));
    }
    let request = match token_request(&challenge) {
        Some((realm, parameters)) => client.get(realm).query(&parameters),
        None => client.get(format!("{scheme}://{host}/v2/")),
    };
    let answer = authorised(request, repo)
        .send()
        .await
        .map_err(|error| http::failed(repo, error))?;
    if answer.status().is_success() {
        Ok(())
    } else {
        Err(refused(repo, answer.status()))
    }
}

/// Where a token is to be had, of `Bearer realm="…",service="…",scope="…"`; nothing for basic authentication.
pub fn token_request(challenge: &str) -> Option<(String, Vec<(String, String)>)> {
    let rest = challenge
        .strip_prefix("Bearer ")
        .or_else(|| challenge.strip_prefix("bearer "))?;
    let mut realm = None;
    let mut parameters = Vec::new();
    for part in rest.split("\",") {
        let (name, value) = part.trim().split_once("=\"")?;
        let value = value.trim_end_matches('"').to_owned();
        match name {
            "realm" => realm = Some(value),
            "service" | "scope" => parameters.push((name.to_owned(), value)),
            _ => {}
        }
    }
    Some((realm?, parameters))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_is_seen_by_its_keys() {
        assert!(is_index(b"apiVersion: v1\nentries: {}\n"));
        assert!(is_index(b"# comment\nentries:\n"));
        assert!(is_index(b"{\"apiVersion\":\"v1\",\"entries\":{}}"));
        assert!(!is_index(b"<html>not found</html>"));
    }

    #[test]
    fn challenges_are_read() {
        let (realm, parameters) =
            token_request("Bearer realm=\"https://auth.example.com/token\",service=\"registry\",scope=\"a:b:c,d\"").unwrap();
        assert_eq!(realm, "https://auth.example.com/token");
        assert_eq!(
            parameters,
            [
                ("service".to_owned(), "registry".to_owned()),
                ("scope".to_owned(), "a:b:c,d".to_owned())
            ]
        );
        assert!(token_request("Basic realm=\"x\"").is_none());
    }
}
