//! How connections are accepted, on every port.

use std::{io::ErrorKind, net::SocketAddr, time::Duration};

use tokio::net::{TcpListener, TcpStream};

/// How long to wait when no connection can be accepted, for example because all file descriptors are in use.
const ACCEPT_AGAIN: Duration = Duration::from_millis(500);

/// Most bytes of answers that the system keeps for a connection beside those on their way. Left alone it takes megabytes of each
/// connection that reads nothing, which a thousand of them turn into seconds of copying.
#[cfg(target_os = "linux")]
const UNSENT_MAX: u32 = 128 << 10;

/// The next connection and its peer's address. Cancelling it loses no connection.
pub(crate) async fn next(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                // Answers are small and written at once: waiting for more to send would only delay them. A peer that
                // has hung up meanwhile is noticed soon enough.
                let _ = stream.set_nodelay(true);
                #[cfg(target_os = "linux")]
                let _ = socket2::SockRef::from(&stream).set_tcp_notsent_lowat(UNSENT_MAX);
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

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[tokio::test]
    async fn of_an_answer_that_nobody_reads_the_system_takes_little() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let _caller = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (stream, _) = next(&listener).await;
        let (answer, mut taken) = (vec![7; 64 << 10], 0);
        stream.writable().await.unwrap();
        while let Ok(bytes) = stream.try_write(&answer) {
            taken += bytes;
        }
        // It takes some 2.5 MiB otherwise.
        assert!((1..1 << 20).contains(&taken), "{taken}");
    }
}
