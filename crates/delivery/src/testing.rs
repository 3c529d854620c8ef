//! A receiver for tests: a real server on this machine, that remembers what it was sent and answers as it is told.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures::future::BoxFuture;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::Notify,
};

use crate::Resolver;

/// What was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// The request line: method, path, version.
    pub line: String,
    /// Names in small letters, and values.
    pub headers: Vec<(String, String)>,
    /// The body, byte for byte.
    pub body: Vec<u8>,
}

impl Received {
    /// The value of a header; empty: it has none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(own, _)| own == name).map_or("", |(_, value)| value)
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// What is answered: bytes as they are, after a while.
#[derive(Clone, Debug)]
pub struct Reply {
    /// A status line, headers, and a body.
    pub bytes: Vec<u8>,
    /// How long it takes.
    pub after: Duration,
}

impl Reply {
    /// A status without a body.
    pub fn status(status: u16) -> Self {
        Self::with(status, "", "")
    }

    /// A status with further headers, each ended by a line's end, and a body.
    pub fn with(status: u16, headers: &str, body: &str) -> Self {
        let text = format!("HTTP/1.1 {status} Some\r\ncontent-length: {}\r\n{headers}\r\n{body}", body.len());
        Self { bytes: text.into_bytes(), after: Duration::ZERO }
    }

    /// The same after a while.
    pub fn after(self, after: Duration) -> Self {
        Self { after, ..self }
    }
}

type Answers = dyn Fn(&Received) -> Reply + Send + Sync;

struct Shared {
    received: Mutex<Vec<Received>>,
    answers: Mutex<Arc<Answers>>,
    arrived: Notify,
}

/// A receiver. It ends with the test.
pub struct Receiver {
    address: SocketAddr,
    shared: Arc<Shared>,
}

impl Receiver {
    /// One on a port that is free, which accepts everything.
    pub async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            received: Mutex::default(),
            answers: Mutex::new(Arc::new(|_: &Received| Reply::status(204))),
            arrived: Notify::new(),
        });
        let own = Arc::clone(&shared);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, Arc::clone(&own)));
            }
        });
        Ok(Self { address, shared })
    }

    /// From now on it answers so.
    pub fn answer(&self, answers: impl Fn(&Received) -> Reply + Send + Sync + 'static) {
        *self.shared.answers.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(answers);
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("http://{}/hooks?from=keydesk", self.address)
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// What it was sent so far.
    pub fn received(&self) -> Vec<Received> {
        self.shared.received.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until it was sent something that it has not been waited for.
    pub async fn arrival(&self) {
        self.shared.arrived.notified().await;
    }
}

/// Reads one request, and answers it.
async fn answer(mut stream: TcpStream, shared: Arc<Shared>) {
    let Some(received) = read(&mut stream).await else { return };
    shared.received.lock().unwrap_or_else(PoisonError::into_inner).push(received.clone());
    shared.arrived.notify_one();
    let answers = Arc::clone(&shared.answers.lock().unwrap_or_else(PoisonError::into_inner));
    let reply = answers(&received);
    tokio::time::sleep(reply.after).await;
    // Whoever has asked may have hung up.
    let _ = stream.write_all(&reply.bytes).await;
    let _ = stream.shutdown().await;
}

async fn read(stream: &mut TcpStream) -> Option<Received> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8_lossy(bytes.get(..end)?).into_owned();
    let mut lines = head.lines();
    let line = lines.next()?.to_owned();
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length: usize =
        headers.iter().find(|(name, _)| name == "content-length").and_then(|(_, value)| value.parse().ok())?;
    let mut body = bytes.split_off(end + 4);
    while body.len() < length {
        if stream.read_buf(&mut body).await.ok()? == 0 {
            return None;
        }
    }
    Some(Received { line, headers, body })
}

/// A resolver that gives other addresses each time: the next of its list, and the last one for ever.
#[derive(Debug)]
pub struct Rebinding(Mutex<Vec<Vec<IpAddr>>>);

impl Rebinding {
    /// One that gives these, one after another.
    pub fn new(answers: &[&[&str]]) -> Self {
        let address = |text: &&str| text.parse().ok();
        let mut answers: Vec<Vec<IpAddr>> =
            answers.iter().map(|answer| answer.iter().filter_map(address).collect()).collect();
        answers.reverse();
        Self(Mutex::new(answers))
    }
}

impl Resolver for Rebinding {
    fn resolve<'a>(&'a self, _host: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        let mut answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let next = if answers.len() > 1 { answers.pop() } else { answers.last().cloned() };
        drop(answers);
        Box::pin(async move { next.ok_or_else(|| io::ErrorKind::NotFound.into()) })
    }
}
