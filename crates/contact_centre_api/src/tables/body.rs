use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::HeaderMap;
use http_body::Frame;
use tokio::sync::mpsc;

/// Pieces that wait for a reader. Whoever makes them waits, too.
const WAITING: usize = 4;

/// A body that another thread makes. One that breaks off is seen to be broken.
pub(crate) struct Body(mpsc::Receiver<io::Result<Frame<Bytes>>>);

/// Where such a body comes from.
pub(crate) struct Feed(mpsc::Sender<io::Result<Frame<Bytes>>>);

/// Nobody reads on.
#[derive(Debug)]
pub(crate) struct Gone;

/// A body, and where it comes from.
pub(crate) fn channel() -> (Feed, Body) {
    let (feed, body) = mpsc::channel(WAITING);
    (Feed(feed), Body(body))
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        self.0.poll_recv(context)
    }
}

impl Feed {
    /// Sends a piece, from a thread that may wait.
    ///
    /// # Errors
    /// [`Gone`].
    pub(crate) fn send(&self, piece: Bytes) -> Result<(), Gone> {
        if piece.is_empty() {
            return if self.0.is_closed() { Err(Gone) } else { Ok(()) };
        }
        self.0.blocking_send(Ok(Frame::data(piece))).map_err(|_| Gone)
    }

    /// Ends the body, with trailers.
    pub(crate) fn end(self, trailers: HeaderMap) {
        // Whoever is gone does not read them.
        let _ = self.0.blocking_send(Ok(Frame::trailers(trailers)));
    }

    /// Breaks the body off.
    pub(crate) fn fail(self, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) {
        let _ = self.0.blocking_send(Err(io::Error::other(error)));
    }

    /// Sends a piece, from a task.
    ///
    /// # Errors
    /// [`Gone`].
    pub(crate) async fn send_later(&self, piece: Bytes) -> Result<(), Gone> {
        self.0.send(Ok(Frame::data(piece))).await.map_err(|_| Gone)
    }
}
