use std::{
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use axum::response::Response;
use http::{Request, StatusCode};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{rt::TokioIo, server::graceful::Watcher};
use tokio::runtime::Handle;

use super::{here::Here, unread::Holding};
use crate::{Answering, Place, Stream, timekeeper::Timers};

/// How long the head of a request may take, counted from when the connection is free for it: so a connection that says nothing
/// is closed after this time.
const HEAD_ARRIVAL: Duration = Duration::from_secs(10);

/// Most bytes of a request's head, and of the part of its body that is read ahead.
const HEAD_MAX: usize = 64 * 1024;

/// Answers the requests of a connection.
pub trait Answer: Clone + Send + 'static {
    /// Answers the request of whoever is connected.
    fn answer_to(&self, peer: Option<SocketAddr>, request: Request<Incoming>) -> Answering;

    /// The answer to a request whose head could not be read, or is too long, with this status. Its target is known as far as it was
    /// read; it may be empty.
    fn refuse_unread(&self, target: &str, status: StatusCode) -> Response;
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
    pub(super) async fn answer(self) {
        let Self { stream, peer, dispatcher, place, timers, watcher, elsewhere } = self;
        let stream = match tokio::net::TcpStream::from_std(stream) {
            Ok(stream) => stream,
            Err(error) => return tracing::error!(%error, "a connection can't be answered"),
        };
        let (stream, left) = Holding::new(Stream::new(stream, timers.timer(), place));
        let answering = dispatcher.clone();
        let service = service_fn(move |request| Here::new(answering.answer_to(Some(peer), request), &elsewhere));
        let connection = http1::Builder::new()
            .timer(timers.timer())
            .header_read_timeout(HEAD_ARRIVAL)
            .max_buf_size(HEAD_MAX)
            .serve_connection(TokioIo::new(stream), service);
        let ended = watcher.watch(connection).await;
        if let Some(unread) = left.take() {
            let is_unread = ended.as_ref().is_err_and(hyper::Error::is_parse);
            let answer = is_unread.then(|| dispatcher.refuse_unread(unread.target(), unread.status()));
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
