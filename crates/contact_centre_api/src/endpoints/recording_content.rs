use std::{
    convert::Infallible,
    ops::Range,
    pin::Pin,
    task::{Context, Poll},
};

use axum::{body::Body, response::Response};
use bytes::Bytes;
use contact_centre::{
    id::RecordingId,
    recording::{self, CHUNK_BYTES, Content, Requested, Sound, content_range, repr_digest, unsatisfied_range},
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use http_body::{Frame, SizeHint};

use super::recordings::seen;
use crate::{
    asked::{Asked, Id},
    protocol::{Problem, kinds},
};

static REPR_DIGEST: HeaderName = HeaderName::from_static("repr-digest");

/// Seconds after which it is worth asking for a recording again that is being made ready.
const READY_AFTER: u64 = 5;

/// The file of a recording, or a part of it.
pub(crate) async fn get(asked: Asked, Id(id): Id<RecordingId>) -> Result<Response, Problem> {
    asked.no_query()?;
    let head = asked.method == Method::HEAD;
    if asked.centre.faults().strikes(asked.caller.world.as_deref(), |waiting| &mut waiting.slow_recordings) {
        return Err(Problem::new(&kinds::RECORDING_NOT_READY).retry_after(READY_AFTER));
    }
    let found = asked.clone().ask(move |asked, world| Ok(recording::content(seen(asked, world, id)?))).await?;
    let sound = match found {
        Content::Ready(sound) => sound,
        Content::NotReady => return Err(Problem::new(&kinds::RECORDING_NOT_READY).retry_after(READY_AFTER)),
        Content::Deleted => return Err(Problem::new(&kinds::GONE)),
    };
    let (sound, digest, headers) = asked
        .aside(move |asked| {
            let digest = asked.centre.digests().of(&sound);
            Ok((sound, digest, asked.headers.clone()))
        })
        .await?;
    let (tag, size) = (recording::etag(&sound), sound.size_bytes());
    let of = |name: &HeaderName| of(&headers, name);
    let requested =
        recording::requested(of(&header::RANGE), of(&header::IF_RANGE), of(&header::IF_NONE_MATCH), &tag, size);
    let (status, part, range) = match requested {
        Requested::Whole => (StatusCode::OK, 0..size, None),
        Requested::Part(part) => {
            let range = content_range(&part, size);
            (StatusCode::PARTIAL_CONTENT, part, Some(range))
        }
        Requested::NotModified => (StatusCode::NOT_MODIFIED, 0..0, None),
        Requested::Unsatisfiable => {
            let problem = Problem::new(&kinds::RANGE_NOT_SATISFIABLE)
                .header(header::CONTENT_RANGE, value(&unsatisfied_range(size)));
            return Err(problem);
        }
    };
    let length = part.end - part.start;
    let has_body = status != StatusCode::NOT_MODIFIED;
    let body = if head || !has_body { Body::empty() } else { Body::new(Part { sound, rest: part }) };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let own = response.headers_mut();
    own.insert(header::ETAG, value(&tag));
    own.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    // Who may read it can change at any time.
    own.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    own.insert(REPR_DIGEST.clone(), value(&repr_digest(&digest)));
    if has_body {
        own.insert(header::CONTENT_TYPE, HeaderValue::from_static("audio/wav"));
        own.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    if let Some(range) = range {
        own.insert(header::CONTENT_RANGE, value(&range));
    }
    Ok(response)
}

fn of<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    // What can't be read is no condition and no range, and the whole file is answered.
    headers.get(name)?.to_str().ok()
}

/// A header of digits, quotes and hexadecimals.
fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""))
}

/// The bytes of a part of a file, made as they are read.
struct Part {
    sound: Sound,
    rest: Range<u64>,
}

impl http_body::Body for Part {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let rest = self.rest.clone();
        let until = rest.end.min(rest.start.saturating_add(CHUNK_BYTES as u64));
        let chunk: Vec<u8> = self.sound.chunks(rest.start..until).flatten().collect();
        if chunk.is_empty() {
            return Poll::Ready(None);
        }
        self.rest.start = until;
        Poll::Ready(Some(Ok(Frame::data(chunk.into()))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.end - self.rest.start)
    }
}
