use std::net::IpAddr;

use crate::Via;

/// Where an attempt to sign in comes from, as far as that is known.
#[derive(Clone, Debug)]
pub struct Visitor<'a> {
    /// The client's address.
    pub address: IpAddr,
    /// What the browser was given when somebody signed in with it before ([`crate::Keydesk::device_token`]).
    pub device: Option<&'a str>,
    /// The same address and more, as the audit log keeps it.
    pub via: Via,
}

/// A visitor without a token.
impl From<IpAddr> for Visitor<'_> {
    fn from(address: IpAddr) -> Self {
        Self { address, device: None, via: address.into() }
    }
}
