use std::{
    net::{IpAddr, SocketAddr},
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Instant,
};

use tokio::net::{TcpListener, TcpStream};

use crate::{
    accept,
    places::{Place, Places},
};

/// A listener that accepts connections for which it has a place, or makes one, and closes the others at once: whoever waits in the system's
/// queue would hold up those that have one.
#[derive(Debug)]
pub struct Listener {
    listener: TcpListener,
    places: Places,
    started: Instant,
    /// The last second, from 1 on, in which a line about refused connections was written.
    told_refused: AtomicU64,
    /// The same of connections that were closed for others.
    told_displaced: AtomicU64,
}

impl Listener {
    /// Gives these places to those who come.
    pub fn new(listener: TcpListener, places: Places) -> Self {
        let (told_refused, told_displaced) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { listener, places, started: Instant::now(), told_refused, told_displaced }
    }

    /// The next connection that has a place. Cancelling it loses no connection.
    pub async fn accept(&self) -> (TcpStream, SocketAddr, Place) {
        loop {
            let (stream, peer) = accept::next(&self.listener).await;
            let Some(place) = self.places.take(peer.ip()) else {
                self.tell(&self.told_refused, peer.ip(), "connections are refused: all places are taken");
                continue;
            };
            if let Some(network) = place.made_by() {
                self.tell(&self.told_displaced, network, "connections are closed for others: all places are taken");
            }
            return (stream, peer, place);
        }
    }

    /// A line a second.
    fn tell(&self, told: &AtomicU64, address: IpAddr, words: &str) {
        let second = self.started.elapsed().as_secs() + 1;
        if told.swap(second, Relaxed) != second {
            let (_, _, refused) = self.places.counts();
            let (listener, displaced) = (self.places.listener(), self.places.displaced());
            tracing::warn!(listener, %address, refused, displaced, "{words}");
        }
    }
}

#[cfg(test)]
mod tests {
    use model::TrustedProxies;
    use tokio::io::AsyncReadExt as _;

    use super::*;
    use crate::places::PlaceBounds;

    #[tokio::test]
    async fn a_connection_without_a_place_is_closed_and_the_next_accepted() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let bounds = PlaceBounds { strangers: 2, per_peer: 2, proxies: 0 };
        let listener = Listener::new(listener, Places::new("public", bounds, TrustedProxies::default()));
        let mut callers = Vec::new();
        for _ in 0..3 {
            callers.push(TcpStream::connect(address).await.unwrap());
        }
        let (_, _, first) = listener.accept().await;
        let (_, _, _second) = listener.accept().await;
        let accepting = tokio::spawn(async move { listener.accept().await.1 });
        // It is closed while the others go on.
        assert_eq!(callers[2].read(&mut [0; 1]).await.unwrap_or(0), 0);
        drop(first);
        let fourth = TcpStream::connect(address).await.unwrap();
        assert_eq!(accepting.await.unwrap(), fourth.local_addr().unwrap());
    }
}
