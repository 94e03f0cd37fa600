//! Why a cluster did not do what was asked.

/// Why a cluster did not do what was asked. No message holds credentials.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClusterError {
    /// There is nothing to connect to.
    #[error("no cluster is configured: give --kubeconfig, or register a cluster ({0})")]
    NotConfigured(String),
    /// The configuration of the connection is unusable.
    #[error("the connection to {server} is misconfigured: {message}")]
    Misconfigured {
        /// The cluster.
        server: String,
        /// What is wrong.
        message: String,
    },
    /// No answer in time.
    #[error("{server} did not answer within {seconds} s")]
    Timeout {
        /// The cluster.
        server: String,
        /// The deadline in seconds.
        seconds: u64,
    },
    /// The connection failed.
    #[error("{server} cannot be reached: {message}")]
    Unreachable {
        /// The cluster.
        server: String,
        /// What went wrong.
        message: String,
    },
    /// The cluster does not serve a kind.
    #[error(
        "The Kubernetes API could not find {group}/{kind} for requested resource; install its CustomResourceDefinition, or put it into the source"
    )]
    UnknownKind {
        /// API group and version.
        group: String,
        /// Kind.
        kind: String,
    },
    /// The API server refused.
    #[error("{message}")]
    Refused {
        /// HTTP status.
        code: u16,
        /// Machine-readable reason.
        reason: String,
        /// The API server's own message.
        message: String,
    },
}

impl ClusterError {
    pub(super) fn new(server: &str, error: kube::Error) -> Self {
        match error {
            kube::Error::Api(status) => Self::Refused {
                code: status.code,
                reason: status.reason.clone(),
                message: status.message.clone(),
            },
            error => {
                let mut message = error.to_string();
                let mut cause = std::error::Error::source(&error);
                while let Some(inner) = cause {
                    let text = inner.to_string();
                    if !message.contains(&text) {
                        message = format!("{message}: {text}");
                    }
                    cause = inner.source();
                }
                Self::Unreachable {
                    server: server.to_owned(),
                    message,
                }
            }
        }
    }

    /// Whether the object is not there.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Refused { code: 404, .. })
    }

    /// Whether a field was changed that cannot be changed: only deleting and making the object anew helps.
    #[must_use]
    pub fn is_immutable(&self) -> bool {
        matches!(self, Self::Refused { code: 422, message, .. } if message.contains("immutable") || message.contains("may not change") || message.contains("forbidden: updates to"))
    }
}
