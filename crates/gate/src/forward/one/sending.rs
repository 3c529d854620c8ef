use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use http::{HeaderMap, header, request::Parts};
use hyper::body::{Body as _, Frame};
use tokio::io::AsyncWrite;

use super::Broken;
use crate::forward::request_body::RequestBody;

/// Pieces of a body up to this size are copied behind what is still to be written; larger ones are written from where they are.
const COPIED: usize = 4 << 10;

/// A request on its way out.
pub(super) struct Sending {
    /// What is written first.
    out: BytesMut,
    /// What is written then.
    piece: Bytes,
    /// `None`: all of it was taken.
    body: Option<RequestBody>,
    framing: Framing,
    /// Whether a piece of the body was taken, or a byte was written.
    has_begun: bool,
    state: State,
}

/// How the end of a body is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Framing {
    /// So many bytes are still to come.
    Length(u64),
    Chunked,
    /// In chunks, of which the last was written.
    Ended,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Sends,
    Sent,
    /// No more is sent, though there is more.
    Stopped,
}

impl Sending {
    /// Nothing to send.
    pub(super) fn nothing() -> Self {
        Self {
            out: BytesMut::new(),
            piece: Bytes::new(),
            body: None,
            framing: Framing::Length(0),
            has_begun: false,
            state: State::Sent,
        }
    }

    /// A request, with the framing of its body.
    pub(super) fn new(parts: &Parts, body: RequestBody) -> Self {
        let has_body = !body.is_end_stream();
        let framing = match body.size_hint().exact() {
            _ if !has_body => Framing::Length(0),
            Some(length) => Framing::Length(length),
            None => Framing::Chunked,
        };
        let mut out = BytesMut::with_capacity(1_024);
        out.put_slice(parts.method.as_str().as_bytes());
        out.put_u8(b' ');
        out.put_slice(parts.uri.path_and_query().map_or("/", |target| target.as_str()).as_bytes());
        out.put_slice(b" HTTP/1.1\r\n");
        for (name, value) in &parts.headers {
            // Framing is said once, and as it is done.
            if *name == header::TRANSFER_ENCODING || (*name == header::CONTENT_LENGTH && (has_body || value != "0")) {
                continue;
            }
            field(&mut out, name.as_str(), value.as_bytes());
        }
        match framing {
            Framing::Length(length) if has_body => {
                field(&mut out, "content-length", itoa::Buffer::new().format(length).as_bytes());
            }
            Framing::Chunked => field(&mut out, "transfer-encoding", b"chunked"),
            Framing::Length(_) | Framing::Ended => {}
        }
        out.put_slice(b"\r\n");
        let body = has_body.then_some(body);
        Self { out, piece: Bytes::new(), body, framing, has_begun: false, state: State::Sends }
    }

    /// Whether all of it was sent.
    pub(super) fn is_sent(&self) -> bool {
        self.state == State::Sent
    }

    /// Gives its body back, if nothing of it was sent.
    pub(super) fn take_unsent(&mut self) -> Option<RequestBody> {
        (!self.has_begun).then(|| self.body.take().unwrap_or_else(RequestBody::empty))
    }

    /// Whether anything of it was sent, or taken to be.
    pub(super) fn has_begun(&self) -> bool {
        self.has_begun
    }

    /// Sends no more of it.
    pub(super) fn stop(&mut self) {
        if self.state == State::Sends {
            *self = Self { has_begun: true, state: State::Stopped, ..Self::nothing() };
        }
    }

    /// Sends as much as can be sent now. Ready when there is no more to send.
    pub(super) fn poll<S: AsyncWrite + ?Sized>(
        &mut self,
        mut io: Pin<&mut S>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Broken>> {
        while self.state == State::Sends {
            let is_waiting = self.piece.is_empty() && self.gather(cx)?;
            if self.out.is_empty() && self.piece.is_empty() {
                ready!(io.as_mut().poll_flush(cx))?;
                if is_waiting {
                    return Poll::Pending;
                }
                if self.body.is_none() {
                    *self = Self { has_begun: true, ..Self::nothing() };
                }
                continue;
            }
            let written = ready!(self.write(io.as_mut(), cx))?;
            if written == 0 {
                return Poll::Ready(Err(io::Error::from(io::ErrorKind::WriteZero).into()));
            }
            self.has_begun = true;
            let first = written.min(self.out.len());
            self.out.advance(first);
            self.piece.advance(written - first);
            if self.piece.is_empty() && written > first && self.framing == Framing::Chunked {
                self.out.put_slice(b"\r\n");
            }
        }
        Poll::Ready(Ok(()))
    }

    fn write<S: AsyncWrite + ?Sized>(&self, io: Pin<&mut S>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        match (self.out.is_empty(), self.piece.is_empty()) {
            (false, false) if io.is_write_vectored() => {
                io.poll_write_vectored(cx, &[IoSlice::new(&self.out), IoSlice::new(&self.piece)])
            }
            (false, _) => io.poll_write(cx, &self.out),
            (true, _) => io.poll_write(cx, &self.piece),
        }
    }

    /// Takes what there is of the body, until it is enough to write. True: more of it will come.
    fn gather(&mut self, cx: &mut Context<'_>) -> Result<bool, Broken> {
        while let Some(body) = &mut self.body {
            if !self.piece.is_empty() || self.out.len() >= COPIED * 4 {
                break;
            }
            match Pin::new(body).poll_frame(cx) {
                Poll::Pending => return Ok(true),
                Poll::Ready(None) => {
                    self.body = None;
                    match self.framing {
                        Framing::Chunked => self.out.put_slice(b"0\r\n\r\n"),
                        Framing::Length(0) | Framing::Ended => {}
                        Framing::Length(_) => return Err(Broken::Body("it is shorter than it said".into())),
                    }
                }
                Poll::Ready(Some(frame)) => {
                    self.has_begun = true;
                    self.add(frame.map_err(Broken::Body)?)?;
                }
            }
        }
        Ok(false)
    }

    fn add(&mut self, frame: Frame<Bytes>) -> Result<(), Broken> {
        let piece = match frame.into_data() {
            Ok(piece) => piece,
            Err(frame) => {
                if let (Framing::Chunked, Ok(trailers)) = (self.framing, frame.into_trailers()) {
                    self.end_with(&trailers);
                }
                return Ok(());
            }
        };
        if piece.is_empty() {
            return Ok(());
        }
        match &mut self.framing {
            Framing::Length(left) => {
                let more = left.checked_sub(piece.len() as u64);
                *left = more.ok_or_else(|| Broken::Body("it is longer than it said".into()))?;
            }
            Framing::Chunked => {
                // Hexadecimal digits of a number that fits into 8 bytes.
                self.out.put_slice(format!("{:x}\r\n", piece.len()).as_bytes());
            }
            Framing::Ended => return Err(Broken::Body("it goes on behind its trailers".into())),
        }
        if piece.len() > COPIED {
            self.piece = piece;
        } else {
            self.out.put_slice(&piece);
            if self.framing == Framing::Chunked {
                self.out.put_slice(b"\r\n");
            }
        }
        Ok(())
    }

    fn end_with(&mut self, trailers: &HeaderMap) {
        self.out.put_slice(b"0\r\n");
        for (name, value) in trailers {
            field(&mut self.out, name.as_str(), value.as_bytes());
        }
        self.out.put_slice(b"\r\n");
        self.framing = Framing::Ended;
    }
}

fn field(out: &mut BytesMut, name: &str, value: &[u8]) {
    out.reserve(name.len() + value.len() + 4);
    out.put_slice(name.as_bytes());
    out.put_slice(b": ");
    out.put_slice(value);
    out.put_slice(b"\r\n");
}
