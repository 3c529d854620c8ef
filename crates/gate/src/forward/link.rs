use std::{
    future::poll_fn,
    pin::{Pin, pin},
    task::{Context, Poll},
};

use http::{Request, Response};
use hyper::{
    body::Incoming,
    client::conn::{TrySendError, http1, http2},
};

use super::request_body::RequestBody;

/// A connection to an API.
pub(super) enum Link {
    One(One),
    /// Shared by many calls. A task of its own drives it.
    Two(http2::SendRequest<RequestBody>),
}

/// A connection of HTTP/1.1. It is driven by the call that has it, and by nobody while it is idle: so a call is one task from the
/// client to the API and back.
pub(super) struct One {
    pub(super) send: http1::SendRequest<RequestBody>,
    pub(super) connection: Pin<Box<dyn Future<Output = hyper::Result<()>> + Send>>,
    /// It must not be polled any more.
    pub(super) has_ended: bool,
}

/// What became of a request that was not answered.
pub(super) enum Unanswered {
    /// Nothing of it was sent: here it is.
    Unsent(Box<Request<RequestBody>>),
    /// The API may have seen it.
    Broken(hyper::Error),
}

impl One {
    /// Lets the connection do what it can. False: it has ended.
    pub(super) fn drive(&mut self, cx: &mut Context<'_>) -> bool {
        if !self.has_ended {
            self.has_ended = self.connection.as_mut().poll(cx).is_ready();
        }
        !self.has_ended
    }
}

impl Link {
    /// Whether another request can be sent. What came while nobody looked is looked at now.
    pub(super) fn is_usable(&mut self, cx: &mut Context<'_>) -> bool {
        match self {
            Self::One(one) => one.drive(cx) && one.send.is_ready(),
            Self::Two(send) => send.is_ready() && !send.is_closed(),
        }
    }

    /// Lets the connection do what it can.
    pub(super) fn drive(&mut self, cx: &mut Context<'_>) {
        if let Self::One(one) = self {
            one.drive(cx);
        }
    }

    /// Sends a request, and waits for the head of its answer.
    pub(super) async fn send(&mut self, request: Request<RequestBody>) -> Result<Response<Incoming>, Unanswered> {
        let answered = match self {
            Self::Two(send) => send.try_send_request(request).await,
            Self::One(One { send, connection, has_ended }) => {
                let mut sent = pin!(send.try_send_request(request));
                let mut is_turn = false;
                // What is sent is an answer or an error once the connection has ended, and wakes the call.
                poll_fn(|cx| {
                    if let Poll::Ready(answered) = sent.as_mut().poll(cx) {
                        return Poll::Ready(answered);
                    }
                    // Written when the calls that have arrived beside it are read, too: so an API is woken once for many, and
                    // not, across processors, for each. It costs no turn more, since handing a request to its connection
                    // wakes the call anyway.
                    if !std::mem::replace(&mut is_turn, true) {
                        cx.waker().wake_by_ref();
                        return Poll::Pending;
                    }
                    if !*has_ended {
                        *has_ended = connection.as_mut().poll(cx).is_ready();
                    }
                    sent.as_mut().poll(cx)
                })
                .await
            }
        };
        answered.map_err(unanswered)
    }
}

fn unanswered(mut error: TrySendError<Request<RequestBody>>) -> Unanswered {
    match error.take_message() {
        Some(request) => Unanswered::Unsent(Box::new(request)),
        None => Unanswered::Broken(error.into_error()),
    }
}
