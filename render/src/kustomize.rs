//! Kustomize overlays, as `kustomize build` 5.8 renders them.

pub mod decode;
pub mod id;
pub mod resmap;
pub mod resource;
pub mod types;
