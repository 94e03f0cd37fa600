//! Kustomize overlays, as `kustomize build` 5.8 renders them.

pub mod decode;
mod fault;
pub mod field_spec;
mod generate;
mod hash;
pub mod id;
mod loader;
pub mod merge;
mod names;
mod read;
pub mod remote;
pub mod resmap;
pub mod resource;
pub mod schema;
mod transform;
pub mod transformer_config;
pub mod types;

pub use fault::OverlayError;
