//! The layers that bound what is asked for at once: requests of one session wait for each other, and only a few long bodies come.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use axum::{
    BoxError,
    body::{Body, Bytes, HttpBody},
    extract::{Request, State},
    http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http_body_util::{BodyExt as _, Limited};
use leptos::prelude::FromServerFnError;

use super::{session, state::WebState, upload};
use crate::ApiError;

/// Longest body of a form or a call, in bytes: 1 MiB, which names some twenty thousand keys.
const BODY_MAX: usize = 1 << 20;
/// A body that may be longer is one of a few: anybody can send one, and it is in memory before it is known whose it is.
const BODY_SMALL: u64 = 64 << 10;
/// Requests that were refused, since their session, or all large bodies together, had too many.
static REFUSED: AtomicU64 = AtomicU64::new(0);

/// Requests that were refused since the start, because their session had too many at once, or too many large bodies arrived.
pub fn refused_turns() -> u64 {
    REFUSED.load(Relaxed)
}

/// Answers a request when its session has a turn for it. Which of several cookies has the session is not known yet, so each needs a
/// turn: whoever sends another one with each request gets no more at once. They are taken in order, so that no two requests wait for
/// each other.
pub(crate) async fn one_by_one(State(web): State<WebState>, request: Request, next: Next) -> Response {
    let tokens: BTreeSet<&str> = session::tokens(&web.access, request.headers()).collect();
    let mut turns = Vec::with_capacity(tokens.len());
    for token in tokens {
        match web.turns.wait(token).await {
            Some(turn) => turns.push(turn),
            None => return refuse(&ApiError::TooMuch),
        }
    }
    let response = next.run(request).await;
    // An answer that is in memory reads nothing more.
    if turns.is_empty() || response.body().size_hint().exact().is_some() {
        return response;
    }
    response.map(|body| holding(body, turns))
}

/// Ends a body that is too long with an error, since server functions would read it to its end (one that is read as it comes may be
/// longer), and lets only a few come that
/// may be long.
pub(crate) async fn bounded(State(web): State<WebState>, request: Request, next: Next) -> Response {
    let longest = upload::longest(request.method(), request.uri().path()).unwrap_or(BODY_MAX);
    let most = request.body().size_hint().upper();
    if most.is_some_and(|most| most <= BODY_SMALL) {
        return next.run(request.map(|body| Body::new(Limited::new(body, longest)))).await;
    }
    match Arc::clone(&web.turns.large_bodies).try_acquire_owned() {
        Ok(place) => next.run(request.map(|body| holding(Limited::new(body, longest), place))).await,
        Err(_) => refuse(&ApiError::TooMuch),
    }
}

/// Server functions and plain forms alike get the error as a script reads it; a person without scripts reads its sentence.
fn refuse(error: &ApiError) -> Response {
    REFUSED.fetch_add(1, Relaxed);
    let mut response = (error.status(), error.ser().body).into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

/// A body that holds something until it was sent or is dropped.
fn holding<T: Send + 'static>(
    body: impl HttpBody<Data = Bytes, Error = impl Into<BoxError>> + Send + 'static,
    held: T,
) -> Body {
    Body::new(body.map_frame(move |frame| {
        let _until_sent = &held;
        frame
    }))
}
