use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{
            AtomicU8, AtomicU64,
            Ordering::{Acquire, Relaxed, Release},
        },
    },
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use axum::BoxError;
use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};

use super::fields;

/// The body of a request on its way to the API: as it comes, and no faster than the API takes it.
pub(super) struct RequestBody {
    /// `None`: it has none, or it has ended.
    incoming: Option<Incoming>,
    upload: Option<Arc<Upload>>,
    /// How many bytes may still come.
    left: u64,
}

/// How far the body of a request has come.
#[derive(Debug)]
pub(super) struct Upload {
    begun: Instant,
    /// When something last happened, in milliseconds from then.
    moved: AtomicU64,
    state: AtomicU8,
}

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Waiting {
    /// The API takes nothing.
    Upstream,
    /// The client sends nothing.
    Client,
    /// Nothing: all of it was sent.
    Done,
    /// Nothing: more came than may.
    TooLarge,
    /// Nothing: the client broke off.
    Broken,
}

const STATES: [Waiting; 5] = [Waiting::Upstream, Waiting::Client, Waiting::Done, Waiting::TooLarge, Waiting::Broken];

impl Upload {
    fn new() -> Self {
        Self { begun: Instant::now(), moved: AtomicU64::new(0), state: AtomicU8::new(0) }
    }

    fn is_now(&self, state: Waiting) {
        let number = STATES.iter().position(|known| *known == state).and_then(|number| u8::try_from(number).ok());
        self.state.store(number.unwrap_or_default(), Release);
    }

    fn moves(&self, state: Waiting) {
        let since = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.moved.store(since, Relaxed);
        self.is_now(state);
    }

    /// What is waited for.
    pub(super) fn waiting(&self) -> Waiting {
        STATES.get(usize::from(self.state.load(Acquire))).copied().unwrap_or(Waiting::Broken)
    }

    /// When something last happened.
    pub(super) fn moved_at(&self) -> Instant {
        self.begun + Duration::from_millis(self.moved.load(Relaxed))
    }
}

impl RequestBody {
    /// Forwards at most `most` bytes of this one.
    pub(super) fn new(incoming: Incoming, most: u64) -> Self {
        if incoming.is_end_stream() {
            return Self::empty();
        }
        Self { incoming: Some(incoming), upload: Some(Arc::new(Upload::new())), left: most }
    }

    /// No body.
    pub(super) fn empty() -> Self {
        Self { incoming: None, upload: None, left: 0 }
    }

    /// How far it has come; `None`: the request has none.
    pub(super) fn upload(&self) -> Option<Arc<Upload>> {
        self.upload.clone()
    }

    fn end(&mut self, state: Waiting) {
        self.incoming = None;
        if let Some(upload) = &self.upload {
            upload.moves(state);
        }
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        let Some(incoming) = &mut this.incoming else { return Poll::Ready(None) };
        let polled = Pin::new(incoming).poll_frame(cx);
        if polled.is_pending()
            && let Some(upload) = &this.upload
        {
            upload.is_now(Waiting::Client);
        }
        let Some(frame) = ready!(polled) else {
            this.end(Waiting::Done);
            return Poll::Ready(None);
        };
        match frame {
            Err(error) => {
                this.end(Waiting::Broken);
                Poll::Ready(Some(Err(error.into())))
            }
            Ok(mut frame) => {
                if let Some(trailers) = frame.trailers_mut() {
                    fields::clean_trailers(trailers);
                }
                let length = frame.data_ref().map_or(0, |data| data.len() as u64);
                let Some(left) = this.left.checked_sub(length) else {
                    this.end(Waiting::TooLarge);
                    return Poll::Ready(Some(Err("the body is larger than is forwarded".into())));
                };
                this.left = left;
                let ended = this.incoming.as_ref().is_none_or(Body::is_end_stream);
                if let Some(upload) = &this.upload {
                    upload.moves(if ended { Waiting::Done } else { Waiting::Upstream });
                }
                Poll::Ready(Some(Ok(frame)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}
