//! `/handover/{token}`: shows a key once, to whoever has the link. Only the token is checked: its holder may open the
//! link from anywhere. `Origin` is not checked, since the page's own policy keeps browsers from sending it.

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

use super::page::{Handed, handed_page, over_page, unopened_page};
use crate::{
    frame::{bare, failed_bare},
    web::WebState,
};

const TITLE: &str = "Your API key";

pub(crate) fn routes<S>(web: WebState) -> Router<S> {
    Router::new().route("/handover/{token}", get(show).post(open)).with_state(web)
}

/// Does not use the link up: previews of links request this page.
async fn show(State(web): State<WebState>, Path(token): Path<String>, parts: Parts) -> Response {
    match web.keydesk.handover_is_open(&token).await {
        Ok(true) => unnamed(bare(&web, parts, StatusCode::OK, TITLE, unopened_page).await),
        Ok(false) => over(&web, parts).await,
        Err(error) => unnamed(failed_bare(&web, parts, &error).await),
    }
}

async fn open(State(web): State<WebState>, Path(token): Path<String>, parts: Parts) -> Response {
    let base = base(web.access.https, &parts.headers);
    match web.keydesk.open_handover(&PlainSecret::new(token)).await {
        Ok(opened) => {
            let handed = Handed { key: opened.key, secret: opened.secret.expose().to_owned(), base };
            unnamed(bare(&web, parts, StatusCode::OK, TITLE, move || handed_page(&handed)).await)
        }
        Err(KeyError::HandoverOver | KeyError::ModuleUnavailable) => over(&web, parts).await,
        Err(error) => unnamed(failed_bare(&web, parts, &error).await),
    }
}

async fn over(web: &WebState, parts: Parts) -> Response {
    unnamed(bare(web, parts, StatusCode::GONE, "Link over", over_page).await)
}

/// The address is a secret: no page that this one leads to may learn it.
fn unnamed(mut response: Response) -> Response {
    response.headers_mut().insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

/// Where calls go: to the address by which the reader has reached this page. Keydesk itself speaks http: where its
/// public address is not known, a proxy in front says whether people come by https. Only the sender of the headers sees
/// the result.
fn base(https: bool, headers: &HeaderMap) -> String {
    let forwarded =
        headers.get("x-forwarded-proto").is_some_and(|scheme| scheme.as_bytes().eq_ignore_ascii_case(b"https"));
    let scheme = if https || forwarded { "https" } else { "http" };
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    // It is part of a command that people paste into a shell.
    let plain =
        host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':' | b'[' | b']'));
    format!("{scheme}://{}", if plain { host } else { "localhost" })
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderName;

    use super::*;

    #[test]
    fn calls_go_to_the_address_that_the_reader_used() {
        for (https, host, scheme, expected) in [
            (false, "127.0.0.1:3000", "", "http://127.0.0.1:3000"),
            (true, "desk.example", "http", "https://desk.example"),
            (false, "desk.example", "https", "https://desk.example"),
            (false, "desk.example", "gopher", "http://desk.example"),
            (true, "a;rm -rf", "", "https://localhost"),
        ] {
            let headers = [("host", host), ("x-forwarded-proto", scheme)];
            let headers = headers.map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
            assert_eq!(base(https, &HeaderMap::from_iter(headers)), expected, "{https} {host} {scheme}");
        }
    }
}
