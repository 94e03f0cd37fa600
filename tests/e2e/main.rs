//! End-to-end tests through the REST API, against a real control plane and a real Git server.

mod api;
mod app_of_apps;
mod automation;
mod chaos;
mod charts;
mod cluster;
mod data_directory;
mod deletion;
mod diff;
mod drift;
mod faults;
mod hooks;
mod https;
mod live;
mod main_job;
mod operations;
mod outage;
mod project;
mod render;
mod schemathesis;
mod sources;
mod sync;
mod take_over;
mod tracking;
mod webhook;
