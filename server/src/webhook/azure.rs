//! Azure DevOps: <https://learn.microsoft.com/en-us/azure/devops/service-hooks/events>.

use base64::Engine as _;

use super::{Sender, proof};

pub(super) const AZURE: Sender = Sender {
    name: "Azure DevOps",
    marks: &["x-vss-activityid"],
    proven: |headers, _, secrets| {
        let (name, password) = secrets.azure.as_ref()?;
        let given = proof::authorization(headers, "basic")
            .and_then(|text| base64::engine::general_purpose::STANDARD.decode(text).ok());
        let Some(given) = given else {
            return Some(Err(
                "a name and a password are configured, and the event has no basic authentication"
                    .to_owned(),
            ));
        };
        let mut parts = given.splitn(2, |byte| *byte == b':');
        let name_fits = proof::same(parts.next().unwrap_or_default(), name);
        let password_fits = proof::same(parts.next().unwrap_or_default(), password);
        // Both are always compared.
        Some(if name_fits & password_fits {
            Ok(())
        } else {
            Err("the name or the password is not the configured one".to_owned())
        })
    },
    is_push: |_, body| body["eventType"] == "git.push",
    urls: &[
        "/resource/repository/remoteUrl",
        "/resource/repository/sshUrl",
        "/resource/repository/webUrl",
    ],
};
