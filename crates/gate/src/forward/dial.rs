use std::{fmt, io};

use hyper::{
    client::conn::{http1, http2},
    rt::{Read, Write},
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::TlsConnector;

use super::{
    link::{Link, One},
    upstream::{Address, Protocol, Upstream},
};

/// Longest head of an answer, in bytes.
const HEAD_MAX: usize = 64 << 10;
/// The same where an answer may go on for hours. So much is read at once, and room for it is kept: a buffer that grew with a
/// stream's first snapshot would stay as large as long as the stream.
const STREAM_HEAD_MAX: usize = 8 << 10;
/// Most bytes of an answer that are read before the client has taken those before them.
const AHEAD: u32 = 256 << 10;

/// Why there is no connection.
#[derive(Debug)]
pub(super) enum Unreachable {
    Refused(io::Error),
    NoTls(io::Error),
    NotHttp(hyper::Error),
    Late,
}

impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(error) => write!(f, "no connection: {error}"),
            Self::NoTls(error) => write!(f, "no TLS: {error}"),
            Self::NotHttp(error) => write!(f, "no HTTP: {error}"),
            Self::Late => f.write_str("no connection in time"),
        }
    }
}

/// Connects to an address, for a stream alone or for calls after each other. Whoever waits for it does so on the thread that
/// answers: it is rare.
pub(super) async fn dial(upstream: &Upstream, address: &Address, is_stream: bool) -> Result<Link, Unreachable> {
    timeout(upstream.times.connect, connect(upstream, address, is_stream)).await.unwrap_or(Err(Unreachable::Late))
}

async fn connect(upstream: &Upstream, address: &Address, is_stream: bool) -> Result<Link, Unreachable> {
    if let Some(door) = &address.door {
        let stream = door.open().await.map_err(Unreachable::Refused)?;
        return begin(TokioIo::new(stream), false, is_stream).await;
    }
    let stream = TcpStream::connect((&*address.host, address.port)).await.map_err(Unreachable::Refused)?;
    // Heads are small and written at once.
    let _ = stream.set_nodelay(true);
    let speaks_2 = match (address.protocol, &address.server_name) {
        (Protocol::Http1, _) => false,
        (Protocol::Http2, _) => true,
        (Protocol::Tls, None) => return Err(Unreachable::NoTls(io::ErrorKind::InvalidInput.into())),
        (Protocol::Tls, Some(name)) => {
            let connector = TlsConnector::from(upstream.tls.clone());
            let stream = connector.connect(name.clone(), stream).await.map_err(Unreachable::NoTls)?;
            let speaks_2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
            return begin(TokioIo::new(stream), speaks_2, is_stream).await;
        }
    };
    begin(TokioIo::new(stream), speaks_2, is_stream).await
}

async fn begin<S: Read + Write + Unpin + Send + 'static>(
    stream: S,
    speaks_2: bool,
    is_stream: bool,
) -> Result<Link, Unreachable> {
    if !speaks_2 {
        let mut builder = http1::Builder::new();
        if is_stream {
            builder.max_header_size(STREAM_HEAD_MAX).read_buf_exact_size(Some(STREAM_HEAD_MAX));
        } else {
            builder.max_header_size(HEAD_MAX);
        }
        let handshake = builder.handshake(stream).await;
        let (send, connection) = handshake.map_err(Unreachable::NotHttp)?;
        return Ok(Link::One(One { send, connection: Box::pin(connection.with_upgrades()), has_ended: false }));
    }
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .initial_stream_window_size(AHEAD)
        .initial_connection_window_size(AHEAD * 4)
        .max_header_list_size(u32::try_from(HEAD_MAX).unwrap_or(u32::MAX));
    let (send, connection) = builder.handshake(stream).await.map_err(Unreachable::NotHttp)?;
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection to an API broke off");
        }
    });
    Ok(Link::Two(send))
}
