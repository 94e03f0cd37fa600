//! Free TCP ports on loopback, below the ephemeral range.

use std::net::{Ipv4Addr, TcpListener};

use anyhow::{Result, bail};

/// Where the search for a port starts and ends. The kernel hands out ephemeral ports from 32768 on, so that a client's
/// connection can take a port there between our look and the server's bind.
const RANGE: std::ops::Range<u16> = 20_000..32_768;

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
