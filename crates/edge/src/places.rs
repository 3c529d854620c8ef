//! How many connections a listener has at once: places for strangers, of which one address gets a part, and places of their
//! own for trusted proxies, through which people and calls come.
//!
//! When strangers have all of theirs, whoever comes from a network with few connections gets the place of one that holds most:
//! its oldest connection is closed. So nobody who holds many keeps out those who come from elsewhere. IPv6 networks (/64) are
//! counted together by /48, which one customer can have whole.

mod crowd;

use std::{
    net::IpAddr,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Poll, ready},
};

use model::TrustedProxies;
use tokio::sync::oneshot;

use self::crowd::{Crowd, Stranger};

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

/// Most connections that are being closed for others at a time.
const LEAVING_MAX: usize = 16;

impl PlaceBounds {
    /// Of the places of strangers, how many are for connections that are being closed for others: a sixteenth, and few at most.
    /// They hold a file until their thread has closed them, so that without these there would be more than may be open.
    fn leaving(self) -> usize {
        (self.strangers / 16).min(LEAVING_MAX)
    }
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
    displaced: AtomicU64,
}

#[derive(Debug, Default)]
struct Taken {
    proxies: usize,
    strangers: Crowd,
    /// Strangers whose place somebody else has, and whose connection is not closed yet.
    leaving: usize,
}

/// A place, for as long as the connection is open.
#[derive(Debug)]
pub struct Place {
    places: Arc<Inner>,
    /// `None`: a trusted proxy.
    stranger: Option<Stranger>,
    lost: Option<oneshot::Receiver<()>>,
    made_by: Option<IpAddr>,
}

/// Ready when the connection has to be closed, since its place is another's now.
#[derive(Debug)]
pub struct Lost(State);

#[derive(Debug)]
enum State {
    Open(oneshot::Receiver<()>),
    Lost,
    /// It can't be lost any more.
    Kept,
}

impl Future for Lost {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if let State::Open(told) = &mut self.0 {
            self.0 = match ready!(Pin::new(told).poll(cx)) {
                Ok(()) => State::Lost,
                // The sender goes with the place, when the connection has ended by itself.
                Err(_) => State::Kept,
            };
        }
        if matches!(self.0, State::Lost) { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Places {
    /// For the listener of this name.
    pub fn new(listener: &'static str, bounds: PlaceBounds, trusted: TrustedProxies) -> Self {
        let taken = Mutex::default();
        let (refused, displaced) = (AtomicU64::new(0), AtomicU64::new(0));
        Self(Arc::new(Inner { listener, bounds, trusted, taken, refused, displaced }))
    }

    /// A place for a connection from this address. `None`: there is none.
    pub fn take(&self, peer: IpAddr) -> Option<Place> {
        let place = self.0.take(peer);
        match &place {
            None => _ = self.0.refused.fetch_add(1, Relaxed),
            Some(Place { made_by: Some(_), .. }) => _ = self.0.displaced.fetch_add(1, Relaxed),
            Some(_) => {}
        }
        place
    }

    /// The listener's name.
    pub(crate) fn listener(&self) -> &'static str {
        self.0.listener
    }

    /// How many there may be.
    pub(crate) fn bounds(&self) -> PlaceBounds {
        self.0.bounds
    }

    /// The connections of strangers and of proxies that are open, and how many were refused.
    pub(crate) fn counts(&self) -> (u64, u64, u64) {
        let taken = self.0.taken();
        let strangers = taken.strangers.len() + taken.leaving;
        (strangers as u64, taken.proxies as u64, self.0.refused.load(Relaxed))
    }

    /// How many connections were closed, so that others got their places.
    pub(crate) fn displaced(&self) -> u64 {
        self.0.displaced.load(Relaxed)
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
            return Some(Place { places: Arc::clone(self), stranger: None, lost: None, made_by: None });
        }
        if taken.strangers.of_network(peer) >= self.bounds.per_peer {
            return None;
        }
        let leaving = self.bounds.leaving();
        let mut made_by = None;
        if taken.strangers.len() >= self.bounds.strangers - leaving {
            if taken.leaving >= leaving {
                return None;
            }
            made_by = Some(taken.strangers.make_room_for(peer)?);
            taken.leaving += 1;
        }
        let (stranger, lost) = taken.strangers.add(peer);
        Some(Place { places: Arc::clone(self), stranger: Some(stranger), lost: Some(lost), made_by })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Says when the connection has to be closed. Whoever serves it asks before the place is given to a
    /// [`Stream`](crate::Stream), which ends by itself when nobody has asked.
    pub fn lost(&mut self) -> Lost {
        Lost(self.lost.take().map_or(State::Kept, State::Open))
    }

    /// The network that lost a connection for this one.
    pub(crate) fn made_by(&self) -> Option<IpAddr> {
        self.made_by
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        match self.stranger {
            None => taken.proxies -= 1,
            Some(stranger) if taken.strangers.remove(stranger) => {}
            Some(_) => taken.leaving -= 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

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
        assert!(places.0.taken().strangers.is_empty());
    }

    /// 30 places, and one more for a connection that is being closed.
    fn full(of: impl Fn(u8) -> IpAddr) -> (Places, Vec<Place>) {
        let bounds = PlaceBounds { strangers: 31, per_peer: 10, proxies: 1 };
        let trusted = TrustedProxies::new(vec!["10.0.0.0/8".parse().unwrap()]);
        let places = Places::new("public", bounds, trusted);
        let held = (0..30).map(|number| places.take(of(number)).unwrap()).collect();
        (places, held)
    }

    fn is_lost(place: &mut Place) -> bool {
        place.lost().now_or_never().is_some()
    }

    #[test]
    fn whoever_comes_from_elsewhere_gets_the_place_of_the_oldest_connection_of_those_who_hold_most() {
        let (places, mut held) = full(|number| IpAddr::from([192, 0, 2, number % 3]));
        let newcomer = places.take(address("198.51.100.1")).unwrap();
        let lost: Vec<bool> = held.iter_mut().map(is_lost).collect();
        assert_eq!(lost.iter().filter(|lost| **lost).count(), 1);
        let at = lost.iter().position(|lost| *lost).unwrap();
        assert!(at < 3, "{at} is not the oldest of its network");
        assert_eq!(newcomer.made_by(), Some(IpAddr::from([192, 0, 2, u8::try_from(at).unwrap()])));
        // It still holds its file: nobody else can be let in before it is closed.
        assert_eq!((places.counts().0, places.displaced()), (31, 1));
        assert!(places.take(address("198.51.100.2")).is_none());
        drop(held.remove(at));
        assert_eq!(places.counts().0, 30);
        drop(places.take(address("198.51.100.2")).unwrap());
        // A proxy's place is its own.
        drop(places.take(address("10.0.0.1")).unwrap());
        drop((held, newcomer));
        assert_eq!(places.counts(), (0, 0, 1));
        assert!(places.0.taken().strangers.is_empty());
    }

    #[test]
    fn many_ipv6_networks_of_one_customer_are_counted_together() {
        // Each of them holds one, and their /48 thirty.
        let (places, mut held) = full(|number| format!("2001:db8:1:{number:x}::1").parse().unwrap());
        let newcomer = places.take(address("2001:db8:2::1")).unwrap();
        held.retain_mut(|place| !is_lost(place));
        assert_eq!(held.len(), 29);
        assert!(newcomer.made_by().is_some_and(|network| network.is_ipv6()));
        // One more network of the same customer has no better claim than the others, and one from elsewhere has.
        assert!(places.take(address("2001:db8:1:ffff::1")).is_none());
        assert!(places.take(address("192.0.2.1")).is_some());
    }
}
