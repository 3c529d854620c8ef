//! What a key may do in units of the contact centre: the API is told, and the gateway keeps streams and bytes of recordings.

use std::time::{Duration, Instant};

use model::{ContactCentreLimits, Refusal, RefusalCode};

use crate::{
    cutting::{endless, listening},
    raw::{Answer, Api},
    support::{Gateway, Key, request, soon},
};

const RECORDINGS: &str = r#"
[[routes]]
method = "*"
path = "/v1/recordings/{id}/content"
scope = "contacts:read"
recording = true
"#;

fn limited(number: u8, words: &'static str) -> Key {
    Key { contact_centre: words, ..Key::live(number) }
}

/// Why a request was refused, as its key is told it.
async fn explained(gateway: &Gateway, key: &Key, answer: &Answer) -> Refusal {
    let request = answer.header("x-request-id").unwrap().parse().unwrap();
    let since = gateway.now().plus_millis(-1);
    let found = gateway.verifier.refusals_of(request, key.id(), since).await.unwrap();
    found.into_iter().next().expect("it is kept")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_is_told_what_a_key_may_do_there_and_in_which_world() {
    let api = Api::ok().await;
    let gateway = Gateway::before(&[api.url()], "").await;
    let words = "calls=60/hour +=0/hour +61=any hours=9-20 agent=none";
    let (key, other) = (Key { world: Some("acme-ci"), ..limited(1, words) }, Key::live(2));
    gateway.knows(&key);
    gateway.knows(&other);
    let forged = "X-Keydesk-World: main\r\nX-Keydesk-Contact-Centre: e30\r\nX_Keydesk_World: main\r\n";
    for key in [&key, &other] {
        assert_eq!(gateway.ask(key, "GET /v1/a", forged).await.status, 200);
    }
    let seen = api.seen();
    let told: Vec<_> = seen[0].all("x-keydesk-contact-centre");
    assert_eq!(told.len(), 1);
    assert_eq!(ContactCentreLimits::read_told(told[0]), Ok(words.parse().unwrap()));
    assert_eq!(seen[0].all("x-keydesk-world"), ["acme-ci"]);
    for name in ["x-keydesk-contact-centre", "x-keydesk-world", "x_keydesk_world"] {
        assert!(seen[1].all(name).is_empty(), "{name}");
    }
}

/// Nothing is served beside the routes: without a key that is told as of every call, with one as of a path that is none.
#[tokio::test(flavor = "multi_thread")]
async fn paths_that_no_route_has_are_refused_alike() {
    let api = Api::ok().await;
    let gateway = Gateway::start("routes = \"contact-centre\"\n", &[api.url()]).await;
    let key = Key::live(1);
    gateway.knows(&key);
    for path in ["/v1/docs", "/v1/nothing", "/docs"] {
        let mut client = gateway.client().await;
        client.send(format!("GET {path} HTTP/1.1\r\nHost: desk.example\r\n\r\n")).await;
        let nobody = client.answer().await.unwrap();
        assert_eq!((nobody.status, nobody.code()), (401, Some("missing_key")), "{path}");
        let somebody = gateway.ask(&key, &format!("GET {path}"), "").await;
        assert_eq!((somebody.status, somebody.code()), (403, Some("no_route")), "{path}");
        for answer in [nobody, somebody] {
            assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{path}");
        }
    }
    assert!(api.seen().is_empty(), "the API is not asked");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_has_as_many_streams_as_were_set_for_it() {
    let api = endless().await;
    let gateway = Gateway::before(&[api.url()], "").await;
    let (key, other) = (limited(1, "streams=2"), limited(2, "streams=0"));
    gateway.knows(&key);
    gateway.knows(&other);
    let mut older = listening(&gateway, &key).await;
    let mut newer = listening(&gateway, &key).await;
    let events = "Accept: text/event-stream\r\n";
    for key in [&key, &other] {
        let refused = gateway.ask(key, "GET /v1/a", events).await;
        assert_eq!((refused.status, refused.code()), (429, Some("too_many_streams")));
        let why = explained(&gateway, key, &refused).await;
        assert_eq!((why.code, why.path.as_str()), (RefusalCode::TooManyStreams, "/v1/a"));
    }
    // From now on it may have one: the newest is cut.
    let begun = Instant::now();
    gateway.knows(&limited(1, "streams=1"));
    newer.rest().await;
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    let nothing = tokio::time::timeout(Duration::from_millis(600), older.read_to("x")).await;
    assert!(nothing.is_err(), "the older one goes on");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_finds_no_place_takes_nothing_from_limits() {
    let api = endless().await;
    let gateway = Gateway::before(&[api.url()], "").await;
    let key = Key { rate: Some("default=2/3600s"), ..limited(1, "streams=1") };
    gateway.knows(&key);
    let _open = listening(&gateway, &key).await;
    for _ in 0..3 {
        let refused = gateway.ask(&key, "GET /v1/a", "Accept: text/event-stream\r\n").await;
        assert_eq!((refused.status, refused.code()), (429, Some("too_many_streams")));
    }
    assert_eq!(api.seen().len(), 1, "the API was not asked");
    // One of two was taken, by the stream that goes on. Whoever does not say what it wants takes the other: only the answer shows it.
    assert_eq!(gateway.ask(&key, "GET /v1/a", "").await.code(), Some("too_many_streams"));
    assert_eq!(gateway.ask(&key, "GET /v1/a", "").await.code(), Some("rate_limited"));
    assert_eq!(api.seen().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_needs_a_place_whatever_its_client_accepts() {
    let api = endless().await;
    let gateway = Gateway::before(&[api.url()], "[gateway]\nmax_streams_of_key = 2").await;
    let (one, none, unlimited) = (limited(1, "streams=1"), limited(2, "streams=0"), Key::live(3));
    for (key, most) in [(&one, 1), (&none, 0), (&unlimited, 2)] {
        gateway.knows(key);
        let mut open = Vec::new();
        for number in 0..most {
            let mut client = gateway.client().await;
            client.send(request(key, "GET /v1/a", ["", "Accept: */*\r\n"][number])).await;
            client.read_to("data: 1\n\n").await.unwrap();
            open.push(client);
        }
        for accept in ["", "Accept: */*\r\n", "Accept: text/html\r\nAccept: text/event-stream\r\n"] {
            let refused = gateway.ask(key, "GET /v1/a", accept).await;
            assert_eq!((refused.status, refused.code()), (429, Some("too_many_streams")), "{most} {accept}");
            assert!(!refused.body.contains("data: 1"), "{}", refused.body);
            let why = explained(&gateway, key, &refused).await;
            assert_eq!((why.code, why.path.as_str()), (RefusalCode::TooManyStreams, "/v1/a"));
        }
        // It counts as those that were asked for: when its key may have none, it is cut.
        gateway.knows(&limited(key.number, "streams=0"));
        for mut client in open {
            soon("the stream is cut", client.rest()).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_of_a_route_of_streams_need_a_place_whatever_their_type() {
    const FOLLOW: &str = "[[routes]]\nmethod = [\"GET\", \"HEAD\"]\npath = \"/v1/follow\"\nscope = []\nstream = true\n";
    let api = Api::start(|mut connection| {
        Box::pin(async move {
            let is_head = connection.request().await.is_some_and(|seen| seen.line().starts_with("HEAD "));
            connection.write("HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n\r\n").await;
            if !is_head {
                connection.write("{}\n").await;
                connection.request().await;
            }
        })
    })
    .await;
    let gateway = Gateway::before(&[api.url()], FOLLOW).await;
    let key = limited(1, "streams=1");
    gateway.knows(&key);
    let mut open = gateway.client().await;
    open.send(request(&key, "GET /v1/follow", "")).await;
    open.read_to("{}\n").await.unwrap();
    let refused = gateway.ask(&key, "GET /v1/follow", "").await;
    assert_eq!((refused.status, refused.code()), (429, Some("too_many_streams")));
    assert_eq!(api.seen().len(), 1, "it is known before the API is asked");
    assert_eq!(gateway.ask(&key, "HEAD /v1/follow", "").await.status, 200, "it has no body that could go on");
    // On other routes it is an answer like others.
    let mut other = gateway.client().await;
    other.send(request(&key, "GET /v1/a", "")).await;
    other.read_to("{}\n").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_takes_from_limits_what_its_route_costs() {
    const DEAR: &str = "[[routes]]\nmethod = \"GET\"\npath = \"/v1/dear\"\nscope = []\ncost = 3\n";
    let api = Api::ok().await;
    let gateway = Gateway::before(&[api.url()], DEAR).await;
    let key = Key { rate: Some("default=4/3600s"), ..Key::live(1) };
    gateway.knows(&key);
    let dear = gateway.ask(&key, "GET /v1/dear", "").await;
    assert_eq!(dear.status, 200);
    let left = dear.header("ratelimit").unwrap();
    assert!(left.contains("r=1;"), "{left}");
    let refused = gateway.ask(&key, "GET /v1/dear", "").await;
    assert_eq!((refused.status, refused.code()), (429, Some("rate_limited")));
    assert_eq!(gateway.ask(&key, "GET /v1/a", "").await.status, 200, "a refused call has taken nothing");
    assert_eq!(gateway.ask(&key, "GET /v1/a", "").await.code(), Some("rate_limited"));
    assert_eq!(api.seen().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_downloads_as_many_bytes_of_recordings_a_day_as_were_set_for_it() {
    let api = Api::answering("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsounds").await;
    let gateway = Gateway::before(&[api.url()], RECORDINGS).await;
    gateway.founds_installation().await;
    let (key, small) = (limited(1, "recordings=10/day"), limited(2, "recordings=5/day"));
    gateway.knows(&key);
    gateway.knows(&small);
    let download = "GET /v1/recordings/1/content";
    let first = gateway.ask(&key, download, "").await;
    assert_eq!((first.status, first.body.as_str()), (200, "sounds"));
    let told = first.header("ratelimit").unwrap();
    assert!(told.starts_with("\"recording_bytes_per_day\";r=4;t="), "{told}");
    let refused = gateway.ask(&key, download, "").await;
    assert_eq!((refused.status, refused.code()), (429, Some("quota_exceeded")));
    let wait: i64 = refused.header("retry-after").unwrap().parse().unwrap();
    let why = explained(&gateway, &key, &refused).await;
    assert_eq!((why.code, why.refused_by.as_deref()), (RefusalCode::QuotaExceeded, Some("recording_bytes_per_day")));
    assert_eq!((why.method.as_str(), why.path.as_str()), ("GET", "/v1/recordings/1/content"));
    // What is no recording takes nothing.
    assert_eq!(gateway.ask(&key, "GET /v1/a", "").await.status, 200);
    assert_eq!(gateway.ask(&small, download, "").await.code(), Some("cost_exceeds_limit"));
    gateway.passes(Duration::from_secs(wait.unsigned_abs()));
    assert_eq!(gateway.ask(&key, download, "").await.status, 200, "on the next day");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_head_of_a_recording_takes_no_bytes() {
    let api = Api::answering("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n").await;
    let gateway = Gateway::before(&[api.url()], RECORDINGS).await;
    gateway.founds_installation().await;
    let key = limited(1, "recordings=10/day");
    gateway.knows(&key);
    for _ in 0..3 {
        let answer = gateway.ask(&key, "HEAD /v1/recordings/1/content", "").await;
        assert_eq!((answer.status, answer.header("content-length")), (200, Some("6")));
        assert!(answer.header("ratelimit").unwrap().contains("r=10;"), "{}", answer.head);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recording_of_unknown_length_is_counted_as_it_comes() {
    let chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nloud\r\n4\r\nness\r\n0\r\n\r\n";
    let api = Api::answering(chunks).await;
    let gateway = Gateway::before(&[api.url()], RECORDINGS).await;
    gateway.founds_installation().await;
    let key = limited(1, "recordings=10/day");
    gateway.knows(&key);
    let whole = gateway.ask(&key, "GET /v1/recordings/1/content", "").await;
    assert_eq!((whole.status, whole.body.as_str()), (200, "loudness"));
    // Two bytes are left: a piece of four does not go on, and the answer, if it has begun, has no end.
    let mut client = gateway.client().await;
    client.send(request(&key, "GET /v1/recordings/2/content", "")).await;
    let cut = client.rest().await;
    assert!(!cut.contains("loud") && !cut.ends_with("0\r\n\r\n"), "{cut}");
}
