//! WebSockets of npm's `ws` through the gateway: as client and as API (`end2end/websockets.js`).

use std::{collections::BTreeMap, path::Path, process::Stdio, time::Duration};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    process::Command,
    time::timeout,
};

use crate::support::{Program, init, keydesk};

/// What a client notices first, without a subprotocol and without compression; and what both notice last.
const OPEN: &str = "open - -";
const DONE: &str = r#"close 1000 "done""#;

/// What the API and the client have noticed in a case.
#[derive(Debug, PartialEq)]
struct Noticed {
    api: Vec<String>,
    client: Vec<String>,
}

fn noticed(api: &[&str], client: &[&str]) -> Noticed {
    let owned = |notes: &[&str]| notes.iter().map(|note| (*note).to_owned()).collect();
    Noticed { api: owned(api), client: owned(client) }
}

/// The API got a message, and the client the same back. Of long ones `ws` notes how long they are, and their digest.
fn echoed(open: &str, message: &str) -> Noticed {
    noticed(&[message, DONE], &[open, message, DONE])
}

/// Messages, whole and in fragments, and what may be between them.
fn messages() -> Vec<(&'static str, Noticed)> {
    let deflated = |message| echoed("open - permessage-deflate", message);
    let numbers: Vec<String> = (0..200).map(|number| format!("text \"{number}\"")).collect();
    let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
    let long_text = "text 1048576 bd5752c813c18b2d";
    vec![
        ("a text", echoed(OPEN, r#"text "hello""#)),
        ("several scripts", echoed(OPEN, r#"text "é€𝄞""#)),
        ("an empty text", echoed(OPEN, r#"text """#)),
        ("bytes", echoed(OPEN, r#"binary "\u0000\u0001\u0002""#)),
        ("a text of 64 KiB", echoed(OPEN, "text 65536 bf718b6f653bebc1")),
        ("64 KiB", echoed(OPEN, "binary 65536 ee0280bb47bb7ea2")),
        ("a text of 1 MiB", echoed(OPEN, long_text)),
        ("5 MiB", echoed(OPEN, "binary 5242880 97ad2d2effbeefdf")),
        (
            "two hundred messages",
            noticed(&[&numbers[..], &[DONE]].concat(), &[&[OPEN][..], &numbers, &[DONE]].concat()),
        ),
        ("fragments", echoed(OPEN, r#"text "hello""#)),
        ("fragments of 64 KiB", echoed(OPEN, "binary 1048576 e4d0ecf24a7e4e74")),
        (
            "a ping and a pong between fragments",
            noticed(
                &[r#"ping "between""#, r#"pong "too""#, r#"text "hello""#, DONE],
                &[OPEN, r#"pong "between""#, r#"text "hello""#, DONE],
            ),
        ),
        ("a ping", noticed(&[r#"ping "there?""#, DONE], &[OPEN, r#"pong "there?""#, DONE])),
        ("an empty ping", noticed(&[r#"ping """#, DONE], &[OPEN, r#"pong """#, DONE])),
        ("the longest ping", noticed(&["ping 125 3227765ffd42b2b1", DONE], &[OPEN, "pong 125 3227765ffd42b2b1", DONE])),
        ("a pong, and a text", noticed(&[r#"pong "here""#, r#"text "hello""#, DONE], &[OPEN, r#"text "hello""#, DONE])),
        (
            "the API sends fragments",
            noticed(
                &[r#"pong "between""#, DONE],
                &[OPEN, r#"ping "between""#, r#"pong "too""#, r#"text "hello""#, DONE],
            ),
        ),
        (
            "the API sends much",
            noticed(&[DONE], &[&[OPEN][..], &numbers, &["binary 1048576 9da4fea3671aafdf", DONE]].concat()),
        ),
        (
            "a subprotocol",
            noticed(
                &["offered first.v1, second.v2", r#"text "hello""#, DONE],
                &["open second.v2 -", r#"text "hello""#, DONE],
            ),
        ),
        ("compression that the API does not take", echoed(OPEN, r#"text "hello""#)),
        ("a compressed text", deflated(r#"text "hello""#)),
        ("an empty compressed text", deflated(r#"text """#)),
        ("a compressed text of 1 MiB", deflated(long_text)),
        ("1 MiB that does not become shorter", deflated("binary 1048576 5905cb882b14d26f")),
        ("compressed fragments", deflated(r#"text "hello""#)),
        ("a message that is not compressed", deflated(r#"text "hello""#)),
    ]
}

/// Goodbyes, and ends without one: `ws` calls those 1006, and 1005 a goodbye without a code.
fn ends() -> Vec<(String, Noticed)> {
    let both = |note: &str| noticed(&[note], &[OPEN, note]);
    let mut ends = vec![
        ("goodbye without a code".to_owned(), both(r#"close 1005 """#)),
        ("goodbye with the longest reason".to_owned(), both("close 4000 123 585e1a29273ebe9c")),
        ("the client breaks off".to_owned(), both(r#"close 1006 """#)),
        ("the API breaks off".to_owned(), both(r#"close 1006 """#)),
        ("the API says goodbye".to_owned(), both(r#"close 1005 """#)),
        ("the API restarts".to_owned(), both(r#"close 1012 """#)),
        ("the API has an own code".to_owned(), both(r#"close 4429 "too many""#)),
    ];
    let codes = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 4999];
    ends.extend(codes.map(|code| (format!("goodbye with {code}"), both(&format!("close {code} \"\"")))));
    ends
}

/// What is not valid, and refusals: it is the other side that complains.
fn invalid() -> Vec<(&'static str, Noticed)> {
    let to_api = |error: &str, code: u16| {
        noticed(&[&format!("error WS_ERR_{error}"), r#"close 1006 """#], &[OPEN, &format!("close {code} \"\"")])
    };
    let to_client = |error: &str, code: u16| {
        noticed(&[&format!("close {code} \"\"")], &[OPEN, &format!("error WS_ERR_{error}"), r#"close 1006 """#])
    };
    vec![
        ("no mask", to_api("EXPECTED_MASK", 1002)),
        ("a reserved bit", to_api("UNEXPECTED_RSV_1", 1002)),
        ("a kind that is not given out", to_api("INVALID_OPCODE", 1002)),
        ("a text that is none", to_api("INVALID_UTF8", 1007)),
        ("the last fragment of nothing", to_api("INVALID_OPCODE", 1002)),
        ("a ping in fragments", to_api("EXPECTED_FIN", 1002)),
        ("a ping of 126 bytes", to_api("INVALID_CONTROL_PAYLOAD_LENGTH", 1002)),
        ("half a code", to_api("INVALID_CONTROL_PAYLOAD_LENGTH", 1002)),
        ("a code that is not given out", to_api("INVALID_CLOSE_CODE", 1002)),
        ("more than the API takes", to_api("UNSUPPORTED_MESSAGE_LENGTH", 1009)),
        ("the API sends a mask", to_client("UNEXPECTED_MASK", 1002)),
        ("the API sends a text that is none", to_client("INVALID_UTF8", 1007)),
        ("the API sends a reserved bit", to_client("UNEXPECTED_RSV_1", 1002)),
        (
            "a subprotocol that the API does not speak",
            noticed(
                &["offered first.v1", r#"close 1006 """#],
                &["error Server sent no subprotocol", r#"close 1006 """#],
            ),
        ),
        ("the API refuses with 426", noticed(&[], &["refused 426 no"])),
        ("the API refuses with 403", noticed(&[], &["refused 403 no"])),
        ("the API refuses with 200", noticed(&[], &["refused 200 no"])),
        ("the gateway refuses", noticed(&[], &["refused 401 invalid_token"])),
    ]
}

fn expected() -> BTreeMap<String, Noticed> {
    let named = |(name, noticed): (&str, Noticed)| (name.to_owned(), noticed);
    messages().into_iter().map(named).chain(ends()).chain(invalid().into_iter().map(named)).collect()
}

/// A list of notes.
fn notes(of: &Value) -> Vec<String> {
    of.as_array().unwrap().iter().map(|note| note.as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_library_for_node_is_understood_by_itself_through_the_gateway() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    init(data, &[]).await;
    let made = keydesk(data, &["key", "create", "--client-name", "Caller", "--scope", "live:read", "--json"]).await;
    let key: Value = serde_json::from_slice(&made.stdout).expect("a key");
    let end2end = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../end2end");
    assert!(
        end2end.join("node_modules/ws").exists(),
        "`cargo xtask test` installs npm's `ws` below {}",
        end2end.display()
    );
    let mut node = Command::new("node")
        .arg("websockets.js")
        .current_dir(&end2end)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("node");
    let mut printed = BufReader::new(node.stdout.take().unwrap()).lines();
    let mut next = async || {
        let line = timeout(Duration::from_secs(60), printed.next_line()).await.expect("a line in time");
        serde_json::from_str::<Value>(&line.unwrap().expect("a line")).unwrap()
    };
    let port = next().await["port"].as_u64().unwrap();
    let config = data.join("keydesk.toml");
    let text = format!(
        "[upstreams.live]\nurls = \"http://127.0.0.1:{port}\"\n\n\
         [[routes]]\nmethod = \"GET\"\npath = \"/v1/sockets/{{*rest}}\"\nscope = \"live:read\"\n"
    );
    std::fs::write(&config, text).unwrap();
    let args = ["--config", config.to_str().unwrap(), "--gateway-listen", "127.0.0.1:0"];
    let program = Program::serve(data, &args).await;
    let gateway = program.line("ready in").await["gateway_address"].as_str().unwrap().to_owned();
    let asked = json!({ "url": format!("ws://{gateway}/v1/sockets"), "key": key["key"] });
    node.stdin.take().unwrap().write_all(format!("{asked}\n").as_bytes()).await.unwrap();
    let results = next().await;
    let mut results: BTreeMap<String, Noticed> = results
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, both)| (name.clone(), Noticed { api: notes(&both["api"]), client: notes(&both["client"]) }))
        .collect();
    let expected = expected();
    assert!(expected.len() >= 60, "{}", expected.len());
    for (name, expected) in expected {
        assert_eq!(results.remove(&name), Some(expected), "{name}");
    }
    assert!(results.is_empty(), "played, and not judged: {results:?}");
}
