use std::net::IpAddr;

use crate::Network;

/// The proxies whose `X-Forwarded-For` is believed. None, unless they are configured.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(Vec<Network>);

/// How a client came to the proxy in front, as that proxy says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// In the clear.
    Http,
    /// By TLS.
    Https,
}

impl TrustedProxies {
    /// Believes the proxies in these networks.
    pub fn new(networks: Vec<Network>) -> Self {
        Self(networks)
    }

    /// Whether nobody is believed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How the client of a call that came from `peer` came, by the first value of `X-Forwarded-Proto`, which is the proxy's
    /// that is nearest to it. `None`: nobody who is believed says so.
    pub fn scheme(&self, peer: IpAddr, forwarded_proto: Option<&[u8]>) -> Option<Scheme> {
        if !self.trusts(peer) {
            return None;
        }
        let first = forwarded_proto?.split(|byte| *byte == b',').next()?.trim_ascii();
        if first.eq_ignore_ascii_case(b"http") {
            Some(Scheme::Http)
        } else if first.eq_ignore_ascii_case(b"https") {
            Some(Scheme::Https)
        } else {
            None
        }
    }

    /// Whether whoever is connected from this address is believed.
    pub fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(address))
    }

    /// The client of a call that came from `peer`: the rightmost hop of `X-Forwarded-For` that is no trusted proxy, if
    /// the peer is one. Where all hops are trusted, it is the leftmost of them, from which the call set out. Several `lines`
    /// are one list; the last line comes first.
    ///
    /// A hop that can't be read, and that no trusted proxy would have written, makes the client unknown: to skip it, or to
    /// stop before it, would be to believe whoever wrote it.
    pub fn client<'a>(&self, peer: IpAddr, lines: impl Iterator<Item = &'a [u8]>) -> Option<IpAddr> {
        let mut client = peer.to_canonical();
        let mut hops = lines.flat_map(|line| line.rsplit(|byte| *byte == b','));
        while self.trusts(client) {
            match hops.next() {
                Some(text) => client = hop(text)?,
                None => break,
            }
        }
        Some(client)
    }
}

/// An address, as proxies write it: alone, with a port, and an IPv6 address perhaps in brackets.
fn hop(text: &[u8]) -> Option<IpAddr> {
    let text = str::from_utf8(text).ok()?.trim_matches([' ', '\t']);
    let address = match text.strip_prefix('[') {
        Some(rest) => {
            let (address, port) = rest.split_once(']')?;
            let is_end = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
            is_end.then(|| address.parse().ok().map(IpAddr::V6))?
        }
        None => match text.split_once(':') {
            Some((address, port)) if !port.contains(':') => {
                is_port(port).then(|| address.parse().ok().map(IpAddr::V4))?
            }
            _ => text.parse().ok(),
        },
    };
    address.map(|address| address.to_canonical())
}

fn is_port(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok_and(|port| port > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(networks: &[&str]) -> TrustedProxies {
        TrustedProxies::new(networks.iter().map(|network| network.parse().unwrap()).collect())
    }

    fn client(proxies: &TrustedProxies, peer: &str, lines: &[&[u8]]) -> String {
        let client = proxies.client(peer.parse().unwrap(), lines.iter().rev().copied());
        client.map_or("unknown".to_owned(), |client| client.to_string())
    }

    #[test]
    fn without_trusted_proxies_nobody_is_believed() {
        let nobody = TrustedProxies::default();
        for line in ["203.0.113.9", "127.0.0.1", "unknown", "", "10.0.0.1, 203.0.113.9"] {
            assert_eq!(client(&nobody, "198.51.100.7", &[line.as_bytes()]), "198.51.100.7", "{line}");
        }
    }

    #[test]
    fn a_trusted_proxy_says_how_the_client_came() {
        let ours = proxies(&["10.0.0.0/8"]);
        for (peer, said, expected) in [
            ("10.0.0.1", Some("http"), Some(Scheme::Http)),
            ("10.0.0.1", Some("HTTPS"), Some(Scheme::Https)),
            ("::ffff:10.0.0.1", Some("http"), Some(Scheme::Http)),
            ("10.0.0.1", Some("https, http"), Some(Scheme::Https)),
            ("10.0.0.1", Some(" http , https"), Some(Scheme::Http)),
            ("10.0.0.1", Some("gopher"), None),
            ("10.0.0.1", Some(""), None),
            ("10.0.0.1", None, None),
            ("198.51.100.7", Some("http"), None),
        ] {
            let found = ours.scheme(peer.parse().unwrap(), said.map(str::as_bytes));
            assert_eq!(found, expected, "{peer} {said:?}");
        }
    }

    #[test]
    fn forged_forwarded_addresses_are_not_believed() {
        let ours = proxies(&["10.0.0.0/8", "2001:db8:1::/48", "192.0.2.1"]);
        for (peer, lines, expected) in [
            // A stranger may say what it likes.
            ("198.51.100.7", &[&b"203.0.113.9"[..]][..], "198.51.100.7"),
            ("198.51.100.7", &[b"10.0.0.1"], "198.51.100.7"),
            ("198.51.100.7", &[b"nonsense"], "198.51.100.7"),
            // The address that a proxy saw is to the right of those that it was told.
            ("10.0.0.1", &[b"203.0.113.9"], "203.0.113.9"),
            ("10.0.0.1", &[b"127.0.0.1, 203.0.113.9"], "203.0.113.9"),
            ("10.0.0.1", &[b"nonsense, 203.0.113.9"], "203.0.113.9"),
            ("10.0.0.1", &[b",,,203.0.113.9"], "203.0.113.9"),
            ("10.0.0.1", &[b"198.51.100.1,203.0.113.9,10.1.2.3,192.0.2.1"], "203.0.113.9"),
            ("10.0.0.1", &[b"10.9.9.9, 203.0.113.9, 10.1.2.3"], "203.0.113.9"),
            // Lines are one list.
            ("10.0.0.1", &[b"127.0.0.1", b"203.0.113.9"], "203.0.113.9"),
            ("10.0.0.1", &[b"203.0.113.9", b"10.1.2.3"], "203.0.113.9"),
            ("10.0.0.1", &[b"198.51.100.1, 203.0.113.9", b"10.1.2.3, 10.1.2.4"], "203.0.113.9"),
            // Hops that no trusted proxy can have written.
            ("10.0.0.1", &[b"203.0.113.9, unknown"], "unknown"),
            ("10.0.0.1", &[b"203.0.113.9, "], "unknown"),
            ("10.0.0.1", &[b""], "unknown"),
            ("10.0.0.1", &[b"203.0.113.9", b""], "unknown"),
            ("10.0.0.1", &[b"203.0.113.9; 10.0.0.2"], "unknown"),
            ("10.0.0.1", &[b"203.0.113.009"], "unknown"),
            ("10.0.0.1", &[b"0xcb.0.113.9"], "unknown"),
            ("10.0.0.1", &[b"3405803785"], "unknown"),
            ("10.0.0.1", &[b"203.0.113.9\xff"], "unknown"),
            ("10.0.0.1", &[b"203.0.113.9:"], "unknown"),
            ("10.0.0.1", &[b"203.0.113.9:0"], "unknown"),
            ("10.0.0.1", &[b"203.0.113.9:65536"], "unknown"),
            ("10.0.0.1", &[b"203.0.113.9:+80"], "unknown"),
            ("10.0.0.1", &[b"[203.0.113.9]"], "unknown"),
            ("10.0.0.1", &[b"[2001:db8::9"], "unknown"),
            ("10.0.0.1", &[b"[2001:db8::9]x"], "unknown"),
            ("10.0.0.1", &[b"fe80::1%eth0"], "unknown"),
            ("10.0.0.1", &[b"for=203.0.113.9"], "unknown"),
            ("10.0.0.1", &[b"\"203.0.113.9\""], "unknown"),
            ("10.0.0.1", &[b"localhost"], "unknown"),
            ("10.0.0.1", &[b"203.0.113.9 198.51.100.1"], "unknown"),
            // Ports and brackets.
            ("10.0.0.1", &[b"203.0.113.9:4711"], "203.0.113.9"),
            ("10.0.0.1", &[b"2001:db8::9"], "2001:db8::9"),
            ("10.0.0.1", &[b"[2001:db8::9]"], "2001:db8::9"),
            ("10.0.0.1", &[b"[2001:db8::9]:4711"], "2001:db8::9"),
            ("10.0.0.1", &[b"\t2001:DB8:0::9 "], "2001:db8::9"),
            ("2001:db8:1::5", &[b"203.0.113.9, [2001:db8:1::6]:1"], "203.0.113.9"),
            // One address, two ways to write it.
            ("::ffff:10.0.0.1", &[b"203.0.113.9, ::ffff:10.1.2.3"], "203.0.113.9"),
            ("10.0.0.1", &[b"::ffff:203.0.113.9"], "203.0.113.9"),
            ("::ffff:198.51.100.7", &[b"203.0.113.9"], "198.51.100.7"),
            // Nothing but trusted proxies.
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &[b"10.1.1.1, 10.1.1.2"], "10.1.1.1"),
        ] {
            let shown: Vec<_> = lines.iter().map(|line| String::from_utf8_lossy(line)).collect();
            assert_eq!(client(&ours, peer, lines), expected, "{peer} {shown:?}");
        }
    }
}
