//! Requests whose head the HTTP library can't read, or finds too long. It refuses them itself, before anybody is asked, with a bare
//! status. That refusal is held back, and a document with a request id takes its place, which is counted as any other.

use std::{
    fmt,
    io::{self, IoSlice},
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, ready},
};

use axum::response::Response;
use http::StatusCode;
use http_body_util::BodyExt as _;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};

/// How much is remembered of the beginning of a head: method and target of all but the longest.
const LINE_MAX: usize = 256;

/// Most bytes that are read and thrown away after a refusal.
const UNREAD_MAX: usize = 1 << 20;

/// What each refusal of the library begins and ends with, by the reason it gives. The length of the date between is fixed.
const REASONS: [(&str, &str); 3] =
    [("400", "Bad Request"), ("414", "URI Too Long"), ("431", "Request Header Fields Too Large")];

/// What stands in such a refusal beside its reason: a status line, three headers, and an empty line.
const BESIDE: usize =
    "HTTP/1.1 400 \r\nconnection: close\r\ncontent-length: 0\r\ndate: Thu, 01 Jan 1970 00:00:00 GMT\r\n\r\n".len();

/// A connection from which the library's own refusals don't go out by themselves.
pub struct Holding<S> {
    /// Gone when this is dropped.
    stream: Option<S>,
    /// The beginning of the head that is being read.
    line: Vec<u8>,
    /// Whether what is read next is the beginning of a head.
    fresh: bool,
    held: Vec<u8>,
    left: Left<S>,
}

/// Where a connection is left, with its refusal if there is one.
pub struct Left<S>(Arc<Mutex<Option<Unread<S>>>>);

impl<S> Clone for Left<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// A connection at its end, which may be a request that was not read.
pub struct Unread<S> {
    stream: S,
    line: Vec<u8>,
    held: Vec<u8>,
}

impl<S> Holding<S> {
    /// The connection, and where it is left.
    pub fn new(stream: S) -> (Self, Left<S>) {
        let left = Left(Arc::default());
        let holding =
            Self { stream: Some(stream), line: Vec::new(), fresh: true, held: Vec::new(), left: left.clone() };
        (holding, left)
    }
}

impl<S> fmt::Debug for Holding<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Holding")
    }
}

impl<S> fmt::Debug for Left<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Left")
    }
}

impl<S> fmt::Debug for Unread<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Unread")
    }
}

impl<S> Drop for Holding<S> {
    fn drop(&mut self) {
        if let Some(stream) = self.stream.take() {
            let (line, held) = (std::mem::take(&mut self.line), std::mem::take(&mut self.held));
            *self.left.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Unread { stream, line, held });
        }
    }
}

impl<S> Left<S> {
    /// The connection, once it has been let go of; `None`: it has not, or was taken.
    pub fn take(&self) -> Option<Unread<S>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Unread<S> {
    /// Whether the library has refused the last request, or sent what looks like it.
    pub fn is_refused(&self) -> bool {
        !self.held.is_empty()
    }

    /// The status of the library's refusal; without one, of a request that is not understood.
    pub fn status(&self) -> StatusCode {
        self.held.get(9..12).and_then(|status| StatusCode::from_bytes(status).ok()).unwrap_or(StatusCode::BAD_REQUEST)
    }

    /// The target that the request line names, as far as it was read and is text.
    pub fn target(&self) -> &str {
        let line = self.line.split(|byte| *byte == b'\r' || *byte == b'\n').find(|line| !line.is_empty());
        let target = line.and_then(|line| line.split(|byte| *byte == b' ').nth(1)).unwrap_or_default();
        std::str::from_utf8(target).unwrap_or_default()
    }

    /// Sends `answer` in place of the refusal, or, without one, the refusal as it is. The connection ends with it.
    pub async fn end(mut self, answer: Option<Response>) -> io::Result<()> {
        let bytes = match answer {
            Some(answer) => written(answer).await,
            None => std::mem::take(&mut self.held),
        };
        self.stream.write_all(&bytes).await?;
        self.stream.shutdown().await?;
        // What still comes is read, up to a bound: a connection that is closed with something unread loses what was sent last.
        let (mut unread, mut most) = ([0; 4096], UNREAD_MAX);
        while most > 0 {
            match self.stream.read(&mut unread).await? {
                0 => break,
                bytes => most = most.saturating_sub(bytes),
            }
        }
        Ok(())
    }
}

async fn written(answer: Response) -> Vec<u8> {
    let (parts, body) = answer.into_parts();
    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let mut bytes =
        format!("HTTP/1.1 {}\r\nconnection: close\r\ncontent-length: {}\r\n", parts.status, body.len()).into_bytes();
    for (name, value) in parts.headers.iter().filter(|(name, _)| *name != http::header::CONTENT_LENGTH) {
        bytes.extend_from_slice(name.as_str().as_bytes());
        bytes.extend_from_slice(b": ");
        bytes.extend_from_slice(value.as_bytes());
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(&body);
    bytes
}

/// Where in what is to be written a refusal of the library's own begins: it is the last that it writes. An answer of ours can't be
/// taken for one for good: what is held is sent as it is when the connection goes on, or ends otherwise.
fn refusal(bytes: &[u8]) -> Option<usize> {
    if !bytes.ends_with(b"\r\n\r\n") {
        return None;
    }
    REASONS.iter().find_map(|(status, reason)| {
        let at = bytes.len().checked_sub(BESIDE + reason.len())?;
        let rest = bytes[at..].strip_prefix(b"HTTP/1.1 ")?.strip_prefix(status.as_bytes())?;
        rest.strip_prefix(b" ")?.starts_with(reason.as_bytes()).then_some(at)
    })
}

impl<S: AsyncWrite + Unpin> Holding<S> {
    fn stream(&mut self) -> io::Result<Pin<&mut S>> {
        self.stream.as_mut().map(Pin::new).ok_or_else(|| io::ErrorKind::NotConnected.into())
    }

    /// Sends what was held: more is written after it, so that it was no refusal.
    fn poll_release(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.held.is_empty() {
            let held = std::mem::take(&mut self.held);
            let written = self.stream()?.poll_write(cx, &held);
            self.held = held;
            match ready!(written)? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                bytes => drop(self.held.drain(..bytes)),
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Holding<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let Some(stream) = self.stream.as_mut() else { return Poll::Ready(Err(io::ErrorKind::NotConnected.into())) };
        let before = buffer.filled().len();
        ready!(Pin::new(stream).poll_read(cx, buffer))?;
        let read = &buffer.filled()[before..];
        if self.fresh && !read.is_empty() {
            self.fresh = false;
            self.line.clear();
        }
        // A head may come in pieces.
        let room = LINE_MAX - self.line.len();
        self.line.extend_from_slice(&read[..read.len().min(room)]);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Holding<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.poll_release(cx))?;
        match refusal(bytes) {
            Some(0) => {
                self.held.extend_from_slice(bytes);
                Poll::Ready(Ok(bytes.len()))
            }
            at => {
                self.fresh = true;
                self.stream()?.poll_write(cx, &bytes[..at.unwrap_or(bytes.len())])
            }
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if let [one] = bytes {
            return self.poll_write(cx, one);
        }
        ready!(self.poll_release(cx))?;
        self.fresh = true;
        self.stream()?.poll_write_vectored(cx, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.as_ref().is_some_and(AsyncWrite::is_write_vectored)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream()?.poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // Whoever takes the connection over shuts it down, when all is sent.
        if self.held.is_empty() { self.stream()?.poll_shutdown(cx) } else { Poll::Ready(Ok(())) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFUSAL: &[u8] =
        b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\ndate: \
                             Thu, 26 Nov 2026 12:00:00 GMT\r\n\r\n";

    #[test]
    fn a_refusal_of_the_library_is_known_by_its_form() {
        assert_eq!(refusal(REFUSAL), Some(0));
        let behind = [b"HTTP/1.1 200 OK\r\n\r\n", REFUSAL].concat();
        assert_eq!(refusal(&behind), Some(19));
        for other in
            [&b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"[..], &REFUSAL[..REFUSAL.len() - 2], b"", b"\r\n\r\n"]
        {
            assert_eq!(refusal(other), None);
        }
    }

    #[tokio::test]
    async fn what_only_looks_like_one_is_sent_as_it_is() {
        let (ours, mut theirs) = tokio::io::duplex(4096);
        let (mut holding, left) = Holding::new(ours);
        holding.write_all(REFUSAL).await.unwrap();
        holding.flush().await.unwrap();
        holding.write_all(b"more").await.unwrap();
        holding.write_all(REFUSAL).await.unwrap();
        drop(holding);
        let read = async {
            let mut got = Vec::new();
            theirs.read_to_end(&mut got).await.unwrap();
            drop(theirs);
            got
        };
        let (ended, got) = tokio::join!(left.take().unwrap().end(None), read);
        ended.unwrap();
        assert_eq!(got, [REFUSAL, b"more", REFUSAL].concat());
    }

    #[tokio::test]
    async fn the_target_is_that_of_the_last_request() {
        let (ours, mut theirs) = tokio::io::duplex(4096);
        let (mut holding, left) = Holding::new(ours);
        let mut buffer = [0; 64];
        for line in ["GET /one HTTP/1.1\r\n", "\r\nGET /authz?mode=nginx HTTP/1.1\r\n"] {
            holding.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
            theirs.write_all(line.as_bytes()).await.unwrap();
            let _ = holding.read(&mut buffer).await.unwrap();
        }
        holding.write_all(REFUSAL).await.unwrap();
        drop(holding);
        let unread = left.take().unwrap();
        assert_eq!((unread.target(), unread.status().as_u16()), ("/authz?mode=nginx", 431));
    }
}
