//! Server-sent events (WHATWG HTML, 9.2).

use std::convert::Infallible;

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use contact_centre::push::{Next, Stream};
use futures::stream;
use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::line::Watched;

/// A comment: proxies and clients see that the stream lives, and no event comes of it.
const HEARTBEAT: Bytes = Bytes::from_static(b":hb\n\n");

/// Bytes that are handed over at once. What is larger, a snapshot, goes in several pieces, so that it leaves no large buffer behind on any
/// of the thousands of connections.
const PIECE: usize = 8 * 1_024;

/// A stream as a body. Its frames are those that all others get, and are not copied.
pub(super) fn body(following: Stream, watched: Watched) -> Response {
    let pieces =
        stream::unfold((following, watched, Bytes::new()), |(mut following, mut watched, mut rest)| async move {
            if rest.is_empty() {
                let next = tokio::select! {
                    biased;
                    () = watched.cut() => return None,
                    next = following.next() => next,
                };
                rest = match next {
                    Next::Frame(frame) => {
                        let event = frame.sse();
                        watched.sent(&event);
                        event
                    }
                    Next::Heartbeat => HEARTBEAT,
                    Next::Ended(_) => return None,
                };
            } else {
                // What was handed over is sent meanwhile.
                tokio::task::yield_now().await;
            }
            let piece = rest.split_to(rest.len().min(PIECE));
            Some((Ok::<_, Infallible>(piece), (following, watched, rest)))
        });
    Body::from_stream(pieces).into_response()
}

/// Says what it is, and that nobody keeps or collects it on the way.
pub(super) fn say(headers: &mut HeaderMap) {
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // nginx collects answers unless it is told not to.
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
}
