//! What one person may ask for at once. Pages, exports and what scripts ask for read the database, and its readers are shared:
//! so each session has a few turns, further requests wait for one, and too many of them are refused.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
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
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{session, state::WebState};
use crate::ApiError;

/// Requests of one session that are answered at once.
const AT_ONCE: usize = 6;
/// Requests of one session that are answered or wait.
const MOST: usize = 36;

/// Longest body of a form or a call, in bytes: 1 MiB, which names some twenty thousand keys.
const BODY_MAX: usize = 1 << 20;
/// A body that may be longer is one of a few: anybody can send one, and it is in memory before it is known whose it is.
const BODY_SMALL: u64 = 64 << 10;
/// Such bodies at once.
const LARGE_BODIES: usize = 64;

/// Requests that were refused, since their session, or all large bodies together, had too many.
static REFUSED: AtomicU64 = AtomicU64::new(0);

/// Requests that were refused since the start, because their session had too many at once, or too many large bodies arrived.
pub fn refused_turns() -> u64 {
    REFUSED.load(Relaxed)
}

/// The turns of sessions that have a request under way. So there are never more of them than requests.
#[derive(Clone)]
pub(crate) struct Turns {
    sessions: Arc<Mutex<HashMap<Fingerprint, Session>>>,
    large_bodies: Arc<Semaphore>,
}

/// Of a cookie, which may be of any length, and of any content.
type Fingerprint = [u8; 32];

struct Session {
    turns: Arc<Semaphore>,
    /// Requests that are answered or wait.
    requests: usize,
}

/// Held from the arrival of a request until its answer is sent.
struct Turn {
    /// `None` until it is its turn.
    turn: Option<OwnedSemaphorePermit>,
    session: Fingerprint,
    sessions: Arc<Mutex<HashMap<Fingerprint, Session>>>,
}

impl Default for Turns {
    fn default() -> Self {
        Self { sessions: Arc::default(), large_bodies: Arc::new(Semaphore::new(LARGE_BODIES)) }
    }
}

impl Turns {
    /// Waits for a turn. `None`: too many wait.
    async fn wait(&self, token: &str) -> Option<Turn> {
        let session = domain::fingerprint(token.as_bytes());
        let (mut turn, turns) = self.enter(session)?;
        turn.turn = turns.acquire_owned().await.ok();
        Some(turn)
    }

    fn enter(&self, session: Fingerprint) -> Option<(Turn, Arc<Semaphore>)> {
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || Session { turns: Arc::new(Semaphore::new(AT_ONCE)), requests: 0 };
        let entry = sessions.entry(session).or_insert_with(new);
        if entry.requests >= MOST {
            return None;
        }
        entry.requests += 1;
        Some((Turn { turn: None, session, sessions: Arc::clone(&self.sessions) }, Arc::clone(&entry.turns)))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        drop(self.turn.take());
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = sessions.get_mut(&self.session) {
            entry.requests -= 1;
            if entry.requests == 0 {
                sessions.remove(&self.session);
            }
        }
    }
}

/// Answers a request when its session has a turn for it.
pub(crate) async fn one_by_one(State(web): State<WebState>, request: Request, next: Next) -> Response {
    let turn = match session::token(&web.access, request.headers()) {
        Some(token) => match web.turns.wait(token).await {
            Some(turn) => Some(turn),
            None => return refuse(&ApiError::TooMuch),
        },
        None => None,
    };
    let response = next.run(request).await;
    // An answer that is in memory reads nothing more.
    match turn {
        Some(turn) if response.body().size_hint().exact().is_none() => response.map(|body| holding(body, turn)),
        _ => response,
    }
}

/// Ends a body that is too long with an error, since server functions would read it to its end, and lets only a few come that
/// may be long.
pub(crate) async fn bounded(State(web): State<WebState>, request: Request, next: Next) -> Response {
    let most = request.body().size_hint().upper();
    if most.is_some_and(|most| most <= BODY_SMALL) {
        return next.run(request.map(|body| Body::new(Limited::new(body, BODY_MAX)))).await;
    }
    match Arc::clone(&web.turns.large_bodies).try_acquire_owned() {
        Ok(place) => next.run(request.map(|body| holding(Limited::new(body, BODY_MAX), place))).await,
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

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn a_session_has_a_few_turns_and_a_bounded_queue_and_others_have_their_own() {
        let turns = Turns::default();
        let mut held = Vec::new();
        for _ in 0..AT_ONCE {
            held.push(turns.wait("ada").await.unwrap());
        }
        let mut waiting: Vec<_> = (AT_ONCE..MOST).map(|_| Box::pin(turns.wait("ada"))).collect();
        assert!(waiting.iter_mut().all(|turn| turn.now_or_never().is_none()));
        assert!(turns.wait("ada").await.is_none(), "one too many");
        assert!(turns.wait("bob").await.is_some());
        held.pop();
        assert!(waiting.remove(0).await.is_some());
        drop((held, waiting));
        assert!(turns.sessions.lock().unwrap().is_empty());
    }
}
