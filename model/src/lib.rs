//! The nouns of Tiphys: what goes over the wire, and what is stored.
//!
//! The types of the wire are generated from `spec/openapi.yaml` ([`wire`], re-exported at the root). What is stored about a
//! credential is a type of its own in [`stored`]: the types that go out to a client have no field for it.

pub mod body;
pub mod lenient;
pub mod resource;
pub mod stored;
pub mod wire;
pub mod write_only;

pub use resource::ResourceKey;
pub use wire::*;
pub use write_only::WriteOnly;
