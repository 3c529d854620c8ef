//! Who is signed in, by the cookie of the request.

use axum::http::{
    Extensions, HeaderMap, HeaderValue,
    header::{HOST, ORIGIN, SET_COOKIE},
    request::Parts,
};
use domain::{DEVICE_LIFE_MS, Keydesk, Session, SignedIn, Visitor};
use leptos::prelude::{expect_context, use_context};
use leptos_axum::ResponseOptions;
use model::{PlainSecret, Scheme};

pub(crate) use super::via::via;
use super::{
    access::BrowserAccess,
    cookie::{DEVICE, SESSION},
    drawn_for,
    origin::is_loopback,
    state::WebState,
};
use crate::ApiError;

/// The header of requests that `document.js` makes by itself.
const BY_ITSELF: &str = "x-keydesk-by-itself";

/// The guard of every server function that reads or changes an installation.
pub(crate) async fn require() -> Result<(Keydesk, Session), ApiError> {
    let keydesk = expect_context::<Keydesk>();
    let session = current().await?.ok_or(ApiError::SignedOut)?;
    drawn_for::require(&expect_context::<Parts>(), &session)?;
    Ok((keydesk, session))
}

/// The session of the person who is signed in, if any.
pub(crate) async fn current() -> Result<Option<Session>, ApiError> {
    let (keydesk, access) = (expect_context::<Keydesk>(), expect_context::<BrowserAccess>());
    let Some(parts) = use_context::<Parts>() else { return Ok(None) };
    of(&keydesk, &access, &parts.headers, &parts.extensions).await
}

/// The session of whoever sent a request. The guard of pages has looked it up already, and left it in the request.
pub(crate) async fn of(
    keydesk: &Keydesk,
    access: &BrowserAccess,
    headers: &HeaderMap,
    extensions: &Extensions,
) -> Result<Option<Session>, ApiError> {
    if let Some(session) = extensions.get::<Session>() {
        return Ok(Some(session.clone()));
    }
    // Perhaps nobody is there: an open page must not keep its session alive by itself.
    let by_itself = headers.contains_key(BY_ITSELF);
    for token in tokens(access, headers) {
        let session = if by_itself { keydesk.session_unused(token).await } else { keydesk.session(token).await };
        if let Some(session) = session? {
            return Ok(Some(Session { via: via(extensions), ..session }));
        }
    }
    Ok(None)
}

/// The token of the session that a browser brings to a sign-in.
pub(crate) async fn brought<'a>(
    keydesk: &Keydesk,
    access: &BrowserAccess,
    headers: &'a HeaderMap,
) -> Result<Option<&'a str>, ApiError> {
    for token in tokens(access, headers) {
        if keydesk.session_unused(token).await?.is_some() {
            return Ok(Some(token));
        }
    }
    Ok(None)
}

/// The session of whoever sent a form or asks for a plain document.
pub(crate) async fn signed_in(web: &WebState, parts: &Parts) -> Result<Session, ApiError> {
    let session = of(&web.keydesk, &web.access, &parts.headers, &parts.extensions).await?;
    let session = session.ok_or(ApiError::SignedOut)?;
    drawn_for::require(parts, &session)?;
    Ok(session)
}

/// Whoever has a page open, which is no use of their session: it does not keep itself alive.
pub(crate) struct Watcher(PlainSecret);

impl Watcher {
    /// Their session, if it has not ended.
    pub(crate) async fn session(&self, keydesk: &Keydesk) -> Result<Option<Session>, ApiError> {
        Ok(keydesk.session_unused(self.0.expose()).await?)
    }
}

/// Whoever sent a request that goes on, and their session as it is now.
pub(crate) async fn watching(web: &WebState, parts: &Parts) -> Result<(Watcher, Session), ApiError> {
    for token in tokens(&web.access, &parts.headers) {
        let watcher = Watcher(PlainSecret::new(token.to_owned()));
        if let Some(session) = watcher.session(&web.keydesk).await? {
            drawn_for::require(parts, &session)?;
            return Ok((watcher, session));
        }
    }
    Err(ApiError::SignedOut)
}

/// What may be the session's token: one of its cookies, of which somebody else may have set others. The first that has a session
/// counts.
pub(crate) fn tokens<'a>(access: &BrowserAccess, headers: &'a HeaderMap) -> impl Iterator<Item = &'a str> + use<'a> {
    SESSION.values(access, headers)
}

/// The cookies of a browser in which somebody has just signed in: of the session, which ends with the browser's own at the
/// latest, and the server ends it sooner; and of the browser itself.
pub(crate) fn begun(
    keydesk: &Keydesk,
    access: &BrowserAccess,
    headers: &HeaderMap,
    signed_in: &SignedIn,
) -> [HeaderValue; 2] {
    let device = keydesk.device_token(&signed_in.administrator.email, DEVICE.values(access, headers).next());
    let kept = format!("; Max-Age={}", DEVICE_LIFE_MS / 1000);
    [SESSION.set(access, signed_in.token.expose(), ""), DEVICE.set(access, device.expose(), &kept)]
}

/// The cookie that removes a session from the browser. The browser stays known.
pub(crate) fn ended(access: &BrowserAccess) -> HeaderValue {
    SESSION.set(access, "", "; Max-Age=0")
}

/// Where an attempt to sign in comes from.
pub(crate) fn visitor<'a>(access: &BrowserAccess, headers: &'a HeaderMap, extensions: &Extensions) -> Visitor<'a> {
    Visitor { via: via(extensions), device: DEVICE.values(access, headers).next() }
}

/// The origin of the page that has sent a form or a call, for which [`super::origin`] has let it through: the public one, where that is
/// known.
pub(crate) fn origin_of(access: &BrowserAccess, headers: &HeaderMap) -> String {
    let sent = || headers.get(ORIGIN).and_then(|origin| origin.to_str().ok()).unwrap_or_default();
    access.origin().unwrap_or_else(sent).to_owned()
}

/// The same of the page that has called a server function.
pub(crate) fn origin() -> String {
    origin_of(&expect_context::<BrowserAccess>(), &expect_context::<Parts>().headers)
}

/// Somebody who is about to sign in.
pub(crate) struct Guest {
    pub(crate) keydesk: Keydesk,
    access: BrowserAccess,
    parts: Parts,
}

/// The guard of the server functions that begin a session.
pub(crate) fn guest() -> Result<Guest, ApiError> {
    let (keydesk, access) = (expect_context::<Keydesk>(), expect_context::<BrowserAccess>());
    let parts = expect_context::<Parts>();
    require_private(&access, &parts.headers, &parts.extensions)?;
    Ok(Guest { keydesk, access, parts })
}

impl Guest {
    /// Where they come from.
    pub(crate) fn visitor(&self) -> Visitor<'_> {
        visitor(&self.access, &self.parts.headers, &self.parts.extensions)
    }

    /// The origin of their page.
    pub(crate) fn origin(&self) -> String {
        origin_of(&self.access, &self.parts.headers)
    }

    /// The token of the session that the browser had.
    pub(crate) async fn brought(&self) -> Result<Option<&str>, ApiError> {
        brought(&self.keydesk, &self.access, &self.parts.headers).await
    }

    /// Gives the cookies to the browser.
    pub(crate) fn welcome(&self, signed_in: &SignedIn) {
        if let Some(response) = use_context::<ResponseOptions>() {
            for cookie in begun(&self.keydesk, &self.access, &self.parts.headers, signed_in) {
                response.append_header(SET_COOKIE, cookie);
            }
        }
    }
}

/// The same for a visit, of which no page has told where it was read.
pub(crate) fn require_private_visit(access: &BrowserAccess, extensions: &Extensions) -> Result<(), ApiError> {
    let clear = access.https() && extensions.get::<Scheme>() == Some(&Scheme::Http);
    if clear { Err(ApiError::NeedsHttps) } else { Ok(()) }
}

/// Refuses a password that travelled in the clear, as far as that is known.
///
/// Without a public address, people sign in on this machine only. With one, which is always https:
/// - the trusted proxy in front says by `X-Forwarded-Proto` how the browser came, and `http` is refused;
/// - a page that was read in the clear says so in its `Origin`, for which [`super::origin`] has refused it, whether it was read
///   through the proxy or past it, at this server's own address;
/// - what says neither goes on: a proxy that sends no `X-Forwarded-Proto`.
pub(crate) fn require_private(
    access: &BrowserAccess,
    headers: &HeaderMap,
    extensions: &Extensions,
) -> Result<(), ApiError> {
    let private = if access.https() {
        extensions.get::<Scheme>() != Some(&Scheme::Http)
    } else {
        is_loopback(headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default())
    };
    if private { Ok(()) } else { Err(ApiError::NeedsHttps) }
}
