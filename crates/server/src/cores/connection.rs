use std::{
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use hyper::{server::conn::http1, service::service_fn};
use hyper_util::{rt::TokioIo, server::graceful::Watcher};
use tokio::runtime::Handle;

use super::here::Here;
use crate::{dispatcher::Dispatcher, timekeeper::Timer};

/// How long the head of a request may take, counted from when the connection is free for it.
const HEAD_ARRIVAL: Duration = Duration::from_secs(10);

/// Most bytes of a request's head, and of what is read ahead of its body.
const HEAD_MAX: usize = 64 * 1024;

/// A connection that has been accepted, with all that is needed to answer its requests.
pub(crate) struct Connection {
    /// Not registered with a runtime yet.
    pub(crate) stream: TcpStream,
    pub(crate) peer: SocketAddr,
    pub(crate) dispatcher: Dispatcher,
    pub(crate) timer: Timer,
    /// Says when to stop.
    pub(crate) watcher: Watcher,
    /// The runtime for requests that must wait.
    pub(crate) elsewhere: Handle,
}

impl Connection {
    pub(super) async fn answer(self) {
        let Self { stream, peer, dispatcher, timer, watcher, elsewhere } = self;
        let stream = match tokio::net::TcpStream::from_std(stream) {
            Ok(stream) => stream,
            Err(error) => return tracing::error!(%error, "a connection can't be answered"),
        };
        let service = service_fn(move |request| Here::new(dispatcher.answer_to(Some(peer), request), &elsewhere));
        let connection = http1::Builder::new()
            .timer(timer)
            .header_read_timeout(HEAD_ARRIVAL)
            .max_buf_size(HEAD_MAX)
            .serve_connection(TokioIo::new(stream), service);
        if let Err(error) = watcher.watch(connection).await {
            tracing::debug!(%error, "a connection broke off");
        }
    }
}
