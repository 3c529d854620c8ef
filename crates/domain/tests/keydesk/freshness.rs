//! The database is gone: memory answers for five seconds, and then nobody is let in.

use std::time::Duration;

use domain::{Keydesk, OpenOptions};
use model::Code;
use store::testing::TestDatabase;
use verify::{Call, Unavailable};

use crate::{
    proxy::Proxy,
    test_keydesk::{HOUR, TestKeydesk, call, code, options, within},
};

/// The host and port of a PostgreSQL address.
fn host(address: &str) -> &str {
    let rest = address.split_once("://").unwrap().1;
    let rest = rest.split_once('@').map_or(rest, |(_, rest)| rest);
    rest.split_once('/').unwrap().0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_is_trusted_for_five_seconds_and_not_a_millisecond_more() {
    let desk = TestKeydesk::open(TestDatabase::postgres().await).await;
    let (warm, cold) = (desk.issue("Acme").await, desk.issue("Never seen here").await);
    let line = host(desk.database.address()).to_owned();
    let proxy = Proxy::to(line.clone()).await;
    let database = desk.database.address().replace(&line, &format!("127.0.0.1:{}", proxy.port()));
    let node = Keydesk::open(OpenOptions { database, ..options(&desk.database, &desk.clock) }).await.unwrap();
    let background = node.start();
    // Warmed, so that no call reads the database; but keys that are issued from now on are not in memory.
    within(Duration::from_secs(5), "a warm cache", async || node.verifier().counters().cached_keys == 4).await;
    let (warm, cold) = (warm.secret.expose(), cold.secret.expose());
    let unknown = unknown_key(&desk).await;
    assert_eq!(code(&node, warm).await, Code::Valid);
    assert_eq!(code(&node, &unknown).await, Code::NotFound);
    let later = desk.issue("Later").await;

    proxy.cut();
    within(Duration::from_secs(20), "not ready", async || node.ready().await.is_err()).await;
    let (known, unknown_call) = (call(warm), call(&unknown));
    assert_eq!(node.verifier().verify(known, node.now()).await.unwrap().code, Code::Valid);
    desk.clock.advance(5_000);
    assert_eq!(node.verifier().verify(known, node.now()).await.unwrap().code, Code::Valid, "at five seconds");
    assert_eq!(code(&node, cold).await, Code::Valid);
    desk.clock.advance(1);
    for (what, call) in [("known", known), ("also known", call(cold)), ("foreign", foreign(&desk, known))] {
        assert_eq!(node.verifier().verify(call, node.now()).await.map(drop), Err(Unavailable), "{what}");
    }
    desk.clock.advance(HOUR);
    assert_eq!(node.verifier().verify(known, node.now()).await.map(drop), Err(Unavailable));
    // Neither is let in: one is known to belong to nobody, and the other can't be looked up.
    assert_eq!(node.verifier().verify(unknown_call, node.now()).await.unwrap().code, Code::NotFound);
    assert_eq!(node.verifier().verify(call(later.secret.expose()), node.now()).await.map(drop), Err(Unavailable));
    assert!(node.ready().await.is_err());

    proxy.mend();
    within(Duration::from_secs(20), "it recovers by itself", async || node.ready().await.is_ok()).await;
    assert_eq!(code(&node, warm).await, Code::Valid);
    assert_eq!(code(&node, later.secret.expose()).await, Code::Valid);
    background.stop().await;
}

fn foreign<'a>(desk: &TestKeydesk, call: Call<'a>) -> Call<'a> {
    Call { installation: Some(desk.other.installation), ..call }
}

/// A well-formed key that nobody has here: it belongs to another deployment with the same prefix.
async fn unknown_key(desk: &TestKeydesk) -> String {
    let elsewhere = TestDatabase::sqlite().await;
    let keydesk = Keydesk::open(options(&elsewhere, &desk.clock)).await.unwrap();
    let first = keydesk.installation("default").await.unwrap().unwrap();
    let operator = domain::Caller::operator(first.id);
    let issued = keydesk.issue(&operator, crate::test_keydesk::new_key("Elsewhere")).await.unwrap();
    issued.secret.expose().to_owned()
}

#[tokio::test]
async fn without_background_work_nothing_is_stale() {
    let desk = TestKeydesk::open(TestDatabase::sqlite().await).await;
    let issued = desk.issue("Acme").await;
    desk.clock.advance(24 * HOUR);
    assert_eq!(code(&desk.keydesk, issued.secret.expose()).await, Code::Valid);
    assert_eq!(desk.keydesk.ready().await, Ok(domain::Ready { not_writable: None }));
}
