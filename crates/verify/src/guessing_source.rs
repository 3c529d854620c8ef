//! Who is counted as one where keys are guessed.

use std::net::{IpAddr, Ipv6Addr};

/// Failed keys that an address may send at once.
pub(crate) const BURST: u64 = 100;

/// An address as it is counted: IPv6 by its /64, which is what one customer of a provider gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Source(u128);

impl Source {
    pub(crate) fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
            IpAddr::V6(address) => address.to_bits() & (u128::MAX << 64),
        })
    }

    /// `198.51.100.4` or `2001:db8::/64`.
    pub(crate) fn text(self) -> String {
        let address = Ipv6Addr::from_bits(self.0);
        address.to_ipv4_mapped().map_or_else(|| format!("{address}/64"), |address| address.to_string())
    }
}
