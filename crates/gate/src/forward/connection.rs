//! A connection of a client: by TLS or in the clear, of HTTP/1.1 or HTTP/2.

use std::{
    convert::Infallible,
    future::poll_fn,
    net::{SocketAddr, TcpStream},
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    task::Poll,
    time::{Duration, Instant},
};

use edge::{HEAD_ARRIVAL, HEAD_MAX, Holding, Place, Problem, Stream, Timers};
use http::{Method, StatusCode, header};
use hyper::{
    rt::Timer as _,
    server::conn::{http1, http2},
    service::service_fn,
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::ServerConfig;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::{mpsc, watch},
    task::unconstrained,
};
use tokio_rustls::TlsAcceptor;

use super::{alarm::Alarm, breaker::millis, call::Connected, prefixed::Prefixed, shared::Shared};

/// Most calls at once on a connection of HTTP/2.
const CALLS_MAX: u32 = 128;
/// How long a connection of HTTP/2 may ask nothing.
const ASKS: Duration = Duration::from_secs(5 * 60);
/// How often a client of HTTP/2 that says nothing is asked whether it is there.
const THERE: Duration = Duration::from_secs(60);
/// Most bytes of a body of HTTP/2 that come before the API has taken those before them.
const AHEAD: u32 = 256 << 10;

/// An accepted connection, and all that is needed to answer its requests.
pub(super) struct Connection {
    /// Registered with no runtime yet.
    pub(super) stream: TcpStream,
    pub(super) peer: SocketAddr,
    pub(super) place: Place,
    pub(super) timers: Timers,
    pub(super) shared: Arc<Shared>,
    /// `None`: in the clear.
    pub(super) tls: Option<Arc<ServerConfig>>,
    /// Says when to stop.
    pub(super) stopping: watch::Receiver<bool>,
    /// Held until it has ended.
    pub(super) alive: mpsc::Sender<()>,
}

impl Connection {
    /// Until it ends, or has to make room for another.
    pub(super) async fn answer(mut self, thread: usize) {
        let lost = self.place.lost();
        let alive = self.alive.clone();
        tokio::select! {
            biased;
            () = self.answer_all(thread) => {}
            () = lost => tracing::debug!("a connection was closed for another"),
        }
        drop(alive);
    }

    async fn answer_all(self, thread: usize) {
        let Self { stream, peer, place, timers, shared, tls, mut stopping, alive: _ } = self;
        let stream = match tokio::net::TcpStream::from_std(stream) {
            Ok(stream) => Stream::new(stream, timers.timer(), place),
            Err(error) => return tracing::error!(%error, "a connection can't be answered"),
        };
        let connected = Arc::new(Connected { shared, peer, is_secure: tls.is_some(), thread });
        let late = timers.timer().sleep(HEAD_ARRIVAL);
        // Nearly all connections are of the first kind, and each is kept for as long as its stream: the others have room of their own.
        let Some(tls) = tls else {
            let read = tokio::select! {
                read = Prefixed::read(stream) => read,
                () = late => return,
                _ = stopping.changed() => return,
            };
            return match read {
                Ok((stream, false)) => one(stream, connected, &timers, stopping).await,
                Ok((stream, true)) => Box::pin(two(stream, connected, &timers, stopping)).await,
                Err(error) => tracing::debug!(%error, "a connection broke off"),
            };
        };
        let agreed = tokio::select! {
            agreed = TlsAcceptor::from(tls).accept(stream) => agreed,
            () = late => return,
            _ = stopping.changed() => return,
        };
        match agreed {
            Err(error) => tracing::debug!(%error, "no TLS"),
            Ok(stream) if stream.get_ref().1.alpn_protocol() == Some(b"h2") => {
                Box::pin(two(stream, connected, &timers, stopping)).await;
            }
            Ok(stream) => Box::pin(one(Prefixed::unread(stream), connected, &timers, stopping)).await,
        }
    }
}

/// Answers the requests of a connection of HTTP/1.1.
async fn one<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
    connected: Arc<Connected>,
    timers: &Timers,
    mut stopping: watch::Receiver<bool>,
) {
    let (stream, left) = Holding::new(stream);
    // One call at a time waits for one thing at a time.
    let timer = Arc::new(timers.timer());
    let answering = Arc::clone(&connected);
    let service = service_fn(move |request| {
        let (connected, timer) = (Arc::clone(&answering), Arc::clone(&timer));
        // Given back when the answer has begun, which a stream goes on with for hours: the library keeps room for what it is given.
        Box::pin(async move { Ok::<_, Infallible>(connected.answer(timer, request).await) })
    });
    let connection = http1::Builder::new()
        .timer(timers.timer())
        .header_read_timeout(HEAD_ARRIVAL)
        .max_buf_size(HEAD_MAX)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let ended = {
        // It goes with this block: only then is what it has left there to be taken.
        let mut connection = pin!(connection);
        tokio::select! {
            ended = connection.as_mut() => ended,
            () = told(&mut stopping) => {
                connection.as_mut().graceful_shutdown();
                connection.as_mut().await
            }
        }
    };
    // To what a client of HTTP/2 says first the library gives no answer at all.
    let is_unread = ended.as_ref().is_err_and(hyper::Error::is_parse);
    if let Some(unread) = left.take().filter(|unread| is_unread || unread.is_refused()) {
        let answer = is_unread.then(|| refuse_unread(&connected.shared, unread.status()));
        // Nobody waits for it longer than for a head.
        tokio::select! {
            sent = unread.end(answer) => if sent.is_err() {
                tracing::debug!("a refusal could not be sent");
            },
            () = timers.timer().sleep(HEAD_ARRIVAL) => {}
        }
    }
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke off");
    }
}

/// Ready when the signal to stop has come. A connection asks with everything that happens on it, in one task: the lock behind the signal,
/// which connections share, is taken once, to be woken, and then a look at a number is enough.
async fn told(stopping: &mut watch::Receiver<bool>) {
    let signal = stopping.clone();
    // What has nothing left of its task's budget would not wait yet.
    let mut changed = pin!(unconstrained(stopping.changed()));
    let mut is_waiting = false;
    poll_fn(|cx| {
        if is_waiting && signal.has_changed().is_ok_and(|has_changed| !has_changed) {
            return Poll::Pending;
        }
        is_waiting = true;
        changed.as_mut().poll(cx).map(drop)
    })
    .await;
}

/// The answer to a request whose head can't be read.
fn refuse_unread(shared: &Shared, status: StatusCode) -> axum::response::Response {
    let context = shared.edge.begin(shared.route, &Method::GET, None);
    let problem = Problem::of_unread(status);
    let code = problem.kind().code;
    let mut response = shared.edge.render(&context, Ok(axum::response::IntoResponse::into_response(problem)));
    response.headers_mut().insert(super::cors::ERROR.clone(), http::HeaderValue::from_static(code));
    response.headers_mut().insert(header::VARY, http::HeaderValue::from_static("Origin"));
    shared.edge.finish(context, response)
}

/// How much a connection of HTTP/2 asks.
#[derive(Default)]
struct Asked {
    now: AtomicUsize,
    /// When a call last ended, in milliseconds.
    last: AtomicU64,
}

/// A call that is being answered.
struct Asking(Arc<Asked>);

impl Asking {
    fn new(asked: &Arc<Asked>) -> Self {
        asked.now.fetch_add(1, Relaxed);
        Self(Arc::clone(asked))
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        self.0.last.store(millis(), Relaxed);
        self.0.now.fetch_sub(1, Relaxed);
    }
}

/// Answers the requests of a connection of HTTP/2.
async fn two<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
    connected: Arc<Connected>,
    timers: &Timers,
    mut stopping: watch::Receiver<bool>,
) {
    let asked = Arc::new(Asked { now: AtomicUsize::new(0), last: AtomicU64::new(millis()) });
    let (asking, of_calls) = (Arc::clone(&asked), timers.clone());
    let service = service_fn(move |request| {
        let (connected, asking, timer) = (Arc::clone(&connected), Asking::new(&asking), of_calls.timer());
        async move {
            let answer = connected.answer(Arc::new(timer), request).await;
            // A body goes on, and is watched over on its own.
            drop(asking);
            Ok::<_, Infallible>(answer)
        }
    });
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(timers.timer())
        .max_concurrent_streams(CALLS_MAX)
        .max_header_list_size(u32::try_from(HEAD_MAX).unwrap_or(u32::MAX))
        .initial_stream_window_size(AHEAD)
        .initial_connection_window_size(AHEAD * 4)
        .keep_alive_interval(THERE);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let mut alarm = Alarm::new(Arc::new(timers.timer()));
    let mut until = Instant::now() + ASKS;
    let silent = poll_fn(move |cx| {
        while alarm.poll(cx, until).is_ready() {
            let silent = Duration::from_millis(asked.silent_for());
            if silent >= ASKS {
                return Poll::Ready(());
            }
            until = Instant::now() + ASKS.saturating_sub(silent);
        }
        Poll::Pending
    });
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        _ = async { tokio::select! { _ = stopping.changed() => {}, () = silent => {} } } => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke off");
    }
}

impl Asked {
    fn silent_for(&self) -> u64 {
        if self.now.load(Relaxed) > 0 { 0 } else { millis().saturating_sub(self.last.load(Relaxed)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_signal_to_stop_wakes_who_has_asked_often() {
        let (stop, mut stopping) = watch::channel(false);
        let mut told = pin!(told(&mut stopping));
        for _ in 0..3 {
            let polled = poll_fn(|cx| Poll::Ready(told.as_mut().poll(cx))).await;
            assert!(polled.is_pending());
        }
        let sends = async {
            tokio::task::yield_now().await;
            stop.send(true).unwrap();
        };
        let both = async { tokio::join!(told, sends) };
        tokio::time::timeout(Duration::from_secs(5), both).await.unwrap();
    }
}
