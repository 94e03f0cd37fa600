//! Kustomize overlays, as `kustomize build` 5.8 renders them.
//!
//! A build reads the kustomization of a folder and, through it, its bases and components ([`target`]); each in turn generates
//! and transforms what has been brought together ([`accumulator`]); at the end names are fixed and the output is sorted
//! ([`build`]). Whether something is done, and in which order, follows upstream's `kusttarget`.

mod accumulator;
mod build;
mod charts;
pub mod decode;
mod fault;
pub mod field_path;
pub mod field_spec;
mod generate;
mod hash;
mod helm_charts;
pub mod id;
pub mod json_patch;
mod kind_order;
mod kustomization;
mod loader;
pub mod merge;
mod names;
mod origin;
mod overrides;
mod patches;
mod plugins;
mod read;
pub mod remote;
mod replacements;
pub mod resmap;
pub mod resource;
pub mod schema;
mod selector;
mod sort;
pub mod spelling;
mod structured;
mod target;
mod transform;
pub mod transformer_config;
pub mod types;
mod value_add;
mod vars;
mod written_path;

pub use charts::{ChartRequest, Charts};
pub use fault::OverlayError;
pub use helm_charts::HelmCharts;
pub use kustomization::FILE_NAMES;
pub use overrides::Overrides;

use std::sync::Arc;

use crate::supply::Supply;
use crate::tree::{Tree, TreePath};
use crate::{Limits, Manifest, RenderError};

/// Options of an overlay.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Renders `helmCharts`; without it, a kustomization that has some is refused, as upstream does without `--enable-helm`.
    pub charts: Option<Arc<dyn Charts>>,
    /// What the application says on top of the kustomization.
    pub overrides: Overrides,
}

/// The objects of the overlay in a folder, in the order of `kustomize build`.
///
/// # Errors
/// When there is no kustomization, it or anything that it names is wrong, or a limit is met; [`RenderError::Missing`] names the
/// remote bases and files that the supply does not have.
pub fn render(
    tree: &dyn Tree,
    path: &TreePath,
    options: &Options,
    supply: &dyn Supply,
    limits: &Limits,
) -> Result<Vec<Manifest>, RenderError> {
    build::render(tree, path, options, supply, limits)
}

#[cfg(test)]
mod tests;
