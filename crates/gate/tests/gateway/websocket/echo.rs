//! An API that answers each message with the same, by a library, and notes every byte.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures::{SinkExt as _, StreamExt as _};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf},
    net::TcpStream,
    sync::mpsc::{UnboundedReceiver, unbounded_channel},
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Error, Message,
        error::ProtocolError,
        handshake::derive_accept_key,
        protocol::{CloseFrame, Role, frame::coding::CloseCode},
    },
};

use crate::raw::{Api, Seen};

/// What an API has heard on a connection, to its end.
#[derive(Debug)]
pub(super) struct Heard {
    /// What its library made of it.
    pub(super) understood: Vec<String>,
    /// Every byte that came behind the request.
    pub(super) came: Vec<u8>,
    /// Every byte that went behind the answer.
    pub(super) went: Vec<u8>,
}

/// The API, and what it hears on one connection after the other.
pub(super) async fn echo() -> (Api, UnboundedReceiver<Heard>) {
    let (tell, heard) = unbounded_channel();
    let api = Api::start(move |mut connection| {
        let tell = tell.clone();
        Box::pin(async move {
            let Some(seen) = connection.request().await else { return };
            connection.write(&agrees(&seen)).await;
            // A test that has failed listens no more.
            let _ = tell.send(answer(connection.into_stream()).await);
        })
    })
    .await;
    (api, heard)
}

/// The head by which an API agrees to an upgrade.
pub(super) fn agrees(seen: &Seen) -> String {
    let accept = derive_accept_key(seen.all("sec-websocket-key")[0].as_bytes());
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n\r\n"
    )
}

/// Answers all messages, complains of what is not valid as RFC 6455 says, and reads on until the client has said all.
async fn answer(stream: TcpStream) -> Heard {
    let noted = Noted { stream, came: Vec::new(), went: Vec::new() };
    let mut socket = WebSocketStream::from_raw_socket(noted, Role::Server, None).await;
    let mut understood = Vec::new();
    while let Some(next) = socket.next().await {
        match next {
            Ok(message) => {
                understood.push(in_words(&message));
                if message.is_text() || message.is_binary() {
                    socket.send(message).await.unwrap();
                }
            }
            Err(error) => {
                let (words, code) = complaint(&error);
                understood.push(words);
                if let Some(code) = code {
                    socket.close(Some(CloseFrame { code, reason: "".into() })).await.unwrap();
                }
            }
        }
    }
    let mut noted = socket.into_inner();
    // What went through is noted, however it ended.
    let _ = noted.read_to_end(&mut Vec::new()).await;
    let _ = noted.shutdown().await;
    Heard { understood, came: noted.came, went: noted.went }
}

/// A message in a few words: short ones whole.
pub(super) fn in_words(message: &Message) -> String {
    let brief = |bytes: &[u8]| match bytes.len() {
        0..=40 => bytes.escape_ascii().to_string(),
        length => format!("of {length} bytes"),
    };
    let (kind, held) = match message {
        Message::Text(text) => ("text", brief(text.as_bytes())),
        Message::Binary(bytes) => ("binary", brief(bytes)),
        Message::Ping(bytes) => ("ping", brief(bytes)),
        Message::Pong(bytes) => ("pong", brief(bytes)),
        Message::Close(None) => ("close", String::new()),
        Message::Close(Some(frame)) => ("close", format!("{} {}", frame.code, brief(frame.reason.as_bytes()))),
        Message::Frame(frame) => panic!("the library reads messages, not {frame}"),
    };
    format!("{kind} {held}").trim_end().to_owned()
}

/// What is wrong, and the code with which a server says so; `None`: nobody is there any more.
pub(super) fn complaint(error: &Error) -> (String, Option<CloseCode>) {
    match error {
        Error::Protocol(error) => {
            let ended = *error == ProtocolError::ResetWithoutClosingHandshake;
            (format!("not valid: {error:?}"), (!ended).then_some(CloseCode::Protocol))
        }
        Error::Utf8(_) => ("not UTF-8".to_owned(), Some(CloseCode::Invalid)),
        Error::Capacity(_) => ("too long".to_owned(), Some(CloseCode::Size)),
        other => (format!("failed: {other}"), None),
    }
}

/// A stream, and every byte that came and went on it.
struct Noted {
    stream: TcpStream,
    came: Vec<u8>,
    went: Vec<u8>,
}

impl AsyncRead for Noted {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(cx, buffer))?;
        this.came.extend_from_slice(&buffer.filled()[before..]);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Noted {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = ready!(Pin::new(&mut this.stream).poll_write(cx, bytes))?;
        this.went.extend_from_slice(&bytes[..written]);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
