//! What goes wrong: parse errors, errors of an execution, and errors that functions give.

use std::fmt;

/// A template that cannot be parsed. Its text is Go's, `template: name:line: …`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ParseError(pub String);

/// An execution that failed. Its text is Go's, `template: name:line:column: executing "name" at <node>: …`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecError {
    text: String,
    cause: Option<Box<FunctionError>>,
    limit: bool,
}

impl ExecError {
    pub(crate) fn new(text: String) -> Self {
        Self {
            text,
            cause: None,
            limit: false,
        }
    }

    pub(crate) fn called(text: String, cause: FunctionError) -> Self {
        Self {
            text,
            limit: cause.limit,
            cause: Some(Box::new(cause)),
        }
    }

    pub(crate) fn limit(text: String) -> Self {
        Self {
            text,
            cause: None,
            limit: true,
        }
    }

    /// The whole text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether a limit of the execution was reached (and not something wrong in the template).
    #[must_use]
    pub fn is_limit(&self) -> bool {
        self.limit
    }

    /// The texts of this error and of everything that it wraps, outermost first, as repeated `errors.Unwrap` gives them in
    /// Go: one for each `include` or `tpl` on the way to what went wrong.
    #[must_use]
    pub fn chain(&self) -> Vec<&str> {
        let mut texts = vec![self.text.as_str()];
        let mut next = self.cause.as_deref();
        while let Some(error) = next {
            texts.push(&error.text);
            next = error.cause.as_deref();
        }
        texts
    }
}

impl fmt::Display for ExecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for ExecError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause
            .as_deref()
            .map(|cause| cause as &(dyn std::error::Error + 'static))
    }
}

/// The error that a function gives. The execution puts `error calling NAME: ` and the position before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionError {
    text: String,
    cause: Option<Box<FunctionError>>,
    limit: bool,
}

impl FunctionError {
    /// An error with a text of its own.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            cause: None,
            limit: false,
        }
    }

    /// An error that wraps another; `text` has to contain the other's text, as `fmt.Errorf("…: %w", cause)` would.
    #[must_use]
    pub fn wrapping(text: impl Into<String>, cause: Self) -> Self {
        Self {
            text: text.into(),
            limit: cause.limit,
            cause: Some(Box::new(cause)),
        }
    }

    /// A limit was reached; the text names it.
    #[must_use]
    pub fn limit(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            cause: None,
            limit: true,
        }
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether a limit was reached (and not something wrong in the template).
    #[must_use]
    pub fn is_limit(&self) -> bool {
        self.limit
    }
}

/// The error of a template that a function executed, unchanged.
impl From<ExecError> for FunctionError {
    fn from(error: ExecError) -> Self {
        Self {
            text: error.text,
            cause: error.cause,
            limit: error.limit,
        }
    }
}

impl From<String> for FunctionError {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl From<&str> for FunctionError {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl fmt::Display for FunctionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for FunctionError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause
            .as_deref()
            .map(|cause| cause as &(dyn std::error::Error + 'static))
    }
}
