//! HTTPS: a given certificate, or one that is made once and kept.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context as _, bail};
use dropshot::{ConfigTls, HttpServer};

/// Reads a certificate and its key.
///
/// # Errors
/// When a file is missing, or not what it should be.
pub fn given(cert: &Path, key: &Path) -> anyhow::Result<ConfigTls> {
    let read = |path: &Path, mark: &str, what: &str| -> anyhow::Result<Vec<u8>> {
        let bytes = std::fs::read(path)
            .with_context(|| format!("cannot read {what} {}", path.display()))?;
        if !String::from_utf8_lossy(&bytes).contains(mark) {
            bail!("{} is no {what} in PEM: it has no `{mark}`", path.display());
        }
        Ok(bytes)
    };
    read(cert, "-----BEGIN CERTIFICATE-----", "certificate")?;
    read(key, "-----BEGIN PRIVATE KEY-----", "private key in PKCS#8")
        .context("convert it with `openssl pkcs8 -topk8 -nocrypt`")?;
    Ok(ConfigTls::AsFile {
        cert_file: cert.to_owned(),
        key_file: key.to_owned(),
    })
}

/// The certificate in the data directory, made at the first start for the host names of this machine.
///
/// # Errors
/// When it cannot be made or kept.
pub fn self_signed(directory: &Path, names: &[String]) -> anyhow::Result<ConfigTls> {
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
    given(&cert, &key)
}

/// When the files of a certificate were last written.
#[must_use]
pub fn stamp(config: &ConfigTls) -> Option<(SystemTime, SystemTime)> {
    let ConfigTls::AsFile {
        cert_file,
        key_file,
    } = config
    else {
        return None;
    };
    let written = |path: &Path| {
        std::fs::metadata(path)
            .and_then(|data| data.modified())
            .ok()
    };
    Some((written(cert_file)?, written(key_file)?))
}

/// Serves the certificate that is on the disk now.
///
/// # Errors
/// When it is not usable; the server goes on with the one before.
pub async fn refresh<C: dropshot::ServerContext>(
    server: &HttpServer<C>,
    config: &ConfigTls,
) -> anyhow::Result<()> {
    if let ConfigTls::AsFile {
        cert_file,
        key_file,
    } = config
    {
        given(cert_file, key_file)?;
    }
    // Dropshot would panic on what this refuses.
    rustls::ServerConfig::try_from(config).context("the certificate does not fit its key")?;
    server.refresh_tls(config).await.map_err(anyhow::Error::msg)
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
        let shown = format!("{:#}", given(&path, &path).expect_err("no certificate"));
        assert!(
            shown.contains("a.pem") && shown.contains("BEGIN CERTIFICATE"),
            "{shown}"
        );
    }
}
