//! `/login/oidc`: somebody goes to their organisation, which says who they are, and comes back.
//!
//! The content security policy lets forms lead to our own addresses alone, so the answer to the form is a page that leads on. The way
//! back is such a page as well: browsers bring the session's cookie to what a page of ours leads to, and not to what another site
//! has led to.

use axum::{
    Router,
    extract::{Form, Query, State},
    http::{
        HeaderMap, HeaderName, HeaderValue, StatusCode, Uri,
        header::{ORIGIN, SET_COOKIE},
        request::Parts,
    },
    response::Response,
    routing::{get, post},
};
use domain::{SignOnAnswer, SignOnDone, SigningIn};
use serde::Deserialize;

use super::{
    forms::refuse,
    sign_on_page::{arrived_page, leaving_page},
};
use crate::{
    ApiError,
    frame::{
        bare,
        second_step::{SECOND_PATH, second_step_page},
    },
    web::{BrowserAccess, SIGN_ON, WebState, own_path, session},
};

/// Where an organisation sends people back to. It is registered there, so it never changes.
const CALLBACK: &str = "/login/oidc/callback";
const REFRESH: HeaderName = HeaderName::from_static("refresh");
const TITLE: &str = "Sign in";

pub(crate) fn routes<S>(web: WebState) -> Router<S> {
    Router::new().route("/login/oidc", post(begin)).route(CALLBACK, get(finish)).with_state(web)
}

#[derive(Deserialize)]
struct Begin {
    #[serde(default)]
    next: String,
    /// Somebody who is signed in proves that it is still them.
    #[serde(default)]
    again: String,
}

async fn begin(State(web): State<WebState>, parts: Parts, Form(form): Form<Begin>) -> Response {
    let next = own_path(&form.next).to_owned();
    let begun: Result<_, ApiError> = async {
        session::require_private(&web.access, &parts.headers, &parts.extensions)?;
        let brought = session::brought(&web.keydesk, &web.access, &parts.headers).await?;
        let origin = own_origin(&web.access, &parts.headers).ok_or(ApiError::Malformed)?;
        let back = format!("{origin}{CALLBACK}");
        let (again, via) = (!form.again.is_empty(), session::via(&parts.extensions));
        Ok(web.keydesk.begin_sign_on(back, &next, again, brought, &via).await?)
    }
    .await;
    match begun {
        Ok(begun) => {
            let cookie = SIGN_ON.set(&web.access, begun.cookie.expose(), "; Max-Age=600");
            let to = begun.address.clone();
            let page = bare(&web, parts, StatusCode::OK, TITLE, move || leaving_page(&to)).await;
            leading(page, &begun.address, [cookie])
        }
        Err(error) => refuse("/login", "next", &next, &error),
    }
}

#[derive(Deserialize, Default)]
struct Answered {
    code: Option<String>,
    state: Option<String>,
    iss: Option<String>,
    error: Option<String>,
}

async fn finish(State(web): State<WebState>, mut parts: Parts) -> Response {
    let Answered { code, state, iss, error } =
        Query::try_from_uri(&parts.uri).map(|Query(answered)| answered).unwrap_or_default();
    // Another program of the same host may have set one of the same name.
    let is_ours = |cookie: &&str| web.keydesk.sign_on_next(Some(cookie)).is_some();
    let cookie = SIGN_ON.values(&web.access, &parts.headers).find(is_ours);
    let next = web.keydesk.sign_on_next(cookie).unwrap_or_default();
    let answer = SignOnAnswer { state, code, issuer: iss, error };
    let done: Result<_, ApiError> = async {
        session::require_private_visit(&web.access, &parts.extensions)?;
        Ok(web.keydesk.finish_sign_on(cookie, answer, &session::via(&parts.extensions)).await?)
    }
    .await;
    let used = SIGN_ON.set(&web.access, "", "; Max-Age=0");
    match done {
        Ok(SignOnDone { signed_in: SigningIn::In(signed_in), next }) => {
            let [begun, device] = session::begun(&web.keydesk, &web.access, &parts.headers, &signed_in);
            let to = own_path(&next).to_owned();
            let link = to.clone();
            let page = bare(&web, parts, StatusCode::OK, TITLE, move || arrived_page(&link)).await;
            leading(page, &to, [begun, device, used])
        }
        Ok(SignOnDone { signed_in: SigningIn::Second(step), next }) => {
            // What the organisation has sent is of use to nobody any more.
            parts.uri = Uri::from_static(SECOND_PATH);
            let mut page = second_step_page(&web, parts, step, own_path(&next).to_owned(), None).await;
            page.headers_mut().append(SET_COOKIE, used);
            page
        }
        Err(error) => refuse("/login", "next", own_path(&next), &error),
    }
}

/// The origin of the page that has sent a form, which is our own: the guard of forms has looked at it.
fn own_origin(access: &BrowserAccess, headers: &HeaderMap) -> Option<String> {
    let said = || headers.get(ORIGIN)?.to_str().ok();
    access.origin().or_else(said).map(str::to_owned)
}

/// A page that leads on by itself.
fn leading(mut page: Response, to: &str, cookies: impl IntoIterator<Item = HeaderValue>) -> Response {
    let headers = page.headers_mut();
    if let Ok(mut on) = HeaderValue::try_from(format!("0;url={to}")) {
        // Not for a log: it may hold a state.
        on.set_sensitive(true);
        headers.insert(REFRESH, on);
    }
    for cookie in cookies {
        headers.append(SET_COOKIE, cookie);
    }
    page
}
