//! A client for the API, generated from `spec/openapi.yaml`. Its types are those of `tiphys-model`.

mod generated;

pub use generated::*;
