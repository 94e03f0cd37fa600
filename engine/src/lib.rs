//! Pure decisions about Kubernetes objects: to whom they belong, whether they drifted, how well they are, in which order they
//! are applied, and what a project permits.
//!
//! Nothing here awaits, reads a clock or knows a client: everything is a function of values, so that it can be tested by the
//! thousands and behaves after a crash as it did before.

pub mod diff;
pub mod health;
pub mod object;
pub mod order;
pub mod plan;
pub mod project;
pub mod tracking;

mod glob;
mod quantity;
