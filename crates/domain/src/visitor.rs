use std::net::{IpAddr, Ipv6Addr};

use crate::Via;

/// Where an attempt to sign in comes from, as far as that is known.
#[derive(Clone, Debug)]
pub struct Visitor<'a> {
    /// As the audit log keeps it.
    pub via: Via,
    /// What the browser was given when somebody signed in with it before ([`crate::Keydesk::device_token`]).
    pub device: Option<&'a str>,
}

/// A visitor without a token.
impl From<IpAddr> for Visitor<'_> {
    fn from(address: IpAddr) -> Self {
        Via::from(address).into()
    }
}

/// A visitor without a token.
impl From<Via> for Visitor<'_> {
    fn from(via: Via) -> Self {
        Self { via, device: None }
    }
}

/// A visitor without a token.
impl From<&Via> for Visitor<'_> {
    fn from(via: &Via) -> Self {
        via.clone().into()
    }
}

/// The address by which attempts are counted. Attempts without an address are counted together.
pub(crate) fn counted(via: &Via) -> IpAddr {
    via.address.unwrap_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED))
}
