//! A client and an API that write and read bytes, and nothing is done for them.

use std::{
    future::Future,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

use crate::support::soon;

/// A request, as an API gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    /// With all of its lines, as they came.
    pub(crate) head: String,
    /// Without its framing.
    pub(crate) body: Vec<u8>,
    /// Which connection it came on.
    pub(crate) connection: usize,
}

impl Seen {
    /// Method and target.
    pub(crate) fn line(&self) -> &str {
        self.head.lines().next().unwrap().strip_suffix(" HTTP/1.1").unwrap()
    }

    /// The values of a header, of each of its lines.
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        let lines = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        lines.filter(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).collect()
    }
}

type Handling = Pin<Box<dyn Future<Output = ()> + Send>>;

/// An API that keeps all that it sees.
pub(crate) struct Api {
    pub(crate) address: SocketAddr,
    pub(crate) seen: Arc<Mutex<Vec<Seen>>>,
    /// Every byte that came, whatever it was.
    pub(crate) bytes: Arc<Mutex<Vec<u8>>>,
    accepting: JoinHandle<()>,
}

impl Drop for Api {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// A connection to the API, which reads requests strictly.
pub(crate) struct Connection {
    pub(crate) stream: TcpStream,
    buffer: Vec<u8>,
    number: usize,
    seen: Arc<Mutex<Vec<Seen>>>,
    bytes: Arc<Mutex<Vec<u8>>>,
}

impl Api {
    /// Answers every request with 200 and `ok`.
    pub(crate) async fn ok() -> Self {
        Self::answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await
    }

    /// Answers every request with these bytes.
    pub(crate) async fn answering(answer: &'static str) -> Self {
        Self::start(move |mut connection| {
            Box::pin(async move {
                while connection.request().await.is_some() {
                    if connection.stream.write_all(answer.as_bytes()).await.is_err() {
                        return;
                    }
                }
            })
        })
        .await
    }

    /// Handles each connection so.
    pub(crate) async fn start(handle: impl Fn(Connection) -> Handling + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (seen, bytes) = (Arc::default(), Arc::default());
        let (all_seen, all_bytes) = (Arc::clone(&seen), Arc::clone(&bytes));
        let accepting = tokio::spawn(async move {
            for number in 0.. {
                let Ok((stream, _)) = listener.accept().await else { return };
                let (seen, bytes) = (Arc::clone(&all_seen), Arc::clone(&all_bytes));
                tokio::spawn(handle(Connection { stream, buffer: Vec::new(), number, seen, bytes }));
            }
        });
        Self { address, seen, bytes, accepting }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

impl Connection {
    /// Reads more; false: there is no more.
    async fn more(&mut self) -> bool {
        let mut piece = [0; 16 << 10];
        let read = self.stream.read(&mut piece).await.unwrap_or(0);
        self.buffer.extend_from_slice(&piece[..read]);
        self.bytes.lock().unwrap().extend_from_slice(&piece[..read]);
        read > 0
    }

    /// The head of the next request.
    pub(crate) async fn head(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                let head: Vec<u8> = self.buffer.drain(..end + 4).collect();
                return Some(head.iter().map(|byte| char::from(*byte)).collect());
            }
            if !self.more().await {
                return None;
            }
        }
    }

    /// The next request, whole.
    pub(crate) async fn request(&mut self) -> Option<Seen> {
        let head = self.head().await?;
        let value = |name: &str| {
            let lines = head.lines().filter_map(|line| line.split_once(':'));
            lines.filter(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned()).next()
        };
        let body = if let Some(coding) = value("transfer-encoding") {
            assert_eq!((coding.as_str(), value("content-length")), ("chunked", None), "{head}");
            self.chunks().await?
        } else {
            let length = value("content-length").map_or(0, |length| length.parse().unwrap());
            self.take(length).await?
        };
        let seen = Seen { head, body, connection: self.number };
        self.seen.lock().unwrap().push(seen.clone());
        Some(seen)
    }

    /// So many bytes of a body.
    pub(crate) async fn take(&mut self, length: usize) -> Option<Vec<u8>> {
        while self.buffer.len() < length {
            if !self.more().await {
                return None;
            }
        }
        Some(self.buffer.drain(..length).collect())
    }

    async fn line(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.buffer.windows(2).position(|two| two == b"\r\n") {
                let line: Vec<u8> = self.buffer.drain(..end + 2).collect();
                return Some(String::from_utf8(line[..end].to_vec()).unwrap());
            }
            if !self.more().await {
                return None;
            }
        }
    }

    async fn chunks(&mut self) -> Option<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let length = usize::from_str_radix(&self.line().await?, 16).unwrap();
            if length == 0 {
                // Trailers, each as a line of its own.
                loop {
                    let line = self.line().await?;
                    if line.is_empty() {
                        return Some(body);
                    }
                    body.extend_from_slice(format!("\n[trailer {line}]").as_bytes());
                }
            }
            body.extend(self.take(length).await?);
            assert_eq!(self.take(2).await?, b"\r\n");
        }
    }

    pub(crate) async fn write(&mut self, text: &str) {
        let _ = self.stream.write_all(text.as_bytes()).await;
    }

    /// The connection itself, on which nothing has come behind the last request yet.
    pub(crate) fn into_stream(self) -> TcpStream {
        assert!(self.buffer.is_empty(), "it came too early: {}", self.buffer.escape_ascii());
        self.stream
    }
}

/// A client's connection.
pub(crate) struct Client {
    pub(crate) stream: TcpStream,
    buffer: Vec<u8>,
}

/// An answer, as a client reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        lines.filter(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).next()
    }

    pub(crate) fn code(&self) -> Option<&str> {
        self.header("x-keydesk-error")
    }
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self { stream: TcpStream::connect(address).await.unwrap(), buffer: Vec::new() }
    }

    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).await.unwrap();
    }

    /// Reads more; false: there is no more.
    async fn more(&mut self) -> bool {
        let mut piece = [0; 16 << 10];
        let read = soon("bytes of an answer", self.stream.read(&mut piece)).await.unwrap_or(0);
        self.buffer.extend_from_slice(&piece[..read]);
        read > 0
    }

    /// Up to and with this text; `None`: it ended before.
    pub(crate) async fn read_to(&mut self, text: &str) -> Option<String> {
        loop {
            let found = self.buffer.windows(text.len()).position(|at| at == text.as_bytes());
            if let Some(at) = found {
                let read: Vec<u8> = self.buffer.drain(..at + text.len()).collect();
                return Some(String::from_utf8_lossy(&read).into_owned());
            }
            if !self.more().await {
                return None;
            }
        }
    }

    /// All that still comes.
    pub(crate) async fn rest(&mut self) -> String {
        String::from_utf8_lossy(&self.rest_as_bytes().await).into_owned()
    }

    /// The same, as it comes.
    pub(crate) async fn rest_as_bytes(&mut self) -> Vec<u8> {
        while self.more().await {}
        std::mem::take(&mut self.buffer)
    }

    /// Sends bytes, so many at once, and ends its own direction. All that came meanwhile and afterwards.
    pub(crate) async fn exchange(&mut self, bytes: &[u8], at_once: usize) -> Vec<u8> {
        self.stream.set_nodelay(true).unwrap();
        let mut came = std::mem::take(&mut self.buffer);
        let (mut reading, mut writing) = self.stream.split();
        let sends = async {
            for piece in bytes.chunks(at_once) {
                writing.write_all(piece).await.unwrap();
            }
            writing.shutdown().await.unwrap();
        };
        let both = async { tokio::join!(sends, reading.read_to_end(&mut came)).1 };
        soon("all that comes", both).await.unwrap();
        came
    }

    /// The head of the next answer.
    pub(crate) async fn head(&mut self) -> Option<String> {
        self.read_to("\r\n\r\n").await
    }

    /// The next answer, to a request that has this method.
    pub(crate) async fn answer_to(&mut self, method: &str) -> Option<Answer> {
        let head = self.head().await?;
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let mut answer = Answer { status, head, body: String::new() };
        if method == "HEAD" || status == 204 || status == 304 || status < 200 {
            return Some(answer);
        }
        if answer.header("transfer-encoding") == Some("chunked") {
            loop {
                let line = self.read_to("\r\n").await?;
                let length = usize::from_str_radix(line.trim(), 16).unwrap();
                if length == 0 {
                    loop {
                        let line = self.read_to("\r\n").await?;
                        if line == "\r\n" {
                            return Some(answer);
                        }
                        answer.body += &format!("\n[trailer {}]", line.trim());
                    }
                }
                answer.body += &self.exactly(length).await?;
                self.exactly(2).await?;
            }
        }
        let length = answer.header("content-length").map_or(0, |length| length.parse().unwrap());
        answer.body = self.exactly(length).await?;
        Some(answer)
    }

    async fn exactly(&mut self, length: usize) -> Option<String> {
        while self.buffer.len() < length {
            if !self.more().await {
                return None;
            }
        }
        let read: Vec<u8> = self.buffer.drain(..length).collect();
        Some(String::from_utf8_lossy(&read).into_owned())
    }

    /// The next answer.
    pub(crate) async fn answer(&mut self) -> Option<Answer> {
        self.answer_to("GET").await
    }
}
