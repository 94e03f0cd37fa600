//! Versions and constraints as Helm takes them: semantic versions, loosely written, and ranges such as `^1.2 || >=3.0.0-0`.

use std::cmp::Ordering;
use std::fmt;

mod constraint;

pub use constraint::{Constraint, ConstraintError};

/// Bytes of a version.
const VERSION_BYTES: usize = 256;

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
        let parts = Parts::read(text).ok_or(VersionError::Invalid)?;
        let number = |digits: &str| match digits {
            "" => Ok(0),
            digits => digits
                .parse()
                .map_err(|_| VersionError::Number(digits.to_owned())),
        };
        let version = Self {
            major: number(parts.major)?,
            minor: number(parts.minor)?,
            patch: number(parts.patch)?,
            prerelease: parts.prerelease.to_owned(),
            metadata: parts.metadata.to_owned(),
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

/// The parts of a version as they are written; empty where there is none.
struct Parts<'t> {
    major: &'t str,
    minor: &'t str,
    patch: &'t str,
    prerelease: &'t str,
    metadata: &'t str,
}

impl<'t> Parts<'t> {
    /// Takes a text apart by hand: every rendering reads a version, and no pattern has to be compiled for it.
    fn read(text: &'t str) -> Option<Self> {
        let digits = |text: &'t str| {
            let end = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            (end > 0).then(|| text.split_at(end))
        };
        let after_dot = |rest: &'t str| match rest.strip_prefix('.') {
            Some(rest) => digits(rest),
            None => Some(("", rest)),
        };
        let (major, rest) = digits(text.strip_prefix('v').unwrap_or(text))?;
        let (minor, rest) = after_dot(rest)?;
        let (patch, rest) = after_dot(rest)?;
        let (rest, metadata) = match rest.split_once('+') {
            Some((rest, metadata)) => (rest, Some(metadata)),
            None => (rest, None),
        };
        let prerelease = match rest {
            "" => None,
            rest => Some(rest.strip_prefix('-')?),
        };
        let is_sound = |part: Option<&str>| {
            part.is_none_or(|part| {
                part.split('.').all(|word| {
                    let mut bytes = word.bytes();
                    !word.is_empty()
                        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
                })
            })
        };
        (is_sound(prerelease) && is_sound(metadata)).then(|| Self {
            major,
            minor,
            patch,
            prerelease: prerelease.unwrap_or_default(),
            metadata: metadata.unwrap_or_default(),
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
