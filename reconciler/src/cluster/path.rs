//! Names in the paths of requests.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::ClusterError;

/// What may not stand as it is in a segment of a path (RFC 3986): names of roles and their bindings may hold any of it.
const ENCODED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// A name or a namespace as one segment of a path.
///
/// # Errors
/// When it is none: Kubernetes allows no name `.` or `..`, and none that holds `/` or `%`. Sent as it is, it would mean another object.
pub(super) fn segment(name: &str) -> Result<Cow<'_, str>, ClusterError> {
    if matches!(name, "." | "..") || name.contains(['/', '%']) {
        return Err(ClusterError::Unsendable(format!(
            "{name:?} is no name: it may not be \".\" or \"..\", and may not hold \"/\" or \"%\""
        )));
    }
    Ok(utf8_percent_encode(name, ENCODED).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_segment_or_none() {
        for (name, expected) in [
            ("web", Some("web")),
            ("system:node", Some("system:node")),
            ("read pods?", Some("read%20pods%3F")),
            ("ä", Some("%C3%A4")),
            ("", Some("")),
            (".", None),
            ("..", None),
            ("a/status", None),
            ("../b", None),
            ("a%2Fb", None),
        ] {
            let segment = segment(name).ok();
            assert_eq!(segment.as_deref(), expected, "{name}");
        }
    }
}
