//! How many connections a listener has at once: places for strangers, of which one address gets a part, and places of their
//! own for trusted proxies, through which people and calls come.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use model::TrustedProxies;

/// Most connections of a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlaceBounds {
    /// From addresses that are no trusted proxy's, together.
    pub strangers: usize,
    /// From one of those addresses: an IPv4 address or an IPv6 /64.
    pub per_peer: usize,
    /// From trusted proxies.
    pub proxies: usize,
}

/// The places of a listener. Cheap to clone; clones share them.
#[derive(Clone, Debug)]
pub struct Places(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    listener: &'static str,
    bounds: PlaceBounds,
    trusted: TrustedProxies,
    taken: Mutex<Taken>,
    refused: AtomicU64,
}

#[derive(Debug, Default)]
struct Taken {
    proxies: usize,
    strangers: usize,
    /// As many entries as strangers at most.
    by_peer: HashMap<IpAddr, usize>,
}

/// A place, for as long as the connection is open.
#[derive(Debug)]
pub struct Place {
    places: Arc<Inner>,
    /// `None`: a trusted proxy.
    stranger: Option<IpAddr>,
}

impl Places {
    /// For the listener of this name.
    pub fn new(listener: &'static str, bounds: PlaceBounds, trusted: TrustedProxies) -> Self {
        let (taken, refused) = (Mutex::default(), AtomicU64::new(0));
        Self(Arc::new(Inner { listener, bounds, trusted, taken, refused }))
    }

    /// A place for a connection from this address. `None`: there is none.
    pub fn take(&self, peer: IpAddr) -> Option<Place> {
        let place = self.0.take(peer);
        if place.is_none() {
            self.0.refused.fetch_add(1, Relaxed);
        }
        place
    }

    /// The listener's name.
    pub(crate) fn listener(&self) -> &'static str {
        self.0.listener
    }

    /// The connections of strangers and of proxies that are open, and how many were refused.
    pub(crate) fn counts(&self) -> (u64, u64, u64) {
        let taken = self.0.taken();
        (taken.strangers as u64, taken.proxies as u64, self.0.refused.load(Relaxed))
    }
}

impl Inner {
    fn take(self: &Arc<Self>, peer: IpAddr) -> Option<Place> {
        let mut taken = self.taken();
        if self.trusted.trusts(peer) {
            if taken.proxies >= self.bounds.proxies {
                return None;
            }
            taken.proxies += 1;
            return Some(Place { places: Arc::clone(self), stranger: None });
        }
        let peer = network(peer);
        let there = taken.by_peer.get(&peer).copied().unwrap_or(0);
        if taken.strangers >= self.bounds.strangers || there >= self.bounds.per_peer {
            return None;
        }
        taken.strangers += 1;
        taken.by_peer.insert(peer, there + 1);
        Some(Place { places: Arc::clone(self), stranger: Some(peer) })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        let Some(peer) = self.stranger else {
            taken.proxies -= 1;
            return;
        };
        taken.strangers -= 1;
        if let Some(there) = taken.by_peer.get_mut(&peer) {
            *there -= 1;
            if *there == 0 {
                taken.by_peer.remove(&peer);
            }
        }
    }
}

/// Whose address it is, as far as one customer has several: an IPv6 /64, or an IPv4 address.
fn network(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() & (u128::MAX << 64)).into()),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn one_address_gets_a_part_and_trusted_proxies_have_places_of_their_own() {
        let trusted = TrustedProxies::new(vec!["10.0.0.0/8".parse().unwrap()]);
        let places = Places::new("public", PlaceBounds { strangers: 5, per_peer: 2, proxies: 3 }, trusted);
        let take = |text: &str| places.take(address(text));
        let mut held = vec![take("192.0.2.1").unwrap(), take("::ffff:192.0.2.1").unwrap()];
        assert!(take("192.0.2.1").is_none(), "one address");
        held.extend([take("2001:db8::1").unwrap(), take("2001:db8::ffff:0:0:2").unwrap()]);
        assert!(take("2001:db8::3").is_none(), "one network");
        held.push(take("2001:db8:0:1::1").unwrap());
        assert!(take("192.0.2.9").is_none(), "all strangers");
        let proxies: Vec<_> = (0..3).map(|_| take("10.1.2.3").unwrap()).collect();
        assert!(take("10.9.9.9").is_none(), "all proxies");
        assert_eq!(places.counts(), (5, 3, 4));
        held.remove(0);
        held.push(take("192.0.2.9").unwrap());
        drop((held, proxies));
        assert_eq!(places.counts(), (0, 0, 4));
        assert!(places.0.taken().by_peer.is_empty());
    }
}
