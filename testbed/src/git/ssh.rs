//! Git over SSH on loopback: an `sshd` of its own, with its own keys, that lets one key in.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, process::Command, time::Duration};

use anyhow::{Context, Result, bail};

use crate::{ports, process::Process, tool::Tool, wait_for};

/// A running server. Dropping it stops it.
pub struct SshServer {
    process: Process,
    port: u16,
    user: String,
    private_key: String,
    known_hosts: String,
}

impl SshServer {
    /// Starts `sshd` with its keys and configuration in `folder`.
    ///
    /// # Errors
    /// When OpenSSH is missing or does not start.
    pub fn start(folder: &Path) -> Result<Self> {
        let sshd = Tool::Sshd.find().with_context(|| Tool::Sshd.advice())?;
        fs::create_dir_all(folder)?;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
        for key in ["host", "client"] {
            let status = Command::new("ssh-keygen")
                .args(["-q", "-t", "ed25519", "-N", "", "-C", key, "-f"])
                .arg(folder.join(key))
                .status()?;
            if !status.success() {
                bail!("ssh-keygen failed: {status}");
            }
        }
        fs::copy(folder.join("client.pub"), folder.join("authorized_keys"))?;
        let port = ports::free()?;
        let file = |name: &str| folder.join(name).display().to_string();
        let config = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {}\nPidFile {}\nAuthorizedKeysFile {}\nStrictModes no\n\
             UsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\n",
            file("host"),
            file("pid"),
            file("authorized_keys"),
        );
        fs::write(folder.join("sshd_config"), config)?;
        // sshd wants this folder for its unprivileged half; only root can make it, and only root's sshd needs it.
        let _not_root = fs::create_dir_all("/run/sshd");
        let mut command = Command::new(sshd);
        command
            .args(["-D", "-e", "-f"])
            .arg(folder.join("sshd_config"));
        let mut process = Process::spawn("sshd", command, &folder.join("sshd.log"))?;
        wait_for("sshd", Duration::from_secs(10), || {
            if process.exited()?.is_some() {
                bail!("sshd ended: {}", process.tail());
            }
            Ok(std::net::TcpStream::connect(("127.0.0.1", port))
                .map(drop)
                .map_err(|e| e.to_string()))
        })?;
        let host = fs::read_to_string(folder.join("host.pub"))?;
        let host = host
            .split_whitespace()
            .take(2)
            .collect::<Vec<_>>()
            .join(" ");
        let user = Command::new("id").arg("-un").output()?;
        Ok(Self {
            process,
            port,
            user: String::from_utf8(user.stdout)?.trim().to_owned(),
            private_key: fs::read_to_string(folder.join("client"))?,
            known_hosts: format!("[127.0.0.1]:{port} {host}\n"),
        })
    }

    /// The URL of a repository's folder.
    #[must_use]
    pub fn url(&self, bare: &Path) -> String {
        format!(
            "ssh://{}@127.0.0.1:{}{}",
            self.user,
            self.port,
            bare.display()
        )
    }

    /// The private key that is let in.
    #[must_use]
    pub fn private_key(&self) -> &str {
        &self.private_key
    }

    /// The server's line for a `known_hosts` file.
    #[must_use]
    pub fn known_hosts(&self) -> &str {
        &self.known_hosts
    }
}

impl Drop for SshServer {
    fn drop(&mut self) {
        self.process.kill();
    }
}
