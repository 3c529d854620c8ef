//! Derived tokens in place of keys.

use std::time::Duration;

use model::{PlainSecret, TokenLife, TokenWish};
use serde_json::Value;
use uuid::Uuid;
use verify::{TokenKey, TokenKeys};

use crate::{
    cutting::endless,
    raw::{Answer, Api, Client},
    support::{Gateway, Key, request},
};

const LIVE: &str = r#"
[[routes]]
method = "POST"
path = "/v1/live/tokens"
scope = "live:read"
"#;

/// A gateway that makes and knows tokens, and a key.
async fn before(api: &Api) -> (Gateway, Key) {
    let gateway = Gateway::before(&[api.url()], LIVE).await;
    knows_tokens(&gateway);
    let key = Key::live(1);
    gateway.knows(&key);
    (gateway, key)
}

fn knows_tokens(gateway: &Gateway) {
    gateway.verifier.set_token_keys(TokenKeys::new(vec![TokenKey::new("t1", &[1; 32]).unwrap()]).unwrap());
}

async fn ok() -> Api {
    Api::answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await
}

async fn token(gateway: &Gateway, key: &Key, wish: TokenWish) -> PlainSecret {
    let now = gateway.now();
    let record = gateway.verifier.recognise(key.secret().expose(), None, now).await.unwrap().unwrap();
    gateway.verifier.make_token(&record, "default", wish, Uuid::from_u128(5), now).unwrap().token
}

/// What a token of this key says.
async fn claims(gateway: &Gateway, key: &Key) -> model::TokenClaims {
    let record = gateway.verifier.recognise(key.secret().expose(), None, gateway.now()).await.unwrap().unwrap();
    let made = gateway.verifier.make_token(&record, "default", TokenWish::default(), Uuid::from_u128(6), gateway.now());
    made.unwrap().claims
}

async fn listening(gateway: &Gateway, token: &PlainSecret) -> Client {
    let mut client = gateway.client().await;
    let head = format!("Authorization: Bearer {}\r\nAccept: text/event-stream\r\n\r\n", token.expose());
    client.send(format!("GET /v1/a HTTP/1.1\r\nHost: desk.example\r\n{head}")).await;
    client.read_to("data: 1\n\n").await.unwrap();
    client
}

/// Whether nothing comes and nothing ends for longer than it takes to cut.
async fn goes_on(client: &mut Client) -> bool {
    tokio::time::timeout(Duration::from_secs(1), client.read_to("x")).await.is_err()
}

async fn ask(gateway: &Gateway, lines: &str) -> Answer {
    let mut client = gateway.client().await;
    client.send(format!("GET /v1/a HTTP/1.1\r\nHost: desk.example\r\n{lines}\r\n")).await;
    client.answer().await.unwrap()
}

/// Asks for a token for the pages of a site.
async fn live_token(gateway: &Gateway, secret: &str, body: &str) -> Answer {
    let mut client = gateway.client().await;
    let head =
        format!("Authorization: Bearer {secret}\r\nContent-Type: application/json\r\nContent-Length: {}", body.len());
    client.send(format!("POST /v1/live/tokens HTTP/1.1\r\nHost: desk.example\r\n{head}\r\n\r\n{body}")).await;
    client.answer().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_learns_of_the_key_and_what_is_left_of_it_and_never_of_the_token() {
    let api = ok().await;
    let (gateway, key) = before(&api).await;
    let wish = TokenWish {
        scopes: Some(["contacts:read"].iter().map(|scope| scope.parse().unwrap()).collect()),
        resources: Some(serde_json::from_str(r#"{"queue": ["q1", "q2"]}"#).unwrap()),
        ..TokenWish::default()
    };
    let token = token(&gateway, &key, wish).await;
    let token = token.expose();
    let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                   Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    for lines in [
        format!("Authorization: Bearer {token}\r\n"),
        format!("X-API-Key: {token}\r\nX-Keydesk-Resources: queue=forged\r\n"),
        format!("Sec-WebSocket-Protocol: keydesk.events.v1, bearer.{token}\r\n"),
        format!("{upgrade}Sec-WebSocket-Protocol: keydesk.events.v1, bearer.{token}\r\n"),
    ] {
        assert_eq!(ask(&gateway, &lines).await.status, 200, "{lines}");
        let seen = api.seen().pop().unwrap();
        assert_eq!(seen.all("x-keydesk-key-id"), [key.id().to_string()]);
        assert_eq!(seen.all("x-keydesk-scopes"), ["contacts:read"], "the key has more");
        assert_eq!(seen.all("x-keydesk-resources"), ["queue=q1,q2"]);
        assert!(!seen.head.contains("eyJ"), "{}", seen.head);
        if lines.contains("Protocol") {
            assert_eq!(seen.all("sec-websocket-protocol"), ["keydesk.events.v1"]);
        }
    }
    let plain = gateway.ask(&key, "GET /v1/a", "X-Keydesk-Resources: queue=forged\r\n").await;
    assert_eq!(plain.status, 200);
    assert!(api.seen().pop().unwrap().all("x-keydesk-resources").is_empty(), "a key reaches all that it reaches");
    let secret = ask(&gateway, &format!("Sec-WebSocket-Protocol: bearer.{}\r\n", key.secret().expose())).await;
    assert_eq!((secret.status, secret.code()), (401, Some("missing_key")), "a key is not taken from there");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_with_its_token_and_with_its_key() {
    let api = endless().await;
    let (gateway, key) = before(&api).await;
    let wish = TokenWish { expires_in: TokenLife::try_from(60).unwrap(), ..TokenWish::default() };
    let short = token(&gateway, &key, wish).await;
    let long = token(&gateway, &key, TokenWish::default()).await;
    let (mut ends, mut lives) = (listening(&gateway, &short).await, listening(&gateway, &long).await);
    gateway.passes(Duration::from_secs(60));
    let rest = tokio::time::timeout(Duration::from_secs(2), ends.rest()).await.unwrap();
    assert!(rest.is_empty() || rest == "\r\n", "{rest:?}");
    assert!(goes_on(&mut lives).await, "the other's was cut too");
    gateway.knows(&Key { scopes: &["live:read"], ..key.clone() });
    tokio::time::timeout(Duration::from_secs(1), lives.rest()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_s_stream_ends_when_its_key_loses_what_the_token_had_of_it() {
    let api = endless().await;
    let (gateway, _) = before(&api).await;
    let key = Key { contact_centre: "calls=60/hour", ..Key::live(1) };
    gateway.knows(&key);
    let scopes = Some(["contacts:read"].iter().map(|scope| scope.parse().unwrap()).collect());
    let small = token(&gateway, &key, TokenWish { scopes, ..TokenWish::default() }).await;
    let all = token(&gateway, &key, TokenWish::default()).await;
    let limits = Some(serde_json::from_str(r#"{"calls_per_hour": 5}"#).unwrap());
    let few_calls = token(&gateway, &key, TokenWish { limits, ..TokenWish::default() }).await;
    let mut of_small = listening(&gateway, &small).await;
    let mut of_all = listening(&gateway, &all).await;
    // It loses `contacts:write`, which one of the tokens had too.
    let narrowed = Key { scopes: &["contacts:read", "live:read"], ..key.clone() };
    gateway.knows(&narrowed);
    tokio::time::timeout(Duration::from_secs(1), of_all.rest()).await.unwrap();
    assert!(goes_on(&mut of_small).await, "it never had that");
    // It may make fewer calls: one token could make as many as the key, and one still can make its own few.
    let mut of_few = listening(&gateway, &few_calls).await;
    gateway.knows(&Key { contact_centre: "calls=30/hour", ..narrowed.clone() });
    tokio::time::timeout(Duration::from_secs(1), of_small.rest()).await.unwrap();
    assert!(goes_on(&mut of_few).await, "it was told of five");
    // Less than the token's own.
    gateway.knows(&Key { contact_centre: "calls=4/hour", ..narrowed.clone() });
    tokio::time::timeout(Duration::from_secs(1), of_few.rest()).await.unwrap();
    let mut of_world = listening(&gateway, &small).await;
    gateway.knows(&Key { contact_centre: "calls=4/hour", world: Some("acme-ci"), ..narrowed });
    tokio::time::timeout(Duration::from_secs(1), of_world.rest()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_s_token_is_made_here_and_reaches_the_named_queues_alone() {
    let api = ok().await;
    let (gateway, key) = before(&api).await;
    let secret = key.secret();
    let body = r#"{"queue_ids": ["q1", "q2"], "origin": "https://shop.example", "minutes": 5}"#;
    let made = live_token(&gateway, secret.expose(), body).await;
    assert_eq!((made.status, made.header("cache-control")), (201, Some("no-store")), "{}", made.body);
    let made: Value = serde_json::from_str(&made.body).unwrap();
    let token = made["token"].as_str().unwrap();
    assert_eq!(made["expires_at"], gateway.now().plus_millis(300_000).to_string());
    assert!(api.seen().is_empty(), "it is answered here");
    let verdict = gateway.verifier.verify_from_memory(verify::Call::with(token), gateway.now()).unwrap();
    let record = verdict.record.unwrap();
    assert_eq!(record.scopes().iter().map(|scope| scope.as_str()).collect::<Vec<_>>(), ["live:read"]);
    assert_eq!(record.token().unwrap().resources_header(), Some("queue=q1,q2"));
    let again = live_token(&gateway, token, body).await;
    assert_eq!((again.status, again.code()), (403, Some("origin_not_allowed")), "it is for pages");
    let anywhere = live_token(&gateway, secret.expose(), r#"{"queue_ids": ["q1"]}"#).await;
    let anywhere: Value = serde_json::from_str(&anywhere.body).unwrap();
    let again = live_token(&gateway, anywhere["token"].as_str().unwrap(), body).await;
    assert_eq!((again.status, again.code()), (403, Some("token_not_allowed")));
    for bad in [
        "",
        "[]",
        "{}",
        r#"{"queue_ids": []}"#,
        r#"{"queue_ids": ["a,b"]}"#,
        r#"{"queue_ids": ["a"], "minutes": 0}"#,
        r#"{"queue_ids": ["a"], "minutes": 61}"#,
        r#"{"queue_ids": ["a"], "origin": "shop"}"#,
        r#"{"queue_ids": ["a"], "more": 1}"#,
    ] {
        let refused = live_token(&gateway, secret.expose(), bad).await;
        assert_eq!((refused.status, refused.code()), (400, Some("invalid_request")), "{bad}");
    }
    let other = Key { scopes: &["contacts:read"], ..Key::live(2) };
    gateway.knows(&other);
    assert_eq!(live_token(&gateway, other.secret().expose(), body).await.status, 403, "it needs live:read");
}

/// A server, which sends no `Origin` by itself, has to say one as in every call with such a key.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_some_origins_makes_a_page_s_token_only_from_one_of_them() {
    let api = ok().await;
    let (gateway, _) = before(&api).await;
    let key = Key { origins: &["https://shop.example"], ..Key::live(1) };
    gateway.knows(&key);
    let body = r#"{"queue_ids": ["q1"], "origin": "https://shop.example"}"#;
    for (origin, expected) in [
        ("", (403, Some("origin_not_allowed"))),
        ("Origin: https://other.example\r\n", (403, Some("origin_not_allowed"))),
        ("Origin: https://shop.example\r\n", (201, None)),
    ] {
        let mut client = gateway.client().await;
        let head = format!("{origin}Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
        client.send(request(&key, "POST /v1/live/tokens", &head) + body).await;
        let answer = client.answer().await.unwrap();
        assert_eq!((answer.status, answer.code()), expected, "{origin}: {}", answer.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_may_ask_for_the_page_of_a_token() {
    let api = ok().await;
    let (gateway, key) = before(&api).await;
    let asks = async || {
        let mut client = gateway.client().await;
        client
            .send("OPTIONS /v1/a HTTP/1.1\r\nHost: a\r\nOrigin: https://shop.example\r\nAccess-Control-Request-Method: GET\r\n\r\n")
            .await;
        client.answer().await.unwrap().status
    };
    assert_eq!(asks().await, 403);
    let wish = TokenWish { origin: Some("https://shop.example".parse().unwrap()), ..TokenWish::default() };
    let token = token(&gateway, &key, wish).await;
    for _ in 0..1_000 {
        if asks().await == 204 {
            break;
        }
        // Origins are collected from time to time.
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(asks().await, 204);
    // As another node tells of one that it has made.
    let origin = Some("https://else.example".parse().unwrap());
    let elsewhere = model::TokenClaims { origin, ..claims(&gateway, &key).await };
    gateway.verifier.tell_origin_of(&elsewhere).await;
    let told = async || {
        let mut client = gateway.client().await;
        client
            .send("OPTIONS /v1/a HTTP/1.1\r\nHost: a\r\nOrigin: https://else.example\r\nAccess-Control-Request-Method: GET\r\n\r\n")
            .await;
        client.answer().await.unwrap().status
    };
    tokio::time::sleep(Duration::from_millis(250)).await;
    assert_eq!(told().await, 204, "it is asked for once");
    let lines = |origin: &str| format!("Authorization: Bearer {}\r\nOrigin: {origin}\r\n", token.expose());
    let own = ask(&gateway, &lines("https://shop.example")).await;
    assert_eq!((own.status, own.header("access-control-allow-origin")), (200, Some("https://shop.example")));
    let other = ask(&gateway, &lines("https://other.example")).await;
    assert_eq!((other.status, other.code()), (403, Some("origin_not_allowed")));
    let mut client = gateway.client().await;
    client.send(request(&key, "GET /v1/a", "")).await;
    assert_eq!(client.answer().await.unwrap().status, 200, "its key is for all");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_has_its_key_s_limits_in_the_contact_centre_and_its_world() {
    let api = ok().await;
    let (gateway, _) = before(&api).await;
    let key = Key { contact_centre: "calls=60/hour streams=0", world: Some("acme-ci"), ..Key::live(1) };
    gateway.knows(&key);
    let token = token(&gateway, &key, TokenWish::default()).await;
    let as_token = format!("Authorization: Bearer {}\r\n", token.expose());
    assert_eq!(ask(&gateway, &as_token).await.status, 200);
    let seen = &api.seen()[0];
    let told = seen.all("x-keydesk-contact-centre");
    let limits = told.first().map(|told| model::ContactCentreLimits::read_told(told).unwrap().to_string());
    assert_eq!(limits.as_deref(), Some("calls=60/hour streams=0"));
    assert_eq!(seen.all("x-keydesk-world"), ["acme-ci"]);
    let streams = ask(&gateway, &format!("{as_token}Accept: text/event-stream\r\n")).await;
    assert_eq!((streams.status, streams.code()), (429, Some("too_many_streams")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_may_do_less_than_its_key_in_the_contact_centre_and_never_more() {
    let api = ok().await;
    let (gateway, _) = before(&api).await;
    let key = Key { contact_centre: "calls=60/hour recordings=500MB/day", ..Key::live(1) };
    gateway.knows(&key);
    let limits = serde_json::from_str(r#"{"calls_per_hour": 5, "max_streams": 0}"#).unwrap();
    let token = token(&gateway, &key, TokenWish { limits: Some(limits), ..TokenWish::default() }).await;
    let as_token = format!("Authorization: Bearer {}\r\n", token.expose());
    assert_eq!(ask(&gateway, &as_token).await.status, 200);
    let told = api.seen()[0].all("x-keydesk-contact-centre").first().map(|told| {
        let limits = model::ContactCentreLimits::read_told(told).unwrap();
        (limits.calls_per_hour.map(u64::from), limits.recording_bytes_per_day.map(u64::from))
    });
    assert_eq!(told, Some((Some(5), Some(500_000_000))));
    let streams = ask(&gateway, &format!("{as_token}Accept: text/event-stream\r\n")).await;
    assert_eq!((streams.status, streams.code()), (429, Some("too_many_streams")));
    // The key may do less than the token now, so the token is of no use.
    gateway.knows(&Key { contact_centre: "calls=4/hour", ..key });
    assert_eq!(ask(&gateway, &as_token).await.status, 401);
}

/// The answer to a request without a body.
async fn asks(gateway: &Gateway, line: &str, secret: &PlainSecret) -> Answer {
    let mut client = gateway.client().await;
    let length = if line.starts_with("GET ") { "" } else { "Content-Length: 0\r\n" };
    let head = format!("Authorization: Bearer {}\r\n{length}", secret.expose());
    client.send(format!("{line} HTTP/1.1\r\nHost: desk.example\r\n{head}\r\n")).await;
    client.answer().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_touches_no_webhooks_of_the_contact_centre_since_they_would_outlive_it() {
    let api = ok().await;
    let gateway = Gateway::start("routes = \"contact-centre\"\n", &[api.url()]).await;
    knows_tokens(&gateway);
    let key = Key { scopes: &["calls:read", "agent-states:subscribe"], ..Key::live(1) };
    gateway.knows(&key);
    let sent = token(&gateway, &key, TokenWish::default()).await;
    let mut lines = Vec::new();
    for of in ["/v1/call-webhooks", "/v1/agent-states/webhooks"] {
        for (method, below) in [
            ("GET", ""),
            ("POST", ""),
            ("GET", "/1"),
            ("PATCH", "/1"),
            ("DELETE", "/1"),
            ("POST", "/1/rotate-secret"),
            ("POST", "/1/test"),
            ("GET", "/1/deliveries"),
            ("POST", "/1/redeliver"),
        ] {
            lines.push(format!("{method} {of}{below}"));
        }
    }
    for line in &lines {
        let refused = asks(&gateway, line, &sent).await;
        assert_eq!((refused.status, refused.code()), (403, Some("token_not_allowed")), "{line}");
    }
    assert!(api.seen().is_empty(), "the API is not asked");
    for line in &lines {
        assert_eq!(asks(&gateway, line, &key.secret()).await.status, 200, "{line}");
    }
    for line in ["GET /v1/calls", "GET /v1/call-events", "GET /v1/agent-states/events"] {
        assert_eq!(asks(&gateway, line, &sent).await.status, 200, "{line}");
    }
    // Whoever may not do it with the key is told of that first.
    let other = Key { scopes: &["contacts:read"], ..Key::live(2) };
    gateway.knows(&other);
    let of_other = token(&gateway, &other, TokenWish::default()).await;
    assert_eq!(asks(&gateway, "POST /v1/call-webhooks", &of_other).await.code(), Some("insufficient_scope"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_route_may_take_keys_alone() {
    const HOOKS: &str = "[[routes]]\nmethod = \"*\"\npath = \"/v1/hooks\"\nscope = []\ntokens = false\n\
                         [[routes]]\nmethod = \"*\"\npath = \"/v1/{*rest}\"\nscope = []\ntokens = true\n";
    let api = ok().await;
    let gateway = Gateway::before(&[api.url()], HOOKS).await;
    knows_tokens(&gateway);
    let key = Key::live(1);
    gateway.knows(&key);
    let token = token(&gateway, &key, TokenWish::default()).await;
    assert_eq!(asks(&gateway, "POST /v1/hooks", &token).await.code(), Some("token_not_allowed"));
    assert_eq!(
        asks(&gateway, "POST /v1/HOOKS", &token).await.code(),
        Some("invalid_path"),
        "an API may take it for that"
    );
    assert!(api.seen().is_empty());
    assert_eq!(asks(&gateway, "POST /v1/other", &token).await.status, 200);
    assert_eq!(asks(&gateway, "POST /v1/hooks", &key.secret()).await.status, 200);
}
