//! The REST API: the Dropshot trait generated from `spec/openapi.yaml`, and what surrounds it.
//!
//! A server implements [`ControlPlane`] and serves [`routes`] of [`Adapter`]. Reading queries and bodies, content types,
//! sessions and the error body are dealt with here, so that a handler sees plain values.

pub mod body;
pub mod error;
pub mod query;
pub mod reply;
pub mod session;

mod generated;

pub use error::{ApiError, Code};
pub use generated::*;
pub use reply::{Encoded, WithCookies};
pub use session::{Authenticate, Caller, Session};

/// The checked-in document as JSON, as clients see it.
pub const OPENAPI: &str = include_str!("openapi.json");

/// The whole API over a control plane, ready for Dropshot.
///
/// # Errors
/// When two operations cannot be routed side by side; the generator excludes that.
pub fn describe<C: ControlPlane>()
-> Result<dropshot::ApiDescription<std::sync::Arc<C>>, dropshot::ApiDescriptionBuildErrors> {
    routes::api_description::<Adapter<C>>()
}

/// The document that Dropshot emits for the API, without any control plane behind it.
///
/// # Errors
/// As [`describe`], or when the document cannot be written as JSON.
pub fn emitted() -> Result<serde_json::Value, Box<dyn std::error::Error>> {
    let version = dropshot::semver::Version::new(0, 0, 0);
    Ok(routes::stub_api_description()?
        .openapi("Tiphys", version)
        .json()?)
}
