//! Versions and constraints as Helm takes them: semantic versions, loosely written, and ranges such as `^1.2 || >=3.0.0-0`.

use std::cmp::Ordering;
use std::fmt;
use std::sync::LazyLock;

use regex::Regex;

mod constraint;

pub use constraint::{Constraint, ConstraintError};

/// Bytes of a version.
const VERSION_BYTES: usize = 256;

const VERSION: &str = r"v?([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?";
static VERSION_PATTERN: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(&format!("^{VERSION}$")).ok());

/// A version. Minor and patch may be left out, leading zeros and a `v` are allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// The first number.
    pub major: u64,
    /// The second number.
    pub minor: u64,
    /// The third number.
    pub patch: u64,
    /// What follows `-`; empty for a release.
    pub prerelease: String,
    /// What follows `+`.
    pub metadata: String,
    /// The text that was read.
    pub original: String,
}

/// Why a text is no version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VersionError {
    /// It has another form.
    #[error("invalid semantic version")]
    Invalid,
    /// It is too long.
    #[error("version string is too long (max {VERSION_BYTES} bytes)")]
    TooLong,
    /// A part of the prerelease is a number with a leading zero.
    #[error("version segment starts with 0")]
    LeadingZero,
    /// A number is beyond 64 bits.
    #[error(
        "error parsing version segment: strconv.ParseUint: parsing \"{0}\": value out of range"
    )]
    Number(String),
}

impl Version {
    /// Reads a version.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(text: &str) -> Result<Self, VersionError> {
        if text.len() > VERSION_BYTES {
            return Err(VersionError::TooLong);
        }
        let captures = VERSION_PATTERN
            .as_ref()
            .and_then(|pattern| pattern.captures(text))
            .ok_or(VersionError::Invalid)?;
        let part = |index| captures.get(index).map_or("", |found| found.as_str());
        let number = |index| match part(index) {
            "" => Ok(0),
            digits => digits
                .parse()
                .map_err(|_| VersionError::Number(digits.to_owned())),
        };
        let version = Self {
            major: number(1)?,
            minor: number(2)?,
            patch: number(3)?,
            prerelease: part(4).to_owned(),
            metadata: part(5).to_owned(),
            original: text.to_owned(),
        };
        let zero = |part: &str| {
            part.len() > 1
                && part.starts_with('0')
                && part.bytes().all(|byte| byte.is_ascii_digit())
        };
        if version.prerelease.split('.').any(zero) {
            return Err(VersionError::LeadingZero);
        }
        Ok(version)
    }

    /// Order of precedence; metadata does not count.
    #[must_use]
    pub fn precedence(&self, other: &Self) -> Ordering {
        let numbers = |version: &Self| (version.major, version.minor, version.patch);
        numbers(self).cmp(&numbers(other)).then_with(|| {
            match (self.prerelease.is_empty(), other.prerelease.is_empty()) {
                (true, true) => Ordering::Equal,
                (true, false) => Ordering::Greater,
                (false, true) => Ordering::Less,
                (false, false) => prerelease_order(&self.prerelease, &other.prerelease),
            }
        })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}.{}", self.major, self.minor, self.patch)?;
        if !self.prerelease.is_empty() {
            write!(formatter, "-{}", self.prerelease)?;
        }
        if !self.metadata.is_empty() {
            write!(formatter, "+{}", self.metadata)?;
        }
        Ok(())
    }
}

/// Part by part: numbers by value, numbers before words, fewer parts first.
fn prerelease_order(a: &str, b: &str) -> Ordering {
    let mut left = a.split('.');
    let mut right = b.split('.');
    loop {
        let order = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(a), Some(b)) => match (a.parse::<u64>(), b.parse::<u64>()) {
                (Ok(a), Ok(b)) => a.cmp(&b),
                (Ok(_), Err(_)) => Ordering::Less,
                (Err(_), Ok(_)) => Ordering::Greater,
                (Err(_), Err(_)) => a.cmp(b),
            },
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

#[cfg(test)]
mod tests;
