use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpSocket,
    time::timeout,
};

use crate::proxies::gate::CLIENT;

/// How long a peer is listened to that says nothing more and does not close, as Envoy after a refusal. What comes later is not missed.
const QUIET: Duration = Duration::from_secs(1);

/// What a client heard.
pub(super) struct Heard {
    bytes: Vec<u8>,
    /// Whether the other side closed the connection when it had said everything.
    pub(super) has_ended: bool,
}

/// An answer, as a client reads it.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    head: String,
    pub(super) body: String,
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        lines.filter(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).next()
    }
}

/// Sends bytes on a connection, and listens.
pub(super) async fn talk(address: &str, bytes: &[u8]) -> Heard {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::new(CLIENT.into(), 0)).unwrap();
    let mut stream = socket.connect(address.parse().unwrap()).await.unwrap();
    // Whoever refuses may close before everything is sent.
    let _ = stream.write_all(bytes).await;
    let mut heard = Vec::new();
    loop {
        match timeout(QUIET, stream.read_buf(&mut heard)).await {
            Ok(Ok(0)) => return Heard { bytes: heard, has_ended: true },
            Ok(Ok(_)) => {}
            Ok(Err(_)) | Err(_) => return Heard { bytes: heard, has_ended: false },
        }
    }
}

impl Heard {
    /// The answers, as far as they are whole. `method`: that of the first request.
    pub(super) fn answers(&self, method: &str) -> Vec<Answer> {
        let mut rest = &self.bytes[..];
        let mut answers = Vec::new();
        while let Some(mut answer) = head(&mut rest) {
            if answer.status < 200 {
                continue;
            }
            let is_bare = (answers.is_empty() && method == "HEAD") || answer.status == 204 || answer.status == 304;
            let body = if is_bare {
                Some(Vec::new())
            } else if answer.header("transfer-encoding") == Some("chunked") {
                chunks(&mut rest)
            } else if let Some(length) = answer.header("content-length") {
                take(&mut rest, length.parse().unwrap()).map(<[u8]>::to_vec)
            } else {
                // Until the connection ends.
                Some(std::mem::take(&mut rest).to_vec())
            };
            let Some(body) = body else { break };
            answer.body = String::from_utf8_lossy(&body).into_owned();
            answers.push(answer);
        }
        answers
    }
}

/// What comes before this text, which is passed over.
fn before<'a>(rest: &mut &'a [u8], text: &[u8]) -> Option<&'a [u8]> {
    let at = rest.windows(text.len()).position(|window| window == text)?;
    let (found, after) = rest.split_at(at);
    *rest = &after[text.len()..];
    Some(found)
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(taken)
}

/// `None`: there is no further one. To what it takes for HTTP/0.9 nginx answers without a head.
fn head(rest: &mut &[u8]) -> Option<Answer> {
    if !rest.starts_with(b"HTTP/1.") {
        return None;
    }
    let head = String::from_utf8_lossy(before(rest, b"\r\n\r\n")?).into_owned();
    let status = head.split(' ').nth(1)?.get(..3)?.parse().ok()?;
    Some(Answer { status, head, body: String::new() })
}

/// The chunks of a body without trailers.
fn chunks(rest: &mut &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let size = std::str::from_utf8(before(rest, b"\r\n")?).ok()?;
        let length = usize::from_str_radix(size.trim(), 16).ok()?;
        body.extend_from_slice(take(rest, length)?);
        before(rest, b"\r\n")?;
        if length == 0 {
            return Some(body);
        }
    }
}
