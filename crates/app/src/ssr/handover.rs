//! `/handover/{token}`: shows a key to whoever has the link, once. The token is all that is asked for: who has it may open
//! the link from wherever they like, so no `Origin` is asked for, which the page's own policy keeps from being sent.

use axum::{
    Router,
    extract::{Path, State},
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{HOST, REFERRER_POLICY},
        request::Parts,
    },
    response::Response,
    routing::get,
};
use model::{KeyError, PlainSecret};

use super::{Desk, document};
use crate::documents::{Handed, handed_page, over_page, unopened_page};

const TITLE: &str = "Your API key";

pub(super) fn routes<S>(desk: Desk) -> Router<S> {
    Router::new().route("/handover/{token}", get(show).post(open)).with_state(desk)
}

/// Spends nothing: previews of links ask for it.
async fn show(State(desk): State<Desk>, Path(token): Path<String>, parts: Parts) -> Response {
    match desk.keydesk.handover_is_open(&token).await {
        Ok(true) => unnamed(document::bare(&desk, parts, StatusCode::OK, TITLE, unopened_page).await),
        Ok(false) => over(&desk, parts).await,
        Err(error) => unnamed(document::failed_bare(&desk, parts, &error).await),
    }
}

async fn open(State(desk): State<Desk>, Path(token): Path<String>, parts: Parts) -> Response {
    let base = base(&desk, &parts.headers);
    match desk.keydesk.open_handover(&PlainSecret::new(token)).await {
        Ok(opened) => {
            let handed = Handed { key: opened.key, secret: opened.secret.expose().to_owned(), base };
            unnamed(document::bare(&desk, parts, StatusCode::OK, TITLE, move || handed_page(&handed)).await)
        }
        Err(KeyError::HandoverOver | KeyError::ModuleUnavailable) => over(&desk, parts).await,
        Err(error) => unnamed(document::failed_bare(&desk, parts, &error).await),
    }
}

async fn over(desk: &Desk, parts: Parts) -> Response {
    unnamed(document::bare(desk, parts, StatusCode::GONE, "Link over", over_page).await)
}

/// The address is a secret: nothing that the page leads to learns it.
fn unnamed(mut response: Response) -> Response {
    response.headers_mut().insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

/// Where calls go, as the reader has reached this page.
fn base(desk: &Desk, headers: &HeaderMap) -> String {
    let scheme = if desk.settings.https { "https" } else { "http" };
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    // It stands in a command that people paste into a shell.
    let plain =
        host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':' | b'[' | b']'));
    format!("{scheme}://{}", if plain { host } else { "localhost" })
}
