//! What is stored about repositories and clusters.
//!
//! Credentials are one sealed text each: the sealed form of a JSON object whose shape belongs to whoever connects. A record
//! holds what may be shown next to it, in the clear.

use serde::{Deserialize, Serialize};

use crate::wire::{ClusterOutput, RepositoryOutput};

/// A registered repository.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RepositoryRecord {
    /// What may be shown. `connectionState` is that of the last test.
    pub repository: RepositoryOutput,
    /// Sealed [`RepositoryCredentials`]; empty when there are none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub credentials: String,
}

/// A registered cluster.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ClusterRecord {
    /// What may be shown.
    pub cluster: ClusterOutput,
    /// Sealed [`ClusterCredentials`]; empty when there are none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub credentials: String,
}

/// The secrets of a repository, as they are before sealing. Nothing prints them.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RepositoryCredentials {
    /// Password or token for HTTPS.
    pub password: String,
    /// Bearer token for HTTPS.
    pub bearer_token: String,
    /// Private key for SSH, PEM.
    pub ssh_private_key: String,
    /// Key of the client certificate, PEM.
    pub tls_client_cert_key: String,
    /// Private key of the GitHub App, PEM.
    pub github_app_private_key: String,
}

/// The secrets of a cluster, as they are before sealing. Nothing prints them.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ClusterCredentials {
    /// Password for basic authentication.
    pub password: String,
    /// Token of a service account.
    pub bearer_token: String,
    /// Client certificate: PEM, base64.
    pub cert_data: String,
    /// Key of the client certificate: PEM, base64.
    pub key_data: String,
}

impl RepositoryCredentials {
    /// Whether there is nothing to keep.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl ClusterCredentials {
    /// Whether there is nothing to keep.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
