use std::{
    convert::Infallible,
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use axum::response::Response;

/// An answer, or the work that will give it.
pub enum Answering {
    /// The answer, until it is taken.
    Now(Option<Response>),
    /// It may have to wait; most often it need not.
    Soon(Later),
    /// It has to wait, or it takes long.
    Later(Later),
}

/// Work that gives an answer.
pub type Later = Pin<Box<dyn Future<Output = Response> + Send>>;

impl Future for Answering {
    type Output = Result<Response, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.get_mut() {
            Self::Now(response) => Poll::Ready(Ok(response.take().expect("polled once"))),
            Self::Soon(future) | Self::Later(future) => future.as_mut().poll(cx).map(Ok),
        }
    }
}

impl fmt::Debug for Answering {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Now(_) => "Answering::Now",
            Self::Soon(_) => "Answering::Soon",
            Self::Later(_) => "Answering::Later",
        })
    }
}
