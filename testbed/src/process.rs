//! Child processes that outlive a Ctrl-C in the terminal, write to files, and are ended by their own id.

use std::{
    ffi::OsStr,
    fs::{self, File},
    io::{Read, Seek, SeekFrom},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process};

/// A started program whose output goes to a file.
#[derive(Debug)]
pub struct Process {
    name: String,
    command: Command,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts `command` in a process group of its own, without standard input, with both outputs appended to `log`.
    ///
    /// # Errors
    /// When the log cannot be opened or the program cannot be started.
    pub fn spawn(name: &str, mut command: Command, log: &Path) -> Result<Self> {
        let output = File::options()
            .create(true)
            .append(true)
            .open(log)
            .with_context(|| format!("cannot open {}", log.display()))?;
        let child = command
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .process_group(0)
            .spawn()
            .with_context(|| {
                format!("cannot start {name} ({})", command.get_program().display())
            })?;
        Ok(Self {
            name: name.to_owned(),
            command,
            child,
            log: log.to_owned(),
        })
    }

    /// Starts the same command once more, after it has ended.
    ///
    /// # Errors
    /// When the program cannot be started.
    pub fn start_again(&mut self) -> Result<()> {
        let started = self.command.spawn();
        self.child = started.with_context(|| format!("cannot start {} again", self.name))?;
        Ok(())
    }

    /// The name it was started under.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The file that holds what it wrote.
    #[must_use]
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// How it ended, if it has.
    ///
    /// # Errors
    /// When the kernel does not say.
    pub fn exited(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// The last lines of its output, for an error message.
    #[must_use]
    pub fn tail(&self) -> String {
        tail(&self.log, 4096)
    }

    /// Asks it to end (SIGTERM), and kills it when it has not within `patience`.
    pub fn stop(&mut self, patience: Duration) -> Option<ExitStatus> {
        signal(self.child.id(), Signal::TERM);
        let start = Instant::now();
        while start.elapsed() < patience {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Some(status);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        self.kill()
    }

    /// Kills it at once (SIGKILL) and waits until it is gone.
    pub fn kill(&mut self) -> Option<ExitStatus> {
        let _already_gone = self.child.kill();
        self.child.wait().ok()
    }
}

/// Whether the process `id` runs and was started with `mark` in its command line. A process id alone says nothing after a
/// restart of the machine: another program may have it by now.
#[must_use]
pub fn runs_with(id: u32, mark: impl AsRef<OsStr>) -> bool {
    let Ok(command_line) = fs::read(format!("/proc/{id}/cmdline")) else {
        return false;
    };
    let mark = mark.as_ref().as_encoded_bytes();
    command_line
        .windows(mark.len())
        .any(|window| window == mark)
}

/// Ends the process `id`, which need not be a child: SIGTERM, and SIGKILL after `patience`. Does nothing unless
/// [`runs_with`] holds.
pub fn end(id: u32, mark: impl AsRef<OsStr>, patience: Duration) {
    let mark = mark.as_ref();
    if !runs_with(id, mark) {
        return;
    }
    signal(id, Signal::TERM);
    let start = Instant::now();
    while runs_with(id, mark) && start.elapsed() < patience {
        std::thread::sleep(Duration::from_millis(10));
    }
    if runs_with(id, mark) {
        signal(id, Signal::KILL);
    }
}

/// The last `bytes` of a file, as text.
#[must_use]
pub fn tail(path: &Path, bytes: u64) -> String {
    let read = || -> std::io::Result<String> {
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(bytes)))?;
        let mut content = Vec::new();
        file.read_to_end(&mut content)?;
        Ok(String::from_utf8_lossy(&content).into_owned())
    };
    read().unwrap_or_default()
}

fn signal(id: u32, signal: Signal) {
    if let Some(pid) = i32::try_from(id).ok().and_then(Pid::from_raw) {
        // The process may have ended by itself in the meantime, which is what was wanted.
        let _gone = kill_process(pid, signal);
    }
}
