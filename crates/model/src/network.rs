use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Most networks that a key is bound to.
pub const NETWORKS_MAX: usize = 100;

/// An address, or all addresses that begin with the same bits (CIDR). Never an IPv4-mapped IPv6 address: those mean the IPv4
/// address that they hold, wherever they come from.
///
/// There is one way to write each: `203.0.113.9`, `203.0.113.0/24`, `2001:db8::/32`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Network {
    /// All bits beyond the prefix are zero.
    first: IpAddr,
    prefix: u8,
}

/// Why a text names no network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidNetwork {
    /// Neither an address nor a network.
    #[error("must be an address such as 203.0.113.9 or 2001:db8::1, or a network such as 203.0.113.0/24")]
    Malformed,
    /// `010.0.0.1`.
    #[error("has a number that begins with 0, which some programs read as octal; write it without the 0")]
    LeadingZero,
    /// `::ffff:10.0.0.1`.
    #[error("is an IPv4-mapped IPv6 address; write the IPv4 address or network itself")]
    Mapped,
    /// `fe80::1%eth0`.
    #[error("has a zone, which means something on one machine only; write the address without it")]
    Zone,
    /// `/33`.
    #[error("has a prefix length that is not a whole number from 0 to 32 (IPv4) or 128 (IPv6)")]
    Prefix,
    /// `203.0.113.9/24`.
    #[error("has bits set beyond its prefix; the network is {network}")]
    HostBits {
        /// The network that holds the address.
        network: Network,
    },
}

impl Network {
    /// Reads an address or a network.
    pub fn parse(text: &str) -> Result<Self, InvalidNetwork> {
        if text.contains('%') {
            return Err(InvalidNetwork::Zone);
        }
        let (address, prefix) = text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
        let first: IpAddr = address.parse().map_err(|_| malformed(address))?;
        if first.to_canonical() != first {
            return Err(InvalidNetwork::Mapped);
        }
        let bits = if first.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Ok(bits), |text| prefix_length(text, bits))?;
        let network = Self { first: masked(first, prefix), prefix };
        if network.first == first { Ok(network) } else { Err(InvalidNetwork::HostBits { network }) }
    }

    /// The network of this prefix length that holds the address. An IPv4-mapped IPv6 address counts as the IPv4 address that it
    /// holds.
    pub fn around(address: IpAddr, prefix: u8) -> Self {
        let address = address.to_canonical();
        let prefix = prefix.min(if address.is_ipv4() { 32 } else { 128 });
        Self { first: masked(address, prefix), prefix }
    }

    /// Whether the address lies within. An IPv4-mapped IPv6 address counts as the IPv4 address that it holds.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.first.is_ipv4() && masked(address, self.prefix) == self.first
    }

    /// Whether every address of the other lies within.
    pub fn covers(&self, other: &Self) -> bool {
        other.prefix >= self.prefix && self.contains(other.first)
    }
}

fn malformed(address: &str) -> InvalidNetwork {
    let zero = |part: &str| part.len() > 1 && part.starts_with('0') && part.bytes().all(|b| b.is_ascii_digit());
    // The part of an IPv6 address that is written as IPv4 comes last.
    let dotted = address.rsplit(':').next().unwrap_or_default();
    if dotted.split('.').count() == 4 && dotted.split('.').any(zero) {
        InvalidNetwork::LeadingZero
    } else {
        InvalidNetwork::Malformed
    }
}

fn prefix_length(text: &str, bits: u8) -> Result<u8, InvalidNetwork> {
    let plain = text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    text.parse().ok().filter(|prefix| plain && *prefix <= bits).ok_or(InvalidNetwork::Prefix)
}

fn masked(address: IpAddr, prefix: u8) -> IpAddr {
    // The machine can't shift by the whole width, which would leave nothing.
    match address {
        IpAddr::V4(v4) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
            IpAddr::V4(Ipv4Addr::from_bits(v4.to_bits() & mask))
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0);
            IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & mask))
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = self.prefix == if self.first.is_ipv4() { 32 } else { 128 };
        if whole { write!(f, "{}", self.first) } else { write!(f, "{}/{}", self.first, self.prefix) }
    }
}

impl FromStr for Network {
    type Err = InvalidNetwork;

    fn from_str(text: &str) -> Result<Self, InvalidNetwork> {
        Self::parse(text)
    }
}

impl Serialize for Network {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Network {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

/// The networks from which a key may be used: sorted, without repetition. None: from anywhere.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct NetworkSet(Vec<Network>);

/// More than [`NETWORKS_MAX`] networks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must have 0 to {NETWORKS_MAX} entries")]
pub struct TooManyNetworks;

impl NetworkSet {
    /// The empty set: from anywhere.
    pub const ANY: Self = Self(Vec::new());

    /// A set of these.
    pub fn new(networks: impl IntoIterator<Item = Network>) -> Result<Self, TooManyNetworks> {
        let mut networks: Vec<_> = networks.into_iter().collect();
        networks.sort_unstable();
        networks.dedup();
        if networks.len() > NETWORKS_MAX { Err(TooManyNetworks) } else { Ok(Self(networks)) }
    }

    /// Whether a call from this address may be made. From an unknown address: only when every address may.
    pub fn allows(&self, address: Option<IpAddr>) -> bool {
        self.0.is_empty() || address.is_some_and(|address| self.0.iter().any(|network| network.contains(address)))
    }

    /// Whether each network of the other lies within one of these.
    pub fn covers(&self, other: &Self) -> bool {
        let within = |network: &Network| self.0.iter().any(|own| own.covers(network));
        self.0.is_empty() || (!other.0.is_empty() && other.0.iter().all(within))
    }

    /// What lies within either: from anywhere, if one of them is. Unlike a set that is read, it may have more than
    /// [`NETWORKS_MAX`] entries.
    pub(crate) fn or(&self, other: &Self) -> Self {
        let any = self.0.is_empty() || other.0.is_empty();
        if any { Self::ANY } else { Self(self.0.iter().chain(&other.0).copied().collect()) }
    }

    /// In canonical order.
    pub fn iter(&self) -> std::slice::Iter<'_, Network> {
        self.0.iter()
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether calls may come from anywhere.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'a> IntoIterator for &'a NetworkSet {
    type Item = &'a Network;
    type IntoIter = std::slice::Iter<'a, Network>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'de> Deserialize<'de> for NetworkSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(Vec::<Network>::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

#[cfg(feature = "openapi")]
mod openapi {
    use utoipa::{
        PartialSchema, ToSchema,
        openapi::{ArrayBuilder, ObjectBuilder, RefOr, Schema, Type},
    };

    impl PartialSchema for super::NetworkSet {
        fn schema() -> RefOr<Schema> {
            let network = ObjectBuilder::new().schema_type(Type::String).examples([
                "203.0.113.9",
                "203.0.113.0/24",
                "2001:db8::/32",
            ]);
            ArrayBuilder::new().items(network).max_items(Some(super::NETWORKS_MAX)).into()
        }
    }

    impl ToSchema for super::NetworkSet {}
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn written_in_one_way_only() {
        for (text, printed) in [
            ("203.0.113.9", "203.0.113.9"),
            ("203.0.113.9/32", "203.0.113.9"),
            ("203.0.113.0/24", "203.0.113.0/24"),
            ("0.0.0.0/0", "0.0.0.0/0"),
            ("2001:DB8:0:0::1", "2001:db8::1"),
            ("2001:db8::/32", "2001:db8::/32"),
            ("::1/128", "::1"),
            ("::/0", "::/0"),
        ] {
            assert_eq!(Network::parse(text).unwrap().to_string(), printed, "{text}");
        }
    }

    #[test]
    fn a_network_holds_the_address_that_it_was_made_around() {
        for (address, prefix, printed) in [
            ("203.0.113.9", 24, "203.0.113.0/24"),
            ("203.0.113.9", 32, "203.0.113.9"),
            ("203.0.113.9", 64, "203.0.113.9"),
            ("::ffff:203.0.113.9", 24, "203.0.113.0/24"),
            ("2001:db8::5", 64, "2001:db8::/64"),
            ("2001:db8::5", 128, "2001:db8::5"),
        ] {
            let network = Network::around(address.parse().unwrap(), prefix);
            assert_eq!(network.to_string(), printed, "{address}/{prefix}");
            assert_eq!(Network::parse(printed), Ok(network));
        }
    }

    #[test]
    fn refused_with_the_reason() {
        use InvalidNetwork::{HostBits, LeadingZero, Malformed, Mapped, Prefix, Zone};
        let host_bits = |network: &str| HostBits { network: Network::parse(network).unwrap() };
        for (text, reason) in [
            ("010.0.0.1", LeadingZero),
            ("10.0.0.01", LeadingZero),
            ("010.0.0.0/8", LeadingZero),
            ("::ffff:010.0.0.1", LeadingZero),
            ("::ffff:10.0.0.0/8", Mapped),
            ("::ffff:10.0.0.1", Mapped),
            ("::ffff:a00:1", Mapped),
            ("::ffff:0:0/96", Mapped),
            ("fe80::1%eth0", Zone),
            ("fe80::1%1/64", Zone),
            ("203.0.113.9/24", host_bits("203.0.113.0/24")),
            ("2001:db8::1/32", host_bits("2001:db8::/32")),
            ("1.2.3.4/0", host_bits("0.0.0.0/0")),
            ("10.0.0.0/33", Prefix),
            ("::/129", Prefix),
            ("10.0.0.0/08", Prefix),
            ("10.0.0.0/+8", Prefix),
            ("10.0.0.0/", Prefix),
            ("10.0.0.0/8/8", Prefix),
            ("10.0.0.0/255.0.0.0", Prefix),
            ("10.0.0/8", Malformed),
            ("0x0a.0.0.1", Malformed),
            ("167772161", Malformed),
            ("10.0.0.256", Malformed),
            (" 10.0.0.1", Malformed),
            ("[::1]", Malformed),
            ("localhost", Malformed),
            ("", Malformed),
        ] {
            assert_eq!(Network::parse(text), Err(reason), "{text}");
        }
    }

    #[test]
    fn which_addresses_are_allowed() {
        for (networks, address, expected) in [
            (&[][..], Some("203.0.113.9"), true),
            (&[], None, true),
            (&["203.0.113.0/24"], None, false),
            (&["203.0.113.0/24"], Some("203.0.113.255"), true),
            (&["203.0.113.0/24"], Some("203.0.114.0"), false),
            (&["203.0.113.0/24"], Some("::ffff:203.0.113.7"), true),
            (&["203.0.113.0/24"], Some("::203.0.113.7"), false),
            (&["0.0.0.0/0"], Some("::1"), false),
            (&["0.0.0.0/0"], Some("::ffff:1.2.3.4"), true),
            (&["::/0"], Some("1.2.3.4"), false),
            (&["::/0"], Some("::ffff:1.2.3.4"), false),
            (&["10.0.0.1", "2001:db8::/32"], Some("2001:db8:ffff::1"), true),
        ] {
            let set = NetworkSet::new(networks.iter().map(|text| Network::parse(text).unwrap())).unwrap();
            assert_eq!(set.allows(address.map(|text| text.parse().unwrap())), expected, "{networks:?} {address:?}");
        }
    }

    #[test]
    fn a_set_is_canonical_and_bounded() {
        let json = r#"["10.0.0.2","10.0.0.0/8","10.0.0.2/32","::1"]"#;
        let set: NetworkSet = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::to_string(&set).unwrap(), r#"["10.0.0.0/8","10.0.0.2","::1"]"#);
        let many = |count: u32| {
            NetworkSet::new((0..count).map(|n| Network::parse(&Ipv4Addr::from_bits(n).to_string()).unwrap()))
        };
        assert!(many(100).is_ok());
        assert_eq!(many(101), Err(TooManyNetworks));
    }

    /// The bits of an address as text, the slow and obvious way.
    fn bits(address: IpAddr) -> String {
        match address {
            IpAddr::V4(v4) => v4.octets().iter().map(|octet| format!("{octet:08b}")).collect(),
            IpAddr::V6(v6) => v6.octets().iter().map(|octet| format!("{octet:08b}")).collect(),
        }
    }

    fn address() -> impl Strategy<Value = IpAddr> {
        // Small numbers meet each other more often.
        prop_oneof![
            any::<u32>().prop_map(|bits| IpAddr::V4(Ipv4Addr::from_bits(bits))),
            (0u32..16).prop_map(|bits| IpAddr::V4(Ipv4Addr::from_bits(bits << 24))),
            any::<u128>().prop_map(|bits| IpAddr::V6(Ipv6Addr::from_bits(bits))),
            any::<u32>().prop_map(|bits| IpAddr::V6(Ipv4Addr::from_bits(bits).to_ipv6_mapped())),
        ]
    }

    proptest! {
        #[test]
        fn within_means_the_same_first_bits(network in address(), prefix in 0u8..=128, other in address(), near in any::<bool>(), flip in 0usize..128) {
            let network = network.to_canonical();
            let width = if network.is_ipv4() { 32 } else { 128 };
            let prefix = prefix.min(width);
            let first = masked(network, prefix);
            prop_assume!(first.to_canonical() == first);
            let parsed = Network::parse(&format!("{first}/{prefix}")).unwrap();
            // Often an address that differs in one bit, which is where mistakes would be.
            let other = if near {
                match network {
                    IpAddr::V4(v4) => IpAddr::V4(Ipv4Addr::from_bits(v4.to_bits() ^ (1 << (flip % 32)))),
                    IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() ^ (1 << flip))),
                }
            } else {
                other
            };
            let canonical = other.to_canonical();
            let same = network.is_ipv4() == canonical.is_ipv4()
                && bits(network).get(..usize::from(prefix)) == bits(canonical).get(..usize::from(prefix));
            prop_assert_eq!(parsed.contains(other), same, "{} {}", parsed, other);
        }

        #[test]
        fn a_network_covers_those_that_begin_with_its_prefix(one in address(), other in address(), prefixes in (0u8..=128, 0u8..=128), below in any::<bool>()) {
            let network = |address: IpAddr, prefix: u8| {
                let address = address.to_canonical();
                let prefix = prefix.min(if address.is_ipv4() { 32 } else { 128 });
                Network { first: masked(address, prefix), prefix }
            };
            let (one, other) = (network(one, prefixes.0), network(if below { one } else { other }, prefixes.1));
            let begins = |long: Network, short: Network| {
                let head = |network: Network| bits(network.first)[..usize::from(network.prefix)].to_owned();
                long.first.is_ipv4() == short.first.is_ipv4() && head(long).starts_with(&head(short))
            };
            prop_assert_eq!(one.covers(&other), begins(other, one), "{} {}", one, other);
            let (any, set) = (NetworkSet::ANY, NetworkSet::new([one]).unwrap());
            prop_assert!(any.covers(&set) && any.covers(&any) && !set.covers(&any));
            prop_assert_eq!(set.covers(&NetworkSet::new([one, other]).unwrap()), one.covers(&other));
        }

        #[test]
        fn a_printed_network_reads_back(address in address(), prefix in 0u8..=128) {
            let address = address.to_canonical();
            let prefix = prefix.min(if address.is_ipv4() { 32 } else { 128 });
            let network = masked(address, prefix);
            prop_assume!(network.to_canonical() == network);
            let network = Network::parse(&format!("{network}/{prefix}")).unwrap();
            prop_assert_eq!(Network::parse(&network.to_string()), Ok(network));
        }

        #[test]
        fn reading_never_panics(text in "[0-9a-f.:/%]{0,50}|\\PC{0,40}") {
            if let Ok(network) = Network::parse(&text) {
                prop_assert_eq!(Network::parse(&network.to_string()), Ok(network));
            }
        }
    }
}
