//! What is open through the gateway of one node ends with what another node does to its key.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use store::testing::TestDatabase;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    time::timeout,
};

use crate::support::{Program, init, keydesk, request, wait_until};

/// Longer than any step of a passing test takes.
const PATIENCE: Duration = Duration::from_secs(30);
/// An event, and one that the API has not ended yet: a blank line would have a client take it for whole.
const EVENTS: &str = "data: 1\n\ndata: hal";
/// A frame of four bytes, and one of ten of which five have come.
const FRAMES: &[u8] = b"\x81\x04one.\x81\x0ahalf ";
const UPGRADE: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                       Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
const AGREES: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                      Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

/// An API that sends [`EVENTS`] or [`FRAMES`], and then nothing for as long as it is asked. Its URL.
async fn api() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            tokio::spawn(stream(connection));
        }
    });
    url
}

async fn stream(mut connection: TcpStream) {
    let mut head = Vec::new();
    while !head.windows(4).any(|four| four == b"\r\n\r\n") {
        if connection.read_buf(&mut head).await.is_ok_and(|read| read > 0) {
            continue;
        }
        return;
    }
    let answer = if String::from_utf8_lossy(&head).to_ascii_lowercase().contains("upgrade: websocket") {
        [AGREES.as_bytes(), FRAMES].concat()
    } else {
        format!("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n{EVENTS}").into_bytes()
    };
    if connection.write_all(&answer).await.is_ok() {
        // Until the gateway hangs up.
        while connection.read_buf(&mut head).await.is_ok_and(|read| read > 0) {}
    }
}

/// A stream through a gateway, of which everything has come that its API sent.
struct Open(TcpStream);

impl Open {
    async fn at(gateway: &str, key: &str, more: &str, last: &[u8]) -> Self {
        let mut stream = TcpStream::connect(gateway).await.unwrap();
        let head = format!(
            "GET /v1/streams/calls HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer {key}\r\nAccept: text/event-stream\r\n{more}\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut come = Vec::new();
        // That comes last, but for the end of a chunk.
        while !come.windows(last.len()).any(|some| some == last) {
            let read =
                timeout(PATIENCE, stream.read_buf(&mut come)).await.expect("something should have come").unwrap();
            assert!(read > 0, "{}", String::from_utf8_lossy(&come));
        }
        Self(stream)
    }

    /// Both kinds of streams.
    async fn both(gateway: &str, key: &str) -> [Self; 2] {
        [Self::at(gateway, key, "", b"data: hal").await, Self::at(gateway, key, UPGRADE, FRAMES).await]
    }

    /// What comes until its end, and when that is.
    async fn cut(&mut self) -> (Vec<u8>, Instant) {
        let mut rest = Vec::new();
        // A connection may also be reset: that is an end, too.
        let _ = timeout(PATIENCE, self.0.read_to_end(&mut rest)).await.expect("an end");
        (rest, Instant::now())
    }

    /// Whether nothing comes and nothing ends for a while.
    async fn goes_on(&mut self) -> bool {
        let mut rest = Vec::new();
        timeout(Duration::from_millis(600), self.0.read_to_end(&mut rest)).await.is_err()
            && (rest.is_empty() || rest == b"\r\n")
    }
}

/// The document of an answer, whose status must be this.
async fn ask(node: &Program, line: &str, key: &str, body: Option<&Value>, expected: u16) -> Value {
    let (method, path) = line.split_once(' ').unwrap();
    let body = body.map(Value::to_string);
    let (status, answer) = request(&node.address, method, path, Some(key), body.as_deref()).await.unwrap();
    assert_eq!(status, expected, "{line}: {answer}");
    answer.split_once("\r\n\r\n").and_then(|(_, body)| serde_json::from_str(body).ok()).unwrap_or_default()
}

async fn a_stream_of_one_node_ends_within_a_second_of_what_another_does_to_its_key(database: TestDatabase) {
    let data = database.dir().join("data");
    let on = ["--database", database.address()];
    init(&data, &on).await;
    let config = data.join("keydesk.toml");
    let text = format!(
        "[upstreams.live]\nurls = \"{}\"\n\n\
         [[routes]]\nmethod = \"GET\"\npath = \"/v1/streams/{{*rest}}\"\nscope = \"calls:read\"\n",
        api().await
    );
    std::fs::write(&config, text).unwrap();
    let args = ["--config", config.to_str().unwrap(), "--gateway-listen", "127.0.0.1:0"];
    let args = [&args[..], &on].concat();
    let (here, there) = (Program::serve(&data, &args).await, Program::serve(&data, &args).await);
    let gateway = there.line("ready in").await["gateway_address"].as_str().unwrap().to_owned();
    let create = ["key", "create", "--client-name", "Manager", "--json"];
    let scopes = ["--scope", "keys:*", "--scope", "calls:read", "--scope", "live:read"];
    let made = keydesk(&data, &[&create[..], &scopes, &on].concat()).await;
    let manager: Value = serde_json::from_slice(&made.stdout).expect("a key");
    let manager = manager["key"].as_str().unwrap();
    let new_key = async |name: &str| {
        let form = json!({ "client_name": name, "environment": "live", "scopes": ["calls:read", "live:read"] });
        let made = ask(&here, "POST /api/v1/keys", manager, Some(&form), 201).await;
        let secret = made["key"].as_str().unwrap().to_owned();
        let known =
            async || request(&there.address, "GET", "/api/v1/whoami", Some(&secret), None).await.unwrap().0 == 200;
        assert!(wait_until(known).await, "{}", there.printed());
        (made["id"].as_str().unwrap().to_owned(), secret)
    };
    let (_, other) = new_key("Other").await;
    let mut others = Open::both(&gateway, &other).await;
    let narrower = json!({ "scopes": ["live:read"] });
    for (line, body, expected, refused) in [
        ("DELETE /api/v1/keys/{id}", None, 204, 401),
        ("POST /api/v1/keys/{id}/disable", None, 200, 401),
        ("PATCH /api/v1/keys/{id}", Some(&narrower), 200, 403),
    ] {
        let (id, secret) = new_key(line.split(' ').next().unwrap()).await;
        let [mut events, mut socket] = Open::both(&gateway, &secret).await;
        ask(&here, &line.replace("{id}", &id), manager, body, expected).await;
        let changed = Instant::now();
        let ((events, events_at), (socket, socket_at)) = tokio::join!(events.cut(), socket.cut());
        for at in [events_at, socket_at] {
            let after = at.saturating_duration_since(changed);
            assert!(after < Duration::from_secs(1), "{line}: {after:?}");
        }
        // Neither the end of an event nor that of a body, and no frame that says goodbye.
        assert!(events.is_empty() || events == b"\r\n", "{line}: {:?}", String::from_utf8_lossy(&events));
        assert!(socket.is_empty(), "{line}: {socket:?}");
        let (status, answer) = request(&gateway, "GET", "/v1/streams/calls", Some(&secret), None).await.unwrap();
        assert_eq!(status, refused, "{line}: {answer}");
    }
    for stream in &mut others {
        assert!(stream.goes_on().await, "another key's was cut too");
    }
}

store::on_both_databases!(a_stream_of_one_node_ends_within_a_second_of_what_another_does_to_its_key);
