//! Texts of users in messages.

/// Keeps what somebody wrote from making a message long.
pub(crate) fn shorten(text: &str) -> String {
    text.chars().take(80).collect()
}
