//! A request that can be answered at once is answered here. All others are answered elsewhere, on a runtime that may
//! wait, their bodies included.

use std::{
    mem,
    pin::Pin,
    task::{Context, Poll, ready},
};

use axum::{
    body::{Body, HttpBody as _},
    response::Response,
};
use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::Frame;
use tokio::{
    runtime::Handle,
    sync::mpsc,
    task::{JoinError, JoinHandle},
};

use crate::{Answering, Later};

/// An answer on its way, as the thread that answers waits for it.
pub(super) enum Here {
    /// Ready, and held until the other connections that have something to read have had their turn.
    Now(Option<Response>),
    /// Ready to be sent.
    Next(Option<Response>),
    /// Tried once: most often nothing has to wait.
    Soon(Later, Handle),
    Elsewhere(Errand),
    /// Answered.
    Over,
}

impl Here {
    pub(super) fn new(answering: Answering, elsewhere: &Handle) -> Self {
        match answering {
            Answering::Now(response) => Self::Now(response),
            Answering::Soon(later) => Self::Soon(later, elsewhere.clone()),
            Answering::Later(later) => Self::Elsewhere(Errand::send(later, elsewhere)),
        }
    }
}

impl Future for Here {
    type Output = Result<Response, JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if let Self::Soon(later, elsewhere) = &mut *self {
            // Entered, so that work that begins to wait, for time or for a database, waits there from the start.
            let entered = elsewhere.enter();
            let polled = later.as_mut().poll(cx);
            drop(entered);
            if let Poll::Ready(response) = polled {
                *self = Self::Now(Some(response));
            }
        }
        *self = match mem::replace(&mut *self, Self::Over) {
            Self::Now(response) => {
                cx.waker().wake_by_ref();
                *self = Self::Next(response);
                return Poll::Pending;
            }
            Self::Next(Some(response)) => return Poll::Ready(Ok(response)),
            Self::Soon(later, elsewhere) => Self::Elsewhere(Errand::send(later, &elsewhere)),
            other => other,
        };
        match &mut *self {
            Self::Elsewhere(errand) => Pin::new(&mut errand.0).poll(cx),
            // Polled again after the answer.
            _ => Poll::Pending,
        }
    }
}

/// Work that is done elsewhere, and aborted when nobody waits for it any more.
pub(super) struct Errand(JoinHandle<Response>);

impl Errand {
    fn send(later: Later, elsewhere: &Handle) -> Self {
        Self(elsewhere.spawn(async move { carried(later.await) }))
    }
}

impl Drop for Errand {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The same answer with a body that is made elsewhere: rendering a page takes longer than many calls. A body that is
/// ready is left as it is.
fn carried(response: Response) -> Response {
    if response.body().size_hint().exact().is_some() {
        return response;
    }
    response.map(|body| {
        // One piece is made while another is sent.
        let (sender, pieces) = mpsc::channel(1);
        tokio::spawn(carry(body, sender));
        Body::new(Carried(pieces))
    })
}

type Piece = Result<Frame<Bytes>, axum::Error>;

async fn carry(mut body: Body, sender: mpsc::Sender<Piece>) {
    while let Some(piece) = body.frame().await {
        // The client has stopped reading.
        if sender.send(piece).await.is_err() {
            return;
        }
    }
}

struct Carried(mpsc::Receiver<Piece>);

impl hyper::body::Body for Carried {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Piece>> {
        Poll::Ready(ready!(self.0.poll_recv(cx)))
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::Arc,
        thread::{self, ThreadId},
        time::Duration,
    };

    use tokio::runtime::{Builder, Runtime};

    use super::*;

    fn elsewhere() -> Runtime {
        Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
    }

    /// On a runtime like the ones that answer: a timer of its own would panic there.
    fn answered(here: impl FnOnce() -> Here) -> Response {
        Builder::new_current_thread().build().unwrap().block_on(async { here().await.unwrap() })
    }

    fn made_by(response: &Response) -> ThreadId {
        *response.extensions().get().unwrap()
    }

    fn signed() -> Response {
        let mut response = Response::new(Body::empty());
        response.extensions_mut().insert(thread::current().id());
        response
    }

    #[test]
    fn a_request_that_waits_for_nothing_is_answered_here() {
        let elsewhere = elsewhere();
        let now = answered(|| Here::new(Answering::Now(Some(signed())), elsewhere.handle()));
        let soon = answered(|| Here::new(Answering::Soon(Box::pin(async { signed() })), elsewhere.handle()));
        assert_eq!([made_by(&now), made_by(&soon)], [thread::current().id(); 2]);
    }

    #[test]
    fn a_request_that_waits_is_answered_elsewhere() {
        let elsewhere = elsewhere();
        let waits = async {
            tokio::time::sleep(Duration::from_millis(1)).await;
            signed()
        };
        let soon = answered(|| Here::new(Answering::Soon(Box::pin(waits)), elsewhere.handle()));
        let later = answered(|| Here::new(Answering::Later(Box::pin(async { signed() })), elsewhere.handle()));
        assert_eq!(made_by(&soon), made_by(&later));
        assert_ne!(made_by(&later), thread::current().id());
    }

    #[test]
    fn a_body_is_made_elsewhere_and_arrives_whole() {
        let elsewhere = elsewhere();
        let here = thread::current().id();
        let later = async move {
            let pieces =
                (0..3).map(move |number| Ok::<_, axum::Error>(format!("{number}{} ", thread::current().id() == here)));
            Response::new(Body::from_stream(futures::stream::iter(pieces)))
        };
        let response = answered(|| Here::new(Answering::Later(Box::pin(later)), elsewhere.handle()));
        let body = Builder::new_current_thread().build().unwrap().block_on(response.into_body().collect()).unwrap();
        assert_eq!(body.to_bytes(), "0false 1false 2false ");
    }

    #[test]
    fn work_ends_when_nobody_waits_for_it() {
        let elsewhere = elsewhere();
        let held = Arc::new(());
        let holds = Arc::clone(&held);
        let never = async move {
            std::future::pending::<()>().await;
            drop(holds);
            signed()
        };
        let here = Here::new(Answering::Later(Box::pin(never)), elsewhere.handle());
        assert_eq!(Arc::strong_count(&held), 2);
        drop(here);
        while Arc::strong_count(&held) > 1 {
            thread::yield_now();
        }
    }
}
