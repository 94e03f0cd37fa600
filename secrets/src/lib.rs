//! Credentials at rest: sealed with a key that is not in the store.
//!
//! A sealed text is `v1:KEY-ID:BASE64`, where the bytes are a nonce of 12 bytes and the ciphertext of AES-256-GCM with its tag. The
//! place that a secret belongs to is authenticated with it, so that a sealed text moved to another record does not open.
//! The key is 32 random bytes, in a file of mode 0600 beside the data, or given in base64 by the caller.

mod key_file;
mod secret;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

pub use secret::Secret;

/// Length of a key, in bytes.
pub const KEY_BYTES: usize = 32;

/// Why a secret cannot be sealed or opened. No message holds a secret.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The key given by the caller is no key.
    #[error(
        "the seal key is not {KEY_BYTES} bytes in base64; make one with `head -c {KEY_BYTES} /dev/urandom | base64`"
    )]
    NotAKey,
    /// The key file cannot be used.
    #[error("the seal key file {path}: {reason}")]
    KeyFile {
        /// The file.
        path: String,
        /// What is wrong, and what to do.
        reason: String,
    },
    /// The text was sealed with another key.
    #[error(
        "sealed with key {sealed_with}, but the present key is {present}; start with the key that belongs to this data (TIPHYS_SEAL_KEY, or seal.key in the data directory)"
    )]
    OtherKey {
        /// Identity of the key that is needed.
        sealed_with: String,
        /// Identity of the key that is there.
        present: String,
    },
    /// The text is no sealed text, was changed, or belongs to another place.
    #[error("the sealed text is damaged, or belongs to another record")]
    Damaged,
    /// The system gave no randomness, or the cipher failed.
    #[error("sealing failed in the cryptographic library")]
    Library,
}

/// Seals and opens secrets with one key.
pub struct Sealer {
    key: LessSafeKey,
    /// For what follows from the key, and does not reveal it.
    deriving: aws_lc_rs::hmac::Key,
    id: String,
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sealer")
            .field("key_id", &self.id)
            .finish_non_exhaustive()
    }
}

impl Sealer {
    /// A sealer for a key in base64.
    ///
    /// # Errors
    /// When the text is no key.
    pub fn from_base64(text: &str) -> Result<Self, Error> {
        let bytes = STANDARD.decode(text.trim()).map_err(|_| Error::NotAKey)?;
        Self::from_bytes(&bytes)
    }

    /// A sealer for the key in a file, which is made with a new key when it does not exist.
    ///
    /// # Errors
    /// When the file cannot be read or made, others may read it, or it holds no key.
    pub fn from_file(path: &std::path::Path) -> Result<Self, Error> {
        let text = key_file::read_or_create(path)?;
        Self::from_base64(&text).map_err(|_| Error::KeyFile {
            path: path.display().to_string(),
            reason: format!(
                "it does not hold {KEY_BYTES} bytes in base64; restore it from a backup"
            ),
        })
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let key = UnboundKey::new(&AES_256_GCM, bytes).map_err(|_| Error::NotAKey)?;
        let digest = Sha256::new()
            .chain_update(b"tiphys seal key id")
            .chain_update(bytes)
            .finalize();
        let id = digest[..4]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Ok(Self {
            key: LessSafeKey::new(key),
            deriving: aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, bytes),
            id,
        })
    }

    /// A secret that follows from the key and a label: always the same for the same two, and without use for finding the key.
    #[must_use]
    pub fn derive(&self, label: &str) -> [u8; 32] {
        let text = format!("tiphys derived secret: {label}");
        let tag = aws_lc_rs::hmac::sign(&self.deriving, text.as_bytes());
        let mut secret = [0; 32];
        secret.copy_from_slice(tag.as_ref());
        secret
    }

    /// Identity of the key: says which key is needed, and nothing about it.
    #[must_use]
    pub fn key_id(&self) -> &str {
        &self.id
    }

    /// Seals a secret that belongs to `place`, for example the key of its record.
    ///
    /// # Errors
    /// Only when the system gives no randomness.
    pub fn seal(&self, place: &str, secret: &str) -> Result<String, Error> {
        let mut nonce = [0; NONCE_LEN];
        rand::fill(&mut nonce).map_err(|_| Error::Library)?;
        let mut sealed = secret.as_bytes().to_vec();
        self.key
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(place.as_bytes()),
                &mut sealed,
            )
            .map_err(|_| Error::Library)?;
        let mut bytes = nonce.to_vec();
        bytes.append(&mut sealed);
        Ok(format!("v1:{}:{}", self.id, STANDARD.encode(bytes)))
    }

    /// Opens a secret that belongs to `place`.
    ///
    /// # Errors
    /// When it was sealed with another key, was changed, or belongs to another place.
    pub fn open(&self, place: &str, sealed: &str) -> Result<Secret, Error> {
        let mut parts = sealed.splitn(3, ':');
        let (Some("v1"), Some(id), Some(text)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(Error::Damaged);
        };
        if id != self.id {
            return Err(Error::OtherKey {
                sealed_with: id.to_owned(),
                present: self.id.clone(),
            });
        }
        let mut bytes = STANDARD.decode(text).map_err(|_| Error::Damaged)?;
        let (nonce, ciphertext) = bytes
            .split_at_mut_checked(NONCE_LEN)
            .ok_or(Error::Damaged)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| Error::Damaged)?;
        let plain = self
            .key
            .open_in_place(nonce, Aad::from(place.as_bytes()), ciphertext)
            .map_err(|_| Error::Damaged)?;
        let text = String::from_utf8(plain.to_vec()).map_err(|_| Error::Damaged)?;
        Ok(Secret::from(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealer(byte: u8) -> Sealer {
        Sealer::from_bytes(&[byte; KEY_BYTES]).expect("a key")
    }

    #[test]
    fn what_is_sealed_opens_in_its_place() {
        let sealer = sealer(1);
        let sealed = sealer.seal("/repositories/a", "hunter2").expect("sealing");
        assert!(!sealed.contains("hunter2"));
        assert_ne!(
            sealed,
            sealer.seal("/repositories/a", "hunter2").expect("sealing"),
            "every nonce is new"
        );
        assert_eq!(
            sealer
                .open("/repositories/a", &sealed)
                .expect("opening")
                .expose(),
            "hunter2"
        );
        assert!(matches!(
            sealer.open("/repositories/b", &sealed),
            Err(Error::Damaged)
        ));
    }

    #[test]
    fn another_key_is_named() {
        let sealed = sealer(1).seal("p", "x").expect("sealing");
        let error = sealer(2).open("p", &sealed).expect_err("another key");
        let message = error.to_string();
        assert!(
            message.contains(sealer(1).key_id()) && message.contains(sealer(2).key_id()),
            "{message}"
        );
    }

    #[test]
    fn damage_is_found() {
        let sealer = sealer(1);
        let sealed = sealer.seal("p", "x").expect("sealing");
        let (head, text) = sealed.rsplit_once(':').expect("three parts");
        let mut bytes = STANDARD.decode(text).expect("base64");
        bytes[NONCE_LEN] ^= 1;
        for damaged in [
            String::new(),
            "v1".into(),
            "v2:a:b".into(),
            format!("{head}:!"),
            format!("{head}:AAAA"),
            format!("{head}:{}", STANDARD.encode(&bytes)),
        ] {
            assert!(
                matches!(sealer.open("p", &damaged), Err(Error::Damaged)),
                "{damaged}"
            );
        }
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for text in ["", "short", "!!!!", &STANDARD.encode([0; 31])] {
            assert!(
                matches!(Sealer::from_base64(text), Err(Error::NotAKey)),
                "{text}"
            );
        }
    }

    #[test]
    fn a_key_file_is_made_once_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("seal.key");
        let made = Sealer::from_file(&path).expect("a new key");
        let mode = std::fs::metadata(&path)
            .expect("the file")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(
            Sealer::from_file(&path).expect("the same key").key_id(),
            made.key_id()
        );

        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).expect("a mode");
        let message = Sealer::from_file(&path)
            .expect_err("a file that others may read")
            .to_string();
        assert!(message.contains("chmod 600"), "{message}");
    }

    #[test]
    fn a_damaged_key_file_is_left_as_it_is() {
        use std::os::unix::fs::PermissionsExt as _;
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("seal.key");
        std::fs::write(&path, "no key").expect("a file");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("a mode");
        assert!(Sealer::from_file(&path).is_err());
        assert_eq!(std::fs::read_to_string(&path).expect("the file"), "no key");
    }

    #[test]
    fn debug_shows_nothing() {
        let shown = format!("{:?} {:?}", sealer(7), Secret::from("hunter2".to_owned()));
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
