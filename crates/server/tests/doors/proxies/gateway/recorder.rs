use std::{
    convert::Infallible,
    io,
    sync::{Arc, Mutex, MutexGuard},
};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufStream},
    net::{TcpListener, TcpStream},
};

/// An API that reads requests as strictly as can be, and keeps all of them. It answers each with its method and target.
pub(super) struct Recorder {
    pub(super) url: String,
    log: Arc<Mutex<Log>>,
}

#[derive(Default)]
struct Log {
    seen: Vec<Seen>,
    /// What was no request.
    unreadable: Vec<String>,
}

/// A request, as the API got it.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    /// Its lines, byte for byte, each with a line feed behind it.
    pub(super) head: String,
    /// Without its framing; `None`: it has not ended.
    pub(super) body: Option<Vec<u8>>,
}

/// Why nothing more is read of a connection.
enum Ended {
    Closed,
    Unreadable(String),
}

impl From<io::Error> for Ended {
    fn from(_: io::Error) -> Self {
        Self::Closed
    }
}

impl Seen {
    /// Method and target.
    pub(super) fn line(&self) -> &str {
        self.head.lines().next().and_then(|line| line.strip_suffix(" HTTP/1.1")).unwrap_or_default()
    }

    /// Names and values of its headers.
    pub(super) fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.head.lines().skip(1).filter_map(|line| line.split_once(':')).map(|(name, value)| (name, value.trim()))
    }

    /// The values of a header, of each of its lines.
    pub(super) fn all(&self, name: &str) -> Vec<&str> {
        self.headers().filter(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value).collect()
    }

    /// The value of a header that is there once.
    pub(super) fn one(&self, name: &str) -> &str {
        let all = self.all(name);
        assert_eq!(all.len(), 1, "{name} is not there once: {self:?}");
        all[0]
    }
}

impl Recorder {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let log: Arc<Mutex<Log>> = Arc::default();
        let all = Arc::clone(&log);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let log = Arc::clone(&all);
                tokio::spawn(async move {
                    if let Err(Ended::Unreadable(what)) = answer_all(stream, &log).await {
                        log.lock().unwrap().unreadable.push(what);
                    }
                });
            }
        });
        Self { url, log }
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap()
    }

    /// What it has got, in order. A connection on which anything else came fails the test.
    pub(super) fn seen(&self) -> Vec<Seen> {
        let log = self.log();
        assert!(log.unreadable.is_empty(), "no requests: {:#?}", log.unreadable);
        log.seen.clone()
    }

    /// The address and the port, as the gateway names them.
    pub(super) fn host(&self) -> &str {
        self.url.strip_prefix("http://").unwrap()
    }
}

type Stream = BufStream<TcpStream>;

async fn answer_all(stream: TcpStream, log: &Mutex<Log>) -> Result<Infallible, Ended> {
    let mut stream = BufStream::new(stream);
    loop {
        let head = head(&mut stream).await?;
        let mut seen = Seen { head, body: None };
        let number = {
            let mut log = log.lock().unwrap();
            log.seen.push(seen.clone());
            log.seen.len() - 1
        };
        seen.body = Some(body(&mut stream, &seen).await?);
        log.lock().unwrap().seen[number] = seen.clone();
        let line = seen.line();
        let text = if line.starts_with("HEAD ") { "" } else { line };
        let head = format!("HTTP/1.1 200 OK\r\nX-Upstream: yes\r\nContent-Length: {}\r\n\r\n", line.len());
        stream.write_all(format!("{head}{text}").as_bytes()).await?;
        stream.flush().await?;
    }
}

/// A line, of which only its end is not kept.
async fn line(stream: &mut Stream) -> Result<String, Ended> {
    let mut bytes = Vec::new();
    stream.read_until(b'\n', &mut bytes).await?;
    if !bytes.ends_with(b"\n") {
        return Err(Ended::Closed);
    }
    let text: String = bytes.iter().map(|byte| char::from(*byte)).collect();
    match text.strip_suffix("\r\n") {
        Some(line) if !line.contains(['\r', '\0']) => Ok(line.to_owned()),
        _ => Err(Ended::Unreadable(format!("a line {text:?}"))),
    }
}

async fn head(stream: &mut Stream) -> Result<String, Ended> {
    let first = line(stream).await?;
    let mut words = first.split(' ');
    let is_request = [words.next(), words.next()].iter().all(|word| word.is_some_and(|word| !word.is_empty()))
        && words.next() == Some("HTTP/1.1")
        && words.next().is_none();
    if !is_request {
        return Err(Ended::Unreadable(format!("a first line {first:?}")));
    }
    let mut head = format!("{first}\n");
    loop {
        let line = line(stream).await?;
        if line.is_empty() {
            return Ok(head);
        }
        let is_name = |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic());
        if !line.split_once(':').is_some_and(|(name, _)| is_name(name)) {
            return Err(Ended::Unreadable(format!("a header {line:?} of {first:?}")));
        }
        head += &format!("{line}\n");
    }
}

async fn body(stream: &mut Stream, seen: &Seen) -> Result<Vec<u8>, Ended> {
    let (codings, lengths) = (seen.all("transfer-encoding"), seen.all("content-length"));
    match (&codings[..], &lengths[..]) {
        ([], []) => Ok(Vec::new()),
        ([], [length]) if length.bytes().all(|byte| byte.is_ascii_digit()) => {
            let length = length.parse().map_err(|_| Ended::Unreadable(format!("a length {length:?}")))?;
            exactly(stream, length).await
        }
        (["chunked"], []) => chunks(stream).await,
        _ => Err(Ended::Unreadable(format!("a framing {codings:?} {lengths:?}"))),
    }
}

async fn exactly(stream: &mut Stream, length: usize) -> Result<Vec<u8>, Ended> {
    let mut bytes = vec![0; length];
    stream.read_exact(&mut bytes).await?;
    Ok(bytes)
}

async fn chunks(stream: &mut Stream) -> Result<Vec<u8>, Ended> {
    let mut body = Vec::new();
    loop {
        let size = line(stream).await?;
        let length = usize::from_str_radix(&size, 16).map_err(|_| Ended::Unreadable(format!("a chunk {size:?}")))?;
        if length == 0 {
            // Nothing that the cases send as trailers goes through.
            let last = line(stream).await?;
            return if last.is_empty() { Ok(body) } else { Err(Ended::Unreadable(format!("a trailer {last:?}"))) };
        }
        body.extend(exactly(stream, length).await?);
        if exactly(stream, 2).await? != b"\r\n" {
            return Err(Ended::Unreadable("a chunk that does not end".to_owned()));
        }
    }
}
