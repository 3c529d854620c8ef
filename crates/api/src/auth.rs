//! Authentication of the caller.

use std::sync::{Arc, LazyLock};

use axum::extract::MatchedPath;
use domain::{Caller, Keydesk, Via};
use edge::{ClientAddress, Problem, RequestId, credentials, problem};
use http::request::Parts;
use model::{Code, Scope};
use uuid::Uuid;
use verify::{Asked, Call, LimitState, Record, Verdict};

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
    caller(keydesk, RequestId::of(parts), parts, client, wanted, cost).await
}

/// The same for a request that came from `client`.
pub(crate) async fn caller(
    keydesk: &Keydesk,
    request_id: Uuid,
    parts: &Parts,
    client: ClientAddress,
    wanted: &[Scope],
    cost: Cost,
) -> Result<CallingRecord, Problem> {
    let credentials = credentials::read(&parts.headers, client)?;
    let call = Call {
        scopes: wanted,
        ip: client.ip,
        origin: credentials.origin,
        request_id: Some(request_id),
        cost: if let Cost::Calls(calls) = cost { calls } else { 0 },
        counted: cost != Cost::Later,
        asked: asked(parts),
        ..Call::with(credentials.key)
    };
    match keydesk.verifier().verify(call, keydesk.now()).await? {
        Verdict { code: Code::Valid, record: Some(record), limits, .. } => Ok(CallingRecord { record, limits }),
        verdict => Err(credentials::refusal(verdict, wanted, credentials.origin)),
    }
}

/// The request, as whoever asks why it was refused is told: by the template of its path, where there is one.
fn asked(parts: &Parts) -> Asked<'_> {
    let template = parts.extensions.get::<MatchedPath>().map(MatchedPath::as_str);
    Asked { method: parts.method.as_str(), path: template.unwrap_or(parts.uri.path()), no_route: false }
}

/// The calling key of a request, only recognised: its state, its bounds, its scopes and its limits are not asked.
pub(crate) async fn recognised(keydesk: &Keydesk, parts: &Parts) -> Result<Arc<Record>, Problem> {
    let client = parts.extensions.get::<ClientAddress>().copied().unwrap_or_default();
    let credentials = credentials::read(&parts.headers, client)?;
    let recognised = keydesk.verifier().recognise(credentials.key, client.ip, keydesk.now()).await?;
    recognised.map_err(credentials::unrecognised)
}

/// The calling key of an endpoint that manages keys: it needs `scope`, and its installation the API Keys module. A derived token is no
/// key: it lies in web pages.
pub(crate) async fn manager(
    keydesk: &Keydesk,
    parts: &Parts,
    scope: &RequiredScope,
) -> Result<(Caller, Vec<LimitState>), Problem> {
    let CallingRecord { record, limits } = key(keydesk, parts, &**scope, Cost::Calls(1)).await?;
    if record.token().is_some() {
        let detail = "A derived token can't manage keys, nor read what is kept of them: send its API key.";
        return Err(Problem::new(&problem::TOKEN_NOT_ALLOWED).detail(detail));
    }
    keydesk.require_enabled(record.installation())?;
    let via = parts.extensions.get::<Via>().cloned().unwrap_or_default();
    Ok((Caller { via, ..Caller::key(&record) }, limits))
}
