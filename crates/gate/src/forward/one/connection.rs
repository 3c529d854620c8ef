use std::{
    cell::RefCell,
    future::poll_fn,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Bytes, BytesMut};
use http::{Method, Request, Response, StatusCode};
use hyper::body::{Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{
    Broken, Unanswered,
    come::Come,
    head::{self, Head},
    reading::Reading,
    sending::Sending,
};
use crate::forward::{request_body::RequestBody, turn::others_first};

/// A connection, in the clear or not.
pub(in crate::forward) trait Io: AsyncRead + AsyncWrite + Send {}

impl<S: AsyncRead + AsyncWrite + Send> Io for S {}

/// How much is read at once of an answer's beginning. An event, a page or a snapshot needs no more, and thousands of streams that
/// begin together would else leave the allocator with pieces of the largest size for each of them.
const PIECE_FIRST: usize = 8 << 10;
/// After so much of an answer it is a body that is worth large pieces.
const IS_LARGE: usize = 128 << 10;

/// Most answers before the one that counts, such as `100 Continue`.
const INTERIM_MAX: usize = 16;

thread_local! {
    /// Where each thread reads to. A connection keeps what came, and no room for what may come: there are thousands of streams, and
    /// most of them wait.
    static PIECE: RefCell<Box<[u8]>> = RefCell::new(vec![0; 64 << 10].into_boxed_slice());
}

/// A connection of HTTP/1.1. It is driven by the call that has it, and by nobody while it is idle: so a call is one task from the
/// client to the API and back.
pub(in crate::forward) struct One {
    io: Pin<Box<dyn Io>>,
    /// What has come and was not taken.
    come: BytesMut,
    sending: Sending,
    reading: Reading,
    /// How much has come since the last request was sent.
    read: usize,
    /// Whether another request may be sent when this one is answered.
    lasts: bool,
}

impl One {
    pub(in crate::forward) fn new(stream: impl Io + 'static) -> Self {
        Self {
            io: Box::pin(stream),
            come: BytesMut::new(),
            sending: Sending::nothing(),
            reading: Reading::Length(0),
            read: 0,
            lasts: true,
        }
    }

    /// Whether another request can be sent. What came while nobody looked is looked at now: nobody asked for it.
    pub(in crate::forward) fn is_usable(&mut self, cx: &mut Context<'_>) -> bool {
        self.is_free() && self.poll_read(cx).is_pending()
    }

    /// Whether all of a request was sent, and all of its answer was read.
    pub(in crate::forward) fn is_free(&self) -> bool {
        self.lasts && self.sending.is_sent() && self.reading.has_ended() && self.come.is_empty()
    }

    /// Sends a request, and waits for the head of its answer.
    pub(in crate::forward) async fn send(&mut self, request: Request<RequestBody>) -> Result<Response<()>, Unanswered> {
        // Written when the calls that have arrived beside it are read, too: so an API is woken once for many, and not, across
        // processors, for each. An API that closes a connection which waited is noticed then, before anything is sent.
        others_first().await;
        if !poll_fn(|cx| Poll::Ready(self.is_usable(cx))).await {
            return Err(Unanswered::Unsent(Box::new(request)));
        }
        let (parts, body) = request.into_parts();
        self.sending = Sending::new(&parts, body);
        self.read = 0;
        self.lasts = false;
        let of_head = parts.method == Method::HEAD;
        let mut interim = 0;
        let answered = poll_fn(|cx| self.poll_head(cx, of_head, &mut interim)).await;
        answered.map_err(|broken| match self.sending.take_unsent() {
            Some(body) => Unanswered::Unsent(Box::new(Request::from_parts(parts, body))),
            None => Unanswered::Broken(broken),
        })
    }

    fn poll_head(
        &mut self,
        cx: &mut Context<'_>,
        of_head: bool,
        interim: &mut usize,
    ) -> Poll<Result<Response<()>, Broken>> {
        self.poll_send(cx)?;
        loop {
            if !self.come.is_empty()
                && let Some(head) = head::take(&mut self.come, of_head)?
            {
                let Head { response, reading, lasts } = head;
                let status = response.status();
                if status.is_informational() && status != StatusCode::SWITCHING_PROTOCOLS {
                    *interim += 1;
                    if *interim > INTERIM_MAX {
                        return Poll::Ready(Err(Broken::Invalid("too much comes before it")));
                    }
                    continue;
                }
                self.reading = reading;
                self.lasts = lasts;
                return Poll::Ready(Ok(response));
            }
            if ready!(self.poll_read(cx))? == 0 {
                return Poll::Ready(Err(Broken::Closed));
            }
        }
    }
    /// The next of the body of the answer. What is left of the request is sent meanwhile.
    pub(in crate::forward) fn poll_frame(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        self.poll_send(cx)?;
        loop {
            let come = self.reading.take(&mut self.come)?;
            if self.come.is_empty() {
                // What was taken may be held for long, and with it all the room around it.
                self.come = BytesMut::new();
            }
            match come {
                Come::Data(data) => return Poll::Ready(Some(Ok(Frame::data(data)))),
                Come::Trailers(trailers) => return Poll::Ready(Some(Ok(Frame::trailers(trailers)))),
                Come::End => return Poll::Ready(None),
                Come::Nothing if ready!(self.poll_read(cx))? == 0 => self.reading.close()?,
                Come::Nothing => {}
            }
        }
    }

    pub(in crate::forward) fn has_ended(&self) -> bool {
        self.reading.has_ended()
    }

    pub(in crate::forward) fn size_hint(&self) -> SizeHint {
        self.reading.size_hint()
    }

    /// The connection, and what has come on it, once the other side has agreed to speak something else.
    pub(in crate::forward) fn into_parts(self) -> (Pin<Box<dyn Io>>, Bytes) {
        (self.io, self.come.freeze())
    }

    fn poll_send(&mut self, cx: &mut Context<'_>) -> Result<(), Broken> {
        match self.sending.poll(self.io.as_mut(), cx) {
            // It may have answered before it closed.
            Poll::Ready(Err(Broken::Failed(_))) if self.sending.has_begun() => self.sending.stop(),
            Poll::Ready(Err(broken)) => return Err(broken),
            Poll::Ready(Ok(())) | Poll::Pending => {}
        }
        Ok(())
    }

    /// Reads what has come; 0: the connection has ended.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        PIECE.with_borrow_mut(|piece| {
            let size = if self.read < IS_LARGE { PIECE_FIRST } else { piece.len() };
            let mut buffer = ReadBuf::new(&mut piece[..size]);
            ready!(self.io.as_mut().poll_read(cx, &mut buffer))?;
            let read = buffer.filled();
            self.come.extend_from_slice(read);
            self.read = self.read.saturating_add(read.len());
            Poll::Ready(Ok(read.len()))
        })
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

    use super::*;

    fn get(path: &str) -> Request<RequestBody> {
        let mut request = Request::new(RequestBody::empty());
        *request.uri_mut() = path.parse().unwrap();
        request.headers_mut().insert("host", "api.example".parse().unwrap());
        request
    }

    async fn asked(api: &mut DuplexStream) -> String {
        let mut text = Vec::new();
        while !text.ends_with(b"\r\n\r\n") {
            text.push(api.read_u8().await.unwrap());
        }
        String::from_utf8(text).unwrap()
    }

    async fn body(one: &mut One) -> Result<String, String> {
        let body = http_body_util::StreamBody::new(futures::stream::poll_fn(|cx| one.poll_frame(cx)));
        let read = body.collect().await.map_err(|broken| broken.to_string())?;
        Ok(String::from_utf8(read.to_bytes().to_vec()).unwrap())
    }

    async fn is_usable(one: &mut One) -> bool {
        poll_fn(|cx| Poll::Ready(one.is_usable(cx))).await
    }

    #[tokio::test]
    async fn a_connection_is_used_again_only_where_nothing_is_left_of_an_answer() {
        for (answer, expected, is_used_again) in [
            ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", Ok("hello"), true),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", Ok("hello"), true),
            ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 204 No\r\n\r\n", Ok(""), true),
            ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello", Ok("hello"), false),
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhello", Ok("he"), false),
            ("HTTP/1.1 204 No\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", Ok(""), false),
        ] {
            let (ours, mut api) = duplex(1 << 16);
            let mut one = One::new(ours);
            let (sent, ()) = tokio::join!(one.send(get("/v1/a?b=c")), async {
                assert_eq!(asked(&mut api).await, "GET /v1/a?b=c HTTP/1.1\r\nhost: api.example\r\n\r\n");
                api.write_all(answer.as_bytes()).await.unwrap();
            });
            assert!(sent.is_ok(), "{answer:?}");
            assert_eq!(body(&mut one).await, expected.map(str::to_owned), "{answer:?}");
            assert_eq!(is_usable(&mut one).await, is_used_again, "{answer:?}");
        }
    }

    #[tokio::test]
    async fn what_nobody_asked_for_makes_a_connection_unusable_and_nothing_is_sent_on_it() {
        for said in [&b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"[..], b""] {
            let (ours, mut api) = duplex(1 << 16);
            let mut one = One::new(ours);
            assert!(is_usable(&mut one).await);
            api.write_all(said).await.unwrap();
            if said.is_empty() {
                drop(api);
            }
            match one.send(get("/v1/a")).await {
                Err(Unanswered::Unsent(request)) => assert_eq!(request.uri(), "/v1/a"),
                Err(Unanswered::Broken(broken)) => panic!("{broken}"),
                Ok(_) => panic!("an answer"),
            }
        }
    }

    #[tokio::test]
    async fn a_body_that_is_cut_off_is_an_error_and_one_without_a_length_ends_with_the_connection() {
        for (answer, expected) in [
            ("HTTP/1.1 200 OK\r\n\r\nhello", Ok("hello")),
            ("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello", Err("the connection ended before the answer")),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
                Err("the connection ended before the answer"),
            ),
        ] {
            let (ours, mut api) = duplex(1 << 16);
            let mut one = One::new(ours);
            let (sent, ()) = tokio::join!(one.send(get("/")), async {
                asked(&mut api).await;
                api.write_all(answer.as_bytes()).await.unwrap();
                drop(api);
            });
            assert!(sent.is_ok(), "{answer:?}");
            let expected = expected.map(str::to_owned).map_err(str::to_owned);
            assert_eq!(body(&mut one).await, expected, "{answer:?}");
            assert!(!is_usable(&mut one).await);
        }
    }

    #[tokio::test]
    async fn answers_before_the_one_that_counts_have_a_bound() {
        let (ours, mut api) = duplex(1 << 16);
        let mut one = One::new(ours);
        let (sent, ()) = tokio::join!(one.send(get("/")), async {
            asked(&mut api).await;
            api.write_all("HTTP/1.1 100 Continue\r\n\r\n".repeat(INTERIM_MAX + 1).as_bytes()).await.unwrap();
        });
        assert!(matches!(sent, Err(Unanswered::Broken(Broken::Invalid("too much comes before it")))));
    }
}
