//! The file with the key.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::{Error, KEY_BYTES};

/// Reads the file, or makes it with a new key. It is on disk, with its folder entry, before it is used.
pub(crate) fn read_or_create(path: &Path) -> Result<String, Error> {
    let fail = |reason: String| Error::KeyFile {
        path: path.display().to_string(),
        reason,
    };
    match fs::metadata(path) {
        Ok(metadata) => {
            let mode = metadata.permissions().mode() & 0o777;
            if mode & 0o077 != 0 {
                return Err(fail(format!(
                    "others may read it (mode {mode:03o}); run `chmod 600` on it"
                )));
            }
            fs::read_to_string(path).map_err(|error| fail(format!("cannot be read: {error}")))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            create(path).map_err(|error| fail(format!("cannot be made: {error}")))
        }
        Err(error) => Err(fail(format!("cannot be read: {error}"))),
    }
}

fn create(path: &Path) -> std::io::Result<String> {
    let mut key = [0; KEY_BYTES];
    rand::fill(&mut key).map_err(|_| std::io::Error::other("the system gives no randomness"))?;
    let text = STANDARD.encode(key);
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    if let Some(folder) = path.parent() {
        File::open(folder)?.sync_all()?;
    }
    Ok(text)
}
