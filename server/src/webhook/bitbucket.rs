//! Bitbucket Cloud and Data Center: <https://support.atlassian.com/bitbucket-cloud/docs/event-payloads/>,
//! <https://confluence.atlassian.com/bitbucketserver/event-payload-938025882.html>.

use super::{Sender, proof};

/// Data Center's test of a connection. It is not signed, and asks for nothing.
const PING: &str = "diagnostics:ping";

pub(super) const BITBUCKET: Sender = Sender {
    name: "Bitbucket",
    marks: &["x-event-key"],
    proven: |headers, body, secrets| {
        let secret = secrets.bitbucket.as_ref()?;
        if headers.get("x-event-key").is_some_and(|key| key == PING) {
            return None;
        }
        Some(proof::signed(headers, &["x-hub-signature"], body, secret))
    },
    // `repo:push` is Cloud's, the other Data Center's.
    is_push: |event, _| matches!(event, "repo:push" | "repo:refs_changed"),
    urls: &[
        "/repository/links/html/href",
        "/repository/links/clone/*/href",
    ],
};
