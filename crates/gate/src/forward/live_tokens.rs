//! `POST /v1/live/tokens`: a derived token for a web page that shows the waiting times of some queues. It is answered here, since what
//! stands behind the gateway knows no keys.

use std::{sync::Arc, time::Duration};

use axum::body::Body;
use edge::{Problem, RequestContext, problem, within};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header, request::Parts};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use model::{Instant, OriginPattern, ResourceIds, Scope, TokenLife, TokenResources, TokenWish};
use serde::{Deserialize, Serialize};
use verify::Record;

use super::{relay::AnswerBody, shared::Shared};

const PATH: &str = "/v1/live/tokens";
/// Most bytes of a body: room for all ids.
const BODY_MAX: usize = 64 * 1024;
/// How long a body may take to arrive.
const ARRIVAL: Duration = Duration::from_secs(20);
/// What such a page needs, as far as its key has it.
const SCOPES: [&str; 2] = ["live:read", "queues:read"];
const FORM: &str = "The body is JSON: {\"queue_ids\": [1 to 50 ids], \"origin\": \"https://...\", \"minutes\": 1 to 60}; the last two can be left out.";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    queue_ids: ResourceIds,
    origin: Option<OriginPattern>,
    minutes: Option<u32>,
}

#[derive(Serialize)]
struct Made<'a> {
    token: &'a str,
    expires_at: Instant,
}

/// Whether a call that may go on is answered here.
pub(super) fn is_asked(parts: &Parts) -> bool {
    parts.method == Method::POST && parts.uri.path() == PATH
}

/// Makes the token, for the key that calls.
pub(super) async fn answer(
    shared: &Shared,
    record: &Arc<Record>,
    headers: &HeaderMap,
    body: Incoming,
    context: &RequestContext,
) -> Result<Response<AnswerBody>, Problem> {
    if record.token().is_some() {
        let detail = "A derived token makes no further tokens: make them with its API key.";
        return Err(Problem::new(&problem::TOKEN_NOT_ALLOWED).detail(detail));
    }
    let media = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    let media = media.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    if !media.eq_ignore_ascii_case(b"application/json") {
        return Err(Problem::new(&problem::UNSUPPORTED_MEDIA_TYPE).detail(FORM));
    }
    let read = within(ARRIVAL, Limited::new(body, BODY_MAX).collect()).await;
    let read = read.ok_or_else(|| Problem::new(&problem::REQUEST_TIMEOUT))?;
    // It broke off, or is far longer than all ids.
    let bytes = read.map_err(|_| Problem::invalid(FORM))?.to_bytes();
    let wish = wish(&bytes, record)?;
    let name = shared.accepted.name.to_str().unwrap_or_default();
    let made = shared.verifier.make_token(record, name, wish, context.id(), context.now())?;
    let (verifier, claims) = (shared.verifier.clone(), made.claims.clone());
    // A browser may ask another node as soon as it has the token. If that can't be told, the token works all the same.
    _ = shared.elsewhere.spawn(async move { verifier.tell_origin_of(&claims).await }).await;
    let document = Made { token: made.token.expose(), expires_at: made.claims.expires_at() };
    // Two texts, which JSON can always hold.
    let body = Body::from(serde_json::to_vec(&document).unwrap_or_default());
    let mut response = Response::new(AnswerBody::Own(body));
    *response.status_mut() = StatusCode::CREATED;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

fn wish(bytes: &[u8], record: &Record) -> Result<TokenWish, Problem> {
    let Wanted { queue_ids, origin, minutes } = serde_json::from_slice(bytes).map_err(|_| Problem::invalid(FORM))?;
    let expires_in = match minutes {
        None => TokenLife::default(),
        Some(minutes) => minutes
            .checked_mul(60)
            .and_then(|seconds| TokenLife::try_from(seconds).ok())
            .ok_or_else(|| Problem::invalid(FORM))?,
    };
    let scopes = SCOPES.iter().filter_map(|name| Scope::parse(name).ok());
    Ok(TokenWish {
        scopes: Some(scopes.filter(|scope| record.scopes().allows(scope)).collect()),
        origin,
        expires_in,
        resources: Some(TokenResources::queues(queue_ids)),
        limits: None,
    })
}
