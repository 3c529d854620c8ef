//! HAProxy's way of asking: an agent of its Stream Processing Offload Engine. HAProxy can't make a request of its own while
//! it processes another, unless in Lua; it can ask an agent.

mod frame;
mod wire;

use std::{io, net::IpAddr, sync::Arc, time::Duration};

use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use http_body_util::BodyExt;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::{mpsc, watch},
    task::JoinSet,
};

use self::{
    frame::{FRAME_MAX, Said},
    wire::{Reader, Value},
};
use crate::{authz::Question, edge::Edge};

/// How long HAProxy may take to say who it is.
const HELLO: Duration = Duration::from_secs(10);
/// Answers that wait to be written.
const WAITING: usize = 256;
/// How long a peer may take to read an answer.
const LISTENS: Duration = Duration::from_secs(30);
/// How long to wait when no connection can be accepted.
const ACCEPT_AGAIN: Duration = Duration::from_millis(500);

/// Answers until it is told to stop; then running calls finish.
pub(crate) async fn serve(listener: TcpListener, edge: Edge, mut stopping: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            _ = stopping.changed() => break,
            accepted = listener.accept() => accepted,
            Some(_) = connections.join_next() => continue,
        };
        match accepted {
            Ok((stream, _)) => {
                let _ = stream.set_nodelay(true);
                connections.spawn(converse(stream, edge.clone(), stopping.clone()));
            }
            Err(error) => {
                tracing::error!(%error, "no connection of HAProxy's can be accepted");
                tokio::time::sleep(ACCEPT_AGAIN).await;
            }
        }
    }
    drop(listener);
    connections.join_all().await;
}

async fn converse(stream: TcpStream, edge: Edge, stopping: watch::Receiver<bool>) {
    let (mut from, mut to) = stream.into_split();
    let greeted = tokio::time::timeout(HELLO, greet(&mut from, &mut to)).await;
    if !matches!(greeted, Ok(Ok(true))) {
        return;
    }
    let (answers, written) = mpsc::channel(WAITING);
    let writer = tokio::spawn(write(to, written));
    answer_all(from, edge, stopping, answers).await;
    // Ends once the last answer is written.
    let _ = writer.await;
}

/// True when questions follow.
async fn greet(from: &mut OwnedReadHalf, to: &mut OwnedWriteHalf) -> io::Result<bool> {
    let first = read(from).await?;
    match Said::read(&first) {
        Some(Said::Hello { frame_max, is_check }) => {
            to.write_all(&frame::hello(frame_max)).await?;
            Ok(!is_check)
        }
        _ => {
            to.write_all(&frame::disconnect(4, "no hello of SPOP 2.0")).await?;
            Ok(false)
        }
    }
}

async fn read(from: &mut OwnedReadHalf) -> io::Result<Vec<u8>> {
    let length = from.read_u32().await? as usize;
    if length > FRAME_MAX {
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
    edge: Edge,
    mut stopping: watch::Receiver<bool>,
    answers: mpsc::Sender<Vec<u8>>,
) {
    let answers = Arc::new(answers);
    let mut running = JoinSet::new();
    let farewell = loop {
        while running.try_join_next().is_some() {}
        // Who asks and does not listen is not asked on: each question takes memory until its answer is written.
        if running.len() >= WAITING {
            running.join_next().await;
            continue;
        }
        let read = tokio::select! {
            _ = stopping.changed() => break frame::disconnect(0, "stopping"),
            read = read(&mut from) => read,
        };
        let Ok(frame) = read else { break frame::disconnect(1, "the connection broke off") };
        match Said::read(&frame) {
            Some(Said::Notify { .. }) => {
                let (edge, answers) = (edge.clone(), Arc::clone(&answers));
                running.spawn(async move {
                    if let Some(Said::Notify { id, arguments }) = Said::read(&frame) {
                        // Nobody is left who would hear it, if this fails.
                        let _ = answers.send(answer(&edge, id, &arguments).await).await;
                    }
                });
            }
            Some(Said::Disconnect) => break frame::disconnect(0, "as you like"),
            _ => break frame::disconnect(4, "a frame that was not agreed on"),
        }
    };
    running.join_all().await;
    let _ = answers.send(farewell).await;
}

async fn answer(edge: &Edge, id: (u64, u64), arguments: &[(&[u8], Value<'_>)]) -> Vec<u8> {
    // Without a status HAProxy, as it is configured, refuses.
    let Some(request) = question(arguments).and_then(Question::into_request) else {
        return frame::acknowledge(id, &[]);
    };
    reply(id, edge.answer(request).await).await
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
        target: text("target")?,
        headers: headers(text("headers")?)?,
        scopes: text("scope").map(str::from_utf8).transpose().ok()?,
        peer,
    })
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
async fn reply(id: (u64, u64), answer: Response) -> Vec<u8> {
    let (parts, body) = answer.into_parts();
    // Of our own making and in memory.
    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let mut variables = vec![("status", Value::Number(parts.status.as_u16().into()))];
    let named = [
        ("key_id", HeaderName::from_static("x-keydesk-key-id")),
        ("client_name", HeaderName::from_static("x-keydesk-client-name")),
        ("environment", HeaderName::from_static("x-keydesk-environment")),
        ("scopes", HeaderName::from_static("x-keydesk-scopes")),
        ("request_id", HeaderName::from_static("x-request-id")),
        ("challenge", header::WWW_AUTHENTICATE),
        ("retry_after", header::RETRY_AFTER),
    ];
    for (variable, header) in &named {
        if let Some(value) = parts.headers.get(header) {
            variables.push((*variable, Value::Bytes(value.as_bytes())));
        }
    }
    if parts.status != StatusCode::OK {
        variables.push(("problem", Value::Bytes(&body)));
    }
    frame::acknowledge(id, &variables)
}
