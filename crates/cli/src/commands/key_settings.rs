//! Flags for a key's settings.

use std::collections::BTreeMap;

use clap::Args;
use model::{
    ContactCentreLimits, Email, Expiry, Instant, IssueBounds, Metadata, Network, NetworkSet, Notes, OriginPattern,
    OriginSet, SettingsPatch, TimeZone, WorldName,
};

use super::{Failed, limits::LimitFlags};

/// The flags that creating and updating a key share.
#[derive(Args)]
pub(super) struct SettingsFlags {
    /// When it expires: an instant such as 2027-01-31T00:00:00Z; a number of days from now, such as 30d, 90d or 365d;
    /// or the last day on which it works, such as 2027-01-31, to the end of that day in the time zone
    #[arg(long, value_name = "WHEN")]
    expires_at: Option<Expiry>,
    /// An address or network it may be used from; may be given several times
    #[arg(long, value_name = "NETWORK")]
    allow_ip: Vec<Network>,
    /// A web origin it may be used from; may be given several times
    #[arg(long, value_name = "ORIGIN")]
    allow_origin: Vec<OriginPattern>,
    #[command(flatten)]
    limits: LimitFlags,
    /// A pair of your own; may be given several times, each name once. A key's pairs are changed all together
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    metadata: Vec<(String, String)>,
    /// The email address of its owner at the client
    #[arg(long, value_name = "ADDRESS")]
    owner_email: Option<Email>,
    /// What to remember about it
    #[arg(long, value_name = "TEXT")]
    notes: Option<Notes>,
    /// Restrictions on the keys it issues, if it manages others: networks, origins, a longest life such as 90d, and limits
    /// that each must have, such as default=600/60s, separated by spaces; or any. Without it those keys get the same
    /// restrictions as this key
    #[arg(long, value_name = "BOUNDS")]
    issue_bounds: Option<IssueBounds>,
    /// What it may do in the contact centre, separated by spaces: calls=60/hour and +61=20/hour (to numbers that begin so; +61=any,
    /// +=0/hour), hours=9-20 of the callee's working days or hours=9-20,weekends, streams=5, recordings=500MB/day, and agent=ID for
    /// each agent that it may act for, or agent=none
    #[arg(long, value_name = "LIMITS")]
    contact_centre: Option<ContactCentreLimits>,
    /// The world of the sandbox that it reaches, if it is a test key
    #[arg(long, value_name = "NAME")]
    sandbox_world: Option<WorldName>,
}

/// The flags that clear a setting of a key.
#[derive(Args)]
pub(super) struct ClearFlags {
    /// Take all scopes away
    #[arg(long, conflicts_with = "scope")]
    no_scopes: bool,
    /// Let it never expire
    #[arg(long, conflicts_with = "expires_at")]
    no_expiry: bool,
    /// Let it be used from anywhere
    #[arg(long, conflicts_with = "allow_ip")]
    any_ip: bool,
    /// Let it be used from any web origin
    #[arg(long, conflicts_with = "allow_origin")]
    any_origin: bool,
    /// Take all pairs of your own away
    #[arg(long, conflicts_with = "metadata")]
    no_metadata: bool,
    /// Take the owner's email address away
    #[arg(long, conflicts_with = "owner_email")]
    no_owner_email: bool,
    /// Take its notes away
    #[arg(long, conflicts_with = "notes")]
    no_notes: bool,
    /// Give the keys it issues the same restrictions as this key
    #[arg(long, conflicts_with = "issue_bounds")]
    no_issue_bounds: bool,
    /// Limit nothing in the contact centre
    #[arg(long, conflicts_with = "contact_centre")]
    no_contact_centre: bool,
    /// Let it reach the world of the sandbox that all share
    #[arg(long, conflicts_with = "sandbox_world")]
    no_sandbox_world: bool,
}

impl SettingsFlags {
    /// `patch` with the settings that the flags give. A day is one of `zone`.
    pub(super) fn patch(self, patch: SettingsPatch, now: Instant, zone: &TimeZone) -> Result<SettingsPatch, Failed> {
        let metadata = self.metadata()?;
        Ok(SettingsPatch {
            expires_at: self.expires_at.map(|expiry| Some(expiry.instant(now, zone))),
            allowed_ips: given(self.allow_ip, NetworkSet::new)?,
            allowed_origins: given(self.allow_origin, OriginSet::new)?,
            rate_limits: self.limits.rate_limits()?,
            quotas: self.limits.quotas()?,
            metadata,
            owner_email: self.owner_email.map(Some),
            notes: self.notes.map(Some),
            issue_bounds: self.issue_bounds.map(Some),
            contact_centre: self.contact_centre,
            sandbox_world: self.sandbox_world.map(Some),
            ..patch
        })
    }

    fn metadata(&self) -> Result<Option<Metadata>, Failed> {
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

impl ClearFlags {
    /// The patch with the cleared settings: never one that the patch sets, since the flags exclude each other.
    pub(super) fn patch(&self, patch: SettingsPatch) -> SettingsPatch {
        SettingsPatch {
            scopes: patch.scopes.or(self.no_scopes.then(Default::default)),
            expires_at: patch.expires_at.or(self.no_expiry.then_some(None)),
            allowed_ips: patch.allowed_ips.or(self.any_ip.then(Default::default)),
            allowed_origins: patch.allowed_origins.or(self.any_origin.then(Default::default)),
            metadata: patch.metadata.or(self.no_metadata.then(Default::default)),
            owner_email: patch.owner_email.or(self.no_owner_email.then_some(None)),
            notes: patch.notes.or(self.no_notes.then_some(None)),
            issue_bounds: patch.issue_bounds.or(self.no_issue_bounds.then_some(None)),
            contact_centre: patch.contact_centre.or(self.no_contact_centre.then(Default::default)),
            sandbox_world: patch.sandbox_world.or(self.no_sandbox_world.then_some(None)),
            ..patch
        }
    }
}

/// The set of a flag's values; `None`: the flag was not given.
fn given<T, S, E>(values: Vec<T>, set: impl FnOnce(Vec<T>) -> Result<S, E>) -> Result<Option<S>, E> {
    if values.is_empty() { Ok(None) } else { set(values).map(Some) }
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}
