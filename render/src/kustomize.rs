//! Kustomize overlays, as `kustomize build` 5.8 renders them.

pub mod decode;
pub mod field_spec;
pub mod id;
pub mod resmap;
pub mod resource;
pub mod transformer_config;
pub mod types;
