use std::{
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use http::Request;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{rt::TokioIo, server::graceful::Watcher};
use tokio::runtime::Handle;

use super::here::Here;
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
        let stream = Stream::new(stream, timers.timer(), place);
        let service = service_fn(move |request| Here::new(dispatcher.answer_to(Some(peer), request), &elsewhere));
        let connection = http1::Builder::new()
            .timer(timers.timer())
            .header_read_timeout(HEAD_ARRIVAL)
            .max_buf_size(HEAD_MAX)
            .serve_connection(TokioIo::new(stream), service);
        if let Err(error) = watcher.watch(connection).await {
            tracing::debug!(%error, "a connection broke off");
        }
    }
}
