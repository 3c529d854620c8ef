use axum::{
    body::Body,
    extract::{MatchedPath, Query, Request, State},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use super::{own_path::own_path, session, state::WebState};

/// Pages that everybody may see.
const PUBLIC: [&str; 1] = [LOGIN];
const LOGIN: &str = "/login";
/// The overview, or the way in of whoever is not signed in.
const HOME: &str = "/";
/// Where whoever must have a second factor sets it up.
const ACCOUNT: &str = "/account";
const ACCOUNT_DUE: &str = "/account?due";

/// The characters that are percent-encoded in a query.
pub(crate) const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.');

/// The sign-in, which leads to `page`.
pub(crate) fn sign_in(page: &str) -> String {
    format!("{LOGIN}?next={}", utf8_percent_encode(page, QUERY))
}

#[derive(Deserialize)]
struct Login {
    next: Option<String>,
}

/// The pages that need a session: all that are not [`PUBLIC`], so that none is forgotten.
pub(crate) fn guarded<'a>(pages: impl Iterator<Item = &'a str>) -> Vec<String> {
    pages.filter(|page| !PUBLIC.contains(page)).map(str::to_owned).collect()
}

/// Sends people who are not signed in from a guarded page to the sign-in, which sends them back; and people who are
/// signed in from the sign-in to the page that they want; and whoever lacks the second factor that they must have to where they set
/// it up. Leaves the session in the request for whatever answers it.
pub(crate) async fn admit(State(web): State<WebState>, mut request: Request<Body>, next: Next) -> Response {
    let page = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str).unwrap_or_default();
    let (is_login, is_account, is_home) = (page == LOGIN, page == ACCOUNT, page == HOME);
    let is_guarded = web.guarded.iter().any(|guarded| guarded == page);
    // A form that nobody signed in has sent is answered by its own handler.
    let is_visit = request.method().is_safe();
    let is_anonymous = session::tokens(&web.access, request.headers()).next().is_none();
    if is_anonymous && !(is_guarded && is_visit) {
        return next.run(request).await;
    }
    let session = session::of(&web.keydesk, &web.access, request.headers(), request.extensions()).await;
    match session {
        Ok(Some(_)) if is_login && is_visit => {
            let wanted = Query::<Login>::try_from_uri(request.uri()).ok().and_then(|Query(login)| login.next);
            Redirect::to(own_path(wanted.as_deref().unwrap_or_default())).into_response()
        }
        // Nothing else is open to them until they have set one up.
        Ok(Some(session)) if session.second_factor_due && (is_guarded || is_home) && is_visit && !is_account => {
            Redirect::to(ACCOUNT_DUE).into_response()
        }
        Ok(Some(session)) => {
            request.extensions_mut().insert(session);
            next.run(request).await
        }
        Ok(None) if is_guarded && is_visit => {
            let wanted = request.uri().path_and_query().map_or("/", |path| path.as_str());
            Redirect::to(&sign_in(wanted)).into_response()
        }
        // The page says itself that Keydesk can't answer.
        Ok(None) | Err(_) => next.run(request).await,
    }
}
