//! Gitea, Forgejo and Gogs: <https://docs.gitea.com/usage/webhooks>, <https://forgejo.org/docs/latest/user/webhooks/>.

use super::{Sender, proof};

pub(super) const GITEA: Sender = Sender {
    name: "Gitea",
    marks: &["x-gitea-event", "x-forgejo-event", "x-gogs-event"],
    proven: |headers, body, secrets| {
        let secret = secrets.gitea.as_ref()?;
        let names = [
            "x-gitea-signature",
            "x-forgejo-signature",
            "x-gogs-signature",
        ];
        Some(proof::signed(headers, &names, body, secret))
    },
    is_push: |event, _| matches!(event, "push" | "create" | "delete"),
    urls: &[
        "/repository/html_url",
        "/repository/clone_url",
        "/repository/ssh_url",
    ],
};
