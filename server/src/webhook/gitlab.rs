//! GitLab: <https://docs.gitlab.com/user/project/integrations/webhook_events/>, and system hooks of a whole instance.

use super::{Sender, proof};

pub(super) const GITLAB: Sender = Sender {
    name: "GitLab",
    marks: &["x-gitlab-event"],
    proven: |headers, _, secrets| {
        let secret = secrets.gitlab.as_ref()?;
        Some(match headers.get("x-gitlab-token") {
            Some(token) if proof::same(token.as_bytes(), secret) => Ok(()),
            Some(_) => Err("the token in x-gitlab-token is not the configured secret".to_owned()),
            None => {
                Err("a secret is configured, and the header x-gitlab-token is missing".to_owned())
            }
        })
    },
    is_push: |event, body| match event {
        "Push Hook" | "Tag Push Hook" => true,
        "System Hook" => matches!(
            body["event_name"].as_str(),
            Some("push" | "tag_push" | "repository_update")
        ),
        _ => false,
    },
    urls: &[
        "/project/web_url",
        "/project/git_http_url",
        "/project/git_ssh_url",
        "/repository/homepage",
        "/repository/git_http_url",
        "/repository/git_ssh_url",
    ],
};
