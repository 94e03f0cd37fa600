//! Which version of a chart a constraint stands for, by the rules of Helm 4: an exact match first, then the newest that fits.

use tiphys_render::semver::{Constraint, Version};

/// The position of the version that is chosen; nothing when none fits.
///
/// # Errors
/// When the text is neither one of the versions nor a constraint.
pub fn choose<'a>(
    versions: impl Iterator<Item = &'a str> + Clone,
    wanted: &str,
) -> Result<Option<usize>, String> {
    let wanted = wanted.trim();
    if !wanted.is_empty()
        && let Some(at) = versions.clone().position(|version| version == wanted)
    {
        return Ok(Some(at));
    }
    let range = Constraint::parse(if wanted.is_empty() { "*" } else { wanted })
        .map_err(|error| error.to_string())?;
    let mut best: Option<(usize, Version)> = None;
    for (at, text) in versions.enumerate() {
        let Ok(version) = Version::parse(text) else {
            continue;
        };
        if range.check(&version)
            && best
                .as_ref()
                .is_none_or(|(_, best)| version.precedence(best).is_gt())
        {
            best = Some((at, version));
        }
    }
    Ok(best.map(|(at, _)| at))
}

/// Puts the newest first, and what is no version last.
pub fn newest_first(versions: &mut [&str]) {
    versions.sort_by(
        |one, other| match (Version::parse(one), Version::parse(other)) {
            (Ok(one), Ok(other)) => other.precedence(&one),
            (one, other) => one.is_err().cmp(&other.is_err()),
        },
    );
}

/// Whether a text names one version rather than a range. Helm then asks a registry for that tag, without a list of tags.
#[must_use]
pub fn is_pinned(wanted: &str) -> bool {
    Version::parse(wanted).is_ok()
}

/// The tag of a version: `+` cannot be in one.
#[must_use]
pub fn tag(version: &str) -> String {
    version.replace('+', "_")
}

/// The version that a tag stands for; nothing when it is none, as `latest`.
#[must_use]
pub fn of_tag(tag: &str) -> Option<String> {
    let version = tag.replace('_', "+");
    semver::Version::parse(&version).is_ok().then_some(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_is_shown_first() {
        let mut versions = ["1.9.0", "none", "1.10.0", "1.10.0-rc.1", "2.0.0"];
        newest_first(&mut versions);
        assert_eq!(
            versions,
            ["2.0.0", "1.10.0", "1.10.0-rc.1", "1.9.0", "none"]
        );
    }

    #[test]
    fn the_newest_that_fits_is_chosen() {
        let versions = [
            "1.0.0",
            "1.2.0",
            "2.0.0",
            "2.1.0-rc.1",
            "1.10.0",
            "v3.0.0",
            "nothing",
            "1.10.0+b",
        ];
        for (wanted, expected) in [
            ("", Some("v3.0.0")),
            ("1.2.0", Some("1.2.0")),
            ("v1.2.0", Some("1.2.0")),
            ("1.x", Some("1.10.0")),
            ("1.2", Some("1.2.0")),
            ("^1.0", Some("1.10.0")),
            ("~1.0.0", Some("1.0.0")),
            (">=1.0.0 <2.0.0", Some("1.10.0")),
            ("2.1.0-rc.1", Some("2.1.0-rc.1")),
            (">2.0.0-0 <3", Some("2.1.0-rc.1")),
            ("nothing", Some("nothing")),
            ("9.x", None),
        ] {
            let found = choose(versions.iter().copied(), wanted).unwrap();
            assert_eq!(found.map(|at| versions[at]), expected, "{wanted}");
        }
        assert!(choose(versions.iter().copied(), "what?").is_err());
    }

    #[test]
    fn tags_and_versions() {
        assert_eq!(tag("1.2.3+build.5"), "1.2.3_build.5");
        assert_eq!(of_tag("1.2.3_build.5").as_deref(), Some("1.2.3+build.5"));
        assert_eq!(of_tag("latest"), None);
        assert_eq!(of_tag("v1.2.3"), None);
        assert_eq!(of_tag("1.2"), None);
        assert!(is_pinned("1.2.3") && is_pinned("v1.2") && !is_pinned("1.x") && !is_pinned(""));
    }
}
