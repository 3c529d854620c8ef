//! What stands around every request: who is believed, its id, and the document of a refusal.

use std::net::SocketAddr;

use axum::{
    Extension, Router,
    extract::{ConnectInfo, Request, State},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};

use crate::{
    caller::Caller,
    centre::Centre,
    judged::Judged,
    openapi,
    operations::all,
    protocol::{Problem, kinds},
};

static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Every route, for connections of which [`ConnectInfo`] is known: `into_make_service_with_connect_info::<SocketAddr>()`.
pub fn router(centre: Centre) -> Router {
    let routes = all().fold(Router::new(), |routes, operation| {
        let handler = (operation.handler)().route_layer(Extension(operation));
        routes.route(&format!("/v1{}", operation.path), handler)
    });
    routes
        .route("/v1/openapi.json", get(description))
        .layer(middleware::from_fn_with_state(centre.clone(), around))
        .with_state(centre)
}

/// The published description as JSON, which is made when somebody first asks for it; `None`: its examples could not be made.
pub async fn openapi_document() -> Option<Bytes> {
    openapi::document(router).await
}

/// The published description. Its examples are answers of a contact centre that is made for that.
async fn description() -> Result<Response, Problem> {
    let document = openapi::document(router).await.ok_or(Problem::new(&kinds::INTERNAL_ERROR))?;
    let mut response = document.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}

async fn around(State(centre): State<Centre>, mut request: Request, next: Next) -> Response {
    let head = request.method() == Method::HEAD;
    let id = request_id(request.headers(), &centre);
    let admitted = admitted(&centre, &request);
    // Of programs that are being tried, so that they can be told how they do.
    let judged = admitted.as_ref().ok().and_then(|caller| Judged::of(&centre, caller, &request));
    let mut response = match admitted {
        Ok(caller) if is_refused(&centre, &caller, &request) => {
            Problem::new(&kinds::RATE_LIMITED).retry_after(1).into_response()
        }
        Ok(caller) => match judged.as_ref().map_or(Ok(()), |judged| judged.asked(&centre, request.headers_mut())) {
            Ok(()) => {
                request.extensions_mut().insert(caller);
                next.run(request).await
            }
            Err(problem) => problem.into_response(),
        },
        Err(problem) => problem.into_response(),
    };
    let bare = response.status().as_u16() >= 400 && !response.headers().contains_key(header::CONTENT_TYPE);
    let problem = response.extensions_mut().remove::<Problem>();
    if let Some(problem) = problem.or_else(|| bare.then(|| Problem::of_status(response.status()))) {
        problem.render(id.to_str().unwrap_or_default(), &mut response, head);
    }
    if let Some(judged) = judged {
        response = judged.answered(&centre, response).await;
    }
    response.headers_mut().insert(REQUEST_ID.clone(), id);
    response
}

/// Whether this is one of the calls that were to be told that there are too many. What sets that is never refused.
fn is_refused(centre: &Centre, caller: &Caller, request: &Request) -> bool {
    !request.uri().path().starts_with("/v1/sandbox")
        && centre.faults().strikes(caller.world.as_deref(), |waiting| &mut waiting.rate_limited)
}

/// The id that the gateway gave, or one of our own.
fn request_id(headers: &HeaderMap, centre: &Centre) -> HeaderValue {
    let given = headers.get(&REQUEST_ID).filter(|id| {
        (1..=64).contains(&id.len()) && id.as_bytes().iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
    });
    given.cloned().unwrap_or_else(|| {
        HeaderValue::try_from(centre.id().to_string()).unwrap_or(HeaderValue::from_static("unknown"))
    })
}

/// Who calls, if the gateway says so. Nobody else is asked who they are.
fn admitted(centre: &Centre, request: &Request) -> Result<Caller, Problem> {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    if !peer.is_some_and(|peer| centre.settings().gateway.addresses.trusts(peer)) {
        return Err(Problem::new(&kinds::NOT_THE_GATEWAY));
    }
    Caller::named(request.headers()).map_err(|unnamed| {
        tracing::warn!(%unnamed, "a request that the gateway forwarded names no caller");
        Problem::new(&kinds::NOT_THE_GATEWAY).detail("The request does not say whose it is.")
    })
}
