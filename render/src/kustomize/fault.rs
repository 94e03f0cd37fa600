//! Why an overlay cannot be built: what is wrong, where it is written, and which bases led there.

use std::fmt;

use crate::RenderError;
use crate::yaml::locate::Place;

/// Why an overlay cannot be built.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OverlayError {
    /// File with the fault: a kustomization, or a file that it names.
    pub file: String,
    /// Where in the file, if it is known.
    pub place: Option<Place>,
    /// Field of the kustomization, as `configMapGenerator[0]`; empty if it is not about one.
    pub field: String,
    /// What is wrong.
    pub message: String,
    /// What led there, from the inside out, as `overlay/kustomization.yaml:3:3 resources[0]`.
    pub chain: Vec<String>,
}

impl fmt::Display for OverlayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(place) = self.place {
            write!(f, ":{place}")?;
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
        place: Option<Place>,
        message: String,
    },
    /// Whole already.
    Render(RenderError),
}

impl Fault {
    /// The error of a field of a kustomization.
    pub fn at(self, file: &str, place: Option<Place>, field: &str) -> RenderError {
        match self {
            Self::Field(message) => OverlayError {
                file: file.to_owned(),
                place,
                field: field.to_owned(),
                message,
                chain: Vec::new(),
            }
            .into(),
            Self::Place {
                file: inner,
                place: at,
                message,
            } => OverlayError {
                file: inner,
                place: at,
                field: String::new(),
                message,
                chain: vec![asked(file, place, field)],
            }
            .into(),
            Self::Render(RenderError::Missing(mut missing)) => {
                for needed in missing.iter_mut().filter(|needed| needed.by.is_empty()) {
                    needed.by = asked(file, place, field);
                }
                RenderError::Missing(missing)
            }
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
fn asked(file: &str, place: Option<Place>, field: &str) -> String {
    match place {
        Some(place) => format!("{file}:{place} {field}"),
        None => format!("{file} {field}"),
    }
}

/// Adds the field that led to an error of a base.
pub(super) fn led_by(
    error: RenderError,
    file: &str,
    place: Option<Place>,
    field: &str,
) -> RenderError {
    match error {
        RenderError::Overlay(mut overlay) => {
            overlay.chain.push(asked(file, place, field));
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
            Some(Place::from(3)),
            "resources[0]",
        );
        let error = led_by(error, "kustomization.yaml", None, "resources[1]");
        assert_eq!(
            error.to_string(),
            "base/kustomization.yaml:3: resources[0]: no such file; required by kustomization.yaml resources[1]"
        );
    }
}
