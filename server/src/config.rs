//! Configuration: flags, then environment variables, then one TOML file, then defaults.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};
use tiphys_model::{DexConfig, GoogleAnalyticsConfig, Help, OidcConfig};

/// Which embedded store keeps the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Backend {
    /// SQLite in write-ahead mode.
    Sqlite,
    /// sled.
    Sled,
}

/// The TOML file. An unknown key is an error that names it. It has no `Debug`: it may hold secrets.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct File {
    /// Address to listen on.
    pub listen: Option<String>,
    /// Folder for everything that is kept.
    pub data_dir: Option<PathBuf>,
    /// Which embedded store.
    pub store: Option<Backend>,
    /// Kubeconfig of the cluster that is called in-cluster.
    pub kubeconfig: Option<PathBuf>,
    /// Context within the kubeconfig.
    pub context: Option<String>,
    /// HTTPS.
    pub tls: TlsFile,
    /// How repositories are read.
    pub git: GitFile,
    /// What is logged.
    pub log: LogFile,
    /// Password of `admin` at the first start.
    pub admin_password: Option<String>,
    /// Key that seals credentials, 32 bytes in base64.
    pub seal_key: Option<String>,
    /// What `/settings` tells clients.
    pub settings: SettingsFile,
}

/// The part of the file about logs.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogFile {
    /// How log lines look.
    pub format: Option<crate::logging::Format>,
    /// What is logged.
    pub level: Option<String>,
}

/// The part of the file about HTTPS.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TlsFile {
    /// Certificate chain, PEM.
    pub cert: Option<PathBuf>,
    /// Its private key, PEM in PKCS#8.
    pub key: Option<PathBuf>,
    /// Whether a certificate is made when none is given.
    pub self_signed: Option<bool>,
}

/// The part of the file about Git.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GitFile {
    /// Seconds between two looks at a repository.
    pub poll_interval: Option<u64>,
    /// Whether `file://` repositories are read.
    pub allow_file: Option<bool>,
    /// Seconds that a repository has to answer.
    pub list_timeout: Option<u64>,
    /// Seconds that objects may take.
    pub fetch_timeout: Option<u64>,
    /// File with the keys of SSH servers that are trusted.
    pub ssh_known_hosts: Option<PathBuf>,
}

/// The part of the file that `/settings` serves.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SettingsFile {
    /// Address under which people reach the server.
    pub url: String,
    /// Whether status badges are served.
    pub status_badge_enabled: bool,
    /// Usage statistics.
    pub google_analytics: GoogleAnalyticsConfig,
    /// Where people find help.
    pub help: Help,
    /// Sign-in through Dex.
    pub dex: Option<DexConfig>,
    /// Sign-in through OpenID Connect.
    pub oidc: Option<OidcConfig>,
    /// Banner of the web client; only for who is logged in.
    pub ui_banner_content: String,
    /// Link of the banner; only for who is logged in.
    pub ui_banner_url: String,
    /// Style sheet of the web client.
    pub ui_css_url: String,
    /// Text of the sign-in button.
    pub ui_login_button_text: String,
}

impl File {
    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read, is no TOML or has an unknown key; the message says where.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read the configuration file {}", path.display()))?;
        match toml::from_str(&text) {
            Ok(file) => Ok(file),
            Err(error) => bail!("configuration file {}: {error}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> anyhow::Result<File> {
        let directory = tempfile::tempdir()?;
        let path = directory.path().join("tiphys.toml");
        std::fs::write(&path, text)?;
        File::read(&path)
    }

    #[test]
    fn a_file_is_read() {
        let file = read("listen = \"127.0.0.1:9\"\n[settings]\nurl = \"https://cd.example.com\"\n[settings.help]\nchatUrl = \"https://chat\"\n").expect("a file");
        assert_eq!(file.listen.as_deref(), Some("127.0.0.1:9"));
        assert_eq!(file.settings.help.chat_url, "https://chat");
    }

    #[test]
    fn an_unknown_key_is_named_with_its_place() {
        let message = read("lisen = \"x\"\n")
            .err()
            .expect("an unknown key")
            .to_string();
        assert!(
            message.contains("lisen") && message.contains("line 1"),
            "{message}"
        );
        let message = read("store = \"etcd\"\n")
            .err()
            .expect("an unknown store")
            .to_string();
        assert!(message.contains("etcd"), "{message}");
    }
}
