//! A way to a server that can be cut, silenced and mended: what a broken network looks like from outside.

use anyhow::Result;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::watch;

use crate::ports;

/// What becomes of connections.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Open,
    Cut,
    Silent,
}

/// Forwards connections on loopback. Dropping it ends them.
pub struct Forwarder {
    port: u16,
    way: watch::Sender<Way>,
    runtime: Option<Runtime>,
}

impl Forwarder {
    /// Forwards to `host:port`.
    ///
    /// # Errors
    /// When no port is free.
    pub fn start(target: &str) -> Result<Self> {
        let (runtime, listener, port) = ports::listen()?;
        let way = watch::Sender::new(Way::Open);
        runtime.spawn(accept(listener, target.to_owned(), way.clone()));
        Ok(Self {
            port,
            way,
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
        self.way.send_replace(Way::Cut);
    }

    /// Forwards nothing any more, and tells nobody: connections stay, and never hear of each other again, as when a firewall has
    /// forgotten them.
    pub fn silence(&self) {
        self.way.send_replace(Way::Silent);
    }

    /// Forwards again, on new connections.
    pub fn mend(&self) {
        self.way.send_replace(Way::Open);
    }
}

impl Drop for Forwarder {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn accept(listener: TcpListener, target: String, way: watch::Sender<Way>) {
    loop {
        let Ok((mut client, _)) = listener.accept().await else {
            continue;
        };
        let now = *way.borrow();
        let (target, mut way) = (target.clone(), way.subscribe());
        tokio::spawn(async move {
            if now == Way::Open {
                let Ok(mut server) = TcpStream::connect(&target).await else {
                    return;
                };
                let end = tokio::select! {
                    // Whichever side ends it, the other sees the end.
                    _ended = tokio::io::copy_bidirectional(&mut client, &mut server) => return,
                    end = way.wait_for(|way| *way != Way::Open) => end.map(|way| *way),
                };
                if end.is_ok_and(|way| way == Way::Silent) {
                    hold((client, server)).await;
                }
            } else if now == Way::Silent {
                hold(client).await;
            }
        });
    }
}

/// Keeps connections open until the forwarder ends.
async fn hold<T>(_connections: T) {
    std::future::pending::<()>().await;
}
