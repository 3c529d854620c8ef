//! Flags that say what a key may do and what is written down about it.

use std::collections::BTreeMap;

use clap::Args;
use model::{Email, Expiry, Instant, Metadata, Network, NetworkSet, Notes, OriginPattern, OriginSet};

use super::Failed;

/// The settings that creating and updating a key share.
#[derive(Args)]
pub(super) struct KeySettings {
    /// From when on it is refused: an instant such as 2027-01-31T00:00:00Z; so many days from now, such as 30d, 90d or 365d; or
    /// the last day on which it works, in UTC, such as 2027-01-31
    #[arg(long, value_name = "WHEN")]
    expires_at: Option<Expiry>,
    /// An address or network it may be used from; may be given several times
    #[arg(long, value_name = "NETWORK")]
    allow_ip: Vec<Network>,
    /// A web origin it may be used from; may be given several times
    #[arg(long, value_name = "ORIGIN")]
    allow_origin: Vec<OriginPattern>,
    /// A pair of your own; may be given several times, each name once. A key's pairs are changed all together
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    metadata: Vec<(String, String)>,
    /// Who answers for it at the client
    #[arg(long, value_name = "ADDRESS")]
    pub(super) owner_email: Option<Email>,
    /// What to remember about it
    #[arg(long, value_name = "TEXT")]
    pub(super) notes: Option<Notes>,
}

impl KeySettings {
    /// `None`: nothing was said about it.
    pub(super) fn expires_at(&self, now: Instant) -> Option<Instant> {
        self.expires_at.map(|expiry| expiry.instant(now))
    }

    /// `None`: nothing was said about it.
    pub(super) fn allowed_ips(&self) -> Result<Option<NetworkSet>, Failed> {
        let networks = self.allow_ip.iter().copied();
        Ok(if self.allow_ip.is_empty() { None } else { Some(NetworkSet::new(networks)?) })
    }

    /// `None`: nothing was said about it.
    pub(super) fn allowed_origins(&self) -> Result<Option<OriginSet>, Failed> {
        let origins = self.allow_origin.iter().cloned();
        Ok(if self.allow_origin.is_empty() { None } else { Some(OriginSet::new(origins)?) })
    }

    /// `None`: nothing was said about it.
    pub(super) fn metadata(&self) -> Result<Option<Metadata>, Failed> {
        if self.metadata.is_empty() {
            return Ok(None);
        }
        let mut pairs = BTreeMap::new();
        for (name, value) in &self.metadata {
            if pairs.insert(name.clone(), value.clone()).is_some() {
                return Err(Failed::new(format!("The metadata has the name {name:?} twice.")));
            }
        }
        Metadata::new(pairs).map(Some).map_err(|error| Failed::new(format!("The metadata {error}.")))
    }
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}
