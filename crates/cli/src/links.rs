//! What a link begins with that is printed for people to open.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// The address that a link leads to, and how sure that is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Links {
    /// Where people open Keydesk; without a slash at the end.
    Public(String),
    /// No public address is known, so to the listener on this machine, which no other reaches.
    Here(String),
    /// The same where others may reach the listener.
    Listener(String),
    /// Nor is it known where the server listens.
    Assumed,
}

impl Links {
    /// To a listener `host:port`; `None`: it is none, so nobody could open the link.
    pub(crate) fn here(listen: &str) -> Option<Self> {
        let (host, port) = host_and_port(listen)?;
        // The system chooses the port, and only the server learns which.
        if port == 0 {
            return Some(Self::Assumed);
        }
        let Ok(ip) = host.parse::<IpAddr>() else {
            let address = format!("http://{host}:{port}");
            return Some(if host.eq_ignore_ascii_case("localhost") {
                Self::Here(address)
            } else {
                Self::Listener(address)
            });
        };
        // A browser can't open an address that means every interface.
        let opened = match ip {
            IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::from([127, 0, 0, 1]),
            IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
            other => other,
        };
        let address = format!("http://{}", SocketAddr::new(opened, port));
        Some(if opened.is_loopback() { Self::Here(address) } else { Self::Listener(address) })
    }

    /// The host and port at which a program on this machine reaches the listener `host:port`; `None`: it is none, or the system
    /// chose its port.
    pub(crate) fn reached(listen: &str) -> Option<String> {
        match Self::here(listen)? {
            Self::Here(address) | Self::Listener(address) => address.strip_prefix("http://").map(str::to_owned),
            Self::Public(_) | Self::Assumed => None,
        }
    }

    /// The whole link.
    pub fn to(&self, path: &str) -> String {
        match self {
            Self::Public(address) | Self::Here(address) | Self::Listener(address) => format!("{address}{path}"),
            Self::Assumed => format!("http://127.0.0.1:3000{path}"),
        }
    }

    /// What is to be known about where it leads, in a sentence; `None`: people can open it.
    pub fn note(&self) -> Option<&'static str> {
        match self {
            Self::Public(_) => None,
            Self::Here(_) => Some(
                "The link leads to this machine alone, since no public address is known: give the one that people open with \
                 --public-url or KEYDESK_PUBLIC_URL.",
            ),
            Self::Listener(_) => Some(
                "The link leads to where the server listens, without TLS, since no public address is known: give the one that \
                 people open with --public-url or KEYDESK_PUBLIC_URL.",
            ),
            Self::Assumed => Some(
                "The link is a guess, since no address is known: give the one that people open with --public-url or \
                 KEYDESK_PUBLIC_URL, or where the server listens with --listen or KEYDESK_LISTEN.",
            ),
        }
    }
}

/// The host, without brackets, and the port, as a listener reads them.
fn host_and_port(listen: &str) -> Option<(String, u16)> {
    if let Ok(address) = listen.parse::<SocketAddr>() {
        return Some((address.ip().to_string(), address.port()));
    }
    let (host, port) = listen.rsplit_once(':')?;
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    let is_host = host.parse::<Ipv6Addr>().is_ok() || (!host.is_empty() && host.chars().all(is_name));
    (is_host && port.chars().all(|c| c.is_ascii_digit())).then_some((host.to_owned(), port.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: &str = "leads to this machine alone";
    const LISTENER: &str = "leads to where the server listens, without TLS";

    #[test]
    fn a_link_that_people_can_not_open_is_said_to_be_one() {
        let here = |listen| Links::here(listen).unwrap();
        for (links, expected, noted) in [
            (Links::Public("https://desk.example".to_owned()), "https://desk.example/a#b", None),
            (here("127.0.0.1:3990"), "http://127.0.0.1:3990/a#b", Some(HERE)),
            (here("0.0.0.0:3990"), "http://127.0.0.1:3990/a#b", Some(HERE)),
            (here("[::]:3990"), "http://[::1]:3990/a#b", Some(HERE)),
            (here("[0:0::0]:3990"), "http://[::1]:3990/a#b", Some(HERE)),
            (here("::1:3990"), "http://[::1]:3990/a#b", Some(HERE)),
            (here("localhost:3990"), "http://localhost:3990/a#b", Some(HERE)),
            (here("192.0.2.5:80"), "http://192.0.2.5:80/a#b", Some(LISTENER)),
            (here("[2001:db8::5]:80"), "http://[2001:db8::5]:80/a#b", Some(LISTENER)),
            (here("desk.example:3990"), "http://desk.example:3990/a#b", Some(LISTENER)),
            (here("127.0.0.1:0"), "http://127.0.0.1:3000/a#b", Some("is a guess")),
            (Links::Assumed, "http://127.0.0.1:3000/a#b", Some("is a guess")),
        ] {
            assert_eq!(links.to("/a#b"), expected);
            assert_eq!(links.note().is_some(), noted.is_some());
            assert!(links.note().unwrap_or_default().contains(noted.unwrap_or_default()), "{links:?}");
        }
    }

    #[test]
    fn a_listener_on_every_interface_is_reached_on_this_machine() {
        for (listen, expected) in [
            ("0.0.0.0:3990", Some("127.0.0.1:3990")),
            ("[::]:3990", Some("[::1]:3990")),
            ("192.0.2.5:80", Some("192.0.2.5:80")),
            ("localhost:80", Some("localhost:80")),
            ("127.0.0.1:0", None),
            ("x", None),
        ] {
            assert_eq!(Links::reached(listen).as_deref(), expected, "{listen}");
        }
    }

    #[test]
    fn where_nothing_can_listen_no_link_leads() {
        for wrong in [
            "",
            "x",
            "3990",
            ":3990",
            "127.0.0.1",
            "127.0.0.1:",
            "127.0.0.1:99999",
            "127.0.0.1:+1",
            "unix:/tmp/x",
            "http://desk.example:80",
            "desk example:80",
            "[::1:80",
            "u@desk.example:80",
        ] {
            assert_eq!(Links::here(wrong), None, "{wrong}");
        }
    }
}
