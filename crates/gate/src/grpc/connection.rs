use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Poll},
    time::Duration,
};

use edge::Stream;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep_until},
};
use tonic::transport::server::Connected;

/// How long a connection may ask nothing. An answer to the protocol's own question whether anybody is there asks nothing.
const ASKS: Duration = Duration::from_secs(5 * 60);

/// When a connection asked last. It is in each of its requests.
#[derive(Debug)]
pub(super) struct Asked {
    opened: Instant,
    /// Milliseconds from then.
    last: AtomicU64,
}

impl Asked {
    fn new() -> Self {
        Self { opened: Instant::now(), last: AtomicU64::new(0) }
    }

    pub(super) fn now(&self) {
        let since = u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last.fetch_max(since, Relaxed);
    }

    fn last(&self) -> Instant {
        self.opened + Duration::from_millis(self.last.load(Relaxed))
    }
}

/// A connection that is at its end when it has asked nothing for too long.
pub(super) struct Connection<S = Stream> {
    stream: S,
    asked: Arc<Asked>,
    silent: Pin<Box<Sleep>>,
}

impl<S> Connection<S> {
    pub(super) fn new(stream: S) -> Self {
        let asked = Asked::new();
        let silent = Box::pin(sleep_until(asked.last() + ASKS));
        Self { stream, asked: Arc::new(asked), silent }
    }

    /// Whether it has asked nothing for too long. If not, the task is woken when it may have.
    fn is_silent(&mut self, cx: &mut Context<'_>) -> bool {
        while self.silent.as_mut().poll(cx).is_ready() {
            let until = self.asked.last() + ASKS;
            if until <= self.silent.deadline() {
                return true;
            }
            self.silent.as_mut().reset(until);
        }
        false
    }
}

impl<S> Connected for Connection<S> {
    type ConnectInfo = Arc<Asked>;

    fn connect_info(&self) -> Arc<Asked> {
        Arc::clone(&self.asked)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Connection<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        // Nothing more is read: the connection's end.
        if read.is_pending() && self.is_silent(cx) { Poll::Ready(Ok(())) } else { read }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Connection<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_asks_nothing_ends_and_one_that_asks_goes_on() {
        let (ours, mut peer) = duplex(64);
        let mut connection = Connection::new(ours);
        let asked = connection.connect_info();
        tokio::time::advance(ASKS - Duration::from_secs(1)).await;
        asked.now();
        tokio::time::advance(ASKS - Duration::from_secs(1)).await;
        assert!(connection.read(&mut [0; 8]).now_or_never().is_none(), "it has asked");
        // Whoever only says that it is there asks nothing.
        peer.write_all(b"pong").await.unwrap();
        assert_eq!(connection.read(&mut [0; 8]).await.unwrap(), 4);
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(connection.read(&mut [0; 8]).await.unwrap(), 0);
    }
}
