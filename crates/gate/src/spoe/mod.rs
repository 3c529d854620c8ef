//! HAProxy's way of asking: an agent of its Stream Processing Offload Engine. HAProxy can't make a request of its own while
//! it processes another, unless in Lua; it can ask an agent.

mod frame;
mod spop;

use std::{io, net::IpAddr, sync::Arc, time::Duration};

use axum::response::Response;
use edge::Listener;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use http_body_util::BodyExt;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::{mpsc, watch},
    task::JoinSet,
};

use self::{
    frame::{FRAME_MAX, Frame},
    spop::{Reader, Value},
};
use crate::{Gate, authz::Question};

/// How long HAProxy may take to say hello.
const HELLO: Duration = Duration::from_secs(10);
/// Answers that wait to be written.
const WAITING: usize = 256;
/// How long a peer may take to read an answer.
const LISTENS: Duration = Duration::from_secs(30);

/// How long HAProxy may ask nothing. Its own `timeout idle` is 2 minutes where it is configured as documented, so that it
/// closes an idle connection first.
const ASKS: Duration = Duration::from_secs(150);

/// Answers until told to stop; then running calls finish.
pub async fn serve(listener: Listener, gate: Gate, mut stopping: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    loop {
        let (stream, _, mut place) = tokio::select! {
            _ = stopping.changed() => break,
            accepted = listener.accept() => accepted,
            Some(_) = connections.join_next() => continue,
        };
        let (gate, stopping) = (gate.clone(), stopping.clone());
        connections.spawn(async move {
            let lost = place.lost();
            tokio::select! {
                () = converse(stream, gate, stopping) => {}
                () = lost => {}
            }
            drop(place);
        });
    }
    drop(listener);
    connections.join_all().await;
}

async fn converse(stream: TcpStream, gate: Gate, stopping: watch::Receiver<bool>) {
    let (mut from, mut to) = stream.into_split();
    let greeted = tokio::time::timeout(HELLO, greet(&mut from, &mut to)).await;
    let Ok(Ok(Some(frame_max))) = greeted else { return };
    let (answers, written) = mpsc::channel(WAITING);
    // Ended with this, when the connection is closed for another.
    let mut writer = JoinSet::new();
    writer.spawn(write(to, written));
    answer_all(from, frame_max, gate, stopping, answers).await;
    // Ends once the last answer is written.
    writer.join_all().await;
}

/// The largest frame that was agreed on, if questions follow.
async fn greet(from: &mut OwnedReadHalf, to: &mut OwnedWriteHalf) -> io::Result<Option<usize>> {
    let first = read(from, FRAME_MAX).await?;
    match Frame::read(&first) {
        Some(Frame::Hello { frame_max, is_check }) => {
            to.write_all(&frame::hello(frame_max)).await?;
            Ok((!is_check).then_some(frame_max))
        }
        _ => {
            to.write_all(&frame::disconnect(4, "no hello of SPOP 2.0")).await?;
            Ok(None)
        }
    }
}

/// The next frame, or how to take leave without one.
async fn next(from: &mut (impl AsyncRead + Unpin), frame_max: usize) -> Result<Vec<u8>, Vec<u8>> {
    match tokio::time::timeout(ASKS, read(from, frame_max)).await {
        Ok(Ok(frame)) => Ok(frame),
        Ok(Err(_)) => Err(frame::disconnect(1, "the connection broke off")),
        Err(_) => Err(frame::disconnect(2, "nothing was asked for too long")),
    }
}

async fn read(from: &mut (impl AsyncRead + Unpin), frame_max: usize) -> io::Result<Vec<u8>> {
    let length = from.read_u32().await? as usize;
    if length > frame_max {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut frame = vec![0; length];
    from.read_exact(&mut frame).await?;
    Ok(frame)
}

async fn write(mut to: OwnedWriteHalf, mut written: mpsc::Receiver<Vec<u8>>) {
    while let Some(frame) = written.recv().await {
        let written = tokio::time::timeout(LISTENS, to.write_all(&frame)).await;
        if !matches!(written, Ok(Ok(()))) {
            return;
        }
    }
}

/// Questions of one connection don't wait for each other: one of them may have to ask the database.
async fn answer_all(
    mut from: OwnedReadHalf,
    frame_max: usize,
    gate: Gate,
    mut stopping: watch::Receiver<bool>,
    answers: mpsc::Sender<Vec<u8>>,
) {
    let answers = Arc::new(answers);
    let mut running = JoinSet::new();
    let farewell = loop {
        while running.try_join_next().is_some() {}
        // A peer that does not read its answers may ask no more: each question takes memory until its answer is
        // written.
        if running.len() >= WAITING {
            running.join_next().await;
            continue;
        }
        let asked = tokio::select! {
            _ = stopping.changed() => break frame::disconnect(0, "stopping"),
            // Nobody reads the answers.
            () = answers.closed() => return,
            asked = next(&mut from, frame_max) => asked,
        };
        let frame = match asked {
            Ok(frame) => frame,
            Err(farewell) => break farewell,
        };
        match Frame::read(&frame) {
            Some(Frame::Notify { .. }) => {
                let (gate, answers) = (gate.clone(), Arc::clone(&answers));
                running.spawn(async move {
                    if let Some(Frame::Notify { id, arguments }) = Frame::read(&frame) {
                        // If this fails, the connection is gone.
                        let _ = answers.send(answer(&gate, id, frame_max, &arguments).await).await;
                    }
                });
            }
            Some(Frame::Disconnect) => break frame::disconnect(0, "disconnected at HAProxy's request"),
            _ => break frame::disconnect(4, "a frame that was not agreed on"),
        }
    };
    running.join_all().await;
    let _ = answers.send(farewell).await;
}

async fn answer(gate: &Gate, id: (u64, u64), frame_max: usize, arguments: &[(&[u8], Value<'_>)]) -> Vec<u8> {
    match question(arguments).and_then(Question::into_request) {
        Some(request) => reply(id, frame_max, gate.ask(request).await).await,
        None => frame::nothing(id),
    }
}

fn question<'a>(arguments: &[(&[u8], Value<'a>)]) -> Option<Question<'a>> {
    let of = |name: &str| arguments.iter().find(|(there, _)| *there == name.as_bytes()).map(|(_, value)| *value);
    let text = |name: &str| match of(name) {
        Some(Value::Bytes(text)) => Some(text),
        _ => None,
    };
    let peer: Option<IpAddr> = match of("ip") {
        Some(Value::Address(address)) => Some(address),
        _ => None,
    };
    Some(Question {
        method: text("method")?,
        // HAProxy finds no path in a target such as *, and an empty one is refused.
        target: if of("target")? == Value::Null { b"" } else { text("target")? },
        headers: headers(text("headers")?)?,
        scopes: text("scope").map(str::from_utf8).transpose().ok()?,
        peer,
    })
}

/// Reads a frame with all its contents, for `fuzz/`: how many bytes its arguments have.
pub(crate) fn size_of_arguments(frame: &[u8]) -> Option<usize> {
    let Frame::Notify { arguments, .. } = Frame::read(frame)? else { return Some(0) };
    // Unreadable headers are no reason to refuse the frame, but reading them must not go beyond its bytes.
    drop(question(&arguments).and_then(Question::into_request));
    let size = |(name, value): &(&[u8], Value<'_>)| {
        name.len()
            + match value {
                Value::Bytes(bytes) => bytes.len(),
                _ => 0,
            }
    };
    Some(arguments.iter().map(size).sum())
}

/// As `req.hdrs_bin` writes them: names and values in turn, and an empty pair at the end.
fn headers(bytes: &[u8]) -> Option<HeaderMap> {
    let mut reader = Reader(bytes);
    let mut headers = HeaderMap::new();
    loop {
        let (name, value) = (reader.string()?, reader.string()?);
        if name.is_empty() {
            return Some(headers);
        }
        headers.append(HeaderName::from_bytes(name).ok()?, HeaderValue::from_bytes(value).ok()?);
    }
}

/// The answer of `/authz` as variables of the transaction.
async fn reply(id: (u64, u64), frame_max: usize, answer: Response) -> Vec<u8> {
    let (parts, body) = answer.into_parts();
    // Keydesk's own answer, in memory.
    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let mut variables = vec![("status", Value::Number(parts.status.as_u16().into()))];
    let named = [
        ("key_id", HeaderName::from_static("x-keydesk-key-id")),
        ("client_name", HeaderName::from_static("x-keydesk-client-name")),
        ("environment", HeaderName::from_static("x-keydesk-environment")),
        ("scopes", HeaderName::from_static("x-keydesk-scopes")),
        ("installation", HeaderName::from_static("x-keydesk-installation")),
        ("resources", HeaderName::from_static("x-keydesk-resources")),
        ("request_id", HeaderName::from_static("x-request-id")),
        ("challenge", header::WWW_AUTHENTICATE),
        ("retry_after", header::RETRY_AFTER),
        ("rate_limit", HeaderName::from_static("ratelimit")),
        ("rate_limit_policy", HeaderName::from_static("ratelimit-policy")),
    ];
    for (variable, header) in &named {
        if let Some(value) = parts.headers.get(header) {
            variables.push((*variable, Value::Bytes(value.as_bytes())));
        }
    }
    if parts.status == StatusCode::OK {
        // Without room for all variables the call must not be allowed: the API would get no name, or half of one.
        return frame::acknowledge(id, &variables, frame_max).unwrap_or_else(|| frame::nothing(id));
    }
    let without_problem = frame::acknowledge(id, &variables, frame_max);
    variables.push(("problem", Value::Bytes(&body)));
    frame::acknowledge(id, &variables, frame_max).or(without_problem).unwrap_or_else(|| frame::nothing(id))
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use http::Response;

    use super::*;

    fn answered(status: u16, name: usize, words: usize) -> Response<Body> {
        let answer = Response::builder().status(status).header("x-keydesk-client-name", "n".repeat(name));
        answer.body(Body::from("w".repeat(words))).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_asks_nothing_ends_also_in_the_middle_of_a_frame() {
        let (mut ours, mut peer) = tokio::io::duplex(64);
        peer.write_all(&[0, 0, 0, 2, 7, 7, 0, 0, 0, 9, 7]).await.unwrap();
        assert_eq!(next(&mut ours, FRAME_MAX).await, Ok(vec![7, 7]));
        let began = tokio::time::Instant::now();
        assert_eq!(next(&mut ours, FRAME_MAX).await, Err(frame::disconnect(2, "nothing was asked for too long")));
        assert_eq!(began.elapsed(), ASKS);
        drop(peer);
        assert_eq!(next(&mut ours, FRAME_MAX).await, Err(frame::disconnect(1, "the connection broke off")));
    }

    #[tokio::test]
    async fn no_answer_is_larger_than_the_agreed_size() {
        let id = (u64::MAX, u64::MAX);
        for (status, name, words, expected) in [
            (200, 100, 0, &["status", "client_name"][..]),
            (200, 300, 0, &[]),
            (403, 0, 100, &["status", "client_name", "problem"]),
            (403, 100, 200, &["status", "client_name"]),
            (403, 300, 10, &[]),
        ] {
            let frame = reply(id, 256, answered(status, name, words)).await;
            assert!(frame.len() <= 4 + 256, "{status} {name} {words}: {} bytes", frame.len());
            let text = String::from_utf8_lossy(&frame).into_owned();
            let found: Vec<_> =
                ["status", "client_name", "problem"].into_iter().filter(|name| text.contains(name)).collect();
            assert_eq!(found, expected, "{status} {name} {words}");
        }
    }
}
