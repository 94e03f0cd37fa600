//! What goes wrong: parse errors, errors of an execution, and errors that functions give.

use std::fmt;

/// How many errors an error wraps at most. A chain of thousands of includes would otherwise hold as many copies of its text.
const MAXIMUM_LINKS: usize = 200;
/// How long the text of an error that wraps another may be, in bytes.
const MAXIMUM_TEXT: usize = 64 << 10;

/// Cuts the middle out of a text that is too long.
fn shortened(text: String) -> String {
    if text.len() <= MAXIMUM_TEXT {
        return text;
    }
    let head = text.floor_char_boundary(MAXIMUM_TEXT / 2);
    let tail = text.ceil_char_boundary(text.len() - MAXIMUM_TEXT / 2);
    format!("{} … {}", &text[..head], &text[tail..])
}

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
    /// How many errors it wraps.
    links: usize,
}

impl ExecError {
    pub(crate) fn new(text: String) -> Self {
        Self {
            text,
            cause: None,
            limit: false,
            links: 0,
        }
    }

    pub(crate) fn called(text: String, cause: FunctionError) -> Self {
        FunctionError::wrapping(text, cause).into_exec()
    }

    pub(crate) fn limit(text: String) -> Self {
        Self {
            text,
            cause: None,
            limit: true,
            links: 0,
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
    /// How many errors it wraps.
    links: usize,
}

impl FunctionError {
    /// An error with a text of its own.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            cause: None,
            limit: false,
            links: 0,
        }
    }

    /// An error that wraps another; `text` has to contain the other's text, as `fmt.Errorf("…: %w", cause)` would.
    #[must_use]
    pub fn wrapping(text: impl Into<String>, mut cause: Self) -> Self {
        let limit = cause.limit;
        let (links, cause) = if cause.links < MAXIMUM_LINKS {
            (cause.links + 1, Some(Box::new(cause)))
        } else {
            // What is innermost says most: the outer ones make room for each other.
            (cause.links, cause.cause.take())
        };
        Self {
            text: shortened(text.into()),
            cause,
            limit,
            links,
        }
    }

    fn into_exec(self) -> ExecError {
        ExecError {
            text: self.text,
            cause: self.cause,
            limit: self.limit,
            links: self.links,
        }
    }

    /// A limit was reached; the text names it.
    #[must_use]
    pub fn limit(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            cause: None,
            limit: true,
            links: 0,
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
            links: error.links,
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
