//! End-to-end tests through the REST API, against a real control plane and a real Git server.

mod api;
mod automation;
mod cluster;
mod data_directory;
mod faults;
mod main_job;
mod schemathesis;
mod sources;
mod sync;
