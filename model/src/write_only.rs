//! A secret on its way in.

use std::fmt;
use std::ops::Deref;

use serde::{Deserialize, Serialize};

/// A secret that a client sends. Only types that travel from a client to the server have such a field, and nothing prints it.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(transparent))]
pub struct WriteOnly(String);

impl WriteOnly {
    /// Whether nothing was sent.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<String> for WriteOnly {
    fn from(value: String) -> Self {
        Self(value)
    }
}

impl From<&str> for WriteOnly {
    fn from(value: &str) -> Self {
        Self(value.to_owned())
    }
}

impl Deref for WriteOnly {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for WriteOnly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() {
            "WriteOnly(empty)"
        } else {
            "WriteOnly(…)"
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::Repository;

    #[test]
    fn debug_shows_no_secret() {
        let repository = Repository {
            password: "correct horse".into(),
            ssh_private_key: "battery staple".into(),
            ..Repository::default()
        };
        let shown = format!("{repository:?}");
        assert!(
            !shown.contains("horse") && !shown.contains("staple"),
            "{shown}"
        );
    }
}
