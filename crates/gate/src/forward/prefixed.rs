use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll},
};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};

/// What a client of HTTP/2 says first.
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A connection of which the beginning was read to see what is spoken on it.
pub(super) struct Prefixed<S> {
    stream: S,
    prefix: [u8; PREFACE.len()],
    /// What of the prefix is still to be read.
    from: usize,
    to: usize,
}

impl<S: AsyncRead + Unpin> Prefixed<S> {
    /// Reads as much as it takes to know whether the client speaks HTTP/2. Without a bound of time.
    pub(super) async fn read(stream: S) -> io::Result<(Self, bool)> {
        let mut this = Self { stream, prefix: [0; PREFACE.len()], from: 0, to: 0 };
        while this.to < PREFACE.len() {
            let read = this.stream.read(&mut this.prefix[this.to..]).await?;
            this.to += read;
            if read == 0 || this.prefix[..this.to] != PREFACE[..this.to] {
                return Ok((this, false));
            }
        }
        Ok((this, true))
    }

    /// A connection of which nothing was read.
    pub(super) fn unread(stream: S) -> Self {
        Self { stream, prefix: [0; PREFACE.len()], from: 0, to: 0 }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Prefixed<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.from < this.to {
            let left = &this.prefix[this.from..this.to];
            let length = left.len().min(buffer.remaining());
            buffer.put_slice(&left[..length]);
            this.from += length;
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut this.stream).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Prefixed<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
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
    use tokio::io::AsyncWriteExt as _;

    use super::*;

    #[tokio::test]
    async fn what_is_spoken_is_known_by_its_beginning_and_nothing_is_lost() {
        for (pieces, speaks_2) in [
            (&[&b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nmore"[..]][..], true),
            (&[b"PRI * HTT", b"P/2.0\r\n\r\nSM\r\n\r\n"], true),
            (&[b"P", b"OST / HTTP/1.1\r\n\r\n"], false),
            (&[b"PRI * HTTP/1.1\r\n\r\n"], false),
            (&[b"GET / HTTP/1.1\r\n\r\n"], false),
            (&[b"P"], false),
            (&[], false),
        ] {
            let (mut client, ours) = tokio::io::duplex(64);
            let sent = pieces.concat();
            let send = async {
                for piece in pieces {
                    client.write_all(piece).await.unwrap();
                    tokio::task::yield_now().await;
                }
                drop(client);
            };
            let read = async {
                let (mut stream, speaks_2) = Prefixed::read(ours).await.unwrap();
                let mut got = Vec::new();
                stream.read_to_end(&mut got).await.unwrap();
                (got, speaks_2)
            };
            let (got, ()) = tokio::join!(read, send);
            assert_eq!(got, (sent, speaks_2), "{pieces:?}");
        }
    }
}
