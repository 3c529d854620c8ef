//! The decision on one call, whoever forwards it: a proxy that asks, or the gateway itself.

use std::{
    borrow::Cow,
    sync::{Arc, LazyLock},
};

use edge::{ClientAddress, Problem, credentials, problem};
use http::HeaderMap;
use model::{AcceptedEnvironment, Bearers, CallOrigin, Code, Scope};
use uuid::Uuid;
use verify::{Asked, Call, LimitState, Record, Verdict};

use crate::Accepted;

/// The scope that a call without a route needs. Such a call is refused whatever the key holds, so it must neither count
/// as allowed nor use up a limit; yet a bad key must still be told that it is bad.
static NOWHERE: LazyLock<[Scope; 1]> = LazyLock::new(|| [Scope::parse("no-route:none").expect("the form of a scope")]);

/// A call that may go on.
pub(crate) struct Allowed {
    pub(crate) record: Arc<Record>,
    pub(crate) limits: Vec<LimitState>,
}

/// A call that is refused.
pub(crate) struct Refused {
    pub(crate) problem: Problem,
    /// Whose key it is, where one was found.
    pub(crate) record: Option<Arc<Record>>,
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self { problem, record: None }
    }
}

impl From<verify::Unavailable> for Refused {
    fn from(unavailable: verify::Unavailable) -> Self {
        Problem::from(unavailable).into()
    }
}

/// What is decided on.
pub(crate) struct Question<'a> {
    pub(crate) headers: &'a HeaderMap,
    pub(crate) client: ClientAddress,
    pub(crate) accepted: &'a Accepted,
    pub(crate) environment: AcceptedEnvironment,
    /// The scopes that the call needs: all of them; `None`: nothing says which.
    pub(crate) wanted: Option<Cow<'a, [Scope]>>,
    /// With what it may come.
    pub(crate) bearers: Bearers,
    /// What it takes from limits.
    pub(crate) cost: u64,
    /// The method and the path that are decided on.
    pub(crate) asked: (&'a str, &'a str),
}

impl Question<'_> {
    /// The call that the verifier decides on.
    pub(crate) fn call(&self, request_id: Uuid) -> Result<Call<'_>, Problem> {
        let credentials = credentials::read(self.headers, self.client)?;
        let scopes = self.wanted.as_deref().unwrap_or(&*NOWHERE);
        Ok(Call {
            installation: Some(self.accepted.installation),
            environment: self.environment,
            scopes,
            ip: self.client.ip,
            origin: credentials.origin,
            cost: self.cost,
            request_id: Some(request_id),
            asked: Asked { method: self.asked.0, path: self.asked.1, no_route: self.wanted.is_none() },
            ..Call::with(credentials.key)
        })
    }

    /// What its verdict means.
    pub(crate) fn settle(&self, verdict: Verdict, origin: CallOrigin<'_>) -> Result<Allowed, Refused> {
        match (&self.wanted, verdict) {
            (Some(_), Verdict { code: Code::Valid, record: Some(record), limits, .. }) => {
                if self.bearers == Bearers::KeysAlone && record.token().is_some() {
                    let detail = "No derived token is taken for this method and path: send its API key.";
                    let problem = Problem::new(&problem::TOKEN_NOT_ALLOWED).detail(detail);
                    return Err(Refused { problem, record: Some(record) });
                }
                Ok(Allowed { record, limits })
            }
            (None, Verdict { code: Code::Valid | Code::InsufficientScope, record, .. }) => {
                let detail = "No configured route matches the method and the path.";
                Err(Refused { problem: Problem::new(&problem::NO_ROUTE).detail(detail), record })
            }
            (wanted, verdict) => {
                let record = verdict.record.clone();
                let problem = credentials::refusal(verdict, wanted.as_deref().unwrap_or_default(), origin);
                Err(Refused { problem, record })
            }
        }
    }
}
