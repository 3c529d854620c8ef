//! A listener with a bounded number of connections, for ports that only proxies should reach.

use std::{io::ErrorKind, sync::Arc, time::Duration};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};

/// Most connections of one such port. A proxy needs a few for each of its threads; together they leave half of the 1,024 files
/// that a process may usually have open.
pub(crate) const CONNECTIONS_MAX: usize = 256;

/// How long to wait when no connection can be accepted.
const ACCEPT_AGAIN: Duration = Duration::from_millis(500);

/// Who finds no place waits in the system's queue until one is free.
pub(crate) struct Bounded {
    listener: TcpListener,
    places: Arc<Semaphore>,
}

/// Held for as long as the connection is open.
pub(crate) type Place = OwnedSemaphorePermit;

impl Bounded {
    pub(crate) fn new(listener: TcpListener, most: usize) -> Self {
        Self { listener, places: Arc::new(Semaphore::new(most)) }
    }

    /// The next connection. Loses none when it is given up.
    pub(crate) async fn accept(&self) -> (TcpStream, Place) {
        loop {
            let place = Arc::clone(&self.places).acquire_owned();
            let accepted = match place.await {
                Ok(place) => self.listener.accept().await.map(|(stream, _)| (stream, place)),
                // Nobody closes it.
                Err(_) => std::future::pending().await,
            };
            match accepted {
                Ok((stream, place)) => {
                    // Answers are small and written at once.
                    let _ = stream.set_nodelay(true);
                    return (stream, place);
                }
                // The caller was gone again before it was accepted.
                Err(error) if matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset) => {}
                Err(error) => {
                    tracing::error!(%error, "no connection of a proxy's can be accepted");
                    tokio::time::sleep(ACCEPT_AGAIN).await;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn a_connection_without_a_place_waits_for_one() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let bounded = Bounded::new(listener, 2);
        let mut callers = Vec::new();
        for _ in 0..3 {
            callers.push(TcpStream::connect(address).await.unwrap());
        }
        let first = bounded.accept().await;
        let _second = bounded.accept().await;
        // All three are connected, so whoever had a place would be there at once.
        assert!(bounded.accept().now_or_never().is_none());
        drop(first);
        let (third, _place) = bounded.accept().await;
        assert_eq!(third.peer_addr().unwrap(), callers[2].local_addr().unwrap());
    }
}
