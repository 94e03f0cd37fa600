//! Versions and ranges of charts.

use crate::semver::{Constraint, Version};

/// Whether a text is a version of a chart.
#[must_use]
pub fn is_version(text: &str) -> bool {
    Version::parse(text).is_ok()
}

/// Whether a version lies in a range; false when one of them is none.
#[must_use]
pub fn compatible(range: &str, version: &str) -> bool {
    match (Constraint::parse(range), Version::parse(version)) {
        (Ok(range), Ok(version)) => range.check(&version),
        _ => false,
    }
}
