//! Requests of a key that a run of its conformance looks at: what is played to it, and what it does then.

use axum::{body::Body, response::Response};
use contact_centre::conformance::{Play, Run};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use http_body_util::BodyExt as _;
use model::Environment;
use serde::Deserialize;
use uuid::Uuid;

use crate::{
    caller::Caller,
    centre::Centre,
    kept::Seen,
    protocol::{Problem, kinds},
};

static LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// A place of an epoch that never was, as after a restart in which events were lost.
const LOST: &str = "k0-0";

/// A request of a key whose run goes on.
pub(crate) struct Judged {
    key: Uuid,
    seen: Seen,
}

/// What matters of a page.
#[derive(Deserialize)]
struct Page {
    next_cursor: Option<String>,
}

impl Judged {
    /// None of whoever is not being looked at.
    pub(crate) fn of<B>(centre: &Centre, caller: &Caller, request: &http::Request<B>) -> Option<Self> {
        if caller.environment != Environment::Test || !centre.runs().goes_on(caller.key_id, centre.now()) {
            return None;
        }
        let seen = Seen::of(request.method(), request.uri(), request.headers())?;
        Some(Self { key: caller.key_id, seen })
    }

    /// Tells the run of the request.
    ///
    /// # Errors
    /// What the run plays.
    pub(crate) fn asked(&self, centre: &Centre, headers: &mut HeaderMap) -> Result<(), Problem> {
        let asked = |run: &mut Run| run.asked(&self.seen.request(), centre.now());
        match centre.runs().with(self.key, asked).unwrap_or(Play::Pass) {
            Play::Pass => Ok(()),
            Play::TooMany(seconds) => Err(Problem::new(&kinds::RATE_LIMITED).retry_after(seconds)),
            Play::NotReady(seconds) => Err(Problem::new(&kinds::RECORDING_NOT_READY).retry_after(seconds)),
            Play::ChangesLost => Err(Problem::new(&kinds::CHANGES_LOST)),
            Play::PlaceLost => {
                headers.insert(LAST_EVENT_ID.clone(), HeaderValue::from_static(LOST));
                Ok(())
            }
        }
    }

    /// Tells the run how the request was answered.
    pub(crate) async fn answered(&self, centre: &Centre, response: Response) -> Response {
        let status = response.status();
        let wait = response.headers().get(header::RETRY_AFTER).and_then(|wait| wait.to_str().ok()?.parse().ok());
        let wait = wait.filter(|_| status.is_client_error() || status.is_server_error());
        let (response, next) = if status == StatusCode::OK && self.seen.may_page() {
            next_cursor(response).await
        } else {
            (response, None)
        };
        let answered = |run: &mut Run| run.answered(&self.seen.request(), wait, next.as_deref(), centre.now());
        let _ = centre.runs().with(self.key, answered);
        response
    }
}

/// Where the next page of a list begins. Pages are made whole, so nothing waits for one.
async fn next_cursor(response: Response) -> (Response, Option<String>) {
    let (parts, body) = response.into_parts();
    let Ok(body) = body.collect().await.map(http_body_util::Collected::to_bytes) else {
        return (Response::from_parts(parts, Body::empty()), None);
    };
    let next = serde_json::from_slice::<Page>(&body).ok().and_then(|page| page.next_cursor);
    (Response::from_parts(parts, Body::from(body)), next)
}
