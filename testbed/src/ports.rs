//! Free TCP ports on loopback, below the ephemeral range.

use std::net::{Ipv4Addr, TcpListener};

use anyhow::{Result, bail};
use tokio::runtime::Runtime;

/// Where the search for a port starts and ends. The kernel hands out ephemeral ports from 32768 on, so that a client's
/// connection can take a port there between our look and the server's bind.
const RANGE: std::ops::Range<u16> = 20_000..32_768;

/// Listens on a port of 127.0.0.1, with a thread of its own for whoever connects.
///
/// # Errors
/// When no port is free.
pub(crate) fn listen() -> Result<(Runtime, tokio::net::TcpListener, u16)> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    let port = free()?;
    let address = (Ipv4Addr::LOCALHOST, port);
    let listener = runtime.block_on(tokio::net::TcpListener::bind(address))?;
    Ok((runtime, listener, port))
}

/// A port of 127.0.0.1 that nothing listens on now.
///
/// # Errors
/// When a thousand tries found none.
pub fn free() -> Result<u16> {
    for _ in 0..1000 {
        let port = rand::random_range(RANGE);
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    bail!(
        "no free port on 127.0.0.1 between {} and {}",
        RANGE.start,
        RANGE.end - 1
    )
}
