//! HTTPS: a given certificate, or one that is made once and kept.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use anyhow::Context as _;
use dropshot::{ConfigTls, HttpServer};

/// A certificate chain and its key on the disk.
#[derive(Clone, Debug)]
pub struct Files {
    cert: PathBuf,
    key: PathBuf,
}

/// A given certificate and its key.
#[must_use]
pub fn given(cert: &Path, key: &Path) -> Files {
    Files {
        cert: cert.to_owned(),
        key: key.to_owned(),
    }
}

impl Files {
    /// Reads both. The key may be PKCS#8, PKCS#1 or SEC1.
    ///
    /// # Errors
    /// When a file is missing, not what it should be, or the two do not belong together.
    pub fn read(&self) -> anyhow::Result<ConfigTls> {
        use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
        let text = |path: &Path, what: &str| -> anyhow::Result<Vec<u8>> {
            std::fs::read(path).with_context(|| format!("cannot read {what} {}", path.display()))
        };
        let none = |path: &Path, what: &str, mark: &str| {
            anyhow::anyhow!("{} is no {what} in PEM: it has no `{mark}`", path.display())
        };
        let cert = text(&self.cert, "certificate")?;
        let chain = CertificateDer::pem_slice_iter(&cert)
            .collect::<Result<Vec<_>, _>>()
            .ok()
            .filter(|chain| !chain.is_empty())
            .ok_or_else(|| none(&self.cert, "certificate", "-----BEGIN CERTIFICATE-----"))?;
        let key = PrivateKeyDer::from_pem_slice(&text(&self.key, "private key")?)
            .map_err(|_| none(&self.key, "private key", "-----BEGIN PRIVATE KEY-----"))?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .with_context(|| {
                format!(
                    "the certificate {} and the key {} cannot be used together",
                    self.cert.display(),
                    self.key.display()
                )
            })?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(ConfigTls::Dynamic(config))
    }

    /// When the files were last written.
    #[must_use]
    pub fn stamp(&self) -> Option<(SystemTime, SystemTime)> {
        let written = |path: &Path| {
            std::fs::metadata(path)
                .and_then(|data| data.modified())
                .ok()
        };
        Some((written(&self.cert)?, written(&self.key)?))
    }

    /// Serves what is on the disk now.
    ///
    /// # Errors
    /// When it is not usable; the server goes on with the certificate before.
    pub async fn refresh<C: dropshot::ServerContext>(
        &self,
        server: &HttpServer<C>,
    ) -> anyhow::Result<()> {
        let config = self.read()?;
        server
            .refresh_tls(&config)
            .await
            .map_err(anyhow::Error::msg)
    }
}

/// The certificate in the data directory, made at the first start for the host names of this machine.
///
/// # Errors
/// When it cannot be made or kept.
pub fn self_signed(directory: &Path, names: &[String]) -> anyhow::Result<Files> {
    let folder = directory.join("tls");
    let (cert, key): (PathBuf, PathBuf) = (folder.join("cert.pem"), folder.join("key.pem"));
    if !cert.exists() || !key.exists() {
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("cannot make {}", folder.display()))?;
        let made = rcgen::generate_simple_self_signed(names.to_vec())
            .context("the certificate cannot be made")?;
        write(&key, &made.signing_key.serialize_pem(), 0o600)?;
        write(&cert, &made.cert.pem(), 0o644)?;
    }
    Ok(given(&cert, &key))
}

fn write(path: &Path, text: &str, mode: u32) -> anyhow::Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut options = std::fs::OpenOptions::new();
    let mut file = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(mode)
        .open(path)
        .with_context(|| format!("cannot write {}", path.display()))?;
    file.write_all(text.as_bytes())
        .with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_made_once() -> anyhow::Result<()> {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir()?;
        let names = ["localhost".to_owned()];
        self_signed(folder.path(), &names)?;
        let first = std::fs::read(folder.path().join("tls/cert.pem"))?;
        self_signed(folder.path(), &names)?;
        assert_eq!(std::fs::read(folder.path().join("tls/cert.pem"))?, first);
        let mode = std::fs::metadata(folder.path().join("tls/key.pem"))?
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        Ok(())
    }

    #[test]
    fn a_wrong_file_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.pem");
        std::fs::write(&path, "nothing").expect("a file");
        let shown = format!(
            "{:#}",
            given(&path, &path).read().expect_err("no certificate")
        );
        assert!(
            shown.contains("a.pem") && shown.contains("BEGIN CERTIFICATE"),
            "{shown}"
        );
    }
}
