//! Why a repository could not be read.

/// Why a repository could not be read. No message holds credentials.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// `file://` is switched off.
    #[error(
        "{0}: repositories on the server's own disk are not read; start the server with --git-allow-file to allow it"
    )]
    FileNotAllowed(String),
    /// The URL has no form that is known.
    #[error("{0}: not a repository URL; use https://, http://, ssh://, user@host:path or file://")]
    BadUrl(String),
    /// What is registered about the connection is not usable.
    #[error("{url}: {message}")]
    Misconfigured {
        /// The repository.
        url: String,
        /// Field and reason.
        message: String,
    },
    /// The server wants other credentials.
    #[error("{url}: authentication required or refused: {message}")]
    Authentication {
        /// The repository.
        url: String,
        /// What the server said.
        message: String,
    },
    /// Nothing is there.
    #[error("{url}: repository not found: {message}")]
    NotFound {
        /// The repository.
        url: String,
        /// What the server said.
        message: String,
    },
    /// The server gave no answer in time.
    #[error("{url}: no answer within {seconds} s while {doing}")]
    Timeout {
        /// The repository.
        url: String,
        /// What was being done.
        doing: &'static str,
        /// The deadline in seconds.
        seconds: u64,
    },
    /// The repository has no commit.
    #[error("{0}: the repository is empty; push a commit")]
    Empty(String),
    /// The revision is not in the repository.
    #[error(
        "{url}: unable to resolve '{revision}' to a commit SHA: there is no such branch, tag or commit{hint}"
    )]
    UnknownRevision {
        /// The repository.
        url: String,
        /// What was asked for.
        revision: String,
        /// Which branches there are.
        hint: String,
    },
    /// No tag fits a version constraint.
    #[error("{url}: no tag matches the version constraint '{constraint}'")]
    NoVersion {
        /// The repository.
        url: String,
        /// The constraint.
        constraint: String,
    },
    /// The repository has no such chart.
    #[error("{url}: there is no chart '{chart}' in the repository")]
    UnknownChart {
        /// The repository.
        url: String,
        /// What was asked for.
        chart: String,
    },
    /// No version of a chart fits.
    #[error("{url}: no version of chart '{chart}' matches '{constraint}'{hint}")]
    NoChartVersion {
        /// The repository.
        url: String,
        /// The chart.
        chart: String,
        /// The version or constraint.
        constraint: String,
        /// Which versions there are.
        hint: String,
    },
    /// Anything else: network, protocol, disk.
    #[error("{url}: {message}")]
    Failed {
        /// The repository.
        url: String,
        /// What went wrong.
        message: String,
    },
}
