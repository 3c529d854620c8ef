//! How a proxy asks that Debian has no package of. Each is followed as its documentation has it, with what its file in
//! `docs/proxies` says, which is read here: a setting that is not understood fails the test.

mod envoy;
mod traefik;

use std::{io, net::IpAddr, sync::Arc};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use self::{envoy::Envoy, traefik::Traefik};
use super::gate::Gate;
use crate::support::Connection;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Contract {
    /// ext_authz with `http_service`.
    EnvoyHttp,
    /// ext_authz with `grpc_service`.
    EnvoyGrpc,
    /// `forwardAuth`.
    Traefik,
}

/// A header's name and value.
type Line = (String, String);

/// What a client sends. Names in small letters, and bytes as characters, so that what is no UTF-8 is sent on as it came.
struct Asking {
    method: String,
    target: String,
    headers: Vec<Line>,
    client: IpAddr,
}

/// What a proxy does with it.
enum Done {
    Forward(Asking),
    /// The rest of an answer, from its status on.
    Refuse(String),
}

/// A proxy with its documented settings.
enum Proxy {
    Envoy(Envoy),
    Traefik(Traefik),
}

/// A proxy that keeps to a contract; gives its address.
pub(crate) async fn start(contract: Contract, gate: &Gate) -> String {
    let keydesk = if contract == Contract::EnvoyGrpc { &gate.program.grpc_address } else { &gate.program.address };
    start_between(contract, keydesk, &gate.upstream.address).await
}

/// The same, asking at any address.
pub(crate) async fn start_between(contract: Contract, keydesk: &str, upstream: &str) -> String {
    let proxy = match contract {
        Contract::EnvoyHttp => Proxy::Envoy(Envoy::documented_over_http()),
        Contract::EnvoyGrpc => Proxy::Envoy(Envoy::documented()),
        Contract::Traefik => Proxy::Traefik(Traefik::documented()),
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let shared = Arc::new((proxy, keydesk.to_owned(), upstream.to_owned()));
    tokio::spawn(async move {
        while let Ok((stream, peer)) = listener.accept().await {
            tokio::spawn(answer(stream, peer.ip(), Arc::clone(&shared)));
        }
    });
    address
}

async fn answer(mut stream: TcpStream, client: IpAddr, shared: Arc<(Proxy, String, String)>) {
    let (proxy, keydesk, upstream) = &*shared;
    let Some(asking) = read(&mut stream, client).await else { return };
    let done = match proxy {
        Proxy::Envoy(envoy) => envoy.answer(asking, keydesk).await,
        Proxy::Traefik(traefik) => traefik.answer(asking, keydesk).await,
    };
    let answer = match done {
        Done::Refuse(rest) => format!("HTTP/1.1 {rest}"),
        Done::Forward(Asking { method, target, headers, .. }) => {
            exchange(upstream, &method, &target, &headers).await.expect("an answer of the API's")
        }
    };
    let _ = stream.write_all(answer.as_bytes()).await;
}

async fn read(stream: &mut TcpStream, client: IpAddr) -> Option<Asking> {
    let mut read = Vec::new();
    let mut chunk = [0; 4096];
    let end = loop {
        if let Some(end) = read.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        let length = stream.read(&mut chunk).await.ok().filter(|length| *length > 0)?;
        read.extend_from_slice(&chunk[..length]);
    };
    let head: String = read[..end].iter().map(|byte| char::from(*byte)).collect();
    let (first, lines) = head.split_once("\r\n").unwrap_or((&head, ""));
    let (method, target) = first.split_once(' ').unwrap_or((first, ""));
    let headers = lines
        .split("\r\n")
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .filter(|(name, _)| name != "connection")
        .collect();
    let target = target.strip_suffix(" HTTP/1.1").unwrap_or(target).to_owned();
    Some(Asking { method: method.to_owned(), target, headers, client })
}

/// One request on a connection of its own; all that came back.
async fn exchange(address: &str, method: &str, target: &str, headers: &[Line]) -> io::Result<String> {
    let lines: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let request = format!("{method} {target} HTTP/1.1\r\nConnection: close\r\n{lines}\r\n");
    let mut connection = Connection::open(address).await?;
    connection.write(&bytes(&request)).await?;
    connection.read_to_end().await
}

fn bytes(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(c).expect("a byte")).collect()
}

fn line(name: &str, value: &str) -> Line {
    (name.to_owned(), value.to_owned())
}

/// An answer of `/authz`: its status, its headers, and its body.
fn parts(answer: &str) -> Option<(u16, Vec<Line>, &str)> {
    let status = answer.get(9..12)?.parse().ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let lines = head.lines().skip(1).filter_map(|line| line.split_once(": "));
    Some((status, lines.map(|(name, value)| line(name, value)).collect(), body))
}

fn refusal(status: u16, headers: &[Line], body: &str) -> Done {
    let lines: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    Done::Refuse(format!("{status} Refused\r\n{lines}\r\n{body}"))
}

impl Asking {
    fn remove(&mut self, is_removed: impl Fn(&str) -> bool) {
        self.headers.retain(|(name, _)| !is_removed(name));
    }

    /// In place of all that there was of that name.
    fn set(&mut self, name: &str, value: &str) {
        self.remove(|there| there == name);
        self.headers.push(line(name, value));
    }

    /// What proxies add to `X-Forwarded-For`.
    fn append_client(&mut self) {
        let there = self.headers.iter().filter(|(name, _)| name == "x-forwarded-for").map(|(_, value)| value.clone());
        let hops: Vec<_> = there.chain([self.client.to_string()]).collect();
        self.set("x-forwarded-for", &hops.join(", "));
    }
}

fn yaml(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("no YAML: {error}\n{text}"))
}

/// Fails for a setting that is followed nowhere here: what it does to the promises nobody would notice.
fn knows(settings: &Value, known: &[&str]) {
    let settings = settings.as_object().unwrap_or_else(|| panic!("no settings: {settings}"));
    for name in settings.keys() {
        assert!(
            known.contains(&name.as_str()),
            "what {name} does is not followed: add it to the contract, with its meaning"
        );
    }
}

/// The one element of a list.
fn only(list: &Value) -> &Value {
    match list.as_array().map(Vec::as_slice) {
        Some([one]) => one,
        _ => panic!("one is followed, and not {list}"),
    }
}

fn texts(list: &Value) -> Vec<&str> {
    list.as_array().into_iter().flatten().map(|text| text.as_str().expect("a text")).collect()
}
