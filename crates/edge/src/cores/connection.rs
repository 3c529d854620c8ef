use std::{
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use axum::response::Response;
use http::{HeaderValue, Request, StatusCode, Version, header};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{rt::TokioIo, server::graceful::Watcher};
use tokio::runtime::Handle;

use super::{here::Here, unread::Holding};
use crate::{Answering, Place, Problem, Stream, timekeeper::Timers};

/// How long the head of a request may take, counted from when the connection is free for it: so a connection that says nothing
/// is closed after this time.
pub const HEAD_ARRIVAL: Duration = Duration::from_secs(10);

/// Most bytes of a request's head, and of the part of its body that is read ahead. The library reads in pieces and may have
/// read more when it looks: see [`refusal`].
pub const HEAD_MAX: usize = 64 * 1024;

/// Answers the requests of a connection.
pub trait Answer: Clone + Send + 'static {
    /// Answers the request of whoever is connected.
    fn answer_to(&self, peer: Option<SocketAddr>, request: Request<Incoming>) -> Answering;

    /// The answer to a request whose head could not be read, or must not be answered, with this problem. Its target is known as far
    /// as it was read; it may be empty.
    fn refuse_unread(&self, target: &str, problem: Problem) -> Response;
}

/// An accepted connection, and all that is needed to answer its requests.
pub(super) struct Connection<A> {
    /// Registered with no runtime yet.
    pub(super) stream: TcpStream,
    pub(super) peer: SocketAddr,
    pub(super) dispatcher: A,
    pub(super) place: Place,
    pub(super) timers: Timers,
    /// Says when to stop.
    pub(super) watcher: Watcher,
    /// The runtime for work that waits.
    pub(super) elsewhere: Handle,
}

impl<A: Answer> Connection<A> {
    /// Until it ends, or has to make room for another.
    pub(super) async fn answer(mut self: Box<Self>) {
        let lost = self.place.lost();
        tokio::select! {
            biased;
            () = (*self).answer_all() => {}
            () = lost => tracing::debug!("a connection was closed for another"),
        }
    }

    async fn answer_all(self) {
        let Self { stream, peer, dispatcher, place, timers, watcher, elsewhere } = self;
        let stream = match tokio::net::TcpStream::from_std(stream) {
            Ok(stream) => stream,
            Err(error) => return tracing::error!(%error, "a connection can't be answered"),
        };
        let (stream, left) = Holding::new(Stream::new(stream, timers.timer(), place));
        let answering = dispatcher.clone();
        let service = service_fn(move |request| {
            let answer = match refusal(&request) {
                None => answering.answer_to(Some(peer), request),
                Some(problem) => Answering::Now(Some(refuse(&answering, &request, problem))),
            };
            Here::new(answer, &elsewhere)
        });
        let connection = http1::Builder::new()
            .timer(timers.timer())
            .header_read_timeout(HEAD_ARRIVAL)
            .max_buf_size(HEAD_MAX)
            .serve_connection(TokioIo::new(stream), service);
        let ended = watcher.watch(connection).await;
        // To what a client of HTTP/2 says first the library gives no answer at all.
        let is_unread = ended.as_ref().is_err_and(hyper::Error::is_parse);
        if let Some(unread) = left.take().filter(|unread| is_unread || unread.is_refused()) {
            let answer =
                is_unread.then(|| dispatcher.refuse_unread(unread.target(), Problem::of_unread(unread.status())));
            // Nobody waits for it longer than for a head.
            let sent = tokio::time::timeout(HEAD_ARRIVAL, unread.end(answer)).await;
            if !matches!(sent, Ok(Ok(()))) {
                tracing::debug!("a refusal could not be sent");
            }
        }
        if let Err(error) = ended {
            tracing::debug!(%error, "a connection broke off");
        }
    }
}

/// Why a request whose head the library has read is not answered.
pub fn refusal<B>(request: &Request<B>) -> Option<Problem> {
    if head_length(request) > HEAD_MAX {
        return Some(Problem::of_unread(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE));
    }
    // RFC 9112, 3.2. Whoever is in front may have gone by another of two hosts.
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let is_named_once = hosts.next().is_some() && hosts.next().is_none();
    let is_wrong = !is_named_once && request.version() == Version::HTTP_11;
    is_wrong.then(|| Problem::invalid("A request of HTTP/1.1 has exactly one Host header."))
}

/// As it was sent, give or take blanks and line ends.
fn head_length<B>(request: &Request<B>) -> usize {
    let uri = request.uri();
    let target =
        uri.path().len() + uri.query().map_or(0, str::len) + uri.authority().map_or(0, |named| named.as_str().len());
    let line = request.method().as_str().len() + target + "  HTTP/1.1\r\n\r\n".len();
    line + request
        .headers()
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + ": \r\n".len())
        .sum::<usize>()
}

/// The connection ends with it.
#[cold]
fn refuse<A: Answer, B>(answering: &A, request: &Request<B>, problem: Problem) -> Response {
    let mut response = answering.refuse_unread(&request.uri().to_string(), problem);
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(version: Version, headers: &[(&str, &str)]) -> Option<u16> {
        let mut request = Request::get("/authz?x=1").version(version);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        refusal(&request.body(()).unwrap()).map(|problem| problem.kind().status)
    }

    #[test]
    fn a_request_of_http_1_1_names_one_host() {
        const HOST: (&str, &str) = ("host", "desk.example");
        for (headers, in_1_1) in [
            (&[][..], Some(400)),
            (&[HOST][..], None),
            (&[("host", "")][..], None),
            (&[HOST, HOST][..], Some(400)),
            (&[HOST, ("host", "evil.example")][..], Some(400)),
        ] {
            assert_eq!(refused(Version::HTTP_11, headers), in_1_1, "{headers:?}");
            assert_eq!(refused(Version::HTTP_10, headers), None, "{headers:?}");
        }
    }

    #[test]
    fn a_head_has_no_more_bytes_than_is_promised() {
        let head = |length| format!("GET /authz?x=1 HTTP/1.1\r\nhost: a\r\nx: {}\r\n\r\n", "v".repeat(length)).len();
        let most = HEAD_MAX - head(0);
        for (length, expected) in [(most, None), (most + 2, Some(431))] {
            assert_eq!(refused(Version::HTTP_11, &[("host", "a"), ("x", &"v".repeat(length))]), expected);
        }
    }
}
