//! Versions and constraints.

use proptest::prelude::*;
use regex::Regex;

use super::{Constraint, Parts, Version};

#[test]
fn constraints_choose_versions() {
    let check = |constraint: &str, version: &str, expected: bool| {
        let constraint_value = Constraint::parse(constraint).expect(constraint);
        let version_value = Version::parse(version).expect(version);
        assert_eq!(
            constraint_value.check(&version_value),
            expected,
            "{constraint} {version}"
        );
    };
    for (constraint, version, expected) in [
        ("^1.2.3", "1.9.0", true),
        ("^1.2.3", "2.0.0", false),
        ("^0.2", "0.3.0", false),
        ("~1.2.3", "1.2.9", true),
        ("~1", "1.9.0", true),
        (">=1.19-0", "1.20.0-eks.1", true),
        (">=1.19", "1.20.0-eks.1", false),
        ("1.x", "1.5.0", true),
        ("1.2 - 1.4", "1.4.9", true),
        ("1.2 - 1.4", "1.5.0", false),
        (">1.2", "1.2.5", false),
        ("!=1.x", "1.2.5", false),
        ("<2 || >=3", "3.1.0", true),
        (">=1, <2", "v1.5", true),
        ("*", "0.0.1", true),
        ("", "0.0.1", true),
    ] {
        if constraint.is_empty() {
            assert!(Constraint::parse(constraint).is_err());
        } else {
            check(constraint, version, expected);
        }
    }
    assert!(Constraint::parse(">>1").is_err());
    assert!(Constraint::parse(&"1 ".repeat(300)).is_err());
}

#[test]
fn versions_have_an_order() {
    let version = |text| Version::parse(text).expect(text);
    let sorted = [
        "1.0.0-alpha",
        "1.0.0-alpha.1",
        "1.0.0-beta.2",
        "1.0.0-beta.11",
        "1.0.0",
        "v1.0.1+x",
    ];
    for pair in sorted.windows(2) {
        assert!(
            version(pair[0]).precedence(&version(pair[1])).is_lt(),
            "{pair:?}"
        );
    }
    for wrong in ["", "1.2.3.4", "a", "1.0.0-01", "1..2"] {
        assert!(Version::parse(wrong).is_err(), "{wrong}");
    }
}

/// The pattern that Helm's library has.
const PATTERN: &str = r"^v?([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?$";

proptest! {
    #[test]
    fn versions_are_taken_apart_as_the_pattern_says(
        text in prop_oneof!["[v0-9a.+é-]{0,12}", "v?[0-9]{1,2}([.][0-9]){0,3}(-[a0.-]{0,4})?([+][a0.-]{0,4})?"],
    ) {
        let pattern = Regex::new(PATTERN).expect("a pattern");
        let expected = pattern.captures(&text).map(|found| {
            [1, 2, 3, 4, 5].map(|index| found.get(index).map_or("", |part| part.as_str()))
        });
        let found = Parts::read(&text).map(|parts| {
            [parts.major, parts.minor, parts.patch, parts.prerelease, parts.metadata]
        });
        prop_assert_eq!(found, expected);
    }
}
