//! GitHub: <https://docs.github.com/en/webhooks/webhook-events-and-payloads>.

use super::{Sender, proof};

pub(super) const GITHUB: Sender = Sender {
    name: "GitHub",
    marks: &["x-github-event"],
    proven: |headers, body, secrets| {
        let secret = secrets.github.as_ref()?;
        Some(proof::signed(
            headers,
            &["x-hub-signature-256"],
            body,
            secret,
        ))
    },
    is_push: |event, _| matches!(event, "push" | "create" | "delete"),
    urls: &[
        "/repository/html_url",
        "/repository/clone_url",
        "/repository/ssh_url",
        "/repository/git_url",
    ],
};
