//! A read-only file tree becomes manifests. No subprocess, no network, no disk, no clock: what takes part is an argument.
//!
//! [`detect`] says what lies at a path of a [`Tree`]; [`directory::render`] reads plain YAML and JSON, [`helm::render`] renders
//! charts, [`kustomize::render`] overlays.

pub mod archive;
pub mod directory;
mod error;
#[cfg(test)]
mod generated;
mod go_float;
pub mod go_time;
pub mod helm;
pub mod kustomize;
mod limits;
mod manifest;
mod object;
mod parallel;
pub mod semver;
mod source;
pub mod supply;
pub mod tree;
pub mod yaml;

pub use error::{RenderError, TemplateError, TemplateFrame};
pub use limits::Limits;
pub use manifest::Manifest;
pub use parallel::{Processors, Workers};
pub use source::{SourceType, detect};
pub use supply::{Missing, Needed, NoSupply, Supplied, Supply};
pub use tree::{MemoryTree, Tree};
