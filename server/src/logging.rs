//! Logs: `tracing` for everything, with Dropshot's slog records passed into it.

use tracing_subscriber::EnvFilter;

/// How log lines look.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    serde::Serialize,
    serde::Deserialize,
    clap::ValueEnum,
)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Starts logging to standard error.
///
/// # Errors
/// When the filter is none, or logging was started before.
pub fn start(format: Format, filter: &str) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(filter).map_err(|error| {
        anyhow::anyhow!("--log-level `{filter}`: {error}; use error, warn, info, debug or trace")
    })?;
    let logs = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    let started = match format {
        Format::Text => logs.try_init(),
        Format::Json => logs.json().try_init(),
    };
    started.map_err(|error| anyhow::anyhow!("logging cannot be started: {error}"))
}

/// Passes slog records on to `tracing`.
struct Bridge;

impl slog::Drain for Bridge {
    type Ok = ();
    type Err = slog::Never;

    fn log(
        &self,
        record: &slog::Record<'_>,
        _values: &slog::OwnedKVList,
    ) -> Result<(), slog::Never> {
        let message = record.msg();
        match record.level() {
            slog::Level::Critical | slog::Level::Error => {
                tracing::error!(target: "dropshot", "{message}")
            }
            slog::Level::Warning => tracing::warn!(target: "dropshot", "{message}"),
            // What Dropshot calls information is one line a request.
            slog::Level::Info | slog::Level::Debug => {
                tracing::debug!(target: "dropshot", "{message}")
            }
            slog::Level::Trace => tracing::trace!(target: "dropshot", "{message}"),
        }
        Ok(())
    }
}

/// The logger to give to Dropshot.
pub fn for_dropshot() -> slog::Logger {
    slog::Logger::root(Bridge, slog::o!())
}
