//! A WebSocket (RFC 6455) that carries a stream. One task reads, sends and pings; nothing waits beside what is being sent.

use std::time::Duration;

use bytes::Bytes;
use contact_centre::push::{Ended, Next, Start, Stream};
use futures::{SinkExt as _, StreamExt as _};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::{
    io::AsyncReadExt as _,
    time::{MissedTickBehavior, interval, sleep, timeout},
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Error, Message,
        error::CapacityError,
        protocol::{
            CloseFrame, Role, WebSocketConfig,
            frame::{
                Frame,
                coding::{CloseCode, Data, OpCode},
            },
        },
    },
};

use super::{
    line::Watched,
    words::{Wish, understood},
};
use crate::caller::Caller;

/// How often a client is asked whether it lives.
const PING: Duration = Duration::from_secs(20);
/// Pings that may stay unanswered.
const MISSED_MAX: u32 = 2;
/// How long one message may take that a client does not read, before the connection is given up.
const STUCK: Duration = Duration::from_secs(40);
/// How often it is looked whether much has come meanwhile.
const LOOK: Duration = Duration::from_secs(1);
/// How long a client has, to read why its stream ends.
const FAREWELL: Duration = Duration::from_secs(10);
/// Bytes of a message of a client.
const SAID_MAX: usize = 8 * 1_024;
/// Messages of a client between two pings.
const SAID_MOST: u32 = 60;
/// Bytes of a fragment. What is larger goes in several, so that a large snapshot leaves no large buffer behind.
const FRAGMENT: usize = 8 * 1_024;

/// A stream is full of others.
const TOO_MANY: u16 = 4_429;
/// The client does not read.
const SLOW: u16 = 4_408;

type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// Why a connection ends.
enum End {
    /// It is gone, or broken.
    Lost,
    /// It is told why.
    Told(CloseCode, &'static str),
    /// What the client says can't be understood.
    Wrong(String),
    /// The client has said that it goes.
    Closed,
}

impl From<Error> for End {
    fn from(error: Error) -> Self {
        match error {
            Error::Capacity(CapacityError::MessageTooLong { .. }) => Self::Told(CloseCode::Size, "too long"),
            Error::Utf8(_) => Self::Told(CloseCode::Invalid, "not UTF-8"),
            Error::Protocol(_) => Self::Told(CloseCode::Protocol, "not as RFC 6455 writes it"),
            _ => Self::Lost,
        }
    }
}

/// Sends a stream to a client until either ends; without one, says that there are too many.
pub(super) async fn serve(io: Upgraded, stream: Option<Stream>, caller: &Caller, mut watched: Watched) {
    let config = WebSocketConfig::default()
        .read_buffer_size(1_024)
        .write_buffer_size(0)
        .max_message_size(Some(SAID_MAX))
        .max_frame_size(Some(SAID_MAX));
    let mut socket = WebSocketStream::from_raw_socket(TokioIo::new(io), Role::Server, Some(config)).await;
    let end = match stream {
        None => End::Told(CloseCode::from(TOO_MANY), "too many streams"),
        Some(mut stream) => match talk(&mut socket, &mut stream, caller, &mut watched).await {
            Err(end) => end,
            Ok(Ended::Slow) => End::Told(CloseCode::from(SLOW), "slow consumer"),
            Ok(Ended::Gone) => End::Told(CloseCode::Away, "restart"),
            // As a network does.
            Ok(Ended::Cut) => End::Lost,
        },
    };
    let frame = match end {
        End::Lost => return,
        End::Closed => {
            let _ = timeout(FAREWELL, rest(&mut socket)).await;
            return;
        }
        End::Told(code, reason) => CloseFrame { code, reason: reason.into() },
        End::Wrong(reason) => CloseFrame { code: CloseCode::Policy, reason: shortened(reason).into() },
    };
    // Whoever does not read it sees that the connection is cut.
    let _ = timeout(FAREWELL, farewell(&mut socket, frame)).await;
}

/// Says why, and waits until the client says the same.
async fn farewell(socket: &mut Socket, frame: CloseFrame) {
    if socket.close(Some(frame)).await.is_ok() {
        rest(socket).await;
        // What is left unread when a connection is closed would cut off what was sent.
        let _ = timeout(LOOK, unread(socket.get_mut())).await;
    }
}

/// Sends what is still to be sent, and reads to the end.
async fn rest(socket: &mut Socket) {
    while let Some(Ok(_)) = socket.next().await {}
}

async fn unread(io: &mut TokioIo<Upgraded>) {
    let mut bytes = [0; 1_024];
    while io.read(&mut bytes).await.is_ok_and(|read| read > 0) {}
}

async fn talk(socket: &mut Socket, stream: &mut Stream, caller: &Caller, watched: &mut Watched) -> Result<Ended, End> {
    let mut pings = interval(PING);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    pings.reset();
    let (mut missed, mut said) = (0, 0);
    loop {
        tokio::select! {
            biased;
            _ = pings.tick() => {
                if missed >= MISSED_MAX {
                    return Err(End::Told(CloseCode::Policy, "no pong"));
                }
                (missed, said) = (missed + 1, 0);
                send(socket, Message::Ping(Bytes::new()), stream).await?;
            }
            () = watched.cut() => return Ok(Ended::Cut),
            received = socket.next() => {
                // Whatever comes shows that the client lives.
                missed = 0;
                let received = received.ok_or(End::Lost)??;
                said += 1;
                if said > SAID_MOST {
                    return Err(End::Told(CloseCode::Policy, "too many messages"));
                }
                heard(received, stream, caller, watched)?;
            }
            next = stream.next() => match next {
                Next::Frame(frame) => send_text(socket, &frame.json(), stream).await?,
                // The pings say that it lives.
                Next::Heartbeat => {}
                Next::Ended(ended) => return Ok(ended),
            }
        }
    }
}

/// Does what a client says.
fn heard(message: Message, stream: &mut Stream, caller: &Caller, watched: &Watched) -> Result<(), End> {
    let text = match message {
        Message::Text(text) => text,
        Message::Binary(_) => return Err(End::Told(CloseCode::Unsupported, "text was expected")),
        Message::Close(_) => return Err(End::Closed),
        Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => return Ok(()),
    };
    match understood(&text, caller).map_err(End::Wrong)? {
        Wish::Resume(start) => stream.restart().begin(watched.resumed(start), None),
        Wish::Filter(filter) => stream.restart().begin(Start::Now, Some(filter)),
        Wish::Acknowledged(seq) if seq > stream.subscription().place() => {
            return Err(End::Wrong("what was not sent can't have been seen".to_owned()));
        }
        Wish::Acknowledged(_) => {}
    }
    Ok(())
}

/// Sends a text, in as many fragments as it needs.
async fn send_text(socket: &mut Socket, text: &Bytes, stream: &Stream) -> Result<(), End> {
    let mut rest = text.clone();
    let mut opcode = OpCode::Data(Data::Text);
    loop {
        let part = rest.split_to(rest.len().min(FRAGMENT));
        let last = rest.is_empty();
        send(socket, Message::Frame(Frame::message(part, opcode, last)), stream).await?;
        if last {
            return Ok(());
        }
        opcode = OpCode::Data(Data::Continue);
    }
}

/// Sends a frame. A client that does not read has a while, unless so much comes meanwhile that it is slow.
async fn send(socket: &mut Socket, message: Message, stream: &Stream) -> Result<(), End> {
    let sending = timeout(STUCK, socket.send(message));
    tokio::pin!(sending);
    loop {
        tokio::select! {
            biased;
            sent = &mut sending => {
                sent.map_err(|_| End::Lost)??;
                return Ok(());
            }
            () = sleep(LOOK) => {
                if stream.subscription().is_slow() {
                    break;
                }
            }
        }
    }
    // If it reads again now it learns why the stream ends.
    match timeout(FAREWELL, sending).await {
        Ok(Ok(Ok(()))) => Err(End::Told(CloseCode::from(SLOW), "slow consumer")),
        _ => Err(End::Lost),
    }
}

/// A reason has at most 123 bytes.
fn shortened(mut reason: String) -> String {
    let end = (0..=reason.len().min(120)).rev().find(|end| reason.is_char_boundary(*end)).unwrap_or_default();
    reason.truncate(end);
    reason
}
