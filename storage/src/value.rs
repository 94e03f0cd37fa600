//! How a record's value is written: as JSON, and gzipped when it is large.
//!
//! An application with thousands of objects has megabytes of rows that resemble each other, and a transaction has a limit. JSON never
//! begins with the bytes of gzip, so both are told apart when read.

use std::io::{Error, ErrorKind, Read as _, Result, Write as _};

use flate2::{Compression, read::GzDecoder, write::GzEncoder};

/// JSON up to this size is stored as it is, in bytes: small records are written all the time.
const PLAIN: usize = 64 * 1024;
/// The most bytes of JSON in one value.
const MOST: u64 = 256 * 1024 * 1024;
/// What gzip begins with.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// JSON as it is stored.
pub(crate) fn pack(json: Vec<u8>) -> Result<Vec<u8>> {
    if json.len() <= PLAIN {
        return Ok(json);
    }
    let mut packed = GzEncoder::new(Vec::with_capacity(json.len() / 8), Compression::fast());
    packed.write_all(&json)?;
    packed.finish()
}

/// The JSON of a stored value, when it is not stored as it is.
pub(crate) fn unpack(stored: &[u8]) -> Result<Option<Vec<u8>>> {
    if !stored.starts_with(&GZIP) {
        return Ok(None);
    }
    let mut json = Vec::with_capacity(stored.len().saturating_mul(8));
    GzDecoder::new(stored)
        .take(MOST + 1)
        .read_to_end(&mut json)?;
    if json.len() as u64 > MOST {
        return Err(Error::new(
            ErrorKind::InvalidData,
            "it is larger than 256 MiB",
        ));
    }
    Ok(Some(json))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_small_is_stored_as_it_is_and_what_is_large_comes_back() {
        let small = b"{\"a\":1}".to_vec();
        assert_eq!(pack(small.clone()).expect("a value"), small);
        assert!(unpack(&small).expect("JSON").is_none());
        let large = format!("[{}0]", "{\"name\":\"x\"},".repeat(10_000)).into_bytes();
        let packed = pack(large.clone()).expect("a value");
        assert!(packed.len() < large.len() / 10, "{}", packed.len());
        assert_eq!(unpack(&packed).expect("a value"), Some(large));
    }

    #[test]
    fn what_is_damaged_is_an_error() {
        let mut packed = pack(vec![b' '; PLAIN + 1]).expect("a value");
        packed.truncate(packed.len() / 2);
        assert!(unpack(&packed).is_err());
    }
}
