//! `/usage/stream`: tells an open page by server-sent events that there are other numbers. The page fetches them.

use std::{convert::Infallible, time::Duration};

use axum::{
    body::{Body, Bytes},
    extract::{Query, State},
    http::{HeaderName, HeaderValue, StatusCode, header::CONTENT_TYPE, request::Parts},
    response::{IntoResponse, Response},
};
use domain::{Caller, Keydesk};
use futures::stream;
use model::{CallCounts, Code, TimeZone, UsageRange, UsageStep};
use tokio::sync::mpsc;

use super::filter::{Asked, Filter};
use crate::{
    ApiError,
    ui::key_settings::Form,
    web::{
        Reader, WebState,
        session::{Watcher, watching},
        streams::{Place, ended, enter},
    },
};

/// Where it is.
pub(super) const STREAM: &str = "/usage/stream";
/// Between two looks at the numbers: usage is written down as often.
const LOOKS: Duration = Duration::from_secs(5);
/// Looks until a stream ends, and its page asks for another: 10 minutes.
const LOOKS_MOST: usize = 120;
/// Calls of this time say whether there are new ones.
const NEWEST_MS: i64 = 60 * 60 * 1000;

/// Numbers of calls in the words of an event, which a page has beside its own numbers.
pub(super) fn totals(counts: &CallCounts) -> String {
    format!("{} allowed, {} refused", counts.allowed, counts.refused())
}

pub(super) async fn follow(
    State(web): State<WebState>,
    Query(fields): Query<Vec<(String, String)>>,
    mut parts: Parts,
) -> Response {
    let (watcher, session) = match watching(&web, &parts).await {
        Ok(found) => found,
        Err(error) => return (error.status(), error.to_string()).into_response(),
    };
    let Some(place) = enter(session.id) else {
        return (StatusCode::SERVICE_UNAVAILABLE, ApiError::TooMuch.to_string()).into_response();
    };
    parts.extensions.insert(session);
    let reader = Reader::of(&web.keydesk, &parts);
    let watch = Watch { keydesk: web.keydesk, watcher, filter: Filter::of(Form(&fields)), zone: reader.zone };
    if let Err(problems) = watch.asked() {
        return (StatusCode::UNPROCESSABLE_ENTITY, problems).into_response();
    }
    // The task ends with its reader.
    let (events, told) = mpsc::channel(1);
    tokio::spawn(tell(watch, events, place));
    let body = stream::unfold(told, |mut told| async move {
        let event = told.recv().await?;
        Some((Ok::<_, Infallible>(Bytes::from(event)), told))
    });
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        // Proxies that gather an answer before they send it would hold events back.
        (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
    ];
    (headers, Body::from_stream(body)).into_response()
}

/// What a page is told of.
struct Watch {
    keydesk: Keydesk,
    watcher: Watcher,
    filter: Filter,
    zone: TimeZone,
}

impl Watch {
    fn asked(&self) -> Result<Asked, String> {
        let asked = self.filter.asked(&self.zone, self.keydesk.now(), self.keydesk.quarter_days());
        asked.map_err(|problems| problems.into_iter().map(|(_, words)| words).collect::<Vec<_>>().join(" "))
    }

    /// The person, as long as they are signed in.
    async fn caller(&self) -> Result<Caller, ApiError> {
        Ok(self.watcher.session(&self.keydesk).await?.ok_or(ApiError::SignedOut)?.caller())
    }

    async fn counts(&self, caller: &Caller, range: UsageRange, asked: &Asked) -> Result<CallCounts, ApiError> {
        let points = self.keydesk.usage_points(caller, range, &asked.filter, &self.zone).await?;
        let mut all = CallCounts::default();
        for point in points {
            all.add(Code::Valid, point.counts.allowed);
            point.counts.denied.into_iter().for_each(|(code, calls)| all.add(code, calls));
        }
        Ok(all)
    }

    /// All calls of the range, if the newest ones differ from those of the last look.
    async fn look(&self, newest: &mut Option<CallCounts>) -> Result<Option<CallCounts>, ApiError> {
        let caller = self.caller().await?;
        let asked = self.asked().map_err(|_| ApiError::Malformed)?;
        // Of minutes all are looked at: what falls out at their begin makes other numbers, too.
        let is_short = asked.range.step() == UsageStep::Minute;
        let last =
            if is_short { asked.range } else { UsageRange::last(NEWEST_MS, asked.range.to(), UsageStep::Quarter) };
        let last = self.counts(&caller, last, &asked).await?;
        if newest.as_ref() == Some(&last) {
            return Ok(None);
        }
        *newest = Some(last.clone());
        if is_short { Ok(Some(last)) } else { self.counts(&caller, asked.range, &asked).await.map(Some) }
    }
}

/// Writes an event where the numbers have changed, and else a comment, by which a reader that is gone is noticed.
async fn tell(watch: Watch, events: mpsc::Sender<String>, _place: Place) {
    let mut newest = None;
    for _ in 0..LOOKS_MOST {
        let event = match watch.look(&mut newest).await {
            Ok(Some(counts)) => format!("event: totals\ndata: {}\n\n", totals(&counts)),
            Ok(None) => ":\n\n".to_owned(),
            Err(ApiError::SignedOut) => {
                // Whoever is gone needs no farewell.
                let _ = events.send("event: signed-out\ndata:\n\n".to_owned()).await;
                return;
            }
            // The page asks again by itself.
            Err(_) => return,
        };
        if events.send(event).await.is_err() {
            return;
        }
        tokio::select! {
            () = tokio::time::sleep(LOOKS) => {}
            () = events.closed() => return,
            () = ended() => return,
        }
    }
}
