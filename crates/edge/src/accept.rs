//! How connections are accepted, on every port.

use std::{io::ErrorKind, net::SocketAddr, time::Duration};

use tokio::net::{TcpListener, TcpStream};

/// How long to wait when no connection can be accepted, for example because all file descriptors are in use.
const ACCEPT_AGAIN: Duration = Duration::from_millis(500);

/// The next connection and its peer's address. Cancelling it loses no connection.
pub(crate) async fn next(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                // Answers are small and written at once: waiting for more to send would only delay them. A peer that
                // has hung up meanwhile is noticed soon enough.
                let _ = stream.set_nodelay(true);
                return (stream, peer);
            }
            // The peer was gone before the connection was accepted.
            Err(error) if matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset) => {}
            Err(error) => {
                tracing::error!(%error, "no connection can be accepted");
                tokio::time::sleep(ACCEPT_AGAIN).await;
            }
        }
    }
}
