//! `/handover#CODE`: shows a key once, to whoever has the link. Only the code is checked: its holder may open the link from
//! anywhere. `Origin` is not checked, since the page's own policy keeps browsers from sending it.

use axum::{
    Router,
    extract::{Form, Path, State},
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{HOST, REFERRER_POLICY},
        request::Parts,
    },
    response::Response,
    routing::get,
};
use model::{KeyError, PlainSecret};
use serde::Deserialize;

use super::page::{Handed, code_page, handed_page, over_page, unopened_page};
use crate::{
    frame::{bare, code_of, failed_bare},
    web::{BrowserAccess, WebState, session},
};

const TITLE: &str = "Your API key";

pub(crate) fn routes<S>(web: WebState) -> Router<S> {
    Router::new()
        .route("/handover", get(ask).post(posted))
        // Older links carry the code in the path. They open until the 7 days since they were made are over.
        .route("/handover/{token}", get(show_old).post(open_old))
        .with_state(web)
}

/// What `link.js` and the page's own forms post.
#[derive(Deserialize)]
struct Posted {
    code: String,
    /// Whether the button was pressed that uses the link up.
    show: Option<String>,
}

/// The code is behind `#` and so not here: previews of links get no further than this.
async fn ask(State(web): State<WebState>, parts: Parts) -> Response {
    unnamed(bare(&web, parts, StatusCode::OK, TITLE, code_page).await)
}

async fn posted(State(web): State<WebState>, parts: Parts, Form(form): Form<Posted>) -> Response {
    let code = code_of(&form.code);
    if form.show.is_some() { open(&web, parts, code).await } else { show(&web, parts, code, true).await }
}

async fn show_old(State(web): State<WebState>, Path(token): Path<String>, parts: Parts) -> Response {
    show(&web, parts, &token, false).await
}

async fn open_old(State(web): State<WebState>, Path(token): Path<String>, parts: Parts) -> Response {
    open(&web, parts, &token).await
}

/// Does not use the link up. `posted`: the code came in a form, and goes on in one.
async fn show(web: &WebState, parts: Parts, code: &str, posted: bool) -> Response {
    match web.keydesk.handover_is_open(code, &session::via(&parts.extensions)).await {
        Ok(true) => {
            let code = posted.then(|| PlainSecret::new(code.to_owned()));
            let page = move || unopened_page(code.as_ref().map(PlainSecret::expose));
            unnamed(bare(web, parts, StatusCode::OK, TITLE, page).await)
        }
        Ok(false) => over(web, parts).await,
        Err(error) => unnamed(failed_bare(web, parts, &error.into()).await),
    }
}

async fn open(web: &WebState, parts: Parts, code: &str) -> Response {
    let base = base(&web.access, &parts.headers);
    let via = session::via(&parts.extensions);
    match web.keydesk.open_handover(&PlainSecret::new(code.to_owned()), &via).await {
        Ok(opened) => {
            let secret = opened.secret.expose().to_owned();
            let handed = Handed { key: opened.key, secret, base, is_documented: web.documentation.public };
            unnamed(bare(web, parts, StatusCode::OK, TITLE, move || handed_page(&handed)).await)
        }
        Err(KeyError::HandoverOver | KeyError::ModuleUnavailable { .. }) => over(web, parts).await,
        Err(error) => unnamed(failed_bare(web, parts, &error.into()).await),
    }
}

async fn over(web: &WebState, parts: Parts) -> Response {
    unnamed(bare(web, parts, StatusCode::GONE, "Link over", over_page).await)
}

/// The address of an old link is a secret: no page that this one leads to may learn it.
fn unnamed(mut response: Response) -> Response {
    response.headers_mut().insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

/// Where calls go: to the public address, or else to that by which the reader has reached this page. Keydesk itself speaks
/// http: where its public address is not known, a proxy in front says whether people come by https. Only the sender of the
/// headers sees the result.
fn base(access: &BrowserAccess, headers: &HeaderMap) -> String {
    if let Some(origin) = access.origin() {
        return origin.to_owned();
    }
    let forwarded =
        headers.get("x-forwarded-proto").is_some_and(|scheme| scheme.as_bytes().eq_ignore_ascii_case(b"https"));
    let scheme = if forwarded { "https" } else { "http" };
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
    fn example_calls_name_the_public_address_or_the_one_the_reader_used() {
        for (public, host, scheme, expected) in [
            ("", "127.0.0.1:3000", "", "http://127.0.0.1:3000"),
            ("", "desk.example", "https", "https://desk.example"),
            ("", "desk.example", "gopher", "http://desk.example"),
            ("", "a;rm -rf", "https", "https://localhost"),
            ("https://desk.example", "keydesk:3000", "http", "https://desk.example"),
        ] {
            let access = if public.is_empty() { BrowserAccess::default() } else { BrowserAccess::at(public) };
            let headers = [("host", host), ("x-forwarded-proto", scheme)];
            let headers = headers.map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
            assert_eq!(base(&access, &HeaderMap::from_iter(headers)), expected, "{public} {host} {scheme}");
        }
    }
}
