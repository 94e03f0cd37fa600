//! The server behind the `tiphys` binary: accounts and sessions, and one function for each operation of the API.

pub mod app;
pub mod auth;
pub mod config;
pub mod customizations;
pub mod limits;
pub mod logging;
pub mod outside;
pub mod tls;
pub mod webhook;
pub mod world;
