use std::{borrow::Cow, fmt, net::IpAddr, sync::LazyLock};

use axum::response::Response;
use domain::Keydesk;
use edge::{ClientAddress, Payload, Problem, credentials, limits, query};
use http::{StatusCode, request::Parts};
use model::{
    AcceptedEnvironment, CATALOGUE, ClientName, Code, Environment, Instant, KeyId, Scope, ScopeSet, TokenResources,
};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, Unexpected, Visitor},
};
use utoipa::ToSchema;
use uuid::Uuid;
use verify::{Asked, Call, CheckedToken, Record, Verdict};

use super::limit_states::{QuotaState, QuotaStates, RateLimitState, RateLimitStates};
use crate::{
    auth::{self, Cost},
    body, respond,
};

/// Where this is asked.
const PATH: &str = "/api/v1/keys/verify";

/// A call to decide on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VerifyCall<'a> {
    /// The API key that was presented.
    #[serde(borrow)]
    #[schema(value_type = String)]
    key: Cow<'a, str>,
    /// The scopes that the call needs, all of them.
    #[schema(value_type = Option<Vec<Scope>>)]
    scopes: Option<Vec<WantedScope>>,
    /// The environment that the call is for: a key of the other is refused. When not given, both are accepted.
    environment: Option<Environment>,
    /// Where the call came from.
    #[serde(default, deserialize_with = "address")]
    #[schema(value_type = Option<String>, examples("203.0.113.9"))]
    ip: Option<IpAddr>,
    /// The web origin that the call came from.
    #[schema(value_type = Option<String>, examples("https://app.example.com"))]
    #[serde(borrow)]
    origin: Option<Cow<'a, str>>,
    /// What the call takes from limits: 0 to 1,000,000, and 1 when not given. 0 looks and takes nothing.
    #[serde(default, deserialize_with = "cost")]
    #[schema(value_type = Option<u64>, minimum = 0, maximum = 1_000_000)]
    cost: Option<u64>,
}

/// The verdict. It is an answer like any other: the status is 200, whatever the verdict.
#[derive(Serialize, ToSchema)]
#[schema(as = Verdict)]
pub(crate) struct Answer<'a> {
    /// Whether the call is allowed.
    valid: bool,
    /// Why, or why not.
    code: Code,
    /// To find the request in the logs.
    request_id: Uuid,
    /// The key; absent when none was found, and so is all that follows.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = KeyId, required = false)]
    key_id: Option<KeyId>,
    /// Whom the key was generated for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = ClientName, required = false)]
    client_name: Option<&'a ClientName>,
    /// Which data the key reaches.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Environment, required = false)]
    environment: Option<Environment>,
    /// What the key may do.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = ScopeSet, required = false)]
    scopes: Option<&'a ScopeSet>,
    /// Which things of the API a derived token reaches, and no others: whoever asks has to keep to it. Absent for a key, and for a token
    /// that reaches all that its key reaches.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = TokenResources, required = false)]
    resources: Option<&'a TokenResources>,
    /// The scopes that the call needs and the key lacks; only with `INSUFFICIENT_SCOPE`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Vec<Scope>, required = false)]
    missing_scopes: Option<Vec<Scope>>,
    /// From when on the key is refused; null: never.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Instant>, required = false)]
    expires_at: Option<Option<Instant>>,
    /// Where the key stands within each rate limit that applied to the call; absent where none was asked, since something
    /// else refused the call.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Vec<RateLimitState>, required = false)]
    rate_limits: Option<RateLimitStates<'a>>,
    /// The same of quotas.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Vec<QuotaState>, required = false)]
    quotas: Option<QuotaStates<'a>>,
    /// The limit that refused the call; only with `RATE_LIMITED` and `QUOTA_EXCEEDED`. A ceiling of the client is
    /// `client:NAME`, one of the installation `installation:NAME`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, examples("default"))]
    refused_by: Option<String>,
    /// With `refused_by`: whoever waits as many seconds is let in; null: the call costs more than the limit ever allows. With
    /// `NOT_FOUND`: the address in `ip` has sent too many keys that don't exist, and is to wait so many seconds before the next; calls
    /// with valid keys from there go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>, required = false)]
    retry_after_seconds: Option<Option<u64>>,
}

/// A call and the decision on it.
pub(crate) struct Decided {
    scopes: Vec<Scope>,
    verdict: Verdict,
}

impl VerifyCall<'_> {
    /// Decides the call within the caller's installation.
    pub(crate) async fn decide(
        self,
        keydesk: &Keydesk,
        caller: &Record,
        request_id: Uuid,
        path: &str,
    ) -> Result<Decided, Problem> {
        let scopes: Vec<_> = self.scopes.unwrap_or_default().into_iter().map(|WantedScope(scope)| scope).collect();
        let call = Call {
            key: &self.key,
            installation: Some(caller.installation()),
            // A test key sees test keys alone.
            sees: match caller.environment() {
                Environment::Live => AcceptedEnvironment::Any,
                Environment::Test => AcceptedEnvironment::Test,
            },
            environment: self.environment.map_or(AcceptedEnvironment::Any, AcceptedEnvironment::from),
            scopes: &scopes,
            ip: self.ip,
            origin: self.origin.as_deref().into(),
            cost: self.cost.unwrap_or(1),
            request_id: Some(request_id),
            counted: true,
            asked: Asked { method: "POST", path, no_route: false },
        };
        let verdict = keydesk.verifier().verify(call, keydesk.now()).await?;
        match verdict.busy_for {
            // Neither valid nor invalid: there is no verdict.
            Some(seconds) => Err(credentials::busy(seconds)),
            None => Ok(Decided { scopes, verdict }),
        }
    }
}

impl Decided {
    /// The body of the answer.
    pub(crate) fn answer(&self, request_id: Uuid) -> Answer<'_> {
        let code = self.verdict.code;
        let record = self.verdict.record.as_deref();
        let asked = matches!(code, Code::Valid | Code::RateLimited | Code::QuotaExceeded);
        let limits = &self.verdict.limits[..];
        let refused_by = self.verdict.refused_by;
        Answer {
            valid: self.verdict.allowed(),
            code,
            request_id,
            key_id: record.map(Record::key_id),
            client_name: record.map(Record::client_name),
            environment: record.map(Record::environment),
            scopes: record.map(Record::scopes),
            resources: record.and_then(Record::token).and_then(CheckedToken::resources),
            missing_scopes: record
                .filter(|_| code == Code::InsufficientScope)
                .map(|record| record.scopes().missing(&self.scopes)),
            expires_at: record.map(Record::expires_at),
            rate_limits: asked.then_some(RateLimitStates(limits)),
            quotas: asked.then_some(QuotaStates(limits)),
            refused_by: refused_by.map(|by| by.label.to_string()),
            retry_after_seconds: match self.verdict.slowed_for {
                Some(seconds) => Some(Some(seconds.into())),
                None => refused_by.map(|by| by.retry_after_seconds),
            },
        }
    }
}

/// Verify a key
///
/// Decides whether a call with this key may go ahead. Keys of other installations are not found.
//
// Answered at the edge, before the router, as `/authz` is.
#[utoipa::path(
    post,
    path = "/api/v1/keys/verify",
    tag = "Verification",
    request_body(content = VerifyCall, example = json!({"key": "ccc_live_...", "scopes": ["contacts:read"]})),
    responses((status = 200, description = "The verdict.", body = Answer))
)]
pub async fn verify_key<B: Payload>(
    keydesk: &Keydesk,
    request_id: Uuid,
    client: ClientAddress,
    parts: &Parts,
    body: B,
) -> Result<Response, Problem> {
    let calling = auth::caller(keydesk, request_id, parts, client, &*auth::VERIFY, Cost::Calls(1)).await?;
    query::none(&parts.uri)?;
    let body = body::json(&parts.headers, body).await?;
    let decided =
        body::parse_structs::<VerifyCall<'_>>(&body)?.decide(keydesk, &calling.record, request_id, PATH).await?;
    let mut answer = respond::json(StatusCode::OK, &decided.answer(request_id));
    limits::write(&calling.limits, answer.headers_mut());
    Ok(answer)
}

/// A wanted scope. Those of the catalogue are shared and cost no allocation.
struct WantedScope(Scope);

impl<'de> Deserialize<'de> for WantedScope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Wanted;

        impl Visitor<'_> for Wanted {
            type Value = WantedScope;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a scope such as contacts:read")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<WantedScope, E> {
                shared(text).map(WantedScope).map_err(|_| E::invalid_value(Unexpected::Other("text"), &self))
            }
        }

        deserializer.deserialize_any(Wanted)
    }
}

fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<IpAddr>, D::Error> {
    Option::deserialize(deserializer).map_err(|_| de::Error::custom("must be an IPv4 or IPv6 address"))
}

/// The most that a call can cost.
const COST_MAX: u64 = 1_000_000;

fn cost<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let cost =
        Option::deserialize(deserializer).ok().filter(|cost: &Option<u64>| cost.is_none_or(|cost| cost <= COST_MAX));
    cost.ok_or_else(|| de::Error::custom("must be a whole number from 0 to 1,000,000"))
}

fn shared(text: &str) -> Result<Scope, model::InvalidScope> {
    static KNOWN: LazyLock<Vec<Scope>> =
        LazyLock::new(|| CATALOGUE.iter().filter_map(|(name, _)| Scope::parse(name).ok()).collect());
    KNOWN.iter().find(|scope| scope.as_str() == text).cloned().map_or_else(|| Scope::parse(text), Ok)
}
