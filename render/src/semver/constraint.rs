//! Constraints on versions.

use std::cmp::Ordering;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::{Version, VersionError};

/// Bytes of a constraint.
const BYTES: usize = 512;
/// Alternatives of a constraint.
const GROUPS: usize = 32;

/// A version in a constraint: parts may be `x`, `X` or `*`, or missing.
const PARTIAL: &str = r"v?([0-9|xX*]+)(\.[0-9|xX*]+)?(\.[0-9|xX*]+)?(-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?(\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?";
/// The operators, in the order in which they are tried: no operator comes second.
const OPERATORS: &str = r"=||!=|>|<|>=|=>|<=|=<|~|~>|\^";

struct Patterns {
    range: Regex,
    one: Regex,
    find: Regex,
    group: Regex,
}

static PATTERNS: LazyLock<Option<Patterns>> = LazyLock::new(|| {
    let pattern = |text: String| Regex::new(&text).ok();
    Some(Patterns {
        range: pattern(format!(
            r"[\t\n\f\r ]*({PARTIAL})[\t\n\f\r ]+-[\t\n\f\r ]+({PARTIAL})[\t\n\f\r ]*"
        ))?,
        one: pattern(format!(
            r"^[\t\n\f\r ]*({OPERATORS})[\t\n\f\r ]*({PARTIAL})[\t\n\f\r ]*$"
        ))?,
        find: pattern(format!(r"(?:{OPERATORS})[\t\n\f\r ]*(?:{PARTIAL})"))?,
        group: pattern(format!(
            r"^(?:[\t\n\f\r ]*(?:{OPERATORS})[\t\n\f\r ]*(?:{PARTIAL})[\t\n\f\r ]*)(?:(?:[\t\n\f\r ]+|,[\t\n\f\r ]*)(?:{OPERATORS})[\t\n\f\r ]*(?:{PARTIAL})[\t\n\f\r ]*)*$"
        ))?,
    })
});

/// Why a text is no constraint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConstraintError {
    /// It has another form.
    #[error("improper constraint: {0:?}")]
    Improper(String),
    /// It is too long.
    #[error("constraint string is too long (max {BYTES} bytes)")]
    TooLong,
    /// It has too many alternatives.
    #[error("too many constraint groups (max {GROUPS})")]
    TooManyGroups,
    /// A version in it cannot be read.
    #[error("constraint parser error")]
    Version(#[source] VersionError),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Greater,
    Less,
    GreaterEqual,
    LessEqual,
    Tilde,
    Caret,
}

/// How much of a version is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Open {
    Nothing,
    Patch,
    Minor,
    All,
}

#[derive(Clone, Debug)]
struct Comparison {
    operator: Operator,
    version: Version,
    open: Open,
}

/// A constraint: alternatives of comparisons that all have to hold.
#[derive(Clone, Debug)]
pub struct Constraint(Vec<Vec<Comparison>>);

impl Constraint {
    /// Reads a constraint.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(text: &str) -> Result<Self, ConstraintError> {
        if text.len() > BYTES {
            return Err(ConstraintError::TooLong);
        }
        let improper = |text: &str| ConstraintError::Improper(text.to_owned());
        let patterns = PATTERNS.as_ref().ok_or_else(|| improper(text))?;
        let text = patterns.range.replace_all(text, |found: &Captures<'_>| {
            format!(">= {}, <= {} ", &found[1], &found[7])
        });
        let groups: Vec<&str> = text.split("||").collect();
        if groups.len() > GROUPS {
            return Err(ConstraintError::TooManyGroups);
        }
        let mut alternatives = Vec::new();
        for group in groups {
            if !patterns.group.is_match(group) {
                return Err(improper(group));
            }
            let all = patterns
                .find
                .find_iter(group)
                .map(|found| comparison(patterns, found.as_str()))
                .collect::<Result<Vec<_>, _>>()?;
            alternatives.push(all);
        }
        Ok(Self(alternatives))
    }

    /// Whether a version fulfils the constraint. Prereleases do only where the alternative names one.
    #[must_use]
    pub fn check(&self, version: &Version) -> bool {
        self.0.iter().any(|all| {
            let named = all.iter().any(|one| !one.version.prerelease.is_empty());
            (named || version.prerelease.is_empty()) && all.iter().all(|one| one.check(version))
        })
    }
}

fn comparison(patterns: &Patterns, text: &str) -> Result<Comparison, ConstraintError> {
    let captures = patterns
        .one
        .captures(text)
        .ok_or_else(|| ConstraintError::Improper(text.to_owned()))?;
    let part = |index| captures.get(index).map_or("", |found| found.as_str());
    let is_open = |part: &str| matches!(part.trim_start_matches('.'), "" | "x" | "X" | "*");
    let operator = match part(1) {
        "!=" => Operator::NotEqual,
        ">" => Operator::Greater,
        "<" => Operator::Less,
        ">=" | "=>" => Operator::GreaterEqual,
        "<=" | "=<" => Operator::LessEqual,
        "~" | "~>" => Operator::Tilde,
        "^" => Operator::Caret,
        _ => Operator::Equal,
    };
    let (major, minor, patch, prerelease) = (part(3), part(4), part(5), part(6));
    let (version, open) = if is_open(major) {
        (format!("0.0.0{prerelease}"), Open::All)
    } else if is_open(minor) {
        (format!("{major}.0.0{prerelease}"), Open::Minor)
    } else if is_open(patch) {
        (format!("{major}{minor}.0{prerelease}"), Open::Patch)
    } else {
        (part(2).to_owned(), Open::Nothing)
    };
    Ok(Comparison {
        operator,
        version: Version::parse(&version).map_err(ConstraintError::Version)?,
        open,
    })
}

impl Comparison {
    fn check(&self, version: &Version) -> bool {
        let wanted = &self.version;
        let order = version.precedence(wanted);
        let same_major = version.major == wanted.major;
        let same_minor = version.minor == wanted.minor;
        match self.operator {
            Operator::Equal if self.open == Open::Nothing => order == Ordering::Equal,
            Operator::Equal | Operator::Tilde => self.tilde(version),
            Operator::NotEqual => match self.open {
                Open::Minor => !same_major,
                Open::Patch => {
                    !same_major || !same_minor || version.prerelease != wanted.prerelease
                }
                Open::All if !same_major || !same_minor || version.patch != wanted.patch => true,
                Open::All | Open::Nothing => order != Ordering::Equal,
            },
            Operator::Greater => match self.open {
                Open::Minor => version.major > wanted.major,
                Open::Patch => (version.major, version.minor) > (wanted.major, wanted.minor),
                Open::All | Open::Nothing => order == Ordering::Greater,
            },
            Operator::Less => order == Ordering::Less,
            Operator::GreaterEqual => order != Ordering::Less,
            Operator::LessEqual => match self.open {
                Open::Nothing => order != Ordering::Greater,
                Open::Minor => version.major <= wanted.major,
                Open::Patch | Open::All => {
                    (version.major, version.minor) <= (wanted.major, wanted.minor)
                }
            },
            Operator::Caret => self.caret(version),
        }
    }

    /// The same minor version, or the same major one when the minor is open.
    fn tilde(&self, version: &Version) -> bool {
        let wanted = &self.version;
        if version.precedence(wanted) == Ordering::Less {
            return false;
        }
        let zero = (wanted.major, wanted.minor, wanted.patch) == (0, 0, 0);
        if zero && !matches!(self.open, Open::Minor | Open::Patch) {
            return true;
        }
        version.major == wanted.major && (version.minor == wanted.minor || self.open == Open::Minor)
    }

    /// The same first number that is not 0.
    fn caret(&self, version: &Version) -> bool {
        let wanted = &self.version;
        if version.precedence(wanted) == Ordering::Less {
            return false;
        }
        if wanted.major > 0 || self.open == Open::Minor {
            return version.major == wanted.major;
        }
        if version.major > 0 {
            return false;
        }
        if wanted.minor > 0 || self.open == Open::Patch {
            return version.minor == wanted.minor;
        }
        version.minor == 0 && version.patch == wanted.patch
    }
}
