//! The command line.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use clap::{ArgMatches, Args, FromArgMatches, Parser, Subcommand};
use tiphys_secrets::Sealer;
use tiphys_server::config::{Backend, File, WebhookFile};
use tiphys_server::limits::LimitsFile;
use tiphys_server::logging;
use tiphys_storage::{Store, StoreError, transfer};

/// A GitOps control plane in one binary
#[derive(Parser)]
#[command(
    name = "tiphys",
    version,
    about,
    after_help = "Exit codes: 0 done, 1 another fault, 2 wrong usage, 3 the data directory is in use, 4 it belongs to another \
                  backend or a newer version, 5 it is damaged, 6 it cannot be written, 7 the disk is full. Those of `diff` are in its help."
)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the API, and look after the applications
    Serve(Later<Serve>),
    /// Print why an application is out of sync, field by field
    ///
    /// For each object that differs, each field with its owner, what is live and what the source wants, as the server tells. Values of
    /// Secrets are masked.
    Diff(Later<crate::diff_command::Diff>),
    /// Print the manifests of a chart, an overlay or a folder, without server or cluster
    Render(Later<crate::render_command::Render>),
    /// Move everything that is stored, as one file
    #[command(subcommand)]
    Store(StoreCommand),
    /// Print the version
    Version,
}

/// The options of a command, declared only when this command is the one that was given.
struct Later<T>(Box<T>);

impl<T: FromArgMatches> FromArgMatches for Later<T> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        T::from_arg_matches(matches).map(|options| Self(Box::new(options)))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.0.update_from_arg_matches(matches)
    }
}

impl<T: Args> Args for Later<T> {
    fn augment_args(command: clap::Command) -> clap::Command {
        command.defer(T::augment_args)
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        command.defer(T::augment_args_for_update)
    }
}

/// Where the state is kept.
#[derive(Args, Clone)]
pub struct Data {
    /// Folder for everything that is kept [default: ./tiphys-data]
    #[arg(long, env = "TIPHYS_DATA_DIR", value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Which embedded store keeps the state [default: sqlite]
    #[arg(long, env = "TIPHYS_STORE", value_name = "BACKEND")]
    pub store: Option<Backend>,
}

/// Options of `tiphys serve`. Each has an environment variable, and a key in the TOML file of `--config`.
#[derive(Args)]
pub struct Serve {
    #[command(flatten)]
    pub data: Data,
    /// Address to listen on; port 0 takes a free one [default: 127.0.0.1:8080]
    #[arg(long, env = "TIPHYS_LISTEN", value_name = "ADDRESS")]
    pub listen: Option<String>,
    /// Configuration file
    #[arg(long, env = "TIPHYS_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Serve HTTPS with this certificate chain, PEM; needs --tls-key
    #[arg(
        long,
        env = "TIPHYS_TLS_CERT",
        value_name = "FILE",
        requires = "tls_key"
    )]
    pub tls_cert: Option<PathBuf>,
    /// Private key of --tls-cert, PEM
    #[arg(
        long,
        env = "TIPHYS_TLS_KEY",
        value_name = "FILE",
        requires = "tls_cert"
    )]
    pub tls_key: Option<PathBuf>,
    /// Serve HTTPS with a certificate made here and kept in the data directory
    #[arg(
        long,
        env = "TIPHYS_TLS_SELF_SIGNED",
        value_name = "BOOL",
        conflicts_with = "tls_cert"
    )]
    pub tls_self_signed: Option<bool>,
    /// Kubeconfig of the cluster that applications call https://kubernetes.default.svc
    #[arg(long, env = "TIPHYS_KUBECONFIG", value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// Context within the kubeconfig
    #[arg(long, env = "TIPHYS_CONTEXT", value_name = "NAME")]
    pub context: Option<String>,
    /// Namespace in which manifests of Application and AppProject for in-cluster mean this control plane; `off` for none [default: argocd]
    #[arg(long, env = "TIPHYS_APP_OF_APPS", value_name = "NAMESPACE")]
    pub app_of_apps: Option<String>,
    /// Seconds between two looks at a repository [default: 5]
    #[arg(long, env = "TIPHYS_GIT_POLL_INTERVAL", value_name = "SECONDS")]
    pub git_poll_interval: Option<u64>,
    /// Whether repositories on this machine's disk may be read (`file://`)
    #[arg(long, env = "TIPHYS_GIT_ALLOW_FILE", value_name = "BOOL")]
    pub git_allow_file: Option<bool>,
    /// Seconds that a repository has to answer which references it has [default: 15]
    #[arg(long, env = "TIPHYS_GIT_LIST_TIMEOUT", value_name = "SECONDS")]
    pub git_list_timeout: Option<u64>,
    /// Seconds that the objects of a commit, a chart or an index may take [default: 90]
    #[arg(long, env = "TIPHYS_GIT_FETCH_TIMEOUT", value_name = "SECONDS")]
    pub git_fetch_timeout: Option<u64>,
    /// File with the keys of SSH servers that are trusted [default: the user's and the system's known_hosts]
    #[arg(long, env = "TIPHYS_GIT_SSH_KNOWN_HOSTS", value_name = "FILE")]
    pub git_ssh_known_hosts: Option<PathBuf>,
    /// How log lines look [default: text]
    #[arg(long, env = "TIPHYS_LOG_FORMAT", value_enum)]
    pub log_format: Option<logging::Format>,
    /// What is logged: error, warn, info, debug, trace, or a filter such as `tiphys_server=debug` [default: info]
    #[arg(long, env = "TIPHYS_LOG_LEVEL")]
    pub log_level: Option<String>,
    /// Password of `admin` at the first start; one is made and shown when it is not given
    #[arg(
        long,
        env = "TIPHYS_ADMIN_PASSWORD",
        hide_env_values = true,
        value_name = "PASSWORD"
    )]
    pub admin_password: Option<String>,
    /// Key that seals credentials, 32 bytes in base64 [default: the file seal.key in the data directory]
    #[arg(
        long,
        env = "TIPHYS_SEAL_KEY",
        hide_env_values = true,
        value_name = "BASE64"
    )]
    pub seal_key: Option<String>,
    #[command(flatten)]
    pub webhook: WebhookFile,
    #[command(flatten)]
    pub limits: LimitsFile,
}

#[derive(Subcommand)]
enum StoreCommand {
    /// Write everything to a file. Credentials stay sealed: the file says which key they need
    Export {
        #[command(flatten)]
        data: Data,
        /// File to write; it must not exist
        file: PathBuf,
    },
    /// Read a file of `export` into an empty data directory
    Import {
        #[command(flatten)]
        data: Data,
        /// File to read
        file: PathBuf,
    },
}

impl Cli {
    /// Does what was asked.
    ///
    /// # Errors
    /// What went wrong, for a person; see [`exit_code`].
    pub fn run(self) -> anyhow::Result<ExitCode> {
        match self.command {
            Command::Serve(options) => crate::serve::run(*options.0),
            // Its 1 says that something differs, so that an error needs another number.
            Command::Diff(options) => {
                return Ok(
                    crate::diff_command::run(&options.0).unwrap_or_else(|error| {
                        eprintln!("tiphys: {error:#}");
                        ExitCode::from(2)
                    }),
                );
            }
            Command::Render(options) => crate::render_command::run(&options.0),
            Command::Store(StoreCommand::Export { data, file }) => export(&data, &file),
            Command::Store(StoreCommand::Import { data, file }) => import(&data, &file),
            Command::Version => {
                println!("{}", tiphys_server::app::VERSION);
                Ok(())
            }
        }?;
        Ok(ExitCode::SUCCESS)
    }
}

/// The folder with the data.
pub fn data_dir(data: &Data, file: &File) -> PathBuf {
    data.data_dir
        .clone()
        .or_else(|| file.data_dir.clone())
        .unwrap_or_else(|| PathBuf::from("tiphys-data"))
}

/// Opens the store that was chosen.
pub fn open_store(data: &Data, file: &File) -> anyhow::Result<Arc<dyn Store>> {
    let directory = data_dir(data, file);
    Ok(match data.store.or(file.store).unwrap_or(Backend::Sqlite) {
        Backend::Sqlite => Arc::new(tiphys_storage_sqlite::SqliteStore::open(&directory)?),
        Backend::Sled => Arc::new(tiphys_storage_sled::SledStore::open(&directory)?),
    })
}

/// The key that seals credentials.
pub fn sealer(key: Option<&str>, directory: &Path) -> anyhow::Result<Sealer> {
    Ok(match key {
        Some(key) => Sealer::from_base64(key)?,
        None => Sealer::from_file(&directory.join("seal.key"))?,
    })
}

fn export(data: &Data, path: &Path) -> anyhow::Result<()> {
    let none = File::default();
    let store = open_store(data, &none)?;
    let key = sealer(
        std::env::var("TIPHYS_SEAL_KEY").ok().as_deref(),
        &data_dir(data, &none),
    )?;
    let file = std::fs::File::create_new(path)
        .with_context(|| format!("cannot make {}", path.display()))?;
    let mut writer = std::io::BufWriter::new(file);
    let header = transfer::export(store.as_ref(), Some(key.key_id()), &mut writer)?;
    writer
        .into_inner()
        .context("the file could not be written")?
        .sync_all()?;
    println!(
        "{} records at revision {}; credentials are sealed with key {}",
        header.count,
        header.revision,
        key.key_id()
    );
    Ok(())
}

fn import(data: &Data, path: &Path) -> anyhow::Result<()> {
    let file =
        std::fs::File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    let store = open_store(data, &File::default())?;
    let header = transfer::import(&mut std::io::BufReader::new(file), store.as_ref())?;
    println!("{} records", header.count);
    if let Some(key) = header.seal_key_id {
        println!(
            "Credentials are sealed with key {key}: put that key's seal.key into the data directory (mode 600), or set TIPHYS_SEAL_KEY."
        );
    }
    Ok(())
}

/// The exit code of an error.
pub fn exit_code(error: &anyhow::Error) -> ExitCode {
    let store = error
        .chain()
        .find_map(|cause| cause.downcast_ref::<StoreError>());
    ExitCode::from(match store {
        Some(StoreError::Locked { .. }) => 3,
        Some(StoreError::OtherBackend { .. } | StoreError::NewerFormat { .. }) => 4,
        Some(StoreError::Corrupted { .. } | StoreError::NotADataDirectory { .. }) => 5,
        Some(StoreError::ReadOnly { .. }) => 6,
        Some(StoreError::DiskFull { .. }) => 7,
        _ => 1,
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::Cli;

    #[test]
    fn no_two_arguments_of_a_command_are_in_each_others_way() {
        Cli::command().debug_assert();
    }
}
