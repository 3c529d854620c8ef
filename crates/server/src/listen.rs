//! Where a process listens, and until when.

use std::io::{self, ErrorKind};

use tokio::{
    net::TcpListener,
    signal::unix::{Signal, SignalKind, signal},
};

use crate::process;

/// Listens there; else one sentence says why not.
pub(crate) async fn listen(address: &str) -> Result<TcpListener, String> {
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => {
            format!("{address} is in use by another program; stop that one, or choose another address with --listen.")
        }
        _ => format!("can't listen on {address}: {error}."),
    })
}

/// The signals that ask a process to end.
pub(crate) struct Stop {
    terminate: Signal,
    interrupt: Signal,
    /// `None`: whoever started the process had it ignored, as `nohup` does.
    hang_up: Option<Signal>,
}

impl Stop {
    pub(crate) fn new() -> io::Result<Self> {
        let hang_up = if process::ignores_hang_up() { None } else { Some(signal(SignalKind::hangup())?) };
        let (terminate, interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        Ok(Self { terminate, interrupt, hang_up })
    }

    /// Waits until one of them comes.
    pub(crate) async fn asked(&mut self) {
        let hang_up = async {
            match &mut self.hang_up {
                Some(hang_up) => hang_up.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
            _ = hang_up => {}
        }
    }
}
