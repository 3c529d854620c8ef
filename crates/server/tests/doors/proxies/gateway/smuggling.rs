//! What a proxy reads, what the gateway decides on and what an API gets are the same requests, of the same callers, whatever is sent.
//!
//! The API knows a request that the proxy did not read as one by its lack of `X-Front-Line`, one that the proxy read otherwise by a line that
//! differs, and one that was decided on for somebody else by its mark: each connection has requests of one key, and a last one of another.

use std::collections::HashSet;

use futures::{StreamExt as _, stream};

use super::{
    Gateway,
    cases::{ALL, FORGED},
    exchange::{Heard, talk},
    fronts::Front,
    recorder::{Recorder, Seen},
};
use crate::{
    proxies::gate::Key,
    support::{request, wait_until},
};

/// What only a proxy is sent: what comes of it is up to the proxy, or depends on what follows.
const MORE: &[&str] = &[
    "POST /v1/a HTTP/1.1\r\n{}Content-Length: 60\r\n\r\nhello",
    "POST /v1/a HTTP/1.1\r\n{}Content-Length: 3\r\nExpect: 100-continue\r\n\r\nabc",
    "GET /v1/a HTTP/1.1\r\n{}Connection: X-Forwarded-For\r\nX-Forwarded-For: 10.0.0.1\r\n\r\n",
    "GET /v1/a HTTP/1.1\r\n{}X-Forwarded-For: 10.0.0.1\r\nX-Forwarded-For: 10.0.0.2, 127.0.0.1\r\n\r\n",
    "GET /v1/a?x#/../secret HTTP/1.1\r\n{}\r\n",
    "GET /v1/a#/v1/secret HTTP/1.1\r\n{}\r\n",
    "OPTIONS /v1/a HTTP/1.1\r\n{}Origin: https://a.example\r\nAccess-Control-Request-Method: GET\r\n\r\n",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
];

/// A text that is sent, and what of it an API behind the gateway alone gets; `None`: whatever it is.
struct Sent {
    text: String,
    expected: Option<&'static [(&'static str, &'static str)]>,
    /// A line of its head that must not go further.
    forged: Option<&'static str>,
}

fn all() -> Vec<Sent> {
    let cases = ALL.into_iter().flatten().map(|(text, _, expected)| {
        // Behind a proxy that mends what it reads, more arrives than the gateway alone would let through.
        let expected = (!expected.is_empty()).then_some(*expected);
        Sent { text: (*text).to_owned(), expected, forged: None }
    });
    let more = MORE.iter().map(|text| Sent { text: (*text).to_owned(), expected: None, forged: None });
    let forged = FORGED.into_iter().map(|line| {
        let text = format!("GET /v1/a/forged HTTP/1.1\r\n{{}}{line}\r\n\r\n");
        Sent { text, expected: Some(&[("GET /v1/a/forged", "")]), forged: Some(line) }
    });
    cases.chain(more).chain(forged).collect()
}

/// What was sent on a connection, and heard.
struct Talk {
    bytes: String,
    heard: Heard,
}

/// The request that follows, of another key.
const AFTER: &str = "GET /v1/a/after HTTP/1.1\r\n{}Connection: close\r\n\r\n";
/// How many connections there are at once.
const AT_ONCE: usize = 16;

fn lines(key: &Key, mark: &str) -> String {
    // Some proxies take a line that begins with a blank for more of the one before: better the key's than the mark's.
    format!("X-Mark: {mark}\r\nHost: desk.example\r\nAuthorization: Bearer {}\r\n", key.secret)
}

async fn agrees(front: Front) {
    let api = Recorder::start().await;
    let gateway = Gateway::before(&api.url, "").await;
    let proxy = front.before(&gateway.address).await;
    let all = all();
    let talks = all.iter().enumerate().map(|(number, sent)| {
        let case = sent.text.replace("{}", &lines(&gateway.first, &format!("case-{number}")));
        let bytes = case + &AFTER.replace("{}", &lines(&gateway.second, &format!("after-{number}")));
        let address = &proxy.address;
        async move { (number, Talk { heard: talk(address, bytes.as_bytes()).await, bytes }) }
    });
    let mut talks: Vec<_> = stream::iter(talks).buffer_unordered(AT_ONCE).collect().await;
    talks.sort_by_key(|(number, _)| *number);
    let seen = api.seen();
    for seen in &seen {
        is_decided(seen, &gateway, api.host());
    }
    is_each_read_once(&seen);
    let mut arrived = 0;
    for ((number, talk), sent) in talks.iter().zip(&all) {
        arrived += usize::from(is_in_order(*number, sent, talk, &seen));
    }
    // Where little arrives little is shown.
    assert!(arrived >= 60, "{arrived} of {} cases arrive\n{}", all.len(), proxy.said());
    are_counted(&seen, &gateway).await;
}

/// A request is the one that the proxy read, and has the identity that the gateway decided on, and nobody else's.
fn is_decided(seen: &Seen, gateway: &Gateway, host: &str) {
    // A fragment is no part of a request: it is cut off before anybody decides.
    let read = seen.one("x-front-line").split('#').next().unwrap_or_default();
    assert_eq!(read, seen.line(), "the proxy has read it otherwise: {seen:?}");
    assert_eq!(seen.one("host"), host, "{seen:?}");
    let (kind, _) = seen.one("x-mark").split_once('-').unwrap();
    let (key, name) = if kind == "after" { (&gateway.second, "Second") } else { (&gateway.first, "First") };
    let ours = [
        ("x-keydesk-client-name", name),
        ("x-keydesk-environment", "live"),
        ("x-keydesk-installation", "default"),
        ("x-keydesk-key-id", key.id.as_str()),
        ("x-keydesk-scopes", "contacts:read"),
    ];
    let alike = |name: &str| name.to_ascii_lowercase().replace(|c: char| !c.is_ascii_alphanumeric(), "-");
    let mut identity: Vec<_> = seen.headers().filter(|(name, _)| alike(name).starts_with("x-keydesk")).collect();
    identity.sort_unstable();
    assert_eq!(identity, ours, "{seen:?}");
    assert_eq!(seen.one("x-forwarded-for"), "127.0.0.2", "{seen:?}");
    assert!(seen.all("authorization").is_empty() && seen.all("x-api-key").is_empty(), "{seen:?}");
    for secret in [&gateway.first.secret, &gateway.second.secret] {
        assert!(!seen.head.contains(secret.as_str()), "a key went through: {seen:?}");
    }
    let (_, target) = seen.line().split_once(' ').unwrap();
    let is_allowed = target == "/v1/a" || target.starts_with("/v1/a/") || target.starts_with("/v1/a?");
    assert!(is_allowed, "no key may ask for this: {seen:?}");
}

/// No request that the proxy read became two, and none of the gateway's decisions was for two.
fn is_each_read_once(seen: &[Seen]) {
    for name in ["x-front-id", "x-request-id"] {
        let different: HashSet<_> = seen.iter().map(|seen| seen.one(name)).collect();
        assert_eq!(different.len(), seen.len(), "{name}");
    }
}

/// What arrived of a connection is what was sent on it, in this order, and what was answered is what arrived. Whether all of it
/// arrived as it was sent.
fn is_in_order(number: usize, sent: &Sent, talk: &Talk, seen: &[Seen]) -> bool {
    let (Sent { text, expected, forged }, Talk { bytes, heard }) = (sent, talk);
    let marked = |kind: &str| {
        let mark = format!("{kind}-{number}");
        seen.iter().filter(move |seen| seen.one("x-mark") == mark).collect::<Vec<_>>()
    };
    let (cases, after) = (marked("case"), marked("after"));
    let got: Vec<_> = cases.iter().map(|seen| (seen.line(), seen.body.as_deref())).collect();
    match expected {
        Some(expected) => {
            // A proxy that refuses a body may have passed its head on, and then cuts it off: what arrives is not whole, and is not answered.
            let is_as_expected = got.len() <= expected.len()
                && got.iter().zip(*expected).all(|((got_line, got_body), (line, body))| {
                    got_line == line && got_body.is_none_or(|got| got == body.as_bytes())
                });
            assert!(is_as_expected, "{text:?}: {got:?}");
        }
        None => {
            for (line, body) in &got {
                // Other words, or a whole address as the target, come out as a plain line.
                let (_, target) = line.split_once(' ').unwrap();
                let body = String::from_utf8_lossy(body.unwrap_or_default());
                assert!(text.contains(target) && bytes.contains(&*body), "{text:?}: {got:?}");
            }
        }
    }
    if let Some(line) = forged.map(str::to_ascii_lowercase) {
        assert!(cases.iter().all(|seen| !seen.head.to_ascii_lowercase().contains(&line)), "{text:?}: {cases:?}");
    }
    assert!(after.len() <= 1, "{text:?}: {after:?}");
    for after in &after {
        assert_eq!((after.line(), after.body.as_deref()), ("GET /v1/a/after", Some(&b""[..])), "{text:?}");
    }
    let whole: Vec<_> = cases.iter().chain(&after).filter(|seen| seen.body.is_some()).collect();
    let ids: Vec<_> = whole.iter().map(|seen| seen.one("x-request-id")).collect();
    let method = text.trim_start().split(' ').next().unwrap_or_default();
    let answers = heard.answers(method);
    let answered: Vec<_> = answers.iter().filter(|answer| answer.header("x-upstream").is_some()).collect();
    let of: Vec<_> = answered.iter().filter_map(|answer| answer.header("x-request-id")).collect();
    // Whoever was listened to no longer may have got more.
    let of_seen = if heard.has_ended { &ids[..] } else { &ids[..of.len().min(ids.len())] };
    assert_eq!(of, of_seen, "{text:?} was answered {answers:?}, and {whole:?} arrived");
    for (answer, seen) in answered.iter().zip(&whole) {
        let is_head = seen.line().starts_with("HEAD ");
        assert_eq!((answer.status, answer.body.as_str()), (200, if is_head { "" } else { seen.line() }), "{text:?}");
    }
    let count = expected.map_or(1, <[_]>::len);
    got.len() == count && after.len() == 1
}

/// The gateway counts as many allowed calls as have arrived.
async fn are_counted(seen: &[Seen], gateway: &Gateway) {
    let whole = seen.iter().filter(|seen| seen.body.is_some()).count();
    let mut counted = String::new();
    let is_alike = wait_until(async || {
        let (_, metrics) = request(&gateway.program.ops_address, "GET", "/metrics", None, None).await.unwrap();
        let name = "keydesk_http_requests_total{route=\"gateway\",status=\"200\"} ";
        counted = metrics.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().trim().to_owned();
        counted == whole.to_string()
    });
    assert!(is_alike.await, "the gateway let {counted} calls through, and {whole} arrived");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nginx_and_the_gateway_read_the_same_requests() {
    agrees(Front::Nginx).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn haproxy_and_the_gateway_read_the_same_requests() {
    agrees(Front::Haproxy).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn caddy_and_the_gateway_read_the_same_requests() {
    agrees(Front::Caddy).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn envoy_and_the_gateway_read_the_same_requests() {
    agrees(Front::Envoy).await;
}
