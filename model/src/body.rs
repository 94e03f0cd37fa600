//! How strictly the body of a request is read.

/// A type that arrives as the body of a request.
pub trait Body {
    /// Whether an unknown field is an error that names its path. Objects that users write are strict, so that a misspelt
    /// field is never silently dropped; other requests ignore what they do not know.
    const STRICT: bool;
    /// Top-level fields that are taken out before the body is read: what only the server writes.
    const IGNORED: &'static [&'static str];
}

/// A JSON string: a patch, or the name of an action.
impl Body for String {
    const STRICT: bool = false;
    const IGNORED: &'static [&'static str] = &[];
}
