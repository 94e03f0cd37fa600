//! Throw-away surroundings for Tiphys: a real Kubernetes control plane, real Git servers, a running `tiphys`, and the small
//! HTTP clients to look at them from outside.
//!
//! `cargo xtask` and the end-to-end tests share it. It knows no product crate: what it sees of Tiphys is a program and its
//! REST API. Everything here is blocking; a test is a thread.

pub mod cache;
pub mod certificates;
pub mod charts;
pub mod control_plane;
pub mod forward;
pub mod git;
pub mod go_programs;
pub mod kubernetes;
pub mod peers;
pub mod ports;
pub mod process;
pub mod proxy;
pub mod rest;
pub mod tiphys;
mod tls;
pub mod tool;
mod wait;
pub mod web;

pub use wait::{Deadline, wait_for};
