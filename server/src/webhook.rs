//! Events of Git servers: who sent one, whether the sender knows the secret, and which repositories it names. Pure.
//!
//! An event makes us look at a repository sooner than we would have, and nothing more: revisions, branches and files in it are not
//! believed. So an event without proof is of use, too, where no secret is configured; it is heard seldom.

mod azure;
mod bitbucket;
mod generic;
mod gitea;
mod github;
mod gitlab;
mod proof;

#[cfg(test)]
mod tests;

use http::HeaderMap;
use serde_json::Value;
use tiphys_secrets::Secret;

/// Most URLs that are taken from one event. A server names a repository in five ways at most.
const MAX_URLS: usize = 16;
/// Longest URL that is taken, in bytes.
const MAX_URL_BYTES: usize = 2048;

/// What the senders of events know; none where a sender needs no proof.
#[derive(Default)]
pub struct Secrets {
    /// GitHub signs with it.
    pub github: Option<Secret>,
    /// GitLab sends it.
    pub gitlab: Option<Secret>,
    /// Gitea, Forgejo and Gogs sign with it.
    pub gitea: Option<Secret>,
    /// Bitbucket signs with it, Cloud and Data Center.
    pub bitbucket: Option<Secret>,
    /// Azure DevOps sends name and password.
    pub azure: Option<(Secret, Secret)>,
    /// Everybody else signs with it, or sends it.
    pub generic: Option<Secret>,
}

/// What is believed of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Name of the kind of server that sent it.
    pub sender: &'static str,
    /// URLs of the repository that changed, in several forms; none when the event is about something else.
    pub repositories: Vec<String>,
    /// Whether the sender has shown that it knows the secret.
    pub trusted: bool,
}

/// Why an event is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The proof is missing or wrong.
    #[error("{sender}: {reason}")]
    Unproven {
        /// Name of the kind of server.
        sender: &'static str,
        /// What is wrong, without anything secret.
        reason: String,
    },
    /// The body is no JSON.
    #[error(
        "{sender}: the event is not valid JSON: {reason}; choose application/json as the content type of the webhook"
    )]
    NotJson {
        /// Name of the kind of server.
        sender: &'static str,
        /// Where and why.
        reason: String,
    },
    /// A push without a repository.
    #[error("{0}: the event names no repository")]
    NoRepository(&'static str),
    /// Nobody that we know sends such events.
    #[error(
        "unknown sender: neither the headers of GitHub, GitLab, Gitea, Forgejo, Gogs, Bitbucket or Azure DevOps, nor an object with the repository's URL as `repository`"
    )]
    Unknown,
}

/// Whether a sender has shown that it knows its secret, or what is wrong; none when there is no secret.
type Proof = Option<Result<(), String>>;

/// A kind of server that sends events.
struct Sender {
    name: &'static str,
    /// Headers of which one marks its events; the value is the event's name.
    marks: &'static [&'static str],
    /// Looks for the proof in headers and body.
    proven: fn(&HeaderMap, &[u8], &Secrets) -> Proof,
    /// Whether an event of this name is about references that changed.
    is_push: fn(&str, &Value) -> bool,
    /// Where an event has the repository's URLs, as JSON pointers.
    urls: &'static [&'static str],
}

/// Those that are told apart by headers. Gitea sends the headers of GitHub and Gogs as well as its own, so it comes first.
const SENDERS: [&Sender; 5] = [
    &gitea::GITEA,
    &github::GITHUB,
    &gitlab::GITLAB,
    &bitbucket::BITBUCKET,
    &azure::AZURE,
];

/// Reads an event.
///
/// # Errors
/// When the sender is unknown, gives no proof although a secret is configured for it, or sends what is no event.
pub fn read(headers: &HeaderMap, body: &[u8], secrets: &Secrets) -> Result<Event, Refusal> {
    let (sender, mark) = SENDERS
        .iter()
        .find_map(|sender| {
            let mark = sender.marks.iter().find_map(|name| headers.get(*name))?;
            Some((*sender, mark.to_str().unwrap_or_default()))
        })
        .unwrap_or((&generic::GENERIC, ""));
    // The proof first: nobody else makes us read what he sent.
    let proven = (sender.proven)(headers, body, secrets)
        .transpose()
        .map_err(|reason| Refusal::Unproven {
            sender: sender.name,
            reason,
        })?;
    let event: Value = serde_json::from_slice(body).map_err(|error| Refusal::NotJson {
        sender: sender.name,
        reason: error.to_string(),
    })?;
    let repositories = if (sender.is_push)(mark, &event) {
        let urls = urls(&event, sender.urls);
        if urls.is_empty() {
            return Err(if sender.marks.is_empty() {
                Refusal::Unknown
            } else {
                Refusal::NoRepository(sender.name)
            });
        }
        urls
    } else {
        Vec::new()
    };
    Ok(Event {
        sender: sender.name,
        repositories,
        trusted: proven.is_some(),
    })
}

/// The texts at these places; a `*` in a pointer stands for every element of a list.
fn urls(event: &Value, pointers: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for pointer in pointers {
        let (list, rest) = match pointer.split_once("/*") {
            Some((list, rest)) => (list, Some(rest)),
            None => (*pointer, None),
        };
        let Some(value) = event.pointer(list) else {
            continue;
        };
        match rest {
            None => found.extend(value.as_str()),
            Some(rest) => found.extend(
                value
                    .as_array()
                    .into_iter()
                    .flatten()
                    .take(MAX_URLS)
                    .filter_map(|element| element.pointer(rest)?.as_str()),
            ),
        }
    }
    found.retain(|url| !url.is_empty() && url.len() <= MAX_URL_BYTES);
    found.truncate(MAX_URLS);
    found.into_iter().map(str::to_owned).collect()
}
