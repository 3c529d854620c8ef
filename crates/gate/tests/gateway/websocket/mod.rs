//! WebSockets through the gateway, as a library at the API understands them, and byte for byte: frames whole and in fragments,
//! valid and not. A tunnel that judged, mended or answered any of them would be seen here.

mod closes;
mod control;
mod echo;
mod ends;
mod fragments;
mod frames;
mod handshakes;
mod invalid;
mod messages;
mod sent_by_api;

use self::{
    echo::{Heard, echo},
    frames::Case,
};
use crate::{
    raw::{Api, Client},
    support::{Gateway, Key, request, soon},
};

/// What a client asks with. The key is the one of RFC 6455, 1.3.
const ASKS: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
                    Sec-WebSocket-Version: 13\r\n";
/// What an API has to accept it with.
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
/// Longest of what is also sent byte by byte.
const SLOWLY_MAX: usize = 700;

async fn before(api: &Api) -> (Gateway, Key) {
    let gateway = Gateway::before(&[api.url()], "").await;
    let key = Key::live(1);
    gateway.knows(&key);
    (gateway, key)
}

/// A client whose upgrade the API has agreed to.
async fn opened(gateway: &Gateway, key: &Key) -> Client {
    let mut client = gateway.client().await;
    client.send(request(key, "GET /v1/a", ASKS)).await;
    let head = client.head().await.expect("an answer");
    assert!(head.starts_with("HTTP/1.1 101 ") && head.contains(ACCEPT), "{head}");
    client
}

/// Plays cases, each on a connection of its own: at once and, where it is short, byte by byte.
async fn play(cases: Vec<Case>) {
    let (api, mut heard) = echo().await;
    let (gateway, key) = before(&api).await;
    let mut wrong = Vec::new();
    for Case { name, sent, understood, back } in &cases {
        let slowly = (sent.len() <= SLOWLY_MAX).then_some(1);
        for at_once in [usize::MAX].into_iter().chain(slowly) {
            let came = opened(&gateway, &key).await.exchange(sent, at_once).await;
            let Heard { understood: got, came: at_api, went } =
                soon(name, heard.recv()).await.expect("the API has heard it to its end");
            if got != *understood {
                wrong.push(format!("{name}, {at_once} at once: the API understood {got:?}, not {understood:?}"));
            }
            if at_api != *sent {
                wrong.push(format!("{name}, {at_once} at once: the API got {} bytes, altered", at_api.len()));
            }
            if came != went {
                wrong.push(format!("{name}, {at_once} at once: the client got {} bytes, altered", came.len()));
            }
            if came != *back {
                let (came, back) = (frames::shown(&came), frames::shown(back));
                wrong.push(format!("{name}, {at_once} at once: the client got {came}, not {back}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// All cases that [`play`] is given.
fn all() -> Vec<Case> {
    [messages::cases(), fragments::cases(), control::cases(), closes::cases(), invalid::cases()].concat()
}

#[test]
fn each_case_is_another_one() {
    let cases = all();
    assert!(cases.len() >= 100, "{}", cases.len());
    for (at, case) in cases.iter().enumerate() {
        for other in &cases[..at] {
            assert!(case.name != other.name && case.sent != other.sent, "{} and {}", case.name, other.name);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whole_messages_go_through() {
    play(messages::cases()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fragments_go_through_one_by_one() {
    play(fragments::cases()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pings_are_answered_by_the_api_and_not_by_the_gateway() {
    play(control::cases()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_goodbye_goes_through_whatever_its_code() {
    play(closes::cases()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_valid_goes_through_as_it_is() {
    play(invalid::cases()).await;
}
