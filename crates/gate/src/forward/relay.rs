use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Instant,
};

use axum::BoxError;
use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

use super::{
    attempt::{Answered, Watch},
    breaker::millis,
    fields,
    link::Source,
    recordings::Metering,
    shared::Shared,
    streams::{Grant, Open, Place},
    upstream::Outstanding,
};

/// The body of an answer of the gateway.
#[expect(clippy::large_enum_variant, reason = "it is moved once, and a box would be memory for every call")]
pub(super) enum AnswerBody {
    /// Its own.
    Own(axum::body::Body),
    /// The API's, as it comes, and no faster than the client takes it.
    Relayed(Relay),
}

/// The body of an API's answer on its way to the client.
pub(super) struct Relay {
    source: Source,
    outstanding: Outstanding,
    watch: Watch,
    thread: usize,
    shared: Arc<Shared>,
    /// By what right it goes on: watched over from when something has to be waited for.
    grant: Option<Grant>,
    open: Option<Open>,
    place: Option<Place>,
    /// Counts bytes of a recording that announces no length.
    metering: Option<Metering>,
    /// When something last came; `None`: it comes now.
    moved: Option<Instant>,
    /// Why it goes no further, once what came before is on its way.
    failed: Option<BoxError>,
}

impl Relay {
    /// Takes the body of an answer, and gives its head.
    pub(super) fn of(
        answered: Answered,
        shared: &Arc<Shared>,
        thread: usize,
        grant: Grant,
        place: Option<Place>,
        metering: Option<Metering>,
    ) -> (http::response::Parts, Self) {
        let Answered { response, source, outstanding, watch } = answered;
        let (parts, ()) = response.into_parts();
        let relay = Self {
            source,
            outstanding,
            watch,
            thread,
            shared: Arc::clone(shared),
            grant: Some(grant),
            open: None,
            place,
            metering,
            moved: None,
            failed: None,
        };
        (parts, relay)
    }

    /// Why it goes no further; `None`: it only has to wait.
    fn ended(&mut self, cx: &mut Context<'_>) -> Option<&'static str> {
        if let Some(grant) = self.grant.take() {
            self.open = Some(self.shared.streams.open(grant, self.place.as_ref()));
        }
        if self.open.as_ref().is_some_and(|open| open.is_cut(cx)) {
            return Some("its API key may no longer do this");
        }
        let moved = *self.moved.get_or_insert_with(Instant::now);
        self.watch.poll_idle(cx, moved).is_ready().then_some("nothing came in time")
    }

    /// Ends before its end. A server that learns of it throws away what it has not written yet, so it is asked to write first.
    fn fail(&mut self, cx: &Context<'_>, error: BoxError) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if self.moved.is_none() {
            self.failed = Some(error);
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Some(Err(error)))
    }

    /// Gives its connection to other calls, if all of the request was sent.
    fn release(&mut self) {
        if let Some(link) = self.source.take_free() {
            self.shared.pools.keep(self.thread, self.outstanding.address().place, link);
        }
    }
}

impl Body for Relay {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        if let Some(error) = this.failed.take() {
            return Poll::Ready(Some(Err(error)));
        }
        if this.open.as_ref().is_some_and(|open| open.is_cut(cx)) {
            return Poll::Ready(Some(Err("its API key may no longer do this".into())));
        }
        if let Some(metering) = this.metering.as_mut().filter(|metering| metering.is_waiting()) {
            return metering.poll_waiting(cx).map(counted);
        }
        match this.source.poll_frame(cx) {
            Poll::Ready(Some(Ok(mut frame))) => {
                this.moved = None;
                if let Some(trailers) = frame.trailers_mut() {
                    fields::clean_trailers(trailers);
                }
                match &mut this.metering {
                    Some(metering) => metering.admit(frame, cx).map(counted),
                    None => Poll::Ready(Some(Ok(frame))),
                }
            }
            Poll::Ready(Some(Err(error))) => {
                this.outstanding.address().breaker.failed(millis());
                this.fail(cx, error.into())
            }
            Poll::Ready(None) => {
                this.release();
                Poll::Ready(None)
            }
            Poll::Pending => match this.ended(cx) {
                Some(why) => Poll::Ready(Some(Err(why.into()))),
                None => Poll::Pending,
            },
        }
    }

    fn is_end_stream(&self) -> bool {
        self.source.has_ended() && !self.metering.as_ref().is_some_and(Metering::is_waiting)
    }

    fn size_hint(&self) -> SizeHint {
        self.source.size_hint()
    }
}

/// A piece whose bytes were taken; `None`: there are none left.
fn counted(frame: Option<Frame<Bytes>>) -> Option<Result<Frame<Bytes>, BoxError>> {
    Some(frame.ok_or_else(|| "its API key may download no more of recordings today".into()))
}

impl Drop for Relay {
    fn drop(&mut self) {
        // Whoever reads a body of a known length does not ask for its end.
        if self.source.has_ended() {
            self.release();
        }
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match self.get_mut() {
            Self::Own(body) => Pin::new(body).poll_frame(cx).map_err(Into::into),
            Self::Relayed(relay) => Pin::new(relay).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Own(body) => body.is_end_stream(),
            Self::Relayed(relay) => relay.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Own(body) => body.size_hint(),
            Self::Relayed(relay) => relay.size_hint(),
        }
    }
}
