//! `POST /api/webhook`: events of Git servers.

use http::HeaderMap;
use tiphys_api::{ApiError, Code};
use tiphys_model::Empty;

use super::App;
use crate::webhook::{self, Refusal};

/// Takes an event: the repositories that it names are looked at soon. The answer does not wait for that, and does not tell whether
/// any of them is in use.
pub(super) fn receive(app: &App, headers: &HeaderMap, body: &[u8]) -> Result<Empty, ApiError> {
    let event = webhook::read(headers, body, &app.webhook_secrets).map_err(|refusal| {
        match refusal {
            Refusal::Unproven { .. } => {
                // Most often the secrets on both sides differ, and nobody reads the answers.
                tracing::info!(%refusal, "an event of a Git server was refused");
                ApiError::new(Code::Unauthenticated, refusal.to_string())
            }
            _ => ApiError::invalid(refusal.to_string()),
        }
    })?;
    let looked = app.outside.look(&event.repositories, event.trusted);
    tracing::debug!(
        sender = event.sender,
        trusted = event.trusted,
        urls = event.repositories.len(),
        looked,
        "an event of a Git server"
    );
    Ok(Empty::default())
}
