use std::sync::Arc;

use envoy_types::{
    ext_authz::v3::pb::{Address, CheckRequest, HttpResponse},
    pb::envoy::{
        config::core::v3::{Address as EnvoyAddress, HeaderMap, HeaderValue, HeaderValueOption, SocketAddress},
        service::auth::v3::{
            AttributeContext,
            attribute_context::{HttpRequest, Peer, Request},
            authorization_client::AuthorizationClient,
        },
    },
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use super::gate::Gate;
use crate::support::Connection;

/// How a proxy asks that Debian has no package of. Each is followed as its documentation has it, with the settings of the
/// configuration in `docs/proxies`.
#[derive(Clone, Copy, PartialEq, Eq)]
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

struct Asked {
    status: u16,
    /// What the client gets of a refusal.
    refusal: String,
    set: Vec<Line>,
    remove: Vec<String>,
}

/// A proxy that keeps to a contract; gives its address.
pub(crate) async fn start(contract: Contract, gate: &Gate) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let keydesk = if contract == Contract::EnvoyGrpc { &gate.program.grpc_address } else { &gate.program.address };
    let places = Arc::new((keydesk.clone(), gate.upstream.address.clone()));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(forward(contract, stream, Arc::clone(&places)));
        }
    });
    address
}

async fn forward(contract: Contract, mut stream: TcpStream, places: Arc<(String, String)>) {
    let (keydesk, upstream) = &*places;
    let mut read = Vec::new();
    let mut chunk = [0; 4096];
    let end = loop {
        if let Some(end) = read.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        let length = stream.read(&mut chunk).await.unwrap_or(0);
        if length == 0 {
            return;
        }
        read.extend_from_slice(&chunk[..length]);
    };
    // Bytes as characters, so that what is no UTF-8 is sent on as it came.
    let head: String = read[..end].iter().map(|byte| char::from(*byte)).collect();
    let mut lines = head.split("\r\n");
    let mut words = lines.next().unwrap_or_default().splitn(3, ' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default().to_owned());
    let target = target.strip_suffix(" HTTP/1.1").unwrap_or(&target).to_owned();
    let mut headers: Vec<Line> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .filter(|(name, _)| name != "connection")
        .collect();
    let refuses_itself = match contract {
        // Documented defaults, and `headers_with_underscores_action: REJECT_REQUEST`.
        Contract::EnvoyHttp | Contract::EnvoyGrpc => {
            target.contains(['#', '\x01']) || headers.iter().any(|(name, _)| name.contains('_'))
        }
        Contract::Traefik => target.contains('\x01'),
    };
    let asked = if refuses_itself {
        Asked { status: 400, refusal: String::new(), set: Vec::new(), remove: Vec::new() }
    } else {
        contract.ask(keydesk, method, &target, &headers).await
    };
    let answer = if asked.status == 200 {
        let gone = |name: &String| asked.remove.contains(name) || asked.set.iter().any(|(set, _)| set == name);
        headers.retain(|(name, _)| !gone(name));
        headers.extend(asked.set);
        // `request_headers_to_remove` of Envoy's route and `no-key` of Traefik come last.
        headers.retain(|(name, _)| !["authorization", "x-api-key", "x-keydesk-status"].contains(&name.as_str()));
        exchange(upstream, method, &target, &headers).await
    } else {
        format!("HTTP/1.1 {} Refused\r\n{}", asked.status, asked.refusal)
    };
    let _ = stream.write_all(answer.as_bytes()).await;
}

/// One request on a connection of its own; all that came back.
async fn exchange(address: &str, method: &str, target: &str, headers: &[Line]) -> String {
    let lines: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let request = format!("{method} {target} HTTP/1.1\r\nConnection: close\r\n{lines}\r\n");
    let bytes: Vec<u8> = request.chars().map(|c| u8::try_from(c).expect("a byte")).collect();
    let mut connection = Connection::open(address).await.expect("a connection");
    connection.write(&bytes).await.expect("a request");
    connection.read_to_end().await.expect("an answer")
}

fn line(name: &str, value: &str) -> Line {
    (name.to_owned(), value.to_owned())
}

impl Contract {
    async fn ask(self, keydesk: &str, method: &str, target: &str, headers: &[Line]) -> Asked {
        match self {
            Self::EnvoyGrpc => over_grpc(keydesk, method, target, headers).await,
            Self::EnvoyHttp => {
                // Those that are allowed, and those that Envoy always sends.
                let allowed = ["host", "authorization", "x-api-key", "origin", "x-forwarded-for"];
                let mut sent: Vec<_> =
                    headers.iter().filter(|(name, _)| allowed.contains(&name.as_str())).cloned().collect();
                sent.push(line("content-length", "0"));
                let answer = exchange(keydesk, method, &format!("/authz{target}"), &sent).await;
                over_http(&answer, |name| name.starts_with("x-keydesk-") || name == "x-request-id", Vec::new())
            }
            Self::Traefik => {
                // All of them, but with forwarding headers of its own, and without what `no-forgeries` takes away.
                let own = ["x-original-method", "x-original-uri", "content-length"];
                let keep = |name: &str| !name.starts_with("x-forwarded-") && !own.contains(&name);
                let mut sent: Vec<_> = headers.iter().filter(|(name, _)| keep(name)).cloned().collect();
                sent.push(line("x-forwarded-method", method));
                sent.push(line("x-forwarded-proto", "http"));
                sent.push(line("x-forwarded-host", "api.example"));
                sent.push(line("x-forwarded-uri", target));
                sent.push(line("x-forwarded-for", "127.0.0.1"));
                let answer = exchange(keydesk, "GET", "/authz", &sent).await;
                let is_identity = |name: &str| name.replace('_', "-").starts_with("x-keydesk-");
                let forged = headers.iter().map(|(name, _)| name.clone()).filter(|name| is_identity(name));
                over_http(&answer, |name| is_identity(name) || name == "x-request-id", forged.collect())
            }
        }
    }
}

fn over_http(answer: &str, is_copied: impl Fn(&str) -> bool, remove: Vec<String>) -> Asked {
    let status = answer.get(9..12).and_then(|status| status.parse().ok()).expect("a status");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    let lines = head.lines().skip(1).filter_map(|line| line.split_once(": ")).map(|(name, value)| line(name, value));
    let set = lines.filter(|(name, _)| is_copied(name)).collect();
    let passed_on = head.split_once("\r\n").map_or("", |(_, lines)| lines);
    Asked { status, refusal: format!("{passed_on}\r\n\r\n{body}"), set, remove }
}

async fn over_grpc(keydesk: &str, method: &str, target: &str, headers: &[Line]) -> Asked {
    // `encode_raw_headers`: lines as they came, the path among them. As text it has `!` for what is no UTF-8.
    let raw = |name: &str, value: &str| HeaderValue {
        key: name.to_owned(),
        raw_value: value.chars().map(|c| u8::try_from(c).expect("a byte")).collect(),
        ..HeaderValue::default()
    };
    let lines = headers.iter().map(|(name, value)| raw(name, value)).chain([raw(":path", target)]).collect();
    let source = SocketAddress { address: "127.0.0.1".to_owned(), ..SocketAddress::default() };
    let http = HttpRequest {
        method: method.to_owned(),
        path: target.chars().map(|c| if c.is_ascii() { c } else { '!' }).collect(),
        header_map: Some(HeaderMap { headers: lines }),
        ..HttpRequest::default()
    };
    let attributes = AttributeContext {
        source: Some(Peer {
            address: Some(EnvoyAddress { address: Some(Address::SocketAddress(source)) }),
            ..Peer::default()
        }),
        request: Some(Request { http: Some(http), ..Request::default() }),
        ..AttributeContext::default()
    };
    let mut client = AuthorizationClient::connect(format!("http://{keydesk}")).await.expect("a connection");
    let question = CheckRequest { attributes: Some(attributes) };
    let reply = client.check(question).await.expect("a reply").into_inner();
    let code = reply.status.expect("a status").code;
    let lines = |headers: Vec<HeaderValueOption>| -> Vec<Line> {
        headers.into_iter().filter_map(|option| option.header).map(|header| (header.key, header.value)).collect()
    };
    match reply.http_response.expect("a response") {
        HttpResponse::OkResponse(ok) => {
            assert_eq!(code, 0);
            let mut set = lines(ok.headers);
            // Envoy gives every request an id of its own.
            set.push(line("x-request-id", "of-envoy"));
            Asked { status: 200, refusal: String::new(), set, remove: ok.headers_to_remove }
        }
        HttpResponse::DeniedResponse(denied) => {
            assert_ne!(code, 0);
            let status = u16::try_from(denied.status.expect("a status").code).expect("a status");
            let head: String =
                lines(denied.headers).iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
            Asked { status, refusal: format!("{head}\r\n{}", denied.body), set: Vec::new(), remove: Vec::new() }
        }
        HttpResponse::ErrorResponse(_) => panic!("no error was expected"),
    }
}
