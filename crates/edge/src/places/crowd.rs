//! Who the strangers of a listener are, and which of them goes for another. Whatever is asked takes time logarithmic in how many
//! there are.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use tokio::sync::oneshot;

/// A network that holds no more than this loses no connection: as many as a browser opens to one host, without those that it
/// opens in reserve.
const FEW: usize = 4;

/// Connections by where they come from.
#[derive(Debug, Default)]
pub(super) struct Crowd {
    /// The oldest of each network first. As many entries as there are places at most; so have all others.
    open: BTreeMap<Stranger, oneshot::Sender<()>>,
    /// Of the networks of each site.
    networks: BTreeMap<IpAddr, Tally>,
    sites: Tally,
    /// The age of the next.
    next: u64,
}

/// One connection. Networks are IPv4 addresses and IPv6 /64s.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Stranger {
    network: IpAddr,
    age: u64,
}

impl Crowd {
    pub(super) fn len(&self) -> usize {
        self.open.len()
    }

    /// The connections of the network of this address.
    pub(super) fn of_network(&self, peer: IpAddr) -> usize {
        self.networks.get(&prefix(peer, SITE)).map_or(0, |networks| networks.of(prefix(peer, NETWORK)))
    }

    /// Adds a connection, which is told when it has to go.
    pub(super) fn add(&mut self, peer: IpAddr) -> (Stranger, oneshot::Receiver<()>) {
        let (sender, receiver) = oneshot::channel();
        let stranger = Stranger { network: prefix(peer, NETWORK), age: self.next };
        self.next += 1;
        let site = prefix(peer, SITE);
        self.open.insert(stranger, sender);
        self.networks.entry(site).or_default().add(stranger.network);
        self.sites.add(site);
        (stranger, receiver)
    }

    /// Takes a connection out. `false`: it had to go already.
    pub(super) fn remove(&mut self, stranger: Stranger) -> bool {
        self.take(stranger).is_some()
    }

    /// Tells the oldest connection of the network that holds most to go, and says whose it is. Those of a site are counted
    /// together, unless the newcomer is of the same one. `None`: no network holds more than few, or than the newcomer's would.
    pub(super) fn make_room_for(&mut self, peer: IpAddr) -> Option<IpAddr> {
        let site = prefix(peer, SITE);
        let (most, crowded) = self.sites.most()?;
        let (most_there, network) = self.networks.get(&crowded)?.most()?;
        let (most, own) =
            if site == crowded { (most_there, self.of_network(peer)) } else { (most, self.sites.of(site)) };
        // Whoever gets a place must not hold more afterwards than whoever lost it, who would take it back.
        if most <= FEW || own + 1 >= most {
            return None;
        }
        let oldest = Stranger { network, age: 0 }..=Stranger { network, age: u64::MAX };
        let oldest = *self.open.range(oldest).next()?.0;
        // Its receiver is gone when the connection has just ended.
        let _ = self.take(oldest)?.send(());
        Some(network)
    }

    fn take(&mut self, stranger: Stranger) -> Option<oneshot::Sender<()>> {
        let sender = self.open.remove(&stranger)?;
        let site = prefix(stranger.network, SITE);
        self.sites.remove(site);
        if let Some(networks) = self.networks.get_mut(&site) {
            networks.remove(stranger.network);
            if networks.counts.is_empty() {
                self.networks.remove(&site);
            }
        }
        Some(sender)
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.open.is_empty() && self.networks.is_empty() && self.sites.counts.is_empty() && self.sites.ranked.is_empty()
    }
}

/// Counts, of which the highest is found without looking at the others.
#[derive(Debug, Default)]
struct Tally {
    counts: BTreeMap<IpAddr, usize>,
    ranked: BTreeSet<(usize, IpAddr)>,
}

impl Tally {
    fn of(&self, address: IpAddr) -> usize {
        self.counts.get(&address).copied().unwrap_or(0)
    }

    fn most(&self) -> Option<(usize, IpAddr)> {
        self.ranked.last().copied()
    }

    fn add(&mut self, address: IpAddr) {
        self.set(address, self.of(address) + 1);
    }

    fn remove(&mut self, address: IpAddr) {
        self.set(address, self.of(address).saturating_sub(1));
    }

    fn set(&mut self, address: IpAddr, count: usize) {
        self.ranked.remove(&(self.of(address), address));
        if count == 0 {
            self.counts.remove(&address);
        } else {
            self.counts.insert(address, count);
            self.ranked.insert((count, address));
        }
    }
}

/// Bits of an IPv6 address that one customer's network has in common, and those of all that a customer can have.
const NETWORK: u32 = 64;
const SITE: u32 = 48;

/// Whose address it is: an IPv4 address, or these first bits of an IPv6 address.
fn prefix(peer: IpAddr, bits: u32) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() & (u128::MAX << (128 - bits))).into()),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn v4(number: usize) -> IpAddr {
        IpAddr::from([198, 18, u8::try_from(number / 256).unwrap(), u8::try_from(number % 256).unwrap()])
    }

    fn v6(site: usize, network: usize) -> IpAddr {
        format!("2001:db8:{site:x}:{network:x}::1").parse().unwrap()
    }

    /// A full listener lets these in, as long as there is somebody who makes room.
    fn let_in(crowd: &mut Crowd, peer: IpAddr) -> Option<IpAddr> {
        let lost = crowd.make_room_for(peer)?;
        crowd.add(peer);
        Some(lost)
    }

    #[test]
    fn a_flood_from_many_networks_shares_with_whoever_comes() {
        let mut crowd = Crowd::default();
        for number in 0..4_096 {
            crowd.add(if number % 2 == 0 { v4(number % 8) } else { v6(1, number % 10) });
        }
        // The /48 holds most, however many networks it has.
        for number in 100..600 {
            let lost = let_in(&mut crowd, v4(number)).unwrap();
            assert!(lost.is_ipv6(), "{lost}");
        }
        for number in 600..1_000 {
            assert!(let_in(&mut crowd, v6(number, 0)).is_some());
        }
        assert_eq!(crowd.len(), 4_096);
        for number in 100..600 {
            assert_eq!(crowd.of_network(v4(number)), 1, "nobody with few has lost any");
        }
    }

    #[test]
    fn nobody_takes_more_than_those_who_hold_most_keep() {
        let mut crowd = Crowd::default();
        for number in 0..40 {
            crowd.add(v4(number / 20));
        }
        let mut got = 0;
        while let_in(&mut crowd, v4(7)).is_some() {
            got += 1;
        }
        let held = [v4(0), v4(1), v4(7)].map(|network| crowd.of_network(network));
        assert_eq!((held.iter().sum::<usize>(), held[2]), (40, got));
        assert!(held.iter().max().unwrap() - held.iter().min().unwrap() <= 1, "{held:?}");
        // Those who lost places don't get them back.
        assert_eq!([v4(0), v4(1), v4(7)].map(|network| crowd.make_room_for(network)), [None; 3]);
    }

    #[test]
    fn a_network_that_holds_few_loses_none() {
        let mut crowd = Crowd::default();
        for number in 0..FEW * 10 {
            crowd.add(v4(number / FEW));
        }
        assert_eq!(crowd.make_room_for(v4(1_000)), None);
        crowd.add(v4(3));
        assert_eq!(crowd.make_room_for(v4(1_000)), Some(v4(3)));
        assert_eq!(crowd.of_network(v4(3)), FEW);
    }

    #[test]
    fn within_a_site_its_networks_share() {
        let mut crowd = Crowd::default();
        for number in 0..20 {
            crowd.add(v6(1, number % 2));
        }
        assert!(let_in(&mut crowd, v6(1, 9)).is_some(), "neighbours of whoever holds most");
        for _ in 0..23 {
            crowd.add(v6(2, 0));
        }
        assert_eq!(let_in(&mut crowd, v6(1, 9)), Some(prefix(v6(2, 0), NETWORK)), "one of another site holds more");
    }

    #[test]
    fn the_oldest_is_told_and_the_others_are_not() {
        let mut crowd = Crowd::default();
        let mut held: Vec<_> = (0..10).map(|_| crowd.add(v4(1))).collect();
        assert_eq!(crowd.make_room_for(v4(2)), Some(v4(1)));
        let told: Vec<bool> = held.iter_mut().map(|(_, lost)| lost.try_recv().is_ok()).collect();
        assert_eq!(told.iter().position(|told| *told), Some(0));
        assert_eq!(told.iter().filter(|told| **told).count(), 1);
        let gone: Vec<bool> = held.iter().map(|(stranger, _)| crowd.remove(*stranger)).collect();
        assert_eq!(gone.iter().position(|there| *there), Some(1), "the first had gone before");
        assert!(crowd.is_empty());
    }
}
