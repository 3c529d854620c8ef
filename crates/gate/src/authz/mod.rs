//! Forward-auth: a proxy asks before it forwards.
//!
//! Answered before any router, since it precedes every other call.

pub(crate) mod identity;
mod original;
mod parameters;
mod question;

use std::{
    borrow::Cow,
    mem,
    pin::pin,
    task::{Context, Poll, Waker},
};

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use edge::{ClientAddress, Problem, RequestContext, limits};
use http::{HeaderValue, StatusCode, request::Parts};
use http_body_util::BodyExt as _;
use model::{Route, Scope};
use utoipa::OpenApi;
use verify::Verifier;

use self::parameters::Parameters;
pub(crate) use self::{
    original::{Original, invalid_path},
    parameters::is_for_nginx,
    question::Question,
};
use crate::{
    Accepted, Gateway,
    decision::{self, Allowed, Refused},
};

/// Decide for a proxy
///
/// A proxy asks this before it forwards a request, with any method and with the request's own key; so may a service that protects itself,
/// and pass a refusal on. The scopes that the
/// request needs are given by `scope`, or looked up in the configured routes by the original method and path: those in
/// `X-Original-Method` and `X-Original-URI` (nginx), in `X-Forwarded-Method` and `X-Forwarded-Uri` (Traefik, Caddy), or
/// the method and path of this call below `/authz` (Envoy). An original named twice is refused, and so is a path that
/// two programs could read differently.
#[utoipa::path(
    get,
    path = "/authz",
    tag = "Verification",
    params(
        ("scope" = Option<Vec<Scope>>, Query, description = "A scope that the call needs; repeated: all of them."),
        ("mode" = Option<String>, Query, pattern = "^nginx$",
            description = "`nginx`: refusals other than 401 come as 403, with the real status in \
            `X-Keydesk-Status` and the document in `X-Keydesk-Problem`."),
    ),
    responses(
        (status = 200, description = "Allowed, and by whom.", headers(
            ("X-Keydesk-Key-Id" = String, description = "The key's id."),
            ("X-Keydesk-Client-Name" = String, description = "Its Client Name, percent-encoded."),
            ("X-Keydesk-Environment" = String, description = "`live` or `test`."),
            ("X-Keydesk-Scopes" = String, description = "Its scopes, separated by spaces."),
            ("X-Keydesk-Installation" = String, description = "The name of the installation that it belongs to."),
            ("X-Keydesk-Resources" = String, description = "Which things of the API a derived token reaches, `queue=ID,ID`: the API must \
                refuse others. Absent where it reaches all that its key reaches."),
            ("RateLimit" = String, description = "Where it stands within each limit that applied: `\"default\";r=99;t=60`. \
                Absent where none did."),
            ("RateLimit-Policy" = String, description = "These limits: `\"default\";q=100;w=60`."),
        )),
        (status = 400, description = "`invalid_request`, or `invalid_path`: the original path has more than one reading."),
        (status = 403, description = "`insufficient_scope`, `environment_not_allowed`, `ip_not_allowed`, `origin_not_allowed`, `cost_exceeds_limit`, `token_not_allowed`: \
            the route takes keys alone, or `no_route`: nothing says what the original request would need."),
        (status = 429, description = "`rate_limited` or `quota_exceeded`; whoever waits for the seconds of `Retry-After` is let in. \
            `too_many_failed_keys`: the address has sent too many keys that are not valid."),
    )
)]
#[expect(dead_code, reason = "what is described is answered before any router")]
fn authorize() {}

/// How forward-auth is described to whoever configures a proxy.
pub fn description() -> utoipa::openapi::OpenApi {
    #[derive(OpenApi)]
    #[openapi(paths(authorize))]
    struct Described;
    Described::openapi()
}

/// Answers a question, asking the database if it must.
pub(crate) async fn answer(
    gateway: &Gateway,
    accepted: &Accepted,
    verifier: &Verifier,
    parts: &Parts,
    client: ClientAddress,
    context: &RequestContext,
) -> Response {
    let now = context.now();
    let decided = async {
        let question = read(gateway, accepted, parts, client)?;
        let call = question.call(context.id())?;
        let verdict = verifier.verify(call, now).await?;
        question.settle(verdict, call.origin)
    };
    respond(decided.await, accepted)
}

/// The same where memory knows the key, as for most calls; then nothing waits.
pub(crate) fn from_memory(
    gateway: &Gateway,
    accepted: &Accepted,
    verifier: &Verifier,
    parts: &Parts,
    client: ClientAddress,
    context: &RequestContext,
) -> Option<Response> {
    let question = read(gateway, accepted, parts, client).map_err(Refused::from);
    let decided = question.and_then(|question| {
        let call = question.call(context.id())?;
        let verdict = verifier.verify_from_memory(call, context.now());
        verdict.map(|verdict| question.settle(verdict, call.origin)).transpose()
    });
    decided.transpose().map(|decided| respond(decided, accepted))
}

fn respond(decided: Result<Allowed, Refused>, accepted: &Accepted) -> Response {
    match decided {
        Ok(Allowed { record, limits }) => {
            let mut response = Response::new(Body::empty());
            let headers = response.headers_mut();
            headers.reserve(9);
            identity::write(&record, accepted, headers);
            limits::write(&limits, headers);
            response
        }
        Err(Refused { problem, .. }) => problem.into_response(),
    }
}

/// What a proxy asks.
fn read<'a>(
    gateway: &'a Gateway,
    accepted: &'a Accepted,
    parts: &'a Parts,
    client: ClientAddress,
) -> Result<decision::Question<'a>, Problem> {
    let below = parts.uri.path().strip_prefix("/authz").filter(|path| !path.is_empty());
    let original = Original::of(below, &parts.method, &parts.headers)?;
    let parameters = match below {
        None => Parameters::read(&parts.uri, original.query)?,
        // Below `/authz` the query belongs to the original request.
        Some(_) => Parameters::default(),
    };
    let (wanted, route) = match parameters.scopes {
        Some(scopes) => (Some(Cow::Owned(scopes)), None),
        None => {
            let route = route(gateway, &original)?;
            (route.map(|route| Cow::Borrowed(route.scopes())), route)
        }
    };
    let environment = route.and_then(Route::environment).unwrap_or(accepted.environment);
    let bearers = route.map(Route::bearers).unwrap_or_default();
    let cost = route.map_or(1, Route::cost);
    let asked = match original.path {
        Some(path) => (original.method.unwrap_or_default(), path.as_str()),
        None => (parts.method.as_str(), "/authz"),
    };
    Ok(decision::Question { headers: &parts.headers, client, accepted, environment, wanted, bearers, cost, asked })
}

/// The configured route of the original request.
fn route<'a>(gateway: &'a Gateway, original: &Original<'_>) -> Result<Option<&'a Route>, Problem> {
    let incomplete = |part: &str| Problem::invalid(format!("The original request is incomplete: {part} is missing."));
    match (original.method, original.path) {
        (Some(method), Some(path)) => gateway.routes.resolve(method, path).map_err(invalid_path),
        (None, None) => Ok(None),
        (None, Some(_)) => Err(incomplete("the method")),
        (Some(_), None) => Err(incomplete("the path")),
    }
}

/// Turns a refusal into one that nginx passes on: it turns every status but 401 and 403 into 500, and reads no body of
/// whomever it asks.
pub(crate) fn for_nginx(response: &mut Response) {
    let status = response.status();
    if status == StatusCode::OK {
        return;
    }
    response.headers_mut().insert(identity::STATUS.clone(), HeaderValue::from(status.as_u16()));
    if let Some(document) = document(response) {
        response.headers_mut().insert(identity::PROBLEM.clone(), document);
    }
    if status != StatusCode::UNAUTHORIZED {
        *response.status_mut() = StatusCode::FORBIDDEN;
    }
}

/// Longest document that a header carries, in bytes: nginx reads a head of 4 KiB.
const DOCUMENT_MAX: usize = 2048;

/// The document of a refusal in ASCII; `None`: it is too long.
fn document(response: &mut Response) -> Option<HeaderValue> {
    let collecting = pin!(mem::take(response.body_mut()).collect());
    // Keydesk's own answer, in memory: it is there at once.
    let Poll::Ready(Ok(whole)) = collecting.poll(&mut Context::from_waker(Waker::noop())) else { return None };
    let whole = whole.to_bytes();
    let text = in_ascii(str::from_utf8(&whole).ok()?);
    *response.body_mut() = Body::from(whole);
    if text.is_empty() || text.len() > DOCUMENT_MAX { None } else { HeaderValue::try_from(text).ok() }
}

/// The same JSON, with escapes in place of what is not ASCII.
fn in_ascii(json: &str) -> String {
    let mut ascii = String::with_capacity(json.len());
    for c in json.chars() {
        if c.is_ascii() {
            ascii.push(c);
        } else {
            let mut units = [0; 2];
            ascii.extend(c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
        }
    }
    ascii
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_the_same_in_ascii() {
        assert_eq!(in_ascii("{\"a\":\"b \u{e4} \u{1f4de}\"}"), "{\"a\":\"b \\u00e4 \\ud83d\\udcde\"}");
    }

    #[test]
    fn a_document_that_is_too_long_is_left_out_and_stays_in_the_body() {
        for (length, expected) in [(0, false), (1, true), (DOCUMENT_MAX, true), (DOCUMENT_MAX + 1, false)] {
            let mut response = StatusCode::BAD_REQUEST.into_response();
            *response.body_mut() = Body::from("a".repeat(length));
            for_nginx(&mut response);
            assert_eq!(response.headers().contains_key(&identity::PROBLEM), expected, "{length}");
            let left = pin!(response.into_body().collect()).poll(&mut Context::from_waker(Waker::noop()));
            let Poll::Ready(Ok(left)) = left else { panic!("a body of {length} bytes is not there at once") };
            assert_eq!(left.to_bytes().len(), length);
        }
    }
}
