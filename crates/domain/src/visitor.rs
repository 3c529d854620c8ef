use std::net::IpAddr;

/// Where an attempt to sign in comes from, as far as that is known.
#[derive(Clone, Copy, Debug)]
pub struct Visitor<'a> {
    /// The client's address.
    pub address: IpAddr,
    /// What the browser was given when somebody signed in with it before ([`crate::Keydesk::device_token`]).
    pub device: Option<&'a str>,
}

/// A visitor without a token.
impl From<IpAddr> for Visitor<'_> {
    fn from(address: IpAddr) -> Self {
        Self { address, device: None }
    }
}
