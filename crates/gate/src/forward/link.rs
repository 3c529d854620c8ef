use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response};
use hyper::{
    body::{Body as _, Frame, Incoming, SizeHint},
    client::conn::{TrySendError, http2},
};

use super::{
    one::{Broken, One, Unanswered},
    request_body::RequestBody,
};

/// A connection to an API.
pub(super) enum Link {
    One(Box<One>),
    /// Shared by many calls. A task of its own drives it.
    Two(http2::SendRequest<RequestBody>),
}

impl Link {
    /// Whether another request can be sent. What came while nobody looked is looked at now.
    pub(super) fn is_usable(&mut self, cx: &mut Context<'_>) -> bool {
        match self {
            Self::One(one) => one.is_usable(cx),
            Self::Two(send) => send.is_ready() && !send.is_closed(),
        }
    }

    /// Sends a request, and waits for the head of its answer. The body of one on HTTP/2 comes with it; on HTTP/1.1 the connection has
    /// it.
    pub(super) async fn send(
        &mut self,
        request: Request<RequestBody>,
    ) -> Result<Response<Option<Incoming>>, Unanswered> {
        match self {
            Self::One(one) => Ok(one.send(request).await?.map(|()| None)),
            Self::Two(send) => match send.try_send_request(request).await {
                Ok(response) => Ok(response.map(Some)),
                Err(error) => Err(unanswered(error)),
            },
        }
    }
}

fn unanswered(mut error: TrySendError<Request<RequestBody>>) -> Unanswered {
    match error.take_message() {
        Some(request) => Unanswered::Unsent(Box::new(request)),
        None => Unanswered::Broken(error.into_error().into()),
    }
}

/// The body of an answer, and the connection on which it comes.
pub(super) enum Source {
    One(Box<One>),
    Two(Incoming),
    /// All of it was read.
    Ended,
}

impl Source {
    pub(super) fn new(link: Link, incoming: Option<Incoming>) -> Self {
        match (link, incoming) {
            (Link::One(one), _) => Self::One(one),
            (Link::Two(_), Some(incoming)) => Self::Two(incoming),
            (Link::Two(_), None) => Self::Ended,
        }
    }

    pub(super) fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        match self {
            Self::One(one) => one.poll_frame(cx),
            Self::Two(incoming) => Pin::new(incoming).poll_frame(cx).map_err(Broken::from),
            Self::Ended => Poll::Ready(None),
        }
    }

    pub(super) fn has_ended(&self) -> bool {
        match self {
            Self::One(one) => one.has_ended(),
            Self::Two(incoming) => incoming.is_end_stream(),
            Self::Ended => true,
        }
    }

    pub(super) fn size_hint(&self) -> SizeHint {
        match self {
            Self::One(one) => one.size_hint(),
            Self::Two(incoming) => incoming.size_hint(),
            Self::Ended => SizeHint::with_exact(0),
        }
    }

    /// The connection, if other calls may have it.
    pub(super) fn take_free(&mut self) -> Option<Link> {
        match std::mem::replace(self, Self::Ended) {
            Self::One(one) if one.is_free() => Some(Link::One(one)),
            Self::One(_) | Self::Two(_) | Self::Ended => None,
        }
    }
}
