//! Authentication of the caller.

use std::sync::{Arc, LazyLock};

use domain::{Caller, Keydesk, Via};
use edge::{ClientAddress, Problem, RequestId, credentials};
use http::{HeaderMap, request::Parts};
use model::{Code, KeyError, Scope};
use uuid::Uuid;
use verify::{Call, Record};

/// The scope that an endpoint of the REST API requires of its caller.
pub type RequiredScope = LazyLock<[Scope; 1]>;

pub(crate) static VERIFY: RequiredScope = required(|| scope("keys:verify"));
pub(crate) static READ: RequiredScope = required(|| scope("keys:read"));
pub(crate) static WRITE: RequiredScope = required(|| scope("keys:write"));
pub(crate) static AUDIT: RequiredScope = required(|| scope("audit:read"));
pub(crate) static USAGE: RequiredScope = required(|| scope("usage:read"));
pub(crate) static REVEAL: RequiredScope = required(|| scope("keys:reveal"));

const fn required(make: fn() -> [Scope; 1]) -> RequiredScope {
    LazyLock::new(make)
}

fn scope(name: &str) -> [Scope; 1] {
    [Scope::parse(name).expect("a scope of the catalogue")]
}

/// The calling key, if it is valid and holds all of `wanted`.
pub(crate) async fn key(keydesk: &Keydesk, parts: &Parts, wanted: &[Scope]) -> Result<Arc<Record>, Problem> {
    let client = parts.extensions.get::<ClientAddress>().copied().unwrap_or_default();
    caller(keydesk, RequestId::of(parts), &parts.headers, client, wanted).await
}

/// The same for a request that came from `client`.
pub(crate) async fn caller(
    keydesk: &Keydesk,
    request_id: Uuid,
    headers: &HeaderMap,
    client: ClientAddress,
    wanted: &[Scope],
) -> Result<Arc<Record>, Problem> {
    let credentials = credentials::read(headers, client)?;
    let call = Call {
        scopes: wanted,
        ip: client.ip,
        origin: credentials.origin,
        request_id: Some(request_id),
        ..Call::with(credentials.key)
    };
    let verdict = keydesk.verifier().verify(call, keydesk.now()).await?;
    match (verdict.code, verdict.record) {
        (Code::Valid, Some(record)) => Ok(record),
        (code, _) => Err(credentials::refusal(code, wanted, credentials.origin)),
    }
}

/// The calling key of an endpoint that manages keys: it needs `scope`, and its installation the API Keys module.
pub(crate) async fn manager(keydesk: &Keydesk, parts: &Parts, scope: &RequiredScope) -> Result<Caller, Problem> {
    let record = key(keydesk, parts, &**scope).await?;
    if !keydesk.module_enabled(record.installation()) {
        return Err(KeyError::ModuleUnavailable.into());
    }
    let via = parts.extensions.get::<Via>().cloned().unwrap_or_default();
    Ok(Caller { via, ..Caller::key(&record) })
}
