use std::{
    fmt, io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use hyper::rt::{Sleep, Timer as _};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

use crate::{
    places::{Lost, Place},
    timekeeper::Timer,
};

/// How long a peer may read nothing of what it is sent.
const LISTENS: Duration = Duration::from_secs(30);

/// A connection that keeps its place until it is closed, and is closed when its peer does not read, or its place is another's.
///
/// The time is counted from when the system takes no more to send: it keeps up to some megabytes for the peer. The timer waits
/// in another runtime, and only while something can't be written.
pub struct Stream {
    stream: TcpStream,
    timer: Timer,
    listens: Duration,
    unread: Option<Pin<Box<dyn Sleep>>>,
    lost: Lost,
    _place: Place,
}

impl Stream {
    /// An accepted connection in its place.
    pub fn new(stream: TcpStream, timer: Timer, mut place: Place) -> Self {
        Self { stream, timer, listens: LISTENS, unread: None, lost: place.lost(), _place: place }
    }

    fn timed<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.unread = None;
            return written;
        }
        self.kept(cx)?;
        let (timer, listens) = (&self.timer, self.listens);
        let unread = self.unread.get_or_insert_with(|| timer.sleep(listens));
        match unread.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }

    /// Fails when the place is lost. Until then the task is woken when that happens.
    fn kept(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        match Pin::new(&mut self.lost).poll(cx) {
            Poll::Ready(()) => Err(io::ErrorKind::ConnectionAborted.into()),
            Poll::Pending => Ok(()),
        }
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Stream").field(&self.stream).finish()
    }
}

impl AsyncRead for Stream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if read.is_pending() {
            self.kept(cx)?;
        }
        read
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.timed(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, pieces);
        self.timed(cx, written)
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
    use model::TrustedProxies;
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
    };

    use super::*;
    use crate::{
        Timers,
        places::{PlaceBounds, Places},
    };

    /// Our end of a connection, and the peer's.
    async fn connected(listens: Duration) -> (Stream, TcpStream, Places) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let peer = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (ours, from) = listener.accept().await.unwrap();
        let bounds = PlaceBounds { strangers: 1, per_peer: 1, proxies: 0 };
        let places = Places::new("public", bounds, TrustedProxies::default());
        let place = places.take(from.ip()).unwrap();
        (Stream { listens, ..Stream::new(ours, Timers::here().timer(), place) }, peer, places)
    }

    #[tokio::test]
    async fn a_peer_that_does_not_read_loses_its_connection_and_its_place() {
        let (mut ours, _peer, places) = connected(Duration::from_millis(50)).await;
        let piece = vec![7; 1 << 20];
        let error = loop {
            if let Err(error) = ours.write_all(&piece).await {
                break error;
            }
        };
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        drop(ours);
        assert_eq!(places.counts().0, 0);
    }

    #[tokio::test]
    async fn a_connection_whose_place_is_lost_ends_while_it_waits() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let _peer = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (ours, from) = listener.accept().await.unwrap();
        let bounds = PlaceBounds { strangers: 17, per_peer: 16, proxies: 0 };
        let places = Places::new("public", bounds, TrustedProxies::default());
        let mut ours = Stream::new(ours, Timers::here().timer(), places.take(from.ip()).unwrap());
        let _others: Vec<_> = (1..16).map(|_| places.take(from.ip()).unwrap()).collect();
        let waiting = tokio::spawn(async move { ours.read(&mut [0; 1]).await });
        let _newcomer = places.take([192, 0, 2, 1].into()).unwrap();
        assert_eq!(waiting.await.unwrap().unwrap_err().kind(), io::ErrorKind::ConnectionAborted);
        assert_eq!(places.counts().0, 16);
    }

    #[tokio::test]
    async fn a_peer_that_reads_slowly_gets_everything() {
        // However long it takes: the time begins anew with whatever was read.
        const BYTES: usize = 64 << 20;
        let (mut ours, mut peer, _) = connected(Duration::from_secs(3_600)).await;
        let sent = tokio::spawn(async move { ours.write_all(&vec![7; BYTES]).await });
        let (mut read, mut piece) = (0, vec![0; 100_000]);
        while read < BYTES {
            read += peer.read(&mut piece).await.unwrap();
            tokio::task::yield_now().await;
        }
        sent.await.unwrap().unwrap();
    }
}
