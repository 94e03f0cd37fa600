//! End-to-end tests through the REST API.
