//! A way to a server that can be cut and mended: what a broken network looks like from outside.

use std::net::Ipv4Addr;

use anyhow::Result;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::watch;

use crate::ports;

/// Forwards connections on loopback. Dropping it ends them.
pub struct Forwarder {
    port: u16,
    open: watch::Sender<bool>,
    runtime: Option<Runtime>,
}

impl Forwarder {
    /// Forwards to `host:port`.
    ///
    /// # Errors
    /// When no port is free.
    pub fn start(target: &str) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?;
        let port = ports::free()?;
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, port)))?;
        let open = watch::Sender::new(true);
        runtime.spawn(accept(listener, target.to_owned(), open.clone()));
        Ok(Self {
            port,
            open,
            runtime: Some(runtime),
        })
    }

    /// The address that forwards.
    #[must_use]
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Cuts every connection, and refuses new ones.
    pub fn cut(&self) {
        self.open.send_replace(false);
    }

    /// Forwards again.
    pub fn mend(&self) {
        self.open.send_replace(true);
    }
}

impl Drop for Forwarder {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn accept(listener: TcpListener, target: String, open: watch::Sender<bool>) {
    loop {
        let Ok((mut client, _)) = listener.accept().await else {
            continue;
        };
        if !*open.borrow() {
            continue;
        }
        let (target, mut cut) = (target.clone(), open.subscribe());
        tokio::spawn(async move {
            let Ok(mut server) = TcpStream::connect(&target).await else {
                return;
            };
            tokio::select! {
                // Whichever side ends it, the other sees the end.
                _ended = tokio::io::copy_bidirectional(&mut client, &mut server) => {}
                _cut = cut.wait_for(|open| !open) => {}
            }
        });
    }
}
