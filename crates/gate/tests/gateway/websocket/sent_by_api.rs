//! What an API sends: a library at the client understands it as it would without a gateway, and gets it byte for byte.

use std::sync::{Arc, Mutex};

use futures::StreamExt as _;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_tungstenite::{client_async, tungstenite::client::IntoClientRequest as _};

use super::{
    ASKS, before,
    echo::{agrees, complaint, in_words},
    frames::{
        BINARY, CLOSE, CONTINUES, ENDS, FIN, Length, PING, PONG, RSV1, RSV2, TEXT, goodbye, head, masked, plain, shown,
    },
};
use crate::{
    raw::Api,
    support::{Gateway, Key, request, soon},
};

type Says = Arc<Mutex<Vec<u8>>>;

/// An API that agrees, sends what it is to say right behind its answer, and ends its direction.
async fn speaker() -> (Api, Says) {
    let says = Says::default();
    let said = Arc::clone(&says);
    let api = Api::start(move |mut connection| {
        let says = said.lock().unwrap().clone();
        Box::pin(async move {
            let Some(seen) = connection.request().await else { return };
            let mut stream = connection.into_stream();
            // In one piece with the head: the frames are not the head's.
            stream.write_all(&[agrees(&seen).into_bytes(), says].concat()).await.unwrap();
            stream.shutdown().await.unwrap();
            // A client of the library leaves when it is content.
            let _ = stream.read_to_end(&mut Vec::new()).await;
        })
    })
    .await;
    (api, says)
}

/// What the library at the client makes of it.
async fn understood(gateway: &Gateway, key: &Key) -> Vec<String> {
    let mut asks = "ws://desk.example/v1/a".into_client_request().unwrap();
    let bearer = format!("Bearer {}", key.secret().expose());
    asks.headers_mut().insert("authorization", bearer.parse().unwrap());
    let stream = TcpStream::connect(gateway.address).await.unwrap();
    let (mut socket, _) = soon("an upgrade", client_async(asks, stream)).await.unwrap();
    let mut understood = Vec::new();
    while let Some(next) = soon("a message", socket.next()).await {
        understood.push(match next {
            Ok(message) => in_words(&message),
            Err(error) => complaint(&error).0,
        });
    }
    understood
}

/// A name, what is sent, and what the library makes of it.
type Case = (&'static str, Vec<u8>, Vec<&'static str>);

fn valid() -> Vec<Case> {
    let text = FIN | TEXT;
    let close = |code, reason: &str| plain(CLOSE, goodbye(code, reason));
    let bytes = |length: usize| (0..=255).cycle().take(length).collect::<Vec<u8>>();
    let fragments = [plain(TEXT, "hel"), plain(PING, "1"), plain(CONTINUES, ""), plain(PONG, ""), plain(FIN, "lo")];
    vec![
        ("nothing", Vec::new(), vec![ENDS]),
        ("a text", plain(text, "hello"), vec!["text hello", ENDS]),
        ("an empty text", plain(text, ""), vec!["text", ENDS]),
        (
            "what looks like an answer",
            plain(text, "HTTP/1.1 200 OK\r\n\r\n"),
            vec![r"text HTTP/1.1 200 OK\r\n\r\n", ENDS],
        ),
        ("126 bytes", plain(FIN | BINARY, bytes(126)), vec!["binary of 126 bytes", ENDS]),
        ("64 KiB", plain(FIN | BINARY, bytes(64 << 10)), vec!["binary of 65536 bytes", ENDS]),
        ("1 MiB", plain(FIN | BINARY, bytes(1 << 20)), vec!["binary of 1048576 bytes", ENDS]),
        ("fragments, and others between", fragments.concat(), vec!["ping 1", "pong", "text hello", ENDS]),
        ("a hundred messages", plain(text, "again").repeat(100), [vec!["text again"; 100], vec![ENDS]].concat()),
        ("a ping", plain(PING, "there?"), vec!["ping there?", ENDS]),
        ("a pong", plain(PONG, ""), vec!["pong", ENDS]),
        ("an empty goodbye", plain(CLOSE, ""), vec!["close"]),
        ("a goodbye", close(1000, "done"), vec!["close 1000 done"]),
        ("a restart", close(1012, ""), vec!["close 1012"]),
        ("an own code", close(4429, "too many"), vec!["close 4429 too many"]),
        ("a message and a goodbye", [plain(text, "last"), close(1001, "")].concat(), vec!["text last", "close 1001"]),
    ]
}

fn invalid() -> Vec<Case> {
    let text = FIN | TEXT;
    let wrong_code = "close 1002 Protocol violation";
    vec![
        ("a mask", masked(text, "hello"), vec!["not valid: MaskedFrameFromServer"]),
        ("a reserved bit", plain(RSV1 | text, "hello"), vec!["not valid: NonZeroReservedBits"]),
        ("a reserved bit on a ping", plain(RSV2 | PING, ""), vec!["not valid: NonZeroReservedBits"]),
        ("kind 3", plain(FIN | 3, "?"), vec!["not valid: InvalidOpcode(3)"]),
        ("kind 15", plain(FIN | 15, "?"), vec!["not valid: InvalidOpcode(15)"]),
        ("a ping in fragments", plain(PING & !FIN, ""), vec!["not valid: FragmentedControlFrame"]),
        ("a ping of 126 bytes", plain(PING, [0u8; 126]), vec!["not valid: ControlFrameTooBig"]),
        ("the last fragment of nothing", plain(FIN, "lo"), vec!["not valid: UnexpectedContinueFrame"]),
        (
            "a text in the middle of one",
            [plain(TEXT, "hel"), plain(text, "lo")].concat(),
            vec!["not valid: ExpectedFragment(Text)"],
        ),
        ("a text that is none", plain(text, b"\xc0\xaf"), vec!["not UTF-8"]),
        ("half a code", plain(CLOSE, [3u8]), vec!["not valid: InvalidCloseSequence"]),
        ("code 1006", plain(CLOSE, goodbye(1006, "")), vec![wrong_code]),
        ("code 65535", plain(CLOSE, goodbye(65_535, "")), vec![wrong_code]),
        ("a length of 2^63", head(FIN | BINARY, None, Length::SixtyFour, 1 << 63), vec!["too long"]),
        ("half a frame", plain(text, "hello")[..4].to_vec(), vec![ENDS]),
        (
            "another answer",
            format!("HTTP/1.1 200 OK\r\nContent-Length: 150\r\n\r\n{}", "a body and ".repeat(12)).into_bytes(),
            vec!["not valid: NonZeroReservedBits"],
        ),
        (
            "a message before what is not valid",
            [plain(text, "hello"), vec![0x83; 500]].concat(),
            vec!["text hello", "not valid: InvalidOpcode(3)"],
        ),
    ]
}

async fn play(cases: Vec<Case>) {
    let (api, says) = speaker().await;
    let (gateway, key) = before(&api).await;
    for (name, sent, expected) in cases {
        says.lock().unwrap().clone_from(&sent);
        let mut client = gateway.client().await;
        client.send(request(&key, "GET /v1/a", ASKS)).await;
        let answer = client.head().await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 101 "), "{name}: {answer}");
        let came = client.exchange(&[], usize::MAX).await;
        assert!(came == sent, "{name}: {} came, not {}", shown(&came), shown(&sent));
        assert_eq!(understood(&gateway, &key).await, expected, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_valid_reaches_the_client() {
    play(valid()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_valid_reaches_the_client_as_it_is() {
    play(invalid()).await;
}
