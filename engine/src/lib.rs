//! Pure decisions about Kubernetes objects: to whom they belong, whether they drifted, how well they are, in which order they
//! are applied, and what a project permits.
//!
//! Nothing here awaits, reads a clock or knows a client: everything is a function of values, so that it can be tested by the
//! thousands and behaves after a crash as it did before.

pub mod actions;
pub mod admission;
pub mod apply;
pub mod automation;
pub mod compare_options;
pub mod depends;
pub mod diff;
pub mod duration;
pub mod expression;
pub mod health;
pub mod ignore;
pub mod known_types;
pub mod lua;
pub mod managed_fields;
pub mod mask;
pub mod object;
pub mod project;
pub mod retry;
pub mod schema;
pub mod server_side;
pub mod sync;
pub mod take_over;
pub mod tracking;
pub mod tree;
pub mod window;

pub use sync::order;

mod edit;
mod glob;
mod kinds;
mod quantity;
mod text;
