use std::sync::{Arc, Mutex};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// The API behind the proxy: it answers each request with that request, byte for byte.
pub(crate) struct Upstream {
    pub(crate) address: String,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Upstream {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let heads = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&heads);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, Arc::clone(&seen)));
            }
        });
        Self { address, heads }
    }

    /// The head of the last request.
    pub(crate) fn last(&self) -> String {
        self.heads.lock().expect("heads").last().cloned().unwrap_or_default()
    }

    /// How many requests have come.
    pub(crate) fn calls(&self) -> usize {
        self.heads.lock().expect("heads").len()
    }
}

/// A key of a WebSocket's client, and what it is answered: RFC 6455's own.
pub(crate) const WEBSOCKET_KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const WEBSOCKET_ACCEPT: &str = "s3pPLMBiTxaQ9kYGzhZRbK+xOo=";

/// Says yes to a WebSocket, and sends back whatever comes.
async fn echo(mut stream: TcpStream) {
    let yes = format!(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: \
         {WEBSOCKET_ACCEPT}\r\n\r\n"
    );
    if stream.write_all(yes.as_bytes()).await.is_err() {
        return;
    }
    let mut chunk = [0; 1024];
    while let Ok(length) = stream.read(&mut chunk).await {
        if length == 0 || stream.write_all(&chunk[..length]).await.is_err() {
            return;
        }
    }
}

async fn answer(mut stream: TcpStream, heads: Arc<Mutex<Vec<String>>>) {
    let mut read = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let Some(end) = read.windows(4).position(|window| window == b"\r\n\r\n") else {
            match stream.read(&mut chunk).await {
                Ok(length) if length > 0 => read.extend_from_slice(&chunk[..length]),
                _ => return,
            }
            continue;
        };
        let head = String::from_utf8_lossy(&read[..end]).into_owned();
        let length = head
            .lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            .map_or(0, |(_, value)| value.trim().parse::<usize>().expect("a length"));
        while read.len() < end + 4 + length {
            match stream.read(&mut chunk).await {
                Ok(length) if length > 0 => read.extend_from_slice(&chunk[..length]),
                _ => return,
            }
        }
        let rest = read.split_off(end + 4 + length);
        if head.starts_with("HEAD ") {
            // The answer to a HEAD request has no body.
            read.clear();
        }
        if head.to_ascii_lowercase().contains("\r\nupgrade: websocket") {
            heads.lock().expect("heads").push(head);
            return echo(stream).await;
        }
        let closes = head.to_ascii_lowercase().contains("\r\nconnection: close");
        heads.lock().expect("heads").push(head);
        let answer = format!("HTTP/1.1 200 OK\r\nX-Upstream: yes\r\nContent-Length: {}\r\n\r\n", read.len());
        let written = stream.write_all(answer.as_bytes()).await.is_ok() && stream.write_all(&read).await.is_ok();
        if closes || !written {
            return;
        }
        read = rest;
    }
}
