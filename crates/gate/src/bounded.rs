//! A listener with a bounded number of connections, for ports that only proxies should reach.

use std::sync::Arc;

use edge::accept;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};

/// Most connections of one such port. A proxy needs a few for each of its threads; together they leave half of the 1,024 files
/// that a process may usually have open.
pub(crate) const CONNECTIONS_MAX: usize = 256;

/// A connection that finds no place waits in the system's queue until one is free.
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

    /// The next connection. Cancelling it loses no connection.
    pub(crate) async fn accept(&self) -> (TcpStream, Place) {
        match Arc::clone(&self.places).acquire_owned().await {
            Ok(place) => (accept::next(&self.listener).await.0, place),
            // Nobody closes it.
            Err(_) => std::future::pending().await,
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
