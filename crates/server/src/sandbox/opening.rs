//! What is answered while the contact centre is made up: that it is, and when to come back.

use std::sync::{Arc, OnceLock};

use axum::{
    Router,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use tower::ServiceExt as _;

/// Seconds after which it is worth asking again.
const RETRY_AFTER: u64 = 2;

/// Hands every request to the contact centre once that is open, and refuses it until then.
pub(super) fn router(opened: Arc<OnceLock<Router>>) -> Router {
    Router::new().fallback(answer).with_state(opened)
}

async fn answer(State(opened): State<Arc<OnceLock<Router>>>, request: Request) -> Response {
    match opened.get() {
        Some(router) => router.clone().oneshot(request).await.into_response(),
        None => refusal(request.headers()),
    }
}

/// A problem document, as the contact centre writes them.
fn refusal(headers: &HeaderMap) -> Response {
    // The gateway has made it, or checked it.
    let id = headers.get("x-request-id").cloned();
    let shown = id.as_ref().and_then(|id| id.to_str().ok()).unwrap_or_default();
    let shown: String = shown.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    let body = format!(
        r#"{{"type":"/v1/openapi.json#/x-problems/opening","title":"The contact centre is being opened","status":503,"detail":"The contact centre is being opened: at the first start its history is made up, which takes some seconds. Come back after Retry-After.","code":"opening","request_id":"{shown}"}}"#
    );
    let mut response = (StatusCode::SERVICE_UNAVAILABLE, body).into_response();
    let own = response.headers_mut();
    own.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    own.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    own.insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER));
    if let Some(id) = id {
        own.insert("x-request-id", id);
    }
    response
}

#[cfg(test)]
mod tests {
    use axum::{body::Body, routing::get};
    use http_body_util::BodyExt as _;

    use super::*;

    async fn ask(router: &Router) -> (StatusCode, HeaderMap, String) {
        let request = Request::builder().uri("/v1/calls").header("x-request-id", "a-1").body(Body::empty()).unwrap();
        let response = router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        (parts.status, parts.headers, String::from_utf8(bytes.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn whoever_asks_too_early_is_told_when_to_come_back_and_is_answered_then() {
        let opened = Arc::default();
        let router = router(Arc::clone(&opened));
        let (status, headers, body) = ask(&router).await;
        assert_eq!(status, 503);
        assert_eq!(headers["retry-after"], "2");
        assert_eq!(headers["content-type"], "application/problem+json");
        let problem: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!((problem["code"].as_str(), problem["request_id"].as_str()), (Some("opening"), Some("a-1")));
        assert!(opened.set(Router::new().route("/v1/calls", get(|| async { "here" }))).is_ok());
        let (status, _, body) = ask(&router).await;
        assert_eq!((status, body.as_str()), (StatusCode::OK, "here"));
    }
}
