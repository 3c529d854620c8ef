//! What is sent again, and what never is.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::SeqCst},
};

use crate::{
    raw::Api,
    support::{Gateway, Key},
};

/// An API that reads a request and breaks off.
async fn breaks() -> Api {
    Api::start(|mut connection| {
        Box::pin(async move {
            connection.request().await;
        })
    })
    .await
}

async fn before(urls: &[String], more: &str) -> (Gateway, Key) {
    let gateway = Gateway::before(urls, more).await;
    let key = Key::live(1);
    gateway.knows(&key);
    (gateway, key)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_idempotent_is_sent_to_another_address_and_a_post_is_not() {
    for (line, body, again) in [
        ("GET /v1/a", "", true),
        ("PUT /v1/a", "", true),
        ("DELETE /v1/a", "", true),
        ("POST /v1/a", "", false),
        ("PATCH /v1/a", "", false),
        ("POST /v1/a", "Content-Length: 2\r\n\r\nhi", false),
        ("PUT /v1/a", "Content-Length: 2\r\n\r\nhi", false),
    ] {
        let (bad, good) = (breaks().await, Api::ok().await);
        let (gateway, key) = before(&[bad.url(), good.url()], "").await;
        let (mut statuses, mut asked) = (Vec::new(), 0);
        // Each of the two addresses is the first one once.
        while bad.seen().is_empty() {
            statuses.push(gateway.ask(&key, line, body).await.status);
            asked += 1;
            assert!(asked < 5, "{line}");
        }
        assert_eq!(statuses.last(), Some(if again { &200 } else { &502 }), "{line}");
        assert_eq!(good.seen().len(), if again { asked } else { asked - 1 }, "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_route_may_say_that_nothing_is_sent_again() {
    let bad = breaks().await;
    let route = "[[routes]]\nmethod = \"GET\"\npath = \"/v1/once\"\nscope = []\nretry = false\n\
                 [[routes]]\nmethod = \"GET\"\npath = \"/v1/twice\"\nscope = []\n";
    let config = format!("{route}[upstreams.live]\n");
    let gateway = Gateway::start(&config, &[bad.url(), bad.url()]).await;
    let key = Key::live(1);
    gateway.knows(&key);
    assert_eq!(gateway.ask(&key, "GET /v1/once", "").await.code(), Some("upstream_invalid"));
    assert_eq!(bad.seen().len(), 1);
    assert_eq!(gateway.ask(&key, "GET /v1/twice", "").await.code(), Some("upstream_invalid"));
    assert_eq!(bad.seen().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_again_once_an_answer_has_begun() {
    let api = Api::start(|mut connection| {
        Box::pin(async move {
            connection.request().await;
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello").await;
        })
    })
    .await;
    let (gateway, key) = before(&[api.url(), api.url()], "").await;
    let mut client = gateway.client().await;
    client.send(crate::support::request(&key, "GET /v1/a", "")).await;
    let rest = client.rest().await;
    assert!(rest.ends_with("hello"), "{rest}");
    assert_eq!(api.seen().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_an_api_has_closed_costs_no_call() {
    // Each connection answers one request, and closes without having said so.
    let api = Api::start(|mut connection| {
        Box::pin(async move {
            connection.request().await;
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await;
        })
    })
    .await;
    let (gateway, key) = before(&[api.url()], "").await;
    for line in ["GET /v1/a", "POST /v1/a", "GET /v1/a", "POST /v1/a"] {
        assert_eq!(gateway.ask(&key, line, "").await.status, 200, "{line}");
        tokio::time::sleep(std::time::Duration::from_millis(30)).await;
    }
    assert_eq!(api.seen().len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_address_with_the_fewest_calls_gets_the_next_one() {
    let waiting = Arc::new(AtomicUsize::new(0));
    let slow = {
        let waiting = Arc::clone(&waiting);
        Api::start(move |mut connection| {
            let waiting = Arc::clone(&waiting);
            Box::pin(async move {
                connection.request().await;
                waiting.fetch_add(1, SeqCst);
                connection.request().await;
            })
        })
        .await
    };
    let quick = Api::ok().await;
    let (gateway, key) = before(&[slow.url(), quick.url()], "").await;
    let mut stuck = Vec::new();
    while waiting.load(SeqCst) == 0 {
        let mut client = gateway.client().await;
        client.send(crate::support::request(&key, "POST /v1/a", "")).await;
        crate::support::until("the call is somewhere", || slow.seen().len() + quick.seen().len() > stuck.len()).await;
        stuck.push(client);
    }
    let before = quick.seen().len();
    for _ in 0..10 {
        assert_eq!(gateway.ask(&key, "POST /v1/a", "").await.status, 200);
    }
    assert_eq!((waiting.load(SeqCst), quick.seen().len()), (1, before + 10));
}
