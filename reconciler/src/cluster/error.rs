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
    /// What was to be sent makes no request, for example because of a name.
    #[error("nothing was sent: {0}")]
    Unsendable(String),
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
    /// The connection was lost while an answer was waited for.
    pub(super) fn lost(server: &str) -> Self {
        Self::Unreachable {
            server: server.to_owned(),
            message: "the connection was lost before the answer came".to_owned(),
        }
    }

    pub(super) fn timeout(server: &str, after: std::time::Duration) -> Self {
        Self::Timeout {
            server: server.to_owned(),
            seconds: after.as_secs(),
        }
    }

    pub(super) fn new(server: &str, error: kube::Error) -> Self {
        match error {
            kube::Error::Api(status) => Self::Refused {
                code: status.code,
                reason: status.reason.clone(),
                message: status.message.clone(),
            },
            // Nothing was sent.
            kube::Error::BuildRequest(error) => Self::Unsendable(crate::with_causes(&error)),
            error => Self::Unreachable {
                server: server.to_owned(),
                message: crate::with_causes(&error),
            },
        }
    }

    /// The error without the values that the API server repeats from an object. It does so when a value has the wrong type
    /// (`.data.password: expected string, got …`); for a Secret that must not reach a status or a log.
    #[must_use]
    pub(super) fn without_values(mut self) -> Self {
        if let Self::Refused { message, .. } = &mut self
            && let Some(at) = message.find(", got ")
        {
            // What follows may hold line breaks and quotes of the value itself: nothing after it can be told from it.
            message.truncate(at);
            message.push_str("; the value is not shown, because it is that of a Secret");
        }
        self
    }

    /// Whether the object is not there.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Refused { code: 404, .. })
    }

    /// Whether the connection broke, so that nobody knows whether what was asked for was done.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        matches!(self, Self::Unreachable { .. })
    }

    /// Whether the connection broke, or was silent for too long: nobody knows whether what was asked for was done.
    #[must_use]
    pub fn is_unanswered(&self) -> bool {
        self.is_broken() || matches!(self, Self::Timeout { .. })
    }

    /// Whether somebody wrote the object meanwhile, or it is another object than the one that was meant.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Refused { code: 409, .. })
    }

    /// Whether a field was changed that cannot be changed: only deleting and making the object anew helps.
    #[must_use]
    pub fn is_immutable(&self) -> bool {
        matches!(self, Self::Refused { code: 422, message, .. } if message.contains("immutable") || message.contains("may not change") || message.contains("forbidden: updates to"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(message: &str) -> ClusterError {
        ClusterError::Refused {
            code: 422,
            reason: "Invalid".to_owned(),
            message: message.to_owned(),
        }
    }

    /// Messages of a real API server, v1.36.
    #[test]
    fn values_of_a_secret_are_not_repeated() {
        for message in [
            "failed to create typed patch object (/k1; /v1, Kind=Secret): .data.password: expected string, got &value.valueUnstructured{Value:hunter2}",
            "failed to create typed patch object (/k1; /v1, Kind=Secret): .data: expected map, got &{first\n, got hunter2}",
        ] {
            let shown = refused(message).without_values().to_string();
            assert!(!shown.contains("hunter2"), "{shown}");
            assert!(shown.contains(": .data"), "it still says where: {shown}");
        }
    }

    #[test]
    fn other_messages_stay_and_immutable_fields_are_recognised() {
        let error =
            refused("Secret \"s\" is invalid: type: Invalid value: \"Opaque\": field is immutable");
        assert_eq!(error.clone().without_values(), error);
        assert!(error.is_immutable());
        assert!(!refused("metadata.name: Required value").is_immutable());
    }
}
