//! A running `tiphys serve`, started, stopped, killed and started again as an operator would.

use std::{
    path::{Path, PathBuf},
    process::{Command, ExitStatus},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use serde_json::json;

use crate::{ports, process::Process, rest::Client, wait_for};

const PATIENCE: Duration = Duration::from_secs(30);
/// The administrator's password, unless the options say otherwise.
pub const PASSWORD: &str = "argonauts-sail-at-dawn";

/// How to start it.
#[derive(Debug, Clone)]
pub struct Options {
    /// The program.
    pub binary: PathBuf,
    /// The data directory.
    pub data_dir: PathBuf,
    /// `sqlite` or `sled`.
    pub store: String,
    /// The cluster that is `in-cluster`.
    pub kubeconfig: Option<PathBuf>,
    /// The administrator's password; none lets the server generate one.
    pub password: Option<String>,
    /// Seconds between two looks at a repository.
    pub poll_interval: u32,
    /// More arguments.
    pub arguments: Vec<String>,
    /// More environment variables.
    pub environment: Vec<(String, String)>,
}

impl Options {
    /// A server on SQLite that looks at its repositories every second.
    #[must_use]
    pub fn new(binary: &Path, data_dir: &Path) -> Self {
        Self {
            binary: binary.to_owned(),
            data_dir: data_dir.to_owned(),
            store: "sqlite".to_owned(),
            kubeconfig: None,
            password: Some(PASSWORD.to_owned()),
            poll_interval: 1,
            arguments: Vec::new(),
            environment: Vec::new(),
        }
    }

    /// The command line, listening on `port`.
    #[must_use]
    pub fn command(&self, port: u16) -> Command {
        let mut command = Command::new(&self.binary);
        command
            .arg("serve")
            .args([
                "--listen",
                &format!("127.0.0.1:{port}"),
                "--store",
                &self.store,
            ])
            .arg("--data-dir")
            .arg(&self.data_dir)
            .args(["--git-poll-interval", &self.poll_interval.to_string()])
            .args(&self.arguments)
            // Nothing of the person who runs the tests: neither cluster nor settings.
            .env_remove("KUBECONFIG")
            .env("HOME", self.data_dir.parent().unwrap_or(&self.data_dir))
            .env_remove("KUBERNETES_SERVICE_HOST");
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("TIPHYS_") {
                command.env_remove(name);
            }
        }
        if let Some(kubeconfig) = &self.kubeconfig {
            command.arg("--kubeconfig").arg(kubeconfig);
        }
        if let Some(password) = &self.password {
            command.env("TIPHYS_ADMIN_PASSWORD", password);
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }
}

/// A running server. Dropping it kills it.
pub struct Tiphys {
    options: Options,
    port: u16,
    log: PathBuf,
    process: Process,
}

impl Tiphys {
    /// Starts it and waits until it is ready.
    ///
    /// # Errors
    /// When it ends or is not ready in time; the end of its log is in the error.
    pub fn start(options: Options) -> Result<Self> {
        let port = ports::free()?;
        let log = options.data_dir.with_extension("log");
        let process = Process::spawn("tiphys", options.command(port), &log)?;
        let mut tiphys = Self {
            options,
            port,
            log,
            process,
        };
        tiphys.wait_ready()?;
        Ok(tiphys)
    }

    /// `http://127.0.0.1:<port>`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The file with its logs.
    #[must_use]
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// The options it was started with.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// How it ended, if it has.
    ///
    /// # Errors
    /// When the kernel does not say.
    pub fn exited(&mut self) -> Result<Option<ExitStatus>> {
        self.process.exited()
    }

    /// A client without a token.
    #[must_use]
    pub fn anonymous(&self) -> Client {
        Client::new(&self.url())
    }

    /// A client of the administrator, newly logged in.
    ///
    /// # Errors
    /// When the login fails.
    pub fn admin(&self) -> Result<Client> {
        let password = self.options.password.as_deref().unwrap_or(PASSWORD);
        self.login("admin", password)
    }

    /// A client of the given user, newly logged in.
    ///
    /// # Errors
    /// When the login fails.
    pub fn login(&self, user: &str, password: &str) -> Result<Client> {
        let client = self.anonymous();
        let session = client
            .post(
                "/api/v1/session",
                &json!({"username": user, "password": password}),
            )?
            .ok()?;
        Ok(client.with_token(
            session["token"]
                .as_str()
                .context("the session has no token")?,
        ))
    }

    /// Kills it (SIGKILL), as a power cut would.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Ends it (SIGTERM) and says how it ended.
    pub fn stop(&mut self) -> Option<ExitStatus> {
        self.process.stop(Duration::from_secs(15))
    }

    /// Starts it again on the same data directory and port, after [`Tiphys::kill`] or [`Tiphys::stop`].
    ///
    /// # Errors
    /// As [`Tiphys::start`].
    pub fn start_again(&mut self) -> Result<()> {
        self.process = Process::spawn("tiphys", self.options.command(self.port), &self.log)?;
        self.wait_ready()
    }

    /// Runs it with options that must make it fail, and returns exit status and log.
    ///
    /// # Errors
    /// When it does not end in time.
    pub fn refused(options: &Options) -> Result<(ExitStatus, String)> {
        let log = options.data_dir.with_extension("refused.log");
        let mut process = Process::spawn("tiphys", options.command(ports::free()?), &log)?;
        let outcome = wait_for("tiphys to refuse to start", PATIENCE, || {
            Ok(process
                .exited()?
                .ok_or_else(|| "it is still running".to_owned()))
        });
        process.kill();
        Ok((outcome?, process.tail()))
    }

    fn wait_ready(&mut self) -> Result<()> {
        let start = Instant::now();
        let client = self.anonymous();
        let process = &mut self.process;
        wait_for("tiphys to be ready", PATIENCE, || {
            if let Some(status) = process.exited()? {
                bail!(
                    "tiphys ended with {status} after {:?}:\n{}",
                    start.elapsed(),
                    process.tail()
                );
            }
            Ok(match client.get("/readyz") {
                Ok(answer) if answer.status == 200 => Ok(()),
                Ok(answer) => Err(format!("{} {}", answer.status, answer.text)),
                Err(error) => Err(format!("{error:#}")),
            })
        })
        .with_context(|| format!("its log ends with:\n{}", self.process.tail()))
    }
}

impl Drop for Tiphys {
    fn drop(&mut self) {
        self.process.kill();
    }
}
