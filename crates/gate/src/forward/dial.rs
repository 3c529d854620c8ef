use std::{fmt, io};

use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::TlsConnector;

use super::{
    link::Link,
    one::{Io, One},
    upstream::{Address, Protocol, Upstream},
};

/// Longest head of an answer of HTTP/2, in bytes.
const HEAD_MAX: u32 = 64 << 10;
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

/// Connects to an address. Whoever waits for it does so on the thread that answers: it is rare.
pub(super) async fn dial(upstream: &Upstream, address: &Address) -> Result<Link, Unreachable> {
    timeout(upstream.times.connect, connect(upstream, address)).await.unwrap_or(Err(Unreachable::Late))
}

async fn connect(upstream: &Upstream, address: &Address) -> Result<Link, Unreachable> {
    if let Some(door) = &address.door {
        let stream = door.open().await.map_err(Unreachable::Refused)?;
        return begin(stream, false).await;
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
            return begin(stream, speaks_2).await;
        }
    };
    begin(stream, speaks_2).await
}

async fn begin(stream: impl Io + Unpin + 'static, speaks_2: bool) -> Result<Link, Unreachable> {
    if !speaks_2 {
        return Ok(Link::One(Box::new(One::new(stream))));
    }
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder.initial_stream_window_size(AHEAD).initial_connection_window_size(AHEAD * 4).max_header_list_size(HEAD_MAX);
    let (send, connection) = builder.handshake(TokioIo::new(stream)).await.map_err(Unreachable::NotHttp)?;
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection to an API broke off");
        }
    });
    Ok(Link::Two(send))
}
