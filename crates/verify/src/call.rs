use std::{net::IpAddr, sync::Arc};

use model::{AcceptedEnvironment, CallOrigin, Code, InstallationId, Scope};
use uuid::Uuid;

use crate::{LimitState, Record, RefusedBy};

/// One call with a key.
#[derive(Clone, Copy)]
pub struct Call<'a> {
    /// The text that was presented as a key.
    pub key: &'a str,
    /// The installation that it must belong to; `None`: any.
    pub installation: Option<InstallationId>,
    /// Of which environment keys exist for whoever asks: others are not found.
    pub sees: AcceptedEnvironment,
    /// Of which environment keys are accepted.
    pub environment: AcceptedEnvironment,
    /// The scopes that the call needs: all of them.
    pub scopes: &'a [Scope],
    /// Where it came from; `None`: unknown, and a key that is bound to addresses is refused.
    pub ip: Option<IpAddr>,
    /// The web page that it came from; where that is unknown, a key that is bound to origins is refused.
    pub origin: CallOrigin<'a>,
    /// What it takes from limits; 0 looks and takes nothing.
    pub cost: u64,
    /// The request that asks, by whose id a refusal can be explained later; `None`: nobody will ask.
    pub request_id: Option<Uuid>,
    /// Whether it is counted as a call with the key.
    pub counted: bool,
    /// The request that is decided on, for whoever asks why it was refused.
    pub asked: Asked<'a>,
}

/// The request that is decided on.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asked<'a> {
    /// Its method.
    pub method: &'a str,
    /// Its path, or the template of that, without a query.
    pub path: &'a str,
    /// Nothing says which scopes it needs, so it is refused whatever the key holds.
    pub no_route: bool,
}

impl<'a> Call<'a> {
    /// A call with this key, of whichever environment, that needs no scope, costs 1, and of which nothing else is known.
    pub const fn with(key: &'a str) -> Self {
        let environment = AcceptedEnvironment::Any;
        Self {
            key,
            installation: None,
            sees: environment,
            environment,
            scopes: &[],
            ip: None,
            origin: CallOrigin::Unknown,
            cost: 1,
            request_id: None,
            counted: true,
            asked: Asked { method: "", path: "", no_route: false },
        }
    }
}

/// The decision on one call.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// Allowed, or the first reason why not.
    pub code: Code,
    /// What is known of the key; `None` exactly for [`Code::NotFound`].
    pub record: Option<Arc<Record>>,
    /// Where the key stands within the limits that applied. Empty where none did, and where they were not asked, since
    /// something else refused the call.
    pub limits: Vec<LimitState>,
    /// The limit that refused the call, exactly for [`Code::RateLimited`] and [`Code::QuotaExceeded`].
    pub refused_by: Option<RefusedBy>,
    /// The key was not found, and the address that the call came from has sent too many such keys: how many seconds it is to wait.
    pub slowed_for: Option<u32>,
    /// Nothing was found out about the key, which may be one that takes long to check, since too many of those are checked: after how
    /// many seconds it may be sent again.
    pub busy_for: Option<u32>,
}

/// No decision: the database has been gone for longer than memory may be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Keydesk can't answer right now. Please try again.")]
pub struct Unavailable;

impl Verdict {
    /// Whether the call may go on.
    pub fn allowed(&self) -> bool {
        self.code == Code::Valid
    }
}
