//! Why an overlay cannot be built: what is wrong, where it is written, and which bases led there.

use std::fmt;

use crate::RenderError;

/// Why an overlay cannot be built.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OverlayError {
    /// File with the fault: a kustomization, or a file that it names.
    pub file: String,
    /// Line in the file, from 1, where it is known.
    pub line: Option<usize>,
    /// Field of the kustomization, as `configMapGenerator[0]`; empty if it is not about one.
    pub field: String,
    /// What is wrong.
    pub message: String,
    /// What led there, from the inside out, as `overlay/kustomization.yaml:3 resources[0]`.
    pub chain: Vec<String>,
}

impl fmt::Display for OverlayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        if !self.field.is_empty() {
            write!(f, ": {}", self.field)?;
        }
        write!(f, ": {}", self.message)?;
        for by in &self.chain {
            write!(f, "; required by {by}")?;
        }
        Ok(())
    }
}

impl std::error::Error for OverlayError {}

impl From<OverlayError> for RenderError {
    fn from(error: OverlayError) -> Self {
        Self::Overlay(Box::new(error))
    }
}

/// What went wrong in one step, before it is known which field asked for it.
#[derive(Debug)]
pub(super) enum Fault {
    /// A message about the field that is being worked on.
    Field(String),
    /// A message about a place in a file.
    Place {
        file: String,
        line: Option<usize>,
        message: String,
    },
    /// Whole already.
    Render(RenderError),
}

impl Fault {
    /// The error of a field of a kustomization.
    pub fn at(self, file: &str, line: Option<usize>, field: &str) -> RenderError {
        match self {
            Self::Field(message) => OverlayError {
                file: file.to_owned(),
                line,
                field: field.to_owned(),
                message,
                chain: Vec::new(),
            }
            .into(),
            Self::Place {
                file: place,
                line: at,
                message,
            } => OverlayError {
                file: place,
                line: at,
                field: String::new(),
                message,
                chain: vec![asked(file, line, field)],
            }
            .into(),
            Self::Render(error) => error,
        }
    }
}

impl Fault {
    /// What is wrong, without the place.
    pub fn into_message(self) -> String {
        match self {
            Self::Field(message) | Self::Place { message, .. } => message,
            Self::Render(error) => error.to_string(),
        }
    }
}

impl From<String> for Fault {
    fn from(message: String) -> Self {
        Self::Field(message)
    }
}

impl From<RenderError> for Fault {
    fn from(error: RenderError) -> Self {
        Self::Render(error)
    }
}

/// A field as a link of the chain.
fn asked(file: &str, line: Option<usize>, field: &str) -> String {
    match line {
        Some(line) => format!("{file}:{line} {field}"),
        None => format!("{file} {field}"),
    }
}

/// Adds the field that led to an error of a base.
pub(super) fn led_by(
    error: RenderError,
    file: &str,
    line: Option<usize>,
    field: &str,
) -> RenderError {
    match error {
        RenderError::Overlay(mut overlay) => {
            overlay.chain.push(asked(file, line, field));
            RenderError::Overlay(overlay)
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_the_place_and_the_chain() {
        let error = Fault::from("no such file".to_owned()).at(
            "base/kustomization.yaml",
            Some(3),
            "resources[0]",
        );
        let error = led_by(error, "kustomization.yaml", None, "resources[1]");
        assert_eq!(
            error.to_string(),
            "base/kustomization.yaml:3: resources[0]: no such file; required by kustomization.yaml resources[1]"
        );
    }
}
