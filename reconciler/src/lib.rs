//! Everything that happens by itself: repositories and clusters are watched, applications compared, operations carried out.

pub mod cluster;
pub mod source;
