//! Authentication of the caller.

use std::sync::{Arc, LazyLock};

use domain::{Caller, Keydesk, Via};
use edge::{ClientAddress, Problem, RequestId, credentials};
use http::{HeaderMap, request::Parts};
use model::{Code, KeyError, Scope};
use uuid::Uuid;
use verify::{Call, LimitState, Record, Verdict};

/// The scope that an endpoint of the REST API requires of its caller.
pub type RequiredScope = LazyLock<[Scope; 1]>;

pub(crate) static VERIFY: RequiredScope = required(|| scope("keys:verify"));
pub(crate) static READ: RequiredScope = required(|| scope("keys:read"));
pub(crate) static WRITE: RequiredScope = required(|| scope("keys:write"));
pub(crate) static AUDIT: RequiredScope = required(|| scope("audit:read"));
pub(crate) static USAGE: RequiredScope = required(|| scope("usage:read"));
pub(crate) static WEBHOOKS_READ: RequiredScope = required(|| scope("webhooks:read"));
pub(crate) static WEBHOOKS_WRITE: RequiredScope = required(|| scope("webhooks:write"));
pub(crate) static REVEAL: RequiredScope = required(|| scope("keys:reveal"));

const fn required(make: fn() -> [Scope; 1]) -> RequiredScope {
    LazyLock::new(make)
}

fn scope(name: &str) -> [Scope; 1] {
    [Scope::parse(name).expect("a scope of the catalogue")]
}

/// What a request takes from the limits of its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cost {
    /// As any call.
    Calls(u64),
    /// Nothing.
    Nothing,
    /// What it takes is known later: it is neither counted yet, nor is anything taken.
    Later,
}

/// A calling key, and where it stands within its limits.
pub(crate) struct CallingRecord {
    pub(crate) record: Arc<Record>,
    pub(crate) limits: Vec<LimitState>,
}

/// The calling key, if it is valid and holds all of `wanted`, and its limits let it.
pub(crate) async fn key(
    keydesk: &Keydesk,
    parts: &Parts,
    wanted: &[Scope],
    cost: Cost,
) -> Result<CallingRecord, Problem> {
    let client = parts.extensions.get::<ClientAddress>().copied().unwrap_or_default();
    caller(keydesk, RequestId::of(parts), &parts.headers, client, wanted, cost).await
}

/// The same for a request that came from `client`.
pub(crate) async fn caller(
    keydesk: &Keydesk,
    request_id: Uuid,
    headers: &HeaderMap,
    client: ClientAddress,
    wanted: &[Scope],
    cost: Cost,
) -> Result<CallingRecord, Problem> {
    let credentials = credentials::read(headers, client)?;
    let call = Call {
        scopes: wanted,
        ip: client.ip,
        origin: credentials.origin,
        request_id: Some(request_id),
        cost: if let Cost::Calls(calls) = cost { calls } else { 0 },
        counted: cost != Cost::Later,
        ..Call::with(credentials.key)
    };
    match keydesk.verifier().verify(call, keydesk.now()).await? {
        Verdict { code: Code::Valid, record: Some(record), limits, .. } => Ok(CallingRecord { record, limits }),
        verdict => Err(credentials::refusal(verdict, wanted, credentials.origin)),
    }
}

/// The calling key of an endpoint that manages keys: it needs `scope`, and its installation the API Keys module.
pub(crate) async fn manager(
    keydesk: &Keydesk,
    parts: &Parts,
    scope: &RequiredScope,
) -> Result<(Caller, Vec<LimitState>), Problem> {
    let CallingRecord { record, limits } = key(keydesk, parts, &**scope, Cost::Calls(1)).await?;
    if !keydesk.module_enabled(record.installation()) {
        return Err(KeyError::ModuleUnavailable.into());
    }
    let via = parts.extensions.get::<Via>().cloned().unwrap_or_default();
    Ok((Caller { via, ..Caller::key(&record) }, limits))
}
