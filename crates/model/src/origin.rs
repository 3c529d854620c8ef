//! Web origins, and the patterns that match them.

use std::{fmt, net::Ipv6Addr, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Most origins that a key is bound to.
pub const ORIGINS_MAX: usize = 100;

/// A web origin from which a key may be used: scheme, host, and the port where it is not the scheme's own. With `*.` before
/// the host: every subdomain of it, however deep, and not the host itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OriginPattern {
    scheme: Scheme,
    host: Host<Box<str>>,
    subdomains: bool,
    port: u16,
}

/// Why a text is no origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidOrigin {
    /// Neither `https://` nor `http://`.
    #[error("must begin with https:// or http://")]
    Scheme,
    /// Something after the host and its port.
    #[error("must end after the host and its port: an origin has no path, query or user name")]
    NotAnOrigin,
    /// Not a host.
    #[error(
        "must name a host such as app.example.com, as browsers write it: in ASCII (xn--…), without a dot at the end"
    )]
    Host,
    /// `*` anywhere but alone in front.
    #[error("may have * only as a whole label in front of a domain of two labels or more: https://*.example.com")]
    Wildcard,
    /// Not a port.
    #[error("must have a port from 1 to 65535, or none")]
    Port,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Scheme {
    Http,
    Https,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Host<T> {
    /// A name, or an IPv4 address as it is written.
    Name(T),
    V6(Ipv6Addr),
}

/// An origin taken apart. Nothing is copied.
struct Parts<'a> {
    scheme: Scheme,
    host: Host<&'a str>,
    port: u16,
}

impl Scheme {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    const fn port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

fn read(text: &str) -> Result<Parts<'_>, InvalidOrigin> {
    let (scheme, rest) = text.split_once("://").ok_or(InvalidOrigin::Scheme)?;
    let scheme = [Scheme::Http, Scheme::Https]
        .into_iter()
        .find(|known| scheme.eq_ignore_ascii_case(known.as_str()))
        .ok_or(InvalidOrigin::Scheme)?;
    read_host(scheme, rest)
}

/// A host, perhaps with a port.
fn read_host(scheme: Scheme, rest: &str) -> Result<Parts<'_>, InvalidOrigin> {
    if rest.contains(['/', '?', '#', '@', '\\']) {
        return Err(InvalidOrigin::NotAnOrigin);
    }
    let (host, port) = if let Some(rest) = rest.strip_prefix('[') {
        let (address, port) = rest.split_once(']').ok_or(InvalidOrigin::Host)?;
        (Host::V6(address.parse().map_err(|_| InvalidOrigin::Host)?), port)
    } else {
        let (name, port) = rest.split_at(rest.find(':').unwrap_or(rest.len()));
        (Host::Name(name), port)
    };
    let port = match port.strip_prefix(':') {
        None if port.is_empty() => scheme.port(),
        None => return Err(InvalidOrigin::Host),
        Some(digits) => read_port(digits).ok_or(InvalidOrigin::Port)?,
    };
    Ok(Parts { scheme, host, port })
}

fn read_port(digits: &str) -> Option<u16> {
    let plain = digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0');
    digits.parse().ok().filter(|_| plain)
}

/// Whether it is a host name, or an IPv4 address in its usual form. `1.2.3` and `0x7f.1` are neither.
fn is_host(name: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last = name.rsplit('.').next().unwrap_or_default();
    let number = last.bytes().all(|b| b.is_ascii_digit()) || last.starts_with("0x") || last.starts_with("0X");
    name.len() <= 253 && name.split('.').all(label) && (!number || name.parse::<std::net::Ipv4Addr>().is_ok())
}

impl Parts<'_> {
    /// Whether it is the machine of the browser itself, whose pages browsers take for safe without TLS.
    fn is_loopback(&self) -> bool {
        match self.host {
            Host::V6(address) => address.is_loopback(),
            Host::Name(name) => {
                let last = name.rsplit('.').next().unwrap_or_default();
                last.eq_ignore_ascii_case("localhost")
                    || name.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback())
            }
        }
    }
}

/// The web page that a call came from, as far as the call says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CallOrigin<'a> {
    /// The call does not say: no page sent it, or its origin was lost on the way.
    #[default]
    Unknown,
    /// What its `Origin` says, whatever that is.
    Named(&'a str),
    /// It has no `Origin`, because a page of the very host that is asked sent it: that host, perhaps with a port. Browsers
    /// say this (`Sec-Fetch-Site: same-origin`) of pages that came by https, and of pages of their own machine.
    SameAs(&'a str),
}

impl<'a> From<Option<&'a str>> for CallOrigin<'a> {
    fn from(origin: Option<&'a str>) -> Self {
        origin.map_or(Self::Unknown, Self::Named)
    }
}

impl OriginPattern {
    /// Reads an origin, in lower case or not.
    pub fn parse(text: &str) -> Result<Self, InvalidOrigin> {
        let Parts { scheme, host, port } = read(text)?;
        let (host, subdomains) = match host {
            Host::V6(address) => (Host::V6(address), false),
            Host::Name(name) => {
                let (domain, subdomains) = name.strip_prefix("*.").map_or((name, false), |domain| (domain, true));
                if domain.contains('*') || (subdomains && !domain.contains('.')) {
                    return Err(InvalidOrigin::Wildcard);
                }
                if !is_host(domain) {
                    return Err(InvalidOrigin::Host);
                }
                if subdomains && domain.parse::<std::net::Ipv4Addr>().is_ok() {
                    return Err(InvalidOrigin::Wildcard);
                }
                (Host::Name(domain.to_ascii_lowercase().into()), subdomains)
            }
        };
        Ok(Self { scheme, host, subdomains, port })
    }

    /// Whether an origin, as the header `Origin` writes it, is this one or one of these.
    pub fn matches(&self, origin: &str) -> bool {
        read(origin).is_ok_and(|parts| self.holds(&parts))
    }

    /// Whether every origin that the other matches is matched by this one.
    pub fn covers(&self, other: &Self) -> bool {
        if self == other {
            return true;
        }
        let host = match &other.host {
            Host::Name(name) => Host::Name(&**name),
            Host::V6(address) => Host::V6(*address),
        };
        // A subdomain of a subdomain is a subdomain too, so checking the other's host is enough.
        let (scheme, port) = (other.scheme, other.port);
        (self.subdomains || !other.subdomains) && self.holds(&Parts { scheme, host, port })
    }

    /// Whether it is every subdomain of a host.
    pub(crate) fn is_wildcard(&self) -> bool {
        self.subdomains
    }

    fn holds(&self, parts: &Parts<'_>) -> bool {
        if (parts.scheme, parts.port) != (self.scheme, self.port) {
            return false;
        }
        match (&self.host, parts.host) {
            (Host::V6(own), Host::V6(address)) => *own == address,
            (Host::Name(own), Host::Name(name)) if self.subdomains => {
                let dot = name.len().checked_sub(own.len() + 1);
                let (Some(head), Some(tail)) =
                    (dot.and_then(|dot| name.get(..dot)), dot.and_then(|dot| name.get(dot..)))
                else {
                    return false;
                };
                tail.strip_prefix('.').is_some_and(|tail| tail.eq_ignore_ascii_case(own))
                    && !head.is_empty()
                    && is_host(name)
            }
            (Host::Name(own), Host::Name(name)) => name.eq_ignore_ascii_case(own),
            _ => false,
        }
    }
}

impl fmt::Display for OriginPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scheme, host, subdomains, port } = self;
        write!(f, "{}://{}", scheme.as_str(), if *subdomains { "*." } else { "" })?;
        match host {
            Host::Name(name) => f.write_str(name)?,
            Host::V6(address) => write!(f, "[{address}]")?,
        }
        if *port == scheme.port() { Ok(()) } else { write!(f, ":{port}") }
    }
}

impl FromStr for OriginPattern {
    type Err = InvalidOrigin;

    fn from_str(text: &str) -> Result<Self, InvalidOrigin> {
        Self::parse(text)
    }
}

impl Serialize for OriginPattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for OriginPattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

/// The web origins from which a key may be used: sorted, without repetition. None: from any, and from no web page at all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct OriginSet(Vec<OriginPattern>);

/// More than [`ORIGINS_MAX`] origins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must have 0 to {ORIGINS_MAX} entries")]
pub struct TooManyOrigins;

impl OriginSet {
    /// The empty set: from any origin.
    pub const ANY: Self = Self(Vec::new());

    /// A set of these.
    pub fn new(origins: impl IntoIterator<Item = OriginPattern>) -> Result<Self, TooManyOrigins> {
        let mut origins: Vec<_> = origins.into_iter().collect();
        origins.sort_unstable();
        origins.dedup();
        if origins.len() > ORIGINS_MAX { Err(TooManyOrigins) } else { Ok(Self(origins)) }
    }

    /// Whether a call from this origin may be made. Where it is unknown: only when every origin may.
    pub fn allows<'a>(&self, origin: impl Into<CallOrigin<'a>>) -> bool {
        if self.0.is_empty() {
            return true;
        }
        let holds = |parts: Parts<'_>| self.0.iter().any(|pattern| pattern.holds(&parts));
        match origin.into() {
            CallOrigin::Unknown => false,
            CallOrigin::Named(origin) => read(origin).is_ok_and(holds),
            CallOrigin::SameAs(host) => {
                let by = |scheme| read_host(scheme, host);
                by(Scheme::Https).is_ok_and(holds)
                    || by(Scheme::Http).is_ok_and(|parts| parts.is_loopback() && holds(parts))
            }
        }
    }

    /// Whether each origin of the other is matched by one of these.
    pub fn covers(&self, other: &Self) -> bool {
        let within = |origin: &OriginPattern| self.0.iter().any(|own| own.covers(origin));
        self.0.is_empty() || (!other.0.is_empty() && other.0.iter().all(within))
    }

    /// What is matched by either: any origin, if one of them matches any. Unlike a set that is read, it may have more
    /// than [`ORIGINS_MAX`] entries.
    pub(crate) fn or(&self, other: &Self) -> Self {
        let any = self.0.is_empty() || other.0.is_empty();
        if any { Self::ANY } else { Self(self.0.iter().chain(&other.0).cloned().collect()) }
    }

    /// In canonical order.
    pub fn iter(&self) -> std::slice::Iter<'_, OriginPattern> {
        self.0.iter()
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether calls may come from any origin.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'a> IntoIterator for &'a OriginSet {
    type Item = &'a OriginPattern;
    type IntoIter = std::slice::Iter<'a, OriginPattern>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'de> Deserialize<'de> for OriginSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(Vec::<OriginPattern>::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

#[cfg(feature = "openapi")]
mod openapi {
    use utoipa::{
        PartialSchema, ToSchema,
        openapi::{ArrayBuilder, ObjectBuilder, RefOr, Schema, Type},
    };

    impl PartialSchema for super::OriginSet {
        fn schema() -> RefOr<Schema> {
            let origin = ObjectBuilder::new().schema_type(Type::String).examples([
                "https://app.example.com",
                "https://*.example.com",
                "http://localhost:3000",
            ]);
            ArrayBuilder::new().items(origin).max_items(Some(super::ORIGINS_MAX)).into()
        }
    }

    impl ToSchema for super::OriginSet {}
}
#[cfg(test)]
mod tests;
