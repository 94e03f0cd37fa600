//! Kustomize overlays, as `kustomize build` 5.8 renders them.

pub mod field_spec;
pub mod id;
pub mod merge;
pub mod resmap;
pub mod resource;
pub mod schema;
pub mod transformer_config;
